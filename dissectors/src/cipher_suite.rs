//! The algorithms of a cipher suite, from its name.

use crate::kdf::Hash;

/// The algorithms of a cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CipherSuite {
    pub(crate) cipher: Cipher,
    /// Hash of the authentication code of each record; of no use if the cipher authenticates by itself.
    pub(crate) mac: Hash,
    /// Hash of the key derivation of TLS 1.2 and 1.3.
    pub(crate) hash: Hash,
}

/// An encryption of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Aes128Cbc,
    Aes256Cbc,
    TripleDesCbc,
    Null,
}

/// Ciphers by their names in cipher suites.
const CIPHERS: &[(&str, Cipher)] = &[
    ("AES_128_GCM", Cipher::Aes128Gcm),
    ("AES_256_GCM", Cipher::Aes256Gcm),
    ("AES_128_CCM", Cipher::Aes128Ccm),
    ("AES_256_CCM", Cipher::Aes256Ccm),
    ("AES_128_CCM_8", Cipher::Aes128Ccm8),
    ("AES_256_CCM_8", Cipher::Aes256Ccm8),
    ("CHACHA20_POLY1305", Cipher::ChaCha20Poly1305),
    ("AES_128_CBC", Cipher::Aes128Cbc),
    ("AES_256_CBC", Cipher::Aes256Cbc),
    ("3DES_EDE_CBC", Cipher::TripleDesCbc),
    ("NULL", Cipher::Null),
];

impl CipherSuite {
    /// Returns the algorithms of a suite, given by its name in the IANA registry; `None` if they are not supported.
    pub(crate) fn named(name: &str) -> Option<CipherSuite> {
        // TLS 1.3 has no key exchange in the name: `TLS_AES_128_GCM_SHA256`.
        let name = name.split_once("_WITH_").map_or_else(|| name.strip_prefix("TLS_"), |(_, rest)| Some(rest))?;
        // RFC 6655 3: suites of CCM name no hash.
        let (cipher, mac) = match name.rsplit_once('_') {
            Some((cipher, "SHA384")) => (cipher, Hash::Sha384),
            Some((cipher, "SHA256")) => (cipher, Hash::Sha256),
            Some((cipher, "SHA")) => (cipher, Hash::Sha1),
            Some((cipher, "MD5")) => (cipher, Hash::Md5),
            _ => (name, Hash::Sha256),
        };
        let (_, cipher) = *CIPHERS.iter().find(|(known, _)| *known == cipher)?;
        // RFC 5246 5: the hash of the key derivation is SHA-256 unless the suite states a stronger one.
        let hash = if mac == Hash::Sha384 { Hash::Sha384 } else { Hash::Sha256 };
        Some(CipherSuite { cipher, mac, hash })
    }
}

/// Cipher suites of TLS 1.3 (RFC 8446 B.4), by their numbers.
const TLS13_SUITES: &[(u16, &str)] = &[
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
];

/// Returns the suites that QUIC uses (RFC 9001 5.3): that of a number, or all of them for an unknown one.
pub(crate) fn quic_suites(number: Option<u16>) -> impl Iterator<Item = CipherSuite> {
    let suites = TLS13_SUITES.iter().filter(move |(known, _)| number.is_none_or(|number| number == *known));
    suites.filter_map(|(_, name)| CipherSuite::named(name))
}

impl Cipher {
    /// Length of the key in bytes.
    pub(crate) fn key_len(self) -> usize {
        match self {
            Cipher::Aes128Gcm | Cipher::Aes128Ccm | Cipher::Aes128Ccm8 | Cipher::Aes128Cbc => 16,
            Cipher::Aes256Gcm | Cipher::Aes256Ccm | Cipher::Aes256Ccm8 | Cipher::Aes256Cbc => 32,
            Cipher::ChaCha20Poly1305 => 32,
            Cipher::TripleDesCbc => 24,
            Cipher::Null => 0,
        }
    }

    /// Length of a block in bytes; 0 if the cipher has no padding.
    pub(crate) fn block_len(self) -> usize {
        match self {
            Cipher::Aes128Cbc | Cipher::Aes256Cbc => 16,
            Cipher::TripleDesCbc => 8,
            _ => 0,
        }
    }

    /// Length of the authentication tag in bytes; 0 if records have an authentication code instead.
    pub(crate) fn tag_len(self) -> usize {
        match self {
            Cipher::Aes128Ccm8 | Cipher::Aes256Ccm8 => 8,
            Cipher::Aes128Cbc | Cipher::Aes256Cbc | Cipher::TripleDesCbc | Cipher::Null => 0,
            _ => 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_read_from_its_name() {
        let suite = |cipher, mac, hash| Some(CipherSuite { cipher, mac, hash });
        let rows = [
            ("TLS_AES_128_GCM_SHA256", suite(Cipher::Aes128Gcm, Hash::Sha256, Hash::Sha256)),
            ("TLS_AES_128_CCM_8_SHA256", suite(Cipher::Aes128Ccm8, Hash::Sha256, Hash::Sha256)),
            ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", suite(Cipher::Aes256Gcm, Hash::Sha384, Hash::Sha384)),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", suite(Cipher::Aes128Cbc, Hash::Sha1, Hash::Sha256)),
            ("TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", suite(Cipher::Aes256Cbc, Hash::Sha256, Hash::Sha256)),
            ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM", suite(Cipher::Aes128Ccm, Hash::Sha256, Hash::Sha256)),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", suite(Cipher::TripleDesCbc, Hash::Sha1, Hash::Sha256)),
            ("TLS_RSA_WITH_NULL_MD5", suite(Cipher::Null, Hash::Md5, Hash::Sha256)),
            ("TLS_RSA_WITH_RC4_128_SHA", None),
            ("TLS_SHA256_SHA256", None),
        ];
        for (name, expected) in rows {
            assert_eq!(CipherSuite::named(name), expected, "{name}");
        }
    }
}
