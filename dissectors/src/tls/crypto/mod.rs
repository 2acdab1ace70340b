//! Cryptography of TLS records: cipher suites, keys from secrets, and the decryption of one record.

mod record_cipher;

pub(super) use record_cipher::{Record, RecordCipher};

use crate::cipher_suite::CipherSuite;
use crate::kdf;
use alloc::vec::Vec;

/// Length of a master secret (RFC 5246 8.1).
const MASTER_SECRET: usize = 48;

/// Derives the master secret of a version before TLS 1.3 from a premaster secret.
pub(super) fn master_secret(version: u16, suite: CipherSuite, premaster: &[u8], label: &str, seed: &[u8]) -> Vec<u8> {
    kdf::prf(version, suite.hash, premaster, label, seed, MASTER_SECRET)
}
