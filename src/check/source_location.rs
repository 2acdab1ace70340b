//! Error positions in a check file: line, column and a caret under the text in question.

use crate::filter::Diagnostic;
use crate::filter::ast::Span;
use dissectors::format;
use std::ops::Range;

/// Formats an error with file, line and column (both from 1, columns in characters), the line and a caret.
pub(super) fn format_error(path: &str, source: &str, range: Range<usize>, message: &str) -> String {
    let before = format::prefix(source, range.start);
    let start = before.len();
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    let line = source.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = source.get(begin..start).unwrap_or_default().chars().count() + 1;
    let number = line_number(source, start);
    let end = range.end.saturating_sub(begin).min(line.len());
    let span = Span { start: start - begin, end: end.max(start - begin) };
    let diagnostic = Diagnostic { message: message.to_owned(), span };
    let text = if line.is_empty() { diagnostic.message } else { diagnostic.display(line).to_string() };
    format!("{}:{number}:{column}: {text}", super::escape_unprintable(path))
}

/// Returns the number of the line that contains a byte offset, from 1.
pub(super) fn line_number(source: &str, at: usize) -> usize {
    format::prefix(source, at).matches('\n').count() + 1
}

/// Maps a range of a string's value to a range of the file. `token` is the TOML string, with its quotes and escapes.
pub(super) fn map_into_token(source: &str, token: Range<usize>, part: Span) -> Range<usize> {
    let raw = source.get(token.clone()).unwrap_or_default();
    let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or("");
    let mut at = quotes.len();
    if quotes.len() == 3 {
        let rest = raw.get(at..).unwrap_or_default();
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let has_escapes = quotes.starts_with('"');
    let (mut read, mut start) = (0, None);
    while read < part.end || start.is_none() {
        let next = next_char_lengths(raw.get(at..).unwrap_or_default(), has_escapes);
        // The range does not start at source text that produces no character.
        if read >= part.start && next.is_none_or(|(_, value_len)| value_len > 0) {
            start.get_or_insert(at);
        }
        match next {
            Some((source_len, value_len)) if read < part.end || value_len == 0 => {
                at += source_len;
                read += value_len;
            }
            _ => break,
        }
    }
    token.start + start.unwrap_or(at)..token.start + at
}

/// Returns the length of the next character in the file and in the value, in bytes. Returns `None` at the end.
fn next_char_lengths(rest: &str, has_escapes: bool) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' || !has_escapes {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let digits = match rest.chars().nth(1)? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // A backslash at the end of a line removes all white space after it.
        space if space.is_whitespace() => {
            let after = rest.get(1..)?;
            return Some((1 + after.len() - after.trim_start().len(), 0));
        }
        _ => return Some((2, 1)),
    };
    let char = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok().and_then(char::from_u32)?;
    Some((2 + digits, char.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_value_ranges_across_escapes() {
        let part = |token: &str, start, end| {
            let source = format!("key = {token} # end");
            let range = map_into_token(&source, 6..6 + token.len(), Span { start, end });
            source[range].to_owned()
        };
        assert_eq!(part("'uri == x'", 4, 6), "==");
        assert_eq!(part(r#""uri == \"x\" and y""#, 7, 10), r#"\"x\""#);
        assert_eq!(part(r#""\u00e4\t\\ bad""#, 5, 8), "bad");
        assert_eq!(part("'''\nab c'''", 3, 4), "c");
        assert_eq!(part("\"\"\"a \\\n   bad\"\"\"", 2, 5), "bad");
        assert_eq!(part("'abc'", 3, 3), "");
    }

    #[test]
    fn shows_the_line_with_a_caret() {
        let source = "a = 1\nb = 'ä bad'\n";
        let at = source.find("bad").expect("present");
        assert_eq!(format_error("x.toml", source, at..at + 3, "no"), "x.toml:2:8: no\n    b = 'ä bad'\n           ^~~");
        assert_eq!(format_error("x.toml", "", 0..0, "no"), "x.toml:1:1: no");
    }
}
