//! Content codings undone (RFC 9110 8.4.1): gzip, deflate, br and zstd, within limits.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// As large as content may become by decoding.
pub const MAX_CONTENT: usize = 8 << 20;
/// As many times larger than what was sent, as well; deflate alone cannot do more than 1032.
const MAX_RATIO: usize = 1100;
/// As many codings are undone, one inside the other.
const MAX_CODINGS: usize = 4;
/// Content is decoded in steps of this size.
const STEP: usize = 65_536;

/// Content with its codings undone, as far as that went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// What was decoded; all of it only where there is no `problem`.
    pub bytes: Vec<u8>,
    /// Why it ended early, if it did.
    pub problem: Option<Problem>,
}

/// Why content could not be decoded to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not what its coding says.
    Malformed,
    /// It ends too early.
    Truncated,
    /// It grows beyond [`MAX_CONTENT`], or out of proportion.
    TooLarge,
    /// A coding that is not known here; what it coded is left as it is.
    Unknown,
}

impl Problem {
    /// The problem in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Problem::Malformed => "the content is not what its coding says",
            Problem::Truncated => "the content ends too early",
            Problem::TooLarge => "the content grows too large",
            Problem::Unknown => "the coding is not known",
        }
    }
}

/// Undoes codings as a Content-Encoding header lists them, in the order in which they were applied. Nothing to undo
/// gives `None`.
#[must_use]
pub fn decode(codings: &[u8], body: &[u8]) -> Option<Decoded> {
    let limit = body.len().saturating_mul(MAX_RATIO).clamp(STEP, MAX_CONTENT);
    let mut decoded: Option<Decoded> = None;
    let names = codings.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
    for (nth, name) in names.enumerate() {
        let input = decoded.as_ref().map_or(body, |decoded| &decoded.bytes);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let next = match () {
            () if nth == MAX_CODINGS => Err(Problem::TooLarge),
            () if is("gzip") || is("x-gzip") => Ok(gzip(input, limit)),
            () if is("deflate") => Ok(deflate(input, limit)),
            () if is("br") => Ok(brotli(input, limit)),
            () if is("zstd") => Ok(zstd(input, limit)),
            () => Err(Problem::Unknown),
        };
        let before = decoded.take();
        match next {
            Ok(next) => {
                let problem = before.and_then(|before| before.problem).or(next.problem);
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

/// Inflates up to the end of one deflate stream; says how much of the input it was.
fn inflate(input: &[u8], flags: u32, out: &mut Vec<u8>, limit: usize) -> (usize, Option<Problem>) {
    let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    // Distances reach back to the beginning of this stream and no further.
    let mut own = vec![0; STEP.min(limit)];
    let (mut read, mut written) = (0, 0);
    let mut state = Box::new(DecompressorOxide::new());
    let room = limit.saturating_sub(out.len());
    let problem = loop {
        let rest = input.get(read..).unwrap_or_default();
        let (status, used, made) = decompress(&mut state, rest, &mut own, written, flags);
        (read, written) = (read + used, written + made);
        match status {
            TINFLStatus::Done => break None,
            TINFLStatus::HasMoreOutput if written >= room => break Some(Problem::TooLarge),
            TINFLStatus::HasMoreOutput => own.resize(own.len().saturating_mul(2).min(room.max(1)), 0),
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => break Some(Problem::Truncated),
            _ => break Some(Problem::Malformed),
        }
    };
    own.truncate(written.min(room));
    out.append(&mut own);
    (read, problem)
}

/// gzip: one member after the other (RFC 1952 2.2). What follows the last is passed over.
fn gzip(input: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let mut rest = input;
    loop {
        let header = match gzip_header(rest) {
            Ok(len) => len,
            // Padding after a member is no fault of the content.
            Err(_) if !bytes.is_empty() => return Decoded { bytes, problem: None },
            Err(problem) => return Decoded { bytes, problem: Some(problem) },
        };
        let (used, problem) = inflate(rest.get(header..).unwrap_or_default(), 0, &mut bytes, limit);
        if problem.is_some() {
            return Decoded { bytes, problem };
        }
        // RFC 1952 2.3.1: CRC-32 and length, four bytes each.
        match rest.get(header + used + 8..) {
            None => return Decoded { bytes, problem: Some(Problem::Truncated) },
            Some([]) => return Decoded { bytes, problem: None },
            Some(more) => rest = more,
        }
    }
}

/// The length of a gzip member's header (RFC 1952 2.3).
fn gzip_header(bytes: &[u8]) -> Result<usize, Problem> {
    let &[0x1f, 0x8b, 8, flags, _, _, _, _, _, _] = bytes.first_chunk::<10>().ok_or(Problem::Truncated)? else {
        return Err(Problem::Malformed);
    };
    let mut at = 10;
    if flags & 4 != 0 {
        let extra = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Problem::Truncated)?;
        at += 2 + usize::from(u16::from_le_bytes(*extra));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let rest = bytes.get(at..).ok_or(Problem::Truncated)?;
            at += memchr::memchr(0, rest).ok_or(Problem::Truncated)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    if at <= bytes.len() { Ok(at) } else { Err(Problem::Truncated) }
}

/// deflate: the zlib form (RFC 1950) that RFC 9110 8.4.1.2 demands, or the bare one that some servers send.
fn deflate(input: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let is_zlib = matches!(input, [cmf, flg, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0);
    let flags = if is_zlib { TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
    let (_, problem) = inflate(input, flags, &mut bytes, limit);
    Decoded { bytes, problem }
}

fn brotli(input: &[u8], limit: usize) -> Decoded {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let mut bytes = vec![0; STEP.min(limit)];
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
            BrotliResult::NeedsMoreInput => break Some(Problem::Truncated),
            BrotliResult::NeedsMoreOutput if bytes.len() >= limit => break Some(Problem::TooLarge),
            BrotliResult::NeedsMoreOutput => bytes.resize(bytes.len().saturating_mul(2).min(limit), 0),
            BrotliResult::ResultFailure => break Some(Problem::Malformed),
        }
    };
    bytes.truncate(written);
    Decoded { bytes, problem }
}

/// zstd: one frame after the other (RFC 8878).
fn zstd(input: &[u8], limit: usize) -> Decoded {
    let mut all = Decoded::default();
    let mut rest = input;
    while !rest.is_empty() {
        // RFC 8878 3.1.2: a frame to be skipped.
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
    // RFC 9659: a window of more than 8 MiB is not for HTTP.
    decoder.set_max_window_size(MAX_CONTENT as u64);
    let mut source = input;
    let mut bytes = Vec::new();
    let magic = input.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    if decoder.init(&mut source).is_err() {
        let problem = if magic && input.len() < 18 { Problem::Truncated } else { Problem::Malformed };
        return (0, Decoded { bytes, problem: Some(problem) });
    }
    let place = |source: &[u8]| input.len() - source.len();
    let (mut last, mut next) = (None, place(source));
    loop {
        let outcome = decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1));
        if let Some(more) = outcome.as_ref().ok().and_then(|_| decoder.collect()) {
            bytes.extend_from_slice(&more);
        }
        let problem = match outcome {
            Ok(true) if bytes.len() <= room => return (place(source), Decoded { bytes, problem: None }),
            Ok(_) if bytes.len() > room => Problem::TooLarge,
            Ok(_) => {
                last = Some(next);
                next = place(source);
                continue;
            }
            Err(_) if block_is_cut(input.get(next..).unwrap_or_default()) => Problem::Truncated,
            Err(_) => Problem::Malformed,
        };
        if let (Some(last), true) = (last, problem != Problem::TooLarge) {
            bytes = zstd_beginning(input, last, next).unwrap_or(bytes);
        }
        bytes.truncate(room);
        return (0, Decoded { bytes, problem: Some(problem) });
    }
}

/// Whether a block, which begins with its three bytes of header (RFC 8878 3.1.1.2), is not all there.
fn block_is_cut(block: &[u8]) -> bool {
    let Some(&[a, b, c]) = block.first_chunk::<3>() else {
        return true;
    };
    let header = u32::from_le_bytes([a, b, c, 0]);
    let len = if header >> 1 & 3 == 1 { 1 } else { (header >> 3) as usize };
    // After the last block comes perhaps a checksum.
    block.len() < 3 + len + if header & 1 == 1 { 4 } else { 0 }
}

/// The content of a frame's whole blocks, of which the last begins at `last` and ends at `end`. The decoder gives
/// nothing of the last window but at a frame's end: so it gets a frame that ends there.
fn zstd_beginning(input: &[u8], last: usize, end: usize) -> Option<Vec<u8>> {
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

    /// `overhear hears over here ` four times, as gzip, zlib, brotli and zstd write it.
    const CODED: &[(&str, &str)] = &[
        ("gzip", "1f8b08080000000002ff6e616d652e74787400cb2f4b2dca484d2c520011c50af9402e9059940a665149020032b9618c64000000"),
        ("deflate", "789ccb2f4b2dca484d2c520011c50af9402e9059940a66514902006dcf253d"),
        ("deflate", "cb2f4b2dca484d2c520011c50af9402e9059940a6651490200"),
        ("br", "1f6300f89d09364ea817879d15da5bd8a55c18489781a0cd0d0c03858ccc622f4101"),
        ("zstd", "28b52ffd04580d0100c06f76657268656172206865617273206f76657220686572650200c413012a943196c130c2"),
    ];
    /// 40 MiB of zeros as brotli writes them.
    const BROTLI_BOMB: &str = "cfffff7f002400e2b14072effff9ffff0f8004401c1680eefd7ffeffff01900088c302d0bdff03";

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn text() -> Vec<u8> {
        b"overhear hears over here ".repeat(4)
    }

    #[test]
    fn each_coding_is_undone() {
        for (coding, coded) in CODED {
            let decoded = decode(coding.as_bytes(), &unhex(coded)).unwrap();
            assert_eq!(decoded, Decoded { bytes: text(), problem: None }, "{coding}");
        }
        assert_eq!(decode(b"identity", b"x"), None);
        assert_eq!(decode(b"", b"x"), None);
    }

    #[test]
    fn a_beginning_is_undone_as_far_as_it_goes() {
        for (coding, coded) in CODED {
            let coded = unhex(coded);
            for len in 0..coded.len() {
                let decoded = decode(coding.as_bytes(), &coded[..len]).unwrap();
                assert!(text().starts_with(&decoded.bytes), "{coding} {len}");
                // Without a checksum nothing tells that the last bits, which fill a byte, are missing.
                assert!(decoded.problem.is_some() || len == 0 || decoded.bytes == text(), "{coding} {len}: {decoded:?}");
            }
        }
    }

    #[test]
    fn codings_are_undone_one_after_the_other() {
        let inner = unhex(CODED[0].1);
        let both = compress_to_vec_zlib(&inner, 6);
        assert_eq!(decode(b"gzip, deflate", &both).unwrap().bytes, text());
        let unknown = decode(b"exotic, deflate", &both).unwrap();
        assert_eq!(unknown, Decoded { bytes: inner, problem: Some(Problem::Unknown) });
        assert_eq!(decode(b"gzip,gzip,gzip,gzip,gzip", b"").unwrap().problem, Some(Problem::TooLarge));
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        for (coding, coded) in [CODED[0], CODED[4]] {
            let twice = unhex(coded).repeat(2);
            let decoded = decode(coding.as_bytes(), &twice).unwrap();
            assert_eq!(decoded, Decoded { bytes: text().repeat(2), problem: None }, "{coding}");
        }
        let padded = [unhex(CODED[0].1), vec![0; 9]].concat();
        assert_eq!(decode(b"gzip", &padded).unwrap(), Decoded { bytes: text(), problem: None });
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let zeros = vec![0; 12 << 20];
        let deflated = compress_to_vec_zlib(&zeros, 9);
        for (coding, bomb) in [("deflate", deflated), ("br", unhex(BROTLI_BOMB))] {
            let decoded = decode(coding.as_bytes(), &bomb).unwrap();
            assert_eq!(decoded.problem, Some(Problem::TooLarge), "{coding}");
            assert!(decoded.bytes.len() <= MAX_CONTENT, "{coding}");
        }
        let nested = compress_to_vec(&compress_to_vec(&zeros, 9), 9);
        assert!(decode(b"deflate, deflate", &nested).unwrap().bytes.len() <= MAX_CONTENT);
    }

    #[test]
    fn what_is_not_so_coded_is_told() {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let decoded = decode(coding.as_bytes(), b"<html>this is plainly not coded at all</html>").unwrap();
            assert!(decoded.problem.is_some(), "{coding}");
        }
    }

    #[test]
    fn the_whole_blocks_of_a_frame_cut_short_are_given() {
        // Blocks as they are (RFC 8878 3.1.1.2), of which the second is the last.
        let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x50][..], b"\x28\0\0first", b"\x28\0\0again", b"\x29\0\0third"].concat();
        assert_eq!(decode(b"zstd", &frame).unwrap(), Decoded { bytes: b"firstagainthird".to_vec(), problem: None });
        for (len, expected) in [(frame.len() - 1, "firstagain"), (frame.len() - 8, "firstagain"), (frame.len() - 9, "first")] {
            let decoded = decode(b"zstd", &frame[..len]).unwrap();
            let problem = Some(Problem::Truncated);
            assert_eq!(decoded, Decoded { bytes: expected.as_bytes().to_vec(), problem }, "{len}");
        }
    }
}
