//! The encapsulating security payload of IPsec (RFC 4303): its unencrypted header.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "esp";
    /// Encrypted payload.
    ESP: Protocol "esp" "Encapsulating Security Payload";
    /// Security parameters index: the number of the security association.
    SPI: U32 "esp.spi" "ESP SPI" { base: DisplayBase::Hex };
    /// Sequence number of the packet in the security association.
    SEQUENCE: U32 "esp.sequence" "ESP Sequence";
}

/// Registry entry for the encapsulating security payload.
pub static PROTOCOL: Protocol = Protocol {
    short: "ESP",
    fields: FIELDS,
    claims: &[Claim::IpProto(50)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("esp");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&ESP, payload.all(), Value::Bytes(payload.all()));
    match header(&mut reader) {
        Ok(spi) if !quoted => tree.set_info(format_args!("ESP (SPI={spi:#010x})")),
        Ok(_) => {}
        Err(UnexpectedEnd) => crate::padding::note_truncated_unless_quoted(payload, packet, tree),
    }
    tree.close();
    NextLayer::End
}

fn header(reader: &mut FieldReader<'_, '_>) -> Result<u32, UnexpectedEnd> {
    let spi = reader.u32(&SPI)?;
    reader.u32(&SEQUENCE)?;
    Ok(spi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn spi_and_sequence_number_are_recorded() {
        let bytes = [0, 0, 1, 0, 0, 0, 0, 7, 0xee];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        assert!(matches!(read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree), NextLayer::End));
        assert_eq!(tree.first(&SPI), Some(Value::Uint(256)));
        assert_eq!(tree.first(&SEQUENCE), Some(Value::Uint(7)));
        assert_eq!(tree.bytes(tree.columns().info), b"ESP (SPI=0x00000100)");
    }
}
