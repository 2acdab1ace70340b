//! Regular expressions: PCRE's spelling as far as matching takes time in proportion to the text.

use super::ast::Span;
use super::fault::Fault;
use super::kind::Type;
use regex::bytes::{Regex, RegexBuilder};

/// As much memory as a compiled expression may take, in bytes.
const SIZE: usize = 1 << 20;

/// What PCRE has and is not supported, with the characters by which it is known.
const REFUSED: [(&str, &str); 15] = [
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

/// Makes a regular expression ready, which looks at text or bytes without regard to case.
pub(super) fn compile(pattern: &[u8], span: Span, kind: Type) -> Result<Regex, Fault> {
    let Ok(text) = std::str::from_utf8(pattern) else {
        return Err(Fault::new(span, "a regular expression is UTF-8; write other bytes as \\\\xHH"));
    };
    if let Some(name) = refused(text) {
        let message = format!("{name} is not supported: expressions are matched in one pass, without backtracking");
        return Err(Fault::new(span, message));
    }
    // In bytes a dot is one byte, and \xff one too.
    let unicode = kind == Type::Text || !text.is_ascii();
    let regex = RegexBuilder::new(text).case_insensitive(true).unicode(unicode).size_limit(SIZE).nest_limit(64).build();
    regex.map_err(|error| Fault::new(span, wrong(&error)))
}

/// The name of what is not supported in a regular expression, if there is anything.
fn refused(pattern: &str) -> Option<&'static str> {
    let mut in_class = false;
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let escaped = char == '\\';
        let named = REFUSED.iter().find(|(sign, _)| rest.starts_with(sign) && (!in_class || sign.starts_with('\\')));
        if let Some((_, name)) = named {
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

/// What is wrong with a regular expression, in a line.
fn wrong(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => format!("the regular expression takes more than {SIZE} bytes"),
        _ => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("it is no regular expression: {}", last.trim_start_matches("error: "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pattern: &str) -> String {
        compile(pattern.as_bytes(), Span::default(), Type::Text).map_or_else(|fault| fault.message, |_| String::new())
    }

    #[test]
    fn what_takes_backtracking_is_refused_by_name() {
        for (pattern, name) in [
            ("a(?=b)", "look-ahead"),
            ("(?<!a)b", "look-behind"),
            (r"(a)\1", "a backreference"),
            ("a++", "a possessive quantifier"),
            ("(?>a)", "an atomic group"),
        ] {
            assert!(told(pattern).starts_with(name), "{pattern}: {}", told(pattern));
        }
        for pattern in [r"\\1", "[a(?=]", "(?-i)a", "(?:a|b)+", r"\d{1,3}", "(?<name>a)", "[++]"] {
            assert_eq!(told(pattern), "", "{pattern}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_a_line() {
        assert_eq!(told("(a"), "it is no regular expression: unclosed group");
        assert!(told("(((a{1000}){1000}){1000})").contains("bytes"));
    }

    #[test]
    fn in_bytes_a_dot_is_a_byte() {
        let regex = compile(b"^.\\xFF.$", Span::default(), Type::Bytes).expect("it is one");
        assert!(regex.is_match(b"\x80\xff\x81"));
    }
}
