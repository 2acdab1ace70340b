//! ERSPAN (draft-foschiano-erspan): mirrored Ethernet frames in GRE, of types II and III.

use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "erspan";
    /// A mirrored frame.
    ERSPAN: Protocol "erspan" "Encapsulated Remote Switch Packet ANalysis";
    /// Version: 1 for type II, 2 for type III.
    VERSION: U16 "erspan.version" "Version" { values: VERSIONS };
    /// VLAN of the mirrored frame.
    VLAN: U16 "erspan.vlan" "Vlan";
    /// Class of service (priority) of the mirrored frame.
    COS: U16 "erspan.cos" "COS";
    /// Origin of the mirrored frame's VLAN tag.
    ENCAP: U16 "erspan.encap" "Encap";
    /// Whether the mirrored frame was bad, too short or too long.
    BSO: U16 "erspan.bso" "Bad/Short/Oversized";
    /// Whether the mirrored frame is truncated.
    TRUNCATED: U16 "erspan.truncated" "Truncated";
    /// Number of the mirroring session.
    SPANID: U16 "erspan.spanid" "SpanID";
    /// Index of the mirrored port.
    INDEX: U32 "erspan.index" "Index";
    /// Time of mirroring, by the switch's clock.
    TIMESTAMP: U32 "erspan.timestamp" "Timestamp";
    /// Security group of the mirrored frame.
    SGT: U16 "erspan.sgt" "Security Group Tag";
    /// Type of the mirrored frame: 0 for Ethernet, 2 for IP.
    FT: U16 "erspan.ft" "Frame Type";
    /// Direction of the mirrored frame: false for ingress, true for egress.
    DIRECTION: Bool "erspan.direction" "Direction";
    /// Whether an optional subheader follows.
    O: U16 "erspan.o" "Optional Sub headers";
}

const VERSIONS: &[(u64, &str)] = &[(1, "Type II"), (2, "Type III")];

/// Registry entry for ERSPAN, under its EtherTypes in GRE.
pub static PROTOCOL: Protocol = Protocol {
    short: "ERSPAN",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x88be), Claim::EtherType(0x22eb)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("erspan");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&ERSPAN, payload.all(), Value::Bytes(payload.all()));
    let version = header(&mut reader);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if version.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match version {
        Ok(1 | 2) => NextLayer::Link(1, rest),
        Ok(_) => NextLayer::Data(rest),
        Err(UnexpectedEnd) => NextLayer::End,
    }
}

/// ```text
///  0   4             16    19  21 22          32
///  |ver| VLAN        | cos |en |t| session    | then of the second type:  reserved (12), port (20)
///                                             | of the third:  time (32), group (16), kind and flags (16)
/// ```
fn header(reader: &mut FieldReader<'_, '_>) -> Result<u16, UnexpectedEnd> {
    let (first, second) = (reader.span(2), reader.span(4));
    let [a, b, c, d] = reader.read_array()?;
    let second = crate::tree::Slice::new(second.start.saturating_add(2), 2);
    let (ver, session) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let version = ver >> 12;
    reader.tree.put(&VERSION, first, Value::Uint(version.into()));
    if !matches!(version, 1 | 2) {
        return Ok(version);
    }
    reader.tree.put(&VLAN, first, Value::Uint((ver & 0xfff).into()));
    reader.tree.put(&COS, second, Value::Uint((session >> 13).into()));
    let field = if version == 1 { &ENCAP } else { &BSO };
    reader.tree.put(field, second, Value::Uint((session >> 11 & 3).into()));
    reader.tree.put(&TRUNCATED, second, Value::Uint((session >> 10 & 1).into()));
    reader.tree.put(&SPANID, second, Value::Uint((session & 0x3ff).into()));
    if version == 1 {
        let span = reader.span(4);
        let index = u32::from_be_bytes(reader.read_array()?);
        reader.tree.put(&INDEX, span, Value::Uint((index & 0xf_ffff).into()));
        return Ok(version);
    }
    reader.u32(&TIMESTAMP)?;
    reader.u16(&SGT)?;
    let span = reader.span(2);
    let flags = u16::from_be_bytes(reader.read_array()?);
    reader.tree.put(&FT, span, Value::Uint((flags >> 10 & 0x1f).into()));
    reader.tree.put(&DIRECTION, span, Value::Bool(flags & 8 != 0));
    reader.tree.put(&O, span, Value::Uint((flags & 1).into()));
    if flags & 1 != 0 {
        reader.skip(8)?;
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn the_mirrored_frame_follows_either_header() {
        let second: &[u8] = &[0x10, 7, 0x44, 5, 0, 0, 0, 9, 0xaa];
        let third: &[u8] = &[0x20, 7, 0x44, 5, 0, 0, 0, 9, 0, 0, 0, 0, 0xaa];
        let subheader: &[u8] = &[0x20, 7, 0x44, 5, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa];
        for bytes in [second, third, subheader] {
            let mut tree = Tree::new(Wants::everything());
            tree.begin(bytes);
            let next = read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree);
            assert!(matches!(next, NextLayer::Link(1, Payload { bytes: [0xaa], .. })), "{next:?}");
            assert_eq!(tree.first(&VLAN), Some(Value::Uint(7)));
            assert_eq!(tree.first(&COS), Some(Value::Uint(2)));
            assert_eq!(tree.first(&TRUNCATED), Some(Value::Uint(1)));
            assert_eq!(tree.first(&SPANID), Some(Value::Uint(5)));
            for len in 0..bytes.len() - 1 {
                let payload = Payload::whole(bytes.get(..len).unwrap_or_default(), 0);
                assert!(matches!(read(&payload, &mut Packet::default(), &mut tree), NextLayer::End), "{len}");
            }
        }
    }
}
