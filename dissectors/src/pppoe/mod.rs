//! PPP over Ethernet (RFC 2516): the session stage, and the header that both stages share.

pub mod discovery;

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "pppoe";
    /// PPP over Ethernet, session stage.
    PPPOES: Protocol "pppoes" "PPP-over-Ethernet Session";
    /// Version, always 1.
    VERSION: U8 "pppoe.version" "Version";
    /// Type, always 1.
    TYPE: U8 "pppoe.type" "Type";
    /// Purpose of the packet.
    CODE: U8 "pppoe.code" "Code" { base: DisplayBase::Hex, values: CODES };
    /// Session number.
    SESSION_ID: U16 "pppoe.session_id" "Session ID" { base: DisplayBase::Hex };
    /// Length of the payload in bytes.
    PAYLOAD_LENGTH: U16 "pppoe.payload_length" "Payload Length";
    /// The payload length is not that of the bytes after the header, and Ethernet's padding does not explain it.
    BAD_PAYLOAD_LENGTH: Note(Warn) "pppoe.payload_length.bad" "Possible bad payload length";
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

/// Registry entry for PPP over Ethernet, session stage.
pub static PROTOCOL: Protocol = Protocol {
    short: "PPPoES",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x8864)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_PPP.
const PPP: u16 = 9;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("pppoes");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!("Session Data"));
    }
    let mut reader = FieldReader::new(payload, tree);
    let span = payload.span(0, 6);
    reader.tree.open(&PPPOES, span, Value::Bytes(payload.all()));
    let header = header(&mut reader);
    let rest = reader.rest();
    let next = match header {
        Ok((_, 0)) => {
            // As in Wireshark: the payload is PPP without its protocol number.
            if !rest.bytes.is_empty() {
                packet.path.push("ppp");
            }
            let is_cut = rest.bytes.is_empty() && rest.is_truncated();
            crate::padding::note_truncated_unless_quoted(if is_cut { rest } else { rest.first(0) }, packet, tree);
            NextLayer::End
        }
        // RFC 2516 5.4: the length covers the bytes after the header, without Ethernet's padding.
        Ok((_, len)) => NextLayer::Link(PPP, rest.first(len.into())),
        Err(UnexpectedEnd) => {
            crate::padding::note_truncated_unless_quoted(payload, packet, tree);
            NextLayer::End
        }
    };
    tree.close();
    next
}

/// Reads the header. Returns its code and the length of the payload.
///
/// ```text
///  0       1       2       4       6
///  |ver|typ| code  |session| length| payload
/// ```
fn header(reader: &mut FieldReader<'_, '_>) -> Result<(u8, u16), UnexpectedEnd> {
    let span = reader.span(1);
    let [first] = reader.read_array()?;
    reader.tree.put(&VERSION, span, Value::Uint((first >> 4).into()));
    reader.tree.put(&TYPE, span, Value::Uint((first & 0xf).into()));
    let code = reader.u8(&CODE)?;
    reader.u16(&SESSION_ID)?;
    let span = reader.span(2);
    let len = reader.u16(&PAYLOAD_LENGTH)?;
    let rest = reader.rest();
    // As in Wireshark: Ethernet pads to 46 bytes, and implementations pad the packets of LCP and IPCP.
    let is_control = matches!(rest.bytes, [0xc0 | 0x80, 0x21, ..]);
    if code == 0 && u32::from(len) != rest.wire && rest.wire > 40 && !is_control {
        let text = format_args!("{} {len} != {}", BAD_PAYLOAD_LENGTH.title, rest.wire);
        reader.tree.note(&BAD_PAYLOAD_LENGTH, span, text);
    }
    Ok((code, len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_length_excludes_padding() {
        let bytes = [0x11, 0, 0x0f, 0x07, 0, 3, 0, 0x21, 0x45, 0, 0, 0];
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::Link(PPP, Payload { bytes: [0, 0x21, 0x45], .. })), "{next:?}");
        assert_eq!(tree.first(&SESSION_ID), Some(Value::Uint(0x0f07)));
        assert_eq!(tree.first(&VERSION), Some(Value::Uint(1)));
        for len in 0..6 {
            let payload = Payload::whole(bytes.get(..len).unwrap_or_default(), 0);
            assert!(matches!(read(&payload, &mut Packet::default(), &mut tree), NextLayer::End), "{len}");
        }
    }
}
