//! Words of statements: durations, sizes, addresses, escaped text from the wire.

use crate::capture::Endpoint;
use crate::report::{escaped, quantity, records};
use dissectors::packet::Address;

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

/// Returns an endpoint as text.
#[must_use]
pub fn endpoint_text(end: Endpoint) -> String {
    let mut text = String::new();
    records::endpoint(&mut text, end);
    text
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
    fn the_host_of_an_authority_has_no_port() {
        let hosts = ["A.test:8080", "a.test", "a.test.", "[::1]:80", "[::1]", "", "alice@shop"].map(host_of);
        assert_eq!(hosts, ["a.test", "a.test", "a.test", "[::1]", "[::1]", "", ""]);
    }
}
