//! PPI: what a receiver knows of a frame, before the frame (Per-Packet Information, CACE Technologies).

use super::radio::{Reception, read_received};
use super::{Framing, put_bits};
use crate::field::{DisplayBase, Field};
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "wlan::ppi";
    /// PPI header.
    PPI: Protocol "ppi" "PPI Packet Header";
    /// Version of the header: 0.
    VERSION: U8 "ppi.version" "Version";
    /// Flags of the header.
    FLAGS: U8 "ppi.flags" "Flags" { base: DisplayBase::Hex };
    /// Whether each field is aligned to four bytes.
    FLAGS_ALIGNMENT: Bool "ppi.flags.alignment" "Alignment";
    /// Length of the header with its fields, in bytes.
    LENGTH: U16 "ppi.length" "Header length";
    /// Link type of the frame.
    DLT: U32 "ppi.dlt" "DLT";
    /// Type of a field.
    FIELD_TYPE: U16 "ppi.field_type" "Field type" { values: FIELD_TYPES };
    /// Length of a field in bytes.
    FIELD_LEN: U16 "ppi.field_len" "Field length";
    /// Time of the receiver, in the unit that the flags state.
    COMMON_TSFT: U64 "ppi.80211-common.tsft" "TSFT";
    /// Properties of the reception.
    COMMON_FLAGS: U16 "ppi.80211-common.flags" "Flags" { base: DisplayBase::Hex };
    /// Whether the frame ends with its check sequence.
    COMMON_FLAGS_FCS: Bool "ppi.80211-common.flags.fcs" "FCS present flag";
    /// Whether the time is in milliseconds instead of microseconds.
    COMMON_FLAGS_TSFT: Bool "ppi.80211-common.flags.tsft" "TSFT flag";
    /// Whether the check sequence is wrong.
    COMMON_FLAGS_FCS_INVALID: Bool "ppi.80211-common.flags.fcs-invalid" "FCS validity";
    /// Whether the receiver found an error on the physical layer.
    COMMON_FLAGS_PHY_ERR: Bool "ppi.80211-common.flags.phy-err" "PHY error flag";
    /// Data rate in kb/s.
    COMMON_RATE: U16 "ppi.80211-common.rate" "Data rate";
    /// Frequency of the channel in MHz.
    COMMON_CHAN_FREQ: U16 "ppi.80211-common.chan.freq" "Channel frequency";
    /// Properties of the channel.
    COMMON_CHAN_FLAGS: U16 "ppi.80211-common.chan.flags" "Channel flags" { base: DisplayBase::Hex };
    /// Property of the channel: Turbo.
    CHAN_FLAGS_TURBO: Bool "ppi.80211-common.chan.flags.turbo" "Turbo";
    /// Property of the channel: Complementary Code Keying (CCK).
    CHAN_FLAGS_CCK: Bool "ppi.80211-common.chan.flags.cck" "Complementary Code Keying (CCK)";
    /// Property of the channel: Orthogonal Frequency-Division Multiplexing (OFDM).
    CHAN_FLAGS_OFDM: Bool "ppi.80211-common.chan.flags.ofdm" "Orthogonal Frequency-Division Multiplexing (OFDM)";
    /// Property of the channel: 2 GHz spectrum.
    CHAN_FLAGS_2GHZ: Bool "ppi.80211-common.chan.flags.2ghz" "2 GHz spectrum";
    /// Property of the channel: 5 GHz spectrum.
    CHAN_FLAGS_5GHZ: Bool "ppi.80211-common.chan.flags.5ghz" "5 GHz spectrum";
    /// Property of the channel: Passive.
    CHAN_FLAGS_PASSIVE: Bool "ppi.80211-common.chan.flags.passive" "Passive";
    /// Property of the channel: Dynamic CCK-OFDM.
    CHAN_FLAGS_DYNAMIC: Bool "ppi.80211-common.chan.flags.dynamic" "Dynamic CCK-OFDM";
    /// Property of the channel: Gaussian Frequency Shift Keying (GFSK).
    CHAN_FLAGS_GFSK: Bool "ppi.80211-common.chan.flags.gfsk" "Gaussian Frequency Shift Keying (GFSK)";
    /// Hop set of frequency hopping.
    COMMON_FHSS_HOPSET: U8 "ppi.80211-common.fhss.hopset" "FHSS hopset" { base: DisplayBase::Hex };
    /// Hop pattern of frequency hopping.
    COMMON_FHSS_PATTERN: U8 "ppi.80211-common.fhss.pattern" "FHSS pattern" { base: DisplayBase::Hex };
    /// Signal at the antenna in dBm.
    COMMON_DBM_ANTSIGNAL: I32 "ppi.80211-common.dbm.antsignal" "dBm antenna signal";
    /// Noise at the antenna in dBm.
    COMMON_DBM_ANTNOISE: I32 "ppi.80211-common.dbm.antnoise" "dBm antenna noise";
    /// Properties of an 802.11n frame.
    MAC_FLAGS: U32 "ppi.80211n-mac.flags" "MAC flags" { base: DisplayBase::Hex };
    /// Property of an 802.11n frame: sent without a preamble for older stations.
    MAC_FLAGS_GREENFIELD: Bool "ppi.80211n-mac.flags.greenfield" "Greenfield flag";
    /// Property of an 802.11n frame: a channel of 40 MHz instead of 20 MHz.
    MAC_FLAGS_HT20_40: Bool "ppi.80211n-mac.flags.ht20_40" "HT20/HT40 flag";
    /// Property of an 802.11n frame: a short guard interval.
    MAC_FLAGS_SGI: Bool "ppi.80211n-mac.flags.rx.short_guard_interval" "RX Short Guard Interval (SGI) flag";
    /// Property of an 802.11n frame: received twice.
    MAC_FLAGS_DUPLICATE: Bool "ppi.80211n-mac.flags.rx.duplicate" "Duplicate RX flag";
    /// Property of an 802.11n frame: part of an aggregate.
    MAC_FLAGS_AGG: Bool "ppi.80211n-mac.flags.agg" "Aggregate flag";
    /// Property of an 802.11n frame: more frames of the aggregate follow.
    MAC_FLAGS_MORE_AGG: Bool "ppi.80211n-mac.flags.more_agg" "More aggregates flag";
    /// Property of an 802.11n frame: the delimiter after it has an error.
    MAC_FLAGS_DELIM_CRC_ERROR: Bool "ppi.80211n-mac.flags.delim_crc_error_after" "A-MPDU Delimiter CRC error after this frame flag";
    /// Number that the frames of an aggregate share.
    MAC_AMPDU_ID: U32 "ppi.80211n-mac.ampdu_id" "AMPDU-ID" { base: DisplayBase::Hex };
    /// Number of delimiters with no data before the frame.
    MAC_NUM_DELIMITERS: U8 "ppi.80211n-mac.num_delimiters" "Num-Delimiters";
    /// Modulation and coding scheme.
    MAC_PHY_MCS: U8 "ppi.80211n-mac-phy.mcs" "MCS";
    /// Number of spatial streams.
    MAC_PHY_NUM_STREAMS: U8 "ppi.80211n-mac-phy.num_streams" "Number of spatial streams";
    /// Signal strength of all antennas.
    MAC_PHY_RSSI_COMBINED: U8 "ppi.80211n-mac-phy.rssi.combined" "RSSI combined";
    /// Frequency of the second channel in MHz.
    EXT_CHAN_FREQ: U16 "ppi.80211-mac-phy.ext-chan.freq" "Extended channel frequency";
    /// Properties of the second channel.
    EXT_CHAN_FLAGS: U16 "ppi.80211-mac-phy.ext-chan.flags" "Channel flags" { base: DisplayBase::Hex };
    /// Interface that captured the frame.
    AGGREGATION_INTERFACE_ID: U32 "ppi.aggregation_extension.interface_id" "Interface ID";
    /// Properties of an Ethernet frame.
    ETHERNET_FLAGS: U32 "ppi.8023_extension.flags" "Flags" { base: DisplayBase::Hex };
    /// Whether the Ethernet frame ends with its check sequence.
    ETHERNET_FLAGS_FCS_PRESENT: Bool "ppi.8023_extension.flags.fcs_present" "FCS Present Flag";
    /// Errors of an Ethernet frame.
    ETHERNET_ERRORS: U32 "ppi.8023_extension.errors" "Errors" { base: DisplayBase::Hex };
    /// Map of a radio spectrum.
    SPECTRUM_MAP: Bytes "ppi.spectrum-map" "Radio spectrum map";
    /// Process that sent or received the frame.
    PROC_INFO: Bytes "ppi.proc-info" "Process information";
    /// Properties of the capture.
    CAP_INFO: Bytes "ppi.cap-info" "Capture information";
    /// A field of another type.
    RESERVED: Bytes "ppi.reserved" "Reserved";
    /// A field has a length that its type does not have.
    INVALID_LENGTH: Note(Error) "ppi.invalid_length" "Invalid length";
}

const FIELD_TYPES: &[(u64, &str)] = &[
    (2, "802.11-Common"),
    (3, "802.11n MAC Extensions"),
    (4, "802.11n MAC+PHY Extensions"),
    (5, "Spectrum-Map"),
    (6, "Process-Info"),
    (7, "Capture-Info"),
    (8, "Aggregation Extension"),
    (9, "802.3 Extension"),
    (30000, "Intel Corporation (private)"),
    (30001, "Mohamed Thaga (private)"),
    (30002, "GPS Tagging"),
    (30003, "Vector Tagging"),
    (30004, "Sensor tagging"),
    (30005, "Antenna Tagging"),
    (49175, "FlukeNetworks (private)"),
    (51918, "CACE Technologies (private)"),
];

/// Registry entry for PPI.
pub static PROTOCOL: Protocol = Protocol {
    short: "PPI",
    fields: FIELDS,
    claims: &[Claim::Link(192)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

// LINKTYPE_IEEE802_11.
const WIRELESS: u32 = 105;

// Types of fields.
const COMMON: u16 = 2;
const MAC: u16 = 3;
const MAC_PHY: u16 = 4;
const SPECTRUM: u16 = 5;
const PROCESS: u16 = 6;
const CAPTURE: u16 = 7;
const AGGREGATION: u16 = 8;
const ETHERNET: u16 = 9;

static COMMON_FLAG_BITS: [(&Field, u32); 4] =
    [(&COMMON_FLAGS_FCS, 1), (&COMMON_FLAGS_TSFT, 2), (&COMMON_FLAGS_FCS_INVALID, 4), (&COMMON_FLAGS_PHY_ERR, 8)];
static CHANNEL_BITS: [(&Field, u32); 8] = [
    (&CHAN_FLAGS_TURBO, 0x10),
    (&CHAN_FLAGS_CCK, 0x20),
    (&CHAN_FLAGS_OFDM, 0x40),
    (&CHAN_FLAGS_2GHZ, 0x80),
    (&CHAN_FLAGS_5GHZ, 0x100),
    (&CHAN_FLAGS_PASSIVE, 0x200),
    (&CHAN_FLAGS_DYNAMIC, 0x400),
    (&CHAN_FLAGS_GFSK, 0x800),
];
static MAC_BITS: [(&Field, u32); 7] = [
    (&MAC_FLAGS_GREENFIELD, 0x01),
    (&MAC_FLAGS_HT20_40, 0x02),
    (&MAC_FLAGS_SGI, 0x04),
    (&MAC_FLAGS_DUPLICATE, 0x08),
    (&MAC_FLAGS_AGG, 0x10),
    (&MAC_FLAGS_MORE_AGG, 0x20),
    (&MAC_FLAGS_DELIM_CRC_ERROR, 0x40),
];

/// Reads the header, little-endian, and the fields up to its length.
///
/// ```text
///  0       1       2       4           8
///  |version| flags | length| link type | type  | length| value | more fields | frame
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ppi");
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&PPI, payload.all(), Value::Bytes(payload.all()));
    let header = header(&mut reader, packet.quoted);
    let (len, rest) = (reader.position(), reader.rest());
    if let Ok(header) = header {
        tree.label(node, format_args!("PPI version {}, {} bytes", header.version, header.len));
    }
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if header.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    let Ok(header) = header else { return NextLayer::End };
    if header.link == WIRELESS {
        packet.fcs = None;
        let framing = Framing { has_fcs: header.has_fcs, is_padded: false };
        return read_received(&header.reception, framing, rest, packet, tree);
    }
    packet.path.push("pcap_pktdata");
    u16::try_from(header.link).map_or(NextLayer::Data(rest), |link| NextLayer::Link(link, rest))
}

/// What the header states about the frame.
#[derive(Clone, Copy, Debug, Default)]
struct Header {
    version: u8,
    len: usize,
    link: u32,
    has_fcs: bool,
    reception: Reception,
}

fn header(reader: &mut FieldReader<'_, '_>, is_quoted: bool) -> Result<Header, UnexpectedEnd> {
    let version = reader.u8(&VERSION)?;
    let span = reader.span(1);
    let [flags] = reader.read_array()?;
    let is_aligned = flags & 1 != 0;
    reader.tree.open(&FLAGS, span, Value::Uint(flags.into()));
    reader.tree.put(&FLAGS_ALIGNMENT, span, Value::Bool(is_aligned));
    reader.tree.close();
    let len = usize::from(reader.u16_le(&LENGTH)?);
    let link = reader.u32_le(&DLT)?;
    if !is_quoted {
        reader.tree.set_info(format_args!("PPI version {version}, {len} bytes"));
    }
    let mut header = Header { version, len, link, ..Header::default() };
    while reader.position() < len {
        field(reader, &mut header)?;
        if is_aligned {
            let padding = reader.position().next_multiple_of(4).min(len).saturating_sub(reader.position());
            reader.skip(padding)?;
        }
    }
    Ok(header)
}

/// Reads a field.
fn field(reader: &mut FieldReader<'_, '_>, header: &mut Header) -> Result<(), UnexpectedEnd> {
    let whole = reader.rest();
    let &[a, b, c, d, ..] = whole.bytes else { return Err(UnexpectedEnd) };
    let (kind, len) = (u16::from_le_bytes([a, b]), usize::from(u16::from_le_bytes([c, d])));
    let other = match kind {
        COMMON | MAC | MAC_PHY | AGGREGATION | ETHERNET => None,
        SPECTRUM => Some(&SPECTRUM_MAP),
        PROCESS => Some(&PROC_INFO),
        CAPTURE => Some(&CAP_INFO),
        _ => Some(&RESERVED),
    };
    if let Some(other) = other {
        return reader.bytes(other, 4 + len).map(drop);
    }
    reader.u16_le(&FIELD_TYPE)?;
    reader.u16_le(&FIELD_LEN)?;
    let end = reader.position() + len;
    match (kind, len) {
        (COMMON, 20) => common(reader, header)?,
        (MAC, 12) => mac(reader)?,
        (MAC_PHY, 48) => {
            // The rate of an 802.11n frame follows from its coding scheme.
            header.reception.rate = None;
            mac_phy(reader)?;
        }
        (AGGREGATION, 4) => drop(reader.u32_le(&AGGREGATION_INTERFACE_ID)?),
        (ETHERNET, 8) => {
            read_flags::<4>(reader, &ETHERNET_FLAGS, &[(&ETHERNET_FLAGS_FCS_PRESENT, 1)])?;
            reader.u32_le(&ETHERNET_ERRORS)?;
        }
        _ => reader.tree.note(&INVALID_LENGTH, whole.span(2, 2), format_args!("Invalid length: {len}")),
    }
    reader.skip(end.saturating_sub(reader.position()))
}

/// Reads little-endian flags with their bits.
fn read_flags<const N: usize>(
    reader: &mut FieldReader<'_, '_>,
    field: &'static Field,
    bits: &[(&'static Field, u32)],
) -> Result<u32, UnexpectedEnd> {
    let span = reader.span(N);
    let flags = reader.read_array::<N>()?.iter().rfold(0, |sum, &byte| sum << 8 | u32::from(byte));
    reader.tree.open(field, span, Value::Uint(flags.into()));
    put_bits(bits, flags, span, reader.tree);
    reader.tree.close();
    Ok(flags)
}

fn common(reader: &mut FieldReader<'_, '_>, header: &mut Header) -> Result<(), UnexpectedEnd> {
    let time = reader.u64_le(&COMMON_TSFT)?;
    let flags = read_flags::<2>(reader, &COMMON_FLAGS, &COMMON_FLAG_BITS)?;
    let span = reader.span(2);
    let rate = u16::from_le_bytes(reader.read_array()?);
    reader.tree.put(&COMMON_RATE, span, Value::Uint(rate.wrapping_mul(500).into()));
    let frequency = reader.u16_le(&COMMON_CHAN_FREQ)?;
    read_flags::<2>(reader, &COMMON_CHAN_FLAGS, &CHANNEL_BITS)?;
    reader.u8(&COMMON_FHSS_HOPSET)?;
    reader.u8(&COMMON_FHSS_PATTERN)?;
    let signal = reader.i8(&COMMON_DBM_ANTSIGNAL)?;
    let noise = reader.i8(&COMMON_DBM_ANTNOISE)?;
    header.has_fcs = flags & 1 != 0;
    // A value of 0 is not known, nor is a level of -128 dBm.
    let level = |level: i8| Some(i32::from(level)).filter(|level| !matches!(level, 0 | -128));
    let unit = if flags & 2 != 0 { 1000 } else { 1 };
    header.reception = Reception {
        time: Some(time.saturating_mul(unit)).filter(|&time| time != 0),
        rate: Some(rate.into()).filter(|&rate| rate != 0),
        channel: None,
        frequency: Some(frequency).filter(|&frequency| frequency != 0),
        signal: level(signal),
        noise: level(noise),
    };
    Ok(())
}

fn mac_flags(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    read_flags::<4>(reader, &MAC_FLAGS, &MAC_BITS)?;
    reader.u32_le(&MAC_AMPDU_ID)?;
    reader.u8(&MAC_NUM_DELIMITERS)?;
    Ok(())
}

fn mac(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    mac_flags(reader)?;
    reader.skip(3)
}

fn mac_phy(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    mac_flags(reader)?;
    reader.u8(&MAC_PHY_MCS)?;
    reader.u8(&MAC_PHY_NUM_STREAMS)?;
    reader.u8(&MAC_PHY_RSSI_COMBINED)?;
    // Signal strengths of eight antennas.
    reader.skip(8)?;
    reader.u16_le(&EXT_CHAN_FREQ)?;
    reader.u16_le(&EXT_CHAN_FLAGS)?;
    Ok(())
}
