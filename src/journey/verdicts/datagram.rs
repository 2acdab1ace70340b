//! Verdicts on transports in datagrams: data that was sent again, and limits of flow control.

use super::{Span, call_span, covered, verdict};
use crate::journey::collected::Collected;
use crate::journey::datagram::{ChannelLimit, ChannelPart};
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::text::{count, duration};

/// Maximum number of frames of evidence.
const MAX_EVIDENCE: usize = 64;

/// Data of the call had to be sent again.
pub(super) fn sent_again(collected: &Collected) -> Option<Verdict> {
    let channel = i64::from(collected.channel?);
    let parts: Vec<&ChannelPart> = collected.transport.parts.iter().filter(|part| part.channel == channel).collect();
    let (mut spans, mut frames): (Vec<Span>, Vec<u32>) = (Vec::new(), Vec::new());
    for (nth, part) in parts.iter().enumerate() {
        let earlier = parts.get(..nth).unwrap_or_default().iter().filter(|other| other.side == part.side);
        // A packet that was captured twice is not sent again: that has another number.
        if earlier.clone().any(|other| other.packet == part.packet && other.covers(part)) {
            continue;
        }
        let original = earlier.clone().find(|other| other.covers(part));
        // What fills a gap is sent again if its packet has a higher number than what came after the gap: else it is out of order.
        let fills_gap = |other: &&&ChannelPart| other.offset > part.offset && other.packet < part.packet;
        let after_gap = || earlier.clone().find(|other| fills_gap(other));
        let Some(since) = original.or_else(after_gap) else { continue };
        spans.push((since.at.time, part.at.time));
        frames.extend([since.at.frame, part.at.frame]);
    }
    let packets = spans.len() as u64;
    let nanos = covered(&spans, call_span(collected)?);
    if packets == 0 {
        return None;
    }
    let (of, verb) = (count(packets, "packet"), if packets == 1 { "was" } else { "were" });
    let text = match nanos {
        0 => format!("The data of {of} {verb} sent again, without a delay of the call."),
        _ => format!("The data of {of} {verb} sent again: the receiver had it {} later at most.", duration(nanos)),
    };
    Some(verdict(VerdictKind::Retransmission, nanos, text, frames.into_iter().take(MAX_EVIDENCE)))
}

/// A limit of the channel or of the connection stopped a sender, as it states.
pub(super) fn blocked(collected: &Collected) -> Option<Verdict> {
    let channel = i64::from(collected.channel?);
    let (from, to) = call_span(collected)?;
    let is_own = |limit: &&ChannelLimit| limit.channel.is_none_or(|other| other == channel);
    let limits: Vec<&ChannelLimit> = collected.transport.limits.iter().filter(is_own).collect();
    let (mut spans, mut frames): (Vec<Span>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut sender = None;
    for (nth, stop) in limits.iter().enumerate().filter(|(_, limit)| !limit.is_raised && limit.at.time <= to) {
        let raises =
            |limit: &&&ChannelLimit| limit.is_raised && limit.side != stop.side && limit.channel == stop.channel;
        let raised = limits.get(nth..).unwrap_or_default().iter().find(raises);
        spans.push((stop.at.time, raised.map_or(to, |raised| raised.at.time)));
        frames.push(stop.at.frame);
        frames.extend(raised.map(|raised| raised.at.frame));
        sender.get_or_insert(stop.side);
    }
    let sender = sender?;
    let nanos = covered(&spans, (from, to));
    let text = format!(
        "Flow control stopped the {} for {}: its limit was used up until the {} allowed more.",
        sender.name(),
        duration(nanos),
        sender.other().name()
    );
    Some(verdict(VerdictKind::FlowControl, nanos, text, frames.into_iter().take(MAX_EVIDENCE)))
}
