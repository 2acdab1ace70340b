//! PPP (RFC 1661), with or without the address and control bytes of HDLC-like framing (RFC 1662).

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "ppp";
    /// Point-to-Point Protocol.
    PPP: Protocol "ppp" "Point-to-Point Protocol";
    /// Address byte of HDLC-like framing, always all stations.
    ADDRESS: U8 "ppp.address" "Address" { base: DisplayBase::Hex };
    /// Control byte of HDLC-like framing, always unnumbered information.
    CONTROL: U8 "ppp.control" "Control" { base: DisplayBase::Hex };
    /// Protocol of the payload.
    PROTOCOL_NUMBER: U16 "ppp.protocol" "Protocol" { base: DisplayBase::Hex, values: PROTOCOLS };
}

const PROTOCOLS: &[(u64, &str)] = &[
    (0x0021, "Internet Protocol version 4"),
    (0x002d, "Van Jacobson compressed TCP/IP"),
    (0x002f, "Van Jacobson uncompressed TCP/IP"),
    (0x0031, "Bridging PDU"),
    (0x003d, "Multilink"),
    (0x0053, "Encryption"),
    (0x0057, "Internet Protocol version 6"),
    (0x00fd, "Compressed datagram"),
    (0x0281, "MPLS Unicast"),
    (0x0283, "MPLS Multicast"),
    (0x8021, "Internet Protocol Control Protocol"),
    (0x8053, "Encryption Control Protocol"),
    (0x8057, "IPv6 Control Protocol"),
    (0x80fd, "Compression Control Protocol"),
    (0x8281, "MPLS Control Protocol"),
    (0xc021, "Link Control Protocol"),
    (0xc023, "Password Authentication Protocol"),
    (0xc025, "Link Quality Report"),
    (0xc223, "Challenge Handshake Authentication Protocol"),
    (0xc227, "Extensible Authentication Protocol"),
];

/// Registry entry for PPP: LINKTYPE_PPP and LINKTYPE_PPP_HDLC.
pub static PROTOCOL: Protocol = Protocol {
    short: "PPP",
    fields: FIELDS,
    claims: &[Claim::Link(9), Claim::Link(50)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_C_HDLC: Cisco HDLC, an alternative to PPP on serial lines.
const CISCO_HDLC: u16 = 104;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ppp");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    if payload.bytes.starts_with(&[0x0f, 0x00]) || payload.bytes.starts_with(&[0x8f, 0x00]) {
        tree.put(&PPP, payload.span(0, 0), Value::Bytes(payload.span(0, 0)));
        return NextLayer::Link(CISCO_HDLC, payload);
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&PPP, payload.all(), Value::Bytes(payload.all()));
    let number = header(&mut reader);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    let next = match number {
        Ok(number) => {
            if !quoted {
                tree.set_info(format_args!("{}", PROTOCOL_NUMBER.value_name(number.into()).unwrap_or("PPP Unknown")));
                tree.append_info(format_args!(" ({number:#06x})"));
            }
            NextLayer::Ppp(number, rest)
        }
        Err(UnexpectedEnd) => {
            crate::padding::note_truncated_unless_quoted(payload, packet, tree);
            NextLayer::End
        }
    };
    tree.close();
    next
}

fn header(reader: &mut FieldReader<'_, '_>) -> Result<u16, UnexpectedEnd> {
    if reader.rest().bytes.first() == Some(&0xff) {
        reader.u8(&ADDRESS)?;
        if reader.rest().bytes.first() == Some(&0x03) {
            reader.u8(&CONTROL)?;
        }
    }
    // RFC 1661 2: protocol numbers are odd in the last byte and even in the first, so the first byte may be omitted.
    let [first] = *reader.rest().bytes.first_chunk().ok_or(UnexpectedEnd)?;
    if first & 1 == 0 {
        return reader.u16(&PROTOCOL_NUMBER);
    }
    let span = reader.span(1);
    reader.skip(1)?;
    reader.tree.put(&PROTOCOL_NUMBER, span, Value::Uint(first.into()));
    Ok(first.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn address_control_and_half_of_the_protocol_number_are_optional() {
        let rows: [(&[u8], &str); 7] = [
            (&[0xff, 3, 0, 0x21, 9], "Ppp(33, Payload { bytes: [9]"),
            (&[0, 0x21, 9], "Ppp(33, Payload { bytes: [9]"),
            (&[0x21, 9], "Ppp(33, Payload { bytes: [9]"),
            (&[0xff, 3, 0x21, 9], "Ppp(33, Payload { bytes: [9]"),
            (&[0xc0, 0x21, 1], "Ppp(49185, Payload { bytes: [1]"),
            (&[0x0f, 0, 8, 0], "Link(104,"),
            (&[0xff, 3], "End"),
        ];
        for (bytes, expected) in rows {
            let mut tree = Tree::new(Wants::everything());
            tree.begin(bytes);
            let next = alloc::format!("{:?}", read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree));
            assert!(next.starts_with(expected), "{bytes:?}: {next}");
        }
    }
}
