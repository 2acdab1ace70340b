//! Actions and columns of the frame list, and the requests of the frames view.

use crate::browse::{BrowseRequest, FrameRow};
use crate::tui::model::detail_panes::BYTES_PER_ROW;
use crate::tui::model::frames::{COLUMNS, FIRST_FIELD, FramePane, FrameRows, remember_selection};
use crate::tui::model::keys::Action;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View};
use crate::tui::panes::{detail_panes, layout};
use crate::tui::widgets::columns::ColumnSpan;
use crate::tui::widgets::text::width;
use hashbrown::HashMap;
use ratatui::layout::Rect;

/// Maximum width of a column that shows a field.
const MAX_FIELD_WIDTH: usize = 30;

/// Columns at the left of a row: the mark, then the time reference or the highest severity of the frame's notes.
const SIGNS_WIDTH: u16 = 2;

/// Runs an action of the frames view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    match (model.frames.pane, action) {
        (_, Action::NextPane) => model.frames.pane = model.frames.pane.offset(1),
        (_, Action::PreviousPane) => model.frames.pane = model.frames.pane.offset(2),
        (_, Action::Zoom) => model.frames.zoom = !model.frames.zoom,
        (FramePane::List, Action::Move(step)) => {
            let numbers = model.frame_numbers();
            model.frames.sorted_list.list.move_cursor(step, numbers.len(), height);
            remember_selection(model);
        }
        (FramePane::List, Action::Enter) => model.frames.pane = FramePane::Tree,
        (FramePane::Tree, Action::Enter) if model.frames.linked_frame().is_some() => {
            if let Some(frame) = model.frames.linked_frame() {
                model.show_frame(frame);
            }
        }
        (FramePane::Tree, _) => detail_panes::run_tree_action(&mut model.frames, action, height),
        (FramePane::Bytes, _) => detail_panes::run_bytes_action(&mut model.frames, action, height),
        _ => {}
    }
    Vec::new()
}

/// Fits lists and cursors to the screen, and requests missing rows and the selected frame.
pub(crate) fn fit(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.view != View::Frames {
        return;
    }
    let panes = layout::frame_panes(model);
    let height = usize::from(panes.list.height.saturating_sub(1));
    let (filter_id, unsorted) = (model.filter_id(), model.unsorted_frames());
    if model.frames.sorted_list.sort_changes(filter_id, &unsorted, &FrameRows(&model.index)) {
        effects.push(Effect::Continue);
    }
    let numbers = model.frame_numbers();
    let frames = &mut model.frames;
    frames.sorted_list.fit(&numbers, height);
    frames.tree.list.fit(frames.tree.visible.len(), usize::from(panes.tree.height.saturating_sub(1)));
    let rows = usize::from(panes.bytes.height.saturating_sub(1));
    let row = frames.bytes.cursor / BYTES_PER_ROW;
    // Show all bytes of the tree line if there is room, and always the cursor's byte.
    let line = frames.selected_line().filter(|line| line.buffer == frames.bytes.buffer).map(|line| line.bytes.clone());
    let end =
        line.filter(|bytes| bytes.contains(&frames.bytes.cursor)).map_or(row, |bytes| (bytes.end - 1) / BYTES_PER_ROW);
    let least = end.min(row + rows.saturating_sub(1)).saturating_sub(rows.saturating_sub(1));
    frames.bytes.top = frames.bytes.top.clamp(least, row);
    // Rows to request: the visible ones, and one screen above and below.
    let missing = |rows_to_load: std::ops::Range<usize>, rows: &HashMap<u32, FrameRow>| -> Vec<u32> {
        rows_to_load.filter_map(|index| numbers.get(index)).filter(|frame| !rows.contains_key(frame)).collect()
    };
    let seen = missing(frames.sorted_list.list.visible(numbers.len(), height), &frames.rows);
    if seen.iter().any(|frame| !frames.requested_rows.contains(frame)) {
        let around = frames.sorted_list.list.top.saturating_sub(height)
            ..(frames.sorted_list.list.top + 2 * height).min(numbers.len());
        frames.requested_rows = missing(around, &frames.rows);
        let (requested, fields) = (frames.requested_rows.clone(), frames.fields.clone());
        effects.push(Effect::Query(BrowseRequest::Rows { frames: requested, fields }));
    }
    if let Some(frame) = numbers.get(frames.sorted_list.list.cursor).filter(|&frame| frame != frames.requested_frame) {
        frames.requested_frame = frame;
        effects.push(Effect::Query(BrowseRequest::Frame(frame)));
    }
}

/// Returns the position and width of each visible column. A column is as wide as its content; INFO gets the rest.
pub(crate) fn column_spans(model: &Model, area: Rect) -> Vec<ColumnSpan> {
    let frames = &model.index.frames;
    let address = |row: &crate::browse::FrameRow| row.source.len().max(row.destination.len());
    let most = if area.width < 110 { 15 } else { 39 };
    let longest = model.frames.rows.values().map(address).max().unwrap_or(0).clamp(11, most) as u16;
    let digits = frames.len().max(1).ilog10() as u16 + 1;
    let mut widths = vec![digits.max(4), model.time_width().max(7), longest, longest, 9, 6, u16::MAX];
    for (nth, field) in model.frames.fields.iter().enumerate() {
        let values = model.frames.rows.values().filter_map(|row| row.values.get(nth));
        let widest = values.map(|(_, value)| width(value)).max().unwrap_or(0);
        widths.push(widest.max(width(field.name)).min(MAX_FIELD_WIDTH) as u16);
    }
    // INFO comes last and gets the remaining width.
    let mut shown: Vec<usize> =
        (0..FIRST_FIELD - 1).chain(FIRST_FIELD..widths.len()).chain([FIRST_FIELD - 1]).collect();
    shown.retain(|&column| column >= FIRST_FIELD || model.frames.sorted_list.hidden >> column & 1 == 0);
    let room = area.width.saturating_sub(SIGNS_WIDTH);
    let rank = |column: &usize| COLUMNS.get(*column).map_or(0, |column| column.rank);
    // LENGTH is dropped if INFO would be narrower than 40 columns, the addresses if it would be narrower than 12.
    for (worst, info) in [(3, 40), (2, 12)] {
        let width = |column: &usize| widths.get(*column).map_or(0, |&width| width.min(info) + 1);
        if shown.iter().map(width).sum::<u16>() > room + 1 {
            shown.retain(|column| rank(column) < worst);
        }
    }
    let mut x = area.x + SIGNS_WIDTH;
    let fit = |column: usize| {
        let width = widths.get(column).map_or(0, |&width| width.min(area.right().saturating_sub(x)));
        let fitted = ColumnSpan { column, x: x.min(area.right()), width };
        x = x.saturating_add(width + 1).min(area.right());
        fitted
    };
    shown.into_iter().map(fit).collect()
}
