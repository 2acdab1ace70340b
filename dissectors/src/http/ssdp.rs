//! SSDP: messages of HTTP/1 in datagrams (UPnP Device Architecture 2.0, 1.1.2). They are not paired.

use super::describe::LocatedHead;
use super::framing::{self, BodyLength};
use super::head::{self, StartLine};
use super::well_known::KnownHeaders;
use super::{FILE_DATA, HTTP, NOTIFICATION, REQUEST, REQUEST_FULL_URI, RESPONSE, probe};
use crate::content::{LossyText, MessageBody};
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::session::Probe;
use crate::tree::{Slice, Tree, Value};
use alloc::vec::Vec;

crate::fields! { "http::ssdp";
    /// Simple Service Discovery Protocol; the fields of its messages are those of HTTP.
    SSDP: Protocol "ssdp" "Simple Service Discovery Protocol";
}

/// Registry entry for SSDP.
pub static PROTOCOL: Protocol = Protocol {
    short: "SSDP",
    fields: FIELDS,
    claims: &[Claim::UdpPort(1900)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    if payload.wire == 0 {
        return NextLayer::End;
    }
    packet.path.push("ssdp");
    let blank = payload.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let message = payload.from(blank);
    let is_message = probe::starts_message(message.bytes) == Probe::Yes;
    if tree.wants_columns() && !packet.quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        let line = message.bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        match is_message {
            true => tree.set_info(format_args!("{} ", LossyText(head::trim_end(line)))),
            false => tree.set_info(format_args!("Continuation")),
        }
    }
    let is_wanted = tree.wants_any(&SSDP) || tree.wants_any(&HTTP);
    if is_wanted {
        tree.open(&SSDP, payload.all(), Value::Bytes(payload.all()));
    }
    let (body, media_type) = if is_message { describe(message, packet, tree) } else { (payload, &b""[..]) };
    if !body.bytes.is_empty() {
        tree.put(&FILE_DATA, body.all(), Value::Bytes(body.all()));
    }
    if is_wanted {
        tree.close();
    }
    if !body.bytes.is_empty() {
        MessageBody::new(body, media_type, PROTOCOL.short).read(&mut packet.path, tree);
    }
    NextLayer::End
}

/// Records the head of a message. Returns its body and the media type.
fn describe<'b>(message: Payload<'b>, packet: &Packet, tree: &mut Tree) -> (Payload<'b>, &'b [u8]) {
    let end = head::find_end(message.bytes, &mut 0);
    let head_bytes = message.first(end.unwrap_or(message.bytes.len())).bytes;
    let mut lines = Vec::new();
    let head = head::read(head_bytes, &mut lines);
    let headers = framing::collect_headers(&head, &lines);
    let none = Slice::default();
    let located = LocatedHead::new(head, message.base);
    located.record_start_line(tree);
    lines.iter().for_each(|line| located.record_header(line, KnownHeaders::ALL, tree));
    let is_truncated = end.is_none() && message.is_truncated();
    match head.start {
        StartLine::Response { .. } => tree.put(&RESPONSE, none, Value::Bool(true)),
        StartLine::Request { .. } if located.is_notification => tree.put(&NOTIFICATION, none, Value::Bool(true)),
        StartLine::Request { method, target, .. } => {
            let [host, target] = [headers.host, target].map(LossyText);
            if !headers.host.is_empty() && method != b"CONNECT" && !is_truncated {
                tree.put_text(&REQUEST_FULL_URI, none, format_args!("http://{host}{target}"));
            }
            tree.put(&REQUEST, none, Value::Bool(true))
        }
    };
    if is_truncated {
        crate::padding::note_truncated_unless_quoted(message, packet, tree);
    }
    let body = message.from(end.unwrap_or(message.bytes.len()));
    match framing::body_length(&head, &headers, None) {
        BodyLength::Known(len) => (body.first(usize::try_from(len).unwrap_or(usize::MAX)), headers.content_type),
        BodyLength::Chunked | BodyLength::UntilEnd => (body, headers.content_type),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HOST, REQUEST_METHOD, REQUEST_URI, RESPONSE_CODE};
    use super::*;
    use crate::field::Field;
    use crate::wants::Wants;
    use alloc::string::String;

    const SEARCH: &[u8] = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n\r\n";

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        let mut packet = Packet::default();
        let _ = read(&Payload::whole(bytes, 0), &mut packet, &mut tree);
        (tree, packet.path.names().join(":"))
    }

    fn text(tree: &Tree, field: &'static Field) -> String {
        match tree.first(field) {
            Some(Value::Text(slice) | Value::Bytes(slice)) => String::from_utf8_lossy(tree.bytes(slice)).into_owned(),
            other => alloc::format!("{other:?}"),
        }
    }

    // Values from tshark 4.4.
    #[test]
    fn a_search_is_a_request() {
        let (tree, path) = dissect(SEARCH);
        assert_eq!(path, "ssdp");
        assert_eq!(text(&tree, &REQUEST_METHOD), "M-SEARCH");
        assert_eq!(text(&tree, &REQUEST_URI), "*");
        assert_eq!(text(&tree, &HOST), "239.255.255.250:1900");
        assert_eq!(text(&tree, &REQUEST_FULL_URI), "http://239.255.255.250:1900*");
        assert_eq!(tree.first(&REQUEST), Some(Value::Bool(true)));
        assert_eq!(tree.first(&HTTP), None);
    }

    #[test]
    fn a_notification_is_not_a_request() {
        let (tree, _) = dissect(b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\n\r\n");
        assert_eq!(tree.first(&NOTIFICATION), Some(Value::Bool(true)));
        assert_eq!(tree.first(&REQUEST), None);
        assert_eq!(tree.first(&REQUEST_FULL_URI), None);
    }

    #[test]
    fn the_body_of_a_response_has_its_length() {
        let (tree, path) = dissect(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcdefg");
        assert_eq!(path, "ssdp:data");
        assert_eq!(tree.first(&RESPONSE_CODE), Some(Value::Uint(200)));
        assert_eq!(text(&tree, &FILE_DATA), "abcde");
    }

    #[test]
    fn other_bytes_are_a_continuation() {
        let (tree, path) = dissect(b"hello");
        assert_eq!(path, "ssdp:data");
        assert_eq!(text(&tree, &FILE_DATA), "hello");
        assert_eq!(tree.first(&REQUEST_METHOD), None);
    }
}
