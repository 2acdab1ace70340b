//! The head of a message: its start line and its headers, read as httparse does or, where it gives up, more leniently.

use super::quirk::{self, Quirks};
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ops::Range;

/// As many headers as httparse is asked to read.
const STRICT_HEADERS: usize = 256;
/// As many header lines as are read at all; what comes after them is passed over with a note.
pub(super) const MAX_HEADERS: usize = 4096;

/// What the start line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<'b> {
    /// A request: its version is empty where there is none.
    Request { method: &'b [u8], target: &'b [u8], version: &'b [u8] },
    /// A response.
    Response { version: &'b [u8], code: Option<u16>, phrase: &'b [u8] },
}

/// A header line, by places in the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its first byte.
    pub start: u32,
    /// After the name; equal to `start` where there is no colon.
    pub name_end: u32,
    /// The value's first byte.
    pub value: u32,
    /// After the value's last byte; within it lie line ends where the header is folded.
    pub value_end: u32,
    /// After the line end.
    pub end: u32,
}

/// A head, with its header lines in a list of their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'b> {
    /// All its bytes, the empty line included.
    pub bytes: &'b [u8],
    /// What the start line says.
    pub start: Start<'b>,
    /// How long the start line is, with its line end.
    pub start_len: usize,
    /// What is odd about it.
    pub quirks: Quirks,
}

/// Where the head ends that begins with `bytes`: after its empty line. `scanned` is how much has been looked at in
/// vain, to begin there the next time.
pub(super) fn end(bytes: &[u8], scanned: &mut usize) -> Option<usize> {
    let mut at = *scanned;
    while let Some(rest) = bytes.get(at..) {
        let Some(found) = memchr::memchr(b'\n', rest) else {
            break;
        };
        match rest.get(found + 1..).unwrap_or_default() {
            [b'\n', ..] => return Some(at + found + 2),
            [b'\r', b'\n', ..] => return Some(at + found + 3),
            // Perhaps the empty line, not all here.
            [] | [b'\r'] => {
                *scanned = at + found;
                return None;
            }
            _ => at += found + 1,
        }
    }
    *scanned = bytes.len();
    None
}

/// Whether a message beginning so is a response.
pub(super) fn is_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/") || bytes.starts_with(b"ICY ")
}

/// Reads a head; `bytes` end with it, or earlier where it was cut. `lines` is filled with its header lines.
pub(super) fn read<'b>(bytes: &'b [u8], lines: &mut Vec<Line>) -> Head<'b> {
    lines.clear();
    match strict(bytes, lines) {
        Some(head) => head,
        None => {
            lines.clear();
            lenient(bytes, lines)
        }
    }
}

/// Reads in one pass of the head that `bytes` begin with no more than pairs the message and finds its end, for when it is
/// not shown: the start line, and of the header lines those that [`framing`](super::framing) asks for, of which it says
/// the same as [`read`] does. Other oddities than those of the start line are not looked for. None if the head is not
/// whole, or has more lines than are read.
pub(super) fn glance<'b>(bytes: &'b [u8], lines: &mut Vec<Line>) -> Option<Head<'b>> {
    lines.clear();
    let mut quirks = 0;
    let mut ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
    let start_len = ends.next()?;
    let start = start_line(bytes.get(..start_len)?, &mut quirks);
    let (mut at, mut count, mut kept) = (start_len, 0, false);
    loop {
        let rest = bytes.get(at..)?;
        let end = match rest {
            [b'\n', ..] => return Some(Head { bytes: bytes.get(..at + 1)?, start, start_len, quirks }),
            [b'\r', b'\n', ..] => return Some(Head { bytes: bytes.get(..at + 2)?, start, start_len, quirks }),
            _ => ends.next()?,
        };
        match rest.first()? {
            b' ' | b'\t' if count > 0 => {
                if let Some(folded) = lines.last_mut().filter(|_| kept) {
                    folded.value_end = (at + trim_end(bytes.get(at..end).unwrap_or_default()).len()) as u32;
                    folded.end = end as u32;
                }
            }
            _ if count == MAX_HEADERS => return None,
            _ => {
                count += 1;
                kept = rest.first_chunk().is_some_and(|&begin| may_matter(begin));
                if kept {
                    let text = trim_end(bytes.get(at..end).unwrap_or_default());
                    let colon = memchr::memchr(b':', text);
                    let line = colon.and_then(|colon| line(bytes, at..end, at + colon));
                    kept = line.is_some();
                    lines.extend(line);
                }
            }
        }
        at = end;
    }
}

/// Whether a header line that begins so may be Host, Upgrade, Transfer-Encoding, Content-Type, Content-Length or
/// Content-Encoding.
fn may_matter(begin: [u8; 4]) -> bool {
    matches!(&(u32::from_be_bytes(begin) | 0x2020_2020).to_be_bytes(), b"host" | b"upgr" | b"tran" | b"cont")
}

/// Reads the start line of a head and nothing else of it.
pub(super) fn first_line<'b>(bytes: &'b [u8], lines: &mut Vec<Line>) -> Head<'b> {
    lines.clear();
    let start_len = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let mut quirks = 0;
    let start = start_line(bytes.get(..start_len).unwrap_or_default(), &mut quirks);
    Head { bytes, start, start_len, quirks }
}

/// The start line, read leniently; `line` has its line end, unless it was cut.
fn start_line<'b>(line: &'b [u8], quirks: &mut Quirks) -> Start<'b> {
    let text = trim_end(line);
    if is_response(line) {
        response_line(text, line.len() > text.len(), quirks)
    } else {
        request_line(text, quirks)
    }
}

fn strict<'b>(bytes: &'b [u8], lines: &mut Vec<Line>) -> Option<Head<'b>> {
    let mut headers = [const { MaybeUninit::uninit() }; STRICT_HEADERS];
    let place = |part: &[u8]| (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    let (start, headers) = if is_response(bytes) {
        let mut response = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let status = config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers).ok()?;
        let code = response.code.filter(|_| status == httparse::Status::Complete(bytes.len()))?;
        // A phrase that is not ASCII is dropped: look for it ourselves.
        let phrase = response.reason.filter(|phrase| !phrase.is_empty())?.trim_start_matches(' ').as_bytes();
        (Start::Response { version: bytes.get(..8)?, code: Some(code), phrase }, response.headers)
    } else {
        let mut request = httparse::Request::new(&mut []);
        let status = request.parse_with_uninit_headers(bytes, &mut headers).ok()?;
        let method = request.method.filter(|_| status == httparse::Status::Complete(bytes.len()))?.as_bytes();
        let target = request.path?.as_bytes();
        let version = bytes.get(place(target).checked_add(target.len() + 1)?..)?.get(..8)?;
        (Start::Request { method, target, version }, request.headers)
    };
    // The empty line is one byte or two.
    let head_end = bytes.len() - if bytes.ends_with(b"\r\n") { 2 } else { 1 };
    let start_len = headers.first().map_or(head_end, |header| place(header.name.as_bytes()));
    let mut quirks = 0;
    if !bytes.get(..start_len)?.ends_with(b"\r\n") {
        quirks |= quirk::BARE_LF;
    }
    for (at, header) in headers.iter().enumerate() {
        let start = place(header.name.as_bytes());
        let end = headers.get(at + 1).map_or(head_end, |next| place(next.name.as_bytes()));
        let line = line(bytes, start..end, start + header.name.len())?;
        quirks |= if bytes.get(line.value_end as usize) == Some(&b'\r') { 0 } else { quirk::BARE_LF };
        lines.push(line);
    }
    Some(Head { bytes, start, start_len, quirks })
}

/// The header line at `range` whose name ends at `name_end`, where its colon stands. The value begins after white
/// space and, as Wireshark shows it, ends with the line.
fn line(bytes: &[u8], range: Range<usize>, name_end: usize) -> Option<Line> {
    let text = trim_end(bytes.get(range.clone())?);
    let value = bytes.get(name_end + 1..range.start + text.len()).unwrap_or_default();
    let spaces = value.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
    Some(Line {
        start: range.start as u32,
        name_end: name_end as u32,
        value: (name_end + 1 + spaces).min(range.start + text.len()) as u32,
        value_end: (range.start + text.len()) as u32,
        end: range.end as u32,
    })
}

fn lenient<'b>(bytes: &'b [u8], lines: &mut Vec<Line>) -> Head<'b> {
    let start_len = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let first = bytes.get(..start_len).unwrap_or_default();
    let mut quirks = line_quirks(first);
    let start = start_line(first, &mut quirks);
    let mut at = start_len;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let end = at + memchr::memchr(b'\n', rest).map_or(rest.len(), |found| found + 1);
        let whole = bytes.get(at..end).unwrap_or_default();
        let text = trim_end(whole);
        if text.is_empty() {
            break;
        }
        if lines.len() == MAX_HEADERS {
            quirks |= quirk::TOO_MANY_HEADERS;
            break;
        }
        quirks |= line_quirks(whole);
        // RFC 9112 5.2: a line that begins with white space continues the header before it.
        match lines.last_mut().filter(|_| matches!(text.first(), Some(b' ' | b'\t'))) {
            Some(folded) => {
                quirks |= quirk::FOLDED_HEADER;
                folded.value_end = (at + text.len()) as u32;
                folded.end = end as u32;
            }
            None => {
                let colon = memchr::memchr(b':', text);
                quirks |= name_quirks(text, colon);
                let no_colon = Line {
                    start: at as u32,
                    name_end: at as u32,
                    value: at as u32,
                    value_end: (at + text.len()) as u32,
                    end: end as u32,
                };
                lines.push(colon.and_then(|colon| line(bytes, at..end, at + colon)).unwrap_or(no_colon));
            }
        }
        at = end;
    }
    Head { bytes, start, start_len, quirks }
}

fn line_quirks(line: &[u8]) -> Quirks {
    let text = trim_end(line);
    let mut quirks = 0;
    if line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
        quirks |= quirk::BARE_LF;
    }
    if memchr::memchr(b'\r', text).is_some() {
        quirks |= quirk::BARE_CR;
    }
    if memchr::memchr(0, text).is_some() {
        quirks |= quirk::NUL_BYTE;
    }
    quirks
}

fn name_quirks(text: &[u8], colon: Option<usize>) -> Quirks {
    let Some(name) = colon.and_then(|colon| text.get(..colon)) else {
        return quirk::NO_COLON;
    };
    let mut quirks = 0;
    if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
        quirks |= quirk::BAD_HEADER_NAME;
    }
    // RFC 9112 5.1: white space before the colon has led to request smuggling.
    let trimmed = name.trim_ascii();
    if trimmed.len() < name.len()
        && [&b"transfer-encoding"[..], b"content-length"].iter().any(|known| trimmed.eq_ignore_ascii_case(known))
    {
        quirks |= quirk::SMUGGLING;
    }
    quirks
}

/// `METHOD target HTTP/1.1`, with more or less white space, or without version; the target may have spaces.
fn request_line<'b>(text: &'b [u8], quirks: &mut Quirks) -> Start<'b> {
    let end = text.iter().position(|&byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    let (method, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    let trimmed = rest.trim_ascii();
    let last = trimmed.iter().rposition(|&byte| matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
    let (before, version) = trimmed.split_at_checked(last).unwrap_or((trimmed, b""));
    let target = before.trim_ascii();
    let odd = rest.len() != trimmed.len() + 1 || before.len() != target.len() + 1 || target.contains(&b' ');
    if version_shaped(version) {
        if odd || !super::probe::is_version(version) {
            *quirks |= quirk::BAD_START_LINE;
        }
        return Start::Request { method, target, version };
    }
    *quirks |= quirk::SIMPLE_REQUEST;
    Start::Request { method, target: trimmed, version: b"" }
}

/// Whether it looks like a protocol and its version, such as `HTTP/1.1` or `RTSP/1.0`.
fn version_shaped(token: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', token) else {
        return false;
    };
    let (name, digits) = token.split_at_checked(slash).unwrap_or_default();
    !name.is_empty()
        && name.iter().all(u8::is_ascii_uppercase)
        && digits.get(1).is_some_and(u8::is_ascii_digit)
        && digits.get(2..).is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
}

/// `HTTP/1.1 200 OK`; `whole` says that the line has its end, without which the code may be cut.
fn response_line<'b>(text: &'b [u8], whole: bool, quirks: &mut Quirks) -> Start<'b> {
    let end = text.iter().position(|&byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    let (version, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    let spaces = rest.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
    let rest = rest.get(spaces..).unwrap_or_default();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at_checked(digits).unwrap_or_default();
    let sure = whole || !after.is_empty();
    let code = core::str::from_utf8(number).ok().and_then(|number| number.parse().ok()).filter(|_| sure);
    let delimited = matches!(after.first(), None | Some(b' ' | b'\t'));
    if digits != 3 || !delimited {
        *quirks |= quirk::BAD_STATUS;
    }
    if spaces != 1 {
        *quirks |= quirk::BAD_START_LINE;
    }
    let phrase = after.get(1..).filter(|_| delimited).unwrap_or(after);
    let spaces = phrase.iter().take_while(|&&byte| byte == b' ').count();
    Start::Response { version, code, phrase: phrase.get(spaces..).unwrap_or_default() }
}

/// A line without its line end.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a byte may stand in a token, such as a method or a header name (RFC 9110 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl<'b> Head<'b> {
    /// The name of a header line; empty where it has no colon. White space before the colon is left out.
    pub(super) fn name(&self, line: &Line) -> &'b [u8] {
        self.bytes.get(line.start as usize..line.name_end as usize).unwrap_or_default().trim_ascii_end()
    }

    /// The value of a header line without white space around it.
    pub(super) fn value(&self, line: &Line) -> &'b [u8] {
        self.bytes.get(line.value as usize..line.value_end as usize).unwrap_or_default().trim_ascii()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::framing;
    use alloc::format;

    /// Start lines, and headers that decide how a message is framed.
    const STARTS: &[&str] = &[
        "GET / HTTP/1.1", "GET /a?b=c HTTP/1.0", "GET  /  HTTP/1.1", "GET / HTTP/1.1 ", "GET /a b HTTP/1.1", "GET /", "GET",
        "GET /ä HTTP/1.1", "BREW /pot HTTP/1.1", "G=T / HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.10", "GET / RTSP/1.0",
        "CONNECT a:1 HTTP/1.1", "OPTIONS * HTTP/1.1", "GET\t/\tHTTP/1.1", "GET / http/1.1", "GET /\x7f HTTP/1.1",
        "HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200  OK", "HTTP/1.1  200 OK", "HTTP/1.1 2000 OK",
        "HTTP/1.1 20 OK", "HTTP/1.1 200 Überall", "HTTP/1.0 404 Not  Found ", "HTTP/1.1 x OK", "HTTP/2 200 OK",
        "HTTP/1.1 999 Ok\t", "ICY 200 OK", "HTTP/1.1200 OK",
    ];
    const HEADERS: &[&str] = &[
        "", "Host: a\r\n", "host:a\r\nHost: b\r\n", "Host : a\r\n", "Content-Length: 3\r\n", "content-length:3\r\nX: y\r\n",
        "X: y\r\nContent-Length: 3, 4\r\n", "Transfer-Encoding: gzip,\r\n chunked\r\n", " Host: folded\r\nHost: a\r\n",
        "X\r\nHost: a\r\n", "Upgrade: h2c\r\nConnection: upgrade\r\n", "Content-Type: text/html;\r\n\tcharset=x\r\n",
        "Host: a\nContent-Length: 3\n", "T: chunked\r\n", ": empty\r\nHost: a\r\n", "Host: a\r\nX: y\r\n z\r\nUpgrade: u\r\n",
    ];

    #[test]
    fn a_glance_says_what_reading_all_of_it_says() {
        for (start, headers) in STARTS.iter().flat_map(|start| HEADERS.iter().map(move |headers| (start, headers))) {
            let text = format!("{start}\r\n{headers}\r\nbody\r\n\r\n");
            let len = text.len() - "body\r\n\r\n".len();
            let (mut few, mut all) = (Vec::new(), Vec::new());
            let glanced = glance(text.as_bytes(), &mut few).expect("a whole head");
            let read = read(&text.as_bytes()[..len], &mut all);
            assert_eq!(glanced.bytes.len(), len, "{text:?}");
            assert_eq!((glanced.start, glanced.start_len), (read.start, read.start_len), "{text:?}");
            let facts = |head: &Head<'_>, lines: &[Line]| {
                let all = framing::gather(head, lines);
                format!("{:?} {:?} {}", framing::length(head, &all, None), all, all.quirks)
            };
            assert_eq!(facts(&glanced, &few), facts(&read, &all), "{text:?}");
            let first = first_line(&text.as_bytes()[..len], &mut few);
            assert_eq!((first.start, first.start_len), (read.start, read.start_len), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_all_there_is_not_glanced_at() {
        for text in ["", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\n\r"] {
            assert!(glance(text.as_bytes(), &mut Vec::new()).is_none(), "{text:?}");
        }
    }
}
