//! Times of a tree: the time of each call itself, and the critical path.

use super::model::{Trace, TracedCall};

/// Sets the time of each call itself, and marks the critical path of each tree of several calls.
pub(super) fn add_times(trace: &mut Trace) {
    trace.self_nanos = (0..trace.calls.len()).map(|at| self_nanos(trace, at)).collect();
    trace.is_critical = vec![false; trace.calls.len()];
    let is_first = |at: &usize| trace.causes.get(*at).is_some_and(|cause| cause.caller().is_none());
    let firsts: Vec<usize> =
        (0..trace.calls.len()).filter(is_first).filter(|&at| !children(trace, at).is_empty()).collect();
    for root in firsts {
        for at in critical_path(trace, root) {
            if let Some(mark) = trace.is_critical.get_mut(at) {
                *mark = true;
            }
        }
    }
}

/// Returns start and end of a call.
fn span(trace: &Trace, at: usize) -> (i64, i64) {
    trace.calls.get(at).map_or((0, 0), TracedCall::span)
}

fn children(trace: &Trace, at: usize) -> &[usize] {
    trace.children.get(at).map(Vec::as_slice).unwrap_or_default()
}

/// Returns the nanoseconds of a call in which none of the calls that it caused was active.
fn self_nanos(trace: &Trace, at: usize) -> u64 {
    let (start, end) = span(trace, at);
    // Children are in the order of their starts.
    let (mut covered, mut until) = (0_u64, start);
    for (from, to) in children(trace, at).iter().map(|&child| span(trace, child)) {
        let (from, to) = (from.max(until), to.min(end));
        if from < to {
            covered = covered.saturating_add(to.abs_diff(from));
            until = to;
        }
    }
    end.abs_diff(start).saturating_sub(covered)
}

/// Returns the calls that determine when a tree ends: from its end backwards, the call that ended last before it, then the one
/// that ended last before that began.
fn critical_path(trace: &Trace, root: usize) -> Vec<usize> {
    let (mut path, mut pending) = (Vec::new(), vec![root]);
    while let Some(at) = pending.pop() {
        path.push(at);
        let (start, end) = span(trace, at);
        let mut ended: Vec<(i64, i64, usize)> = Vec::new();
        for &child in children(trace, at) {
            let (from, to) = span(trace, child);
            // A call after the response does not delay it.
            if from < end {
                ended.push((to.min(end), from, child));
            }
        }
        ended.sort_unstable_by(|a, b| b.cmp(a));
        let mut until = end;
        for (to, from, child) in ended {
            if to <= until && until > start {
                pending.push(child);
                until = from;
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Call, Endpoint};
    use crate::trace::model::{Cause, Evidence};
    use dissectors::exchange::Exchange;
    use dissectors::session::Stamp;

    /// Returns a tree: start, end and caller of each call.
    fn tree(calls: &[(i64, i64, Option<usize>)]) -> Trace {
        let traced = |&(from, to, _): &(i64, i64, Option<usize>)| TracedCall {
            call: Call {
                exchange: Box::new(Exchange::default()),
                client: Endpoint::default(),
                server: Endpoint::default(),
                connect: None,
                start: 0,
                names: None,
            },
            row: 1,
            first: Stamp { frame: 1, time: from },
            last: Stamp { frame: 1, time: to },
            ended: Some(to),
            active_until: to,
            contexts: Vec::new(),
        };
        let evidence = Evidence { is_certain: true, source: None };
        let cause = |caller| Cause::Known { caller, evidence };
        let mut children = vec![Vec::new(); calls.len()];
        for (at, caller) in calls.iter().enumerate().filter_map(|(at, call)| Some((at, call.2?))) {
            children[caller].push(at);
        }
        let mut trace = Trace {
            calls: calls.iter().map(traced).collect(),
            causes: calls.iter().map(|call| call.2.map_or(Cause::None, cause)).collect(),
            children,
            roots: vec![0],
            ..Trace::default()
        };
        add_times(&mut trace);
        trace
    }

    #[test]
    fn the_time_of_a_call_itself_is_that_without_the_calls_it_caused() {
        // Two at the same time, one after them, and one that ends after the response.
        let trace =
            tree(&[(0, 100, None), (10, 40, Some(0)), (20, 50, Some(0)), (60, 70, Some(0)), (90, 130, Some(0))]);
        assert_eq!(trace.self_nanos, [40, 30, 30, 10, 40]);
    }

    #[test]
    fn the_critical_path_leads_from_the_end_to_the_start() {
        let calls = [
            (0, 100, None),
            (10, 40, Some(0)),
            (20, 50, Some(0)),
            (25, 45, Some(2)),
            (60, 80, Some(0)),
            (61, 70, Some(0)),
            // After the response.
            (110, 120, Some(0)),
        ];
        assert_eq!(tree(&calls).is_critical, [true, false, true, true, true, false, false]);
    }
}
