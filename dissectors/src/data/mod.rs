//! Data: bytes without a dissector.

use crate::packet::Payload;
use crate::protocol::{Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "data";
    /// Bytes without a dissector.
    DATA: Protocol "data" "Data" { later: true };
    /// The bytes.
    DATA_DATA: Bytes "data.data" "Data" { later: true };
    /// Number of bytes.
    LEN: U32 "data.len" "Length" { later: true };
}

/// Registry entry for data.
pub static PROTOCOL: Protocol =
    Protocol { short: "", fields: FIELDS, claims: &[], aliases: &[], dissectors: &[Dissector::Builtin] };

/// Records bytes without a dissector.
pub fn describe(payload: Payload<'_>, tree: &mut Tree) {
    if payload.bytes.is_empty() || !tree.wants_any(&DATA) {
        return;
    }
    let all = payload.all();
    let node = tree.open(&DATA, all, Value::Bytes(all));
    tree.label(node, format_args!("Data ({} bytes)", all.len));
    tree.put(&DATA_DATA, all, Value::Bytes(all));
    tree.put(&LEN, all, Value::Uint(all.len.into()));
    tree.close();
}
