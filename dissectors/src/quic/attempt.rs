//! Attempts of a client to connect in a version that is not known here, which its server may refuse.

use super::header::LongHeader;
use super::summary::Attempted;
use crate::datagram_path::PathId;
use crate::session::{Context, Side, Stamp};
use crate::transport_connection::TransportConnection;
use alloc::vec::Vec;
use compact_str::CompactString;

/// Frames of an attempt that are listed. A client sends its first packet again a few times.
const MAX_FRAMES: usize = 16;

/// A connection of which packets in a version were captured that is not known here.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) client: Side,
    pub(super) number: u32,
    /// Whether the server has refused the version.
    pub(super) is_refused: bool,
    pub(super) sent: Attempted,
    /// The connection ID that the client chose.
    id: Option<PathId>,
    /// Its first frames.
    frames: Vec<u32>,
    /// The last packet.
    last: Stamp,
}

impl Attempt {
    /// Creates an attempt of a client's packet. `number` is that of the connection.
    pub(super) fn new(client: Side, number: u32, long: &LongHeader<'_>, cx: &Context<'_>) -> Attempt {
        let (sent, id) = (Attempted::new(cx.arrived), PathId::new(long.scid));
        Attempt { client, number, is_refused: false, sent, id, frames: Vec::new(), last: cx.at }
    }

    /// Adds a packet, in a datagram of a length, if it is of the attempt: of its client, or a refusal by its server. Returns the
    /// number of the connection.
    pub(super) fn add(&mut self, side: Side, version: u32, len: usize, cx: &Context<'_>) -> Option<u32> {
        let is_refusal = version == 0 && side != self.client;
        self.is_refused |= is_refusal;
        if !is_refusal && side != self.client {
            return None;
        }
        let role = if side == self.client { Side::Client } else { Side::Server };
        *role.of_mut(&mut self.sent.bytes) += len as u64;
        *role.of_mut(&mut self.sent.packets) += 1;
        if self.frames.len() < MAX_FRAMES && self.frames.last() != Some(&cx.at.frame) {
            self.frames.push(cx.at.frame);
        }
        self.last = cx.at;
        Some(self.number)
    }

    /// Returns the connection that no other packets have followed. They show no more than the client's connection ID.
    pub(super) fn into_connection(self, nth: u32, cx: &Context<'_>) -> TransportConnection {
        let Attempted { first, bytes, packets } = self.sent;
        TransportConnection {
            conversation: cx.conversation,
            nth,
            number: self.number,
            client: self.client,
            version: "",
            ids: [self.id.into_iter().collect(), Vec::new()],
            server_name: CompactString::default(),
            alpn: CompactString::default(),
            offered_alpn: Vec::new(),
            runs: self.frames.into_iter().map(|frame| (frame, frame)).collect(),
            first,
            last: self.last,
            handshake: None,
            packets,
            bytes,
            rtts: [None; 2],
            spin_rtt: None,
            lost: [None; 2],
            missing: [None; 2],
            close: None,
            is_close_hidden: true,
        }
    }
}
