//! `follow --http`: the HTTP messages of a stream in order, their bodies decoded.

use super::color::{Color, Paint};
use super::follow::{paint, readable, turn};
use super::{Report, Shown, value};
use crate::analysis::Event;
use dissectors::session::Side;
use dissectors::{Kind, Value, Wants, http, tcp};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Prints the HTTP messages of one stream, each with the frame that completed it.
pub struct Messages {
    stream: u32,
    color: Color,
    met: bool,
    count: u64,
    row: String,
}

impl Messages {
    /// Prints the messages of the stream of this number.
    #[must_use]
    pub fn new(stream: u32, color: Color) -> Messages {
        Messages { stream, color, met: false, count: 0, row: String::new() }
    }

    /// What has to be recorded for it.
    #[must_use]
    pub fn wants() -> Wants {
        let mut wants = Wants::default();
        let of_a_message = [
            &http::HTTP,
            &http::START_LINE,
            &http::REQUEST_LINE,
            &http::RESPONSE_LINE,
            &http::RESPONSE,
            &http::CHUNKED_TRAILER_PART,
            &http::FILE_DATA,
        ];
        of_a_message.into_iter().for_each(|field| wants.add(field));
        http::FIELDS.iter().filter(|field| matches!(field.kind, Kind::Note(_))).for_each(|field| wants.add(field));
        wants.add(&tcp::STREAM);
        wants
    }

    /// Whether the capture has the stream.
    #[must_use]
    pub fn met(&self) -> bool {
        self.met
    }

    /// How many messages there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Appends one message: the nodes from its protocol's to the next.
    fn message(&mut self, nodes: &[dissectors::tree::Node], shown: &Shown<'_>) {
        let tree = shown.tree;
        let answers = nodes.iter().any(|node| node.field.id == http::RESPONSE.id && node.value == Value::Bool(true));
        let side = if answers { Side::Server } else { Side::Client };
        if self.count > 0 {
            self.row.push('\n');
        }
        self.count += 1;
        turn(&mut self.row, side, shown.frame.number, shown.relative, self.color);
        let text = |node: &dissectors::tree::Node| match node.value {
            Value::Text(slice) | Value::Bytes(slice) => tree.bytes(slice),
            _ => &[],
        };
        let of = |field: &'static dissectors::Field| nodes.iter().filter(move |node| node.field.id == field.id);
        self.color.start(paint(side), &mut self.row);
        for line in of(&http::START_LINE).chain(of(&http::REQUEST_LINE)).chain(of(&http::RESPONSE_LINE)) {
            if readable(&mut self.row, text(line), false) {
                self.row.push('\n');
            }
        }
        self.row.push('\n');
        for body in of(&http::FILE_DATA) {
            write_body(&mut self.row, text(body));
        }
        for line in of(&http::CHUNKED_TRAILER_PART) {
            if readable(&mut self.row, text(line), false) {
                self.row.push('\n');
            }
        }
        self.color.stop(paint(side), &mut self.row);
        let grave = |node: &&dissectors::tree::Node| match node.field.kind {
            Kind::Note(severity) => severity > dissectors::Severity::Chat,
            _ => false,
        };
        for note in nodes.iter().filter(grave) {
            self.color.start(Paint::Yellow, &mut self.row);
            let _ = write!(self.row, "[{}]", note.field.title);
            self.color.stop(Paint::Yellow, &mut self.row);
            self.row.push('\n');
        }
    }
}

impl Report for Messages {
    fn frame(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        if shown.tree.first(&tcp::STREAM) != Some(Value::Uint(self.stream.into())) {
            return Ok(());
        }
        self.met = true;
        self.row.clear();
        let starts: Vec<usize> = shown
            .tree
            .nodes()
            .iter()
            .enumerate()
            .filter(|(_, node)| node.field.id == http::HTTP.id)
            .map(|(at, _)| at)
            .collect();
        for (nth, &start) in starts.iter().enumerate() {
            let end = starts.get(nth + 1).copied().unwrap_or(shown.tree.nodes().len());
            self.message(shown.tree.nodes().get(start..end).unwrap_or_default(), shown);
        }
        out.write_all(self.row.as_bytes())
    }

    fn event(&mut self, event: Event, _: &mut dyn Write) -> io::Result<()> {
        if let Event::Stream(stream) = event {
            self.met |= stream.number == self.stream;
        }
        Ok(())
    }
}

/// Appends a body: text as it is, of other bytes only how many there are.
fn write_body(out: &mut String, body: &[u8]) {
    if value::readable(body).is_some() {
        if readable(out, body, false) {
            out.push('\n');
        }
    } else {
        let _ = writeln!(out, "[{} bytes that are no text]", body.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print};
    use dissectors::Tree;

    fn tree(stream: u64, body: &[u8]) -> Tree {
        let mut tree = Tree::new(Messages::wants());
        let none = Default::default();
        tree.begin(&[]);
        tree.put(&tcp::STREAM, none, Value::Uint(stream));
        for line in [&b"POST /a HTTP/1.1\r\n"[..], b"GET /\x1b[2J HTTP/1.1\r\n"] {
            tree.open(&http::HTTP, none, Value::Present);
            let line = tree.keep(line);
            tree.put(&http::START_LINE, none, Value::Text(line));
            tree.put(&http::RESPONSE, none, Value::Bool(false));
            let header = tree.keep(b"Host: a\r\n");
            tree.put(&http::REQUEST_LINE, none, Value::Text(header));
            let body = tree.keep(body);
            tree.put(&http::FILE_DATA, none, Value::Bytes(body));
            tree.note(&http::TRUNCATED, none, format_args!("cut"));
            tree.close();
        }
        tree
    }

    #[test]
    fn messages_are_told_one_after_the_other() {
        let mut report = Messages::new(3, Color::Never);
        let text = print(&mut report, &frame(), &tree(3, b"{}"));
        assert_eq!(
            text,
            "--- client, frame 7, 0.000300 s ---\nPOST /a HTTP/1.1\nHost: a\n\n{}\n[The message is not complete]\n\n\
             --- client, frame 7, 0.000300 s ---\nGET /\\x1b[2J HTTP/1.1\nHost: a\n\n{}\n[The message is not complete]\n"
        );
        assert!(report.met() && report.count() == 2);
    }

    #[test]
    fn a_body_that_is_no_text_is_counted_and_other_streams_are_left_out() {
        let text = print(&mut Messages::new(3, Color::Never), &frame(), &tree(3, b"\x00\x01"));
        assert!(text.contains("\n[2 bytes that are no text]\n"), "{text}");
        let mut report = Messages::new(4, Color::Never);
        assert_eq!(print(&mut report, &frame(), &tree(3, b"x")), "");
        assert!(!report.met());
    }
}
