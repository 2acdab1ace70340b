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

    /// Counts a frame while `responses` may wait for `requests`; returns whether the wait is abandoned. It is after a frame
    /// of the other side from behind the bytes, for each side alone is captured almost in order; after a few frames of the
    /// other side that do not bring the bytes; and after a second. `sent_from` is the position of a frame of the other
    /// side.
    pub(super) fn count_frame(
        &mut self,
        responses: &Assembler,
        requests: &Assembler,
        sent_from: Option<u64>,
        at: Stamp,
    ) -> bool {
        let Some(received) =
            responses.next_received().filter(|&received| received > self.readable(requests.position()))
        else {
            self.since = None;
            return false;
        };
        let position = requests.position();
        if self.since.is_none() || position > self.position {
            self.frames = 0;
        } else if sent_from.is_some() {
            self.frames = self.frames.saturating_add(1);
        }
        self.position = position;
        let since = *self.since.get_or_insert(at.time);
        let is_behind = sent_from.is_some_and(|from| from >= received);
        let is_over = self.frames > limits::ACKED_GAP_FRAMES || at.time.saturating_sub(since) > limits::RESPONSE_WAIT;
        if is_behind || is_over {
            self.abandoned = received;
            self.since = None;
        }
        is_behind || is_over
    }
}
