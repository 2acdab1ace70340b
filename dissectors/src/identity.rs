//! Identity in a capture: sides, positions, conversations and exchanges.

/// One of the two parties of a conversation: the client opened it, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The party that opened the conversation, or sent the first frame seen of it.
    Client,
    /// The other party.
    Server,
}

impl Side {
    /// Both sides, the client first.
    pub const BOTH: [Side; 2] = [Side::Client, Side::Server];

    /// The other side.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }

    /// The item of this side in a pair, of which the client's is first.
    #[inline]
    #[must_use]
    pub fn of<T>(self, [client, server]: &[T; 2]) -> &T {
        match self {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// The item of this side in a pair, of which the client's is first.
    #[inline]
    pub fn of_mut<T>(self, [client, server]: &mut [T; 2]) -> &mut T {
        match self {
            Side::Client => client,
            Side::Server => server,
        }
    }
}

/// Position of an event in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stamp {
    /// The frame's number, from 1.
    pub frame: u32,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

impl Stamp {
    /// The later of two by the clock; of two at the same time, the other.
    #[must_use]
    pub fn later(self, other: Stamp) -> Stamp {
        if self.time > other.time { self } else { other }
    }
}

/// Number of a conversation among those of its transport: `tcp.stream` or `udp.stream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConversationId {
    /// A TCP connection.
    Tcp(u32),
    /// A conversation in UDP datagrams.
    Udp(u32),
}

impl Default for ConversationId {
    fn default() -> ConversationId {
        ConversationId::Tcp(0)
    }
}

impl ConversationId {
    /// The number of the TCP connection, if it is one.
    #[must_use]
    pub fn tcp(self) -> Option<u32> {
        if let ConversationId::Tcp(number) = self { Some(number) } else { None }
    }

    /// The number without the transport.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            ConversationId::Tcp(number) | ConversationId::Udp(number) => number,
        }
    }
}

impl core::fmt::Display for ConversationId {
    /// The number of a TCP connection; `udp 3` for one in datagrams.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            ConversationId::Tcp(number) => write!(f, "{number}"),
            ConversationId::Udp(number) => write!(f, "udp {number}"),
        }
    }
}

/// Name of an exchange in the capture.
///
/// `session` and `nth` count first appearances in feeding order. They do not depend on the wanted fields, on threads or
/// on other conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId {
    /// The conversation that carried it.
    pub conversation: ConversationId,
    /// The number of the session in the conversation, from 0.
    pub session: u32,
    /// The number of the exchange in the session, from 0.
    pub nth: u32,
}

impl ExchangeId {
    /// Whether it is the first exchange of the first session: no exchange before it had the connection.
    #[must_use]
    pub fn is_first(self) -> bool {
        self.session == 0 && self.nth == 0
    }
}

/// Role of a message in its exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Half {
    /// The request.
    Request,
    /// The response.
    Response,
}

impl Half {
    /// The other half.
    #[must_use]
    pub fn other(self) -> Half {
        match self {
            Half::Request => Half::Response,
            Half::Response => Half::Request,
        }
    }
}
