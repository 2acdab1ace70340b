//! Capture times, and the clocks of pcapng interfaces.

use std::ops::Sub;

const SECOND: i128 = 1_000_000_000;

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// The range is 1677 to 2262. Times outside saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Creates a time from nanoseconds; values out of range saturate.
    #[inline]
    pub(super) fn saturating(nanos: i128) -> Time {
        Time(nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }

    /// Returns whole seconds since 1970, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(SECOND as i64)
    }

    /// Returns nanoseconds since that second, 0 to 999,999,999.
    pub fn nanos(self) -> u32 {
        self.0.rem_euclid(SECOND as i64) as u32
    }
}

impl Sub for Time {
    /// Nanoseconds from the second time to the first; values out of range saturate.
    type Output = i64;

    fn sub(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The clock of a pcapng interface: the unit of its counter and the offset to add.
#[derive(Clone, Copy, Debug)]
pub(super) struct InterfaceClock {
    unit: ClockUnit,
    /// if_tsoffset, in nanoseconds.
    offset: i128,
}

/// The unit of a counter, relative to nanoseconds.
#[derive(Clone, Copy, Debug)]
enum ClockUnit {
    /// Nanoseconds per unit.
    NanosPerUnit(u64),
    /// Units per nanosecond.
    UnitsPerNano(u64),
    /// Units per second, as a power of 2.
    PowerOfTwo(u8),
    /// A unit so short that no 64-bit counter reaches one nanosecond.
    BelowResolution,
}

impl InterfaceClock {
    /// Creates a clock from if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng 4.2). The low seven bits of the
    /// resolution are a negative power, of 2 if the high bit is set, else of 10. The offset is in seconds.
    pub(super) fn new(resolution: u8, offset: i64) -> InterfaceClock {
        let power = resolution & 0x7f;
        let unit = match (resolution & 0x80 != 0, power) {
            (true, _) => ClockUnit::PowerOfTwo(power),
            (false, 0..=9) => ClockUnit::NanosPerUnit(10u64.pow(9 - u32::from(power))),
            (false, _) => {
                10u64.checked_pow(u32::from(power) - 9).map_or(ClockUnit::BelowResolution, ClockUnit::UnitsPerNano)
            }
        };
        InterfaceClock { unit, offset: i128::from(offset) * SECOND }
    }

    /// Converts a counter to a time; fractions of a nanosecond are truncated.
    #[inline]
    pub(super) fn time(&self, counter: u64) -> Time {
        let nanos = match self.unit {
            ClockUnit::NanosPerUnit(nanos) => i128::from(counter) * i128::from(nanos),
            ClockUnit::UnitsPerNano(units) => i128::from(counter / units),
            // A 64-bit counter times 10^9 is less than 2^94.
            ClockUnit::PowerOfTwo(power) => (i128::from(counter) * SECOND) >> power,
            ClockUnit::BelowResolution => 0,
        };
        Time::saturating(nanos + self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_converts_a_counter_to_its_time() {
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
            // The offset brings an overflowing counter back into range.
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
            let time = InterfaceClock::new(resolution, offset).time(counter);
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
    fn a_difference_out_of_range_saturates() {
        assert_eq!(Time(5) - Time(7), -2);
        assert_eq!(Time(i64::MIN) - Time(1), i64::MIN);
        assert_eq!(Time(i64::MAX) - Time(-1), i64::MAX);
    }
}
