//! Where in a file something is wrong: line, column, and the characters under a caret.

use crate::filter::Fault;
use crate::filter::ast::Span;
use std::ops::Range;

/// What is wrong, as it is told: file, line and column (both from 1, columns in characters), the line, and a caret.
pub(super) fn shown(path: &str, source: &str, range: Range<usize>, message: &str) -> String {
    let start = floor(source, range.start);
    let before = source.get(..start).unwrap_or_default();
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    let line = source.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = source.get(begin..start).unwrap_or_default().chars().count() + 1;
    let number = line_of(source, start);
    let end = range.end.saturating_sub(begin).min(line.len());
    let span = Span { start: start - begin, end: end.max(start - begin) };
    let fault = Fault { message: message.to_owned(), span };
    let told = if line.is_empty() { fault.message } else { fault.shown(line).to_string() };
    format!("{}:{number}:{column}: {told}", super::plain(path))
}

/// The number of the line in which a byte stands, from 1.
pub(super) fn line_of(source: &str, at: usize) -> usize {
    source.get(..floor(source, at)).unwrap_or_default().matches('\n').count() + 1
}

/// The last place at or before this one where a character begins.
fn floor(source: &str, at: usize) -> usize {
    (0..=at.min(source.len())).rev().find(|&at| source.is_char_boundary(at)).unwrap_or(0)
}

/// The place in a file of a part of a text that is written at `token` in TOML, quotes and escapes included.
pub(super) fn within(source: &str, token: Range<usize>, part: Span) -> Range<usize> {
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
        let next = step(raw.get(at..).unwrap_or_default(), has_escapes);
        // What is nothing belongs to no part.
        if read >= part.start && next.is_none_or(|(_, becomes)| becomes > 0) {
            start.get_or_insert(at);
        }
        match next {
            Some((long, becomes)) if read < part.end || becomes == 0 => {
                at += long;
                read += becomes;
            }
            _ => break,
        }
    }
    token.start + start.unwrap_or(at)..token.start + at
}

/// How many bytes the next character takes in the file, and how many in the text; none at the end.
fn step(rest: &str, has_escapes: bool) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' || !has_escapes {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let digits = match rest.chars().nth(1)? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // A backslash at the end of a line: all white space behind it is nothing.
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
    fn a_part_of_a_text_is_found_behind_its_escapes() {
        let part = |token: &str, start, end| {
            let source = format!("key = {token} # end");
            let range = within(&source, 6..6 + token.len(), Span { start, end });
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
    fn the_line_is_shown_with_a_caret() {
        let source = "a = 1\nb = 'ä bad'\n";
        let at = source.find("bad").expect("it is there");
        assert_eq!(shown("x.toml", source, at..at + 3, "no"), "x.toml:2:8: no\n    b = 'ä bad'\n           ^~~");
        assert_eq!(shown("x.toml", "", 0..0, "no"), "x.toml:1:1: no");
    }
}
