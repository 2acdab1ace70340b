//! Durations and sizes for people: three digits and a unit.

use super::value::number;

/// Appends nanoseconds in the unit that suits them: `850 ns`, `1.2 ms`, `12.3 s`, `5.0 min`.
pub(crate) fn duration(out: &mut String, nanos: i64) {
    if nanos < 0 {
        out.push('-');
    }
    let nanos = nanos.unsigned_abs();
    let (unit, word) = match nanos {
        0..1_000 => (1, " ns"),
        1_000..1_000_000 => (1_000, " µs"),
        1_000_000..1_000_000_000 => (1_000_000, " ms"),
        1_000_000_000..120_000_000_000 => (1_000_000_000, " s"),
        120_000_000_000..7_200_000_000_000 => (60_000_000_000, " min"),
        _ => (3_600_000_000_000, " h"),
    };
    scaled(out, nanos, unit);
    out.push_str(word);
}

/// Appends bytes in the unit that suits them: `850 B`, `1.2 kB`, `12.3 MB`. A kB is 1000 B.
pub(crate) fn size(out: &mut String, bytes: u64) {
    let (unit, word) = match bytes {
        0..1_000 => (1, " B"),
        1_000..1_000_000 => (1_000, " kB"),
        1_000_000..1_000_000_000 => (1_000_000, " MB"),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, " GB"),
        _ => (1_000_000_000_000, " TB"),
    };
    scaled(out, bytes, unit);
    out.push_str(word);
}

/// `value / unit` with one decimal below 100 and none from there, nor where there is no part of a unit; cut off, so that
/// it never reaches the next unit.
fn scaled(out: &mut String, value: u64, unit: u64) {
    let whole = value / unit;
    number(out, whole);
    if whole < 100 && unit > 1 {
        out.push('.');
        number(out, value % unit / (unit / 10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(nanos: i64) -> String {
        let mut out = String::new();
        duration(&mut out, nanos);
        out
    }

    fn large(bytes: u64) -> String {
        let mut out = String::new();
        size(&mut out, bytes);
        out
    }

    #[test]
    fn durations_have_a_unit_that_suits_them() {
        let nanos = [0, 999, 1_000, 1_234_567, 99_999_999, 999_999_999, 1_000_000_000, 119_000_000_000];
        let shown: Vec<String> = nanos.iter().map(|&nanos| long(nanos)).collect();
        assert_eq!(shown, ["0 ns", "999 ns", "1.0 µs", "1.2 ms", "99.9 ms", "999 ms", "1.0 s", "119 s"]);
        assert_eq!(long(300_000_000_000), "5.0 min");
        assert_eq!(long(i64::MAX), "2562047 h");
        assert_eq!(long(-1_500_000), "-1.5 ms");
        assert_eq!(long(i64::MIN), "-2562047 h");
    }

    #[test]
    fn sizes_have_a_unit_that_suits_them() {
        let shown: Vec<String> =
            [0, 999, 1_000, 1_250, 99_999, 999_999, 1_000_000].iter().map(|&size| large(size)).collect();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "1.2 kB", "99.9 kB", "999 kB", "1.0 MB"]);
        assert_eq!(large(u64::MAX), "18446744 TB");
    }
}
