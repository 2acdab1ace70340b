//! What was found, painted wherever it is seen.

use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Paints what was looked for in what stands in these areas of one row each; those of one line are together.
pub(crate) fn paint(model: &Model, lines: &[Vec<Rect>], buffer: &mut Buffer) {
    let Some(regex) = model.search.seen_in(model.view) else { return };
    for rows in lines {
        let (mut text, mut cells) = (String::new(), Vec::new());
        for row in rows {
            let mut x = row.x;
            while x < row.right() && row.height > 0 {
                let Some(cell) = buffer.cell((x, row.y)) else { break };
                cells.push((text.len(), x, row.y));
                text.push_str(cell.symbol());
                // What follows a wide character belongs to it.
                x += (cell.symbol().width() as u16).max(1);
            }
        }
        for found in regex.find_iter(text.as_bytes()).filter(|found| !found.is_empty()) {
            let from = cells.partition_point(|&(at, ..)| at <= found.start()).saturating_sub(1);
            let to = cells.partition_point(|&(at, ..)| at < found.end());
            for &(_, x, y) in cells.get(from..to).unwrap_or_default() {
                if let Some(cell) = buffer.cell_mut((x, y)) {
                    cell.set_style(model.theme.found);
                }
            }
        }
    }
}
