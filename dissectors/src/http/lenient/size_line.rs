//! Size lines of chunks as a lenient recipient reads them: with surrounding bytes, other line ends and large numbers.

use super::trick::{self, Tricks};

/// Maximum number of bytes before the size.
const MAX_PREFIX: usize = 16;
/// Maximum number of them that are neither line ends nor blanks nor control bytes: a byte order mark in UTF-8.
const MAX_OTHERS: usize = 3;
/// Maximum number of bytes between the size and the end of its line.
const MAX_SUFFIX: usize = 4;
/// The same if the first of them ends a word and the size fits the data, as for clients that read a number and skip the line.
const MAX_COMMENT: usize = 256;
/// Maximum number of digits of a size that directly follows data.
const MAX_JOINED_DIGITS: usize = 8;
/// Maximum number of further bytes of a line end.
const MAX_EXTRA: usize = 4;
/// Maximum number of digits.
const MAX_DIGITS: usize = 64;
/// Maximum size of a chunk whose end is compared with the possible line ends, in bytes.
const MAX_LOOKAHEAD: usize = 65_536;

/// A malformed size line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum SizeLine {
    /// Length of the line, size of the chunk, and how the line deviates.
    Found { len: usize, size: u64, tricks: Tricks, ends_with_cr: bool },
    /// More bytes are needed.
    NeedsMore,
    /// There is no size, or no line end after the data.
    Malformed,
}

/// Reads a size line that a strict recipient rejects. The result does not depend on the number of bytes after it.
pub(in crate::http) fn read(bytes: &[u8]) -> SizeLine {
    match read_with_suffix(bytes, MAX_SUFFIX) {
        SizeLine::Malformed => read_with_suffix(bytes, MAX_COMMENT),
        line => line,
    }
}

/// Reads a size line with at most this number of bytes after the size.
fn read_with_suffix(bytes: &[u8], max_suffix: usize) -> SizeLine {
    let Some((begin, mut tricks)) = skip_prefix(bytes) else {
        return if bytes.len() < MAX_PREFIX { SizeLine::NeedsMore } else { SizeLine::Malformed };
    };
    let Some(begin) = begin else { return SizeLine::Malformed };
    let mut at = begin;
    if let [b'0', b'x' | b'X', rest @ ..] = bytes.get(at..).unwrap_or_default() {
        match rest.first() {
            None => return SizeLine::NeedsMore,
            Some(digit) if digit.is_ascii_hexdigit() => {
                at += 2;
                tricks |= trick::CHUNK_HEX_PREFIX;
            }
            Some(_) => {}
        }
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits > MAX_DIGITS {
        return SizeLine::Malformed;
    }
    let mut size = 0_u64;
    for digit in rest.iter().take(digits).filter_map(|&digit| char::from(digit).to_digit(16)) {
        tricks |= if size >> 60 == 0 { 0 } else { trick::CHUNK_WRAP };
        size = size << 4 | u64::from(digit);
    }
    let after = rest.get(digits..).unwrap_or_default();
    if max_suffix > MAX_SUFFIX {
        let ends_word = after.first().is_some_and(|byte| !byte.is_ascii_alphanumeric());
        if begin > 0 || !ends_word || size == 0 || size > MAX_LOOKAHEAD as u64 {
            return SizeLine::Malformed;
        }
    }
    let suffix = after.iter().take(max_suffix + 1).position(|byte| matches!(byte, b'\r' | b'\n'));
    let Some(suffix) = suffix else {
        return if after.len() <= max_suffix { SizeLine::NeedsMore } else { SizeLine::Malformed };
    };
    if suffix > 0 {
        tricks |= trick::CHUNK_SUFFIX;
    }
    let (line_end, ends_with_cr) = match after.get(suffix..).unwrap_or_default() {
        [b'\r', b'\n', ..] => (2, false),
        [b'\n', ..] => (1, false),
        [b'\r', b'\r', b'\n', ..] => (3, false),
        [] | [b'\r'] | [b'\r', b'\r'] => return SizeLine::NeedsMore,
        [b'\r', b'\r', ..] => (2, true),
        _ => (1, true),
    };
    if line_end == 3 || ends_with_cr {
        tricks |= trick::CHUNK_LINE_END;
    }
    let mut len = at + digits + suffix + line_end;
    if line_end == 1 && !ends_with_cr {
        let Some(extra) = extra_line_end(bytes.get(len..).unwrap_or_default(), size, 0) else {
            return SizeLine::NeedsMore;
        };
        tricks |= if extra > 0 { trick::CHUNK_LINE_END } else { 0 };
        len += extra;
    }
    let data = bytes.get(len..).unwrap_or_default();
    // Such a line may still become one that ends in CR LF, after blanks or with an extension.
    if ends_with_cr {
        match data.iter().take(MAX_COMMENT).find(|byte| !byte.is_ascii_whitespace()) {
            Some(b';') => return SizeLine::Malformed,
            None if data.len() >= MAX_COMMENT => return SizeLine::Malformed,
            None if !data.is_empty() => return SizeLine::NeedsMore,
            _ => {}
        }
    }
    match ends_in_line_end(data, size) {
        Some(true) => SizeLine::Found { len, size, tricks, ends_with_cr },
        Some(false) => SizeLine::Malformed,
        None => SizeLine::NeedsMore,
    }
}

/// Whether bytes at the end of a stream may be the beginning of a size line, which can have extensions.
pub(in crate::http) fn may_begin(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_size = digits > 0 && matches!(bytes.get(digits), None | Some(b';' | b' ' | b'\t' | b'\r'));
    is_size || read_with_suffix(bytes, MAX_SUFFIX) == SizeLine::NeedsMore
}

/// Whether a size line directly follows the data of a chunk, without a line end between them; `None` if more bytes are
/// needed. Its data must be followed by a line end or by another size.
pub(in crate::http) fn follows_data(bytes: &[u8]) -> Option<bool> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let Some((number, after)) = bytes.split_at_checked(digits).filter(|_| (1..=MAX_JOINED_DIGITS).contains(&digits))
    else {
        return Some(false);
    };
    let size = number
        .iter()
        .filter_map(|&digit| char::from(digit).to_digit(16))
        .fold(0, |sum, digit| sum << 4 | digit as usize);
    let line_end = match after {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        [b'\r', _, ..] => 1,
        [] | [b'\r'] => return None,
        _ => return Some(false),
    };
    if size == 0 || size > MAX_LOOKAHEAD {
        return Some(size == 0);
    }
    after.get(line_end + size).map(|byte| matches!(byte, b'\r' | b'\n') || byte.is_ascii_hexdigit())
}

/// Skips the bytes before a size: line ends, blanks and control bytes, and a few others. Returns where the size begins,
/// or `Some(None)` without a size; `None` if more bytes are needed.
fn skip_prefix(bytes: &[u8]) -> Option<(Option<usize>, Tricks)> {
    let mut others = 0;
    for (at, &byte) in bytes.iter().enumerate().take(MAX_PREFIX) {
        match byte {
            _ if byte.is_ascii_hexdigit() => return Some((Some(at), if at > 0 { trick::CHUNK_PREFIX } else { 0 })),
            // A line of other bytes is no size line, unless it is a single byte.
            b'\r' | b'\n' if others > 1 => return Some((None, 0)),
            b'\r' | b'\n' | b' ' | b'\t' | 0 | 0x0b | 0x0c => {}
            // A negative number is no size.
            b'-' => return Some((None, 0)),
            _ if others < MAX_OTHERS => others += 1,
            _ => return Some((None, 0)),
        }
    }
    None
}

/// Whether `size` bytes of data are followed by a line end; `None` if more bytes are needed.
fn ends_in_line_end(data: &[u8], size: u64) -> Option<bool> {
    match usize::try_from(size) {
        Ok(size) if size > 0 && size <= MAX_LOOKAHEAD => data.get(size).map(|byte| matches!(byte, b'\r' | b'\n')),
        // The last chunk has no data, and a large one is not compared.
        _ => Some(true),
    }
}

/// Returns the number of further bytes of a line end that begins with LF alone, such as LF LF, LF CR or LF CR LF. They are
/// part of the data unless only then a line end follows it, or also then and the line of the `previous` chunk had as many.
/// `None` if more bytes are needed.
pub(in crate::http) fn extra_line_end(data: &[u8], size: u64, previous: usize) -> Option<usize> {
    let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let all = data.iter().take(MAX_EXTRA).take_while(is_line_end).count();
    match data {
        [] => return if size == 0 { Some(0) } else { None },
        _ if all == 0 => return Some(0),
        [b'\r'] => return None,
        _ => {}
    }
    let is_as_before = (1..=all).contains(&previous);
    if is_as_before && ends_in_line_end(data.get(previous..).unwrap_or_default(), size)? {
        return Some(previous);
    }
    if ends_in_line_end(data, size)? {
        return Some(0);
    }
    // CR LF is not divided.
    let divides = |extra: &usize| data.get(extra - 1..=*extra) == Some(b"\r\n");
    for extra in (1..=all).filter(|extra| !divides(extra)) {
        if ends_in_line_end(data.get(extra..).unwrap_or_default(), size)? {
            return Some(extra);
        }
    }
    Some(0)
}
