//! Moments in words: as tshark writes them in the local time zone, and as RFC 3339 has them in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Writes moments. What stands before the fraction of a second is kept from one to the next, as the frames of a capture
/// lie close together and a calendar is slow.
pub(crate) struct Clock {
    zone: TimeZone,
    words: Second,
    rfc3339: Second,
}

/// A whole second in a form.
#[derive(Default)]
struct Second {
    second: Option<i64>,
    before: String,
    after: String,
}

const NANOS: i64 = 1_000_000_000;

impl Clock {
    /// A clock of the system's time zone, which the variable `TZ` can change; UTC if the system has none.
    pub(crate) fn local() -> Clock {
        Clock::of(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    fn of(zone: TimeZone) -> Clock {
        Clock { zone, words: Second::default(), rfc3339: Second::default() }
    }

    /// Appends a moment as tshark 4.4 writes `frame.time`: `Nov 14, 2023 22:13:20.001000000 UTC`.
    pub(super) fn words(&mut self, out: &mut String, nanos: i64) {
        let zone = &self.zone;
        self.words.write(out, nanos, |second, before, after| {
            let Ok(moment) = Timestamp::from_second(second) else { return };
            let _ = write!(before, "{}", moment.to_zoned(zone.clone()).strftime("%b %e, %Y %H:%M:%S"));
            let _ = write!(after, " {}", zone.to_offset_info(moment).abbreviation());
        });
    }

    /// Appends a moment as in RFC 3339, in UTC with nine decimals: `2023-11-14T22:13:20.001000000Z`.
    pub(crate) fn rfc3339(&mut self, out: &mut String, nanos: i64) {
        self.rfc3339.write(out, nanos, |second, before, after| {
            let Ok(moment) = Timestamp::from_second(second) else { return };
            let _ = write!(before, "{}", moment.strftime("%Y-%m-%dT%H:%M:%S"));
            after.push('Z');
        });
    }
}

impl Second {
    fn write(&mut self, out: &mut String, nanos: i64, form: impl FnOnce(i64, &mut String, &mut String)) {
        let second = nanos.div_euclid(NANOS);
        if self.second != Some(second) {
            self.before.clear();
            self.after.clear();
            form(second, &mut self.before, &mut self.after);
            self.second = Some(second);
        }
        let _ = write!(out, "{}.{:09}{}", self.before, nanos.rem_euclid(NANOS), self.after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(zone: TimeZone, nanos: i64) -> String {
        let mut out = String::new();
        Clock::of(zone).words(&mut out, nanos);
        out
    }

    #[test]
    fn a_moment_is_written_as_tshark_writes_it() {
        assert_eq!(words(TimeZone::UTC, 1_700_000_000_001_000_000), "Nov 14, 2023 22:13:20.001000000 UTC");
        assert_eq!(words(TimeZone::UTC, 0), "Jan  1, 1970 00:00:00.000000000 UTC");
        assert_eq!(words(TimeZone::UTC, -1), "Dec 31, 1969 23:59:59.999999999 UTC");
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a time zone");
        assert_eq!(words(berlin, 1_700_000_000_000_000_000), "Nov 14, 2023 23:13:20.000000000 CET");
    }

    #[test]
    fn a_second_is_kept_only_for_its_own_moments() {
        let mut clock = Clock::of(TimeZone::UTC);
        let mut out = String::new();
        for nanos in [5, 1_000_000_007, -1, i64::MIN, i64::MAX] {
            clock.rfc3339(&mut out, nanos);
            out.push('\n');
        }
        assert_eq!(
            out,
            "1970-01-01T00:00:00.000000005Z\n1970-01-01T00:00:01.000000007Z\n1969-12-31T23:59:59.999999999Z\n\
             1677-09-21T00:12:43.145224192Z\n2262-04-11T23:47:16.854775807Z\n"
        );
    }
}
