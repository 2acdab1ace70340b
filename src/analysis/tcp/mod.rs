//! TCP: connections with their states, sequence analysis and bytes in order.

mod assembler;
mod connection;
mod progress;
mod record;
mod response_order;
mod sequence;
mod state;

use super::decode_options::Transport;
use super::flow::{Continuation, FlowKey};
use super::layers::Tables;
use super::names::name_stream;
use super::run_state::RunState;
use super::transport_packet::TransportPacket;
use crate::capture::{CloseKind, Endpoint};
use connection::Connection;
use dissectors::Tree;
use dissectors::session::Stamp;
use dissectors::tcp::{Flags, Segment};
pub(super) use progress::TcpFlow;

impl Tables {
    /// Reads a segment with its connection.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, at: Stamp, tree: &mut Tree) {
        let source = Endpoint { address: self.packet.source, port: segment.source_port };
        let destination = Endpoint { address: self.packet.destination, port: segment.destination_port };
        let begin = |run: &RunState, number| {
            let forced = run.forced_session(Transport::Tcp, [source.port, destination.port]);
            let new = || Connection::new(number, source, destination, segment, at, run.work, forced);
            match run.is_own(number) {
                true => TcpFlow::Own(Box::new(new())),
                false => TcpFlow::foreign(number, source, destination, segment),
            }
        };
        let index = match self.tcp.find(FlowKey::new(source, destination)) {
            Ok(known) => known,
            Err(vacancy) => {
                let number = self.tcp.assign_number();
                let added = self.tcp.add(vacancy, begin(&self.run, number));
                if let TcpFlow::Own(connection) = self.tcp.flow_mut(added.index) {
                    connection.continuation = Continuation::of(added.was_evicted);
                }
                if let Some(evicted) = added.evicted {
                    self.evict(at.frame, |tables| tables.close(evicted));
                }
                added.index
            }
        };
        let mut reused = false;
        let mut replacement = None;
        if let Some((number, begins)) = self.run.seek.as_mut().and_then(|seek| seek.streams.pop_front()) {
            reused = begins;
            replacement = (self.tcp.flow_mut(index).number() != number).then_some(number);
        } else if !segment.quoted && segment.flags.syn() {
            reused = self.tcp.flow_mut(index).progress().is_replaced_by(source, segment);
            replacement = reused.then(|| self.tcp.assign_number());
        }
        if let Some(number) = replacement {
            let new = begin(&self.run, number);
            let old = std::mem::replace(self.tcp.flow_mut(index), new);
            self.close(old);
        }
        let flow = self.tcp.flow_mut(index);
        let number = flow.number();
        self.run.enter(number);
        let connection = match flow {
            TcpFlow::Own(connection) => connection,
            TcpFlow::Foreign(connection) => return connection.skip(source, segment, at.frame),
        };
        if self.run.task.only.as_ref().is_some_and(|only| !only.contains(number)) {
            let frame = connection.frame_connection(connection.side(source), segment, reused);
            self.run.connections.push(frame);
            return connection.skip(source, segment, at);
        }
        self.run.swap_decoding(number, tree);
        let mut context = self.run.frame_context(connection.id(), at, &mut self.packet.path, tree);
        let frame = connection.read_segment(source, segment, reused, &mut context);
        self.run.swap_decoding(number, tree);
        if !self.run.task.without_connections {
            self.run.connections.push(frame);
        }
        let shard = self.buffers.add(number, connection.recount_buffered());
        let own = connection.buffered as usize;
        let is_first = segment.flags.syn() && !segment.flags.ack();
        let continues = !segment.quoted && connection.continuation.read_frame(!is_first);
        if self.run.note_continuation(continues, at, (&dissectors::tcp::LIMIT, segment.header), tree) {
            connection.continuation = Continuation::Found;
        }
        self.run.report(|exchange, start| connection.call(exchange, start));
        if self.buffers.is_over(shard, own, self.run.buffer_limits()) {
            let text = format_args!("the buffers for incomplete messages are full");
            tree.note(&dissectors::tcp::LIMIT, segment.header.all(), text);
            self.release_idle(shard, own);
        }
    }

    /// Follows a segment of a connection of another shard. Returns false if that takes reading it.
    #[inline]
    pub(super) fn skip_segment(&mut self, packet: &TransportPacket<'_>, at: Stamp) -> bool {
        let Some(flags) = Segment::read_flags(packet.bytes) else { return false };
        // A SYN may begin another connection between the same endpoints.
        if flags.syn() {
            return false;
        }
        let Ok(index) = self.tcp.find(packet.key()) else { return false };
        let TcpFlow::Foreign(connection) = self.tcp.flow_mut(index) else { return false };
        if !connection.is_settled(flags) {
            let Some(segment) = Segment::read(packet.payload(), false) else { return false };
            let [source, _] = packet.ends();
            connection.skip(source, &segment, at.frame);
        }
        self.run.begin_frame();
        self.run.enter(connection.number);
        true
    }

    /// Closes a connection that is dropped from memory.
    #[inline(never)]
    pub(super) fn close(&mut self, flow: TcpFlow) {
        self.run.begin_step(flow.number());
        let TcpFlow::Own(mut connection) = flow else { return };
        if let Some(frame) = self.run.known_eviction(connection.id()) {
            return self.evict(frame, |tables| tables.close(TcpFlow::Own(connection)));
        }
        self.buffers.add(connection.number, -(connection.buffered as isize));
        let (id, last) = (connection.id(), connection.last);
        self.run.without_frame(id, last, |context| connection.end(context));
        self.run.report(|exchange, start| connection.call(exchange, start));
        if self.run.task.collect {
            connection.collect(&mut self.run.collected);
        }
        if self.run.task.streams {
            let mut row = connection.row();
            if self.run.evicted_in.is_some() && row.closed == CloseKind::Open {
                row.closed = CloseKind::Dropped;
            }
            name_stream(&mut row, &self.run.task);
            self.run.events.push(super::Event::Stream(Box::new(row)));
        }
        self.run.end(id);
    }
}

/// Whether `a` comes before `b` among sequence numbers, which wrap (RFC 9293 3.4).
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// The acknowledgment number of a segment, if it acknowledges anything.
fn acknowledges(segment: &Segment<'_>) -> Option<u32> {
    (segment.flags.ack() && !segment.flags.any(Flags::RST)).then_some(segment.ack)
}
