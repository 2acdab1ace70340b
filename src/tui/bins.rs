//! Frames over time: counted in intervals of one length.

use super::list::Numbers;
use super::tally::{Count, SLICE, fact};
use crate::browse::Index;

const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The lengths that an interval may have: so many of a unit.
const STEPS: [(i64, &[i64]); 6] = [
    (MICRO, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (MILLI, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (SECOND, &[1, 2, 5, 10, 20, 30]),
    (MINUTE, &[1, 2, 5, 10, 20, 30]),
    (HOUR, &[1, 2, 6, 12]),
    (DAY, &[1, 2, 7, 28, 91, 365, 3_650, 10_000, 36_500]),
];

/// The step after all of them: as long as can be.
const LONGEST: usize = 43;

/// The shortest interval that is chosen unasked.
const SHORTEST: usize = 3;

/// Columns that an interval takes at most.
const WIDEST: usize = 6;

/// Intervals that are kept at most.
const MOST: usize = 1 << 16;

/// Frames in intervals since the earliest of the capture.
#[derive(Debug, Default)]
pub(crate) struct Bins {
    turn: Option<u64>,
    counted: usize,
    step: usize,
    /// When the first interval begins, in nanoseconds since 1970.
    pub(crate) start: i64,
    pub(crate) counts: Vec<Count>,
    /// Frames before that: they have no time.
    pub(crate) early: u64,
}

impl Bins {
    fn begin(&mut self, turn: Option<u64>, step: usize, start: i64) {
        if self.turn != turn || self.step != step || self.start != start {
            *self = Bins { turn, step, start, ..Bins::default() };
        }
    }

    /// Counts the next frames of the list. None if one lies beyond `most` intervals, else whether there are more.
    fn take(&mut self, index: &Index, numbers: &Numbers, most: usize) -> Option<bool> {
        let length = length(self.step);
        let end = numbers.len().min(self.counted.saturating_add(SLICE));
        for place in self.counted..end {
            let Some(fact) = fact(index, numbers, place) else { continue };
            let since = fact.time.saturating_sub(self.start);
            if since < 0 {
                self.early += 1;
                continue;
            }
            let bin = (since / length) as usize;
            if bin >= most {
                return None;
            }
            if self.counts.len() <= bin {
                self.counts.resize(bin + 1, Count::default());
            }
            if let Some(count) = self.counts.get_mut(bin) {
                count.add(fact);
            }
        }
        self.counted = end;
        Some(end < numbers.len())
    }
}

/// Nanoseconds of an interval.
fn length(step: usize) -> i64 {
    let mut lengths = STEPS.iter().flat_map(|(unit, numbers)| numbers.iter().map(move |number| unit * number));
    lengths.nth(step).unwrap_or(i64::MAX)
}

/// All frames and those that the filter lets through, in the same intervals.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) all: Bins,
    pub(crate) through: Bins,
    step: usize,
    /// The user has chosen the interval.
    is_chosen: bool,
    /// As many intervals are seen at once.
    columns: usize,
}

impl Graph {
    /// Nanoseconds of an interval.
    pub(crate) fn interval(&self) -> i64 {
        length(self.step)
    }

    /// How many of the graph's columns an interval takes.
    pub(crate) fn width(&self, columns: usize) -> usize {
        (columns / self.all.counts.len().max(1)).clamp(1, WIDEST)
    }

    /// Chooses the next longer or shorter interval.
    pub(crate) fn choose(&mut self, longer: bool) {
        let step = if longer { self.step + 1 } else { self.step.saturating_sub(1) };
        self.step = step.min(LONGEST);
        self.is_chosen = true;
    }

    /// Takes the interval with which all is seen at once.
    pub(crate) fn fit(&mut self) {
        (self.is_chosen, self.columns) = (false, 0);
    }

    /// Whether the interval is the one with which all is seen at once.
    pub(crate) fn fits(&self) -> bool {
        !self.is_chosen
    }

    /// Counts the next frames; `through` are those of a filter. Whether there are more.
    pub(crate) fn take(&mut self, index: &Index, through: Option<(u64, &Numbers)>, columns: usize) -> bool {
        let columns = columns.clamp(2, MOST);
        if !self.is_chosen && self.columns != columns {
            let span = index.times.map_or(0, |times| times.span());
            let fits = |step: usize| (span / length(step)) < columns as i64;
            self.step = (SHORTEST..LONGEST).find(|&step| fits(step)).unwrap_or(LONGEST);
            self.columns = columns;
        }
        let most = if self.is_chosen { MOST } else { columns };
        let all = Numbers::All { first: 1, count: index.frames.len() };
        let start = index.times.map_or(0, |times| times.earliest);
        self.all.begin(None, self.step, start);
        let mut more = self.all.take(index, &all, most);
        if let Some((turn, numbers)) = through {
            self.through.begin(Some(turn), self.step, start);
            let of_filter = self.through.take(index, numbers, most);
            more = more.and_then(|more| Some(more | of_filter?));
        }
        more.unwrap_or_else(|| {
            // With the longest interval nothing lies beyond the first two.
            self.step = (self.step + 1).min(LONGEST);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{Fact, NO_STREAM, News, Short, Stack, Times, Way};
    use std::sync::Arc;

    fn index(times: &[i64]) -> Index {
        let fact = |&time: &i64| Fact {
            time,
            length: 100,
            stream: NO_STREAM,
            way: Way::NONE,
            protocol: Short::new("UDP"),
            stack: Stack::default(),
            worst: None,
        };
        let mut index = Index::default();
        let all = times.iter().fold(None, |before, &time| Some(Times::with(before, time)));
        index.take(News { frames: times.iter().map(fact).collect(), times: all, ..News::default() });
        index
    }

    fn all(graph: &mut Graph, index: &Index, columns: usize) -> Vec<u64> {
        let mut turns = 0;
        while graph.take(index, None, columns) {
            turns += 1;
            assert!(turns < 1000, "it never ends");
        }
        graph.all.counts.iter().map(|count| count.frames).collect()
    }

    #[test]
    fn all_is_seen_at_once_and_what_comes_is_added() {
        let mut graph = Graph::default();
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI]), 10), [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(graph.interval(), MILLI);
        // With a frame that lies beyond, an interval is longer: the next that fits ten columns.
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI, 12 * MILLI]), 10), [2, 0, 0, 0, 1, 0, 1]);
        assert_eq!(graph.interval(), 2 * MILLI);
        graph.choose(true);
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI, 12 * MILLI]), 10), [2, 1, 1]);
        graph.fit();
        assert_eq!(all(&mut graph, &index(&[0, MILLI, 9 * MILLI, 12 * MILLI]), 10).len(), 7);
    }

    #[test]
    fn the_longest_interval_comes_after_all_others() {
        assert!(length(LONGEST - 1) < i64::MAX && length(LONGEST) == i64::MAX);
    }

    #[test]
    fn clocks_that_go_back_or_far_ahead_do_no_harm() {
        for times in [&[][..], &[5], &[5, 3], &[i64::MIN, i64::MAX], &[i64::MAX, i64::MIN, 0], &[0, i64::MAX, -1]] {
            for columns in [0, 1, 2, 70] {
                let mut graph = Graph::default();
                let index = index(times);
                let frames: u64 = all(&mut graph, &index, columns).iter().sum();
                assert_eq!((frames, graph.all.early), (times.len() as u64, 0), "{times:?} in {columns}");
                (0..60).for_each(|_| graph.choose(false));
                let frames: u64 = all(&mut graph, &index, columns).iter().sum();
                assert_eq!((frames, graph.all.early), (times.len() as u64, 0), "{times:?} in {columns}");
                assert!(graph.all.counts.len() <= MOST);
            }
        }
    }

    #[test]
    fn it_begins_at_the_earliest_frame() {
        let mut graph = Graph::default();
        // While it is read, the earliest is not known yet.
        assert_eq!(all(&mut graph, &index(&[5 * MILLI]), 10), [1]);
        let times = [5 * MILLI, 0, MILLI, 4 * MILLI];
        assert_eq!(all(&mut graph, &index(&times), 10), [1, 1, 0, 0, 1, 1]);
        assert_eq!((graph.all.start, graph.all.early), (0, 0));
    }

    #[test]
    fn what_a_filter_lets_through_is_counted_in_the_same_intervals() {
        let index = index(&[0, MILLI, 2 * MILLI, 20 * MILLI]);
        let numbers = Numbers::These { numbers: Arc::new(vec![2, 4]), rising: true };
        let mut graph = Graph::default();
        while graph.take(&index, Some((1, &numbers)), 10) {}
        let frames = |bins: &Bins| bins.counts.iter().map(|count| count.frames).collect::<Vec<_>>();
        assert_eq!((frames(&graph.all), frames(&graph.through)), (vec![3, 0, 0, 0, 1], vec![1, 0, 0, 0, 1]));
        assert_eq!(graph.through.counts[0].bytes, 100);
    }
}
