//! Frames (RFC 6455 5.2): the header, and the mask of the payload.
//!
//! ```text
//!   0                   1                   2                   3
//!  |F|R|R|R| opcode|M| length (7)  |  length of 16 or 64 bits, if 126 or 127
//!  |I|S|S|S|  (4)  |A|             |
//!  |N|V|V|V|       |S|             |  masking key of 4 bytes, if MASK is set
//!  | |1|2|3|       |K|             |  payload
//! ```

/// Names of opcodes, as in Wireshark.
pub(super) const OPCODES: &[(u64, &str)] =
    &[(0, "Continuation"), (1, "Text"), (2, "Binary"), (8, "Connection Close"), (9, "Ping"), (10, "Pong")];

/// Names of status codes (RFC 6455 7.4.1), as in Wireshark.
pub(super) const STATUS_CODES: &[(u64, &str)] = &[
    (1000, "Normal Closure"),
    (1001, "Going Away"),
    (1002, "Protocol error"),
    (1003, "Unsupported Data"),
    (1004, "---Reserved----"),
    (1005, "No Status Rcvd"),
    (1006, "Abnormal Closure"),
    (1007, "Invalid frame payload data"),
    (1008, "Policy Violation"),
    (1009, "Message Too Big"),
    (1010, "Mandatory Ext."),
    (1011, "Internal Server"),
    (1015, "TLS handshake"),
];

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// The reserved bit of a compressed message (RFC 7692 6).
pub(super) const RSV1: u8 = 0x40;
/// Maximum length of the payload of a control frame (RFC 6455 5.5).
pub(super) const MAX_CONTROL: u64 = 125;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) fin: bool,
    /// The reserved bits at their position in the first byte.
    pub(super) rsv: u8,
    pub(super) opcode: u8,
    /// The masking key.
    pub(super) key: Option<[u8; 4]>,
    /// The length in the second byte.
    pub(super) short_length: u8,
    /// Length of the payload.
    pub(super) length: u64,
    /// Bytes of the header.
    pub(super) len: usize,
}

impl FrameHeader {
    /// Reads a header; `None` if it is not complete.
    pub(super) fn read(bytes: &[u8]) -> Option<FrameHeader> {
        let &[first, second, ref rest @ ..] = bytes else { return None };
        let short_length = second & 0x7f;
        let (length, extended) = match short_length {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            length => (u64::from(length), 0),
        };
        let is_masked = second & 0x80 != 0;
        let key = if is_masked { Some(*rest.get(extended..)?.first_chunk()?) } else { None };
        let len = 2 + extended + if is_masked { 4 } else { 0 };
        Some(FrameHeader {
            fin: first & 0x80 != 0,
            rsv: first & 0x70,
            opcode: first & 0x0f,
            key,
            short_length,
            length,
            len,
        })
    }

    /// Bytes of the frame.
    pub(super) fn total(&self) -> u64 {
        self.length.saturating_add(self.len as u64)
    }

    pub(super) fn is_control(&self) -> bool {
        is_control(self.opcode)
    }

    /// Whether a message ends with it. A control frame is a message, even if it states to be a fragment (RFC 6455 5.4).
    pub(super) fn ends_message(&self) -> bool {
        self.fin || self.is_control()
    }

    /// Whether the opcode is defined.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.opcode, CONTINUATION..=BINARY | CLOSE..=PONG)
    }

    /// What violates RFC 6455 5.2 or 5.5, whatever was negotiated.
    pub(super) fn violation(&self) -> Option<&'static str> {
        match () {
            () if self.length >> 63 != 0 => Some("length of more than 63 bits"),
            () if self.short_length == 126 && self.length < 126 || self.short_length == 127 && self.length < 65_536 => {
                Some("length of more bits than needed")
            }
            () if self.is_control() && !self.fin => Some("control frame in fragments"),
            () if self.is_control() && self.length > MAX_CONTROL => Some("control frame of more than 125 bytes"),
            () => None,
        }
    }

    /// Whether it is a header that a sender without unknown extensions writes.
    pub(super) fn is_usual(&self) -> bool {
        let begins = matches!(self.opcode, TEXT | BINARY);
        self.is_known() && self.violation().is_none() && (self.rsv == 0 || self.rsv == RSV1 && begins)
    }
}

/// Whether an opcode is one of control frames, which may come between the fragments of a message (RFC 6455 5.5).
pub(super) fn is_control(opcode: u8) -> bool {
    opcode & 8 != 0
}

/// Name of an opcode in the Info column.
pub(super) fn opcode_name(opcode: u8) -> &'static str {
    OPCODES.iter().find(|(number, _)| *number == u64::from(opcode)).map_or("Unknown Opcode", |(_, name)| name)
}

/// Name of the kind of a message.
pub(super) fn kind_name(opcode: u8) -> &'static str {
    match opcode {
        CLOSE => "Close",
        opcode if OPCODES.iter().any(|(number, _)| *number == u64::from(opcode)) => opcode_name(opcode),
        _ => "Unknown",
    }
}

/// Name of a status code of Close; empty if it has none.
pub(super) fn status_name(code: u16) -> &'static str {
    let named = STATUS_CODES.iter().find(|(number, _)| *number == u64::from(code));
    named.map_or("", |(_, name)| name)
}

/// Appends bytes of a payload without their mask. `at` is the position of the first in the payload.
pub(super) fn unmask(masked: &[u8], key: Option<[u8; 4]>, at: usize, out: &mut alloc::vec::Vec<u8>) {
    let Some(mut key) = key else { return out.extend_from_slice(masked) };
    key.rotate_left(at % 4);
    out.extend(masked.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn the_examples_of_rfc_6455_5_7_are_read() {
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let header = FrameHeader::read(&masked).expect("a header");
        assert_eq!((header.fin, header.opcode, header.length, header.len), (true, TEXT, 5, 6));
        let mut text = Vec::new();
        unmask(&masked[6..9], header.key, 0, &mut text);
        unmask(&masked[9..], header.key, 3, &mut text);
        assert_eq!(text, b"Hello");
        let header = FrameHeader::read(&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]).expect("a header");
        assert_eq!((header.length, header.len, header.violation()), (65_536, 10, None));
        assert_eq!(FrameHeader::read(&[0x82, 0x7e, 1]), None);
    }

    #[test]
    fn violations_are_named() {
        let violation = |bytes: &[u8]| FrameHeader::read(bytes).expect("a header").violation();
        assert_eq!(violation(&[0x82, 0x7e, 0, 125]), Some("length of more bits than needed"));
        assert_eq!(violation(&[0x09, 0]), Some("control frame in fragments"));
        assert_eq!(violation(&[0x88, 0x7e, 0, 126]), Some("control frame of more than 125 bytes"));
        assert_eq!(violation(&[0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0]), Some("length of more than 63 bits"));
    }
}
