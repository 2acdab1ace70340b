//! Options of IPv6 extension headers (RFC 8200 4.2), and the header format shared by hop-by-hop and destination
//! options.

use super::fields::*;
use crate::field::Field;
use crate::packet::{NextLayer, Packet, Payload};
use crate::tree::{Slice, Tree, Value};
use etherparse::Ipv6RawExtHeaderSlice;

pub(super) const TYPES: &[(u64, &str)] = &[
    (0x00, "Pad1"),
    (0x01, "PadN"),
    (0x04, "Tunnel Encapsulation Limit"),
    (0x05, "Router Alert"),
    (0x07, "CALIPSO"),
    (0x08, "SMF DPD"),
    (0x0f, "Performance and Diagnostic Metrics"),
    (0x1e, "Experimental (0x1E)"),
    (0x26, "Quick-Start"),
    (0x30, "Path MTU Record Option"),
    (0x3e, "Experimental (0x3E)"),
    (0x5e, "Experimental (0x5E)"),
    (0x63, "RPL Option (deprecated)"),
    (0x6d, "MPL Option"),
    (0x7e, "Experimental (0x7E)"),
    (0x8b, "ILNP Nonce"),
    (0x8c, "Line Identification Option"),
    (0x9e, "Experimental (0x9E)"),
    (0xbe, "Experimental (0xBE)"),
    (0xc2, "Jumbo Payload"),
    (0xc9, "Home Address"),
    (0xde, "Experimental (0xDE)"),
    (0xfe, "Experimental (0xFE)"),
];

pub(super) const ACTIONS: &[(u64, &str)] = &[
    (0, "Skip and continue"),
    (1, "Discard"),
    (2, "Discard and send ICMP"),
    (3, "Discard and send ICMP if not multicast"),
];

/// The jumbo payload option (RFC 2675 2).
const JUMBO: u8 = 0xc2;
/// Minimum length of a jumbo payload (RFC 2675 3): the payload length of the IPv6 header has 16 bits.
pub(super) const MIN_JUMBO: u32 = 65_536;

pub(super) const ALERTS: &[(u64, &str)] = &[(0, "MLD"), (1, "RSVP"), (2, "Active Network")];

/// Fields of an extension header with options.
pub(super) struct ExtensionHeaderFields {
    pub(super) protocol: &'static Field,
    pub(super) nxt: &'static Field,
    pub(super) len: &'static Field,
    pub(super) len_oct: &'static Field,
}

impl ExtensionHeaderFields {
    /// Returns the bytes of the header and the next layer. An incomplete header is recorded and returns None.
    pub(super) fn read<'b>(
        &self,
        payload: Payload<'b>,
        packet: &Packet,
        tree: &mut Tree,
    ) -> Option<(Payload<'b>, NextLayer<'b>)> {
        let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(payload.bytes) else {
            tree.open(self.protocol, payload.all(), Value::Bytes(payload.all()));
            crate::padding::note_truncated_unless_quoted(payload, packet, tree);
            tree.close();
            return None;
        };
        let len = header.slice().len();
        Some((payload.first(len), NextLayer::IpProto(header.next_header().0, payload.from(len))))
    }

    /// Records a whole header with its options, if wanted. `misplaced` is the note for a header out of order;
    /// `span_with_payload` covers header and payload.
    pub(super) fn describe(
        &self,
        payload: Payload<'_>,
        span_with_payload: Slice,
        misplaced: Option<&'static Field>,
        packet: &Packet,
        tree: &mut Tree,
    ) {
        // The option fields belong to IPv6, whichever header contains them.
        let (true, &[next, units, ..]) = (tree.wants_any(self.protocol) || tree.wants_any(&IPV6), payload.bytes) else {
            return;
        };
        tree.open(self.protocol, payload.all(), Value::Bytes(span_with_payload));
        tree.put(self.nxt, payload.span(0, 1), Value::Uint(next.into()));
        tree.put(self.len, payload.span(1, 1), Value::Uint(units.into()));
        tree.put(self.len_oct, Slice::default(), Value::Uint(payload.bytes.len() as u64));
        if let Some(note) = misplaced {
            tree.note(note, payload.span(0, 1), format_args!("{}", note.title));
        }
        describe(payload.from(2), packet, tree);
        tree.close();
    }
}

/// Returns the home address option of a whole extension header.
pub(super) fn home_address(header: &[u8]) -> Option<[u8; 16]> {
    option(header.get(2..)?, 0xc9)
}

/// Returns the length of a jumbo payload option in the hop-by-hop options that `bytes` begin with, if it is valid.
pub(super) fn jumbo_len(bytes: &[u8]) -> Option<u32> {
    let header = Ipv6RawExtHeaderSlice::from_slice(bytes).ok()?;
    option(header.slice().get(2..)?, JUMBO).map(u32::from_be_bytes).filter(|&len| len >= MIN_JUMBO)
}

/// Returns the data of the first option of a type that has this length.
fn option<const LEN: usize>(options: &[u8], kind: u8) -> Option<[u8; LEN]> {
    let mut rest = options;
    loop {
        rest = match *rest {
            [0, ref rest @ ..] => rest,
            [found, len, ref data @ ..] if found == kind && usize::from(len) == LEN => {
                return data.first_chunk().copied();
            }
            [_, len, ref rest @ ..] => rest.get(usize::from(len)..)?,
            _ => return None,
        };
    }
}

/// Records the options of a header, which follow its first two bytes.
fn describe(payload: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let mut rest = payload;
    while let Some(&kind) = rest.bytes.first() {
        // RFC 8200 4.2: Pad1 has neither length nor data.
        let len = match (kind, rest.bytes.get(1)) {
            (0, _) => 1,
            (_, Some(&len)) if usize::from(len) + 2 <= rest.bytes.len() => usize::from(len) + 2,
            _ => {
                tree.note(&OPT_INVALID_LEN, rest.all(), format_args!("{}", OPT_INVALID_LEN.title));
                return;
            }
        };
        describe_one(kind, rest.first(len), packet, tree);
        rest = rest.from(len);
    }
}

fn describe_one(kind: u8, payload: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let node = tree.open(&OPT, payload.all(), Value::Present);
    tree.label(node, format_args!("{}", OPT_TYPE.value_name(kind.into()).unwrap_or("Unknown IPv6 Option")));
    let first = payload.span(0, 1);
    tree.open(&OPT_TYPE, first, Value::Uint(kind.into()));
    if kind != 0 {
        tree.put(&OPT_TYPE_ACTION, first, Value::Uint((kind >> 6).into()));
        tree.put(&OPT_TYPE_CHANGE, first, Value::Bool(kind & 0x20 != 0));
        tree.put(&OPT_TYPE_REST, first, Value::Uint((kind & 0x1f).into()));
    }
    tree.close();
    if kind == 0 {
        tree.put(&OPT_PAD1, first, Value::Present);
    } else {
        let data = payload.from(2);
        tree.put(&OPT_LENGTH, payload.span(1, 1), Value::Uint(data.bytes.len() as u64));
        describe_data(kind, data, tree);
        if kind == JUMBO {
            note_jumbo(data, packet, tree);
        }
    }
    tree.close();
}

/// Notes a jumbo payload option that RFC 2675 3 forbids.
fn note_jumbo(data: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    let len = data.bytes.first_chunk().map_or(0, |&len| u32::from_be_bytes(len));
    let notes = [
        (&OPT_JUMBO_TRUNCATED, len < MIN_JUMBO),
        (&OPT_JUMBO_PROHIBITED, (1..MIN_JUMBO).contains(&packet.ipv6_payload_len)),
    ];
    for (note, _) in notes.into_iter().filter(|(_, applies)| *applies) {
        tree.note(note, data.all(), format_args!("{}", note.title));
    }
}

fn describe_data(kind: u8, data: Payload<'_>, tree: &mut Tree) {
    let all = data.all();
    match (kind, data.bytes) {
        (0x01, _) => tree.put(&OPT_PADN, all, Value::Bytes(all)),
        (0x04, &[limit]) => tree.put(&OPT_TEL, all, Value::Uint(limit.into())),
        (0x05, &[a, b]) => tree.put(&OPT_ROUTER_ALERT, all, Value::Uint(u16::from_be_bytes([a, b]).into())),
        (0xc2, &[a, b, c, d]) => tree.put(&OPT_JUMBO, all, Value::Uint(u32::from_be_bytes([a, b, c, d]).into())),
        (0xc9, bytes) if bytes.len() == 16 => {
            let address = bytes.first_chunk().copied().unwrap_or_default();
            tree.put(&OPT_MIPV6_HOME_ADDRESS, all, Value::Ipv6(address))
        }
        (0x04 | 0x05 | 0xc2 | 0xc9, _) => {
            // As Wireshark 4.4 writes them.
            let (name, length) = match OPT_TYPE.value_name(kind.into()).unwrap_or_default() {
                "Router Alert" => ("Router alert", "Length"),
                name => (name, "length"),
            };
            tree.note(&OPT_INVALID_LEN, all, format_args!("{name}: Invalid {length} ({} bytes)", all.len));
            None
        }
        (kind, _) if kind & 0x1f == 0x1e => tree.put(&OPT_EXPERIMENTAL, all, Value::Bytes(all)),
        _ => tree.put(&OPT_UNKNOWN, all, Value::Bytes(all)),
    };
}

#[cfg(test)]
mod tests {
    use super::super::{dstopts, hopopts};
    use super::*;
    use crate::protocol::{Dissector, Protocol};
    use crate::wants::Wants;

    /// Dissects the bytes as a header of the protocol.
    fn dissect<'b>(protocol: &Protocol, bytes: &'b [u8]) -> (Tree, NextLayer<'b>) {
        let [Dissector::Layer(read)] = protocol.dissectors else { unreachable!("a header is a layer") };
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let next = read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree);
        (tree, next)
    }

    const BOTH: [&Protocol; 2] = [&hopopts::PROTOCOL, &dstopts::PROTOCOL];

    #[test]
    fn options_and_the_next_header_are_recorded() {
        // A tunnel limit of 5, and padding.
        let bytes = [17, 0, 4, 1, 5, 1, 1, 0, 0xaa];
        for (protocol, len_oct) in BOTH.into_iter().zip([&hopopts::LEN_OCT, &dstopts::LEN_OCT]) {
            let (tree, next) = dissect(protocol, &bytes);
            assert!(matches!(next, NextLayer::IpProto(17, Payload { bytes: [0xaa], .. })), "{next:?}");
            assert_eq!(tree.first(len_oct), Some(Value::Uint(8)));
            assert_eq!(tree.first(&OPT_TEL), Some(Value::Uint(5)));
            assert_eq!(tree.first(&OPT_PADN), Some(Value::Bytes(Slice::new(7, 1))));
        }
    }

    #[test]
    fn an_option_that_runs_past_the_header_is_noted() {
        for protocol in BOTH {
            let (tree, next) = dissect(protocol, &[17, 0, 1, 9, 0, 0, 0, 0, 0xaa]);
            assert!(matches!(next, NextLayer::IpProto(17, _)), "{next:?}");
            assert!(tree.first(&OPT_INVALID_LEN).is_some());
        }
    }

    #[test]
    fn a_truncated_header_ends_the_dissection() {
        let bytes = [17, 1, 1, 4, 0, 0, 0, 0, 0];
        for (protocol, len) in BOTH.into_iter().flat_map(|protocol| (0..bytes.len()).map(move |len| (protocol, len))) {
            let (tree, next) = dissect(protocol, bytes.get(..len).unwrap_or_default());
            assert!(matches!(next, NextLayer::End), "{next:?}");
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
        }
    }
}
