//! Echo requests (ping) that wait for their reply.

use super::layers::Tables;
use super::limits;
use dissectors::Tree;
use dissectors::echo::{Echo, EchoFacts};
use dissectors::packet::Address;
use dissectors::session::{About, Stamp};
use dissectors::{Field, packet::Packet};
use std::collections::{HashMap, VecDeque};

/// Sender of the request, its destination, and the numbers that the reply repeats.
type EchoKey = (Address, Address, [u16; 3]);

/// An echo request without a reply.
#[derive(Clone, Copy)]
struct OpenEcho {
    at: Stamp,
    /// Distinguishes several echoes of a frame.
    depth: u8,
    /// Field that shows that there is no reply.
    no_reply: &'static Field,
}

/// Facts about an echo request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoResult {
    /// Frame of the message.
    pub frame: u32,
    /// Number of layers below the message, which distinguishes several messages of a frame.
    pub depth: u8,
    /// Facts from the rest of the capture.
    pub facts: EchoFacts,
}

/// Echo requests that wait for their reply.
#[derive(Clone, Default)]
pub(super) struct EchoTable {
    open: HashMap<EchoKey, OpenEcho>,
    /// Keys and frames of requests in their order, also of requests that have their reply.
    order: VecDeque<(EchoKey, u32)>,
    /// Results that are not taken, if they are reported.
    pub(super) results: Vec<EchoResult>,
}

impl EchoTable {
    /// Adds a request. Returns an earlier request of the same key.
    fn add(&mut self, key: EchoKey, echo: OpenEcho) -> Option<OpenEcho> {
        self.order.push_back((key, echo.at.frame));
        if self.order.len() > limits::OPEN_ECHOES
            && let Some((oldest, frame)) = self.order.pop_front()
            && self.open.get(&oldest).is_some_and(|open| open.at.frame == frame)
        {
            self.open.remove(&oldest);
        }
        self.open.insert(key, echo)
    }

    /// Removes the request of a reply.
    fn remove(&mut self, key: &EchoKey) -> Option<OpenEcho> {
        self.open.remove(key)
    }
}

impl Tables {
    /// Reads an echo request or reply with its other half.
    pub(super) fn echo(&mut self, echo: &Echo<'_>, at: Stamp, tree: &mut Tree) {
        let facts = if echo.is_multicast_request(&self.packet) {
            EchoFacts::Multicast
        } else if let Some(seek) = &self.run.seek {
            let known = seek.echoes.iter().find(|result| result.depth == echo.depth);
            known.map_or(EchoFacts::Unknown, |result| result.facts)
        } else if echo.is_reply {
            self.echo_reply(echo, at)
        } else {
            self.echo_request(echo, at)
        };
        (echo.describe)(echo, &facts, &self.packet, tree);
        self.dissect(echo.next(), at, tree);
    }

    fn echo_request(&mut self, echo: &Echo<'_>, at: Stamp) -> EchoFacts {
        let Packet { source, destination, .. } = self.packet;
        let open = OpenEcho { at, depth: echo.depth, no_reply: echo.fields.no_reply };
        if let Some(repeated) = self.echoes.add((source, destination, echo.key), open) {
            self.collect_no_reply(repeated);
        }
        let about = About::Frame(at.frame, echo.depth.into());
        let first_pass = &self.run.first_pass;
        match first_pass.get(echo.fields.reply_in, about) {
            Some(frame) => EchoFacts::ReplyIn(frame as u32),
            None if first_pass.get(echo.fields.no_reply, about).is_some() => EchoFacts::NoReply(at.frame),
            None => EchoFacts::Unknown,
        }
    }

    fn echo_reply(&mut self, echo: &Echo<'_>, at: Stamp) -> EchoFacts {
        let Packet { source, destination, .. } = self.packet;
        let Some(request) = self.echoes.remove(&(destination, source, echo.key)) else { return EchoFacts::Unknown };
        if self.run.task.collect {
            let about = About::Frame(request.at.frame, request.depth.into());
            self.run.collected.insert(echo.fields.reply_in, about, at.frame.into());
        }
        let facts = EchoFacts::RequestIn(request.at.frame, at.time.saturating_sub(request.at.time));
        self.report_echo(request.at.frame, request.depth, EchoFacts::ReplyIn(at.frame));
        self.report_echo(at.frame, echo.depth, facts);
        facts
    }

    /// Reports facts, if they are wanted.
    fn report_echo(&mut self, frame: u32, depth: u8, facts: EchoFacts) {
        if self.run.task.echoes {
            self.echoes.results.push(EchoResult { frame, depth, facts });
        }
    }

    /// Reports that a request has no reply, and collects it for the second pass.
    fn collect_no_reply(&mut self, request: OpenEcho) {
        self.report_echo(request.at.frame, request.depth, EchoFacts::NoReply(request.at.frame));
        if self.run.task.collect {
            let about = About::Frame(request.at.frame, request.depth.into());
            self.run.collected.insert(request.no_reply, about, 1);
        }
    }

    /// Ends the capture: requests that still wait have no reply.
    pub(super) fn end_echoes(&mut self) {
        let open = std::mem::take(&mut self.echoes.open);
        open.into_values().for_each(|request| self.collect_no_reply(request));
    }
}
