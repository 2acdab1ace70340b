//! Cisco HDLC (RFC 4349 figure 3): an address, a control byte and an EtherType.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "chdlc";
    /// Cisco's framing for serial lines.
    CHDLC: Protocol "chdlc" "Cisco HDLC";
    /// Address: unicast (0x0f) or broadcast (0x8f).
    ADDRESS: U8 "chdlc.address" "Address" { base: DisplayBase::Hex };
    /// Control byte, always zero.
    CONTROL: U8 "chdlc.control" "Control" { base: DisplayBase::Hex };
    /// Protocol of the payload.
    PROTOCOL_NUMBER: U16 "chdlc.protocol" "Protocol" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
}

/// Registry entry for Cisco HDLC: LINKTYPE_C_HDLC.
pub static PROTOCOL: Protocol = Protocol {
    short: "CHDLC",
    fields: FIELDS,
    claims: &[Claim::Link(104)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("chdlc");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&CHDLC, payload.span(0, 4), Value::Bytes(payload.all()));
    let number = header(&mut reader);
    let rest = reader.rest();
    let next = number.map_or(NextLayer::End, |number| NextLayer::EtherType(number, rest));
    if number.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    next
}

fn header(reader: &mut FieldReader<'_, '_>) -> Result<u16, UnexpectedEnd> {
    reader.u8(&ADDRESS)?;
    reader.u8(&CONTROL)?;
    reader.u16(&PROTOCOL_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_an_ethertype() {
        let next = |bytes: &[u8]| {
            alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut Tree::default()))
        };
        assert!(next(&[0x0f, 0, 0x86, 0xdd, 0x60]).starts_with("EtherType(34525, Payload { bytes: [96]"));
        assert!(next(&[0x0f, 0, 0x86]).starts_with("End"));
    }
}
