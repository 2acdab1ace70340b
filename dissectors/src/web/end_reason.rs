//! Why streams ended before they were complete: frames that reset them, and that close the connection.

use super::stream::Stream;
use crate::exchange::Outcome;
use crate::session::Half;
use compact_str::{CompactString, format_compact};

/// A frame with an error code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ErrorFrame {
    /// Name of its type.
    pub(crate) kind: &'static str,
    /// The half that its sender sends.
    pub(crate) sender: Half,
    pub(crate) code: u64,
    /// Names of error codes.
    pub(crate) names: &'static [(u64, &'static str)],
}

impl ErrorFrame {
    /// Returns the name of its error code, its sender, and its type.
    fn text(&self, remark: &str) -> CompactString {
        let ErrorFrame { kind, sender, code, names } = *self;
        let sender = if sender == Half::Request { "client" } else { "server" };
        match names.iter().find(|(known, _)| *known == code) {
            Some((_, name)) => format_compact!("{name} by {sender} ({kind}{remark})"),
            None => format_compact!("error 0x{code:x} by {sender} ({kind}{remark})"),
        }
    }
}

/// A frame that announces the end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GoAway {
    pub(crate) frame: ErrorFrame,
    /// The highest stream that its sender may have processed, of those that the other side opened.
    pub(crate) last: u32,
}

impl GoAway {
    /// Sets the reason of a stream that is reported and not complete, if this frame is it.
    pub(crate) fn explain(&self, id: u32, is_opened_by: Half, stream: &mut Stream) {
        let exchange = &mut stream.exchange;
        let is_open = matches!(exchange.outcome, Outcome::Aborted | Outcome::Unanswered);
        if !is_open || !exchange.end_reason.is_empty() {
            return;
        }
        let is_not_processed = is_opened_by != self.frame.sender && id > self.last;
        if is_not_processed || self.frame.code != 0 {
            exchange.end_reason = self.frame.text(if is_not_processed { ", not processed" } else { "" });
        }
    }
}

impl Stream {
    /// Notes the frame that reset the stream, or that asked for it. The first one is the reason.
    pub(crate) fn note_reset(&mut self, frame: ErrorFrame) {
        if self.exchange.end_reason.is_empty() {
            self.exchange.end_reason = frame.text("");
        }
    }
}
