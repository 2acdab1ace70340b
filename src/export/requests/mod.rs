//! Requests in forms that repeat them: commands of a shell, scripts, and bytes.

mod curl;
mod grpcurl;
mod httpie;
mod python;
mod raw;

use super::call_collector::CollectedCall;
use super::call_form::CallForm;
use super::message::{CapturedMessage, header_pair};
use super::web_text::url;
use crate::report::escaped;
use crate::report::records::endpoint;
pub(crate) use curl::CurlRequest;
use dissectors::schema::Schemas;
use std::io::{self, Write};

/// How requests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestForm {
    /// Commands of curl, or of grpcurl for calls whose method is known.
    Curl,
    /// Commands of HTTPie.
    Httpie,
    /// A script of Python that needs its standard library only.
    Python,
    /// The bytes of the requests, one after the other.
    Raw,
}

/// Writes requests in a form that repeats them.
pub struct RequestsForm<'s> {
    form: RequestForm,
    schemas: &'s Schemas,
    written: u64,
    /// Number of calls whose request cannot be repeated.
    refused: u64,
}

/// Headers that state how a body is framed or encoded. A request that is repeated has its body as it is decoded.
const FRAMING_HEADERS: [&str; 3] = ["content-length", "transfer-encoding", "content-encoding"];

/// Returns the command that repeats a request: that of grpcurl for a gRPC call whose method is known, else that of curl; `None` for a
/// tunnel. `messages` is the body as text, if its protocol writes text.
pub(crate) fn curl_command(
    request: &CurlRequest<'_>,
    messages: Option<&str>,
    schemas: &Schemas,
) -> Option<Result<String, String>> {
    messages.and_then(|text| grpcurl::command(request, text, schemas)).or_else(|| curl::command(request))
}

/// Returns a command with its comments in one line: as arguments of a command that does nothing, since not all shells read comments
/// from a terminal.
pub(crate) fn in_one_line(command: &str) -> String {
    let mut out = String::new();
    for line in command.lines() {
        match line.strip_prefix("# ") {
            Some(comment) => {
                out.push_str(": ");
                curl::push_quoted(&mut out, comment.as_bytes());
                out.push_str("; ");
            }
            None => out.push_str(line),
        }
    }
    out
}

impl<'s> RequestsForm<'s> {
    /// Returns a form without requests. `schemas` are the types of messages that are known.
    #[must_use]
    pub fn new(form: RequestForm, schemas: &'s Schemas) -> RequestsForm<'s> {
        RequestsForm { form, schemas, written: 0, refused: 0 }
    }

    /// Returns the request in this form, or why it cannot be repeated.
    fn text(&self, call: &CollectedCall, request: &CapturedMessage) -> Result<Vec<u8>, String> {
        let is_tunnel = || "a tunnel cannot be repeated".to_owned();
        if call.call.exchange.method == "CONNECT" {
            return Err(is_tunnel());
        }
        let is_incomplete = call.call.exchange.request.is_none_or(|own| !own.complete);
        if request.is_limited() && !is_incomplete {
            return Err("its body exceeds the limit (--body-limit)".into());
        }
        if request.is_incomplete || is_incomplete {
            return Err("the request is incomplete in the capture".into());
        }
        match self.form {
            RequestForm::Curl => {
                let own = curl_request(call, request);
                let command = curl_command(&own, request.written_body.as_deref(), self.schemas);
                command.unwrap_or_else(|| Err(is_tunnel())).map(String::into_bytes)
            }
            RequestForm::Httpie => httpie::command(call, request).map(String::into_bytes),
            RequestForm::Python => python::statements(call, request).map(String::into_bytes),
            RequestForm::Raw => Ok(raw::request(call, request)),
        }
    }
}

/// Returns the address and port of the server, or of the proxy.
fn server(call: &CollectedCall) -> String {
    let mut server = String::new();
    endpoint(&mut server, call.call.server);
    server
}

/// Returns whether an authority is a host and a port: nothing else of a URL, and no quotes.
fn is_plain_authority(authority: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:[]%".contains(&byte);
    !authority.is_empty() && authority.bytes().all(is_plain)
}

fn curl_request<'m>(call: &'m CollectedCall, request: &'m CapturedMessage) -> CurlRequest<'m> {
    CurlRequest {
        method: request.method(),
        target: request.target(),
        version: request.version(),
        authority: request.authority(),
        is_https: call.call.exchange.is_encrypted,
        headers: request.headers().collect(),
        body: request.content(),
        is_incomplete: request.is_incomplete,
        server: server(call),
    }
}

/// Returns the header lines that repeat a request, in their order; without pseudo-headers, and those that frame the body.
fn repeated_headers(request: &CapturedMessage) -> impl Iterator<Item = &[u8]> {
    let is_text = request.version().starts_with(b"HTTP/1.");
    request.headers().filter(move |line| {
        let name = header_pair(line).map_or(&b""[..], |(name, _)| name);
        let is_framing = FRAMING_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
        !is_framing && (is_text || !name.starts_with(b":"))
    })
}

/// Returns whether the body is as it was sent: neither in chunks nor encoded.
fn is_sent_as_is(request: &CapturedMessage) -> bool {
    request.coding().is_empty() && request.header("transfer-encoding").is_none()
}

/// Returns the target of a request with its length of the body, if it had one or the body is sent in another framing.
fn content_length(request: &CapturedMessage) -> Option<usize> {
    let has_own = request.header("content-length").is_some();
    (has_own || !request.content().is_empty() || !is_sent_as_is(request)).then(|| request.content().len())
}

impl CallForm for RequestsForm<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.form {
            RequestForm::Curl | RequestForm::Httpie => out.write_all(b"#!/bin/sh\n"),
            RequestForm::Python => out.write_all(python::HEAD.as_bytes()),
            RequestForm::Raw => Ok(()),
        }
    }

    fn call(&mut self, call: CollectedCall, out: &mut dyn Write) -> io::Result<()> {
        let Some(request) = call.request.as_ref().filter(|request| request.is_web) else { return Ok(()) };
        let text = self.text(&call, request);
        match &text {
            Ok(_) => self.written += 1,
            Err(_) => self.refused += 1,
        }
        if self.form == RequestForm::Raw {
            return text.map_or(Ok(()), |bytes| out.write_all(&bytes));
        }
        let mut comment = String::new();
        escaped(&mut comment, url(&call).as_bytes());
        write!(out, "\n# call {}: {} {comment}\n", call.row, escaped_text(&call.call.exchange.method))?;
        match text {
            Ok(text) => out.write_all(&[&text[..], b"\n"].concat()),
            Err(message) => writeln!(out, "# not repeated: {message}"),
        }
    }

    fn notes(&self) -> Vec<String> {
        let requests = |count: u64| format!("{count} request{}", if count == 1 { "" } else { "s" });
        let mut notes = vec![format!("{} written", requests(self.written))];
        if self.refused > 0 {
            notes.push(format!("{} cannot be repeated", requests(self.refused)));
        }
        notes
    }
}

fn escaped_text(text: &str) -> String {
    let mut out = String::new();
    escaped(&mut out, text.as_bytes());
    out
}
