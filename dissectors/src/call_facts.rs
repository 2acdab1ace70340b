//! Facts of a call: the fields of a protocol that explain how a call came about and how it went.

use crate::field::Field;
use crate::sql_text::{DoubleQuotes, digest, operation};
use alloc::vec::Vec;

/// Role of a field in the journey of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactRole {
    /// Name that is looked up.
    QueriedName,
    /// Type of the records that are looked up.
    QueriedType,
    /// How a lookup went.
    LookupStatus,
    /// Address that a name was resolved to.
    ResolvedAddress,
    /// Seconds for which a resolved record may be cached.
    CacheSeconds,
    /// Name that a resolved name is an alias of.
    Alias,
    /// Kind of a handshake message.
    HandshakeMessage,
    /// End of the plaintext of a side.
    CipherChange,
    /// Version of a handshake message. Where two fields have the role, the first one in the list decides.
    Version,
    /// Cipher of a handshake message.
    Cipher,
    /// Name of the server, sent by the client in its handshake.
    ServerName,
    /// Protocol above, negotiated in the handshake.
    ApplicationProtocol,
    /// Present in a message of the server if the keys of an earlier handshake are used again.
    Resumed,
    /// Present if a side offers or accepts data that is sent before the handshake is complete.
    EarlyData,
    /// Name that a certificate was issued to.
    CertificateSubject,
    /// Host name that a certificate was issued to.
    CertificateHost,
    /// Time before which a certificate is not valid.
    CertificateBegin,
    /// Time after which a certificate is not valid.
    CertificateEnd,
    /// Level of an alert.
    AlertLevel,
    /// Reason of an alert.
    AlertReason,
    /// Where a response sends its client to.
    Location,
    /// Content codings that a client accepts.
    AcceptedCodings,
    /// What a request states about the trace that it belongs to.
    TraceContext,
    /// Identifier of a request, which calls that it causes repeat.
    RequestId,
    /// Time for which the flow control of the protocol stopped the sender of a message.
    BlockedTime,
    /// Reason for which a side gives up one exchange of a connection.
    ExchangeReset,
    /// Kind of a packet of a transport that is carried in datagrams.
    PacketKind,
    /// Kind of a frame in such a packet.
    FrameKind,
    /// Version of the transport.
    TransportVersion,
    /// Version of the transport that a server offers instead of that of the client.
    OfferedVersion,
    /// Present if a server makes the client repeat its first packet, to verify its address.
    AddressCheck,
    /// Number of a channel that a side gives up. A reason follows.
    ResetChannel,
    /// Reason for which a side gives up a channel.
    ResetReason,
    /// Reason for which a side closes the connection.
    CloseReason,
    /// Text about the reason for which a side closes the connection.
    CloseText,
    /// Present if a side lost the state of the connection.
    StateLost,
    /// Number of the connection in the capture, of several between the same ports.
    ConnectionNumber,
    /// Number of a packet of the transport. What it carries follows.
    PacketNumber,
    /// Number of a channel that data is sent on. Offset and length may follow.
    DataChannel,
    /// Offset of data in its channel.
    DataOffset,
    /// Bytes of data.
    DataLength,
    /// Number of a channel whose limit stops the sender. The limit follows.
    BlockedChannel,
    /// Limit that stops the sender; of the connection, unless a channel precedes it.
    BlockedLimit,
    /// Number of a channel whose limit is raised.
    RaisedChannel,
    /// Limit of the connection that is raised.
    RaisedConnection,
}

/// Meaning of a status that its outcome does not distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusMeaning {
    /// The client has to make another call elsewhere.
    Redirect,
    /// The client may use what it has stored.
    NotModified,
    /// The name does not exist.
    NoSuchName,
    /// The connection continues with another protocol.
    Upgrade,
}

/// Step of a call that a protocol explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainedStep {
    /// The lookup of the name of the server.
    Lookup,
    /// The handshake that establishes keys.
    Handshake,
    /// The request.
    Request,
    /// The response.
    Response,
    /// The end of the connection.
    Close,
}

/// Part of a call that attributes of a span report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallPart {
    /// Method.
    Method,
    /// Target.
    Target,
    /// Authority.
    Authority,
    /// Status as a number.
    Code,
    /// Bytes of the body of the request.
    RequestBody,
    /// Bytes of the body of the response.
    ResponseBody,
}

/// The facts that a protocol has of calls.
pub struct CallFacts {
    /// Fields by their role.
    pub fields: &'static [(FactRole, &'static Field)],
    /// Fields that have a role with one value only.
    pub values: &'static [(FactRole, &'static Field, u64)],
    /// Header lines by their role, with their names in lower case.
    pub headers: &'static [(FactRole, &'static str)],
    /// Meaning of statuses, by their text.
    pub statuses: &'static [(&'static str, StatusMeaning)],
    /// Names of the reasons for which an application closes a channel or connection of a transport.
    pub errors: &'static [(u64, &'static str)],
    /// Whether the responses on a connection come in the order of their requests.
    pub responds_in_order: bool,
    /// Names of attributes of spans, in the semantic conventions of OpenTelemetry.
    pub span_attributes: &'static [(CallPart, &'static str)],
    /// Explanations of steps for a beginner: what it is for, and where it is specified.
    pub explanations: &'static [(ExplainedStep, &'static str)],
    /// What calls have that are statements of a database.
    pub statements: Option<StatementFacts>,
}

/// What is known of statements of a database.
pub struct StatementFacts {
    double_quotes: DoubleQuotes,
    /// Note that the statement is repeated within a call, or in a burst. Its value in a first pass is the number of
    /// repetitions times 2^32, and the frame of the call; 0 for a burst.
    pub repeated: &'static Field,
}

impl StatementFacts {
    /// Returns the digest of a call, if it executes a statement: its method is the operation of its target.
    #[must_use]
    pub fn digest(&self, method: &str, target: &str) -> Option<Vec<u8>> {
        let statement = target.as_bytes();
        (!method.is_empty() && operation(statement) == method).then(|| digest(statement, self.double_quotes))
    }
}

impl CallFacts {
    /// Facts of calls that are statements of SQL.
    pub(crate) const fn of_statements(double_quotes: DoubleQuotes, repeated: &'static Field) -> CallFacts {
        CallFacts {
            fields: &[],
            values: &[],
            headers: &[],
            statuses: &[],
            errors: &[],
            responds_in_order: false,
            span_attributes: &[],
            explanations: &[],
            statements: Some(StatementFacts { double_quotes, repeated }),
        }
    }
}

/// Statuses of web protocols (RFC 9110 15) with a meaning of their own.
pub(crate) const WEB_STATUSES: &[(&str, StatusMeaning)] = &[
    ("101", StatusMeaning::Upgrade),
    ("301", StatusMeaning::Redirect),
    ("302", StatusMeaning::Redirect),
    ("303", StatusMeaning::Redirect),
    ("304", StatusMeaning::NotModified),
    ("307", StatusMeaning::Redirect),
    ("308", StatusMeaning::Redirect),
];

/// Attributes of the spans of web protocols.
pub(crate) const WEB_ATTRIBUTES: &[(CallPart, &str)] = &[
    (CallPart::Method, "http.request.method"),
    (CallPart::Target, "url.path"),
    (CallPart::Authority, "server.address"),
    (CallPart::Code, "http.response.status_code"),
    (CallPart::RequestBody, "http.request.body.size"),
    (CallPart::ResponseBody, "http.response.body.size"),
];

/// Headers of web protocols with a role: RFC 9110, W3C Trace Context, and B3 of Zipkin.
pub(crate) const WEB_HEADERS: &[(FactRole, &str)] = &[
    (FactRole::Location, "location"),
    (FactRole::AcceptedCodings, "accept-encoding"),
    (FactRole::TraceContext, "traceparent"),
    (FactRole::TraceContext, "b3"),
    (FactRole::TraceContext, "x-b3-traceid"),
    (FactRole::TraceContext, "x-b3-spanid"),
    (FactRole::TraceContext, "x-b3-parentspanid"),
    (FactRole::RequestId, "x-request-id"),
];
