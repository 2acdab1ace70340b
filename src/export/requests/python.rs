//! The statements of Python that repeat a request.

use super::{content_length, is_plain_authority, is_sent_as_is, repeated_headers, server};
use crate::export::call_collector::CollectedCall;
use crate::export::message::CapturedMessage;
use crate::export::web_text::authority;
use std::fmt::Write;

/// Beginning of a script: a function that sends a request as it is given.
pub(super) const HEAD: &str = r#"#!/usr/bin/env python3
import http.client


def send(scheme, server, method, target, version, headers, body):
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(server)
    # Bytes of a request line that http.client rejects are sent as they were captured.
    head = b"%s %s %s\r\n" % (method, target, version)
    head += b"".join(b"%s\r\n" % header for header in headers)
    connection.connect()
    connection.sock.sendall(head + b"\r\n" + body)
    response = http.client.HTTPResponse(connection.sock, method=method.decode("latin-1"))
    response.begin()
    print(response.status, response.reason)
    content = response.read()
    connection.close()
    return response, content
"#;

/// Returns the statements, which call the function of [`HEAD`].
pub(super) fn statements(call: &CollectedCall, request: &CapturedMessage) -> Result<String, String> {
    let authority = authority(call);
    // A target that is a whole URL was sent to a proxy.
    let is_absolute = request.target() != b"*" && !request.target().starts_with(b"/");
    let server = if is_absolute { server(call) } else { authority.clone() };
    if !is_plain_authority(&server) {
        return Err("the authority is no host".into());
    }
    let scheme = if call.call.exchange.is_encrypted { "https" } else { "http" };
    let is_text = request.version().starts_with(b"HTTP/1.");
    let version: &[u8] = if is_text { request.version() } else { b"HTTP/1.1" };
    let mut out = format!("send(\"{scheme}\", \"{server}\", ");
    for word in [request.method(), request.target(), version] {
        push_bytes(&mut out, word);
        out.push_str(", ");
    }
    out.push_str("[\n");
    let mut header = |line: &[u8]| {
        out.push_str("    ");
        push_bytes(&mut out, line);
        out.push_str(",\n");
    };
    if request.header("host").is_none() && !is_text {
        header(format!("Host: {authority}").as_bytes());
    }
    if is_text && is_sent_as_is(request) {
        request.headers().for_each(header);
    } else {
        repeated_headers(request).for_each(&mut header);
        if let Some(length) = content_length(request) {
            header(format!("Content-Length: {length}").as_bytes());
        }
    }
    out.push_str("], ");
    push_bytes(&mut out, request.content());
    out.push_str(")\n");
    Ok(out)
}

/// Appends bytes as a literal.
fn push_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_has_all_bytes_escaped_that_are_not_plain() {
        let mut out = String::new();
        push_bytes(&mut out, b"a\"\\\r\n\t\x00\xff7");
        assert_eq!(out, r#"b"a\"\\\r\n\t\x00\xff7""#);
    }
}
