//! The routing header of IPv6 (RFC 8200 4.4): the routers that a packet visits, in the format of its type.

use crate::field::DisplayBase;
use crate::packet::{Address, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::FieldReader;
use crate::tree::{Slice, Tree, Value};
use etherparse::Ipv6RawExtHeaderSlice;

crate::fields! { "ipv6::routing";
    /// Route of the packet.
    ROUTING: Protocol "ipv6.routing" "Routing Header for IPv6";
    /// Protocol of the next header.
    NXT: U8 "ipv6.routing.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// Length of the header in units of eight bytes, minus one.
    LEN: U8 "ipv6.routing.len" "Length";
    /// Length of the header in bytes.
    LEN_OCT: U16 "ipv6.routing.len_oct" "Length";
    /// Type of routing.
    TYPE: U8 "ipv6.routing.type" "Type" { values: TYPES };
    /// Number of route addresses still to be visited.
    SEGLEFT: U8 "ipv6.routing.segleft" "Segments Left";
    /// Reserved bytes of a source route.
    SRC_RESERVED: Bytes "ipv6.routing.src.reserved" "Reserved";
    /// Address of a source route.
    SRC_ADDR: Ipv6 "ipv6.routing.src.addr" "Address";
    /// Reserved bytes of a route to a mobile host.
    MIPV6_RESERVED: Bytes "ipv6.routing.mipv6.reserved" "Reserved";
    /// Home address of a mobile host.
    MIPV6_HOME_ADDRESS: Ipv6 "ipv6.routing.mipv6.home_address" "Home Address";
    /// Index of the last address of a segment route, from 0.
    SRH_LAST_ENTRY: U8 "ipv6.routing.srh.last_entry" "Last Entry";
    /// Flags of a segment route.
    SRH_FLAGS: U8 "ipv6.routing.srh.flags" "Flags" { base: DisplayBase::Hex };
    /// Tag of a segment route, which groups packets.
    SRH_TAG: Bytes "ipv6.routing.srh.tag" "Tag";
    /// Address of a segment route; the first is the last to be visited.
    SRH_ADDR: Ipv6 "ipv6.routing.srh.addr" "Address";
    /// Data of an unknown type.
    UNKNOWN_DATA: Bytes "ipv6.routing.unknown_data" "Type-Specific Data";
    /// The type is deprecated (RFC 5095).
    DEPRECATED: Note(Note) "ipv6.routing.deprecated" "Routing header type is deprecated";
    /// The segments left exceed the number of addresses.
    INVALID_SEGLEFT: Note(Warn) "ipv6.routing.invalid_segleft" "IPv6 Routing Header segments left field must not exceed address count";
}

const TYPES: &[(u64, &str)] = &[
    (0, "Source Route"),
    (1, "Nimrod"),
    (2, "Type 2 Routing Header"),
    (3, "RPL Source Route Header"),
    (4, "Segment Routing"),
    (5, "CRH-16"),
    (6, "CRH-32"),
];
const SOURCE_ROUTE: u8 = 0;
const MOBILE: u8 = 2;
const SEGMENTS: u8 = 4;

/// Registry entry for the routing header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv6",
    fields: FIELDS,
    claims: &[Claim::IpProto(43)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// ```text
///  0       1       2       3       4               8
///  | next  |length | type  | left  | of the type   | addresses
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ipv6.routing");
    if tree.wants_columns() && !packet.quoted {
        tree.set_info(format_args!("IPv6 routing"));
    }
    let header = Ipv6RawExtHeaderSlice::from_slice(payload.bytes).ok();
    let Some((header, (&[next, _, kind, left], _))) =
        header.and_then(|header| Some((header.slice(), header.slice().split_first_chunk::<4>()?)))
    else {
        tree.open(&ROUTING, payload.all(), Value::Bytes(payload.all()));
        let _ = FieldReader::new(payload, tree).u8(&NXT);
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    // Final destination: transport checksums and connections use that address (RFC 8200 8.1).
    if let Some(last) = last_address(kind, left, header) {
        packet.destination = Address::V6(last);
        if tree.wants_columns() && !packet.quoted {
            tree.columns_mut().destination = Some(Value::Ipv6(last));
        }
    }
    if tree.wants_any(&ROUTING) {
        describe(payload.first(header.len()), kind, left, next, tree);
    }
    NextLayer::IpProto(next, payload.from(header.len()))
}

fn addresses(header: &[u8]) -> impl ExactSizeIterator<Item = [u8; 16]> {
    let list = header.get(8..).unwrap_or_default();
    list.chunks_exact(16).map(|bytes| bytes.first_chunk().copied().unwrap_or_default())
}

fn last_address(kind: u8, left: u8, header: &[u8]) -> Option<[u8; 16]> {
    let mut addresses = addresses(header);
    match kind {
        _ if left == 0 || usize::from(left) > addresses.len() => None,
        SOURCE_ROUTE | MOBILE => addresses.last(),
        // RFC 8754 2: the list begins with the last segment.
        SEGMENTS => addresses.next(),
        _ => None,
    }
}

fn describe(payload: Payload<'_>, kind: u8, left: u8, next: u8, tree: &mut Tree) {
    let len = payload.bytes.len();
    let node = tree.open(&ROUTING, payload.all(), Value::Bytes(payload.all()));
    tree.label(node, format_args!("{} ({})", ROUTING.title, TYPE.value_name(kind.into()).unwrap_or("Unknown")));
    tree.put(&NXT, payload.span(0, 1), Value::Uint(next.into()));
    tree.put(&LEN, payload.span(1, 1), Value::Uint((len / 8 - 1) as u64));
    tree.put(&LEN_OCT, Slice::default(), Value::Uint(len as u64));
    tree.put(&TYPE, payload.span(2, 1), Value::Uint(kind.into()));
    // RFC 5095: deprecated for security reasons.
    if kind == SOURCE_ROUTE {
        tree.note(&DEPRECATED, payload.span(2, 1), format_args!("{}", DEPRECATED.title));
    }
    tree.put(&SEGLEFT, payload.span(3, 1), Value::Uint(left.into()));
    let (span, count) = (payload.span(3, 1), addresses(payload.bytes).len());
    match kind {
        MOBILE if left != 1 => {
            tree.note(
                &INVALID_SEGLEFT,
                span,
                format_args!("IPv6 Type 2 Routing Header segments left field must equal 1"),
            );
        }
        SOURCE_ROUTE | SEGMENTS if usize::from(left) > count => {
            let text = "Routing Header segments left field must not exceed address count";
            tree.note(&INVALID_SEGLEFT, span, format_args!("IPv6 Type {kind} {text} ({count})"));
        }
        _ => {}
    }
    let reserved = payload.span(4, 4);
    let field = match (kind, payload.bytes) {
        (SOURCE_ROUTE, _) => {
            tree.put(&SRC_RESERVED, reserved, Value::Bytes(reserved));
            &SRC_ADDR
        }
        (MOBILE, _) => {
            tree.put(&MIPV6_RESERVED, reserved, Value::Bytes(reserved));
            &MIPV6_HOME_ADDRESS
        }
        (SEGMENTS, &[_, _, _, _, last, flags, ..]) => {
            tree.put(&SRH_LAST_ENTRY, payload.span(4, 1), Value::Uint(last.into()));
            tree.put(&SRH_FLAGS, payload.span(5, 1), Value::Uint(flags.into()));
            tree.put(&SRH_TAG, payload.span(6, 2), Value::Bytes(payload.span(6, 2)));
            &SRH_ADDR
        }
        _ => {
            let data = payload.from(4).all();
            tree.put(&UNKNOWN_DATA, data, Value::Bytes(data));
            tree.close();
            return;
        }
    };
    // The bytes after the last entry of a segment list are options of the segment route.
    let count = match (kind, payload.bytes) {
        (SEGMENTS, &[_, _, _, _, last, ..]) => usize::from(last) + 1,
        _ => usize::MAX,
    };
    for (nth, address) in addresses(payload.bytes).take(count).enumerate() {
        tree.put(field, payload.span(8 + nth * 16, 16), Value::Ipv6(address));
    }
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::vec::Vec;

    fn header(kind: u8, left: u8, addresses: &[u8]) -> Vec<u8> {
        let mut bytes = alloc::vec![6, (addresses.len() * 2) as u8, kind, left, 0, 0, 0, 0];
        for &last in addresses {
            bytes.extend_from_slice(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        bytes
    }

    fn dissect(bytes: &[u8]) -> (Tree, Packet) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut packet = Packet::default();
        let _ = read(&Payload::whole(bytes, 0), &mut packet, &mut tree);
        (tree, packet)
    }

    #[test]
    fn the_end_of_the_route_is_the_destination() {
        // (type, left, addresses, the last byte of the destination)
        let rows: [(u8, u8, &[u8], Option<u8>); 7] = [
            (0, 1, &[7, 8], Some(8)),
            (0, 0, &[7, 8], None),
            (2, 1, &[9], Some(9)),
            (4, 1, &[5, 6], Some(5)),
            (4, 3, &[5, 6], None),
            (99, 1, &[5], None),
            (0, 1, &[], None),
        ];
        for (kind, left, addresses, expected) in rows {
            let (_, packet) = dissect(&header(kind, left, addresses));
            let last = match packet.destination {
                Address::V6([.., last]) => Some(last),
                _ => None,
            };
            assert_eq!(last, expected, "{kind} {left} {addresses:?}");
        }
    }

    #[test]
    fn a_route_with_more_left_than_it_has_is_noted() {
        let (tree, _) = dissect(&header(0, 3, &[1]));
        assert!(tree.first(&INVALID_SEGLEFT).is_some());
        assert!(tree.first(&DEPRECATED).is_some());
        let (tree, _) = dissect(&header(4, 1, &[1]));
        assert!(tree.first(&INVALID_SEGLEFT).is_none());
    }

    #[test]
    fn a_truncated_header_has_its_next_header() {
        let (tree, _) = dissect(&[48]);
        assert_eq!(tree.first(&NXT), Some(Value::Uint(48)));
    }

    #[test]
    fn no_prefix_panics() {
        let whole = header(4, 1, &[1, 2]);
        for len in 0..whole.len() {
            dissect(whole.get(..len).unwrap_or_default());
        }
    }
}
