//! Contexts of sessions outside of a driver: in tests, and in fuzz targets.

use crate::packet::ProtocolPath;
use crate::session::{Context, ConversationId, Derivation, Event, FirstPass, Secrets, Stamp};
use crate::{Tree, Wants};
use alloc::vec::Vec;

/// What a session outside of a driver writes in a frame: in tests, and in fuzz targets.
#[derive(Debug, Default)]
pub struct DetachedFrame {
    /// Protocols of the frame.
    pub path: ProtocolPath,
    /// Events of the session.
    pub events: Vec<Event>,
    /// What it derives.
    pub derived: Derivation,
    /// What it collects for a second pass.
    pub collected: FirstPass,
    /// Number of connections in datagrams that have begun.
    pub connections: u32,
}

impl DetachedFrame {
    /// Returns the context in which the session of connection 0 reads the frame at a position, and records all that the tree wants.
    pub fn context<'a>(
        &'a mut self,
        at: Stamp,
        tree: &'a mut Tree,
        (wants, secrets, first_pass): (&'a Wants, &'a Secrets, &'a FirstPass),
    ) -> Context<'a> {
        Context {
            at,
            arrived: at,
            first: at,
            range: 0..0,
            received: 0,
            cut: 0,
            conversation: ConversationId::Tcp(0),
            session: 0,
            adopted: None,
            wants,
            reports_exchanges: true,
            reports_connections: true,
            tree,
            path: &mut self.path,
            events: &mut self.events,
            derived: &mut self.derived,
            first_pass,
            collected: Some(&mut self.collected),
            reads_frame: true,
            undecrypted: [false; 2],
            secrets,
            is_encrypted: false,
            ports: [50_000, 80],
            shows_passwords: false,
            connections: &mut self.connections,
            further_path: None,
        }
    }
}
