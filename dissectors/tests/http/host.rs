//! Runs a session as the program does, and keeps what it tells.

use overhear_dissectors::exchange::Exchange;
use overhear_dissectors::packet::Path;
use overhear_dissectors::session::{At, Chunk, Context, Ending, Event, Foresight, Session, Side, Then};
use overhear_dissectors::{Field, Part, Tree, Wants, field, format, http};
use std::fmt::Write;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bytes(Side, Vec<u8>),
    Gap(Side, u64),
    End(Side, Ending),
}
pub(crate) use Step::{Bytes, End, Gap};

pub(crate) fn c(bytes: impl AsRef<[u8]>) -> Step {
    Bytes(Side::Client, bytes.as_ref().to_vec())
}

pub(crate) fn s(bytes: impl AsRef<[u8]>) -> Step {
    Bytes(Side::Server, bytes.as_ref().to_vec())
}

pub(crate) fn closed() -> [Step; 2] {
    [End(Side::Server, Ending::Closed), End(Side::Client, Ending::Closed)]
}

/// What a conversation was found to be.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// A line for each field, in order.
    pub(crate) lines: Vec<String>,
    /// A line for each message and each exchange.
    pub(crate) events: Vec<String>,
    pub(crate) exchanges: Vec<Exchange>,
    /// Bytes that nobody took.
    pub(crate) left: [Vec<u8>; 2],
    pub(crate) successor: Option<Then>,
    pub(crate) infos: Vec<(&'static str, String, String)>,
}

/// Runs a session as the program does, on frames that it makes of each step by cutting it at `cuts`.
pub(crate) struct Host<'w> {
    session: Box<dyn Session>,
    wants: &'w Wants,
    untaken: [Vec<u8>; 2],
    pub(crate) heard: Heard,
    pub(crate) foresight: Foresight,
    at: At,
}

impl<'w> Host<'w> {
    pub(crate) fn new(wants: &'w Wants) -> Host<'w> {
        let Part::Session(kind) = http::PROTOCOL.part else { unreachable!("HTTP is read from a conversation") };
        let session = (kind.open)(wants);
        let (untaken, heard) = Default::default();
        Host { session, wants, untaken, heard, foresight: Foresight::default(), at: At::default() }
    }

    fn frame(
        &mut self,
        act: impl FnOnce(&mut dyn Session, &mut Context<'_>, &mut [Vec<u8>; 2]) -> Option<Then>,
        frame: &[u8],
    ) {
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(frame);
        let mut path = Path::default();
        let mut events = Vec::new();
        let mut cx = Context {
            at: self.at,
            came: self.at,
            stream: 7,
            session: 0,
            wants: self.wants,
            tree: &mut tree,
            path: &mut path,
            events: &mut events,
            foresight: &self.foresight,
        };
        let then = act(&mut *self.session, &mut cx, &mut self.untaken);
        self.heard.successor = self.heard.successor.or(then);
        self.tell(&tree, &path, events);
    }

    fn tell(&mut self, tree: &Tree, path: &Path, events: Vec<Event>) {
        let store_end = tree.buffers().iter().map(|buffer| buffer.bytes.end()).max().unwrap_or(0);
        for node in tree.nodes() {
            let mut line = format!("{:width$}{} = ", "", node.field.name, width = usize::from(node.depth) * 2);
            format::value(&mut line, node.field, node.value, tree).unwrap();
            assert!(node.span.end() <= store_end, "{line}: {:?}", node.span);
            self.heard.lines.push(line);
        }
        assert!(path.names().len() < 40);
        let columns = tree.columns();
        if columns.info.len > 0 {
            let mut info = String::new();
            format::text(&mut info, tree.bytes(columns.info)).unwrap();
            self.heard.infos.push((columns.protocol, path.names().join(":"), info));
        }
        for event in events {
            match event {
                Event::Exchange(exchange) => {
                    self.heard.events.push(format!("{exchange:?}"));
                    self.heard.exchanges.push(*exchange);
                }
                Event::Message(told) => self.heard.events.push(format!("{told:?}")),
                Event::Version(version) => unreachable!("HTTP does not agree on a version such as {version}"),
            }
        }
    }

    pub(crate) fn step(&mut self, step: &Step, cuts: &dyn Fn(usize) -> bool, offset: &mut usize) {
        self.at = At { frame: self.at.frame + 1, time: self.at.time + 1_000_000 };
        match step {
            Bytes(side, bytes) => {
                let mut piece = Vec::new();
                for (at, &byte) in bytes.iter().enumerate() {
                    piece.push(byte);
                    *offset += 1;
                    if cuts(*offset) || at + 1 == bytes.len() {
                        self.bytes(*side, &std::mem::take(&mut piece));
                    }
                }
            }
            Gap(side, len) => self.frame(
                |session, cx, untaken| {
                    let before = std::mem::take(&mut untaken[*side as usize]);
                    session.gap(*side, Chunk { bytes: &before, base: None }, *len, cx);
                    None
                },
                b"",
            ),
            End(side, ending) => self.frame(
                |session, cx, untaken| {
                    let rest = std::mem::take(&mut untaken[*side as usize]);
                    session.end(*side, Chunk { bytes: &rest, base: None }, *ending, cx);
                    None
                },
                b"",
            ),
        }
    }

    fn bytes(&mut self, side: Side, piece: &[u8]) {
        if self.heard.successor.is_some() {
            self.untaken[side as usize].extend_from_slice(piece);
            return;
        }
        let padded = [b"frame header", piece].concat();
        self.frame(
            |session, cx, untaken| {
                let base = untaken[side as usize].is_empty().then_some(12);
                untaken[side as usize].extend_from_slice(piece);
                let mut then = offer(session, side, base, untaken, cx);
                if then.is_none() {
                    then = offer(session, side.other(), None, untaken, cx);
                }
                then
            },
            &padded,
        );
    }
}

fn offer(
    session: &mut dyn Session,
    side: Side,
    mut base: Option<u32>,
    untaken: &mut [Vec<u8>; 2],
    cx: &mut Context<'_>,
) -> Option<Then> {
    loop {
        let bytes = untaken[side as usize].clone();
        if bytes.is_empty() {
            return None;
        }
        let taken = session.read(side, Chunk { bytes: &bytes, base }, cx);
        assert!(taken.bytes <= bytes.len());
        untaken[side as usize].drain(..taken.bytes);
        base = base.map(|base| base + taken.bytes as u32);
        match taken.then {
            Then::Same if taken.bytes == 0 => return None,
            Then::Same => {}
            then => return Some(then),
        }
    }
}

pub(crate) fn hear_cut(steps: &[Step], wants: &Wants, cuts: &dyn Fn(usize) -> bool) -> Heard {
    let mut host = Host::new(wants);
    let mut offset = 0;
    for step in steps {
        host.step(step, cuts, &mut offset);
    }
    let mut heard = host.heard;
    heard.left = host.untaken;
    heard
}

pub(crate) fn hear(steps: &[Step]) -> Heard {
    hear_cut(steps, &Wants::everything(), &|_| false)
}

pub(crate) fn wanting(fields: &[&Field]) -> Wants {
    let mut wants = Wants::default();
    fields.iter().for_each(|field| wants.add(field));
    wants
}

impl Heard {
    /// All values of a field, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(" = "));
        lines.collect()
    }

    /// Each exchange as method, target, status, bytes of either body and whether either is complete.
    pub(crate) fn calls(&self) -> Vec<String> {
        let one = |transfer: Option<overhear_dissectors::exchange::Transfer>| match transfer {
            Some(transfer) => format!("{}{}", transfer.body, if transfer.complete { "" } else { "!" }),
            None => "-".into(),
        };
        self.exchanges
            .iter()
            .map(|exchange| {
                let mut line = format!("{} {} {}", exchange.nth, exchange.method, exchange.uri);
                let status = exchange.status.map_or("-".into(), |status| status.to_string());
                write!(line, " {status} {} {}", one(exchange.request), one(exchange.response)).unwrap();
                line
            })
            .collect()
    }

    pub(crate) fn notes(&self) -> Vec<&str> {
        let mut notes = Vec::new();
        for line in &self.lines {
            let Some((name, _)) = line.trim_start().split_once(" = ") else { continue };
            let is_note = field(name).is_some_and(|field| {
                matches!(field.kind, overhear_dissectors::Kind::Note(severity) if severity > overhear_dissectors::Severity::Chat)
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
