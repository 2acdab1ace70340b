//! A host that runs a TLS session as the program does and collects its output, and builders of TLS messages.

use overhear_dissectors::detached_frame::DetachedFrame;
use overhear_dissectors::session::{
    About, Chunk, Context, ConversationId, Event, FirstPass, Handover, Lane, Missing, Secrets, Session, Side, Stamp,
    Transition,
};
use overhear_dissectors::{Tree, Wants, format, tls};

/// A session with its unconsumed bytes and its output.
pub(crate) struct TlsSessionHost {
    session: Box<dyn Session>,
    wants: Wants,
    unconsumed: [Vec<u8>; 2],
    frame: u32,
    pub(crate) first_pass: FirstPass,
    /// `frame name = value` of each field.
    pub(crate) lines: Vec<String>,
    /// Protocol and Info columns of each frame with output.
    pub(crate) rows: Vec<String>,
    /// Length of each message on the wire.
    pub(crate) messages: Vec<u64>,
    pub(crate) versions: Vec<u16>,
    pub(crate) stopped: bool,
}

impl TlsSessionHost {
    pub(crate) fn new(wants: Wants) -> TlsSessionHost {
        let Some(kind) = tls::PROTOCOL.sessions().next() else { unreachable!("TLS is a session protocol") };
        TlsSessionHost {
            session: (kind.open)(&wants, &mut Handover::default()),
            wants,
            unconsumed: Default::default(),
            frame: 0,
            first_pass: FirstPass::default(),
            lines: Vec::new(),
            rows: Vec::new(),
            messages: Vec::new(),
            versions: Vec::new(),
            stopped: false,
        }
    }

    fn run_frame(
        &mut self,
        frame: &[u8],
        act: impl FnOnce(&mut dyn Session, &mut [Vec<u8>; 2], &mut Context<'_>) -> Transition,
    ) {
        self.frame += 1;
        let at = Stamp { frame: self.frame, time: i64::from(self.frame) };
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(frame);
        let mut detached = DetachedFrame::default();
        let secrets = Secrets::default();
        let mut cx = detached.context(at, &mut tree, (&self.wants, &secrets, &self.first_pass));
        cx.conversation = ConversationId::Tcp(7);
        self.stopped |= !act(&mut *self.session, &mut self.unconsumed, &mut cx).is_stay();
        let DetachedFrame { collected, events, .. } = detached;
        let version = collected.get(&tls::VERSION, About::Session(ConversationId::Tcp(7), 0));
        self.versions.extend(version.map(|version| version as u16));
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
                Event::Pdu(unit) => self.messages.push(unit.len),
                Event::OutsideMessages => {}
                Event::Exchange(_)
                | Event::Message(_)
                | Event::Part(_)
                | Event::Secret(_)
                | Event::PathId(_)
                | Event::EarlierNote { .. }
                | Event::Connection(_)
                | Event::Joined { .. } => {
                    unreachable!("TLS has no exchanges")
                }
            }
        }
    }

    /// Passes a frame with these bytes to the session.
    pub(crate) fn send(&mut self, side: Side, bytes: &[u8]) {
        self.run_frame(bytes, |session, unconsumed, cx| {
            let own = &mut unconsumed[side as usize];
            let mut base = own.is_empty().then_some(0);
            own.extend_from_slice(bytes);
            while !own.is_empty() {
                let consumed = session.read(Lane::of(side), Chunk { bytes: own, base }, cx);
                assert!(consumed.bytes <= own.len());
                own.drain(..consumed.bytes);
                base = base.map(|base| base + consumed.bytes as u32);
                if !consumed.transition.is_stay() {
                    own.clear();
                    return consumed.transition;
                }
                if consumed.bytes == 0 {
                    break;
                }
            }
            Transition::Stay
        });
    }

    /// Passes a gap of bytes that were not captured to the session.
    pub(crate) fn gap(&mut self, side: Side, len: u64) {
        self.run_frame(b"", |session, unconsumed, cx| {
            let before = std::mem::take(&mut unconsumed[side as usize]);
            session.gap(Lane::of(side), Chunk { bytes: &before, base: None }, Missing::Bytes(len), cx);
            Transition::Stay
        });
    }

    /// Returns all values of a field, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let value = |line: &'_ String| {
            let (found, value) = line.split_once(' ').unwrap().1.split_once(" = ").unwrap();
            (found == name).then_some(line.len() - value.len())
        };
        self.lines.iter().filter_map(|line| value(line).map(|at| &line[at..])).collect()
    }

    /// Returns the number of bytes that the session buffers, unconsumed bytes included.
    pub(crate) fn buffered(&self) -> usize {
        self.session.buffered() + self.unconsumed.iter().map(Vec::len).sum::<usize>()
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

/// Builds the start of both hellos: TLS 1.2, a random of one repeated byte, no session ID.
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

/// Builds a server hello that selects TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
pub(crate) fn server_hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let hello = [&hello(0x22)[..], &[0xc0, 0x2b, 0]].concat();
    record(22, &message(2, &with_extensions(&hello, extensions)))
}

/// Builds the extension that selects TLS 1.3.
pub(crate) fn tls13() -> Vec<u8> {
    extension(43, &[3, 4])
}
