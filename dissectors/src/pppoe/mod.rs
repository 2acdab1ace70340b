//! PPP over Ethernet (RFC 2516): the session stage, and the header that both stages share.

pub mod discovery;

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "pppoe";
    /// PPP over Ethernet, in a session.
    PPPOES: Protocol "pppoes" "PPP-over-Ethernet Session";
    /// The version: 1.
    VERSION: U8 "pppoe.version" "Version";
    /// The type: 1.
    TYPE: U8 "pppoe.type" "Type";
    /// What the packet is for.
    CODE: U8 "pppoe.code" "Code" { form: Form::Hex, values: CODES };
    /// The number of the session.
    SESSION_ID: U16 "pppoe.session_id" "Session ID" { form: Form::Hex };
    /// Bytes after the header.
    PAYLOAD_LENGTH: U16 "pppoe.payload_length" "Payload Length";
}

const CODES: &[(u64, &str)] = &[
    (0x00, "Session Data"),
    (0x07, "Active Discovery Offer (PADO)"),
    (0x09, "Active Discovery Initiation (PADI)"),
    (0x0a, "Active Discovery Session-Grant (PADG)"),
    (0x0b, "Active Discovery Session-Credit Response (PADC)"),
    (0x0c, "Active Discovery Quality (PADQ)"),
    (0x19, "Active Discovery Request (PADR)"),
    (0x65, "Active Discovery Session-confirmation (PADS)"),
    (0xa7, "Active Discovery Terminate (PADT)"),
    (0xd3, "Active Discovery Message (PADM)"),
    (0xd4, "Active Discovery Network (PADN)"),
];

/// PPP over Ethernet, session stage, in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "PPPoES", fields: FIELDS, claims: &[Claim::EtherType(0x8864)], part: Part::Layer(read) };

// LINKTYPE_PPP.
const PPP: u16 = 9;

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("pppoes");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!("Session Data"));
    }
    let mut reader = Reader::new(piece, tree);
    let span = piece.span(0, 6);
    reader.tree.open(&PPPOES, span, Value::Bytes(piece.all()));
    let header = header(&mut reader);
    let rest = reader.rest();
    let next = match header {
        Ok((_, 0)) => {
            crate::extent::note_cut(rest.first(0), packet, tree);
            Next::End
        }
        // RFC 2516 5.4: the length counts what follows the header and not Ethernet's padding.
        Ok((_, len)) => Next::Link(PPP, rest.first(len.into())),
        Err(Short) => {
            crate::extent::note_cut(piece, packet, tree);
            Next::End
        }
    };
    tree.close();
    next
}

/// Reads the header; returns its code and the length of what follows.
///
/// ```text
///  0       1       2       4       6
///  |ver|typ| code  |session| length| payload
/// ```
fn header(reader: &mut Reader<'_, '_>) -> Result<(u8, u16), Short> {
    let span = reader.span(1);
    let [first] = reader.take()?;
    reader.tree.put(&VERSION, span, Value::Uint((first >> 4).into()));
    reader.tree.put(&TYPE, span, Value::Uint((first & 0xf).into()));
    let code = reader.u8(&CODE)?;
    reader.u16(&SESSION_ID)?;
    let len = reader.u16(&PAYLOAD_LENGTH)?;
    Ok((code, len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_length_keeps_padding_out_of_the_session() {
        let bytes = [0x11, 0, 0x0f, 0x07, 0, 3, 0, 0x21, 0x45, 0, 0, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, Next::Link(PPP, Piece { bytes: [0, 0x21, 0x45], .. })), "{next:?}");
        assert_eq!(tree.first(&SESSION_ID), Some(Value::Uint(0x0f07)));
        assert_eq!(tree.first(&VERSION), Some(Value::Uint(1)));
        for len in 0..6 {
            let piece = Piece::whole(bytes.get(..len).unwrap_or_default(), 0);
            assert!(matches!(read(piece, &mut Packet::default(), &mut tree), Next::End), "{len}");
        }
    }
}
