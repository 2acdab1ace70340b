//! Facts of HTTP/3 about calls: those of the web.

use crate::call_facts::{CallFacts, ExplainedStep, WEB_ATTRIBUTES, WEB_HEADERS, WEB_STATUSES};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[],
    values: &[],
    headers: WEB_HEADERS,
    statuses: WEB_STATUSES,
    responds_in_order: false,
    span_attributes: WEB_ATTRIBUTES,
    explanations: &[
        (
            ExplainedStep::Request,
            "The request is a stream of QUIC: a HEADERS frame with method, path and fields, compressed with QPACK, then DATA \
             with the body. A lost packet delays only the streams whose bytes it had (RFC 9114 4, RFC 9204).",
        ),
        (
            ExplainedStep::Response,
            "The response comes in HEADERS and DATA frames on the same stream. Its end is that of the stream (RFC 9114 4.1).",
        ),
    ],
    statements: None,
};
