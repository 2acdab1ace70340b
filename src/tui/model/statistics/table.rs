//! Tables of the statistics: columns, cells and sort order.

use crate::browse::Host;
use crate::report::value;
use crate::statistics::TrafficEntry;
use crate::tui::model::Model;
use crate::tui::model::statistics::StatisticsPage;
use crate::tui::model::statistics::counters::TrafficCounters;
use crate::tui::model::statistics::latency::LatencyStatistics;
use crate::tui::widgets::columns::ListColumn;
use crate::tui::widgets::row_order::{RowOrder, number_key, text_key};
use crate::tui::widgets::text::{duration, format_count, size};
use ratatui::symbols::bar;
use std::cmp::Ordering;

const fn text_column(title: &'static str, width: [u16; 2], description: &'static str) -> ListColumn {
    let [least, most] = width;
    ListColumn { title, description, width: [least, least, most], right_aligned: false, rank: 0 }
}

const fn number_column(title: &'static str, width: [u16; 2], rank: u8, description: &'static str) -> ListColumn {
    let [least, most] = width;
    ListColumn { title, description, width: [least, least, most], right_aligned: true, rank }
}

/// Columns of the protocol hierarchy.
pub(crate) static PROTOCOLS: [ListColumn; 8] = [
    text_column("PROTOCOL", [20, 30], "protocol hierarchy"),
    number_column("FRAMES", [9, 13], 0, "frames with this protocol"),
    number_column("%", [5, 6], 0, "percentage of all frames"),
    text_column("SHARE", [6, 40], "percentage of all frames, as a bar"),
    number_column("BYTES", [8, 9], 0, "bytes on the wire"),
    number_column("% BYTES", [7, 8], 2, "percentage of all bytes"),
    number_column("ENDS", [6, 12], 1, "frames in which this is the innermost protocol"),
    number_column("AVERAGE", [8, 9], 3, "average frame length in bytes"),
];

/// Columns of the table of hosts.
pub(crate) static HOSTS: [ListColumn; 7] = [
    text_column("ADDRESS", [15, 39], "network-layer address; link-layer address if there is none"),
    number_column("FRAMES", [9, 12], 0, "frames sent and received"),
    number_column("BYTES", [8, 9], 0, "bytes on the wire, sent and received"),
    number_column("SENT", [9, 12], 3, "frames sent"),
    number_column("BYTES →", [8, 9], 1, "bytes sent"),
    number_column("RECEIVED", [9, 12], 3, "frames received"),
    number_column("← BYTES", [8, 9], 1, "bytes received"),
];

/// Columns of the table of pairs of hosts.
pub(crate) static PAIRS: [ListColumn; 10] = [
    text_column("A", [15, 39], "lower address"),
    text_column("B", [15, 39], "higher address"),
    number_column("FRAMES", [8, 12], 0, "frames in both directions"),
    number_column("BYTES", [8, 9], 0, "bytes on the wire, in both directions"),
    number_column("A → B", [8, 12], 3, "frames sent by A"),
    number_column("BYTES →", [8, 9], 1, "bytes sent by A"),
    number_column("A ← B", [8, 12], 3, "frames sent by B"),
    number_column("← BYTES", [8, 9], 1, "bytes sent by B"),
    number_column("BEGIN", [11, 14], 4, "start, relative to the first frame of the capture"),
    number_column("DURATION", [8, 9], 5, "from first to last frame"),
];

/// Columns of the table of response times.
pub(crate) static RESPONSE_TIMES: [ListColumn; 7] = [
    text_column("", [16, 60], "group of calls"),
    number_column("CALLS", [8, 10], 0, "number of calls"),
    number_column("UNANSWERED", [10, 10], 2, "calls without a response"),
    number_column("P50", [8, 9], 0, "50th percentile (median)"),
    number_column("P95", [8, 9], 0, "95th percentile"),
    number_column("P99", [8, 9], 0, "99th percentile"),
    number_column("MAX", [8, 9], 1, "maximum"),
];

/// Column that each table is sorted by at first: the number of frames or calls.
pub(crate) const FIRST_SORT: [usize; 4] = [1, 1, 2, 1];

/// Rows of the tables, with the values they are sorted by.
pub(crate) struct StatisticsRows<'s> {
    pub(crate) page: StatisticsPage,
    pub(crate) pairs: &'s [[Host; 2]],
    pub(crate) hosts: &'s [Host],
    pub(crate) counters: &'s TrafficCounters,
    pub(crate) latency: &'s LatencyStatistics,
}

impl RowOrder for StatisticsRows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let at = number as usize;
        let figure = |entry: TrafficEntry, first: usize| {
            let figure = column.checked_sub(first).and_then(|index| figures(&entry).get(index).copied());
            figure.unwrap_or_default()
        };
        match (self.page, column) {
            (StatisticsPage::Hosts, _) => figure(self.counters.hosts.entry(number), 1),
            (StatisticsPage::Pairs, 8) => number_key(Some(self.counters.pairs.entry(number).first)),
            (StatisticsPage::Pairs, 9) => number_key(Some(self.counters.pairs.entry(number).duration())),
            (StatisticsPage::Pairs, _) => figure(self.counters.pairs.entry(number), 2),
            (StatisticsPage::ResponseTimes, column) => {
                self.latency.groups.get(at).map_or(0, |(name, times)| match column {
                    0 => text_key(name),
                    1 => times.calls(),
                    2 => times.unanswered,
                    column => number_key(times.percentile(percentile_of_column(column))),
                })
            }
            (StatisticsPage::Protocols | StatisticsPage::Graph, _) => 0,
        }
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let [left, right] = [left as usize, right as usize];
        match (self.page, column) {
            (StatisticsPage::Hosts, 0) => self.hosts.get(left).cmp(&self.hosts.get(right)),
            (StatisticsPage::Pairs, 0) => self.pairs.get(left).cmp(&self.pairs.get(right)),
            (StatisticsPage::Pairs, 1) => {
                let second = |at: usize| self.pairs.get(at).map(|[_, second]| second);
                second(left).cmp(&second(right))
            }
            (StatisticsPage::ResponseTimes, 0) => {
                let name = |at: usize| self.latency.groups.get(at).map(|(name, _)| name);
                name(left).cmp(&name(right))
            }
            _ => Ordering::Equal,
        }
    }
}

/// Returns the percentile that a column of response times shows.
fn percentile_of_column(column: usize) -> usize {
    [50, 95, 99, 100].get(column - 3).copied().unwrap_or(100)
}

/// Returns frames and bytes: in total, in one direction, in the other direction.
fn figures(entry: &TrafficEntry) -> [u64; 6] {
    let [all, one, other] = [entry.total(), entry.directions[0], entry.directions[1]];
    [all.frames, all.bytes, one.frames, one.bytes, other.frames, other.bytes]
}

/// Formats a share as a percentage with one decimal.
fn percentage(part: u64, all: u64) -> String {
    let all = u128::from(all.max(1));
    let mille = (u128::from(part) * 2000 + all) / (all * 2);
    format!("{}.{}", mille / 10, mille % 10)
}

/// Draws a share as a bar, in eighths of a column.
pub(crate) fn share_bar(part: u64, all: u64, room: u16) -> String {
    let eighths = (u128::from(part) * u128::from(room) * 8).div_ceil(u128::from(all.max(1))) as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8).copied().unwrap_or_default();
    format!("{}{}", bar::FULL.repeat(eighths / 8), rest)
}

/// Formats one of [`figures`]: a count of frames at even indexes, bytes at odd ones.
fn figure_text(figures: [u64; 6], index: usize) -> String {
    let figure = figures.get(index).copied().unwrap_or_default();
    if index.is_multiple_of(2) { format_count(figure) } else { size(figure) }
}

/// Returns the text of a cell of the page's table.
pub(crate) fn cell_text(model: &Model, number: u32, column: usize, room: u16) -> String {
    let statistics = &model.statistics;
    let counters = statistics.counters(model.applied_filter.is_some());
    let all = counters.total;
    match statistics.page {
        StatisticsPage::Protocols => {
            let hierarchy = &statistics.hierarchy;
            let figure = hierarchy.column_value(number, column);
            match column {
                // The indentation is limited so that the name stays visible in deep hierarchies.
                0 => " ".repeat(hierarchy.depth(number).min(room / 2).into()) + hierarchy.label(number),
                2 => percentage(figure, all.frames),
                3 => share_bar(figure, all.frames, room),
                4 => size(figure),
                5 => percentage(figure, all.bytes),
                _ => format_count(figure),
            }
        }
        StatisticsPage::Hosts => match column.checked_sub(1) {
            None => statistics.hosts.hosts.get(number as usize).map_or(String::new(), Host::to_string),
            Some(index) => figure_text(figures(&counters.hosts.entry(number)), index),
        },
        StatisticsPage::Pairs => {
            let entry = counters.pairs.entry(number);
            let pair = model.index.pairs.get(number as usize);
            match column {
                0 | 1 => pair.and_then(|pair| pair.get(column)).map_or(String::new(), Host::to_string),
                8 => {
                    let mut out = String::new();
                    let start = model.time(1).unwrap_or(0);
                    value::seconds(&mut out, entry.first.saturating_sub(start), value::Decimals::Six);
                    out
                }
                9 => duration(entry.duration()),
                column => figure_text(figures(&entry), column - 2),
            }
        }
        StatisticsPage::ResponseTimes => {
            let Some((name, times)) = statistics.latency.groups.get(number as usize) else { return String::new() };
            match column {
                0 if name.is_empty() => "unknown".into(),
                0 => name.clone(),
                1 => format_count(times.calls()),
                2 => format_count(times.unanswered),
                column => times.percentile(percentile_of_column(column)).map_or(String::new(), duration),
            }
        }
        StatisticsPage::Graph => String::new(),
    }
}

/// Returns the text of a row, for searching and copying.
pub(crate) fn text(model: &Model, index: usize) -> String {
    let statistics = &model.statistics;
    let (Some(number), Some(table)) = (statistics.rows().get(index), statistics.table()) else { return String::new() };
    let cells = (0..table.columns.len()).map(|column| cell_text(model, number, column, 0));
    cells.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_formatted_in_percent_and_drawn_in_eighths() {
        assert_eq!(
            [percentage(1, 3), percentage(2, 3), percentage(5, 5), percentage(0, 0)],
            ["33.3", "66.7", "100.0", "0.0"]
        );
        assert_eq!(
            [share_bar(1, 2, 4), share_bar(1, 3, 1), share_bar(1, 1_000_000, 10), share_bar(u64::MAX, u64::MAX, 3)],
            ["██", "▍", "▏", "███"]
        );
    }
}
