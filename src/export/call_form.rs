//! Forms in which calls are exported.

use super::call_collector::CollectedCall;
use crate::capture::Call;
use dissectors::session::ConversationId;
use std::io::{self, Write};

/// A form in which calls are exported. Its methods are called in the order of the capture.
pub trait CallForm: Send {
    /// Writes what precedes all calls.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Reads a call of any protocol, whether it is exported or not.
    fn any_call(&mut self, call: &Call) {
        let _ = call;
    }

    /// Writes a call that is exported.
    fn call(&mut self, call: CollectedCall, out: &mut dyn Write) -> io::Result<()>;

    /// Reads the end of a conversation.
    fn conversation_end(&mut self, conversation: ConversationId, out: &mut dyn Write) -> io::Result<()> {
        let _ = (conversation, out);
        Ok(())
    }

    /// Writes what follows all calls.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Returns what was written, and what was not, for messages to the user.
    fn notes(&self) -> Vec<String>;
}
