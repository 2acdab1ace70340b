//! Histogram of the durations of calls.

use super::intervals::{bar, bar_cell};
use crate::analysis::{Event, Task};
use crate::journey::text::{count as calls, duration};
use crate::report::DurationHistogram;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::chart::{Chart, ChartColumn};
use crate::statistics::table::{StatisticsTable, write_rows};
use std::io::{self, Write};

static COLUMNS: [RecordColumn; 4] = [
    RecordColumn::new("from", number_column("FROM", 8, 0)),
    RecordColumn::new("to", number_column("TO", 8, 0)),
    RecordColumn::new("calls", number_column("CALLS", 8, 0)),
    RecordColumn::people_only(text_column("CALLS BY DURATION", 40, 40, 1)),
];

/// Durations of calls, in steps of 1, 2 and 5 times a power of ten.
#[derive(Default)]
pub(crate) struct LatencyTable {
    times: DurationHistogram,
}

impl StatisticsTable for LatencyTable {
    fn extend_task(&self, task: &mut Task) {
        task.exchanges = true;
    }

    fn event(&mut self, event: &Event) {
        if let Event::Call(call) = event
            && let Some(nanos) = call.exchange.total().and_then(|nanos| u64::try_from(nanos).ok())
            && !call.exchange.is_one_way
        {
            self.times.add(nanos);
        }
    }

    fn chart(&self) -> Option<Chart> {
        let column = |([low, high], count): ([u64; 2], u64)| ChartColumn {
            label: format!("{} to {}", duration(low), duration(high)),
            value: count,
            text: calls(count, "call"),
        };
        Some(Chart { title: "Calls by duration", columns: self.times.bars().into_iter().map(column).collect() })
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let bars = self.times.bars();
        let max = bars.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let texts: Vec<String> = bars.iter().map(|(_, count)| bar(*count, max)).collect();
        let duration = |nanos: u64| Cell::Duration(i64::try_from(nanos).unwrap_or(i64::MAX));
        let rows = bars.iter().zip(&texts).map(|(([low, high], count), text)| {
            [duration(*low), duration(*high), Cell::Number(*count), bar_cell(text)]
        });
        write_rows(&COLUMNS, format, rows, out)
    }
}
