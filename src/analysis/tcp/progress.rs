//! What the segments of a connection need to be numbered, and connections of other shards, of which nothing else is known.

use super::connection::Connection;
use super::sequence::SequenceParameters;
use super::state::TcpState;
use crate::capture::Endpoint;
use dissectors::session::Side;
use dissectors::tcp::{Flags, Segment};

/// A connection in the table: one that is read, or one of another shard.
#[derive(Clone)]
pub(in crate::analysis) enum TcpFlow {
    Own(Box<Connection>),
    Foreign(ForeignConnection),
}

/// A connection of another shard.
#[derive(Clone)]
pub(in crate::analysis) struct ForeignConnection {
    pub(super) number: u32,
    /// Both sides have begun: segments decide nothing until one ends the connection.
    is_established: bool,
    progress: Box<ConnectionProgress>,
}

/// What decides whether a segment begins another connection between the same endpoints.
#[derive(Clone)]
pub(super) struct ConnectionProgress {
    pub(super) client: Endpoint,
    pub(super) frames: u32,
    pub(super) parameters: SequenceParameters,
    pub(super) state: TcpState,
}

/// Returns the client and the server of a connection whose first segment is this one.
pub(super) fn client_and_server(source: Endpoint, destination: Endpoint, segment: &Segment<'_>) -> [Endpoint; 2] {
    // A SYN-ACK comes from the server; else the higher port is taken to be the client's.
    let (syn, ack) = (segment.flags.syn(), segment.flags.ack());
    let from_client = if syn { !ack } else { source.port >= destination.port };
    let from_client = from_client != segment.quoted || source.port == destination.port;
    if from_client { [source, destination] } else { [destination, source] }
}

impl TcpFlow {
    /// A connection of another shard whose first segment is this one.
    pub(super) fn foreign(number: u32, source: Endpoint, destination: Endpoint, segment: &Segment<'_>) -> TcpFlow {
        let [client, _] = client_and_server(source, destination, segment);
        let progress = Box::new(ConnectionProgress::new(client));
        TcpFlow::Foreign(ForeignConnection { number, is_established: false, progress })
    }

    pub(in crate::analysis) fn number(&self) -> u32 {
        match self {
            TcpFlow::Own(connection) => connection.number,
            TcpFlow::Foreign(connection) => connection.number,
        }
    }

    /// The connection, if it is read.
    pub(in crate::analysis) fn own(&self) -> Option<&Connection> {
        match self {
            TcpFlow::Own(connection) => Some(connection),
            TcpFlow::Foreign(_) => None,
        }
    }

    /// The same for modification.
    pub(in crate::analysis) fn own_mut(&mut self) -> Option<&mut Connection> {
        match self {
            TcpFlow::Own(connection) => Some(connection),
            TcpFlow::Foreign(_) => None,
        }
    }

    pub(super) fn progress(&self) -> &ConnectionProgress {
        match self {
            TcpFlow::Own(connection) => connection.progress(),
            TcpFlow::Foreign(connection) => &connection.progress,
        }
    }
}

impl ForeignConnection {
    /// Whether a segment with these flags changes nothing.
    #[inline]
    pub(super) fn is_settled(&self, flags: Flags) -> bool {
        self.is_established && !flags.any(Flags::SYN | Flags::FIN | Flags::RST)
    }

    /// Skips a segment.
    pub(super) fn skip(&mut self, source: Endpoint, segment: &Segment<'_>, frame: u32) {
        if self.is_settled(segment.flags) {
            return;
        }
        self.progress.skip(source, segment, frame);
        let has_begun = |side| self.progress.parameters.base(side).is_some();
        self.is_established = Side::BOTH.into_iter().all(has_begun);
    }
}

impl ConnectionProgress {
    pub(super) fn new(client: Endpoint) -> ConnectionProgress {
        ConnectionProgress { client, frames: 0, parameters: SequenceParameters::default(), state: TcpState::new() }
    }

    /// The side of an address.
    #[inline]
    pub(super) fn side(&self, source: Endpoint) -> Side {
        if source == self.client { Side::Client } else { Side::Server }
    }

    /// Whether a SYN or SYN-ACK begins another connection between the same endpoints: its side has begun with another
    /// number, or this connection has ended or was refused.
    pub(super) fn is_replaced_by(&self, source: Endpoint, syn: &Segment<'_>) -> bool {
        let base = self.parameters.base(self.side(source));
        self.frames > 0 && base.is_some_and(|base| base != syn.seq || self.state.has_end())
    }

    /// Skips a segment: reads no more than a later one needs to be numbered.
    #[inline]
    pub(super) fn skip(&mut self, source: Endpoint, segment: &Segment<'_>, frame: u32) {
        if !segment.quoted {
            self.advance(self.side(source), segment, frame);
        }
    }

    #[inline(never)]
    fn advance(&mut self, side: Side, segment: &Segment<'_>, frame: u32) {
        self.parameters.update(side, segment);
        self.state.advance(side, segment, frame);
        self.frames += 1;
    }
}
