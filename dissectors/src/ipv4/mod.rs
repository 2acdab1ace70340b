//! IPv4 (RFC 791).

mod fields;
mod options;
#[cfg(test)]
mod tests;

use crate::names::ip_protocol;
use crate::packet::{Address, Fragment, Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reassembly;
use crate::tree::{Slice, Tree, Value};
use core::net::Ipv4Addr;
use etherparse::Ipv4HeaderSlice;
pub use fields::*;

/// IPv4 in the list of protocols. LINKTYPE_IPV4 is a frame that begins with its header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv4",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x0800), Claim::IpProto(4), Claim::Ppp(0x0021), Claim::Link(228)],
    part: Part::Layer(read),
};

/// What the walk goes on with.
struct Facts<'b> {
    header: Piece<'b>,
    source: [u8; 4],
    /// The receiver the header names.
    next_hop: [u8; 4],
    /// The receiver: the end of its route, if it has one.
    destination: [u8; 4],
    /// Bytes of header and payload; what the frame has where the header says 0.
    total: usize,
    protocol: u8,
    /// Of a fragment: its offset in bytes.
    offset: u32,
    more: bool,
    payload: Piece<'b>,
}

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("ip");
    let Ok(header) = Ipv4HeaderSlice::from_slice(piece.bytes) else {
        return read_odd(piece, packet, tree);
    };
    let facts = facts(&header, piece, packet.quoted);
    packet.source = Address::V4(facts.source);
    packet.destination = Address::V4(facts.destination);
    let is_fragment = facts.more || facts.offset != 0;
    if tree.wants_columns() && !packet.quoted {
        write_columns(&facts, is_fragment, header.identification(), tree);
    }
    if tree.wants_any(&IP) {
        describe(&header, &facts, piece, packet.quoted, tree);
    }
    let payload = facts.payload;
    if payload.wire == 0 {
        return Next::End;
    }
    if !is_fragment {
        return Next::IpProto(facts.protocol, payload);
    }
    match facts.offset {
        // What was not captured whole cannot be put together; a beginning still tells what it is. What an ICMP error
        // quotes will never be whole.
        0 if packet.quoted || payload.is_cut() => Next::IpProto(facts.protocol, payload),
        _ if packet.quoted => Next::Data(payload),
        offset => Next::Fragment(Fragment {
            id: header.identification().into(),
            protocol: facts.protocol,
            offset,
            more: facts.more,
            piece: payload,
        }),
    }
}

fn facts<'b>(header: &Ipv4HeaderSlice<'_>, piece: Piece<'b>, quoted: bool) -> Facts<'b> {
    let len = header.slice().len();
    // With segmentation offload the network card fills in the length.
    let total = match usize::from(header.total_len()) {
        0 => piece.wire as usize,
        total => total,
    };
    let mut payload = piece.first(total).from(len);
    if quoted {
        // RFC 792: only the beginning of a packet is quoted; its length on the wire was another's.
        payload.wire = total.saturating_sub(len) as u32;
    }
    let next_hop = header.destination();
    let destination = match header.options() {
        [] => next_hop,
        some => options::end_of_route(some).unwrap_or(next_hop),
    };
    Facts {
        header: piece.first(len),
        source: header.source(),
        next_hop,
        destination,
        total,
        protocol: header.protocol().0,
        offset: u32::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
        payload,
    }
}

fn write_columns(facts: &Facts<'_>, is_fragment: bool, id: u16, tree: &mut Tree) {
    let columns = tree.columns_mut();
    columns.protocol = PROTOCOL.short;
    columns.source = Some(Value::Ipv4(facts.source));
    columns.destination = Some(Value::Ipv4(facts.destination));
    let (number, name) = (facts.protocol, ip_protocol(facts.protocol));
    let len = facts.header.bytes.len();
    if facts.total < len {
        tree.info(format_args!("Bogus IP length ({}, less than header length {len})", facts.total));
    } else if is_fragment {
        let offset = facts.offset;
        tree.info(format_args!("Fragmented IP protocol (proto={name} {number}, off={offset}, ID={id:04x})"));
    } else if facts.payload.wire == 0 {
        tree.info(format_args!(""));
    } else {
        tree.info(format_args!("{name} ({number})"));
    }
}

/// What is no IPv4 header, or only a part of one: says as much as there is.
fn read_odd<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    let first = piece.bytes.first().copied().unwrap_or_default();
    let (version, len) = (first >> 4, usize::from(first & 0xf) * 4);
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!(""));
    }
    let place = tree.open(&IP, piece.all(), Value::Bytes(piece.all()));
    tree.label(place, format_args!("{}", IP.title));
    if piece.bytes.is_empty() {
        crate::frame::note_cut(piece, tree);
        tree.close();
        return Next::End;
    }
    tree.put(&VERSION, piece.span(0, 1), Value::Uint(version.into()));
    let next = if version != 4 {
        tree.note(&BOGUS_IP_VERSION, piece.span(0, 1), format_args!("Bogus IP version ({version}, must be 4)"));
        tree.info(format_args!("Bogus IPv4 version ({version}, must be 4)"));
        if version == 6 { Next::EtherType(0x86dd, piece) } else { Next::End }
    } else {
        tree.put(&HDR_LEN, piece.span(0, 1), Value::Uint(len as u64));
        if len < 20 {
            let title = BOGUS_HEADER_LENGTH.title;
            tree.note(&BOGUS_HEADER_LENGTH, piece.span(0, 1), format_args!("{title} ({len}, must be at least 20)"));
            tree.info(format_args!("{title} ({len}, must be at least 20)"));
        } else {
            describe_beginning(piece, tree);
            crate::frame::note_cut(piece, tree);
        }
        Next::End
    };
    tree.close();
    next
}

/// The first fields of a header that was cut off.
fn describe_beginning(piece: Piece<'_>, tree: &mut Tree) {
    let number = |at: usize| {
        let bytes = piece.bytes.get(at..).and_then(|rest| rest.first_chunk())?;
        Some(Value::Uint(u16::from_be_bytes(*bytes).into()))
    };
    let byte = |at: usize| Some(Value::Uint((*piece.bytes.get(at)?).into()));
    let address = |at: usize| Some(Value::Ipv4(*piece.bytes.get(at..)?.first_chunk()?));
    let fields = [
        (&DSFIELD, 1, 1, byte(1)),
        (&LEN, 2, 2, number(2)),
        (&ID, 4, 2, number(4)),
        (&TTL, 8, 1, byte(8)),
        (&PROTO, 9, 1, byte(9)),
        (&CHECKSUM, 10, 2, number(10)),
        (&SRC, 12, 4, address(12)),
        (&DST, 16, 4, address(16)),
    ];
    for (field, at, len, value) in fields {
        let Some(value) = value else { return };
        tree.put(field, piece.span(at, len), value);
    }
}

fn describe(header: &Ipv4HeaderSlice<'_>, facts: &Facts<'_>, piece: Piece<'_>, quoted: bool, tree: &mut Tree) {
    let len = facts.header.bytes.len();
    let at = |at, len| piece.span(at, len);
    let place = tree.open(&IP, facts.header.all(), Value::Bytes(facts.header.all()));
    let (source, destination) = (Ipv4Addr::from(facts.source), Ipv4Addr::from(facts.destination));
    tree.label(place, format_args!("{}, Src: {source}, Dst: {destination}", IP.title));
    tree.put(&VERSION, at(0, 1), Value::Uint(4));
    tree.put(&HDR_LEN, at(0, 1), Value::Uint(len as u64));
    let (codepoint, congestion) = (header.dcp().value(), header.ecn().value());
    tree.open(&DSFIELD, at(1, 1), Value::Uint((codepoint << 2 | congestion).into()));
    tree.put(&DSFIELD_DSCP, at(1, 1), Value::Uint(codepoint.into()));
    tree.put(&DSFIELD_ECN, at(1, 1), Value::Uint(congestion.into()));
    tree.close();
    tree.put(&LEN, at(2, 2), Value::Uint(facts.total as u64));
    let length = BOGUS_IP_LENGTH.title;
    if facts.total < len {
        let text = format_args!("{length} ({}, less than header length {len})", facts.total);
        tree.note(&BOGUS_IP_LENGTH, at(2, 2), text);
    } else if facts.total > piece.wire as usize && !quoted {
        let text = format_args!("IPv4 total length exceeds packet length ({} bytes)", piece.wire);
        tree.note(&BOGUS_IP_LENGTH, at(2, 2), text);
    }
    tree.put(&ID, at(4, 2), Value::Uint(header.identification().into()));
    describe_flags(header, facts, at(6, 1), at(6, 2), tree);
    tree.put(&TTL, at(8, 1), Value::Uint(header.ttl().into()));
    note_ttl(header.ttl(), facts.destination, at(8, 1), quoted, tree);
    tree.put(&PROTO, at(9, 1), Value::Uint(facts.protocol.into()));
    tree.put(&CHECKSUM, at(10, 2), Value::Uint(header.header_checksum().into()));
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(2));
    tree.put(&SRC, at(12, 4), Value::Ipv4(facts.source));
    tree.put(&ADDR, at(12, 4), Value::Ipv4(facts.source));
    tree.put_text(&SRC_HOST, at(12, 4), format_args!("{source}"));
    tree.put_text(&HOST, at(12, 4), format_args!("{source}"));
    tree.put(&DST, at(16, 4), Value::Ipv4(facts.destination));
    tree.put(&ADDR, at(16, 4), Value::Ipv4(facts.destination));
    tree.put_text(&DST_HOST, at(16, 4), format_args!("{destination}"));
    tree.put_text(&HOST, at(16, 4), format_args!("{destination}"));
    if len > 20 {
        options::describe(facts.header.from(20), facts.next_hop, tree);
    }
    tree.close();
}

fn describe_flags(header: &Ipv4HeaderSlice<'_>, facts: &Facts<'_>, flags: Slice, both: Slice, tree: &mut Tree) {
    let reserved = header.slice().get(6).is_some_and(|byte| byte & 0x80 != 0);
    let dont = header.dont_fragment();
    let sum = u64::from(reserved) << 2 | u64::from(dont) << 1 | u64::from(facts.more);
    tree.open(&FLAGS, flags, Value::Uint(sum));
    tree.put(&FLAGS_RB, flags, Value::Bool(reserved));
    tree.put(&FLAGS_DF, flags, Value::Bool(dont));
    tree.put(&FLAGS_MF, flags, Value::Bool(facts.more));
    tree.close();
    let place = tree.put(&FRAG_OFFSET, both, Value::Uint((facts.offset / 8).into()));
    tree.label(place, format_args!("Fragment Offset: {}", facts.offset));
}

/// RFC 3171 4: what is for 224.0.0.0/24 stays in the local network. Anything else with so little left will not get far.
fn note_ttl(ttl: u8, destination: [u8; 4], span: Slice, quoted: bool, tree: &mut Tree) {
    match destination {
        _ if quoted => {}
        // RFC 8815: multicast DNS and RFC 5798: VRRP prescribe 255.
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

static REASSEMBLY: reassembly::Fields = reassembly::Fields {
    fragments: &FRAGMENTS,
    fragment: &FRAGMENT,
    overlap: &FRAGMENT_OVERLAP,
    conflict: &FRAGMENT_OVERLAP_CONFLICT,
    count: &FRAGMENT_COUNT,
    length: &REASSEMBLED_LENGTH,
    data: &REASSEMBLED_DATA,
};

/// Records of a packet that this frame completed what it was put together from; `whole` is the place of its payload in
/// the tree's store.
pub fn describe_reassembly(whole: Slice, parts: &[reassembly::Part], tree: &mut Tree) {
    reassembly::describe(&REASSEMBLY, whole, parts, tree);
}

/// Records of a fragment in which frame its packet became whole.
pub fn describe_reassembled_in(frame: u32, tree: &mut Tree) {
    tree.put(&REASSEMBLED_IN, Slice::default(), Value::Uint(frame.into()));
    tree.more_info(format_args!(" [Reassembled in #{frame}]"));
}
