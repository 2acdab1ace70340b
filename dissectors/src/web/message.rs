//! Messages: the halves of streams, recorded as a whole in the frame that completes them.

use super::header_list::{HeaderList, Representation};
use super::stream::{HalfState, Stream};
use super::streaming;
use super::streams::Streams;
use super::web_protocol::WebProtocol;
use crate::body_limit::BodyDetail;
use crate::coding;
use crate::content::{LossyText, MessageBody};
use crate::exchange::Transfer;
use crate::field::Field;
use crate::packet::Payload;
use crate::session::{About, Context, Event, Half, MessagePart};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;
use core::fmt;

/// Body of a message, to be dissected by its media type after the detail of the frame.
pub(crate) struct CarriedBody<'b> {
    bytes: BodyBytes<'b>,
    base: u32,
    wire: u32,
    content_type: Vec<u8>,
    /// Short name of the protocol that carries it.
    carrier: &'static str,
}

enum BodyBytes<'b> {
    /// Bytes of the present frame.
    Captured(&'b [u8]),
    /// Bytes of several frames, or decoded ones.
    Derived(Vec<u8>),
}

impl BodyBytes<'_> {
    fn get(&self) -> &[u8] {
        match self {
            BodyBytes::Captured(bytes) => bytes,
            BodyBytes::Derived(bytes) => bytes,
        }
    }
}

impl CarriedBody<'_> {
    fn payload(&self) -> Payload<'_> {
        Payload { bytes: self.bytes.get(), base: self.base, wire: self.wire }
    }

    fn all(&self) -> Slice {
        self.payload().all()
    }

    /// Dissects it by its media type.
    pub(crate) fn read(&self, cx: &mut Context<'_>) {
        MessageBody::new(self.payload(), &self.content_type, self.carrier).read(cx.path, cx.tree);
    }
}

/// Appends headers other than pseudo-headers, a line for each.
pub(crate) fn append_lines(list: &HeaderList, lines: &mut Vec<u8>) {
    for line in &list.lines {
        let (name, value) = (list.name(line), list.value(line));
        if line.kind == Representation::SizeUpdate || name.is_some_and(|name| name.starts_with(b":")) {
            continue;
        }
        lines.extend_from_slice(name.unwrap_or(b"<unknown>"));
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.unwrap_or(b"<unknown>"));
        lines.push(b'\n');
    }
}

/// Notes that nodes recorded from an index on are of a half of an exchange.
pub(crate) fn note_part(nth: u32, half: Half, from: usize, cx: &mut Context<'_>) {
    let nodes = from..cx.tree.nodes().len();
    cx.events.push(Event::Part(MessagePart { nth, half, nodes }));
}

impl Streams {
    /// Ends a half of a stream: it is complete, or as complete as it will be. `whole` is its body, if it is in the present
    /// frame alone.
    pub(crate) fn finish_half<'b>(
        &mut self,
        id: u32,
        half: Half,
        whole: Option<(&'b [u8], Slice)>,
        is_recorded: bool,
        cx: &mut Context<'_>,
    ) -> Option<CarriedBody<'b>> {
        let has_messages = self.has_messages;
        let (keep, protocol) = (self.keep, self.protocol);
        let stream = self.get_mut(id)?;
        let state = stream.half(half);
        if state.state == HalfState::Done {
            return None;
        }
        let (is_begun, is_truncated, has_gap) = (state.first.is_some(), state.is_truncated, state.has_gap);
        let is_streamed = state.is_streamed;
        let is_reassembled = whole.is_none() && protocol.is_reassembled(state.first_data, cx.at.frame);
        state.state = HalfState::Done;
        let transfer = Transfer {
            first: state.first.unwrap_or(cx.first),
            last: if is_begun { state.last } else { cx.at },
            completed_in: cx.at.frame,
            body: state.body_len,
            complete: state.is_complete(),
        };
        if is_begun {
            match half {
                Half::Request => stream.exchange.request = Some(transfer),
                Half::Response => stream.exchange.response = Some(transfer),
            }
        }
        if is_reassembled && transfer.body > 0 && !is_truncated && !has_gap && !is_streamed {
            let about = About::Half(stream.exchange.id, half);
            cx.collect(protocol.reassembly.reassembled_in, about, cx.at.frame.into());
        }
        streaming::end(id, half, stream, cx);
        let is_recorded = is_recorded && is_begun;
        let kept = stream.half(half).kept();
        let mut body = None;
        if is_recorded {
            let view = MessageView { id, half, keep: stream.half(half).amount(keep), protocol };
            body = view.describe(stream, whole, has_messages, cx);
        }
        // The description may have taken the body.
        (stream.half(half).body, stream.half(half).fragments) = (Vec::new(), Vec::new());
        self.remove_body(kept);
        self.note_finished(id);
        body
    }

    /// Ends the halves of a side that are not complete: no more of them will come.
    pub(crate) fn finish_open_halves(&mut self, half: Half, cx: &mut Context<'_>) {
        let is_open = |stream: &mut Stream| !stream.is_done(half) && stream.half(half).first.is_some();
        let mut open: Vec<(u32, u32)> = self
            .iter_mut()
            .filter_map(|(id, stream)| is_open(stream).then_some((stream.exchange.id.nth, id)))
            .collect();
        open.sort_unstable();
        self.finish_halves(open, half, cx);
    }

    /// Finishes a half of streams, given with the numbers of their exchanges, as it is.
    pub(crate) fn finish_halves(&mut self, open: Vec<(u32, u32)>, half: Half, cx: &mut Context<'_>) {
        for (nth, id) in open {
            if let Some(stream) = self.get_mut(id) {
                stream.half(half).is_truncated = true;
            }
            let own = self.protocol.field;
            let is_recorded = !cx.tree.skips_rest() && (cx.tree.wants_any(own) || self.keep.is_some());
            if is_recorded {
                cx.path.push_once(own.name);
                cx.tree.open(own, Slice::default(), Value::Bytes(Slice::default()));
            }
            let from = cx.tree.nodes().len();
            let body = self.finish_half(id, half, None, !cx.tree.skips_rest(), cx);
            if is_recorded {
                cx.tree.close();
            }
            if let Some(body) = body {
                body.read(cx);
            }
            note_part(nth, half, from, cx);
        }
    }

    /// Records a part of a body, with the frame that completes it.
    pub(crate) fn describe_part(&mut self, id: u32, half: Half, span: Slice, cx: &mut Context<'_>) {
        let protocol = self.protocol;
        let Some(stream) = self.get_mut(id) else { return };
        let about = match stream.half(half).is_streamed {
            true => About::Frame(cx.at.frame, 0),
            false => About::Half(stream.exchange.id, half),
        };
        if let Some(frame) = cx.later_value(protocol.reassembly.reassembled_in, about) {
            cx.tree.put(protocol.reassembly.reassembled_in, Slice::default(), Value::Uint(frame));
        }
        cx.tree.put(protocol.data, span, Value::Bytes(span));
    }
}

/// A message that is recorded.
struct MessageView {
    id: u32,
    half: Half,
    keep: Option<BodyDetail>,
    protocol: &'static WebProtocol,
}

impl MessageView {
    /// Whether whole bodies are recorded.
    fn is_body_wanted(&self) -> bool {
        self.keep.is_some_and(BodyDetail::is_full)
    }

    /// Records the body, and the message with all its headers.
    fn describe<'b>(
        &self,
        stream: &mut Stream,
        whole: Option<(&'b [u8], Slice)>,
        has_messages: bool,
        cx: &mut Context<'_>,
    ) -> Option<CarriedBody<'b>> {
        let body = self.body(stream, whole, cx);
        if has_messages {
            self.message(stream, body.as_ref(), cx);
        }
        // As in Wireshark, what is there of a body without an end is not dissected. Streamed content was, as it arrived.
        let state = stream.half(self.half);
        body.filter(|body| body.wire > 0 && !state.is_truncated && !state.is_streamed)
    }

    fn body<'b>(
        &self,
        stream: &mut Stream,
        whole: Option<(&'b [u8], Slice)>,
        cx: &mut Context<'_>,
    ) -> Option<CarriedBody<'b>> {
        let (keep, carrier) = (self.keep.filter(|_| stream.tunnel.is_none())?, self.protocol.short);
        let state = stream.half(self.half);
        let (is_truncated, has_gap, is_streamed) = (state.is_truncated, state.has_gap, state.is_streamed);
        let wire = u32::try_from(state.body_len.saturating_add(state.missing)).unwrap_or(u32::MAX);
        if wire == 0 {
            return None;
        }
        let content_type = state.content_type.as_bytes().to_vec();
        let codings = state.content_encoding.clone();
        let has_coding = !codings.is_empty() && codings != "identity";
        if !keep.is_full() {
            let bytes = match whole {
                _ if has_coding => BodyBytes::Captured(b""),
                Some((data, _)) => BodyBytes::Captured(data),
                None => BodyBytes::Derived(core::mem::take(&mut state.body)),
            };
            let base = whole.map_or(0, |(_, span)| span.start);
            return Some(CarriedBody { bytes, base, wire, content_type, carrier });
        }
        // Bytes that are not those of one frame.
        let is_apart = self.protocol.is_reassembled(state.first_data, cx.at.frame);
        let sent = match whole {
            Some((data, span)) => {
                CarriedBody { bytes: BodyBytes::Captured(data), base: span.start, wire, content_type, carrier }
            }
            None => {
                let bytes = core::mem::take(&mut state.body);
                let base = cx.tree.add_buffer("Body", &bytes);
                if is_apart && !is_truncated && !has_gap && !is_streamed {
                    describe_fragments(self.protocol, &state.fragments, Slice::new(base, bytes.len() as u32), cx.tree);
                }
                CarriedBody { bytes: BodyBytes::Derived(bytes), base, wire, content_type, carrier }
            }
        };
        let body = if has_coding { decode(self.protocol, sent, codings.as_bytes(), cx.tree) } else { sent };
        let all = body.all();
        if is_apart && all.len > 0 && !is_truncated && !is_streamed {
            cx.tree.put(self.protocol.data, all, Value::Bytes(all));
        }
        Some(body)
    }

    fn message(&self, stream: &mut Stream, body: Option<&CarriedBody<'_>>, cx: &mut Context<'_>) {
        let (none, protocol) = (Slice::default(), self.protocol);
        let fields = protocol.messages;
        let node = cx.tree.open(fields.message, none, Value::Present);
        let is_request = self.half == Half::Request;
        if let (Some(channel), Some(stream)) = (fields.channel, (protocol.stream)(self.id)) {
            cx.tree.put(channel, none, Value::Uint(stream));
        }
        let uri = stream.full_uri();
        let exchange = stream.exchange.clone();
        if is_request {
            cx.tree.put(fields.request, none, Value::Bool(true));
            label(node, fields.message, &[&exchange.method, &exchange.target], cx.tree);
            self.request(&exchange, cx.tree);
        } else {
            cx.tree.put(fields.response, none, Value::Bool(true));
            label(node, fields.message, &[&exchange.status], cx.tree);
            self.response(&exchange, cx.tree);
        }
        if let Some(uri) = uri {
            cx.tree.put_text(fields.full_target, none, format_args!("{uri}"));
        }
        let state = stream.half(self.half);
        let nth = usize::from(!is_request);
        if let Some(field) = fields.headers.get(nth) {
            put_lines(field, &state.head, cx.tree);
        }
        put_lines(fields.trailers, &state.trailers, cx.tree);
        for (field, text) in [(fields.media_type, &state.content_type), (fields.coding, &state.content_encoding)] {
            if !text.is_empty() {
                cx.tree.put_text(field, none, format_args!("{text}"));
            }
        }
        if let Some(all) = body.map(CarriedBody::all).filter(|all| all.len > 0 && self.is_body_wanted()) {
            let node = cx.tree.put(fields.body, all, Value::Bytes(all));
            cx.tree.label(node, format_args!("File Data: {} bytes", all.len));
        }
        if !is_request {
            if let Some(wait) = exchange.time_to_first_byte() {
                cx.tree.put(protocol.time_to_first_byte, none, Value::Duration(wait));
            }
            if let Some(download) = exchange.download() {
                cx.tree.put(protocol.download_time, none, Value::Duration(download));
            }
        }
        self.notes(stream, cx.tree);
        cx.tree.close();
    }

    fn request(&self, exchange: &crate::exchange::Exchange, tree: &mut Tree) {
        let (none, fields, version) = (Slice::default(), self.protocol.messages, self.protocol.version);
        if exchange.method.is_empty() {
            return;
        }
        tree.put_text(fields.start_line, none, format_args!("{} {} {version}", exchange.method, exchange.target));
        tree.put_text(fields.method, none, format_args!("{}", exchange.method));
        self.target(&exchange.target, tree);
        if !exchange.authority.is_empty() {
            tree.put_text(fields.authority, none, format_args!("{}", exchange.authority));
        }
        tree.put_text(fields.version, none, format_args!("{version}"));
    }

    fn response(&self, exchange: &crate::exchange::Exchange, tree: &mut Tree) {
        let (none, fields, version) = (Slice::default(), self.protocol.messages, self.protocol.version);
        if let Some(code) = exchange.code {
            tree.put_text(fields.start_line, none, format_args!("{version} {code}"));
            tree.put(fields.code, none, Value::Uint(code.into()));
        }
        if !exchange.target.is_empty() {
            tree.put_text(fields.target, none, format_args!("{}", exchange.target));
        }
    }

    fn target(&self, target: &str, tree: &mut Tree) {
        let none = Slice::default();
        if target.is_empty() {
            return;
        }
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        tree.put_text(self.protocol.messages.target, none, format_args!("{target}"));
        tree.put_text(self.protocol.uri_path, none, format_args!("{path}"));
        if let Some(query) = query {
            tree.put_text(self.protocol.uri_query, none, format_args!("{query}"));
        }
    }

    fn notes(&self, stream: &mut Stream, tree: &mut Tree) {
        let protocol = self.protocol;
        let is_head = stream.exchange.method == "HEAD";
        let code = stream.exchange.code;
        let state = stream.half(self.half);
        let is_short = self.half == Half::Request || !is_head && code != Some(304);
        let lengths = state.content_length.filter(|&len| len != state.body_len && is_short && state.is_complete());
        let mut note = |is_noted: bool, field: &'static Field, detail: fmt::Arguments<'_>| {
            if is_noted {
                tree.note(field, Slice::default(), format_args!("{}{detail}", field.title));
            }
        };
        note(state.is_truncated, protocol.truncated, format_args!(""));
        let is_lost = !state.is_complete() && !state.is_truncated;
        match state.missing {
            0 => note(is_lost, protocol.gap, format_args!(", or cannot be decoded")),
            missing => note(is_lost, protocol.gap, format_args!(": {missing}")),
        }
        let [limit, dropped] = protocol.messages.body_limits;
        note(state.is_dropped && self.is_body_wanted(), dropped, format_args!(""));
        note(state.is_cut && !state.is_dropped && self.is_body_wanted(), limit, format_args!(""));
        if let Some(expected) = lengths {
            note(true, protocol.bad_length, format_args!(": expected {expected}, found {}", state.body_len));
        }
    }
}

fn label(node: Option<usize>, field: &Field, words: &[&str], tree: &mut Tree) {
    if tree.wanted().labels {
        let text = words.join(" ");
        tree.label(node, format_args!("{}: {}", field.title, LossyText(text.as_bytes())));
    }
}

fn put_lines(field: &'static Field, lines: &[u8], tree: &mut Tree) {
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let text = tree.store_bytes(line);
        tree.put(field, Slice::default(), Value::Text(text));
    }
}

/// Records the frames that a body came in.
fn describe_fragments(protocol: &WebProtocol, fragments: &[(u32, u32)], whole: Slice, tree: &mut Tree) {
    let fields = protocol.reassembly;
    if !tree.wants_any(protocol.field) || fragments.is_empty() {
        return;
    }
    let none = Slice::default();
    let node = tree.open(fields.units, whole, Value::Present);
    tree.label(node, format_args!("[{} {} ({} bytes)]", fragments.len(), fields.units.title, whole.len));
    let mut at = 0;
    for &(frame, len) in fragments {
        let span = Slice::new(whole.start + at.min(whole.len), len.min(whole.len - at.min(whole.len)));
        let node = tree.put(fields.unit, span, Value::Uint(frame.into()));
        let last = (at + len).saturating_sub(1);
        tree.label(node, format_args!("[Frame: {frame}, payload: {at}-{last} ({len} bytes)]"));
        at = at.saturating_add(len);
    }
    tree.put(fields.count, none, Value::Uint(fragments.len() as u64));
    tree.put(fields.length, none, Value::Uint(whole.len.into()));
    tree.put(fields.data, whole, Value::Bytes(whole));
    tree.close();
}

/// Undoes the content codings of a body.
fn decode<'b>(protocol: &WebProtocol, sent: CarriedBody<'b>, codings: &[u8], tree: &mut Tree) -> CarriedBody<'b> {
    let max = tree.wanted().body_limit.content();
    let Some(decoded) = coding::decode_in_frame(codings, sent.payload(), max, tree) else {
        return sent;
    };
    if decoded.is_limited() {
        let [note, _] = protocol.messages.body_limits;
        tree.note(note, sent.all(), format_args!("{}", note.title));
    }
    if let Some(problem) = decoded.problem {
        let note = protocol.decompression_failed;
        let (title, reason) = (note.title, problem.description());
        tree.note(note, sent.all(), format_args!("{title} ({}): {reason}", LossyText(codings)));
        if !decoded.bytes.is_empty() && decoded.bytes == sent.bytes.get() {
            return sent;
        }
    }
    let base = tree.add_buffer("Decoded content", &decoded.bytes);
    let wire = (decoded.bytes.len() as u32).saturating_add(u32::from(!decoded.is_complete()));
    CarriedBody {
        bytes: BodyBytes::Derived(decoded.bytes),
        base,
        wire,
        content_type: sent.content_type,
        carrier: sent.carrier,
    }
}
