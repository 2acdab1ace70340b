//! The detail tree of one frame: a flat list of fields with values, spans and depths.

use crate::field::{Field, FieldKind};
use crate::wants::Wants;
use alloc::vec::Vec;
use core::fmt;

/// A range of bytes in a [`Tree`]'s store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Slice {
    /// Position of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Slice {
    /// Creates a range of `len` bytes from `start`.
    #[must_use]
    pub const fn new(start: u32, len: u32) -> Slice {
        Slice { start, len }
    }

    /// Returns the range extended to the end of `after`, if that is later.
    #[must_use]
    pub const fn with(self, after: Slice) -> Slice {
        let end = if after.end() > self.end() { after.end() } else { self.end() };
        Slice::new(self.start, end - self.start)
    }

    /// Returns the position after the last byte.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.len)
    }
}

/// Value of a field in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// No value: the field is present.
    Present,
    /// True or false.
    Bool(bool),
    /// An unsigned number, or a frame number.
    Uint(u64),
    /// A signed number.
    Int(i64),
    /// Text, in the store.
    Text(Slice),
    /// Bytes, in the store.
    Bytes(Slice),
    /// An IPv4 address.
    Ipv4([u8; 4]),
    /// An IPv6 address.
    Ipv6([u8; 16]),
    /// An Ethernet address.
    Ether([u8; 6]),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
}

/// A node of the tree.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Field of the node.
    pub field: &'static Field,
    /// Value of the field.
    pub value: Value,
    /// Bytes that the value was read from; empty if it was derived.
    pub span: Slice,
    /// Text of the line instead of title and value; empty if there is none.
    pub label: Slice,
    /// Depth in the tree: 0 for a protocol of the frame.
    pub depth: u8,
    /// Whether the node is not displayed, because it repeats another one.
    pub hidden: bool,
}

/// Bytes that were dissected: the frame, or reassembled or decoded data.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// Title, such as `Frame` or `Reassembled TCP`.
    pub title: &'static str,
    /// Bytes in the store.
    pub bytes: Slice,
}

/// Columns of one frame in a frame list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    /// Source address of the innermost layer.
    pub source: Option<Value>,
    /// Destination address of the innermost layer.
    pub destination: Option<Value>,
    /// Short name of the topmost protocol.
    pub protocol: &'static str,
    /// One-line summary.
    pub info: Slice,
    /// Number of bytes of `info` that stay when it is replaced.
    pub fence: u32,
}

/// The detail tree and the columns of one frame.
///
/// One store holds all bytes: the frame, reassembled data and formatted text. So values are numbers and ranges of the
/// store, and the tree is reused for the next frame without new allocations.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    wants: Wants,
    /// Whether anything is wanted.
    enabled: bool,
    store: Vec<u8>,
    nodes: Vec<Node>,
    buffers: Vec<Buffer>,
    columns: Columns,
    depth: u8,
    /// Whether the rest of the frame need not be recorded.
    rest_skipped: bool,
    /// Whether the columns of this frame are final.
    columns_are_final: bool,
}

impl Tree {
    /// Creates a tree that records the fields in `wants` only.
    #[must_use]
    pub fn new(wants: Wants) -> Tree {
        Tree { enabled: !wants.is_empty(), wants, ..Tree::default() }
    }

    /// Clears the tree for the next frame. The bytes are copied only if anything is wanted.
    pub fn begin(&mut self, frame: &[u8]) {
        self.store.clear();
        self.nodes.clear();
        self.buffers.clear();
        self.columns = Columns::default();
        self.depth = 0;
        self.rest_skipped = false;
        self.columns_are_final = false;
        self.add_buffer("Frame", frame);
    }

    /// Stops recording fields of this frame: the rest of them is not needed.
    pub fn skip_rest(&mut self) {
        self.rest_skipped = true;
    }

    /// Returns whether the rest of the frame need not be recorded.
    #[must_use]
    pub fn skips_rest(&self) -> bool {
        self.rest_skipped || !self.enabled
    }

    /// Returns the wanted fields.
    #[must_use]
    pub fn wanted(&self) -> &Wants {
        &self.wants
    }

    /// Returns whether this field is recorded.
    #[must_use]
    pub fn wants(&self, field: &Field) -> bool {
        self.wants.field(field)
    }

    /// Returns whether any field of the protocol of `protocol` is recorded.
    #[must_use]
    pub fn wants_any(&self, protocol: &Field) -> bool {
        self.wants.protocol(protocol)
    }

    /// Returns whether the columns (protocol, info, addresses) are wanted and not final.
    #[must_use]
    pub fn wants_columns(&self) -> bool {
        self.wants.columns && !self.columns_are_final
    }

    /// Makes the columns of this frame final: later layers do not change them.
    pub fn finish_columns(&mut self) {
        self.columns_are_final = true;
    }

    /// Returns the recorded nodes, in order.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the first value of `field`, if it was recorded.
    #[must_use]
    pub fn first(&self, field: &Field) -> Option<Value> {
        self.nodes.iter().find(|node| node.field.id == field.id).map(|node| node.value)
    }

    /// Returns the dissected buffers; the first is the frame itself.
    #[must_use]
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// Returns the columns.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the columns, for changes.
    pub fn columns_mut(&mut self) -> &mut Columns {
        &mut self.columns
    }

    /// Returns the bytes of a range of the store; none if it exceeds the store.
    #[must_use]
    pub fn bytes(&self, slice: Slice) -> &[u8] {
        self.store.get(slice.start as usize..slice.end() as usize).unwrap_or_default()
    }

    /// Adds bytes that further fields are read from, and returns where they begin in the store.
    pub fn add_buffer(&mut self, title: &'static str, bytes: &[u8]) -> u32 {
        if !self.enabled {
            return 0;
        }
        let bytes = self.store_bytes(bytes);
        self.buffers.push(Buffer { title, bytes });
        bytes.start
    }

    /// Stores bytes without a buffer of their own, such as formatted text. Stores nothing if nothing is wanted.
    pub fn store_bytes(&mut self, bytes: &[u8]) -> Slice {
        if !self.enabled {
            return Slice::default();
        }
        let start = self.store.len() as u32;
        self.store.extend_from_slice(bytes);
        Slice::new(start, bytes.len() as u32)
    }

    /// Writes a text into the store.
    pub fn store_text(&mut self, text: fmt::Arguments<'_>) -> Slice {
        let start = self.store.len() as u32;
        let _ = fmt::write(&mut StoreWriter(&mut self.store), text);
        Slice::new(start, self.store.len() as u32 - start)
    }

    /// Records a field if it is wanted. Returns the index of its node, for [`set`](Tree::set) and
    /// [`label`](Tree::label).
    pub fn put(&mut self, field: &'static Field, span: Slice, value: Value) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let (label, depth, hidden) = (Slice::default(), self.depth, field.hidden);
        self.nodes.push(Node { field, value, span, label, depth, hidden });
        Some(self.nodes.len() - 1)
    }

    /// Records a field with a formatted text, if it is wanted.
    pub fn put_text(&mut self, field: &'static Field, span: Slice, text: fmt::Arguments<'_>) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let text = self.store_text(text);
        self.put(field, span, Value::Text(text))
    }

    /// Records a field and makes it the parent of the following ones, until [`close`](Tree::close).
    pub fn open(&mut self, field: &'static Field, span: Slice, value: Value) -> Option<usize> {
        let index = self.put(field, span, value);
        self.depth = self.depth.saturating_add(1);
        index
    }

    /// Ends the innermost [`open`](Tree::open).
    pub fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Records an expert note on the bytes of `span`.
    pub fn note(&mut self, note: &'static Field, span: Slice, text: fmt::Arguments<'_>) {
        let FieldKind::Note(severity) = note.kind else { return };
        if let Some(index) = self.put(note, span, Value::Present) {
            self.label(Some(index), text);
            crate::frame::record_expert(severity, text, self);
        }
    }

    /// Sets the text of a recorded node.
    pub fn label(&mut self, index: Option<usize>, text: fmt::Arguments<'_>) {
        if let Some(index) = index.filter(|_| self.wants.labels) {
            let label = self.store_text(text);
            if let Some(node) = self.nodes.get_mut(index) {
                node.label = label;
            }
        }
    }

    /// Hides a recorded node, like one of a hidden field.
    pub fn hide(&mut self, index: Option<usize>) {
        if let Some(node) = index.and_then(|index| self.nodes.get_mut(index)) {
            node.hidden = true;
        }
    }

    /// Changes the span and the value of a recorded node.
    pub fn set(&mut self, index: Option<usize>, span: Slice, value: Value) {
        if let Some(node) = index.and_then(|index| self.nodes.get_mut(index)) {
            node.span = span;
            node.value = value;
        }
    }

    /// Replaces the info column, except for the part before the [`fence`](Tree::fence).
    pub fn set_info(&mut self, text: fmt::Arguments<'_>) {
        if self.wants_columns() {
            self.columns.info.len = self.columns.fence;
            self.append_info(text);
        }
    }

    /// Protects the current info from later replacements.
    pub fn fence(&mut self) {
        self.columns.fence = self.columns.info.len;
    }

    /// Appends to the info column.
    pub fn append_info(&mut self, text: fmt::Arguments<'_>) {
        if !self.wants_columns() || self.wants.without_info {
            return;
        }
        let old = self.columns.info;
        let start = self.store.len() as u32;
        self.store.extend_from_within(old.start as usize..old.end() as usize);
        let _ = fmt::write(&mut StoreWriter(&mut self.store), text);
        self.columns.info = Slice::new(start, self.store.len() as u32 - start);
    }
}

/// Writes text into a store.
struct StoreWriter<'a>(&'a mut Vec<u8>);

impl fmt::Write for StoreWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_stored_if_nothing_is_wanted() {
        let mut tree = Tree::default();
        assert_eq!(tree.add_buffer("Reassembled TCP", b"abc"), 0);
        assert_eq!(tree.store_bytes(b"abc"), Slice::default());
        assert!(tree.store.is_empty() && tree.buffers.is_empty());
    }
}
