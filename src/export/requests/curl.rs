//! The curl command that repeats a request.

use super::{FRAMING_HEADERS, is_plain_authority};
use crate::export::message::header_pair;
use crate::report::{escaped, size};
use std::fmt::Write;

/// Maximum length of a command: what a clipboard holds.
pub(super) const MAX_COMMAND: usize = 128 * 1024;

/// Maximum length of one argument; Linux allows twice as much.
const MAX_ARGUMENT: usize = 64 * 1024;

/// A captured request.
#[derive(Debug, Default)]
pub(crate) struct CurlRequest<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    /// Version of the message, such as `HTTP/1.1`.
    pub(crate) version: &'a [u8],
    /// Host and port of the target, for a request without Host.
    pub(crate) authority: &'a [u8],
    /// Whether the target is one of https.
    pub(crate) is_https: bool,
    /// Header lines, without line ends.
    pub(crate) headers: Vec<&'a [u8]>,
    /// Decoded body.
    pub(crate) body: &'a [u8],
    /// Whether part of the request is missing.
    pub(crate) is_incomplete: bool,
    /// Address of the server or proxy, such as `10.0.0.2:80`.
    pub(crate) server: String,
}

/// Returns the command, after comments on the headers that it does not send; `None` for a tunnel. The request cannot inject anything: a
/// target is never parsed as an option or a file. The command needs only curl and a POSIX shell.
pub(super) fn command(request: &CurlRequest<'_>) -> Option<Result<String, String>> {
    let &CurlRequest { method, target, body, .. } = request;
    if method == b"CONNECT" || method.is_empty() {
        return None;
    }
    if request.is_incomplete {
        return Some(Err("the request is incomplete in the capture".into()));
    }
    if body.len() > MAX_COMMAND {
        return Some(Err(too_long(body)));
    }
    let is_of = |line: &[u8], name: &[u8]| header_pair(line).is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
    let has = |name: &[u8]| request.headers.iter().any(|line| is_of(line, name));
    let mut arguments: Vec<Vec<u8>> = vec![b"curl".to_vec()];
    let mut add = |word: &[u8]| arguments.push(word.to_vec());
    let has_body = !body.is_empty();
    match method {
        b"GET" if !has_body => {}
        b"HEAD" if !has_body => add(b"--head"),
        b"POST" if has_body => {}
        other => [b"--request", other].into_iter().for_each(&mut add),
    }
    match request.version {
        b"HTTP/1.0" => add(b"--http1.0"),
        b"HTTP/3" => add(b"--http3"),
        b"HTTP/2" if request.is_https => add(b"--http2"),
        b"HTTP/2" => add(b"--http2-prior-knowledge"),
        _ => {}
    }
    let (host, host_header) = request.hosts();
    let scheme: &[u8] = if request.is_https { b"https://" } else { b"http://" };
    // A target that does not fit into a URL is passed unchanged.
    let is_changed = |byte: &u8| b"# \t\x7f".contains(byte) || *byte >= 0x80;
    let is_raw = target == b"*" || target.starts_with(b"/") && target.iter().any(is_changed);
    let url = match target {
        _ if is_raw => [scheme, host].concat(),
        [b'/', ..] => [scheme, host, target].concat(),
        // A target that is a whole URL was sent to a proxy.
        _ if !target.to_ascii_lowercase().starts_with(b"http://") => {
            return Some(Err("expected a path or an http:// URL as request target".into()));
        }
        _ => {
            [b"--proxy", request.server.as_bytes()].into_iter().for_each(&mut add);
            if !has(b"proxy-connection") {
                [&b"--header"[..], b"Proxy-Connection:"].into_iter().for_each(&mut add);
            }
            target.to_vec()
        }
    };
    if is_raw {
        [&b"--request-target"[..], target].into_iter().for_each(&mut add);
    }
    if url.iter().any(|byte| b"[]{}".contains(byte)) {
        add(b"--globoff");
    }
    if url.windows(2).any(|pair| pair == b"/.") {
        add(b"--path-as-is");
    }
    if let Some(header) = host_header {
        [&b"--header"[..], &header].into_iter().for_each(&mut add);
    }
    let mut comments = String::new();
    let mut has_host = false;
    for line in request.headers.iter().filter(|line| !line.is_empty()) {
        let is_framing = FRAMING_HEADERS.iter().any(|own| is_of(line, own.as_bytes()));
        // curl states the length of a body after the other headers, and does not state that there is none.
        let is_empty_length = !has_body && header_pair(line).is_some_and(|(_, value)| value == b"0");
        if is_framing && !is_empty_length && !request.has_length_before_others(line) || request.is_pseudo(line) {
            continue;
        }
        let is_second_host = is_of(line, b"host") && std::mem::replace(&mut has_host, true);
        match argument(line).filter(|_| !is_second_host && !request.contradicts_authority(line)) {
            Some(_) if is_of(line, b"host") => {}
            Some(header) => [&b"--header"[..], &header].into_iter().for_each(&mut add),
            None => push_unsent(&mut comments, "curl", line),
        }
    }
    let defaults = [(&b"User-Agent"[..], true), (b"Accept", true), (b"Content-Type", has_body)];
    for (name, _) in defaults.iter().filter(|(name, is_sent)| *is_sent && !has(name)) {
        add(b"--header");
        add(&[*name, b":"].concat());
    }
    if has(b"accept-encoding") {
        add(b"--compressed");
    }
    let is_word = body.len() <= MAX_ARGUMENT && printable(body).is_some();
    if has_body {
        add(if is_word { b"--data-raw" } else { b"--data-binary" });
        add(if is_word { body } else { b"@-" });
    }
    add(&url);
    let mut line = comments;
    if has_body && !is_word {
        push_printf(&mut line, body);
        line.push_str(" | ");
    }
    push_words(&mut line, &arguments);
    Some(if line.len() <= MAX_COMMAND { Ok(line) } else { Err(too_long(body)) })
}

fn too_long(body: &[u8]) -> String {
    let mut message = String::from("the request is too long for a command: its body has ");
    size(&mut message, body.len() as u64);
    message
}

impl CurlRequest<'_> {
    /// Returns the authority of the URL, and the argument of the header Host if curl would send another one.
    fn hosts(&self) -> (&[u8], Option<Vec<u8>>) {
        let is_text = self.version.starts_with(b"HTTP/1.");
        let pairs = self.headers.iter().filter_map(|line| header_pair(line));
        let stated = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(b"host")).map(|(_, value)| value).next();
        let is_plain = |host: &&[u8]| std::str::from_utf8(host).is_ok_and(is_plain_authority);
        let authority = Some(self.authority).filter(|authority| !authority.is_empty());
        let own = if is_text { stated.or(authority) } else { authority.or(stated) };
        let host = own.filter(is_plain).unwrap_or(self.server.as_bytes());
        let sent = authority_of(self.target).unwrap_or(host);
        let header = match stated {
            None if is_text => Some(b"Host:".to_vec()),
            Some(stated) if !self.contradicts(stated) && stated != sent => argument(&[b"Host: ", stated].concat()),
            _ => None,
        };
        (host, header)
    }

    /// Whether a header is a part of the request line (RFC 9113 8.3.1).
    fn is_pseudo(&self, line: &[u8]) -> bool {
        line.starts_with(b":") && !self.version.starts_with(b"HTTP/1.")
    }

    /// Whether a line of a request of HTTP/1 states the length of the body, and other headers follow it.
    fn has_length_before_others(&self, line: &[u8]) -> bool {
        let states_length = |(name, value): (&[u8], &[u8])| {
            name.eq_ignore_ascii_case(b"content-length") && value == self.body.len().to_string().as_bytes()
        };
        let is_last = self.headers.iter().rfind(|line| !line.is_empty()).is_some_and(|last| *last == line);
        self.version.starts_with(b"HTTP/1.") && !is_last && header_pair(line).is_some_and(states_length)
    }

    /// Whether a line is a header Host that curl would send as another `:authority`.
    fn contradicts_authority(&self, line: &[u8]) -> bool {
        header_pair(line).is_some_and(|(name, value)| name.eq_ignore_ascii_case(b"host") && self.contradicts(value))
    }

    fn contradicts(&self, host: &[u8]) -> bool {
        !self.version.starts_with(b"HTTP/1.") && !self.authority.is_empty() && self.authority != host
    }
}

/// Returns the authority of a target that is a whole URL.
fn authority_of(target: &[u8]) -> Option<&[u8]> {
    let rest = target.get(7..).filter(|_| target.to_ascii_lowercase().starts_with(b"http://"))?;
    rest.split(|byte| b"/?#".contains(byte)).next()
}

/// Returns the argument that makes curl send a header line; `None` if there is none.
fn argument(line: &[u8]) -> Option<Vec<u8>> {
    let (name, value) = header_pair(line)?;
    // An argument has no zero byte, curl reads one with @ from a file, and needs a name before the colon.
    if line.contains(&0) || line.starts_with(b"@") || name.is_empty() || name.starts_with(b":") {
        return None;
    }
    match value {
        // With a colon and no value, curl would remove the header. The first semicolon must be the last character.
        [] => (!name.contains(&b';')).then(|| [name, b";"].concat()),
        _ => Some(line.to_vec()),
    }
}

/// Appends a comment on a header line that a program cannot send.
pub(super) fn push_unsent(out: &mut String, program: &str, line: &[u8]) {
    let _ = write!(out, "# {program} cannot send this header: ");
    escaped(out, line);
    out.push('\n');
}

/// Appends the words of a command.
pub(super) fn push_words(out: &mut String, words: &[Vec<u8>]) {
    for (nth, word) in words.iter().enumerate() {
        out.push_str(if nth > 0 { " " } else { "" });
        push_quoted(out, word);
    }
}

/// Returns the bytes as text, if all of it is printable on one line.
fn printable(bytes: &[u8]) -> Option<&str> {
    let is_plain = |char| char == ' ' || dissectors::format::is_printable(char);
    std::str::from_utf8(bytes).ok().filter(|text| text.chars().all(is_plain))
}

/// Appends an argument in shell syntax: bare, in quotes, or as printf output if it is not printable.
pub(super) fn push_quoted(out: &mut String, word: &[u8]) {
    let is_bare = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !word.is_empty() && word.iter().all(is_bare) {
        return word.iter().for_each(|&byte| out.push(char::from(byte)));
    }
    match printable(word) {
        Some(text) => {
            let _ = write!(out, "'{}'", text.replace('\'', r"'\''"));
        }
        None => {
            out.push_str("\"$(");
            push_printf(out, word);
            out.push_str(")\"");
        }
    }
}

/// Appends the command that prints these bytes (POSIX.1-2017, printf: the conversion `%b`).
pub(super) fn push_printf(out: &mut String, bytes: &[u8]) {
    out.push_str("printf %b '");
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'&' | b'('..=b'~' => out.push(char::from(byte)),
            // Three octal digits after the zero, so that a digit that follows is not part of the escape.
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
        push_quoted(&mut out, word);
        out
    }

    #[test]
    fn a_shell_reads_quoted_arguments_unchanged() {
        let arguments: [&[u8]; 8] = [
            b"plain",
            b"",
            b"it's $HOME `id` \\ \"x\" !",
            b"a\nb\r\tc",
            b"\x1b[2J\xff7",
            "naïve €".as_bytes(),
            b"@x'",
            b"\\'",
        ];
        for word in arguments {
            let script = format!("printf %s {}", quoted(word));
            for shell in ["sh", "bash"] {
                let output = Command::new(shell).args(["-c", &script]).output().expect("a shell");
                assert_eq!(output.stdout, word, "{script}");
            }
            assert!(!script.contains(|char: char| char.is_control()), "{script}");
        }
    }

    /// Returns the request that a server receives when a shell runs the command.
    fn received(request: CurlRequest<'_>) -> Vec<u8> {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = format!("Host: {}", server.local_addr().expect("an address"));
        let mut headers = vec![host.as_bytes()];
        headers.extend(&request.headers);
        let command = command(&CurlRequest { headers, ..request }).expect("a command").expect("a command in the limit");
        let shell = thread::spawn(move || Command::new("sh").args(["-c", &command]).output().expect("a shell"));
        let (mut stream, _) = server.accept().expect("a request");
        let mut read = Vec::new();
        let is_complete = |read: &[u8]| {
            let head = memchr::memmem::find(read, b"\r\n\r\n")?;
            let text = String::from_utf8_lossy(read.get(..head)?).to_ascii_lowercase();
            let len = text
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.lines().next().unwrap_or("").parse().unwrap_or(0));
            (read.len() >= head + 4 + len).then_some(())
        };
        while is_complete(&read).is_none() {
            let mut buffer = [0; 4096];
            let len = stream.read(&mut buffer).expect("bytes");
            assert!(len > 0, "the request ends: {}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&buffer[..len]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("a response");
        drop(stream);
        let output = shell.join().expect("curl ran");
        assert!(output.status.success(), "{output:?}");
        read
    }

    #[test]
    fn the_command_repeats_a_request_of_any_bytes() {
        if Command::new("curl").arg("--version").output().is_err() {
            eprintln!("SKIPPED: curl is not installed");
            return;
        }
        let all: Vec<u8> = (0..=255).chain(*b"0\\0'%s\n\n").collect();
        let long = vec![b'x'; MAX_ARGUMENT + 1];
        for body in [&all[..], &long, "it's é".as_bytes(), b"@file"] {
            let headers = vec![&b"Content-Type: image/x"[..], b"X-Odd: caf\xe9"];
            let read = received(CurlRequest {
                method: b"PUT",
                target: b"/caf\xe9?x",
                headers,
                body,
                ..CurlRequest::default()
            });
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
    fn requests_that_are_too_long_or_incomplete_are_refused() {
        let error = |body: &[u8], is_incomplete| {
            let request = CurlRequest { method: b"POST", target: b"/", body, is_incomplete, ..CurlRequest::default() };
            command(&request).and_then(Result::err).unwrap_or_default()
        };
        assert_eq!(error(&vec![0; 1 << 20], false), "the request is too long for a command: its body has 1.0 MB");
        assert_eq!(
            error(&vec![0; MAX_COMMAND / 4], false),
            "the request is too long for a command: its body has 32.8 kB"
        );
        assert_eq!(error(b"x", true), "the request is incomplete in the capture");
    }

    #[test]
    fn headers_that_curl_cannot_send_are_named() {
        let headers =
            vec![&b"Host: a b"[..], b"X: 1", b"X-\x00: 1", b"@file: 1", b"Odd;:", b"no colon", b": x", b"Y:z"];
        let request =
            CurlRequest { method: b"GET", target: b"/", version: b"HTTP/1.1", headers, ..CurlRequest::default() };
        let request = CurlRequest { server: "10.0.0.2:80".into(), ..request };
        let text = command(&request).expect("a command").expect("a command in the limit");
        let named = ["X-\\x00: 1", "@file: 1", "Odd;:", "no colon", ": x"];
        let comments: String = named.map(|line| format!("# curl cannot send this header: {line}\n")).concat();
        let line = "curl --header 'Host: a b' --header 'X: 1' --header Y:z --header User-Agent: --header Accept: http://10.0.0.2:80/";
        assert_eq!(text, format!("{comments}{line}"));
        let shown = crate::export::requests::in_one_line(&text);
        assert!(shown.starts_with(r": 'curl cannot send this header: X-\x00: 1'; : 'curl cannot"), "{shown}");
        assert!(shown.ends_with(&format!("; {line}")) && !shown.contains('\n'), "{shown}");
    }

    #[test]
    fn a_target_that_no_url_can_hold_is_sent_unchanged() {
        for target in [&b"/a#b"[..], b"/a b", b"*"] {
            let sent = received(CurlRequest { method: b"OPTIONS", target, ..CurlRequest::default() });
            assert!(sent.starts_with(&[b"OPTIONS ", target, b" HTTP/1.1\r\n"].concat()), "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn a_target_is_never_an_option_or_a_file() {
        for target in [&b"-K/tmp/config"[..], b"file:///etc/passwd", b"--output=x", b"ftp://a/b", b""] {
            let request =
                CurlRequest { method: b"GET", target, server: "10.0.0.2:80".into(), ..CurlRequest::default() };
            assert!(command(&request).expect("a result").is_err(), "{}", target.escape_ascii());
        }
    }

    #[test]
    fn the_command_has_all_parts_of_the_request() {
        let request = CurlRequest {
            method: b"POST",
            target: b"/a[1]?q='x'",
            headers: vec![b"Host: shop.test", b"Content-Length: 7", b"X-Empty:", b"Accept-Encoding: gzip"],
            body: b"@it's 1",
            server: "10.0.0.2:80".into(),
            ..CurlRequest::default()
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
    fn a_request_of_http2_names_its_version_and_its_authority() {
        let request = CurlRequest {
            method: b"GET",
            target: b"/a?b=c",
            version: b"HTTP/2",
            authority: b"www.example.test",
            server: "10.0.0.2:80".into(),
            headers: vec![b"user-agent: x", b"accept: */*"],
            ..CurlRequest::default()
        };
        let headers = "--header 'user-agent: x' --header 'accept: */*'";
        let command_of = |is_https| {
            let request = CurlRequest { is_https, headers: request.headers.clone(), server: "a".into(), ..request };
            command(&request).expect("a command").expect("a command in the limit")
        };
        assert_eq!(
            command_of(false),
            format!("curl --http2-prior-knowledge {headers} 'http://www.example.test/a?b=c'")
        );
        assert_eq!(command_of(true), format!("curl --http2 {headers} 'https://www.example.test/a?b=c'"));
    }

    #[test]
    fn a_request_to_a_proxy_is_repeated_and_a_tunnel_is_not() {
        let server = || "10.0.0.2:3128".to_owned();
        let request =
            CurlRequest { method: b"GET", target: b"http://a.test/", server: server(), ..CurlRequest::default() };
        let command_of_get = command(&request).and_then(Result::ok).unwrap_or_default();
        assert!(command_of_get.starts_with("curl --proxy 10.0.0.2:3128 "), "{command_of_get}");
        assert!(command_of_get.ends_with(" http://a.test/"), "{command_of_get}");
        assert_eq!(
            command(&CurlRequest { method: b"CONNECT", target: b"a.test:443", server: server(), ..request }),
            None
        );
    }
}
