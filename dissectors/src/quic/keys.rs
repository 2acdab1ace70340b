//! Keys of packets, and their decryption (RFC 9001 5, RFC 9369 3.3). What is not authentic is not returned.

use super::header::{LongPacket, RETRY_TAG, Version};
use crate::aead::{AeadKey, NONCE, nonce};
use crate::cipher_suite::{Cipher, CipherSuite, quic_suites};
use crate::kdf::{Hash, LabelExpander, expand_label};
use crate::session::Side;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes256Enc};
use alloc::boxed::Box;
use alloc::vec::Vec;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

/// Length of the sample that the mask of a header is derived from.
const SAMPLE: usize = 16;
/// Length of the longest key of a cipher.
const MAX_KEY: usize = 32;
/// Number of the cipher suite of Initial packets.
const INITIAL_SUITE: u16 = 0x1301;

impl Version {
    /// Salt of the keys of Initial packets (RFC 9001 5.2, RFC 9369 3.3.1).
    const fn salt(self) -> [u8; 20] {
        match self {
            Version::Draft29 => [
                0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43,
                0x90, 0xa8, 0x99,
            ],
            Version::V1 => [
                0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc,
                0xbb, 0x7f, 0x0a,
            ],
            Version::V2 => [
                0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9,
                0xbd, 0x2e, 0xd9,
            ],
        }
    }

    /// Key and nonce of the tag of Retry packets (RFC 9001 5.8, RFC 9369 3.3.3).
    const fn retry_key(self) -> ([u8; 16], [u8; 12]) {
        match self {
            Version::Draft29 => (
                [0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1],
                [0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c],
            ),
            Version::V1 => (
                [0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e],
                [0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb],
            ),
            Version::V2 => (
                [0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92],
                [0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a],
            ),
        }
    }

    /// Labels of the derivation of key, nonce, header key, and of the secret after a key update.
    const fn labels(self) -> [&'static str; 4] {
        match self {
            Version::V2 => ["quicv2 key", "quicv2 iv", "quicv2 hp", "quicv2 ku"],
            Version::V1 | Version::Draft29 => ["quic key", "quic iv", "quic hp", "quic ku"],
        }
    }
}

/// Keys of the packets of one side.
#[derive(Clone)]
pub(super) struct PacketKeys {
    version: Version,
    suite: CipherSuite,
    header: HeaderKey,
    packet: PhaseKeys,
}

/// Keys of the payloads between two key updates.
#[derive(Clone)]
pub(super) struct PhaseKeys {
    key: AeadKey,
    iv: [u8; NONCE],
    secret: Vec<u8>,
}

/// Key of the masks of headers.
#[derive(Clone)]
enum HeaderKey {
    Aes128(Box<Aes128Enc>),
    Aes256(Box<Aes256Enc>),
    ChaCha20([u8; 32]),
}

impl core::fmt::Debug for PacketKeys {
    /// Writes the algorithms. Keys are never printed.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PacketKeys({:?})", self.suite)
    }
}

impl core::fmt::Debug for PhaseKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhaseKeys")
    }
}

impl HeaderKey {
    fn new(cipher: Cipher, bytes: &[u8]) -> Option<HeaderKey> {
        Some(match cipher {
            Cipher::ChaCha20Poly1305 => HeaderKey::ChaCha20(bytes.try_into().ok()?),
            _ if bytes.len() == 32 => HeaderKey::Aes256(Box::new(Aes256Enc::new_from_slice(bytes).ok()?)),
            _ => HeaderKey::Aes128(Box::new(Aes128Enc::new_from_slice(bytes).ok()?)),
        })
    }

    /// Returns the mask of a sample (RFC 9001 5.4.3, 5.4.4).
    fn mask(&self, sample: &[u8; SAMPLE]) -> Option<[u8; 5]> {
        let mut block = Array::from(*sample);
        match self {
            HeaderKey::Aes128(key) => key.encrypt_block(&mut block),
            HeaderKey::Aes256(key) => key.encrypt_block(&mut block),
            HeaderKey::ChaCha20(key) => {
                let (counter, nonce) = sample.split_first_chunk::<4>()?;
                let mut cipher = ChaCha20::new_from_slices(key, nonce).ok()?;
                cipher.try_seek(u64::from(u32::from_le_bytes(*counter)) * 64).ok()?;
                let mut mask = [0; 5];
                cipher.try_apply_keystream(&mut mask).ok()?;
                return Some(mask);
            }
        }
        block.first_chunk().copied()
    }
}

impl PhaseKeys {
    fn new(version: Version, suite: CipherSuite, secret: Vec<u8>) -> Option<PhaseKeys> {
        let expander = LabelExpander::new(suite.hash, &secret)?;
        PhaseKeys::of(version, suite, secret, &expander)
    }

    fn of(version: Version, suite: CipherSuite, secret: Vec<u8>, expander: &LabelExpander) -> Option<PhaseKeys> {
        let [label, iv_label, ..] = version.labels();
        let (mut key, mut iv) = ([0; MAX_KEY], [0; NONCE]);
        let key = key.get_mut(..suite.cipher.key_len())?;
        expander.expand(label, key);
        expander.expand(iv_label, &mut iv);
        Some(PhaseKeys { key: AeadKey::new(suite.cipher, key)?, iv, secret })
    }

    /// The secret that they were derived from.
    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

/// A header that is decrypted.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainHeader {
    /// First byte.
    pub(super) first: u8,
    /// Offset of the packet number in the packet.
    number_at: usize,
    /// Length of the packet number in the packet.
    pub(super) number_len: usize,
    /// Packet number.
    pub(super) number: u64,
}

impl PlainHeader {
    /// Length of the header, with the packet number.
    pub(super) fn len(&self) -> usize {
        self.number_at + self.number_len
    }

    /// Writes the header in plaintext.
    fn write_to(&self, packet: &mut [u8]) -> Option<()> {
        *packet.first_mut()? = self.first;
        let number = self.number.to_be_bytes();
        let number = number.get(number.len().checked_sub(self.number_len)?..)?;
        packet.get_mut(self.number_at..self.len())?.copy_from_slice(number);
        Some(())
    }
}

impl PacketKeys {
    /// Derives the keys of a traffic secret; `None` if its length is not that of the suite.
    pub(super) fn new(version: Version, suite: CipherSuite, secret: &[u8]) -> Option<PacketKeys> {
        if secret.len() != suite.hash.len() {
            return None;
        }
        let [_, _, label, _] = version.labels();
        let expander = LabelExpander::new(suite.hash, secret)?;
        let mut header = [0; MAX_KEY];
        let header = header.get_mut(..suite.cipher.key_len())?;
        expander.expand(label, header);
        let header = HeaderKey::new(suite.cipher, header)?;
        let packet = PhaseKeys::of(version, suite, secret.to_vec(), &expander)?;
        Some(PacketKeys { version, suite, header, packet })
    }

    /// Derives the keys of the Initial packets of a side of the handshake (RFC 9001 5.2).
    pub(super) fn initial(version: Version, dcid: &[u8], side: Side) -> Option<PacketKeys> {
        let secret = Hash::Sha256.hmac(&version.salt(), &[dcid]);
        let label = if side == Side::Client { "client in" } else { "server in" };
        let secret = expand_label(Hash::Sha256, &secret, label, Hash::Sha256.len());
        PacketKeys::new(version, quic_suites(Some(INITIAL_SUITE)).next()?, &secret)
    }

    /// Decrypts the header of a packet whose number is at an offset. `largest` is the largest number before.
    pub(super) fn header(&self, packet: &[u8], number_at: usize, largest: Option<u64>) -> Option<PlainHeader> {
        let sample = packet.get(number_at + 4..)?.first_chunk::<SAMPLE>()?;
        let [mask, number_mask @ ..] = self.header.mask(sample)?;
        let first = *packet.first()?;
        let first = first ^ mask & if first & 0x80 != 0 { 0x0f } else { 0x1f };
        let number_len = usize::from(first & 3) + 1;
        let bytes = packet.get(number_at..number_at + number_len)?.iter().zip(number_mask);
        let truncated = bytes.fold(0, |number, (&byte, mask)| number << 8 | u64::from(byte ^ mask));
        let number = full_number(largest, truncated, number_len);
        Some(PlainHeader { first, number_at, number_len, number })
    }

    /// Decrypts a packet into a buffer: its header and its payload; `None` if it is not authentic.
    pub(super) fn open(&self, header: &PlainHeader, packet: &[u8], buffer: &mut Vec<u8>) -> Option<()> {
        self.open_in(&self.packet, header, packet, buffer)
    }

    /// Decrypts a packet with the keys of a phase.
    pub(super) fn open_in(
        &self,
        phase: &PhaseKeys,
        header: &PlainHeader,
        packet: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Option<()> {
        buffer.clear();
        buffer.extend_from_slice(packet);
        header.write_to(buffer)?;
        let (aad, sealed) = buffer.split_at_mut_checked(header.len())?;
        let len = phase.key.open_in_place(&nonce(&phase.iv, header.number), aad, sealed)?;
        buffer.truncate(header.len() + len);
        Some(())
    }

    /// Derives the keys after a key update (RFC 9001 6.1). The key of headers stays.
    pub(super) fn next_phase(&self, phase: Option<&PhaseKeys>) -> Option<PhaseKeys> {
        let [.., label] = self.version.labels();
        let secret = &phase.unwrap_or(&self.packet).secret;
        let secret = expand_label(self.suite.hash, secret, label, self.suite.hash.len());
        PhaseKeys::new(self.version, self.suite, secret)
    }

    /// Replaces the keys of payloads; returns those before.
    pub(super) fn set_phase(&mut self, phase: PhaseKeys) -> PhaseKeys {
        core::mem::replace(&mut self.packet, phase)
    }

    /// The secret that the keys of payloads were derived from.
    pub(super) fn phase_secret(&self) -> &[u8] {
        &self.packet.secret
    }

    /// Derives the keys of payloads of a secret that [`phase_secret`](PacketKeys::phase_secret) has returned.
    pub(super) fn resume_phase(mut self, secret: &[u8]) -> Option<PacketKeys> {
        self.packet = self.derive_phase(secret)?;
        Some(self)
    }

    /// Derives the keys of payloads of a secret of another phase.
    pub(super) fn derive_phase(&self, secret: &[u8]) -> Option<PhaseKeys> {
        PhaseKeys::new(self.version, self.suite, secret.to_vec())
    }
}

/// Returns the packet number whose last bytes are `truncated` (RFC 9000 A.3).
fn full_number(largest: Option<u64>, truncated: u64, len: usize) -> u64 {
    let expected = largest.map_or(0, |largest| largest.saturating_add(1));
    let window = 1_u64 << (len * 8);
    let candidate = expected & !(window - 1) | truncated;
    if candidate.saturating_add(window / 2) <= expected && candidate < (1 << 62) - window {
        candidate + window
    } else if candidate > expected.saturating_add(window / 2) && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}

/// Whether the tag of a Retry packet is authentic, for the connection ID that the client chose first (RFC 9001 5.8).
pub(super) fn is_authentic_retry(packet: &[u8], long: &LongPacket<'_>, original: &[u8]) -> bool {
    let (key, nonce) = long.version.retry_key();
    let Some((retry, tag)) = packet.split_at_checked(packet.len().saturating_sub(RETRY_TAG)) else { return false };
    let mut pseudo = Vec::with_capacity(1 + original.len() + retry.len());
    pseudo.push(original.len() as u8);
    pseudo.extend_from_slice(original);
    pseudo.extend_from_slice(retry);
    AeadKey::new(Cipher::Aes128Gcm, &key).is_some_and(|key| key.open(&nonce, &pseudo, tag).is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::super::header::LongHeader;
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 9001 A: the connection ID of all examples.
    const ORIGINAL: &str = "8394c8f03e515708";
    /// RFC 9001 A.3: the server's Initial packet, and its content.
    const SERVER_INITIAL: &str = "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a
        5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9
        c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4
        2158407dd074ee";
    const SERVER_FRAMES: &str = "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cf
        c79825df566dc5430b9a045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d108128
        7c834d5311bcf32bb9da1a002b00020304";

    #[test]
    fn the_keys_of_initial_packets_are_those_of_rfc_9001_and_rfc_9369() {
        let rows = [
            (Version::V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c"),
            (Version::V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f"),
        ];
        for (version, key, iv) in rows {
            let keys = PacketKeys::initial(version, &bytes(ORIGINAL), Side::Client).unwrap();
            let [label, ..] = version.labels();
            assert_eq!(expand_label(Hash::Sha256, &keys.packet.secret, label, 16), bytes(key));
            assert_eq!(keys.packet.iv.to_vec(), bytes(iv));
        }
    }

    #[test]
    fn the_server_packet_of_rfc_9001_is_decrypted_and_no_changed_one_is() {
        let packet = bytes(SERVER_INITIAL);
        let keys = PacketKeys::initial(Version::V1, &bytes(ORIGINAL), Side::Server).unwrap();
        let long = LongPacket::read(&packet, LongHeader::read(&packet).unwrap()).unwrap();
        let header = keys.header(&packet, long.number_at, None).unwrap();
        assert_eq!((header.number, header.number_len, header.first), (1, 2, 0xc1));
        let mut opened = Vec::new();
        keys.open(&header, &packet, &mut opened).unwrap();
        assert_eq!(opened[header.len()..], bytes(SERVER_FRAMES));
        for at in 0..packet.len() {
            let mut changed = packet.clone();
            *changed.get_mut(at).unwrap() ^= 1;
            let header = keys.header(&changed, long.number_at, None).unwrap();
            assert_eq!(keys.open(&header, &changed, &mut opened), None, "{at}");
        }
        let other = PacketKeys::initial(Version::V1, &bytes(ORIGINAL), Side::Client).unwrap();
        let header = other.header(&packet, long.number_at, None).unwrap();
        assert_eq!(other.open(&header, &packet, &mut opened), None);
    }

    #[test]
    fn the_packets_of_rfc_9001_and_rfc_9369_with_chacha20_are_decrypted() {
        let secret = bytes("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
        let rows = [
            (Version::V1, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb"),
            (Version::V2, "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba"),
        ];
        for (version, packet) in rows {
            let suite = quic_suites(Some(0x1303)).next().unwrap();
            let (keys, packet) = (PacketKeys::new(version, suite, &secret).unwrap(), bytes(packet));
            let header = keys.header(&packet, 1, Some(654_360_563)).unwrap();
            assert_eq!(header.number, 654_360_564);
            let mut opened = Vec::new();
            keys.open(&header, &packet, &mut opened).unwrap();
            assert_eq!(opened[header.len()..], [1]);
        }
    }

    #[test]
    fn the_keys_after_an_update_are_those_of_rfc_9001_a_5() {
        let secret = bytes("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
        let keys = PacketKeys::new(Version::V1, quic_suites(Some(0x1303)).next().unwrap(), &secret).unwrap();
        let next = keys.next_phase(None).unwrap();
        assert_eq!(next.secret, bytes("1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9"));
    }

    #[test]
    fn a_retry_packet_is_authentic_for_the_first_connection_id_only() {
        let rows = [
            "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba",
            "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6",
        ];
        for row in rows {
            let packet = bytes(row);
            let long = LongPacket::read(&packet, LongHeader::read(&packet).unwrap()).unwrap();
            assert!(is_authentic_retry(&packet, &long, &bytes(ORIGINAL)));
            assert!(!is_authentic_retry(&packet, &long, &bytes("8394c8f03e515709")));
        }
    }

    #[test]
    fn a_packet_number_is_that_next_to_the_largest() {
        // RFC 9000 A.3.
        assert_eq!(full_number(Some(0xa82f_30ea), 0x9b32, 2), 0xa82f_9b32);
        assert_eq!(full_number(None, 0, 1), 0);
        assert_eq!(full_number(Some(255), 0, 1), 256);
        assert_eq!(full_number(Some(256), 255, 1), 255);
        assert_eq!(full_number(Some(u64::MAX), 1, 4), 0xffff_ffff_0000_0001);
    }

    #[test]
    fn a_secret_is_not_printed() {
        let keys = PacketKeys::initial(Version::V1, &bytes(ORIGINAL), Side::Client).unwrap();
        assert!(!alloc::format!("{keys:?}").contains("secret"));
    }
}
