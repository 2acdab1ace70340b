//! `streams --quic`: one row per connection of QUIC, written when it ends or the capture does.

use super::Report;
use super::records::{Cell, RecordColumn, RecordFormat, RecordWriter, number_column, text_column};
use crate::analysis::Event;
use crate::capture::Connection;
use dissectors::datagram_path::PathId;
use std::io::{self, Write};

static COLUMNS: &[RecordColumn] = &[
    RecordColumn::new("stream", text_column("STREAM", 6, 12, 0)),
    RecordColumn::machine_only("nth"),
    RecordColumn::machine_only("time"),
    RecordColumn::new("client", text_column("CLIENT", 18, 47, 0)),
    RecordColumn::new("server", text_column("SERVER", 18, 47, 0)),
    RecordColumn::new("version", text_column("VERSION", 7, 10, 4)),
    RecordColumn::new("server_name", text_column("NAME", 16, 47, 1)),
    RecordColumn::new("alpn", text_column("ALPN", 4, 10, 3)),
    RecordColumn::new("client_id", text_column("CLIENT ID", 16, 40, 9)),
    RecordColumn::new("server_id", text_column("SERVER ID", 16, 40, 9)),
    RecordColumn::new("handshake", number_column("HANDSHAKE", 9, 2)),
    RecordColumn::new("rtt", number_column("RTT", 8, 2)),
    RecordColumn::new("spin_rtt", number_column("SPIN RTT", 8, 7)),
    RecordColumn::new("client_lost", number_column("LOST →", 6, 6)),
    RecordColumn::new("server_lost", number_column("← LOST", 6, 6)),
    RecordColumn::new("client_bytes", number_column("BYTES →", 7, 5)),
    RecordColumn::new("server_bytes", number_column("← BYTES", 7, 5)),
    RecordColumn::new("duration", number_column("DURATION", 8, 8)),
    RecordColumn::new("closed", text_column("CLOSED", 13, 60, 0)),
    RecordColumn::machine_only("alpn_offered"),
    RecordColumn::machine_only("client_ids"),
    RecordColumn::machine_only("server_ids"),
    RecordColumn::machine_only("client_packets"),
    RecordColumn::machine_only("server_packets"),
    RecordColumn::machine_only("client_missing"),
    RecordColumn::machine_only("server_missing"),
    RecordColumn::machine_only("client_rtt"),
    RecordColumn::machine_only("server_rtt"),
    RecordColumn::machine_only("first_frame"),
    RecordColumn::machine_only("last_frame"),
];

/// Prints connections of QUIC as rows.
pub struct ConnectionsReport {
    records: RecordWriter,
}

impl ConnectionsReport {
    /// Returns a report in this format.
    #[must_use]
    pub fn new(format: RecordFormat) -> ConnectionsReport {
        ConnectionsReport { records: RecordWriter::new(COLUMNS, format) }
    }

    fn row(&mut self, connection: &Connection, out: &mut dyn Write) -> io::Result<()> {
        let Connection { facts, client, server, start } = connection;
        let number = |number: Option<u64>| number.map_or(Cell::Empty, Cell::Number);
        let duration = |nanos: Option<i64>| nanos.map_or(Cell::Empty, Cell::Duration);
        let stream = facts.conversation.to_string();
        let [client_ids, server_ids] = facts.ids.each_ref().map(|ids| ids_text(ids));
        let closed = closed_text(connection);
        let offered = facts.offered_alpn.join(" ");
        let ([client_lost, server_lost], [client_missing, server_missing]) = (facts.lost, facts.missing);
        let ([client_bytes, server_bytes], [client_packets, server_packets]) = (facts.bytes, facts.packets);
        let [client_rtt, server_rtt] = facts.rtts;
        let cells = [
            Cell::Text(&stream),
            Cell::Number(facts.nth.into()),
            Cell::Timestamp(facts.first.time, facts.first.time.saturating_sub(*start)),
            Cell::Endpoint(*client, None),
            Cell::Endpoint(*server, None),
            text_or(facts.version, "-"),
            text_or(&facts.server_name, "-"),
            text_or(&facts.alpn, "-"),
            text_or(first_word(&client_ids), "-"),
            text_or(first_word(&server_ids), "-"),
            duration(facts.handshake),
            duration(facts.rtt()),
            duration(facts.spin_rtt),
            number(client_lost),
            number(server_lost),
            Cell::Size(client_bytes),
            Cell::Size(server_bytes),
            Cell::Duration(facts.last.time.saturating_sub(facts.first.time)),
            match closed.as_str() {
                "" if facts.is_close_hidden => Cell::Empty,
                "" => Cell::Word("open"),
                closed => Cell::Text(closed),
            },
            text_or(&offered, "-"),
            text_or(&client_ids, "-"),
            text_or(&server_ids, "-"),
            Cell::Number(client_packets),
            Cell::Number(server_packets),
            number(client_missing),
            number(server_missing),
            duration(client_rtt),
            duration(server_rtt),
            Cell::Number(facts.first.frame.into()),
            Cell::Number(facts.last.frame.into()),
        ];
        self.records.row(&cells, out)
    }
}

/// Returns the cell of a text that may be empty.
fn text_or<'a>(text: &'a str, missing: &'static str) -> Cell<'a> {
    if text.is_empty() { Cell::Missing(missing) } else { Cell::Text(text) }
}

/// Returns connection IDs as hexadecimal digits.
pub(crate) fn ids_text(ids: &[PathId]) -> String {
    let mut text = String::new();
    for id in ids.iter().filter(|id| !id.bytes().is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        if dissectors::format::hex(&mut text, id.bytes()).is_err() {
            break;
        }
    }
    text
}

/// Returns the connection ID that was chosen first.
pub(crate) fn first_word(ids: &str) -> &str {
    ids.split(' ').next().unwrap_or_default()
}

/// Returns the side that closed a connection, and its reason; empty if it was not closed.
pub(crate) fn closed_text(connection: &Connection) -> String {
    let Some(close) = &connection.facts.close else { return String::new() };
    let phrase = if close.phrase.is_empty() { String::new() } else { format!(" ({})", close.phrase) };
    format!("by {}: {}{phrase}", close.side.name(), close.reason)
}

impl Report for ConnectionsReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.begin(out)
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Connection(connection) => self.row(&connection, out),
            _ => Ok(()),
        }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.end(out)
    }
}
