//! The list of frames.

use crate::tui::model::Model;
use crate::tui::model::frames::{COLUMNS, FIRST_FIELD, FramePane};
use crate::tui::panes::frames::column_spans;
use crate::tui::view::{draw_empty_list, table};
use crate::tui::widgets::draw::{fill, put, row};
use crate::tui::widgets::text;
use dissectors::Severity;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

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
        super::sorted_title(frames.sorted_list.sort, column, title)
    };
    table::draw_head(&COLUMNS, &spans, row(area, 0), buffer, title, if has_keys { theme.head_on } else { theme.head });
    if numbers.len() == 0 {
        return draw_empty_list(model, area, buffer, "No frames yet", "No frames in this capture");
    }
    let (start, reference) =
        (model.time(1).unwrap_or(0), model.time_format.reference.and_then(|frame| model.time(frame)));
    let height = usize::from(area.height.saturating_sub(1));
    for (nth, index) in frames.sorted_list.list.visible(numbers.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(frame) = numbers.get(index) else { continue };
        let Some(indexed) = model.index.frames.get(frame.saturating_sub(1) as usize) else { continue };
        let summary = frames.rows.get(&frame);
        let on = index == frames.sorted_list.list.cursor;
        let cursor = if has_keys { theme.cursor } else { theme.cursor_off };
        if on {
            fill(buffer, line, cursor);
        }
        let (sign, style) = match indexed.severity {
            _ if model.time_format.reference == Some(frame) => ("*", theme.key),
            Some(worst @ Severity::Error) => ("✗", theme.severity(worst)),
            Some(worst @ (Severity::Warn | Severity::Note)) => ("!", theme.severity(worst)),
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
                        Some(worst) if worst > Severity::Chat => theme.severity(worst),
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
