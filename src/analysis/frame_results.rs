//! What an analyzer found in a frame, and copies of it for another thread.

use super::{Analyzer, FrameConnection};
use crate::source::{Frame, FrameCopy};
use dissectors::Tree;

/// What an analyzer found in a frame.
#[derive(Clone, Copy, Debug)]
pub struct FrameResults<'a> {
    /// Its fields.
    pub tree: &'a Tree,
    /// Its [conversations](Analyzer::connections).
    pub connections: &'a [FrameConnection],
    /// The numbers of its [conversations in UDP datagrams](Analyzer::sent_udp_conversations).
    pub sent_udp_conversations: &'a [u32],
    /// The protocols in it, outermost first.
    pub path: &'a [&'static str],
}

impl Analyzer {
    /// What was found in the frame read last.
    #[must_use]
    pub fn results(&self) -> FrameResults<'_> {
        FrameResults {
            tree: self.tree(),
            connections: self.connections(),
            sent_udp_conversations: self.sent_udp_conversations(),
            path: self.path(),
        }
    }
}

/// A copy of what was found in a frame.
#[derive(Clone, Debug)]
pub struct FrameResultsCopy {
    frame: FrameCopy,
    tree: Tree,
    connections: Vec<FrameConnection>,
    sent_udp_conversations: Vec<u32>,
    path: Vec<&'static str>,
}

impl FrameResultsCopy {
    /// Copies a frame and what was found in it.
    #[must_use]
    pub fn new(frame: &Frame<'_>, results: FrameResults<'_>) -> FrameResultsCopy {
        FrameResultsCopy {
            frame: FrameCopy::new(frame),
            tree: results.tree.clone(),
            connections: results.connections.to_vec(),
            sent_udp_conversations: results.sent_udp_conversations.to_vec(),
            path: results.path.to_vec(),
        }
    }

    /// Replaces the copy by that of another frame of the same pass.
    pub fn replace(&mut self, frame: &Frame<'_>, results: FrameResults<'_>) {
        self.frame = FrameCopy::new(frame);
        self.tree.copy_frame(results.tree);
        self.connections.clear();
        self.connections.extend_from_slice(results.connections);
        self.sent_udp_conversations.clear();
        self.sent_udp_conversations.extend_from_slice(results.sent_udp_conversations);
        self.path.clear();
        self.path.extend_from_slice(results.path);
    }

    /// Returns the frame without its bytes and interface.
    #[must_use]
    pub fn frame(&self) -> Frame<'_> {
        self.frame.frame()
    }

    /// Returns what was found in the frame.
    #[must_use]
    pub fn results(&self) -> FrameResults<'_> {
        let FrameResultsCopy { tree, connections, sent_udp_conversations, path, .. } = self;
        FrameResults { tree, connections, sent_udp_conversations, path }
    }

    /// Returns the bytes that the copy takes in memory, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let nodes: usize = self.connections.iter().map(|own| size_of_val(&own.messages[..])).sum();
        size_of::<FrameResultsCopy>() + self.tree.frame_size() + size_of_val(&self.connections[..]) + nodes
    }
}
