//! Values of statements of databases: every literal.

use super::Redactor;
use super::names::SecretKind;
use super::text::Spans;
use dissectors::sql_literals;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// Maximum length of the columns of a statement, after which it has a FROM.
const MAX_LIST: usize = 1024;
/// Maximum length of the begin of a statement.
const MAX_BEGIN: usize = 64;

/// The begin of a statement in a text: at its begin, at that of a line, or after a sign.
static STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let object = "(?:user|role|login|server|subscription|table|view|database|function|procedure|index|schema|trigger|type|\
        extension|policy|event|sequence)";
    let words = [
        r"select\s",
        r"(?:insert|upsert|replace|merge)\s+(?:\w+\s+){0,3}into\b",
        r"update\s+\S+(?:\s+(?:as\s+)?\w+)?\s+set\b",
        r"delete\s+from\b",
        &format!(r"(?:create|alter|drop)\s+(?:\w+\s+){{0,3}}{object}\b"),
        r"(?:grant|revoke)\s+\S[^;\n]*\b(?:to|from|on)\b",
        r"set\s+(?:password|session|local|global|role|@|\S+\s*=|\S+\s+to\s)",
        r"with\s+(?:recursive\s+)?\S+\s+as\s*\(",
        r"call\s+\S+\s*\(",
        r"exec(?:ute)?\s+\S",
        r"values\s*\(",
        r"copy\s+\S[^;\n]*\b(?:from|to)\b",
        r"prepare\s+\S+\s+(?:as|from)\b",
        r"explain\s+\w",
        r"(?:do|declare)\s+[@$]",
    ];
    let space = r"(?:[\s(;]|/\*(?:[^*]|\*[^/])*\*/|--[^\n]*\n|#[^\n]*\n)*";
    Regex::new(&format!(r#"(?im-u)(?:^|["'`:=(>;]){space}(?:{})"#, words.join("|"))).ok()
});

impl Redactor {
    /// Adds the literals of the statements in a text. A statement at its begin is the whole text; another one ends with its line,
    /// and with the lines that continue it.
    pub(super) fn add_statements(&self, text: &[u8], spans: &mut Spans) {
        // A statement without literals has no secrets.
        let is_literal = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'\'' | b'"');
        let Some(regex) = STATEMENT.as_ref().filter(|_| text.iter().any(is_literal)) else { return };
        let mut at = 0;
        while let Some(found) = regex.find_at(text, at) {
            let is_select = found.as_bytes().trim_ascii_end().to_ascii_lowercase().ends_with(b"select");
            if is_select && !is_select_list(text.get(found.end()..).unwrap_or_default()) {
                at = found.end();
                continue;
            }
            let end = if found.start() == 0 { text.len() } else { statement_end(text, found.end()) };
            // What is before the statement may be a quote.
            let start = found.start() + usize::from(text.get(found.start()).is_some_and(|byte| b"\"'`".contains(byte)));
            let own = text.get(start..end).unwrap_or_default();
            for literal in sql_literals(own, true) {
                let content = content(own.get(literal.clone()).unwrap_or_default());
                let from = start + literal.start + content.0;
                spans.push((from..from + content.1.len(), SecretKind::SqlValue));
            }
            at = end.max(found.end());
        }
    }
}

/// Returns whether a text is a statement as a whole.
pub(super) fn is_statement(text: &[u8]) -> bool {
    let begin = text.get(..MAX_BEGIN).unwrap_or(text);
    STATEMENT.as_ref().and_then(|regex| regex.find(begin)).is_some_and(|found| found.start() == 0)
}

/// Returns whether a text is the rest of a statement that begins with SELECT, and no sentence.
fn is_select_list(text: &[u8]) -> bool {
    let text = text.get(..MAX_LIST).unwrap_or(text);
    let first = text.trim_ascii_start();
    let word = first.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    first.first().is_some_and(|byte| b"'\"$@*(0123456789".contains(byte))
        || first.get(word) == Some(&b'(')
        || memchr::memmem::find(&text.to_ascii_lowercase(), b"from").is_some()
}

/// Returns where a statement ends that is not a text alone: at the next line that is not indented.
fn statement_end(text: &[u8], mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(len) = memchr::memchr(b'\n', rest) else { return text.len() };
        at += len + 1;
        if !matches!(text.get(at), Some(b' ' | b'\t')) {
            return at;
        }
    }
}

/// Returns a statement with a mark for each literal. `None` if it has none.
pub(super) fn statement(redactor: &Redactor, text: &[u8], texts_in_double_quotes: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut copied = 0;
    for span in sql_literals(text, texts_in_double_quotes) {
        let Some(literal) = text.get(span.clone()) else { continue };
        out.extend_from_slice(text.get(copied..span.start).unwrap_or_default());
        out.push(b'\'');
        out.extend(redactor.mark(SecretKind::SqlValue, content(literal).1));
        out.push(b'\'');
        copied = span.end;
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
    // Comments may have secrets, too.
    let scanned = redactor.text(&out);
    scanned.or((copied > 0).then_some(out))
}

/// Words before a name in quotes in messages of PostgreSQL. Other quotes have what was sent.
const NAMED: [&str; 22] = [
    "relation",
    "column",
    "table",
    "database",
    "role",
    "user",
    "schema",
    "function",
    "constraint",
    "index",
    "type",
    "sequence",
    "view",
    "extension",
    "language",
    "operator",
    "parameter",
    "trigger",
    "tablespace",
    "subscription",
    "publication",
    "slot",
];

/// Returns a message of PostgreSQL with a mark for each literal, and for each text in quotes that is no name. `None` if it has none.
pub(super) fn message(redactor: &Redactor, text: &[u8]) -> Option<Vec<u8>> {
    let own = statement(redactor, text, false);
    let text = own.as_deref().unwrap_or(text);
    let mut out = Vec::new();
    let mut copied = 0;
    let mut quotes = memchr::memchr_iter(b'"', text);
    while let Some(start) = quotes.next() {
        let end = quotes.next().unwrap_or(text.len());
        let before = text.get(..start).unwrap_or_default().trim_ascii_end();
        let word = before.rsplit(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default();
        let content = text.get(start + 1..end).unwrap_or_default();
        let is_name = NAMED.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(word));
        if !is_name && !content.is_empty() && !super::is_mark(content) {
            out.extend_from_slice(text.get(copied..=start).unwrap_or_default());
            out.extend(redactor.mark(SecretKind::SqlValue, content));
            copied = end;
        }
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
    if copied > 0 { Some(out) } else { own }
}

/// Returns the content of a literal without its quotes, and where it begins.
fn content(literal: &[u8]) -> (usize, &[u8]) {
    let quote = literal.iter().position(|byte| matches!(byte, b'\'' | b'"'));
    match quote {
        Some(at @ 0..=1) => {
            let inner = literal.get(at + 1..).unwrap_or_default();
            let quote = literal.get(at..at + 1).unwrap_or_default();
            (at + 1, inner.strip_suffix(quote).unwrap_or(inner))
        }
        _ => (0, literal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::tests::redactor;

    #[test]
    fn literals_have_marks() {
        let own = redactor();
        let mark = |text: &str| String::from_utf8(own.mark(SecretKind::SqlValue, text.as_bytes())).expect("ASCII");
        let shown = |text: Option<Vec<u8>>| String::from_utf8(text.expect("a change")).expect("ASCII");
        let statement = "SELECT * FROM t WHERE a = 'x' AND b = 12 AND c = $1 -- password=x";
        let expected = format!(
            "SELECT * FROM t WHERE a = '{}' AND b = '{}' AND c = $1 -- password={}",
            mark("x"),
            mark("12"),
            mark("x")
        );
        assert_eq!(shown(super::statement(&own, statement.as_bytes(), false)), expected);
        assert_eq!(super::statement(&own, b"BEGIN", false), None);
    }
}
