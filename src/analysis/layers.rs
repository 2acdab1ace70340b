//! Layers: from the link layer to the transport, with reassembly of IP packets and the tables of conversations.

use super::address_table::AddressTable;
use super::buffers::Buffers;
use super::echo::EchoTable;
use super::flow::FlowTable;
use super::fragments::{FragmentReassembler, ReassembledPacket};
use super::limits;
use super::numbered_fragments::NumberedFragmentReassembler;
use super::run_state::RunState;
use super::tcp::TcpFlow;
use super::udp::UdpFlow;
use dissectors::packet::{
    Address, AddressUses, Aggregate, Compressed, Echo, Fragment, NextLayer, NumberedFragment, Packet, Payload,
};
use dissectors::session::{About, Stamp};
use dissectors::{Field, Tree, data, ipv4, ipv6};

/// All state but the tree, which is written while this is read.
#[derive(Clone)]
pub(super) struct Tables {
    pub(super) run: RunState,
    pub(super) packet: Packet,
    pub(super) tcp: FlowTable<TcpFlow>,
    pub(super) udp: FlowTable<UdpFlow>,
    pub(super) fragments: FragmentReassembler,
    pub(super) numbered_fragments: NumberedFragmentReassembler,
    pub(super) echoes: EchoTable,
    addresses: AddressTable,
    /// Bytes that conversations buffer.
    pub(super) buffers: Buffers,
    /// Bytes of the state of sessions in datagrams.
    pub(super) states: Buffers,
}

impl Tables {
    pub(super) fn new(run: RunState) -> Tables {
        Tables {
            run,
            packet: Packet::default(),
            tcp: FlowTable::new(),
            udp: FlowTable::new(),
            fragments: FragmentReassembler::default(),
            numbered_fragments: NumberedFragmentReassembler::default(),
            echoes: EchoTable::default(),
            addresses: AddressTable::default(),
            buffers: Buffers::default(),
            states: Buffers::default(),
        }
    }

    /// Closes a conversation that is evicted in a frame: what it leaves open is unknown.
    pub(super) fn evict(&mut self, frame: u32, close: impl FnOnce(&mut Tables)) {
        (self.run.is_dropping, self.run.evicted_in) = (true, Some(frame));
        close(self);
        (self.run.is_dropping, self.run.evicted_in) = (false, None);
    }

    /// Reads layer after layer, and the messages in the last. The number of layers bounds how deep.
    pub(super) fn dissect(&mut self, layer: &NextLayer<'_>, at: Stamp, tree: &mut Tree) {
        if let Some((read, payload)) = layer.reader(&self.run.registry, &mut self.packet) {
            let next = read(payload, &mut self.packet, tree);
            if self.packet.quoted {
                // Columns describe the packet that was sent, not the one that it quotes.
                tree.finish_columns();
            }
            return self.dissect(&next, at, tree);
        }
        match layer {
            NextLayer::Segment(segment) => self.segment(segment, at, tree),
            NextLayer::Datagram(datagram) => self.datagram(datagram, at, tree),
            NextLayer::Fragment(fragment) => self.fragment(fragment, at, tree),
            NextLayer::NumberedFragment(fragment) => self.numbered_fragment(fragment, at, tree),
            NextLayer::Aggregate(aggregate) => self.aggregate(aggregate, at, tree),
            NextLayer::Compressed(compressed) => self.compressed(compressed, at, tree),
            NextLayer::Echo(echo) => self.echo(echo, at, tree),
            NextLayer::Addresses(uses) => self.uses_of_addresses(uses, at, tree),
            NextLayer::End => {}
            NextLayer::Link(_, payload)
            | NextLayer::EtherType(_, payload)
            | NextLayer::IpProto(_, payload)
            | NextLayer::Ppp(_, payload)
            | NextLayer::UdpPort(_, _, payload)
            | NextLayer::Data(payload) => self.undissected(*payload, tree),
        }
    }

    /// Pairs an echo request or reply, and reads on in its data.
    #[cold]
    fn echo(&mut self, echo: &Echo<'_>, at: Stamp, tree: &mut Tree) {
        let facts = self.echoes.pair(echo, &self.packet, at, &mut self.run);
        echo.record(&facts, &self.packet, tree);
        self.dissect(&echo.next(), at, tree);
    }

    /// Records the hosts that use addresses.
    #[cold]
    fn uses_of_addresses(&mut self, uses: &AddressUses, at: Stamp, tree: &mut Tree) {
        let conflicts = self.addresses.conflicts(uses, at, &mut self.run);
        (uses.describe)(uses, &conflicts, tree);
    }

    /// Adds a fragment to its IP packet, and reads on when that is complete.
    #[cold]
    fn fragment(&mut self, fragment: &Fragment<'_>, at: Stamp, tree: &mut Tree) {
        let v6 = matches!(self.packet.source, Address::V6(_));
        let field = if v6 { &ipv6::REASSEMBLED_IN } else { &ipv4::REASSEMBLED_IN };
        let mut whole = None;
        self.run.is_fragment = true;
        if !self.packet.quoted {
            whole = self.fragments.add(&self.packet, fragment, at.frame, at.time);
            if let Some(reason) = self.fragments.drop_reason() {
                let limit = if v6 { &ipv6::FRAGMENT_LIMIT } else { &ipv4::FRAGMENT_LIMIT };
                tree.note(limit, fragment.payload.all(), format_args!("{reason}"));
            }
        }
        let Some(whole) = whole else {
            if let Some(frame) = self.run.first_pass.get(field, About::Frame(at.frame, 0)) {
                let describe = if v6 { ipv6::describe_reassembled_in } else { ipv4::describe_reassembled_in };
                describe(frame as u32, tree);
            }
            return self.undissected(fragment.payload, tree);
        };
        self.collect_fragments(field, &whole, at);
        let (title, describe): (_, fn(_, &[_], &mut Tree)) = match v6 {
            true => ("Reassembled IPv6", ipv6::describe_reassembly),
            false => ("Reassembled IPv4", ipv4::describe_reassembly),
        };
        let start = tree.add_buffer(title, &whole.payload);
        let payload = Payload::whole(&whole.payload, start);
        describe(payload.all(), &whole.fragments_at(start), tree);
        self.dissect(&NextLayer::IpProto(whole.protocol, payload), at, tree);
    }

    /// Adds a numbered fragment to its frame, and reads on when that is complete.
    #[cold]
    fn numbered_fragment(&mut self, fragment: &NumberedFragment<'_>, at: Stamp, tree: &mut Tree) {
        let fields = fragment.fields;
        self.run.is_fragment = true;
        let whole = self.numbered_fragments.add(fragment, at);
        if let Some(reason) = self.numbered_fragments.drop_reason() {
            tree.note(fields.limit, fragment.payload.all(), format_args!("{reason}"));
        }
        let Some(whole) = whole else {
            let completed_in = self.run.first_pass.get(fields.reassembled_in, About::Frame(at.frame, 0));
            (fields.describe_incomplete)(completed_in.map(|frame| frame as u32), tree);
            return self.undissected(fragment.payload, tree);
        };
        self.collect_fragments(fields.reassembled_in, &whole, at);
        let start = tree.add_buffer(fields.title, &whole.payload);
        let payload = Payload::whole(&whole.payload, start);
        (fields.describe)(payload.all(), &whole.fragments_at(start), tree);
        self.dissect(&(fragment.next)(payload), at, tree);
    }

    /// Collects the frame that completed fragments, for each of these.
    fn collect_fragments(&mut self, field: &'static Field, whole: &ReassembledPacket, at: Stamp) {
        if self.run.task.collect {
            for earlier in whole.fragments.iter().map(|fragment| fragment.frame).filter(|&frame| frame != at.frame) {
                self.run.collected.insert(field, About::Frame(earlier, 0), at.frame.into());
            }
        }
    }

    /// Reads the packets of an aggregate. Each has as many layers as a packet may have.
    #[cold]
    fn aggregate(&mut self, aggregate: &Aggregate<'_>, at: Stamp, tree: &mut Tree) {
        let (layers, mut rest) = (self.packet.layers, aggregate.payload);
        // A filter may match for a later packet.
        let prefilter = self.run.prefilter.take();
        for nth in 1.. {
            let Some((next, after)) = (aggregate.next)(rest, nth, tree) else { break };
            if nth == 2 && self.run.task.shard.is_some() {
                self.run.steps.divide();
            }
            self.packet.begin_aggregated(layers);
            tree.reopen_columns();
            self.dissect(&next, at, tree);
            rest = after;
        }
        self.run.prefilter = prefilter;
    }

    /// Decompresses the payload of an IP packet, and reads on in it. The number of layers bounds how often.
    #[cold]
    fn compressed(&mut self, compressed: &Compressed<'_>, at: Stamp, tree: &mut Tree) {
        self.undissected(compressed.payload, tree);
        let bytes = (compressed.decompress)(compressed.payload, tree);
        if !bytes.is_empty() {
            let start = tree.add_derived_buffer("Decompressed IPComp", &bytes, Some(compressed.payload.all()));
            self.dissect(&NextLayer::IpProto(compressed.protocol, Payload::whole(&bytes, start)), at, tree);
        }
    }

    /// Records bytes that no protocol reads.
    #[inline(never)]
    fn undissected(&mut self, payload: Payload<'_>, tree: &mut Tree) {
        if !payload.bytes.is_empty() {
            self.packet.path.push("data");
            data::describe(payload, tree);
        }
    }

    /// Releases the buffers of the conversations of a shard that are longest idle, until a quarter of the limit of the
    /// others is free: a scan of all of them for every frame would cost too much. `own` are the bytes of the conversation
    /// that is read.
    #[cold]
    pub(super) fn release_idle(&mut self, shard: usize, own: usize) {
        let Tables { run, tcp, udp, buffers, .. } = self;
        let mut enough = run.buffer_limits();
        enough.others = enough.others / 4 * 3;
        let mut frees_enough = |number, difference| {
            buffers.add(number, difference);
            !buffers.is_over(shard, own, enough)
        };
        let is_of_shard = |number| Buffers::shard(number) == shard;
        // What can be derived again goes first: no result depends on it.
        let is_freed = udp.oldest_until(|flow| {
            let Some(flow) = flow.own_mut().filter(|flow| is_of_shard(flow.number) && flow.buffered > 0) else {
                return false;
            };
            frees_enough(flow.number, flow.forget_derivable())
        });
        if is_freed {
            return;
        }
        let is_freed = tcp.oldest_until(|flow| {
            let Some(flow) = flow.own_mut().filter(|flow| is_of_shard(flow.number) && flow.has_releasable()) else {
                return false;
            };
            frees_enough(flow.number, flow.release(run))
        });
        if !is_freed {
            udp.oldest_until(|flow| {
                let Some(flow) = flow.own_mut().filter(|flow| is_of_shard(flow.number) && flow.buffered > 0) else {
                    return false;
                };
                frees_enough(flow.number, flow.release(run))
            });
        }
    }

    /// Ends the sessions in datagrams of a shard that are longest idle, until a sixteenth of the limit of their state is free.
    #[cold]
    pub(super) fn evict_sessions(&mut self, shard: usize) {
        let Tables { run, udp, buffers, states, .. } = self;
        let enough = limits::SHARD_STATE_BYTES / 16 * 15;
        udp.oldest_until(|flow| {
            let Some(flow) = flow.own_mut().filter(|flow| Buffers::shard(flow.number) == shard && flow.state > 0)
            else {
                return false;
            };
            states.add(flow.number, flow.evict(run));
            buffers.add(flow.number, flow.recount_buffered());
            states.of(shard) <= enough
        });
    }

    /// Closes the conversations that are over at a time.
    pub(super) fn age(&mut self, now: i64) {
        let idle = |last: Stamp| now.saturating_sub(last.time);
        let is_idle = |flow: &TcpFlow| flow.own().is_none_or(|flow| idle(flow.last) >= limits::CLOSED_AGE);
        let is_over = |flow: &TcpFlow| flow.own().is_some_and(|flow| flow.is_over(now));
        let mut dropped = self.tcp.remove_idle(is_idle, is_over);
        dropped.sort_unstable_by_key(TcpFlow::number);
        dropped.into_iter().for_each(|connection| self.close(connection));
        let is_idle = |flow: &UdpFlow| flow.own().is_none_or(|flow| idle(flow.last) >= limits::UDP_AGE);
        let mut dropped = self.udp.remove_idle(is_idle, |flow| flow.own().is_some());
        dropped.sort_unstable_by_key(|conversation| conversation.number);
        dropped.into_iter().for_each(|conversation| self.close_udp(conversation));
    }
}
