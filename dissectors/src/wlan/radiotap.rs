//! Radiotap: what a receiver knows of an IEEE 802.11 frame, before the frame (radiotap.org).

use super::radio::{Reception, read_received};
use super::{Framing, put_bits};
use crate::field::{DisplayBase, Field};
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "wlan::radiotap";
    /// Radiotap header.
    RADIOTAP: Protocol "radiotap" "IEEE 802.11 Radiotap Capture header";
    /// Version of the header: 0.
    VERSION: U8 "radiotap.version" "Header revision";
    /// Padding.
    PAD: U8 "radiotap.pad" "Header pad";
    /// Length of the header in bytes.
    LENGTH: U16 "radiotap.length" "Header length";
    /// Fields that follow.
    PRESENT: Label "radiotap.present" "Present flags";
    /// One word of presence flags.
    PRESENT_WORD: U32 "radiotap.present.word" "Present flags word" { base: DisplayBase::Hex };
    /// Whether this is present: TSFT.
    PRESENT_TSFT: Bool "radiotap.present.tsft" "TSFT";
    /// Whether this is present: Flags.
    PRESENT_FLAGS: Bool "radiotap.present.flags" "Flags";
    /// Whether this is present: Rate.
    PRESENT_RATE: Bool "radiotap.present.rate" "Rate";
    /// Whether this is present: Channel.
    PRESENT_CHANNEL: Bool "radiotap.present.channel" "Channel";
    /// Whether this is present: FHSS.
    PRESENT_FHSS: Bool "radiotap.present.fhss" "FHSS";
    /// Whether this is present: dBm Antenna Signal.
    PRESENT_DBM_ANTSIGNAL: Bool "radiotap.present.dbm_antsignal" "dBm Antenna Signal";
    /// Whether this is present: dBm Antenna Noise.
    PRESENT_DBM_ANTNOISE: Bool "radiotap.present.dbm_antnoise" "dBm Antenna Noise";
    /// Whether this is present: Lock Quality.
    PRESENT_LOCK_QUALITY: Bool "radiotap.present.lock_quality" "Lock Quality";
    /// Whether this is present: TX Attenuation.
    PRESENT_TX_ATTENUATION: Bool "radiotap.present.tx_attenuation" "TX Attenuation";
    /// Whether this is present: dB TX Attenuation.
    PRESENT_DB_TX_ATTENUATION: Bool "radiotap.present.db_tx_attenuation" "dB TX Attenuation";
    /// Whether this is present: dBm TX Power.
    PRESENT_DBM_TX_POWER: Bool "radiotap.present.dbm_tx_power" "dBm TX Power";
    /// Whether this is present: Antenna.
    PRESENT_ANTENNA: Bool "radiotap.present.antenna" "Antenna";
    /// Whether this is present: dB Antenna Signal.
    PRESENT_DB_ANTSIGNAL: Bool "radiotap.present.db_antsignal" "dB Antenna Signal";
    /// Whether this is present: dB Antenna Noise.
    PRESENT_DB_ANTNOISE: Bool "radiotap.present.db_antnoise" "dB Antenna Noise";
    /// Whether this is present: RX flags.
    PRESENT_RXFLAGS: Bool "radiotap.present.rxflags" "RX flags";
    /// Whether this is present: TX flags.
    PRESENT_TXFLAGS: Bool "radiotap.present.txflags" "TX flags";
    /// Whether this is present: data retries.
    PRESENT_DATA_RETRIES: Bool "radiotap.present.data_retries" "data retries";
    /// Whether this is present: Channel+.
    PRESENT_XCHANNEL: Bool "radiotap.present.xchannel" "Channel+";
    /// Whether this is present: MCS information.
    PRESENT_MCS: Bool "radiotap.present.mcs" "MCS information";
    /// Whether this is present: A-MPDU Status.
    PRESENT_AMPDU: Bool "radiotap.present.ampdu" "A-MPDU Status";
    /// Whether this is present: VHT information.
    PRESENT_VHT: Bool "radiotap.present.vht" "VHT information";
    /// Whether this is present: frame timestamp.
    PRESENT_TIMESTAMP: Bool "radiotap.present.timestamp" "frame timestamp";
    /// Whether this is present: HE information.
    PRESENT_HE: Bool "radiotap.present.he" "HE information";
    /// Whether this is present: HE-MU information.
    PRESENT_HE_MU: Bool "radiotap.present.he_mu" "HE-MU information";
    /// Whether this is present: 0 Length PSDU.
    PRESENT_0_LENGTH_PSDU: Bool "radiotap.present.0_length.psdu" "0 Length PSDU";
    /// Whether this is present: L-SIG.
    PRESENT_L_SIG: Bool "radiotap.present.l_sig" "L-SIG";
    /// Whether this is present: TLVs.
    PRESENT_TLV: Bool "radiotap.present.tlv" "TLVs";
    /// Whether this is present: Radiotap NS next.
    PRESENT_RTAP_NS: Bool "radiotap.present.rtap_ns" "Radiotap NS next";
    /// Whether this is present: Vendor NS next.
    PRESENT_VENDOR_NS: Bool "radiotap.present.vendor_ns" "Vendor NS next";
    /// Whether this is present: Ext.
    PRESENT_EXT: Bool "radiotap.present.ext" "Ext";
    /// Time of the receiver in microseconds.
    MACTIME: U64 "radiotap.mactime" "MAC timestamp";
    /// Properties of the frame.
    FLAGS: U8 "radiotap.flags" "Flags" { base: DisplayBase::Hex };
    /// Whether the frame was sent in a contention-free period.
    FLAGS_CFP: Bool "radiotap.flags.cfp" "CFP";
    /// Whether the preamble is short.
    FLAGS_PREAMBLE: Bool "radiotap.flags.preamble" "Preamble";
    /// Whether the frame is encrypted with WEP.
    FLAGS_WEP: Bool "radiotap.flags.wep" "WEP";
    /// Whether the frame was sent in fragments.
    FLAGS_FRAG: Bool "radiotap.flags.frag" "Fragmentation";
    /// Whether the frame ends with its check sequence.
    FLAGS_FCS: Bool "radiotap.flags.fcs" "FCS at end";
    /// Whether the header of the frame is padded to four bytes.
    FLAGS_DATAPAD: Bool "radiotap.flags.datapad" "Data Pad";
    /// Whether the check sequence is wrong.
    FLAGS_BADFCS: Bool "radiotap.flags.badfcs" "Bad FCS";
    /// Whether the guard interval is short.
    FLAGS_SHORTGI: Bool "radiotap.flags.shortgi" "Short GI";
    /// Data rate in Mb/s.
    DATARATE: Decimal "radiotap.datarate" "Data rate (Mb/s)";
    /// Frequency of the channel in MHz.
    CHANNEL_FREQ: U32 "radiotap.channel.freq" "Channel frequency";
    /// Properties of the channel.
    CHANNEL_FLAGS: U16 "radiotap.channel.flags" "Channel flags" { base: DisplayBase::Hex };
    /// Property of the channel: 700 MHz spectrum.
    CHANNEL_FLAGS_700MHZ: Bool "radiotap.channel.flags.700mhz" "700 MHz spectrum";
    /// Property of the channel: 800 MHz spectrum.
    CHANNEL_FLAGS_800MHZ: Bool "radiotap.channel.flags.800mhz" "800 MHz spectrum";
    /// Property of the channel: 900 MHz spectrum.
    CHANNEL_FLAGS_900MHZ: Bool "radiotap.channel.flags.900mhz" "900 MHz spectrum";
    /// Property of the channel: Turbo.
    CHANNEL_FLAGS_TURBO: Bool "radiotap.channel.flags.turbo" "Turbo";
    /// Property of the channel: Complementary Code Keying (CCK).
    CHANNEL_FLAGS_CCK: Bool "radiotap.channel.flags.cck" "Complementary Code Keying (CCK)";
    /// Property of the channel: Orthogonal Frequency-Division Multiplexing (OFDM).
    CHANNEL_FLAGS_OFDM: Bool "radiotap.channel.flags.ofdm" "Orthogonal Frequency-Division Multiplexing (OFDM)";
    /// Property of the channel: 2 GHz spectrum.
    CHANNEL_FLAGS_2GHZ: Bool "radiotap.channel.flags.2ghz" "2 GHz spectrum";
    /// Property of the channel: 5 GHz spectrum.
    CHANNEL_FLAGS_5GHZ: Bool "radiotap.channel.flags.5ghz" "5 GHz spectrum";
    /// Property of the channel: Passive.
    CHANNEL_FLAGS_PASSIVE: Bool "radiotap.channel.flags.passive" "Passive";
    /// Property of the channel: Dynamic CCK-OFDM.
    CHANNEL_FLAGS_DYNAMIC: Bool "radiotap.channel.flags.dynamic" "Dynamic CCK-OFDM";
    /// Property of the channel: Gaussian Frequency Shift Keying (GFSK).
    CHANNEL_FLAGS_GFSK: Bool "radiotap.channel.flags.gfsk" "Gaussian Frequency Shift Keying (GFSK)";
    /// Property of the channel: GSM (900MHz).
    CHANNEL_FLAGS_GSM: Bool "radiotap.channel.flags.gsm" "GSM (900MHz)";
    /// Property of the channel: Static Turbo.
    CHANNEL_FLAGS_STURBO: Bool "radiotap.channel.flags.sturbo" "Static Turbo";
    /// Property of the channel: Half Rate Channel (10MHz Channel Width).
    CHANNEL_FLAGS_HALF: Bool "radiotap.channel.flags.half" "Half Rate Channel (10MHz Channel Width)";
    /// Property of the channel: Quarter Rate Channel (5MHz Channel Width).
    CHANNEL_FLAGS_QUARTER: Bool "radiotap.channel.flags.quarter" "Quarter Rate Channel (5MHz Channel Width)";
    /// Signal at the antenna in dBm.
    DBM_ANTSIGNAL: I32 "radiotap.dbm_antsignal" "Antenna signal";
    /// Noise at the antenna in dBm.
    DBM_ANTNOISE: I32 "radiotap.dbm_antnoise" "Antenna noise";
    /// Number of the antenna.
    ANTENNA: U32 "radiotap.antenna" "Antenna";
    /// Signal at the antenna in dB.
    DB_ANTSIGNAL: U8 "radiotap.db_antsignal" "dB antenna signal";
    /// Noise at the antenna in dB.
    DB_ANTNOISE: U8 "radiotap.db_antnoise" "dB antenna noise";
    /// Properties of the reception.
    RXFLAGS: U16 "radiotap.rxflags" "RX flags" { base: DisplayBase::Hex };
    /// The header is shorter than its fixed part.
    LENGTH_INVALID: Note(Error) "radiotap.length.invalid" "The radiotap header length is less than 8 bytes";
    /// A field exceeds the header.
    DATA_PAST_HEADER: Note(Error) "radiotap.data_past_header" "Radiotap data goes past the end of the radiotap header";
}

/// Registry entry for radiotap.
pub static PROTOCOL: Protocol = Protocol {
    short: "WLAN",
    fields: FIELDS,
    claims: &[Claim::Link(127)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// Length of the fixed part.
const HEADER: usize = 8;
/// Maximum number of presence words that are read. Real headers have up to five, one for each antenna.
const MAX_WORDS: usize = 32;

/// Alignment and size of each field, by its presence bit.
const LAYOUT: [(usize, usize); 28] = [
    (8, 8),
    (1, 1),
    (1, 1),
    (2, 4),
    (2, 2),
    (1, 1),
    (1, 1),
    (2, 2),
    (2, 2),
    (2, 2),
    (1, 1),
    (1, 1),
    (1, 1),
    (1, 1),
    (2, 2),
    (2, 2),
    (1, 1),
    (1, 1),
    (4, 8),
    (1, 3),
    (4, 8),
    (2, 12),
    (8, 12),
    (2, 12),
    (2, 12),
    (0, 0),
    (1, 1),
    (2, 4),
];

static PRESENCE: [(&Field, u32); 30] = [
    (&PRESENT_TSFT, 0x1),
    (&PRESENT_FLAGS, 0x2),
    (&PRESENT_RATE, 0x4),
    (&PRESENT_CHANNEL, 0x8),
    (&PRESENT_FHSS, 0x10),
    (&PRESENT_DBM_ANTSIGNAL, 0x20),
    (&PRESENT_DBM_ANTNOISE, 0x40),
    (&PRESENT_LOCK_QUALITY, 0x80),
    (&PRESENT_TX_ATTENUATION, 0x100),
    (&PRESENT_DB_TX_ATTENUATION, 0x200),
    (&PRESENT_DBM_TX_POWER, 0x400),
    (&PRESENT_ANTENNA, 0x800),
    (&PRESENT_DB_ANTSIGNAL, 0x1000),
    (&PRESENT_DB_ANTNOISE, 0x2000),
    (&PRESENT_RXFLAGS, 0x4000),
    (&PRESENT_TXFLAGS, 0x8000),
    (&PRESENT_DATA_RETRIES, 0x20000),
    (&PRESENT_XCHANNEL, 0x40000),
    (&PRESENT_MCS, 0x80000),
    (&PRESENT_AMPDU, 0x100000),
    (&PRESENT_VHT, 0x200000),
    (&PRESENT_TIMESTAMP, 0x400000),
    (&PRESENT_HE, 0x800000),
    (&PRESENT_HE_MU, 0x1000000),
    (&PRESENT_0_LENGTH_PSDU, 0x4000000),
    (&PRESENT_L_SIG, 0x8000000),
    (&PRESENT_TLV, 0x10000000),
    (&PRESENT_RTAP_NS, 0x20000000),
    (&PRESENT_VENDOR_NS, 0x40000000),
    (&PRESENT_EXT, 0x80000000),
];

static FLAG_BITS: [(&Field, u32); 8] = [
    (&FLAGS_CFP, 0x1),
    (&FLAGS_PREAMBLE, 0x2),
    (&FLAGS_WEP, 0x4),
    (&FLAGS_FRAG, 0x8),
    (&FLAGS_FCS, 0x10),
    (&FLAGS_DATAPAD, 0x20),
    (&FLAGS_BADFCS, 0x40),
    (&FLAGS_SHORTGI, 0x80),
];

static CHANNEL_BITS: [(&Field, u32); 15] = [
    (&CHANNEL_FLAGS_700MHZ, 0x1),
    (&CHANNEL_FLAGS_800MHZ, 0x2),
    (&CHANNEL_FLAGS_900MHZ, 0x4),
    (&CHANNEL_FLAGS_TURBO, 0x10),
    (&CHANNEL_FLAGS_CCK, 0x20),
    (&CHANNEL_FLAGS_OFDM, 0x40),
    (&CHANNEL_FLAGS_2GHZ, 0x80),
    (&CHANNEL_FLAGS_5GHZ, 0x100),
    (&CHANNEL_FLAGS_PASSIVE, 0x200),
    (&CHANNEL_FLAGS_DYNAMIC, 0x400),
    (&CHANNEL_FLAGS_GFSK, 0x800),
    (&CHANNEL_FLAGS_GSM, 0x1000),
    (&CHANNEL_FLAGS_STURBO, 0x2000),
    (&CHANNEL_FLAGS_HALF, 0x4000),
    (&CHANNEL_FLAGS_QUARTER, 0x8000),
];

/// Reads the header, little-endian. Fields follow in the order of their presence bits, each aligned to its own size.
///
/// ```text
///  0       1       2       4           8
///  |version| pad   | length| presence  | more presence words | fields | frame
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("radiotap");
    packet.fcs = None;
    let len = payload.bytes.get(2..).and_then(|rest| rest.first_chunk()).map(|bytes| u16::from_le_bytes(*bytes));
    if tree.wants_columns() && !packet.quoted {
        let columns = tree.columns_mut();
        columns.protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
        if let (Some(version), Some(len)) = (payload.bytes.first(), len) {
            tree.set_info(format_args!("Radiotap Capture v{version}, Length {len}"));
        }
    }
    let len = usize::from(len.unwrap_or_default());
    let header = payload.first(len);
    let node = tree.open(&RADIOTAP, header.all(), Value::Bytes(payload.all()));
    tree.label(node, format_args!("Radiotap Header v0, Length {len}"));
    let (reception, flags) = describe(header, len, tree);
    let is_incomplete = len >= HEADER && header.bytes.len() < len || payload.bytes.len() < HEADER && len == 0;
    if is_incomplete {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    if is_incomplete || len < HEADER {
        return NextLayer::End;
    }
    // As in Wireshark, a check sequence that the file declares does not count.
    let flags = flags.unwrap_or_default();
    let framing = Framing { has_fcs: flags & 0x10 != 0, is_padded: flags & 0x20 != 0 };
    read_received(&reception, framing, payload.from(len), packet, tree)
}

/// Records the header. Returns what is known of the frame, and its flags.
fn describe(header: Payload<'_>, len: usize, tree: &mut Tree) -> (Reception, Option<u8>) {
    let (mut reception, mut flags) = (Reception::default(), None);
    let byte = |at: usize| header.bytes.get(at).copied().unwrap_or_default();
    if header.bytes.len() >= 4 {
        tree.put(&VERSION, header.span(0, 1), Value::Uint(byte(0).into()));
        tree.put(&PAD, header.span(1, 1), Value::Uint(byte(1).into()));
        tree.put(&LENGTH, header.span(2, 2), Value::Uint(len as u64));
        if len < HEADER {
            tree.note(&LENGTH_INVALID, header.span(2, 2), format_args!("{}", LENGTH_INVALID.title));
        }
    }
    let word = |nth: usize| {
        let bytes = header.bytes.get(4 + 4 * nth..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let mut words = [0; MAX_WORDS];
    let mut count = 0;
    while let Some(word) = word(count) {
        let Some(slot) = words.get_mut(count) else { break };
        *slot = word;
        count += 1;
        if word & 1 << 31 == 0 {
            break;
        }
    }
    let words = words.get(..count).unwrap_or_default();
    tree.open(&PRESENT, header.span(4, 4 * count), Value::Present);
    for (nth, &word) in words.iter().enumerate() {
        let span = header.span(4 + 4 * nth, 4);
        tree.open(&PRESENT_WORD, span, Value::Uint(word.into()));
        for (field, bit) in PRESENCE {
            tree.put(field, span, Value::Bool(word & bit != 0));
        }
        tree.close();
    }
    tree.close();
    let mut at = 4 + 4 * count;
    for &word in words {
        for (bit, (align, size)) in LAYOUT.into_iter().enumerate().filter(|(bit, _)| word >> bit & 1 == 1) {
            at = at.next_multiple_of(align.max(1));
            if size == 0 || at + size > len {
                tree.note(&DATA_PAST_HEADER, header.span(4, 4), format_args!("{}", DATA_PAST_HEADER.title));
                return (reception, flags);
            }
            let Some(bytes) = header.bytes.get(at..at + size) else { return (reception, flags) };
            field(bit, bytes, header.span(at, size), (&mut reception, &mut flags), tree);
            at += size;
        }
        // Fields of a vendor, or in another format: their lengths are not known here.
        if word & (1 << 28 | 1 << 30) != 0 {
            break;
        }
    }
    (reception, flags)
}

/// Records a field. The first value of a property counts; later ones are those of single antennas.
fn field(bit: usize, bytes: &[u8], span: Slice, known: (&mut Reception, &mut Option<u8>), tree: &mut Tree) {
    let (reception, flags) = known;
    let &[first, ..] = bytes else { return };
    let word =
        |at: usize| bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u16::from_le_bytes(*word));
    match bit {
        0 => {
            let time = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            reception.time.get_or_insert(time);
            tree.put(&MACTIME, span, Value::Uint(time));
        }
        1 => {
            flags.get_or_insert(first);
            tree.open(&FLAGS, span, Value::Uint(first.into()));
            put_bits(&FLAG_BITS, first.into(), span, tree);
            tree.close();
        }
        2 => {
            reception.rate.get_or_insert(first.into());
            tree.put(&DATARATE, span, Value::Decimal(i64::from(first) * 500_000_000));
        }
        3 => {
            let [start, end] = [Slice::new(span.start, 2), Slice::new(span.start + 2, 2)];
            reception.frequency.get_or_insert(word(0));
            tree.put(&CHANNEL_FREQ, start, Value::Uint(word(0).into()));
            tree.open(&CHANNEL_FLAGS, end, Value::Uint(word(2).into()));
            put_bits(&CHANNEL_BITS, word(2).into(), end, tree);
            tree.close();
        }
        5 => {
            reception.signal.get_or_insert((first as i8).into());
            tree.put(&DBM_ANTSIGNAL, span, Value::Int((first as i8).into()));
        }
        6 => {
            reception.noise.get_or_insert((first as i8).into());
            tree.put(&DBM_ANTNOISE, span, Value::Int((first as i8).into()));
        }
        11 => drop(tree.put(&ANTENNA, span, Value::Uint(first.into()))),
        12 => drop(tree.put(&DB_ANTSIGNAL, span, Value::Uint(first.into()))),
        13 => drop(tree.put(&DB_ANTNOISE, span, Value::Uint(first.into()))),
        14 => drop(tree.put(&RXFLAGS, span, Value::Uint(word(0).into()))),
        _ => {}
    }
}
