//! The step of the name lookup.

use super::{Statement, Step, StepKind};
use crate::journey::collected::{Collected, Lookup};
use crate::journey::facts;
use crate::journey::phases::{connection_start, lookup_span, used_lookup};
use crate::journey::text::{address_text, between, count, list, quote};
use dissectors::call_facts::ExplainedStep;
use dissectors::exchange::Exchange;

/// Maximum number of addresses in a statement.
const MAX_ADDRESSES: usize = 4;

/// Returns the lookup of the host of the call. A call without a host, or to an address, needs none.
pub(super) fn step(collected: &Collected) -> Option<Step> {
    if collected.host.is_empty() || is_address(&collected.host) || facts::is_lookup(collected.exchange().protocol) {
        return None;
    }
    let starts = connection_start(collected)?;
    let before = |lookup: &&Lookup| lookup.exchange.request.is_some_and(|request| request.first.time <= starts);
    let lookups: Vec<&Lookup> = collected.lookups.iter().filter(before).collect();
    let mut statements: Vec<Statement> = lookups.iter().map(|lookup| statement(lookup)).collect();
    let host = quote(&collected.host);
    let server = address_text(collected.selected.call.server.address);
    match used_lookup(collected) {
        None if lookups.is_empty() => {
            statements.push(Statement::new(
                format!(
                    "No lookup of {host} was captured: the client had the address {server} stored, or used another way."
                ),
                [],
            ));
        }
        None => {
            let text = format!("No captured response gave {server}, which the client connected to.");
            statements.push(Statement::new(text, []));
        }
        Some(used) => {
            let response = used.exchange.response?;
            let age = starts.abs_diff(response.last.time);
            let expired = used.cache_seconds.is_some_and(|seconds| age > seconds.unsigned_abs() * 1_000_000_000);
            let text = match lookup_span(collected) {
                Some(_) => format!("The client connected to {server} {} later.", between(response.last.time, starts)),
                None if expired => format!(
                    "The client connected {} later, with an address whose time to live had passed.",
                    between(response.last.time, starts)
                ),
                None => format!(
                    "The client connected {} later, with the stored address.",
                    between(response.last.time, starts)
                ),
            };
            statements.push(Statement::new(text, [response.last.frame]));
        }
    }
    let explanation = facts::any_explanation(ExplainedStep::Lookup).unwrap_or_default();
    Some(super::step(StepKind::Lookup, lookup_span(collected), statements, explanation))
}

fn statement(lookup: &Lookup) -> Statement {
    let exchange = &lookup.exchange;
    let (name, kind) = (quote(&lookup.name), quote(&lookup.kind));
    let request = exchange.request.map(|request| [request.first.frame, request.last.frame]).unwrap_or_default();
    let mut text = format!("Query {kind} {name} to {}{}", lookup.server, transport(exchange));
    let Some(response) = exchange.response else {
        text.push_str(": no response.");
        return Statement::new(text, request);
    };
    if request[0] != request[1] {
        text.push_str(", sent again");
    }
    let status = if lookup.status.is_empty() { String::new() } else { format!("{}, ", quote(&lookup.status)) };
    let took = exchange.request.map_or(0, |request| response.last.time.abs_diff(request.first.time));
    text.push_str(&format!(": {status}{}", super::super::text::duration(took)));
    if !lookup.aliases.is_empty() {
        text.push_str(&format!(", alias of {}", list(&lookup.aliases)));
    }
    if !lookup.addresses.is_empty() {
        let shown = lookup.addresses.get(..MAX_ADDRESSES).unwrap_or(&lookup.addresses);
        text.push_str(&format!(", {}", list(shown)));
        if lookup.addresses.len() > shown.len() {
            text.push_str(&format!(" and {} more", lookup.addresses.len() - shown.len()));
        }
    }
    if let Some(seconds) = lookup.cache_seconds.filter(|_| !lookup.addresses.is_empty()) {
        text.push_str(&format!(", to be kept for {} (TTL)", count(seconds.unsigned_abs(), "second")));
    }
    text.push('.');
    Statement::new(text, request.into_iter().chain([response.last.frame]))
}

/// Returns what carried a lookup, if it is not a datagram.
fn transport(exchange: &Exchange) -> String {
    let is_own = facts::is_lookup(exchange.protocol);
    match (is_own, exchange.is_encrypted) {
        (true, _) if exchange.id.conversation.tcp().is_none() => String::new(),
        (true, false) => " over TCP".to_owned(),
        (true, true) => " over TLS".to_owned(),
        (false, is_encrypted) => {
            let below = if is_encrypted { " and TLS" } else { "" };
            format!(" over {}{below}", facts::short_name(exchange.protocol))
        }
    }
}

fn is_address(host: &str) -> bool {
    host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok()
}
