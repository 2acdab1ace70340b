//! Fields of HTTP/2 (RFC 9113, RFC 7541).

use crate::field::DisplayBase;

crate::fields! { "http2";
    /// HTTP/2, a frame or the connection preface.
    HTTP2: Protocol "http2" "HyperText Transfer Protocol 2";
    /// A frame with its stream, or the connection preface.
    STREAM: Label "http2.stream" "Stream";
    /// The connection preface, which a client sends first.
    MAGIC: Text "http2.magic" "Magic";
    /// Length of the frame's payload: all bytes but the nine of the frame header.
    LENGTH: U24 "http2.length" "Length";
    /// Type of the frame.
    TYPE: U8 "http2.type" "Type" { values: super::names::TYPES };
    /// Flags of the frame; their meaning depends on its type.
    FLAGS: U8 "http2.flags" "Flags" { base: DisplayBase::Hex };
    /// The last frame that its sender sends on the stream.
    END_STREAM: Bool "http2.flags.end_stream" "End Stream";
    /// The header block ends with this frame.
    END_HEADERS: Bool "http2.flags.eh" "End Headers";
    /// The frame is padded.
    PADDED: Bool "http2.flags.padded" "Padded";
    /// The frame has a stream dependency and a weight.
    HAS_PRIORITY: Bool "http2.flags.priority" "Priority";
    /// The frame responds to a PING frame.
    ACK_PING: Bool "http2.flags.ack.ping" "ACK";
    /// The frame acknowledges the settings of the other side.
    ACK_SETTINGS: Bool "http2.flags.ack.settings" "ACK";
    /// Flags that the frame type does not define.
    UNUSED: U8 "http2.flags.unused" "Unused" { base: DisplayBase::Hex };
    /// Flags that SETTINGS frames do not define.
    UNUSED_SETTINGS: U8 "http2.flags.unused_settings" "Unused" { base: DisplayBase::Hex };
    /// Flags that PING frames do not define.
    UNUSED_PING: U8 "http2.flags.unused_ping" "Unused" { base: DisplayBase::Hex };
    /// Flags that CONTINUATION frames do not define.
    UNUSED_CONTINUATION: U8 "http2.flags.unused_continuation" "Unused" { base: DisplayBase::Hex };
    /// Flags that PUSH_PROMISE frames do not define.
    UNUSED_PUSH_PROMISE: U8 "http2.flags.unused_push_promise" "Unused" { base: DisplayBase::Hex };
    /// Flags that DATA frames do not define.
    UNUSED_DATA: U8 "http2.flags.unused_data" "Unused" { base: DisplayBase::Hex };
    /// Flags that HEADERS frames do not define.
    UNUSED_HEADERS: U8 "http2.flags.unused_headers" "Unused" { base: DisplayBase::Hex };
    /// Reserved bit of the frame header.
    RESERVED: U32 "http2.r" "Reserved" { base: DisplayBase::Hex };
    /// Number of the stream; 0 for the connection as a whole.
    STREAMID: U32 "http2.streamid" "Stream Identifier";
    /// Length of the padding, as sent.
    PADDING: U8 "http2.padding" "Pad Length" { base: DisplayBase::Hex };
    /// Length of the padding; 0 without padding.
    PAD_LENGTH: U16 "http2.pad_length" "Pad Length";
    /// The stream dependency is exclusive.
    EXCLUSIVE: Bool "http2.exclusive" "Exclusive";
    /// Stream on which this stream depends.
    STREAM_DEPENDENCY: U32 "http2.stream_dependency" "Stream Dependency";
    /// Weight of the stream, as sent.
    WEIGHT: U8 "http2.headers.weight" "Weight";
    /// Weight of the stream: the value sent, plus one.
    WEIGHT_REAL: U16 "http2.headers.weight_real" "Weight real";

    /// Data of a DATA frame, or the body that several frames carry; without its content coding where it is decoded.
    DATA: Bytes "http2.data.data" "Data";
    /// Padding of a DATA frame.
    DATA_PADDING: Bytes "http2.data.padding" "Padding";
    /// DATA frames of a body.
    BODY_FRAGMENTS: Label "http2.body.fragments" "Body fragments";
    /// Frame with a part of the body.
    BODY_FRAGMENT: Frame "http2.body.fragment" "Body fragment";
    /// Number of parts of the body.
    BODY_FRAGMENT_COUNT: U32 "http2.body.fragment.count" "Body fragment count";
    /// Frame that completes the body of which this frame has a part.
    BODY_REASSEMBLED_IN: Frame "http2.body.reassembled.in" "Reassembled body in frame" { later: true };
    /// Length of the body.
    BODY_REASSEMBLED_LENGTH: U32 "http2.body.reassembled.length" "Reassembled body length";
    /// Bytes of the body.
    BODY_REASSEMBLED_DATA: Bytes "http2.body.reassembled.data" "Reassembled body data";

    /// Header block, or the part of it in a HEADERS frame.
    HEADERS: Bytes "http2.headers" "Header Block Fragment";
    /// Padding of a HEADERS frame.
    HEADERS_PADDING: Bytes "http2.headers.padding" "Padding";
    /// A header.
    HEADER: Label "http2.header" "Header";
    /// Length of names and values of the headers in the frame, with 4 bytes for each. Absent if one of them is unknown.
    HEADER_LENGTH: U32 "http2.header.length" "Header Length";
    /// Number of headers and size updates in the frame.
    HEADER_COUNT: U32 "http2.header.count" "Header Count";
    /// Length of a header's name. Absent if the name is unknown.
    NAME_LENGTH: U32 "http2.header.name.length" "Name Length";
    /// Name of a header; `<unknown>` if the entry of the dynamic table was not captured.
    NAME: Text "http2.header.name" "Name";
    /// Length of a header's value. Absent if the value is unknown.
    VALUE_LENGTH: U32 "http2.header.value.length" "Value Length";
    /// Value of a header. Absent if the entry of the dynamic table was not captured.
    VALUE: Text "http2.header.value" "Value";
    /// Value of a header with `%` escapes decoded.
    UNESCAPED: Text "http2.header.unescaped" "Unescaped";
    /// Representation of a header in the header block (RFC 7541 6).
    REPRESENTATION: Text "http2.header.repr" "Representation";
    /// Index of a header, or of its name, in the tables of HPACK.
    INDEX: U32 "http2.header.index" "Index";
    /// Change of the size of the dynamic table.
    TABLE_SIZE_UPDATE: Label "http2.header_table_size_update" "Header table size update";
    /// New size of the dynamic table.
    TABLE_SIZE: U32 "http2.header_table_size_update.header_table_size" "Header table size";
    /// Full URI, built from scheme, authority and path.
    FULL_URI: Text "http2.request.full_uri" "Full request URI";

    /// Reason for the end of a stream.
    RST_ERROR: U32 "http2.rst_stream.error" "Error" { values: super::names::ERRORS };
    /// A setting.
    SETTINGS: Label "http2.settings" "Settings";
    /// Identifier of a setting.
    SETTINGS_ID: U16 "http2.settings.id" "Settings Identifier" { values: super::names::SETTINGS };
    /// Maximum size of the dynamic table with which the other side encodes headers.
    SETTINGS_TABLE_SIZE: U32 "http2.settings.header_table_size" "Header table size";
    /// Whether the other side may send PUSH_PROMISE frames.
    SETTINGS_PUSH: U32 "http2.settings.enable_push" "Enable PUSH";
    /// Maximum number of streams that the other side may have open.
    SETTINGS_STREAMS: U32 "http2.settings.max_concurrent_streams" "Max concurrent streams";
    /// Bytes that the other side may send on a new stream.
    SETTINGS_WINDOW: U32 "http2.settings.initial_window_size" "Initial Window Size";
    /// Maximum length of a frame that the other side may send.
    SETTINGS_FRAME: U32 "http2.settings.max_frame_size" "Max frame size";
    /// Maximum size of a header list that the sender accepts.
    SETTINGS_LIST: U32 "http2.settings.max_header_list_size" "Max header list size";
    /// Whether extended CONNECT (RFC 8441) is accepted.
    SETTINGS_CONNECT: U32 "http2.settings.extended_connect" "Extended CONNECT";
    /// Whether the priorities of RFC 7540 are not used.
    SETTINGS_NO_PRIORITIES: U32 "http2.settings.no_rfc7540_priorities" "No RFC7540 Priorities";
    /// Value of an unknown setting.
    SETTINGS_UNKNOWN: U32 "http2.settings.unknown" "Unknown Settings";

    /// Reserved bit of a PUSH_PROMISE frame.
    PUSH_RESERVED: U32 "http2.push_promise.r" "Reserved" { base: DisplayBase::Hex };
    /// Stream on which the promised response follows.
    PROMISED: U32 "http2.push_promise.promised_stream_id" "Promised-Stream-ID";
    /// Header block, or the part of it in a PUSH_PROMISE frame.
    PUSH_HEADERS: Bytes "http2.push_promise.header" "Header Block Fragment";
    /// Padding of a PUSH_PROMISE frame.
    PUSH_PADDING: Bytes "http2.push_promise.padding" "Padding";
    /// Data of a PING frame.
    PING: Bytes "http2.ping" "Ping";
    /// Data of a PING frame with the flag ACK.
    PONG: Bytes "http2.pong" "Pong";
    /// Reserved bit of a GOAWAY frame.
    GOAWAY_RESERVED: U32 "http2.goaway.r" "Reserved" { base: DisplayBase::Hex };
    /// Last stream that the sender of a GOAWAY frame may have processed.
    LAST_STREAM: U32 "http2.goaway.last_stream_id" "Last-Stream-ID";
    /// Reason for the end of the connection.
    GOAWAY_ERROR: U32 "http2.goaway.error" "Error" { values: super::names::ERRORS };
    /// Additional data of a GOAWAY frame, for debugging.
    GOAWAY_DATA: Bytes "http2.goaway.addata" "Additional Debug Data";
    /// Reserved bit of a WINDOW_UPDATE frame.
    WINDOW_RESERVED: U32 "http2.window_update.r" "Reserved" { base: DisplayBase::Hex };
    /// Bytes that the other side may send in addition.
    WINDOW_INCREMENT: U32 "http2.window_update.window_size_increment" "Window Size Increment";
    /// Part of a header block in a CONTINUATION frame.
    CONTINUATION: Bytes "http2.continuation.header" "Header Block Fragment";
    /// Length of the origin of an ALTSVC frame.
    ALTSVC_ORIGIN_LENGTH: U16 "http2.altsvc.origin.len" "Origin Length";
    /// Origin to which an alternative service applies.
    ALTSVC_ORIGIN: Text "http2.altsvc.origin" "Origin";
    /// Alternative services, as in the Alt-Svc header.
    ALTSVC_VALUE: Text "http2.altsvc.field_value" "Field/Value";
    /// An origin of an ORIGIN frame.
    ORIGIN: Label "http2.origin" "Origin";
    /// Length of an origin.
    ORIGIN_LENGTH: U16 "http2.origin.origin_len" "Origin Length";
    /// Origin for which the server is authoritative.
    ORIGIN_TEXT: Text "http2.origin.origin" "Origin";
    /// Stream whose priority changes.
    PRIORITY_STREAM: U64 "http2.priority_update_stream_id" "Priority Update Stream ID";
    /// New priority of the stream (RFC 9218).
    PRIORITY_VALUE: Text "http2.priority_update_field_value" "Priority Update Field Value";
    /// Payload of a frame of unknown type.
    UNKNOWN: Bytes "http2.unknown" "Unknown";

    /// Bytes that the sender could still send on the connection before this frame.
    CONNECTION_BEFORE: I32 "http2.calculated.connection.window_size.before" "Connection window size (before)";
    /// Bytes that the sender can still send on the connection after this frame.
    CONNECTION_AFTER: I32 "http2.calculated.connection.window_size.after" "Connection window size (after)";
    /// Bytes that the sender could still send on the stream before this frame.
    STREAM_BEFORE: I32 "http2.calculated.stream.window_size.before" "Stream window size (before)";
    /// Bytes that the sender can still send on the stream after this frame.
    STREAM_AFTER: I32 "http2.calculated.stream.window_size.after" "Stream window size (after)";

    /// Frame that completed the headers of the request of this response.
    REQUEST_IN: Frame "http2.request_in" "Request in frame";
    /// Frame with the headers of the response to this request.
    RESPONSE_IN: Frame "http2.response_in" "Response in frame" { later: true };
    /// Time since the frame that completed the headers of the request.
    TIME: Duration "http2.time" "Time since request";

    /// The :authority pseudo-header: host and port of the target.
    H_AUTHORITY: Text "http2.headers.authority" ":authority";
    /// The :status pseudo-header: the status code of a response.
    H_STATUS: U16 "http2.headers.status" ":status";
    /// The :path pseudo-header: path and query of the target.
    H_PATH: Text "http2.headers.path" ":path";
    /// The :method pseudo-header: the method of a request.
    H_METHOD: Text "http2.headers.method" ":method";
    /// The :scheme pseudo-header: the scheme of the target.
    H_SCHEME: Text "http2.headers.scheme" ":scheme";
    /// The accept header.
    H_ACCEPT: Text "http2.headers.accept" "accept";
    /// The accept-charset header.
    H_ACCEPT_CHARSET: Text "http2.headers.accept_charset" "accept-charset";
    /// The accept-encoding header.
    H_ACCEPT_ENCODING: Text "http2.headers.accept_encoding" "accept-encoding";
    /// The accept-language header.
    H_ACCEPT_LANGUAGE: Text "http2.headers.accept_language" "accept-language";
    /// The accept-ranges header.
    H_ACCEPT_RANGES: Text "http2.headers.accept_ranges" "accept-ranges";
    /// The access-control-allow-origin header.
    H_ACCESS_CONTROL_ALLOW_ORIGIN: Text "http2.headers.access_control_allow_origin" "access-control-allow-origin";
    /// The age header.
    H_AGE: U64 "http2.headers.age" "age";
    /// The allow header.
    H_ALLOW: Text "http2.headers.allow" "allow";
    /// The authorization header.
    H_AUTHORIZATION: Text "http2.headers.authorization" "authorization";
    /// The cache-control header.
    H_CACHE_CONTROL: Text "http2.headers.cache_control" "cache-control";
    /// The content-disposition header.
    H_CONTENT_DISPOSITION: Text "http2.headers.content_disposition" "content-disposition";
    /// The content-encoding header.
    H_CONTENT_ENCODING: Text "http2.headers.content_encoding" "content-encoding";
    /// The content-language header.
    H_CONTENT_LANGUAGE: Text "http2.headers.content_language" "content-language";
    /// The content-length header.
    H_CONTENT_LENGTH: U64 "http2.headers.content_length" "content-length";
    /// The content-location header.
    H_CONTENT_LOCATION: Text "http2.headers.content_location" "content-location";
    /// The content-range header.
    H_CONTENT_RANGE: Text "http2.headers.content_range" "content-range";
    /// The content-type header.
    H_CONTENT_TYPE: Text "http2.headers.content_type" "content-type";
    /// The cookie header.
    H_COOKIE: Text "http2.headers.cookie" "cookie";
    /// The date header.
    H_DATE: Text "http2.headers.date" "date";
    /// The etag header.
    H_ETAG: Text "http2.headers.etag" "etag";
    /// The expect header.
    H_EXPECT: Text "http2.headers.expect" "expect";
    /// The expires header.
    H_EXPIRES: Text "http2.headers.expires" "expires";
    /// The from header.
    H_FROM: Text "http2.headers.from" "from";
    /// The if-match header.
    H_IF_MATCH: Text "http2.headers.if_match" "if-match";
    /// The if-modified-since header.
    H_IF_MODIFIED_SINCE: Text "http2.headers.if_modified_since" "if-modified-since";
    /// The if-none-match header.
    H_IF_NONE_MATCH: Text "http2.headers.if_none_match" "if-none-match";
    /// The if-range header.
    H_IF_RANGE: Text "http2.headers.if_range" "if-range";
    /// The if-unmodified-since header.
    H_IF_UNMODIFIED_SINCE: Text "http2.headers.if_unmodified_since" "if-unmodified-since";
    /// The last-modified header.
    H_LAST_MODIFIED: Text "http2.headers.last_modified" "last-modified";
    /// The link header.
    H_LINK: Text "http2.headers.link" "link";
    /// The location header.
    H_LOCATION: Text "http2.headers.location" "location";
    /// The max-forwards header.
    H_MAX_FORWARDS: U64 "http2.headers.max_forwards" "max-forwards";
    /// The proxy-authenticate header.
    H_PROXY_AUTHENTICATE: Text "http2.headers.proxy_authenticate" "proxy-authenticate";
    /// The proxy-authorization header.
    H_PROXY_AUTHORIZATION: Text "http2.headers.proxy_authorization" "proxy-authorization";
    /// The range header.
    H_RANGE: Text "http2.headers.range" "range";
    /// The referer header.
    H_REFERER: Text "http2.headers.referer" "referer";
    /// The refresh header.
    H_REFRESH: Text "http2.headers.refresh" "refresh";
    /// The retry-after header.
    H_RETRY_AFTER: Text "http2.headers.retry_after" "retry-after";
    /// The server header.
    H_SERVER: Text "http2.headers.server" "server";
    /// The set-cookie header.
    H_SET_COOKIE: Text "http2.headers.set_cookie" "set-cookie";
    /// The strict-transport-security header.
    H_STRICT_TRANSPORT_SECURITY: Text "http2.headers.strict_transport_security" "strict-transport-security";
    /// The user-agent header.
    H_USER_AGENT: Text "http2.headers.user_agent" "user-agent";
    /// The vary header.
    H_VARY: Text "http2.headers.vary" "vary";
    /// The via header.
    H_VIA: Text "http2.headers.via" "via";
    /// The www-authenticate header.
    H_WWW_AUTHENTICATE: Text "http2.headers.www_authenticate" "www-authenticate";

    /// A request or response as a whole, in the frame that completed it.
    MESSAGE: Label "http2.message" "Message" { ours: true };
    /// Stream of the message.
    MESSAGE_STREAM: U32 "http2.message.streamid" "Stream Identifier" { ours: true };
    /// Whether the message is a request.
    REQUEST: Bool "http2.request" "Request" { hidden: true, ours: true };
    /// Whether the message is a response.
    RESPONSE: Bool "http2.response" "Response" { hidden: true, ours: true };
    /// The message in one line, as in HTTP/1.
    START_LINE: Text "http2.message.start_line" "Start line" { ours: true };
    /// Version of the message: HTTP/2.
    VERSION: Text "http2.message.version" "Version" { ours: true };
    /// Method of a request, such as GET.
    METHOD: Text "http2.request.method" "Request Method" { ours: true };
    /// Path and query of a request; on a response, those of its request.
    URI: Text "http2.request.uri" "Request URI" { ours: true };
    /// Path of a request, without its query.
    URI_PATH: Text "http2.request.uri.path" "Request URI Path" { ours: true };
    /// Query of a request.
    URI_QUERY: Text "http2.request.uri.query" "Request URI Query" { ours: true };
    /// Full URI of a request; on a response, that of its request.
    MESSAGE_URI: Text "http2.message.full_uri" "Full URI" { ours: true };
    /// Host of a request: its :authority pseudo-header, or else its Host header.
    HOST: Text "http2.host" "Host" { ours: true };
    /// Status code of a response.
    CODE: U16 "http2.response.code" "Status Code" { ours: true };
    /// Header line of a request, its pseudo-headers excepted.
    REQUEST_LINE: Text "http2.request.line" "Request line" { ours: true };
    /// Header line of a response, its pseudo-headers excepted.
    RESPONSE_LINE: Text "http2.response.line" "Response line" { ours: true };
    /// Trailer line of a message.
    TRAILER: Text "http2.trailer" "Trailer" { ours: true };
    /// Media type of the message's content.
    CONTENT_TYPE: Text "http2.content_type" "Content-Type" { ours: true };
    /// Content codings of the message's body.
    CONTENT_ENCODING: Text "http2.content_encoding" "Content-Encoding" { ours: true };
    /// Content of the message: the data of all its frames, with content codings decoded.
    FILE_DATA: Bytes "http2.file_data" "File Data" { ours: true };
    /// Time from the request's last byte to the response's first.
    TIME_TO_FIRST_BYTE: Duration "http2.time_to_first_byte" "Time to first byte" { ours: true };
    /// Time from the response's first byte to its last.
    DOWNLOAD_TIME: Duration "http2.download_time" "Download time" { ours: true };
    /// Time for which flow control kept the sender from sending.
    BLOCKED_TIME: Duration "http2.blocked_time" "Time blocked by flow control" { ours: true };

    /// Flow control kept the sender from sending: its window was used up until the other side extended it.
    BLOCKED: Note(Note) "http2.blocked" "Blocked by flow control" { ours: true };
    /// Header that refers to a part of the dynamic table that was not captured.
    UNKNOWN_HEADER: Note(Note) "http2.unknown_header" "Header refers to an entry that was not captured" { ours: true };
    /// Header block that cannot be decoded; the headers after it may be unknown.
    BAD_BLOCK: Note(Error) "http2.bad_header_block" "Header block cannot be decoded" { ours: true };
    /// Headers longer than the size limit; those beyond it are not recorded.
    LIST_LIMIT: Note(Warn) "http2.header_list_limit" "Headers exceed the size limit" { ours: true };
    /// Frame whose length, stream or content is not as its type requires.
    BAD_FRAME: Note(Error) "http2.bad_frame" "Malformed frame" { ours: true };
    /// Frame longer than the size limit; its payload is not recorded.
    FRAME_LIMIT: Note(Note) "http2.frame_limit" "Frame exceeds the size limit" { ours: true };
    /// Bytes that are not a frame, where one should begin.
    UNEXPECTED: Note(Warn) "http2.unexpected_data" "Bytes that are not a frame" { ours: true };
    /// The message ended before it was complete.
    TRUNCATED: Note(Warn) "http2.truncated" "The message is not complete" { ours: true };
    /// Bytes of the message, or its headers, were not captured.
    GAP: Note(Warn) "http2.gap" "Bytes of the message were not captured" { ours: true };
    /// Body longer than the size limit; fields show its first part.
    BODY_LIMIT: Note(Note) "http2.body_limit" "Body exceeds the size limit" { ours: true };
    /// Body that was dropped, as the buffers for incomplete messages were full; those of other messages may be whole.
    BODY_DROPPED: Note(Note) "http2.body_dropped" "Body dropped: the buffers for incomplete messages were full" { ours: true };
    /// The content could not be decoded completely.
    DECOMPRESSION_FAILED: Note(Warn) "http2.body_decompression_failed" "Body decompression failed";
    /// The length of the body is not that of the Content-Length header.
    BAD_LENGTH: Note(Warn) "http2.bad_length" "Body length differs from Content-Length" { ours: true };
    /// More open streams than the limit; what became of the oldest is not known.
    OPEN_LIMIT: Note(Warn) "http2.open_limit" "Too many open streams" { ours: true };
}
