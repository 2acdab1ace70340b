//! How times of frames are told.

use crate::report::value;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// The first frame of the capture.
    Start,
    /// The row before.
    Row,
    /// Midnight, in the time zone.
    Day,
    /// The frame of reference.
    Reference,
}

/// How times are told.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    pub(crate) since: Since,
    /// The frame of reference.
    pub(crate) reference: Option<u32>,
    zone: TimeZone,
}

impl Times {
    pub(crate) fn new(zone: TimeZone) -> Times {
        Times { since: Since::Start, reference: None, zone }
    }

    /// The next way to tell times.
    pub(crate) fn turn(&mut self) {
        self.since = match self.since {
            Since::Start => Since::Row,
            Since::Row => Since::Day,
            Since::Day if self.reference.is_some() => Since::Reference,
            Since::Day | Since::Reference => Since::Start,
        };
    }

    /// What stands above the times.
    pub(crate) fn title(&self) -> &'static str {
        match self.since {
            Since::Start => "TIME",
            Since::Row => "DELTA",
            Since::Day => "CLOCK",
            Since::Reference => "SINCE",
        }
    }

    /// In words, what the times are.
    pub(crate) fn about(&self) -> &'static str {
        match self.since {
            Since::Start => "since the first frame",
            Since::Row => "since the row before",
            Since::Day => "of the day",
            Since::Reference => "since the frame of reference",
        }
    }

    /// A time in nanoseconds since 1970, told from `start`, the row `before` or the `reference`.
    pub(crate) fn tell(&self, time: i64, start: i64, before: Option<i64>, reference: Option<i64>) -> String {
        let mut out = String::new();
        let from = match self.since {
            Since::Start => start,
            Since::Row => before.unwrap_or(time),
            Since::Reference => reference.unwrap_or(start),
            Since::Day => {
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
    fn a_time_is_told_in_four_ways() {
        let mut times = Times::new(TimeZone::UTC);
        let start = 1_700_000_000_000_000_000;
        let tell =
            |times: &Times| times.tell(start + 2_500_000, start, Some(start + 2_000_000), Some(start + 3_000_000));
        assert_eq!(tell(&times), "0.002500");
        times.turn();
        assert_eq!(tell(&times), "0.000500");
        times.turn();
        assert_eq!(tell(&times), "22:13:20.002500");
        times.turn();
        assert_eq!(tell(&times), "0.002500");
        times.reference = Some(1);
        times.since = Since::Reference;
        assert_eq!(tell(&times), "-0.000500");
    }
}
