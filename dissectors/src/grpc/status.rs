//! What headers and trailers state: status, its text, and the timeout.

use crate::exchange::Outcome;
use alloc::borrow::Cow;
use alloc::string::String;
use compact_str::{CompactString, format_compact};

/// Longest text of a status that is kept.
const MAX_TEXT: usize = 4096;

/// Names of status codes, by number (<https://grpc.io/docs/guides/status-codes/>).
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Status of a call, with its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub code: u32,
    pub message: String,
}

impl Status {
    /// Returns its name; the number if it has none.
    pub(super) fn name(&self) -> CompactString {
        let name = NAMES.get(self.code as usize).copied();
        name.map_or_else(|| format_compact!("{}", self.code), CompactString::const_new)
    }

    /// What a status means for the call. Errors of the client are those with a status of HTTP from 400 to 499
    /// (google/rpc/code.proto).
    pub(super) fn outcome(&self) -> Outcome {
        match self.code {
            0 => Outcome::Success,
            1 | 3 | 5..=11 | 16 => Outcome::ClientError,
            _ => Outcome::ServerError,
        }
    }
}

/// Reads the number of a status.
pub(super) fn code(value: &[u8]) -> Option<u32> {
    core::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// Reads the text of a status: percent escapes are decoded; invalid ones stay.
pub(super) fn message(value: &[u8]) -> String {
    let value = value.get(..MAX_TEXT).unwrap_or(value);
    let mut out = Cow::Borrowed(value);
    if memchr::memchr(b'%', value).is_some() {
        out = Cow::Owned(crate::format::percent_decoded(value));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads a timeout in nanoseconds: up to eight digits and a unit.
pub(super) fn timeout(value: &[u8]) -> Option<i64> {
    let (unit, digits) = value.split_last()?;
    let number: i64 = core::str::from_utf8(digits).ok().filter(|digits| digits.len() <= 8)?.parse().ok()?;
    let nanos = match unit {
        b'H' => 3_600_000_000_000,
        b'M' => 60_000_000_000,
        b'S' => 1_000_000_000,
        b'm' => 1_000_000,
        b'u' => 1_000,
        b'n' => 1,
        _ => return None,
    };
    Some(number.saturating_mul(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_a_unit() {
        let rows: [(&[u8], Option<i64>); 7] = [
            (b"5S", Some(5_000_000_000)),
            (b"200m", Some(200_000_000)),
            (b"1H", Some(3_600_000_000_000)),
            (b"99999999n", Some(99_999_999)),
            (b"100000000n", None),
            (b"5", None),
            (b"", None),
        ];
        for (value, nanos) in rows {
            assert_eq!(timeout(value), nanos, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn a_status_has_a_name_and_a_text() {
        let name = |code| Status { code, ..Status::default() }.name();
        assert_eq!((name(0).as_str(), name(5).as_str(), name(17).as_str()), ("OK", "NOT_FOUND", "17"));
        assert_eq!(message(b"100 %25 unknown, %C3%BCbrigens %zz"), "100 % unknown, übrigens %zz");
        assert_eq!(code(b"14"), Some(14));
        assert_eq!(code(b"-1"), None);
    }
}
