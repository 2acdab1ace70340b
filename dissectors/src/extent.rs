//! How long a packet says it is: what follows it in its frame is padding, a trailer or a check sequence.

use crate::packet::{Packet, Piece};
use crate::tree::Tree;

/// The least length of an Ethernet frame without its check sequence (IEEE 802.3 4.4.2): shorter ones are padded.
pub(crate) const LEAST: usize = 60;

/// What follows a packet in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Where it begins, counted from the packet's first byte.
    pub(crate) at: usize,
    /// Zeros that bring the frame to its least length.
    pub(crate) padding: usize,
    /// What follows them.
    pub(crate) rest: usize,
    /// There is enough to bring the frame to its least length, but it is not zero.
    pub(crate) odd: bool,
}

/// What follows a packet that claims `claimed` bytes of `piece`, in a frame with `before` bytes before `piece`. None
/// if nothing does, or not all of it was captured.
pub(crate) fn tail(before: usize, claimed: Option<usize>, piece: Piece<'_>) -> Option<Tail> {
    let at = claimed?;
    let after = piece.bytes.get(at..).filter(|after| !after.is_empty() && !piece.is_cut())?;
    let room = LEAST.saturating_sub(before + at);
    let fill = after.get(..room).unwrap_or_default();
    let padding = if fill.iter().all(|&byte| byte == 0) { fill.len() } else { 0 };
    Some(Tail { at, padding, rest: after.len() - padding, odd: padding != fill.len() })
}

/// How many bytes of the frame come before what the innermost tag of the path carries, or before what Ethernet does if
/// there is no tag. Only the outermost frame was padded to cross a wire: in others nothing is missing from the least
/// length.
pub(crate) fn before(packet: &Packet) -> usize {
    match packet.path.names() {
        ["eth", rest @ ..] if !rest.contains(&"eth") => {
            14 + 4 * rest.iter().filter(|&&name| name != "ethertype").count()
        }
        _ => LEAST,
    }
}

/// How many bytes the packet of this EtherType claims, or of LLC, if the EtherType is a length (IEEE 802.3 3.2.6).
/// None where it does not say.
pub(crate) fn claimed(ether_type: u16, bytes: &[u8]) -> Option<usize> {
    let number = |at: usize| {
        bytes.get(at..)?.first_chunk().map(|number| u16::from_be_bytes(*number)).filter(|&number| number > 0)
    };
    let nibble = bytes.first().map_or(0, |first| first >> 4);
    match ether_type {
        1..=1500 => Some(ether_type.into()),
        // RFC 791 3.1, RFC 8200 3: a length of 0 leaves it to the network card, or to a jumbo payload option.
        0x0800 if nibble == 4 => number(2).map(usize::from).filter(|&len| len >= 20),
        0x0800 if nibble == 6 => claimed(0x86dd, bytes),
        0x86dd => number(4).map(|len| usize::from(len) + 40),
        // RFC 826: two addresses each of hardware and protocol.
        0x0806 | 0x8035 => match bytes {
            [_, _, _, _, hardware, protocol, ..] => Some(8 + 2 * (usize::from(*hardware) + usize::from(*protocol))),
            _ => None,
        },
        0x8100 | 0x88a8 | 0x9100 => bytes.get(4..).and_then(|rest| claimed(number(2)?, rest)).map(|len| len + 4),
        // RFC 3032: labels up to one with the bottom bit.
        0x8847 | 0x8848 => {
            let labels = bytes.chunks_exact(4).position(|label| label.get(2).is_some_and(|byte| byte & 1 == 1))? + 1;
            let rest = bytes.get(labels * 4..)?;
            let inner = match rest.first()? >> 4 {
                4 => claimed(0x0800, rest),
                6 => claimed(0x86dd, rest),
                _ => None,
            };
            inner.map(|len| len + labels * 4)
        }
        _ => None,
    }
}

/// Records that a header is not all here, unless the packet is quoted: then nobody promised more.
pub(crate) fn note_cut(piece: Piece<'_>, packet: &Packet, tree: &mut Tree) {
    if !packet.quoted {
        crate::frame::note_cut(piece, tree);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_up_to_the_least_length_are_padding_and_the_rest_is_not() {
        // (bytes before, claimed, bytes after, padding, rest, odd)
        type Row<'a> = (usize, usize, &'a [u8], usize, usize, bool);
        let rows: [Row<'_>; 6] = [
            (14, 33, &[0; 13], 13, 0, false),
            (14, 33, &[0; 17], 13, 4, false),
            (14, 33, &[1; 13], 0, 13, true),
            (14, 33, &[0; 4], 0, 4, false),
            (14, 100, &[0; 4], 0, 4, false),
            (18, 33, &[0; 9], 9, 0, false),
        ];
        for (before, claimed, after, padding, rest, odd) in rows {
            let mut bytes = alloc::vec![7; claimed];
            bytes.extend_from_slice(after);
            let found = tail(before, Some(claimed), Piece::whole(&bytes, 0));
            assert_eq!(found, Some(Tail { at: claimed, padding, rest, odd }), "{before} {claimed} {after:?}");
        }
        assert_eq!(tail(14, Some(3), Piece::whole(&[1, 2, 3], 0)), None);
        assert_eq!(tail(14, None, Piece::whole(&[1, 2, 3], 0)), None);
    }

    #[test]
    fn a_packet_says_how_long_it_is_through_tags_and_labels() {
        let ip = [0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17];
        let tagged = [&[0, 5, 8, 0], &ip[..]].concat();
        let labelled = [&[0, 0, 0x10, 64, 0, 0, 0x21, 64], &ip[..]].concat();
        assert_eq!(claimed(0x0800, &ip), Some(33));
        assert_eq!(claimed(0x8100, &tagged), Some(37));
        assert_eq!(claimed(0x88a8, &[&[0, 9, 0x81, 0], &tagged[..]].concat()), Some(41));
        assert_eq!(claimed(0x8847, &labelled), Some(41));
        assert_eq!(claimed(0x86dd, &[0x60, 0, 0, 0, 0, 8]), Some(48));
        assert_eq!(claimed(0x0806, &[0, 1, 8, 0, 6, 4]), Some(28));
        assert_eq!(claimed(46, &[]), Some(46));
        assert_eq!(claimed(0x0800, &[0x45, 0, 0, 0]), None);
        assert_eq!(claimed(0x1234, &ip), None);
    }
}
