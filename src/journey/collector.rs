//! Collects the frames of a call, of its connection, and of the lookups of its server's name.

use super::certificate;
use super::collected::{Alert, Collected, Lookup, MessageText, SecureHandshake, Siblings};
use super::datagram::{self, DatagramTransport};
use super::facts::{self, Fact};
use super::lookups::remove_foreign_lookups;
use super::model::Journey;
use super::segment::{self, SegmentRecord};
use super::selector::{NearbyCall, SelectedCall};
use super::text::{address_text, call_end_text, host_of};
use crate::analysis::{Event, FrameConnection, NumberSet, Task, limits};
use crate::capture::{Call, Endpoint};
use crate::report::dissected_message::{DissectedMessage, MESSAGE_FIELDS, messages_in};
use crate::report::{DissectedFrame, body_text, escaped};
use dissectors::call_facts::{FactRole, StatusMeaning};
use dissectors::exchange::Exchange;
use dissectors::session::{ConversationId, ExchangeId, Half, Side, Stamp};
use dissectors::tree::Node;
use dissectors::{Field, PROTOCOLS, Protocol, Tree, Wants};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Maximum number of lookups that are kept.
const MAX_LOOKUPS: usize = 32;

/// Maximum number of responses without their exchange that are kept.
const MAX_PENDING: usize = 64;

/// Maximum number of redirects near the call whose locations are read.
const MAX_REDIRECTS: usize = 4;

/// Maximum number of alerts, and of names in a list of a handshake.
const MAX_ITEMS: usize = 16;

/// Maximum number of header lines of a message, and bytes of one.
const MAX_LINES: usize = 256;
const MAX_LINE: usize = 8192;

/// Maximum bytes of a body of which a start is kept.
const MAX_BODY: usize = 1024;

/// Maximum number of segments before the call that are kept of the opening of its connection.
const MAX_OPENING: usize = 64;

/// Message with which each side ends its handshake.
const FINISHED: &str = "Finished";
/// Name of the message in which a server accepts early data.
const ENCRYPTED_EXTENSIONS: &str = "Encrypted Extensions";

/// Number of frames that are read after the last one of a closed connection: copies of its segments, and late responses to lookups.
const LATE_FRAMES: u32 = 20_000;

/// Collects what a journey needs from the frames and events of a pass.
pub struct JourneyCollector {
    collected: Collected,
    conversation: ConversationId,
    server: Endpoint,
    /// Responses to lookups of the host, until their exchange is reported.
    pending: Vec<(ExchangeId, Vec<Fact>)>,
    /// Redirects near the call.
    redirects: Vec<Arc<NearbyCall>>,
    /// Segments kept after the end of the call.
    after: usize,
    /// Frame read last.
    frame: u32,
    /// Number of the connection, if it is one in datagrams.
    number: Option<i64>,
    /// Whether each side has closed the connection.
    has_closed: [bool; 2],
    /// Whether a call on the connection has begun.
    has_calls: bool,
}

impl JourneyCollector {
    /// Creates a collector for a call.
    #[must_use]
    pub fn new(selected: SelectedCall) -> JourneyCollector {
        let exchange = &selected.call.exchange;
        let (conversation, server) = (exchange.id.conversation, selected.call.server);
        let redirects = selected.nearby.iter().rev().filter(|call| call.meaning == Some(StatusMeaning::Redirect));
        let redirects = redirects.take(MAX_REDIRECTS).cloned().collect();
        let host = if facts::has_statements(exchange.protocol) { String::new() } else { host_of(&exchange.authority) };
        let collected = Collected {
            host,
            segments: Vec::new(),
            dropped_segments: 0,
            syn_options: [None, None],
            secure: SecureHandshake::default(),
            transport: DatagramTransport::default(),
            channel: None,
            lookups: Vec::new(),
            messages: [None, None],
            half_frames: [Vec::new(), Vec::new()],
            blocked: (0, Vec::new()),
            reset: None,
            siblings: Siblings::default(),
            locations: Vec::new(),
            foreign: BTreeSet::new(),
            stream: None,
            last: Stamp::default(),
            evicted_in: None,
            selected,
        };
        JourneyCollector {
            collected,
            conversation,
            server,
            pending: Vec::new(),
            redirects,
            after: 0,
            frame: 0,
            number: None,
            has_closed: [false; 2],
            has_calls: false,
        }
    }

    /// Returns the conversations whose frames the journey needs, besides those of lookups in datagrams.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationId> {
        let lookups = self.collected.selected.lookups.iter().copied();
        self.redirects.iter().map(|call| call.id.conversation).chain(lookups).chain([self.conversation])
    }

    /// Returns the task of the pass.
    #[must_use]
    pub fn task(&self) -> Task {
        let mut only = NumberSet::default();
        self.conversations().filter_map(ConversationId::tcp).for_each(|stream| only.insert(stream));
        let mut wants = wants();
        self.channel_field().into_iter().for_each(|field| wants.add(field));
        let only = Some(only);
        Task { wants, exchanges: true, streams: true, ends: true, halves: true, owners: true, only, ..Task::default() }
    }

    /// Whether later frames are not read: both sides closed the connection long ago.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.has_closed == [true; 2] && self.frame > self.collected.last.frame.saturating_add(LATE_FRAMES)
    }

    /// Adds a frame with its connections.
    pub fn frame(&mut self, shown: &DissectedFrame<'_>, connections: &[FrameConnection]) {
        self.frame = shown.frame.number;
        for connection in connections.iter().filter(|connection| !connection.quoted) {
            if connection.conversation == self.conversation {
                self.own_frame(shown, connection);
            }
            for part in &connection.messages {
                let nodes = shown.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
                self.message(part.exchange, part.half, nodes, shown.tree);
            }
        }
    }

    fn own_frame(&mut self, shown: &DissectedFrame<'_>, connection: &FrameConnection) {
        let at = Stamp { frame: shown.frame.number, time: shown.frame.time.0 };
        let side = if self.collected.is_swapped() { connection.side.other() } else { connection.side };
        let id = self.collected.exchange().id;
        if !self.is_of_connection(shown.tree, connection, at.frame) {
            return;
        }
        self.collected.last = at;
        for &(_, half) in connection.owners.iter().filter(|(owner, _)| *owner == id) {
            self.add_owned(half, at.frame);
        }
        let is_owned = connection.owners.iter().any(|(owner, _)| *owner == id);
        if !is_owned && self.collected.is_behind_request(at.frame) && self.is_foreign(shown.tree, connection) {
            self.collected.foreign.insert(at.frame);
        }
        let segment = SegmentRecord::read(shown, side);
        if let Some(segment) = segment {
            *segment.side.of_mut(&mut self.has_closed) |= segment.is_fin();
            if segment.is_syn() && self.collected.is_before_call(at.frame) {
                self.collected.syn_options[segment.side as usize] = Some(segment::syn_options(shown.tree));
            }
            self.add_segment(segment, is_owned);
        }
        if connection.has_data.contains(&true) || segment.is_none() {
            let facts: Vec<Fact> = facts::facts(shown.tree.nodes(), shown.tree).collect();
            if segment.is_none() {
                self.add_datagram(&facts, side, at, is_owned);
                if let Some(ends) = datagram::ends(shown.tree, side) {
                    self.collected.transport.add_path(ends, at.frame);
                }
            }
            if !facts.is_empty() {
                if is_owned {
                    self.add_blocked_time(&facts, side, at);
                    let reset = facts::best(&facts, FactRole::ExchangeReset);
                    let protocol = self.collected.exchange().protocol;
                    let reset = reset.map(|reset| (at, side, facts::reason(reset.number, &reset.text, protocol)));
                    self.collected.reset = self.collected.reset.take().or(reset);
                }
                self.add_handshake(facts, side, at);
            }
        }
        // Session 0 is that of the connection itself.
        self.has_calls |= connection.owners.iter().any(|(owner, _)| owner.session > 0);
    }

    /// Whether a frame is of the connection of the call. Several connections in datagrams may follow each other between the same
    /// ports: what was collected of an earlier one is dropped.
    fn is_of_connection(&mut self, tree: &Tree, connection: &FrameConnection, frame: u32) -> bool {
        if self.conversation.tcp().is_some() {
            return true;
        }
        let facts = facts::facts(tree.nodes(), tree).filter(|fact| fact.role == FactRole::ConnectionNumber);
        let Some(number) = facts.filter_map(|fact| fact.number).next() else { return true };
        let collected = &mut self.collected;
        let id = collected.exchange().id;
        let is_owned = connection.owners.iter().any(|(owner, _)| *owner == id);
        let Some(own) = self.number.filter(|&own| own != number) else {
            self.number = Some(number);
            return true;
        };
        if !is_owned && (number < own || collected.is_behind_request(frame)) {
            return false;
        }
        self.number = Some(number);
        // The client begins again with another version after a negotiation.
        if collected.transport.version_negotiation.is_none() || collected.secure.version.is_some() {
            (collected.secure, collected.transport) = (SecureHandshake::default(), DatagramTransport::default());
            (self.has_closed, self.has_calls) = ([false; 2], false);
        }
        true
    }

    /// Whether the data of a frame belongs to other calls, or to the connection as a whole.
    fn is_foreign(&self, tree: &Tree, connection: &FrameConnection) -> bool {
        let has_room = self.collected.foreign.len() < limits::JOURNEY_SEGMENTS;
        let is_of_others = !connection.owners.is_empty() && !connection.has_unowned;
        let is_read = self.channel_field().is_some_and(|field| tree.first(field).is_some());
        has_room && (is_of_others || is_read)
    }

    /// Returns the field of the protocol of the call, if its responses come in any order, on channels of their own.
    fn channel_field(&self) -> Option<&'static Field> {
        let protocol = self.collected.exchange().protocol;
        let is_it = |other: &&&Protocol| other.fields.first().is_some_and(|own| own.name == protocol);
        let fields = PROTOCOLS.iter().find(is_it)?.fields;
        fields.first().copied().filter(|_| facts::has_channels(protocol))
    }

    /// Keeps a datagram of the handshake, of the call, or of the end of the connection.
    fn add_datagram(&mut self, facts: &[Fact], side: Side, at: Stamp, is_owned: bool) {
        let Some(datagram) = self.collected.transport.read(facts, side, at) else { return };
        let collected = &mut self.collected;
        if datagram.is_end {
            self.has_closed = [true; 2];
        }
        if collected.is_before_call(at.frame) {
            collected.transport.forget_earlier();
        }
        let is_kept = match collected.is_before_call(at.frame) {
            true => collected.transport.datagrams.len() < MAX_OPENING,
            false => is_owned || datagram.is_end || !collected.is_after_call(at.frame),
        };
        if !is_kept {
            return;
        }
        if collected.transport.datagrams.len() < limits::JOURNEY_SEGMENTS {
            collected.transport.datagrams.push(datagram);
        } else {
            collected.dropped_segments += 1;
        }
    }

    /// Keeps a segment of the handshake, of the call, or of the teardown.
    fn add_segment(&mut self, segment: SegmentRecord, is_owned: bool) {
        let collected = &mut self.collected;
        let is_before = collected.is_before_call(segment.frame);
        let is_opening = is_before && collected.segments.len() < MAX_OPENING;
        let ends = segment.is_syn() || segment.is_fin() || segment.is_reset();
        let closes = ends || collected.segments.iter().rev().take(MAX_ITEMS).any(SegmentRecord::is_fin);
        let is_kept = match is_before {
            true => is_opening || ends,
            false => is_owned || closes || self.after < MAX_ITEMS || !collected.is_after_call(segment.frame),
        };
        if !is_kept {
            return;
        }
        self.after += usize::from(collected.is_after_call(segment.frame));
        if collected.segments.len() < limits::JOURNEY_SEGMENTS {
            collected.segments.push(segment);
        } else {
            collected.dropped_segments += 1;
        }
    }

    fn add_owned(&mut self, half: Half, frame: u32) {
        let frames = &mut self.collected.half_frames[half as usize];
        if frames.last() != Some(&frame) && frames.len() < limits::JOURNEY_SEGMENTS {
            frames.push(frame);
        }
    }

    /// Adds the time for which the sender of a frame was stopped by flow control.
    fn add_blocked_time(&mut self, facts: &[Fact], side: Side, at: Stamp) {
        let stops = facts.iter().filter(|fact| fact.role == FactRole::BlockedTime).filter_map(|fact| fact.number);
        let (nanos, frames) = &mut self.collected.blocked;
        if let Some(stop) = stops.max().filter(|&stop| stop > 0) {
            *nanos = nanos.saturating_add(stop.unsigned_abs());
            if frames.len() < MAX_PENDING {
                frames.push((side, at.frame));
            }
        }
    }

    fn add_handshake(&mut self, facts: Vec<Fact>, side: Side, at: Stamp) {
        let is_own = facts::has_handshake(self.collected.exchange().protocol);
        let early = has_early_data(&facts, side).then_some(at.frame);
        // The request may be in the frame of the first message of the handshake.
        let offers = early.is_some() && side == Side::Client && !self.collected.is_behind_request(at.frame);
        let is_before = is_own || offers || self.collected.is_before_call(at.frame);
        let is_before = is_before || self.collected.is_in_early_handshake(at.frame);
        let is_datagram = !self.collected.transport.filter_name.is_empty();
        let secure = &mut self.collected.secure;
        let in_handshake = |fact: &Fact| matches!(fact.role, FactRole::HandshakeMessage | FactRole::CipherChange);
        if is_before && secure.first.frame == 0 && facts::best(&facts, FactRole::TransportVersion).is_some() {
            // Packets before the first message of the handshake make the client begin again.
            secure.first = at;
        }
        let is_complete = match is_datagram {
            // The end of a handshake in datagrams may follow the first request, and messages of other kinds may follow it.
            true => *side.of(&secure.has_finished),
            false => self.has_calls && secure.version.is_some() && !is_own,
        };
        let is_before = is_before || is_datagram && !secure.protocol.is_empty();
        if let Some(fact) = facts.iter().find(|fact| in_handshake(fact)).filter(|_| is_before && !is_complete) {
            if secure.protocol.is_empty() {
                let own = |protocol: &&&Protocol| protocol.fields.first().is_some_and(|own| own.id == fact.protocol);
                let protocol = PROTOCOLS.iter().find(own);
                secure.protocol = protocol.map_or("", |protocol| protocol.short);
                secure.filter_name = protocol.and_then(|protocol| protocol.fields.first()).map_or("", |own| own.name);
                if secure.first.frame == 0 {
                    secure.first = at;
                }
            }
            secure.last = at;
            let is_end = |fact: &Fact| fact.role == FactRole::HandshakeMessage && fact.text == FINISHED;
            *side.of_mut(&mut secure.has_finished) |= is_datagram && facts.iter().any(is_end);
            if secure.frames.len() < MAX_ITEMS {
                let mut names: Vec<&str> = Vec::new();
                for fact in facts.iter().filter(|fact| fact.role == FactRole::HandshakeMessage) {
                    if names.last() != Some(&fact.text.as_str()) && names.len() < MAX_ITEMS {
                        names.push(&fact.text);
                    }
                }
                secure.frames.push((at.frame, names.join(", ")));
            }
            let text = |role| facts::best(&facts, role).map(|fact| (fact.text.clone(), at.frame));
            match side {
                Side::Client => {
                    secure.server_name = secure.server_name.take().or(text(FactRole::ServerName));
                    let offered = facts.iter().filter(|fact| fact.role == FactRole::ApplicationProtocol);
                    if secure.offered_protocols.is_empty() {
                        secure.offer = at.frame;
                        secure.offered_protocols = offered.take(MAX_ITEMS).map(|fact| fact.text.clone()).collect();
                    }
                }
                Side::Server => {
                    secure.version = secure.version.take().or(text(FactRole::Version));
                    secure.cipher = secure.cipher.take().or(text(FactRole::Cipher));
                    secure.application_protocol =
                        secure.application_protocol.take().or(text(FactRole::ApplicationProtocol));
                    let server_name = secure.server_name.as_ref().map(|(name, _)| name.as_str());
                    secure.certificate =
                        secure.certificate.take().or_else(|| certificate::read(&facts, server_name, at.frame));
                }
            }
            let slot = side.of_mut(&mut secure.early_data);
            *slot = slot.or(early);
            let accepts = |fact: &Fact| side == Side::Server && may_accept_early_data(fact);
            if early.is_none() && facts.iter().any(accepts) {
                secure.early_data_rejected = secure.early_data_rejected.or(Some(at.frame));
            }
            let resumed = facts::best(&facts, FactRole::Resumed).filter(|_| side == Side::Server).map(|_| at.frame);
            secure.resumed = secure.resumed.or(resumed);
        }
        let mut levels = facts.iter().filter(|fact| fact.role == FactRole::AlertLevel);
        for reason in facts.iter().filter(|fact| fact.role == FactRole::AlertReason) {
            let level = levels.next().map(|fact| fact.text.clone()).unwrap_or_default();
            if secure.alerts.len() < MAX_ITEMS {
                secure.alerts.push(Alert { at, side, level, reason: reason.text.clone() });
            }
        }
    }

    /// Adds nodes of a message.
    fn message(&mut self, id: ExchangeId, half: Half, nodes: &[Node], tree: &Tree) {
        if id == self.collected.exchange().id {
            if let Some(message) = messages_in(nodes, tree).next() {
                self.collected.channel = self.collected.channel.or(message.channel());
                let text = message_text(message);
                let slot = &mut self.collected.messages[half as usize];
                if slot.as_ref().is_none_or(|kept| text.head.len() >= kept.head.len()) {
                    *slot = Some(text);
                }
            }
            return;
        }
        if let Some(redirect) = self.redirects.iter().find(|call| call.id == id && half == Half::Response) {
            let text = messages_in(nodes, tree).next().map(|message| message_text(message));
            let name = facts::header_name(redirect.protocol, FactRole::Location);
            let location = text.as_ref().zip(name).and_then(|(text, name)| text.header(name));
            self.collected.locations.extend(location.map(|location| (redirect.row, location.to_owned())));
        }
        if half == Half::Response && id.conversation != self.conversation {
            self.lookup_response(id, nodes, tree);
        }
    }

    /// Keeps the facts of a response to a lookup of the host.
    fn lookup_response(&mut self, id: ExchangeId, nodes: &[Node], tree: &Tree) {
        let Some(message) = messages_in(nodes, tree).next() else { return };
        let target = message.value(message.fields.target);
        let facts: Vec<Fact> = facts::facts(nodes, tree).take(MAX_PENDING).collect();
        let name = facts::best(&facts, FactRole::QueriedName).map(|name| name.text.as_bytes());
        let is_host = |name: &[u8]| name.eq_ignore_ascii_case(self.collected.host.as_bytes());
        let is_lookup = !self.collected.host.is_empty() && (is_host(target) || name.is_some_and(is_host));
        if is_lookup && self.pending.len() < MAX_PENDING {
            self.pending.push((id, facts));
        }
    }

    /// Adds an event.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Call(call) if call.exchange.id == self.collected.exchange().id => {}
            Event::Call(call) if call.exchange.id.conversation == self.conversation => self.sibling(call.exchange),
            Event::Call(call) if facts::may_look_up(&call.exchange) => self.lookup(call),
            Event::Stream(stream) if Some(stream.number) == self.conversation.tcp() => {
                self.collected.stream = Some(stream);
            }
            Event::End { conversation, evicted_in } if conversation == self.conversation => {
                self.collected.evicted_in = evicted_in;
            }
            Event::Owned { frame, exchange, half } if exchange == self.collected.exchange().id => {
                self.add_owned(half, frame);
            }
            Event::Unfinished(unfinished) if unfinished.conversation == self.conversation => {
                for part in &unfinished.messages {
                    let nodes = unfinished.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
                    self.message(part.exchange, part.half, nodes, &unfinished.tree);
                }
            }
            _ => {}
        }
    }

    fn sibling(&mut self, exchange: Box<Exchange>) {
        let start = |exchange: &Exchange| {
            exchange.request.or(exchange.response).map(|half| (half.first.frame, exchange.id.nth))
        };
        let own = self.collected.exchange();
        if own.parent == Some(exchange.id) {
            self.collected.siblings.parent = Some(exchange);
            return;
        }
        if exchange.is_one_way || exchange.id.session != own.id.session {
            return;
        }
        let is_before = start(&exchange) < start(own);
        let (own_request, own_response) = (own.request, own.response);
        let siblings = &mut self.collected.siblings;
        if !is_before {
            siblings.after += 1;
            let frame = exchange.request.or(exchange.response).map_or(0, |half| half.first.frame);
            let ends = [own_request, own_response].into_iter().flatten().map(|half| half.last.frame).max();
            siblings.after_end += u64::from(ends.is_some_and(|end| frame > end));
            return;
        }
        siblings.before += 1;
        let end = |exchange: &Exchange| exchange.response.map(|response| response.last.time);
        if siblings.previous.as_ref().is_none_or(|previous| end(&exchange) >= end(previous)) {
            siblings.previous = Some(exchange);
        }
    }

    fn lookup(&mut self, call: Call) {
        let (server, client) = (call_end_text(&call, Side::Server), call.client.address);
        let exchange = call.exchange;
        let pending = self.pending.iter().position(|(id, _)| *id == exchange.id);
        let facts = pending.map(|at| self.pending.swap_remove(at).1).unwrap_or_default();
        let first = |role| facts::best(&facts, role).map(|fact| fact.text.clone()).unwrap_or_default();
        let (name, kind, status) = match facts::is_lookup(exchange.protocol) {
            true => (exchange.target.to_string(), exchange.method.to_string(), exchange.status.to_string()),
            false => (first(FactRole::QueriedName), first(FactRole::QueriedType), first(FactRole::LookupStatus)),
        };
        if !name.eq_ignore_ascii_case(&self.collected.host) || self.collected.host.is_empty() {
            return;
        }
        let texts = |role| facts.iter().filter(move |fact| fact.role == role).map(|fact| fact.text.clone());
        let own = address_text(self.server.address);
        let seconds = facts.iter().filter(|fact| fact.role == FactRole::CacheSeconds).filter_map(|fact| fact.number);
        let lookup = Lookup {
            server,
            client,
            addresses: texts(FactRole::ResolvedAddress).take(MAX_ITEMS).collect(),
            cache_seconds: seconds.min(),
            aliases: texts(FactRole::Alias).take(MAX_ITEMS).collect(),
            is_of_server: texts(FactRole::ResolvedAddress).any(|address| address == own),
            name,
            kind,
            status,
            exchange,
        };
        if self.collected.lookups.len() == MAX_LOOKUPS {
            self.collected.lookups.remove(0);
        }
        self.collected.lookups.push(lookup);
    }

    /// Returns the journey, after the end of the pass.
    #[must_use]
    pub fn finish(mut self) -> Journey {
        self.collected.half_frames.iter_mut().for_each(|frames| {
            frames.sort_unstable();
            frames.dedup();
        });
        self.collected.remove_control_frames();
        if let Some(end) = self.collected.unread_handshake_end() {
            let secure = &mut self.collected.secure;
            secure.last = end;
            secure.frames.retain(|&(frame, _)| frame < end.frame);
            secure.frames.push((end.frame, String::new()));
        }
        remove_foreign_lookups(&mut self.collected);
        super::build(&self.collected)
    }
}

/// Whether a client offers early data in a handshake message, or a server accepts it: in this message alone (RFC 8446 4.2.10).
fn has_early_data(facts: &[Fact], side: Side) -> bool {
    let mut is_acceptance = false;
    facts.iter().any(|fact| {
        if fact.role == FactRole::HandshakeMessage {
            is_acceptance = may_accept_early_data(fact);
        }
        fact.role == FactRole::EarlyData && (side == Side::Client || is_acceptance)
    })
}

/// Whether a fact is a message in which a server accepts early data, if it does.
fn may_accept_early_data(fact: &Fact) -> bool {
    fact.role == FactRole::HandshakeMessage && fact.text == ENCRYPTED_EXTENSIONS
}

fn message_text(message: DissectedMessage<'_>) -> MessageText {
    let fields = message.fields;
    let line = |bytes: &[u8]| {
        let mut text = String::new();
        escaped(&mut text, bytes.get(..MAX_LINE).unwrap_or(bytes).trim_ascii_end());
        text
    };
    let lines = message.values(fields.start_line).chain(message.headers()).chain(message.values(fields.trailers));
    let coding = line(message.value(fields.coding));
    let media_type = message.media_type();
    let body = message.value(fields.body);
    let body = body_text(body.get(..MAX_BODY).unwrap_or(body), media_type);
    MessageText {
        head: lines.take(MAX_LINES).map(line).collect(),
        body: body.map_or(String::new(), |text| line(&text)),
        media_type: line(media_type),
        coding: if coding.eq_ignore_ascii_case("identity") { String::new() } else { coding },
    }
}

fn wants() -> Wants {
    let mut wants = Wants::default();
    segment::add_wants(&mut wants);
    datagram::add_wants(&mut wants);
    facts::add_wants(&mut wants);
    for fields in MESSAGE_FIELDS.iter() {
        let single = [fields.message, fields.request, fields.response, fields.start_line, fields.target];
        let rest = [fields.authority, fields.trailers, fields.media_type, fields.coding, fields.body];
        let all = single.into_iter().chain(rest).chain(fields.channel).chain(fields.headers.iter().copied());
        all.filter(|field| !field.name.is_empty() && !field.later).for_each(|field| wants.add(field));
    }
    wants
}
