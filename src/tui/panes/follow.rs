//! Actions of the follow view, and the requests it sends.

use crate::browse::{BrowseRequest, FollowBlock};
use crate::tui::model::follow::FollowView;
use crate::tui::model::keys::Action;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View};
use crate::tui::panes::layout;
use crate::tui::widgets::line_wrap;
use crate::tui::widgets::scroll::Move;

/// Columns before the data: the frame number and the direction.
pub(crate) const PREFIX_WIDTH: u16 = 10;

/// Runs an action of the follow view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let room = layout::follow_text_width(model);
    let follow = &mut model.follow;
    match action {
        Action::Move(Move::First) if follow.scrolled_columns > 0 => follow.scrolled_columns = 0,
        Action::Move(step) => follow.list.move_cursor(step, follow.rows.len(), height),
        Action::Left => follow.scrolled_columns = follow.scrolled_columns.saturating_sub(room / 2),
        Action::Right => {
            let seen = follow.list.visible(follow.rows.len(), height);
            follow.scrolled_columns =
                line_wrap::scrolled_right(follow.scrolled_columns, room, follow.rows.widest(seen));
        }
        _ => {}
    }
    Vec::new()
}

/// Stores the requested data.
pub(crate) fn store_blocks(model: &mut Model, stream: u32, blocks: Vec<FollowBlock>, more: bool) {
    let follow = &mut model.follow;
    if follow.requested != Some(stream) {
        return;
    }
    let numbered = blocks.iter().zip(0u32..);
    follow.lines =
        numbered.flat_map(|(block, nth)| (0..block.lines.len() as u32).map(move |line| (nth, line))).collect();
    follow.blocks = blocks;
    follow.rows.clear();
    (follow.is_truncated, follow.is_loaded, follow.is_pending) = (more, true, false);
}

/// Fits the list to the screen, and requests missing data.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Follow(stream) = model.view else { return };
    let room = model.wraps.then_some(layout::follow_text_width(model));
    let frames = model.index.frames_of(stream);
    let follow = &mut model.follow;
    let is_other = follow.requested != Some(stream);
    if is_other {
        *follow = FollowView { requested: Some(stream), ..FollowView::default() };
    }
    // Truncated data does not grow, even if more is captured.
    let has_grown = !follow.is_pending && !follow.is_truncated && frames > follow.frames_at_request;
    if is_other || has_grown {
        (follow.is_pending, follow.frames_at_request) = (true, frames);
        effects.push(Effect::Query(BrowseRequest::Follow(stream)));
    }
    let FollowView { blocks, rows, list, .. } = follow;
    rows.wrap(room, blocks.iter().flat_map(|block| block.lines.iter().map(String::as_str)), list);
    follow.list.fit(follow.rows.len(), height);
}
