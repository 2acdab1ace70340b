//! The grpcurl command that repeats a call of gRPC whose method is known.

use super::curl::{CurlRequest, MAX_COMMAND, push_unsent, push_words};
use crate::export::message::header_pair;
use dissectors::schema::Schemas;

/// Headers that grpcurl generates.
const OMITTED_HEADERS: [&[u8]; 4] = [b"content-type", b"te", b"user-agent", b"content-length"];
/// What separates messages in the text format of grpcurl.
const SEPARATOR: char = '\u{1e}';

/// Returns the command; `None` if the method is not known, or grpcurl cannot send the messages. `messages` is the body in the text
/// format.
pub(super) fn command(request: &CurlRequest<'_>, messages: &str, schemas: &Schemas) -> Option<Result<String, String>> {
    let target = std::str::from_utf8(request.target).ok()?;
    let method = schemas.method(target)?;
    if request.is_incomplete {
        return Some(Err("the request is incomplete in the capture".into()));
    }
    if !messages.lines().all(is_valid) {
        return None;
    }
    let Some(data) = request_data(messages) else {
        return Some(Err("the request is too long for a command".into()));
    };
    let mut words: Vec<Vec<u8>> = vec![b"grpcurl".to_vec()];
    let mut add = |word: &[u8]| words.push(word.to_vec());
    if !request.is_https {
        add(b"-plaintext");
    }
    for (option, value) in [("-import-path", &schemas.folder), ("-proto", &method.file)] {
        [option, value].into_iter().for_each(|word| add(word.as_bytes()));
    }
    if !request.authority.is_empty() && request.authority != request.server.as_bytes() {
        [b"-authority", request.authority].into_iter().for_each(&mut add);
    }
    let mut line = String::new();
    for own in request.headers.iter().filter(|line| !line.starts_with(b":")) {
        let (name, value) = header_pair(own).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if OMITTED_HEADERS.contains(&name.as_slice()) || name.starts_with(b"grpc-") {
            continue;
        }
        // A name is a token (RFC 9110 5.1).
        let is_token = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.iter().all(is_token) || value.contains(&0) {
            push_unsent(&mut line, "grpcurl", own);
            continue;
        }
        add(b"-H");
        add(&[&name, &b": "[..], value].concat());
    }
    [&b"-format"[..], b"text", b"-d", data.as_bytes()].into_iter().for_each(&mut add);
    add(request.server.as_bytes());
    add(target.trim_start_matches('/').as_bytes());
    push_words(&mut line, &words);
    Some(if line.len() <= MAX_COMMAND { Ok(line) } else { Err("the request is too long for a command".into()) })
}

/// Whether the parser of the text format accepts a line: it has no number in place of the name of a field, as that of an unknown one, of
/// an extension or of a group, no string that is not UTF-8, and no bytes that are not a message.
fn is_valid(line: &str) -> bool {
    let line = line.trim_start();
    let is_cut = line.ends_with(" bytes");
    if ["# malformed", "# compressed data"].iter().any(|start| line.starts_with(start)) {
        return false;
    }
    is_cut || !line.starts_with(|first: char| first.is_ascii_digit()) && !line.ends_with("\" # not UTF-8")
}

/// Returns messages in one line, without comments; nothing if some of them is not written whole.
fn request_data(messages: &str) -> Option<String> {
    let mut data = String::new();
    let mut count = 0;
    for line in messages.lines() {
        if line.starts_with("# message ") {
            count += 1;
            if count > 1 {
                data.push(SEPARATOR);
            }
            continue;
        }
        // Another comment states what is missing.
        if line.trim_start().starts_with('#') || line.ends_with(" bytes") && line.contains("\" # and ") || line == "..."
        {
            return None;
        }
        if !data.is_empty() && !data.ends_with(SEPARATOR) && !line.is_empty() {
            data.push(' ');
        }
        data.push_str(line.trim_start());
    }
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::schema::Method;

    fn of(messages: &str) -> Option<Result<String, String>> {
        let mut schemas = Schemas::default();
        schemas.folder = "protos".into();
        schemas.add_method("/a.S/Get".into(), Method { file: "s.proto".into(), ..Method::default() });
        let request = CurlRequest {
            method: b"POST",
            target: b"/a.S/Get",
            authority: b"a.test",
            headers: vec![b"content-type: application/grpc", b"grpc-timeout: 5S", b"x-trace: it's 1"],
            server: "10.0.0.2:80".into(),
            ..CurlRequest::default()
        };
        command(&request, messages, &schemas)
    }

    #[test]
    fn the_command_has_the_file_the_headers_and_the_messages() {
        let expected = "grpcurl -plaintext -import-path protos -proto s.proto -authority a.test -H 'x-trace: it'\\''s 1' -format text \
            -d 'id: 1 items { name: \"tea\" }' 10.0.0.2:80 a.S/Get";
        let messages = "# message 1: 9 bytes\nid: 1\nitems {\n  name: \"tea\"\n}\n";
        assert_eq!(of(messages), Some(Ok(expected.into())));
        let two =
            of("# message 1: 2 bytes\nid: 1\n\n# message 2: 2 bytes\nid: 2\n").expect("a command").expect("a line");
        assert!(two.contains(r#"-d "$(printf %b 'id: 1\0036id: 2')" "#), "{two}");
    }

    #[test]
    fn a_message_that_the_text_format_has_no_names_for_is_left_to_curl() {
        for line in [
            "100: \"extended\"",
            "items {\n  34: 1\n}",
            "2 {\n}",
            "name: \"\\xff\" # not UTF-8",
            "# malformed: \"\\x0f\"",
        ] {
            assert_eq!(of(&format!("# message 1: 9 bytes\nid: 1\n{line}\n")), None, "{line}");
        }
        // Text is not a name.
        assert!(of("# message 1: 9 bytes\nname: \"34: 1\"\n").expect("a result").is_ok());
    }

    #[test]
    fn a_message_that_is_not_written_whole_is_refused() {
        assert!(of("# message 1: 300 bytes\n1: \"a\" # and 44 bytes\n").expect("a result").is_err());
        assert!(of("# 3 bytes that are not a whole message\n").expect("a result").is_err());
    }
}
