//! Facts of HTTP/2 about calls: those of the web, and flow control.

use super::{BLOCKED_TIME, RST_ERROR};
use crate::call_facts::{CallFacts, ExplainedStep, FactRole, WEB_ATTRIBUTES, WEB_HEADERS, WEB_STATUSES};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[(FactRole::BlockedTime, &BLOCKED_TIME), (FactRole::ExchangeReset, &RST_ERROR)],
    values: &[],
    headers: WEB_HEADERS,
    statuses: WEB_STATUSES,
    errors: super::names::ERRORS,
    responds_in_order: false,
    span_attributes: WEB_ATTRIBUTES,
    explanations: &[
        (
            ExplainedStep::Request,
            "The request is a stream of frames: HEADERS with method, path and fields, compressed with HPACK, then DATA with the \
             body. Many streams share one connection at the same time (RFC 9113 5, RFC 7541).",
        ),
        (
            ExplainedStep::Response,
            "The response comes in HEADERS and DATA frames of the same stream, between those of others. WINDOW_UPDATE frames \
             of the client state how much the server may send on (RFC 9113 5.2).",
        ),
    ],
    statements: None,
};
