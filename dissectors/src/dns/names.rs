//! Names of values, from the registries of IANA.

use core::fmt;

/// Operations.
pub(super) const OPCODES: &[(u64, &str)] = &[
    (0, "Standard query"),
    (1, "Inverse query"),
    (2, "Server status request"),
    (4, "Zone change notification"),
    (5, "Dynamic update"),
    (6, "DNS Stateful operations (DSO)"),
];

/// Reply codes.
pub(super) const RCODES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Format error"),
    (2, "Server failure"),
    (3, "No such name"),
    (4, "Not implemented"),
    (5, "Refused"),
    (6, "Name exists"),
    (7, "RRset exists"),
    (8, "RRset does not exist"),
    (9, "Not authoritative"),
    (10, "Name out of zone"),
    (11, "DSO-Type not implemented"),
    (16, "Bad OPT Version or TSIG Signature Failure"),
    (17, "Key not recognized"),
    (18, "Signature out of time window"),
    (19, "Bad TKEY Mode"),
    (20, "Duplicate key name"),
    (21, "Algorithm not supported"),
    (22, "Bad Truncation"),
    (23, "Bad/missing Server Cookie"),
];

/// Types of records.
pub(super) const TYPES: &[(u64, &str)] = &[
    (0, "Unused"),
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (19, "X25"),
    (20, "ISDN"),
    (21, "RT"),
    (22, "NSAP"),
    (23, "NSAP-PTR"),
    (24, "SIG"),
    (25, "KEY"),
    (26, "PX"),
    (27, "GPOS"),
    (28, "AAAA"),
    (29, "LOC"),
    (30, "NXT"),
    (31, "EID"),
    (32, "NIMLOC"),
    (33, "SRV"),
    (34, "ATMA"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (38, "A6"),
    (39, "DNAME"),
    (40, "SINK"),
    (41, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (57, "RKEY"),
    (58, "TALINK"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (100, "UINFO"),
    (101, "UID"),
    (102, "GID"),
    (103, "UNSPEC"),
    (104, "NID"),
    (105, "L32"),
    (106, "L64"),
    (107, "LP"),
    (108, "EUI48"),
    (109, "EUI64"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (253, "MAILB"),
    (254, "MAILA"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
    (258, "AVC"),
    (259, "DOA"),
    (260, "AMTRELAY"),
    (261, "RESINFO"),
    (262, "WALLET"),
    (32768, "TA"),
    (32769, "DLV"),
    (65281, "WINS"),
    (65282, "WINS-R"),
    (65422, "XPF"),
];

/// Classes.
pub(super) const CLASSES: &[(u64, &str)] = &[(1, "IN"), (2, "CS"), (3, "CH"), (4, "HS"), (254, "NONE"), (255, "ANY")];

/// Algorithms of DNSSEC.
pub(super) const ALGORITHMS: &[(u64, &str)] = &[
    (1, "RSA/MD5"),
    (2, "Diffie-Hellman"),
    (3, "DSA"),
    (4, "Elliptic curve crypto"),
    (5, "RSA/SHA1"),
    (6, "DSA + NSEC3/SHA1"),
    (7, "RSA/SHA1 + NSEC3/SHA1"),
    (8, "RSA/SHA-256"),
    (10, "RSA/SHA-512"),
    (12, "GOST R 34.10-2001"),
    (13, "ECDSA Curve P-256 with SHA-256"),
    (14, "ECDSA Curve P-384 with SHA-384"),
    (15, "Ed25519"),
    (16, "Ed448"),
    (157, "HMAC/MD5"),
    (252, "Indirect key"),
    (253, "Private, domain name"),
    (254, "Private, OID"),
];

/// Hashes of DS records.
pub(super) const DIGESTS: &[(u64, &str)] =
    &[(0, "Reserved digest"), (1, "SHA-1"), (2, "SHA-256"), (3, "GOST R 34.11-94"), (4, "SHA-384")];

/// Hashes of NSEC3 records.
pub(super) const NSEC3_HASHES: &[(u64, &str)] = &[(0, "Reserved"), (1, "SHA-1")];

/// Keys of SVCB parameters.
pub(super) const SVCB_KEYS: &[(u64, &str)] = &[
    (0, "mandatory"),
    (1, "alpn"),
    (2, "no-default-alpn"),
    (3, "port"),
    (4, "ipv4hint"),
    (5, "ech"),
    (6, "ipv6hint"),
    (7, "dohpath"),
    (32769, "odohconfig"),
    (65535, "key65535"),
];

/// Types of values of stateful operations (RFC 8490, RFC 8765).
pub(super) const STATEFUL_TYPES: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Keep Alive"),
    (2, "Retry Delay"),
    (3, "Encryption Padding"),
    (64, "Subscribe"),
    (65, "Push"),
    (66, "Unsubscribe"),
    (67, "Reconfirm"),
];

/// EDNS options.
pub(super) const OPTIONS: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "LLQ - Long-lived query"),
    (2, "UL - Update lease"),
    (3, "NSID - Name Server Identifier"),
    (4, "Owner (reserved)"),
    (5, "DAU - DNSSEC Algorithm Understood (RFC6975)"),
    (6, "DHU - DS Hash Understood (RFC6975)"),
    (7, "N3U - NSEC3 Hash Understood (RFC6975)"),
    (8, "CSUBNET - Client subnet"),
    (9, "EDNS EXPIRE (RFC7314)"),
    (10, "COOKIE"),
    (11, "EDNS TCP Keepalive"),
    (12, "PADDING"),
    (13, "CHAIN"),
    (15, "Extended DNS Error"),
    (18, "Report-Channel"),
    (20730, "Experimental - CSUBNET - Client subnet"),
];

/// Extended errors.
pub(super) const EXTENDED_ERRORS: &[(u64, &str)] = &[
    (0, "Other Error"),
    (1, "Unsupported DNSKEY Algorithm"),
    (2, "Unsupported DS Digest Type"),
    (3, "Stale Answer"),
    (4, "Forged Answer"),
    (5, "DNSSEC Indeterminate"),
    (6, "DNSSEC Bogus"),
    (7, "Signature Expired"),
    (8, "Signature Not Yet Valid"),
    (9, "DNSKEY Missing"),
    (10, "RRSIGs Missing"),
    (11, "No Zone Key Bit Set"),
    (12, "NSEC Missing"),
    (13, "Cached Error"),
    (14, "Not Ready"),
    (15, "Blocked"),
    (16, "Censored"),
    (17, "Filtered"),
    (18, "Prohibited"),
    (19, "Stale NXDomain Answer"),
    (20, "Not Authoritative"),
    (21, "Not Supported"),
    (22, "No Reachable Authority"),
    (23, "Network Error"),
    (24, "Invalid Data"),
    (25, "Signature Expired before Valid"),
    (26, "Too Early"),
    (27, "Unsupported NSEC3 Iterations Value"),
    (28, "Unable to conform to policy"),
    (29, "Synthesized"),
];

/// Address families.
pub(super) const FAMILIES: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6")];

/// Usages of TLSA records.
pub(super) const TLSA_USAGES: &[(u64, &str)] = &[
    (0, "CA constraint (PKIX-TA)"),
    (1, "Service certificate constraint (PKIX-EE)"),
    (2, "Trust anchor assertion (DANE-TA)"),
    (3, "Domain-issued certificate (DANE-EE)"),
];

/// Selectors of TLSA records.
pub(super) const TLSA_SELECTORS: &[(u64, &str)] = &[(0, "Full certificate (Cert)"), (1, "SubjectPublicKeyInfo (SPKI)")];

/// Matching types of TLSA records.
pub(super) const TLSA_MATCHES: &[(u64, &str)] =
    &[(0, "No Hash Used (Full)"), (1, "256 bit hash by SHA2 (SHA2-256)"), (2, "512 bit hash by SHA2 (SHA2-512)")];

/// Algorithms of SSHFP records.
pub(super) const SSHFP_ALGORITHMS: &[(u64, &str)] =
    &[(0, "Reserved"), (1, "RSA"), (2, "DSA"), (3, "ECDSA"), (4, "Ed25519"), (5, "XMSS")];

/// Hashes of SSHFP records.
pub(super) const SSHFP_TYPES: &[(u64, &str)] = &[(0, "Reserved"), (1, "SHA1"), (2, "SHA256")];

/// Modes of TKEY records.
pub(super) const TKEY_MODES: &[(u64, &str)] =
    &[(1, "Server assigned"), (2, "Diffie Hellman"), (3, "GSSAPI"), (4, "Resolver assigned"), (5, "Delete")];

/// Gateways of IPSECKEY records.
pub(super) const GATEWAY_TYPES: &[(u64, &str)] =
    &[(0, "No Gateway"), (1, "IPv4 Gateway"), (2, "IPv6 Gateway"), (3, "DNS Gateway")];

/// Algorithms of IPSECKEY records.
pub(super) const GATEWAY_ALGORITHMS: &[(u64, &str)] = &[(1, "DSA"), (2, "RSA"), (3, "ECDSA"), (4, "EdDSA")];

/// Algorithms of HIP records.
pub(super) const HIP_ALGORITHMS: &[(u64, &str)] = &[(0, "Reserved"), (1, "DSA"), (2, "RSA")];

/// Types of CERT records.
pub(super) const CERT_TYPES: &[(u64, &str)] = &[
    (1, "PKIX"),
    (2, "SPKI"),
    (3, "PGP"),
    (4, "IPKIX"),
    (5, "ISPKI"),
    (6, "IPGP"),
    (7, "ACPKIX"),
    (8, "IACPKIX"),
    (253, "Private, URI"),
    (254, "Private, OID"),
];

/// Mnemonics of reply codes (RFC 6895 2.3).
const RCODE_MNEMONICS: &[(u16, &str)] = &[
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (7, "YXRRSET"),
    (8, "NXRRSET"),
    (9, "NOTAUTH"),
    (10, "NOTZONE"),
    (11, "DSOTYPENI"),
    (16, "BADVERS"),
    (17, "BADKEY"),
    (18, "BADTIME"),
    (19, "BADMODE"),
    (20, "BADNAME"),
    (21, "BADALG"),
    (22, "BADTRUNC"),
    (23, "BADCOOKIE"),
];

/// Returns the mnemonic of a reply code.
pub(super) fn rcode(code: u16) -> Mnemonic {
    let name = RCODE_MNEMONICS.iter().find(|(known, _)| *known == code).map(|&(_, name)| name);
    Mnemonic { name, prefix: "RCODE", number: code }
}

/// The types below 128 that have a name, a bit for each.
const LOW_TYPES: u128 = {
    let (mut types, mut bits) = (TYPES, 0);
    while let [(number, _), rest @ ..] = types
        && *number < 128
    {
        bits |= 1 << *number;
        types = rest;
    }
    bits
};

/// Whether a type has a name.
pub(super) fn is_known_type(number: u16) -> bool {
    if number < 128 { LOW_TYPES >> number & 1 == 1 } else { lookup(TYPES, number).is_some() }
}

/// Returns the mnemonic of a type, or `TYPE` with its number (RFC 3597 5).
pub(super) fn record_type(number: u16) -> Mnemonic {
    Mnemonic { name: lookup(TYPES, number), prefix: "TYPE", number }
}

/// Returns the mnemonic of a class, or `CLASS` with its number (RFC 3597 5).
pub(super) fn class(number: u16) -> Mnemonic {
    Mnemonic { name: lookup(CLASSES, number), prefix: "CLASS", number }
}

/// Returns the name of a value in a table.
pub(super) fn lookup(table: &'static [(u64, &'static str)], number: u16) -> Option<&'static str> {
    let at = table.binary_search_by_key(&u64::from(number), |&(known, _)| known).ok()?;
    table.get(at).map(|&(_, name)| name)
}

/// A name of a registry, or a prefix with the number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mnemonic {
    pub(super) name: Option<&'static str>,
    prefix: &'static str,
    number: u16,
}

impl fmt::Display for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "{}{}", self.prefix, self.number),
        }
    }
}
