//! Recording of frames and messages in the tree.

use super::deflate::InflateError;
use super::fields::*;
use super::frame::{
    self, BINARY, CLOSE, CONTINUATION, FrameHeader, PING, PONG, TEXT as TEXT_FRAME, kind_name, opcode_name, status_name,
};
use super::message::{Message, close_status};
use super::{Handshake, PROTOCOL, WebSocket};
use crate::content::{LossyText, MessageBody};
use crate::json_text::is_json;
use crate::packet::Payload;
use crate::session::{Chunk, Context};
use crate::tree::{Slice, Tree, Value};
use core::fmt;

/// A frame that is being recorded.
#[derive(Clone, Copy)]
pub(super) struct FrameView {
    /// Its header; `None` for a message that ends without a frame.
    pub(super) header: Option<FrameHeader>,
    /// Its bytes in the store of the tree.
    span: Slice,
    pub(super) is_recorded: bool,
    /// Fields of payloads are recorded, not only the columns.
    has_detail: bool,
}

impl FrameView {
    /// Begins a frame, and records its header.
    pub(super) fn new(
        header: FrameHeader,
        violation: Option<&str>,
        chunk: Chunk<'_>,
        is_recorded: bool,
        session: &WebSocket,
        cx: &mut Context<'_>,
    ) -> FrameView {
        let has_detail = is_recorded && session.has_fields;
        let mut view = FrameView { header: Some(header), span: Slice::default(), is_recorded, has_detail };
        if !is_recorded {
            return view;
        }
        push_protocols(&session.handshake, cx);
        set_info(&header, cx.tree);
        if has_detail {
            view.span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
            cx.tree.open(&WEBSOCKET, view.span, Value::Bytes(view.span));
            let may_be_compressed = session.handshake.extension.is_deflate();
            view.header_fields(&header, may_be_compressed, cx.tree);
            if let Some(violation) = violation {
                cx.tree.note(&BAD_FRAME, view.span, format_args!("{}: {violation}", BAD_FRAME.title));
            }
        }
        view
    }

    /// Begins the record of a message that no frame ends.
    pub(super) fn empty(is_recorded: bool, session: &WebSocket, cx: &mut Context<'_>) -> FrameView {
        let has_detail = is_recorded && session.has_fields;
        if is_recorded {
            push_protocols(&session.handshake, cx);
        }
        if has_detail {
            cx.tree.open(&WEBSOCKET, Slice::default(), Value::Bytes(Slice::default()));
        }
        FrameView { header: None, span: Slice::default(), is_recorded, has_detail }
    }

    /// Ends the record.
    pub(super) fn close(&self, tree: &mut Tree) {
        if self.has_detail {
            tree.close();
        }
    }

    fn header_fields(&self, header: &FrameHeader, may_be_compressed: Option<bool>, tree: &mut Tree) {
        let start = self.span.start;
        let (first, second) = (Slice::new(start, 1), Slice::new(start + 1, 1));
        tree.put(&FIN, first, Value::Bool(header.fin));
        tree.put(&RSV, first, Value::Uint(u64::from(header.rsv >> 4)));
        let is_compressed = header.rsv & frame::RSV1 != 0;
        if may_be_compressed.unwrap_or(is_compressed) {
            tree.put(&PMC, first, Value::Bool(is_compressed));
        }
        tree.put(&OPCODE, first, Value::Uint(header.opcode.into()));
        tree.put(&MASK, second, Value::Bool(header.key.is_some()));
        tree.put(&PAYLOAD_LENGTH, second, Value::Uint(header.short_length.into()));
        match header.short_length {
            126 => drop(tree.put(&LENGTH_16, Slice::new(start + 2, 2), Value::Uint(header.length))),
            127 => drop(tree.put(&LENGTH_64, Slice::new(start + 2, 8), Value::Uint(header.length))),
            _ => {}
        }
        if header.key.is_some() {
            let key = Slice::new(start + header.len as u32 - 4, 4);
            tree.put(&MASKING_KEY, key, Value::Bytes(key));
            if header.length > 0 {
                tree.put(&MASKED_PAYLOAD, self.payload_span(), Value::Present);
            }
        }
        if !header.is_known() {
            tree.note(&UNKNOWN_OPCODE, first, format_args!("{} not implemented", UNKNOWN_OPCODE.title));
        }
    }

    /// Position of the payload as it was sent.
    fn payload_span(&self) -> Slice {
        let len = self.header.map_or(0, |header| header.len as u32).min(self.span.len);
        Slice::new(self.span.start + len, self.span.len - len)
    }

    /// Adds the payload of the frame without its mask to the tree.
    pub(super) fn locate<'b>(&self, payload: &'b [u8], tree: &mut Tree) -> Payload<'b> {
        let sent = self.payload_span();
        let is_masked = self.header.is_some_and(|header| header.key.is_some());
        let base = match is_masked && self.has_detail && !payload.is_empty() {
            true => tree.add_derived_buffer("Unmasked", payload, Some(sent)),
            false => sent.start,
        };
        Payload::whole(payload, base)
    }

    /// Adds the output of a compressed message to the tree.
    pub(super) fn decompressed<'b>(&self, bytes: &'b [u8], tree: &mut Tree) -> Payload<'b> {
        self.add("Decompressed", bytes, tree)
    }

    /// Adds the joined fragments of a message to the tree.
    pub(super) fn joined<'b>(&self, bytes: &'b [u8], tree: &mut Tree) -> Payload<'b> {
        self.add("Message", bytes, tree)
    }

    fn add<'b>(&self, title: &'static str, bytes: &'b [u8], tree: &mut Tree) -> Payload<'b> {
        let is_added = self.has_detail && !bytes.is_empty();
        Payload::whole(bytes, if is_added { tree.add_buffer(title, bytes) } else { 0 })
    }

    /// Records the payload of a frame that does not end its message.
    pub(super) fn fragment(&self, payload: Payload<'_>, tree: &mut Tree) {
        let Some(header) = self.header.filter(|header| self.has_detail && header.length > 0) else { return };
        tree.put(&PAYLOAD, payload.all(), Value::Present);
        if header.opcode == CONTINUATION {
            tree.put(&CONTINUE, payload.all(), Value::Bytes(payload.all()));
        }
    }

    /// Records a message that ends.
    pub(super) fn message(&self, message: &Message, body: &Body<'_>, handshake: &Handshake, cx: &mut Context<'_>) {
        if !self.has_detail {
            return;
        }
        let all = body.payload.all();
        // The last fragment may be empty.
        if message.size > 0 {
            cx.tree.open(&PAYLOAD, all, Value::Present);
            body.describe(message, cx.tree);
            cx.tree.close();
        }
        if message.fragments.len() > 1 {
            describe_fragments(message, all, cx.tree);
        }
        body.describe_message(message, handshake, cx.tree);
    }
}

/// The data of a message that ends: decompressed, or as sent if it cannot be.
pub(super) struct Body<'b> {
    pub(super) payload: Payload<'b>,
    pub(super) error: Option<InflateError>,
    /// The client of the handshake sent it.
    pub(super) is_client: bool,
}

impl Body<'_> {
    /// Records the data by the kind of the message.
    fn describe(&self, message: &Message, tree: &mut Tree) {
        let all = self.payload.all();
        match message.opcode {
            TEXT_FRAME if self.error.is_none() => drop(tree.put(&TEXT, all, Value::Text(all))),
            CLOSE => self.describe_close(tree),
            PING => drop(tree.put(&PING_DATA, all, Value::Bytes(all))),
            PONG => drop(tree.put(&PONG_DATA, all, Value::Bytes(all))),
            TEXT_FRAME | BINARY | CONTINUATION => {}
            _ => drop(tree.put(&UNKNOWN, all, Value::Bytes(all))),
        }
    }

    fn describe_close(&self, tree: &mut Tree) {
        let all = self.payload.all();
        tree.open(&super::fields::CLOSE, all, Value::Present);
        if let Some((code, reason)) = close_status(self.payload.bytes) {
            tree.put(&STATUS_CODE, self.payload.span(0, 2), Value::Uint(code.into()));
            if !reason.is_empty() {
                let reason = self.payload.span(2, reason.len());
                tree.put(&REASON, reason, Value::Text(reason));
            }
        }
        tree.close();
    }

    /// Media type of the data; empty if it is not known.
    fn media_type(&self, message: &Message, handshake: &Handshake) -> &'static [u8] {
        let may_be_json = match message.opcode {
            _ if self.error.is_some() => return b"",
            TEXT_FRAME => true,
            BINARY => handshake.subprotocol.contains("json"),
            _ => false,
        };
        match message.opcode {
            _ if may_be_json && is_json(self.payload.bytes) => b"application/json",
            TEXT_FRAME => b"text/plain",
            _ => b"",
        }
    }

    /// Records the message as a whole.
    fn describe_message(&self, message: &Message, handshake: &Handshake, tree: &mut Tree) {
        if !tree.wanted().any_between(&MESSAGE, &UNSYNCHRONIZED) {
            return;
        }
        let none = Slice::default();
        let all = self.payload.all();
        let summary = Summary { message, payload: self.payload.bytes };
        let node = tree.open(&MESSAGE, none, Value::Present);
        tree.label(node, format_args!("{}: {summary}", MESSAGE.title));
        tree.put(if self.is_client { &FROM_CLIENT } else { &FROM_SERVER }, none, Value::Bool(true));
        tree.put_text(&SUMMARY, none, format_args!("{summary}"));
        tree.put_text(&KIND, none, format_args!("{}", kind_name(message.opcode)));
        if let Some((code, _)) = close_status(self.payload.bytes).filter(|_| message.opcode == CLOSE) {
            tree.put_text(&STATUS, none, format_args!("{code}"));
        }
        if message.is_compressed {
            tree.put_text(&CODING, none, format_args!("permessage-deflate"));
        }
        let texts =
            [(&HOST, &handshake.authority), (&TARGET, &handshake.target), (&SUBPROTOCOL, &handshake.subprotocol)];
        for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            tree.put_text(field, none, format_args!("{text}"));
        }
        if let Some(stream) = handshake.stream {
            tree.put(&STREAM, none, Value::Uint(stream));
        }
        tree.put(&SIZE, none, Value::Uint(message.size));
        if !frame::is_control(message.opcode) || message.opcode == PING || message.opcode == PONG {
            let media_type = if tree.wants(&MEDIA_TYPE) { self.media_type(message, handshake) } else { b"" };
            if !media_type.is_empty() {
                let text = tree.store_bytes(media_type);
                tree.put(&MEDIA_TYPE, none, Value::Text(text));
            }
            if all.len > 0 {
                tree.put(&DATA, all, Value::Bytes(all));
            }
        }
        self.describe_notes(message, tree);
        tree.close();
    }

    fn describe_notes(&self, message: &Message, tree: &mut Tree) {
        let all = self.payload.all();
        let is_compressed = self.error.filter(|_| message.is_whole());
        let is_text = match message.opcode {
            TEXT_FRAME => message.is_whole() && self.error.is_none() && is_invalid(self.payload.bytes),
            CLOSE => close_status(self.payload.bytes).is_some_and(|(_, reason)| is_invalid(reason)),
            _ => false,
        };
        let is_short_close = message.opcode == CLOSE && self.payload.bytes.len() == 1 && message.is_complete();
        let notes = [
            (&GAP, message.has_gap),
            (&TRUNCATED, message.is_truncated),
            (&LIMIT, message.is_cut || is_compressed == Some(InflateError::TooLarge)),
            (&DECOMPRESSION_FAILED, is_compressed == Some(InflateError::Malformed)),
            (&NOT_DECODABLE, is_compressed == Some(InflateError::UnknownWindow)),
            (&INVALID_UTF8, is_text),
        ];
        for (note, _) in notes.into_iter().filter(|(_, applies)| *applies) {
            tree.note(note, all, format_args!("{}", note.title));
        }
        if is_short_close {
            tree.note(&BAD_FRAME, all, format_args!("{}: status code of one byte", BAD_FRAME.title));
        }
    }

    /// Dissects the data of a message by its kind.
    pub(super) fn read(&self, message: &Message, handshake: &Handshake, cx: &mut Context<'_>) {
        let is_data = matches!(message.opcode, TEXT_FRAME | BINARY);
        if !is_data || !message.is_whole() || self.payload.bytes.is_empty() {
            return;
        }
        let media_type = self.media_type(message, handshake);
        // The columns are those of the frame.
        let body = MessageBody { depth: 1, ..MessageBody::new(self.payload, media_type, PROTOCOL.short) };
        body.read(cx.path, cx.tree);
    }
}

fn is_invalid(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_err()
}

/// A message in a line.
struct Summary<'b> {
    message: &'b Message,
    payload: &'b [u8],
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { message, payload } = *self;
        f.write_str(kind_name(message.opcode))?;
        match close_status(payload).filter(|_| message.opcode == CLOSE) {
            Some((code, reason)) => {
                write!(f, " {code}")?;
                let name = status_name(code);
                if !name.is_empty() {
                    write!(f, " {name}")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {}", LossyText(reason)) }
            }
            None => {
                write!(f, ", {} byte{}", message.size, if message.size == 1 { "" } else { "s" })?;
                match message.is_compressed {
                    true if payload.len() as u64 != message.size => write!(f, ", {} decompressed", payload.len()),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// Adds the names of the carrier and of WebSocket to the protocols of the frame, as Wireshark does.
fn push_protocols(handshake: &Handshake, cx: &mut Context<'_>) {
    for name in handshake.carrier.into_iter().chain([WEBSOCKET.name]) {
        if !cx.path.names().contains(&name) {
            cx.path.push(name);
        }
    }
}

/// Sets the columns. Of several frames in a segment, Info has the last, as in Wireshark.
fn set_info(header: &FrameHeader, tree: &mut Tree) {
    if !tree.wants_columns() {
        return;
    }
    tree.columns_mut().protocol = PROTOCOL.short;
    let before = tree.columns().info;
    let separator = match tree.bytes(before).get(..tree.columns().fence as usize) {
        Some([.., last]) if *last != b' ' => ", ",
        _ => "",
    };
    let fin = if header.fin { " [FIN]" } else { "[FRAGMENT] " };
    let mask = if header.key.is_some() { "[MASKED]" } else { "" };
    tree.set_info(format_args!("{separator}WebSocket {}{fin} {mask}", opcode_name(header.opcode)));
}

/// Records the frames that a message came in.
fn describe_fragments(message: &Message, whole: Slice, tree: &mut Tree) {
    let none = Slice::default();
    let (count, size) = (message.fragment_count, message.size);
    let node = tree.open(&FRAGMENTS, whole, Value::Present);
    tree.label(node, format_args!("[{count} {} ({size} bytes)]", FRAGMENTS.title));
    let mut at = 0_u64;
    for &(frame, len) in &message.fragments {
        let node = tree.put(&FRAGMENT, none, Value::Uint(frame.into()));
        let last = (at + u64::from(len)).saturating_sub(1);
        tree.label(node, format_args!("[Frame: {frame}, payload: {at}-{last} ({len} bytes)]"));
        at += u64::from(len);
    }
    tree.put(&FRAGMENT_COUNT, none, Value::Uint(count.into()));
    tree.put(&REASSEMBLED_LENGTH, none, Value::Uint(size.min(u32::MAX.into())));
    tree.close();
}

/// Notes bytes after a loss in which no frame begins.
pub(super) fn note_unsynchronized(session: &WebSocket, cx: &mut Context<'_>) {
    if !session.records(cx) {
        return;
    }
    push_protocols(&session.handshake, cx);
    let none = Slice::default();
    cx.tree.open(&WEBSOCKET, none, Value::Bytes(none));
    cx.tree.note(&UNSYNCHRONIZED, none, format_args!("{}", UNSYNCHRONIZED.title));
    cx.tree.close();
}
