//! Drawing of the screen, one file per pane. Drawing reads the model and changes nothing.

pub(crate) mod bytes;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod connections;
pub(crate) mod follow;
pub(crate) mod frames;
pub(crate) mod graph;
pub(crate) mod help;
pub(crate) mod journey;
pub(crate) mod json;
pub(crate) mod ladder;
pub(crate) mod latency;
pub(crate) mod line;
pub(crate) mod menu;
pub(crate) mod notes;
pub(crate) mod search_highlight;
pub(crate) mod sorted_list;
pub(crate) mod statistics;
pub(crate) mod streams;
pub(crate) mod table;
pub(crate) mod top;
pub(crate) mod tree;

use crate::tui::model::{Model, View};
use crate::tui::panes::layout;
use crate::tui::panes::layout::FramePanes;
use crate::tui::widgets::draw::{centered, put, put_right, put_spans, row};
use crate::tui::widgets::row_order::SortColumn;
use crate::tui::widgets::text;
use crate::tui::widgets::text::wrap;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the whole screen.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    // After a resize, the terminal may differ from the size stored in the model.
    if (area.width, area.height) != model.size || layout::is_too_small(model) {
        put(buffer, Rect { height: area.height.min(1), ..area }, "too small", model.theme.text);
        return;
    }
    let screen = layout::screen_areas(model);
    top::draw_status(model, screen.status, buffer);
    top::draw_tabs(model, screen.tabs, buffer);
    top::draw_error(model, screen.errors, buffer);
    line::draw_filter(model, screen.filter, buffer);
    if model.help.is_some() {
        help::draw(model, screen.body, buffer);
    } else {
        body(model, screen.body, buffer);
    }
    line::draw_footer(model, screen.hints, buffer);
    if let Some(menu) = &model.menu {
        menu::draw(model, menu, screen.body, buffer);
    }
    line::draw_completions(model, screen.body, buffer);
    if let Some(position) = line::cursor_position(model, &screen) {
        frame.set_cursor_position(position);
    }
}

fn body(model: &Model, area: Rect, buffer: &mut Buffer) {
    match model.view {
        View::Calls => calls::draw(model, area, buffer),
        View::Streams => streams::draw(model, area, buffer),
        View::Connections => connections::draw(model, area, buffer),
        View::Frames => {
            let FramePanes { list, tree, bytes, .. } = layout::frame_panes(model);
            frames::draw(model, list, buffer);
            tree::draw(model, tree, buffer);
            bytes::draw(model, bytes, buffer);
        }
        View::Statistics => statistics::draw(model, area, buffer),
        View::Notes => notes::draw(model, area, buffer),
        View::Call(_) => call::draw(model, area, buffer),
        View::Journey(_) | View::Trace(_) => journey::draw(model, area, buffer),
        View::Ladder(_) => ladder::draw(model, area, buffer),
        View::Follow(_) => follow::draw(model, area, buffer),
    }
}

/// Draws the reason for an empty area in its middle.
pub(crate) fn draw_empty(model: &Model, area: Rect, buffer: &mut Buffer, reason: &str) {
    let width = text::width(reason) as u16;
    let area = centered(area, width, 1);
    put(buffer, area, reason, model.theme.dim);
}

/// Draws, at the top of an area, the error that prevented reading its content.
pub(crate) fn draw_unreadable(model: &Model, area: Rect, buffer: &mut Buffer, error: &str) {
    let lines = wrap(&text::sanitize(error), usize::from(area.width.saturating_sub(1)));
    for (line, nth) in lines.iter().zip(0..area.height) {
        put_spans(buffer, row(area, nth), [(" ", model.theme.bad), (line, model.theme.bad)]);
    }
}

/// Draws the title of a pane and a rule to the right edge. `has_keys` marks the focused pane.
pub(crate) fn draw_title(model: &Model, area: Rect, buffer: &mut Buffer, text: &str, has_keys: bool) {
    let line = row(area, 0);
    let style = if has_keys { model.theme.head_on } else { model.theme.head };
    let used = put_spans(buffer, line, [("── ", model.theme.head), (text, style), (" ", style)]);
    let rest = Rect { x: line.x + used, width: line.width - used, ..line };
    put(buffer, rest, &"─".repeat(rest.width.into()), model.theme.head);
}

/// Draws the scroll position at the right end of a title, if there is room. `title` is the title's width in columns.
pub(crate) fn draw_position(model: &Model, area: Rect, buffer: &mut Buffer, title: usize, text: &str) {
    let line = row(area, 0);
    let line = Rect { width: line.width.saturating_sub(2), ..line };
    if !text.is_empty() && title + text::width(text) + 3 <= line.width.into() {
        put_right(buffer, line, &format!(" {text} "), model.theme.head);
    }
}

/// Returns the title of a column, with an arrow if the list is sorted by it.
pub(crate) fn sorted_title(sort: Option<SortColumn>, column: usize, title: &str) -> String {
    match sort {
        Some(sort) if sort.column == column => format!("{title}{}", if sort.descending { "▾" } else { "▴" }),
        _ => title.to_owned(),
    }
}

/// Draws the reason for an empty list, and warnings about the filter. `yet` is the reason while frames still arrive,
/// `never` the reason at the end.
pub(crate) fn draw_empty_list(model: &Model, area: Rect, buffer: &mut Buffer, yet: &'static str, never: &'static str) {
    draw_empty(model, area, buffer, empty_reason(model, yet, never));
    let warnings = model
        .applied_filter
        .as_ref()
        .filter(|applied| applied.is_complete)
        .map_or(&[][..], |applied| &applied.warnings);
    let room = usize::from(area.width.saturating_sub(4));
    let lines = warnings.iter().flat_map(|warning| wrap(&text::sanitize(&warning.message), room));
    for (line, nth) in lines.zip(centered(area, 0, 1).y - area.y + 1..) {
        let line_area = row(area, nth);
        let inner =
            Rect { x: line_area.x + 2.min(line_area.width), width: line_area.width.saturating_sub(4), ..line_area };
        put(buffer, centered(inner, text::width(&line) as u16, 1), &line, model.theme.warn);
    }
}

/// Returns the reason for an empty list.
fn empty_reason(model: &Model, yet: &'static str, never: &'static str) -> &'static str {
    match &model.applied_filter {
        Some(applied) if !applied.is_complete => "filtering",
        Some(_) => "No matches. Esc clears the filter",
        None if model.is_growing() => yet,
        None => never,
    }
}
