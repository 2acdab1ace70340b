//! Flow control (RFC 9113 5.2): what a side can send, and how long it could not.

use crate::session::Stamp;

/// Window of a new connection, and of its streams until a setting changes it (RFC 9113 6.9.2).
pub(crate) const INITIAL: i64 = 65_535;

/// Bytes that a side can send, on a stream or on the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    /// Its size; unknown after a loss.
    size: Option<i64>,
    /// Since when nothing could be sent.
    blocked: Option<Stamp>,
    /// When the window was used up, and when it was extended: until the sender sends again.
    resumed: Option<(Stamp, Stamp)>,
}

/// Sizes of a window before and after a frame.
pub(crate) type Change = (i64, i64);

impl Window {
    /// Creates a window of this size.
    pub(crate) fn new(size: Option<i64>) -> Window {
        Window { size, ..Window::default() }
    }

    /// Forgets the size: frames were lost.
    pub(crate) fn lose(&mut self) {
        *self = Window::default();
    }

    /// Extends or reduces what can be sent.
    pub(crate) fn extend(&mut self, by: i64, at: Stamp) -> Option<Change> {
        let before = self.size?;
        let after = before.saturating_add(by);
        self.size = Some(after);
        if after > 0
            && let Some(since) = self.blocked.take()
        {
            self.resumed = Some((since, at));
        } else if after <= 0 && before > 0 {
            self.blocked = Some(at);
        }
        Some((before, after))
    }

    /// Counts data that was sent. Returns the change and, if the window was used up before, for how long.
    pub(crate) fn send(&mut self, len: usize, at: Stamp) -> (Option<Change>, Option<i64>) {
        let waited = self.resumed.take().map(|(since, until)| until.time.saturating_sub(since.time));
        (self.extend(-(len as i64), at), waited.filter(|_| len > 0))
    }
}
