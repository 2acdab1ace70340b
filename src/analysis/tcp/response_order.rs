//! Order of responses: how long a side waits for the bytes of the other side that it responds to.

use super::assembler::Assembler;
use crate::analysis::limits;
use dissectors::session::Stamp;

/// Wait of one side for bytes of the other side that its sender had received and that were not captured yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ResponseOrder {
    /// Offset of the other side up to which nothing is waited for any more.
    abandoned: u64,
    /// Position of the other side, when it last moved.
    position: u64,
    /// Frames of the other side since then.
    frames: u8,
    /// Time at which the wait began; none if nothing waits.
    since: Option<i64>,
}

impl ResponseOrder {
    /// Returns the offset of the requests up to which responses can be read, after `delivered` bytes of the requests.
    pub(super) fn readable(&self, delivered: u64) -> u64 {
        self.abandoned.max(delivered)
    }

    /// Whether a segment waits whose sender had received this many bytes of `requests`: more than were captured.
    pub(super) fn must_wait(&self, received: u64, requests: &Assembler) -> bool {
        received > requests.captured() && received > self.abandoned
    }

    /// Counts a frame while `responses` may wait for `requests`. The wait is abandoned after a few frames of the other
    /// side that do not bring the bytes, for each side alone is captured almost in order, and after a second.
    pub(super) fn count_frame(&mut self, responses: &Assembler, requests: &Assembler, from_other: bool, at: Stamp) {
        let Some(received) =
            responses.next_received().filter(|&received| received > self.readable(requests.position()))
        else {
            self.since = None;
            return;
        };
        let position = requests.position();
        if self.since.is_none() || position > self.position {
            self.frames = 0;
        } else if from_other {
            self.frames = self.frames.saturating_add(1);
        }
        self.position = position;
        let since = *self.since.get_or_insert(at.time);
        if self.frames > limits::ACKED_GAP_FRAMES || at.time.saturating_sub(since) > limits::RESPONSE_WAIT {
            self.abandoned = received;
            self.since = None;
        }
    }
}
