//! Where a message ends: RFC 9112 6, read so that hostile framing is told and the next message still found.

use super::head::{Head, Line, Start};
use super::quirk::{self, Quirks};

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// So many bytes, or none at all.
    Known(u64),
    /// By the last of its chunks.
    Chunked,
    /// By the end of the stream.
    UntilEnd,
}

/// What the headers say that matters beyond showing them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Headers<'b> {
    /// The first Host.
    pub host: &'b [u8],
    /// Content-Type.
    pub content_type: &'b [u8],
    /// Upgrade.
    pub upgrade: &'b [u8],
    /// The first Content-Length that is a number; `u64::MAX` stands for all that are too large.
    pub content_length: Option<u64>,
    /// Whether there is a Transfer-Encoding.
    pub coded: bool,
    /// Whether the last transfer coding is chunked.
    pub chunked: bool,
    /// What is odd.
    pub quirks: Quirks,
}

/// Gathers what matters of the headers of `head`.
pub(super) fn gather<'b>(head: &Head<'b>, lines: &[Line]) -> Headers<'b> {
    let mut all = Headers::default();
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
    if all.coded {
        if all.content_length.is_some() {
            all.quirks |= quirk::TE_AND_LENGTH | quirk::SMUGGLING;
        }
        if !all.chunked {
            all.quirks |= quirk::TE_NOT_CHUNKED;
        }
    }
    if let Start::Request { version, .. } = head.start {
        match (hosts, version) {
            (0, b"HTTP/1.1") => all.quirks |= quirk::NO_HOST,
            (2.., _) => all.quirks |= quirk::SEVERAL_HOSTS | quirk::SMUGGLING,
            _ => {}
        }
        if all.coded && !all.chunked {
            all.quirks |= quirk::SMUGGLING;
        }
    }
    let (Start::Request { version, .. } | Start::Response { version, .. }) = head.start;
    if all.coded && version == b"HTTP/1.0" {
        all.quirks |= quirk::TE_IN_1_0;
    }
    all
}

impl Headers<'_> {
    fn add_length(&mut self, value: &[u8]) {
        for part in value.split(|&byte| byte == b',') {
            let part = part.trim_ascii();
            let digits = part.strip_prefix(b"+").unwrap_or(part);
            let number = number(digits);
            if number.is_none() || number == Some(u64::MAX) || digits.len() != part.len() {
                self.quirks |= quirk::BAD_LENGTH | quirk::SMUGGLING;
            }
            match (self.content_length, number) {
                (None, _) => self.content_length = number,
                (Some(first), Some(again)) if first == again => self.quirks |= quirk::REPEATED_LENGTH,
                // RFC 9112 6.3: invalid; the message is read by the first.
                (Some(_), _) => self.quirks |= quirk::CONFLICTING_LENGTHS | quirk::SMUGGLING,
            }
        }
    }

    fn add_coding(&mut self, value: &[u8]) {
        if self.chunked {
            // RFC 9112 6.1: nothing may come after chunked, itself included.
            self.quirks |= quirk::SMUGGLING;
        }
        self.coded = true;
        for part in value.split(|&byte| byte == b',') {
            let name = part.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
            let known = [&b"chunked"[..], b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress", b"identity"];
            if !known.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                self.quirks |= quirk::TE_UNKNOWN;
                if name.to_ascii_lowercase().windows(5).any(|part| part == b"chunk") {
                    self.quirks |= quirk::SMUGGLING;
                }
            }
            self.chunked = name.eq_ignore_ascii_case(b"chunked");
        }
    }
}

/// A number of decimal digits; too large a one is `u64::MAX`.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// How the body is framed. For a response: `asked` is its request's method, if the request is known.
pub(super) fn length(head: &Head<'_>, headers: &Headers<'_>, asked: Option<&str>) -> Length {
    let is_response = match head.start {
        Start::Request { .. } => false,
        Start::Response { code, .. } => {
            // RFC 9112 6.3, 1 and 2.
            let bodiless = matches!(code, Some(100..=199 | 204 | 304))
                || asked == Some("HEAD")
                || asked == Some("CONNECT") && matches!(code, Some(200..=299));
            if bodiless {
                return Length::Known(0);
            }
            true
        }
    };
    match headers.content_length {
        _ if headers.chunked => Length::Chunked,
        _ if headers.coded && is_response => Length::UntilEnd,
        Some(length) => Length::Known(length),
        None if is_response => Length::UntilEnd,
        None => Length::Known(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head;
    use alloc::vec::Vec;

    fn framed(text: &str, asked: Option<&str>) -> (Length, Quirks) {
        let mut lines = Vec::new();
        let head = head::read(text.as_bytes(), &mut lines);
        let headers = gather(&head, &lines);
        (length(&head, &headers, asked), head.quirks | headers.quirks)
    }

    #[test]
    fn the_end_of_a_message_is_where_rfc_9112_says() {
        use Length::{Chunked, Known, UntilEnd};
        let rows: &[(&str, Option<&str>, Length, Quirks)] = &[
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
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None, Chunked, quirk::TE_IN_1_0),
        ];
        for &(text, asked, length, quirks) in rows {
            let (found, odd) = framed(text, asked);
            assert_eq!(found, length, "{text}");
            assert_eq!(odd, quirks, "{text}: {odd:b} {quirks:b}");
        }
    }
}
