//! Packet headers, numbers of variable length, and recognition of packets.

use super::login::is_login;
use crate::session::{Hint, Probe, Side};
use crate::sql_text::operation;

/// The port of MySQL.
pub(super) const PORT: u16 = 3306;
/// Bytes of the header of a packet.
pub(super) const HEADER: usize = 4;
/// A packet of this length is continued by the next one.
pub(super) const CONTINUED: u32 = 0xff_ffff;

/// The header of a packet.
///
/// ```text
///   | length, 3 bytes, little-endian | number, 1 byte | payload |
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u32,
    pub(super) number: u8,
}

impl Header {
    /// Reads a header; `None` if it is not complete.
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let &[a, b, c, number] = bytes.first_chunk()?;
        Some(Header { length: u32::from_le_bytes([a, b, c, 0]), number })
    }

    /// Bytes of the packet.
    pub(super) fn total(self) -> usize {
        HEADER + self.length as usize
    }
}

/// Reads a number of variable length, and returns its bytes, too; `None` for NULL, or if it is not complete.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let wide = |len: usize| {
        let bytes = rest.get(..len)?;
        Some((bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)), 1 + len))
    };
    match first {
        0..=0xfa => Some((first.into(), 1)),
        0xfc => wide(2),
        0xfd => wide(3),
        0xfe => wide(8),
        0xfb | 0xff => None,
    }
}

/// Reads a text with its length before it; returns the text, and the bytes of both.
pub(super) fn text(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (len, at) = number(bytes)?;
    let end = usize::try_from(len).ok()?.checked_add(at)?;
    Some((bytes.get(at..end)?, end))
}

/// Bytes of the fixed part of a column, with its length before it.
const COLUMN: usize = 13;

/// Returns the position of the fixed part of a column, after its texts. MariaDB may have another text before it.
pub(super) fn column_start(rest: &[u8]) -> usize {
    let extended = text(rest).map(|(_, len)| len).filter(|len| rest.len() == len + COLUMN);
    extended.unwrap_or(0)
}

/// Words with which statements begin, for conversations that are joined in the middle.
const OPERATIONS: [&str; 27] = [
    "ALTER", "ANALYZE", "BEGIN", "CALL", "COMMIT", "CREATE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXPLAIN", "FLUSH",
    "GRANT", "INSERT", "KILL", "LOAD", "LOCK", "OPTIMIZE", "REPLACE", "ROLLBACK", "SELECT", "SET", "SHOW", "START",
    "UPDATE", "USE", "WITH",
];

/// Detects the greeting of a server on any port, and commands where a capture begins later.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    let is_port = hint.ports.contains(&PORT);
    if let [_, 0, 0, 0, 10, ..] = hint.bytes {
        return greeting(hint.bytes);
    }
    let is_prefix = hint.bytes.len() < 5 && hint.bytes.iter().skip(1).all(|&byte| byte == 0);
    if hint.side == Side::Server && is_prefix && hint.is_first && hint.bytes.first().is_none_or(|&length| length > 24) {
        return Probe::Perhaps;
    }
    let Some(header) = Header::read(hint.bytes) else { return Probe::No };
    let payload = hint.bytes.get(HEADER..).unwrap_or_default();
    // The greeting was not captured, though that may not be known yet.
    if header.number == 1 && header.total() == hint.bytes.len() && is_login(payload) {
        return Probe::Yes;
    }
    if hint.is_whole && !is_port {
        return Probe::No;
    }
    match payload {
        [3 | 22, statement @ ..] if header.number == 0 && is_statement(statement) => {
            if header.total() == hint.bytes.len() { Probe::Yes } else { Probe::Likely }
        }
        _ if is_port && is_chain(hint.bytes) => Probe::Likely,
        _ => Probe::No,
    }
}

/// Whether a text begins like a statement.
fn is_statement(text: &[u8]) -> bool {
    let begin = text.get(..64).unwrap_or(text);
    let is_text = begin.iter().all(|&byte| byte >= b' ' || byte.is_ascii_whitespace());
    is_text && OPERATIONS.contains(&&*operation(begin))
}

/// Whether packets follow each other exactly, with numbers that count up.
pub(super) fn is_chain(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut expected = None;
    for _ in 0..32 {
        if rest.is_empty() {
            return expected.is_some();
        }
        let Some(header) = Header::read(rest) else { return false };
        let is_next = header.number == 0 || expected.is_none_or(|expected| header.number == expected);
        if !is_next || header.length == 0 && header.number == 0 {
            return false;
        }
        let Some(after) = rest.get(header.total()..) else { return false };
        expected = Some(header.number.wrapping_add(1));
        rest = after;
    }
    true
}

/// Returns the session that reads the bytes of a client beneath this one, if they are of TLS, or of compressed packets with a
/// short command, which is not compressed.
pub(super) fn beneath(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x16, 3, ..] => Some("TLS"),
        &[a, b, c, 0, 0, 0, 0, ref rest @ ..] => {
            let length = u32::from_le_bytes([a, b, c, 0]) as usize;
            (length > 0 && rest.len() == length && is_chain(rest)).then_some("mysql-compression")
        }
        _ => None,
    }
}

/// Detects the greeting: its version is a text that begins with a digit.
fn greeting(bytes: &[u8]) -> Probe {
    let version = bytes.get(5..).unwrap_or_default();
    let end = memchr::memchr(0, version.get(..80).unwrap_or(version));
    let text = version.get(..end.unwrap_or(version.len())).unwrap_or_default();
    let is_version =
        text.first().is_none_or(u8::is_ascii_digit) && text.iter().all(|byte| (b' '..=b'~').contains(byte));
    match end {
        Some(4..) if is_version && text.contains(&b'.') => Probe::Yes,
        None if is_version && version.len() < 80 => Probe::Perhaps,
        _ => Probe::No,
    }
}

/// Whether the first packet of a side shows that it is the server's. `None` if it does not show it.
pub(super) fn is_server(side: Side, bytes: &[u8]) -> bool {
    let header = Header::read(bytes);
    match (header, bytes.get(HEADER)) {
        (Some(Header { number: 0, .. }), Some(10)) if bytes.get(5).is_some_and(u8::is_ascii_digit) => true,
        (Some(Header { number: 0, .. }), Some(0..=33 | 250)) => false,
        (Some(Header { number: 1.., .. }), _) => {
            side == Side::Server || bytes.get(HEADER..).is_none_or(|login| login.len() <= 32)
        }
        _ => side == Side::Server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_length_are_read() {
        assert_eq!(number(&[0xfa]), Some((250, 1)));
        assert_eq!(number(&[0xfc, 1, 2]), Some((0x201, 3)));
        assert_eq!(number(&[0xfd, 1, 0, 1]), Some((0x1_0001, 4)));
        assert_eq!(number(&[0xfe, 1, 0, 0, 0, 0, 0, 0, 0x80]), Some((1 << 63 | 1, 9)));
        assert_eq!(number(&[0xfb]), None);
        assert_eq!(text(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), None);
    }

    #[test]
    fn a_greeting_is_detected_on_any_port_and_from_any_number_of_bytes() {
        let greeting = b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0aaaaaaaa\0\xff\xff";
        assert_eq!(probe(&Hint::bytes(greeting)), Probe::Yes);
        for end in 0..11 {
            let hint = Hint { side: Side::Server, ..Hint::bytes(&greeting[..end]) };
            assert_eq!(probe(&hint), Probe::Perhaps, "{end}");
        }
        let rows: [&[u8]; 5] = [
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01\x02\0",
            b"SSH-2.0-x\r\n",
            b"\x0a\0\0\0\x0axyz\0aaaaa",
            b"\0\0\0\x08\x04\xd2\x16\x2f",
        ];
        for bytes in rows {
            assert_eq!(probe(&Hint::bytes(bytes)), Probe::No, "{bytes:?}");
        }
        assert_eq!(probe(&Hint::bytes(b"\x09\0\0\0\x03SELECT 1")), Probe::Yes);
    }
}
