//! Radio information of IEEE 802.11 frames, from the header of any format before the frame.

use super::{Framing, read_frame};
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "wlan::radio";
    /// 802.11 radio information.
    RADIO: Protocol "wlan_radio" "802.11 radio information";
    /// Data rate in Mb/s.
    DATA_RATE: Decimal "wlan_radio.data_rate" "Data rate";
    /// Number of the channel.
    CHANNEL: U32 "wlan_radio.channel" "Channel";
    /// Frequency of the channel in MHz.
    FREQUENCY: U16 "wlan_radio.frequency" "Frequency";
    /// Signal strength in dBm.
    SIGNAL_DBM: I32 "wlan_radio.signal_dbm" "Signal strength (dBm)";
    /// Noise level in dBm.
    NOISE_DBM: I32 "wlan_radio.noise_dbm" "Noise level (dBm)";
    /// Time of the receiver in microseconds.
    TIMESTAMP: U64 "wlan_radio.timestamp" "TSF timestamp";
}

/// Registry entry for radio information.
pub static PROTOCOL: Protocol =
    Protocol { short: "", fields: FIELDS, claims: &[], aliases: &[], dissectors: &[Dissector::Builtin] };

/// What the receiver knows of a frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reception {
    /// Time of the receiver in microseconds.
    pub(super) time: Option<u64>,
    /// Data rate in units of 500 kb/s.
    pub(super) rate: Option<u32>,
    /// Number of the channel, if the header has it.
    pub(super) channel: Option<u32>,
    /// Frequency in MHz.
    pub(super) frequency: Option<u16>,
    /// Signal strength in dBm.
    pub(super) signal: Option<i32>,
    /// Noise level in dBm.
    pub(super) noise: Option<i32>,
}

/// Records what the receiver knows of a frame, and reads the frame.
pub(super) fn read_received<'b>(
    reception: &Reception,
    framing: Framing,
    frame: Payload<'b>,
    packet: &mut Packet,
    tree: &mut Tree,
) -> NextLayer<'b> {
    describe(reception, packet, tree);
    read_frame(frame, framing, packet, tree)
}

fn describe(reception: &Reception, packet: &mut Packet, tree: &mut Tree) {
    packet.path.push("wlan_radio");
    if !tree.wants_any(&RADIO) {
        return;
    }
    let none = Slice::default();
    tree.open(&RADIO, none, Value::Bytes(none));
    if let Some(rate) = reception.rate {
        tree.put(&DATA_RATE, none, Value::Decimal(i64::from(rate) * 500_000_000));
    }
    if let Some(channel) = reception.channel.or_else(|| Some(channel(reception.frequency?)?.into())) {
        tree.put(&CHANNEL, none, Value::Uint(channel.into()));
    }
    if let Some(frequency) = reception.frequency {
        tree.put(&FREQUENCY, none, Value::Uint(frequency.into()));
    }
    if let Some(signal) = reception.signal {
        tree.put(&SIGNAL_DBM, none, Value::Int(signal.into()));
    }
    if let Some(noise) = reception.noise {
        tree.put(&NOISE_DBM, none, Value::Int(noise.into()));
    }
    if let Some(time) = reception.time {
        tree.put(&TIMESTAMP, none, Value::Uint(time));
    }
    tree.close();
}

/// Returns the number of the channel with a center frequency (IEEE 802.11 annex E).
fn channel(frequency: u16) -> Option<u16> {
    match frequency {
        2412..=2472 => Some((frequency - 2407) / 5),
        2484 => Some(14),
        5000..=5924 => Some((frequency - 5000) / 5),
        5955..=7115 => Some((frequency - 5950) / 5),
        _ => None,
    }
}
