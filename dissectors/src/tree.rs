//! The detail tree of one frame: a flat list of fields with their values and positions.

use crate::decoding_count::DecodingCount;
use crate::field::{Field, FieldKind};
use crate::host_names::{FoundHostName, FrameHostNames, HostName};
use crate::schema::Schemas;
use crate::wants::Wants;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

/// A range of bytes in a [`Tree`]'s store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Slice {
    /// Position of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Slice {
    /// Creates a range of `len` bytes that begins at `start`.
    #[must_use]
    pub const fn new(start: u32, len: u32) -> Slice {
        Slice { start, len }
    }

    /// Returns the range from this start to the later end of this range and `other`.
    #[must_use]
    pub const fn extended_to(self, other: Slice) -> Slice {
        let end = if other.end() > self.end() { other.end() } else { self.end() };
        Slice::new(self.start, end - self.start)
    }

    /// Returns the position after the last byte.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.len)
    }
}

/// The value of a field in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// The field is present and has no other value.
    Present,
    /// True or false.
    Bool(bool),
    /// An unsigned integer, or a frame number.
    Uint(u64),
    /// A signed integer.
    Int(i64),
    /// Text in the store.
    Text(Slice),
    /// Bytes in the store.
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
    /// A decimal number, in billionths.
    Decimal(i64),
}

/// One entry of the tree.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The field.
    pub field: &'static Field,
    /// Its value.
    pub value: Value,
    /// The bytes it was read from; empty if it was derived from other data.
    pub span: Slice,
    /// Text shown instead of title and value; empty if there is none.
    pub label: Slice,
    /// Nesting depth; 0 for a protocol of the frame.
    pub depth: u8,
    /// The node is not shown, because another node shows the same data.
    pub hidden: bool,
}

/// A run of dissected bytes: the frame, reassembled data, or decoded data.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// Title, such as `Frame` or `Reassembled TCP`.
    pub title: &'static str,
    /// Position of its bytes in the store.
    pub bytes: Slice,
    /// The bytes of another buffer it was derived from; `None` for the frame, and for data of several frames.
    pub from: Option<Slice>,
}

/// The columns of one frame in a frame list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    /// Source address of the innermost layer that has one.
    pub source: Option<Value>,
    /// Destination address of the innermost layer that has one.
    pub destination: Option<Value>,
    /// Short name of the innermost protocol.
    pub protocol: &'static str,
    /// The info column: a summary in one line.
    pub info: Slice,
    /// Number of bytes at the start of `info` that remain when it is replaced.
    pub fence: u32,
}

/// A text of a tree, or bytes.
#[derive(Clone, Copy, Debug)]
pub struct TreeText<'t> {
    /// What it is.
    pub role: TextRole,
    /// Its node, if it belongs to one.
    pub node: Option<&'t Node>,
    /// The text.
    pub bytes: &'t [u8],
}

/// What a text of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRole {
    /// Value of a field that is a text.
    Text,
    /// Value of a field that is bytes.
    Bytes,
    /// Text that is shown instead of title and value.
    Label,
    /// The info column.
    Info,
    /// An address column.
    Address,
}

/// The recorded fields of one frame.
///
/// One store has all bytes: the frame's, reassembled data, and computed text. Values are therefore numbers and
/// positions, and a tree is reused for each frame without allocation.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    wants: Wants,
    /// Whether anything is recorded.
    enabled: bool,
    store: Vec<u8>,
    nodes: Vec<Node>,
    buffers: Vec<Buffer>,
    columns: Columns,
    depth: u8,
    /// Fields of the rest of this frame are not needed.
    rest_skipped: bool,
    /// The columns of this frame are final.
    columns_are_final: bool,
    /// Texts of this frame were replaced, and all other bytes are zeros.
    are_texts_replaced: bool,
    /// Content decoded for all frames so far.
    pub decoding: DecodingCount,
    /// Addresses are recorded as digits, also where a field has their names.
    pub numeric: bool,
    /// Names of addresses in the present frame, if they are resolved.
    pub host_names: Option<FrameHostNames>,
    /// Names of addresses that messages of the present frame have, if they are collected.
    pub found_names: Option<Vec<FoundHostName>>,
    /// Types of messages that the run knows.
    pub schemas: Arc<Schemas>,
}

impl Tree {
    /// Creates a tree that records the fields in `wants` and nothing else.
    #[must_use]
    pub fn new(wants: Wants) -> Tree {
        Tree { enabled: !wants.is_empty(), wants, ..Tree::default() }
    }

    /// Clears the tree and begins a frame. Its bytes are copied only if anything is recorded.
    pub fn begin(&mut self, frame: &[u8]) {
        self.store.clear();
        self.nodes.clear();
        self.buffers.clear();
        self.columns = Columns::default();
        self.depth = 0;
        self.rest_skipped = false;
        self.columns_are_final = false;
        self.are_texts_replaced = false;
        self.add_buffer("Frame", frame);
    }

    /// Replaces what is recorded by what another tree of the same run has of its frame.
    pub fn copy_frame(&mut self, of: &Tree) {
        self.store.clone_from(&of.store);
        self.nodes.clone_from(&of.nodes);
        self.buffers.clone_from(&of.buffers);
        self.columns = of.columns;
        self.depth = of.depth;
        self.rest_skipped = of.rest_skipped;
        self.columns_are_final = of.columns_are_final;
        self.are_texts_replaced = of.are_texts_replaced;
    }

    /// Returns the bytes that what is recorded of the frame takes in memory, about.
    #[must_use]
    pub fn frame_size(&self) -> usize {
        self.store.len() + size_of_val(&self.nodes[..]) + size_of_val(&self.buffers[..])
    }

    /// Declares that further fields of this frame are not needed. Dissectors may skip them.
    pub fn skip_rest(&mut self) {
        self.rest_skipped = true;
    }

    /// Returns whether dissectors may skip further fields of this frame.
    #[must_use]
    pub fn skips_rest(&self) -> bool {
        self.rest_skipped || !self.enabled
    }

    /// Returns the set of recorded fields.
    #[must_use]
    pub fn wanted(&self) -> &Wants {
        &self.wants
    }

    /// Returns whether a field is recorded.
    #[must_use]
    pub fn wants(&self, field: &Field) -> bool {
        self.wants.field(field)
    }

    /// Returns whether any field of a protocol is recorded. `protocol` is the protocol's own field or any other of its
    /// fields.
    #[must_use]
    pub fn wants_any(&self, protocol: &Field) -> bool {
        self.wants.protocol(protocol)
    }

    /// Returns whether columns (protocol, info, addresses) are recorded and not final.
    #[must_use]
    pub fn wants_columns(&self) -> bool {
        self.wants.columns && !self.columns_are_final
    }

    /// Makes the columns of this frame final: layers read later do not change them.
    pub fn finish_columns(&mut self) {
        self.columns_are_final = true;
    }

    /// Lets the next packet of the frame change the columns.
    pub fn reopen_columns(&mut self) {
        self.columns_are_final = false;
    }

    /// Calls a function that may change the columns even if they are final.
    pub fn with_open_columns(&mut self, act: impl FnOnce(&mut Tree)) {
        let are_final = core::mem::take(&mut self.columns_are_final);
        act(self);
        self.columns_are_final = are_final;
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

    /// Returns the dissected buffers. The frame is the first.
    #[must_use]
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// Returns the columns.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the host name of an address, if addresses are resolved and it has one.
    #[must_use]
    pub fn host_name(&self, address: Value) -> Option<&HostName> {
        let names = self.host_names.as_ref()?;
        let address: IpAddr = match address {
            Value::Ipv4(bytes) => bytes.into(),
            Value::Ipv6(bytes) => bytes.into(),
            _ => return None,
        };
        names.names.get(address, names.frame)
    }

    /// Returns the columns for modification.
    pub fn columns_mut(&mut self) -> &mut Columns {
        &mut self.columns
    }

    /// Replaces all nodes, by nodes that point into the same store.
    pub fn replace_nodes(&mut self, nodes: impl Iterator<Item = Node>) {
        self.nodes.clear();
        self.nodes.extend(nodes);
    }

    /// Replaces every text of the tree by what `replace` returns for it, and all other bytes, those of the frame included, by zeros.
    /// Bytes for which it returns nothing become zeros, too. Nodes keep their number, order and positions.
    pub fn replace_texts(&mut self, replace: &mut dyn FnMut(TreeText<'_>) -> Option<Vec<u8>>) {
        self.are_texts_replaced = true;
        let old_end = self.store.len();
        let replaced = |slice: Slice, role: TextRole, node: Option<&Node>, store: &mut Vec<u8>| {
            let bytes = store.get(slice.start as usize..slice.end() as usize).unwrap_or_default();
            let Some(text) = replace(TreeText { role, node, bytes }) else { return slice };
            let start = store.len() as u32;
            store.extend_from_slice(&text);
            Slice::new(start, text.len() as u32)
        };
        let mut replaced = replaced;
        for node in &mut self.nodes {
            let own = *node;
            node.value = match own.value {
                Value::Text(slice) => Value::Text(replaced(slice, TextRole::Text, Some(&own), &mut self.store)),
                Value::Bytes(slice) => Value::Bytes(replaced(slice, TextRole::Bytes, Some(&own), &mut self.store)),
                other => other,
            };
            if own.label.len > 0 {
                node.label = replaced(own.label, TextRole::Label, Some(&own), &mut self.store);
            }
        }
        let columns = &mut self.columns;
        columns.info = replaced(columns.info, TextRole::Info, None, &mut self.store);
        for column in [&mut columns.source, &mut columns.destination] {
            if let Some(Value::Text(slice)) = column {
                *slice = replaced(*slice, TextRole::Address, None, &mut self.store);
            }
        }
        self.store.get_mut(..old_end).unwrap_or_default().fill(0);
    }

    /// Whether bytes of the store are zeros because texts were replaced, and were others before.
    #[must_use]
    pub fn hides(&self, bytes: &[u8]) -> bool {
        self.are_texts_replaced && bytes.iter().all(|&byte| byte == 0)
    }

    /// Returns the bytes at a position in the store; empty if it is out of range.
    #[must_use]
    pub fn bytes(&self, slice: Slice) -> &[u8] {
        self.store.get(slice.start as usize..slice.end() as usize).unwrap_or_default()
    }

    /// Number of bytes in the store: of the frame, and of all that was derived from it.
    #[must_use]
    pub fn stored_len(&self) -> usize {
        self.store.len()
    }

    /// Adds a buffer that further fields are read from. Returns the position of its first byte in the store.
    pub fn add_buffer(&mut self, title: &'static str, bytes: &[u8]) -> u32 {
        self.add_derived_buffer(title, bytes, None)
    }

    /// Adds a buffer whose bytes were derived from the bytes at `from`. Returns the position of its first byte.
    pub fn add_derived_buffer(&mut self, title: &'static str, bytes: &[u8], from: Option<Slice>) -> u32 {
        if !self.enabled {
            return 0;
        }
        let bytes = self.store_bytes(bytes);
        self.buffers.push(Buffer { title, bytes, from });
        bytes.start
    }

    /// Copies bytes that are not a buffer, such as computed text, into the store. Copies nothing if nothing is
    /// recorded.
    pub fn store_bytes(&mut self, bytes: &[u8]) -> Slice {
        if !self.enabled {
            return Slice::default();
        }
        let start = self.store.len() as u32;
        self.store.extend_from_slice(bytes);
        Slice::new(start, bytes.len() as u32)
    }

    /// Writes text into the store.
    pub fn store_text(&mut self, text: fmt::Arguments<'_>) -> Slice {
        let start = self.store.len() as u32;
        let _ = fmt::write(&mut StoreWriter(&mut self.store), text);
        Slice::new(start, self.store.len() as u32 - start)
    }

    /// Records a field if it is in the wants. Returns the index of its node, for [`set`](Tree::set) and
    /// [`label`](Tree::label).
    pub fn put(&mut self, field: &'static Field, span: Slice, value: Value) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let (label, depth, hidden) = (Slice::default(), self.depth, field.hidden);
        self.nodes.push(Node { field, value, span, label, depth, hidden });
        Some(self.nodes.len() - 1)
    }

    /// Records a field with formatted text, if it is in the wants.
    pub fn put_text(&mut self, field: &'static Field, span: Slice, text: fmt::Arguments<'_>) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let text = self.store_text(text);
        self.put(field, span, Value::Text(text))
    }

    /// Records a field with a copy of a text, if it is in the wants.
    pub fn put_copy(&mut self, field: &'static Field, span: Slice, text: &[u8]) -> Option<usize> {
        self.put_changed_copy(field, span, text, |_| {})
    }

    /// Records a field with a copy of a text that `change` changes, if it is in the wants.
    pub fn put_changed_copy(
        &mut self,
        field: &'static Field,
        span: Slice,
        text: &[u8],
        change: impl FnOnce(&mut [u8]),
    ) -> Option<usize> {
        if !self.wants.field(field) {
            return None;
        }
        let text = self.store_bytes(text);
        change(self.store.get_mut(text.start as usize..).unwrap_or_default());
        self.put(field, span, Value::Text(text))
    }

    /// Records a field and nests the following nodes in it, until [`close`](Tree::close).
    pub fn open(&mut self, field: &'static Field, span: Slice, value: Value) -> Option<usize> {
        let node = self.put(field, span, value);
        self.depth = self.depth.saturating_add(1);
        node
    }

    /// Returns the number of open nodes.
    pub(crate) fn depth(&self) -> u8 {
        self.depth
    }

    /// Ends the innermost [`open`](Tree::open).
    pub fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Records an expert note about the bytes of `span`.
    pub fn note(&mut self, note: &'static Field, span: Slice, text: fmt::Arguments<'_>) {
        let FieldKind::Note(severity) = note.kind else { return };
        if let Some(node) = self.put(note, span, Value::Present) {
            self.label(Some(node), text);
            crate::frame::record_expert(note, severity, text, self);
        }
    }

    /// Sets the text that is shown for a node.
    pub fn label(&mut self, node: Option<usize>, text: fmt::Arguments<'_>) {
        if let Some(node) = node.filter(|_| self.wants.labels) {
            let label = self.store_text(text);
            if let Some(node) = self.nodes.get_mut(node) {
                node.label = label;
            }
        }
    }

    /// Hides a node, as if its field were declared hidden.
    pub fn hide(&mut self, node: Option<usize>) {
        if let Some(node) = node.and_then(|node| self.nodes.get_mut(node)) {
            node.hidden = true;
        }
    }

    /// Replaces the position and value of a node.
    pub fn set(&mut self, node: Option<usize>, span: Slice, value: Value) {
        if let Some(node) = node.and_then(|node| self.nodes.get_mut(node)) {
            node.span = span;
            node.value = value;
        }
    }

    /// Replaces the info column after the [`fence`](Tree::fence).
    pub fn set_info(&mut self, text: fmt::Arguments<'_>) {
        if self.wants_columns() {
            self.columns.info.len = self.columns.fence;
            self.append_info(text);
        }
    }

    /// Protects the present info column: later replacements keep it and follow it.
    pub fn fence(&mut self) {
        self.columns.fence = self.columns.info.len;
    }

    /// Whether text of the info column is protected.
    #[must_use]
    pub fn has_fence(&self) -> bool {
        self.columns.fence > 0
    }

    /// Appends to the info column.
    pub fn append_info(&mut self, text: fmt::Arguments<'_>) {
        if let Some(info) = self.info_text() {
            let _ = fmt::write(&mut StoreWriter(info.store), text);
            info.end();
        }
    }

    /// Returns a writer that appends to the info column without the cost of formatting, if the column is recorded.
    pub fn info_text(&mut self) -> Option<InfoText<'_>> {
        if !self.wants_columns() || self.wants.without_info {
            return None;
        }
        let old = self.columns.info;
        // Text that other text follows in the store moves behind it.
        if old.end() as usize != self.store.len() {
            self.columns.info.start = self.store.len() as u32;
            self.store.extend_from_within(old.start as usize..old.end() as usize);
        }
        Some(InfoText { store: &mut self.store, info: &mut self.columns.info })
    }
}

/// Appends text and numbers to the info column of a [`Tree`], which is at the end of the store.
pub struct InfoText<'a> {
    store: &'a mut Vec<u8>,
    info: &'a mut Slice,
}

impl InfoText<'_> {
    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.store.extend_from_slice(text.as_bytes());
        self.info.len += text.len() as u32;
        self
    }

    /// Appends the decimal digits of a number.
    pub fn number(&mut self, number: u32) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    /// Takes what was written to the store since into the column.
    fn end(self) {
        self.info.len = self.store.len() as u32 - self.info.start;
    }
}

/// A writer that appends text to a store.
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
    fn an_empty_set_of_wants_stores_nothing() {
        let mut tree = Tree::default();
        assert_eq!(tree.add_buffer("Reassembled TCP", b"abc"), 0);
        assert_eq!(tree.store_bytes(b"abc"), Slice::default());
        assert!(tree.store.is_empty() && tree.buffers.is_empty());
    }
}
