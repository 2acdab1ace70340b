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
    /// Type of a field in its .proto file.
    TYPE: I32 "protobuf.field.type" "Field Type" { values: TYPES };
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
    /// Value as a signed number of 64 bits.
    INT64: I64 "protobuf.field.value.int64" "Int64";
    /// Value as a signed number of 32 bits, or as that of an enum.
    INT32: I32 "protobuf.field.value.int32" "Int32";
    /// Value as a double, with nine decimals; none if it exceeds 9 billion.
    DOUBLE: Decimal "protobuf.field.value.double" "Double";
    /// Value as a float, with nine decimals; none if it exceeds 9 billion.
    FLOAT: Decimal "protobuf.field.value.float" "Float";
    /// Value as a truth value.
    BOOL: Bool "protobuf.field.value.bool" "Bool";
    /// Value as text.
    STRING: Text "protobuf.field.value.string" "String";
    /// Values that follow each other without tags.
    REPEATED: Bytes "protobuf.field.value.repeated" "Repeated";

    /// A field does not begin with a tag.
    BAD_TAG: Note(Error) "protobuf.failed_parse_tag" "Failed to parse tag field";
    /// The wire type is not defined.
    BAD_WIRE_TYPE: Note(Error) "protobuf.field.wiretype.invalid" "Unknown or unsupported wiretype";
    /// The length of a value is malformed, or exceeds the message.
    BAD_LENGTH: Note(Error) "protobuf.field.failed_parse_length_delimited_field" "Failed to parse length delimited field";
    /// A value is truncated.
    BAD_VALUE: Note(Error) "protobuf.field.failed_parse_field" "Failed to parse value field";
    /// Values that follow each other end in the middle of one.
    BAD_PACKED: Note(Error) "protobuf.field.failed_parse_packed_repeated_field" "Failed to parse packed repeated field";
    /// No .proto file declares the type of a message.
    TYPE_NOT_FOUND: Note(Note) "protobuf.field.message_type_not_found" "Failed to find message type of a field";
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

const TYPES: &[(u64, &str)] = &[
    (1, "double"),
    (2, "float"),
    (3, "int64"),
    (4, "uint64"),
    (5, "int32"),
    (6, "fixed64"),
    (7, "fixed32"),
    (8, "bool"),
    (9, "string"),
    (10, "group"),
    (11, "message"),
    (12, "bytes"),
    (13, "uint32"),
    (14, "enum"),
    (15, "sfixed32"),
    (16, "sfixed64"),
    (17, "sint32"),
    (18, "sint64"),
];
