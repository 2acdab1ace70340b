//! The list of frames.

use super::{draw_empty_list, fill, put, row, table};
use crate::tui::model::Model;
use crate::tui::sorted_list::{ListColumn, column};
use crate::tui::{frames::FramePane, text};
use dissectors::Severity;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of the list, after the column of signs.
pub(crate) static COLUMNS: [ListColumn; 7] = [
    column("#", [6, 6, 8], true, 0, "frame number"),
    column("TIME", [table::TIME_WIDTH; 3], true, 0, "capture time"),
    column("SOURCE", [14, 14, 39], false, 2, "source address"),
    column("DESTINATION", [14, 14, 39], false, 2, "destination address"),
    column("PROTOCOL", [8, 8, 10], false, 0, "highest-layer protocol"),
    column("LENGTH", [6, 6, 6], true, 3, "bytes on the wire"),
    column("INFO", [20, 20, 900], false, 0, "summary of the frame"),
];

/// Number of the first column that shows a field.
const FIRST_FIELD: usize = COLUMNS.len();

/// Maximum width of a column that shows a field.
const MAX_FIELD_WIDTH: usize = 30;

/// Columns at the left of a row: the mark, then the time reference or the highest severity of the frame's notes.
const SIGNS_WIDTH: u16 = 2;

/// Returns the position and width of each visible column. A column is as wide as its content; INFO gets the rest.
pub(crate) fn column_spans(model: &Model, area: Rect) -> Vec<table::ColumnSpan> {
    let frames = &model.index.frames;
    let address = |row: &crate::browse::FrameRow| row.source.len().max(row.destination.len());
    let most = if area.width < 110 { 15 } else { 39 };
    let longest = model.frames.rows.values().map(address).max().unwrap_or(0).clamp(11, most) as u16;
    let digits = frames.len().max(1).ilog10() as u16 + 1;
    let mut widths = vec![digits.max(4), model.time_width().max(7), longest, longest, 9, 6, u16::MAX];
    for (nth, field) in model.frames.fields.iter().enumerate() {
        let values = model.frames.rows.values().filter_map(|row| row.values.get(nth));
        let widest = values.map(|(_, value)| text::width(value)).max().unwrap_or(0);
        widths.push(widest.max(text::width(field.name)).min(MAX_FIELD_WIDTH) as u16);
    }
    // INFO comes last and gets the remaining width.
    let mut shown: Vec<usize> =
        (0..FIRST_FIELD - 1).chain(FIRST_FIELD..widths.len()).chain([FIRST_FIELD - 1]).collect();
    shown.retain(|&column| column >= FIRST_FIELD || model.frames.hidden >> column & 1 == 0);
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
        let fitted = table::ColumnSpan { column, x: x.min(area.right()), width };
        x = x.saturating_add(width + 1).min(area.right());
        fitted
    };
    shown.into_iter().map(fit).collect()
}

/// Returns the text of a row, for copying.
pub(crate) fn text(model: &Model, frame: u32) -> String {
    let (Some(indexed), Some(row)) =
        (model.index.frames.get(frame.saturating_sub(1) as usize), model.frames.rows.get(&frame))
    else {
        return String::new();
    };
    let time = model.time_format.format(indexed.time, model.time(1).unwrap_or(0), None, None);
    format!("{frame}  {time}  {}  {}  {}  {}  {}", row.source, row.destination, row.protocol, indexed.length, row.info)
}

/// Draws the list of frames.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let theme = &model.theme;
    let frames = &model.frames;
    let has_keys = frames.pane == FramePane::List;
    let numbers = model.frame_numbers();
    let spans = column_spans(model, area);
    let title = |column: usize| {
        let title = match column.checked_sub(FIRST_FIELD) {
            _ if column == 1 => model.time_format.title(),
            None => COLUMNS.get(column).map_or("", |column| column.title),
            Some(nth) => frames.fields.get(nth).map_or("", |field| field.name),
        };
        super::sorted_title(frames.order.sort, column, title)
    };
    table::draw_head(&COLUMNS, &spans, row(area, 0), buffer, title, if has_keys { theme.head_on } else { theme.head });
    if numbers.len() == 0 {
        return draw_empty_list(model, area, buffer, "No frames yet", "No frames in this capture");
    }
    let (start, reference) =
        (model.time(1).unwrap_or(0), model.time_format.reference.and_then(|frame| model.time(frame)));
    let height = usize::from(area.height.saturating_sub(1));
    for (nth, index) in frames.list.visible(numbers.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(frame) = numbers.get(index) else { continue };
        let Some(indexed) = model.index.frames.get(frame.saturating_sub(1) as usize) else { continue };
        let summary = frames.rows.get(&frame);
        let on = index == frames.list.cursor;
        let cursor = if has_keys { theme.cursor } else { theme.cursor_off };
        if on {
            fill(buffer, line, cursor);
        }
        let (sign, style) = match indexed.severity {
            _ if model.time_format.reference == Some(frame) => ("*", theme.key),
            Some(worst @ Severity::Error) => ("✗", theme.severity(worst)),
            Some(worst @ Severity::Warn) => ("!", theme.severity(worst)),
            _ => (" ", theme.text),
        };
        let mark = if model.marks.contains(&frame) { "●" } else { " " };
        put(buffer, Rect { width: 1, ..line }, mark, if on { cursor } else { theme.key });
        put(buffer, Rect { x: line.x + 1, width: 1, ..line }, sign, if on { cursor } else { style });
        for &at in &spans {
            let before = || index.checked_sub(1).and_then(|index| model.time(numbers.get(index)?));
            let (text, style) = match at.column {
                0 => (frame.to_string(), theme.dim),
                1 => (model.time_format.format(indexed.time, start, before(), reference), theme.dim),
                2 => (summary.map_or(String::new(), |row| row.source.clone()), theme.text),
                3 => (summary.map_or(String::new(), |row| row.destination.clone()), theme.text),
                4 => {
                    let protocol = summary.map_or(indexed.protocol.name(), |row| row.protocol);
                    (protocol.to_owned(), theme.protocol(protocol))
                }
                5 => (indexed.length.to_string(), theme.dim),
                column if column >= FIRST_FIELD => {
                    let value = summary.and_then(|row| row.values.get(column - FIRST_FIELD));
                    (value.map_or(String::new(), |(_, value)| value.clone()), theme.name)
                }
                _ => {
                    let style = match indexed.severity {
                        Some(worst) if worst >= Severity::Warn => theme.severity(worst),
                        _ => theme.text,
                    };
                    // The detail tree shows the whole text.
                    let info = summary.map_or("…", |row| &row.info);
                    (text::longest_prefix(info, area.width.into()).0.to_owned(), style)
                }
            };
            let style = if on { cursor } else { style };
            table::draw_cell(
                buffer,
                line,
                at,
                &text,
                COLUMNS.get(at.column).is_some_and(|column| column.right_aligned),
                style,
            );
        }
    }
}
