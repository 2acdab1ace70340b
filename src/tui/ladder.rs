//! The ladder of a connection: one rung a segment.

use super::keys::Action;
use super::list::List;
use super::model::{Model, View};
use super::msg::Effect;
use crate::browse::{Ask, Rung, Step};

/// The ladder that is shown.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    /// Whose rungs these are.
    pub(crate) stream: Option<u32>,
    pub(crate) rungs: Vec<Rung>,
    /// The segments that opened the connection.
    pub(crate) opening: Vec<Step>,
    /// There are more than are told.
    pub(crate) more: bool,
    pub(crate) list: List,
    /// The card of the handshake is not shown.
    pub(crate) folded: bool,
    /// Whose rungs were asked for.
    asked: Option<u32>,
}

/// The frame of the rung under the cursor.
pub(crate) fn frame_here(model: &Model) -> Option<u32> {
    model.ladder.rungs.get(model.ladder.list.at).map(|rung| rung.frame)
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let ladder = &mut model.ladder;
    match action {
        Action::Go(way) => ladder.list.go(way, ladder.rungs.len(), height),
        Action::Zoom => ladder.folded = !ladder.folded,
        _ => {}
    }
    Vec::new()
}

/// Takes the rungs that were asked for.
pub(crate) fn answer(model: &mut Model, stream: u32, rungs: Vec<Rung>, opening: Vec<Step>, more: bool) {
    let ladder = &mut model.ladder;
    if ladder.asked == Some(stream) {
        (ladder.stream, ladder.rungs, ladder.opening, ladder.more) = (Some(stream), rungs, opening, more);
    }
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Ladder(stream) = model.view else { return };
    let ladder = &mut model.ladder;
    if ladder.asked != Some(stream) {
        *ladder = Ladder { asked: Some(stream), folded: ladder.folded, ..Ladder::default() };
        effects.push(Effect::Ask(Ask::Ladder(stream)));
    }
    ladder.list.settle(ladder.rungs.len(), height);
}
