//! A menu, over the middle of the screen.

use super::{fill, pieces, put, put_right, row};
use crate::tui::layout::middle;
use crate::tui::menu::{HEIGHT, Menu};
use crate::tui::model::Model;
use crate::tui::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

/// Where it stands.
pub(crate) fn area(menu: &Menu, body: Rect) -> Rect {
    let title = menu.items.iter().map(|item| width(&item.title)).max().unwrap_or(0);
    let about = menu.items.iter().map(|item| width(&item.about)).max().unwrap_or(0);
    let wide = (title + about + 6).max(width(&menu.title) + 6).max(30);
    middle(body, u16::try_from(wide).unwrap_or(u16::MAX), menu.items.len().min(HEIGHT) as u16 + 2)
}

/// Draws it.
pub(crate) fn draw(model: &Model, menu: &Menu, body: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let area = area(menu, body);
    Clear.render(area, buffer);
    let block = Block::bordered().border_style(theme.head_on);
    let inner = block.inner(area);
    block.render(area, buffer);
    pieces(
        buffer,
        Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..row(area, 0) },
        [(" ", theme.head_on), (&*menu.title, theme.head_on), (" ", theme.head_on)],
    );
    let title = menu.items.iter().map(|item| width(&item.title)).max().unwrap_or(0);
    for (nth, place) in menu.list.seen(menu.items.len(), inner.height.into()).enumerate() {
        let Some(item) = menu.items.get(place) else { continue };
        let line = row(inner, nth as u16);
        let on = place == menu.list.at;
        if on {
            fill(buffer, line, theme.cursor);
        }
        let [style, dim] = if on { [theme.cursor; 2] } else { [theme.text, theme.dim] };
        let line = Rect { x: line.x + 1, width: line.width.saturating_sub(2), ..line };
        put(buffer, line, &item.title, style);
        let beside = (title as u16 + 2).min(line.width);
        put(buffer, Rect { x: line.x + beside, width: line.width - beside, ..line }, &item.about, dim);
    }
    let more = menu.items.len().saturating_sub(inner.height.into());
    if more > 0 {
        let foot = Rect { width: area.width.saturating_sub(2), ..row(area, area.height - 1) };
        put_right(buffer, foot, &format!(" {} of {} ", menu.list.at + 1, menu.items.len()), theme.head_on);
    }
}
