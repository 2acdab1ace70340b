//! TCP connections built from arbitrary operations, read as packets in two passes.
#![no_main]

use arbitrary::Arbitrary;
use dissectors::session::Side;
use libfuzzer_sys::fuzz_target;
use overhear::source::Time;
use overhear_fuzz::{Pass, address, frame};

/// LINKTYPE_IPV4: a frame is an IPv4 packet.
const IPV4: u16 = 228;

/// Event on a wire.
#[derive(Arbitrary, Debug)]
enum Operation<'a> {
    /// Sends the next segment of a side.
    Send { from_client: bool, payload: Payload<'a> },
    /// Sends a segment at another sequence number, with any flags.
    Segment { from_client: bool, skip: i16, flags: u8, payload: Payload<'a> },
    /// Repeats an earlier packet, unchanged or with one byte changed.
    Repeat { back: u8, change: Option<(u8, u8)> },
    /// Acknowledges all data of the other side, or less, or more.
    Acknowledge { from_client: bool, skip: i16 },
    /// Skips bytes that were not captured.
    Gap { from_client: bool, len: u32 },
    /// Opens the connection with a handshake, in any state.
    Open { client: u32, server: u32 },
    /// Closes or resets a side.
    Close { from_client: bool, reset: bool },
    /// Switches to another connection, from another port of the client.
    Switch { connection: u8 },
    /// Advances the clock by milliseconds, which may be negative.
    Wait { millis: i32 },
}

/// Payload of a segment.
#[derive(Arbitrary, Debug)]
enum Payload<'a> {
    Bytes(&'a [u8]),
    Tokens(Vec<Token<'a>>),
    /// A run of one byte.
    Fill {
        byte: u8,
        len: u16,
    },
}

/// Element of an HTTP message, or a frame of HTTP/2 or WebSocket.
#[derive(Arbitrary, Debug)]
enum Token<'a> {
    Known(u8),
    Number(u32),
    Hex(u32),
    Text(&'a str),
    Frame {
        kind: u8,
        flags: u8,
        stream: u8,
        payload: &'a [u8],
    },
    /// A handshake of WebSocket, with or without compression.
    Handshake {
        is_compressed: bool,
    },
    /// A frame of WebSocket, whose length may be wrong.
    Message {
        first: u8,
        key: Option<[u8; 4]>,
        extra: u8,
        payload: &'a [u8],
    },
    /// A message of PostgreSQL, or a packet of MySQL, whose length may be wrong.
    Database {
        kind: u8,
        is_packet: bool,
        extra: u8,
        payload: &'a [u8],
    },
    /// Headers of gRPC, and a message of it in DATA.
    Call {
        kind: u8,
        stream: u8,
        flags: u8,
        payload: &'a [u8],
    },
}

/// Media types of gRPC.
const CALLS: [&str; 4] =
    ["application/grpc", "application/grpc+json", "application/grpc-web", "application/grpc-web-text"];

const TOKENS: [&str; 64] = [
    "GET ",
    "POST ",
    "HEAD ",
    "CONNECT ",
    "OPTIONS ",
    "/ ",
    "/user/login ",
    "http://a/b?c=d ",
    "* ",
    "a:443 ",
    "HTTP/1.1\r\n",
    "HTTP/1.0\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/1.1 304 Not Modified\r\n",
    "HTTP/1.1 100 Continue\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 500 \r\n",
    "HTTP/1.1 ",
    "\r\n",
    "\n",
    "Host: a\r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: ",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Content-Type: application/json\r\n",
    "Content-Type: multipart/form-data; boundary=b\r\n",
    "Content-Type: application/x-www-form-urlencoded\r\n",
    "Content-Encoding: gzip\r\n",
    "Content-Encoding: br\r\n",
    "Content-Encoding: zstd, deflate\r\n",
    "Upgrade: websocket\r\n",
    "Upgrade: h2c\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "Expect: 100-continue\r\n",
    " folded\r\n",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "--b\r\n",
    "--b--\r\n",
    "{\"a\":[1,true,null,\"\\u0000\"]}",
    "a=b&c=%00",
    "chunked",
    "gzip",
    "\x1b[31m",
    "\u{202e}",
    "\x1f\u{8b}\x08",
    ", ",
    "*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
    "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n",
    "*1\r\n",
    "$2147483647\r\n",
    "|1\r\n+a\r\n",
    "+OK\r\n",
    "\0\0\0\x13\0\x03\0\0user\0alice\0\0",
    "Q\0\0\0\rSELECT 1\0",
    "P\0\0\0\x10\0SELECT 1\0\0\0",
    "B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\t\0\0\0\0\0",
    "C\0\0\0\rSELECT 1\0Z\0\0\0\x05I",
    "J\0\0\0\n8.0.36\0\x08\0\0\0aaaaaaaa\0",
    "\t\0\0\0\x03SELECT 1",
    "\x07\0\0\x01\0\0\0\x02\0\0\0",
];

/// Connection: next sequence number of each side.
#[derive(Clone, Copy)]
struct Connection {
    next: [u32; 2],
}

struct Wire {
    connections: [Connection; 4],
    current: u8,
    time: i64,
    packets: Vec<(i64, Vec<u8>)>,
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

fuzz_target!(|operations: Vec<Operation<'_>>| {
    let connections = [Connection { next: [1000, 5000] }; 4];
    let mut wire = Wire { connections, current: 0, time: 1_700_000_000_000_000_000, packets: Vec::new() };
    for operation in operations.iter().take(1000) {
        wire.play(operation);
    }
    let mut first = Pass::first();
    read(&wire.packets, &mut first);
    let mut second = Pass::second(first.finish());
    read(&wire.packets, &mut second);
    second.finish();
});

fn read(packets: &[(i64, Vec<u8>)], pass: &mut Pass) {
    for (number, (time, packet)) in (1..).zip(packets) {
        pass.read(&frame(number, Time(*time), IPV4, packet.len() as u32, packet));
    }
}

fn side(from_client: bool) -> Side {
    if from_client { Side::Client } else { Side::Server }
}

impl Wire {
    fn play(&mut self, operation: &Operation<'_>) {
        match operation {
            Operation::Send { from_client, payload } => self.segment(side(*from_client), 0, ACK | PSH, payload.bytes()),
            Operation::Segment { from_client, skip, flags, payload } => {
                self.segment(side(*from_client), (*skip).into(), *flags, payload.bytes());
            }
            Operation::Repeat { back, change } => self.repeat(*back, *change),
            Operation::Acknowledge { from_client, skip } => {
                let side = side(*from_client);
                let next = self.connection().next;
                let ack = next[side.other() as usize].wrapping_add_signed((*skip).into());
                self.packet(side, ACK, next[side as usize], ack, &[]);
            }
            Operation::Gap { from_client, len } => {
                let next = &mut self.connection().next[side(*from_client) as usize];
                *next = next.wrapping_add(*len);
            }
            Operation::Open { client, server } => {
                self.connection().next = [*client, *server];
                self.segment(Side::Client, 0, SYN, Vec::new());
                self.segment(Side::Server, 0, SYN | ACK, Vec::new());
                self.segment(Side::Client, 0, ACK, Vec::new());
            }
            Operation::Close { from_client, reset } => {
                self.segment(side(*from_client), 0, if *reset { RST } else { FIN | ACK }, Vec::new());
            }
            Operation::Switch { connection } => self.current = connection % 4,
            Operation::Wait { millis } => self.time = self.time.saturating_add(i64::from(*millis) * 1_000_000),
        }
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connections[usize::from(self.current)]
    }

    /// Sends a segment `skip` bytes from the side's next sequence number, which then follows the segment.
    fn segment(&mut self, side: Side, skip: i32, flags: u8, data: Vec<u8>) {
        let next = self.connection().next;
        let seq = next[side as usize].wrapping_add_signed(skip);
        let flag_len = u32::from(flags & (SYN | FIN) != 0);
        self.connection().next[side as usize] = seq.wrapping_add(data.len() as u32).wrapping_add(flag_len);
        self.packet(side, flags, seq, next[side.other() as usize], &data);
    }

    fn repeat(&mut self, back: u8, change: Option<(u8, u8)>) {
        let Some(nth) = self.packets.len().checked_sub(1 + usize::from(back)) else { return };
        let mut packet = self.packets[nth].1.clone();
        if let Some((at, byte)) = change
            && let Some(target) = packet.get_mut(20 + usize::from(at))
        {
            *target = byte;
        }
        self.send(packet);
    }

    /// Sends an IPv4 packet with a TCP segment (RFC 791, RFC 9293). Checksums are zero.
    fn packet(&mut self, from: Side, flags: u8, seq: u32, ack: u32, data: &[u8]) {
        let client = 40000 + u16::from(self.current);
        let ports = if from == Side::Client { [client, 80] } else { [80, client] };
        let mut packet = vec![0x45, 0];
        packet.extend((40 + data.len() as u16).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend(address(from));
        packet.extend(address(from.other()));
        packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        packet.extend(seq.to_be_bytes());
        packet.extend(ack.to_be_bytes());
        packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(data);
        self.send(packet);
    }

    fn send(&mut self, packet: Vec<u8>) {
        self.time = self.time.saturating_add(1_000_000);
        self.packets.push((self.time, packet));
    }
}

impl Payload<'_> {
    /// Returns the bytes, at most as many as fit into one packet.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = match self {
            Payload::Bytes(bytes) => bytes.to_vec(),
            Payload::Tokens(tokens) => tokens.iter().flat_map(Token::bytes).collect(),
            Payload::Fill { byte, len } => {
                let len = usize::from(*len);
                vec![*byte; if len % 16 == 0 { len } else { len % 2048 }]
            }
        };
        bytes.truncate(65_000);
        bytes
    }
}

impl Token<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Token::Known(nth) => TOKENS[usize::from(*nth) % TOKENS.len()].as_bytes().to_vec(),
            Token::Number(number) => format!("{number}\r\n").into_bytes(),
            Token::Hex(number) => format!("{number:x}\r\n").into_bytes(),
            Token::Text(text) => text.as_bytes().to_vec(),
            Token::Frame { kind, flags, stream, payload } => {
                // The types of RFC 9113, and a few that it does not define.
                http2_frame(kind % 20, *flags, *stream, payload)
            }
            Token::Call { kind, stream, flags, payload } => {
                let media_type = CALLS[usize::from(*kind) % CALLS.len()];
                // Static names of :path, content-type and :status (RFC 7541 A).
                let start: &[u8] = if kind & 0x80 == 0 { b"\x83\x04\x04/a/b" } else { b"\x88" };
                let block = [start, &[0x0f, 0x10, media_type.len() as u8], media_type.as_bytes()].concat();
                let len = (payload.len() as u32).to_be_bytes();
                let message = [&[*flags], &len[..], payload].concat();
                [http2_frame(1, 4, *stream, &block), http2_frame(0, kind & 1, *stream, &message)].concat()
            }
            Token::Database { kind, is_packet: false, extra, payload } => {
                let len = (payload.len() as u32 + 4 + u32::from(extra % 4)).to_be_bytes();
                [&[*kind], &len[..], payload].concat()
            }
            Token::Database { kind, is_packet: true, extra, payload } => {
                let len = (payload.len() as u32 + u32::from(extra % 4)).to_le_bytes();
                [&len[..3], &[*kind % 8], payload].concat()
            }
            Token::Handshake { is_compressed } => {
                let extension = if *is_compressed { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
                format!("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{extension}\r\n").into_bytes()
            }
            Token::Message { first, key, extra, payload } => {
                let len = payload.len() + usize::from(extra % 4);
                let mask = if key.is_some() { 0x80 } else { 0 };
                let mut frame = match len {
                    0..126 => vec![*first, mask | len as u8],
                    126..65_536 => [&[*first, mask | 126][..], &(len as u16).to_be_bytes()].concat(),
                    _ => [&[*first, mask | 127][..], &(len as u64).to_be_bytes()].concat(),
                };
                frame.extend(key.iter().flatten());
                let key = key.unwrap_or_default();
                frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
                frame
            }
        }
    }
}

fn http2_frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&[len[1], len[2], len[3], kind, flags, 0, 0, 0, stream % 8], payload].concat()
}
