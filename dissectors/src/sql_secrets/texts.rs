//! Passwords in texts: connection strings, URIs, JSON, statements that are executed, and comments.

use super::words::{after_names, is_any, is_password_name, rest_of_name};
use super::{MAX_NESTING, Secrets};
use crate::sql_text::DoubleQuotes;

/// Returns whether a text, with or without its quotes, has a password itself. `nesting` is the number of texts around it.
pub(super) fn has_secret(text: &[u8], double_quotes: DoubleQuotes, nesting: u8) -> bool {
    let content = content(text);
    has_value(content)
        || has_uri(content)
        || nesting < MAX_NESTING
            && Secrets::find(content, double_quotes, nesting + 1).is_some_and(|secrets| !secrets.replaced.is_empty())
}

/// Returns whether comments have a password.
pub(super) fn comments_have_secret(comments: &[u8], double_quotes: DoubleQuotes, nesting: u8) -> bool {
    let mut rest = comments;
    while !rest.is_empty() {
        let text = rest.trim_ascii_start();
        let end: &[u8] = if text.starts_with(b"/*") { b"*/" } else { b"\n" };
        let len = memchr::memmem::find(text, end).map_or(text.len(), |at| at + end.len());
        let (comment, after) = text.split_at_checked(len).unwrap_or((text, &[]));
        let content = comment.strip_suffix(b"*/").unwrap_or(comment);
        let marks = content.iter().take_while(|byte| matches!(byte, b'-' | b'/' | b'*' | b'#' | b'!')).count();
        if has_secret(content.get(marks..).unwrap_or_default(), double_quotes, nesting) {
            return true;
        }
        rest = after;
    }
    false
}

/// Returns a text without its quotes, and without the letters before them.
fn content(text: &[u8]) -> &[u8] {
    let quoted = match text {
        [b'a'..=b'z' | b'A'..=b'Z', rest @ ..] if rest.first() == Some(&b'\'') => rest,
        _ => text,
    };
    match quoted {
        [quote @ (b'\'' | b'"'), rest @ ..] => rest.strip_suffix(&[*quote]).unwrap_or(rest),
        [b'$', rest @ ..] => {
            let tag = rest.iter().position(|&byte| byte == b'$').map_or(0, |at| at + 1);
            let (tag, inner) = rest.split_at_checked(tag).unwrap_or((&[], rest));
            inner.strip_suffix(tag).and_then(|inner| inner.strip_suffix(b"$")).unwrap_or(inner)
        }
        _ => quoted,
    }
}

/// Skips blanks and quotes, which may be escaped.
fn skip_quotes(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\')).count();
    text.get(len..).unwrap_or_default()
}

/// Returns whether a text has the name of a password with its value, as in `password=x` and `{"password":"x"}`.
fn has_value(text: &[u8]) -> bool {
    let is_set = |after: &[u8]| {
        let Some(len) = rest_of_name(after) else { return false };
        let [b'=' | b':', value @ ..] = skip_quotes(after.get(len..).unwrap_or_default()) else { return false };
        let value = skip_quotes(value.strip_prefix(b">").or(value.strip_prefix(b"=")).unwrap_or(value));
        // MySQL states whether a password was sent: `(using password: YES)`.
        let is_stated = value.starts_with(b"YES)") || value.starts_with(b"NO)");
        !value.is_empty() && !is_place(value) && !is_stated
    };
    after_names(text).any(is_set)
}

/// Returns whether a text has the name of a password before a quote, as a message with a part of a statement in quotes.
pub(super) fn has_quoted_value(text: &[u8]) -> bool {
    let is_quoted = |after: &[u8]| {
        let value = rest_of_name(after).and_then(|len| after.get(len..)).unwrap_or_default();
        matches!(value, [b' ', ..]) && matches!(value.trim_ascii_start(), [b'\'' | b'"', _, ..])
    };
    after_names(text).any(is_quoted)
}

/// Returns whether a text begins with a place for a value, as in statements that are prepared: `?`, `$1`, `:name`, `%s`, `{}`.
fn is_place(text: &[u8]) -> bool {
    let ends = |rest: &[u8]| !rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric());
    match text {
        [b'?', rest @ ..] | [b'{', b'}', rest @ ..] | [b'%', b's' | b'L' | b'I', rest @ ..] => ends(rest),
        [b'$', b'0'..=b'9', rest @ ..] => {
            ends(rest.get(rest.iter().take_while(|byte| byte.is_ascii_digit()).count()..).unwrap_or_default())
        }
        [b'%', b'0'..=b'9', rest @ ..] => rest.contains(&b'$'),
        _ => false,
    }
}

/// Returns whether a text has a place for a password, whose value follows the text.
pub(super) fn has_place(text: &[u8]) -> bool {
    let content = content(text);
    let is_before_place = |after: &[u8]| {
        let is_between = |byte: &&u8| {
            byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\' | b'=' | b'(' | b':' | b'>' | b'|')
        };
        let len = after.iter().take_while(is_between).count();
        len > 0 && after.get(len..).is_some_and(is_place)
    };
    after_names(content).any(|after| rest_of_name(after).and_then(|len| after.get(len..)).is_some_and(is_before_place))
        || super::words::after_word(content, b'f', "identif").any(|after| {
            let by = after.get(..6).is_some_and(|after| after.eq_ignore_ascii_case(b"ied by"));
            by && after.get(6..).is_some_and(is_before_place)
        })
}

/// Returns whether a text ends in the name of a password, with signs behind it, or in `IDENTIFIED BY`: the password follows.
pub(super) fn ends_in_name(text: &[u8]) -> bool {
    let content = content(text);
    let is_mark = |byte: &&u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'\\' | b'=' | b'(' | b':' | b'>' | b'$' | b'}' | b']')
    };
    let marks = content.iter().rev().take_while(is_mark).count();
    let content = content.get(..content.len() - marks).unwrap_or_default();
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let len = content.iter().rev().take_while(is_part).count();
    let (before, word) = content.split_at_checked(content.len() - len).unwrap_or_default();
    let is_after_identified = || super::words::after_word(before, b'f', "identif").next().is_some();
    is_password_name(word) || is_any(word, &["BY", "AS", "USING"]) && marks > 0 && is_after_identified()
}

/// Returns whether a text has a URI with a password: `scheme://user:password@host`.
fn has_uri(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"://").any(|at| {
        let authority = text.get(at + 3..).unwrap_or_default();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?' | b'#' | b'\'' | b'"');
        let len = authority.iter().position(is_end).unwrap_or(authority.len());
        let authority = authority.get(..len).unwrap_or_default();
        let user = memchr::memrchr(b'@', authority).and_then(|at| authority.get(..at)).unwrap_or_default();
        let password = memchr::memchr(b':', user).and_then(|at| user.get(at + 1..)).unwrap_or_default();
        !password.is_empty() && !is_place(password)
    })
}
