//! Format of displayed times.

use crate::report::value;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Origin of displayed times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeOrigin {
    /// First frame of the capture.
    Start,
    /// Previous row.
    PreviousRow,
    /// Midnight in the time zone: the clock.
    Clock,
    /// Reference frame.
    Reference,
}

/// Format of displayed times.
#[derive(Clone, Debug)]
pub(crate) struct TimeFormat {
    pub(crate) origin: TimeOrigin,
    /// Reference frame.
    pub(crate) reference: Option<u32>,
    zone: TimeZone,
}

impl TimeFormat {
    pub(crate) fn new(zone: TimeZone) -> TimeFormat {
        TimeFormat { origin: TimeOrigin::Start, reference: None, zone }
    }

    /// Selects the next format.
    pub(crate) fn select_next(&mut self) {
        self.origin = match self.origin {
            TimeOrigin::Start => TimeOrigin::PreviousRow,
            TimeOrigin::PreviousRow => TimeOrigin::Clock,
            TimeOrigin::Clock if self.reference.is_some() => TimeOrigin::Reference,
            TimeOrigin::Clock | TimeOrigin::Reference => TimeOrigin::Start,
        };
    }

    /// Returns the title of the time column.
    pub(crate) fn title(&self) -> &'static str {
        match self.origin {
            TimeOrigin::Start => "TIME",
            TimeOrigin::PreviousRow => "DELTA",
            TimeOrigin::Clock => "CLOCK",
            TimeOrigin::Reference => "SINCE",
        }
    }

    /// Returns a description of the format, with the name of the time zone if it has one.
    pub(crate) fn description(&self) -> String {
        match (self.origin, self.zone.iana_name()) {
            (TimeOrigin::Start, _) => "since first frame".into(),
            (TimeOrigin::PreviousRow, _) => "since previous row".into(),
            (TimeOrigin::Clock, Some(zone)) => format!("clock ({zone})"),
            (TimeOrigin::Clock, None) => "clock".into(),
            (TimeOrigin::Reference, _) => "since reference frame".into(),
        }
    }

    /// Formats a time in nanoseconds since 1970, relative to `start`, the row `before` or the `reference` frame.
    pub(crate) fn format(&self, time: i64, start: i64, before: Option<i64>, reference: Option<i64>) -> String {
        let mut out = String::new();
        let from = match self.origin {
            TimeOrigin::Start => start,
            TimeOrigin::PreviousRow => before.unwrap_or(time),
            TimeOrigin::Reference => reference.unwrap_or(start),
            TimeOrigin::Clock => {
                let moment = Timestamp::from_nanosecond(time.into()).unwrap_or_default();
                return moment.to_zoned(self.zone.clone()).strftime("%H:%M:%S%.6f").to_string();
            }
        };
        value::seconds(&mut out, time.saturating_sub(from), value::Decimals::Six);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_four_formats() {
        let mut times = TimeFormat::new(TimeZone::UTC);
        let start = 1_700_000_000_000_000_000;
        let format_time = |times: &TimeFormat| {
            times.format(start + 2_500_000, start, Some(start + 2_000_000), Some(start + 3_000_000))
        };
        assert_eq!(format_time(&times), "0.002500");
        times.select_next();
        assert_eq!(format_time(&times), "0.000500");
        times.select_next();
        assert_eq!(format_time(&times), "22:13:20.002500");
        times.select_next();
        assert_eq!(format_time(&times), "0.002500");
        times.reference = Some(1);
        times.origin = TimeOrigin::Reference;
        assert_eq!(format_time(&times), "-0.000500");
    }
}
