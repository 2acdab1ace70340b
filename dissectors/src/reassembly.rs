//! Fields of a reassembled IP packet, shared by IPv4 and IPv6.

use crate::field::Field;
use crate::tree::{Slice, Tree, Value};

/// A fragment of a reassembled packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReassembledFragment {
    /// Number of the frame with the fragment.
    pub frame: u32,
    /// Position of its bytes in the tree's store, within those of the whole payload.
    pub span: Slice,
    /// Set if the fragment overlaps earlier data; true if the overlapping data differs.
    pub overlap: Option<bool>,
}

/// Fields by which a network layer describes a reassembled packet.
pub(crate) struct ReassemblyFields {
    pub(crate) fragments: &'static Field,
    pub(crate) fragment: &'static Field,
    /// Replaces `fragment` if the fragment's data differs from earlier data.
    pub(crate) error: &'static Field,
    pub(crate) overlap: &'static Field,
    pub(crate) conflict: &'static Field,
    pub(crate) count: &'static Field,
    pub(crate) length: &'static Field,
    pub(crate) data: Option<&'static Field>,
}

/// The fields of reassembly that the module of a protocol declares, and the one of the reassembled data, if it has one.
macro_rules! reassembly_fields {
    ($data:expr) => {
        $crate::reassembly::ReassemblyFields {
            fragments: &FRAGMENTS,
            fragment: &FRAGMENT,
            error: &FRAGMENT_ERROR,
            overlap: &FRAGMENT_OVERLAP,
            conflict: &FRAGMENT_OVERLAP_CONFLICT,
            count: &FRAGMENT_COUNT,
            length: &REASSEMBLED_LENGTH,
            data: $data,
        }
    };
}
pub(crate) use reassembly_fields;

/// Records the fragments of the packet whose payload is at `whole`.
pub(crate) fn describe(fields: &ReassemblyFields, whole: Slice, parts: &[ReassembledFragment], tree: &mut Tree) {
    if !tree.wants_any(fields.fragments) {
        return;
    }
    let derived = Slice::default();
    let value = match fields.fragments.kind {
        crate::FieldKind::Bytes => Value::Bytes(whole),
        _ => Value::Present,
    };
    let node = tree.open(fields.fragments, whole, value);
    tree.label(node, format_args!("[{} {} ({} bytes)]", parts.len(), fields.fragments.title, whole.len));
    for part in parts {
        let field = if part.overlap == Some(true) { fields.error } else { fields.fragment };
        let node = tree.open(field, part.span, Value::Uint(part.frame.into()));
        let (first, len) = (part.span.start.saturating_sub(whole.start), part.span.len);
        let last = (first + len).saturating_sub(1);
        tree.label(node, format_args!("[Frame: {}, payload: {first}-{last} ({len} bytes)]", part.frame));
        if let Some(conflict) = part.overlap {
            tree.put(fields.overlap, derived, Value::Bool(true));
            if conflict {
                tree.put(fields.conflict, derived, Value::Bool(true));
            }
        }
        tree.close();
    }
    tree.put(fields.count, derived, Value::Uint(parts.len() as u64));
    tree.put(fields.length, derived, Value::Uint(whole.len.into()));
    if let Some(data) = fields.data {
        tree.put(data, whole, Value::Bytes(whole));
    }
    tree.close();
}
