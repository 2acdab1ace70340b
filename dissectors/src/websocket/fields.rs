//! Fields of WebSocket (RFC 6455, RFC 7692).

use super::frame::OPCODES;
use crate::field::DisplayBase;

crate::fields! { "websocket";
    /// A frame of WebSocket.
    WEBSOCKET: Protocol "websocket" "WebSocket";
    /// The last frame of a message.
    FIN: Bool "websocket.fin" "Fin";
    /// The three reserved bits.
    RSV: U8 "websocket.rsv" "Reserved" { base: DisplayBase::Hex };
    /// The message is compressed (RFC 7692 6).
    PMC: Bool "websocket.pmc" "Per-Message Compressed";
    /// Kind of the frame.
    OPCODE: U8 "websocket.opcode" "Opcode" { values: OPCODES };
    /// The payload is masked, as in all frames of a client.
    MASK: Bool "websocket.mask" "Mask";
    /// Length of the payload; 126 and 127 if it is in an extended field.
    PAYLOAD_LENGTH: U8 "websocket.payload_length" "Payload length";
    /// Length of the payload, of 126 to 65535 bytes.
    LENGTH_16: U16 "websocket.payload_length_ext_16" "Extended Payload length (16 bits)";
    /// Length of the payload, of more than 65535 bytes.
    LENGTH_64: U64 "websocket.payload_length_ext_64" "Extended Payload length (64 bits)";
    /// The key that masks the payload.
    MASKING_KEY: Bytes "websocket.masking_key" "Masking-Key";
    /// The payload as it was sent.
    MASKED_PAYLOAD: Label "websocket.masked_payload" "Masked payload";
    /// The payload without its mask.
    PAYLOAD: Label "websocket.payload" "Payload";
    /// Payload of a continuation frame that does not end its message, without its mask.
    CONTINUE: Bytes "websocket.payload.continue" "Continue";
    /// The text of a message that ends with the frame, decompressed.
    TEXT: Text "websocket.payload.text" "Text";
    /// Payload of a Close frame.
    CLOSE: Label "websocket.payload.close" "Close";
    /// Status code of a Close frame (RFC 6455 7.4).
    STATUS_CODE: U16 "websocket.payload.close.status_code" "Status code" { values: super::frame::STATUS_CODES };
    /// Reason of a Close frame.
    REASON: Text "websocket.payload.close.reason" "Reason";
    /// Payload of a Ping frame, without its mask.
    PING_DATA: Bytes "websocket.payload.ping" "Ping";
    /// Payload of a Pong frame, without its mask.
    PONG_DATA: Bytes "websocket.payload.pong" "Pong";
    /// Payload of a frame of an unknown kind, without its mask.
    UNKNOWN: Bytes "websocket.payload.unknown" "Unknown";
    /// The fragments of a message that ends with the frame.
    FRAGMENTS: Label "websocket.fragments" "Reassembled websocket Fragments";
    /// The frame of a fragment.
    FRAGMENT: Frame "websocket.fragment" "Websocket Fragment";
    /// Number of fragments.
    FRAGMENT_COUNT: U32 "websocket.fragment.count" "Fragment count";
    /// Bytes of all fragments, as sent.
    REASSEMBLED_LENGTH: U32 "websocket.reassembled.length" "Reassembled websocket Payload length";
    /// A message as a whole: the data of its frames joined and decompressed, or a control frame.
    MESSAGE: Label "websocket.message" "Message" { ours: true };
    /// The client of the handshake sent the message.
    FROM_CLIENT: Bool "websocket.from_client" "From client" { ours: true };
    /// The server of the handshake sent the message.
    FROM_SERVER: Bool "websocket.from_server" "From server" { ours: true };
    /// Summary of the message in a line: its kind, and its size or status.
    SUMMARY: Text "websocket.summary" "Summary" { ours: true };
    /// Kind of the message: Text, Binary, Ping, Pong or Close.
    KIND: Text "websocket.kind" "Kind" { ours: true };
    /// Status code of a Close message, as text.
    STATUS: Text "websocket.status" "Status" { ours: true };
    /// Compression of the message: permessage-deflate.
    CODING: Text "websocket.coding" "Compression" { ours: true };
    /// Host of the handshake.
    HOST: Text "websocket.host" "Host" { ours: true };
    /// Request target of the handshake.
    TARGET: Text "websocket.uri" "URI" { ours: true };
    /// Subprotocol that was negotiated (RFC 6455 1.9).
    SUBPROTOCOL: Text "websocket.subprotocol" "Subprotocol" { ours: true };
    /// Stream of HTTP/2 or HTTP/3 that carries the message (RFC 8441, RFC 9220).
    STREAM: U64 "websocket.stream" "Stream" { ours: true };
    /// Bytes of the message, before its compression is undone.
    SIZE: U64 "websocket.size" "Size" { ours: true };
    /// Bytes of the message, decompressed.
    DATA: Bytes "websocket.data" "Data" { ours: true };
    /// Kind of the content of the message, as a media type.
    MEDIA_TYPE: Text "websocket.media_type" "Content" { ours: true };
    /// The frame has an opcode that is not defined.
    UNKNOWN_OPCODE: Note(Note) "websocket.payload.unknown.expert" "Dissector for Websocket Opcode";
    /// The message cannot be decompressed.
    DECOMPRESSION_FAILED: Note(Error) "websocket.decompression.failed.expert" "Decompression failed";
    /// The message cannot be decompressed: it refers to earlier data that was not captured, or was dropped at a limit.
    NOT_DECODABLE: Note(Warn) "websocket.not_decodable" "Not decodable: the message refers to earlier data that is not known" { ours: true };
    /// The message is shown up to a limit, or its decompressed data exceeds one.
    LIMIT: Note(Warn) "websocket.limit" "The message exceeds a limit and is not shown whole" { ours: true };
    /// The text is not valid UTF-8 (RFC 6455 8.1).
    INVALID_UTF8: Note(Warn) "websocket.invalid_utf8" "The text is not valid UTF-8" { ours: true };
    /// The frame violates RFC 6455 5.
    BAD_FRAME: Note(Warn) "websocket.bad_frame" "Malformed frame" { ours: true };
    /// Part of the message was not captured.
    GAP: Note(Warn) "websocket.gap" "Part of the message was not captured" { ours: true };
    /// The message has no end: its sender closed the connection, or the capture ends.
    TRUNCATED: Note(Warn) "websocket.truncated" "The message is not complete" { ours: true };
    /// Bytes after a loss in which no frame was found.
    UNSYNCHRONIZED: Note(Warn) "websocket.unsynchronized" "Bytes after a loss: no beginning of a frame was found" { ours: true };
}
