//! IO graph: frames counted in intervals of equal length.

use crate::browse::Index;
use crate::statistics::TrafficCount;
use crate::tui::model::statistics::counters::{FRAMES_PER_STEP, frame_summary};
use crate::tui::widgets::scroll::RowNumbers;

const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Interval lengths to choose from: multiples of each unit.
const STEPS: [(i64, &[i64]); 6] = [
    (MICRO, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (MILLI, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (SECOND, &[1, 2, 5, 10, 20, 30]),
    (MINUTE, &[1, 2, 5, 10, 20, 30]),
    (HOUR, &[1, 2, 6, 12]),
    (DAY, &[1, 2, 7, 28, 91, 365, 3_650, 10_000, 36_500]),
];

/// Step after all of [`STEPS`]: one interval covers the whole capture.
const LONGEST_STEP: usize = 43;

/// Step of the shortest interval that is selected automatically.
const SHORTEST_STEP: usize = 3;

/// Maximum columns an interval is drawn with.
const MAX_INTERVAL_COLUMNS: usize = 6;

/// Maximum number of intervals in memory.
const MAX_INTERVALS: usize = 1 << 16;

/// Frames by interval, counted from the earliest frame of the capture.
#[derive(Debug, Default)]
pub(crate) struct IntervalCounts {
    filter_id: Option<u64>,
    counted: usize,
    step: usize,
    /// Start of the first interval, in nanoseconds since 1970.
    pub(crate) start: i64,
    pub(crate) counts: Vec<TrafficCount>,
    /// Frames before `start`: they have no timestamp.
    pub(crate) before_start: u64,
}

impl IntervalCounts {
    fn configure(&mut self, filter_id: Option<u64>, step: usize, start: i64) {
        if self.filter_id != filter_id || self.step != step || self.start != start {
            *self = IntervalCounts { filter_id, step, start, ..IntervalCounts::default() };
        }
    }

    /// Counts the next frames of the list. Returns `None` if a frame is past the last of `most` intervals, otherwise
    /// whether frames remain.
    fn count_next(&mut self, index: &Index, numbers: &RowNumbers, most: usize) -> Option<bool> {
        let length = interval_length(self.step);
        let end = numbers.len().min(self.counted.saturating_add(FRAMES_PER_STEP));
        for row in self.counted..end {
            let Some(summary) = frame_summary(index, numbers, row) else { continue };
            let since = summary.time.saturating_sub(self.start);
            if since < 0 {
                self.before_start += 1;
                continue;
            }
            let bin = (since / length) as usize;
            if bin >= most {
                return None;
            }
            if self.counts.len() <= bin {
                self.counts.resize(bin + 1, TrafficCount::default());
            }
            if let Some(count) = self.counts.get_mut(bin) {
                count.add_frame(summary.length);
            }
        }
        self.counted = end;
        Some(end < numbers.len())
    }
}

/// Returns the length of an interval, in nanoseconds.
fn interval_length(step: usize) -> i64 {
    let mut lengths = STEPS.iter().flat_map(|(unit, numbers)| numbers.iter().map(move |number| unit * number));
    lengths.nth(step).unwrap_or(i64::MAX)
}

/// All frames and the frames that match the filter, in the same intervals.
#[derive(Debug, Default)]
pub(crate) struct IoGraph {
    pub(crate) all: IntervalCounts,
    pub(crate) filtered: IntervalCounts,
    step: usize,
    /// Whether the user set the interval.
    is_user_set: bool,
    /// Number of intervals that fit on the screen.
    columns: usize,
}

impl IoGraph {
    /// Returns the length of an interval, in nanoseconds.
    pub(crate) fn interval(&self) -> i64 {
        interval_length(self.step)
    }

    /// Returns the number of graph columns per interval.
    pub(crate) fn width(&self, columns: usize) -> usize {
        (columns / self.all.counts.len().max(1)).clamp(1, MAX_INTERVAL_COLUMNS)
    }

    /// Selects the next longer or shorter interval.
    pub(crate) fn change_interval(&mut self, longer: bool) {
        let step = if longer { self.step + 1 } else { self.step.saturating_sub(1) };
        self.step = step.min(LONGEST_STEP);
        self.is_user_set = true;
    }

    /// Selects the shortest interval that fits the whole capture on the screen.
    pub(crate) fn fit(&mut self) {
        (self.is_user_set, self.columns) = (false, 0);
    }

    /// Returns whether the interval is fitted to the screen.
    pub(crate) fn is_fitted(&self) -> bool {
        !self.is_user_set
    }

    /// Counts the next frames; `filtered` has the frames of a filter. Returns whether frames remain.
    pub(crate) fn count_next(&mut self, index: &Index, filtered: Option<(u64, &RowNumbers)>, columns: usize) -> bool {
        let columns = columns.clamp(2, MAX_INTERVALS);
        if !self.is_user_set && self.columns != columns {
            let span = index.times.map_or(0, |times| times.span());
            let fits = |step: usize| (span / interval_length(step)) < columns as i64;
            self.step = (SHORTEST_STEP..LONGEST_STEP).find(|&step| fits(step)).unwrap_or(LONGEST_STEP);
            self.columns = columns;
        }
        let most = if self.is_user_set { MAX_INTERVALS } else { columns };
        let all = RowNumbers::All { first: 1, count: index.frames.len() };
        let start = index.times.map_or(0, |times| times.earliest);
        self.all.configure(None, self.step, start);
        let mut more = self.all.count_next(index, &all, most);
        if let Some((filter_id, numbers)) = filtered {
            self.filtered.configure(Some(filter_id), self.step, start);
            let filtered_more = self.filtered.count_next(index, numbers, most);
            more = more.and_then(|more| Some(more | filtered_more?));
        }
        more.unwrap_or_else(|| {
            // With the longest interval every frame is in the first two.
            self.step = (self.step + 1).min(LONGEST_STEP);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{CaptureTimes, DirectedPair, FrameSummary, IndexUpdate, NO_STREAM, ProtocolName, StackId};
    use std::sync::Arc;

    fn index(times: &[i64]) -> Index {
        let summary = |&time: &i64| FrameSummary {
            time,
            length: 100,
            stream: NO_STREAM,
            hosts: DirectedPair::NONE,
            protocol: ProtocolName::new("UDP"),
            stack: StackId::default(),
            severity: None,
        };
        let mut index = Index::default();
        let all = times.iter().fold(None, |before, &time| Some(CaptureTimes::extended_by(before, time)));
        index.apply(IndexUpdate { frames: times.iter().map(summary).collect(), times: all, ..IndexUpdate::default() });
        index
    }

    fn all(graph: &mut IoGraph, index: &Index, columns: usize) -> Vec<u64> {
        let mut turns = 0;
        while graph.count_next(index, None, columns) {
            turns += 1;
            assert!(turns < 1000, "counting does not end");
        }
        graph.all.counts.iter().map(|count| count.frames).collect()
    }

    #[test]
    fn the_whole_capture_fits_and_new_frames_are_added() {
        let mut graph = IoGraph::default();
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI]), 10), [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(graph.interval(), MILLI);
        // A frame past the last interval selects the next longer interval that fits ten columns.
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI, 12 * MILLI]), 10), [2, 0, 0, 0, 1, 0, 1]);
        assert_eq!(graph.interval(), 2 * MILLI);
        graph.change_interval(true);
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI, 12 * MILLI]), 10), [2, 1, 1]);
        graph.fit();
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI, 12 * MILLI]), 10).len(), 7);
    }

    #[test]
    fn the_longest_interval_comes_after_all_others() {
        assert!(interval_length(LONGEST_STEP - 1) < i64::MAX && interval_length(LONGEST_STEP) == i64::MAX);
    }

    #[test]
    fn clocks_that_go_back_or_far_ahead_are_counted() {
        for times in [&[][..], &[5], &[5, 3], &[i64::MIN, i64::MAX], &[i64::MAX, i64::MIN, 0], &[0, i64::MAX, -1]] {
            for columns in [0, 1, 2, 70] {
                let mut graph = IoGraph::default();
                let index = index(times);
                let frames: u64 = all(&mut graph, &index, columns).iter().sum();
                assert_eq!((frames, graph.all.before_start), (times.len() as u64, 0), "{times:?} in {columns}");
                (0..60).for_each(|_| graph.change_interval(false));
                let frames: u64 = all(&mut graph, &index, columns).iter().sum();
                assert_eq!((frames, graph.all.before_start), (times.len() as u64, 0), "{times:?} in {columns}");
                assert!(graph.all.counts.len() <= MAX_INTERVALS);
            }
        }
    }

    #[test]
    fn the_graph_starts_at_the_earliest_frame() {
        let mut graph = IoGraph::default();
        // The earliest frame is not known while the capture is being read.
        assert_eq!(all(&mut graph, &index(&[5 * MILLI]), 10), [1]);
        let times = [5 * MILLI, 0, MILLI, 4 * MILLI];
        assert_eq!(all(&mut graph, &index(&times), 10), [1, 1, 0, 0, 1, 1]);
        assert_eq!((graph.all.start, graph.all.before_start), (0, 0));
    }

    #[test]
    fn matching_frames_are_counted_in_the_same_intervals() {
        let index = index(&[0, MILLI, 2 * MILLI, 20 * MILLI]);
        let numbers = RowNumbers::Listed { numbers: Arc::new(vec![2, 4]), ascending: true };
        let mut graph = IoGraph::default();
        while graph.count_next(&index, Some((1, &numbers)), 10) {}
        let frames = |intervals: &IntervalCounts| intervals.counts.iter().map(|count| count.frames).collect::<Vec<_>>();
        assert_eq!((frames(&graph.all), frames(&graph.filtered)), (vec![3, 0, 0, 0, 1], vec![1, 0, 0, 0, 1]));
        assert_eq!(graph.filtered.counts[0].bytes, 100);
    }
}
