//! Connections of protocols that carry them in datagrams themselves, such as QUIC: the results of their sessions.

use crate::datagram_path::PathId;
use crate::identity::{ConversationId, Side, Stamp};
use alloc::vec::Vec;
use compact_str::CompactString;

/// A connection, as far as its packets show it. Pairs have the value of the client first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportConnection {
    /// The conversation that it began in.
    pub conversation: ConversationId,
    /// Its number in the conversation, from 0.
    pub nth: u32,
    /// Its number in the capture, from 0.
    pub number: u32,
    /// The side of the conversation that is the client.
    pub client: Side,
    /// Name and version of the protocol; empty if the version is not known.
    pub version: &'static str,
    /// Connection IDs that each side chose.
    pub ids: [Vec<PathId>; 2],
    /// Name of the server that the client requests; empty if unknown.
    pub server_name: CompactString,
    /// Application protocol that the server has selected; empty if unknown. If its message is not decrypted: the only one that the
    /// client offers, if the handshake is complete.
    pub alpn: CompactString,
    /// Application protocols that the client offers, in its order.
    pub offered_alpn: Vec<CompactString>,
    /// First and last frame of each run of frames of the conversation, with its further paths, that are all of the connection.
    pub runs: Vec<(u32, u32)>,
    /// First and last packet.
    pub first: Stamp,
    /// The last packet.
    pub last: Stamp,
    /// Nanoseconds of the handshake, from the client's first packet to its Finished. A first attempt that the server refused with a
    /// version negotiation or Retry is included. If Finished is not decrypted: to the client's first packet after the server's
    /// handshake. None if the handshake is not known to be complete.
    pub handshake: Option<i64>,
    /// Packets of each side.
    pub packets: [u64; 2],
    /// Bytes of the datagrams of each side.
    pub bytes: [u64; 2],
    /// Minimum nanoseconds from a packet of each side to its acknowledgment; the sum of both is a round trip.
    pub rtts: [Option<i64>; 2],
    /// Minimum nanoseconds of a round trip by the spin bit.
    pub spin_rtt: Option<i64>,
    /// Packets of each side that were captured, and that acknowledgments show to be lost; none without acknowledgments, or if packets
    /// were not decrypted.
    pub lost: [Option<u64>; 2],
    /// Packets of each side that are acknowledged and were not captured; none as for lost ones.
    pub missing: [Option<u64>; 2],
    /// How it was closed, if that was captured.
    pub close: Option<TransportClose>,
    /// Whether the last packet of a side was not decrypted: it may close the connection.
    pub is_close_hidden: bool,
}

impl TransportConnection {
    /// Returns the minimum nanoseconds of a round trip by acknowledgments.
    #[must_use]
    pub fn rtt(&self) -> Option<i64> {
        let [client, server] = self.rtts;
        Some(client?.saturating_add(server?))
    }
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportClose {
    /// The side that closed it.
    pub side: Side,
    /// Name of its error code, or the code.
    pub reason: CompactString,
    /// Whether the reason is an error.
    pub is_error: bool,
    /// Text of the reason, from the wire; empty if there is none.
    pub phrase: CompactString,
}
