//! Detail of frames and instructions.

use super::HEADER_FIELDS;
use super::fields::*;
use super::names;
use super::qpack::Instruction;
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};
use crate::varint::varint;
use crate::web::header_list::{HeaderLine, HeaderList};
use crate::web::headers;

/// Returns the name of a frame type.
fn frame_name(kind: u64) -> &'static str {
    match FRAME_TYPE.value_name(kind) {
        Some(name) => name,
        None if names::is_reserved(kind) => "Reserved (GREASE)",
        None => "Unknown",
    }
}

/// Opens the node of a frame, and records its type and its length. `payload` is what is there of it.
pub(super) fn open_frame(frame: Payload<'_>, [type_len, length_len]: [usize; 2], tree: &mut Tree) {
    let (kind, length) = frame_header(frame.bytes);
    if tree.wants_columns() {
        tree.append_info(format_args!(", {}", frame_name(kind)));
    }
    let node = tree.open(&FRAME, frame.all(), Value::Present);
    if tree.wanted().labels {
        tree.label(node, format_args!("{} len={length}", frame_name(kind)));
    }
    tree.put(&FRAME_TYPE, frame.span(0, type_len), Value::Uint(kind));
    tree.put(&FRAME_LENGTH, frame.span(type_len, length_len), Value::Uint(length));
    let payload = frame.from(type_len + length_len);
    if !payload.bytes.is_empty() {
        tree.put(&FRAME_PAYLOAD, payload.all(), Value::Bytes(payload.all()));
    }
}

fn frame_header(bytes: &[u8]) -> (u64, u64) {
    let (kind, len) = varint(bytes).unwrap_or_default();
    let (length, _) = bytes.get(len..).and_then(varint).unwrap_or_default();
    (kind, length)
}

/// Records the type of a stream of one direction.
pub(super) fn stream_type(kind: u64, span: Slice, tree: &mut Tree) {
    let node = tree.put(&STREAM_TYPE, span, Value::Uint(kind));
    if names::is_reserved(kind) {
        tree.label(node, format_args!("{}: Reserved (GREASE) ({kind:#018x})", STREAM_TYPE.title));
    } else if STREAM_TYPE.value_name(kind).is_none() {
        tree.note(&UNKNOWN_STREAM, span, format_args!("{} {kind:#x}", UNKNOWN_STREAM.title));
    }
}

/// Records a number, and returns what follows it.
fn number<'b>(field: &'static crate::Field, payload: Payload<'b>, tree: &mut Tree) -> Option<Payload<'b>> {
    let (value, len) = varint(payload.bytes)?;
    tree.put(field, payload.span(0, len), Value::Uint(value));
    Some(payload.from(len))
}

/// Records the payload of a frame that is not one of messages.
pub(super) fn payload(kind: u64, payload: Payload<'_>, tree: &mut Tree) {
    let read = match kind {
        0x03 => number(&PUSH_ID, payload, tree),
        0x0d => number(&MAX_PUSH_ID, payload, tree),
        0x04 => return settings(payload, tree),
        0x07 => number(&GOAWAY_ID, payload, tree),
        0xf0700 | 0xf0701 => number(&PRIORITY_ELEMENT, payload, tree).inspect(|value| {
            tree.put(&PRIORITY_VALUE, value.all(), Value::Text(value.all()));
        }),
        _ => Some(payload),
    };
    if read.is_none() {
        tree.note(&BAD_FRAME, payload.all(), format_args!("{}", BAD_FRAME.title));
    }
}

/// Records the beginning of a stream of WebTransport: its signal, and the stream of its session (draft-ietf-webtrans-http3 4.3).
pub(super) fn webtransport_stream(signal: Payload<'_>, [kind_len, id_len]: [usize; 2], session: u64, tree: &mut Tree) {
    let node = tree.open(&FRAME, signal.all(), Value::Present);
    tree.label(node, format_args!("WEBTRANSPORT_BISTREAM: session {session}"));
    tree.put(&FRAME_TYPE, signal.span(0, kind_len), Value::Uint(0x41));
    session_id(session, signal.span(kind_len, id_len), tree);
    tree.close();
}

/// Records the stream of a session of WebTransport.
pub(super) fn session_id(session: u64, span: Slice, tree: &mut Tree) {
    tree.put(&WEBTRANSPORT_SESSION, span, Value::Uint(session));
}

/// Records the push of a promise.
pub(super) fn push_id(id: u64, span: Slice, tree: &mut Tree) {
    tree.put(&PUSH_ID, span, Value::Uint(id));
}

fn settings(payload: Payload<'_>, tree: &mut Tree) {
    let mut rest = payload;
    while let Some((id, id_len)) = varint(rest.bytes) {
        let Some((value, value_len)) = rest.bytes.get(id_len..).and_then(varint) else { break };
        let node = tree.open(&SETTINGS, rest.span(0, id_len + value_len), Value::Present);
        match SETTINGS_ID.value_name(id) {
            Some(name) => tree.label(node, format_args!("Settings - {name}: {value}")),
            None if names::is_reserved(id) => tree.label(node, format_args!("Settings - Reserved (GREASE)")),
            None => tree.label(node, format_args!("Settings - Unknown ({id:#x}): {value}")),
        }
        tree.put(&SETTINGS_ID, rest.span(0, id_len), Value::Uint(id));
        let span = rest.span(id_len, value_len);
        tree.put(&SETTINGS_VALUE, span, Value::Uint(value));
        if let Some(field) = names::setting_field(id) {
            tree.put(field, span, Value::Uint(value));
        }
        tree.close();
        rest = rest.from(id_len + value_len);
    }
    if !rest.bytes.is_empty() {
        tree.note(&BAD_FRAME, rest.all(), format_args!("{}", BAD_FRAME.title));
    }
}

/// Records the headers of a section.
pub(super) fn headers(list: &HeaderList, section: Payload<'_>, tree: &mut Tree) {
    headers::append_start(list, &list.lines, tree);
    if !tree.wants_any(&HTTP3) {
        return;
    }
    let none = Slice::default();
    let length = |line| Some(8 + list.name(line)?.len() + list.value(line)?.len());
    if tree.wants(&HEADER_LENGTH)
        && let Some(total) = list.lines.iter().map(length).sum::<Option<usize>>()
    {
        tree.put(&HEADER_LENGTH, none, Value::Uint(total as u64));
    }
    tree.put(&HEADER_COUNT, none, Value::Uint(list.lines.len() as u64));
    let span_of = |line: &HeaderLine| section.span(line.coded.start, line.coded.len());
    if tree.wanted().any_between(&HEADER, &VALUE) || tree.wanted().labels {
        for line in &list.lines {
            headers::open_header(list, line, &HEADER_FIELDS, span_of(line), tree);
            tree.close();
        }
    } else if tree.wanted().any_between(&H_AUTHORITY, &H_WWW_AUTHENTICATE) {
        for line in &list.lines {
            let field = list.name(line).and_then(names::header_field).filter(|field| tree.wants(field));
            if let (Some(field), Some(value)) = (field, list.value(line)) {
                let text = tree.store_bytes(value);
                headers::describe_value(field, value, text, span_of(line), tree);
            }
        }
    }
    let unknown = list.lines.iter().filter(|line| !line.is_known()).count();
    if unknown > 0 {
        tree.note(&UNKNOWN_HEADER, section.all(), format_args!("{}: {unknown}", UNKNOWN_HEADER.title));
    }
    if list.is_cut {
        tree.note(&LIST_LIMIT, section.all(), format_args!("{}: {} bytes", LIST_LIMIT.title, list.size));
    }
}

/// Records headers that wait for entries of the dynamic table.
pub(super) fn blocked(required: u64, inserted: u64, span: Slice, tree: &mut Tree) {
    let none = Slice::default();
    tree.put(&QPACK_BLOCKED, none, Value::Bool(true));
    tree.put(&QPACK_REQUIRED, none, Value::Uint(required));
    tree.put(&QPACK_AVAILABLE, none, Value::Uint(inserted));
    tree.note(&BLOCKED, span, format_args!("{}", BLOCKED.title));
}

/// Records an instruction of an encoder.
pub(super) fn instruction(instruction: Instruction, span: Slice, tree: &mut Tree) {
    let field = match instruction {
        Instruction::SetCapacity(_) => &SET_CAPACITY,
        Instruction::InsertNamed => &INSERT_NAMED,
        Instruction::InsertLiteral => &INSERT,
        Instruction::Duplicate => &DUPLICATE,
    };
    tree.open(field, span, Value::Bytes(span));
    if let Instruction::SetCapacity(capacity) = instruction {
        tree.put(&CAPACITY, span, Value::Uint(capacity));
    }
    tree.close();
}
