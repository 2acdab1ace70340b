//! Frames of packets (RFC 9000 19, RFC 9221): each is read and recorded at once.

use super::fields::*;
use super::names;
use crate::field::Field;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};
use crate::varint::varint;

/// Error codes of the transport that are alerts of TLS (RFC 9001 4.8).
const ALERT_ERRORS: core::ops::RangeInclusive<u64> = 0x100..=0x1ff;

/// What a frame changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame<'b> {
    Acknowledgment(Acknowledgment<'b>),
    Crypto { offset: u64, data: Payload<'b> },
    Stream { id: u64, offset: u64, data: Payload<'b>, is_last: bool },
    ResetStream { id: u64, error: u64 },
    StopSending { id: u64, error: u64 },
    NewConnectionId { id: &'b [u8], token: &'b [u8] },
    Datagram { data: Payload<'b> },
    Close { error: u64, is_application: bool, phrase: &'b [u8] },
    Other,
}

/// The fields of an ACK frame (RFC 9000 19.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledgment<'b> {
    pub(super) bytes: &'b [u8],
}

impl<'b> Acknowledgment<'b> {
    /// Ranges that are read. Peers send up to some tens.
    const MAX_RANGES: usize = 64;

    /// Returns the largest number that is acknowledged.
    pub(super) fn largest(self) -> Option<u64> {
        varint(self.bytes).map(|(largest, _)| largest)
    }

    /// Returns the first and last number of each range that is acknowledged, the largest numbers first.
    pub(super) fn ranges(self) -> impl Iterator<Item = (u64, u64)> + 'b {
        let mut rest = self.bytes;
        let mut next = move || {
            let (number, len) = varint(rest)?;
            rest = rest.get(len..)?;
            Some(number)
        };
        let header = [next(), next(), next(), next()];
        let mut range = match header {
            [Some(largest), Some(_), Some(_), Some(len)] => largest.checked_sub(len).map(|first| (first, largest)),
            _ => None,
        };
        let mut left = header.get(2).copied().flatten().unwrap_or_default();
        let ranges = core::iter::from_fn(move || {
            let this = range?;
            range = None;
            if left > 0 {
                left -= 1;
                // RFC 9000 19.3.1.
                let last = next().and_then(|gap| this.0.checked_sub(gap)?.checked_sub(2));
                range = last.zip(next()).and_then(|(last, len)| Some((last.checked_sub(len)?, last)));
            }
            Some(this)
        });
        ranges.take(Acknowledgment::MAX_RANGES)
    }
}

/// Whether a frame of a type makes its receiver acknowledge the packet (RFC 9002 2): all but ACK, PADDING and CONNECTION_CLOSE.
pub(super) fn elicits_acknowledgment(kind: u64) -> bool {
    !matches!(kind, 0x00 | 0x02 | 0x03 | 0x1c | 0x1d)
}

/// Reads an integer of variable length.
pub(super) fn number(field: &'static Field, reader: &mut FieldReader<'_, '_>) -> Result<u64, UnexpectedEnd> {
    let (value, len) = varint(reader.rest().bytes).ok_or(UnexpectedEnd)?;
    reader.tree.put(field, reader.span(len), Value::Uint(value));
    reader.skip(len)?;
    Ok(value)
}

/// Reads bytes whose length is given.
fn bytes<'b>(field: &'static Field, len: u64, reader: &mut FieldReader<'b, '_>) -> Result<&'b [u8], UnexpectedEnd> {
    let len = usize::try_from(len).map_err(|_| UnexpectedEnd)?;
    if len == 0 { Ok(&[]) } else { reader.bytes(field, len) }
}

/// Reads the next frame. Returns its type and what it changes.
pub(super) fn read<'b>(reader: &mut FieldReader<'b, '_>) -> Result<(u64, Frame<'b>), UnexpectedEnd> {
    let (kind, len) = varint(reader.rest().bytes).ok_or(UnexpectedEnd)?;
    let span = reader.span(len);
    let node = reader.tree.open(&FRAME_TYPE, span, Value::Uint(kind));
    label_type(node, kind, reader.tree);
    reader.skip(len)?;
    if matches!(kind, 0x08..=0x0f) {
        for (field, bit) in [(&STREAM_FIN, 1), (&STREAM_LEN, 2), (&STREAM_OFF, 4)] {
            reader.tree.put(field, span, Value::Bool(kind & bit != 0));
        }
    }
    reader.tree.close();
    let frame = match kind {
        0x00 => padding(reader)?,
        0x02 | 0x03 => acknowledgment(kind, reader)?,
        0x04 => {
            let id = number(&RESET_STREAM_ID, reader)?;
            let error = number(&RESET_ERROR, reader)?;
            number(&RESET_SIZE, reader)?;
            Frame::ResetStream { id, error }
        }
        0x05 => {
            let id = number(&STOP_STREAM_ID, reader)?;
            let error = number(&STOP_ERROR, reader)?;
            Frame::StopSending { id, error }
        }
        0x06 => crypto(reader)?,
        0x07 => {
            let len = number(&NEW_TOKEN_LENGTH, reader)?;
            bytes(&NEW_TOKEN, len, reader)?;
            Frame::Other
        }
        0x08..=0x0f => stream(kind, reader)?,
        0x18 => {
            number(&NEW_ID_SEQUENCE, reader)?;
            number(&NEW_ID_RETIRE, reader)?;
            let len = reader.u8(&NEW_ID_LENGTH)?;
            let id = bytes(&NEW_ID, len.into(), reader)?;
            Frame::NewConnectionId { id, token: reader.bytes(&NEW_ID_TOKEN, 16)? }
        }
        0x1c | 0x1d => close(kind, reader)?,
        0x30 | 0x31 => {
            let len = match kind {
                0x30 => reader.rest().bytes.len() as u64,
                _ => number(&DATAGRAM_LENGTH, reader)?,
            };
            let data = reader.rest();
            let len = bytes(&DATAGRAM, len, reader)?.len();
            Frame::Datagram { data: data.first(len) }
        }
        _ => simple(kind, reader)?,
    };
    Ok((kind, frame))
}

/// Reads a frame of numbers and bytes that change nothing.
fn simple<'b>(kind: u64, reader: &mut FieldReader<'b, '_>) -> Result<Frame<'b>, UnexpectedEnd> {
    let fields: &[&'static Field] = match kind {
        0x10 => &[&MAX_DATA],
        0x11 => &[&MAX_STREAM_DATA_ID, &MAX_STREAM_DATA],
        0x12 | 0x13 => &[&MAX_STREAMS],
        0x14 => &[&DATA_BLOCKED],
        0x15 => &[&STREAM_BLOCKED_ID, &DATA_BLOCKED],
        0x16 | 0x17 => &[&STREAMS_BLOCKED],
        0x19 => &[&RETIRED_SEQUENCE],
        0xaf => &[&AF_SEQUENCE, &AF_THRESHOLD, &AF_DELAY, &AF_REORDERING],
        0x02f5 => &[&TIME_STAMP],
        _ => &[],
    };
    for field in fields {
        number(field, reader)?;
    }
    match kind {
        0x1a => reader.bytes(&PATH_CHALLENGE, 8).map(drop)?,
        0x1b => reader.bytes(&PATH_RESPONSE, 8).map(drop)?,
        _ => {}
    }
    Ok(Frame::Other)
}

/// Whether the length of a frame is known, so that the next one can be read.
pub(super) fn is_known(kind: u64) -> bool {
    // All types of RFC 9000.
    kind <= 0x1e || FRAME_TYPE.value_name(kind).is_some()
}

fn label_type(node: Option<usize>, kind: u64, tree: &mut Tree) {
    if !tree.wanted().labels {
        return;
    }
    let name = match kind {
        0x12 | 0x13 => "MAX_STREAMS",
        _ => FRAME_TYPE.value_name(kind).unwrap_or("Unknown"),
    };
    tree.label(node, format_args!("{}: {name} (0x{kind:016x})", FRAME_TYPE.title));
}

fn padding<'b>(reader: &mut FieldReader<'b, '_>) -> Result<Frame<'b>, UnexpectedEnd> {
    let rest = reader.rest().bytes;
    let more = rest.iter().position(|&byte| byte != 0).unwrap_or(rest.len());
    reader.tree.put(&PADDING_LENGTH, reader.span(0), Value::Uint(more as u64 + 1));
    reader.skip(more)?;
    Ok(Frame::Other)
}

fn acknowledgment<'b>(kind: u64, reader: &mut FieldReader<'b, '_>) -> Result<Frame<'b>, UnexpectedEnd> {
    let bytes = reader.rest().bytes;
    number(&ACK_LARGEST, reader)?;
    number(&ACK_DELAY, reader)?;
    let ranges = number(&ACK_RANGE_COUNT, reader)?;
    number(&ACK_FIRST_RANGE, reader)?;
    // Each range has two bytes at least, so the packet bounds their number.
    for _ in 0..ranges {
        number(&ACK_GAP, reader)?;
        number(&ACK_RANGE, reader)?;
    }
    if kind == 0x03 {
        for field in [&ACK_ECT0, &ACK_ECT1, &ACK_CE] {
            number(field, reader)?;
        }
    }
    Ok(Frame::Acknowledgment(Acknowledgment { bytes }))
}

fn crypto<'b>(reader: &mut FieldReader<'b, '_>) -> Result<Frame<'b>, UnexpectedEnd> {
    let offset = number(&CRYPTO_OFFSET, reader)?;
    let len = number(&CRYPTO_LENGTH, reader)?;
    let len = usize::try_from(len).map_err(|_| UnexpectedEnd)?;
    let (data, span) = (reader.rest(), reader.span(len));
    reader.skip(len)?;
    reader.tree.put(&CRYPTO_DATA, span, Value::Present);
    Ok(Frame::Crypto { offset, data: data.first(len) })
}

fn stream<'b>(kind: u64, reader: &mut FieldReader<'b, '_>) -> Result<Frame<'b>, UnexpectedEnd> {
    let (id, len) = varint(reader.rest().bytes).ok_or(UnexpectedEnd)?;
    let span = reader.span(len);
    reader.tree.open(&STREAM_ID, span, Value::Uint(id));
    reader.tree.put(&STREAM_INITIATOR, span, Value::Uint(id & 1));
    reader.tree.put(&STREAM_DIRECTION, span, Value::Uint(id >> 1 & 1));
    reader.tree.close();
    reader.skip(len)?;
    let offset = if kind & 4 != 0 { number(&STREAM_OFFSET, reader)? } else { 0 };
    let len = match kind & 2 {
        0 => reader.rest().bytes.len() as u64,
        _ => number(&STREAM_LENGTH, reader)?,
    };
    let data = reader.rest();
    let len = bytes(&STREAM_DATA, len, reader)?.len();
    Ok(Frame::Stream { id, offset, data: data.first(len), is_last: kind & 1 != 0 })
}

fn close<'b>(kind: u64, reader: &mut FieldReader<'b, '_>) -> Result<Frame<'b>, UnexpectedEnd> {
    let is_application = kind == 0x1d;
    let at = reader.rest();
    let error = number(if is_application { &CLOSE_APP_ERROR } else { &CLOSE_ERROR }, reader)?;
    if !is_application {
        if ALERT_ERRORS.contains(&error) {
            reader.tree.put(&CLOSE_ALERT, at.span(1, 1), Value::Uint(error & 0xff));
        }
        number(&CLOSE_FRAME_TYPE, reader)?;
    }
    let len = number(&CLOSE_REASON_LENGTH, reader)?;
    let len = usize::try_from(len).map_err(|_| UnexpectedEnd)?;
    let phrase = reader.rest().first(len).bytes;
    reader.text(&CLOSE_REASON, len)?;
    Ok(Frame::Close { error, is_application, phrase })
}

/// Sets the text of the node of a frame.
pub(super) fn label(node: Option<usize>, kind: u64, frame: &Frame<'_>, tree: &mut Tree) {
    if !tree.wanted().labels {
        return;
    }
    match *frame {
        Frame::Stream { id, offset, data, is_last } => {
            let direction = STREAM_DIRECTION.value_name(id >> 1 & 1).unwrap_or_default();
            let initiator = STREAM_INITIATOR.value_name(id & 1).unwrap_or_default();
            let (fin, len) = (u8::from(is_last), data.bytes.len());
            tree.label(
                node,
                format_args!("STREAM id={id} fin={fin} off={offset} len={len} dir={direction} origin={initiator}"),
            );
        }
        _ => {
            let name = FRAME_TYPE.value_name(kind).unwrap_or("Unknown Frame Type");
            tree.label(node, format_args!("{name}"));
        }
    }
}

/// Appends a frame to the Info column.
pub(super) fn append_info(kind: u64, frame: &Frame<'_>, tree: &mut Tree) {
    if !tree.wants_columns() {
        return;
    }
    match *frame {
        Frame::Stream { id, .. } => tree.append_info(format_args!(", STREAM({id})")),
        _ => {
            let word = names::FRAME_WORDS.iter().find(|(known, _)| *known == kind);
            tree.append_info(format_args!(", {}", word.map_or("Unknown", |(_, word)| *word)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use proptest::prelude::*;

    fn kinds(bytes: &[u8]) -> alloc::vec::Vec<u64> {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut reader = FieldReader::new(Payload::whole(bytes, 0), &mut tree);
        let mut kinds = alloc::vec::Vec::new();
        while !reader.rest().bytes.is_empty() {
            let Ok((kind, frame)) = read(&mut reader) else { break };
            label(Some(0), kind, &frame, reader.tree);
            kinds.push(kind);
        }
        kinds
    }

    #[test]
    fn frames_are_read_one_after_the_other() {
        let frames = [
            &[0x01][..],                           // PING
            &[0x02, 5, 0, 1, 0, 0, 2],             // ACK with two ranges
            &[0x06, 0, 2, 9, 9],                   // CRYPTO
            &[0x0e, 4, 0x40, 0x80, 1, 7],          // STREAM with an offset and a length
            &[0x1c, 0x41, 0x28, 6, 2, b'o', b'k'], // CONNECTION_CLOSE by an alert
            &[0, 0, 0],                            // PADDING
            &[0x08, 0, 1, 2, 3],                   // STREAM to the end
        ];
        assert_eq!(kinds(&frames.concat()), [1, 2, 6, 0x0e, 0x1c, 0, 8]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            // Each frame has a byte at least.
            prop_assert!(kinds(&bytes).len() <= bytes.len());
        }
    }
}
