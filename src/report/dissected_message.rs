//! Messages of a detail tree, of any protocol that declares the roles of its fields.

use dissectors::content::MessageBody;
use dissectors::packet::Payload;
use dissectors::session::{Half, Side};
use dissectors::tree::Node;
use dissectors::{FIELD_COUNT, Field, FieldKind, MessageFields, Severity, Tree, Value, Wants, message_fields};
use std::sync::LazyLock;

/// The roles of the fields of all protocols with messages.
pub(crate) static MESSAGE_FIELDS: LazyLock<Vec<&'static MessageFields>> =
    LazyLock::new(|| message_fields().map(|(_, fields)| fields).collect());

/// The same by the id of the field that each message begins with.
static BY_FIELD: LazyLock<Vec<Option<&'static MessageFields>>> = LazyLock::new(|| {
    let of_field = |id| MESSAGE_FIELDS.iter().copied().find(|fields| fields.message.id == id);
    (0..FIELD_COUNT).map(of_field).collect()
});

/// A message of a frame.
#[derive(Clone, Copy)]
pub(crate) struct DissectedMessage<'t> {
    /// Roles of its fields.
    pub(crate) fields: &'static MessageFields,
    /// Its nodes: from the node of its protocol to that of the next message.
    pub(crate) nodes: &'t [Node],
    pub(crate) tree: &'t Tree,
}

fn fields_of(node: &Node) -> Option<&'static MessageFields> {
    BY_FIELD.get(usize::from(node.field.id)).copied().flatten()
}

/// Adds the fields that show messages whole, and the warnings about them.
pub(crate) fn add_message_wants(wants: &mut Wants) {
    for (protocol, fields) in message_fields() {
        let single = [
            fields.message,
            fields.response,
            fields.target,
            fields.start_line,
            fields.trailers,
            fields.media_type,
            fields.body,
        ];
        let warnings = protocol.fields.iter().copied().filter(|field| is_warning(field));
        single
            .into_iter()
            .chain(fields.headers.iter().copied())
            .chain(fields.channel)
            .chain(warnings)
            .for_each(|field| wants.add(field));
    }
}

/// Returns whether a field is a note above chat.
pub(crate) fn is_warning(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Note(severity) if severity > Severity::Chat)
}

/// Returns the messages of a frame.
pub(crate) fn messages(tree: &Tree) -> impl Iterator<Item = DissectedMessage<'_>> {
    messages_in(tree.nodes(), tree)
}

/// Returns the messages among some nodes of a frame.
pub(crate) fn messages_in<'t>(nodes: &'t [Node], tree: &'t Tree) -> impl Iterator<Item = DissectedMessage<'t>> {
    let first = nodes.iter().position(|node| fields_of(node).is_some()).unwrap_or(nodes.len());
    let nodes = nodes.get(first..).unwrap_or_default();
    let parts = nodes.chunk_by(|_, next| fields_of(next).is_none());
    parts.filter_map(|nodes| DissectedMessage::new(nodes, tree))
}

impl<'t> DissectedMessage<'t> {
    /// Returns the message that begins with the first of these nodes.
    pub(crate) fn new(nodes: &'t [Node], tree: &'t Tree) -> Option<DissectedMessage<'t>> {
        Some(DissectedMessage { fields: fields_of(nodes.first()?)?, nodes, tree })
    }

    /// Whether the nodes are a message, and not bytes that start none.
    pub(crate) fn has_start_line(&self) -> bool {
        self.values(self.fields.start_line).next().is_some()
    }

    pub(crate) fn is_response(&self) -> bool {
        let is_response = |node: &Node| node.field.id == self.fields.response.id && node.value == Value::Bool(true);
        self.nodes.iter().any(is_response)
    }

    /// Returns the side that sent it, by its role.
    pub(crate) fn side(&self) -> Side {
        // Of bytes outside of messages, only those of a server have content.
        let is_content = !self.has_start_line() && self.values(self.fields.body).next().is_some();
        if self.is_response() || is_content { Side::Server } else { Side::Client }
    }

    /// Returns the number of the channel that carried the message, if its protocol has several in one conversation.
    pub(crate) fn channel(&self) -> Option<u32> {
        let id = self.fields.channel?.id;
        self.nodes.iter().find(|node| node.field.id == id).and_then(|node| match node.value {
            Value::Uint(number) => u32::try_from(number).ok(),
            _ => None,
        })
    }

    /// Returns a binary body as text, if the protocol of its media type writes text, and the bytes are not redacted.
    pub(crate) fn written_body(self, bytes: &[u8]) -> Option<String> {
        if self.tree.hides(bytes) {
            return None;
        }
        let target = std::str::from_utf8(self.value(self.fields.target)).unwrap_or_default();
        let half = if self.is_response() { Half::Response } else { Half::Request };
        MessageBody::new(Payload::whole(bytes, 0), self.media_type(), "").of(half, target).text(&self.tree.schemas)
    }

    /// Returns the values of a field.
    pub(crate) fn values(self, field: &Field) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        let (id, tree) = (field.id, self.tree);
        self.nodes.iter().filter(move |node| node.field.id == id).map(move |node| match node.value {
            Value::Text(slice) | Value::Bytes(slice) => tree.bytes(slice),
            _ => &[],
        })
    }

    /// Returns the first value of a field; empty without one.
    pub(crate) fn value(self, field: &Field) -> &'t [u8] {
        self.values(field).next().unwrap_or_default()
    }

    /// Returns the media type. RFC 9110 8.3: of several, recipients use the last.
    pub(crate) fn media_type(self) -> &'t [u8] {
        self.values(self.fields.media_type).last().unwrap_or_default()
    }

    /// Returns the header lines as sent.
    pub(crate) fn headers(self) -> impl Iterator<Item = &'t [u8]> {
        self.fields.headers.iter().flat_map(move |field| self.values(field))
    }

    /// Returns the warnings.
    pub(crate) fn warnings(self) -> impl Iterator<Item = &'static Field> + use<'t> {
        self.nodes.iter().map(|node| node.field).filter(|field| is_warning(field))
    }

    /// Whether part of the message is missing, or exceeds a limit.
    pub(crate) fn is_incomplete(&self) -> bool {
        let MessageFields { incomplete, body_limits, .. } = *self.fields;
        let is_note_of = |node: &Node| incomplete.iter().chain(&body_limits).any(|note| note.id == node.field.id);
        self.nodes.iter().any(is_note_of)
    }
}
