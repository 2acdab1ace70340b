//! The Internet Message Format (RFC 5322): a message with its headers, and a body of MIME (RFC 2045).

use crate::content::{LossyText, MessageBody, joined_name};
use crate::field::Field;
use crate::mime;
use crate::packet::{Payload, ProtocolPath};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

crate::fields! { "imf";
    /// A message in the Internet Message Format.
    IMF: Protocol "imf" "Internet Message Format";
    /// The Date header.
    DATE: Text "imf.date" "Date";
    /// The From header.
    FROM: Text "imf.from" "From";
    /// The Sender header.
    SENDER: Text "imf.sender" "Sender";
    /// The Reply-To header.
    REPLY_TO: Text "imf.reply_to" "Reply-To";
    /// The To header.
    TO: Text "imf.to" "To";
    /// The Cc header.
    CC: Text "imf.cc" "Cc";
    /// The Message-ID header.
    MESSAGE_ID: Text "imf.message_id" "Message-ID";
    /// The In-Reply-To header.
    IN_REPLY_TO: Text "imf.in_reply_to" "In-Reply-To";
    /// The References header.
    REFERENCES: Text "imf.references" "References";
    /// The Subject header.
    SUBJECT: Text "imf.subject" "Subject";
    /// The User-Agent header.
    USER_AGENT: Text "imf.user_agent" "User-Agent";
    /// The Return-Path header.
    RETURN_PATH: Text "imf.return_path" "Return-Path";
    /// A Received header.
    RECEIVED: Text "imf.received" "Received";
    /// The MIME-Version header.
    MIME_VERSION: Text "imf.mime_version" "MIME-Version";
    /// The Content-Type header.
    CONTENT_TYPE: Text "imf.content.type" "Content-Type";
    /// Media type of the Content-Type header.
    CONTENT_TYPE_TYPE: Text "imf.content.type.type" "Type";
    /// Parameters of the Content-Type header.
    CONTENT_TYPE_PARAMETERS: Text "imf.content.type.parameters" "Parameters";
    /// The Content-Description header.
    CONTENT_DESCRIPTION: Text "imf.content.description" "Content-Description";
    /// The Content-ID header.
    CONTENT_ID: Text "imf.content.id" "Content-ID";
    /// The Content-Transfer-Encoding header.
    TRANSFER_ENCODING: Text "imf.content.transfer_encoding" "Content-Transfer-Encoding";
    /// Any other header.
    EXTENSION: Text "imf.extension" "Unknown-Extension";
    /// Name of another header.
    EXTENSION_TYPE: Text "imf.extension.type" "Type";
    /// Value of another header.
    EXTENSION_VALUE: Text "imf.extension.value" "Value";
    /// A body without a media type.
    MESSAGE_TEXT: Label "imf.message_text" "Message-Text";
}

/// Registry entry for messages.
pub static PROTOCOL: Protocol = Protocol {
    short: "IMF",
    fields: FIELDS,
    claims: &[Claim::MediaType("message/rfc822")],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

/// Maximum number of recorded header lines.
const MAX_HEADERS: usize = 200;

static HEADERS: &[(&str, &Field)] = &[
    ("date", &DATE),
    ("from", &FROM),
    ("sender", &SENDER),
    ("reply-to", &REPLY_TO),
    ("to", &TO),
    ("cc", &CC),
    ("message-id", &MESSAGE_ID),
    ("in-reply-to", &IN_REPLY_TO),
    ("references", &REFERENCES),
    ("subject", &SUBJECT),
    ("user-agent", &USER_AGENT),
    ("return-path", &RETURN_PATH),
    ("received", &RECEIVED),
    ("mime-version", &MIME_VERSION),
    ("content-type", &CONTENT_TYPE),
    ("content-description", &CONTENT_DESCRIPTION),
    ("content-id", &CONTENT_ID),
    ("content-transfer-encoding", &TRANSFER_ENCODING),
];

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("imf");
    let payload = body.payload;
    let has_columns = body.depth == 0 && tree.wants_columns();
    if has_columns {
        tree.columns_mut().protocol = joined_name(body.carrier, PROTOCOL.short);
        tree.set_info(format_args!(""));
    }
    tree.open(&IMF, payload.all(), Value::Bytes(payload.all()));
    let (mut content_type, mut encoding, mut at) = (Vec::new(), Vec::new(), 0);
    for _ in 0..MAX_HEADERS {
        let rest = payload.from(at);
        let line = rest.first(mime::line_len(rest.bytes));
        at += line.bytes.len();
        if line.bytes.trim_ascii().is_empty() {
            break;
        }
        let (field, value) = header(line, tree);
        match field {
            Some(field) if field.id == CONTENT_TYPE.id => content_type = value,
            Some(field) if field.id == TRANSFER_ENCODING.id => encoding = value,
            Some(field) if has_columns && field.id == FROM.id => append(tree, "from", &value),
            Some(field) if has_columns && field.id == SUBJECT.id => append(tree, "subject", &value),
            _ => {}
        }
    }
    let content = payload.from(at);
    match mime::decode(&encoding, content.bytes) {
        Some(decoded) => {
            let start = tree.add_derived_buffer("Decoded message", &decoded, Some(content.all()));
            describe_content(body, Payload::whole(&decoded, start), &content_type, path, tree);
        }
        None => describe_content(body, content, &content_type, path, tree),
    }
    tree.close();
}

fn append(tree: &mut Tree, name: &str, value: &[u8]) {
    tree.append_info(format_args!("{name}: {}, ", LossyText(value)));
}

fn describe_content(
    body: &MessageBody<'_>,
    content: Payload<'_>,
    kind: &[u8],
    path: &mut ProtocolPath,
    tree: &mut Tree,
) {
    if kind.is_empty() {
        tree.put(&MESSAGE_TEXT, content.all(), Value::Present);
        return;
    }
    body.nested(content, kind).read(path, tree);
}

/// Records a header line. Returns its field, if it has one of its own, and its value.
fn header(line: Payload<'_>, tree: &mut Tree) -> (Option<&'static Field>, Vec<u8>) {
    let bytes = line.bytes.trim_ascii_end();
    let colon = memchr::memchr(b':', bytes).unwrap_or(bytes.len());
    let (name, value) = bytes.split_at_checked(colon).unwrap_or_default();
    let value = value.get(1..).unwrap_or_default().trim_ascii_start();
    let span = line.span(bytes.len() - value.len(), value.len());
    let text = mime::unfolded(value);
    let stored = if text.len() == value.len() { span } else { tree.store_bytes(&text) };
    let known = HEADERS.iter().find(|(known, _)| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes()));
    let Some(&(_, field)) = known else {
        tree.open(&EXTENSION, line.all(), Value::Text(line.span(0, bytes.len())));
        tree.put(&EXTENSION_TYPE, line.span(0, colon), Value::Text(line.span(0, colon)));
        tree.put(&EXTENSION_VALUE, span, Value::Text(stored));
        tree.close();
        return (None, text);
    };
    tree.open(field, line.all(), Value::Text(stored));
    if field.id == CONTENT_TYPE.id {
        let end = memchr::memchr(b';', &text).unwrap_or(text.len());
        let part = |from: usize, len: usize| Slice::new(stored.start.saturating_add(from as u32), len as u32);
        tree.put(&CONTENT_TYPE_TYPE, span, Value::Text(part(0, end)));
        if end < text.len() {
            let parameters = part(end + 1, text.len() - end - 1);
            tree.put(&CONTENT_TYPE_PARAMETERS, span, Value::Text(parameters));
        }
    }
    tree.close();
    (Some(field), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;

    /// Returns the lines of text in a message, whose content is said to be of this type.
    fn lines(message: &str) -> Vec<alloc::string::String> {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(message.as_bytes());
        let payload = Payload::whole(message.as_bytes(), 0);
        MessageBody::new(payload, b"message/rfc822", "HTTP").read(&mut ProtocolPath::default(), &mut tree);
        let found = tree.nodes().iter().filter(|node| node.field.name == "data-text-lines.line");
        let text = |value| if let Value::Text(text) = value { tree.bytes(text).to_vec() } else { Vec::new() };
        found.map(|node| alloc::string::String::from_utf8_lossy(&text(node.value)).into_owned()).collect()
    }

    #[test]
    fn the_content_of_a_message_is_read_by_its_type_and_its_encoding() {
        let rows = [
            "Content-Type: text/plain\r\n\r\nhidden",
            "content-type:text/html\n\nhidden",
            "From: a@b\r\nContent-Type:\r\n text/plain;\r\n\tcharset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\naGlk\r\nZGVu",
            "Content-Transfer-Encoding: quoted-printable\r\nContent-Type : text/plain\r\n\r\nh=69d=\r\nden",
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGlkZGVu\r\n--x--",
            "Subject: x\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: text/plain\r\n\r\nhidden",
        ];
        for message in rows {
            assert_eq!(lines(message), ["hidden"], "{message:?}");
        }
        assert!(lines("Subject: no end").is_empty());
        assert!(lines("\r\nno type").is_empty());
    }
}
