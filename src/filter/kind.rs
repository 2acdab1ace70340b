//! The types of operands, as far as a filter tells them apart.

use dissectors::{Field, Kind};

/// What values an operand has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Integer,
    Bool,
    Text,
    Bytes,
    Ipv4,
    Ipv6,
    Ether,
    Time,
    Duration,
}

impl Type {
    /// The type of a field's values; none if it is merely there or not.
    pub(super) fn of(field: &Field) -> Option<Type> {
        Some(match field.kind {
            Kind::Label | Kind::Note(_) => return None,
            Kind::Protocol | Kind::Bytes => Type::Bytes,
            Kind::Bool => Type::Bool,
            Kind::U8 | Kind::U16 | Kind::U24 | Kind::U32 | Kind::U64 | Kind::I32 | Kind::Frame => Type::Integer,
            Kind::Text => Type::Text,
            Kind::Ipv4 => Type::Ipv4,
            Kind::Ipv6 => Type::Ipv6,
            Kind::Ether => Type::Ether,
            Kind::Time => Type::Time,
            Kind::Duration => Type::Duration,
        })
    }

    /// In words, with an article.
    pub(super) fn words(self) -> &'static str {
        match self {
            Type::Integer => "a number",
            Type::Bool => "true or false",
            Type::Text => "text",
            Type::Bytes => "bytes",
            Type::Ipv4 => "an IPv4 address",
            Type::Ipv6 => "an IPv6 address",
            Type::Ether => "an Ethernet address",
            Type::Time => "a time",
            Type::Duration => "a duration",
        }
    }

    /// Whether its values are text or bytes, in which something can be looked for.
    pub(super) fn is_searchable(self) -> bool {
        matches!(self, Type::Text | Type::Bytes | Type::Ether)
    }

    /// Whether values of the two can be compared.
    pub(super) fn compares_with(self, other: Type) -> bool {
        let bytes = |kind| matches!(kind, Type::Bytes | Type::Ether);
        self == other || bytes(self) && bytes(other)
    }
}

/// What an operand is like: what literals beside it are read as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Like {
    pub(super) kind: Type,
    /// The field whose values they are, if they are no more and no less than that.
    pub(super) field: Option<&'static Field>,
}

impl Like {
    pub(super) fn new(kind: Type) -> Like {
        Like { kind, field: None }
    }

    /// What values are like, by the name of the field if there is one.
    pub(super) fn name(self) -> &'static str {
        self.field.map_or("the left side", |field| field.name)
    }
}

/// The least and the greatest number that a field can have.
pub(super) fn limits(field: &Field) -> (i128, i128) {
    match field.kind {
        Kind::U8 => (0, u8::MAX.into()),
        Kind::U16 => (0, u16::MAX.into()),
        Kind::U24 => (0, 0xff_ffff),
        Kind::U64 => (0, u64::MAX.into()),
        Kind::I32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (0, u32::MAX.into()),
    }
}
