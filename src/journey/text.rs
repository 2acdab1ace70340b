//! Words of statements: durations, sizes, addresses, escaped text from the wire.

use super::facts;
use crate::capture::{Call, Endpoint, EndpointNames};
use crate::report::{TimeFormatter, escaped, quantity, records};
use dissectors::exchange::Exchange;
use dissectors::host_names::HostName;
use dissectors::packet::Address;
use dissectors::session::Side;

/// Maximum bytes of a target, a name or a header in a statement.
const MAX_QUOTE: usize = 200;

/// Returns a duration in a suitable unit.
pub(crate) fn duration(nanos: u64) -> String {
    let mut text = String::new();
    quantity::duration(&mut text, i64::try_from(nanos).unwrap_or(i64::MAX));
    text
}

/// Returns the duration between two times.
pub(crate) fn between(from: i64, to: i64) -> String {
    duration(to.abs_diff(from))
}

/// Returns a time as a date in UTC: `2026-11-29 20:50:54 UTC`.
pub(super) fn date(nanos: i64) -> String {
    let time = jiff::Timestamp::from_second(nanos.div_euclid(1_000_000_000));
    time.map_or_else(|_| "an unknown time".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// Returns a time as in RFC 3339, in UTC.
pub(crate) fn time_text(nanos: i64) -> String {
    let mut text = String::new();
    TimeFormatter::local().write_rfc3339(&mut text, nanos);
    text
}

/// Returns the time of the day in UTC, in milliseconds: `20:50:54.123`.
pub(crate) fn clock_text(nanos: i64) -> String {
    let time = time_text(nanos);
    let clock = time.split_once('T').map_or(time.as_str(), |(_, clock)| clock);
    clock.get(..12).unwrap_or(clock).to_owned()
}

/// Returns a size in a suitable unit.
pub(crate) fn size(bytes: u64) -> String {
    let mut text = String::new();
    quantity::size(&mut text, bytes);
    text
}

/// Returns a number with its noun: `1 frame`, `2 frames`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Returns text from the wire without control characters, truncated.
pub(crate) fn quote(text: &str) -> String {
    let end = text.char_indices().map(|(at, _)| at).find(|&at| at >= MAX_QUOTE);
    let mut out = String::new();
    escaped(&mut out, text.get(..end.unwrap_or(text.len())).unwrap_or_default().as_bytes());
    if end.is_some() {
        out.push('…');
    }
    out
}

/// Returns method, authority and target of a request.
pub(crate) fn request_text(exchange: &Exchange) -> String {
    let (method, target) = (&exchange.method, &exchange.target);
    let is_place = target.is_empty() || target.starts_with(['/', '*']) || target.contains("://");
    // The database of a statement is that of its connection.
    let place = if is_place { exchange.destination() } else { target.to_string() };
    target_text(exchange.protocol, method, &place)
}

/// Returns method and target of a request. A statement begins with its method.
pub(crate) fn target_text(protocol: &str, method: &str, target: &str) -> String {
    let has_method = facts::has_statements(protocol)
        && target.get(..method.len()).is_some_and(|start| start.eq_ignore_ascii_case(method));
    let text = if has_method { quote(target) } else { format!("{} {}", quote(method), quote(target)) };
    text.trim().to_owned()
}

/// Returns the status of a call, and whether its response is missing or truncated; empty if there is nothing to state.
pub(crate) fn status_text(exchange: &Exchange) -> String {
    if exchange.has_unknown_response() {
        return "response unknown".to_owned();
    }
    if exchange.lacks_response() {
        return if exchange.status.is_empty() { "no response".to_owned() } else { quote(&exchange.status) };
    }
    let is_truncated = exchange.response.is_some_and(|response| !response.complete);
    match (quote(&exchange.status), is_truncated) {
        (status, false) => status,
        (status, true) if status.is_empty() => "response truncated".to_owned(),
        (status, true) => format!("{status}, truncated"),
    }
}

/// Returns an endpoint as text.
#[must_use]
pub fn endpoint_text(end: Endpoint) -> String {
    named_endpoint_text(end, None)
}

/// Returns an endpoint as text: its name, if there is one, or its address, and its port.
#[must_use]
pub fn named_endpoint_text(end: Endpoint, name: Option<&HostName>) -> String {
    let mut text = String::new();
    records::named_endpoint(&mut text, end, name);
    text
}

/// Returns a side of a call as text, with its name if addresses are resolved.
pub(crate) fn call_end_text(call: &Call, side: Side) -> String {
    let (end, name) = call_end(call, side);
    named_endpoint_text(end, name)
}

/// Returns the host of a side of a call: its name if addresses are resolved, or its address.
pub(crate) fn call_host_text(call: &Call, side: Side) -> String {
    let (end, name) = call_end(call, side);
    name.map_or_else(|| address_text(end.address), |name| quote(&name.name))
}

fn call_end(call: &Call, side: Side) -> (Endpoint, Option<&HostName>) {
    let (client, server) = EndpointNames::of(call.names.as_deref());
    match side {
        Side::Client => (call.client, client),
        Side::Server => (call.server, server),
    }
}

/// Returns an address as text.
pub(crate) fn address_text(address: Address) -> String {
    let mut text = String::new();
    records::address(&mut text, address);
    text
}

/// Returns an authority without its port, in lower case; nothing if it is a user and a database, which are no host.
pub(super) fn host_of(authority: &str) -> String {
    if authority.contains('@') {
        return String::new();
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => authority,
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Returns items as a list: `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_have_no_control_characters_and_a_limit() {
        assert_eq!(quote("/a\x1b[2J\n"), "/a\\x1b[2J\\n");
        assert!(quote(&"é".repeat(500)).ends_with("é…"));
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!((count(1, "frame"), count(2, "frame")), ("1 frame".into(), "2 frames".into()));
    }

    #[test]
    fn a_statement_has_its_method_in_itself() {
        assert_eq!(target_text("pgsql", "SELECT", "select 1"), "select 1");
        assert_eq!(target_text("resp", "GET", "get:2"), "GET get:2");
        assert_eq!(target_text("http", "GET", "/get"), "GET /get");
        assert_eq!((target_text("resp", "PING", ""), target_text("", "", "")), ("PING".into(), String::new()));
    }

    #[test]
    fn the_host_of_an_authority_has_no_port() {
        let hosts = ["A.test:8080", "a.test", "a.test.", "[::1]:80", "[::1]", "", "alice@shop"].map(host_of);
        assert_eq!(hosts, ["a.test", "a.test", "a.test", "[::1]", "[::1]", "", ""]);
    }
}
