//! IEEE 802.11: headers of all frames, and the packets in data frames. Bodies of management frames and encrypted bodies are
//! not read.

mod address;
pub mod aggregate;
pub mod avs;
mod fields;
pub mod ppi;
pub mod prism;
pub mod radio;
pub mod radiotap;

use crate::field::Field;
use crate::packet::{
    LayerOfPayload, NextLayer, NumberedFragment, NumberedFragmentFields, NumberedFragmentKey, Packet, Payload,
};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reassembly;
use crate::tree::{Slice, Tree, Value};
use address::{Roles, address_at};
use core::fmt;
pub use fields::*;

/// Registry entry for IEEE 802.11.
pub static PROTOCOL: Protocol = Protocol {
    short: "802.11",
    fields: FIELDS,
    claims: &[Claim::Link(105)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_ATM_RFC1483: a frame that begins with an LLC header.
const LLC: u16 = 100;
/// Length of the frame check sequence.
const FCS_LEN: usize = 4;

// Types of frames.
const MANAGEMENT: u8 = 0;
const CONTROL: u8 = 1;
const DATA: u8 = 2;

// Subtypes of control frames with two addresses: from block acknowledgment request to RTS, and CF-End.
const TWO_ADDRESSES: [u8; 6] = [8, 9, 10, 11, 14, 15];

// Bits of a data frame's subtype.
const NO_BODY: u8 = 4;
const QOS_SUBTYPE: u8 = 8;

// Flags of the frame control field.
const MORE_FRAGMENTS: u8 = 0x04;
const RETRY: u8 = 0x08;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

const TYPES: &[(u64, &str)] = &[
    (0, "Association Request"),
    (1, "Association Response"),
    (2, "Reassociation Request"),
    (3, "Reassociation Response"),
    (4, "Probe Request"),
    (5, "Probe Response"),
    (6, "Measurement Pilot"),
    (8, "Beacon frame"),
    (9, "ATIM"),
    (10, "Disassociate"),
    (11, "Authentication"),
    (12, "Deauthentication"),
    (13, "Action"),
    (14, "Action No Ack"),
    (15, "Aruba Management"),
    (18, "Trigger"),
    (19, "TWT Ack"),
    (20, "Beamforming Report Poll"),
    (21, "VHT/HE/EHT/RANGING NDP Announcement"),
    (23, "Control Wrapper"),
    (24, "802.11 Block Ack Req"),
    (25, "802.11 Block Ack"),
    (26, "Power-Save poll"),
    (27, "Request-to-send"),
    (28, "Clear-to-send"),
    (29, "Acknowledgement"),
    (30, "CF-End (Control-frame)"),
    (31, "CF-End + CF-Ack (Control-frame)"),
    (32, "Data"),
    (33, "Data + CF-Ack"),
    (34, "Data + CF-Poll"),
    (35, "Data + CF-Ack + CF-Poll"),
    (36, "Null function (No data)"),
    (37, "Acknowledgement (No data)"),
    (38, "CF-Poll (No data)"),
    (39, "CF-Ack/Poll (No data)"),
    (40, "QoS Data"),
    (41, "QoS Data + CF-Acknowledgment"),
    (42, "QoS Data + CF-Poll"),
    (43, "QoS Data + CF-Ack + CF-Poll"),
    (44, "QoS Null function (No data)"),
    (46, "QoS CF-Poll (No Data)"),
    (47, "QoS CF-Ack + CF-Poll (No data)"),
    (48, "DMG Beacon"),
    (49, "S1G Beacon"),
];

/// Properties of a frame that a header before it declares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Framing {
    /// Whether the frame ends with its check sequence.
    has_fcs: bool,
    /// Whether the header is padded to a multiple of four bytes.
    is_padded: bool,
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    // As in Wireshark, a check sequence counts only if a header before the frame declares it, not if the file does.
    packet.fcs = None;
    read_frame(payload, Framing::default(), packet, tree)
}

/// The fixed part of a header (IEEE 802.11 9.2.3), little-endian. Later parts depend on the type.
///
/// ```text
///  0       2       4           10          16          22      24
///  |control|durat. | address 1 | address 2 | address 3 | seq.  | address 4 | QoS | HT control | body | FCS
/// ```
#[derive(Clone, Copy)]
struct Header {
    control: u16,
    kind: u8,
    subtype: u8,
    flags: u8,
    /// Length of the header with its optional parts.
    len: usize,
    /// QoS control.
    qos: Option<u16>,
    /// Offset of HT control.
    htc: Option<usize>,
    /// Fragment and sequence number.
    sequence: Option<u16>,
}

impl Header {
    /// Reads the header. None without a complete frame control field.
    fn read(bytes: &[u8]) -> Option<Header> {
        let word = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let control = word(0)?;
        let [low, flags] = control.to_le_bytes();
        let (kind, subtype) = (low >> 2 & 3, low >> 4);
        let mut header = Header { control, kind, subtype, flags, len: 0, qos: None, htc: None, sequence: None };
        match kind {
            CONTROL => header.len = if TWO_ADDRESSES.contains(&subtype) { 16 } else { 10 },
            MANAGEMENT | DATA => {
                header.sequence = word(22);
                header.len = 24;
                if kind == DATA && flags & 3 == 3 {
                    header.len += 6;
                }
                let has_qos = kind == DATA && subtype & QOS_SUBTYPE != 0;
                if has_qos {
                    header.qos = word(header.len);
                    header.len += 2;
                }
                if flags & ORDER != 0 && (has_qos || kind == MANAGEMENT) {
                    header.htc = Some(header.len);
                    header.len += 4;
                }
            }
            _ => header.len = 10,
        }
        Some(header)
    }

    fn type_subtype(self) -> u8 {
        self.kind << 4 | self.subtype
    }

    fn is_aggregate(self) -> bool {
        self.qos.is_some_and(|qos| qos & 0x80 != 0)
    }

    fn is_fragment(self) -> bool {
        self.flags & MORE_FRAGMENTS != 0 || self.sequence.is_some_and(|sequence| sequence & 0xf != 0)
    }

    fn roles(self) -> Roles {
        match self.kind {
            MANAGEMENT => address::MANAGEMENT,
            DATA => address::data_roles(self.flags & 3, self.is_aggregate()),
            CONTROL if self.len == 16 => const { &[(&address::RECEIVER, 4), (&address::TRANSMITTER, 10)] },
            _ => const { &[(&address::RECEIVER, 4)] },
        }
    }

    /// Returns the offsets of source and destination.
    fn ends(self) -> [Option<usize>; 2] {
        match (self.kind, self.flags & 3) {
            (DATA, 1) => [Some(10), Some(16)],
            (DATA, 2) => [Some(16), Some(4)],
            (DATA, 3) => [Some(24), Some(16)],
            (MANAGEMENT | DATA, _) => [Some(10), Some(4)],
            _ => [Some(10).filter(|_| self.len == 16), Some(4)],
        }
    }
}

/// Reads a frame.
pub(super) fn read_frame<'b>(
    payload: Payload<'b>,
    framing: Framing,
    packet: &mut Packet,
    tree: &mut Tree,
) -> NextLayer<'b> {
    packet.path.push("wlan");
    let frame = if framing.has_fcs { payload.without_last(FCS_LEN) } else { payload };
    let header = Header::read(frame.bytes);
    if tree.wants_columns() && !packet.quoted {
        write_columns(header, framing, frame, tree);
    }
    let Some(header) = header.filter(|header| header.len <= frame.bytes.len()) else {
        tree.open(&WLAN, payload.all(), Value::Bytes(payload.all()));
        if let Some(header) = header {
            describe_start(header, frame, tree);
        }
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    if tree.wants_any(&WLAN) {
        describe(header, framing, payload, frame, tree);
    }
    let padding = if framing.is_padded { header.len.next_multiple_of(4) - header.len } else { 0 };
    let ends = header.ends().map(|offset| offset.and_then(|offset| address_at(frame, offset)).unwrap_or_default());
    read_body(header, ends, frame.from(header.len + padding), tree)
}

fn write_columns(header: Option<Header>, framing: Framing, frame: Payload<'_>, tree: &mut Tree) {
    let ends = header.map_or([None, None], Header::ends);
    let [source, destination] = ends.map(|offset| offset.and_then(|offset| address_at(frame, offset)));
    let columns = tree.columns_mut();
    columns.protocol = PROTOCOL.short;
    columns.source = source.map(Value::Ether);
    columns.destination = destination.map(Value::Ether);
    let Some(header) = header else {
        tree.set_info(format_args!(""));
        return;
    };
    match FC_TYPE_SUBTYPE.value_name(header.type_subtype().into()) {
        Some(name) => tree.set_info(format_args!("{name}")),
        None => tree.set_info(format_args!("Unrecognized (Reserved frame)")),
    }
    if header.len > frame.bytes.len() {
        return;
    }
    if let Some(sequence) = header.sequence {
        tree.append_info(format_args!(", SN={}, FN={}", sequence >> 4, sequence & 0xf));
    }
    tree.append_info(format_args!(", Flags={}", Flags(header.flags, framing.has_fcs)));
}

/// Displays the flags as letters.
struct Flags(u8, bool);

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flags(flags, has_fcs) = *self;
        for (nth, letter) in "opmPRMFT".chars().enumerate() {
            let is_set = flags & 0x80 >> nth != 0;
            fmt::Write::write_char(f, if is_set { letter } else { '.' })?;
        }
        if has_fcs { f.write_str("C") } else { Ok(()) }
    }
}

fn read_body<'b>(header: Header, ends: [[u8; 6]; 2], body: Payload<'b>, tree: &mut Tree) -> NextLayer<'b> {
    if header.kind != DATA || header.subtype & NO_BODY != 0 || body.wire == 0 {
        return NextLayer::End;
    }
    if header.flags & PROTECTED != 0 {
        return encrypted(body, tree);
    }
    let next: LayerOfPayload = if header.is_aggregate() { aggregate::layer } else { |body| NextLayer::Link(LLC, body) };
    if !header.is_fragment() {
        return next(body);
    }
    let sequence = header.sequence.unwrap_or_default();
    let traffic = header.qos.map_or(0, |qos| (qos & 0xf) as u8 + 1);
    NextLayer::NumberedFragment(NumberedFragment {
        key: NumberedFragmentKey { ends, sequence: sequence >> 4, traffic },
        number: (sequence & 0xf) as u8,
        more: header.flags & MORE_FRAGMENTS != 0,
        payload: body,
        fields: &FRAGMENT_FIELDS,
        next,
    })
}

static FRAGMENT_FIELDS: NumberedFragmentFields = NumberedFragmentFields {
    reassembled_in: &REASSEMBLED_IN,
    limit: &FRAGMENT_LIMIT,
    title: "Reassembled 802.11",
    describe_incomplete,
    describe: |whole, fragments, tree| reassembly::describe(&REASSEMBLY, whole, fragments, tree),
};

static REASSEMBLY: reassembly::ReassemblyFields = reassembly::reassembly_fields!(None);

fn describe_incomplete(completed_in: Option<u32>, tree: &mut Tree) {
    tree.set_info(format_args!("Fragmented IEEE 802.11 frame"));
    if let Some(frame) = completed_in {
        tree.put(&REASSEMBLED_IN, Slice::default(), Value::Uint(frame.into()));
    }
}

/// Returns the encrypted data (IEEE 802.11 12.3.2, 12.5): with bit 5 of the fourth byte, an extended initialization
/// vector precedes it, and a message integrity code follows it.
fn encrypted<'b>(body: Payload<'b>, tree: &mut Tree) -> NextLayer<'b> {
    let is_extended = body.bytes.get(3).is_some_and(|flags| flags & 0x20 != 0);
    if let Some(&[a, b, c, key]) = body.bytes.first_chunk::<4>() {
        if !is_extended {
            tree.put(&WEP_IV, body.span(0, 3), Value::Uint(u32::from_be_bytes([0, a, b, c]).into()));
        }
        tree.put(&WEP_KEY, body.span(3, 1), Value::Uint((key >> 6).into()));
    }
    match is_extended {
        true => NextLayer::Data(body.from(8)),
        false => {
            let data = body.from(4).without_last(4);
            let at = 4 + data.wire as usize;
            if let Some(icv) = body.bytes.get(at..).and_then(|rest| rest.first_chunk()) {
                tree.put(&WEP_ICV, body.span(at, 4), Value::Uint(u32::from_be_bytes(*icv).into()));
            }
            NextLayer::Data(data)
        }
    }
}

fn describe(header: Header, framing: Framing, payload: Payload<'_>, frame: Payload<'_>, tree: &mut Tree) {
    let node = tree.open(&WLAN, frame.span(0, header.len), Value::Bytes(payload.all()));
    let name = FC_TYPE_SUBTYPE.value_name(header.type_subtype().into()).unwrap_or("Unrecognized");
    tree.label(node, format_args!("IEEE 802.11 {name}, Flags: {}", Flags(header.flags, framing.has_fcs)));
    describe_start(header, frame, tree);
    if let Some(sequence) = header.sequence {
        tree.put(&FRAG, frame.span(22, 2), Value::Uint((sequence & 0xf).into()));
        tree.put(&SEQ, frame.span(22, 2), Value::Uint((sequence >> 4).into()));
    }
    if framing.has_fcs {
        let at = frame.wire as usize;
        if let Some(fcs) = payload.bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            tree.put(&FCS, payload.span(at, FCS_LEN), Value::Uint(u32::from_le_bytes(*fcs).into()));
            tree.put(&FCS_STATUS, Slice::default(), Value::Uint(2));
        }
    }
    tree.put_text(&FLAGS_STR, Slice::default(), format_args!("{}", Flags(header.flags, framing.has_fcs)));
    if let Some(qos) = header.qos {
        let end = header.htc.unwrap_or(header.len);
        describe_qos(qos, header.flags, frame.span(end - 2, 2), tree);
    }
    if let Some(at) = header.htc
        && let Some(htc) = frame.bytes.get(at..).and_then(|rest| rest.first_chunk())
    {
        tree.put(&HTC, frame.span(at, 4), Value::Uint(u32::from_le_bytes(*htc).into()));
    }
    tree.close();
}

/// Records the fields that every header has, as far as they were captured.
fn describe_start(header: Header, frame: Payload<'_>, tree: &mut Tree) {
    describe_control(header, frame, tree);
    if let Some(bytes) = frame.bytes.get(2..).and_then(|rest| rest.first_chunk()) {
        let duration = u16::from_le_bytes(*bytes) & 0x7fff;
        tree.put(&DURATION, frame.span(2, 2), Value::Uint(duration.into()));
    }
    address::describe(header.roles(), frame, tree);
}

static FLAG_BITS: [(&Field, u32); 8] = [
    (&FC_TODS, 0x01),
    (&FC_FROMDS, 0x02),
    (&FC_FRAG, MORE_FRAGMENTS as u32),
    (&FC_RETRY, RETRY as u32),
    (&FC_PWRMGT, 0x10),
    (&FC_MOREDATA, 0x20),
    (&FC_PROTECTED, PROTECTED as u32),
    (&FC_ORDER, ORDER as u32),
];

fn describe_control(header: Header, frame: Payload<'_>, tree: &mut Tree) {
    let (first, second) = (frame.span(0, 1), frame.span(1, 1));
    let [version, _] = header.control.to_le_bytes();
    tree.put(&FC_TYPE_SUBTYPE, first, Value::Uint(header.type_subtype().into()));
    tree.open(&FC, frame.span(0, 2), Value::Uint(header.control.swap_bytes().into()));
    tree.put(&FC_VERSION, first, Value::Uint((version & 3).into()));
    tree.put(&FC_TYPE, first, Value::Uint(header.kind.into()));
    tree.put(&FC_SUBTYPE, first, Value::Uint(header.subtype.into()));
    tree.open(&FLAGS, second, Value::Uint(header.flags.into()));
    tree.put(&FC_DS, second, Value::Uint((header.flags & 3).into()));
    put_bits(&FLAG_BITS, header.flags.into(), second, tree);
    if header.flags & RETRY != 0 {
        tree.note(&FC_RETRY_EXPERT, second, format_args!("{}", FC_RETRY_EXPERT.title));
    }
    tree.close();
    tree.close();
}

/// Records QoS control. Bit 4 ends the service period in frames of an access point.
fn describe_qos(qos: u16, flags: u8, span: Slice, tree: &mut Tree) {
    let bit4 = if flags & 3 == 2 { &QOS_EOSP } else { &QOS_BIT4 };
    tree.open(&QOS, span, Value::Uint(qos.into()));
    tree.put(&QOS_TID, span, Value::Uint((qos & 0xf).into()));
    tree.put(&QOS_PRIORITY, span, Value::Uint((qos & 7).into()));
    tree.put(bit4, span, Value::Bool(qos & 0x10 != 0));
    tree.put(&QOS_ACK, span, Value::Uint((qos >> 5 & 3).into()));
    tree.put(&QOS_AMSDUPRESENT, span, Value::Bool(qos & 0x80 != 0));
    tree.close();
}

/// Records each bit of a value.
fn put_bits(bits: &[(&'static Field, u32)], value: u32, span: Slice, tree: &mut Tree) {
    for &(field, bit) in bits {
        tree.put(field, span, Value::Bool(value & bit != 0));
    }
}
