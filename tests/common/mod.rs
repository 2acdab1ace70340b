//! Test helpers: builds frames and runs the analyzer over them.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod http2_frames;
#[cfg(feature = "tui")]
pub mod screen;

use overhear::analysis::{Analyzer, DecodeOptions, Event, StreamContent, Task};
use overhear::source::{Capture, add_block_secrets, read_block_secrets};

/// LINKTYPE_IPV4: a frame is an IPv4 packet.
pub const IPV4: u32 = 228;

pub const SYN: u8 = 0x02;
pub const FIN: u8 = 0x01;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

/// TCP segment between 10.0.0.1:40000, the client, and 10.0.0.2:80, the server.
#[derive(Clone, Debug)]
pub struct Segment {
    pub from_client: bool,
    pub flags: u8,
    pub seq: u32,
    pub ack: u32,
    pub data: Vec<u8>,
}

impl Segment {
    /// Returns the packet as bytes (RFC 791, RFC 9293). Checksums are zero.
    pub fn packet(&self) -> Vec<u8> {
        let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let (from, to) = if self.from_client { (client, server) } else { (server, client) };
        let (source, destination) = if self.from_client { (40000_u16, 80_u16) } else { (80, 40000) };
        let mut packet = vec![0x45, 0];
        packet.extend((40 + self.data.len() as u16).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend(from);
        packet.extend(to);
        packet.extend(source.to_be_bytes());
        packet.extend(destination.to_be_bytes());
        packet.extend(self.seq.to_be_bytes());
        packet.extend(self.ack.to_be_bytes());
        packet.extend([0x50, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(&self.data);
        packet
    }
}

/// Returns a packet with a message from port 53 of 10.0.0.9 to 10.0.0.1 (RFC 791, RFC 768). Checksums are zero.
pub fn dns_packet(message: &[u8]) -> Vec<u8> {
    let len = message.len() as u16;
    let mut packet = vec![0x45, 0];
    packet.extend((28 + len).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1]);
    packet.extend([[0, 53], [0x13, 0x88], (8 + len).to_be_bytes(), [0, 0]].concat());
    packet.extend(message);
    packet
}

/// Returns a pcap file of these packets, one per millisecond.
pub fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    pcap_every(1, link, packets)
}

/// The same, with a number of milliseconds between two packets.
pub fn pcap_every(millis: u32, link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, link] {
        file.extend(word.to_le_bytes());
    }
    for (nth, packet) in packets.iter().enumerate() {
        let (millis, len) = (nth as u32 * millis, packet.len() as u32);
        for word in [1_700_000_000 + millis / 1000, millis % 1000 * 1000, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// Analyzes a capture to its end and returns all events.
pub fn events(file: Vec<u8>, task: Task) -> Vec<Event> {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file)).expect("a capture");
    let mut analyzer = Analyzer::new(task);
    let mut events = Vec::new();
    while let Some(frame) = capture.next().expect("a complete capture") {
        analyzer.dissect(&frame);
        events.extend(analyzer.events());
    }
    analyzer.finish();
    events.extend(analyzer.events());
    events
}

/// Returns the bytes of one side of the followed connection, with `None` for each missing byte.
pub fn followed_bytes(events: &[Event], side: dissectors::session::Side) -> Vec<Option<u8>> {
    let mut bytes = Vec::new();
    for event in events {
        if let Event::Chunk(chunk) = event
            && chunk.side == side
        {
            match &chunk.content {
                StreamContent::Bytes(more) => bytes.extend(more.iter().copied().map(Some)),
                StreamContent::Gap(len) => bytes.extend(std::iter::repeat_n(None, *len as usize)),
                StreamContent::Missing | StreamContent::End => {}
            }
        }
    }
    bytes
}

/// Random number generator with a seed (xorshift64*), for reproducible runs.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `end`, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Returns name and bytes of every capture in `fixtures/` and, if present, in `CORPUS_DIR`, sorted by name.
pub fn captures() -> Vec<(String, Vec<u8>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("CORPUS_DIR").map_or(root.join("../shared/captures"), Into::into);
    if !corpus.is_dir() {
        eprintln!("SKIPPED: captures of other projects: no such directory: {} (CORPUS_DIR)", corpus.display());
    }
    let mut paths = Vec::new();
    find_captures(&root.join("fixtures"), &mut paths);
    find_captures(&corpus, &mut paths);
    paths.sort();
    let read = |path: std::path::PathBuf| Some((path.display().to_string(), std::fs::read(path).ok()?));
    paths.into_iter().filter_map(read).collect()
}

fn find_captures(folder: &std::path::Path, paths: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            find_captures(&path, paths);
        } else if name.contains(".pcap") || path.components().any(|part| part.as_os_str() == "malformed") {
            paths.push(path);
        }
    }
}

/// Whether a test runs for this pair of a capture and a filter or field: for one of `pairs`. The choice does not depend on other
/// captures or filters. `OVERHEAR_ALL_PAIRS=1` selects all, as `make corpus` does.
pub fn is_selected(capture: &str, filter: &str, pairs: u32) -> bool {
    let (_, capture) = capture.rsplit_once("fixtures/").unwrap_or(("", capture));
    let hash = capture.bytes().chain(filter.bytes()).fold(17_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte));
    std::env::var_os("OVERHEAR_ALL_PAIRS").is_some() || (hash.wrapping_mul(0x9e37_79b1) >> 16).is_multiple_of(pairs)
}

/// Returns the options of a capture: the secrets of its blocks.
pub fn decode_options(file: &[u8]) -> DecodeOptions {
    let mut secrets = dissectors::session::Secrets::default();
    add_block_secrets(&read_block_secrets(std::io::Cursor::new(file)), 0, &mut secrets);
    DecodeOptions { secrets: secrets.into(), ..DecodeOptions::default() }
}

/// Returns these fields of each frame as `print` shows them, including values from later frames. Commas separate values,
/// bars separate fields.
pub fn print_fields(packets: &[Vec<u8>], names: &[&str]) -> Vec<String> {
    let fields: Vec<_> = names.iter().map(|name| dissectors::field(name).expect("a field")).collect();
    field_values(&pcap(IPV4, packets), &fields).iter().map(|frame| frame.join("|")).collect()
}

/// Returns the values of these fields in each frame. The capture is read twice if a field needs later frames.
pub fn field_values(file: &[u8], fields: &[&'static dissectors::Field]) -> Vec<Vec<String>> {
    let mut wants = dissectors::Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    wants.columns = fields.iter().any(|field| field.name.starts_with("_ws.col."));
    let decode = decode_options(file);
    let task = |collect| Task { wants: wants.clone(), collect, decode: decode.clone(), ..Task::default() };
    let mut analyzer = Analyzer::new(task(false));
    if fields.iter().any(|field| field.later) {
        let mut first = Analyzer::new(task(true));
        dissect_frames(file, &mut first, |_| {});
        first.finish();
        analyzer = Analyzer::with_first_pass(task(false), first.into_first_pass());
    }
    let mut frames = Vec::new();
    dissect_frames(file, &mut analyzer, |tree| {
        let values_of = |field: &dissectors::Field| {
            let values = tree.nodes().iter().filter(|node| node.field.id == field.id).map(|node| {
                let mut text = String::new();
                dissectors::format::value(&mut text, node.field, node.value, tree).expect("a text");
                text
            });
            values.collect::<Vec<_>>().join(",")
        };
        frames.push(fields.iter().map(|field| values_of(field)).collect());
    });
    frames
}

/// Dissects each frame with these wants.
pub fn each_tree(file: &[u8], wants: dissectors::Wants, each: impl FnMut(&dissectors::Tree)) {
    dissect_frames(file, &mut Analyzer::new(Task { wants, ..Task::default() }), each);
}

fn dissect_frames(file: &[u8], analyzer: &mut Analyzer, mut each: impl FnMut(&dissectors::Tree)) {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())).expect("a capture");
    while let Some(frame) = capture.next().expect("a complete capture") {
        each(analyzer.dissect(&frame));
        analyzer.events();
    }
}
