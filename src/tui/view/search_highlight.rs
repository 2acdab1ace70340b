//! Highlighting of search matches on the screen.

use crate::tui::model::Model;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Highlights search matches in these areas. Each area is one row; the rows of one wrapped line form one group.
pub(crate) fn highlight_matches(model: &Model, lines: &[Vec<Rect>], buffer: &mut Buffer) {
    let Some(regex) = model.search.pattern_in(model.view) else { return };
    for rows in lines {
        let (mut text, mut cells) = (String::new(), Vec::new());
        for row in rows {
            let mut x = row.x;
            while x < row.right() && row.height > 0 {
                let Some(cell) = buffer.cell((x, row.y)) else { break };
                cells.push((text.len(), x, row.y));
                text.push_str(cell.symbol());
                // A wide character also occupies the cell after it.
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
