//! Sort order of rows: by keys that are cheap to compare, then by comparison.

use std::cmp::Ordering;

/// Sort column and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortColumn {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

/// Order of rows: by key, and rows with equal keys by comparison.
pub(crate) trait RowOrder {
    fn key(&self, number: u32, column: usize) -> u64;
    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering;

    /// Order of two rows with equal keys, the same in both directions: the head of a group is before its other rows.
    fn head_order(&self, left: u32, right: u32, column: usize) -> Ordering {
        let _ = (left, right, column);
        Ordering::Equal
    }
}

/// Returns the sort key of a number; `None` sorts first.
pub(crate) fn number_key(number: Option<i64>) -> u64 {
    number.map_or(0, |number| ((number as u64) ^ (1 << 63)).max(1))
}

/// Returns the sort key of a text: its first eight bytes.
pub(crate) fn text_key(text: &str) -> u64 {
    text.bytes().chain(std::iter::repeat(0)).take(8).fold(0, |key, byte| key << 8 | u64::from(byte))
}

/// Returns the rows in order. Rows that are mostly in order already take little time if `nearly_sorted`.
pub(crate) fn sorted(
    numbers: impl Iterator<Item = u32>,
    nearly_sorted: bool,
    by: &impl RowOrder,
    sort: SortColumn,
) -> Vec<u32> {
    let SortColumn { column, descending } = sort;
    let flip = |key: u64| if descending { !key } else { key };
    let mut rows: Vec<(u64, u32)> = numbers.map(|number| (flip(by.key(number, column)), number)).collect();
    if nearly_sorted {
        rows.sort()
    } else {
        rows.sort_unstable()
    }
    // Keys are cheap to compare; only rows with equal keys need the full comparison.
    for same in rows.chunk_by_mut(|left, right| left.0 == right.0).filter(|same| same.len() > 1) {
        same.sort_by(|&(_, left), &(_, right)| compare_equal_keys(left, right, by, sort));
    }
    rows.into_iter().map(|(_, number)| number).collect()
}

/// Adds rows to rows in order. Those before and after all added ones are not compared: most lists grow at one end.
pub(crate) fn add_sorted(order: &mut Vec<u32>, added: impl Iterator<Item = u32>, by: &impl RowOrder, sort: SortColumn) {
    let added = sorted(added, false, by, sort);
    let (Some(&first), Some(&last)) = (added.first(), added.last()) else { return };
    let start = order.partition_point(|&row| compare(row, first, by, sort).is_lt());
    let end = order.partition_point(|&row| compare(row, last, by, sort).is_lt());
    let between = order.get(start..end).unwrap_or_default().iter().copied();
    let merged = sorted(between.chain(added.iter().copied()), true, by, sort);
    order.splice(start..end, merged);
}

/// Compares two rows.
pub(crate) fn compare(left: u32, right: u32, by: &impl RowOrder, sort: SortColumn) -> Ordering {
    let order = by.key(left, sort.column).cmp(&by.key(right, sort.column));
    let order = if sort.descending { order.reverse() } else { order };
    order.then_with(|| compare_equal_keys(left, right, by, sort))
}

/// Compares two rows with equal keys. Equal rows keep the order of their numbers, in both directions.
fn compare_equal_keys(left: u32, right: u32, by: &impl RowOrder, sort: SortColumn) -> Ordering {
    let order = by.compare(left, right, sort.column);
    let order = by.head_order(left, right, sort.column).then(if sort.descending { order.reverse() } else { order });
    order.then(left.cmp(&right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_like_their_values() {
        let numbers = [None, Some(i64::MIN), Some(-1), Some(0), Some(1), Some(i64::MAX)];
        assert!(numbers.map(number_key).is_sorted());
        assert!(["", "a", "ab", "abcdefgh", "b"].map(text_key).is_sorted());
    }
}
