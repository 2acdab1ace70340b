//! Which frames, calls and connections a filter lets through.

use dissectors::exchange::Transfer;
use dissectors::{Tree, Value, Wants, tcp};
use overhear::analysis::{Asked, Event, is_known_early};
use overhear::capture::Call;
use overhear::filter::Filter;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// As many runs of matching frames as are remembered of a connection; beyond, the oldest become one.
const RUNS: usize = 256;

/// A filter, and what is remembered of the frames that matched it.
pub(super) struct Sieve {
    filter: Option<Arc<Filter>>,
    sifts: Sifts,
    /// The frames that matched, by connection: runs between which others of the connection did not. It lasts as long as
    /// the connection does.
    matched: HashMap<u32, Matched>,
}

/// What a sieve is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sifts {
    /// Frames.
    Frames,
    /// Calls, by the frames that carry them.
    Calls,
    /// Connections, by their frames.
    Streams,
}

#[derive(Default)]
struct Matched {
    runs: VecDeque<(u32, u32)>,
    /// The last frame of the connection matched: its run goes on.
    goes_on: bool,
}

impl Sieve {
    /// A sieve; without a filter all goes through.
    pub(super) fn new(filter: Option<Filter>, sifts: Sifts) -> Sieve {
        let filter = filter.map(|filter| Arc::new(filter.asking_first(is_known_early)));
        Sieve { filter, sifts, matched: HashMap::new() }
    }

    /// What tells early that a frame does not go through, if anything does.
    pub(super) fn asked(&self) -> Option<Asked> {
        let filter = Arc::clone(self.filter.as_ref().filter(|filter| filter.decides_early())?);
        Some(Box::new(move |tree| filter.may_match(tree)))
    }

    /// What has to be known of each frame.
    pub(super) fn want(&self, task: &mut overhear::analysis::Task) {
        let Some(filter) = &self.filter else { return };
        task.wants.add_all(&filter.wants());
        if self.sifts != Sifts::Frames {
            task.wants.add(&tcp::STREAM);
            // The end of a connection is when its frames are forgotten.
            task.streams = true;
        }
    }

    /// What has to be known of each frame to choose frames in a reading of their own, before those that go through are
    /// told in another: not if later frames decide.
    pub(super) fn wants_first(&self) -> Option<Wants> {
        let filter = self.filter.as_ref().filter(|_| self.sifts == Sifts::Frames)?;
        Some(filter.wants()).filter(|wants| !super::reading::needs_foresight(wants))
    }

    /// The last frame that can go through, if that is known beforehand and nothing else is asked for.
    pub(super) fn last_frame(&self) -> Option<u32> {
        self.filter.as_ref().filter(|_| self.sifts == Sifts::Frames)?.last_frame()
    }

    /// Whether a frame goes through.
    pub(super) fn frame(&mut self, number: u32, tree: &Tree) -> bool {
        let Some(filter) = &self.filter else { return true };
        let matches = filter.matches(tree);
        if self.sifts != Sifts::Frames {
            for node in tree.nodes().iter().filter(|node| node.field.id == tcp::STREAM.id) {
                if let Value::Uint(stream) = node.value {
                    note(&mut self.matched, stream as u32, number, matches);
                }
            }
        }
        matches
    }

    /// Whether something that happened goes through.
    pub(super) fn event(&mut self, event: &Event) -> bool {
        if self.filter.is_none() {
            return true;
        }
        match event {
            Event::Call(call) => self.matched.get(&call.exchange.stream).is_some_and(|matched| matched.meets(call)),
            Event::Stream(stream) => self.matched.remove(&stream.number).is_some(),
            Event::Chunk(_) => true,
        }
    }
}

/// Notes whether a frame of a connection matches.
fn note(matched: &mut HashMap<u32, Matched>, stream: u32, frame: u32, matches: bool) {
    if !matches {
        if let Some(matched) = matched.get_mut(&stream) {
            matched.goes_on = false;
        }
        return;
    }
    let matched = matched.entry(stream).or_default();
    match matched.runs.back_mut() {
        Some((_, last)) if matched.goes_on || *last == frame => *last = frame,
        _ => matched.runs.push_back((frame, frame)),
    }
    matched.goes_on = true;
    if matched.runs.len() > RUNS
        && let Some((first, _)) = matched.runs.pop_front()
        && let Some(second) = matched.runs.front_mut()
    {
        second.0 = first;
    }
}

impl Matched {
    /// Whether a frame of the request or of the response of a call matched.
    fn meets(&self, call: &Call) -> bool {
        let meets = |transfer: &Transfer| {
            let (first, last) = (transfer.first.frame, transfer.last.frame);
            self.runs.iter().any(|&(begin, end)| begin <= last && first <= end)
        };
        call.exchange.request.as_ref().is_some_and(meets) || call.exchange.response.as_ref().is_some_and(meets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(frames: impl Iterator<Item = (u32, bool)>) -> VecDeque<(u32, u32)> {
        let mut matched = HashMap::new();
        frames.for_each(|(frame, matches)| note(&mut matched, 7, frame, matches));
        matched.remove(&7).unwrap_or_default().runs
    }

    #[test]
    fn frames_that_match_one_after_the_other_are_one_run() {
        let frames = [(1, false), (2, true), (5, true), (6, false), (9, true)];
        assert_eq!(runs(frames.into_iter()), [(2, 5), (9, 9)]);
        // A frame may have two headers of the same connection: its own, and one quoted.
        assert_eq!(runs([(3, true), (3, true)].into_iter()), [(3, 3)]);
        assert_eq!(runs([(3, false)].into_iter()), []);
    }

    #[test]
    fn beyond_a_limit_the_oldest_runs_become_one() {
        let runs = runs((0..10_000).map(|frame| (frame, frame % 2 == 0)));
        assert_eq!(runs.len(), RUNS);
        assert_eq!(runs.front(), Some(&(0, 9_998 - 2 * (RUNS as u32 - 1))));
        assert_eq!(runs.back(), Some(&(9_998, 9_998)));
    }
}
