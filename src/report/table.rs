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
    /// Text of a cell.
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
        let text = &mut self.text;
        for VisibleColumn { column, cell, width } in &mut self.visible {
            text.clear();
            write(*cell, text);
            let len = if text.is_ascii() { text.len() } else { text.chars().count() };
            if len > *width {
                let grown = len.min(spare.map_or(column.max_width, |spare| *width + spare)).max(*width);
                spare = spare.map(|spare| spare.saturating_sub(grown - *width));
                *width = grown;
            }
            let is_cut = len > *width && self.line_width.is_some();
            if is_cut {
                let prefix: usize = text.chars().take(width.saturating_sub(1)).map(char::len_utf8).sum();
                text.truncate(prefix);
                text.push('…');
            }
            // The padding of later cells compensates for the overflow of an earlier cell.
            let fill = width.saturating_sub(len);
            let compensated = if is_cut { 0 } else { fill.min(overflow) };
            overflow = overflow - compensated + if is_cut { 0 } else { len.saturating_sub(*width) };
            let fill = fill - compensated;
            let (before, after) = if column.align == Align::Right { (fill, 0) } else { (0, fill) };
            push_spaces(out, spaces + before);
            out.push_str(text);
            spaces = after + GAP;
        }
        out.truncate(start + out.get(start..).unwrap_or_default().trim_end_matches(' ').len());
        out.push('\n');
    }
}

fn push_spaces(out: &mut String, mut count: usize) {
    while count > 0 {
        let piece = SPACES.get(..count).unwrap_or(SPACES);
        out.push_str(piece);
        count -= piece.len();
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
