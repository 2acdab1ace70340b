//! TLS session with a private key, and with the sessions that it opened, on both sides of a connection in pieces: bytes are
//! consumed at most once, and buffers are bounded.
#![no_main]

use dissectors::packet::ProtocolPath;
use dissectors::private_key::PrivateKey;
use dissectors::session::{
    Chunk, Context, ConversationId, Derivation, Event, FirstPass, Handover, Lane, Missing, Secrets, Side, SideEnd,
    Stamp,
};
use dissectors::{Tree, Wants, tls};
use libfuzzer_sys::fuzz_target;
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
    let wants = Wants::everything();
    let mut session = (kind.open)(&wants, &mut Handover::default());
    let (mut unread, mut rest, mut frame) = ([Vec::new(), Vec::new()], bytes, 0);
    let (first_pass, mut secrets) = (FirstPass::default(), SECRETS.clone());
    while let Some((head, after)) = rest.split_first_chunk() {
        let head = u16::from_be_bytes(*head);
        let side = if head & 0x8000 == 0 { Side::Client } else { Side::Server };
        let (piece, after) = after.split_at(after.len().min(usize::from(head & 0x3fff)));
        rest = after;
        frame += 1;
        let at = Stamp { frame, time: i64::from(frame) };
        let mut tree = Tree::new(wants.clone());
        tree.begin(piece);
        let (mut path, mut events, mut derived) = (ProtocolPath::default(), Vec::new(), Derivation::default());
        let mut collected = FirstPass::default();
        let mut cx = Context {
            at,
            arrived: at,
            first: at,
            range: 0..0,
            received: 0,
            conversation: ConversationId::Tcp(0),
            session: 0,
            adopted: None,
            wants: &wants,
            reports_exchanges: true,
            tree: &mut tree,
            path: &mut path,
            events: &mut events,
            first_pass: &first_pass,
            derived: &mut derived,
            collected: Some(&mut collected),
            secrets: &secrets,
            is_encrypted: false,
            ports: [40_000, 443],
            shows_passwords: true,
            connections: &mut 0,
        };
        let own: &mut Vec<u8> = &mut unread[side as usize];
        if head & 0x4000 != 0 {
            let before = std::mem::take(own);
            session.gap(Lane::of(side), Chunk { bytes: &before, base: None }, Missing::Bytes(16), &mut cx);
        }
        own.extend_from_slice(piece);
        while !own.is_empty() {
            let consumed = session.read(Lane::of(side), Chunk { bytes: own, base: None }, &mut cx);
            assert!(consumed.bytes <= own.len());
            own.drain(..consumed.bytes);
            if !consumed.transition.is_stay() {
                return;
            }
            if consumed.bytes == 0 {
                break;
            }
        }
        if rest.is_empty() {
            for side in [Side::Client, Side::Server] {
                let chunk = Chunk { bytes: &unread[side as usize], base: None };
                session.end(Lane::of(side), chunk, SideEnd::Closed, &mut cx);
            }
        }
        assert!(session.buffered() < MAX_BUFFERED);
        for event in events {
            if let Event::Secret(derived) = event {
                secrets.derived.insert(*derived);
            }
        }
    }
});
