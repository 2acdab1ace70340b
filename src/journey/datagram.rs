//! Datagrams of a transport that has its handshake and its streams in packets of its own, such as QUIC.

use super::facts::{self, Fact};
use super::text::list;
use crate::analysis::limits;
use dissectors::call_facts::FactRole;
use dissectors::session::{Side, Stamp};
use dissectors::{Tree, Wants, format};

/// Maximum number of channels that are given up during the call.
const MAX_RESETS: usize = 1024;

/// Maximum number of versions, and of frames in a label.
const MAX_ITEMS: usize = 16;

/// Fields of the endpoints of a datagram: source and destination.
const ADDRESSES: [&[&str]; 2] = [&["ip.src", "ipv6.src"], &["ip.dst", "ipv6.dst"]];
const PORTS: [&str; 2] = ["udp.srcport", "udp.dstport"];

/// Adds the fields of the endpoints.
pub(super) fn add_wants(wants: &mut Wants) {
    let fields = ADDRESSES.iter().copied().flatten().chain(&PORTS);
    fields.filter_map(|name| dissectors::field(name)).for_each(|field| wants.add(field));
}

/// Returns the endpoints of a frame's last datagram: of the client, and of the server. `side` is its sender.
pub(super) fn ends(tree: &Tree, side: Side) -> Option<[String; 2]> {
    let text = |names: &[&str]| {
        let node = tree.nodes().iter().rev().find(|node| names.contains(&node.field.name))?;
        let mut text = String::new();
        format::value(&mut text, node.field, node.value, tree).ok()?;
        Some(text)
    };
    let end = |nth: usize| {
        let (address, port) = (text(ADDRESSES.get(nth)?)?, text(&[PORTS.get(nth)?])?);
        Some(if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") })
    };
    let (source, destination) = (end(0)?, end(1)?);
    Some(if side == Side::Client { [source, destination] } else { [destination, source] })
}

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
    /// Data on channels, and limits of flow control.
    pub(super) parts: Vec<ChannelPart>,
    pub(super) limits: Vec<ChannelLimit>,
    /// Endpoints of the client and of the server, and the first frame between them; each when it differs from the one before.
    pub(super) paths: Vec<([String; 2], u32)>,
}

/// Data on a channel in one packet.
pub(super) struct ChannelPart {
    pub(super) channel: i64,
    pub(super) offset: i64,
    /// Bytes; none if they extend to the end of the packet.
    pub(super) len: Option<i64>,
    /// Number of the packet.
    pub(super) packet: Option<i64>,
    pub(super) at: Stamp,
    pub(super) side: Side,
}

impl ChannelPart {
    /// Whether it has the first byte of another part.
    pub(super) fn covers(&self, other: &ChannelPart) -> bool {
        let end = self.offset.saturating_add(self.len.unwrap_or(1).max(1));
        (self.offset..end).contains(&other.offset)
    }
}

/// A limit of flow control that stops its sender, or that is raised.
pub(super) struct ChannelLimit {
    /// The channel; none for that of the connection.
    pub(super) channel: Option<i64>,
    /// Whether it is raised. Otherwise it stops the sender.
    pub(super) is_raised: bool,
    pub(super) at: Stamp,
    pub(super) side: Side,
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
        self.read_channels(facts, side, at);
        let is_end = self.read_close(facts, side, at);
        let has_anomaly = is_end && self.close.as_ref().is_some_and(|close| close.is_state_lost);
        let is_anomalous = has_anomaly || check.is_some() || of(FactRole::OfferedVersion).next().is_some();
        let is_anomalous = is_anomalous || of(FactRole::ResetChannel).next().is_some();
        let is_read = [FactRole::FrameKind, FactRole::PacketKind, FactRole::TransportVersion, FactRole::StateLost];
        let is_encrypted = !facts.iter().any(|fact| is_read.contains(&fact.role));
        *side.of_mut(&mut self.has_side) = true;
        Some(DatagramRecord { at, side, label: label(facts), is_anomalous, is_end, is_encrypted })
    }

    /// Reads the data on channels, and the limits of flow control, in their order.
    fn read_channels(&mut self, facts: &[Fact], side: Side, at: Stamp) {
        let (mut packet, mut blocked) = (None, None);
        for fact in facts {
            let Some(number) = fact.number else { continue };
            let mut limit = |channel, is_raised| {
                if self.limits.len() < MAX_RESETS {
                    self.limits.push(ChannelLimit { channel, is_raised, at, side });
                }
            };
            match fact.role {
                FactRole::PacketNumber => packet = Some(number),
                FactRole::BlockedChannel => blocked = Some(number),
                FactRole::BlockedLimit => limit(blocked.take(), false),
                FactRole::RaisedChannel => limit(Some(number), true),
                FactRole::RaisedConnection => limit(None, true),
                FactRole::DataChannel if self.parts.len() < limits::JOURNEY_SEGMENTS => {
                    self.parts.push(ChannelPart { channel: number, offset: 0, len: None, packet, at, side });
                }
                FactRole::DataOffset | FactRole::DataLength => {
                    let last = self.parts.last_mut().filter(|part| part.at.frame == at.frame);
                    let Some(last) = last else { continue };
                    match fact.role {
                        FactRole::DataOffset => last.offset = number,
                        _ => last.len = Some(number),
                    }
                }
                _ => {}
            }
        }
    }

    /// Forgets what precedes the call: data, limits and resets of other calls.
    pub(super) fn forget_earlier(&mut self) {
        self.resets.clear();
        self.parts.clear();
        self.limits.clear();
    }

    /// Notes the endpoints of a datagram.
    pub(super) fn add_path(&mut self, ends: [String; 2], frame: u32) {
        if self.paths.len() < MAX_ITEMS && self.paths.last().is_none_or(|(last, _)| *last != ends) {
            self.paths.push((ends, frame));
        }
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
