//! Phases of a call: a partition of its time.

use super::collected::{Collected, Lookup};
use super::facts;
use super::model::{Phase, PhaseKind};

/// Maximum nanoseconds between the response to a lookup and the SYN for which the call waited for the lookup. After a longer
/// time, the client used an address that it had stored.
const LOOKUP_AGE: u64 = 1_000_000_000;

/// A part of a call that lasts: what happened from one time to another.
type Span = (PhaseKind, i64, i64);

/// Returns the phases of a call.
pub(super) fn phases(collected: &Collected) -> Vec<Phase> {
    let exchange = collected.exchange();
    let mut spans: Vec<Span> = Vec::new();
    // A handshake in datagrams may end after the call.
    let end = [exchange.request, exchange.response].into_iter().flatten().map(|half| half.last.time).max();
    if collected.is_first() {
        if let Some((from, to)) = lookup_span(collected) {
            spans.push((PhaseKind::Lookup, from, to));
        }
        if let Some((from, to)) = connect_span(collected) {
            spans.push((PhaseKind::Connect, from, to));
        }
        let secure = &collected.secure;
        if !secure.protocol.is_empty() && !facts::has_handshake(exchange.protocol) {
            let to = secure.last.time.min(end.unwrap_or(secure.last.time)).max(secure.first.time);
            spans.push((PhaseKind::Secure, secure.first.time, to));
        }
    }
    if collected.is_datagram_connection() {
        spans.extend(unread_spans(collected));
        return partition(&spans);
    }
    let transfer = |half: dissectors::exchange::Transfer| (half.first.time, half.last.time.max(half.first.time));
    let (request, response) = (exchange.request.map(transfer), exchange.response.map(transfer));
    if let Some((from, to)) = request {
        spans.push((PhaseKind::Request, from, to));
        let wait_end = match response {
            Some((begin, _)) => Some(begin),
            None if exchange.is_one_way => None,
            // When the server responded is not known.
            None if collected.may_have_response() => None,
            // The client waits until the call or the connection ends.
            None => Some(collected.end_of_wait().time),
        };
        spans.extend(wait_end.filter(|&end| end > to).map(|end| (PhaseKind::Wait, to, end)));
    }
    spans.extend(response.map(|(from, to)| (PhaseKind::Response, from, to)));
    partition(&spans)
}

/// Returns the handshake of a connection in datagrams whose content is not read, and what follows it.
fn unread_spans(collected: &Collected) -> Vec<Span> {
    let exchange = collected.exchange();
    let halves = [exchange.request, exchange.response].into_iter().flatten();
    let Some(first) = halves.clone().map(|half| half.first.time).min() else { return Vec::new() };
    let last = halves.map(|half| half.last.time).max().unwrap_or(first);
    let end = exchange.response.filter(|response| response.complete).map_or(last, |response| response.first.time);
    let mut spans = vec![(PhaseKind::Secure, first, end)];
    if last > end {
        spans.push((PhaseKind::Unknown, end, last));
    }
    spans
}

/// Divides the time from the first start to the last end: at each moment, the last of these spans that lasts decides.
fn partition(spans: &[Span]) -> Vec<Phase> {
    let mut times: Vec<i64> = spans.iter().flat_map(|&(_, from, to)| [from, to]).collect();
    times.sort_unstable();
    times.dedup();
    let kind_at = |from: i64, to: i64| {
        let lasts =
            |kind: PhaseKind| spans.iter().any(|&(other, start, end)| other == kind && start <= from && to <= end);
        if lasts(PhaseKind::Request) && lasts(PhaseKind::Response) {
            return PhaseKind::Both;
        }
        let last = spans.iter().rev().find(|&&(kind, ..)| lasts(kind));
        last.map_or(PhaseKind::Pause, |&(kind, ..)| kind)
    };
    let mut phases: Vec<Phase> = Vec::new();
    for (&from, &to) in times.iter().zip(times.iter().skip(1)) {
        let kind = kind_at(from, to);
        match phases.last_mut() {
            Some(last) if last.kind == kind => last.to = to,
            _ => phases.push(Phase { kind, from, to }),
        }
    }
    // A call of one frame lasts no time.
    match (phases.is_empty(), spans.last()) {
        (true, Some(&(kind, from, to))) => vec![Phase { kind, from, to }],
        _ => phases,
    }
}

/// Returns the lookup that gave the address of the connection: the last one before it.
pub(super) fn used_lookup(collected: &Collected) -> Option<&Lookup> {
    let connects = connection_start(collected)?;
    let ends = |lookup: &&Lookup| lookup.exchange.response.is_some_and(|response| response.last.time <= connects);
    collected.lookups.iter().rev().filter(ends).find(|lookup| lookup.is_of_server)
}

/// Returns the start of the connection, or of the call if that was not captured.
pub(super) fn connection_start(collected: &Collected) -> Option<i64> {
    let exchange = collected.exchange();
    let call = exchange.request.or(exchange.response).map(|half| half.first.time);
    let datagram = collected.transport.datagrams.first().map(|datagram| datagram.at.time);
    let datagram = datagram.zip(call).map(|(first, call)| first.min(call));
    collected.syns().next().map(|syn| syn.time).or(datagram).or(call)
}

/// Returns start and end of the lookup that the call waited for.
pub(super) fn lookup_span(collected: &Collected) -> Option<(i64, i64)> {
    let exchange = &used_lookup(collected)?.exchange;
    let (from, to) = (exchange.request?.first.time, exchange.response?.last.time);
    let age = connection_start(collected)?.abs_diff(to);
    (from <= to && age <= LOOKUP_AGE).then_some((from, to))
}

/// Returns start and end of the TCP handshake.
pub(super) fn connect_span(collected: &Collected) -> Option<(i64, i64)> {
    let (first, end) = (collected.syns().next()?, collected.handshake_end()?);
    Some((first.time, end.time.max(first.time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(spans: &[Span]) -> Vec<(PhaseKind, i64, i64)> {
        partition(spans).into_iter().map(|phase| (phase.kind, phase.from, phase.to)).collect()
    }

    #[test]
    fn gaps_between_spans_are_pauses() {
        let spans = [(PhaseKind::Connect, 10, 20), (PhaseKind::Request, 25, 26), (PhaseKind::Response, 30, 50)];
        let expected = [
            (PhaseKind::Connect, 10, 20),
            (PhaseKind::Pause, 20, 25),
            (PhaseKind::Request, 25, 26),
            (PhaseKind::Pause, 26, 30),
            (PhaseKind::Response, 30, 50),
        ];
        assert_eq!(parts(&spans), expected);
    }

    #[test]
    fn a_response_before_the_end_of_its_request_is_a_phase_of_both() {
        let spans = [(PhaseKind::Request, 0, 40), (PhaseKind::Response, 30, 50)];
        let expected = [(PhaseKind::Request, 0, 30), (PhaseKind::Both, 30, 40), (PhaseKind::Response, 40, 50)];
        assert_eq!(parts(&spans), expected);
    }

    #[test]
    fn a_call_of_one_frame_has_a_phase_without_time() {
        assert_eq!(parts(&[(PhaseKind::Request, 7, 7)]), [(PhaseKind::Request, 7, 7)]);
        assert_eq!(parts(&[]), []);
    }
}
