//! Bounds: what a count or a value is held against, such as `== 3` or `< 50ms`.

use crate::filter::Is;
use std::cmp::Ordering;
use std::fmt::{self, Write as _};

/// Signs and words, the longer before those that they begin with.
const SIGNS: [(&str, Is); 12] = [
    ("==", Is::Equal),
    ("!=", Is::Unequal),
    ("<=", Is::LessOrEqual),
    (">=", Is::GreaterOrEqual),
    ("<", Is::Less),
    (">", Is::Greater),
    ("eq", Is::Equal),
    ("ne", Is::Unequal),
    ("le", Is::LessOrEqual),
    ("ge", Is::GreaterOrEqual),
    ("lt", Is::Less),
    ("gt", Is::Greater),
];

fn sign(is: Is) -> &'static str {
    SIGNS.iter().find(|(_, other)| *other == is).map_or("", |(sign, _)| sign)
}

/// A bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How a value must stand to it.
    pub is: Is,
    /// The number; nanoseconds, where lengths of time are meant.
    pub number: i128,
    /// Lengths of time are meant.
    pub of_time: bool,
}

impl Bound {
    /// A bound on how many there are.
    #[must_use]
    pub fn count(is: Is, number: u64) -> Bound {
        Bound { is, number: number.into(), of_time: false }
    }

    /// Whether a number is as it must be.
    #[must_use]
    pub fn holds(&self, number: i128) -> bool {
        self.holds_for(number.cmp(&self.number))
    }

    /// Whether what stands so to the number is as it must be.
    #[must_use]
    pub fn holds_for(&self, ordering: Ordering) -> bool {
        self.is.holds(ordering)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", sign(self.is), shown(self.number, self.of_time))
    }
}

/// A number as it is told: lengths of time in the greatest unit below them, with all their digits.
#[must_use]
pub fn shown(number: i128, of_time: bool) -> String {
    if !of_time {
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

/// A text with a bound behind it, taken apart: what stands before, the sign, the number; with the places in bytes
/// where the two end and begin. None if no bound stands at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'t> {
    /// What is bound, and begins where the text does.
    pub before: &'t str,
    /// How.
    pub is: Is,
    /// The number as it is written.
    pub number: &'t str,
    /// Where the number begins.
    pub at: usize,
}

/// Takes a text apart at its last comparison, if a number stands behind that.
#[must_use]
pub fn split(text: &str) -> Option<Split<'_>> {
    let text = text.trim_end();
    let is_of_number = |char: char| char.is_alphanumeric() || matches!(char, '.' | '_');
    // A unit may stand apart from its number.
    let rest = text.trim_end_matches(char::is_alphabetic).trim_end().trim_end_matches(is_of_number);
    let (before, number) = text.split_at_checked(rest.len())?;
    let at = rest.len();
    if !number.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let before = before.trim_end();
    SIGNS.iter().find_map(|&(sign, is)| {
        let rest = before.strip_suffix(sign)?;
        let is_word = sign.starts_with(char::is_alphabetic);
        let parted = !is_word || rest.ends_with(|char: char| char.is_whitespace() || char == ')');
        let whole = !rest.ends_with(['=', '!', '<', '>', '~']);
        let rest = rest.trim_end();
        (parted && whole && !rest.is_empty()).then_some(Split { before: rest, is, number, at })
    })
}

/// The units of lengths of time, in nanoseconds.
const TIMES: [(&str, i128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The units of sizes, in bytes.
const SIZES: [(&str, i128); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a number with its unit: of a length of time, seconds if none is written, in nanoseconds.
pub fn quantity(text: &str, of_time: bool) -> Result<i128, String> {
    let wrong = || match of_time {
        true => format!("{text} is no length of time; 0.25, 250ms, 80us and 1.5s are"),
        false => format!("{text} is no number; 3, 1_000, 64kB and 1MiB are"),
    };
    let end = text.find(|char: char| !char.is_ascii_digit() && !matches!(char, '.' | '_')).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end).ok_or_else(wrong)?;
    let scale = match (unit.trim_start(), of_time) {
        ("", true) => 1_000_000_000,
        ("", false) => 1,
        (unit, true) => TIMES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        (unit, false) => SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
    };
    let digits = digits.replace('_', "");
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    let number = |digits: &str| if digits.is_empty() { Ok(0) } else { digits.parse::<i128>().map_err(|_| wrong()) };
    if whole.is_empty() || decimals.len() > 9 {
        return Err(wrong());
    }
    let parts = 10_i128.pow(decimals.len() as u32);
    let fraction = number(decimals)? * scale;
    if fraction % parts != 0 {
        return Err(wrong());
    }
    number(whole)?.checked_mul(scale).and_then(|whole| whole.checked_add(fraction / parts)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_comparison_with_a_number_is_the_bound() {
        let parts = |text| split(text).map(|split| (split.before, split.is, split.number));
        assert_eq!(parts("http.request == 3"), Some(("http.request", Is::Equal, "3")));
        assert_eq!(parts("status == 200 >=3 "), Some(("status == 200", Is::GreaterOrEqual, "3")));
        assert_eq!(parts("(status)<12"), Some(("(status)", Is::Less, "12")));
        assert_eq!(parts("http.time < 50ms"), Some(("http.time", Is::Less, "50ms")));
        assert_eq!(parts("http.time < 50 ms"), Some(("http.time", Is::Less, "50 ms")));
        assert_eq!(parts("http.request ge 3"), Some(("http.request", Is::GreaterOrEqual, "3")));
        for none in [
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
            assert_eq!(parts(none), None, "{none}");
        }
    }

    #[test]
    fn quantities_are_exact() {
        assert_eq!(quantity("0.25", true), Ok(250_000_000));
        assert_eq!(quantity("1.5ms", true), Ok(1_500_000));
        assert_eq!(quantity("80us", true), quantity("80µs", true));
        assert_eq!(quantity("2min", true), Ok(120_000_000_000));
        assert_eq!(quantity("1_000", false), Ok(1000));
        assert_eq!(quantity("64kB", false), Ok(64_000));
        assert_eq!(quantity("64 kB", false), Ok(64_000));
        assert_eq!(quantity("1.5KiB", false), Ok(1536));
        for none in ["", "x", "1.5", "3s", "0x10", "1.0.0", ".5kB", "1e3"] {
            assert!(quantity(none, false).is_err(), "{none}");
        }
        assert!(quantity("0.5ns", true).is_err() && quantity("3kB", true).is_err());
        assert!(quantity("99999999999999999999999999999999999999h", true).is_err());
    }

    #[test]
    fn lengths_of_time_are_told_with_all_their_digits() {
        let rows = [(7_601_000, "7.601ms"), (1, "1ns"), (45_000, "45µs"), (1_500_000_000, "1.5s"), (0, "0s")];
        rows.into_iter().for_each(|(nanos, text)| assert_eq!(shown(nanos, true), text));
        assert_eq!(shown(-2_000_000, true), "-2ms");
    }
}
