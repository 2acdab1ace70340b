//! A menu, drawn over the middle of the screen.

use crate::tui::model::Model;
use crate::tui::model::menu::Menu;
use crate::tui::panes::menu::area;
use crate::tui::widgets::draw::{fill, put, put_right, put_spans, row};
use crate::tui::widgets::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

/// Draws a menu.
pub(crate) fn draw(model: &Model, menu: &Menu, body: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let area = area(menu, body);
    Clear.render(area, buffer);
    let block = Block::bordered().border_style(theme.head_on);
    let inner = block.inner(area);
    block.render(area, buffer);
    put_spans(
        buffer,
        Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..row(area, 0) },
        [(" ", theme.head_on), (&*menu.title, theme.head_on), (" ", theme.head_on)],
    );
    let title = menu.items.iter().map(|item| width(&item.title)).max().unwrap_or(0);
    for (nth, index) in menu.list.visible(menu.items.len(), inner.height.into()).enumerate() {
        let Some(item) = menu.items.get(index) else { continue };
        let line = row(inner, nth as u16);
        let on = index == menu.list.cursor;
        if on {
            fill(buffer, line, theme.cursor);
        }
        let [style, dim] = if on { [theme.cursor; 2] } else { [theme.text, theme.dim] };
        let line = Rect { x: line.x + 1, width: line.width.saturating_sub(2), ..line };
        put(buffer, line, &item.title, style);
        let indent = (title as u16 + 2).min(line.width);
        put(buffer, Rect { x: line.x + indent, width: line.width - indent, ..line }, &item.description, dim);
    }
    let more = menu.items.len().saturating_sub(inner.height.into());
    if more > 0 {
        let position = Rect { width: area.width.saturating_sub(2), ..row(area, area.height - 1) };
        put_right(buffer, position, &format!(" {} of {} ", menu.list.cursor + 1, menu.items.len()), theme.head_on);
    }
}
