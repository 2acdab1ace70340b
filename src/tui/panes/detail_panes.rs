//! Actions of the tree and bytes panes, and the columns of the hex dump.

use crate::tui::model::detail_panes::BYTES_PER_ROW;
use crate::tui::model::frames::{FramePane, FramesView};
use crate::tui::model::keys::Action;
use crate::tui::widgets::scroll::Move;

/// Runs an action of the tree pane.
pub(super) fn run_tree_action(frames: &mut FramesView, action: Action, height: usize) {
    let index = frames.selected_line_index();
    let (open, parent) = (frames.is_open(index), frames.is_parent(index));
    match action {
        Action::Move(step) => frames.tree.list.move_cursor(step, frames.tree.visible.len(), height),
        Action::Enter if parent => frames.set_open(!open),
        Action::Enter => frames.pane = FramePane::Bytes,
        Action::Right if parent && !open => frames.set_open(true),
        Action::Right => frames.tree.list.move_cursor(Move::Down, frames.tree.visible.len(), height),
        Action::Left if parent && open => frames.set_open(false),
        Action::Left => {
            let depth = frames.lines().get(index).map_or(0, |line| line.depth);
            let above = frames.lines().iter().take(index).rposition(|line| line.depth < depth);
            if let Some(above) = above {
                frames.rebuild_visible_lines(above);
            }
        }
        Action::Unfold => frames.set_all_open(true),
        Action::Fold => frames.set_all_open(false),
        Action::NextBuffer => return frames.next_buffer(),
        Action::SourceOfBuffer => return frames.source_of_buffer(),
        _ => return,
    }
    frames.tree.list.follows_end = false;
    frames.remember_line();
}

/// Runs an action of the bytes pane.
pub(super) fn run_bytes_action(frames: &mut FramesView, action: Action, height: usize) {
    let last = frames.buffer().len().saturating_sub(1);
    let page = height.saturating_sub(1).max(1) * BYTES_PER_ROW;
    let at = frames.bytes.cursor;
    let to = match action {
        Action::Left => at.saturating_sub(1),
        Action::Right => at + 1,
        // Up and down keep the column, so they stop at the first and last row.
        Action::Move(Move::Up) => at.checked_sub(BYTES_PER_ROW).unwrap_or(at),
        Action::Move(Move::Down) if at + BYTES_PER_ROW <= last => at + BYTES_PER_ROW,
        Action::Move(Move::PageUp) => at.checked_sub(page).unwrap_or(at % BYTES_PER_ROW),
        Action::Move(Move::PageDown) => at + page,
        Action::Move(Move::First) => 0,
        Action::Move(Move::Last) => last,
        Action::Enter => {
            frames.pane = FramePane::Tree;
            at
        }
        Action::NextBuffer => return frames.next_buffer(),
        Action::SourceOfBuffer => return frames.source_of_buffer(),
        _ => at,
    };
    frames.go_to_byte(to);
}

/// Returns the number of hex digits in the offset column.
pub(crate) fn offset_digits(frames: &FramesView) -> u16 {
    let mut digits = 4;
    let mut len = frames.buffer().len() >> 16;
    while len > 0 {
        digits += 1;
        len >>= 4;
    }
    digits
}

/// Returns the screen columns of a byte's hex digits and of its character, from the left edge of the pane.
pub(crate) fn byte_columns(frames: &FramesView, column: usize) -> [u16; 2] {
    let (column, start) = (column as u16, offset_digits(frames) + 2);
    let half = u16::from(column >= 8);
    [start + column * 3 + half, start + 16 * 3 + 2 + column]
}

/// Returns the column of the byte shown at `x` from the left edge of the pane.
pub(crate) fn column_at(frames: &FramesView, x: u16) -> Option<usize> {
    (0..BYTES_PER_ROW).find(|&column| {
        let [digits, text] = byte_columns(frames, column);
        (digits..digits + 3).contains(&x) || x == text
    })
}
