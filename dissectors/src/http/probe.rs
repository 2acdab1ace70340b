//! Detection of HTTP/1 by the first bytes of a message.

use super::head::is_token;
use crate::session::{Hint, Probe};

/// Maximum length of a method, in bytes.
pub(super) const MAX_METHOD: usize = 32;
/// Maximum number of bytes searched for the end of a start line whose beginning is inconclusive.
const MAX_LINE: usize = 2048;

/// The first bytes of an alert in cleartext: type, version, length, and level (RFC 8446 5.1, 6).
const ALERT: [core::ops::RangeInclusive<u8>; 6] = [0x15..=0x15, 3..=3, 0..=4, 0..=0, 2..=2, 1..=2];

/// Returns whether a server sends an alert of TLS instead of a response: it expects TLS.
pub(super) fn is_alert(bytes: &[u8]) -> Probe {
    match ALERT.iter().zip(bytes).all(|(range, byte)| range.contains(byte)) {
        false => Probe::No,
        true if bytes.len() <= ALERT.len() => Probe::Perhaps,
        true => Probe::Yes,
    }
}

/// Methods of the IANA registry, and a few common unregistered ones.
static METHODS: &[&str] = &[
    "ACL",
    "BASELINE-CONTROL",
    "BCOPY",
    "BDELETE",
    "BIND",
    "BMOVE",
    "BPROPFIND",
    "BPROPPATCH",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "M-SEARCH",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POLL",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "SEARCH",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Probes the first bytes of a side for HTTP/1: optional empty lines, then a status line or a request line. A request
/// line needs a version, or a known method with a target that only HTTP has. More bytes never change a `Yes` or `No`.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    probe_bytes(hint.bytes)
}

/// The same for bytes alone.
pub(super) fn probe_bytes(bytes: &[u8]) -> Probe {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    probe_message(bytes.get(blank..).unwrap_or_default())
}

/// Probes bytes for a request line with a registered method and a version.
pub(super) fn starts_known_request(bytes: &[u8]) -> Probe {
    let Some(method) = memchr::memchr(b' ', bytes.get(..=MAX_METHOD).unwrap_or(bytes)) else {
        let may_be_method = METHODS.iter().any(|method| method.as_bytes().starts_with(bytes));
        return if may_be_method { Probe::Perhaps } else { Probe::No };
    };
    if !bytes.get(..method).is_some_and(is_method) {
        return Probe::No;
    }
    let line = bytes.get(..MAX_LINE).unwrap_or(bytes);
    match memchr::memchr(b'\n', line).and_then(|end| line.get(..end)) {
        None if bytes.len() < MAX_LINE => Probe::Perhaps,
        Some(line) if line.trim_ascii_end().last_chunk::<8>().is_some_and(|end| is_version(end)) => Probe::Yes,
        _ => Probe::No,
    }
}

/// Probes bytes where a message is expected. A known method alone is sufficient.
pub(super) fn starts_message(bytes: &[u8]) -> Probe {
    match probe_message(bytes) {
        Probe::Yes => Probe::Yes,
        probe => {
            let method = bytes.iter().take(MAX_METHOD).position(|byte| byte.is_ascii_whitespace());
            let method = method.and_then(|end| bytes.get(..end)).unwrap_or_default();
            let status = has_http_name(bytes) && bytes.get(5).is_some_and(u8::is_ascii_digit);
            if is_method(method) || status { Probe::Yes } else { probe }
        }
    }
}

fn probe_message(bytes: &[u8]) -> Probe {
    match bytes {
        // As nearly all messages begin.
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0' | b'1', b' ', ..] | [b'G', b'E', b'T', b' ', b'/', ..] => {
            return Probe::Yes;
        }
        _ if has_http_name(bytes) || bytes.starts_with(b"ICY ") => return probe_status_line(bytes),
        _ if HTTP_NAME.get(..bytes.len()).is_some_and(|start| start.eq_ignore_ascii_case(bytes)) => {
            return Probe::Perhaps;
        }
        _ if b"ICY ".starts_with(bytes) => return Probe::Perhaps,
        _ => {}
    }
    let method = bytes.iter().take(MAX_METHOD).take_while(|&&byte| is_token(byte)).count();
    match bytes.get(method) {
        None => return Probe::Perhaps,
        Some(b' ' | b'\t') if method > 0 => {}
        Some(_) => return Probe::No,
    }
    let (method, rest) = bytes.split_at_checked(method).unwrap_or_default();
    // The preface of HTTP/2 (RFC 9113 3.4).
    if method == b"PRI" {
        return Probe::No;
    }
    let target = rest.get(1..).unwrap_or_default();
    let known = is_method(method);
    if known && is_http_target(target) {
        return Probe::Yes;
    }
    let searched = target.get(..MAX_LINE).unwrap_or(target);
    let line = memchr::memchr(b'\n', searched).and_then(|end| target.get(..end));
    let text = line.unwrap_or(searched);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.iter().any(|&byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
        return Probe::No;
    }
    match line {
        Some(_) if is_version(text.rsplit(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or_default()) => {
            Probe::Yes
        }
        None if target.len() < MAX_LINE => Probe::Perhaps,
        _ => Probe::No,
    }
}

/// Probes bytes for a status line with its code, as most servers write it.
pub(super) fn starts_status_line(bytes: &[u8]) -> Probe {
    let pattern = b"HTTP/1.0 000";
    let matches = bytes.iter().zip(pattern).all(|(byte, expected)| match expected {
        b'0' => byte.is_ascii_digit(),
        _ => byte == expected,
    });
    match matches {
        true if bytes.len() < pattern.len() => Probe::Perhaps,
        true => Probe::Yes,
        false => Probe::No,
    }
}

fn probe_status_line(bytes: &[u8]) -> Probe {
    let pattern: &[u8] = if bytes.starts_with(b"I") { b"ICY 000" } else { b"HTTP/1.0 " };
    for (at, expected) in pattern.iter().enumerate() {
        let matches = match (bytes.get(at), expected) {
            (None, _) => return Probe::Perhaps,
            (Some(byte), b'1') => matches!(byte, b'0' | b'1'),
            (Some(byte), b'0') => byte.is_ascii_digit(),
            (Some(byte), b' ') => matches!(byte, b' ' | b'\t'),
            (Some(byte), _) => byte.eq_ignore_ascii_case(expected),
        };
        if !matches {
            return Probe::No;
        }
    }
    Probe::Yes
}

/// Name of the protocol at the beginning of a status line.
const HTTP_NAME: &[u8; 5] = b"HTTP/";

/// Whether `bytes` begin with the name of the protocol, in any case: some servers send `http/1.1`.
pub(super) fn has_http_name(bytes: &[u8]) -> bool {
    let Some(name) = bytes.first_chunk::<5>() else { return false };
    name == HTTP_NAME || matches!(name[0], b'H' | b'h') && name.eq_ignore_ascii_case(HTTP_NAME)
}

pub(super) fn is_method(token: &[u8]) -> bool {
    matches!(token, b"GET" | b"POST") || METHODS.binary_search_by(|known| known.as_bytes().cmp(token)).is_ok()
}

/// Whether a target begins as only HTTP targets do. Other protocols with HTTP's request line, such as RTSP, differ.
fn is_http_target(bytes: &[u8]) -> bool {
    bytes.starts_with(b"/")
        || [&b"http://"[..], b"https://"]
            .iter()
            .any(|scheme| bytes.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Whether `token` is a supported version: 0.x or 1.x.
pub(super) fn is_version(token: &[u8]) -> bool {
    matches!(token, [b'H', b'T', b'T', b'P', b'/', b'0' | b'1', b'.', minor] if minor.is_ascii_digit())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_methods_are_sorted() {
        assert!(METHODS.is_sorted());
    }

    #[test]
    fn http_is_distinguished_from_similar_protocols() {
        use Probe::{No, Perhaps, Yes};
        let cases: &[(&[u8], Probe)] = &[
            (b"", Perhaps),
            (b"G", Perhaps),
            (b"GET", Perhaps),
            (b"GET ", Perhaps),
            (b"GET /", Yes),
            (b"\r\n\r\nGET / HTTP/1.1\r\n", Yes),
            (b"GET http://h/ ", Yes),
            (b"GET rtsp://h/ RTSP/1.0\r\n", No),
            (b"OPTIONS * HTTP/1.1\r\n", Yes),
            (b"OPTIONS * RTSP/1.0\r\n", No),
            (b"OPTIONS sip:a@b SIP/2.0\r\n", No),
            (b"CONNECT h:443 HTTP/1.1\r\n", Yes),
            (b"PROPFIND /dav HTTP/1.1\r\n", Yes),
            (b"FOO /x HTTP/1.1\n", Yes),
            (b"FOO /x\r\n", No),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", No),
            (b"get key\r\n", No),
            (b"GET key\r\n", No),
            (b"GET  /two HTTP/1.1\r\n", Yes),
            (b"FOO /x HTTP/2.0\r\n", No),
            (b"HTTP/1.1 200 OK\r\n", Yes),
            (b"HTTP/1.1", Perhaps),
            (b"HTTP/2 200\r\n", No),
            (b"http/1.1 200 ok\r\n", Yes),
            (b"http", Perhaps),
            (b"HTTP/1.1\t200\tOK\r\n", Yes),
            (b"GET\t/\tHTTP/1.1\r\n", Yes),
            (b"FOO\t/x\tHTTP/1.1\r\n", Yes),
            (b"FOO\t/x\r\n", No),
            (b"HTTP/1.1200", No),
            (b"ICY 200 OK\r\n", Yes),
            (b"ICY cold\r\n", No),
            (b"\x16\x03\x01\x02\x00", No),
            (b"SSH-2.0-OpenSSH_9.2\r\n", No),
            (b"220 smtp ready\r\n", No),
            (b"EHLO example.org\r\n", No),
            (b" GET / HTTP/1.1\r\n", No),
            (b"FOO \x00\x01", No),
        ];
        for &(bytes, expected) in cases {
            assert_eq!(probe_bytes(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn more_bytes_do_not_change_a_definite_result() {
        let cases: &[&[u8]] = &[
            b"GET / HTTP/1.1\r\n\r\n",
            b"\r\nFOO /x HTTP/1.1\r\n",
            b"OPTIONS * RTSP/1.0\r\n",
            b"ICY 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"CONNECT h:443 HTTP/1.1\r\n",
            b"FOO /x y z\r\n HTTP/1.1\r\n",
            b"FOO /x\r HTTP/1.1\r\n",
        ];
        for case in cases {
            for probe in [probe_bytes, starts_message] {
                let mut before = Probe::Perhaps;
                for len in 0..=case.len() {
                    let result = probe(&case[..len]);
                    assert!(before == Probe::Perhaps || before == result, "{}", case[..len].escape_ascii());
                    before = result;
                }
            }
        }
    }
}
