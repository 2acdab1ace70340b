//! Runs a session of TLS as the program does, says hello by hand, and keeps what is told.

use overhear_dissectors::packet::Path;
use overhear_dissectors::session::{At, Chunk, Context, Event, Foresight, Session, Side, Then};
use overhear_dissectors::{Part, Tree, Wants, format, tls};

/// A session with what it left, and a line for each field told.
pub(crate) struct Host {
    session: Box<dyn Session>,
    wants: Wants,
    untaken: [Vec<u8>; 2],
    frame: u32,
    pub(crate) foresight: Foresight,
    /// `frame name = value` of each field.
    pub(crate) lines: Vec<String>,
    /// Protocol and info of each frame that told something.
    pub(crate) rows: Vec<String>,
    /// Bytes of each message on the wire.
    pub(crate) messages: Vec<u64>,
    pub(crate) versions: Vec<u16>,
    pub(crate) given_up: bool,
}

impl Host {
    pub(crate) fn new(wants: Wants) -> Host {
        let Part::Session(kind) = tls::PROTOCOL.part else { unreachable!("TLS is read from a conversation") };
        Host {
            session: (kind.open)(&wants),
            wants,
            untaken: Default::default(),
            frame: 0,
            foresight: Foresight::default(),
            lines: Vec::new(),
            rows: Vec::new(),
            messages: Vec::new(),
            versions: Vec::new(),
            given_up: false,
        }
    }

    fn act(&mut self, frame: &[u8], act: impl FnOnce(&mut dyn Session, &mut [Vec<u8>; 2], &mut Context<'_>) -> Then) {
        self.frame += 1;
        let at = At { frame: self.frame, time: i64::from(self.frame) };
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(frame);
        let (mut path, mut events) = (Path::default(), Vec::new());
        let mut cx = Context {
            at,
            came: at,
            stream: 7,
            session: 0,
            wants: &self.wants,
            tree: &mut tree,
            path: &mut path,
            events: &mut events,
            foresight: &self.foresight,
        };
        self.given_up |= act(&mut *self.session, &mut self.untaken, &mut cx) != Then::Same;
        let end = tree.buffers().iter().map(|buffer| buffer.bytes.end()).max().unwrap_or(0);
        for node in tree.nodes() {
            let mut line = format!("{} {} = ", self.frame, node.field.name);
            format::value(&mut line, node.field, node.value, &tree).unwrap();
            assert!(node.span.end() <= end, "{line}: {:?}", node.span);
            assert!(node.depth < 12, "{line}: {}", node.depth);
            self.lines.push(line);
        }
        let columns = tree.columns();
        if columns.info.len > 0 {
            let info = String::from_utf8_lossy(tree.bytes(columns.info));
            self.rows.push(format!("{} {}", columns.protocol, info));
        }
        for event in events {
            match event {
                Event::Message(told) => self.messages.push(told.len),
                Event::Version(version) => self.versions.push(version),
                Event::Exchange(_) => unreachable!("there are no exchanges in TLS"),
            }
        }
    }

    /// A frame with these bytes.
    pub(crate) fn say(&mut self, side: Side, bytes: &[u8]) {
        self.act(bytes, |session, untaken, cx| {
            let own = &mut untaken[side as usize];
            let mut base = own.is_empty().then_some(0);
            own.extend_from_slice(bytes);
            while !own.is_empty() {
                let taken = session.read(side, Chunk { bytes: own, base }, cx);
                assert!(taken.bytes <= own.len());
                own.drain(..taken.bytes);
                base = base.map(|base| base + taken.bytes as u32);
                if taken.then != Then::Same {
                    own.clear();
                    return taken.then;
                }
                if taken.bytes == 0 {
                    break;
                }
            }
            Then::Same
        });
    }

    /// Bytes that were never captured.
    pub(crate) fn miss(&mut self, side: Side, len: u64) {
        self.act(b"", |session, untaken, cx| {
            let before = std::mem::take(&mut untaken[side as usize]);
            session.gap(side, Chunk { bytes: &before, base: None }, len, cx);
            Then::Same
        });
    }

    /// All values of a field, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let value = |line: &'_ String| {
            let (found, value) = line.split_once(' ').unwrap().1.split_once(" = ").unwrap();
            (found == name).then_some(line.len() - value.len())
        };
        self.lines.iter().filter_map(|line| value(line).map(|at| &line[at..])).collect()
    }

    /// Bytes that the session keeps, and those it left.
    pub(crate) fn held(&self) -> usize {
        self.session.held() + self.untaken.iter().map(Vec::len).sum::<usize>()
    }
}

pub(crate) const C: Side = Side::Client;
pub(crate) const S: Side = Side::Server;

pub(crate) fn record(content: u8, body: &[u8]) -> Vec<u8> {
    [&[content, 3, 3][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

pub(crate) fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &(body.len() as u16).to_be_bytes(), body].concat()
}

pub(crate) fn server_name(name: &str) -> Vec<u8> {
    let len = name.len() as u16;
    let head = [&(len + 3).to_be_bytes()[..], &[0], &len.to_be_bytes()].concat();
    extension(0, &[&head, name.as_bytes()].concat())
}

/// What both hellos begin with: TLS 1.2, a random of one byte, no session.
fn hello(random: u8) -> Vec<u8> {
    [&[3, 3][..], &[random; 32], &[0]].concat()
}

fn with_extensions(hello: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = extensions.concat();
    [hello, &(extensions.len() as u16).to_be_bytes(), &extensions].concat()
}

pub(crate) fn client_hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let hello = [&hello(0x11)[..], &[0, 4, 0x13, 0x01, 0xc0, 0x2b, 1, 0]].concat();
    record(22, &message(1, &with_extensions(&hello, extensions)))
}

/// A server's hello that chooses TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
pub(crate) fn server_hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let hello = [&hello(0x22)[..], &[0xc0, 0x2b, 0]].concat();
    record(22, &message(2, &with_extensions(&hello, extensions)))
}

/// The extension with which a server chooses TLS 1.3.
pub(crate) fn tls13() -> Vec<u8> {
    extension(43, &[3, 4])
}
