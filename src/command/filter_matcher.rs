//! Selects the frames, calls and connections that match a display filter.

use dissectors::Wants;
use dissectors::session::ConversationId;
use overhear::analysis::{Analyzer, Event, Prefilter, is_known_early};
use overhear::call_matcher::{CallMatcher, matches};
use overhear::filter::Filter;
use std::collections::HashSet;
use std::sync::Arc;

/// Display filter and what matched it.
pub(super) struct FilterMatcher {
    filter: Option<Arc<Filter>>,
    unit: MatchUnit,
    /// Calls with a matching frame.
    calls: Option<CallMatcher>,
    /// Conversations with a matching frame. Entries are dropped with their conversation.
    conversations: HashSet<ConversationId>,
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

impl FilterMatcher {
    /// Creates a matcher. Without a filter, everything matches.
    pub(super) fn new(filter: Option<Filter>, unit: MatchUnit) -> FilterMatcher {
        let filter = filter.map(|filter| Arc::new(filter.with_early_fields(is_known_early)));
        FilterMatcher { filter, unit, calls: None, conversations: HashSet::new() }.fork()
    }

    /// Returns a matcher of the same filter for another run.
    pub(super) fn fork(&self) -> FilterMatcher {
        let (filter, unit) = (self.filter.clone(), self.unit);
        let calls = filter.clone().filter(|_| unit == MatchUnit::Calls).map(CallMatcher::new);
        FilterMatcher { filter, unit, calls, conversations: HashSet::new() }
    }

    /// Returns a matcher of the same filter for another unit.
    #[cfg(feature = "parquet")]
    pub(super) fn of_unit(&self, unit: MatchUnit) -> FilterMatcher {
        FilterMatcher { filter: self.filter.clone(), unit, calls: None, conversations: HashSet::new() }.fork()
    }

    /// Returns the fields that the filter needs.
    pub(super) fn wants(&self) -> Wants {
        self.filter.as_ref().map(|filter| filter.wants()).unwrap_or_default()
    }

    /// Whether there is a filter.
    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// Returns the prefilter that excludes frames by their lower layers, if the filter has such conditions.
    pub(super) fn prefilter(&self) -> Option<Prefilter> {
        let filter = Arc::clone(self.filter.as_ref().filter(|filter| filter.is_partly_early())?);
        Some(Arc::new(move |tree| filter.may_match(tree)))
    }

    /// Adds the fields and events that the filter needs to a task.
    pub(super) fn extend_task(&self, task: &mut overhear::analysis::Task) {
        let Some(filter) = &self.filter else { return };
        task.wants.add_all(&filter.wants());
        task.without_connections &= self.unit == MatchUnit::Frames;
        task.ends = self.unit != MatchUnit::Frames;
        (task.halves, task.owners) = (self.unit == MatchUnit::Calls, self.unit == MatchUnit::Calls);
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
        if let Some(calls) = &mut self.calls {
            return calls.add_frame(number, analyzer);
        }
        let matches = matches(filter, analyzer.tree());
        if matches && self.unit == MatchUnit::Streams {
            self.conversations.extend(analyzer.connections().iter().map(|connection| connection.conversation));
        }
        matches
    }

    /// Returns whether an event matches.
    pub(super) fn matches_event(&mut self, event: &Event) -> bool {
        if self.filter.is_none() {
            return true;
        }
        if let Some(calls) = &mut self.calls {
            return calls.matches_event(event);
        }
        match event {
            Event::Stream(stream) => self.conversations.contains(&ConversationId::Tcp(stream.number)),
            Event::Connection(connection) => self.conversations.contains(&connection.facts.conversation),
            Event::End { conversation, .. } => {
                self.conversations.remove(conversation);
                false
            }
            Event::Chunk(_) | Event::Unfinished(_) => true,
            Event::Call(_) | Event::Owned { .. } | Event::EarlierNote { .. } | Event::Joined { .. } => false,
        }
    }
}
