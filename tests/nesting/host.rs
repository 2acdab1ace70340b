//! Dissects captures with the protocols of these tests, and collects the results above TCP.

use super::cipher::{CIPHER, CIPHER_3, CIPHER_40, key};
use super::interleaved::INTERLEAVED;
use super::question::QUESTION;
use dissectors::session::FirstPass;
use dissectors::{FieldKind, PROTOCOLS, Protocol, Tree, Value, Wants, format, tcp};
use overhear::analysis::{Analyzer, DecodeAs, DecodeOptions, Event, Task, Transport};
use overhear::call_matcher::CallMatcher;
use overhear::capture::Call;
use overhear::filter::Filter;
use overhear::source::{self, Capture};
use std::sync::Arc;

/// A captured frame.
#[derive(Clone)]
pub struct Frame {
    link: u16,
    pub time: i64,
    pub bytes: Vec<u8>,
}

/// Results of a capture above TCP.
#[derive(Debug, Default)]
pub struct Outcome {
    /// For each frame: its protocol and Info columns, and a line for each field.
    pub rows: Vec<Vec<String>>,
    /// A line for each call.
    pub calls: Vec<String>,
    /// For each call, whether it waited for a handshake; and for each call in a tunnel.
    pub connects: Vec<Option<i64>>,
    pub tunnelled: Vec<Option<i64>>,
    /// Frames that match each of [`FILTERS`].
    pub matches: Vec<Vec<u32>>,
    /// Calls that match each of them.
    pub matching_calls: Vec<Vec<String>>,
}

pub const FILTERS: &[&str] = &[
    "http",
    "uri contains \"a\"",
    "status >= 400",
    "http.request and frame.number > 4",
    "method == GET or body contains \"e\"",
    "http.response_in",
    "http.time >= 0",
    "frame.number == 6",
    "_ws.expert",
];

/// Returns the protocols of the program and those of these tests.
pub fn protocols() -> Vec<&'static Protocol> {
    let own = [&CIPHER, &CIPHER_3, &CIPHER_40, &QUESTION, &INTERLEAVED];
    PROTOCOLS.iter().copied().chain(own).collect()
}

/// Returns the frames of a capture file.
pub fn frames(file: &[u8]) -> Vec<Frame> {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())).expect("a capture");
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = capture.next() {
        frames.push(Frame { link: frame.link, time: frame.time.0, bytes: frame.bytes.to_vec() });
    }
    frames
}

/// Returns the same frames with the data of every TCP segment in this many ciphers.
pub fn wrapped(frames: &[Frame], layers: u8) -> Vec<Frame> {
    let mut wants = Wants::default();
    wants.add(&tcp::PAYLOAD);
    let mut analyzer = Analyzer::new(Task { wants, ..Task::default() });
    let all = (1..=layers).fold(0, |all, layer| all ^ key(layer));
    let mut result = frames.to_vec();
    let on_frame = |number: u32, tree: &Tree, _: &Analyzer| {
        let payloads = tree.nodes().iter().filter(|node| node.field.id == tcp::PAYLOAD.id).map(|node| node.span);
        for span in payloads {
            let bytes = &mut result[number as usize - 1].bytes;
            bytes[span.start as usize..span.end() as usize].iter_mut().for_each(|byte| *byte ^= all);
        }
    };
    each(frames, &mut analyzer, on_frame, |_| {});
    result
}

/// Returns a capture file of these frames, with times in nanoseconds.
fn file(frames: &[Frame]) -> Vec<u8> {
    let link = frames.first().map_or(1, |frame| u32::from(frame.link));
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, link] {
        file.extend(word.to_le_bytes());
    }
    for frame in frames {
        let len = frame.bytes.len() as u32;
        let (seconds, nanos) = (frame.time.div_euclid(1_000_000_000), frame.time.rem_euclid(1_000_000_000));
        for word in [seconds as u32, nanos as u32, len, len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&frame.bytes);
    }
    file
}

/// Reads frames as a capture file.
pub fn read(frames: &[Frame], mut each: impl FnMut(&source::Frame<'_>)) {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file(frames))).expect("a capture");
    while let Some(frame) = capture.next().expect("a complete capture") {
        each(&frame);
    }
}

/// Dissects frames, as this protocol on every port if there is one.
pub fn run(frames: &[Frame], protocol: Option<&'static str>) -> Outcome {
    let ports = ports(frames);
    let rules = ports.iter().flat_map(|&port| protocol.map(|protocol| (port, protocol)));
    let decode_as: Vec<_> =
        rules.map(|(port, protocol)| DecodeAs { transport: Transport::Tcp, port, protocol }).collect();
    let task = |wants| Task {
        wants,
        exchanges: true,
        decode: DecodeOptions { decode_as: decode_as.clone(), ..DecodeOptions::default() },
        ..Task::default()
    };
    let mut first = analyzer(Task { collect: true, ..task(Wants::default()) }, FirstPass::default());
    each(frames, &mut first, |_, _, _| {}, |_| {});
    let first_pass = first.into_first_pass();

    let mut outcome = Outcome::default();
    let filters: Vec<Arc<Filter>> = FILTERS.iter().map(|text| Arc::new(Filter::new(text).expect(text))).collect();
    outcome.matches = vec![Vec::new(); filters.len()];
    let mut main = analyzer(task(Wants::everything()), first_pass.clone());
    let (rows, matches) = (&mut outcome.rows, &mut outcome.matches);
    let mut calls = Vec::new();
    each(
        frames,
        &mut main,
        |number, tree, _| {
            rows.push(lines(tree));
            for (filter, matches) in filters.iter().zip(matches.iter_mut()) {
                matches.extend(filter.matches(tree).then_some(number));
            }
        },
        |event| calls.extend(if let Event::Call(call) = event { Some(call) } else { None }),
    );
    outcome.calls = calls.iter().map(line).collect();
    outcome.connects = calls.iter().map(|call| call.connect).collect();
    let in_tunnels = calls.iter().filter(|call| call.exchange.parent.is_some());
    outcome.tunnelled = in_tunnels.map(|call| call.connect).collect();
    for filter in &filters {
        outcome.matching_calls.push(matching_calls(frames, filter, &decode_as, first_pass.clone()));
    }
    outcome
}

/// Returns the calls that match a filter.
pub fn matching_calls(frames: &[Frame], filter: &Arc<Filter>, decode_as: &[DecodeAs], pass: FirstPass) -> Vec<String> {
    let (halves, owners, ends) = (true, true, true);
    let wants = filter.wants();
    let task = Task {
        wants,
        exchanges: true,
        halves,
        owners,
        ends,
        decode: DecodeOptions { decode_as: decode_as.to_vec(), ..DecodeOptions::default() },
        ..Task::default()
    };
    let mut analyzer = analyzer(task, pass);
    let matcher = std::cell::RefCell::new(CallMatcher::new(filter.clone()));
    let mut found = Vec::new();
    each(
        frames,
        &mut analyzer,
        |number, _, analyzer| {
            matcher.borrow_mut().add_frame(number, analyzer);
        },
        |event| {
            let matches = matcher.borrow_mut().matches_event(&event);
            if let (true, Event::Call(call)) = (matches, event) {
                found.push(line(&call));
            }
        },
    );
    found
}

fn analyzer(task: Task, first_pass: FirstPass) -> Analyzer {
    Analyzer::with_protocols(task, first_pass, &protocols())
}

/// Returns both ports of every connection.
fn ports(frames: &[Frame]) -> Vec<u16> {
    let mut ports = Vec::new();
    let mut analyzer = analyzer(Task { streams: true, ..Task::default() }, FirstPass::default());
    each(
        frames,
        &mut analyzer,
        |_, _, _| {},
        |event| {
            if let Event::Stream(stream) = event {
                ports.extend([stream.client.port, stream.server.port]);
            }
        },
    );
    ports
}

fn each(
    frames: &[Frame],
    analyzer: &mut Analyzer,
    mut on_frame: impl FnMut(u32, &Tree, &Analyzer),
    mut on_event: impl FnMut(Event),
) {
    read(frames, |frame| {
        analyzer.dissect(frame);
        on_frame(frame.number, analyzer.tree(), analyzer);
        analyzer.events().for_each(&mut on_event);
    });
    analyzer.finish();
    analyzer.events().for_each(&mut on_event);
}

/// Returns the lines of a frame above TCP. The place of undissected data depends on the protocol below.
fn lines(tree: &Tree) -> Vec<String> {
    let columns = tree.columns();
    let info = String::from_utf8_lossy(tree.bytes(columns.info)).into_owned();
    let is_http = columns.protocol.starts_with("HTTP");
    let mut lines = if is_http { vec![format!("{} {}", columns.protocol, info)] } else { Vec::new() };
    let is_below = |id: u16| {
        let protocol = PROTOCOLS.iter().find(|protocol| protocol.fields.first().is_some_and(|own| own.id == id));
        protocol.is_none_or(|protocol| {
            protocol.is_layer() || ["frame", "_ws.col", "data"].contains(&protocol.fields[0].name)
        })
    };
    for node in tree.nodes().iter().filter(|node| !is_below(node.field.protocol)) {
        let mut line = format!("{:width$}{} ", "", node.field.name, width = usize::from(node.depth));
        format::value(&mut line, node.field, node.value, tree).expect("a text");
        if let (FieldKind::Bytes | FieldKind::Protocol, Value::Bytes(bytes)) = (node.field.kind, node.value) {
            line.push_str(&String::from_utf8_lossy(tree.bytes(bytes)));
        }
        line.push_str(&String::from_utf8_lossy(tree.bytes(node.label)));
        lines.push(line);
    }
    lines
}

/// Returns a call without the names of its sessions.
pub fn line(call: &Call) -> String {
    let exchange = &call.exchange;
    format!(
        "{:?} {} {} {} {} {:?} {:?} {:?} {:?} {:?}",
        exchange.id.conversation,
        exchange.method,
        exchange.target,
        exchange.authority,
        exchange.status,
        exchange.outcome,
        exchange.content_type,
        exchange.request,
        exchange.response,
        (call.client, call.server, call.connect),
    )
}
