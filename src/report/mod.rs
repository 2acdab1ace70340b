//! Output formats of frames, calls and streams, for people and for programs.
//!
//! A [`Report`] receives frames and events one by one and writes them. It keeps only what its format needs, so that
//! memory does not grow with the capture.

mod body_text;
mod call_groups;
pub(crate) mod calls;
mod capture_file;
mod color;
pub(crate) mod connections;
mod csv;
mod detail;
pub(crate) mod dissected_message;
mod fields;
mod follow;
mod hexdump;
#[cfg(feature = "live")]
mod interfaces;
mod json;
mod json_writer;
mod manual;
mod markup;
mod messages;
mod quantiles;
pub(crate) mod quantity;
pub(crate) mod records;
mod secrets;
mod selection;
mod side_heading;
mod streams;
mod summary;
mod table;
mod threaded;
mod time_format;
pub(crate) mod value;

use crate::analysis::{Event, MessageNodes};
use crate::capture::Call;
use crate::source::{Frame, SectionMetadata};
use dissectors::Tree;
use std::io::{self, Write};

pub(crate) use body_text::body_text;
pub use call_groups::{CallGroupsReport, GroupField};
pub use calls::CallsReport;
#[cfg(feature = "parquet")]
pub(crate) use calls::host;
pub(crate) use calls::path_template;
pub use capture_file::CaptureFileReport;
pub use color::Color;
pub use connections::ConnectionsReport;
pub use csv::CsvReport;
pub(crate) use detail::{detail_text, has_tree_line, node_line};
pub use fields::{FieldsReport, Layout};
pub(crate) use follow::write_readable;
pub use follow::{FollowFormat, FollowReport};
#[cfg(feature = "live")]
pub use interfaces::interfaces;
pub(crate) use json::json_lines;
pub use json::{JsonFraming, JsonReport, json_line};
pub(crate) use json_writer::JsonWriter;
pub use manual::{FieldManual, fields_page};
pub use markup::escape_markup;
pub(crate) use messages::write_message;
pub use messages::{MessageSelection, MessagesReport};
pub(crate) use quantiles::DurationHistogram;
pub(crate) use quantity::size;
pub use records::RecordFormat;
pub use secrets::SecretsReport;
#[cfg(feature = "parquet")]
pub(crate) use selection::column_text;
pub(crate) use selection::frame_texts;
pub use selection::{Occurrence, Selection, UnknownFields};
pub use streams::StreamsReport;
pub use summary::TextOptions;
pub use threaded::ThreadedReport;
pub(crate) use time_format::TimeFormatter;
pub(crate) use value::{line as escaped, node_value as value_of};

/// An output format.
///
/// Its methods are called in the order of the capture: [`begin`](Report::begin), then for every frame
/// [`frame`](Report::frame) and [`event`](Report::event) for each of its events, finally [`end`](Report::end), even if
/// the capture is truncated.
pub trait Report {
    /// Writes the text before all frames and events.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Writes a frame.
    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        let _ = (dissected, out);
        Ok(())
    }

    /// Whether it reads the messages of all frames, whether these match or not.
    fn reads_messages(&self) -> bool {
        false
    }

    /// Reads the messages that a frame completes or has nodes of, or that no frame completed.
    fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        let _ = (messages, tree);
    }

    /// Writes keys and names of the capture that were read since the last call, up to the last frame.
    fn metadata(&mut self, added: &SectionMetadata, out: &mut dyn Write) -> io::Result<()> {
        let _ = (added, out);
        Ok(())
    }

    /// Writes an event.
    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        let _ = (event, out);
        Ok(())
    }

    /// Reads a call that is not written, because the filter does not match it.
    fn skip_call(&mut self, call: Call, out: &mut dyn Write) -> io::Result<()> {
        let _ = (call, out);
        Ok(())
    }

    /// Text at the begin of the row of each frame but the first, which separates it from the row before.
    fn row_separator(&self) -> &'static str {
        ""
    }

    /// Writes everything that was reported so far.
    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Writes the text after all frames and events.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }
}

/// A dissected frame, as reports print it.
#[derive(Clone, Copy)]
pub struct DissectedFrame<'a> {
    /// The captured frame.
    pub frame: &'a Frame<'a>,
    /// Nanoseconds since the first frame.
    pub relative: i64,
    /// Its detail tree.
    pub tree: &'a Tree,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FrameOptions, Time};
    use dissectors::tree::Slice;
    use dissectors::{Value, Wants, frame as facts, tcp};

    /// Returns the frame that [`tree`] belongs to.
    pub(super) fn frame() -> Frame<'static> {
        Frame {
            number: 7,
            time: Time(1_700_000_000_001_000_000),
            has_time: true,
            length: 74,
            bytes: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x00\xff",
            link: 1,
            fcs: None,
            file: 0,
            section: 0,
            interface: None,
            options: FrameOptions::default(),
        }
    }

    /// Returns the detail tree of [`frame`].
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
        let node = tree.open(&tcp::TCP, Slice::new(0, 20), Value::Bytes(all));
        tree.label(node, format_args!("Transmission Control Protocol, Src Port: 1000"));
        tree.put(&tcp::SRCPORT, Slice::new(0, 2), Value::Uint(1000));
        tree.put(&tcp::PORT, Slice::new(0, 2), Value::Uint(1000));
        tree.put(&tcp::PORT, Slice::new(2, 2), Value::Uint(80));
        tree.open(&tcp::FLAGS, Slice::new(12, 2), Value::Uint(2));
        tree.put(&tcp::FLAGS_SYN, Slice::new(12, 2), Value::Bool(true));
        tree.note(&tcp::CONNECTION_SYN, Slice::new(12, 2), format_args!("Connection establish request (SYN)"));
        tree.close();
        tree.put(&tcp::CHECKSUM_STATUS, none, Value::Uint(2));
        for bytes in [&b"\x01"[..], b"ok"] {
            let bytes = tree.store_bytes(bytes);
            tree.put(&tcp::OPTIONS_NOP, Slice::new(4, 1), Value::Bytes(bytes));
        }
        tree.put(&tcp::TIME_DELTA, none, Value::Duration(300_000));
        tree.close();
        let columns = tree.columns_mut();
        columns.source = Some(Value::Ipv4([10, 0, 0, 1]));
        columns.destination = Some(Value::Ipv4([10, 0, 0, 2]));
        columns.protocol = "TCP";
        tree.set_info(format_args!("1000 → 80 [SYN]"));
        tree
    }

    /// Returns the complete output of a report of one frame.
    pub(super) fn print(report: &mut dyn Report, frame: &Frame<'_>, tree: &Tree) -> String {
        let mut out = Vec::new();
        let written = report
            .begin(&mut out)
            .and_then(|()| report.frame(&DissectedFrame { frame, relative: 300_000, tree }, &mut out))
            .and_then(|()| report.end(&mut out));
        assert!(written.is_ok());
        String::from_utf8(out).unwrap_or_default()
    }
}
