//! Analysis of sequence and acknowledgment numbers, with the meaning of Wireshark's `tcp.analysis`.
//!
//! The rules apply in order. Each compares a segment with what both sides have sent before.

use super::before;
use dissectors::session::{Side, Stamp};
use dissectors::tcp::{Analysis, Flags, Segment, SegmentFacts, options};
use std::collections::VecDeque;

/// Unacknowledged segments stored per side. The limit bounds the memory of a side whose acknowledgments were not captured.
/// Beyond the limit, the oldest segments have no round-trip time and do not count as in flight.
const UNACKNOWLEDGED: usize = 1024;
/// Capacity kept for segments in flight when there are none: enough for a request and its response.
const IDLE_FLIGHT_CAPACITY: usize = 4;
/// Maximum nanoseconds from the second duplicate ACK to a fast retransmission.
const FAST_RETRANSMISSION: i64 = 20_000_000;
/// Maximum nanoseconds by which a segment is out of order rather than retransmitted, if no round trip was measured.
const OUT_OF_ORDER: i64 = 3_000_000;

/// State of one side.
#[derive(Debug, Default)]
struct SequenceSide {
    /// Sequence number after the highest one sent, and the stamp of its segment.
    next: Option<(u32, Stamp)>,
    /// Highest acknowledgment that covers captured data only.
    may_ack: Option<u32>,
    /// Last acknowledgment number, and the stamp of its segment.
    ack: Option<(u32, Stamp)>,
    /// Frame of the last acknowledgment that is not a duplicate.
    first_ack: u32,
    /// Number of its duplicates.
    repeated: u32,
    /// Last window as sent, and in bytes.
    window: Option<(u16, u32)>,
    /// Kind of the last segment, if it was a probe.
    probe: Option<Probe>,
    /// Unacknowledged segments, oldest first.
    flight: VecDeque<InFlight>,
    /// Whether a segment was missed since the last acknowledgment, so that the bytes in flight are unknown.
    flight_unknown: bool,
    /// Number of bytes since the last segment with PSH.
    since_push: u32,
    /// Whether the last segment with data had PSH.
    pushed: bool,
    /// Blocks in the last selective acknowledgment of the other side.
    selective: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    seq: u32,
    end: u32,
    at: Stamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    KeepAlive,
    ZeroWindow,
}

/// Window scale of a side (RFC 7323 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shift {
    /// The handshake was not captured.
    #[default]
    Unknown,
    /// The handshake negotiated none.
    None,
    /// Number of bits by which windows are shifted.
    Bits(u8),
}

impl Shift {
    fn apply(self, window: u16) -> u32 {
        match self {
            Shift::Bits(bits) => u32::from(window) << bits,
            Shift::Unknown | Shift::None => window.into(),
        }
    }
}

/// Initial sequence numbers and window scales of a connection.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Scales {
    base: [Option<u32>; 2],
    shift: [Shift; 2],
}

/// Sequence analysis of one connection.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Sequence {
    sides: [SequenceSide; 2],
    /// Time of the last SYN.
    syn: Option<i64>,
    initial_rtt: Option<i64>,
}

/// Initial sequence numbers and window that apply to one segment.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::analysis) struct Relative {
    /// Number that this side's relative sequence numbers start from.
    pub(in crate::analysis) seq_base: u32,
    /// Number that the other side's relative sequence numbers start from.
    pub(in crate::analysis) ack_base: u32,
    /// Window in bytes.
    pub(in crate::analysis) window: u32,
    /// Factor of the window, as in `tcp.window_size_scalefactor`; `None` for a SYN.
    pub(in crate::analysis) scale: Option<i32>,
    /// Whether the other side's window scale is known.
    other_scale_known: bool,
}

impl Scales {
    /// Returns the number that a side's relative sequence numbers start from, if known.
    pub(in crate::analysis) fn base(&self, side: Side) -> Option<u32> {
        self.base[side as usize]
    }

    /// Returns the facts for a segment that an ICMP error quotes, without changing the state.
    pub(in crate::analysis) fn known_for(&self, side: Side, quoted: &Segment<'_>) -> SegmentFacts {
        let base = |side: Side| self.base(side).unwrap_or_default();
        let shift = if quoted.flags.syn() { Shift::None } else { self.shift[side as usize] };
        let window = shift.apply(quoted.window);
        SegmentFacts { seq_base: base(side), ack_base: base(side.other()), window, ..SegmentFacts::default() }
    }

    /// Updates the state from a segment's header, and returns what applies to the segment.
    pub(in crate::analysis) fn update(&mut self, side: Side, segment: &Segment<'_>) -> Relative {
        let (own, other) = (side as usize, side.other() as usize);
        let flags = segment.flags;
        if flags.syn() {
            // A SYN or SYN-ACK with another number than before starts a new connection.
            self.base[own] = Some(segment.seq);
            let shift = options::options(segment.options()).find_map(|option| option.window_shift());
            self.shift[own] = shift.map_or(Shift::None, Shift::Bits);
            // RFC 7323 2.2: windows are scaled only if both SYNs have the option.
            if flags.ack() && self.shift.contains(&Shift::None) {
                self.shift = [Shift::None; 2];
            }
        }
        let seq_base = *self.base[own].get_or_insert(segment.seq.wrapping_sub(1));
        if flags.ack() {
            self.base[other].get_or_insert(segment.ack.wrapping_sub(1));
        }
        let ack_base = self.base[other].unwrap_or_default();
        let other_scale_known = self.shift[other] != Shift::Unknown;
        if flags.syn() {
            return Relative { seq_base, ack_base, window: segment.window.into(), scale: None, other_scale_known };
        }
        let scale = match self.shift[own] {
            Shift::Unknown => -1,
            Shift::None => -2,
            Shift::Bits(bits) => 1 << bits,
        };
        let window = self.shift[own].apply(segment.window);
        Relative { seq_base, ack_base, window, scale: Some(scale), other_scale_known }
    }
}

impl Sequence {
    /// Returns the bytes of memory that the segments in flight occupy.
    pub(in crate::analysis) fn buffered(&self) -> usize {
        self.sides.iter().map(|flow| flow.flight.capacity() * size_of::<InFlight>()).sum()
    }

    /// Drops the segments in flight.
    pub(in crate::analysis) fn release_buffers(&mut self) {
        for flow in self.sides.iter_mut().filter(|flow| !flow.flight.is_empty()) {
            flow.flight = VecDeque::new();
            flow.flight_unknown = true;
        }
    }

    /// Returns the duration of the handshake in nanoseconds, once it is complete.
    pub(in crate::analysis) fn initial_rtt(&self) -> Option<i64> {
        self.initial_rtt
    }

    fn pair(&mut self, side: Side) -> (&mut SequenceSide, &mut SequenceSide) {
        let [client, server] = &mut self.sides;
        match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        }
    }

    /// Analyses a segment. `first_pass_rtt` is the duration of the handshake, if a first pass collected it. `reused` means
    /// that the ports were used by an earlier connection.
    pub(in crate::analysis) fn analyse(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        relative: &Relative,
        at: Stamp,
        first_pass_rtt: Option<i64>,
        reused: bool,
    ) -> Analysis {
        let mut analysis = Analysis::default();
        let initial_rtt = self.initial_rtt;
        let (own, other) = self.pair(side);
        let marks = Marks::of(own, other, segment, relative, at, initial_rtt);
        analysis.flags = marks.marks | if reused { Analysis::ReusedPorts } else { 0 };
        analysis.rto = marks.retransmission.filter(|&(since, _)| since != 0);
        if marks.marks & Analysis::DuplicateAck != 0 {
            own.repeated += 1;
            analysis.duplicate_ack = Some((own.repeated, own.first_ack));
        } else if own.ack.is_none_or(|(last, _)| last != segment.ack) {
            own.repeated = 0;
            own.first_ack = at.frame;
        }
        own.advance(segment, relative, at, &marks);
        analysis.acks = own.acknowledge(other, segment, at);
        if segment.flags.ack() {
            other.selective.clear();
            let blocks = options::options(segment.options()).find(|option| option.kind == 5);
            other.selective.extend(blocks.iter().flat_map(|option| option.sack_blocks()));
        }
        let counts = !segment.is_empty() && !own.flight_unknown;
        if counts {
            analysis.bytes_in_flight = own.in_flight(segment);
            analysis.push_bytes_sent = Some(own.push(segment)).filter(|_| analysis.bytes_in_flight.is_some());
        }
        self.measure_handshake(segment, at);
        // Wireshark records it for the frames that have any other result.
        if counts || analysis != Analysis::default() {
            analysis.initial_rtt = first_pass_rtt.or(self.initial_rtt);
        }
        analysis
    }

    fn measure_handshake(&mut self, segment: &Segment<'_>, at: Stamp) {
        let flags = segment.flags;
        match (flags.syn(), flags.ack()) {
            (true, false) => self.syn = Some(at.time),
            // Any reply to a SYN-ACK or, as in Wireshark, to the SYN: a refusal takes a round trip, too.
            (false, true) if self.initial_rtt.is_none() => {
                self.initial_rtt = self.syn.map(|syn| at.time.saturating_sub(syn));
            }
            _ => {}
        }
    }
}

struct Marks {
    marks: u32,
    probe: Option<Probe>,
    /// For a retransmission: the time since the first transmission, and its frame.
    retransmission: Option<(i64, u32)>,
}

impl Marks {
    /// Applies the rules, in order.
    fn of(
        own: &mut SequenceSide,
        other: &mut SequenceSide,
        segment: &Segment<'_>,
        relative: &Relative,
        at: Stamp,
        rtt: Option<i64>,
    ) -> Marks {
        let (flags, seq, len) = (segment.flags, segment.seq, segment.len());
        let plain = !flags.any(Flags::SYN | Flags::FIN | Flags::RST);
        let next = own.next.map(|(next, _)| next);
        let mut marks = 0;
        let mut probe = None;

        let other_closed = other.window.is_some_and(|(window, _)| window == 0);
        if len == 1 && next == Some(seq) && other_closed {
            probe = Some(Probe::ZeroWindow);
            marks |= Analysis::ZeroWindowProbe;
        } else {
            if segment.window == 0 && plain {
                marks |= Analysis::ZeroWindow;
            }
            if next.is_some_and(|next| before(next, seq)) && !flags.rst() {
                marks |= Analysis::LostSegment;
                own.flight_unknown = true;
            }
            if len <= 1 && next == Some(seq.wrapping_add(1)) && plain {
                probe = Some(Probe::KeepAlive);
                marks |= Analysis::KeepAlive;
            }
            marks |= Marks::of_window(own, other, segment, relative);
        }
        let repeated = own.ack.is_some_and(|(last, _)| last == segment.ack);
        if flags.ack() && !repeated && other.may_ack.is_some_and(|most| before(most, segment.ack)) {
            marks |= Analysis::AckLostSegment;
            // So that later acknowledgments of it are not marked again.
            other.may_ack = other.next.map(|(next, _)| next);
        }
        let mut retransmission = None;
        if (len > 0 || flags.any(Flags::SYN | Flags::FIN)) && probe != Some(Probe::KeepAlive) {
            let mark = Marks::of_data(own, other, segment, at, rtt);
            marks |= mark;
            if mark & Analysis::Retransmission != 0 {
                let since = own.flight.front().map(|sent| sent.at).or(own.next.map(|(_, at)| at));
                retransmission = since.map(|sent| (at.time.saturating_sub(sent.time), sent.frame));
            }
        }
        Marks { marks, probe, retransmission }
    }

    /// Applies the rules that compare windows and acknowledgments with the previous ones.
    fn of_window(own: &SequenceSide, other: &SequenceSide, segment: &Segment<'_>, relative: &Relative) -> u32 {
        let plain = !segment.flags.any(Flags::SYN | Flags::FIN | Flags::RST);
        let (seq, ack, len, window) = (segment.seq, segment.ack, segment.len(), segment.window);
        let repeats = own.next.is_some_and(|(next, _)| next == seq) && own.ack.is_some_and(|(last, _)| last == ack);
        let same_window = own.window.is_some_and(|(last, _)| last == window);
        let mut marks = 0;
        if len == 0 && plain && repeats && window != 0 && own.window.is_some() && !same_window {
            marks |= Analysis::WindowUpdate;
        }
        if let (Some((_, room)), Some((last, _))) = (other.window, other.ack)
            && len > 0
            && plain
            && relative.other_scale_known
            && seq.wrapping_add(len) == last.wrapping_add(room)
        {
            marks |= Analysis::WindowFull;
        }
        if len == 0 && plain && repeats && same_window {
            marks |= match other.probe {
                Some(Probe::KeepAlive) if window != 0 => Analysis::KeepAliveAck,
                Some(Probe::ZeroWindow) if window == 0 => Analysis::ZeroWindowProbeAck,
                _ if window != 0 => Analysis::DuplicateAck,
                _ => 0,
            };
        }
        marks
    }

    /// Applies the rules for segments with data, SYN or FIN: whether they were sent before.
    fn of_data(own: &SequenceSide, other: &SequenceSide, segment: &Segment<'_>, at: Stamp, rtt: Option<i64>) -> u32 {
        let (seq, len) = (segment.seq, segment.len());
        let end = seq.wrapping_add(len).wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
        if len > 0 && other.ack.is_some_and(|(acked, _)| !before(acked, seq.wrapping_add(len))) {
            return Analysis::SpuriousRetransmission;
        }
        let Some((next, since)) = own.next else { return 0 };
        // After a probe of one byte, a longer segment that starts with that byte is new.
        let new = len > 1 && next == seq.wrapping_add(1);
        if !before(seq, next) || new {
            return 0;
        }
        if let Some((acked, acked_at)) = other.ack
            && other.repeated >= 2
            && acked == seq
            && (0..FAST_RETRANSMISSION).contains(&at.time.saturating_sub(acked_at.time))
        {
            return Analysis::FastRetransmission;
        }
        if end != next && (0..rtt.unwrap_or(OUT_OF_ORDER)).contains(&at.time.saturating_sub(since.time)) {
            return Analysis::OutOfOrder;
        }
        Analysis::Retransmission
    }
}

impl SequenceSide {
    /// Updates the state of the sending side.
    fn advance(&mut self, segment: &Segment<'_>, relative: &Relative, at: Stamp, marks: &Marks) {
        let counted = segment.len().wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
        let end = segment.seq.wrapping_add(counted);
        if counted > 0 && !self.flight.iter().any(|sent| sent.seq == segment.seq && sent.end == end) {
            if self.flight.len() == UNACKNOWLEDGED {
                self.flight.pop_front();
            }
            self.flight.push_back(InFlight { seq: segment.seq, end, at });
        }
        if marks.probe != Some(Probe::ZeroWindow) {
            if self.next.is_none_or(|(next, _)| before(next, end)) {
                self.next = Some((end, at));
            }
            if self.may_ack.is_none_or(|most| most == segment.seq) {
                self.may_ack = self.next.map(|(next, _)| next);
            }
        }
        self.probe = marks.probe;
        self.window = Some((segment.window, relative.window));
        self.ack = Some((segment.ack, at));
    }

    /// Removes acknowledged segments of the other side. Returns the frame of the segment that ends at the acknowledgment,
    /// and the time since then.
    fn acknowledge(&mut self, other: &mut SequenceSide, segment: &Segment<'_>, at: Stamp) -> Option<(u32, i64)> {
        if !segment.flags.ack() {
            return None;
        }
        let ack = segment.ack;
        let exact = other.flight.iter().find(|sent| sent.end == ack);
        let acknowledged = exact.map(|sent| (sent.at.frame, at.time.saturating_sub(sent.at.time)));
        other.flight.retain_mut(|sent| {
            // The rest of a partly acknowledged segment stays in flight.
            if before(sent.seq, ack) {
                sent.seq = ack;
            }
            before(ack, sent.end)
        });
        // Most connections have nothing in flight most of the time, and many are kept.
        if other.flight.is_empty() && other.flight.capacity() > IDLE_FLIGHT_CAPACITY {
            other.flight = VecDeque::new();
        }
        other.flight_unknown = false;
        acknowledged
    }

    /// Returns the number of bytes in flight after this segment of data; `None` if there are none.
    fn in_flight(&self, segment: &Segment<'_>) -> Option<u32> {
        let first = self.flight.iter().map(|sent| sent.seq).reduce(|a, b| if before(b, a) { b } else { a })?;
        let last = self.flight.iter().map(|sent| sent.end).reduce(|a, b| if before(a, b) { b } else { a })?;
        let blocks = self.selective.iter().map(|(left, right)| right.wrapping_sub(*left));
        let selective = blocks.fold(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)), u32::saturating_add);
        Some(last.wrapping_sub(first).saturating_sub(selective)).filter(|&bytes| bytes > 0)
    }

    /// Returns the number of bytes since the last PSH, after this segment of data.
    fn push(&mut self, segment: &Segment<'_>) -> u32 {
        let before = if self.pushed { 0 } else { self.since_push };
        self.since_push = before.saturating_add(segment.len());
        self.pushed = segment.flags.any(Flags::PSH);
        self.since_push
    }
}
