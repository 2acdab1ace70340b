//! What HTTP/1 can say (RFC 9110, RFC 9112).

crate::fields! { "http";
    /// Hypertext Transfer Protocol, a message of version 0.9, 1.0 or 1.1.
    HTTP: Protocol "http" "Hypertext Transfer Protocol";
    /// The first line of the message.
    START_LINE: Text "http.start_line" "Start line" { ours: true };
    /// The first line of a message, as a remark.
    CHAT: Note(Chat) "http.chat" "Formatted text";
    /// It is a request.
    REQUEST: Bool "http.request" "Request" { hidden: true };
    /// It is a response.
    RESPONSE: Bool "http.response" "Response" { hidden: true };
    /// It is a notification (SSDP's NOTIFY).
    NOTIFICATION: Bool "http.notification" "Notification" { hidden: true };
    /// The method of a request, such as GET.
    REQUEST_METHOD: Text "http.request.method" "Request Method";
    /// The target of the request as sent; on a response, that of its request.
    REQUEST_URI: Text "http.request.uri" "Request URI";
    /// The target before its question mark, where it has one.
    REQUEST_URI_PATH: Text "http.request.uri.path" "Request URI Path";
    /// The target after its question mark.
    REQUEST_URI_QUERY: Text "http.request.uri.query" "Request URI Query";
    /// One parameter of the query.
    REQUEST_URI_QUERY_PARAMETER: Text "http.request.uri.query.parameter" "Request URI Query Parameter";
    /// The version of a request.
    REQUEST_VERSION: Text "http.request.version" "Request Version";
    /// The whole URI, put together from scheme, Host and target; on a response, that of its request.
    REQUEST_FULL_URI: Text "http.request.full_uri" "Full request URI";
    /// A header line of a request with its line end.
    REQUEST_LINE: Text "http.request.line" "Request line" { hidden: true };
    /// A header line of a response with its line end.
    RESPONSE_LINE: Text "http.response.line" "Response line" { hidden: true };
    /// The version of a response.
    RESPONSE_VERSION: Text "http.response.version" "Response Version";
    /// The status code of a response, such as 404.
    RESPONSE_CODE: U16 "http.response.code" "Status Code";
    /// What the status code means.
    RESPONSE_CODE_DESC: Text "http.response.code.desc" "Status Code Description";
    /// The words the server sent beside the status code.
    RESPONSE_PHRASE: Text "http.response.phrase" "Response Phrase";
    /// The host a CONNECT request asks for.
    PROXY_CONNECT_HOST: Text "http.proxy_connect_host" "Proxy-Connect-Hostname";
    /// The port a CONNECT request asks for.
    PROXY_CONNECT_PORT: U16 "http.proxy_connect_port" "Proxy-Connect-Port";

    /// The Accept header: which media types are welcome.
    ACCEPT: Text "http.accept" "Accept";
    /// The Accept-Encoding header: which content codings are welcome.
    ACCEPT_ENCODING: Text "http.accept_encoding" "Accept Encoding";
    /// The Accept-Language header: which languages are welcome.
    ACCEPT_LANGUAGE: Text "http.accept_language" "Accept-Language";
    /// The Authorization header: the client's credentials.
    AUTHORIZATION: Text "http.authorization" "Authorization";
    /// User name and password of Basic credentials (RFC 7617), decoded.
    AUTHBASIC: Text "http.authbasic" "Credentials";
    /// The Cache-Control header.
    CACHE_CONTROL: Text "http.cache_control" "Cache-Control";
    /// The Connection header.
    CONNECTION: Text "http.connection" "Connection";
    /// The Content-Encoding header: how the content was coded.
    CONTENT_ENCODING: Text "http.content_encoding" "Content-Encoding";
    /// The Content-Length header as sent.
    CONTENT_LENGTH_HEADER: Text "http.content_length_header" "Content-Length";
    /// The Content-Length header as a number.
    CONTENT_LENGTH: U64 "http.content_length" "Content length";
    /// The Content-Type header: the media type of the content.
    CONTENT_TYPE: Text "http.content_type" "Content-Type";
    /// The Cookie header.
    COOKIE: Text "http.cookie" "Cookie";
    /// One cookie of a Cookie header.
    COOKIE_PAIR: Text "http.cookie_pair" "Cookie pair";
    /// The Date header: when the message was made.
    DATE: Text "http.date" "Date";
    /// The Host header: whom the client means to ask.
    HOST: Text "http.host" "Host";
    /// The HTTP2-Settings header of an upgrade to HTTP/2.
    HTTP2_SETTINGS: Text "http.http2_settings" "HTTP2-Settings";
    /// The Last-Modified header.
    LAST_MODIFIED: Text "http.last_modified" "Last-Modified";
    /// The Location header: where to go instead, or what was made.
    LOCATION: Text "http.location" "Location";
    /// The Proxy-Authenticate header: how to prove oneself to the proxy.
    PROXY_AUTHENTICATE: Text "http.proxy_authenticate" "Proxy-Authenticate";
    /// The Proxy-Authorization header: the client's credentials for the proxy.
    PROXY_AUTHORIZATION: Text "http.proxy_authorization" "Proxy-Authorization";
    /// The Referer header: where the user came from.
    REFERER: Text "http.referer" "Referer";
    /// The Sec-WebSocket-Accept header.
    SEC_WEBSOCKET_ACCEPT: Text "http.sec_websocket_accept" "Sec-WebSocket-Accept";
    /// The Sec-WebSocket-Extensions header.
    SEC_WEBSOCKET_EXTENSIONS: Text "http.sec_websocket_extensions" "Sec-WebSocket-Extensions";
    /// The Sec-WebSocket-Key header.
    SEC_WEBSOCKET_KEY: Text "http.sec_websocket_key" "Sec-WebSocket-Key";
    /// The Sec-WebSocket-Protocol header.
    SEC_WEBSOCKET_PROTOCOL: Text "http.sec_websocket_protocol" "Sec-WebSocket-Protocol";
    /// The Sec-WebSocket-Version header.
    SEC_WEBSOCKET_VERSION: Text "http.sec_websocket_version" "Sec-WebSocket-Version";
    /// The Server header: the server's software.
    SERVER: Text "http.server" "Server";
    /// The Set-Cookie header: a cookie for the client to keep.
    SET_COOKIE: Text "http.set_cookie" "Set-Cookie";
    /// The Transfer-Encoding header: how the body is framed.
    TRANSFER_ENCODING: Text "http.transfer_encoding" "Transfer-Encoding";
    /// The Upgrade header: what protocol to speak instead.
    UPGRADE: Text "http.upgrade" "Upgrade";
    /// The User-Agent header: the client's software.
    USER_AGENT: Text "http.user_agent" "User-Agent";
    /// The WWW-Authenticate header: how to prove oneself to the server.
    WWW_AUTHENTICATE: Text "http.www_authenticate" "WWW-Authenticate";
    /// The X-Forwarded-For header: for whom a proxy asks.
    X_FORWARDED_FOR: Text "http.x_forwarded_for" "X-Forwarded-For";
    /// A header line without a field of its own.
    UNKNOWN_HEADER: Text "http.unknown_header" "Unknown header";

    /// A body in chunks.
    CHUNKED: Label "http.chunked" "HTTP chunked body" { ours: true };
    /// One chunk of a body.
    CHUNK: Label "http.chunk" "Data chunk" { ours: true };
    /// The size of a chunk.
    CHUNK_SIZE: U32 "http.chunk_size" "Chunk size";
    /// The bytes of a chunk.
    CHUNK_DATA: Bytes "http.chunk_data" "Chunk data";
    /// The line end after a chunk's bytes.
    CHUNK_BOUNDARY: Bytes "http.chunk_boundary" "Chunk boundary";
    /// A header line that came after the last chunk.
    CHUNKED_TRAILER_PART: Text "http.chunked_trailer_part" "trailer-part";
    /// The content: the body with chunks joined and content codings undone.
    FILE_DATA: Bytes "http.file_data" "File Data";

    /// The frame that completed the request to this response.
    REQUEST_IN: Frame "http.request_in" "Request in frame";
    /// The frame that completed the response to this request.
    RESPONSE_IN: Frame "http.response_in" "Response in frame" { later: true };
    /// Time from the frame that completed the request to the one that completed the response.
    TIME: Duration "http.time" "Time since request";
    /// Time from the request's last byte to the response's first.
    TIME_TO_FIRST_BYTE: Duration "http.time_to_first_byte" "Time to first byte" { ours: true };
    /// Time from the response's first byte to its last.
    DOWNLOAD_TIME: Duration "http.download_time" "Download time" { ours: true };

    /// Content-Length and Transfer-Encoding stand together; the latter counts (RFC 9112 6.3).
    TE_AND_LENGTH: Note(Warn) "http.te_and_length" "Content-Length and Transfer-Encoding together";
    /// A transfer coding that is not known.
    TE_UNKNOWN: Note(Warn) "http.te_unknown" "Unknown transfer coding name in Transfer-Encoding header";
    /// Empty lines before the message.
    LEADING_CRLF: Note(Warn) "http.leading_crlf" "Leading CRLF, the previous message may have had an extra one";
    /// A header name with characters it may not have, or with space before the colon.
    BAD_HEADER_NAME: Note(Warn) "http.bad_header_name" "Illegal characters found in header name";
    /// The content could not be decoded to its end.
    DECOMPRESSION_FAILED: Note(Warn) "http.decompression_failed" "Decompression failed";
    /// Two parties could see different messages here: a sign of request smuggling (RFC 9112 11.2).
    SMUGGLING: Note(Warn) "http.smuggling" "Framing that two parties may read differently" { ours: true };
    /// Several Content-Length values that differ; the first is used.
    CONFLICTING_LENGTHS: Note(Error) "http.conflicting_lengths" "Content-Length values differ" { ours: true };
    /// The same Content-Length more than once.
    REPEATED_LENGTH: Note(Note) "http.repeated_length" "Content-Length is repeated" { ours: true };
    /// A Content-Length that is no plain number.
    BAD_LENGTH: Note(Error) "http.bad_length" "Content-Length is not a plain number" { ours: true };
    /// Transfer-Encoding in a message of HTTP/1.0, which does not know it.
    TE_IN_1_0: Note(Warn) "http.te_in_http10" "Transfer-Encoding in HTTP/1.0" { ours: true };
    /// Transfer-Encoding does not end in chunked.
    TE_NOT_CHUNKED: Note(Warn) "http.te_not_chunked" "The last transfer coding is not chunked" { ours: true };
    /// The chunks are not as they must be; the end of the message is not known.
    BAD_CHUNK: Note(Error) "http.bad_chunk" "Bad chunk" { ours: true };
    /// A chunk's size line or line end is odd, though clear.
    ODD_CHUNK: Note(Note) "http.odd_chunk" "Oddly written chunk size or line end" { ours: true };
    /// The head is longer than is read.
    HEAD_TOO_LONG: Note(Warn) "http.head_too_long" "The head is longer than is read" { ours: true };
    /// More header lines than are read.
    TOO_MANY_HEADERS: Note(Warn) "http.too_many_headers" "More header lines than are read" { ours: true };
    /// A line ends with LF alone.
    BARE_LF: Note(Note) "http.bare_lf" "Line ends with LF alone" { ours: true };
    /// A CR within a line.
    BARE_CR: Note(Warn) "http.bare_cr" "CR within a line" { ours: true };
    /// A NUL byte within the head.
    NUL_BYTE: Note(Warn) "http.nul_byte" "NUL within the head" { ours: true };
    /// A header continued on the next line (RFC 9112 5.2).
    FOLDED_HEADER: Note(Note) "http.folded_header" "Header folded over several lines" { ours: true };
    /// A header line without a colon.
    NO_COLON: Note(Warn) "http.no_colon" "Header line without a colon" { ours: true };
    /// Bytes beyond ASCII in the head.
    OBS_TEXT: Note(Chat) "http.obs_text" "Bytes beyond ASCII in the head" { ours: true };
    /// The first line is not as it must be.
    BAD_START_LINE: Note(Warn) "http.bad_start_line" "Malformed start line" { ours: true };
    /// A request without a version, as in HTTP/0.9.
    SIMPLE_REQUEST: Note(Note) "http.simple_request" "Request without a version" { ours: true };
    /// A status code that is no number of three digits.
    BAD_STATUS: Note(Warn) "http.bad_status" "Status code is not of three digits" { ours: true };
    /// A request of HTTP/1.1 without Host (RFC 9112 3.2).
    NO_HOST: Note(Warn) "http.no_host" "HTTP/1.1 request without Host" { ours: true };
    /// More than one Host (RFC 9112 3.2).
    SEVERAL_HOSTS: Note(Warn) "http.several_hosts" "More than one Host" { ours: true };
    /// The message ended before it was complete.
    TRUNCATED: Note(Warn) "http.truncated" "The message is not complete" { ours: true };
    /// Bytes of the message were not captured.
    GAP: Note(Warn) "http.gap" "Bytes of the message were not captured" { ours: true };
    /// Nobody is known to have asked for this response.
    NO_REQUEST: Note(Note) "http.no_request" "Response without a request" { ours: true };
    /// More of the body came than is kept; fields show its first part.
    BODY_LIMIT: Note(Note) "http.body_limit" "The body is longer than is kept" { ours: true };
    /// Bytes that are no HTTP message where one should begin.
    UNEXPECTED: Note(Warn) "http.unexpected_data" "Bytes that are no HTTP message" { ours: true };
    /// More requests await their response than are remembered.
    OPEN_LIMIT: Note(Warn) "http.open_limit" "More open requests than are remembered" { ours: true };
}
