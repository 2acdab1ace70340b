//! A connection's bytes and the session that reads them: recognised by content, fed in order, told of gaps and ends.

use super::limits;
use dissectors::Registry;
use dissectors::session::{Chunk, Context, Ending, Session, Side, Taken, Then, Verdict};

/// Who reads a connection.
#[derive(Default)]
enum Reader {
    /// Nobody yet: whoever recognises the next bytes.
    #[default]
    Unknown,
    /// A session.
    Session(Box<dyn Session>),
    /// Nobody: a protocol was agreed on that is not known here.
    Nobody,
}

/// The bytes of one side that were not taken yet.
#[derive(Default)]
struct Untaken {
    bytes: Vec<u8>,
    /// The frames they came with, and how many of the last bytes came with each: oldest first.
    frames: Vec<(u32, u32)>,
    ended: bool,
}

/// What a connection says.
#[derive(Default)]
pub(super) struct Conversation {
    reader: Reader,
    sides: [Untaken; 2],
}

/// The frames whose bytes were put together into what a frame completed.
#[derive(Debug, Default)]
pub(super) struct Assembled {
    /// Each frame with its number of bytes, the present one last.
    pub(super) frames: Vec<(u32, u32)>,
}

impl Conversation {
    /// Whether a session reads it.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.reader, Reader::Session(_))
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        self.sides.iter().map(|side| side.bytes.capacity()).sum()
    }

    /// Reads the bytes that come next of a side. `base` is their place in the tree's store if they lie in the present
    /// frame. Adds to `assembled` when bytes of several frames became a message.
    pub(super) fn read(
        &mut self,
        registry: &Registry,
        side: Side,
        bytes: &[u8],
        base: Option<u32>,
        cx: &mut Context<'_>,
        assembled: &mut Assembled,
    ) {
        let untaken = &mut self.sides[side as usize];
        if untaken.bytes.is_empty() {
            let taken = self.offer(registry, side, Chunk { bytes, base }, cx);
            self.keep(side, bytes.get(taken..).unwrap_or_default(), cx.at.frame);
        } else {
            untaken.bytes.extend_from_slice(bytes);
            untaken.frames.push((cx.at.frame, bytes.len() as u32));
            self.offer_untaken(registry, side, cx, assembled);
        }
        if self.sides[side as usize].bytes.len() > limits::UNTAKEN_BYTES {
            self.gap(side, 0, cx);
        }
    }

    /// Offers again what a side has left, after the other side was read.
    fn offer_untaken(&mut self, registry: &Registry, side: Side, cx: &mut Context<'_>, assembled: &mut Assembled) {
        let bytes = std::mem::take(&mut self.sides[side as usize].bytes);
        let taken = self.offer(registry, side, Chunk { bytes: &bytes, base: None }, cx);
        let untaken = &mut self.sides[side as usize];
        untaken.bytes = bytes;
        untaken.bytes.drain(..taken);
        if untaken.bytes.is_empty() {
            untaken.bytes = Vec::new();
        }
        let mut left = taken as u32;
        let whole = untaken.frames.iter().take_while(|(_, len)| {
            let all = *len <= left && left > 0;
            left = left.saturating_sub(if all { *len } else { 0 });
            all
        });
        let whole = whole.count();
        if taken > 0 {
            assembled.frames.extend(untaken.frames.iter().take(whole + usize::from(left > 0)));
        }
        untaken.frames.drain(..whole);
        if let Some((_, len)) = untaken.frames.first_mut() {
            *len -= left.min(*len);
        }
    }

    fn keep(&mut self, side: Side, rest: &[u8], frame: u32) {
        let untaken = &mut self.sides[side as usize];
        if !rest.is_empty() && !matches!(self.reader, Reader::Nobody) {
            untaken.bytes.extend_from_slice(rest);
            untaken.frames.push((frame, rest.len() as u32));
        }
    }

    /// Lets the session take what it will; returns how many bytes are done with.
    fn offer(&mut self, registry: &Registry, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> usize {
        let mut done = 0;
        let mut changes = 0;
        while done < chunk.bytes.len() {
            let rest = chunk.from(done);
            let Taken { bytes, then } = match &mut self.reader {
                Reader::Nobody => return chunk.bytes.len(),
                Reader::Session(session) => session.read(side, rest, cx),
                Reader::Unknown => match recognise(registry, rest.bytes, cx) {
                    (Verdict::Yes, Some(session)) => {
                        self.reader = Reader::Session(session);
                        continue;
                    }
                    (Verdict::Perhaps, _) if rest.bytes.len() < limits::UNRECOGNISED_BYTES => return done,
                    _ => return chunk.bytes.len(),
                },
            };
            done += bytes.min(rest.bytes.len());
            match then {
                Then::Same if bytes == 0 => return done,
                Then::Same => {}
                then if changes < 8 => {
                    changes += 1;
                    self.reader = successor(registry, then, cx);
                }
                _ => self.reader = Reader::Nobody,
            }
        }
        done
    }

    /// Offers what the other side has left: it may have waited for this one.
    pub(super) fn wake(&mut self, registry: &Registry, side: Side, cx: &mut Context<'_>, assembled: &mut Assembled) {
        if !self.sides[side as usize].bytes.is_empty() {
            self.offer_untaken(registry, side, cx, assembled);
        }
    }

    /// Tells that bytes of a side were never captured.
    pub(super) fn gap(&mut self, side: Side, len: u64, cx: &mut Context<'_>) {
        let untaken = &mut self.sides[side as usize];
        let before = std::mem::take(&mut untaken.bytes);
        untaken.frames.clear();
        if let Reader::Session(session) = &mut self.reader {
            session.gap(side, Chunk { bytes: &before, base: None }, len, cx);
        }
    }

    /// Tells that a side sends nothing more. Told once.
    pub(super) fn end(&mut self, side: Side, ending: Ending, cx: &mut Context<'_>, assembled: &mut Assembled) {
        let untaken = &mut self.sides[side as usize];
        if std::mem::replace(&mut untaken.ended, true) {
            return;
        }
        let rest = std::mem::take(&mut untaken.bytes);
        assembled.frames.append(&mut untaken.frames);
        if let Reader::Session(session) = &mut self.reader {
            session.end(side, Chunk { bytes: &rest, base: None }, ending, cx);
        }
    }
}

/// Asks every protocol whether the bytes are its own.
fn recognise(registry: &Registry, bytes: &[u8], cx: &Context<'_>) -> (Verdict, Option<Box<dyn Session>>) {
    let mut best = Verdict::No;
    for (_, kind) in registry.sessions() {
        match (kind.probe)(bytes) {
            Verdict::Yes => return (Verdict::Yes, Some((kind.open)(cx.tree))),
            Verdict::Perhaps => best = Verdict::Perhaps,
            Verdict::No => {}
        }
    }
    (best, None)
}

fn successor(registry: &Registry, then: Then, cx: &Context<'_>) -> Reader {
    match then {
        Then::Protocol(name) => registry
            .sessions()
            .iter()
            .find(|(field, _)| field.name == name)
            .map_or(Reader::Nobody, |(_, kind)| Reader::Session((kind.open)(cx.tree))),
        Then::Anybody | Then::Same => Reader::Unknown,
    }
}
