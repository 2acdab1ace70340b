//! Frames and bytes by interval of time, as in tshark's `-z io,stat`.

use crate::analysis::{FrameResults, Task};
use crate::journey::text::size;
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::chart::{Chart, ChartColumn};
use crate::statistics::table::{StatisticsTable, write_rows};
use crate::statistics::traffic::TrafficCount;
use std::io::{self, Write};

/// Maximum number of intervals that are chosen automatically, and of those with a given length.
const MAX_AUTOMATIC: usize = 60;
const MAX_INTERVALS: usize = 1 << 20;

/// Shortest automatic interval: a millisecond.
const SHORTEST: i64 = 1_000_000;

/// Width of the bar of an interval, and its parts.
const BAR_WIDTH: u64 = 40;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

static COLUMNS: [RecordColumn; 6] = [
    RecordColumn::machine_only("start"),
    RecordColumn::new("offset", number_column("START", 10, 0)),
    RecordColumn::machine_only("duration"),
    RecordColumn::new("frames", number_column("FRAMES", 8, 0)),
    RecordColumn::new("bytes", number_column("BYTES", 8, 0)),
    RecordColumn::new("bar", text_column("BYTES BY INTERVAL", 40, 40, 1)),
];

/// Counts frames by interval.
pub(crate) struct IntervalsTable {
    /// Length of an interval in nanoseconds.
    length: i64,
    /// Whether intervals are joined in pairs when there are too many.
    is_automatic: bool,
    start: Option<i64>,
    counts: Vec<TrafficCount>,
    /// Frames after the last interval.
    other: u64,
}

impl IntervalsTable {
    /// Returns a table of intervals of this many nanoseconds, or of an automatic length.
    pub(crate) fn new(length: Option<i64>) -> IntervalsTable {
        let is_automatic = length.is_none();
        IntervalsTable { length: length.unwrap_or(SHORTEST), is_automatic, start: None, counts: Vec::new(), other: 0 }
    }

    fn join_pairs(&mut self) {
        self.length = self.length.saturating_mul(2);
        let joined = self.counts.chunks(2).map(|pair| {
            pair.iter().fold(TrafficCount::default(), |mut sum, count| {
                sum.merge(*count);
                sum
            })
        });
        self.counts = joined.collect();
    }
}

impl StatisticsTable for IntervalsTable {
    fn extend_task(&self, _: &mut Task) {}

    fn frame(&mut self, shown: &DissectedFrame<'_>, _: &FrameResults<'_>) {
        if !shown.frame.has_time {
            return;
        }
        // Intervals begin with the capture, whatever the filter matches. Frames before its first one count there.
        let time = shown.relative.max(0);
        self.start.get_or_insert(shown.frame.time.0.saturating_sub(shown.relative));
        while self.is_automatic && time / self.length >= MAX_AUTOMATIC as i64 {
            self.join_pairs();
        }
        let at = usize::try_from(time / self.length).unwrap_or(usize::MAX);
        if at >= MAX_INTERVALS {
            self.other += 1;
            return;
        }
        if self.counts.len() <= at {
            self.counts.resize(at + 1, TrafficCount::default());
        }
        if let Some(count) = self.counts.get_mut(at) {
            count.add_frame(shown.frame.length);
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let max = self.counts.iter().map(|count| count.bytes).max().unwrap_or(0);
        let bars: Vec<String> = self.counts.iter().map(|count| bar(count.bytes, max)).collect();
        let start = self.start.unwrap_or(0);
        let offset = |at: usize| self.length.saturating_mul(at as i64);
        let offsets: Vec<String> = (0..self.counts.len()).map(|at| seconds_text(offset(at), self.length)).collect();
        let rows = self.counts.iter().zip(&bars).zip(&offsets).enumerate().map(|(at, ((count, bar), text))| {
            let offset = offset(at);
            [
                Cell::Timestamp(start.saturating_add(offset), offset),
                if is_for_people(format) { Cell::Text(text) } else { Cell::Duration(offset) },
                Cell::Duration(self.length),
                Cell::Number(count.frames),
                Cell::Size(count.bytes),
                bar_cell(bar, format),
            ]
        });
        write_rows(&COLUMNS, format, rows, out)
    }

    fn chart(&self) -> Option<Chart> {
        let column = |(at, count): (usize, &TrafficCount)| ChartColumn {
            label: seconds_text(self.length.saturating_mul(at as i64), self.length),
            value: count.bytes,
            text: size(count.bytes),
        };
        Some(Chart { title: "Bytes by time", columns: self.counts.iter().enumerate().map(column).collect() })
    }

    fn limit_notes(&self) -> Vec<String> {
        let note = format!("limit of {MAX_INTERVALS} intervals reached; {} later frames are not counted", self.other);
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

/// Returns a bar whose length is that of a value in proportion to the highest.
pub(super) fn bar(value: u64, max: u64) -> String {
    let eighths = u128::from(value) * u128::from(BAR_WIDTH) * 8 / u128::from(max.max(1));
    let (whole, part) = ((eighths / 8) as usize, (eighths % 8) as usize);
    "█".repeat(whole) + EIGHTHS.get(part).copied().unwrap_or("")
}

fn is_for_people(format: RecordFormat) -> bool {
    matches!(format, RecordFormat::Text(_) | RecordFormat::Html)
}

/// Returns the cell of a bar, which only the text and the page have.
pub(super) fn bar_cell(bar: &str, format: RecordFormat) -> Cell<'_> {
    match format {
        _ if is_for_people(format) && bar.is_empty() => Cell::Word(""),
        _ if is_for_people(format) => Cell::Text(bar),
        _ => Cell::Empty,
    }
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
    fn a_start_has_the_decimals_of_its_interval() {
        let texts = [(0, 60), (125_000_000_000, 1_000_000_000), (12_340_000_000, 10_000_000), (1_234, 1), (7, 10)];
        let texts = texts.map(|(nanos, length)| seconds_text(nanos, length));
        assert_eq!(texts, ["0.00000000 s", "125 s", "12.34 s", "0.000001234 s", "0.00000000 s"]);
    }

    #[test]
    fn intervals_are_joined_until_they_fit() {
        let mut table = IntervalsTable::new(None);
        table.counts = vec![TrafficCount { frames: 1, bytes: 2 }; 5];
        table.join_pairs();
        let counts: Vec<u64> = table.counts.iter().map(|count| count.frames).collect();
        assert_eq!((counts, table.length), (vec![2, 2, 1], 2 * SHORTEST));
    }
}
