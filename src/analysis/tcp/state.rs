//! TCP states of both sides (RFC 9293 3.3.2), how a connection opened and closed, and its completeness.

use super::before;
use crate::capture::{CloseKind, OpenKind, SideState};
use dissectors::session::Side;
use dissectors::tcp::{Flags, Segment};

/// Bits of `tcp.completeness`.
const SYN: u8 = 1;
const FIN: u8 = 16;
const RST: u8 = 32;

/// The state of a connection, from its captured segments.
#[derive(Clone, Debug)]
pub(in crate::analysis) struct TcpState {
    states: [SideState; 2],
    /// The bits of `tcp.completeness`.
    completeness: u8,
    /// Each side's SYN without ACK was captured.
    syn: [bool; 2],
    syn_ack: bool,
    /// The ACK that completes the handshake was captured.
    established: bool,
    /// The sequence number after each side's FIN, and its frame.
    fin: [Option<(u32, u32)>; 2],
    first_fin: Option<Side>,
    /// Each side sent a FIN before it received the other's.
    fins_crossed: bool,
    /// The first RST that its side sent itself, as far as is known.
    reset: Option<Reset>,
    frames: u32,
}

/// A captured RST.
#[derive(Clone, Copy, Debug)]
struct Reset {
    side: Side,
    frame: u32,
    seq: u32,
    /// The states before it.
    states: [SideState; 2],
}

impl TcpState {
    pub(in crate::analysis) fn new() -> TcpState {
        TcpState {
            states: [SideState::Listen; 2],
            completeness: 0,
            syn: [false; 2],
            syn_ack: false,
            established: false,
            fin: [None; 2],
            first_fin: None,
            fins_crossed: false,
            reset: None,
            frames: 0,
        }
    }

    pub(in crate::analysis) fn states(&self) -> [SideState; 2] {
        self.states
    }

    pub(in crate::analysis) fn completeness(&self) -> u8 {
        self.completeness
    }

    /// Returns whether a FIN or RST was captured.
    pub(in crate::analysis) fn has_end(&self) -> bool {
        self.completeness & (FIN | RST) != 0
    }

    /// Returns the frame of each side's FIN.
    pub(in crate::analysis) fn fin_frames(&self) -> [Option<u32>; 2] {
        self.fin.map(|fin| fin.map(|(_, frame)| frame))
    }

    /// Returns whether each side sent a FIN before it received the other's.
    pub(in crate::analysis) fn fins_crossed(&self) -> bool {
        self.fins_crossed
    }

    /// Returns the frame of the first RST, unless its side sent more data after it.
    pub(in crate::analysis) fn reset_frame(&self) -> Option<u32> {
        self.reset.map(|reset| reset.frame)
    }

    /// Returns whether the handshake is complete: its last ACK was captured.
    pub(in crate::analysis) fn is_established(&self) -> bool {
        self.established && matches!(self.open_kind(), OpenKind::ThreeWay | OpenKind::Simultaneous)
    }

    /// Updates the state with a segment. For a FIN, returns whether its side sent the connection's first FIN.
    #[inline]
    pub(in crate::analysis) fn advance(&mut self, side: Side, segment: &Segment<'_>, frame: u32) -> Option<bool> {
        let flags = segment.flags;
        self.frames = self.frames.saturating_add(1);
        let is_plain = flags.ack() && !flags.any(Flags::SYN | Flags::FIN | Flags::RST);
        if is_plain && self.established && self.first_fin.is_none() && self.reset.is_none() {
            self.completeness |= completeness(segment);
            return None;
        }
        self.advance_by_flags(side, segment, frame)
    }

    /// The same for a segment that may change a state.
    fn advance_by_flags(&mut self, side: Side, segment: &Segment<'_>, frame: u32) -> Option<bool> {
        let flags = segment.flags;
        // As in Wireshark, a SYN counts only as the first frame.
        let late_syn = self.frames > 1 && flags.syn() && !flags.ack();
        self.completeness |= completeness(segment) & if late_syn { !SYN } else { !0 };
        self.drop_foreign_reset(side, segment);
        if self.frames == 1 && !flags.any(Flags::SYN | Flags::RST) {
            self.states = [SideState::Established; 2];
        }
        let (own, other) = (side as usize, side.other() as usize);
        if flags.syn() {
            self.handle_syn(side, flags);
        } else if flags.ack() && self.syn_ack && !flags.rst() && !self.established {
            self.established = true;
            self.states = self.states.map(|state| match state {
                SideState::SynReceived | SideState::SynSent => SideState::Established,
                state => state,
            });
        }
        if self.fin[other].is_some_and(|(end, _)| flags.ack() && !before(segment.ack, end)) {
            self.states[other] = match self.states[other] {
                SideState::FinWait1 => SideState::FinWait2,
                SideState::Closing => SideState::TimeWait,
                SideState::LastAck => SideState::Closed,
                state => state,
            };
        }
        let mut first = None;
        if flags.fin() && !flags.rst() {
            first = Some(*self.first_fin.get_or_insert(side) == side);
            self.handle_fin(own, other, segment, frame);
        }
        if flags.rst() {
            let (seq, states) = (segment.seq, self.states);
            self.reset.get_or_insert(Reset { side, frame, seq, states });
            self.states = [SideState::Closed; 2];
        }
        first
    }

    /// Drops the RST of a side that sends more data: after its own, a side sends nothing but resets (RFC 9293 3.10.7.4).
    /// Segments that were sent before it have lower numbers.
    fn drop_foreign_reset(&mut self, side: Side, segment: &Segment<'_>) {
        let sends_more = |reset: &mut Reset| {
            let end = segment.seq.wrapping_add(segment.len());
            reset.side == side && !segment.flags.rst() && !segment.is_empty() && before(reset.seq, end)
        };
        if let Some(reset) = self.reset.take_if(sends_more) {
            self.states = reset.states;
        }
    }

    fn handle_syn(&mut self, side: Side, flags: Flags) {
        let (own, other) = (side as usize, side.other() as usize);
        if flags.ack() {
            self.syn_ack = true;
            if matches!(self.states[own], SideState::Listen | SideState::SynSent) {
                self.states[own] = SideState::SynReceived;
            }
            if matches!(self.states[other], SideState::SynSent | SideState::Listen) {
                self.states[other] = SideState::Established;
            }
            return;
        }
        self.syn[own] = true;
        if self.states[own] == SideState::Listen {
            if self.states[other] == SideState::SynSent {
                // RFC 9293 3.5: both sides sent a SYN, and each receives the other's.
                self.states = [SideState::SynReceived; 2];
            } else {
                self.states[own] = SideState::SynSent;
            }
        }
    }

    fn handle_fin(&mut self, own: usize, other: usize, segment: &Segment<'_>, frame: u32) {
        if self.fin[own].is_some() {
            return;
        }
        self.fin[own] = Some((segment.seq.wrapping_add(segment.len()).wrapping_add(1), frame));
        // FINs cross if neither side received the other's: this one does not acknowledge the other.
        let crosses = self.fin[other].is_some_and(|(end, _)| !segment.flags.ack() || before(segment.ack, end));
        self.fins_crossed |= crosses;
        self.states[own] = match self.states[own] {
            SideState::Closed => SideState::Closed,
            _ if crosses => SideState::Closing,
            SideState::CloseWait => SideState::LastAck,
            _ => SideState::FinWait1,
        };
        self.states[other] = match self.states[other] {
            SideState::FinWait1 => SideState::Closing,
            SideState::FinWait2 => SideState::TimeWait,
            SideState::Closed => SideState::Closed,
            _ => SideState::CloseWait,
        };
    }

    /// Returns how the connection opened.
    pub(in crate::analysis) fn open_kind(&self) -> OpenKind {
        match (self.syn, self.syn_ack) {
            ([true, true], _) => OpenKind::Simultaneous,
            ([false, false], _) => OpenKind::MidStream,
            (_, true) if self.established => OpenKind::ThreeWay,
            (_, true) => OpenKind::HalfOpen,
            _ if matches!(self.reset, Some(Reset { side: Side::Server, .. })) => OpenKind::Refused,
            _ if self.completeness & !1 != 0 && self.reset.is_none() => OpenKind::MidStream,
            _ => OpenKind::Unanswered,
        }
    }

    /// Returns how the connection closed.
    pub(in crate::analysis) fn close_kind(&self) -> CloseKind {
        match (self.first_fin, self.fin, self.reset) {
            (Some(first), [Some(_), Some(_)], _) => CloseKind::Fin(first),
            (_, _, Some(reset)) => CloseKind::Reset(reset.side),
            (Some(first), ..) => CloseKind::HalfClosed(first),
            _ => CloseKind::Open,
        }
    }
}

/// Returns the bits of `tcp.completeness` that a segment adds: SYN 1, SYN-ACK 2, ACK without data 4, data 8, FIN 16,
/// RST 32.
fn completeness(segment: &Segment<'_>) -> u8 {
    let flags = segment.flags;
    let mut bits = match (flags.syn(), flags.ack()) {
        (true, false) => SYN,
        (true, true) => 2,
        (false, true) if segment.is_empty() => 4,
        _ => 0,
    };
    if !segment.is_empty() && (flags.ack() || flags.syn()) {
        bits |= 8;
    }
    if flags.fin() {
        bits |= FIN;
    }
    if flags.rst() {
        bits |= RST;
    }
    bits
}
