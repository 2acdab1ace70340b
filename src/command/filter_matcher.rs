//! Selects the frames, calls and connections that match a display filter.

use dissectors::Wants;
use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::Side;
use overhear::analysis::{Analyzer, Event, Prefilter, is_known_early};
use overhear::filter::Filter;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Maximum number of runs of matching frames stored per side. Beyond the limit, the two oldest runs are merged.
const MAX_RUNS: usize = 256;

/// Display filter and the frames that matched it, per connection.
pub(super) struct FilterMatcher {
    filter: Option<Arc<Filter>>,
    unit: MatchUnit,
    /// Matching frames by connection and side. Entries are dropped with their connection.
    matched: HashMap<u32, [MatchedRuns; 2]>,
}

/// Unit that a filter selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchUnit {
    /// Frames.
    Frames,
    /// Calls, by the frames of their messages.
    Calls,
    /// Connections, by their frames.
    Streams,
}

/// Runs of matching frames of one side. Only frames with data or a message of that side count.
#[derive(Default)]
struct MatchedRuns {
    /// First and last frame of each run of consecutive matches.
    runs: VecDeque<(u32, u32)>,
    /// Whether the last counted frame matched, so that the last run continues.
    continues: bool,
}

impl FilterMatcher {
    /// Creates a matcher. Without a filter, everything matches.
    pub(super) fn new(filter: Option<Filter>, unit: MatchUnit) -> FilterMatcher {
        let filter = filter.map(|filter| Arc::new(filter.with_early_fields(is_known_early)));
        FilterMatcher { filter, unit, matched: HashMap::new() }
    }

    /// Returns the prefilter that excludes frames by their lower layers, if the filter has such conditions.
    pub(super) fn prefilter(&self) -> Option<Prefilter> {
        let filter = Arc::clone(self.filter.as_ref().filter(|filter| filter.is_partly_early())?);
        Some(Box::new(move |tree| filter.may_match(tree)))
    }

    /// Adds the fields and events that the filter needs to a task.
    pub(super) fn extend_task(&self, task: &mut overhear::analysis::Task) {
        let Some(filter) = &self.filter else { return };
        task.wants.add_all(&filter.wants());
        task.ends = self.unit != MatchUnit::Frames;
    }

    /// Returns the fields needed to find the matching frames in a first pass. `None` if later frames decide the match.
    pub(super) fn first_pass_wants(&self) -> Option<Wants> {
        let filter = self.filter.as_ref().filter(|_| self.unit == MatchUnit::Frames)?;
        Some(filter.wants()).filter(|wants| !wants.needs_later_frames())
    }

    /// Returns the last frame that can match, if the filter bounds the frame number and selects frames.
    pub(super) fn last_frame(&self) -> Option<u32> {
        self.filter.as_ref().filter(|_| self.unit == MatchUnit::Frames)?.last_frame()
    }

    /// Returns whether the frame that was dissected last matches, and records it for its connections.
    pub(super) fn matches_frame(&mut self, number: u32, analyzer: &Analyzer) -> bool {
        let Some(filter) = &self.filter else { return true };
        let tree = analyzer.tree();
        // A tree that skips the rest of the frame was excluded by the prefilter.
        let matches = !(filter.is_partly_early() && tree.skips_rest()) && filter.matches(tree);
        for connection in analyzer.connections().iter().filter(|_| self.unit != MatchUnit::Frames) {
            let counts = self.unit == MatchUnit::Streams || connection.has_data.contains(&true);
            if matches && counts {
                self.matched.entry(connection.stream).or_default();
            }
            if let Some(sides) = self.matched.get_mut(&connection.stream) {
                let senders = sides.iter_mut().zip(connection.has_data).filter(|(_, sends)| *sends);
                senders.for_each(|(side, _)| side.record(number, matches));
            }
        }
        matches
    }

    /// Returns whether an event matches.
    pub(super) fn matches_event(&mut self, event: &Event) -> bool {
        if self.filter.is_none() {
            return true;
        }
        match event {
            Event::Call(call) => {
                self.matched.get(&call.exchange.stream).is_some_and(|sides| overlaps_exchange(sides, &call.exchange))
            }
            Event::Stream(stream) => self.matched.contains_key(&stream.number),
            Event::Chunk(_) | Event::Unfinished(_) => true,
            Event::End(stream) => {
                self.matched.remove(stream);
                false
            }
        }
    }
}

/// Returns whether a frame with a part of the call's request or response matched.
fn overlaps_exchange([client, server]: &[MatchedRuns; 2], exchange: &Exchange) -> bool {
    let overlaps = |transfer: &Option<Transfer>, side: Option<Side>| {
        let Some(transfer) = transfer else { return false };
        let (first, last) = (transfer.first.frame, transfer.last.frame.max(transfer.completed_in));
        // The sender of a response without a known request is unknown.
        side != Some(Side::Server) && client.overlaps(first, last)
            || side != Some(Side::Client) && server.overlaps(first, last)
    };
    overlaps(&exchange.request, exchange.requester) || overlaps(&exchange.response, exchange.requester.map(Side::other))
}

impl MatchedRuns {
    /// Records whether a frame of the side matches.
    fn record(&mut self, frame: u32, matches: bool) {
        let continues = std::mem::replace(&mut self.continues, matches);
        if !matches {
            return;
        }
        match self.runs.back_mut() {
            Some((_, last)) if continues => *last = frame,
            _ => self.runs.push_back((frame, frame)),
        }
        if self.runs.len() > MAX_RUNS
            && let Some((first, _)) = self.runs.pop_front()
            && let Some(second) = self.runs.front_mut()
        {
            second.0 = first;
        }
    }

    /// Returns whether one of the frames from `first` to `last` matched.
    fn overlaps(&self, first: u32, last: u32) -> bool {
        self.runs.iter().any(|&(begin, end)| begin <= last && first <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(frames: impl Iterator<Item = (u32, bool)>) -> VecDeque<(u32, u32)> {
        let mut matched = MatchedRuns::default();
        frames.for_each(|(frame, matches)| matched.record(frame, matches));
        matched.runs
    }

    #[test]
    fn consecutive_matching_frames_form_one_run() {
        let frames = [(1, false), (2, true), (5, true), (6, false), (9, true)];
        assert_eq!(runs(frames.into_iter()), [(2, 5), (9, 9)]);
        assert_eq!(runs([(3, false)].into_iter()), []);
    }

    #[test]
    fn merges_oldest_runs_beyond_the_limit() {
        let runs = runs((0..10_000).map(|frame| (frame, frame % 2 == 0)));
        assert_eq!(runs.len(), MAX_RUNS);
        assert_eq!(runs.front(), Some(&(0, 9_998 - 2 * (MAX_RUNS as u32 - 1))));
        assert_eq!(runs.back(), Some(&(9_998, 9_998)));
    }
}
