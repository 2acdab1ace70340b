//! Sessions: messages in datagrams, and in a stream.

use super::describe;
use super::fields::*;
use super::message::{HEADER, Message};
use super::pairing::{Incoming, Pairing, Role};
use super::{Dialect, host_names, probe};
use crate::packet::Payload;
use crate::session::{
    About, Chunk, Consumed, Context, Event, Half, Hint, Lane, MessageEnd, Missing, Pdu, Probe, Session, Side, SideEnd,
    Stamp,
};
use crate::tree::{Slice, Value};
use alloc::boxed::Box;

/// Bytes of the length before a message in a stream.
const PREFIX: usize = 2;

/// What both kinds of sessions have.
#[derive(Clone)]
struct Conversation {
    dialect: &'static Dialect,
    pairing: Pairing,
    /// Last frame with text in the Info column.
    info_frame: u32,
}

impl Conversation {
    fn new(dialect: &'static Dialect) -> Conversation {
        Conversation { dialect, pairing: Pairing::default(), info_frame: 0 }
    }

    /// Reads a message after `prefix` bytes. Returns its role, if it has a header.
    fn message(
        &mut self,
        lane: Lane,
        chunk: Chunk<'_>,
        prefix: usize,
        first: Stamp,
        cx: &mut Context<'_>,
    ) -> Option<Role> {
        let (bytes, cut) = (chunk.bytes.get(prefix..).unwrap_or_default(), cx.cut);
        let message = Message::read(bytes);
        let role = message.map(|message| {
            let incoming = Incoming { side: lane.side, message, cut, first };
            self.pairing.add(self.dialect, &incoming, cx)
        });
        host_names::collect(self.dialect, bytes, cx.tree);
        cx.path.push(self.dialect.field.name);
        let appends = core::mem::replace(&mut self.info_frame, cx.at.frame) == cx.at.frame;
        let payload = Payload { bytes, base: 0, wire: bytes.len() as u32 + cut };
        describe::info(self.dialect, payload, appends, cx.tree);
        if describe::is_wanted(self.dialect, cx.tree) {
            let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
            describe::open(self.dialect, span, bytes, cx.tree);
            if prefix > 0 {
                cx.tree.put(&LENGTH, Slice::new(span.start, prefix as u32), Value::Uint(bytes.len() as u64));
            }
            let payload = Payload { base: span.start + prefix as u32, ..payload };
            describe::message(self.dialect, message.as_ref(), payload, cx.tree);
            if let Some(role) = role {
                record_role(role, self.dialect.is_mdns(), cx);
            }
            cx.tree.close();
        }
        cx.tree.fence();
        cx.events.push(Event::Pdu(Pdu { lane, first, len: chunk.bytes.len() as u64 }));
        if let Some(role) = role {
            collect(role, cx);
            cx.events.push(Event::Message(MessageEnd { nth: role.nth, half: role.half }));
        }
        role
    }
}

/// Collects the frame of a response, for its query: that of the first message, if it has several.
fn collect(role: Role, cx: &mut Context<'_>) {
    if let (Half::Response, Some(request), None, false) = (role.half, role.request, role.repeats, role.continues) {
        cx.collect(&RESPONSE_IN, About::Frame(request.frame, role.id.into()), cx.at.frame.into());
    }
}

/// Records how a message relates to others.
fn record_role(role: Role, is_multicast: bool, cx: &mut Context<'_>) {
    let none = Slice::default();
    // RFC 6762 5.2, 8.3: a multicast query need not have a response, and hosts announce their records.
    if is_multicast && role.request.is_none() && role.repeats.is_none() {
        return;
    }
    if role.half == Half::Request && role.repeats.is_none() {
        match cx.later_value(&RESPONSE_IN, About::Frame(cx.at.frame, role.id.into())) {
            Some(0) => cx.tree.note(&RESPONSE_MISSING, none, format_args!("{}", RESPONSE_MISSING.title)),
            Some(frame) => drop(cx.tree.put(&RESPONSE_IN, none, Value::Uint(frame))),
            None => {}
        }
    }
    match (role.half, role.request) {
        (Half::Response, Some(_)) if role.repeats.is_some() => {}
        (Half::Response, Some(request)) => {
            cx.tree.put(&RESPONSE_TO, none, Value::Uint(request.frame.into()));
            cx.tree.put(&TIME, none, Value::Duration(cx.at.time.saturating_sub(request.time)));
        }
        (Half::Response, None) => {
            cx.tree.put(&UNSOLICITED, none, Value::Bool(true));
        }
        (Half::Request, _) => {}
    }
    let Some(original) = role.repeats else { return };
    cx.tree.put(&RETRANSMISSION, none, Value::Bool(true));
    let (field, note) = match role.half {
        Half::Request => (&RETRANSMIT_REQUEST_IN, &RETRANSMIT_REQUEST),
        Half::Response => (&RETRANSMIT_RESPONSE_IN, &RETRANSMIT_RESPONSE),
    };
    cx.tree.put(field, none, Value::Uint(original.frame.into()));
    cx.tree.note(note, none, format_args!("{}. Original in frame {}", note.title, original.frame));
}

/// Opens a session of datagrams.
pub(super) fn datagrams(dialect: &'static Dialect) -> Box<dyn Session> {
    Box::new(Datagrams(Conversation::new(dialect)))
}

/// Messages of one datagram each.
#[derive(Clone)]
struct Datagrams(Conversation);

impl Session for Datagrams {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let len = chunk.bytes.len();
        if len < HEADER {
            return Consumed::bytes(len);
        }
        let role = self.0.message(lane, chunk, 0, cx.first, cx);
        Consumed { owner: role.map(|role| (role.nth, role.half)), ..Consumed::bytes(len) }
    }

    fn gap(&mut self, _: Lane, _: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        if missing == Missing::Released {
            Side::BOTH.into_iter().for_each(|side| self.0.pairing.end(self.0.dialect, side, cx));
        }
    }

    fn end(&mut self, lane: Lane, _: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        self.0.pairing.end(self.0.dialect, lane.side, cx);
    }

    fn is_idle(&self) -> bool {
        self.0.pairing.is_idle()
    }

    fn buffered(&self) -> usize {
        self.0.pairing.buffered()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}

/// Opens a session of a stream.
pub(super) fn stream(dialect: &'static Dialect) -> Box<dyn Session> {
    Box::new(Stream { conversation: Conversation::new(dialect), sides: Default::default() })
}

/// Messages in a stream, each after its length (RFC 1035 4.2.2).
#[derive(Clone)]
struct Stream {
    conversation: Conversation,
    sides: [StreamSide; 2],
}

/// The state of one side.
#[derive(Clone, Debug, Default)]
struct StreamSide {
    /// Where the first byte arrived that is not consumed.
    first: Option<Stamp>,
    /// Bytes still to come of a message that is not whole.
    skip: u64,
    /// Whether the position of the messages is unknown.
    is_lost: bool,
}

impl Stream {
    fn side(&mut self, side: Side) -> &mut StreamSide {
        side.of_mut(&mut self.sides)
    }
}

/// Returns the length of a message with its prefix.
fn total_len(bytes: &[u8]) -> Option<usize> {
    bytes.first_chunk().map(|&length| PREFIX + usize::from(u16::from_be_bytes(length)))
}

impl Session for Stream {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let len = chunk.bytes.len();
        let state = self.side(lane.side);
        if state.skip > 0 {
            let skipped = state.skip.min(len as u64);
            state.skip -= skipped;
            return Consumed::bytes(skipped as usize);
        }
        state.first.get_or_insert(cx.first);
        if state.is_lost {
            match probe::stream(&Hint { ports: [0, probe::PORT], ..Hint::bytes(chunk.bytes) }) {
                Probe::Yes | Probe::Likely => state.is_lost = false,
                Probe::Perhaps => return Consumed::bytes(0),
                Probe::No => {
                    state.first = None;
                    return Consumed::bytes(len);
                }
            }
        }
        let Some(total) = total_len(chunk.bytes) else { return Consumed::bytes(0) };
        if total < PREFIX + HEADER {
            state.is_lost = true;
            state.first = None;
            return Consumed::bytes(len.min(total));
        }
        if total > len {
            return Consumed::bytes(0);
        }
        let first = state.first.take().unwrap_or(cx.first);
        let role = self.conversation.message(lane, chunk.first(total), PREFIX, first, cx);
        Consumed { owner: role.map(|role| (role.nth, role.half)), ..Consumed::bytes(total) }
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        if missing == Missing::Released {
            let dialect = self.conversation.dialect;
            Side::BOTH.into_iter().for_each(|side| self.conversation.pairing.end(dialect, side, cx));
        } else {
            self.conversation.pairing.lose(lane.side);
        }
        let state = self.side(lane.side);
        state.first = None;
        let left = match total_len(before.bytes) {
            Some(total) => (total as u64).saturating_sub(before.bytes.len() as u64),
            None => state.skip,
        };
        match missing {
            Missing::Bytes(len) if len <= left => state.skip = left - len,
            Missing::Released if before.bytes.is_empty() => {}
            Missing::Released => state.skip = left,
            Missing::Bytes(_) | Missing::Unknown | Missing::Perhaps => {
                state.skip = 0;
                state.is_lost = true;
            }
        }
    }

    fn end(&mut self, lane: Lane, _: Chunk<'_>, _: SideEnd, cx: &mut Context<'_>) {
        self.conversation.pairing.end(self.conversation.dialect, lane.side, cx);
    }

    fn is_in_message(&self, side: Side) -> bool {
        let state = side.of(&self.sides);
        !state.is_lost
    }

    fn responds(&self, side: Side) -> bool {
        side == Side::Server
    }

    fn buffered(&self) -> usize {
        self.conversation.pairing.buffered()
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
