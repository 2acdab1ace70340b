//! The data of both sides of a connection, in order: a part of bounded size around a position.

use super::body::expand_tabs;
use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use super::request::{FollowLine, FollowWindow, StreamPosition};
use crate::analysis::{Analyzer, Event, NumberSet, StreamChunk, StreamContent, Task};
use crate::report::write_readable;
use dissectors::session::ConversationId;
use dissectors::session::Side;
use std::collections::VecDeque;

/// Maximum size of a part: its bytes, and [`LINE_COST`] for each line.
const MAX_SIZE: usize = 1 << 20;

/// Size that a line adds to that of its bytes.
const LINE_COST: usize = 16;

/// Maximum bytes of a line. The rest continues in the next line.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// Maximum bytes of a character in UTF-8 (RFC 3629 3).
const MAX_CHAR_BYTES: usize = 4;

/// Reads the data of both sides of a connection around a position.
pub(super) fn load_follow(
    reader: &mut RandomAccess,
    stream: u32,
    at: StreamPosition,
) -> Result<FollowWindow, ErrorText> {
    let table = reader.table.read();
    if stream >= table.stream_count() {
        return Err(format!("stream {stream} is not loaded"));
    }
    let last = table.stream_frames(stream, None).next();
    drop(table);
    let frames = last.map(|last| reader.with_prerequisites(&[last])).unwrap_or_default();
    let mut only = NumberSet::default();
    only.insert(stream);
    let task =
        Task { follow: Some(ConversationId::Tcp(stream)), only: Some(only), streams: true, ..reader.table.task() };
    let mut analyzer = Analyzer::new(task);
    let mut builder = WindowBuilder::new(at);
    reader.feed(&frames, &[], &mut analyzer, &mut |item| {
        if let FrameOrEvent::Event(Event::Chunk(chunk)) = item {
            builder.push(chunk);
        }
        !builder.has_more
    })?;
    if !builder.has_more {
        analyzer.finish();
        for event in analyzer.events() {
            if let Event::Chunk(chunk) = event {
                builder.push(chunk);
            }
        }
    }
    Ok(builder.finish(stream))
}

/// A line that is not formatted yet, or a gap.
struct RawLine {
    from_client: bool,
    frame: u32,
    offset: u64,
    content: StreamContent,
}

impl RawLine {
    fn size(&self) -> usize {
        match &self.content {
            StreamContent::Bytes(bytes) => bytes.len() + LINE_COST,
            StreamContent::Gap(_) | StreamContent::Missing | StreamContent::End => LINE_COST,
        }
    }

    /// Returns the bytes if more of the same line can follow.
    fn open_bytes(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.content {
            StreamContent::Bytes(bytes) if bytes.last() != Some(&b'\n') => Some(bytes),
            _ => None,
        }
    }

    fn format(&self) -> FollowLine {
        let mut text = String::new();
        match &self.content {
            StreamContent::Bytes(bytes) => {
                write_readable(&mut text, bytes, false);
                text = expand_tabs(text.trim_end_matches('\n'));
            }
            StreamContent::Gap(len) => text = format!("[{len} bytes missing in capture]"),
            StreamContent::Missing => text = "[bytes missing in capture]".into(),
            StreamContent::End => {}
        }
        FollowLine { from_client: self.from_client, frame: self.frame, offset: self.offset, text }
    }
}

/// Returns the end of a line that has `room` for at least one character: its own end, or the end of a character.
fn char_boundary(bytes: &[u8], line_end: usize, room: usize) -> usize {
    if line_end <= room {
        return line_end;
    }
    // The first byte of a character is not one of 0x80 to 0xbf.
    let is_start = |&end: &usize| bytes.get(end).is_none_or(|byte| byte & 0xc0 != 0x80);
    (room.saturating_sub(MAX_CHAR_BYTES - 1)..=room).rev().find(is_start).unwrap_or(room)
}

/// The lines of a part so far.
struct WindowBuilder {
    /// Requested position.
    wanted: StreamPosition,
    /// Number of bytes before the requested position, if it was reached.
    at: Option<u64>,
    lines: VecDeque<RawLine>,
    size: usize,
    /// Number of bytes up to the end of the last line.
    end: u64,
    /// Whether the part is complete, and there is more data.
    has_more: bool,
}

impl WindowBuilder {
    fn new(wanted: StreamPosition) -> WindowBuilder {
        WindowBuilder { wanted, at: None, lines: VecDeque::new(), size: 0, end: 0, has_more: false }
    }

    fn push(&mut self, chunk: StreamChunk) {
        let (from_client, frame) = (chunk.side == Side::Client, chunk.at.frame);
        let line = |content| RawLine { from_client, frame, offset: 0, content };
        match chunk.content {
            StreamContent::Bytes(bytes) => {
                let mut rest = bytes.as_slice();
                while !rest.is_empty() && !self.has_more {
                    let room = self.open_line(from_client).map_or(MAX_LINE_BYTES, |bytes| MAX_LINE_BYTES - bytes.len());
                    let line_end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                    let (part, after) = rest.split_at(char_boundary(rest, line_end, room));
                    self.push_line(line(StreamContent::Bytes(part.to_vec())), part.len() as u64);
                    rest = after;
                }
            }
            StreamContent::Gap(len) => self.push_line(line(StreamContent::Gap(len)), len),
            StreamContent::Missing => self.push_line(line(StreamContent::Missing), 0),
            StreamContent::End => {}
        }
    }

    /// Returns the bytes of the last line if the next bytes of this side continue it.
    fn open_line(&mut self, from_client: bool) -> Option<&mut Vec<u8>> {
        let last = self.lines.back_mut().filter(|last| last.from_client == from_client)?;
        last.open_bytes().filter(|bytes| bytes.len() + MAX_CHAR_BYTES <= MAX_LINE_BYTES)
    }

    /// Appends a line, or the next part of the last one, of `len` bytes of the stream.
    fn push_line(&mut self, mut line: RawLine, len: u64) {
        if self.size >= MAX_SIZE && self.at.is_some() {
            self.has_more = true;
            return;
        }
        (line.offset, self.end) = (self.end, self.end.saturating_add(len));
        let is_reached = match self.wanted {
            StreamPosition::Offset(offset) => self.end > offset,
            StreamPosition::Frame(frame) => line.frame >= frame,
        };
        if is_reached && self.at.is_none() {
            self.at = Some(match self.wanted {
                StreamPosition::Offset(offset) => offset,
                StreamPosition::Frame(_) => line.offset,
            });
        }
        match (&line.content, self.open_line(line.from_client)) {
            (StreamContent::Bytes(part), Some(bytes)) => {
                bytes.extend_from_slice(part);
                self.size += part.len();
            }
            _ => {
                self.size += line.size();
                self.lines.push_back(line);
            }
        }
        // Half of the part is before the position.
        while self.at.is_none() && self.size > MAX_SIZE / 2 && self.lines.len() > 1 {
            self.size -= self.lines.pop_front().map_or(0, |first| first.size());
        }
    }

    fn finish(self, stream: u32) -> FollowWindow {
        let start = self.lines.front().map_or(0, |first| first.offset);
        FollowWindow {
            stream,
            at: self.at.unwrap_or(self.end),
            range: start..self.end,
            lines: self.lines.iter().map(RawLine::format).collect(),
            has_more: self.has_more,
        }
    }
}
