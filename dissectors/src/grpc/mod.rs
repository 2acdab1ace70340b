//! gRPC: calls whose messages HTTP/2 carries, and gRPC-Web.
//!
//! HTTP/2 reports the calls. A session for each of them reads its messages as they arrive, and states its status.

mod body;
mod fields;
mod message;
mod prefix;
mod session;
mod status;

use crate::exchange::Exchange;
use crate::protocol::{Claim, Dissector, Protocol, SessionKind};
use crate::session::{Hint, Input, Probe};
pub use fields::*;

/// Registry entry for gRPC.
pub static PROTOCOL: Protocol = Protocol {
    short: "GRPC",
    fields: FIELDS,
    claims: &[
        Claim::MediaType("application/grpc"),
        Claim::MediaType("application/grpc+proto"),
        Claim::MediaType("application/grpc+json"),
        Claim::MediaType("application/grpc-web"),
        Claim::MediaType("application/grpc-web+proto"),
        Claim::MediaType("application/grpc-web+json"),
        Claim::MediaType(WEB_TEXT),
        Claim::MediaType(WEB_TEXT_PROTO),
    ],
    aliases: &[],
    dissectors: &[
        Dissector::Session(SessionKind {
            input: Input::Stream,
            probe,
            open: session::open,
            derived_title: "",
            reassembly: None,
            messages: None,
        }),
        Dissector::Content(body::read),
        Dissector::Text(body::write_text),
    ],
};

/// Media types of gRPC-Web in base64.
const WEB_TEXT: &str = "application/grpc-web-text";
const WEB_TEXT_PROTO: &str = "application/grpc-web-text+proto";

/// Returns whether a Content-Type is that of gRPC-Web, whose last message states the status of the call.
pub(crate) fn is_web(content_type: &[u8]) -> bool {
    const WEB: &[u8] = b"application/grpc-web";
    content_type.get(..WEB.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(WEB))
}

/// Gives the exchange of a response of gRPC-Web the status that its head states, or its last message.
pub(crate) fn conclude_web(head: &[u8], body: &[u8], exchange: &mut Exchange) {
    let media_type = exchange.content_type.split(';').next().unwrap_or_default().trim();
    if let Some(status) = body::status(media_type.as_bytes(), head, body) {
        status.conclude(exchange);
    }
}

/// Whether a media type is that of messages in base64.
fn is_base64(media_type: &[u8]) -> bool {
    [WEB_TEXT, WEB_TEXT_PROTO].iter().any(|own| own.as_bytes().eq_ignore_ascii_case(media_type))
}

/// Messages are read where a handover names them: their first bytes are not distinctive.
fn probe(_: &Hint<'_>) -> Probe {
    Probe::No
}
