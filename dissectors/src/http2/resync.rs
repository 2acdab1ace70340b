//! Losses: frames that are skipped, tables that are forgotten, and the search for the next frame.

use super::frame::{self, Evidence, FRAME_HEADER, FrameHeader, FrameSearch, FrameType};
use super::side::{Reading, SearchState};
use super::{Http2, describe};
use crate::session::{Chunk, Consumed, Context, Event, Lane, Missing, Pdu, Side};
use crate::web::streams::window_of;
use crate::web::{streaming, tunnel};
use alloc::vec::Vec;

/// Bytes that are searched for the beginning of a frame while more are awaited.
const MAX_SEARCHED: usize = 64 << 10;
/// Places that are searched again when more bytes have come.
const MAX_CANDIDATES: usize = 64;

/// Numbers by which the streams of a lost part may exceed those seen before.
const MAX_LOST_STREAMS: u32 = 4096;

impl Http2 {
    /// Forgets what lost frames may have changed, and searches for the next frame.
    pub(super) fn lose(&mut self, side: Side, cx: &mut Context<'_>) {
        self.abandon_block(side);
        let half = self.half_of(side);
        for id in self.streams.lose_tunnels(half) {
            tunnel::lose(id, half, Missing::Unknown, cx);
        }
        for (id, stream) in self.streams.iter_mut() {
            streaming::lose(id, half, stream, Missing::Unknown, cx);
            stream.half(half).lose();
            stream.lose_windows();
        }
        for side in &mut self.sides {
            side.window.lose();
            side.initial_window = None;
        }
        let state = self.side(side);
        state.decoder.lose();
        state.reading = Reading::Search;
        state.search = SearchState::default();
        (state.is_doubtful, state.lost_streams) = (true, u32::MAX);
    }

    /// Searches for the beginning of a frame.
    pub(super) fn search(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let bytes = chunk.bytes;
        let highest = self.streams.highest();
        let max_stream = if highest > 0 { highest.saturating_add(MAX_LOST_STREAMS) } else { u32::MAX };
        let evidence = Evidence { frames: 2, max_stream, takes_any_block: highest > 0 };
        let SearchState { candidates, searched } = core::mem::take(&mut self.side(side).search);
        let new = bytes.iter().enumerate().skip(searched).filter(|(_, byte)| **byte == 0).map(|(at, _)| (at, 0));
        let mut waits = Vec::new();
        // The length of a usual frame begins with 0.
        for (at, needed) in candidates.iter().copied().chain(new) {
            let rest = bytes.get(at..).unwrap_or_default();
            let is_decided = rest.len() >= needed;
            match if is_decided { frame::search(rest, evidence) } else { FrameSearch::Perhaps(needed) } {
                FrameSearch::Frames => {
                    self.side(side).reading = Reading::Frames;
                    self.side(side).take_first(cx);
                    if at == 0 {
                        return self.frame(side, chunk, cx);
                    }
                    return Consumed::bytes(at);
                }
                FrameSearch::Perhaps(needed) if waits.len() < MAX_CANDIDATES && rest.len() <= MAX_SEARCHED => {
                    waits.push((at, needed));
                }
                FrameSearch::Perhaps(_) | FrameSearch::None => {}
            }
        }
        let skipped = waits.first().map_or(bytes.len(), |&(at, _)| at);
        if skipped > 0 {
            self.side(side).take_first(cx);
        }
        waits.iter_mut().for_each(|(at, _)| *at -= skipped);
        self.side(side).search = SearchState { candidates: waits, searched: bytes.len() - skipped };
        Consumed::bytes(skipped)
    }

    /// Begins a DATA frame that is longer than the limit: it is counted, and not buffered.
    pub(super) fn begin_long_frame(
        &mut self,
        side: Side,
        header: FrameHeader,
        chunk: Chunk<'_>,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let first = self.side(side).take_first(cx);
        let half = self.half_of(side);
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first, len: header.total() as u64 }));
        self.open_stream(header.stream, cx);
        if let Some(stream) = self.streams.get_mut(header.stream) {
            streaming::lose(header.stream, half, stream, Missing::Bytes(header.length as u64), cx);
            stream.note_lost_start(half);
            let state = stream.half(half);
            state.arrive(first, cx.arrived);
            state.body_len += header.length as u64;
            let kept = state.kept();
            state.drop_body();
            state.is_cut = true;
            self.streams.remove_body(kept);
        }
        self.side(side).window.extend(-(header.length as i64), cx.at);
        if let Some(windows) = self.streams.windows_mut(header.stream) {
            window_of(windows, side).extend(-(header.length as i64), cx.at);
        }
        describe::long_frame(&header, chunk.first(FRAME_HEADER), self.streams.keep.is_some(), cx);
        let ends = header.has(frame::END_STREAM).then_some(header.stream);
        self.side(side).reading = Reading::Skip { left: header.length as u64, ends };
        let owner = self.streams.nth(header.stream).map(|nth| (nth, half));
        Consumed { owner, ..Consumed::bytes(FRAME_HEADER) }
    }

    /// Skips the rest of a frame.
    pub(super) fn skip(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let Reading::Skip { left, ends } = self.side(side).reading else { return Consumed::bytes(0) };
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.bytes.len());
        self.skipped(side, left - len as u64, ends, cx);
        self.side(side).take_first(cx);
        self.streams.report_finished(cx);
        Consumed::bytes(len)
    }

    /// Notes how much is left of a frame that is skipped.
    fn skipped(&mut self, side: Side, left: u64, ends: Option<u32>, cx: &mut Context<'_>) {
        if left > 0 {
            self.side(side).reading = Reading::Skip { left, ends };
            return;
        }
        self.side(side).reading = Reading::Frames;
        let half = self.half_of(side);
        let Some(id) = ends else { return };
        let from = cx.tree.nodes().len();
        if let Some(nth) = self.streams.nth(id) {
            let body = self.streams.finish_half(id, half, None, !cx.tree.skips_rest(), cx);
            if let Some(body) = body {
                body.read(cx);
            }
            crate::web::message::note_part(nth, half, from, cx);
        }
    }

    /// Skips bytes that cannot be read. `before` begins a frame, if frames are read.
    pub(super) fn skip_gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let side = lane.side;
        let gone = before.bytes.len() as u64 + missing.len();
        self.side(side).arrive(cx);
        // The bytes before the gap are not given again.
        self.side(side).search = SearchState::default();
        match (missing, self.side(side).reading) {
            (Missing::Released, reading) => {
                if let (true, Reading::Frames) = (gone > 0, reading) {
                    self.frame_lost(side, before.bytes, cx);
                    self.skip_lost_frame(side, before.bytes, gone, cx);
                }
                // Each lane is released, and the streams are of all.
                if lane == Lane::of(Side::Client) {
                    self.streams.release(cx);
                }
            }
            (Missing::Perhaps, Reading::Frames) if gone == 0 => {
                let half = self.half_of(side);
                let state = self.side(side);
                (state.is_doubtful, state.lost_streams) = (true, u32::MAX);
                state.decoder.lose();
                for (id, stream) in self.streams.iter_mut() {
                    streaming::lose(id, half, stream, Missing::Perhaps, cx);
                    stream.half(half).lose();
                }
            }
            (Missing::Bytes(_), Reading::Frames) => {
                self.frame_lost(side, before.bytes, cx);
                self.skip_lost_frame(side, before.bytes, gone, cx);
            }
            (Missing::Bytes(len), Reading::Skip { left, ends }) if left >= len => {
                self.skipped(side, left - len, ends, cx);
            }
            (_, Reading::Search) => {}
            _ => self.lose(side, cx),
        }
        self.side(side).take_first(cx);
    }

    /// Skips a frame that is partly missing, if it is known where it ends.
    fn skip_lost_frame(&mut self, side: Side, before: &[u8], gone: u64, cx: &mut Context<'_>) {
        match FrameHeader::read(before) {
            Some(header) if gone <= header.total() as u64 => {
                let is_last =
                    header.has(frame::END_STREAM) && matches!(header.kind, FrameType::Data | FrameType::Headers);
                let ends = is_last.then_some(header.stream);
                self.skipped(side, header.total() as u64 - gone, ends, cx);
            }
            _ => self.lose(side, cx),
        }
    }

    /// Notes that a frame is not complete, of which the first bytes are there.
    pub(super) fn frame_lost(&mut self, side: Side, before: &[u8], cx: &mut Context<'_>) {
        let Some(header) = FrameHeader::read(before) else { return };
        let half = self.half_of(side);
        match header.kind {
            FrameType::Data => {
                let first = self.side(side).take_first(cx);
                self.side(side).window.extend(-(header.length as i64), cx.at);
                if self.streams.is_tunnel(header.stream) {
                    tunnel::lose(header.stream, half, Missing::Bytes(header.length as u64), cx);
                } else if !self.streams.is_closed(header.stream) {
                    self.open_stream(header.stream, cx);
                }
                if let Some(stream) = self.streams.get_mut(header.stream) {
                    streaming::lose(header.stream, half, stream, Missing::Bytes(header.length as u64), cx);
                    stream.note_lost_start(half);
                    let state = stream.half(half);
                    let captured = before.len().saturating_sub(FRAME_HEADER);
                    state.arrive(first, cx.arrived);
                    state.body_len += captured as u64;
                    state.missing += header.length.saturating_sub(captured) as u64;
                    state.has_gap = true;
                    stream.lose_windows();
                }
            }
            FrameType::Headers | FrameType::PushPromise | FrameType::Continuation => {
                self.abandon_block(side);
                self.side(side).decoder.lose();
                if header.kind == FrameType::Headers {
                    self.open_stream(header.stream, cx);
                    let first = self.side(side).take_first(cx);
                    if let Some(stream) = self.streams.get_mut(header.stream) {
                        stream.half(half).arrive(first, cx.arrived);
                        stream.half(half).has_gap = true;
                    }
                }
            }
            _ => {}
        }
    }
}
