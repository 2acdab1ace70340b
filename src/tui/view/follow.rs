//! What both sides of a connection said.

use super::{empty, fill, pieces, put, row};
use crate::report::records;
use crate::tui::model::{Model, View};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A line, for searching and copying.
pub(crate) fn text(model: &Model, place: usize) -> String {
    let line = || {
        let (said, line) = *model.follow.lines.get(place)?;
        model.follow.said.get(said as usize)?.lines.get(line as usize).cloned()
    };
    line().unwrap_or_default()
}

/// Draws it.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, follow) = (&model.theme, &model.follow);
    let View::Follow(stream) = model.view else { return };
    if let Some(stream) = model.index.streams.get(stream as usize) {
        let [mut client, mut server] = [String::new(), String::new()];
        records::endpoint(&mut client, stream.client);
        records::endpoint(&mut server, stream.server);
        let more = if follow.more { "   there is more than is shown" } else { "" };
        let parts = [
            ("> ", theme.client),
            (&client, theme.client),
            ("   < ", theme.server),
            (&server, theme.server),
            (more, theme.warn),
        ];
        pieces(buffer, row(area, 0), parts);
    }
    if follow.lines.is_empty() {
        return empty(model, area, buffer, if follow.known { "neither side said anything" } else { "reading" });
    }
    for (nth, place) in follow.list.seen(follow.lines.len(), usize::from(area.height.saturating_sub(1))).enumerate() {
        let Some((said, line)) =
            follow.lines.get(place).and_then(|&(said, line)| Some((follow.said.get(said as usize)?, line)))
        else {
            continue;
        };
        let area = row(area, nth as u16 + 1);
        let (sign, style) = if said.from_client { ("> ", theme.client) } else { ("< ", theme.server) };
        let on = place == follow.list.at;
        let style = if on { theme.cursor } else { style };
        if on {
            fill(buffer, area, style);
        }
        let frame = if line == 0 { format!("{:>7} ", said.frame) } else { " ".repeat(8) };
        let words = said.lines.get(line as usize).map_or("", String::as_str);
        let taken = pieces(buffer, area, [(&*frame, if on { style } else { theme.dim }), (sign, style)]);
        let words = super::call::after(words, &mut follow.left.clone());
        put(buffer, Rect { x: area.x + taken, width: area.width - taken, ..area }, words, style);
    }
}
