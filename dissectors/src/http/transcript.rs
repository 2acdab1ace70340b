//! A transcript: a conversation's messages as they can be shown to a person, heads as sent and contents decoded.

use super::fields::{FIELDS, FILE_DATA, HTTP};
use super::{Http, MAX_BODY, head};
use crate::field::{FieldKind, Severity};
use crate::packet::Path;
use crate::session::{Chunk, Consumed, Context, FirstPass, Session, Side, SideEnd, Stamp, Transition};
use crate::tree::{Tree, Value};
use crate::wants::Wants;
use alloc::vec::Vec;

/// A message of a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The head with its empty line; empty for bytes that are no message.
    pub head: Vec<u8>,
    /// The content, chunks joined and codings undone; as much of it as is kept.
    pub content: Vec<u8>,
    /// What is odd about it, as the titles of its notes.
    pub notes: Vec<&'static str>,
}

/// Turns the bytes of a conversation into messages.
pub struct Transcript {
    session: Http,
    tree: Tree,
    untaken: [Vec<u8>; 2],
    is_over: bool,
}

impl Default for Transcript {
    fn default() -> Transcript {
        Transcript::new()
    }
}

impl Transcript {
    /// A transcript of a conversation at its beginning.
    #[must_use]
    pub fn new() -> Transcript {
        let mut wants = Wants::default();
        let is_note = |kind| matches!(kind, FieldKind::Note(severity) if severity > Severity::Chat);
        FIELDS.iter().filter(|field| is_note(field.kind)).for_each(|field| wants.add(field));
        wants.add(&HTTP);
        wants.add(&FILE_DATA);
        let (untaken, is_over) = Default::default();
        Transcript { session: Http::new(Some(MAX_BODY), true), tree: Tree::new(wants), untaken, is_over }
    }

    /// The next bytes of a side; gives the messages, of either side, that are complete with them.
    pub fn read(&mut self, side: Side, bytes: &[u8]) -> Vec<(Side, Message)> {
        let mut messages = Vec::new();
        self.untaken(side).extend_from_slice(bytes);
        self.offer(side, &mut messages);
        self.offer(side.other(), &mut messages);
        messages
    }

    /// The next `len` bytes of a side were not captured.
    pub fn gap(&mut self, side: Side, len: u64) -> Vec<(Side, Message)> {
        let before = core::mem::take(self.untaken(side));
        let mut messages = Vec::new();
        self.act(side, &mut messages, |session, cx| {
            session.gap(side, Chunk { bytes: &before, base: None }, len, cx);
        });
        messages
    }

    /// A side sends nothing more.
    pub fn end(&mut self, side: Side, ending: SideEnd) -> Vec<(Side, Message)> {
        let rest = core::mem::take(self.untaken(side));
        let mut messages = Vec::new();
        self.act(side, &mut messages, |session, cx| {
            session.end(side, Chunk { bytes: &rest, base: None }, ending, cx);
        });
        messages
    }

    /// The bytes of a side that are no part of a message, if another protocol has begun: the end of the transcript.
    #[must_use]
    pub fn rest(&self, side: Side) -> Option<&[u8]> {
        let [client, server] = &self.untaken;
        self.is_over.then_some(if side == Side::Client { client } else { server })
    }

    fn untaken(&mut self, side: Side) -> &mut Vec<u8> {
        let [client, server] = &mut self.untaken;
        if side == Side::Client { client } else { server }
    }

    fn offer(&mut self, side: Side, messages: &mut Vec<(Side, Message)>) {
        let bytes = core::mem::take(self.untaken(side));
        let mut chunk = Chunk { bytes: &bytes, base: None };
        while !self.is_over && !chunk.bytes.is_empty() {
            let Consumed { bytes, transition: then } =
                self.act(side, messages, |session, cx| session.read(side, chunk, cx));
            chunk = chunk.from(bytes);
            self.is_over = then != Transition::Stay;
            if bytes == 0 {
                break;
            }
        }
        *self.untaken(side) = chunk.bytes.to_vec();
    }

    fn act<R>(
        &mut self,
        side: Side,
        messages: &mut Vec<(Side, Message)>,
        act: impl FnOnce(&mut Http, &mut Context<'_>) -> R,
    ) -> R {
        self.tree.begin(b"");
        let (mut path, mut events, foresight) = (Path::default(), Vec::new(), FirstPass::default());
        let wants = self.tree.wanted().clone();
        let result = act(
            &mut self.session,
            &mut Context {
                at: Stamp::default(),
                arrived: Stamp::default(),
                stream: 0,
                session: 0,
                wants: &wants,
                tree: &mut self.tree,
                path: &mut path,
                events: &mut events,
                first_pass: &foresight,
            },
        );
        for node in self.tree.nodes() {
            let bytes = if let Value::Bytes(bytes) = node.value { self.tree.bytes(bytes) } else { b"" };
            if node.field.id == HTTP.id {
                let head = bytes.get(..head::find_end(bytes, &mut 0).unwrap_or(bytes.len())).unwrap_or_default();
                messages.push((side, Message { head: head.to_vec(), ..Message::default() }));
            } else if let Some((_, last)) = messages.last_mut() {
                match node.field.id == FILE_DATA.id {
                    true => last.content = bytes.to_vec(),
                    false => last.notes.push(node.field.title),
                }
            }
        }
        result
    }
}
