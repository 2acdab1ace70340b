//! Values of records in the form of a zone file (RFC 1035 5.1).

use super::name::Name;
use crate::format;
use core::fmt::{self, Write};

/// A name with its last dot.
pub(super) struct ZoneName<'b>(pub(super) Name<'b>);

impl fmt::Display for ZoneName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_valid || self.0.is_root() {
            self.0.write(f)?;
            return f.write_str(".");
        }
        self.0.labels().try_for_each(|label| {
            write_escaped(f, label, |char| match char {
                ' ' => Escape::Digits,
                '.' | '\\' | '"' | ';' | '(' | ')' | '@' | '$' => Escape::Backslash,
                _ => Escape::None,
            })?;
            f.write_str(".")
        })
    }
}

/// Text in quotes.
pub(super) struct Quoted<'b>(pub(super) &'b [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write_escaped(f, self.0, |char| match char {
            '"' | '\\' => Escape::Backslash,
            _ => Escape::None,
        })?;
        f.write_char('"')
    }
}

/// An item of a list in quotes, whose items have commas between them (RFC 9460 A.1).
pub(super) struct ListItem<'b>(pub(super) &'b [u8]);

impl fmt::Display for ListItem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(|byte| matches!(byte, b',' | b'\\')) {
            let (text, escaped) = match part {
                [text @ .., last @ (b',' | b'\\')] => (text, Some(char::from(*last))),
                text => (text, None),
            };
            write_escaped(f, text, |char| if char == '"' { Escape::Backslash } else { Escape::None })?;
            match escaped {
                Some('\\') => f.write_str(r"\\\\")?,
                Some(other) => write!(f, r"\\{other}")?,
                None => {}
            }
        }
        Ok(())
    }
}

/// How a character is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// With a backslash.
    Backslash,
    /// As three decimal digits of each byte.
    Digits,
}

/// Writes text. Bytes that are not printable are escaped.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &[u8], escape: impl Fn(char) -> Escape) -> fmt::Result {
    let digits = |f: &mut fmt::Formatter<'_>, bytes: &[u8]| bytes.iter().try_for_each(|byte| write!(f, "\\{byte:03}"));
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars() {
            match escape(char) {
                Escape::Backslash => write!(f, "\\{char}")?,
                Escape::None if format::is_printable(char) => f.write_char(char)?,
                _ => digits(f, char.encode_utf8(&mut [0; 4]).as_bytes())?,
            }
        }
        digits(f, chunk.invalid())?;
    }
    Ok(())
}

/// Bytes as hexadecimal digits; `-` without any (RFC 5155 3.3).
pub(super) struct Hex<'b>(pub(super) &'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("-") } else { format::hex(f, self.0) }
    }
}

/// Bytes in Base64 (RFC 4648 4).
pub(super) struct Base64<'b>(pub(super) &'b [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for group in self.0.chunks(3) {
            let bits = group.iter().fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte)) << (8 * (3 - group.len()));
            for nth in 0..4 {
                let digit = DIGITS.get((bits >> (18 - 6 * nth) & 63) as usize).copied().unwrap_or_default();
                f.write_char(if nth > group.len() { '=' } else { char::from(digit) })?;
            }
        }
        Ok(())
    }
}

/// Bytes in base32 with the extended alphabet (RFC 4648 7), without padding.
pub(super) struct Base32<'b>(pub(super) &'b [u8]);

impl fmt::Display for Base32<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
        for group in self.0.chunks(5) {
            let bits = group.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte)) << (8 * (5 - group.len()));
            for nth in 0..(group.len() * 8).div_ceil(5) {
                let digit = DIGITS.get((bits >> (35 - 5 * nth) & 31) as usize).copied().unwrap_or_default();
                f.write_char(char::from(digit))?;
            }
        }
        Ok(())
    }
}

/// Seconds since 1970 as `YYYYMMDDHHmmSS` (RFC 4034 3.2).
pub(super) struct Date(pub(super) u32);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = civil_date(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }
}

/// Returns year, month and day of a day after 1 January 1970. Years begin in March, so that the leap day is their last.
fn civil_date(days: u32) -> (u32, u32, u32) {
    /// Days from 1 March 0000 to 1 January 1970.
    const EPOCH: u32 = 719_468;
    /// Days in 400 years.
    const CYCLE: u32 = 146_097;
    let days = days + EPOCH;
    let (cycles, days) = (days / CYCLE, days % CYCLE);
    let leap_days = days / 1460 - days / 36_524 + days / (CYCLE - 1);
    let years = (days - leap_days) / 365;
    let days = days - (365 * years + years / 4 - years / 100);
    // Months of 31, 30, 31, 30, 31 days repeat.
    let months = (5 * days + 2) / 153;
    let day = days - (153 * months + 2) / 5 + 1;
    let month = if months < 10 { months + 3 } else { months - 9 };
    (400 * cycles + years + u32::from(month <= 2), month, day)
}

/// A latitude or longitude in thousandths of a second, with 2^31 at the equator or the prime meridian, and the letters of its
/// directions (RFC 1876 3).
pub(super) struct Angle(pub(super) u32, pub(super) [char; 2]);

impl fmt::Display for Angle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Angle(value, [positive, negative]) = *self;
        let direction = if value >= 1 << 31 { positive } else { negative };
        let millis = value.abs_diff(1 << 31);
        let (degrees, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        write!(f, "{degrees} {minutes} {}.{:03} {direction}", millis / 1000 % 60, millis % 1000)
    }
}

/// A number of centimetres as metres (RFC 1876 3).
pub(super) struct Metres(pub(super) i64);

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let centimetres = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}m", centimetres / 100, centimetres % 100)
    }
}

impl Metres {
    /// Reads a size or a precision: a digit and a power of ten, in centimetres (RFC 1876 2).
    pub(super) fn from_digit_and_power(byte: u8) -> Option<Metres> {
        let (digit, power) = (i64::from(byte >> 4), u32::from(byte & 15));
        (digit <= 9 && power <= 9).then(|| Metres(digit * 10_i64.pow(power)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    // RFC 4648 10.
    #[test]
    fn bytes_are_written_in_base32_and_base64() {
        for (bytes, base32, base64) in [
            ("", "", ""),
            ("f", "co", "Zg=="),
            ("fo", "cpng", "Zm8="),
            ("foo", "cpnmu", "Zm9v"),
            ("foobar", "cpnmuoj1e8", "Zm9vYmFy"),
        ] {
            let bytes = bytes.as_bytes();
            assert_eq!((Base32(bytes).to_string().as_str(), Base64(bytes).to_string().as_str()), (base32, base64));
        }
    }

    // RFC 4034 3.3, and `date -u -d @SECONDS +%Y%m%d%H%M%S`.
    #[test]
    fn seconds_are_written_as_a_date() {
        for (seconds, date) in [
            (1_048_354_263, "20030322173103"),
            (0, "19700101000000"),
            (951_782_400, "20000229000000"),
            (1_709_251_199, "20240229235959"),
            (4_107_542_400, "21000301000000"),
            (u32::MAX, "21060207062815"),
        ] {
            assert_eq!(Date(seconds).to_string(), date);
        }
    }

    #[test]
    fn places_are_written_in_degrees_and_metres() {
        assert_eq!(Angle(2_321_034_148, ['N', 'S']).to_string(), "48 12 30.500 N");
        assert_eq!(Angle((1 << 31) - 3_661_001, ['E', 'W']).to_string(), "1 1 1.001 W");
        assert_eq!(Metres(-150).to_string(), "-1.50m");
        let size = |byte| Metres::from_digit_and_power(byte).map(|size| size.to_string());
        assert_eq!(
            [size(0x12), size(0x90), size(0xa0), size(0x1a)].map(|size| size.unwrap_or_default()),
            ["1.00m", "0.09m", "", ""]
        );
    }

    #[test]
    fn bytes_that_are_not_printable_are_escaped() {
        assert_eq!(Quoted("a\"\\\n\u{202e}\u{e9}".as_bytes()).to_string(), "\"a\\\"\\\\\\010\\226\\128\\174\u{e9}\"");
        assert_eq!(Quoted(b"\xff").to_string(), "\"\\255\"");
    }
}
