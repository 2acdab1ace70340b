//! TCP (RFC 9293): the header of a segment, and how it is told together with what its stream makes of it.

mod fields;
pub mod options;

use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Slice, Tree, Value};
use core::fmt;
use etherparse::TcpHeaderSlice;
pub use fields::*;

/// TCP in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "TCP", fields: FIELDS, claims: &[Claim::IpProto(6)], part: Part::Layer(read) };

/// The flags of a segment: the twelve bits beside the header's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flags(pub u16);

impl Flags {
    /// The sender sends nothing more.
    pub const FIN: u16 = 0x001;
    /// Sequence numbers are synchronised.
    pub const SYN: u16 = 0x002;
    /// The connection is reset.
    pub const RST: u16 = 0x004;
    /// The data should be handed on at once.
    pub const PSH: u16 = 0x008;
    /// The acknowledgment number counts.
    pub const ACK: u16 = 0x010;
    /// The urgent pointer counts.
    pub const URG: u16 = 0x020;
    /// Echo of a congestion mark.
    pub const ECE: u16 = 0x040;
    /// The congestion window was reduced.
    pub const CWR: u16 = 0x080;
    /// Accurate ECN.
    pub const AE: u16 = 0x100;
    const RESERVED: u16 = 0xe00;

    /// Whether any of `mask` is set.
    #[must_use]
    pub const fn any(self, mask: u16) -> bool {
        self.0 & mask != 0
    }

    /// Whether FIN is set.
    #[must_use]
    pub const fn fin(self) -> bool {
        self.any(Flags::FIN)
    }

    /// Whether SYN is set.
    #[must_use]
    pub const fn syn(self) -> bool {
        self.any(Flags::SYN)
    }

    /// Whether RST is set.
    #[must_use]
    pub const fn rst(self) -> bool {
        self.any(Flags::RST)
    }

    /// Whether ACK is set.
    #[must_use]
    pub const fn ack(self) -> bool {
        self.any(Flags::ACK)
    }
}

/// The flags as words, as in `SYN, ACK`.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
        let mut before = "";
        for (_, word) in WORDS.iter().enumerate().filter(|(bit, _)| self.any(1 << bit)) {
            write!(f, "{before}{word}")?;
            before = ", ";
            }
        if self.any(Flags::RESERVED) {
            write!(f, "{before}Reserved")?;
        } else if before.is_empty() {
            f.write_str("<None>")?;
        }
        Ok(())
    }
}

/// The flags as twelve letters, a dot for each that is not set.
struct Letters(Flags);

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        "RRRACEUAPRSF"
            .chars()
            .enumerate()
            .try_for_each(|(at, letter)| fmt::Write::write_char(f, if self.0.any(0x800 >> at) { letter } else { '·' }))
    }
}

/// One TCP segment: its header's facts and its data.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'b> {
    /// The header, options included; shorter than 20 bytes in a packet quoted by an ICMP error.
    pub header: Piece<'b>,
    /// The port it was sent from.
    pub source_port: u16,
    /// The port it was sent to.
    pub destination_port: u16,
    /// The sequence number as sent.
    pub seq: u32,
    /// The acknowledgment number as sent.
    pub ack: u32,
    /// The flags.
    pub flags: Flags,
    /// The window as sent.
    pub window: u16,
    /// The data; `wire` is its length as sent, which counts for sequence numbers.
    pub payload: Piece<'b>,
    /// The packet is quoted in an ICMP error.
    pub quoted: bool,
}

impl<'b> Segment<'b> {
    /// The options' bytes.
    #[must_use]
    pub fn options(&self) -> &'b [u8] {
        self.header.bytes.get(20..).unwrap_or_default()
    }

    /// Bytes of data on the wire.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.payload.wire
    }

    /// Whether it carries no data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What its stream makes of a segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// The stream's number.
    pub stream: u32,
    /// Its place among the stream's frames, from 1.
    pub nth: u32,
    /// The stream's final completeness, or what is known of it so far.
    pub completeness: u8,
    /// The sequence number from which this side counts.
    pub seq_base: u32,
    /// The sequence number from which the other side counts.
    pub ack_base: u32,
    /// The window in bytes.
    pub window: u32,
    /// By how much the window was multiplied; -1 unknown, -2 not agreed on; none where it says nothing (a SYN).
    pub scale: Option<i32>,
    /// Nanoseconds since the stream's first frame.
    pub time_relative: i64,
    /// Nanoseconds since the stream's previous frame.
    pub time_delta: i64,
    /// What the sequence numbers tell.
    pub analysis: Analysis,
    /// This FIN is the first of the stream (`Some(true)`) or the answering one.
    pub fin_active: Option<bool>,
    /// The frame in which the data became part of a message, if that is a later one.
    pub reassembled_in: Option<u32>,
    /// Some of the data came before; and whether it was different.
    pub overlap: Option<bool>,
}

/// What sequence and acknowledgment numbers tell of one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// What is out of the ordinary: a sum of the `Analysis::*` bits.
    pub marks: u32,
    /// The frame with the segment it acknowledges, and nanoseconds since.
    pub acks: Option<(u32, i64)>,
    /// Nanoseconds the handshake took.
    pub initial_rtt: Option<i64>,
    /// Bytes sent and not acknowledged.
    pub bytes_in_flight: Option<u32>,
    /// Bytes sent since the last PSH flag.
    pub push_bytes_sent: Option<u32>,
    /// How often the acknowledgment was repeated, and the frame with the first.
    pub duplicate_ack: Option<(u32, u32)>,
    /// Nanoseconds since the data was first sent, and the frame in which it was.
    pub rto: Option<(i64, u32)>,
}

macro_rules! marks {
    ($($(#[doc = $doc:literal])+ $name:ident $field:ident $info:literal;)+) => {
        enum MarkPlace { $($name),+ }
        impl Analysis {
            $($(#[doc = $doc])+ #[allow(non_upper_case_globals)] pub const $name: u32 = 1 << MarkPlace::$name as u32;)+
        }
        /// Each mark with its field and the words it puts before the info of a row.
        static MARKS: &[(u32, &crate::field::Field, &str)] = &[$((Analysis::$name, &$field, $info)),+];
    };
}

// In the order in which Wireshark concludes them; before the info the words of the last stand first.
marks! {
    /// The ports were used before.
    ReusedPorts ANALYSIS_REUSED_PORTS "TCP Port numbers reused";
    /// Sent again because of repeated acknowledgments.
    FastRetransmission ANALYSIS_FAST_RETRANSMISSION "TCP Fast Retransmission";
    /// Sent again although acknowledged.
    SpuriousRetransmission ANALYSIS_SPURIOUS_RETRANSMISSION "TCP Spurious Retransmission";
    /// Sent again.
    Retransmission ANALYSIS_RETRANSMISSION "TCP Retransmission";
    /// Sent before what came before it.
    OutOfOrder ANALYSIS_OUT_OF_ORDER "TCP Out-Of-Order";
    /// The data before it was not captured.
    LostSegment ANALYSIS_LOST_SEGMENT "TCP Previous segment not captured";
    /// It acknowledges what was not captured.
    AckLostSegment ANALYSIS_ACK_LOST_SEGMENT "TCP ACKed unseen segment";
    /// A new window and nothing else.
    WindowUpdate ANALYSIS_WINDOW_UPDATE "TCP Window Update";
    /// The other side's window is used up.
    WindowFull ANALYSIS_WINDOW_FULL "TCP Window Full";
    /// Asks whether the other side is there.
    KeepAlive ANALYSIS_KEEP_ALIVE "TCP Keep-Alive";
    /// Says that this side is there.
    KeepAliveAck ANALYSIS_KEEP_ALIVE_ACK "TCP Keep-Alive ACK";
    /// An acknowledgment repeated.
    DuplicateAck ANALYSIS_DUPLICATE_ACK "TCP Dup ACK";
    /// Asks whether there is room.
    ZeroWindowProbe ANALYSIS_ZERO_WINDOW_PROBE "TCP ZeroWindowProbe";
    /// There is no room.
    ZeroWindow ANALYSIS_ZERO_WINDOW "TCP ZeroWindow";
    /// Says that there is no room yet.
    ZeroWindowProbeAck ANALYSIS_ZERO_WINDOW_PROBE_ACK "TCP ZeroWindowProbeAck";
}

impl Analysis {
    /// Whether all of `mark` is set.
    #[must_use]
    pub const fn has(&self, mark: u32) -> bool {
        self.marks & mark != 0
    }
}

/// Whether a field is recorded only of segments that have a mark.
#[must_use]
pub fn tells_marks(field: &crate::field::Field) -> bool {
    field.id == ANALYSIS_FLAGS.id || MARKS.iter().any(|(_, mark, _)| mark.id == field.id)
}

/// Reads the header; what it means is for its stream to say.
fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("tcp");
    let Ok(header) = TcpHeaderSlice::from_slice(piece.bytes) else {
        return read_cut(piece, packet, tree);
    };
    let [.., upper, lower] = *header.slice().first_chunk::<14>().unwrap_or(&[0; 14]);
    let len = header.slice().len();
    Next::Segment(Segment {
        header: piece.first(len),
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        seq: header.sequence_number(),
        ack: header.acknowledgment_number(),
        flags: Flags(u16::from_be_bytes([upper, lower]) & 0xfff),
        window: header.window_size(),
        payload: piece.from(len),
        quoted: packet.quoted,
    })
}

/// Of a header that was cut off, or whose length lies, says what there is. An ICMP error need quote no more than the
/// ports and the sequence number (RFC 792): enough to know the stream.
fn read_cut<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    match piece.bytes.first_chunk::<8>() {
        Some(&[a, b, c, d, e, f, g, h]) if packet.quoted => Next::Segment(Segment {
            header: piece,
            source_port: u16::from_be_bytes([a, b]),
            destination_port: u16::from_be_bytes([c, d]),
            seq: u32::from_be_bytes([e, f, g, h]),
            ack: 0,
            flags: Flags::default(),
            window: 0,
            payload: Piece::default(),
            quoted: true,
        }),
        Some(_) if piece.is_cut() && header_len(piece.bytes).is_some_and(|len| len >= 20) => read_fixed(piece),
        _ => {
            if tree.wants_columns() {
                tree.columns_mut().protocol = PROTOCOL.short;
            }
            tree.open(&TCP, piece.all(), Value::Bytes(piece.all()));
            if piece.is_cut() {
                crate::extent::note_cut(piece, packet, tree);
            } else {
                tree.note(&BOGUS_HEADER_LENGTH, piece.all(), format_args!("Bogus TCP header length"));
            }
            tree.info(format_args!("[TCP header cut short or of a bogus length]"));
            tree.close();
            Next::End
        }
    }
}

/// The header's length as it says itself, if that much of it is here.
fn header_len(header: &[u8]) -> Option<u32> {
    header.get(12).map(|byte| u32::from(byte >> 4) * 4)
}

/// Reads the first twenty bytes of a header whose options the capture cut off.
fn read_fixed(piece: Piece<'_>) -> Next<'_> {
    let Some(fixed) = piece.bytes.first_chunk::<20>() else { return Next::Data(piece) };
    let [a, b, c, d, s0, s1, s2, s3, k0, k1, k2, k3, upper, lower, w0, w1, ..] = *fixed;
    let len = header_len(fixed).unwrap_or_default();
    Next::Segment(Segment {
        header: piece,
        source_port: u16::from_be_bytes([a, b]),
        destination_port: u16::from_be_bytes([c, d]),
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([k0, k1, k2, k3]),
        flags: Flags(u16::from_be_bytes([upper, lower]) & 0xfff),
        window: u16::from_be_bytes([w0, w1]),
        payload: Piece { bytes: &[], base: piece.all().end(), wire: piece.wire.saturating_sub(len) },
        quoted: false,
    })
}

/// Records a segment and what its stream makes of it.
pub fn describe(segment: &Segment<'_>, known: &Known, tree: &mut Tree) {
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        write_info(segment, known, tree);
    }
    if !tree.wants_any(&TCP) {
        return;
    }
    let (seq, ack) = relative(segment, known);
    let len = segment.len();
    let header = segment.header;
    let at = |at, len| header.span(at, len);
    let concluded = Slice::default();
    let place = tree.open(&TCP, header.all(), Value::Bytes(header.all().with(segment.payload.all())));
    if tree.wanted().labels {
        let (from, to) = (segment.source_port, segment.destination_port);
        tree.label(
            place,
            format_args!(
                "Transmission Control Protocol, Src Port: {from}, Dst Port: {to}, Seq: {seq}, Ack: {ack}, Len: {len}"
            ),
        );
    }
    tree.put(&SRCPORT, at(0, 2), Value::Uint(segment.source_port.into()));
    tree.put(&DSTPORT, at(2, 2), Value::Uint(segment.destination_port.into()));
    tree.put(&PORT, at(0, 2), Value::Uint(segment.source_port.into()));
    tree.put(&PORT, at(2, 2), Value::Uint(segment.destination_port.into()));
    tree.put(&STREAM, concluded, Value::Uint(known.stream.into()));
    if header.bytes.len() < 20 {
        tree.put(&SEQ_RAW, at(4, 4), Value::Uint(segment.seq.into()));
        tree.close();
        return;
    }
    if !segment.quoted {
        tree.put(&STREAM_PNUM, concluded, Value::Uint(known.nth.into()));
        if tree.wanted().any_between(&COMPLETENESS, &COMPLETENESS_STR) {
            describe_completeness(known.completeness, tree);
        }
    }
    let wants = |first, last, tree: &Tree| tree.wanted().any_between(first, last);
    if wants(&LEN, &URGENT_POINTER, tree) || wants(&ACK_NONZERO, &CONNECTION_RST, tree) {
        describe_numbers(segment, known, tree);
    }
    if header.bytes.len() > 20 && wants(&OPTIONS, &OPTION_LEN_INVALID, tree) {
        options::describe(header.from(20), segment.ack, known.ack_base, tree);
    }
    if !segment.quoted {
        tree.put(&TIME_RELATIVE, concluded, Value::Duration(known.time_relative));
        tree.put(&TIME_DELTA, concluded, Value::Duration(known.time_delta));
        if wants(&ANALYSIS, &ANALYSIS_RTO_FRAME, tree) {
            describe_analysis(&known.analysis, tree);
        }
    }
    if !segment.payload.bytes.is_empty() {
        let all = segment.payload.all();
        tree.put(&PAYLOAD, all, Value::Bytes(all));
    }
    if let Some(conflict) = known.overlap {
        tree.put(&SEGMENT_OVERLAP, concluded, Value::Bool(true));
        if conflict {
            tree.put(&SEGMENT_OVERLAP_CONFLICT, concluded, Value::Bool(true));
        }
    }
    if let Some(frame) = known.reassembled_in {
        tree.put(&REASSEMBLED_IN, concluded, Value::Uint(frame.into()));
    }
    tree.close();
}

/// The sequence and acknowledgment numbers, counted from where either side began; an acknowledgment that is none stays.
fn relative(segment: &Segment<'_>, known: &Known) -> (u32, u32) {
    let seq = segment.seq.wrapping_sub(known.seq_base);
    let ack = segment.ack.wrapping_sub(if segment.flags.ack() { known.ack_base } else { 0 });
    (seq, ack)
}

/// Records what stands in the fixed part of the header behind the ports.
fn describe_numbers(segment: &Segment<'_>, known: &Known, tree: &mut Tree) {
    let (seq, ack) = relative(segment, known);
    let len = segment.len();
    let header = segment.header;
    let at = |at, len| header.span(at, len);
    let concluded = Slice::default();
    tree.put(&LEN, at(12, 1), Value::Uint(len.into()));
    tree.put(&SEQ, at(4, 4), Value::Uint(seq.into()));
    tree.put(&SEQ_RAW, at(4, 4), Value::Uint(segment.seq.into()));
    let span = len.wrapping_add(u32::from(segment.flags.any(Flags::SYN | Flags::FIN)));
    tree.put(&NXTSEQ, concluded, Value::Uint(seq.wrapping_add(span).into()));
    tree.put(&ACK, at(8, 4), Value::Uint(ack.into()));
    tree.put(&ACK_RAW, at(8, 4), Value::Uint(segment.ack.into()));
    if !segment.flags.ack() && segment.ack != 0 {
        tree.note(&ACK_NONZERO, at(8, 4), format_args!("{}", ACK_NONZERO.title));
    }
    tree.put(&HDR_LEN, at(12, 1), Value::Uint(header_len(header.bytes).unwrap_or_default().into()));
    describe_flags(segment, known, tree);
    tree.put(&WINDOW_SIZE_VALUE, at(14, 2), Value::Uint(segment.window.into()));
    tree.put(&WINDOW_SIZE, at(14, 2), Value::Uint(known.window.into()));
    if let Some(scale) = known.scale {
        tree.put(&WINDOW_SIZE_SCALEFACTOR, at(14, 2), Value::Int(scale.into()));
    }
    let checksum = |at: usize| header.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    tree.put(&CHECKSUM, at(16, 2), Value::Uint(u16::from_be_bytes(checksum(16)).into()));
    tree.put(&CHECKSUM_STATUS, concluded, Value::Uint(2));
    tree.put(&URGENT_POINTER, at(18, 2), Value::Uint(u16::from_be_bytes(checksum(18)).into()));
}

fn write_info(segment: &Segment<'_>, known: &Known, tree: &mut Tree) {
    let analysis = known.analysis;
    tree.info(format_args!(""));
    for &(mark, _, words) in MARKS.iter().rev().filter(|(mark, ..)| analysis.has(*mark)) {
        match analysis.duplicate_ack.filter(|_| mark == Analysis::DuplicateAck) {
            Some((count, frame)) => tree.more_info(format_args!("[{words} {frame}#{count}] ")),
            None => tree.more_info(format_args!("[{words}] ")),
        }
    }
    // What the stream carries replaces what follows, not what is odd about the segment.
    tree.fence();
    let (from, to, flags) = (segment.source_port, segment.destination_port, segment.flags);
    let seq = segment.seq.wrapping_sub(known.seq_base);
    tree.more_info(format_args!("{from} → {to} [{flags}] Seq={seq}"));
    if flags.ack() {
        tree.more_info(format_args!(" Ack={}", segment.ack.wrapping_sub(known.ack_base)));
    }
    tree.more_info(format_args!(" Win={}", known.window));
    if let (true, Some(&[.., a, b])) = (flags.any(Flags::URG), segment.header.bytes.first_chunk::<20>()) {
        tree.more_info(format_args!(" Urg={}", u16::from_be_bytes([a, b])));
    }
    tree.more_info(format_args!(" Len={}", segment.len()));
    for option in options::options(segment.options()) {
        let number = |at: usize| option.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied();
        match (option.kind, option.bytes.len()) {
            (2, 4) => tree.more_info(format_args!(
                " MSS={}",
                u16::from_be_bytes(option.bytes.get(2..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default())
            )),
            (3, 3) => tree.more_info(format_args!(" WS={}", 1_u32 << option.window_shift().unwrap_or_default())),
            (4, 2) => tree.more_info(format_args!(" SACK_PERM")),
            (5, _) => {
                for (left, right) in option.sack_blocks() {
                    let (left, right) = (left.wrapping_sub(known.ack_base), right.wrapping_sub(known.ack_base));
                    tree.more_info(format_args!(" SLE={left} SRE={right}"));
                }
            }
            (8, 10) => {
                let (value, echo) = (number(2).unwrap_or_default(), number(6).unwrap_or_default());
                let (value, echo) = (u32::from_be_bytes(value), u32::from_be_bytes(echo));
                tree.more_info(format_args!(" TSval={value} TSecr={echo}"));
            }
            _ => {}
        }
    }
    if let Some(frame) = known.reassembled_in {
        tree.more_info(format_args!(" [TCP PDU reassembled in {frame}]"));
    }
}

fn describe_completeness(bits: u8, tree: &mut Tree) {
    let concluded = Slice::default();
    let place = tree.open(&COMPLETENESS, concluded, Value::Uint(bits.into()));
    tree.label(place, format_args!("[Conversation completeness: {} ({bits})]", completeness_word(bits)));
    let parts = [
        &COMPLETENESS_RST,
        &COMPLETENESS_FIN,
        &COMPLETENESS_DATA,
        &COMPLETENESS_ACK,
        &COMPLETENESS_SYN_ACK,
        &COMPLETENESS_SYN,
    ];
    for (field, bit) in parts.into_iter().zip([32, 16, 8, 4, 2, 1]) {
        tree.put(field, concluded, Value::Bool(bits & bit != 0));
    }
    if tree.wants(&COMPLETENESS_STR) {
        let letter = |bit: u8, letter| if bits & bit != 0 { letter } else { '·' };
        let [r, f, d] = [letter(32, 'R'), letter(16, 'F'), letter(8, 'D')];
        let [a, s, t] = [letter(4, 'A'), letter(2, 'S'), letter(1, 'S')];
        tree.put_text(&COMPLETENESS_STR, concluded, format_args!("{r}{f}{d}{a}{s}{t}"));
    }
    tree.close();
}

/// What a completeness says, in a word: as far as the connection came.
#[must_use]
pub fn completeness_word(bits: u8) -> &'static str {
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

fn describe_flags(segment: &Segment<'_>, known: &Known, tree: &mut Tree) {
    let flags = segment.flags;
    let span = segment.header.span(12, 2);
    let place = tree.open(&FLAGS, span, Value::Uint(flags.0.into()));
    tree.label(place, format_args!("Flags: 0x{:03x} ({flags})", flags.0));
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
        match known.fin_active {
            Some(true) => tree.note(&CONNECTION_FIN_ACTIVE, span, format_args!("{}", CONNECTION_FIN_ACTIVE.title)),
            Some(false) => tree.note(&CONNECTION_FIN_PASSIVE, span, format_args!("{}", CONNECTION_FIN_PASSIVE.title)),
            None => {}
        }
    }
    tree.put_text(&FLAGS_STR, span, format_args!("{}", Letters(flags)));
    tree.close();
}

fn describe_analysis(analysis: &Analysis, tree: &mut Tree) {
    if *analysis == Analysis::default() {
        return;
    }
    let concluded = Slice::default();
    tree.open(&ANALYSIS, concluded, Value::Present);
    if let Some((frame, rtt)) = analysis.acks {
        tree.put(&ANALYSIS_ACKS_FRAME, concluded, Value::Uint(frame.into()));
        if rtt != 0 {
            tree.put(&ANALYSIS_ACK_RTT, concluded, Value::Duration(rtt));
        }
    }
    if let Some(rtt) = analysis.initial_rtt {
        tree.put(&ANALYSIS_INITIAL_RTT, concluded, Value::Duration(rtt));
    }
    if let Some(bytes) = analysis.bytes_in_flight {
        tree.put(&ANALYSIS_BYTES_IN_FLIGHT, concluded, Value::Uint(bytes.into()));
    }
    if let Some(bytes) = analysis.push_bytes_sent {
        tree.put(&ANALYSIS_PUSH_BYTES_SENT, concluded, Value::Uint(bytes.into()));
    }
    if analysis.marks != 0 {
        tree.open(&ANALYSIS_FLAGS, concluded, Value::Present);
        for &(mark, field, _) in MARKS.iter().filter(|(mark, ..)| analysis.has(*mark)) {
            tree.note(field, concluded, format_args!("{}", field.title));
            if matches!(mark, Analysis::FastRetransmission | Analysis::SpuriousRetransmission) {
                let field = &ANALYSIS_RETRANSMISSION;
                tree.note(field, concluded, format_args!("{}", field.title));
            }
        }
        tree.close();
    }
    if let Some((count, frame)) = analysis.duplicate_ack {
        // Once as the note above and once as the head of these two, as Wireshark has it.
        tree.put(&ANALYSIS_DUPLICATE_ACK, concluded, Value::Present);
        tree.put(&ANALYSIS_DUPLICATE_ACK_NUM, concluded, Value::Uint(count.into()));
        tree.put(&ANALYSIS_DUPLICATE_ACK_FRAME, concluded, Value::Uint(frame.into()));
    }
    if let Some((time, frame)) = analysis.rto {
        tree.put(&ANALYSIS_RTO, concluded, Value::Duration(time));
        tree.put(&ANALYSIS_RTO_FRAME, concluded, Value::Uint(frame.into()));
    }
    tree.close();
}
