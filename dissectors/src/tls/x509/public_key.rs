//! The public key of a certificate, for the choice of the private key.

use super::element::{Elements, Malformed, Tag, context};
use crate::packet::Payload;

/// Object identifier of RSA keys (RFC 8017 A.1): 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// Modulus and exponent of an RSA key, without leading zeros.
pub(in super::super) struct RsaPublicKey<'b> {
    pub(in super::super) modulus: &'b [u8],
    pub(in super::super) exponent: &'b [u8],
}

/// Returns the public key of a certificate; `None` if it is of another algorithm.
pub(in super::super) fn rsa_public_key(certificate: &[u8]) -> Option<RsaPublicKey<'_>> {
    read(Payload::whole(certificate, 0)).ok().flatten()
}

fn read(certificate: Payload<'_>) -> Result<Option<RsaPublicKey<'_>>, Malformed> {
    let mut parts = Elements(certificate).expect(Tag::Sequence)?.elements().expect(Tag::Sequence)?.elements();
    parts.optional(context(0, true))?;
    parts.expect(Tag::Integer)?;
    // Algorithm of the signature, issuer, validity, and subject.
    for _ in 0..4 {
        parts.expect(Tag::Sequence)?;
    }
    let mut key = parts.expect(Tag::Sequence)?.elements();
    let algorithm = key.expect(Tag::Sequence)?.elements().expect(Tag::ObjectIdentifier)?;
    if algorithm.content.bytes != RSA {
        return Ok(None);
    }
    let mut numbers = Elements(key.expect(Tag::BitString)?.bits()).expect(Tag::Sequence)?.elements();
    let mut number = || numbers.expect(Tag::Integer).map(|number| without_zeros(number.content.bytes));
    Ok(Some(RsaPublicKey { modulus: number()?, exponent: number()? }))
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    bytes.get(bytes.iter().take_while(|&&byte| byte == 0).count()..).unwrap_or_default()
}
