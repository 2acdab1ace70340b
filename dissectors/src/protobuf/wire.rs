//! Wire format: tags and values (<https://protobuf.dev/programming-guides/encoding/>).
//!
//! ```text
//! | tag: varint of number << 3 | wire type | value |
//!
//!   0  varint                     | 1xxxxxxx | 1xxxxxxx | 0xxxxxxx |      seven bits a byte, the lowest first
//!   1  64 bits, little-endian
//!   2  length-delimited           | length: varint | bytes |
//!   3  start of a group           fields up to the end of the group with the same number
//!   4  end of a group
//!   5  32 bits, little-endian
//! ```

/// A varint.
pub(super) const VARINT: u8 = 0;
/// 64 bits.
pub(super) const FIXED64: u8 = 1;
/// A length, and as many bytes.
pub(super) const DELIMITED: u8 = 2;
/// The start of a group.
pub(super) const GROUP_START: u8 = 3;
/// The end of a group.
pub(super) const GROUP_END: u8 = 4;
/// 32 bits.
pub(super) const FIXED32: u8 = 5;

/// Longest varint: 64 bits of seven bits a byte.
const MAX_VARINT: usize = 10;

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WireField<'b> {
    /// Number of the field.
    pub number: u64,
    /// Wire type.
    pub wire_type: u8,
    /// Bytes of the tag.
    pub tag_len: usize,
    /// The length of a length-delimited value, as a varint.
    pub length: &'b [u8],
    /// Bytes of the value.
    pub value: &'b [u8],
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireError {
    /// The tag is no varint.
    Tag,
    /// The wire type is not defined, or of a group.
    WireType,
    /// The length is no varint, or exceeds the rest of the message.
    Length,
    /// The value is truncated.
    Value,
}

impl<'b> WireField<'b> {
    /// Reads the first field of `bytes`; with its number, wire type and tag if they are known where its value is not.
    pub(super) fn read(bytes: &'b [u8]) -> Result<WireField<'b>, (WireError, WireField<'b>)> {
        let (tag, tag_len) = varint(bytes).unwrap_or((0, 0));
        let wire_type = (tag & 7) as u8;
        let mut field = WireField { number: tag >> 3, wire_type, tag_len, length: b"", value: b"" };
        if tag_len == 0 {
            return Err((WireError::Tag, field));
        }
        let rest = bytes.get(tag_len..).unwrap_or_default();
        let len = match wire_type {
            VARINT => varint(rest).map(|(_, len)| len),
            FIXED64 => Some(8),
            FIXED32 => Some(4),
            DELIMITED => {
                let Some((len, used)) = varint(rest) else { return Err((WireError::Length, field)) };
                let (length, rest) = rest.split_at_checked(used).unwrap_or_default();
                field.length = length;
                let value = usize::try_from(len).ok().and_then(|len| rest.get(..len));
                field.value = value.ok_or((WireError::Length, field))?;
                return Ok(field);
            }
            GROUP_START | GROUP_END => Some(0),
            _ => return Err((WireError::WireType, field)),
        };
        let value = len.and_then(|len| rest.get(..len));
        field.value = value.ok_or((WireError::Value, field))?;
        Ok(field)
    }

    /// Bytes of the whole field.
    pub(super) fn len(&self) -> usize {
        self.tag_len + self.length.len() + self.value.len()
    }

    /// The value as a number; 0 for one with a length.
    pub(super) fn number_value(&self) -> u64 {
        match self.wire_type {
            VARINT => varint(self.value).map_or(0, |(number, _)| number),
            _ => little_endian(self.value),
        }
    }
}

/// Reads a varint; returns its value and its length. Bits beyond 64 are dropped.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (nth, &byte) in bytes.iter().enumerate().take(MAX_VARINT) {
        value |= u64::from(byte & 0x7f) << (7 * nth).min(63);
        if byte & 0x80 == 0 {
            return Some((value, nth + 1));
        }
    }
    None
}

/// Reads 32 or 64 bits; 0 for any other length.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    match *bytes {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_have_seven_bits_a_byte() {
        // The examples of the specification.
        assert_eq!(varint(&[0x96, 0x01]), Some((150, 2)));
        assert_eq!(varint(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), Some(((-2_i64) as u64, 10)));
        assert_eq!(varint(&[0x80]), None);
        assert_eq!(varint(&[0xff; 11]), None);
    }

    #[test]
    fn fields_have_a_number_a_wire_type_and_a_value() {
        let read = |bytes: &'static [u8]| {
            WireField::read(bytes).map(|field| (field.number, field.number_value(), field.len()))
        };
        assert_eq!(read(&[0x08, 0x96, 0x01, 0xff]), Ok((1, 150, 3)));
        assert_eq!(read(&[0x55, 1, 0, 0, 0x80]), Ok((10, 0x8000_0001, 5)));
        let text = WireField::read(b"\x12\x07testing!").expect("a field");
        assert_eq!((text.number, text.value, text.len()), (2, &b"testing"[..], 9));
        let error = |bytes: &'static [u8]| WireField::read(bytes).err().map(|(error, field)| (error, field.number));
        assert_eq!(error(b"\x80"), Some((WireError::Tag, 0)));
        assert_eq!(error(b"\x12\x03ab"), Some((WireError::Length, 2)));
        assert_eq!(error(b"\x0e\x00"), Some((WireError::WireType, 1)));
        assert_eq!(error(b"\x09\x00"), Some((WireError::Value, 1)));
    }
}
