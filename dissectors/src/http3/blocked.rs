//! Bytes of lanes that wait for entries of the dynamic table (RFC 9204 2.1.2), which another stream inserts.

use super::Http3;
use super::lane::LaneState;
use crate::session::{Chunk, Context, Lane, Missing, Side, Stamp};
use alloc::vec::Vec;

/// Bytes that wait for entries of the dynamic table, of all streams. Peers permit 16 to 100 streams with some hundred each.
const MAX_HELD: usize = 1 << 20;
/// In capture time, nanoseconds after which bytes are read without the entries that they wait for. A lost packet with the entries is
/// sent again sooner (see the gaps of the streams of QUIC); one that was not captured is not.
const HELD_WAIT: i64 = 10_000_000_000;
/// Directions of streams that are open or wait. Those that are open are fewer (see the streams of QUIC).
const MAX_LANES: usize = 2048;
/// Bytes of a dynamic table that are kept if memory is short: as many as most peers permit.
pub(super) const KEPT_TABLE: usize = 8 << 10;

/// Bytes of a lane that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldBytes {
    bytes: Vec<u8>,
    /// Offsets up to which bytes came in one call, and where the first and the last of them arrived.
    arrivals: Vec<(usize, [Stamp; 2])>,
    /// Bytes of a frame that is not complete: of these alone, nothing more can be read.
    partial: usize,
}

impl HeldBytes {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of memory, about.
    fn size(&self) -> usize {
        self.bytes.len() + self.arrivals.len() * size_of::<(usize, [Stamp; 2])>()
    }

    /// Where the first byte arrived.
    fn first(&self) -> Option<Stamp> {
        self.arrivals.first().map(|(_, [first, _])| *first)
    }

    fn push(&mut self, bytes: &[u8], arrival: [Stamp; 2]) {
        self.bytes.extend_from_slice(bytes);
        match self.arrivals.last_mut() {
            Some((until, known)) if *known == arrival => *until = self.bytes.len(),
            _ => self.arrivals.push((self.bytes.len(), arrival)),
        }
    }

    /// Drops the first bytes, which were read.
    fn drop_first(&mut self, len: usize) {
        if len == self.bytes.len() {
            *self = HeldBytes::default();
            return;
        }
        self.bytes.drain(..len);
        self.arrivals.retain(|&(until, _)| until > len);
        self.arrivals.iter_mut().for_each(|(until, _)| *until -= len);
    }
}

impl Http3 {
    /// Keeps bytes of a lane that wait, or that follow such ones. `first` is where the first of them arrived.
    pub(super) fn hold(&mut self, lane: Lane, bytes: &[u8], first: Stamp, cx: &mut Context<'_>) {
        self.held_since.get_or_insert(first.time);
        let held = &mut self.state(lane).held;
        let before = held.size();
        held.push(bytes, [first, cx.arrived]);
        self.held += held.size() - before;
        if self.held > MAX_HELD || self.lanes.len() > MAX_LANES {
            Side::BOTH.into_iter().for_each(|side| self.end_encoder(side, cx));
        }
    }

    /// Reads on where bytes of a side wait for entries that were inserted, or never will be.
    pub(super) fn resume(&mut self, side: Side, cx: &mut Context<'_>) {
        let decoder = side.of(&self.decoders);
        let is_ready = |state: &LaneState| state.required.is_some_and(|required| decoder.has_entries(required));
        let lanes = self.lanes.iter().filter(|(lane, state)| lane.side == side && is_ready(state));
        let lanes: Vec<Lane> = lanes.map(|(lane, _)| *lane).collect();
        for lane in lanes {
            self.read_held(lane, cx);
        }
    }

    pub(super) fn read_held(&mut self, lane: Lane, cx: &mut Context<'_>) {
        let mut held = core::mem::take(&mut self.state(lane).held);
        self.held = self.held.saturating_sub(held.size());
        let (len, required) = self.read_arrivals(lane, &held, cx);
        held.drop_first(len);
        held.partial = if required.is_none() { held.bytes.len() } else { 0 };
        let state = self.state(lane);
        state.required = required;
        if let Some(end) = state.ended.filter(|_| required.is_none()) {
            self.end_lane(lane, &held.bytes, end, cx);
        } else {
            self.held += held.size();
            self.state(lane).held = held;
        }
    }

    /// Reads bytes that waited as far as possible, each as of when it arrived; returns how many, and what the next ones wait for.
    fn read_arrivals(&mut self, lane: Lane, held: &HeldBytes, cx: &mut Context<'_>) -> (usize, Option<u64>) {
        let outer = (cx.first, cx.arrived);
        let (mut at, mut required) = (0, None);
        for &(until, [first, arrived]) in held.arrivals.iter().filter(|(until, _)| *until > held.partial) {
            (cx.first, cx.arrived) = (first, arrived);
            while at < until && required.is_none() {
                self.state(lane).first.get_or_insert(first);
                let bytes = held.bytes.get(at..until).unwrap_or_default();
                let (len, waits) = self.read_bytes(lane, Chunk { bytes, base: None }, cx);
                at += len;
                required = waits;
                if len == 0 {
                    break;
                }
                self.state(lane).first = None;
            }
            if required.is_some() {
                break;
            }
        }
        (cx.first, cx.arrived) = outer;
        (at, required)
    }

    /// Reads what has waited for too long with what is known. Called for all bytes of the connection.
    pub(super) fn read_overdue(&mut self, cx: &mut Context<'_>) {
        let now = cx.at.time;
        let is_overdue = |since: i64| now.saturating_sub(since) > HELD_WAIT;
        if !self.held_since.is_some_and(is_overdue) {
            return;
        }
        let blocked = self.lanes.iter().filter(|(_, state)| state.required.is_some());
        let blocked = blocked.filter_map(|(lane, state)| Some((*lane, state.held.first()?.time)));
        let (overdue, waiting): (Vec<_>, Vec<_>) = blocked.partition(|(_, since)| is_overdue(*since));
        self.held_since = waiting.into_iter().map(|(_, since)| since).min();
        overdue.into_iter().for_each(|(lane, _)| self.read_waiting(lane, cx));
    }

    /// Reads what waits of a lane with what is known: it ends, or bytes after it are missing.
    pub(super) fn read_waiting(&mut self, lane: Lane, cx: &mut Context<'_>) {
        if self.lanes.get(&lane).is_some_and(|state| state.required.is_some()) {
            let was_final = core::mem::replace(&mut self.decoder(lane.side).is_final, true);
            self.read_held(lane, cx);
            self.decoder(lane.side).is_final = was_final;
        }
    }

    /// Takes the bytes that wait of a lane.
    pub(super) fn take_held(&mut self, lane: Lane) -> Vec<u8> {
        let held = self.lanes.get_mut(&lane).map(|state| core::mem::take(&mut state.held)).unwrap_or_default();
        self.held = self.held.saturating_sub(held.size());
        held.bytes
    }

    /// Drops what waits, and large tables: memory is short. What waits is read with what is known.
    pub(super) fn release_held(&mut self, cx: &mut Context<'_>) {
        for side in Side::BOTH {
            if self.decoder(side).buffered() > KEPT_TABLE {
                self.decoder(side).lose();
                self.resume(side, cx);
            }
        }
        let lanes = self.lanes.iter().filter(|(_, state)| !state.held.is_empty());
        let lanes: Vec<Lane> = lanes.map(|(lane, _)| *lane).collect();
        for lane in lanes {
            self.read_waiting(lane, cx);
            let held = self.take_held(lane);
            if !held.is_empty() {
                self.skip_gap(lane, &held, Missing::Released, cx);
            }
        }
    }

    /// Ends the encoder of a side: what waits is read with what is known.
    pub(super) fn end_encoder(&mut self, side: Side, cx: &mut Context<'_>) {
        if !core::mem::replace(&mut self.decoder(side).is_final, true) {
            self.resume(side, cx);
        }
    }
}
