//! How frames become knowledge: layers, conversations, bytes in order, messages, exchanges.

mod connection;
mod conversation;
mod flow;
pub mod fragments;
pub mod limits;
mod number_set;
mod tcp;

use crate::capture::{Call, Endpoint, Stream};
use crate::source::{Frame, NOT_A_PACKET};
use connection::{Connection, SegmentContext};
use dissectors::packet::{Address, Fragment, Next, Packet, Path, Payload, walk};
use dissectors::session::{FirstPass, Side, Stamp};
use dissectors::tcp::{Flags, Segment};
use dissectors::udp::Datagram;
use dissectors::{Dissector, Field, FieldKind, PROTOCOLS, Registry, Tree, Value, Wants};
use dissectors::{column, data, frame, ipv4, ipv6, tcp as tcp_fields, udp};
use flow::{FlowIndex, FlowTable};
use fragments::Fragments;
pub use number_set::NumberSet;

/// What a run needs beside the fields of its trees.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// The fields to record.
    pub wants: Wants,
    /// Whether to report exchanges.
    pub exchanges: bool,
    /// Whether to report connections.
    pub streams: bool,
    /// Whether to report when a connection is forgotten.
    pub ends: bool,
    /// Whether to say which nodes of a frame are which half of an exchange, and to report the halves that no frame tells.
    pub halves: bool,
    /// The connection whose bytes to hand out.
    pub follow: Option<u32>,
    /// Whether to gather what later frames say of earlier ones, for a second reading of the same capture.
    pub collect: bool,
    /// The connections to read; all, if none are named. Others are numbered and passed over.
    pub only: Option<NumberSet>,
    /// Whether to number conversations in datagrams, whatever fields are wanted.
    pub udp_conversations: bool,
    /// Whether to look at no more of a frame than [what the capture says of it](is_of_capture).
    pub shallow: bool,
}

/// What happened in a capture.
#[derive(Clone, Debug)]
pub enum Event {
    /// An exchange is complete, or will never be.
    Call(Call),
    /// A connection was forgotten, or the capture has ended.
    Stream(Box<Stream>),
    /// The connection of this number was forgotten, or the capture has ended.
    End(u32),
    /// The bytes that come next of the connection that is followed.
    Chunk(StreamChunk),
    /// What no frame tells.
    Unfinished(Box<UnfinishedMessages>),
}

/// What is told when a connection is forgotten, or has to let go of what it holds: messages that no frame completed.
#[derive(Clone, Debug)]
pub struct UnfinishedMessages {
    /// The connection's number.
    pub stream: u32,
    /// The requests and responses, in order.
    pub messages: Vec<MessageNodes>,
    /// What they say; nothing of the layers below.
    pub tree: Tree,
}

/// A connection that a frame belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameConnection {
    /// Its number.
    pub stream: u32,
    /// Whether the frame carries bytes of the client, of the server, or tells a message of theirs.
    pub has_data: [bool; 2],
    /// The requests and responses of it that the frame tells, in order.
    pub messages: Vec<MessageNodes>,
    /// Who sent it.
    pub side: Side,
    /// It begins the connection, on ports that another had before.
    pub reused: bool,
    /// It is not the frame's own segment, but one that an error quotes.
    pub quoted: bool,
}

/// One half of an exchange, told in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNodes {
    /// The exchange's place among those of its session: [`Exchange::nth`](dissectors::exchange::Exchange::nth).
    pub nth: u32,
    /// Which half.
    pub half: Half,
    /// The nodes of the frame's tree that tell it.
    pub nodes: std::ops::Range<usize>,
}

/// What of an exchange a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// It asks.
    Request,
    /// It answers, and for good.
    Response,
}

/// What is known of a frame that is read out of its place, when not all that came before it was read.
#[derive(Clone, Debug, Default)]
pub struct SeekContext {
    /// When the capture began.
    pub first: i64,
    /// The time of the frame before, if it has one.
    pub previous: Option<i64>,
    /// The number of the frame's TCP connection, and whether the frame begins it on ports that another had.
    pub stream: Option<(u32, bool)>,
    /// The numbers of its conversations in datagrams, outermost first.
    pub udp_conversations: Vec<u32>,
}

/// What comes next of one side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamChunk {
    /// Who sent it.
    pub side: Side,
    /// The frame it came with, or with which it could be read.
    pub at: Stamp,
    /// What it is.
    pub content: StreamContent,
}

/// Bytes, or the lack of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamContent {
    /// Bytes.
    Bytes(Vec<u8>),
    /// As many bytes were never captured.
    Gap(u64),
    /// The side sends nothing more.
    End,
}

/// Whether a frame may be asked for, by the fields that are [known early](is_known_early).
pub type Prefilter = Box<dyn Fn(&Tree) -> bool + Send>;

/// Reads a capture, frame after frame.
pub struct Analyzer {
    tree: Tree,
    /// Records nothing: for frames that are not told.
    blank: Tree,
    tables: Tables,
    clock: Clock,
}

/// The times of earlier frames.
#[derive(Default)]
struct Clock {
    first: Option<i64>,
    previous: Option<i64>,
    /// Of the last frame that is shown, and of the one before.
    shown: [Option<i64>; 2],
}

/// All but the tree, which is written while this is read.
struct Tables {
    run: RunState,
    packet: Packet,
    tcp: FlowTable<Box<Connection>>,
    udp: FlowTable<UdpConversation>,
    fragments: Fragments,
    /// Bytes that all connections hold.
    buffered: usize,
}

/// What reading any connection leans on, and where it puts what it finds.
struct RunState {
    registry: Registry,
    task: Task,
    work: Work,
    first_pass: FirstPass,
    collected: FirstPass,
    /// The time of the first frame.
    start: i64,
    /// The connections of the present frame.
    connections: Vec<FrameConnection>,
    /// Its conversations in datagrams.
    udp_conversations: Vec<u32>,
    /// It carries a part of an IP packet.
    is_fragment: bool,
    /// What is known of it beforehand, if it is read out of its place.
    seek: Option<SeekContext>,
    events: Vec<Event>,
    messages: Vec<dissectors::session::Event>,
    prefilter: Option<Prefilter>,
}

/// What is known of a conversation in datagrams: its number and the times of its first and last frame.
#[derive(Debug)]
struct UdpConversation {
    number: u32,
    first: i64,
    last: i64,
}

/// How much work the task takes.
#[derive(Clone, Copy, Debug)]
pub(in crate::analysis) struct Work {
    /// Sequence analysis.
    pub(in crate::analysis) sequence: bool,
    /// What segments say beside the marks of that.
    pub(in crate::analysis) segments: bool,
    /// Bytes in order.
    pub(in crate::analysis) bytes: bool,
    /// Messages.
    pub(in crate::analysis) messages: bool,
    /// Whether what is sent again is the same.
    pub(in crate::analysis) compare: bool,
    /// From which frames a message was put together.
    pub(in crate::analysis) frames: bool,
    /// The bytes of such a message.
    pub(in crate::analysis) data: bool,
    /// Which nodes are which half of an exchange.
    pub(in crate::analysis) halves: bool,
    /// Conversations in datagrams.
    pub(in crate::analysis) udp_conversations: bool,
}

/// Fields that tell of messages of several segments.
static REASSEMBLY_FIELDS: [&Field; 7] = [
    &tcp_fields::SEGMENTS,
    &tcp_fields::SEGMENT,
    &tcp_fields::SEGMENT_COUNT,
    &tcp_fields::SEGMENT_DATA,
    &tcp_fields::REASSEMBLED_IN,
    &tcp_fields::REASSEMBLED_LENGTH,
    &tcp_fields::REASSEMBLED_DATA,
];

/// Whether a field tells what the capture says of a frame, whatever is in that.
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
    let mut layers = PROTOCOLS.iter().filter(|protocol| matches!(protocol.dissector, Dissector::Layer(_)));
    let late = REASSEMBLY_FIELDS.iter().chain(&[&tcp_fields::GAP, &tcp_fields::LIMIT]).any(|late| late.id == field.id);
    !late && layers.any(|protocol| protocol.fields.first().is_some_and(|own| own.id == field.protocol))
}

impl Work {
    fn of(task: &Task) -> Work {
        let wants = &task.wants;
        let any = |fields: &[&Field]| fields.iter().any(|field| wants.field(field));
        let analysis =
            tcp_fields::FIELDS.iter().any(|field| field.name.starts_with("tcp.analysis") && wants.field(field));
        let session = |part: &Dissector| !matches!(part, Dissector::Layer(_) | Dissector::Builtin);
        let own = |fields: &[&'static Field]| fields.first().is_some_and(|field| wants.protocol(field));
        let compare = any(&[&tcp_fields::SEGMENT_OVERLAP, &tcp_fields::SEGMENT_OVERLAP_CONFLICT]);
        let messages = task.exchanges
            || task.collect
            || wants.columns
            || any(&REASSEMBLY_FIELDS)
            || wants.field(&frame::PROTOCOLS)
            || wants.protocol(&data::DATA)
            || PROTOCOLS.iter().any(|protocol| session(&protocol.dissector) && own(protocol.fields));
        Work {
            sequence: task.streams || task.collect || analysis || wants.columns,
            segments: tcp_fields::FIELDS.iter().any(|field| wants.field(field) && !tcp_fields::is_analysis_flag(field)),
            bytes: messages || compare || task.follow.is_some() || wants.field(&tcp_fields::GAP) || task.streams,
            messages,
            compare,
            frames: task.collect || any(&REASSEMBLY_FIELDS),
            data: wants.field(&tcp_fields::REASSEMBLED_DATA),
            halves: task.halves,
            udp_conversations: task.udp_conversations || any(&[&udp::STREAM, &udp::TIME_RELATIVE, &udp::TIME_DELTA]),
        }
    }
}

impl Analyzer {
    /// A first, or only, reading of a capture.
    #[must_use]
    pub fn new(task: Task) -> Analyzer {
        Analyzer::with_first_pass(task, FirstPass::default())
    }

    /// A further reading of a capture, with what an earlier one learnt.
    #[must_use]
    pub fn with_first_pass(task: Task, foresight: FirstPass) -> Analyzer {
        let tree = Tree::new(task.wants.clone());
        let desk = RunState {
            registry: Registry::new(PROTOCOLS),
            work: Work::of(&task),
            task,
            first_pass: foresight,
            collected: FirstPass::default(),
            start: 0,
            connections: Vec::new(),
            udp_conversations: Vec::new(),
            is_fragment: false,
            seek: None,
            events: Vec::new(),
            messages: Vec::new(),
            prefilter: None,
        };
        let tables = Tables {
            run: desk,
            packet: Packet::default(),
            tcp: FlowTable::new(),
            udp: FlowTable::new(),
            fragments: Fragments::default(),
            buffered: 0,
        };
        Analyzer { tree, blank: Tree::default(), tables, clock: Clock::default() }
    }

    /// Learns what later frames tell of those that are read next.
    pub fn set_first_pass(&mut self, foresight: FirstPass) {
        self.tables.run.first_pass = foresight;
    }

    /// Messages of frames of which it is known early that nobody asks for them are not told.
    #[must_use]
    pub fn with_prefilter(mut self, asked: Option<Prefilter>) -> Analyzer {
        self.tables.run.prefilter = asked;
        self
    }

    /// Reads the next frame. The tree says what was found in it, until the next is read.
    pub fn dissect(&mut self, frame: &Frame<'_>) -> &Tree {
        self.clock.read(frame, &mut self.tables, &mut self.tree);
        &self.tree
    }

    /// Reads the next frame for what it means to others; nothing is recorded of it, and it is not shown.
    pub fn feed_unrecorded(&mut self, frame: &Frame<'_>) {
        self.clock.read(frame, &mut self.tables, &mut self.blank);
        self.hide();
    }

    /// What was found in the frame read last.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The TCP connections that the frame read last belongs to: several in a tunnel, or where one is quoted in an error.
    #[must_use]
    pub fn connections(&self) -> &[FrameConnection] {
        &self.tables.run.connections
    }

    /// The conversations in datagrams that it belongs to, outermost first, if they are numbered.
    #[must_use]
    pub fn udp_conversations(&self) -> &[u32] {
        &self.tables.run.udp_conversations
    }

    /// Whether it carries a part of an IP packet, be it the last.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        self.tables.run.is_fragment
    }

    /// The protocols in it, outermost first.
    #[must_use]
    pub fn path(&self) -> &[&'static str] {
        self.tables.packet.path.names()
    }

    /// The rows of the open connections of which a frame after this one was read.
    pub fn open_since(&self, frame: u32) -> impl Iterator<Item = Stream> {
        let flows = self.tables.tcp.newest().take_while(move |flow| flow.last.frame > frame);
        flows.map(|flow| flow.row())
    }

    /// Learns what is known of the next frame, which is read out of its place.
    pub fn seek(&mut self, context: SeekContext) {
        self.clock = Clock { first: Some(context.first), previous: context.previous, shown: [context.previous, None] };
        self.tables.run.seek = Some(context);
    }

    /// Learns that the frame that was read last is not shown.
    pub fn hide(&mut self) {
        let [_, before] = self.clock.shown;
        self.clock.shown = [before, None];
    }

    /// Takes what has happened since the last call.
    pub fn events(&mut self) -> std::vec::Drain<'_, Event> {
        self.tables.run.events.drain(..)
    }

    /// Forgets the connections of which nothing more is expected at a time, in nanoseconds since 1970: for whoever
    /// listens to what never ends. A capture that ends is told as a whole.
    pub fn age(&mut self, now: i64) {
        self.tables.age(now);
    }

    /// Ends the capture: what is open becomes events.
    pub fn finish(&mut self) {
        self.finish_each(|_| {});
    }

    /// The same, connection by connection: what happens with one can be taken before the next ends.
    pub fn finish_each(&mut self, mut ended: impl FnMut(&mut Analyzer)) {
        let mut connections: Vec<_> = self.tables.tcp.drain().collect();
        connections.sort_unstable_by_key(|connection| connection.number);
        for connection in connections {
            self.tables.close(connection);
            ended(self);
        }
    }

    /// What a reading with [`Task::learn`] has learnt.
    #[must_use]
    pub fn into_first_pass(self) -> FirstPass {
        self.tables.run.collected
    }
}

impl Clock {
    /// Reads a frame into a tree.
    fn read(&mut self, frame: &Frame<'_>, inner: &mut Tables, tree: &mut Tree) {
        let at = Stamp { frame: frame.number, time: frame.time.0 };
        tree.begin(frame.bytes);
        inner.packet.reset();
        inner.run.connections.clear();
        inner.run.udp_conversations.clear();
        inner.run.is_fragment = false;
        let protocols = self.record(frame, tree);
        if inner.run.task.shallow {
            return;
        }
        inner.run.start = self.first.unwrap_or_default();
        let wire = frame.length.max(frame.bytes.len() as u32);
        inner.dissect(Next::Link(frame.link, Payload { bytes: frame.bytes, base: 0, wire }), at, tree);
        if protocols.is_some() {
            let names = inner.packet.path.names().join(":");
            let text = tree.store_bytes(names.as_bytes());
            tree.set(protocols, Default::default(), Value::Text(text));
        }
        record_columns(frame, self.first, tree);
    }

    /// Records what the capture says of the frame, and moves on.
    fn record(&mut self, frame: &Frame<'_>, tree: &mut Tree) -> Option<usize> {
        let time = frame.time.0;
        let first = *self.first.get_or_insert(time);
        let [shown, _] = self.shown;
        self.shown = [frame.has_time.then_some(time), shown];
        let previous = std::mem::replace(&mut self.previous, frame.has_time.then_some(time)).unwrap_or(time);
        if !tree.wants_any(&frame::FRAME) {
            return None;
        }
        let facts = frame::FrameMetadata {
            number: frame.number,
            time,
            has_time: frame.has_time,
            delta: time.saturating_sub(previous),
            delta_displayed: time.saturating_sub(shown.unwrap_or(time)),
            relative: time.saturating_sub(first),
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
        let place = frame::describe(&facts, tree);
        for comment in frame.options.comments() {
            tree.put_text(&frame::COMMENT, Default::default(), format_args!("{comment}"));
        }
        place
    }
}

/// Records the columns as fields, if they are wanted.
fn record_columns(frame: &Frame<'_>, first: Option<i64>, tree: &mut Tree) {
    if !tree.wants_any(&column::COLUMN) {
        return;
    }
    let none = Default::default();
    let columns = *tree.columns();
    tree.put_text(&column::NUMBER, none, format_args!("{}", frame.number));
    let relative = frame.time.0.saturating_sub(first.unwrap_or_default());
    if tree.wants(&column::TIME) {
        let text = crate::analysis::seconds(relative);
        tree.put_text(&column::TIME, none, format_args!("{text}"));
    }
    for (field, value) in [(&column::SOURCE, columns.source), (&column::DESTINATION, columns.destination)] {
        let mut text = String::new();
        if let Some(value) = value {
            let _ = dissectors::format::value(&mut text, field, value, tree);
        }
        tree.put_text(field, none, format_args!("{text}"));
    }
    tree.put_text(&column::PROTOCOL_NAME, none, format_args!("{}", columns.protocol));
    tree.put_text(&column::LENGTH, none, format_args!("{}", frame.length));
    tree.put(&column::INFO, none, Value::Text(columns.info));
}

/// Nanoseconds as the list of frames shows them: seconds with six decimals.
fn seconds(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    format!("{sign}{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1000)
}

impl Tables {
    /// Reads layer after layer, and what the conversations make of the last.
    fn dissect(&mut self, next: Next<'_>, at: Stamp, tree: &mut Tree) {
        match walk(&self.run.registry, next, &mut self.packet, tree) {
            Next::Segment(segment) => self.segment(&segment, at, tree),
            Next::Datagram(datagram) => self.datagram(&datagram, at, tree),
            Next::Fragment(fragment) => self.fragment(&fragment, at, tree),
            Next::Data(piece) => self.unknown(piece, tree),
            _ => {}
        }
    }

    /// Puts an IP packet together, and reads on when it is whole.
    fn fragment(&mut self, fragment: &Fragment<'_>, at: Stamp, tree: &mut Tree) {
        let v6 = matches!(self.packet.source, Address::V6(_));
        let mut whole = None;
        self.run.is_fragment = true;
        if !self.packet.quoted {
            whole = self.fragments.add(&self.packet, fragment, at.frame, at.time);
            if let Some(why) = self.fragments.dropped() {
                let limit = if v6 { &ipv6::FRAGMENT_LIMIT } else { &ipv4::FRAGMENT_LIMIT };
                tree.note(limit, fragment.payload.all(), format_args!("{why}"));
            }
        }
        let Some(whole) = whole else {
            if let Some(&frame) = self.run.first_pass.defragmented_in.get(&at.frame) {
                let describe = if v6 { ipv6::describe_reassembled_in } else { ipv4::describe_reassembled_in };
                describe(frame, tree);
            }
            return self.unknown(fragment.payload, tree);
        };
        if self.run.task.collect {
            let earlier = whole.parts.iter().map(|part| part.frame).filter(|&frame| frame != at.frame);
            self.run.collected.defragmented_in.extend(earlier.map(|frame| (frame, at.frame)));
        }
        let (title, describe): (_, fn(_, &[_], &mut Tree)) = match v6 {
            true => ("Reassembled IPv6", ipv6::describe_reassembly),
            false => ("Reassembled IPv4", ipv4::describe_reassembly),
        };
        let start = tree.add_buffer(title, &whole.payload);
        let piece = Payload::whole(&whole.payload, start);
        describe(piece.all(), &whole.parts_at(start), tree);
        self.dissect(Next::IpProto(whole.protocol, piece), at, tree);
    }

    fn unknown(&mut self, piece: Payload<'_>, tree: &mut Tree) {
        if !piece.bytes.is_empty() {
            self.packet.path.push("data");
            data::describe(piece, tree);
        }
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, at: Stamp, tree: &mut Tree) {
        let source = Endpoint { address: self.packet.source, port: datagram.source_port };
        let destination = Endpoint { address: self.packet.destination, port: datagram.destination_port };
        let mut known = udp::DatagramFacts::default();
        if self.run.work.udp_conversations {
            let begin = |number| UdpConversation { number, first: at.time, last: at.time };
            let (place, _) = self.udp.find(source, destination, begin);
            let dialogue = self.udp.flow(place);
            let nth = self.run.udp_conversations.len();
            if let Some(&number) = self.run.seek.as_ref().and_then(|context| context.udp_conversations.get(nth))
                && number != dialogue.number
            {
                *dialogue = begin(number);
            }
            self.run.udp_conversations.push(dialogue.number);
            known = udp::DatagramFacts {
                stream: dialogue.number,
                time_relative: at.time.saturating_sub(dialogue.first),
                time_delta: at.time.saturating_sub(dialogue.last),
            };
            dialogue.last = at.time;
        }
        udp::describe(datagram, &known, tree);
        self.dissect(datagram.next(), at, tree);
    }

    fn segment(&mut self, segment: &Segment<'_>, at: Stamp, tree: &mut Tree) {
        let source = Endpoint { address: self.packet.source, port: segment.source_port };
        let destination = Endpoint { address: self.packet.destination, port: segment.destination_port };
        let needs = self.run.work;
        let begin = |number| Box::new(Connection::new(number, source, destination, segment, at, needs));
        let (place, forgotten) = self.tcp.find(source, destination, begin);
        if let Some(forgotten) = forgotten {
            self.close(forgotten);
        }
        let mut reused = false;
        if let Some((number, begins)) = self.run.seek.as_ref().and_then(|context| context.stream) {
            reused = begins;
            if self.tcp.flow(place).number != number {
                let new = Box::new(Connection::new(number, source, destination, segment, at, needs));
                let old = std::mem::replace(self.tcp.flow(place), new);
                self.close(old);
            }
        } else if !segment.quoted && segment.flags.syn() && !segment.flags.ack() {
            let connection = self.tcp.flow(place);
            if connection.is_replaced_by(source, segment) {
                reused = true;
                let number = self.tcp.number();
                let new = Box::new(Connection::new(number, source, destination, segment, at, needs));
                let old = std::mem::replace(self.tcp.flow(place), new);
                self.close(old);
            }
        }
        let connection = self.tcp.flow(place);
        let stream = connection.number;
        if self.run.task.only.as_ref().is_some_and(|only| !only.contains(stream)) {
            let met = connection.frame_connection(connection.side(source), segment, reused);
            self.run.connections.push(met);
            return connection.skip(source, segment, at);
        }
        let mut reading = self.run.segment_context(connection.number, at, &mut self.packet.path, tree);
        let met = connection.read_segment(source, segment, reused, &mut reading);
        self.run.connections.push(met);
        self.buffered = self.buffered.saturating_add_signed(connection.recount_buffered());
        self.run.report(connection);
        if self.buffered > self.run.buffer_limit() {
            tree.note(&tcp_fields::LIMIT, segment.header.all(), format_args!("more is held for messages than is kept"));
            self.release_idle();
        }
    }

    /// Lets go of what is held for the connections longest idle, until a quarter of the limit is free: to look at all of
    /// them for every frame would be too much.
    fn release_idle(&mut self) {
        let enough = self.run.buffer_limit() / 4 * 3;
        let oldest: Vec<FlowIndex> = self.tcp.oldest().collect();
        for place in oldest {
            let connection = self.tcp.flow(place);
            if connection.buffered == 0 {
                continue;
            }
            self.run.without_frame(connection, Connection::release_buffers);
            self.buffered = self.buffered.saturating_add_signed(connection.recount_buffered());
            if self.buffered <= enough {
                break;
            }
        }
    }

    /// Forgets what is over at a time.
    fn age(&mut self, now: i64) {
        let flows = self.tcp.oldest().filter_map(|place| Some((place, self.tcp.flow_ref(place)?)));
        let silent = flows.take_while(|(_, flow)| now.saturating_sub(flow.last.time) >= limits::CLOSED_AGE);
        let mut over: Vec<FlowIndex> = silent.filter(|(_, flow)| flow.is_over(now)).map(|(place, _)| place).collect();
        // The last places first: each is filled with the last of all.
        over.sort_unstable();
        let mut forgotten: Vec<_> = over.into_iter().rev().filter_map(|place| self.tcp.remove(place)).collect();
        forgotten.sort_unstable_by_key(|connection| connection.number);
        for connection in forgotten {
            self.close(connection);
        }
    }

    /// Ends a connection of which nothing more is followed.
    fn close(&mut self, mut connection: Box<Connection>) {
        self.buffered = self.buffered.saturating_sub(connection.buffered as usize);
        self.run.without_frame(&mut connection, Connection::end);
        if self.run.task.collect {
            connection.collect(&mut self.run.collected);
        }
        if self.run.task.streams {
            self.run.events.push(Event::Stream(Box::new(connection.row())));
        }
        if self.run.task.ends {
            self.run.events.push(Event::End(connection.number));
        }
    }
}

impl RunState {
    /// As many bytes as all connections may hold together.
    fn buffer_limit(&self) -> usize {
        if self.work.data { limits::BUFFERED_BYTES_WITH_BODIES } else { limits::BUFFERED_BYTES }
    }

    /// What a connection of this number needs to read a frame.
    fn segment_context<'a>(
        &'a mut self,
        number: u32,
        at: Stamp,
        path: &'a mut Path,
        tree: &'a mut Tree,
    ) -> SegmentContext<'a> {
        SegmentContext {
            registry: &self.registry,
            work: self.work,
            wants: &self.task.wants,
            first_pass: &self.first_pass,
            path,
            messages: &mut self.messages,
            chunks: (self.task.follow == Some(number)).then_some(&mut self.events),
            collected: self.task.collect.then_some(&mut self.collected),
            prefilter: self.prefilter.as_ref(),
            tree,
            at,
        }
    }

    /// Lets a connection do what belongs to none of its frames, and so is recorded in no frame's tree.
    fn without_frame(
        &mut self,
        connection: &mut Connection,
        act: impl FnOnce(&mut Connection, &mut SegmentContext<'_>) -> Vec<MessageNodes>,
    ) {
        let mut path = Path::default();
        let mut tree = if self.task.halves { Tree::new(self.task.wants.clone()) } else { Tree::default() };
        let stream = connection.number;
        let said = act(connection, &mut self.segment_context(stream, connection.last, &mut path, &mut tree));
        if self.task.halves && !said.is_empty() {
            self.events.push(Event::Unfinished(Box::new(UnfinishedMessages { stream, messages: said, tree })));
        }
        self.report(connection);
    }

    /// Turns the exchanges of a connection into calls.
    fn report(&mut self, connection: &mut Connection) {
        // As in most frames.
        if self.messages.is_empty() {
            return;
        }
        for message in self.messages.drain(..) {
            if let dissectors::session::Event::Exchange(exchange) = message {
                let call = connection.call(exchange, self.start);
                if self.task.exchanges {
                    self.events.push(Event::Call(call));
                }
            }
        }
    }
}

/// Whether a segment says where the other side stands.
fn acknowledges(segment: &Segment<'_>) -> Option<u32> {
    (segment.flags.ack() && !segment.flags.any(Flags::RST)).then_some(segment.ack)
}
