//! Messages of a connection that is encrypted with GSSAPI.

use super::Pgsql;
use super::record::MessageForm;
use super::unit::Role;
use crate::pipeline::Message;
use crate::session::{Chunk, Consumed, Context, Side};

/// Bytes of the length before each message.
const HEADER: usize = 4;
/// Maximum length of a message: that of PostgreSQL, with room for other implementations.
const MAX_LENGTH: u32 = 64 << 10;

impl Pgsql {
    /// Reads an encrypted message: the handshake of GSSAPI, then messages that are wrapped with it.
    ///
    /// ```text
    ///   | length, 4 bytes: without itself | token |
    /// ```
    pub(super) fn gss_message(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let len = chunk.bytes.len();
        let Some(&length) = chunk.bytes.first_chunk() else { return Consumed::bytes(0) };
        let length = u32::from_be_bytes(length);
        let total = HEADER + length as usize;
        if length > MAX_LENGTH {
            self.side(side).is_lost = true;
            return Consumed::bytes(len);
        }
        if total > len {
            return Consumed::bytes(0);
        }
        let first = self.side(side).first.take().unwrap_or(cx.first);
        let chunk = chunk.first(total);
        let message = Message { side, chunk, first, len: total as u64, consumed: total, is_complete: true };
        self.finish(&message, Role::default(), MessageForm::GssEncrypted, cx)
    }
}
