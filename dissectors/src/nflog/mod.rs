//! NFLOG: what a rule of Linux's netfilter logs (LINKTYPE_NFLOG).

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "nflog";
    /// A packet that a netfilter rule logged.
    NFLOG: Protocol "nflog" "Linux Netfilter NFLOG";
    /// The address family of the packet.
    FAMILY: U8 "nflog.family" "Family" { values: FAMILIES };
    /// The version: 0.
    VERSION: U8 "nflog.version" "Version";
    /// The number of the log group.
    RES_ID: U16 "nflog.res_id" "Resource id";
    /// An attribute: length, type and value.
    TLV: Bytes "nflog.tlv" "TLV";
    /// Bytes of the attribute, length and type included.
    TLV_LENGTH: U16 "nflog.tlv_length" "Length";
    /// The type of the attribute.
    TLV_TYPE: U16 "nflog.tlv_type" "Type" { values: ATTRIBUTES };
    /// What the packet is, as an EtherType.
    PROTOCOL_NUMBER: U16 "nflog.protocol" "HW protocol" { form: Form::Hex, values: crate::names::ETHER_TYPES };
    /// Where in netfilter the rule stands.
    HOOK: U8 "nflog.hook" "Netfilter hook" { values: HOOKS };
    /// The interface it came in by.
    IFINDEX_INDEV: U32 "nflog.ifindex_indev" "IFINDEX_INDEV";
    /// The interface it goes out by.
    IFINDEX_OUTDEV: U32 "nflog.ifindex_outdev" "IFINDEX_OUTDEV";
    /// The port of a bridge it came in by.
    IFINDEX_PHYSINDEV: U32 "nflog.ifindex_physindev" "IFINDEX_PHYSINDEV";
    /// The port of a bridge it goes out by.
    IFINDEX_PHYSOUTDEV: U32 "nflog.ifindex_physoutdev" "IFINDEX_PHYSOUTDEV";
    /// The words the rule puts before what it logs.
    PREFIX: Text "nflog.prefix" "Prefix";
    /// The user whose program sent it.
    UID: I32 "nflog.uid" "UID";
    /// The group whose program sent it.
    GID: I32 "nflog.gid" "GID";
    /// When it came.
    TIMESTAMP: Time "nflog.timestamp" "Timestamp";
    /// The value of another attribute.
    TLV_VALUE: Bytes "nflog.tlv_value" "Value";
}

const FAMILIES: &[(u64, &str)] = &[(2, "IPv4"), (7, "Bridge"), (10, "IPv6")];
const HOOKS: &[(u64, &str)] =
    &[(0, "Pre-routing"), (1, "Local in"), (2, "Forward"), (3, "Local out"), (4, "Post-routing")];
const ATTRIBUTES: &[(u64, &str)] = &[
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

/// NFLOG in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "NFLOG", fields: FIELDS, claims: &[Claim::Link(239)], part: Part::Layer(read) };

const PAYLOAD: u16 = 9;
const IPV4: u8 = 2;
const IPV6: u8 = 10;

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("nflog");
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = Reader::new(piece, tree);
    reader.tree.open(&NFLOG, piece.all(), Value::Bytes(piece.all()));
    let next = header(&mut reader);
    if next.is_err() {
        crate::extent::note_cut(piece, packet, tree);
    }
    tree.close();
    next.unwrap_or(Next::End)
}

/// The header, then attributes: length and type in the byte order of the capturing host, which was little-endian
/// unless the first length says otherwise; each begins at a multiple of four.
fn header<'b>(reader: &mut Reader<'b, '_>) -> Result<Next<'b>, Short> {
    let family = reader.u8(&FAMILY)?;
    reader.u8(&VERSION)?;
    reader.u16(&RES_ID)?;
    let mut payload = None;
    while reader.rest().bytes.len() >= 4 {
        let whole = reader.rest();
        let [a, b, c, d] = reader.take()?;
        let is_big = u32::from(u16::from_le_bytes([a, b])) > whole.wire && u32::from(u16::from_be_bytes([a, b])) <= whole.wire;
        let number = |pair| if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        // The upper bit of the type says only that the value is in network order.
        let (len, kind) = (usize::from(number([a, b])), number([c, d]) & 0x7fff);
        // Nothing can be said of what follows a length that is less than its own head.
        if len < 4 {
            break;
        }
        let value = reader.rest().first(len - 4);
        describe(kind, whole.first(len), value, reader.tree);
        if kind == PAYLOAD {
            payload = Some(value);
        }
        if value.bytes.len() < len - 4 && payload.is_none() {
            return Err(Short);
        }
        let padded = (len - 4).next_multiple_of(4).min(reader.rest().bytes.len());
        reader.skip(padded)?;
    }
    Ok(match (payload, family) {
        (Some(payload), IPV4) => Next::EtherType(0x0800, payload),
        (Some(payload), IPV6) => Next::EtherType(0x86dd, payload),
        (Some(payload), _) => Next::Data(payload),
        (None, _) => Next::End,
    })
}

fn describe(kind: u16, whole: Piece<'_>, value: Piece<'_>, tree: &mut Tree) {
    let place = tree.open(&TLV, whole.all(), Value::Bytes(whole.all()));
    let name = TLV_TYPE.value_name(kind.into()).unwrap_or("Unknown");
    tree.label(place, format_args!("TLV Type: {name} ({kind}), Length: {}", whole.wire));
    tree.put(&TLV_LENGTH, whole.span(0, 2), Value::Uint(whole.wire.into()));
    tree.put(&TLV_TYPE, whole.span(2, 2), Value::Uint(kind.into()));
    let all = value.all();
    let interface = |field, bytes| (field, Value::Uint(u32::from_be_bytes(bytes).into()));
    let known = match (kind, value.bytes) {
        (1, &[a, b, hook, ..]) => {
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
        let next = alloc::format!("{:?}", read(Piece::whole(bytes, 0), &mut Packet::default(), &mut tree));
        (tree, next)
    }

    const LOGGED: [u8; 34] = [
        2, 0, 0, 42, 8, 0, 1, 0, 8, 0, 3, 0, 5, 0, 10, 0, 0, 0, 0, 0, 8, 0, 11, 0, 0xff, 0xff, 0xff, 0xff, 6, 0, 9, 0,
        0x45, 7,
    ];

    #[test]
    fn attributes_are_told_and_the_packet_is_read_on() {
        let (tree, next) = dissect(&LOGGED);
        assert!(next.starts_with("EtherType(2048, Piece { bytes: [69, 7]"), "{next}");
        assert_eq!(tree.first(&RES_ID), Some(Value::Uint(42)));
        assert_eq!(tree.first(&PROTOCOL_NUMBER), Some(Value::Uint(0x0800)));
        assert_eq!(tree.first(&HOOK), Some(Value::Uint(3)));
        assert_eq!(tree.first(&UID), Some(Value::Int(-1)));
    }

    #[test]
    fn a_big_endian_host_is_understood() {
        let (_, next) = dissect(&[10, 0, 0, 42, 0, 6, 0, 9, 0x60, 7]);
        assert!(next.starts_with("EtherType(34525, Piece { bytes: [96, 7]"), "{next}");
    }

    #[test]
    fn odd_lengths_and_every_prefix_are_survived() {
        dissect(&[2, 0, 0, 0, 2, 0, 9, 0]);
        dissect(&[2, 0, 0, 0, 0xff, 0xff, 10, 0]);
        for len in 0..LOGGED.len() {
            dissect(LOGGED.get(..len).unwrap_or_default());
        }
    }
}
