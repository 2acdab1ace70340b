//! The list of frames.

use super::{fill, nothing, put, row, table};
use crate::tui::model::Model;
use crate::tui::roster::{Column, column};
use crate::tui::{frames::Pane, text};
use dissectors::Severity;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The columns, after that of signs.
pub(crate) static COLUMNS: [Column; 7] = [
    column("#", [6, 6, 8], true, 0, "the number of the frame"),
    column("TIME", [table::TIME; 3], true, 0, "when it came"),
    column("SOURCE", [14, 14, 39], false, 2, "who sent it"),
    column("DESTINATION", [14, 14, 39], false, 2, "who it was sent to"),
    column("PROTOCOL", [8, 8, 10], false, 0, "the highest protocol in it"),
    column("LENGTH", [6, 6, 6], true, 3, "bytes on the wire"),
    column("INFO", [20, 20, 900], false, 0, "what it is about"),
];

/// Where the columns of fields are counted from.
const FIELDS: usize = COLUMNS.len();

/// As wide as the column of a field is at most.
const MOST_WIDTH: usize = 30;

/// What a frame's row has at its left: a mark, the frame of reference, how bad what is odd in it is.
const SIGNS: u16 = 2;

/// The places of columns, as wide as what they hold; the info has the rest.
pub(crate) fn places(model: &Model, area: Rect) -> Vec<table::Place> {
    let frames = &model.index.frames;
    let address = |row: &crate::browse::Row| row.source.len().max(row.destination.len());
    let most = if area.width < 110 { 15 } else { 39 };
    let longest = model.frames.rows.values().map(address).max().unwrap_or(0).clamp(11, most) as u16;
    let digits = frames.len().max(1).ilog10() as u16 + 1;
    let mut widths = vec![digits.max(4), model.time_width().max(7), longest, longest, 9, 6, u16::MAX];
    for (nth, field) in model.frames.fields.iter().enumerate() {
        let values = model.frames.rows.values().filter_map(|row| row.values.get(nth));
        let widest = values.map(|(_, value)| text::width(value)).max().unwrap_or(0);
        widths.push(widest.max(text::width(field.name)).min(MOST_WIDTH) as u16);
    }
    // The info has what is left.
    let mut shown: Vec<usize> = (0..FIELDS - 1).chain(FIELDS..widths.len()).chain([FIELDS - 1]).collect();
    shown.retain(|&column| column >= FIELDS || model.frames.hidden >> column & 1 == 0);
    let room = area.width.saturating_sub(SIGNS);
    let rank = |column: &usize| COLUMNS.get(*column).map_or(0, |column| column.rank);
    // The length is worth less than a readable info, the addresses are worth more.
    for (worst, info) in [(3, 40), (2, 12)] {
        let width = |column: &usize| widths.get(*column).map_or(0, |&width| width.min(info) + 1);
        if shown.iter().map(width).sum::<u16>() > room + 1 {
            shown.retain(|column| rank(column) < worst);
        }
    }
    let mut x = area.x + SIGNS;
    let place = |column: usize| {
        let width = widths.get(column).map_or(0, |&width| width.min(area.right().saturating_sub(x)));
        let place = table::Place { column, x: x.min(area.right()), width };
        x = x.saturating_add(width + 1).min(area.right());
        place
    };
    shown.into_iter().map(place).collect()
}

/// The words of a row, for copying.
pub(crate) fn text(model: &Model, frame: u32) -> String {
    let (Some(fact), Some(row)) =
        (model.index.frames.get(frame.saturating_sub(1) as usize), model.frames.rows.get(&frame))
    else {
        return String::new();
    };
    let time = model.times.tell(fact.time, model.time(1).unwrap_or(0), None, None);
    format!("{frame}  {time}  {}  {}  {}  {}  {}", row.source, row.destination, row.protocol, fact.length, row.info)
}

/// Draws the list.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let theme = &model.theme;
    let frames = &model.frames;
    let has_keys = frames.pane == Pane::List;
    let numbers = model.frame_numbers();
    let places = places(model, area);
    let title = |column: usize| {
        let title = match column.checked_sub(FIELDS) {
            _ if column == 1 => model.times.title(),
            None => COLUMNS.get(column).map_or("", |column| column.title),
            Some(nth) => frames.fields.get(nth).map_or("", |field| field.name),
        };
        super::sorted_title(frames.order.sort, column, title)
    };
    table::head(&COLUMNS, &places, row(area, 0), buffer, title, if has_keys { theme.head_on } else { theme.head });
    if numbers.len() == 0 {
        return nothing(model, area, buffer, "no frame yet", "no frame in this capture");
    }
    let (start, reference) = (model.time(1).unwrap_or(0), model.times.reference.and_then(|frame| model.time(frame)));
    let height = usize::from(area.height.saturating_sub(1));
    for (nth, place) in frames.list.seen(numbers.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(frame) = numbers.at(place) else { continue };
        let Some(fact) = model.index.frames.get(frame.saturating_sub(1) as usize) else { continue };
        let words = frames.rows.get(&frame);
        let on = place == frames.list.at;
        let cursor = if has_keys { theme.cursor } else { theme.cursor_off };
        if on {
            fill(buffer, line, cursor);
        }
        let (sign, style) = match fact.worst {
            _ if model.times.reference == Some(frame) => ("*", theme.key),
            Some(worst @ Severity::Error) => ("✗", theme.severity(worst)),
            Some(worst @ Severity::Warn) => ("!", theme.severity(worst)),
            _ => (" ", theme.text),
        };
        let mark = if model.marks.contains(&frame) { "●" } else { " " };
        put(buffer, Rect { width: 1, ..line }, mark, if on { cursor } else { theme.key });
        put(buffer, Rect { x: line.x + 1, width: 1, ..line }, sign, if on { cursor } else { style });
        for &at in &places {
            let before = || place.checked_sub(1).and_then(|place| model.time(numbers.at(place)?));
            let (words, style) = match at.column {
                0 => (frame.to_string(), theme.dim),
                1 => (model.times.tell(fact.time, start, before(), reference), theme.dim),
                2 => (words.map_or(String::new(), |row| row.source.clone()), theme.text),
                3 => (words.map_or(String::new(), |row| row.destination.clone()), theme.text),
                4 => {
                    let protocol = words.map_or(fact.protocol.name(), |row| row.protocol);
                    (protocol.to_owned(), theme.protocol(protocol))
                }
                5 => (fact.length.to_string(), theme.dim),
                column if column >= FIELDS => {
                    let value = words.and_then(|row| row.values.get(column - FIELDS));
                    (value.map_or(String::new(), |(_, value)| value.clone()), theme.name)
                }
                _ => {
                    let style = match fact.worst {
                        Some(worst) if worst >= Severity::Warn => theme.severity(worst),
                        _ => theme.text,
                    };
                    // The end of a long row is looked at in the tree.
                    let info = words.map_or("…", |row| &row.info);
                    (text::fit(info, area.width.into()).0.to_owned(), style)
                }
            };
            let style = if on { cursor } else { style };
            table::cell(buffer, line, at, &words, COLUMNS.get(at.column).is_some_and(|column| column.right), style);
        }
    }
}
