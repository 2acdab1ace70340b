//! Selects the frames, calls and connections that match a display filter.

use dissectors::call_facts::FactRole;
use dissectors::session::ConversationId;
use dissectors::{Field, Value, Wants};
use overhear::analysis::{Analyzer, Event, Prefilter, is_known_early};
use overhear::call_matcher::{CallMatcher, matches};
use overhear::filter::Filter;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

/// Display filter and what matched it.
pub(super) struct FilterMatcher {
    filter: Option<Arc<Filter>>,
    unit: MatchUnit,
    /// Calls with a matching frame.
    calls: Option<CallMatcher>,
    /// Conversations with a matching frame. Entries are dropped with their conversation.
    conversations: HashSet<ConversationId>,
    /// Numbers of the connections in datagrams with a matching frame, until they are reported.
    connections: HashSet<u64>,
}

/// Fields with the number of a connection in datagrams.
static CONNECTION_NUMBERS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let fields = dissectors::call_facts().flat_map(|(_, facts)| facts.fields);
    fields.filter(|(role, _)| *role == FactRole::ConnectionNumber).map(|&(_, field)| field).collect()
});

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
        FilterMatcher::with(filter, unit)
    }

    fn with(filter: Option<Arc<Filter>>, unit: MatchUnit) -> FilterMatcher {
        let calls = filter.clone().filter(|_| unit == MatchUnit::Calls).map(CallMatcher::new);
        FilterMatcher { filter, unit, calls, conversations: HashSet::new(), connections: HashSet::new() }
    }

    /// Returns a matcher of the same filter for another run.
    pub(super) fn fork(&self) -> FilterMatcher {
        self.of_unit(self.unit)
    }

    /// Returns a matcher of the same filter for another unit.
    pub(super) fn of_unit(&self, unit: MatchUnit) -> FilterMatcher {
        FilterMatcher::with(self.filter.clone(), unit)
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
        if self.unit == MatchUnit::Streams && task.connections {
            CONNECTION_NUMBERS.iter().for_each(|field| task.wants.add(field));
        }
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
            let nodes = analyzer.tree().nodes().iter();
            let numbers = nodes.filter(|node| CONNECTION_NUMBERS.iter().any(|field| field.id == node.field.id));
            self.connections.extend(numbers.filter_map(|node| match node.value {
                Value::Uint(number) => Some(number),
                _ => None,
            }));
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
            Event::Connection(connection) => self.connections.remove(&connection.facts.number.into()),
            Event::End { conversation, .. } => {
                self.conversations.remove(conversation);
                false
            }
            Event::Chunk(_) | Event::Unfinished(_) => true,
            Event::Call(_) | Event::Owned { .. } | Event::EarlierNote { .. } | Event::Joined { .. } => false,
        }
    }
}
