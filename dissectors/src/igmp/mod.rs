//! IGMP (RFC 1112, RFC 2236, RFC 3376): membership in multicast groups.

use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Slice, Tree, Value};
use core::net::Ipv4Addr;
use etherparse::checksum::Sum16BitWords;

crate::fields! { "igmp";
    /// Internet Group Management Protocol.
    IGMP: Protocol "igmp" "Internet Group Management Protocol";
    /// Version, determined by type and length.
    VERSION: U8 "igmp.version" "IGMP Version";
    /// Type of the message.
    TYPE: U8 "igmp.type" "Type" { base: DisplayBase::Hex, values: TYPES };
    /// Unused bytes, normally zero.
    RESERVED: Bytes "igmp.reserved" "Reserved";
    /// Maximum time before a report in response, in tenths of a second.
    MAX_RESP: U16 "igmp.max_resp" "Max Resp Time";
    /// Checksum of the message.
    CHECKSUM: U16 "igmp.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Checksum status.
    CHECKSUM_STATUS: U8 "igmp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Multicast group address.
    MADDR: Ipv4 "igmp.maddr" "Multicast Address";
    /// Whether routers should suppress the normal timer updates.
    S: Bool "igmp.s" "S";
    /// Robustness variable of the querier: the expected number of packet losses.
    QRV: U8 "igmp.qrv" "QRV";
    /// Interval between queries in seconds.
    QQIC: U8 "igmp.qqic" "QQIC";
    /// Number of source addresses.
    NUM_SRC: U16 "igmp.num_src" "Num Src";
    /// Address of a source.
    SADDR: Ipv4 "igmp.saddr" "Source Address";
    /// Number of group records in the report.
    NUM_GRP_RECS: U16 "igmp.num_grp_recs" "Num Group Records";
    /// Type of the group record.
    RECORD_TYPE: U8 "igmp.record_type" "Record Type" { values: RECORDS };
    /// Length of the auxiliary data in units of four bytes.
    AUX_DATA_LEN: U8 "igmp.aux_data_len" "Aux Data Len";
    /// Auxiliary data after the source addresses.
    AUX_DATA: Bytes "igmp.aux_data" "Aux Data";
    /// The checksum is wrong.
    BAD_CHECKSUM: Note(Error) "igmp.bad_checksum" "Bad checksum";
}

const TYPES: &[(u64, &str)] = &[
    (0x11, "Membership Query"),
    (0x12, "Membership Report"),
    (0x16, "Membership Report"),
    (0x17, "Leave Group"),
    (0x22, "Membership Report"),
];
const RECORDS: &[(u64, &str)] = &[
    (1, "Mode Is Include"),
    (2, "Mode Is Exclude"),
    (3, "Change To Include Mode"),
    (4, "Change To Exclude Mode"),
    (5, "Allow New Sources"),
    (6, "Block Old Sources"),
];

/// Registry entry for IGMP.
pub static PROTOCOL: Protocol = Protocol {
    short: "IGMP",
    fields: FIELDS,
    claims: &[Claim::IpProto(2)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

const QUERY: u8 = 0x11;
const REPORT_1: u8 = 0x12;
const REPORT_2: u8 = 0x16;
const LEAVE: u8 = 0x17;
const REPORT_3: u8 = 0x22;

/// Returns the version (RFC 3376 7.1): queries of the three versions differ in length and in their second byte.
fn version(bytes: &[u8]) -> Option<u8> {
    match *bytes {
        [QUERY, ..] if bytes.len() >= 12 => Some(3),
        [QUERY, 0, ..] | [REPORT_1, ..] => Some(1),
        [QUERY | REPORT_2 | LEAVE, ..] => Some(2),
        [REPORT_3, ..] => Some(3),
        _ => None,
    }
}

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("igmp");
    let quoted = packet.quoted;
    let version = version(payload.bytes);
    if version.is_some() {
        packet.path.push("igmp");
    }
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = match version {
            Some(1) => "IGMPv1",
            Some(2) => "IGMPv2",
            Some(_) => "IGMPv3",
            None => PROTOCOL.short,
        };
        write_info(payload.bytes, version, tree);
    }
    if !tree.wants_any(&IGMP) && !tree.wants_columns() {
        return NextLayer::End;
    }
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&IGMP, payload.all(), Value::Bytes(payload.all()));
    if message(&mut reader, payload, version, quoted).is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    NextLayer::End
}

fn write_info(bytes: &[u8], version: Option<u8>, tree: &mut Tree) {
    let kind = bytes.first().copied().unwrap_or_default();
    let name = TYPE.value_name(kind.into());
    let group = bytes.get(4..).and_then(|rest| rest.first_chunk::<4>()).map(|group| Ipv4Addr::from(*group));
    match (name, group) {
        (None, _) => tree.set_info(format_args!("Unknown Type:{kind:#04x}")),
        (Some(name), Some(group)) if kind == QUERY && version != Some(1) => match group.is_unspecified() {
            true => tree.set_info(format_args!("{name}, general")),
            false => tree.set_info(format_args!("{name}, specific for group {group}")),
        },
        (Some(name), Some(group)) if kind == REPORT_2 => tree.set_info(format_args!("{name} group {group}")),
        (Some(name), Some(group)) if kind == LEAVE => tree.set_info(format_args!("{name} {group}")),
        (Some(name), _) => tree.set_info(format_args!("{name}")),
    }
}

fn message(
    reader: &mut FieldReader<'_, '_>,
    payload: Payload<'_>,
    version: Option<u8>,
    quoted: bool,
) -> Result<(), UnexpectedEnd> {
    if let Some(version) = version {
        reader.tree.put(&VERSION, Slice::default(), Value::Uint(version.into()));
    }
    let kind = reader.u8(&TYPE)?;
    match (version, kind) {
        (Some(2), _) => drop(reader.u8(&MAX_RESP)?),
        (Some(3), QUERY) => {
            let span = reader.span(1);
            let [code] = reader.read_array()?;
            reader.tree.put(&MAX_RESP, span, Value::Uint(max_response(code)));
        }
        (Some(_), _) => drop(reader.bytes(&RESERVED, 1)?),
        (None, _) => return Ok(()),
    }
    reader.u16(&CHECKSUM)?;
    describe_checksum(payload, quoted, reader.tree);
    if kind == REPORT_3 {
        return report(reader, quoted);
    }
    reader.ipv4(&MADDR)?;
    if version == Some(3) {
        let span = reader.span(1);
        let [flags] = reader.read_array()?;
        reader.tree.put(&S, span, Value::Bool(flags & 8 != 0));
        reader.tree.put(&QRV, span, Value::Uint((flags & 7).into()));
        reader.u8(&QQIC)?;
        let count = reader.u16(&NUM_SRC)?;
        let sources = reader.rest();
        senders(reader, count)?;
        if !quoted && count > 0 {
            add_info(reader.tree, format_args!(", source"));
            info_senders(sources.first(usize::from(count) * 4).bytes, reader.tree);
        }
    }
    Ok(())
}

/// Decodes a response time (RFC 3376 4.1.1): from 128 on, the code is a mantissa of four bits and an exponent of three.
fn max_response(code: u8) -> u64 {
    match code {
        0..128 => code.into(),
        _ => (u64::from(code & 0xf) | 0x10) << ((code >> 4 & 7) + 3),
    }
}

/// Reads a report (RFC 3376 4.2).
fn report(reader: &mut FieldReader<'_, '_>, quoted: bool) -> Result<(), UnexpectedEnd> {
    reader.bytes(&RESERVED, 2)?;
    let count = reader.u16(&NUM_GRP_RECS)?;
    if count == 0 && !quoted {
        reader.tree.append_info(format_args!(" - General query"));
    }
    for _ in 0..count {
        let kind = reader.u8(&RECORD_TYPE)?;
        let units = reader.u8(&AUX_DATA_LEN)?;
        let count = reader.u16(&NUM_SRC)?;
        let group = Ipv4Addr::from(reader.ipv4(&MADDR)?);
        if !quoted {
            // An empty exclude list joins the group, an empty include list leaves it.
            match (kind, count) {
                (2 | 4, 0) => add_info(reader.tree, format_args!(" / Join group {group} for any sources")),
                (1 | 3, 0) => add_info(reader.tree, format_args!(" / Leave group {group}")),
                (2 | 4, _) => add_info(reader.tree, format_args!(" / Join group {group}, for sources not in")),
                (1 | 3, _) => add_info(reader.tree, format_args!(" / Join group {group} for source")),
                (5, _) => add_info(reader.tree, format_args!(" / Group {group}, new source")),
                (6, _) => add_info(reader.tree, format_args!(" / Group {group}, block source")),
                _ => {}
            }
        }
        let sources = reader.rest();
        senders(reader, count)?;
        if !quoted && count > 0 {
            info_senders(sources.first(usize::from(count) * 4).bytes, reader.tree);
        }
        if units > 0 {
            reader.bytes(&AUX_DATA, usize::from(units) * 4)?;
        }
    }
    Ok(())
}

/// Adds to the info, up to a useful length: a report may list thousands of groups and sources.
fn add_info(tree: &mut Tree, text: core::fmt::Arguments<'_>) {
    if tree.columns().info.len < 512 {
        tree.append_info(text);
    }
}

fn senders(reader: &mut FieldReader<'_, '_>, count: u16) -> Result<(), UnexpectedEnd> {
    (0..count).try_for_each(|_| reader.ipv4(&SADDR).map(drop))
}

fn info_senders(bytes: &[u8], tree: &mut Tree) {
    let mut before = " {";
    for sender in bytes.chunks_exact(4).filter_map(|bytes| bytes.first_chunk::<4>()) {
        add_info(tree, format_args!("{before}{}", Ipv4Addr::from(*sender)));
        before = ", ";
    }
    add_info(tree, format_args!("}}"));
}

fn describe_checksum(payload: Payload<'_>, quoted: bool, tree: &mut Tree) {
    let status = match Sum16BitWords::new().add_slice(payload.bytes).ones_complement() {
        _ if quoted || payload.is_truncated() => 2,
        0 => 1,
        _ => 0,
    };
    tree.put(&CHECKSUM_STATUS, Slice::default(), Value::Uint(status));
    if status == 0 {
        tree.note(&BAD_CHECKSUM, payload.span(2, 2), format_args!("{}", BAD_CHECKSUM.title));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        assert!(matches!(read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree), NextLayer::End));
        let info = String::from_utf8_lossy(tree.bytes(tree.columns().info)).into_owned();
        (tree, info)
    }

    #[test]
    fn messages_of_all_versions_have_their_info() {
        let rows: [(&[u8], &str, &str); 7] = [
            (&[0x11, 0, 0, 0, 0, 0, 0, 0], "IGMPv1", "Membership Query"),
            (&[0x11, 100, 0, 0, 0, 0, 0, 0], "IGMPv2", "Membership Query, general"),
            (&[0x16, 0, 0, 0, 224, 1, 1, 1], "IGMPv2", "Membership Report group 224.1.1.1"),
            (&[0x17, 0, 0, 0, 224, 1, 1, 1], "IGMPv2", "Leave Group 224.1.1.1"),
            (
                &[0x11, 100, 0, 0, 224, 1, 1, 1, 2, 125, 0, 0],
                "IGMPv3",
                "Membership Query, specific for group 224.1.1.1",
            ),
            (
                &[0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 224, 1, 1, 1],
                "IGMPv3",
                "Membership Report / Join group 224.1.1.1 for any sources",
            ),
            (&[0x99, 0, 0, 0], "IGMP", "Unknown Type:0x99"),
        ];
        for (bytes, protocol, expected) in rows {
            let (tree, info) = dissect(bytes);
            assert_eq!((tree.columns().protocol, info.as_str()), (protocol, expected));
        }
    }

    #[test]
    fn response_times_are_decoded() {
        for (code, tenths) in [(0, 0), (127, 127), (0x80, 128), (0x8f, 248), (0xff, 31744)] {
            assert_eq!(max_response(code), tenths);
        }
    }

    #[test]
    fn every_prefix_is_malformed() {
        let bytes =
            [0x22, 0, 0, 0, 0, 0, 0, 2, 3, 1, 0, 1, 224, 1, 1, 1, 10, 0, 0, 1, 1, 2, 3, 4, 4, 0, 0, 9, 224, 1, 1];
        for len in 0..=bytes.len() {
            let (tree, _) = dissect(bytes.get(..len).unwrap_or_default());
            assert!(tree.first(&crate::frame::MALFORMED).is_some(), "{len}");
        }
    }
}
