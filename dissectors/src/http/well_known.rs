//! Headers that have fields of their own.

use super::fields::*;
use crate::field::Field;

/// Returns the field of a header. The name is case-insensitive.
pub(super) fn field(name: &[u8]) -> Option<&'static Field> {
    HEADERS
        .iter()
        .find(|(known, _)| known.len() == name.len() && name.eq_ignore_ascii_case(known.as_bytes()))
        .map(|&(_, field)| field)
}

static HEADERS: &[(&str, &Field)] = &[
    ("accept", &ACCEPT),
    ("accept-encoding", &ACCEPT_ENCODING),
    ("accept-language", &ACCEPT_LANGUAGE),
    ("authorization", &AUTHORIZATION),
    ("cache-control", &CACHE_CONTROL),
    ("connection", &CONNECTION),
    ("content-encoding", &CONTENT_ENCODING),
    ("content-length", &CONTENT_LENGTH_HEADER),
    ("content-type", &CONTENT_TYPE),
    ("cookie", &COOKIE),
    ("date", &DATE),
    ("host", &HOST),
    ("http2-settings", &HTTP2_SETTINGS),
    ("last-modified", &LAST_MODIFIED),
    ("location", &LOCATION),
    ("proxy-authenticate", &PROXY_AUTHENTICATE),
    ("proxy-authorization", &PROXY_AUTHORIZATION),
    ("referer", &REFERER),
    ("sec-websocket-accept", &SEC_WEBSOCKET_ACCEPT),
    ("sec-websocket-extensions", &SEC_WEBSOCKET_EXTENSIONS),
    ("sec-websocket-key", &SEC_WEBSOCKET_KEY),
    ("sec-websocket-protocol", &SEC_WEBSOCKET_PROTOCOL),
    ("sec-websocket-version", &SEC_WEBSOCKET_VERSION),
    ("server", &SERVER),
    ("set-cookie", &SET_COOKIE),
    ("transfer-encoding", &TRANSFER_ENCODING),
    ("upgrade", &UPGRADE),
    ("user-agent", &USER_AGENT),
    ("www-authenticate", &WWW_AUTHENTICATE),
    ("x-forwarded-for", &X_FORWARDED_FOR),
];
