//! Regular expressions: PCRE syntax, without the constructs that cannot be matched in linear time.

use super::ast::Span;
use super::diagnostic::Diagnostic;
use super::kind::ValueType;
use regex::bytes::{Regex, RegexBuilder};

/// Size limit of a compiled expression, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// PCRE constructs that are not supported: their characters and their names.
const UNSUPPORTED: [(&str, &str); 15] = [
    ("(?=", "look-ahead"),
    ("(?!", "look-ahead"),
    ("(?<=", "look-behind"),
    ("(?<!", "look-behind"),
    ("(?>", "an atomic group"),
    ("(?R)", "recursion"),
    ("(?&", "recursion"),
    ("(?|", "a branch reset"),
    ("(?(", "a condition"),
    ("\\k", "a backreference"),
    ("\\g", "a backreference"),
    ("\\K", "\\K"),
    ("\\G", "\\G"),
    ("\\R", "\\R"),
    ("\\Q", "\\Q...\\E"),
];

/// Compiles a regular expression that matches text or bytes without regard to case.
pub(super) fn compile(pattern: &[u8], span: Span, kind: ValueType) -> Result<Regex, Diagnostic> {
    let Ok(text) = std::str::from_utf8(pattern) else {
        return Err(Diagnostic::new(span, "invalid regular expression: not UTF-8; use \\\\xHH for other bytes"));
    };
    if let Some(name) = unsupported_construct(text) {
        let message = format!("{name} is not supported: regular expressions are matched without backtracking");
        return Err(Diagnostic::new(span, message));
    }
    // In bytes, a dot matches one byte, and so does \xff.
    let unicode = kind == ValueType::Text || !text.is_ascii();
    let regex =
        RegexBuilder::new(text).case_insensitive(true).unicode(unicode).size_limit(MAX_SIZE).nest_limit(64).build();
    regex.map_err(|error| Diagnostic::new(span, error_message(&error)))
}

/// Returns the name of the first unsupported construct of a regular expression, if any.
fn unsupported_construct(pattern: &str) -> Option<&'static str> {
    let mut in_class = false;
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let escaped = char == '\\';
        let construct =
            UNSUPPORTED.iter().find(|(sign, _)| rest.starts_with(sign) && (!in_class || sign.starts_with('\\')));
        if let Some((_, name)) = construct {
            return Some(name);
        }
        let next = rest.chars().nth(1);
        match char {
            '\\' if !in_class && next.is_some_and(|char| matches!(char, '1'..='9')) => return Some("a backreference"),
            '+' | '*' | '?' | '}' if !in_class && next == Some('+') => return Some("a possessive quantifier"),
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        let len = char.len_utf8() + if escaped { next.map_or(0, char::len_utf8) } else { 0 };
        rest = rest.get(len..).unwrap_or_default();
    }
    None
}

/// Returns the error of a regular expression in one line.
fn error_message(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => format!("regular expression too large: more than {MAX_SIZE} bytes compiled"),
        _ => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("invalid regular expression: {}", last.trim_start_matches("error: "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(pattern: &str) -> String {
        compile(pattern.as_bytes(), Span::default(), ValueType::Text)
            .map_or_else(|diagnostic| diagnostic.message, |_| String::new())
    }

    #[test]
    fn constructs_that_need_backtracking_are_rejected_by_name() {
        for (pattern, name) in [
            ("a(?=b)", "look-ahead"),
            ("(?<!a)b", "look-behind"),
            (r"(a)\1", "a backreference"),
            ("a++", "a possessive quantifier"),
            ("(?>a)", "an atomic group"),
        ] {
            assert!(error_of(pattern).starts_with(name), "{pattern}: {}", error_of(pattern));
        }
        for pattern in [r"\\1", "[a(?=]", "(?-i)a", "(?:a|b)+", r"\d{1,3}", "(?<name>a)", "[++]"] {
            assert_eq!(error_of(pattern), "", "{pattern}");
        }
    }

    #[test]
    fn an_invalid_expression_is_reported_in_one_line() {
        assert_eq!(error_of("(a"), "invalid regular expression: unclosed group");
        assert!(error_of("(((a{1000}){1000}){1000})").contains("bytes"));
    }

    #[test]
    fn in_bytes_a_dot_is_a_byte() {
        let regex = compile(b"^.\\xFF.$", Span::default(), ValueType::Bytes).expect("a valid expression");
        assert!(regex.is_match(b"\x80\xff\x81"));
    }
}
