//! How frames become knowledge: layers, conversations, bytes in order, messages, exchanges.

mod connection;
mod conversation;
mod flow;
pub mod fragments;
pub mod limits;
mod numbers;
mod tcp;

use crate::capture::{Call, Endpoint, Stream};
use crate::source::{Frame, NOT_A_PACKET};
use connection::{Connection, Reading};
use dissectors::packet::{Address, Fragment, Next, Packet, Path, Piece, walk};
use dissectors::session::{At, Foresight, Side};
use dissectors::tcp::{Flags, Segment};
use dissectors::udp::Datagram;
use dissectors::{Field, Kind, PROTOCOLS, Part, Registry, Tree, Value, Wants};
use dissectors::{column, data, frame, ipv4, ipv6, tcp as tcp_fields, udp};
use flow::{Place, Table};
use fragments::Fragments;
pub use numbers::Numbers;

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
    pub learn: bool,
    /// The connections to read; all, if none are named. Others are numbered and passed over.
    pub only: Option<Numbers>,
    /// Whether to number conversations in datagrams, whatever fields are wanted.
    pub dialogues: bool,
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
    Chunk(Chunk),
    /// What no frame tells.
    Rest(Box<Rest>),
}

/// What is told when a connection is forgotten, or has to let go of what it holds: messages that no frame completed.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The connection's number.
    pub stream: u32,
    /// The requests and responses, in order.
    pub said: Vec<Said>,
    /// What they say; nothing of the layers below.
    pub tree: Tree,
}

/// A connection that a frame belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// Its number.
    pub stream: u32,
    /// Whether the frame carries bytes of the client, of the server, or tells a message of theirs.
    pub speaks: [bool; 2],
    /// The requests and responses of it that the frame tells, in order.
    pub said: Vec<Said>,
    /// Who sent it.
    pub side: Side,
    /// It begins the connection, on ports that another had before.
    pub reused: bool,
    /// It is not the frame's own segment, but one that an error quotes.
    pub quoted: bool,
}

/// One half of an exchange, told in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
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
pub struct Context {
    /// When the capture began.
    pub first: i64,
    /// The time of the frame before, if it has one.
    pub previous: Option<i64>,
    /// The number of the frame's TCP connection, and whether the frame begins it on ports that another had.
    pub stream: Option<(u32, bool)>,
    /// The numbers of its conversations in datagrams, outermost first.
    pub dialogues: Vec<u32>,
}

/// What comes next of one side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Who sent it.
    pub side: Side,
    /// The frame it came with, or with which it could be read.
    pub at: At,
    /// What it is.
    pub content: Content,
}

/// Bytes, or the lack of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// As many bytes were never captured.
    Gap(u64),
    /// The side sends nothing more.
    End,
}

/// Whether a frame may be asked for, by the fields that are [known early](is_known_early).
pub type Asked = Box<dyn Fn(&Tree) -> bool + Send>;

/// Reads a capture, frame after frame.
pub struct Analyzer {
    tree: Tree,
    /// Records nothing: for frames that are not told.
    blank: Tree,
    inner: Inner,
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
struct Inner {
    desk: Desk,
    packet: Packet,
    tcp: Table<Box<Connection>>,
    udp: Table<Dialogue>,
    fragments: Fragments,
    /// Bytes that all connections hold.
    held: usize,
}

/// What reading any connection leans on, and where it puts what it finds.
struct Desk {
    registry: Registry,
    task: Task,
    needs: Needs,
    foresight: Foresight,
    learnt: Foresight,
    /// The time of the first frame.
    start: i64,
    /// The connections of the present frame.
    met: Vec<Met>,
    /// Its conversations in datagrams.
    dialogues: Vec<u32>,
    /// It carries a part of an IP packet.
    is_fragment: bool,
    /// What is known of it beforehand, if it is read out of its place.
    context: Option<Context>,
    events: Vec<Event>,
    messages: Vec<dissectors::session::Event>,
    asked: Option<Asked>,
}

/// What is known of a conversation in datagrams: its number and the times of its first and last frame.
#[derive(Debug)]
struct Dialogue {
    number: u32,
    first: i64,
    last: i64,
}

/// How much work the task takes.
#[derive(Clone, Copy, Debug)]
pub(in crate::analysis) struct Needs {
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
    pub(in crate::analysis) dialogues: bool,
}

/// Fields that tell of messages of several segments.
static PUT_TOGETHER: [&Field; 7] = [
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
pub fn is_of_capture(field: &Field) -> bool {
    field.protocol == frame::FRAME.id && is_known_early(field)
}

/// Whether a field has all its values before the messages of a segment are read.
#[must_use]
pub fn is_known_early(field: &Field) -> bool {
    if field.protocol == frame::FRAME.id {
        let is_note = frame::tells_notes(field) || matches!(field.kind, Kind::Note(_));
        return field.id != frame::PROTOCOLS.id && !is_note;
    }
    let mut layers = PROTOCOLS.iter().filter(|protocol| matches!(protocol.part, Part::Layer(_)));
    let late = PUT_TOGETHER.iter().chain(&[&tcp_fields::GAP, &tcp_fields::LIMIT]).any(|late| late.id == field.id);
    !late && layers.any(|protocol| protocol.fields.first().is_some_and(|own| own.id == field.protocol))
}

impl Needs {
    fn of(task: &Task) -> Needs {
        let wants = &task.wants;
        let any = |fields: &[&Field]| fields.iter().any(|field| wants.field(field));
        let analysis =
            tcp_fields::FIELDS.iter().any(|field| field.name.starts_with("tcp.analysis") && wants.field(field));
        let session = |part: &Part| !matches!(part, Part::Layer(_) | Part::Facts);
        let own = |fields: &[&'static Field]| fields.first().is_some_and(|field| wants.protocol(field));
        let compare = any(&[&tcp_fields::SEGMENT_OVERLAP, &tcp_fields::SEGMENT_OVERLAP_CONFLICT]);
        let messages = task.exchanges
            || task.learn
            || wants.columns
            || any(&PUT_TOGETHER)
            || wants.field(&frame::PROTOCOLS)
            || wants.protocol(&data::DATA)
            || PROTOCOLS.iter().any(|protocol| session(&protocol.part) && own(protocol.fields));
        Needs {
            sequence: task.streams || task.learn || analysis || wants.columns,
            segments: tcp_fields::FIELDS.iter().any(|field| wants.field(field) && !tcp_fields::tells_marks(field)),
            bytes: messages || compare || task.follow.is_some() || wants.field(&tcp_fields::GAP) || task.streams,
            messages,
            compare,
            frames: task.learn || any(&PUT_TOGETHER),
            data: wants.field(&tcp_fields::REASSEMBLED_DATA),
            halves: task.halves,
            dialogues: task.dialogues || any(&[&udp::STREAM, &udp::TIME_RELATIVE, &udp::TIME_DELTA]),
        }
    }
}

impl Analyzer {
    /// A first, or only, reading of a capture.
    #[must_use]
    pub fn new(task: Task) -> Analyzer {
        Analyzer::with_foresight(task, Foresight::default())
    }

    /// A further reading of a capture, with what an earlier one learnt.
    #[must_use]
    pub fn with_foresight(task: Task, foresight: Foresight) -> Analyzer {
        let tree = Tree::new(task.wants.clone());
        let desk = Desk {
            registry: Registry::new(PROTOCOLS),
            needs: Needs::of(&task),
            task,
            foresight,
            learnt: Foresight::default(),
            start: 0,
            met: Vec::new(),
            dialogues: Vec::new(),
            is_fragment: false,
            context: None,
            events: Vec::new(),
            messages: Vec::new(),
            asked: None,
        };
        let inner = Inner {
            desk,
            packet: Packet::default(),
            tcp: Table::new(),
            udp: Table::new(),
            fragments: Fragments::default(),
            held: 0,
        };
        Analyzer { tree, blank: Tree::default(), inner, clock: Clock::default() }
    }

    /// Learns what later frames tell of those that are read next.
    pub fn foresee(&mut self, foresight: Foresight) {
        self.inner.desk.foresight = foresight;
    }

    /// Messages of frames of which it is known early that nobody asks for them are not told.
    #[must_use]
    pub fn asked_for(mut self, asked: Option<Asked>) -> Analyzer {
        self.inner.desk.asked = asked;
        self
    }

    /// Reads the next frame. The tree says what was found in it, until the next is read.
    pub fn dissect(&mut self, frame: &Frame<'_>) -> &Tree {
        self.clock.read(frame, &mut self.inner, &mut self.tree);
        &self.tree
    }

    /// Reads the next frame for what it means to others; nothing is recorded of it, and it is not shown.
    pub fn pass(&mut self, frame: &Frame<'_>) {
        self.clock.read(frame, &mut self.inner, &mut self.blank);
        self.hide();
    }

    /// What was found in the frame read last.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The TCP connections that the frame read last belongs to: several in a tunnel, or where one is quoted in an error.
    #[must_use]
    pub fn met(&self) -> &[Met] {
        &self.inner.desk.met
    }

    /// The conversations in datagrams that it belongs to, outermost first, if they are numbered.
    #[must_use]
    pub fn dialogues(&self) -> &[u32] {
        &self.inner.desk.dialogues
    }

    /// Whether it carries a part of an IP packet, be it the last.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        self.inner.desk.is_fragment
    }

    /// The protocols in it, outermost first.
    #[must_use]
    pub fn path(&self) -> &[&'static str] {
        self.inner.packet.path.names()
    }

    /// The rows of the open connections of which a frame after this one was read.
    pub fn open_since(&self, frame: u32) -> impl Iterator<Item = Stream> {
        let flows = self.inner.tcp.newest().take_while(move |flow| flow.last.frame > frame);
        flows.map(|flow| flow.row())
    }

    /// Learns what is known of the next frame, which is read out of its place.
    pub fn place(&mut self, context: Context) {
        self.clock = Clock { first: Some(context.first), previous: context.previous, shown: [context.previous, None] };
        self.inner.desk.context = Some(context);
    }

    /// Learns that the frame that was read last is not shown.
    pub fn hide(&mut self) {
        let [_, before] = self.clock.shown;
        self.clock.shown = [before, None];
    }

    /// Takes what has happened since the last call.
    pub fn events(&mut self) -> std::vec::Drain<'_, Event> {
        self.inner.desk.events.drain(..)
    }

    /// Forgets the connections of which nothing more is expected at a time, in nanoseconds since 1970: for whoever
    /// listens to what never ends. A capture that ends is told as a whole.
    pub fn age(&mut self, now: i64) {
        self.inner.age(now);
    }

    /// Ends the capture: what is open becomes events.
    pub fn finish(&mut self) {
        self.finish_each(|_| {});
    }

    /// The same, connection by connection: what happens with one can be taken before the next ends.
    pub fn finish_each(&mut self, mut ended: impl FnMut(&mut Analyzer)) {
        let mut connections: Vec<_> = self.inner.tcp.drain().collect();
        connections.sort_unstable_by_key(|connection| connection.number);
        for connection in connections {
            self.inner.forget(connection);
            ended(self);
        }
    }

    /// What a reading with [`Task::learn`] has learnt.
    #[must_use]
    pub fn into_foresight(self) -> Foresight {
        self.inner.desk.learnt
    }
}

impl Clock {
    /// Reads a frame into a tree.
    fn read(&mut self, frame: &Frame<'_>, inner: &mut Inner, tree: &mut Tree) {
        let at = At { frame: frame.number, time: frame.time.0 };
        tree.begin(frame.bytes);
        inner.packet.begin();
        inner.desk.met.clear();
        inner.desk.dialogues.clear();
        inner.desk.is_fragment = false;
        let protocols = self.tell(frame, tree);
        if inner.desk.task.shallow {
            return;
        }
        inner.desk.start = self.first.unwrap_or_default();
        let wire = frame.length.max(frame.bytes.len() as u32);
        inner.follow(Next::Link(frame.link, Piece { bytes: frame.bytes, base: 0, wire }), at, tree);
        if protocols.is_some() {
            let names = inner.packet.path.names().join(":");
            let text = tree.keep(names.as_bytes());
            tree.set(protocols, Default::default(), Value::Text(text));
        }
        tell_columns(frame, self.first, tree);
    }

    /// Records what the capture says of the frame, and moves on.
    fn tell(&mut self, frame: &Frame<'_>, tree: &mut Tree) -> Option<usize> {
        let time = frame.time.0;
        let first = *self.first.get_or_insert(time);
        let [shown, _] = self.shown;
        self.shown = [frame.timed.then_some(time), shown];
        let previous = std::mem::replace(&mut self.previous, frame.timed.then_some(time)).unwrap_or(time);
        if !tree.wants_any(&frame::FRAME) {
            return None;
        }
        let facts = frame::Facts {
            number: frame.number,
            time,
            timed: frame.timed,
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
fn tell_columns(frame: &Frame<'_>, first: Option<i64>, tree: &mut Tree) {
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

impl Inner {
    /// Reads layer after layer, and what the conversations make of the last.
    fn follow(&mut self, next: Next<'_>, at: At, tree: &mut Tree) {
        match walk(&self.desk.registry, next, &mut self.packet, tree) {
            Next::Segment(segment) => self.segment(&segment, at, tree),
            Next::Datagram(datagram) => self.datagram(&datagram, at, tree),
            Next::Fragment(fragment) => self.fragment(&fragment, at, tree),
            Next::Data(piece) => self.unknown(piece, tree),
            _ => {}
        }
    }

    /// Puts an IP packet together, and reads on when it is whole.
    fn fragment(&mut self, fragment: &Fragment<'_>, at: At, tree: &mut Tree) {
        let v6 = matches!(self.packet.source, Address::V6(_));
        let mut whole = None;
        self.desk.is_fragment = true;
        if !self.packet.quoted {
            whole = self.fragments.add(&self.packet, fragment, at.frame, at.time);
            if let Some(why) = self.fragments.given_up() {
                let limit = if v6 { &ipv6::FRAGMENT_LIMIT } else { &ipv4::FRAGMENT_LIMIT };
                tree.note(limit, fragment.piece.all(), format_args!("{why}"));
            }
        }
        let Some(whole) = whole else {
            if let Some(&frame) = self.desk.foresight.defragmented_in.get(&at.frame) {
                let describe = if v6 { ipv6::describe_reassembled_in } else { ipv4::describe_reassembled_in };
                describe(frame, tree);
            }
            return self.unknown(fragment.piece, tree);
        };
        if self.desk.task.learn {
            let earlier = whole.parts.iter().map(|part| part.frame).filter(|&frame| frame != at.frame);
            self.desk.learnt.defragmented_in.extend(earlier.map(|frame| (frame, at.frame)));
        }
        let (title, describe): (_, fn(_, &[_], &mut Tree)) = match v6 {
            true => ("Reassembled IPv6", ipv6::describe_reassembly),
            false => ("Reassembled IPv4", ipv4::describe_reassembly),
        };
        let start = tree.add_buffer(title, &whole.payload);
        let piece = Piece::whole(&whole.payload, start);
        describe(piece.all(), &whole.parts_at(start), tree);
        self.follow(Next::IpProto(whole.protocol, piece), at, tree);
    }

    fn unknown(&mut self, piece: Piece<'_>, tree: &mut Tree) {
        if !piece.bytes.is_empty() {
            self.packet.path.push("data");
            data::describe(piece, tree);
        }
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, at: At, tree: &mut Tree) {
        let source = Endpoint { address: self.packet.source, port: datagram.source_port };
        let destination = Endpoint { address: self.packet.destination, port: datagram.destination_port };
        let mut known = udp::Known::default();
        if self.desk.needs.dialogues {
            let begin = |number| Dialogue { number, first: at.time, last: at.time };
            let (place, _) = self.udp.find(source, destination, begin);
            let dialogue = self.udp.flow(place);
            let nth = self.desk.dialogues.len();
            if let Some(&number) = self.desk.context.as_ref().and_then(|context| context.dialogues.get(nth))
                && number != dialogue.number
            {
                *dialogue = begin(number);
            }
            self.desk.dialogues.push(dialogue.number);
            known = udp::Known {
                stream: dialogue.number,
                time_relative: at.time.saturating_sub(dialogue.first),
                time_delta: at.time.saturating_sub(dialogue.last),
            };
            dialogue.last = at.time;
        }
        udp::describe(datagram, &known, tree);
        self.follow(datagram.next(), at, tree);
    }

    fn segment(&mut self, segment: &Segment<'_>, at: At, tree: &mut Tree) {
        let source = Endpoint { address: self.packet.source, port: segment.source_port };
        let destination = Endpoint { address: self.packet.destination, port: segment.destination_port };
        let needs = self.desk.needs;
        let begin = |number| Box::new(Connection::new(number, source, destination, segment, at, needs));
        let (place, forgotten) = self.tcp.find(source, destination, begin);
        if let Some(forgotten) = forgotten {
            self.forget(forgotten);
        }
        let mut reused = false;
        if let Some((number, begins)) = self.desk.context.as_ref().and_then(|context| context.stream) {
            reused = begins;
            if self.tcp.flow(place).number != number {
                let new = Box::new(Connection::new(number, source, destination, segment, at, needs));
                let old = std::mem::replace(self.tcp.flow(place), new);
                self.forget(old);
            }
        } else if !segment.quoted && segment.flags.syn() && !segment.flags.ack() {
            let connection = self.tcp.flow(place);
            if connection.is_other_than(source, segment) {
                reused = true;
                let number = self.tcp.number();
                let new = Box::new(Connection::new(number, source, destination, segment, at, needs));
                let old = std::mem::replace(self.tcp.flow(place), new);
                self.forget(old);
            }
        }
        let connection = self.tcp.flow(place);
        let stream = connection.number;
        if self.desk.task.only.as_ref().is_some_and(|only| !only.contains(stream)) {
            let met = connection.met(connection.side(source), segment, reused);
            self.desk.met.push(met);
            return connection.pass(source, segment, at);
        }
        let mut reading = self.desk.reading(connection.number, at, &mut self.packet.path, tree);
        let met = connection.follow(source, segment, reused, &mut reading);
        self.desk.met.push(met);
        self.held = self.held.saturating_add_signed(connection.count_held());
        self.desk.report(connection);
        if self.held > self.desk.most_held() {
            tree.note(&tcp_fields::LIMIT, segment.header.all(), format_args!("more is held for messages than is kept"));
            self.give_up();
        }
    }

    /// Lets go of what is held for the connections longest idle, until a quarter of the limit is free: to look at all of
    /// them for every frame would be too much.
    fn give_up(&mut self) {
        let enough = self.desk.most_held() / 4 * 3;
        let oldest: Vec<Place> = self.tcp.oldest().collect();
        for place in oldest {
            let connection = self.tcp.flow(place);
            if connection.held == 0 {
                continue;
            }
            self.desk.apart(connection, Connection::give_up);
            self.held = self.held.saturating_add_signed(connection.count_held());
            if self.held <= enough {
                break;
            }
        }
    }

    /// Forgets what is over at a time.
    fn age(&mut self, now: i64) {
        let flows = self.tcp.oldest().filter_map(|place| Some((place, self.tcp.peek(place)?)));
        let silent = flows.take_while(|(_, flow)| now.saturating_sub(flow.last.time) >= limits::CLOSED_AGE);
        let mut over: Vec<Place> = silent.filter(|(_, flow)| flow.is_over(now)).map(|(place, _)| place).collect();
        // The last places first: each is filled with the last of all.
        over.sort_unstable();
        let mut forgotten: Vec<_> = over.into_iter().rev().filter_map(|place| self.tcp.remove(place)).collect();
        forgotten.sort_unstable_by_key(|connection| connection.number);
        for connection in forgotten {
            self.forget(connection);
        }
    }

    /// Ends a connection of which nothing more is followed.
    fn forget(&mut self, mut connection: Box<Connection>) {
        self.held = self.held.saturating_sub(connection.held as usize);
        self.desk.apart(&mut connection, Connection::end);
        if self.desk.task.learn {
            connection.teach(&mut self.desk.learnt);
        }
        if self.desk.task.streams {
            self.desk.events.push(Event::Stream(Box::new(connection.row())));
        }
        if self.desk.task.ends {
            self.desk.events.push(Event::End(connection.number));
        }
    }
}

impl Desk {
    /// As many bytes as all connections may hold together.
    fn most_held(&self) -> usize {
        if self.needs.data { limits::HELD_BYTES_WITH_BODIES } else { limits::HELD_BYTES }
    }

    /// What a connection of this number needs to read a frame.
    fn reading<'a>(&'a mut self, number: u32, at: At, path: &'a mut Path, tree: &'a mut Tree) -> Reading<'a> {
        Reading {
            registry: &self.registry,
            needs: self.needs,
            wants: &self.task.wants,
            foresight: &self.foresight,
            path,
            messages: &mut self.messages,
            chunks: (self.task.follow == Some(number)).then_some(&mut self.events),
            learnt: self.task.learn.then_some(&mut self.learnt),
            asked: self.asked.as_ref(),
            tree,
            at,
        }
    }

    /// Lets a connection do what belongs to none of its frames, and so is recorded in no frame's tree.
    fn apart(&mut self, connection: &mut Connection, act: impl FnOnce(&mut Connection, &mut Reading<'_>) -> Vec<Said>) {
        let mut path = Path::default();
        let mut tree = if self.task.halves { Tree::new(self.task.wants.clone()) } else { Tree::default() };
        let stream = connection.number;
        let said = act(connection, &mut self.reading(stream, connection.last, &mut path, &mut tree));
        if self.task.halves && !said.is_empty() {
            self.events.push(Event::Rest(Box::new(Rest { stream, said, tree })));
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
