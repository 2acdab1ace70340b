//! Calls beyond the limit: when they were active, and between which hosts.

use super::host::Host;
use super::model::{Cause, Trace, TracedCall};
use crate::capture::{Call, Endpoint};
use dissectors::packet::Address;
use std::collections::HashMap;

/// Maximum number of addresses whose omitted calls are distinguished.
const MAX_ADDRESSES: usize = 1024;

/// First and last time at which calls were active.
type Span = (i64, i64);

/// Calls that are not kept, from before or from behind those that are.
#[derive(Default)]
pub(super) struct OmittedCalls {
    pub(super) count: u64,
    served: HashMap<Address, Span>,
    made: HashMap<Address, Span>,
}

impl OmittedCalls {
    /// Adds a call that was active in a span.
    pub(super) fn add(&mut self, call: &Call, span: Span) {
        self.count += 1;
        extend(&mut self.served, call.server.address, span);
        extend(&mut self.made, call.client.address, span);
    }

    /// Marks the calls that omitted calls may have caused, unless an identifier states their cause, and those that may have caused
    /// omitted calls.
    pub(super) fn mark(&self, trace: &mut Trace) {
        let local = &trace.local;
        let by_host = |spans: &HashMap<Address, Span>| {
            let mut hosts: HashMap<Host, Span> = HashMap::new();
            for (&address, &(from, to)) in spans {
                let whole = hosts.entry(Host::of(Endpoint { address, port: 0 }, local)).or_insert((from, to));
                *whole = (whole.0.min(from), whole.1.max(to));
            }
            hosts
        };
        let (served, made) = (by_host(&self.served), by_host(&self.made));
        let overlaps = |hosts: &HashMap<Host, Span>, end: Endpoint, (from, to): Span| {
            let spans = [Host::of(end, local), Host::Other(Address::None)];
            spans.iter().filter_map(|host| hosts.get(host)).any(|&(first, last)| first <= to && from <= last)
        };
        for (traced, cause) in trace.calls.iter().zip(&mut trace.causes) {
            let start = (traced.first.time, traced.first.time);
            if overlaps(&served, traced.call.client, start) {
                mark_cause(cause);
            }
        }
        trace.lacks_calls.resize(trace.calls.len(), false);
        for (traced, lacks) in trace.calls.iter().zip(&mut trace.lacks_calls) {
            *lacks |= overlaps(&made, traced.call.server, TracedCall::span(traced));
        }
    }
}

fn mark_cause(cause: &mut Cause) {
    let (callers, others) = match cause {
        Cause::None => (Vec::new(), 0),
        Cause::Known { caller, evidence } if evidence.source.is_none() => (vec![*caller], 0),
        Cause::Unknown { callers, others, .. } => (std::mem::take(callers), *others),
        Cause::Known { .. } | Cause::Deeper { .. } => return,
    };
    *cause = Cause::Unknown { callers, others, is_beyond_limit: true };
}

/// Extends the span of an address. Beyond the limit of addresses, it is that of calls of any host.
fn extend(spans: &mut HashMap<Address, Span>, address: Address, (from, to): Span) {
    let is_known = spans.len() < MAX_ADDRESSES || spans.contains_key(&address);
    let span = spans.entry(if is_known { address } else { Address::None }).or_insert((from, to));
    *span = (span.0.min(from), span.1.max(to));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Event, limits};
    use crate::trace::TraceCollector;
    use dissectors::exchange::{Exchange, Transfer};
    use dissectors::session::{ConversationId, ExchangeId, Stamp};

    const CLIENT: u8 = 1;
    const SERVICE: u8 = 2;
    const STORE: u8 = 3;

    fn add(collector: &mut TraceCollector, nth: u32, [client, server]: [u8; 2], (from, to): Span) {
        let end = |host| Endpoint { address: Address::V4([10, 0, 0, host]), port: 80 };
        let half = |time| {
            let stamp = Stamp { frame: nth + 1, time };
            Some(Transfer { first: stamp, last: stamp, completed_in: 1, body: 0, complete: true })
        };
        let id = ExchangeId { conversation: ConversationId::Tcp(nth), ..ExchangeId::default() };
        let exchange = Exchange { id, request: half(from), response: half(to), ..Exchange::default() };
        let (client, server) = (end(client), end(server));
        let call = Call { exchange: Box::new(exchange), client, server, connect: None, start: 0, names: None };
        collector.event(Event::Call(call));
    }

    #[test]
    fn what_calls_beyond_the_limit_may_have_caused_is_unknown() {
        let limit = limits::TRACE_CALLS as u32;
        let mut collector = TraceCollector::new(None);
        add(&mut collector, 0, [CLIENT, SERVICE], (0, 10));
        add(&mut collector, 1, [SERVICE, STORE], (1, 2));
        for nth in 2..limit {
            add(&mut collector, nth, [SERVICE, STORE], (i64::from(nth) * 10, i64::from(nth) * 10 + 5));
        }
        // Its row is behind those of the calls that it caused, because it ends later.
        add(&mut collector, limit, [CLIENT, SERVICE], (i64::from(limit) * 5, i64::from(limit) * 20));
        let trace = collector.finish();
        let cause = |at: usize| trace.cause_text(at);
        assert_eq!((cause(1).as_str(), cause(2).as_str()), ("inferred", ""));
        assert_eq!(cause(limit as usize - 1), "cause unknown: a call beyond the limit");
        assert_eq!(trace.notes.len(), 1);
        // A call of the service that was active when the calls beyond the limit were made would lack them.
        assert!(!trace.lacks_calls[0]);
    }

    #[test]
    fn the_own_time_of_a_call_whose_calls_are_beyond_the_limit_is_a_maximum() {
        let limit = limits::TRACE_CALLS as u32;
        let mut collector = TraceCollector::new(None);
        add(&mut collector, 0, [CLIENT, SERVICE], (0, i64::from(limit) * 20));
        for nth in 1..=limit {
            add(&mut collector, nth, [SERVICE, STORE], (i64::from(nth) * 10, i64::from(nth) * 10 + 5));
        }
        let trace = collector.finish();
        assert!(trace.lacks_calls[0] && !trace.lacks_calls[1]);
        assert_eq!(trace.cause_text(1), "inferred");
    }

    #[test]
    fn a_deep_tree_is_shown_in_parts_that_fit_and_are_read_as_json() {
        let mut collector = TraceCollector::new(Some(1));
        for nth in 0..100_u8 {
            let times = (i64::from(nth), 1_000 - i64::from(nth));
            add(&mut collector, nth.into(), [nth + 1, nth + 2], times);
        }
        let trace = collector.finish();
        assert_eq!(trace.roots, [0, 61]);
        assert_eq!(trace.cause_text(61), "inferred by 61: deeper than 61 levels");
        let json = crate::trace::render(&trace, crate::journey::JourneyForm::Json);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        let lines = crate::trace::text_lines(&trace, 40);
        assert!(lines.iter().all(|line| line.text.chars().count() <= 40), "{lines:#?}");
    }
}
