//! The frame itself: its number, times, lengths and capture file metadata.

use crate::field::{Field, Severity};
use crate::packet::Payload;
use crate::protocol::{Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "frame";
    /// A captured frame.
    FRAME: Protocol "frame" "Frame";
    /// Number of its section in the capture file, from 1.
    SECTION_NUMBER: U32 "frame.section_number" "Section number";
    /// Number of the capture interface, from 0 in each section.
    INTERFACE_ID: U32 "frame.interface_id" "Interface id";
    /// Name of the capture interface.
    INTERFACE_NAME: Text "frame.interface_name" "Interface name";
    /// Description of the capture interface.
    INTERFACE_DESCRIPTION: Text "frame.interface_description" "Interface description";
    /// Link type, as Wireshark's number.
    ENCAP_TYPE: I32 "frame.encap_type" "Encapsulation type" { values: ENCAPSULATIONS };
    /// Capture time.
    TIME: Time "frame.time" "Arrival Time";
    /// Capture time, in seconds since 1970-01-01 00:00:00 UTC.
    TIME_EPOCH: Duration "frame.time_epoch" "Epoch Time";
    /// Time since the previous frame.
    TIME_DELTA: Duration "frame.time_delta" "Time delta from previous captured frame";
    /// Time since the previous displayed frame.
    TIME_DELTA_DISPLAYED: Duration "frame.time_delta_displayed" "Time delta from previous displayed frame";
    /// Time since the first frame.
    TIME_RELATIVE: Duration "frame.time_relative" "Time since reference or first frame";
    /// Number of the frame, from 1.
    NUMBER: U32 "frame.number" "Frame Number";
    /// Bytes on the wire.
    LEN: U32 "frame.len" "Frame Length";
    /// Bytes captured.
    CAP_LEN: U32 "frame.cap_len" "Capture Length";
    /// Whether the user has marked the frame.
    MARKED: Bool "frame.marked" "Frame is marked";
    /// Whether the user ignores the frame.
    IGNORED: Bool "frame.ignored" "Frame is ignored";
    /// Protocols in the frame, outermost first, separated by colons.
    PROTOCOLS: Text "frame.protocols" "Protocols in frame" { later: true };
    /// Comment on the frame in the capture file.
    COMMENT: Text "frame.comment" "Comment";
    /// Packet flags in the capture file: direction, reception type, link errors.
    PACKET_FLAGS: U32 "frame.packet_flags" "Packet flags" { base: crate::field::DisplayBase::Hex };
    /// Number of frames lost since the previous frame of the interface.
    DROP_COUNT: U64 "frame.drop_count" "Drop Count";
    /// The capture time is before 1677 or after 2262, which is recorded as the nearest time between them.
    TIME_OUT_OF_RANGE: Note(Warn) "frame.time_out_of_range" "Capture time out of range" { ours: true };
    /// The frame was truncated at capture before the end of a header.
    SHORT: Note(Note) "_ws.short" "[Packet size limited during capture]";
    /// The bytes do not conform to the protocol.
    MALFORMED: Note(Error) "_ws.malformed" "Malformed packet";
    /// An expert note of any protocol.
    EXPERT: Label "_ws.expert" "Expert Info" { hidden: true };
    /// Text of the expert note.
    EXPERT_MESSAGE: Text "_ws.expert.message" "Message" { hidden: true };
    /// Severity of the expert note.
    EXPERT_SEVERITY: U32 "_ws.expert.severity" "Severity level" { hidden: true, values: SEVERITIES };
    /// Group of the expert note.
    EXPERT_GROUP: U32 "_ws.expert.group" "Group" { hidden: true, values: GROUPS };
}

/// Wireshark's numbers of the severities.
const SEVERITIES: &[(u64, &str)] =
    &[(0x0020_0000, "Chat"), (0x0040_0000, "Note"), (0x0060_0000, "Warning"), (0x0080_0000, "Error")];

/// Wireshark's numbers of the groups.
const GROUPS: &[(u64, &str)] = &[
    (CHECKSUM, "Checksum"),
    (SEQUENCE, "Sequence"),
    (UNDECODED, "Undecoded"),
    (REASSEMBLE, "Reassemble"),
    (MALFORMED_GROUP, "Malformed"),
    (PROTOCOL_GROUP, "Protocol"),
    (SECURITY, "Security"),
    (DEPRECATED, "Deprecated"),
];

const CHECKSUM: u64 = 0x0100_0000;
const SEQUENCE: u64 = 0x0200_0000;
const UNDECODED: u64 = 0x0500_0000;
const REASSEMBLE: u64 = 0x0600_0000;
const MALFORMED_GROUP: u64 = 0x0700_0000;
const PROTOCOL_GROUP: u64 = 0x0900_0000;
const SECURITY: u64 = 0x0a00_0000;
const DEPRECATED: u64 = 0x0e00_0000;

/// Returns the group of an expert note, which is *Protocol* for most.
fn expert_group(name: &str) -> u64 {
    match name {
        "tcp.options.sack.dsack" | "tcp.option.len.invalid" | "tls.resumed" => SEQUENCE,
        "arp.duplicate-address-detected" | "icmp.resp_not_found" | "ip.ttl.lncb" | "ip.ttl.too_small" => SEQUENCE,
        "http.decompression_failed" | "http.te_unknown" => UNDECODED,
        "_ws.malformed" | "http.leading_crlf" | "http.subdissector_failed" | "http.te_and_length" => MALFORMED_GROUP,
        "ipv6.bogus_ipv6_version" | "pppoe.payload_length.bad" => MALFORMED_GROUP,
        "tcp.short_segment" | "tcp.suboption_malformed" | "udp.length.bad" => MALFORMED_GROUP,
        "http.tls_port" => SECURITY,
        "icmp.type.deprecated" | "ip.opt.deprecated" | "ipv6.routing.deprecated" | "tls.handshake.legacy_version" => {
            DEPRECATED
        }
        _ if name.starts_with("tcp.analysis.") || name.starts_with("tcp.connection.") => SEQUENCE,
        "udp.possible_traceroute" => SEQUENCE,
        _ if name.contains("checksum_bad") || name == "udp.checksum.zero" => CHECKSUM,
        _ if name.ends_with(".gap") || name.ends_with(".limit") => REASSEMBLE,
        _ => PROTOCOL_GROUP,
    }
}

/// Returns whether a field covers expert notes of all protocols.
#[must_use]
pub fn is_expert_field(field: &Field) -> bool {
    [EXPERT.id, EXPERT_MESSAGE.id, EXPERT_SEVERITY.id, EXPERT_GROUP.id].contains(&field.id)
}

/// Records the fields common to all expert notes.
pub(crate) fn record_expert(note: &Field, severity: Severity, text: core::fmt::Arguments<'_>, tree: &mut Tree) {
    let none = Slice::default();
    let number = match severity {
        Severity::Chat => 0x0020_0000,
        Severity::Note => 0x0040_0000,
        Severity::Warn => 0x0060_0000,
        Severity::Error => 0x0080_0000,
    };
    tree.put(&EXPERT, none, Value::Present);
    tree.put_text(&EXPERT_MESSAGE, none, text);
    tree.put(&EXPERT_SEVERITY, none, Value::Uint(number));
    if tree.wants(&EXPERT_GROUP) {
        tree.put(&EXPERT_GROUP, none, Value::Uint(expert_group(note.name)));
    }
}

/// Registry entry for the frame.
pub static PROTOCOL: Protocol =
    Protocol { short: "", fields: FIELDS, claims: &[], aliases: &[], dissectors: &[Dissector::Builtin] };

/// Records that a header is incomplete: truncated at capture, or too short as sent.
pub fn note_truncated(payload: Payload<'_>, tree: &mut Tree) {
    if payload.is_truncated() {
        tree.note(&SHORT, payload.all(), format_args!("{}", SHORT.title));
        tree.append_info(format_args!("[Packet size limited during capture]"));
    } else {
        tree.note(&MALFORMED, payload.all(), format_args!("[Malformed packet: truncated header]"));
        tree.append_info(format_args!("[Malformed Packet]"));
    }
}

/// Metadata of a frame from the capture.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameMetadata<'a> {
    /// Number of the frame, from 1.
    pub number: u32,
    /// Capture time, in nanoseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// Whether the file has a time for the frame.
    pub has_time: bool,
    /// Nanoseconds since the previous frame.
    pub delta: i64,
    /// Nanoseconds since the previous displayed frame.
    pub delta_displayed: i64,
    /// Nanoseconds since the first frame.
    pub relative: i64,
    /// Bytes on the wire.
    pub len: u32,
    /// Bytes captured.
    pub cap_len: u32,
    /// Link type, a number of the LINKTYPE_ registry; none for records that are not packets.
    pub link: Option<u16>,
    /// Section of the file, from 1, if the file has sections.
    pub section: Option<u32>,
    /// Number of the interface and, if known, its name and description.
    pub interface: Option<(u32, Option<&'a str>, Option<&'a str>)>,
    /// Packet flags in the capture file.
    pub flags: Option<u32>,
    /// Number of frames lost before this one.
    pub drops: Option<u64>,
}

/// Records the number of a frame if no other metadata of it is wanted; returns whether that is so. Filters and lists of
/// frames often want no more.
pub fn describe_number_alone(number: u32, tree: &mut Tree) -> bool {
    let wanted = tree.wanted();
    let is_alone = !wanted.any_between(&FRAME, &TIME_RELATIVE) && !wanted.any_between(&LEN, &TIME_OUT_OF_RANGE);
    if is_alone {
        tree.open(&FRAME, Slice::default(), Value::Present);
        tree.put(&NUMBER, Slice::default(), Value::Uint(number.into()));
        tree.close();
    }
    is_alone
}

/// Records the metadata of a frame. Returns the node of `frame.protocols`, which is set once all layers are dissected.
pub fn describe(metadata: &FrameMetadata<'_>, tree: &mut Tree) -> Option<usize> {
    if !tree.wants_any(&FRAME) {
        return None;
    }
    let none = Slice::default();
    let all = Slice::new(0, metadata.cap_len);
    let node = tree.open(&FRAME, all, Value::Bytes(all));
    tree.label(
        node,
        format_args!("Frame {}: {} bytes on wire, {} bytes captured", metadata.number, metadata.len, metadata.cap_len),
    );
    if let Some(section) = metadata.section {
        tree.put(&SECTION_NUMBER, none, Value::Uint(section.into()));
    }
    if let Some((id, name, description)) = metadata.interface {
        tree.put(&INTERFACE_ID, none, Value::Uint(id.into()));
        if let Some(name) = name {
            tree.put_text(&INTERFACE_NAME, none, format_args!("{name}"));
        }
        if let Some(description) = description {
            tree.put_text(&INTERFACE_DESCRIPTION, none, format_args!("{description}"));
        }
    }
    if let Some(flags) = metadata.flags {
        tree.put(&PACKET_FLAGS, none, Value::Uint(flags.into()));
    }
    if let Some(drops) = metadata.drops {
        tree.put(&DROP_COUNT, none, Value::Uint(drops));
    }
    if let Some(link) = metadata.link {
        tree.put(&ENCAP_TYPE, none, Value::Int(encapsulation(link).into()));
    }
    if metadata.has_time {
        tree.put(&TIME, none, Value::Time(metadata.time));
        tree.put(&TIME_EPOCH, none, Value::Duration(metadata.time));
        tree.put(&TIME_DELTA, none, Value::Duration(metadata.delta));
        tree.put(&TIME_DELTA_DISPLAYED, none, Value::Duration(metadata.delta_displayed));
        tree.put(&TIME_RELATIVE, none, Value::Duration(metadata.relative));
        match metadata.time {
            i64::MAX => tree.note(&TIME_OUT_OF_RANGE, none, format_args!("capture time after 2262-04-11 23:47:16")),
            i64::MIN => tree.note(&TIME_OUT_OF_RANGE, none, format_args!("capture time before 1677-09-21 00:12:43")),
            _ => {}
        }
    }
    tree.put(&NUMBER, none, Value::Uint(metadata.number.into()));
    tree.put(&LEN, none, Value::Uint(metadata.len.into()));
    tree.put(&CAP_LEN, none, Value::Uint(metadata.cap_len.into()));
    tree.put(&MARKED, none, Value::Bool(false));
    tree.put(&IGNORED, none, Value::Bool(false));
    let protocols = tree.put(&PROTOCOLS, none, Value::Text(none));
    tree.close();
    protocols
}

/// Wireshark's names of link types.
const ENCAPSULATIONS: &[(u64, &str)] = &[
    (1, "Ethernet"),
    (4, "PPP"),
    (7, "Raw IP"),
    (8, "ARCNET"),
    (9, "Linux ARCNET"),
    (10, "RFC 1483 ATM"),
    (15, "NULL/Loopback"),
    (20, "IEEE 802.11 Wireless LAN"),
    (21, "IEEE 802.11 plus Prism II monitor mode radio header"),
    (23, "IEEE 802.11 plus radiotap radio header"),
    (24, "IEEE 802.11 plus AVS radio header"),
    (25, "Linux cooked-mode capture v1"),
    (26, "Frame Relay"),
    (28, "Cisco HDLC"),
    (33, "Data Over Cable Service Interface Specification"),
    (47, "USER 2"),
    (97, "Per-Packet Information header"),
    (129, "Raw IPv4"),
    (130, "Raw IPv6"),
    (139, "PPP-over-Ethernet session"),
    (141, "NFLOG"),
    (171, "Apple PKTAP"),
    (174, "OpenBSD loopback"),
    (210, "Linux cooked-mode capture v2"),
];

/// Returns Wireshark's name of a link type, if the type is known.
#[must_use]
pub fn link_name(link: u16) -> Option<&'static str> {
    ENCAP_TYPE.value_name(u64::try_from(encapsulation(link)).ok()?)
}

/// Returns Wireshark's number for a link type; -1 for an unsupported one.
#[must_use]
pub fn encapsulation(link: u16) -> i32 {
    match link {
        0 => 15,
        1 => 1,
        7 => 8,
        9 | 50 => 4,
        12 | 14 | 101 => 7,
        51 => 139,
        100 => 10,
        104 => 28,
        105 => 20,
        107 => 26,
        108 => 174,
        113 => 25,
        119 => 21,
        127 => 23,
        129 => 9,
        143 => 33,
        149 => 47,
        163 => 24,
        192 => 97,
        228 => 129,
        229 => 130,
        239 => 141,
        258 => 171,
        276 => 210,
        _ => -1,
    }
}
