//! ICMP (RFC 792), with the packet that an error quotes, and the extensions after it (RFC 4884).

mod fields;

use crate::packet::{Echo, EchoFacts, EchoFields, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};
use etherparse::checksum::Sum16BitWords;
pub use fields::*;

/// Registry entry for ICMP.
pub static PROTOCOL: Protocol = Protocol {
    short: "ICMP",
    fields: FIELDS,
    claims: &[Claim::IpProto(1)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO_REQUEST: u8 = 8;
const ROUTER_ADVERTISEMENT: u8 = 9;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;
const TOO_BIG: u8 = 4;

const TYPES: &[(u64, &str)] = &[
    (0, "Echo (ping) reply"),
    (3, "Destination unreachable"),
    (4, "Source quench (flow control)"),
    (5, "Redirect"),
    (6, "Alternate host address"),
    (8, "Echo (ping) request"),
    (9, "Mobile IP Advertisement"),
    (10, "Router solicitation"),
    (11, "Time-to-live exceeded"),
    (12, "Parameter problem"),
    (13, "Timestamp request"),
    (14, "Timestamp reply"),
    (15, "Information request"),
    (16, "Information reply"),
    (17, "Address mask request"),
    (18, "Address mask reply"),
    (30, "Traceroute"),
    (37, "Domain Name request"),
    (38, "Domain Name reply"),
    (40, "Photuris"),
    (42, "Extended Echo request"),
    (43, "Extended Echo reply"),
];

/// Returns the names of a type's codes, in order of their numbers, if its codes have names.
fn codes(kind: u8) -> Option<&'static [&'static str]> {
    Some(match kind {
        UNREACHABLE => &[
            "Network unreachable",
            "Host unreachable",
            "Protocol unreachable",
            "Port unreachable",
            "Fragmentation needed",
            "Source route failed",
            "Destination network unknown",
            "Destination host unknown",
            "Source host isolated",
            "Network administratively prohibited",
            "Host administratively prohibited",
            "Network unreachable for TOS",
            "Host unreachable for TOS",
            "Communication administratively filtered",
            "Host precedence violation",
            "Precedence cutoff in effect",
        ],
        REDIRECT => {
            &["Redirect for network", "Redirect for host", "Redirect for TOS and network", "Redirect for TOS and host"]
        }
        ROUTER_ADVERTISEMENT => &["Normal router advertisement"],
        TIME_EXCEEDED => &["Time to live exceeded in transit", "Fragment reassembly time exceeded"],
        PARAMETER_PROBLEM => &["Pointer indicates the error", "Required option missing", "Bad length"],
        42 => &["No error"],
        43 => &[
            "No error",
            "Malformed Query",
            "No Such Interface",
            "No Such Table Entry",
            "Multiple Interfaces Satisfy Query",
        ],
        _ => return None,
    })
}

/// Returns whether a message of the type quotes the packet it refers to.
fn quotes(kind: u8) -> bool {
    matches!(kind, UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM)
}

/// ```text
///  0       1       2       4               8
///  | type  | code  | check | by the type   | data, or the packet that the error is about
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("icmp");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        write_info(payload.bytes, packet.hops, tree);
    }
    if let Some(echo) = Echo::read(payload, packet, [ECHO_REQUEST, ECHO_REPLY], &ECHO_FIELDS, describe_echo) {
        return NextLayer::Echo(echo);
    }
    let complete = match tree.wants_any(&ICMP) {
        true => describe(payload, packet, None, tree),
        false => payload.bytes.len() >= 8,
    };
    if !complete {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        return NextLayer::End;
    }
    let rest = payload.from(8);
    match payload.bytes {
        _ if rest.wire == 0 => NextLayer::End,
        // A quoted echo.
        [ECHO_REQUEST | ECHO_REPLY, ..] => NextLayer::Data(rest),
        &[kind, ..] if quotes(kind) => {
            packet.quoted = true;
            packet.quote_is_truncated = rest.is_truncated();
            let quoted = original_len(kind, payload.bytes).map_or(rest, |len| rest.first(len));
            NextLayer::EtherType(0x0800, quoted)
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
    has_frame_in_note: false,
};

fn describe_echo(echo: &Echo<'_>, facts: &EchoFacts, packet: &Packet, tree: &mut Tree) {
    describe(echo.payload, packet, Some((echo, facts)), tree);
}

/// Returns the length of the quoted packet if extensions follow it (RFC 4884 4).
fn original_len(kind: u8, bytes: &[u8]) -> Option<usize> {
    let units = *bytes.get(5).filter(|_| matches!(kind, UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM))?;
    (units > 0).then_some(usize::from(units) * 4)
}

/// Returns the offset of the extensions after the header. RFC 4884 5.5: extensions of old senders, which set no length,
/// follow 128 bytes.
fn extensions_at(kind: u8, bytes: &[u8]) -> Option<usize> {
    let compatible = || {
        let version = bytes.get(8 + 128..)?.first_chunk::<4>()?;
        (matches!(kind, UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM) && matches!(version, [0x20, 0, ..]))
            .then_some(128)
    };
    original_len(kind, bytes).or_else(compatible)
}

fn write_info(bytes: &[u8], hops: u8, tree: &mut Tree) {
    let &[kind, code, _, _, ..] = bytes else {
        tree.set_info(format_args!(""));
        return;
    };
    let name = TYPE.value_name(kind.into()).unwrap_or("Unknown ICMP (obsolete or malformed?)");
    tree.set_info(format_args!("{name:<20}"));
    if let Some(codes) = codes(kind) {
        match codes.get(usize::from(code)) {
            Some(name) => tree.append_info(format_args!(" ({name})")),
            None => tree.append_info(format_args!(" (Unknown code: {code})")),
        }
    }
    if let (ECHO_REPLY | ECHO_REQUEST | 13..=18, Some(&[_, _, _, _, a, b, c, d])) = (kind, bytes.first_chunk::<8>()) {
        let (ident, seq, swapped) =
            (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), u16::from_le_bytes([c, d]));
        tree.append_info(format_args!(" id={ident:#06x}, seq={seq}/{swapped}, ttl={hops}"));
    }
}

/// Records the message. Returns whether the header is complete.
fn describe(payload: Payload<'_>, packet: &Packet, echo: Option<(&Echo<'_>, &EchoFacts)>, tree: &mut Tree) -> bool {
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&ICMP, payload.all(), Value::Bytes(payload.all()));
    let kind = header(&mut reader, payload, packet.quoted);
    let len = reader.position();
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if let Some(at) = kind.ok().and_then(|kind| extensions_at(kind, payload.bytes)) {
        extensions(payload.from(8 + at), tree);
    }
    if let Some((echo, facts)) = echo {
        echo.record_facts(facts, tree);
    }
    tree.close();
    kind.is_ok()
}

fn header(reader: &mut FieldReader<'_, '_>, payload: Payload<'_>, quoted: bool) -> Result<u8, UnexpectedEnd> {
    let type_span = reader.span(1);
    let kind = reader.u8(&TYPE)?;
    if matches!(kind, 4 | 6 | 15..=18 | 30..=39) {
        reader.tree.note(&TYPE_DEPRECATED, type_span, format_args!("{}", TYPE_DEPRECATED.title));
    }
    let span = reader.span(1);
    let [code] = reader.read_array()?;
    let node = reader.tree.put(&CODE, span, Value::Uint(code.into()));
    if let Some(name) = codes(kind).and_then(|codes| codes.get(usize::from(code))) {
        reader.tree.label(node, format_args!("Code: {code} ({name})"));
    }
    reader.u16(&CHECKSUM)?;
    describe_checksum(payload, quoted, reader.tree);
    match kind {
        ECHO_REPLY | ECHO_REQUEST | 13..=18 => {
            read_both_orders(reader, &IDENT, &IDENT_LE)?;
            read_both_orders(reader, &SEQ, &SEQ_LE)?;
        }
        UNREACHABLE | TIME_EXCEEDED => match original_len(kind, payload.bytes) {
            Some(_) => {
                reader.bytes(&UNUSED, 1)?;
                length(reader)?;
                match (kind, code) {
                    (UNREACHABLE, TOO_BIG) => drop(reader.u16(&MTU)?),
                    _ => drop(reader.bytes(&UNUSED, 2)?),
                }
            }
            // RFC 1191 4: the MTU is in the formerly unused bytes.
            None if (kind, code) == (UNREACHABLE, TOO_BIG) => {
                reader.bytes(&UNUSED, 2)?;
                reader.u16(&MTU)?;
            }
            None => drop(reader.bytes(&UNUSED, 4)?),
        },
        REDIRECT => drop(reader.ipv4(&REDIR_GW)?),
        PARAMETER_PROBLEM => {
            let span = reader.span(1);
            let [pointer] = reader.read_array()?;
            reader.tree.put(&POINTER, span, Value::Uint(pointer.into()));
            match original_len(kind, payload.bytes) {
                Some(_) => {
                    length(reader)?;
                    reader.bytes(&UNUSED, 2)?;
                }
                None => drop(reader.bytes(&UNUSED, 3)?),
            }
        }
        ROUTER_ADVERTISEMENT => routers(reader)?,
        42 | 43 => {
            read_both_orders(reader, &IDENT, &IDENT_LE)?;
            reader.u8(&EXT_ECHO_SEQ)?;
            reader.skip(1)?;
        }
        _ => reader.skip(4)?,
    }
    match kind {
        13 | 14 => {
            reader.u32(&ORIGINATE_TIMESTAMP)?;
            reader.u32(&RECEIVE_TIMESTAMP)?;
            reader.u32(&TRANSMIT_TIMESTAMP)?;
        }
        17 | 18 => drop(reader.ipv4(&ADDRESS_MASK)?),
        _ => {}
    }
    Ok(kind)
}

/// Reads a number of two bytes and records it in both byte orders.
fn read_both_orders(
    reader: &mut FieldReader<'_, '_>,
    field: &'static crate::Field,
    other: &'static crate::Field,
) -> Result<(), UnexpectedEnd> {
    let span = reader.span(2);
    let number = reader.u16(field)?;
    reader.tree.put(other, span, Value::Uint(number.swap_bytes().into()));
    Ok(())
}

fn length(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let units = reader.u8(&LENGTH)?;
    reader.tree.put(&LENGTH_ORIGINAL_DATAGRAM, Slice::default(), Value::Uint(u64::from(units) * 4));
    Ok(())
}

/// Reads a router advertisement (RFC 1256 3.1).
fn routers(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let count = reader.u8(&NUM_ADDRS)?;
    let units = usize::from(reader.u8(&ADDR_ENTRY_SIZE)?);
    reader.u16(&LIFETIME)?;
    for _ in 0..count {
        if reader.rest().bytes.is_empty() || units < 2 {
            break;
        }
        reader.ipv4(&ROUTER_ADDRESS)?;
        let span = reader.span(4);
        let preference = i32::from_be_bytes(reader.read_array()?);
        reader.tree.put(&PREF_LEVEL, span, Value::Int(preference.into()));
        reader.skip((units - 2) * 4)?;
    }
    Ok(())
}

fn describe_checksum(payload: Payload<'_>, quoted: bool, tree: &mut Tree) {
    let status = match Sum16BitWords::new().add_slice(payload.bytes).ones_complement() {
        _ if quoted || payload.is_truncated() => 2,
        0 => 1,
        _ => 0,
    };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
    if status == 0 {
        tree.note(&CHECKSUM_BAD, payload.span(2, 2), format_args!("{}", CHECKSUM_BAD.title));
    }
}

/// Records the extensions (RFC 4884 7): a version, a checksum, then objects of length, class, type and data.
fn extensions(payload: Payload<'_>, tree: &mut Tree) {
    let Some(&[version, _, a, b]) = payload.bytes.first_chunk::<4>() else { return };
    tree.open(&EXT, payload.all(), Value::Present);
    tree.put(&EXT_VERSION, payload.span(0, 1), Value::Uint((version >> 4).into()));
    tree.put(&EXT_CHECKSUM, payload.span(2, 2), Value::Uint(u16::from_be_bytes([a, b]).into()));
    let mut rest = payload.from(4);
    while let Some(&[a, b, class, kind]) = rest.bytes.first_chunk::<4>() {
        let len = usize::from(u16::from_be_bytes([a, b]));
        tree.put(&EXT_LENGTH, rest.span(0, 2), Value::Uint(len as u64));
        tree.put(&EXT_CLASS, rest.span(2, 1), Value::Uint(class.into()));
        tree.put(&EXT_CTYPE, rest.span(3, 1), Value::Uint(kind.into()));
        if len < 4 {
            break;
        }
        let data = rest.first(len).from(4);
        match class {
            1 => labels(data, tree),
            _ => drop(tree.put(&EXT_DATA, data.all(), Value::Bytes(data.all()))),
        }
        rest = rest.from(len);
    }
    tree.close();
}

fn labels(mut payload: Payload<'_>, tree: &mut Tree) {
    while let Some(bytes) = payload.bytes.first_chunk::<4>() {
        let word = u32::from_be_bytes(*bytes);
        tree.put(&MPLS_LABEL, payload.span(0, 3), Value::Uint((word >> 12).into()));
        tree.put(&MPLS_EXP, payload.span(2, 1), Value::Uint((word >> 9 & 7).into()));
        tree.put(&MPLS_S, payload.span(2, 1), Value::Bool(word & 0x100 != 0));
        tree.put(&MPLS_TTL, payload.span(3, 1), Value::Uint((word & 0xff).into()));
        payload = payload.from(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;
    use alloc::vec::Vec;

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

    fn info(tree: &Tree) -> String {
        String::from_utf8_lossy(tree.bytes(tree.columns().info)).into_owned()
    }

    #[test]
    fn each_type_has_its_info() {
        let rows: [(&[u8], &str); 8] = [
            (&[8, 0, 0, 0, 0, 1, 0, 2, 9], "Echo (ping) request  id=0x0001, seq=2/512, ttl=64"),
            (&[0, 0, 0, 0, 0, 1, 0, 2, 9], "Echo (ping) reply    id=0x0001, seq=2/512, ttl=64"),
            (&[3, 3, 0, 0, 0, 0, 0, 0], "Destination unreachable (Port unreachable)"),
            (&[3, 99, 0, 0, 0, 0, 0, 0], "Destination unreachable (Unknown code: 99)"),
            (&[5, 1, 0, 0, 10, 0, 0, 1], "Redirect             (Redirect for host)"),
            (&[11, 0, 0, 0, 0, 0, 0, 0], "Time-to-live exceeded (Time to live exceeded in transit)"),
            (&[10, 0, 0, 0, 0, 0, 0, 0], "Router solicitation "),
            (&[99, 0, 0, 0, 0, 0, 0, 0], "Unknown ICMP (obsolete or malformed?)"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(info(&dissect(bytes).0), expected);
        }
    }

    #[test]
    fn an_error_quotes_the_packet_it_refers_to() {
        let (tree, packet, next) = dissect(&[3, 4, 0, 0, 0, 0, 5, 220, 0x45, 1]);
        assert!(packet.quoted);
        assert!(next.starts_with("EtherType(2048, Payload { bytes: [69, 1]"), "{next}");
        assert_eq!(tree.first(&MTU), Some(Value::Uint(1500)));
        let (_, packet, next) = dissect(&[8, 0, 0, 0, 0, 1, 0, 2, 9]);
        assert!(!packet.quoted && next.starts_with("Echo("), "{next}");
    }

    #[test]
    fn extensions_follow_the_quoted_packet() {
        // A quote of four bytes; then version 2 and a label of 100 with TTL 5 at the bottom of its stack.
        let bytes = [11, 0, 0, 0, 0, 1, 0, 0, 0x45, 1, 2, 3, 0x20, 0, 0, 0, 0, 8, 1, 1, 0, 0x06, 0x41, 5];
        let (tree, _, next) = dissect(&bytes);
        assert!(next.starts_with("EtherType(2048, Payload { bytes: [69, 1, 2, 3]"), "{next}");
        assert_eq!(tree.first(&MPLS_LABEL), Some(Value::Uint(100)));
        assert_eq!(tree.first(&MPLS_S), Some(Value::Bool(true)));
        assert_eq!(tree.first(&MPLS_TTL), Some(Value::Uint(5)));
    }

    #[test]
    fn a_checksum_is_verified() {
        // The words 0x0800, 0x0001 and 0x0002 add up to 0x0803, whose complement is 0xf7fc.
        for (low, status) in [(0xfc, 1), (0xfd, 0)] {
            let (tree, ..) = dissect(&[8, 0, 0xf7, low, 0, 1, 0, 2]);
            assert_eq!(tree.first(&CHECKSUM_STATUS), Some(Value::Uint(status)));
            assert_eq!(tree.first(&CHECKSUM_BAD).is_some(), status == 0);
        }
    }

    #[test]
    fn no_type_and_no_prefix_panics() {
        let mut bytes: Vec<u8> = (0..48).collect();
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
