//! What is known of one direction of a stream: its kind, and where its frames begin.

use super::blocked::HeldBytes;
use crate::session::{Lane, Side, SideEnd, Stamp};
use alloc::boxed::Box;

/// Number of the stream of a push among those of requests.
const PUSHES: u32 = 1 << 31;

/// State of a lane.
#[derive(Clone, Debug)]
pub(super) struct LaneState {
    pub(super) kind: LaneKind,
    /// Where the first byte arrived that is not read.
    pub(super) first: Option<Stamp>,
    /// Bytes that are left of a DATA frame.
    pub(super) data_left: u64,
    /// Bytes that are left of a frame that is skipped.
    pub(super) skip_left: u64,
    /// Bytes that wait for entries of the dynamic table, and those after them.
    pub(super) held: HeldBytes,
    /// Number of entries that they wait for.
    pub(super) required: Option<u64>,
    /// Its end, if it came while bytes wait.
    pub(super) ended: Option<SideEnd>,
    /// Its frames cannot be read any more.
    pub(super) is_lost: bool,
    /// Bytes that were read of a DATA frame in earlier calls, and where the first of them arrived; none after a loss in it.
    pub(super) unit: Option<Box<(Stamp, u64)>>,
}

/// What a lane carries (RFC 9114 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneKind {
    /// A stream of one direction whose type is not read yet.
    Untyped,
    Control,
    /// Messages of the stream of this number.
    Messages(u32),
    Encoder,
    Decoder,
    /// Nothing that is read.
    Other,
}

impl LaneState {
    pub(super) fn new(lane: Lane) -> LaneState {
        let kind = match lane.channel & 3 {
            0 => LaneKind::Messages(request_key(lane.channel)),
            // A server opens no stream for a request of its own.
            1 => LaneKind::Other,
            _ => LaneKind::Untyped,
        };
        LaneState {
            kind,
            first: None,
            data_left: 0,
            skip_left: 0,
            held: HeldBytes::default(),
            required: None,
            ended: None,
            is_lost: false,
            unit: None,
        }
    }

    /// Whether only its kind is known: it carries no messages, and is between two units.
    pub(super) fn is_settled(&self) -> bool {
        let LaneState { kind, first, data_left, skip_left, held, required, ended, is_lost, unit } = self;
        let is_read = first.is_none() && *data_left == 0 && *skip_left == 0 && held.is_empty() && unit.is_none();
        let is_other = !matches!(kind, LaneKind::Untyped | LaneKind::Messages(_));
        is_other && is_read && required.is_none() && ended.is_none() && !*is_lost
    }

    /// The number of the stream whose messages it carries.
    pub(super) fn key(&self) -> Option<u32> {
        if let LaneKind::Messages(key) = self.kind { Some(key) } else { None }
    }

    /// Whether a frame is not complete.
    pub(super) fn is_in_frame(&self) -> bool {
        self.data_left > 0 || self.skip_left > 0
    }
}

/// Returns the number of the stream of a request, by its channel.
pub(super) fn request_key(channel: u64) -> u32 {
    u32::try_from(channel >> 2).unwrap_or(u32::MAX) & !PUSHES
}

/// Returns the channel of a request, by the number of its stream. That of a push is not known.
pub(super) fn request_stream(key: u32) -> Option<u64> {
    (key & PUSHES == 0).then_some(u64::from(key) << 2)
}

/// Returns the number of the stream of a push.
pub(super) fn push_key(id: u64) -> u32 {
    u32::try_from(id).unwrap_or(u32::MAX) | PUSHES
}

/// Whether a lane is one that a side sends on.
pub(super) fn is_sender(lane: Lane, client: Side) -> bool {
    let opener = if lane.channel & 1 == 0 { client } else { client.other() };
    lane.channel & 2 == 0 || lane.side == opener
}
