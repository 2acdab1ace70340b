//! Authenticated decryption: a key, prepared once, opens sealed bytes, or nothing if they are not authentic.

use crate::cipher_suite::Cipher;
use aes::{Aes128Enc, Aes256Enc};
use aes_gcm::AesGcm;
use alloc::boxed::Box;
use alloc::vec::Vec;
use ccm::Ccm;
use ccm::aead::{AeadInOut, KeyInit, Nonce, Tag};
use ccm::consts::{U8, U12, U16};
use chacha20poly1305::ChaCha20Poly1305;

/// A key, prepared if that saves time for each record. These modes encrypt blocks only, also to decrypt.
#[derive(Clone)]
pub(crate) enum AeadKey {
    Aes128Gcm(Box<AesGcm<Aes128Enc, U12>>),
    Aes256Gcm(Box<AesGcm<Aes256Enc, U12>>),
    Aes128Ccm(Box<Ccm<Aes128Enc, U16, U12>>),
    Aes256Ccm(Box<Ccm<Aes256Enc, U16, U12>>),
    Aes128Ccm8(Box<Ccm<Aes128Enc, U8, U12>>),
    Aes256Ccm8(Box<Ccm<Aes256Enc, U8, U12>>),
    ChaCha20Poly1305(Box<ChaCha20Poly1305>),
    Bytes(Vec<u8>),
}

impl AeadKey {
    /// Prepares a key.
    pub(crate) fn new(cipher: Cipher, bytes: &[u8]) -> Option<AeadKey> {
        fn prepare<C: KeyInit>(bytes: &[u8]) -> Option<Box<C>> {
            C::new_from_slice(bytes).ok().map(Box::new)
        }
        Some(match cipher {
            Cipher::Aes128Gcm => AeadKey::Aes128Gcm(prepare(bytes)?),
            Cipher::Aes256Gcm => AeadKey::Aes256Gcm(prepare(bytes)?),
            Cipher::Aes128Ccm => AeadKey::Aes128Ccm(prepare(bytes)?),
            Cipher::Aes256Ccm => AeadKey::Aes256Ccm(prepare(bytes)?),
            Cipher::Aes128Ccm8 => AeadKey::Aes128Ccm8(prepare(bytes)?),
            Cipher::Aes256Ccm8 => AeadKey::Aes256Ccm8(prepare(bytes)?),
            Cipher::ChaCha20Poly1305 => AeadKey::ChaCha20Poly1305(prepare(bytes)?),
            Cipher::Aes128Cbc | Cipher::Aes256Cbc | Cipher::TripleDesCbc | Cipher::Null => {
                AeadKey::Bytes(bytes.to_vec())
            }
        })
    }

    /// Opens sealed bytes of a cipher with authentication.
    pub(crate) fn open(&self, nonce: &[u8], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut opened = sealed.to_vec();
        let len = self.open_in_place(nonce, aad, &mut opened)?;
        opened.truncate(len);
        Some(opened)
    }

    /// Opens sealed bytes where they are. Returns the number of bytes before the tag.
    pub(crate) fn open_in_place(&self, nonce: &[u8], aad: &[u8], sealed: &mut [u8]) -> Option<usize> {
        match self {
            AeadKey::Aes128Gcm(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::Aes256Gcm(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::Aes128Ccm(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::Aes256Ccm(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::Aes128Ccm8(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::Aes256Ccm8(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::ChaCha20Poly1305(cipher) => open(&**cipher, nonce, aad, sealed),
            AeadKey::Bytes(_) => None,
        }
    }
}

fn open<C: AeadInOut>(cipher: &C, nonce: &[u8], aad: &[u8], sealed: &mut [u8]) -> Option<usize> {
    let nonce = Nonce::<C>::try_from(nonce).ok()?;
    let tag_len = Tag::<C>::default().len();
    let (bytes, tag) = sealed.split_at_mut_checked(sealed.len().checked_sub(tag_len)?)?;
    let tag = Tag::<C>::try_from(&*tag).ok()?;
    let len = bytes.len();
    cipher.decrypt_inout_detached(&nonce, aad, bytes.into(), &tag).ok()?;
    Some(len)
}

/// Length of the nonces of TLS 1.3 and QUIC.
pub(crate) const NONCE: usize = 12;

/// The nonce of a record or packet: the fixed part combined with its number (RFC 8446 5.3, RFC 9001 5.3).
pub(crate) fn nonce(iv: &[u8; NONCE], number: u64) -> [u8; NONCE] {
    let mut nonce = *iv;
    let counter = number.to_be_bytes();
    nonce.iter_mut().rev().zip(counter.iter().rev()).for_each(|(byte, counter)| *byte ^= counter);
    nonce
}
