//! Numbers of bytes with a unit, such as `16M`.

use dissectors::body_limit::BodyLimit;
use std::fmt;

/// Units, each a power of 1024, from the largest.
const UNITS: [(&str, u32); 3] = [("G", 30), ("M", 20), ("K", 10)];

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) usize);

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ByteCount(bytes) = *self;
        match UNITS.iter().find(|(_, shift)| bytes > 0 && bytes % (1 << shift) == 0) {
            Some((unit, shift)) => write!(f, "{}{unit}", bytes >> shift),
            None => write!(f, "{bytes}"),
        }
    }
}

/// Parses the maximum of a body: a number of bytes, of which `M` and `MiB` are 1,048,576.
pub(super) fn parse_body_limit(text: &str) -> Result<ByteCount, String> {
    let upper = text.trim().to_ascii_uppercase();
    let number = upper.strip_suffix("IB").unwrap_or(&upper);
    let with_unit = UNITS.iter().find_map(|(unit, shift)| Some((number.strip_suffix(unit)?, *shift)));
    let (digits, shift) = with_unit.unwrap_or((&upper, 0));
    let count = digits.parse::<usize>().ok().and_then(|count| count.checked_mul(1 << shift));
    let max = BodyLimit::MAX.bytes();
    let count = count.filter(|&bytes| bytes <= max).map(ByteCount);
    count.ok_or_else(|| format!("expected at most {} bytes, such as 100000 or 16M, found {text}", ByteCount(max)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_may_have_a_unit() {
        for (text, bytes) in [("0", 0), ("1000", 1000), ("3k", 3072), ("16M", 16 << 20), ("16MiB", 16 << 20)] {
            assert_eq!(parse_body_limit(text), Ok(ByteCount(bytes)), "{text}");
        }
        assert_eq!(parse_body_limit("512M").map(|count| count.to_string()), Ok("512M".into()));
        for text in ["", "M", "iB", "-1", "1.5M", "513M", "1G", "16 X", "99999999999999999999", "17179869185G"] {
            let error = format!("expected at most 512M bytes, such as 100000 or 16M, found {text}");
            assert_eq!(parse_body_limit(text), Err(error), "{text}");
        }
        for (bytes, text) in [(0, "0"), (1000, "1000"), (1536, "1536"), (1 << 20, "1M"), (1 << 30, "1G")] {
            assert_eq!(ByteCount(bytes).to_string(), text);
        }
    }
}
