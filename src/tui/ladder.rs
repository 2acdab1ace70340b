//! The ladder of a connection: one rung a segment.

use super::keys::Action;
use super::list::List;
use super::model::{Model, View};
use super::msg::Effect;
use crate::browse::{Ask, Ladder as Part, RUNGS, Rung};
use std::ops::Range;

/// Rungs that are there beyond those that are seen, where there are more.
const MARGIN: usize = 1_000;

/// The ladder that is shown.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    /// What is there of it.
    pub(crate) part: Option<Part>,
    pub(crate) list: List,
    /// The card of the handshake is not shown.
    pub(crate) folded: bool,
    /// Whose rungs were asked for, from which place on.
    asked: Option<(u32, usize)>,
    /// The answer has not come.
    pub(crate) waits: bool,
    /// Frames of the connection that were known when it was asked.
    frames: u64,
}

impl Ladder {
    /// As many rungs as there are in all.
    pub(crate) fn total(&self) -> usize {
        self.part.as_ref().map_or(0, |part| part.total)
    }

    /// What was told may be told better now.
    pub(crate) fn ask_again(&mut self) {
        self.frames = 0;
    }

    /// The rung at a place, if it is there.
    pub(crate) fn rung(&self, place: usize) -> Option<&Rung> {
        let part = self.part.as_ref()?;
        part.rungs.get(place.checked_sub(part.from)?)
    }

    /// Whether the rungs from one on are enough to see these.
    fn shows(&self, from: usize, seen: &Range<usize>) -> bool {
        let to = from.saturating_add(RUNGS);
        let begins = from == 0 || from + MARGIN <= seen.start;
        begins && (to >= self.total() || seen.end + MARGIN <= to)
    }
}

/// The frame of the rung under the cursor.
pub(crate) fn frame_here(model: &Model) -> Option<u32> {
    model.ladder.rung(model.ladder.list.at).map(|rung| rung.frame)
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let ladder = &mut model.ladder;
    let total = ladder.total();
    match action {
        Action::Go(way) => ladder.list.go(way, total, height),
        Action::Zoom => ladder.folded = !ladder.folded,
        _ => {}
    }
    Vec::new()
}

/// Takes the rungs that were asked for.
pub(crate) fn answer(model: &mut Model, part: Part) {
    let ladder = &mut model.ladder;
    if ladder.asked.is_some_and(|(stream, _)| stream == part.stream) {
        (ladder.asked, ladder.waits, ladder.part) = (Some((part.stream, part.from)), false, Some(part));
    }
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Ladder(stream) = model.view else { return };
    let frames = model.index.frames_of(stream);
    let ladder = &mut model.ladder;
    if ladder.asked.is_none_or(|(asked, _)| asked != stream) {
        *ladder = Ladder { folded: ladder.folded, ..Ladder::default() };
    }
    let total = ladder.total();
    ladder.list.settle(total, height);
    let seen = ladder.list.seen(total, height);
    let from = match ladder.asked {
        None => 0,
        Some((_, from)) if !ladder.shows(from, &seen) => {
            seen.start.saturating_sub(RUNGS / 2).min(total.saturating_sub(RUNGS))
        }
        // More has come, of which some may be seen.
        Some((_, from)) if !ladder.waits && frames > ladder.frames => from,
        Some(_) => return,
    };
    (ladder.asked, ladder.waits, ladder.frames) = (Some((stream, from)), true, frames);
    effects.push(Effect::Ask(Ask::Ladder { stream, from }));
}
