//! Shards: the conversations of a capture, divided among several analyzers.
//!
//! Each of them reads all frames. It numbers all conversations and follows those of the other shards only as far as that
//! requires, so every number is the same in all of them. What it reports has a [`Place`], by which the results of all
//! shards are in the order in which one analyzer would have reported them.

use super::Transport;
use super::buffers::Buffers;
use super::limits::SHARDS;

/// The conversations that one of several analyzers reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    nth: usize,
    /// The shards of buffers whose conversations it has, one bit each: looked up for each frame, faster than a division.
    buffers: u16,
}

const _: () = assert!(SHARDS == u16::BITS as usize);

impl Shard {
    /// Divides a capture among `count` analyzers, but not more than there are shards of buffers: which of these are
    /// released does not depend on the number of analyzers.
    pub fn divide(count: usize) -> impl Iterator<Item = Shard> {
        let of = count.clamp(1, SHARDS);
        (0..of).map(move |nth| {
            let buffers = (nth..SHARDS).step_by(of).fold(0, |buffers, shard| buffers | 1 << shard);
            Shard { nth, buffers }
        })
    }

    /// Whether this is the first shard. Frames without conversation belong to it.
    #[must_use]
    pub fn is_first(self) -> bool {
        self.nth == 0
    }

    /// Whether a conversation belongs to this shard.
    pub(super) fn has(self, conversation: u32) -> bool {
        self.buffers >> Buffers::shard(conversation) & 1 == 1
    }
}

/// Place of a result among those of all shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The frame; [`Place::END`] after the last.
    pub frame: u32,
    /// Number of conversations that were read or closed in this frame before, and with the result. The frame itself is 0.
    pub step: u32,
}

impl Place {
    /// The frame of results at the end of the capture.
    pub const END: u32 = u32::MAX;
    /// The place after all results.
    pub const LAST: Place = Place { frame: Place::END, step: u32::MAX };

    /// The place of a frame itself.
    #[must_use]
    pub fn of_frame(frame: u32) -> Place {
        Place { frame, step: 0 }
    }
}

/// Steps of the present frame, if the capture is divided.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    /// Whether the innermost conversation of the frame belongs to another shard, or it has none and this is not the first.
    is_foreign: bool,
    /// Whether conversations of several shards are in the frame, none in the other.
    is_divided: bool,
    step: u32,
    /// At the end of the capture, the step of conversation 0 of the transport protocol whose conversations are closed.
    end: Option<u32>,
    /// The number of events before each step.
    starts: Vec<(usize, u32)>,
}

impl Steps {
    /// Begins a frame.
    pub(super) fn begin(&mut self, shard: Shard) {
        self.is_foreign = !shard.is_first();
        (self.is_divided, self.step) = (false, 0);
        self.starts.clear();
    }

    /// Begins the end of the conversations of a transport protocol, in the order of their numbers.
    pub(super) fn begin_end(&mut self, protocol: Transport) {
        self.end = Some(if protocol == Transport::Tcp { 1 } else { 1 << 31 });
    }

    /// Begins the step of a conversation, after this number of events.
    pub(super) fn next(&mut self, conversation: u32, events: usize) {
        self.step = self.end.map_or(self.step + 1, |first| first.saturating_add(conversation));
        self.starts.push((events, self.step));
    }

    /// Notes whether the conversation that is read next belongs to another shard.
    pub(super) fn enter(&mut self, is_foreign: bool) {
        self.is_foreign = is_foreign;
    }

    /// Notes that the frame has packets of several conversations beside each other.
    pub(super) fn divide(&mut self) {
        self.is_divided = true;
    }

    /// Whether the frame belongs to another shard.
    pub(super) fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// Whether no shard has all conversations of the frame.
    pub(super) fn is_divided(&self) -> bool {
        self.is_divided
    }

    /// Takes the number of events before each step, and the step, since the last call.
    pub(super) fn take_starts(&mut self) -> std::vec::Drain<'_, (usize, u32)> {
        self.starts.drain(..)
    }
}
