//! The fragment header of IPv6 (RFC 8200 4.5).

use super::fields::{IPV6, OPT_JUMBO_FRAGMENT};
use super::options::MIN_JUMBO;
use crate::field::DisplayBase;
use crate::packet::{Fragment, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};
use etherparse::Ipv6FragmentHeaderSlice;

crate::fields! { "ipv6::fraghdr";
    /// A fragment of a packet.
    FRAGHDR: Protocol "ipv6.fraghdr" "Fragment Header for IPv6";
    /// Protocol of the payload of the whole packet.
    NXT: U8 "ipv6.fraghdr.nxt" "Next header" { values: crate::names::IP_PROTOCOLS };
    /// A reserved byte.
    RESERVED_OCTET: U8 "ipv6.fraghdr.reserved_octet" "Reserved octet" { base: DisplayBase::Hex };
    /// Offset of the fragment in the whole packet, in units of eight bytes.
    OFFSET: U16 "ipv6.fraghdr.offset" "Offset";
    /// Two reserved bits.
    RESERVED_BITS: U16 "ipv6.fraghdr.reserved_bits" "Reserved bits";
    /// Whether more fragments follow.
    MORE: Bool "ipv6.fraghdr.more" "More Fragments";
    /// Identification, the same in all fragments of a packet.
    IDENT: U32 "ipv6.fraghdr.ident" "Identification" { base: DisplayBase::Hex };
}

/// Registry entry for the fragment header.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPv6",
    fields: FIELDS,
    claims: &[Claim::IpProto(44)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const HEADER: usize = 8;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ipv6.fraghdr");
    let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(payload.bytes) else {
        tree.open(&FRAGHDR, payload.all(), Value::Bytes(payload.all()));
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    let next = header.next_header().0;
    let offset = u32::from(header.fragment_offset().value()) * 8;
    let (more, ident) = (header.more_fragments(), header.identification());
    let more_text = if more { 'y' } else { 'n' };
    if tree.wants_columns() && !packet.quoted {
        tree.set_info(format_args!("IPv6 fragment (off={offset} more={more_text} ident={ident:#010x} nxt={next})"));
    }
    if tree.wants_any(&FRAGHDR) || tree.wants_any(&IPV6) {
        let is_jumbo = packet.ipv6_payload_len >= MIN_JUMBO;
        describe(&header, payload, is_jumbo, tree);
    }
    let next_payload = payload.from(HEADER);
    match (offset, more) {
        // RFC 6946: a packet in a single fragment needs no reassembly.
        (0, false) => NextLayer::IpProto(next, next_payload),
        // A partly captured fragment cannot be reassembled, but the first one still shows the protocol. A fragment
        // quoted in an ICMP error is never reassembled.
        (0, true) if packet.quoted || next_payload.is_truncated() => NextLayer::IpProto(next, next_payload),
        _ if packet.quoted => NextLayer::Data(next_payload),
        _ => NextLayer::Fragment(Fragment { id: ident, protocol: next, offset, more, payload: next_payload }),
    }
}

fn describe(header: &Ipv6FragmentHeaderSlice<'_>, payload: Payload<'_>, is_jumbo: bool, tree: &mut Tree) {
    let at = |at, len| payload.span(at, len);
    let [_, reserved, _, low, ..] = *payload.bytes.first_chunk::<HEADER>().unwrap_or(&[0; HEADER]);
    let units = header.fragment_offset().value();
    tree.open(&FRAGHDR, at(0, HEADER), Value::Bytes(payload.all()));
    tree.put(&NXT, at(0, 1), Value::Uint(header.next_header().0.into()));
    tree.put(&RESERVED_OCTET, at(1, 1), Value::Uint(reserved.into()));
    let node = tree.put(&OFFSET, at(2, 2), Value::Uint(units.into()));
    tree.label(node, format_args!("Offset: {units} ({} bytes)", u32::from(units) * 8));
    tree.put(&RESERVED_BITS, at(2, 2), Value::Uint((low >> 1 & 3).into()));
    tree.put(&MORE, at(2, 2), Value::Bool(header.more_fragments()));
    tree.put(&IDENT, at(4, 4), Value::Uint(header.identification().into()));
    if is_jumbo {
        tree.note(&OPT_JUMBO_FRAGMENT, at(0, HEADER), format_args!("{}", OPT_JUMBO_FRAGMENT.title));
    }
    tree.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    fn next(bytes: &[u8], quoted: bool) -> alloc::string::String {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut packet = Packet { quoted, ..Packet::default() };
        alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut packet, &mut tree))
    }

    #[test]
    fn a_fragment_has_its_offset() {
        let rows: [(&[u8], bool, &str); 6] = [
            (&[17, 0, 0, 9, 0, 0, 1, 2, 7], false, "Fragment(Fragment { id: 258, protocol: 17, offset: 8, more: true,"),
            (
                &[17, 0, 0, 8, 0, 0, 1, 2, 7],
                false,
                "Fragment(Fragment { id: 258, protocol: 17, offset: 8, more: false,",
            ),
            (&[17, 0, 0, 0, 0, 0, 1, 2, 7], false, "IpProto(17, Payload { bytes: [7]"),
            (&[17, 0, 0, 1, 0, 0, 1, 2, 7], true, "IpProto(17, Payload { bytes: [7]"),
            (&[17, 0, 0, 9, 0, 0, 1, 2, 7], true, "Data("),
            (&[17, 0, 0, 9, 0, 0, 1], false, "End"),
        ];
        for (bytes, quoted, expected) in rows {
            let next = next(bytes, quoted);
            assert!(next.starts_with(expected), "{next}");
        }
    }
}
