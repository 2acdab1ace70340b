//! Runs a session outside of a driver: units of both sides with fresh trees, and a bound of what it buffers.

use dissectors::detached_frame::DetachedFrame;
use dissectors::protocol::SessionKind;
use dissectors::session::{Context, ConversationId, Event, FirstPass, Handover, Input, Secrets, Session, Stamp};
use dissectors::{Tree, Wants};

/// A session, and what it reads in each frame.
pub struct Host {
    session: Box<dyn Session>,
    conversation: ConversationId,
    wants: Wants,
    secrets: Secrets,
    first_pass: FirstPass,
    detached: DetachedFrame,
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
        Host {
            session,
            conversation,
            wants,
            secrets,
            first_pass,
            detached: DetachedFrame::default(),
            frame: 0,
            max_buffered,
        }
    }

    /// Begins the next frame, and checks what the session records and buffers in it.
    pub fn frame(&mut self, bytes: &[u8], act: impl FnOnce(&mut dyn Session, &mut Context<'_>)) {
        self.frame += 1;
        let at = Stamp { frame: self.frame, time: i64::from(self.frame) * 1_000_000 };
        let mut tree = Tree::new(self.wants.clone());
        tree.begin(bytes);
        let connections = self.detached.connections;
        self.detached = DetachedFrame { connections, ..DetachedFrame::default() };
        let known = (&self.wants, &self.secrets, &self.first_pass);
        let mut cx = self.detached.context(at, &mut tree, known);
        (cx.conversation, cx.ports, cx.shows_passwords) = (self.conversation, [40_000, 443], true);
        act(&mut *self.session, &mut cx);
        assert!(self.session.buffered() < self.max_buffered, "{} bytes", self.session.buffered());
        for node in tree.nodes() {
            crate::check_node(node, &tree);
        }
        for event in self.detached.events.drain(..) {
            if let Event::Secret(derived) = event {
                self.secrets.derived.insert(*derived);
            }
        }
    }
}
