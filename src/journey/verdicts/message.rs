//! Verdicts on the messages: the time of the server, its status, and the body.

use super::transport::ResentSegment;
use super::{SLOW, Span, call_span, covered, verdict};
use crate::journey::collected::Collected;
use crate::journey::facts;
use crate::journey::model::{Verdict, VerdictKind};
use crate::journey::text::{between, duration, quote, size, target_text};
use dissectors::call_facts::{FactRole, StatusMeaning};
use dissectors::exchange::Outcome;
use dissectors::session::Half;

/// Least bytes of a body for which compression saves a segment.
const COMPRESSIBLE_BYTES: u64 = 1400;

/// Parts of media types whose content compresses well.
const COMPRESSIBLE: [&str; 6] = ["text/", "json", "javascript", "xml", "wasm", "font/ttf"];

/// Codings that a client can name for compression.
const CODINGS: [&str; 5] = ["gzip", "br", "zstd", "deflate", "*"];

/// The flow control of the protocol stopped the sender.
pub(super) fn flow_control(collected: &Collected) -> Option<Verdict> {
    let (nanos, frames) = &collected.blocked;
    let (sender, _) = frames.first()?;
    let (from, to) = call_span(collected)?;
    let nanos = (*nanos).min(from.abs_diff(to));
    let text = format!(
        "Flow control stopped the {} for {}: its window was used up until the {} allowed more.",
        sender.name(),
        duration(nanos),
        sender.other().name()
    );
    Some(verdict(VerdictKind::FlowControl, nanos, text, frames.iter().map(|(_, frame)| *frame)))
}

/// The server took most of the time.
pub(super) fn server_time(collected: &Collected, resent: &[ResentSegment]) -> Option<Verdict> {
    let exchange = collected.exchange();
    let (request, response) = (exchange.request?, exchange.response?);
    let wait = (request.last.time, response.first.time);
    exchange.time_to_first_byte().filter(|_| collected.unread_handshake_end().is_none())?;
    let mut other: Vec<Span> = resent.iter().map(|segment| segment.span).collect();
    other.extend(blocking(collected).map(|(_, until)| (wait.0, until)));
    let network = collected.round_trip_to_server().saturating_add(covered(&other, wait));
    let nanos = wait.0.abs_diff(wait.1).saturating_sub(network);
    let (from, to) = call_span(collected)?;
    let total = from.abs_diff(to);
    if nanos < SLOW || nanos.saturating_mul(2) < total {
        return None;
    }
    let text = format!("The server took {} of {} until its response began.", duration(nanos), duration(total));
    Some(verdict(VerdictKind::ServerTime, nanos, text, [request.last.frame, response.first.frame]))
}

/// Returns the frame and the time at which an earlier response ended that this one had to wait for.
fn blocking(collected: &Collected) -> Option<(u32, i64)> {
    let exchange = collected.exchange();
    if !facts::responds_in_order(exchange.protocol) {
        return None;
    }
    let earlier = collected.siblings.previous.as_ref()?.response?;
    let (request, response) = (exchange.request?, exchange.response?);
    let is_between = request.last.time < earlier.last.time && earlier.last.time <= response.first.time;
    let is_between = is_between && earlier.last.frame != response.first.frame;
    is_between.then_some((earlier.last.frame, earlier.last.time))
}

/// The response had to wait for that of an earlier call.
pub(super) fn head_of_line(collected: &Collected) -> Option<Verdict> {
    let exchange = collected.exchange();
    let (frame, until) = blocking(collected)?;
    let (request, response) = (exchange.request?, exchange.response?);
    let earlier = collected.siblings.previous.as_ref()?;
    let name = target_text(earlier.protocol, &earlier.method, &earlier.target);
    let text = format!(
        "Responses come in order: this one waited {} for that of call {} on the connection, {name}.",
        between(request.last.time, until),
        collected.siblings.before
    );
    let nanos = until.abs_diff(request.last.time);
    Some(verdict(VerdictKind::HeadOfLine, nanos, text, [request.last.frame, frame, response.first.frame]))
}

/// The response reports an error, or that a stored copy is valid.
pub(super) fn status(collected: &Collected) -> Option<Verdict> {
    let exchange = collected.exchange();
    let response = exchange.response?;
    let line = collected.message(Half::Response).and_then(|message| message.head.first());
    // The line of a status without a number is less clear than its name.
    let line = line.filter(|line| line.contains(exchange.status.as_str()));
    let line = line.map_or_else(|| quote(&exchange.status), |line| quote(line));
    let frames = [response.first.frame, response.last.frame];
    if facts::meaning(exchange) == Some(StatusMeaning::NotModified) {
        let text = format!("The client may use its stored copy: {line}.");
        return Some(verdict(VerdictKind::NotModified, 0, text, frames));
    }
    let is_alert = !collected.secure.alerts.is_empty() && facts::has_handshake(exchange.protocol);
    let is_error = matches!(exchange.outcome, Outcome::ClientError | Outcome::ServerError);
    if !is_error || is_alert || facts::meaning(exchange) == Some(StatusMeaning::NoSuchName) {
        return None;
    }
    let of = if exchange.outcome == Outcome::ClientError { "client" } else { "server" };
    let text = format!("The response reports an error of the {of}: {line}.");
    Some(verdict(VerdictKind::ErrorStatus, 0, text, frames))
}

/// A body that compresses well was sent as it is, to a client that accepts compression.
pub(super) fn not_compressed(collected: &Collected) -> Option<Verdict> {
    let exchange = collected.exchange();
    let response = exchange.response.filter(|response| response.complete)?;
    let (request, answer) = (collected.message(Half::Request)?, collected.message(Half::Response)?);
    let name = facts::header_name(exchange.protocol, FactRole::AcceptedCodings)?;
    let accepted = request.header(name)?.to_ascii_lowercase();
    let accepts = accepted.split(',').map(|coding| coding.split(';').next().unwrap_or_default().trim());
    let accepts = accepts.into_iter().any(|coding| CODINGS.contains(&coding));
    let media_type = answer.media_type.to_ascii_lowercase();
    let is_text = COMPRESSIBLE.iter().any(|part| media_type.contains(part)) && !media_type.contains("event-stream");
    let is_whole = exchange.outcome == Outcome::Success && exchange.code != Some(206);
    if !accepts || !is_text || !is_whole || !answer.coding.is_empty() || response.body < COMPRESSIBLE_BYTES {
        return None;
    }
    let text = format!(
        "The body, {} of {}, was not compressed, although the client accepts it.",
        size(response.body),
        quote(&answer.media_type)
    );
    Some(verdict(VerdictKind::NotCompressed, 0, text, [response.first.frame, response.last.frame]))
}
