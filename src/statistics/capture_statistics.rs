//! The statistics of a capture: the tables that are requested, collected in one pass and written one after the other.

use super::chart::Chart;
use super::table::StatisticsTable;
use super::tables::calls::{CallKind, CallsTable, handshake_fields};
use super::tables::endpoints::EndpointsTable;
use super::tables::hosts::ConversationsTable;
use super::tables::intervals::IntervalsTable;
use super::tables::latency::LatencyTable;
use super::tables::protocols::ProtocolsTable;
use super::tables::segments::SegmentsTable;
use super::tables::streams::StreamsTable;
use super::tables::summary::SummaryTable;
use super::tables::values::{NotesTable, ValuesTable};
use crate::analysis::{Event, FrameResults, MessageNodes, Task};
use crate::journey::page;
use crate::report::escape_markup;
use crate::report::records::RecordFormat;
use crate::report::{DissectedFrame, JsonFraming};
use dissectors::Tree;
use std::io::{self, Write};

/// A group of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableKind {
    /// What is in the capture, on one screen.
    Summary,
    /// Protocol hierarchy.
    Protocols,
    /// Pairs of hosts, TCP connections and UDP conversations.
    Conversations,
    /// Hosts, and their ports of TCP and UDP.
    Endpoints,
    /// Calls of the web by status, method and host.
    Web,
    /// Lookups of names by name and status.
    Lookups,
    /// Statements of databases by digest.
    Statements,
    /// What handshakes above the transport negotiate.
    Secure,
    /// Durations of calls: a histogram, and percentiles by host, path, method and digest.
    Latency,
    /// Durations of calls by host, path, method and digest: percentiles and the histogram of each.
    Histograms,
    /// Frames and bytes by interval.
    Intervals,
    /// TCP connections, and segments by interval.
    Streams,
    /// Expert notes.
    Notes,
}

impl TableKind {
    /// All groups in the order in which they are written, without histograms, which repeat the rows of others.
    pub const ALL: [TableKind; 12] = [
        TableKind::Summary,
        TableKind::Protocols,
        TableKind::Conversations,
        TableKind::Endpoints,
        TableKind::Web,
        TableKind::Lookups,
        TableKind::Statements,
        TableKind::Secure,
        TableKind::Latency,
        TableKind::Intervals,
        TableKind::Streams,
        TableKind::Notes,
    ];

    /// Returns the tables of the group, each with its key in JSON and its title.
    fn tables(self, format: RecordFormat, interval: Option<i64>) -> Vec<NamedTable> {
        let calls =
            |part, key, title, kind, by| NamedTable::new(key, title, CallsTable::new(kind, by, format)).with_part(part);
        let histograms = |part, key, title, kind, by| {
            NamedTable::new(key, title, CallsTable::with_histograms(kind, by, format)).with_part(part)
        };
        match self {
            TableKind::Summary => vec![NamedTable::new("summary", "Summary", SummaryTable::default())],
            TableKind::Protocols => vec![NamedTable::new("protocols", "Protocols", ProtocolsTable::default())],
            TableKind::Conversations => {
                vec![NamedTable::new("conversations", "Conversations", ConversationsTable::default())]
            }
            TableKind::Endpoints => vec![NamedTable::new("endpoints", "Endpoints", EndpointsTable::default())],
            TableKind::Web => vec![
                calls("status", "web_by_status", "Web calls by status", CallKind::Web, "status"),
                calls("method", "web_by_method", "Web calls by method", CallKind::Web, "method"),
                calls("host", "web_by_host", "Web calls by host", CallKind::Web, "host"),
            ],
            TableKind::Lookups => vec![
                calls("status", "lookups_by_status", "Lookups by status", CallKind::Lookup, "status"),
                calls("type", "lookups_by_type", "Lookups by type", CallKind::Lookup, "method"),
                calls("name", "lookups_by_name", "Lookups by name", CallKind::Lookup, "uri"),
            ],
            TableKind::Statements => {
                vec![calls("digest", "statements", "Statements by digest", CallKind::Statement, "sql.digest")]
            }
            TableKind::Secure => {
                vec![NamedTable::new("handshakes", "Handshakes", ValuesTable::new(handshake_fields()))]
            }
            TableKind::Latency => vec![
                NamedTable::new("latency", "Durations of calls", LatencyTable::default()).with_part("histogram"),
                calls("", "latency_by_host", "Durations by host", CallKind::All, "host"),
                calls("", "latency_by_path", "Durations by path", CallKind::Web, "path_template"),
                calls("", "latency_by_method", "Durations by method", CallKind::All, "method"),
            ],
            TableKind::Histograms => vec![
                histograms("host", "histograms_by_host", "Histograms by host", CallKind::All, "host"),
                histograms("path_template", "histograms_by_path", "Histograms by path", CallKind::Web, "path_template"),
                histograms("method", "histograms_by_method", "Histograms by method", CallKind::All, "method"),
                histograms("digest", "histograms_by_digest", "Histograms by digest", CallKind::Statement, "sql.digest"),
            ],
            TableKind::Intervals => {
                vec![NamedTable::new("intervals", "Traffic by time", IntervalsTable::new(interval))]
            }
            TableKind::Streams => vec![
                NamedTable::new("tcp", "TCP connections", StreamsTable::default()).with_part("totals"),
                NamedTable::new("tcp_by_time", "TCP segments by time", SegmentsTable::new(interval)).with_part("time"),
            ],
            TableKind::Notes => vec![NamedTable::new("notes", "Expert notes", NotesTable::default())],
        }
    }
}

/// A table with its names.
struct NamedTable {
    key: &'static str,
    /// Name within its group; empty if it is not selected alone.
    part: &'static str,
    title: &'static str,
    table: Box<dyn StatisticsTable + Send>,
}

/// A group of tables, or the part of it with this name.
pub type TableSelection = (TableKind, Option<&'static str>);

impl NamedTable {
    fn new(key: &'static str, title: &'static str, table: impl StatisticsTable + Send + 'static) -> NamedTable {
        NamedTable { key, part: "", title, table: Box::new(table) }
    }

    fn with_part(self, part: &'static str) -> NamedTable {
        NamedTable { part, ..self }
    }
}

/// Tables of a capture.
pub struct CaptureStatistics {
    tables: Vec<NamedTable>,
    format: RecordFormat,
    /// Names of the captures, for the heading of a page.
    pub names: String,
}

impl CaptureStatistics {
    /// Returns the selected tables, each once. `interval` is the length of an interval of time in nanoseconds, if it is given.
    #[must_use]
    pub fn new(selected: &[TableSelection], interval: Option<i64>, format: RecordFormat) -> CaptureStatistics {
        let mut kinds: Vec<TableKind> = selected.iter().map(|&(kind, _)| kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let is_selected = |kind: TableKind, named: &NamedTable| {
            selected.iter().any(|&(own, part)| own == kind && part.is_none_or(|part| part == named.part))
        };
        let tables_of = |kind: TableKind| {
            kind.tables(format, interval).into_iter().filter(move |named| is_selected(kind, named)).collect::<Vec<_>>()
        };
        let tables = kinds.into_iter().flat_map(tables_of).collect();
        CaptureStatistics { tables, format, names: String::new() }
    }

    /// Returns the number of tables.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Returns whether there are no tables.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let mut task = Task { without_connections: true, ..Task::default() };
        self.tables.iter().for_each(|named| named.table.extend_task(&mut task));
        task
    }

    /// Reads a frame that matches the filter.
    pub fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        self.tables.iter_mut().for_each(|named| named.table.frame(shown, results));
    }

    /// Reads messages, whether they match or not.
    pub fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        self.tables.iter_mut().for_each(|named| named.table.messages(messages, tree));
    }

    /// Reads a call or a connection that matches the filter.
    pub fn event(&mut self, event: &Event) {
        self.tables.iter_mut().for_each(|named| named.table.event(event));
    }

    /// Reads a call that does not match the filter.
    pub fn other_call(&mut self) {
        self.tables.iter_mut().for_each(|named| named.table.other_call());
    }

    /// Writes all tables.
    pub fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let (format, count) = (self.format, self.tables.len());
        if format == RecordFormat::Html {
            return self.write_page(out);
        }
        let is_object = format == RecordFormat::Json(JsonFraming::Array);
        out.write_all(if is_object { b"{" } else { b"" })?;
        for (nth, NamedTable { key, title, table, .. }) in self.tables.iter_mut().enumerate() {
            match format {
                RecordFormat::Json(_) => write!(out, "{}\n\"{key}\": ", if nth > 0 { "," } else { "" })?,
                RecordFormat::Text(_) if count > 1 => write!(out, "{}{title}\n\n", if nth > 0 { "\n" } else { "" })?,
                _ => {}
            }
            table.write(format, out)?;
        }
        out.write_all(if is_object { b"\n}\n" } else { b"" })
    }

    /// Writes a page with all tables and charts, which needs no other file.
    fn write_page(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let skip = self.tables.first().map_or("summary", |named| named.key);
        out.write_all(page::start("Statistics", &self.names, (skip, "Skip to the tables")).as_bytes())?;
        for NamedTable { key, title, table, .. } in &mut self.tables {
            write!(out, "<section id=\"{key}\">\n<h2>{}</h2>\n", escape_markup(title))?;
            let chart = table.chart().map(Chart::svg).unwrap_or_default();
            out.write_all(chart.as_bytes())?;
            table.write(RecordFormat::Html, out)?;
            out.write_all(b"</section>\n")?;
        }
        out.write_all(page::END.as_bytes())
    }

    /// Returns what the tables lack because of a limit.
    #[must_use]
    pub fn limit_notes(&self) -> Vec<String> {
        let notes = |named: &NamedTable| {
            named.table.limit_notes().into_iter().map(|note| format!("{}: {note}", named.key)).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(notes).collect()
    }
}
