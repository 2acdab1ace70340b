//! Line wrapping: lines longer than the screen is wide, wrapped into rows or kept as one row each.

use crate::tui::widgets::scroll::ScrollState;
use crate::tui::widgets::text::format_count;
use dissectors::format;
use std::fmt::Write;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Maximum bytes of one character, including combining marks.
const MAX_CHAR_BYTES: usize = 64;

/// Part of a line that is shown in one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrappedRow {
    /// Index of the line.
    pub(crate) line: u32,
    /// Byte range in the line.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Width in columns.
    pub(crate) width: u32,
}

impl WrappedRow {
    /// Returns the byte range in the line.
    pub(crate) fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Lines divided into rows.
#[derive(Debug, Default)]
pub(crate) struct WrappedLines {
    rows: Vec<WrappedRow>,
    /// Width at which the lines were wrapped, `Some(None)` if they were not; `None` before the first layout.
    wrap_width: Option<Option<usize>>,
}

impl WrappedLines {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<WrappedRow> {
        self.rows.get(index).copied()
    }

    /// Returns the row that shows a byte of a line.
    pub(crate) fn row_of(&self, line: u32, byte: u32) -> usize {
        self.rows.partition_point(|row| (row.line, row.start) <= (line, byte)).saturating_sub(1)
    }

    /// Returns the width of the widest row in a range.
    pub(crate) fn widest(&self, indexes: Range<usize>) -> usize {
        let rows = self.rows.get(indexes).unwrap_or_default();
        rows.iter().map(|row| row.width as usize).max().unwrap_or(0)
    }

    /// Removes all rows, as the lines have changed.
    pub(crate) fn clear(&mut self) {
        *self = WrappedLines::default();
    }

    /// Divides lines into rows, unless that is done. Wraps at `room` columns, if given. The list keeps its position.
    pub(crate) fn wrap<'t>(
        &mut self,
        room: Option<usize>,
        lines: impl Iterator<Item = &'t str>,
        list: &mut ScrollState,
    ) {
        if self.wrap_width == Some(room) {
            return;
        }
        let [at, top] = [list.cursor, list.top].map(|index| self.get(index));
        self.wrap_width = Some(room);
        self.rows.clear();
        for (line, text) in (0u32..).zip(lines) {
            wrap(text, room, |start, end, width| {
                self.rows.push(WrappedRow { line, start: start as u32, end: end as u32, width: width as u32 });
            });
        }
        let index = |row: Option<WrappedRow>| row.map(|row| self.row_of(row.line, row.start));
        (list.cursor, list.top) = (index(at).unwrap_or(list.cursor), index(top).unwrap_or(list.top));
    }
}

/// Calls `each` with the start, end and width of each row of a line.
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
        // A row of combining marks alone has no width, and is cut all the same.
        let is_full =
            width + wide > room || room < usize::MAX && at + char.len() - start > room.saturating_mul(MAX_CHAR_BYTES);
        if is_full && at > start {
            each(start, at, width);
            (start, width) = (at, 0);
        }
        at += char.len();
        width += wide;
    }
    each(start, at, width);
}

/// Returns the characters of a text as readers see them (UAX #29 3), limited to [`MAX_CHAR_BYTES`] bytes each.
fn chars(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let char = format::prefix(rest, MAX_CHAR_BYTES).graphemes(true).next()?;
        rest = rest.get(char.len()..)?;
        Some(char)
    })
}

/// Returns the bytes of a text that are visible with `left` columns scrolled off.
pub(crate) fn visible_range(text: &str, left: usize, room: usize) -> Range<usize> {
    // One column more, to detect that the text is cut.
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

/// Returns the scroll offset half a screen further right, at most the end of the widest row.
pub(crate) fn scrolled_right(left: usize, room: usize, widest: usize) -> usize {
    left.saturating_add((room / 2).max(1)).min(widest.saturating_sub(room)).max(left)
}

/// Returns the visible rows and columns as text; empty if everything is visible.
pub(crate) fn position_text(
    rows: &WrappedLines,
    list: &ScrollState,
    height: usize,
    left: usize,
    room: usize,
) -> String {
    let seen = list.visible(rows.len(), height);
    let widest = rows.widest(seen.clone());
    let mut text = String::new();
    if seen.is_empty() {
        return text;
    }
    if seen.len() < rows.len() {
        let unit = if rows.wrap_width == Some(None) { "lines" } else { "rows" };
        let _ = write!(
            text,
            "{unit} {}–{} of {}",
            format_count(seen.start as u64 + 1),
            format_count(seen.end as u64),
            format_count(rows.len() as u64)
        );
    }
    if left > 0 || widest > room {
        let comma = if text.is_empty() { "" } else { ", " };
        let last = widest.min(left.saturating_add(room)).max(left);
        let _ = write!(
            text,
            "{comma}columns {}–{} of {}",
            format_count(left as u64 + 1),
            format_count(last as u64),
            format_count(widest as u64)
        );
    }
    text
}

/// Returns the column of a byte of a text.
pub(crate) fn column_of(text: &str, byte: usize) -> usize {
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
        // A grapheme cluster stays together.
        assert_eq!(wrapped("ae\u{301}b", 2), [("ae\u{301}", 2), ("b", 1)]);
        assert_eq!(wrapped("a❤\u{fe0f}", 2), [("a", 1), ("❤\u{fe0f}", 2)]);
    }

    #[test]
    fn endless_combining_marks_are_cut() {
        let text = format!("a{}", "\u{301}".repeat(100_000));
        let rows = wrapped(&text, 10);
        assert!(rows.len() > 100 && rows.iter().all(|(row, _)| row.len() <= 11 * MAX_CHAR_BYTES), "{}", rows.len());
        assert_eq!(rows.iter().map(|(row, _)| row.len()).sum::<usize>(), text.len());
    }

    #[test]
    fn the_cursor_keeps_its_place_in_the_text() {
        let lines = ["a".repeat(25), "b".repeat(25)];
        let (mut rows, mut list) = (WrappedLines::default(), ScrollState::default());
        rows.wrap(Some(10), lines.iter().map(String::as_str), &mut list);
        assert_eq!(rows.len(), 6);
        list.set_cursor(4);
        rows.wrap(Some(5), lines.iter().map(String::as_str), &mut list);
        assert_eq!(
            (rows.get(list.cursor), rows.len()),
            (Some(WrappedRow { line: 1, start: 10, end: 15, width: 5 }), 10)
        );
        rows.wrap(None, lines.iter().map(String::as_str), &mut list);
        assert_eq!((list.cursor, rows.len(), rows.widest(0..2)), (1, 2, 25));
        assert_eq!(rows.row_of(1, 20), 1);
    }

    #[test]
    fn text_is_scrolled_by_columns() {
        let seen = |text: &'static str, left, room| &text[visible_range(text, left, room)];
        assert_eq!(seen("abcdef", 2, 2), "cde");
        assert_eq!(seen("abcdef", 9, 2), "");
        assert_eq!(seen("日本語", 2, 1), "本");
        assert_eq!(seen("日本語", 3, 9), "語");
        assert_eq!(
            [
                scrolled_right(0, 10, 4),
                scrolled_right(0, 10, 12),
                scrolled_right(0, 10, 40),
                scrolled_right(30, 10, 32)
            ],
            [0, 2, 5, 30]
        );
        assert_eq!((column_of("日本語", 3), column_of("abc", 2)), (2, 2));
    }
}
