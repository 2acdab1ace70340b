//! LLC (IEEE 802.2) with its SNAP extension (IEEE 802, RFC 1042).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};
use core::fmt;

crate::fields! { "llc";
    /// Logical link control.
    LLC: Protocol "llc" "Logical-Link Control";
    /// Destination service access point.
    DSAP: U8 "llc.dsap" "DSAP" { base: DisplayBase::Hex, values: SAPS };
    /// Destination service access point without its group bit.
    DSAP_SAP: U8 "llc.dsap.sap" "SAP";
    /// Whether the destination is a group.
    DSAP_IG: Bool "llc.dsap.ig" "IG Bit";
    /// Source service access point.
    SSAP: U8 "llc.ssap" "SSAP" { base: DisplayBase::Hex, values: SAPS };
    /// Source service access point without its command bit.
    SSAP_SAP: U8 "llc.ssap.sap" "SAP";
    /// Whether it is a response, not a command.
    SSAP_CR: Bool "llc.ssap.cr" "CR Bit";
    /// The control field.
    CONTROL: U16 "llc.control" "Control" { base: DisplayBase::Hex };
    /// Number of the frame expected next.
    CONTROL_N_R: U16 "llc.control.n_r" "N(R)";
    /// Number of this frame.
    CONTROL_N_S: U16 "llc.control.n_s" "N(S)";
    /// Whether the sender requests an immediate response.
    CONTROL_P: Bool "llc.control.p" "Poll";
    /// Whether this is the requested immediate response.
    CONTROL_F: Bool "llc.control.f" "Final";
    /// Type of a supervisory frame.
    CONTROL_S_FTYPE: U16 "llc.control.s_ftype" "Supervisory frame type" { base: DisplayBase::Hex, values: SUPERVISORY };
    /// Type of an unnumbered command.
    CONTROL_U_MODIFIER_CMD: U8 "llc.control.u_modifier_cmd" "Command" { base: DisplayBase::Hex, values: COMMANDS };
    /// Type of an unnumbered response.
    CONTROL_U_MODIFIER_RESP: U8 "llc.control.u_modifier_resp" "Response" { base: DisplayBase::Hex, values: RESPONSES };
    /// Type of the frame: information, supervisory or unnumbered.
    CONTROL_FTYPE: U16 "llc.control.ftype" "Frame type" { base: DisplayBase::Hex, values: FRAME_TYPES };
    /// Organization that assigned the protocol number.
    OUI: U24 "llc.oui" "Organization Code";
    /// EtherType of the payload.
    TYPE: U16 "llc.type" "Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Protocol of the payload, as a number of the organization.
    PID: U16 "llc.pid" "Protocol ID" { base: DisplayBase::Hex };
}

const SAPS: &[(u64, &str)] = &[
    (0x00, "NULL LSAP"),
    (0x02, "LLC Sub-Layer Management"),
    (0x04, "SNA Path Control"),
    (0x06, "TCP/IP"),
    (0x08, "SNA"),
    (0x42, "Spanning Tree BPDU"),
    (0x7e, "X.25 over 802.2"),
    (0x80, "XNS"),
    (0xaa, "SNAP"),
    (0xbc, "Banyan Vines"),
    (0xe0, "NetWare"),
    (0xf0, "NetBIOS"),
    (0xf4, "IBM Net Management"),
    (0xfe, "ISO Network Layer"),
    (0xff, "Global DSAP"),
];
const SUPERVISORY: &[(u64, &str)] = &[(0, "Receiver ready"), (1, "Receiver not ready"), (2, "Reject")];
/// Abbreviations of supervisory frames, and of unnumbered commands and responses.
const SUPERVISORY_WORDS: [&str; 4] = ["RR", "RNR", "REJ", "SREJ"];
const UNNUMBERED_WORDS: &[(u64, &str)] = &[
    (0x00, "UI"),
    (0x03, "DM"),
    (0x10, "DISC"),
    (0x18, "UA"),
    (0x1b, "SABME"),
    (0x21, "FRMR"),
    (0x2b, "XID"),
    (0x38, "TEST"),
];
const FRAME_TYPES: &[(u64, &str)] =
    &[(0, "Information frame"), (1, "Supervisory frame"), (2, "Information frame"), (3, "Unnumbered frame")];
const COMMANDS: &[(u64, &str)] = &[
    (0x00, "Unnumbered Information"),
    (0x10, "Disconnect"),
    (0x1b, "Set Asynchronous Balanced Mode Extended"),
    (0x2b, "Exchange Identification"),
    (0x38, "Test"),
];
const RESPONSES: &[(u64, &str)] = &[
    (0x03, "Disconnected Mode"),
    (0x18, "Unnumbered Acknowledge"),
    (0x21, "Frame Reject"),
    (0x2b, "Exchange Identification"),
    (0x38, "Test"),
];

/// Registry entry for LLC. LINKTYPE_ATM_RFC1483 is a frame that begins with an LLC header.
pub static PROTOCOL: Protocol = Protocol {
    short: "LLC",
    fields: FIELDS,
    claims: &[Claim::Link(100)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// Service access points of SNAP and IP.
const SNAP: u8 = 0xaa;
const IP: u8 = 0x06;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    // Both access points global: not LLC but IPX in Novell's raw framing.
    if payload.bytes.starts_with(&[0xff, 0xff]) {
        return NextLayer::Data(payload);
    }
    packet.path.push("llc");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = FieldReader::new(payload, tree);
    let all = payload.all();
    let node = reader.tree.open(&LLC, all, Value::Bytes(all));
    let next = header(&mut reader);
    let read = reader.position();
    tree.set(node, payload.span(0, read), Value::Bytes(payload.all()));
    if next.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    next.unwrap_or(NextLayer::End)
}

fn header<'b>(reader: &mut FieldReader<'b, '_>) -> Result<NextLayer<'b>, UnexpectedEnd> {
    let span = reader.span(1);
    let dsap = reader.u8(&DSAP)?;
    reader.tree.put(&DSAP_SAP, span, Value::Uint((dsap >> 1).into()));
    reader.tree.put(&DSAP_IG, span, Value::Bool(dsap & 1 == 1));
    let span = reader.span(1);
    let ssap = reader.u8(&SSAP)?;
    reader.tree.put(&SSAP_SAP, span, Value::Uint((ssap >> 1).into()));
    reader.tree.put(&SSAP_CR, span, Value::Bool(ssap & 1 == 1));
    let unnumbered = control(reader, ssap & 1 == 1)?;
    let (group, response) = (dsap & 1 == 1, ssap & 1 == 1);
    reader.tree.append_info(format_args!(
        "; DSAP {} {}, SSAP {} {}",
        Sap(dsap),
        if group { "Group" } else { "Individual" },
        Sap(ssap & 0xfe),
        if response { "Response" } else { "Command" }
    ));
    Ok(match dsap {
        SNAP if unnumbered => snap(reader)?,
        IP if unnumbered => NextLayer::EtherType(0x0800, reader.rest()),
        _ => NextLayer::Data(reader.rest()),
    })
}

/// Displays a service access point by its name, or its number.
struct Sap(u8);

impl fmt::Display for Sap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DSAP.value_name(self.0.into()) {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#04x}", self.0),
        }
    }
}

/// Reads the control field: one byte in unnumbered frames, otherwise two. Returns whether the frame is unnumbered
/// information.
fn control(reader: &mut FieldReader<'_, '_>, response: bool) -> Result<bool, UnexpectedEnd> {
    let span = reader.span(2);
    let [low] = reader.read_array()?;
    let one = Slice::new(span.start, 1);
    if low & 3 == 3 {
        // The modifier bits in their positions, without the bits between them.
        let code = u64::from(low & 0xec) >> 2;
        let (field, flag) = match response {
            true => (&CONTROL_U_MODIFIER_RESP, &CONTROL_F),
            false => (&CONTROL_U_MODIFIER_CMD, &CONTROL_P),
        };
        reader.tree.put(&CONTROL, one, Value::Uint(low.into()));
        if low & 0x10 != 0 {
            reader.tree.put(flag, one, Value::Bool(true));
        }
        reader.tree.put(field, one, Value::Uint(code));
        reader.tree.put(&CONTROL_FTYPE, one, Value::Uint(3));
        let word = UNNUMBERED_WORDS.iter().find(|&&(known, _)| known == code).map_or("Unknown", |&(_, word)| word);
        let mark = if low & 0x10 == 0 { "" } else { poll_final_mark(response) };
        reader.tree.set_info(format_args!("U{mark}, func={word}"));
        return Ok(code == 0);
    }
    let [high] = reader.read_array()?;
    let control = u16::from_le_bytes([low, high]);
    reader.tree.put(&CONTROL, span, Value::Uint(control.into()));
    let mark = if control & 0x100 == 0 { "" } else { poll_final_mark(response) };
    reader.tree.put(&CONTROL_N_R, span, Value::Uint((control >> 9).into()));
    if low & 1 == 1 {
        let kind = u64::from(control >> 2 & 3);
        reader.tree.put(&CONTROL_S_FTYPE, span, Value::Uint(kind));
        let word = SUPERVISORY_WORDS.get(kind as usize).copied().unwrap_or_default();
        reader.tree.set_info(format_args!("S{mark}, func={word}, N(R)={}", control >> 9));
    } else {
        reader.tree.put(&CONTROL_N_S, span, Value::Uint((control >> 1 & 0x7f).into()));
        reader.tree.set_info(format_args!("I{mark}, N(R)={}, N(S)={}", control >> 9, control >> 1 & 0x7f));
    }
    if control & 0x100 != 0 {
        let flag = if response { &CONTROL_F } else { &CONTROL_P };
        reader.tree.put(flag, span, Value::Bool(true));
    }
    reader.tree.put(&CONTROL_FTYPE, span, Value::Uint((control & 1).into()));
    Ok(false)
}

/// Returns the mark of the poll bit of a command, which is the final bit of a response.
fn poll_final_mark(response: bool) -> &'static str {
    if response { " F" } else { " P" }
}

fn snap<'b>(reader: &mut FieldReader<'b, '_>) -> Result<NextLayer<'b>, UnexpectedEnd> {
    let oui = reader.u24(&OUI)?;
    let ether_type = matches!(oui, 0 | 0xf8);
    let number = reader.u16(if ether_type { &TYPE } else { &PID })?;
    reader.tree.set_info(format_args!("U, func=UI; SNAP, OUI {oui:#08X}, PID {number:#06X}"));
    Ok(match oui {
        // RFC 1042, and Cisco's equivalent.
        _ if ether_type => NextLayer::EtherType(number, reader.rest()),
        // RFC 2684 5.2: bridged Ethernet, with and without its check sequence, after two bytes of padding.
        0x80c2 if matches!(number, 1 | 7) => NextLayer::Link(1, reader.rest()),
        _ => NextLayer::Data(reader.rest()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    fn dissect(bytes: &[u8]) -> (Tree, Packet, alloc::string::String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut packet = Packet::default();
        let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut packet, &mut tree));
        (tree, packet, next)
    }

    #[test]
    fn snap_with_the_organization_zero_names_an_ethertype() {
        let (tree, packet, next) = dissect(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 6, 9]);
        assert_eq!(packet.path.names(), ["llc"]);
        assert_eq!(tree.first(&TYPE), Some(Value::Uint(0x0806)));
        assert!(next.starts_with("EtherType(2054"), "{next}");
    }

    #[test]
    fn control_fields_of_all_three_types_are_read() {
        let (tree, ..) = dissect(&[0x42, 0x42, 3, 0]);
        assert_eq!(tree.first(&CONTROL_U_MODIFIER_CMD), Some(Value::Uint(0)));
        let (tree, ..) = dissect(&[4, 4, 1, 2, 0]);
        assert_eq!(
            (tree.first(&CONTROL_N_R), tree.first(&CONTROL_FTYPE)),
            (Some(Value::Uint(1)), Some(Value::Uint(1)))
        );
        let (tree, ..) = dissect(&[4, 5, 6, 2, 0]);
        assert_eq!(
            (tree.first(&CONTROL_N_S), tree.first(&CONTROL_FTYPE)),
            (Some(Value::Uint(3)), Some(Value::Uint(0)))
        );
    }

    #[test]
    fn no_prefix_panics() {
        let whole = [0xaa, 0xaa, 3, 0, 0, 0, 8, 6, 9];
        for len in 0..whole.len() {
            dissect(whole.get(..len).unwrap_or_default());
        }
    }
}
