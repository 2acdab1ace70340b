//! `streams`: one row per TCP connection, written when the connection ends or the capture does.

use super::Report;
use super::records::{
    Cell, NAME_COLUMNS, NameSources, RecordColumn, RecordFormat, RecordWriter, number_column, text_column,
};
use crate::analysis::Event;
use crate::capture::{EndpointNames, Stream};
use dissectors::session::Side;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

static COLUMNS: &[RecordColumn] = &[
    RecordColumn::new("stream", number_column("STREAM", 6, 0)),
    RecordColumn::machine_only("time"),
    RecordColumn::new("client", text_column("CLIENT", 18, 47, 0)),
    RecordColumn::new("server", text_column("SERVER", 18, 47, 0)),
    RecordColumn::new("client_state", text_column("CLIENT STATE", 12, 12, 6)),
    RecordColumn::new("server_state", text_column("SERVER STATE", 12, 12, 6)),
    RecordColumn::new("opened", text_column("OPENED", 9, 12, 5)),
    RecordColumn::new("closed", text_column("CLOSED", 13, 24, 0)),
    RecordColumn::new("frames", number_column("FRAMES", 6, 4)),
    RecordColumn::new("client_bytes", number_column("BYTES →", 7, 1)),
    RecordColumn::new("server_bytes", number_column("← BYTES", 7, 1)),
    RecordColumn::new("retransmissions", number_column("RETRANS", 7, 7)),
    RecordColumn::new("rtt", number_column("RTT", 8, 8)),
    RecordColumn::new("duration", number_column("DURATION", 8, 3)),
    RecordColumn::new("completeness", text_column("COMPLETENESS", 12, 32, 9)),
    RecordColumn::machine_only("completeness_bits"),
    RecordColumn::machine_only("client_frames"),
    RecordColumn::machine_only("server_frames"),
    RecordColumn::machine_only("client_retransmissions"),
    RecordColumn::machine_only("server_retransmissions"),
    RecordColumn::machine_only("client_missing"),
    RecordColumn::machine_only("server_missing"),
    RecordColumn::machine_only("first_frame"),
    RecordColumn::machine_only("last_frame"),
];

/// Prints TCP connections as rows.
pub struct StreamsReport {
    records: RecordWriter,
    has_rows: Arc<AtomicBool>,
}

impl StreamsReport {
    /// Returns a report in this format.
    #[must_use]
    pub fn new(format: RecordFormat) -> StreamsReport {
        StreamsReport { records: RecordWriter::new(COLUMNS, format), has_rows: Arc::default() }
    }

    /// Returns a report with the names of the endpoints, and their sources.
    #[must_use]
    pub fn with_names(format: RecordFormat) -> StreamsReport {
        let records = RecordWriter::new(COLUMNS.iter().chain(&NAME_COLUMNS), format);
        StreamsReport { records, has_rows: Arc::default() }
    }

    /// Returns a report that sets a flag if it has rows.
    #[must_use]
    pub fn noting_rows(self, has_rows: Arc<AtomicBool>) -> StreamsReport {
        StreamsReport { has_rows, ..self }
    }

    fn row(&mut self, stream: &Stream, out: &mut dyn Write) -> io::Result<()> {
        let (client, server) = (stream.side(Side::Client), stream.side(Side::Server));
        let [client_state, server_state] = stream.states;
        let (client_name, server_name) = EndpointNames::of(stream.names.as_deref());
        let cells = [
            Cell::Number(stream.number.into()),
            Cell::Timestamp(stream.first.time, 0),
            Cell::Endpoint(stream.client, client_name),
            Cell::Endpoint(stream.server, server_name),
            Cell::Word(client_state.label()),
            Cell::Word(server_state.label()),
            Cell::Word(stream.opened.label()),
            Cell::Word(stream.closed.label()),
            Cell::Number(stream.total(|side| side.frames)),
            Cell::Size(client.bytes),
            Cell::Size(server.bytes),
            Cell::Number(stream.total(|side| side.retransmissions)),
            stream.initial_rtt.map_or(Cell::Empty, Cell::Duration),
            Cell::Duration(stream.duration()),
            Cell::Word(dissectors::tcp::completeness_name(stream.completeness)),
            Cell::Number(stream.completeness.into()),
            Cell::Number(client.frames),
            Cell::Number(server.frames),
            Cell::Number(client.retransmissions),
            Cell::Number(server.retransmissions),
            Cell::Size(client.missing),
            Cell::Size(server.missing),
            Cell::Number(stream.first.frame.into()),
            Cell::Number(stream.last.frame.into()),
        ];
        let Some(names) = stream.names.as_deref() else { return self.records.row(&cells, out) };
        let sources = NameSources::of(names);
        self.records.row(&cells.into_iter().chain(sources.cells(names)).collect::<Vec<_>>(), out)
    }
}

impl Report for StreamsReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.begin(out)
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Stream(stream) => {
                self.has_rows.store(true, Ordering::Relaxed);
                self.row(&stream, out)
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.end(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{CloseKind, Endpoint, OpenKind, SideCounters, SideState};
    use crate::report::JsonFraming;
    use dissectors::packet::Address;
    use dissectors::session::Stamp;

    fn stream() -> Stream {
        let end = |last, port| Endpoint { address: Address::V4([10, 0, 0, last]), port };
        Stream {
            number: 2,
            client: end(1, 1000),
            server: end(2, 80),
            opened: OpenKind::ThreeWay,
            closed: CloseKind::Fin(Side::Server),
            states: [SideState::Closed, SideState::TimeWait],
            fins: [Some(8), Some(7)],
            simultaneous_close: false,
            reset: None,
            completeness: 31,
            first: Stamp { frame: 1, time: 0 },
            last: Stamp { frame: 9, time: 2_000_000_000 },
            sides: [
                SideCounters { frames: 5, bytes: 126, retransmissions: 1, missing: 0 },
                SideCounters { frames: 4, bytes: 2082, retransmissions: 0, missing: 7 },
            ],
            initial_rtt: Some(400_000),
            names: None,
        }
    }

    fn print(format: RecordFormat) -> String {
        let mut out = Vec::new();
        let mut report = StreamsReport::new(format);
        report
            .begin(&mut out)
            .and_then(|()| report.event(Event::Stream(Box::new(stream())), &mut out))
            .and_then(|()| report.end(&mut out))
            .expect("memory can be written to");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_connection_is_a_row_of_the_table() {
        let text = print(RecordFormat::Text(None));
        let words: Vec<&str> = text.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "2 10.0.0.1:1000 10.0.0.2:80 CLOSED TIME-WAIT three-way FIN by server 9 126 B 2.1 kB 1 400 µs 2.0 s \
             Complete, WITH_DATA"
        );
    }

    #[test]
    fn rows_fit_a_terminal() {
        for room in [40, 60, 80, 100] {
            let text = print(RecordFormat::Text(Some(room)));
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert_eq!(text.contains("10.0.0.2:80"), room >= 60, "{room}:\n{text}");
            assert_eq!(text.contains("2.1 kB"), room >= 80, "{room}:\n{text}");
        }
    }

    #[test]
    fn a_connection_is_an_object_with_exact_values() {
        let value: serde_json::Value =
            serde_json::from_str(&print(RecordFormat::Json(JsonFraming::Ndjson))).expect("it is JSON");
        assert_eq!(value["server_bytes"], 2082);
        assert_eq!(value["server_missing"], 7);
        assert_eq!(value["rtt"], 0.0004);
        assert_eq!(value["closed"], "FIN by server");
    }
}
