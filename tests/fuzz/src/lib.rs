//! What every input owes: trees whose places are true, output that cannot steer a terminal, memory within bounds.

mod memory;

use dissectors::session::{Foresight, Side};
use dissectors::tree::{Node, Slice};
use dissectors::{Tree, Value, Wants, format};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::report::{Calls, Color, Follow, Form, Json, Lines, Report, Shape, Shown, Streams, Text};
use overhear::source::{Frame, Options, Time};
use std::io;

/// A reading of a capture in which everything is wanted, printed and checked.
pub struct Reading {
    analyzer: Analyzer,
    printers: Vec<Printer>,
    out: Vec<u8>,
    first: Option<i64>,
}

/// A form of output, and what it owes.
struct Printer {
    report: Box<dyn Report>,
    check: fn(&str),
}

impl Reading {
    /// A first reading, which learns for a second and prints forms for programs.
    pub fn first() -> Reading {
        memory::begin();
        Reading::new(Analyzer::new(Task { learn: true, ..everything() }), for_programs())
    }

    /// A reading that knows what the first has learnt and prints forms for people.
    pub fn second(learnt: Foresight) -> Reading {
        Reading::new(Analyzer::with_foresight(everything(), learnt), for_people())
    }

    fn new(analyzer: Analyzer, printers: Vec<Printer>) -> Reading {
        let mut reading = Reading { analyzer, printers, out: Vec::new(), first: None };
        reading.print(|report, out| report.begin(out));
        reading
    }

    /// Reads a frame.
    pub fn read(&mut self, frame: &Frame<'_>) {
        let relative = frame.time.0.saturating_sub(*self.first.get_or_insert(frame.time.0));
        let tree = self.analyzer.dissect(frame);
        for node in tree.nodes() {
            check_node(node, tree);
        }
        let shown = Shown { frame, relative, tree };
        for printer in &mut self.printers {
            printer.print(&mut self.out, |report, out| report.frame(&shown, out));
        }
        self.print_events();
    }

    /// Ends the capture and returns what was learnt.
    pub fn finish(mut self) -> Foresight {
        self.analyzer.finish();
        self.print_events();
        self.print(|report, out| report.end(out));
        self.analyzer.into_foresight()
    }

    fn print_events(&mut self) {
        let events: Vec<Event> = self.analyzer.events().collect();
        for event in &events {
            self.print(|report, out| report.event(event.clone(), out));
        }
        memory::check();
    }

    fn print(&mut self, what: impl Fn(&mut dyn Report, &mut Vec<u8>) -> io::Result<()>) {
        for printer in &mut self.printers {
            printer.print(&mut self.out, &what);
        }
    }
}

impl Printer {
    fn print(&mut self, out: &mut Vec<u8>, what: impl Fn(&mut dyn Report, &mut Vec<u8>) -> io::Result<()>) {
        what(&mut *self.report, out).expect("memory takes all");
        (self.check)(std::str::from_utf8(out).expect("what is printed is UTF-8"));
        out.clear();
    }
}

/// Everything that can be wanted.
fn everything() -> Task {
    Task { wants: Wants::everything(), exchanges: true, streams: true, follow: Some(0), ..Task::default() }
}

fn for_programs() -> Vec<Printer> {
    vec![
        Printer { report: Box::new(Json::new(None, Lines::Bare)), check: is_json },
        Printer { report: Box::new(Calls::new(Form::Json(Lines::Bare))), check: is_json },
        Printer { report: Box::new(Streams::new(Form::Json(Lines::Bare))), check: is_json },
    ]
}

fn for_people() -> Vec<Printer> {
    let plain = Text { details: false, bytes: false, color: Color::Never };
    vec![
        Printer { report: Box::new(plain.report()), check: steers_nothing },
        Printer { report: Box::new(Text { details: true, ..plain }.report()), check: steers_nothing },
        Printer { report: Box::new(Calls::new(Form::Text(Some(100)))), check: steers_nothing },
        Printer { report: Box::new(Streams::new(Form::Text(None))), check: steers_nothing },
        Printer { report: Box::new(Follow::new(0, Shape::Text(Color::Never))), check: steers_nothing },
    ]
}

fn steers_nothing(text: &str) {
    let steering = text.chars().find(|char| char.is_control() && !matches!(char, '\n' | '\t'));
    assert_eq!(steering, None, "printed: {text:?}");
}

fn is_json(lines: &str) {
    for line in lines.lines() {
        if let Err(error) = serde_json::from_str::<serde_json::Value>(line) {
            panic!("{error}: {line}");
        }
    }
}

fn check_node(node: &Node, tree: &Tree) {
    let name = node.field.name;
    assert!(node.span.len == 0 || lies_in_a_buffer(node.span, tree), "{name} spans {:?}", node.span);
    if let Value::Bytes(slice) | Value::Text(slice) = node.value {
        assert_eq!(tree.bytes(slice).len(), slice.len as usize, "{name} has bytes that are not there");
    }
    if matches!(node.value, Value::Bytes(slice) if slice.len > 64) {
        return;
    }
    let mut text = String::new();
    format::value(&mut text, node.field, node.value, tree).expect("memory takes all");
    assert!(!text.chars().any(char::is_control), "{name} prints {text:?}");
}

fn lies_in_a_buffer(span: Slice, tree: &Tree) -> bool {
    tree.buffers().iter().any(|buffer| buffer.bytes.start <= span.start && span.end() <= buffer.bytes.end())
}

/// A frame as a pcap file has it.
pub fn frame(number: u32, time: Time, link: u16, length: u32, bytes: &[u8]) -> Frame<'_> {
    let (section, options) = (0, Options::default());
    Frame { number, time, timed: true, length, bytes, link, fcs: None, section, interface: None, options }
}

/// The address of a side, IPv4.
pub fn address(side: Side) -> [u8; 4] {
    match side {
        Side::Client => [10, 0, 0, 1],
        Side::Server => [10, 0, 0, 2],
    }
}
