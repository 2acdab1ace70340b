//! NFLOG: packets logged by a rule of Linux netfilter (LINKTYPE_NFLOG).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "nflog";
    /// A packet logged by a netfilter rule.
    NFLOG: Protocol "nflog" "Linux Netfilter NFLOG";
    /// Address family of the packet.
    FAMILY: U8 "nflog.family" "Family" { values: FAMILIES };
    /// Version, always 0.
    VERSION: U8 "nflog.version" "Version";
    /// Number of the log group.
    RES_ID: U16 "nflog.res_id" "Resource id";
    /// An attribute: length, type and value.
    TLV: Bytes "nflog.tlv" "TLV";
    /// Length of the attribute in bytes, length and type included.
    TLV_LENGTH: U16 "nflog.tlv_length" "Length";
    /// Type of the attribute.
    TLV_TYPE: U16 "nflog.tlv_type" "Type" { values: ATTRIBUTES };
    /// EtherType of the packet.
    PROTOCOL_NUMBER: U16 "nflog.protocol" "HW protocol" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Netfilter hook of the rule.
    HOOK: U8 "nflog.hook" "Netfilter hook" { values: HOOKS };
    /// Input interface.
    IFINDEX_INDEV: U32 "nflog.ifindex_indev" "IFINDEX_INDEV";
    /// Output interface.
    IFINDEX_OUTDEV: U32 "nflog.ifindex_outdev" "IFINDEX_OUTDEV";
    /// Bridge port of the input.
    IFINDEX_PHYSINDEV: U32 "nflog.ifindex_physindev" "IFINDEX_PHYSINDEV";
    /// Bridge port of the output.
    IFINDEX_PHYSOUTDEV: U32 "nflog.ifindex_physoutdev" "IFINDEX_PHYSOUTDEV";
    /// Log prefix of the rule.
    PREFIX: Text "nflog.prefix" "Prefix";
    /// User ID of the sending process.
    UID: I32 "nflog.uid" "UID";
    /// Group ID of the sending process.
    GID: I32 "nflog.gid" "GID";
    /// Time of arrival.
    TIMESTAMP: Time "nflog.timestamp" "Timestamp";
    /// Value of any other attribute.
    TLV_VALUE: Bytes "nflog.tlv_value" "Value";
}

const FAMILIES: &[(u64, &str)] = &[
    (0, "Unspecified"),
    (1, "IPv4/IPv6"),
    (2, "IPv4"),
    (3, "ARP"),
    (5, "Netdev"),
    (7, "Bridge"),
    (10, "IPv6"),
    (12, "DECNET"),
];
const HOOKS: &[(u64, &str)] = &[
    (0, "Pre-routing"),
    (1, "Local in"),
    (2, "Forward"),
    (3, "Local out"),
    (4, "Post-routing"),
    (5, "Number of hooks"),
];
const ATTRIBUTES: &[(u64, &str)] = &[
    (0, "NFULA_UNSPEC"),
    (1, "NFULA_PACKET_HDR"),
    (2, "NFULA_MARK"),
    (3, "NFULA_TIMESTAMP"),
    (4, "NFULA_IFINDEX_INDEV"),
    (5, "NFULA_IFINDEX_OUTDEV"),
    (6, "NFULA_IFINDEX_PHYSINDEV"),
    (7, "NFULA_IFINDEX_PHYSOUTDEV"),
    (8, "NFULA_HWADDR"),
    (9, "NFULA_PAYLOAD"),
    (10, "NFULA_PREFIX"),
    (11, "NFULA_UID"),
    (12, "NFULA_SEQ"),
    (13, "NFULA_SEQ_GLOBAL"),
    (14, "NFULA_GID"),
    (15, "NFULA_HWTYPE"),
    (16, "NFULA_HWHEADER"),
    (17, "NFULA_HWLEN"),
];

/// Registry entry for NFLOG.
pub static PROTOCOL: Protocol = Protocol {
    short: "NFLOG",
    fields: FIELDS,
    claims: &[Claim::Link(239)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const PACKET_HEADER: u16 = 1;
const PAYLOAD: u16 = 9;
const IPV4: u8 = 2;
const IPV6: u8 = 10;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("nflog");
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&NFLOG, payload.all(), Value::Bytes(payload.all()));
    let next = header(&mut reader);
    if next.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    next.unwrap_or(NextLayer::End)
}

/// Reads the header and the attributes. Length and type are in the byte order of the capturing host: little-endian
/// unless the first length contradicts it. Each attribute is aligned to four bytes. The EtherType in the packet header
/// attribute states what the payload is, and without it the family: that of a bridge or a device has any packets.
fn header<'b>(reader: &mut FieldReader<'b, '_>) -> Result<NextLayer<'b>, UnexpectedEnd> {
    let family = reader.u8(&FAMILY)?;
    reader.u8(&VERSION)?;
    reader.u16(&RES_ID)?;
    let (mut payload, mut ether_type) = (None, 0);
    while reader.rest().bytes.len() >= 4 {
        let whole = reader.rest();
        let [a, b, c, d] = reader.read_array()?;
        let is_big =
            u32::from(u16::from_le_bytes([a, b])) > whole.wire && u32::from(u16::from_be_bytes([a, b])) <= whole.wire;
        let number = |pair| if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        // The upper bit of the type only marks values in network byte order.
        let (len, kind) = (usize::from(number([a, b])), number([c, d]) & 0x7fff);
        // A length below that of the attribute header is invalid: the rest cannot be parsed.
        if len < 4 {
            break;
        }
        let value = reader.rest().first(len - 4);
        describe(kind, whole.first(len), value, reader.tree);
        match (kind, value.bytes) {
            (PAYLOAD, _) => payload = Some(value),
            (PACKET_HEADER, &[high, low, _, _]) => ether_type = u16::from_be_bytes([high, low]),
            _ => {}
        }
        if value.bytes.len() < len - 4 && payload.is_none() {
            return Err(UnexpectedEnd);
        }
        let padded = (len - 4).next_multiple_of(4).min(reader.rest().bytes.len());
        reader.skip(padded)?;
    }
    Ok(match (payload, ether_type, family) {
        (Some(payload), 0, IPV4) => NextLayer::EtherType(0x0800, payload),
        (Some(payload), 0, IPV6) => NextLayer::EtherType(0x86dd, payload),
        (Some(payload), 0, _) => NextLayer::Data(payload),
        (Some(payload), ether_type, _) => NextLayer::EtherType(ether_type, payload),
        (None, ..) => NextLayer::End,
    })
}

fn describe(kind: u16, whole: Payload<'_>, value: Payload<'_>, tree: &mut Tree) {
    let node = tree.open(&TLV, whole.all(), Value::Bytes(whole.all()));
    let name = TLV_TYPE.value_name(kind.into()).unwrap_or("Unknown");
    tree.label(node, format_args!("TLV Type: {name} ({kind}), Length: {}", whole.wire));
    tree.put(&TLV_LENGTH, whole.span(0, 2), Value::Uint(whole.wire.into()));
    tree.put(&TLV_TYPE, whole.span(2, 2), Value::Uint(kind.into()));
    let all = value.all();
    let interface = |field, bytes| (field, Value::Uint(u32::from_be_bytes(bytes).into()));
    let known = match (kind, value.bytes) {
        (PACKET_HEADER, &[a, b, hook, _]) => {
            tree.put(&PROTOCOL_NUMBER, value.span(0, 2), Value::Uint(u16::from_be_bytes([a, b]).into()));
            tree.put(&HOOK, value.span(2, 1), Value::Uint(hook.into()));
            None
        }
        (3, &[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]) => {
            let seconds = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
            let micros = i64::from_be_bytes([i, j, k, l, m, n, o, p]);
            let nanos = seconds.saturating_mul(1_000_000_000).saturating_add(micros.saturating_mul(1000));
            Some((&TIMESTAMP, Value::Time(nanos)))
        }
        (4, &[a, b, c, d]) => Some(interface(&IFINDEX_INDEV, [a, b, c, d])),
        (5, &[a, b, c, d]) => Some(interface(&IFINDEX_OUTDEV, [a, b, c, d])),
        (6, &[a, b, c, d]) => Some(interface(&IFINDEX_PHYSINDEV, [a, b, c, d])),
        (7, &[a, b, c, d]) => Some(interface(&IFINDEX_PHYSOUTDEV, [a, b, c, d])),
        (11, &[a, b, c, d]) => Some((&UID, Value::Int(i32::from_be_bytes([a, b, c, d]).into()))),
        (14, &[a, b, c, d]) => Some((&GID, Value::Int(i32::from_be_bytes([a, b, c, d]).into()))),
        (10, text) => {
            let len = memchr::memchr(0, text).unwrap_or(text.len());
            Some((&PREFIX, Value::Text(value.span(0, len))))
        }
        (PAYLOAD, _) => None,
        _ => Some((&TLV_VALUE, Value::Bytes(all))),
    };
    if let Some((field, known)) = known {
        tree.put(field, all, known);
    }
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree));
        (tree, next)
    }

    const LOGGED: [u8; 34] = [
        2, 0, 0, 42, 8, 0, 1, 0, 8, 0, 3, 0, 5, 0, 10, 0, 0, 0, 0, 0, 8, 0, 11, 0, 0xff, 0xff, 0xff, 0xff, 6, 0, 9, 0,
        0x45, 7,
    ];

    #[test]
    fn attributes_are_recorded_and_the_packet_is_dissected() {
        let (tree, next) = dissect(&LOGGED);
        assert!(next.starts_with("EtherType(2048, Payload { bytes: [69, 7]"), "{next}");
        assert_eq!(tree.first(&RES_ID), Some(Value::Uint(42)));
        assert_eq!(tree.first(&PROTOCOL_NUMBER), Some(Value::Uint(0x0800)));
        assert_eq!(tree.first(&HOOK), Some(Value::Uint(3)));
        assert_eq!(tree.first(&UID), Some(Value::Int(-1)));
    }

    #[test]
    fn a_packet_of_a_bridge_has_its_ether_type() {
        for (ether_type, expected) in [(0x08, "EtherType(2054"), (0, "EtherType(6")] {
            let (_, next) = dissect(&[7, 0, 0, 42, 8, 0, 1, 0, ether_type, 6, 0, 0, 6, 0, 9, 0, 0, 1]);
            assert!(next.starts_with(expected), "{next}");
        }
        assert!(dissect(&[7, 0, 0, 42, 6, 0, 9, 0, 0, 1]).1.starts_with("Data("));
    }

    #[test]
    fn attributes_of_a_big_endian_host_are_parsed() {
        let (_, next) = dissect(&[10, 0, 0, 42, 0, 6, 0, 9, 0x60, 7]);
        assert!(next.starts_with("EtherType(34525, Payload { bytes: [96, 7]"), "{next}");
    }

    #[test]
    fn no_invalid_length_and_no_prefix_panics() {
        dissect(&[2, 0, 0, 0, 2, 0, 9, 0]);
        dissect(&[2, 0, 0, 0, 0xff, 0xff, 10, 0]);
        for len in 0..LOGGED.len() {
            dissect(LOGGED.get(..len).unwrap_or_default());
        }
    }
}
