//! Verdicts on senders that wait for acknowledgments: Nagle's algorithm with delayed ACKs, and slow start.

use super::transport::ResentSegment;
use super::{call_span, verdict};
use crate::journey::collected::Collected;
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::segment::SegmentRecord;
use crate::journey::text::{count, duration};
use dissectors::session::{Half, Side};

/// Least nanoseconds of a delayed ACK: Linux delays by 40 ms, others by up to 200 ms (RFC 9293 3.8.6.3).
const DELAYED_ACK: u64 = 30_000_000;

/// Maximum nanoseconds of a delayed ACK (RFC 9293 3.8.6.3).
const MAX_DELAYED_ACK: u64 = 500_000_000;

/// Nanoseconds within which a sender reacts to an acknowledgment, beyond the round trip.
const REACTION: u64 = 3_000_000;

/// Least round trip for which slow start is noticed.
const MIN_ROUND_TRIP: u64 = 1_000_000;

/// Least number of segments of the first flight. RFC 6928: initial windows are up to ten.
const MIN_FLIGHT: usize = 3;

/// The sender held back the rest of a message until the receiver acknowledged its beginning, which that delayed.
pub(super) fn delayed_ack(collected: &Collected) -> Option<Verdict> {
    let round_trip = collected.round_trip();
    let segments: Vec<&SegmentRecord> = collected.call_segments().collect();
    let (mut nanos, mut frames, mut sender) = (0_u64, Vec::new(), Side::Client);
    for (half, side) in halves(collected) {
        let owned = |frame: &u32| collected.half_frames[half as usize].binary_search(frame).is_ok();
        let full = segments.iter().filter(|other| other.side == side).map(|other| other.len).max();
        for (nth, first) in segments.iter().enumerate() {
            if first.side != side || first.len == 0 || Some(first.len) == full && full > Some(1000) {
                continue;
            }
            let mut later = segments.iter().skip(nth + 1);
            let Some(ack) = later.next().filter(|ack| ack.side != side && ack.is_pure_ack()) else { continue };
            let Some(next) = later.next().filter(|next| next.side == side && next.len > 0) else { continue };
            // Near the sender, the way of both segments is a part of the time.
            let network = if collected.is_near(side.other()) { 0 } else { round_trip };
            let delay = ack.time.abs_diff(first.time).saturating_sub(network);
            let reaction = next.time.abs_diff(ack.time);
            let acknowledges = (ack.ack.wrapping_sub(first.end()) as i32) >= 0;
            let is_delayed = (DELAYED_ACK..=MAX_DELAYED_ACK).contains(&delay) && reaction <= round_trip + REACTION;
            if is_delayed && acknowledges && owned(&first.frame) && owned(&next.frame) {
                nanos = nanos.saturating_add(next.time.abs_diff(first.time));
                frames.extend([first.frame, ack.frame, next.frame]);
                sender = side;
            }
        }
    }
    let (from, to) = call_span(collected)?;
    if frames.is_empty() {
        return None;
    }
    let text = format!(
        "The {} held back data for {}, until the {} sent a delayed ACK (Nagle's algorithm).",
        sender.name(),
        duration(nanos),
        sender.other().name()
    );
    Some(verdict(VerdictKind::DelayedAck, nanos.min(from.abs_diff(to)), text, frames))
}

/// The halves of the call with their senders.
fn halves(collected: &Collected) -> [(Half, Side); 2] {
    let requester = collected.requester();
    [(Half::Request, requester), (Half::Response, requester.other())]
}

/// The sender of a new connection stopped after each flight, until acknowledgments let it send more.
pub(super) fn slow_start(collected: &Collected, resent: &[ResentSegment]) -> Option<Verdict> {
    let round_trip = collected.round_trip();
    if !collected.is_first() || !resent.is_empty() || round_trip < MIN_ROUND_TRIP {
        return None;
    }
    let mut best: Option<Verdict> = None;
    for (half, side) in halves(collected) {
        let owned = &collected.half_frames[half as usize];
        let data: Vec<&SegmentRecord> = collected
            .call_segments()
            .filter(|segment| segment.side == side && segment.len > 0 && owned.binary_search(&segment.frame).is_ok())
            .collect();
        let full = data.iter().map(|segment| segment.len).max().unwrap_or_default();
        let mut flights: Vec<Vec<&SegmentRecord>> = Vec::new();
        for segment in data {
            let gap = flights.last().and_then(|flight| flight.last()).map(|last| segment.time.abs_diff(last.time));
            match gap.zip(flights.last_mut()) {
                Some((gap, flight)) if gap < round_trip / 2 => flight.push(segment),
                _ => flights.push(vec![segment]),
            }
        }
        let (mut nanos, mut frames, mut pauses) = (0_u64, Vec::new(), 0);
        for (flight, next) in flights.iter().zip(flights.iter().skip(1)) {
            let (Some(last), Some(first)) = (flight.last(), next.first()) else { continue };
            let gap = first.time.abs_diff(last.time);
            // The sender had more to send, or the segment would not be full.
            let waits = last.len == full && flight.len() >= MIN_FLIGHT && gap <= round_trip.saturating_mul(2);
            if !waits {
                break;
            }
            nanos = nanos.saturating_add(gap);
            pauses += 1;
            frames.extend([last.frame, first.frame]);
        }
        if pauses > 0 && best.as_ref().is_none_or(|best| nanos > best.nanos) {
            let text = format!(
                "Slow start: the {} of a new connection waited {} for acknowledgments, {} in all.",
                side.name(),
                if pauses == 1 { "once".to_owned() } else { count(pauses, "time") },
                duration(nanos)
            );
            best = Some(verdict(VerdictKind::SlowStart, nanos, text, frames));
        }
    }
    best
}
