//! The command of HTTPie that repeats a request.

use super::curl::{push_printf, push_words};
use super::{is_plain_authority, repeated_headers, server};
use crate::export::call_collector::CollectedCall;
use crate::export::message::{CapturedMessage, header_pair};
use crate::export::web_text::{authority, url};

/// Maximum bytes of a body in a command.
const MAX_BODY: usize = 64 * 1024;

/// Headers that HTTPie adds unless they are removed.
const DEFAULT_HEADERS: [&str; 5] = ["User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Connection"];

/// Returns the command, or why there is none: HTTPie changes what it sends, and some requests would be others.
pub(super) fn command(call: &CollectedCall, request: &CapturedMessage) -> Result<String, String> {
    let (body, target) = (request.content(), request.target());
    if body.len() > MAX_BODY {
        return Err("the body is too long for a command".into());
    }
    if !request.method().iter().all(u8::is_ascii_uppercase) {
        return Err("HTTPie cannot send this method: it has other characters than capital letters".into());
    }
    if request.version().starts_with(b"HTTP/1.") && request.version() != b"HTTP/1.1" {
        return Err("HTTPie sends HTTP/1.1 only".into());
    }
    if !is_plain_authority(&authority(call)) {
        return Err("the authority is no host".into());
    }
    let mut words: Vec<Vec<u8>> = vec![b"http".to_vec()];
    if body.is_empty() {
        words.push(b"--ignore-stdin".to_vec());
    }
    let is_absolute = !target.starts_with(b"/");
    if is_absolute {
        if call.call.exchange.is_encrypted || !target.to_ascii_lowercase().starts_with(b"http://") {
            return Err("HTTPie cannot send this target: expected a path or an http:// URL".into());
        }
        words.push(format!("--proxy=http:http://{}", server(call)).into_bytes());
    }
    let has_dots = target.windows(2).any(|pair| pair == b"/.");
    if !is_sent_unchanged(target) || is_absolute && has_dots {
        return Err("HTTPie cannot send this target: it encodes it in another way".into());
    }
    if has_dots {
        words.push(b"--path-as-is".to_vec());
    }
    words.push(b"--".to_vec());
    words.push(request.method().to_vec());
    words.push(url(call).into_bytes());
    for line in repeated_headers(request) {
        let (name, value) = header_pair(line).ok_or("HTTPie cannot send a header line without a colon")?;
        words.push(header(name, value)?);
    }
    for name in DEFAULT_HEADERS.into_iter().filter(|name| request.header(name).is_none()) {
        words.push([name.as_bytes(), b":"].concat());
    }
    let mut line = String::new();
    if !body.is_empty() {
        push_printf(&mut line, body);
        line.push_str(" | ");
    }
    push_words(&mut line, &words);
    Ok(line)
}

/// Returns whether HTTPie sends a target as it is. It encodes characters that a URL cannot have, decodes escapes of others, writes
/// escapes in capital letters, and omits an empty query.
fn is_sent_unchanged(target: &[u8]) -> bool {
    // RFC 3986 2.2, 2.3, 3.3: characters of a path and a query, without those that are decoded from escapes.
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_plain = |byte: u8| is_unreserved(byte) || b"!$&'()*+,;=:@/?".contains(&byte);
    let digit = |byte: Option<&u8>| match byte {
        Some(&byte @ (b'0'..=b'9' | b'A'..=b'F')) => char::from(byte).to_digit(16),
        _ => None,
    };
    let mut rest = target;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (Some(high), Some(low)) = (digit(after.first()), digit(after.get(1))) else { return false };
            if is_unreserved((high * 16 + low) as u8) {
                return false;
            }
            rest = after.get(2..).unwrap_or_default();
        } else if !is_plain(byte) {
            return false;
        }
    }
    !target.ends_with(b"?")
}

/// Returns the argument of a header. The first separator decides what an argument is, and a backslash before one is removed.
fn header(name: &[u8], value: &[u8]) -> Result<Vec<u8>, String> {
    let is_separator = |byte: &u8| b":=@;".contains(byte);
    if name.is_empty() || name.iter().any(|byte| is_separator(byte) || *byte == b'\\') {
        return Err("the name of a header is no token".into());
    }
    if value.windows(2).any(|pair| matches!(pair, [b'\\', next] if is_separator(next))) {
        return Err("HTTPie cannot send a header with a backslash before a separator".into());
    }
    if std::str::from_utf8(value).is_err() {
        return Err("HTTPie cannot send a header that is not UTF-8".into());
    }
    Ok(match value {
        [] => [name, b";"].concat(),
        // A space keeps the colon apart from another separator.
        _ => [name, b": ", value].concat(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_encoded_in_another_way_is_not_sent() {
        let sent: [&[u8]; 5] = [b"/", b"/a/../b;c=1,2?x=%20&y=a+b", b"/caf%C3%A9", b"//a//b?c?d", b"http://a.test:80/"];
        assert!(sent.iter().all(|target| is_sent_unchanged(target)));
        let changed: [&[u8]; 9] =
            [b"/%7e", b"/%7E", b"/caf%c3%a9", b"/%4", b"/%zz", b"/a?", b"/a#b", b"/[1]", b"/caf\xe9"];
        assert!(!changed.iter().any(|target| is_sent_unchanged(target)));
    }

    #[test]
    fn a_header_is_no_other_kind_of_argument() {
        assert_eq!(header(b"a", b"=@file").as_deref(), Ok(&b"a: =@file"[..]));
        assert_eq!(header(b"a", b"").as_deref(), Ok(&b"a;"[..]));
        assert!(header(b"a=b", b"c").is_err() && header(b"", b"c").is_err() && header(b"a", b"\\:").is_err());
        assert!(header(b"a", b"caf\xe9").is_err());
    }
}
