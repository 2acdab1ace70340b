//! The tree of a frame.

use super::{below, fill, put, row, title, unread};
use crate::tui::frames::Pane;
use crate::tui::model::Model;
use dissectors::Kind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the tree of the frame that is open.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let (theme, frames) = (&model.theme, &model.frames);
    let has_keys = frames.pane == Pane::Tree;
    let Some(opened) = &frames.opened else {
        let Some((frame, why)) = model.unread_frame() else { return title(model, area, buffer, "Frame", has_keys) };
        title(model, area, buffer, &format!("Frame {frame}"), has_keys);
        return unread(model, below(area, 1), buffer, why);
    };
    title(model, area, buffer, &format!("Frame {}", opened.frame), has_keys);
    // What is shown is that of another frame until the answer comes.
    let stale = model.frame_numbers().at(frames.list.at) != Some(opened.frame);
    let height = usize::from(area.height.saturating_sub(1));
    let list = &frames.tree.list;
    for (nth, place) in list.seen(frames.tree.seen.len(), height).enumerate() {
        let Some(&at) = frames.tree.seen.get(place) else { continue };
        let Some(line) = opened.lines.get(at as usize) else { continue };
        let area = row(area, nth as u16 + 1);
        let style = match (place == list.at, has_keys, line.field.kind) {
            (true, true, _) => theme.cursor,
            (true, false, _) => theme.cursor_off,
            _ if stale => theme.dim,
            (.., Kind::Protocol) => theme.name,
            (.., Kind::Note(severity)) => theme.severity(severity),
            _ if line.bytes.is_empty() => theme.dim,
            _ => theme.text,
        };
        if place == list.at {
            fill(buffer, area, style);
        }
        let indent = (u16::from(line.depth) * 2).min(area.width / 2);
        let fold = match (frames.is_parent(at as usize), frames.is_open(at as usize)) {
            (true, true) => "▾ ",
            (true, false) => "▸ ",
            _ => "  ",
        };
        let area = Rect { x: area.x + indent, width: area.width - indent, ..area };
        let taken = put(buffer, area, fold, style);
        put(buffer, Rect { x: area.x + taken, width: area.width - taken, ..area }, &line.text, style);
    }
}
