//! The help screen, generated from the table of keys.

use crate::tui::model::Model;
use crate::tui::panes::help::{HelpLine, lines};
use crate::tui::widgets::draw::{put_spans, row};
use crate::tui::widgets::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the visible part of the help screen.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, Some(help)) = (&model.theme, &model.help) else { return };
    let lines = lines(model);
    let widest =
        lines.iter().map(|line| if let HelpLine::Key(keys, _) = line { width(keys) } else { 0 }).max().unwrap_or(0);
    for (nth, index) in help.visible(lines.len(), area.height.into()).enumerate() {
        let area = row(area, nth as u16);
        match lines.get(index) {
            Some(HelpLine::Heading(heading)) => {
                put_spans(buffer, area, [(" ", theme.text), (*heading, theme.head_on)]);
            }
            Some(HelpLine::Key(keys, help)) => {
                let gap = " ".repeat(widest - width(keys) + 2);
                put_spans(
                    buffer,
                    area,
                    [("   ", theme.text), (keys, theme.key), (&*gap, theme.text), (*help, theme.text)],
                );
            }
            Some(HelpLine::Text(text)) => {
                put_spans(buffer, area, [("   ", theme.text), (text, theme.text)]);
            }
            _ => {}
        }
    }
}
