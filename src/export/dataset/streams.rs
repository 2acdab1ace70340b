//! The table `streams`: one row a TCP connection.

use super::column::{ColumnType, TableColumn, columns, endpoint_columns};
use super::community_id::community_id;
use super::rows::{Datum, RowBuffer};
use crate::capture::{EndpointNames, Stream};

const COLUMNS: [(&str, ColumnType, &str); 21] = [
    ("stream", ColumnType::Int64, "tcp.stream"),
    ("time", ColumnType::Time, "Time of the first frame."),
    ("end", ColumnType::Time, "Time of the last frame."),
    ("duration_ns", ColumnType::Duration, "Time from the first frame to the last."),
    ("first_frame", ColumnType::Int64, "First frame."),
    ("last_frame", ColumnType::Int64, "Last frame."),
    (
        "opened",
        ColumnType::Text,
        "How the connection began: `three-way`, `half-open`, `refused`, `mid-stream` and others.",
    ),
    ("closed", ColumnType::Text, "How the connection ended: `FIN by client`, `RST by server`, `open` and others."),
    ("client_state", ColumnType::Text, "State of the client after the last frame (RFC 9293 3.3.2)."),
    ("server_state", ColumnType::Text, "State of the server after the last frame (RFC 9293 3.3.2)."),
    ("completeness", ColumnType::Int32, "tcp.completeness"),
    ("initial_rtt_ns", ColumnType::Duration, "tcp.analysis.initial_rtt"),
    ("client_frames", ColumnType::Int64, "Frames of the client."),
    ("server_frames", ColumnType::Int64, "Frames of the server."),
    ("client_bytes", ColumnType::Int64, "Bytes of data of the client, with those sent again."),
    ("server_bytes", ColumnType::Int64, "Bytes of data of the server, with those sent again."),
    ("client_retransmissions", ColumnType::Int64, "Segments that the client sent again."),
    ("server_retransmissions", ColumnType::Int64, "Segments that the server sent again."),
    ("client_missing", ColumnType::Int64, "Bytes of the client that the capture lacks."),
    ("server_missing", ColumnType::Int64, "Bytes of the server that the capture lacks."),
    ("community_id", ColumnType::Text, "Community ID of the connection, version 1, seed 0."),
];

pub(super) fn stream_columns() -> Vec<TableColumn> {
    columns(&COLUMNS).into_iter().chain(["client", "server"].into_iter().flat_map(endpoint_columns)).collect()
}

/// Appends the row of a connection.
pub(super) fn push_stream(stream: &Stream, rows: &mut RowBuffer) {
    let [client, server] = &stream.sides;
    let [client_state, server_state] = stream.states;
    let community_id = community_id(stream.client, stream.server, true);
    rows.push_all([
        Datum::Int(stream.number.into()),
        Datum::Int(stream.first.time),
        Datum::Int(stream.last.time),
        Datum::Int(stream.duration()),
        Datum::Int(stream.first.frame.into()),
        Datum::Int(stream.last.frame.into()),
        Datum::Text(stream.opened.label()),
        Datum::Text(stream.closed.label()),
        Datum::Text(client_state.label()),
        Datum::Text(server_state.label()),
        Datum::Int(stream.completeness.into()),
        Datum::nanos(stream.initial_rtt),
    ]);
    let counts = [
        [client.frames, server.frames],
        [client.bytes, server.bytes],
        [client.retransmissions, server.retransmissions],
        [client.missing, server.missing],
    ];
    rows.push_all(counts.into_iter().flatten().map(|count| Datum::number(Some(count))));
    rows.push(Datum::text(community_id.as_deref().unwrap_or_default()));
    let (client_name, server_name) = EndpointNames::of(stream.names.as_deref());
    rows.push_endpoint(stream.client, client_name);
    rows.push_endpoint(stream.server, server_name);
    rows.end_row();
}
