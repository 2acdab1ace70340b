//! An exchange: a request, its answer, and the times between.

use crate::session::{Side, Stamp};
use compact_str::CompactString;

/// A request and its answer, of whatever protocol.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// The protocol's filter name, such as `http`.
    pub protocol: &'static str,
    /// The number of the conversation.
    pub stream: u32,
    /// Its place among the conversation's exchanges, from 0.
    pub nth: u32,
    /// Which side asked; none where only an answer was seen.
    pub requester: Option<Side>,
    /// What was asked to be done, such as `GET`; empty if unknown.
    pub method: CompactString,
    /// Of whom, such as the value of `Host`; empty if unknown.
    pub authority: CompactString,
    /// What it was asked of, such as the request target; empty if unknown.
    pub target: CompactString,
    /// The answer's code, such as 200.
    pub code: Option<u16>,
    /// The answer's media type, as sent; empty if none.
    pub content_type: CompactString,
    /// When and how large the request was.
    pub request: Option<Transfer>,
    /// When and how large the answer was.
    pub response: Option<Transfer>,
}

/// How one message crossed the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Where its first byte arrived.
    pub first: Stamp,
    /// Where its last byte arrived; the last that was seen, if it is not complete.
    pub last: Stamp,
    /// The frame that tells it: in which its last byte could be read, or which showed that there is none.
    pub completed_in: u32,
    /// Bytes of its body, after chunks are joined and before content codings are undone.
    pub body: u64,
    /// Whether all of it was seen.
    pub complete: bool,
}

impl Exchange {
    /// Nanoseconds from the request's last byte to the answer's first.
    #[must_use]
    pub fn time_to_first_byte(&self) -> Option<i64> {
        Some(self.response?.first.time.saturating_sub(self.request?.last.time))
    }

    /// Nanoseconds from the answer's first byte to its last.
    #[must_use]
    pub fn download(&self) -> Option<i64> {
        let response = self.response?;
        Some(response.last.time.saturating_sub(response.first.time))
    }

    /// Nanoseconds from the request's first byte to the answer's last.
    #[must_use]
    pub fn total(&self) -> Option<i64> {
        Some(self.response?.last.time.saturating_sub(self.request?.first.time))
    }
}
