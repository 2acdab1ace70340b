//! After a call of a session: its events are evaluated, its bytes attributed, and what it derived is fed to others.

use super::conversation::OwnedRange;
use super::nested::Nested;
use super::{Assembled, DriverState, SessionDriver};
use crate::analysis::MessageNodes;
use crate::analysis::frame_context::Feed;
use crate::analysis::reassembled_unit;
use dissectors::session::{Context, Derived, Event, ExchangeId, Half, Lane, MessageEnd, SideEnd};
use std::ops::Range;

/// Position in what was recorded before a session reads on.
#[derive(Clone, Copy)]
pub(super) struct Checkpoint {
    pub(super) events: usize,
    nodes: usize,
}

impl Checkpoint {
    pub(super) fn of(cx: &Context<'_>) -> Checkpoint {
        Checkpoint { events: cx.events.len(), nodes: cx.tree.nodes().len() }
    }
}

impl SessionDriver {
    /// Notes that the bytes consumed last belong to an exchange.
    pub(super) fn attribute(&mut self, lane: Lane, len: u64, owner: (ExchangeId, Half), feed: &mut Feed<'_>) {
        let until = self.buffer(lane).consumed();
        self.attribute_range(lane, until.saturating_sub(len)..until, owner, feed);
    }

    /// Notes that bytes which a session consumed at a gap, or at the end of a side, belong to the message that it reported.
    pub(super) fn attribute_rest(&mut self, lane: Lane, before: Checkpoint, bytes: Range<u64>, feed: &mut Feed<'_>) {
        let reported = feed.cx.events.get(before.events..).filter(|_| self.tracking.owners && !bytes.is_empty());
        let ended = reported.unwrap_or_default().iter().find_map(|event| match event {
            &Event::Message(MessageEnd { nth, half }) => Some((feed.cx.exchange(nth), half)),
            _ => None,
        });
        if let Some(owner) = ended {
            self.attribute_range(lane, bytes, owner, feed);
        }
    }

    fn attribute_range(&mut self, lane: Lane, bytes: Range<u64>, owner: (ExchangeId, Half), feed: &mut Feed<'_>) {
        let Range { start: from, end: until } = bytes;
        let (id, half) = owner;
        for frame in self.buffer(lane).frames_between(from, until) {
            let is_new = feed.completed.owners.last() != Some(&(frame, id, half));
            if is_new {
                feed.completed.owners.push((frame, id, half));
            }
        }
        match feed.root {
            None => feed.conversation.own(lane.side, OwnedRange { from, until, owner }),
            // Bytes of a session above belong to the bytes in the hands of the one at the root.
            Some((side, from, until)) => feed.conversation.own(side, OwnedRange { from, until, owner }),
        }
    }

    /// Evaluates what the session reported in a call, and feeds what it derived.
    pub(super) fn after_call(&mut self, lane: Lane, before: Checkpoint, consumed: u64, feed: &mut Feed<'_>) {
        self.after_call_with(lane, before, consumed, None, feed);
    }

    /// The same for a call that may have ended a side. What is left open above ends with it, in the order of the channels.
    pub(super) fn after_call_with(
        &mut self,
        lane: Lane,
        before: Checkpoint,
        consumed: u64,
        end: Option<SideEnd>,
        feed: &mut Feed<'_>,
    ) {
        if feed.cx.events.len() > before.events {
            self.complete(lane, before, feed);
        }
        let derived = &feed.cx.derived;
        let has_drivers = self.nested.as_ref().is_some_and(|nested| nested.has_drivers());
        if has_drivers || !derived.items.is_empty() || !derived.woken.is_empty() {
            self.feed_nested(lane, before, consumed, end, feed);
        }
    }

    /// Feeds what the session derived to the sessions above, and has them evaluate what it reported.
    #[inline(never)]
    fn feed_nested(
        &mut self,
        lane: Lane,
        before: Checkpoint,
        consumed: u64,
        end: Option<SideEnd>,
        feed: &mut Feed<'_>,
    ) {
        let reported = before.events..feed.cx.events.len();
        if !feed.cx.derived.items.is_empty() || !feed.cx.derived.woken.is_empty() {
            self.route(lane, consumed, feed);
        }
        if let (Some(nested), Some(end)) = (&mut self.nested, end) {
            nested.each(feed, |driver, feed| driver.end_side(lane.side, end, feed));
        }
        if self.nested.is_some() {
            self.conclude(reported, feed);
        }
        if let Some(nested) = &mut self.nested {
            nested.drop_ended(feed.conversation);
        }
    }

    /// Takes the units and messages among the events of a call; exchanges stay.
    fn complete(&mut self, lane: Lane, before: Checkpoint, feed: &mut Feed<'_>) {
        let nodes = before.nodes..feed.cx.tree.nodes().len();
        let (tracking, session, adopted) = (self.tracking, self.session, self.adopted());
        let conversation = feed.cx.conversation;
        let id = |nth| adopted.filter(|_| nth == 0).unwrap_or(ExchangeId { conversation, session, nth });
        let mut kept = before.events;
        for at in before.events..feed.cx.events.len() {
            match feed.cx.events.get_mut(at) {
                Some(Event::Message(end)) => {
                    feed.completed.halves += 1;
                    let exchange = id(end.nth);
                    if end.half == Half::Request {
                        feed.completed.first_request.get_or_insert(exchange);
                    }
                    if tracking.messages {
                        let message = MessageNodes { exchange, half: end.half, nodes: nodes.clone() };
                        feed.completed.messages.push(message);
                    }
                }
                Some(Event::Part(part)) => {
                    let exchange = id(part.nth);
                    if part.half == Half::Request {
                        feed.completed.first_request.get_or_insert(exchange);
                    }
                    if tracking.messages {
                        let nodes = part.nodes.clone();
                        feed.completed.messages.push(MessageNodes { exchange, half: part.half, nodes });
                    }
                }
                Some(Event::Pdu(pdu)) => {
                    let (side, len) = (pdu.lane.side, pdu.len);
                    feed.completed.sides[side as usize] = true;
                    feed.completed.units += 1;
                    let buffer = self.buffer(Lane { side, ..lane });
                    buffer.message_end = buffer.consumed();
                    if tracking.frames {
                        self.end_unit(Lane { side, ..lane }, len, feed);
                    }
                }
                Some(Event::OutsideMessages) => feed.completed.is_outside = true,
                Some(Event::Exchange(exchange)) => {
                    self.set_parent(exchange);
                    exchange.set_undecrypted(self.undecrypted);
                    feed.cx.events.swap(kept, at);
                    kept += 1;
                }
                Some(
                    Event::Joined { .. }
                    | Event::Secret(_)
                    | Event::PathId(_)
                    | Event::Connection(_)
                    | Event::EarlierNote { .. },
                ) => {
                    feed.cx.events.swap(kept, at);
                    kept += 1;
                }
                None => {}
            }
        }
        feed.cx.events.truncate(kept);
    }

    /// Records the frames and the bytes of a unit that ended.
    #[inline(never)]
    fn end_unit(&mut self, lane: Lane, len: u64, feed: &mut Feed<'_>) {
        let (side, has_bytes) = (lane.side, self.tracking.bytes);
        let buffer = self.buffer(lane);
        let is_nested = feed.depth > 0;
        let frames = if is_nested { buffer.take_completing_frames(len) } else { buffer.take_frames(len) };
        let bytes = if has_bytes { buffer.take_bytes(len) } else { None };
        // A unit above comes in units of the session below, which may all be of one frame.
        let is_assembled = match is_nested {
            true => frames.len() > 1,
            false => frames.iter().any(|&(frame, _)| frame != feed.cx.at.frame),
        };
        // Units of sessions above are reassembled from units of the session below.
        match feed.reassembly {
            _ if !is_assembled => {}
            None if feed.depth == 0 => feed.completed.assembled.push(Assembled { side, frames, bytes }),
            Some(fields) => {
                reassembled_unit::record_nested(&fields, lane.channel, &frames, bytes.as_deref(), &mut feed.cx)
            }
            None => {}
        }
    }

    /// Has the sessions above amend the exchanges that carry them.
    pub(super) fn conclude(&mut self, events: std::ops::Range<usize>, feed: &mut Feed<'_>) {
        let Some(nested) = &mut self.nested else { return };
        let yields = |nested: &Nested, event: &Event| matches!(event, Event::Exchange(exchange) if exchange.yields_to_content && nested.has_read(exchange.id.nth));
        let mut end = events.end;
        let reported = feed.cx.events.get(events.start..).unwrap_or_default();
        if reported.iter().any(|event| yields(nested, event)) {
            // Several connections of QUIC may end at once.
            let before = feed.cx.events.len();
            let mut of_call = feed.cx.events.split_off(events.start.min(before));
            of_call.retain(|event| !yields(nested, event));
            feed.cx.events.append(&mut of_call);
            end -= before - feed.cx.events.len();
        }
        for event in feed.cx.events.get_mut(events.start..end).unwrap_or_default() {
            let Event::Exchange(exchange) = event else { continue };
            let id = Some(exchange.id);
            for (_, driver) in nested.above.iter_mut().filter(|(_, driver)| driver.exchange() == id) {
                if let DriverState::Session { session, .. } = &mut driver.state {
                    session.conclude(exchange);
                    exchange.set_undecrypted(self.undecrypted);
                }
            }
        }
    }

    /// Feeds what the session derived in a call to the drivers above, and offers woken lanes again.
    fn route(&mut self, lane: Lane, consumed: u64, feed: &mut Feed<'_>) {
        let mut items = std::mem::take(&mut feed.cx.derived.items);
        let woken = std::mem::take(&mut feed.cx.derived.woken);
        let (title, reassembly) = match &self.state {
            DriverState::Session { kind, .. } => (kind.derived_title, kind.reassembly),
            _ => ("", None),
        };
        let frames = self.frames_of_call(lane, consumed, feed);
        let until = self.buffer(lane).consumed();
        let outer = feed.enter(frames, (lane.side, until.saturating_sub(consumed), until), reassembly);
        let tracking = self.tracking;
        for Derived { lane, item } in items.drain(..) {
            (feed.cx.is_encrypted, feed.cx.undecrypted) = (self.is_encrypted, self.undecrypted);
            let nested = self.nested.get_or_insert_default();
            nested.route(lane, item, title, tracking, feed);
        }
        feed.leave(outer);
        if feed.cx.derived.items.capacity() == 0 {
            // Its memory is used again.
            feed.cx.derived.items = items;
        }
        for lane in woken {
            self.offer_unconsumed(lane, feed);
        }
    }

    /// The frames of the bytes consumed in a call, if frames are tracked.
    fn frames_of_call(&mut self, lane: Lane, consumed: u64, feed: &Feed<'_>) -> Vec<u32> {
        if !self.tracking.frames {
            return Vec::new();
        }
        let buffer = self.buffer(lane);
        let mut frames = buffer.frames_between(buffer.consumed().saturating_sub(consumed), buffer.consumed());
        if frames.is_empty() {
            frames.push(feed.cx.at.frame);
        }
        frames
    }
}
