//! Drivers above a driver: one for each channel of derived bytes, or one whose session reads all channels.

use super::conversation::ConversationState;
use super::{Delivered, DriverState, Origin, SessionDriver, Tracking};
use crate::analysis::frame_context::Feed;
use crate::analysis::limits;
use crate::analysis::reassembler::{Arrival, Part, Reassembler};
use crate::analysis::side_buffer::SideBuffer;
use dissectors::lite_map;
use dissectors::session::{
    DATAGRAM_CHANNEL, DerivedItem, GROUP_BITS, Handover, Input, Lane, Missing, Side, SideEnd, Stamp,
};
use dissectors::tree::Slice;
use litemap::LiteMap;
use std::collections::BTreeMap;

/// The bits of a channel within its group.
const CHANNELS: u64 = (1 << GROUP_BITS) - 1;
/// Groups that are kept after their channels have ended. A session has at most 16 connections, whose exchanges follow soon.
const MAX_READ_GROUPS: usize = 64;

/// What only conversations with derived bytes have.
#[derive(Clone, Default)]
pub(super) struct Nested {
    /// The sides of the other channels, of a session with [`Input::Channels`].
    pub(super) channels: LiteMap<u64, Box<[SideBuffer; 2]>>,
    /// The drivers above, by channel.
    pub(super) above: LiteMap<u64, Box<SessionDriver>>,
    /// Derived bytes that came out of order, by lane.
    pub(super) unordered: BTreeMap<Lane, Reassembler>,
    /// The channels of the drivers whose sessions read all channels of a group, by group.
    groups: Vec<(u64, u64)>,
    /// Bytes buffered by the drivers above.
    pub(super) buffered: usize,
    /// Bytes that their sessions have not consumed.
    pub(super) unconsumed: usize,
    /// Groups of channels of which a driver that was dropped had a session. One conversation has few.
    read_groups: Vec<u64>,
    /// Channels that have ended, to be dropped after the session below has reported their exchanges.
    ended: Vec<u64>,
}

impl Nested {
    /// Whether there are drivers above, or were: what the session below reports depends on them.
    pub(super) fn has_drivers(&self) -> bool {
        !self.above.is_empty() || !self.read_groups.is_empty()
    }

    /// Feeds one derived item to its driver.
    pub(super) fn route(
        &mut self,
        lane: Lane,
        item: DerivedItem,
        title: &'static str,
        tracking: Tracking,
        feed: &mut Feed<'_>,
    ) {
        feed.follow(lane, title, &item);
        let group = lane.channel >> GROUP_BITS;
        match item {
            DerivedItem::EndChannels(end) => return self.end_group(group, end, feed),
            DerivedItem::Closing(reason) => return self.close_group(group, &reason),
            _ => {}
        }
        let reader = self.groups.iter().find(|(read, _)| *read == group).map(|(_, channel)| *channel);
        if reader.is_none() && lane.channel & CHANNELS == DATAGRAM_CHANNEL {
            return;
        }
        let channel = reader.unwrap_or(lane.channel);
        let lane = match reader {
            Some(_) => Lane { channel: lane.channel & CHANNELS, ..lane },
            None => Lane::of(lane.side),
        };
        if let DerivedItem::Begin(_) = item
            && let Some(at) = self.ended.iter().position(|ended| *ended == channel)
        {
            // The channels of the group have ended, and begin anew.
            self.ended.swap_remove(at);
            self.drop_driver(channel, feed.conversation);
        }
        if !self.above.contains_key(&channel) {
            let handover = Handover::default();
            self.begin(channel, tracking, handover, feed);
        }
        let Some(driver) = self.above.get_mut(&channel) else { return };
        match item {
            DerivedItem::Begin(handover) => {
                driver.begin(*handover, feed);
                if let DriverState::Session { kind, .. } = &driver.state
                    && kind.input == Input::Channels
                {
                    self.groups.retain(|(read, _)| *read != group);
                    self.groups.reserve_exact(1);
                    self.groups.push((group, channel));
                }
            }
            DerivedItem::Bytes { offset: None, bytes, first, arrived, from } => {
                let arrived = arrived.unwrap_or(feed.cx.arrived);
                driver.derived(lane, &bytes, [first, arrived], from, title, feed);
                feed.cx.derived.buffers.put_back(bytes);
            }
            DerivedItem::Bytes { offset: Some(offset), bytes, first, .. } => {
                let unordered = self.unordered.entry(lane).or_default();
                unordered.insert(offset, &bytes, Arrival::at(first));
                loop {
                    while let Some(Part::Bytes(bytes, arrival)) = unordered.next_part() {
                        driver.derived(lane, &bytes, [arrival.at, feed.cx.arrived], None, title, feed);
                    }
                    if unordered.pending_bytes() <= limits::PENDING_BYTES {
                        break;
                    }
                    let missing = unordered.skip_gap();
                    driver.gap(lane, Missing::Bytes(missing), feed);
                }
            }
            DerivedItem::Missing(missing) => driver.gap(lane, missing, feed),
            DerivedItem::Undecrypted => driver.set_undecrypted(lane.side),
            DerivedItem::Headers(headers) => {
                driver.prepare(feed);
                if let DriverState::Session { session, .. } = &mut driver.state {
                    session.headers(lane, &headers, &mut feed.cx);
                }
            }
            DerivedItem::End(end) => driver.end(lane, end, feed),
            DerivedItem::Closing(_) | DerivedItem::EndChannels(_) => {}
        }
        let [buffered, unconsumed] = driver.count();
        self.buffered = self.buffered.saturating_add_signed(buffered);
        self.unconsumed = self.unconsumed.saturating_add_signed(unconsumed);
        if reader.is_none() && driver.has_ended() {
            self.ended.push(channel);
        }
    }

    /// Passes the reason why the channels of a group end to its sessions.
    fn close_group(&mut self, group: u64, reason: &str) {
        for (_, driver) in self.above.iter_mut().filter(|(channel, _)| **channel >> GROUP_BITS == group) {
            if let DriverState::Session { session, .. } = &mut driver.state {
                session.closing(reason);
            }
        }
    }

    /// Ends the drivers of a group, to be dropped after the session below has reported their exchanges.
    fn end_group(&mut self, group: u64, end: SideEnd, feed: &mut Feed<'_>) {
        for (&channel, driver) in self.above.iter_mut().filter(|(channel, _)| **channel >> GROUP_BITS == group) {
            Side::BOTH.into_iter().for_each(|side| driver.end_side(side, end, feed));
            self.ended.push(channel);
        }
        self.groups.retain(|(read, _)| *read != group);
    }

    /// Whether a session has read any of the bytes that were derived of an exchange: those of the group of its number.
    pub(super) fn has_read(&self, exchange: u32) -> bool {
        let group = u64::from(exchange) & u64::MAX >> GROUP_BITS;
        let mut of_group = self.above.iter().filter(|(channel, _)| **channel >> GROUP_BITS == group);
        self.read_groups.contains(&group) || of_group.any(|(_, driver)| driver.has_session())
    }

    /// Drops the drivers of channels that have ended.
    pub(super) fn drop_ended(&mut self, conversation: &mut ConversationState) {
        for channel in std::mem::take(&mut self.ended) {
            self.drop_driver(channel, conversation);
        }
    }

    fn drop_driver(&mut self, channel: u64, conversation: &mut ConversationState) {
        let Some(driver) = lite_map::remove(&mut self.above, &channel) else { return };
        let group = channel >> GROUP_BITS;
        if driver.has_session() && !self.read_groups.contains(&group) {
            if self.read_groups.len() == MAX_READ_GROUPS {
                self.read_groups.remove(0);
            }
            self.read_groups.push(group);
        }
        let [buffered, unconsumed] = driver.counted;
        self.buffered = self.buffered.saturating_sub(buffered as usize);
        self.unconsumed = self.unconsumed.saturating_sub(unconsumed as usize);
        conversation.drivers = conversation.drivers.saturating_sub(1);
    }

    /// Drops the buffers of lanes that have nothing in them, if no frames are tracked.
    pub(super) fn drop_idle_lanes(&mut self) {
        let drivers = self.above.iter_mut().map(|(_, driver)| driver).filter(|driver| !driver.tracking.frames);
        for nested in drivers.filter_map(|driver| driver.nested.as_mut()) {
            nested.channels.retain(|_, sides| !sides.iter().all(SideBuffer::is_idle));
            lite_map::shrink(&mut nested.channels);
        }
    }

    /// Has the drivers drop bodies of messages. Returns whether any did.
    pub(super) fn release_bodies(&mut self) -> bool {
        let mut has_released = false;
        for (_, driver) in self.above.iter_mut() {
            has_released |= driver.release_bodies();
            let [buffered, _] = driver.count();
            self.buffered = self.buffered.saturating_add_signed(buffered);
        }
        has_released
    }

    /// Begins a driver above, unless there are too many or it is nested too deep.
    fn begin(&mut self, channel: u64, tracking: Tracking, handover: Handover, feed: &mut Feed<'_>) {
        let mut driver = SessionDriver {
            state: DriverState::Detecting,
            input: Input::Stream,
            session: feed.conversation.take_session(),
            origin: Origin { exchange: handover.exchange, start: handover.exchange_start, adopted: None }.kept(),
            is_encrypted: feed.cx.is_encrypted,
            undecrypted: feed.cx.undecrypted,
            sides: Default::default(),
            nested: None,
            tracking,
            undetected: 0,
            counted: [0; 2],
        };
        if feed.depth > limits::NESTED_SESSIONS || feed.conversation.drivers >= limits::NESTED_DRIVERS {
            driver.state = DriverState::Unread;
        }
        feed.conversation.drivers += 1;
        self.above.insert(channel, Box::new(driver));
    }

    /// Lets each driver act, in the order of the channels.
    pub(super) fn each(&mut self, feed: &mut Feed<'_>, mut act: impl FnMut(&mut SessionDriver, &mut Feed<'_>)) {
        let outer = feed.enter(Vec::new(), (Side::Client, 0, 0), None);
        (self.buffered, self.unconsumed) = (0, 0);
        for (_, driver) in self.above.iter_mut() {
            act(driver, feed);
            driver.count();
            let [buffered, unconsumed] = driver.counted;
            self.buffered += buffered as usize;
            self.unconsumed += unconsumed as usize;
        }
        feed.leave(outer);
    }
}

impl SessionDriver {
    /// Notes that bytes of a side were not decrypted, for the drivers above too.
    fn set_undecrypted(&mut self, side: Side) {
        let is_undecrypted = side.of_mut(&mut self.undecrypted);
        if !std::mem::replace(is_undecrypted, true) {
            let above = self.nested.iter_mut().flat_map(|nested| nested.above.iter_mut());
            above.for_each(|(_, driver)| driver.set_undecrypted(side));
        }
    }

    /// Begins by a handover: a session that was inserted beneath this one hands over to the session that is here.
    fn begin(&mut self, handover: Handover, feed: &mut Feed<'_>) {
        self.is_encrypted |= handover.is_encrypted;
        match self.state {
            DriverState::Detecting | DriverState::Undecided => {
                self.succeed(handover, feed);
                if !matches!(self.state, DriverState::Undecided) {
                    Side::BOTH.into_iter().for_each(|side| self.read_deferred(side, feed));
                }
            }
            DriverState::Forced(_) | DriverState::Session { .. } | DriverState::Unread => {
                let mut handover = handover;
                self.settle_pending(&mut handover, feed);
            }
        }
    }

    /// Reads what came of a side while it was undecided: gaps, bytes, and its end.
    fn read_deferred(&mut self, side: Side, feed: &mut Feed<'_>) {
        let lane = Lane::of(side);
        let buffer = &mut self.sides[side as usize];
        if std::mem::take(&mut buffer.deferred_gap) {
            let bytes = buffer.take_unconsumed();
            self.gap(lane, Missing::Unknown, feed);
            self.sides[side as usize].return_unconsumed(bytes);
        }
        if !self.sides[side as usize].unconsumed().is_empty() {
            self.offer_unconsumed(lane, feed);
        }
        if let Some(end) = self.sides[side as usize].take_deferred_end() {
            self.sides[side as usize].ended = false;
            self.end(lane, end, feed);
        }
    }

    /// Reads derived bytes, which become a buffer of the tree.
    fn derived(
        &mut self,
        lane: Lane,
        bytes: &[u8],
        [first, arrived]: [Stamp; 2],
        from: Option<Slice>,
        title: &'static str,
        feed: &mut Feed<'_>,
    ) {
        let (was_first, was_arrived, received) = (feed.cx.first, feed.cx.arrived, feed.cx.received);
        let base = feed.cx.tree.add_derived_buffer(title, bytes, from);
        self.read(lane, Delivered { bytes, base: Some(base), first, arrived, received, cut: 0 }, feed);
        (feed.cx.first, feed.cx.arrived) = (was_first, was_arrived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_of_one_connection_is_not_of_the_others() {
        let nested = Nested { read_groups: vec![0, 2], ..Nested::default() };
        assert_eq!([0, 1, 2, 0x1_0000].map(|exchange| nested.has_read(exchange)), [true, false, true, true]);
    }
}
