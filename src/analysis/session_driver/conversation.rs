//! What all drivers of a conversation share: its identity, the numbers of its sessions, and whose bytes were consumed.

use crate::analysis::limits;
use crate::analysis::task::Work;
use dissectors::session::{ConversationId, ExchangeId, Half, Side};
use std::collections::VecDeque;

/// Identity of a conversation, and what all its drivers share.
#[derive(Clone)]
pub(in crate::analysis) struct ConversationState {
    pub(in crate::analysis) id: ConversationId,
    /// The ports of the client and of the server.
    pub(in crate::analysis) ports: [u16; 2],
    /// Its first bytes were captured, and none are missing since.
    pub(in crate::analysis) is_whole: bool,
    /// The number of the next session.
    next_session: u32,
    /// Drivers above the root.
    pub(super) drivers: u32,
    /// The depth of the derived bytes that are reported.
    pub(in crate::analysis) followed_depth: Option<u8>,
    /// The exchanges that consumed bytes of either side belong to, if exchanges are attributed.
    owned: Option<Box<[VecDeque<OwnedRange>; 2]>>,
}

/// A range of a side's bytes and the exchange that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct OwnedRange {
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) owner: (ExchangeId, Half),
}

impl ConversationState {
    /// A conversation without sessions.
    pub(in crate::analysis) fn new(id: ConversationId, ports: [u16; 2], work: Work) -> ConversationState {
        let owned = work.owners.then(Box::default);
        let (next_session, drivers, followed_depth) = (1, 0, None);
        ConversationState { id, ports, is_whole: false, next_session, drivers, followed_depth, owned }
    }

    /// The exchanges that a range of consumed bytes of a side belongs to.
    pub(in crate::analysis) fn owners_of(
        &self,
        side: Side,
        from: u64,
        until: u64,
    ) -> impl Iterator<Item = (ExchangeId, Half)> {
        let owned = self.owned.as_deref().map(|sides| &sides[side as usize]);
        let ranges = owned.into_iter().flatten();
        ranges.filter(move |range| range.from < until && from < range.until).map(|range| range.owner)
    }

    pub(super) fn own(&mut self, side: Side, range: OwnedRange) {
        if range.from == range.until {
            return;
        }
        let Some(owned) = self.owned.as_deref_mut().map(|sides| &mut sides[side as usize]) else { return };
        match owned.back_mut() {
            Some(last) if last.owner == range.owner && last.until == range.from => last.until = range.until,
            _ => owned.push_back(range),
        }
        if owned.len() > limits::OWNED_RANGES {
            owned.pop_front();
        }
    }

    pub(super) fn take_session(&mut self) -> u32 {
        let session = self.next_session;
        self.next_session = session.wrapping_add(1);
        session
    }
}
