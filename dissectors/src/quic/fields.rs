//! Fields of QUIC.

use super::names;
use crate::field::DisplayBase;

crate::fields! { "quic";
    /// QUIC: one packet, or data that pads its datagram.
    QUIC: Protocol "quic" "QUIC IETF";
    /// Number of the connection in the capture, in the order of their first packets. Stated once for the packets of a datagram.
    CONNECTION_NUMBER: U32 "quic.connection.number" "Connection Number" { of_capture: true };
    /// Bytes of the packet in its datagram.
    PACKET_LENGTH: U32 "quic.packet_length" "Packet Length";
    /// Form of the header: long until the handshake is complete, then short.
    HEADER_FORM: U8 "quic.header_form" "Header Form" { values: names::HEADER_FORMS };
    /// Type of a packet with a long header, of version 1.
    PACKET_TYPE: U8 "quic.long.packet_type" "Packet Type" { values: names::PACKET_TYPES };
    /// Type of a packet with a long header, of version 2.
    PACKET_TYPE_V2: U8 "quic.long.packet_type_v2" "Packet Type" { values: names::PACKET_TYPES_V2 };
    /// Reserved bits of a long header, decrypted.
    LONG_RESERVED: U8 "quic.long.reserved" "Reserved";
    /// Bytes of the packet number, less one.
    NUMBER_LENGTH: U8 "quic.packet_number_length" "Packet Number Length" { values: names::NUMBER_LENGTHS };
    /// Connection ID that the receiver chose.
    DCID: Bytes "quic.dcid" "Destination Connection ID";
    /// Connection ID that the sender chose for packets to itself.
    SCID: Bytes "quic.scid" "Source Connection ID";
    /// Bytes of the destination connection ID.
    DCIL: U8 "quic.dcil" "Destination Connection ID Length";
    /// Bytes of the source connection ID.
    SCIL: U8 "quic.scil" "Source Connection ID Length";
    /// Bytes of the token of an Initial packet.
    TOKEN_LENGTH: U64 "quic.token_length" "Token Length";
    /// Token by which a server verifies the address of the client.
    TOKEN: Bytes "quic.token" "Token";
    /// Bytes of packet number and payload.
    LENGTH: U64 "quic.length" "Length";
    /// Number of the packet, as a whole: a packet has its last bytes only, encrypted.
    PACKET_NUMBER: U64 "quic.packet_number" "Packet Number";
    /// Version of a packet with a long header; 0 in a version negotiation.
    VERSION: U32 "quic.version" "Version" { base: DisplayBase::Hex, values: names::VERSIONS };
    /// Version that the server supports, in a version negotiation.
    SUPPORTED_VERSION: U32 "quic.supported_version" "Supported Version" { base: DisplayBase::Hex, values: names::VERSIONS };
    /// Bits without a meaning in a version negotiation.
    VN_UNUSED: U8 "quic.vn.unused" "Unused" { base: DisplayBase::Hex };
    /// Short header.
    SHORT: Label "quic.short" "QUIC Short Header";
    /// Bit that distinguishes QUIC from other protocols.
    FIXED_BIT: Bool "quic.fixed_bit" "Fixed Bit";
    /// Bit that changes once in each round trip, if both sides support it.
    SPIN_BIT: Bool "quic.spin_bit" "Spin Bit";
    /// Reserved bits of a short header, decrypted.
    SHORT_RESERVED: U8 "quic.short.reserved" "Reserved";
    /// Bit that changes with each key update.
    KEY_PHASE: Bool "quic.key_phase" "Key Phase Bit";
    /// Encrypted payload of a packet with a long header that could be decrypted.
    PAYLOAD: Bytes "quic.payload" "Payload";
    /// Encrypted payload of a packet with a short header that could be decrypted.
    PROTECTED_PAYLOAD: Bytes "quic.protected_payload" "Protected Payload";
    /// Encrypted packet number and payload of a packet that is not decrypted.
    REMAINING_PAYLOAD: Bytes "quic.remaining_payload" "Remaining Payload";
    /// Token that the client repeats in its next Initial packet.
    RETRY_TOKEN: Bytes "quic.retry_token" "Retry Token";
    /// Authentication of a Retry packet.
    RETRY_TAG_FIELD: Bytes "quic.retry_integrity_tag" "Retry Integrity Tag";
    /// Frame of a packet that could be decrypted.
    FRAME: Label "quic.frame" "Frame";
    /// Type of the frame.
    FRAME_TYPE: U64 "quic.frame_type" "Frame Type" { base: DisplayBase::Hex, values: names::FRAME_TYPES };
    /// Number of consecutive PADDING frames, of one byte each.
    PADDING_LENGTH: U32 "quic.padding_length" "Padding Length";
    /// Largest packet number that is acknowledged.
    ACK_LARGEST: U64 "quic.ack.largest_acknowledged" "Largest Acknowledged";
    /// Time that the acknowledgment was delayed, as sent: to be multiplied as the sender stated in the handshake.
    ACK_DELAY: U64 "quic.ack.ack_delay" "ACK Delay";
    /// Number of further ranges.
    ACK_RANGE_COUNT: U64 "quic.ack.ack_range_count" "ACK Range Count";
    /// Number of acknowledged packets before the largest.
    ACK_FIRST_RANGE: U64 "quic.ack.first_ack_range" "First ACK Range";
    /// Number of packets before a range that are not acknowledged, less one.
    ACK_GAP: U64 "quic.ack.gap" "Gap";
    /// Number of acknowledged packets of a range, less one.
    ACK_RANGE: U64 "quic.ack.ack_range" "ACK Range";
    /// Number of received packets with the ECN codepoint ECT(0).
    ACK_ECT0: U64 "quic.ack.ect0_count" "ECT(0) Count";
    /// Number of received packets with the ECN codepoint ECT(1).
    ACK_ECT1: U64 "quic.ack.ect1_count" "ECT(1) Count";
    /// Number of received packets with the ECN codepoint CE: a router was congested.
    ACK_CE: U64 "quic.ack.ecn_ce_count" "ECN-CE Count";
    /// Stream that its sender abandons.
    RESET_STREAM_ID: U64 "quic.rsts.stream_id" "Stream ID";
    /// Reason of the reset, a code of the application protocol.
    RESET_ERROR: U64 "quic.rsts.application_error_code" "Application Error code";
    /// Bytes that were sent on the stream.
    RESET_SIZE: U64 "quic.rsts.final_size" "Final Size";
    /// Stream that its receiver does not want.
    STOP_STREAM_ID: U64 "quic.ss.stream_id" "Stream ID";
    /// Reason, a code of the application protocol.
    STOP_ERROR: U64 "quic.ss.application_error_code" "Application Error code";
    /// Offset of the bytes in the handshake of their encryption level.
    CRYPTO_OFFSET: U64 "quic.crypto.offset" "Offset";
    /// Number of the bytes.
    CRYPTO_LENGTH: U64 "quic.crypto.length" "Length";
    /// Bytes of the handshake.
    CRYPTO_DATA: Label "quic.crypto.crypto_data" "Crypto Data";
    /// Bytes of the token.
    NEW_TOKEN_LENGTH: U64 "quic.nt.length" "(Token) Length";
    /// Token for a later connection.
    NEW_TOKEN: Bytes "quic.nt.token" "Token";
    /// Last bytes of the stream.
    STREAM_FIN: Bool "quic.stream.fin" "Fin";
    /// Whether the frame has a length; otherwise it extends to the end of the packet.
    STREAM_LEN: Bool "quic.stream.len" "Len(gth)";
    /// Whether the frame has an offset; otherwise it begins the stream.
    STREAM_OFF: Bool "quic.stream.off" "Off(set)";
    /// Number of the stream.
    STREAM_ID: U64 "quic.stream.stream_id" "Stream ID";
    /// Side that opened the stream.
    STREAM_INITIATOR: U64 "quic.stream.initiator" "Stream initiator" { values: names::INITIATORS };
    /// Whether both sides send on the stream.
    STREAM_DIRECTION: U64 "quic.stream.direction" "Stream direction" { values: names::DIRECTIONS };
    /// Offset of the bytes in the stream.
    STREAM_OFFSET: U64 "quic.stream.offset" "Offset";
    /// Number of the bytes.
    STREAM_LENGTH: U64 "quic.stream.length" "Length";
    /// Bytes of the stream.
    STREAM_DATA: Bytes "quic.stream_data" "Stream Data";
    /// Bytes that may be sent on the connection.
    MAX_DATA: U64 "quic.md.maximum_data" "Maximum Data";
    /// Number of the stream.
    MAX_STREAM_DATA_ID: U64 "quic.msd.stream_id" "Stream ID";
    /// Bytes that may be sent on the stream.
    MAX_STREAM_DATA: U64 "quic.msd.maximum_stream_data" "Maximum Stream Data";
    /// Number of streams of a direction that may be opened.
    MAX_STREAMS: U64 "quic.ms.max_streams" "Max Streams";
    /// Limit of the connection that prevents the sender from sending.
    DATA_BLOCKED: U64 "quic.sb.stream_data_limit" "Stream Data Limit";
    /// Stream whose limit prevents the sender from sending.
    STREAM_BLOCKED_ID: U64 "quic.sdb.stream_id" "Stream ID";
    /// Number of streams that prevents the sender from opening another.
    STREAMS_BLOCKED: U64 "quic.sib.stream_limit" "Stream Limit";
    /// Connection IDs before this sequence number are no longer used.
    NEW_ID_RETIRE: U64 "quic.nci.retire_prior_to" "Retire Prior To";
    /// Sequence number of the connection ID.
    NEW_ID_SEQUENCE: U64 "quic.nci.sequence" "Sequence";
    /// Bytes of the connection ID.
    NEW_ID_LENGTH: U8 "quic.nci.connection_id.length" "Connection ID Length";
    /// Further connection ID, for packets to the sender of this frame.
    NEW_ID: Bytes "quic.nci.connection_id" "Connection ID";
    /// Token that ends a stateless reset of the connection.
    NEW_ID_TOKEN: Bytes "quic.nci.stateless_reset_token" "Stateless Reset Token";
    /// Sequence number of a connection ID that is no longer used.
    RETIRED_SEQUENCE: U64 "quic.rci.sequence" "Sequence";
    /// Bytes that the peer repeats, to show that it receives on the path.
    PATH_CHALLENGE: Bytes "quic.path_challenge.data" "Data";
    /// Bytes of the challenge.
    PATH_RESPONSE: Bytes "quic.path_response.data" "Data";
    /// Reason for the end of the connection, of the transport.
    CLOSE_ERROR: U64 "quic.cc.error_code" "Error code" { values: names::ERRORS };
    /// Reason for the end of the connection, of the application protocol.
    CLOSE_APP_ERROR: U64 "quic.cc.error_code.app" "Application Error code";
    /// Alert of TLS that ends the connection.
    CLOSE_ALERT: U8 "quic.cc.error_code.tls_alert" "TLS Alert Description" { values: names::ALERTS };
    /// Type of the frame that was in error.
    CLOSE_FRAME_TYPE: U64 "quic.cc.frame_type" "Frame Type" { values: names::FRAME_TYPES };
    /// Bytes of the reason.
    CLOSE_REASON_LENGTH: U64 "quic.cc.reason_phrase.length" "Reason phrase Length";
    /// Reason, for a human.
    CLOSE_REASON: Text "quic.cc.reason_phrase" "Reason phrase";
    /// Bytes of the datagram.
    DATAGRAM_LENGTH: U64 "quic.dg.length" "Datagram Length";
    /// Bytes that are sent once, outside of streams (RFC 9221).
    DATAGRAM: Bytes "quic.dg" "Datagram";
    /// Sequence number of the request for acknowledgments.
    AF_SEQUENCE: U64 "quic.af.sequence_number" "Sequence Number";
    /// Number of packets that may arrive without an acknowledgment.
    AF_THRESHOLD: U64 "quic.af.ack_eliciting_threshold" "Ack-Eliciting Threshold";
    /// Requested maximum delay of acknowledgments.
    AF_DELAY: U64 "quic.af.request_max_ack_delay" "Request Max Ack Delay";
    /// Number of packets out of order that requires an acknowledgment.
    AF_REORDERING: U64 "quic.af.reordering_threshold" "Reordering Threshold";
    /// Time at which the packet was sent.
    TIME_STAMP: U64 "quic.ts" "Time Stamp";
    /// Bytes of a stateless reset that look like a packet.
    RESET_BITS: Bytes "quic.unpredictable_bits" "Unpredictable Bits";
    /// Token that ends a stateless reset: its sender lost the state of the connection.
    RESET_TOKEN: Bytes "quic.stateless_reset_token" "Stateless Reset Token";
    /// Parts that a frame of the application protocol was reassembled from, in the order of the stream.
    FRAGMENTS: Label "quic.fragments" "Reassembled QUIC STREAM Data Fragments";
    /// Frame of the capture with a part.
    FRAGMENT: Frame "quic.fragment" "QUIC STREAM Data Fragment";
    /// Number of the parts.
    FRAGMENT_COUNT: U32 "quic.fragment.count" "Fragment count";
    /// Bytes of all parts.
    REASSEMBLED_LENGTH: U32 "quic.reassembled.length" "Reassembled QUIC STREAM Data length";
    /// All parts as sent.
    REASSEMBLED_DATA: Bytes "quic.reassembled.data" "Reassembled QUIC STREAM Data";
    /// Frame of the capture that completes the part of the stream in this one.
    REASSEMBLED_IN: Frame "quic.reassembled_in" "Reassembled PDU in frame" { later: true };
    /// Number of the frames that messages of the handshake were reassembled from.
    CRYPTO_FRAGMENT_COUNT: U32 "quic.crypto.fragment.count" "Fragment count";
    /// Frame of the capture with a part of the messages.
    CRYPTO_FRAGMENT: Frame "quic.crypto.fragment" "QUIC CRYPTO Data Fragment";
    /// Parts that messages of the handshake were reassembled from.
    CRYPTO_FRAGMENTS: Label "quic.crypto.fragments" "Reassembled QUIC CRYPTO Data Fragments";
    /// No connection of the packet is known.
    UNKNOWN_CONNECTION: Note(Note) "quic.connection.unknown" "Unknown QUIC connection. Missing Initial Packet or migrated connection?";
    /// Type of the frame is not known, so that the frames after it cannot be read.
    UNKNOWN_FRAME: Note(Warn) "quic.ft.unknown" "Unknown Frame Type";
    /// Packet is not decrypted: its secret is not known, or the packet is not authentic with it. Stated once for each side and kind of packet.
    DECRYPTION_FAILED: Note(Warn) "quic.decryption_failed" "Failed to decrypt handshake";
    /// Frame or header contradicts the protocol.
    VIOLATION: Note(Warn) "quic.protocol_violation" "Invalid data according to the protocol";
    /// Retry packet is not authentic.
    BAD_RETRY: Note(Warn) "quic.bad_retry" "Retry Integrity Tag verification failure";
    /// Bytes after the packets of a datagram that are not a packet.
    COALESCED_PADDING: Note(Note) "quic.coalesced_padding_data" "(Random) padding data appended to the datagram";
    /// Bytes of the handshake that were all sent before.
    RETRANSMISSION: Note(Note) "quic.retransmission" "This QUIC frame has a reused stream offset (retransmission?)";
    /// Bytes of the handshake of which the first were sent before.
    OVERLAP: Note(Note) "quic.overlap" "This QUIC frame overlaps a previous frame in the stream";
    /// More bytes of streams or of the handshake wait for missing ones than are buffered.
    LIMIT: Note(Warn) "quic.limit" "Bytes of streams or of the handshake are not kept: too many wait for missing ones" { ours: true };
    /// The oldest stream was reported as it is: too many streams were open, or memory was short.
    OPEN_LIMIT: Note(Warn) "quic.open_limit" "Too many open streams: the oldest one is no longer read" { ours: true };
}
