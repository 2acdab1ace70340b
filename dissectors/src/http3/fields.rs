//! Fields of HTTP/3.

use super::names;
use crate::field::DisplayBase;

crate::fields! { "http3";
    /// HTTP/3: one frame, or other bytes of a stream.
    HTTP3: Protocol "http3" "Hypertext Transfer Protocol Version 3";
    /// Bytes of a stream of one direction.
    STREAM_UNI: Label "http3.stream.uni" "Uni Stream";
    /// Type of a stream of one direction.
    STREAM_TYPE: U64 "http3.stream_uni_type" "Uni Stream Type" { base: DisplayBase::Hex, values: names::STREAM_TYPES };
    /// Bytes of a stream of a request and its response.
    STREAM: Label "http3.stream" "Request Stream";
    /// Number of a push.
    PUSH_ID: U64 "http3.push_id" "Push ID";
    /// Stream of the CONNECT request that began the session of WebTransport.
    WEBTRANSPORT_SESSION: U64 "http3.webtransport.session_id" "WebTransport Session ID" { ours: true };
    /// Number of the first push that the server must not promise.
    MAX_PUSH_ID: U64 "http3.max_push_id" "Maximum Push ID" { ours: true };
    /// Frame of a stream.
    FRAME: Label "http3.frame" "Frame";
    /// Type of the frame.
    FRAME_TYPE: U64 "http3.frame_type" "Type" { base: DisplayBase::Hex, values: names::FRAME_TYPES };
    /// Bytes of the frame, without its type and length.
    FRAME_LENGTH: U64 "http3.frame_length" "Length";
    /// Bytes of the frame, without its type and length.
    FRAME_PAYLOAD: Bytes "http3.frame_payload" "Frame Payload";
    /// Bytes of a DATA frame.
    DATA: Bytes "http3.data" "Data";
    /// Number of the headers in the frame.
    HEADER_COUNT: U32 "http3.headers.count" "Headers Count";
    /// Header: a name and a value.
    HEADER: Label "http3.headers.header" "Header";
    /// Bytes of names and values of the headers, each with its length of four bytes. Absent if one of them is unknown.
    HEADER_LENGTH: U32 "http3.headers.header.length" "Header Length";
    /// Bytes of the name. Absent if the name is unknown.
    NAME_LENGTH: U32 "http3.headers.header.name.length" "Name Length";
    /// Name of the header; `<unknown>` if the entry of the dynamic table was not captured.
    NAME: Text "http3.header.header.name" "Name";
    /// Bytes of the value. Absent if the value is unknown.
    VALUE_LENGTH: U32 "http3.headers.header.value.length" "Value Length";
    /// Value of the header. Absent if the entry of the dynamic table was not captured.
    VALUE: Text "http3.headers.header.value" "Value";
    /// Full URI of the request: scheme, authority and path.
    FULL_URI: Text "http3.request.full_uri" "Full request URI";
    /// Headers wait for entries of the dynamic table.
    QPACK_BLOCKED: Bool "http3.header.qpack.blocked" "HEADERS head-of-line-blocked on QPACK encoder stream";
    /// Number of entries that the headers require.
    QPACK_REQUIRED: U32 "http3.header.qpack.blocked.rcint" "Required instruction count";
    /// Number of entries that were inserted so far.
    QPACK_AVAILABLE: U32 "http3.header.qpack.blocked.wcint" "Available instruction count";
    /// Instructions that change the dynamic table.
    ENCODER: Bytes "http3.qpack.encoder" "QPACK encoder";
    /// Number of entries that were inserted so far.
    ENCODER_COUNT: U64 "http3.qpack.encoder.icnt" "QPACK encoder instruction count";
    /// Number of entries that are inserted.
    ENCODER_INCREMENT: U32 "http3.qpack.encoder.icnt.inc" "QPACK encoder instruction count increment";
    /// Entry whose name is that of another.
    INSERT_NAMED: Bytes "http3.qpack.encoder.opcode.insert_indexed" "Insert with Name Reference";
    /// Entry with its name.
    INSERT: Bytes "http3.qpack.encoder.opcode.insert" "Insert with Literal Name";
    /// Entry that is inserted again.
    DUPLICATE: Bytes "http3.qpack.encoder.opcode.duplicate" "Duplicate";
    /// Change of the size of the dynamic table.
    SET_CAPACITY: Bytes "http3.qpack.encoder.opcode.dtable_cap" "Set Dynamic Table Capacity";
    /// Size of the dynamic table.
    CAPACITY: U64 "http3.qpack.encoder.opcode.dtable_cap.val" "Capacity";
    /// Setting: a number and its value.
    SETTINGS: Label "http3.settings" "Settings";
    /// Number of the setting.
    SETTINGS_ID: U64 "http3.settings.id" "Settings Identifier" { base: DisplayBase::Hex, values: names::SETTINGS };
    /// Value of the setting.
    SETTINGS_VALUE: U64 "http3.settings.value" "Settings Value";
    /// Maximum size of the dynamic table of the peer.
    MAX_TABLE_CAPACITY: U64 "http3.settings.qpack.max_table_capacity" "Max Table Capacity";
    /// Maximum size of the headers of a message.
    MAX_SECTION_SIZE: U64 "http3.settings.max_field_section_size" "Max header list size";
    /// Number of streams that may wait for entries of the dynamic table.
    BLOCKED_STREAMS: U64 "http3.settings.qpack.blocked_streams" "Blocked Streams";
    /// Whether CONNECT may name a protocol.
    EXTENDED_CONNECT: U64 "http3.settings.extended_connect" "Extended CONNECT";
    /// Whether WebTransport is supported.
    WEBTRANSPORT: U64 "http3.settings.webtransport" "WebTransport";
    /// Whether datagrams of HTTP are supported.
    H3_DATAGRAM: U64 "http3.settings.h3_datagram" "H3 DATAGRAM";
    /// Whether datagrams of HTTP are supported, by a draft.
    H3_DATAGRAM_DRAFT: U64 "http3.settings.h3_datagram_draft04" "H3 DATAGRAM Draft04";
    /// Datagram of HTTP: bytes that are sent once, of the stream of a request (RFC 9297).
    DATAGRAM: Label "http3.datagram" "HTTP Datagram" { ours: true };
    /// A quarter of the number of the stream.
    DATAGRAM_QUARTER_ID: U64 "http3.datagram.quarter_stream_id" "Quarter Stream ID" { ours: true };
    /// Number of the stream.
    DATAGRAM_STREAM: U64 "http3.datagram.stream" "Stream" { ours: true };
    /// Context of a datagram with UDP or IP: 0 for a payload (RFC 9298 4).
    DATAGRAM_CONTEXT_ID: U64 "http3.datagram.context_id" "Context ID" { ours: true };
    /// Payload of the datagram.
    DATAGRAM_PAYLOAD: Bytes "http3.datagram.payload" "Payload" { ours: true };
    /// Stream or push whose priority changes.
    PRIORITY_ELEMENT: U64 "http3.priority_update_element_id" "Priority Update Element ID";
    /// Priority, as in the Priority header.
    PRIORITY_VALUE: Text "http3.priority_update_field_value" "Priority Update Field Value";
    /// First stream, or push, that the sender will not process.
    GOAWAY_ID: U64 "http3.goaway.id" "Last stream or push" { ours: true };
    /// Frame with the headers of the response.
    RESPONSE_IN: Frame "http3.response_in" "Response in frame" { later: true, ours: true };
    /// Frame with the headers of the request.
    REQUEST_IN: Frame "http3.request_in" "Request in frame" { ours: true };
    /// Time from the headers of the request.
    TIME: Duration "http3.time" "Time since request" { ours: true };
    /// Parts that a body was reassembled from.
    BODY_FRAGMENTS: Label "http3.body.fragments" "Reassembled body fragments" { ours: true };
    /// Frame of the capture with a part of the body.
    BODY_FRAGMENT: Frame "http3.body.fragment" "Body fragment" { ours: true };
    /// Number of the parts.
    BODY_FRAGMENT_COUNT: U32 "http3.body.fragment.count" "Body fragment count" { ours: true };
    /// Bytes of the body.
    BODY_REASSEMBLED_LENGTH: U32 "http3.body.reassembled.length" "Reassembled body length" { ours: true };
    /// Body as a whole.
    BODY_REASSEMBLED_DATA: Bytes "http3.body.reassembled.data" "Reassembled body data" { ours: true };
    /// Frame that completes the body.
    BODY_REASSEMBLED_IN: Frame "http3.body.reassembled.in" "Reassembled body in frame" { later: true, ours: true };
    /// The :authority pseudo-header.
    H_AUTHORITY: Text "http3.headers.authority" ":authority";
    /// The :status pseudo-header.
    H_STATUS: U16 "http3.headers.status" ":status";
    /// The :path pseudo-header.
    H_PATH: Text "http3.headers.path" ":path";
    /// The :method pseudo-header.
    H_METHOD: Text "http3.headers.method" ":method";
    /// The :scheme pseudo-header.
    H_SCHEME: Text "http3.headers.scheme" ":scheme";
    /// The accept header.
    H_ACCEPT: Text "http3.headers.accept" "accept";
    /// The accept-charset header.
    H_ACCEPT_CHARSET: Text "http3.headers.accept_charset" "accept-charset";
    /// The accept-encoding header.
    H_ACCEPT_ENCODING: Text "http3.headers.accept_encoding" "accept-encoding";
    /// The accept-language header.
    H_ACCEPT_LANGUAGE: Text "http3.headers.accept_language" "accept-language";
    /// The accept-ranges header.
    H_ACCEPT_RANGES: Text "http3.headers.accept_ranges" "accept-ranges";
    /// The access-control-allow-origin header.
    H_ACCESS_CONTROL_ALLOW_ORIGIN: Text "http3.headers.access_control_allow_origin" "access-control-allow-origin";
    /// The age header.
    H_AGE: U64 "http3.headers.age" "age";
    /// The allow header.
    H_ALLOW: Text "http3.headers.allow" "allow";
    /// The authorization header.
    H_AUTHORIZATION: Text "http3.headers.authorization" "authorization";
    /// The cache-control header.
    H_CACHE_CONTROL: Text "http3.headers.cache_control" "cache-control";
    /// The content-disposition header.
    H_CONTENT_DISPOSITION: Text "http3.headers.content_disposition" "content-disposition";
    /// The content-encoding header.
    H_CONTENT_ENCODING: Text "http3.headers.content_encoding" "content-encoding";
    /// The content-language header.
    H_CONTENT_LANGUAGE: Text "http3.headers.content_language" "content-language";
    /// The content-length header.
    H_CONTENT_LENGTH: U64 "http3.headers.content_length" "content-length";
    /// The content-location header.
    H_CONTENT_LOCATION: Text "http3.headers.content_location" "content-location";
    /// The content-range header.
    H_CONTENT_RANGE: Text "http3.headers.content_range" "content-range";
    /// The content-type header.
    H_CONTENT_TYPE: Text "http3.headers.content_type" "content-type";
    /// The cookie header.
    H_COOKIE: Text "http3.headers.cookie" "cookie";
    /// The date header.
    H_DATE: Text "http3.headers.date" "date";
    /// The etag header.
    H_ETAG: Text "http3.headers.etag" "etag";
    /// The expect header.
    H_EXPECT: Text "http3.headers.expect" "expect";
    /// The expires header.
    H_EXPIRES: Text "http3.headers.expires" "expires";
    /// The from header.
    H_FROM: Text "http3.headers.from" "from";
    /// The if-match header.
    H_IF_MATCH: Text "http3.headers.if_match" "if-match";
    /// The if-modified-since header.
    H_IF_MODIFIED_SINCE: Text "http3.headers.if_modified_since" "if-modified-since";
    /// The if-none-match header.
    H_IF_NONE_MATCH: Text "http3.headers.if_none_match" "if-none-match";
    /// The if-range header.
    H_IF_RANGE: Text "http3.headers.if_range" "if-range";
    /// The if-unmodified-since header.
    H_IF_UNMODIFIED_SINCE: Text "http3.headers.if_unmodified_since" "if-unmodified-since";
    /// The last-modified header.
    H_LAST_MODIFIED: Text "http3.headers.last_modified" "last-modified";
    /// The link header.
    H_LINK: Text "http3.headers.link" "link";
    /// The location header.
    H_LOCATION: Text "http3.headers.location" "location";
    /// The max-forwards header.
    H_MAX_FORWARDS: U64 "http3.headers.max_forwards" "max-forwards";
    /// The proxy-authenticate header.
    H_PROXY_AUTHENTICATE: Text "http3.headers.proxy_authenticate" "proxy-authenticate";
    /// The proxy-authorization header.
    H_PROXY_AUTHORIZATION: Text "http3.headers.proxy_authorization" "proxy-authorization";
    /// The range header.
    H_RANGE: Text "http3.headers.range" "range";
    /// The referer header.
    H_REFERER: Text "http3.headers.referer" "referer";
    /// The refresh header.
    H_REFRESH: Text "http3.headers.refresh" "refresh";
    /// The retry-after header.
    H_RETRY_AFTER: Text "http3.headers.retry_after" "retry-after";
    /// The server header.
    H_SERVER: Text "http3.headers.server" "server";
    /// The set-cookie header.
    H_SET_COOKIE: Text "http3.headers.set_cookie" "set-cookie";
    /// The strict-transport-security header.
    H_STRICT_TRANSPORT_SECURITY: Text "http3.headers.strict_transport_security" "strict-transport-security";
    /// The user-agent header.
    H_USER_AGENT: Text "http3.headers.user_agent" "user-agent";
    /// The vary header.
    H_VARY: Text "http3.headers.vary" "vary";
    /// The via header.
    H_VIA: Text "http3.headers.via" "via";
    /// The www-authenticate header.
    H_WWW_AUTHENTICATE: Text "http3.headers.www_authenticate" "www-authenticate";

    /// A request or response as a whole, in the frame that completed it.
    MESSAGE: Label "http3.message" "Message" { ours: true };
    /// Stream of the message.
    MESSAGE_STREAM: U64 "http3.message.streamid" "Stream Identifier" { ours: true };
    /// Whether the message is a request.
    REQUEST: Bool "http3.request" "Request" { hidden: true, ours: true };
    /// Whether the message is a response.
    RESPONSE: Bool "http3.response" "Response" { hidden: true, ours: true };
    /// The message in one line, as in HTTP/1.
    START_LINE: Text "http3.message.start_line" "Start line" { ours: true };
    /// Version of the message: HTTP/3.
    VERSION: Text "http3.message.version" "Version" { ours: true };
    /// Method of a request, such as GET.
    METHOD: Text "http3.request.method" "Request Method" { ours: true };
    /// Path and query of a request; on a response, those of its request.
    URI: Text "http3.request.uri" "Request URI" { ours: true };
    /// Path of a request, without its query.
    URI_PATH: Text "http3.request.uri.path" "Request URI Path" { ours: true };
    /// Query of a request.
    URI_QUERY: Text "http3.request.uri.query" "Request URI Query" { ours: true };
    /// Full URI of a request; on a response, that of its request.
    MESSAGE_URI: Text "http3.message.full_uri" "Full URI" { ours: true };
    /// Host of a request: its :authority pseudo-header, or else its Host header.
    HOST: Text "http3.host" "Host" { ours: true };
    /// Status code of a response.
    CODE: U16 "http3.response.code" "Status Code" { ours: true };
    /// Header line of a request, its pseudo-headers excepted.
    REQUEST_LINE: Text "http3.request.line" "Request line" { ours: true };
    /// Header line of a response, its pseudo-headers excepted.
    RESPONSE_LINE: Text "http3.response.line" "Response line" { ours: true };
    /// Trailer line of a message.
    TRAILER: Text "http3.trailer" "Trailer" { ours: true };
    /// Media type of the message's content.
    CONTENT_TYPE: Text "http3.content_type" "Content-Type" { ours: true };
    /// Content codings of the message's body.
    CONTENT_ENCODING: Text "http3.content_encoding" "Content-Encoding" { ours: true };
    /// Content of the message: the data of all its frames, with content codings decoded.
    FILE_DATA: Bytes "http3.file_data" "File Data" { ours: true };
    /// Time from the request's last byte to the response's first.
    TIME_TO_FIRST_BYTE: Duration "http3.time_to_first_byte" "Time to first byte" { ours: true };
    /// Time from the response's first byte to its last.
    DOWNLOAD_TIME: Duration "http3.download_time" "Download time" { ours: true };

    /// Header that refers to a part of the dynamic table that was not captured.
    UNKNOWN_HEADER: Note(Note) "http3.unknown_header" "Header refers to an entry that was not captured" { ours: true };
    /// Headers, or instructions for the dynamic table, that cannot be decoded.
    BAD_BLOCK: Note(Error) "http3.bad_header_block" "Headers cannot be decoded" { ours: true };
    /// Headers longer than the size limit; those beyond it are not recorded.
    LIST_LIMIT: Note(Warn) "http3.header_list_limit" "Headers exceed the size limit" { ours: true };
    /// Frame whose length or content is not as its type requires.
    BAD_FRAME: Note(Error) "http3.bad_frame" "Malformed frame" { ours: true };
    /// Frame longer than the size limit; its payload is not recorded.
    FRAME_LIMIT: Note(Note) "http3.frame_limit" "Frame exceeds the size limit" { ours: true };
    /// The message ended before it was complete.
    TRUNCATED: Note(Warn) "http3.truncated" "The message is not complete" { ours: true };
    /// Bytes of the message, or its headers, were not captured.
    GAP: Note(Warn) "http3.gap" "Bytes of the message were not captured" { ours: true };
    /// Body longer than the size limit; fields show its first part.
    BODY_LIMIT: Note(Note) "http3.body_limit" "Body exceeds the size limit" { ours: true };
    /// Body that was dropped, as the buffers for incomplete messages were full; those of other messages may be whole.
    BODY_DROPPED: Note(Note) "http3.body_dropped" "Body dropped: the buffers for incomplete messages were full" { ours: true };
    /// The content could not be decoded completely.
    DECOMPRESSION_FAILED: Note(Warn) "http3.body_decompression_failed" "Body decompression failed" { ours: true };
    /// The length of the body is not that of the Content-Length header.
    BAD_LENGTH: Note(Warn) "http3.bad_length" "Body length differs from Content-Length" { ours: true };
    /// More open streams than the limit; what became of the oldest is not known.
    OPEN_LIMIT: Note(Warn) "http3.open_limit" "Too many open streams" { ours: true };
    /// Stream of a type that is not known; its bytes are not read.
    UNKNOWN_STREAM: Note(Note) "http3.unknown_stream_type" "An unknown stream type was encountered";
    /// Headers that wait for entries of the dynamic table.
    BLOCKED: Note(Note) "http3.expert.header_decoding.blocked" "Failed to decode HTTP3 header name/value (blocked on QPACK)";
}
