//! Base64 (RFC 4648 4 and 5): one text, or parts that are encoded each by itself and follow each other, as in gRPC-Web.

use alloc::vec::Vec;

/// Characters of a group, which stands for three bytes.
pub(crate) const GROUP: usize = 4;

/// Decodes whole groups. Padding may end any of them, and characters of no digit count as zero.
pub(crate) fn decode_parts(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / GROUP * 3);
    for group in text.chunks_exact(GROUP) {
        let bits = group.iter().fold(0_u32, |bits, &char| bits << 6 | u32::from(digit(char).unwrap_or(0)));
        let [_, bytes @ ..] = bits.to_be_bytes();
        let padding = group.iter().rev().take_while(|&&char| char == b'=').count().min(2);
        out.extend_from_slice(bytes.get(..3 - padding).unwrap_or_default());
    }
    out
}

/// Decodes Base64 (RFC 4648 4). Returns `None` for other text.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for &byte in text.iter().filter(|&&byte| byte != b'=') {
        bits = bits << 6 | u32::from(digit(byte)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

/// The value of a digit.
fn digit(char: u8) -> Option<u8> {
    Some(match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_may_end_any_group() {
        // RFC 4648 10, and two texts one after the other.
        for (text, bytes) in [("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"), ("Zm9vYmFy", "foobar"), ("Zg==Zm8=", "ffo")]
        {
            assert_eq!(decode_parts(text.as_bytes()), bytes.as_bytes());
        }
        assert_eq!(decode_parts(b"====Zm9"), [0]);
    }
}
