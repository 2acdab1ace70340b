//! Facts of HTTP/3 about calls: those of the web.

use crate::call_facts::{CallFacts, ExplainedStep, WEB_ATTRIBUTES, WEB_HEADERS, WEB_STATUSES};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[],
    values: &[],
    headers: WEB_HEADERS,
    statuses: WEB_STATUSES,
    errors: ERRORS,
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

/// Reasons for which a stream or connection is closed (RFC 9114 8.1, RFC 9204 6).
pub(super) static ERRORS: &[(u64, &str)] = &[
    (0x100, "H3_NO_ERROR"),
    (0x101, "H3_GENERAL_PROTOCOL_ERROR"),
    (0x102, "H3_INTERNAL_ERROR"),
    (0x103, "H3_STREAM_CREATION_ERROR"),
    (0x104, "H3_CLOSED_CRITICAL_STREAM"),
    (0x105, "H3_FRAME_UNEXPECTED"),
    (0x106, "H3_FRAME_ERROR"),
    (0x107, "H3_EXCESSIVE_LOAD"),
    (0x108, "H3_ID_ERROR"),
    (0x109, "H3_SETTINGS_ERROR"),
    (0x10a, "H3_MISSING_SETTINGS"),
    (0x10b, "H3_REQUEST_REJECTED"),
    (0x10c, "H3_REQUEST_CANCELLED"),
    (0x10d, "H3_REQUEST_INCOMPLETE"),
    (0x10e, "H3_MESSAGE_ERROR"),
    (0x10f, "H3_CONNECT_ERROR"),
    (0x110, "H3_VERSION_FALLBACK"),
    (0x200, "QPACK_DECOMPRESSION_FAILED"),
    (0x201, "QPACK_ENCODER_STREAM_ERROR"),
    (0x202, "QPACK_DECODER_STREAM_ERROR"),
];
