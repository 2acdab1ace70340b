//! TCP conversations of any operations, told as packets and read twice.
#![no_main]

use arbitrary::Arbitrary;
use dissectors::session::Side;
use libfuzzer_sys::fuzz_target;
use overhear::source::Time;
use overhear_fuzz::{Reading, address, frame};

/// LINKTYPE_IPV4: a frame is an IPv4 packet.
const IPV4: u16 = 228;

/// What may happen on a wire.
#[derive(Arbitrary, Debug)]
enum Operation<'a> {
    /// A segment that goes on where the side was.
    Say { from_client: bool, what: What<'a> },
    /// A segment that goes on elsewhere, with any flags.
    Segment { from_client: bool, skip: i16, flags: u8, what: What<'a> },
    /// An earlier packet, whole or with one byte changed.
    Again { back: u8, change: Option<(u8, u8)> },
    /// An acknowledgment of all that the other side sent, or less, or more.
    Acknowledge { from_client: bool, skip: i16 },
    /// Bytes that were never captured.
    Hole { from_client: bool, len: u32 },
    /// A handshake, whatever was before.
    Open { client: u32, server: u32 },
    /// An end.
    Close { from_client: bool, reset: bool },
    /// From now on another connection speaks, from another port of the client.
    Switch { connection: u8 },
    /// Time passes, in milliseconds; it may go back.
    Wait { millis: i32 },
}

/// The bytes of a segment.
#[derive(Arbitrary, Debug)]
enum What<'a> {
    Bytes(&'a [u8]),
    Words(Vec<Word<'a>>),
    /// Very many of one byte.
    Fill {
        byte: u8,
        len: u16,
    },
}

/// Parts of what HTTP says.
#[derive(Arbitrary, Debug)]
enum Word<'a> {
    Known(u8),
    Number(u32),
    Hex(u32),
    Text(&'a str),
}

const WORDS: [&str; 48] = [
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
];

/// One connection: where either side is.
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
    let mut first = Reading::first();
    read(&wire.packets, &mut first);
    let mut second = Reading::second(first.finish());
    read(&wire.packets, &mut second);
    second.finish();
});

fn read(packets: &[(i64, Vec<u8>)], reading: &mut Reading) {
    for (number, (time, packet)) in (1..).zip(packets) {
        reading.read(&frame(number, Time(*time), IPV4, packet.len() as u32, packet));
    }
}

fn side(from_client: bool) -> Side {
    if from_client { Side::Client } else { Side::Server }
}

impl Wire {
    fn play(&mut self, operation: &Operation<'_>) {
        match operation {
            Operation::Say { from_client, what } => self.segment(side(*from_client), 0, ACK | PSH, what.bytes()),
            Operation::Segment { from_client, skip, flags, what } => {
                self.segment(side(*from_client), (*skip).into(), *flags, what.bytes());
            }
            Operation::Again { back, change } => self.again(*back, *change),
            Operation::Acknowledge { from_client, skip } => {
                let side = side(*from_client);
                let next = self.connection().next;
                let ack = next[side.other() as usize].wrapping_add_signed((*skip).into());
                self.packet(side, ACK, next[side as usize], ack, &[]);
            }
            Operation::Hole { from_client, len } => {
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

    /// A segment `skip` bytes from where the side was, which goes on after it.
    fn segment(&mut self, side: Side, skip: i32, flags: u8, data: Vec<u8>) {
        let next = self.connection().next;
        let seq = next[side as usize].wrapping_add_signed(skip);
        let ends = u32::from(flags & (SYN | FIN) != 0);
        self.connection().next[side as usize] = seq.wrapping_add(data.len() as u32).wrapping_add(ends);
        self.packet(side, flags, seq, next[side.other() as usize], &data);
    }

    fn again(&mut self, back: u8, change: Option<(u8, u8)>) {
        let Some(nth) = self.packets.len().checked_sub(1 + usize::from(back)) else { return };
        let mut packet = self.packets[nth].1.clone();
        if let Some((at, byte)) = change
            && let Some(place) = packet.get_mut(20 + usize::from(at))
        {
            *place = byte;
        }
        self.send(packet);
    }

    /// An IPv4 packet with a TCP segment (RFC 791, RFC 9293; checksums are left zero).
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

impl What<'_> {
    /// At most what fits in one packet.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = match self {
            What::Bytes(bytes) => bytes.to_vec(),
            What::Words(words) => words.iter().flat_map(Word::bytes).collect(),
            What::Fill { byte, len } => {
                let len = usize::from(*len);
                vec![*byte; if len % 16 == 0 { len } else { len % 2048 }]
            }
        };
        bytes.truncate(65_000);
        bytes
    }
}

impl Word<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Word::Known(nth) => WORDS[usize::from(*nth) % WORDS.len()].as_bytes().to_vec(),
            Word::Number(number) => format!("{number}\r\n").into_bytes(),
            Word::Hex(number) => format!("{number:x}\r\n").into_bytes(),
            Word::Text(text) => text.as_bytes().to_vec(),
        }
    }
}
