//! The five-byte header of a record, and the detection of records.
//!
//! ```text
//!  0        1        2        3        4
//! +--------+--------+--------+--------+--------+
//! | type   | version         | length          |  RFC 8446 5.1
//! +--------+--------+--------+--------+--------+
//! ```

use super::names;
use crate::session::{Hint, Probe, Side};
use alloc::vec::Vec;

/// Length of the header in bytes.
pub(super) const LEN: usize = 5;
/// Maximum length of a record (RFC 5246 6.2.3): 2^14 bytes plus the overhead of encryption.
const MAX_TLS_RECORD_LEN: u16 = 16_384 + 2048;
/// Maximum length of an alert that is accepted without other evidence: two bytes plus the overhead of encryption.
const MAX_ENCRYPTED_ALERT_LEN: u16 = 64;

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;
pub(super) const HEARTBEAT: u8 = 24;

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) content: u8,
    pub(super) version: u16,
    /// Number of bytes that follow.
    pub(super) len: u16,
}

impl RecordHeader {
    /// Reads the header at the start of the bytes, if it is complete.
    pub(super) fn read(bytes: &[u8]) -> Option<RecordHeader> {
        let &[content, major, minor, high, low, ..] = bytes else { return None };
        let (version, len) = (u16::from_be_bytes([major, minor]), u16::from_be_bytes([high, low]));
        Some(RecordHeader { content, version, len })
    }

    /// Returns the length of the record with its header.
    pub(super) fn total_len(self) -> usize {
        LEN + usize::from(self.len)
    }

    /// Returns whether the type and the version are known.
    pub(super) fn is_valid(self) -> bool {
        (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&self.content) && (0x0300..=names::TLS13).contains(&self.version)
    }

    /// Returns whether a record may begin here, without other evidence: the header is valid, and the length permitted.
    pub(super) fn is_plausible(self) -> bool {
        self.is_valid() && self.len <= MAX_TLS_RECORD_LEN
    }

    /// Returns which rule the length violates, if any.
    pub(super) fn length_violation(self) -> Option<&'static str> {
        match self.content {
            _ if self.len > MAX_TLS_RECORD_LEN => Some("TLSCiphertext length MUST NOT exceed 2^14 + 2048"),
            _ if self.len > 0 => None,
            // RFC 5246 6.2.1, RFC 8446 5.1.
            CHANGE_CIPHER_SPEC => Some("Zero-length Change Cipher Spec fragments are not allowed"),
            ALERT => Some("Zero-length Alert fragments are not allowed"),
            HANDSHAKE => Some("Zero-length Handshake fragments are not allowed"),
            _ => None,
        }
    }
}

/// Returns whether the first captured bytes of a side are TLS.
///
/// A hello, a plain alert and a change of the cipher spec are certain. For encrypted data only the header is known: one
/// in 2^26 byte sequences of other protocols looks like it. A `Yes` or a `No` does not change as bytes are added.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    let bytes = hint.bytes;
    if hint.side == Side::Client && super::ssl2::probe(bytes) != Probe::No {
        return super::ssl2::probe(bytes);
    }
    let head: [Option<u8>; 3] = core::array::from_fn(|at| bytes.get(at).copied());
    let fits = [
        head[0].is_none_or(|content| (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&content)),
        head[1].is_none_or(|major| major == 3),
        head[2].is_none_or(|minor| minor <= 4),
    ];
    if fits.contains(&false) {
        return Probe::No;
    }
    let Some(header) = RecordHeader::read(bytes) else { return Probe::Perhaps };
    if !header.is_plausible() {
        return Probe::No;
    }
    let body = bytes.get(LEN..).unwrap_or_default();
    match header.content {
        HANDSHAKE => hello(bytes),
        CHANGE_CIPHER_SPEC if header.len == 1 => matches_prefix(body, |at, byte| at > 0 || byte == 1, 1),
        ALERT if header.len == 2 => matches_prefix(body, is_alert, 2),
        ALERT if header.len <= MAX_ENCRYPTED_ALERT_LEN => Probe::Yes,
        APPLICATION_DATA if header.len > 0 => Probe::Yes,
        _ => Probe::No,
    }
}

/// Returns whether a handshake begins: the type of a hello, a three-byte length whose first byte is 0, and a version. They
/// may be in several records.
fn hello(bytes: &[u8]) -> Probe {
    const LEN_OF_START: usize = 6;
    let mut start = Vec::with_capacity(LEN_OF_START);
    let mut rest = bytes;
    while let Some(header) = RecordHeader::read(rest) {
        if header.content != HANDSHAKE || !header.is_plausible() {
            return Probe::No;
        }
        let body = rest.get(LEN..).unwrap_or_default();
        start.extend(body.iter().take(header.len.into()).take(LEN_OF_START - start.len()));
        if start.len() == LEN_OF_START {
            break;
        }
        rest = rest.get(header.total_len()..).unwrap_or_default();
    }
    let fits = |at: usize, byte: u8| match at {
        0 => matches!(byte, 1 | 2),
        1 => byte == 0,
        4 => byte == 3,
        5 => byte <= 4,
        _ => true,
    };
    matches_prefix(&start, fits, LEN_OF_START)
}

fn is_alert(at: usize, byte: u8) -> bool {
    let names = if at == 0 { names::ALERT_LEVELS } else { names::ALERTS };
    at > 1 || names.iter().any(|&(number, _)| number == u64::from(byte))
}

/// Returns whether each of the first `len` bytes is valid at its index.
fn matches_prefix(bytes: &[u8], fits: impl Fn(usize, u8) -> bool, len: usize) -> Probe {
    match bytes.iter().take(len).enumerate().all(|(at, &byte)| fits(at, byte)) {
        false => Probe::No,
        true if bytes.len() < len => Probe::Perhaps,
        true => Probe::Yes,
    }
}

/// Searches for the next record after bytes were lost; returns the number of bytes before it and whether it was found.
/// The record must have this version, or any TLS version if that is 0. If it is not found, the last bytes, which may be
/// the start of its header, are not counted.
pub(super) fn find_record(bytes: &[u8], version: u16) -> (usize, bool) {
    let is_next = |window: &[u8]| {
        RecordHeader::read(window).is_some_and(|header| {
            header.is_plausible()
                && if version == 0 { header.version > 0x0300 } else { header.version == version }
                && match header.content {
                    CHANGE_CIPHER_SPEC => header.len == 1,
                    ALERT => header.len <= MAX_ENCRYPTED_ALERT_LEN,
                    HANDSHAKE | APPLICATION_DATA => header.len > 0,
                    _ => false,
                }
        })
    };
    match bytes.windows(LEN).position(is_next) {
        Some(at) => (at, true),
        None => (bytes.len().saturating_sub(LEN - 1), false),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use Probe::{No, Perhaps, Yes};

    const ROWS: &[(&[u8], Probe)] = &[
        (b"", Perhaps),
        (b"\x16", Perhaps),
        (b"\x16\x03\x01\x02\x00", Perhaps),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Yes),
        (b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", Yes),
        (b"\x16\x03\x00\x00\x5b\x01\x00\x00\x57\x03\x00", Yes),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x02\x03", No),
        (b"\x16\x03\x01\x02\x00\x01\x01", No),
        (b"\x16\x03\x01\x02\x00\x0b", No),
        (b"\x16\x03\x01\x50\x00", No),
        (b"\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x01\x00", Perhaps),
        (b"\x16\x03\x01\x00\x04\x01\x00\x00\x30\x16\x03\x01\x00\x30\x03\x03", Yes),
        (b"\x16\x03\x03\x00\x00\x16\x03\x03\x00\x31\x01\x00\x00\x30\x03\x03", Yes),
        (b"\x16\x03\x01\x00\x04\x01\x00\x00\x30\x17\x03\x01\x00\x30\x03\x03", No),
        (b"\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x10", Yes),
        (b"\x80\x1f\x01\x03\x01", Perhaps),
        (b"\x80\x1f\x01\x03\x01\x00\x06\x00\x00\x00\x11", No),
        (b"\x16\x04", No),
        (b"\x17\x03\x03\x00\x23", Yes),
        (b"\x17\x03\x03\x00\x00", No),
        (b"\x15\x03\x03\x00\x02\x02\x28", Yes),
        (b"\x15\x03\x03\x00\x02\x02", Perhaps),
        (b"\x15\x03\x03\x00\x02\x03", No),
        (b"\x15\x03\x03\x00\x02\x02\xff", No),
        (b"\x15\x03\x03\x00\x1a", Yes),
        (b"\x14\x03\x03\x00\x01\x01", Yes),
        (b"\x14\x03\x03\x00\x02", No),
        (b"GET / HTTP/1.1\r\n", No),
        (b"HTTP/1.1 200 OK\r\n", No),
        (b"SSH-2.0-OpenSSH_9.2\r\n", No),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", No),
    ];

    #[test]
    fn tls_is_distinguished_from_other_protocols() {
        for &(bytes, expected) in ROWS {
            assert_eq!(probe(&Hint::bytes(bytes)), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn more_bytes_do_not_change_a_yes_or_no() {
        for (row, _) in ROWS {
            let mut before = Perhaps;
            for len in 0..=row.len() {
                let result = probe(&Hint::bytes(&row[..len]));
                assert!(before == Perhaps || before == result, "{}", row[..len].escape_ascii());
                before = result;
            }
        }
    }

    #[test]
    fn a_record_is_found_after_lost_bytes() {
        assert_eq!(find_record(b"\x17\x03\x03\xff\x17\x03\x03\x00\x05abcde", 0x0303), (4, true));
        assert_eq!(find_record(b"\x17\x03\x03\x00\x05abcde", 0x0303), (0, true));
        assert_eq!(find_record(b"\x17\x03\x01\x00\x05abcde", 0x0303), (6, false));
        assert_eq!(find_record(b"S\x16\x03\x01\x00\x05abcde", 0), (1, true));
        assert_eq!(find_record(b"abc\x17\x03", 0x0303), (1, false));
        assert_eq!(find_record(b"abc", 0x0303), (0, false));
    }
}
