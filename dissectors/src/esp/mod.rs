//! The encapsulating security payload of IPsec (RFC 4303): what is not encrypted of it.

use crate::field::Form;
use crate::packet::{Next, Packet, Piece};
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "esp";
    /// Encrypted payload.
    ESP: Protocol "esp" "Encapsulating Security Payload";
    /// The number of the security association.
    SPI: U32 "esp.spi" "ESP SPI" { form: Form::Hex };
    /// The number of the packet in the association.
    SEQUENCE: U32 "esp.sequence" "ESP Sequence";
}

/// The encapsulating security payload in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "ESP", fields: FIELDS, claims: &[Claim::IpProto(50)], part: Part::Layer(read) };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("esp");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.info(format_args!(""));
    }
    let mut reader = Reader::new(piece, tree);
    reader.tree.open(&ESP, piece.all(), Value::Bytes(piece.all()));
    match header(&mut reader) {
        Ok(spi) if !quoted => tree.info(format_args!("ESP (SPI={spi:#010x})")),
        Ok(_) => {}
        Err(Short) => crate::extent::note_cut(piece, packet, tree),
    }
    tree.close();
    Next::End
}

fn header(reader: &mut Reader<'_, '_>) -> Result<u32, Short> {
    let spi = reader.u32(&SPI)?;
    reader.u32(&SEQUENCE)?;
    Ok(spi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn association_and_number_are_told() {
        let bytes = [0, 0, 1, 0, 0, 0, 0, 7, 0xee];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        assert!(matches!(read(Piece::whole(&bytes, 0), &mut Packet::default(), &mut tree), Next::End));
        assert_eq!(tree.first(&SPI), Some(Value::Uint(256)));
        assert_eq!(tree.first(&SEQUENCE), Some(Value::Uint(7)));
        assert_eq!(tree.bytes(tree.columns().info), b"ESP (SPI=0x00000100)");
    }
}
