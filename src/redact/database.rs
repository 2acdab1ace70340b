//! Values of statements and commands of databases: every literal, and every argument but the first.

use super::Redactor;
use super::names::SecretKind;
use dissectors::sql_literals;

/// Returns a statement with a mark for each literal. `None` if it has none.
pub(super) fn statement(redactor: &Redactor, text: &[u8], texts_in_double_quotes: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut copied = 0;
    for span in sql_literals(text, texts_in_double_quotes) {
        let Some(literal) = text.get(span.clone()) else { continue };
        out.extend_from_slice(text.get(copied..span.start).unwrap_or_default());
        out.push(b'\'');
        out.extend(redactor.mark(SecretKind::SqlValue, content(literal)));
        out.push(b'\'');
        copied = span.end;
    }
    out.extend_from_slice(text.get(copied..).unwrap_or_default());
    // Comments may have secrets, too.
    let scanned = redactor.text(&out);
    scanned.or((copied > 0).then_some(out))
}

/// Returns the content of a literal without its quotes.
fn content(literal: &[u8]) -> &[u8] {
    let quote = literal.iter().position(|byte| matches!(byte, b'\'' | b'"'));
    match quote {
        Some(at @ 0..=1) => {
            let inner = literal.get(at + 1..).unwrap_or_default();
            let quote = literal.get(at..at + 1).unwrap_or_default();
            inner.strip_suffix(quote).unwrap_or(inner)
        }
        _ => literal,
    }
}

/// Commands of Redis whose first argument is a value or a script.
const WITHOUT_KEY: [&[u8]; 4] = [b"ECHO", b"PING", b"EVAL", b"EVAL_RO"];

/// Returns the arguments of a command of Redis with a mark for all but the first one, which often is a key.
pub(super) fn arguments(redactor: &Redactor, command: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    if WITHOUT_KEY.iter().any(|own| own.eq_ignore_ascii_case(command)) && !text.is_empty() {
        return Some(redactor.mark(SecretKind::RedisValue, text));
    }
    let is_quoted = text.first() == Some(&b'"');
    let end = match is_quoted {
        true => text.iter().skip(1).position(|&byte| byte == b'"').map(|at| at + 2),
        false => memchr::memchr(b' ', text),
    };
    let (key, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let key = redactor.text(key).unwrap_or_else(|| key.to_vec());
    let rest = rest.trim_ascii();
    if rest.is_empty() {
        return Some(key);
    }
    Some([&key[..], b" ", &redactor.mark(SecretKind::RedisValue, rest)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::tests::redactor;

    #[test]
    fn literals_and_arguments_have_marks() {
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
        assert_eq!(shown(arguments(&own, b"SET", b"user:1 EX 10 x")), format!("user:1 {}", mark("EX 10 x")));
        assert_eq!(shown(arguments(&own, b"SET", b"user:1")), "user:1");
        assert_eq!(shown(arguments(&own, b"echo", b"x")), mark("x"));
    }
}
