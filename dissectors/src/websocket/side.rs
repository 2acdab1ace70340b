//! State of one side: what its next bytes are, the message that is not complete, and the window of its compression.

use super::deflate::Window;
use super::frame::FrameHeader;
use super::message::Message;
use super::probe::FrameWalk;
use crate::session::{Context, Stamp};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Maximum number of arrivals of bytes that are not consumed. Later bytes count as those of the last one.
const MAX_ARRIVALS: usize = 256;

/// What the next bytes of a side are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// A frame.
    Frames,
    /// The rest of a frame.
    Rest(UnreadRest),
    /// Unknown: the beginning of a frame is searched.
    Search,
}

/// A frame that is too long to be read as a whole, or of which bytes are missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnreadRest {
    pub(super) header: FrameHeader,
    /// Bytes of it that are still to come.
    pub(super) left: u64,
}

/// State of the search for a frame.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchState {
    /// Frames that may begin in the bytes not consumed.
    pub(super) candidates: Vec<FrameWalk>,
    /// Bytes that were searched.
    pub(super) searched: usize,
    /// The loss was noted.
    pub(super) is_noted: bool,
    /// The bytes not consumed follow a gap.
    pub(super) follows_gap: bool,
}

/// State of one side.
#[derive(Clone, Debug)]
pub(super) struct SideState {
    pub(super) reading: Reading,
    /// Where the bytes arrived that are not consumed, from a position on: the first of them, and the last.
    arrivals: Vec<(usize, Stamp, Stamp)>,
    /// Bytes that are not consumed.
    seen: usize,
    /// Bytes of this side may be missing before the next frame.
    pub(super) is_doubtful: bool,
    /// The next frame may continue a message of which no frame was captured.
    pub(super) may_be_inside: bool,
    /// The message that is not complete.
    pub(super) message: Option<Box<Message>>,
    /// A control frame that is not complete. It may come between the fragments of a message (RFC 6455 5.4).
    pub(super) control: Option<Box<Message>>,
    pub(super) window: Window,
    pub(super) search: SearchState,
}

impl SideState {
    /// A side whose first bytes are a frame, or that is joined in the middle.
    pub(super) fn new(is_negotiated: bool) -> SideState {
        SideState {
            reading: if is_negotiated { Reading::Frames } else { Reading::Search },
            arrivals: Vec::new(),
            seen: 0,
            is_doubtful: false,
            may_be_inside: !is_negotiated,
            message: None,
            control: None,
            window: if is_negotiated { Window::default() } else { Window::partial() },
            // Bytes before the first frame are of the time before the capture.
            search: SearchState { is_noted: !is_negotiated, ..SearchState::default() },
        }
    }

    /// Where a message is kept that a frame begins or continues.
    pub(super) fn message_slot(&mut self, header: &FrameHeader) -> &mut Option<Box<Message>> {
        if header.is_control() { &mut self.control } else { &mut self.message }
    }

    /// Notes where bytes arrived: `len` of them are not consumed.
    pub(super) fn arrive(&mut self, len: usize, cx: &Context<'_>) {
        if len > self.seen && self.arrivals.len() < MAX_ARRIVALS {
            self.arrivals.push((self.seen, cx.first, cx.arrived));
        }
        self.seen = self.seen.max(len);
    }

    /// Where the first and the last of the next `len` bytes arrived.
    pub(super) fn arrival(&self, len: usize, cx: &Context<'_>) -> (Stamp, Stamp) {
        let last = self.arrivals.iter().take_while(|(start, ..)| *start < len.max(1)).last();
        let first = self.arrivals.first().map_or(cx.first, |&(_, first, _)| first);
        (first, last.map_or(cx.arrived, |&(_, _, last)| last))
    }

    /// Notes that bytes were consumed.
    pub(super) fn consume(&mut self, len: usize) {
        self.seen = self.seen.saturating_sub(len);
        if self.seen == 0 {
            return self.arrivals.clear();
        }
        // The last one that begins within the consumed bytes is where the next byte arrived.
        let before = self.arrivals.iter().take_while(|(start, ..)| *start <= len).count().saturating_sub(1);
        self.arrivals.drain(..before);
        self.arrivals.iter_mut().for_each(|(start, ..)| *start = start.saturating_sub(len));
    }

    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        let messages = [&self.message, &self.control].into_iter().flatten();
        let message = messages.map(|message| message.buffered()).sum::<usize>();
        let arrivals = self.arrivals.capacity() * size_of::<(usize, Stamp, Stamp)>();
        message + arrivals + self.window.buffered() + self.search.candidates.capacity() * size_of::<FrameWalk>()
    }
}
