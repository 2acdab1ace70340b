//! Record types whose data are a fixed sequence of values.

use super::cursor::{Cursor, DataError};
use super::fields::*;
use super::zone_text::Hex;
use crate::field::Field;
use crate::tree::Value;

/// A value in the data of a record.
#[derive(Clone, Copy)]
pub(super) enum Part {
    U8(&'static Field),
    U16(&'static Field),
    U32(&'static Field),
    /// A type of records.
    Type(&'static Field),
    /// Seconds since 1970.
    Seconds(&'static Field),
    Name(&'static Field),
    /// A name, and the number of its characters.
    SizedName(&'static Field, &'static Field),
    Ipv4(&'static Field),
    Ipv6(&'static Field),
    Ether(&'static Field),
    /// A text after its length of one byte.
    Text(&'static Field, &'static Field),
    /// Texts to the end.
    Texts(&'static Field, &'static Field),
    /// A text to the end.
    TextRest(&'static Field),
    /// Bytes to the end.
    Rest(&'static Field),
    /// Bytes to the end that a zone file has in Base64.
    Base64(&'static Field),
    /// Bytes to the end that a zone file has after their number (RFC 3597 5).
    Generic(&'static Field),
    /// Bytes to the end that a zone file has as groups of two (RFC 6742 2.1.2).
    Groups(&'static Field),
    /// Bytes to the end that a zone file has after `0x` (RFC 1706 7).
    Prefixed(&'static Field),
    /// Bytes after their length of two bytes.
    Sized(&'static Field, &'static Field),
}

use Part::{
    Base64, Ether, Generic, Groups, Ipv4, Ipv6, Name, Prefixed, Rest, Seconds, Sized, SizedName, Text, TextRest, Texts,
    Type, U8, U16, U32,
};

const TLSA_PARTS: &[Part] = &[
    U8(&TLSA_CERTIFICATE_USAGE),
    U8(&TLSA_SELECTOR),
    U8(&TLSA_MATCHING_TYPE),
    Rest(&TLSA_CERTIFICATE_ASSOCIATION_DATA),
];
const DS_PARTS: &[Part] = &[U16(&DS_KEY_ID), U8(&DS_ALGORITHM), U8(&DS_DIGEST_TYPE), Rest(&DS_DIGEST)];

const RRSIG_PARTS: &[Part] = &[
    Type(&RRSIG_TYPE_COVERED),
    U8(&RRSIG_ALGORITHM),
    U8(&RRSIG_LABELS),
    U32(&RRSIG_ORIGINAL_TTL),
    Seconds(&RRSIG_SIGNATURE_EXPIRATION),
    Seconds(&RRSIG_SIGNATURE_INCEPTION),
    U16(&RRSIG_KEY_TAG),
    Name(&RRSIG_SIGNERS_NAME),
    Base64(&RRSIG_SIGNATURE),
];

/// Types with the values of their data, by number.
const LAYOUTS: &[(u16, &[Part])] = &[
    (2, &[Name(&NS)]),
    (3, &[Name(&MD)]),
    (4, &[Name(&MF)]),
    (5, &[Name(&CNAME)]),
    (
        6,
        &[
            Name(&SOA_MNAME),
            Name(&SOA_RNAME),
            U32(&SOA_SERIAL_NUMBER),
            U32(&SOA_REFRESH_INTERVAL),
            U32(&SOA_RETRY_INTERVAL),
            U32(&SOA_EXPIRE_LIMIT),
            U32(&SOA_MINIMUM_TTL),
        ],
    ),
    (7, &[Name(&MB)]),
    (8, &[Name(&MG)]),
    (9, &[Name(&MR)]),
    (10, &[Generic(&NULL)]),
    (12, &[Name(&PTR_DOMAIN_NAME)]),
    (13, &[Text(&HINFO_CPU_LENGTH, &HINFO_CPU), Text(&HINFO_OS_LENGTH, &HINFO_OS)]),
    (14, &[Name(&MINFO_R), Name(&MINFO_E)]),
    (15, &[U16(&MX_PREFERENCE), Name(&MX_MAIL_EXCHANGE)]),
    (16, &[Texts(&TXT_LENGTH, &TXT)]),
    (17, &[Name(&RP_MAILBOX), Name(&RP_TXT_RR)]),
    (18, &[U16(&AFSDB_SUBTYPE), Name(&AFSDB_HOSTNAME)]),
    (19, &[Text(&X25_LENGTH, &X25_PSDN_ADDRESS)]),
    (20, &[Text(&IDSN_LENGTH, &IDSN_ADDRESS), Texts(&IDSN_SA_LENGTH, &IDSN_SA_ADDRESS)]),
    (21, &[U16(&RT_SUBTYPE), Name(&RT_INTERMEDIATE_HOST)]),
    (22, &[Prefixed(&NSAP_RDATA)]),
    (23, &[Name(&NSAP_PTR_OWNER)]),
    // SIG (RFC 2535 4.1), the predecessor of RRSIG.
    (24, RRSIG_PARTS),
    (26, &[U16(&PX_PREFERENCE), Name(&PX_MAP822), Name(&PX_MAP400)]),
    (
        27,
        &[
            Text(&GPOS_LONGITUDE_LENGTH, &GPOS_LONGITUDE),
            Text(&GPOS_LATITUDE_LENGTH, &GPOS_LATITUDE),
            Text(&GPOS_ALTITUDE_LENGTH, &GPOS_ALTITUDE),
        ],
    ),
    (28, &[Ipv6(&AAAA)]),
    (33, &[U16(&SRV_PRIORITY), U16(&SRV_WEIGHT), U16(&SRV_PORT), Name(&SRV_TARGET)]),
    (
        35,
        &[
            U16(&NAPTR_ORDER),
            U16(&NAPTR_PREFERENCE),
            Text(&NAPTR_FLAGS_LENGTH, &NAPTR_FLAGS),
            Text(&NAPTR_SERVICE_LENGTH, &NAPTR_SERVICE),
            Text(&NAPTR_REGEX_LENGTH, &NAPTR_REGEX),
            SizedName(&NAPTR_REPLACEMENT_LENGTH, &NAPTR_REPLACEMENT),
        ],
    ),
    (36, &[U16(&KX_PREFERENCE), Name(&KX_KEY_EXCHANGE)]),
    (37, &[U16(&CERT_TYPE), U16(&CERT_KEY_TAG), U8(&CERT_ALGORITHM), Base64(&CERT_CERTIFICATE)]),
    (39, &[Name(&DNAME)]),
    (43, DS_PARTS),
    (44, &[U8(&SSHFP_ALGORITHM), U8(&SSHFP_FINGERPRINT_TYPE), Rest(&SSHFP_FINGERPRINT)]),
    (46, RRSIG_PARTS),
    (49, &[Base64(&DHCID_RDATA)]),
    (52, TLSA_PARTS),
    (53, TLSA_PARTS),
    (59, DS_PARTS),
    (63, &[U32(&ZONEMD_SERIAL), U8(&ZONEMD_SCHEME), U8(&ZONEMD_HASH_ALGO), Rest(&ZONEMD_DIGEST)]),
    (99, &[Texts(&SPF_LENGTH, &SPF)]),
    (104, &[U16(&ILNP_NID_PREFERENCE), Groups(&ILNP_NID)]),
    (105, &[U16(&ILNP_L32_PREFERENCE), Ipv4(&ILNP_L32)]),
    (106, &[U16(&ILNP_L64_PREFERENCE), Groups(&ILNP_L64)]),
    (107, &[U16(&ILNP_LP_PREFERENCE), Name(&ILNP_LP)]),
    (108, &[Ether(&EUI48)]),
    (
        249,
        &[
            Name(&TKEY_ALGO_NAME),
            Seconds(&TKEY_SIGNATURE_INCEPTION),
            Seconds(&TKEY_SIGNATURE_EXPIRATION),
            U16(&TKEY_MODE),
            U16(&TKEY_ERROR),
            Sized(&TKEY_KEY_SIZE, &TKEY_KEY_DATA),
            Sized(&TKEY_OTHER_SIZE, &TKEY_OTHER_DATA),
        ],
    ),
    (256, &[U16(&SRV_PRIORITY), U16(&SRV_WEIGHT), TextRest(&SRV_TARGET)]),
    (32769, DS_PARTS),
];

/// Returns the values of the data of a type.
pub(super) fn find(kind: u16) -> Option<&'static [Part]> {
    let at = LAYOUTS.binary_search_by_key(&kind, |&(known, _)| known).ok()?;
    LAYOUTS.get(at).map(|&(_, parts)| parts)
}

/// Reads the data of a record by its layout.
pub(super) fn read(parts: &[Part], cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    parts.iter().try_for_each(|&part| read_part(part, cursor))
}

fn read_part(part: Part, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    match part {
        U8(field) => cursor.uint(field, 1).map(drop),
        U16(field) => cursor.uint(field, 2).map(drop),
        U32(field) => cursor.uint(field, 4).map(drop),
        Type(field) => cursor.record_type(field),
        Seconds(field) => cursor.seconds(field, 4),
        Name(field) => cursor.name(field).map(drop),
        SizedName(length, field) => {
            let start = cursor.at;
            let name = cursor.name(field)?;
            let span = cursor.span_from(start);
            cursor.tree.put(length, span, Value::Uint(name.len() as u64));
            Ok(())
        }
        Ipv4(field) => cursor.ipv4(field),
        Ipv6(field) => cursor.ipv6(field),
        Ether(field) => cursor.ether(field),
        Text(length, field) => cursor.string(length, field).map(drop),
        Texts(length, field) => {
            while cursor.left() > 0 {
                cursor.string(length, field)?;
            }
            Ok(())
        }
        TextRest(field) => cursor.text(field, cursor.left()).map(drop),
        Rest(field) => cursor.rest(field).map(drop),
        Base64(field) => cursor.base64(field, cursor.left()),
        Generic(field) => {
            cursor.word(format_args!("\\# {}", cursor.left()));
            cursor.rest(field).map(drop)
        }
        Groups(field) => {
            let bytes = cursor.silent_bytes(field, cursor.left())?;
            for (nth, group) in bytes.chunks(2).enumerate() {
                let number = group.iter().fold(0_u16, |sum, &byte| sum << 8 | u16::from(byte));
                cursor.append(format_args!("{}{number:x}", if nth == 0 { ' ' } else { ':' }));
            }
            Ok(())
        }
        Prefixed(field) => {
            let bytes = cursor.silent_bytes(field, cursor.left())?;
            cursor.word(format_args!("0x{}", Hex(bytes)));
            Ok(())
        }
        Sized(length, field) => {
            let len = cursor.uint(length, 2)? as usize;
            cursor.base64(field, len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_in_the_order_of_their_types() {
        assert!(LAYOUTS.is_sorted_by_key(|&(kind, _)| kind));
    }
}
