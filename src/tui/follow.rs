//! What both sides of a connection said, in order.

use super::keys::Action;
use super::layout;
use super::list::{List, Move};
use super::model::{Model, View};
use super::msg::Effect;
use super::rows::{self, Rows};
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
    pub(crate) rows: Rows,
    /// Columns that are scrolled away on the left.
    pub(crate) left: usize,
    /// An answer has come.
    pub(crate) known: bool,
    asked: Option<u32>,
    /// The answer has not come.
    pub(crate) waits: bool,
    /// Frames of the connection that were known when it was asked.
    frames: u64,
}

/// All lines.
pub(crate) fn lines(follow: &Follow) -> impl Iterator<Item = &str> {
    follow.said.iter().flat_map(|said| said.lines.iter().map(String::as_str))
}

/// The frame of the line under the cursor.
pub(crate) fn frame_here(model: &Model) -> Option<u32> {
    let row = model.follow.rows.get(model.follow.list.at)?;
    let (said, _) = *model.follow.lines.get(row.line as usize)?;
    model.follow.said.get(said as usize).map(|said| said.frame)
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let room = layout::follow_room(model);
    let follow = &mut model.follow;
    match action {
        Action::Go(Move::First) if follow.left > 0 => follow.left = 0,
        Action::Go(way) => follow.list.go(way, follow.rows.len(), height),
        Action::Left => follow.left = follow.left.saturating_sub(room / 2),
        Action::Right => {
            let seen = follow.list.seen(follow.rows.len(), height);
            follow.left = rows::right(follow.left, room, follow.rows.widest(seen));
        }
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
    follow.rows.clear();
    (follow.more, follow.known, follow.waits) = (more, true, false);
}

/// Makes what is shown fit, and asks for what is missing.
pub(crate) fn settle(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Follow(stream) = model.view else { return };
    let room = model.wraps.then_some(layout::follow_room(model));
    let frames = model.index.frames_of(stream);
    let follow = &mut model.follow;
    let is_other = follow.asked != Some(stream);
    if is_other {
        *follow = Follow { asked: Some(stream), ..Follow::default() };
    }
    // Of what was cut off no more is told, however much comes.
    let has_grown = !follow.waits && !follow.more && frames > follow.frames;
    if is_other || has_grown {
        (follow.waits, follow.frames) = (true, frames);
        effects.push(Effect::Ask(Ask::Follow(stream)));
    }
    let Follow { said, rows, list, .. } = follow;
    rows.refresh(room, said.iter().flat_map(|said| said.lines.iter().map(String::as_str)), list);
    follow.list.settle(follow.rows.len(), height);
}
