//! State of one side.

use crate::session::Stamp;

/// State of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct SideState {
    /// Where the first byte of the present message arrived.
    pub(super) first: Option<Stamp>,
    /// Bytes still to come of a message that is recorded in part.
    pub(super) skip: u64,
    /// The position of the messages is unknown.
    pub(super) is_lost: bool,
    /// The loss was noted.
    pub(super) is_noted: bool,
    pub(super) has_ended: bool,
    /// Offset at which a message begins: the other side had received all bytes before it when it sent a statement.
    pub(super) boundary: Option<u64>,
}
