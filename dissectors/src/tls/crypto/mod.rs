//! Cryptography of TLS records: cipher suites, keys from secrets, and the decryption of one record.

mod algorithm;
mod kdf;
mod record_cipher;

pub(super) use algorithm::CipherSuite;
pub(super) use record_cipher::{Record, RecordCipher};
