//! The data of both sides of a conversation, or its messages, in order: a part of bounded size around a position.

use super::body::expand_tabs;
use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use super::request::{FollowLine, FollowWindow, FollowedData, StreamPosition};
use crate::analysis::{Analyzer, Event, NumberSet, StreamChunk, StreamContent, Task};
use crate::report::dissected_message::{DissectedMessage, add_message_wants, messages};
use crate::report::{write_message, write_readable};
use dissectors::session::{ConversationId, Side};
use dissectors::{Tree, Wants};
use std::collections::VecDeque;

/// Maximum size of a part: its bytes, and [`LINE_COST`] for each line.
const MAX_SIZE: usize = 1 << 20;

/// Size that a line adds to that of its bytes.
const LINE_COST: usize = 16;

/// Maximum bytes of a line. The rest continues in the next line.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// Maximum bytes of a character in UTF-8 (RFC 3629 3).
const MAX_CHAR_BYTES: usize = 4;

/// Reads the data of both sides of a conversation around a position.
pub(super) fn load_follow(
    reader: &mut RandomAccess,
    data: FollowedData,
    at: StreamPosition,
) -> Result<FollowWindow, ErrorText> {
    let FollowedData { conversation, has_messages } = data;
    let wanted = reader.frames_of([conversation]);
    let Some(&last) = wanted.last() else { return Err(format!("stream {conversation} is not loaded")) };
    let frames = reader.with_prerequisites(&[last]);
    let mut only = NumberSet::default();
    conversation.tcp().into_iter().for_each(|stream| only.insert(stream));
    let udp_conversations = conversation.tcp().is_none();
    let task = Task { only: Some(only), streams: true, udp_conversations, ..reader.table.task() };
    let task = match has_messages {
        true => Task { wants: message_wants(), halves: true, ..task },
        false => Task { follow: Some(conversation), ..task },
    };
    let mut analyzer = Analyzer::new(task);
    let mut builder = WindowBuilder::new(at);
    let wanted = if has_messages { wanted } else { Vec::new() };
    reader.feed(&frames, &wanted, &mut analyzer, &mut |item| {
        match item {
            FrameOrEvent::Frame(shown, _) => builder.push_messages(shown.tree, shown.frame.number),
            FrameOrEvent::Event(event) => builder.push_event(event, conversation),
        }
        !builder.has_more
    })?;
    if !builder.has_more {
        analyzer.finish();
        analyzer.events().for_each(|event| builder.push_event(event, conversation));
    }
    Ok(builder.finish(data))
}

fn message_wants() -> Wants {
    let mut wants = Wants::default();
    add_message_wants(&mut wants);
    wants
}

/// A line that is not formatted yet, or a gap.
struct RawLine {
    from_client: bool,
    frame: u32,
    offset: u64,
    begins_message: bool,
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
        let &RawLine { from_client, frame, offset, begins_message, .. } = self;
        FollowLine { from_client, frame, offset, begins_message, text }
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

    fn push_event(&mut self, event: Event, conversation: ConversationId) {
        match event {
            Event::Chunk(chunk) => self.push(chunk),
            Event::Unfinished(unfinished) if unfinished.conversation == conversation => {
                self.push_messages(&unfinished.tree, unfinished.at.frame);
            }
            _ => {}
        }
    }

    /// Appends the lines of the messages that a frame completed.
    fn push_messages(&mut self, tree: &Tree, frame: u32) {
        messages(tree).for_each(|message| self.push_message(message, frame));
    }

    fn push_message(&mut self, message: DissectedMessage<'_>, frame: u32) {
        let mut text = String::new();
        if let Some(channel) = message.channel() {
            text = format!("[stream {channel}]\n");
        }
        write_message(&mut text, message);
        for note in message.warnings() {
            text.push_str(&format!("[{}]\n", note.title));
        }
        let from_client = message.side() == Side::Client;
        let mut begins_message = true;
        for line in text.trim_end_matches('\n').split('\n').chain([""]) {
            let mut rest = line;
            loop {
                let end = char_boundary(rest.as_bytes(), rest.len(), MAX_LINE_BYTES);
                let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let content = StreamContent::Bytes([part.as_bytes(), b"\n"].concat());
                self.push_line(RawLine { from_client, frame, offset: 0, begins_message, content }, 1);
                (rest, begins_message) = (after, false);
                if rest.is_empty() {
                    break;
                }
            }
        }
    }

    fn push(&mut self, chunk: StreamChunk) {
        let (from_client, frame) = (chunk.side == Side::Client, chunk.at.frame);
        let line = |content| RawLine { from_client, frame, offset: 0, begins_message: false, content };
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

    fn finish(self, data: FollowedData) -> FollowWindow {
        let start = self.lines.front().map_or(0, |first| first.offset);
        FollowWindow {
            data,
            at: self.at.unwrap_or(self.end),
            range: start..self.end,
            lines: self.lines.iter().map(RawLine::format).collect(),
            has_more: self.has_more,
        }
    }
}
