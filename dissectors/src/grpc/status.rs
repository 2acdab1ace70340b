//! What headers and trailers state: status, its text, and the timeout.

use crate::exchange::{Exchange, Outcome};
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

    /// Gives the exchange of a call its status.
    pub(super) fn conclude(&self, exchange: &mut Exchange) {
        exchange.content_protocol = "grpc";
        exchange.status = self.name();
        exchange.code = None;
        if exchange.outcome != Outcome::Aborted || self.code != 0 {
            exchange.outcome = self.outcome();
        }
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

/// What headers or trailers state about the status.
#[derive(Debug, Default)]
pub(super) struct StatedStatus<'a> {
    pub code: Option<u32>,
    pub message: Option<String>,
    /// A value that is not a status code.
    pub invalid: Option<&'a [u8]>,
}

impl<'a> StatedStatus<'a> {
    /// Reads a header or trailer. The last code applies.
    pub(super) fn add(&mut self, name: &[u8], value: &'a [u8]) {
        match name {
            name if name.eq_ignore_ascii_case(b"grpc-status") => match code(value) {
                Some(code) => self.code = Some(code),
                None => self.invalid = Some(value),
            },
            name if name.eq_ignore_ascii_case(b"grpc-message") => self.message = Some(message(value)),
            _ => {}
        }
    }

    /// Replaces a status by the stated one. If only a text is stated, the code stays; if nothing is, so does the text.
    pub(super) fn apply(self, status: &mut Option<Status>) {
        match (self.code, self.message, status) {
            (Some(code), message, status) => *status = Some(Status { code, message: message.unwrap_or_default() }),
            (None, Some(message), Some(status)) if self.invalid.is_none() => status.message = message,
            _ => {}
        }
    }
}

/// Reads the number of a status.
fn code(value: &[u8]) -> Option<u32> {
    digits(value.trim_ascii())
}

/// Reads a number that has digits only.
fn digits(value: &[u8]) -> Option<u32> {
    let is_number = value.iter().all(u8::is_ascii_digit);
    core::str::from_utf8(value).ok().filter(|_| is_number)?.parse().ok()
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
    let number = self::digits(digits).filter(|_| digits.len() <= 8)?;
    let nanos: i64 = match unit {
        b'H' => 3_600_000_000_000,
        b'M' => 60_000_000_000,
        b'S' => 1_000_000_000,
        b'm' => 1_000_000,
        b'u' => 1_000,
        b'n' => 1,
        _ => return None,
    };
    Some(nanos.saturating_mul(number.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_a_unit() {
        let rows: [(&[u8], Option<i64>); 10] = [
            (b"5S", Some(5_000_000_000)),
            (b"200m", Some(200_000_000)),
            (b"1H", Some(3_600_000_000_000)),
            (b"99999999n", Some(99_999_999)),
            (b"100000000n", None),
            (b"5", None),
            (b"S", None),
            (b"-1S", None),
            (b"+1H", None),
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
    }

    #[test]
    fn a_status_code_has_digits_only() {
        assert_eq!([code(b"14"), code(b" 5 ")], [Some(14), Some(5)]);
        for value in ["-1", "+5", "abc", "", "5 5", "99999999999"] {
            assert_eq!(code(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn an_invalid_status_leaves_the_one_before() {
        let mut status = Some(Status { code: 5, message: "a".into() });
        let mut stated = StatedStatus::default();
        stated.add(b"grpc-status", b"x");
        stated.add(b"grpc-message", b"b");
        assert_eq!(stated.invalid, Some(&b"x"[..]));
        stated.apply(&mut status);
        assert_eq!(status, Some(Status { code: 5, message: "a".into() }));
    }
}
