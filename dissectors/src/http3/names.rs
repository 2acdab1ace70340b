//! Names of stream types, frame types and settings, and the fields of well-known headers.

use super::fields::*;
use crate::field::Field;

/// Types of streams of one direction (RFC 9114 6.2, RFC 9204 4.2).
pub(super) const STREAM_TYPES: &[(u64, &str)] = &[
    (0x00, "Control Stream"),
    (0x01, "Push Stream"),
    (0x02, "QPACK Encoder Stream"),
    (0x03, "QPACK Decoder Stream"),
    (0x54, "WebTransport Stream"),
];

/// Frame types (RFC 9114 7.2, RFC 9218 7.2).
pub(super) const FRAME_TYPES: &[(u64, &str)] = &[
    (0x00, "DATA"),
    (0x01, "HEADERS"),
    (0x02, "Reserved"),
    (0x03, "CANCEL_PUSH"),
    (0x04, "SETTINGS"),
    (0x05, "PUSH_PROMISE"),
    (0x06, "Reserved"),
    (0x07, "GOAWAY"),
    (0x08, "Reserved"),
    (0x09, "Reserved"),
    (0x0d, "MAX_PUSH_ID"),
    (0x0e, "Reserved"),
    (0x41, "WEBTRANSPORT_BISTREAM"),
    (0xf0700, "PRIORITY_UPDATE"),
    (0xf0701, "PRIORITY_UPDATE"),
];

/// Settings (RFC 9114 7.2.4.1, RFC 9204 5, RFC 9220 3, RFC 9297 2.1.1).
pub(super) const SETTINGS: &[(u64, &str)] = &[
    (0x01, "Max Table Capacity"),
    (0x06, "Max Field Section Size"),
    (0x07, "Blocked Streams"),
    (0x08, "Extended CONNECT"),
    (0x33, "Enable Datagram"),
    (0xff_d277, "Enable Datagram Draft04"),
    (0x2b60_3742, "Enable WebTransport"),
];

/// Returns the field of the value of a setting.
pub(super) fn setting_field(id: u64) -> Option<&'static Field> {
    Some(match id {
        0x01 => &MAX_TABLE_CAPACITY,
        0x06 => &MAX_SECTION_SIZE,
        0x07 => &BLOCKED_STREAMS,
        0x08 => &EXTENDED_CONNECT,
        0x33 => &H3_DATAGRAM,
        0xff_d277 => &H3_DATAGRAM_DRAFT,
        0x2b60_3742 => &WEBTRANSPORT,
        _ => return None,
    })
}

/// Whether a number of a frame, stream or setting is reserved, so that peers exercise unknown ones (RFC 9114 7.2.8).
pub(super) fn is_reserved(number: u64) -> bool {
    number >= 0x21 && (number - 0x21).is_multiple_of(0x1f)
}

/// Returns the field of a header: its title is the name.
pub(super) fn header_field(name: &[u8]) -> Option<&'static Field> {
    let of_headers = usize::from(H_AUTHORITY.id - HTTP3.id)..=usize::from(H_WWW_AUTHENTICATE.id - HTTP3.id);
    let headers = FIELDS.get(of_headers).unwrap_or_default();
    headers.iter().find(|field| field.title.as_bytes() == name).copied()
}
