//! IPv6 (RFC 8200): the fixed header. Each extension header is a protocol of its own, in its own file.

pub mod dstopts;
mod fields;
pub mod fraghdr;
pub mod hopopts;
mod options;
pub mod routing;
#[cfg(test)]
mod tests;

use crate::field::Field;
use crate::host_fields::{DisplayHost, HostFields};
use crate::names::ip_protocol;
use crate::packet::{Address, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::reassembly;
use crate::tree::{Slice, Tree, Value};
use etherparse::Ipv6HeaderSlice;
pub use fields::*;

/// Registry entry for IPv6. LINKTYPE_IPV6 is a frame that begins with its header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv6",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x86dd), Claim::IpProto(41), Claim::Ppp(0x0057), Claim::Link(229)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const HEADER: usize = 40;
const HOP_BY_HOP: u8 = 0;
// RFC 8200 4.7: no next header.
const NO_NEXT_HEADER: u8 = 59;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    let Ok(header) = Ipv6HeaderSlice::from_slice(payload.bytes) else {
        return read_invalid(payload, packet, tree);
    };
    packet.path.push("ipv6");
    packet.source = Address::V6(header.source());
    packet.destination = Address::V6(header.destination());
    packet.hops = header.hop_limit();
    let rest = payload.from(HEADER);
    let next = header.next_header().0;
    packet.ipv6_payload_len = match header.payload_length() {
        0 if next == HOP_BY_HOP => options::jumbo_len(rest.bytes).unwrap_or(0),
        len => len.into(),
    };
    // A length of 0 belongs to a jumbogram (RFC 2675), or the network card sets it: without the length of a jumbogram, all
    // bytes of the frame are the payload.
    let len = match packet.ipv6_payload_len {
        0 => rest.wire,
        len => len,
    };
    let mut next_payload = rest.first(len as usize);
    if packet.quoted {
        // RFC 4443 3: only the beginning of a packet is quoted; its original length differs.
        next_payload.wire = len;
    }
    if tree.wants_columns() && !packet.quoted {
        write_columns(&header, next, tree);
    }
    if tree.wants_any(&IPV6) || tree.wants(&crate::names::IP_VERSION) {
        describe(&header, payload.first(HEADER).all().extended_to(next_payload.all()), payload, packet, tree);
    }
    match next {
        _ if packet.quoted && next_payload.bytes.is_empty() => {
            crate::padding::note_truncated_unless_quoted(next_payload, packet, tree);
            NextLayer::End
        }
        NO_NEXT_HEADER => NextLayer::Data(next_payload),
        _ => NextLayer::IpProto(next, next_payload),
    }
}

fn write_columns(header: &Ipv6HeaderSlice<'_>, next: u8, tree: &mut Tree) {
    let columns = tree.columns_mut();
    columns.protocol = PROTOCOL.short;
    columns.source = Some(Value::Ipv6(header.source()));
    columns.destination = Some(Value::Ipv6(header.destination()));
    match next {
        NO_NEXT_HEADER => tree.set_info(format_args!("IPv6 no next header")),
        _ => tree.set_info(format_args!("Unknown IP Protocol: {} ({next})", ip_protocol(next))),
    }
}

/// Records an invalid or truncated IPv6 header as far as possible.
fn read_invalid<'b>(payload: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.ipv6_payload_len = 0;
    let version = payload.bytes.first().map_or(6, |first| first >> 4);
    let has_columns = tree.wants_columns() && !packet.quoted;
    if has_columns {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let node = tree.open(&IPV6, payload.all(), Value::Bytes(payload.all()));
    tree.label(node, format_args!("{}", IPV6.title));
    let next = if version == 6 {
        packet.path.push("ipv6");
        let _ = describe_header(&mut FieldReader::new(payload, tree), packet);
        let len = payload.bytes.len();
        if has_columns {
            if let Some(source) = payload.bytes.get(8..).and_then(|rest| rest.first_chunk()) {
                tree.columns_mut().source = Some(Value::Ipv6(*source));
            }
            match payload.is_truncated() {
                true => tree.set_info(format_args!("")),
                false => tree.set_info(format_args!("Invalid IPv6 header ({len} bytes, need exactly {HEADER})")),
            }
        }
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        NextLayer::End
    } else {
        let text = format_args!("Bogus IPv6 version ({version}, must be 6)");
        tree.put(&VERSION, payload.span(0, 1), Value::Uint(version.into()));
        tree.put(&crate::names::IP_VERSION, payload.span(0, 1), Value::Uint(version.into()));
        tree.note(&BOGUS_IPV6_VERSION, payload.span(0, 1), text);
        if has_columns {
            tree.set_info(text);
        }
        NextLayer::Data(payload)
    };
    tree.close();
    next
}

/// Fields of one address: the address, its text, and the Ethernet address it may be formed from.
struct Ipv6AddressFields {
    address: &'static Field,
    host: &'static Field,
    mac: &'static Field,
}

static SOURCE: Ipv6AddressFields = Ipv6AddressFields { address: &SRC, host: &SRC_HOST, mac: &SRC_SLAAC_MAC };
static DESTINATION: Ipv6AddressFields = Ipv6AddressFields { address: &DST, host: &DST_HOST, mac: &DST_SLAAC_MAC };

fn describe(header: &Ipv6HeaderSlice<'_>, whole: Slice, payload: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let all = payload.span(0, HEADER);
    let node = tree.open(&IPV6, all, Value::Bytes(whole));
    let [source, destination] = [header.source(), header.destination()]
        .map(|address| DisplayHost::new(Value::Ipv6(address), DisplayIpv6(address), tree));
    tree.label(node, format_args!("{}, Src: {source}, Dst: {destination}", IPV6.title));
    let _ = describe_header(&mut FieldReader::new(payload, tree), packet);
    tree.close();
}

/// ```text
///  0   4       12              32
///  |ver| class | flow          | payload length, next header, hop limit, source, destination
/// ```
fn describe_header(reader: &mut FieldReader<'_, '_>, packet: &Packet) -> Result<(), UnexpectedEnd> {
    let available = reader.rest().from(HEADER).wire;
    let span = reader.span(4);
    let word = u32::from_be_bytes(reader.read_array()?);
    let at = |from: u32, len| Slice::new(span.start.saturating_add(from), len);
    reader.tree.put(&VERSION, at(0, 1), Value::Uint((word >> 28).into()));
    let ip_version = reader.tree.put(&crate::names::IP_VERSION, at(0, 1), Value::Uint((word >> 28).into()));
    reader.tree.hide(ip_version);
    let class = word >> 20 & 0xff;
    reader.tree.open(&TCLASS, at(0, 2), Value::Uint(class.into()));
    reader.tree.put(&TCLASS_DSCP, at(0, 2), Value::Uint((class >> 2).into()));
    reader.tree.put(&TCLASS_ECN, at(1, 1), Value::Uint((class & 3).into()));
    reader.tree.close();
    reader.tree.put(&FLOW, at(1, 3), Value::Uint((word & 0xf_ffff).into()));
    let span = reader.span(2);
    let node = reader.tree.nodes().len();
    let len = match reader.u16(&PLEN)? {
        0 => packet.ipv6_payload_len,
        len => len.into(),
    };
    if len >= options::MIN_JUMBO {
        reader.tree.label(Some(node), format_args!("Payload Length: 0 (Jumbogram)"));
    }
    let next = reader.u8(&NXT)?;
    if len == 0 && next != NO_NEXT_HEADER && available > 0 {
        let note = if next == HOP_BY_HOP { &OPT_JUMBO_MISSING } else { &PLEN_ZERO };
        reader.tree.note(note, span, format_args!("{}", note.title));
    } else if len > available && !packet.quoted {
        let text = format_args!("IPv6 payload length exceeds framing length ({available} bytes)");
        reader.tree.note(&PLEN_EXCEEDS_FRAMING, span, text);
    }
    reader.u8(&HLIM)?;
    describe_address(reader, &SOURCE)?;
    describe_address(reader, &DESTINATION)
}

/// Displays an address.
struct DisplayIpv6([u8; 16]);

impl core::fmt::Display for DisplayIpv6 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        crate::format::ipv6(f, self.0)
    }
}

fn describe_address(reader: &mut FieldReader<'_, '_>, fields: &Ipv6AddressFields) -> Result<(), UnexpectedEnd> {
    let span = reader.span(16);
    let address = reader.read_array()?;
    let tree = &mut *reader.tree;
    tree.put(fields.address, span, Value::Ipv6(address));
    tree.put(&ADDR, span, Value::Ipv6(address));
    let host_fields = HostFields { host: fields.host, any: &HOST, source: &HOST_SOURCE };
    host_fields.record(span, Value::Ipv6(address), DisplayIpv6(address), tree);
    // RFC 4291 appendix A: an interface identifier formed from an Ethernet address has ff:fe in the middle and the
    // universal bit inverted. Multicast addresses have no interface identifier.
    if let [first, .., a, b, c, 0xff, 0xfe, d, e, f] = address
        && first != 0xff
        && a & 2 != 0
    {
        let (mac, span) = (Value::Ether([a ^ 2, b, c, d, e, f]), Slice::new(span.start.saturating_add(8), 8));
        tree.put(fields.mac, span, mac);
        tree.put(&SLAAC_MAC, span, mac);
    }
    Ok(())
}

static REASSEMBLY: reassembly::ReassemblyFields = reassembly::reassembly_fields!(Some(&REASSEMBLED_DATA));

/// Records the fragments of the packet that this frame completed. `whole` is the position of its payload in the tree's
/// store.
pub fn describe_reassembly(whole: Slice, parts: &[reassembly::ReassembledFragment], tree: &mut Tree) {
    reassembly::describe(&REASSEMBLY, whole, parts, tree);
}

/// Records the frame that completed the packet of this fragment.
pub fn describe_reassembled_in(frame: u32, tree: &mut Tree) {
    tree.put(&REASSEMBLED_IN, Slice::default(), Value::Uint(frame.into()));
}
