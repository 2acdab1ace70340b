//! Names of frame types, error codes and settings, and the fields of well-known headers.

use super::fields::*;
use crate::field::Field;

/// Frame types (RFC 9113 6, RFC 7838 4, RFC 8336 2, RFC 9218 7.1).
pub(super) static TYPES: &[(u64, &str)] = &[
    (0, "DATA"),
    (1, "HEADERS"),
    (2, "PRIORITY"),
    (3, "RST_STREAM"),
    (4, "SETTINGS"),
    (5, "PUSH_PROMISE"),
    (6, "PING"),
    (7, "GOAWAY"),
    (8, "WINDOW_UPDATE"),
    (9, "CONTINUATION"),
    (10, "ALTSVC"),
    (11, "BLOCKED"),
    (12, "ORIGIN"),
    (16, "PRIORITY_UPDATE"),
];

/// Error code of a stream that has ended as intended.
pub(super) const NO_ERROR: u32 = 0;
/// Error code of a stream that its receiver does not want.
pub(super) const CANCEL: u32 = 8;

/// Error codes (RFC 9113 7).
pub(super) static ERRORS: &[(u64, &str)] = &[
    (NO_ERROR as u64, "NO_ERROR"),
    (1, "PROTOCOL_ERROR"),
    (2, "INTERNAL_ERROR"),
    (3, "FLOW_CONTROL_ERROR"),
    (4, "SETTINGS_TIMEOUT"),
    (5, "STREAM_CLOSED"),
    (6, "FRAME_SIZE_ERROR"),
    (7, "REFUSED_STREAM"),
    (CANCEL as u64, "CANCEL"),
    (9, "COMPRESSION_ERROR"),
    (10, "CONNECT_ERROR"),
    (11, "ENHANCE_YOUR_CALM"),
    (12, "INADEQUATE_SECURITY"),
    (13, "HTTP_1_1_REQUIRED"),
];

/// Settings (RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1).
pub(super) static SETTINGS: &[(u64, &str)] = &[
    (1, "Header table size"),
    (2, "Enable PUSH"),
    (3, "Max concurrent streams"),
    (4, "Initial Windows size"),
    (5, "Max frame size"),
    (6, "Max header list size"),
    (8, "Extended CONNECT"),
    (9, "No RFC7540 Priorities"),
];

/// The name of a header and its field.
pub(super) type NamedHeader = (&'static [u8], &'static Field);

/// Headers with a field of their own, in alphabetical order.
#[rustfmt::skip]
pub(super) static HEADERS: &[NamedHeader] = &[
    (b":authority", &H_AUTHORITY),
    (b":method", &H_METHOD),
    (b":path", &H_PATH),
    (b":scheme", &H_SCHEME),
    (b":status", &H_STATUS),
    (b"accept", &H_ACCEPT),
    (b"accept-charset", &H_ACCEPT_CHARSET),
    (b"accept-encoding", &H_ACCEPT_ENCODING),
    (b"accept-language", &H_ACCEPT_LANGUAGE),
    (b"accept-ranges", &H_ACCEPT_RANGES),
    (b"access-control-allow-origin", &H_ACCESS_CONTROL_ALLOW_ORIGIN),
    (b"age", &H_AGE),
    (b"allow", &H_ALLOW),
    (b"authorization", &H_AUTHORIZATION),
    (b"cache-control", &H_CACHE_CONTROL),
    (b"content-disposition", &H_CONTENT_DISPOSITION),
    (b"content-encoding", &H_CONTENT_ENCODING),
    (b"content-language", &H_CONTENT_LANGUAGE),
    (b"content-length", &H_CONTENT_LENGTH),
    (b"content-location", &H_CONTENT_LOCATION),
    (b"content-range", &H_CONTENT_RANGE),
    (b"content-type", &H_CONTENT_TYPE),
    (b"cookie", &H_COOKIE),
    (b"date", &H_DATE),
    (b"etag", &H_ETAG),
    (b"expect", &H_EXPECT),
    (b"expires", &H_EXPIRES),
    (b"from", &H_FROM),
    (b"if-match", &H_IF_MATCH),
    (b"if-modified-since", &H_IF_MODIFIED_SINCE),
    (b"if-none-match", &H_IF_NONE_MATCH),
    (b"if-range", &H_IF_RANGE),
    (b"if-unmodified-since", &H_IF_UNMODIFIED_SINCE),
    (b"last-modified", &H_LAST_MODIFIED),
    (b"link", &H_LINK),
    (b"location", &H_LOCATION),
    (b"max-forwards", &H_MAX_FORWARDS),
    (b"proxy-authenticate", &H_PROXY_AUTHENTICATE),
    (b"proxy-authorization", &H_PROXY_AUTHORIZATION),
    (b"range", &H_RANGE),
    (b"referer", &H_REFERER),
    (b"refresh", &H_REFRESH),
    (b"retry-after", &H_RETRY_AFTER),
    (b"server", &H_SERVER),
    (b"set-cookie", &H_SET_COOKIE),
    (b"strict-transport-security", &H_STRICT_TRANSPORT_SECURITY),
    (b"user-agent", &H_USER_AGENT),
    (b"vary", &H_VARY),
    (b"via", &H_VIA),
    (b"www-authenticate", &H_WWW_AUTHENTICATE),
];

/// Returns the field of a header.
pub(super) fn header_field(name: &[u8]) -> Option<&'static Field> {
    let at = HEADERS.binary_search_by_key(&name, |&(name, _)| name).ok()?;
    HEADERS.get(at).map(|&(_, field)| field)
}

/// Returns the field of a setting's value.
pub(super) fn setting_field(id: u16) -> &'static Field {
    match id {
        1 => &SETTINGS_TABLE_SIZE,
        2 => &SETTINGS_PUSH,
        3 => &SETTINGS_STREAMS,
        4 => &SETTINGS_WINDOW,
        5 => &SETTINGS_FRAME,
        6 => &SETTINGS_LIST,
        8 => &SETTINGS_CONNECT,
        9 => &SETTINGS_NO_PRIORITIES,
        _ => &SETTINGS_UNKNOWN,
    }
}
