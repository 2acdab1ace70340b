//! TCP segments by interval of time: losses, receive windows and round-trip times.

use super::intervals::{bar, bar_cell};
use crate::analysis::{FrameResults, Task};
use crate::journey::text::count;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::report::{DissectedFrame, DurationHistogram};
use crate::statistics::chart::{Chart, ChartColumn};
use crate::statistics::table::{StatisticsTable, write_rows};
use crate::statistics::timeline::{IntervalCounts, Timeline};
use dissectors::tcp as fields;
use dissectors::tree::Node;
use dissectors::{Field, Value};
use std::io::{self, Write};

/// Maximum number of intervals. A histogram of round-trip times has 15 kB at most.
const MAX_INTERVALS: usize = 4_096;

/// Fields of a segment.
static FIELDS: [&Field; 8] = [
    &fields::STREAM,
    &fields::FLAGS_RESET,
    &fields::WINDOW_SIZE,
    &fields::WINDOW_SIZE_SCALEFACTOR,
    &fields::ANALYSIS_RETRANSMISSION,
    &fields::ANALYSIS_LOST_SEGMENT,
    &fields::ANALYSIS_ZERO_WINDOW,
    &fields::ANALYSIS_ACK_RTT,
];

static COLUMNS: [RecordColumn; 11] = [
    RecordColumn::machine_only("start"),
    RecordColumn::new("offset", number_column("START", 10, 0)),
    RecordColumn::machine_only("duration"),
    RecordColumn::new("segments", number_column("SEGMENTS", 8, 0)),
    RecordColumn::new("retransmissions", number_column("RETRANS", 7, 0)),
    RecordColumn::new("lost_segments", number_column("GAPS", 5, 0)),
    RecordColumn::new("zero_windows", number_column("ZERO WIN", 8, 0)),
    RecordColumn::new("min_window", number_column("MIN WIN", 8, 0)),
    RecordColumn::new("ack_rtt_p50", number_column("RTT P50", 8, 0)),
    RecordColumn::new("ack_rtt_max", number_column("RTT MAX", 8, 2)),
    RecordColumn::people_only(text_column("RETRANSMISSIONS AND GAPS", 40, 40, 1)),
];

/// Segments of an interval.
#[derive(Default)]
struct SegmentCounts {
    segments: u64,
    retransmissions: u64,
    /// Segments after a gap: those before were lost, or are not in the capture.
    gaps: u64,
    zero_windows: u64,
    /// Smallest receive window in bytes.
    min_window: Option<u64>,
    rtt: DurationHistogram,
}

impl SegmentCounts {
    fn add(&mut self, segment: &SegmentFields) {
        self.segments += 1;
        self.retransmissions += u64::from(segment.is_retransmission);
        self.gaps += u64::from(segment.is_after_gap);
        self.zero_windows += u64::from(segment.has_zero_window);
        segment.receive_window().into_iter().for_each(|window| self.add_window(window));
        segment.rtt.into_iter().for_each(|nanos| self.rtt.add(nanos));
    }

    fn losses(&self) -> u64 {
        self.retransmissions + self.gaps
    }

    fn add_window(&mut self, window: u64) {
        self.min_window = Some(self.min_window.map_or(window, |min| min.min(window)));
    }
}

impl IntervalCounts for SegmentCounts {
    fn merge_next(&mut self, next: &SegmentCounts) {
        self.segments += next.segments;
        self.retransmissions += next.retransmissions;
        self.gaps += next.gaps;
        self.zero_windows += next.zero_windows;
        next.min_window.into_iter().for_each(|window| self.add_window(window));
        self.rtt.merge(&next.rtt);
    }
}

/// Fields of a segment.
#[derive(Default)]
struct SegmentFields {
    window: Option<u64>,
    has_unknown_scale: bool,
    is_reset: bool,
    is_retransmission: bool,
    is_after_gap: bool,
    has_zero_window: bool,
    rtt: Option<u64>,
}

impl SegmentFields {
    /// Adds a field. A note and its field are two nodes.
    fn add(&mut self, node: &Node) {
        let is = |field: &Field| field.id == node.field.id;
        match node.value {
            Value::Uint(window) if is(&fields::WINDOW_SIZE) => self.window = Some(window),
            Value::Int(factor) if is(&fields::WINDOW_SIZE_SCALEFACTOR) => self.has_unknown_scale = factor == -1,
            Value::Duration(nanos) if is(&fields::ANALYSIS_ACK_RTT) => self.rtt = u64::try_from(nanos).ok(),
            Value::Bool(is_set) if is(&fields::FLAGS_RESET) => self.is_reset = is_set,
            _ if is(&fields::ANALYSIS_RETRANSMISSION) => self.is_retransmission = true,
            _ if is(&fields::ANALYSIS_LOST_SEGMENT) => self.is_after_gap = true,
            _ if is(&fields::ANALYSIS_ZERO_WINDOW) => self.has_zero_window = true,
            _ => {}
        }
    }

    /// Returns the receive window. A reset has none. If the scale is not known, the window is not known, unless it is 0.
    fn receive_window(&self) -> Option<u64> {
        self.window.filter(|&window| !self.is_reset && (window == 0 || !self.has_unknown_scale))
    }
}

/// Counts segments by interval.
pub(crate) struct SegmentsTable(Timeline<SegmentCounts>);

impl SegmentsTable {
    /// Returns a table of intervals of this many nanoseconds, or of an automatic length.
    pub(crate) fn new(length: Option<i64>) -> SegmentsTable {
        SegmentsTable(Timeline::new(length, MAX_INTERVALS))
    }
}

impl StatisticsTable for SegmentsTable {
    fn extend_task(&self, task: &mut Task) {
        FIELDS.iter().for_each(|field| task.wants.add(field));
        task.without_connections = false;
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        let is_sent = |number: u64| {
            let mut own = results.connections.iter().filter(|own| !own.quoted);
            own.any(|own| own.conversation.tcp().is_some_and(|tcp| u64::from(tcp) == number))
        };
        // The number of its connection is the first of these fields in a segment.
        let mut segment: Option<SegmentFields> = None;
        let mut segments = Vec::new();
        for node in shown.tree.nodes() {
            match node.value {
                Value::Uint(number) if node.field.id == fields::STREAM.id => {
                    segments.extend(segment.take());
                    segment = is_sent(number).then(SegmentFields::default);
                }
                _ => segment.iter_mut().for_each(|segment| segment.add(node)),
            }
        }
        segments.extend(segment);
        if !segments.is_empty()
            && let Some(counts) = self.0.interval_of(shown)
        {
            segments.iter().for_each(|segment| counts.add(segment));
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let max = self.0.intervals.iter().map(SegmentCounts::losses).max().unwrap_or(0);
        let bars: Vec<String> = self.0.intervals.iter().map(|counts| bar(counts.losses(), max)).collect();
        let offsets = self.0.offset_texts();
        let rows = self.0.intervals.iter().zip(&bars).zip(&offsets).enumerate().map(|(at, ((counts, bar), text))| {
            let [start, offset, duration] = self.0.cells(at, text, format);
            let time = |nanos: Option<u64>| {
                nanos.map_or(Cell::Empty, |nanos| Cell::Duration(i64::try_from(nanos).unwrap_or(i64::MAX)))
            };
            [
                start,
                offset,
                duration,
                Cell::Number(counts.segments),
                Cell::Number(counts.retransmissions),
                Cell::Number(counts.gaps),
                Cell::Number(counts.zero_windows),
                counts.min_window.map_or(Cell::Empty, Cell::Size),
                time(counts.rtt.percentile(50)),
                time(counts.rtt.max()),
                bar_cell(bar),
            ]
        });
        write_rows(&COLUMNS, format, rows, out)
    }

    fn chart(&self) -> Option<Chart> {
        let counts = self.0.intervals.iter().zip(self.0.offset_texts());
        let column = |(counts, label): (&SegmentCounts, String)| ChartColumn {
            label,
            value: counts.losses(),
            text: format!("{}, {}", count(counts.retransmissions, "retransmission"), count(counts.gaps, "gap")),
        };
        Some(Chart { title: "Retransmissions and gaps by time", columns: counts.map(column).collect() })
    }

    fn limit_notes(&self) -> Vec<String> {
        self.0.limit_notes("frames")
    }
}
