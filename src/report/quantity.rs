//! Human-readable durations and sizes: up to three digits and a unit.

use super::value;

/// Appends a duration in a suitable unit: `850 ns`, `1.2 ms`, `12.3 s`, `5.0 min`.
pub(crate) fn duration(out: &mut String, nanos: i64) {
    if nanos < 0 {
        out.push('-');
    }
    let nanos = nanos.unsigned_abs();
    let _ = scaled::<1, 1_000>(out, nanos, " ns")
        || scaled::<1_000, 1_000>(out, nanos, " µs")
        || scaled::<1_000_000, 1_000>(out, nanos, " ms")
        || scaled::<1_000_000_000, 120>(out, nanos, " s")
        || scaled::<60_000_000_000, 120>(out, nanos, " min")
        || scaled::<3_600_000_000_000, { u64::MAX }>(out, nanos, " h");
}

/// Appends a size in a suitable unit: `850 B`, `1.2 kB`, `12.3 MB`. A kB is 1000 B.
pub(crate) fn size(out: &mut String, bytes: u64) {
    let _ = scaled::<1, 1_000>(out, bytes, " B")
        || scaled::<1_000, 1_000>(out, bytes, " kB")
        || scaled::<1_000_000, 1_000>(out, bytes, " MB")
        || scaled::<1_000_000_000, 1_000>(out, bytes, " GB")
        || scaled::<1_000_000_000_000, { u64::MAX }>(out, bytes, " TB");
}

/// Appends a value in a unit, unless `LIMIT` of them or more would be shown: then it is in the next unit. It has one decimal below
/// 100, except in the smallest unit. Halves are rounded up. Returns whether it is appended.
///
/// Units are known when this is compiled: most rows have five values, and a division by a constant takes a fraction of another one.
#[inline(always)]
fn scaled<const UNIT: u64, const LIMIT: u64>(out: &mut String, value: u64, word: &'static str) -> bool {
    if UNIT.checked_mul(LIMIT).is_some_and(|end| value >= end) {
        return false;
    }
    let rounded = |parts: u64| match value.checked_mul(parts).and_then(|product| product.checked_add(UNIT / 2)) {
        Some(sum) => sum / UNIT,
        None => ((u128::from(value) * u128::from(parts) + u128::from(UNIT / 2)) / u128::from(UNIT)) as u64,
    };
    let tenths = if UNIT > 1 { rounded(10) } else { 1_000 };
    if tenths < 1_000 {
        // Character by character: each text appended is a call.
        if tenths >= 100 {
            out.push(value::digit(tenths / 100));
        }
        out.push(value::digit(tenths / 10));
        out.push('.');
        out.push(value::digit(tenths));
    } else {
        let whole = rounded(1);
        if whole >= LIMIT {
            return false;
        }
        value::number(out, whole);
    }
    out.push_str(word);
    true
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
