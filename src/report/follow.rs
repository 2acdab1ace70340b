//! `follow`: what the two sides of a stream sent, in order, and where something is missing.

use super::clock::Clock;
use super::color::{Color, Paint};
use super::{Report, Shown, hexdump, json, value};
use crate::analysis::{Chunk, Content, Event};
use dissectors::session::Side;
use std::fmt::Write as _;
use std::io::{self, Write};

/// How the bytes of a stream are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As text: tabs and line ends as they are, all else that is not printable escaped.
    Text(Color),
    /// As a hex dump, the server's further to the right.
    Hex(Color),
    /// As objects, one a line.
    Json,
    /// As they were sent.
    Raw,
}

/// Prints one stream.
pub struct Follow {
    stream: u32,
    shape: Shape,
    /// Whether the stream was met.
    met: bool,
    /// Bytes of either side so far, missing ones included.
    offsets: [u64; 2],
    /// Bytes at the end of what was sent of which it is not known yet what they are: the beginning of a character, or
    /// a carriage return.
    held: Vec<u8>,
    /// Who sent last.
    last: Option<Side>,
    /// Whether the last line is not ended.
    open_line: bool,
    /// What was missing while bytes were written as they are.
    missing: Vec<String>,
    start: Option<i64>,
    clock: Clock,
    row: String,
}

impl Follow {
    /// Prints the stream of this number.
    #[must_use]
    pub fn new(stream: u32, shape: Shape) -> Follow {
        Follow {
            stream,
            shape,
            met: false,
            offsets: [0; 2],
            held: Vec::new(),
            last: None,
            open_line: false,
            missing: Vec::new(),
            start: None,
            clock: Clock::local(),
            row: String::new(),
        }
    }

    /// Whether the capture has the stream.
    #[must_use]
    pub fn met(&self) -> bool {
        self.met
    }

    /// What could not be told among bytes that are written as they are: the lines for stderr.
    pub fn asides(&mut self) -> impl Iterator<Item = String> + '_ {
        self.missing.drain(..)
    }

    fn chunk(&mut self, chunk: &Chunk, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        match (self.shape, &chunk.content) {
            (_, Content::End) => return Ok(()),
            (Shape::Raw, Content::Bytes(bytes)) => out.write_all(bytes)?,
            (Shape::Raw, Content::Gap(len)) => {
                let offset = self.offset(chunk.side);
                self.missing.push(format!(
                    "{len} bytes of the {} missing in the capture after {offset} bytes of it (frame {})",
                    word(chunk.side),
                    chunk.at.frame
                ));
            }
            (Shape::Json, content) => self.object(chunk, content),
            (Shape::Text(color), content) => self.text(chunk, content, color),
            (Shape::Hex(color), content) => self.hex(chunk, content, color),
        }
        let offset = self.offset(chunk.side)
            + match &chunk.content {
                Content::Bytes(bytes) => bytes.len() as u64,
                Content::Gap(len) => *len,
                Content::End => 0,
            };
        if let Some(place) = self.offsets.get_mut(chunk.side as usize) {
            *place = offset;
        }
        self.last = Some(chunk.side);
        out.write_all(self.row.as_bytes())
    }

    fn offset(&self, side: Side) -> u64 {
        self.offsets.get(side as usize).copied().unwrap_or(0)
    }

    fn object(&mut self, chunk: &Chunk, content: &Content) {
        let offset = self.offset(chunk.side);
        let row = &mut self.row;
        let _ = write!(row, "{{\"side\":\"{}\",\"frame\":{},\"time\":\"", word(chunk.side), chunk.at.frame);
        self.clock.rfc3339(row, chunk.at.time);
        let _ = write!(row, "\",\"offset\":{offset},");
        match content {
            Content::Bytes(bytes) => {
                let start = row.len();
                json::bytes(row, bytes);
                // {"text": ..} or {"bytes": ..} without its braces: a part of this object.
                row.remove(start);
                row.pop();
            }
            Content::Gap(len) => {
                let _ = write!(row, "\"missing\":{len}");
            }
            Content::End => {}
        }
        row.push_str("}\n");
    }

    fn text(&mut self, chunk: &Chunk, content: &Content, color: Color) {
        let paint = paint(chunk.side);
        if self.last != Some(chunk.side) {
            self.finish_text(color);
            if self.last.is_some() {
                self.row.push('\n');
            }
            let relative = chunk.at.time.saturating_sub(self.start.unwrap_or(chunk.at.time));
            turn(&mut self.row, chunk.side, chunk.at.frame, relative, color);
        }
        match content {
            Content::Bytes(bytes) => {
                let joined;
                let bytes = if self.held.is_empty() {
                    bytes
                } else {
                    self.held.extend_from_slice(bytes);
                    joined = std::mem::take(&mut self.held);
                    &joined
                };
                let (whole, rest) = bytes.split_at(bytes.len() - unfinished(bytes));
                color.start(paint, &mut self.row);
                self.open_line = readable(&mut self.row, whole, self.open_line);
                color.stop(paint, &mut self.row);
                self.held = rest.to_vec();
            }
            Content::Gap(len) => {
                self.finish_text(color);
                color.start(Paint::Red, &mut self.row);
                let _ = write!(self.row, "[{len} bytes missing in capture]");
                color.stop(Paint::Red, &mut self.row);
                self.row.push('\n');
            }
            Content::End => {}
        }
    }

    /// Ends what a side was saying: what was held is told as it is, and the line ends.
    fn finish_text(&mut self, color: Color) {
        let held = std::mem::take(&mut self.held);
        if let (false, Some(side)) = (held.is_empty(), self.last) {
            color.start(paint(side), &mut self.row);
            value::line(&mut self.row, &held);
            color.stop(paint(side), &mut self.row);
            self.open_line = true;
        }
        if std::mem::take(&mut self.open_line) {
            self.row.push('\n');
        }
    }

    fn hex(&mut self, chunk: &Chunk, content: &Content, color: Color) {
        let indent = if chunk.side == Side::Server { "    " } else { "" };
        let offset = self.offset(chunk.side);
        match content {
            Content::Bytes(bytes) => {
                for (nth, row) in bytes.chunks(16).enumerate() {
                    self.row.push_str(indent);
                    color.start(paint(chunk.side), &mut self.row);
                    let _ = write!(self.row, "{:08X}  ", offset + nth as u64 * 16);
                    hexdump::digits(&mut self.row, row, 8);
                    self.row.push(' ');
                    hexdump::printable(&mut self.row, row.get(..8).unwrap_or(row));
                    if let Some(rest) = row.get(8..).filter(|rest| !rest.is_empty()) {
                        self.row.push(' ');
                        hexdump::printable(&mut self.row, rest);
                    }
                    color.stop(paint(chunk.side), &mut self.row);
                    self.row.push('\n');
                }
            }
            Content::Gap(len) => {
                self.row.push_str(indent);
                color.start(Paint::Red, &mut self.row);
                let _ = write!(self.row, "[{len} bytes missing in capture]");
                color.stop(Paint::Red, &mut self.row);
                self.row.push('\n');
            }
            Content::End => {}
        }
    }
}

impl Report for Follow {
    fn frame(&mut self, shown: &Shown<'_>, _: &mut dyn Write) -> io::Result<()> {
        self.start.get_or_insert(shown.frame.time.0 - shown.relative);
        Ok(())
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Chunk(chunk) => {
                self.met = true;
                self.chunk(&chunk, out)
            }
            Event::Stream(stream) => {
                self.met |= stream.number == self.stream;
                Ok(())
            }
            Event::Call(_) | Event::End(_) | Event::Rest(_) => Ok(()),
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        if let Shape::Text(color) = self.shape {
            self.finish_text(color);
        }
        out.write_all(self.row.as_bytes())
    }
}

/// Appends the line before what a side says.
pub(super) fn turn(out: &mut String, side: Side, frame: u32, relative: i64, color: Color) {
    color.start(Paint::Dim, out);
    let _ = write!(out, "--- {}, frame {frame}, ", word(side));
    value::seconds(out, relative, value::Decimals::Six);
    out.push_str(" s ---");
    color.stop(Paint::Dim, out);
    out.push('\n');
}

pub(super) fn paint(side: Side) -> Paint {
    match side {
        Side::Client => Paint::Red,
        Side::Server => Paint::Blue,
    }
}

fn word(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

/// How many bytes at the end cannot be told before the next come: the beginning of a character, or a carriage return
/// that may belong to a line feed.
fn unfinished(bytes: &[u8]) -> usize {
    if bytes.last() == Some(&b'\r') {
        return 1;
    }
    let tail = bytes.len().saturating_sub(3);
    bytes
        .get(tail..)
        .and_then(|tail| tail.utf8_chunks().last())
        .map(|last| last.invalid())
        .filter(|invalid| std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none()))
        .map_or(0, <[u8]>::len)
}

/// Appends text with its tabs and line ends, and everything else that is not printable escaped; a carriage return
/// before a line feed is left out. Returns whether the last line is open, as it was at the start if nothing is said.
pub(crate) fn readable(out: &mut String, bytes: &[u8], open: bool) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let ended = lines.peek().is_some();
        let line = if ended { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        for (nth, part) in line.split(|&byte| byte == b'\t').enumerate() {
            if nth > 0 {
                out.push('\t');
            }
            value::line(out, part);
        }
        if ended {
            out.push('\n');
        }
    }
    bytes.last().map_or(open, |&last| last != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::session::At;

    fn sent(side: Side, frame: u32, bytes: &[u8]) -> Chunk {
        Chunk { side, at: At { frame, time: i64::from(frame) * 1_000_000 }, content: Content::Bytes(bytes.to_vec()) }
    }

    fn gap(side: Side, len: u64) -> Chunk {
        Chunk { side, at: At { frame: 9, time: 9_000_000 }, content: Content::Gap(len) }
    }

    fn follow(shape: Shape, chunks: Vec<Chunk>) -> (Vec<u8>, Vec<String>) {
        let mut report = Follow::new(0, shape);
        report.start = Some(0);
        let mut out = Vec::new();
        for chunk in chunks {
            report.event(Event::Chunk(chunk), &mut out).expect("memory can be written to");
        }
        report.end(&mut out).expect("memory can be written to");
        (out, report.asides().collect())
    }

    fn text(chunks: Vec<Chunk>) -> String {
        String::from_utf8(follow(Shape::Text(Color::Never), chunks).0).expect("it is text")
    }

    use Side::{Client, Server};

    #[test]
    fn sides_take_turns_and_gaps_are_told() {
        let chunks = vec![
            sent(Client, 4, b"GET / HTTP/1.1\r\n"),
            sent(Client, 5, b"\r\n"),
            sent(Server, 6, b"HTTP/1.1 200 OK\r\n\r\nhalf"),
            gap(Server, 10),
            sent(Server, 8, b"rest"),
        ];
        assert_eq!(
            text(chunks),
            "--- client, frame 4, 0.004000 s ---\nGET / HTTP/1.1\n\n\n--- server, frame 6, 0.006000 s ---\n\
             HTTP/1.1 200 OK\n\nhalf\n[10 bytes missing in capture]\nrest\n"
        );
    }

    #[test]
    fn the_cut_into_chunks_does_not_show() {
        let all = "naïve €\r\nlast\r\u{1b}\\n".as_bytes();
        let whole = text(vec![sent(Client, 1, all)]);
        assert!(whole.ends_with("naïve €\nlast\\r\\x1b\\n\n"), "{whole:?}");
        for cut in 1..all.len() {
            let (a, b) = all.split_at(cut);
            assert_eq!(text(vec![sent(Client, 1, a), sent(Client, 2, b)]), whole, "cut at {cut}");
        }
        let bytes = all.iter().map(|byte| sent(Client, 1, &[*byte])).collect();
        assert_eq!(text(bytes), whole);
    }

    #[test]
    fn raw_bytes_are_exact_and_gaps_stand_aside() {
        let (out, asides) =
            follow(Shape::Raw, vec![sent(Client, 1, b"a\x00\xff"), gap(Client, 3), sent(Server, 2, b"b")]);
        assert_eq!(out, b"a\x00\xffb");
        assert_eq!(asides, ["3 bytes of the client missing in the capture after 3 bytes of it (frame 9)"]);
    }

    #[test]
    fn a_hex_dump_counts_each_side_and_sets_the_server_apart() {
        let chunks = vec![sent(Client, 1, b"0123456789abcdefXY"), sent(Server, 2, b"\x00"), sent(Client, 3, b"Z")];
        let (out, _) = follow(Shape::Hex(Color::Never), chunks);
        let spaces = |n| " ".repeat(n);
        let expected = format!(
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  01234567 89abcdef\n\
             00000010  58 59 {}XY\n    00000000  00 {}.\n00000012  5a {}Z\n",
            spaces(44),
            spaces(47),
            spaces(47)
        );
        assert_eq!(String::from_utf8(out).expect("it is text"), expected);
    }

    #[test]
    fn objects_tell_text_from_bytes() {
        let (out, _) =
            follow(Shape::Json, vec![sent(Client, 4, b"a\"b"), sent(Server, 5, b"\x00\x01"), gap(Server, 7)]);
        let text = String::from_utf8(out).expect("it is text");
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        assert_eq!(rows[0]["text"], "a\"b");
        assert_eq!(rows[0]["time"], "1970-01-01T00:00:00.004000000Z");
        assert_eq!(rows[1]["bytes"], "0001");
        assert_eq!(rows[2]["missing"], 7);
        assert_eq!(rows[2]["offset"], 2);
    }
}
