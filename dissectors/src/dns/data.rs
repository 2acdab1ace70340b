//! The data of records whose structure depends on their content.

use super::cursor::{Cursor, DataError};
use super::fields::*;
use super::zone_text::{Angle, Base32, Base64, Hex, Metres};
use super::{layout, options, parameters};
use crate::field::Field;
use crate::tree::{Slice, Value};

/// Class of Chaosnet.
const CHAOS: u16 = 3;

/// Reads the data of a record.
pub(super) fn read(kind: u16, class: u16, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    // RFC 2136 2.4: records of an update may have no data.
    if cursor.left() == 0 {
        return Ok(());
    }
    match kind {
        1 if class & 0x7fff == CHAOS => {
            cursor.name(&A_CH_DOMAIN)?;
            cursor.uint(&A_CH_ADDR, 2).map(drop)
        }
        1 => cursor.ipv4(&A),
        11 => well_known_services(cursor),
        25 => key(cursor),
        29 => location(cursor),
        41 => options::read(cursor),
        42 => prefixes(cursor),
        45 => ipsec_key(cursor),
        47 => {
            cursor.name(&NSEC_NEXT_DOMAIN_NAME)?;
            type_bitmap(cursor)
        }
        48 | 60 => dns_key(cursor),
        50 => nsec3(cursor),
        51 => nsec3_parameters(false, cursor),
        55 => host_identity(cursor),
        61 => {
            let key = cursor.peek(cursor.left()).unwrap_or_default();
            let span = cursor.span(key.len());
            cursor.take(key.len())?;
            cursor.tree.put(&OPENPGPKEY, span, Value::Text(span));
            cursor.word(format_args!("{}", Base64(key)));
            Ok(())
        }
        62 => csync(cursor),
        64 | 65 => parameters::read(cursor),
        250 => transaction_signature(cursor),
        257 => authorization(cursor),
        _ => match layout::find(kind) {
            Some(parts) => layout::read(parts, cursor),
            None => {
                // RFC 3597 5: data of an unknown type.
                cursor.word(format_args!("\\# {}", cursor.left()));
                cursor.rest(&DATA).map(drop)
            }
        },
    }
}

/// WKS (RFC 1035 3.4.2).
fn well_known_services(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.ipv4(&WKS_ADDRESS)?;
    cursor.uint(&WKS_PROTOCOL, 1)?;
    let mut port = 0_u32;
    // Bytes without a port are not recorded.
    while let Some(&[bits]) = cursor.peek(1) {
        match bits {
            0 => cursor.take(1).map(drop)?,
            _ => cursor.silent(&WKS_BITS, 1).map(drop)?,
        }
        for bit in (0..8).filter(|bit| bits & (0x80 >> bit) != 0) {
            cursor.word(format_args!("{}", port + bit));
        }
        port += 8;
    }
    Ok(())
}

/// LOC (RFC 1876 2).
///
/// ```text
/// 0 version  1 size  2 horizontal precision  3 vertical precision  4 latitude  8 longitude  12 altitude
/// ```
fn location(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    /// Centimetres of altitude 0 above that of the value 0.
    const SEA_LEVEL: i64 = 10_000_000;
    let all = cursor.peek(cursor.left()).unwrap_or_default();
    let mut sizes = [0; 4];
    let fields: [&Field; 4] = [&LOC_VERSION, &LOC_SIZE, &LOC_HORIZONTAL_PRECISION, &LOC_VERTICAL_PRECISION];
    for (size, field) in sizes.iter_mut().zip(fields) {
        *size = cursor.silent(field, 1)? as u8;
    }
    let latitude = cursor.silent(&LOC_LATITUDE, 4)? as u32;
    let longitude = cursor.silent(&LOC_LONGITUDE, 4)? as u32;
    let altitude = cursor.silent(&LOC_ALTITUDE, 4)? as i64;
    let [version, sizes @ ..] = sizes;
    match sizes.map(Metres::from_digit_and_power) {
        [Some(size), Some(horizontal), Some(vertical)] if version == 0 => {
            let (latitude, longitude) = (Angle(latitude, ['N', 'S']), Angle(longitude, ['E', 'W']));
            let altitude = Metres(altitude - SEA_LEVEL);
            cursor.word(format_args!("{latitude} {longitude} {altitude} {size} {horizontal} {vertical}"));
        }
        _ => cursor.word(format_args!("\\# {} {}", all.len(), Hex(all))),
    }
    Ok(())
}

/// APL (RFC 3123 4).
fn prefixes(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    while cursor.left() > 0 {
        let family = cursor.silent(&APL_ADDRESS_FAMILY, 2)?;
        let prefix = cursor.silent(&APL_CODED_PREFIX, 1)?;
        let span = cursor.span(1);
        let first = cursor.take(1)?.first().copied().unwrap_or_default();
        let len = usize::from(first & 0x7f);
        cursor.tree.put(&APL_NEGATION, span, Value::Bool(first & 0x80 != 0));
        cursor.tree.put(&APL_AFDLENGTH, span, Value::Uint(len as u64));
        cursor.word(format_args!("{}{family}:", if first & 0x80 != 0 { "!" } else { "" }));
        cursor.separator = "";
        address(cursor, family, len, [&APL_AFDPART_IPV4, &APL_AFDPART_IPV6, &APL_AFDPART_DATA])?;
        cursor.separator = " ";
        cursor.append(format_args!("/{prefix}"));
    }
    Ok(())
}

/// Reads an address without its last zero bytes, of family 1, 2 or another one.
pub(super) fn address(
    cursor: &mut Cursor<'_, '_>,
    family: u64,
    len: usize,
    [ipv4, ipv6, other]: [&'static Field; 3],
) -> Result<(), DataError> {
    let span = cursor.span(len);
    let (mut four, mut sixteen) = ([0; 4], [0; 16]);
    let target: &mut [u8] = match family {
        1 if len <= 4 => &mut four,
        2 if len <= 16 => &mut sixteen,
        _ => return cursor.bytes(other, len).map(drop),
    };
    let bytes = cursor.take(len)?;
    target.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from);
    if family == 1 {
        cursor.tree.put(ipv4, span, Value::Ipv4(four));
        cursor.word(format_args!("{}", core::net::Ipv4Addr::from(four)));
    } else {
        cursor.tree.put(ipv6, span, Value::Ipv6(sixteen));
        cursor.word(format_args!("{}", core::net::Ipv6Addr::from(sixteen)));
    }
    Ok(())
}

/// IPSECKEY (RFC 4025 2).
fn ipsec_key(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.uint(&IPSECKEY_GATEWAY_PRECEDENCE, 1)?;
    let gateway = cursor.uint(&IPSECKEY_GATEWAY_TYPE, 1)?;
    cursor.uint(&IPSECKEY_GATEWAY_ALGORITHM, 1)?;
    match gateway {
        1 => cursor.ipv4(&IPSECKEY_GATEWAY_IPV4)?,
        2 => cursor.ipv6(&IPSECKEY_GATEWAY_IPV6)?,
        3 => cursor.name(&IPSECKEY_GATEWAY_DNS).map(drop)?,
        _ => cursor.word(format_args!(".")),
    }
    cursor.base64(&IPSECKEY_PUBLIC_KEY, cursor.left())
}

/// HIP (RFC 8005 5).
fn host_identity(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let tag = cursor.silent(&HIP_HIT_LENGTH, 1)? as usize;
    cursor.uint(&HIP_HIT_PK_ALGO, 1)?;
    let key = cursor.silent(&HIP_PK_LENGTH, 2)? as usize;
    cursor.bytes(&HIP_HIT, tag)?;
    cursor.base64(&HIP_PK, key)?;
    while cursor.left() > 0 {
        cursor.name(&HIP_RENDEZVOUS_SERVER)?;
    }
    Ok(())
}

/// KEY (RFC 2535 3.1), the predecessor of DNSKEY.
fn key(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let all = cursor.peek(cursor.left()).unwrap_or_default();
    let span = cursor.span(2);
    let flags = cursor.take(2)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    cursor.tree.open(&KEY_FLAGS, span, Value::Uint(flags));
    let bits = [
        (&KEY_FLAGS_AUTHENTICATION, 0x8000),
        (&KEY_FLAGS_CONFIDENTIALITY, 0x4000),
        (&KEY_FLAGS_REQUIRED, 0x2000),
        (&KEY_FLAGS_ASSOCIATED_USER, 0x400),
        (&KEY_FLAGS_ASSOCIATED_NAMED_ENTITY, 0x200),
        (&KEY_FLAGS_IPSEC, 0x80),
        (&KEY_FLAGS_MIME, 0x40),
    ];
    for (field, bit) in bits {
        cursor.tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    cursor.tree.put(&KEY_FLAGS_SIGNATORY, span, Value::Uint(flags & 15));
    cursor.tree.close();
    cursor.word(format_args!("{flags}"));
    key_after_flags(all, [&KEY_PROTOCOL, &KEY_ALGORITHM, &KEY_KEY_ID, &KEY_PUBLIC_KEY], cursor)
}

/// Reads the part of a KEY or DNSKEY record after its flags. `all` has the data of the record.
fn key_after_flags(
    all: &[u8],
    [protocol, algorithm, id, key]: [&'static Field; 4],
    cursor: &mut Cursor<'_, '_>,
) -> Result<(), DataError> {
    cursor.uint(protocol, 1)?;
    cursor.uint(algorithm, 1)?;
    cursor.tree.put(id, Slice::default(), Value::Uint(key_tag(all).into()));
    cursor.base64(key, cursor.left())
}

/// DNSKEY (RFC 4034 2.1).
fn dns_key(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let all = cursor.peek(cursor.left()).unwrap_or_default();
    let span = cursor.span(2);
    let flags = cursor.take(2)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    cursor.tree.open(&DNSKEY_FLAGS, span, Value::Uint(flags));
    let bits =
        [(&DNSKEY_FLAGS_ZONE_KEY, 0x100), (&DNSKEY_FLAGS_KEY_REVOKED, 0x80), (&DNSKEY_FLAGS_SECURE_ENTRY_POINT, 1)];
    for (field, bit) in bits {
        cursor.tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    cursor.tree.put(&DNSKEY_FLAGS_RESERVED, span, Value::Uint(flags & 0xfe7e));
    cursor.tree.close();
    cursor.word(format_args!("{flags}"));
    key_after_flags(all, [&DNSKEY_PROTOCOL, &DNSKEY_ALGORITHM, &DNSKEY_KEY_ID, &DNSKEY_PUBLIC_KEY], cursor)
}

/// Returns the tag of a key (RFC 4034 B); of RSA/MD5 it is a part of the key (B.1).
fn key_tag(data: &[u8]) -> u16 {
    if let (Some(1), [.., high, low, _]) = (data.get(3), data) {
        return u16::from_be_bytes([*high, *low]);
    }
    let weigh = |(nth, &byte): (usize, &u8)| if nth % 2 == 0 { u32::from(byte) << 8 } else { u32::from(byte) };
    let sum: u32 = data.iter().enumerate().map(weigh).sum();
    (sum + (sum >> 16 & 0xffff)) as u16
}

/// NSEC3 (RFC 5155 3.2).
fn nsec3(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    nsec3_parameters(true, cursor)?;
    let len = cursor.silent(&NSEC3_HASH_LENGTH, 1)? as usize;
    let span = cursor.span(len);
    let hash = cursor.take(len)?;
    let hash = Base32(hash);
    cursor.tree.put_text(&NSEC3_HASH_VALUE, span, format_args!("{hash}"));
    cursor.word(format_args!("{hash}"));
    type_bitmap(cursor)
}

/// NSEC3PARAM (RFC 5155 4.2): the beginning of NSEC3, too, which has a flag.
fn nsec3_parameters(has_flag: bool, cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.uint(&NSEC3_ALGO, 1)?;
    let span = cursor.span(1);
    let flags = cursor.take(1)?.first().copied().unwrap_or_default();
    cursor.tree.open(&NSEC3_FLAGS, span, Value::Uint(flags.into()));
    if has_flag {
        cursor.tree.put(&NSEC3_FLAGS_OPT_OUT, span, Value::Bool(flags & 1 != 0));
    }
    cursor.tree.close();
    cursor.word(format_args!("{flags}"));
    cursor.uint(&NSEC3_ITERATIONS, 2)?;
    let len = cursor.silent(&NSEC3_SALT_LENGTH, 1)? as usize;
    cursor.bytes(&NSEC3_SALT_VALUE, len).map(drop)
}

/// The types that a name has: windows of up to 256 bits, in ascending order (RFC 4034 4.1.2).
fn type_bitmap(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let mut last = None;
    while cursor.left() > 0 {
        let span = cursor.span(2);
        let [window, len] = *cursor.take(2)?.first_chunk().ok_or(DataError::End)?;
        if let Some(last) = last.filter(|last| *last >= window) {
            cursor.tree.note(&TYPE_BITMAP, span, format_args!("window {window} follows window {last}"));
        }
        last = Some(window);
        if !(1..=32).contains(&len) {
            let text = format_args!("expected 1 to 32 bytes in window {window}, found {len}");
            cursor.tree.note(&TYPE_BITMAP, span, text);
        }
        for byte in 0..u32::from(len) {
            let span = cursor.span(1);
            let bits = cursor.take(1)?.first().copied().unwrap_or_default();
            for bit in (0..8).filter(|bit| bits & (0x80 >> bit) != 0) {
                let Ok(kind) = u16::try_from(u32::from(window) * 256 + byte * 8 + bit) else { continue };
                cursor.budget.take()?;
                let node = cursor.tree.put(&RESP_TYPE, span, Value::Uint(kind.into()));
                let name = super::names::record_type(kind);
                cursor.tree.label(node, format_args!("RR type in bit map: {name}"));
                cursor.word(format_args!("{name}"));
            }
        }
    }
    Ok(())
}

/// CSYNC (RFC 7477 2.1).
fn csync(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.uint(&CSYNC_SOA, 4)?;
    let span = cursor.span(2);
    let flags = cursor.take(2)?.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    cursor.tree.open(&CSYNC_FLAGS, span, Value::Uint(flags));
    cursor.tree.put(&CSYNC_FLAGS_IMMEDIATE, span, Value::Bool(flags & 1 != 0));
    cursor.tree.put(&CSYNC_FLAGS_SOAMINIMUM, span, Value::Bool(flags & 2 != 0));
    cursor.tree.close();
    cursor.word(format_args!("{flags}"));
    type_bitmap(cursor)
}

/// TSIG (RFC 8945 4.2).
fn transaction_signature(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    cursor.name(&TSIG_ALGORITHM_NAME)?;
    cursor.seconds(&TSIG_TIME_SIGNED, 6)?;
    cursor.uint(&TSIG_FUDGE, 2)?;
    let len = cursor.uint(&TSIG_MAC_SIZE, 2)? as usize;
    let span = cursor.span(len);
    let mac = cursor.take(len)?;
    if !mac.is_empty() {
        cursor.tree.put(&TSIG_MAC, span, Value::Present);
        cursor.word(format_args!("{}", Base64(mac)));
    }
    cursor.uint(&TSIG_ORIGINAL_ID, 2)?;
    cursor.uint(&TSIG_ERROR, 2)?;
    let len = cursor.uint(&TSIG_OTHER_LEN, 2)? as usize;
    cursor.base64(&TSIG_OTHER_DATA, len)
}

/// CAA (RFC 8659 4.1).
fn authorization(cursor: &mut Cursor<'_, '_>) -> Result<(), DataError> {
    let span = cursor.span(1);
    let flags = cursor.take(1)?.first().copied().unwrap_or_default();
    cursor.tree.open(&CAA_FLAGS, span, Value::Uint(flags.into()));
    cursor.tree.put(&CAA_FLAGS_ISSUER_CRITICAL, span, Value::Bool(flags & 0x80 != 0));
    cursor.tree.close();
    cursor.word(format_args!("{flags}"));
    let len = cursor.peek(1).and_then(|byte| byte.first().copied()).ok_or(DataError::End)?;
    let tag = cursor.peek(1 + usize::from(len)).and_then(|bytes| bytes.get(1..)).ok_or(DataError::End)?;
    let field: &'static Field = match tag {
        b"issue" => &CAA_ISSUE,
        b"issuewild" => &CAA_ISSUEWILD,
        b"iodef" => &CAA_IODEF,
        _ => &CAA_UNKNOWN,
    };
    let value_start = cursor.span(cursor.left()).start + 1 + u32::from(len);
    let value = Slice::new(value_start, (cursor.left() - 1 - tag.len()) as u32);
    cursor.tree.open(field, value, Value::Text(value));
    let mut parts = || {
        let length = cursor.silent(&CAA_TAG_LENGTH, 1)? as usize;
        let span = cursor.span(length);
        let tag = cursor.take(length)?;
        cursor.tree.put(&CAA_TAG, span, Value::Text(span));
        cursor.word(format_args!("{}", crate::content::LossyText(tag)));
        cursor.text(&CAA_VALUE, cursor.left()).map(drop)
    };
    let done = parts();
    cursor.tree.close();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4034 5.4: the key of dskey.example.com.
    #[test]
    fn the_tag_of_a_key_is_a_sum() {
        let key = [
            1, 0, 3, 5, 1, 3, 158, 138, 36, 116, 24, 227, 24, 144, 59, 33, 90, 132, 138, 207, 213, 243, 127, 2, 107,
            212, 6, 45, 178, 108, 119, 76, 105, 9, 104, 213, 213, 109, 248, 191, 218, 145, 230, 243, 109, 154, 39, 152,
            136, 244, 19, 51, 53, 124, 94, 96, 41, 153, 13, 16, 253, 245, 102, 48, 98, 165, 18, 118, 51, 38, 152, 10,
            97, 93, 219, 241, 122, 5, 221, 252, 206, 126, 95, 179, 171, 204, 160, 90, 49, 176, 149, 116, 82, 212, 82,
            30, 131, 135, 7, 137, 6, 49, 21, 191, 151, 246, 195, 8, 204, 245, 124, 220, 156, 231, 254, 16, 246, 237,
            27, 208, 204, 6, 96, 3, 140, 80, 220, 219, 15, 235, 150, 60, 47, 23,
        ];
        assert_eq!(key_tag(&key), 60485);
    }
}
