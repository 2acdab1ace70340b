//! Follow view: the data both sides of a connection sent, in order.

use super::keys::Action;
use super::layout;
use super::line_wrap::{self, WrappedLines};
use super::message::Effect;
use super::model::{Model, View};
use super::scroll::{Move, ScrollState};
use crate::browse::{BrowseRequest, FollowBlock};

/// State of the follow view.
#[derive(Debug, Default)]
pub(crate) struct FollowView {
    pub(crate) blocks: Vec<FollowBlock>,
    /// For each line, the index in `blocks` and the line number in that block.
    pub(crate) lines: Vec<(u32, u32)>,
    /// Whether the data is truncated.
    pub(crate) is_truncated: bool,
    pub(crate) list: ScrollState,
    pub(crate) rows: WrappedLines,
    /// Columns scrolled off the left edge.
    pub(crate) scrolled_columns: usize,
    /// Whether data has arrived.
    pub(crate) is_loaded: bool,
    requested: Option<u32>,
    /// Whether a request is pending.
    pub(crate) is_pending: bool,
    /// Frames of the connection at the time of the request.
    frames_at_request: u64,
}

/// Returns all lines.
pub(crate) fn lines(follow: &FollowView) -> impl Iterator<Item = &str> {
    follow.blocks.iter().flat_map(|block| block.lines.iter().map(String::as_str))
}

/// Returns the frame of the line under the cursor.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    let row = model.follow.rows.get(model.follow.list.cursor)?;
    let (block, _) = *model.follow.lines.get(row.line as usize)?;
    model.follow.blocks.get(block as usize).map(|block| block.frame)
}

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
