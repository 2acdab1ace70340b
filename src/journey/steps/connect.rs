//! The steps of the TCP handshake and of the reuse of a connection.

use super::{Statement, Step, StepKind};
use crate::analysis::limits;
use crate::capture::OpenKind;
use crate::journey::collected::Collected;
use crate::journey::phases::connect_span;
use crate::journey::segment::SegmentRecord;
use crate::journey::text::{between, call_end_text, duration, target_text};
use dissectors::session::Side;

const EXPLANATION: &str = "The handshake makes sure that both sides are there and can receive each other, and agrees on the \
    numbers from which each side counts its bytes (the initial sequence numbers x and y). A SYN counts as one byte, so the \
    ACK of x is x+1: the number of the byte that is expected next (RFC 9293 3.5).";

const REUSE_EXPLANATION: &str = "A connection that stays open (keep-alive) carries one call after the other. Each of them \
    saves the handshakes, and the sender already knows how fast it may send (RFC 9112 9.3, RFC 9113 9.1).";

/// Returns the TCP handshake of the connection, for the first call on it.
pub(super) fn step(collected: &Collected) -> Option<Step> {
    collected.exchange().id.conversation.tcp()?;
    if !collected.is_first() {
        return None;
    }
    let mut statements = Vec::new();
    let Some(first) = collected.syns().next() else {
        let continued = collected.stream.as_ref().filter(|stream| stream.opened == OpenKind::Continued);
        let statement = match continued {
            Some(stream) => {
                let limit = limits::CONVERSATIONS;
                let text = format!(
                    "The handshake is unknown: earlier frames have another stream, which was dropped at {limit} conversations."
                );
                Statement::new(text, [stream.first.frame])
            }
            None => Statement::new(
                "The handshake was not captured: the connection is older than the capture, or its first frames are missing.",
                [],
            ),
        };
        return Some(super::step(StepKind::Connect, None, vec![statement], EXPLANATION));
    };
    for side in [first.side, first.side.other()] {
        let syns: Vec<&SegmentRecord> = collected.syns().filter(|segment| segment.side == side).collect();
        let Some(last) = syns.last() else { continue };
        statements.push(syn_statement(collected, &syns, last));
        if let Some(options) = collected.syn_options[side as usize].as_ref().filter(|options| !options.is_empty()) {
            statements.push(Statement::new(format!("The {} offers: {options}.", side.name()), [last.frame]));
        }
    }
    if let Some(end) = collected.handshake_end() {
        let answered = collected.syns().filter(|segment| segment.is_ack()).last();
        let text = format!(
            "The {} acknowledges y+1 = {}: the connection is established, {} after the first SYN.",
            end.side.name(),
            end.ack_raw,
            between(first.time, end.time)
        );
        statements.push(Statement::new(text, [end.frame]));
        if let Some(answer) = answered {
            let sent = collected.syns().filter(|segment| segment.side == first.side).last().unwrap_or(first);
            let text = format!(
                "Round trip {}: {} from SYN to SYN, ACK and {} to the ACK.",
                between(sent.time, end.time),
                between(sent.time, answer.time),
                between(answer.time, end.time)
            );
            statements.push(Statement::new(text, [sent.frame, answer.frame, end.frame]));
        }
    }
    Some(super::step(StepKind::Connect, connect_span(collected), statements, EXPLANATION))
}

fn syn_statement(collected: &Collected, syns: &[&SegmentRecord], last: &SegmentRecord) -> Statement {
    let call = &collected.selected.call;
    let mut text = match (last.is_ack(), last.side) {
        (false, Side::Client) => format!(
            "The client, {}, begins: SYN with x = {} to {}",
            call_end_text(call, Side::Client),
            last.seq_raw,
            call_end_text(call, Side::Server)
        ),
        (false, Side::Server) => format!("The server sends a SYN of its own, with y = {}", last.seq_raw),
        (true, side) => {
            format!("The {} agrees: SYN with y = {}, and ACK of x+1 = {}", side.name(), last.seq_raw, last.ack_raw)
        }
    };
    if let [first, .., last] = syns {
        let copies = syns.len() as u64 - 1;
        text.push_str(&format!(", sent again {} within {}", times(copies), between(first.time, last.time)));
    }
    text.push('.');
    Statement::new(text, syns.iter().map(|syn| syn.frame))
}

fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// Returns when the earlier call on the connection ended that ended last.
fn previous_statement(collected: &Collected) -> Option<Statement> {
    let previous = collected.siblings.previous.as_ref()?;
    let (ended, began) = (previous.response?.last, collected.exchange().request?.first);
    let name = target_text(previous.protocol, &previous.method, &previous.target);
    let text = match began.time.checked_sub(ended.time) {
        Some(0..) => format!("The call before it, {name}, had ended {} earlier.", between(ended.time, began.time)),
        _ => format!(
            "An earlier call, {name}, was not complete when it began: it ended {} later.",
            between(began.time, ended.time)
        ),
    };
    Some(Statement::new(text, [ended.frame, began.frame]))
}

/// Returns the changes of the endpoints of a connection in datagrams, up to the end of the call.
pub(super) fn moves(collected: &Collected) -> impl Iterator<Item = Statement> {
    let exchange = collected.exchange();
    let last = [exchange.request, exchange.response].into_iter().flatten().map(|half| half.last.frame).max();
    let paths = &collected.transport.paths;
    paths.iter().zip(paths.iter().skip(1)).filter(move |(_, (_, frame))| last.is_some_and(|last| *frame <= last)).map(
        |((before, _), (ends, frame))| {
            let [client, server] = ends;
            let [old_client, old_server] = before;
            let text = format!(
                "The connection goes on between {client} and {server} (before: {old_client} and {old_server}): it changed its path."
            );
            Statement::new(text, [*frame])
        },
    )
}

/// Returns what the reuse of the connection saved: its handshakes.
fn saved_statement(collected: &Collected) -> Option<Statement> {
    let secure = &collected.secure;
    let connect = connect_span(collected);
    let has_secure = !secure.protocol.is_empty();
    if connect.is_none() && (!has_secure || collected.transport.filter_name.is_empty()) {
        return None;
    }
    let mut frames: Vec<u32> = collected.syns().map(|syn| syn.frame).collect();
    frames.extend(collected.handshake_end().map(|end| end.frame));
    let mut saved = connect.map_or(0, |(from, to)| to.abs_diff(from));
    if has_secure {
        saved = saved.saturating_add(secure.last.time.abs_diff(secure.first.time));
        frames.extend([secure.first.frame, secure.last.frame]);
    }
    let text = format!("The reuse saved the handshake, which took {} when the connection was opened.", duration(saved));
    Some(Statement::new(text, frames))
}

/// Returns the use of a connection that earlier calls opened.
pub(super) fn reuse(collected: &Collected) -> Option<Step> {
    let siblings = &collected.siblings;
    let is_connection =
        collected.exchange().id.conversation.tcp().is_some() || !collected.transport.filter_name.is_empty();
    if !is_connection || collected.is_first() {
        return None;
    }
    let mut statements = Vec::new();
    if siblings.before > 0 {
        let (nth, all) = (siblings.before + 1, siblings.before + siblings.after + 1);
        let exchange = collected.exchange();
        let own = exchange.request.or(exchange.response).map(|half| half.first.frame);
        statements.push(Statement::new(format!("This is call {nth} of {all} on its connection."), own));
        statements.extend(previous_statement(collected));
    }
    if let Some(parent) = collected.exchange().parent {
        statements.push(match &siblings.parent {
            Some(opener) => {
                let name = target_text(opener.protocol, &opener.method, &opener.target);
                let frames = [opener.request.map(|half| half.first), opener.response.map(|half| half.last)];
                let frames = frames.into_iter().flatten().map(|stamp| stamp.frame);
                Statement::new(format!("An earlier call, {name}, opened the channel that carries it."), frames)
            }
            None => {
                let nth = parent.nth + 1;
                let text = format!("An earlier call (number {nth} of its session) opened the channel that carries it.");
                Statement::new(text, [])
            }
        });
    }
    statements.extend(moves(collected));
    statements.extend(saved_statement(collected));
    Some(super::step(StepKind::Reuse, None, statements, REUSE_EXPLANATION))
}
