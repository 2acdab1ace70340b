//! Linux cooked captures: frames from Linux's interface `any`, in two versions (LINKTYPE_LINUX_SLL and
//! LINKTYPE_LINUX_SLL2).

pub mod second;

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::padding::declared_len;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "sll";
    /// A frame of a Linux cooked capture.
    SLL: Protocol "sll" "Linux cooked-mode capture";
    /// Type of the destination: 0 this host, 1 broadcast, 2 multicast, 3 another host, 4 sent by this host.
    PKTTYPE: U16 "sll.pkttype" "Packet type" { values: PACKET_TYPES };
    /// Type of the device, as a Linux number (ARPHRD_).
    HATYPE: U16 "sll.hatype" "Link-layer address type" { values: DEVICES };
    /// Length of the source address in bytes.
    HALEN: U16 "sll.halen" "Link-layer address length";
    /// Source address, if it has the length of an Ethernet address.
    SRC_ETH: Ether "sll.src.eth" "Source";
    /// Source address, if it has the length of an IPv4 address.
    SRC_IPV4: Ipv4 "sll.src.ipv4" "Source";
    /// Source address of any other length.
    SRC_OTHER: Bytes "sll.src.other" "Source";
    /// Unused bytes of the eight address bytes.
    UNUSED: Bytes "sll.unused" "Unused";
    /// Protocol of the payload, as a Linux number.
    LTYPE: U16 "sll.ltype" "Protocol" { base: DisplayBase::Hex, values: LINUX_TYPES };
    /// Protocol of the payload on a GRE device.
    GRETYPE: U16 "sll.gretype" "Protocol" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// EtherType of the payload.
    ETYPE: U16 "sll.etype" "Protocol" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Bytes after the payload.
    TRAILER: Bytes "sll.trailer" "Trailer";
    /// Number of the interface.
    IFINDEX: U32 "sll.ifindex" "Interface index";
}

const PACKET_TYPES: &[(u64, &str)] =
    &[(0, "Unicast to us"), (1, "Broadcast"), (2, "Multicast"), (3, "Unicast to another host"), (4, "Sent by us")];
const DEVICES: &[(u64, &str)] = &[
    (1, "Ethernet"),
    (512, "PPP"),
    (768, "IPIP tunnel"),
    (769, "IP6IP6 tunnel"),
    (772, "Loopback"),
    (776, "SIT tunnel"),
    (778, "GRE tunnel"),
    (801, "IEEE 802.11"),
    (803, "IEEE 802.11 with radiotap"),
    (823, "GRE tunnel over IPv6"),
    (824, "Netlink"),
    (0xfffe, "No link-layer header"),
];
const LINUX_TYPES: &[(u64, &str)] = &[(1, "802.3"), (4, "802.2 LLC"), (9, "PPP"), (0x0c, "CAN"), (0x0d, "CAN FD")];

/// Registry entry for Linux cooked captures.
pub static PROTOCOL: Protocol = Protocol {
    short: "SLL",
    fields: FIELDS,
    claims: &[Claim::Link(113)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// Link types of PPP, and of frames that begin with an LLC header.
const PPP: u16 = 9;
const LLC: u16 = 100;

/// Header values that determine the next layer.
struct SllHeader {
    protocol: u16,
    device: u16,
    packet_type: u16,
    address: [u8; 8],
    address_len: u16,
}

/// ```text
///  0       2       4       6                       14      16
///  | type  | device| length| address, 8 bytes      |protocol|
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    let header = payload.bytes.first_chunk::<16>().map(|&[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]| SllHeader {
        packet_type: u16::from_be_bytes([a, b]),
        device: u16::from_be_bytes([c, d]),
        address_len: u16::from_be_bytes([e, f]),
        address: [g, h, i, j, k, l, m, n],
        protocol: u16::from_be_bytes([o, p]),
    });
    read_version(1, header, payload, packet, tree)
}

/// Reads a frame of the second version.
///
/// ```text
///  0       2       4               8       10      11      12
///  |protocol|  0   | interface     | device| type  | length| address, 8 bytes
/// ```
fn read_second<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    let header =
        payload.bytes.first_chunk::<20>().map(|&[a, b, _, _, _, _, _, _, c, d, e, f, g, h, i, j, k, l, m, n]| {
            SllHeader {
                protocol: u16::from_be_bytes([a, b]),
                device: u16::from_be_bytes([c, d]),
                packet_type: e.into(),
                address_len: f.into(),
                address: [g, h, i, j, k, l, m, n],
            }
        });
    read_version(2, header, payload, packet, tree)
}

fn read_version<'b>(
    version: u8,
    header: Option<SllHeader>,
    payload: Payload<'b>,
    packet: &mut Packet,
    tree: &mut Tree,
) -> NextLayer<'b> {
    packet.path.push("sll");
    if tree.wants_columns() {
        let columns = tree.columns_mut();
        columns.protocol = PROTOCOL.short;
        if let Some(header) = &header {
            let ([a, b, c, d, e, f, ..], len) = (header.address, header.address_len);
            columns.source = match len {
                6 => Some(Value::Ether([a, b, c, d, e, f])),
                4 => Some(Value::Ipv4([a, b, c, d])),
                _ => None,
            };
            let name = PKTTYPE.value_name(header.packet_type.into());
            tree.set_info(format_args!("{}", name.unwrap_or("Unknown")));
        }
    }
    let len = if version == 1 { 16 } else { 20 };
    if tree.wants_any(&SLL) {
        let span = payload.span(0, len);
        let mut reader = FieldReader::new(payload, tree);
        let node = reader.tree.open(&SLL, span, Value::Bytes(payload.all()));
        reader.tree.label(node, format_args!("Linux cooked capture v{version}"));
        let _ = if version == 1 { describe_first(&mut reader) } else { describe_second(&mut reader) };
        if let Some(header) = &header {
            describe_trailer(header, payload.from(len), tree);
        }
        tree.close();
    }
    let Some(header) = header else {
        crate::frame::note_truncated(payload, tree);
        return NextLayer::End;
    };
    let next_payload = payload.from(len);
    match (header.device, header.protocol) {
        (778 | 823, number) => NextLayer::EtherType(number, next_payload),
        // Lower bound of EtherTypes (RFC 894): smaller numbers are Linux's own.
        (_, 0..1536) => match header.protocol {
            4 => NextLayer::Link(LLC, next_payload),
            9 => NextLayer::Link(PPP, next_payload),
            _ => NextLayer::Data(next_payload),
        },
        (_, number) => {
            packet.path.push("ethertype");
            NextLayer::EtherType(number, next_payload)
        }
    }
}

fn describe_first(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u16(&PKTTYPE)?;
    let device = reader.u16(&HATYPE)?;
    let len = reader.u16(&HALEN)?;
    describe_address(reader, len)?;
    describe_protocol(reader, device)
}

fn describe_second(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let device =
        reader.rest().bytes.get(8..).and_then(|rest| rest.first_chunk()).map_or(0, |at| u16::from_be_bytes(*at));
    describe_protocol(reader, device)?;
    reader.skip(2)?;
    reader.u32(&IFINDEX)?;
    reader.u16(&HATYPE)?;
    let span = reader.span(1);
    let [packet_type] = reader.read_array()?;
    reader.tree.put(&PKTTYPE, span, Value::Uint(packet_type.into()));
    let span = reader.span(1);
    let [len] = reader.read_array()?;
    reader.tree.put(&HALEN, span, Value::Uint(len.into()));
    describe_address(reader, len.into())
}

fn describe_address(reader: &mut FieldReader<'_, '_>, len: u16) -> Result<(), UnexpectedEnd> {
    let len = usize::from(len.min(8));
    match len {
        0 => {}
        4 => drop(reader.ipv4(&SRC_IPV4)?),
        6 => drop(reader.ether(&SRC_ETH)?),
        _ => drop(reader.bytes(&SRC_OTHER, len)?),
    }
    if len < 8 {
        reader.bytes(&UNUSED, 8 - len)?;
    }
    Ok(())
}

fn describe_protocol(reader: &mut FieldReader<'_, '_>, device: u16) -> Result<(), UnexpectedEnd> {
    let span = reader.span(2);
    let protocol = u16::from_be_bytes(reader.read_array()?);
    let field = match (device, protocol) {
        (778 | 823, _) => &GRETYPE,
        (_, 0..1536) => &LTYPE,
        _ => &ETYPE,
    };
    reader.tree.put(field, span, Value::Uint(protocol.into()));
    Ok(())
}

fn describe_trailer(header: &SllHeader, payload: Payload<'_>, tree: &mut Tree) {
    if header.protocol < 1536 || payload.is_truncated() {
        return;
    }
    let claimed = declared_len(header.protocol, payload.bytes).unwrap_or(payload.bytes.len());
    if claimed < payload.bytes.len() {
        let span = payload.span(claimed, payload.bytes.len() - claimed);
        tree.put(&TRAILER, span, Value::Bytes(span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    fn dissect(version: u8, bytes: &[u8]) -> (Tree, alloc::string::String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let (payload, mut packet) = (Payload::whole(bytes, 0), Packet::default());
        let next = match version {
            1 => read(&payload, &mut packet, &mut tree),
            _ => read_second(&payload, &mut packet, &mut tree),
        };
        let next = alloc::format!("{next:?}");
        (tree, next)
    }

    #[test]
    fn both_versions_have_the_same_fields() {
        let first = [0, 4, 3, 4, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0, 0x45];
        let second = [8, 0, 0, 0, 0, 0, 0, 9, 3, 4, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x45];
        for (version, bytes) in [(1, &first[..]), (2, &second[..])] {
            let (tree, next) = dissect(version, bytes);
            assert_eq!(tree.first(&PKTTYPE), Some(Value::Uint(4)));
            assert_eq!(tree.first(&HATYPE), Some(Value::Uint(772)));
            assert_eq!(tree.first(&SRC_ETH), Some(Value::Ether([1, 2, 3, 4, 5, 6])));
            assert_eq!(tree.first(&ETYPE), Some(Value::Uint(0x0800)));
            assert_eq!(tree.first(&IFINDEX), (version == 2).then_some(Value::Uint(9)));
            assert!(next.starts_with("EtherType(2048,"), "{next}");
        }
    }

    #[test]
    fn small_numbers_are_linuxs_own_and_gre_devices_have_ethertypes() {
        let (_, next) = dissect(1, &[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 4, 0x42]);
        assert!(next.starts_with("Link(100,"), "{next}");
        let (tree, next) = dissect(1, &[0, 0, 3, 10, 0, 4, 10, 0, 0, 1, 0, 0, 0, 0, 8, 0, 0x45]);
        assert!(next.starts_with("EtherType(2048,"), "{next}");
        assert_eq!(tree.first(&SRC_IPV4), Some(Value::Ipv4([10, 0, 0, 1])));
    }

    #[test]
    fn no_prefix_panics() {
        let bytes = [0; 24];
        for len in 0..bytes.len() {
            for version in [1, 2] {
                dissect(version, bytes.get(..len).unwrap_or_default());
            }
        }
    }
}
