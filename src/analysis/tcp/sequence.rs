//! Analysis of sequence and acknowledgment numbers, with the meaning of Wireshark's `tcp.analysis`.
//!
//! The rules are evaluated in a fixed order, which decides between them. Each compares a segment with the earlier
//! segments of both sides.

use super::before;
use dissectors::session::{Side, Stamp};
use dissectors::tcp::{Analysis, Flags, Segment, SegmentFacts, options};
use std::collections::VecDeque;

/// Maximum number of unacknowledged segments of a side. It limits a side whose acknowledgments are not in the capture.
/// At the limit the oldest segment no longer counts for round-trip times and bytes in flight.
const MAX_IN_FLIGHT: usize = 1024;
/// Maximum capacity for such segments that remains allocated while none is in flight: enough for a request and a
/// response.
const IDLE_FLIGHT_CAPACITY: usize = 4;
/// Numbers of bytes in flight from here on are those of numbers that do not belong together.
const MAX_BYTES_IN_FLIGHT: u32 = 2_000_000_000;
/// Nanoseconds after the second duplicate acknowledgment within which a retransmission is a fast retransmission.
const FAST_RETRANSMISSION_AGE: i64 = 20_000_000;
/// Nanoseconds after a later segment within which a segment is out of order and not a retransmission, if no round-trip
/// time is known.
const OUT_OF_ORDER_AGE: i64 = 3_000_000;

/// The sequence state of one side.
#[derive(Clone, Debug, Default)]
struct SequenceSide {
    /// The next expected sequence number, and the frame that set it.
    next: Option<(u32, Stamp)>,
    /// The highest sequence number that the other side can acknowledge without acknowledging uncaptured data.
    max_ack: Option<u32>,
    /// The last acknowledgment number, and its frame.
    ack: Option<(u32, Stamp)>,
    /// Number of the frame with the last acknowledgment that is not a duplicate.
    first_ack_frame: u32,
    /// Number of duplicates of that acknowledgment.
    duplicate_acks: u32,
    /// The last window as sent, and in bytes.
    window: Option<(u16, u32)>,
    /// Set if the last segment was a keep-alive or a zero window probe.
    probe: Option<ProbeKind>,
    /// Segments sent and not acknowledged, oldest first.
    in_flight: VecDeque<InFlightSegment>,
    /// A segment was not captured since the last acknowledgment: the bytes in flight are unknown.
    in_flight_unknown: bool,
    /// Bytes sent since the last segment with PSH.
    bytes_since_push: u32,
    /// The last segment with data had PSH.
    last_had_push: bool,
    /// SACK blocks in the other side's last segment.
    sack_blocks: Vec<(u32, u32)>,
}

/// A segment that is not acknowledged.
#[derive(Clone, Copy, Debug)]
struct InFlightSegment {
    seq: u32,
    end: u32,
    at: Stamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProbeKind {
    KeepAlive,
    ZeroWindow,
}

/// The window scale of a side (RFC 7323 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WindowScale {
    /// The handshake was not captured.
    #[default]
    Unknown,
    /// The handshake negotiated no window scale.
    None,
    /// Windows are shifted left by this number of bits.
    Bits(u8),
}

impl WindowScale {
    /// Returns a window in bytes.
    fn apply(self, window: u16) -> u32 {
        match self {
            WindowScale::Bits(bits) => u32::from(window) << bits,
            WindowScale::Unknown | WindowScale::None => window.into(),
        }
    }
}

/// The bases of relative sequence numbers and the window scales of a connection, by side.
#[derive(Clone, Debug, Default)]
pub(in crate::analysis) struct SequenceParameters {
    base: [Option<u32>; 2],
    scale: [WindowScale; 2],
}

/// The sequence analysis of one connection.
#[derive(Clone, Debug, Default)]
pub(in crate::analysis) struct SequenceAnalysis {
    sides: [SequenceSide; 2],
    /// The time of the last SYN.
    syn: Option<i64>,
    initial_rtt: Option<i64>,
    /// Sequence number of a SYN with data, and whether a SYN had a Fast Open cookie.
    syn_data: Option<(u32, bool)>,
}

/// The bases of relative sequence numbers for one segment, and its window.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::analysis) struct SegmentParameters {
    /// The base of the sender's sequence numbers.
    pub(in crate::analysis) seq_base: u32,
    /// The base of the receiver's sequence numbers.
    pub(in crate::analysis) ack_base: u32,
    /// Window in bytes.
    pub(in crate::analysis) window: u32,
    /// Window scale factor, as in `tcp.window_size_scalefactor`; `None` for a SYN.
    pub(in crate::analysis) scale: Option<i32>,
    /// Whether the other side's window scale is known.
    other_scale_known: bool,
}

impl SequenceParameters {
    /// Returns the base of a side's sequence numbers, if a segment of the side or an acknowledgment was captured.
    pub(in crate::analysis) fn base(&self, side: Side) -> Option<u32> {
        self.base[side as usize]
    }

    /// Returns the facts about a segment that is quoted in an ICMP error. Does not change the state.
    pub(in crate::analysis) fn quoted_facts(&self, side: Side, quoted: &Segment<'_>) -> SegmentFacts {
        let base = |side: Side| self.base(side).unwrap_or_default();
        let scale = if quoted.flags.syn() { WindowScale::None } else { self.scale[side as usize] };
        let window = scale.apply(quoted.window);
        SegmentFacts { seq_base: base(side), ack_base: base(side.other()), window, ..SegmentFacts::default() }
    }

    /// Updates bases and window scales from a segment's header, and returns them for the segment.
    pub(in crate::analysis) fn update(&mut self, side: Side, segment: &Segment<'_>) -> SegmentParameters {
        let (own, other) = (side as usize, side.other() as usize);
        let flags = segment.flags;
        if flags.syn() {
            // A SYN or SYN-ACK with a different number replaces the base.
            self.base[own] = Some(segment.seq);
            let scale = options::options(segment.options()).find_map(|option| option.window_shift());
            self.scale[own] = scale.map_or(WindowScale::None, WindowScale::Bits);
            // RFC 7323 2.2: windows are scaled only if both SYNs have the option.
            let is_last = flags.ack() && self.scale.contains(&WindowScale::None);
            if is_last || scale.is_none() {
                self.scale = [WindowScale::None; 2];
            }
        }
        let seq_base = *self.base[own].get_or_insert(segment.seq.wrapping_sub(1));
        if flags.ack() {
            self.base[other].get_or_insert(segment.ack.wrapping_sub(1));
        }
        let ack_base = self.base[other].unwrap_or_default();
        let other_scale_known = self.scale[other] != WindowScale::Unknown;
        if flags.syn() {
            return SegmentParameters {
                seq_base,
                ack_base,
                window: segment.window.into(),
                scale: None,
                other_scale_known,
            };
        }
        let scale = match self.scale[own] {
            WindowScale::Unknown => -1,
            WindowScale::None => -2,
            WindowScale::Bits(bits) => 1 << bits,
        };
        let window = self.scale[own].apply(segment.window);
        SegmentParameters { seq_base, ack_base, window, scale: Some(scale), other_scale_known }
    }
}

impl SequenceAnalysis {
    /// Returns the number of heap bytes.
    pub(in crate::analysis) fn buffered(&self) -> usize {
        self.sides.iter().map(|side| side.in_flight.capacity() * size_of::<InFlightSegment>()).sum()
    }

    /// Frees the list of segments in flight.
    pub(in crate::analysis) fn release_buffers(&mut self) {
        for side in self.sides.iter_mut().filter(|side| !side.in_flight.is_empty()) {
            side.in_flight = VecDeque::new();
            side.in_flight_unknown = true;
        }
    }

    /// Returns the duration of the handshake in nanoseconds, if it was captured.
    pub(in crate::analysis) fn initial_rtt(&self) -> Option<i64> {
        self.initial_rtt
    }

    /// Returns the sender's state and the receiver's state.
    fn sides_mut(&mut self, side: Side) -> (&mut SequenceSide, &mut SequenceSide) {
        let [client, server] = &mut self.sides;
        match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        }
    }

    /// Returns the analysis of a segment and updates the state.
    ///
    /// `first_pass_rtt` is the duration of the handshake, if a first pass collected it. `reused` states that the ports
    /// had an earlier connection.
    pub(in crate::analysis) fn analyze(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        parameters: &SegmentParameters,
        at: Stamp,
        first_pass_rtt: Option<i64>,
        reused: bool,
    ) -> Analysis {
        let mut analysis = Analysis::default();
        let initial_rtt = self.initial_rtt;
        let (own, other) = self.sides_mut(side);
        let began = own.ack.is_some() || other.ack.is_some_and(|(acked, _)| acked != 0);
        let is_repeated_syn = segment.flags.syn() && !segment.flags.ack() && began;
        let findings = Findings::new(own, other, segment, parameters, at, initial_rtt);
        analysis.flags = findings.flags | if reused { Analysis::ReusedPorts } else { 0 };
        analysis.rto = findings.retransmission.filter(|&(since, _)| since != 0);
        if findings.flags & Analysis::DuplicateAck != 0 {
            own.duplicate_acks += 1;
            analysis.duplicate_ack = Some((own.duplicate_acks, own.first_ack_frame));
        } else if own.ack.is_none_or(|(last, _)| last != segment.ack) {
            own.duplicate_acks = 0;
            own.first_ack_frame = at.frame;
        }
        own.advance(segment, parameters, at, &findings);
        own.acknowledge(other, segment, at, &mut analysis);
        if segment.flags.ack() {
            other.sack_blocks.clear();
            let blocks = options::options(segment.options()).find(|option| option.kind == 5);
            other.sack_blocks.extend(blocks.iter().flat_map(|option| option.sack_blocks()));
        }
        let counts = !segment.is_empty() && !own.in_flight_unknown;
        if counts {
            analysis.bytes_in_flight = own.bytes_in_flight(segment, parameters.seq_base);
            analysis.push_bytes_sent =
                Some(own.count_push_bytes(segment)).filter(|_| analysis.bytes_in_flight.is_some());
        }
        self.measure_handshake(segment, at);
        if segment.flags.syn() {
            analysis.fast_open = self.fast_open(segment);
        }
        // As in Wireshark: only for frames with another analysis field, and for repeated SYNs.
        if counts || is_repeated_syn || analysis != Analysis::default() {
            analysis.initial_rtt = first_pass_rtt.or(self.initial_rtt);
        }
        analysis
    }

    /// Returns whether a SYN-ACK acknowledges the data of the SYN, or else that it does not although there was a cookie.
    fn fast_open(&mut self, segment: &Segment<'_>) -> Option<bool> {
        if segment.flags.ack() {
            let (seq, has_cookie) = self.syn_data?;
            let acked = segment.ack.wrapping_sub(seq);
            return (acked > 1 || has_cookie).then_some(acked > 1);
        }
        if !segment.is_empty() {
            let is_cookie =
                |option: options::TcpOption<'_>| option.fast_open_cookie().is_some_and(|cookie| !cookie.is_empty());
            let has_cookie = options::options(segment.options()).any(is_cookie);
            self.syn_data = Some((segment.seq, has_cookie));
        }
        None
    }

    fn measure_handshake(&mut self, segment: &Segment<'_>, at: Stamp) {
        let flags = segment.flags;
        match (flags.syn(), flags.ack()) {
            (true, false) => self.syn = Some(at.time),
            // The first ACK after a SYN-ACK or, as in Wireshark, after the SYN: a refusal also takes a round trip.
            (false, true) if self.initial_rtt.is_none() => {
                self.initial_rtt = self.syn.map(|syn| at.time.saturating_sub(syn));
            }
            _ => {}
        }
    }
}

/// The rules that apply to one segment.
struct Findings {
    /// Bits of [`Analysis::flags`].
    flags: u32,
    probe: Option<ProbeKind>,
    /// Of a retransmission: nanoseconds since the earlier segment, and its frame.
    retransmission: Option<(i64, u32)>,
}

impl Findings {
    /// Evaluates the rules in order.
    fn new(
        own: &mut SequenceSide,
        other: &mut SequenceSide,
        segment: &Segment<'_>,
        parameters: &SegmentParameters,
        at: Stamp,
        rtt: Option<i64>,
    ) -> Findings {
        let (flags, seq, len) = (segment.flags, segment.seq, segment.len());
        let plain = !flags.any(Flags::SYN | Flags::FIN | Flags::RST);
        let next = own.next.map(|(next, _)| next);
        let mut found = 0;
        let mut probe = None;
        if flags.syn() && !flags.ack() {
            // RFC 9293 3.10.7.4: a refusal may have had the number that this SYN repeats.
            own.restore_next();
        }
        let other_closed = other.window.is_some_and(|(window, _)| window == 0);
        if len == 1 && next == Some(seq) && other_closed {
            probe = Some(ProbeKind::ZeroWindow);
            found |= Analysis::ZeroWindowProbe;
        } else {
            if segment.window == 0 && plain {
                found |= Analysis::ZeroWindow;
            }
            if next.is_some_and(|next| before(next, seq)) && !flags.rst() {
                found |= Analysis::LostSegment;
                own.in_flight_unknown = true;
            }
            if len <= 1 && next == Some(seq.wrapping_add(1)) && plain {
                probe = Some(ProbeKind::KeepAlive);
                found |= Analysis::KeepAlive;
            }
            found |= Findings::window_flags(own, other, segment, parameters);
        }
        if flags.ack() && other.max_ack.is_some_and(|most| before(most, segment.ack)) {
            found |= Analysis::AckLostSegment;
            // The same gap is not reported again.
            let next = other.next.map(|(next, _)| next).filter(|&next| before(segment.ack, next));
            other.max_ack = Some(next.unwrap_or(segment.ack));
        }
        let mut retransmission = None;
        if (len > 0 || flags.any(Flags::SYN | Flags::FIN)) && probe != Some(ProbeKind::KeepAlive) {
            let data_flags = Findings::data_flags(own, other, segment, at, rtt);
            found |= data_flags;
            if data_flags & Analysis::Retransmission != 0 {
                let earlier = own.in_flight.iter().find(|sent| !before(sent.seq, seq));
                let since = earlier.map(|sent| sent.at).or(own.next.map(|(_, at)| at));
                retransmission = since.map(|sent| (at.time.saturating_sub(sent.time), sent.frame));
            }
        }
        Findings { flags: found, probe, retransmission }
    }

    /// Evaluates the rules that compare windows and acknowledgments with the previous ones.
    fn window_flags(
        own: &SequenceSide,
        other: &mut SequenceSide,
        segment: &Segment<'_>,
        parameters: &SegmentParameters,
    ) -> u32 {
        let plain = !segment.flags.any(Flags::SYN | Flags::FIN | Flags::RST);
        let (seq, ack, len, window) = (segment.seq, segment.ack, segment.len(), segment.window);
        let is_next = plain && own.next.is_some_and(|(next, _)| next == seq);
        let repeats = is_next && len == 0 && own.ack.is_some_and(|(last, _)| last == ack);
        let takes_probe = is_next
            && other.probe == Some(ProbeKind::ZeroWindow)
            && own.ack.is_some_and(|(last, _)| last.wrapping_add(1) == ack);
        let same_window = own.window.is_some_and(|(last, _)| last == window);
        // RFC 2018 3: SACK blocks report data that came after a gap, whatever the window.
        let has_blocks = repeats && !same_window && options::options(segment.options()).any(|option| option.kind == 5);
        let mut found = 0;
        let updates = repeats && window != 0 && own.window.is_some() && !same_window && !has_blocks;
        if updates || takes_probe && (window != 0 || len > 0) {
            found |= Analysis::WindowUpdate;
        }
        if let (Some((_, room)), Some((last, _))) = (other.window, other.ack)
            && len > 0
            && plain
            && parameters.other_scale_known
            && seq.wrapping_add(len) == last.wrapping_add(room)
        {
            found |= Analysis::WindowFull;
        }
        if repeats && (same_window || has_blocks) {
            found |= match other.probe {
                Some(ProbeKind::KeepAlive) if window != 0 => Analysis::KeepAliveAck,
                Some(ProbeKind::ZeroWindow) if window == 0 => Analysis::ZeroWindowProbeAck,
                _ if window != 0 => Analysis::DuplicateAck,
                _ => 0,
            };
        } else if takes_probe && found & Analysis::WindowUpdate == 0 {
            found |= Analysis::ZeroWindowProbeAck;
        }
        if takes_probe {
            other.accept_probe();
        }
        found
    }

    /// Evaluates the rules for retransmissions, for segments with data, SYN or FIN.
    fn data_flags(own: &SequenceSide, other: &SequenceSide, segment: &Segment<'_>, at: Stamp, rtt: Option<i64>) -> u32 {
        let (seq, len) = (segment.seq, segment.len());
        let end = seq.wrapping_add(len).wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
        // As in Wireshark, 0 is no acknowledgment: it is in segments without ACK.
        if len > 0 && other.ack.is_some_and(|(acked, _)| acked != 0 && !before(acked, seq.wrapping_add(len))) {
            return Analysis::SpuriousRetransmission;
        }
        let Some((next, since)) = own.next else { return 0 };
        // A segment that repeats the byte of a window probe and has more data is new.
        let new = len > 1 && next == seq.wrapping_add(1);
        if !before(seq, next) || new {
            return 0;
        }
        // The duplicate acknowledgments request what is acknowledged next, or what their SACK blocks leave out (RFC 6675).
        let is_received = |&(left, right)| !before(seq, left) && !before(right, seq.wrapping_add(len));
        let is_in_hole = !own.sack_blocks.is_empty() && !own.sack_blocks.iter().any(is_received);
        if let Some((acked, acked_at)) = other.ack
            && other.duplicate_acks >= 2
            && (acked == seq || is_in_hole)
            && (0..FAST_RETRANSMISSION_AGE).contains(&at.time.saturating_sub(acked_at.time))
        {
            return Analysis::FastRetransmission;
        }
        let is_copy = own.in_flight.iter().any(|sent| !before(seq, sent.seq) && !before(sent.end, end));
        if !is_copy && (0..rtt.unwrap_or(OUT_OF_ORDER_AGE)).contains(&at.time.saturating_sub(since.time)) {
            return Analysis::OutOfOrder;
        }
        Analysis::Retransmission
    }
}

impl SequenceSide {
    /// Sets the next expected number to the one that the other side can acknowledge.
    fn restore_next(&mut self) {
        if let (Some((_, at)), Some(most)) = (self.next, self.max_ack) {
            self.next = Some((most, at));
        }
    }

    /// Counts the byte of a zero window probe that the other side has accepted.
    fn accept_probe(&mut self) {
        self.next = self.next.map(|(next, at)| (next.wrapping_add(1), at));
        self.max_ack = self.next.map(|(next, _)| next);
    }

    /// Updates the side's state with its segment.
    fn advance(&mut self, segment: &Segment<'_>, parameters: &SegmentParameters, at: Stamp, findings: &Findings) {
        let counted = segment.len().wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
        let end = segment.seq.wrapping_add(counted);
        if counted > 0 && !self.in_flight.iter().any(|sent| sent.seq == segment.seq && sent.end == end) {
            if self.in_flight.len() == MAX_IN_FLIGHT {
                self.in_flight.pop_front();
            }
            self.in_flight.push_back(InFlightSegment { seq: segment.seq, end, at });
        }
        if findings.probe != Some(ProbeKind::ZeroWindow) {
            if self.next.is_none_or(|(next, _)| before(next, end)) {
                self.next = Some((end, at));
            }
            if self.max_ack.is_none_or(|most| most == segment.seq) {
                self.max_ack = self.next.map(|(next, _)| next);
            }
        }
        self.probe = findings.probe;
        self.window = Some((segment.window, parameters.window));
        self.ack = Some((segment.ack, at));
    }

    /// Removes what this segment acknowledges from the other side's segments in flight.
    ///
    /// Records in `analysis` the oldest segment of which it acknowledges the end, or a part.
    fn acknowledge(&mut self, other: &mut SequenceSide, segment: &Segment<'_>, at: Stamp, analysis: &mut Analysis) {
        if !segment.flags.ack() {
            return;
        }
        let ack = segment.ack;
        let acked = other.in_flight.iter().find(|sent| before(sent.seq, ack) && !before(sent.end, ack));
        if let Some(sent) = acked {
            analysis.acks = Some((sent.at.frame, at.time.saturating_sub(sent.at.time)));
            analysis.partial_ack = sent.end != ack;
        }
        other.in_flight.retain_mut(|sent| {
            // The rest of a partly acknowledged segment remains in flight.
            if before(sent.seq, ack) {
                sent.seq = ack;
            }
            before(ack, sent.end)
        });
        // Most connections are idle most of the time, and there are many of them: free the memory.
        if other.in_flight.is_empty() && other.in_flight.capacity() > IDLE_FLIGHT_CAPACITY {
            other.in_flight = VecDeque::new();
        }
        other.in_flight_unknown = false;
    }

    /// Returns the bytes sent and not acknowledged, including this segment's; `None` if there are none.
    fn bytes_in_flight(&self, segment: &Segment<'_>, base: u32) -> Option<u32> {
        // As in Wireshark: numbers before the first one of the side count as high numbers.
        let first = self.in_flight.iter().map(|sent| sent.seq.wrapping_sub(base)).min()?;
        let last = self.in_flight.iter().map(|sent| sent.end.wrapping_sub(base)).max()?;
        let blocks = self.sack_blocks.iter().map(|(left, right)| right.wrapping_sub(*left));
        let sacked = blocks.fold(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)), u32::saturating_add);
        Some(last.wrapping_sub(first).saturating_sub(sacked)).filter(|bytes| (1..MAX_BYTES_IN_FLIGHT).contains(bytes))
    }

    /// Counts the data of this segment. Returns the bytes sent since the last PSH, including this segment's.
    fn count_push_bytes(&mut self, segment: &Segment<'_>) -> u32 {
        let earlier = if self.last_had_push { 0 } else { self.bytes_since_push };
        self.bytes_since_push = earlier.saturating_add(segment.len());
        self.last_had_push = segment.flags.any(Flags::PSH);
        self.bytes_since_push
    }
}
