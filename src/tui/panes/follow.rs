//! Actions of the follow view, and the requests it sends.

use crate::browse::{BrowseRequest, FollowWindow, FollowedData, StreamPosition};
use crate::tui::model::follow::FollowView;
use crate::tui::model::keys::Action;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View};
use crate::tui::panes::{layout, line_search};
use crate::tui::widgets::line_wrap;
use crate::tui::widgets::scroll::Move;

/// Columns before the data: the frame number and the direction.
pub(crate) const PREFIX_WIDTH: u16 = 10;

/// Screens between the cursor and the edge of the loaded part at which more data is requested.
const MARGIN_SCREENS: usize = 2;

/// Runs an action of the follow view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let room = layout::follow_text_width(model);
    let follow = &mut model.follow;
    match action {
        Action::Move(Move::First) if follow.scrolled_columns > 0 => follow.scrolled_columns = 0,
        Action::Move(step) => {
            follow.list.move_cursor(step, follow.rows.len(), height);
            match step {
                Move::First if follow.loaded.range.start > 0 => follow.wanted = Some(0),
                Move::Last if follow.loaded.has_more => follow.wanted = Some(u64::MAX),
                // The end of the loaded part is not the end of the data.
                _ => follow.list.follows_end &= !follow.loaded.has_more,
            }
        }
        Action::NextPane => {
            // The messages, or the bytes, of the frame under the cursor.
            let frame = crate::tui::model::follow::selected_frame(model);
            let follow = &mut model.follow;
            (follow.has_messages, follow.target_frame) = (!follow.has_messages, frame);
            model.search.hit = None;
        }
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

/// Stores the requested data. The row under the cursor stays at its place on the screen.
pub(crate) fn store_window(model: &mut Model, window: FollowWindow) {
    let room = wrap_width(model);
    let follow = &mut model.follow;
    if follow.requested.is_none_or(|(data, _)| data != window.data) {
        return;
    }
    let moved = follow.loaded.range.start != window.range.start;
    let kept = follow.offset_of(follow.list.cursor).filter(|_| follow.keeps_cursor);
    let row = follow.list.cursor.saturating_sub(follow.list.top);
    let at = kept.unwrap_or(window.at);
    (follow.loaded, follow.is_loaded, follow.is_pending) = (window, true, false);
    follow.rows.clear();
    follow.wrap(room);
    follow.list.cursor = follow.row_at(at);
    follow.list.top = follow.list.cursor.saturating_sub(row);
    // A hit names a line of the part before.
    if moved {
        model.search.hit = None;
    }
    line_search::search_next_part(model);
}

fn wrap_width(model: &Model) -> Option<usize> {
    model.wraps.then_some(layout::follow_text_width(model))
}

/// Fits the list to the screen, and requests missing data.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Follow(conversation) = model.view else { return };
    let frames = match conversation.tcp() {
        Some(stream) => model.index.frames_of(stream),
        None => model.index.calls.len() as u64,
    };
    let room = wrap_width(model);
    let follow = &mut model.follow;
    let data = FollowedData { conversation, has_messages: follow.has_messages };
    if follow.requested.is_none_or(|(requested, _)| requested != data) {
        let &mut FollowView { has_messages, target_frame, .. } = follow;
        *follow = FollowView { has_messages, target_frame, ..FollowView::default() };
    }
    follow.wrap(room);
    follow.list.fit(follow.rows.len(), height);
    let Some((at, keeps_cursor)) = missing_position(follow, frames, height) else { return };
    (follow.requested, follow.is_pending, follow.keeps_cursor) = (Some((data, at)), true, keeps_cursor);
    (follow.frames_at_request, follow.target_frame, follow.wanted) = (frames, None, None);
    effects.push(Effect::Query(BrowseRequest::Follow { data, at }));
}

/// Returns the position of data to request, and whether the cursor stays where it is.
fn missing_position(follow: &FollowView, frames: u64, height: usize) -> Option<(StreamPosition, bool)> {
    if let Some(frame) = follow.target_frame {
        return Some((StreamPosition::Frame(frame), false));
    }
    if follow.is_pending {
        return None;
    }
    if let Some(offset) = follow.wanted.or(follow.requested.is_none().then_some(0)) {
        return Some((StreamPosition::Offset(offset), false));
    }
    let (cursor, loaded) = (follow.list.cursor, &follow.loaded);
    let at = StreamPosition::Offset(follow.offset_of(cursor).unwrap_or(0));
    let has_grown = !loaded.has_more && frames > follow.frames_at_request;
    let is_near_end = loaded.has_more && cursor + MARGIN_SCREENS * height >= follow.rows.len();
    let is_near_start = loaded.range.start > 0 && cursor < MARGIN_SCREENS * height;
    let is_new = follow.requested.is_none_or(|(_, requested)| requested != at);
    (has_grown || is_new && (is_near_end || is_near_start)).then_some((at, true))
}
