//! Verdicts on the end of a call that failed: resets, early ends, alerts, certificates.

use super::{call_span, verdict};
use crate::capture::CloseKind;
use crate::journey::collected::{Alert, Collected};
use crate::journey::datagram::ConnectionClose;
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::segment::SegmentRecord;
use crate::journey::steps::close_reason;
use crate::journey::text::{between, count, date, quote, size};
use dissectors::exchange::Transfer;

/// The text of the level of an alert that ends a connection.
const FATAL: &str = "Fatal";

/// The connection ended, or the capture, before the response was complete.
pub(super) fn ended_early(collected: &Collected) -> Option<Verdict> {
    let exchange = collected.exchange();
    let request = exchange.request?;
    if exchange.is_one_way || exchange.response.is_some_and(|response| response.complete) {
        return None;
    }
    if let Some((at, side, reason)) = &collected.channel_reset() {
        let text = format!("The {} gave up the call, and kept the connection: {}.", side.name(), quote(reason));
        let has_waited = exchange.response.is_none() && at.time > request.last.time;
        let nanos = if has_waited { at.time.abs_diff(request.last.time) } else { 0 };
        return Some(verdict(VerdictKind::Reset, nanos, text, [at.frame]));
    }
    // There was a response, or there may have been one.
    if collected.may_have_response() && exchange.end_reason.is_empty() {
        return None;
    }
    let reason = match exchange.end_reason.as_str() {
        "" => String::new(),
        reason => format!(" Stated reason: {reason}."),
    };
    if let Some(close) = &collected.transport.close {
        return Some(closed_transport(collected, request, close));
    }
    let end = end_of_connection(collected);
    let waited = |end: &SegmentRecord| request.last.time.abs_diff(end.time.max(request.last.time));
    let (from, to) = call_span(collected)?;
    let limit = from.abs_diff(to);
    let part = received_part(collected);
    let nothing = exchange.response.is_none();
    match end {
        Some(end) => {
            let (kind, verb) = match end.is_reset() {
                true => (VerdictKind::Reset, "reset"),
                false => (VerdictKind::ClosedEarly, "closed"),
            };
            // Bytes that the capture lacks are no early end.
            if collected.missing() > 0 && kind == VerdictKind::ClosedEarly {
                return None;
            }
            let text = format!(
                "The {} {verb} the connection {} after the request, {part}.{reason}",
                end.side.name(),
                between(request.last.time, end.time.max(request.last.time))
            );
            let nanos = if nothing { waited(end).min(limit) } else { 0 };
            Some(verdict(kind, nanos, text, [request.last.frame, end.frame]))
        }
        None if nothing && !exchange.has_unknown_response() => {
            let last = collected.last.time.max(request.last.time);
            let text = match last == request.last.time {
                true => "No response was captured: the request is the last frame of its conversation.".to_owned(),
                false => format!("No response came in {}, until the capture ends.", between(request.last.time, last)),
            };
            let text = text + &reason;
            let nanos = last.abs_diff(request.last.time).min(limit);
            let frames = [request.first.frame, request.last.frame];
            Some(verdict(VerdictKind::NoResponse, nanos, text, frames))
        }
        None => None,
    }
}

/// Returns what of the response was received.
fn received_part(collected: &Collected) -> String {
    match collected.exchange().response {
        Some(response) => format!("after {} of the response body", size(response.body)),
        None => "before a response".to_owned(),
    }
}

/// A side closed a connection in datagrams, or lost its state.
fn closed_transport(collected: &Collected, request: Transfer, close: &ConnectionClose) -> Verdict {
    let end = close.at.time.max(request.last.time);
    let (took, part, side) = (between(request.last.time, end), received_part(collected), close.side.name());
    let (kind, text) = match close.is_state_lost {
        true => (
            VerdictKind::Reset,
            format!("The {side} reset the connection, whose state it had lost, {took} after the request, {part}."),
        ),
        false => {
            let reason = close_reason(collected, close);
            let text = format!("The {side} closed the connection {took} after the request, {part}: {reason}.");
            (VerdictKind::ClosedEarly, text)
        }
    };
    let limit = call_span(collected).map_or(0, |(from, to)| from.abs_diff(to));
    let nanos = if collected.exchange().response.is_none() { request.last.time.abs_diff(end).min(limit) } else { 0 };
    verdict(kind, nanos, text, [request.last.frame, close.at.frame])
}

/// Returns the segment that ended the connection: the reset, or the FIN that came first.
fn end_of_connection(collected: &Collected) -> Option<&SegmentRecord> {
    let stream = collected.stream.as_ref()?;
    let number = match stream.closed {
        CloseKind::Reset(_) => stream.reset?,
        CloseKind::Fin(side) | CloseKind::HalfClosed(side) => {
            // The side that sends the request may close first and read on.
            let responder = collected.requester().other();
            let fins = [stream.fins[responder as usize], stream.fins[side as usize]];
            fins.into_iter().flatten().min()?
        }
        CloseKind::Open | CloseKind::Dropped => return None,
    };
    collected.segments.iter().find(|segment| segment.frame == number)
}

/// The certificate of the server was not valid any more, or not yet, at the time of the capture.
pub(super) fn certificate_time(collected: &Collected) -> Option<Verdict> {
    let certificate = collected.secure.certificate.as_ref()?;
    let now = collected.secure.first.time;
    let [begin, end] = certificate.validity;
    let (kind, text) = match (begin, end) {
        (_, Some(end)) if end < now => (
            VerdictKind::CertificateExpired,
            format!("The certificate of the server expired on {}, {} before.", date(end), days(end, now)),
        ),
        (Some(begin), _) if begin > now => (
            VerdictKind::CertificateNotYetValid,
            format!("The certificate of the server is valid from {} on, {} later.", date(begin), days(now, begin)),
        ),
        _ => return None,
    };
    Some(verdict(kind, 0, text, [certificate.frame]))
}

fn days(from: i64, to: i64) -> String {
    count(to.abs_diff(from) / 86_400_000_000_000, "day")
}

/// The certificate of the server was issued to other hosts than the requested one.
pub(super) fn certificate_name(collected: &Collected) -> Option<Verdict> {
    let secure = &collected.secure;
    let certificate = secure.certificate.as_ref().filter(|certificate| certificate.is_of_server == Some(false))?;
    let (name, frame) = secure.server_name.as_ref()?;
    let more = match certificate.hosts {
        0 | 1 => String::new(),
        hosts => format!(" and {}", count(hosts as u64 - 1, "other name")),
    };
    let text = format!(
        "The certificate of the server is not for {}: it is for {}{more}.",
        quote(name),
        quote(&certificate.host)
    );
    Some(verdict(VerdictKind::CertificateName, 0, text, [*frame, certificate.frame]))
}

/// The connection failed with an alert.
pub(super) fn alert(collected: &Collected) -> Option<Verdict> {
    // An alert that closes a connection in datagrams has no level.
    let is_fatal = |alert: &&Alert| alert.level == FATAL || alert.level.is_empty();
    let alert = collected.secure.alerts.iter().find(is_fatal)?;
    let protocol = collected.secure.protocol;
    let text = format!("The {} ended {protocol} with an alert: {}.", alert.side.name(), quote(&alert.reason));
    Some(verdict(VerdictKind::Alert, 0, text, [alert.at.frame]))
}
