//! What both sides of a connection said, in order.

use super::call::ASIDE;
use super::keys::Action;
use super::list::List;
use super::model::{Model, View};
use super::msg::Effect;
use crate::browse::{Ask, Said};

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    pub(crate) said: Vec<Said>,
    /// For each line, who said it (a place in `said`) and which of its lines it is.
    pub(crate) lines: Vec<(u32, u32)>,
    /// There is more than is told.
    pub(crate) more: bool,
    pub(crate) list: List,
    /// Characters that are scrolled away on the left.
    pub(crate) left: usize,
    /// An answer has come.
    pub(crate) known: bool,
    asked: Option<u32>,
}

/// The frame of the line under the cursor.
pub(crate) fn frame_here(model: &Model) -> Option<u32> {
    let (said, _) = *model.follow.lines.get(model.follow.list.at)?;
    model.follow.said.get(said as usize).map(|said| said.frame)
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let follow = &mut model.follow;
    match action {
        Action::Go(way) => follow.list.go(way, follow.lines.len(), height),
        Action::Left => follow.left = follow.left.saturating_sub(ASIDE),
        Action::Right => follow.left = follow.left.saturating_add(ASIDE),
        _ => {}
    }
    Vec::new()
}

/// Takes what was asked for.
pub(crate) fn answer(model: &mut Model, stream: u32, said: Vec<Said>, more: bool) {
    let follow = &mut model.follow;
    if follow.asked != Some(stream) {
        return;
    }
    let numbered = said.iter().zip(0u32..);
    follow.lines = numbered.flat_map(|(said, nth)| (0..said.lines.len() as u32).map(move |line| (nth, line))).collect();
    follow.said = said;
    follow.more = more;
    follow.known = true;
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Follow(stream) = model.view else { return };
    let follow = &mut model.follow;
    if follow.asked != Some(stream) {
        *follow = Follow { asked: Some(stream), ..Follow::default() };
        effects.push(Effect::Ask(Ask::Follow(stream)));
    }
    follow.list.settle(follow.lines.len(), height);
}
