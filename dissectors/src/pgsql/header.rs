//! Headers of messages, their types, and which side sends them.

use crate::session::Side;

/// Codes of messages without a type, which begin a connection.
pub(super) const CANCEL: u32 = 80_877_102;
pub(super) const SSL: u32 = 80_877_103;
pub(super) const GSSENC: u32 = 80_877_104;
/// Maximum length of such a message, as in the server.
const MAX_STARTUP: u32 = 10_000;
/// Maximum length of a message: the server refuses longer ones.
const MAX_LENGTH: u32 = 0x3fff_ffff;

/// The header of a message.
///
/// ```text
///   | type, 1 byte | length, 4 bytes: with itself | body |
///                  | length | version or code     | body |   before and in the startup message
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// 0 for a message without a type.
    pub(super) kind: u8,
    /// Bytes of the message.
    pub(super) total: u64,
}

impl Header {
    /// Reads the header of a message with a type; `None` if it is not complete.
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let (&kind, rest) = bytes.split_first()?;
        let length = u32::from_be_bytes(*rest.first_chunk()?);
        Some(Header { kind, total: 1 + u64::from(length) })
    }

    /// Whether a side sends messages of this type and length.
    pub(super) fn is_valid(self, side: Side) -> bool {
        let length = self.total - 1;
        let types = if side == Side::Client { &CLIENT_SET } else { &SERVER_SET };
        (4..=u64::from(MAX_LENGTH)).contains(&length)
            && types.contains(self.kind)
            && match (side, self.kind) {
                (Side::Client, b'S' | b'X' | b'H' | b'c') => length == 4,
                (Side::Server, b'1' | b'2' | b'3' | b'n' | b's' | b'I' | b'c') => length == 4,
                (Side::Server, b'Z') => length == 5,
                (Side::Client, b'E') => (9..=200).contains(&length),
                (Side::Client, b'D' | b'C') => (6..=200).contains(&length),
                (_, b'Q' | b'p' | b'f') => length > 4,
                _ => true,
            }
    }
}

/// Reads the length and the code of a message without a type; `None` if they are not complete or not valid.
pub(super) fn startup(bytes: &[u8]) -> Option<(u64, u32)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (length, code) = (u32::from_be_bytes(*length), u32::from_be_bytes(*rest.first_chunk()?));
    let is_valid = match code {
        SSL | GSSENC => length == 8,
        CANCEL => (16..=268).contains(&length),
        // Clients also request the version 3.9999, which never exists, so that servers learn to refuse it.
        _ => code >> 16 == 3 && matches!(code & 0xffff, 0..100 | 9999) && (8..=MAX_STARTUP).contains(&length),
    };
    is_valid.then_some((length.into(), code))
}

/// Types of messages of the frontend, with Wireshark's names.
const CLIENT_TYPES: &[(u8, &str)] = &[
    (b'B', "Bind"),
    (b'C', "Close"),
    (b'D', "Describe"),
    (b'E', "Execute"),
    (b'F', "Function call"),
    (b'H', "Flush"),
    (b'P', "Parse"),
    (b'Q', "Simple query"),
    (b'S', "Sync"),
    (b'X', "Termination"),
    (b'c', "Copy completion"),
    (b'd', "Copy data"),
    (b'f', "Copy failure"),
    (b'p', "Authentication message"),
];

/// Types of messages of the backend.
const SERVER_TYPES: &[(u8, &str)] = &[
    (b'1', "Parse completion"),
    (b'2', "Bind completion"),
    (b'3', "Close completion"),
    (b'A', "Notification"),
    (b'C', "Command completion"),
    (b'D', "Data row"),
    (b'E', "Error"),
    (b'G', "CopyIn response"),
    (b'H', "CopyOut response"),
    (b'I', "Empty query"),
    (b'K', "Backend key data"),
    (b'N', "Notice"),
    (b'R', "Authentication request"),
    (b'S', "Parameter status"),
    (b'T', "Row description"),
    (b'V', "Function call response"),
    (b'W', "CopyBoth response"),
    (b'Z', "Ready for query"),
    (b'c', "Copy completion"),
    (b'd', "Copy data"),
    (b'n', "No data"),
    (b's', "Portal suspended"),
    (b't', "Parameter description"),
    (b'v', "Negotiate protocol version"),
];

/// A set of types of messages, which are ASCII: a bit for each.
struct TypeSet(u128);

impl TypeSet {
    const fn of(mut types: &[(u8, &str)]) -> TypeSet {
        let mut bits = 0;
        while let [(kind, _), rest @ ..] = types {
            bits |= 1 << *kind;
            types = rest;
        }
        TypeSet(bits)
    }

    fn contains(&self, kind: u8) -> bool {
        kind < 128 && self.0 >> kind & 1 == 1
    }
}

static CLIENT_SET: TypeSet = TypeSet::of(CLIENT_TYPES);
static SERVER_SET: TypeSet = TypeSet::of(SERVER_TYPES);

/// Returns the name of a type of message.
pub(super) fn type_name(kind: u8, is_client: bool) -> &'static str {
    let types = if is_client { CLIENT_TYPES } else { SERVER_TYPES };
    types.iter().find(|&&(own, _)| own == kind).map_or("Unknown", |&(_, name)| name)
}

/// Messages of a side that follow each other exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Complete messages.
    pub(super) count: usize,
    /// The last type that was read.
    pub(super) last: u8,
    /// They end with the bytes.
    pub(super) is_exact: bool,
    /// A message of a type that the other side does not send is among them.
    pub(super) is_decisive: bool,
}

/// Reads messages of a side from the beginning of bytes; `None` if one is not valid.
pub(super) fn chain(bytes: &[u8], side: Side) -> Option<Chain> {
    let mut chain = Chain::default();
    let mut rest = bytes;
    while !rest.is_empty() && chain.count < 64 {
        let Some(header) = Header::read(rest) else {
            let is_possible = rest.first().is_some_and(|&kind| type_name(kind, side == Side::Client) != "Unknown");
            return is_possible.then_some(chain);
        };
        if !header.is_valid(side) || !has_valid_body(header.kind, rest, side) {
            return None;
        }
        chain.last = header.kind;
        let decisive: &[u8] = if side == Side::Client { b"QPBXFfp" } else { b"RKZT123nNItGWsv" };
        chain.is_decisive |= decisive.contains(&header.kind);
        let Some(after) = usize::try_from(header.total).ok().and_then(|total| rest.get(total..)) else {
            return Some(chain);
        };
        rest = after;
        chain.count += 1;
    }
    chain.is_exact = true;
    Some(chain)
}

/// Whether the body of a message is possible, as far as it is there.
fn has_valid_body(kind: u8, message: &[u8], side: Side) -> bool {
    let header_len =
        message.get(1..5).and_then(|length| length.first_chunk()).map_or(0, |&length| u32::from_be_bytes(length));
    let whole = message.get(5..1 + header_len as usize);
    match (side, kind) {
        (Side::Client, b'Q') => match whole {
            Some([text @ .., 0]) => !text.contains(&0) && core::str::from_utf8(text).is_ok(),
            Some(_) => false,
            None => message.get(5..).unwrap_or_default().iter().all(|&byte| byte >= b' ' || byte.is_ascii_whitespace()),
        },
        (Side::Client, b'P' | b'B') => whole.is_none_or(|body| body.contains(&0)),
        (Side::Client, b'D' | b'C') => message.get(5).is_none_or(|kind| matches!(kind, b'S' | b'P')),
        (Side::Server, b'Z') => message.get(5).is_none_or(|state| matches!(state, b'I' | b'T' | b'E')),
        (Side::Server, b'R') => message.get(5..9).is_none_or(|code| matches!(code, [0, 0, 0, 0..=12])),
        (Side::Server, b'E' | b'N') => message.get(5).is_none_or(|code| matches!(code, b'S' | b'V' | b'C' | b'M')),
        (Side::Server, b'C') => whole.is_none_or(|body| body.last() == Some(&0)),
        _ => true,
    }
}

/// Finds the end of the first message "ready for query": after it, responses to further statements follow.
pub(super) fn find_ready(bytes: &[u8]) -> Option<usize> {
    let mut found = memchr::memmem::find_iter(bytes, b"Z\0\0\0\x05");
    found.find(|&at| matches!(bytes.get(at + 5), Some(b'I' | b'T' | b'E'))).map(|at| at + 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_messages_state_their_side() {
        let client = b"P\0\0\0\x10\0SELECT 1\0\0\0S\0\0\0\x04";
        let exact = chain(client, Side::Client).unwrap_or_default();
        assert!(exact.is_exact && exact.is_decisive && exact.count == 2);
        assert_eq!(chain(client, Side::Server), None);
        let server = b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";
        assert!(chain(server, Side::Server).is_some_and(|chain| chain.is_exact && chain.last == b'Z'));
        assert_eq!(chain(b"GET / HTTP/1.1\r\n", Side::Server), None);
        assert_eq!(chain(b"Q\xff\xff\xff\xffSELECT", Side::Client), None);
        assert_eq!(find_ready(b"xxZ\0\0\0\x05XZ\0\0\0\x05Trest"), Some(14));
    }
}
