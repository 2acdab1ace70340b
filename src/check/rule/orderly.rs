//! `orderly`: every connection is opened and closed properly.

use super::streams::{Key, Streams, too_many};
use super::{Seen, Watch};
use crate::capture::{Closed, Opened, Stream};
use crate::check::verdict::{Frames, Verdict, many};
use crate::filter::Filter;

pub(super) struct Watching<'r> {
    only: Option<&'r Filter>,
    /// Whether a frame of a connection is meant, where not all are.
    meant: Streams<bool>,
    count: u64,
    failing: u64,
    /// How the first that fails was opened and closed.
    first: Option<String>,
    frames: Frames,
}

impl<'r> Watching<'r> {
    pub(super) fn new(only: Option<&'r Filter>) -> Watching<'r> {
        Watching { only, meant: Streams::new(), count: 0, failing: 0, first: None, frames: Frames::default() }
    }
}

impl Watch for Watching<'_> {
    fn frame(&mut self, seen: &Seen<'_>) {
        if let (Some(only), Some(stream @ Key::Tcp(_))) = (self.only, seen.stream)
            && only.matches(seen.tree)
            && let Some(meant) = self.meant.begin(stream)
        {
            *meant = true;
        }
    }

    fn closed(&mut self, stream: &Stream) {
        if self.meant.end(stream).is_none() && self.only.is_some() {
            return;
        }
        self.count += 1;
        // RFC 9293 3.5: a handshake, or two SYNs that meet; 3.6: a FIN from each side.
        let opened = matches!(stream.opened, Opened::ThreeWay | Opened::Simultaneous);
        let closed = matches!(stream.closed, Closed::Fin(_));
        if opened && closed {
            return;
        }
        self.failing += 1;
        self.frames.add_all(&[stream.first.frame, stream.last.frame]);
        self.first.get_or_insert_with(|| {
            format!("tcp.stream {}: opened {}, closed {}", stream.number, stream.opened.word(), stream.closed.word())
        });
    }

    fn verdict(self: Box<Self>) -> Verdict {
        if self.meant.full {
            return Verdict::new(false, too_many(), self.frames);
        }
        let of = many(self.count, "connection");
        let found = match (self.failing, self.first) {
            (0, _) | (_, None) => of,
            (failing, Some(first)) => format!("{failing} of {of} not; the first is {first}"),
        };
        Verdict::new(self.failing == 0, found, self.frames)
    }
}
