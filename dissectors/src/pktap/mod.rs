//! PKTAP: the interface and the process of a packet on macOS, before the frame (LINKTYPE_PKTAP).

pub mod user;

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "pktap";
    /// PKTAP header.
    PKTAP: Protocol "pktap" "PKTAP packet header";
    /// Length of the header in bytes.
    HDRLEN: U32 "pktap.hdrlen" "Header length";
    /// Type of the record: 1 is a packet.
    RECTYPE: U32 "pktap.rectype" "Record type";
    /// Link type of the frame.
    DLT: U32 "pktap.dlt" "DLT";
    /// Name of the interface.
    IFNAME: Text "pktap.ifname" "Interface name";
    /// Properties of the packet, such as its direction.
    FLAGS: U32 "pktap.flags" "Flags" { base: DisplayBase::Hex };
    /// Address family of the packet.
    PFAMILY: U32 "pktap.pfamily" "Protocol family";
    /// Length of the link-layer header in bytes.
    LLHDRLEN: U32 "pktap.llhdrlen" "Link-layer header length";
    /// Length of the link-layer trailer in bytes.
    LLTRLRLEN: U32 "pktap.lltrlrlen" "Link-layer trailer length";
    /// Process that sent or receives the packet.
    PID: U32 "pktap.pid" "Process ID";
    /// Name of the process.
    CMDNAME: Text "pktap.cmdname" "Command name";
    /// Service class of the packet.
    SVC_CLASS: U32 "pktap.svc_class" "Service class";
    /// Type of the interface.
    IFTYPE: U16 "pktap.iftype" "Interface type";
    /// Number of the interface among those of its type.
    IFUNIT: U16 "pktap.ifunit" "Interface unit";
    /// Process that the packet was sent for.
    EPID: U32 "pktap.epid" "Effective process ID";
    /// Name of the process that the packet was sent for.
    ECMDNAME: Text "pktap.ecmdname" "Effective command name";
    /// The header is shorter than its fixed part.
    HDRLEN_TOO_SHORT: Note(Error) "pktap.hdrlen_too_short" "Header length is too short";
}

/// Registry entry for PKTAP.
pub static PROTOCOL: Protocol = Protocol {
    short: "PKTAP",
    fields: FIELDS,
    claims: &[Claim::Link(258)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// Length of the fixed part.
const HEADER: u32 = 108;
/// Type of a record with a packet.
const PACKET: u32 = 1;

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("pktap");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&PKTAP, payload.all(), Value::Bytes(payload.all()));
    let header = header(&mut reader, packet.quoted);
    tree.set(
        node,
        payload.span(0, header.map_or(payload.bytes.len(), |header| header.len)),
        Value::Bytes(payload.all()),
    );
    if header.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match header {
        Ok(Header { len, link: Some(link) }) => {
            packet.path.push("pcap_pktdata");
            NextLayer::Link(link, payload.from(len))
        }
        _ => NextLayer::End,
    }
}

#[derive(Clone, Copy)]
struct Header {
    len: usize,
    /// Link type of the frame; none if the record has no frame.
    link: Option<u16>,
}

/// Reads the header, little-endian as on every machine that writes it.
///
/// ```text
///  0       4       8       12                 36      40      44      48      52      56
///  |length |  type |link t.| interface name   | flags |family |header |trailer|process| name ...
///  76      80      82      84      88                  108
///  |service| type  | unit  |process| name              | frame
/// ```
fn header(reader: &mut FieldReader<'_, '_>, is_quoted: bool) -> Result<Header, UnexpectedEnd> {
    let span = reader.span(4);
    let len = reader.u32_le(&HDRLEN)?;
    if !is_quoted {
        reader.tree.set_info(format_args!("PKTAP, {len} byte header"));
    }
    if len < HEADER {
        reader.tree.note(&HDRLEN_TOO_SHORT, span, format_args!("{}", HDRLEN_TOO_SHORT.title));
        return Ok(Header { len: len as usize, link: None });
    }
    let kind = reader.u32_le(&RECTYPE)?;
    let link = reader.u32_le(&DLT)?;
    name(reader, &IFNAME, 24)?;
    for field in [&FLAGS, &PFAMILY, &LLHDRLEN, &LLTRLRLEN, &PID] {
        reader.u32_le(field)?;
    }
    name(reader, &CMDNAME, 20)?;
    reader.u32_le(&SVC_CLASS)?;
    reader.u16_le(&IFTYPE)?;
    reader.u16_le(&IFUNIT)?;
    reader.u32_le(&EPID)?;
    name(reader, &ECMDNAME, 20)?;
    Ok(Header { len: len as usize, link: u16::try_from(link).ok().filter(|_| kind == PACKET) })
}

/// Reads text that ends at a zero byte.
fn name(reader: &mut FieldReader<'_, '_>, field: &'static crate::Field, len: usize) -> Result<(), UnexpectedEnd> {
    let bytes = reader.rest().first(len).bytes;
    let text = memchr::memchr(0, bytes).unwrap_or(len);
    reader.text(field, text)?;
    reader.skip(len - text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    #[test]
    fn a_record_of_another_type_has_no_frame() {
        for (kind, len, has_frame) in [(1, 108, true), (1, 110, true), (0, 108, false), (1, 107, false)] {
            let mut bytes = [0; 112];
            let start = [len, 0, 0, 0, kind, 0, 0, 0, 1, 0, 0, 0, b'e', b'n', b'0'];
            bytes.iter_mut().zip(start).for_each(|(byte, value)| *byte = value);
            let mut tree = Tree::new(Wants::everything());
            tree.begin(&bytes);
            let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
            assert_eq!(matches!(next, NextLayer::Link(1, _)), has_frame, "{next:?}");
            assert_eq!(tree.first(&HDRLEN_TOO_SHORT).is_some(), len < 108);
        }
    }
}
