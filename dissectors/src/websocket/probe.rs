//! Detection of frames without their handshake: several valid frames that follow each other exactly.

use super::deflate::{DeflateParameters, Window};
use super::frame::{self, CLOSE, CONTINUATION, FrameHeader, RSV1, TEXT};
use super::message::close_status;
use crate::session::{Hint, Probe};
use alloc::vec::Vec;

/// Frames that must follow each other.
const MIN_FRAMES: u32 = 3;
/// Points of evidence that they must have.
const MIN_POINTS: u32 = 6;
/// Points of a frame whose payload is what its kind states: a text, or a status code with a reason.
const CONTENT_POINTS: u32 = 3;
/// Bytes of a masked text that are evidence enough: random bytes are no text, and neither are masked ones with another key.
const MIN_TEXT: usize = 32;
/// Maximum length of a frame at which more bytes are awaited.
const MAX_LENGTH: u64 = 1 << 16;

/// Detects a conversation that is joined in the middle.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    match find_frames(hint.bytes, None, Start::Message) {
        // After skipped bytes, any byte may look like the first one, and others would wait for it.
        Probe::Perhaps if !hint.is_first => Probe::No,
        found => found,
    }
}

/// What the first of several frames may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// A whole message.
    Message,
    /// Any frame: the bytes before it are missing.
    AnyFrame,
}

/// Whether frames begin with the first of some bytes, all masked or all not.
pub(super) fn find_frames(bytes: &[u8], is_masked: Option<bool>, start: Start) -> Probe {
    let first = bytes.first().copied().unwrap_or(0x81);
    if start == Start::Message && !matches!(first, 0x81 | 0x82 | 0x88..=0x8a | 0xc1 | 0xc2) {
        return Probe::No;
    }
    let (mut rest, mut is_masked, mut is_fragmented) = (bytes, is_masked, first & 0x0f == CONTINUATION);
    let (mut frames, mut points) = (0, 0);
    let mut window = Window::partial();
    loop {
        if frames >= MIN_FRAMES && points >= MIN_POINTS {
            return Probe::Yes;
        }
        if rest.get(1).is_some_and(|second| is_masked.is_some_and(|is_masked| is_masked != (second & 0x80 != 0))) {
            return Probe::No;
        }
        let Some(header) = FrameHeader::read(rest) else { return Probe::Perhaps };
        let continues = header.opcode == CONTINUATION;
        if !header.is_usual() || header.length > MAX_LENGTH || !header.is_control() && continues != is_fragmented {
            return Probe::No;
        }
        is_masked = Some(header.key.is_some());
        if let Some(begin) = masked_text(&header, rest) {
            return if is_text(&begin) { Probe::Yes } else { Probe::No };
        }
        let Some((frame, after)) = rest.split_at_checked(header.total() as usize) else { return Probe::Perhaps };
        let masked = frame.get(header.len..).unwrap_or_default();
        let mut payload = Vec::with_capacity(masked.len());
        frame::unmask(masked, header.key, 0, &mut payload);
        let Some(evidence) = evidence(&header, &payload, &mut window) else { return Probe::No };
        if !header.is_control() {
            is_fragmented = !header.fin;
        }
        (frames, points, rest) = (frames + 1, points + evidence, after);
    }
}

/// The first bytes of a masked text without their mask, if it has enough of them.
fn masked_text(header: &FrameHeader, frame: &[u8]) -> Option<Vec<u8>> {
    let payload = frame.get(header.len..)?.get(..MIN_TEXT)?;
    if header.opcode != TEXT || header.rsv != 0 || header.key.is_none() || header.length < MIN_TEXT as u64 {
        return None;
    }
    let mut text = Vec::with_capacity(MIN_TEXT);
    frame::unmask(payload, header.key, 0, &mut text);
    // The last character may be cut.
    let cut = core::str::from_utf8(&text).err().filter(|error| error.error_len().is_none());
    text.truncate(cut.map_or(MIN_TEXT, |error| error.valid_up_to()));
    Some(text)
}

/// Points of a frame; `None` if its payload is not what its kind states.
fn evidence(header: &FrameHeader, payload: &[u8], window: &mut Window) -> Option<u32> {
    let is_whole = header.fin && header.opcode != CONTINUATION;
    match header.opcode {
        TEXT if is_whole && header.rsv & RSV1 != 0 => {
            Some(match window.inflate(payload, DeflateParameters::default()) {
                Ok(text) if !text.is_empty() => {
                    if is_text(&text) {
                        CONTENT_POINTS
                    } else {
                        return None;
                    }
                }
                Ok(_) | Err(_) => 1,
            })
        }
        TEXT if is_whole && payload.is_empty() => Some(0),
        TEXT if is_whole => is_text(payload).then_some(CONTENT_POINTS),
        CLOSE if payload.is_empty() => Some(1),
        CLOSE => {
            let (code, reason) = close_status(payload)?;
            ((1000..5000).contains(&code) && is_text(reason)).then_some(CONTENT_POINTS)
        }
        _ => Some(1),
    }
}

/// Whether bytes are text without control characters other than those of lines.
fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |char: char| !char.is_control() || matches!(char, '\t' | '\n' | '\r');
    core::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain))
}
