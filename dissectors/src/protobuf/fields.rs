//! Fields of Protocol Buffers.

use crate::field::DisplayBase;

crate::fields! { "protobuf";
    /// Protocol Buffers.
    PROTOBUF: Protocol "protobuf" "Protocol Buffers";
    /// Type of a message; `<UNKNOWN>` without its .proto file.
    MESSAGE_NAME: Text "protobuf.message.name" "Message Name";
    /// A field of a message.
    ITEM: Label "protobuf.item" "Field" { ours: true };
    /// Name of a field; `<UNKNOWN>` without its .proto file.
    NAME: Text "protobuf.field.name" "Field Name";
    /// Number of a field.
    NUMBER: U64 "protobuf.field.number" "Field Number" { base: DisplayBase::Dec };
    /// How the value is encoded.
    WIRE_TYPE: U8 "protobuf.field.wiretype" "Wire Type" { values: WIRE_TYPES };
    /// Length of a length-delimited value.
    VALUE_LENGTH: U64 "protobuf.field.value.length" "Value Length";
    /// Bytes of a value.
    VALUE: Bytes "protobuf.field.value" "Value";
    /// Value as a number of 64 bits; without a .proto file only if it does not fit into 32 bits, or is sent with 64.
    UINT64: U64 "protobuf.field.value.uint64" "Uint64";
    /// Value as a number of 32 bits.
    UINT32: U32 "protobuf.field.value.uint32" "Uint32";

    /// A field does not begin with a tag.
    BAD_TAG: Note(Error) "protobuf.failed_parse_tag" "Failed to parse tag field";
    /// The wire type is not defined.
    BAD_WIRE_TYPE: Note(Error) "protobuf.field.wiretype.invalid" "Unknown or unsupported wiretype";
    /// The length of a value is malformed, or exceeds the message.
    BAD_LENGTH: Note(Error) "protobuf.field.failed_parse_length_delimited_field" "Failed to parse length delimited field";
    /// A value is truncated.
    BAD_VALUE: Note(Error) "protobuf.field.failed_parse_field" "Failed to parse value field";
    /// The message has too many fields, or nests too deep; the rest is not dissected.
    LIMIT: Note(Note) "protobuf.limit" "Message too long or too deep: the rest is not dissected" { ours: true };
}

const WIRE_TYPES: &[(u64, &str)] = &[
    (0, "varint"),
    (1, "64-bit"),
    (2, "Length-delimited"),
    (3, "Start group (deprecated)"),
    (4, "End group (deprecated)"),
    (5, "32-bit"),
];
