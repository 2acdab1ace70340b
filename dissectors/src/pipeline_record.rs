//! Recording of the messages of a pipeline: what they are in their exchanges.

use crate::field::Field;
use crate::pipeline::Message;
use crate::session::{About, Consumed, Context, Event, Half, Lane, MessageEnd, MessagePart, Pdu, Stamp};
use crate::tree::{Slice, Value};

/// Fields of a response.
pub(crate) struct ResponseFields {
    pub(crate) result: &'static Field,
    pub(crate) summary: &'static Field,
    pub(crate) rows: &'static Field,
    pub(crate) first_row_time: &'static Field,
    pub(crate) request_in: &'static Field,
    pub(crate) time: &'static Field,
}

/// What a message is in the response to a statement.
pub(crate) struct ResponseFacts<'r> {
    pub(crate) result: Option<&'r str>,
    pub(crate) rows: Option<u64>,
    /// Where the request ended.
    pub(crate) request: Option<Stamp>,
    pub(crate) is_first_row: bool,
    pub(crate) is_last: bool,
}

impl ResponseFields {
    /// Records a message of a response.
    pub(crate) fn record(&self, facts: &ResponseFacts<'_>, cx: &mut Context<'_>) {
        let none = Slice::default();
        if let Some(result) = facts.result {
            cx.tree.put_copy(self.result, none, result.as_bytes());
            cx.tree.put_copy(self.summary, none, result.as_bytes());
        }
        if let Some(rows) = facts.rows {
            cx.tree.put(self.rows, none, Value::Uint(rows));
        }
        let Some(request) = facts.request else { return };
        let time = Value::Duration(cx.at.time.saturating_sub(request.time));
        if facts.is_first_row {
            cx.tree.put(self.first_row_time, none, time);
        }
        if facts.is_last {
            cx.tree.put(self.request_in, none, Value::Uint(request.frame.into()));
            cx.tree.put(self.time, none, time);
        }
    }
}

/// Notes that a statement is repeated, if an earlier pass has found it.
pub(crate) fn note_repeated(note: &'static Field, nth: u32, cx: &mut Context<'_>) {
    let Some(value) = cx.later_value(note, About::Half(cx.exchange(nth), Half::Request)) else { return };
    let (count, call) = (value >> 32, value & u64::from(u32::MAX));
    let (none, title) = (Slice::default(), note.title);
    match call {
        0 => cx.tree.note(note, none, format_args!("{title}: {count} alike in a burst of this connection")),
        frame => cx.tree.note(note, none, format_args!("{title}: {count} alike within the call of frame {frame}")),
    }
}

impl Message<'_> {
    /// Reports the message as a part, or the end, of a half of an exchange. Its nodes begin at `nodes`.
    pub(crate) fn report(
        &self,
        exchange: Option<(u32, Half)>,
        ends_half: bool,
        nodes: usize,
        cx: &mut Context<'_>,
    ) -> Consumed {
        cx.events.push(Event::Pdu(Pdu { lane: Lane::of(self.side), first: self.first, len: self.len }));
        if let Some((nth, half)) = exchange {
            cx.events.push(match ends_half {
                true => Event::Message(MessageEnd { nth, half }),
                false => Event::Part(MessagePart { nth, half, nodes: nodes..cx.tree.nodes().len() }),
            });
        }
        Consumed { owner: exchange, ..Consumed::bytes(self.consumed) }
    }
}
