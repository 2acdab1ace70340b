//! TCP connections: how they opened and closed, round-trip times and losses.

use crate::analysis::{Event, Task};
use crate::capture::Stream;
use crate::report::DurationHistogram;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::table::{StatisticsTable, write_rows};
use std::collections::BTreeMap;
use std::io::{self, Write};

static COLUMNS: [RecordColumn; 3] = [
    RecordColumn::new("name", text_column("NAME", 28, 40, 0)),
    RecordColumn::new("count", number_column("COUNT", 10, 0)),
    RecordColumn::new("duration", number_column("DURATION", 10, 0)),
];

/// Numbers of TCP connections.
#[derive(Default)]
pub(crate) struct StreamTotals {
    pub(crate) connections: u64,
    opened: BTreeMap<&'static str, u64>,
    closed: BTreeMap<&'static str, u64>,
    data_bytes: u64,
    pub(crate) retransmissions: u64,
    pub(crate) missing_bytes: u64,
    rtt: DurationHistogram,
    durations: DurationHistogram,
}

impl StreamTotals {
    pub(crate) fn add(&mut self, stream: &Stream) {
        self.connections += 1;
        *self.opened.entry(stream.opened.label()).or_default() += 1;
        *self.closed.entry(stream.closed.label()).or_default() += 1;
        self.data_bytes += stream.total(|side| side.bytes);
        self.retransmissions += stream.total(|side| side.retransmissions);
        self.missing_bytes += stream.total(|side| side.missing);
        let times = [(&mut self.rtt, stream.initial_rtt), (&mut self.durations, Some(stream.duration()))];
        for (histogram, nanos) in times {
            nanos.and_then(|nanos| u64::try_from(nanos).ok()).into_iter().for_each(|nanos| histogram.add(nanos));
        }
    }
}

/// Table of the numbers of TCP connections.
#[derive(Default)]
pub(crate) struct StreamsTable(StreamTotals);

impl StatisticsTable for StreamsTable {
    fn extend_task(&self, task: &mut Task) {
        task.streams = true;
    }

    fn event(&mut self, event: &Event) {
        if let Event::Stream(stream) = event {
            self.0.add(stream);
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let totals = &self.0;
        let counts = [
            ("connections", totals.connections),
            ("data bytes", totals.data_bytes),
            ("retransmitted segments", totals.retransmissions),
            ("bytes missing in the capture", totals.missing_bytes),
        ];
        let mut rows: Vec<(String, Option<u64>, Option<u64>)> =
            counts.into_iter().map(|(name, count)| (name.to_owned(), Some(count), None)).collect();
        for (kind, labels) in [("opened", &totals.opened), ("closed", &totals.closed)] {
            rows.extend(labels.iter().map(|(label, count)| (format!("{kind}: {label}"), Some(*count), None)));
        }
        for (name, times) in [("initial round-trip time", &totals.rtt), ("duration", &totals.durations)] {
            for percent in [50, 95, 99] {
                rows.push((format!("{name} p{percent}"), None, times.percentile(percent)));
            }
            rows.push((format!("{name} max"), None, times.max()));
        }
        let rows = rows.iter().map(|(name, count, nanos)| {
            [
                Cell::Text(name),
                count.map_or(Cell::Empty, Cell::Number),
                nanos.map_or(Cell::Empty, |nanos| Cell::Duration(i64::try_from(nanos).unwrap_or(i64::MAX))),
            ]
        });
        write_rows(&COLUMNS, format, rows, out)
    }
}
