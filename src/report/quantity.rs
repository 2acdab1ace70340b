//! Durations and sizes for people: three digits and a unit.

use std::fmt;

/// Nanoseconds in the unit that suits them: `850 ns`, `1.2 ms`, `12.3 s`, `5.0 min`.
pub(super) struct Duration(pub(super) i64);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let (unit, word) = match nanos {
            0..1_000 => return write!(f, "{sign}{nanos} ns"),
            1_000..1_000_000 => (1_000, "µs"),
            1_000_000..1_000_000_000 => (1_000_000, "ms"),
            1_000_000_000..120_000_000_000 => (1_000_000_000, "s"),
            120_000_000_000..7_200_000_000_000 => (60_000_000_000, "min"),
            _ => (3_600_000_000_000, "h"),
        };
        write!(f, "{sign}")?;
        scaled(f, nanos, unit)?;
        write!(f, " {word}")
    }
}

/// Bytes in the unit that suits them: `850 B`, `1.2 kB`, `12.3 MB`. A kB is 1000 B.
pub(super) struct Size(pub(super) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, word) = match self.0 {
            0..1_000 => return write!(f, "{} B", self.0),
            1_000..1_000_000 => (1_000, "kB"),
            1_000_000..1_000_000_000 => (1_000_000, "MB"),
            1_000_000_000..1_000_000_000_000 => (1_000_000_000, "GB"),
            _ => (1_000_000_000_000, "TB"),
        };
        scaled(f, self.0, unit)?;
        write!(f, " {word}")
    }
}

/// `value / unit` with one decimal below 100 and none from there; cut off, so that it never reaches the next unit.
fn scaled(f: &mut fmt::Formatter<'_>, value: u64, unit: u64) -> fmt::Result {
    let whole = value / unit;
    if whole >= 100 { write!(f, "{whole}") } else { write!(f, "{whole}.{}", value % unit / (unit / 10)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_that_suits_them() {
        let nanos = [0, 999, 1_000, 1_234_567, 99_999_999, 999_999_999, 1_000_000_000, 119_000_000_000];
        let shown: Vec<String> = nanos.iter().map(|&nanos| Duration(nanos).to_string()).collect();
        assert_eq!(shown, ["0 ns", "999 ns", "1.0 µs", "1.2 ms", "99.9 ms", "999 ms", "1.0 s", "119 s"]);
        assert_eq!(Duration(300_000_000_000).to_string(), "5.0 min");
        assert_eq!(Duration(i64::MAX).to_string(), "2562047 h");
        assert_eq!(Duration(-1_500_000).to_string(), "-1.5 ms");
        assert_eq!(Duration(i64::MIN).to_string(), "-2562047 h");
    }

    #[test]
    fn sizes_have_a_unit_that_suits_them() {
        let shown: Vec<String> =
            [0, 999, 1_000, 1_250, 99_999, 999_999, 1_000_000].iter().map(|&size| Size(size).to_string()).collect();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "1.2 kB", "99.9 kB", "999 kB", "1.0 MB"]);
        assert_eq!(Size(u64::MAX).to_string(), "18446744 TB");
    }
}
