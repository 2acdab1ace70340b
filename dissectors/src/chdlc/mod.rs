//! Cisco HDLC (RFC 4349 figure 3): an address, a control byte and an EtherType.

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "chdlc";
    /// Cisco's framing of serial lines.
    CHDLC: Protocol "chdlc" "Cisco HDLC";
    /// Whether it is for one station (0x0f) or for all (0x8f).
    ADDRESS: U8 "chdlc.address" "Address" { form: Form::Hex };
    /// The control byte: always zero.
    CONTROL: U8 "chdlc.control" "Control" { form: Form::Hex };
    /// What it carries, by number.
    PROTOCOL_NUMBER: U16 "chdlc.protocol" "Protocol" { form: Form::Hex, values: crate::names::ETHER_TYPES };
}

/// Cisco HDLC in the list of protocols: LINKTYPE_C_HDLC.
pub static PROTOCOL: Protocol =
    Protocol { short: "CHDLC", fields: FIELDS, claims: &[Claim::Link(104)], part: Part::Layer(read) };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("chdlc");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = Reader::new(piece, tree);
    reader.tree.open(&CHDLC, piece.span(0, 4), Value::Bytes(piece.all()));
    let number = header(&mut reader);
    let rest = reader.rest();
    let next = number.map_or(Next::End, |number| Next::EtherType(number, rest));
    if number.is_err() {
        crate::extent::note_cut(piece, packet, tree);
    }
    tree.close();
    next
}

fn header(reader: &mut Reader<'_, '_>) -> Result<u16, Short> {
    reader.u8(&ADDRESS)?;
    reader.u8(&CONTROL)?;
    reader.u16(&PROTOCOL_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_number_is_an_ethertype() {
        let next = |bytes: &[u8]| {
            alloc::format!("{:?}", read(Piece::whole(bytes, 0), &mut Packet::default(), &mut Tree::default()))
        };
        assert!(next(&[0x0f, 0, 0x86, 0xdd, 0x60]).starts_with("EtherType(34525, Piece { bytes: [96]"));
        assert!(next(&[0x0f, 0, 0x86]).starts_with("End"));
    }
}
