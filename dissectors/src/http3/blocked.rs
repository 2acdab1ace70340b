//! Bytes of lanes that wait for entries of the dynamic table (RFC 9204 2.1.2), which another stream inserts.

use super::Http3;
use super::lane::LaneState;
use crate::session::{Chunk, Context, Lane, Missing, Side};
use alloc::vec::Vec;

/// Bytes that wait for entries of the dynamic table, of all streams. Peers permit 16 to 100 streams with some hundred each.
const MAX_HELD: usize = 1 << 20;
/// Directions of streams that are open or wait. Those that are open are fewer (see the streams of QUIC).
const MAX_LANES: usize = 2048;
/// Bytes of a dynamic table that are kept if memory is short: as many as most peers permit.
pub(super) const KEPT_TABLE: usize = 8 << 10;

impl Http3 {
    /// Keeps bytes of a lane that wait, or that follow such ones.
    pub(super) fn hold(&mut self, lane: Lane, bytes: &[u8], cx: &mut Context<'_>) {
        self.held += bytes.len();
        self.state(lane).held.extend_from_slice(bytes);
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
        let (len, required) = self.read_bytes(lane, Chunk { bytes: &held, base: None }, cx);
        self.held = self.held.saturating_sub(len);
        // Bytes of a frame that is not complete stay where they are, however often more of them come.
        if len == held.len() {
            held = Vec::new();
        } else {
            held.drain(..len);
        }
        let state = self.state(lane);
        state.required = required;
        if let Some(end) = state.ended.filter(|_| required.is_none()) {
            self.held = self.held.saturating_sub(held.len());
            self.end_lane(lane, &held, end, cx);
        } else {
            state.held = held;
        }
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
        self.held = self.held.saturating_sub(held.len());
        held
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
