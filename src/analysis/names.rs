//! Names of addresses: collected from the frames of a capture, and shown in their trees.

use super::{Analyzer, NameResolution, Task};
use crate::capture::{Call, Endpoint, EndpointNames, Stream};
use crate::source::{AddressName, Secret, add_block_secrets};
use dissectors::host_names::{FrameHostNames, HostName, HostNames, MAX_HOST_NAME, NameSource};
use dissectors::session::Secrets;
use dissectors::{Tree, Wants};
use std::net::IpAddr;
use std::sync::Arc;

/// A name that a frame, or a block of the capture file before it, has for an address.
#[derive(Clone, Debug)]
pub struct FoundName {
    address: IpAddr,
    name: HostName,
    /// The frame from which it is known.
    pub frame: u32,
}

impl FoundName {
    /// Adds it to a table.
    pub fn add_to(self, names: &mut HostNames) {
        names.add(self.address, self.name, self.frame);
    }
}

/// A tree for the frames of a run.
pub(super) fn new_tree(task: &Task) -> Tree {
    let mut tree = Tree::new(task.wants.clone());
    tree.schemas = Arc::clone(&task.decode.schemas);
    set_shown_names(task, &mut tree);
    tree.found_names = task.collect_names.collects_messages().then(Vec::new);
    tree
}

fn set_shown_names(task: &Task, tree: &mut Tree) {
    let NameResolution { flags, host_names, .. } = &task.decode.names;
    tree.numeric = !flags.ethernet;
    tree.host_names = flags.network.then(|| FrameHostNames { names: Arc::clone(host_names), frame: 0 });
}

/// The fields to record for finding all names: bodies of messages may have some.
#[must_use]
pub fn host_name_wants() -> Wants {
    let mut wants = Wants::default();
    dissectors::fields().filter(|field| field.has_host_names).for_each(|field| wants.add(field));
    wants
}

impl Analyzer {
    /// Adds the names of the frame read last to those of the run.
    #[cold]
    pub(super) fn add_found_names(&mut self, frame: u32) {
        let found = self.tree.found_names.as_mut().map(std::mem::take).unwrap_or_default();
        // The shard that has the frame reports them.
        let is_foreign = self.is_foreign();
        let names = found.into_iter().filter(|_| !is_foreign).map(|found| {
            let source = NameSource::Message(found.protocol, frame);
            FoundName { address: found.address, name: HostName { name: found.name, source }, frame }
        });
        self.add_names(names);
    }

    /// Adds names from blocks of the capture file before the frame read last, if they are collected.
    pub fn add_block_names(&mut self, added: &[AddressName]) {
        let (frame, task) = (self.clock.frame, &self.tables.run.task);
        if !task.collect_names.network || task.shard.is_some_and(|shard| !shard.is_first()) {
            return;
        }
        let added = added.iter().filter(|added| !added.is_alias && added.name.len() <= MAX_HOST_NAME);
        self.add_names(added.map(|added| {
            let source = NameSource::Block(added.server.as_deref().unwrap_or_default().into());
            FoundName { address: added.address, name: HostName { name: added.name.as_str().into(), source }, frame }
        }));
    }

    /// Adds names to those of the run, or reports them if the capture is divided: which of them are kept depends on those of all
    /// shards.
    fn add_names(&mut self, names: impl Iterator<Item = FoundName>) {
        if self.tables.run.task.shard.is_some() {
            self.tables.run.found_names.extend(names);
        } else {
            self.change_names(|table| names.for_each(|name| name.add_to(table)));
        }
    }

    /// Takes the names that a shard has found since the last call.
    pub fn found_names(&mut self) -> std::vec::Drain<'_, FoundName> {
        self.tables.run.found_names.drain(..)
    }

    /// Adds secrets from blocks of the capture file before the frame read last. They are known from that frame on. Returns the
    /// number of malformed lines.
    pub fn add_block_secrets(&mut self, blocks: &[Secret]) -> usize {
        let frame = self.clock.frame;
        let secrets = Arc::make_mut(&mut self.tables.run.task.decode.secrets);
        add_block_secrets(blocks, frame, secrets)
    }

    /// Adds secrets to those of the run.
    pub fn merge_secrets(&mut self, secrets: &Secrets) {
        Arc::make_mut(&mut self.tables.run.task.decode.secrets).merge(secrets);
    }

    /// Returns the secrets of the run.
    #[must_use]
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.tables.run.task.decode.secrets)
    }

    /// Returns the number of the frame read last.
    pub fn frame_count(&self) -> u32 {
        self.clock.frame
    }

    fn change_names(&mut self, change: impl FnOnce(&mut HostNames)) {
        // Names that the tree shares would be copied.
        let shown = self.tree.host_names.take();
        let frame = shown.map(|shown| shown.frame);
        let names = &mut self.tables.run.task.decode.names.host_names;
        change(Arc::make_mut(names));
        self.tree.host_names = frame.map(|frame| FrameHostNames { names: Arc::clone(names), frame });
    }

    /// Sets the names that trees show, and their kinds.
    pub fn set_names(&mut self, names: NameResolution) {
        self.tables.run.task.decode.names = names;
        set_shown_names(&self.tables.run.task, &mut self.tree);
    }

    /// The names of the run.
    #[must_use]
    pub fn host_names(&self) -> Arc<HostNames> {
        Arc::clone(&self.tables.run.task.decode.names.host_names)
    }
}

/// Adds the names of its endpoints to a call, if addresses are resolved.
pub(super) fn name_call(call: &mut Call, task: &Task) {
    if task.decode.names.flags.network {
        call.names = Some(endpoint_names(task, [call.client, call.server], call.last_frame()));
    }
}

/// Adds the names of its endpoints to a connection, if addresses are resolved.
pub(super) fn name_stream(stream: &mut Stream, task: &Task) {
    if task.decode.names.flags.network {
        stream.names = Some(endpoint_names(task, [stream.client, stream.server], stream.last.frame));
    }
}

#[cold]
fn endpoint_names(task: &Task, ends: [Endpoint; 2], frame: u32) -> Box<EndpointNames> {
    let names = &task.decode.names.host_names;
    let [client, server] = ends.map(|end| names.get(end.address.ip()?, frame).cloned());
    Box::new(EndpointNames { client, server })
}
