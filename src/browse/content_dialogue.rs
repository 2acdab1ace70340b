//! Dialogues within a call: the messages that both sides send while it lasts, such as those of gRPC.

use super::dialogue::{arrow, elapsed};
use super::request::Dialogue;
use crate::report::escaped;
use dissectors::content::MessageBody;
use dissectors::packet::Payload;
use dissectors::protocol::Claim;
use dissectors::session::{Half, Side};
use dissectors::tree::Node;
use dissectors::{Field, PROTOCOLS, Tree, Value, Wants};

/// Maximum number of messages returned.
const MAX_MESSAGES: usize = 500;

/// Maximum number of frames read for them.
pub(super) const MAX_FRAMES: usize = 2_000;

/// Maximum bytes of a message's text in its line.
const MAX_TEXT: usize = 1024;

/// Number of messages of a call that is a request and its response.
const REQUEST_AND_RESPONSE: usize = 2;

/// Protocols of content that a session reads while it arrives: the field of their messages, and a media type.
fn protocols() -> impl Iterator<Item = (&'static Field, &'static str)> {
    let streamed =
        PROTOCOLS.iter().filter(|protocol| protocol.content().is_some() && protocol.sessions().next().is_some());
    streamed.filter_map(|protocol| {
        let media_type = protocol.claims.iter().find_map(|claim| match claim {
            Claim::MediaType(media_type) => Some(*media_type),
            _ => None,
        });
        Some((*protocol.fields.first()?, media_type?))
    })
}

/// Adds the fields of the messages.
pub(super) fn add_wants(wants: &mut Wants) {
    protocols().for_each(|(field, _)| wants.add(field));
}

/// Messages of a call, in the order in which they arrived.
#[derive(Default)]
pub(super) struct ContentDialogue {
    /// Side, time and text.
    messages: Vec<(Side, i64, String)>,
    /// Number of all of them.
    count: usize,
}

impl ContentDialogue {
    /// Adds the messages among some nodes of a frame. `target` is that of the request, and `sender` sent them.
    pub(super) fn add(&mut self, nodes: &[Node], tree: &Tree, half: Half, target: &str, sender: Side, time: i64) {
        for node in nodes {
            let Some((_, media_type)) = protocols().find(|(field, _)| field.id == node.field.id) else { continue };
            let Value::Bytes(slice) = node.value else { continue };
            self.count += 1;
            if self.messages.len() < MAX_MESSAGES {
                let bytes = tree.bytes(slice);
                let text = match tree.hides(bytes) {
                    true => "(not shown)".into(),
                    false => {
                        let body = MessageBody::new(Payload::whole(bytes, 0), media_type.as_bytes(), "");
                        line(&body.of(half, target).text(&tree.schemas).unwrap_or_default())
                    }
                };
                self.messages.push((sender, time, text));
            }
        }
    }

    /// Returns the lines of the dialogue, unless it is a request and its response.
    pub(super) fn into_lines(self) -> Dialogue {
        if self.count <= REQUEST_AND_RESPONSE {
            return Dialogue::default();
        }
        let start = self.messages.first().map_or(0, |&(_, time, _)| time);
        let omitted = self.count - self.messages.len();
        let lines = self.messages.iter().map(|(side, time, text)| {
            let text = text.as_str();
            format!("{} {:<10} {text}", arrow(Some(*side)), elapsed(time.saturating_sub(start)))
        });
        let lines: Vec<String> = lines.chain((omitted > 0).then(|| format!("[{omitted} later messages]"))).collect();
        Dialogue { count: self.count, calls: vec![None; lines.len()], lines }
    }
}

/// Returns the text of a message in one line: its size, and its fields. The first line of the text has a number, which counts
/// the messages of a body.
fn line(text: &str) -> String {
    let (head, fields) = text.split_once('\n').unwrap_or((text, ""));
    let mut line = head.split_once(": ").map_or(head, |(_, size)| size).to_owned();
    let mut separator = "  ";
    for word in fields.lines().map(str::trim).filter(|word| !word.is_empty()) {
        if line.len() > MAX_TEXT {
            line.push('…');
            break;
        }
        line.push_str(separator);
        escaped(&mut line, word.as_bytes());
        separator = " ";
    }
    line
}
