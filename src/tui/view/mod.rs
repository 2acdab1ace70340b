//! Drawing: each pane in a file. Nothing is learnt or changed here.

pub(crate) mod bytes;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod follow;
pub(crate) mod found;
pub(crate) mod frames;
pub(crate) mod graph;
pub(crate) mod help;
pub(crate) mod json;
pub(crate) mod ladder;
pub(crate) mod line;
pub(crate) mod menu;
pub(crate) mod notes;
pub(crate) mod roster;
pub(crate) mod spread;
pub(crate) mod statistics;
pub(crate) mod streams;
pub(crate) mod table;
pub(crate) mod top;
pub(crate) mod tree;

use super::layout::{self, Panes};
use super::model::{Model, View};
use super::text;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
pub(crate) use table::column_at;
pub(crate) use top::tabs;

/// Draws all that is shown.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    // A terminal that has just been made smaller is not as the model thinks.
    if (area.width, area.height) != model.size || layout::is_too_small(model) {
        put(buffer, Rect { height: area.height.min(1), ..area }, "too small", model.theme.text);
        return;
    }
    let screen = layout::screen(model);
    top::status(model, screen.status, buffer);
    top::draw_tabs(model, screen.tabs, buffer);
    top::draw_trouble(model, screen.trouble, buffer);
    line::filter(model, screen.filter, buffer);
    if model.help.is_some() {
        help::draw(model, screen.body, buffer);
    } else {
        body(model, screen.body, buffer);
    }
    line::foot(model, screen.foot, buffer);
    if let Some(menu) = &model.menu {
        menu::draw(model, menu, screen.body, buffer);
    }
    line::completions(model, screen.body, buffer);
    if let Some(position) = line::cursor(model, &screen) {
        frame.set_cursor_position(position);
    }
}

fn body(model: &Model, area: Rect, buffer: &mut Buffer) {
    match model.view {
        View::Calls => calls::draw(model, area, buffer),
        View::Streams => streams::draw(model, area, buffer),
        View::Frames => {
            let Panes { list, tree, bytes, .. } = layout::panes(model);
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

/// Writes a text into an area of one line, as much as fits; what is cut off is told by `…`. Returns the columns that it
/// takes.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.width == 0 || area.height == 0 {
        return 0;
    }
    let plain = text::plain(text);
    let cut = text::cut(&plain, area.width.into());
    let (end, _) = buffer.set_stringn(area.x, area.y, cut, area.width.into(), style);
    end.saturating_sub(area.x)
}

/// Writes pieces of text one after the other.
pub(crate) fn pieces<'t>(
    buffer: &mut Buffer,
    mut area: Rect,
    pieces: impl IntoIterator<Item = (&'t str, Style)>,
) -> u16 {
    let start = area.x;
    for (text, style) in pieces {
        let taken = put(buffer, area, text, style);
        area.x += taken;
        area.width -= taken.min(area.width);
    }
    area.x - start
}

/// Writes a text at the right end of an area of one line.
pub(crate) fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let width = text::width(&text::plain(text)).min(area.width.into()) as u16;
    put(buffer, Rect { x: area.right() - width, width, ..area }, text, style)
}

/// The line of an area at a distance from its top; of no height if there is none.
pub(crate) fn row(area: Rect, nth: u16) -> Rect {
    let height = (nth < area.height).into();
    Rect { y: area.y + nth.min(area.height), height, ..area }
}

/// Paints a line over its whole width.
pub(crate) fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area, style);
}

/// Says in the middle of an area why it is empty.
pub(crate) fn empty(model: &Model, area: Rect, buffer: &mut Buffer, what: &str) {
    let width = text::width(what) as u16;
    let area = layout::middle(area, width, 1);
    put(buffer, area, what, model.theme.dim);
}

/// Says at the top of an area why what would stand there does not.
pub(crate) fn unread(model: &Model, area: Rect, buffer: &mut Buffer, why: &str) {
    let lines = line::wrapped(&text::plain(why), usize::from(area.width.saturating_sub(1)));
    for (line, nth) in lines.iter().zip(0..area.height) {
        pieces(buffer, row(area, nth), [(" ", model.theme.bad), (line, model.theme.bad)]);
    }
}

/// A part of an area below so many of its lines.
pub(crate) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// A title over a pane, with a line to its right end.
pub(crate) fn title(model: &Model, area: Rect, buffer: &mut Buffer, text: &str, has_keys: bool) {
    let line = row(area, 0);
    let style = if has_keys { model.theme.head_on } else { model.theme.head };
    let taken = pieces(buffer, line, [("── ", model.theme.head), (text, style), (" ", style)]);
    let rest = Rect { x: line.x + taken, width: line.width - taken, ..line };
    put(buffer, rest, &"─".repeat(rest.width.into()), model.theme.head);
}

/// Says at the right end of a title of so many columns what is seen of all, if there is room.
pub(crate) fn position(model: &Model, area: Rect, buffer: &mut Buffer, title: usize, words: &str) {
    let line = row(area, 0);
    let line = Rect { width: line.width.saturating_sub(2), ..line };
    if !words.is_empty() && title + text::width(words) + 3 <= line.width.into() {
        put_right(buffer, line, &format!(" {words} "), model.theme.head);
    }
}

/// The title of a column, with a sign if the list is sorted by it.
pub(crate) fn sorted_title(sort: Option<super::roster::Sort>, column: usize, title: &str) -> String {
    match sort {
        Some(sort) if sort.column == column => format!("{title}{}", if sort.falling { "▾" } else { "▴" }),
        _ => title.to_owned(),
    }
}

/// Says why a list is empty, and what of the filter is hardly meant.
pub(crate) fn nothing(model: &Model, area: Rect, buffer: &mut Buffer, yet: &'static str, never: &'static str) {
    empty(model, area, buffer, why_empty(model, yet, never));
    let warnings = model.sifted.as_ref().filter(|sifted| sifted.done).map_or(&[][..], |sifted| &sifted.warnings);
    let room = usize::from(area.width.saturating_sub(4));
    let lines = warnings.iter().flat_map(|warning| line::wrapped(&text::plain(&warning.message), room));
    for (line, nth) in lines.zip(layout::middle(area, 0, 1).y - area.y + 1..) {
        let line_area = row(area, nth);
        let inner =
            Rect { x: line_area.x + 2.min(line_area.width), width: line_area.width.saturating_sub(4), ..line_area };
        put(buffer, layout::middle(inner, text::width(&line) as u16, 1), &line, model.theme.warn);
    }
}

/// Why a list is empty.
fn why_empty(model: &Model, yet: &'static str, never: &'static str) -> &'static str {
    match &model.sifted {
        Some(sifted) if !sifted.done => "filtering",
        Some(_) => "the filter lets nothing through; Esc takes it away",
        None if model.is_growing() => yet,
        None => never,
    }
}
