//! Values by the types that a .proto file declares.

use super::wire::{DELIMITED, FIXED32, FIXED64, VARINT, WireField, little_endian, varint};
use crate::schema::ScalarType;
use core::fmt;

/// A number or a truth value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ScalarValue {
    Unsigned(u64),
    Signed(i64),
    Bool(bool),
    Double(f64),
    Float(f32),
}

impl fmt::Display for ScalarValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScalarValue::Unsigned(number) => write!(f, "{number}"),
            ScalarValue::Signed(number) => write!(f, "{number}"),
            ScalarValue::Bool(value) => write!(f, "{value}"),
            // The shortest digits that are this number.
            ScalarValue::Double(number) => write!(f, "{number:?}"),
            ScalarValue::Float(number) => write!(f, "{number:?}"),
        }
    }
}

/// Returns the wire type of values of a type.
pub(super) fn wire_type(kind: ScalarType) -> u8 {
    match kind {
        ScalarType::Double | ScalarType::Fixed64 | ScalarType::Sfixed64 => FIXED64,
        ScalarType::Float | ScalarType::Fixed32 | ScalarType::Sfixed32 => FIXED32,
        ScalarType::String | ScalarType::Bytes | ScalarType::Message => DELIMITED,
        ScalarType::Group => super::wire::GROUP_START,
        _ => VARINT,
    }
}

/// Whether a field has several values of a type without length, one after the other.
pub(super) fn is_packed(field: &WireField<'_>, kind: ScalarType) -> bool {
    field.wire_type == DELIMITED && matches!(wire_type(kind), VARINT | FIXED32 | FIXED64)
}

/// Reads the first value of some bytes, by its type. Returns its length, too.
pub(super) fn scalar(kind: ScalarType, bytes: &[u8]) -> Option<(ScalarValue, usize)> {
    let (number, len) = match wire_type(kind) {
        VARINT => varint(bytes)?,
        FIXED32 => (little_endian(bytes.get(..4)?), 4),
        FIXED64 => (little_endian(bytes.get(..8)?), 8),
        _ => return None,
    };
    let zigzag = (number >> 1) as i64 ^ -((number & 1) as i64);
    let value = match kind {
        ScalarType::Double => ScalarValue::Double(f64::from_bits(number)),
        ScalarType::Float => ScalarValue::Float(f32::from_bits(number as u32)),
        ScalarType::Bool => ScalarValue::Bool(number != 0),
        ScalarType::Int64 | ScalarType::Sfixed64 => ScalarValue::Signed(number as i64),
        ScalarType::Int32 | ScalarType::Sfixed32 | ScalarType::Enum => ScalarValue::Signed((number as i32).into()),
        ScalarType::Sint32 => ScalarValue::Signed((zigzag as i32).into()),
        ScalarType::Sint64 => ScalarValue::Signed(zigzag),
        ScalarType::Uint32 => ScalarValue::Unsigned((number as u32).into()),
        _ => ScalarValue::Unsigned(number),
    };
    Some((value, len))
}

/// Returns a number in billionths, unless it is too large.
pub(super) fn billionths(number: f64) -> Option<i64> {
    let scaled = number * 1e9;
    let is_in_range = scaled > -9.2e18 && scaled < 9.2e18;
    is_in_range.then(|| (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn values_have_the_type_of_their_declaration() {
        // Bytes and values from protoc 5.29.
        let rows: [(ScalarType, &[u8], &str); 11] = [
            (ScalarType::Int32, b"\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-5"),
            (ScalarType::Sint64, b"\x95\x93\xd8\x9f\xee\x47", "-1234567890123"),
            (ScalarType::Sint32, b"\x01", "-1"),
            (ScalarType::Bool, b"\x01", "true"),
            (ScalarType::Fixed32, b"\xef\xbe\xad\xde", "3735928559"),
            (ScalarType::Sfixed64, b"\xfe\xff\xff\xff\xff\xff\xff\xff", "-2"),
            (ScalarType::Float, b"\0\0\xc0\x3f", "1.5"),
            (ScalarType::Double, b"\x9a\x99\x99\x99\x99\x99\xb9\xbf", "-0.1"),
            (ScalarType::Double, b"\x9c\x75\x00\x88\x3c\xe4\x37\x7e", "1e300"),
            (ScalarType::Enum, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-1"),
            (ScalarType::Uint64, b"\x11", "17"),
        ];
        for (kind, bytes, text) in rows {
            let (value, len) = scalar(kind, bytes).expect("a value");
            assert_eq!((value.to_string().as_str(), len), (text, bytes.len()), "{kind:?}");
        }
        assert_eq!(billionths(-0.1), Some(-100_000_000));
        assert_eq!(billionths(1e300), None);
        assert_eq!(billionths(f64::NAN), None);
    }
}
