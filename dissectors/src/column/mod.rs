//! Columns of the frame list, as fields that can be printed and filtered like any other.

use crate::protocol::{Dissector, Protocol};

crate::fields! { "column";
    /// Columns of the frame list.
    COLUMN: Protocol "_ws.col" "Columns";
    /// Number of the frame.
    NUMBER: Text "_ws.col.number" "No.";
    /// Time, in the chosen time format.
    TIME: Text "_ws.col.time" "Time";
    /// Source address.
    SOURCE: Text "_ws.col.def_src" "Source";
    /// Destination address.
    DESTINATION: Text "_ws.col.def_dst" "Destination";
    /// Topmost protocol.
    PROTOCOL_NAME: Text "_ws.col.protocol" "Protocol";
    /// Bytes on the wire.
    LENGTH: Text "_ws.col.packet_length" "Length";
    /// One-line summary of the frame.
    INFO: Text "_ws.col.info" "Info";
}

/// Registry entry for the columns.
pub static PROTOCOL: Protocol =
    Protocol { short: "", fields: FIELDS, claims: &[], aliases: &[], dissectors: &[Dissector::Builtin] };
