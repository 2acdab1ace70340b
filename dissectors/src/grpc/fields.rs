//! Fields of gRPC.

crate::fields! { "grpc";
    /// A message of gRPC.
    GRPC: Protocol "grpc" "GRPC Message";
    /// Whether it has data, or the trailers of gRPC-Web.
    FRAME_TYPE: U8 "grpc.frame_type" "Frame Type" { values: FRAME_TYPES };
    /// Whether the data are compressed.
    COMPRESSED: U8 "grpc.compressed_flag" "Compressed Flag" { values: COMPRESSED_FLAGS };
    /// Length of the data as sent.
    LENGTH: U32 "grpc.message_length" "Message Length";
    /// Data of a message, decompressed.
    DATA: Bytes "grpc.message_data" "Message Data";
    /// Trailer line of gRPC-Web.
    TRAILER: Text "grpc.trailer" "Trailer" { ours: true };

    /// What headers or trailers state about a call.
    CALL: Label "grpc.call" "gRPC call" { ours: true };
    /// Service of a call, with its package.
    SERVICE: Text "grpc.service" "Service" { ours: true };
    /// Method of a call.
    METHOD: Text "grpc.method" "Method" { ours: true };
    /// Compression of the messages of a half.
    ENCODING: Text "grpc.encoding" "Message encoding" { ours: true };
    /// Time that the client allows for a call.
    TIMEOUT: Duration "grpc.timeout" "Timeout" { ours: true };
    /// Status of a call, such as OK or NOT_FOUND.
    STATUS: Text "grpc.status" "Status" { ours: true };
    /// Status of a call as a number.
    STATUS_CODE: U32 "grpc.status_code" "Status Code" { ours: true };
    /// Description of a status, with percent escapes decoded.
    STATUS_MESSAGE: Text "grpc.status_message" "Status Message" { ours: true };

    /// Data could not be decompressed completely.
    DECOMPRESSION_FAILED: Note(Warn) "grpc.body_decompression_failed" "Body decompression failed";
    /// The compressed flag is set, and the headers state no compression, or identity.
    NOT_ENCODED: Note(Warn) "grpc.not_encoded" "Compressed flag without a compression" { ours: true };
    /// Bytes that are not messages.
    MALFORMED: Note(Error) "grpc.body_malformed" "Malformed message data";
    /// A message ends before its length.
    TRUNCATED: Note(Warn) "grpc.truncated" "The message is not complete" { ours: true };
    /// Bytes of messages were not captured.
    GAP: Note(Warn) "grpc.gap" "Bytes of messages were not captured" { ours: true };
    /// A message longer than the size limit; its data are not dissected.
    LIMIT: Note(Note) "grpc.limit" "Message exceeds the size limit" { ours: true };
    /// A response ended without a status.
    NO_STATUS: Note(Warn) "grpc.no_status" "Response without a status" { ours: true };
    /// A status is not a number.
    INVALID_STATUS: Note(Warn) "grpc.invalid_status" "Invalid status" { ours: true };
    /// A timeout is not a number of at most eight digits and a unit.
    INVALID_TIMEOUT: Note(Warn) "grpc.invalid_timeout" "Invalid timeout" { ours: true };
    /// A call took longer than its timeout.
    LATE: Note(Warn) "grpc.late" "Call exceeded its timeout" { ours: true };
    /// A client canceled a call at its deadline. No such status was sent.
    DEADLINE: Note(Warn) "grpc.deadline_exceeded" "Deadline exceeded (client)" { ours: true };
}

const FRAME_TYPES: &[(u64, &str)] = &[(0, "Data"), (1, "Trailer")];
const COMPRESSED_FLAGS: &[(u64, &str)] = &[(0, "Not Compressed"), (1, "Compressed")];
