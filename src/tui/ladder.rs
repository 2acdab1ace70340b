//! Ladder view: one row per segment of a connection.

use super::keys::Action;
use super::message::Effect;
use super::model::{Model, View};
use super::scroll::ScrollState;
use crate::browse::{BrowseRequest, LadderRow, LadderWindow as Part, MAX_LADDER_ROWS};
use std::ops::Range;

/// Rows loaded beyond the visible ones, where there are more.
const MARGIN: usize = 1_000;

/// State of the ladder view.
#[derive(Debug, Default)]
pub(crate) struct LadderView {
    /// Loaded part of the ladder.
    pub(crate) loaded: Option<Part>,
    pub(crate) list: ScrollState,
    /// Whether the handshake card is folded to its title.
    pub(crate) card_folded: bool,
    /// Stream and first row of the last request.
    requested: Option<(u32, usize)>,
    /// Whether a request is pending.
    pub(crate) is_pending: bool,
    /// Frames of the connection at the time of the request.
    frames_at_request: u64,
}

impl LadderView {
    /// Returns the number of rows of the whole ladder.
    pub(crate) fn total(&self) -> usize {
        self.loaded.as_ref().map_or(0, |part| part.total)
    }

    /// Requests the rows again: more is known of them.
    pub(crate) fn invalidate(&mut self) {
        self.frames_at_request = 0;
    }

    /// Returns the row at an index, if it is loaded.
    pub(crate) fn row(&self, index: usize) -> Option<&LadderRow> {
        let part = self.loaded.as_ref()?;
        part.rows.get(index.checked_sub(part.from)?)
    }

    /// Returns whether the rows loaded from `from` on cover the visible rows.
    fn covers(&self, from: usize, seen: &Range<usize>) -> bool {
        let to = from.saturating_add(MAX_LADDER_ROWS);
        let begins = from == 0 || from + MARGIN <= seen.start;
        begins && (to >= self.total() || seen.end + MARGIN <= to)
    }
}

/// Returns the frame of the row under the cursor.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    model.ladder.row(model.ladder.list.cursor).map(|row| row.frame)
}

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
    if ladder.requested.is_some_and(|(stream, _)| stream == part.stream) {
        (ladder.requested, ladder.is_pending, ladder.loaded) = (Some((part.stream, part.from)), false, Some(part));
    }
}

/// Fits the list to the screen, and requests missing rows.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Ladder(stream) = model.view else { return };
    let frames = model.index.frames_of(stream);
    let ladder = &mut model.ladder;
    if ladder.requested.is_none_or(|(requested, _)| requested != stream) {
        *ladder = LadderView { card_folded: ladder.card_folded, ..LadderView::default() };
    }
    let total = ladder.total();
    ladder.list.fit(total, height);
    let seen = ladder.list.visible(total, height);
    let from = match ladder.requested {
        None => 0,
        Some((_, from)) if !ladder.covers(from, &seen) => {
            seen.start.saturating_sub(MAX_LADDER_ROWS / 2).min(total.saturating_sub(MAX_LADDER_ROWS))
        }
        // New segments may be visible.
        Some((_, from)) if !ladder.is_pending && frames > ladder.frames_at_request => from,
        Some(_) => return,
    };
    (ladder.requested, ladder.is_pending, ladder.frames_at_request) = (Some((stream, from)), true, frames);
    effects.push(Effect::Query(BrowseRequest::Ladder { stream, from }));
}
