//! A message told: its row, its head and what it concludes from its exchange.

use super::body::{self, Shown};
use super::fields::*;
use super::head::{self, Head, Line, Start};
use super::message::Message;
use super::pairing::{Pending, Role};
use super::{PROTOCOL, quirk, status, well_known};
use crate::content::{Content, Lossy};
use crate::field::Field;
use crate::session::{Chunk, Context};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

/// Adds the protocol to those of the frame.
pub(super) fn enter(cx: &mut Context<'_>) {
    if !cx.path.names().contains(&"http") {
        cx.path.push("http");
    }
}

/// What there is to see of a message.
pub(super) struct Seen<'h, 'b> {
    /// The bytes that were kept.
    pub chunk: Chunk<'b>,
    /// How much of the body they include.
    pub of_body: Shown,
    /// The head with which they begin, if it was just read.
    pub head: Option<&'h Head<'b>>,
    /// Whether anybody looks at its header lines, or at what is odd about them.
    pub headers: bool,
}

/// Records a message; `lines` are those of its head, if that was just read.
pub(super) fn describe(
    message: &Message,
    seen: Seen<'_, '_>,
    pending: Option<&Pending>,
    lines: &mut Vec<Line>,
    cx: &mut Context<'_>,
) {
    enter(cx);
    let Seen { chunk: shown, of_body, head, headers } = seen;
    let place = shown.place(0..shown.bytes.len(), "Reassembled TCP", cx.tree);
    let bytes = shown.bytes.get(..message.head).unwrap_or(shown.bytes);
    let head = match head {
        Some(head) => *head,
        None if headers => head::read(bytes, lines),
        None if of_body == Shown::Nothing => head::first_line(bytes, lines),
        None => head::glance(bytes, lines).unwrap_or_else(|| head::read(bytes, lines)),
    };
    let head = Placed { head, base: place.start };
    if cx.tree.wants_columns() {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        let line = head.head.bytes.get(..head.head.start_len).unwrap_or_default();
        cx.tree.info(format_args!("{} ", Lossy(head::trim_end(line))));
    }
    let is_told = cx.tree.wants_any(&HTTP);
    if is_told {
        // The head is HTTP's own; the body belongs to what it carries.
        let own = Slice::new(place.start, place.len.min(message.head as u32));
        let node = cx.tree.open(&HTTP, own, Value::Bytes(place));
        cx.tree.label(node, format_args!("{}", HTTP.title));
        head.start_line(cx.tree);
        if headers {
            lines.iter().for_each(|line| head.header(line, cx.tree));
        }
        head.conclude(message, pending, cx);
        if headers {
            notes(message, head.span(0..message.head), head.head.bytes, cx.tree);
        }
    }
    let body = (of_body != Shown::Nothing)
        .then(|| body::describe(message, shown.bytes, place.start, of_body, &head.head, lines, cx.tree));
    if is_told {
        cx.tree.close();
    }
    if let Some(body) = body {
        let content_type = head.find(lines, b"content-type");
        Content::new(body.piece(), content_type, PROTOCOL.short).read(cx.path, cx.tree);
    }
    cx.tree.fence();
}

/// A head and where it lies in the tree's store.
struct Placed<'b> {
    head: Head<'b>,
    base: u32,
}

impl<'b> Placed<'b> {
    fn span(&self, range: core::ops::Range<usize>) -> Slice {
        Slice::new(self.base.saturating_add(range.start as u32), range.len() as u32)
    }

    /// The place of a part of the head.
    fn place(&self, part: &[u8]) -> Slice {
        let start = (part.as_ptr() as usize).wrapping_sub(self.head.bytes.as_ptr() as usize);
        if start > self.head.bytes.len() { Slice::new(self.base, 0) } else { self.span(start..start + part.len()) }
    }

    fn text(&self, field: &'static Field, part: &[u8], tree: &mut Tree) {
        let place = self.place(part);
        tree.put(field, place, Value::Text(place));
    }

    fn find(&self, lines: &[Line], name: &[u8]) -> &'b [u8] {
        let line = lines.iter().find(|line| self.head.name(line).eq_ignore_ascii_case(name));
        line.map_or(b"", |line| self.head.value(line))
    }

    fn is_notification(&self) -> bool {
        matches!(self.head.start, Start::Request { method: b"NOTIFY", .. })
    }

    fn start_line(&self, tree: &mut Tree) {
        let line = self.span(0..self.head.start_len);
        tree.open(&START_LINE, line, Value::Text(line));
        let bytes = self.head.bytes.get(..self.head.start_len).unwrap_or_default();
        tree.note(&CHAT, line, format_args!("{}", Lossy(head::trim_end(bytes))));
        match self.head.start {
            Start::Request { method, target, version } => {
                self.text(&REQUEST_METHOD, method, tree);
                self.target(target, tree);
                if !version.is_empty() {
                    self.text(&REQUEST_VERSION, version, tree);
                }
            }
            Start::Response { version, code, phrase } => {
                self.text(&RESPONSE_VERSION, version, tree);
                if let Some(code) = code {
                    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
                    let after = bytes.get(version.len()..).unwrap_or_default();
                    let at = version.len() + after.iter().take_while(blank).count();
                    let digits = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
                    let span = self.span(at..at + digits);
                    tree.put(&RESPONSE_CODE, span, Value::Uint(code.into()));
                    match status::describe(code) {
                        Some(words) => tree.put_text(&RESPONSE_CODE_DESC, span, format_args!("{words}")),
                        None => tree.put_text(&RESPONSE_CODE_DESC, span, format_args!("Unknown ({code})")),
                    };
                }
                if !phrase.is_empty() {
                    self.text(&RESPONSE_PHRASE, phrase, tree);
                }
            }
        }
        tree.close();
    }

    fn target(&self, target: &[u8], tree: &mut Tree) {
        let place = self.place(target);
        tree.open(&REQUEST_URI, place, Value::Text(place));
        if let Some(mark) = memchr::memchr(b'?', target) {
            let (path, query) = target.split_at_checked(mark).unwrap_or_default();
            let query = query.get(1..).unwrap_or_default();
            self.text(&REQUEST_URI_PATH, path, tree);
            let place = self.place(query);
            tree.open(&REQUEST_URI_QUERY, place, Value::Text(place));
            for parameter in query.split(|&byte| byte == b'&').filter(|parameter| !parameter.is_empty()) {
                self.text(&REQUEST_URI_QUERY_PARAMETER, parameter, tree);
            }
            tree.close();
        }
        tree.close();
    }

    fn header(&self, line: &Line, tree: &mut Tree) {
        let all = self.span(line.start as usize..line.end as usize);
        let name = self.head.name(line);
        let value = self.span(line.value as usize..line.value_end as usize);
        let raw = self.head.bytes.get(line.value as usize..line.value_end as usize).unwrap_or_default();
        match well_known::field(name) {
            Some(field) if tree.wants_any(field) => {
                // RFC 9112 5.2: a folded value is read as if its line ends were spaces.
                let shown = match memchr::memchr(b'\n', raw) {
                    Some(_) if tree.wants(field) => tree.keep(&unfold(raw)),
                    _ => value,
                };
                tree.open(field, all, Value::Text(shown));
                self.parts(field, raw, all, tree);
                tree.close();
            }
            // As in Wireshark: in a request or a response a header without a field of its own is a line and no more.
            _ if !self.is_notification() => {}
            _ => {
                let node = tree.put(&UNKNOWN_HEADER, all, Value::Text(all));
                let line = self.head.bytes.get(line.start as usize..line.value_end as usize).unwrap_or_default();
                tree.label(node, format_args!("{}", Lossy(line)));
            }
        }
        let field = match self.head.start {
            Start::Request { .. } => &REQUEST_LINE,
            Start::Response { .. } => &RESPONSE_LINE,
        };
        tree.put(field, all, Value::Text(all));
    }

    /// What a value says beyond its text.
    fn parts(&self, field: &'static Field, value: &[u8], all: Slice, tree: &mut Tree) {
        if field.id == CONTENT_LENGTH_HEADER.id {
            let digits = value.trim_ascii();
            let number = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            if let Some(number) = number {
                tree.put(&CONTENT_LENGTH, all, Value::Uint(number));
            }
        } else if field.id == COOKIE.id {
            for pair in value.split(|&byte| byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()) {
                self.text(&COOKIE_PAIR, pair, tree);
            }
        } else if (field.id == AUTHORIZATION.id || field.id == PROXY_AUTHORIZATION.id) && tree.wants(&AUTHBASIC) {
            let scheme = value.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case(b"basic "));
            if let Some(credentials) = scheme.and_then(|_| base64(value.get(6..)?.trim_ascii())) {
                let credentials = tree.keep(&credentials);
                tree.put(&AUTHBASIC, all, Value::Text(credentials));
            }
        }
    }

    /// What is known of the message beyond its bytes.
    fn conclude(&self, message: &Message, pending: Option<&Pending>, cx: &mut Context<'_>) {
        let none = Slice::default();
        let exchange = pending.map(|pending| &*pending.exchange).filter(|exchange| exchange.asked_by.is_some());
        let uri = exchange
            .filter(|_| cx.tree.wants(&REQUEST_FULL_URI))
            .and_then(|exchange| full_uri(&exchange.method, &exchange.host, &exchange.uri));
        if message.link.role == Role::Request {
            if let Some(uri) = uri {
                cx.tree.put_text(&REQUEST_FULL_URI, none, format_args!("{}{}{}", uri[0], uri[1], uri[2]));
            }
            if let Start::Request { method: b"CONNECT", target, .. } = self.head.start {
                let colon = memchr::memrchr(b':', target).unwrap_or(target.len());
                self.text(&PROXY_CONNECT_HOST, target.get(..colon).unwrap_or_default(), cx.tree);
                let port = target.get(colon + 1..).and_then(|port| core::str::from_utf8(port).ok());
                if let Some(port) = port.and_then(|port| port.parse::<u16>().ok()) {
                    cx.tree.put(&PROXY_CONNECT_PORT, self.place(target), Value::Uint(port.into()));
                }
            }
            cx.tree.put(if self.is_notification() { &NOTIFICATION } else { &REQUEST }, none, Value::Bool(true));
            let key = message.link.nth.map(|nth| (cx.stream, cx.session, nth));
            if let Some(&frame) = key.and_then(|key| cx.foresight.responses.get(&key)) {
                cx.tree.put(&RESPONSE_IN, none, Value::Uint(frame.into()));
            }
            return;
        }
        cx.tree.put(&RESPONSE, none, Value::Bool(true));
        if let Some(asked) = pending.and_then(|pending| pending.asked) {
            cx.tree.put(&REQUEST_IN, none, Value::Uint(asked.frame.into()));
            let since = message.done(cx.at).saturating_sub(asked.time);
            cx.tree.put(&TIME, none, Value::Duration(since));
        }
        if let Some(exchange) = exchange {
            if message.link.role == Role::Response
                && let Some(wait) = exchange.time_to_first_byte() {
                    cx.tree.put(&TIME_TO_FIRST_BYTE, none, Value::Duration(wait));
                }
            cx.tree.put_text(&REQUEST_URI, none, format_args!("{}", exchange.uri));
            if let Some(uri) = uri {
                cx.tree.put_text(&REQUEST_FULL_URI, none, format_args!("{}{}{}", uri[0], uri[1], uri[2]));
            }
        }
        let download = message.last.time.saturating_sub(message.first.time);
        cx.tree.put(&DOWNLOAD_TIME, none, Value::Duration(download));
    }
}

/// The whole URI in its parts, if the host is known.
fn full_uri<'b>(method: &str, host: &'b str, uri: &'b str) -> Option<[&'b str; 3]> {
    if method == "CONNECT" || uri.contains("://") {
        return Some(["", "", uri]);
    }
    (!host.is_empty()).then_some(["http://", host, uri])
}

fn notes(message: &Message, span: Slice, head: &[u8], tree: &mut Tree) {
    let obs_text = if head.is_ascii() { 0 } else { quirk::OBS_TEXT };
    let quirks = message.quirks | obs_text;
    for &(_, field) in quirk::NOTES.iter().filter(|(bit, _)| quirks & bit != 0) {
        if quirks & quirk::GAP != 0 && field.id == GAP.id {
            tree.note(field, span, format_args!("{}: {}", field.title, message.missing));
        } else {
            tree.note(field, span, format_args!("{}", field.title));
        }
    }
}

fn unfold(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for line in value.split(|&byte| byte == b'\n') {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(line.trim_ascii());
    }
    out
}

/// Base64 (RFC 4648 4) undone; none if it is not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for &byte in text.iter().filter(|&&byte| byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}
