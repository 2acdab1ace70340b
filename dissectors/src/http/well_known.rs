//! Headers that have fields of their own.

use super::fields::*;
use crate::field::Field;

/// Returns the field of a header. The name is case-insensitive.
pub(super) fn field(name: &[u8]) -> Option<&'static Field> {
    let known = BY_LENGTH.get(name.len())?.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    known.map(|&(_, field)| field)
}

/// The headers by the length of their names: few to compare each header line with.
#[rustfmt::skip]
static BY_LENGTH: &[&[(&str, &Field)]] = &[
    &[],
    &[],
    &[],
    &[],
    &[("date", &DATE), ("host", &HOST)],
    &[],
    &[("accept", &ACCEPT), ("cookie", &COOKIE), ("server", &SERVER)],
    &[("referer", &REFERER), ("upgrade", &UPGRADE)],
    &[("location", &LOCATION)],
    &[],
    &[("connection", &CONNECTION), ("set-cookie", &SET_COOKIE), ("user-agent", &USER_AGENT)],
    &[],
    &[("content-type", &CONTENT_TYPE)],
    &[("authorization", &AUTHORIZATION), ("cache-control", &CACHE_CONTROL), ("last-modified", &LAST_MODIFIED)],
    &[("content-length", &CONTENT_LENGTH_HEADER), ("http2-settings", &HTTP2_SETTINGS)],
    &[
        ("accept-encoding", &ACCEPT_ENCODING),
        ("accept-language", &ACCEPT_LANGUAGE),
        ("x-forwarded-for", &X_FORWARDED_FOR),
    ],
    &[("content-encoding", &CONTENT_ENCODING), ("www-authenticate", &WWW_AUTHENTICATE)],
    &[("sec-websocket-key", &SEC_WEBSOCKET_KEY), ("transfer-encoding", &TRANSFER_ENCODING)],
    &[("proxy-authenticate", &PROXY_AUTHENTICATE)],
    &[("proxy-authorization", &PROXY_AUTHORIZATION)],
    &[("sec-websocket-accept", &SEC_WEBSOCKET_ACCEPT)],
    &[("sec-websocket-version", &SEC_WEBSOCKET_VERSION)],
    &[("sec-websocket-protocol", &SEC_WEBSOCKET_PROTOCOL)],
    &[],
    &[("sec-websocket-extensions", &SEC_WEBSOCKET_EXTENSIONS)],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_by_the_length_of_their_names() {
        let mut count = 0;
        for (len, headers) in BY_LENGTH.iter().enumerate() {
            for (name, own) in *headers {
                assert_eq!(name.len(), len);
                let found = field(name.to_ascii_uppercase().as_bytes());
                assert_eq!(found.map(|found| found.id), Some(own.id), "{name}");
                count += 1;
            }
        }
        assert_eq!(count, 30);
        assert!(field(b"x-other").is_none() && field(b"").is_none() && field(&[b'x'; 100]).is_none());
    }
}
