//! Formats timestamps: as tshark prints them in the local time zone, and as RFC 3339 in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Formats timestamps. The text of the last whole second is cached: calendar arithmetic is slow, and successive frames
/// often share the second.
pub(crate) struct TimeFormatter {
    /// The zone of local times, if one was written: to find it, the system's time zones are searched.
    zone: Option<TimeZone>,
    tshark: CachedSecond,
    rfc3339: CachedSecond,
}

/// A formatted whole second: the text before and after its fraction.
#[derive(Default)]
struct CachedSecond {
    second: Option<i64>,
    before: String,
    after: String,
}

const NANOS: i64 = 1_000_000_000;

impl TimeFormatter {
    /// Returns a formatter for the system's time zone, or the one in the environment variable `TZ`. Falls back to UTC.
    pub(crate) fn local() -> TimeFormatter {
        TimeFormatter::in_zone(None)
    }

    fn in_zone(zone: Option<TimeZone>) -> TimeFormatter {
        TimeFormatter { zone, tshark: CachedSecond::default(), rfc3339: CachedSecond::default() }
    }

    /// Appends a timestamp as tshark 4.4 writes `frame.time`: `Nov 14, 2023 22:13:20.001000000 UTC`.
    pub(super) fn write_tshark(&mut self, out: &mut String, nanos: i64) {
        let zone = self.zone.get_or_insert_with(|| TimeZone::try_system().unwrap_or(TimeZone::UTC));
        self.tshark.write(out, nanos, |second, before, after| {
            let Ok(timestamp) = Timestamp::from_second(second) else { return };
            let _ = write!(before, "{}", timestamp.to_zoned(zone.clone()).strftime("%b %e, %Y %H:%M:%S"));
            let _ = write!(after, " {}", zone.to_offset_info(timestamp).abbreviation());
        });
    }

    /// Appends a timestamp as in RFC 3339, in UTC with nine decimals: `2023-11-14T22:13:20.001000000Z`.
    pub(crate) fn write_rfc3339(&mut self, out: &mut String, nanos: i64) {
        self.rfc3339.write(out, nanos, |second, before, after| {
            let Ok(timestamp) = Timestamp::from_second(second) else { return };
            let _ = write!(before, "{}", timestamp.strftime("%Y-%m-%dT%H:%M:%S"));
            after.push('Z');
        });
    }
}

impl CachedSecond {
    fn write(&mut self, out: &mut String, nanos: i64, format: impl FnOnce(i64, &mut String, &mut String)) {
        let second = nanos.div_euclid(NANOS);
        if self.second != Some(second) {
            self.before.clear();
            self.after.clear();
            format(second, &mut self.before, &mut self.after);
            self.second = Some(second);
        }
        out.push_str(&self.before);
        push_fraction(out, nanos.rem_euclid(NANOS).unsigned_abs(), 9);
        out.push_str(&self.after);
    }
}

/// Appends a point and the digits of a fraction, with zeros before them up to this number of decimals.
pub(super) fn push_fraction(out: &mut String, fraction: u64, decimals: usize) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(fraction);
    out.push('.');
    (digits.len()..decimals).for_each(|_| out.push('0'));
    out.push_str(digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tshark(zone: TimeZone, nanos: i64) -> String {
        let mut out = String::new();
        TimeFormatter::in_zone(Some(zone)).write_tshark(&mut out, nanos);
        out
    }

    #[test]
    fn a_timestamp_is_written_as_by_tshark() {
        assert_eq!(tshark(TimeZone::UTC, 1_700_000_000_001_000_000), "Nov 14, 2023 22:13:20.001000000 UTC");
        assert_eq!(tshark(TimeZone::UTC, 0), "Jan  1, 1970 00:00:00.000000000 UTC");
        assert_eq!(tshark(TimeZone::UTC, -1), "Dec 31, 1969 23:59:59.999999999 UTC");
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a time zone");
        assert_eq!(tshark(berlin, 1_700_000_000_000_000_000), "Nov 14, 2023 23:13:20.000000000 CET");
    }

    #[test]
    fn a_cached_second_is_used_only_for_its_own_timestamps() {
        let mut clock = TimeFormatter::in_zone(Some(TimeZone::UTC));
        let mut out = String::new();
        for nanos in [5, 1_000_000_007, -1, i64::MIN, i64::MAX] {
            clock.write_rfc3339(&mut out, nanos);
            out.push('\n');
        }
        assert_eq!(
            out,
            "1970-01-01T00:00:00.000000005Z\n1970-01-01T00:00:01.000000007Z\n1969-12-31T23:59:59.999999999Z\n\
             1677-09-21T00:12:43.145224192Z\n2262-04-11T23:47:16.854775807Z\n"
        );
    }
}
