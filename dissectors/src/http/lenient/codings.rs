//! Codings as a lenient recipient finds them: by parts of names, behind malformed header lines, and by their content.

use super::trick::{self, Tricks};
use crate::coding;
use alloc::vec::Vec;

/// Maximum number of bytes between the beginning of a line and the name, and between the name and its colon.
const MAX_JUNK: usize = 4;
/// Maximum number of codings that are undone.
const MAX_CODINGS: usize = 4;

/// A content coding and the name it has in the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    format: Format,
    is_exact: bool,
}

/// Format of compressed content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
    Lzma,
}

/// Part of a name, and the format that it means.
static NAMES: &[(&str, Format)] = &[
    ("gzip", Format::Gzip),
    ("deflate", Format::Deflate),
    ("zlib", Format::Deflate),
    ("br", Format::Brotli),
    ("zstd", Format::Zstd),
    ("lzma", Format::Lzma),
];

/// Codings that a head names.
#[derive(Debug, Default)]
pub(super) struct Codings {
    /// Tricks of chunked, if the body may be chunked.
    pub chunked: Option<Tricks>,
    /// Codings of the content in the order of application.
    pub names: Vec<Named>,
    /// Tricks of the head.
    pub tricks: Tricks,
    /// Whether a header line names a coding or a length.
    pub is_found: bool,
}

impl Codings {
    /// Finds the codings in a head, or in a part of it.
    pub(super) fn find(head: &[u8]) -> Codings {
        let lower = head.to_ascii_lowercase();
        let is_found = header_values(&lower, b"content-length").next().is_some();
        let mut all = Codings { is_found, ..Codings::default() };
        for (at, value, is_hidden) in header_values(&lower, b"content-encoding") {
            all.is_found = true;
            all.add_content(head.get(at..at + value.len()).unwrap_or(value), value, is_hidden);
        }
        let (mut chunked, mut last, mut is_transfer) = (0, Vec::new(), false);
        for (at, value, is_hidden) in header_values(&lower, b"transfer-encoding") {
            all.is_found = true;
            let hidden = if is_hidden { trick::HIDDEN_HEADER } else { 0 };
            // Whatever the transfer coding is called, the body may be chunked.
            all.chunked = Some(all.chunked.unwrap_or(0) | hidden);
            let decoded = decoded_word(head.get(at..at + value.len()).unwrap_or(value));
            let value = decoded.as_deref().unwrap_or(value);
            if decoded.is_none() {
                chunked += value.split(|&byte| byte == b',').filter(|name| name.trim_ascii() == b"chunked").count();
            }
            all.add_names(value, decoded.is_none(), hidden);
            last = value.rsplit(|&byte| byte == b',').next().unwrap_or(value).trim_ascii().to_vec();
            is_transfer = true;
        }
        if let Some(tricks) = all.chunked.as_mut().filter(|_| is_transfer) {
            *tricks |= match chunked {
                0 => trick::CHUNKED_MISNAMED,
                1 if last == b"chunked" => 0,
                1 => trick::CHUNKED_NOT_LAST,
                _ => trick::CHUNKED_TWICE,
            };
        }
        all.names.truncate(MAX_CODINGS);
        all
    }

    /// Adds the codings of another part of the head.
    pub(super) fn append(&mut self, more: Codings) {
        self.chunked = self.chunked.or(more.chunked);
        self.names.extend(more.names);
        self.names.truncate(MAX_CODINGS);
        self.tricks |= more.tricks;
    }

    fn add_content(&mut self, original: &[u8], lower: &[u8], is_hidden: bool) {
        let decoded = decoded_word(original);
        let value = decoded.as_deref().unwrap_or(lower);
        if memchr::memmem::find(value, b"chunk").is_some() {
            self.chunked = Some(self.chunked.unwrap_or(0) | trick::CHUNKED_AS_CONTENT);
        }
        let before = self.names.len();
        self.add_names(value, decoded.is_none(), if is_hidden { trick::HIDDEN_HEADER } else { 0 });
        // A list with other names, of which the known ones are undone.
        let elements = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        let count = elements.filter(|element| !matches!(*element, b"" | b"identity")).count();
        if before < self.names.len() && self.names.len() - before < count {
            self.tricks |= trick::CODING_NOT_APPLIED;
        }
    }

    /// Adds the names in a value. `is_plain` means that the value is no encoded word.
    fn add_names(&mut self, value: &[u8], is_plain: bool, hidden: Tricks) {
        for element in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            let words = element.split(|&byte| !byte.is_ascii_alphanumeric() && byte != b'-');
            for word in words.filter(|word| !word.is_empty()) {
                let is_named = |name: &str| match name {
                    "br" => word == b"br",
                    _ => memchr::memmem::find(word, name.as_bytes()).is_some(),
                };
                if let Some(&(_, format)) = NAMES.iter().find(|(name, _)| is_named(name)) {
                    let is_exact = is_plain && (element == format.name().as_bytes() || element == b"x-gzip");
                    self.names.push(Named { format, is_exact });
                    self.tricks |= hidden;
                }
            }
        }
    }
}

/// Returns the values of the header lines of this name: offset, value, and whether the line is malformed. `head` is in
/// lower case. A line may begin after CR alone and with a few other bytes, and such may be before the colon.
fn header_values<'h>(head: &'h [u8], name: &'static [u8]) -> impl Iterator<Item = (usize, &'h [u8], bool)> {
    memchr::memmem::find_iter(head, name).filter_map(move |at| {
        let before = head.get(..at)?;
        let junk = before.iter().rev().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
        let after = head.get(at + name.len()..)?;
        let colon = after.iter().take(MAX_JUNK).position(|&byte| byte == b':')?;
        let is_name = after.iter().take(colon).any(u8::is_ascii_alphanumeric);
        if junk > MAX_JUNK || is_name {
            return None;
        }
        let value = after.get(colon + 1..)?;
        let colons = value.iter().take_while(|&&byte| byte == b':').count();
        let value = value.get(colons..)?;
        let len = value_len(value);
        let is_hidden = junk > 0 || colon > 0 || colons > 0 || !before.is_empty() && !before.ends_with(b"\n");
        Some((at + name.len() + colon + 1 + colons, value.get(..len)?, is_hidden))
    })
}

/// Returns the length of a value, which may be folded over several lines.
fn value_len(value: &[u8]) -> usize {
    let end = memchr::memchr_iter(b'\n', value).find(|&at| !matches!(value.get(at + 1), Some(b' ' | b'\t')));
    end.unwrap_or(value.len())
}

/// Decodes a value that is an encoded word in Base64 (RFC 2047 2), in lower case.
fn decoded_word(value: &[u8]) -> Option<Vec<u8>> {
    let value = value.trim_ascii().strip_prefix(b"=?")?.strip_suffix(b"?=")?;
    let mut parts = value.split(|&byte| byte == b'?').skip(1);
    let encoding = parts.next().filter(|encoding| encoding.eq_ignore_ascii_case(b"b"));
    let decoded = encoding.and_then(|_| crate::base64::decode(parts.next()?))?;
    Some(decoded.trim_ascii().to_ascii_lowercase())
}

/// Undoes a coding: in the format that its name means, or in the one that the content has. Returns `None` if the
/// content is not compressed. `spent` counts the bytes that were decoded.
pub(super) fn undo(named: &Named, content: &[u8], spent: &mut usize) -> Option<(Vec<u8>, Tricks)> {
    let misnamed = if named.is_exact { 0 } else { trick::CODING_MISNAMED };
    let blanks = content.iter().take(MAX_CODINGS).take_while(|byte| byte.is_ascii_whitespace()).count();
    for (skipped, prefix) in [(0, 0), (blanks, trick::CODING_PREFIX)] {
        if prefix != 0 && blanks == 0 {
            break;
        }
        let content = content.get(skipped..)?;
        if let Some(bytes) = named.format.decode(content, spent) {
            return Some((bytes, misnamed | prefix | named.format.tricks()));
        }
        // Brotli has no mark by which it is found.
        let others = [Format::Gzip, Format::Deflate, Format::Zstd, Format::Lzma];
        for other in others.into_iter().filter(|other| *other != named.format) {
            if let Some(bytes) = other.decode(content, spent) {
                return Some((bytes, misnamed | prefix | trick::CODING_DIFFERS));
            }
        }
    }
    if let Some(bytes) = coding::find_deflate(content, spent) {
        return Some((bytes, misnamed | trick::CODING_BROKEN));
    }
    // Truncated content of the named coding, or of the one that it begins with, as far as it goes.
    let name = named.format.name().as_bytes();
    let detected = coding::detect(content).filter(|detected| *detected != name);
    [(Some(name), 0), (detected, trick::CODING_DIFFERS)].into_iter().find_map(|(name, differs)| {
        let partial = coding::decode(name?, content)?;
        *spent += partial.bytes.len();
        let is_partial = !partial.bytes.is_empty() && partial.bytes != content;
        is_partial.then_some((partial.bytes, misnamed | differs))
    })
}

impl Format {
    fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// Tricks of content in this format: lzma is not registered.
    fn tricks(self) -> Tricks {
        if self == Format::Lzma { trick::CODING_LZMA } else { 0 }
    }

    /// Decodes complete content.
    fn decode(self, content: &[u8], spent: &mut usize) -> Option<Vec<u8>> {
        if self == Format::Lzma {
            let decoded = coding::lzma(content)?;
            *spent += decoded.len();
            return Some(decoded);
        }
        let decoded = coding::decode(self.name().as_bytes(), content)?;
        *spent += decoded.bytes.len();
        (decoded.is_complete() && !decoded.bytes.is_empty()).then_some(decoded.bytes)
    }
}
