//! Message head: parses the start line and headers with httparse, and leniently if httparse rejects them.

use super::quirk::{self, Quirks};
use super::wanted::HeadDetail;
use crate::session::Handover;
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ops::Range;

/// Maximum number of headers parsed by httparse.
const HTTPARSE_HEADERS: usize = 256;
/// Maximum number of header lines; further lines are skipped with a note.
pub(super) const MAX_HEADERS: usize = 4096;

/// Parsed start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartLine<'b> {
    /// Request line; the version is empty if it is missing.
    Request { method: &'b [u8], target: &'b [u8], version: &'b [u8] },
    /// Status line.
    Response { version: &'b [u8], code: Option<u16>, phrase: &'b [u8] },
}

/// Header line, as offsets in the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeaderLine {
    /// First byte of the line.
    pub start: u32,
    /// End of the name; equal to `start` without a colon.
    pub name_end: u32,
    /// First byte of the value.
    pub value: u32,
    /// End of the value; a folded value contains line ends.
    pub value_end: u32,
    /// End of the line, line end included.
    pub end: u32,
}

/// Parsed head; its header lines are in a separate list.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageHead<'b> {
    /// All bytes of the head, including the empty line.
    pub bytes: &'b [u8],
    /// Parsed start line.
    pub start: StartLine<'b>,
    /// Length of the start line with its line end.
    pub start_len: usize,
    /// Quirks of the head.
    pub quirks: Quirks,
}

/// Returns the end of the head at the beginning of `bytes`, after its empty line. `scanned` counts the bytes already
/// searched; the next call resumes there.
pub(super) fn find_end(bytes: &[u8], scanned: &mut usize) -> Option<usize> {
    let mut at = *scanned;
    while let Some(rest) = bytes.get(at..) {
        let Some(found) = memchr::memchr(b'\n', rest) else {
            break;
        };
        match rest.get(found + 1..).unwrap_or_default() {
            [b'\n', ..] => return Some(at + found + 2),
            [b'\r', b'\n', ..] => return Some(at + found + 3),
            // Possibly the beginning of the empty line.
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

/// Whether a message that begins with `bytes` is a response.
pub(super) fn is_response(bytes: &[u8]) -> bool {
    super::probe::has_http_name(bytes) || bytes.starts_with(b"ICY ")
}

/// Whether `bytes` are all of a request of HTTP/0.9: one line with a method and a target, without a version (RFC 1945 4.1).
pub(super) fn is_simple_request(bytes: &[u8]) -> bool {
    let mut quirks = 0;
    memchr::memchr(b'\n', bytes).is_some_and(|end| end + 1 == bytes.len())
        && matches!(start_line(bytes, &mut quirks), StartLine::Request { target: [_, ..], .. })
        && quirks & quirk::SIMPLE_REQUEST != 0
}

/// Parses a head and fills `lines` with its header lines. `bytes` end with the head, or earlier if it is truncated.
pub(super) fn read<'b>(bytes: &'b [u8], lines: &mut Vec<HeaderLine>) -> MessageHead<'b> {
    lines.clear();
    match read_strict(bytes, lines) {
        Some(head) => head,
        None => {
            lines.clear();
            read_lenient(bytes, lines)
        }
    }
}

/// Parses a head whose end is missing. Its last line, if incomplete, has no quirks: the missing bytes may be all that it
/// lacks.
pub(super) fn read_truncated<'b>(bytes: &'b [u8], lines: &mut Vec<HeaderLine>) -> MessageHead<'b> {
    let complete = memchr::memrchr(b'\n', bytes).map(|at| at + 1);
    let quirks = complete.and_then(|len| bytes.get(..len)).map_or(0, |complete| read(complete, lines).quirks);
    MessageHead { quirks, ..read(bytes, lines) }
}

/// The header of a request with the settings of its sender for HTTP/2 (RFC 7540 3.2.1).
pub(super) const SETTINGS: &str = "http2-settings";
/// Maximum length of its value: a browser has some ten settings of eight characters each.
const MAX_SETTINGS: usize = 1024;

/// Returns the value of this header in a head.
#[cold]
pub(super) fn settings(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lines = Vec::new();
    let head = read(bytes, &mut lines);
    let line = lines.iter().find(|line| head.name(line).eq_ignore_ascii_case(SETTINGS.as_bytes()))?;
    Some(head.value(line).to_vec()).filter(|value| value.len() <= MAX_SETTINGS)
}

/// Adds the headers of a head that negotiate a protocol to the handover to it.
#[cold]
pub(super) fn add_headers(bytes: &[u8], handover: &mut Handover) {
    let mut lines = Vec::new();
    let head = read(bytes, &mut lines);
    lines.iter().for_each(|line| handover.add_header(head.name(line), head.value(line)));
}

/// Parses in one pass what framing and pairing need. That is the start line and the header lines that
/// [`framing`](super::framing) uses, or all lines if headers are recorded, with the same result as [`read`]. Quirks of
/// header lines are not detected. Returns `None` if the head is incomplete or has more than [`MAX_HEADERS`] lines.
pub(super) fn read_fast<'b>(
    bytes: &'b [u8],
    detail: HeadDetail,
    lines: &mut Vec<HeaderLine>,
) -> Option<MessageHead<'b>> {
    let all = detail >= HeadDetail::Headers;
    lines.clear();
    let mut quirks = 0;
    let mut ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
    let start_len = ends.next()?;
    let start = start_line(bytes.get(..start_len)?, &mut quirks);
    let (mut at, mut count, mut recorded) = (start_len, 0, false);
    loop {
        let rest = bytes.get(at..)?;
        let end = match rest {
            [b'\n', ..] => return Some(MessageHead { bytes: bytes.get(..at + 1)?, start, start_len, quirks }),
            [b'\r', b'\n', ..] => return Some(MessageHead { bytes: bytes.get(..at + 2)?, start, start_len, quirks }),
            _ => ends.next()?,
        };
        match rest.first()? {
            b' ' | b'\t' if count > 0 => {
                if let Some(folded) = lines.last_mut().filter(|_| recorded) {
                    folded.value_end = (at + trim_end(bytes.get(at..end).unwrap_or_default()).len()) as u32;
                    folded.end = end as u32;
                }
            }
            _ if count == MAX_HEADERS => return None,
            _ => {
                count += 1;
                recorded = all || rest.first_chunk().is_some_and(|&begin| may_affect_framing(begin));
                if recorded {
                    lines.push(any_line(bytes, at..end));
                }
            }
        }
        at = end;
    }
}

/// Whether a header line with these first bytes may be Host, Upgrade, Transfer-Encoding, Content-Type, Content-Length
/// or Content-Encoding.
fn may_affect_framing(begin: [u8; 4]) -> bool {
    const BEGINNINGS: [u32; 4] = [
        u32::from_ne_bytes(*b"host"),
        u32::from_ne_bytes(*b"upgr"),
        u32::from_ne_bytes(*b"tran"),
        u32::from_ne_bytes(*b"cont"),
    ];
    BEGINNINGS.contains(&(u32::from_ne_bytes(begin) | 0x2020_2020))
}

/// Parses only the start line of a head.
pub(super) fn first_line<'b>(bytes: &'b [u8], lines: &mut Vec<HeaderLine>) -> MessageHead<'b> {
    lines.clear();
    let start_len = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let mut quirks = 0;
    let start = start_line(bytes.get(..start_len).unwrap_or_default(), &mut quirks);
    MessageHead { bytes, start, start_len, quirks }
}

/// Parses a start line leniently. `line` includes its line end unless it is truncated.
fn start_line<'b>(line: &'b [u8], quirks: &mut Quirks) -> StartLine<'b> {
    let text = trim_end(line);
    let is_complete = line.len() > text.len();
    match is_response(line) {
        true => response_line(text, is_complete, quirks),
        false => request_line(text, is_complete, quirks),
    }
}

fn read_strict<'b>(bytes: &'b [u8], lines: &mut Vec<HeaderLine>) -> Option<MessageHead<'b>> {
    let mut headers = [const { MaybeUninit::uninit() }; HTTPARSE_HEADERS];
    let offset_of = |part: &[u8]| (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    let (start, headers) = if is_response(bytes) {
        let mut response = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let status = config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers).ok()?;
        let code = response.code.filter(|_| status == httparse::Status::Complete(bytes.len()))?;
        // httparse drops a phrase that is not ASCII; the lenient parser reads it.
        let phrase = response.reason.filter(|phrase| !phrase.is_empty())?.trim_start_matches(' ').as_bytes();
        (StartLine::Response { version: bytes.get(..8)?, code: Some(code), phrase }, response.headers)
    } else {
        let mut request = httparse::Request::new(&mut []);
        let status = request.parse_with_uninit_headers(bytes, &mut headers).ok()?;
        let method = request.method.filter(|_| status == httparse::Status::Complete(bytes.len()))?.as_bytes();
        let target = request.path?.as_bytes();
        let version = bytes.get(offset_of(target).checked_add(target.len() + 1)?..)?.get(..8)?;
        (StartLine::Request { method, target, version }, request.headers)
    };
    // The empty line has one or two bytes.
    let head_end = bytes.len() - if bytes.ends_with(b"\r\n") { 2 } else { 1 };
    let start_len = headers.first().map_or(head_end, |header| offset_of(header.name.as_bytes()));
    let mut quirks = 0;
    if !bytes.get(..start_len)?.ends_with(b"\r\n") {
        quirks |= quirk::BARE_LF;
    }
    for (at, header) in headers.iter().enumerate() {
        let start = offset_of(header.name.as_bytes());
        let end = headers.get(at + 1).map_or(head_end, |next| offset_of(next.name.as_bytes()));
        let line = header_line(bytes, start..end, start + header.name.len())?;
        quirks |= if bytes.get(line.value_end as usize) == Some(&b'\r') { 0 } else { quirk::BARE_LF };
        lines.push(line);
    }
    Some(MessageHead { bytes, start, start_len, quirks })
}

/// Returns the header line at `range`; its colon is at `name_end`. The value begins after white space and, as in
/// Wireshark, ends with the line.
fn header_line(bytes: &[u8], range: Range<usize>, name_end: usize) -> Option<HeaderLine> {
    let text = trim_end(bytes.get(range.clone())?);
    let value = bytes.get(name_end + 1..range.start + text.len()).unwrap_or_default();
    let spaces = value.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
    Some(HeaderLine {
        start: range.start as u32,
        name_end: name_end as u32,
        value: (name_end + 1 + spaces).min(range.start + text.len()) as u32,
        value_end: (range.start + text.len()) as u32,
        end: range.end as u32,
    })
}

/// Returns the line at `range`. Without a colon, all of it is the value.
fn any_line(bytes: &[u8], range: Range<usize>) -> HeaderLine {
    let text = trim_end(bytes.get(range.clone()).unwrap_or_default());
    let colon = memchr::memchr(b':', text);
    let line = colon.and_then(|colon| header_line(bytes, range.clone(), range.start + colon));
    let (start, value_end) = (range.start as u32, (range.start + text.len()) as u32);
    line.unwrap_or(HeaderLine { start, name_end: start, value: start, value_end, end: range.end as u32 })
}

fn read_lenient<'b>(bytes: &'b [u8], lines: &mut Vec<HeaderLine>) -> MessageHead<'b> {
    let start_len = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let first = bytes.get(..start_len).unwrap_or_default();
    let mut quirks = line_quirks(first);
    let start = start_line(first, &mut quirks);
    let mut at = start_len;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let end = at + memchr::memchr(b'\n', rest).map_or(rest.len(), |found| found + 1);
        let full_line = bytes.get(at..end).unwrap_or_default();
        let text = trim_end(full_line);
        if text.is_empty() {
            break;
        }
        if lines.len() == MAX_HEADERS {
            quirks |= quirk::TOO_MANY_HEADERS;
            break;
        }
        quirks |= line_quirks(full_line);
        // RFC 9112 5.2: a line that begins with white space continues the previous header.
        match lines.last_mut().filter(|_| matches!(text.first(), Some(b' ' | b'\t'))) {
            Some(folded) => {
                quirks |= quirk::FOLDED_HEADER;
                folded.value_end = (at + text.len()) as u32;
                folded.end = end as u32;
            }
            None => {
                quirks |= name_quirks(text);
                lines.push(any_line(bytes, at..end));
            }
        }
        at = end;
    }
    MessageHead { bytes, start, start_len, quirks }
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

fn name_quirks(text: &[u8]) -> Quirks {
    let Some(name) = memchr::memchr(b':', text).and_then(|colon| text.get(..colon)) else {
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

/// Parses `METHOD target HTTP/1.1` with any white space or without a version. The target may contain spaces. Unless the
/// line `is_complete`, its version may be truncated.
fn request_line<'b>(text: &'b [u8], is_complete: bool, quirks: &mut Quirks) -> StartLine<'b> {
    if let Some(line) = plain_request_line(text) {
        return line;
    }
    let end = text.iter().position(|&byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    let (method, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    let trimmed = rest.trim_ascii();
    let last = trimmed.iter().rposition(|&byte| matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
    let (before, version) = trimmed.split_at_checked(last).unwrap_or((trimmed, b""));
    let target = before.trim_ascii();
    let is_nonstandard = rest.len() != trimmed.len() + 1 || before.len() != target.len() + 1 || target.contains(&b' ');
    let is_truncated = !is_complete && !version.is_empty() && b"HTTP/1.".starts_with(version);
    if is_truncated || looks_like_version(version) {
        if is_nonstandard || !super::probe::is_version(version) {
            *quirks |= quirk::BAD_START_LINE;
        }
        return StartLine::Request { method, target, version };
    }
    *quirks |= quirk::SIMPLE_REQUEST;
    StartLine::Request { method, target: trimmed, version: b"" }
}

/// Parses a request line as RFC 9112 3 defines it; `None` for any other.
fn plain_request_line(text: &[u8]) -> Option<StartLine<'_>> {
    let (before, version) = text.split_last_chunk::<8>()?;
    let before = before.strip_suffix(b" ").filter(|_| super::probe::is_version(version))?;
    let end = memchr::memchr(b' ', before)?;
    let (method, target) = (before.get(..end)?, before.get(end + 1..)?);
    let is_plain = !target.is_empty() && [method, target].into_iter().all(|part| part.iter().all(u8::is_ascii_graphic));
    is_plain.then_some(StartLine::Request { method, target, version })
}

/// Whether `token` has the form of a protocol and version, such as `HTTP/1.1` or `RTSP/1.0`.
fn looks_like_version(token: &[u8]) -> bool {
    if super::probe::is_version(token) {
        return true;
    }
    let Some(slash) = memchr::memchr(b'/', token) else {
        return false;
    };
    let (name, digits) = token.split_at_checked(slash).unwrap_or_default();
    !name.is_empty()
        && (name.iter().all(u8::is_ascii_uppercase) || name.eq_ignore_ascii_case(b"http"))
        && digits.get(1).is_some_and(u8::is_ascii_digit)
        && digits.get(2..).is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
}

/// Parses `HTTP/1.1 200 OK`. Unless the line `is_complete`, its status code may be truncated.
fn response_line<'b>(text: &'b [u8], is_complete: bool, quirks: &mut Quirks) -> StartLine<'b> {
    if let Some(line) = plain_status_line(text).filter(|_| is_complete) {
        return line;
    }
    let end = text.iter().position(|&byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    let (version, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    let spaces = rest.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
    let rest = rest.get(spaces..).unwrap_or_default();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at_checked(digits).unwrap_or_default();
    let is_code_complete = is_complete || !after.is_empty();
    let code = core::str::from_utf8(number).ok().and_then(|number| number.parse().ok()).filter(|_| is_code_complete);
    let delimited = matches!(after.first(), None | Some(b' ' | b'\t'));
    if digits != 3 || !delimited {
        *quirks |= quirk::BAD_STATUS;
    }
    let is_known = super::probe::is_version(version) || version == b"ICY" || !is_complete;
    if spaces != 1 || !is_known || after.first() == Some(&b'\t') || text.get(version.len()) == Some(&b'\t') {
        *quirks |= quirk::BAD_START_LINE;
    }
    let phrase = after.get(1..).filter(|_| delimited).unwrap_or(after);
    let spaces = phrase.iter().take_while(|&&byte| byte == b' ').count();
    StartLine::Response { version, code, phrase: phrase.get(spaces..).unwrap_or_default() }
}

/// Parses a status line as RFC 9112 4 defines it; `None` for any other.
fn plain_status_line(text: &[u8]) -> Option<StartLine<'_>> {
    let (version, rest) = text.split_first_chunk::<8>()?;
    let [b' ', digits @ .., b' '] = rest.first_chunk::<5>()? else { return None };
    let phrase = rest.get(5..).filter(|phrase| phrase.first() != Some(&b' '))?;
    if !super::probe::is_version(version) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    Some(StartLine::Response { version, code: Some(code), phrase })
}

/// Returns a line without its line end.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a token, such as a method or header name, may contain this byte (RFC 9110 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl<'b> MessageHead<'b> {
    /// Returns the name of a header line without white space before the colon. It is empty without a colon.
    pub(super) fn name(&self, line: &HeaderLine) -> &'b [u8] {
        self.bytes.get(line.start as usize..line.name_end as usize).unwrap_or_default().trim_ascii_end()
    }

    /// Returns the value of a header line without surrounding white space.
    pub(super) fn value(&self, line: &HeaderLine) -> &'b [u8] {
        self.bytes.get(line.value as usize..line.value_end as usize).unwrap_or_default().trim_ascii()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::framing;
    use alloc::format;

    /// Start lines, and headers that determine framing.
    const STARTS: &[&str] = &[
        "GET / HTTP/1.1",
        "GET /a?b=c HTTP/1.0",
        "GET  /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /a b HTTP/1.1",
        "GET /",
        "GET",
        "GET /ä HTTP/1.1",
        "BREW /pot HTTP/1.1",
        "G=T / HTTP/1.1",
        "GET / HTTP/2.0",
        "GET / HTTP/1.10",
        "GET / RTSP/1.0",
        "CONNECT a:1 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "GET / http/1.1",
        "GET /\x7f HTTP/1.1",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200  OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 200 Überall",
        "HTTP/1.0 404 Not  Found ",
        "HTTP/1.1 x OK",
        "HTTP/2 200 OK",
        "HTTP/1.1 999 Ok\t",
        "ICY 200 OK",
        "HTTP/1.1200 OK",
    ];
    const HEADERS: &[&str] = &[
        "",
        "Host: a\r\n",
        "host:a\r\nHost: b\r\n",
        "Host : a\r\n",
        "Content-Length: 3\r\n",
        "content-length:3\r\nX: y\r\n",
        "X: y\r\nContent-Length: 3, 4\r\n",
        "Transfer-Encoding: gzip,\r\n chunked\r\n",
        " Host: folded\r\nHost: a\r\n",
        "X\r\nHost: a\r\n",
        "Upgrade: h2c\r\nConnection: upgrade\r\n",
        "Content-Type: text/html;\r\n\tcharset=x\r\n",
        "Host: a\nContent-Length: 3\n",
        "T: chunked\r\n",
        ": empty\r\nHost: a\r\n",
        "Host: a\r\nX: y\r\n z\r\nUpgrade: u\r\n",
    ];

    #[test]
    fn the_fast_parser_agrees_with_the_full_parser() {
        for (start, headers) in STARTS.iter().flat_map(|start| HEADERS.iter().map(move |headers| (start, headers))) {
            let text = format!("{start}\r\n{headers}\r\nbody\r\n\r\n");
            let len = text.len() - "body\r\n\r\n".len();
            let (mut fast_lines, mut all) = (Vec::new(), Vec::new());
            let complete = read_fast(text.as_bytes(), HeadDetail::Headers, &mut fast_lines).expect("a complete head");
            let fast_all = core::mem::take(&mut fast_lines);
            let fast = read_fast(text.as_bytes(), HeadDetail::FirstLine, &mut fast_lines).expect("a complete head");
            let read = read(&text.as_bytes()[..len], &mut all);
            assert_eq!(fast.bytes.len(), len, "{text:?}");
            assert_eq!((fast.start, fast.start_len), (read.start, read.start_len), "{text:?}");
            let facts = |head: &MessageHead<'_>, lines: &[HeaderLine]| {
                let all = framing::collect_headers(head, lines);
                format!("{:?} {:?} {}", framing::body_length(head, &all, None), all, all.quirks)
            };
            assert_eq!(facts(&fast, &fast_lines), facts(&read, &all), "{text:?}");
            assert_eq!((complete.start, &fast_all), (read.start, &all), "{text:?}");
            let first = first_line(&text.as_bytes()[..len], &mut fast_lines);
            assert_eq!((first.start, first.start_len), (read.start, read.start_len), "{text:?}");
        }
    }

    #[test]
    fn the_fast_parser_rejects_an_incomplete_head() {
        for text in
            ["", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\n\r"]
        {
            assert!(read_fast(text.as_bytes(), HeadDetail::Headers, &mut Vec::new()).is_none(), "{text:?}");
        }
    }
}
