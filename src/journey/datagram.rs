//! Datagrams of a transport that has its handshake and its streams in packets of its own, such as QUIC.

use super::facts::{self, Fact};
use super::text::list;
use dissectors::call_facts::FactRole;
use dissectors::session::{Side, Stamp};

/// Maximum number of channels that are given up during the call.
const MAX_RESETS: usize = 1024;

/// Maximum number of versions, and of frames in a label.
const MAX_ITEMS: usize = 16;

/// Frames that pad packets.
const PADDING: &str = "PADDING";

/// The transport of a connection in datagrams.
#[derive(Default)]
pub(super) struct DatagramTransport {
    /// Filter name of the protocol; empty if the connection has no such transport.
    pub(super) filter_name: &'static str,
    /// Version, and the frame of the last packet that states it.
    pub(super) version: Option<(String, u32)>,
    /// Versions that the server offered instead of that of the client.
    pub(super) offered_versions: Vec<String>,
    pub(super) version_negotiation: Option<u32>,
    /// Frame in which the server made the client repeat its first packet.
    pub(super) address_check: Option<u32>,
    /// Channels that a side gave up.
    pub(super) resets: Vec<ChannelReset>,
    pub(super) close: Option<ConnectionClose>,
    /// Whether a datagram of each side was captured.
    pub(super) has_side: [bool; 2],
    /// Datagrams of the handshake, of the call, and of the end of the connection.
    pub(super) datagrams: Vec<DatagramRecord>,
}

/// A channel that a side gave up.
pub(super) struct ChannelReset {
    pub(super) channel: i64,
    pub(super) at: Stamp,
    pub(super) side: Side,
    pub(super) reason: i64,
}

/// The end of a connection.
pub(super) struct ConnectionClose {
    pub(super) at: Stamp,
    pub(super) side: Side,
    /// Reason: its name or number.
    pub(super) reason: String,
    /// Reason of the application, if it is a number.
    pub(super) number: Option<i64>,
    /// Text about the reason.
    pub(super) text: String,
    /// Whether the side lost the state of the connection.
    pub(super) is_state_lost: bool,
}

/// A datagram.
pub(super) struct DatagramRecord {
    pub(super) at: Stamp,
    pub(super) side: Side,
    pub(super) label: String,
    /// Whether it ends the connection or a channel, or repeats the handshake.
    pub(super) is_anomalous: bool,
    /// Whether it ends the connection.
    pub(super) is_end: bool,
    /// Whether none of its packets could be read.
    pub(super) is_encrypted: bool,
}

impl DatagramTransport {
    /// Returns the short name of its protocol; empty without one.
    pub(super) fn name(&self) -> &'static str {
        facts::short_name(self.filter_name)
    }

    /// Reads the facts of a datagram. Returns its record, if it is one of the transport.
    pub(super) fn read(&mut self, facts: &[Fact], side: Side, at: Stamp) -> Option<DatagramRecord> {
        let of_transport = [FactRole::PacketKind, FactRole::FrameKind, FactRole::TransportVersion];
        match facts.iter().find(|fact| of_transport.contains(&fact.role)) {
            Some(fact) => self.filter_name = facts::protocol_name(fact.protocol),
            None if self.filter_name.is_empty() => return None,
            None => {}
        }
        let of = |role| facts.iter().filter(move |fact| fact.role == role);
        let version = of(FactRole::TransportVersion).find(|fact| fact.number != Some(0));
        self.version = version.map(|fact| (fact.text.clone(), at.frame)).or(self.version.take());
        if self.version_negotiation.is_none() && of(FactRole::OfferedVersion).next().is_some() {
            self.version_negotiation = Some(at.frame);
            self.offered_versions =
                of(FactRole::OfferedVersion).take(MAX_ITEMS).map(|fact| fact.text.clone()).collect();
        }
        let check = of(FactRole::AddressCheck).next().map(|_| at.frame);
        self.address_check = self.address_check.or(check);
        let resets = of(FactRole::ResetChannel).zip(of(FactRole::ResetReason));
        let resets = resets.filter_map(|(channel, reason)| {
            Some(ChannelReset { channel: channel.number?, at, side, reason: reason.number? })
        });
        let before = self.resets.len();
        self.resets.extend(resets.take(MAX_RESETS.saturating_sub(before)));
        let is_end = self.read_close(facts, side, at);
        let has_anomaly = is_end && self.close.as_ref().is_some_and(|close| close.is_state_lost);
        let is_anomalous = has_anomaly || check.is_some() || of(FactRole::OfferedVersion).next().is_some();
        let is_anomalous = is_anomalous || of(FactRole::ResetChannel).next().is_some();
        let is_read = [FactRole::FrameKind, FactRole::PacketKind, FactRole::TransportVersion, FactRole::StateLost];
        let is_encrypted = !facts.iter().any(|fact| is_read.contains(&fact.role));
        *side.of_mut(&mut self.has_side) = true;
        Some(DatagramRecord { at, side, label: label(facts), is_anomalous, is_end, is_encrypted })
    }

    /// Reads the end of the connection. Returns whether the datagram has it.
    fn read_close(&mut self, facts: &[Fact], side: Side, at: Stamp) -> bool {
        let text = |role| facts::best(facts, role).map(|fact| fact.text.clone());
        let is_state_lost = facts::best(facts, FactRole::StateLost).is_some();
        let alert = facts::best(facts, FactRole::CloseReason).and(text(FactRole::AlertReason));
        let reason = alert.or_else(|| text(FactRole::CloseReason));
        if reason.is_none() && !is_state_lost {
            return false;
        }
        if self.close.is_none() {
            let number = facts::best(facts, FactRole::CloseReason).and_then(|fact| fact.number);
            let text = text(FactRole::CloseText).unwrap_or_default();
            let reason = reason.unwrap_or_default();
            self.close = Some(ConnectionClose { at, side, reason, number, text, is_state_lost });
        }
        true
    }
}

/// Returns the label of a datagram: the kinds of its packets, and the messages of the handshake, or the kinds of its frames.
fn label(facts: &[Fact]) -> String {
    if facts::best(facts, FactRole::StateLost).is_some() {
        return "stateless reset".to_owned();
    }
    let texts = |role| {
        let mut texts: Vec<String> = Vec::new();
        for fact in facts.iter().filter(|fact| fact.role == role && fact.text != PADDING) {
            if texts.len() < MAX_ITEMS && !texts.contains(&fact.text) {
                texts.push(fact.text.clone());
            }
        }
        texts
    };
    let mut kinds = texts(FactRole::PacketKind);
    if kinds.is_empty() && facts::best(facts, FactRole::OfferedVersion).is_some() {
        kinds = texts(FactRole::TransportVersion);
    }
    let messages = [texts(FactRole::HandshakeMessage), texts(FactRole::FrameKind)];
    let content = messages.into_iter().find(|texts| !texts.is_empty()).unwrap_or_default();
    match (kinds.is_empty(), content.is_empty()) {
        (true, true) => "encrypted packet".to_owned(),
        (true, false) => content.join(", "),
        (false, true) => list(&kinds),
        (false, false) => format!("{}: {}", list(&kinds), content.join(", ")),
    }
}
