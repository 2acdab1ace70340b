//! What a frame completed: units, messages, and the exchanges that its bytes belong to.

use crate::analysis::MessageNodes;
use dissectors::session::{ExchangeId, Half, Side};
use hashbrown::HashSet;

/// A frame with bytes of one half of an exchange.
pub(in crate::analysis) type Owner = (u32, ExchangeId, Half);

/// What a frame completed.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Completed {
    /// The halves of exchanges, with their nodes.
    pub(in crate::analysis) messages: Vec<MessageNodes>,
    /// The units of more than one frame.
    pub(in crate::analysis) assembled: Vec<Assembled>,
    /// The request that was complete first.
    pub(in crate::analysis) first_request: Option<ExchangeId>,
    /// The sides of which a unit ended.
    pub(in crate::analysis) sides: [bool; 2],
    /// Units that ended, and halves of exchanges.
    pub(in crate::analysis) units: u32,
    pub(in crate::analysis) halves: u32,
    /// Whether bytes belong to none of the messages that they lie between.
    pub(in crate::analysis) is_outside: bool,
    /// Frames and the exchanges that their bytes belong to.
    pub(in crate::analysis) owners: Vec<Owner>,
}

impl Completed {
    /// Whether it is more than one unit, a half of an exchange that is none, or outside of the messages.
    pub(in crate::analysis) fn are_several(&self) -> bool {
        self.units > 1 || self.halves > self.units || self.is_outside
    }

    /// Splits the exchanges of bytes into those of a frame, each once, and those of earlier frames.
    pub(in crate::analysis) fn owners_in(&mut self, frame: u32) -> (Vec<(ExchangeId, Half)>, Vec<Owner>) {
        if self.owners.is_empty() {
            return Default::default();
        }
        let mut own = Vec::new();
        let mut seen = HashSet::new();
        let mut earlier = std::mem::take(&mut self.owners);
        earlier.retain(|&(of, exchange, half)| {
            if of == frame && seen.insert((exchange, half)) {
                own.push((exchange, half));
            }
            of != frame
        });
        (own, earlier)
    }
}

/// A unit that was reassembled from several frames.
#[derive(Debug)]
pub(in crate::analysis) struct Assembled {
    /// The sender.
    pub(in crate::analysis) side: Side,
    /// The frames and the bytes of each, in order.
    pub(in crate::analysis) frames: Vec<(u32, u64)>,
    /// Its bytes as sent, if they are wanted and none is missing.
    pub(in crate::analysis) bytes: Option<Vec<u8>>,
}
