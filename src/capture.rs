//! Summary records of a capture, shared by reports and the terminal UI: calls and streams.

use dissectors::exchange::Exchange;
use dissectors::host_names::HostName;
use dissectors::packet::Address;
use dissectors::session::{Side, Stamp};
use dissectors::transport_connection::TransportConnection;

/// One end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Network address.
    pub address: Address,
    /// Port.
    pub port: u16,
}

/// One row of `calls`: an exchange, and the connection that carried it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Exchange.
    pub exchange: Box<Exchange>,
    /// Client address.
    pub client: Endpoint,
    /// Server address.
    pub server: Endpoint,
    /// Nanoseconds of the handshake, from the first SYN to the ACK that completed it. Only for the first exchange of a
    /// connection whose handshake was captured.
    pub connect: Option<i64>,
    /// Start of the capture: the time of its first frame.
    pub start: i64,
    /// Names of client and server, if addresses are resolved.
    pub names: Option<Box<EndpointNames>>,
}

/// One row of `streams --quic`: a connection in datagrams, and its first endpoints.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What its packets show of it.
    pub facts: Box<TransportConnection>,
    /// Client address.
    pub client: Endpoint,
    /// Server address.
    pub server: Endpoint,
    /// Start of the capture: the time of its first frame.
    pub start: i64,
}

/// Host names of two endpoints.
#[derive(Clone, Debug, Default)]
pub struct EndpointNames {
    /// Name of the client.
    pub client: Option<HostName>,
    /// Name of the server.
    pub server: Option<HostName>,
}

impl EndpointNames {
    /// Returns the names of client and server.
    #[must_use]
    pub fn of(names: Option<&EndpointNames>) -> (Option<&HostName>, Option<&HostName>) {
        names.map(|names| (names.client.as_ref(), names.server.as_ref())).unwrap_or_default()
    }
}

impl Call {
    /// Returns the number of its TCP connection, if it has one.
    #[must_use]
    pub fn stream(&self) -> Option<u32> {
        self.exchange.id.conversation.tcp()
    }

    /// Returns the last frame of its messages; 0 if it has none.
    #[must_use]
    pub fn last_frame(&self) -> u32 {
        let halves = [self.exchange.request, self.exchange.response];
        halves.into_iter().flatten().map(|half| half.last.frame).max().unwrap_or_default()
    }

    /// Whether its request went to a group. Members respond from their own addresses, in other conversations (RFC 6762 6,
    /// RFC 4795 2.1).
    #[must_use]
    pub fn is_to_group(&self) -> bool {
        self.exchange.lacks_response() && self.exchange.request.is_some() && self.server.address.is_multicast()
    }

    /// Whether a response belongs to it and was not captured.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.exchange.lacks_response() && !self.exchange.has_unknown_response() && !self.is_to_group()
    }
}

/// One row of `streams`: a TCP connection.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Number, counted from 0 in the order of the capture: `tcp.stream`.
    pub number: u32,
    /// Client: the sender of the first SYN, or of the first captured frame.
    pub client: Endpoint,
    /// Server.
    pub server: Endpoint,
    /// How the connection began.
    pub opened: OpenKind,
    /// How the connection ended.
    pub closed: CloseKind,
    /// State of each side after the last frame (RFC 9293 3.3.2), the client's first.
    pub states: [SideState; 2],
    /// Frame of the first FIN of each side, the client's first.
    pub fins: [Option<u32>; 2],
    /// Whether each side sent its FIN before it received the other's.
    pub simultaneous_close: bool,
    /// Frame of the first RST.
    pub reset: Option<u32>,
    /// Final value of `tcp.completeness`.
    pub completeness: u8,
    /// Position of the first frame.
    pub first: Stamp,
    /// Position of the last frame.
    pub last: Stamp,
    /// Counters of the client and the server.
    pub sides: [SideCounters; 2],
    /// Nanoseconds from the last SYN to the ACK that completed the handshake: `tcp.analysis.initial_rtt`.
    pub initial_rtt: Option<i64>,
    /// Names of client and server, if addresses are resolved.
    pub names: Option<Box<EndpointNames>>,
}

impl Stream {
    /// Returns the counters of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &SideCounters {
        &self.sides[side as usize]
    }

    /// Returns the sum of a counter over both sides.
    #[must_use]
    pub fn total(&self, of: impl Fn(&SideCounters) -> u64) -> u64 {
        self.sides.iter().map(of).sum()
    }

    /// Returns the nanoseconds from the first frame to the last.
    #[must_use]
    pub fn duration(&self) -> i64 {
        self.last.time.saturating_sub(self.first.time)
    }
}

/// Counters of one side of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideCounters {
    /// Frames sent.
    pub frames: u64,
    /// Bytes of data sent, including retransmissions.
    pub bytes: u64,
    /// Retransmitted segments (`tcp.analysis.retransmission`).
    pub retransmissions: u64,
    /// Bytes missing in the capture.
    pub missing: u64,
}

/// How a connection began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenKind {
    /// SYN, SYN-ACK, ACK.
    ThreeWay,
    /// SYN from both sides (RFC 9293 3.5, figure 7).
    Simultaneous,
    /// SYN and SYN-ACK, but no ACK.
    HalfOpen,
    /// SYN without a response.
    Unanswered,
    /// SYN, answered by RST.
    Refused,
    /// Before the capture started, or without a captured SYN.
    MidStream,
    /// Earlier frames have another stream, whose state was dropped at the limit of conversations.
    Continued,
}

impl OpenKind {
    /// Returns the label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            OpenKind::ThreeWay => "three-way",
            OpenKind::Simultaneous => "simultaneous",
            OpenKind::HalfOpen => "half-open",
            OpenKind::Unanswered => "unanswered",
            OpenKind::Refused => "refused",
            OpenKind::MidStream => "mid-stream",
            OpenKind::Continued => "continued",
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseKind {
    /// FIN from both sides, first from this side.
    Fin(Side),
    /// FIN from this side only, as far as captured.
    HalfClosed(Side),
    /// RST from this side.
    Reset(Side),
    /// Still open at the end of the capture.
    Open,
    /// Unknown: its state was dropped at the limit of conversations. Later frames have another stream.
    Dropped,
}

impl CloseKind {
    /// Returns the label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            CloseKind::Fin(Side::Client) => "FIN by client",
            CloseKind::Fin(Side::Server) => "FIN by server",
            CloseKind::HalfClosed(Side::Client) => "half-closed by client",
            CloseKind::HalfClosed(Side::Server) => "half-closed by server",
            CloseKind::Reset(Side::Client) => "RST by client",
            CloseKind::Reset(Side::Server) => "RST by server",
            CloseKind::Open => "open",
            CloseKind::Dropped => "dropped",
        }
    }
}

/// The state of one side of a connection (RFC 9293 3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideState {
    /// Has sent nothing and expects a SYN.
    Listen,
    /// Has sent a SYN.
    SynSent,
    /// Has received a SYN and sent one.
    SynReceived,
    /// Both SYNs are acknowledged.
    Established,
    /// Has sent a FIN that is not acknowledged.
    FinWait1,
    /// Its FIN is acknowledged. The peer may still send.
    FinWait2,
    /// The peer has sent a FIN.
    CloseWait,
    /// Both sides have sent a FIN. Its own is not acknowledged.
    Closing,
    /// Has sent a FIN after the peer's, not acknowledged.
    LastAck,
    /// Both FINs are acknowledged, and it sent the first.
    TimeWait,
    /// The connection no longer exists.
    Closed,
}

impl SideState {
    /// Returns the name of the state in RFC 9293.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            SideState::Listen => "LISTEN",
            SideState::SynSent => "SYN-SENT",
            SideState::SynReceived => "SYN-RECEIVED",
            SideState::Established => "ESTABLISHED",
            SideState::FinWait1 => "FIN-WAIT-1",
            SideState::FinWait2 => "FIN-WAIT-2",
            SideState::CloseWait => "CLOSE-WAIT",
            SideState::Closing => "CLOSING",
            SideState::LastAck => "LAST-ACK",
            SideState::TimeWait => "TIME-WAIT",
            SideState::Closed => "CLOSED",
        }
    }
}
