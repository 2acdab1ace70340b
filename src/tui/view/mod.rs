//! Drawing of the screen, one file per pane. Drawing reads the model and changes nothing.

pub(crate) mod bytes;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod follow;
pub(crate) mod frames;
pub(crate) mod graph;
pub(crate) mod help;
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

use super::layout::{self, FramePanes};
use super::model::{Model, View};
use super::text;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
pub(crate) use table::column_at;
pub(crate) use top::tabs;

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
        View::Frames => {
            let FramePanes { list, tree, bytes, .. } = layout::frame_panes(model);
            frames::draw(model, list, buffer);
            tree::draw(model, tree, buffer);
            bytes::draw(model, bytes, buffer);
        }
        View::Statistics => statistics::draw(model, area, buffer),
        View::Notes => notes::draw(model, area, buffer),
        View::Call(_) => call::draw(model, area, buffer),
        View::Ladder(_) => ladder::draw(model, area, buffer),
        View::Follow(_) => follow::draw(model, area, buffer),
    }
}

/// Writes as much of a text as fits into a one-line area and marks cut text with `…`. Returns the columns used.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.width == 0 || area.height == 0 {
        return 0;
    }
    let plain = text::sanitize(text);
    let cut = text::truncate(&plain, area.width.into());
    let (end, _) = buffer.set_stringn(area.x, area.y, cut, area.width.into(), style);
    end.saturating_sub(area.x)
}

/// Writes styled texts one after the other. Returns the columns used.
pub(crate) fn put_spans<'t>(
    buffer: &mut Buffer,
    mut area: Rect,
    spans: impl IntoIterator<Item = (&'t str, Style)>,
) -> u16 {
    let start = area.x;
    for (text, style) in spans {
        let used = put(buffer, area, text, style);
        area.x += used;
        area.width -= used.min(area.width);
    }
    area.x - start
}

/// Writes a text right-aligned into a one-line area. Returns the columns used.
pub(crate) fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let width = text::width(&text::sanitize(text)).min(area.width.into()) as u16;
    put(buffer, Rect { x: area.right() - width, width, ..area }, text, style)
}

/// Returns the line at a distance from the top of an area; its height is 0 if the area is too short.
pub(crate) fn row(area: Rect, nth: u16) -> Rect {
    let height = (nth < area.height).into();
    Rect { y: area.y + nth.min(area.height), height, ..area }
}

/// Sets the style of a whole area.
pub(crate) fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area, style);
}

/// Draws the reason for an empty area in its middle.
pub(crate) fn draw_empty(model: &Model, area: Rect, buffer: &mut Buffer, reason: &str) {
    let width = text::width(reason) as u16;
    let area = layout::centered(area, width, 1);
    put(buffer, area, reason, model.theme.dim);
}

/// Draws, at the top of an area, the error that prevented reading its content.
pub(crate) fn draw_unreadable(model: &Model, area: Rect, buffer: &mut Buffer, error: &str) {
    let lines = line::wrap(&text::sanitize(error), usize::from(area.width.saturating_sub(1)));
    for (line, nth) in lines.iter().zip(0..area.height) {
        put_spans(buffer, row(area, nth), [(" ", model.theme.bad), (line, model.theme.bad)]);
    }
}

/// Returns the part of an area below its first `lines` lines.
pub(crate) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
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
pub(crate) fn sorted_title(sort: Option<super::sorted_list::SortColumn>, column: usize, title: &str) -> String {
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
    let lines = warnings.iter().flat_map(|warning| line::wrap(&text::sanitize(&warning.message), room));
    for (line, nth) in lines.zip(layout::centered(area, 0, 1).y - area.y + 1..) {
        let line_area = row(area, nth);
        let inner =
            Rect { x: line_area.x + 2.min(line_area.width), width: line_area.width.saturating_sub(4), ..line_area };
        put(buffer, layout::centered(inner, text::width(&line) as u16, 1), &line, model.theme.warn);
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
