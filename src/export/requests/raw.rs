//! The bytes of a request, as a message of HTTP/1.1 if it was of another version.

use super::{content_length, is_sent_as_is, repeated_headers};
use crate::export::call_collector::CollectedCall;
use crate::export::message::CapturedMessage;
use crate::export::web_text::authority;

/// Returns the bytes of a request. A body that was sent in chunks or encoded has its length instead.
pub(super) fn request(call: &CollectedCall, request: &CapturedMessage) -> Vec<u8> {
    let is_text = request.version().starts_with(b"HTTP/1.");
    let mut out = Vec::new();
    let mut line = |parts: &[&[u8]]| {
        parts.iter().for_each(|part| out.extend_from_slice(part));
        out.extend_from_slice(b"\r\n");
    };
    if is_text && is_sent_as_is(request) {
        line(&[request.start_line()]);
        request.headers().for_each(|header| line(&[header]));
    } else {
        let version: &[u8] = if is_text { request.version() } else { b"HTTP/1.1" };
        line(&[request.method(), b" ", request.target(), b" ", version]);
        if request.header("host").is_none() && !is_text {
            line(&[b"Host: ", authority(call).as_bytes()]);
        }
        repeated_headers(request).for_each(|header| line(&[header]));
        if let Some(length) = content_length(request) {
            line(&[b"Content-Length: ", length.to_string().as_bytes()]);
        }
    }
    line(&[]);
    out.extend_from_slice(request.content());
    out
}
