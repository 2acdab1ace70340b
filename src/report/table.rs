//! A table whose rows are written as they come: columns grow with what they hold and never shrink.

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// What stands above it.
    pub(super) title: &'static str,
    /// As many characters as it has from the start; more if the title has.
    pub(super) width: usize,
    /// As many as it grows to; what is longer pushes the rest of its row to the right.
    pub(super) most: usize,
    pub(super) align: Align,
    /// Which columns a narrow terminal goes without: those of the highest number first, those of 0 never; these are made
    /// narrower, the widest first.
    pub(super) rank: u8,
}

/// To which side cells lean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// The widths of a table's columns, and what of it fits.
pub(super) struct Table {
    /// The columns that are shown, from left to right.
    shown: Vec<Shown>,
    room: Option<usize>,
}

struct Shown {
    column: &'static Column,
    /// The place of its cell in a row.
    cell: usize,
    /// Its width now.
    width: usize,
}

const GAP: usize = 2;
const SPACES: &str = "                                ";

impl Table {
    /// A table of the columns that are some; on a terminal of `room` characters a line, columns are left out and cells
    /// are cut so that rows fit.
    pub(super) fn new(columns: impl Iterator<Item = Option<&'static Column>>, room: Option<usize>) -> Table {
        let start = |column: &Column| column.width.max(column.title.chars().count());
        let mut shown: Vec<Shown> = columns
            .enumerate()
            .filter_map(|(cell, column)| column.map(|column| Shown { column, cell, width: start(column) }))
            .collect();
        while room.is_some_and(|room| total(&shown) > room) {
            let last = shown.iter().map(|shown| shown.column.rank).max().unwrap_or(0);
            if last == 0 {
                break;
            }
            shown.retain(|shown| shown.column.rank < last);
        }
        while room.is_some_and(|room| total(&shown) > room) {
            match shown.iter_mut().max_by_key(|shown| shown.width) {
                Some(widest) if widest.width > 1 => widest.width -= 1,
                _ => break,
            }
        }
        // What room is left goes to the column that can use most of it.
        let spare = room.map_or(0, |room| room.saturating_sub(total(&shown)));
        if let Some(widest) = shown.iter_mut().max_by_key(|shown| shown.column.most) {
            widest.width = (widest.width + spare).min(widest.column.most.max(widest.width));
        }
        Table { shown, room }
    }

    /// Appends the titles.
    pub(super) fn head(&mut self, out: &mut String) {
        let titles: Vec<_> = self.shown.iter().map(|shown| (shown.cell, shown.column.title)).collect();
        self.row(out, |cell, out| {
            let title = titles.iter().find(|&&(place, _)| place == cell);
            out.push_str(title.map_or("", |&(_, title)| title));
        });
    }

    /// Appends a row; `write` appends the cell of a place among all columns, and is asked for those that are shown.
    pub(super) fn row(&mut self, out: &mut String, mut write: impl FnMut(usize, &mut String)) {
        let start = out.len();
        let mut over = 0;
        let last = self.shown.len().saturating_sub(1);
        let mut spare = self.room.map(|room| room.saturating_sub(total(&self.shown)));
        for (nth, Shown { column, cell, width }) in self.shown.iter_mut().enumerate() {
            if nth > 0 {
                out.push_str("  ");
            }
            let begin = out.len();
            write(*cell, out);
            let text = out.get(begin..).unwrap_or_default();
            let len = if text.is_ascii() { text.len() } else { text.chars().count() };
            if len > *width {
                let grown = len.min(spare.map_or(column.most, |spare| *width + spare)).max(*width);
                spare = spare.map(|spare| spare.saturating_sub(grown - *width));
                *width = grown;
            }
            if len > *width && self.room.is_some() {
                let kept: usize = text.chars().take(width.saturating_sub(1)).map(char::len_utf8).sum();
                out.truncate(begin + kept);
                out.push('…');
                continue;
            }
            // What an earlier cell has taken too much of is made good by later room.
            let fill = width.saturating_sub(len);
            let made_good = fill.min(over);
            over = over - made_good + len.saturating_sub(*width);
            let fill = fill - made_good;
            match column.align {
                Align::Right if fill > 0 => lean_right(out, begin, fill),
                Align::Left if nth < last => spaces(out, fill),
                _ => {}
            }
        }
        out.truncate(start + out.get(start..).unwrap_or_default().trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// Puts so many spaces before what is written from `begin`.
fn lean_right(out: &mut String, begin: usize, mut count: usize) {
    while count > 0 {
        let some = SPACES.get(..count).unwrap_or(SPACES);
        out.insert_str(begin, some);
        count -= some.len();
    }
}

fn spaces(out: &mut String, mut count: usize) {
    while count > 0 {
        let some = SPACES.get(..count).unwrap_or(SPACES);
        out.push_str(some);
        count -= some.len();
    }
}

fn total(shown: &[Shown]) -> usize {
    shown.iter().map(|shown| shown.width + GAP).sum::<usize>().saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: &[Column] = &[
        Column { title: "N", width: 3, most: 5, align: Align::Right, rank: 0 },
        Column { title: "NAME", width: 4, most: 12, align: Align::Left, rank: 0 },
        Column { title: "EXTRA", width: 6, most: 6, align: Align::Left, rank: 1 },
        Column { title: "SIZE", width: 4, most: 8, align: Align::Right, rank: 0 },
    ];

    fn rows(room: Option<usize>, rows: &[[&str; 4]]) -> String {
        let mut table = Table::new(COLUMNS.iter().map(Some), room);
        let mut out = String::new();
        table.head(&mut out);
        for row in rows {
            table.row(&mut out, |cell, out| out.push_str(row[cell]));
        }
        out
    }

    #[test]
    fn columns_grow_with_what_they_hold() {
        assert_eq!(
            rows(None, &[["1", "abcdefgh", "x", "1 B"], ["20", "a", "", "9 B"]]),
            "  N  NAME  EXTRA   SIZE\n  1  abcdefgh  x        1 B\n 20  a                  9 B\n"
        );
    }

    #[test]
    fn in_a_pipe_nothing_is_cut() {
        let text = rows(None, &[["1", "a-name-of-twenty-char", "x", "1 B"]]);
        assert!(text.contains("a-name-of-twenty-char"), "{text}");
    }

    #[test]
    fn on_a_terminal_rows_fit() {
        for room in [10, 15, 20, 24, 40] {
            let text = rows(Some(room), &[["1", "a-name-of-twenty-char", "xyz", "1 B"]]);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert_eq!(text.contains('…'), room < 37, "{text}");
            assert_eq!(text.contains("EXTRA"), room >= 23, "{text}");
        }
    }
}
