//! What is known of one side: where its frames begin, its header tables, and what it can send.

use super::block::OpenBlock;
use super::hpack::HpackDecoder;
use crate::session::{Context, Stamp};
use crate::web::window::{self, Window};
use alloc::vec::Vec;

/// State of one side.
#[derive(Clone, Debug)]
pub(super) struct SideState {
    /// What is read next.
    pub reading: Reading,
    /// Progress of the search for a frame.
    pub search: SearchState,
    /// Decoder of its header blocks.
    pub decoder: HpackDecoder,
    /// The header block whose parts are being read.
    pub block: Option<OpenBlock>,
    /// The stream that the last header block promises.
    pub promised: Option<u32>,
    /// Where the first byte arrived that is not consumed.
    first: Option<Stamp>,
    /// What it can send on the connection.
    pub window: Window,
    /// What it can send on a new stream, if that is known.
    pub initial_window: Option<i64>,
    /// Bytes of it may be missing.
    pub is_doubtful: bool,
    /// Streams up to this number may lack their first frames of it: these may be lost. 0 if nothing was lost.
    pub lost_streams: u32,
    /// It sends nothing more.
    pub ended: bool,
}

/// What a side's next bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// The first bytes that are seen.
    #[default]
    Start,
    /// A frame.
    Frames,
    /// The rest of a frame that is not read as a whole; perhaps the last one of a stream.
    Skip { left: u64, ends: Option<u32> },
    /// Frames that begin somewhere in them.
    Search,
}

/// Which of the unconsumed bytes are searched for the beginning of a frame.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchState {
    /// Offsets at which a frame may begin, if the next bytes continue it; each with the number of bytes that decide more.
    pub candidates: Vec<(usize, usize)>,
    /// Bytes that are searched.
    pub searched: usize,
}

impl Default for SideState {
    fn default() -> SideState {
        SideState {
            reading: Reading::Start,
            search: SearchState::default(),
            decoder: HpackDecoder::new(),
            block: None,
            promised: None,
            first: None,
            window: Window::new(Some(window::INITIAL)),
            initial_window: Some(window::INITIAL),
            is_doubtful: false,
            lost_streams: 0,
            ended: false,
        }
    }
}

impl SideState {
    /// Notes where the bytes begin that are given.
    pub(super) fn arrive(&mut self, cx: &Context<'_>) {
        self.first.get_or_insert(cx.first);
    }

    /// Returns where the first byte of a unit arrived, and begins the next unit.
    pub(super) fn take_first(&mut self, cx: &Context<'_>) -> Stamp {
        self.first.take().unwrap_or(cx.first)
    }

    /// Whether a stream may lack its first frames of this side. The numbers of promised streams, which are even, are not
    /// those of requests.
    pub(super) fn may_lack_start(&self, stream: u32) -> bool {
        self.lost_streams > 0 && (stream <= self.lost_streams || stream.is_multiple_of(2))
    }

    /// Notes the request of a new stream: those after it are new, too (RFC 9113 5.1.1).
    pub(super) fn note_request(&mut self, stream: u32) {
        if self.lost_streams == u32::MAX && !stream.is_multiple_of(2) {
            self.lost_streams = stream;
        }
    }

    /// Bytes allocated.
    pub(super) fn buffered(&self) -> usize {
        self.decoder.buffered() + self.block.as_ref().map_or(0, OpenBlock::buffered)
    }
}
