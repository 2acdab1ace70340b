//! TCP (RFC 9293): the header of a segment, recorded together with the analysis of its stream.

mod fields;
pub mod options;

use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Alias, Claim, Dissector, Protocol, UnitReassembly};
use crate::tree::{Slice, Tree, Value};
use core::fmt;
use etherparse::TcpHeaderSlice;
pub use fields::*;

/// How TCP records that units above it were reassembled from segments.
pub static REASSEMBLY: UnitReassembly = UnitReassembly {
    units: &SEGMENTS,
    unit: &SEGMENT,
    count: &SEGMENT_COUNT,
    length: &REASSEMBLED_LENGTH,
    data: &REASSEMBLED_DATA,
    reassembled_in: &REASSEMBLED_IN,
};

/// Registry entry for TCP.
pub static PROTOCOL: Protocol = Protocol {
    short: "TCP",
    fields: FIELDS,
    claims: &[Claim::IpProto(6)],
    aliases: &[Alias::new("stream", &STREAM), Alias::new("port", &PORT)],
    dissectors: &[Dissector::Layer(read)],
};

/// The flags of a segment: the twelve bits after the header length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flags(pub u16);

impl Flags {
    /// The sender sends no more data.
    pub const FIN: u16 = 0x001;
    /// Sequence numbers are synchronised.
    pub const SYN: u16 = 0x002;
    /// The connection is reset.
    pub const RST: u16 = 0x004;
    /// The receiver should deliver the data immediately.
    pub const PSH: u16 = 0x008;
    /// Whether the acknowledgment number is valid.
    pub const ACK: u16 = 0x010;
    /// Whether the urgent pointer is valid.
    pub const URG: u16 = 0x020;
    /// Echo of a congestion mark.
    pub const ECE: u16 = 0x040;
    /// The congestion window was reduced.
    pub const CWR: u16 = 0x080;
    /// Accurate ECN.
    pub const AE: u16 = 0x100;
    const RESERVED: u16 = 0xe00;

    /// Returns whether any flag of `mask` is set.
    #[must_use]
    pub const fn any(self, mask: u16) -> bool {
        self.0 & mask != 0
    }

    /// Returns whether FIN is set.
    #[must_use]
    pub const fn fin(self) -> bool {
        self.any(Flags::FIN)
    }

    /// Returns whether SYN is set.
    #[must_use]
    pub const fn syn(self) -> bool {
        self.any(Flags::SYN)
    }

    /// Returns whether RST is set.
    #[must_use]
    pub const fn rst(self) -> bool {
        self.any(Flags::RST)
    }

    /// Returns whether ACK is set.
    #[must_use]
    pub const fn ack(self) -> bool {
        self.any(Flags::ACK)
    }
}

/// Displays the flags as words, such as `SYN, ACK`.
impl Flags {
    /// Calls a function with each part of the text that names the flags, such as `SYN`, `, ` and `ACK`.
    fn words(self, mut write: impl FnMut(&'static str)) {
        const WORDS: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
        let mut before = "";
        for (_, word) in WORDS.iter().enumerate().filter(|(bit, _)| self.any(1 << bit)) {
            write(before);
            write(word);
            before = ", ";
        }
        if self.any(Flags::RESERVED) {
            write(before);
            write("Reserved");
        } else if before.is_empty() {
            write("<None>");
        }
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.words(|word| result = result.and_then(|()| f.write_str(word)));
        result
    }
}

/// Displays the flags as twelve letters, with a dot for each flag that is not set.
struct FlagLetters(Flags);

impl fmt::Display for FlagLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        "RRRACEUAPRSF"
            .chars()
            .enumerate()
            .try_for_each(|(at, letter)| fmt::Write::write_char(f, if self.0.any(0x800 >> at) { letter } else { '·' }))
    }
}

/// A TCP segment: the values of its header, and its data.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'b> {
    /// The header, options included; shorter than 20 bytes in a packet quoted by an ICMP error.
    pub header: Payload<'b>,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number as sent.
    pub seq: u32,
    /// Acknowledgment number as sent.
    pub ack: u32,
    /// The flags.
    pub flags: Flags,
    /// Window as sent.
    pub window: u16,
    /// The data; `wire` is its length as sent, which determines sequence numbers.
    pub payload: Payload<'b>,
    /// Whether the packet is quoted in an ICMP error.
    pub quoted: bool,
}

impl<'b> Segment<'b> {
    /// Reads a header. None if it is incomplete, or its length is invalid.
    #[inline]
    #[must_use]
    pub fn read(payload: Payload<'b>, quoted: bool) -> Option<Segment<'b>> {
        let header = TcpHeaderSlice::from_slice(payload.bytes).ok()?;
        let [.., upper, lower] = *header.slice().first_chunk::<14>()?;
        let len = header.slice().len();
        Some(Segment {
            header: payload.first(len),
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            seq: header.sequence_number(),
            ack: header.acknowledgment_number(),
            flags: Flags(u16::from_be_bytes([upper, lower]) & 0xfff),
            window: header.window_size(),
            payload: payload.from(len),
            quoted,
        })
    }

    /// Returns the flags of a segment whose header is whole.
    #[inline]
    #[must_use]
    pub fn read_flags(bytes: &[u8]) -> Option<Flags> {
        let [.., upper, lower] = *bytes.first_chunk::<14>()?;
        let header_len = usize::from(upper >> 4) * 4;
        let is_whole = (20..=bytes.len()).contains(&header_len);
        is_whole.then_some(Flags(u16::from_be_bytes([upper, lower]) & 0xfff))
    }

    /// Bytes of the options.
    #[must_use]
    pub fn options(&self) -> &'b [u8] {
        self.header.bytes.get(20..).unwrap_or_default()
    }

    /// Returns the number of data bytes on the wire.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.payload.wire
    }

    /// Returns whether it carries no data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Values of a segment that depend on its stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentFacts {
    /// Number of the stream.
    pub stream: u32,
    /// Number of the frame in the stream, from 1.
    pub packet_number: u32,
    /// Final completeness of the stream, or that of the frames so far.
    pub completeness: u8,
    /// Initial sequence number of this side; relative numbers count from it.
    pub seq_base: u32,
    /// Initial sequence number of the other side; relative numbers count from it.
    pub ack_base: u32,
    /// The window in bytes.
    pub window: u32,
    /// Window scale factor; -1 unknown, -2 not negotiated; none if not applicable (a SYN).
    pub scale: Option<i32>,
    /// Nanoseconds since the stream's first frame.
    pub time_relative: i64,
    /// Nanoseconds since the stream's previous frame.
    pub time_delta: i64,
    /// Results of the sequence number analysis.
    pub analysis: Analysis,
    /// Whether this FIN is the first of the stream (`Some(true)`) or the second; none without FIN.
    pub fin_active: Option<bool>,
    /// The frame that completes the message of this data, if it is a later one.
    pub reassembled_in: Option<u32>,
    /// Set if the data overlaps earlier data; true if the overlapping data differs.
    pub overlap: Option<bool>,
}

/// Results of the sequence number analysis for one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Abnormal findings: a sum of the `Analysis::*` bits.
    pub flags: u32,
    /// Frame with the segment that this acknowledges, and nanoseconds since.
    pub acks: Option<(u32, i64)>,
    /// The segment is acknowledged only in part.
    pub partial_ack: bool,
    /// Duration of the handshake in nanoseconds.
    pub initial_rtt: Option<i64>,
    /// Number of bytes sent and not acknowledged.
    pub bytes_in_flight: Option<u32>,
    /// Number of bytes sent since the last PSH flag.
    pub push_bytes_sent: Option<u32>,
    /// Number of repetitions of the acknowledgment, and the frame with the first.
    pub duplicate_ack: Option<(u32, u32)>,
    /// Nanoseconds since the first transmission of the data, and its frame.
    pub rto: Option<(i64, u32)>,
    /// Of a SYN-ACK after a SYN with data: whether it acknowledges the data, which has a Fast Open cookie otherwise.
    pub fast_open: Option<bool>,
}

macro_rules! analysis_flags {
    ($($(#[doc = $doc:literal])+ $name:ident $field:ident $info:literal;)+) => {
        enum AnalysisFlagBit { $($name),+ }
        impl Analysis {
            $($(#[doc = $doc])+ #[allow(non_upper_case_globals)] pub const $name: u32 = 1 << AnalysisFlagBit::$name as u32;)+
        }
        /// Each flag with its field and the text that it adds before the info.
        static FLAG_FIELDS: &[(u32, &crate::field::Field, &str)] = &[$((Analysis::$name, &$field, $info)),+];
    };
}

// In the order of Wireshark's analysis; in the info, the text of the last flag comes first.
analysis_flags! {
    /// The ports were used by an earlier connection.
    ReusedPorts ANALYSIS_REUSED_PORTS "TCP Port numbers reused";
    /// A retransmission after duplicate acknowledgments.
    FastRetransmission ANALYSIS_FAST_RETRANSMISSION "TCP Fast Retransmission";
    /// A retransmission of acknowledged data.
    SpuriousRetransmission ANALYSIS_SPURIOUS_RETRANSMISSION "TCP Spurious Retransmission";
    /// A retransmission.
    Retransmission ANALYSIS_RETRANSMISSION "TCP Retransmission";
    /// The segment follows data that was sent later.
    OutOfOrder ANALYSIS_OUT_OF_ORDER "TCP Out-Of-Order";
    /// Data before this was not captured.
    LostSegment ANALYSIS_LOST_SEGMENT "TCP Previous segment not captured";
    /// It acknowledges data that was not captured.
    AckLostSegment ANALYSIS_ACK_LOST_SEGMENT "TCP ACKed unseen segment";
    /// The segment only changes the window.
    WindowUpdate ANALYSIS_WINDOW_UPDATE "TCP Window Update";
    /// The segment fills the window of the other side.
    WindowFull ANALYSIS_WINDOW_FULL "TCP Window Full";
    /// A probe whether the other side is alive.
    KeepAlive ANALYSIS_KEEP_ALIVE "TCP Keep-Alive";
    /// A response that this side is alive.
    KeepAliveAck ANALYSIS_KEEP_ALIVE_ACK "TCP Keep-Alive ACK";
    /// A repeated acknowledgment.
    DuplicateAck ANALYSIS_DUPLICATE_ACK "TCP Dup ACK";
    /// A probe whether the other side has buffer space.
    ZeroWindowProbe ANALYSIS_ZERO_WINDOW_PROBE "TCP ZeroWindowProbe";
    /// This side has no buffer space.
    ZeroWindow ANALYSIS_ZERO_WINDOW "TCP ZeroWindow";
    /// A response that there is still no buffer space.
    ZeroWindowProbeAck ANALYSIS_ZERO_WINDOW_PROBE_ACK "TCP ZeroWindowProbeAck";
}

impl Analysis {
    /// Returns whether all bits of `mark` are set.
    #[must_use]
    pub const fn has(&self, mark: u32) -> bool {
        self.flags & mark != 0
    }
}

/// Returns whether a field is recorded only for segments with an analysis flag.
#[must_use]
pub fn is_analysis_flag(field: &crate::field::Field) -> bool {
    field.id == ANALYSIS_FLAGS.id || FLAG_FIELDS.iter().any(|(_, mark, _)| mark.id == field.id)
}

/// Reads the header; the stream determines the derived values.
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("tcp");
    match Segment::read(payload, packet.quoted) {
        Some(segment) => NextLayer::Segment(segment),
        None => read_truncated(payload, packet, tree),
    }
}

/// Records a truncated or invalid header as far as possible. An ICMP error need only quote the ports and the sequence
/// number (RFC 792), which is enough to find the stream.
#[cold]
fn read_truncated<'b>(payload: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    if packet.quoted && payload.bytes.len() >= 8 {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    match payload.bytes.first_chunk::<8>() {
        Some(&[a, b, c, d, e, f, g, h]) if packet.quoted => NextLayer::Segment(Segment {
            header: payload,
            source_port: u16::from_be_bytes([a, b]),
            destination_port: u16::from_be_bytes([c, d]),
            seq: u32::from_be_bytes([e, f, g, h]),
            ack: 0,
            flags: Flags::default(),
            window: 0,
            payload: Payload::default(),
            quoted: true,
        }),
        Some(_) if payload.is_truncated() && header_len(payload.bytes).is_some_and(|len| len >= 20) => {
            read_fixed(payload)
        }
        _ => {
            if tree.wants_columns() {
                tree.columns_mut().protocol = PROTOCOL.short;
            }
            tree.open(&TCP, payload.all(), Value::Bytes(payload.all()));
            describe_incomplete(payload, tree);
            match header_len(payload.bytes) {
                Some(len @ ..20) => {
                    let text = format_args!("ogus TCP header length ({len}, must be at least 20)");
                    tree.note(&BOGUS_HEADER_LENGTH, payload.span(12, 1), format_args!("B{text}"));
                    tree.append_info(format_args!(", b{text}"));
                }
                _ if payload.is_truncated() => crate::padding::note_truncated_unless_quoted(payload, packet, tree),
                _ => {
                    if (16..20).contains(&payload.bytes.len()) {
                        tree.note(&SHORT_SEGMENT, payload.all(), format_args!("{}", SHORT_SEGMENT.title));
                    }
                    tree.note(&BOGUS_HEADER_LENGTH, payload.all(), format_args!("{}", BOGUS_HEADER_LENGTH.title));
                    tree.append_info(format_args!("[Malformed Packet]"));
                }
            }
            tree.close();
            NextLayer::End
        }
    }
}

/// Records ports, length and flags of a header that is incomplete or has an invalid length, as far as there are any. Such a
/// segment belongs to no stream.
fn describe_incomplete(payload: Payload<'_>, tree: &mut Tree) {
    tree.set_info(format_args!(""));
    let Some(&[a, b, c, d]) = payload.bytes.first_chunk() else { return };
    let (source, destination) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let ports = [(&SRCPORT, source, 0), (&DSTPORT, destination, 2), (&PORT, source, 0), (&PORT, destination, 2)];
    for (field, port, at) in ports {
        tree.put(field, payload.span(at, 2), Value::Uint(port.into()));
    }
    tree.set_info(format_args!("{source} → {destination}"));
    if let Some(len) = header_len(payload.bytes) {
        tree.put(&HDR_LEN, payload.span(12, 1), Value::Uint(len.into()));
    }
    if let Some(bytes) = payload.bytes.get(12..).and_then(|rest| rest.first_chunk()) {
        let flags = Flags(u16::from_be_bytes(*bytes) & 0xfff);
        tree.put(&FLAGS, payload.span(12, 2), Value::Uint(flags.0.into()));
        tree.append_info(format_args!(" [{flags}]"));
    }
}

/// Returns the header length field, if it was captured.
fn header_len(header: &[u8]) -> Option<u32> {
    header.get(12).map(|byte| u32::from(byte >> 4) * 4)
}

/// Reads the first twenty bytes of a header whose options were not captured.
fn read_fixed(payload: Payload<'_>) -> NextLayer<'_> {
    let Some(fixed) = payload.bytes.first_chunk::<20>() else { return NextLayer::Data(payload) };
    let [a, b, c, d, s0, s1, s2, s3, k0, k1, k2, k3, upper, lower, w0, w1, ..] = *fixed;
    let len = header_len(fixed).unwrap_or_default();
    NextLayer::Segment(Segment {
        header: payload,
        source_port: u16::from_be_bytes([a, b]),
        destination_port: u16::from_be_bytes([c, d]),
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([k0, k1, k2, k3]),
        flags: Flags(u16::from_be_bytes([upper, lower]) & 0xfff),
        window: u16::from_be_bytes([w0, w1]),
        payload: Payload { bytes: &[], base: payload.all().end(), wire: payload.wire.saturating_sub(len) },
        quoted: false,
    })
}

/// Records a segment with the values that depend on its stream.
pub fn describe(segment: &Segment<'_>, facts: &SegmentFacts, tree: &mut Tree) {
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        write_info(segment, facts, tree);
    }
    if !tree.wants_any(&TCP) {
        return;
    }
    let (seq, ack) = relative_numbers(segment, facts);
    let len = segment.len();
    let header = segment.header;
    let at = |at, len| header.span(at, len);
    let derived = Slice::default();
    let node = tree.open(&TCP, header.all(), Value::Bytes(header.all().extended_to(segment.payload.all())));
    if tree.wanted().labels {
        let (from, to) = (segment.source_port, segment.destination_port);
        tree.label(
            node,
            format_args!(
                "Transmission Control Protocol, Src Port: {from}, Dst Port: {to}, Seq: {seq}, Ack: {ack}, Len: {len}"
            ),
        );
    }
    tree.put(&SRCPORT, at(0, 2), Value::Uint(segment.source_port.into()));
    tree.put(&DSTPORT, at(2, 2), Value::Uint(segment.destination_port.into()));
    tree.put(&PORT, at(0, 2), Value::Uint(segment.source_port.into()));
    tree.put(&PORT, at(2, 2), Value::Uint(segment.destination_port.into()));
    tree.put(&STREAM, derived, Value::Uint(facts.stream.into()));
    if header.bytes.len() < 20 {
        tree.put(&SEQ_RAW, at(4, 4), Value::Uint(segment.seq.into()));
        tree.close();
        return;
    }
    if !segment.quoted {
        tree.put(&STREAM_PNUM, derived, Value::Uint(facts.packet_number.into()));
        if tree.wanted().any_between(&COMPLETENESS, &COMPLETENESS_STR) {
            describe_completeness(facts.completeness, tree);
        }
    }
    let wants = |first, last, tree: &Tree| tree.wanted().any_between(first, last);
    if wants(&LEN, &URGENT_POINTER, tree) || wants(&URGENT_POINTER_NON_ZERO, &CONNECTION_RST, tree) {
        describe_numbers(segment, facts, tree);
    }
    if header.bytes.len() > 20 && wants(&OPTIONS, &OPTION_LEN_INVALID, tree) {
        options::describe(header.from(20), segment, facts.ack_base, tree);
    }
    if !segment.quoted {
        tree.put(&TIME_RELATIVE, derived, Value::Duration(facts.time_relative));
        tree.put(&TIME_DELTA, derived, Value::Duration(facts.time_delta));
        if wants(&ANALYSIS, &ANALYSIS_RTO_FRAME, tree) {
            describe_analysis(&facts.analysis, tree);
        }
    }
    let data = segment.payload;
    if segment.flags.rst() && !data.bytes.is_empty() {
        // RFC 1122 4.2.2.12: text that explains the reset.
        tree.put(&RESET_CAUSE, data.all(), Value::Text(data.all()));
    } else if !data.bytes.is_empty() {
        tree.put(&PAYLOAD, data.all(), Value::Bytes(data.all()));
    }
    if let Some(conflict) = facts.overlap {
        tree.put(&SEGMENT_OVERLAP, derived, Value::Bool(true));
        if conflict {
            tree.put(&SEGMENT_OVERLAP_CONFLICT, derived, Value::Bool(true));
        }
    }
    if let Some(frame) = facts.reassembled_in {
        tree.put(&REASSEMBLED_IN, derived, Value::Uint(frame.into()));
    }
    tree.close();
}

/// Returns the relative sequence and acknowledgment numbers. Without the ACK flag the acknowledgment number stays raw.
fn relative_numbers(segment: &Segment<'_>, facts: &SegmentFacts) -> (u32, u32) {
    let seq = segment.seq.wrapping_sub(facts.seq_base);
    let ack = segment.ack.wrapping_sub(if segment.flags.ack() { facts.ack_base } else { 0 });
    (seq, ack)
}

/// Records the fixed part of the header after the ports.
fn describe_numbers(segment: &Segment<'_>, facts: &SegmentFacts, tree: &mut Tree) {
    let (seq, ack) = relative_numbers(segment, facts);
    let len = segment.len();
    let header = segment.header;
    let at = |at, len| header.span(at, len);
    let derived = Slice::default();
    tree.put(&LEN, at(12, 1), Value::Uint(len.into()));
    tree.put(&SEQ, at(4, 4), Value::Uint(seq.into()));
    tree.put(&SEQ_RAW, at(4, 4), Value::Uint(segment.seq.into()));
    let span = len.wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
    tree.put(&NXTSEQ, derived, Value::Uint(seq.wrapping_add(span).into()));
    tree.put(&ACK, at(8, 4), Value::Uint(ack.into()));
    tree.put(&ACK_RAW, at(8, 4), Value::Uint(segment.ack.into()));
    if !segment.flags.ack() && segment.ack != 0 {
        tree.note(&ACK_NONZERO, at(8, 4), format_args!("{}", ACK_NONZERO.title));
    }
    if let Some(is_accepted) = facts.analysis.fast_open {
        let note = if is_accepted { &ANALYSIS_TFO_ACK } else { &ANALYSIS_TFO_IGNORED };
        tree.note(note, at(8, 4), format_args!("{}", note.title));
    }
    tree.put(&HDR_LEN, at(12, 1), Value::Uint(header_len(header.bytes).unwrap_or_default().into()));
    describe_flags(segment, facts, tree);
    tree.put(&WINDOW_SIZE_VALUE, at(14, 2), Value::Uint(segment.window.into()));
    tree.put(&WINDOW_SIZE, at(14, 2), Value::Uint(facts.window.into()));
    if let Some(scale) = facts.scale {
        tree.put(&WINDOW_SIZE_SCALEFACTOR, at(14, 2), Value::Int(scale.into()));
    }
    let checksum = |at: usize| header.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    tree.put(&CHECKSUM, at(16, 2), Value::Uint(u16::from_be_bytes(checksum(16)).into()));
    tree.put(&CHECKSUM_STATUS, derived, Value::Uint(2));
    let urgent = u16::from_be_bytes(checksum(18));
    tree.put(&URGENT_POINTER, at(18, 2), Value::Uint(urgent.into()));
    if urgent != 0 && !segment.flags.any(Flags::URG) {
        tree.note(&URGENT_POINTER_NON_ZERO, at(18, 2), format_args!("{}", URGENT_POINTER_NON_ZERO.title));
    }
}

fn write_info(segment: &Segment<'_>, facts: &SegmentFacts, tree: &mut Tree) {
    let analysis = facts.analysis;
    tree.set_info(format_args!(""));
    for &(mark, _, words) in FLAG_FIELDS.iter().rev().filter(|(mark, ..)| analysis.has(*mark)) {
        match analysis.duplicate_ack.filter(|_| mark == Analysis::DuplicateAck) {
            Some((count, frame)) => tree.append_info(format_args!("[{words} {frame}#{count}] ")),
            None => tree.append_info(format_args!("[{words}] ")),
        }
    }
    // The info of the stream's payload replaces the text from here on, but not the analysis flags.
    tree.fence();
    let Some(mut info) = tree.info_text() else { return };
    info.number(segment.source_port.into()).text(" → ").number(segment.destination_port.into()).text(" [");
    segment.flags.words(|word| {
        info.text(word);
    });
    info.text("] Seq=").number(segment.seq.wrapping_sub(facts.seq_base));
    if segment.flags.ack() {
        info.text(" Ack=").number(segment.ack.wrapping_sub(facts.ack_base));
    }
    info.text(" Win=").number(facts.window);
    if let (true, Some(&[.., a, b])) = (segment.flags.any(Flags::URG), segment.header.bytes.first_chunk::<20>()) {
        info.text(" Urg=").number(u16::from_be_bytes([a, b]).into());
    }
    info.text(" Len=").number(segment.len());
    for option in options::options(segment.options()) {
        options::write_info(option, facts.ack_base, &mut info);
    }
    if let Some(frame) = facts.reassembled_in {
        info.text(" [TCP PDU reassembled in ").number(frame).text("]");
    }
}

fn describe_completeness(bits: u8, tree: &mut Tree) {
    let derived = Slice::default();
    let node = tree.open(&COMPLETENESS, derived, Value::Uint(bits.into()));
    tree.label(node, format_args!("[Conversation completeness: {} ({bits})]", completeness_name(bits)));
    let parts = [
        &COMPLETENESS_RST,
        &COMPLETENESS_FIN,
        &COMPLETENESS_DATA,
        &COMPLETENESS_ACK,
        &COMPLETENESS_SYN_ACK,
        &COMPLETENESS_SYN,
    ];
    for (field, bit) in parts.into_iter().zip([32, 16, 8, 4, 2, 1]) {
        tree.put(field, derived, Value::Bool(bits & bit != 0));
    }
    if tree.wants(&COMPLETENESS_STR) {
        let letter = |bit: u8, letter| if bits & bit != 0 { letter } else { '·' };
        let [r, f, d] = [letter(32, 'R'), letter(16, 'F'), letter(8, 'D')];
        let [a, s, t] = [letter(4, 'A'), letter(2, 'S'), letter(1, 'S')];
        tree.put_text(&COMPLETENESS_STR, derived, format_args!("{r}{f}{d}{a}{s}{t}"));
    }
    tree.close();
}

/// Returns the name of a completeness: the last state that the connection reached.
#[must_use]
pub fn completeness_name(bits: u8) -> &'static str {
    match bits {
        1 => "Incomplete, SYN_SENT",
        3 => "Incomplete, CLIENT_ESTABLISHED",
        7 => "Incomplete, ESTABLISHED",
        15 => "Incomplete, DATA",
        31 | 47 | 63 => "Complete, WITH_DATA",
        23 | 39 | 55 => "Complete, NO_DATA",
        _ => "Incomplete",
    }
}

fn describe_flags(segment: &Segment<'_>, facts: &SegmentFacts, tree: &mut Tree) {
    let flags = segment.flags;
    let span = segment.header.span(12, 2);
    let node = tree.open(&FLAGS, span, Value::Uint(flags.0.into()));
    tree.label(node, format_args!("Flags: 0x{:03x} ({flags})", flags.0));
    let parts = [
        (&FLAGS_RES, Flags::RESERVED),
        (&FLAGS_AE, Flags::AE),
        (&FLAGS_CWR, Flags::CWR),
        (&FLAGS_ECE, Flags::ECE),
        (&FLAGS_URG, Flags::URG),
        (&FLAGS_ACK, Flags::ACK),
        (&FLAGS_PUSH, Flags::PSH),
        (&FLAGS_RESET, Flags::RST),
        (&FLAGS_SYN, Flags::SYN),
        (&FLAGS_FIN, Flags::FIN),
    ];
    for (field, bit) in parts {
        tree.put(field, span, Value::Bool(flags.any(bit)));
    }
    let port = segment.destination_port;
    match (flags.syn(), flags.ack()) {
        (true, true) => {
            let port = segment.source_port;
            tree.note(&CONNECTION_SYNACK, span, format_args!("{}: server port {port}", CONNECTION_SYNACK.title));
        }
        (true, false) => tree.note(&CONNECTION_SYN, span, format_args!("{}: server port {port}", CONNECTION_SYN.title)),
        _ => {}
    }
    if flags.rst() {
        tree.note(&CONNECTION_RST, span, format_args!("{}", CONNECTION_RST.title));
    }
    if flags.fin() {
        tree.note(&CONNECTION_FIN, span, format_args!("{}", CONNECTION_FIN.title));
        match facts.fin_active {
            Some(true) => tree.note(&CONNECTION_FIN_ACTIVE, span, format_args!("{}", CONNECTION_FIN_ACTIVE.title)),
            Some(false) => tree.note(&CONNECTION_FIN_PASSIVE, span, format_args!("{}", CONNECTION_FIN_PASSIVE.title)),
            None => {}
        }
    }
    tree.put_text(&FLAGS_STR, span, format_args!("{}", FlagLetters(flags)));
    tree.close();
}

fn describe_analysis(analysis: &Analysis, tree: &mut Tree) {
    if *analysis == Analysis::default() {
        return;
    }
    let derived = Slice::default();
    tree.open(&ANALYSIS, derived, Value::Present);
    if let Some((frame, rtt)) = analysis.acks {
        tree.put(&ANALYSIS_ACKS_FRAME, derived, Value::Uint(frame.into()));
        if analysis.partial_ack {
            tree.note(&ANALYSIS_PARTIAL_ACK, derived, format_args!("{}", ANALYSIS_PARTIAL_ACK.title));
        }
        if rtt != 0 {
            tree.put(&ANALYSIS_ACK_RTT, derived, Value::Duration(rtt));
        }
    }
    if let Some(rtt) = analysis.initial_rtt {
        tree.put(&ANALYSIS_INITIAL_RTT, derived, Value::Duration(rtt));
    }
    if let Some(bytes) = analysis.bytes_in_flight {
        tree.put(&ANALYSIS_BYTES_IN_FLIGHT, derived, Value::Uint(bytes.into()));
    }
    if let Some(bytes) = analysis.push_bytes_sent {
        tree.put(&ANALYSIS_PUSH_BYTES_SENT, derived, Value::Uint(bytes.into()));
    }
    if analysis.flags != 0 {
        tree.open(&ANALYSIS_FLAGS, derived, Value::Present);
        for &(mark, field, _) in FLAG_FIELDS.iter().filter(|(mark, ..)| analysis.has(*mark)) {
            match analysis.duplicate_ack.filter(|_| mark == Analysis::DuplicateAck) {
                Some((count, _)) => tree.note(field, derived, format_args!("{} (#{count})", field.title)),
                None => tree.note(field, derived, format_args!("{}", field.title)),
            }
            if matches!(mark, Analysis::FastRetransmission | Analysis::SpuriousRetransmission) {
                let field = &ANALYSIS_RETRANSMISSION;
                tree.note(field, derived, format_args!("{}", field.title));
            }
        }
        tree.close();
    }
    if let Some((count, frame)) = analysis.duplicate_ack {
        // Recorded as the note above, and again as the parent of the next two, as Wireshark does.
        tree.put(&ANALYSIS_DUPLICATE_ACK, derived, Value::Present);
        tree.put(&ANALYSIS_DUPLICATE_ACK_NUM, derived, Value::Uint(count.into()));
        tree.put(&ANALYSIS_DUPLICATE_ACK_FRAME, derived, Value::Uint(frame.into()));
    }
    if let Some((time, frame)) = analysis.rto {
        tree.put(&ANALYSIS_RTO, derived, Value::Duration(time));
        tree.put(&ANALYSIS_RTO_FRAME, derived, Value::Uint(frame.into()));
    }
    tree.close();
}
