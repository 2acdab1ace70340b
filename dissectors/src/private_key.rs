//! RSA private keys of servers, from PEM files (RFC 7468): PKCS#8 (RFC 5958) and PKCS#1 (RFC 8017 A.1.2).

use crate::base64;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, Error as Pkcs8Error};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Encrypt, PrivateKey as RsaPrivateKey};

/// Maximum bytes of a key in DER: one of 8,192 bits has some 4,700.
const MAX_DER: usize = 5 << 10;
/// Maximum number of keys of a file that are read.
const MAX_KEYS: usize = 64;

/// An RSA private key. It is never printed.
#[derive(Clone)]
pub struct PrivateKey {
    /// Name of the file that it was read from.
    pub name: String,
    key: RsaPrivateKey,
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}

/// Why a file has no usable private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateKeyError {
    /// The file has no private key in PEM.
    Missing,
    /// The key is encrypted with a password.
    Encrypted,
    /// The key is of another algorithm than RSA, or in another format.
    NotRsa,
    /// The key is malformed, or has more than 8,192 bits.
    Malformed,
}

impl fmt::Display for PrivateKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PrivateKeyError::Missing => "expected an RSA private key in PEM, found none",
            PrivateKeyError::Encrypted => {
                "the private key is encrypted; `openssl pkey -in FILE -out KEY` writes it without a password"
            }
            PrivateKeyError::NotRsa => "expected an RSA private key in PKCS#8 or PKCS#1, found another private key",
            PrivateKeyError::Malformed => "malformed RSA private key, or one of more than 8192 bits",
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} bits)", self.modulus.len() * 8)
    }
}

impl PrivateKey {
    /// Reads the RSA private keys of a PEM file with this name. Skips other content, such as certificates.
    ///
    /// # Errors
    ///
    /// There is no RSA private key: the reason of the first private key.
    pub fn read_pem(name: &str, text: &[u8]) -> Result<Vec<PrivateKey>, PrivateKeyError> {
        let (mut keys, mut error) = (Vec::new(), None);
        let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        while let Some(line) = lines.next() {
            let Some(label) = label(line, b"-----BEGIN ").filter(|label| label.ends_with(b"PRIVATE KEY")) else {
                continue;
            };
            let mut body = Vec::new();
            let mut lines_of_key = lines.by_ref().take_while(|line| self::label(line, b"-----END ").is_none());
            let has_header = lines_of_key.by_ref().any(|line| {
                // RFC 1421 4.6: `Proc-Type: 4,ENCRYPTED`.
                let is_header = line.contains(&b':');
                if !is_header && body.len() < 2 * MAX_DER {
                    body.extend_from_slice(line);
                }
                is_header
            });
            match if has_header { Err(PrivateKeyError::Encrypted) } else { read(label, &body) } {
                Ok(key) if keys.len() < MAX_KEYS => keys.push(PrivateKey::new(name, key)),
                Ok(_) => break,
                Err(found) => error = error.or(Some(found)),
            }
        }
        if keys.is_empty() { Err(error.unwrap_or(PrivateKeyError::Missing)) } else { Ok(keys) }
    }

    fn new(name: &str, key: RsaPrivateKey) -> PrivateKey {
        let (modulus, exponent) = (key.n_bytes(), key.e_bytes());
        PrivateKey { name: name.into(), key, modulus, exponent }
    }

    /// Returns whether the key is that of a public key, given by modulus and exponent without leading zeros.
    #[must_use]
    pub fn is_of(&self, modulus: &[u8], exponent: &[u8]) -> bool {
        *self.modulus == *modulus && *self.exponent == *exponent
    }

    /// Decrypts bytes with PKCS#1 v1.5 (RFC 8017 7.2). Bytes that were encrypted with another key, or changed, give others of
    /// any length: what is derived from them must be authenticated.
    #[must_use]
    pub fn decrypt(&self, encrypted: &[u8]) -> Option<Vec<u8>> {
        self.key.decrypt(Pkcs1v15Encrypt, encrypted).ok()
    }
}

/// Returns the label of a line that begins or ends a block.
fn label<'t>(line: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// Reads the body of a block with this label.
fn read(label: &[u8], body: &[u8]) -> Result<RsaPrivateKey, PrivateKeyError> {
    let der = || base64::decode(body).filter(|der| der.len() <= MAX_DER).ok_or(PrivateKeyError::Malformed);
    match label {
        b"RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(&der()?).map_err(|_| PrivateKeyError::Malformed),
        b"PRIVATE KEY" => RsaPrivateKey::from_pkcs8_der(&der()?).map_err(|error| match error {
            Pkcs8Error::PublicKey(_) => PrivateKeyError::NotRsa,
            _ => PrivateKeyError::Malformed,
        }),
        b"ENCRYPTED PRIVATE KEY" => Err(PrivateKeyError::Encrypted),
        _ => Err(PrivateKeyError::NotRsa),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use alloc::format;

    /// A key of 512 bits, too short for use: `openssl genrsa -traditional 512`.
    const PKCS1: &str = "MIIBPAIBAAJBAL6cfn2t0y0afEwwoD7NBNGwMA7DzY1PHCFLvSuvXmDHdC1jrJEykPeeQLu1WlMI1y7jUouNljb6VU873GE4\
        +osCAwEAAQJAcqDCIOqL+K/Y2CjV9W5t23xNKlPuJXDRxeQ6Wy8XXrMJ/AU3lIlLniLYGPaNBobIK3lpEsHn7ON7Oqiq4egR\
        IQIhAOTZrk4NWZ1312LEFrUphx+p/1kFHR8lTxBreBEC3GJnAiEA1Tl4ztLTrQOKjGlGAgO68APhRN8l9R1+oaGdkKH5OD0C\
        IQC9AB5ZbeMeDrR+aC3MzpA/EVnGvldvupNSnz8Y5YD3bwIhAIhn+fcmPLCkYVAuUNEdHcxKTyTGNPw4YDh6sdhDJrJpAiEA\
        1WU8nkd7OtPfdH0qiygfsWYB1gW5KArmKJNk6j6F71c=";

    fn read(text: &str) -> Result<usize, PrivateKeyError> {
        PrivateKey::read_pem("key.pem", text.as_bytes()).map(|keys| keys.len())
    }

    fn block(label: &str, body: &str) -> String {
        format!("text\r\n-----BEGIN {label}-----\r\n{body}\r\n-----END {label}-----\r\n")
    }

    #[test]
    fn keys_of_a_file_are_read_and_others_are_named() {
        let key = block("RSA PRIVATE KEY", PKCS1);
        let certificate = block("CERTIFICATE", "AAAA");
        for (text, expected) in [
            (certificate.clone() + &key + &block("EC PRIVATE KEY", "AAAA") + &key, Ok(2)),
            (certificate, Err(PrivateKeyError::Missing)),
            (block("EC PRIVATE KEY", "AAAA"), Err(PrivateKeyError::NotRsa)),
            (block("ENCRYPTED PRIVATE KEY", "AAAA"), Err(PrivateKeyError::Encrypted)),
            (block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA"), Err(PrivateKeyError::Encrypted)),
            (block("RSA PRIVATE KEY", "AAAA"), Err(PrivateKeyError::Malformed)),
            (block("PRIVATE KEY", PKCS1), Err(PrivateKeyError::Malformed)),
            (block("RSA PRIVATE KEY", &"A".repeat(1 << 20)), Err(PrivateKeyError::Malformed)),
            ("-----BEGIN RSA PRIVATE KEY-----".into(), Err(PrivateKeyError::Malformed)),
        ] {
            assert_eq!(read(&text), expected, "{}", text.get(..40).unwrap_or(&text));
        }
    }

    #[test]
    fn a_key_is_matched_by_its_public_half_and_never_printed() {
        let keys = PrivateKey::read_pem("key.pem", block("RSA PRIVATE KEY", PKCS1).as_bytes()).unwrap();
        let [key] = keys.as_slice() else { unreachable!("one key") };
        assert!(key.is_of(&key.modulus.clone(), &[1, 0, 1]) && !key.is_of(&[7; 64], &[1, 0, 1]));
        assert_eq!(format!("{key:?}"), "PrivateKey(512 bits)");
        assert_eq!(key.decrypt(&[7; 65]), None);
    }
}
