//! Fields of HTTP/1 (RFC 9110, RFC 9112).

crate::fields! { "http";
    /// Hypertext Transfer Protocol, a message of version 0.9, 1.0 or 1.1.
    HTTP: Protocol "http" "Hypertext Transfer Protocol";
    /// Start line of the message.
    START_LINE: Text "http.start_line" "Start line" { ours: true };
    /// Whether the message is a request.
    REQUEST: Bool "http.request" "Request" { hidden: true };
    /// Whether the message is a response.
    RESPONSE: Bool "http.response" "Response" { hidden: true };
    /// Whether the message is a NOTIFY, SUBSCRIBE or UNSUBSCRIBE of UPnP.
    NOTIFICATION: Bool "http.notification" "Notification" { hidden: true };
    /// Method of a request, such as GET.
    REQUEST_METHOD: Text "http.request.method" "Request Method";
    /// Request target as sent; on a response, that of its request.
    REQUEST_URI: Text "http.request.uri" "Request URI";
    /// Request target before the question mark, if it has one.
    REQUEST_URI_PATH: Text "http.request.uri.path" "Request URI Path";
    /// Request target after the question mark.
    REQUEST_URI_QUERY: Text "http.request.uri.query" "Request URI Query";
    /// One parameter of the query.
    REQUEST_URI_QUERY_PARAMETER: Text "http.request.uri.query.parameter" "Request URI Query Parameter";
    /// Version of a request.
    REQUEST_VERSION: Text "http.request.version" "Request Version";
    /// Full URI, built from scheme, Host and target; on a response, that of its request.
    REQUEST_FULL_URI: Text "http.request.full_uri" "Full request URI";
    /// Header line of a request with its line end.
    REQUEST_LINE: Text "http.request.line" "Request line" { hidden: true };
    /// Header line of a response with its line end.
    RESPONSE_LINE: Text "http.response.line" "Response line" { hidden: true };
    /// Version of a response.
    RESPONSE_VERSION: Text "http.response.version" "Response Version";
    /// Status code of a response, such as 404.
    RESPONSE_CODE: U16 "http.response.code" "Status Code";
    /// Meaning of the status code.
    RESPONSE_CODE_DESC: Text "http.response.code.desc" "Status Code Description";
    /// Reason phrase that follows the status code.
    RESPONSE_PHRASE: Text "http.response.phrase" "Response Phrase";
    /// Host in the target of a CONNECT request.
    PROXY_CONNECT_HOST: Text "http.proxy_connect_host" "Proxy-Connect-Hostname";
    /// Port in the target of a CONNECT request.
    PROXY_CONNECT_PORT: U16 "http.proxy_connect_port" "Proxy-Connect-Port";

    /// The Accept header: media types that the client accepts.
    ACCEPT: Text "http.accept" "Accept";
    /// The Accept-Encoding header: content codings that the client accepts.
    ACCEPT_ENCODING: Text "http.accept_encoding" "Accept Encoding";
    /// The Accept-Language header: languages that the client prefers.
    ACCEPT_LANGUAGE: Text "http.accept_language" "Accept-Language";
    /// The Authorization header: the client's credentials.
    AUTHORIZATION: Text "http.authorization" "Authorization";
    /// User name and password of Basic credentials (RFC 7617), decoded.
    AUTHBASIC: Text "http.authbasic" "Credentials";
    /// The Cache-Control header.
    CACHE_CONTROL: Text "http.cache_control" "Cache-Control";
    /// The Connection header.
    CONNECTION: Text "http.connection" "Connection";
    /// The Content-Encoding header: content codings of the body.
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
    /// The Date header: when the message was created.
    DATE: Text "http.date" "Date";
    /// The Host header: host and port of the target.
    HOST: Text "http.host" "Host";
    /// The HTTP2-Settings header of an upgrade to HTTP/2.
    HTTP2_SETTINGS: Text "http.http2_settings" "HTTP2-Settings";
    /// The Last-Modified header.
    LAST_MODIFIED: Text "http.last_modified" "Last-Modified";
    /// The Location header: target of a redirect, or address of a new resource.
    LOCATION: Text "http.location" "Location";
    /// The Proxy-Authenticate header: the proxy's authentication challenge.
    PROXY_AUTHENTICATE: Text "http.proxy_authenticate" "Proxy-Authenticate";
    /// The Proxy-Authorization header: the client's credentials for the proxy.
    PROXY_AUTHORIZATION: Text "http.proxy_authorization" "Proxy-Authorization";
    /// The Referer header: the page that led to the request.
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
    /// The Set-Cookie header: a cookie for the client to store.
    SET_COOKIE: Text "http.set_cookie" "Set-Cookie";
    /// The Transfer-Encoding header: transfer codings of the body.
    TRANSFER_ENCODING: Text "http.transfer_encoding" "Transfer-Encoding";
    /// The Upgrade header: the protocol to switch to.
    UPGRADE: Text "http.upgrade" "Upgrade";
    /// The User-Agent header: the client's software.
    USER_AGENT: Text "http.user_agent" "User-Agent";
    /// The WWW-Authenticate header: the server's authentication challenge.
    WWW_AUTHENTICATE: Text "http.www_authenticate" "WWW-Authenticate";
    /// The X-Forwarded-For header: addresses of the clients behind proxies.
    X_FORWARDED_FOR: Text "http.x_forwarded_for" "X-Forwarded-For";
    /// Header line without a field of its own.
    UNKNOWN_HEADER: Text "http.unknown_header" "Unknown header";

    /// Body in chunked transfer coding.
    CHUNKED: Label "http.chunked" "HTTP chunked body" { ours: true };
    /// One chunk of a body.
    CHUNK: Label "http.chunk" "Data chunk" { ours: true };
    /// Size of a chunk.
    CHUNK_SIZE: U32 "http.chunk_size" "Chunk size";
    /// Bytes of a chunk.
    CHUNK_DATA: Bytes "http.chunk_data" "Chunk data";
    /// Line end after a chunk's bytes.
    CHUNK_BOUNDARY: Bytes "http.chunk_boundary" "Chunk boundary";
    /// Trailer section: header lines after the last chunk.
    CHUNKED_TRAILER_PART: Text "http.chunked_trailer_part" "trailer-part";
    /// Content: the body with chunks joined and content codings decoded.
    FILE_DATA: Bytes "http.file_data" "File Data";

    /// Frame that completed the request of this response.
    REQUEST_IN: Frame "http.request_in" "Request in frame";
    /// Frame that completed the response to this request.
    RESPONSE_IN: Frame "http.response_in" "Response in frame" { later: true };
    /// Time from the frame that completed the request to the one that completed the response.
    TIME: Duration "http.time" "Time since request";
    /// Time from the request's last byte to the response's first. Absent if the response was first.
    TIME_TO_FIRST_BYTE: Duration "http.time_to_first_byte" "Time to first byte" { ours: true };
    /// Time from the response's first byte to its last.
    DOWNLOAD_TIME: Duration "http.download_time" "Download time" { ours: true };

    /// Content-Length and Transfer-Encoding in one message; the latter applies (RFC 9112 6.3).
    TE_AND_LENGTH: Note(Warn) "http.te_and_length" "Content-Length and Transfer-Encoding together";
    /// Unknown transfer coding.
    TE_UNKNOWN: Note(Warn) "http.te_unknown" "Unknown transfer coding name in Transfer-Encoding header";
    /// Empty lines before the message.
    LEADING_CRLF: Note(Warn) "http.leading_crlf" "Leading CRLF, the previous message may have had an extra one";
    /// A message without TLS on port 443.
    TLS_PORT: Note(Warn) "http.tls_port" "Unencrypted HTTP protocol detected over encrypted port, could indicate a dangerous misconfiguration.";
    /// Header name with invalid characters, or with white space before the colon.
    BAD_HEADER_NAME: Note(Warn) "http.bad_header_name" "Illegal characters found in header name";
    /// The content could not be decoded completely.
    DECOMPRESSION_FAILED: Note(Warn) "http.decompression_failed" "Decompression failed";
    /// Framing that two recipients may interpret differently: a sign of request smuggling (RFC 9112 11.2).
    SMUGGLING: Note(Warn) "http.smuggling" "Ambiguous framing, a sign of request smuggling" { ours: true };
    /// Content-Length values that differ; the first is used.
    CONFLICTING_LENGTHS: Note(Error) "http.conflicting_lengths" "Content-Length values differ" { ours: true };
    /// Same Content-Length more than once.
    REPEATED_LENGTH: Note(Note) "http.repeated_length" "Content-Length is repeated" { ours: true };
    /// Content-Length that is not a decimal number.
    BAD_LENGTH: Note(Error) "http.bad_length" "Content-Length is not a decimal number" { ours: true };
    /// Transfer-Encoding in an HTTP/1.0 message; that version does not define it.
    TE_IN_1_0: Note(Warn) "http.te_in_http10" "Transfer-Encoding in HTTP/1.0" { ours: true };
    /// Transfer-Encoding that does not end in chunked.
    TE_NOT_CHUNKED: Note(Warn) "http.te_not_chunked" "The last transfer coding is not chunked" { ours: true };
    /// Malformed chunk: a strict recipient does not know the end of the message.
    BAD_CHUNK: Note(Error) "http.bad_chunk" "Bad chunk" { ours: true };
    /// Chunk with a nonstandard but unambiguous size line or line end.
    ODD_CHUNK: Note(Note) "http.odd_chunk" "Nonstandard chunk size or line end" { ours: true };
    /// Head longer than the size limit.
    HEAD_TOO_LONG: Note(Warn) "http.head_too_long" "Head exceeds the size limit" { ours: true };
    /// More header lines than the limit.
    TOO_MANY_HEADERS: Note(Warn) "http.too_many_headers" "Too many header lines" { ours: true };
    /// Line that ends with LF alone.
    BARE_LF: Note(Note) "http.bare_lf" "Line ends with LF alone" { ours: true };
    /// CR within a line.
    BARE_CR: Note(Warn) "http.bare_cr" "CR within a line" { ours: true };
    /// NUL byte within the head.
    NUL_BYTE: Note(Warn) "http.nul_byte" "NUL byte in the head" { ours: true };
    /// Header continued on the next line (RFC 9112 5.2).
    FOLDED_HEADER: Note(Note) "http.folded_header" "Header folded over several lines" { ours: true };
    /// Header line without a colon.
    NO_COLON: Note(Warn) "http.no_colon" "Header line without a colon" { ours: true };
    /// Non-ASCII bytes in the head.
    OBS_TEXT: Note(Chat) "http.obs_text" "Non-ASCII bytes in the head" { ours: true };
    /// Malformed start line.
    BAD_START_LINE: Note(Warn) "http.bad_start_line" "Malformed start line" { ours: true };
    /// Request without a version, as in HTTP/0.9.
    SIMPLE_REQUEST: Note(Note) "http.simple_request" "Request without a version" { ours: true };
    /// Status code that is not three digits.
    BAD_STATUS: Note(Warn) "http.bad_status" "Status code is not three digits" { ours: true };
    /// HTTP/1.1 request without Host (RFC 9112 3.2).
    NO_HOST: Note(Warn) "http.no_host" "HTTP/1.1 request without Host" { ours: true };
    /// More than one Host (RFC 9112 3.2).
    SEVERAL_HOSTS: Note(Warn) "http.several_hosts" "More than one Host header" { ours: true };
    /// The message ended before it was complete.
    TRUNCATED: Note(Warn) "http.truncated" "The message is not complete" { ours: true };
    /// Bytes of the message were not captured.
    GAP: Note(Warn) "http.gap" "Bytes of the message were not captured" { ours: true };
    /// Response without a known request.
    NO_REQUEST: Note(Note) "http.no_request" "Response without a request" { ours: true };
    /// Body longer than the size limit; fields show its first part.
    BODY_LIMIT: Note(Note) "http.body_limit" "Body exceeds the size limit" { ours: true };
    /// Body that was dropped, as the buffers for incomplete messages were full; those of other messages may be whole.
    BODY_DROPPED: Note(Note) "http.body_dropped" "Body dropped: the buffers for incomplete messages were full" { ours: true };
    /// Bytes that are not an HTTP message, where one should begin.
    UNEXPECTED: Note(Warn) "http.unexpected_data" "Bytes that are not an HTTP message" { ours: true };
    /// The server sends an alert of TLS instead of a response: the request should be over HTTPS.
    TLS_EXPECTED: Note(Warn) "http.tls_expected" "The server responds to plain HTTP with an alert of TLS: it expects HTTPS" { ours: true };
    /// More open requests than the limit; the oldest were reported without a response.
    OPEN_LIMIT: Note(Warn) "http.open_limit" "Too many open requests" { ours: true };
    /// The content is what a lenient client reads from a malformed message; the text names the deviation. There is one
    /// note for each deviation.
    LENIENT: Note(Warn) "http.lenient" "Lenient reading" { ours: true };
    /// The checksum or the length at the end of compressed content (gzip, zlib) is wrong; the content is shown.
    CONTENT_CHECKSUM: Note(Warn) "http.content_checksum" "Wrong checksum or length of the content" { ours: true };
}
