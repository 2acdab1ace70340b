//! Traces as plain data: calls, their causes, and the trees that these form. All forms print this.

use super::context::{ContextSource, TraceContext};
use crate::capture::Call;
use dissectors::session::Stamp;

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
    /// Time until which its server may work on it.
    pub(super) active_until: i64,
    pub(super) contexts: Vec<TraceContext>,
}

impl TracedCall {
    /// Returns its nanoseconds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.last.time.abs_diff(self.first.time)
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
    /// Several calls may have caused it, or one whose time does not contain it.
    Unknown {
        /// Positions of some of them.
        callers: Vec<usize>,
    },
}

impl Cause {
    /// Returns the position of the call that caused it, if it is known.
    #[must_use]
    pub fn caller(&self) -> Option<usize> {
        if let Cause::Known { caller, .. } = self { Some(*caller) } else { None }
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
    /// Whether each call is on the critical path of its tree.
    pub is_critical: Vec<bool>,
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

    /// Returns the text about the cause of a call; empty if no call caused it.
    #[must_use]
    pub fn cause_text(&self, at: usize) -> String {
        match self.causes.get(at) {
            Some(Cause::Known { evidence, .. }) => evidence.label(),
            Some(Cause::Unknown { callers }) => {
                let mut rows: Vec<u64> =
                    callers.iter().filter_map(|&caller| Some(self.calls.get(caller)?.row)).collect();
                rows.sort_unstable();
                let rows: Vec<String> = rows.iter().map(u64::to_string).collect();
                format!("cause unknown: {}", rows.join(" or "))
            }
            _ => String::new(),
        }
    }
}
