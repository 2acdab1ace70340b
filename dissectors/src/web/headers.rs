//! Headers of messages: what they state of an exchange, and what follows from them.

use super::header_list::{HeaderLine, HeaderList, UNKNOWN_PART};
use super::message::{self, CarriedBody};
use super::stream::{DataPart, HalfState, MessageHead, Stream};
use super::streams::Streams;
use super::web_protocol::HeaderFields;
use super::{streaming, tunnel};
use crate::content::LossyText;
use crate::exchange::text;
use crate::field::{Field, FieldKind};
use crate::session::{About, Context, Event, Half, Side, Stamp};
use crate::status;
use crate::tree::{Slice, Tree, Value};

/// Headers of a message, or trailers, that are complete.
#[derive(Clone, Copy)]
pub(crate) struct Headers<'l> {
    pub(crate) list: &'l HeaderList,
    /// Where their first byte arrived.
    pub(crate) first: Stamp,
    /// They cannot be decoded to their end.
    pub(crate) is_broken: bool,
    /// They promise a request.
    pub(crate) is_push: bool,
    /// The half ends with them.
    pub(crate) ends: bool,
    /// The side that sends requests.
    pub(crate) requester: Side,
    pub(crate) is_recorded: bool,
}

/// Whether a response is interim: another one follows (RFC 9110 15.2).
pub(crate) fn is_interim(status: Option<u16>) -> bool {
    matches!(status, Some(100..=199))
}

impl Streams {
    /// Adds headers to a half of a stream; `head` is what they state of the exchange. Returns the body of a message that ends with them.
    pub(crate) fn add_headers<'b>(
        &mut self,
        id: u32,
        half: Half,
        headers: Headers<'_>,
        head: &MessageHead<'_>,
        cx: &mut Context<'_>,
    ) -> Option<CarriedBody<'b>> {
        let Headers { list, is_broken, is_push, ends, .. } = headers;
        let (has_messages, number) = (self.has_messages, (self.protocol.stream)(id));
        let has_texts = has_messages || cx.reports_exchanges;
        let stream = self.get_mut(id)?;
        let before = stream.text();
        let has_start = head.status.is_some() || head.method.is_some();
        let state = stream.half(half);
        // RFC 9113 8.1: of what follows a lost head, only trailers begin without a pseudo-header.
        let begins = list.begins_with_pseudo().filter(|_| !is_broken || !list.lines.is_empty());
        let may_follow_head =
            state.state == HalfState::Awaited && (state.may_lack_start || state.has_gap) && begins != Some(true);
        let is_trailer = !has_start && (state.state == HalfState::Begun || may_follow_head && begins.is_some());
        if may_follow_head && !has_start {
            state.has_gap |= is_trailer;
            state.has_unknown_headers = true;
            (state.may_have_gap, state.state) = (true, HalfState::Begun);
            stream.note_lost_start(half);
        }
        let is_interim = is_interim(head.status);
        let state = stream.half(half);
        if is_interim {
            cx.events.push(Event::OutsideMessages);
        } else {
            state.arrive(headers.first, cx.arrived);
        }
        state.has_unknown_headers |= is_broken || list.has_unknown();
        state.has_gap |= is_broken;
        if !is_interim && has_messages {
            let lines = if is_trailer { &mut state.trailers } else { &mut state.head };
            message::append_lines(list, lines);
        }
        if !is_trailer && !is_interim {
            match half {
                Half::Request => {
                    stream.set_request(head);
                    if has_texts || stream.tunnel.is_some() {
                        stream.set_origin(head);
                    }
                    stream.exchange.requester = Some(headers.requester);
                    stream.exchange.is_pushed = is_push;
                }
                Half::Response => {
                    stream.set_response(head);
                    if has_texts {
                        stream.set_status(head);
                    }
                    tunnel::begin(id, number, stream, list, cx);
                }
            }
            streaming::begin(id, half, stream, cx);
        }
        if !is_interim {
            streaming::headers(id, half, stream, list, cx);
        }
        let opens_tunnel = stream.tunnel.is_some() && !is_trailer && !is_interim;
        let grown = stream.text().saturating_sub(before);
        self.add_text(id, grown, cx);
        // A tunnel follows the headers of CONNECT and of its response.
        if is_push || opens_tunnel || ends && !is_interim {
            return self.finish_half(id, half, None, headers.is_recorded, cx);
        }
        None
    }

    /// Records the fields that the headers of a half have by its exchange.
    pub(crate) fn describe_exchange(&mut self, id: u32, half: Half, list: &HeaderList, cx: &mut Context<'_>) {
        let (none, protocol) = (Slice::default(), self.protocol);
        let Some(stream) = self.get_mut(id) else { return };
        let request = About::Half(stream.exchange.id, Half::Request);
        if half == Half::Response {
            if let Some(requested) = stream.requested {
                cx.tree.put(protocol.time, none, Value::Duration(cx.at.time.saturating_sub(requested.time)));
                cx.tree.put(protocol.request_in, none, Value::Uint(requested.frame.into()));
            }
            return;
        }
        if cx.tree.wants(protocol.full_uri) {
            describe_uri(&MessageHead::of(list), protocol.full_uri, cx.tree);
        }
        cx.record_later(protocol.response_in, request);
    }

    /// Adds data to the body of a stream, and records them. Returns the body of a message that ends with them.
    pub(crate) fn add_data<'b>(
        &mut self,
        id: u32,
        half: Half,
        part: DataPart<'b>,
        cx: &mut Context<'_>,
    ) -> Option<CarriedBody<'b>> {
        let DataPart { bytes, span, is_recorded, ends, first } = part;
        let (keep, field) = (self.keep, self.protocol.data);
        if self.is_tunnel(id) {
            if is_recorded && !bytes.is_empty() {
                cx.tree.put(field, span, Value::Bytes(span));
            }
            self.note_tunnel_bytes(id, half);
            tunnel::derive(id, half, &part, cx);
            return None;
        }
        let stream = self.get_mut(id)?;
        if stream.half(half).state == HalfState::Awaited {
            stream.note_lost_start(half);
        }
        let state = stream.half(half);
        state.arrive(first, cx.arrived);
        let keep = state.amount(keep);
        let before = state.kept();
        let (is_streamed, has_status) = (state.is_streamed, state.has_status_in_content);
        // The body is in this frame alone.
        let is_whole = ends && state.body_len == 0 && state.missing == 0 && !state.has_gap;
        state.append(bytes, cx.at.frame, keep.filter(|_| !(is_whole && is_recorded)));
        let grown = state.kept() - before;
        self.add_body(grown);
        if is_recorded && !bytes.is_empty() && (is_streamed || !ends) {
            self.describe_part(id, half, span, cx);
        }
        if is_streamed && (has_status || keep.is_some() || cx.collected.is_some()) {
            streaming::data(id, half, &part, cx);
        }
        if !ends {
            return None;
        }
        self.finish_half(id, half, is_whole.then_some((bytes, span)), is_recorded, cx)
    }
}

/// Notes in which frame the headers of a half are.
pub(crate) fn note_headers(stream: &mut Stream, half: Half, response_in: &'static Field, cx: &mut Context<'_>) {
    let slot = if half == Half::Request { &mut stream.requested } else { &mut stream.answered };
    if slot.replace(slot.unwrap_or(cx.at)).is_none() && half == Half::Response {
        cx.collect(response_in, About::Half(stream.exchange.id, Half::Request), cx.at.frame.into());
    }
}

/// Records the full URI of a request.
fn describe_uri(head: &MessageHead<'_>, field: &'static Field, tree: &mut Tree) {
    let none = Slice::default();
    match (head.scheme.map(text), head.authority.map(text), head.path.map(text)) {
        // As in Wireshark, that of an extended CONNECT, too.
        (_, Some(authority), _) if head.method == Some(b"CONNECT") => {
            tree.put_text(field, none, format_args!("{authority}"));
        }
        (Some(scheme), Some(authority), Some(path)) => {
            tree.put_text(field, none, format_args!("{scheme}://{authority}{path}"));
        }
        _ => {}
    }
}

/// Opens the node of a header, and records its name and value. The caller closes the node.
pub(crate) fn open_header(list: &HeaderList, line: &HeaderLine, fields: &HeaderFields, span: Slice, tree: &mut Tree) {
    let (name, value) = (list.name(line), list.value(line));
    // As in Wireshark, a name that is not known is called so.
    let shown = name.unwrap_or(UNKNOWN_PART);
    let node = tree.open(fields.header, span, Value::Present);
    if tree.wanted().labels {
        tree.label(node, format_args!("Header: {}: {}", LossyText(shown), LossyText(value.unwrap_or(UNKNOWN_PART))));
    }
    let name_text = tree.store_bytes(shown);
    if let Some(name) = name {
        tree.put(fields.name_length, span, Value::Uint(name.len() as u64));
    }
    tree.put(fields.name, span, Value::Text(name_text));
    let Some(value) = value else { return };
    let value_text = tree.store_bytes(value);
    tree.put(fields.value_length, span, Value::Uint(value.len() as u64));
    tree.put(fields.value, span, Value::Text(value_text));
    if let Some(field) = name.and_then(fields.of_name) {
        describe_value(field, value, value_text, span, tree);
    }
}

/// Records the value of a header, which is stored at `text`, in the field that its name has.
pub(crate) fn describe_value(field: &'static Field, value: &[u8], text: Slice, span: Slice, tree: &mut Tree) {
    if field.kind == FieldKind::Text {
        tree.put(field, span, Value::Text(text));
    } else if let Some(number) = super::stream::number(value) {
        tree.put(field, span, Value::Uint(number));
    }
}

/// Appends what a message begins with to the info column: method and path, or the status.
pub(crate) fn append_start(list: &HeaderList, lines: &[HeaderLine], tree: &mut Tree) {
    if !tree.wants_columns() {
        return;
    }
    let value = |name: &[u8]| {
        let line = lines.iter().find(|line| list.name(line) == Some(name))?;
        list.value(line)
    };
    let (method, path, status) = (value(b":method"), value(b":path"), value(b":status"));
    if let Some(status) = status {
        let code = core::str::from_utf8(status).ok().and_then(|digits| digits.parse().ok());
        let description = code.and_then(status::description).unwrap_or("Unknown");
        tree.append_info(format_args!(": {} {description}", LossyText(status)));
    } else if let (Some(method), Some(path)) = (method, path) {
        tree.append_info(format_args!(": {} {}", LossyText(method), LossyText(path)));
        // What an extended CONNECT opens (RFC 8441 4): WebSocket, UDP (MASQUE), WebTransport.
        if let Some(protocol) = value(b":protocol") {
            tree.append_info(format_args!(" ({})", LossyText(protocol)));
        }
    }
}
