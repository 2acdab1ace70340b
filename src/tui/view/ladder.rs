//! The ladder of a conversation: a card that summarizes the handshake, and one arrow per segment or datagram.

use crate::browse::{BrowseRequest, LadderRow, SegmentKind};
use crate::report::quantity;
use crate::tui::model::ladder::labels;
use crate::tui::model::rows::{endpoint_text, stream_endpoints};
use crate::tui::model::{Model, View};
use crate::tui::panes::handshake_card;
use crate::tui::panes::handshake_card::{CardLine, TextStyle};
use crate::tui::panes::ladder::card_lines;
use crate::tui::view::{draw_empty, draw_title, draw_unreadable, search_highlight};
use crate::tui::widgets::draw::{fill, put, put_right, put_spans, row};
use crate::tui::widgets::text::{format_quantity, truncate_cell, width};
use crate::tui::widgets::theme::Theme;
use dissectors::session::ConversationId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Widths of the columns for the frame number and for the time since the previous segment.
const FRAME_WIDTH: u16 = 8;
const TIME_WIDTH: u16 = 9;

fn style(theme: &Theme, ladder_row: &LadderRow) -> Style {
    match ladder_row.kind {
        SegmentKind::Window if !ladder_row.is_anomalous => theme.dim,
        SegmentKind::Handshake => theme.connect,
        SegmentKind::Request => theme.client,
        SegmentKind::Response => theme.server,
        SegmentKind::Data => theme.text,
        SegmentKind::Acknowledgment | SegmentKind::KeepAlive => theme.dim,
        SegmentKind::Retransmission | SegmentKind::Window | SegmentKind::Anomaly => theme.warn,
        SegmentKind::Teardown => theme.good,
        SegmentKind::Reset => theme.bad,
    }
}

/// Returns the character an arrow is drawn with: heavy for data, dashed for retransmissions.
fn stroke(ladder_row: &LadderRow) -> &'static str {
    match ladder_row.kind {
        SegmentKind::Retransmission => "╌",
        SegmentKind::KeepAlive => "·",
        SegmentKind::Reset => "═",
        _ if ladder_row.len > 0 => "━",
        _ => "─",
    }
}

/// Returns an arrow of this width, between the two lifelines.
fn arrow(label: &str, stroke: &str, from_client: bool, columns: u16) -> String {
    // Fixed parts: two lifelines, the arrow head, a stroke on each side of the label, and spaces around the label.
    let spare = usize::from(columns).saturating_sub(width(label) + 7);
    let rest = stroke.repeat(spare + 1);
    match from_client {
        true => format!("│{stroke} {label} {rest}►│"),
        false => format!("│◄{rest} {label} {stroke}│"),
    }
}

/// Returns the width of the arrows.
fn arrow_width(width: u16) -> u16 {
    let room = width.saturating_sub(FRAME_WIDTH + TIME_WIDTH + 1);
    (room * 3 / 5).clamp(30, 64).min(room)
}

/// Draws the ladder.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, ladder) = (&model.theme, &model.ladder);
    let View::Ladder(open) = model.view else { return };
    if ladder.loaded.as_ref().is_none_or(|part| part.conversation != open) {
        return match model.query_error(
            |request| matches!(request, BrowseRequest::Ladder { conversation, .. } if *conversation == open),
        ) {
            Some(error) => draw_unreadable(model, area, buffer, error),
            None => draw_empty(model, area, buffer, "reading"),
        };
    }
    let card = card_lines(model);
    if let Some((title, [client, server])) = title(model, open) {
        draw_title(model, area, buffer, &title, true);
        draw_endpoints(row(area, card.len() as u16 + 1), buffer, theme, [&client, &server]);
    }
    for (line, nth) in card.iter().zip(1..) {
        draw_card_line(row(area, nth), buffer, theme, line);
    }
    let title = card.len() as u16 + 2;
    let height = usize::from(area.height.saturating_sub(title));
    let error = model
        .query_error(|request| matches!(request, BrowseRequest::Ladder { conversation, .. } if *conversation == open));
    for (nth, index) in ladder.list.visible(ladder.total(), height).enumerate() {
        let (line, on) = (row(area, title + nth as u16), index == ladder.list.cursor);
        let Some(ladder_row) = ladder.row(index) else {
            put(buffer, line, &format!(" {}", error.unwrap_or("reading")), if on { theme.cursor } else { theme.dim });
            continue;
        };
        let before = index.checked_sub(1).and_then(|before| ladder.row(before)).map(|ladder_row| ladder_row.time);
        draw_ladder_row(line, buffer, theme, ladder_row, before, on);
        search_highlight::highlight_matches(model, &[vec![line]], buffer);
    }
}

/// Returns the title of a ladder and its endpoints.
fn title(model: &Model, conversation: ConversationId) -> Option<(String, [String; 2])> {
    if let Some(stream) = conversation.tcp() {
        let stream = model.index.streams.get(stream as usize)?;
        return Some((handshake_card::title(model, stream), stream_endpoints(&model.index, stream)));
    }
    let call = model.index.calls.iter().find(|call| call.exchange.id.conversation == conversation)?;
    let last = model.ladder.loaded.as_ref().and_then(|part| part.rows.last()).map_or(0, |row| row.frame);
    let total = format_quantity(model.ladder.total() as u64, "datagram");
    Some((total, [call.client, call.server].map(|end| endpoint_text(&model.index, end, last))))
}

/// Draws the column titles and the endpoints above the lifelines.
fn draw_endpoints(line: Rect, buffer: &mut Buffer, theme: &Theme, [client, server]: [&str; 2]) {
    let columns = arrow_width(line.width);
    let from = (FRAME_WIDTH + TIME_WIDTH + 1).min(line.width);
    put_right(buffer, Rect { width: FRAME_WIDTH.min(line.width), ..line }, "FRAME", theme.head);
    put_right(
        buffer,
        Rect { x: line.x + FRAME_WIDTH, width: TIME_WIDTH.min(line.width.saturating_sub(FRAME_WIDTH)), ..line },
        "DELTA",
        theme.head,
    );
    let fits = width(client) + width(server) + 2 <= columns.into();
    let half = if fits { columns - width(server) as u16 } else { (line.width - from) / 2 };
    let left = Rect { x: line.x + from, width: half.min(line.width - from), ..line };
    let left_half = Rect { width: left.width.saturating_sub(1), ..left };
    let right_half = Rect { x: left.right(), width: line.right() - left.right(), ..line };
    for (half, end, style) in [(left_half, client, theme.client), (right_half, server, theme.server)] {
        put(buffer, half, &truncate_cell(end, half.width.into()), style);
    }
}

fn text_style(theme: &Theme, style: TextStyle) -> Style {
    match style {
        TextStyle::Plain => theme.text,
        TextStyle::Dim => theme.dim,
        TextStyle::Emphasis => theme.key,
        TextStyle::Error => theme.bad,
    }
}

/// Draws one line of the card.
fn draw_card_line(line: Rect, buffer: &mut Buffer, theme: &Theme, of: &CardLine) {
    let styled = |spans: &handshake_card::StyledText| -> Vec<(String, Style)> {
        spans.iter().map(|(text, style)| (text.clone(), text_style(theme, *style))).collect()
    };
    let inner = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
    match of {
        CardLine::Text(spans) => {
            put_spans(buffer, inner, styled(spans).iter().map(|(text, style)| (text.as_str(), *style)));
        }
        CardLine::Segment { frame, from_client, spans, timing } => {
            let side = if *from_client { theme.client } else { theme.server };
            let head = if *from_client { "──► " } else { "◄── " };
            let mut parts = vec![(format!("#{frame:<6} "), theme.dim), (head.into(), side)];
            parts.extend(styled(spans));
            parts.push((format!("  {timing}"), theme.dim));
            put_spans(buffer, inner, parts.iter().map(|(text, style)| (text.as_str(), *style)));
        }
    }
}

fn draw_ladder_row(
    line: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
    ladder_row: &LadderRow,
    before: Option<i64>,
    on: bool,
) {
    if on {
        fill(buffer, line, theme.cursor);
    }
    let paint = |style: Style| if on { theme.cursor } else { style };
    let columns = arrow_width(line.width);
    put_right(
        buffer,
        Rect { width: FRAME_WIDTH.min(line.width), ..line },
        &ladder_row.frame.to_string(),
        paint(theme.dim),
    );
    if let Some(before) = before {
        let mut time = String::new();
        quantity::duration(&mut time, ladder_row.time.saturating_sub(before));
        let cell =
            Rect { x: line.x + FRAME_WIDTH, width: TIME_WIDTH.min(line.width.saturating_sub(FRAME_WIDTH)), ..line };
        put_right(buffer, cell, &time, paint(theme.dim));
    }
    let style = style(theme, ladder_row);
    let labels = labels(ladder_row);
    let fits = |label: &&String| width(label) + 7 <= columns.into();
    let label = labels.iter().find(fits).or(labels.last()).map_or("", String::as_str);
    let x = line.x + (FRAME_WIDTH + TIME_WIDTH + 1).min(line.width);
    let arrow_area = Rect { x, width: columns.min(line.right() - x), ..line };
    put(buffer, arrow_area, &arrow(label, stroke(ladder_row), ladder_row.from_client, columns), paint(style));
    let x = (arrow_area.right() + 1).min(line.right());
    // The sign marks warnings on terminals without colors.
    let sign = if ladder_row.is_anomalous { "! " } else { "" };
    put_spans(
        buffer,
        Rect { x, width: line.right() - x, ..line },
        [(sign, paint(style)), (&*ladder_row.meaning(), paint(style))],
    );
}
