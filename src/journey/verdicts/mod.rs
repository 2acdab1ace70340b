//! Verdicts: what explains the time of a call, or its failure, with the frames that show it.

mod chain;
mod datagram;
mod message;
mod name;
mod pace;
mod teardown;
mod transport;

use super::collected::Collected;
use super::model::{Statement, Verdict, VerdictKind};

/// Nanoseconds from which a lookup or a server is called slow.
const SLOW: u64 = 100_000_000;

/// Returns the verdicts on a call, those that explain most time first.
pub(super) fn verdicts(collected: &Collected) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    let resent = transport::resent_times(collected);
    verdicts.extend(name::not_found(collected));
    verdicts.extend(name::slow_lookup(collected));
    verdicts.extend(transport::syn_again(collected));
    verdicts.extend(transport::retransmission(collected, &resent));
    verdicts.extend(transport::zero_window(collected));
    verdicts.extend(datagram::sent_again(collected));
    verdicts.extend(datagram::blocked(collected));
    verdicts.extend(pace::delayed_ack(collected));
    verdicts.extend(pace::slow_start(collected, &resent));
    verdicts.extend(message::flow_control(collected));
    verdicts.extend(message::server_time(collected, &resent));
    verdicts.extend(message::head_of_line(collected));
    verdicts.extend(message::status(collected));
    verdicts.extend(message::not_compressed(collected));
    verdicts.extend(teardown::ended_early(collected));
    verdicts.extend(teardown::certificate_time(collected));
    verdicts.extend(teardown::certificate_name(collected));
    verdicts.extend(teardown::alert(collected));
    verdicts.extend(chain::repeated_statements(collected));
    verdicts.extend(chain::retried(collected));
    verdicts.extend(chain::redirect(collected));
    verdicts.sort_by_key(|verdict| (std::cmp::Reverse(verdict.nanos), verdict.kind));
    verdicts
}

fn verdict(kind: VerdictKind, nanos: u64, text: String, frames: impl IntoIterator<Item = u32>) -> Verdict {
    Verdict { kind, nanos, statement: Statement::new(text, frames) }
}

/// A part of a call's time.
type Span = (i64, i64);

/// Returns the start of the request and the end of the call.
fn call_span(collected: &Collected) -> Option<Span> {
    let exchange = collected.exchange();
    let halves = [exchange.request, exchange.response];
    let from = halves.iter().flatten().map(|half| half.first.time).min()?;
    let to = halves.iter().flatten().map(|half| half.last.time).max()?;
    Some((from, if exchange.lacks_response() { to.max(collected.end_of_wait().time) } else { to }))
}

/// Returns the nanoseconds that spans cover of another span.
fn covered(spans: &[Span], of: Span) -> u64 {
    let mut spans: Vec<Span> = spans.iter().map(|&(from, to)| (from.max(of.0), to.min(of.1))).collect();
    spans.retain(|(from, to)| from < to);
    spans.sort_unstable();
    let (mut sum, mut end) = (0_u64, i64::MIN);
    for (from, to) in spans {
        let from = from.max(end);
        if to > from {
            sum = sum.saturating_add(to.abs_diff(from));
            end = to;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn overlapping_spans_are_counted_once() {
        assert_eq!(covered(&[(0, 10), (5, 20), (30, 40)], (2, 35)), 18 + 5);
        assert_eq!(covered(&[(0, 10), (2, 3)], (0, 100)), 10);
        assert_eq!(covered(&[(10, 0)], (0, 100)), 0);
    }
}
