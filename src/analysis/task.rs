//! Tasks: what a run needs of an analyzer, and how much work that takes.

use super::{DecodeOptions, NameFlags, NumberSet, Shard, wants_repeated_statements};
use dissectors::protocol::UnitReassembly;
use dissectors::session::ConversationId;
use dissectors::{Dissector, Field, FieldKind, PROTOCOLS, Protocol, Wants};
use dissectors::{column, data, frame, tcp as tcp_fields, udp};

/// What a run needs beside the fields of its trees.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// The fields to record.
    pub wants: Wants,
    /// Report exchanges.
    pub exchanges: bool,
    /// Report connections.
    pub streams: bool,
    /// Report connections in datagrams, such as those of QUIC.
    pub connections: bool,
    /// Report when a conversation is dropped.
    pub ends: bool,
    /// Report which nodes of a frame are which half of an exchange, and the halves that no frame completes.
    pub halves: bool,
    /// Report to which exchanges the bytes of each frame belong.
    pub owners: bool,
    /// Report which frames are more than the next bytes of one message.
    pub mixed: bool,
    /// The conversation whose bytes to report.
    pub follow: Option<ConversationId>,
    /// The bytes to report of it: those that are derived under this title, such as `Decrypted TLS`; if none, its own.
    pub follow_derived: Option<&'static str>,
    /// Report notes about earlier frames that later ones, or the end of the capture, decide.
    pub earlier_notes: bool,
    /// Collect what later frames decide about earlier ones, for a second pass over the same capture.
    pub collect: bool,
    /// Collect names of addresses, of these kinds.
    pub collect_names: NameFlags,
    /// The TCP connections to read; all, if none are named. Others are numbered and skipped.
    pub only: Option<NumberSet>,
    /// The conversations to read, if several analyzers divide the capture; all, if none is named.
    pub shard: Option<Shard>,
    /// Number conversations in UDP datagrams, whatever fields are wanted.
    pub udp_conversations: bool,
    /// Report what a [`SeekContext`](super::SeekContext) supplies when a frame is read again.
    pub seek_facts: bool,
    /// The [connections](super::Analyzer::connections) of frames are not requested.
    pub without_connections: bool,
    /// Read no more of a frame than its [capture metadata](is_capture_metadata).
    pub shallow: bool,
    /// What the user says about the conversations.
    pub decode: DecodeOptions,
}

/// How much work a task takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// Sequence analysis.
    pub(super) sequence: bool,
    /// Fields of segments beside the flags of that.
    pub(super) segments: bool,
    /// Bytes in order.
    pub(super) bytes: bool,
    /// Messages.
    pub(super) messages: bool,
    /// Exchanges.
    pub(super) exchanges: bool,
    /// Connections in datagrams.
    pub(super) connections: bool,
    /// Comparison of what is sent again.
    pub(super) compare: bool,
    /// The frames of each reassembled unit.
    pub(super) frames: bool,
    /// The bytes of each reassembled unit.
    pub(super) data: bool,
    /// The nodes of each half of an exchange.
    pub(super) halves: bool,
    /// The exchange of each frame's bytes.
    pub(super) owners: bool,
    /// Which frames are more than the next bytes of one message.
    pub(super) mixed: bool,
    /// Conversations in UDP datagrams.
    pub(super) udp_conversations: bool,
}

/// Fields of units of several segments.
static REASSEMBLY_FIELDS: [&Field; 7] = [
    &tcp_fields::SEGMENTS,
    &tcp_fields::SEGMENT,
    &tcp_fields::SEGMENT_COUNT,
    &tcp_fields::SEGMENT_DATA,
    &tcp_fields::REASSEMBLED_IN,
    &tcp_fields::REASSEMBLED_LENGTH,
    &tcp_fields::REASSEMBLED_DATA,
];

/// Whether a field is metadata that the capture has of a frame, whatever its bytes are.
#[must_use]
pub fn is_capture_metadata(field: &Field) -> bool {
    field.protocol == frame::FRAME.id && is_known_early(field)
}

/// Whether a field has all its values before the messages of a segment are read.
#[must_use]
pub fn is_known_early(field: &Field) -> bool {
    if field.protocol == frame::FRAME.id {
        let is_note = frame::is_expert_field(field) || matches!(field.kind, FieldKind::Note(_));
        return field.id != frame::PROTOCOLS.id && !is_note;
    }
    let is_own = |protocol: &&&Protocol| protocol.fields.first().is_some_and(|own| own.id == field.protocol);
    let mut own = PROTOCOLS.iter().filter(is_own);
    let late = REASSEMBLY_FIELDS.iter().chain(&[&tcp_fields::GAP, &tcp_fields::LIMIT]).any(|late| late.id == field.id);
    !late && own.any(|protocol| protocol.is_layer() && !is_above_layers(protocol))
}

/// Fields by which sessions record the units of the sessions above them.
fn nested_units() -> impl Iterator<Item = UnitReassembly> {
    PROTOCOLS.iter().flat_map(|protocol| protocol.sessions()).filter_map(|kind| kind.reassembly)
}

fn wants_units(units: UnitReassembly, wants: &Wants) -> bool {
    let UnitReassembly { units, unit, count, length, data, reassembled_in } = units;
    [units, unit, count, length, data, reassembled_in].into_iter().any(|field| wants.field(field))
}

/// Whether a protocol is read from conversations or from bodies, even if it is a layer of some packets.
fn is_above_layers(protocol: &Protocol) -> bool {
    protocol.dissectors.iter().any(|part| matches!(part, Dissector::Session(_) | Dissector::Content(_)))
}

impl Task {
    /// Whether several analyzers can divide a capture: whether results depend on one conversation each, but for
    /// [repeated statements](super::wants_repeated_statements), which are found among the calls of all of them.
    #[must_use]
    pub fn is_divisible(&self, displays_all_frames: bool) -> bool {
        let needs_displayed_frames = !displays_all_frames && self.wants.field(&frame::TIME_DELTA_DISPLAYED);
        let resolves_names = self.decode.names.flags.network;
        let depends_on_capture = dissectors::fields().any(|field| field.of_capture && self.wants.field(field));
        let resumes_sessions = !self.decode.secrets.private_keys().is_empty();
        !(depends_on_capture || needs_displayed_frames || resolves_names || resumes_sessions)
    }

    /// Whether they can without a first pass of all of them: no statement needs to be compared with those of others.
    #[must_use]
    pub fn is_divisible_at_once(&self, displays_all_frames: bool) -> bool {
        self.is_divisible(displays_all_frames) && !wants_repeated_statements(&self.wants)
    }

    /// Whether it takes reading messages, and not headers only.
    #[must_use]
    pub fn reads_messages(&self) -> bool {
        Work::of(self, false).messages
    }
}

impl Work {
    /// The work of a task. `datagrams` says whether any session reads datagrams.
    pub(super) fn of(task: &Task, datagrams: bool) -> Work {
        let wants = &task.wants;
        let any = |fields: &[&Field]| fields.iter().any(|field| wants.field(field));
        let analysis =
            tcp_fields::FIELDS.iter().any(|field| field.name.starts_with("tcp.analysis") && wants.field(field));
        let own = |fields: &[&'static Field]| fields.first().is_some_and(|field| wants.protocol(field));
        let compare = any(&[&tcp_fields::SEGMENT_OVERLAP, &tcp_fields::SEGMENT_OVERLAP_CONFLICT]);
        let messages = task.exchanges
            || task.connections
            || task.collect
            || task.collect_names.collects_messages()
            || wants.columns
            || any(&REASSEMBLY_FIELDS)
            || wants.field(&frame::PROTOCOLS)
            || wants.protocol(&data::DATA)
            || task.owners
            || task.follow_derived.is_some()
            || PROTOCOLS.iter().any(|protocol| is_above_layers(protocol) && own(protocol.fields));
        let udp_fields = any(&[&udp::STREAM, &udp::TIME_RELATIVE, &udp::TIME_DELTA, &udp::LIMIT]);
        Work {
            sequence: task.streams || task.collect || analysis || wants.columns,
            segments: tcp_fields::FIELDS.iter().any(|field| wants.field(field) && !tcp_fields::is_analysis_flag(field)),
            bytes: messages || compare || task.follow.is_some() || wants.field(&tcp_fields::GAP) || task.streams,
            messages,
            exchanges: task.exchanges,
            connections: task.connections,
            compare,
            frames: task.collect || any(&REASSEMBLY_FIELDS) || nested_units().any(|units| wants_units(units, wants)),
            data: wants.field(&tcp_fields::REASSEMBLED_DATA) || nested_units().any(|units| wants.field(units.data)),
            halves: task.halves,
            owners: task.owners,
            mixed: task.mixed,
            // All passes of a shard have the same frames: those of its conversations.
            udp_conversations: task.udp_conversations || udp_fields || datagrams && messages || task.shard.is_some(),
        }
    }

    /// Whether any column is wanted as a field.
    pub(super) fn columns_as_fields(wants: &Wants) -> bool {
        wants.protocol(&column::COLUMN)
    }
}
