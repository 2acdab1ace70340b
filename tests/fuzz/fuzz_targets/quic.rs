//! QUIC session with datagrams of both sides: raw bytes, or frames that are encrypted here, so that packets, frames, the
//! handshake and streams are read. Keys are those of one connection ID, and of secrets of zeros.
#![no_main]

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{Aead, Payload};
use dissectors::quic;
use dissectors::session::{Chunk, Lane, Missing, Secret, Secrets, Side, SideEnd};
use libfuzzer_sys::fuzz_target;
use overhear_fuzz::Host;
use std::sync::LazyLock;

/// Connection IDs: the first of the client for the server, and those that both sides choose.
const ORIGINAL: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
const IDS: [[u8; 4]; 2] = [*b"clnt", *b"srvr"];
/// Keys of Initial packets of both sides (RFC 9001 A.1).
const INITIAL: [Keys; 2] = [
    Keys {
        key: 0x1f36_9613_dd76_d546_7730_efcb_e3b1_a22d,
        iv: 0xfa04_4b2f_42a3_fd3b_46fb_255c,
        header: 0x9f50_449e_04a0_e810_283a_1e99_33ad_edd2,
    },
    Keys {
        key: 0xcf3a_5331_653c_364c_88f0_f379_b606_7e37,
        iv: 0x0ac1_493c_a190_5853_b0bb_a03e,
        header: 0xc206_b8d9_b9f0_f376_4443_0b49_0eea_a314,
    },
];
/// Keys of a secret of 32 zeros with TLS_AES_128_GCM_SHA256 (RFC 9001 5.1).
const OF_ZEROS: Keys = Keys {
    key: 0x493b_6205_f504_7533_4656_23eb_848c_c55a,
    iv: 0xcfff_f10d_6d6d_9fd7_9e88_938a,
    header: 0x6c8e_178d_0dee_ab0e_a797_f195_b374_208a,
};
/// Those after a key update (RFC 9001 6.1).
const UPDATED: Keys =
    Keys { key: 0x690a_e0c1_322a_1ebf_5d43_1b7d_5e4c_57bf, iv: 0xdca1_7340_4e9d_f5c3_39a2_af60, ..OF_ZEROS };
/// Number of the first packet after the key update.
const UPDATE: u16 = 16;
/// Maximum bytes that a session buffers: streams, handshakes, and the state of connections.
const MAX_BUFFERED: usize = 4 << 20;

/// Key, nonce and header key of packets of a side.
#[derive(Clone, Copy)]
struct Keys {
    key: u128,
    iv: u128,
    header: u128,
}

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    let mut secrets = Secrets::default();
    let labels = [
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ];
    for label in labels {
        secrets.insert(label, [0; 32], 0, Secret::new(&[0; 32]));
    }
    secrets
});

impl Keys {
    /// Returns a packet with a number of two bytes after its header (RFC 9001 5).
    fn seal(self, mut packet: Vec<u8>, number: u16, payload: &[u8]) -> Vec<u8> {
        let at = packet.len();
        packet.extend(number.to_be_bytes());
        let nonce = (self.iv ^ u128::from(number)).to_be_bytes();
        let nonce: [u8; 12] = nonce[4..].try_into().expect("12 bytes");
        let sealed = Aes128Gcm::new(&self.key.to_be_bytes().into())
            .encrypt(&nonce.into(), Payload { msg: payload, aad: &packet })
            .expect("a short payload");
        packet.extend(sealed);
        let sample: [u8; 16] = packet[at + 4..at + 20].try_into().expect("a tag");
        let mut mask = sample.into();
        aes::Aes128::new(&self.header.to_be_bytes().into()).encrypt_block(&mut mask);
        packet[0] ^= mask[0] & if packet[0] & 0x80 != 0 { 0x0f } else { 0x1f };
        packet[at] ^= mask[1];
        packet[at + 1] ^= mask[2];
        packet
    }
}

/// Returns a packet of a side: Initial, 0-RTT, Handshake (types 0 to 2), or with a short header (3).
fn packet(side: Side, kind: u8, number: u16, frames: &[u8]) -> Vec<u8> {
    let mut payload = frames.to_vec();
    payload.resize(payload.len().max(4), 0);
    let [own, other] = if side == Side::Client { IDS } else { [IDS[1], IDS[0]] };
    if kind == 3 {
        // The key phase is bit 2 (RFC 9000 17.3.1).
        let (first, keys) = if number < UPDATE { (0x41, OF_ZEROS) } else { (0x45, UPDATED) };
        return keys.seal([&[first], &other[..]].concat(), number, &payload);
    }
    let mut header = vec![0xc1 | kind << 4, 0, 0, 0, 1];
    let dcid: &[u8] = if side == Side::Client && kind == 0 { &ORIGINAL } else { &other };
    header.push(dcid.len() as u8);
    header.extend(dcid);
    header.push(own.len() as u8);
    header.extend(own);
    if kind == 0 {
        header.push(0);
    }
    header.extend((0x4000 | (payload.len() as u16 + 18)).to_be_bytes());
    let keys = if kind == 0 { INITIAL[side as usize] } else { OF_ZEROS };
    keys.seal(header, number, &payload)
}

// Each datagram has two bytes: its side (bit 15), whether it is raw (bit 14) or else the type of its packet (bits 12 and
// 13), whether buffers are released before it (bit 11), and its length.
fuzz_target!(|bytes: &[u8]| {
    let kind = quic::PROTOCOL.sessions().next().expect("QUIC is a session");
    let mut host = Host::new(kind, SECRETS.clone(), MAX_BUFFERED);
    let (mut rest, mut number) = (bytes, 0);
    while let Some((head, after)) = rest.split_first_chunk() {
        let head = u16::from_be_bytes(*head);
        let side = if head & 0x8000 == 0 { Side::Client } else { Side::Server };
        let (content, after) = after.split_at(after.len().min(usize::from(head & 0x07ff)));
        rest = after;
        let kind = (head >> 12 & 3) as u8;
        let datagram = if head & 0x4000 != 0 { content.to_vec() } else { packet(side, kind, number, content) };
        number = number.wrapping_add(1);
        host.frame(&datagram, |session, cx| {
            if head & 0x0800 != 0 {
                session.gap(Lane::of(side), Chunk { bytes: &[], base: None }, Missing::Released, cx);
            }
            let consumed = session.read(Lane::of(side), Chunk { bytes: &datagram, base: Some(0) }, cx);
            assert_eq!(consumed.bytes, datagram.len());
        });
    }
    host.frame(&[], |session, cx| {
        for side in Side::BOTH {
            session.end(Lane::of(side), Chunk { bytes: &[], base: None }, SideEnd::Unseen, cx);
        }
    });
});
