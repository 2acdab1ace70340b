//! Message detail: records the columns, the head and the fields derived from the exchange.

use super::body;
use super::fields::*;
use super::head::{self, HeaderLine, MessageHead, StartLine};
use super::message::HttpMessage;
use super::pairing::{OpenExchange, Role};
use super::wanted::{HeadDetail, MessageWants};
use super::well_known::KnownHeaders;
use super::{PROTOCOL, quirk};
use crate::base64;
use crate::body_limit::BodyDetail;
use crate::content::{LossyText, MessageBody};
use crate::exchange::absolute_form;
use crate::field::Field;
use crate::session::{About, Chunk, Context, Half};
use crate::status;
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

/// The port that Wireshark's preference `http.tls.port` names.
const HTTPS_PORT: u16 = 443;

/// Adds HTTP to the protocols of the frame.
pub(super) fn push_protocol(cx: &mut Context<'_>) {
    if !cx.path.names().contains(&"http") {
        cx.path.push("http");
    }
}

/// Recordable parts of a message.
pub(super) struct MessageView<'h, 'b> {
    /// Buffered bytes of the message.
    pub chunk: Chunk<'b>,
    /// Amount of the body in these bytes.
    pub body_detail: BodyDetail,
    /// Head at the beginning of these bytes, if it was just parsed.
    pub head: Option<&'h MessageHead<'b>>,
    /// What is recorded of messages.
    pub wants: MessageWants,
}

/// Records a message. `lines` are the header lines of its head, if that was just parsed.
pub(super) fn describe(
    message: &HttpMessage,
    seen: MessageView<'_, '_>,
    pending: Option<&OpenExchange>,
    lines: &mut Vec<HeaderLine>,
    cx: &mut Context<'_>,
) {
    push_protocol(cx);
    let MessageView { chunk, body_detail, head, wants } = seen;
    let message_span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
    let bytes = chunk.bytes.get(..message.head_len).unwrap_or(chunk.bytes);
    let head = match head {
        Some(head) => *head,
        None if wants.head == HeadDetail::Anomalies => head::read(bytes, lines),
        None if wants.head == HeadDetail::FirstLine && body_detail == BodyDetail::Nothing => {
            head::first_line(bytes, lines)
        }
        None => head::read_fast(bytes, wants.head, lines).unwrap_or_else(|| head::read(bytes, lines)),
    };
    let head = LocatedHead::new(head, message_span.start);
    if cx.tree.wants_columns() {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        let line = head.head.bytes.get(..head.head.start_len).unwrap_or_default();
        let separator = separator(cx.tree);
        cx.tree.set_info(format_args!("{separator}{} ", LossyText(head::trim_end(line))));
    }
    let is_wanted = wants.values || cx.tree.wants_any(&HTTP);
    if is_wanted {
        // The HTTP node spans the head only; the body belongs to the protocol that it carries.
        let head_span = Slice::new(message_span.start, message_span.len.min(message.head_len as u32));
        let node = cx.tree.open(&HTTP, head_span, Value::Bytes(message_span));
        cx.tree.label(node, format_args!("{}", HTTP.title));
        head.record_start_line(cx.tree);
        if wants.head >= HeadDetail::Headers {
            // Where only lines of a notification without fields of their own are wanted, those with such fields must be known.
            let known = if head.is_notification { KnownHeaders::ALL } else { wants.known };
            lines.iter().for_each(|line| head.record_header(line, known, cx.tree));
        }
        head.derived_fields(message, pending, cx);
        if wants.head == HeadDetail::Anomalies {
            let on_tls_port = !cx.is_encrypted && cx.ports.contains(&HTTPS_PORT);
            let quirks = message.quirks | if on_tls_port { quirk::TLS_PORT } else { 0 };
            record_notes(message, quirks, head.span(0..message.head_len), head.head.bytes, cx.tree);
        }
    }
    let body = (body_detail != BodyDetail::Nothing)
        .then(|| body::describe(message, chunk.bytes, message_span.start, body_detail, &head.head, lines, cx.tree));
    if is_wanted {
        cx.tree.close();
    }
    if let Some(body) = body {
        // RFC 9110 8.3: of several media types, recipients use the last.
        let content_type = head.last_value_of(lines, b"content-type");
        let half = if message.link.role == Role::Request { Half::Request } else { Half::Response };
        let target = pending.map_or(&b""[..], |pending| pending.target_and_authority()[0]);
        let target = core::str::from_utf8(target).unwrap_or_default();
        MessageBody::new(body.payload(), content_type, PROTOCOL.short).of(half, target).read(cx.path, cx.tree);
    }
    cx.tree.fence();
}

/// Head of a message with its offset in the tree's store.
pub(super) struct LocatedHead<'b> {
    head: MessageHead<'b>,
    base: u32,
    /// Whether it begins a NOTIFY, SUBSCRIBE or UNSUBSCRIBE.
    pub is_notification: bool,
}

impl<'b> LocatedHead<'b> {
    pub(super) fn new(head: MessageHead<'b>, base: u32) -> LocatedHead<'b> {
        let is_notification =
            matches!(head.start, StartLine::Request { method: b"NOTIFY" | b"SUBSCRIBE" | b"UNSUBSCRIBE", .. });
        LocatedHead { head, base, is_notification }
    }

    fn span(&self, range: core::ops::Range<usize>) -> Slice {
        Slice::new(self.base.saturating_add(range.start as u32), range.len() as u32)
    }

    /// Returns the slice of the store for a part of the head.
    fn span_of(&self, part: &[u8]) -> Slice {
        let start = (part.as_ptr() as usize).wrapping_sub(self.head.bytes.as_ptr() as usize);
        if start > self.head.bytes.len() { Slice::new(self.base, 0) } else { self.span(start..start + part.len()) }
    }

    fn put_text(&self, field: &'static Field, part: &[u8], tree: &mut Tree) {
        let span = self.span_of(part);
        tree.put(field, span, Value::Text(span));
    }

    fn last_value_of(&self, lines: &[HeaderLine], name: &[u8]) -> &'b [u8] {
        let line = lines.iter().rfind(|line| self.head.name(line).eq_ignore_ascii_case(name));
        line.map_or(b"", |line| self.head.value(line))
    }

    pub(super) fn record_start_line(&self, tree: &mut Tree) {
        let line = self.span(0..self.head.start_len);
        tree.open(&START_LINE, line, Value::Text(line));
        let bytes = self.head.bytes.get(..self.head.start_len).unwrap_or_default();
        match self.head.start {
            StartLine::Request { method, target, version } => {
                self.put_text(&REQUEST_METHOD, method, tree);
                self.record_target(target, tree);
                if !version.is_empty() {
                    self.put_text(&REQUEST_VERSION, version, tree);
                }
            }
            StartLine::Response { version, code, phrase } => {
                self.put_text(&RESPONSE_VERSION, version, tree);
                if let Some(code) = code {
                    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
                    let after = bytes.get(version.len()..).unwrap_or_default();
                    let at = version.len() + after.iter().take_while(blank).count();
                    let digits = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
                    let span = self.span(at..at + digits);
                    tree.put(&RESPONSE_CODE, span, Value::Uint(code.into()));
                    match status::description(code) {
                        Some(phrase) => tree.put_text(&RESPONSE_CODE_DESC, span, format_args!("{phrase}")),
                        None => tree.put_text(&RESPONSE_CODE_DESC, span, format_args!("Unknown ({code})")),
                    };
                }
                if !phrase.is_empty() {
                    self.put_text(&RESPONSE_PHRASE, phrase, tree);
                }
            }
        }
        tree.close();
    }

    fn record_target(&self, target: &[u8], tree: &mut Tree) {
        let span = self.span_of(target);
        tree.open(&REQUEST_URI, span, Value::Text(span));
        if let Some(mark) = memchr::memchr(b'?', target) {
            let (path, query) = target.split_at_checked(mark).unwrap_or_default();
            let query = query.get(1..).unwrap_or_default();
            self.put_text(&REQUEST_URI_PATH, path, tree);
            let span = self.span_of(query);
            tree.open(&REQUEST_URI_QUERY, span, Value::Text(span));
            let mut rest = query;
            while !rest.is_empty() {
                // As in Wireshark 4.4: also at commas, and a parameter has one byte at least.
                let separator = memchr::memchr2(b'&', b',', rest.get(1..).unwrap_or_default());
                let end = separator.map_or(rest.len(), |at| at + 1);
                self.put_text(&REQUEST_URI_QUERY_PARAMETER, rest.get(..end).unwrap_or_default(), tree);
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            tree.close();
        }
        tree.close();
    }

    /// Records a header line, and those of the known headers with their fields.
    pub(super) fn record_header(&self, line: &HeaderLine, known: KnownHeaders, tree: &mut Tree) {
        let all = self.span(line.start as usize..line.end as usize);
        let name = self.head.name(line);
        match known.field(name) {
            Some(field) => {
                let value = self.span(line.value as usize..line.value_end as usize);
                let raw = self.head.bytes.get(line.value as usize..line.value_end as usize).unwrap_or_default();
                // RFC 9112 5.2: each line end in a folded value is replaced by a space.
                let text = match memchr::memchr(b'\n', raw) {
                    Some(_) if tree.wants(field) => tree.store_bytes(&unfold(raw)),
                    _ => value,
                };
                tree.open(field, all, Value::Text(text));
                self.record_value_parts(field, raw, all, tree);
                tree.close();
            }
            // As in Wireshark: in a request or response, a header without a field of its own is only a line.
            None if !self.is_notification => {}
            None => {
                let node = tree.put(&UNKNOWN_HEADER, all, Value::Text(all));
                let line = self.head.bytes.get(line.start as usize..line.value_end as usize).unwrap_or_default();
                tree.label(node, format_args!("{}", LossyText(line)));
            }
        }
        let field = match self.head.start {
            StartLine::Request { .. } => &REQUEST_LINE,
            StartLine::Response { .. } => &RESPONSE_LINE,
        };
        tree.put(field, all, Value::Text(all));
    }

    /// Records the parts of a header value.
    fn record_value_parts(&self, field: &'static Field, value: &[u8], all: Slice, tree: &mut Tree) {
        if field.id == CONTENT_LENGTH_HEADER.id {
            let digits = value.trim_ascii();
            let number = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            if let Some(number) = number {
                tree.put(&CONTENT_LENGTH, all, Value::Uint(number));
            }
        } else if field.id == COOKIE.id {
            for pair in value.split(|&byte| byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()) {
                self.put_text(&COOKIE_PAIR, pair, tree);
            }
        } else if field.id == HTTP2_SETTINGS.id {
            let header = crate::header_dissectors().find(|header| header.name == head::SETTINGS);
            header.into_iter().for_each(|header| (header.dissect)(value.trim_ascii(), all, tree));
        } else if (field.id == AUTHORIZATION.id || field.id == PROXY_AUTHORIZATION.id) && tree.wants(&AUTHBASIC) {
            let scheme = value.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case(b"basic "));
            if let Some(credentials) = scheme.and_then(|_| base64::decode(value.get(6..)?.trim_ascii())) {
                let credentials = tree.store_bytes(&credentials);
                tree.put(&AUTHBASIC, all, Value::Text(credentials));
            }
        }
    }

    /// Records fields derived from the exchange rather than from the bytes of the message.
    fn derived_fields(&self, message: &HttpMessage, pending: Option<&OpenExchange>, cx: &mut Context<'_>) {
        let none = Slice::default();
        let pending_request = pending.filter(|pending| pending.exchange.requester.is_some());
        let uri = pending_request.filter(|_| cx.tree.wants(&REQUEST_FULL_URI));
        // As in Wireshark, the layers of the frame decide about the scheme.
        let scheme: &[u8] = if cx.is_encrypted { b"https://" } else { b"http://" };
        let uri = uri.and_then(|request| full_uri(request, scheme));
        if message.link.role == Role::Request {
            if let Some(uri) = uri {
                let uri = cx.tree.store_bytes(&uri);
                cx.tree.put(&REQUEST_FULL_URI, none, Value::Text(uri));
            }
            if let StartLine::Request { method: b"CONNECT", target, .. } = self.head.start {
                let colon = memchr::memrchr(b':', target).unwrap_or(target.len());
                self.put_text(&PROXY_CONNECT_HOST, target.get(..colon).unwrap_or_default(), cx.tree);
                let port = target.get(colon + 1..).and_then(|port| core::str::from_utf8(port).ok());
                if let Some(port) = port.and_then(|port| port.parse::<u16>().ok()) {
                    cx.tree.put(&PROXY_CONNECT_PORT, self.span_of(target), Value::Uint(port.into()));
                }
            }
            cx.tree.put(if self.is_notification { &NOTIFICATION } else { &REQUEST }, none, Value::Bool(true));
            if let Some(nth) = message.link.nth {
                cx.record_later(&RESPONSE_IN, About::Half(cx.exchange(nth), Half::Request));
            }
            return;
        }
        cx.tree.put(&RESPONSE, none, Value::Bool(true));
        if let Some(requested) = pending.and_then(|pending| pending.requested) {
            cx.tree.put(&REQUEST_IN, none, Value::Uint(requested.frame.into()));
            let since = message.completed_at(cx.at).saturating_sub(requested.time);
            cx.tree.put(&TIME, none, Value::Duration(since));
        }
        if let Some(pending) = pending_request {
            if message.link.role == Role::Response
                && let Some(wait) = pending.exchange.time_to_first_byte()
            {
                cx.tree.put(&TIME_TO_FIRST_BYTE, none, Value::Duration(wait));
            }
            if cx.tree.wants(&REQUEST_URI) {
                let target = cx.tree.store_bytes(pending.target_and_authority()[0]);
                cx.tree.put(&REQUEST_URI, none, Value::Text(target));
            }
            if let Some(uri) = uri {
                let uri = cx.tree.store_bytes(&uri);
                cx.tree.put(&REQUEST_FULL_URI, none, Value::Text(uri));
            }
        }
        let download = message.last.time.saturating_sub(message.first.time);
        cx.tree.put(&DOWNLOAD_TIME, none, Value::Duration(download));
    }
}

/// Returns the separator from the text that the Info column keeps; that of HTTP ends in a blank.
fn separator(tree: &Tree) -> &'static str {
    let columns = tree.columns();
    match tree.bytes(columns.info).get(..columns.fence as usize) {
        Some([.., last]) if *last != b' ' => ", ",
        _ => "",
    }
}

/// Returns the full URI of a request, if its host is known.
fn full_uri(request: &OpenExchange, scheme: &[u8]) -> Option<Vec<u8>> {
    let [target, authority] = request.target_and_authority();
    if request.exchange.method == "CONNECT" || absolute_form(target).is_some() {
        return Some(target.to_vec());
    }
    (!authority.is_empty()).then(|| [scheme, authority, target].concat())
}

fn record_notes(message: &HttpMessage, quirks: quirk::Quirks, span: Slice, head: &[u8], tree: &mut Tree) {
    let obs_text = if head.is_ascii() { 0 } else { quirk::OBS_TEXT };
    let quirks = quirks | obs_text;
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
