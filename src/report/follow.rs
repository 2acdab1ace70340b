//! `follow`: the bytes that the two sides of a stream sent, in order and with gaps.

use super::color::{AnsiStyle, Color};
use super::side_heading::{SideHeadings, side_style};
use super::time_format::TimeFormatter;
use super::{DissectedFrame, Report, hexdump, json, value};
use crate::analysis::{Event, NameFlags, StreamChunk, StreamContent};
use dissectors::Wants;
use dissectors::session::{ConversationId, Side};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Output format of a followed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowFormat {
    /// Text: tabs and line ends as they are, other non-printable characters escaped.
    Text(Color),
    /// Hex dump; the server's lines are indented.
    Hex(Color),
    /// JSON objects, one per line.
    Json,
    /// Bytes as they were sent.
    Raw,
}

/// Prints one stream.
pub struct FollowReport {
    stream: ConversationId,
    headings: SideHeadings,
    format: FollowFormat,
    /// Whether the capture has the stream.
    has_stream: bool,
    /// Whether it has bytes of the stream.
    has_bytes: bool,
    /// Bytes of each side so far, missing ones included.
    offsets: [u64; 2],
    /// Buffered bytes at the end of a chunk that the next bytes complete: the start of a character, or a carriage return.
    buffered: Vec<u8>,
    /// Side that sent last.
    last: Option<Side>,
    /// Whether the last line has no line end yet.
    open_line: bool,
    /// Notes about gaps, collected while raw bytes are written.
    gap_notes: Vec<String>,
    start: Option<i64>,
    clock: TimeFormatter,
    row: String,
}

impl FollowReport {
    /// Returns a report of the stream with this number.
    #[must_use]
    pub fn new(stream: ConversationId, format: FollowFormat) -> FollowReport {
        let color = if let FollowFormat::Text(color) = format { color } else { Color::Never };
        FollowReport {
            stream,
            headings: SideHeadings::new(stream, color),
            format,
            has_stream: false,
            has_bytes: false,
            offsets: [0; 2],
            buffered: Vec::new(),
            last: None,
            open_line: false,
            gap_notes: Vec::new(),
            start: None,
            clock: TimeFormatter::local(),
            row: String::new(),
        }
    }

    /// Shows the names of addresses, if they are resolved.
    #[must_use]
    pub fn with_names(self, names: NameFlags) -> FollowReport {
        FollowReport { headings: self.headings.with_names(names), ..self }
    }

    /// Returns the fields that must be recorded for this report.
    #[must_use]
    pub fn wants(names: NameFlags) -> Wants {
        let mut wants = Wants::default();
        SideHeadings::add_wants(names, &mut wants);
        wants
    }

    /// Returns whether the capture has the stream.
    #[must_use]
    pub fn has_stream(&self) -> bool {
        self.has_stream
    }

    /// Returns whether the capture has bytes of the stream.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        self.has_bytes
    }

    /// Drains the notes about gaps in raw output: lines for standard error.
    pub fn drain_gap_notes(&mut self) -> impl Iterator<Item = String> + '_ {
        self.gap_notes.drain(..)
    }

    fn chunk(&mut self, chunk: &StreamChunk, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        match (self.format, &chunk.content) {
            (_, StreamContent::End) => return Ok(()),
            (FollowFormat::Raw, StreamContent::Bytes(bytes)) => out.write_all(bytes)?,
            (FollowFormat::Raw, StreamContent::Gap(_) | StreamContent::Missing) => {
                let (offset, side) = (self.offset(chunk.side), chunk.side.name());
                let count =
                    if let StreamContent::Gap(len) = chunk.content { format!("{len} {side}") } else { side.into() };
                let at = chunk.at.frame;
                self.gap_notes.push(format!("{count} bytes missing in the capture at offset {offset} (frame {at})"));
            }
            (FollowFormat::Json, content) => self.object(chunk, content),
            (FollowFormat::Text(color), content) => self.text(chunk, content, color),
            (FollowFormat::Hex(color), content) => self.hex(chunk, content, color),
        }
        let offset = self.offset(chunk.side)
            + match &chunk.content {
                StreamContent::Bytes(bytes) => bytes.len() as u64,
                StreamContent::Gap(len) => *len,
                StreamContent::Missing | StreamContent::End => 0,
            };
        if let Some(stored) = self.offsets.get_mut(chunk.side as usize) {
            *stored = offset;
        }
        self.last = Some(chunk.side);
        out.write_all(self.row.as_bytes())
    }

    fn offset(&self, side: Side) -> u64 {
        self.offsets.get(side as usize).copied().unwrap_or(0)
    }

    fn object(&mut self, chunk: &StreamChunk, content: &StreamContent) {
        let offset = self.offset(chunk.side);
        let row = &mut self.row;
        let _ = write!(row, "{{\"side\":\"{}\",\"frame\":{},\"time\":\"", chunk.side.name(), chunk.at.frame);
        self.clock.write_rfc3339(row, chunk.at.time);
        let _ = write!(row, "\",\"offset\":{offset},");
        match content {
            StreamContent::Bytes(bytes) => {
                let start = row.len();
                json::write_bytes(row, bytes);
                // {"text": ..} or {"bytes": ..} without its braces: its key becomes a key of this object.
                row.remove(start);
                row.pop();
            }
            StreamContent::Gap(len) => {
                let _ = write!(row, "\"missing\":{len}");
            }
            StreamContent::Missing => row.push_str("\"missing\":null"),
            StreamContent::End => {}
        }
        row.push_str("}\n");
    }

    fn text(&mut self, chunk: &StreamChunk, content: &StreamContent, color: Color) {
        let style = side_style(chunk.side);
        if self.last != Some(chunk.side) {
            self.finish_text(color);
            if self.last.is_some() {
                self.row.push('\n');
            }
            let relative = chunk.at.time.saturating_sub(self.start.unwrap_or(chunk.at.time));
            self.headings.write(&mut self.row, chunk.side, None, chunk.at.frame, relative);
        }
        match content {
            StreamContent::Bytes(bytes) => {
                let joined;
                let bytes = if self.buffered.is_empty() {
                    bytes
                } else {
                    self.buffered.extend_from_slice(bytes);
                    joined = std::mem::take(&mut self.buffered);
                    &joined
                };
                let (whole, rest) = bytes.split_at(bytes.len() - incomplete_len(bytes));
                color.start(style, &mut self.row);
                self.open_line = write_readable(&mut self.row, whole, self.open_line);
                color.stop(style, &mut self.row);
                self.buffered = rest.to_vec();
            }
            StreamContent::Gap(_) | StreamContent::Missing => {
                self.finish_text(color);
                self.gap_line(content, color);
            }
            StreamContent::End => {}
        }
    }

    /// Writes the line of a gap.
    fn gap_line(&mut self, content: &StreamContent, color: Color) {
        color.start(AnsiStyle::Red, &mut self.row);
        match content {
            StreamContent::Gap(len) => {
                let _ = write!(self.row, "[{len} bytes missing in capture]");
            }
            _ => self.row.push_str("[bytes missing in capture]"),
        }
        color.stop(AnsiStyle::Red, &mut self.row);
        self.row.push('\n');
    }

    /// Writes the buffered bytes of the current side, and ends its line.
    fn finish_text(&mut self, color: Color) {
        let buffered = std::mem::take(&mut self.buffered);
        if let (false, Some(side)) = (buffered.is_empty(), self.last) {
            color.start(side_style(side), &mut self.row);
            value::line(&mut self.row, &buffered);
            color.stop(side_style(side), &mut self.row);
            self.open_line = true;
        }
        if std::mem::take(&mut self.open_line) {
            self.row.push('\n');
        }
    }

    fn hex(&mut self, chunk: &StreamChunk, content: &StreamContent, color: Color) {
        let indent = if chunk.side == Side::Server { "    " } else { "" };
        let offset = self.offset(chunk.side);
        match content {
            StreamContent::Bytes(bytes) => {
                for (nth, row) in bytes.chunks(16).enumerate() {
                    self.row.push_str(indent);
                    color.start(side_style(chunk.side), &mut self.row);
                    let _ = write!(self.row, "{:08X}  ", offset + nth as u64 * 16);
                    hexdump::digits(&mut self.row, row, 8);
                    self.row.push(' ');
                    hexdump::printable(&mut self.row, row.get(..8).unwrap_or(row));
                    if let Some(rest) = row.get(8..).filter(|rest| !rest.is_empty()) {
                        self.row.push(' ');
                        hexdump::printable(&mut self.row, rest);
                    }
                    color.stop(side_style(chunk.side), &mut self.row);
                    self.row.push('\n');
                }
            }
            StreamContent::Gap(_) | StreamContent::Missing => {
                self.row.push_str(indent);
                self.gap_line(content, color);
            }
            StreamContent::End => {}
        }
    }
}

impl Report for FollowReport {
    fn frame(&mut self, dissected: &DissectedFrame<'_>, _: &mut dyn Write) -> io::Result<()> {
        self.start.get_or_insert(dissected.frame.time.0 - dissected.relative);
        self.headings.add_frame(dissected);
        Ok(())
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Chunk(chunk) => {
                self.has_stream = true;
                self.has_bytes |= matches!(chunk.content, StreamContent::Bytes(_));
                self.chunk(&chunk, out)
            }
            Event::Stream(stream) => {
                self.has_stream |= self.stream.tcp() == Some(stream.number);
                Ok(())
            }
            Event::Call(_)
            | Event::Connection(_)
            | Event::End { .. }
            | Event::Unfinished(_)
            | Event::Owned { .. }
            | Event::EarlierNote { .. }
            | Event::Joined { .. } => Ok(()),
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        if let FollowFormat::Text(color) = self.format {
            self.finish_text(color);
        }
        out.write_all(self.row.as_bytes())
    }
}

/// Returns the number of bytes at the end that the next bytes may complete: the start of a character, or a carriage
/// return that may be part of a line end.
fn incomplete_len(bytes: &[u8]) -> usize {
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

/// Appends text with its tabs and line ends; other non-printable characters are escaped. A carriage return before a line
/// feed is dropped. Returns whether the last line is open: `is_open` if there are no bytes.
pub(crate) fn write_readable(out: &mut String, bytes: &[u8], is_open: bool) -> bool {
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
    bytes.last().map_or(is_open, |&last| last != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::session::Stamp;

    fn sent(side: Side, frame: u32, bytes: &[u8]) -> StreamChunk {
        StreamChunk {
            side,
            at: Stamp { frame, time: i64::from(frame) * 1_000_000 },
            content: StreamContent::Bytes(bytes.to_vec()),
        }
    }

    fn gap(side: Side, len: u64) -> StreamChunk {
        StreamChunk { side, at: Stamp { frame: 9, time: 9_000_000 }, content: StreamContent::Gap(len) }
    }

    fn follow(format: FollowFormat, chunks: Vec<StreamChunk>) -> (Vec<u8>, Vec<String>) {
        let mut report = FollowReport::new(ConversationId::Tcp(0), format);
        report.start = Some(0);
        let mut out = Vec::new();
        for chunk in chunks {
            report.event(Event::Chunk(chunk), &mut out).expect("memory can be written to");
        }
        report.end(&mut out).expect("memory can be written to");
        (out, report.drain_gap_notes().collect())
    }

    fn text(chunks: Vec<StreamChunk>) -> String {
        String::from_utf8(follow(FollowFormat::Text(Color::Never), chunks).0).expect("it is text")
    }

    use Side::{Client, Server};

    #[test]
    fn sides_alternate_and_gaps_are_shown() {
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
    fn chunk_boundaries_do_not_change_the_text() {
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
    fn raw_bytes_are_exact_and_gaps_are_reported_separately() {
        let (out, gap_notes) =
            follow(FollowFormat::Raw, vec![sent(Client, 1, b"a\x00\xff"), gap(Client, 3), sent(Server, 2, b"b")]);
        assert_eq!(out, b"a\x00\xffb");
        assert_eq!(gap_notes, ["3 client bytes missing in the capture at offset 3 (frame 9)"]);
    }

    #[test]
    fn a_hex_dump_counts_each_side_and_indents_the_server() {
        let chunks = vec![sent(Client, 1, b"0123456789abcdefXY"), sent(Server, 2, b"\x00"), sent(Client, 3, b"Z")];
        let (out, _) = follow(FollowFormat::Hex(Color::Never), chunks);
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
    fn objects_distinguish_text_from_bytes() {
        let (out, _) =
            follow(FollowFormat::Json, vec![sent(Client, 4, b"a\"b"), sent(Server, 5, b"\x00\x01"), gap(Server, 7)]);
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
