//! Data: bytes that no protocol here knows.

use crate::packet::Piece;
use crate::protocol::{Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "data";
    /// Bytes that no protocol here knows.
    DATA: Protocol "data" "Data" { later: true };
    /// The bytes.
    DATA_DATA: Bytes "data.data" "Data" { later: true };
    /// How many bytes.
    LEN: U32 "data.len" "Length" { later: true };
}

/// Data in the list of protocols.
pub static PROTOCOL: Protocol = Protocol { short: "", fields: FIELDS, claims: &[], part: Part::Facts };

/// Records bytes that nobody knows.
pub fn describe(piece: Piece<'_>, tree: &mut Tree) {
    if piece.bytes.is_empty() || !tree.wants_any(&DATA) {
        return;
    }
    let all = piece.all();
    let place = tree.open(&DATA, all, Value::Bytes(all));
    tree.label(place, format_args!("Data ({} bytes)", all.len));
    tree.put(&DATA_DATA, all, Value::Bytes(all));
    tree.put(&LEN, all, Value::Uint(all.len.into()));
    tree.close();
}
