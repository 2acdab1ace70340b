//! Recording of a reassembled unit: the frames that carried it, and its bytes.

use dissectors::protocol::UnitReassembly;
use dissectors::session::{About, Context};
use dissectors::{Tree, Value};

/// Records, and collects, that a unit of a channel above a session was reassembled from units of that.
pub(super) fn record_nested(
    fields: &UnitReassembly,
    channel: u64,
    frames: &[(u32, u64)],
    bytes: Option<&[u8]>,
    cx: &mut Context<'_>,
) {
    let present = cx.at.frame;
    for &(frame, _) in frames.iter().filter(|&&(frame, _)| frame != present) {
        cx.collect(fields.reassembled_in, About::Frame(frame, channel as u32), present.into());
    }
    if cx.tree.wants_any(fields.units) {
        record(fields, frames, bytes, cx.tree);
    }
}

/// Records a unit: its segments, their number, its length and its bytes.
pub(super) fn record(fields: &UnitReassembly, frames: &[(u32, u64)], bytes: Option<&[u8]>, tree: &mut Tree) {
    let none = Default::default();
    tree.open(fields.units, none, Value::Present);
    for &(frame, _) in frames {
        tree.put(fields.unit, none, Value::Uint(frame.into()));
    }
    tree.put(fields.count, none, Value::Uint(frames.len() as u64));
    let length = frames.iter().map(|&(_, len)| len).sum();
    tree.put(fields.length, none, Value::Uint(length));
    if let Some(bytes) = bytes {
        let bytes = tree.store_bytes(bytes);
        tree.put(fields.data, none, Value::Bytes(bytes));
    }
    tree.close();
}
