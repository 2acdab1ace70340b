//! Decoding of content codings (RFC 9110 8.4.1): gzip, deflate, br, zstd and lzma, within limits.

use crate::body_limit::MAX_CONTENT;
use crate::packet::Payload;
use crate::tree::Tree;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use lzma_rust2::{LzmaReader, Read};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Maximum ratio of decoded to coded size. Deflate alone cannot exceed 1032.
const MAX_RATIO: usize = 1100;
/// Maximum number of nested codings.
const MAX_CODINGS: usize = 4;
/// Maximum number of bytes before a deflate stream whose header is broken.
const MAX_STREAM_OFFSET: usize = 32;
/// Minimum length of such a stream that is found without a header and without a checksum, in bytes.
const MIN_STREAM: usize = 32;
/// Maximum length of the bytes after it, in bytes: CRC-32 and length.
const MAX_TRAILER: usize = 8;
/// Maximum number of streams of deflate, one after another, in one content.
const MAX_STREAMS: usize = 16;
/// Maximum memory of the LZMA decoder, in KiB: the default dictionary of its encoders has 8 MiB.
const MAX_LZMA_KIB: u32 = 9 << 10;
/// Initial size of output buffers, in bytes.
const INITIAL_BUFFER: usize = 65_536;

/// Decoded content, complete or up to an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Decoded bytes; complete only without a `problem`.
    pub bytes: Vec<u8>,
    /// Reason for an early end.
    pub problem: Option<DecodeError>,
}

/// Reason why content could not be decoded completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The content does not match its coding.
    Malformed,
    /// The content ends early.
    Truncated,
    /// The decoded content exceeds its limit, or the maximum ratio.
    TooLarge,
    /// The coding is unknown; the content is left as is.
    Unknown,
    /// The content is complete, and its checksum or length is wrong.
    Checksum,
    /// The run has decoded as much as it may.
    RunLimit,
}

impl DecodeError {
    /// Returns a description for users.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            DecodeError::Malformed => "malformed content",
            DecodeError::Truncated => "truncated content",
            DecodeError::TooLarge => "decoded content too large",
            DecodeError::Unknown => "unknown coding",
            DecodeError::Checksum => "wrong checksum or length",
            DecodeError::RunLimit => "too much content is decoded",
        }
    }
}

impl Decoded {
    /// Whether a limit ends the content.
    pub(crate) fn is_limited(&self) -> bool {
        matches!(self.problem, Some(DecodeError::TooLarge | DecodeError::RunLimit))
    }

    /// Whether the content is complete, whatever its checksum.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.problem, None | Some(DecodeError::Checksum))
    }

    /// Returns content that is left as sent.
    fn unchanged(body: &[u8], problem: DecodeError) -> Decoded {
        Decoded { bytes: body.to_vec(), problem: Some(problem) }
    }
}

/// Decodes `body` by the codings of a Content-Encoding header, which lists them in the order of application. Returns
/// `None` without any coding.
#[must_use]
pub fn decode(codings: &[u8], body: &[u8]) -> Option<Decoded> {
    decode_within(codings, body, MAX_CONTENT)
}

/// Decodes `body` as [`decode`] does, to at most `max` bytes.
pub(crate) fn decode_within(codings: &[u8], body: &[u8], max: usize) -> Option<Decoded> {
    let limit = output_limit(body, max);
    let mut decoded: Option<Decoded> = None;
    let without_parameters = |name: &'_ [u8]| name.iter().position(|&byte| byte == b';').unwrap_or(name.len());
    let names = codings.rsplit(|&byte| byte == b',');
    let names = names.map(|name| name.get(..without_parameters(name)).unwrap_or(name).trim_ascii());
    let names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
    for (nth, name) in names.enumerate() {
        let input = decoded.as_ref().map_or(body, |decoded| &decoded.bytes);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let next = match () {
            () if nth == MAX_CODINGS => Err(DecodeError::TooLarge),
            () if is("gzip") || is("x-gzip") => Ok(gzip(input, limit)),
            () if is("deflate") => Ok(deflate(input, limit)),
            () if is("br") => Ok(brotli(input, limit)),
            () if is("zstd") => Ok(zstd(input, limit)),
            () => Err(DecodeError::Unknown),
        };
        let next =
            next.and_then(|next| if is_other_coding(input, &next) { Err(DecodeError::Malformed) } else { Ok(next) });
        let before = decoded.take();
        match next {
            Ok(next) => {
                let problems = [before.and_then(|before| before.problem), next.problem];
                let of_content = |problem: &&Option<DecodeError>| **problem != Some(DecodeError::Checksum);
                let problem = problems.iter().filter(of_content).chain(&problems).find_map(|problem| *problem);
                decoded = Some(Decoded { problem, ..next });
            }
            Err(problem) => {
                let bytes = before.map_or_else(|| body.to_vec(), |before| before.bytes);
                return Some(Decoded { bytes, problem: Some(problem) });
            }
        }
    }
    decoded
}

/// Returns the limit, of the run or of the frame, at which no more content of a frame is decoded; `None` before it.
pub(crate) fn refusal(tree: &Tree) -> Option<DecodeError> {
    match () {
        () if tree.decoding.is_exhausted() => Some(DecodeError::RunLimit),
        () if tree.stored_len() > tree.wanted().body_limit.frame_content() => Some(DecodeError::TooLarge),
        () => None,
    }
}

/// Decodes content of a frame to at most `max` bytes, within the limits of the frame and of the run. Returns `None` without
/// any coding, or without any content.
pub(crate) fn decode_in_frame(codings: &[u8], sent: Payload<'_>, max: usize, tree: &mut Tree) -> Option<Decoded> {
    if let Some(reason) = refusal(tree) {
        return (!codings.is_empty()).then(|| Decoded::unchanged(sent.bytes, reason));
    }
    let decoded = decode_within(codings, sent.bytes, max).filter(|_| sent.wire > 0)?;
    tree.decoding.add(sent.bytes.len(), decoded.bytes.len());
    Some(decoded)
}

/// Whether the content is not in the coding at all, so that it is left as is: decoding failed at once, or produced less
/// than the content has, without the mark of a compressed format.
fn is_other_coding(input: &[u8], decoded: &Decoded) -> bool {
    let has_magic = input.starts_with(&GZIP_MAGIC) || input.starts_with(&ZSTD_MAGIC) || is_zlib(input);
    decoded.problem == Some(DecodeError::Malformed)
        && (decoded.bytes.is_empty() || !has_magic && decoded.bytes.len() < input.len())
}

/// Beginning of a gzip member (RFC 1952 2.3.1).
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Beginning of a zstd frame (RFC 8878 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether the content begins with a zlib header (RFC 1950 2.2).
fn is_zlib(input: &[u8]) -> bool {
    matches!(input, [cmf, flg, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0)
}

/// Returns the coding of content that begins with the mark of a compressed format.
pub(crate) fn detect(input: &[u8]) -> Option<&'static [u8]> {
    match () {
        () if input.starts_with(&GZIP_MAGIC) => Some(b"gzip"),
        () if input.starts_with(&ZSTD_MAGIC) => Some(b"zstd"),
        () if is_zlib(input) => Some(b"deflate"),
        () => None,
    }
}

/// Inflates one deflate stream and returns the number of input bytes consumed.
fn inflate(input: &[u8], flags: u32, out: &mut Vec<u8>, limit: usize) -> (usize, Option<DecodeError>) {
    let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    // Distances never reach before the beginning of this stream.
    let mut own = vec![0; INITIAL_BUFFER.min(limit)];
    let (mut read, mut written) = (0, 0);
    let mut state = Box::new(DecompressorOxide::new());
    let room = limit.saturating_sub(out.len());
    let problem = loop {
        let rest = input.get(read..).unwrap_or_default();
        let (status, used, made) = decompress(&mut state, rest, &mut own, written, flags);
        (read, written) = (read + used, written + made);
        match status {
            TINFLStatus::Done => break None,
            TINFLStatus::Adler32Mismatch => break Some(DecodeError::Checksum),
            TINFLStatus::HasMoreOutput if written >= room => break Some(DecodeError::TooLarge),
            TINFLStatus::HasMoreOutput => own.resize(own.len().saturating_mul(2).min(room.max(1)), 0),
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => break Some(DecodeError::Truncated),
            _ => break Some(DecodeError::Malformed),
        }
    };
    own.truncate(written.min(room));
    out.append(&mut own);
    (read, problem)
}

/// Decodes gzip: a series of members (RFC 1952 2.2). Bytes after the last member are ignored.
fn gzip(input: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let (mut rest, mut wrong) = (input, None);
    loop {
        let header = match gzip_header(rest) {
            Ok(len) => len,
            // Padding after a member is not an error.
            Err(_) if !bytes.is_empty() => return Decoded { bytes, problem: wrong },
            Err(problem) => return Decoded { bytes, problem: Some(problem) },
        };
        let start = bytes.len();
        let (used, problem) = inflate(rest.get(header..).unwrap_or_default(), 0, &mut bytes, limit);
        if problem.is_some() {
            return Decoded { bytes, problem };
        }
        // RFC 1952 2.3.1: CRC-32 and length, four bytes each.
        let trailer = rest.get(header + used..).unwrap_or_default();
        let Some((trailer, more)) = trailer.split_first_chunk::<8>() else {
            return Decoded { bytes, problem: Some(DecodeError::Truncated) };
        };
        let member = bytes.get(start..).unwrap_or_default();
        let [sum, len] = [crc32fast::hash(member), member.len() as u32].map(u32::to_le_bytes);
        if [sum, len].concat() != trailer {
            wrong = Some(DecodeError::Checksum);
        }
        if more.is_empty() {
            return Decoded { bytes, problem: wrong };
        }
        rest = more;
    }
}

/// Returns the length of a gzip member's header (RFC 1952 2.3).
fn gzip_header(bytes: &[u8]) -> Result<usize, DecodeError> {
    if !GZIP_MAGIC.starts_with(bytes.get(..3).unwrap_or(bytes)) {
        return Err(DecodeError::Malformed);
    }
    let &[_, _, _, flags, _, _, _, _, _, _] = bytes.first_chunk().ok_or(DecodeError::Truncated)?;
    // RFC 1952 2.3.1.2: a reserved bit may mean another field.
    if flags & 0xe0 != 0 {
        return Err(DecodeError::Malformed);
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let extra = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(DecodeError::Truncated)?;
        at += 2 + usize::from(u16::from_le_bytes(*extra));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let rest = bytes.get(at..).ok_or(DecodeError::Truncated)?;
            at += memchr::memchr(0, rest).ok_or(DecodeError::Truncated)? + 1;
        }
    }
    if flags & 2 != 0 {
        let (header, rest) = bytes.split_at_checked(at).ok_or(DecodeError::Truncated)?;
        let crc = rest.first_chunk().ok_or(DecodeError::Truncated)?;
        if u16::from_le_bytes(*crc) != crc32fast::hash(header) as u16 {
            return Err(DecodeError::Malformed);
        }
        at += 2;
    }
    if at <= bytes.len() { Ok(at) } else { Err(DecodeError::Truncated) }
}

/// Decodes deflate: the zlib format (RFC 1950) that RFC 9110 8.4.1.2 requires, or raw deflate, which some servers send.
fn deflate(input: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let flags = if is_zlib(input) { TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
    let (mut at, problem) = inflate(input, flags, &mut bytes, limit);
    let is_over = matches!(problem, None | Some(DecodeError::Checksum));
    // Some servers send several streams, as gzip has several members. Other bytes after a stream are ignored.
    for _ in 1..MAX_STREAMS {
        let Some(rest) = input.get(at..).filter(|rest| is_over && !rest.is_empty()) else { break };
        let mut more = Vec::new();
        let (used, None) = inflate(rest, flags, &mut more, limit.saturating_sub(bytes.len())) else { break };
        bytes.append(&mut more);
        at += used;
    }
    Decoded { bytes, problem }
}

/// Finds and decodes a deflate stream near the beginning of content whose header is broken, or that begins with other
/// bytes. Its checksum must follow, or it is after a header of gzip or zlib, or it is almost all of the content.
pub(crate) fn find_deflate(input: &[u8], spent: &mut usize) -> Option<Vec<u8>> {
    let (limit, before) = (output_limit(input, MAX_CONTENT), *spent);
    // Ten bytes of gzip and two of zlib; then those that are less likely.
    let header = match input.first()? {
        0x1f => 10,
        first if first & 0x0f == 8 => 2,
        _ => 0,
    };
    for offset in [header, header + 2].into_iter().chain(0..=MAX_STREAM_OFFSET) {
        let mut bytes = Vec::new();
        let stream = input.get(offset..)?;
        let (used, problem) = inflate(stream, 0, &mut bytes, limit);
        *spent += bytes.len();
        let after = stream.get(used..).unwrap_or_default();
        let is_all = after.len() <= MAX_TRAILER && (offset == header && header > 0 || used >= MIN_STREAM);
        if problem.is_none() && !bytes.is_empty() && (is_all || is_checksum(&bytes, after)) {
            return Some(bytes);
        }
        if *spent - before > limit {
            return None;
        }
    }
    None
}

/// Whether the bytes after a deflate stream are the checksum of its content: of gzip or of zlib.
fn is_checksum(content: &[u8], after: &[u8]) -> bool {
    let Some(&checksum) = after.first_chunk::<4>() else { return false };
    checksum == crc32fast::hash(content).to_le_bytes() || checksum == adler32(content).to_be_bytes()
}

/// Returns the checksum of zlib (RFC 1950 8.2).
fn adler32(content: &[u8]) -> u32 {
    let (mut sum, mut sums) = (1_u32, 0_u32);
    for &byte in content {
        sum = (sum + u32::from(byte)) % 65_521;
        sums = (sums + sum) % 65_521;
    }
    sums << 16 | sum
}

/// Decodes the format of LZMA with a header of 13 bytes (`.lzma`), which has no end mark if its length is known.
pub(crate) fn lzma(input: &[u8]) -> Option<Vec<u8>> {
    // Properties lc = 3, lp = 0, pb = 2, which all encoders use unless configured otherwise.
    let mut reader =
        LzmaReader::new_mem_limit(input, MAX_LZMA_KIB, None).ok().filter(|_| input.first() == Some(&0x5d))?;
    let limit = output_limit(input, MAX_CONTENT);
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    while bytes.len() < limit {
        match reader.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(len) => bytes.extend_from_slice(part.get(..len)?),
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Maximum size of the decoded content of `input`, at most `max` bytes.
pub(crate) fn output_limit(input: &[u8], max: usize) -> usize {
    input.len().saturating_mul(MAX_RATIO).max(INITIAL_BUFFER).min(max)
}

fn brotli(input: &[u8], limit: usize) -> Decoded {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let mut bytes = vec![0; INITIAL_BUFFER.min(limit)];
    let (mut left, mut read) = (input.len(), 0);
    let (mut written, mut total) = (0, 0);
    let problem = loop {
        let mut room = bytes.len() - written;
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            &mut bytes,
            &mut total,
            &mut state,
        );
        match result {
            BrotliResult::ResultSuccess => break None,
            BrotliResult::NeedsMoreInput => break Some(DecodeError::Truncated),
            BrotliResult::NeedsMoreOutput if bytes.len() >= limit => break Some(DecodeError::TooLarge),
            BrotliResult::NeedsMoreOutput => bytes.resize(bytes.len().saturating_mul(2).min(limit), 0),
            BrotliResult::ResultFailure => break Some(DecodeError::Malformed),
        }
    };
    bytes.truncate(written);
    Decoded { bytes, problem }
}

/// Decodes zstd: a series of frames (RFC 8878).
fn zstd(input: &[u8], limit: usize) -> Decoded {
    let mut all = Decoded::default();
    let mut rest = input;
    while !rest.is_empty() {
        // RFC 8878 3.1.2: skippable frame.
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = *rest {
            let len = 8_usize.saturating_add(u32::from_le_bytes([a, b, c, d]) as usize);
            rest = rest.get(len..).unwrap_or_default();
            continue;
        }
        let room = limit.saturating_sub(all.bytes.len());
        let (used, frame) = zstd_frame(rest, room);
        all.bytes.extend_from_slice(&frame.bytes);
        all.problem = frame.problem;
        if all.problem.is_some() {
            break;
        }
        rest = rest.get(used.max(1)..).unwrap_or_default();
    }
    all
}

fn zstd_frame(input: &[u8], room: usize) -> (usize, Decoded) {
    let mut decoder = FrameDecoder::new();
    // RFC 9659: HTTP limits the window to 8 MiB.
    decoder.set_max_window_size(MAX_CONTENT as u64);
    let mut source = input;
    let mut bytes = Vec::new();
    let magic = input.starts_with(&ZSTD_MAGIC);
    if decoder.init(&mut source).is_err() {
        let is_begun = magic || ZSTD_MAGIC.starts_with(input);
        let problem = if is_begun && input.len() < 18 { DecodeError::Truncated } else { DecodeError::Malformed };
        return (0, Decoded { bytes, problem: Some(problem) });
    }
    let offset = |source: &[u8]| input.len() - source.len();
    let (mut last, mut next) = (None, offset(source));
    loop {
        let outcome = decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1));
        if let Some(more) = outcome.as_ref().ok().and_then(|_| decoder.collect()) {
            bytes.extend_from_slice(&more);
        }
        let problem = match outcome {
            Ok(true) if bytes.len() <= room => return (offset(source), Decoded { bytes, problem: None }),
            Ok(_) if bytes.len() > room => DecodeError::TooLarge,
            Ok(_) => {
                last = Some(next);
                next = offset(source);
                continue;
            }
            Err(_) if is_block_truncated(input.get(next..).unwrap_or_default()) => DecodeError::Truncated,
            Err(_) => DecodeError::Malformed,
        };
        if let (Some(last), true) = (last, problem != DecodeError::TooLarge) {
            bytes = zstd_complete_blocks(input, last, next).unwrap_or(bytes);
        }
        bytes.truncate(room);
        return (0, Decoded { bytes, problem: Some(problem) });
    }
}

/// Whether a block is incomplete. It begins with a header of three bytes (RFC 8878 3.1.1.2).
fn is_block_truncated(block: &[u8]) -> bool {
    let Some(&[a, b, c]) = block.first_chunk::<3>() else {
        return true;
    };
    let header = u32::from_le_bytes([a, b, c, 0]);
    let len = if header >> 1 & 3 == 1 { 1 } else { (header >> 3) as usize };
    // A checksum may follow the last block.
    block.len() < 3 + len + if header & 1 == 1 { 4 } else { 0 }
}

/// Decodes the complete blocks of a truncated frame; the last of them spans `last..end`. The decoder withholds the last
/// window until the end of the frame, so the input is changed into a frame that ends with this block.
fn zstd_complete_blocks(input: &[u8], last: usize, end: usize) -> Option<Vec<u8>> {
    let mut frame = input.get(..end)?.to_vec();
    *frame.get_mut(last)? |= 1;
    // RFC 8878 3.1.1.1.1: no checksum.
    *frame.get_mut(4)? &= !4;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_CONTENT as u64);
    let mut source = frame.as_slice();
    decoder.init(&mut source).ok()?;
    decoder.decode_blocks(&mut source, BlockDecodingStrategy::All).ok()?;
    decoder.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    /// `overhear hears over here ` four times, as encoded by gzip, zlib, brotli and zstd.
    const CODED: &[(&str, &str)] = &[
        (
            "gzip",
            "1f8b08080000000002ff6e616d652e74787400cb2f4b2dca484d2c520011c50af9402e9059940a665149020032b9618c64000000",
        ),
        ("deflate", "789ccb2f4b2dca484d2c520011c50af9402e9059940a66514902006dcf253d"),
        ("deflate", "cb2f4b2dca484d2c520011c50af9402e9059940a6651490200"),
        ("br", "1f6300f89d09364ea817879d15da5bd8a55c18489781a0cd0d0c03858ccc622f4101"),
        ("zstd", "28b52ffd04580d0100c06f76657268656172206865617273206f76657220686572650200c413012a943196c130c2"),
    ];
    /// 40 MiB of zeros as encoded by brotli.
    const BROTLI_BOMB: &str = "cfffff7f002400e2b14072effff9ffff0f8004401c1680eefd7ffeffff01900088c302d0bdff03";

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn text() -> Vec<u8> {
        b"overhear hears over here ".repeat(4)
    }

    #[test]
    fn each_coding_is_decoded() {
        for (coding, coded) in CODED {
            let decoded = decode(coding.as_bytes(), &unhex(coded)).unwrap();
            assert_eq!(decoded, Decoded { bytes: text(), problem: None }, "{coding}");
        }
        assert_eq!(decode(b"identity", b"x"), None);
        assert_eq!(decode(b"", b"x"), None);
    }

    #[test]
    fn a_truncated_input_is_decoded_as_far_as_it_goes() {
        for (coding, coded) in CODED {
            let coded = unhex(coded);
            for len in 0..coded.len() {
                let decoded = decode(coding.as_bytes(), &coded[..len]).unwrap();
                assert!(text().starts_with(&decoded.bytes), "{coding} {len}");
                // Without a checksum the loss of the last bits, which only pad a byte, goes unnoticed.
                assert!(
                    decoded.problem.is_some() || len == 0 || decoded.bytes == text(),
                    "{coding} {len}: {decoded:?}"
                );
            }
        }
    }

    #[test]
    fn nested_codings_are_decoded_in_turn() {
        let inner = unhex(CODED[0].1);
        let both = compress_to_vec_zlib(&inner, 6);
        assert_eq!(decode(b"gzip, deflate", &both).unwrap().bytes, text());
        let unknown = decode(b"exotic, deflate", &both).unwrap();
        assert_eq!(unknown, Decoded { bytes: inner, problem: Some(DecodeError::Unknown) });
        assert_eq!(decode(b"gzip,gzip,gzip,gzip,gzip", b"").unwrap().problem, Some(DecodeError::TooLarge));
    }

    #[test]
    fn the_checksum_of_gzip_is_that_of_the_crc_catalogue() {
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32fast::hash(b""), 0);
        assert_eq!(crc32fast::hash(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
    }

    #[test]
    fn a_wrong_checksum_or_length_is_reported_and_the_content_is_complete() {
        let wrong = Decoded { bytes: text(), problem: Some(DecodeError::Checksum) };
        for (coding, coded) in [CODED[0], CODED[1]] {
            let len = unhex(coded).len();
            for changed in len - if coding == "gzip" { 8 } else { 4 }..len {
                let mut coded = unhex(coded);
                coded[changed] ^= 1;
                assert_eq!(decode(coding.as_bytes(), &coded), Some(wrong.clone()), "{coding} {changed}");
                let both = [coded, unhex(CODED[0].1)].concat();
                let twice = Decoded { bytes: text().repeat(2), ..wrong.clone() };
                assert!(coding != "gzip" || decode(b"gzip", &both) == Some(twice), "{changed}");
            }
        }
        // The problem of the content comes before that of a checksum.
        let mut outer = compress_to_vec_zlib(b"not gzip", 6);
        *outer.last_mut().unwrap() ^= 1;
        assert_eq!(decode(b"gzip, deflate", &outer).unwrap().problem, Some(DecodeError::Malformed));
    }

    #[test]
    fn several_members_and_frames_are_decoded() {
        for (coding, coded) in [CODED[0], CODED[4]] {
            let twice = unhex(coded).repeat(2);
            let decoded = decode(coding.as_bytes(), &twice).unwrap();
            assert_eq!(decoded, Decoded { bytes: text().repeat(2), problem: None }, "{coding}");
        }
        // Streams of raw deflate, of a byte each.
        let streams = unhex("4b04004b02004b0600");
        assert_eq!(decode(b"deflate", &streams).unwrap(), Decoded { bytes: b"abc".to_vec(), problem: None });
        let padded = [unhex(CODED[0].1), vec![0; 9]].concat();
        assert_eq!(decode(b"gzip", &padded).unwrap(), Decoded { bytes: text(), problem: None });
    }

    #[test]
    fn a_decompression_bomb_stops_at_the_limit() {
        let zeros = vec![0; 12 << 20];
        let deflated = compress_to_vec_zlib(&zeros, 9);
        for (coding, bomb) in [("deflate", deflated), ("br", unhex(BROTLI_BOMB))] {
            let decoded = decode(coding.as_bytes(), &bomb).unwrap();
            assert_eq!(decoded.problem, Some(DecodeError::TooLarge), "{coding}");
            assert!(decoded.bytes.len() <= MAX_CONTENT, "{coding}");
        }
        let nested = compress_to_vec(&compress_to_vec(&zeros, 9), 9);
        assert!(decode(b"deflate, deflate", &nested).unwrap().bytes.len() <= MAX_CONTENT);
    }

    #[test]
    fn content_in_another_coding_is_reported() {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let decoded = decode(coding.as_bytes(), b"<html>this is plainly not coded at all</html>").unwrap();
            assert!(decoded.problem.is_some(), "{coding}");
        }
    }

    #[test]
    fn the_complete_blocks_of_a_truncated_frame_are_decoded() {
        // Raw blocks (RFC 8878 3.1.1.2); the third is the last.
        let frame =
            [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x50][..], b"\x28\0\0first", b"\x28\0\0again", b"\x29\0\0third"].concat();
        assert_eq!(decode(b"zstd", &frame).unwrap(), Decoded { bytes: b"firstagainthird".to_vec(), problem: None });
        for (len, expected) in
            [(frame.len() - 1, "firstagain"), (frame.len() - 8, "firstagain"), (frame.len() - 9, "first")]
        {
            let decoded = decode(b"zstd", &frame[..len]).unwrap();
            let problem = Some(DecodeError::Truncated);
            assert_eq!(decoded, Decoded { bytes: expected.as_bytes().to_vec(), problem }, "{len}");
        }
    }
}
