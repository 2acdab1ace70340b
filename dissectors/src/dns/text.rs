//! A message that is a body, as text: what the message of another transport has as its lines.

use super::{DOH, LINE, SUMMARY, describe};
use super::{FIELDS, message::Message};
use crate::content::{LossyText, MessageBody};
use crate::field::{FieldKind, Severity};
use crate::frame::{MALFORMED as MALFORMED_PACKET, SHORT};
use crate::schema::Schemas;
use crate::tree::{Node, Tree, Value};
use crate::wants::Wants;
use alloc::string::String;
use core::fmt::Write;

/// Maximum length of the summary, in bytes: each record has a line of its own.
const MAX_SUMMARY: usize = 256;

/// Writes its summary, a line for each question and record, and one for each warning.
pub(super) fn write(body: &MessageBody<'_>, _: &Schemas, out: &mut String) {
    let is_note = |kind: FieldKind| matches!(kind, FieldKind::Note(severity) if severity > Severity::Chat);
    let mut wants = Wants::default();
    let notes = FIELDS.iter().copied().filter(|field| is_note(field.kind)).chain([&MALFORMED_PACKET, &SHORT]);
    notes.chain([&SUMMARY, &LINE]).for_each(|field| wants.add(field));
    let mut tree = Tree::new(wants);
    tree.begin(body.payload.bytes);
    describe::message(&DOH, Message::read(body.payload.bytes).as_ref(), body.payload, &mut tree);
    let is_line = |node: &&Node| [SUMMARY.id, LINE.id].contains(&node.field.id);
    for node in tree.nodes().iter().filter(is_line) {
        let Value::Text(line) = node.value else { continue };
        let line = tree.bytes(line);
        match line.get(..MAX_SUMMARY).filter(|_| node.field.id == SUMMARY.id) {
            Some(first) => {
                let end = first.iter().rposition(|&byte| byte == b' ').unwrap_or(MAX_SUMMARY);
                let _ = writeln!(out, "{} ...", LossyText(first.get(..end).unwrap_or(first)));
            }
            None => {
                let _ = writeln!(out, "{}", LossyText(line));
            }
        }
    }
    for node in tree.nodes().iter().filter(|node| is_note(node.field.kind)) {
        let _ = writeln!(out, "; {}", node.field.title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Payload;

    fn text(message: &[u8]) -> Option<String> {
        MessageBody::new(Payload::whole(message, 0), b"application/dns-message", "").text(&Schemas::default())
    }

    /// A response with the question `a.test A`, and an address (RFC 1035 4.1).
    const RESPONSE: &[u8] = b"\0\x07\x81\x80\0\x01\0\x01\0\0\0\0\x01a\x04test\0\0\x01\0\x01\
        \xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\x42\0\x03";

    #[test]
    fn a_message_has_a_line_for_each_record() {
        let lines = "Standard query response 0x0007 A a.test A 10.66.0.3\n;a.test. IN A\na.test. 60 IN A 10.66.0.3\n";
        assert_eq!(text(RESPONSE).as_deref(), Some(lines));
    }

    #[test]
    fn the_summary_of_many_records_is_bounded() {
        let (header, answer) = RESPONSE.split_at(24);
        let mut message = [header, &answer.repeat(250)].concat();
        message[7] = 250;
        let text = text(&message).expect("text");
        let summary = text.lines().next().expect("a line");
        assert_eq!((text.lines().count(), summary.len() <= MAX_SUMMARY + 4), (252, true), "{summary}");
        assert!(summary.starts_with("Standard query response 0x0007 A a.test A 10.66.0.3 A 10.66.0.3"), "{summary}");
        assert!(summary.ends_with(" ..."), "{summary}");
    }

    #[test]
    fn a_message_that_is_not_complete_has_a_warning() {
        for len in [0, 1, 11, 20, RESPONSE.len() - 1] {
            let cut = text(&RESPONSE[..len]).expect("text");
            assert!(cut.lines().last().is_some_and(|line| line.starts_with("; ")), "{len}: {cut}");
        }
    }
}
