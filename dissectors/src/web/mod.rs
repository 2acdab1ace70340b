//! Messages of HTTP on streams (RFC 9110): what HTTP/2 and HTTP/3 have in common. It is not a protocol of its own.

pub(crate) mod end_reason;
pub(crate) mod header_list;
pub(crate) mod headers;
pub(crate) mod huffman;
pub(crate) mod message;
mod skipped_streams;
pub(crate) mod stream;
pub(crate) mod streaming;
pub(crate) mod streams;
pub(crate) mod tunnel;
pub(crate) mod web_protocol;
pub(crate) mod window;
