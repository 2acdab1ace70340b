//! What the threads of a browser share: where each frame stands, and which frames come before it in its conversations.

use super::pile::Pile;
use super::values::Values;
use crate::analysis::Context;
use crate::capture::Endpoint;
use crate::source::{Place, Shelf};
use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::Side;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// No frame before, or no conversation.
const NONE: u32 = u32::MAX;

/// The number of a conversation in datagrams has this bit, that of a TCP connection has not.
const DATAGRAMS: u32 = 1 << 31;

/// Bits of a seat's place for its offset in the file, and for its file. Above them there are marks.
const OFFSET: u32 = 40;
const FILE: u32 = 16;

/// What is marked of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(pub(super) u8);

impl Marks {
    /// The client of its connection sent it.
    pub(super) const FROM_CLIENT: u8 = 1;
    /// It has bytes of the client, or tells a message of it.
    pub(super) const CLIENT_SPEAKS: u8 = 2;
    /// The same of the server.
    pub(super) const SERVER_SPEAKS: u8 = 4;
    /// It has a part of an IP packet.
    pub(super) const FRAGMENT: u8 = 8;
    /// It begins its connection on ports that another had.
    pub(super) const REUSED: u8 = 16;
    /// It has more than one conversation.
    pub(super) const MORE: u8 = 32;
    /// It is one TCP segment in one IP packet, neither in a tunnel nor quoted.
    pub(super) const PLAIN: u8 = 64;

    pub(super) fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }
}

/// A conversation: a TCP connection or one in datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Group(u32);

impl Group {
    pub(super) const NONE: Group = Group(NONE);

    pub(super) fn stream(number: u32) -> Group {
        Group(number & !DATAGRAMS)
    }

    pub(super) fn dialogue(number: u32) -> Group {
        Group(number | DATAGRAMS)
    }

    /// The number of the TCP connection, if it is one.
    pub(super) fn as_stream(self) -> Option<u32> {
        (self.0 & DATAGRAMS == 0).then_some(self.0)
    }

    fn as_dialogue(self) -> Option<u32> {
        (self.0 & DATAGRAMS != 0 && self != Group::NONE).then_some(self.0 & !DATAGRAMS)
    }
}

/// What is kept of a frame beside its [`Fact`](super::Fact).
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    place: u64,
    /// Its TCP connection, or else its outermost conversation in datagrams.
    pub(super) group: Group,
    /// The frame before in that.
    before: u32,
}

impl Seat {
    /// Whether it can be kept where a frame stands.
    pub(super) fn has_room(place: Place) -> bool {
        place.offset < 1 << OFFSET && place.file < 1 << FILE
    }

    pub(super) fn new(place: Place, marks: Marks, group: Group) -> Seat {
        let file = u64::from(place.file) & ((1 << FILE) - 1);
        let offset = place.offset & ((1 << OFFSET) - 1);
        Seat { place: offset | file << OFFSET | u64::from(marks.0) << (OFFSET + FILE), group, before: NONE }
    }

    /// Learns where the frame stands.
    pub(super) fn stand(&mut self, place: Place) {
        *self = Seat { before: self.before, ..Seat::new(place, self.marks(), self.group) };
    }

    pub(super) fn place(self) -> Place {
        let file = (self.place >> OFFSET) as u32 & ((1 << FILE) - 1);
        Place { file, offset: self.place & ((1 << OFFSET) - 1) }
    }

    pub(super) fn marks(self) -> Marks {
        Marks((self.place >> (OFFSET + FILE)) as u8)
    }
}

/// A further conversation of a frame.
#[derive(Clone, Copy, Debug)]
struct Link {
    frame: u32,
    group: Group,
    before: u32,
}

/// The first and the last frame of a conversation.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

/// The client and the server of a connection.
pub(super) type Sides = [Endpoint; 2];

/// Where a call's messages stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    pub(super) stream: u32,
    /// Its place among the calls of the connection.
    pub(super) nth: u32,
    pub(super) asked_by: Option<Side>,
    pub(super) request: Option<Span>,
    pub(super) response: Option<Span>,
}

/// The frames of a message: with its first byte, with its last, and the one that tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) told: u32,
}

impl Span {
    fn of(transfer: Transfer) -> Span {
        Span { first: transfer.first.frame, last: transfer.last.frame, told: transfer.told }
    }

    /// The last of its frames.
    pub(super) fn end(self) -> u32 {
        self.last.max(self.told)
    }
}

impl Talk {
    pub(super) fn of(exchange: &Exchange) -> Talk {
        let &Exchange { stream, nth, asked_by, request, response, .. } = exchange;
        Talk { stream, nth, asked_by, request: request.map(Span::of), response: response.map(Span::of) }
    }
}

/// A frame that was read, and its further conversations.
pub(super) struct Arrival {
    pub(super) seat: Seat,
    pub(super) more: Vec<Group>,
}

/// All frames.
#[derive(Default)]
pub(super) struct Frames {
    seats: Pile<Seat>,
    /// In the order of the frames.
    more: Pile<Link>,
    /// Frames with a part of an IP packet.
    fragments: Vec<u32>,
    streams: Vec<Ends>,
    dialogues: Vec<Ends>,
    /// Whose the connections are.
    sides: Vec<Sides>,
    /// What messages say.
    pub(super) values: Values,
    /// In the order in which they ended.
    pub(super) talks: Pile<Talk>,
    /// The time of the first.
    pub(super) first: i64,
    /// There will be no more.
    pub(super) whole: bool,
    /// It is an interface that is listened to: nobody waits for its end.
    pub(super) is_live: bool,
}

/// The same, shared, and what it takes to read frames again.
#[derive(Clone, Default)]
pub(super) struct Known {
    frames: Arc<RwLock<Frames>>,
    pub(super) shelf: Shelf,
}

impl Known {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Frames> {
        self.frames.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Frames> {
        self.frames.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frames {
    /// Whether an end is to come that can be waited for.
    pub(super) fn will_end(&self) -> bool {
        !self.whole && !self.is_live
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.seats.len() as u32
    }

    /// Puts the next frame in.
    pub(super) fn push(&mut self, arrival: Arrival) {
        let Arrival { mut seat, more } = arrival;
        let frame = self.count() + 1;
        seat.before = self.link(seat.group, frame);
        for group in more {
            let before = self.link(group, frame);
            self.more.push(Link { frame, group, before });
        }
        if seat.marks().has(Marks::FRAGMENT) {
            self.fragments.push(frame);
        }
        self.seats.push(seat);
    }

    /// Makes a frame the last of a conversation; returns which was.
    fn link(&mut self, group: Group, frame: u32) -> u32 {
        let (ends, number) = match (group.as_stream(), group.as_dialogue()) {
            (Some(number), _) => (&mut self.streams, number),
            (_, Some(number)) => (&mut self.dialogues, number),
            _ => return NONE,
        };
        match ends.get_mut(number as usize) {
            Some(ends) if ends.last != NONE => std::mem::replace(&mut ends.last, frame),
            Some(ends) => {
                *ends = Ends { first: frame, last: frame };
                NONE
            }
            None => {
                ends.resize(number as usize + 1, Ends { first: NONE, last: NONE });
                if let Some(place) = ends.last_mut() {
                    *place = Ends { first: frame, last: frame };
                }
                NONE
            }
        }
    }

    /// What is kept of a frame.
    pub(super) fn seat(&self, frame: u32) -> Option<Seat> {
        self.seats.get(frame.checked_sub(1)? as usize).copied()
    }

    fn links(&self, frame: u32) -> impl Iterator<Item = &Link> {
        let from = self.more.partition_point(|link| link.frame < frame);
        let links = (from..).map_while(|at| self.more.get(at));
        links.take_while(move |link| link.frame == frame)
    }

    /// The conversations of a frame, each with the frame before.
    fn conversations(&self, frame: u32) -> impl Iterator<Item = (Group, u32)> {
        let seat = self.seat(frame);
        let more = seat.filter(|seat| seat.marks().has(Marks::MORE)).map(|_| self.links(frame));
        let first = seat.map(|seat| (seat.group, seat.before));
        first.into_iter().chain(more.into_iter().flatten().map(|link| (link.group, link.before)))
    }

    /// What is known of a frame that is read out of its place; `previous` is the time of the frame before.
    pub(super) fn context(&self, frame: u32, previous: Option<i64>) -> Context {
        let mut context = Context { first: self.first, previous, ..Context::default() };
        for (group, _) in self.conversations(frame) {
            match (group.as_stream(), group.as_dialogue()) {
                (Some(number), _) => {
                    let reused = self.seat(frame).is_some_and(|seat| seat.marks().has(Marks::REUSED));
                    context.stream = Some((number, reused));
                }
                (_, Some(number)) => context.dialogues.push(number),
                _ => {}
            }
        }
        context
    }

    /// The TCP connection of a frame.
    pub(super) fn stream(&self, frame: u32) -> Option<u32> {
        self.seat(frame)?.group.as_stream()
    }

    /// The frames of a TCP connection up to one, or to its last; the last first.
    pub(super) fn of_stream(&self, stream: u32, upto: Option<u32>) -> impl Iterator<Item = u32> {
        let group = Group::stream(stream);
        let last = self.streams.get(stream as usize).map_or(NONE, |ends| ends.last);
        let frame = move |frame: u32| (frame != NONE).then_some(frame);
        let before = move |&at: &u32| {
            let seat = self.seat(at)?;
            frame(if seat.group == group { seat.before } else { NONE })
        };
        std::iter::successors(frame(upto.unwrap_or(last)), before)
    }

    /// Learns whose a connection is.
    pub(super) fn belongs(&mut self, stream: u32, sides: Sides) {
        if self.sides.len() <= stream as usize {
            self.sides.resize(stream as usize + 1, Sides::default());
        }
        if let Some(place) = self.sides.get_mut(stream as usize) {
            *place = sides;
        }
    }

    /// The client and the server of a connection.
    pub(super) fn ends(&self, stream: u32) -> Option<Sides> {
        self.sides.get(stream as usize).copied()
    }

    /// How many TCP connections there are.
    pub(super) fn streams(&self) -> u32 {
        self.streams.len() as u32
    }

    /// The frames that tell the times of a frame's conversations in datagrams: the first of each, and the one before.
    pub(super) fn neighbours(&self, frame: u32) -> impl Iterator<Item = u32> {
        let dialogues = self.conversations(frame).filter_map(|(group, before)| Some((group.as_dialogue()?, before)));
        let first = |number: u32| self.dialogues.get(number as usize).map_or(NONE, |ends| ends.first);
        let both = dialogues.flat_map(move |(number, before)| [first(number), before]);
        both.filter(move |&other| other < frame)
    }

    /// The frames with parts of IP packets that packets of some frames, which are in their order, may be put together
    /// from: for each of those that has a part, so many up to it and so many after it.
    pub(super) fn fragments_of(&self, frames: &[u32], earlier: usize, later: usize) -> Vec<u32> {
        let mut parts = Vec::new();
        let mut done = 0;
        let is_part = |frame: &&u32| self.seat(**frame).is_some_and(|seat| seat.marks().has(Marks::FRAGMENT));
        for &frame in frames.iter().filter(is_part) {
            let at = self.fragments.partition_point(|&part| part <= frame);
            let from = at.saturating_sub(earlier).max(done);
            done = at.saturating_add(later).min(self.fragments.len()).max(done);
            parts.extend_from_slice(self.fragments.get(from..done).unwrap_or_default());
        }
        parts
    }
}
