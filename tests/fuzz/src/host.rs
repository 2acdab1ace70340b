//! Runs a session outside of a driver: units of both sides with fresh trees, and a bound of what it buffers.

use dissectors::packet::ProtocolPath;
use dissectors::protocol::SessionKind;
use dissectors::session::{
    Context, ConversationId, Derivation, Event, FirstPass, Handover, Input, Secrets, Session, Stamp,
};
use dissectors::{Tree, Wants};

/// A session, and what it reads in each frame.
pub struct Host {
    session: Box<dyn Session>,
    conversation: ConversationId,
    wants: Wants,
    secrets: Secrets,
    first_pass: FirstPass,
    connections: u32,
    frame: u32,
    max_buffered: usize,
}

impl Host {
    /// Opens a session of a kind, which may buffer so many bytes.
    pub fn new(kind: &SessionKind, secrets: Secrets, max_buffered: usize) -> Host {
        let wants = Wants::everything();
        let session = (kind.open)(&wants, &mut Handover::default());
        let conversation = match kind.input {
            Input::Stream => ConversationId::Tcp(0),
            Input::Datagrams | Input::Channels => ConversationId::Udp(0),
        };
        let first_pass = FirstPass::default();
        Host { session, conversation, wants, secrets, first_pass, connections: 0, frame: 0, max_buffered }
    }

    /// Begins the next frame, and checks what the session records and buffers in it.
    pub fn frame(&mut self, bytes: &[u8], act: impl FnOnce(&mut dyn Session, &mut Context<'_>)) {
        self.frame += 1;
        let at = Stamp { frame: self.frame, time: i64::from(self.frame) * 1_000_000 };
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(bytes);
        let (mut path, mut events, mut derived) = (ProtocolPath::default(), Vec::new(), Derivation::default());
        let mut collected = FirstPass::default();
        let mut cx = Context {
            at,
            arrived: at,
            first: at,
            range: 0..0,
            received: 0,
            conversation: self.conversation,
            session: 0,
            adopted: None,
            wants: &self.wants,
            reports_exchanges: true,
            tree: &mut tree,
            path: &mut path,
            events: &mut events,
            first_pass: &self.first_pass,
            derived: &mut derived,
            collected: Some(&mut collected),
            secrets: &self.secrets,
            is_encrypted: false,
            ports: [40_000, 443],
            shows_passwords: true,
            connections: &mut self.connections,
            further_path: None,
        };
        act(&mut *self.session, &mut cx);
        assert!(self.session.buffered() < self.max_buffered, "{} bytes", self.session.buffered());
        for node in tree.nodes() {
            crate::check_node(node, &tree);
        }
        for event in events {
            if let Event::Secret(derived) = event {
                self.secrets.derived.insert(*derived);
            }
        }
    }
}
