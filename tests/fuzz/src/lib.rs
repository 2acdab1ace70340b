//! Invariants for every input: valid spans in trees, output without terminal control sequences, bounded memory.

mod host;
mod memory;

pub use host::Host;

use dissectors::session::{ConversationId, FirstPass, Side};
use dissectors::tree::{Node, Slice};
use dissectors::{Tree, Value, Wants, format};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::report::{
    CallsReport, Color, DissectedFrame, FollowFormat, FollowReport, JsonFraming, JsonReport, RecordFormat, Report,
    StreamsReport, TextOptions,
};
use overhear::source::{Frame, FrameOptions, Secret, Time};
use std::io;

/// Pass over a capture that wants all fields, prints them, and checks the output.
pub struct Pass {
    analyzer: Analyzer,
    printers: Vec<Printer>,
    out: Vec<u8>,
    first: Option<i64>,
}

/// Output format, and the check of its output.
struct Printer {
    report: Box<dyn Report>,
    check: fn(&str),
}

impl Pass {
    /// Creates a first pass, which collects data for a second and prints machine-readable formats.
    pub fn first() -> Pass {
        memory::begin();
        Pass::new(Analyzer::new(Task { collect: true, ..everything() }), machine_formats())
    }

    /// Creates a second pass, which uses the data of the first and prints formats for people.
    pub fn second(first_pass: FirstPass) -> Pass {
        Pass::new(Analyzer::with_first_pass(everything(), first_pass), text_formats())
    }

    /// Adds the secrets of blocks of a capture file, as if they preceded its frames.
    pub fn add_block_secrets(&mut self, blocks: &[Secret]) {
        self.analyzer.add_block_secrets(blocks);
    }

    fn new(analyzer: Analyzer, printers: Vec<Printer>) -> Pass {
        let mut pass = Pass { analyzer, printers, out: Vec::new(), first: None };
        pass.print(|report, out| report.begin(out));
        pass
    }

    /// Analyzes, prints and checks a frame.
    pub fn read(&mut self, frame: &Frame<'_>) {
        let relative = frame.time.0.saturating_sub(*self.first.get_or_insert(frame.time.0));
        let tree = self.analyzer.dissect(frame);
        for node in tree.nodes() {
            check_node(node, tree);
        }
        let shown = DissectedFrame { frame, relative, tree };
        for printer in &mut self.printers {
            printer.print(&mut self.out, |report, out| report.frame(&shown, out));
        }
        self.print_events();
    }

    /// Ends the capture and returns the data of this pass for a second one.
    pub fn finish(mut self) -> FirstPass {
        self.analyzer.finish();
        self.print_events();
        self.print(|report, out| report.end(out));
        self.analyzer.into_first_pass()
    }

    fn print_events(&mut self) {
        let events: Vec<Event> = self.analyzer.events().collect();
        for event in &events {
            self.print(|report, out| report.event(event.clone(), out));
        }
        memory::check();
    }

    fn print(&mut self, write: impl Fn(&mut dyn Report, &mut Vec<u8>) -> io::Result<()>) {
        for printer in &mut self.printers {
            printer.print(&mut self.out, &write);
        }
    }
}

impl Printer {
    fn print(&mut self, out: &mut Vec<u8>, write: impl Fn(&mut dyn Report, &mut Vec<u8>) -> io::Result<()>) {
        write(&mut *self.report, out).expect("writing to memory succeeds");
        (self.check)(std::str::from_utf8(out).expect("output is UTF-8"));
        out.clear();
    }
}

/// Returns a task that wants everything.
fn everything() -> Task {
    Task {
        wants: Wants::everything(),
        exchanges: true,
        streams: true,
        follow: Some(ConversationId::Tcp(0)),
        ..Task::default()
    }
}

fn machine_formats() -> Vec<Printer> {
    vec![
        Printer { report: Box::new(JsonReport::new(None, JsonFraming::Ndjson)), check: check_json },
        Printer { report: Box::new(CallsReport::new(RecordFormat::Json(JsonFraming::Ndjson))), check: check_json },
        Printer { report: Box::new(StreamsReport::new(RecordFormat::Json(JsonFraming::Ndjson))), check: check_json },
    ]
}

fn text_formats() -> Vec<Printer> {
    let plain = TextOptions { details: false, bytes: false, color: Color::Never };
    vec![
        Printer { report: Box::new(plain.report()), check: check_no_control_characters },
        Printer {
            report: Box::new(TextOptions { details: true, ..plain }.report()),
            check: check_no_control_characters,
        },
        Printer {
            report: Box::new(CallsReport::new(RecordFormat::Text(Some(100)))),
            check: check_no_control_characters,
        },
        Printer { report: Box::new(StreamsReport::new(RecordFormat::Text(None))), check: check_no_control_characters },
        Printer {
            report: Box::new(FollowReport::new(ConversationId::Tcp(0), FollowFormat::Text(Color::Never))),
            check: check_no_control_characters,
        },
    ]
}

fn check_no_control_characters(text: &str) {
    let control = text.chars().find(|char| char.is_control() && !matches!(char, '\n' | '\t'));
    assert_eq!(control, None, "printed: {text:?}");
}

fn check_json(lines: &str) {
    for line in lines.lines() {
        if let Err(error) = serde_json::from_str::<serde_json::Value>(line) {
            panic!("{error}: {line}");
        }
    }
}

fn check_node(node: &Node, tree: &Tree) {
    let name = node.field.name;
    assert!(node.span.len == 0 || is_in_a_buffer(node.span, tree), "{name} spans {:?}", node.span);
    if let Value::Bytes(slice) | Value::Text(slice) = node.value {
        assert_eq!(tree.bytes(slice).len(), slice.len as usize, "{name} has bytes outside of the store");
    }
    if matches!(node.value, Value::Bytes(slice) if slice.len > 64) {
        return;
    }
    let mut text = String::new();
    format::value(&mut text, node.field, node.value, tree).expect("writing to memory succeeds");
    assert!(!text.chars().any(char::is_control), "{name} prints {text:?}");
}

fn is_in_a_buffer(span: Slice, tree: &Tree) -> bool {
    tree.buffers().iter().any(|buffer| buffer.bytes.start <= span.start && span.end() <= buffer.bytes.end())
}

/// Returns a frame as read from a pcap file.
pub fn frame(number: u32, time: Time, link: u16, length: u32, bytes: &[u8]) -> Frame<'_> {
    let (section, options) = (0, FrameOptions::default());
    Frame { number, time, has_time: true, length, bytes, link, fcs: None, file: 0, section, interface: None, options }
}

/// Returns the IPv4 address of a side.
pub fn address(side: Side) -> [u8; 4] {
    match side {
        Side::Client => [10, 0, 0, 1],
        Side::Server => [10, 0, 0, 2],
    }
}
