//! Facts of HTTP about calls: redirects, caches and content codings.

use crate::call_facts::{CallFacts, ExplainedStep, WEB_ATTRIBUTES, WEB_HEADERS, WEB_STATUSES};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[],
    values: &[],
    headers: WEB_HEADERS,
    statuses: WEB_STATUSES,
    errors: &[],
    responds_in_order: true,
    span_attributes: WEB_ATTRIBUTES,
    explanations: &[
        (
            ExplainedStep::Request,
            "The request line has the method and the target, and the header lines after it describe the client and what it \
             accepts. An empty line ends the head; Content-Length or chunks delimit the body (RFC 9110, RFC 9112).",
        ),
        (
            ExplainedStep::Response,
            "The status line states with three digits how the request went: 2xx success, 3xx elsewhere, 4xx an error of the \
             client, 5xx an error of the server. The header lines describe the body that follows (RFC 9110 15).",
        ),
    ],
    statements: None,
};
