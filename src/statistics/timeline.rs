//! Counts by interval of time, as in tshark's `-z io,stat`.

use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordFormat};

/// Maximum number of intervals that are chosen automatically.
const MAX_AUTOMATIC: usize = 60;

/// Shortest automatic interval: a millisecond.
const SHORTEST: i64 = 1_000_000;

/// Counts of an interval.
pub(super) trait IntervalCounts: Default {
    /// Adds the counts of the next interval.
    fn merge_next(&mut self, next: &Self);
}

/// Intervals of the same length, from the start of the capture on.
pub(super) struct Timeline<T> {
    /// Length of an interval in nanoseconds.
    pub(super) length: i64,
    /// Whether intervals are joined in pairs when there are too many.
    is_automatic: bool,
    start: Option<i64>,
    pub(super) intervals: Vec<T>,
    /// Maximum number of intervals with a given length.
    max: usize,
    /// Frames after the last interval.
    other: u64,
}

impl<T: IntervalCounts> Timeline<T> {
    /// Returns intervals of this many nanoseconds, or of an automatic length.
    pub(super) fn new(length: Option<i64>, max: usize) -> Timeline<T> {
        let is_automatic = length.is_none();
        Timeline { length: length.unwrap_or(SHORTEST), is_automatic, start: None, intervals: Vec::new(), max, other: 0 }
    }

    /// Returns the interval of a frame; none if the frame has no time, or is beyond the limit.
    pub(super) fn interval_of(&mut self, shown: &DissectedFrame<'_>) -> Option<&mut T> {
        if !shown.frame.has_time {
            return None;
        }
        // Intervals begin with the capture, whatever the filter matches. Frames before its first one count there.
        let time = shown.relative.max(0);
        self.start.get_or_insert(shown.frame.time.0.saturating_sub(shown.relative));
        while self.is_automatic && time / self.length >= MAX_AUTOMATIC as i64 {
            self.join_pairs();
        }
        let at = usize::try_from(time / self.length).unwrap_or(usize::MAX);
        if at >= self.max {
            self.other += 1;
            return None;
        }
        if self.intervals.len() <= at {
            self.intervals.resize_with(at + 1, T::default);
        }
        self.intervals.get_mut(at)
    }

    pub(super) fn join_pairs(&mut self) {
        self.length = self.length.saturating_mul(2);
        let mut joined: Vec<T> = Vec::with_capacity(self.intervals.len().div_ceil(2));
        for (nth, counts) in std::mem::take(&mut self.intervals).into_iter().enumerate() {
            match joined.last_mut() {
                Some(last) if nth % 2 == 1 => last.merge_next(&counts),
                _ => joined.push(counts),
            }
        }
        self.intervals = joined;
    }

    fn offset(&self, at: usize) -> i64 {
        self.length.saturating_mul(at as i64)
    }

    /// Returns the starts of the intervals, relative to that of the capture.
    pub(super) fn offset_texts(&self) -> Vec<String> {
        (0..self.intervals.len()).map(|at| seconds_text(self.offset(at), self.length)).collect()
    }

    /// Returns the cells of an interval: time and offset of its start, and its length.
    pub(super) fn cells<'t>(&self, at: usize, offset_text: &'t str, format: RecordFormat) -> [Cell<'t>; 3] {
        let offset = self.offset(at);
        let is_for_people = matches!(format, RecordFormat::Text(_) | RecordFormat::Html);
        [
            Cell::Timestamp(self.start.unwrap_or(0).saturating_add(offset), offset),
            if is_for_people { Cell::Text(offset_text) } else { Cell::Duration(offset) },
            Cell::Duration(self.length),
        ]
    }

    /// Returns what the intervals lack. `what` is what they count.
    pub(super) fn limit_notes(&self, what: &str) -> Vec<String> {
        let note = format!("limit of {} intervals reached; {} later {what} are not counted", self.max, self.other);
        (self.other > 0).then_some(note).into_iter().collect()
    }
}

/// Returns seconds with the decimals that distinguish intervals of a length.
fn seconds_text(nanos: i64, length: i64) -> String {
    let decimals = (0..9).find(|&decimals| length % 10_i64.pow(9 - decimals) == 0).unwrap_or(9);
    let (whole, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000 / 10_i64.pow(9 - decimals));
    match decimals as usize {
        0 => format!("{whole} s"),
        width => format!("{whole}.{fraction:0width$} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_the_decimals_of_its_interval() {
        let texts = [(0, 60), (125_000_000_000, 1_000_000_000), (12_340_000_000, 10_000_000), (1_234, 1), (7, 10)];
        let texts = texts.map(|(nanos, length)| seconds_text(nanos, length));
        assert_eq!(texts, ["0.00000000 s", "125 s", "12.34 s", "0.000001234 s", "0.00000000 s"]);
    }
}
