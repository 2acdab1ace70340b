//! AVS: what a receiver knows of an IEEE 802.11 frame, before the frame (header of the Linux drivers of AVS).

use super::Framing;
use super::radio::{Reception, read_received};
use crate::field::DisplayBase;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "wlan::avs";
    /// AVS header.
    AVS: Protocol "wlancap" "AVS WLAN Capture header";
    /// Number that marks the header, without the version.
    MAGIC: U32 "wlancap.magic" "Header magic" { base: DisplayBase::Hex };
    /// Version of the header.
    VERSION: U32 "wlancap.version" "Header revision";
    /// Length of the header in bytes.
    LENGTH: U32 "wlancap.length" "Header length";
    /// Time of the receiver in microseconds.
    MACTIME: U64 "wlancap.mactime" "MAC timestamp";
    /// Time of the host.
    HOSTTIME: U64 "wlancap.hosttime" "Host timestamp";
    /// Type of the physical layer.
    PHYTYPE: U32 "wlancap.phytype" "PHY type" { values: PHY_TYPES };
    /// Hop set of frequency hopping.
    FHSS_HOP_SET: U8 "wlancap.fhss.hop_set" "Hop set" { base: DisplayBase::Hex };
    /// Hop pattern of frequency hopping.
    FHSS_HOP_PATTERN: U8 "wlancap.fhss.hop_pattern" "Hop pattern" { base: DisplayBase::Hex };
    /// Hop index of frequency hopping.
    FHSS_HOP_INDEX: U8 "wlancap.fhss.hop_index" "Hop index" { base: DisplayBase::Hex };
    /// Number of the channel.
    CHANNEL: U8 "wlancap.channel" "Channel";
    /// Frequency of the channel in MHz, or in kHz.
    CHANNEL_FREQUENCY: U32 "wlancap.channel_frequency" "Channel frequency";
    /// Data rate in bit/s.
    DATA_RATE: U64 "wlancap.data_rate" "Data Rate";
    /// Number of the antenna.
    ANTENNA: U32 "wlancap.antenna" "Antenna";
    /// Priority of the frame.
    PRIORITY: U32 "wlancap.priority" "Priority";
    /// Meaning of signal and noise.
    SSI_TYPE: U32 "wlancap.ssi_type" "SSI Type" { values: SSI_TYPES };
    /// Signal strength, normalized.
    NORMRSSI_ANTSIGNAL: U32 "wlancap.normrssi_antsignal" "Normalized RSSI Signal";
    /// Signal strength in dBm.
    DBM_ANTSIGNAL: I32 "wlancap.dbm_antsignal" "SSI Signal (dBm)";
    /// Signal strength in the unit of the receiver.
    RAWRSSI_ANTSIGNAL: U32 "wlancap.rawrssi_antsignal" "Raw RSSI Signal";
    /// Noise level, normalized.
    NORMRSSI_ANTNOISE: U32 "wlancap.normrssi_antnoise" "Normalized RSSI Noise";
    /// Noise level in dBm.
    DBM_ANTNOISE: I32 "wlancap.dbm_antnoise" "SSI Noise (dBm)";
    /// Noise level in the unit of the receiver.
    RAWRSSI_ANTNOISE: U32 "wlancap.rawrssi_antnoise" "Raw RSSI Noise";
    /// Length of the preamble.
    PREAMBLE: U32 "wlancap.preamble" "Preamble" { values: &[(0, "Unknown"), (1, "Short"), (2, "Long")] };
    /// Encoding of the frame.
    ENCODING: U32 "wlancap.encoding" "Encoding Type" { values: ENCODINGS };
    /// Number of the frame at the receiver.
    SEQUENCE: U32 "wlancap.sequence" "Receive sequence";
    /// Number of frames that the receiver lost.
    DROPS: U32 "wlancap.drops" "Known Dropped Frames";
    /// Address of the receiver.
    RECEIVER_ADDR: Ether "wlancap.receiver_addr" "Receiver Address";
    /// Padding.
    PADDING: Bytes "wlancap.padding" "Padding";
}

const PHY_TYPES: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "FHSS 802.11 '97"),
    (2, "DSSS 802.11 '97"),
    (3, "IR Baseband"),
    (4, "DSSS 802.11b"),
    (5, "PBCC 802.11b"),
    (6, "OFDM 802.11g"),
    (7, "PBCC 802.11g"),
    (8, "OFDM 802.11a"),
];
const SSI_TYPES: &[(u64, &str)] = &[(0, "None"), (1, "Normalized RSSI"), (2, "dBm"), (3, "Raw RSSI")];
const ENCODINGS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "CCK"),
    (2, "PBCC"),
    (3, "OFDM"),
    (4, "DSS-OFDM"),
    (5, "BPSK"),
    (6, "QPSK"),
    (7, "16QAM"),
    (8, "64QAM"),
];

/// Registry entry for AVS.
pub static PROTOCOL: Protocol = Protocol {
    short: "WLAN",
    fields: FIELDS,
    claims: &[Claim::Link(163)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// Types of the physical layer.
const HOPPING: u32 = 1;
const FIVE_GHZ: u32 = 8;

/// Returns whether a frame begins with this header.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 0x21, 0x10, 0x00..=0x0f, ..])
}

pub(super) fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("wlancap");
    packet.fcs = None;
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&AVS, payload.all(), Value::Bytes(payload.all()));
    let header = header(&mut reader, packet.quoted);
    let len = header.map_or(payload.bytes.len(), |(len, _)| len);
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    let is_complete = header.is_ok() && len <= payload.bytes.len();
    if !is_complete {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    match header {
        Ok((len, reception)) if is_complete => {
            read_received(&reception, Framing::default(), payload.from(len), packet, tree)
        }
        _ => NextLayer::End,
    }
}

/// Reads the header. Returns its length, and what is known of the frame.
///
/// ```text
///  0       4       8               16              24      28      32      36      40
///  | magic |length |     time      |   host time   | phys. |channel| rate  |antenna|priorit|
///  44      48      52      56      60      64      68      72                      78  80
///  | unit  |signal | noise |preambl| coding| number| drops | receiver              |pad.| frame
/// ```
///
/// The parts from 64 on belong to version 2.
fn header(reader: &mut FieldReader<'_, '_>, is_quoted: bool) -> Result<(usize, Reception), UnexpectedEnd> {
    let span = reader.span(4);
    let magic = u32::from_be_bytes(reader.read_array()?);
    let version = magic & 0xf;
    reader.tree.put(&MAGIC, span, Value::Uint((magic >> 4).into()));
    reader.tree.put(&VERSION, span, Value::Uint(version.into()));
    let len = reader.u32(&LENGTH)? as usize;
    if !is_quoted {
        reader.tree.set_info(format_args!("AVS WLAN Capture v{version}, Length {len}"));
    }
    let mut reception = Reception { time: Some(reader.u64(&MACTIME)?), ..Reception::default() };
    reader.u64(&HOSTTIME)?;
    let physical = reader.u32(&PHYTYPE)?;
    channel(reader, physical, &mut reception)?;
    rate(reader, &mut reception)?;
    reader.u32(&ANTENNA)?;
    reader.u32(&PRIORITY)?;
    match reader.u32(&SSI_TYPE)? {
        1 => drop((reader.u32(&NORMRSSI_ANTSIGNAL)?, reader.u32(&NORMRSSI_ANTNOISE)?)),
        2 => {
            reception.signal = Some(reader.i32(&DBM_ANTSIGNAL)?);
            reception.noise = Some(reader.i32(&DBM_ANTNOISE)?);
        }
        3 => drop((reader.u32(&RAWRSSI_ANTSIGNAL)?, reader.u32(&RAWRSSI_ANTNOISE)?)),
        _ => reader.skip(8)?,
    }
    reader.u32(&PREAMBLE)?;
    reader.u32(&ENCODING)?;
    if version > 1 {
        reader.u32(&SEQUENCE)?;
        reader.u32(&DROPS)?;
        reader.ether(&RECEIVER_ADDR)?;
        reader.bytes(&PADDING, 2)?;
    }
    Ok((len, reception))
}

/// Reads the channel: the number of a channel, a frequency, or the state of frequency hopping.
fn channel(reader: &mut FieldReader<'_, '_>, physical: u32, reception: &mut Reception) -> Result<(), UnexpectedEnd> {
    if physical == HOPPING {
        reader.u8(&FHSS_HOP_SET)?;
        reader.u8(&FHSS_HOP_PATTERN)?;
        reader.u8(&FHSS_HOP_INDEX)?;
        return reader.skip(1);
    }
    let span = reader.span(4);
    let number = u32::from_be_bytes(reader.read_array()?);
    if number < 256 {
        reader.tree.put(&CHANNEL, span, Value::Uint(number.into()));
        reception.channel = Some(number);
        // IEEE 802.11 annex E.
        reception.frequency = match (physical, number as u16) {
            (2 | 4..=7, 14) => Some(2484),
            (2 | 4..=7, number @ 1..14) => Some(2407 + 5 * number),
            (FIVE_GHZ, number @ 1..=200) => Some(5000 + 5 * number),
            _ => None,
        };
    } else {
        reader.tree.put(&CHANNEL_FREQUENCY, span, Value::Uint(number.into()));
        // A larger number is in kHz.
        reception.frequency = u16::try_from(number).ok().filter(|&frequency| frequency < 10_000);
    }
    Ok(())
}

/// Reads the data rate, in units of 100 kb/s or, if it is too large for that, in bit/s.
fn rate(reader: &mut FieldReader<'_, '_>, reception: &mut Reception) -> Result<(), UnexpectedEnd> {
    let span = reader.span(4);
    let number = u64::from(u32::from_be_bytes(reader.read_array()?));
    let rate = if number < 100_000 { number * 100_000 } else { number };
    reader.tree.put(&DATA_RATE, span, Value::Uint(rate));
    reception.rate = Some((rate / 500_000) as u32).filter(|_| rate != 0 && rate.is_multiple_of(500_000));
    Ok(())
}
