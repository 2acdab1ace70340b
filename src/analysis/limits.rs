//! Limits of memory and work, each with its reason. With them, memory does not depend on the size of the capture.

use dissectors::body_limit::BodyLimit;

/// Maximum number of conversations of one transport protocol. At the limit the longest idle one is evicted. A later
/// frame of an evicted conversation begins a new stream. An idle conversation costs 1.0 to 1.5 KB.
pub const CONVERSATIONS: usize = 16_384;

/// Places for conversations of one transport protocol that were evicted at this limit and are recognized when a later frame of them
/// comes; of two in one place, the later one. They take 256 KiB.
pub const EVICTED_CONVERSATIONS: usize = 65_536;

/// In a live capture, nanoseconds until a closed or reset connection is dropped: copies of its last segments arrive
/// within a few round trips.
pub const CLOSED_AGE: i64 = 5_000_000_000;

/// In a live capture, nanoseconds until an idle connection without a completed handshake is dropped: Linux sends its
/// last SYN after 63 seconds and times out after 127 (`tcp_syn_retries`).
pub const OPENING_AGE: i64 = 130_000_000_000;

/// In a live capture, nanoseconds until an idle open connection is dropped. Linux sends the first keep-alive two hours
/// after the last segment, then one every 75 seconds, nine in all (`tcp_keepalive_time`). RFC 9293 3.8.4 requires at
/// least two hours.
pub const IDLE_AGE: i64 = 7_900_000_000_000;

/// Maximum number of bytes that are pending behind a gap, for each side of a connection. A receive window is rarely
/// larger.
pub const PENDING_BYTES: usize = 1 << 20;

/// Maximum number of segments that are pending behind a gap, for each side of a connection.
pub const PENDING_SEGMENTS: usize = 2048;

/// Number of shards of conversations. Each has its own buffer limit, so that evictions do not depend on threads.
pub const SHARDS: usize = 16;

/// Maximum number of bytes buffered by all conversations of a shard: behind gaps, in incomplete messages, and until
/// acknowledgment. One conversation may use all of it, so it is more than [`PENDING_BYTES`].
pub const SHARD_BYTES: usize = 3 << 19;

/// Maximum number of bytes buffered by the conversations of a shard other than the one that is read.
pub const SHARD_BYTES_OF_OTHERS: usize = 3 << 17;

/// Maximum number of bytes of the state of sessions in datagrams of a shard, by their own estimates: 1024 open connections of QUIC
/// with HTTP/3 and an open request each, of 16,384 in all shards. Further open requests are buffered, and limited by the bytes above.
/// Beyond it, the longest idle connections are dropped, and reported as unknown.
pub const SHARD_STATE_BYTES: usize = 8 << 20;

/// Maximum number of bytes buffered by a shard if bodies are buffered too. A single body may have a megabyte. If larger bodies are
/// kept, two of the largest fit into a shard, beside what this and the limits above allow.
pub const SHARD_BYTES_WITH_BODIES: usize = 4 << 20;

/// Maximum number of echo requests (ping) that wait for their reply. At the limit the oldest one is dropped. Ping waits
/// ten seconds for the last reply.
pub const OPEN_ECHOES: usize = 4096;

/// Maximum number of last uses of addresses (ARP) to compare with. At the limit the oldest one is dropped.
pub const ADDRESS_USES: usize = 16_384;

/// In a live capture, nanoseconds until an idle UDP conversation is dropped: RFC 4787 4.3 requires two minutes of a
/// NAT.
pub const UDP_AGE: i64 = 120_000_000_000;

/// Maximum number of endpoints, and of identifiers, by which a conversation in datagrams is found after it changed its
/// endpoints. At the limit the oldest one is dropped. A connection of QUIC has 4 to 16 identifiers.
pub const PATH_IDS: usize = 32_768;

/// Maximum number of datagrams between two endpoints that are compared with these identifiers.
pub const PATH_PROBES: u8 = 8;

/// Maximum number of datagrams of a conversation that are probed for a session.
pub const UNDETECTED_DATAGRAMS: u8 = 8;

/// Maximum number of bytes buffered of a channel until its protocol is known, such as WebSocket data before the
/// response.
pub const UNDECIDED_BYTES: usize = 64 << 10;

/// Maximum nesting depth of sessions, such as a tunnel in TLS in a tunnel. Deeper ones are not read.
pub const NESTED_SESSIONS: u8 = 8;

/// Maximum number of channels of one conversation with their own sessions, at all depths.
pub const NESTED_DRIVERS: u32 = 4096;

/// Maximum number of owned ranges of a side. They assign retransmitted bytes to their exchange.
pub const OWNED_RANGES: usize = 4096;

/// Maximum number of frames of a connection between the acknowledgment of a gap and the moment the gap is considered
/// final. With several queues or interfaces, frames are captured slightly out of order.
pub const ACKED_GAP_FRAMES: u8 = 3;

/// In capture time, nanoseconds that a response waits for a request that was not captured before it. Queues of an
/// interface differ by milliseconds at most.
pub const RESPONSE_WAIT: i64 = 1_000_000_000;

/// Offset at which a side begins in a capture without its SYN. Bytes before the first acknowledged one can then still be
/// read, if they are captured after their response: a request is rarely larger.
pub const LATE_START_BYTES: u32 = 1 << 20;

/// Maximum number of bytes of a side that are buffered after they were read, to compare retransmissions with them.
pub const RECENT_BYTES: usize = 16 << 10;

/// Maximum number of bytes of a side that a session leaves unconsumed. Sessions have their own, smaller limits.
pub const UNCONSUMED_BYTES: usize = 4 << 20;

/// Maximum number of bytes of a side that are buffered for protocol detection.
pub const UNDETECTED_BYTES: usize = 256;

/// Maximum number of frames recorded of one message, for the reassembly fields. Enough for 6 MB in segments of
/// Ethernet's size.
pub const MESSAGE_FRAMES: usize = 4096;

/// Maximum number of bytes that one pass decodes from compressed content for the conversations of a shard, beyond 32 times
/// the compressed bytes: about a second of work for all. A message can be decoded to 1000 times its size, and a frame to 32 MiB, and a capture has many. Beyond
/// it, content is shown as sent, with a note.
pub const SHARD_DECODED_BYTES: u64 = 1 << 26;

/// Returns this maximum for a limit of bodies: if larger ones are kept, two of the largest may be compressed much.
pub(super) fn shard_decoded_bytes(limit: BodyLimit) -> u64 {
    SHARD_DECODED_BYTES + 2 * limit.extra() as u64
}

/// Maximum number of bytes of each body that an export of calls keeps, unless another limit is given: most downloads are smaller.
/// Lists, details and filters keep [a megabyte](BodyLimit::DEFAULT).
pub const EXPORTED_BODY: usize = 64 << 20;

/// Maximum number of incomplete IP packets. At the limit the one longest without a fragment is dropped. A busy file
/// server over UDP has some tens in flight.
pub const FRAGMENTED_PACKETS: usize = 256;

/// Maximum number of bytes buffered by all incomplete IP packets.
pub const FRAGMENT_BYTES: usize = 4 << 20;

/// Maximum number of fragments of one IP packet. 64 KB in packets of 576 bytes, which every host must accept, need 119.
pub const FRAGMENTS_PER_PACKET: usize = 1024;

/// Nanoseconds in capture time until an incomplete IP packet is dropped: 30 seconds, as in Linux. RFC 8200 4.5 allows
/// 60, RFC 791 3.2 suggests 15. With 16 bits of identification a fast sender reuses values sooner.
pub const FRAGMENT_AGE: u64 = 30_000_000_000;

/// Maximum number of incomplete frames in numbered fragments (IEEE 802.11). At the limit the one longest without a
/// fragment is dropped. IEEE 802.11 10.5 requires a station to reassemble at least three at once.
pub const NUMBERED_FRAGMENT_FRAMES: usize = 64;

/// Maximum number of bytes buffered by all incomplete frames in numbered fragments: 16 fragments of a frame of 2,346
/// bytes are 37 KB.
pub const NUMBERED_FRAGMENT_BYTES: usize = 1 << 20;

/// Nanoseconds in capture time until an incomplete frame in numbered fragments is dropped. Stations drop them after half
/// a second (dot11MaxReceiveLifetime), and a sequence number of 12 bits is used again within a second or two.
pub const NUMBERED_FRAGMENT_AGE: u64 = 1_000_000_000;

/// Maximum number of bytes by which a credible acknowledgment exceeds the captured data. More than a capture misses at
/// once while the connection continues.
pub const ACKED_AHEAD_BYTES: u64 = 64 << 20;

/// Maximum number of bytes of the host names of addresses: of some 100,000 names. Names beyond it are dropped.
pub const HOST_NAME_BYTES: usize = 16 << 20;

/// Maximum number of segments that the journey of a call keeps of its connection, and of frames of each message. Enough for
/// 30 MB in segments of Ethernet's size.
pub const JOURNEY_SEGMENTS: usize = 20_000;

/// Maximum number of calls that opened a session, such as handshakes of WebSocket, whose numbers `calls` keeps for the rows of
/// what they carry. At the limit the oldest one is dropped: later rows of its session have a mark without a number.
pub const CALLS_WITH_SESSIONS: usize = 65_536;

/// Maximum number of calls among which a trace searches causes. A call takes about 1 kB at most.
pub const TRACE_CALLS: usize = 32_768;

/// Maximum number of open exchanges, and of conversations, of which a trace keeps what it needs for calls that are not complete.
pub const TRACE_PENDING: usize = 16_384;

/// Maximum number of rows in a row group of a Parquet file: as many as DuckDB reads at once.
pub const ROW_GROUP_ROWS: usize = 122_880;

/// Maximum number of bytes of the rows of a row group, before they are encoded; one more row may be in it.
pub const ROW_GROUP_BYTES: usize = 16 << 20;

/// Maximum number of row groups in a Parquet file, whose metadata stay in memory until it is complete. A further file
/// is begun then.
pub const ROW_GROUPS: usize = 1000;

/// Maximum number of bytes of all rows that an export of tables buffers. Beyond it, the largest row group is written
/// before it is full. Two more row groups may be in the queue of the writer.
pub const DATASET_BYTES: usize = 48 << 20;

/// Maximum number of Parquet files that are open at a time. At the limit, the one longest without a row group is
/// completed; a further file is begun for its later rows.
pub const DATASET_FILES: usize = 64;

/// Maximum number of hours of each table with a partition of their own: six weeks. Rows of further hours are in the
/// partition `hour=other`, with a message.
pub const DATASET_HOURS: usize = 1024;
