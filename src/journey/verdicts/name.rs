//! Verdicts on the lookup of the name.

use super::{SLOW, verdict};
use crate::journey::collected::{Collected, Lookup};
use crate::journey::facts;
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::phases::{lookup_span, used_lookup};
use crate::journey::text::{between, quote};
use dissectors::call_facts::StatusMeaning;
use dissectors::exchange::Exchange;

fn frames(exchange: &Exchange) -> Vec<u32> {
    let request = exchange.request.map(|request| [request.first.frame, request.last.frame]);
    request.into_iter().flatten().chain(exchange.response.map(|response| response.last.frame)).collect()
}

/// The name does not exist: that of a lookup, or the host of the call.
pub(super) fn not_found(collected: &Collected) -> Option<Verdict> {
    let is_missing = |exchange: &Exchange| facts::meaning(exchange) == Some(StatusMeaning::NoSuchName);
    let own = Some(collected.exchange()).filter(|exchange| is_missing(exchange));
    let own = own.map(|exchange| (exchange, exchange.target.as_str(), exchange.status.as_str()));
    let of_host = |lookup: &&Lookup| facts::is_missing_name(&lookup.status);
    let host = collected.lookups.iter().find(of_host).filter(|_| used_lookup(collected).is_none());
    let host = host.map(|lookup| (&*lookup.exchange, lookup.name.as_str(), lookup.status.as_str()));
    let (exchange, name, status) = own.or(host)?;
    let text = format!("The name {} does not exist: {}.", quote(name), quote(status));
    Some(verdict(VerdictKind::NameNotFound, 0, text, frames(exchange)))
}

/// The lookup took long.
pub(super) fn slow_lookup(collected: &Collected) -> Option<Verdict> {
    if !collected.is_first() {
        return None;
    }
    let (from, to) = lookup_span(collected)?;
    let lookup = used_lookup(collected)?;
    let exchange = &lookup.exchange;
    if from.abs_diff(to) < SLOW {
        return None;
    }
    let again = exchange.request.is_some_and(|request| request.first.frame != request.last.frame);
    let again = if again { "; the query was sent again" } else { "" };
    let text = format!("The lookup of {} took {}{again}.", quote(&lookup.name), between(from, to));
    Some(verdict(VerdictKind::SlowLookup, from.abs_diff(to), text, frames(exchange)))
}
