//! The authentication header of IPsec (RFC 4302).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};
use etherparse::IpAuthHeaderSlice;

crate::fields! { "ah";
    /// IP authentication header.
    AH: Protocol "ah" "Authentication Header";
    /// Protocol of the next header.
    NEXT_HEADER: U8 "ah.next_header" "Next header" { values: crate::names::IP_PROTOCOLS };
    /// Header length in units of four bytes, minus two.
    LENGTH: U8 "ah.length" "Length";
    /// Two reserved bytes.
    RESERVED: Bytes "ah.reserved" "Reserved";
    /// Security parameters index: the number of the security association.
    SPI: U32 "ah.spi" "AH SPI" { base: DisplayBase::Hex };
    /// Sequence number of the packet in the security association.
    SEQUENCE: U32 "ah.sequence" "AH Sequence";
    /// Integrity check value.
    ICV: Bytes "ah.icv" "AH ICV";
}

/// Registry entry for the authentication header.
pub static PROTOCOL: Protocol = Protocol {
    short: "AH",
    fields: FIELDS,
    claims: &[Claim::IpProto(51)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ah");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let Ok(header) = IpAuthHeaderSlice::from_slice(payload.bytes) else {
        tree.open(&AH, payload.all(), Value::Bytes(payload.all()));
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
        tree.close();
        return NextLayer::End;
    };
    let len = header.slice().len();
    if tree.wants_columns() && !packet.quoted {
        tree.set_info(format_args!("AH (SPI={:#010x})", header.spi()));
    }
    if tree.wants_any(&AH) {
        let at = |at, len| payload.span(at, len);
        tree.open(&AH, at(0, len), Value::Bytes(payload.all()));
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
    NextLayer::IpProto(header.next_header().0, payload.from(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_payload_is_dissected() {
        let bytes = [6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7, 1, 2, 3, 4, 0xaa];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::IpProto(6, Payload { bytes: [0xaa], .. })), "{next:?}");
        assert_eq!(tree.first(&SPI), Some(Value::Uint(256)));
        assert_eq!(tree.first(&SEQUENCE), Some(Value::Uint(7)));
        for len in 0..16 {
            let bytes = bytes.get(..len).unwrap_or_default();
            assert!(
                matches!(read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree), NextLayer::End),
                "{len}"
            );
        }
    }
}
