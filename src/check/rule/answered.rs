//! `answered`: every request has an answer.

use super::each::told;
use super::{Seen, Watch, lets};
use crate::capture::Call;
use crate::check::verdict::{Frames, Verdict, many};
use crate::filter::Filter;

pub(super) struct Watching<'r> {
    only: Option<&'r Filter>,
    count: u64,
    failing: u64,
    /// The first request without an answer, in words.
    first: Option<String>,
    frames: Frames,
}

impl<'r> Watching<'r> {
    pub(super) fn new(only: Option<&'r Filter>) -> Watching<'r> {
        Watching { only, count: 0, failing: 0, first: None, frames: Frames::default() }
    }
}

impl Watch for Watching<'_> {
    fn call(&mut self, call: &Call, seen: &Seen<'_>) {
        if call.exchange.request.is_none() || !lets(self.only, seen.tree) {
            return;
        }
        self.count += 1;
        if call.exchange.response.is_none() {
            self.failing += 1;
            self.first.get_or_insert_with(|| told(call));
            self.frames.add_all(seen.frames);
        }
    }

    fn verdict(self: Box<Self>) -> Verdict {
        let of = many(self.count, "request");
        let found = match (self.failing, self.first) {
            (0, _) | (_, None) => of,
            (failing, Some(first)) => format!("{failing} of {of} without an answer; the first is {first}"),
        };
        Verdict::new(self.failing == 0, found, self.frames)
    }
}
