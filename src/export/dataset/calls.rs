//! The tables `calls` and `messages`: calls, and their requests and responses.

use super::column::{ColumnType, TableColumn, columns, endpoint_columns};
use super::rows::{Datum, RowBuffer};
use crate::capture::{Call, EndpointNames};
use crate::export::call_collector::CollectedCall;
use crate::export::message::CapturedMessage;
use crate::report::host;
use dissectors::exchange::Transfer;
use dissectors::session::{ConversationId, ExchangeId};

/// Columns that name a call.
const KEY_COLUMNS: [(&str, ColumnType, &str); 5] = [
    ("call", ColumnType::Int64, "Row of the call in the output of `calls`, from 1."),
    ("stream", ColumnType::Int64, "Number of the TCP connection of the call (`tcp.stream`)."),
    ("udp_stream", ColumnType::Int64, "Number of the UDP conversation of the call (`udp.stream`)."),
    ("session", ColumnType::Int64, "Number of the session in its conversation, from 0."),
    ("nth", ColumnType::Int64, "Number of the call in its session, from 0."),
];

const CALL_COLUMNS: [(&str, ColumnType, &str); 27] = [
    (
        "parent_session",
        ColumnType::Int64,
        "Session of the call that carried it: the request of a tunnel or of an upgrade.",
    ),
    ("parent_nth", ColumnType::Int64, "Number of the call that carried it, in `parent_session`."),
    ("protocol", ColumnType::Text, "Filter name of the protocol, such as `dns`."),
    ("encrypted", ColumnType::Bool, "Whether an encrypted connection carried the call."),
    ("time", ColumnType::Time, "Time of the first byte of the request, or of the response without a request."),
    ("method", ColumnType::Text, "Operation, such as `GET`, `A` or `SELECT`."),
    ("host", ColumnType::Text, "Authority: the value of `Host`, the database, or the server."),
    ("uri", ColumnType::Text, "Target: the request target, the name, the statement."),
    ("status", ColumnType::Text, "Status as text, such as `200`, `NXDOMAIN` or `42P01`."),
    ("code", ColumnType::Int32, "Status as a number, if the protocol has one."),
    (
        "outcome",
        ColumnType::Text,
        "`success`, `client error`, `server error`, `aborted`, `unanswered`, or `unknown` if its state was dropped at a limit or a part of it was not decrypted.",
    ),
    ("media_type", ColumnType::Text, "Media type of the response, as sent."),
    ("connect_ns", ColumnType::Duration, "Time of the handshake, for the first call of a connection."),
    ("ttfb_ns", ColumnType::Duration, "Time from the last byte of the request to the first byte of the response."),
    ("download_ns", ColumnType::Duration, "Time from the first byte of the response to its last."),
    ("total_ns", ColumnType::Duration, "Time from the first byte of the request to the last byte of the response."),
    ("early_ns", ColumnType::Duration, "Time by which the response began before the end of the request."),
    ("request_frame", ColumnType::Int64, "Frame of the last byte of the request."),
    ("request_size", ColumnType::Int64, "Bytes of the body of the request, as sent without chunks."),
    ("request_complete", ColumnType::Bool, "Whether all of the request was captured."),
    ("response_frame", ColumnType::Int64, "Frame of the last byte of the response."),
    ("response_size", ColumnType::Int64, "Bytes of the body of the response, as sent without chunks."),
    ("response_complete", ColumnType::Bool, "Whether all of the response was captured."),
    ("one_way", ColumnType::Bool, "Whether it is a message that has no response."),
    ("first_frame", ColumnType::Int64, "Frame of the first byte of its messages."),
    ("last_frame", ColumnType::Int64, "Last frame of its messages."),
    ("community_id", ColumnType::Text, "Community ID of the conversation, version 1, seed 0."),
];

const MESSAGE_COLUMNS: [(&str, ColumnType, &str); 16] = [
    ("response", ColumnType::Bool, "Whether it is a response."),
    ("protocol", ColumnType::Text, "Filter name of the protocol of the call, such as `dns`."),
    ("time", ColumnType::Time, "Time of the first byte."),
    ("end", ColumnType::Time, "Time of the last byte."),
    ("first_frame", ColumnType::Int64, "Frame of the first byte."),
    ("last_frame", ColumnType::Int64, "Frame of the last byte."),
    ("frame", ColumnType::Int64, "Frame that has the fields of the message: in which its last byte could be read."),
    ("complete", ColumnType::Bool, "Whether all of the message was captured."),
    ("size", ColumnType::Int64, "Bytes of the body, as sent without chunks."),
    ("start_line", ColumnType::Text, "Start line as sent."),
    ("method", ColumnType::Text, "Operation of a request."),
    ("target", ColumnType::Text, "Target of a request."),
    ("authority", ColumnType::Text, "Authority of the target of a request."),
    ("version", ColumnType::Text, "Version of the protocol of a request."),
    ("media_type", ColumnType::Text, "Media type of the body."),
    ("coding", ColumnType::Text, "Content codings of the body."),
];

const LIST_COLUMNS: [(&str, ColumnType, &str); 5] = [
    ("header_names", ColumnType::Text, "Names of the headers as sent, in order. Pseudo-headers begin with a colon."),
    ("header_values", ColumnType::Text, "Values of the headers, in the order of `header_names`."),
    ("trailer_names", ColumnType::Text, "Names of the trailers."),
    ("trailer_values", ColumnType::Text, "Values of the trailers, in the order of `trailer_names`."),
    ("warnings", ColumnType::Text, "Titles of the expert notes of the message, above chat."),
];

const BODY_COLUMNS: [(&str, ColumnType, &str); 2] = [
    ("body", ColumnType::Bytes, "First bytes of the body, codings undone (`--body-limit`)."),
    ("body_length", ColumnType::Int64, "Bytes of the body, codings undone, as far as it was read."),
];

pub(super) fn call_columns() -> Vec<TableColumn> {
    let endpoints = ["client", "server"].into_iter().flat_map(endpoint_columns);
    columns(&KEY_COLUMNS).into_iter().chain(columns(&CALL_COLUMNS)).chain(endpoints).collect()
}

/// Columns of messages, with those of bodies if they are wanted.
pub(super) fn message_columns(has_bodies: bool) -> Vec<TableColumn> {
    let lists = columns(&LIST_COLUMNS).into_iter().map(TableColumn::list);
    let bodies = if has_bodies { columns(&BODY_COLUMNS) } else { Vec::new() };
    columns(&KEY_COLUMNS).into_iter().chain(columns(&MESSAGE_COLUMNS)).chain(lists).chain(bodies).collect()
}

fn key(row: u64, id: ExchangeId) -> [Datum<'static>; 5] {
    let ExchangeId { conversation, session, nth } = id;
    let udp = if let ConversationId::Udp(number) = conversation { Some(number) } else { None };
    [
        Datum::number(Some(row)),
        Datum::number(conversation.tcp()),
        Datum::number(udp),
        Datum::Int(session.into()),
        Datum::Int(nth.into()),
    ]
}

/// Returns the time of a call: that of the first byte of its request, or of its response.
pub(super) fn call_time(call: &Call) -> Option<i64> {
    call.exchange.request.or(call.exchange.response).map(|transfer| transfer.first.time)
}

/// Appends the row of a call. `row` is its row in the output of `calls`.
pub(super) fn push_call(row: u64, call: &Call, rows: &mut RowBuffer) {
    let exchange = &call.exchange;
    let (request, response) = (exchange.request, exchange.response);
    let transfers = || request.into_iter().chain(response);
    let (client_name, server_name) = EndpointNames::of(call.names.as_deref());
    let server = host(call.server, server_name);
    let authority = if exchange.is_of_server { &server } else { exchange.authority.as_str() };
    let frame = |of: Option<Transfer>| Datum::number(of.map(|of| of.last.frame));
    let size = |of: Option<Transfer>| Datum::number(of.map(|of| of.body));
    let complete = |of: Option<Transfer>| of.map_or(Datum::Null, |of| Datum::Bool(of.complete));
    let community_id =
        super::community_id::community_id(call.client, call.server, exchange.id.conversation.tcp().is_some());
    rows.push_all(key(row, exchange.id));
    rows.push_all([
        Datum::number(exchange.parent.map(|parent| parent.session)),
        Datum::number(exchange.parent.map(|parent| parent.nth)),
        Datum::text(exchange.named_protocol()),
        Datum::Bool(exchange.is_encrypted),
        Datum::nanos(call_time(call)),
        Datum::text(&exchange.method),
        Datum::text(authority),
        Datum::text(&exchange.target),
        Datum::text(&exchange.status),
        Datum::number(exchange.code),
        Datum::Text(exchange.outcome.name()),
        Datum::text(&exchange.content_type),
        Datum::nanos(call.connect),
        Datum::nanos(exchange.time_to_first_byte()),
        Datum::nanos(exchange.download()),
        Datum::nanos(exchange.total()),
        Datum::nanos(exchange.early_by()),
        frame(request),
        size(request),
        complete(request),
        frame(response),
        size(response.filter(|_| exchange.is_one_way || exchange.size().is_some())),
        complete(response),
        Datum::Bool(exchange.is_one_way),
        Datum::number(transfers().map(|transfer| transfer.first.frame).min()),
        Datum::number(transfers().map(|transfer| transfer.last.frame).max()),
        Datum::text(community_id.as_deref().unwrap_or_default()),
    ]);
    rows.push_endpoint(call.client, client_name);
    rows.push_endpoint(call.server, server_name);
    rows.end_row();
}

/// Returns the messages of a call that were captured, at least in part: whether each is the response, its transfer, and its fields.
pub(super) fn messages(call: &CollectedCall) -> impl Iterator<Item = (bool, Transfer, Option<&CapturedMessage>)> {
    let exchange = &call.call.exchange;
    let request = exchange.request.map(|transfer| (false, transfer, call.request.as_ref()));
    request.into_iter().chain(exchange.response.map(|transfer| (true, transfer, call.response.as_ref())))
}

/// Appends the row of a message of a call.
pub(super) fn push_message(
    call: &CollectedCall,
    (is_response, transfer, message): (bool, Transfer, Option<&CapturedMessage>),
    has_bodies: bool,
    rows: &mut RowBuffer,
) {
    let none = CapturedMessage::default();
    let own = message.unwrap_or(&none);
    rows.push_all(key(call.row, call.call.exchange.id));
    rows.push_all([
        Datum::Bool(is_response),
        Datum::text(call.call.exchange.named_protocol()),
        Datum::Int(transfer.first.time),
        Datum::Int(transfer.last.time),
        Datum::Int(transfer.first.frame.into()),
        Datum::Int(transfer.last.frame.into()),
        Datum::Int(transfer.completed_in.into()),
        Datum::Bool(transfer.complete),
        Datum::number(Some(transfer.body)),
        Datum::bytes(own.start_line()),
        Datum::bytes(own.method()),
        Datum::bytes(own.target()),
        Datum::bytes(own.authority()),
        Datum::bytes(own.version()),
        Datum::bytes(own.media_type()),
        Datum::bytes(own.coding()),
    ]);
    let (headers, trailers): (Vec<&[u8]>, Vec<&[u8]>) =
        (own.headers().collect(), own.trailers.iter().map(Vec::as_slice).collect());
    for lines in [headers, trailers] {
        let pairs: Vec<(&[u8], &[u8])> =
            lines.into_iter().map(|line| crate::export::header_pair(line).unwrap_or((line, &[]))).collect();
        rows.push_list(pairs.iter().map(|(name, _)| Datum::Bytes(name)));
        rows.push_list(pairs.iter().map(|(_, value)| Datum::Bytes(value)));
    }
    rows.push_list(own.warnings.iter().map(|title| Datum::Text(title)));
    if has_bodies {
        rows.push(own.body.as_deref().map_or(Datum::Null, Datum::Bytes));
        rows.push(Datum::number(own.body.as_ref().map(|_| own.body_len as u64)));
    }
    rows.end_row();
}
