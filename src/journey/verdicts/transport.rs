//! Verdicts on the delivery of segments: copies and full receivers.

use super::{Span, call_span, covered, verdict};
use crate::journey::collected::Collected;
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::segment::{SegmentRecord, mark};
use crate::journey::text::{between, count, duration};
use dissectors::session::Side;

/// Maximum number of frames of evidence.
const MAX_EVIDENCE: usize = 64;

/// Least nanoseconds after which a SYN is sent again. RFC 6298 2.1 has a second; some systems wait less.
const MIN_SYN_TIMEOUT: u64 = 10_000_000;

/// A SYN, or the response to one, had to be sent again.
pub(super) fn syn_again(collected: &Collected) -> Option<Verdict> {
    if !collected.is_first() {
        return None;
    }
    let end = collected.handshake_end();
    let copies = |is_answer: bool| -> Vec<&SegmentRecord> {
        let sent = collected.syns().filter(|syn| syn.is_ack() == is_answer);
        let before = sent.filter(|syn| end.is_none_or(|end| syn.frame < end.frame));
        let all: Vec<&SegmentRecord> = before.collect();
        let Some(first) = all.first().copied() else { return all };
        all.into_iter().filter(|syn| syn.side == first.side && syn.seq_raw == first.seq_raw).collect()
    };
    let (name, syns) = match copies(false) {
        syns if syns.len() > 1 => ("SYN", syns),
        _ => ("SYN, ACK", copies(true)),
    };
    let (first, last) = (syns.first()?, syns.last()?);
    // A capture may have a segment several times.
    if syns.len() < 2 || first.time.abs_diff(last.time) < MIN_SYN_TIMEOUT {
        return None;
    }
    let lost = if syns.len() == 2 { "once".to_owned() } else { format!("{} times", syns.len() - 1) };
    let text = format!("The {name} was sent again {lost}: {} until the last copy.", between(first.time, last.time));
    let nanos = first.time.abs_diff(last.time);
    Some(verdict(VerdictKind::SynAgain, nanos, text, syns.iter().map(|syn| syn.frame).take(MAX_EVIDENCE)))
}

/// A segment that was sent again, and the time that its bytes were late.
pub(super) struct ResentSegment {
    frame: u32,
    /// Frame that shows that the bytes were missing: the first copy, or the first segment after the gap.
    since: u32,
    is_needless: bool,
    pub(super) span: Span,
}

/// Returns the segments of a call that were sent again. Where the first copy was not captured, a segment that fills a gap was
/// sent again if it came about a round trip after the gap, or later; else it was only out of order.
pub(super) fn resent_times(collected: &Collected) -> Vec<ResentSegment> {
    let segments: Vec<&SegmentRecord> = collected.call_segments().collect();
    let marks = mark::RETRANSMISSION | mark::FAST | mark::SPURIOUS | mark::OUT_OF_ORDER;
    let is_copy = |segment: &SegmentRecord| segment.len > 0 && segment.is_marked(marks);
    let round_trip = collected.round_trip();
    let mut resent = Vec::new();
    for (nth, segment) in segments.iter().enumerate().filter(|(_, segment)| is_copy(segment)) {
        let earlier = segments.get(..nth).unwrap_or_default();
        let sent = |other: &&&SegmentRecord| other.side == segment.side && other.len > 0;
        let covers = |other: &&SegmentRecord| segment.seq.wrapping_sub(other.seq) < other.len;
        let is_after = |other: &&SegmentRecord| (other.seq.wrapping_sub(segment.seq) as i32) > 0;
        let original = earlier.iter().filter(sent).find(|other| covers(other));
        let shows_gap = || {
            let after = earlier.iter().filter(sent).find(|other| is_after(other))?;
            Some(after).filter(|after| after.time.abs_diff(segment.time) > round_trip / 4 * 3)
        };
        let Some(since) = original.or_else(shows_gap) else { continue };
        // Near the receiver, the first copy had arrived.
        let has_arrived = original.is_some() && collected.is_near(segment.side.other());
        let is_needless = segment.is_marked(mark::SPURIOUS) || has_arrived;
        let to = if is_needless { since.time } else { segment.time };
        resent.push(ResentSegment { frame: segment.frame, since: since.frame, is_needless, span: (since.time, to) });
    }
    resent
}

/// Data had to be sent again.
pub(super) fn retransmission(collected: &Collected, resent: &[ResentSegment]) -> Option<Verdict> {
    if resent.is_empty() {
        return None;
    }
    let spans: Vec<Span> = resent.iter().map(|segment| segment.span).collect();
    let nanos = covered(&spans, call_span(collected)?);
    let (_, end) = call_span(collected)?;
    let late = resent.iter().filter(|segment| !segment.is_needless).map(|segment| segment.span.1).max();
    let late = late.filter(|&time| time > end);
    let needless = resent.iter().filter(|segment| segment.is_needless).count();
    let segments = count(resent.len() as u64, "segment");
    let verb = if resent.len() == 1 { "was" } else { "were" };
    let text = if needless == resent.len() {
        format!("{segments} {verb} sent again without need: the data had arrived.")
    } else if let Some(time) = late.filter(|_| nanos == 0) {
        format!("{segments} {verb} sent again, {} after the end of the call as it was captured.", between(end, time))
    } else if nanos == 0 {
        format!("{segments} {verb} sent again, without a delay.")
    } else {
        format!("{segments} {verb} sent again, after a loss: {} of delay.", duration(nanos))
    };
    let frames = resent.iter().flat_map(|segment| [segment.since, segment.frame]);
    Some(verdict(VerdictKind::Retransmission, nanos, text, frames.take(MAX_EVIDENCE)))
}

/// A receiver had no buffer for more data.
pub(super) fn zero_window(collected: &Collected) -> Option<Verdict> {
    let (mut spans, mut frames): (Vec<Span>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut closed: [Option<i64>; 2] = [None, None];
    let mut side = Side::Client;
    for segment in collected.call_segments().filter(|segment| !segment.is_syn() && !segment.is_reset()) {
        let since = &mut closed[segment.side as usize];
        match since {
            None if segment.is_marked(mark::ZERO_WINDOW) => {
                *since = Some(segment.time);
                side = segment.side;
                frames.push(segment.frame);
            }
            Some(from) if segment.window > 0 => {
                spans.push((*from, segment.time));
                frames.push(segment.frame);
                *since = None;
            }
            _ => {}
        }
    }
    let span = call_span(collected)?;
    spans.extend(closed.into_iter().flatten().map(|from| (from, span.1)));
    if frames.is_empty() {
        return None;
    }
    let nanos = covered(&spans, span);
    let text = format!("The window of the {} was 0 for {}: it did not read.", side.name(), duration(nanos));
    Some(verdict(VerdictKind::ZeroWindow, nanos, text, frames.into_iter().take(MAX_EVIDENCE)))
}
