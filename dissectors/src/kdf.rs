//! Key derivation: HKDF-Expand-Label of TLS 1.3 (RFC 8446 7.1) and the PRF of TLS 1.0 to 1.2 (RFC 5246 5, RFC 2246 5).

use alloc::vec;
use alloc::vec::Vec;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

impl Hash {
    /// Length of a hash in bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Hash::Md5 => 16,
            Hash::Sha1 => 20,
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
        }
    }

    /// Returns the HMAC of the joined parts.
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Hash::Md5 => hmac::<Md5>(key, parts),
            Hash::Sha1 => hmac::<Sha1>(key, parts),
            Hash::Sha256 => hmac::<Sha256>(key, parts),
            Hash::Sha384 => hmac::<Sha384>(key, parts),
        }
    }

    /// Returns the hash of the joined parts.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Hash::Md5 => digest::<Md5>(parts),
            Hash::Sha1 => digest::<Sha1>(parts),
            Hash::Sha256 => digest::<Sha256>(parts),
            Hash::Sha384 => digest::<Sha384>(parts),
        }
    }

    /// `P_hash` of RFC 5246 5.
    fn expand(self, secret: &[u8], label: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut a = self.hmac(secret, &[label, seed]);
        while out.len() < len {
            out.extend(self.hmac(secret, &[&a, label, seed]));
            a = self.hmac(secret, &[&a]);
        }
        out.truncate(len);
        out
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().to_vec()
}

fn hmac<D: EagerHash>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key of HMAC may have any length.
    let Ok(mut mac) = Hmac::<D>::new_from_slice(key) else { return Vec::new() };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// A secret of TLS 1.3 from which several keys are derived: the key of its HMAC is prepared once.
pub(crate) enum LabelExpander {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl LabelExpander {
    /// Prepares a secret. `None` if no cipher suite of TLS 1.3 has the hash.
    pub(crate) fn new(hash: Hash, secret: &[u8]) -> Option<LabelExpander> {
        match hash {
            Hash::Sha256 => Some(LabelExpander::Sha256(Hmac::new_from_slice(secret).ok()?)),
            Hash::Sha384 => Some(LabelExpander::Sha384(Hmac::new_from_slice(secret).ok()?)),
            Hash::Md5 | Hash::Sha1 => None,
        }
    }

    /// HKDF-Expand-Label without context, of at most the length of the hash: one block of HKDF-Expand (RFC 5869 2.3).
    pub(crate) fn expand(&self, label: &str, out: &mut [u8]) {
        match self {
            LabelExpander::Sha256(mac) => expand(mac, label, out),
            LabelExpander::Sha384(mac) => expand(mac, label, out),
        }
    }
}

fn expand<M: Mac + Clone>(mac: &M, label: &str, out: &mut [u8]) {
    let mut mac = mac.clone();
    mac.update(&[0, out.len() as u8, 6 + label.len() as u8]);
    mac.update(b"tls13 ");
    mac.update(label.as_bytes());
    mac.update(&[0, 1]);
    out.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(out, byte)| *out = byte);
}

/// HKDF-Expand-Label of one label; empty if no cipher suite of TLS 1.3 has the hash.
pub(crate) fn expand_label(hash: Hash, secret: &[u8], label: &str, len: usize) -> Vec<u8> {
    let Some(expander) = LabelExpander::new(hash, secret) else { return Vec::new() };
    let mut out = vec![0; len.min(hash.len())];
    expander.expand(label, &mut out);
    out
}

/// The PRF of a version before TLS 1.3. `hash` is that of the cipher suite, which counts in TLS 1.2 only.
pub(crate) fn prf(version: u16, hash: Hash, secret: &[u8], label: &str, seed: &[u8], len: usize) -> Vec<u8> {
    let label = label.as_bytes();
    if version >= 0x0303 {
        return hash.expand(secret, label, seed, len);
    }
    // RFC 2246 5: each hash gets a half of the secret; both have the middle byte of an odd length.
    let half = secret.len().div_ceil(2);
    let (first, last) = (secret.get(..half).unwrap_or_default(), secret.get(secret.len() - half..).unwrap_or_default());
    let mut out = Hash::Md5.expand(first, label, seed, len);
    let other = Hash::Sha1.expand(last, label, seed, len);
    out.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
    out
}
