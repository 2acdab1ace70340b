//! The columns of a list of frames, as fields that can be printed and filtered like any other.

use crate::protocol::{Part, Protocol};

crate::fields! { "column";
    /// The columns of a list of frames.
    COLUMN: Protocol "_ws.col" "Columns";
    /// The frame's number.
    NUMBER: Text "_ws.col.number" "No.";
    /// The time, in the form chosen for the list.
    TIME: Text "_ws.col.time" "Time";
    /// The sender.
    SOURCE: Text "_ws.col.def_src" "Source";
    /// The receiver.
    DESTINATION: Text "_ws.col.def_dst" "Destination";
    /// The highest protocol.
    PROTOCOL_NAME: Text "_ws.col.protocol" "Protocol";
    /// Bytes on the wire.
    LENGTH: Text "_ws.col.packet_length" "Length";
    /// What the frame is about, in a line.
    INFO: Text "_ws.col.info" "Info";
}

/// The columns in the list of protocols.
pub static PROTOCOL: Protocol = Protocol { short: "", fields: FIELDS, claims: &[], part: Part::Facts };
