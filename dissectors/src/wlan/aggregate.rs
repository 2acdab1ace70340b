//! Aggregates of packets in IEEE 802.11 data frames (A-MSDU, IEEE 802.11 9.3.2.2).

use super::address;
use crate::packet::{Aggregate, NextLayer, Payload};
use crate::protocol::Protocol;
use crate::tree::{Tree, Value};

crate::fields! { "wlan::aggregate";
    /// A packet of an aggregate, with its header.
    WLAN_AGGREGATE: Protocol "wlan_aggregate" "IEEE 802.11 wireless LAN aggregate frame";
    /// Header of a packet of an aggregate.
    SUBFRAME: Label "wlan_aggregate.a_msdu.subframe" "A-MSDU Subframe";
    /// Length of a packet of an aggregate.
    LENGTH: U16 "wlan_aggregate.a_msdu.length" "A-MSDU Length";
    /// Bytes up to the next packet, which begins at a multiple of four bytes.
    PADDING: Bytes "wlan_aggregate.a_msdu.padding" "A-MSDU Padding";
}

/// Registry entry for aggregates.
pub static PROTOCOL: Protocol =
    Protocol { short: "802.11", fields: FIELDS, claims: &[], aliases: &[], dissectors: &[] };

/// Length of the header of a packet.
const HEADER: usize = 14;

/// Returns the packets of an aggregate as the next layer.
pub(super) fn layer(payload: Payload<'_>) -> NextLayer<'_> {
    NextLayer::Aggregate(Aggregate { payload, next: next_packet })
}

/// ```text
///  0             6        12       14
///  | destination | source | length | packet, with an LLC header | padding |
/// ```
fn next_packet<'b>(rest: Payload<'b>, nth: usize, tree: &mut Tree) -> Option<(NextLayer<'b>, Payload<'b>)> {
    if rest.wire == 0 {
        return None;
    }
    let header = rest.bytes.first_chunk::<HEADER>();
    let len = header.map_or(0, |&[.., high, low]| usize::from(u16::from_be_bytes([high, low])));
    let end = HEADER + len;
    let padding = rest.from(end).first(end.next_multiple_of(4) - end);
    let node = tree.open(&WLAN_AGGREGATE, rest.span(0, HEADER), Value::Bytes(rest.first(end).all()));
    tree.label(node, format_args!("IEEE 802.11 Aggregate MSDU"));
    let node = tree.open(&SUBFRAME, rest.span(0, HEADER), Value::Present);
    tree.label(node, format_args!("A-MSDU Subframe #{nth}"));
    address::describe_one(&address::DESTINATION, rest, 0, tree);
    address::describe_one(&address::SOURCE, rest, 6, tree);
    match header {
        Some(_) => drop(tree.put(&LENGTH, rest.span(12, 2), Value::Uint(len as u64))),
        None => crate::frame::note_truncated(rest, tree),
    }
    if !padding.bytes.is_empty() {
        tree.put(&PADDING, padding.all(), Value::Bytes(padding.all()));
    }
    tree.close();
    tree.close();
    header?;
    Some((NextLayer::Link(super::LLC, rest.from(HEADER).first(len)), rest.from(end).from(padding.wire as usize)))
}
