//! A table with streamed rows: columns grow with their content and never shrink.

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Column heading.
    pub(super) title: &'static str,
    /// Initial width in characters; at least the length of the title.
    pub(super) width: usize,
    /// Highest width. A longer cell pushes the rest of its row to the right.
    pub(super) max_width: usize,
    pub(super) align: Align,
    /// Order in which a narrow terminal drops columns: the highest rank first, rank 0 never. Columns of rank 0 are made
    /// narrower, the widest first.
    pub(super) rank: u8,
}

/// Alignment of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table: the widths of its columns, and which columns fit.
pub(super) struct TextTable {
    /// Visible columns, from left to right.
    visible: Vec<VisibleColumn>,
    line_width: Option<usize>,
    /// Text of a cell that is aligned to the right.
    text: String,
}

struct VisibleColumn {
    column: &'static Column,
    /// Index of its cell in a row.
    cell: usize,
    /// Current width.
    width: usize,
}

const GAP: usize = 2;
const SPACES: &str = "                                ";

impl TextTable {
    /// Returns a table of the columns that are `Some`. With a line width in characters, columns are dropped and cells
    /// truncated so that rows fit.
    pub(super) fn new(columns: impl Iterator<Item = Option<&'static Column>>, line_width: Option<usize>) -> TextTable {
        let start = |column: &Column| column.width.max(column.title.chars().count());
        let mut visible: Vec<VisibleColumn> = columns
            .enumerate()
            .filter_map(|(cell, column)| column.map(|column| VisibleColumn { column, cell, width: start(column) }))
            .collect();
        while line_width.is_some_and(|line_width| total_width(&visible) > line_width) {
            let last = visible.iter().map(|visible| visible.column.rank).max().unwrap_or(0);
            if last == 0 {
                break;
            }
            visible.retain(|visible| visible.column.rank < last);
        }
        while line_width.is_some_and(|line_width| total_width(&visible) > line_width) {
            match visible.iter_mut().max_by_key(|visible| visible.width) {
                Some(widest) if widest.width > 1 => widest.width -= 1,
                _ => break,
            }
        }
        // The remaining width goes to the column with the highest maximum.
        let spare = line_width.map_or(0, |line_width| line_width.saturating_sub(total_width(&visible)));
        if let Some(widest) = visible.iter_mut().max_by_key(|visible| visible.column.max_width) {
            widest.width = (widest.width + spare).min(widest.column.max_width.max(widest.width));
        }
        TextTable { visible, line_width, text: String::new() }
    }

    /// Appends the column titles.
    pub(super) fn header(&mut self, out: &mut String) {
        let titles: Vec<_> = self.visible.iter().map(|visible| (visible.cell, visible.column.title)).collect();
        self.row(out, |cell, out| {
            let title = titles.iter().find(|&&(index, _)| index == cell);
            out.push_str(title.map_or("", |&(_, title)| title));
        });
    }

    /// Appends a row. `write` appends the cell with an index among all columns; it is called for the visible ones only.
    pub(super) fn row(&mut self, out: &mut String, mut write: impl FnMut(usize, &mut String)) {
        let start = out.len();
        let (mut overflow, mut spaces) = (0, 0);
        let mut spare = self.line_width.map(|line_width| line_width.saturating_sub(total_width(&self.visible)));
        for VisibleColumn { column, cell, width } in &mut self.visible {
            // A cell that is aligned to the left is written in its place.
            let is_right = column.align == Align::Right;
            let text = if is_right {
                self.text.clear();
                &mut self.text
            } else {
                push_spaces(out, spaces);
                &mut *out
            };
            let at = text.len();
            write(*cell, text);
            let written = text.get(at..).unwrap_or_default();
            let mut len = if written.is_ascii() { written.len() } else { written.chars().count() };
            if len > *width {
                let grown = len.min(spare.map_or(column.max_width, |spare| *width + spare)).max(*width);
                spare = spare.map(|spare| spare.saturating_sub(grown - *width));
                *width = grown;
            }
            if len > *width && self.line_width.is_some() {
                let prefix: usize = written.chars().take(width.saturating_sub(1)).map(char::len_utf8).sum();
                text.truncate(at + prefix);
                text.push('…');
                len = *width;
            }
            // The padding of later cells compensates for the overflow of an earlier cell.
            let fill = width.saturating_sub(len);
            let compensated = fill.min(overflow);
            overflow = overflow - compensated + len.saturating_sub(*width);
            let fill = fill - compensated;
            if is_right {
                push_spaces(out, spaces + fill);
                out.push_str(&self.text);
                spaces = GAP;
            } else {
                spaces = fill + GAP;
            }
        }
        out.truncate(start + out.get(start..).unwrap_or_default().trim_end_matches(' ').len());
        out.push('\n');
    }
}

fn push_spaces(out: &mut String, mut count: usize) {
    while count > 0 {
        // Of a fixed number of them, those that are too many are removed: to copy a few takes a call.
        let len = out.len();
        let piece = count.min(SPACES.len());
        out.push_str(SPACES);
        out.truncate(len + piece);
        count -= piece;
    }
}

fn total_width(visible: &[VisibleColumn]) -> usize {
    visible.iter().map(|visible| visible.width + GAP).sum::<usize>().saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: &[Column] = &[
        Column { title: "N", width: 3, max_width: 5, align: Align::Right, rank: 0 },
        Column { title: "NAME", width: 4, max_width: 12, align: Align::Left, rank: 0 },
        Column { title: "EXTRA", width: 6, max_width: 6, align: Align::Left, rank: 1 },
        Column { title: "SIZE", width: 4, max_width: 8, align: Align::Right, rank: 0 },
    ];

    fn rows(line_width: Option<usize>, rows: &[[&str; 4]]) -> String {
        let mut table = TextTable::new(COLUMNS.iter().map(Some), line_width);
        let mut out = String::new();
        table.header(&mut out);
        for row in rows {
            table.row(&mut out, |cell, out| out.push_str(row[cell]));
        }
        out
    }

    #[test]
    fn columns_grow_with_their_content() {
        assert_eq!(
            rows(None, &[["1", "abcdefgh", "x", "1 B"], ["20", "a", "", "9 B"]]),
            "  N  NAME  EXTRA   SIZE\n  1  abcdefgh  x        1 B\n 20  a                  9 B\n"
        );
    }

    #[test]
    fn in_a_pipe_no_cell_is_truncated() {
        let text = rows(None, &[["1", "a-name-of-twenty-char", "x", "1 B"]]);
        assert!(text.contains("a-name-of-twenty-char"), "{text}");
    }

    #[test]
    fn on_a_terminal_rows_fit() {
        for line_width in [10, 15, 20, 24, 40] {
            let text = rows(Some(line_width), &[["1", "a-name-of-twenty-char", "xyz", "1 B"]]);
            assert!(text.lines().all(|line| line.chars().count() <= line_width), "{line_width}:\n{text}");
            assert_eq!(text.contains('…'), line_width < 37, "{text}");
            assert_eq!(text.contains("EXTRA"), line_width >= 23, "{text}");
        }
    }
}
