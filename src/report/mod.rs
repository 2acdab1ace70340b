//! Forms of output: what a frame, a call or a stream looks like to a reader or to another program.
//!
//! A [`Report`] is told what was found, frame by frame and event by event, and writes. It keeps nothing of a capture
//! but what its form needs, so that memory does not grow with the capture.

mod apart;
mod calls;
mod clock;
mod color;
mod csv;
mod detail;
mod fields;
mod follow;
mod hexdump;
#[cfg(feature = "live")]
mod interfaces;
mod json;
mod manual;
mod messages;
pub(crate) mod quantity;
pub(crate) mod records;
mod selection;
mod streams;
mod summary;
mod table;
pub(crate) mod value;

use crate::analysis::Event;
use crate::source::Frame;
use dissectors::Tree;
use std::io::{self, Write};

pub use apart::Apart;
pub use calls::Calls;
pub(crate) use clock::Clock;
pub use color::Color;
pub use csv::Csv;
pub(crate) use detail::{is_told, line};
pub use fields::{Fields, Layout, Occurrence};
pub(crate) use follow::readable;
pub use follow::{Follow, Shape};
#[cfg(feature = "live")]
pub use interfaces::interfaces;
pub use json::{Json, Lines};
pub use manual::{Manual, manual};
pub use messages::Messages;
pub(crate) use quantity::size;
pub use records::Form;
pub(crate) use selection::row;
pub use selection::{Selection, UnknownFields};
pub use streams::Streams;
pub use summary::Text;
pub(crate) use value::{line as escaped, node as value_of, readable as as_text};

/// A form of output.
///
/// The calls come in the order of the capture: [`begin`](Report::begin), then for every frame
/// [`frame`](Report::frame) and an [`event`](Report::event) for each thing that happened with it, at last
/// [`end`](Report::end), also where the capture broke off.
pub trait Report {
    /// Writes what comes before everything.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Writes a frame.
    fn frame(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        let _ = (shown, out);
        Ok(())
    }

    /// Writes what happened.
    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        let _ = (event, out);
        Ok(())
    }

    /// Writes what was reported so far and is not written yet.
    fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Writes what comes after everything.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }
}

/// A frame to be shown.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// What the capture has of it.
    pub frame: &'a Frame<'a>,
    /// Nanoseconds since the first frame.
    pub relative: i64,
    /// What was found in it.
    pub tree: &'a Tree,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Options, Time};
    use dissectors::tree::Slice;
    use dissectors::{Value, Wants, frame as facts, tcp};

    /// A frame whose fields are those of [`tree`].
    pub(super) fn frame() -> Frame<'static> {
        Frame {
            number: 7,
            time: Time(1_700_000_000_001_000_000),
            timed: true,
            length: 74,
            bytes: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x00\xff",
            link: 1,
            fcs: None,
            section: 0,
            interface: None,
            options: Options::default(),
        }
    }

    /// What was found in [`frame`].
    pub(super) fn tree(wants: Wants) -> Tree {
        let mut tree = Tree::new(wants);
        tree.begin(frame().bytes);
        let all = Slice::new(0, frame().bytes.len() as u32);
        let none = Slice::default();
        tree.open(&facts::FRAME, all, Value::Bytes(all));
        tree.put_text(&facts::COMMENT, none, format_args!("a \"b\"\tc\x1b"));
        tree.put(&facts::TIME, none, Value::Time(frame().time.0));
        tree.put(&facts::NUMBER, none, Value::Uint(7));
        tree.close();
        let place = tree.open(&tcp::TCP, Slice::new(0, 20), Value::Bytes(all));
        tree.label(place, format_args!("Transmission Control Protocol, Src Port: 1000"));
        tree.put(&tcp::SRCPORT, Slice::new(0, 2), Value::Uint(1000));
        tree.put(&tcp::PORT, Slice::new(0, 2), Value::Uint(1000));
        tree.put(&tcp::PORT, Slice::new(2, 2), Value::Uint(80));
        tree.open(&tcp::FLAGS, Slice::new(12, 2), Value::Uint(2));
        tree.put(&tcp::FLAGS_SYN, Slice::new(12, 2), Value::Bool(true));
        tree.note(&tcp::CONNECTION_SYN, Slice::new(12, 2), format_args!("Connection establish request (SYN)"));
        tree.close();
        tree.put(&tcp::CHECKSUM_STATUS, none, Value::Uint(2));
        for bytes in [&b"\x01"[..], b"ok"] {
            let bytes = tree.keep(bytes);
            tree.put(&tcp::OPTIONS_NOP, Slice::new(4, 1), Value::Bytes(bytes));
        }
        tree.put(&tcp::TIME_DELTA, none, Value::Duration(300_000));
        tree.close();
        let columns = tree.columns_mut();
        columns.source = Some(Value::Ipv4([10, 0, 0, 1]));
        columns.destination = Some(Value::Ipv4([10, 0, 0, 2]));
        columns.protocol = "TCP";
        tree.info(format_args!("1000 → 80 [SYN]"));
        tree
    }

    /// What a report prints of one frame, its beginning and its end included.
    pub(super) fn print(report: &mut dyn Report, frame: &Frame<'_>, tree: &Tree) -> String {
        let mut out = Vec::new();
        let written = report
            .begin(&mut out)
            .and_then(|()| report.frame(&Shown { frame, relative: 300_000, tree }, &mut out))
            .and_then(|()| report.end(&mut out));
        assert!(written.is_ok());
        String::from_utf8(out).unwrap_or_default()
    }
}
