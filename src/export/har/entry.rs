//! An entry of a HAR: a call with its messages and timings.

use super::timings::Timings;
use crate::export::call_collector::CollectedCall;
use crate::export::message::{CapturedMessage, header_text};
use crate::export::parts::form_parts;
use crate::export::web_text::{Cookie, header, parameters, query, request_cookies, response_cookies, url};
use crate::report::records::address;
use crate::report::{JsonWriter, TimeFormatter, body_text};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dissectors::exchange::Transfer;
use std::borrow::Cow;

/// Returns the entry of a call, to which members can be added.
pub(super) fn entry(
    call: &CollectedCall,
    timings: Timings,
    page: Option<&str>,
    clock: &mut TimeFormatter,
) -> JsonWriter {
    let exchange = &call.call.exchange;
    let mut json = JsonWriter::default();
    // Most entries without bodies fit.
    json.text.reserve(2048);
    json.begin('{');
    page.iter().for_each(|page| json.pair("pageref", page));
    let mut time = String::new();
    clock.write_rfc3339(&mut time, timings.started);
    json.pair("startedDateTime", &time);
    json.key("time");
    json.millis(timings.total());
    json.key("request");
    write_request(&mut json, call);
    json.key("response");
    write_response(&mut json, call);
    json.key("cache");
    json.json("{}");
    json.key("timings");
    timings.write(&mut json);
    let mut server = String::new();
    address(&mut server, call.call.server.address);
    json.pair("serverIPAddress", &server);
    let id = exchange.id.conversation;
    match id.tcp() {
        Some(number) => json.pair("connection", itoa::Buffer::new().format(number)),
        None => json.pair("connection", &id.to_string()),
    }
    json.key("_frames");
    json.begin('{');
    for (name, transfer) in [("request", exchange.request), ("response", exchange.response)] {
        json.key(name);
        match transfer {
            None => json.json("null"),
            Some(own) => {
                json.begin('[');
                json.number(own.first.frame);
                json.number(own.last.frame);
                json.end(']');
            }
        }
    }
    json.end('}');
    json.key("_call");
    json.number(call.row);
    if exchange.response.is_none() {
        let error = match exchange.end_reason.as_str() {
            _ if exchange.has_unknown_response() => "unknown: not decrypted, or dropped at a limit",
            "" => "no response in the capture",
            reason => &format!("no response: {reason}"),
        };
        json.pair("_error", error);
    }
    json
}

fn write_pairs<'p>(
    json: &mut JsonWriter,
    name: &'static str,
    pairs: impl Iterator<Item = (Cow<'p, str>, Cow<'p, str>)>,
) {
    json.key(name);
    json.begin('[');
    pairs.for_each(|(name, value)| json.named_value(&name, &value));
    json.end(']');
}

fn write_cookies<'m>(json: &mut JsonWriter, cookies: impl Iterator<Item = Cookie<'m>>) {
    json.key("cookies");
    json.begin('[');
    cookies.for_each(|cookie| write_cookie(json, &cookie));
    json.end(']');
}

/// Writes the sizes of head and body as sent; -1 for a head that is compressed, and for a body that is not complete.
fn write_sizes(json: &mut JsonWriter, message: &CapturedMessage, transfer: Option<Transfer>) {
    let is_text = message.start_line().starts_with(b"HTTP/1.") || message.version().starts_with(b"HTTP/1.");
    json.key("headersSize");
    // An empty line ends the head.
    if is_text {
        json.number(message.head_len + 2)
    } else {
        json.number(-1)
    }
    json.key("bodySize");
    match transfer.filter(|own| own.complete) {
        Some(own) => json.number(own.body),
        None => json.number(-1),
    }
}

fn write_request(json: &mut JsonWriter, call: &CollectedCall) {
    let exchange = &call.call.exchange;
    let none = CapturedMessage::default();
    let message = call.request.as_ref().unwrap_or(&none);
    let url = url(call);
    json.begin('{');
    json.pair("method", &exchange.method);
    json.pair("url", &url);
    json.pair("httpVersion", &header_text(message.version()));
    write_cookies(json, request_cookies(message));
    write_pairs(json, "headers", message.header_texts());
    write_pairs(json, "queryString", parameters(query(&url).as_bytes()));
    write_sizes(json, message, exchange.request);
    if exchange.request.is_some_and(|own| own.body > 0) {
        json.key("postData");
        write_post_data(json, message);
    }
    write_comment(json, message, exchange.request, &exchange.end_reason);
    json.end('}');
}

fn write_response(json: &mut JsonWriter, call: &CollectedCall) {
    let exchange = &call.call.exchange;
    let none = CapturedMessage::default();
    let message = call.response.as_ref().unwrap_or(&none);
    let mut line = message.start_line().splitn(3, |&byte| byte == b' ');
    let (version, _, reason) = (line.next(), line.next(), line.next());
    json.begin('{');
    json.key("status");
    json.number(exchange.code.or_else(|| status_of(message)).unwrap_or(0));
    json.pair("statusText", &header_text(reason.unwrap_or_default()));
    json.pair("httpVersion", &header_text(version.unwrap_or_default()));
    write_cookies(json, response_cookies(message));
    write_pairs(json, "headers", message.header_texts());
    json.key("content");
    write_content(json, message, exchange.response);
    json.pair("redirectURL", &header(message, "location").unwrap_or_default());
    write_sizes(json, message, exchange.response);
    write_comment(json, message, exchange.response, &exchange.end_reason);
    json.end('}');
}

/// Returns the status that a start line states.
fn status_of(message: &CapturedMessage) -> Option<u16> {
    let mut words = message.start_line().split(|&byte| byte == b' ');
    str::from_utf8(words.nth(1)?).ok()?.parse().ok()
}

fn write_cookie(json: &mut JsonWriter, cookie: &Cookie<'_>) {
    let attribute = |name: &str| cookie.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| &**value);
    json.begin('{');
    json.pair("name", &cookie.name);
    json.pair("value", &cookie.value);
    for (name, key) in [("path", "path"), ("domain", "domain"), ("samesite", "sameSite")] {
        attribute(name).into_iter().for_each(|value| json.pair(key, value));
    }
    if let Some(expires) = attribute("expires") {
        match expiry(expires) {
            Some(time) => json.pair("expires", &time),
            None => json.pair("comment", &format!("expires: {expires}")),
        }
    }
    if !cookie.attributes.is_empty() {
        json.flag("httpOnly", attribute("httponly").is_some());
        json.flag("secure", attribute("secure").is_some());
    }
    json.end('}');
}

/// Returns the time of `Wed, 21 Oct 2015 07:28:00 GMT` in the format of ISO 8601. Some servers write the date with hyphens.
fn expiry(text: &str) -> Option<String> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.replace('-', " ")).ok()?;
    Some(time.to_string())
}

/// Writes the content of a response.
fn write_content(json: &mut JsonWriter, message: &CapturedMessage, transfer: Option<Transfer>) {
    let encoded = transfer.map_or(0, |own| own.body);
    let size = decoded_size(message, transfer);
    json.begin('{');
    json.key("size");
    match size {
        Some(size) => json.number(size),
        None => json.number(-1),
    }
    json.pair("mimeType", &mime_type(message));
    if let Some(size) = size.filter(|_| !message.coding().is_empty() && transfer.is_some_and(|own| own.complete)) {
        json.key("compression");
        json.number(i64::try_from(size).unwrap_or(i64::MAX) - i64::try_from(encoded).unwrap_or(i64::MAX));
    }
    if let Some(body) = message.body.as_deref().filter(|body| !body.is_empty()) {
        match text_of(body, message.media_type()) {
            Some(text) => json.pair("text", &text),
            None => {
                json.pair("text", &BASE64_STANDARD.encode(body));
                json.pair("encoding", "base64");
            }
        }
    }
    json.end('}');
}

/// Returns the bytes of a body without its codings; `None` if they are not known, because it was not decoded to its end.
fn decoded_size(message: &CapturedMessage, transfer: Option<Transfer>) -> Option<u64> {
    let (encoded, decoded) = (transfer.map_or(0, |own| own.body), message.body_len as u64);
    match message.coding().is_empty() {
        // Dissectors keep the beginning of a long body, and count all of it.
        true => Some(encoded.max(decoded)),
        false if encoded == 0 => Some(0),
        false => {
            let is_known = message.body.is_some() && !message.is_incomplete && !message.has_unknown_length;
            Some(decoded).filter(|_| is_known)
        }
    }
}

/// Returns a body as text, if all of it is text.
fn text_of(body: &[u8], media_type: &[u8]) -> Option<String> {
    String::from_utf8(body_text(body, media_type)?.into_owned()).ok()
}

fn mime_type(message: &CapturedMessage) -> Cow<'_, str> {
    let own = header_text(message.media_type());
    if own.is_empty() { "x-unknown".into() } else { own }
}

/// Writes the content of a request.
fn write_post_data(json: &mut JsonWriter, message: &CapturedMessage) {
    let body = message.content();
    let is_form = message.media_type().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded");
    json.begin('{');
    json.pair("mimeType", &mime_type(message));
    if is_form {
        write_pairs(json, "params", parameters(body));
    } else {
        write_parts(json, message);
    }
    match text_of(body, message.media_type()) {
        Some(text) => json.pair("text", &text),
        None => {
            json.pair("text", &BASE64_STANDARD.encode(body));
            json.pair("comment", "text is base64");
            json.pair("_encoding", "base64");
        }
    }
    json.end('}');
}

/// Writes the parts of a multipart body.
fn write_parts(json: &mut JsonWriter, message: &CapturedMessage) {
    json.key("params");
    json.begin('[');
    for part in form_parts(message.content(), message.media_type()) {
        json.begin('{');
        json.pair("name", &header_text(&part.name));
        match text_of(part.content, part.media_type) {
            Some(text) => json.pair("value", &text),
            None => {
                json.pair("value", &BASE64_STANDARD.encode(part.content));
                json.pair("comment", "value is base64");
            }
        }
        part.file_name.iter().for_each(|name| json.pair("fileName", &header_text(name)));
        if !part.media_type.is_empty() {
            json.pair("contentType", &header_text(part.media_type));
        }
        json.end('}');
    }
    json.end(']');
}

/// Writes what a message lacks. `end_reason` is why the call ended early, if that is known.
fn write_comment(json: &mut JsonWriter, message: &CapturedMessage, transfer: Option<Transfer>, end_reason: &str) {
    let Some(transfer) = transfer else { return };
    let mut comments: Vec<String> = message.warnings.iter().map(|&title| title.to_owned()).collect();
    if !transfer.complete {
        let own = match end_reason {
            "" => "the message is not complete in the capture".to_owned(),
            reason => format!("the message is not complete: {reason}"),
        };
        // A note that states less.
        comments.retain(|title| !own.starts_with(&title.to_lowercase()));
        comments.push(own);
    }
    match &message.body {
        None if transfer.body > 0 => comments.push(format!("body of {} bytes is not exported", transfer.body)),
        Some(body) => match decoded_size(message, Some(transfer)) {
            Some(size) if message.is_limited() || size > message.body_len as u64 => {
                let shown = if message.is_limited() { body.len() } else { message.body_len };
                comments.push(format!("body is truncated to {} of {size} bytes", shown.min(size as usize)));
            }
            None if message.is_limited() => {
                comments.push(format!("body is truncated to {} bytes", body.len()));
            }
            _ => {}
        },
        None => {}
    }
    if !comments.is_empty() {
        json.pair("comment", &comments.join("; "));
    }
}
