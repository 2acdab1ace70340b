//! Verdicts on several calls: retries and redirects.

use super::verdict;
use crate::journey::collected::Collected;
use crate::journey::facts;
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::selector::NearbyCall;
use crate::journey::text::{between, duration, quote};
use dissectors::call_facts::{FactRole, StatusMeaning};
use dissectors::exchange::Outcome;
use dissectors::session::Half;

fn has_failed(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Aborted | Outcome::Unanswered)
}

/// The server executed the same statement of a database many times, one after the other.
pub(super) fn repeated_statements(collected: &Collected) -> Vec<Verdict> {
    let verdicts = collected.selected.repeated.iter().map(|repeated| {
        let rest = match repeated.count.saturating_sub(repeated.frames.len()) {
            0 => String::new(),
            rest => format!(" The frames of {rest} more are not listed."),
        };
        let text = format!(
            "N+1 statements: for this call, the server executed {} {} times, one after the other, in {}.{rest}",
            quote(&repeated.digest),
            repeated.count,
            duration(repeated.nanos)
        );
        verdict(VerdictKind::RepeatedStatements, repeated.nanos, text, repeated.frames.iter().copied())
    });
    verdicts.collect()
}

/// The call repeats one that failed, or is repeated because it failed.
pub(super) fn retried(collected: &Collected) -> Option<Verdict> {
    let exchange = collected.exchange();
    let request = exchange.request.filter(|_| !exchange.is_one_way)?;
    let is_same = |other: &&std::sync::Arc<NearbyCall>| {
        // On one connection, another call does not follow from a failure of the first.
        let is_elsewhere = other.id.conversation != exchange.id.conversation;
        let is_equal = other.method == exchange.method && other.authority == exchange.authority;
        is_elsewhere && is_equal && other.target == exchange.target
    };
    let start = |other: &NearbyCall| other.request.map(|request| request.first);
    let same: Vec<_> = collected.nearby().iter().filter(is_same).collect();
    let earlier = same
        .iter()
        .filter(|other| has_failed(other.outcome) && start(other).is_some_and(|start| start.time < request.first.time));
    if let Some((earlier, start)) =
        earlier.filter_map(|other| Some((other, start(other)?))).max_by_key(|(_, at)| at.time)
    {
        let text = format!(
            "This is a retry: call {}, the same request, failed {} before.",
            earlier.row,
            between(start.time, request.first.time)
        );
        return Some(verdict(VerdictKind::Retried, 0, text, [start.frame, request.first.frame]));
    }
    if !has_failed(exchange.outcome) {
        return None;
    }
    let later = same.iter().filter_map(|other| Some((other, start(other)?)));
    let (later, start) = later.filter(|(_, at)| at.time > request.first.time).min_by_key(|(_, at)| at.time)?;
    let text = format!("The client tried again {} later: call {}.", between(request.first.time, start.time), later.row);
    Some(verdict(VerdictKind::Retried, 0, text, [request.first.frame, start.frame]))
}

/// The call follows a redirect, or its response is one.
pub(super) fn redirect(collected: &Collected) -> Option<Verdict> {
    let exchange = collected.exchange();
    let request = exchange.request?;
    let location = |name: &'static str| collected.message(Half::Response)?.header(name).map(quote);
    if facts::meaning(exchange) == Some(StatusMeaning::Redirect) {
        let response = exchange.response?;
        let name = facts::header_name(exchange.protocol, FactRole::Location)?;
        let to = location(name).unwrap_or_else(|| "another place".to_owned());
        let text = format!("The response sends the client to {to}: a second call.");
        return Some(verdict(VerdictKind::Redirect, 0, text, [response.first.frame, response.last.frame]));
    }
    let before = |call: &NearbyCall| call.response.is_some_and(|end| end.last.time <= request.first.time);
    let leads_here = |call: &&std::sync::Arc<NearbyCall>| {
        let mut locations = collected.locations.iter().filter(|(row, _)| *row == call.row);
        // RFC 9110 15.4: a client repeats the method, or continues with GET.
        let is_method = exchange.method == call.method || exchange.method == "GET";
        before(call)
            && is_method
            && locations.any(|(_, location)| is_location(location, &exchange.authority, &exchange.target))
    };
    let earlier = collected.nearby().iter().rev().find(leads_here)?;
    // Another call in between has followed the redirect.
    let is_followed = |call: &std::sync::Arc<NearbyCall>| {
        call.row > earlier.row
            && call.target == exchange.target
            && call.request.is_some_and(|other| other.first.time < request.first.time)
    };
    if collected.nearby().iter().any(is_followed) {
        return None;
    }
    let (from, end) = (earlier.request?.first, earlier.response?.last);
    let text = format!(
        "The client was sent here by call {}, {} {}{} ({}), which took {}.",
        earlier.row,
        quote(&earlier.method),
        quote(&earlier.authority),
        quote(&earlier.target),
        quote(&earlier.status),
        between(from.time, end.time)
    );
    Some(verdict(VerdictKind::Redirect, 0, text, [from.frame, end.frame, request.first.frame]))
}

/// Whether a location names a target at an authority. A location without an authority is at that of its call.
fn is_location(location: &str, authority: &str, target: &str) -> bool {
    let location = location.split('#').next().unwrap_or_default();
    match location.split_once("://") {
        Some((_, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let path = if path.is_empty() { "/" } else { path };
            host.eq_ignore_ascii_case(authority) && path == target
        }
        None => location == target,
    }
}

#[cfg(test)]
mod tests {
    use super::is_location;

    #[test]
    fn a_location_is_compared_with_authority_and_target() {
        assert!(is_location("http://a.test/x?y#z", "A.test", "/x?y"));
        assert!(is_location("https://a.test", "a.test", "/"));
        assert!(is_location("/x", "a.test", "/x"));
        assert!(!is_location("http://b.test/x", "a.test", "/x"));
        assert!(!is_location("", "a.test", "/x"));
    }
}
