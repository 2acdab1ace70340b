//! Names and fields of messages of HTTP/3, for what has them in common with HTTP/2.

use super::fields::*;
use super::{lane, names};
use crate::protocol::{MessageFields, UnitReassembly};
use crate::web::web_protocol::{HeaderFields, WebProtocol};

/// Open requests of a connection that are kept if memory is short. QUIC counts the memory of one with its connection.
const KEPT_OPEN: usize = 1;

pub(super) const REASSEMBLY: UnitReassembly = UnitReassembly {
    units: &BODY_FRAGMENTS,
    unit: &BODY_FRAGMENT,
    count: &BODY_FRAGMENT_COUNT,
    length: &BODY_REASSEMBLED_LENGTH,
    data: &BODY_REASSEMBLED_DATA,
    reassembled_in: &BODY_REASSEMBLED_IN,
};

pub(super) static MESSAGES: MessageFields = MessageFields {
    message: &MESSAGE,
    request: &REQUEST,
    response: &RESPONSE,
    start_line: &START_LINE,
    channel: Some(&MESSAGE_STREAM),
    method: &METHOD,
    target: &URI,
    authority: &HOST,
    full_target: &MESSAGE_URI,
    version: &VERSION,
    code: &CODE,
    headers: &[&REQUEST_LINE, &RESPONSE_LINE],
    trailers: &TRAILER,
    body: &FILE_DATA,
    media_type: &CONTENT_TYPE,
    coding: &CONTENT_ENCODING,
    body_limits: [&BODY_LIMIT, &BODY_DROPPED],
    incomplete: &[&DECOMPRESSION_FAILED, &GAP, &LIST_LIMIT, &TRUNCATED],
    body_notes: &[&DECOMPRESSION_FAILED, &BODY_LIMIT, &BODY_DROPPED],
    repeated: &[&URI, &MESSAGE_URI],
    request_only: &[&REQUEST, &METHOD, &URI_PATH, &URI_QUERY, &HOST, &REQUEST_LINE, &RESPONSE_IN, &FULL_URI],
    response_only: &[&RESPONSE, &CODE, &RESPONSE_LINE, &REQUEST_IN, &TIME, &TIME_TO_FIRST_BYTE, &DOWNLOAD_TIME],
    indexed: &[&REQUEST, &RESPONSE, &METHOD, &URI, &URI_PATH, &URI_QUERY, &HOST, &CODE],
    is_curl_request: true,
};

pub(super) static HEADER_FIELDS: HeaderFields = HeaderFields {
    header: &HEADER,
    name_length: &NAME_LENGTH,
    name: &NAME,
    value_length: &VALUE_LENGTH,
    value: &VALUE,
    of_name: names::header_field,
};

/// Names and fields of what HTTP/3 has in common with HTTP/2.
pub(super) static WEB: WebProtocol = WebProtocol {
    short: "HTTP3",
    version: "HTTP/3",
    field: &HTTP3,
    messages: &MESSAGES,
    stream: lane::request_stream,
    reassembly: &REASSEMBLY,
    of_messages: [&MESSAGE, &OPEN_LIMIT],
    data: &DATA,
    uri_path: &URI_PATH,
    uri_query: &URI_QUERY,
    full_uri: &FULL_URI,
    request_in: &REQUEST_IN,
    response_in: &RESPONSE_IN,
    time: &TIME,
    time_to_first_byte: &TIME_TO_FIRST_BYTE,
    download_time: &DOWNLOAD_TIME,
    truncated: &TRUNCATED,
    gap: &GAP,
    bad_length: &BAD_LENGTH,
    ends_with_frame: false,
    has_windows: false,
    kept_open: KEPT_OPEN,
    decompression_failed: &DECOMPRESSION_FAILED,
};
