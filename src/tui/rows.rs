//! Lines that may be longer than the screen is wide: in as many rows as they need, or in one each.

use super::list::List;
use super::text::count;
use std::fmt::Write;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes that are taken for one character at most, however many marks it has.
const MOST: usize = 64;

/// The part of a line that stands in one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line.
    pub(crate) line: u32,
    /// Its bytes.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Columns that these take.
    pub(crate) width: u32,
}

impl Row {
    /// The bytes of its line that stand in the row.
    pub(crate) fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Lines in rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    /// They were wrapped at so many columns, or not at all; none before they were put in rows.
    room: Option<Option<usize>>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, place: usize) -> Option<Row> {
        self.rows.get(place).copied()
    }

    /// The row in which a byte of a line stands.
    pub(crate) fn place(&self, line: u32, byte: u32) -> usize {
        self.rows.partition_point(|row| (row.line, row.start) <= (line, byte)).saturating_sub(1)
    }

    /// How wide the widest of some rows is.
    pub(crate) fn widest(&self, places: Range<usize>) -> usize {
        let rows = self.rows.get(places).unwrap_or_default();
        rows.iter().map(|row| row.width as usize).max().unwrap_or(0)
    }

    /// Forgets all: the lines are others.
    pub(crate) fn clear(&mut self) {
        *self = Rows::default();
    }

    /// Puts lines into rows, if they are not, wrapped at so many columns if any are named. The list shows what it did.
    pub(crate) fn refresh<'t>(&mut self, room: Option<usize>, lines: impl Iterator<Item = &'t str>, list: &mut List) {
        if self.room == Some(room) {
            return;
        }
        let [at, top] = [list.at, list.top].map(|place| self.get(place));
        self.room = Some(room);
        self.rows.clear();
        for (line, text) in (0u32..).zip(lines) {
            wrap(text, room, |start, end, width| {
                self.rows.push(Row { line, start: start as u32, end: end as u32, width: width as u32 });
            });
        }
        let place = |row: Option<Row>| row.map(|row| self.place(row.line, row.start));
        (list.at, list.top) = (place(at).unwrap_or(list.at), place(top).unwrap_or(list.top));
    }
}

/// Tells for each row of a line where it begins and ends, and how wide it is.
fn wrap(text: &str, room: Option<usize>, mut each: impl FnMut(usize, usize, usize)) {
    let room = room.map_or(usize::MAX, |room| room.max(1));
    if text.is_ascii() {
        for start in (0..text.len().max(1)).step_by(room) {
            let end = text.len().min(start.saturating_add(room));
            each(start, end, end - start);
        }
        return;
    }
    let (mut start, mut at, mut width) = (0, 0, 0);
    for char in chars(text) {
        let wide = char.width();
        // A row of marks alone has no width, and is cut nevertheless.
        let is_full = width + wide > room || room < usize::MAX && at + char.len() - start > room.saturating_mul(MOST);
        if is_full && at > start {
            each(start, at, width);
            (start, width) = (at, 0);
        }
        at += char.len();
        width += wide;
    }
    each(start, at, width);
}

/// The characters of a text as a reader sees them (UAX #29 3), of a few bytes each.
fn chars(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let near = (0..=rest.len().min(MOST)).rev().find(|&end| rest.is_char_boundary(end))?;
        let char = rest.get(..near)?.graphemes(true).next()?;
        rest = rest.get(char.len()..)?;
        Some(char)
    })
}

/// The bytes of a text that are seen without its first columns.
pub(crate) fn aside(text: &str, left: usize, room: usize) -> Range<usize> {
    // One more, so that it is told where the text is cut.
    match text.is_ascii() {
        true => left.min(text.len())..left.saturating_add(room + 1).min(text.len()),
        false => {
            let (mut at, mut column) = (0, 0);
            let mut chars = chars(text);
            let mut upto = |column_end: usize, at: &mut usize| {
                while column < column_end {
                    let Some(char) = chars.next() else { break };
                    column += char.width();
                    *at += char.len();
                }
                *at
            };
            upto(left, &mut at)..upto(left.saturating_add(room + 1), &mut at)
        }
    }
}

/// How many columns are scrolled away after half a screen more, no more than show the end of the widest row.
pub(crate) fn right(left: usize, room: usize, widest: usize) -> usize {
    left.saturating_add((room / 2).max(1)).min(widest.saturating_sub(room)).max(left)
}

/// Which rows are seen of all, and which columns of the widest; empty where that is all there is.
pub(crate) fn position(rows: &Rows, list: &List, height: usize, left: usize, room: usize) -> String {
    let seen = list.seen(rows.len(), height);
    let widest = rows.widest(seen.clone());
    let mut words = String::new();
    if seen.is_empty() {
        return words;
    }
    if seen.len() < rows.len() {
        let what = if rows.room == Some(None) { "lines" } else { "rows" };
        let _ = write!(
            words,
            "{what} {}–{} of {}",
            count(seen.start as u64 + 1),
            count(seen.end as u64),
            count(rows.len() as u64)
        );
    }
    if left > 0 || widest > room {
        let comma = if words.is_empty() { "" } else { ", " };
        let last = widest.min(left.saturating_add(room)).max(left);
        let _ = write!(
            words,
            "{comma}columns {}–{} of {}",
            count(left as u64 + 1),
            count(last as u64),
            count(widest as u64)
        );
    }
    words
}

/// The column at which a byte of a text stands.
pub(crate) fn column(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| if before.is_ascii() { before.len() } else { before.width() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, room: usize) -> Vec<(&str, usize)> {
        let mut rows = Vec::new();
        wrap(text, Some(room), |start, end, width| rows.push((&text[start..end], width)));
        rows
    }

    #[test]
    fn lines_are_wrapped_at_columns() {
        assert_eq!(wrapped("", 4), [("", 0)]);
        assert_eq!(wrapped("abcd", 4), [("abcd", 4)]);
        assert_eq!(wrapped("abcde", 4), [("abcd", 4), ("e", 1)]);
        assert_eq!(wrapped("日本語", 5), [("日本", 4), ("語", 2)]);
        assert_eq!(wrapped("日本", 1), [("日", 2), ("本", 2)]);
        // What is one character to a reader stays together.
        assert_eq!(wrapped("ae\u{301}b", 2), [("ae\u{301}", 2), ("b", 1)]);
        assert_eq!(wrapped("a❤\u{fe0f}", 2), [("a", 1), ("❤\u{fe0f}", 2)]);
    }

    #[test]
    fn marks_without_end_are_cut() {
        let text = format!("a{}", "\u{301}".repeat(100_000));
        let rows = wrapped(&text, 10);
        assert!(rows.len() > 100 && rows.iter().all(|(row, _)| row.len() <= 11 * MOST), "{}", rows.len());
        assert_eq!(rows.iter().map(|(row, _)| row.len()).sum::<usize>(), text.len());
    }

    #[test]
    fn the_cursor_stays_where_it_is_in_the_text() {
        let lines = ["a".repeat(25), "b".repeat(25)];
        let (mut rows, mut list) = (Rows::default(), List::default());
        rows.refresh(Some(10), lines.iter().map(String::as_str), &mut list);
        assert_eq!(rows.len(), 6);
        list.put(4);
        rows.refresh(Some(5), lines.iter().map(String::as_str), &mut list);
        assert_eq!((rows.get(list.at), rows.len()), (Some(Row { line: 1, start: 10, end: 15, width: 5 }), 10));
        rows.refresh(None, lines.iter().map(String::as_str), &mut list);
        assert_eq!((list.at, rows.len(), rows.widest(0..2)), (1, 2, 25));
        assert_eq!(rows.place(1, 20), 1);
    }

    #[test]
    fn text_is_scrolled_by_columns() {
        let seen = |text: &'static str, left, room| &text[aside(text, left, room)];
        assert_eq!(seen("abcdef", 2, 2), "cde");
        assert_eq!(seen("abcdef", 9, 2), "");
        assert_eq!(seen("日本語", 2, 1), "本");
        assert_eq!(seen("日本語", 3, 9), "語");
        assert_eq!([right(0, 10, 4), right(0, 10, 12), right(0, 10, 40), right(30, 10, 32)], [0, 2, 5, 30]);
        assert_eq!((column("日本語", 3), column("abc", 2)), (2, 2));
    }
}
