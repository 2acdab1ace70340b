//! Ethernet: frames with a type or a length (IEEE 802.3), their padding and trailers.

mod fields;

use crate::ether_name::{DisplayEther, NamedEther};
use crate::field::Field;
use crate::packet::{NextLayer, Packet, Payload};
use crate::padding::{MIN_FRAME_LEN, declared_len, frame_tail};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};
use etherparse::Ethernet2HeaderSlice;
pub use fields::*;

/// Registry entry for Ethernet.
pub static PROTOCOL: Protocol = Protocol {
    short: "Ethernet",
    fields: FIELDS,
    claims: &[Claim::Link(1)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const HEADER: usize = 14;
/// Length of the check sequence.
const FCS_LEN: usize = 4;
// LINKTYPE_ATM_RFC1483: a frame that begins with an LLC header.
const LLC: u16 = 100;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("eth");
    let Ok(header) = Ethernet2HeaderSlice::from_slice(payload.bytes) else {
        return read_truncated(payload, packet, tree);
    };
    let kind = header.ether_type().0;
    let declared_fcs = packet.fcs.take();
    let next_payload = payload.from(HEADER).without_last(declared_fcs.unwrap_or(0).into());
    if tree.wants_columns() && !packet.quoted {
        let columns = tree.columns_mut();
        columns.source = Some(Value::Ether(header.source()));
        columns.destination = Some(Value::Ether(header.destination()));
        columns.protocol = PROTOCOL.short;
        tree.set_info(format_args!("Ethernet II"));
    }
    if tree.wants_any(&ETH) {
        let tail = FrameEnd { is_outermost: packet.layers == 1, declared_fcs };
        describe(&header, payload, tail, tree);
    }
    match kind {
        1..=1500 => NextLayer::Link(LLC, next_payload.first(kind.into())),
        1501..=1535 => NextLayer::Data(next_payload),
        _ => {
            packet.path.push("ethertype");
            NextLayer::EtherType(kind, next_payload)
        }
    }
}

#[inline(never)]
fn read_truncated<'b>(payload: Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.columns_mut().destination = payload.bytes.first_chunk().map(|address| Value::Ether(*address));
    }
    tree.open(&ETH, payload.all(), Value::Bytes(payload.all()));
    crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    tree.close();
    NextLayer::End
}

/// What is known of the end of a frame.
#[derive(Clone, Copy)]
struct FrameEnd {
    /// Whether the frame is not inside another packet. Only such a frame is padded, and has a check sequence.
    is_outermost: bool,
    /// Length of the check sequence in bytes, if the capture declares it.
    declared_fcs: Option<u8>,
}

#[inline(never)]
fn describe(header: &Ethernet2HeaderSlice<'_>, payload: Payload<'_>, end: FrameEnd, tree: &mut Tree) {
    let kind = header.ether_type().0;
    let next_payload = payload.from(HEADER);
    let all = payload.span(0, HEADER);
    let node = tree.open(&ETH, all, Value::Bytes(payload.all()));
    if tree.wanted().labels {
        label(node, header, tree);
    }
    describe_address(&DESTINATION, header.destination(), payload.span(0, 6), tree);
    describe_address(&SOURCE, header.source(), payload.span(6, 6), tree);
    if header.source().first().is_some_and(|first| first & 1 == 1) {
        tree.note(&SRC_NOT_GROUP, payload.span(6, 6), format_args!("{}", SRC_NOT_GROUP.title));
    }
    let span = payload.span(12, 2);
    match kind {
        1..=1500 => {
            tree.put(&LEN, span, Value::Uint(kind.into()));
            if u32::from(kind) > next_payload.wire {
                tree.note(&LEN_PAST_END, span, format_args!("{}", LEN_PAST_END.title));
            }
        }
        1501..=1535 => {
            tree.put(&INVALID_LENTYPE, span, Value::Uint(kind.into()));
            let title = INVALID_LENTYPE_EXPERT.title;
            tree.note(&INVALID_LENTYPE_EXPERT, span, format_args!("{title}: {kind} ({kind:#06x})"));
        }
        _ => {
            tree.put(&TYPE, span, Value::Uint(kind.into()));
        }
    }
    describe_tail(kind, next_payload, end, tree);
    tree.close();
}

fn label(node: Option<usize>, header: &Ethernet2HeaderSlice<'_>, tree: &mut Tree) {
    let (source, destination) = (DisplayEther(header.source()), DisplayEther(header.destination()));
    let name = if header.ether_type().0 <= 1500 { "IEEE 802.3 Ethernet" } else { "Ethernet II" };
    match name {
        "Ethernet II" => tree.label(node, format_args!("{name}, Src: {source}, Dst: {destination}")),
        _ => tree.label(node, format_args!("{name}")),
    }
}

/// Fields of one address: the address, its name, its organization, its two flag bits.
struct EtherAddressFields {
    address: &'static Field,
    resolved: &'static Field,
    /// The organization: its number and its name.
    organization: [&'static Field; 2],
    lg: &'static Field,
    ig: &'static Field,
}

static DESTINATION: EtherAddressFields = EtherAddressFields {
    address: &DST,
    resolved: &DST_RESOLVED,
    organization: [&DST_OUI, &DST_OUI_RESOLVED],
    lg: &DST_LG,
    ig: &DST_IG,
};
static SOURCE: EtherAddressFields = EtherAddressFields {
    address: &SRC,
    resolved: &SRC_RESOLVED,
    organization: [&SRC_OUI, &SRC_OUI_RESOLVED],
    lg: &SRC_LG,
    ig: &SRC_IG,
};

fn describe_address(fields: &EtherAddressFields, address: [u8; 6], span: Slice, tree: &mut Tree) {
    let [first, ..] = address;
    let (local, group) = (Value::Bool(first & 2 != 0), Value::Bool(first & 1 != 0));
    let flags = Slice::new(span.start, span.len.min(3));
    tree.open(fields.address, span, Value::Ether(address));
    let mut named = NamedEther::new(address);
    named.put_resolved(fields.resolved, span, tree);
    named.put_organization(fields.organization, span, tree);
    tree.put(&ADDR, span, Value::Ether(address));
    named.put_resolved(&ADDR_RESOLVED, span, tree);
    named.put_organization([&ADDR_OUI, &ADDR_OUI_RESOLVED], span, tree);
    tree.put(fields.lg, flags, local);
    tree.put(&LG, flags, local);
    tree.put(fields.ig, flags, group);
    tree.put(&IG, flags, group);
    tree.close();
}

/// Records the bytes that follow the packet. A trailer belongs to the innermost VLAN tag; the padding belongs to the
/// frame.
fn describe_tail(kind: u16, payload: Payload<'_>, end: FrameEnd, tree: &mut Tree) {
    let has_fcs = end.declared_fcs == Some(FCS_LEN as u8);
    if has_fcs {
        let rest = payload.without_last(FCS_LEN);
        describe_trailer(kind, rest, FrameEnd { declared_fcs: Some(0), ..end }, tree);
        describe_fcs(payload, rest.wire as usize, tree);
    } else {
        describe_trailer(kind, payload, end, tree);
    }
}

/// Records padding and trailer. Records the check sequence if its length is not declared and the frame is long enough.
fn describe_trailer(kind: u16, payload: Payload<'_>, end: FrameEnd, tree: &mut Tree) {
    let before = if end.is_outermost { HEADER } else { MIN_FRAME_LEN };
    let Some(tail) = frame_tail(before, declared_len(kind, payload.bytes), payload) else { return };
    if tail.padding > 0 {
        let span = payload.span(tail.offset, tail.padding);
        tree.put(&PADDING, span, Value::Bytes(span));
    }
    if matches!(kind, 0x8100 | 0x88a8 | 0x9100) || tail.trailer == 0 {
        return;
    }
    // A frame of at least the minimum length may have been captured with its check sequence.
    let may_have_fcs = end.is_outermost && end.declared_fcs.is_none();
    let has_fcs = may_have_fcs && tail.trailer >= FCS_LEN && HEADER + payload.bytes.len() >= MIN_FRAME_LEN + FCS_LEN;
    let at = tail.offset + tail.padding;
    let len = if has_fcs { tail.trailer - FCS_LEN } else { tail.trailer };
    if len > 0 {
        let span = payload.span(at, len);
        tree.put(&TRAILER, span, Value::Bytes(span));
        if tail.nonzero_padding {
            tree.note(&PADDING_BAD, span, format_args!("{}", PADDING_BAD.title));
        }
    }
    if has_fcs {
        describe_fcs(payload, at + len, tree);
    }
}

/// Records the check sequence at an offset, if it was captured.
fn describe_fcs(payload: Payload<'_>, at: usize, tree: &mut Tree) {
    if let Some(bytes) = payload.bytes.get(at..).and_then(|rest| rest.first_chunk::<FCS_LEN>()) {
        tree.put(&FCS, payload.span(at, FCS_LEN), Value::Uint(u32::from_be_bytes(*bytes).into()));
        tree.put(&FCS_STATUS, Slice::default(), Value::Uint(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;
    use alloc::vec::Vec;

    const HEAD: [u8; 12] = [0, 0x11, 0x22, 0x33, 0x44, 0x55, 2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee];

    fn frame(kind: u16, payload: &[u8]) -> Vec<u8> {
        [&HEAD[..], &kind.to_be_bytes(), payload].concat()
    }

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        dissect_declared(bytes, None)
    }

    fn dissect_declared(bytes: &[u8], fcs: Option<u8>) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut packet = Packet { layers: 1, fcs, ..Packet::default() };
        let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut packet, &mut tree));
        (tree, next)
    }

    #[test]
    fn addresses_and_type_are_recorded() {
        let (tree, next) = dissect(&frame(0x0800, &[0x45]));
        assert!(next.starts_with("EtherType(2048, Payload { bytes: [69]"), "{next}");
        assert_eq!(tree.first(&DST), Some(Value::Ether([0, 0x11, 0x22, 0x33, 0x44, 0x55])));
        assert_eq!(tree.first(&SRC), Some(Value::Ether([2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee])));
        assert_eq!(tree.first(&DST_LG), Some(Value::Bool(false)));
        assert_eq!(tree.first(&SRC_LG), Some(Value::Bool(true)));
        assert_eq!(tree.first(&SRC_OUI), Some(Value::Uint(0x02_aabb)));
        assert_eq!(tree.columns().source, Some(Value::Ether([2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee])));
    }

    #[test]
    fn small_numbers_are_lengths_of_an_llc_frame() {
        let rows = [
            (frame(3, &[0x42, 0x42, 3, 0, 0]), "Link(100, Payload { bytes: [66, 66, 3], base: 14, wire: 3 })", None),
            (frame(9, &[0x42, 0x42, 3]), "Link(100, Payload { bytes: [66, 66, 3]", Some(&LEN_PAST_END)),
            (frame(1510, &[1]), "Data(Payload { bytes: [1]", Some(&INVALID_LENTYPE_EXPERT)),
            (frame(0, &[1]), "EtherType(0,", None),
        ];
        for (bytes, expected, note) in rows {
            let (tree, next) = dissect(&bytes);
            assert!(next.starts_with(expected), "{next}");
            for field in [&LEN_PAST_END, &INVALID_LENTYPE_EXPERT] {
                assert_eq!(tree.first(field).is_some(), note.is_some_and(|note| note.id == field.id));
            }
        }
    }

    #[test]
    fn what_follows_the_packet_is_padding_trailer_or_check_sequence() {
        let mut ip = [0; 33];
        ip[..4].copy_from_slice(&[0x45, 0, 0, 33]);
        // (bytes after the packet, padding, trailer, check sequence)
        type Case<'a> = (&'a [u8], usize, usize, Option<u64>);
        let rows: [Case<'_>; 5] = [
            (&[0; 13], 13, 0, None),
            (&[0; 4], 0, 4, None),
            (&[1; 13], 0, 13, None),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef], 13, 0, Some(0xdead_beef)),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0xde, 0xad, 0xbe, 0xef], 13, 1, Some(0xdead_beef)),
        ];
        for (after, padding, trailer, fcs) in rows {
            let (tree, _) = dissect(&frame(0x0800, &[&ip[..], after].concat()));
            let len = |field| match tree.first(field) {
                Some(Value::Bytes(slice)) => slice.len as usize,
                _ => 0,
            };
            assert_eq!((len(&PADDING), len(&TRAILER)), (padding, trailer), "{after:?}");
            assert_eq!(tree.first(&FCS), fcs.map(Value::Uint), "{after:?}");
        }
    }

    #[test]
    fn a_declared_check_sequence_is_not_guessed() {
        let ip = [&[0x45, 0, 0, 64][..], &[0; 60]].concat();
        // (bytes after the packet, declared length, trailer, check sequence); values from tshark 4.4
        let rows: [(&[u8], u8, usize, Option<u64>); 4] = [
            (&[0xde, 0xad, 0xbe, 0xef], 4, 0, Some(0xdead_beef)),
            (&[1, 2, 0xde, 0xad, 0xbe, 0xef], 4, 2, Some(0xdead_beef)),
            (&[0xde, 0xad, 0xbe, 0xef], 0, 4, None),
            (&[], 4, 0, Some(0)),
        ];
        for (after, declared, trailer, fcs) in rows {
            let (tree, _) = dissect_declared(&frame(0x0800, &[&ip[..], after].concat()), Some(declared));
            let len = if let Some(Value::Bytes(slice)) = tree.first(&TRAILER) { slice.len as usize } else { 0 };
            assert_eq!((len, tree.first(&FCS)), (trailer, fcs.map(Value::Uint)), "{after:?}");
        }
    }

    #[test]
    fn every_prefix_of_a_header_is_noted() {
        let bytes = frame(0x0800, &[]);
        for len in 0..14 {
            let (tree, next) = dissect(bytes.get(..len).unwrap_or_default());
            assert_eq!(next, "End");
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
        }
    }
}
