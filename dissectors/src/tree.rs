//! The tree: what one frame was found to say, as a flat list of fields with their values and places.

use crate::field::{Field, Kind};
use crate::wants::Wants;
use alloc::vec::Vec;
use core::fmt;

/// A run of bytes in a [`Tree`]'s store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Slice {
    /// Where it begins.
    pub start: u32,
    /// How many bytes it has.
    pub len: u32,
}

impl Slice {
    /// The run of `len` bytes from `start`.
    #[must_use]
    pub const fn new(start: u32, len: u32) -> Slice {
        Slice { start, len }
    }

    /// The run from its first byte to the last of `after`, if that comes later than its own.
    #[must_use]
    pub const fn with(self, after: Slice) -> Slice {
        let end = if after.end() > self.end() { after.end() } else { self.end() };
        Slice::new(self.start, end - self.start)
    }

    /// Where it ends: the place after its last byte.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.len)
    }
}

/// What a field says in this frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Nothing beyond being there.
    Present,
    /// True or false.
    Bool(bool),
    /// An unsigned number, or a frame's.
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

/// One line of the tree.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Which fact.
    pub field: &'static Field,
    /// What it is here.
    pub value: Value,
    /// The bytes it was read from; of no length when it was concluded from elsewhere.
    pub span: Slice,
    /// The line shown instead of title and value; of no length where there is none.
    pub label: Slice,
    /// How deep it lies: 0 for a protocol of the frame.
    pub depth: u8,
    /// Another name of a fact that is shown already.
    pub hidden: bool,
}

/// Bytes that were dissected: the frame, or what was put together or decoded from several.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// What to call it, such as `Frame` or `Reassembled TCP`.
    pub title: &'static str,
    /// Its bytes in the store.
    pub bytes: Slice,
}

/// The words of one row in a list of frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    /// The sender's address; innermost wins.
    pub source: Option<Value>,
    /// The receiver's address.
    pub destination: Option<Value>,
    /// The short name of the highest protocol.
    pub protocol: &'static str,
    /// What it is about, in a line.
    pub info: Slice,
    /// So many bytes of `info` stay when it is replaced.
    pub fence: u32,
}

/// All that was said of one frame.
///
/// Everything lies in one store: the frame's bytes, what was put together from several frames, and computed text; so
/// values are plain numbers and places, and a tree is filled anew for each frame without asking for memory.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    wants: Wants,
    /// Something is wanted.
    on: bool,
    store: Vec<u8>,
    nodes: Vec<Node>,
    buffers: Vec<Buffer>,
    columns: Columns,
    depth: u8,
    /// Nobody looks at the rest of this frame.
    dismissed: bool,
    /// The columns of this frame are final.
    columns_are_final: bool,
}

impl Tree {
    /// A tree that records what `wants` names and nothing else.
    #[must_use]
    pub fn new(wants: Wants) -> Tree {
        Tree { on: !wants.nothing(), wants, ..Tree::default() }
    }

    /// Forgets the last frame and begins one of these bytes, which are copied only if anything is wanted.
    pub fn begin(&mut self, frame: &[u8]) {
        self.store.clear();
        self.nodes.clear();
        self.buffers.clear();
        self.columns = Columns::default();
        self.depth = 0;
        self.dismissed = false;
        self.columns_are_final = false;
        self.add_buffer("Frame", frame);
    }

    /// Learns that nobody looks at what else the frame says: it may be left out.
    pub fn dismiss(&mut self) {
        self.dismissed = true;
    }

    /// Whether what else the frame says may be left out.
    #[must_use]
    pub fn is_dismissed(&self) -> bool {
        self.dismissed || !self.on
    }

    /// What is recorded.
    #[must_use]
    pub fn wanted(&self) -> &Wants {
        &self.wants
    }

    /// Whether this field is recorded.
    #[must_use]
    pub fn wants(&self, field: &Field) -> bool {
        self.wants.field(field)
    }

    /// Whether any field of the protocol is recorded; `protocol` is the protocol's own field, or any of its fields.
    #[must_use]
    pub fn wants_any(&self, protocol: &Field) -> bool {
        self.wants.protocol(protocol)
    }

    /// Whether the row of a list of frames (protocol, info, addresses) is wanted.
    #[must_use]
    pub fn wants_columns(&self) -> bool {
        self.wants.columns && !self.columns_are_final
    }

    /// Keeps the columns of this frame as they are, whatever is read from it afterwards.
    pub fn finish_columns(&mut self) {
        self.columns_are_final = true;
    }

    /// The lines recorded so far, in order.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The first value of `field`, if it was recorded.
    #[must_use]
    pub fn first(&self, field: &Field) -> Option<Value> {
        self.nodes.iter().find(|node| node.field.id == field.id).map(|node| node.value)
    }

    /// The dissected buffers; the frame itself is the first.
    #[must_use]
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The row of a list of frames.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The row, to be written.
    pub fn columns_mut(&mut self) -> &mut Columns {
        &mut self.columns
    }

    /// The bytes of a place in the store; none if it lies outside.
    #[must_use]
    pub fn bytes(&self, slice: Slice) -> &[u8] {
        self.store.get(slice.start as usize..slice.end() as usize).unwrap_or_default()
    }

    /// Takes in bytes that further fields are read from, and returns where they begin.
    pub fn add_buffer(&mut self, title: &'static str, bytes: &[u8]) -> u32 {
        if !self.on {
            return 0;
        }
        let bytes = self.keep(bytes);
        self.buffers.push(Buffer { title, bytes });
        bytes.start
    }

    /// Takes in bytes that are no buffer of their own, such as a computed text. Where nothing is wanted nothing is kept.
    pub fn keep(&mut self, bytes: &[u8]) -> Slice {
        if !self.on {
            return Slice::default();
        }
        let start = self.store.len() as u32;
        self.store.extend_from_slice(bytes);
        Slice::new(start, bytes.len() as u32)
    }

    /// Writes a text into the store.
    pub fn write(&mut self, text: fmt::Arguments<'_>) -> Slice {
        let start = self.store.len() as u32;
        let _ = fmt::write(&mut Pen(&mut self.store), text);
        Slice::new(start, self.store.len() as u32 - start)
    }

    /// Records a field if it is wanted. Returns its place among the nodes, for [`set`](Tree::set) and
    /// [`label`](Tree::label).
    pub fn put(&mut self, field: &'static Field, span: Slice, value: Value) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let (label, depth, hidden) = (Slice::default(), self.depth, field.hidden);
        self.nodes.push(Node { field, value, span, label, depth, hidden });
        Some(self.nodes.len() - 1)
    }

    /// Records a field whose text is written here, if it is wanted.
    pub fn put_text(&mut self, field: &'static Field, span: Slice, text: fmt::Arguments<'_>) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let text = self.write(text);
        self.put(field, span, Value::Text(text))
    }

    /// Records a field and lets what follows lie under it, until [`close`](Tree::close).
    pub fn open(&mut self, field: &'static Field, span: Slice, value: Value) -> Option<usize> {
        let place = self.put(field, span, value);
        self.depth = self.depth.saturating_add(1);
        place
    }

    /// Ends the nearest [`open`](Tree::open).
    pub fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Records that something is odd about the bytes of `span`.
    pub fn note(&mut self, note: &'static Field, span: Slice, text: fmt::Arguments<'_>) {
        let Kind::Note(severity) = note.kind else { return };
        if let Some(place) = self.put(note, span, Value::Present) {
            self.label(Some(place), text);
            crate::frame::tell_note(severity, text, self);
        }
    }

    /// Gives a recorded field its own line of text.
    pub fn label(&mut self, place: Option<usize>, text: fmt::Arguments<'_>) {
        if let Some(place) = place.filter(|_| self.wants.labels) {
            let label = self.write(text);
            if let Some(node) = self.nodes.get_mut(place) {
                node.label = label;
            }
        }
    }

    /// Keeps a recorded field out of what is shown, as one whose every occurrence is hidden.
    pub fn hide(&mut self, place: Option<usize>) {
        if let Some(node) = place.and_then(|place| self.nodes.get_mut(place)) {
            node.hidden = true;
        }
    }

    /// Changes what was recorded at `place`.
    pub fn set(&mut self, place: Option<usize>, span: Slice, value: Value) {
        if let Some(node) = place.and_then(|place| self.nodes.get_mut(place)) {
            node.span = span;
            node.value = value;
        }
    }

    /// Replaces the info of the row, but for what stands before the [`fence`](Tree::fence).
    pub fn info(&mut self, text: fmt::Arguments<'_>) {
        if self.wants_columns() {
            self.columns.info.len = self.columns.fence;
            self.more_info(text);
        }
    }

    /// Lets the info so far stand before whatever replaces it.
    pub fn fence(&mut self) {
        self.columns.fence = self.columns.info.len;
    }

    /// Adds to the info of the row.
    pub fn more_info(&mut self, text: fmt::Arguments<'_>) {
        if !self.wants_columns() || self.wants.brief {
            return;
        }
        let old = self.columns.info;
        let start = self.store.len() as u32;
        self.store.extend_from_within(old.start as usize..old.end() as usize);
        let _ = fmt::write(&mut Pen(&mut self.store), text);
        self.columns.info = Slice::new(start, self.store.len() as u32 - start);
    }
}

/// Writes text into a store.
struct Pen<'a>(&'a mut Vec<u8>);

impl fmt::Write for Pen<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_wanted_nothing_is_kept() {
        let mut tree = Tree::default();
        assert_eq!(tree.add_buffer("Reassembled TCP", b"abc"), 0);
        assert_eq!(tree.keep(b"abc"), Slice::default());
        assert!(tree.store.is_empty() && tree.buffers.is_empty());
    }
}
