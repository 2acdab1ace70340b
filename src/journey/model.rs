//! The journey of a call as plain data: phases, steps with their statements, verdicts. All forms print this.

use crate::capture::Call;
use crate::diagram::Diagram;
use dissectors::session::Side;
use std::collections::BTreeMap;

/// What happened to a call.
#[derive(Clone, Debug)]
pub struct Journey {
    /// The call.
    pub call: Call,
    /// Its row in the output of `calls`, from 1; 0 if unknown.
    pub row: u64,
    /// Phases, in order. Each begins where the one before ends.
    pub phases: Vec<Phase>,
    /// Steps, in the order of their first frames.
    pub steps: Vec<Step>,
    /// Verdicts, those that explain most time first.
    pub verdicts: Vec<Verdict>,
    /// Sequence diagram of the lookups, and of the segments of the handshake, the call and the teardown.
    pub diagram: Diagram,
    /// Side of the connection of which no frame was captured, if there is one.
    pub lacks_side: Option<Side>,
    /// Whether the response is missing, but may have been sent.
    pub may_have_response: bool,
    /// Side near which the capture was taken, as far as the handshake shows it.
    pub near_side: Option<Side>,
    /// What limits the journey: data that is missing or was not kept.
    pub notes: Vec<String>,
    /// Detail trees of frames, which the page shows.
    pub details: BTreeMap<u32, String>,
}

impl Journey {
    /// Returns the start of the first phase, in nanoseconds since 1970.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.phases.first().map_or(0, |phase| phase.from)
    }

    /// Returns the end of the last phase, in nanoseconds since 1970.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.phases.last().map_or(0, |phase| phase.to)
    }

    /// Returns the nanoseconds from the first byte of the call to the end of the last phase: the total in the output of `calls`,
    /// if the call has a response.
    #[must_use]
    pub fn call_total(&self) -> u64 {
        let exchange = &self.call.exchange;
        let first = [exchange.request, exchange.response].into_iter().flatten().map(|half| half.first.time).min();
        self.end().abs_diff(first.unwrap_or(self.start()).clamp(self.start(), self.end()))
    }

    /// Returns what the journey has before the call: lookup and handshakes.
    #[must_use]
    pub fn openings(&self) -> Vec<String> {
        let has = |kind: PhaseKind| self.phases.iter().any(|phase| phase.kind == kind);
        let lookup = has(PhaseKind::Lookup).then_some("lookup");
        let handshake = match [PhaseKind::Connect, PhaseKind::Secure].into_iter().filter(|&kind| has(kind)).count() {
            0 => None,
            1 => Some("handshake"),
            _ => Some("handshakes"),
        };
        lookup.into_iter().chain(handshake).map(str::to_owned).collect()
    }

    /// Returns the nanoseconds from the start of the first phase to the end of the last.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.end().abs_diff(self.start())
    }
}

/// A part of the duration of a call. Every nanosecond of a call belongs to one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its kind.
    pub kind: PhaseKind,
    /// Start, in nanoseconds since 1970.
    pub from: i64,
    /// End, in nanoseconds since 1970.
    pub to: i64,
}

impl Phase {
    /// Returns its nanoseconds.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.to.abs_diff(self.from)
    }
}

/// Kind of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseKind {
    /// The name of the server is looked up.
    Lookup,
    /// TCP handshake.
    Connect,
    /// Handshake of a protocol above TCP.
    Secure,
    /// Nothing of the call is on its way: the client has not sent the next message yet.
    Pause,
    /// The request is sent.
    Request,
    /// The request is sent, and the response has begun.
    Both,
    /// The request was sent, and the response has not begun.
    Wait,
    /// The response is received.
    Response,
    /// Packets that are not decrypted: which of them are requests, and which responses, is not known.
    Unknown,
}

impl PhaseKind {
    /// Returns the name that output shows.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            PhaseKind::Lookup => "lookup",
            PhaseKind::Connect => "connect",
            PhaseKind::Secure => "secure",
            PhaseKind::Pause => "pause",
            PhaseKind::Request => "request",
            PhaseKind::Both => "both",
            PhaseKind::Wait => "wait",
            PhaseKind::Response => "response",
            PhaseKind::Unknown => "unknown",
        }
    }
}

/// A step of a call.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its kind.
    pub kind: StepKind,
    /// Start and end, in nanoseconds since 1970, if it was captured.
    pub span: Option<(i64, i64)>,
    /// What happened in it.
    pub statements: Vec<Statement>,
    /// What the step is for, and where it is specified.
    pub explanation: String,
}

/// Kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Lookup of the server's name.
    Lookup,
    /// TCP handshake.
    Connect,
    /// Handshake of a protocol above TCP, such as TLS.
    Secure,
    /// Use of a connection that earlier calls opened.
    Reuse,
    /// The request.
    Request,
    /// The time until the response begins.
    Wait,
    /// The response.
    Response,
    /// Change of the protocol of the connection.
    Upgrade,
    /// End of the connection.
    Close,
}

impl StepKind {
    /// Returns the heading that output shows.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            StepKind::Lookup => "Name lookup",
            StepKind::Connect => "TCP handshake",
            StepKind::Secure => "Security handshake",
            StepKind::Reuse => "Connection",
            StepKind::Request => "Request",
            StepKind::Wait => "Server time",
            StepKind::Response => "Response",
            StepKind::Upgrade => "Upgrade",
            StepKind::Close => "Teardown",
        }
    }
}

/// A sentence with the frames that show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Text without control characters.
    pub text: String,
    /// Frames, ascending; none if the statement is about what was not captured.
    pub frames: Vec<u32>,
}

impl Statement {
    /// Returns a statement. Frames are sorted, and each is listed once.
    #[must_use]
    pub fn new(text: impl Into<String>, frames: impl IntoIterator<Item = u32>) -> Statement {
        let mut frames: Vec<u32> = frames.into_iter().filter(|&frame| frame > 0).collect();
        frames.sort_unstable();
        frames.dedup();
        Statement { text: text.into(), frames }
    }
}

/// A finding about a call, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its kind.
    pub kind: VerdictKind,
    /// Nanoseconds that it explains; 0 for a verdict that is not about time.
    pub nanos: u64,
    /// Statement with the frames that are its evidence.
    pub statement: Statement,
}

/// Kind of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerdictKind {
    /// The server's name does not exist.
    NameNotFound,
    /// The lookup of the name took long.
    SlowLookup,
    /// A SYN was sent again.
    SynAgain,
    /// Data was sent again.
    Retransmission,
    /// The receiver had no buffer for more data.
    ZeroWindow,
    /// The flow control of the protocol stopped the sender.
    FlowControl,
    /// The server took most of the time.
    ServerTime,
    /// The server executed the same statement of a database many times, one after the other.
    RepeatedStatements,
    /// The response had to wait for that of an earlier call.
    HeadOfLine,
    /// The sender waited for an acknowledgment that the receiver delayed.
    DelayedAck,
    /// The sender of a new connection waited for acknowledgments.
    SlowStart,
    /// The connection was reset before the response was complete.
    Reset,
    /// The connection was closed before the response.
    ClosedEarly,
    /// No response was captured.
    NoResponse,
    /// The call repeats one that failed, or is repeated.
    Retried,
    /// The call follows a redirect, or is redirected.
    Redirect,
    /// The certificate of the server was not valid any more.
    CertificateExpired,
    /// The certificate of the server was not valid yet.
    CertificateNotYetValid,
    /// The certificate of the server was issued to other hosts.
    CertificateName,
    /// A handshake or connection failed with an alert.
    Alert,
    /// The response reports an error.
    ErrorStatus,
    /// The client may use its stored copy.
    NotModified,
    /// A body that compresses well was sent as it is.
    NotCompressed,
}

impl VerdictKind {
    /// All kinds.
    pub const ALL: [VerdictKind; 23] = [
        VerdictKind::NameNotFound,
        VerdictKind::SlowLookup,
        VerdictKind::SynAgain,
        VerdictKind::Retransmission,
        VerdictKind::ZeroWindow,
        VerdictKind::FlowControl,
        VerdictKind::ServerTime,
        VerdictKind::RepeatedStatements,
        VerdictKind::HeadOfLine,
        VerdictKind::DelayedAck,
        VerdictKind::SlowStart,
        VerdictKind::Reset,
        VerdictKind::ClosedEarly,
        VerdictKind::NoResponse,
        VerdictKind::Retried,
        VerdictKind::Redirect,
        VerdictKind::CertificateExpired,
        VerdictKind::CertificateNotYetValid,
        VerdictKind::CertificateName,
        VerdictKind::Alert,
        VerdictKind::ErrorStatus,
        VerdictKind::NotModified,
        VerdictKind::NotCompressed,
    ];

    /// Returns the name that JSON and tests use.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            VerdictKind::NameNotFound => "name-not-found",
            VerdictKind::SlowLookup => "slow-lookup",
            VerdictKind::SynAgain => "syn-again",
            VerdictKind::Retransmission => "retransmission",
            VerdictKind::ZeroWindow => "zero-window",
            VerdictKind::FlowControl => "flow-control",
            VerdictKind::ServerTime => "server-time",
            VerdictKind::RepeatedStatements => "n-plus-one",
            VerdictKind::HeadOfLine => "head-of-line",
            VerdictKind::DelayedAck => "delayed-ack",
            VerdictKind::SlowStart => "slow-start",
            VerdictKind::Reset => "reset",
            VerdictKind::ClosedEarly => "closed-early",
            VerdictKind::NoResponse => "no-response",
            VerdictKind::Retried => "retried",
            VerdictKind::Redirect => "redirect",
            VerdictKind::CertificateExpired => "certificate-expired",
            VerdictKind::CertificateNotYetValid => "certificate-not-yet-valid",
            VerdictKind::CertificateName => "certificate-name",
            VerdictKind::Alert => "alert",
            VerdictKind::ErrorStatus => "error-status",
            VerdictKind::NotModified => "not-modified",
            VerdictKind::NotCompressed => "not-compressed",
        }
    }
}
