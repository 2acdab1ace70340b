//! What the two sides of a connection said, in order.

use super::ask::{Answer, Said};
use super::body::lines;
use super::reread::{Heard, Reread, Wrong};
use crate::analysis::{Analyzer, Chunk, Content, Event, Numbers, Task};
use dissectors::session::Side;

/// As many bytes as are told of one connection.
const MOST: usize = 1 << 20;

/// Tells what both sides said.
pub(super) fn said(again: &mut Reread, stream: u32) -> Result<Answer, Wrong> {
    let known = again.known.read();
    if stream >= known.streams() {
        return Err(format!("there is no stream {stream} yet"));
    }
    let last = known.of_stream(stream, None).next();
    drop(known);
    let frames = last.map(|last| again.upto(&[last])).unwrap_or_default();
    let mut only = Numbers::default();
    only.insert(stream);
    let task = Task { follow: Some(stream), only: Some(only), streams: true, ..Task::default() };
    let mut analyzer = Analyzer::new(task);
    let mut turns = Turns::default();
    again.feed(&frames, &[], &mut analyzer, &mut |heard| {
        if let Heard::Event(Event::Chunk(chunk)) = heard {
            turns.take(chunk);
        }
        turns.bytes < MOST
    })?;
    if turns.bytes < MOST {
        analyzer.finish();
        for event in analyzer.events() {
            if let Event::Chunk(chunk) = event {
                turns.take(chunk);
            }
        }
    }
    turns.end();
    Ok(Answer::Follow { stream, said: turns.said, more: turns.bytes >= MOST })
}

/// What was said so far.
#[derive(Default)]
struct Turns {
    said: Vec<Said>,
    /// Of the last, what is not in lines yet.
    open: Vec<u8>,
    bytes: usize,
}

impl Turns {
    fn take(&mut self, chunk: Chunk) {
        let from_client = chunk.side == Side::Client;
        if let Content::End = chunk.content {
            return;
        }
        if self.said.last().is_none_or(|last| last.from_client != from_client) {
            self.end();
            self.said.push(Said { from_client, frame: chunk.at.frame, lines: Vec::new() });
        }
        match chunk.content {
            Content::Bytes(bytes) => {
                let room = MOST.saturating_sub(self.bytes);
                self.open.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
                self.bytes += bytes.len();
            }
            Content::Gap(len) => {
                self.end();
                if let Some(last) = self.said.last_mut() {
                    last.lines.push(format!("[{len} bytes missing in capture]"));
                }
            }
            Content::End => {}
        }
    }

    /// Puts what was said last into lines.
    fn end(&mut self) {
        let bytes = std::mem::take(&mut self.open);
        if let Some(last) = self.said.last_mut().filter(|_| !bytes.is_empty()) {
            last.lines.extend(lines(&bytes));
        }
    }
}
