//! ARCNET (RFC 1201), with the hardware header of BSD or of Linux.

pub mod linux;

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "arcnet";
    /// ARCNET.
    ARCNET: Protocol "arcnet" "ARCNET";
    /// Source address.
    SRC: U8 "arcnet.src" "Source" { base: DisplayBase::Hex };
    /// Destination address; 0 is broadcast.
    DST: U8 "arcnet.dst" "Dest" { base: DisplayBase::Hex };
    /// Offset of the data in the buffer of the hardware.
    OFFSET: Bytes "arcnet.offset" "Offset";
    /// Protocol of the payload.
    PROTID: U8 "arcnet.protID" "Protocol ID" { base: DisplayBase::Hex, values: PROTOCOLS };
    /// Position of a fragment; 0 without fragments.
    SPLIT_FLAG: U8 "arcnet.split_flag" "Split Flag";
    /// Marks a packet with padding: 255.
    EXCEPTION_FLAG: U8 "arcnet.exception_flag" "Exception Flag" { base: DisplayBase::Hex };
    /// Number that the fragments of a packet share.
    SEQUENCE: U16 "arcnet.sequence" "Sequence";
    /// Padding.
    PADDING: U16 "arcnet.padding" "Padding" { base: DisplayBase::Hex };
}

const PROTOCOLS: &[(u64, &str)] = &[
    (IP_RFC1201 as u64, "RFC 1201 IP"),
    (ARP_RFC1201 as u64, "RFC 1201 ARP"),
    (RARP_RFC1201 as u64, "RFC 1201 RARP"),
    (IP_RFC1051 as u64, "RFC 1051 IP"),
    (ARP_RFC1051 as u64, "RFC 1051 ARP"),
];

const IP_RFC1051: u8 = 240;
const ARP_RFC1051: u8 = 241;
const IP_RFC1201: u8 = 212;
const ARP_RFC1201: u8 = 213;
const RARP_RFC1201: u8 = 214;

/// Registry entry for ARCNET as BSD captures it.
pub static PROTOCOL: Protocol = Protocol {
    short: "ARCNET",
    fields: FIELDS,
    claims: &[Claim::Link(7)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read_bsd)],
};

fn read_bsd<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    read(payload, 0, packet, tree)
}

/// Reads a frame with an offset of `offset_len` bytes in its hardware header.
fn read<'b>(payload: Payload<'b>, offset_len: usize, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("arcnet");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("ARCNET"));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&ARCNET, payload.all(), Value::Bytes(payload.all()));
    let protocol = header(&mut reader, offset_len);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if protocol.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match protocol {
        Ok(IP_RFC1051 | IP_RFC1201) => NextLayer::EtherType(0x0800, rest),
        Ok(ARP_RFC1051 | ARP_RFC1201) => NextLayer::EtherType(0x0806, rest),
        Ok(RARP_RFC1201) => NextLayer::EtherType(0x8035, rest),
        Ok(_) => NextLayer::Data(rest),
        Err(UnexpectedEnd) => NextLayer::End,
    }
}

/// Reads the header. Returns the protocol of the payload. The protocols of RFC 1051 have neither fragments nor a
/// sequence number.
///
/// ```text
///  0       1       2       3       4       6
///  | source| dest. | proto | split | seq.  | payload
///  | source| dest. | proto |  255  |padding| proto | split | seq.  | payload
/// ```
fn header(reader: &mut FieldReader<'_, '_>, offset_len: usize) -> Result<u8, UnexpectedEnd> {
    reader.u8(&SRC)?;
    reader.u8(&DST)?;
    if offset_len > 0 {
        reader.bytes(&OFFSET, offset_len)?;
    }
    let protocol = reader.u8(&PROTID)?;
    if !matches!(protocol, IP_RFC1201 | ARP_RFC1201 | RARP_RFC1201) {
        return Ok(protocol);
    }
    if reader.rest().bytes.first() == Some(&0xff) {
        reader.u8(&EXCEPTION_FLAG)?;
        reader.u16(&PADDING)?;
        reader.u8(&PROTID)?;
    }
    reader.u8(&SPLIT_FLAG)?;
    reader.u16(&SEQUENCE)?;
    Ok(protocol)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_header_depends_on_the_protocol() {
        let rows: [(&[u8], Option<u64>); 3] = [
            (&[1, 2, 212, 0, 0, 1, 0x45], Some(1)),
            (&[1, 2, 212, 0xff, 0, 0, 0, 0, 0, 5, 0x45], Some(5)),
            (&[1, 2, 240, 0x45], None),
        ];
        for (bytes, sequence) in rows {
            let mut tree = Tree::new(Wants::everything());
            tree.begin(bytes);
            let next = read_bsd(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree);
            assert!(matches!(next, NextLayer::EtherType(0x0800, Payload { bytes: [0x45], .. })), "{next:?}");
            assert_eq!(tree.first(&SEQUENCE), sequence.map(Value::Uint));
        }
    }
}
