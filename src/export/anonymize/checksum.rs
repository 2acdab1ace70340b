//! The checksum of IP and of the transports above it (RFC 1071, RFC 793 3.1, RFC 8200 8.1).

/// Returns the checksum of some bytes, whose field for it is zero. Each part but the last has an even length.
pub(super) fn internet_checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u64 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let word = match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                [high] => u16::from_be_bytes([*high, 0]),
                _ => 0,
            };
            sum += u64::from(word);
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Returns the pseudo-header of a transport. The sum is the same with the fields of IPv6, which are longer.
pub(super) fn pseudo_header(source: &[u8], destination: &[u8], length: usize, protocol: u8) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [source, destination, &length, &[0, 0, 0, protocol]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        // RFC 1071 3: the sum of these words is ddf2.
        assert_eq!(internet_checksum(&[&[0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2);
        assert_eq!(internet_checksum(&[&[0, 1], &[0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2);
        assert_eq!(internet_checksum(&[&[1]]), !0x100);
    }
}
