//! Bounds of counts and values, such as `== 3` or `< 50ms`.

use crate::filter::Comparison;
use std::cmp::Ordering;
use std::fmt::{self, Write as _};

/// Comparison signs and words. A sign precedes its own prefixes.
const SIGNS: [(&str, Comparison); 12] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("eq", Comparison::Equal),
    ("ne", Comparison::Unequal),
    ("le", Comparison::LessOrEqual),
    ("ge", Comparison::GreaterOrEqual),
    ("lt", Comparison::Less),
    ("gt", Comparison::Greater),
];

/// Returns the sign of a comparison.
fn sign(comparison: Comparison) -> &'static str {
    SIGNS.iter().find(|(_, other)| *other == comparison).map_or("", |(sign, _)| sign)
}

/// Comparison with a fixed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Comparison of a value with the number.
    pub comparison: Comparison,
    /// Number; nanoseconds for durations.
    pub number: i128,
    /// Whether the bound is on durations.
    pub is_duration: bool,
}

impl Bound {
    /// Creates a bound on a count.
    #[must_use]
    pub fn on_count(comparison: Comparison, number: u64) -> Bound {
        Bound { comparison, number: number.into(), is_duration: false }
    }

    /// Returns whether a number satisfies the bound.
    #[must_use]
    pub fn holds(&self, number: i128) -> bool {
        self.holds_for_ordering(number.cmp(&self.number))
    }

    /// Returns whether a value with this ordering relative to the number satisfies the bound.
    #[must_use]
    pub fn holds_for_ordering(&self, ordering: Ordering) -> bool {
        self.comparison.holds(ordering)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", sign(self.comparison), format_quantity(self.number, self.is_duration))
    }
}

/// Formats a number. A duration has the largest unit that does not exceed it, and all its digits.
#[must_use]
pub fn format_quantity(number: i128, is_duration: bool) -> String {
    if !is_duration {
        return number.to_string();
    }
    let (unit, nanos) = match number.unsigned_abs() {
        0 => ("s", 1_000_000_000),
        1..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000_u128),
    };
    let (whole, rest) = (number.unsigned_abs() / nanos, number.unsigned_abs() % nanos);
    let mut text = format!("{}{whole}", if number < 0 { "-" } else { "" });
    if rest > 0 {
        let digits = nanos.ilog10() as usize;
        let decimals = format!("{rest:0digits$}");
        let _ = write!(text, ".{}", decimals.trim_end_matches('0'));
    }
    text + unit
}

/// Parts of a text that ends with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitBound<'t> {
    /// Text before the comparison. It starts at the start of the whole text.
    pub before: &'t str,
    /// Comparison.
    pub comparison: Comparison,
    /// Number as written.
    pub number: &'t str,
    /// Byte offset of the number.
    pub number_start: usize,
}

/// Splits a text at its last comparison. Returns `None` unless a number follows it to the end of the text.
#[must_use]
pub fn split_bound(text: &str) -> Option<SplitBound<'_>> {
    let text = text.trim_end();
    let is_of_number = |char: char| char.is_alphanumeric() || matches!(char, '.' | '_');
    // Space may separate a number and its unit.
    let rest = text.trim_end_matches(char::is_alphabetic).trim_end().trim_end_matches(is_of_number);
    let (before, number) = text.split_at_checked(rest.len())?;
    let at = rest.len();
    if !number.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let before = before.trim_end();
    SIGNS.iter().find_map(|&(sign, comparison)| {
        let rest = before.strip_suffix(sign)?;
        let is_word = sign.starts_with(char::is_alphabetic);
        let is_separate = !is_word || rest.ends_with(|char: char| char.is_whitespace() || char == ')');
        let is_whole = !rest.ends_with(['=', '!', '<', '>', '~']);
        let rest = rest.trim_end();
        (is_separate && is_whole && !rest.is_empty()).then_some(SplitBound {
            before: rest,
            comparison,
            number,
            number_start: at,
        })
    })
}

/// Units of durations, in nanoseconds.
const TIME_UNITS: [(&str, i128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Units of sizes, in bytes.
const SIZE_UNITS: [(&str, i128); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Parses a number with an optional unit. A duration without a unit is in seconds; the result is in nanoseconds.
pub fn parse_quantity(text: &str, is_duration: bool) -> Result<i128, String> {
    let invalid = || match is_duration {
        true => format!("expected a duration such as 0.25, 250ms, 80us or 1.5s, found {text}"),
        false => format!("expected a number such as 3, 1_000, 64kB or 1MiB, found {text}"),
    };
    let end = text.find(|char: char| !char.is_ascii_digit() && !matches!(char, '.' | '_')).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end).ok_or_else(invalid)?;
    let scale = match (unit.trim_start(), is_duration) {
        ("", true) => 1_000_000_000,
        ("", false) => 1,
        (unit, true) => TIME_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(invalid)?.1,
        (unit, false) => SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(invalid)?.1,
    };
    let digits = digits.replace('_', "");
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    let number = |digits: &str| if digits.is_empty() { Ok(0) } else { digits.parse::<i128>().map_err(|_| invalid()) };
    if whole.is_empty() || decimals.len() > 9 {
        return Err(invalid());
    }
    let parts = 10_i128.pow(decimals.len() as u32);
    let fraction = number(decimals)? * scale;
    if fraction % parts != 0 {
        return Err(invalid());
    }
    number(whole)?.checked_mul(scale).and_then(|whole| whole.checked_add(fraction / parts)).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_last_comparison_with_a_number() {
        let parts = |text| split_bound(text).map(|split| (split.before, split.comparison, split.number));
        assert_eq!(parts("http.request == 3"), Some(("http.request", Comparison::Equal, "3")));
        assert_eq!(parts("status == 200 >=3 "), Some(("status == 200", Comparison::GreaterOrEqual, "3")));
        assert_eq!(parts("(status)<12"), Some(("(status)", Comparison::Less, "12")));
        assert_eq!(parts("http.time < 50ms"), Some(("http.time", Comparison::Less, "50ms")));
        assert_eq!(parts("http.time < 50 ms"), Some(("http.time", Comparison::Less, "50 ms")));
        assert_eq!(parts("http.request ge 3"), Some(("http.request", Comparison::GreaterOrEqual, "3")));
        for text in [
            "http.request",
            "tcp.stream in {1, 2}",
            "a === 3",
            "a !== 3",
            "a ~= 3",
            "== 3",
            "3",
            "age 3",
            "a == b c",
            "",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn parses_quantities_exactly() {
        assert_eq!(parse_quantity("0.25", true), Ok(250_000_000));
        assert_eq!(parse_quantity("1.5ms", true), Ok(1_500_000));
        assert_eq!(parse_quantity("80us", true), parse_quantity("80µs", true));
        assert_eq!(parse_quantity("2min", true), Ok(120_000_000_000));
        assert_eq!(parse_quantity("1_000", false), Ok(1000));
        assert_eq!(parse_quantity("64kB", false), Ok(64_000));
        assert_eq!(parse_quantity("64 kB", false), Ok(64_000));
        assert_eq!(parse_quantity("1.5KiB", false), Ok(1536));
        for invalid in ["", "x", "1.5", "3s", "0x10", "1.0.0", ".5kB", "1e3"] {
            assert!(parse_quantity(invalid, false).is_err(), "{invalid}");
        }
        assert!(parse_quantity("0.5ns", true).is_err() && parse_quantity("3kB", true).is_err());
        assert!(parse_quantity("99999999999999999999999999999999999999h", true).is_err());
    }

    #[test]
    fn formats_durations_with_all_digits() {
        let rows = [(7_601_000, "7.601ms"), (1, "1ns"), (45_000, "45µs"), (1_500_000_000, "1.5s"), (0, "0s")];
        rows.into_iter().for_each(|(nanos, text)| assert_eq!(format_quantity(nanos, true), text));
        assert_eq!(format_quantity(-2_000_000, true), "-2ms");
    }
}
