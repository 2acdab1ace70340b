//! The bytes pane: a hex dump of the selected buffer of a frame.

use crate::browse::DetailBuffer;
use crate::tui::model::Model;
use crate::tui::model::detail_panes::BYTES_PER_ROW;
use crate::tui::model::frames::FramePane;
use crate::tui::panes::detail_panes::{byte_columns, offset_digits};
use crate::tui::view::{draw_title, draw_unreadable};
use crate::tui::widgets::draw::{below, put, row};
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the bytes of the selected buffer.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let (theme, frames) = (&model.theme, &model.frames);
    let has_keys = frames.pane == FramePane::Bytes;
    let bytes = frames.buffer();
    let name = frames.dissected.as_ref().and_then(|opened| {
        let DetailBuffer { title, from, .. } = opened.buffers.get(frames.bytes.buffer)?;
        let several = opened.buffers.len() > 1;
        let nth =
            if several { format!(" {} of {}", frames.bytes.buffer + 1, opened.buffers.len()) } else { String::new() };
        let length = text::format_quantity(bytes.len() as u64, "byte");
        let field = frames.selected_line().map(|line| line.field.name).filter(|name| !name.is_empty());
        let from = from.as_ref().and_then(|(source, range)| {
            let source = &opened.buffers.get(*source)?.title;
            Some(format!(" from {source} {:04x}-{:04x}", range.start, range.end.saturating_sub(1)))
        });
        let (from, field) = (from.unwrap_or_default(), field.map_or(String::new(), |field| format!("  {field}")));
        Some(format!("{title}{nth}: {length}{from}{field}"))
    });
    draw_title(model, area, buffer, name.as_deref().unwrap_or("Bytes"), has_keys);
    if let Some((_, error)) = model.unreadable_frame() {
        return draw_unreadable(model, below(area, 1), buffer, error);
    }
    if model.is_redacted {
        put(buffer, row(area, 1), "Bytes are hidden: secrets are redacted", theme.dim);
        return;
    }
    let chosen =
        frames.selected_line().filter(|line| line.buffer == frames.bytes.buffer).map(|line| line.bytes.clone());
    let is_found = |at: usize| frames.bytes.hit.as_ref().is_some_and(|found| found.contains(&at));
    // A search match is distinct from the field around it.
    let field_style = if frames.bytes.hit.is_some() { theme.cursor_off } else { theme.found };
    let width = offset_digits(frames);
    for nth in 0..area.height.saturating_sub(1) {
        let start = (frames.bytes.top + usize::from(nth)) * BYTES_PER_ROW;
        let line = row(area, nth + 1);
        let Some(shown) = bytes.get(start..bytes.len().min(start + BYTES_PER_ROW)).filter(|shown| !shown.is_empty())
        else {
            break;
        };
        put(buffer, line, &format!("{start:0width$x}", width = usize::from(width)), theme.dim);
        for (column, byte) in shown.iter().enumerate() {
            let at = start + column;
            let style = match () {
                () if at == frames.bytes.cursor && has_keys => theme.cursor,
                () if is_found(at) => theme.found,
                () if chosen.as_ref().is_some_and(|chosen| chosen.contains(&at)) => field_style,
                () => theme.text,
            };
            let [digits, text] = byte_columns(frames, column);
            // The space between two selected bytes is highlighted with them.
            let joined =
                column < 15 && chosen.as_ref().is_some_and(|chosen| chosen.contains(&at) && chosen.contains(&(at + 1)));
            let wide = if joined && style == field_style { if column == 7 { 4 } else { 3 } } else { 2 };
            let cell = |offset: u16, width: u16| {
                let left = area.width.saturating_sub(offset);
                Rect { x: area.x + offset.min(area.width), width: width.min(left), ..line }
            };
            put(buffer, cell(digits, wide), &format!("{byte:02x}{:wide$}", "", wide = usize::from(wide) - 2), style);
            let char = if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '·' };
            put(buffer, cell(text, 1), char.encode_utf8(&mut [0; 4]), style);
        }
    }
}
