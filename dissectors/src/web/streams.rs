//! The streams of a connection: which are open, and which exchange each is.

use super::end_reason::GoAway;
use super::skipped_streams::SkippedStreams;
use super::stream::{HalfState, MAX_FRAGMENT_BYTES, Stream, StreamHalf};
use super::web_protocol::WebProtocol;
use super::window::Window;
use crate::body_limit::BodyDetail;
use crate::exchange::Exchange;
use crate::session::{Context, Event, Half, Side};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use litemap::LiteMap;

/// Streams that may be open; further ones are skipped. Servers permit 100 to 1000. With usual headers, all of them fit into
/// what one conversation may buffer.
const MAX_OPEN: usize = 1024;
/// Bytes of text kept for them, from which on further streams are skipped.
const MAX_OPEN_TEXT: usize = 384 << 10;
/// Bytes of text kept for them, beyond which the text of the longest messages is dropped. Streams that are open may have more
/// text than when they were opened.
const MAX_TEXT: usize = 512 << 10;
/// Bodies of the maximum size that are kept for them, with their frames; beyond it the largest is dropped.
const MAX_BODIES: usize = 2;
/// Bytes of bodies that are dropped before anything else if memory is short.
const MANY_BODIES: usize = 64 << 10;
/// Closed streams whose exchange is still known: frames may follow that were sent before the end was received.
const MAX_CLOSED: usize = 256;
/// Those of them that are kept if memory is short.
const KEPT_CLOSED: usize = 16;
/// Bytes of text of an open stream that is not released: of a request with a short target.
const KEPT_TEXT: usize = 512;

/// Number of a stream that ended, the number of its exchange, and its windows.
type ClosedStream = (u32, u32, Option<Box<[Window; 2]>>);

/// The streams of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) protocol: &'static WebProtocol,
    /// Amount that is kept of each body; none if no body is wanted.
    pub(crate) keep: Option<BodyDetail>,
    /// Fields of whole messages are recorded.
    pub(crate) has_messages: bool,
    open: LiteMap<u32, Box<Stream>>,
    /// Streams that ended last, with the numbers of their exchanges, and their windows.
    closed: VecDeque<ClosedStream>,
    /// The highest number of a stream that ended.
    highest_closed: u32,
    /// Streams of CONNECT whose exchange is reported, and which carry another protocol; and whether each half has bytes after
    /// the last loss.
    tunnels: BTreeMap<u32, [bool; 2]>,
    /// Streams that have no exchange here, or whose exchange was reported before its end.
    skipped: SkippedStreams,
    /// Streams of which a half ended in this call.
    finished: Vec<u32>,
    /// The highest number of a stream.
    highest: u32,
    /// Number of exchanges.
    count: u32,
    /// Bytes of text kept.
    text: usize,
    /// Bytes of bodies kept.
    bodies: usize,
    /// What announced the end of the connection.
    pub(crate) go_away: Option<GoAway>,
    /// Maximum of them.
    max_bodies: usize,
    /// Streams were skipped, or exchanges reported, at a limit; to be noted in a frame.
    pub(crate) is_over_limit: bool,
}

impl Streams {
    /// Creates the streams of a connection without any, for a run with these wants.
    pub(crate) fn new(protocol: &'static WebProtocol, wants: &Wants) -> Streams {
        Streams {
            protocol,
            keep: protocol.body_detail(wants),
            has_messages: protocol.has_messages(wants),
            open: LiteMap::new(),
            closed: VecDeque::new(),
            highest_closed: 0,
            tunnels: BTreeMap::new(),
            skipped: SkippedStreams::default(),
            finished: Vec::new(),
            highest: 0,
            count: 0,
            text: 0,
            bodies: 0,
            go_away: None,
            max_bodies: MAX_BODIES * (wants.body_limit.bytes() + MAX_FRAGMENT_BYTES),
            is_over_limit: false,
        }
    }

    /// Makes the exchange of an upgrade the one of stream 1 (RFC 7540 3.2).
    pub(crate) fn adopt(&mut self, pending: Option<Box<Exchange>>, windows: [Window; 2]) {
        let Some(mut exchange) = pending else { return };
        self.count = 1;
        exchange.protocol = self.protocol.name();
        (exchange.response, exchange.code) = (None, None);
        exchange.status.clear();
        exchange.content_type.clear();
        let mut stream = Stream::new(exchange, Some(windows));
        stream.scheme = "http".into();
        stream.requested = stream.exchange.request.map(|request| request.last);
        stream.half(Half::Request).state = HalfState::Done;
        self.text = stream.text();
        self.open.insert(1, Box::new(stream));
    }

    /// Returns an open stream.
    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        self.open.get_mut(&id).map(|stream| &mut **stream)
    }

    /// Returns the open streams.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Stream)> {
        self.open.iter_mut().map(|(&id, stream)| (id, &mut **stream))
    }

    fn streams_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.iter_mut().map(|(_, stream)| stream)
    }

    /// Returns the windows of a stream that is open or was closed last.
    pub(crate) fn windows_mut(&mut self, id: u32) -> Option<&mut [Window; 2]> {
        if let Some(stream) = self.open.get_mut(&id) {
            return stream.windows.as_deref_mut();
        }
        self.closed
            .iter_mut()
            .rev()
            .find(|(closed, ..)| *closed == id)
            .and_then(|(_, _, windows)| windows.as_deref_mut())
    }

    /// Whether a stream carries another protocol.
    pub(crate) fn is_tunnel(&self, id: u32) -> bool {
        self.tunnels.contains_key(&id) || self.open.get(&id).is_some_and(|stream| stream.tunnel.is_some())
    }

    /// Notes that a half of a stream that carries another protocol has bytes.
    pub(crate) fn note_tunnel_bytes(&mut self, id: u32, half: Half) {
        if let Some(has_bytes) = self.tunnels.get_mut(&id) {
            *half_of(has_bytes, half) = true;
        }
    }

    /// Returns the streams that carry another protocol, and whose half has bytes after the last loss: there is another one.
    pub(crate) fn lose_tunnels(&mut self, half: Half) -> impl Iterator<Item = u32> {
        let has_bytes = move |flags: &mut [bool; 2]| core::mem::take(half_of(flags, half));
        self.tunnels.iter_mut().filter_map(move |(&id, flags)| has_bytes(flags).then_some(id))
    }

    /// The highest number of a stream so far.
    pub(crate) fn highest(&self) -> u32 {
        self.highest
    }

    /// Whether a stream was closed, or is skipped.
    pub(crate) fn is_closed(&self, id: u32) -> bool {
        let is_closed = || id <= self.highest_closed && self.closed.iter().any(|(closed, ..)| *closed == id);
        !self.open.contains_key(&id) && (is_closed() || self.skipped.contains(id))
    }

    /// Returns the number of a stream's exchange.
    pub(crate) fn nth(&self, id: u32) -> Option<u32> {
        let closed = || self.closed.iter().rev().find(|(closed, ..)| *closed == id).map(|(_, nth, _)| *nth);
        self.open.get(&id).map(|stream| stream.exchange.id.nth).or_else(closed)
    }

    /// Returns the stream of a number, which opens with it; none if it is skipped.
    pub(crate) fn open(&mut self, id: u32, windows: Option<[Window; 2]>, cx: &mut Context<'_>) -> Option<&mut Stream> {
        if !self.open.contains_key(&id) {
            self.highest = self.highest.max(id);
            if self.skipped.contains(id) {
                return None;
            }
            if self.open.len() >= MAX_OPEN || self.text >= MAX_OPEN_TEXT {
                self.is_over_limit = true;
                self.skipped.add(id);
                return None;
            }
            let (is_encrypted, name) = (cx.is_encrypted, cx.exchange(self.count));
            let exchange = Exchange { id: name, protocol: self.protocol.name(), is_encrypted, ..Exchange::default() };
            self.count = self.count.saturating_add(1);
            self.open.insert(id, Box::new(Stream::new(Box::new(exchange), windows)));
        }
        self.open.get_mut(&id).map(|stream| &mut **stream)
    }

    /// Counts text of a stream that was added.
    pub(crate) fn add_text(&mut self, id: u32, len: usize, cx: &mut Context<'_>) {
        self.text += len;
        while self.text > MAX_TEXT && self.open.len() > 1 {
            self.is_over_limit = true;
            let longest = self.streams_mut().max_by_key(|stream| stream.lines());
            match longest.map_or(0, |stream| stream.drop_lines()) {
                0 => self.report_oldest(Some(id), cx),
                dropped => self.text = self.text.saturating_sub(dropped),
            }
        }
    }

    /// Counts bytes of a body that were added, and drops the largest bodies beyond the limit.
    pub(crate) fn add_body(&mut self, len: usize) {
        self.bodies += len;
        self.drop_bodies(self.max_bodies);
    }

    /// Drops the largest bodies, and of equal ones the last, until at most `max` bytes are kept.
    fn drop_bodies(&mut self, max: usize) {
        while self.bodies > max {
            let halves = self.open.iter_mut().flat_map(|(_, stream)| &mut stream.halves);
            let dropped = halves.max_by_key(|half| half.kept()).map_or(0, StreamHalf::release_body);
            self.bodies = if dropped == 0 { 0 } else { self.bodies.saturating_sub(dropped) };
        }
    }

    /// Counts bytes of a body that were dropped.
    pub(crate) fn remove_body(&mut self, len: usize) {
        self.bodies = self.bodies.saturating_sub(len);
    }

    /// Notes that a half of a stream ended.
    pub(crate) fn note_finished(&mut self, id: u32) {
        self.finished.push(id);
    }

    /// Reports the exchanges of which the last half ended in this call.
    pub(crate) fn report_finished(&mut self, cx: &mut Context<'_>) {
        let mut finished = core::mem::take(&mut self.finished);
        for id in finished.drain(..) {
            let is_done = |stream: &Stream| stream.is_done(Half::Request) && stream.is_done(Half::Response);
            if self.open.get(&id).is_some_and(|stream| is_done(stream)) {
                self.report(id, cx);
            }
        }
        // Its memory is used again.
        self.finished = finished;
    }

    /// Reports the exchanges that a side would have completed: it sends nothing more.
    pub(crate) fn side_ended(&mut self, half: Half, have_both: bool, cx: &mut Context<'_>) {
        let is_over = |stream: &Stream| have_both || half == Half::Response && stream.is_done(Half::Request);
        let mut over: Vec<u32> = self.open.iter().filter(|(_, stream)| is_over(stream)).map(|(&id, _)| id).collect();
        over.sort_by_key(|id| self.nth(*id));
        over.into_iter().for_each(|id| self.report(id, cx));
        self.report_finished(cx);
    }

    /// Drops the largest bodies, half of all their bytes, unless they are few: memory is short. Returns whether it did.
    pub(crate) fn release_bodies(&mut self) -> bool {
        let are_many = self.bodies >= MANY_BODIES;
        if are_many {
            self.drop_bodies(self.bodies / 2);
        }
        are_many
    }

    /// Drops half of the bodies: memory is short. If there are none, the oldest half of the streams is reported as it is.
    pub(crate) fn release(&mut self, cx: &mut Context<'_>) {
        self.closed.drain(..self.closed.len().saturating_sub(KEPT_CLOSED));
        self.closed.shrink_to_fit();
        if self.bodies > 0 {
            return self.drop_bodies(self.bodies / 2);
        }
        let (kept, kept_text) = self.kept();
        let released = match self.open.len().saturating_sub(kept) {
            0 => usize::from(self.text > kept_text),
            more => more.div_ceil(2),
        };
        for _ in 0..released {
            self.is_over_limit = true;
            self.report_oldest(None, cx);
        }
    }

    /// Number of open streams that are not released, and bytes of their text.
    fn kept(&self) -> (usize, usize) {
        let kept = self.open.len().min(self.protocol.kept_open);
        (kept, kept * KEPT_TEXT)
    }

    /// Bytes buffered, without those of streams that are not released.
    pub(crate) fn buffered(&self) -> usize {
        let windows = if self.protocol.has_windows { size_of::<[Window; 2]>() } else { 0 };
        let closed = self.closed.len().saturating_sub(KEPT_CLOSED) * (size_of::<ClosedStream>() + windows);
        let (kept, kept_text) = self.kept();
        let open = (self.open.len() - kept) * (size_of::<Stream>() + size_of::<Exchange>() + windows);
        self.text.saturating_sub(kept_text) + self.bodies + closed + open
    }

    /// Reports the exchange of the lowest stream, perhaps other than one.
    fn report_oldest(&mut self, except: Option<u32>, cx: &mut Context<'_>) {
        let lowest = self.open.keys().copied().find(|&id| Some(id) != except);
        if let Some(id) = lowest {
            self.skipped.add(id);
            if let Some(stream) = self.open.get_mut(&id) {
                stream.is_unread = true;
            }
            self.report(id, cx);
        }
    }

    fn report(&mut self, id: u32, cx: &mut Context<'_>) {
        let Some(mut stream) = crate::lite_map::remove(&mut self.open, &id) else { return };
        self.text = self.text.saturating_sub(stream.text());
        self.bodies = self.bodies.saturating_sub(stream.bodies());
        if self.closed.len() == MAX_CLOSED {
            self.closed.pop_front();
        }
        self.closed.push_back((id, stream.exchange.id.nth, stream.windows.take()));
        self.highest_closed = self.highest_closed.max(id);
        if stream.tunnel.is_some() && self.tunnels.len() < MAX_OPEN {
            self.tunnels.insert(id, [true; 2]);
        }
        for half in [Half::Request, Half::Response] {
            super::streaming::end(id, half, &mut stream, cx);
        }
        stream.end_halves(cx.at);
        if !cx.reports_exchanges || stream.is_blank() {
            return;
        }
        stream.conclude();
        if let Some(go_away) = &self.go_away {
            // RFC 9113 5.1.1: a client opens streams with odd numbers.
            let opener = if id & 1 == 1 { Half::Request } else { Half::Response };
            go_away.explain(id, opener, &mut stream);
        }
        cx.events.push(Event::Exchange(stream.exchange));
    }
}

fn half_of(flags: &mut [bool; 2], half: Half) -> &mut bool {
    let [request, response] = flags;
    if half == Half::Request { request } else { response }
}

/// Place of a side in the windows of a stream.
pub(crate) fn window_of(windows: &mut [Window; 2], side: Side) -> &mut Window {
    let [client, server] = windows;
    if side == Side::Client { client } else { server }
}
