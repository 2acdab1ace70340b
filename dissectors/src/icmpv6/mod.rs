//! ICMPv6 (RFC 4443) with the packet that an error quotes, neighbour discovery (RFC 4861) and listener discovery
//! (RFC 2710, RFC 3810).

mod fields;
mod options;

use crate::packet::{Address, Echo, EchoFacts, EchoFields, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};
use core::fmt;
use etherparse::checksum::Sum16BitWords;
pub use fields::*;

/// Registry entry for ICMPv6.
pub static PROTOCOL: Protocol = Protocol {
    short: "ICMPv6",
    fields: FIELDS,
    claims: &[Claim::IpProto(58)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const TOO_BIG: u8 = 2;
const PARAMETER_PROBLEM: u8 = 4;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;
const LISTENER_QUERY: u8 = 130;
const LISTENER_DONE: u8 = 132;
const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOR_SOLICITATION: u8 = 135;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const REDIRECT: u8 = 137;
const LISTENER_REPORT_2: u8 = 143;

const TYPES: &[(u64, &str)] = &[
    (1, "Destination Unreachable"),
    (2, "Packet Too Big"),
    (3, "Time Exceeded"),
    (4, "Parameter Problem"),
    (100, "Private experimentation"),
    (101, "Private experimentation"),
    (127, "Reserved for expansion of ICMPv6 error messages"),
    (128, "Echo (ping) request"),
    (129, "Echo (ping) reply"),
    (130, "Multicast Listener Query"),
    (131, "Multicast Listener Report"),
    (132, "Multicast Listener Done"),
    (133, "Router Solicitation"),
    (134, "Router Advertisement"),
    (135, "Neighbor Solicitation"),
    (136, "Neighbor Advertisement"),
    (137, "Redirect"),
    (138, "Router Renumbering"),
    (139, "Node Information Query"),
    (140, "Node Information Reply"),
    (141, "Inverse Neighbor Discovery Solicitation Message"),
    (142, "Inverse Neighbor Discovery Advertisement Message"),
    (143, "Multicast Listener Report Message v2"),
    (144, "Home Agent Address Discovery Request Message"),
    (145, "Home Agent Address Discovery Reply Message"),
    (146, "Mobile Prefix Solicitation"),
    (147, "Mobile Prefix Advertisement"),
    (148, "Certification Path Solicitation Message"),
    (149, "Certification Path Advertisement Message"),
    (151, "Multicast Router Advertisement"),
    (152, "Multicast Router Solicitation"),
    (153, "Multicast Router Termination"),
    (155, "RPL Control"),
    (160, "Extended Echo request"),
    (161, "Extended Echo reply"),
    (200, "Private experimentation"),
    (201, "Private experimentation"),
    (255, "Reserved for expansion of ICMPv6 informational messages"),
];

/// Returns the names of a type's codes, in order of their numbers.
fn codes(kind: u8) -> &'static [&'static str] {
    match kind {
        1 => &[
            "no route to destination",
            "Administratively prohibited",
            "Beyond scope of source address",
            "Address unreachable",
            "Port unreachable",
            "Source address failed ingress/egress policy",
            "Reject route to destination",
            "Error in Source Routing Header",
            "Headers too long",
        ],
        3 => &["hop limit exceeded in transit", "fragment reassembly time exceeded"],
        PARAMETER_PROBLEM => &[
            "erroneous header field encountered",
            "unrecognized Next Header type encountered",
            "unrecognized IPv6 option encountered",
            "IPv6 First Fragment has incomplete IPv6 Header Chain",
        ],
        _ => &[],
    }
}

/// Returns the offset of the options in a message, if its type has any.
fn options_at(kind: u8) -> Option<usize> {
    match kind {
        ROUTER_SOLICITATION => Some(8),
        ROUTER_ADVERTISEMENT => Some(16),
        NEIGHBOR_SOLICITATION | NEIGHBOR_ADVERTISEMENT => Some(24),
        REDIRECT => Some(40),
        _ => None,
    }
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("icmpv6");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        write_info(payload, packet.hops, tree);
    }
    if let Some(echo) = Echo::read(payload, packet, [ECHO_REQUEST, ECHO_REPLY], &ECHO_FIELDS, describe_echo) {
        return NextLayer::Echo(echo);
    }
    let kind = payload.bytes.first().copied().unwrap_or_default();
    let complete = match tree.wants_any(&ICMPV6) {
        true => describe(payload, packet, None, tree),
        false => payload.bytes.len() >= options_at(kind).unwrap_or(8),
    };
    if !complete {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        return NextLayer::End;
    }
    let rest = payload.from(8);
    match kind {
        _ if rest.wire == 0 => NextLayer::End,
        // A quoted echo.
        ECHO_REQUEST | ECHO_REPLY => NextLayer::Data(rest),
        // RFC 4443 2.1: the types below 128 are errors.
        1..=PARAMETER_PROBLEM => quoted_packet(rest, packet),
        REDIRECT => {
            let header = options::options(payload.from(40)).find(|option| option.kind == options::REDIRECTED);
            header.map_or(NextLayer::End, |header| quoted_packet(header.payload.from(8), packet))
        }
        _ => NextLayer::End,
    }
}

static ECHO_FIELDS: EchoFields = EchoFields {
    reply_in: &RESP_IN,
    request_in: &RESP_TO,
    response_time: &RESPTIME,
    no_reply: &NO_RESP,
    no_reply_note: &RESP_NOT_FOUND,
    has_frame_in_note: true,
};

fn describe_echo(echo: &Echo<'_>, facts: &EchoFacts, packet: &Packet, tree: &mut Tree) {
    describe(echo.payload, packet, Some((echo, facts)), tree);
}

fn quoted_packet<'b>(payload: Payload<'b>, packet: &mut Packet) -> NextLayer<'b> {
    packet.quoted = true;
    packet.quote_is_truncated = payload.is_truncated();
    NextLayer::EtherType(0x86dd, payload)
}

/// Displays an address.
struct DisplayAddress<T>(T);

impl fmt::Display for DisplayAddress<[u8; 16]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::format::ipv6(f, self.0)
    }
}

impl fmt::Display for DisplayAddress<[u8; 6]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::format::ether(f, self.0)
    }
}

fn write_info(payload: Payload<'_>, hops: u8, tree: &mut Tree) {
    let &[kind, code, ..] = payload.bytes else {
        tree.set_info(format_args!(""));
        return;
    };
    match TYPE.value_name(kind.into()) {
        Some(name) => tree.set_info(format_args!("{name}")),
        None => tree.set_info(format_args!("Unknown ({kind})")),
    }
    if let Some(code) = codes(kind).get(usize::from(code)) {
        tree.append_info(format_args!(" ({code})"));
    }
    let chunk = |at: usize| payload.bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).copied();
    let target = payload.bytes.get(8..).and_then(|rest| rest.first_chunk::<16>()).copied();
    let link = |number| options_at(kind).and_then(|at| options::link_address(payload.from(at), number));
    match kind {
        ECHO_REQUEST | ECHO_REPLY => {
            if let Some([a, b, c, d]) = chunk(4) {
                let (ident, sequence) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                tree.append_info(format_args!(" id={ident:#06x}, seq={sequence}, hop limit={hops}"));
            }
        }
        NEIGHBOR_SOLICITATION => {
            if let Some(target) = target {
                tree.append_info(format_args!(" for {}", DisplayAddress(target)));
            }
        }
        NEIGHBOR_ADVERTISEMENT => {
            if let (Some([flags, ..]), Some(target)) = (chunk(4), target) {
                tree.append_info(format_args!(" {} ({})", DisplayAddress(target), AdvertisementFlags(flags)));
            }
            if let Some(address) = link(2) {
                tree.append_info(format_args!(" is at {}", DisplayAddress(address)));
            }
        }
        _ => {}
    }
    if let (ROUTER_SOLICITATION | ROUTER_ADVERTISEMENT | NEIGHBOR_SOLICITATION, Some(address)) = (kind, link(1)) {
        tree.append_info(format_args!(" from {}", DisplayAddress(address)));
    }
}

/// Displays the flags of a neighbour advertisement as words.
struct AdvertisementFlags(u8);

impl fmt::Display for AdvertisementFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (bit, word) in [(0x80, "rtr"), (0x40, "sol"), (0x20, "ovr")] {
            if self.0 & bit != 0 {
                write!(f, "{before}{word}")?;
                before = ", ";
            }
        }
        if before.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// Records the message. Returns whether it is complete.
fn describe(payload: Payload<'_>, packet: &Packet, echo: Option<(&Echo<'_>, &EchoFacts)>, tree: &mut Tree) -> bool {
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&ICMPV6, payload.all(), Value::Bytes(payload.all()));
    let kind = message(&mut reader, payload, packet);
    let len = reader.position();
    if let Some(at) = kind.ok().and_then(options_at) {
        options::describe(payload.from(at), tree);
    } else {
        tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    }
    if let Some((echo, facts)) = echo {
        echo.record_facts(facts, tree);
    }
    tree.close();
    kind.is_ok()
}

fn message(reader: &mut FieldReader<'_, '_>, payload: Payload<'_>, packet: &Packet) -> Result<u8, UnexpectedEnd> {
    let kind = reader.u8(&TYPE)?;
    let span = reader.span(1);
    let [code] = reader.read_array()?;
    let node = reader.tree.put(&CODE, span, Value::Uint(code.into()));
    if let Some(name) = codes(kind).get(usize::from(code)) {
        reader.tree.label(node, format_args!("Code: {code} ({name})"));
    }
    reader.u16(&CHECKSUM)?;
    describe_checksum(payload, packet, reader.tree);
    match kind {
        1 | 3 => drop(reader.bytes(&RESERVED, 4)?),
        TOO_BIG => drop(reader.u32(&MTU)?),
        PARAMETER_PROBLEM => drop(reader.u32(&POINTER)?),
        ECHO_REQUEST | ECHO_REPLY => {
            reader.u16(&ECHO_IDENTIFIER)?;
            reader.u16(&ECHO_SEQUENCE_NUMBER)?;
        }
        LISTENER_QUERY..=LISTENER_DONE => listener(kind, reader)?,
        LISTENER_REPORT_2 => listener_report(reader)?,
        ROUTER_SOLICITATION => drop(reader.bytes(&RESERVED, 4)?),
        ROUTER_ADVERTISEMENT => router(reader)?,
        NEIGHBOR_SOLICITATION => {
            reader.bytes(&RESERVED, 4)?;
            reader.ipv6(&ND_NS_TARGET_ADDRESS)?;
        }
        NEIGHBOR_ADVERTISEMENT => neighbor(reader)?,
        REDIRECT => {
            reader.bytes(&RESERVED, 4)?;
            reader.ipv6(&ND_RD_TARGET_ADDRESS)?;
            reader.ipv6(&RD_NA_DESTINATION_ADDRESS)?;
        }
        _ => {}
    }
    Ok(kind)
}

/// Records the checksum (RFC 4443 2.3): over a pseudo header of addresses, length and protocol, and the message.
fn describe_checksum(payload: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let status = match (packet.source, packet.destination) {
        (Address::V6(source), Address::V6(destination)) if !packet.quoted && !payload.is_truncated() => {
            let sum = Sum16BitWords::new()
                .add_16bytes(source)
                .add_16bytes(destination)
                .add_4bytes(payload.wire.to_be_bytes())
                .add_2bytes([0, 58])
                .add_slice(payload.bytes)
                .ones_complement();
            u64::from(sum == 0)
        }
        _ => 2,
    };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
    if status == 0 {
        tree.note(&CHECKSUM_BAD, payload.span(2, 2), format_args!("{}", CHECKSUM_BAD.title));
    }
}

/// Reads a router advertisement (RFC 4861 4.2).
fn router(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&ND_RA_CUR_HOP_LIMIT)?;
    let span = reader.span(1);
    let flags = reader.u8(&ND_RA_FLAG)?;
    for (field, bit) in [(&ND_RA_FLAG_M, 0x80), (&ND_RA_FLAG_O, 0x40), (&ND_RA_FLAG_H, 0x20), (&ND_RA_FLAG_P, 0x04)] {
        reader.tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    reader.tree.put(&ND_RA_FLAG_PRF, span, Value::Uint((flags >> 3 & 3).into()));
    reader.tree.put(&ND_RA_FLAG_RSV, span, Value::Uint((flags & 3).into()));
    reader.u16(&ND_RA_ROUTER_LIFETIME)?;
    reader.u32(&ND_RA_REACHABLE_TIME)?;
    reader.u32(&ND_RA_RETRANS_TIMER)?;
    Ok(())
}

/// Reads a neighbour advertisement (RFC 4861 4.4).
fn neighbor(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let span = reader.span(4);
    let flags = reader.u32(&ND_NA_FLAG)?;
    for (field, bit) in [(&ND_NA_FLAG_R, 1 << 31), (&ND_NA_FLAG_S, 1 << 30), (&ND_NA_FLAG_O, 1 << 29)] {
        reader.tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    reader.tree.put(&ND_NA_FLAG_RSV, span, Value::Uint((flags & 0x1fff_ffff).into()));
    reader.ipv6(&ND_NA_TARGET_ADDRESS)?;
    Ok(())
}

/// Reads a listener message (RFC 2710 3, RFC 3810 5.1): a query of version 2 is longer.
fn listener(kind: u8, reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let second = kind == LISTENER_QUERY && reader.rest().wire > 20;
    reader.u16(if second { &MLD_MAXIMUM_RESPONSE_CODE } else { &MLD_MAXIMUM_RESPONSE_DELAY })?;
    reader.bytes(&RESERVED, 2)?;
    reader.ipv6(&MLD_MULTICAST_ADDRESS)?;
    if second {
        let span = reader.span(1);
        let flags = reader.u8(&MLD_FLAG)?;
        reader.tree.put(&MLD_FLAG_S, span, Value::Bool(flags & 8 != 0));
        reader.tree.put(&MLD_FLAG_QRV, span, Value::Uint((flags & 7).into()));
        reader.tree.put(&MLD_FLAG_RESERVED, span, Value::Uint((flags >> 4).into()));
        reader.u8(&MLD_QQI)?;
        let count = reader.u16(&MLD_NB_SOURCES)?;
        for _ in 0..count {
            reader.ipv6(&MLD_SOURCE_ADDRESS)?;
        }
    }
    Ok(())
}

/// Reads a listener report of version 2 (RFC 3810 5.2).
fn listener_report(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.bytes(&RESERVED, 2)?;
    let count = reader.u16(&MLDR_NB_MCAST_RECORDS)?;
    for _ in 0..count {
        let span = reader.span(20);
        reader.tree.open(&MLDR_MAR, span, Value::Present);
        let record = listener_record(reader);
        reader.tree.close();
        record?;
    }
    Ok(())
}

fn listener_record(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&MLDR_MAR_RECORD_TYPE)?;
    let units = reader.u8(&MLDR_MAR_AUX_DATA_LEN)?;
    let count = reader.u16(&MLDR_MAR_NB_SOURCES)?;
    reader.ipv6(&MLDR_MAR_MULTICAST_ADDRESS)?;
    for _ in 0..count {
        reader.ipv6(&MLDR_MAR_SOURCE_ADDRESS)?;
    }
    if units > 0 {
        reader.bytes(&MLDR_MAR_AUXILIARY_DATA, usize::from(units) * 4)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;
    use alloc::vec::Vec;

    const TARGET: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];

    fn message(kind: u8, code: u8, rest: &[&[u8]]) -> Vec<u8> {
        [&[kind, code, 0, 0][..], &rest.concat()].concat()
    }

    fn dissect(bytes: &[u8]) -> (Tree, Packet, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut packet = Packet { hops: 64, ..Packet::default() };
        let next = read(&Payload::whole(bytes, 0), &mut packet, &mut tree);
        if let NextLayer::Echo(echo) = next {
            echo.record(&EchoFacts::Unknown, &packet, &mut tree);
        }
        let next = alloc::format!("{next:?}");
        (tree, packet, next)
    }

    #[test]
    fn each_type_has_its_info() {
        let link: &[u8] = &[1, 1, 2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee];
        let target_link: &[u8] = &[2, 1, 2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee];
        let rows = [
            (message(128, 0, &[&[0, 1, 0, 2]]), "Echo (ping) request id=0x0001, seq=2, hop limit=64"),
            (message(1, 4, &[&[0; 4]]), "Destination Unreachable (Port unreachable)"),
            (message(133, 0, &[&[0; 4], link]), "Router Solicitation from 02:aa:bb:cc:dd:ee"),
            (message(135, 0, &[&[0; 4], &TARGET, link]), "Neighbor Solicitation for fe80::5 from 02:aa:bb:cc:dd:ee"),
            (
                message(136, 0, &[&[0xe0, 0, 0, 0], &TARGET, target_link]),
                "Neighbor Advertisement fe80::5 (rtr, sol, ovr) is at 02:aa:bb:cc:dd:ee",
            ),
            (message(136, 0, &[&[0; 4], &TARGET]), "Neighbor Advertisement fe80::5 (none)"),
            (message(99, 0, &[&[0; 4]]), "Unknown (99)"),
        ];
        for (bytes, expected) in rows {
            let (tree, ..) = dissect(&bytes);
            assert_eq!(String::from_utf8_lossy(tree.bytes(tree.columns().info)), expected);
        }
    }

    #[test]
    fn errors_and_redirects_quote_the_packet_they_refer_to() {
        let (tree, packet, next) = dissect(&message(2, 0, &[&[0, 0, 5, 0], &[0x60, 1]]));
        assert!(packet.quoted && next.starts_with("EtherType(34525, Payload { bytes: [96, 1]"), "{next}");
        assert_eq!(tree.first(&MTU), Some(Value::Uint(1280)));
        let option: &[u8] = &[4, 2, 0, 0, 0, 0, 0, 0, 0x60, 1, 2, 3, 4, 5, 6, 7];
        let (_, packet, next) = dissect(&message(137, 0, &[&[0; 4], &TARGET, &TARGET, option]));
        assert!(packet.quoted && next.starts_with("EtherType(34525, Payload { bytes: [96, 1, 2"), "{next}");
    }

    #[test]
    fn a_checksum_is_verified_with_the_addresses() {
        // RFC 4443 2.3, computed by hand: pseudo header 0x0008 + 0x003a, message 0x8000 + 0x0001 + 0x0002: 0x8045.
        for (low, status) in [(0xba, 1), (0xbb, 0)] {
            let bytes = [128, 0, 0x7f, low, 0, 1, 0, 2];
            let mut tree = Tree::new(Wants::everything());
            tree.begin(&bytes);
            let addresses = Address::V6([0; 16]);
            let mut packet = Packet { source: addresses, destination: addresses, ..Packet::default() };
            let next = read(&Payload::whole(&bytes, 0), &mut packet, &mut tree);
            if let NextLayer::Echo(echo) = next {
                echo.record(&EchoFacts::Unknown, &packet, &mut tree);
            }
            assert_eq!(tree.first(&CHECKSUM_STATUS), Some(Value::Uint(status)));
            assert_eq!(tree.first(&CHECKSUM_BAD).is_some(), status == 0);
        }
    }

    #[test]
    fn an_option_of_an_invalid_length_is_noted() {
        for units in [0, 2] {
            let (tree, ..) = dissect(&message(133, 0, &[&[0; 4], &[1, units, 2, 0, 0, 0, 0, 1]]));
            assert!(tree.first(&INVALID_OPTION_LENGTH).is_some(), "{units}");
        }
    }

    #[test]
    fn no_type_and_no_prefix_panics() {
        let mut bytes: Vec<u8> = (0..80).collect();
        for kind in 0..=255 {
            for len in 0..bytes.len() {
                if let Some(first) = bytes.first_mut() {
                    *first = kind;
                }
                dissect(bytes.get(..len).unwrap_or_default());
            }
        }
    }
}
