//! Community ID of a conversation: the same text in every program and on every sensor.

use crate::capture::Endpoint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dissectors::packet::Address;
use sha1::{Digest, Sha1};

/// Protocol numbers of IP.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Returns the Community ID of two endpoints, version 1 with the seed 0 (github.com/corelight/community-id-spec). None without addresses
/// of IP.
pub(super) fn community_id(client: Endpoint, server: Endpoint, is_tcp: bool) -> Option<String> {
    let bytes = |end: Endpoint| match end.address {
        Address::None => None,
        Address::V4(bytes) => Some((bytes.to_vec(), end.port)),
        Address::V6(bytes) => Some((bytes.to_vec(), end.port)),
    };
    let (mut first, mut second) = (bytes(client)?, bytes(server)?);
    if first > second {
        std::mem::swap(&mut first, &mut second);
    }
    let mut hash = Sha1::new();
    hash.update(0_u16.to_be_bytes());
    hash.update(&first.0);
    hash.update(&second.0);
    hash.update([if is_tcp { TCP } else { UDP }, 0]);
    hash.update(first.1.to_be_bytes());
    hash.update(second.1.to_be_bytes());
    Some(format!("1:{}", STANDARD.encode(hash.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_specification_in_both_directions() {
        // The first example of the specification.
        let client = Endpoint { address: Address::V4([128, 232, 110, 120]), port: 34855 };
        let server = Endpoint { address: Address::V4([66, 35, 250, 204]), port: 80 };
        for (from, to) in [(client, server), (server, client)] {
            assert_eq!(community_id(from, to, true).as_deref(), Some("1:LQU9qZlK+B5F3KDmev6m5PMibrg="));
        }
        assert_eq!(community_id(Endpoint::default(), server, true), None);
    }
}
