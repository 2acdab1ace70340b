//! TCP as a conversation: sequence analysis, states, and bytes in order.

pub(super) mod assembler;
pub(super) mod sequence;
pub(super) mod state;

/// Whether `a` comes before `b` among sequence numbers, which wrap (RFC 9293 3.4).
pub(super) fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
