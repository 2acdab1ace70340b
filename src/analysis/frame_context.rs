//! Context of one frame: what reading a segment or a datagram needs, and where it records.

use super::event::{Event, StreamChunk, StreamContent};
use super::session_driver::{Completed, ConversationState, Owner};
use super::task::Work;
use dissectors::packet::ProtocolPath;
use dissectors::protocol::UnitReassembly;
use dissectors::session::{
    Context, ConversationId, Derivation, DerivedItem, FirstPass, Lane, Missing, Secrets, Side, Stamp,
};
use dissectors::{Registry, Tree, Wants};
use std::sync::Arc;

/// A condition on the fields that are [known early](super::is_known_early): whether a frame may match.
pub type Prefilter = Arc<dyn Fn(&Tree) -> bool + Send + Sync>;

/// Context for processing one segment or datagram.
pub(super) struct FrameContext<'a> {
    pub(super) registry: &'a Registry,
    pub(super) work: Work,
    pub(super) wants: &'a Wants,
    pub(super) first_pass: &'a FirstPass,
    pub(super) secrets: &'a Secrets,
    /// Passwords are recorded.
    pub(super) shows_passwords: bool,
    /// Number of connections in datagrams that have begun.
    pub(super) connections: &'a mut u32,
    pub(super) path: &'a mut ProtocolPath,
    /// Events of sessions.
    pub(super) messages: &'a mut Vec<dissectors::session::Event>,
    pub(super) derived: &'a mut Derivation,
    /// Whether the conversation's bytes are reported.
    pub(super) follows: bool,
    /// The conversation whose bytes are reported.
    pub(super) followed_conversation: Option<ConversationId>,
    /// The title of the derived bytes that are reported.
    pub(super) follow_derived: Option<&'static str>,
    /// Events of the analyzer.
    pub(super) events: &'a mut Vec<Event>,
    /// Where values are collected for a second pass. None if state is dropped at a limit.
    pub(super) collected: Option<&'a mut FirstPass>,
    /// Whether a frame is read. Otherwise a conversation ends, or releases what it buffers.
    pub(super) reads_frame: bool,
    pub(super) prefilter: Option<&'a Prefilter>,
    /// Whether the connections of the frame are not requested.
    pub(super) without_connections: bool,
    pub(super) tree: &'a mut Tree,
    pub(super) at: Stamp,
}

/// Context of the drivers of a conversation while one frame is read.
pub(super) struct Feed<'a> {
    pub(super) registry: &'a Registry,
    pub(super) cx: Context<'a>,
    pub(super) completed: &'a mut Completed,
    pub(super) conversation: &'a mut ConversationState,
    /// Drivers below the present one.
    pub(super) depth: u8,
    /// The frames of the bytes that a session below derived from; empty at the root.
    pub(super) frames: Vec<u32>,
    /// The range of the root's bytes that are in the hands of the session at the root; none at the root.
    pub(super) root: Option<(Side, u64, u64)>,
    /// How the session below records the reassembly of units of the present one; none at the root.
    pub(super) reassembly: Option<UnitReassembly>,
    /// The title of the derived bytes that are reported, and the events of the analyzer.
    followed: Option<(&'static str, &'a mut Vec<Event>)>,
}

/// What a feed was before it entered a driver above.
pub(super) struct Outer {
    frames: Vec<u32>,
    root: Option<(Side, u64, u64)>,
    reassembly: Option<UnitReassembly>,
}

impl FrameContext<'_> {
    /// Reports the exchanges that bytes of earlier frames belong to.
    pub(super) fn report_owners(&mut self, owners: Vec<Owner>) {
        let owned = owners.into_iter().map(|(frame, exchange, half)| Event::Owned { frame, exchange, half });
        self.events.extend(owned);
    }

    /// The context for the drivers of a conversation.
    pub(super) fn feed<'f>(
        &'f mut self,
        conversation: &'f mut ConversationState,
        completed: &'f mut Completed,
    ) -> Feed<'f> {
        let cx = Context {
            at: self.at,
            arrived: self.at,
            first: self.at,
            range: 0..0,
            received: 0,
            cut: 0,
            conversation: conversation.id,
            session: 0,
            adopted: None,
            wants: self.wants,
            reports_exchanges: self.work.exchanges,
            reports_connections: self.work.connections,
            tree: self.tree,
            path: self.path,
            events: self.messages,
            derived: self.derived,
            first_pass: self.first_pass,
            collected: self.collected.as_deref_mut(),
            reads_frame: self.reads_frame,
            undecrypted: [false; 2],
            secrets: self.secrets,
            is_encrypted: false,
            ports: conversation.ports,
            shows_passwords: self.shows_passwords,
            connections: self.connections,
            further_path: None,
        };
        let events = &mut *self.events;
        Feed {
            registry: self.registry,
            followed: self.follow_derived.map(|title| (title, events)),
            cx,
            completed,
            conversation,
            depth: 0,
            frames: Vec::new(),
            root: None,
            reassembly: None,
        }
    }
}

impl Feed<'_> {
    /// Reports a derived item, if the bytes of this title are followed. Of nested ones, those of the first depth are.
    pub(super) fn follow(&mut self, lane: Lane, title: &'static str, item: &DerivedItem) {
        let Some((_, events)) = self.followed.as_mut().filter(|(followed, _)| *followed == title) else { return };
        if *self.conversation.followed_depth.get_or_insert(self.depth) != self.depth {
            return;
        }
        let content = match item {
            DerivedItem::Bytes { bytes, .. } => StreamContent::Bytes(bytes.clone()),
            DerivedItem::Missing(Missing::Bytes(len)) => StreamContent::Gap(*len),
            DerivedItem::Missing(_) => StreamContent::Missing,
            DerivedItem::End(_) => StreamContent::End,
            DerivedItem::Undecrypted
            | DerivedItem::Begin(_)
            | DerivedItem::Headers(_)
            | DerivedItem::Closing(_)
            | DerivedItem::EndChannels(_) => return,
        };
        events.push(Event::Chunk(StreamChunk { side: lane.side, at: self.cx.at, content }));
    }

    /// Enters the drivers above, with the frames and the range of the bytes in the present driver's hands.
    pub(super) fn enter(
        &mut self,
        frames: Vec<u32>,
        range: (Side, u64, u64),
        reassembly: Option<UnitReassembly>,
    ) -> Outer {
        self.depth += 1;
        let frames = std::mem::replace(&mut self.frames, frames);
        let reassembly = std::mem::replace(&mut self.reassembly, reassembly);
        let outer = Outer { frames, root: self.root, reassembly };
        self.root = self.root.or(Some(range));
        outer
    }

    /// Leaves them again.
    pub(super) fn leave(&mut self, outer: Outer) {
        self.depth -= 1;
        (self.frames, self.root, self.reassembly) = (outer.frames, outer.root, outer.reassembly);
    }
}
