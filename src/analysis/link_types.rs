//! Link types of the frames of a capture that no dissector reads.

use crate::source::NOT_A_PACKET;
use dissectors::{Registry, frame};

/// Maximum number of link types that are reported. A capture has few; a hostile pcapng file can have all of them.
const MAX_REPORTED: usize = 16;

/// Link types of the frames read so far.
#[derive(Clone, Default)]
pub(super) struct LinkTypes {
    /// Link type of the last frame, so that the registry is searched only when it changes.
    last: Option<u16>,
    unsupported: Vec<u16>,
}

impl LinkTypes {
    /// Records the link type of a frame.
    #[inline]
    pub(super) fn add(&mut self, link: u16, registry: &Registry) {
        if self.last != Some(link) {
            self.add_other(link, registry);
        }
    }

    /// Whether it is that of the last frame.
    #[inline]
    pub(super) fn is_last(&self, link: u16) -> bool {
        self.last == Some(link)
    }

    #[cold]
    fn add_other(&mut self, link: u16, registry: &Registry) {
        self.last = Some(link);
        if link == NOT_A_PACKET || registry.link(link).is_some() {
            return;
        }
        if !self.unsupported.contains(&link) && self.unsupported.len() < MAX_REPORTED {
            self.unsupported.push(link);
        }
    }

    /// Returns the link types that no dissector reads, in the order of their first frames.
    pub(super) fn unsupported(&self) -> &[u16] {
        &self.unsupported
    }
}

/// Returns the message about a link type that is not supported.
#[must_use]
pub fn unsupported_link_message(link: u16) -> String {
    let name = frame::link_name(link).map_or(String::new(), |name| format!(" ({name})"));
    format!("link type {link}{name} is not supported; its frames are not dissected")
}
