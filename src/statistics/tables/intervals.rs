//! Frames and bytes by interval of time, as in tshark's `-z io,stat`.

use crate::analysis::{FrameResults, Task};
use crate::journey::text::size;
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::chart::{Chart, ChartColumn};
use crate::statistics::table::{StatisticsTable, write_rows};
use crate::statistics::timeline::{IntervalCounts, Timeline};
use crate::statistics::traffic::TrafficCount;
use std::io::{self, Write};

/// Maximum number of intervals with a given length.
const MAX_INTERVALS: usize = 1 << 20;

/// Width of the bar of an interval, and its parts.
const BAR_WIDTH: u64 = 40;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

static COLUMNS: [RecordColumn; 6] = [
    RecordColumn::machine_only("start"),
    RecordColumn::new("offset", number_column("START", 10, 0)),
    RecordColumn::machine_only("duration"),
    RecordColumn::new("frames", number_column("FRAMES", 8, 0)),
    RecordColumn::new("bytes", number_column("BYTES", 8, 0)),
    RecordColumn::people_only(text_column("BYTES BY INTERVAL", 40, 40, 1)),
];

/// Counts frames by interval.
pub(crate) struct IntervalsTable(Timeline<TrafficCount>);

impl IntervalsTable {
    /// Returns a table of intervals of this many nanoseconds, or of an automatic length.
    pub(crate) fn new(length: Option<i64>) -> IntervalsTable {
        IntervalsTable(Timeline::new(length, MAX_INTERVALS))
    }
}

impl IntervalCounts for TrafficCount {
    fn merge_next(&mut self, next: &TrafficCount) {
        self.merge(*next);
    }
}

impl StatisticsTable for IntervalsTable {
    fn extend_task(&self, _: &mut Task) {}

    fn frame(&mut self, shown: &DissectedFrame<'_>, _: &FrameResults<'_>) {
        if let Some(count) = self.0.interval_of(shown) {
            count.add_frame(shown.frame.length);
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let max = self.0.intervals.iter().map(|count| count.bytes).max().unwrap_or(0);
        let bars: Vec<String> = self.0.intervals.iter().map(|count| bar(count.bytes, max)).collect();
        let offsets = self.0.offset_texts();
        let rows = self.0.intervals.iter().zip(&bars).zip(&offsets).enumerate().map(|(at, ((count, bar), text))| {
            let [start, offset, duration] = self.0.cells(at, text, format);
            [start, offset, duration, Cell::Number(count.frames), Cell::Size(count.bytes), bar_cell(bar)]
        });
        write_rows(&COLUMNS, format, rows, out)
    }

    fn chart(&self) -> Option<Chart> {
        let counts = self.0.intervals.iter().zip(self.0.offset_texts());
        let column = |(count, label): (&TrafficCount, String)| ChartColumn {
            label,
            value: count.bytes,
            text: size(count.bytes),
        };
        Some(Chart { title: "Bytes by time", columns: counts.map(column).collect() })
    }

    fn limit_notes(&self) -> Vec<String> {
        self.0.limit_notes("frames")
    }
}

/// Returns a bar whose length is that of a value in proportion to the highest.
pub(super) fn bar(value: u64, max: u64) -> String {
    let eighths = u128::from(value) * u128::from(BAR_WIDTH) * 8 / u128::from(max.max(1));
    let (whole, part) = ((eighths / 8) as usize, (eighths % 8) as usize);
    "█".repeat(whole) + EIGHTHS.get(part).copied().unwrap_or("")
}

/// Returns the cell of a bar.
pub(super) fn bar_cell(bar: &str) -> Cell<'_> {
    if bar.is_empty() { Cell::Word("") } else { Cell::Text(bar) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_in_proportion_to_the_highest() {
        assert_eq!(bar(10, 10).chars().count(), 40);
        assert_eq!((bar(5, 10).chars().count(), bar(0, 10), bar(0, 0)), (20, String::new(), String::new()));
        assert_eq!(bar(1, 320), "▏");
    }

    #[test]
    fn intervals_are_joined_until_they_fit() {
        let mut table = IntervalsTable::new(None);
        table.0.intervals = vec![TrafficCount { frames: 1, bytes: 2 }; 5];
        table.0.join_pairs();
        let counts: Vec<u64> = table.0.intervals.iter().map(|count| count.frames).collect();
        assert_eq!((counts, table.0.length), (vec![2, 2, 1], 2_000_000));
    }
}
