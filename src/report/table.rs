//! A table whose rows are written as they come: columns grow with what they hold and never shrink.

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// What stands above it.
    pub(super) title: &'static str,
    /// As many characters as it has from the start; more if the title has.
    pub(super) width: usize,
    /// As many as it grows to where nothing is cut; what is longer pushes the rest of its row to the right.
    pub(super) most: usize,
    pub(super) align: Align,
    /// Which columns a narrow terminal goes without: that of the highest number first, those of 0 never.
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
            let least = shown.iter().enumerate().max_by_key(|(_, shown)| shown.column.rank);
            let Some((place, _)) = least.filter(|(_, shown)| shown.column.rank > 0) else { break };
            shown.remove(place);
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
        let cells = self.shown.iter().map(|shown| shown.cell + 1).max().unwrap_or(0);
        let mut titles = vec![String::new(); cells];
        for shown in &self.shown {
            if let Some(title) = titles.get_mut(shown.cell) {
                title.push_str(shown.column.title);
            }
        }
        self.row(&titles, out);
    }

    /// Appends a row: a cell for each column, those that are not shown too.
    pub(super) fn row(&mut self, cells: &[String], out: &mut String) {
        let start = out.len();
        let mut over = 0;
        let last = self.shown.len().saturating_sub(1);
        for nth in 0..self.shown.len() {
            let spare = self.room.map(|room| room.saturating_sub(total(&self.shown)));
            let Some(Shown { column, cell, width }) = self.shown.get_mut(nth) else { continue };
            let Some(cell) = cells.get(*cell) else { continue };
            let len = cell.chars().count();
            if len > *width {
                *width = len.min(spare.map_or(column.most, |spare| *width + spare)).max(*width);
            }
            if nth > 0 {
                out.push_str("  ");
            }
            if len > *width && self.room.is_some() {
                out.extend(cell.chars().take(width.saturating_sub(1)));
                out.push('…');
                continue;
            }
            // What an earlier cell has taken too much of is made good by later room.
            let fill = width.saturating_sub(len);
            let made_good = fill.min(over);
            over = over - made_good + len.saturating_sub(*width);
            let fill = fill - made_good;
            if column.align == Align::Right {
                (0..fill).for_each(|_| out.push(' '));
            }
            out.push_str(cell);
            if column.align == Align::Left && nth < last {
                (0..fill).for_each(|_| out.push(' '));
            }
        }
        out.truncate(start + out.get(start..).unwrap_or_default().trim_end_matches(' ').len());
        out.push('\n');
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
        rows.iter().for_each(|row| table.row(&row.map(str::to_owned), &mut out));
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
        for room in [15, 20, 24, 40] {
            let text = rows(Some(room), &[["1", "a-name-of-twenty-char", "xyz", "1 B"]]);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert_eq!(text.contains('…'), room < 40, "{text}");
            assert_eq!(text.contains("EXTRA"), room >= 23, "{text}");
        }
    }
}
