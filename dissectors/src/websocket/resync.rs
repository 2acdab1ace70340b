//! Losses: frames that are skipped, messages that remain incomplete, and the search for the next frame.

use super::frame::{self, CLOSE, FrameHeader};
use super::probe::{FrameWalk, Start};
use super::side::{Reading, SearchState, SideState, UnreadRest};
use super::{WebSocket, describe};
use crate::session::{Chunk, Consumed, Context, Event, Half, Lane, Missing, Pdu, Probe, Side, Stamp};
use alloc::vec::Vec;

/// Bytes that are searched for the beginning of a frame while more are awaited.
const MAX_SEARCHED: usize = 64 << 10;
/// Positions at which the search goes on when more bytes have come.
const MAX_CANDIDATES: usize = 64;

impl WebSocket {
    /// Begins a frame that is read as its bytes arrive.
    pub(super) fn begin_long_frame(
        &mut self,
        side: Side,
        header: FrameHeader,
        chunk: Chunk<'_>,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let (first, last) = self.side(side).arrival(header.len, cx);
        let violation = self.begin_unit(side, &header, (first, header.total()), cx);
        let mut message = self.message_of(side, &header, first);
        message.add_fragment(0, last, cx);
        self.begin_payload(&header, &mut message);
        let nth = message.nth;
        let node = cx.tree.nodes().len();
        self.record_header(header, violation, chunk, cx);
        super::message::note_part(nth, node, cx);
        *self.side(side).message_slot(&header) = Some(message);
        self.side(side).reading = Reading::Rest(UnreadRest { header, left: header.length });
        Consumed { owner: Some((nth, Half::Request)), ..Consumed::bytes(header.len) }
    }

    /// Records the header of a frame of an invalid length (RFC 6455 5.2). Where the next frame begins is not known.
    pub(super) fn malformed_frame(
        &mut self,
        side: Side,
        header: FrameHeader,
        chunk: Chunk<'_>,
        cx: &mut Context<'_>,
    ) -> Consumed {
        let (first, _) = self.side(side).arrival(header.len, cx);
        let violation = self.begin_unit(side, &header, (first, header.len as u64), cx);
        self.abandon_message(side, cx);
        self.record_header(header, violation, chunk, cx);
        cx.events.push(Event::OutsideMessages);
        self.lose(side, cx);
        self.side(side).search = SearchState { is_noted: true, ..SearchState::default() };
        Consumed::bytes(header.len)
    }

    /// Reports a unit that begins with a header, of a length in bytes. Returns what the header violates.
    fn begin_unit(
        &mut self,
        side: Side,
        header: &FrameHeader,
        (first, len): (Stamp, u64),
        cx: &mut Context<'_>,
    ) -> Option<&'static str> {
        let violation = self.violation(side, header);
        if !header.is_control() && header.opcode != frame::CONTINUATION {
            self.abandon_message(side, cx);
        }
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first, len }));
        violation
    }

    /// Records a header without a payload.
    fn record_header(
        &self,
        header: FrameHeader,
        violation: Option<&'static str>,
        chunk: Chunk<'_>,
        cx: &mut Context<'_>,
    ) {
        let view = describe::FrameView::new(header, violation, chunk.first(header.len), self.records(cx), self, cx);
        view.close(cx.tree);
    }

    /// Reads the rest of a frame, as far as it has arrived.
    pub(super) fn read_rest(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let Reading::Rest(skipped) = self.side(side).reading else { return Consumed::bytes(0) };
        let len = usize::try_from(skipped.left).unwrap_or(usize::MAX).min(chunk.bytes.len());
        let (_, last) = self.side(side).arrival(len, cx);
        let FrameHeader { key, length, .. } = skipped.header;
        let (limit, reads_payload) = (self.limit, self.reads_payload);
        let message = self.side(side).message_slot(&skipped.header).as_mut();
        let nth = message.map(|message| {
            message.extend_fragment(len as u64, last);
            if reads_payload && !message.is_cut {
                let mut payload = Vec::new();
                // The mask repeats after 4 bytes.
                let at = (length - skipped.left) % 4;
                frame::unmask(chunk.first(len).bytes, key, at as usize, &mut payload);
                message.append(&payload, limit);
            }
            message.nth
        });
        self.skipped(side, UnreadRest { left: skipped.left - len as u64, ..skipped }, cx);
        Consumed { owner: nth.map(|nth| (nth, Half::Request)), ..Consumed::bytes(len) }
    }

    /// Notes how much is left of a frame.
    fn skipped(&mut self, side: Side, skipped: UnreadRest, cx: &mut Context<'_>) {
        if skipped.left > 0 {
            self.side(side).reading = Reading::Rest(skipped);
            return;
        }
        self.side(side).reading = Reading::Frames;
        if skipped.header.ends_message()
            && let Some(message) = self.side(side).message_slot(&skipped.header).take()
        {
            self.finish_unread(side, *message, cx);
        }
    }

    /// Skips bytes that cannot be read. `before` begins a frame, if frames are read.
    pub(super) fn skip_gap(&mut self, side: Side, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let gone = before.bytes.len() as u64 + missing.len();
        self.side(side).arrive(before.bytes.len(), cx);
        let is_noted = self.side(side).search.is_noted;
        self.side(side).search = SearchState { is_noted, follows_gap: true, ..SearchState::default() };
        if missing == Missing::Released
            && let Some(message) = &mut self.side(side).message
        {
            message.drop_bytes();
        }
        match (missing, self.side(side).reading) {
            (_, Reading::Search) => {}
            (Missing::Released, _) if gone == 0 => {}
            (Missing::Perhaps, Reading::Frames) if gone == 0 => {
                (self.side(side).is_doubtful, self.side(side).may_be_inside) = (true, true);
                self.side(side).window.lose();
                if let Some(message) = &mut self.side(side).message {
                    message.lose();
                }
            }
            (Missing::Bytes(_) | Missing::Released, Reading::Frames) => match FrameHeader::read(before.bytes) {
                Some(header) if gone <= header.total() => {
                    self.frame_lost(side, header, before.bytes, missing, cx);
                    self.skipped(side, UnreadRest { header, left: header.total() - gone }, cx);
                }
                _ => self.lose_with(side, before, cx),
            },
            (Missing::Bytes(len), Reading::Rest(skipped)) if skipped.left >= len => {
                if let Some(message) = self.side(side).message_slot(&skipped.header) {
                    message.lose();
                }
                self.skipped(side, UnreadRest { left: skipped.left - len, ..skipped }, cx);
            }
            _ => self.lose_with(side, before, cx),
        }
        self.side(side).consume(usize::MAX);
    }

    /// Notes that a frame is not complete, of which the first bytes are there. They are part of its message, unless memory is
    /// short.
    fn frame_lost(&mut self, side: Side, header: FrameHeader, before: &[u8], missing: Missing, cx: &mut Context<'_>) {
        let (first, last) = self.side(side).arrival(before.len(), cx);
        if !header.is_control() && header.opcode != frame::CONTINUATION {
            self.abandon_message(side, cx);
        }
        self.is_client(side, header.key.is_some());
        let captured = before.get(header.len..).unwrap_or_default();
        let mut message = self.message_of(side, &header, first);
        message.add_fragment(captured.len() as u64, last, cx);
        if missing == Missing::Released {
            message.drop_bytes();
        } else {
            if self.reads_payload || header.opcode == CLOSE {
                let mut payload = Vec::with_capacity(captured.len());
                frame::unmask(captured, header.key, 0, &mut payload);
                message.append(&payload, self.limit);
            }
            message.lose();
        }
        *self.side(side).message_slot(&header) = Some(message);
    }

    /// Notes what a frame of unknown end has before the position of the frames is lost.
    fn lose_with(&mut self, side: Side, before: Chunk<'_>, cx: &mut Context<'_>) {
        if let (Reading::Frames, Some(header)) = (self.side(side).reading, FrameHeader::read(before.bytes)) {
            self.frame_lost(side, header, before.bytes, Missing::Unknown, cx);
        }
        self.lose(side, cx);
    }

    /// Ends what is open of a side whose position of frames is lost, and searches for the next frame.
    pub(super) fn lose(&mut self, side: Side, cx: &mut Context<'_>) {
        let SideState { control, message, .. } = self.side(side);
        for mut message in [control.take(), message.take()].into_iter().flatten() {
            message.lose();
            self.finish_unread(side, *message, cx);
        }
        let state = self.side(side);
        state.window.lose();
        state.reading = Reading::Search;
        state.search = SearchState { follows_gap: true, ..SearchState::default() };
        (state.is_doubtful, state.may_be_inside) = (false, true);
    }

    /// Searches for the beginning of frames.
    pub(super) fn search(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let bytes = chunk.bytes;
        let is_masked = self.client.map(|client| client == side);
        let SearchState { candidates, searched, is_noted, follows_gap } = core::mem::take(&mut self.side(side).search);
        let mut waits = Vec::new();
        let mut found = None;
        let walk_from = |at: usize| {
            let start = if follows_gap && at == 0 { Start::AnyFrame } else { Start::Message };
            FrameWalk::new(*bytes.get(at)?, at, start)
        };
        for mut walk in candidates.into_iter().chain((searched..bytes.len()).filter_map(walk_from)) {
            match walk.advance(bytes, is_masked) {
                // Frames that may begin before come first, however the bytes are cut.
                Probe::Yes if waits.is_empty() => {
                    found = Some(walk.start());
                    break;
                }
                Probe::Yes | Probe::Perhaps
                    if waits.len() < MAX_CANDIDATES && bytes.len() - walk.start() <= MAX_SEARCHED =>
                {
                    waits.push(walk)
                }
                _ => {}
            }
        }
        let skipped = found.or(waits.first().map(FrameWalk::start)).unwrap_or(bytes.len());
        if skipped > 0 && !is_noted {
            describe::note_unsynchronized(self, cx);
        }
        if found.is_some() {
            self.side(side).reading = Reading::Frames;
            return if skipped == 0 { self.frame(side, chunk, cx) } else { Consumed::bytes(skipped) };
        }
        waits.iter_mut().for_each(|walk| walk.move_back(skipped));
        let (is_noted, follows_gap) = (is_noted || skipped > 0, follows_gap && skipped == 0);
        self.side(side).search =
            SearchState { candidates: waits, searched: bytes.len() - skipped, is_noted, follows_gap };
        Consumed::bytes(skipped)
    }

    /// Ends a side: what it has begun remains incomplete.
    pub(super) fn end_side(&mut self, side: Side, rest: Chunk<'_>, cx: &mut Context<'_>) {
        if let (Reading::Frames, Some(header)) = (self.side(side).reading, FrameHeader::read(rest.bytes)) {
            self.frame_lost(side, header, rest.bytes, Missing::Unknown, cx);
        }
        if let Some(mut control) = self.side(side).control.take() {
            control.is_truncated = true;
            self.finish_unread(side, *control, cx);
        }
        self.abandon_message(side, cx);
    }
}
