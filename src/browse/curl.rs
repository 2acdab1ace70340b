//! The command that makes the same request again.

use std::fmt::Write;

/// As many bytes of a body as stand in the command.
const MOST_BODY: usize = 64 * 1024;

/// A request as it was sent.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) is_old: bool,
    /// Header lines, without their ends.
    pub(super) headers: Vec<&'a [u8]>,
    /// The body, its codings undone.
    pub(super) body: &'a [u8],
    /// Whom it was sent to, such as `10.0.0.2:80`.
    pub(super) server: String,
}

/// Headers that curl makes by itself, or that say how the body was coded.
const OWN: [&[u8]; 4] = [b"host", b"content-length", b"transfer-encoding", b"content-encoding"];

/// The command; none for a tunnel.
pub(super) fn command(request: &Request<'_>) -> Option<String> {
    let &Request { method, target, body, .. } = request;
    let Request { headers, server, .. } = request;
    if method == b"CONNECT" || method.is_empty() {
        return None;
    }
    let headers: Vec<(&[u8], &[u8])> = headers.iter().filter_map(|line| header(line)).collect();
    let value = |name: &[u8]| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|&(_, value)| value);
    let mut words: Vec<Vec<u8>> = vec![b"curl".to_vec()];
    let mut add = |word: &[u8]| words.push(word.to_vec());
    let has_body = !body.is_empty();
    match method {
        b"GET" if !has_body => {}
        b"HEAD" if !has_body => add(b"--head"),
        b"POST" if has_body => {}
        other => [b"--request", other].into_iter().for_each(&mut add),
    }
    if request.is_old {
        add(b"--http1.0");
    }
    let host = value(b"host").unwrap_or(server.as_bytes());
    let url = match target {
        [b'/', ..] => [b"http://", host, target].concat(),
        b"*" => [b"http://", host].concat(),
        // With the whole URL for its target, it was sent to a proxy.
        _ => {
            [b"--proxy", server.as_bytes()].into_iter().for_each(&mut add);
            target.to_vec()
        }
    };
    if target == b"*" {
        [&b"--request-target"[..], b"*"].into_iter().for_each(&mut add);
    }
    if url.iter().any(|byte| b"[]{}".contains(byte)) {
        add(b"--globoff");
    }
    if url.windows(2).any(|pair| pair == b"/.") {
        add(b"--path-as-is");
    }
    for (name, value) in headers.iter().filter(|(name, _)| !OWN.iter().any(|own| own.eq_ignore_ascii_case(name))) {
        add(b"--header");
        // Without a value, a colon would leave the header out.
        add(&if value.is_empty() { [*name, b";"].concat() } else { [*name, b": ", value].concat() });
    }
    let made = [(&b"User-Agent"[..], true), (b"Accept", true), (b"Content-Type", has_body)];
    for (name, _) in made.iter().filter(|(name, is_made)| *is_made && value(name).is_none()) {
        add(b"--header");
        add(&[*name, b":"].concat());
    }
    if value(b"accept-encoding").is_some() {
        add(b"--compressed");
    }
    if has_body {
        let fits = body.len() <= MOST_BODY && !body.contains(&0);
        add(if fits { b"--data-raw" } else { b"--data-binary" });
        // What no word can hold.
        add(if fits { body } else { b"@body.bin" });
    }
    add(&url);
    let mut line = String::new();
    for (nth, word) in words.iter().enumerate() {
        if nth > 0 {
            line.push(' ');
        }
        quote(&mut line, word);
    }
    Some(line)
}

/// The name and the value of a header line.
fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    let value = value.get(1..)?.trim_ascii();
    // A name is a token (RFC 9110 5.1); what begins with @ is a file to curl.
    let is_token = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!name.is_empty() && name.iter().all(is_token)).then_some((name, value))
}

/// Appends a word as a shell takes it: bare, in quotes, or in `$'...'` (POSIX.1-2024 2.2.4) where something in it cannot
/// be printed.
fn quote(out: &mut String, word: &[u8]) {
    let is_bare = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !word.is_empty() && word.iter().all(is_bare) {
        return word.iter().for_each(|&byte| out.push(char::from(byte)));
    }
    match std::str::from_utf8(word) {
        Ok(text) if text.chars().all(|char| char == ' ' || dissectors::format::is_plain(char)) => {
            let _ = write!(out, "'{}'", text.replace('\'', r"'\''"));
        }
        _ => {
            out.push_str("$'");
            for &byte in word {
                match byte {
                    b'\n' => out.push_str("\\n"),
                    b'\r' => out.push_str("\\r"),
                    b'\t' => out.push_str("\\t"),
                    b'\'' | b'\\' => out.extend(['\\', char::from(byte)]),
                    b' '..=b'~' => out.push(char::from(byte)),
                    // Three octal digits, so that no digit that follows belongs to them.
                    _ => {
                        let _ = write!(out, "\\{byte:03o}");
                    }
                }
            }
            out.push('\'');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn quoted(word: &[u8]) -> String {
        let mut out = String::new();
        quote(&mut out, word);
        out
    }

    #[test]
    fn a_shell_reads_the_words_as_they_were() {
        let words: [&[u8]; 8] = [
            b"plain",
            b"",
            b"it's $HOME `id` \\ \"x\" !",
            b"a\nb\r\tc",
            b"\x1b[2J\xff7",
            "naïve €".as_bytes(),
            b"@x'",
            b"\\'",
        ];
        for word in words {
            let script = format!("printf %s {}", quoted(word));
            let output = Command::new("bash").args(["-c", &script]).output().expect("a shell");
            assert_eq!(output.stdout, word, "{script}");
            assert!(!script.contains(|char: char| char.is_control()), "{script}");
        }
    }

    #[test]
    fn the_request_is_made_again_as_it_was() {
        let request = Request {
            method: b"POST",
            target: b"/a[1]?q='x'",
            headers: vec![b"Host: shop.test", b"Content-Length: 7", b"X-Empty:", b"Accept-Encoding: gzip"],
            body: b"@it's 1",
            server: "10.0.0.2:80".into(),
            ..Request::default()
        };
        assert_eq!(
            command(&request).as_deref(),
            Some(
                r"curl --globoff --header 'X-Empty;' --header 'Accept-Encoding: gzip' --header User-Agent: --header Accept: --header Content-Type: --compressed --data-raw '@it'\''s 1' 'http://shop.test/a[1]?q='\''x'\'''"
            )
        );
    }

    #[test]
    fn what_was_asked_of_a_proxy_is_asked_of_it_and_a_tunnel_is_not() {
        let server = || "10.0.0.2:3128".to_owned();
        let request = Request { method: b"GET", target: b"http://a.test/", server: server(), ..Request::default() };
        let command_of_get = command(&request).unwrap_or_default();
        assert!(command_of_get.starts_with("curl --proxy 10.0.0.2:3128 "), "{command_of_get}");
        assert!(command_of_get.ends_with(" http://a.test/"), "{command_of_get}");
        assert_eq!(command(&Request { method: b"CONNECT", target: b"a.test:443", server: server(), ..request }), None);
    }
}
