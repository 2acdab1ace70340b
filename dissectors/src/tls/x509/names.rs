//! Names of object identifiers and of values in certificates.

pub(super) const VERSIONS: &[(u64, &str)] = &[(0, "v1"), (1, "v2"), (2, "v3")];
pub(super) const TIMES: &[(u64, &str)] = &[(0, "utcTime"), (1, "generalizedTime")];
pub(super) const STRINGS: &[(u64, &str)] =
    &[(0, "teletexString"), (1, "printableString"), (2, "universalString"), (3, "bmpString"), (4, "uTF8String")];
/// Statuses of responses of OCSP.
pub(super) const RESPONSE_STATUSES: &[(u64, &str)] = &[
    (0, "successful"),
    (1, "malformedRequest"),
    (2, "internalError"),
    (3, "tryLater"),
    (5, "sigRequired"),
    (6, "unauthorized"),
];
/// Forms of the name of a responder.
pub(super) const RESPONDERS: &[(u64, &str)] = &[(1, "byName"), (2, "byKey")];
/// Statuses of certificates.
pub(super) const CERTIFICATE_STATUSES: &[(u64, &str)] = &[(0, "good"), (1, "revoked"), (2, "unknown")];
/// Reasons of revocation (RFC 5280 5.3.1).
pub(super) const REASONS_OF_REVOCATION: &[(u64, &str)] = &[
    (0, "unspecified"),
    (1, "keyCompromise"),
    (2, "cACompromise"),
    (3, "affiliationChanged"),
    (4, "superseded"),
    (5, "cessationOfOperation"),
    (6, "certificateHold"),
    (8, "removeFromCRL"),
    (9, "privilegeWithdrawn"),
    (10, "aaCompromise"),
];
/// Character sets of the texts of policies.
pub(super) const DISPLAY_TEXTS: &[(u64, &str)] =
    &[(0, "ia5String"), (1, "visibleString"), (2, "bmpString"), (3, "utf8String")];
/// Extensions of TLS that a certificate can require (RFC 7633).
pub(super) const FEATURES: &[(u64, &str)] = &[(5, "status_request"), (17, "status_request_v2")];
pub(super) const GENERAL_NAMES: &[(u64, &str)] = &[
    (0, "otherName"),
    (1, "rfc822Name"),
    (2, "dNSName"),
    (3, "x400Address"),
    (4, "directoryName"),
    (5, "ediPartyName"),
    (6, "uniformResourceIdentifier"),
    (7, "iPAddress"),
    (8, "registeredID"),
];

/// Names of object identifiers, in the order of the identifiers as text.
const IDENTIFIERS: &[(&str, &str)] = &[
    ("0.9.2342.19200300.100.1.25", "dc"),
    ("1.2.840.10040.4.1", "id-dsa"),
    ("1.2.840.10045.2.1", "id-ecPublicKey"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.113549.1.1.10", "id-RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.9.1", "pkcs-9-at-emailAddress"),
    ("1.3.101.112", "id-Ed25519"),
    ("1.3.101.113", "id-Ed448"),
    ("1.3.14.3.2.26", "SHA-1"),
    ("1.3.6.1.4.1.11129.2.4.2", "SignedCertificateTimestampList"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionOfIncorporationCountryName"),
    ("1.3.6.1.5.5.7.1.1", "id-pe-authorityInfoAccess"),
    ("1.3.6.1.5.5.7.1.11", "id-pe-subjectInfoAccess"),
    ("1.3.6.1.5.5.7.1.24", "id-pe-tlsfeature"),
    ("1.3.6.1.5.5.7.2.1", "id-qt-cps"),
    ("1.3.6.1.5.5.7.2.2", "id-qt-unotice"),
    ("1.3.6.1.5.5.7.3.1", "id-kp-serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "id-kp-clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "id-kp-codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "id-kp-emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "id-kp-timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "id-kp-OCSPSigning"),
    ("1.3.6.1.5.5.7.48.1", "id-ad-ocsp"),
    ("1.3.6.1.5.5.7.48.1.1", "id-pkix-ocsp-basic"),
    ("1.3.6.1.5.5.7.48.1.2", "id-pkix-ocsp-nonce"),
    ("1.3.6.1.5.5.7.48.1.5", "id-pkix-ocsp-nocheck"),
    ("1.3.6.1.5.5.7.48.2", "id-ad-caIssuers"),
    ("2.16.840.1.101.3.4.2.1", "SHA-256"),
    ("2.16.840.1.113730.1.13", "ns_cert_exts.comment"),
    ("2.5.29.14", "id-ce-subjectKeyIdentifier"),
    ("2.5.29.15", "id-ce-keyUsage"),
    ("2.5.29.16", "id-ce-privateKeyUsagePeriod"),
    ("2.5.29.17", "id-ce-subjectAltName"),
    ("2.5.29.18", "id-ce-issuerAltName"),
    ("2.5.29.19", "id-ce-basicConstraints"),
    ("2.5.29.30", "id-ce-nameConstraints"),
    ("2.5.29.31", "id-ce-cRLDistributionPoints"),
    ("2.5.29.32", "id-ce-certificatePolicies"),
    ("2.5.29.32.0", "anyPolicy"),
    ("2.5.29.33", "id-ce-policyMappings"),
    ("2.5.29.35", "id-ce-authorityKeyIdentifier"),
    ("2.5.29.36", "id-ce-policyConstraints"),
    ("2.5.29.37", "id-ce-extKeyUsage"),
    ("2.5.29.46", "id-ce-freshestCRL"),
    ("2.5.29.54", "id-ce-inhibitAnyPolicy"),
    ("2.5.4.10", "id-at-organizationName"),
    ("2.5.4.11", "id-at-organizationalUnitName"),
    ("2.5.4.3", "id-at-commonName"),
    ("2.5.4.4", "id-at-surname"),
    ("2.5.4.42", "id-at-givenName"),
    ("2.5.4.5", "id-at-serialNumber"),
    ("2.5.4.6", "id-at-countryName"),
    ("2.5.4.7", "id-at-localityName"),
    ("2.5.4.8", "id-at-stateOrProvinceName"),
    ("2.5.4.9", "id-at-streetAddress"),
];

/// Returns the name of an object identifier, or the identifier itself.
pub(super) fn of_identifier(identifier: &str) -> &str {
    let found = IDENTIFIERS.binary_search_by(|&(known, _)| known.cmp(identifier)).ok();
    found.and_then(|at| IDENTIFIERS.get(at)).map_or(identifier, |&(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_in_order() {
        assert!(IDENTIFIERS.is_sorted());
        assert_eq!(of_identifier("2.5.4.3"), "id-at-commonName");
        assert_eq!(of_identifier("2.5.4"), "2.5.4");
    }
}
