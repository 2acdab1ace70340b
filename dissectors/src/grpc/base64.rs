//! Base64 of gRPC-Web (RFC 4648 4): parts that are encoded each by itself follow each other.

use alloc::vec::Vec;

/// Characters of a group, which stands for three bytes.
pub(super) const GROUP: usize = 4;

/// Decodes whole groups. Padding may end any of them, and characters of no digit count as zero.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / GROUP * 3);
    for group in text.chunks_exact(GROUP) {
        let bits = group.iter().fold(0_u32, |bits, &char| bits << 6 | digit(char));
        let [_, bytes @ ..] = bits.to_be_bytes();
        let padding = group.iter().rev().take_while(|&&char| char == b'=').count().min(2);
        out.extend_from_slice(bytes.get(..3 - padding).unwrap_or_default());
    }
    out
}

fn digit(char: u8) -> u32 {
    let value = match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => 0,
    };
    value.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_may_end_any_group() {
        // RFC 4648 10, and two texts one after the other.
        for (text, bytes) in [("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"), ("Zm9vYmFy", "foobar"), ("Zg==Zm8=", "ffo")]
        {
            assert_eq!(decode(text.as_bytes()), bytes.as_bytes());
        }
        assert_eq!(decode(b"====Zm9"), [0]);
    }
}
