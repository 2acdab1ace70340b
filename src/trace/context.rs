//! Trace contexts: what a request states about the call that caused it, in a header or in a comment of SQL.

use dissectors::call_facts;
use dissectors::call_facts::FactRole;
use std::collections::BTreeMap;

/// Maximum bytes of an identifier of a request.
const MAX_REQUEST_ID: usize = 128;

/// Maximum number of contexts of a call.
pub(super) const MAX_CONTEXTS: usize = 8;

/// Where a context is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextSource {
    /// The header `traceparent` of W3C Trace Context.
    TraceParent,
    /// `traceparent` in a comment of SQL (sqlcommenter).
    SqlComment,
    /// The header `b3`, or `X-B3-TraceId` and others of Zipkin.
    B3,
    /// The header `X-Request-ID`.
    RequestId,
}

impl ContextSource {
    /// Returns the name that output shows.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            ContextSource::TraceParent => "traceparent",
            ContextSource::SqlComment => "SQL comment",
            ContextSource::B3 => "b3",
            ContextSource::RequestId => "X-Request-ID",
        }
    }
}

/// What calls with the same cause have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// Identifier of a trace.
    Trace(u128),
    /// Identifier of a request.
    Request(Box<str>),
}

/// A trace context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceContext {
    pub(super) source: ContextSource,
    pub(super) identity: Identity,
    /// Identifier of the span that sent the request.
    pub(super) span: Option<u64>,
    /// Identifier of the span that caused this one.
    pub(super) parent: Option<u64>,
}

/// Values of headers with a role, the first of each.
#[derive(Default)]
pub(super) struct TraceHeaders(BTreeMap<&'static str, String>);

impl TraceHeaders {
    /// Adds a header line, if its name has a role for traces.
    pub(super) fn add(&mut self, line: &[u8]) {
        // Names of HTTP/2 begin with a colon if they are not those of headers.
        let Some(colon) = line.iter().position(|byte| *byte == b':').filter(|&colon| colon > 0) else { return };
        let (name, value) = line.split_at(colon);
        let headers = call_facts().flat_map(|(_, facts)| facts.headers);
        let is_trace = |role: &FactRole| matches!(role, FactRole::TraceContext | FactRole::RequestId);
        let mut names = headers.filter(|(role, _)| is_trace(role)).map(|(_, name)| *name);
        let Some(name) = names.find(|known| name.eq_ignore_ascii_case(known.as_bytes())) else { return };
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(value), false) = (std::str::from_utf8(value), value.is_empty() || value.len() > MAX_REQUEST_ID) {
            self.0.entry(name).or_insert_with(|| value.to_owned());
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the contexts that the headers state, the most exact one first.
    pub(super) fn contexts(&self) -> Vec<TraceContext> {
        let traceparent = self.get("traceparent").and_then(|value| traceparent(value, ContextSource::TraceParent));
        let single = self.get("b3").and_then(b3);
        let several = self.get("x-b3-traceid").and_then(trace).map(|identity| TraceContext {
            source: ContextSource::B3,
            identity,
            span: self.get("x-b3-spanid").and_then(span),
            parent: self.get("x-b3-parentspanid").and_then(span),
        });
        let request = self.get("x-request-id").map(|value| TraceContext {
            source: ContextSource::RequestId,
            identity: Identity::Request(value.into()),
            span: None,
            parent: None,
        });
        [single.or(several), traceparent, request].into_iter().flatten().collect()
    }
}

/// Parses the value of `traceparent`: `00-TRACE-SPAN-FLAGS` (W3C Trace Context 3.2).
fn traceparent(value: &str, source: ContextSource) -> Option<TraceContext> {
    let is_lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let mut parts = value.split('-');
    let [version, trace_id, span_id, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let has_lengths = (version.len(), trace_id.len(), span_id.len(), flags.len()) == (2, 32, 16, 2);
    let is_hex = [version, trace_id, span_id, flags].iter().all(|part| part.bytes().all(is_lower));
    // A later version may have more parts.
    let is_valid = version != "ff" && (version != "00" || parts.next().is_none());
    if !has_lengths || !is_hex || !is_valid {
        return None;
    }
    Some(TraceContext { source, identity: trace(trace_id)?, span: Some(span(span_id)?), parent: None })
}

/// Parses the value of `b3`: `TRACE-SPAN`, with a sampling state and the parent after it. A sampling state alone is none.
fn b3(value: &str) -> Option<TraceContext> {
    let mut parts = value.split('-');
    let (identity, own) = (trace(parts.next()?)?, span(parts.next()?)?);
    let parent = parts.nth(1).and_then(span);
    Some(TraceContext { source: ContextSource::B3, identity, span: Some(own), parent })
}

/// Parses the identifier of a trace: 64 or 128 bits, not 0.
fn trace(text: &str) -> Option<Identity> {
    let is_hex = matches!(text.len(), 16 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|&number| number > 0 && is_hex)?;
    Some(Identity::Trace(number))
}

/// Parses the identifier of a span, not 0.
fn span(text: &str) -> Option<u64> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|&number| number > 0 && is_hex)
}

/// Returns the context in the comment at the end or at the start of a statement, as sqlcommenter writes it, and the statement
/// without the comment. A comment elsewhere may be within a text.
pub(super) fn of_statement(statement: &str) -> Option<(TraceContext, &str)> {
    let statement = statement.trim().trim_end_matches(';').trim_end();
    let last = statement.strip_suffix("*/").and_then(|rest| rest.rsplit_once("/*"));
    let first = statement.strip_prefix("/*").and_then(|rest| rest.split_once("*/"));
    let first = first.map(|(comment, rest)| (rest, comment));
    [last, first].into_iter().flatten().find_map(|(rest, comment)| {
        let mut pairs = comment.split(',').filter_map(|pair| pair.trim().split_once('='));
        let value = pairs.find(|(key, _)| key.trim() == "traceparent")?.1.trim();
        let context = traceparent(value.strip_prefix('\'')?.strip_suffix('\'')?, ContextSource::SqlComment)?;
        Some((context, rest.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
    const SPAN: u64 = 0xb7ad_6b71_6920_3331;
    // The example of W3C Trace Context 3.2.3.
    const VALUE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn contexts(lines: &[&str]) -> Vec<(ContextSource, Identity, Option<u64>, Option<u64>)> {
        let mut headers = TraceHeaders::default();
        lines.iter().for_each(|line| headers.add(line.as_bytes()));
        let parts = |context: TraceContext| (context.source, context.identity, context.span, context.parent);
        headers.contexts().into_iter().map(parts).collect()
    }

    #[test]
    fn a_valid_traceparent_is_read_and_an_invalid_one_is_not() {
        let found = contexts(&[":path: /traceparent", &format!("TraceParent: {VALUE} ")]);
        assert_eq!(found, [(ContextSource::TraceParent, Identity::Trace(TRACE), Some(SPAN), None)]);
        let wrong = [
            VALUE.replace("00-", "ff-"),
            format!("{VALUE}-more"),
            VALUE.to_uppercase(),
            VALUE.replace("b7ad6b7169203331", "0000000000000000"),
            VALUE.replace("0af7", "0a7"),
            "00-é-b7ad6b7169203331-01".into(),
            String::new(),
        ];
        for value in wrong {
            assert_eq!(contexts(&[&format!("traceparent: {value}")]), [], "{value}");
        }
        assert_eq!(contexts(&[&format!("traceparent: 01{}-more", &VALUE[2..])]).len(), 1);
    }

    #[test]
    fn b3_is_read_as_one_header_and_as_several() {
        // The examples of openzipkin's b3-propagation.
        let trace = Identity::Trace(0x80f1_9800_3bb8_8b08_80f1_9800_3bb8_8b08);
        let expected = [(ContextSource::B3, trace, Some(0xe457_b5a2_e4d8_6bd1), Some(0x05e3_ac9a_4f6e_3b90))];
        let single = "b3: 80f198003bb88b0880f198003bb88b08-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90";
        assert_eq!(contexts(&[single]), expected);
        let several = [
            "X-B3-TraceId: 80f198003bb88b0880f198003bb88b08",
            "X-B3-ParentSpanId: 05e3ac9a4f6e3b90",
            "X-B3-SpanId: e457b5a2e4d86bd1",
        ];
        assert_eq!(contexts(&several), expected);
        assert_eq!(contexts(&["b3: 0"]), []);
        let short = contexts(&["b3: 463ac35c9f6413ad-a2fb4a1d1a96d312"]);
        assert_eq!(short[0].1, Identity::Trace(0x463a_c35c_9f64_13ad));
    }

    #[test]
    fn a_comment_at_an_end_of_a_statement_is_read() {
        let comment = format!("/*action='a%2Fb',traceparent='{VALUE}'*/");
        for statement in [format!("SELECT 1 {comment}; "), format!("{comment} SELECT 1")] {
            let found = of_statement(&statement).map(|(context, rest)| (context.span, rest));
            assert_eq!(found, Some((Some(SPAN), "SELECT 1")), "{statement}");
        }
        for statement in [format!("SELECT '{comment}', 1"), "SELECT 1 /**/".into(), "*/".into(), "/*".into()] {
            assert_eq!(of_statement(&statement), None, "{statement}");
        }
    }
}
