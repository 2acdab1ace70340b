//! Limits that keep memory flat for any capture, each with its reason.

/// Conversations kept at a time. Beyond the limit, the one idle longest is evicted. A later frame of an evicted
/// conversation starts a new stream. An idle conversation costs 1.0 to 1.5 KB.
pub const CONVERSATIONS: usize = 16_384;

/// Nanoseconds that a closed or reset connection is kept in a live capture. Copies of its last segments arrive within a
/// few round trips.
pub const CLOSED_AGE: i64 = 5_000_000_000;

/// The same for a connection that was not established. Linux sends its last SYN after 63 seconds and times out after
/// 127 (`tcp_syn_retries`).
pub const OPENING_AGE: i64 = 130_000_000_000;

/// The same for an open, silent connection. Two hours after the last segment, Linux sends nine keep-alives, 75 seconds
/// apart (`tcp_keepalive_time`; RFC 9293 3.8.4 has two hours, too).
pub const IDLE_AGE: i64 = 7_900_000_000_000;

/// Bytes of one side of a connection that are pending behind a gap. A receiver's window is rarely larger.
pub const PENDING_BYTES: usize = 1 << 20;

/// Segments of one side of a connection that are pending behind a gap.
pub const PENDING_SEGMENTS: usize = 2048;

/// Bytes buffered by all connections: behind gaps, of incomplete messages, and not yet acknowledged.
pub const BUFFERED_BYTES: usize = 6 << 20;

/// The same if bodies are buffered for display. One body can have a megabyte.
pub const BUFFERED_BYTES_WITH_BODIES: usize = 32 << 20;

/// Frames of a connection that may follow the acknowledgment of a gap before the gap is skipped. A capture from several
/// queues or interfaces is slightly out of order.
pub const ACKED_GAP_FRAMES: u8 = 3;

/// Bytes of one side that are kept after they were read, to compare retransmissions with them.
pub const RECENT_BYTES: usize = 16 << 10;

/// Bytes of one side that a session may leave unconsumed. Sessions have smaller limits of their own.
pub const UNCONSUMED_BYTES: usize = 4 << 20;

/// Bytes of one side that are kept while the protocol is not detected.
pub const UNRECOGNISED_BYTES: usize = 256;

/// Frames that are recorded of one message, for the fields of its reassembly. Enough for 6 MB in segments of Ethernet's
/// size.
pub const MESSAGE_FRAMES: usize = 4096;

/// IP packets in reassembly at a time. Beyond the limit, the packet that waited longest for a fragment is dropped. A
/// busy file server over UDP has a few dozen in flight.
pub const FRAGMENTED_PACKETS: usize = 256;

/// Bytes of all IP packets in reassembly.
pub const FRAGMENT_BYTES: usize = 4 << 20;

/// Fragments of one IP packet. 64 KB in packets of 576 bytes, the size that every host accepts, are 119.
pub const FRAGMENT_PARTS: usize = 1024;

/// Nanoseconds of capture time that an IP packet waits for its fragments: 30 seconds, as in Linux. RFC 8200 4.5 allows
/// 60, RFC 791 3.2 suggests 15. A fast sender reuses the 16 bits of the identification sooner.
pub const FRAGMENT_AGE: u64 = 30_000_000_000;

/// Bytes by which a valid acknowledgment may be ahead of the captured data: more than any capture misses in one gap
/// without losing the connection.
pub const ACKNOWLEDGED_AHEAD: u64 = 64 << 20;

/// Bytes by which the sequence number of a valid RST may differ from the expected one: a large window.
pub const RESET_DISTANCE: u64 = 4 << 20;
