//! Values of parameters and columns as text.

use alloc::string::String;
use core::fmt::Write;

/// Bytes of a value that are shown.
const MAX_VALUE: usize = 256;
/// Days from 1970-01-01 to 2000-01-01, the epoch of PostgreSQL.
const EPOCH_DAYS: i64 = 10_957;

/// Writes a value as text; returns whether its format is known.
pub(super) fn write(value: &[u8], format: u16, oid: u32, out: &mut String) -> bool {
    if format == 0 {
        write_text(value, out);
        return true;
    }
    binary(value, oid, out).is_some()
}

fn write_text(value: &[u8], out: &mut String) {
    let shown = value.get(..MAX_VALUE).unwrap_or(value);
    out.push_str(&crate::exchange::text(shown));
    if shown.len() < value.len() {
        out.push_str("...");
    }
}

/// Writes a value in the binary format of its type.
fn binary(value: &[u8], oid: u32, out: &mut String) -> Option<()> {
    let written = match (oid, value.len()) {
        // bool, int2, int4, oid, int8
        (16, 1) => write!(out, "{}", if value == [0] { "f" } else { "t" }),
        (21, 2) => write!(out, "{}", i16::from_be_bytes(*value.first_chunk()?)),
        (23, 4) => write!(out, "{}", i32::from_be_bytes(*value.first_chunk()?)),
        (26, 4) => write!(out, "{}", u32::from_be_bytes(*value.first_chunk()?)),
        (20, 8) => write!(out, "{}", i64::from_be_bytes(*value.first_chunk()?)),
        // float4, float8
        (700, 4) => write!(out, "{}", f32::from_be_bytes(*value.first_chunk()?)),
        (701, 8) => write!(out, "{}", f64::from_be_bytes(*value.first_chunk()?)),
        // text, varchar, bpchar, name, unknown, json, xml
        (25 | 1043 | 1042 | 19 | 705 | 114 | 142, _) => {
            write_text(value, out);
            Ok(())
        }
        // jsonb has a version before the text.
        (3802, 1..) => {
            write_text(value.get(1..)?, out);
            Ok(())
        }
        (17, _) => {
            out.push_str("\\x");
            value.iter().take(MAX_VALUE).try_for_each(|byte| write!(out, "{byte:02x}"))
        }
        (2950, 16) => write_uuid(value, out),
        (1082, 4) => write_date(i64::from(i32::from_be_bytes(*value.first_chunk()?)), out),
        (1083, 8) => write_time(i64::from_be_bytes(*value.first_chunk()?), out),
        (1114 | 1184, 8) => {
            let micros = i64::from_be_bytes(*value.first_chunk()?);
            write_date(micros.div_euclid(86_400_000_000), out).ok()?;
            out.push(' ');
            write_time(micros.rem_euclid(86_400_000_000), out).ok()?;
            out.push_str(if oid == 1184 { "+00" } else { "" });
            Ok(())
        }
        (1700, 8..) => return numeric(value, out),
        _ => return None,
    };
    written.ok()
}

fn write_uuid(value: &[u8], out: &mut String) -> core::fmt::Result {
    for (nth, byte) in value.iter().enumerate() {
        write!(out, "{}{byte:02x}", if matches!(nth, 4 | 6 | 8 | 10) { "-" } else { "" })?;
    }
    Ok(())
}

/// Writes a date: days since 2000-01-01 in the Gregorian calendar.
fn write_date(days: i64, out: &mut String) -> core::fmt::Result {
    if !(-2_500_000..=110_000_000).contains(&days) {
        out.push_str(if days > 0 { "infinity" } else { "-infinity" });
        return Ok(());
    }
    // Days since 0000-03-01, in eras of 400 years.
    let days = days + EPOCH_DAYS + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    write!(out, "{year:04}-{month:02}-{day:02}")
}

fn write_time(micros: i64, out: &mut String) -> core::fmt::Result {
    let seconds = micros / 1_000_000;
    write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    match micros % 1_000_000 {
        0 => Ok(()),
        rest => write!(out, ".{rest:06}"),
    }
}

/// Writes a number in digits of base 10,000.
///
/// ```text
///   | digits, 2 | weight of the first, 2 | sign, 2 | decimals, 2 | digit, 2 ...
/// ```
fn numeric(value: &[u8], out: &mut String) -> Option<()> {
    let word = |nth: usize| Some(u16::from_be_bytes(*value.get(2 * nth..)?.first_chunk()?));
    let (count, weight, sign, decimals) = (word(0)?, i32::from(word(1)? as i16), word(2)?, word(3)?);
    match sign {
        0 => {}
        0x4000 => out.push('-'),
        0xc000 => return out.write_str("NaN").ok(),
        0xd000 => return out.write_str("Infinity").ok(),
        0xf000 => return out.write_str("-Infinity").ok(),
        _ => return None,
    }
    if count > 64 || weight.abs() > 64 || value.len() != 8 + 2 * usize::from(count) {
        return None;
    }
    let digit = |nth: i32| {
        usize::try_from(nth).ok().filter(|nth| *nth < usize::from(count)).and_then(|nth| word(4 + nth)).unwrap_or(0)
    };
    if weight < 0 {
        out.push('0');
    }
    for nth in 0..=weight {
        let digit = digit(nth);
        if nth == 0 { write!(out, "{digit}").ok()? } else { write!(out, "{digit:04}").ok()? }
    }
    if decimals > 0 {
        let mut fraction = String::new();
        let mut nth = weight + 1;
        while fraction.len() < usize::from(decimals.min(256)) {
            write!(fraction, "{:04}", digit(nth)).ok()?;
            nth += 1;
        }
        write!(out, ".{}", fraction.get(..usize::from(decimals.min(256)))?).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_values_are_written_as_the_server_does() {
        let rows: [(&[u8], u32, &str); 13] = [
            (&[1], 16, "t"),
            (&[0xff, 0xfe], 21, "-2"),
            (&[0, 0, 1, 0], 23, "256"),
            (&[0xff; 8], 20, "-1"),
            (&[0x3e, 0x80, 0, 0], 700, "0.25"),
            (b"Gr\xc3\xbc\xc3\x9fe", 25, "Grüße"),
            (&[0, 255], 17, "\\x00ff"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 2950, "00000000-0000-0000-0000-000000000001"),
            (&[0xff, 0xff, 0xff, 0xff], 1082, "1999-12-31"),
            (&[0, 0, 0, 60], 1082, "2000-03-01"),
            (&[0, 0, 0, 0, 0, 0x0f, 0x42, 0x40], 1114, "2000-01-01 00:00:01"),
            (&[0, 2, 0, 0, 0x40, 0, 0, 2, 0, 1, 0x13, 0x88], 1700, "-1.50"),
            (&[0, 1, 0, 1, 0, 0, 0, 0, 0, 12], 1700, "120000"),
        ];
        for (value, oid, expected) in rows {
            let mut text = String::new();
            assert!(write(value, 1, oid, &mut text), "{expected}");
            assert_eq!(text, expected);
        }
        assert!(!write(&[1, 2, 3], 1, 600, &mut String::new()));
    }
}
