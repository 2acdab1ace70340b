//! An opened call: what it was, its phases as a waterfall, and its messages.

use super::{
    below, empty, fill, found, json, pieces, position, put, put_right, row, statistics, title as rule, unread,
};
use crate::browse::{Ask, Message, Phase};
use crate::capture::Call;
use crate::report::records;
use crate::tui::call::{self, Line, Pane};
use crate::tui::layout;
use crate::tui::model::{Model, View};
use crate::tui::phases;
use crate::tui::rows;
use crate::tui::text::{count, counted, width};
use crate::tui::theme::Theme;
use dissectors::exchange::Transfer;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::ops::Range;

/// As long as a line of JSON may be that is painted part by part.
const MOST_PAINTED: usize = 64 * 1024;

/// Lines above the panes.
pub(crate) const HEAD: u16 = 2;

/// Columns for the name of a phase and for how long it took.
const NAME: u16 = 12;
const TIME: u16 = 9;

/// A line of the pane that has the keys, for copying.
pub(crate) fn text(model: &Model, place: usize) -> String {
    let opened = &model.opened;
    match (opened.pane, opened.message(opened.pane)) {
        (Pane::Phases, _) => call::phase_lines(model).get(place).map_or(String::new(), |line| phase_text(model, *line)),
        (pane, message) => {
            let row = opened.rows(pane).get(place);
            let line = message.zip(row).map(|(message, row)| call::line(message, row.line as usize).0);
            line.unwrap_or_default().to_owned()
        }
    }
}

/// A line of the pane of phases.
pub(crate) fn phase_text(model: &Model, line: Line) -> String {
    let View::Call(number) = model.view else { return String::new() };
    let Some(call) = model.index.calls.get(number) else { return String::new() };
    match line {
        Line::Phase(phase) => {
            let [time, frames] = phase_words(model, call, phase);
            format!("{}  {time}  {frames}", phases::word(phase))
        }
        Line::Frame(frame) => frame_words(model, call, frame),
        Line::More(more) => not_listed(more),
    }
}

/// How long a phase took, and how many frames it has.
fn phase_words(model: &Model, call: &Call, phase: Phase) -> [String; 2] {
    let (spans, _) = phases::spans(call, model.index.streams.get(call.exchange.stream as usize));
    let time = match spans.iter().find(|span| span.phase == phase) {
        Some(span) => statistics::duration(span.length()),
        None if phase == Phase::Connect && call.exchange.nth > 0 => "reused".into(),
        None => "not seen".into(),
    };
    [time, counted(model.opened.count(phase) as u64, "frame")]
}

/// A frame of a phase: when it came, and what it is.
fn frame_words(model: &Model, call: &Call, frame: u32) -> String {
    let Some(fact) = model.index.frames.get(frame as usize - usize::from(frame > 0)) else { return String::new() };
    let start = call.exchange.request.or(call.exchange.response).map_or(fact.time, |transfer| transfer.first.time);
    let since = statistics::duration(fact.time.saturating_sub(start));
    let sign = if since.starts_with('-') { "" } else { "+" };
    let (number, name, length) = (format!("#{frame}"), fact.protocol.name(), count(fact.length.into()));
    format!("{number:>10}  {sign}{since:<9}  {name:<8}  {length} B")
}

/// Draws it.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let View::Call(number) = model.view else { return };
    let Some(call) = model.index.calls.get(number) else { return };
    draw_head(model, call, area, buffer);
    if model.opened.told.is_none() {
        let lost = model.why_unread(|ask| matches!(ask, Ask::Call(call) if *call == number));
        return match lost {
            Some(why) => unread(model, below(area, HEAD), buffer, why),
            None => empty(model, area, buffer, "reading"),
        };
    }
    for (pane, area) in Pane::ALL.into_iter().zip(layout::call_panes(model)) {
        if area.height == 0 || area.width == 0 {
            continue;
        }
        match pane {
            Pane::Phases => draw_phases(model, call, area, buffer),
            Pane::Request => draw_message(model, pane, ("Request", call.exchange.request), area, buffer),
            Pane::Response => draw_message(model, pane, ("Answer", call.exchange.response), area, buffer),
        }
    }
}

/// What was asked and answered, and by whom.
fn draw_head(model: &Model, call: &Call, area: Rect, buffer: &mut Buffer) {
    let (theme, exchange) = (&model.theme, &call.exchange);
    let status = match (exchange.status, exchange.response) {
        (Some(status), _) => status.to_string(),
        (None, Some(_)) => String::new(),
        (None, None) => "no answer".into(),
    };
    let paint = exchange.status.map_or(theme.bad, |status| theme.status(status));
    let taken = put_right(buffer, row(area, 0), &format!("{status} "), paint);
    let line = Rect { width: area.width.saturating_sub(taken + 1), ..row(area, 0) };
    let method = if exchange.request.is_some() { &*exchange.method } else { "(no request)" };
    pieces(
        buffer,
        line,
        [(" ", theme.text), (method, theme.name), (" ", theme.text), (&super::calls::url(call), theme.head_on)],
    );
    let [mut client, mut server] = [String::new(), String::new()];
    records::endpoint(&mut client, call.client);
    records::endpoint(&mut server, call.server);
    let body = |transfer: Option<Transfer>| match transfer {
        Some(transfer) if !transfer.complete => format!("{} (cut)", statistics::size(transfer.body)),
        Some(transfer) => statistics::size(transfer.body),
        None => "not seen".into(),
    };
    let rest = format!(
        "   stream {}   bodies: {} asked, {} answered",
        exchange.stream,
        body(exchange.request),
        body(exchange.response)
    );
    let parts = [
        (" ", theme.text),
        (&*client, theme.client),
        (" → ", theme.dim),
        (&*server, theme.server),
        (&*rest, theme.dim),
    ];
    pieces(buffer, row(area, 1), parts);
}

/// Frames of a phase that are too many to be listed.
fn not_listed(more: usize) -> String {
    format!("       and {} more", counted(more as u64, "frame"))
}

fn paint(theme: &Theme, phase: Phase) -> (&'static str, Style) {
    match phase {
        Phase::Connect => ("░", theme.connect),
        Phase::Request => ("▓", theme.client),
        Phase::Wait => ("▒", theme.wait),
        Phase::Download => ("█", theme.download),
    }
}

/// Draws the waterfall, and the frames of the phases that are unfolded.
fn draw_phases(model: &Model, call: &Call, area: Rect, buffer: &mut Buffer) {
    let (theme, opened) = (&model.theme, &model.opened);
    let has_keys = opened.pane == Pane::Phases;
    let (_, all) = phases::spans(call, model.index.streams.get(call.exchange.stream as usize));
    rule(model, area, buffer, &format!("Phases  {}", statistics::duration(all)), has_keys);
    let lines = call::phase_lines(model);
    let list = opened.list(Pane::Phases);
    for (nth, place) in list.seen(lines.len(), usize::from(area.height - 1)).enumerate() {
        let area = row(area, nth as u16 + 1);
        let cursor = Some(theme.cursor).filter(|_| has_keys && place == list.at);
        if let Some(style) = cursor {
            fill(buffer, area, style);
        }
        match lines.get(place) {
            Some(Line::Phase(phase)) => draw_phase(model, call, *phase, area, buffer, cursor),
            Some(Line::Frame(frame)) => {
                put(buffer, area, &frame_words(model, call, *frame), cursor.unwrap_or(theme.dim));
            }
            Some(Line::More(more)) => {
                put(buffer, area, &not_listed(*more), cursor.unwrap_or(theme.dim));
            }
            None => {}
        }
        found::paint(model, &[vec![area]], buffer);
    }
}

fn draw_phase(model: &Model, call: &Call, phase: Phase, line: Rect, buffer: &mut Buffer, cursor: Option<Style>) {
    let theme = &model.theme;
    let (block, style) = paint(theme, phase);
    let (spans, all) = phases::spans(call, model.index.streams.get(call.exchange.stream as usize));
    let span = spans.iter().find(|span| span.phase == phase);
    let fold = if model.opened.unfolded.contains(&phase) { "▾" } else { "▸" };
    let name = Rect { width: NAME.min(line.width), ..line };
    put(buffer, name, &format!(" {fold} {}", phases::word(phase)), cursor.unwrap_or(theme.text));
    let [words, frames] = phase_words(model, call, phase);
    let time = Rect { x: name.right(), width: TIME.min(line.right() - name.right()), ..line };
    put_right(buffer, time, &words, cursor.unwrap_or(if span.is_some() { theme.text } else { theme.dim }));
    let bars =
        Rect { x: (time.right() + 2).min(line.right()), width: line.right().saturating_sub(time.right() + 16), ..line };
    if let Some(span) = span {
        let (from, to) = phases::columns(span, all, bars.width);
        let bar = Rect { x: bars.x + from, width: to - from, ..bars };
        put(buffer, bar, &block.repeat(bar.width.into()), cursor.unwrap_or(style));
    }
    put_right(buffer, line, &format!("{frames} "), cursor.unwrap_or(theme.dim));
}

/// Draws a message: its lines, its headers and its body.
fn draw_message(
    model: &Model,
    pane: Pane,
    (name, transfer): (&str, Option<Transfer>),
    area: Rect,
    buffer: &mut Buffer,
) {
    let (theme, opened) = (&model.theme, &model.opened);
    let has_keys = opened.pane == pane;
    let Some(message) = opened.message(pane) else {
        rule(model, area, buffer, name, has_keys);
        put(buffer, row(area, 1), " not seen", theme.dim);
        return;
    };
    let title = format!("{name}  {}", about(message, transfer));
    rule(model, area, buffer, title.trim_end(), has_keys);
    let (list, rows) = (opened.list(pane), opened.rows(pane));
    let (height, room) = (usize::from(area.height - 1), layout::call_rooms(model)[pane as usize]);
    let left = if has_keys { opened.left } else { 0 };
    position(model, area, buffer, width(&title) + 4, &rows::position(rows, list, height, left, room));
    let mut seen: Vec<Vec<Rect>> = Vec::new();
    for (nth, place) in list.seen(rows.len(), height).enumerate() {
        let (line, Some(at)) = (row(area, nth as u16 + 1), rows.get(place)) else { continue };
        let (text, is_body) = call::line(message, at.line as usize);
        let on = has_keys && place == list.at;
        if on {
            fill(buffer, line, theme.cursor);
        }
        let inner = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
        let shown = if model.wraps { at.bytes() } else { rows::aside(text, left, room) };
        let parts = match (on, is_body) {
            (true, _) => vec![(text, theme.cursor)],
            (_, true) => body(theme, message, text),
            _ => head(theme, text, at.line == 0),
        };
        pieces(buffer, inner, clipped(parts, shown));
        if at.start > 0 {
            put(buffer, Rect { width: 1, ..line }, CONTINUED, if on { theme.cursor } else { theme.dim });
        }
        match seen.last_mut().filter(|_| at.start > 0) {
            Some(rows) => rows.push(inner),
            None => seen.push(vec![inner]),
        }
    }
    found::paint(model, &seen, buffer);
}

/// What stands before a row that continues a line.
pub(crate) const CONTINUED: &str = "↳";

/// Of the parts of a text those that lie in what is shown of it.
fn clipped(parts: Vec<(&str, Style)>, shown: Range<usize>) -> impl Iterator<Item = (&str, Style)> {
    let mut at = 0;
    parts.into_iter().filter_map(move |(part, style)| {
        let (from, to) = (shown.start.saturating_sub(at), shown.end.saturating_sub(at).min(part.len()));
        at += part.len();
        part.get(from..to).map(|part| (part, style))
    })
}

/// What the body of a message is, how much of it is shown, and how much there is.
fn about(message: &Message, transfer: Option<Transfer>) -> String {
    if message.told == 0 {
        return message.kind.clone();
    }
    let (told, wire) = (statistics::size(message.told), transfer.map_or(0, |transfer| transfer.body));
    let amount = match message.coding.as_str() {
        "" if message.told < wire => format!("{told} shown of {}", statistics::size(wire)),
        "" => told,
        coding => format!("{told} ({coding}, {} on the wire)", statistics::size(wire)),
    };
    if message.kind.is_empty() { amount } else { format!("{}, {amount}", message.kind) }
}

/// A line before the body: a start line, or a name and a value.
fn head<'t>(theme: &Theme, text: &'t str, is_first: bool) -> Vec<(&'t str, Style)> {
    match text.split_once(':') {
        _ if is_first => vec![(text, theme.head_on)],
        Some((name, _)) => {
            let (name, value) = text.split_at(name.len() + 1);
            vec![(name, theme.name), (value, theme.text)]
        }
        None => vec![(text, theme.text)],
    }
}

fn body<'t>(theme: &Theme, message: &Message, text: &'t str) -> Vec<(&'t str, Style)> {
    let kind = message.kind.as_str();
    match () {
        () if kind.ends_with("json") && text.len() <= MOST_PAINTED => {
            json::parts(text).map(|(text, part)| (text, json::style(theme, part))).collect()
        }
        // What is said of a body that is no text, and of parts.
        () if (message.body.len() == 1 || kind.starts_with("multipart/"))
            && text.starts_with('[')
            && !kind.starts_with("text/") =>
        {
            vec![(text, theme.fair)]
        }
        () => vec![(text, theme.text)],
    }
}
