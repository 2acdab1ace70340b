//! Integers of variable length (RFC 9000 16).

/// Reads an integer; returns its value and its length.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let (value, len) = match first >> 6 {
        0 => return Some((first.into(), 1)),
        1 => (u16::from_be_bytes(*bytes.first_chunk()?).into(), 2),
        2 => (u32::from_be_bytes(*bytes.first_chunk()?).into(), 4),
        _ => (u64::from_be_bytes(*bytes.first_chunk()?), 8),
    };
    // The first two bits are the length.
    Some((value & u64::MAX >> (66 - 8 * len), len))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_in_rfc_9000_a_1() {
        let rows: [(&[u8], u64); 5] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ];
        for (bytes, expected) in rows {
            assert_eq!(varint(bytes), Some((expected, bytes.len())));
            assert_eq!(varint(&bytes[..bytes.len() - 1]), None);
        }
    }
}
