//! A host that runs a session as the program does, and collects its output. Tests of other protocols use it, too.

use overhear_dissectors::detached_frame::DetachedFrame;
use overhear_dissectors::exchange::Exchange;
use overhear_dissectors::packet::ProtocolPath;
use overhear_dissectors::session::{
    Chunk, Context, ConversationId, Event, FirstPass, Handover, Input, Lane, Missing, Secrets, Session, Side, SideEnd,
    Stamp, Successor, Transition,
};
use overhear_dissectors::{Field, Protocol, SessionKind, Tree, Wants, field, format, http};
use std::fmt::Write;

/// An input of a session.
#[derive(Clone, Debug)]
pub(crate) enum SessionInput {
    Bytes(Side, Vec<u8>),
    Gap(Side, u64),
    /// Buffers are released: memory is short.
    Release,
    End(Side, SideEnd),
}
pub(crate) use SessionInput::{Bytes, End, Gap, Release};

pub(crate) fn c(bytes: impl AsRef<[u8]>) -> SessionInput {
    Bytes(Side::Client, bytes.as_ref().to_vec())
}

pub(crate) fn s(bytes: impl AsRef<[u8]>) -> SessionInput {
    Bytes(Side::Server, bytes.as_ref().to_vec())
}

pub(crate) fn closed() -> [SessionInput; 2] {
    [End(Side::Server, SideEnd::Closed), End(Side::Client, SideEnd::Closed)]
}

/// The output of a session.
#[derive(Debug, Default)]
pub(crate) struct SessionOutput {
    /// A line for each field, in order.
    pub(crate) lines: Vec<String>,
    /// A line for each message and each exchange.
    pub(crate) events: Vec<String>,
    pub(crate) exchanges: Vec<Exchange>,
    /// Unconsumed bytes.
    pub(crate) unconsumed: [Vec<u8>; 2],
    pub(crate) successor: Option<Successor>,
    pub(crate) infos: Vec<(&'static str, String, String)>,
}

/// Runs a session as the program does, on frames formed by splitting each step at `cuts`.
pub(crate) struct SessionHost<'w> {
    session: Box<dyn Session>,
    wants: &'w Wants,
    unconsumed: [Vec<u8>; 2],
    pub(crate) output: SessionOutput,
    pub(crate) first_pass: FirstPass,
    at: Stamp,
}

impl<'w> SessionHost<'w> {
    pub(crate) fn new(wants: &'w Wants) -> SessionHost<'w> {
        SessionHost::of(&http::PROTOCOL, wants)
    }

    /// Returns a host of another protocol's session.
    pub(crate) fn of(protocol: &Protocol, wants: &'w Wants) -> SessionHost<'w> {
        let Some(kind) = protocol.sessions().next() else { unreachable!("it is a session protocol") };
        SessionHost::of_input(protocol, kind.input, wants)
    }

    /// Returns a host of the session of a protocol that reads an input.
    pub(crate) fn of_input(protocol: &Protocol, input: Input, wants: &'w Wants) -> SessionHost<'w> {
        let Some(kind) = protocol.sessions().find(|kind| kind.input == input) else {
            unreachable!("it is a session protocol")
        };
        SessionHost::begin(kind, &mut Handover::default(), wants)
    }

    /// Returns a host of the session of a stream that begins by a handover.
    pub(crate) fn after(protocol: &Protocol, mut handover: Handover, wants: &'w Wants) -> SessionHost<'w> {
        let Some(kind) = protocol.sessions().find(|kind| kind.input == Input::Stream) else {
            unreachable!("it is a session protocol")
        };
        SessionHost::begin(kind, &mut handover, wants)
    }

    fn begin(kind: &SessionKind, handover: &mut Handover, wants: &'w Wants) -> SessionHost<'w> {
        let session = (kind.open)(wants, handover);
        let (unconsumed, output) = Default::default();
        SessionHost { session, wants, unconsumed, output, first_pass: FirstPass::default(), at: Stamp::default() }
    }

    fn run_frame(
        &mut self,
        act: impl FnOnce(&mut dyn Session, &mut Context<'_>, &mut [Vec<u8>; 2]) -> Option<Transition>,
        frame: &[u8],
    ) {
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(frame);
        let mut detached = DetachedFrame::default();
        let secrets = Secrets::default();
        let mut cx = detached.context(self.at, &mut tree, (self.wants, &secrets, &self.first_pass));
        (cx.conversation, cx.collected) = (ConversationId::Tcp(7), None);
        let transition = act(&mut *self.session, &mut cx, &mut self.unconsumed);
        let DetachedFrame { path, mut events, .. } = detached;
        if let Some(Transition::Replace(handover) | Transition::Beneath(handover)) = transition {
            let Handover { to, pending, .. } = *handover;
            self.output.successor = Some(to);
            events.extend(pending.map(Event::Exchange));
        }
        self.record_output(&tree, &path, events);
    }

    fn record_output(&mut self, tree: &Tree, path: &ProtocolPath, events: Vec<Event>) {
        let store_end = tree.buffers().iter().map(|buffer| buffer.bytes.end()).max().unwrap_or(0);
        for node in tree.nodes() {
            let mut line = format!("{:width$}{} = ", "", node.field.name, width = usize::from(node.depth) * 2);
            format::value(&mut line, node.field, node.value, tree).unwrap();
            assert!(node.span.end() <= store_end, "{line}: {:?}", node.span);
            self.output.lines.push(line);
        }
        assert!(path.names().len() < 40);
        let columns = tree.columns();
        if columns.info.len > 0 {
            let mut info = String::new();
            format::text(&mut info, tree.bytes(columns.info)).unwrap();
            self.output.infos.push((columns.protocol, path.names().join(":"), info));
        }
        for event in events {
            match event {
                Event::Exchange(exchange) => {
                    self.output.events.push(format!("{exchange:?}"));
                    self.output.exchanges.push(*exchange);
                }
                Event::Message(message) => self.output.events.push(format!("{message:?}")),
                Event::Part(part) => self.output.events.push(format!("{part:?}")),
                Event::Pdu(unit) => self.output.events.push(format!("{unit:?}")),
                Event::OutsideMessages | Event::EarlierNote { .. } => {}
                Event::Secret(_) | Event::PathId(_) | Event::Connection(_) | Event::Joined { .. } => {
                    unreachable!("HTTP derives no secrets and joins no conversations")
                }
            }
        }
    }

    pub(crate) fn run_step(&mut self, step: &SessionInput, cuts: &dyn Fn(usize) -> bool, offset: &mut usize) {
        self.at = Stamp { frame: self.at.frame + 1, time: self.at.time + 1_000_000 };
        match step {
            Bytes(side, bytes) => {
                let mut segment = Vec::new();
                for (at, &byte) in bytes.iter().enumerate() {
                    segment.push(byte);
                    *offset += 1;
                    if cuts(*offset) || at + 1 == bytes.len() {
                        self.send_bytes(*side, &std::mem::take(&mut segment));
                    }
                }
            }
            Gap(side, len) => self.skip(*side, Missing::Bytes(*len)),
            Release => Side::BOTH.into_iter().for_each(|side| self.skip(side, Missing::Released)),
            End(side, ending) => self.run_frame(
                |session, cx, unconsumed| {
                    let rest = std::mem::take(&mut unconsumed[*side as usize]);
                    session.end(Lane::of(*side), Chunk { bytes: &rest, base: None }, *ending, cx);
                    None
                },
                b"",
            ),
        }
    }

    fn skip(&mut self, side: Side, missing: Missing) {
        self.run_frame(
            |session, cx, unconsumed| {
                let before = std::mem::take(&mut unconsumed[side as usize]);
                session.gap(Lane::of(side), Chunk { bytes: &before, base: None }, missing, cx);
                None
            },
            b"",
        );
    }

    /// Runs these steps and returns the output.
    pub(crate) fn run_all(mut self, steps: &[SessionInput], cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
        let mut offset = 0;
        for step in steps {
            self.run_step(step, cuts, &mut offset);
        }
        SessionOutput { unconsumed: self.unconsumed, ..self.output }
    }

    fn send_bytes(&mut self, side: Side, segment: &[u8]) {
        if self.output.successor.is_some() {
            self.unconsumed[side as usize].extend_from_slice(segment);
            return;
        }
        let frame = [b"frame header", segment].concat();
        self.run_frame(
            |session, cx, unconsumed| {
                let base = unconsumed[side as usize].is_empty().then_some(12);
                unconsumed[side as usize].extend_from_slice(segment);
                let mut transition = read_all(session, side, base, unconsumed, cx);
                if transition.is_none() {
                    transition = read_all(session, side.other(), None, unconsumed, cx);
                }
                transition
            },
            &frame,
        );
    }
}

/// Lets a session read unconsumed bytes until it consumes none; returns its transition to another protocol.
fn read_all(
    session: &mut dyn Session,
    side: Side,
    mut base: Option<u32>,
    unconsumed: &mut [Vec<u8>; 2],
    cx: &mut Context<'_>,
) -> Option<Transition> {
    loop {
        let bytes = unconsumed[side as usize].clone();
        if bytes.is_empty() {
            return None;
        }
        let consumed = session.read(Lane::of(side), Chunk { bytes: &bytes, base }, cx);
        assert!(consumed.bytes <= bytes.len());
        unconsumed[side as usize].drain(..consumed.bytes);
        base = base.map(|base| base + consumed.bytes as u32);
        match consumed.transition {
            Transition::Stay if consumed.bytes == 0 => return None,
            Transition::Stay => {}
            transition => return Some(transition),
        }
    }
}

/// Runs the session of a protocol on frames formed by splitting each step at `cuts`.
pub(crate) fn run_protocol(protocol: &Protocol, steps: &[SessionInput], cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
    SessionHost::of(protocol, &Wants::everything()).run_all(steps, cuts)
}

pub(crate) fn run_cut(steps: &[SessionInput], wants: &Wants, cuts: &dyn Fn(usize) -> bool) -> SessionOutput {
    SessionHost::new(wants).run_all(steps, cuts)
}

pub(crate) fn run(steps: &[SessionInput]) -> SessionOutput {
    run_cut(steps, &Wants::everything(), &|_| false)
}

pub(crate) fn wants_fields(fields: &[&Field]) -> Wants {
    let mut wants = Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    wants
}

impl SessionOutput {
    /// Returns all values of a field, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(" = "));
        lines.collect()
    }

    /// Returns each exchange as method, target, status and body lengths; `!` marks an incomplete message.
    pub(crate) fn calls(&self) -> Vec<String> {
        let one = |transfer: Option<overhear_dissectors::exchange::Transfer>| match transfer {
            Some(transfer) => format!("{}{}", transfer.body, if transfer.complete { "" } else { "!" }),
            None => "-".into(),
        };
        self.exchanges
            .iter()
            .map(|exchange| {
                let mut line = format!("{} {} {}", exchange.id.nth, exchange.method, exchange.target);
                let status = if exchange.status.is_empty() { "-" } else { &*exchange.status };
                write!(line, " {status} {} {}", one(exchange.request), one(exchange.response)).unwrap();
                line
            })
            .collect()
    }

    /// Returns each exchange as method, target, status and outcome.
    pub(crate) fn results(&self) -> Vec<String> {
        let line = |exchange: &Exchange| {
            format!("{} {} {} {:?}", exchange.method, exchange.target, exchange.status, exchange.outcome)
        };
        self.exchanges.iter().map(line).collect()
    }

    pub(crate) fn notes(&self) -> Vec<&str> {
        let mut notes = Vec::new();
        for line in &self.lines {
            let Some((name, _)) = line.trim_start().split_once(" = ") else { continue };
            let is_note = field(name).is_some_and(|field| {
                matches!(field.kind, overhear_dissectors::FieldKind::Note(severity) if severity > overhear_dissectors::Severity::Chat)
            });
            if is_note {
                notes.push(name);
            }
        }
        notes
    }
}

pub(crate) const GET: &str = "GET /a?x=1&y=2 HTTP/1.1\r\nHost: h\r\n\r\n";
pub(crate) const OK3: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc";
pub(crate) const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nX: 1\r\n\r\n";

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

pub(crate) fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
