//! The bounds that keep memory flat whatever the capture says, each with its reason.

/// Conversations remembered at a time; beyond, the one longest without a frame is forgotten. A frame of a forgotten
/// one begins a new stream. One costs 1.0 to 1.5 KB when idle.
pub const CONVERSATIONS: usize = 16_384;

/// While frames are listened to, nanoseconds that a connection is remembered after it was closed or reset: copies of
/// its last segments come within a few round trips.
pub const CLOSED_AGE: i64 = 5_000_000_000;

/// The same of one that nobody has answered or agreed to: Linux sends its last SYN after 63 seconds and gives up after
/// 127 (`tcp_syn_retries`).
pub const OPENING_AGE: i64 = 130_000_000_000;

/// The same of one that is open and silent: two hours after its last segment Linux asks whether the other side is there,
/// nine times in 75 seconds (`tcp_keepalive_time`; RFC 9293 3.8.4 says two hours as well).
pub const IDLE_AGE: i64 = 7_900_000_000_000;

/// Bytes of one side of one connection that wait for a hole to be filled. A receiver's window is rarely larger.
pub const WAITING_BYTES: usize = 1 << 20;

/// Segments of one side of one connection that wait for a hole to be filled.
pub const WAITING_SEGMENTS: usize = 2048;

/// Bytes of all connections together that wait: for holes, for the rest of a message, for an acknowledgment.
pub const HELD_BYTES: usize = 6 << 20;

/// The same where bodies are kept to be shown, of which one alone may have a megabyte.
pub const HELD_BYTES_WITH_BODIES: usize = 32 << 20;

/// Frames of a connection that may pass after a hole was acknowledged before it is given up: frames are captured a
/// little out of order where several queues or interfaces feed one capture.
pub const PATIENCE_FRAMES: u8 = 3;

/// Bytes of one side that are kept after they were read, to tell whether what is sent again is the same.
pub const RECENT_BYTES: usize = 16 << 10;

/// Bytes of one side that a session may leave untaken. Sessions have smaller limits of their own.
pub const UNTAKEN_BYTES: usize = 4 << 20;

/// Bytes that are kept of a side while no protocol is certain that they are its own.
pub const UNRECOGNISED_BYTES: usize = 256;

/// Frames that are remembered of one message, to tell in which frame it was put together. Enough for 6 MB in segments
/// of an Ethernet's size.
pub const MESSAGE_FRAMES: usize = 4096;

/// IP packets that may wait for fragments at a time; beyond, the one longest without a fragment is given up. A busy
/// file server over UDP has some tens in flight.
pub const FRAGMENTED_PACKETS: usize = 256;

/// Bytes of all IP packets together that wait for fragments.
pub const FRAGMENT_BYTES: usize = 4 << 20;

/// Fragments of one IP packet. 64 KB in packets of 576 bytes, the least that must get through, are 119.
pub const FRAGMENT_PARTS: usize = 1024;

/// Nanoseconds of the capture's time that an IP packet waits for its fragments: 30 seconds, as Linux waits. RFC 8200
/// 4.5 allows 60, RFC 791 3.2 suggests 15; with 16 bits of identification a fast sender repeats itself sooner.
pub const FRAGMENT_AGE: u64 = 30_000_000_000;

/// Bytes by which an acknowledgment may be ahead of all that was captured and still be believed: more than any capture
/// misses in one piece without losing the connection.
pub const ACKNOWLEDGED_AHEAD: u64 = 64 << 20;

/// Bytes by which a reset may be away from what is expected and still be believed: a large window.
pub const RESET_AWAY: u64 = 4 << 20;
