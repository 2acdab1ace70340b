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

/// The width of a column of times in the table: how long they are is known when they are.
pub(crate) const TIME: u16 = u16::MAX;

/// A column that is shown: which, from where, how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) column: usize,
    pub(crate) x: u16,
    pub(crate) width: u16,
}

/// Columns of this rank or higher are shown only where the others are as wide as they should be.
const LUXURY: u8 = 4;

/// The columns that fit into a room, from `x` on. `hidden` ones are left out, a bit each; those that show times are as
/// wide as `time` says.
pub(crate) fn places(columns: &[Column], hidden: u32, time: u16, x: u16, room: u16) -> Vec<Place> {
    let mut shown: Vec<usize> = (0..columns.len()).filter(|column| hidden >> column & 1 == 0).collect();
    let widths = |column: &usize| {
        let widths = columns.get(*column).map_or([0; 3], |column| column.width);
        widths.map(|width| if width == TIME { time } else { width })
    };
    let sum = |shown: &[usize], nth: usize| -> u16 {
        let each = shown.iter().map(|column| widths(column).get(nth).copied().unwrap_or(0) + GAP);
        each.fold(0, u16::saturating_add).saturating_sub(GAP)
    };
    let rank = |column: &usize| columns.get(*column).map_or(0, |column| column.rank);
    for (nth, least) in [(1, LUXURY), (0, 1)] {
        while sum(&shown, nth) > room {
            let worst = shown.iter().map(rank).max().unwrap_or(0);
            if worst < least {
                break;
            }
            shown.retain(|column| rank(column) < worst);
        }
    }
    // What is left goes to those that can use it, in turns: first until they are as wide as they should be.
    let mut spare = room.saturating_sub(sum(&shown, 0));
    let mut placed: Vec<[u16; 3]> = shown.iter().map(widths).collect();
    for most in 1..3 {
        while spare > 0 && placed.iter().any(|width| width[0] < width[most]) {
            for width in &mut placed {
                if width[0] < width[most] && spare > 0 {
                    width[0] += 1;
                    spare -= 1;
                }
            }
        }
    }
    let mut at = x;
    let mut places = Vec::new();
    for (&column, [width, ..]) in shown.iter().zip(placed) {
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
        let right = columns.get(place.column).is_some_and(|column| column.right);
        cell(buffer, line, *place, &fit_title(title(place.column), place.width.into()), right, style);
    }
}

/// A title that fits; the arrow that says how rows are sorted is never cut off.
fn fit_title(mut title: String, room: usize) -> String {
    if let Some(arrow @ ('▾' | '▴')) = title.chars().last()
        && room > 0
    {
        title.pop();
        title.truncate(text::fit(&title, room - 1).0.len());
        title.push(arrow);
    }
    title
}

/// Draws a cell.
pub(crate) fn cell(buffer: &mut Buffer, line: Rect, place: Place, words: &str, right: bool, style: Style) {
    let area = Rect { x: place.x, width: place.width, ..line };
    let plain = text::plain(words);
    let plain = text::cut_cell(&plain, place.width.into());
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
        View::Notes => &model.notes.roster,
        View::Statistics => model.statistics.table()?,
        View::Frames => return column_of(super::frames::places(model, layout::panes(model).list), x),
        _ => return None,
    };
    column_of(places(roster.columns, roster.hidden, model.time_width(), body.x, body.width), x)
}

fn column_of(places: Vec<Place>, x: u16) -> Option<usize> {
    places.into_iter().find(|place| (place.x..place.x + place.width + GAP).contains(&x)).map(|place| place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrow_of_a_title_is_seen() {
        let fit = |title: &str, room| fit_title(title.into(), room);
        assert_eq!([fit("FRAMES▾", 6), fit("RTT▴", 7), fit("FRAMES", 4)], ["FRAME▾", "RTT▴", "FRAMES"]);
    }

    const fn column(title: &'static str, width: [u16; 3], rank: u8) -> Column {
        Column { title, about: "", width, right: false, rank }
    }

    #[test]
    fn columns_fit_the_room() {
        let columns = [
            column("a", [TIME; 3], 0),
            column("b", [10, 20, 40], 0),
            column("c", [6, 6, 6], 5),
            column("d", [5, 5, 9], 1),
        ];
        let widths = |room| {
            let places = places(&columns, 0, 4, 0, room);
            places.iter().map(|place| (place.column, place.width)).collect::<Vec<_>>()
        };
        assert_eq!(widths(38), [(0, 4), (1, 20), (2, 6), (3, 5)]);
        assert_eq!(widths(37), [(0, 4), (1, 23), (3, 8)]);
        assert_eq!(widths(22), [(0, 4), (1, 11), (3, 5)]);
        assert_eq!(widths(100), [(0, 4), (1, 40), (2, 6), (3, 9)]);
        assert_eq!(widths(12), [(0, 4), (1, 7)]);
        assert_eq!(widths(0), [(0, 0), (1, 0)]);
        for room in 0..60 {
            assert!(places(&columns, 2, 9, 3, room).iter().all(|place| place.x + place.width <= 3 + room));
        }
    }
}
