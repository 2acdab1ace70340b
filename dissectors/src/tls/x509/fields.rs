//! The fields of certificates (RFC 5280), with the names that Wireshark has for the modules of X.509.

use super::names::{GENERAL_NAMES, STRINGS, TIMES, VERSIONS};

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
    /// A list of the certificate is not recorded as a whole.
    LIMIT: Note(Warn) "x509af.limit" "The certificate has more items than are recorded" { ours: true };
}
