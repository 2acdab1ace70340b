//! When a frame was captured, and how a file's clock is read.

use std::ops::Sub;

const SECOND: i128 = 1_000_000_000;

/// A moment, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// It reaches from 1677 to 2262. A moment outside is the nearest one inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Makes a moment of nanoseconds that may not fit; what does not fit is the nearest that does.
    #[inline]
    pub(super) fn saturating(nanos: i128) -> Time {
        Time(nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }

    /// Whole seconds since 1970, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(SECOND as i64)
    }

    /// Nanoseconds since that second, 0 to 999,999,999.
    pub fn nanos(self) -> u32 {
        self.0.rem_euclid(SECOND as i64) as u32
    }
}

impl Sub for Time {
    /// Nanoseconds from the second moment to the first; what does not fit is the nearest that does.
    type Output = i64;

    fn sub(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How a pcapng interface counts time: the unit of its counter and the seconds to add.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    unit: Unit,
    /// if_tsoffset, in nanoseconds.
    offset: i128,
}

/// What turns a counter into nanoseconds.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// A unit of so many nanoseconds.
    Times(u64),
    /// So many units in a nanosecond.
    Per(u64),
    /// 2 to this power units in a second.
    Binary(u8),
    /// Units so short that no counter of 64 bits makes a nanosecond of them.
    Nothing,
}

impl Clock {
    /// A clock of an if_tsresol and an if_tsoffset (draft-ietf-opsawg-pcapng 4.2): the resolution's low seven bits
    /// are a negative power, of 2 if the high bit is set and of 10 if not; the offset is in seconds.
    pub(super) fn new(resolution: u8, offset: i64) -> Clock {
        let power = resolution & 0x7f;
        let unit = match (resolution & 0x80 != 0, power) {
            (true, _) => Unit::Binary(power),
            (false, 0..=9) => Unit::Times(10u64.pow(9 - u32::from(power))),
            (false, _) => 10u64.checked_pow(u32::from(power) - 9).map_or(Unit::Nothing, Unit::Per),
        };
        Clock { unit, offset: i128::from(offset) * SECOND }
    }

    /// The moment at which the counter shows this; parts of a nanosecond are cut off.
    #[inline]
    pub(super) fn time(&self, counter: u64) -> Time {
        let nanos = match self.unit {
            Unit::Times(nanos) => i128::from(counter) * i128::from(nanos),
            Unit::Per(units) => i128::from(counter / units),
            // A counter of 64 bits times 10^9 is below 2^94.
            Unit::Binary(power) => (i128::from(counter) * SECOND) >> power,
            Unit::Nothing => 0,
        };
        Time::saturating(nanos + self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_gives_the_moment_of_its_counter() {
        #[rustfmt::skip]
        let rows: &[(u8, i64, u64, i64)] = &[
            // if_tsresol, if_tsoffset, counter, nanoseconds
            (0,    0,  1_700_000_000,                 1_700_000_000_000_000_000),
            (0,    0,  u64::MAX,                      i64::MAX),
            (3,    0,  1_700_000_000_123,             1_700_000_000_123_000_000),
            (6,    0,  1_700_000_000_123_456,         1_700_000_000_123_456_000),
            (6,    0,  u64::MAX,                      i64::MAX),
            (6,    5,  1,                             5_000_001_000),
            (6,   -1,  1,                             -999_999_000),
            (6, i64::MAX, u64::MAX,                   i64::MAX),
            (6, i64::MIN, u64::MAX,                   i64::MIN),
            (9,    0,  1_700_000_000_123_456_789,     1_700_000_000_123_456_789),
            // A counter that does not fit comes back into reach by its offset.
            (9, -9_223_372_036, 1 << 63,              854_775_808),
            (10,   0,  17_000_000_001_234_567_899,    1_700_000_000_123_456_789),
            (11,   0,  u64::MAX,                      184_467_440_737_095_516),
            (12,   0,  u64::MAX,                      18_446_744_073_709_551),
            (19,   0,  u64::MAX,                      1_844_674_407),
            (20,   0,  u64::MAX,                      184_467_440),
            (28,   0,  u64::MAX,                      1),
            (29,   0,  u64::MAX,                      0),
            (127,  2,  u64::MAX,                      2_000_000_000),
            (0x80, 0,  7,                             7_000_000_000),
            (0x81, 0,  3,                             1_500_000_000),
            (0x8a, 0,  1,                             976_562),
            (0xa0, 0,  u64::MAX,                      4_294_967_295_999_999_999),
            (0xbf, 0,  u64::MAX,                      1_999_999_999),
            (0xc0, 0,  u64::MAX,                      999_999_999),
            (0xff, 0,  u64::MAX,                      0),
        ];
        for &(resolution, offset, counter, nanos) in rows {
            let time = Clock::new(resolution, offset).time(counter);
            assert_eq!(time, Time(nanos), "if_tsresol {resolution:#x}, if_tsoffset {offset}, counter {counter}");
        }
    }

    #[test]
    fn seconds_and_nanoseconds_are_rounded_down() {
        #[rustfmt::skip]
        let rows = [
            (0, 0, 0), (1_999_999_999, 1, 999_999_999), (-1, -1, 999_999_999), (-1_000_000_000, -1, 0),
            (i64::MIN, -9_223_372_037, 145_224_192),
        ];
        for (nanos, secs, rest) in rows {
            assert_eq!((Time(nanos).secs(), Time(nanos).nanos()), (secs, rest), "{nanos}");
        }
    }

    #[test]
    fn a_difference_that_does_not_fit_is_the_longest_that_does() {
        assert_eq!(Time(5) - Time(7), -2);
        assert_eq!(Time(i64::MIN) - Time(1), i64::MIN);
        assert_eq!(Time(i64::MAX) - Time(-1), i64::MAX);
    }
}
