//! ARP (RFC 826) and its variants RARP (RFC 903), InARP (RFC 2390) and DRARP (RFC 1931).

use crate::ether_name::DisplayEther;
use crate::field::{DisplayBase, Field};
use crate::packet::{AddressConflict, AddressUse, AddressUses, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};
use core::fmt;
use core::net::Ipv4Addr;

crate::fields! { "arp";
    /// Address Resolution Protocol.
    ARP: Protocol "arp" "Address Resolution Protocol";
    /// Type of the hardware addresses.
    HW_TYPE: U16 "arp.hw.type" "Hardware type" { values: HARDWARE };
    /// Type of the protocol addresses, as an EtherType.
    PROTO_TYPE: U16 "arp.proto.type" "Protocol type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Length of a hardware address in bytes.
    HW_SIZE: U8 "arp.hw.size" "Hardware size";
    /// Length of a protocol address in bytes.
    PROTO_SIZE: U8 "arp.proto.size" "Protocol size";
    /// Operation: 1 for a request, 2 for a reply.
    OPCODE: U16 "arp.opcode" "Opcode" { values: OPCODES };
    /// Whether it requests or announces the sender's own address.
    ISGRATUITOUS: Bool "arp.isgratuitous" "Is gratuitous";
    /// Whether it probes for an unused address (RFC 5227).
    ISPROBE: Bool "arp.isprobe" "Is probe";
    /// Whether it announces that the sender uses an address from now on (RFC 5227).
    ISANNOUNCEMENT: Bool "arp.isannouncement" "Is announcement";
    /// Sender's hardware address, unless it is an Ethernet address.
    SRC_HW: Bytes "arp.src.hw" "Sender hardware address";
    /// Sender's Ethernet address.
    SRC_HW_MAC: Ether "arp.src.hw_mac" "Sender MAC address";
    /// Sender's protocol address, unless it is an IPv4 address.
    SRC_PROTO: Bytes "arp.src.proto" "Sender protocol address";
    /// Sender's IPv4 address.
    SRC_PROTO_IPV4: Ipv4 "arp.src.proto_ipv4" "Sender IP address";
    /// Target's hardware address, unless it is an Ethernet address.
    DST_HW: Bytes "arp.dst.hw" "Target hardware address";
    /// Target's Ethernet address.
    DST_HW_MAC: Ether "arp.dst.hw_mac" "Target MAC address";
    /// Target's protocol address, unless it is an IPv4 address.
    DST_PROTO: Bytes "arp.dst.proto" "Target protocol address";
    /// Target's IPv4 address.
    DST_PROTO_IPV4: Ipv4 "arp.dst.proto_ipv4" "Target IP address";
    /// Earlier frame in which another host used the address.
    DUPLICATE_ADDRESS_FRAME: Frame "arp.duplicate-address-frame" "Frame showing earlier use of IP address";
    /// Time since that frame in seconds.
    SECONDS_SINCE_DUPLICATE_ADDRESS_FRAME: U32 "arp.seconds-since-duplicate-address-frame" "Seconds since earlier frame seen";
    /// Two hosts use the same IPv4 address.
    DUPLICATE_ADDRESS_DETECTED: Note(Warn) "arp.duplicate-address-detected" "Duplicate IP address configured";
}

const HARDWARE: &[(u64, &str)] = &[
    (1, "Ethernet"),
    (2, "Experimental Ethernet"),
    (6, "IEEE 802"),
    (7, "ARCNET"),
    (15, "Frame Relay DLCI"),
    (18, "Fibre Channel"),
    (20, "Serial Line"),
    (24, "IEEE 1394"),
    (31, "IPsec tunnel"),
    (32, "InfiniBand"),
];
const OPCODES: &[(u64, &str)] = &[
    (1, "request"),
    (2, "reply"),
    (3, "reverse request"),
    (4, "reverse reply"),
    (5, "drarp request"),
    (6, "drarp reply"),
    (7, "drarp error"),
    (8, "inverse request"),
    (9, "inverse reply"),
    (10, "arp nak"),
];

/// Registry entry for ARP.
pub static PROTOCOL: Protocol = Protocol {
    short: "ARP",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x0806), Claim::EtherType(0x8035)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// The four addresses and their types.
struct Addresses<'b> {
    ether: bool,
    ipv4: bool,
    operation: u16,
    sender_hardware: &'b [u8],
    sender: &'b [u8],
    target_hardware: &'b [u8],
    target: &'b [u8],
}

/// ```text
///  0       2       4   5   6       8
///  |hardware|protocol|hl |pl | opcode | sender hardware, sender, target hardware, target
/// ```
fn addresses(bytes: &[u8]) -> Option<Addresses<'_>> {
    let (&[a, b, c, d, hardware_size, size, e, f], rest) = bytes.split_first_chunk::<8>()?;
    let (hardware_size, size) = (usize::from(hardware_size), usize::from(size));
    let (sender_hardware, rest) = rest.split_at_checked(hardware_size)?;
    let (sender, rest) = rest.split_at_checked(size)?;
    let (target_hardware, rest) = rest.split_at_checked(hardware_size)?;
    let (target, _) = rest.split_at_checked(size)?;
    Some(Addresses {
        ether: matches!(u16::from_be_bytes([a, b]), 1 | 6) && hardware_size == 6,
        ipv4: u16::from_be_bytes([c, d]) == 0x0800 && size == 4,
        operation: u16::from_be_bytes([e, f]),
        sender_hardware,
        sender,
        target_hardware,
        target,
    })
}

impl Addresses<'_> {
    fn is_request_or_reply(&self) -> bool {
        matches!(self.operation, 1 | 2)
    }

    /// Addresses in use: of the sender, and of the target of a reply. Requests do not state that of their target. If both
    /// are the same address, it is the sender's. Groups use no address.
    fn uses(&self) -> [Option<AddressUse>; 2] {
        let address = |hardware: &[u8], protocol: &[u8]| {
            let hardware = *hardware.first_chunk().filter(|_| self.ether)?;
            let protocol = *protocol.first_chunk().filter(|_| self.ipv4)?;
            let is_host = hardware != [0; 6] && hardware.first().is_some_and(|first| first & 1 == 0);
            (is_host && protocol != [0; 4]).then_some(AddressUse { protocol, hardware })
        };
        let sender = address(self.sender_hardware, self.sender);
        let has_target = self.operation == 2 && (sender.is_none() || !self.is_gratuitous());
        [sender, address(self.target_hardware, self.target).filter(|_| has_target)]
    }

    fn is_gratuitous(&self) -> bool {
        self.is_request_or_reply() && self.sender == self.target
    }

    /// RFC 5227 1.1: in a probe the sender's protocol address is zero.
    fn is_probe(&self) -> bool {
        self.operation == 1 && self.ipv4 && self.sender == [0; 4] && !self.is_gratuitous()
    }

    /// RFC 5227 1.1: an announcement is a request for the sender's own address, with a target hardware address of zero.
    fn is_announcement(&self) -> bool {
        self.operation == 1 && self.is_gratuitous() && self.target_hardware.iter().all(|&byte| byte == 0)
    }
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("arp");
    let addresses = addresses(payload.bytes);
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        if let Some(addresses) = &addresses {
            write_info(addresses, tree);
        }
    }
    if tree.wants_any(&ARP) || addresses.is_none() {
        describe(payload, addresses.as_ref(), packet, tree);
    }
    match addresses {
        Some(addresses) if addresses.is_request_or_reply() && !packet.quoted => {
            let is_plain_reply = addresses.operation == 2 && !addresses.is_gratuitous();
            let describe = if is_plain_reply { describe_reply_conflicts } else { describe_conflicts };
            NextLayer::Addresses(AddressUses { uses: addresses.uses(), describe })
        }
        _ => NextLayer::End,
    }
}

fn describe_conflicts(_: &AddressUses, conflicts: &[AddressConflict], tree: &mut Tree) {
    for conflict in conflicts {
        describe_conflict(conflict, tree);
        append_info(conflict, tree);
    }
}

/// The info of a reply names its sender. As in Wireshark, it has a conflict of the target only.
fn describe_reply_conflicts(uses: &AddressUses, conflicts: &[AddressConflict], tree: &mut Tree) {
    let [sender, _] = uses.uses;
    for conflict in conflicts {
        describe_conflict(conflict, tree);
        if sender != Some(conflict.address) {
            append_info(conflict, tree);
        }
    }
}

fn append_info(conflict: &AddressConflict, tree: &mut Tree) {
    tree.append_info(format_args!(" (duplicate use of {} detected!)", Ipv4Addr::from(conflict.address.protocol)));
}

fn describe_conflict(conflict: &AddressConflict, tree: &mut Tree) {
    let &AddressConflict { address, earlier, frame, seconds } = conflict;
    let (protocol, none) = (Ipv4Addr::from(address.protocol), Slice::default());
    let [hardware, earlier] = [address.hardware, earlier].map(DisplayEther);
    let node = tree.open(&DUPLICATE_ADDRESS_FRAME, none, Value::Uint(frame.into()));
    let text = format_args!("{protocol} ({hardware}), also in use by {earlier} (frame {frame})");
    tree.label(node, format_args!("Duplicate IP address detected for {text}"));
    let title = DUPLICATE_ADDRESS_DETECTED.title;
    tree.note(&DUPLICATE_ADDRESS_DETECTED, none, format_args!("{title} ({protocol})"));
    tree.put(&SECONDS_SINCE_DUPLICATE_ADDRESS_FRAME, none, Value::Uint(seconds.into()));
    tree.close();
}

fn write_info(addresses: &Addresses<'_>, tree: &mut Tree) {
    let hardware = |bytes| ArpAddress { bytes, ether: addresses.ether, ipv4: false };
    let protocol = |bytes| ArpAddress { bytes, ether: false, ipv4: addresses.ipv4 };
    let (sender, target) = (protocol(addresses.sender), protocol(addresses.target));
    let (sender_hardware, target_hardware) = (hardware(addresses.sender_hardware), hardware(addresses.target_hardware));
    tree.columns_mut().protocol = match addresses.operation {
        3 | 4 => "RARP",
        5..=7 => "DRARP",
        8 | 9 => "Inverse ARP",
        _ => PROTOCOL.short,
    };
    match addresses.operation {
        1 if addresses.is_announcement() => tree.set_info(format_args!("ARP Announcement for {sender}")),
        1 if addresses.is_gratuitous() => tree.set_info(format_args!("Gratuitous ARP for {sender} (Request)")),
        1 if addresses.is_probe() => tree.set_info(format_args!("Who has {target}? (ARP Probe)")),
        1 => tree.set_info(format_args!("Who has {target}? Tell {sender}")),
        2 if addresses.is_gratuitous() => tree.set_info(format_args!("Gratuitous ARP for {sender} (Reply)")),
        2 => tree.set_info(format_args!("{sender} is at {sender_hardware}")),
        3 | 5 | 8 => tree.set_info(format_args!("Who is {target_hardware}? Tell {sender_hardware}")),
        4 | 6 => tree.set_info(format_args!("{target_hardware} is at {target}")),
        7 => tree.set_info(format_args!("DRARP Error")),
        9 => tree.set_info(format_args!("{sender_hardware} is at {sender}")),
        10 => tree.set_info(format_args!("ARP NAK")),
        other => tree.set_info(format_args!("Unknown ARP opcode {other:#06x}")),
    }
}

/// Displays an address in the format of its type, or as hexadecimal digits.
struct ArpAddress<'b> {
    bytes: &'b [u8],
    ether: bool,
    ipv4: bool,
}

impl fmt::Display for ArpAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.bytes {
            [a, b, c, d] if self.ipv4 => write!(f, "{}", Ipv4Addr::new(a, b, c, d)),
            [a, b, c, d, e, g] if self.ether => crate::format::ether(f, [a, b, c, d, e, g]),
            _ => crate::format::hex(f, self.bytes),
        }
    }
}

fn describe(payload: Payload<'_>, addresses: Option<&Addresses<'_>>, packet: &Packet, tree: &mut Tree) {
    let len = addresses.map_or(payload.bytes.len(), |found| 8 + 2 * (found.sender_hardware.len() + found.sender.len()));
    let span = payload.span(0, len);
    let node = tree.open(&ARP, span, Value::Bytes(payload.all()));
    if let Some(&[a, b, c, d, hardware_size, size, e, f]) = payload.bytes.first_chunk::<8>() {
        tree.put(&HW_TYPE, payload.span(0, 2), Value::Uint(u16::from_be_bytes([a, b]).into()));
        tree.put(&PROTO_TYPE, payload.span(2, 2), Value::Uint(u16::from_be_bytes([c, d]).into()));
        tree.put(&HW_SIZE, payload.span(4, 1), Value::Uint(hardware_size.into()));
        tree.put(&PROTO_SIZE, payload.span(5, 1), Value::Uint(size.into()));
        tree.put(&OPCODE, payload.span(6, 2), Value::Uint(u16::from_be_bytes([e, f]).into()));
    }
    match addresses {
        Some(addresses) => describe_addresses(payload, addresses, node, tree),
        None => crate::padding::note_truncated_unless_quoted(payload, packet, tree),
    }
    tree.close();
}

fn describe_addresses(payload: Payload<'_>, addresses: &Addresses<'_>, node: Option<usize>, tree: &mut Tree) {
    let operation = match addresses.operation {
        _ if addresses.is_announcement() => "ARP Announcement",
        _ if addresses.is_probe() => "ARP Probe",
        other => OPCODE.value_name(other.into()).unwrap_or("unknown"),
    };
    tree.label(node, format_args!("Address Resolution Protocol ({operation})"));
    let flags = [
        (&ISGRATUITOUS, addresses.is_gratuitous()),
        (&ISPROBE, addresses.is_probe()),
        (&ISANNOUNCEMENT, addresses.is_announcement()),
    ];
    for (field, _) in flags.into_iter().filter(|&(_, is_set)| is_set) {
        tree.put(field, Slice::default(), Value::Bool(true));
    }
    let parts: [(&[u8], &'static Field, &'static Field); 4] = [
        (addresses.sender_hardware, &SRC_HW_MAC, &SRC_HW),
        (addresses.sender, &SRC_PROTO_IPV4, &SRC_PROTO),
        (addresses.target_hardware, &DST_HW_MAC, &DST_HW),
        (addresses.target, &DST_PROTO_IPV4, &DST_PROTO),
    ];
    let mut at = 8;
    for (bytes, typed, untyped) in parts {
        let span = payload.span(at, bytes.len());
        at += bytes.len();
        match *bytes {
            [] => None,
            [a, b, c, d, e, f] if addresses.ether && typed.kind == crate::FieldKind::Ether => {
                tree.put(typed, span, Value::Ether([a, b, c, d, e, f]))
            }
            [a, b, c, d] if addresses.ipv4 && typed.kind == crate::FieldKind::Ipv4 => {
                tree.put(typed, span, Value::Ipv4([a, b, c, d]))
            }
            _ => tree.put(untyped, span, Value::Bytes(span)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;
    use alloc::vec::Vec;

    const A: [u8; 6] = [2, 0, 0, 0, 0, 0xa];
    const B: [u8; 6] = [2, 0, 0, 0, 0, 0xb];

    fn packet(operation: u8, sender: u8, target_hardware: [u8; 6], target: u8) -> Vec<u8> {
        let head = [0, 1, 8, 0, 6, 4, 0, operation];
        let protocol = |last: u8| if last == 0 { [0; 4] } else { [10, 0, 0, last] };
        [&head[..], &A, &protocol(sender), &target_hardware, &protocol(target)].concat()
    }

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let _ = read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree);
        let info = String::from_utf8_lossy(tree.bytes(tree.columns().info)).into_owned();
        (tree, info)
    }

    #[test]
    fn each_operation_has_its_info() {
        let rows = [
            (packet(1, 1, [0; 6], 2), "Who has 10.0.0.2? Tell 10.0.0.1"),
            (packet(2, 1, B, 2), "10.0.0.1 is at 02:00:00:00:00:0a"),
            (packet(1, 1, [0; 6], 1), "ARP Announcement for 10.0.0.1"),
            (packet(1, 1, [0xff; 6], 1), "Gratuitous ARP for 10.0.0.1 (Request)"),
            (packet(2, 1, B, 1), "Gratuitous ARP for 10.0.0.1 (Reply)"),
            (packet(1, 0, [0; 6], 2), "Who has 10.0.0.2? (ARP Probe)"),
            (packet(3, 1, B, 2), "Who is 02:00:00:00:00:0b? Tell 02:00:00:00:00:0a"),
            (packet(4, 1, B, 2), "02:00:00:00:00:0b is at 10.0.0.2"),
            (packet(9, 1, B, 2), "02:00:00:00:00:0a is at 10.0.0.1"),
            (packet(77, 1, B, 2), "Unknown ARP opcode 0x004d"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(dissect(&bytes).1, expected);
        }
    }

    #[test]
    fn addresses_of_other_kinds_are_bytes() {
        let (tree, info) = dissect(&[0, 1, 0x12, 0x34, 2, 1, 0, 1, 0xaa, 0xbb, 7, 0, 0, 8]);
        assert_eq!(info, "Who has 08? Tell 07");
        assert_eq!(tree.first(&SRC_HW), Some(Value::Bytes(Slice::new(8, 2))));
        assert_eq!(tree.first(&DST_PROTO), Some(Value::Bytes(Slice::new(13, 1))));
        assert_eq!(tree.first(&SRC_HW_MAC), None);
    }

    #[test]
    fn every_prefix_is_malformed() {
        let whole = packet(1, 1, [0; 6], 2);
        for len in 0..whole.len() {
            let (tree, _) = dissect(whole.get(..len).unwrap_or_default());
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
        }
    }
}
