//! Message framing (RFC 9112 6): reports hostile framing and still finds the next message.

use super::head::{HeaderLine, MessageHead, StartLine};
use super::quirk::{self, Quirks};

/// Framing of a body: how its end is determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// This number of bytes, or none at all.
    Known(u64),
    /// Ends with its last chunk.
    Chunked,
    /// Ends with the stream.
    UntilEnd,
}

/// Headers that determine framing and exchange.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FramingHeaders<'b> {
    /// Value of the first Host.
    pub host: &'b [u8],
    /// Value of Content-Type.
    pub content_type: &'b [u8],
    /// Value of Upgrade.
    pub upgrade: &'b [u8],
    /// First numeric Content-Length; `u64::MAX` if it is too large.
    pub content_length: Option<u64>,
    /// Whether the head has a Transfer-Encoding.
    has_transfer_encoding: bool,
    /// Whether it names a coding. RFC 2616 3.6 had the name `identity` for none.
    has_transfer_coding: bool,
    /// Whether the last transfer coding is chunked.
    pub is_chunked: bool,
    /// Quirks of these headers.
    pub quirks: Quirks,
}

/// Collects the framing headers of `head`.
pub(super) fn collect_headers<'b>(head: &MessageHead<'b>, lines: &[HeaderLine]) -> FramingHeaders<'b> {
    let mut all = FramingHeaders::default();
    let mut hosts = 0_u32;
    for line in lines {
        let name = head.name(line);
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                hosts += 1;
                if hosts == 1 {
                    all.host = head.value(line);
                }
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => all.upgrade = head.value(line),
            12 if name.eq_ignore_ascii_case(b"content-type") => all.content_type = head.value(line),
            14 if name.eq_ignore_ascii_case(b"content-length") => all.add_length(head.value(line)),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => all.add_coding(head.value(line)),
            _ => {}
        }
    }
    if all.has_transfer_encoding {
        if all.content_length.is_some() {
            all.quirks |= quirk::TE_AND_LENGTH | quirk::SMUGGLING;
        }
        if !all.is_chunked {
            all.quirks |= quirk::TE_NOT_CHUNKED;
        }
    }
    if let StartLine::Request { version, .. } = head.start {
        match (hosts, version) {
            (0, b"HTTP/1.1") => all.quirks |= quirk::NO_HOST,
            (2.., _) => all.quirks |= quirk::SEVERAL_HOSTS | quirk::SMUGGLING,
            _ => {}
        }
        if all.has_transfer_encoding && !all.is_chunked {
            all.quirks |= quirk::SMUGGLING;
        }
    }
    let (StartLine::Request { version, .. } | StartLine::Response { version, .. }) = head.start;
    if all.has_transfer_encoding && version == b"HTTP/1.0" {
        all.quirks |= quirk::TE_IN_1_0;
    }
    all
}

/// Collects the framing headers of a head whose end is missing. Neither Host, if it may be among the missing lines, nor
/// an incomplete value is a quirk.
pub(super) fn collect_truncated<'b>(head: &MessageHead<'b>, lines: &[HeaderLine]) -> FramingHeaders<'b> {
    let complete = match (head.bytes.ends_with(b"\n"), lines) {
        (false, [complete @ .., _]) => complete,
        _ => lines,
    };
    let quirks = collect_headers(head, complete).quirks & !quirk::NO_HOST;
    FramingHeaders { quirks, ..collect_headers(head, lines) }
}

impl FramingHeaders<'_> {
    fn add_length(&mut self, value: &[u8]) {
        for part in value.split(|&byte| byte == b',') {
            let part = part.trim_ascii();
            let digits = part.strip_prefix(b"+").unwrap_or(part);
            let number = parse_decimal(digits);
            if number.is_none() || number == Some(u64::MAX) || digits.len() != part.len() {
                self.quirks |= quirk::BAD_LENGTH | quirk::SMUGGLING;
            }
            match (self.content_length, number) {
                (None, _) => self.content_length = number,
                (Some(first), Some(again)) if first == again => self.quirks |= quirk::REPEATED_LENGTH,
                // RFC 9112 6.3: invalid; the first value is used.
                (Some(_), _) => self.quirks |= quirk::CONFLICTING_LENGTHS | quirk::SMUGGLING,
            }
        }
    }

    #[inline(never)]
    fn add_coding(&mut self, value: &[u8]) {
        self.has_transfer_encoding = true;
        // RFC 9110 5.6.1.2: empty elements of a list are ignored.
        for part in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()) {
            if self.is_chunked {
                // RFC 9112 6.1: no coding may follow chunked, not even another chunked.
                self.quirks |= quirk::SMUGGLING;
            }
            let name = part.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
            let known = [&b"chunked"[..], b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress", b"identity"];
            if !known.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                self.quirks |= quirk::TE_UNKNOWN;
                if name.to_ascii_lowercase().windows(5).any(|part| part == b"chunk") {
                    self.quirks |= quirk::SMUGGLING;
                }
            }
            self.has_transfer_coding |= !name.eq_ignore_ascii_case(b"identity");
            self.is_chunked = name.eq_ignore_ascii_case(b"chunked");
        }
    }
}

/// Parses decimal digits. Returns `u64::MAX` on overflow.
fn parse_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// Determines the framing of the body. For a response, `method` is the method of its request, if that is known.
pub(super) fn body_length(head: &MessageHead<'_>, headers: &FramingHeaders<'_>, method: Option<&str>) -> BodyLength {
    let is_response = match head.start {
        StartLine::Request { .. } => false,
        StartLine::Response { code, .. } => {
            // RFC 9112 6.3, 1 and 2.
            let bodiless = matches!(code, Some(100..=199 | 204 | 304))
                || method == Some("HEAD")
                || method == Some("CONNECT") && matches!(code, Some(200..=299));
            if bodiless {
                return BodyLength::Known(0);
            }
            true
        }
    };
    match headers.content_length {
        _ if headers.is_chunked => BodyLength::Chunked,
        _ if headers.has_transfer_coding && is_response => BodyLength::UntilEnd,
        Some(length) => BodyLength::Known(length),
        None if is_response => BodyLength::UntilEnd,
        None => BodyLength::Known(0),
    }
}

/// Returns the framing of a body that is declared as chunked, and is not: as without Transfer-Encoding. `None` if it
/// has no end.
pub(super) fn unchunked_length(head: &MessageHead<'_>, headers: &FramingHeaders<'_>) -> Option<BodyLength> {
    let is_response = matches!(head.start, StartLine::Response { .. });
    headers.content_length.map(BodyLength::Known).or(is_response.then_some(BodyLength::UntilEnd))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head;
    use alloc::vec::Vec;

    fn framed(text: &str, method: Option<&str>) -> (BodyLength, Quirks) {
        let mut lines = Vec::new();
        let head = head::read(text.as_bytes(), &mut lines);
        let headers = collect_headers(&head, &lines);
        (body_length(&head, &headers, method), head.quirks | headers.quirks)
    }

    #[test]
    fn the_framing_of_a_body_follows_rfc_9112() {
        use BodyLength::{Chunked, Known, UntilEnd};
        let cases: &[(&str, Option<&str>, BodyLength, Quirks)] = &[
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", None, Known(0), 0),
            ("GET / HTTP/1.1\r\n\r\n", None, Known(0), quirk::NO_HOST),
            ("GET / HTTP/1.0\r\n\r\n", None, Known(0), 0),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", None, Known(3), 0),
            ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", None, Chunked, 0),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                None,
                Chunked,
                quirk::TE_AND_LENGTH | quirk::SMUGGLING,
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
                None,
                Known(0),
                quirk::TE_UNKNOWN | quirk::TE_NOT_CHUNKED | quirk::SMUGGLING,
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n",
                None,
                Chunked,
                quirk::BAD_HEADER_NAME | quirk::SMUGGLING,
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                None,
                Known(3),
                quirk::CONFLICTING_LENGTHS | quirk::SMUGGLING,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\n", None, Known(4), quirk::REPEATED_LENGTH),
            ("HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\n", None, Known(4), quirk::BAD_LENGTH | quirk::SMUGGLING),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                None,
                Known(u64::MAX),
                quirk::BAD_LENGTH | quirk::SMUGGLING,
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", None, UntilEnd, quirk::BAD_LENGTH | quirk::SMUGGLING),
            ("HTTP/1.1 200 OK\r\n\r\n", Some("GET"), UntilEnd, 0),
            ("HTTP/1.1 200 OK\r\n\r\n", Some("CONNECT"), Known(0), 0),
            ("HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", Some("CONNECT"), Known(5), 0),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Some("HEAD"), Known(0), 0),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Some("GET"), Known(0), 0),
            ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", None, Known(0), 0),
            ("HTTP/1.1 100 Continue\r\n\r\n", None, Known(0), 0),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", None, UntilEnd, quirk::TE_NOT_CHUNKED),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,, \r\n\r\n", None, Chunked, 0),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", None, Chunked, quirk::SMUGGLING),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\nContent-Length: 3\r\n\r\n",
                None,
                UntilEnd,
                quirk::TE_AND_LENGTH | quirk::TE_NOT_CHUNKED | quirk::SMUGGLING,
            ),
            // RFC 2616 4.4: identity does not determine the length.
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Identity\r\nContent-Length: 3\r\n\r\n",
                None,
                Known(3),
                quirk::TE_AND_LENGTH | quirk::TE_NOT_CHUNKED | quirk::SMUGGLING,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", None, UntilEnd, quirk::TE_NOT_CHUNKED),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None, Chunked, quirk::TE_IN_1_0),
        ];
        for &(text, method, length, quirks) in cases {
            let (found, found_quirks) = framed(text, method);
            assert_eq!(found, length, "{text}");
            assert_eq!(found_quirks, quirks, "{text}: {found_quirks:b} {quirks:b}");
        }
    }
}
