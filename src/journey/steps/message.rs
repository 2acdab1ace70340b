//! The steps of the request, of the wait, and of the response.

use super::{Statement, Step, StepKind};
use crate::journey::collected::{Collected, MessageText};
use crate::journey::facts;
use crate::journey::segment::{SegmentRecord, mark};
use crate::journey::text::{between, count, duration, quote, size, target_text};
use dissectors::call_facts::ExplainedStep;
use dissectors::exchange::{Outcome, Transfer};
use dissectors::session::Half;

/// Maximum number of header lines in a step.
const MAX_HEADERS: usize = 24;

const WAIT_EXPLANATION: &str = "Between the last byte of the request and the first byte of the response, the request travels \
    to the server, the server works, and the response travels back. This time less one round trip is what the server thinks \
    (RFC 9110 3.4).";

const REQUEST_EXPLANATION: &str = "The request says what the client wants. The transport numbers its bytes, carries them in segments \
    or datagrams of limited size, and does not know where a message ends: that is a matter of the protocol above (RFC 9293 3.4).";

const MESSAGE_EXPLANATION: &str = "Either side may send a message on an open channel at any time, and the protocol has no \
    response to it. Only the transport acknowledges that its bytes arrived (RFC 9293 3.4).";

const RESPONSE_EXPLANATION: &str = "The response says how the request went, with what the client asked for. It comes in the same \
    conversation, and the client knows by order or by an identifier which request it belongs to (RFC 9293 2.2).";

const PUSH_EXPLANATION: &str = "PSH on the last segment of a message says that the receiver should pass the data on at once, \
    because nothing follows for now (RFC 9293 3.9.1).";

/// Returns the step of a half of the call.
pub(super) fn step(collected: &Collected, half: Half) -> Option<Step> {
    let exchange = collected.exchange();
    let (kind, transfer, explained) = match half {
        Half::Request => (StepKind::Request, exchange.request, ExplainedStep::Request),
        Half::Response => (StepKind::Response, exchange.response, ExplainedStep::Response),
    };
    let Some(transfer) = transfer else { return missing(collected, half, kind) };
    let is_unread = collected.unread_handshake_end().is_some();
    if is_unread && half == Half::Response {
        // Which data is a response is not known.
        return None;
    }
    let frames = frames(collected, half, transfer);
    let message = collected.message(half);
    let mut statements = Vec::new();
    statements.push(start_statement(collected, half, message, transfer));
    let headers = message.map_or(&[][..], |message| message.head.get(1..).unwrap_or_default());
    for line in headers.iter().take(MAX_HEADERS) {
        statements.push(Statement::new(quote(line), []));
    }
    if headers.len() > MAX_HEADERS {
        let rest = count((headers.len() - MAX_HEADERS) as u64, "more header line");
        statements.push(Statement::new(format!("{rest}."), []));
    }
    let is_handshake = facts::has_handshake(exchange.protocol);
    if half == Half::Request && !exchange.connect_protocol.is_empty() {
        let text =
            format!("It opens a tunnel of the protocol {} (extended CONNECT).", quote(&exchange.connect_protocol));
        statements.push(Statement::new(text, [transfer.first.frame]));
    }
    if half == Half::Request && exchange.is_pushed {
        let text = "The server made this request itself, to push its response (server push).";
        statements.push(Statement::new(text, [transfer.first.frame]));
    }
    statements.push(body_statement(collected, message, transfer));
    if let Some(response) = exchange.response.filter(|_| is_unread) {
        let text = format!("The server sent {} on the connection.", size(response.body));
        statements.push(Statement::new(text, [response.completed_in]));
    }
    if let Some(message) = message.filter(|message| !message.body.is_empty()) {
        statements.push(Statement::new(format!("It begins: {}", quote(&message.body)), []));
    }
    if !is_handshake {
        statements.push(carried_statement(collected, transfer, &frames));
    }
    statements.extend(window_statement(collected, half, &frames));
    statements.extend(trouble(collected, &frames));
    let explained = facts::explanation(exchange.protocol, explained);
    let mut explanation = explained
        .unwrap_or(match half {
            Half::Request if exchange.is_one_way => MESSAGE_EXPLANATION,
            Half::Request => REQUEST_EXPLANATION,
            Half::Response => RESPONSE_EXPLANATION,
        })
        .to_owned();
    if half == Half::Request && exchange.id.conversation.tcp().is_some() {
        explanation = format!("{explanation} {PUSH_EXPLANATION}").trim_start().to_owned();
    }
    let span = (transfer.first.time, transfer.last.time.max(transfer.first.time));
    Some(super::step(kind, Some(span), statements, &explanation))
}

fn missing(collected: &Collected, half: Half, kind: StepKind) -> Option<Step> {
    let exchange = collected.exchange();
    if half == Half::Response && exchange.is_one_way {
        return None;
    }
    let text = match half {
        Half::Request if exchange.has_unknown_request => {
            "The request is not known: it was not decrypted, or its state was dropped at a limit."
        }
        Half::Request => "The request was not captured.",
        Half::Response if collected.may_have_response() && collected.lacks_side().is_none() => {
            "No response could be read: data of the server is encrypted, malformed, or missing in the capture."
        }
        Half::Response if exchange.has_unknown_response() => {
            "The response is not known: it was not decrypted, or its state was dropped at a limit."
        }
        Half::Response => "No response was captured.",
    };
    Some(super::step(kind, None, vec![Statement::new(text, [])], ""))
}

fn start_statement(collected: &Collected, half: Half, message: Option<&MessageText>, transfer: Transfer) -> Statement {
    let exchange = collected.exchange();
    let line = message.and_then(|message| message.head.first()).map(|line| quote(line));
    let line = line.filter(|line| !line.is_empty()).unwrap_or_else(|| match half {
        Half::Request => target_text(exchange.protocol, &exchange.method, &exchange.target),
        Half::Response => quote(&exchange.status),
    });
    Statement::new(line, [transfer.first.frame])
}

fn body_statement(collected: &Collected, message: Option<&MessageText>, transfer: Transfer) -> Statement {
    let is_handshake = facts::has_handshake(collected.exchange().protocol);
    let mut text = match transfer.body {
        // The call is a connection whose content is not read.
        bytes if is_handshake => format!("{} on the connection", size(bytes)),
        0 => "No body".to_owned(),
        bytes => format!("Body of {}", size(bytes)),
    };
    if let Some(message) = message.filter(|_| transfer.body > 0) {
        if !message.media_type.is_empty() {
            text.push_str(&format!(", {}", quote(&message.media_type)));
        }
        if !message.coding.is_empty() {
            text.push_str(&format!(", compressed with {}", quote(&message.coding)));
        }
    }
    if !transfer.complete {
        let is_ended = collected.channel_reset().is_some() || collected.exchange().outcome == Outcome::Aborted;
        text.push_str(if is_ended {
            ": the message is incomplete"
        } else {
            ": the end of the message was not captured"
        });
    }
    text.push('.');
    let completed = if transfer.body > 0 { transfer.completed_in } else { 0 };
    Statement::new(text, [completed])
}

/// Returns the frames with bytes of a half.
fn frames(collected: &Collected, half: Half, transfer: Transfer) -> Vec<u32> {
    let owned = &collected.half_frames[half as usize];
    match owned.is_empty() {
        true => vec![transfer.first.frame, transfer.last.frame],
        false => owned.clone(),
    }
}

fn carried_statement(collected: &Collected, transfer: Transfer, frames: &[u32]) -> Statement {
    let time = between(transfer.first.time, transfer.last.time);
    let marks = mark::RETRANSMISSION | mark::FAST | mark::SPURIOUS;
    let is_copy = |frame: &&u32| collected.segment(**frame).is_some_and(|segment| segment.is_marked(marks));
    let copies = if frames.len() > 1 { frames.iter().filter(is_copy).count() } else { 0 };
    let copied = match copies as u64 {
        0 => String::new(),
        1 => "; 1 copy".to_owned(),
        copies => format!("; {copies} copies"),
    };
    let unit = if collected.exchange().id.conversation.tcp().is_some() { "segment" } else { "datagram" };
    let is_pushed = collected.segment(transfer.last.frame).is_some_and(SegmentRecord::is_push);
    let text = match (frames.len() - copies) as u64 {
        1 if is_pushed => format!("It fits into 1 {unit}, with PSH{copied}."),
        1 => format!("It fits into 1 {unit}{copied}."),
        carried => {
            let push = if is_pushed { ", the last with PSH" } else { "" };
            format!("{} carried it in {time}{push}{copied}.", count(carried, unit))
        }
    };
    Statement::new(text, frames.iter().copied())
}

/// Returns the windows that the receiver of a half offered while several segments carried it.
fn window_statement(collected: &Collected, half: Half, frames: &[u32]) -> Option<Statement> {
    let [first, .., last] = frames else { return None };
    let requester = collected.requester();
    let receiver = if half == Half::Request { requester.other() } else { requester };
    let offers = |segment: &&SegmentRecord| {
        segment.side == receiver && segment.is_ack() && !segment.is_syn() && !segment.is_reset()
    };
    let during = collected.segments.iter().filter(|segment| (first..=last).contains(&&segment.frame)).filter(offers);
    let (least, most) = (during.clone().min_by_key(|segment| segment.window)?, during.max_by_key(|one| one.window)?);
    let (name, from, to) = (receiver.name(), size(least.window.into()), size(most.window.into()));
    let range = if from == to { from } else { format!("{from} to {to}") };
    Some(Statement::new(format!("The {name} offered a window of {range} meanwhile."), [least.frame, most.frame]))
}

/// Returns statements about losses and windows among the frames of a half.
fn trouble(collected: &Collected, frames: &[u32]) -> Vec<Statement> {
    let (Some(&first), Some(&last)) = (frames.first(), frames.last()) else { return Vec::new() };
    let during: Vec<&SegmentRecord> =
        collected.segments.iter().filter(|segment| (first..=last).contains(&segment.frame)).collect();
    let kinds = [
        (mark::RETRANSMISSION | mark::FAST | mark::SPURIOUS, "segment sent again", "segments sent again"),
        (mark::OUT_OF_ORDER, "segment out of order", "segments out of order"),
        (mark::DUPLICATE_ACK, "duplicate acknowledgment", "duplicate acknowledgments"),
        (mark::WINDOW_FULL, "segment that fills the window", "segments that fill the window"),
        (mark::ZERO_WINDOW, "segment with a window of 0", "segments with a window of 0"),
        (mark::LOST, "segment after a gap in the capture", "segments after a gap in the capture"),
    ];
    let mut statements = Vec::new();
    for (marks, one, many) in kinds {
        let found: Vec<u32> =
            during.iter().filter(|segment| segment.is_marked(marks)).map(|segment| segment.frame).collect();
        if let Some(number) = Some(found.len()).filter(|&number| number > 0) {
            let text = if number == 1 { format!("1 {one}.") } else { format!("{number} {many}.") };
            statements.push(Statement::new(text, found));
        }
    }
    statements
}

/// Returns the step between request and response.
pub(super) fn wait(collected: &Collected) -> Option<Step> {
    let exchange = collected.exchange();
    let request = exchange.request?;
    if exchange.is_one_way || collected.unread_handshake_end().is_some() {
        return None;
    }
    let server = collected.requester().other().name();
    let Some(response) = exchange.response else {
        if collected.lacks_side() == Some(collected.requester().other()) {
            let text = format!("No frame of the {server} was captured, so when it responded is not known.");
            return Some(super::step(StepKind::Wait, None, vec![Statement::new(text, [])], WAIT_EXPLANATION));
        }
        if exchange.has_unknown_response() || collected.may_have_response() {
            let text = format!("No response of the {server} could be read, so when it responded is not known.");
            return Some(super::step(StepKind::Wait, None, vec![Statement::new(text, [])], WAIT_EXPLANATION));
        }
        let end = collected.end_of_wait();
        let waited = end.time.max(request.last.time);
        let text = format!("The {server} sent no response in {}.", between(request.last.time, waited));
        let statement = Statement::new(text, [request.last.frame, end.frame]);
        return Some(super::step(StepKind::Wait, Some((request.last.time, waited)), vec![statement], WAIT_EXPLANATION));
    };
    let frames = [request.last.frame, response.first.frame];
    let Some(nanos) = exchange.time_to_first_byte() else {
        let early = exchange.early_by()?;
        let text = format!("The response began {} before the request was complete.", duration(early.unsigned_abs()));
        return Some(super::step(StepKind::Wait, None, vec![Statement::new(text, frames)], WAIT_EXPLANATION));
    };
    let text = format!(
        "The first byte of the response came {} after the last byte of the request.",
        duration(nanos.unsigned_abs())
    );
    let mut statements = vec![Statement::new(text, frames)];
    let ack = collected.call_segments().find(|segment| {
        segment.side != collected.requester() && segment.is_pure_ack() && segment.frame > request.last.frame
    });
    if let Some(ack) = ack.filter(|ack| ack.frame < response.first.frame) {
        let text = format!("The {server} acknowledged the request after {}.", between(request.last.time, ack.time));
        statements.push(Statement::new(text, [ack.frame]));
    }
    Some(super::step(StepKind::Wait, Some((request.last.time, response.first.time)), statements, WAIT_EXPLANATION))
}
