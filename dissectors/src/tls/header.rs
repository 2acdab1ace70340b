//! The five bytes before each record, and whether bytes begin one.
//!
//! ```text
//!  0        1        2        3        4
//! +--------+--------+--------+--------+--------+
//! | type   | version         | length          |  RFC 8446 5.1
//! +--------+--------+--------+--------+--------+
//! ```

use super::names;
use crate::session::Verdict;

/// How long the header is.
pub(super) const LEN: usize = 5;
/// The longest record (RFC 5246 6.2.3): 2^14 bytes, and as much as encryption may add.
const LONGEST: u16 = 16_384 + 2048;
/// The longest alert that is believed where nothing else is known: two bytes and what encryption adds.
const LONGEST_ALERT: u16 = 64;

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;
pub(super) const HEARTBEAT: u8 = 24;

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) content: u8,
    pub(super) version: u16,
    /// How many bytes follow.
    pub(super) len: u16,
}

impl Header {
    /// The header that the bytes begin with, if it is all there.
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let &[content, major, minor, high, low, ..] = bytes else { return None };
        let (version, len) = (u16::from_be_bytes([major, minor]), u16::from_be_bytes([high, low]));
        Some(Header { content, version, len })
    }

    /// How many bytes the record has with its header.
    pub(super) fn whole(self) -> usize {
        LEN + usize::from(self.len)
    }

    /// Whether it can be one: of a known type and version, and no longer than records are.
    pub(super) fn is_sound(self) -> bool {
        (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&self.content)
            && (0x0300..=names::TLS13).contains(&self.version)
            && self.len <= LONGEST
            && (self.len > 0 || self.content == APPLICATION_DATA)
    }
}

/// Whether the first bytes of a side, or of what was captured of it, are TLS. A hello is known for certain, as are a
/// plain alert and a change of the cipher spec. Of encrypted data only the header can be known: one in 2^26 that mean
/// something else looks like it. What is a `Yes` or a `No` stays so as bytes are added.
pub(super) fn probe(bytes: &[u8]) -> Verdict {
    let head: [Option<u8>; 3] = core::array::from_fn(|at| bytes.get(at).copied());
    let fits = [
        head[0].is_none_or(|content| (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&content)),
        head[1].is_none_or(|major| major == 3),
        head[2].is_none_or(|minor| minor <= 4),
    ];
    if fits.contains(&false) {
        return Verdict::No;
    }
    let Some(header) = Header::read(bytes) else { return Verdict::Perhaps };
    if !header.is_sound() {
        return Verdict::No;
    }
    let body = bytes.get(LEN..).unwrap_or_default();
    match header.content {
        HANDSHAKE => hello(body),
        CHANGE_CIPHER_SPEC if header.len == 1 => begins(body, |at, byte| at > 0 || byte == 1, 1),
        ALERT if header.len == 2 => begins(body, is_alert, 2),
        ALERT if header.len <= LONGEST_ALERT => Verdict::Yes,
        APPLICATION_DATA if header.len > 0 => Verdict::Yes,
        _ => Verdict::No,
    }
}

/// Whether a handshake begins: the type of a hello, three bytes of length of which the first is 0, and a version.
fn hello(body: &[u8]) -> Verdict {
    let fits = |at: usize, byte: u8| match at {
        0 => matches!(byte, 1 | 2),
        1 => byte == 0,
        4 => byte == 3,
        5 => byte <= 4,
        _ => true,
    };
    begins(body, fits, 6)
}

fn is_alert(at: usize, byte: u8) -> bool {
    let names = if at == 0 { names::ALERT_LEVELS } else { names::ALERTS };
    at > 1 || names.iter().any(|&(number, _)| number == u64::from(byte))
}

/// Whether each of the first `len` bytes fits its place.
fn begins(bytes: &[u8], fits: impl Fn(usize, u8) -> bool, len: usize) -> Verdict {
    match bytes.iter().take(len).enumerate().all(|(at, &byte)| fits(at, byte)) {
        false => Verdict::No,
        true if bytes.len() < len => Verdict::Perhaps,
        true => Verdict::Yes,
    }
}

/// Where the next record may begin after bytes were lost: how many bytes come before it, and whether there is one. It
/// says this version, or any of TLS if that is 0. As many bytes as may be the beginning of its header are left.
pub(super) fn seek(bytes: &[u8], version: u16) -> (usize, bool) {
    let is_next = |window: &[u8]| {
        Header::read(window).is_some_and(|header| {
            header.is_sound()
                && if version == 0 { header.version > 0x0300 } else { header.version == version }
                && match header.content {
                    CHANGE_CIPHER_SPEC => header.len == 1,
                    ALERT => header.len <= LONGEST_ALERT,
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
    use Verdict::{No, Perhaps, Yes};

    const ROWS: &[(&[u8], Verdict)] = &[
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
    fn tls_is_told_from_what_it_is_not() {
        for &(bytes, verdict) in ROWS {
            assert_eq!(probe(bytes), verdict, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn more_bytes_do_not_change_a_verdict() {
        for (row, _) in ROWS {
            let mut before = Perhaps;
            for len in 0..=row.len() {
                let verdict = probe(&row[..len]);
                assert!(before == Perhaps || before == verdict, "{}", row[..len].escape_ascii());
                before = verdict;
            }
        }
    }

    #[test]
    fn a_record_is_found_after_what_was_lost() {
        assert_eq!(seek(b"\x17\x03\x03\xff\x17\x03\x03\x00\x05abcde", 0x0303), (4, true));
        assert_eq!(seek(b"\x17\x03\x03\x00\x05abcde", 0x0303), (0, true));
        assert_eq!(seek(b"\x17\x03\x01\x00\x05abcde", 0x0303), (6, false));
        assert_eq!(seek(b"S\x16\x03\x01\x00\x05abcde", 0), (1, true));
        assert_eq!(seek(b"abc\x17\x03", 0x0303), (1, false));
        assert_eq!(seek(b"abc", 0x0303), (0, false));
    }
}
