//! RESP, the protocol of Redis and Valkey: commands, responses in their order, and pushed messages.

mod command;
mod describe;
mod expected;
mod fields;
mod pairing;
mod probe;
mod record;
mod side;
mod value;

use crate::pipeline::{self, Message, Pipeline};
use crate::protocol::{ABSENT, Alias, Claim, Dissector, MessageFields, Protocol, SessionKind};
use crate::session::{
    Chunk, Consumed, Context, Event, Half, Handover, Input, Lane, MessageEnd, Missing, Pdu, Session, Side, SideEnd,
};
use crate::wants::Wants;
use alloc::boxed::Box;
use command::Command;
pub use command::has_subcommand;
use expected::{Expected, Identity, Mode};
pub use fields::*;
use probe::Start;
use side::{LongMessage, SideState};
use value::Scanned;

/// Registry entry for RESP.
pub static PROTOCOL: Protocol = Protocol {
    short: "RESP",
    fields: FIELDS,
    claims: &[Claim::TcpPort(probe::PORT)],
    aliases: &[Alias::new("command", &COMMAND), Alias::new("status", &STATUS)],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe: probe::probe,
        open,
        derived_title: "",
        reassembly: None,
        messages: Some(&MESSAGES),
    })],
};

/// The roles of the fields of messages.
const MESSAGES: MessageFields = MessageFields {
    message: &RESP,
    request: &REQUEST,
    response: &RESPONSE,
    start_line: &SUMMARY,
    method: &COMMAND,
    target: &ARGUMENTS,
    authority: &DATABASE,
    code: &STATUS,
    headers: &[&LINE],
    body_limits: [&ABSENT; 2],
    incomplete: &[&LIMIT],
    request_only: &[&REQUEST, &ARGUMENTS, &RESPONSE_IN],
    response_only: &[&STATUS, &REQUEST_IN, &TIME],
    ..pipeline::MESSAGES
};

/// Bytes of a message that are buffered. Of a longer one, values are read and not recorded.
const MAX_MESSAGE: usize = 256 << 10;

fn open(wants: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(Resp {
        sides: Default::default(),
        client: None,
        pipeline: Pipeline::new(RESP.name),
        identity: Identity::default(),
        mode: Mode::default(),
        has_fields: wants.protocol(&RESP),
        infos: (0, 0),
    })
}

/// The RESP session of one conversation.
#[derive(Clone, Debug)]
struct Resp {
    sides: [SideState; 2],
    /// The side that sends commands, once it is known.
    client: Option<Side>,
    pipeline: Pipeline<Expected>,
    identity: Identity,
    mode: Mode,
    has_fields: bool,
    /// The last frame with text in the Info column, and the number of its messages.
    infos: (u32, u32),
}

impl Resp {
    fn side(&mut self, side: Side) -> &mut SideState {
        side.of_mut(&mut self.sides)
    }

    fn is_client(&self, side: Side) -> bool {
        self.client.unwrap_or(Side::Client) == side
    }

    /// Whether a side sends commands, by its first message; `None` if more bytes decide.
    fn sends_commands(&mut self, side: Side, bytes: &[u8]) -> Option<bool> {
        if let Some(client) = self.client {
            return Some(client == side);
        }
        let sends_commands = match probe::start(bytes) {
            Start::Incomplete => return None,
            Start::Command(name) => side == Side::Client || probe::is_frequent(name),
            Start::Other => false,
            // A line of text.
            Start::None => side == Side::Client && bytes.first().is_some_and(u8::is_ascii_alphabetic),
        };
        let client = if sends_commands { side } else { side.other() };
        (self.client, self.pipeline.requester) = (Some(client), client);
        Some(sends_commands)
    }

    /// Reads a message, if it is whole.
    fn message(&mut self, side: Side, is_client: bool, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let is_line =
            is_client && self.side(side).long.is_none() && chunk.bytes.first().is_some_and(|&first| first != b'*');
        let state = self.side(side);
        let first = *state.first.get_or_insert(cx.first);
        let scanned = if is_line { side::scan_line(chunk.bytes) } else { state.scan.advance(chunk.bytes) };
        match scanned {
            Scanned::Incomplete if chunk.bytes.len() < MAX_MESSAGE && state.long.is_none() => Consumed::bytes(0),
            Scanned::Incomplete => {
                let read = state.scan.skip_read(chunk.bytes.len());
                self.skip_part(side, is_client, chunk, read as u64, cx);
                self.side(side).first = Some(first);
                Consumed { owner: self.side(side).owner(), ..Consumed::bytes(read) }
            }
            Scanned::Malformed => {
                // What was read of the message is not searched for others.
                let read = state.scan.position().clamp(1, chunk.bytes.len());
                let span = chunk.span(0..chunk.bytes.len().min(16), "Reassembled TCP", cx.tree);
                cx.path.push_once(RESP.name);
                cx.tree.note(&MALFORMED, span, format_args!("{}", MALFORMED.title));
                self.lose(side, cx.range.start + 1, cx);
                Consumed::bytes(read)
            }
            Scanned::Message(len) => {
                state.first = None;
                let owner = match state.long.take() {
                    Some(long) => self.end_long(side, *long, first, len, cx),
                    None => {
                        let chunk = chunk.first(len);
                        let message = Message { side, chunk, first, len: len as u64, consumed: len, is_complete: true };
                        self.whole(message, is_client, is_line, cx)
                    }
                };
                Consumed { owner, ..Consumed::bytes(len) }
            }
        }
    }

    /// Reads a whole message: finds its exchange, and records it.
    fn whole(
        &mut self,
        message: Message<'_>,
        is_client: bool,
        is_line: bool,
        cx: &mut Context<'_>,
    ) -> Option<(u32, Half)> {
        let Message { side, chunk, first, len, .. } = message;
        // Empty lines have no response.
        if is_line && chunk.bytes.trim_ascii().is_empty() {
            return None;
        }
        let command = match (is_client, is_line) {
            (true, true) => Some(Command::inline(chunk.bytes)),
            (true, false) => Command::read(chunk.bytes),
            (false, _) => None,
        };
        let command = command.map(|command| command.showing(cx.shows_passwords));
        let role = self.pair(&message, command.as_ref(), is_client, cx);
        self.record(&role, command.as_ref(), chunk, is_line, cx);
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(side), first, len }));
        cx.events.push(Event::Message(MessageEnd { nth: role.nth, half: role.half }));
        Some((role.nth, role.half))
    }

    /// Notes that the position of the messages of a side is unknown, from an offset on.
    fn lose(&mut self, side: Side, end: u64, cx: &mut Context<'_>) {
        let first = self.side(side).first.take();
        let long = self.side(side).long.take();
        let is_client = self.is_client(side);
        let state = self.side(side);
        let boundary = state.boundary.filter(|&boundary| boundary >= end && end > 0);
        *state = SideState { is_lost: true, has_ended: state.has_ended, boundary, ..SideState::default() };
        if let (Some(long), Some(first)) = (long, first) {
            self.end_long(side, LongMessage { is_complete: false, ..*long }, first, 0, cx);
        }
        if is_client {
            self.pipeline.lose_requests(end);
        } else {
            self.pipeline.lose_responses(end, cx);
        }
    }

    /// Searches for the next message after a loss.
    fn search(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let is_client = self.is_client(side);
        let state = self.side(side);
        let found = match state.boundary {
            _ if is_client => side::find_command(chunk.bytes),
            // The client has sent a command after it received all messages before this offset.
            Some(boundary) if boundary <= cx.range.start => Some(0),
            Some(boundary) if boundary < cx.range.end => Some((boundary - cx.range.start) as usize),
            _ => side::find_push(chunk.bytes),
        };
        if let Some(0) = found {
            state.is_lost = false;
            return self.message(side, is_client, chunk, cx);
        }
        let skipped = found.unwrap_or(chunk.bytes.len()).min(chunk.bytes.len());
        if !state.is_noted {
            state.is_noted = true;
            let span = chunk.span(0..skipped, "Skipped", cx.tree);
            cx.tree.note(&SKIPPED, span, format_args!("{}", SKIPPED.title));
        }
        Consumed::bytes(skipped)
    }
}

impl Session for Resp {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        if self.mode.skips_snapshot(lane.side, self.client) {
            return self.skip_snapshot(chunk);
        }
        if self.side(lane.side).is_lost {
            return self.search(lane.side, chunk, cx);
        }
        match self.sends_commands(lane.side, chunk.bytes) {
            Some(is_client) => self.message(lane.side, is_client, chunk, cx),
            None => {
                self.side(lane.side).first.get_or_insert(cx.first);
                Consumed::bytes(0)
            }
        }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let side = lane.side;
        if missing == Missing::Released {
            self.pipeline.release(cx);
            if before.bytes.is_empty() {
                return;
            }
        }
        let is_client = self.is_client(side);
        let is_known = matches!(missing, Missing::Bytes(_) | Missing::Released);
        if self.mode.snapshot.is_some() && Some(side) != self.client {
            self.mode.snapshot = None;
        } else if is_known && !self.side(side).is_lost {
            if !before.bytes.is_empty() {
                self.side(side).first.get_or_insert(cx.first);
            }
            let mut scan = self.side(side).scan.clone();
            if scan.skip_missing(before.bytes.len(), missing.len()) {
                self.side(side).scan = scan;
                self.skip_part(side, is_client, before, before.bytes.len() as u64 + missing.len(), cx);
                if let Some(long) = &mut self.side(side).long {
                    long.is_complete = false;
                }
                return;
            }
        }
        if !before.bytes.is_empty() && !self.side(side).is_lost && self.client.is_some() {
            self.side(side).first.get_or_insert(cx.first);
            self.skip_part(side, is_client, before, before.bytes.len() as u64, cx);
        }
        self.lose(side, cx.range.end, cx);
    }

    fn end(&mut self, lane: Lane, rest: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        let side = lane.side;
        let is_client = self.is_client(side);
        let is_in_message = !rest.bytes.is_empty() || self.side(side).long.is_some();
        if is_in_message && !self.side(side).is_lost {
            let first = *self.side(side).first.get_or_insert(cx.first);
            self.skip_part(side, is_client, rest, rest.bytes.len() as u64, cx);
            if let Some(long) = self.side(side).long.take() {
                self.end_long(side, LongMessage { is_complete: false, ..*long }, first, 0, cx);
            }
        }
        self.side(side).has_ended = true;
        // The response to a command follows the end of the client.
        if !is_client || self.side(side.other()).has_ended {
            self.pipeline.end(cx);
        }
    }

    fn is_in_message(&self, side: Side) -> bool {
        !side.of(&self.sides).is_lost
    }

    fn responds(&self, side: Side) -> bool {
        !self.is_client(side)
    }

    fn buffered(&self) -> usize {
        self.pipeline.buffered() + self.sides.iter().map(|side| side.scan.buffered()).sum::<usize>()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
