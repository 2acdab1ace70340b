//! Addresses that replace those of a capture: the same for the same address, with common prefixes where the originals have them.

use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Maximum number of addresses that are kept in memory; further ones are computed again each time.
const MAX_KNOWN: usize = 1 << 18;

/// Key from which replacements are derived.
pub(super) type Key = [u8; 32];

/// Replaces addresses, by a key.
pub(super) struct AddressMap {
    key: Key,
    known: HashMap<Vec<u8>, Vec<u8>>,
}

impl AddressMap {
    pub(super) fn new(key: Key) -> AddressMap {
        AddressMap { key, known: HashMap::new() }
    }

    /// Returns the replacement of an Ethernet address: one that is administered locally. Groups that many hosts have stay.
    pub(super) fn ether(&mut self, address: [u8; 6]) -> [u8; 6] {
        match address {
            // The group of a solicited node has three bytes of its address (RFC 2464 7, RFC 4291 2.7.1).
            [0x33, 0x33, 0xff, ..] => [0x33, 0x33, 0xff, 0, 0, 0],
            [first, ..] if first & 1 == 1 => address,
            [0, 0, 0, 0, 0, 0] => address,
            _ => {
                let digest = self.hash(b'm', 0, &address);
                let mut own = [2; 6];
                own.iter_mut().skip(1).zip(digest).for_each(|(own, byte)| *own = byte);
                own
            }
        }
    }

    /// Returns the replacement of an IPv4 address. The class of the address stays, and so do groups, broadcast and loopback.
    pub(super) fn ipv4(&mut self, address: [u8; 4]) -> [u8; 4] {
        let kept = match address {
            [0, 0, 0, 0] | [127, ..] | [224..=255, ..] => return address,
            [0..=127, ..] => 1,
            [128..=191, ..] => 2,
            _ => 3,
        };
        self.with_prefixes(&address, kept).try_into().unwrap_or([0; 4])
    }

    /// Returns the replacement of an IPv6 address. The kind of the address stays: global, unique local, link-local, or a group.
    pub(super) fn ipv6(&mut self, address: [u8; 16]) -> [u8; 16] {
        let kept = match address {
            [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ..] => {
                let mut own = address;
                own.iter_mut().skip(13).for_each(|byte| *byte = 0);
                return own;
            }
            [0xff, ..] => return address,
            _ if address.iter().take(15).all(|&byte| byte == 0) => return address,
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => {
                let [a, b, c, d] = self.ipv4([a, b, c, d]);
                return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d];
            }
            [0xfe, 0x80..=0xbf, ..] => 10,
            [0xfc | 0xfd, ..] => 7,
            [0x20..=0x3f, ..] => 3,
            _ => 8,
        };
        self.with_prefixes(&address, kept).try_into().unwrap_or([0; 16])
    }

    /// Returns an address whose bits after the first `kept` are changed, each by the key and the bits before it: two addresses have
    /// as many leading bits in common as before (Xu et al., Crypto-PAn).
    fn with_prefixes(&mut self, address: &[u8], kept: usize) -> Vec<u8> {
        if let Some(own) = self.known.get(address) {
            return own.clone();
        }
        let mut own = address.to_vec();
        for bit in kept..address.len() * 8 {
            let flips = self.hash(b'p', bit, &prefix(address, bit)).first().is_some_and(|byte| byte & 1 == 1);
            if let Some(byte) = own.get_mut(bit / 8).filter(|_| flips) {
                *byte ^= 0x80 >> (bit % 8);
            }
        }
        if self.known.len() < MAX_KNOWN {
            self.known.insert(address.to_vec(), own.clone());
        }
        own
    }

    fn hash(&self, domain: u8, number: usize, bytes: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update([domain, bytes.len() as u8, number as u8]);
        hash.update(bytes);
        hash.finalize().into()
    }
}

/// Returns an address with all bits from a number on cleared.
fn prefix(address: &[u8], bits: usize) -> Vec<u8> {
    let mask = |at: usize| match bits.saturating_sub(at * 8) {
        0 => 0,
        left @ 1..=7 => 0xff_u8 << (8 - left),
        _ => 0xff,
    };
    address.iter().enumerate().map(|(at, byte)| byte & mask(at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(one: &[u8], other: &[u8]) -> u32 {
        let at = one.iter().zip(other).position(|(one, other)| one != other);
        at.map_or(one.len() as u32 * 8, |at| at as u32 * 8 + (one[at] ^ other[at]).leading_zeros())
    }

    #[test]
    fn replacements_have_the_prefixes_in_common_that_the_originals_have() {
        let mut map = AddressMap::new([7; 32]);
        let addresses = (0..200u32).map(|n| (n.wrapping_mul(0x0701_0d03) >> 1 | 0x0a00_0000).to_be_bytes());
        // Loopback stays.
        let addresses: Vec<[u8; 4]> = addresses.filter(|address| address[0] != 127).collect();
        for one in &addresses {
            for other in &addresses {
                let (own, others) = (map.ipv4(*one), map.ipv4(*other));
                if common(one, other) >= 1 && own[0] < 128 {
                    assert_eq!(common(&own, &others), common(one, other), "{one:?} {other:?}");
                }
            }
        }
        assert_ne!(AddressMap::new([8; 32]).ipv4([10, 1, 2, 3]), map.ipv4([10, 1, 2, 3]));
        assert_eq!(AddressMap::new([7; 32]).ipv4([10, 1, 2, 3]), map.ipv4([10, 1, 2, 3]));
    }

    #[test]
    fn groups_stay_and_kinds_of_addresses_too() {
        let mut map = AddressMap::new([7; 32]);
        for address in [[0; 4], [255; 4], [127, 0, 0, 1], [224, 0, 0, 251]] {
            assert_eq!(map.ipv4(address), address);
        }
        assert_eq!(map.ether([0xff; 6]), [0xff; 6]);
        assert_eq!(map.ether([0x33, 0x33, 0xff, 1, 2, 3]), [0x33, 0x33, 0xff, 0, 0, 0]);
        let own = map.ether([0, 0x1b, 0x21, 1, 2, 3]);
        assert!(own[0] == 2 && own[1..] != [0x1b, 0x21, 1, 2, 3]);
        let mut local = [0; 16];
        (local[0], local[1], local[15]) = (0xfe, 0x80, 9);
        let own = map.ipv6(local);
        assert!(own[0] == 0xfe && own[1] & 0xc0 == 0x80 && own != local);
        let mut node = [0; 16];
        (node[0], node[1], node[11], node[12], node[15]) = (0xff, 2, 1, 0xff, 9);
        assert_eq!(map.ipv6(node)[13..], [0, 0, 0]);
    }
}
