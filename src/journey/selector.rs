//! Selection of the call whose journey is shown, and of the calls near it that concern it.

use super::facts;
use super::text::host_of;
use crate::analysis::{RepeatedStatement, RepeatedStatements};
use crate::capture::Call;
use dissectors::call_facts::StatusMeaning;
use dissectors::exchange::{Outcome, Transfer};
use dissectors::session::{ConversationId, ExchangeId};
use std::collections::VecDeque;
use std::sync::Arc;

/// Maximum number of earlier and of later calls that are searched for retries and redirects.
const NEARBY_CALLS: usize = 256;

/// Maximum number of calls of a list that are searched for lookups.
const SEARCHED_CALLS: usize = 10_000;

/// Maximum number of conversations with lookups.
const MAX_LOOKUPS: usize = 16;

/// How the call is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallChoice {
    /// The call that took longest.
    Slowest,
    /// Row of `calls`, from 1.
    Row(u64),
    /// The first call that a filter matches.
    FirstMatch,
}

/// A call near the selected one, of the same client.
#[derive(Debug)]
pub(crate) struct NearbyCall {
    pub(crate) row: u64,
    pub(crate) id: ExchangeId,
    pub(crate) protocol: &'static str,
    pub(crate) method: String,
    pub(crate) authority: String,
    pub(crate) target: String,
    pub(crate) status: String,
    pub(crate) outcome: Outcome,
    pub(crate) meaning: Option<StatusMeaning>,
    pub(crate) request: Option<Transfer>,
    pub(crate) response: Option<Transfer>,
}

/// The selected call.
#[derive(Clone, Debug)]
pub struct SelectedCall {
    /// The call.
    pub call: Call,
    /// Its row, from 1; 0 if unknown.
    pub row: u64,
    /// Calls of the same client near it.
    pub(crate) nearby: Vec<Arc<NearbyCall>>,
    /// Conversations before it with lookups of its host, or with lookups whose name is not known.
    pub(crate) lookups: Vec<ConversationId>,
    /// Statements that the server executed again and again during the call.
    pub(crate) repeated: Vec<RepeatedStatement>,
}

impl SelectedCall {
    /// Returns a call of a list in the order of `calls`.
    #[must_use]
    pub fn in_list<'c>(at: usize, get: impl Fn(usize) -> Option<&'c Call>) -> Option<SelectedCall> {
        let call = get(at)?;
        let is_near =
            |&other: &usize| other != at && get(other).is_some_and(|other| other.client.address == call.client.address);
        let positions = at.saturating_sub(NEARBY_CALLS)..=at.saturating_add(NEARBY_CALLS);
        let nearby =
            positions.filter(is_near).filter_map(|at| Some(Arc::new(NearbyCall::new(at as u64 + 1, get(at)?))));
        let host = host_of(&call.exchange.authority);
        let searched = (at.saturating_sub(SEARCHED_CALLS)..at).rev().filter_map(&get);
        let looks_up = |other: &&Call| LookupCall::new(other).is_some_and(|lookup| lookup.may_resolve(&host));
        let lookups = searched.filter(looks_up).map(|other| other.exchange.id.conversation).take(MAX_LOOKUPS);
        let lookups = lookups.collect();
        let mut statements = RepeatedStatements::default();
        let near = at.saturating_sub(SEARCHED_CALLS)..=at.saturating_add(NEARBY_CALLS);
        near.filter_map(&get).for_each(|call| statements.add(call));
        let repeated = statements.within_call(call.exchange.id);
        Some(SelectedCall { call: call.clone(), row: at as u64 + 1, nearby: nearby.collect(), lookups, repeated })
    }
}

/// A call that may be a lookup.
struct LookupCall {
    conversation: ConversationId,
    /// The name; none if only its messages have it.
    name: Option<Box<str>>,
}

impl LookupCall {
    fn new(call: &Call) -> Option<LookupCall> {
        let exchange = &call.exchange;
        facts::may_look_up(exchange).then(|| LookupCall {
            conversation: exchange.id.conversation,
            name: facts::is_lookup(exchange.protocol).then(|| exchange.target.as_str().into()),
        })
    }

    fn may_resolve(&self, host: &str) -> bool {
        !host.is_empty() && self.name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Selects a call while a capture is read.
pub struct CallSelector {
    choice: CallChoice,
    rows: u64,
    selected: Option<SelectedCall>,
    /// The last calls with their rows.
    recent: VecDeque<(u64, Call)>,
    /// Lookups in connections. Those in datagrams are read anyway.
    recent_lookups: VecDeque<LookupCall>,
    statements: RepeatedStatements,
    /// Number of calls seen after the selected one.
    after: usize,
}

impl CallSelector {
    /// Creates a selector.
    #[must_use]
    pub fn new(choice: CallChoice) -> CallSelector {
        CallSelector {
            choice,
            rows: 0,
            selected: None,
            recent: VecDeque::new(),
            recent_lookups: VecDeque::new(),
            statements: RepeatedStatements::default(),
            after: 0,
        }
    }

    /// Number of calls so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds the next row of `calls`.
    pub fn add(&mut self, call: Call, matches: bool) {
        self.rows += 1;
        self.statements.add(&call);
        let lookup = LookupCall::new(&call).filter(|lookup| lookup.conversation.tcp().is_some());
        let is_better = match self.choice {
            CallChoice::Row(row) => row == self.rows,
            CallChoice::FirstMatch => matches && self.selected.is_none(),
            CallChoice::Slowest => self.selected.as_ref().is_none_or(|selected| {
                call.exchange.total().unwrap_or(-1) > selected.call.exchange.total().unwrap_or(-1)
            }),
        };
        if is_better {
            let before = self.recent.iter().filter(|(_, other)| other.client.address == call.client.address);
            let nearby = before.map(|(row, other)| Arc::new(NearbyCall::new(*row, other))).collect();
            let host = host_of(&call.exchange.authority);
            let lookups = self.recent_lookups.iter().rev().filter(|lookup| lookup.may_resolve(&host));
            let lookups = lookups.map(|lookup| lookup.conversation).take(MAX_LOOKUPS).collect();
            let call = call.clone();
            self.selected = Some(SelectedCall { call, row: self.rows, nearby, lookups, repeated: Vec::new() });
            self.after = 0;
        } else if let Some(selected) = &mut self.selected
            && self.after < NEARBY_CALLS
        {
            self.after += 1;
            if selected.call.client.address == call.client.address {
                selected.nearby.push(Arc::new(NearbyCall::new(self.rows, &call)));
            }
        }
        if self.recent.len() == NEARBY_CALLS {
            self.recent.pop_front();
        }
        self.recent.push_back((self.rows, call));
        if let Some(lookup) = lookup {
            if self.recent_lookups.len() == NEARBY_CALLS {
                self.recent_lookups.pop_front();
            }
            self.recent_lookups.push_back(lookup);
        }
    }

    /// Returns the selected call, if the capture has it.
    #[must_use]
    pub fn into_selected(self) -> Option<SelectedCall> {
        let selected = self.selected?;
        let repeated = self.statements.within_call(selected.call.exchange.id);
        Some(SelectedCall { repeated, ..selected })
    }
}

impl NearbyCall {
    fn new(row: u64, call: &Call) -> NearbyCall {
        let exchange = &call.exchange;
        NearbyCall {
            row,
            id: exchange.id,
            protocol: exchange.protocol,
            method: exchange.method.as_str().into(),
            authority: exchange.authority.as_str().into(),
            target: exchange.target.as_str().into(),
            status: exchange.status.as_str().into(),
            outcome: exchange.outcome,
            meaning: facts::meaning(exchange),
            request: exchange.request,
            response: exchange.response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Endpoint;
    use dissectors::exchange::Exchange;
    use dissectors::session::Stamp;

    fn call(millis: i64) -> Call {
        let transfer = |time| Transfer {
            first: Stamp { frame: 1, time },
            last: Stamp { frame: 1, time },
            completed_in: 1,
            body: 0,
            complete: true,
        };
        let exchange = Exchange {
            request: Some(transfer(0)),
            response: Some(transfer(millis * 1_000_000)),
            ..Exchange::default()
        };
        let (client, server) = (Endpoint::default(), Endpoint::default());
        Call { exchange: Box::new(exchange), client, server, connect: None, start: 0, names: None }
    }

    fn select(choice: CallChoice, matches: &[u64]) -> Option<(u64, usize)> {
        let mut selector = CallSelector::new(choice);
        for (nth, millis) in [5, 9, 9, 1].into_iter().enumerate() {
            selector.add(call(millis), matches.contains(&(nth as u64 + 1)));
        }
        selector.into_selected().map(|selected| (selected.row, selected.nearby.len()))
    }

    #[test]
    fn the_slowest_call_is_the_first_of_the_longest() {
        assert_eq!(select(CallChoice::Slowest, &[]), Some((2, 3)));
    }

    #[test]
    fn a_row_or_the_first_match_is_selected() {
        assert_eq!(select(CallChoice::Row(4), &[]), Some((4, 3)));
        assert_eq!(select(CallChoice::Row(5), &[]), None);
        assert_eq!(select(CallChoice::FirstMatch, &[3, 4]), Some((3, 3)));
        assert_eq!(select(CallChoice::FirstMatch, &[]), None);
    }
}
