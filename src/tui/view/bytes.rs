//! The bytes of a frame.

use super::{below, put, row, title, unread};
use crate::tui::frames::{Frames, Pane};
use crate::tui::linked::PER_ROW;
use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Digits of the places at the left.
fn digits(frames: &Frames) -> u16 {
    let mut digits = 4;
    let mut len = frames.buffer().len() >> 16;
    while len > 0 {
        digits += 1;
        len >>= 4;
    }
    digits
}

/// Where the digits of the byte of a column stand, and where its character; from the left of the pane.
fn offsets(frames: &Frames, column: usize) -> [u16; 2] {
    let (column, start) = (column as u16, digits(frames) + 2);
    let half = u16::from(column >= 8);
    [start + column * 3 + half, start + 16 * 3 + 2 + column]
}

/// The column of the byte that is shown at `x` from the left of the pane.
pub(crate) fn column(frames: &Frames, x: u16) -> Option<usize> {
    (0..PER_ROW).find(|&column| {
        let [digits, text] = offsets(frames, column);
        (digits..digits + 3).contains(&x) || x == text
    })
}

/// Draws the bytes of the buffer that is shown.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let (theme, frames) = (&model.theme, &model.frames);
    let has_keys = frames.pane == Pane::Bytes;
    let bytes = frames.buffer();
    let name = frames.opened.as_ref().and_then(|opened| {
        let (name, _) = opened.buffers.get(frames.bytes.buffer)?;
        let several = opened.buffers.len() > 1;
        let nth =
            if several { format!(" {} of {}", frames.bytes.buffer + 1, opened.buffers.len()) } else { String::new() };
        let what = crate::tui::text::counted(bytes.len() as u64, "byte");
        let field = frames.line().map(|line| line.field.name).filter(|name| !name.is_empty());
        Some(format!("{name}{nth}: {what}{}", field.map_or(String::new(), |field| format!("  {field}"))))
    });
    title(model, area, buffer, name.as_deref().unwrap_or("Bytes"), has_keys);
    if let Some((_, why)) = model.unread_frame() {
        return unread(model, below(area, 1), buffer, why);
    }
    let chosen = frames.line().filter(|line| line.buffer == frames.bytes.buffer).map(|line| line.bytes.clone());
    let is_found = |at: usize| frames.bytes.found.as_ref().is_some_and(|found| found.contains(&at));
    let width = digits(frames);
    for nth in 0..area.height.saturating_sub(1) {
        let start = (frames.bytes.top + usize::from(nth)) * PER_ROW;
        let line = row(area, nth + 1);
        let Some(shown) = bytes.get(start..bytes.len().min(start + PER_ROW)).filter(|shown| !shown.is_empty()) else {
            break;
        };
        put(buffer, line, &format!("{start:0width$x}", width = usize::from(width)), theme.dim);
        for (column, byte) in shown.iter().enumerate() {
            let at = start + column;
            let style = match () {
                () if at == frames.bytes.at && has_keys => theme.cursor,
                () if is_found(at) => theme.found,
                () if chosen.as_ref().is_some_and(|chosen| chosen.contains(&at)) => theme.found,
                () => theme.text,
            };
            let [digits, text] = offsets(frames, column);
            // The space between two bytes of what is chosen belongs to it.
            let joined =
                column < 15 && chosen.as_ref().is_some_and(|chosen| chosen.contains(&at) && chosen.contains(&(at + 1)));
            let wide = if joined && style == theme.found { if column == 7 { 4 } else { 3 } } else { 2 };
            let place = |offset: u16, width: u16| {
                let left = area.width.saturating_sub(offset);
                Rect { x: area.x + offset.min(area.width), width: width.min(left), ..line }
            };
            put(buffer, place(digits, wide), &format!("{byte:02x}{:wide$}", "", wide = usize::from(wide) - 2), style);
            let char = if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '·' };
            put(buffer, place(text, 1), char.encode_utf8(&mut [0; 4]), style);
        }
    }
}
