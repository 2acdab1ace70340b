//! Which frames, calls and connections a filter lets through.

use dissectors::Wants;
use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::Side;
use overhear::analysis::{Analyzer, Asked, Event, is_known_early};
use overhear::filter::Filter;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// As many runs of matching frames as are remembered of a side; beyond, the oldest become one.
const RUNS: usize = 256;

/// A filter, and what is remembered of the frames that matched it.
pub(super) struct Sieve {
    filter: Option<Arc<Filter>>,
    sifts: Sifts,
    /// The frames that matched, by connection and side. They last as long as the connection does.
    matched: HashMap<u32, [Matched; 2]>,
}

/// What a sieve is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sifts {
    /// Frames.
    Frames,
    /// Calls, by the frames of their messages.
    Calls,
    /// Connections, by their frames.
    Streams,
}

/// The frames of one side that matched, of those with bytes or a message of it.
#[derive(Default)]
struct Matched {
    /// Runs of them, between which others did not match.
    runs: VecDeque<(u32, u32)>,
    /// The last of them matched: its run goes on.
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
        task.ends = self.sifts != Sifts::Frames;
    }

    /// What has to be known of each frame to choose frames in a reading of their own, before those that go through are
    /// told in another: not if later frames decide.
    pub(super) fn wants_first(&self) -> Option<Wants> {
        let filter = self.filter.as_ref().filter(|_| self.sifts == Sifts::Frames)?;
        Some(filter.wants()).filter(|wants| !wants.asks_later())
    }

    /// The last frame that can go through, if that is known beforehand and nothing else is asked for.
    pub(super) fn last_frame(&self) -> Option<u32> {
        self.filter.as_ref().filter(|_| self.sifts == Sifts::Frames)?.last_frame()
    }

    /// Whether the frame that was read last goes through.
    pub(super) fn frame(&mut self, number: u32, analyzer: &Analyzer) -> bool {
        let Some(filter) = &self.filter else { return true };
        let tree = analyzer.tree();
        // What was asked early has been answered.
        let matches = !(filter.decides_early() && tree.is_dismissed()) && filter.matches(tree);
        for met in analyzer.met().iter().filter(|_| self.sifts != Sifts::Frames) {
            let counts = self.sifts == Sifts::Streams || met.speaks.contains(&true);
            if matches && counts {
                self.matched.entry(met.stream).or_default();
            }
            if let Some(sides) = self.matched.get_mut(&met.stream) {
                let speaking = sides.iter_mut().zip(met.speaks).filter(|(_, speaks)| *speaks);
                speaking.for_each(|(side, _)| side.note(number, matches));
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
            Event::Call(call) => {
                self.matched.get(&call.exchange.stream).is_some_and(|sides| meets(sides, &call.exchange))
            }
            Event::Stream(stream) => self.matched.contains_key(&stream.number),
            Event::Chunk(_) | Event::Rest(_) => true,
            Event::End(stream) => {
                self.matched.remove(stream);
                false
            }
        }
    }
}

/// Whether a frame with a part of the request or of the response of a call matched.
fn meets([client, server]: &[Matched; 2], exchange: &Exchange) -> bool {
    let meets = |transfer: &Option<Transfer>, side: Option<Side>| {
        let Some(transfer) = transfer else { return false };
        let (first, last) = (transfer.first.frame, transfer.last.frame.max(transfer.told));
        // Who gave an answer that nobody is known to have asked for is not known either.
        side != Some(Side::Server) && client.meets(first, last)
            || side != Some(Side::Client) && server.meets(first, last)
    };
    meets(&exchange.request, exchange.asked_by) || meets(&exchange.response, exchange.asked_by.map(Side::other))
}

impl Matched {
    /// Notes whether a frame of the side matches.
    fn note(&mut self, frame: u32, matches: bool) {
        let goes_on = std::mem::replace(&mut self.goes_on, matches);
        if !matches {
            return;
        }
        match self.runs.back_mut() {
            Some((_, last)) if goes_on => *last = frame,
            _ => self.runs.push_back((frame, frame)),
        }
        if self.runs.len() > RUNS
            && let Some((first, _)) = self.runs.pop_front()
            && let Some(second) = self.runs.front_mut()
        {
            second.0 = first;
        }
    }

    /// Whether one of these frames matched.
    fn meets(&self, first: u32, last: u32) -> bool {
        self.runs.iter().any(|&(begin, end)| begin <= last && first <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(frames: impl Iterator<Item = (u32, bool)>) -> VecDeque<(u32, u32)> {
        let mut matched = Matched::default();
        frames.for_each(|(frame, matches)| matched.note(frame, matches));
        matched.runs
    }

    #[test]
    fn frames_that_match_one_after_the_other_are_one_run() {
        let frames = [(1, false), (2, true), (5, true), (6, false), (9, true)];
        assert_eq!(runs(frames.into_iter()), [(2, 5), (9, 9)]);
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
