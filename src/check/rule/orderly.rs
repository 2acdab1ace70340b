//! `orderly`: every TCP connection opens with a handshake and closes with a FIN from each side.

use super::stream_map::{StreamKey, StreamMap, overflow_finding};
use super::{EvaluatedItem, RuleEvaluator};
use crate::capture::{CloseKind, OpenKind, Stream};
use crate::check::verdict::{DecidingFrames, Verdict, count_noun};
use crate::filter::Filter;

/// Evaluator of the rule.
pub(super) struct OrderlyEvaluator<'r> {
    condition: Option<&'r Filter>,
    /// Connections with a frame that matches the filter of `where`.
    selected: StreamMap<bool>,
    count: u64,
    failures: u64,
    /// Description of the first connection that fails.
    first_failure: Option<String>,
    frames: DecidingFrames,
}

impl<'r> OrderlyEvaluator<'r> {
    pub(super) fn new(condition: Option<&'r Filter>) -> OrderlyEvaluator<'r> {
        OrderlyEvaluator {
            condition,
            selected: StreamMap::new(),
            count: 0,
            failures: 0,
            first_failure: None,
            frames: DecidingFrames::default(),
        }
    }
}

impl RuleEvaluator for OrderlyEvaluator<'_> {
    fn on_frame(&mut self, item: &EvaluatedItem<'_>) {
        if let (Some(filter), Some(stream @ StreamKey::Tcp(_))) = (self.condition, item.stream)
            && filter.matches(item.tree)
            && let Some(is_selected) = self.selected.get_or_insert(stream)
        {
            *is_selected = true;
        }
    }

    fn on_stream_closed(&mut self, stream: &Stream) {
        if self.selected.remove(stream).is_none() && self.condition.is_some() {
            return;
        }
        self.count += 1;
        // RFC 9293 3.5: a three-way handshake or a simultaneous open; 3.6: a FIN from each side.
        let opened = matches!(stream.opened, OpenKind::ThreeWay | OpenKind::Simultaneous);
        let closed = matches!(stream.closed, CloseKind::Fin(_));
        if opened && closed {
            return;
        }
        self.failures += 1;
        self.frames.add_all(&[stream.first.frame, stream.last.frame]);
        self.first_failure.get_or_insert_with(|| {
            format!("tcp.stream {}: opened {}, closed {}", stream.number, stream.opened.label(), stream.closed.label())
        });
    }

    fn verdict(self: Box<Self>) -> Verdict {
        if self.selected.overflowed {
            return Verdict::new(false, overflow_finding(), self.frames);
        }
        let connections = count_noun(self.count, "connection");
        let found = match (self.failures, self.first_failure) {
            (0, _) | (_, None) => connections,
            (failing, Some(first)) => format!("{failing} of {connections} not orderly; first: {first}"),
        };
        Verdict::new(self.failures == 0, found, self.frames)
    }
}
