//! How a packet that was put together from fragments is told, by whichever network layer.

use crate::field::Field;
use crate::tree::{Slice, Tree, Value};

/// A part of a packet that was put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The frame it came in.
    pub frame: u32,
    /// Its place in the tree's store, within that of the whole.
    pub place: Slice,
    /// Some of it came before; and whether it was different.
    pub overlap: Option<bool>,
}

/// The fields by which a network layer tells of it.
pub(crate) struct Fields {
    pub(crate) fragments: &'static Field,
    pub(crate) fragment: &'static Field,
    /// Instead, of a part that differs from what came before.
    pub(crate) error: &'static Field,
    pub(crate) overlap: &'static Field,
    pub(crate) conflict: &'static Field,
    pub(crate) count: &'static Field,
    pub(crate) length: &'static Field,
    pub(crate) data: &'static Field,
}

/// Records what the packet whose payload lies at `whole` was put together from.
pub(crate) fn describe(fields: &Fields, whole: Slice, parts: &[Part], tree: &mut Tree) {
    if !tree.wants_any(fields.fragments) {
        return;
    }
    let concluded = Slice::default();
    let value = match fields.fragments.kind {
        crate::Kind::Bytes => Value::Bytes(whole),
        _ => Value::Present,
    };
    let place = tree.open(fields.fragments, whole, value);
    tree.label(place, format_args!("[{} {} ({} bytes)]", parts.len(), fields.fragments.title, whole.len));
    for part in parts {
        let field = if part.overlap == Some(true) { fields.error } else { fields.fragment };
        let place = tree.open(field, part.place, Value::Uint(part.frame.into()));
        let (first, len) = (part.place.start.saturating_sub(whole.start), part.place.len);
        let last = (first + len).saturating_sub(1);
        tree.label(place, format_args!("[Frame: {}, payload: {first}-{last} ({len} bytes)]", part.frame));
        if let Some(conflict) = part.overlap {
            tree.put(fields.overlap, concluded, Value::Bool(true));
            if conflict {
                tree.put(fields.conflict, concluded, Value::Bool(true));
            }
        }
        tree.close();
    }
    tree.put(fields.count, concluded, Value::Uint(parts.len() as u64));
    tree.put(fields.length, concluded, Value::Uint(whole.len.into()));
    tree.put(fields.data, whole, Value::Bytes(whole));
    tree.close();
}
