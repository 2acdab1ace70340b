//! A connection's bytes and the session that reads them: recognised by content, fed in order, told of gaps and ends.

use super::{Half, Needs, Said, limits};
use dissectors::Registry;
use dissectors::session::{At, Chunk, Context, Ending, Event, Session, Side, Taken, Then, Verdict};
use std::collections::VecDeque;

/// Who reads a connection.
enum Reader {
    /// Nobody yet: whoever recognises the next bytes.
    Unknown,
    /// A session.
    Session(Box<dyn Session>),
    /// Nobody: a protocol was agreed on that is not known here.
    Nobody,
}

/// The bytes of one side: those that were not taken yet, and where the others came from.
#[derive(Default)]
struct Heard {
    untaken: Vec<u8>,
    /// How many bytes were delivered, gaps included, and how many of them are done with.
    delivered: u64,
    taken: u64,
    /// Where the last message that was told ends.
    told: u64,
    /// Up to where each frame's bytes go, oldest first, from the beginning of the message that is being read.
    #[allow(clippy::box_collection, reason = "most connections have none, and a box is a quarter of the size")]
    frames: Option<Box<VecDeque<(u64, u32)>>>,
    /// The last bytes delivered, from the beginning of that message, if they are asked for.
    kept: Vec<u8>,
    ended: bool,
}

/// Bytes that come next of a side.
#[derive(Clone, Copy)]
pub(super) struct Delivered<'b> {
    pub(super) bytes: &'b [u8],
    /// Their place in the tree's store if they lie in the present frame.
    pub(super) base: Option<u32>,
    /// Where they came.
    pub(super) came: At,
}

/// What a connection says.
pub(super) struct Conversation {
    reader: Reader,
    /// How many sessions have read it before this reader.
    pub(super) session: u32,
    sides: [Heard; 2],
    /// Whether it is asked which frames a message was put together from.
    tracks: bool,
    /// Whether its bytes are asked for.
    keeps: bool,
    /// Whether it is said which nodes are which half of an exchange.
    halves: bool,
}

/// How far a frame was told before its session reads on.
#[derive(Clone, Copy)]
struct Mark {
    events: usize,
    nodes: usize,
}

impl Mark {
    fn of(cx: &Context<'_>) -> Mark {
        Mark { events: cx.events.len(), nodes: cx.tree.nodes().len() }
    }
}

/// The messages that a frame completed.
#[derive(Debug, Default)]
pub(super) struct Completed {
    /// Those that ask or answer.
    pub(super) said: Vec<Said>,
    /// The messages of more than one frame.
    pub(super) assembled: Vec<Assembled>,
    /// The exchanges that were answered, by session and place in it, where it is asked for what later frames say.
    pub(super) answers: Vec<(u32, u32)>,
    /// The sides of which a message was told.
    pub(super) told: [bool; 2],
    /// The versions that were agreed to, by session.
    pub(super) versions: Vec<(u32, u16)>,
}

/// A message that was put together from several frames.
#[derive(Debug)]
pub(super) struct Assembled {
    /// Who sent it.
    pub(super) side: Side,
    /// The frames and how many bytes it has of each, in order.
    pub(super) frames: Vec<(u32, u64)>,
    /// Its bytes as sent, if they are asked for and none is missing.
    pub(super) bytes: Option<Vec<u8>>,
}

impl Conversation {
    /// A conversation of which nothing was heard, with what is asked of its messages: their frames, their bytes.
    pub(super) fn new(needs: Needs) -> Conversation {
        let Needs { frames: tracks, data: keeps, halves, .. } = needs;
        Conversation { reader: Reader::Unknown, session: 0, sides: Default::default(), tracks, keeps, halves }
    }

    /// Whether a session reads it.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.reader, Reader::Session(_))
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        let session = match &self.reader {
            Reader::Session(session) => session.held(),
            Reader::Unknown | Reader::Nobody => 0,
        };
        session + self.sides.iter().map(Heard::held).sum::<usize>()
    }

    /// Whether a session is in the middle of a message of this side, as far as it has seen.
    pub(super) fn is_in_message(&self, side: Side) -> bool {
        match &self.reader {
            Reader::Session(session) => session.is_in_message(side),
            Reader::Unknown | Reader::Nobody => false,
        }
    }

    /// Of the last `len` bytes delivered of a side, how many belong to no message that was told.
    pub(super) fn unfinished(&self, side: Side, len: usize) -> usize {
        let heard = &self.sides[side as usize];
        heard.delivered.saturating_sub(heard.told).min(len as u64) as usize
    }

    /// Bytes that no session has taken, of both sides.
    pub(super) fn untaken(&self) -> usize {
        self.sides.iter().map(|side| side.untaken.len()).sum()
    }

    /// Reads the bytes that come next of a side.
    pub(super) fn read(
        &mut self,
        registry: &Registry,
        side: Side,
        delivered: Delivered<'_>,
        cx: &mut Context<'_>,
        completed: &mut Completed,
    ) {
        let Delivered { bytes, base, came } = delivered;
        let heard = &mut self.sides[side as usize];
        heard.delivered += bytes.len() as u64;
        heard.ended = false;
        if self.tracks && !matches!(self.reader, Reader::Nobody) {
            heard.note_frame(came.frame);
        }
        if self.keeps && !matches!(self.reader, Reader::Nobody) {
            heard.keep(bytes);
        }
        if heard.untaken.is_empty() {
            let taken = self.offer(registry, side, Chunk { bytes, base }, cx, completed);
            let heard = &mut self.sides[side as usize];
            heard.untaken.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        } else {
            heard.untaken.extend_from_slice(bytes);
            self.offer_untaken(registry, side, cx, completed);
        }
        if self.sides[side as usize].untaken.len() > limits::UNTAKEN_BYTES {
            self.gap(side, 0, cx, completed);
        }
    }

    /// Offers again what a side has left: for more has come, or the other side was read.
    pub(super) fn offer_untaken(
        &mut self,
        registry: &Registry,
        side: Side,
        cx: &mut Context<'_>,
        completed: &mut Completed,
    ) {
        let bytes = std::mem::take(&mut self.sides[side as usize].untaken);
        let taken = self.offer(registry, side, Chunk { bytes: &bytes, base: None }, cx, completed);
        let untaken = &mut self.sides[side as usize].untaken;
        *untaken = bytes;
        untaken.drain(..taken);
        if untaken.is_empty() {
            *untaken = Vec::new();
        }
    }

    /// Lets the session take what it will; returns how many bytes are done with.
    fn offer(
        &mut self,
        registry: &Registry,
        side: Side,
        chunk: Chunk<'_>,
        cx: &mut Context<'_>,
        completed: &mut Completed,
    ) -> usize {
        let mut done = 0;
        let mut changes = 0;
        while done < chunk.bytes.len() {
            let rest = chunk.from(done);
            let heard = &mut self.sides[side as usize];
            let before = Mark::of(cx);
            let Taken { bytes, then } = match &mut self.reader {
                Reader::Nobody => {
                    heard.take(rest.bytes.len());
                    return chunk.bytes.len();
                }
                Reader::Session(session) => session.read(side, rest, cx),
                Reader::Unknown => match recognise(registry, rest.bytes, cx) {
                    (Verdict::Yes, Some(session)) => {
                        self.reader = Reader::Session(session);
                        continue;
                    }
                    (Verdict::Perhaps, _) if rest.bytes.len() < limits::UNRECOGNISED_BYTES => return done,
                    _ => {
                        heard.take(rest.bytes.len());
                        heard.frames = None;
                        heard.kept = Vec::new();
                        return chunk.bytes.len();
                    }
                },
            };
            let bytes = bytes.min(rest.bytes.len());
            done += bytes;
            heard.take(bytes);
            self.complete(before, cx, completed);
            match then {
                Then::Same if bytes == 0 => return done,
                Then::Same => {}
                then if changes < 8 => {
                    changes += 1;
                    self.reader = successor(registry, then, cx);
                    self.session += 1;
                    cx.session = self.session;
                }
                _ => self.reader = Reader::Nobody,
            }
        }
        done
    }

    /// Finds the frames of the messages that were told in the last call of the session.
    fn complete(&mut self, before: Mark, cx: &mut Context<'_>, completed: &mut Completed) {
        let Mark { events: before, nodes } = before;
        for event in cx.events.get(before..).unwrap_or_default() {
            if let Event::Version(version) = event {
                completed.versions.push((cx.session, *version));
            }
            let Event::Message(told) = event else { continue };
            if self.halves {
                let nodes = nodes..cx.tree.nodes().len();
                let said = |(half, nth): (_, Option<u32>)| Some(Said { nth: nth?, half, nodes: nodes.clone() });
                let halves = [(Half::Request, told.asks), (Half::Response, told.answers)];
                completed.said.extend(halves.into_iter().filter_map(said));
            }
            completed.told[told.side as usize] = true;
            let heard = &mut self.sides[told.side as usize];
            heard.told = heard.taken;
            if !self.tracks {
                continue;
            }
            completed.answers.extend(told.answers.map(|nth| (cx.session, nth)));
            let frames = heard.frames_of(told.len);
            let bytes = if self.keeps { heard.bytes_of(told.len) } else { None };
            if frames.iter().any(|&(frame, _)| frame != cx.at.frame) {
                completed.assembled.push(Assembled { side: told.side, frames, bytes });
            }
        }
        let mut nth = 0;
        cx.events.retain(|event| {
            nth += 1;
            nth <= before || matches!(event, Event::Exchange(_))
        });
    }

    /// Tells that bytes of a side were never captured.
    pub(super) fn gap(&mut self, side: Side, len: u64, cx: &mut Context<'_>, completed: &mut Completed) {
        let heard = &mut self.sides[side as usize];
        let untaken = std::mem::take(&mut heard.untaken);
        heard.kept = Vec::new();
        heard.delivered += len;
        heard.taken = heard.delivered;
        let before = Mark::of(cx);
        if let Reader::Session(session) = &mut self.reader {
            session.gap(side, Chunk { bytes: &untaken, base: None }, len, cx);
        }
        self.complete(before, cx, completed);
    }

    /// Lets go of the session: both sides have ended. Should one go on all the same, as after a reset that nobody heeds,
    /// whoever recognises it reads on.
    pub(super) fn close(&mut self) {
        self.reader = Reader::Unknown;
        self.session += 1;
        self.sides = std::mem::take(&mut self.sides).map(|Heard { delivered, told, .. }| Heard {
            delivered,
            taken: delivered,
            told,
            ..Heard::default()
        });
    }

    /// Tells that a side sends nothing more. Told once.
    pub(super) fn end(&mut self, side: Side, ending: Ending, cx: &mut Context<'_>, completed: &mut Completed) {
        let heard = &mut self.sides[side as usize];
        if std::mem::replace(&mut heard.ended, true) {
            return;
        }
        let rest = std::mem::take(&mut heard.untaken);
        heard.taken = heard.delivered;
        let before = Mark::of(cx);
        if let Reader::Session(session) = &mut self.reader {
            session.end(side, Chunk { bytes: &rest, base: None }, ending, cx);
        }
        self.complete(before, cx, completed);
    }
}

impl Heard {
    fn take(&mut self, bytes: usize) {
        self.taken += bytes as u64;
    }

    fn held(&self) -> usize {
        let frames = self.frames.as_ref().map_or(0, |frames| frames.capacity());
        self.untaken.capacity() + self.kept.capacity() + frames * size_of::<(u64, u32)>()
    }

    /// Notes that the last bytes delivered came with this frame.
    fn note_frame(&mut self, frame: u32) {
        let frames = self.frames.get_or_insert_default();
        if frames.len() == limits::MESSAGE_FRAMES {
            frames.pop_front();
        }
        frames.push_back((self.delivered, frame));
    }

    /// Keeps bytes, or lets go of them where a message is longer than is kept.
    fn keep(&mut self, bytes: &[u8]) {
        if self.kept.len() + bytes.len() > limits::UNTAKEN_BYTES {
            self.kept = Vec::new();
        } else {
            self.kept.extend_from_slice(bytes);
        }
    }

    /// The `len` bytes that were taken last, if they were kept. What came before is forgotten.
    fn bytes_of(&mut self, len: u64) -> Option<Vec<u8>> {
        let later = usize::try_from(self.delivered.saturating_sub(self.taken)).ok()?;
        let end = self.kept.len().checked_sub(later)?;
        let start = end.checked_sub(usize::try_from(len).ok()?);
        let bytes = start.and_then(|start| self.kept.get(start..end)).map(<[u8]>::to_vec);
        self.kept.drain(..end);
        bytes
    }

    /// The frames of the `len` bytes that were taken last, with the bytes of each. What came before is forgotten.
    fn frames_of(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.taken.saturating_sub(len), self.taken);
        let mut frames = Vec::new();
        let Some(noted) = &mut self.frames else { return frames };
        while noted.front().is_some_and(|&(until, _)| until <= start) {
            noted.pop_front();
        }
        let mut from = start;
        for &(until, frame) in noted.iter() {
            let to = until.min(end);
            if to > from {
                frames.push((frame, to - from));
                from = to;
            }
        }
        while noted.front().is_some_and(|&(until, _)| until <= end) {
            noted.pop_front();
        }
        frames
    }
}

/// Asks every protocol whether the bytes are its own.
fn recognise(registry: &Registry, bytes: &[u8], cx: &Context<'_>) -> (Verdict, Option<Box<dyn Session>>) {
    let mut best = Verdict::No;
    for (_, kind) in registry.sessions() {
        match (kind.probe)(bytes) {
            Verdict::Yes => return (Verdict::Yes, Some((kind.open)(cx.wants))),
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
            .map_or(Reader::Nobody, |(_, kind)| Reader::Session((kind.open)(cx.wants))),
        Then::Anybody | Then::Same => Reader::Unknown,
    }
}
