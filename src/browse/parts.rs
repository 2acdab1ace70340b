//! Which frames of a connection begin a message, and in which it goes on.

use super::known::{Frames, Span, Talk};
use crate::analysis::Half;
use dissectors::session::Side;

/// As many messages of a side are looked at for the one that a frame tells.
const RECENT: usize = 64;

/// A message of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) nth: u32,
    pub(super) half: Half,
    pub(super) first: u32,
    /// The last frame with bytes of it.
    last: u32,
    pub(super) told: u32,
}

/// What a frame has of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Middle(Half),
    End(Half),
}

/// The messages of a connection; the client's first, each side's in the order of their first frames.
#[derive(Debug, Default)]
pub(super) struct Parts([Vec<Part>; 2]);

impl Parts {
    /// Those that are known of a connection.
    pub(super) fn of(known: &Frames, stream: u32) -> Parts {
        let mut parts = Parts::default();
        for talk in known.talks.iter().filter(|talk| talk.stream == stream) {
            let asks = talk.asked_by != Some(Side::Server);
            parts.add(asks, talk, Half::Request, talk.request);
            parts.add(!asks, talk, Half::Response, talk.response);
        }
        parts.0.iter_mut().for_each(|side| side.sort_by_key(|part| (part.first, part.nth)));
        parts
    }

    fn add(&mut self, from_client: bool, talk: &Talk, half: Half, span: Option<Span>) {
        let [client, server] = &mut self.0;
        let side = if from_client { client } else { server };
        side.extend(span.map(|Span { first, last, told }| Part { nth: talk.nth, half, first, last, told }));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn side(&self, from_client: bool) -> &[Part] {
        let [client, server] = &self.0;
        if from_client { client } else { server }
    }

    /// The messages that a side begins in a frame.
    pub(super) fn begun(&self, from_client: bool, frame: u32) -> &[Part] {
        let side = self.side(from_client);
        let from = side.partition_point(|part| part.first < frame);
        let to = side.partition_point(|part| part.first <= frame);
        side.get(from..to).unwrap_or_default()
    }

    /// What a frame has of the message that its sender began before it.
    pub(super) fn piece(&self, from_client: bool, frame: u32) -> Option<Piece> {
        let side = self.side(from_client);
        let part = side.get(side.partition_point(|part| part.first < frame).checked_sub(1)?)?;
        match part.last {
            last if frame < last => Some(Piece::Middle(part.half)),
            last if frame == last => Some(Piece::End(part.half)),
            _ => None,
        }
    }

    /// A half of an exchange that a frame tells.
    pub(super) fn told(&self, nth: u32, half: Half, frame: u32) -> Option<&Part> {
        // Most messages that are told have begun shortly before.
        let recent = |side: &'_ Vec<Part>| side.partition_point(|part| part.first <= frame);
        let recent = self.0.iter().flat_map(move |side| side.iter().take(recent(side)).rev().take(RECENT));
        recent.into_iter().find(|part| (part.told, part.nth, part.half) == (frame, nth, half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_begins_messages_or_goes_on_with_one() {
        let part = |nth, half, first, last| Part { nth, half, first, last, told: last };
        let (asks, answers) = (Half::Request, Half::Response);
        let parts =
            Parts([vec![part(0, asks, 4, 9), part(1, asks, 9, 9), part(2, asks, 9, 10)], vec![part(0, answers, 6, 6)]]);
        let begun =
            |from_client, frame| parts.begun(from_client, frame).iter().map(|part| part.nth).collect::<Vec<_>>();
        assert_eq!([begun(true, 4), begun(true, 5), begun(true, 9)], [vec![0], vec![], vec![1, 2]]);
        assert_eq!(parts.piece(true, 4), None);
        assert_eq!([5, 9].map(|frame| parts.piece(true, frame)), [Some(Piece::Middle(asks)), Some(Piece::End(asks))]);
        assert_eq!([10, 11].map(|frame| parts.piece(true, frame)), [Some(Piece::End(asks)), None]);
        assert_eq!([5, 6, 7].map(|frame| parts.piece(false, frame)), [None; 3]);
        assert_eq!(parts.told(2, asks, 10).map(|part| part.first), Some(9));
        assert_eq!(parts.told(2, answers, 10), None);
    }
}
