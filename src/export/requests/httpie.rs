//! The command of HTTPie that repeats a request.

use super::curl::push_quoted;
use super::repeated_headers;
use crate::export::call_collector::CollectedCall;
use crate::export::message::CapturedMessage;
use crate::export::web_text::url;

/// Maximum bytes of a body in an argument; Linux allows twice as much.
const MAX_BODY: usize = 64 * 1024;

/// Headers that HTTPie adds unless they are removed.
const DEFAULT_HEADERS: [&str; 4] = ["User-Agent", "Accept", "Accept-Encoding", "Content-Type"];

/// Returns the command, or why there is none.
pub(super) fn command(call: &CollectedCall, request: &CapturedMessage) -> Result<String, String> {
    let body = request.content();
    if body.contains(&0) || std::str::from_utf8(body).is_err() {
        return Err("the body is binary, which no argument of HTTPie can have; export curl can".into());
    }
    if body.len() > MAX_BODY {
        return Err("the body is too long for an argument".into());
    }
    let url = url(call);
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    if !is_web || url.chars().any(char::is_control) {
        return Err("expected a path or an http:// URL as request target".into());
    }
    let mut words: Vec<Vec<u8>> = vec![b"http".to_vec(), b"--ignore-stdin".to_vec()];
    if url.contains("/.") {
        words.push(b"--path-as-is".to_vec());
    }
    if !body.is_empty() {
        words.push([b"--raw=", body].concat());
    }
    words.push(b"--".to_vec());
    words.push(request.method.clone());
    words.push(url.into_bytes());
    for (name, value) in repeated_headers(request) {
        words.push(header(name, value)?);
    }
    for name in DEFAULT_HEADERS.into_iter().filter(|name| request.header(name).is_none()) {
        words.push([name.as_bytes(), b":"].concat());
    }
    let mut line = String::new();
    for (nth, word) in words.iter().enumerate() {
        line.push_str(if nth > 0 { " " } else { "" });
        push_quoted(&mut line, word);
    }
    Ok(line)
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
    fn a_header_is_no_other_kind_of_argument() {
        assert_eq!(header(b"a", b"=@file").as_deref(), Ok(&b"a: =@file"[..]));
        assert_eq!(header(b"a", b"").as_deref(), Ok(&b"a;"[..]));
        assert!(header(b"a=b", b"c").is_err() && header(b"", b"c").is_err() && header(b"a", b"\\:").is_err());
    }
}
