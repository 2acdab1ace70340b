//! Length of a packet by its own headers. Bytes after it in the frame are padding, a trailer or a frame check sequence.

use crate::packet::{Packet, Payload};
use crate::tree::Tree;

/// Minimum length of an Ethernet frame without its check sequence (IEEE 802.3 4.4.2): shorter frames are padded.
pub(crate) const MIN_FRAME_LEN: usize = 60;

/// Bytes that follow a packet in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameTail {
    /// Offset of the first such byte, from the packet's first byte.
    pub(crate) offset: usize,
    /// Number of zero bytes that pad the frame to its minimum length.
    pub(crate) padding: usize,
    /// Number of bytes after the padding.
    pub(crate) trailer: usize,
    /// Whether the bytes where padding is expected are not all zero.
    pub(crate) nonzero_padding: bool,
}

/// Returns the bytes that follow a packet of `claimed` bytes in `payload`, in a frame with `before` bytes before
/// `payload`. None if no bytes follow, or not all of them were captured.
pub(crate) fn frame_tail(before: usize, claimed: Option<usize>, payload: Payload<'_>) -> Option<FrameTail> {
    let at = claimed?;
    let after = payload.bytes.get(at..).filter(|after| !after.is_empty() && !payload.is_truncated())?;
    let room = MIN_FRAME_LEN.saturating_sub(before + at);
    let fill = after.get(..room).unwrap_or_default();
    let padding = if fill.iter().all(|&byte| byte == 0) { fill.len() } else { 0 };
    Some(FrameTail { offset: at, padding, trailer: after.len() - padding, nonzero_padding: padding != fill.len() })
}

/// Returns the number of frame bytes before the payload of the path's innermost tag, or before Ethernet's payload
/// without a tag. Only the outermost frame is padded for the wire; inner frames have no minimum length.
pub(crate) fn payload_offset(packet: &Packet) -> usize {
    match packet.path.names() {
        ["eth", rest @ ..] if !rest.contains(&"eth") => {
            14 + 4 * rest.iter().filter(|&&name| name != "ethertype").count()
        }
        _ => MIN_FRAME_LEN,
    }
}

/// Returns the length that a packet of this EtherType declares, or the length of LLC if the EtherType is a length (IEEE
/// 802.3 3.2.6). None if the packet declares no length.
pub(crate) fn declared_len(ether_type: u16, bytes: &[u8]) -> Option<usize> {
    let number = |at: usize| {
        bytes.get(at..)?.first_chunk().map(|number| u16::from_be_bytes(*number)).filter(|&number| number > 0)
    };
    let nibble = bytes.first().map_or(0, |first| first >> 4);
    match ether_type {
        1..=1500 => Some(ether_type.into()),
        // RFC 791 3.1, RFC 8200 3: with a length of 0, the network card or a jumbo payload option sets the length.
        0x0800 if nibble == 4 => number(2).map(usize::from).filter(|&len| len >= 20),
        0x0800 if nibble == 6 => declared_len(0x86dd, bytes),
        0x86dd => number(4).map(|len| usize::from(len) + 40),
        // RFC 826: two hardware addresses and two protocol addresses.
        0x0806 | 0x8035 => match bytes {
            [_, _, _, _, hardware, protocol, ..] => Some(8 + 2 * (usize::from(*hardware) + usize::from(*protocol))),
            _ => None,
        },
        0x8100 | 0x88a8 | 0x9100 => bytes.get(4..).and_then(|rest| declared_len(number(2)?, rest)).map(|len| len + 4),
        // RFC 3032: the label stack ends at the label with the bottom bit.
        0x8847 | 0x8848 => {
            let labels = bytes.chunks_exact(4).position(|label| label.get(2).is_some_and(|byte| byte & 1 == 1))? + 1;
            let rest = bytes.get(labels * 4..)?;
            let inner = match rest.first()? >> 4 {
                4 => declared_len(0x0800, rest),
                6 => declared_len(0x86dd, rest),
                _ => None,
            };
            inner.map(|len| len + labels * 4)
        }
        _ => None,
    }
}

/// Records that a header is incomplete, unless the packet is quoted and the quote was captured as a whole: a quote may be
/// shorter than the header.
pub(crate) fn note_truncated_unless_quoted(payload: Payload<'_>, packet: &Packet, tree: &mut Tree) {
    if !packet.quoted {
        crate::frame::note_truncated(payload, tree);
    } else if packet.quote_is_truncated && payload.is_truncated() {
        tree.with_open_columns(|tree| crate::frame::note_truncated(payload, tree));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_up_to_the_minimum_length_are_padding_and_the_rest_is_not() {
        // (bytes before, declared length, bytes after, padding, rest, nonzero)
        type Case<'a> = (usize, usize, &'a [u8], usize, usize, bool);
        let rows: [Case<'_>; 6] = [
            (14, 33, &[0; 13], 13, 0, false),
            (14, 33, &[0; 17], 13, 4, false),
            (14, 33, &[1; 13], 0, 13, true),
            (14, 33, &[0; 4], 0, 4, false),
            (14, 100, &[0; 4], 0, 4, false),
            (18, 33, &[0; 9], 9, 0, false),
        ];
        for (before, claimed, after, padding, rest, nonzero) in rows {
            let mut bytes = alloc::vec![7; claimed];
            bytes.extend_from_slice(after);
            let found = frame_tail(before, Some(claimed), Payload::whole(&bytes, 0));
            assert_eq!(
                found,
                Some(FrameTail { offset: claimed, padding, trailer: rest, nonzero_padding: nonzero }),
                "{before} {claimed} {after:?}"
            );
        }
        assert_eq!(frame_tail(14, Some(3), Payload::whole(&[1, 2, 3], 0)), None);
        assert_eq!(frame_tail(14, None, Payload::whole(&[1, 2, 3], 0)), None);
    }

    #[test]
    fn the_length_is_found_behind_tags_and_labels() {
        let ip = [0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17];
        let tagged = [&[0, 5, 8, 0], &ip[..]].concat();
        let labelled = [&[0, 0, 0x10, 64, 0, 0, 0x21, 64], &ip[..]].concat();
        assert_eq!(declared_len(0x0800, &ip), Some(33));
        assert_eq!(declared_len(0x8100, &tagged), Some(37));
        assert_eq!(declared_len(0x88a8, &[&[0, 9, 0x81, 0], &tagged[..]].concat()), Some(41));
        assert_eq!(declared_len(0x8847, &labelled), Some(41));
        assert_eq!(declared_len(0x86dd, &[0x60, 0, 0, 0, 0, 8]), Some(48));
        assert_eq!(declared_len(0x0806, &[0, 1, 8, 0, 6, 4]), Some(28));
        assert_eq!(declared_len(46, &[]), Some(46));
        assert_eq!(declared_len(0x0800, &[0x45, 0, 0, 0]), None);
        assert_eq!(declared_len(0x1234, &ip), None);
    }
}
