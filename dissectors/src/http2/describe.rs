//! Frame detail: records the columns, the frame header, and payloads that change no state.

use super::fields::{self, *};
use super::frame::{ACK, END_HEADERS, END_STREAM, FRAME_HEADER, FrameHeader, FrameType, PADDED, PRIORITY};
use super::{Frame, PROTOCOL};
use crate::field::Field;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::session::{Chunk, Context};
use crate::tree::{Slice, Tree, Value};
use core::fmt;

/// Title of the buffer of a frame of several segments.
const BUFFER: &str = "Reassembled TCP";
/// Length of the priority in a HEADERS or PRIORITY frame.
pub(super) const PRIORITY_LENGTH: usize = 5;

/// Adds HTTP/2 to the protocols of the frame.
pub(super) fn push_protocol(cx: &mut Context<'_>) {
    if !cx.path.names().contains(&"http2") {
        cx.path.push("http2");
    }
}

/// Begins the text of a frame in the info column; those of one segment follow each other.
fn set_info(text: fmt::Arguments<'_>, tree: &mut Tree) {
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
        let separator = if tree.columns().fence > 0 { ", " } else { "" };
        tree.set_info(format_args!("{separator}{text}"));
    }
}

/// Records the connection preface.
pub(super) fn magic(chunk: Chunk<'_>, is_wanted: bool, cx: &mut Context<'_>) {
    if cx.tree.skips_rest() || !cx.tree.wants_any(&HTTP2) && !is_wanted {
        return;
    }
    push_protocol(cx);
    set_info(format_args!("Magic"), cx.tree);
    let span = chunk.span(0..chunk.bytes.len(), BUFFER, cx.tree);
    cx.tree.open(&HTTP2, span, Value::Bytes(span));
    let node = cx.tree.open(&STREAM, span, Value::Present);
    cx.tree.label(node, format_args!("Stream: Magic"));
    cx.tree.put(&MAGIC, span, Value::Text(span));
    end(cx.tree);
    cx.tree.fence();
}

/// Begins the detail of a frame, and records its header. Returns the position of all its bytes.
pub(super) fn begin(header: FrameHeader, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Slice {
    push_protocol(cx);
    let tree = &mut *cx.tree;
    let span = chunk.span(0..chunk.bytes.len(), BUFFER, tree);
    let name = TYPE.value_name(header.number.into());
    match name {
        Some(name) => set_info(format_args!("{name}[{}]", header.stream), tree),
        None => set_info(format_args!("Unknown type ({})[{}]", header.number, header.stream), tree),
    }
    if !tree.wants_any(&HTTP2) {
        return span;
    }
    tree.open(&HTTP2, span, Value::Bytes(span));
    let node = tree.open(&STREAM, span, Value::Present);
    if tree.wanted().labels {
        let name = name.unwrap_or("Unknown");
        tree.label(node, format_args!("Stream: {name}, Stream ID: {}, Length {}", header.stream, header.length));
    }
    let at = |at: u32, len| Slice::new(span.start + at, len);
    tree.put(&LENGTH, at(0, 3), Value::Uint(header.length as u64));
    tree.put(&TYPE, at(3, 1), Value::Uint(header.number.into()));
    tree.open(&FLAGS, at(4, 1), Value::Uint(header.flags.into()));
    flags(&header, at(4, 1), tree);
    tree.close();
    tree.put(&RESERVED, at(5, 4), Value::Uint(header.is_reserved.into()));
    tree.put(&STREAMID, at(5, 4), Value::Uint(header.stream.into()));
    span
}

/// Ends the detail of a frame.
pub(super) fn end(tree: &mut Tree) {
    if tree.wants_any(&HTTP2) {
        tree.close();
        tree.close();
    }
}

fn flags(header: &FrameHeader, span: Slice, tree: &mut Tree) {
    let (unused, fields): (_, &[(u8, &'static Field)]) = match header.kind {
        FrameType::Data => (&UNUSED_DATA, &[(PADDED, &fields::PADDED), (END_STREAM, &fields::END_STREAM)]),
        FrameType::Headers => (
            &UNUSED_HEADERS,
            &[
                (PRIORITY, &HAS_PRIORITY),
                (PADDED, &fields::PADDED),
                (END_HEADERS, &fields::END_HEADERS),
                (END_STREAM, &fields::END_STREAM),
            ],
        ),
        FrameType::PushPromise => {
            (&UNUSED_PUSH_PROMISE, &[(PADDED, &fields::PADDED), (END_HEADERS, &fields::END_HEADERS)])
        }
        // As in Wireshark, which knows padding here from a draft.
        FrameType::Continuation => {
            (&UNUSED_CONTINUATION, &[(PADDED, &fields::PADDED), (END_HEADERS, &fields::END_HEADERS)])
        }
        FrameType::Settings => (&UNUSED_SETTINGS, &[(ACK, &ACK_SETTINGS)]),
        FrameType::Ping => (&UNUSED_PING, &[(ACK, &ACK_PING)]),
        _ => (&UNUSED, &[]),
    };
    let undefined = match header.kind {
        FrameType::Continuation => !END_HEADERS & !PADDED | PADDED,
        kind => !kind.flags(),
    };
    tree.put(unused, span, Value::Uint((header.flags & undefined).into()));
    for (flag, field) in fields {
        tree.put(field, span, Value::Bool(header.flags & flag != 0));
    }
}

/// Records the padding length of a frame (RFC 9113 6.1), and returns the length of the padding.
pub(super) fn padding(frame: &Frame<'_>, tree: &mut Tree) -> usize {
    let length = if frame.header.has(PADDED) { frame.payload.first().copied() } else { None };
    if frame.is_recorded {
        if let Some(length) = length {
            tree.put(&PADDING, frame.span(0, 1), Value::Uint(length.into()));
        }
        tree.put(&PAD_LENGTH, Slice::default(), Value::Uint(length.unwrap_or(0).into()));
    }
    length.unwrap_or(0).into()
}

/// Records the dependency and weight at an offset of a payload.
pub(super) fn priority(frame: &Frame<'_>, at: usize, tree: &mut Tree) {
    let Some(&[a, b, c, d, weight]) = frame.payload.get(at..).and_then(|rest| rest.first_chunk::<PRIORITY_LENGTH>())
    else {
        return;
    };
    let word = u32::from_be_bytes([a, b, c, d]);
    tree.put(&EXCLUSIVE, frame.span(at, 4), Value::Bool(word >> 31 != 0));
    tree.put(&STREAM_DEPENDENCY, frame.span(at, 4), Value::Uint((word & 0x7fff_ffff).into()));
    tree.put(&WEIGHT, frame.span(at + 4, 1), Value::Uint(weight.into()));
    tree.put(&WEIGHT_REAL, Slice::default(), Value::Uint((u16::from(weight) + 1).into()));
}

/// Records the payload of a frame that changes no state.
pub(super) fn other(frame: &Frame<'_>, tree: &mut Tree) {
    let reader = FieldReader::new(Payload::whole(frame.payload, frame.span(0, 0).start), tree);
    let _: Result<(), UnexpectedEnd> = match frame.header.kind {
        FrameType::Priority => {
            priority(frame, 0, reader.tree);
            Ok(())
        }
        FrameType::Ping => ping(frame, reader),
        FrameType::GoAway => go_away(frame, reader),
        FrameType::AltSvc => alternative_services(frame, reader),
        FrameType::Origin => origins(frame, reader),
        FrameType::PriorityUpdate => priority_update(frame, reader),
        _ => rest(&UNKNOWN, frame, reader),
    };
}

/// Records the bytes that are left.
fn rest(field: &'static Field, frame: &Frame<'_>, mut reader: FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = frame.payload.len().saturating_sub(reader.position());
    if len > 0 {
        reader.bytes(field, len)?;
    }
    Ok(())
}

/// Records a number of 31 bits after a reserved one.
pub(super) fn number(
    reserved: &'static Field,
    field: &'static Field,
    reader: &mut FieldReader<'_, '_>,
) -> Result<u32, UnexpectedEnd> {
    let span = reader.span(4);
    let word = u32::from_be_bytes(reader.read_array()?);
    reader.tree.put(reserved, span, Value::Uint((word >> 31).into()));
    reader.tree.put(field, span, Value::Uint((word & 0x7fff_ffff).into()));
    Ok(word & 0x7fff_ffff)
}

fn ping(frame: &Frame<'_>, reader: FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    rest(if frame.header.has(ACK) { &PONG } else { &PING }, frame, reader)
}

fn go_away(frame: &Frame<'_>, mut reader: FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    number(&GOAWAY_RESERVED, &LAST_STREAM, &mut reader)?;
    reader.u32(&GOAWAY_ERROR)?;
    rest(&GOAWAY_DATA, frame, reader)
}

fn alternative_services(frame: &Frame<'_>, mut reader: FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let len = reader.u16(&ALTSVC_ORIGIN_LENGTH)?.into();
    if len > 0 {
        reader.text(&ALTSVC_ORIGIN, len)?;
    }
    let len = frame.payload.len().saturating_sub(reader.position());
    reader.text(&ALTSVC_VALUE, len).map(|_| ())
}

fn origins(frame: &Frame<'_>, mut reader: FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    while reader.position() < frame.payload.len() {
        reader.tree.open(&ORIGIN, reader.span(2), Value::Present);
        let read = reader.u16(&ORIGIN_LENGTH).and_then(|len| reader.text(&ORIGIN_TEXT, len.into()));
        reader.tree.close();
        read?;
    }
    Ok(())
}

fn priority_update(frame: &Frame<'_>, mut reader: FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    let span = reader.span(4);
    let word = u32::from_be_bytes(reader.read_array()?);
    reader.tree.put(&PRIORITY_STREAM, span, Value::Uint((word & 0x7fff_ffff).into()));
    let len = frame.payload.len().saturating_sub(reader.position());
    reader.text(&PRIORITY_VALUE, len).map(|_| ())
}

/// Records bytes that are not a frame.
pub(super) fn unexpected(chunk: Chunk<'_>, is_wanted: bool, cx: &mut Context<'_>) {
    if is_wanted && cx.tree.wants(&UNEXPECTED) && !cx.tree.skips_rest() {
        let len = chunk.bytes.len().min(FRAME_HEADER);
        let span = chunk.span(0..len, BUFFER, cx.tree);
        cx.tree.note(&UNEXPECTED, span, format_args!("{}", UNEXPECTED.title));
    }
}

/// Records the header of a frame that is too long to be buffered.
pub(super) fn long_frame(header: &FrameHeader, chunk: Chunk<'_>, is_wanted: bool, cx: &mut Context<'_>) {
    if cx.tree.skips_rest() || !cx.tree.wants_any(&HTTP2) && !is_wanted {
        return;
    }
    let span = begin(*header, chunk, cx);
    cx.tree.note(&FRAME_LIMIT, span, format_args!("{}: {} bytes", FRAME_LIMIT.title, header.length));
    end(cx.tree);
    cx.tree.fence();
}
