//! IPv4 (RFC 791).

mod fields;
mod options;
#[cfg(test)]
mod tests;

use crate::field::Field;
use crate::format::DisplayIpv4;
use crate::host_fields::{DisplayHost, HostFields};
use crate::names::ip_protocol;
use crate::packet::{Address, Fragment, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::reassembly;
use crate::tree::{Slice, Tree, Value};
use core::fmt;
use etherparse::Ipv4HeaderSlice;
pub use fields::*;

/// Registry entry for IPv4. LINKTYPE_IPV4 is a frame that begins with its header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv4",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x0800), Claim::IpProto(4), Claim::Ppp(0x0021), Claim::Link(228)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// Values of the header that later steps need.
struct HeaderFacts<'b> {
    header: Payload<'b>,
    source: [u8; 4],
    /// Destination address in the header.
    next_hop: [u8; 4],
    /// Destination: the end of the source route, if present.
    destination: [u8; 4],
    /// Length of header and payload in bytes; the length in the frame if the header has 0.
    total: usize,
    protocol: u8,
    /// Offset of a fragment in bytes.
    offset: u32,
    more_fragments: bool,
    /// Number of bytes after the header on the wire.
    payload_len: u32,
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ip");
    let Ok(header) = Ipv4HeaderSlice::from_slice(payload.bytes) else {
        return read_invalid(payload, packet, tree);
    };
    let (facts, next_payload) = header_facts(&header, payload, packet.quoted);
    if facts.total < facts.header.bytes.len() {
        return read_invalid(payload, packet, tree);
    }
    packet.source = Address::V4(facts.source);
    packet.destination = Address::V4(facts.destination);
    packet.hops = header.ttl();
    let is_fragment = facts.more_fragments || facts.offset != 0;
    if tree.wants_columns() && !packet.quoted {
        write_columns(&facts, is_fragment, header.identification(), tree);
    }
    if tree.wants_any(&IP) {
        describe(&facts, payload, packet.quoted, tree);
    }
    if next_payload.wire == 0 {
        return NextLayer::End;
    }
    if packet.quoted && next_payload.bytes.is_empty() {
        crate::padding::note_truncated_unless_quoted(next_payload, packet, tree);
        return NextLayer::End;
    }
    if !is_fragment {
        return NextLayer::IpProto(facts.protocol, next_payload);
    }
    match facts.offset {
        // A partly captured fragment cannot be reassembled, but the first one still shows the protocol. A fragment
        // quoted in an ICMP error is never reassembled.
        0 if packet.quoted || next_payload.is_truncated() => NextLayer::IpProto(facts.protocol, next_payload),
        _ if packet.quoted => NextLayer::Data(next_payload),
        offset => NextLayer::Fragment(Fragment {
            id: header.identification().into(),
            protocol: facts.protocol,
            offset,
            more: facts.more_fragments,
            payload: next_payload,
        }),
    }
}

/// Returns the facts, and the payload apart from them: they lie in memory for those who describe them, and the payload
/// need not.
fn header_facts<'b>(
    header: &Ipv4HeaderSlice<'_>,
    payload: Payload<'b>,
    quoted: bool,
) -> (HeaderFacts<'b>, Payload<'b>) {
    let len = header.slice().len();
    // With segmentation offload, the network card sets the length.
    let total = match usize::from(header.total_len()) {
        0 => payload.wire as usize,
        total => total,
    };
    let mut next_payload = payload.first(total).from(len);
    if quoted {
        // RFC 792: only the beginning of a packet is quoted; its original length differs.
        next_payload.wire = total.saturating_sub(len) as u32;
    }
    // Each address is read as a whole, as it is used: the library reads and stores four bytes.
    let address = |at| header.slice().get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    let next_hop = address(16);
    let destination = match header.options() {
        [] => next_hop,
        some => options::end_of_route(some).unwrap_or(next_hop),
    };
    let facts = HeaderFacts {
        header: payload.first(len),
        source: address(12),
        next_hop,
        destination,
        total,
        protocol: header.protocol().0,
        offset: u32::from(header.fragments_offset().value()) * 8,
        more_fragments: header.more_fragments(),
        payload_len: next_payload.wire,
    };
    (facts, next_payload)
}

fn write_columns(facts: &HeaderFacts<'_>, is_fragment: bool, id: u16, tree: &mut Tree) {
    let columns = tree.columns_mut();
    columns.protocol = PROTOCOL.short;
    columns.source = Some(Value::Ipv4(facts.source));
    columns.destination = Some(Value::Ipv4(facts.destination));
    let (number, name) = (facts.protocol, ip_protocol(facts.protocol));
    if is_fragment {
        let offset = facts.offset;
        tree.set_info(format_args!("Fragmented IP protocol (proto={name} {number}, off={offset}, ID={id:04x})"));
    } else if facts.payload_len == 0 {
        tree.set_info(format_args!(""));
    } else {
        tree.set_info(format_args!("{name} ({number})"));
    }
}

/// Records an invalid or truncated IPv4 header as far as possible.
#[inline(never)]
fn read_invalid<'b>(payload: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let node = tree.open(&IP, payload.all(), Value::Bytes(payload.all()));
    tree.label(node, format_args!("{}", IP.title));
    let first = payload.bytes.first().copied().unwrap_or(0x45);
    let (version, len) = (first >> 4, usize::from(first & 0xf) * 4);
    let mut next = NextLayer::End;
    if version != 4 {
        tree.put(&VERSION, payload.span(0, 1), Value::Uint(version.into()));
        let text = format_args!("Bogus IPv4 version ({version}, must be 4)");
        note_invalid(&BOGUS_IP_VERSION, payload.span(0, 1), text, packet, tree);
        if version == 6 {
            next = NextLayer::EtherType(0x86dd, payload);
        }
    } else if len < 20 {
        tree.put(&VERSION, payload.span(0, 1), Value::Uint(version.into()));
        tree.put(&HDR_LEN, payload.span(0, 1), Value::Uint(len as u64));
        let text = format_args!("Bogus IP header length ({len}, must be at least 20)");
        note_invalid(&BOGUS_HEADER_LENGTH, payload.span(0, 1), text, packet, tree);
    } else if let Some(total) = total_length(payload).filter(|&total| total < len) {
        let _ = describe_lengths(&mut FieldReader::new(payload, tree), packet.quoted);
        let text = format_args!("Bogus IP length ({total}, less than header length {len})");
        note_invalid(&BOGUS_IP_LENGTH, payload.span(2, 2), text, packet, tree);
    } else {
        // Truncated: record the available fields, at least the source address.
        let mut reader = FieldReader::new(payload, tree);
        let _ = describe_header(&mut reader, None, packet.quoted);
        if let Some(source) = payload.bytes.get(12..).and_then(|rest| rest.first_chunk()) {
            packet.source = Address::V4(*source);
            if tree.wants_columns() && !packet.quoted {
                tree.columns_mut().source = Some(Value::Ipv4(*source));
            }
        }
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    next
}

/// Returns the length of header and payload, if the header has one.
fn total_length(payload: Payload<'_>) -> Option<usize> {
    let total = payload.bytes.get(2..)?.first_chunk().map(|total| usize::from(u16::from_be_bytes(*total)))?;
    (total != 0).then_some(total)
}

fn note_invalid(note: &'static Field, span: Slice, text: fmt::Arguments<'_>, packet: &Packet, tree: &mut Tree) {
    tree.note(note, span, text);
    if !packet.quoted {
        tree.set_info(text);
    }
}

#[inline(never)]
fn describe(facts: &HeaderFacts<'_>, payload: Payload<'_>, quoted: bool, tree: &mut Tree) {
    let node = tree.open(&IP, facts.header.all(), Value::Bytes(payload.first(facts.total).all()));
    let [source, destination] = [facts.source, facts.destination]
        .map(|address| DisplayHost::new(Value::Ipv4(address), DisplayIpv4(address), tree));
    tree.label(node, format_args!("{}, Src: {source}, Dst: {destination}", IP.title));
    let _ = describe_header(&mut FieldReader::new(payload, tree), Some(facts.destination), quoted);
    if facts.header.bytes.len() > 20 {
        options::describe(facts.header.from(20), facts.next_hop, tree);
    }
    tree.close();
}

/// ```text
///  0       1       2       4       6       8       9       10      12      16      20
///  |ver|len| class | total | id    |fl|off | ttl   | proto | check | source| destination | options
/// ```
fn describe_header(reader: &mut FieldReader<'_, '_>, end: Option<[u8; 4]>, quoted: bool) -> Result<(), UnexpectedEnd> {
    describe_lengths(reader, quoted)?;
    reader.u16(&ID)?;
    describe_flags(reader)?;
    let span = reader.span(1);
    let ttl = reader.u8(&TTL)?;
    if let Some(destination) = end.filter(|_| !quoted) {
        note_ttl(ttl, destination, span, reader.tree);
    }
    reader.u8(&PROTO)?;
    reader.u16(&CHECKSUM)?;
    reader.tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(2));
    describe_address(reader, None, &SRC, &SRC_HOST)?;
    describe_address(reader, end, &DST, &DST_HOST)
}

fn describe_lengths(reader: &mut FieldReader<'_, '_>, quoted: bool) -> Result<(), UnexpectedEnd> {
    let available = reader.rest().wire;
    let span = reader.span(1);
    let [first] = reader.read_array()?;
    reader.tree.put(&VERSION, span, Value::Uint((first >> 4).into()));
    reader.tree.put(&HDR_LEN, span, Value::Uint(u64::from(first & 0xf) * 4));
    let span = reader.span(1);
    let [class] = reader.read_array()?;
    reader.tree.open(&DSFIELD, span, Value::Uint(class.into()));
    reader.tree.put(&DSFIELD_DSCP, span, Value::Uint((class >> 2).into()));
    reader.tree.put(&DSFIELD_ECN, span, Value::Uint((class & 3).into()));
    reader.tree.close();
    let span = reader.span(2);
    let total = match u32::from(u16::from_be_bytes(reader.read_array()?)) {
        0 => available,
        total => total,
    };
    reader.tree.put(&LEN, span, Value::Uint(total.into()));
    if total > available && !quoted {
        let text = format_args!("IPv4 total length exceeds packet length ({available} bytes)");
        reader.tree.note(&BOGUS_IP_LENGTH, span, text);
    }
    Ok(())
}

fn describe_flags(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let (first, both) = (reader.span(1), reader.span(2));
    let word = u16::from_be_bytes(reader.read_array()?);
    reader.tree.open(&FLAGS, first, Value::Uint((word >> 13).into()));
    for (field, bit) in [(&FLAGS_RB, 0x8000), (&FLAGS_DF, 0x4000), (&FLAGS_MF, 0x2000)] {
        reader.tree.put(field, first, Value::Bool(word & bit != 0));
    }
    reader.tree.close();
    let units = word & 0x1fff;
    let node = reader.tree.put(&FRAG_OFFSET, both, Value::Uint(units.into()));
    reader.tree.label(node, format_args!("Fragment Offset: {}", u32::from(units) * 8));
    Ok(())
}

/// Records an address; `replacement` replaces it with the end of a source route.
fn describe_address(
    reader: &mut FieldReader<'_, '_>,
    replacement: Option<[u8; 4]>,
    field: &'static Field,
    host: &'static Field,
) -> Result<(), UnexpectedEnd> {
    let span = reader.span(4);
    let address = reader.read_array()?;
    let address = replacement.unwrap_or(address);
    reader.tree.put(field, span, Value::Ipv4(address));
    reader.tree.put(&ADDR, span, Value::Ipv4(address));
    let fields = HostFields { host, any: &HOST, source: &HOST_SOURCE };
    fields.record(span, Value::Ipv4(address), DisplayIpv4(address), reader.tree);
    Ok(())
}

/// RFC 3171 4: packets to 224.0.0.0/24 stay in the local network. Other packets with such a small TTL are soon
/// discarded.
fn note_ttl(ttl: u8, destination: [u8; 4], span: Slice, tree: &mut Tree) {
    match destination {
        // VRRP (RFC 5798 5.1.1.3) prescribes 255, multicast DNS (RFC 6762 11) recommends it.
        [224, 0, 0, 18 | 251] => {}
        [224, 0, 0, _] if ttl != 1 => {
            let why = "!= 1 for a packet sent to the Local Network Control Block (RFC 3171)";
            tree.note(&TTL_LNCB, span, format_args!("\"Time To Live\" {why}"));
        }
        [224..=239, ..] => {}
        _ if ttl < 5 => tree.note(&TTL_TOO_SMALL, span, format_args!("\"Time To Live\" only {ttl}")),
        _ => {}
    }
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
    tree.append_info(format_args!(" [Reassembled in #{frame}]"));
}
