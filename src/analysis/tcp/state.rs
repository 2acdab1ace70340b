//! The states of a connection's two sides (RFC 9293 3.3.2), how it opened, how it closed, and how complete it is.

use super::before;
use crate::capture::{Closed, Opened, State};
use dissectors::session::Side;
use dissectors::tcp::{Flags, Segment};

/// What was seen of a connection's course.
#[derive(Clone, Debug)]
pub(in crate::analysis) struct Course {
    states: [State; 2],
    /// The bits of `tcp.completeness`.
    completeness: u8,
    /// A SYN of each side that is no answer was seen.
    syn: [bool; 2],
    syn_ack: bool,
    /// The ACK that ends the handshake was seen.
    established: bool,
    /// The sequence number after each side's FIN, and its frame.
    fin: [Option<(u32, u32)>; 2],
    first_fin: Option<Side>,
    /// Two FINs crossed.
    crossed: bool,
    /// Who reset it, and in which frame.
    reset: Option<(Side, u32)>,
    frames: u32,
}

impl Course {
    pub(in crate::analysis) fn new() -> Course {
        Course {
            states: [State::Listen; 2],
            completeness: 0,
            syn: [false; 2],
            syn_ack: false,
            established: false,
            fin: [None; 2],
            first_fin: None,
            crossed: false,
            reset: None,
            frames: 0,
        }
    }

    pub(in crate::analysis) fn states(&self) -> [State; 2] {
        self.states
    }

    pub(in crate::analysis) fn completeness(&self) -> u8 {
        self.completeness
    }

    /// The frame of each side's FIN.
    pub(in crate::analysis) fn fins(&self) -> [Option<u32>; 2] {
        self.fin.map(|fin| fin.map(|(_, frame)| frame))
    }

    /// Whether each side sent a FIN before it had the other's.
    pub(in crate::analysis) fn crossed(&self) -> bool {
        self.crossed
    }

    /// The frame of the first RST.
    pub(in crate::analysis) fn reset(&self) -> Option<u32> {
        self.reset.map(|(_, frame)| frame)
    }

    /// Whether the ACK that ends a handshake was seen.
    pub(in crate::analysis) fn is_established(&self) -> bool {
        self.established && matches!(self.opened(), Opened::ThreeWay | Opened::Simultaneous)
    }

    /// Follows the segment of a frame; for a FIN, tells whether it is the connection's first.
    pub(in crate::analysis) fn follow(&mut self, side: Side, segment: &Segment<'_>, frame: u32) -> Option<bool> {
        let flags = segment.flags;
        self.completeness |= completeness(segment);
        self.frames = self.frames.saturating_add(1);
        if self.frames == 1 && !flags.any(Flags::SYN | Flags::RST) {
            self.states = [State::Established; 2];
        }
        let (own, other) = (side as usize, side.other() as usize);
        if flags.syn() {
            self.synchronise(side, flags);
        } else if flags.ack() && self.syn_ack && !flags.rst() && !self.established {
            self.established = true;
            self.states = self.states.map(|state| match state {
                State::SynReceived | State::SynSent => State::Established,
                state => state,
            });
        }
        if self.fin[other].is_some_and(|(end, _)| flags.ack() && !before(segment.ack, end)) {
            self.states[other] = match self.states[other] {
                State::FinWait1 => State::FinWait2,
                State::Closing => State::TimeWait,
                State::LastAck => State::Closed,
                state => state,
            };
        }
        let mut first = None;
        if flags.fin() && !flags.rst() {
            first = Some(*self.first_fin.get_or_insert(side) == side);
            self.finish(own, other, segment, frame);
        }
        if flags.rst() {
            self.reset.get_or_insert((side, frame));
            self.states = [State::Closed; 2];
        }
        first
    }

    fn synchronise(&mut self, side: Side, flags: Flags) {
        let (own, other) = (side as usize, side.other() as usize);
        if flags.ack() {
            self.syn_ack = true;
            if matches!(self.states[own], State::Listen | State::SynSent) {
                self.states[own] = State::SynReceived;
            }
            if matches!(self.states[other], State::SynSent | State::Listen) {
                self.states[other] = State::Established;
            }
            return;
        }
        self.syn[own] = true;
        if self.states[own] == State::Listen {
            if self.states[other] == State::SynSent {
                // RFC 9293 3.5: both have asked; each receives the other's SYN.
                self.states = [State::SynReceived; 2];
            } else {
                self.states[own] = State::SynSent;
            }
        }
    }

    fn finish(&mut self, own: usize, other: usize, segment: &Segment<'_>, frame: u32) {
        if self.fin[own].is_some() {
            return;
        }
        self.fin[own] = Some((segment.seq.wrapping_add(segment.len()).wrapping_add(1), frame));
        // Two FINs cross when neither side has seen the other's: this one does not acknowledge it.
        let crosses = self.fin[other].is_some_and(|(end, _)| !segment.flags.ack() || before(segment.ack, end));
        self.crossed |= crosses;
        self.states[own] = match self.states[own] {
            State::Closed => State::Closed,
            _ if crosses => State::Closing,
            State::CloseWait => State::LastAck,
            _ => State::FinWait1,
        };
        self.states[other] = match self.states[other] {
            State::FinWait1 => State::Closing,
            State::FinWait2 => State::TimeWait,
            State::Closed => State::Closed,
            _ => State::CloseWait,
        };
    }

    /// How it began.
    pub(in crate::analysis) fn opened(&self) -> Opened {
        match (self.syn, self.syn_ack) {
            ([true, true], _) => Opened::Simultaneous,
            ([false, false], _) => Opened::MidStream,
            (_, true) if self.established => Opened::ThreeWay,
            (_, true) => Opened::HalfOpen,
            _ if matches!(self.reset, Some((Side::Server, _))) => Opened::Refused,
            _ if self.completeness & !1 != 0 && self.reset.is_none() => Opened::MidStream,
            _ => Opened::Unanswered,
        }
    }

    /// How it ended.
    pub(in crate::analysis) fn closed(&self) -> Closed {
        match (self.first_fin, self.fin, self.reset) {
            (Some(first), [Some(_), Some(_)], _) => Closed::Fin(first),
            (_, _, Some((side, _))) => Closed::Reset(side),
            (Some(first), ..) => Closed::HalfClosed(first),
            _ => Closed::Open,
        }
    }
}

/// The bits of `tcp.completeness` that a segment adds: SYN 1, SYN-ACK 2, ACK without data 4, data 8, FIN 16, RST 32.
fn completeness(segment: &Segment<'_>) -> u8 {
    let flags = segment.flags;
    let mut bits = match (flags.syn(), flags.ack()) {
        (true, false) => 1,
        (true, true) => 2,
        (false, true) if segment.is_empty() => 4,
        _ => 0,
    };
    if !segment.is_empty() && (flags.ack() || flags.syn()) {
        bits |= 8;
    }
    if flags.fin() {
        bits |= 16;
    }
    if flags.rst() {
        bits |= 32;
    }
    bits
}
