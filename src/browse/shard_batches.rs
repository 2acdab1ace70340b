//! Index entries of several shards, brought together as one analyzer would have made them.

use super::frame_indexer::IndexBatch;
use crate::analysis::{FoundName, Place, SeekFact};
use crate::capture::Connection;
use crate::statistics::{DirectedPair, Host, HostPairs, StackId, StackNames, StackTable};
use dissectors::host_names::HostNames;
use std::sync::Arc;

/// Pairs of hosts and protocol stacks of one indexer, with their numbers in the index.
#[derive(Default)]
pub(super) struct IndexerNumbers {
    pairs: Vec<([Host; 2], Option<u32>)>,
    stacks: Vec<(StackNames, Option<u16>)>,
    /// Numbers of its connections in datagrams, in the order of their beginnings.
    connections: Vec<u32>,
}

/// What is known of the entries of all shards so far.
#[derive(Default)]
pub(super) struct ShardBatches {
    pairs: HostPairs,
    stacks: StackTable,
    shards: Vec<IndexerNumbers>,
    /// Connections in datagrams that have begun in any shard.
    connections: u32,
    /// Whether one indexer reads on, which has read all frames and so has numbers of the capture.
    is_restarted: bool,
}

impl ShardBatches {
    pub(super) fn new(shards: usize) -> ShardBatches {
        let shards = (0..shards).map(|_| IndexerNumbers::default()).collect();
        ShardBatches { shards, ..ShardBatches::default() }
    }

    /// Forgets the numbers of the indexers: those of one that is new follow.
    pub(super) fn restart(&mut self) {
        self.shards = vec![IndexerNumbers::default()];
        self.is_restarted = true;
    }

    /// Joins the entries of the frames from `first` to `last`, of each shard in the order of the shards. Returns them with the
    /// last frame that has entries: that before a frame that no shard has, or two. `has_changed`: some shards have further frames.
    pub(super) fn join(
        &mut self,
        batches: Vec<IndexBatch>,
        first: u32,
        last: u32,
        has_changed: bool,
    ) -> (IndexBatch, u32) {
        let mut joined = IndexBatch::default();
        let (mut frames, mut begun, mut connections) = (Vec::new(), Vec::new(), Vec::new());
        for (shard, mut batch) in batches.into_iter().enumerate() {
            if let Some(numbers) = self.shards.get_mut(shard) {
                numbers.pairs.extend(batch.pairs.drain(..).map(|pair| (pair, None)));
                numbers.stacks.extend(batch.stacks.drain(..).map(|stack| (stack, None)));
            }
            frames.extend(batch.frames.drain(..).map(|frame| (shard, frame)));
            joined.calls.append(&mut batch.calls);
            joined.streams.append(&mut batch.streams);
            begun.extend(batch.seek_facts.iter().filter_map(|fact| Some((fact.connection_begins()?, shard))));
            connections.extend(batch.connections.drain(..).map(|connection| (shard, connection)));
            joined.notes.append(&mut batch.notes);
            joined.values.append(&mut batch.values);
            joined.udp_sessions.append(&mut batch.udp_sessions);
            joined.seek_facts.append(&mut batch.seek_facts);
            joined.names.append(&mut batch.names);
        }
        if !self.is_restarted {
            self.number_connections(begun, &mut connections);
        }
        // The sort merges the sorted lists.
        frames.sort_by_key(|(_, frame)| frame.number);
        let numbers = frames.iter().map(|(_, frame)| frame.number);
        let complete = numbers.zip(first..=last).take_while(|(number, expected)| number == expected).count();
        let last = first.saturating_add(complete as u32).saturating_sub(1);
        frames.truncate(complete);
        joined.frames = Vec::with_capacity(complete);
        for (shard, mut frame) in frames {
            let summary = &mut frame.summary;
            summary.hosts = self.pair(shard, summary.hosts, &mut joined.pairs);
            summary.stack = self.stack(shard, summary.stack, &mut joined.stacks);
            joined.frames.push(frame);
        }
        joined.calls.sort_by_key(|call| call.place);
        // Those of the end are of the frames that all shards have, unless a file has changed.
        let is_kept = |place: Place| place.frame <= last || place.frame == Place::END && !has_changed;
        joined.calls.retain(|call| is_kept(call.place));
        connections.retain(|&(_, (place, _))| is_kept(place));
        connections.sort_by_key(|&(_, (place, _))| place);
        joined.connections = connections.into_iter().map(|(_, connection)| connection).collect();
        joined.streams.retain(|stream| stream.first.frame <= last);
        joined.notes.retain(|note| note.frame <= last);
        joined.notes.sort_by_key(|note| note.frame);
        joined.values.retain(|frame| frame <= last);
        joined.values.sort();
        joined.seek_facts.retain(|fact| fact.frame() <= last);
        joined.seek_facts.sort_by_key(SeekFact::frame);
        joined.names.retain(|name| name.frame <= last);
        joined.names.sort_by_key(|name| name.frame);
        (joined, last)
    }

    /// Replaces the numbers of connections in datagrams, which each shard counts for itself. `begun` has the frame and the shard of
    /// each that begins.
    fn number_connections(&mut self, mut begun: Vec<(u32, usize)>, connections: &mut [(usize, (Place, Connection))]) {
        begun.sort_by_key(|&(frame, _)| frame);
        for (_, shard) in begun {
            if let Some(shard) = self.shards.get_mut(shard) {
                shard.connections.push(self.connections);
            }
            self.connections += 1;
        }
        for (shard, (_, connection)) in connections {
            let own = &mut connection.facts.number;
            let numbers = self.shards.get(*shard).map(|shard| &shard.connections);
            *own = numbers.and_then(|numbers| numbers.get(*own as usize)).copied().unwrap_or(*own);
        }
    }

    /// Returns the pair of a shard with its number in the index. Appends it to `new` if it is new.
    fn pair(&mut self, shard: usize, hosts: DirectedPair, new: &mut Vec<[Host; 2]>) -> DirectedPair {
        let Some((position, _)) = hosts.pair() else { return hosts };
        let shard = self.shards.get_mut(shard);
        let Some((pair, number)) = shard.and_then(|shard| shard.pairs.get_mut(position)) else {
            return DirectedPair::NONE;
        };
        hosts.with_pair(*number.get_or_insert_with(|| self.pairs.number(*pair, new)))
    }

    /// Returns the stack of a shard with its number in the index. Appends it to `new` if it is new.
    fn stack(&mut self, shard: usize, stack: StackId, new: &mut Vec<StackNames>) -> StackId {
        let shard = self.shards.get_mut(shard);
        let Some((names, number)) = shard.and_then(|shard| shard.stacks.get_mut(usize::from(stack.0))) else {
            return stack;
        };
        StackId(*number.get_or_insert_with(|| self.stacks.assign_number(names.clone(), new)))
    }
}

/// Adds names, in the order of their frames, to a table.
pub(super) fn add_names(found: Vec<FoundName>, names: &mut Arc<HostNames>) {
    if !found.is_empty() {
        let names = Arc::make_mut(names);
        found.into_iter().for_each(|name| name.add_to(names));
    }
}
