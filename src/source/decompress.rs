//! Decompression of captures: gzip, zstd and lz4, detected by their first bytes.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use lz4_flex::frame::FrameDecoder;

use super::parallel_decoder::{ParallelDecoder, PartFormat, bgzip_block_size};
use super::peek_reader::PeekReader;

/// The compression format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// The LZ4 frame format, any number of frames.
    Lz4,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Lz4 => "lz4",
        })
    }
}

impl Compression {
    /// The outermost compression format of a file, if it is compressed.
    pub fn of_file(path: &Path) -> io::Result<Option<Compression>> {
        Ok(Compression::detect(PeekReader::new(Box::new(File::open(path)?), usize::MAX).peek(8)?))
    }

    /// Detects the compression format from the first bytes of a file.
    fn detect(head: &[u8]) -> Option<Compression> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
            _ => None,
        }
    }
}

/// Maximum number of nested compression layers that are decompressed.
const MAX_LAYERS: usize = 4;

/// Decompresses all nested layers of an input, and returns the outermost compression format with it. If `uses_threads` is set,
/// further threads decompress the parts of it that do not depend on each other.
pub(super) fn decompress(
    reader: Box<dyn Read + Send>,
    uses_threads: bool,
) -> (io::Result<Decompressed>, Option<Compression>) {
    let mut outermost = None;
    let mut reader = reader;
    for _ in 0..MAX_LAYERS {
        // Output that a decoder wrote before an error in the same call is lost, so each call requests few bytes.
        let read_size = if outermost.is_some() { PeekReader::SMALL_READ } else { usize::MAX };
        let mut input = PeekReader::new(reader, read_size);
        let packing = match input.skip_skippable().and_then(|()| input.peek(8)) {
            Ok(head) => Compression::detect(head),
            Err(error) => return (Err(error), outermost),
        };
        let format = match packing {
            Some(Compression::Gzip) if input.peek(18).is_ok_and(|head| bgzip_block_size(head).is_some()) => {
                Some(PartFormat::Bgzip)
            }
            Some(Compression::Zstd) => Some(PartFormat::Zstd),
            _ => None,
        };
        let format = format.filter(|_| uses_threads && outermost.is_none());
        outermost = outermost.or(packing);
        if let Some(format) = format {
            reader = Box::new(ParallelDecoder::new(format, input));
            continue;
        }
        reader = match packing {
            None => return (Ok(Decompressed { input }), outermost),
            Some(Compression::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Some(Compression::Zstd) => match zstd::stream::read::Decoder::with_buffer(input) {
                Ok(decoder) => Box::new(decoder),
                Err(error) => return (Err(error), outermost),
            },
            Some(Compression::Lz4) => Box::new(Lz4Reader { decoder: FrameDecoder::new(input), in_frame: false }),
        };
    }
    (Ok(Decompressed { input: PeekReader::new(reader, PeekReader::SMALL_READ) }), outermost)
}

/// A decompressed stream.
pub(super) struct Decompressed {
    pub(super) input: PeekReader,
}

/// A reader of an lz4 stream of several frames that checks that the last frame is complete.
struct Lz4Reader {
    decoder: FrameDecoder<PeekReader>,
    /// Whether the decoder is inside a frame.
    in_frame: bool,
}

impl Read for Lz4Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame {
                let input = self.decoder.get_mut();
                input.skip_skippable()?;
                match input.peek(4)? {
                    [] => return Ok(0),
                    head if Compression::detect(head) == Some(Compression::Lz4) => self.in_frame = true,
                    _ => return Err(invalid_data("unexpected data after a frame")),
                }
            }
            let count = self.decoder.read(out).map_err(describe_error)?;
            if count > 0 {
                return Ok(count);
            }
            // The decoder returns 0 at the end of a frame, and also if the stream ends between two blocks of a frame.
            // Only in the second case has it reached the end of the stream.
            if self.decoder.get_ref().ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.in_frame = false;
        }
    }
}

fn invalid_data(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Converts an error of the decoder, which names the decoder's own types, into plain text.
fn describe_error(error: io::Error) -> io::Error {
    use lz4_flex::frame::Error;
    let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return error;
    };
    invalid_data(match cause {
        Error::HeaderChecksumError => "frame header checksum mismatch",
        Error::BlockChecksumError => "block checksum mismatch",
        Error::ContentChecksumError => "content checksum mismatch",
        Error::ContentLengthError { .. } => "content length mismatch",
        Error::BlockTooBig => "block exceeds the maximum size of its frame",
        Error::DictionaryNotSupported => "dictionaries are not supported",
        Error::DecompressionError(_) => "invalid block",
        _ => "unsupported frame header",
    })
}
