//! Columns of a list: their description, and their width on the screen.

/// Column of a list.
#[derive(Debug)]
pub(crate) struct ListColumn {
    pub(crate) title: &'static str,
    /// Description in plain words.
    pub(crate) description: &'static str,
    /// Width in terminal columns: minimum, preferred before columns of a higher rank are shown, and maximum.
    pub(crate) width: [u16; 3],
    pub(crate) right_aligned: bool,
    /// Priority on a narrow terminal: columns with the highest rank are hidden first, rank 0 never.
    pub(crate) rank: u8,
}

/// Returns a column.
pub(crate) const fn column(
    title: &'static str,
    width: [u16; 3],
    right_aligned: bool,
    rank: u8,
    description: &'static str,
) -> ListColumn {
    ListColumn { title, description, width, right_aligned, rank }
}

/// Columns between two cells.
pub(crate) const GAP: u16 = 1;

/// Width that marks a column of times: its real width depends on the time format.
pub(crate) const TIME_WIDTH: u16 = u16::MAX;

/// A visible column: its number, its position on the screen, and its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColumnSpan {
    pub(crate) column: usize,
    pub(crate) x: u16,
    pub(crate) width: u16,
}

/// Columns of this rank or higher are shown only if all others have their preferred width.
const OPTIONAL_RANK: u8 = 4;

/// Chooses the columns that fit `room` columns of the screen, starting at `x`. `hidden` has a bit for each hidden
/// column. Columns of times get the width `time`.
pub(crate) fn fit_columns(columns: &[ListColumn], hidden: u32, time: u16, x: u16, room: u16) -> Vec<ColumnSpan> {
    let mut shown: Vec<usize> = (0..columns.len()).filter(|column| hidden >> column & 1 == 0).collect();
    let widths = |column: &usize| {
        let widths = columns.get(*column).map_or([0; 3], |column| column.width);
        widths.map(|width| if width == TIME_WIDTH { time } else { width })
    };
    let sum = |shown: &[usize], nth: usize| -> u16 {
        let each = shown.iter().map(|column| widths(column).get(nth).copied().unwrap_or(0) + GAP);
        each.fold(0, u16::saturating_add).saturating_sub(GAP)
    };
    let rank = |column: &usize| columns.get(*column).map_or(0, |column| column.rank);
    for (nth, least) in [(1, OPTIONAL_RANK), (0, 1)] {
        while sum(&shown, nth) > room {
            let worst = shown.iter().map(rank).max().unwrap_or(0);
            if worst < least {
                break;
            }
            shown.retain(|column| rank(column) < worst);
        }
    }
    // Spare width is shared in turns: first up to the preferred width, then up to the maximum.
    let mut spare = room.saturating_sub(sum(&shown, 0));
    let mut sizes: Vec<[u16; 3]> = shown.iter().map(widths).collect();
    for most in 1..3 {
        while spare > 0 && sizes.iter().any(|width| width[0] < width[most]) {
            for width in &mut sizes {
                if width[0] < width[most] && spare > 0 {
                    width[0] += 1;
                    spare -= 1;
                }
            }
        }
    }
    let mut at = x;
    let mut spans = Vec::new();
    for (&column, [width, ..]) in shown.iter().zip(sizes) {
        let width = width.min((x + room).saturating_sub(at));
        spans.push(ColumnSpan { column, x: at, width });
        at = at.saturating_add(width + GAP).min(x + room);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn column(title: &'static str, width: [u16; 3], rank: u8) -> ListColumn {
        ListColumn { title, description: "", width, right_aligned: false, rank }
    }

    #[test]
    fn columns_fit_the_room() {
        let columns = [
            column("a", [TIME_WIDTH; 3], 0),
            column("b", [10, 20, 40], 0),
            column("c", [6, 6, 6], 5),
            column("d", [5, 5, 9], 1),
        ];
        let widths = |room| {
            let spans = fit_columns(&columns, 0, 4, 0, room);
            spans.iter().map(|span| (span.column, span.width)).collect::<Vec<_>>()
        };
        assert_eq!(widths(38), [(0, 4), (1, 20), (2, 6), (3, 5)]);
        assert_eq!(widths(37), [(0, 4), (1, 23), (3, 8)]);
        assert_eq!(widths(22), [(0, 4), (1, 11), (3, 5)]);
        assert_eq!(widths(100), [(0, 4), (1, 40), (2, 6), (3, 9)]);
        assert_eq!(widths(12), [(0, 4), (1, 7)]);
        assert_eq!(widths(0), [(0, 0), (1, 0)]);
        for room in 0..60 {
            assert!(fit_columns(&columns, 2, 9, 3, room).iter().all(|span| span.x + span.width <= 3 + room));
        }
    }
}
