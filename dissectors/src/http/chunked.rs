//! Chunked transfer coding (RFC 9112 7.1): an incremental decoder that works with any number of bytes at a time.

use super::lenient::size_line::{self, SizeLine};
use super::lenient::trick::{self, Tricks};
use super::quirk::{self, Quirks};

/// Maximum length of the line with a chunk's size and extensions, in bytes.
const MAX_SIZE_LINE: usize = 4096;
/// Maximum length of a trailer line, in bytes.
const MAX_TRAILER_LINE: usize = 8192;
/// Maximum length of all trailer lines together, in bytes.
const MAX_TRAILERS: usize = 65_536;

/// Decoder of a chunked body, with its current position.
#[derive(Clone, Debug, Default)]
pub(super) struct ChunkedDecoder {
    state: ChunkedState,
    trailers: usize,
    /// Number of data bytes so far.
    pub data: u64,
    /// Quirks found so far.
    pub quirks: Quirks,
    /// Tricks found so far, by which a lenient recipient reads on.
    pub tricks: Tricks,
    is_begun: bool,
    /// Sizes have 32 bits.
    wraps: bool,
    /// Number of further bytes in the line end of the last size.
    extra_line_end: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum ChunkedState {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

/// Kind and length of the next element of a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkedStep {
    /// Line with the size of the next chunk: length of the line, size of the chunk.
    Size(usize, u64),
    /// Data of a chunk, as far as available.
    Data(usize),
    /// Line end after a chunk.
    DataEnd(usize),
    /// Trailer line.
    Trailer(usize),
    /// Empty line that ends the body.
    End(usize),
    /// More bytes are needed.
    NeedsMore,
    /// Malformed chunk: the end of the body is unknown.
    Malformed,
}

impl ChunkedDecoder {
    /// Creates a decoder that uses the low 32 bits of each size, as recipients with 32 bits do.
    pub(super) fn wrapping() -> ChunkedDecoder {
        ChunkedDecoder { wraps: true, ..ChunkedDecoder::default() }
    }

    /// Whether the size of a chunk was read.
    pub(super) fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Returns the number of data bytes that the current chunk still needs.
    pub(super) fn data_left(&self) -> u64 {
        if let ChunkedState::Data(left) = self.state { left } else { 0 }
    }

    /// Skips `len` data bytes of the current chunk.
    pub(super) fn skip(&mut self, len: u64) {
        if let ChunkedState::Data(left) = self.state {
            self.state = if left > len { ChunkedState::Data(left - len) } else { ChunkedState::DataEnd };
        }
    }

    /// Decodes the next element. `bytes` begin where the previous step ended.
    pub(super) fn step(&mut self, bytes: &[u8]) -> ChunkedStep {
        match self.state {
            ChunkedState::Size => self.read_size_line(bytes),
            ChunkedState::Data(_) if bytes.is_empty() => ChunkedStep::NeedsMore,
            ChunkedState::Data(left) => {
                let len = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.skip(len as u64);
                self.data += len as u64;
                ChunkedStep::Data(len)
            }
            ChunkedState::DataEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.state = ChunkedState::Size;
                    ChunkedStep::DataEnd(2)
                }
                [b'\n', ..] => {
                    self.quirks |= quirk::ODD_CHUNK;
                    self.state = ChunkedState::Size;
                    ChunkedStep::DataEnd(1)
                }
                [] | [b'\r'] => ChunkedStep::NeedsMore,
                [b'\r', ..] => {
                    self.quirks |= quirk::BAD_CHUNK;
                    self.tricks |= trick::CHUNK_LINE_END;
                    self.state = ChunkedState::Size;
                    ChunkedStep::DataEnd(1)
                }
                _ => match size_line::follows_data(bytes) {
                    None => ChunkedStep::NeedsMore,
                    Some(false) => self.malformed(),
                    Some(true) => {
                        self.quirks |= quirk::BAD_CHUNK;
                        self.tricks |= trick::CHUNK_LINE_END;
                        self.state = ChunkedState::Size;
                        ChunkedStep::DataEnd(0)
                    }
                },
            },
            ChunkedState::Trailer => self.read_trailer_line(bytes),
        }
    }

    fn malformed(&mut self) -> ChunkedStep {
        self.quirks |= quirk::BAD_CHUNK;
        ChunkedStep::Malformed
    }

    fn read_size_line(&mut self, bytes: &[u8]) -> ChunkedStep {
        let Some(end) = memchr::memchr(b'\n', bytes.get(..MAX_SIZE_LINE).unwrap_or(bytes)) else {
            return self.read_size_line_leniently(bytes, bytes.len() < MAX_SIZE_LINE);
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
            return self.read_size_line_leniently(bytes, false);
        };
        let is_bare_lf = line.len() == text.len();
        let after = bytes.get(end + 1..).unwrap_or_default();
        let extra = match size_line::extra_line_end(after, size, self.extra_line_end) {
            _ if !is_bare_lf || size == 0 => 0,
            Some(extra) => extra,
            None => return ChunkedStep::NeedsMore,
        };
        self.extra_line_end = extra;
        if extra > 0 {
            self.quirks |= quirk::BAD_CHUNK;
            self.tricks |= trick::CHUNK_LINE_END;
        }
        let has_control_byte = rest_trimmed.iter().any(|&byte| byte < b' ' && byte != b'\t');
        if is_bare_lf
            || trimmed.len() != text.len()
            || rest_trimmed.len() != rest.len()
            || has_control_byte
            || digits > 16
        {
            self.quirks |= quirk::ODD_CHUNK;
        }
        self.begin_chunk(end + 1 + extra, size)
    }

    fn begin_chunk(&mut self, len: usize, size: u64) -> ChunkedStep {
        let size = if self.wraps { size & u64::from(u32::MAX) } else { size };
        self.is_begun = true;
        self.state = if size == 0 { ChunkedState::Trailer } else { ChunkedState::Data(size) };
        ChunkedStep::Size(len, size)
    }

    /// Reads a malformed size line as a lenient recipient does. `may_be_valid` means that its end has not arrived.
    fn read_size_line_leniently(&mut self, bytes: &[u8], may_be_valid: bool) -> ChunkedStep {
        match size_line::read(bytes) {
            SizeLine::Found { ends_with_cr: false, .. } | SizeLine::Malformed if may_be_valid => ChunkedStep::NeedsMore,
            SizeLine::NeedsMore => ChunkedStep::NeedsMore,
            SizeLine::Malformed => self.malformed(),
            SizeLine::Found { len, size, tricks, .. } => {
                self.quirks |= quirk::BAD_CHUNK;
                self.tricks |= tricks;
                self.begin_chunk(len, size)
            }
        }
    }

    fn read_trailer_line(&mut self, bytes: &[u8]) -> ChunkedStep {
        let Some(end) = memchr::memchr(b'\n', bytes.get(..MAX_TRAILER_LINE).unwrap_or(bytes)) else {
            return if bytes.len() < MAX_TRAILER_LINE { ChunkedStep::NeedsMore } else { self.malformed() };
        };
        if end == 0 || bytes.get(..end) == Some(b"\r") {
            self.quirks |= if end == 0 { quirk::ODD_CHUNK } else { 0 };
            return ChunkedStep::End(end + 1);
        }
        self.trailers += end + 1;
        if self.trailers > MAX_TRAILERS {
            return self.malformed();
        }
        ChunkedStep::Trailer(end + 1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    fn steps(mut bytes: &[u8]) -> (Vec<ChunkedStep>, ChunkedDecoder) {
        let (mut chunks, mut steps) = (ChunkedDecoder::default(), vec![]);
        loop {
            let step = chunks.step(bytes);
            steps.push(step);
            match step {
                ChunkedStep::Size(n, _) | ChunkedStep::Data(n) | ChunkedStep::DataEnd(n) | ChunkedStep::Trailer(n) => {
                    bytes = &bytes[n..]
                }
                ChunkedStep::End(_) | ChunkedStep::NeedsMore | ChunkedStep::Malformed => return (steps, chunks),
            }
        }
    }

    #[test]
    fn chunks_extensions_and_trailers_are_decoded() {
        use ChunkedStep::{Data, DataEnd, End, Size, Trailer};
        let (found, chunks) = steps(b"4;a=b;c=\"d\"\r\nWiki\r\n0\r\nX: 1\r\n\r\n");
        assert_eq!(found, [Size(13, 4), Data(4), DataEnd(2), Size(3, 0), Trailer(6), End(2)]);
        assert_eq!((chunks.data, chunks.quirks), (4, 0));
    }

    #[test]
    fn nonstandard_chunks_are_decoded_and_malformed_ones_end_the_body() {
        let rows: &[(&[u8], Quirks)] = &[
            (b"4\nWiki\n0\n\n", quirk::ODD_CHUNK),
            (b" 4\r\nWiki\r\n0\r\n\r\n", quirk::ODD_CHUNK),
            (b"4 \r\nWiki\r\n0\r\n\r\n", quirk::ODD_CHUNK),
            (b"00000000000000000004\r\nWiki\r\n0\r\n\r\n", quirk::ODD_CHUNK),
            (b"xy\r\n", quirk::BAD_CHUNK),
            (b"\r\nxyz\r\n", quirk::BAD_CHUNK),
            (b"-1\r\n", quirk::BAD_CHUNK),
            (b"4\r\nWikiX\r\n", quirk::BAD_CHUNK),
            (b"4x\r\nWikiX\r\n", quirk::BAD_CHUNK),
            (b"4 and more\r\nWikipedia\r\n", quirk::BAD_CHUNK),
            (b"4\r\nWiki3\r\nabcX\r\n", quirk::BAD_CHUNK),
        ];
        for (bytes, quirks) in rows {
            let (found, chunks) = steps(bytes);
            let end = if *quirks == quirk::BAD_CHUNK { ChunkedStep::Malformed } else { *found.last().unwrap() };
            assert_eq!(found.last(), Some(&end), "{}", bytes.escape_ascii());
            assert!(matches!(end, ChunkedStep::Malformed | ChunkedStep::End(_)), "{}", bytes.escape_ascii());
            assert_eq!((chunks.quirks, chunks.tricks), (*quirks, 0), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn malformed_chunks_are_read_as_by_a_lenient_recipient() {
        let rows: &[(&[u8], Tricks)] = &[
            (b"\r\n4\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_PREFIX),
            (b"4x\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_SUFFIX),
            (b"0x4\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_HEX_PREFIX),
            (b"10000000000000004\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_WRAP),
            (b"4\n\rWiki\n\r0\r\n\r\n", trick::CHUNK_LINE_END),
            (b"4\rWiki\r0\r\n\r\n", trick::CHUNK_LINE_END),
            (b"4\r Wik\r0\r\n\r\n", trick::CHUNK_LINE_END),
            (b"4\r\nWiki0\r\n\r\n", trick::CHUNK_LINE_END),
            (b"4\n\n\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_LINE_END),
            (b"4 and more\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_SUFFIX),
            (b"\xef\xbb\xbf4\r\nWiki\r\n0\r\n\r\n", trick::CHUNK_PREFIX),
            // The second chunk has one byte, not the CR of its line end.
            (b"3\n\r\nWik\r\n1\n\r\ni\r\n0\r\n\r\n", trick::CHUNK_LINE_END),
        ];
        for (bytes, tricks) in rows {
            let (found, chunks) = steps(bytes);
            assert!(matches!(found.last(), Some(ChunkedStep::End(_))), "{}: {found:?}", bytes.escape_ascii());
            assert_eq!((chunks.data, chunks.tricks), (4, *tricks), "{}", bytes.escape_ascii());
        }
        // LF CR before data is the line end only if the data does not fit otherwise.
        let (found, chunks) = steps(b"4\n\rWik\r\n0\r\n\r\n");
        assert_eq!((found.first(), chunks.tricks), (Some(&ChunkedStep::Size(2, 4)), 0));
    }
}
