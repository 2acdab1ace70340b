//! NULL and LOOP: the loopback frames of BSD systems, which begin with an address family.

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "null";
    /// A loopback frame of a BSD system.
    NULL: Protocol "null" "Null/Loopback";
    /// What it carries, as an EtherType.
    TYPE: U16 "null.type" "Type" { form: Form::Hex, values: crate::names::ETHER_TYPES };
    /// What it carries, as an address family.
    FAMILY: U32 "null.family" "Family" { values: FAMILIES };
}

const FAMILIES: &[(u64, &str)] = &[
    (2, "IP"),
    (6, "Netware"),
    (7, "OSI"),
    (16, "AppleTalk"),
    (23, "Netware IPX/SPX"),
    (24, "IPv6"),
    (28, "IPv6"),
    (30, "IPv6"),
];

/// NULL in the list of protocols: LINKTYPE_NULL, of the byte order of the capturing host, and LINKTYPE_LOOP,
/// big-endian.
pub static PROTOCOL: Protocol = Protocol {
    short: "N/A",
    fields: FIELDS,
    claims: &[Claim::Link(0), Claim::Link(108)],
    part: Part::Layer(read),
};

// LINKTYPE_PPP.
const PPP: u16 = 9;

/// What the four bytes say.
enum Word {
    Family(u32),
    EtherType(u16),
}

/// The families in use are small numbers, so the byte order shows. What is small in neither has an EtherType in its
/// last two bytes, as some systems write for frames that are not theirs.
fn word(bytes: [u8; 4]) -> Word {
    let [.., upper, lower] = bytes;
    match (u32::from_le_bytes(bytes), u32::from_be_bytes(bytes)) {
        (family @ 0..=0xffff, _) | (_, family @ 0..=0x5ff) => Word::Family(family),
        _ => Word::EtherType(u16::from_be_bytes([upper, lower])),
    }
}

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("null");
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!("Null/Loopback"));
    }
    let span = piece.span(0, 4);
    if piece.bytes.starts_with(&[0xff, 0x03]) {
        tree.put(&NULL, piece.span(0, 0), Value::Bytes(piece.span(0, 0)));
        return Next::Link(PPP, piece);
    }
    tree.open(&NULL, span, Value::Bytes(piece.all()));
    let payload = piece.from(4);
    let next = match piece.bytes.first_chunk::<4>().map(|bytes| word(*bytes)) {
        Some(Word::Family(family)) => {
            tree.put(&FAMILY, span, Value::Uint(family.into()));
            match family {
                2 => Next::EtherType(0x0800, payload),
                // NetBSD and OpenBSD, FreeBSD, and Darwin have a number each.
                24 | 28 | 30 => Next::EtherType(0x86dd, payload),
                _ => Next::Data(payload),
            }
        }
        Some(Word::EtherType(number)) => {
            tree.put(&TYPE, piece.span(2, 2), Value::Uint(number.into()));
            Next::EtherType(number, payload)
        }
        None => {
            crate::frame::note_cut(piece, tree);
            Next::End
        }
    };
    tree.close();
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_in_either_byte_order() {
        let rows: [([u8; 4], &str); 9] = [
            ([2, 0, 0, 0], "EtherType(2048,"),
            ([0, 0, 0, 2], "EtherType(2048,"),
            ([24, 0, 0, 0], "EtherType(34525,"),
            ([0, 0, 0, 28], "EtherType(34525,"),
            ([30, 0, 0, 0], "EtherType(34525,"),
            ([0, 0, 8, 0], "EtherType(2048,"),
            ([15, 0, 8, 0], "EtherType(2048,"),
            ([7, 0, 0, 0], "Data("),
            ([0xff, 3, 0, 0x21], "Link(9,"),
        ];
        for (bytes, expected) in rows {
            let next = read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut Tree::default());
            assert!(alloc::format!("{next:?}").starts_with(expected), "{bytes:?} {next:?}");
        }
        assert!(matches!(read(Piece::whole(&[2, 0, 0], 0), &mut Packet::default(), &mut Tree::default()), Next::End));
    }
}
