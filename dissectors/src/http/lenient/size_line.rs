//! Size lines of chunks as a lenient recipient reads them: with surrounding bytes, other line ends and large numbers.

use super::trick::{self, Tricks};

/// Maximum number of bytes before the size.
const MAX_PREFIX: usize = 16;
/// Maximum number of bytes between the size and the end of its line.
const MAX_SUFFIX: usize = 4;
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
    let suffix = after.iter().take(MAX_SUFFIX + 1).position(|byte| matches!(byte, b'\r' | b'\n'));
    let Some(suffix) = suffix else {
        return if after.len() <= MAX_SUFFIX { SizeLine::NeedsMore } else { SizeLine::Malformed };
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
        let Some(extra) = extra_line_end(bytes.get(len..).unwrap_or_default(), size) else {
            return SizeLine::NeedsMore;
        };
        tricks |= if extra > 0 { trick::CHUNK_LINE_END } else { 0 };
        len += extra;
    }
    let data = bytes.get(len..).unwrap_or_default();
    // Such a line may still become one that ends in CR LF.
    if ends_with_cr && matches!(data.first(), Some(b';' | b' ' | b'\t')) {
        return SizeLine::Malformed;
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
    is_size || read(bytes) == SizeLine::NeedsMore
}

/// Skips the bytes before a size: line ends, blanks and control bytes, and one other. Returns where the size begins, or
/// `Some(None)` without a size; `None` if more bytes are needed.
fn skip_prefix(bytes: &[u8]) -> Option<(Option<usize>, Tricks)> {
    let mut others = 0;
    for (at, &byte) in bytes.iter().enumerate().take(MAX_PREFIX) {
        match byte {
            _ if byte.is_ascii_hexdigit() => return Some((Some(at), if at > 0 { trick::CHUNK_PREFIX } else { 0 })),
            b'\r' | b'\n' | b' ' | b'\t' | 0 | 0x0b | 0x0c => {}
            // A negative number is no size.
            b'-' => return Some((None, 0)),
            _ if others == 0 => others = 1,
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

/// Returns the number of further bytes of a line end that begins with LF alone: of LF LF, LF CR or LF CR LF. They are
/// part of the data unless only then a line end follows it. `None` if more bytes are needed.
pub(in crate::http) fn extra_line_end(data: &[u8], size: u64) -> Option<usize> {
    let extra = match data {
        [] => return if size == 0 { Some(0) } else { None },
        [b'\r'] => return None,
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => return Some(0),
    };
    if ends_in_line_end(data, size)? {
        return Some(0);
    }
    Some(if ends_in_line_end(data.get(extra..).unwrap_or_default(), size)? { extra } else { 0 })
}
