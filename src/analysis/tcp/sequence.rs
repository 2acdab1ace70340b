//! What sequence and acknowledgment numbers tell of each segment, with the meaning of Wireshark's `tcp.analysis`.
//!
//! One rule after the other, in the order that decides which applies; each looks at what either side has sent so far.

use super::before;
use dissectors::session::{At, Side};
use dissectors::tcp::{Analysis, Flags, Known, Segment, options};
use std::collections::VecDeque;

/// Segments remembered a side until they are acknowledged. A side that is never acknowledged, because its answers are
/// not in the capture, must not grow; beyond this, round trips and bytes in flight of the oldest are not told.
const UNACKNOWLEDGED: usize = 1024;
/// As many places for such segments are kept for the next when none is in flight: what a question and its answer take.
const KEPT_FLIGHT: usize = 4;
/// A retransmission this soon after the second repeated acknowledgment answers it.
const FAST_RETRANSMISSION: i64 = 20_000_000;
/// Without a measured round trip, a segment this late after a later one is out of order and not sent again.
const OUT_OF_ORDER: i64 = 3_000_000;

/// What has been seen of one side.
#[derive(Debug, Default)]
struct Flow {
    /// The sequence number after the highest sent, where it was sent.
    next: Option<(u32, At)>,
    /// How far the other side may acknowledge without acknowledging what was not captured.
    may_ack: Option<u32>,
    /// The last acknowledgment number, and where it was sent.
    ack: Option<(u32, At)>,
    /// Where the last acknowledgment stands that is no duplicate.
    first_ack: u32,
    /// How often it has been repeated.
    repeated: u32,
    /// The last window as sent, and in bytes.
    window: Option<(u16, u32)>,
    /// The last segment was a keep-alive, or a zero window probe.
    probe: Option<Probe>,
    /// Sent and not acknowledged, oldest first.
    flight: VecDeque<Sent>,
    /// Something was missed since the last acknowledgment: what is in flight cannot be told.
    flight_unknown: bool,
    /// Bytes since the last segment with PSH.
    since_push: u32,
    /// The last segment with data had PSH.
    pushed: bool,
    /// The blocks the other side has acknowledged selectively in its last segment.
    selective: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    seq: u32,
    end: u32,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    KeepAlive,
    ZeroWindow,
}

/// What is known of a side's window scale (RFC 7323 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shift {
    /// The handshake was not seen.
    #[default]
    Unknown,
    /// The handshake agreed on none.
    None,
    /// Windows are shifted by as many bits.
    By(u8),
}

impl Shift {
    fn apply(self, window: u16) -> u32 {
        match self {
            Shift::By(bits) => u32::from(window) << bits,
            Shift::Unknown | Shift::None => window.into(),
        }
    }
}

/// From where a connection's numbers are counted, and how its windows are scaled.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Scales {
    base: [Option<u32>; 2],
    shift: [Shift; 2],
}

/// The analysis of one connection.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Sequence {
    sides: [Flow; 2],
    /// The time of the last SYN.
    syn: Option<i64>,
    initial_rtt: Option<i64>,
}

/// The bases and the window of one segment.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::analysis) struct Relative {
    /// From where this side's sequence numbers are counted.
    pub(in crate::analysis) seq_base: u32,
    /// From where the other side's are counted.
    pub(in crate::analysis) ack_base: u32,
    /// The window in bytes.
    pub(in crate::analysis) window: u32,
    /// The factor of the window, as `tcp.window_size_scalefactor` has it; none for a SYN.
    pub(in crate::analysis) scale: Option<i32>,
    /// How the other side's windows are to be read is known.
    other_scale_known: bool,
}

impl Scales {
    /// From where a side's sequence numbers are counted, if anything of it was seen.
    pub(in crate::analysis) fn base(&self, side: Side) -> Option<u32> {
        self.base[side as usize]
    }

    /// What is known of a side without a segment of it, for a packet that an ICMP error quotes.
    pub(in crate::analysis) fn look(&self, side: Side, quoted: &Segment<'_>) -> Known {
        let base = |side: Side| self.base(side).unwrap_or_default();
        let shift = if quoted.flags.syn() { Shift::None } else { self.shift[side as usize] };
        let window = shift.apply(quoted.window);
        Known { seq_base: base(side), ack_base: base(side.other()), window, ..Known::default() }
    }

    /// Learns from a segment's header from where either side counts, and how its window is to be read.
    pub(in crate::analysis) fn relate(&mut self, side: Side, segment: &Segment<'_>) -> Relative {
        let (own, other) = (side as usize, side.other() as usize);
        let flags = segment.flags;
        if flags.syn() {
            // A SYN or SYN-ACK with another number than before begins anew.
            self.base[own] = Some(segment.seq);
            let shift = options::options(segment.options()).find_map(|option| option.window_shift());
            self.shift[own] = shift.map_or(Shift::None, Shift::By);
            // RFC 7323 2.2: windows are scaled only if both SYNs say so.
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
            Shift::By(bits) => 1 << bits,
        };
        let window = self.shift[own].apply(segment.window);
        Relative { seq_base, ack_base, window, scale: Some(scale), other_scale_known }
    }
}

impl Sequence {
    /// Bytes of memory that it holds beside itself.
    pub(in crate::analysis) fn held(&self) -> usize {
        self.sides.iter().map(|flow| flow.flight.capacity() * size_of::<Sent>()).sum()
    }

    /// Forgets what is in flight.
    pub(in crate::analysis) fn let_go(&mut self) {
        for flow in self.sides.iter_mut().filter(|flow| !flow.flight.is_empty()) {
            flow.flight = VecDeque::new();
            flow.flight_unknown = true;
        }
    }

    /// Nanoseconds of the handshake, once it was seen.
    pub(in crate::analysis) fn initial_rtt(&self) -> Option<i64> {
        self.initial_rtt
    }

    fn pair(&mut self, side: Side) -> (&mut Flow, &mut Flow) {
        let [client, server] = &mut self.sides;
        match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        }
    }

    /// What a segment's numbers tell; `relative` is what the connection's scales make of it. `foreseen` is the time of the
    /// handshake, where an earlier reading has learnt it; `reused`, that the ports had another connection before.
    pub(in crate::analysis) fn analyse(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        relative: &Relative,
        at: At,
        foreseen: Option<i64>,
        reused: bool,
    ) -> Analysis {
        let mut told = Analysis::default();
        let initial_rtt = self.initial_rtt;
        let (own, other) = self.pair(side);
        let marks = Marks::of(own, other, segment, relative, at, initial_rtt);
        told.marks = marks.marks | if reused { Analysis::ReusedPorts } else { 0 };
        told.rto = marks.again.filter(|&(since, _)| since != 0);
        if marks.marks & Analysis::DuplicateAck != 0 {
            own.repeated += 1;
            told.duplicate_ack = Some((own.repeated, own.first_ack));
        } else if own.ack.is_none_or(|(last, _)| last != segment.ack) {
            own.repeated = 0;
            own.first_ack = at.frame;
        }
        own.advance(segment, relative, at, &marks);
        told.acks = own.acknowledge(other, segment, at);
        if segment.flags.ack() {
            other.selective.clear();
            let blocks = options::options(segment.options()).find(|option| option.kind == 5);
            other.selective.extend(blocks.iter().flat_map(|option| option.sack_blocks()));
        }
        let counts = !segment.is_empty() && !own.flight_unknown;
        if counts {
            told.bytes_in_flight = own.in_flight(segment);
            told.push_bytes_sent = Some(own.push(segment)).filter(|_| told.bytes_in_flight.is_some());
        }
        self.measure_handshake(segment, at);
        // Wireshark tells it of the frames of which it tells anything.
        if counts || told != Analysis::default() {
            told.initial_rtt = foreseen.or(self.initial_rtt);
        }
        told
    }

    fn measure_handshake(&mut self, segment: &Segment<'_>, at: At) {
        let flags = segment.flags;
        match (flags.syn(), flags.ack()) {
            (true, false) => self.syn = Some(at.time),
            // Any answer to a SYN-ACK or, as in Wireshark, to the SYN: a refusal too took a round trip.
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
    /// What was sent before: how long since, and in which frame.
    again: Option<(i64, u32)>,
}

impl Marks {
    /// The rules, in order.
    fn of(
        own: &mut Flow,
        other: &mut Flow,
        segment: &Segment<'_>,
        relative: &Relative,
        at: At,
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
            // So that what is captured of it is not told again.
            other.may_ack = other.next.map(|(next, _)| next);
        }
        let mut again = None;
        if (len > 0 || flags.any(Flags::SYN | Flags::FIN)) && probe != Some(Probe::KeepAlive) {
            let mark = Marks::of_data(own, other, segment, at, rtt);
            marks |= mark;
            if mark & Analysis::Retransmission != 0 {
                let since = own.flight.front().map(|sent| sent.at).or(own.next.map(|(_, at)| at));
                again = since.map(|sent| (at.time.saturating_sub(sent.time), sent.frame));
            }
        }
        Marks { marks, probe, again }
    }

    /// The rules that compare windows and acknowledgments with the last ones.
    fn of_window(own: &Flow, other: &Flow, segment: &Segment<'_>, relative: &Relative) -> u32 {
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

    /// The rules for what carries data, SYN or FIN: whether it was sent before.
    fn of_data(own: &Flow, other: &Flow, segment: &Segment<'_>, at: At, rtt: Option<i64>) -> u32 {
        let (seq, len) = (segment.seq, segment.len());
        let end = seq.wrapping_add(len).wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
        if len > 0 && other.ack.is_some_and(|(acked, _)| !before(acked, seq.wrapping_add(len))) {
            return Analysis::SpuriousRetransmission;
        }
        let Some((next, since)) = own.next else { return 0 };
        // After a probe with one byte, what begins with that byte and has more is new.
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

impl Flow {
    /// Takes note of what this segment adds.
    fn advance(&mut self, segment: &Segment<'_>, relative: &Relative, at: At, marks: &Marks) {
        let counted = segment.len().wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
        let end = segment.seq.wrapping_add(counted);
        if counted > 0 && !self.flight.iter().any(|sent| sent.seq == segment.seq && sent.end == end) {
            if self.flight.len() == UNACKNOWLEDGED {
                self.flight.pop_front();
            }
            self.flight.push_back(Sent { seq: segment.seq, end, at });
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

    /// Takes off the other side what this segment acknowledges; tells the segment it answers exactly, and since when.
    fn acknowledge(&mut self, other: &mut Flow, segment: &Segment<'_>, at: At) -> Option<(u32, i64)> {
        if !segment.flags.ack() {
            return None;
        }
        let ack = segment.ack;
        let exact = other.flight.iter().find(|sent| sent.end == ack);
        let told = exact.map(|sent| (sent.at.frame, at.time.saturating_sub(sent.at.time)));
        other.flight.retain_mut(|sent| {
            // Of a segment acknowledged in part the rest is in flight.
            if before(sent.seq, ack) {
                sent.seq = ack;
            }
            before(ack, sent.end)
        });
        // Most connections wait for nothing most of the time: many of them are remembered.
        if other.flight.is_empty() && other.flight.capacity() > KEPT_FLIGHT {
            other.flight = VecDeque::new();
        }
        other.flight_unknown = false;
        told
    }

    /// Bytes sent and not acknowledged, after this segment of data; none if there are none.
    fn in_flight(&self, segment: &Segment<'_>) -> Option<u32> {
        let first = self.flight.iter().map(|sent| sent.seq).reduce(|a, b| if before(b, a) { b } else { a })?;
        let last = self.flight.iter().map(|sent| sent.end).reduce(|a, b| if before(a, b) { b } else { a })?;
        let blocks = self.selective.iter().map(|(left, right)| right.wrapping_sub(*left));
        let selective = blocks.fold(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)), u32::saturating_add);
        Some(last.wrapping_sub(first).saturating_sub(selective)).filter(|&bytes| bytes > 0)
    }

    /// Bytes sent since the last PSH, after this segment of data.
    fn push(&mut self, segment: &Segment<'_>) -> u32 {
        let before = if self.pushed { 0 } else { self.since_push };
        self.since_push = before.saturating_add(segment.len());
        self.pushed = segment.flags.any(Flags::PSH);
        self.since_push
    }
}
