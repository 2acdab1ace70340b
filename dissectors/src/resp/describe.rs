//! Recording of messages in the tree, and their texts.

use super::command::{Command, REDACTED, SecretContext, SecretWords, push_word};
use super::fields::*;
use super::value::Token;
use crate::exchange::Outcome;
use crate::field::Field;
use crate::pipeline::Reply;
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;
use compact_str::{CompactString, format_compact};
use core::fmt::Write;

/// Maximum depth of recorded values.
const MAX_DEPTH: usize = 48;
/// Maximum number of recorded values of a message.
const MAX_VALUES: usize = 20_000;
/// Maximum number of lines of a response, and bytes of each.
const MAX_LINES: usize = 1000;
const MAX_LINE: usize = 1024;
/// Bytes of a value in the Info column.
const MAX_PREVIEW: usize = 64;

/// Returns the first value of a message, after attributes.
pub(super) fn first_value(message: &[u8]) -> Option<Token> {
    let mut at = 0;
    loop {
        let token = Token::read(message, at).ok()?;
        if token.kind != b'|' {
            return Some(token);
        }
        // Values of an attribute are small: no more of them are read than a reply has.
        let mut left = token.values();
        at = token.end;
        while left > 0 {
            let token = Token::read(message, at).ok()?;
            left = left - 1 + token.values();
            at = token.end;
        }
    }
}

fn data<'b>(token: &Token, message: &'b [u8]) -> &'b [u8] {
    message.get(token.data.start..token.data.end.min(message.len())).unwrap_or_default()
}

/// Returns the data of an element of an array or a push, if it is a text.
pub(super) fn element(message: &[u8], nth: usize) -> Option<&[u8]> {
    let array = first_value(message).filter(|token| matches!(token.kind, b'*' | b'>') && token.count > nth as i64)?;
    let mut at = array.end;
    for _ in 0..nth {
        at = Token::read(message, at).ok().filter(|token| !token.is_aggregate())?.end;
    }
    let token = Token::read(message, at).ok().filter(|token| !token.is_aggregate())?;
    Some(data(&token, message))
}

/// Returns the status of a response.
pub(super) fn reply(message: &[u8]) -> Reply {
    let Some(token) = first_value(message) else { return Reply::default() };
    let text = data(&token, message);
    match token.kind {
        b'-' | b'!' => error(text),
        b'+' => Reply {
            status: crate::exchange::text(text.get(..MAX_PREVIEW).unwrap_or(text)),
            code: None,
            outcome: Outcome::Success,
        },
        _ if token.is_null() => Reply { status: "nil".into(), code: None, outcome: Outcome::Success },
        _ => Reply { status: "OK".into(), code: None, outcome: Outcome::Success },
    }
}

fn error(text: &[u8]) -> Reply {
    let end = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
    let code = text.get(..end.min(40)).unwrap_or_default();
    let outcome = match code {
        // Another node has the key: the client sends the command there.
        b"MOVED" | b"ASK" => Outcome::Success,
        b"LOADING" | b"BUSY" | b"OOM" | b"CLUSTERDOWN" | b"TRYAGAIN" | b"MASTERDOWN" | b"MISCONF" | b"READONLY"
        | b"NOREPLICAS" | b"UNKILLABLE" => Outcome::ServerError,
        _ => Outcome::ClientError,
    };
    Reply { status: crate::exchange::text(code), code: None, outcome }
}

/// Returns the address of a redirection: the third word of MOVED and ASK.
fn redirection(message: &[u8]) -> Option<&[u8]> {
    let error = first_value(message).filter(|token| token.kind == b'-')?;
    let mut words = data(&error, message).split(|&byte| byte == b' ');
    words.next().filter(|code| matches!(*code, b"MOVED" | b"ASK"))?;
    words.nth(1)
}

/// Returns a response in a few words.
pub(super) fn preview(message: &[u8], secrets: SecretContext) -> CompactString {
    let Some(token) = first_value(message) else { return CompactString::default() };
    let is_secret = secrets != SecretContext::None;
    let text = data(&token, message);
    match token.kind {
        _ if token.is_null() => "(nil)".into(),
        b'$' | b'=' if is_secret => REDACTED.into(),
        b'$' | b'=' => {
            let mut shown = CompactString::default();
            push_word(text, MAX_PREVIEW, &mut shown);
            if text.len() > MAX_PREVIEW {
                shown.push_str("...");
            }
            shown
        }
        b'*' | b'~' | b'>' | b'%' if token.count == 1 => "(1 value)".into(),
        b'*' | b'~' | b'>' | b'%' => format_compact!("({} values)", token.count),
        _ => crate::exchange::text(text.get(..256).unwrap_or(text)),
    }
}

/// Records the fields that state what a message is.
pub(super) fn record_head(
    command: Option<&Command<'_>>,
    message: &[u8],
    is_push: bool,
    secrets: SecretContext,
    tree: &mut Tree,
) {
    let none = Slice::default();
    if let Some(command) = command {
        tree.put(&REQUEST, none, Value::Bool(true));
        if tree.wants(&COMMAND) {
            tree.put_copy(&COMMAND, none, command.name().as_bytes());
        }
        if tree.wants(&ARGUMENTS) || tree.wants(&SUMMARY) {
            let arguments = command.arguments();
            tree.put_text(&ARGUMENTS, none, format_args!("{arguments}"));
            tree.put_text(&SUMMARY, none, format_args!("{} {arguments}", command.name()));
        }
        if tree.wants(&KEY)
            && let Some(key) = command.key()
        {
            tree.put_copy(&KEY, none, key);
        }
        return;
    }
    tree.put(&RESPONSE, none, Value::Bool(true));
    if is_push {
        if let Some(kind) = element(message, 0).filter(|_| tree.wants(&COMMAND)) {
            tree.put_text(&COMMAND, none, format_args!("{}", crate::exchange::text(kind).to_ascii_uppercase()));
        }
        if let Some(channel) = element(message, 1).filter(|_| tree.wants(&KEY)) {
            tree.put_copy(&KEY, none, channel);
        }
    } else if tree.wants(&STATUS) {
        tree.put_copy(&STATUS, none, reply(message).status.as_bytes());
    }
    if tree.wants(&SUMMARY) {
        tree.put_text(&SUMMARY, none, format_args!("{}", preview(message, secrets)));
    }
    if tree.wants(&REDIRECTION)
        && let Some(address) = redirection(message)
    {
        tree.put_copy(&REDIRECTION, none, address);
    }
}

/// Whether any field of a value is recorded, or the note that not all values are.
pub(super) fn wants_values(tree: &Tree) -> bool {
    tree.wanted().any_between(&STRING, &ELEMENTS) || tree.wants(&LINE) || tree.wants(&LIMIT)
}

/// A value that is open.
struct Open {
    left: u64,
    nth: u64,
    is_recorded: bool,
}

/// Records the values of a message that begins at `base` in the store. `secrets` are those of its words.
pub(super) fn record_values(message: &[u8], base: u32, secrets: SecretContext, has_lines: bool, tree: &mut Tree) {
    let mut open: Vec<Open> = Vec::new();
    let mut secrets = SecretWords::new(secrets);
    let (mut at, mut count, mut lines) = (0, 0, 0);
    let wants_lines = has_lines && tree.wants(&LINE);
    while let Ok(token) = Token::read(message, at) {
        let whole = Slice::new(base + at as u32, (token.end.min(message.len()) - at) as u32);
        count += 1;
        if count > MAX_VALUES {
            tree.note(&LIMIT, whole, format_args!("{}", LIMIT.title));
            break;
        }
        let is_secret = !token.is_aggregate() && secrets.is_secret(data(&token, message));
        if let Some(parent) = open.last_mut() {
            parent.left -= u64::from(token.kind != b'|');
            parent.nth += 1;
        }
        if wants_lines && lines < MAX_LINES && (!token.is_aggregate() || token.count <= 0) {
            lines += 1;
            let line = line(&token, message, is_secret, &open);
            tree.put_text(&LINE, Slice::default(), format_args!("{line}"));
        }
        record_value(&token, message, base, whole, is_secret, tree);
        at = token.end;
        if token.is_aggregate() {
            let is_recorded = open.len() < MAX_DEPTH;
            if token.values() > 0 {
                if open.len() == MAX_DEPTH {
                    tree.note(&ARRAY_TOO_DEEP, whole, format_args!("{}", ARRAY_TOO_DEEP.title));
                }
                open.push(Open { left: token.values(), nth: 0, is_recorded });
            }
            if token.values() == 0 || !is_recorded {
                tree.close();
            }
        }
        while open.last().is_some_and(|parent| parent.left == 0) {
            if open.pop().is_some_and(|parent| parent.is_recorded) {
                tree.close();
            }
        }
    }
    open.iter().filter(|parent| parent.is_recorded).for_each(|_| tree.close());
}

/// Records a value; an array or another value with elements stays open.
fn record_value(token: &Token, message: &[u8], base: u32, whole: Slice, is_secret: bool, tree: &mut Tree) {
    let length = Slice::new(whole.start, (token.line.end - token.line.start) as u32);
    let data_span = Slice::new(
        base + token.data.start as u32,
        (token.data.end.min(message.len()).saturating_sub(token.data.start)) as u32,
    );
    let text = data(token, message);
    let line_field: Option<&'static Field> = match token.kind {
        b'+' => Some(&STRING),
        b'-' => Some(&ERROR),
        b',' => Some(&DOUBLE),
        b'(' => Some(&BIG_NUMBER),
        b'!' => Some(&BULK_ERROR),
        b'=' => Some(&VERBATIM_STRING),
        _ => None,
    };
    match token.kind {
        b':' => drop(tree.put(&INTEGER, whole, Value::Int(token.count))),
        b'#' => drop(tree.put(&BOOLEAN, whole, Value::Bool(text == b"t"))),
        b'_' => drop(tree.put(&NULL, whole, Value::Present)),
        b'$' => {
            let node = tree.open(&BULK_STRING, whole, Value::Present);
            if tree.wanted().labels {
                label_bulk_string(token, text, is_secret, node, tree);
            }
            tree.put(&BULK_STRING_LENGTH, length, Value::Int(token.count));
            if token.count > 0 && !is_secret {
                tree.put(&BULK_STRING_VALUE, data_span, Value::Bytes(data_span));
            }
            tree.close();
        }
        b'*' | b'~' | b'>' | b'%' | b'|' => {
            let field: &'static Field = match token.kind {
                b'*' => &ARRAY,
                b'~' => &SET,
                b'>' => &PUSH,
                b'%' => &MAP,
                _ => &ATTRIBUTE,
            };
            let node = tree.open(field, length, Value::Present);
            match token.count {
                -1 => tree.label(node, format_args!("{}: [NULL]", field.title)),
                0 => tree.label(node, format_args!("{}: Empty", field.title)),
                count => tree.label(node, format_args!("{}: Length {count}", field.title)),
            }
            let count: &'static Field = if token.kind == b'*' { &ARRAY_LENGTH } else { &ELEMENTS };
            tree.put(count, length, Value::Int(token.count));
        }
        _ => {
            if let Some(field) = line_field {
                tree.put(field, whole, Value::Text(data_span));
            }
        }
    }
}

fn label_bulk_string(token: &Token, data: &[u8], is_secret: bool, node: Option<usize>, tree: &mut Tree) {
    if token.is_null() {
        tree.label(node, format_args!("{}: [NULL]", BULK_STRING.title));
    } else if is_secret {
        tree.label(node, format_args!("{}: {REDACTED}", BULK_STRING.title));
    } else if let Some(text) = core::str::from_utf8(data).ok().filter(|text| is_shown(text)) {
        tree.label(node, format_args!("{}: {text}", BULK_STRING.title));
    }
}

fn is_shown(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && text.chars().all(crate::format::is_printable)
}

/// Formats a value with the numbers of its place, as redis-cli does.
fn line(token: &Token, message: &[u8], is_secret: bool, open: &[Open]) -> CompactString {
    let mut line = CompactString::default();
    if let Some((last, outer)) = open.split_last() {
        outer.iter().for_each(|_| line.push_str("   "));
        let _ = write!(line, "{}) ", last.nth);
    }
    let text = data(token, message);
    match token.kind {
        _ if token.is_null() => line.push_str("(nil)"),
        _ if is_secret => line.push_str(REDACTED),
        b':' => {
            let _ = write!(line, "(integer) {}", token.count);
        }
        b'-' | b'!' => {
            let _ = write!(line, "(error) {}", crate::exchange::text(text.get(..MAX_LINE).unwrap_or(text)));
        }
        b'$' | b'=' => push_word(text, MAX_LINE, &mut line),
        b'#' => line.push_str(if text == b"t" { "(true)" } else { "(false)" }),
        b'*' | b'~' | b'>' | b'%' | b'|' => line.push_str("(empty)"),
        _ => line.push_str(&crate::exchange::text(text.get(..MAX_LINE).unwrap_or(text))),
    }
    line
}
