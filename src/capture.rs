//! What is known of a capture: rows for calls and streams; plain data.

use dissectors::exchange::Exchange;
use dissectors::packet::Address;
use dissectors::session::{At, Side};

/// One end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The network address.
    pub address: Address,
    /// The port.
    pub port: u16,
}

/// One row of `calls`: an exchange, and the connection that carried it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The exchange.
    pub exchange: Box<Exchange>,
    /// Who asked.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// Nanoseconds the handshake took, from the first SYN to the ACK that ended it; for the first exchange of a
    /// connection whose handshake was seen.
    pub connect: Option<i64>,
    /// When the capture began: the time of its first frame.
    pub start: i64,
}

/// One row of `streams`: a TCP connection.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its number, counted from 0 in the order of the capture: `tcp.stream`.
    pub number: u32,
    /// Who opened it: the sender of the first SYN, or of the first frame seen.
    pub client: Endpoint,
    /// The other.
    pub server: Endpoint,
    /// How it began.
    pub opened: Opened,
    /// How it ended.
    pub closed: Closed,
    /// The state of either side after the last frame (RFC 9293 3.3.2); the client's first.
    pub states: [State; 2],
    /// The frame of the first FIN of either side; the client's first.
    pub fins: [Option<u32>; 2],
    /// Whether both sent a FIN before they had the other's.
    pub crossed: bool,
    /// The frame of the first RST.
    pub reset: Option<u32>,
    /// The final `tcp.completeness`.
    pub completeness: u8,
    /// Where its first frame stands.
    pub first: At,
    /// Where its last frame stands.
    pub last: At,
    /// What the client and the server sent.
    pub sides: [Sent; 2],
    /// Nanoseconds from the last SYN to the ACK that ended the handshake: `tcp.analysis.initial_rtt`.
    pub initial_rtt: Option<i64>,
}

impl Stream {
    /// What one side sent.
    #[must_use]
    pub fn side(&self, side: Side) -> &Sent {
        &self.sides[side as usize]
    }

    /// The sum of what both sides have of something.
    #[must_use]
    pub fn total(&self, of: impl Fn(&Sent) -> u64) -> u64 {
        self.sides.iter().map(of).sum()
    }

    /// Nanoseconds from the first frame to the last.
    #[must_use]
    pub fn duration(&self) -> i64 {
        self.last.time.saturating_sub(self.first.time)
    }
}

/// What one side of a connection sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Frames.
    pub frames: u64,
    /// Bytes of data, those sent again counted again.
    pub bytes: u64,
    /// Frames with data that was sent before (`tcp.analysis.retransmission`).
    pub retransmissions: u64,
    /// Bytes that were never captured.
    pub missing: u64,
}

/// How a connection began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// SYN, SYN-ACK, ACK.
    ThreeWay,
    /// SYN from both sides (RFC 9293 3.5, figure 7).
    Simultaneous,
    /// SYN and SYN-ACK, and no ACK yet.
    HalfOpen,
    /// SYN, and no answer.
    Unanswered,
    /// SYN, and RST for an answer.
    Refused,
    /// Before the capture did, or the SYN is missing in it.
    MidStream,
}

impl Opened {
    /// The way in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Opened::ThreeWay => "three-way",
            Opened::Simultaneous => "simultaneous",
            Opened::HalfOpen => "half-open",
            Opened::Unanswered => "unanswered",
            Opened::Refused => "refused",
            Opened::MidStream => "mid-stream",
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// FIN from both sides; first from this one.
    Fin(Side),
    /// FIN from one side only, so far as was seen.
    HalfClosed(Side),
    /// RST from this side.
    Reset(Side),
    /// Not: it was open when the capture ended.
    Open,
}

impl Closed {
    /// The way in a few words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Closed::Fin(Side::Client) => "FIN by client",
            Closed::Fin(Side::Server) => "FIN by server",
            Closed::HalfClosed(Side::Client) => "half, by client",
            Closed::HalfClosed(Side::Server) => "half, by server",
            Closed::Reset(Side::Client) => "RST by client",
            Closed::Reset(Side::Server) => "RST by server",
            Closed::Open => "open",
        }
    }
}

/// The state of one side of a connection, in the words of RFC 9293 3.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has sent nothing and expects a SYN.
    Listen,
    /// It has sent a SYN.
    SynSent,
    /// It has received a SYN and sent one.
    SynReceived,
    /// Both SYNs are acknowledged.
    Established,
    /// It has sent a FIN that is not acknowledged.
    FinWait1,
    /// Its FIN is acknowledged, the other side may still send.
    FinWait2,
    /// The other side has sent a FIN.
    CloseWait,
    /// Both have sent a FIN, its own is not acknowledged.
    Closing,
    /// It has sent a FIN after the other side's, not acknowledged.
    LastAck,
    /// Both FINs are acknowledged, and it sent the first.
    TimeWait,
    /// Nothing is left of the connection.
    Closed,
}

impl State {
    /// The state's name in the RFC.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Listen => "LISTEN",
            State::SynSent => "SYN-SENT",
            State::SynReceived => "SYN-RECEIVED",
            State::Established => "ESTABLISHED",
            State::FinWait1 => "FIN-WAIT-1",
            State::FinWait2 => "FIN-WAIT-2",
            State::CloseWait => "CLOSE-WAIT",
            State::Closing => "CLOSING",
            State::LastAck => "LAST-ACK",
            State::TimeWait => "TIME-WAIT",
            State::Closed => "CLOSED",
        }
    }
}
