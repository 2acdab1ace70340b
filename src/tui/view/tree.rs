//! The detail tree of a frame.

use crate::browse::SearchTarget;
use crate::tui::model::Model;
use crate::tui::model::frames::FramePane;
use crate::tui::view::{draw_title, draw_unreadable, search_highlight};
use crate::tui::widgets::draw::{below, fill, put, row};
use dissectors::FieldKind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the detail tree of the open frame.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let (theme, frames) = (&model.theme, &model.frames);
    let has_keys = frames.pane == FramePane::Tree;
    let Some(opened) = &frames.dissected else {
        let Some((frame, error)) = model.unreadable_frame() else {
            return draw_title(model, area, buffer, "Frame", has_keys);
        };
        draw_title(model, area, buffer, &format!("Frame {frame}"), has_keys);
        return draw_unreadable(model, below(area, 1), buffer, error);
    };
    draw_title(model, area, buffer, &format!("Frame {}", opened.frame), has_keys);
    // Until the response arrives, the tree is that of the previous frame.
    let stale = model.frame_numbers().get(frames.sorted_list.list.cursor) != Some(opened.frame);
    let height = usize::from(area.height.saturating_sub(1));
    let list = &frames.tree.list;
    for (nth, index) in list.visible(frames.tree.visible.len(), height).enumerate() {
        let Some(&at) = frames.tree.visible.get(index) else { continue };
        let Some(line) = opened.lines.get(at as usize) else { continue };
        let area = row(area, nth as u16 + 1);
        let style = match (index == list.cursor, has_keys, line.field.kind) {
            (true, true, _) => theme.cursor,
            (true, false, _) => theme.cursor_off,
            _ if stale => theme.dim,
            (.., FieldKind::Protocol) => theme.name,
            (.., FieldKind::Note(severity)) => theme.severity(severity),
            _ if line.bytes.is_empty() => theme.dim,
            _ => theme.text,
        };
        if index == list.cursor {
            fill(buffer, area, style);
        }
        let indent = (u16::from(line.depth) * 2).min(area.width / 2);
        let fold = match (frames.is_parent(at as usize), frames.is_open(at as usize)) {
            (true, true) => "▾ ",
            (true, false) => "▸ ",
            _ => "  ",
        };
        let area = Rect { x: area.x + indent, width: area.width - indent, ..area };
        let used = put(buffer, area, fold, style);
        let text = Rect { x: area.x + used, width: area.width - used, ..area };
        put(buffer, text, &line.text, style);
        if model.search.scope == SearchTarget::Tree {
            search_highlight::highlight_matches(model, &[vec![text]], buffer);
        }
    }
}
