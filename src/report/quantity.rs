//! Human-readable durations and sizes: up to three digits and a unit.

use super::value::number;

/// A unit: its size in the smallest unit, its name, and the count from which the next unit is used.
type ScaleUnit = (u64, &'static str, u64);

const TIME_UNITS: [ScaleUnit; 6] = [
    (1, " ns", 1_000),
    (1_000, " µs", 1_000),
    (1_000_000, " ms", 1_000),
    (1_000_000_000, " s", 120),
    (60_000_000_000, " min", 120),
    (3_600_000_000_000, " h", u64::MAX),
];

const SIZE_UNITS: [ScaleUnit; 5] = [
    (1, " B", 1_000),
    (1_000, " kB", 1_000),
    (1_000_000, " MB", 1_000),
    (1_000_000_000, " GB", 1_000),
    (1_000_000_000_000, " TB", u64::MAX),
];

/// Appends a duration in a suitable unit: `850 ns`, `1.2 ms`, `12.3 s`, `5.0 min`.
pub(crate) fn duration(out: &mut String, nanos: i64) {
    if nanos < 0 {
        out.push('-');
    }
    write_scaled(out, nanos.unsigned_abs(), &TIME_UNITS);
}

/// Appends a size in a suitable unit: `850 B`, `1.2 kB`, `12.3 MB`. A kB is 1000 B.
pub(crate) fn size(out: &mut String, bytes: u64) {
    write_scaled(out, bytes, &SIZE_UNITS);
}

/// Appends a value in the first unit whose limit it does not reach. It has one decimal below 100, except in the smallest
/// unit. Halves are rounded up.
fn write_scaled(out: &mut String, value: u64, units: &[ScaleUnit]) {
    for &(unit, word, limit) in units {
        if unit.checked_mul(limit).is_some_and(|end| value >= end) {
            continue;
        }
        let rounded = |parts: u64| match value.checked_mul(parts).and_then(|product| product.checked_add(unit / 2)) {
            Some(sum) => sum / unit,
            None => ((u128::from(value) * u128::from(parts) + u128::from(unit / 2)) / u128::from(unit)) as u64,
        };
        let tenths = if unit > 1 { rounded(10) } else { 1_000 };
        if tenths < 1_000 {
            // Character by character: most rows have five of these, and each text appended is a call.
            let digit = |number: u64| char::from(b'0' + (number % 10) as u8);
            if tenths >= 100 {
                out.push(digit(tenths / 100));
            }
            out.push(digit(tenths / 10));
            out.push('.');
            out.push(digit(tenths));
        } else {
            let whole = rounded(1);
            if whole >= limit {
                continue;
            }
            number(out, whole);
        }
        return out.push_str(word);
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
    fn durations_have_a_suitable_unit() {
        let nanos = [0, 999, 1_000, 1_234_567, 99_999_999, 999_999_999, 1_000_000_000, 119_000_000_000];
        let shown: Vec<String> = nanos.iter().map(|&nanos| long(nanos)).collect();
        assert_eq!(shown, ["0 ns", "999 ns", "1.0 µs", "1.2 ms", "100 ms", "1.0 s", "1.0 s", "119 s"]);
        assert_eq!(long(300_000_000_000), "5.0 min");
        let nanos = [1_249_999, 1_250_000, 99_949_999, 99_950_000, 999_499_999, 119_500_000_000, 7_199_000_000_000];
        let shown: Vec<String> = nanos.iter().map(|&nanos| long(nanos)).collect();
        assert_eq!(shown, ["1.2 ms", "1.3 ms", "99.9 ms", "100 ms", "999 ms", "2.0 min", "2.0 h"]);
        assert_eq!(long(i64::MAX), "2562048 h");
        assert_eq!(long(-1_500_000), "-1.5 ms");
        assert_eq!(long(i64::MIN), "-2562048 h");
    }

    #[test]
    fn sizes_have_a_suitable_unit() {
        let shown: Vec<String> =
            [0, 999, 1_000, 1_250, 99_999, 577_938, 999_999, 1_000_000].iter().map(|&size| large(size)).collect();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "1.3 kB", "100 kB", "578 kB", "1.0 MB", "1.0 MB"]);
        assert_eq!(large(u64::MAX), "18446744 TB");
    }
}
