//! Compressed captures: gzip, zstd and lz4, recognised by their first bytes and read as what they hold.

use std::fmt;
use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// The LZ4 frame format, any number of frames.
    Lz4,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
            Packing::Lz4 => "lz4",
        })
    }
}

impl Packing {
    /// What begins with these bytes.
    fn begins(head: &[u8]) -> Option<Packing> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Packing::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Packing::Lz4),
            _ => None,
        }
    }
}

/// How many layers of compression are taken off, one around the other.
const LAYERS: usize = 4;

/// Takes off the compression that the bytes begin with; says which was the outermost, and their first 8 bytes.
pub(super) fn unpack(reader: Box<dyn Read + Send>) -> (io::Result<Unpacked>, Option<Packing>) {
    let mut outermost = None;
    let mut reader = reader;
    for _ in 0..LAYERS {
        // What a decoder has written before it meets an error in the same call is lost: it is asked for a little.
        let most = if outermost.is_some() { Input::PIECE } else { usize::MAX };
        let mut input = Input::new(reader, most);
        let packing = match input.skip_skippable().and_then(|()| input.peek(8)) {
            Ok(head) => Packing::begins(head),
            Err(error) => return (Err(error), outermost),
        };
        outermost = outermost.or(packing);
        reader = match packing {
            None => return (Ok(Unpacked { input }), outermost),
            Some(Packing::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Some(Packing::Zstd) => match zstd::stream::read::Decoder::with_buffer(input) {
                Ok(decoder) => Box::new(decoder),
                Err(error) => return (Err(error), outermost),
            },
            Some(Packing::Lz4) => Box::new(Lz4 { decoder: FrameDecoder::new(input), begun: false }),
        };
    }
    (Ok(Unpacked { input: Input::new(reader, Input::PIECE) }), outermost)
}

/// A stream that is no longer compressed.
pub(super) struct Unpacked {
    pub(super) input: Input,
}

/// A buffered reader that can look ahead, however few bytes a read gives.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// A read has found the end.
    ended: bool,
    /// As much as is read at once.
    most: usize,
}

impl Input {
    const BUFFER: usize = 64 * 1024;
    const PIECE: usize = 4096;

    fn new(reader: Box<dyn Read + Send>, most: usize) -> Input {
        Input { reader, buffer: vec![0; Self::BUFFER], start: 0, end: 0, ended: false, most }
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The next so many bytes (fewer than the buffer holds), without taking them; fewer only at the end.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.start > 0 && self.held().len() < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.held().len() < count && !self.ended {
            let end = self.end.saturating_add(self.most).min(self.buffer.len());
            let read = read(&mut self.reader, self.buffer.get_mut(self.end..end).unwrap_or_default())?;
            self.end += read;
            self.ended = read == 0;
        }
        let held = self.held();
        Ok(held.get(..count).unwrap_or(held))
    }

    /// Passes over the frames that zstd and lz4 both tell a reader to pass over: a magic number of 0x184d2a50 to
    /// 0x184d2a5f, a length, so many bytes (RFC 8878 3.1.2).
    fn skip_skippable(&mut self) -> io::Result<()> {
        while let &[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = self.peek(8)? {
            self.consume(8);
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            io::copy(&mut self.by_ref().take(length), &mut io::sink())?;
        }
        Ok(())
    }
}

fn read(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.held().is_empty() && !self.ended {
            (self.start, self.end) = (0, 0);
            let most = self.most.min(self.buffer.len());
            self.end = read(&mut self.reader, self.buffer.get_mut(..most).unwrap_or_default())?;
            self.ended = self.end == 0;
        }
        Ok(self.held())
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.held().is_empty() && out.len() >= self.buffer.len() && self.most >= out.len() && !self.ended {
            // What fills the whole buffer need not pass through it.
            let read = read(&mut self.reader, out)?;
            self.ended = read == 0;
            return Ok(read);
        }
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// An lz4 stream of frame after frame, with the check that the last is whole.
struct Lz4 {
    decoder: FrameDecoder<Input>,
    /// Whether the decoder is within a frame.
    begun: bool,
}

impl Read for Lz4 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.begun {
                let input = self.decoder.get_mut();
                input.skip_skippable()?;
                match input.peek(4)? {
                    [] => return Ok(0),
                    head if Packing::begins(head) == Some(Packing::Lz4) => self.begun = true,
                    _ => return Err(damaged("what follows a frame is not another")),
                }
            }
            let count = self.decoder.read(out).map_err(in_words)?;
            if count > 0 {
                return Ok(count);
            }
            // The decoder says 0 at the end of a frame, and also where the stream ends between two blocks of one:
            // only then has it found the end of the stream.
            if self.decoder.get_ref().ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.begun = false;
        }
    }
}

fn damaged(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

/// The decoder's errors name its own types; this says what they mean.
fn in_words(error: io::Error) -> io::Error {
    use lz4_flex::frame::Error;
    let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return error;
    };
    damaged(match cause {
        Error::HeaderChecksumError => "the checksum of a frame's header does not match",
        Error::BlockChecksumError => "the checksum of a block does not match",
        Error::ContentChecksumError => "the checksum of the contents does not match",
        Error::ContentLengthError { .. } => "the contents are not as long as stated",
        Error::BlockTooBig => "a block is bigger than the frame allows",
        Error::DictionaryNotSupported => "they need a dictionary",
        Error::DecompressionError(_) => "a block does not decompress",
        _ => "a frame's header says what is not known",
    })
}
