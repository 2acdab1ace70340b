//! Decryption of one record with the keys of its side. What is not authentic is not returned.

use crate::aead::{AeadKey, NONCE, nonce};
use crate::cipher_suite::{Cipher, CipherSuite};
use crate::kdf::{self, Hash, LabelExpander, expand_label};
use aes::{Aes128, Aes256};
use alloc::vec;
use alloc::vec::Vec;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use ccm::aead::KeyInit;
use ccm::aead::array::Array;
use ccm::consts::{U8, U16};
use des::TdesEde3;

/// An encrypted record, without its header.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Record<'b> {
    /// Content type of the header.
    pub(in super::super) content: u8,
    /// Version of the header.
    pub(in super::super) version: u16,
    pub(in super::super) body: &'b [u8],
}

/// The keys of one side.
#[derive(Clone)]
pub(in super::super) struct RecordCipher {
    suite: CipherSuite,
    version: u16,
    key: AeadKey,
    /// Fixed part of the nonces; with CBC before TLS 1.1, the last encrypted block.
    iv: Vec<u8>,
    mac_key: Vec<u8>,
    /// Traffic secret of TLS 1.3, from which the next one is derived.
    secret: Vec<u8>,
    /// Whether the authentication code is of the encrypted bytes (RFC 7366).
    encrypts_then_macs: bool,
}

impl core::fmt::Debug for RecordCipher {
    /// Writes the algorithms. Keys are never printed.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RecordCipher({:?})", self.suite)
    }
}

impl RecordCipher {
    /// Derives the keys of TLS 1.3 from a traffic secret (RFC 8446 7.3).
    pub(in super::super) fn from_traffic_secret(suite: CipherSuite, secret: &[u8]) -> Option<RecordCipher> {
        if suite.cipher.tag_len() == 0 || secret.len() != suite.hash.len() {
            return None;
        }
        let expander = LabelExpander::new(suite.hash, secret)?;
        let (mut key, mut iv) = (vec![0; suite.cipher.key_len()], vec![0; NONCE]);
        expander.expand("key", &mut key);
        expander.expand("iv", &mut iv);
        let key = AeadKey::new(suite.cipher, &key)?;
        let secret = secret.to_vec();
        Some(RecordCipher { suite, version: 0x0304, key, iv, mac_key: Vec::new(), secret, encrypts_then_macs: false })
    }

    /// Derives the keys after a key update (RFC 8446 7.2).
    pub(in super::super) fn updated(&self) -> Option<RecordCipher> {
        let hash = self.suite.hash;
        RecordCipher::from_traffic_secret(self.suite, &expand_label(hash, &self.secret, "traffic upd", hash.len()))
    }

    /// Derives the keys of both sides from a master secret, for versions before TLS 1.3 (RFC 5246 6.3).
    pub(in super::super) fn from_master_secret(
        suite: CipherSuite,
        version: u16,
        encrypts_then_macs: bool,
        master_secret: &[u8],
        randoms: [&[u8; 32]; 2],
    ) -> Option<[RecordCipher; 2]> {
        // SSL 3.0 derives keys and codes in other ways.
        if version < 0x0301 {
            return None;
        }
        let cipher = suite.cipher;
        let (mac_len, key_len) = (if cipher.tag_len() == 0 { suite.mac.len() } else { 0 }, cipher.key_len());
        let iv_len = match cipher {
            Cipher::ChaCha20Poly1305 => 12,
            _ if cipher.tag_len() > 0 => 4,
            _ => cipher.block_len(),
        };
        let [client, server] = randoms;
        let seed = [server.as_slice(), client].concat();
        let len = 2 * (mac_len + key_len + iv_len);
        let block = kdf::prf(version, suite.hash, master_secret, "key expansion", &seed, len);
        let mut rest = block.as_slice();
        let mut next = |len: usize| {
            let (part, after) = rest.split_at_checked(len)?;
            rest = after;
            Some(part.to_vec())
        };
        let mac_keys = [next(mac_len)?, next(mac_len)?];
        let keys = [next(key_len)?, next(key_len)?];
        let ivs = [next(iv_len)?, next(iv_len)?];
        let encrypts_then_macs = encrypts_then_macs && cipher.block_len() > 0;
        let side = |mac_key, key: Vec<u8>, iv| {
            let (key, secret) = (AeadKey::new(cipher, &key)?, Vec::new());
            Some(RecordCipher { suite, version, key, iv, mac_key, secret, encrypts_then_macs })
        };
        let ([client_mac, server_mac], [client_key, server_key], [client_iv, server_iv]) = (mac_keys, keys, ivs);
        Some([side(client_mac, client_key, client_iv)?, side(server_mac, server_key, server_iv)?])
    }

    /// Decrypts a record; `None` if it is not authentic. Returns its content type, too, which TLS 1.3 encrypts.
    pub(in super::super) fn decrypt(&self, record: Record<'_>, sequence: u64) -> Option<(u8, Vec<u8>)> {
        if self.version >= 0x0304 {
            return self.decrypt_tls13(record, sequence);
        }
        let bytes = match self.suite.cipher {
            Cipher::Null => self.check_mac(record, sequence, record.body)?.to_vec(),
            cipher if cipher.block_len() > 0 => self.decrypt_blocks(record, sequence)?,
            Cipher::ChaCha20Poly1305 => {
                let aad = self.additional_data(record, sequence, record.body.len())?;
                self.key.open(&self.nonce(sequence)?, &aad, record.body)?
            }
            _ => {
                // RFC 5288 3: the nonce is four bytes of the key derivation and eight of the record.
                let (explicit, sealed) = record.body.split_first_chunk::<8>()?;
                let aad = self.additional_data(record, sequence, sealed.len())?;
                self.key.open(&[self.iv.as_slice(), explicit].concat(), &aad, sealed)?
            }
        };
        Some((record.content, bytes))
    }

    /// Notes the end of a record. Before TLS 1.1, its last block is the initialization vector of the next record.
    pub(in super::super) fn end_record(&mut self, body: &[u8]) {
        let len = self.suite.cipher.block_len();
        if self.version < 0x0302 && len > 0 {
            let mac_len = if self.encrypts_then_macs { self.suite.mac.len() } else { 0 };
            let encrypted = body.get(..body.len().saturating_sub(mac_len)).unwrap_or_default();
            if let Some(last) = encrypted.len().checked_sub(len).and_then(|start| encrypted.get(start..)) {
                self.iv = last.to_vec();
            }
        }
    }

    fn decrypt_tls13(&self, record: Record<'_>, sequence: u64) -> Option<(u8, Vec<u8>)> {
        let [major, minor] = record.version.to_be_bytes();
        let [high, low] = u16::try_from(record.body.len()).ok()?.to_be_bytes();
        let aad = [record.content, major, minor, high, low];
        let mut bytes = self.key.open(&self.nonce(sequence)?, &aad, record.body)?;
        // RFC 8446 5.4: the content type is the last byte that is not padding.
        let end = bytes.iter().rposition(|&byte| byte != 0)?;
        let content = bytes.get(end).copied()?;
        bytes.truncate(end);
        Some((content, bytes))
    }

    /// The nonce of a record whose number it has (RFC 8446 5.3, RFC 7905 2).
    fn nonce(&self, sequence: u64) -> Option<[u8; NONCE]> {
        Some(nonce(self.iv.as_slice().try_into().ok()?, sequence))
    }

    /// Additional data of a record with this many sealed bytes (RFC 5246 6.2.3.3).
    fn additional_data(&self, record: Record<'_>, sequence: u64, sealed: usize) -> Option<[u8; 13]> {
        header_of_mac(record, sequence, sealed.checked_sub(self.suite.cipher.tag_len())?)
    }

    fn decrypt_blocks(&self, record: Record<'_>, sequence: u64) -> Option<Vec<u8>> {
        let body = if self.encrypts_then_macs { self.check_mac(record, sequence, record.body)? } else { record.body };
        let block = self.suite.cipher.block_len();
        let (iv, encrypted) = match self.version {
            0x0302.. => body.split_at_checked(block)?,
            _ => (self.iv.as_slice(), body),
        };
        let AeadKey::Bytes(key) = &self.key else { return None };
        let mut bytes = match self.suite.cipher {
            Cipher::Aes128Cbc => decrypt_cbc::<Aes128, U16>(key, iv, encrypted)?,
            Cipher::Aes256Cbc => decrypt_cbc::<Aes256, U16>(key, iv, encrypted)?,
            _ => decrypt_cbc::<TdesEde3, U8>(key, iv, encrypted)?,
        };
        // RFC 5246 6.2.3.2: each byte of the padding is its length without the last one.
        let padding = usize::from(*bytes.last()?) + 1;
        let len = bytes.len().checked_sub(padding)?;
        if !bytes.get(len..)?.iter().all(|&byte| usize::from(byte) + 1 == padding) {
            return None;
        }
        bytes.truncate(len);
        if !self.encrypts_then_macs {
            let len = self.check_mac(record, sequence, &bytes)?.len();
            bytes.truncate(len);
        }
        Some(bytes)
    }

    /// Checks the authentication code at the end of `bytes`; returns the bytes before it.
    fn check_mac<'b>(&self, record: Record<'_>, sequence: u64, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let mac: Hash = self.suite.mac;
        let (bytes, code) = bytes.split_at_checked(bytes.len().checked_sub(mac.len())?)?;
        let head = header_of_mac(record, sequence, bytes.len())?;
        (mac.hmac(&self.mac_key, &[&head, bytes]) == code).then_some(bytes)
    }
}

/// What is authenticated in addition to `len` bytes of a record before TLS 1.3: sequence number and header.
fn header_of_mac(record: Record<'_>, sequence: u64, len: usize) -> Option<[u8; 13]> {
    let [a, b, c, d, e, f, g, h] = sequence.to_be_bytes();
    let ([major, minor], [high, low]) = (record.version.to_be_bytes(), u16::try_from(len).ok()?.to_be_bytes());
    Some([a, b, c, d, e, f, g, h, record.content, major, minor, high, low])
}

fn decrypt_cbc<C, N>(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Option<Vec<u8>>
where
    N: ccm::aead::array::ArraySize,
    C: cbc::cipher::BlockCipherDecrypt + KeyInit + cbc::cipher::BlockSizeUser<BlockSize = N>,
{
    let mut bytes = encrypted.to_vec();
    let (blocks, rest) = Array::<u8, N>::slice_as_chunks_mut(&mut bytes);
    if !rest.is_empty() {
        return None;
    }
    cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?.decrypt_blocks(blocks);
    Some(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn record(body: &[u8]) -> Record<'_> {
        Record { content: 23, version: 0x0303, body }
    }

    fn cipher(secret: &str) -> RecordCipher {
        let suite = CipherSuite::named("TLS_AES_128_GCM_SHA256").unwrap();
        RecordCipher::from_traffic_secret(suite, &bytes(secret)).unwrap()
    }

    /// RFC 8448 3: the client's Finished, and its alert, which is the second record with the keys of the application.
    const RECORDS: [(&str, &str, u64, u8, &str); 2] = [
        (
            "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
            "75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1caeacab6867d726c40546",
            0,
            22,
            "14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61",
        ),
        (
            "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
            "c9872760655666b74d7ff1153efd6db6d0b0e3",
            1,
            21,
            "0100",
        ),
    ];

    #[test]
    fn the_records_of_rfc_8448_are_decrypted_and_no_changed_one_is() {
        for (secret, body, sequence, content, expected) in RECORDS {
            let (cipher, body) = (cipher(secret), bytes(body));
            assert_eq!(cipher.decrypt(record(&body), sequence), Some((content, bytes(expected))));
            assert_eq!(cipher.decrypt(record(&body), sequence + 1), None);
            assert_eq!(cipher.decrypt(Record { content: 22, ..record(&body) }, sequence), None);
            assert_eq!(cipher.updated().unwrap().decrypt(record(&body), sequence), None);
            for at in 0..body.len() {
                let mut changed = body.clone();
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1;
                }
                assert_eq!(cipher.decrypt(record(&changed), sequence), None);
                assert_eq!(cipher.decrypt(record(changed.get(..at).unwrap_or_default()), sequence), None);
            }
        }
    }

    #[test]
    fn keys_are_derived_as_in_rfc_8448() {
        let secret = bytes("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        assert_eq!(expand_label(Hash::Sha256, &secret, "key", 16), bytes("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(expand_label(Hash::Sha256, &secret, "iv", 12), bytes("5d313eb2671276ee13000b30"));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let (secret, ..) = RECORDS[0];
        assert_eq!(
            alloc::format!("{:?}", cipher(secret)),
            "RecordCipher(CipherSuite { cipher: Aes128Gcm, mac: Sha256, hash: Sha256 })"
        );
    }
}
