//! Detection of frames without their handshake: several valid frames that follow each other exactly.

use super::deflate::first_output;
use super::frame::{self, BINARY, CLOSE, CONTINUATION, FrameHeader, RSV1, TEXT};
use super::message::close_status;
use crate::session::{Hint, Probe};
use alloc::vec::Vec;

/// Frames that must follow each other.
const MIN_FRAMES: u32 = 3;
/// Points of evidence that they must have.
const MIN_POINTS: u32 = 6;
/// Frames among which they must have them.
const MAX_FRAMES: u32 = 16;
/// Points of a frame whose payload is what its kind states: a text, or a status code with a reason.
const CONTENT_POINTS: u32 = 3;
/// Bytes of a masked text that are evidence enough: random bytes are no text, and neither are masked ones with another key.
const MIN_TEXT: usize = 32;
/// Bytes of a payload that are examined.
const MAX_EXAMINED: usize = 256;
/// Maximum length of a frame at which more bytes are awaited.
const MAX_LENGTH: u64 = 1 << 16;

/// Detects a conversation that is joined in the middle.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    // RFC 6455 4: a handshake comes first.
    if hint.is_whole {
        return Probe::No;
    }
    let first = hint.bytes.first().copied().unwrap_or(0x81);
    let found = FrameWalk::new(first, 0, Start::Message).map_or(Probe::No, |mut walk| walk.advance(hint.bytes, None));
    match found {
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

/// Frames that may begin at a position, as far as they were read. Each byte is read once, and
/// few of each payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameWalk {
    /// Position of the first frame.
    start: usize,
    /// Position of the next frame.
    next: usize,
    frames: u32,
    points: u32,
    /// The frames are masked, if that is known: all of them, or none.
    is_masked: Option<bool>,
    /// The last message is not complete.
    is_fragmented: bool,
}

impl FrameWalk {
    /// Frames that begin with the byte `first` at a position; `None` if none can.
    pub(super) fn new(first: u8, at: usize, start: Start) -> Option<FrameWalk> {
        let begins = start == Start::AnyFrame || matches!(first, 0x81 | 0x82 | 0x88..=0x8a | 0xc1 | 0xc2);
        let is_fragmented = first & 0x0f == CONTINUATION;
        begins.then_some(FrameWalk { start: at, next: at, frames: 0, points: 0, is_masked: None, is_fragmented })
    }

    /// Position of the first frame.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Notes that bytes before the first frame were consumed.
    pub(super) fn move_back(&mut self, len: usize) {
        self.start -= len;
        self.next -= len;
    }

    /// Reads on. Whether these are frames, masked or not as it is known of their sender.
    pub(super) fn advance(&mut self, bytes: &[u8], is_masked: Option<bool>) -> Probe {
        loop {
            if self.frames >= MIN_FRAMES && self.points >= MIN_POINTS {
                return Probe::Yes;
            }
            if self.frames == MAX_FRAMES {
                return Probe::No;
            }
            let rest = bytes.get(self.next..).unwrap_or_default();
            let is_other = |mask: bool| [is_masked, self.is_masked].into_iter().flatten().any(|known| known != mask);
            if rest.get(1).is_some_and(|second| is_other(second & 0x80 != 0)) {
                return Probe::No;
            }
            let Some(header) = FrameHeader::read(rest) else { return Probe::Perhaps };
            let continues = header.opcode == CONTINUATION;
            let is_expected = header.is_control() || continues == self.is_fragmented;
            if !header.is_usual() || header.length > MAX_LENGTH || !is_expected {
                return Probe::No;
            }
            if let Some(begin) = masked_text(&header, rest) {
                return if is_text(&begin) { Probe::Yes } else { Probe::No };
            }
            let Some(frame) = rest.get(..header.total() as usize) else { return Probe::Perhaps };
            let payload = examined(&header, frame.get(header.len..).unwrap_or_default(), MAX_EXAMINED);
            let points = match header.rsv & RSV1 {
                RSV1 if header.opcode == TEXT && header.fin => compressed_evidence(&payload, self.frames),
                _ => evidence(&header, &payload, is_masked.is_some()),
            };
            let Some(points) = points else { return Probe::No };
            if !header.is_control() {
                self.is_fragmented = !header.fin;
            }
            self.is_masked = Some(header.key.is_some());
            (self.frames, self.points, self.next) = (self.frames + 1, self.points + points, self.next + frame.len());
        }
    }
}

/// The first bytes of a payload without their mask. A character of a text that they cut is left out.
fn examined(header: &FrameHeader, payload: &[u8], len: usize) -> Vec<u8> {
    let first = payload.get(..len).unwrap_or(payload);
    let mut plain = Vec::with_capacity(first.len());
    frame::unmask(first, header.key, 0, &mut plain);
    if (first.len() as u64) < header.length {
        drop_cut_character(&mut plain);
    }
    plain
}

/// Drops the first bytes of a character at the end of a text, of which the rest is not there.
fn drop_cut_character(text: &mut Vec<u8>) {
    let cut = core::str::from_utf8(text).err().filter(|error| error.error_len().is_none());
    text.truncate(cut.map_or(text.len(), |error| error.valid_up_to()));
}

/// The first bytes of a masked text without their mask, if it has enough of them.
fn masked_text(header: &FrameHeader, frame: &[u8]) -> Option<Vec<u8>> {
    let payload = frame.get(header.len..)?.get(..MIN_TEXT)?;
    if header.opcode != TEXT || header.rsv != 0 || header.key.is_none() || header.length < MIN_TEXT as u64 {
        return None;
    }
    Some(examined(header, payload, MIN_TEXT))
}

/// Points of a frame; `None` if its payload is not what its kind states.
fn evidence(header: &FrameHeader, payload: &[u8], is_websocket: bool) -> Option<u32> {
    let is_whole = header.fin && header.opcode != CONTINUATION;
    match header.opcode {
        TEXT if is_whole && payload.is_empty() => Some(0),
        TEXT if is_whole => is_text(payload).then_some(CONTENT_POINTS),
        CLOSE if payload.is_empty() => Some(1),
        CLOSE => {
            let (code, reason) = close_status(payload)?;
            ((1000..5000).contains(&code) && is_text(reason)).then_some(CONTENT_POINTS)
        }
        // Types and lengths of other protocols look like these, such as those of SUBSCRIBE of MQTT.
        BINARY if !is_websocket && header.key.is_none() && header.short_length < 126 => Some(0),
        _ => Some(1),
    }
}

/// Points of a compressed message after `frames` others; `None` if it is one of a text and has none. It may refer to a
/// message that was not captured. Few are decompressed.
fn compressed_evidence(payload: &[u8], frames: u32) -> Option<u32> {
    let output = if frames < MIN_FRAMES { first_output(payload, MAX_EXAMINED) } else { None };
    let Some(mut text) = output.filter(|output| !output.is_empty()) else { return Some(1) };
    drop_cut_character(&mut text);
    is_text(&text).then_some(CONTENT_POINTS)
}

/// Whether bytes are text without control characters other than those of lines.
fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |char: char| !char.is_control() || matches!(char, '\t' | '\n' | '\r');
    core::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain))
}
