//! Radio information of IEEE 802.11 frames, from the header of any format before the frame.

use super::radiotap::Reception;
use crate::packet::Packet;
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

/// Records what the receiver knows of a frame.
pub(super) fn describe(reception: &Reception, packet: &mut Packet, tree: &mut Tree) {
    packet.path.push("wlan_radio");
    if !tree.wants_any(&RADIO) {
        return;
    }
    let none = Slice::default();
    tree.open(&RADIO, none, Value::Bytes(none));
    if let Some(rate) = reception.rate {
        tree.put(&DATA_RATE, none, Value::Decimal(i64::from(rate) * 500_000_000));
    }
    if let Some(frequency) = reception.frequency {
        if let Some(channel) = channel(frequency) {
            tree.put(&CHANNEL, none, Value::Uint(channel.into()));
        }
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
