//! The fields of certificates (RFC 5280), with the names that Wireshark has for the modules of X.509.

use super::names::{
    CERTIFICATE_STATUSES, DISPLAY_TEXTS, FEATURES, GENERAL_NAMES, REASONS_OF_REVOCATION, RESPONDERS, RESPONSE_STATUSES,
    STRINGS, TIMES, VERSIONS,
};

crate::fields! { "tls::x509";
    /// X.509: certificates.
    X509: Protocol "x509af" "X.509 Authentication Framework";
    /// Certificate without its signature.
    SIGNED_CERTIFICATE: Label "x509af.signedCertificate_element" "signedCertificate";
    /// Version of the certificate's format, less one.
    VERSION: U8 "x509af.version" "version" { values: VERSIONS };
    /// Serial number that the issuer gave to the certificate.
    SERIAL_NUMBER: Bytes "x509af.serialNumber" "serialNumber";
    /// Algorithm of the signature, as signed.
    SIGNATURE: Label "x509af.signature_element" "signature";
    /// Object identifier of an algorithm.
    ALGORITHM_ID: Text "x509af.algorithm.id" "Algorithm Id";
    /// Name of the issuer: 0 for a distinguished name.
    ISSUER: U32 "x509af.issuer" "issuer";
    /// Time from which and up to which the certificate is valid.
    VALIDITY: Label "x509af.validity_element" "validity";
    /// Form of the time from which the certificate is valid.
    NOT_BEFORE: U32 "x509af.notBefore" "notBefore" { values: TIMES };
    /// Form of the time up to which the certificate is valid.
    NOT_AFTER: U32 "x509af.notAfter" "notAfter" { values: TIMES };
    /// Time with a year of two digits.
    UTC_TIME: Text "x509af.utcTime" "utcTime";
    /// Time with a year of four digits, up to the year 2262.
    GENERALIZED_TIME: Time "x509af.generalizedTime" "generalizedTime";
    /// Name of the subject: 0 for a distinguished name.
    SUBJECT: U32 "x509af.subject" "subject";
    /// Number of parts of the subject's name.
    SUBJECT_SEQUENCE: U32 "x509af.rdnSequence" "rdnSequence";
    /// Number of parts of a distinguished name.
    RDN_SEQUENCE: U32 "x509if.rdnSequence" "rdnSequence";
    /// Number of attributes of a part of a distinguished name.
    RDN: U32 "x509if.RDNSequence_item" "RDNSequence item";
    /// Attribute of a distinguished name.
    ATTRIBUTE: Label "x509if.RelativeDistinguishedName_item_element" "RelativeDistinguishedName item";
    /// Object identifier of the attribute's type.
    ATTRIBUTE_TYPE: Text "x509if.oid" "Object Id";
    /// Character set of a text.
    DIRECTORY_STRING: U32 "x509sat.DirectoryString" "DirectoryString" { values: STRINGS };
    /// Text in the character set of T.61.
    TELETEX_STRING: Text "x509sat.teletexString" "teletexString";
    /// Text of letters, digits and a few other characters.
    PRINTABLE_STRING: Text "x509sat.printableString" "printableString";
    /// Text in UTF-32.
    UNIVERSAL_STRING: Text "x509sat.universalString" "universalString";
    /// Text in UTF-16.
    BMP_STRING: Text "x509sat.bmpString" "bmpString";
    /// Text in UTF-8.
    UTF8_STRING: Text "x509sat.uTF8String" "uTF8String";
    /// Two letters of a country.
    COUNTRY_NAME: Text "x509sat.CountryName" "CountryName";
    /// Serial number of a device or a person.
    ATTRIBUTE_SERIAL_NUMBER: Text "x509sat.PrintableString" "PrintableString";
    /// ASCII text, such as the address of a mailbox.
    IA5_STRING: Text "x509sat.IA5String" "IA5String";
    /// Public key of the subject.
    PUBLIC_KEY_INFO: Label "x509af.subjectPublicKeyInfo_element" "subjectPublicKeyInfo";
    /// Algorithm of the public key.
    KEY_ALGORITHM: Label "x509af.algorithm_element" "algorithm";
    /// Public key.
    PUBLIC_KEY: Bytes "x509af.subjectPublicKey" "subjectPublicKey";
    /// Number of extensions.
    EXTENSIONS: U32 "x509af.extensions" "extensions";
    /// Extension of the certificate.
    EXTENSION: Label "x509af.Extension_element" "Extension";
    /// Object identifier of the extension's type.
    EXTENSION_ID: Text "x509af.extension.id" "Extension Id";
    /// Whether a recipient that does not know the extension must reject the certificate.
    CRITICAL: Bool "x509af.critical" "critical";
    /// Whether the subject may issue certificates.
    BASIC_CONSTRAINTS: Label "x509ce.BasicConstraintsSyntax_element" "BasicConstraintsSyntax";
    /// Whether the subject is a certificate authority.
    CA: Bool "x509ce.cA" "cA";
    /// Maximum number of authorities between the subject and the last certificate.
    PATH_LEN: U64 "x509ce.pathLenConstraint" "pathLenConstraint";
    /// Purposes of the key, as bits.
    KEY_USAGE: Bytes "x509ce.KeyUsage" "KeyUsage";
    /// The key verifies signatures, except of certificates and revocation lists.
    DIGITAL_SIGNATURE: Bool "x509ce.KeyUsage.digitalSignature" "digitalSignature";
    /// The key verifies signatures that bind the signer.
    CONTENT_COMMITMENT: Bool "x509ce.KeyUsage.contentCommitment" "contentCommitment";
    /// The key encrypts keys.
    KEY_ENCIPHERMENT: Bool "x509ce.KeyUsage.keyEncipherment" "keyEncipherment";
    /// The key encrypts data.
    DATA_ENCIPHERMENT: Bool "x509ce.KeyUsage.dataEncipherment" "dataEncipherment";
    /// The key is for the agreement on a key.
    KEY_AGREEMENT: Bool "x509ce.KeyUsage.keyAgreement" "keyAgreement";
    /// The key verifies signatures of certificates.
    KEY_CERT_SIGN: Bool "x509ce.KeyUsage.keyCertSign" "keyCertSign";
    /// The key verifies signatures of revocation lists.
    CRL_SIGN: Bool "x509ce.KeyUsage.cRLSign" "cRLSign";
    /// The key encrypts in a key agreement.
    ENCIPHER_ONLY: Bool "x509ce.KeyUsage.encipherOnly" "encipherOnly";
    /// The key decrypts in a key agreement.
    DECIPHER_ONLY: Bool "x509ce.KeyUsage.decipherOnly" "decipherOnly";
    /// Number of purposes for which the certificate may be used.
    KEY_PURPOSES: U32 "x509ce.KeyPurposeIDs" "KeyPurposeIDs";
    /// Object identifier of a purpose.
    KEY_PURPOSE: Text "x509ce.KeyPurposeId" "KeyPurposeId";
    /// Identifier of the subject's key.
    SUBJECT_KEY_ID: Bytes "x509ce.SubjectKeyIdentifier" "SubjectKeyIdentifier";
    /// Key of the issuer.
    AUTHORITY_KEY_ID: Label "x509ce.AuthorityKeyIdentifier_element" "AuthorityKeyIdentifier";
    /// Identifier of the issuer's key.
    KEY_ID: Bytes "x509ce.keyIdentifier" "keyIdentifier";
    /// Number of names of the issuer of the issuer's certificate.
    AUTHORITY_ISSUER: U32 "x509ce.authorityCertIssuer" "authorityCertIssuer";
    /// Serial number of the issuer's certificate.
    AUTHORITY_SERIAL_NUMBER: Bytes "x509ce.authorityCertSerialNumber" "authorityCertSerialNumber";
    /// Number of alternative names.
    GENERAL_NAMES_COUNT: U32 "x509ce.GeneralNames" "GeneralNames";
    /// Form of an alternative name.
    GENERAL_NAME: U32 "x509ce.GeneralName" "GeneralName" { values: GENERAL_NAMES };
    /// Address of a mailbox.
    RFC822_NAME: Text "x509ce.rfc822Name" "rfc822Name";
    /// Host name; it may begin with a wildcard.
    DNS_NAME: Text "x509ce.dNSName" "dNSName";
    /// Distinguished name as an alternative name.
    DIRECTORY_NAME: U32 "x509ce.directoryName" "directoryName";
    /// URI.
    URI: Text "x509ce.uniformResourceIdentifier" "uniformResourceIdentifier";
    /// IPv4 address.
    IPV4: Ipv4 "x509ce.IPAddress.ipv4" "iPAddress";
    /// IPv6 address.
    IPV6: Ipv6 "x509ce.IPAddress.ipv6" "iPAddress";
    /// Object identifier as an alternative name.
    REGISTERED_ID: Text "x509ce.registeredID" "registeredID";
    /// Number of points from which revocation lists are available.
    CRL_POINTS: U32 "x509ce.CRLDistPointsSyntax" "CRLDistPointsSyntax";
    /// Point from which revocation lists are available.
    CRL_POINT: Label "x509ce.DistributionPoint_element" "DistributionPoint";
    /// Form of the name of the point: 0 for a full name.
    CRL_POINT_NAME: U32 "x509ce.distributionPoint" "distributionPoint";
    /// Number of names of the point.
    CRL_POINT_NAMES: U32 "x509ce.fullName" "fullName";
    /// Number of names of the issuer of the lists.
    CRL_ISSUER: U32 "x509ce.cRLIssuer" "cRLIssuer";
    /// Reasons for which the lists of the point revoke, as bits.
    REASONS: Bytes "x509ce.reasons" "reasons";
    /// No reason.
    REASON_UNUSED: Bool "x509ce.ReasonFlags.unused" "unused";
    /// The key of the subject is compromised.
    REASON_KEY_COMPROMISE: Bool "x509ce.ReasonFlags.keyCompromise" "keyCompromise";
    /// The key of an authority is compromised.
    REASON_CA_COMPROMISE: Bool "x509ce.ReasonFlags.cACompromise" "cACompromise";
    /// The subject has another name or affiliation.
    REASON_AFFILIATION: Bool "x509ce.ReasonFlags.affiliationChanged" "affiliationChanged";
    /// Another certificate replaces it.
    REASON_SUPERSEDED: Bool "x509ce.ReasonFlags.superseded" "superseded";
    /// The certificate is no longer needed.
    REASON_CESSATION: Bool "x509ce.ReasonFlags.cessationOfOperation" "cessationOfOperation";
    /// The certificate is on hold.
    REASON_HOLD: Bool "x509ce.ReasonFlags.certificateHold" "certificateHold";
    /// A privilege of the subject was withdrawn.
    REASON_WITHDRAWN: Bool "x509ce.ReasonFlags.privilegeWithdrawn" "privilegeWithdrawn";
    /// The key of an attribute authority is compromised.
    REASON_AA_COMPROMISE: Bool "x509ce.ReasonFlags.aACompromise" "aACompromise";
    /// Number of policies under which the certificate was issued.
    POLICIES: U32 "x509ce.CertificatePoliciesSyntax" "CertificatePoliciesSyntax";
    /// Policy under which the certificate was issued.
    POLICY: Label "x509ce.PolicyInformation_element" "PolicyInformation";
    /// Object identifier of a policy.
    POLICY_ID: Text "x509ce.policyIdentifier" "policyIdentifier";
    /// Number of qualifiers of a policy.
    POLICY_QUALIFIERS: U32 "x509ce.policyQualifiers" "policyQualifiers";
    /// Qualifier of a policy.
    POLICY_QUALIFIER: Label "x509ce.PolicyQualifierInfo_element" "PolicyQualifierInfo";
    /// Object identifier of the kind of qualifier.
    POLICY_QUALIFIER_ID: Text "x509ce.id" "Id";
    /// Address of the practice statement of the authority.
    PRACTICE_STATEMENT: Text "pkix1explicit.DirectoryString" "DirectoryString";
    /// Notice for relying parties.
    USER_NOTICE: Label "pkix1implicit.UserNotice_element" "UserNotice";
    /// Reference to the text of a notice.
    NOTICE_REFERENCE: Label "pkix1implicit.noticeRef_element" "noticeRef";
    /// Character set of the name of the organization with the text of a notice.
    NOTICE_ORGANIZATION: U32 "pkix1implicit.organization" "organization" { values: DISPLAY_TEXTS };
    /// Number of texts of the organization.
    NOTICE_NUMBERS: U32 "pkix1implicit.noticeNumbers" "noticeNumbers";
    /// Number of a text of the organization.
    NOTICE_NUMBER: U64 "pkix1implicit.noticeNumbers_item" "noticeNumbers item";
    /// Character set of the text of a notice.
    NOTICE_TEXT: U32 "pkix1implicit.explicitText" "explicitText" { values: DISPLAY_TEXTS };
    /// ASCII text of a notice.
    NOTICE_IA5_STRING: Text "pkix1implicit.ia5String" "ia5String";
    /// Printable ASCII text of a notice.
    NOTICE_VISIBLE_STRING: Text "pkix1implicit.visibleString" "visibleString";
    /// Text of a notice in UTF-16.
    NOTICE_BMP_STRING: Text "pkix1implicit.bmpString" "bmpString";
    /// Text of a notice in UTF-8.
    NOTICE_UTF8_STRING: Text "pkix1implicit.utf8String" "utf8String";
    /// Number of pairs of policies of which one is considered the other.
    POLICY_MAPPINGS: U32 "x509ce.PolicyMappingsSyntax" "PolicyMappingsSyntax";
    /// Pair of policies.
    POLICY_MAPPING: Label "x509ce.PolicyMappingsSyntax_item_element" "PolicyMappingsSyntax item";
    /// Object identifier of the policy of the issuer.
    ISSUER_POLICY: Text "x509ce.issuerDomainPolicy" "issuerDomainPolicy";
    /// Object identifier of the policy of the subject.
    SUBJECT_POLICY: Text "x509ce.subjectDomainPolicy" "subjectDomainPolicy";
    /// Constraints on the policies of the certificates that follow.
    POLICY_CONSTRAINTS: Label "x509ce.PolicyConstraintsSyntax_element" "PolicyConstraintsSyntax";
    /// Number of certificates before a policy is required.
    REQUIRE_POLICY: U64 "x509ce.requireExplicitPolicy" "requireExplicitPolicy";
    /// Number of certificates before policies are no longer mapped.
    INHIBIT_MAPPING: U64 "x509ce.inhibitPolicyMapping" "inhibitPolicyMapping";
    /// Number of certificates before the special policy for any policy has no meaning.
    SKIP_CERTS: U64 "x509ce.SkipCerts" "SkipCerts";
    /// Constraints on the names of subjects.
    NAME_CONSTRAINTS: Label "x509ce.NameConstraintsSyntax_element" "NameConstraintsSyntax";
    /// Number of name spaces that are permitted.
    PERMITTED: U32 "x509ce.permittedSubtrees" "permittedSubtrees";
    /// Number of name spaces that are excluded.
    EXCLUDED: U32 "x509ce.excludedSubtrees" "excludedSubtrees";
    /// Name space.
    SUBTREE: Label "x509ce.GeneralSubtree_element" "GeneralSubtree";
    /// Form of the name of a name space.
    SUBTREE_BASE: U32 "x509ce.base" "base" { values: GENERAL_NAMES };
    /// Mask of a range of IPv4 addresses.
    IPV4_MASK: Ipv4 "x509ce.IPAddress.ipv4_mask" "iPAddress Mask";
    /// Mask of a range of IPv6 addresses.
    IPV6_MASK: Ipv6 "x509ce.IPAddress.ipv6_mask" "iPAddress Mask";
    /// Time in which the private key is used.
    KEY_USAGE_PERIOD: Label "x509ce.PrivateKeyUsagePeriod_element" "PrivateKeyUsagePeriod";
    /// Time from which the private key is used.
    KEY_NOT_BEFORE: Time "x509ce.notBefore" "notBefore";
    /// Time up to which the private key is used.
    KEY_NOT_AFTER: Time "x509ce.notAfter" "notAfter";
    /// Number of extensions of TLS that the server must support.
    TLS_FEATURES: U32 "pkix1explicit.Features" "Features";
    /// Extension of TLS that the server must support.
    TLS_FEATURE: U16 "pkix1explicit.Features_item" "Features item" { values: FEATURES };
    /// Comment, which browsers of Netscape showed.
    COMMENT: Text "ns_cert_exts.Comment" "Comment";
    /// The responder need not be checked for revocation.
    NO_CHECK: Label "ocsp.NULL_element" "NULL";
    /// Response about the status of certificates (OCSP).
    OCSP: Label "ocsp" "OCSP Response";
    /// Whether the response has the status of certificates.
    RESPONSE_STATUS: U32 "ocsp.responseStatus" "responseStatus" { values: RESPONSE_STATUSES };
    /// Content of a successful response.
    RESPONSE_BYTES: Label "ocsp.responseBytes_element" "responseBytes";
    /// Object identifier of the type of response.
    RESPONSE_TYPE: Text "ocsp.responseType.id" "ResponseType Id";
    /// Response of the basic type.
    BASIC_RESPONSE: Label "ocsp.BasicOCSPResponse_element" "BasicOCSPResponse";
    /// What the responder signs.
    RESPONSE_DATA: Label "ocsp.tbsResponseData_element" "tbsResponseData";
    /// Version of the format of the response, less one.
    RESPONSE_VERSION: U32 "ocsp.version" "version" { values: VERSIONS };
    /// How the responder is named.
    RESPONDER_ID: U32 "ocsp.responderID" "responderID" { values: RESPONDERS };
    /// Name of the responder: 0 for a distinguished name.
    BY_NAME: U32 "ocsp.byName" "byName";
    /// Hash of the key of the responder.
    BY_KEY: Bytes "ocsp.byKey" "byKey";
    /// Time at which the response was signed.
    PRODUCED_AT: Time "ocsp.producedAt" "producedAt";
    /// Number of certificates with a status.
    RESPONSES: U32 "ocsp.responses" "responses";
    /// Status of one certificate.
    SINGLE_RESPONSE: Label "ocsp.SingleResponse_element" "SingleResponse";
    /// Certificate that the status is of.
    CERTIFICATE_ID: Label "ocsp.certID_element" "certID";
    /// Algorithm of the hashes.
    HASH_ALGORITHM: Label "ocsp.hashAlgorithm_element" "hashAlgorithm";
    /// Hash of the name of the issuer.
    ISSUER_NAME_HASH: Bytes "ocsp.issuerNameHash" "issuerNameHash";
    /// Hash of the key of the issuer.
    ISSUER_KEY_HASH: Bytes "ocsp.issuerKeyHash" "issuerKeyHash";
    /// Serial number of the certificate.
    STATUS_SERIAL_NUMBER: Bytes "ocsp.serialNumber" "serialNumber";
    /// Whether the certificate is revoked.
    CERTIFICATE_STATUS: U32 "ocsp.certStatus" "certStatus" { values: CERTIFICATE_STATUSES };
    /// The certificate is not revoked.
    GOOD: Label "ocsp.good_element" "good";
    /// The certificate is revoked.
    REVOKED: Label "ocsp.revoked_element" "revoked";
    /// The responder does not know the certificate.
    UNKNOWN: Label "ocsp.unknown_element" "unknown";
    /// Time from which the certificate is revoked.
    REVOCATION_TIME: Time "ocsp.revocationTime" "revocationTime";
    /// Reason for which the certificate is revoked.
    REVOCATION_REASON: U32 "ocsp.revocationReason" "revocationReason" { values: REASONS_OF_REVOCATION };
    /// Time at which the status was known to be correct.
    THIS_UPDATE: Time "ocsp.thisUpdate" "thisUpdate";
    /// Time at which a newer status is available.
    NEXT_UPDATE: Time "ocsp.nextUpdate" "nextUpdate";
    /// Number of extensions of the status.
    SINGLE_EXTENSIONS: U32 "ocsp.singleExtensions" "singleExtensions";
    /// Number of extensions of the response.
    RESPONSE_EXTENSIONS: U32 "ocsp.responseExtensions" "responseExtensions";
    /// Extension of a response.
    RESPONSE_EXTENSION: Label "pkix1explicit.Extension_element" "Extension";
    /// Object identifier of the extension's type.
    RESPONSE_EXTENSION_ID: Text "pkix1explicit.id" "Id";
    /// Number of the request that the response repeats.
    RESPONSE_NONCE: Bytes "ocsp.ReOcspNonce" "ReOcspNonce";
    /// Algorithm of the signature of the responder.
    RESPONSE_ALGORITHM: Label "ocsp.signatureAlgorithm_element" "signatureAlgorithm";
    /// Signature of the responder.
    RESPONSE_SIGNATURE: Bytes "ocsp.signature" "signature";
    /// Number of certificates of the responder and its issuers.
    RESPONSE_CERTIFICATES: U32 "ocsp.certs" "certs";
    /// Certificate of the responder or of an issuer.
    RESPONSE_CERTIFICATE: Label "ocsp.Certificate_element" "Certificate";
    /// Number of services of the issuer.
    ACCESS: U32 "pkix1implicit.AuthorityInfoAccessSyntax" "AuthorityInfoAccessSyntax";
    /// Service of the issuer.
    ACCESS_DESCRIPTION: Label "pkix1implicit.AccessDescription_element" "AccessDescription";
    /// Object identifier of the kind of service.
    ACCESS_METHOD: Text "pkix1implicit.accessMethod" "accessMethod";
    /// Form of the name of the service.
    ACCESS_LOCATION: U32 "pkix1implicit.accessLocation" "accessLocation";
    /// Algorithm of the signature.
    SIGNATURE_ALGORITHM: Label "x509af.algorithmIdentifier_element" "algorithmIdentifier";
    /// Signature of the issuer.
    ENCRYPTED: Bytes "x509af.encrypted" "encrypted";

    /// The certificate was no longer valid when its frame was captured.
    EXPIRED: Note(Warn) "x509af.expired" "The certificate has expired" { ours: true };
    /// The certificate was not valid yet when its frame was captured.
    NOT_YET_VALID: Note(Warn) "x509af.not_yet_valid" "The certificate is not valid yet" { ours: true };
    /// The certificate is not valid DER.
    MALFORMED: Note(Error) "x509af.malformed" "The certificate is malformed" { ours: true };
    /// The status was no longer current when its frame was captured.
    OCSP_OUTDATED: Note(Warn) "ocsp.outdated" "The status of the certificate is outdated" { ours: true };
    /// The status of the certificate is not valid DER.
    OCSP_MALFORMED: Note(Error) "ocsp.malformed" "The status of the certificate is malformed" { ours: true };
    /// A list of the certificate is not recorded as a whole.
    LIMIT: Note(Warn) "x509af.limit" "The certificate has more items than are recorded" { ours: true };
}
