//! Call matching: which calls have a frame that matches a display filter.
//!
//! A frame belongs to a call if bytes that it carries belong to it: parts of a body and copies that are sent again
//! included. Where a frame carries bytes of several calls, each sees the frame without the nodes of the others.

use crate::analysis::{Analyzer, Event, FrameConnection, MessageNodes};
use crate::filter::Filter;
use dissectors::Tree;
use dissectors::session::{ConversationId, ExchangeId};
use dissectors::tree::Node;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Maximum number of runs of matching frames stored per conversation. Beyond it, the two oldest runs are merged.
const MAX_RUNS: usize = 256;

/// Display filter on calls, and what matched it of the open conversations.
pub struct CallMatcher {
    filter: Arc<Filter>,
    conversations: HashMap<ConversationId, Matched>,
}

/// What matched in a conversation.
#[derive(Default)]
struct Matched {
    /// Frames that match without the nodes of any call.
    frames: MatchedRuns,
    /// Calls of which a frame matches, and that are not reported yet.
    calls: HashSet<ExchangeId>,
}

/// Runs of matching frames of a conversation.
#[derive(Default)]
struct MatchedRuns {
    /// First and last frame of each run of consecutive matches.
    runs: VecDeque<(u32, u32)>,
    /// Whether the last frame recorded matched, so that the last run continues.
    continues: bool,
}

impl CallMatcher {
    /// Creates a matcher for a filter.
    #[must_use]
    pub fn new(filter: Arc<Filter>) -> CallMatcher {
        CallMatcher { filter, conversations: HashMap::new() }
    }

    /// Evaluates the frame that was dissected last. Returns whether the frame matches.
    pub fn add_frame(&mut self, number: u32, analyzer: &Analyzer) -> bool {
        let tree = analyzer.tree();
        let matches = matches(&self.filter, tree);
        for connection in analyzer.connections().iter().filter(|connection| connection.has_data.contains(&true)) {
            self.add_connection(number, matches, tree, connection);
        }
        matches
    }

    fn add_connection(&mut self, number: u32, matches: bool, tree: &Tree, connection: &FrameConnection) {
        let FrameMatch { calls, rest } = FrameMatch::of(&self.filter, matches, tree, connection);
        if calls.is_empty() && !rest && !self.conversations.contains_key(&connection.conversation) {
            return;
        }
        let matched = self.conversations.entry(connection.conversation).or_default();
        matched.calls.extend(calls);
        matched.frames.record(number, rest);
    }

    /// Evaluates an event. Returns whether it is a call that matches.
    pub fn matches_event(&mut self, event: &Event) -> bool {
        match event {
            Event::Owned { frame, exchange, .. } => {
                if let Some(matched) = self.conversations.get_mut(&exchange.conversation)
                    && matched.frames.contains(*frame)
                {
                    matched.calls.insert(*exchange);
                }
                false
            }
            Event::Call(call) => {
                let id = call.exchange.id;
                self.conversations.get_mut(&id.conversation).is_some_and(|matched| matched.calls.remove(&id))
            }
            Event::End { conversation, .. } => {
                self.conversations.remove(conversation);
                false
            }
            Event::Joined { .. }
            | Event::EarlierNote { .. }
            | Event::Connection(_)
            | Event::Stream(_)
            | Event::Chunk(_)
            | Event::Unfinished(_) => false,
        }
    }
}

/// For which calls of a conversation a frame matches.
#[derive(Debug, Default)]
pub(crate) struct FrameMatch {
    /// Calls for which it matches, of those that are known with the frame to have bytes or nodes in it.
    pub(crate) calls: Vec<ExchangeId>,
    /// Whether it matches for the calls to which it is known later that its other bytes belong.
    pub(crate) rest: bool,
}

impl FrameMatch {
    /// Evaluates a frame for each of its calls without the nodes of the others. `matches` says whether it matches with all
    /// nodes. The analyzer must report halves and owners.
    pub(crate) fn of(filter: &Filter, matches: bool, tree: &Tree, connection: &FrameConnection) -> FrameMatch {
        let messages = connection.messages.iter().map(|message| message.exchange);
        let mut owners: Vec<ExchangeId> = messages.chain(connection.owners.iter().map(|&(id, _)| id)).collect();
        owners.sort_unstable();
        owners.dedup();
        let first = connection.messages.first().map(|message| message.exchange);
        let is_only = connection.messages.iter().all(|message| Some(message.exchange) == first);
        let mut views = None;
        let mut is_match = |id: Option<ExchangeId>| {
            if first.is_none() || is_only && id == first {
                return matches;
            }
            let (views, without_calls) = views.get_or_insert_with(|| {
                let mut views = CallViews::new(tree, &connection.messages);
                let without_calls = filter.matches(views.show(&[]));
                (views, without_calls)
            });
            match views.nodes_of(id) {
                None => *without_calls,
                Some(own) => filter.matches(views.show(&own)),
            }
        };
        let calls = owners.into_iter().filter(|&id| is_match(Some(id))).collect();
        FrameMatch { calls, rest: connection.has_unowned && is_match(None) }
    }
}

/// A frame as each of its calls sees it: without the nodes of the others.
struct CallViews<'t> {
    all: &'t [Node],
    view: Tree,
    /// Nodes of no call, in order.
    shared: Vec<usize>,
    /// Nodes of each call alone, in the order of the calls and of the nodes.
    own: Vec<(ExchangeId, usize)>,
}

impl<'t> CallViews<'t> {
    fn new(tree: &'t Tree, messages: &[MessageNodes]) -> CallViews<'t> {
        let all = tree.nodes();
        let mut own: Vec<(usize, ExchangeId)> =
            messages.iter().flat_map(|message| message.nodes.clone().map(|node| (node, message.exchange))).collect();
        own.sort_unstable();
        own.dedup();
        let mut is_shared = vec![true; all.len()];
        for &(node, _) in &own {
            if let Some(shared) = is_shared.get_mut(node) {
                *shared = false;
            }
        }
        // A node of several calls is one of none of them.
        let mut alone: Vec<(ExchangeId, usize)> = own
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|calls| calls.len() == 1)
            .flatten()
            .map(|&(node, id)| (id, node))
            .collect();
        alone.sort_unstable();
        let shared = (0..all.len()).filter(|&node| is_shared.get(node) == Some(&true)).collect();
        CallViews { all, view: tree.clone(), shared, own: alone }
    }

    /// Returns the nodes that only a call has; `None` if it has no nodes.
    fn nodes_of(&self, id: Option<ExchangeId>) -> Option<Vec<usize>> {
        let id = id?;
        let from = self.own.partition_point(|&(call, _)| call < id);
        let own = self.own.get(from..).unwrap_or_default().iter().take_while(|&&(call, _)| call == id);
        let nodes: Vec<usize> = own.map(|&(_, node)| node).collect();
        (!nodes.is_empty()).then_some(nodes)
    }

    /// Returns the tree with these nodes and those of no call.
    fn show(&mut self, own: &[usize]) -> &Tree {
        let mut nodes = [&self.shared[..], own].concat();
        nodes.sort_unstable();
        self.view.replace_nodes(nodes.iter().filter_map(|&node| self.all.get(node)).copied());
        &self.view
    }
}

/// Returns whether a frame matches. A tree that skips the rest of the frame was excluded by the prefilter.
#[must_use]
pub fn matches(filter: &Filter, tree: &Tree) -> bool {
    !(filter.is_partly_early() && tree.skips_rest()) && filter.matches(tree)
}

impl MatchedRuns {
    /// Records whether a frame matches.
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

    /// Returns whether a frame matched.
    fn contains(&self, frame: u32) -> bool {
        let after = self.runs.partition_point(|&(first, _)| first <= frame);
        after.checked_sub(1).and_then(|at| self.runs.get(at)).is_some_and(|&(_, last)| frame <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::session::Half;
    use dissectors::tree::Slice;
    use dissectors::{Value, Wants};

    fn runs(frames: impl Iterator<Item = (u32, bool)>) -> MatchedRuns {
        let mut matched = MatchedRuns::default();
        frames.for_each(|(frame, matches)| matched.record(frame, matches));
        matched
    }

    #[test]
    fn a_call_sees_its_nodes_and_those_of_no_call() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(b"");
        let field = dissectors::fields().next().expect("a field");
        (0..6).for_each(|number| {
            tree.put(field, Slice::default(), Value::Uint(number));
        });
        let id = |nth| ExchangeId { nth, ..ExchangeId::default() };
        let message = |nth, nodes| MessageNodes { exchange: id(nth), half: Half::Request, nodes };
        let messages = [message(0, 1..2), message(1, 2..4), message(0, 3..5)];
        let mut views = CallViews::new(&tree, &messages);
        let mut seen = |nth| {
            let own = views.nodes_of(Some(id(nth))).unwrap_or_default();
            let nodes = views.show(&own).nodes().iter();
            nodes.map(|node| if let Value::Uint(number) = node.value { number } else { 9 }).collect::<Vec<_>>()
        };
        // Node 3 is one of both.
        assert_eq!([seen(0), seen(1), seen(2)], [vec![0, 1, 4, 5], vec![0, 2, 5], vec![0, 5]]);
    }

    #[test]
    fn consecutive_matching_frames_form_one_run() {
        let matched = runs([(1, false), (2, true), (5, true), (6, false), (9, true)].into_iter());
        assert_eq!(matched.runs, [(2, 5), (9, 9)]);
        assert_eq!([1, 2, 5, 6, 9, 10].map(|frame| matched.contains(frame)), [false, true, true, false, true, false]);
        assert_eq!(runs([(3, false)].into_iter()).runs, []);
    }

    #[test]
    fn merges_oldest_runs_beyond_the_limit() {
        let runs = runs((0..10_000).map(|frame| (frame, frame % 2 == 0))).runs;
        assert_eq!(runs.len(), MAX_RUNS);
        assert_eq!(runs.front(), Some(&(0, 9_998 - 2 * (MAX_RUNS as u32 - 1))));
        assert_eq!(runs.back(), Some(&(9_998, 9_998)));
    }
}
