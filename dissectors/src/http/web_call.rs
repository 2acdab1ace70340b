//! Responses of gRPC-Web: the last message of the body, or the head, states the status of the call.

use super::chunked::{ChunkedDecoder, ChunkedStep};
use super::message::HttpMessage;
use crate::body_limit::{BodyLimit, append_within};
use crate::exchange::Exchange;
use crate::grpc;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Head and body of a response, as sent.
#[derive(Clone, Debug, Default)]
pub(super) struct WebCall(Vec<u8>);

impl WebCall {
    /// Begins a response with this media type, if it is one of gRPC-Web.
    pub(super) fn begin(content_type: &[u8]) -> Option<Box<WebCall>> {
        grpc::is_web(content_type).then(Box::default)
    }

    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.0.capacity()
    }

    /// Appends bytes, up to a limit.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        append_within(&mut self.0, bytes, BodyLimit::DEFAULT.bytes());
    }

    /// Gives the exchange the status of the call, if the response states one.
    pub(super) fn conclude(&self, message: &HttpMessage, exchange: &mut Exchange) {
        let (head, body) = self.0.split_at_checked(message.head_len).unwrap_or_default();
        let joined = message.body.is_chunked().then(|| join_chunks(body));
        grpc::conclude_web(head, joined.as_deref().unwrap_or(body), exchange);
    }
}

/// Joins the data of chunks.
fn join_chunks(body: &[u8]) -> Vec<u8> {
    let (mut chunks, mut at, mut joined) = (ChunkedDecoder::default(), 0, Vec::new());
    loop {
        let rest = body.get(at..).unwrap_or_default();
        match chunks.step(rest) {
            ChunkedStep::Data(len) => {
                joined.extend_from_slice(rest.get(..len).unwrap_or_default());
                at += len;
            }
            ChunkedStep::Size(len, _) | ChunkedStep::DataEnd(len) => at += len,
            _ => return joined,
        }
    }
}
