//! Teredo: IPv6 packets in UDP datagrams, with the indications before them (RFC 4380 5.1.1).

use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "teredo";
    /// Teredo, IPv6 in UDP.
    TEREDO: Protocol "teredo" "Teredo IPv6 over UDP tunneling";
    /// Authentication of a message of a Teredo server.
    AUTH: Label "teredo.auth" "Teredo Authentication header";
    /// Length of the client identifier in bytes.
    AUTH_IDLEN: U8 "teredo.auth.idlen" "Client identifier length";
    /// Length of the authentication value in bytes.
    AUTH_AULEN: U8 "teredo.auth.aulen" "Authentication value length";
    /// Identifier of the client.
    AUTH_ID: Bytes "teredo.auth.id" "Client identifier";
    /// Value that authenticates the message.
    AUTH_VALUE: Bytes "teredo.auth.value" "Authentication value";
    /// Number that the reply repeats.
    AUTH_NONCE: Bytes "teredo.auth.nonce" "Nonce value";
    /// Whether the client needs a new key.
    AUTH_CONF: Bytes "teredo.auth.conf" "Confirmation byte";
    /// Address and port of the client as a Teredo server sees them.
    ORIG: Label "teredo.orig" "Teredo Origin Indication header";
    /// Port of the client.
    ORIG_PORT: U16 "teredo.orig.port" "Origin UDP port";
    /// Address of the client.
    ORIG_ADDR: Ipv4 "teredo.orig.addr" "Origin IPv4 address";
}

/// Registry entry for Teredo.
pub static PROTOCOL: Protocol = Protocol {
    short: "Teredo",
    fields: FIELDS,
    claims: &[Claim::UdpPort(3544)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const IPV6: u16 = 0x86dd;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    if payload.wire == 0 {
        return NextLayer::End;
    }
    packet.path.push("teredo");
    let has_columns = tree.wants_columns() && !packet.quoted;
    if has_columns {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&TEREDO, payload.all(), Value::Bytes(payload.all()));
    let indications = indications(&mut reader);
    let len = reader.position();
    let rest = reader.rest();
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    let is_complete = indications.is_ok() && rest.wire > 0;
    if !is_complete {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    if is_complete { NextLayer::EtherType(IPV6, rest) } else { NextLayer::End }
}

/// Reads the indications: each begins with 0 and its type. An IPv6 packet begins with its version, 6.
fn indications(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    loop {
        match reader.rest().bytes {
            [0, 0, ..] => {
                reader.tree.set_info(format_args!("Origin indication"));
                origin(reader)?;
            }
            [0, 1, ..] => {
                reader.tree.set_info(format_args!("Authentication header"));
                authentication(reader)?;
            }
            _ => return Ok(()),
        }
    }
}

/// Reads an origin indication. Port and address are inverted, so that no translator changes them.
///
/// ```text
///  0       1       2       4               8
///  |   0   |   0   | port  | address       |
/// ```
fn origin(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let span = reader.span(8);
    reader.tree.open(&ORIG, span, Value::Present);
    let result = origin_fields(reader);
    reader.tree.close();
    result
}

fn origin_fields(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.skip(2)?;
    let span = reader.span(2);
    let port = !u16::from_be_bytes(reader.read_array()?);
    reader.tree.put(&ORIG_PORT, span, Value::Uint(port.into()));
    let span = reader.span(4);
    let address: [u8; 4] = reader.read_array()?;
    reader.tree.put(&ORIG_ADDR, span, Value::Ipv4(address.map(|byte| !byte)));
    Ok(())
}

/// Reads an authentication.
///
/// ```text
///  0       1       2       3       4
///  |   0   |   1   | id len| au len| identifier | value | nonce, 8 bytes | confirmation |
/// ```
fn authentication(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let lengths = reader.rest().bytes.get(2..4).unwrap_or_default();
    let len = 13 + lengths.iter().map(|&len| usize::from(len)).sum::<usize>();
    let span = reader.span(len);
    reader.tree.open(&AUTH, span, Value::Present);
    let result = authentication_fields(reader);
    reader.tree.close();
    result
}

fn authentication_fields(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.skip(2)?;
    let identifier_len = reader.u8(&AUTH_IDLEN)?;
    let value_len = reader.u8(&AUTH_AULEN)?;
    if identifier_len > 0 {
        reader.bytes(&AUTH_ID, identifier_len.into())?;
    }
    if value_len > 0 {
        reader.bytes(&AUTH_VALUE, value_len.into())?;
    }
    reader.bytes(&AUTH_NONCE, 8)?;
    reader.bytes(&AUTH_CONF, 1)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::vec::Vec;

    #[test]
    fn indications_precede_the_packet() {
        let authentication = [0, 1, 2, 1, b'a', b'b', b'c', 0, 0, 0, 0, 0, 0, 0, 9, 0];
        // Port 4319 and address 254.253.252.251, inverted; values from tshark 4.4.
        let origin = [0, 0, 0xef, 0x20, 1, 2, 3, 4];
        let bytes: Vec<u8> = [&authentication[..], &origin, &[0x60, 1]].concat();
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&bytes);
        let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
        assert!(matches!(next, NextLayer::EtherType(IPV6, Payload { bytes: [0x60, 1], .. })), "{next:?}");
        assert_eq!(tree.first(&ORIG_PORT), Some(Value::Uint(4319)));
        assert_eq!(tree.first(&ORIG_ADDR), Some(Value::Ipv4([254, 253, 252, 251])));
        assert_eq!(tree.first(&AUTH_IDLEN), Some(Value::Uint(2)));
        for len in 1..bytes.len() - 2 {
            let payload = Payload::whole(bytes.get(..len).unwrap_or_default(), 0);
            let _ = read(&payload, &mut Packet::default(), &mut tree);
        }
    }
}
