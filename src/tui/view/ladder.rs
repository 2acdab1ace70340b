//! The ladder of a connection: the card of its handshake, and an arrow for each segment.

use super::{empty, fill, found, pieces, put, put_right, row, title as rule, unread};
use crate::browse::{Ask, Meaning, Rung};
use crate::report::{quantity, records};
use crate::tui::card::{self, Ink, Line};
use crate::tui::layout;
use crate::tui::model::{Model, View};
use crate::tui::text::width;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Columns for a frame's number and for the time since the segment before.
const FRAME: u16 = 8;
const TIME: u16 = 9;

/// Rungs that are seen at least, if need be without the card.
const LEAST: u16 = 6;

/// The card, if it is shown.
fn card(model: &Model) -> Vec<Line> {
    let lines = if model.ladder.folded { Vec::new() } else { card::lines(model) };
    let room = layout::screen(model).body.height.saturating_sub(2 + LEAST);
    if lines.len() <= room.into() { lines } else { Vec::new() }
}

/// Lines above the rungs.
pub(crate) fn title(model: &Model) -> u16 {
    2 + card(model).len() as u16
}

/// What a segment means, in words.
fn meaning(rung: &Rung) -> Cow<'_, str> {
    let word = match rung.meaning {
        Meaning::Handshake if !rung.words.is_empty() => Cow::from(format!("handshake  {}", rung.words)),
        _ if !rung.words.is_empty() => Cow::from(&rung.words),
        meaning => Cow::from(name(meaning)),
    };
    if rung.aside.is_empty() { word } else { format!("{word}; {}", rung.aside).into() }
}

fn name(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Handshake => "handshake",
        Meaning::Request => "request",
        Meaning::Answer => "answer",
        Meaning::Data => "data",
        Meaning::Acknowledgment => "acknowledgment",
        Meaning::Retransmission => "retransmission",
        Meaning::KeepAlive => "keep-alive",
        Meaning::Window => "window",
        Meaning::Teardown => "teardown",
        Meaning::Reset => "reset",
        Meaning::Odd => "odd",
    }
}

/// A rung in words, for searching.
pub(crate) fn text(model: &Model, place: usize) -> String {
    // On a narrow screen the arrow has shorter words.
    let text = |rung: &Rung| {
        let [long, short, ..] = labels(rung);
        format!("{} {long} {short} {}", rung.frame, meaning(rung))
    };
    model.ladder.rung(place).map_or(String::new(), text)
}

/// What stands on an arrow, in shorter and shorter words.
fn labels(rung: &Rung) -> [String; 4] {
    let ack = |before: &str| rung.ack.map_or(String::new(), |ack| format!("{before}{ack}"));
    let letters: String = rung.flags.split(", ").filter_map(|flag| flag.chars().next()).collect();
    let (flags, seq, len) = (&rung.flags, rung.seq, rung.len);
    [
        format!("{flags}  seq {seq}{}  len {len}", ack("  ack ")),
        format!("{flags} seq {seq}{} len {len}", ack(" ack ")),
        format!("{letters} seq {seq}{} len {len}", ack(" ack ")),
        format!("{letters} {seq}{} +{len}", ack(" a")),
    ]
}

fn style(theme: &Theme, rung: &Rung) -> Style {
    match rung.meaning {
        Meaning::Window if !rung.is_odd => theme.dim,
        Meaning::Handshake => theme.connect,
        Meaning::Request => theme.client,
        Meaning::Answer => theme.server,
        Meaning::Data => theme.text,
        Meaning::Acknowledgment | Meaning::KeepAlive => theme.dim,
        Meaning::Retransmission | Meaning::Window | Meaning::Odd => theme.warn,
        Meaning::Teardown => theme.good,
        Meaning::Reset => theme.bad,
    }
}

/// Of what an arrow is made: heavy with data, broken where it was sent before.
fn stroke(rung: &Rung) -> &'static str {
    match rung.meaning {
        Meaning::Retransmission => "╌",
        Meaning::KeepAlive => "·",
        Meaning::Reset => "═",
        _ if rung.len > 0 => "━",
        _ => "─",
    }
}

/// An arrow over a lane of this width.
fn arrow(label: &str, stroke: &str, from_client: bool, lane: u16) -> String {
    // The two lines of life, the head, a stroke before the label and one after it, and spaces around it.
    let spare = usize::from(lane).saturating_sub(width(label) + 7);
    let rest = stroke.repeat(spare + 1);
    match from_client {
        true => format!("│{stroke} {label} {rest}►│"),
        false => format!("│◄{rest} {label} {stroke}│"),
    }
}

/// How wide the lane of arrows is.
fn lane(width: u16) -> u16 {
    let room = width.saturating_sub(FRAME + TIME + 1);
    (room * 3 / 5).clamp(30, 64).min(room)
}

/// Draws it.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, ladder) = (&model.theme, &model.ladder);
    let View::Ladder(number) = model.view else { return };
    if ladder.part.as_ref().is_none_or(|part| part.stream != number) {
        return match model.why_unread(|ask| matches!(ask, Ask::Ladder { stream, .. } if *stream == number)) {
            Some(why) => unread(model, area, buffer, why),
            None => empty(model, area, buffer, "reading"),
        };
    }
    let card = card(model);
    if let Some(stream) = model.index.streams.get(number as usize) {
        rule(model, area, buffer, &card::title(model, stream), true);
        let [mut client, mut server] = [String::new(), String::new()];
        records::endpoint(&mut client, stream.client);
        records::endpoint(&mut server, stream.server);
        draw_ends(row(area, card.len() as u16 + 1), buffer, theme, [&client, &server]);
    }
    for (line, nth) in card.iter().zip(1..) {
        draw_line(row(area, nth), buffer, theme, line);
    }
    let title = card.len() as u16 + 2;
    let height = usize::from(area.height.saturating_sub(title));
    let why = model.why_unread(|ask| matches!(ask, Ask::Ladder { stream, .. } if *stream == number));
    for (nth, place) in ladder.list.seen(ladder.total(), height).enumerate() {
        let (line, on) = (row(area, title + nth as u16), place == ladder.list.at);
        let Some(rung) = ladder.rung(place) else {
            put(buffer, line, &format!(" {}", why.unwrap_or("reading")), if on { theme.cursor } else { theme.dim });
            continue;
        };
        let before = place.checked_sub(1).and_then(|before| ladder.rung(before)).map(|rung| rung.time);
        draw_rung(line, buffer, theme, rung, before, on);
        found::paint(model, &[vec![line]], buffer);
    }
}

/// Who stands at the ends of the lane.
fn draw_ends(line: Rect, buffer: &mut Buffer, theme: &Theme, [client, server]: [&str; 2]) {
    let lane = lane(line.width);
    let from = (FRAME + TIME + 1).min(line.width);
    put_right(buffer, Rect { width: FRAME.min(line.width), ..line }, "FRAME", theme.head);
    put_right(
        buffer,
        Rect { x: line.x + FRAME, width: TIME.min(line.width.saturating_sub(FRAME)), ..line },
        "AFTER",
        theme.head,
    );
    let fits = width(client) + width(server) + 2 <= lane.into();
    let half = if fits { lane - width(server) as u16 } else { (line.width - from) / 2 };
    let left = Rect { x: line.x + from, width: half.min(line.width - from), ..line };
    put(buffer, Rect { width: left.width.saturating_sub(1), ..left }, client, theme.client);
    put(buffer, Rect { x: left.right(), width: line.right() - left.right(), ..line }, server, theme.server);
}

fn ink(theme: &Theme, ink: Ink) -> Style {
    match ink {
        Ink::Plain => theme.text,
        Ink::Dim => theme.dim,
        Ink::Loud => theme.key,
        Ink::Bad => theme.bad,
    }
}

/// Draws a line of the card.
fn draw_line(line: Rect, buffer: &mut Buffer, theme: &Theme, of: &Line) {
    let painted = |words: &card::Words| -> Vec<(String, Style)> {
        words.iter().map(|(text, how)| (text.clone(), ink(theme, *how))).collect()
    };
    let inner = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
    match of {
        Line::Words(words) => {
            pieces(buffer, inner, painted(words).iter().map(|(text, style)| (text.as_str(), *style)));
        }
        Line::Segment { frame, from_client, words, aside } => {
            let side = if *from_client { theme.client } else { theme.server };
            let head = if *from_client { "──► " } else { "◄── " };
            let mut parts = vec![(format!("#{frame:<6} "), theme.dim), (head.into(), side)];
            parts.extend(painted(words));
            parts.push((format!("  {aside}"), theme.dim));
            pieces(buffer, inner, parts.iter().map(|(text, style)| (text.as_str(), *style)));
        }
    }
}

fn draw_rung(line: Rect, buffer: &mut Buffer, theme: &Theme, rung: &Rung, before: Option<i64>, on: bool) {
    if on {
        fill(buffer, line, theme.cursor);
    }
    let paint = |style: Style| if on { theme.cursor } else { style };
    let lane = lane(line.width);
    put_right(buffer, Rect { width: FRAME.min(line.width), ..line }, &rung.frame.to_string(), paint(theme.dim));
    if let Some(before) = before {
        let mut time = String::new();
        quantity::duration(&mut time, rung.time.saturating_sub(before));
        let place = Rect { x: line.x + FRAME, width: TIME.min(line.width.saturating_sub(FRAME)), ..line };
        put_right(buffer, place, &time, paint(theme.dim));
    }
    let style = style(theme, rung);
    let labels = labels(rung);
    let fits = |label: &&String| width(label) + 7 <= lane.into();
    let label = labels.iter().find(fits).or(labels.last()).map_or("", String::as_str);
    let x = line.x + (FRAME + TIME + 1).min(line.width);
    let place = Rect { x, width: lane.min(line.right() - x), ..line };
    put(buffer, place, &arrow(label, stroke(rung), rung.from_client, lane), paint(style));
    let x = (place.right() + 1).min(line.right());
    // What is not as it should be is told apart without colours too.
    let sign = if rung.is_odd { "! " } else { "" };
    pieces(
        buffer,
        Rect { x, width: line.right() - x, ..line },
        [(sign, paint(style)), (&*meaning(rung), paint(style))],
    );
}
