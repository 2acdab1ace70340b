//! TLS session with a private key, and with the sessions that it opened, on both sides of a connection in pieces: bytes are
//! consumed at most once, and buffers are bounded.
#![no_main]

use dissectors::private_key::PrivateKey;
use dissectors::session::{Chunk, Lane, Missing, Secrets, Side, SideEnd};
use dissectors::tls;
use libfuzzer_sys::fuzz_target;
use overhear_fuzz::Host;
use std::sync::{Arc, LazyLock};

/// The private key of the server of fixtures/tls/rsa-key-exchange.pcap.
const KEY: &[u8] = include_bytes!("../../../fixtures/tls/rsa-key-exchange.pem");
/// Maximum bytes that a session buffers: messages of both sides, and those of the handshake.
const MAX_BUFFERED: usize = 1 << 20;

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    let mut secrets = Secrets::default();
    let keys = PrivateKey::read_pem("key.pem", KEY).expect("a private key");
    secrets.add_private_keys(keys.into_iter().map(Arc::new));
    secrets
});

// Each piece has two bytes with its side (bit 15), a gap before it (bit 14), and its length.
fuzz_target!(|bytes: &[u8]| {
    let kind = tls::PROTOCOL.sessions().next().expect("TLS is a session");
    let mut host = Host::new(kind, SECRETS.clone(), MAX_BUFFERED);
    let (mut unread, mut rest) = ([Vec::new(), Vec::new()], bytes);
    while let Some((head, after)) = rest.split_first_chunk() {
        let head = u16::from_be_bytes(*head);
        let side = if head & 0x8000 == 0 { Side::Client } else { Side::Server };
        let (piece, after) = after.split_at(after.len().min(usize::from(head & 0x3fff)));
        rest = after;
        let mut is_over = false;
        host.frame(piece, |session, cx| {
            let own: &mut Vec<u8> = &mut unread[side as usize];
            if head & 0x4000 != 0 {
                let before = std::mem::take(own);
                session.gap(Lane::of(side), Chunk { bytes: &before, base: None }, Missing::Bytes(16), cx);
            }
            own.extend_from_slice(piece);
            while !own.is_empty() {
                let consumed = session.read(Lane::of(side), Chunk { bytes: own, base: None }, cx);
                assert!(consumed.bytes <= own.len());
                own.drain(..consumed.bytes);
                if !consumed.transition.is_stay() {
                    is_over = true;
                    return;
                }
                if consumed.bytes == 0 {
                    break;
                }
            }
            if rest.is_empty() {
                for side in Side::BOTH {
                    let chunk = Chunk { bytes: &unread[side as usize], base: None };
                    session.end(Lane::of(side), chunk, SideEnd::Closed, cx);
                }
            }
        });
        if is_over {
            return;
        }
    }
});
