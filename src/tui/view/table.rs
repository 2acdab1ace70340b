//! Tables: which columns fit, and their cells.

use super::put;
use crate::tui::model::{Model, View};
use crate::tui::roster::Column;
use crate::tui::{layout, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns between two cells.
const GAP: u16 = 1;

/// A column that is shown: which, from where, how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) column: usize,
    pub(crate) x: u16,
    pub(crate) width: u16,
}

/// The columns that fit into a room, from `x` on. `hidden` ones are left out, a bit each.
pub(crate) fn places(columns: &[Column], hidden: u32, x: u16, room: u16) -> Vec<Place> {
    let mut shown: Vec<usize> = (0..columns.len()).filter(|column| hidden >> column & 1 == 0).collect();
    let least = |shown: &[usize]| -> u16 {
        let widths = shown.iter().filter_map(|&column| columns.get(column)).map(|column| column.width[0] + GAP);
        widths.sum::<u16>().saturating_sub(GAP)
    };
    let rank = |column: &usize| columns.get(*column).map_or(0, |column| column.rank);
    while least(&shown) > room {
        let worst = shown.iter().map(rank).max().unwrap_or(0);
        if worst == 0 {
            break;
        }
        shown.retain(|column| rank(column) < worst);
    }
    // What is left goes to those that can use it, in turns.
    let mut spare = room.saturating_sub(least(&shown));
    let mut widths: Vec<[u16; 2]> = shown.iter().filter_map(|&column| Some(columns.get(column)?.width)).collect();
    while spare > 0 && widths.iter().any(|[width, most]| width < most) {
        for [width, most] in &mut widths {
            if width < most && spare > 0 {
                *width += 1;
                spare -= 1;
            }
        }
    }
    let mut at = x;
    let mut places = Vec::new();
    for (&column, [width, _]) in shown.iter().zip(widths) {
        let width = width.min((x + room).saturating_sub(at));
        places.push(Place { column, x: at, width });
        at = at.saturating_add(width + GAP).min(x + room);
    }
    places
}

/// Draws the titles of columns.
pub(crate) fn head(
    columns: &[Column],
    places: &[Place],
    line: Rect,
    buffer: &mut Buffer,
    title: impl Fn(usize) -> String,
    style: Style,
) {
    for place in places {
        let Some(column) = columns.get(place.column) else { continue };
        cell(buffer, line, *place, &title(place.column), column.right, style);
    }
}

/// Draws a cell.
pub(crate) fn cell(buffer: &mut Buffer, line: Rect, place: Place, words: &str, right: bool, style: Style) {
    let area = Rect { x: place.x, width: place.width, ..line };
    let plain = text::plain(words);
    let width = text::width(&plain).min(place.width.into()) as u16;
    let x = if right { area.right() - width } else { area.x };
    put(buffer, Rect { x, width: area.right() - x, ..area }, &plain, style);
}

/// The column of the list of the view that is at a place.
pub(crate) fn column_at(model: &Model, x: u16) -> Option<usize> {
    let body = layout::screen(model).body;
    let roster = match model.view {
        View::Calls => &model.calls,
        View::Streams => &model.streams,
        _ => return None,
    };
    let places = places(roster.columns, roster.hidden, body.x, body.width);
    places.into_iter().find(|place| (place.x..place.x + place.width + GAP).contains(&x)).map(|place| place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn column(title: &'static str, width: [u16; 2], rank: u8) -> Column {
        Column { title, about: "", width, right: false, rank }
    }

    #[test]
    fn columns_fit_the_room() {
        let columns =
            [column("a", [4, 4], 0), column("b", [10, 30], 0), column("c", [6, 6], 2), column("d", [5, 9], 1)];
        let widths =
            |room| places(&columns, 0, 0, room).iter().map(|place| (place.column, place.width)).collect::<Vec<_>>();
        assert_eq!(widths(28), [(0, 4), (1, 10), (2, 6), (3, 5)]);
        assert_eq!(widths(27), [(0, 4), (1, 13), (3, 8)]);
        assert_eq!(widths(100), [(0, 4), (1, 30), (2, 6), (3, 9)]);
        assert_eq!(widths(12), [(0, 4), (1, 7)]);
        assert_eq!(widths(0), [(0, 0), (1, 0)]);
        for room in 0..60 {
            assert!(places(&columns, 2, 3, room).iter().all(|place| place.x + place.width <= 3 + room));
        }
    }
}
