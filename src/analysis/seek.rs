//! Seeking: what is known of a frame that is read out of its place, and the times of the frames before it.

use super::layers::Tables;
use super::task::Work;
use super::transport_packet::TransportPacket;
use crate::source::{Frame, FrameHead, NOT_A_PACKET};
use dissectors::packet::{AddressConflict, EchoFacts, NextLayer, Payload};
use dissectors::session::{ConversationId, Stamp};
use dissectors::{Tree, Value, column, frame};
use std::collections::VecDeque;

/// What is known of a frame that is read when not all frames before it were.
#[derive(Clone, Debug, Default)]
pub struct SeekContext {
    /// The time of the first frame of the capture.
    pub first: i64,
    /// The time of the frame before, if it has one.
    pub previous: Option<i64>,
    /// The numbers of its TCP connections, in the order of their segments, and whether the frame begins one on ports that
    /// another had.
    pub streams: VecDeque<(u32, bool)>,
    /// The numbers of its conversations in UDP datagrams, outermost first.
    pub udp_conversations: Vec<u32>,
    /// Facts about its echo requests and replies.
    pub echoes: Vec<EchoResult>,
    /// Number of connections in datagrams that have begun before it.
    pub datagram_connections: u32,
    /// Addresses in it that other hosts used before.
    pub address_conflicts: Vec<AddressConflict>,
    /// Of the conversations of the frame, the one that begins because an earlier one with the same endpoints was evicted: how many were
    /// read before.
    pub continues_evicted: Option<u32>,
    /// The conversations of the frame that are evicted later, and the frames for which they are.
    pub evictions: Vec<(ConversationId, u32)>,
}

/// A fact that a [`SeekContext`] supplies when its frame is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekFact {
    /// About an echo request or reply.
    Echo(EchoResult),
    /// An address in a frame that another host used before.
    AddressConflict(u32, AddressConflict),
    /// A connection in datagrams begins in a frame.
    ConnectionBegins(u32),
    /// A frame begins a conversation because an earlier one with the same endpoints was evicted, after so many others.
    ContinuesEvicted(u32, u32),
    /// A conversation was evicted for a conversation that begins in a frame.
    Evicted(ConversationId, u32),
}

impl SeekFact {
    /// Returns the frame that it is about.
    #[must_use]
    pub fn frame(&self) -> u32 {
        match self {
            SeekFact::Echo(echo) => echo.frame,
            SeekFact::AddressConflict(frame, _)
            | SeekFact::ConnectionBegins(frame)
            | SeekFact::ContinuesEvicted(frame, _)
            | SeekFact::Evicted(_, frame) => *frame,
        }
    }

    /// Returns the frame, if a connection in datagrams begins there.
    pub(crate) fn connection_begins(&self) -> Option<u32> {
        if let SeekFact::ConnectionBegins(frame) = self { Some(*frame) } else { None }
    }
}

/// Facts about an echo request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoResult {
    /// Frame of the message.
    pub frame: u32,
    /// Number of echoes before this one in the frame.
    pub nth: u8,
    /// Facts from the rest of the capture.
    pub facts: EchoFacts,
}

/// Times of earlier frames.
#[derive(Clone, Default)]
pub(super) struct Clock {
    /// The frame read last.
    pub(super) frame: u32,
    first: Option<i64>,
    previous: Option<i64>,
    /// Of the last frame that is shown, and of the one before.
    shown: [Option<i64>; 2],
}

impl Clock {
    /// The clock before a frame that is read out of its place.
    pub(super) fn before(seek: &SeekContext) -> Clock {
        Clock { frame: 0, first: Some(seek.first), previous: seek.previous, shown: [seek.previous, None] }
    }

    /// Notes that the frame read last is not shown.
    pub(super) fn hide(&mut self) {
        let [_, before] = self.shown;
        self.shown = [before, None];
    }

    /// Follows a frame of a conversation of another shard. Returns false if that takes reading it.
    #[inline]
    pub(super) fn skip_foreign(&mut self, frame: &FrameHead<'_>, tables: &mut Tables) -> bool {
        if tables.run.task.shard.is_none() {
            return false;
        }
        let at = Stamp { frame: frame.number, time: frame.time.0 };
        let Some(packet) = TransportPacket::of_frame(frame) else { return false };
        let is_skipped = tables.skip_foreign(&packet, at);
        if is_skipped {
            self.frame = frame.number;
            self.advance(frame.time.0, frame.has_time);
        }
        is_skipped
    }

    /// Reads a frame into a tree.
    pub(super) fn read(&mut self, frame: &Frame<'_>, tables: &mut Tables, tree: &mut Tree) {
        let at = Stamp { frame: frame.number, time: frame.time.0 };
        self.frame = frame.number;
        let transport = TransportPacket::of_frame(&FrameHead::from(frame));
        tree.begin(frame.bytes);
        tables.packet.reset();
        // Tested and not copied: its two bytes were stored one by one, and a load of both would wait for them.
        if let Some(length) = frame.fcs {
            tables.packet.fcs = Some(length);
        }
        tables.run.begin_frame();
        let protocols = self.record(frame, tree);
        if tables.run.task.shallow {
            return;
        }
        tables.run.start = self.first.unwrap_or_default();
        if !transport.is_some_and(|packet| tables.read_transport(&packet, at, tree)) {
            let wire = frame.length.max(frame.bytes.len() as u32);
            tables.dissect(&NextLayer::Link(frame.link, Payload { bytes: frame.bytes, base: 0, wire }), at, tree);
        }
        if protocols.is_some() {
            let names = tables.packet.path.names().join(":");
            let text = tree.store_bytes(names.as_bytes());
            tree.set(protocols, Default::default(), Value::Text(text));
        }
        if Work::columns_as_fields(tree.wanted()) {
            record_columns(frame, self.first, tree);
        }
    }

    /// Moves on to a frame. Returns its times since earlier ones.
    #[inline]
    fn advance(&mut self, time: i64, has_time: bool) -> FrameTimes {
        let first = *self.first.get_or_insert(time);
        let [shown, _] = self.shown;
        self.shown = [has_time.then_some(time), shown];
        let previous = std::mem::replace(&mut self.previous, has_time.then_some(time)).unwrap_or(time);
        FrameTimes {
            delta: time.saturating_sub(previous),
            delta_displayed: time.saturating_sub(shown.unwrap_or(time)),
            relative: time.saturating_sub(first),
        }
    }

    /// Records the capture's metadata of the frame, and moves on. Returns the node of `frame.protocols`.
    fn record(&mut self, frame: &Frame<'_>, tree: &mut Tree) -> Option<usize> {
        let times = self.advance(frame.time.0, frame.has_time);
        if !tree.wants_any(&frame::FRAME) || frame::describe_number_alone(frame.number, tree) {
            return None;
        }
        record_metadata(frame, times, tree)
    }
}

/// Times of a frame since earlier ones.
struct FrameTimes {
    delta: i64,
    delta_displayed: i64,
    relative: i64,
}

/// Records the capture's metadata of a frame. Returns the node of `frame.protocols`.
#[inline(never)]
fn record_metadata(frame: &Frame<'_>, times: FrameTimes, tree: &mut Tree) -> Option<usize> {
    let metadata = frame::FrameMetadata {
        number: frame.number,
        time: frame.time.0,
        has_time: frame.has_time,
        delta: times.delta,
        delta_displayed: times.delta_displayed,
        relative: times.relative,
        len: frame.length,
        cap_len: frame.bytes.len() as u32,
        link: (frame.link != NOT_A_PACKET).then_some(frame.link),
        section: (frame.section > 0).then_some(frame.section),
        interface: frame
            .interface
            .map(|interface| (interface.id, interface.name.as_deref(), interface.description.as_deref())),
        flags: frame.options.flags(),
        drops: frame.options.drop_count(),
    };
    let protocols = frame::describe(&metadata, tree);
    for comment in frame.options.comments() {
        tree.put_text(&frame::COMMENT, Default::default(), format_args!("{comment}"));
    }
    protocols
}

/// Records the columns as fields.
#[inline(never)]
fn record_columns(frame: &Frame<'_>, first: Option<i64>, tree: &mut Tree) {
    let none = Default::default();
    let columns = *tree.columns();
    tree.put_text(&column::NUMBER, none, format_args!("{}", frame.number));
    let relative = frame.time.0.saturating_sub(first.unwrap_or_default());
    if tree.wants(&column::TIME) {
        let text = seconds(relative);
        tree.put_text(&column::TIME, none, format_args!("{text}"));
    }
    for (field, value) in [(&column::SOURCE, columns.source), (&column::DESTINATION, columns.destination)] {
        let mut text = String::new();
        if let Some(value) = value {
            match tree.host_name(value) {
                Some(host) => text.push_str(&host.name),
                None => drop(dissectors::format::value(&mut text, field, value, tree)),
            }
        }
        tree.put_text(field, none, format_args!("{text}"));
    }
    tree.put_text(&column::PROTOCOL_NAME, none, format_args!("{}", columns.protocol));
    tree.put_text(&column::LENGTH, none, format_args!("{}", frame.length));
    tree.put(&column::INFO, none, Value::Text(columns.info));
}

/// Nanoseconds in the form of the list of frames: seconds with six decimals.
fn seconds(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    format!("{sign}{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000)
}
