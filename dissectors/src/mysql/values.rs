//! Values of parameters and columns in the binary format, as text.

use super::header;
use alloc::string::String;
use core::fmt::Write;

/// Bytes of a text that are shown.
const MAX_TEXT: usize = 256;

/// Type of a value, and whether a number has no sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ValueType {
    pub(super) kind: u8,
    pub(super) is_unsigned: bool,
}

/// Reads a value at the beginning of bytes as text; returns its length, too.
pub(super) fn read(bytes: &[u8], of: ValueType) -> Option<(String, usize)> {
    let mut out = String::new();
    let signed = |len: usize| {
        let bytes = bytes.get(..len)?;
        let value = bytes.iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        let shift = 64 - 8 * len as u32;
        Some((value, ((value << shift) as i64) >> shift))
    };
    let mut integer = |len: usize| {
        let (plain, signed) = signed(len)?;
        if of.is_unsigned { write!(out, "{plain}") } else { write!(out, "{signed}") }.ok()?;
        Some(len)
    };
    let len = match of.kind {
        1 => integer(1)?,
        2 | 13 => integer(2)?,
        3 | 9 => integer(4)?,
        8 => integer(8)?,
        4 => {
            write!(out, "{}", f32::from_le_bytes(*bytes.first_chunk()?)).ok()?;
            4
        }
        5 => {
            write!(out, "{}", f64::from_le_bytes(*bytes.first_chunk()?)).ok()?;
            8
        }
        6 => {
            out.push_str("NULL");
            0
        }
        7 | 10 | 12 | 14 => {
            let len = usize::from(*bytes.first()?);
            write_date(bytes.get(1..=len)?, of.kind == 10, &mut out)?;
            len + 1
        }
        11 => {
            let len = usize::from(*bytes.first()?);
            write_time(bytes.get(1..=len)?, &mut out)?;
            len + 1
        }
        _ => {
            let (text, len) = header::text(bytes)?;
            write_text(text, &mut out);
            len
        }
    };
    Some((out, len))
}

/// Writes the begin of a text.
pub(super) fn write_text(text: &[u8], out: &mut String) {
    let shown = text.get(..MAX_TEXT).unwrap_or(text);
    out.push_str(&crate::exchange::text(shown));
    if shown.len() < text.len() {
        out.push_str("...");
    }
}

/// Writes a date of 4 bytes, with the time in 7, with microseconds in 11. Without bytes, it is zero.
fn write_date(bytes: &[u8], is_date: bool, out: &mut String) -> Option<()> {
    let mut all = [0; 11];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let [a, b, month, day, hour, minute, second, micros @ ..] = all;
    write!(out, "{:04}-{month:02}-{day:02}", u16::from_le_bytes([a, b])).ok()?;
    if !is_date {
        write!(out, " {hour:02}:{minute:02}:{second:02}").ok()?;
        write_micros(u32::from_le_bytes(micros), out)?;
    }
    Some(())
}

/// Writes a duration: sign, days, time of 8 bytes, with microseconds in 12.
fn write_time(bytes: &[u8], out: &mut String) -> Option<()> {
    let mut all = [0; 12];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let [sign, a, b, c, d, hour, minute, second, micros @ ..] = all;
    let hours = u64::from(u32::from_le_bytes([a, b, c, d])) * 24 + u64::from(hour);
    write!(out, "{}{hours:02}:{minute:02}:{second:02}", if sign == 1 { "-" } else { "" }).ok()?;
    write_micros(u32::from_le_bytes(micros), out)
}

fn write_micros(micros: u32, out: &mut String) -> Option<()> {
    if micros > 0 {
        write!(out, ".{micros:06}").ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_values_are_written_as_the_server_does() {
        let rows: [(u8, bool, &[u8], &str, usize); 10] = [
            (1, false, &[0xff], "-1", 1),
            (1, true, &[0xff], "255", 1),
            (3, false, &[2, 0, 0, 0], "2", 4),
            (8, false, &[0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "-5", 8),
            (5, false, &[0, 0, 0, 0, 0, 0, 4, 0x40], "2.5", 8),
            (12, false, &[7, 0xe8, 7, 5, 6, 7, 8, 9], "2024-05-06 07:08:09", 8),
            (10, false, &[0], "0000-00-00", 1),
            (11, false, &[8, 1, 1, 0, 0, 0, 2, 3, 4], "-26:03:04", 9),
            (253, false, b"\x03tea", "tea", 4),
            (6, false, b"", "NULL", 0),
        ];
        for (kind, is_unsigned, bytes, text, len) in rows {
            assert_eq!(read(bytes, ValueType { kind, is_unsigned }), Some((text.into(), len)));
        }
        assert_eq!(read(&[30; 31], ValueType { kind: 12, is_unsigned: false }), None);
    }
}
