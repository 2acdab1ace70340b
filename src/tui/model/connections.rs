//! Rows of the list of connections in datagrams, such as those of QUIC: columns, texts and sort order.

use crate::browse::Index;
use crate::capture::Connection;
use crate::report::connections::{closed_text, first_word, ids_text};
use crate::report::quantity;
use crate::tui::model::rows::{endpoint_key, endpoint_text};
use crate::tui::widgets::columns::{ListColumn, TIME_WIDTH, column};
use crate::tui::widgets::row_order::{RowOrder, SortColumn, number_key, text_key};
use std::cmp::Ordering;

/// Columns of the list.
pub(crate) static COLUMNS: [ListColumn; 18] = [
    column("#", [3, 3, 6], true, 0, "connection number"),
    column("TIME", [TIME_WIDTH; 3], true, 9, "time of the first packet"),
    column("CLIENT", [15, 21, 47], false, 2, "client address"),
    column("SERVER", [15, 21, 47], false, 3, "server address"),
    column("VERSION", [7, 7, 10], false, 7, "version of QUIC"),
    column("NAME", [16, 20, 47], false, 0, "name of the server, as the client requests it (SNI)"),
    column("ALPN", [4, 4, 10], false, 5, "application protocol that the server selected"),
    column("CLIENT ID", [16, 16, 40], false, 11, "connection ID that the client chose first"),
    column("SERVER ID", [16, 16, 40], false, 10, "connection ID that the server chose first"),
    column("HANDSHAKE", [9, 9, 9], true, 1, "from the first packet to the end of the handshake"),
    column("RTT", [7, 7, 8], true, 4, "minimum round-trip time by acknowledgments"),
    column("SPIN RTT", [8, 8, 8], true, 14, "minimum round-trip time by the spin bit"),
    column("LOST →", [6, 6, 6], true, 6, "packets of the client that were lost, as acknowledgments show it"),
    column("← LOST", [6, 6, 6], true, 6, "packets of the server that were lost, as acknowledgments show it"),
    column("BYTES →", [7, 7, 8], true, 8, "bytes of the client's datagrams"),
    column("← BYTES", [7, 7, 8], true, 8, "bytes of the server's datagrams"),
    column("DURATION", [8, 8, 8], true, 12, "from first to last packet"),
    column("CLOSED", [16, 24, 60], false, 0, "which side closed the connection, and why"),
];

pub(crate) const TIME: usize = 1;

/// The order of the list until another is chosen.
pub(crate) const BY_NUMBER: SortColumn = SortColumn { column: 0, descending: false };

/// Returns the text of a cell, except in the time column.
pub(crate) fn cell_text(index: &Index, connection: &Connection, column: usize) -> String {
    let Connection { facts, client, server, .. } = connection;
    let [client_ids, server_ids] = facts.ids.each_ref().map(|ids| ids_text(ids));
    let [client_lost, server_lost] = facts.lost.map(|lost| lost.map_or_else(String::new, |lost| lost.to_string()));
    let quantity = |write: fn(&mut String, u64), bytes| {
        let mut out = String::new();
        write(&mut out, bytes);
        out
    };
    let duration = |nanos: Option<i64>| {
        let mut out = String::new();
        nanos.into_iter().for_each(|nanos| quantity::duration(&mut out, nanos));
        out
    };
    match column {
        0 => facts.number.to_string(),
        2 => endpoint_text(index, *client, facts.last.frame),
        3 => endpoint_text(index, *server, facts.last.frame),
        // The name of the protocol is that of the list.
        4 => facts.version.trim_start_matches("QUIC ").to_owned(),
        5 => facts.server_name.to_string(),
        6 => facts.alpn.to_string(),
        7 => first_word(&client_ids).to_owned(),
        8 => first_word(&server_ids).to_owned(),
        9 => duration(facts.handshake),
        10 => duration(facts.rtt()),
        11 => duration(facts.spin_rtt),
        12 => client_lost,
        13 => server_lost,
        14 => quantity(quantity::size, facts.bytes[0]),
        15 => quantity(quantity::size, facts.bytes[1]),
        16 => duration(Some(facts.last.time.saturating_sub(facts.first.time))),
        17 => match closed_text(connection) {
            text if text.is_empty() && !facts.is_close_hidden => "open".to_owned(),
            text => text,
        },
        _ => String::new(),
    }
}

/// Returns the text of a row, for searching and copying.
pub(crate) fn text(index: &Index, row: u32) -> String {
    let Some(connection) = index.connections.get(row as usize) else { return String::new() };
    let columns = (0..COLUMNS.len()).filter(|&column| column != TIME);
    let texts = columns.map(|column| cell_text(index, connection, column)).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("  ")
}

/// Connections of a capture, as rows that can be sorted.
pub(crate) struct ConnectionRows<'a>(pub(crate) &'a Index);

/// Whether a column is sorted by its text.
fn is_text(column: usize) -> bool {
    matches!(column, 4..=8 | 17)
}

impl RowOrder for ConnectionRows<'_> {
    fn key(&self, row: u32, column: usize) -> u64 {
        let Some(connection) = self.0.connections.get(row as usize) else { return 0 };
        let facts = &connection.facts;
        let number = |number: u64| Some(number.min(i64::MAX as u64) as i64);
        number_key(match column {
            0 => number(facts.number.into()),
            TIME => Some(facts.first.time),
            2 => return endpoint_key(&connection.client),
            3 => return endpoint_key(&connection.server),
            _ if is_text(column) => return text_key(&cell_text(self.0, connection, column)),
            9 => facts.handshake,
            10 => facts.rtt(),
            11 => facts.spin_rtt,
            12 => facts.lost[0].and_then(number),
            13 => facts.lost[1].and_then(number),
            14 => number(facts.bytes[0]),
            15 => number(facts.bytes[1]),
            16 => Some(facts.last.time.saturating_sub(facts.first.time)),
            _ => None,
        })
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let connections = &self.0.connections;
        let (Some(left), Some(right)) = (connections.get(left as usize), connections.get(right as usize)) else {
            return Ordering::Equal;
        };
        // In the other columns, equal keys mean equal values.
        match column {
            2 => left.client.cmp(&right.client),
            3 => left.server.cmp(&right.server),
            _ if is_text(column) => cell_text(self.0, left, column).cmp(&cell_text(self.0, right, column)),
            _ => Ordering::Equal,
        }
    }
}
