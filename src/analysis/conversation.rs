//! A connection's bytes and the session that reads them: recognised by content, fed in order, told of gaps and ends.

use super::{Half, MessageNodes, Work, limits};
use dissectors::Registry;
use dissectors::session::{Chunk, Consumed, Context, Event, Probe, Session, Side, SideEnd, Stamp, Transition};
use std::collections::VecDeque;

/// Who reads a connection.
enum DriverState {
    /// Nobody yet: whoever recognises the next bytes.
    Unknown,
    /// A session.
    Session(Box<dyn Session>),
    /// Nobody: a protocol was agreed on that is not known here.
    Unread,
}

/// The bytes of one side: those that were not taken yet, and where the others came from.
#[derive(Default)]
struct SideBuffer {
    unconsumed: Vec<u8>,
    /// How many bytes were delivered, gaps included, and how many of them are done with.
    delivered: u64,
    consumed: u64,
    /// Where the last message that was told ends.
    message_end: u64,
    /// Up to where each frame's bytes go, oldest first, from the beginning of the message that is being read.
    #[allow(clippy::box_collection, reason = "most connections have none, and a box is a quarter of the size")]
    frames: Option<Box<VecDeque<(u64, u32)>>>,
    /// The last bytes delivered, from the beginning of that message, if they are asked for.
    recent: Vec<u8>,
    ended: bool,
}

/// Bytes that come next of a side.
#[derive(Clone, Copy)]
pub(super) struct Delivered<'b> {
    pub(super) bytes: &'b [u8],
    /// Their place in the tree's store if they lie in the present frame.
    pub(super) base: Option<u32>,
    /// Where they came.
    pub(super) arrived: Stamp,
}

/// What a connection says.
pub(super) struct SessionDriver {
    state: DriverState,
    /// How many sessions have read it before this reader.
    pub(super) session: u32,
    sides: [SideBuffer; 2],
    /// Whether it is asked which frames a message was put together from.
    tracks_frames: bool,
    /// Whether its bytes are asked for.
    keeps_bytes: bool,
    /// Whether it is said which nodes are which half of an exchange.
    halves: bool,
}

/// How far a frame was told before its session reads on.
#[derive(Clone, Copy)]
struct Checkpoint {
    events: usize,
    nodes: usize,
}

impl Checkpoint {
    fn of(cx: &Context<'_>) -> Checkpoint {
        Checkpoint { events: cx.events.len(), nodes: cx.tree.nodes().len() }
    }
}

/// The messages that a frame completed.
#[derive(Debug, Default)]
pub(super) struct Completed {
    /// Those that ask or answer.
    pub(super) messages: Vec<MessageNodes>,
    /// The messages of more than one frame.
    pub(super) assembled: Vec<Assembled>,
    /// The exchanges that were answered, by session and place in it, where it is asked for what later frames say.
    pub(super) responses: Vec<(u32, u32)>,
    /// The sides of which a message was told.
    pub(super) sides: [bool; 2],
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

impl SessionDriver {
    /// A conversation of which nothing was heard, with what is asked of its messages: their frames, their bytes.
    pub(super) fn new(needs: Work) -> SessionDriver {
        let Work { frames: tracks_frames, data: keeps_bytes, halves, .. } = needs;
        SessionDriver {
            state: DriverState::Unknown,
            session: 0,
            sides: Default::default(),
            tracks_frames,
            keeps_bytes,
            halves,
        }
    }

    /// Whether a session reads it.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.state, DriverState::Session(_))
    }

    /// Bytes that are kept.
    pub(super) fn buffered(&self) -> usize {
        let session = match &self.state {
            DriverState::Session(session) => session.buffered(),
            DriverState::Unknown | DriverState::Unread => 0,
        };
        session + self.sides.iter().map(SideBuffer::buffered).sum::<usize>()
    }

    /// Whether a session is in the middle of a message of this side, as far as it has seen.
    pub(super) fn is_in_message(&self, side: Side) -> bool {
        match &self.state {
            DriverState::Session(session) => session.is_in_message(side),
            DriverState::Unknown | DriverState::Unread => false,
        }
    }

    /// Of the last `len` bytes delivered of a side, how many belong to no message that was told.
    pub(super) fn unfinished(&self, side: Side, len: usize) -> usize {
        let heard = &self.sides[side as usize];
        heard.delivered.saturating_sub(heard.message_end).min(len as u64) as usize
    }

    /// Bytes that no session has taken, of both sides.
    pub(super) fn unconsumed(&self) -> usize {
        self.sides.iter().map(|side| side.unconsumed.len()).sum()
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
        let Delivered { bytes, base, arrived: came } = delivered;
        let heard = &mut self.sides[side as usize];
        heard.delivered += bytes.len() as u64;
        heard.ended = false;
        if self.tracks_frames && !matches!(self.state, DriverState::Unread) {
            heard.note_frame(came.frame);
        }
        if self.keeps_bytes && !matches!(self.state, DriverState::Unread) {
            heard.keep(bytes);
        }
        if heard.unconsumed.is_empty() {
            let taken = self.offer(registry, side, Chunk { bytes, base }, cx, completed);
            let heard = &mut self.sides[side as usize];
            heard.unconsumed.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        } else {
            heard.unconsumed.extend_from_slice(bytes);
            self.offer_unconsumed(registry, side, cx, completed);
        }
        if self.sides[side as usize].unconsumed.len() > limits::UNCONSUMED_BYTES {
            self.gap(side, 0, cx, completed);
        }
    }

    /// Offers again what a side has left: for more has come, or the other side was read.
    pub(super) fn offer_unconsumed(
        &mut self,
        registry: &Registry,
        side: Side,
        cx: &mut Context<'_>,
        completed: &mut Completed,
    ) {
        let bytes = std::mem::take(&mut self.sides[side as usize].unconsumed);
        let taken = self.offer(registry, side, Chunk { bytes: &bytes, base: None }, cx, completed);
        let untaken = &mut self.sides[side as usize].unconsumed;
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
            let before = Checkpoint::of(cx);
            let Consumed { bytes, transition: then } = match &mut self.state {
                DriverState::Unread => {
                    heard.consume(rest.bytes.len());
                    return chunk.bytes.len();
                }
                DriverState::Session(session) => session.read(side, rest, cx),
                DriverState::Unknown => match detect(registry, rest.bytes, cx) {
                    (Probe::Yes, Some(session)) => {
                        self.state = DriverState::Session(session);
                        continue;
                    }
                    (Probe::Perhaps, _) if rest.bytes.len() < limits::UNRECOGNISED_BYTES => return done,
                    _ => {
                        heard.consume(rest.bytes.len());
                        heard.frames = None;
                        heard.recent = Vec::new();
                        return chunk.bytes.len();
                    }
                },
            };
            let bytes = bytes.min(rest.bytes.len());
            done += bytes;
            heard.consume(bytes);
            self.complete(before, cx, completed);
            match then {
                Transition::Stay if bytes == 0 => return done,
                Transition::Stay => {}
                then if changes < 8 => {
                    changes += 1;
                    self.state = successor(registry, then, cx);
                    self.session += 1;
                    cx.session = self.session;
                }
                _ => self.state = DriverState::Unread,
            }
        }
        done
    }

    /// Finds the frames of the messages that were told in the last call of the session.
    fn complete(&mut self, before: Checkpoint, cx: &mut Context<'_>, completed: &mut Completed) {
        let Checkpoint { events: before, nodes } = before;
        for event in cx.events.get(before..).unwrap_or_default() {
            if let Event::Version(version) = event {
                completed.versions.push((cx.session, *version));
            }
            let Event::Message(told) = event else { continue };
            if self.halves {
                let nodes = nodes..cx.tree.nodes().len();
                let said = |(half, nth): (_, Option<u32>)| Some(MessageNodes { nth: nth?, half, nodes: nodes.clone() });
                let halves = [(Half::Request, told.request), (Half::Response, told.response)];
                completed.messages.extend(halves.into_iter().filter_map(said));
            }
            completed.sides[told.side as usize] = true;
            let heard = &mut self.sides[told.side as usize];
            heard.message_end = heard.consumed;
            if !self.tracks_frames {
                continue;
            }
            completed.responses.extend(told.response.map(|nth| (cx.session, nth)));
            let frames = heard.frames_of(told.len);
            let bytes = if self.keeps_bytes { heard.bytes_of(told.len) } else { None };
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
        let untaken = std::mem::take(&mut heard.unconsumed);
        heard.recent = Vec::new();
        heard.delivered += len;
        heard.consumed = heard.delivered;
        let before = Checkpoint::of(cx);
        if let DriverState::Session(session) = &mut self.state {
            session.gap(side, Chunk { bytes: &untaken, base: None }, len, cx);
        }
        self.complete(before, cx, completed);
    }

    /// Lets go of the session: both sides have ended. Should one go on all the same, as after a reset that nobody heeds,
    /// whoever recognises it reads on.
    pub(super) fn close(&mut self) {
        self.state = DriverState::Unknown;
        self.session += 1;
        self.sides = std::mem::take(&mut self.sides).map(|SideBuffer { delivered, message_end: told, .. }| {
            SideBuffer { delivered, consumed: delivered, message_end: told, ..SideBuffer::default() }
        });
    }

    /// Tells that a side sends nothing more. Told once.
    pub(super) fn end(&mut self, side: Side, ending: SideEnd, cx: &mut Context<'_>, completed: &mut Completed) {
        let heard = &mut self.sides[side as usize];
        if std::mem::replace(&mut heard.ended, true) {
            return;
        }
        let rest = std::mem::take(&mut heard.unconsumed);
        heard.consumed = heard.delivered;
        let before = Checkpoint::of(cx);
        if let DriverState::Session(session) = &mut self.state {
            session.end(side, Chunk { bytes: &rest, base: None }, ending, cx);
        }
        self.complete(before, cx, completed);
    }
}

impl SideBuffer {
    fn consume(&mut self, bytes: usize) {
        self.consumed += bytes as u64;
    }

    fn buffered(&self) -> usize {
        let frames = self.frames.as_ref().map_or(0, |frames| frames.capacity());
        self.unconsumed.capacity() + self.recent.capacity() + frames * size_of::<(u64, u32)>()
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
        if self.recent.len() + bytes.len() > limits::UNCONSUMED_BYTES {
            self.recent = Vec::new();
        } else {
            self.recent.extend_from_slice(bytes);
        }
    }

    /// The `len` bytes that were taken last, if they were kept. What came before is forgotten.
    fn bytes_of(&mut self, len: u64) -> Option<Vec<u8>> {
        let later = usize::try_from(self.delivered.saturating_sub(self.consumed)).ok()?;
        let end = self.recent.len().checked_sub(later)?;
        let start = end.checked_sub(usize::try_from(len).ok()?);
        let bytes = start.and_then(|start| self.recent.get(start..end)).map(<[u8]>::to_vec);
        self.recent.drain(..end);
        bytes
    }

    /// The frames of the `len` bytes that were taken last, with the bytes of each. What came before is forgotten.
    fn frames_of(&mut self, len: u64) -> Vec<(u32, u64)> {
        let (start, end) = (self.consumed.saturating_sub(len), self.consumed);
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
fn detect(registry: &Registry, bytes: &[u8], cx: &Context<'_>) -> (Probe, Option<Box<dyn Session>>) {
    let mut best = Probe::No;
    for (_, kind) in registry.sessions() {
        match (kind.probe)(bytes) {
            Probe::Yes => return (Probe::Yes, Some((kind.open)(cx.wants))),
            Probe::Perhaps => best = Probe::Perhaps,
            Probe::No => {}
        }
    }
    (best, None)
}

fn successor(registry: &Registry, then: Transition, cx: &Context<'_>) -> DriverState {
    match then {
        Transition::Protocol(name) => registry
            .sessions()
            .iter()
            .find(|(field, _)| field.name == name)
            .map_or(DriverState::Unread, |(_, kind)| DriverState::Session((kind.open)(cx.wants))),
        Transition::Detect | Transition::Stay => DriverState::Unknown,
    }
}
