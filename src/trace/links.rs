//! Causes of calls: certain by an identifier, inferred where hosts and times leave one possibility, else unknown.

use super::context::{ContextSource, Identity, TraceContext};
use super::host::Host;
use super::model::{Cause, Evidence, MAX_DEPTH, TracedCall};
use crate::capture::Endpoint;
use dissectors::packet::Address;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Maximum number of active calls of a host among which a cause is searched.
const MAX_ACTIVE: usize = 16;

/// Maximum number of calls with one identifier at a host among which a cause is searched.
const MAX_SAME: usize = 256;

/// Maximum number of calls that are named where the cause is unknown.
const MAX_NAMED: usize = 8;

/// Returns the causes of calls, which are in the order of their requests. `local` are addresses of the machine on which the
/// capture was taken.
pub(super) fn causes(calls: &[TracedCall], local: &HashSet<Address>) -> Vec<Cause> {
    let first = Linker::new(calls, local).run(&HashMap::new());
    // A service that calls a server itself makes it ambiguous which service of a chain has called that server.
    let mut callers: HashMap<Endpoint, HashSet<Endpoint>> = HashMap::new();
    for (call, (cause, is_chained)) in calls.iter().zip(&first) {
        if let Some(caller) = cause.known_caller().and_then(|caller| calls.get(caller)).filter(|_| !is_chained) {
            callers.entry(call.call.server).or_default().insert(caller.call.server);
        }
    }
    Linker::new(calls, local).run(&callers).into_iter().map(|(cause, _)| cause).collect()
}

/// A cause, and whether it was selected as the innermost of several calls that caused each other.
type LinkedCause = (Cause, bool);

struct Linker<'c> {
    calls: &'c [TracedCall],
    local: &'c HashSet<Address>,
    causes: Vec<LinkedCause>,
    depths: Vec<usize>,
    /// Calls by the host of their server and by what they state, in order.
    same: HashMap<(Host, &'c Identity), Vec<usize>>,
    /// Calls by what they state, in order.
    everywhere: HashMap<&'c Identity, Vec<usize>>,
    /// Calls that the server of a host works on, by the time at which each ends.
    active: HashMap<Host, BTreeSet<(i64, usize)>>,
}

impl<'c> Linker<'c> {
    fn new(calls: &'c [TracedCall], local: &'c HashSet<Address>) -> Linker<'c> {
        Linker {
            calls,
            local,
            causes: Vec::new(),
            depths: Vec::new(),
            same: HashMap::new(),
            everywhere: HashMap::new(),
            active: HashMap::new(),
        }
    }

    fn host(&self, end: Endpoint) -> Host {
        Host::of(end, self.local)
    }

    fn run(mut self, callers: &HashMap<Endpoint, HashSet<Endpoint>>) -> Vec<LinkedCause> {
        for (at, call) in self.calls.iter().enumerate() {
            let stated = call.contexts.iter().find_map(|context| self.stated_cause(at, call, context));
            let linked = stated.unwrap_or_else(|| self.inferred_cause(call, callers));
            let depth = linked.0.caller().and_then(|caller| self.depths.get(caller)).map_or(0, |depth| depth + 1);
            let linked = match linked {
                (Cause::Known { caller, evidence }, is_chained) if depth > MAX_DEPTH => {
                    (Cause::Deeper { caller, evidence }, is_chained)
                }
                linked => linked,
            };
            self.depths.push(if depth > MAX_DEPTH { 0 } else { depth });
            self.causes.push(linked);
            if call.call.exchange.is_one_way {
                continue;
            }
            let host = self.host(call.call.server);
            for context in &call.contexts {
                let (same, all) =
                    (self.same.entry((host, &context.identity)).or_default(), self.everywhere.entry(&context.identity));
                if same.last() != Some(&at) {
                    same.push(at);
                    all.or_default().push(at);
                }
            }
            self.active.entry(host).or_default().insert((call.active_until, at));
        }
        self.causes
    }

    /// Returns the cause that an identifier states. `None` if no call before it has the identifier.
    fn stated_cause(&self, at: usize, call: &TracedCall, context: &TraceContext) -> Option<LinkedCause> {
        let known = |caller, is_certain| {
            let evidence = Evidence { is_certain, source: Some(context.source) };
            Some((Cause::Known { caller, evidence }, false))
        };
        let same = self.same.get(&(self.host(call.call.client), &context.identity)).map(Vec::as_slice);
        let Some(same) = same.filter(|same| !same.is_empty()) else {
            // The caller has another address, or calls between were not captured.
            let caller = self.innermost(self.everywhere.get(&context.identity)?, at, call)?;
            return known(caller, false);
        };
        if same.len() > MAX_SAME {
            return Some((unknown(same.iter().copied()), false));
        }
        let callers: Vec<usize> = same.iter().copied().filter(|&caller| self.is_elsewhere(caller, call)).collect();
        let has_span = |caller: usize, span: u64| {
            let contexts = self.calls.get(caller).map(|call| call.contexts.as_slice()).unwrap_or_default();
            contexts.iter().any(|other| other.identity == context.identity && other.span == Some(span))
        };
        // Zipkin: a request has the span of its caller.
        let parents: Vec<usize> = match context.parent {
            Some(parent) => callers.iter().copied().filter(|&caller| has_span(caller, parent)).collect(),
            None => Vec::new(),
        };
        if let [caller] = parents[..] {
            return known(caller, true);
        }
        let is_active = |caller: &usize| self.calls.get(*caller).is_some_and(|other| is_active(other, call));
        let mut active: Vec<usize> = callers.iter().copied().filter(is_active).collect();
        if let Some(own) = context.span {
            // A proxy that passes the span of its caller on makes none of its own.
            let all = active.clone();
            let is_passed_on = |&caller: &usize| {
                let is_caller = |other: &&usize| self.caller(**other) == Some(caller);
                all.iter().filter(is_caller).any(|&other| self.shares_span(caller, other, &context.identity))
            };
            active.retain(|caller| has_span(*caller, own) || !is_passed_on(caller));
        }
        match (active.as_slice(), callers.as_slice()) {
            ([], []) => None,
            // It was caused by a call that has its response already.
            ([], [caller]) | ([caller], _) => known(*caller, true),
            ([], _) => Some((unknown(callers.iter().copied()), false)),
            _ => match self.innermost(&active, at, call) {
                Some(caller) => known(caller, false),
                None => Some((unknown(active.iter().copied()), false)),
            },
        }
    }

    fn shares_span(&self, one: usize, other: usize, identity: &Identity) -> bool {
        let spans = |at: usize| {
            let contexts = self.calls.get(at).map(|call| call.contexts.as_slice()).unwrap_or_default();
            contexts.iter().filter(|context| context.identity == *identity).filter_map(|context| context.span)
        };
        spans(one).any(|span| spans(other).any(|same| same == span))
    }

    /// Returns the cause that hosts and times show.
    fn inferred_cause(&mut self, call: &TracedCall, callers: &HashMap<Endpoint, HashSet<Endpoint>>) -> LinkedCause {
        let host = self.host(call.call.client);
        let Some(active) = self.active.get_mut(&host) else { return (Cause::None, false) };
        while active.first().is_some_and(|&(end, _)| end < call.first.time) {
            active.pop_first();
        }
        if active.len() > MAX_ACTIVE {
            return (unknown(active.iter().map(|&(_, at)| at)), false);
        }
        let mut active: Vec<usize> = active.iter().map(|&(_, at)| at).collect();
        active.sort_unstable();
        active.retain(|&caller| self.is_elsewhere(caller, call));
        let Some((&inner, outer)) = active.split_last() else { return (Cause::None, false) };
        let Some(caller) = self.calls.get(inner) else { return (Cause::None, false) };
        let is_contained = call.last.time <= caller.contains_until();
        let others = callers.get(&call.call.server);
        let calls_itself = |at: &usize| {
            let service = self.calls.get(*at).map(|other| other.call.server);
            service.is_some_and(|service| {
                service != caller.call.server && others.is_some_and(|others| others.contains(&service))
            })
        };
        let is_clear = self.is_chain(&active) && !outer.iter().any(calls_itself);
        if !is_contained || !is_clear || is_contradicted(call, caller) {
            // Of calls that caused each other, only the innermost is named.
            let is_outer = |at: &usize| is_clear && active.iter().any(|&other| self.caller(other) == Some(*at));
            let named: Vec<usize> = active.iter().copied().filter(|at| !is_outer(at)).collect();
            return (unknown(named.into_iter()), false);
        }
        let evidence = Evidence { is_certain: false, source: None };
        (Cause::Known { caller: inner, evidence }, !outer.is_empty())
    }

    /// Returns the last of the calls that contain a call, if each of them caused the next one.
    fn innermost(&self, callers: &[usize], at: usize, call: &TracedCall) -> Option<usize> {
        if callers.len() > MAX_SAME {
            return None;
        }
        let contains = |caller: &&usize| {
            let is_around = |other: &TracedCall| is_active(other, call) && call.last.time <= other.contains_until();
            **caller != at && self.is_elsewhere(**caller, call) && self.calls.get(**caller).is_some_and(is_around)
        };
        let around: Vec<usize> = callers.iter().filter(contains).copied().collect();
        around.last().copied().filter(|_| self.is_chain(&around))
    }

    /// Whether each of these calls caused the next one.
    fn is_chain(&self, calls: &[usize]) -> bool {
        calls.iter().zip(calls.iter().skip(1)).all(|(caller, next)| self.caller(*next) == Some(*caller))
    }

    fn caller(&self, at: usize) -> Option<usize> {
        self.causes.get(at)?.0.known_caller()
    }

    /// Whether a call is on another conversation: on the same one, it has the same client.
    fn is_elsewhere(&self, caller: usize, call: &TracedCall) -> bool {
        let conversation = |call: &TracedCall| call.call.exchange.id.conversation;
        self.calls.get(caller).is_some_and(|other| conversation(other) != conversation(call))
    }
}

/// Whether a server works on a call when another one begins.
fn is_active(caller: &TracedCall, call: &TracedCall) -> bool {
    caller.first.time <= call.first.time && call.first.time <= caller.active_until
}

/// Whether both calls name traces, and none in common.
fn is_contradicted(call: &TracedCall, caller: &TracedCall) -> bool {
    let traces = |call: &TracedCall| -> Vec<Identity> {
        let named = call.contexts.iter().filter(|context| context.source != ContextSource::RequestId);
        named.map(|context| context.identity.clone()).collect()
    };
    let (own, other) = (traces(call), traces(caller));
    !own.is_empty() && !other.is_empty() && !own.iter().any(|trace| other.contains(trace))
}

fn unknown(callers: impl ExactSizeIterator<Item = usize>) -> Cause {
    let others = callers.len().saturating_sub(MAX_NAMED);
    Cause::Unknown { callers: callers.take(MAX_NAMED).collect(), others, is_beyond_limit: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Call;
    use dissectors::exchange::Exchange;
    use dissectors::session::{ConversationId, ExchangeId, Stamp};

    /// The machine of the capture, two clients, and a database.
    const OWN: [u8; 4] = [10, 0, 0, 2];
    const ONE: [u8; 4] = [10, 0, 0, 1];
    const TWO: [u8; 4] = [10, 0, 0, 7];
    const STORE: [u8; 4] = [10, 0, 1, 3];
    const LOOP: [u8; 4] = [127, 0, 0, 1];

    /// Calls in the order of their starts, each on a conversation of its own.
    #[derive(Default)]
    struct Capture(Vec<TracedCall>);

    impl Capture {
        fn call(self, client: [u8; 4], server: ([u8; 4], u16), from: i64, to: i64) -> Capture {
            self.stating(client, server, from, to, None)
        }

        fn stating(
            mut self,
            client: [u8; 4],
            (server, port): ([u8; 4], u16),
            from: i64,
            to: i64,
            context: Option<(u128, u64)>,
        ) -> Capture {
            let end = |address, port| Endpoint { address: Address::V4(address), port };
            let conversation = ConversationId::Tcp(self.0.len() as u32);
            let exchange = Exchange { id: ExchangeId { conversation, ..ExchangeId::default() }, ..Exchange::default() };
            let stamp = |time| Stamp { frame: 1, time };
            self.0.push(TracedCall {
                call: Call {
                    exchange: Box::new(exchange),
                    client: end(client, 50_000),
                    server: end(server, port),
                    connect: None,
                    start: 0,
                    names: None,
                },
                row: self.0.len() as u64 + 1,
                first: stamp(from),
                last: stamp(to),
                ended: Some(to),
                active_until: to,
                contexts: context
                    .map(|(trace, span)| TraceContext {
                        source: ContextSource::TraceParent,
                        identity: Identity::Trace(trace),
                        span: Some(span),
                        parent: None,
                    })
                    .into_iter()
                    .collect(),
            });
            self
        }

        /// Returns the cause of each call: `-`, `2` certain, `~2` inferred, `?` unknown.
        fn causes(&self) -> Vec<String> {
            let local = HashSet::from([Address::V4(OWN)]);
            let text = |cause| match cause {
                Cause::None => "-".to_owned(),
                Cause::Known { caller, evidence } => format!("{}{caller}", if evidence.is_certain { "" } else { "~" }),
                Cause::Deeper { caller, .. } => format!("+{caller}"),
                Cause::Unknown { .. } => "?".to_owned(),
            };
            causes(&self.0, &local).into_iter().map(text).collect()
        }
    }

    #[test]
    fn a_call_within_the_only_active_call_of_its_host_is_inferred() {
        let capture = Capture::default().call(ONE, (OWN, 80), 0, 100).call(OWN, (STORE, 5432), 10, 20);
        assert_eq!(capture.causes(), ["-", "~0"]);
        // After the response, and beyond it.
        assert_eq!(capture.call(OWN, (STORE, 5432), 101, 110).causes(), ["-", "~0", "-"]);
        let beyond = Capture::default().call(ONE, (OWN, 80), 0, 100).call(OWN, (STORE, 5432), 90, 110);
        assert_eq!(beyond.causes(), ["-", "?"]);
    }

    #[test]
    fn of_two_active_calls_none_is_a_cause() {
        let capture = Capture::default().call(ONE, (OWN, 80), 0, 100).call(TWO, (OWN, 80), 5, 90);
        assert_eq!(capture.call(OWN, (STORE, 5432), 10, 20).causes(), ["-", "-", "?"]);
    }

    #[test]
    fn of_calls_that_caused_each_other_the_innermost_is_the_cause() {
        let proxied = || Capture::default().call(ONE, (OWN, 443), 0, 100).call(LOOP, (LOOP, 8000), 5, 90);
        let capture = proxied().call(OWN, (STORE, 5432), 10, 20);
        assert_eq!(capture.causes(), ["-", "~0", "~1"]);
        // The outer service calls the database itself.
        assert_eq!(capture.call(OWN, (STORE, 5432), 95, 99).causes(), ["-", "~0", "?", "~0"]);
    }

    #[test]
    fn an_identifier_decides_among_active_calls() {
        let capture = Capture::default()
            .stating(ONE, (OWN, 443), 0, 100, Some((7, 1)))
            .stating(TWO, (OWN, 443), 1, 90, Some((8, 2)))
            // A proxy passes both on.
            .stating(LOOP, (LOOP, 8000), 2, 95, Some((7, 1)))
            .stating(LOOP, (LOOP, 8000), 3, 85, Some((8, 2)))
            .stating(OWN, (STORE, 5432), 10, 20, Some((8, 3)))
            .stating(OWN, (STORE, 5432), 11, 20, Some((7, 4)))
            .call(OWN, (STORE, 6379), 12, 20);
        assert_eq!(capture.causes(), ["-", "-", "0", "1", "3", "2", "?"]);
    }

    #[test]
    fn an_identifier_that_several_services_make_spans_for_is_inferred() {
        let capture = Capture::default()
            .stating(ONE, (OWN, 443), 0, 100, Some((7, 1)))
            .stating(LOOP, (LOOP, 8000), 2, 95, Some((7, 2)))
            .stating(OWN, (STORE, 5432), 10, 20, Some((7, 3)));
        assert_eq!(capture.causes(), ["-", "0", "~1"]);
    }

    #[test]
    fn an_identifier_names_a_cause_after_its_response() {
        let capture = Capture::default().stating(ONE, (OWN, 80), 0, 100, Some((7, 1)));
        assert_eq!(capture.stating(OWN, (STORE, 5432), 200, 300, Some((7, 2))).causes(), ["-", "0"]);
    }

    #[test]
    fn a_call_of_another_trace_is_not_inferred() {
        let capture = Capture::default().stating(ONE, (OWN, 80), 0, 100, Some((7, 1)));
        assert_eq!(capture.stating(OWN, (STORE, 5432), 10, 20, Some((8, 2))).causes(), ["-", "?"]);
    }

    #[test]
    fn a_caller_with_another_address_is_inferred() {
        let capture = Capture::default().stating(ONE, (TWO, 80), 0, 100, Some((7, 1)));
        assert_eq!(capture.stating(OWN, (STORE, 5432), 10, 20, Some((7, 2))).causes(), ["-", "~0"]);
    }

    #[test]
    fn among_many_active_calls_no_cause_is_searched() {
        let many = |capture: Capture, nth: i64| capture.call(ONE, (OWN, 80), nth, 1000 - nth);
        let capture = (0..=MAX_ACTIVE as i64).fold(Capture::default(), many).call(OWN, (STORE, 5432), 100, 200);
        assert_eq!(capture.causes().last().map(String::as_str), Some("?"));
        let causes = causes(&capture.0, &HashSet::from([Address::V4(OWN)]));
        let is_counted = |cause: &Cause| matches!(cause, Cause::Unknown { callers, others, .. } if callers.len() + others == MAX_ACTIVE + 1);
        assert!(causes.last().is_some_and(is_counted), "{causes:?}");
    }

    #[test]
    fn a_tree_has_a_limited_depth() {
        let hop = |capture: Capture, nth: u8| {
            let (from, to) = (i64::from(nth), 1000 - i64::from(nth));
            capture.call([10, 1, 0, nth], ([10, 1, 0, nth + 1], 80), from, to)
        };
        let causes = (0..100).fold(Capture::default(), hop).causes();
        let near = [causes[MAX_DEPTH].as_str(), causes[MAX_DEPTH + 1].as_str(), causes[MAX_DEPTH + 2].as_str()];
        assert_eq!(near, ["~59", "+60", "~61"]);
    }
}
