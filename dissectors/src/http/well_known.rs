//! Headers that have fields of their own.

use super::fields::*;
use super::head::SETTINGS;
use crate::field::Field;
use crate::wants::Wants;

/// Headers with fields of their own, by the length of their names: few to compare each header line with.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownHeaders(u32);

impl KnownHeaders {
    pub(super) const NONE: KnownHeaders = KnownHeaders(0);
    /// All of them.
    pub(super) const ALL: KnownHeaders = KnownHeaders(u32::MAX);

    /// Returns those whose fields are wanted, or fields of parts of their values. `has_values` is whether fields of other protocols are
    /// that read the value of a header.
    pub(super) fn wanted(wants: &Wants, has_values: bool) -> KnownHeaders {
        let own = BY_LENGTH.iter().copied().flatten().filter(|(_, field)| wants.field(field));
        let parts = PARTS.iter().filter(|(_, part)| wants.field(part));
        let of_values = has_values.then_some(SETTINGS.len());
        let lengths = own.chain(parts).map(|(name, _)| name.len()).chain(of_values);
        KnownHeaders(lengths.fold(0, |set, len| set | 1 << len))
    }

    /// Returns the field of a header, if it is one of these. The name is case-insensitive.
    #[inline]
    pub(super) fn field(self, name: &[u8]) -> Option<&'static Field> {
        let is_possible = u32::try_from(name.len()).is_ok_and(|len| self.0.checked_shr(len).unwrap_or(0) & 1 == 1);
        if is_possible { field(name) } else { None }
    }
}

/// Headers with the fields of parts of their values.
static PARTS: &[(&str, &Field)] = &[
    ("content-length", &CONTENT_LENGTH),
    ("cookie", &COOKIE_PAIR),
    ("authorization", &AUTHBASIC),
    ("proxy-authorization", &AUTHBASIC),
];

/// Returns the field of a header. The name is case-insensitive.
fn field(name: &[u8]) -> Option<&'static Field> {
    let known = BY_LENGTH.get(name.len())?.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    known.map(|&(_, field)| field)
}

/// The headers by the length of their names.
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
        assert!(BY_LENGTH.len() < 32);
        assert!(field(b"x-other").is_none() && field(b"").is_none() && field(&[b'x'; 100]).is_none());
    }

    #[test]
    fn a_header_is_known_if_its_field_or_a_part_is_wanted() {
        for (name, wanted) in BY_LENGTH.iter().copied().flatten().chain(PARTS) {
            let mut wants = Wants::default();
            assert!(KnownHeaders::wanted(&wants, false).field(name.as_bytes()).is_none());
            wants.add(wanted);
            let known = KnownHeaders::wanted(&wants, false);
            assert_eq!(known.field(name.as_bytes()).map(|found| found.id), field(name.as_bytes()).map(|own| own.id));
            assert!(known.field(&[b'x'; 100]).is_none() && KnownHeaders::ALL.field(&[b'x'; 31]).is_none());
        }
    }
}
