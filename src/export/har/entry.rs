//! An entry of a HAR: a call with its messages and timings.

use super::timings::{Timings, millis};
use crate::export::call_collector::CollectedCall;
use crate::export::message::CapturedMessage;
use crate::export::parts::form_parts;
use crate::export::web_text::{
    Cookie, header, header_text, headers, parameters, query, request_cookies, response_cookies, url,
};
use crate::report::records::address;
use crate::report::{TimeFormatter, body_text};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dissectors::exchange::Transfer;
use dissectors::session::ConversationId;
use serde_json::{Map, Value, json};

/// Returns the entry of a call.
pub(super) fn entry(call: &CollectedCall, timings: Timings, page: Option<&str>) -> Map<String, Value> {
    let exchange = &call.call.exchange;
    let mut server = String::new();
    address(&mut server, call.call.server.address);
    let mut entry = Map::new();
    if let Some(page) = page {
        entry.insert("pageref".into(), page.into());
    }
    let connection = match exchange.id.conversation {
        ConversationId::Tcp(number) => number.to_string(),
        udp => udp.to_string(),
    };
    let fields = [
        ("startedDateTime", timestamp(timings.started).into()),
        ("time", millis(timings.total())),
        ("request", request(call)),
        ("response", response(call)),
        ("cache", json!({})),
        ("timings", timings.to_json()),
        ("serverIPAddress", server.into()),
        ("connection", connection.into()),
        ("_frames", json!({ "request": frames(exchange.request), "response": frames(exchange.response) })),
        ("_call", call.row.into()),
    ];
    entry.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if exchange.response.is_none() {
        entry.insert("_error".into(), "no response in the capture".into());
    }
    entry
}

/// Returns a time in the format of ISO 8601.
pub(super) fn timestamp(nanos: i64) -> String {
    let mut text = String::new();
    TimeFormatter::local().write_rfc3339(&mut text, nanos);
    text
}

fn frames(transfer: Option<Transfer>) -> Value {
    transfer.map_or(Value::Null, |own| json!([own.first.frame, own.last.frame]))
}

fn pairs<N: Into<String>, V: Into<String>>(pairs: impl Iterator<Item = (N, V)>) -> Value {
    pairs.map(|(name, value)| json!({ "name": name.into(), "value": value.into() })).collect()
}

/// Returns the number of bytes of a body as sent; -1 if it is not complete.
fn body_size(transfer: Option<Transfer>) -> Value {
    transfer.filter(|own| own.complete).map_or(json!(-1), |own| own.body.into())
}

fn head_size(message: &CapturedMessage) -> Value {
    // The headers of other versions are compressed. An empty line ends the head.
    let is_text =
        message.start_line.windows(7).any(|part| part == b"HTTP/1.") || message.version.starts_with(b"HTTP/1.");
    if is_text { json!(message.head_len + 2) } else { json!(-1) }
}

fn request(call: &CollectedCall) -> Value {
    let exchange = &call.call.exchange;
    let none = CapturedMessage::default();
    let message = call.request.as_ref().unwrap_or(&none);
    let url = url(call);
    let mut request = json!({
        "method": exchange.method.as_str(),
        "url": url,
        "httpVersion": header_text(&message.version),
        "cookies": request_cookies(message).iter().map(cookie).collect::<Vec<_>>(),
        "headers": pairs(headers(message)),
        "queryString": pairs(parameters(query(&url).as_bytes())),
        "headersSize": head_size(message),
        "bodySize": body_size(exchange.request),
    });
    let Some(object) = request.as_object_mut() else { return request };
    if exchange.request.is_some_and(|own| own.body > 0) {
        object.insert("postData".into(), post_data(message));
    }
    insert_comment(object, message, exchange.request);
    request
}

fn response(call: &CollectedCall) -> Value {
    let exchange = &call.call.exchange;
    let none = CapturedMessage::default();
    let message = call.response.as_ref().unwrap_or(&none);
    let mut line = message.start_line.splitn(3, |&byte| byte == b' ');
    let (version, _, reason) = (line.next(), line.next(), line.next());
    let mut response = json!({
        "status": exchange.code.or_else(|| status_of(message)).unwrap_or(0),
        "statusText": header_text(reason.unwrap_or_default()),
        "httpVersion": header_text(version.unwrap_or_default()),
        "cookies": response_cookies(message).iter().map(cookie).collect::<Vec<_>>(),
        "headers": pairs(headers(message)),
        "content": content(message, exchange.response),
        "redirectURL": header(message, "location").unwrap_or_default(),
        "headersSize": head_size(message),
        "bodySize": body_size(exchange.response),
    });
    if let Some(object) = response.as_object_mut() {
        insert_comment(object, message, exchange.response);
    }
    response
}

/// Returns the status that a start line states.
fn status_of(message: &CapturedMessage) -> Option<u16> {
    let mut words = message.start_line.split(|&byte| byte == b' ');
    str::from_utf8(words.nth(1)?).ok()?.parse().ok()
}

fn cookie(cookie: &Cookie) -> Value {
    let attribute = |name: &str| cookie.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let mut own = json!({ "name": cookie.name, "value": cookie.value });
    let Some(object) = own.as_object_mut() else { return own };
    for (name, key) in [("path", "path"), ("domain", "domain"), ("samesite", "sameSite")] {
        if let Some(value) = attribute(name) {
            object.insert(key.into(), value.into());
        }
    }
    if let Some(expires) = attribute("expires") {
        match expiry(expires) {
            Some(time) => object.insert("expires".into(), time.into()),
            None => object.insert("comment".into(), format!("expires: {expires}").into()),
        };
    }
    if !cookie.attributes.is_empty() {
        object.insert("httpOnly".into(), attribute("httponly").is_some().into());
        object.insert("secure".into(), attribute("secure").is_some().into());
    }
    own
}

/// Returns the time of `Wed, 21 Oct 2015 07:28:00 GMT` in the format of ISO 8601. Some servers write the date with hyphens.
fn expiry(text: &str) -> Option<String> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.replace('-', " ")).ok()?;
    Some(time.to_string())
}

/// Returns the content of a response.
fn content(message: &CapturedMessage, transfer: Option<Transfer>) -> Value {
    let encoded = transfer.map_or(0, |own| own.body);
    let mut content = json!({ "size": message.body_len, "mimeType": mime_type(message) });
    let Some(object) = content.as_object_mut() else { return content };
    if !message.coding.is_empty() && message.body.is_some() && transfer.is_some_and(|own| own.complete) {
        let saved = i64::try_from(message.body_len).unwrap_or(i64::MAX) - i64::try_from(encoded).unwrap_or(i64::MAX);
        object.insert("compression".into(), saved.into());
    }
    let Some(body) = message.body.as_deref().filter(|body| !body.is_empty()) else {
        if message.body.is_none() && encoded > 0 {
            object.insert("size".into(), encoded.into());
        }
        return content;
    };
    match text_of(body, message) {
        Some(text) => object.insert("text".into(), text.into()),
        None => {
            object.insert("text".into(), BASE64_STANDARD.encode(body).into());
            object.insert("encoding".into(), "base64".into())
        }
    };
    content
}

/// Returns a body as text, if all of it is text.
fn text_of(body: &[u8], message: &CapturedMessage) -> Option<String> {
    let text = body_text(body, &message.media_type)?;
    String::from_utf8(text.into_owned()).ok()
}

fn mime_type(message: &CapturedMessage) -> String {
    let own = header_text(&message.media_type);
    if own.is_empty() { "x-unknown".to_owned() } else { own.into_owned() }
}

/// Returns the content of a request.
fn post_data(message: &CapturedMessage) -> Value {
    let body = message.content();
    let media_type = message.media_type.to_ascii_lowercase();
    let mut data = json!({ "mimeType": mime_type(message), "params": [], "text": "" });
    let Some(object) = data.as_object_mut() else { return data };
    if media_type.starts_with(b"application/x-www-form-urlencoded") {
        object.insert("params".into(), pairs(parameters(body)));
    }
    let params = form_parts(body, &message.media_type).map(|part| {
        let text = text_of(
            part.content,
            &CapturedMessage { media_type: part.media_type.to_vec(), ..CapturedMessage::default() },
        );
        let mut param = json!({ "name": header_text(&part.name) });
        let Some(object) = param.as_object_mut() else { return param };
        match text {
            Some(text) => object.insert("value".into(), text.into()),
            None => {
                object.insert("value".into(), BASE64_STANDARD.encode(part.content).into());
                object.insert("comment".into(), "value is base64".into())
            }
        };
        if let Some(name) = &part.file_name {
            object.insert("fileName".into(), header_text(name).into());
        }
        if !part.media_type.is_empty() {
            object.insert("contentType".into(), header_text(part.media_type).into());
        }
        param
    });
    let params: Vec<Value> = params.collect();
    if !params.is_empty() {
        object.insert("params".into(), params.into());
    }
    match text_of(body, message) {
        Some(text) => object.insert("text".into(), text.into()),
        None => {
            object.insert("text".into(), BASE64_STANDARD.encode(body).into());
            object.insert("comment".into(), "text is base64".into());
            object.insert("_encoding".into(), "base64".into())
        }
    };
    data
}

/// Adds what a message lacks.
fn insert_comment(object: &mut Map<String, Value>, message: &CapturedMessage, transfer: Option<Transfer>) {
    let mut comments: Vec<String> = message.warnings.iter().map(|&title| title.to_owned()).collect();
    let Some(transfer) = transfer else { return };
    if !transfer.complete {
        comments.push("the message is not complete in the capture".to_owned());
    }
    match &message.body {
        None if transfer.body > 0 => comments.push(format!("body of {} bytes is not exported", transfer.body)),
        Some(body) if body.len() < message.body_len => {
            comments.push(format!("body is truncated to {} of {} bytes", body.len(), message.body_len));
        }
        _ => {}
    }
    if !comments.is_empty() {
        object.insert("comment".into(), comments.join("; ").into());
    }
}
