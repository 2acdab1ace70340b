//! Drawing a list of calls, connections or notes: titles, and a line for each row.

use super::{fill, nothing, row, sorted_title, table};
use crate::tui::list::Numbers;
use crate::tui::model::Model;
use crate::tui::roster::Roster;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What stands in a list.
pub(crate) trait Sheet {
    /// What a row tells of.
    type Row;

    /// The row of this number.
    fn row(&self, number: u32) -> Option<&Self::Row>;

    /// When it began, in nanoseconds since 1970.
    fn begun(&self, row: &Self::Row) -> Option<i64>;

    /// The words of a cell, but for that of the time.
    fn words(&self, row: &Self::Row, column: usize) -> String;

    /// The style of a cell.
    fn style(theme: &Theme, row: &Self::Row, column: usize) -> Style;

    /// Draws a cell that has no words; false if it has.
    fn draw(row: &Self::Row, column: usize, cell: Rect, theme: &Theme, buffer: &mut Buffer) -> bool {
        let _ = (row, column, cell, theme, buffer);
        false
    }
}

/// Draws the rows of these numbers, or says why there are none yet, or will never be.
pub(crate) fn draw<S: Sheet>(
    model: &Model,
    (roster, numbers): (&Roster, &Numbers),
    sheet: &S,
    [yet, never]: [&'static str; 2],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = &model.theme;
    let columns = roster.columns;
    let is_time = |column: usize| columns.get(column).is_some_and(|column| column.width == [table::TIME; 3]);
    let places = table::places(columns, roster.hidden, model.time_width(), area.x, area.width);
    let title = |column: usize| {
        let own = columns.get(column).map_or("", |column| column.title);
        sorted_title(roster.sort, column, if is_time(column) { model.times.title() } else { own })
    };
    table::head(columns, &places, row(area, 0), buffer, title, theme.head);
    if numbers.len() == 0 {
        return nothing(model, area, buffer, yet, never);
    }
    let height = usize::from(area.height.saturating_sub(1));
    let start = model.time(1).unwrap_or(0);
    let reference = model.times.reference.and_then(|frame| model.time(frame));
    let begun = |place: usize| sheet.begun(sheet.row(numbers.at(place)?)?);
    for (nth, place) in roster.list.seen(numbers.len(), height).enumerate() {
        let line = row(area, nth as u16 + 1);
        let Some(shown) = numbers.at(place).and_then(|number| sheet.row(number)) else { continue };
        let on = place == roster.list.at;
        if on {
            fill(buffer, line, theme.cursor);
        }
        for &at in &places {
            let cell = Rect { x: at.x, width: at.width, ..line };
            if S::draw(shown, at.column, cell, theme, buffer) {
                continue;
            }
            let words = if is_time(at.column) {
                let before = place.checked_sub(1).and_then(begun);
                begun(place).map_or(String::new(), |moment| model.times.tell(moment, start, before, reference))
            } else {
                sheet.words(shown, at.column)
            };
            let style = if on { theme.cursor } else { S::style(theme, shown, at.column) };
            table::cell(buffer, line, at, &words, columns.get(at.column).is_some_and(|column| column.right), style);
        }
    }
}
