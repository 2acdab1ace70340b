//! Traces as plain data: calls, their causes, and the trees that these form. All forms print this.

use super::context::{ContextSource, TraceContext};
use crate::capture::Call;
use crate::journey::text::count;
use dissectors::packet::Address;
use dissectors::session::Stamp;
use std::collections::{BTreeSet, HashSet};

/// Maximum depth of a tree: nested objects and arrays of its JSON are within the limit of 128 that readers have.
pub(super) const MAX_DEPTH: usize = 60;

/// A call and what it states about its cause.
#[derive(Clone, Debug)]
pub struct TracedCall {
    /// The call. Its texts are truncated.
    pub call: Call,
    /// Its row in the output of `calls`, from 1.
    pub row: u64,
    /// First byte of the request.
    pub first: Stamp,
    /// Last byte of the response, or of the request without one.
    pub last: Stamp,
    /// Time at which it ended: that of its last byte, or without a response the last frame of its connection. None if it is unknown
    /// how long its client waited.
    pub ended: Option<i64>,
    /// Time until which its server may work on it.
    pub(super) active_until: i64,
    pub(super) contexts: Vec<TraceContext>,
}

impl TracedCall {
    /// Returns its nanoseconds, if its end is known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.ended.map(|ended| ended.max(self.first.time).abs_diff(self.first.time))
    }

    /// Returns start and end; without a known end, that of its last byte.
    pub(super) fn span(&self) -> (i64, i64) {
        (self.first.time, self.ended.unwrap_or(self.last.time).max(self.first.time))
    }

    /// Returns the time up to which calls are within it.
    pub(super) fn contains_until(&self) -> i64 {
        if self.call.exchange.lacks_response() { self.active_until } else { self.last.time }
    }
}

/// Why a call was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No call that was captured caused it.
    None,
    /// A call caused it.
    Known {
        /// Position of that call.
        caller: usize,
        /// What shows it.
        evidence: Evidence,
    },
    /// A call caused it that is too deep in its tree: the call begins a tree of its own.
    Deeper {
        /// Position of that call.
        caller: usize,
        /// What shows it.
        evidence: Evidence,
    },
    /// Several calls may have caused it, or one whose time does not contain it.
    Unknown {
        /// Positions of some of them.
        callers: Vec<usize>,
        /// Number of the others.
        others: usize,
        /// Whether calls beyond the limit may have, too.
        is_beyond_limit: bool,
    },
}

impl Cause {
    /// Returns the position of the call above it in its tree.
    #[must_use]
    pub fn caller(&self) -> Option<usize> {
        if let Cause::Known { caller, .. } = self { Some(*caller) } else { None }
    }

    /// Returns the position of the call that caused it, if it is known, also if that is in another tree.
    #[must_use]
    pub fn known_caller(&self) -> Option<usize> {
        match self {
            Cause::Known { caller, .. } | Cause::Deeper { caller, .. } => Some(*caller),
            Cause::None | Cause::Unknown { .. } => None,
        }
    }
}

/// What shows the cause of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Whether an identifier shows it without the times.
    pub is_certain: bool,
    /// Where the identifier is stated; none if only times and hosts show the cause.
    pub source: Option<ContextSource>,
}

impl Evidence {
    /// Returns the text that output shows.
    #[must_use]
    pub fn label(self) -> String {
        match (self.is_certain, self.source) {
            (true, Some(source)) => source.label().to_owned(),
            (_, Some(source)) => format!("inferred, {}", source.label()),
            (_, None) => "inferred".to_owned(),
        }
    }
}

/// Calls and the trees that their causes form.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Calls, in the order of their requests.
    pub calls: Vec<TracedCall>,
    /// Cause of each call.
    pub causes: Vec<Cause>,
    /// Positions of the calls that each call caused.
    pub children: Vec<Vec<usize>>,
    /// Nanoseconds of each call in which none of the calls that it caused was active.
    pub self_nanos: Vec<u64>,
    /// Whether calls beyond the limit may be caused by each call, so that its own time is at most that.
    pub lacks_calls: Vec<bool>,
    /// Whether each call is on the critical path of its tree.
    pub is_critical: Vec<bool>,
    /// Addresses of the machine on which the capture was taken, as far as they are known.
    pub(super) local: HashSet<Address>,
    /// Positions of the first calls of the trees that are shown.
    pub roots: Vec<usize>,
    /// Position of the selected call.
    pub selected: Option<usize>,
    /// What limits the trace.
    pub notes: Vec<String>,
}

impl Trace {
    /// Returns the calls of a tree with their depth, each before those that it caused.
    #[must_use]
    pub fn tree(&self, root: usize) -> Vec<(usize, usize)> {
        let (mut rows, mut pending) = (Vec::new(), vec![(root, 0)]);
        while let Some((at, depth)) = pending.pop() {
            rows.push((at, depth));
            let children = self.children.get(at).map(Vec::as_slice).unwrap_or_default();
            pending.extend(children.iter().rev().map(|&child| (child, depth + 1)));
        }
        rows
    }

    /// Returns the number of calls of unknown cause that one of these calls may have caused, and that are none of them.
    pub(super) fn unclear(&self, calls: &BTreeSet<usize>) -> u64 {
        let may_be_caused = |cause: &Cause| match cause {
            Cause::Unknown { callers, .. } => callers.iter().any(|caller| calls.contains(caller)),
            _ => false,
        };
        let unclear = self.causes.iter().enumerate().filter(|(at, cause)| !calls.contains(at) && may_be_caused(cause));
        unclear.count() as u64
    }

    /// Returns the notes, and one about the calls that one of the trees that are shown may have caused.
    #[must_use]
    pub fn all_notes(&self) -> Vec<String> {
        let shown: BTreeSet<usize> = self.roots.iter().flat_map(|&root| self.tree(root)).map(|(at, _)| at).collect();
        let unclear = Some(self.unclear(&shown)).filter(|&unclear| unclear > 0).map(|unclear| {
            let calls = count(unclear, "call");
            format!("Not shown: {calls} of unknown cause, which this tree may have caused. `overhear trace FILE` prints all trees.")
        });
        self.notes.iter().cloned().chain(unclear).collect()
    }

    /// Returns the text about the cause of a call; empty if no call caused it.
    #[must_use]
    pub fn cause_text(&self, at: usize) -> String {
        match self.causes.get(at) {
            Some(Cause::Known { evidence, .. }) => evidence.label(),
            Some(Cause::Deeper { caller, evidence }) => {
                let row = self.calls.get(*caller).map_or(0, |call| call.row);
                format!("{} by {row}: deeper than {} levels", evidence.label(), MAX_DEPTH + 1)
            }
            Some(Cause::Unknown { callers, others, is_beyond_limit }) => {
                let mut rows: Vec<u64> =
                    callers.iter().filter_map(|&caller| Some(self.calls.get(caller)?.row)).collect();
                rows.sort_unstable();
                let mut rows: Vec<String> = rows.iter().map(u64::to_string).collect();
                rows.extend((*others > 0).then(|| format!("one of {others} more")));
                rows.extend(is_beyond_limit.then(|| "a call beyond the limit".to_owned()));
                format!("cause unknown: {}", rows.join(" or "))
            }
            Some(Cause::None) | None => String::new(),
        }
    }

    /// Returns the call that all calls of a tree descend from, also if the tree is a part of a deeper one.
    #[must_use]
    pub fn origin(&self, at: usize) -> usize {
        let caller = |&at: &usize| self.causes.get(at)?.known_caller();
        std::iter::successors(Some(at), caller).last().unwrap_or(at)
    }

    /// Whether a call was captured on the machine of its client, and not on that of its server.
    #[must_use]
    pub fn is_seen_at_client(&self, at: usize) -> bool {
        self.calls.get(at).is_some_and(|traced| {
            let [client, server] =
                [traced.call.client, traced.call.server].map(|end| self.local.contains(&end.address));
            client && !server
        })
    }

    /// Returns the nanoseconds of a call in which none of the calls that it caused was active; none if its end is not known.
    #[must_use]
    pub fn own_time(&self, at: usize) -> Option<u64> {
        self.calls.get(at)?.total()?;
        self.self_nanos.get(at).copied()
    }
}
