//! The frame itself: what the capture says of it beside its bytes.

use crate::field::{Field, Severity};
use crate::packet::Piece;
use crate::protocol::{Part, Protocol};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "frame";
    /// The frame: what was captured, and when.
    FRAME: Protocol "frame" "Frame";
    /// The section of the capture file it stands in, from 1.
    SECTION_NUMBER: U32 "frame.section_number" "Section number";
    /// The number of the interface it was captured on, from 0 in each section.
    INTERFACE_ID: U32 "frame.interface_id" "Interface id";
    /// The name of that interface.
    INTERFACE_NAME: Text "frame.interface_name" "Interface name";
    /// The description of that interface.
    INTERFACE_DESCRIPTION: Text "frame.interface_description" "Interface description";
    /// The link type, as the number Wireshark gives it.
    ENCAP_TYPE: I32 "frame.encap_type" "Encapsulation type" { values: ENCAPSULATIONS };
    /// When it was captured.
    TIME: Time "frame.time" "Arrival Time";
    /// When it was captured, in seconds since 1970-01-01 00:00:00 UTC.
    TIME_EPOCH: Duration "frame.time_epoch" "Epoch Time";
    /// Time since the previous frame.
    TIME_DELTA: Duration "frame.time_delta" "Time delta from previous captured frame";
    /// Time since the previous frame that is shown.
    TIME_DELTA_DISPLAYED: Duration "frame.time_delta_displayed" "Time delta from previous displayed frame";
    /// Time since the first frame.
    TIME_RELATIVE: Duration "frame.time_relative" "Time since reference or first frame";
    /// Its number, from 1.
    NUMBER: U32 "frame.number" "Frame Number";
    /// Bytes on the wire.
    LEN: U32 "frame.len" "Frame Length";
    /// Bytes captured.
    CAP_LEN: U32 "frame.cap_len" "Capture Length";
    /// Whether a user has marked it.
    MARKED: Bool "frame.marked" "Frame is marked";
    /// Whether a user has set it aside.
    IGNORED: Bool "frame.ignored" "Frame is ignored";
    /// The protocols in it, outermost first, with colons between.
    PROTOCOLS: Text "frame.protocols" "Protocols in frame" { later: true };
    /// A comment that stands beside it in the capture file.
    COMMENT: Text "frame.comment" "Comment";
    /// The flags the capture file has for it: direction, reception type, link errors.
    PACKET_FLAGS: U32 "frame.packet_flags" "Packet flags" { form: crate::field::Form::Hex };
    /// How many frames were lost between this and the previous one on the interface.
    DROP_COUNT: U64 "frame.drop_count" "Drop Count";
    /// The capture kept less of the frame than was read here.
    SHORT: Note(Note) "_ws.short" "[Packet size limited during capture]";
    /// The bytes are not as the protocol says they must be.
    MALFORMED: Note(Error) "_ws.malformed" "Malformed packet";
    /// Something worth telling, of whatever protocol.
    EXPERT: Label "_ws.expert" "Expert Info" { hidden: true };
    /// What it is, in words.
    EXPERT_MESSAGE: Text "_ws.expert.message" "Message" { hidden: true };
    /// How grave it is.
    EXPERT_SEVERITY: U32 "_ws.expert.severity" "Severity level" { hidden: true, values: SEVERITIES };
}

/// The numbers Wireshark has for them.
const SEVERITIES: &[(u64, &str)] =
    &[(0x0020_0000, "Chat"), (0x0040_0000, "Note"), (0x0060_0000, "Warning"), (0x0080_0000, "Error")];

/// Whether a field tells of notes of any kind.
#[must_use]
pub fn tells_notes(field: &Field) -> bool {
    [EXPERT.id, EXPERT_MESSAGE.id, EXPERT_SEVERITY.id].contains(&field.id)
}

/// Records, beside a note, that there is one.
pub(crate) fn tell_note(severity: Severity, text: core::fmt::Arguments<'_>, tree: &mut Tree) {
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
}

/// The frame in the list of protocols.
pub static PROTOCOL: Protocol = Protocol { short: "", fields: FIELDS, claims: &[], part: Part::Facts };

/// Records that a header is not all here: cut off by the capture, or too short as sent.
pub fn note_cut(piece: Piece<'_>, tree: &mut Tree) {
    if piece.is_cut() {
        tree.note(&SHORT, piece.all(), format_args!("{}", SHORT.title));
        tree.more_info(format_args!("[Packet size limited during capture]"));
    } else {
        tree.note(&MALFORMED, piece.all(), format_args!("[Malformed packet: the header ends too early]"));
        tree.more_info(format_args!("[Malformed Packet]"));
    }
}

/// What a capture says of a frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Its number, from 1.
    pub number: u32,
    /// When, in nanoseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// The file says when.
    pub timed: bool,
    /// Nanoseconds since the previous frame.
    pub delta: i64,
    /// Nanoseconds since the previous frame shown.
    pub delta_displayed: i64,
    /// Nanoseconds since the first frame.
    pub relative: i64,
    /// Bytes on the wire.
    pub len: u32,
    /// Bytes captured.
    pub cap_len: u32,
    /// The link type, a number of the LINKTYPE_ registry; none for what is no packet.
    pub link: Option<u16>,
    /// The section of the file, from 1, where the file has sections.
    pub section: Option<u32>,
    /// The interface's number and, where known, name and description.
    pub interface: Option<(u32, Option<&'a str>, Option<&'a str>)>,
    /// The flags of the capture file.
    pub flags: Option<u32>,
    /// Frames lost before this one.
    pub drops: Option<u64>,
}

/// Records what the capture says of a frame; returns where the list of protocols goes once it is known.
pub fn describe(facts: &Facts<'_>, tree: &mut Tree) -> Option<usize> {
    if !tree.wants_any(&FRAME) {
        return None;
    }
    let none = Slice::default();
    let all = Slice::new(0, facts.cap_len);
    let place = tree.open(&FRAME, all, Value::Bytes(all));
    tree.label(
        place,
        format_args!("Frame {}: {} bytes on wire, {} bytes captured", facts.number, facts.len, facts.cap_len),
    );
    if let Some(section) = facts.section {
        tree.put(&SECTION_NUMBER, none, Value::Uint(section.into()));
    }
    if let Some((id, name, description)) = facts.interface {
        tree.put(&INTERFACE_ID, none, Value::Uint(id.into()));
        if let Some(name) = name {
            tree.put_text(&INTERFACE_NAME, none, format_args!("{name}"));
        }
        if let Some(description) = description {
            tree.put_text(&INTERFACE_DESCRIPTION, none, format_args!("{description}"));
        }
    }
    if let Some(flags) = facts.flags {
        tree.put(&PACKET_FLAGS, none, Value::Uint(flags.into()));
    }
    if let Some(drops) = facts.drops {
        tree.put(&DROP_COUNT, none, Value::Uint(drops));
    }
    if let Some(link) = facts.link {
        tree.put(&ENCAP_TYPE, none, Value::Int(encapsulation(link).into()));
    }
    if facts.timed {
        tree.put(&TIME, none, Value::Time(facts.time));
        tree.put(&TIME_EPOCH, none, Value::Duration(facts.time));
        tree.put(&TIME_DELTA, none, Value::Duration(facts.delta));
        tree.put(&TIME_DELTA_DISPLAYED, none, Value::Duration(facts.delta_displayed));
        tree.put(&TIME_RELATIVE, none, Value::Duration(facts.relative));
    }
    tree.put(&NUMBER, none, Value::Uint(facts.number.into()));
    tree.put(&LEN, none, Value::Uint(facts.len.into()));
    tree.put(&CAP_LEN, none, Value::Uint(facts.cap_len.into()));
    tree.put(&MARKED, none, Value::Bool(false));
    tree.put(&IGNORED, none, Value::Bool(false));
    let protocols = tree.put(&PROTOCOLS, none, Value::Text(none));
    tree.close();
    protocols
}

/// Wireshark's names of them.
const ENCAPSULATIONS: &[(u64, &str)] = &[
    (1, "Ethernet"),
    (4, "PPP"),
    (7, "Raw IP"),
    (10, "RFC 1483 ATM"),
    (15, "NULL/Loopback"),
    (20, "IEEE 802.11 Wireless LAN"),
    (21, "IEEE 802.11 plus Prism II monitor mode radio header"),
    (23, "IEEE 802.11 plus radiotap radio header"),
    (25, "Linux cooked-mode capture v1"),
    (26, "Frame Relay"),
    (28, "Cisco HDLC"),
    (33, "Data Over Cable Service Interface Specification"),
    (97, "Per-Packet Information header"),
    (129, "Raw IPv4"),
    (130, "Raw IPv6"),
    (139, "PPP-over-Ethernet session"),
    (141, "NFLOG"),
    (174, "OpenBSD loopback"),
    (210, "Linux cooked-mode capture v2"),
];

/// The number by which Wireshark calls a link type; -1 for one that is not read here.
#[must_use]
pub fn encapsulation(link: u16) -> i32 {
    match link {
        0 => 15,
        1 => 1,
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
        143 => 33,
        192 => 97,
        228 => 129,
        229 => 130,
        239 => 141,
        276 => 210,
        _ => -1,
    }
}
