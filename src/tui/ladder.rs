//! The ladder of a connection: one rung a segment.

use super::keys::Action;
use super::list::List;
use super::model::{Model, View};
use super::msg::Effect;
use crate::browse::{Ask, Rung};

/// The ladder that is shown.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    pub(crate) rungs: Vec<Rung>,
    /// There are more than are told.
    pub(crate) more: bool,
    pub(crate) list: List,
    /// Whose rungs were asked for.
    asked: Option<u32>,
}

/// The frame of the rung under the cursor.
pub(crate) fn frame_here(model: &Model) -> Option<u32> {
    model.ladder.rungs.get(model.ladder.list.at).map(|rung| rung.frame)
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    if let Action::Go(way) = action {
        let len = model.ladder.rungs.len();
        model.ladder.list.go(way, len, height);
    }
    Vec::new()
}

/// Takes the rungs that were asked for.
pub(crate) fn answer(model: &mut Model, stream: u32, rungs: Vec<Rung>, more: bool) {
    let ladder = &mut model.ladder;
    if ladder.asked == Some(stream) {
        *ladder = Ladder { rungs, more, list: ladder.list, asked: ladder.asked };
    }
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Ladder(stream) = model.view else { return };
    let ladder = &mut model.ladder;
    if ladder.asked != Some(stream) {
        *ladder = Ladder { asked: Some(stream), ..Ladder::default() };
        effects.push(Effect::Ask(Ask::Ladder(stream)));
    }
    ladder.list.settle(ladder.rungs.len(), height);
}
