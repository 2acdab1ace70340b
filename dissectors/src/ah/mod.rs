//! The authentication header of IPsec (RFC 4302).

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};
use etherparse::IpAuthHeaderSlice;

crate::fields! { "ah";
    /// Authentication of what follows.
    AH: Protocol "ah" "Authentication Header";
    /// What follows, by number.
    NEXT_HEADER: U8 "ah.next_header" "Next header" { values: crate::names::IP_PROTOCOLS };
    /// Units of four bytes, the first two not counted.
    LENGTH: U8 "ah.length" "Length";
    /// Two reserved bytes.
    RESERVED: Bytes "ah.reserved" "Reserved";
    /// The number of the security association.
    SPI: U32 "ah.spi" "AH SPI" { form: Form::Hex };
    /// The number of the packet in the association.
    SEQUENCE: U32 "ah.sequence" "AH Sequence";
    /// The value by which the packet is checked.
    ICV: Bytes "ah.icv" "AH ICV";
}

/// The authentication header in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "AH", fields: FIELDS, claims: &[Claim::IpProto(51)], part: Part::Layer(read) };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("ah");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!(""));
    }
    let Ok(header) = IpAuthHeaderSlice::from_slice(piece.bytes) else {
        tree.open(&AH, piece.all(), Value::Bytes(piece.all()));
        crate::extent::note_cut(piece, packet, tree);
        tree.close();
        return Next::End;
    };
    let len = header.slice().len();
    if tree.wants_columns() && !packet.quoted {
        tree.info(format_args!("AH (SPI={:#010x})", header.spi()));
    }
    if tree.wants_any(&AH) {
        let at = |at, len| piece.span(at, len);
        tree.open(&AH, at(0, len), Value::Bytes(piece.all()));
        tree.put(&NEXT_HEADER, at(0, 1), Value::Uint(header.next_header().0.into()));
        tree.put(&LENGTH, at(1, 1), Value::Uint((len / 4 - 2) as u64));
        tree.put(&RESERVED, at(2, 2), Value::Bytes(at(2, 2)));
        tree.put(&SPI, at(4, 4), Value::Uint(header.spi().into()));
        tree.put(&SEQUENCE, at(8, 4), Value::Uint(header.sequence_number().into()));
        if len > 12 {
            tree.put(&ICV, at(12, len - 12), Value::Bytes(at(12, len - 12)));
        }
        tree.close();
    }
    Next::IpProto(header.next_header().0, piece.from(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn what_it_authenticates_is_read_on() {
        let bytes = [6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7, 1, 2, 3, 4, 0xaa];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::IpProto(6, Piece { bytes: [0xaa], .. })), "{next:?}");
        assert_eq!(tree.first(&SPI), Some(Value::Uint(256)));
        assert_eq!(tree.first(&SEQUENCE), Some(Value::Uint(7)));
        for len in 0..16 {
            let bytes = bytes.get(..len).unwrap_or_default();
            assert!(matches!(read(Piece::whole(bytes, 0), &mut Packet::default(), &mut tree), Next::End), "{len}");
        }
    }
}
