//! The chunked transfer coding (RFC 9112 7.1), read step by step from whatever bytes there are.

use super::quirk::{self, Quirks};

/// The longest line of a chunk's size and extensions that is read.
const MAX_SIZE_LINE: usize = 4096;
/// The longest trailer line that is read.
const MAX_TRAILER_LINE: usize = 8192;
/// As many bytes of trailers as are read.
const MAX_TRAILERS: usize = 65_536;

/// A body in chunks, and how far it has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunks {
    next: Next,
    trailers: usize,
    /// Bytes of data so far.
    pub data: u64,
    /// What was odd so far.
    pub quirks: Quirks,
}

#[derive(Clone, Copy, Debug, Default)]
enum Next {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

/// What the next bytes of a chunked body are, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A line that says how large the next chunk is.
    Size(usize, u64),
    /// Data of a chunk: as much as there is.
    Data(usize),
    /// The line end after a chunk.
    DataEnd(usize),
    /// A trailer line.
    Trailer(usize),
    /// The empty line at the very end.
    End(usize),
    /// More bytes are needed.
    More,
    /// No chunk: where the body ends is not known.
    Bad,
}

impl Chunks {
    /// How many bytes of data must come, if a chunk is being read.
    pub(super) fn awaited(&self) -> u64 {
        if let Next::Data(left) = self.next { left } else { 0 }
    }

    /// Passes over `len` bytes of data of the present chunk that are not here.
    pub(super) fn pass(&mut self, len: u64) {
        if let Next::Data(left) = self.next {
            self.next = if left > len { Next::Data(left - len) } else { Next::DataEnd };
        }
    }

    /// Reads on; `bytes` follow what the last step took.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Step {
        match self.next {
            Next::Size => self.size(bytes),
            Next::Data(_) if bytes.is_empty() => Step::More,
            Next::Data(left) => {
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.pass(len as u64);
                self.data += len as u64;
                Step::Data(len)
            }
            Next::DataEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.next = Next::Size;
                    Step::DataEnd(2)
                }
                [b'\n', ..] => {
                    self.quirks |= quirk::ODD_CHUNK;
                    self.next = Next::Size;
                    Step::DataEnd(1)
                }
                [] | [b'\r'] => Step::More,
                _ => self.bad(),
            },
            Next::Trailer => self.trailer(bytes),
        }
    }

    fn bad(&mut self) -> Step {
        self.quirks |= quirk::BAD_CHUNK;
        Step::Bad
    }

    fn size(&mut self, bytes: &[u8]) -> Step {
        let Some(end) = memchr::memchr(b'\n', bytes.get(..MAX_SIZE_LINE).unwrap_or(bytes)) else {
            return if bytes.len() < MAX_SIZE_LINE { Step::More } else { self.bad() };
        };
        let line = bytes.get(..end).unwrap_or_default();
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        let trimmed = text.trim_ascii_start();
        let digits = trimmed.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (number, rest) = trimmed.split_at_checked(digits).unwrap_or_default();
        let rest_trimmed = rest.trim_ascii();
        // Sizes of 2^64 and more have been used to smuggle requests.
        let size = number.iter().try_fold(0_u64, |sum, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            sum.checked_mul(16)?.checked_add(digit.into())
        });
        let Some(size) = size.filter(|_| digits > 0 && matches!(rest_trimmed.first(), None | Some(b';'))) else {
            return self.bad();
        };
        let extension_odd = rest_trimmed.iter().any(|&byte| byte < b' ' && byte != b'\t');
        if line.len() == text.len()
            || trimmed.len() != text.len()
            || rest_trimmed.len() != rest.len()
            || extension_odd
            || digits > 16
        {
            self.quirks |= quirk::ODD_CHUNK;
        }
        self.next = if size == 0 { Next::Trailer } else { Next::Data(size) };
        Step::Size(end + 1, size)
    }

    fn trailer(&mut self, bytes: &[u8]) -> Step {
        let Some(end) = memchr::memchr(b'\n', bytes.get(..MAX_TRAILER_LINE).unwrap_or(bytes)) else {
            return if bytes.len() < MAX_TRAILER_LINE { Step::More } else { self.bad() };
        };
        if end == 0 || bytes.get(..end) == Some(b"\r") {
            self.quirks |= if end == 0 { quirk::ODD_CHUNK } else { 0 };
            return Step::End(end + 1);
        }
        self.trailers += end + 1;
        if self.trailers > MAX_TRAILERS {
            return self.bad();
        }
        Step::Trailer(end + 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    fn steps(mut bytes: &[u8]) -> (Vec<Step>, Chunks) {
        let (mut chunks, mut steps) = (Chunks::default(), vec![]);
        loop {
            let step = chunks.step(bytes);
            steps.push(step);
            match step {
                Step::Size(n, _) | Step::Data(n) | Step::DataEnd(n) | Step::Trailer(n) => bytes = &bytes[n..],
                Step::End(_) | Step::More | Step::Bad => return (steps, chunks),
            }
        }
    }

    #[test]
    fn chunks_extensions_and_trailers_are_read() {
        use Step::{Data, DataEnd, End, Size, Trailer};
        let (found, chunks) = steps(b"4;a=b;c=\"d\"\r\nWiki\r\n0\r\nX: 1\r\n\r\n");
        assert_eq!(found, [Size(13, 4), Data(4), DataEnd(2), Size(3, 0), Trailer(6), End(2)]);
        assert_eq!((chunks.data, chunks.quirks), (4, 0));
    }

    #[test]
    fn odd_chunks_are_read_and_bad_ones_end_the_body() {
        let rows: &[(&[u8], Quirks)] = &[
            (b"4\nWiki\n0\n\n", quirk::ODD_CHUNK),
            (b" 4\r\nWiki\r\n0\r\n\r\n", quirk::ODD_CHUNK),
            (b"4 \r\nWiki\r\n0\r\n\r\n", quirk::ODD_CHUNK),
            (b"00000000000000000004\r\nWiki\r\n0\r\n\r\n", quirk::ODD_CHUNK),
            (b"x\r\n", quirk::BAD_CHUNK),
            (b"\r\n", quirk::BAD_CHUNK),
            (b"0x4\r\nWiki", quirk::BAD_CHUNK),
            (b"-1\r\n", quirk::BAD_CHUNK),
            (b"10000000000000000\r\n", quirk::BAD_CHUNK),
            (b"4\r\nWikiX\r\n", quirk::BAD_CHUNK),
        ];
        for (bytes, quirks) in rows {
            let (found, chunks) = steps(bytes);
            let end = if *quirks == quirk::BAD_CHUNK { Step::Bad } else { *found.last().unwrap() };
            assert_eq!(found.last(), Some(&end));
            assert!(matches!(end, Step::Bad | Step::End(_)), "{}", bytes.escape_ascii());
            assert_eq!(chunks.quirks, *quirks, "{}", bytes.escape_ascii());
        }
    }
}
