//! Values of RESP: one token for each line, and the end of a message, found once for each byte.

use alloc::vec::Vec;
use core::ops::Range;

/// Maximum length of a line: a text, an error, or a number.
pub(super) const MAX_LINE: usize = 64 << 10;
/// Maximum length of a line of another kind, which has a number.
const MAX_NUMBER: usize = 24;
/// Maximum depth of values in values. Redis itself replies with 7 at most, and its clients have limits of this size.
pub(super) const MAX_DEPTH: usize = 128;
/// Depth of values for which memory is kept between messages.
const USUAL_DEPTH: usize = 4;

/// The first line of a value, and its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The byte that states the type.
    pub(super) kind: u8,
    /// The first line, up to its end.
    pub(super) line: Range<usize>,
    /// The data: the rest of the line, or the bytes after it.
    pub(super) data: Range<usize>,
    /// Number of bytes or of elements; -1 for a missing value.
    pub(super) count: i64,
    /// Position of the next token.
    pub(super) end: usize,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoToken {
    /// The line is not complete.
    Incomplete,
    /// The bytes are not of RESP.
    Malformed,
}

impl Token {
    /// Reads the first line of a value. The data of it may not be there yet.
    ///
    /// ```text
    ///   | type | text or number | CR LF |                   + - : _ # , (   one line
    ///   | type | length         | CR LF | bytes | CR LF |   $ ! =
    ///   | type | elements       | CR LF | values...         * ~ > % |
    /// ```
    pub(super) fn read(bytes: &[u8], at: usize) -> Result<Token, NoToken> {
        let rest = bytes.get(at..).unwrap_or_default();
        match *rest {
            // The length of most values has one or two digits.
            [kind @ (b'$' | b'*'), digit @ b'0'..=b'9', b'\r', b'\n', ..] => {
                return Ok(Token::counted(kind, at, 4, usize::from(digit - b'0')));
            }
            [kind @ (b'$' | b'*'), tens @ b'0'..=b'9', digit @ b'0'..=b'9', b'\r', b'\n', ..] => {
                return Ok(Token::counted(kind, at, 5, usize::from(tens - b'0') * 10 + usize::from(digit - b'0')));
            }
            _ => {}
        }
        let &kind = rest.first().ok_or(NoToken::Incomplete)?;
        let (cr, limit) = match kind {
            b'+' | b'-' | b',' | b'(' => (memchr::memchr(b'\r', rest.get(..MAX_LINE).unwrap_or(rest)), MAX_LINE),
            // A number of a few digits.
            b':' | b'$' | b'*' | b'_' | b'#' | b'!' | b'=' | b'%' | b'~' | b'>' | b'|' => {
                (rest.iter().take(MAX_NUMBER).position(|&byte| byte == b'\r'), MAX_NUMBER)
            }
            _ => return Err(NoToken::Malformed),
        };
        let Some(cr) = cr else {
            return Err(if rest.len() < limit { NoToken::Incomplete } else { NoToken::Malformed });
        };
        let text = rest.get(1..cr).unwrap_or_default();
        match rest.get(cr + 1) {
            None => return Err(NoToken::Incomplete),
            Some(b'\n') => {}
            Some(_) => return Err(NoToken::Malformed),
        }
        let line = at..at + cr + 2;
        let (data, count, end) = match kind {
            b'$' | b'!' | b'=' => match number(text)? {
                -1 => (line.end..line.end, -1, line.end),
                len @ 0.. => {
                    let len = usize::try_from(len).ok().filter(|len| *len <= 1 << 40).ok_or(NoToken::Malformed)?;
                    return Ok(Token::counted(kind, at, line.len(), len));
                }
                _ => return Err(NoToken::Malformed),
            },
            b'*' | b'~' | b'>' | b'%' | b'|' => match number(text)? {
                count @ -1..=0xffff_ffff => (line.end..line.end, count, line.end),
                _ => return Err(NoToken::Malformed),
            },
            b':' => (at + 1..at + cr, number(text)?, line.end),
            b'_' if !text.is_empty() => return Err(NoToken::Malformed),
            b'#' if !matches!(text, b"t" | b"f") => return Err(NoToken::Malformed),
            _ => (at + 1..at + cr, 0, line.end),
        };
        Ok(Token { kind, line, data, count, end })
    }

    /// A token of bytes, or of elements, whose number is in its line.
    fn counted(kind: u8, at: usize, line_len: usize, count: usize) -> Token {
        let line = at..at + line_len;
        let is_bytes = matches!(kind, b'$' | b'!' | b'=');
        let (data_len, rest_len) = if is_bytes { (count, count + 2) } else { (0, 0) };
        Token { kind, data: line.end..line.end + data_len, count: count as i64, end: line.end + rest_len, line }
    }

    /// Whether it is a value with other values in it.
    pub(super) fn is_aggregate(&self) -> bool {
        matches!(self.kind, b'*' | b'~' | b'>' | b'%' | b'|')
    }

    /// Number of values in it.
    pub(super) fn values(&self) -> u64 {
        let each = match self.kind {
            b'%' | b'|' => 2,
            _ if self.is_aggregate() => 1,
            _ => 0,
        };
        self.count.max(0) as u64 * each
    }

    /// Whether it is the missing value.
    pub(super) fn is_null(&self) -> bool {
        self.kind == b'_' || self.count < 0 && self.kind != b':'
    }
}

/// Reads a number with an optional sign.
#[inline]
fn number(text: &[u8]) -> Result<i64, NoToken> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    // The lowest number has no positive counterpart.
    let negative = digits.iter().try_fold(0_i64, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_sub(i64::from(byte - b'0')),
        _ => None,
    });
    let number = negative.filter(|_| !digits.is_empty());
    number.and_then(|number| if is_negative { Some(number) } else { number.checked_neg() }).ok_or(NoToken::Malformed)
}

/// Position in a message whose end is not known yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// Position of the next token, or of the end of a value whose bytes are not all there.
    at: usize,
    /// Values still to come of each value that is open.
    open: Vec<u64>,
}

/// Result of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The message ends after so many bytes.
    Message(usize),
    Incomplete,
    Malformed,
}

impl Scan {
    /// Reads on to the end of the message. Each byte is read once, however many calls that takes.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Scanned {
        loop {
            if self.at > bytes.len() {
                return Scanned::Incomplete;
            }
            // The value before this position was the last one.
            if self.at > 0 && self.open.is_empty() {
                self.open.shrink_to(USUAL_DEPTH);
                return Scanned::Message(core::mem::take(&mut self.at));
            }
            let token = match Token::read(bytes, self.at) {
                Ok(token) => token,
                Err(NoToken::Incomplete) => return Scanned::Incomplete,
                Err(NoToken::Malformed) => return Scanned::Malformed,
            };
            if token.kind == b'|' && self.open.is_empty() {
                self.open.push(1);
            }
            self.at = token.end;
            if let Some(left) = self.open.last_mut().filter(|_| token.kind != b'|') {
                *left -= 1;
            }
            if token.values() > 0 {
                if self.open.len() >= MAX_DEPTH {
                    return Scanned::Malformed;
                }
                self.open.push(token.values());
            }
            while self.open.last() == Some(&0) {
                self.open.pop();
            }
        }
    }

    /// Position up to which the message was read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Bytes that were read, and need not be kept.
    pub(super) fn skip_read(&mut self, available: usize) -> usize {
        let read = self.at.min(available);
        self.at -= read;
        read
    }

    /// Continues after bytes that are gone: `available` ones and `missing` further ones. Returns whether the position of the
    /// next value is known.
    pub(super) fn skip_missing(&mut self, available: usize, missing: u64) -> bool {
        let gone = (available as u64).saturating_add(missing);
        match (self.at as u64).checked_sub(gone) {
            Some(at) if !self.open.is_empty() || at > 0 => self.at = at as usize,
            _ => return false,
        }
        true
    }

    /// Bytes buffered of a message that is not complete.
    pub(super) fn buffered(&self) -> usize {
        if self.open.is_empty() { 0 } else { self.open.capacity() * size_of::<u64>() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_message_ends_after_its_last_value_however_it_is_cut() {
        let messages: [&[u8]; 9] = [
            b"+OK\r\n",
            b"$5\r\nhello\r\n",
            b"$-1\r\n",
            b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
            b"*0\r\n",
            b"*3\r\n:1\r\n*2\r\n+a\r\n*0\r\n$-1\r\n",
            b"%1\r\n$1\r\na\r\n~2\r\n#t\r\n,1.5\r\n",
            b"|1\r\n+k\r\n+v\r\n*2\r\n|1\r\n+a\r\n:1\r\n+x\r\n_\r\n",
            b">2\r\n+message\r\n(123456789012345678901234567890\r\n",
        ];
        for message in messages {
            let both = [message, b"+NEXT\r\n"].concat();
            assert_eq!(Scan::default().advance(&both), Scanned::Message(message.len()), "{both:?}");
            let mut scan = Scan::default();
            for end in 0..message.len() {
                assert_eq!(scan.advance(&both[..end]), Scanned::Incomplete, "{both:?} {end}");
            }
            assert_eq!(scan.advance(message), Scanned::Message(message.len()));
        }
    }

    #[test]
    fn lengths_out_of_range_and_deep_nesting_are_malformed() {
        let deep = b"*1\r\n".repeat(100_000);
        let line = [b"+".to_vec(), vec![b'a'; MAX_LINE]].concat();
        let rows: [&[u8]; 9] = [
            b"$-2\r\n",
            b"$99999999999999999999\r\n",
            b"*-3\r\n",
            b":x\r\n",
            b"_x\r\n",
            b"#y\r\n",
            b"GET /\r\n",
            &deep,
            &line,
        ];
        for bytes in rows {
            assert_eq!(Scan::default().advance(bytes), Scanned::Malformed);
        }
        // A length of 2^31 is read, and its bytes are awaited without being kept.
        let mut scan = Scan::default();
        assert_eq!(scan.advance(b"$2147483648\r\nabc"), Scanned::Incomplete);
        assert_eq!((scan.skip_read(16), scan.at), (16, (1 << 31) - 1));
        assert!(scan.skip_missing(0, 1 << 20) && !scan.skip_missing(0, 1 << 31));
    }
}
