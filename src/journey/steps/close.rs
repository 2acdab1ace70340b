//! The step of the teardown.

use super::{Statement, Step, StepKind};
use crate::analysis::limits;
use crate::capture::{CloseKind, SideState, Stream};
use crate::journey::collected::Collected;
use crate::journey::datagram::ConnectionClose;
use crate::journey::facts;
use crate::journey::segment::SegmentRecord;
use crate::journey::text::{between, count, quote};
use dissectors::call_facts::ExplainedStep;
use dissectors::exchange::Outcome;
use dissectors::session::Side;

const EXPLANATION: &str = "A FIN says that its sender has no more data; each side sends one, and each is acknowledged with the \
    next number, so that both know that everything arrived. The side that closed first then waits in TIME-WAIT for twice the \
    lifetime of a segment, so that late copies do not reach a new connection with the same ports (RFC 9293 3.6, 3.6.1).";

const RESET_EXPLANATION: &str = "A reset (RST) ends a connection at once, without an acknowledgment, and unsent or unread data \
    is lost. It is sent when a program closes without reading everything, or when there is no such connection (RFC 9293 3.5.3).";

/// Returns the end of the connection.
pub(super) fn step(collected: &Collected) -> Option<Step> {
    let mut statements = Vec::new();
    if collected.siblings.after_end > 0 {
        let text = format!("The connection stays open for {}.", count(collected.siblings.after_end, "more call"));
        statements.push(Statement::new(text, []));
    }
    if !collected.transport.filter_name.is_empty() {
        return Some(datagram_step(collected, statements));
    }
    let stream = collected.stream.as_deref()?;
    let find = |frame: Option<u32>| collected.segments.iter().find(|segment| Some(segment.frame) == frame);
    let explanation = match stream.closed {
        CloseKind::Reset(side) => {
            let reset = find(stream.reset);
            statements.extend(stream.fins.iter().filter_map(|&fin| find(fin)).map(fin_statement));
            let text = format!("The {} resets the connection: RST.", side.name());
            statements.push(Statement::new(text, reset.map(|reset| reset.frame).or(stream.reset)));
            RESET_EXPLANATION
        }
        CloseKind::Open | CloseKind::Dropped => {
            let open = || Statement::new("The connection is still open at the end of the capture.", []);
            statements.push(unknown_rest(collected).unwrap_or_else(open));
            EXPLANATION
        }
        CloseKind::Fin(first) | CloseKind::HalfClosed(first) => {
            for side in [first, first.other()] {
                let fin = find(stream.fins[side as usize]);
                let ack = fin.and_then(|fin| fin_ack(collected, fin));
                statements.extend(fin.map(fin_statement));
                statements.extend(fin.zip(ack).map(|(fin, ack)| ack_statement(fin, ack)));
            }
            statements.push(match unknown_rest(collected) {
                Some(rest) if matches!(stream.closed, CloseKind::HalfClosed(_)) => rest,
                _ => summary(stream, first),
            });
            EXPLANATION
        }
    };
    let ends = stream.fins.iter().copied().chain([stream.reset]).flatten();
    let first = ends.min().and_then(|frame| find(Some(frame)));
    let span = first.map(|first| (first.time, stream.last.time.max(first.time)));
    Some(super::step(StepKind::Close, span, statements, explanation))
}

/// States that the rest of the connection is unknown, if its state was dropped.
fn unknown_rest(collected: &Collected) -> Option<Statement> {
    let frame = collected.evicted_in?;
    let limit = limits::CONVERSATIONS;
    let text = format!(
        "The rest of the connection is unknown: its state was dropped at {limit} conversations. Later frames have another stream."
    );
    Some(Statement::new(text, [frame]))
}

/// Returns the end of a connection in datagrams.
fn datagram_step(collected: &Collected, mut statements: Vec<Statement>) -> Step {
    let transport = &collected.transport;
    let explanation = facts::explanation(transport.filter_name, ExplainedStep::Close).unwrap_or_default();
    let Some(close) = &transport.close else {
        let none = || {
            let text = match collected.is_datagram_connection() && collected.exchange().outcome == Outcome::Unknown {
                true => "Whether a side closed the connection is not known: its last packets are encrypted.",
                false => {
                    "No end of the connection was captured on these ports: it is open, uses others, or ends silently after a timeout."
                }
            };
            Statement::new(text, [])
        };
        statements.push(unknown_rest(collected).unwrap_or_else(none));
        return super::step(StepKind::Close, None, statements, explanation);
    };
    let side = close.side.name();
    let text = match close.is_state_lost {
        true => format!("The {side} does not know the connection any more: stateless reset."),
        false => {
            let words = if close.text.is_empty() { String::new() } else { format!(", \"{}\"", quote(&close.text)) };
            format!("The {side} closes the connection: {}{words}.", close_reason(collected, close))
        }
    };
    statements.push(Statement::new(text, [close.at.frame]));
    let span = (close.at.time, collected.last.time.max(close.at.time));
    super::step(StepKind::Close, Some(span), statements, explanation)
}

/// Returns the reason of the end of a connection in datagrams.
pub(in crate::journey) fn close_reason(collected: &Collected, close: &ConnectionClose) -> String {
    // A reason of the application is a number.
    quote(&facts::reason(close.number, &close.reason, collected.exchange().protocol))
}

fn fin_statement(fin: &SegmentRecord) -> Statement {
    let number = fin.seq_raw.wrapping_add(fin.len);
    let data = if fin.len > 0 { format!(" after {} bytes of data", fin.len) } else { String::new() };
    Statement::new(format!("The {} closes its side: FIN with number {number}{data}.", fin.side.name()), [fin.frame])
}

fn ack_statement(fin: &SegmentRecord, ack: &SegmentRecord) -> Statement {
    let with = if ack.is_fin() { ", with the same segment as its own FIN" } else { "" };
    let text = format!(
        "The {} acknowledges it with {}, {} later{with}.",
        ack.side.name(),
        ack.ack_raw,
        between(fin.time, ack.time)
    );
    Statement::new(text, [ack.frame])
}

/// Returns the segment that acknowledges a FIN.
fn fin_ack<'c>(collected: &'c Collected, fin: &SegmentRecord) -> Option<&'c SegmentRecord> {
    let next = fin.seq_raw.wrapping_add(fin.len).wrapping_add(1);
    collected.segments.iter().find(|segment| {
        segment.frame > fin.frame && segment.side != fin.side && segment.is_ack() && segment.ack_raw == next
    })
}

fn summary(stream: &Stream, first: Side) -> Statement {
    let waits =
        [Side::Client, Side::Server].into_iter().filter(|&side| stream.states[side as usize] == SideState::TimeWait);
    let waits: Vec<&str> = waits.map(Side::name).collect();
    let frames = stream.fins.iter().copied().flatten();
    let text = match (stream.closed, stream.simultaneous_close, waits.as_slice()) {
        (CloseKind::HalfClosed(side), ..) => {
            format!("The {} did not close its side, as far as was captured.", side.other().name())
        }
        (_, true, _) => "Both sides closed at the same time.".to_owned(),
        (_, _, [side]) => format!("The {} closed first: its side stays in TIME-WAIT.", side),
        _ => format!("The {} closed first.", first.name()),
    };
    Statement::new(text, frames)
}
