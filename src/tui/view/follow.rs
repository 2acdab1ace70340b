//! What both sides of a connection said.

use super::call::CONTINUED;
use super::{below, empty, fill, found, pieces, put, row, unread};
use crate::browse::Ask;
use crate::report::records;
use crate::tui::layout;
use crate::tui::model::{Model, View};
use crate::tui::rows;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns before what is said: the frame, and who says it.
pub(crate) const BEFORE: u16 = 10;

/// A line, for copying.
pub(crate) fn text(model: &Model, place: usize) -> String {
    let line = || {
        let row = model.follow.rows.get(place)?;
        let (said, line) = *model.follow.lines.get(row.line as usize)?;
        model.follow.said.get(said as usize)?.lines.get(line as usize).cloned()
    };
    line().unwrap_or_default()
}

/// Draws it.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, follow) = (&model.theme, &model.follow);
    let View::Follow(stream) = model.view else { return };
    let mut title = 0;
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
        title = pieces(buffer, row(area, 0), parts).into();
    }
    let lost = model.why_unread(|ask| matches!(ask, Ask::Follow(asked) if *asked == stream));
    if let Some(why) = lost.filter(|_| !follow.known) {
        return unread(model, below(area, 1), buffer, why);
    }
    if follow.lines.is_empty() {
        return empty(model, area, buffer, if follow.known { "neither side said anything" } else { "reading" });
    }
    let (height, room) = (usize::from(area.height.saturating_sub(1)), layout::follow_room(model));
    super::position(model, area, buffer, title, &rows::position(&follow.rows, &follow.list, height, follow.left, room));
    let mut seen: Vec<Vec<Rect>> = Vec::new();
    for (nth, place) in follow.list.seen(follow.rows.len(), height).enumerate() {
        let Some(at) = follow.rows.get(place) else { continue };
        let Some(&(said, line)) = follow.lines.get(at.line as usize) else { continue };
        let Some(said) = follow.said.get(said as usize) else { continue };
        let area = row(area, nth as u16 + 1);
        let (sign, style) = if said.from_client { ("> ", theme.client) } else { ("< ", theme.server) };
        let on = place == follow.list.at;
        let style = if on { theme.cursor } else { style };
        if on {
            fill(buffer, area, style);
        }
        let is_first = line == 0 && at.start == 0;
        let frame = if is_first { format!("{:>7} ", said.frame) } else { " ".repeat(8) };
        let text = said.lines.get(line as usize).map_or("", String::as_str);
        let shown = if model.wraps { at.bytes() } else { rows::aside(text, follow.left, room) };
        let taken = pieces(buffer, area, [(&*frame, if on { style } else { theme.dim }), (sign, style)]);
        let inner = Rect { x: area.x + taken, width: area.width - taken, ..area };
        put(buffer, inner, text.get(shown).unwrap_or_default(), style);
        if at.start > 0 {
            put(buffer, Rect { width: 1, x: area.x + taken.saturating_sub(3), ..area }, CONTINUED, style);
        }
        match seen.last_mut().filter(|_| at.start > 0) {
            Some(rows) => rows.push(inner),
            None => seen.push(vec![inner]),
        }
    }
    found::paint(model, &seen, buffer);
}
