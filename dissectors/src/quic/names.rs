//! Names of numbers: packet types, versions, frame types, error codes.

/// Packet types of version 1 (RFC 9000 17.2).
pub(super) const PACKET_TYPES: &[(u64, &str)] = &[(0, "Initial"), (1, "0-RTT"), (2, "Handshake"), (3, "Retry")];
/// Packet types of version 2 (RFC 9369 3.2).
pub(super) const PACKET_TYPES_V2: &[(u64, &str)] = &[(0, "Retry"), (1, "Initial"), (2, "0-RTT"), (3, "Handshake")];
pub(super) const HEADER_FORMS: &[(u64, &str)] = &[(0, "Short Header"), (1, "Long Header")];
pub(super) const NUMBER_LENGTHS: &[(u64, &str)] = &[(0, "1 bytes"), (1, "2 bytes"), (2, "3 bytes"), (3, "4 bytes")];
pub(super) const INITIATORS: &[(u64, &str)] = &[(0, "Client-initiated"), (1, "Server-initiated")];
pub(super) const DIRECTIONS: &[(u64, &str)] = &[(0, "Bidirectional"), (1, "Unidirectional")];

/// Versions.
pub(super) const VERSIONS: &[(u64, &str)] = &[
    (0, "Version Negotiation"),
    (1, "1"),
    (0x6b33_43cf, "2"),
    (0xff00_001d, "draft-29"),
    (0xff00_001e, "draft-30"),
    (0xff00_001f, "draft-31"),
    (0xff00_0020, "draft-32"),
    (0xff00_0021, "draft-33"),
    (0xff00_0022, "draft-34"),
];

/// Frame types (RFC 9000 19, and extensions).
pub(super) const FRAME_TYPES: &[(u64, &str)] = &[
    (0x00, "PADDING"),
    (0x01, "PING"),
    (0x02, "ACK"),
    (0x03, "ACK_ECN"),
    (0x04, "RESET_STREAM"),
    (0x05, "STOP_SENDING"),
    (0x06, "CRYPTO"),
    (0x07, "NEW_TOKEN"),
    (0x08, "STREAM"),
    (0x09, "STREAM"),
    (0x0a, "STREAM"),
    (0x0b, "STREAM"),
    (0x0c, "STREAM"),
    (0x0d, "STREAM"),
    (0x0e, "STREAM"),
    (0x0f, "STREAM"),
    (0x10, "MAX_DATA"),
    (0x11, "MAX_STREAM_DATA"),
    (0x12, "MAX_STREAMS (BIDI)"),
    (0x13, "MAX_STREAMS (UNI)"),
    (0x14, "DATA_BLOCKED"),
    (0x15, "STREAM_DATA_BLOCKED"),
    (0x16, "STREAMS_BLOCKED (BIDI)"),
    (0x17, "STREAMS_BLOCKED (UNI)"),
    (0x18, "NEW_CONNECTION_ID"),
    (0x19, "RETIRE_CONNECTION_ID"),
    (0x1a, "PATH_CHALLENGE"),
    (0x1b, "PATH_RESPONSE"),
    (0x1c, "CONNECTION_CLOSE (Transport)"),
    (0x1d, "CONNECTION_CLOSE (Application)"),
    (0x1e, "HANDSHAKE_DONE"),
    (0x30, "DATAGRAM"),
    (0x31, "DATAGRAM"),
    (0xac, "IMMEDIATE_ACK"),
    (0xaf, "ACK_FREQUENCY"),
    (0x02f5, "TIME_STAMP"),
];

/// Words of frames in the Info column, as in Wireshark.
pub(super) const FRAME_WORDS: &[(u64, &str)] = &[
    (0x00, "PADDING"),
    (0x01, "PING"),
    (0x02, "ACK"),
    (0x03, "ACK"),
    (0x04, "RS"),
    (0x05, "SS"),
    (0x06, "CRYPTO"),
    (0x07, "NT"),
    (0x10, "MD"),
    (0x11, "MSD"),
    (0x12, "MS"),
    (0x13, "MS"),
    (0x14, "DB"),
    (0x15, "SDB"),
    (0x16, "SB"),
    (0x17, "SB"),
    (0x18, "NCI"),
    (0x19, "RC"),
    (0x1a, "PC"),
    (0x1b, "PR"),
    (0x1c, "CC"),
    (0x1d, "CC"),
    (0x1e, "DONE"),
    (0x30, "DG"),
    (0x31, "DG"),
    (0xac, "IA"),
    (0xaf, "AF"),
    (0x02f5, "TS"),
];

/// Transport error codes (RFC 9000 20.1).
pub(super) const ERRORS: &[(u64, &str)] = &[
    (0x00, "NO_ERROR"),
    (0x01, "INTERNAL_ERROR"),
    (0x02, "CONNECTION_REFUSED"),
    (0x03, "FLOW_CONTROL_ERROR"),
    (0x04, "STREAM_LIMIT_ERROR"),
    (0x05, "STREAM_STATE_ERROR"),
    (0x06, "FINAL_SIZE_ERROR"),
    (0x07, "FRAME_ENCODING_ERROR"),
    (0x08, "TRANSPORT_PARAMETER_ERROR"),
    (0x09, "CONNECTION_ID_LIMIT_ERROR"),
    (0x0a, "PROTOCOL_VIOLATION"),
    (0x0b, "INVALID_TOKEN"),
    (0x0c, "APPLICATION_ERROR"),
    (0x0d, "CRYPTO_BUFFER_EXCEEDED"),
    (0x0e, "KEY_UPDATE_ERROR"),
    (0x0f, "AEAD_LIMIT_REACHED"),
    (0x10, "NO_VIABLE_PATH"),
    (0x11, "VERSION_NEGOTIATION_ERROR"),
];

/// Alerts of TLS that close a connection: error codes from 0x100 on (RFC 9001 4.8).
pub(super) const ALERTS: &[(u64, &str)] = &[
    (10, "Unexpected Message"),
    (20, "Bad Record MAC"),
    (40, "Handshake Failure"),
    (42, "Bad Certificate"),
    (43, "Unsupported Certificate"),
    (44, "Certificate Revoked"),
    (45, "Certificate Expired"),
    (46, "Certificate Unknown"),
    (47, "Illegal Parameter"),
    (48, "Unknown CA"),
    (49, "Access Denied"),
    (50, "Decode Error"),
    (51, "Decrypt Error"),
    (70, "Protocol Version"),
    (71, "Insufficient Security"),
    (80, "Internal Error"),
    (109, "Missing Extension"),
    (110, "Unsupported Extension"),
    (112, "Unrecognized Name"),
    (115, "Unknown PSK identity"),
    (116, "Certificate Required"),
    (120, "No application Protocol"),
];
