//! `follow --http` and `--dns`: the messages of a stream in order, with decoded bodies.

use super::color::{AnsiStyle, Color};
use super::dissected_message::{DissectedMessage, add_message_wants, messages};
use super::follow::write_readable;
use super::side_heading::{SideHeadings, side_style};
use super::{DissectedFrame, Report, body_text};
use crate::analysis::{Event, NameFlags};
use dissectors::session::ConversationId;
use dissectors::{Tree, Wants, tcp, udp};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Messages of one stream.
#[derive(Clone, Copy, Debug)]
pub struct MessageSelection {
    /// The stream.
    pub stream: ConversationId,
    /// Names of the fields whose nodes are the messages that are selected.
    pub fields: &'static [&'static str],
    /// The only channel of the stream that is selected, such as a stream of HTTP/2.
    pub channel: Option<u32>,
}

impl MessageSelection {
    fn contains(&self, message: &DissectedMessage<'_>) -> bool {
        self.fields.contains(&message.fields.message.name)
            && (self.channel.is_none() || message.channel() == self.channel)
    }
}

/// Prints the messages of one stream, each with the frame that completed it.
pub struct MessagesReport {
    selection: MessageSelection,
    headings: SideHeadings,
    color: Color,
    has_stream: bool,
    count: u64,
    /// Time of the first frame.
    start: Option<i64>,
    row: String,
}

impl MessagesReport {
    /// Returns a report of these messages.
    #[must_use]
    pub fn new(selection: MessageSelection, color: Color) -> MessagesReport {
        let headings = SideHeadings::new(selection.stream, color);
        MessagesReport { selection, headings, color, has_stream: false, count: 0, start: None, row: String::new() }
    }

    /// Shows the names of addresses, if they are resolved.
    #[must_use]
    pub fn with_names(self, names: NameFlags) -> MessagesReport {
        MessagesReport { headings: self.headings.with_names(names), ..self }
    }

    /// Returns the fields that must be recorded for this report.
    #[must_use]
    pub fn wants(names: NameFlags) -> Wants {
        let mut wants = Wants::default();
        add_message_wants(&mut wants);
        SideHeadings::add_wants(names, &mut wants);
        wants.add(&tcp::STREAM);
        wants.add(&udp::STREAM);
        wants
    }

    /// Returns whether the capture has the stream.
    #[must_use]
    pub fn has_stream(&self) -> bool {
        self.has_stream
    }

    /// Returns the number of messages.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Appends the selected messages of a tree. `frame` and `relative` are the frame that completed them, and its time.
    fn messages(&mut self, tree: &Tree, frame: u32, relative: i64) {
        self.row.clear();
        let selection = self.selection;
        let is_shown = |message: &DissectedMessage<'_>| selection.contains(message);
        messages(tree).filter(is_shown).for_each(|message| self.message(message, frame, relative));
    }

    /// Appends one message.
    fn message(&mut self, message: DissectedMessage<'_>, frame: u32, relative: i64) {
        let side = message.side();
        if self.count > 0 {
            self.row.push('\n');
        }
        self.count += 1;
        let channel = message.channel().filter(|_| self.selection.channel.is_none());
        self.headings.write(&mut self.row, side, channel, frame, relative);
        self.color.start(side_style(side), &mut self.row);
        write_message(&mut self.row, message);
        self.color.stop(side_style(side), &mut self.row);
        for note in message.warnings() {
            self.color.start(AnsiStyle::Yellow, &mut self.row);
            let _ = write!(self.row, "[{}]", note.title);
            self.color.stop(AnsiStyle::Yellow, &mut self.row);
            self.row.push('\n');
        }
    }
}

/// Appends a message: its head, an empty line, its body, and its trailers.
pub(crate) fn write_message(out: &mut String, message: DissectedMessage<'_>) {
    let write_line = |out: &mut String, line: &[u8]| {
        if write_readable(out, line, false) {
            out.push('\n');
        }
    };
    let head = message.values(message.fields.start_line).chain(message.headers());
    head.for_each(|line| write_line(out, line));
    out.push('\n');
    let content_type = message.media_type();
    for body in message.values(message.fields.body) {
        match message.written_body(body) {
            Some(text) => drop(write_readable(out, text.as_bytes(), false)),
            None => write_body(out, body, content_type),
        }
    }
    message.values(message.fields.trailers).for_each(|line| write_line(out, line));
}

impl Report for MessagesReport {
    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.start.get_or_insert(dissected.frame.time.0.saturating_sub(dissected.relative));
        if !self.headings.is_of_stream(dissected) {
            return Ok(());
        }
        self.headings.add_frame(dissected);
        self.has_stream = true;
        self.messages(dissected.tree, dissected.frame.number, dissected.relative);
        out.write_all(self.row.as_bytes())
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Stream(stream) => self.has_stream |= self.selection.stream.tcp() == Some(stream.number),
            Event::Unfinished(unfinished) if unfinished.conversation == self.selection.stream => {
                let relative = unfinished.at.time.saturating_sub(self.start.unwrap_or(unfinished.at.time));
                self.messages(&unfinished.tree, unfinished.at.frame, relative);
                out.write_all(self.row.as_bytes())?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Appends a body: text, decoded from its character set; of binary data, only its length.
fn write_body(out: &mut String, body: &[u8], content_type: &[u8]) {
    let Some(text) = body_text(body, content_type) else {
        let _ = writeln!(out, "[{} bytes of binary data]", body.len());
        return;
    };
    if write_readable(out, &text, false) {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print};
    use dissectors::{Value, message_fields};

    const PROTOCOLS: &[&str] = &["http"];

    fn http_of(stream: u32) -> MessageSelection {
        MessageSelection { stream: ConversationId::Tcp(stream), fields: PROTOCOLS, channel: None }
    }

    fn tree(stream: u64, body: &[u8]) -> Tree {
        let (_, fields) = message_fields()
            .find(|(_, fields)| PROTOCOLS.contains(&fields.message.name))
            .expect("a protocol with messages");
        let note = dissectors::field("http.truncated").expect("a note");
        let mut tree = Tree::new(MessagesReport::wants(NameFlags::NONE));
        let none = Default::default();
        tree.begin(&[]);
        tree.put(&tcp::STREAM, none, Value::Uint(stream));
        for line in [&b"POST /a HTTP/1.1\r\n"[..], b"GET /\x1b[2J HTTP/1.1\r\n"] {
            tree.open(fields.message, none, Value::Present);
            let line = tree.store_bytes(line);
            tree.put(fields.start_line, none, Value::Text(line));
            tree.put(fields.response, none, Value::Bool(false));
            let header = tree.store_bytes(b"Host: a\r\n");
            tree.put(fields.headers[0], none, Value::Text(header));
            let media_type = tree.store_bytes(b"application/x; charset=iso-8859-1");
            tree.put(fields.media_type, none, Value::Text(media_type));
            let body = tree.store_bytes(body);
            tree.put(fields.body, none, Value::Bytes(body));
            tree.note(note, none, format_args!("cut"));
            tree.close();
        }
        tree
    }

    #[test]
    fn messages_are_printed_in_order() {
        let mut report = MessagesReport::new(http_of(3), Color::Never);
        let text = print(&mut report, &frame(), &tree(3, b"{}"));
        assert_eq!(
            text,
            "--- client, frame 7, 0.000300 s ---\nPOST /a HTTP/1.1\nHost: a\n\n{}\n[The message is not complete]\n\n\
             --- client, frame 7, 0.000300 s ---\nGET /\\x1b[2J HTTP/1.1\nHost: a\n\n{}\n[The message is not complete]\n"
        );
        assert!(report.has_stream() && report.count() == 2);
    }

    #[test]
    fn a_body_is_decoded_from_the_character_set_of_its_media_type() {
        let text = print(&mut MessagesReport::new(http_of(3), Color::Never), &frame(), &tree(3, b"Gr\xfc\xdfe"));
        assert!(text.contains("\nGrüße\n"), "{text}");
    }

    #[test]
    fn a_binary_body_is_counted_and_other_streams_are_omitted() {
        let text = print(&mut MessagesReport::new(http_of(3), Color::Never), &frame(), &tree(3, b"\x00\x01"));
        assert!(text.contains("\n[2 bytes of binary data]\n"), "{text}");
        let mut report = MessagesReport::new(http_of(4), Color::Never);
        assert_eq!(print(&mut report, &frame(), &tree(3, b"x")), "");
        assert!(!report.has_stream());
    }
}
