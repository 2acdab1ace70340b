//! Decompression on several threads, of files whose parts do not depend on each other: blocks of bgzip, and frames of zstd.
//!
//! A part is decompressed on a thread if its end is known before, and if it is small. From the first part on that is not, or
//! that is faulty, one decoder reads all the rest. So errors of a file are those of that decoder, and so are its bytes, but for
//! the last ones before an error: how many of those a decoder returns depends on where it began.

use super::peek_reader::PeekReader;
use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Maximum sizes in bytes of a part and of its window, so that all parts in memory have 100 MB at most. `pzstd` makes parts of 8 MB.
const MAX_COMPRESSED: usize = 4 << 20;
const MAX_DECOMPRESSED: usize = 8 << 20;
const MAX_WINDOW: u64 = 8 << 20;
/// Minimum size in bytes of a part, if another follows: small ones are collected.
const MIN_COMPRESSED: usize = 128 << 10;
/// Maximum number of threads.
const MAX_THREADS: usize = 4;
/// Number of parts of each thread: one is decompressed, one waits.
const PARTS_PER_THREAD: usize = 2;

/// A format of files with parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartFormat {
    /// gzip (RFC 1952), with the size of each member in an extra field.
    Bgzip,
    /// RFC 8878.
    Zstd,
}

impl PartFormat {
    /// Returns a decoder of all parts that follow.
    fn decoder<'r>(self, input: impl BufRead + Send + 'r) -> io::Result<Box<dyn Read + Send + 'r>> {
        Ok(match self {
            PartFormat::Bgzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            PartFormat::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(input)?),
        })
    }

    /// Decompresses a part into a buffer. Returns nothing if it is faulty, or too large.
    fn decompressed(self, part: &[u8], mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let mut decoder = self.decoder(part).ok()?.take(MAX_DECOMPRESSED as u64 + 1);
        bytes.clear();
        decoder.read_to_end(&mut bytes).ok()?;
        (bytes.len() <= MAX_DECOMPRESSED).then_some(bytes)
    }
}

/// A reader of the decompressed bytes.
pub(super) struct ParallelDecoder {
    format: PartFormat,
    /// Compressed bytes that are not in a part yet; none once one decoder reads the rest.
    input: Option<PeekReader>,
    /// Bytes before those: the begin of a part whose end is not known.
    rest: Vec<u8>,
    /// Whether all parts are sent.
    has_all_parts: bool,
    /// Maximum number of threads.
    thread_count: usize,
    threads: Vec<DecoderThread>,
    /// Buffers to be filled again: of compressed parts, and of decompressed ones. What another thread has allocated is slow to free.
    free_parts: Vec<Vec<u8>>,
    free_buffers: Vec<Vec<u8>>,
    /// Threads that decompress the next parts.
    pending: VecDeque<usize>,
    /// Number of parts sent.
    sent: usize,
    /// Decompressed bytes that are read next.
    current: Cursor<Vec<u8>>,
    /// Error of reading the file, behind the parts that are sent.
    error: Option<io::Error>,
    /// The decoder of the rest.
    serial: Option<Box<dyn Read + Send>>,
}

/// A part, and a buffer for its decompressed bytes.
struct SentPart {
    compressed: Vec<u8>,
    buffer: Vec<u8>,
}

/// A thread with the parts that it decompresses.
struct DecoderThread {
    parts: Sender<SentPart>,
    decoded: Receiver<DecodedPart>,
}

/// A part with its decompressed bytes; none if it is faulty or too large.
struct DecodedPart {
    compressed: Vec<u8>,
    decompressed: Option<Vec<u8>>,
}

/// The compressed bytes of a part, or what is known of it.
enum Part {
    Whole(Vec<u8>),
    /// The end is not known, or it is large, or nothing follows. These are the first bytes.
    Rest(Vec<u8>),
}

impl ParallelDecoder {
    pub(super) fn new(format: PartFormat, input: PeekReader) -> ParallelDecoder {
        ParallelDecoder {
            format,
            input: Some(input),
            rest: Vec::new(),
            has_all_parts: false,
            thread_count: thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS),
            threads: Vec::new(),
            free_parts: Vec::new(),
            free_buffers: Vec::new(),
            pending: VecDeque::new(),
            sent: 0,
            current: Cursor::default(),
            error: None,
            serial: None,
        }
    }

    /// Sends parts to the threads until each has enough.
    fn send_parts(&mut self) -> io::Result<()> {
        while !self.has_all_parts && self.pending.len() < self.thread_count * PARTS_PER_THREAD {
            let Some(input) = &mut self.input else { return Ok(()) };
            let part = match next_part(self.format, input, self.free_parts.pop().unwrap_or_default())? {
                // A part alone needs no thread.
                Part::Whole(part) if self.sent == 0 && input.peek(1)?.is_empty() => Part::Rest(part),
                part => part,
            };
            match part {
                Part::Whole(part) => self.send(part),
                Part::Rest(rest) => (self.rest, self.has_all_parts) = (rest, true),
            }
        }
        Ok(())
    }

    fn send(&mut self, compressed: Vec<u8>) {
        let nth = self.sent % self.thread_count;
        if nth == self.threads.len()
            && let Some(thread) = DecoderThread::new(self.format)
        {
            self.threads.push(thread);
        }
        let part = SentPart { compressed, buffer: self.free_buffers.pop().unwrap_or_default() };
        let sent = match self.threads.get(nth) {
            Some(thread) => thread.parts.send(part).map_err(|unsent| unsent.0),
            None => Err(part),
        };
        match sent {
            Ok(()) => {
                self.pending.push_back(nth);
                self.sent += 1;
            }
            // Without a thread, one decoder reads the rest.
            Err(part) => (self.rest, self.has_all_parts) = (part.compressed, true),
        }
    }

    /// Receives the next decompressed part. Returns false if there is none.
    fn receive(&mut self) -> io::Result<bool> {
        let Some(nth) = self.pending.pop_front() else { return Ok(false) };
        let decoded = self.threads.get(nth).and_then(|thread| thread.decoded.recv().ok());
        let Some(DecodedPart { compressed, decompressed }) = decoded else {
            return Err(io::Error::other("a thread ended early"));
        };
        if let Some(bytes) = decompressed {
            self.free_parts.push(compressed);
            self.free_buffers.push(std::mem::replace(&mut self.current, Cursor::new(bytes)).into_inner());
            return Ok(true);
        }
        // One decoder reads this part, and all that follow.
        let mut rest = compressed;
        while let Some(nth) = self.pending.pop_front() {
            let later = self.threads.get(nth).and_then(|thread| thread.decoded.recv().ok());
            rest.extend(later.map(|part| part.compressed).unwrap_or_default());
        }
        rest.append(&mut self.rest);
        (self.rest, self.has_all_parts) = (rest, true);
        Ok(false)
    }

    /// Returns the decoder of the rest, if there is any.
    fn serial(&mut self) -> io::Result<Option<&mut Box<dyn Read + Send>>> {
        if let Some(mut input) = self.input.take() {
            self.threads.clear();
            if self.rest.is_empty() && input.peek(1)?.is_empty() {
                return Ok(None);
            }
            let rest = Cursor::new(std::mem::take(&mut self.rest)).chain(input);
            self.serial = Some(self.format.decoder(PeekReader::new(Box::new(rest), usize::MAX))?);
        }
        Ok(self.serial.as_mut())
    }
}

impl Read for ParallelDecoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            if let Err(error) = self.send_parts() {
                (self.has_all_parts, self.error) = (true, Some(error));
            }
            if !self.receive()? {
                // Bytes before an error of the file come first.
                if let Some(error) = self.error.take() {
                    self.input = None;
                    return Err(error);
                }
                return self.serial()?.map_or(Ok(0), |decoder| decoder.read(out));
            }
        }
    }
}

impl DecoderThread {
    fn new(format: PartFormat) -> Option<DecoderThread> {
        let (parts, received) = channel::<SentPart>();
        let (sender, decoded) = channel();
        let work = move || {
            for SentPart { compressed, buffer } in received {
                let decompressed = format.decompressed(&compressed, buffer);
                if sender.send(DecodedPart { compressed, decompressed }).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("decompress".into()).spawn(work).ok()?;
        Some(DecoderThread { parts, decoded })
    }
}

/// Reads the next part into a buffer: units up to a minimum size.
fn next_part(format: PartFormat, input: &mut PeekReader, mut part: Vec<u8>) -> io::Result<Part> {
    part.clear();
    while part.len() < MIN_COMPRESSED && !input.peek(1)?.is_empty() {
        let is_whole = match format {
            PartFormat::Bgzip => read_bgzip_block(input, &mut part)?,
            PartFormat::Zstd => read_zstd_frame(input, &mut part)?,
        };
        if !is_whole {
            return Ok(Part::Rest(part));
        }
    }
    Ok(if part.is_empty() { Part::Rest(part) } else { Part::Whole(part) })
}

/// Moves bytes of the input to the end of a part. Returns whether there were so many.
fn read_bytes(input: &mut PeekReader, count: usize, part: &mut Vec<u8>) -> io::Result<bool> {
    Ok(input.by_ref().take(count as u64).read_to_end(part)? == count)
}

/// Returns the size of a block of bgzip: a member of gzip (RFC 1952) with its size less 1 in an extra field.
///
/// ```text
///  1f 8b 08 04 | time, flags, system (6) | 06 00 | 'B' 'C' 02 00 | size - 1 (2)
/// ```
pub(super) fn bgzip_block_size(head: &[u8]) -> Option<usize> {
    match *head.first_chunk::<18>()? {
        [0x1f, 0x8b, 8, 4, _, _, _, _, _, _, 6, 0, b'B', b'C', 2, 0, low, high] => {
            Some(usize::from(u16::from_le_bytes([low, high])) + 1).filter(|&size| size > 18)
        }
        _ => None,
    }
}

/// Reads a block of bgzip to the end of a part. Returns whether it is whole.
fn read_bgzip_block(input: &mut PeekReader, part: &mut Vec<u8>) -> io::Result<bool> {
    let Some(size) = bgzip_block_size(input.peek(18)?) else { return Ok(false) };
    read_bytes(input, size, part)
}

/// Reads a frame of zstd (RFC 8878 3.1), or a skippable one, to the end of a part. Returns whether it is whole.
fn read_zstd_frame(input: &mut PeekReader, part: &mut Vec<u8>) -> io::Result<bool> {
    match *input.peek(14)? {
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => {
            let size = u32::from_le_bytes([a, b, c, d]) as usize;
            Ok(size <= MAX_COMPRESSED && read_bytes(input, 8 + size, part)?)
        }
        [0x28, 0xb5, 0x2f, 0xfd, descriptor, ref rest @ ..] => {
            let is_single_segment = descriptor & 0x20 != 0;
            let window_len = usize::from(!is_single_segment);
            let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
            let content_len = [window_len ^ 1, 2, 4, 8][usize::from(descriptor >> 6)];
            let is_small = match rest.first() {
                Some(&window) if !is_single_segment => window_size(window) <= MAX_WINDOW,
                // The content is the window. If it is large, so is the part.
                first => first.is_some(),
            };
            let header_len = 5 + window_len + dictionary_len + content_len;
            if !is_small || !read_bytes(input, header_len, part)? {
                return Ok(false);
            }
            read_zstd_blocks(input, descriptor & 4 != 0, part)
        }
        _ => Ok(false),
    }
}

/// Reads the blocks of a frame, and its checksum.
///
/// ```text
///  bit 0: last block | 1-2: type | 3-23: size of the block, of its content if it repeats one byte
/// ```
fn read_zstd_blocks(input: &mut PeekReader, has_checksum: bool, part: &mut Vec<u8>) -> io::Result<bool> {
    let start = part.len();
    loop {
        let &[a, b, c] = input.peek(3)? else { return Ok(false) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let size = match (header >> 1) & 3 {
            0 | 2 => (header >> 3) as usize,
            1 => 1,
            _ => return Ok(false),
        };
        if part.len() - start + size > MAX_COMPRESSED || !read_bytes(input, 3 + size, part)? {
            return Ok(false);
        }
        if header & 1 == 1 {
            return if has_checksum { read_bytes(input, 4, part) } else { Ok(true) };
        }
    }
}

/// Size in bytes of the window that a window descriptor declares (RFC 8878 3.1.1.1.2).
fn window_size(descriptor: u8) -> u64 {
    let base = 1_u64 << (10 + (descriptor >> 3));
    base + base / 8 * u64::from(descriptor & 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression as Level, GzBuilder};
    use std::io::Write;

    /// Text that compresses to about a third.
    fn text(len: usize) -> Vec<u8> {
        let mut seed = 7_u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"abcdefgh"[(seed >> 29) as usize]
        };
        (0..len).map(|_| next()).collect()
    }

    fn bgzip(bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        for block in bytes.chunks(60_000).chain([&[][..]]) {
            let builder = GzBuilder::new().extra(*b"BC\x02\x00\x00\x00");
            let mut encoder = builder.write(Vec::new(), Level::fast());
            encoder.write_all(block).expect("memory");
            let mut member = encoder.finish().expect("memory");
            let size = u16::try_from(member.len() - 1).expect("a small block");
            member[16..18].copy_from_slice(&size.to_le_bytes());
            all.extend(member);
        }
        all
    }

    fn zstd_frames(bytes: &[u8], len: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for frame in bytes.chunks(len) {
            all.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
            encoder.include_checksum(true).expect("a checksum");
            encoder.write_all(frame).expect("memory");
            all.extend(encoder.finish().expect("memory"));
        }
        all
    }

    fn input(bytes: &[u8]) -> PeekReader {
        PeekReader::new(Box::new(Cursor::new(bytes.to_vec())), usize::MAX)
    }

    /// What a decoder gives, and the kind of its error.
    fn read(mut decoder: impl Read) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match decoder.read(&mut buffer) {
                Ok(0) => return (all, None),
                Ok(count) => all.extend_from_slice(&buffer[..count]),
                Err(error) => return (all, Some(error.kind())),
            }
        }
    }

    fn in_parallel(format: PartFormat, bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        read(ParallelDecoder::new(format, input(bytes)))
    }

    fn in_series(format: PartFormat, bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        match format.decoder(input(bytes)) {
            Ok(decoder) => read(decoder),
            Err(error) => (Vec::new(), Some(error.kind())),
        }
    }

    fn files() -> [(PartFormat, Vec<u8>); 3] {
        let bytes = text(2_000_000);
        [
            (PartFormat::Bgzip, bgzip(&bytes)),
            (PartFormat::Zstd, zstd_frames(&bytes, 300_000)),
            (PartFormat::Zstd, zstd_frames(&bytes, 5_000)),
        ]
    }

    #[test]
    fn parts_are_decompressed_in_order() {
        for (format, file) in files() {
            assert_eq!(in_parallel(format, &file), (text(2_000_000), None));
        }
    }

    #[test]
    fn all_parts_are_found() {
        for (format, file) in files() {
            let mut input = input(&file);
            let mut parts = Vec::new();
            while let Part::Whole(part) = next_part(format, &mut input, Vec::new()).expect("memory") {
                assert!(part.len() < 2 * MIN_COMPRESSED, "{}", part.len());
                parts.push(part);
            }
            assert!(parts.len() > 3);
            assert_eq!(parts.concat(), file);
        }
    }

    #[test]
    fn faulty_files_give_what_one_decoder_gives() {
        for (format, file) in files() {
            for nth in 1..40 {
                let at = file.len() * nth / 40 + nth % 19;
                let cut = &file[..at];
                assert_eq!(in_parallel(format, cut), in_series(format, cut), "{format:?} cut at {at}");
                let mut changed = file.clone();
                changed[at] ^= 0x55;
                let ((parallel, error), (serial, expected)) =
                    (in_parallel(format, &changed), in_series(format, &changed));
                assert_eq!(error, expected, "{format:?} changed at {at}");
                let len = parallel.len().min(serial.len());
                assert!(parallel[..len] == serial[..len], "{format:?} changed at {at}");
                let lengths = (parallel.len(), serial.len());
                assert!(lengths.0.abs_diff(lengths.1) <= 4096, "{format:?} changed at {at}: {lengths:?}");
            }
            let trailing = [&file, &b"trailing data"[..]].concat();
            assert_eq!(in_parallel(format, &trailing), in_series(format, &trailing));
        }
    }

    #[test]
    fn a_size_that_is_wrong_changes_nothing() {
        let bytes = text(1_000_000);
        let mut file = bgzip(&bytes);
        let size = bgzip_block_size(&file).expect("a block");
        for declared in [19_u16, 5_000, size as u16, u16::MAX] {
            file[16..18].copy_from_slice(&declared.to_le_bytes());
            assert_eq!(in_parallel(PartFormat::Bgzip, &file), (bytes.clone(), None), "{declared}");
        }
    }

    #[test]
    fn large_parts_are_read_by_one_decoder() {
        let zeros = vec![0; MAX_DECOMPRESSED + 1000];
        let file = [zstd_frames(&text(500_000), 250_000), zstd_frames(&zeros, zeros.len())].concat();
        assert_eq!(PartFormat::Zstd.decompressed(&file, Vec::new()), None);
        assert_eq!(in_parallel(PartFormat::Zstd, &file), ([text(500_000), zeros].concat(), None));
    }
}
