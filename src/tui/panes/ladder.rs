//! Actions of the ladder view, its header, and the requests it sends.

use crate::browse::LadderWindow as Part;
use crate::browse::{BrowseRequest, MAX_LADDER_ROWS, StreamPosition};
use crate::tui::model::keys::Action;
use crate::tui::model::ladder::LadderView;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View};
use crate::tui::panes::handshake_card::CardLine;
use crate::tui::panes::{handshake_card, layout};

/// Rows kept visible; the card is hidden if fewer would remain.
const MIN_ROWS: u16 = 6;

/// Runs an action of the ladder view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let ladder = &mut model.ladder;
    let total = ladder.total();
    match action {
        Action::Move(step) => ladder.list.move_cursor(step, total, height),
        Action::Zoom => ladder.card_folded = !ladder.card_folded,
        _ => {}
    }
    Vec::new()
}

/// Stores the rows that were requested.
pub(crate) fn store_rows(model: &mut Model, part: Part) {
    let ladder = &mut model.ladder;
    if ladder.requested.is_some_and(|(conversation, _)| conversation == part.conversation) {
        (ladder.requested, ladder.is_pending, ladder.loaded) =
            (Some((part.conversation, part.from)), false, Some(part));
        ladder.go_to_target();
    }
}

/// Fits the list to the screen, and requests missing rows.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Ladder(conversation) = model.view else { return };
    let frames = match conversation.tcp() {
        Some(stream) => model.index.frames_of(stream),
        None => model.index.calls.len() as u64,
    };
    let ladder = &mut model.ladder;
    if ladder.requested.is_none_or(|(requested, _)| requested != conversation) {
        let (card_folded, target_frame) = (ladder.card_folded, ladder.target_frame);
        *ladder = LadderView { card_folded, target_frame, ..LadderView::default() };
    }
    ladder.go_to_target();
    let total = ladder.total();
    ladder.list.fit(total, height);
    let seen = ladder.list.visible(total, height);
    let offset = match ladder.requested {
        None => 0,
        Some(_) if ladder.target_frame.is_some() && ladder.is_pending => return,
        Some((_, from)) if ladder.target_frame.is_some() => from,
        Some((_, from)) if !ladder.covers(from, &seen) => {
            seen.start.saturating_sub(MAX_LADDER_ROWS / 2).min(total.saturating_sub(MAX_LADDER_ROWS))
        }
        // New segments may be visible.
        Some((_, from)) if !ladder.is_pending && frames > ladder.frames_at_request => from,
        Some(_) => return,
    };
    (ladder.requested, ladder.is_pending, ladder.frames_at_request) = (Some((conversation, offset)), true, frames);
    let at = ladder.target_frame.map_or(StreamPosition::Offset(offset as u64), StreamPosition::Frame);
    effects.push(Effect::Query(BrowseRequest::Ladder { conversation, at }));
}

/// Returns the lines of the card; none if it is folded or does not fit.
pub(crate) fn card_lines(model: &Model) -> Vec<CardLine> {
    let lines = if model.ladder.card_folded { Vec::new() } else { handshake_card::lines(model) };
    let room = layout::screen_areas(model).body.height.saturating_sub(2 + MIN_ROWS);
    if lines.len() <= room.into() { lines } else { Vec::new() }
}

/// Returns the number of lines above the rows.
pub(crate) fn header_height(model: &Model) -> u16 {
    2 + card_lines(model).len() as u16
}
