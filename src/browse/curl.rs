//! The command that makes the same request again.

use crate::report::size;
use std::fmt::Write;

/// As long as a command may be: so much a clipboard takes.
const MOST: usize = 128 * 1024;

/// As long as one of its words may be; Linux takes twice as much.
const MOST_WORD: usize = 64 * 1024;

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
    /// Not all of it is there.
    pub(super) is_cut: bool,
    /// Whom it was sent to, such as `10.0.0.2:80`.
    pub(super) server: String,
}

/// Headers that curl makes by itself, or that say how the body was coded.
const OWN: [&[u8]; 4] = [b"host", b"content-length", b"transfer-encoding", b"content-encoding"];

/// The command; none for a tunnel. Nothing in it is what the sender of the request made of it: a target is no option and
/// no file. It needs nothing but curl and a shell of POSIX.
pub(super) fn command(request: &Request<'_>) -> Option<Result<String, String>> {
    let &Request { method, target, body, .. } = request;
    let Request { headers, server, .. } = request;
    if method == b"CONNECT" || method.is_empty() {
        return None;
    }
    if request.is_cut {
        return Some(Err("the capture does not have all of the request".into()));
    }
    if body.len() > MOST {
        return Some(Err(too_long(body)));
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
    // What a URL has no place for is sent as it stands.
    let is_odd = target == b"*" || target.starts_with(b"/") && target.iter().any(|byte| b"# \t\x7f".contains(byte));
    let url = match target {
        _ if is_odd => [b"http://", host].concat(),
        [b'/', ..] => [b"http://", host, target].concat(),
        // With the whole URL for its target, it was sent to a proxy.
        _ if !target.to_ascii_lowercase().starts_with(b"http://") => {
            return Some(Err("its target is neither a path nor a URL of HTTP".into()));
        }
        _ => {
            [b"--proxy", server.as_bytes()].into_iter().for_each(&mut add);
            target.to_vec()
        }
    };
    if is_odd {
        [&b"--request-target"[..], target].into_iter().for_each(&mut add);
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
    let is_word = body.len() <= MOST_WORD && plain(body).is_some();
    if has_body {
        add(if is_word { b"--data-raw" } else { b"--data-binary" });
        add(if is_word { body } else { b"@-" });
    }
    add(&url);
    let mut line = String::new();
    if has_body && !is_word {
        printf(&mut line, body);
        line.push_str(" | ");
    }
    for (nth, word) in words.iter().enumerate() {
        if nth > 0 {
            line.push(' ');
        }
        quote(&mut line, word);
    }
    Some(if line.len() <= MOST { Ok(line) } else { Err(too_long(body)) })
}

fn too_long(body: &[u8]) -> String {
    let mut words = String::from("the request is too long for a command: its body has ");
    size(&mut words, body.len() as u64);
    words
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

/// The bytes as text, if all of it can be printed on one line.
fn plain(bytes: &[u8]) -> Option<&str> {
    let is_plain = |char| char == ' ' || dissectors::format::is_plain(char);
    std::str::from_utf8(bytes).ok().filter(|text| text.chars().all(is_plain))
}

/// Appends a word as a shell takes it: bare, in quotes, or printed where something in it cannot be typed.
fn quote(out: &mut String, word: &[u8]) {
    let is_bare = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !word.is_empty() && word.iter().all(is_bare) {
        return word.iter().for_each(|&byte| out.push(char::from(byte)));
    }
    match plain(word) {
        Some(text) => {
            let _ = write!(out, "'{}'", text.replace('\'', r"'\''"));
        }
        None => {
            out.push_str("\"$(");
            printf(out, word);
            out.push_str(")\"");
        }
    }
}

/// Appends the command that prints these bytes (POSIX.1-2017, printf: the conversion `%b`).
fn printf(out: &mut String, bytes: &[u8]) {
    out.push_str("printf %b '");
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'&' | b'('..=b'~' => out.push(char::from(byte)),
            // Three octal digits after the zero, so that no digit that follows belongs to them.
            _ => {
                let _ = write!(out, "\\0{byte:03o}");
            }
        }
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::process::Command;
    use std::thread;

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
            for shell in ["sh", "bash"] {
                let output = Command::new(shell).args(["-c", &script]).output().expect("a shell");
                assert_eq!(output.stdout, word, "{script}");
            }
            assert!(!script.contains(|char: char| char.is_control()), "{script}");
        }
    }

    /// What a server reads of the request that a shell makes.
    fn made(request: Request<'_>) -> Vec<u8> {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = format!("Host: {}", server.local_addr().expect("an address"));
        let mut headers = vec![host.as_bytes()];
        headers.extend(&request.headers);
        let command = command(&Request { headers, ..request }).expect("a command").expect("it is not too long");
        let shell = thread::spawn(move || Command::new("sh").args(["-c", &command]).output().expect("a shell"));
        let (mut stream, _) = server.accept().expect("a request");
        let mut read = Vec::new();
        let is_whole = |read: &[u8]| {
            let head = memchr::memmem::find(read, b"\r\n\r\n")?;
            let text = String::from_utf8_lossy(read.get(..head)?).to_ascii_lowercase();
            let len = text
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.lines().next().unwrap_or("").parse().unwrap_or(0));
            (read.len() >= head + 4 + len).then_some(())
        };
        while is_whole(&read).is_none() {
            let mut buffer = [0; 4096];
            let len = stream.read(&mut buffer).expect("bytes");
            assert!(len > 0, "the request ends: {}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&buffer[..len]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("an answer");
        drop(stream);
        let output = shell.join().expect("curl ran");
        assert!(output.status.success(), "{output:?}");
        read
    }

    #[test]
    fn the_command_makes_the_request_whatever_its_bytes_are() {
        if Command::new("curl").arg("--version").output().is_err() {
            eprintln!("SKIPPED: there is no curl on this machine");
            return;
        }
        let all: Vec<u8> = (0..=255).chain(*b"0\\0'%s\n\n").collect();
        let long = vec![b'x'; MOST_WORD + 1];
        for body in [&all[..], &long, "it's é".as_bytes(), b"@file"] {
            let headers = vec![&b"Content-Type: image/x"[..], b"X-Odd: caf\xe9"];
            let read = made(Request { method: b"PUT", target: b"/caf\xe9?x", headers, body, ..Request::default() });
            assert!(read.starts_with(b"PUT /caf"), "{}", String::from_utf8_lossy(&read));
            assert!(
                memchr::memmem::find(&read, b"\r\nX-Odd: caf\xe9\r\n").is_some(),
                "{}",
                String::from_utf8_lossy(&read)
            );
            assert!(read.ends_with(&[b"\r\n\r\n", body].concat()), "{}", String::from_utf8_lossy(&read));
        }
    }

    #[test]
    fn what_is_too_long_or_not_all_there_is_refused() {
        let wrong = |body: &[u8], is_cut| {
            let request = Request { method: b"POST", target: b"/", body, is_cut, ..Request::default() };
            command(&request).and_then(Result::err).unwrap_or_default()
        };
        assert_eq!(wrong(&vec![0; 1 << 20], false), "the request is too long for a command: its body has 1.0 MB");
        assert_eq!(wrong(&vec![0; MOST / 4], false), "the request is too long for a command: its body has 32.8 kB");
        assert_eq!(wrong(b"x", true), "the capture does not have all of the request");
    }

    #[test]
    fn what_a_url_has_no_place_for_is_asked_for_as_it_was() {
        for target in [&b"/a#b"[..], b"/a b", b"*"] {
            let sent = made(Request { method: b"OPTIONS", target, ..Request::default() });
            assert!(sent.starts_with(&[b"OPTIONS ", target, b" HTTP/1.1\r\n"].concat()), "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn a_target_is_no_option_and_no_file() {
        for target in [&b"-K/tmp/config"[..], b"file:///etc/passwd", b"--output=x", b"ftp://a/b", b""] {
            let request = Request { method: b"GET", target, server: "10.0.0.2:80".into(), ..Request::default() };
            assert!(command(&request).expect("an answer").is_err(), "{}", target.escape_ascii());
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
            command(&request),
            Some(Ok(
                r"curl --globoff --header 'X-Empty;' --header 'Accept-Encoding: gzip' --header User-Agent: --header Accept: --header Content-Type: --compressed --data-raw '@it'\''s 1' 'http://shop.test/a[1]?q='\''x'\'''"
                    .into()
            ))
        );
    }

    #[test]
    fn what_was_asked_of_a_proxy_is_asked_of_it_and_a_tunnel_is_not() {
        let server = || "10.0.0.2:3128".to_owned();
        let request = Request { method: b"GET", target: b"http://a.test/", server: server(), ..Request::default() };
        let command_of_get = command(&request).and_then(Result::ok).unwrap_or_default();
        assert!(command_of_get.starts_with("curl --proxy 10.0.0.2:3128 "), "{command_of_get}");
        assert!(command_of_get.ends_with(" http://a.test/"), "{command_of_get}");
        assert_eq!(command(&Request { method: b"CONNECT", target: b"a.test:443", server: server(), ..request }), None);
    }
}
