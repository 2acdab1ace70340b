//! Detection of PostgreSQL: by its first message on any port, by a chain of messages where a capture begins later.

use super::header::{Chain, chain, startup};
use crate::session::{Hint, Probe, Side};

/// The port of PostgreSQL.
pub(super) const PORT: u16 = 5432;

/// Detects a conversation.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    let Some(&first) = hint.bytes.first() else { return Probe::Perhaps };
    if first == 0 {
        return match hint.bytes.len() {
            8.. if startup(hint.bytes).is_some() => Probe::Yes,
            0..8 if hint.is_first && begins_startup(hint.bytes) => Probe::Perhaps,
            _ => Probe::No,
        };
    }
    let is_port = hint.ports.contains(&PORT);
    // A whole conversation begins with the client's first message.
    if hint.is_whole && !is_port {
        return Probe::No;
    }
    let evidence = Side::BOTH.map(|side| {
        let messages = chain(hint.bytes, side);
        let found = messages.map_or(Probe::No, |messages| evidence(messages, is_port));
        // More messages may follow. Few other protocols have two zero bytes there.
        let is_short = hint.bytes.get(1..3).is_none_or(|length| length == [0; 2])
            && hint.bytes.get(1).is_none_or(|&high| high == 0);
        match messages {
            Some(Chain { count: 0..3, .. }) if found == Probe::No && is_short => Probe::Perhaps,
            _ => found,
        }
    });
    evidence.into_iter().max().unwrap_or(Probe::No)
}

/// Whether bytes can be the first of a message without a type: a short length, and version 3 or a code.
fn begins_startup(bytes: &[u8]) -> bool {
    let codes: [&[u8]; 4] =
        [&[0, 3, 0], &[0x04, 0xd2, 0x16, 0x2e], &[0x04, 0xd2, 0x16, 0x2f], &[0x04, 0xd2, 0x16, 0x30]];
    let code = bytes.get(4..).unwrap_or_default();
    let is_short = bytes.get(1).is_none_or(|&byte| byte == 0) && bytes.get(2).is_none_or(|&byte| byte < 40);
    is_short && codes.iter().any(|known| code.iter().zip(*known).all(|(byte, known)| byte == known))
}

fn evidence(chain: Chain, is_port: bool) -> Probe {
    match chain {
        Chain { is_exact: true, is_decisive: true, count: 2.., .. } => Probe::Yes,
        Chain { is_exact: true, last: b'Z', .. } => Probe::Likely,
        Chain { is_exact: true, last: b'Q', .. } => Probe::Likely,
        Chain { count: 3.., is_decisive: true, .. } => Probe::Likely,
        _ if is_port => Probe::Likely,
        _ => Probe::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_is_detected_on_any_port_and_from_any_number_of_bytes() {
        let startup = b"\0\0\0\x13\0\x03\0\0user\0alice\0\0";
        let ssl = b"\0\0\0\x08\x04\xd2\x16\x2f";
        for message in [&startup[..], ssl] {
            assert_eq!(probe(&Hint::bytes(message)), Probe::Yes);
            for end in 0..8 {
                assert_eq!(probe(&Hint::bytes(&message[..end])), Probe::Perhaps, "{end}");
            }
        }
        let rows: [&[u8]; 6] = [
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01\x02\0",
            b"\0\0\0\x12\x04\0\0\0\0\0",
            b"\0\x1cabcd",
            b"HTTP/1.1 200 OK",
            b"SSH-2.0-x\r\n",
        ];
        for bytes in rows {
            assert_eq!(probe(&Hint::bytes(bytes)), Probe::No, "{bytes:?}");
        }
        assert_eq!(probe(&Hint::bytes(b"Q\0\0\0\x0dSELECT 1\0")), Probe::Likely);
        assert_eq!(probe(&Hint::bytes(b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I")), Probe::Yes);
    }
}
