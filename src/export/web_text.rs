//! Parts of messages of the web as text: headers, cookies, parameters, URLs.

use super::call_collector::CollectedCall;
use super::message::{CapturedMessage, header_text};
use crate::report::records::endpoint;
use std::borrow::Cow;

/// Returns the value of a header as text.
pub(super) fn header<'m>(message: &'m CapturedMessage, name: &'static str) -> Option<Cow<'m, str>> {
    message.header(name).map(header_text)
}

/// Returns the authority of a call: as the request states it, or else the server.
pub(super) fn authority(call: &CollectedCall) -> String {
    let exchange = &call.call.exchange;
    if exchange.authority.is_empty() {
        let mut text = String::new();
        endpoint(&mut text, call.call.server);
        return text;
    }
    exchange.authority.to_string()
}

/// Returns the host of an authority, without its port.
pub(super) fn host(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Returns the URL of a call.
pub(super) fn url(call: &CollectedCall) -> String {
    let exchange = &call.call.exchange;
    let target = &*exchange.target;
    if target.contains("://") && !target.starts_with('/') {
        return target.to_owned();
    }
    let scheme = if exchange.is_encrypted { "https" } else { "http" };
    let authority = authority(call);
    // The target of CONNECT is an authority (RFC 9112 3.2.3), or the path of a tunnel (RFC 8441 4); that of OPTIONS may be an asterisk.
    match target {
        _ if exchange.method == "CONNECT" && !target.starts_with('/') => format!("{scheme}://{target}/"),
        "*" => format!("{scheme}://{authority}"),
        _ => format!("{scheme}://{authority}{target}"),
    }
}

/// Decodes `%20` and `+` (WHATWG URL, application/x-www-form-urlencoded).
fn decoded(text: &[u8]) -> Cow<'_, str> {
    decoded_at(text, |text| memchr::memchr2(b'%', b'+', text))
}

/// Decodes `%20` (RFC 3986 2.1). Invalid escapes stay.
pub(super) fn percent_decoded(text: &[u8]) -> Cow<'_, str> {
    decoded_at(text, |text| memchr::memchr(b'%', text))
}

/// Decodes what `find` finds: `+`, or the percent sign of an escape.
fn decoded_at(text: &[u8], find: impl Fn(&[u8]) -> Option<usize>) -> Cow<'_, str> {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, found)) = find(rest).and_then(|at| rest.split_at_checked(at)) {
        bytes.extend_from_slice(before);
        let (byte, len) = match (found, digit(found.get(1)), digit(found.get(2))) {
            ([b'%', ..], Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            ([b'%', ..], ..) => (b'%', 1),
            _ => (b' ', 1),
        };
        bytes.push(byte);
        rest = found.get(len..).unwrap_or_default();
    }
    if rest.len() == text.len() {
        return header_text(text);
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).unwrap_or_else(|error| header_text(error.as_bytes()).into_owned()).into()
}

/// Returns the names and values of a query or a form.
pub(super) fn parameters(text: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    parts(text, b'&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = split_once(part, b'=');
        (decoded(name), decoded(value))
    })
}

/// Returns the query of a URL.
pub(super) fn query(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?').map_or("", |(_, query)| query)
}

/// A cookie of a request or a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cookie<'m> {
    pub(super) name: Cow<'m, str>,
    pub(super) value: Cow<'m, str>,
    /// Attributes in lower case with their values.
    pub(super) attributes: Vec<(String, Cow<'m, str>)>,
}

/// Returns the cookies of a request (RFC 6265 4.2.1).
pub(super) fn request_cookies(message: &CapturedMessage) -> impl Iterator<Item = Cookie<'_>> {
    let pairs = message.header_values("cookie").flat_map(cookie_parts);
    pairs.map(|pair| cookie(pair, Vec::new()))
}

/// Returns the cookies of a response (RFC 6265 4.1.1).
pub(super) fn response_cookies(message: &CapturedMessage) -> impl Iterator<Item = Cookie<'_>> {
    message.header_values("set-cookie").map(|value| {
        let (pair, rest) = split_once(value, b';');
        let attributes = cookie_parts(rest).map(|part| {
            let (name, value) = split_once(part, b'=');
            (header_text(name.trim_ascii()).to_ascii_lowercase(), header_text(value.trim_ascii()))
        });
        cookie(pair, attributes.collect())
    })
}

fn cookie<'m>(pair: &'m [u8], attributes: Vec<(String, Cow<'m, str>)>) -> Cookie<'m> {
    let (name, value) = split_once(pair, b'=');
    Cookie { name: header_text(name.trim_ascii()), value: header_text(value.trim_ascii()), attributes }
}

/// Returns the parts between separators.
fn parts(bytes: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let part = (!rest.is_empty()).then(|| split_once(rest, separator))?;
        rest = part.1;
        Some(part.0)
    })
}

/// Returns the parts of the value of a cookie header that are not empty, without white space around them.
fn cookie_parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    parts(value, b';').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty())
}

/// Splits bytes at the first separator; the second part is empty without one.
pub(super) fn split_once(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let at = memchr::memchr(separator, bytes).unwrap_or(bytes.len());
    (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let found: Vec<_> = parameters(b"a=1&b=x+y%20z&c&=d&e=%e4&f=%zz%4&&g=a=b").collect();
        let expected = [("a", "1"), ("b", "x y z"), ("c", ""), ("", "d"), ("e", "ä"), ("f", "%zz%4"), ("g", "a=b")];
        assert_eq!(found, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn cookies_have_their_attributes() {
        let message =
            CapturedMessage::with_headers(&["Set-Cookie: sid=a=b; Path=/; HttpOnly", "cookie: a=1;b = 2 ;;c"]);
        let pair = |name: &'static str, value: &'static str| (name.to_owned(), value.into());
        let set: Vec<_> = response_cookies(&message).collect();
        assert_eq!((&*set[0].name, &*set[0].value), ("sid", "a=b"));
        assert_eq!(set[0].attributes, [pair("path", "/"), pair("httponly", "")]);
        let sent: Vec<_> = request_cookies(&message).map(|cookie| (cookie.name.into(), cookie.value)).collect();
        assert_eq!(sent, [pair("a", "1"), pair("b", "2"), pair("c", "")]);
    }

    #[test]
    fn a_host_has_no_port() {
        assert_eq!(
            ["a.test:80", "a.test", "[::1]:80", "10.0.0.1:1"].map(host),
            ["a.test", "a.test", "::1", "10.0.0.1"]
        );
    }
}
