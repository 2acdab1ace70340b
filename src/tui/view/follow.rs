//! The follow view: the data that both sides of a stream sent.

use crate::browse::BrowseRequest;
use crate::tui::model::rows::conversation_endpoints;
use crate::tui::model::{Model, View};
use crate::tui::panes::layout;
use crate::tui::view::call::CONTINUATION_MARK;
use crate::tui::view::{draw_empty, draw_unreadable, search_highlight};
use crate::tui::widgets::draw::{below, fill, put, put_spans, row};
use crate::tui::widgets::line_wrap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the follow view.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, follow) = (&model.theme, &model.follow);
    let View::Follow(conversation) = model.view else { return };
    let mut title = 0;
    if let Some([client, server]) = conversation_endpoints(model, conversation) {
        let part = follow.part_text().map_or(String::new(), |part| format!("   {part}"));
        let parts = [
            ("> ", theme.client),
            (&client, theme.client),
            ("   < ", theme.server),
            (&server, theme.server),
            (&part, theme.warn),
        ];
        title = put_spans(buffer, row(area, 0), parts).into();
    }
    let error = model.query_error(
        |request| matches!(request, BrowseRequest::Follow { data, .. } if data.conversation == conversation),
    );
    if let Some(error) = error.filter(|_| !follow.is_loaded) {
        return draw_unreadable(model, below(area, 1), buffer, error);
    }
    if model.is_redacted && !follow.has_messages {
        let hint = "Bytes are hidden: secrets are redacted. p shows the messages";
        return draw_empty(model, area, buffer, hint);
    }
    if follow.loaded.lines.is_empty() {
        return draw_empty(
            model,
            area,
            buffer,
            match (follow.is_loaded, follow.has_messages) {
                (false, _) => "reading",
                (true, true) => "No messages that are read. p shows the bytes",
                (true, false) => "No data in either direction",
            },
        );
    }
    let (height, room) = (usize::from(area.height.saturating_sub(1)), layout::follow_text_width(model));
    super::draw_position(
        model,
        area,
        buffer,
        title,
        &line_wrap::position_text(&follow.rows, &follow.list, height, follow.scrolled_columns, room),
    );
    let mut seen: Vec<Vec<Rect>> = Vec::new();
    for (nth, index) in follow.list.visible(follow.rows.len(), height).enumerate() {
        let Some(at) = follow.rows.get(index) else { continue };
        let Some(line) = follow.line(at.line) else { continue };
        let area = row(area, nth as u16 + 1);
        let (sign, style) = if line.from_client { ("> ", theme.client) } else { ("< ", theme.server) };
        let on = index == follow.list.cursor;
        let style = if on { theme.cursor } else { style };
        if on {
            fill(buffer, area, style);
        }
        let is_first = at.start == 0 && follow.starts_block(at.line);
        let frame = if is_first { format!("{:>7} ", line.frame) } else { " ".repeat(8) };
        let text = line.text.as_str();
        let shown =
            if model.wraps { at.bytes() } else { line_wrap::visible_range(text, follow.scrolled_columns, room) };
        let used = put_spans(buffer, area, [(&*frame, if on { style } else { theme.dim }), (sign, style)]);
        let inner = Rect { x: area.x + used, width: area.width - used, ..area };
        put(buffer, inner, text.get(shown).unwrap_or_default(), style);
        if at.start > 0 {
            put(buffer, Rect { width: 1, x: area.x + used.saturating_sub(3), ..area }, CONTINUATION_MARK, style);
        }
        match seen.last_mut().filter(|_| at.start > 0) {
            Some(rows) => rows.push(inner),
            None => seen.push(vec![inner]),
        }
    }
    search_highlight::highlight_matches(model, &seen, buffer);
}
