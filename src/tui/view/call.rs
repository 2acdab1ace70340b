//! The call view: a summary, the phases as a waterfall, and both messages.

use crate::browse::{BrowseRequest, CallMessage, CallPhase};
use crate::capture::Call;
use crate::tui::model::call::{CallPane, PhaseLine, frame_text, phase_texts, unlisted_text};
use crate::tui::model::rows::endpoint_text;
use crate::tui::model::{Model, View, call, calls, phases};
use crate::tui::panes::call::HEAD_HEIGHT;
use crate::tui::panes::layout;
use crate::tui::view::{draw_empty, draw_position, draw_title, draw_unreadable, json, search_highlight};
use crate::tui::widgets::draw::{below, fill, put, put_right, put_spans, row};
use crate::tui::widgets::line_wrap;
use crate::tui::widgets::text::{duration, size, truncate_cell, width};
use crate::tui::widgets::theme::Theme;
use dissectors::exchange::Transfer;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use std::ops::Range;

/// Longest line of JSON with syntax highlighting, in bytes.
const MAX_HIGHLIGHTED: usize = 64 * 1024;

/// Widths of the columns for the name and for the duration of a phase.
const NAME_WIDTH: u16 = 12;
const TIME_WIDTH: u16 = 9;

/// Draws the call view.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let View::Call(number) = model.view else { return };
    let Some(call) = model.index.calls.get(number) else { return };
    draw_head(model, call, area, buffer);
    if model.call_view.details.is_none() {
        let error = model.query_error(|request| matches!(request, BrowseRequest::Call(call) if *call == number));
        return match error {
            Some(error) => draw_unreadable(model, below(area, HEAD_HEIGHT), buffer, error),
            None => draw_empty(model, area, buffer, "reading"),
        };
    }
    for (pane, area) in CallPane::ALL.into_iter().zip(layout::call_panes(model)) {
        if area.height == 0 || area.width == 0 {
            continue;
        }
        match pane {
            CallPane::Phases => draw_phases(model, call, area, buffer),
            CallPane::Request if call.exchange.is_one_way => {
                draw_message(model, pane, ("Message", call.exchange.request), area, buffer);
            }
            CallPane::Response if call.exchange.is_one_way => {
                draw_message(model, pane, ("Dialogue", None), area, buffer)
            }
            CallPane::Request => draw_message(model, pane, ("Request", call.exchange.request), area, buffer),
            CallPane::Response => draw_message(model, pane, ("Response", call.exchange.response), area, buffer),
        }
    }
}

/// Draws the summary: method, URL, status, endpoints and body sizes.
fn draw_head(model: &Model, call: &Call, area: Rect, buffer: &mut Buffer) {
    let (theme, exchange) = (&model.theme, &call.exchange);
    let is_missing = exchange.code.is_none() && exchange.lacks_response();
    let status = match is_missing {
        true if call.is_to_group() => "responses are in other conversations",
        true if exchange.has_unknown_response() => "unknown: not decrypted, or dropped at a limit",
        true => "no response",
        false => exchange.status.as_str(),
    };
    let paint = theme.status(exchange);
    let reason = match exchange.end_reason.as_str() {
        "" => String::new(),
        reason if status.is_empty() => reason.into(),
        reason => format!(", {reason}"),
    };
    let used = put_right(buffer, row(area, 0), &format!("{status}{reason} "), paint);
    let line = Rect { width: area.width.saturating_sub(used + 1), ..row(area, 0) };
    let method = match exchange.request {
        Some(_) => &*exchange.method,
        None if exchange.has_unknown_request => "(request unknown)",
        None => "(no request)",
    };
    put_spans(
        buffer,
        line,
        [(" ", theme.text), (method, theme.name), (" ", theme.text), (&calls::url(call), theme.head_on)],
    );
    let [client, server] = [call.client, call.server].map(|end| endpoint_text(&model.index, end, call.last_frame()));
    let body = |transfer: Option<Transfer>| match transfer {
        Some(transfer) if !transfer.complete => format!("{} (cut)", size(transfer.body)),
        Some(transfer) => size(transfer.body),
        None => "not seen".into(),
    };
    let bodies = match exchange.is_one_way {
        true => format!("  message {}", body(exchange.request)),
        false => format!("  request body {}, response body {}", body(exchange.request), body(exchange.response)),
    };
    let stream = format!("  stream {}", exchange.id.conversation);
    let line = row(area, 1);
    let [client, server] = fit_endpoints([&client, &server], usize::from(line.width).saturating_sub(" → ".len()));
    let parts = [
        (" ", theme.text),
        (&*client, theme.client),
        (" → ", theme.dim),
        (&*server, theme.server),
        (&*bodies, theme.dim),
    ];
    let used = put_spans(buffer, line, parts);
    // The stream number is shown only if it fits.
    let rest = Rect { x: line.x + used, width: line.width - used, ..line };
    if stream.len() <= rest.width.into() {
        put(buffer, rest, &stream, theme.dim);
    }
}

/// Cuts two endpoints to fit side by side. One gets the room that the other does not need.
fn fit_endpoints([client, server]: [&str; 2], room: usize) -> [Cow<'_, str>; 2] {
    let half = room / 2;
    let of_client = half.max(room.saturating_sub(server.len()));
    let of_server = room - of_client.min(client.len()).min(room);
    [truncate_cell(client, of_client), truncate_cell(server, of_server)]
}

fn phase_style(theme: &Theme, phase: CallPhase) -> (&'static str, Style) {
    match phase {
        CallPhase::Connect => ("░", theme.connect),
        CallPhase::Tls => ("▚", theme.connect),
        CallPhase::Pause => ("·", theme.dim),
        CallPhase::Request => ("▓", theme.client),
        CallPhase::Wait => ("▒", theme.wait),
        CallPhase::Download => ("█", theme.download),
    }
}

/// Draws the waterfall, and the frames of unfolded phases.
fn draw_phases(model: &Model, call: &Call, area: Rect, buffer: &mut Buffer) {
    let (theme, opened) = (&model.theme, &model.call_view);
    let has_keys = opened.pane == CallPane::Phases;
    let total = call.exchange.total().map_or(String::new(), |nanos| format!("  total {}", duration(nanos)));
    draw_title(model, area, buffer, &format!("Phases{total}"), has_keys);
    let lines = call::phase_lines(model);
    let list = opened.list(CallPane::Phases);
    for (nth, index) in list.visible(lines.len(), usize::from(area.height - 1)).enumerate() {
        let area = row(area, nth as u16 + 1);
        let cursor = Some(theme.cursor).filter(|_| has_keys && index == list.cursor);
        if let Some(style) = cursor {
            fill(buffer, area, style);
        }
        match lines.get(index) {
            Some(PhaseLine::Phase(phase)) => draw_phase(model, call, *phase, area, buffer, cursor),
            Some(PhaseLine::Frame(frame)) => {
                put(buffer, area, &frame_text(model, *frame), cursor.unwrap_or(theme.dim));
            }
            Some(PhaseLine::More(more)) => {
                put(buffer, area, &unlisted_text(*more), cursor.unwrap_or(theme.dim));
            }
            None => {}
        }
        search_highlight::highlight_matches(model, &[vec![area]], buffer);
    }
}

fn draw_phase(model: &Model, call: &Call, phase: CallPhase, line: Rect, buffer: &mut Buffer, cursor: Option<Style>) {
    let theme = &model.theme;
    let (block, style) = phase_style(theme, phase);
    let (spans, all) = call::phase_spans(model, call);
    let span = spans.iter().find(|span| span.phase == phase);
    let fold = if model.call_view.unfolded.contains(&phase) { "▾" } else { "▸" };
    let name = Rect { width: NAME_WIDTH.min(line.width), ..line };
    put(buffer, name, &format!(" {fold} {}", phases::name(phase)), cursor.unwrap_or(theme.text));
    let [duration, frames] = phase_texts(model, call, phase);
    let time = Rect { x: name.right(), width: TIME_WIDTH.min(line.right() - name.right()), ..line };
    put_right(buffer, time, &duration, cursor.unwrap_or(if span.is_some() { theme.text } else { theme.dim }));
    let bars =
        Rect { x: (time.right() + 2).min(line.right()), width: line.right().saturating_sub(time.right() + 16), ..line };
    if let Some(text) = span.and_then(|span| span.early_response_text()) {
        put(buffer, bars, &text, cursor.unwrap_or(theme.text));
    } else if let Some(span) = span {
        let (from, to) = phases::columns(span, all, bars.width);
        let bar = Rect { x: bars.x + from, width: to - from, ..bars };
        put(buffer, bar, &block.repeat(bar.width.into()), cursor.unwrap_or(style));
    }
    put_right(buffer, line, &format!("{frames} "), cursor.unwrap_or(theme.dim));
}

/// Draws a message: start line, header section and body.
fn draw_message(
    model: &Model,
    pane: CallPane,
    (name, transfer): (&str, Option<Transfer>),
    area: Rect,
    buffer: &mut Buffer,
) {
    let (theme, opened) = (&model.theme, &model.call_view);
    let has_keys = opened.pane == pane;
    let Some(message) = opened.message(pane) else {
        draw_title(model, area, buffer, name, has_keys);
        let text = if transfer.is_some() { " not decrypted" } else { " not seen" };
        put(buffer, row(area, 1), text, theme.dim);
        return;
    };
    let title = format!("{name}  {}", body_summary(message, transfer));
    draw_title(model, area, buffer, title.trim_end(), has_keys);
    let (list, rows) = (opened.list(pane), opened.rows(pane));
    let opened_line = opened.loaded.and_then(|call| opened.dialogue_line(call)).filter(|_| pane == CallPane::Response);
    let (height, room) = (usize::from(area.height - 1), layout::call_text_widths(model)[pane as usize]);
    let left = if has_keys { opened.scrolled_columns } else { 0 };
    draw_position(model, area, buffer, width(&title) + 4, &line_wrap::position_text(rows, list, height, left, room));
    let mut seen: Vec<Vec<Rect>> = Vec::new();
    for (nth, index) in list.visible(rows.len(), height).enumerate() {
        let (line, Some(at)) = (row(area, nth as u16 + 1), rows.get(index)) else { continue };
        let (text, is_body) = call::message_line(message, at.line as usize);
        let on = has_keys && index == list.cursor;
        if on {
            fill(buffer, line, theme.cursor);
        }
        let inner = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
        let shown = if model.wraps { at.bytes() } else { line_wrap::visible_range(text, left, room) };
        let spans = match (on, is_body) {
            (true, _) => vec![(text, theme.cursor)],
            (_, true) if opened_line == Some(at.line) => vec![(text, theme.head_on)],
            (_, true) => body_spans(theme, message, text),
            _ => head_spans(theme, text, at.line == 0),
        };
        put_spans(buffer, inner, clip_spans(spans, shown));
        if at.start > 0 {
            put(buffer, Rect { width: 1, ..line }, CONTINUATION_MARK, if on { theme.cursor } else { theme.dim });
        }
        match seen.last_mut().filter(|_| at.start > 0) {
            Some(rows) => rows.push(inner),
            None => seen.push(vec![inner]),
        }
    }
    search_highlight::highlight_matches(model, &seen, buffer);
}

/// Mark of a row that continues a wrapped line.
pub(crate) const CONTINUATION_MARK: &str = "↳";

/// Clips the styled parts of a text to the byte range that is shown.
fn clip_spans(spans: Vec<(&str, Style)>, shown: Range<usize>) -> impl Iterator<Item = (&str, Style)> {
    let mut at = 0;
    spans.into_iter().filter_map(move |(part, style)| {
        let (from, to) = (shown.start.saturating_sub(at), shown.end.saturating_sub(at).min(part.len()));
        at += part.len();
        part.get(from..to).map(|part| (part, style))
    })
}

/// Returns the media type of a message's body, the size shown, and the size and coding on the wire.
fn body_summary(message: &CallMessage, transfer: Option<Transfer>) -> String {
    if message.body_len == 0 {
        return message.kind.clone();
    }
    let (shown, wire) = (size(message.body_len), transfer.map_or(0, |transfer| transfer.body));
    let amount = match message.content_coding.as_str() {
        "" if message.body_len < wire => format!("first {shown} of {}", size(wire)),
        "" => shown,
        coding => format!("{shown} ({} {coding})", size(wire)),
    };
    if message.kind.is_empty() { amount } else { format!("{}, {amount}", message.kind) }
}

/// Returns the styled parts of a line before the body: the start line, or a field name and value.
fn head_spans<'t>(theme: &Theme, text: &'t str, is_first: bool) -> Vec<(&'t str, Style)> {
    match text.split_once(':') {
        _ if is_first => vec![(text, theme.head_on)],
        Some((name, _)) => {
            let (name, value) = text.split_at(name.len() + 1);
            vec![(name, theme.name), (value, theme.text)]
        }
        None => vec![(text, theme.text)],
    }
}

/// Returns the styled parts of a line of the body.
fn body_spans<'t>(theme: &Theme, message: &CallMessage, text: &'t str) -> Vec<(&'t str, Style)> {
    let kind = message.kind.as_str();
    match () {
        () if kind.ends_with("json") && text.len() <= MAX_HIGHLIGHTED => {
            json::tokens(text).map(|(text, part)| (text, json::token_style(theme, part))).collect()
        }
        // Remarks in brackets: a binary body, or a part of a multipart body.
        () if (message.body.len() == 1 || kind.starts_with("multipart/"))
            && text.starts_with('[')
            && !kind.starts_with("text/") =>
        {
            vec![(text, theme.notice)]
        }
        () => vec![(text, theme.text)],
    }
}

#[cfg(test)]
mod tests {
    use super::fit_endpoints;

    #[test]
    fn endpoints_that_are_cut_keep_their_ports() {
        let long = ["[2001:db8:1234:5678:9abc:def0:1234:5678]:50000", "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:8080"];
        assert_eq!(
            fit_endpoints(long, 75),
            ["[2001:db8:1234:567…0:1234:5678]:50000", "[2001:db8:aaaa:bbb…ddd:eeee:ffff]:8080"]
        );
        let [client, server] = fit_endpoints(["10.0.0.1:50000", long[1]], 50);
        assert_eq!(
            (&*client, server.ends_with("]:8080"), client.len() + server.chars().count()),
            ("10.0.0.1:50000", true, 50)
        );
        assert_eq!(fit_endpoints(["10.0.0.1:1", "10.0.0.2:2"], 75), ["10.0.0.1:1", "10.0.0.2:2"]);
    }
}
