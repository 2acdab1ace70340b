//! Types of operands, as a filter distinguishes them.

use dissectors::{Field, FieldKind};

/// Type of an operand's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    Integer,
    Bool,
    Text,
    Bytes,
    Ipv4,
    Ipv6,
    Ether,
    Time,
    Duration,
    Decimal,
}

impl ValueType {
    /// Returns the type of a field's values; none if the field has no value.
    pub(super) fn of(field: &Field) -> Option<ValueType> {
        Some(match field.kind {
            FieldKind::Label | FieldKind::Note(_) => return None,
            FieldKind::Protocol | FieldKind::Bytes => ValueType::Bytes,
            FieldKind::Bool => ValueType::Bool,
            FieldKind::U8
            | FieldKind::U16
            | FieldKind::U24
            | FieldKind::U32
            | FieldKind::U64
            | FieldKind::I32
            | FieldKind::I64
            | FieldKind::Frame => ValueType::Integer,
            FieldKind::Text => ValueType::Text,
            FieldKind::Ipv4 => ValueType::Ipv4,
            FieldKind::Ipv6 => ValueType::Ipv6,
            FieldKind::Ether => ValueType::Ether,
            FieldKind::Time => ValueType::Time,
            FieldKind::Duration => ValueType::Duration,
            FieldKind::Decimal => ValueType::Decimal,
        })
    }

    /// Returns a description for messages, with an article.
    pub(super) fn description(self) -> &'static str {
        match self {
            ValueType::Integer => "a number",
            ValueType::Bool => "true or false",
            ValueType::Text => "text",
            ValueType::Bytes => "bytes",
            ValueType::Ipv4 => "an IPv4 address",
            ValueType::Ipv6 => "an IPv6 address",
            ValueType::Ether => "an Ethernet address",
            ValueType::Time => "a time",
            ValueType::Duration => "a duration",
            ValueType::Decimal => "a decimal number",
        }
    }

    /// Returns whether values are text or bytes, which `contains` and `matches` can search.
    pub(super) fn is_searchable(self) -> bool {
        matches!(self, ValueType::Text | ValueType::Bytes | ValueType::Ether)
    }

    /// Returns whether values of the two types can be compared.
    pub(super) fn is_comparable_with(self, other: ValueType) -> bool {
        let bytes = |kind| matches!(kind, ValueType::Bytes | ValueType::Ether);
        self == other || bytes(self) && bytes(other)
    }
}

/// Type of an operand, with its field. A literal is parsed as the type of the operand that it is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperandType {
    pub(super) kind: ValueType,
    /// The field, if the operand is exactly the value of a field.
    pub(super) field: Option<&'static Field>,
}

impl OperandType {
    pub(super) fn new(kind: ValueType) -> OperandType {
        OperandType { kind, field: None }
    }

    /// Returns the name of the field, or a substitute, for messages.
    pub(super) fn name(self) -> &'static str {
        self.field.map_or("the left side", |field| field.name)
    }
}

/// Returns the least and the greatest number that a field can have.
pub(super) fn limits(field: &Field) -> (i128, i128) {
    match field.kind {
        FieldKind::U8 => (0, u8::MAX.into()),
        FieldKind::U16 => (0, u16::MAX.into()),
        FieldKind::U24 => (0, 0xff_ffff),
        FieldKind::U64 => (0, u64::MAX.into()),
        FieldKind::I32 => (i32::MIN.into(), i32::MAX.into()),
        FieldKind::I64 => (i64::MIN.into(), i64::MAX.into()),
        _ => (0, u32::MAX.into()),
    }
}
