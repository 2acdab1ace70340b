//! What is collected of a call in a reading of its capture.

use super::datagram::DatagramTransport;
use super::segment::SegmentRecord;
use super::selector::{NearbyCall, SelectedCall};
use crate::capture::Stream;
use dissectors::exchange::{Exchange, Outcome};
use dissectors::packet::Address;
use dissectors::session::{Half, Side, Stamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Data about a call, its connection, and the lookups of its server's name.
pub(super) struct Collected {
    pub(super) selected: SelectedCall,
    /// Host of the call: its authority without a port, in lower case; empty if unknown.
    pub(super) host: String,
    /// Segments of the handshake, of the call, and of the teardown.
    pub(super) segments: Vec<SegmentRecord>,
    /// Number of segments beyond the limit.
    pub(super) dropped_segments: u64,
    /// Options of the last SYN of each side, the client's first.
    pub(super) syn_options: [Option<String>; 2],
    pub(super) secure: SecureHandshake,
    /// Transport in datagrams, if the connection has one.
    pub(super) transport: DatagramTransport,
    /// Number of the channel that carries the call, if its protocol has several in one connection.
    pub(super) channel: Option<u32>,
    /// Lookups of the host, in the order in which they ended.
    pub(super) lookups: Vec<Lookup>,
    /// Request and response.
    pub(super) messages: [Option<MessageText>; 2],
    /// Frames with bytes of the request and of the response.
    pub(super) half_frames: [Vec<u32>; 2],
    /// Nanoseconds for which flow control stopped the sender of a message, and the frames that ended each stop.
    pub(super) blocked: (u64, Vec<(Side, u32)>),
    /// Frame, sender and reason of the reset that ended the call alone.
    pub(super) reset: Option<(Stamp, Side, String)>,
    pub(super) siblings: Siblings,
    /// Locations that responses of nearby calls name, by the row of the call.
    pub(super) locations: Vec<(u64, String)>,
    /// Frames with data after the request that belongs to other calls, or to none.
    pub(super) foreign: BTreeSet<u32>,
    /// The connection, if it is one of TCP.
    pub(super) stream: Option<Box<Stream>>,
    /// Last frame of the conversation.
    pub(super) last: Stamp,
    /// Frame for which the conversation was evicted: what follows is unknown.
    pub(super) evicted_in: Option<u32>,
}

/// The handshake of a protocol between TCP and the call.
#[derive(Default)]
pub(super) struct SecureHandshake {
    /// Short name of the protocol; empty without a handshake.
    pub(super) protocol: &'static str,
    /// Filter name of the protocol.
    pub(super) filter_name: &'static str,
    pub(super) first: Stamp,
    pub(super) last: Stamp,
    /// Whether each side has completed a handshake in datagrams.
    pub(super) has_finished: [bool; 2],
    /// Frames with handshake messages before the call, and the names of the messages.
    pub(super) frames: Vec<(u32, String)>,
    pub(super) server_name: Option<(String, u32)>,
    pub(super) offered_protocols: Vec<String>,
    /// Frame that offers them.
    pub(super) offer: u32,
    pub(super) version: Option<(String, u32)>,
    pub(super) cipher: Option<(String, u32)>,
    pub(super) application_protocol: Option<(String, u32)>,
    pub(super) resumed: Option<u32>,
    /// Frames in which the client offers early data, and in which the server accepts it.
    pub(super) early_data: [Option<u32>; 2],
    /// Frame in which the server could have accepted it, and has not.
    pub(super) early_data_rejected: Option<u32>,
    pub(super) certificate: Option<Certificate>,
    pub(super) alerts: Vec<Alert>,
}

/// The certificate of a server.
pub(super) struct Certificate {
    pub(super) frame: u32,
    /// Name that it was issued to.
    pub(super) subject: String,
    /// First host name that it was issued to, and the number of them.
    pub(super) host: String,
    pub(super) hosts: usize,
    /// Whether one of the host names is that of the requested server; unknown without both.
    pub(super) is_of_server: Option<bool>,
    /// Times from which and up to which it is valid, in nanoseconds since 1970.
    pub(super) validity: [Option<i64>; 2],
}

/// An alert.
pub(super) struct Alert {
    pub(super) at: Stamp,
    pub(super) side: Side,
    pub(super) level: String,
    pub(super) reason: String,
}

/// A lookup of a name.
pub(super) struct Lookup {
    pub(super) exchange: Box<Exchange>,
    /// Address of the host that looked the name up.
    pub(super) client: Address,
    pub(super) name: String,
    /// Type of the records.
    pub(super) kind: String,
    /// How it went; empty if unknown.
    pub(super) status: String,
    /// Address of the server that responded, with its port.
    pub(super) server: String,
    /// Addresses of the name.
    pub(super) addresses: Vec<String>,
    /// Lowest number of seconds for which the addresses may be cached.
    pub(super) cache_seconds: Option<i64>,
    pub(super) aliases: Vec<String>,
    /// Whether one of the addresses is that of the server of the call.
    pub(super) is_of_server: bool,
}

/// The text of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct MessageText {
    /// Start line, headers and trailers, without control characters.
    pub(super) head: Vec<String>,
    /// Media type.
    pub(super) media_type: String,
    /// Content codings; empty if there are none.
    pub(super) coding: String,
    /// Start of the decoded body, if it is text; empty otherwise.
    pub(super) body: String,
}

impl MessageText {
    /// Returns the value of the first header line with this name, which is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().skip(1).find_map(|line| {
            let (other, value) = line.split_at_checked(line.char_indices().skip(1).find(|(_, c)| *c == ':')?.0)?;
            other.eq_ignore_ascii_case(name).then(|| value.trim_start_matches(':').trim())
        })
    }
}

/// The other calls on the connection.
#[derive(Default)]
pub(super) struct Siblings {
    /// Calls whose requests began before that of the call.
    pub(super) before: u64,
    /// Calls whose requests began after that of the call, and how many of them after its end.
    pub(super) after: u64,
    pub(super) after_end: u64,
    /// Call that opened the channel that carries it.
    pub(super) parent: Option<Box<Exchange>>,
    /// Call before it whose response ended last.
    pub(super) previous: Option<Box<Exchange>>,
}

impl Collected {
    /// Removes the frames of a half that have none of its bytes: those of other frames of the channel, such as one that opens a
    /// window. The numbers of the first and the last segment limit the bytes.
    pub(super) fn remove_control_frames(&mut self) {
        let exchange = self.exchange();
        if super::facts::has_handshake(exchange.protocol) {
            // The call is a connection whose content is not read.
            return;
        }
        let halves = [exchange.request, exchange.response];
        for (nth, half) in halves.into_iter().enumerate() {
            let (Some(half), Some(mut frames)) = (half, self.half_frames.get_mut(nth).map(std::mem::take)) else {
                continue;
            };
            let ends = [half.first, half.last].map(|stamp| self.segment(stamp.frame));
            frames.retain(|&frame| match (ends, self.segment(frame)) {
                ([Some(first), Some(last)], Some(segment)) => {
                    let is_behind = segment.seq.wrapping_sub(last.end()) as i32 >= 0;
                    segment.side == first.side && !is_behind && segment.end().wrapping_sub(first.seq) as i32 > 0
                }
                _ => (half.first.frame..=half.last.frame).contains(&frame),
            });
            if let Some(slot) = self.half_frames.get_mut(nth) {
                *slot = frames;
            }
        }
    }

    /// Whether the call is a connection in datagrams whose content is not read.
    pub(super) fn is_datagram_connection(&self) -> bool {
        let exchange = self.exchange();
        exchange.id.conversation.tcp().is_none() && super::facts::has_handshake(exchange.protocol)
    }

    /// Returns where the handshake of a connection ends whose content is not read: the client's first packet after the handshake of
    /// the server.
    pub(super) fn unread_handshake_end(&self) -> Option<Stamp> {
        let end = self.exchange().response.filter(|_| self.is_datagram_connection())?.first;
        let is_of_client = |datagram: &super::datagram::DatagramRecord| datagram.side == Side::Client;
        let mut datagrams = self.transport.datagrams.iter().filter(|datagram| datagram.at.frame == end.frame);
        datagrams.next().is_some_and(is_of_client).then_some(end)
    }

    /// Whether the handshake of the connection is complete, as far as it was captured. One whose calls are read is.
    pub(super) fn has_complete_handshake(&self) -> bool {
        let exchange = self.exchange();
        if !super::facts::has_handshake(exchange.protocol) || self.secure.has_finished[0] {
            return true;
        }
        let Some(response) = exchange.response.filter(|response| response.complete) else { return false };
        match exchange.outcome {
            Outcome::ClientError | Outcome::ServerError => {
                let alert = self.secure.alerts.first().map(|alert| alert.at.frame);
                let failure = self.transport.close.as_ref().map(|close| close.at.frame).or(alert);
                failure.is_some_and(|frame| response.first.frame < frame)
            }
            _ => true,
        }
    }

    pub(super) fn exchange(&self) -> &Exchange {
        &self.selected.call.exchange
    }

    /// Returns frame, sender and reason of the reset that ended the call alone.
    pub(super) fn channel_reset(&self) -> Option<(Stamp, Side, String)> {
        let channel = i64::from(self.channel.unwrap_or(u32::MAX));
        let reset = self.transport.resets.iter().find(|reset| reset.channel == channel);
        let name = |number| super::facts::error_name(self.exchange().protocol, number);
        let reset = reset.map(|reset| (reset.at, reset.side, name(reset.reason)));
        self.reset.clone().or(reset)
    }

    /// Returns the frame up to which the client waits for a missing response: the one that gives up the call, or the last one.
    pub(super) fn end_of_wait(&self) -> Stamp {
        let reset = self.channel_reset().map(|(at, ..)| at);
        reset.or(self.transport.close.as_ref().map(|close| close.at)).unwrap_or(self.last)
    }

    /// Side that sent the request.
    pub(super) fn requester(&self) -> Side {
        if self.is_swapped() { Side::Client } else { self.exchange().requester.unwrap_or(Side::Client) }
    }

    /// Whether the server of the call sent the first datagram captured of its conversation. Sides are those of the call nevertheless.
    pub(super) fn is_swapped(&self) -> bool {
        let exchange = self.exchange();
        exchange.id.conversation.tcp().is_none() && exchange.requester == Some(Side::Server)
    }

    pub(super) fn message(&self, half: Half) -> Option<&MessageText> {
        self.messages[half as usize].as_ref()
    }

    /// Returns the calls near it of the same client, before or after it in the output of `calls`.
    pub(super) fn nearby(&self) -> &[Arc<NearbyCall>] {
        &self.selected.nearby
    }

    /// Whether a frame is before the first of the call.
    pub(super) fn is_before_call(&self, frame: u32) -> bool {
        let exchange = self.exchange();
        exchange.request.or(exchange.response).is_none_or(|first| frame < first.first.frame)
    }

    /// Whether a frame is after the first one of the request.
    pub(super) fn is_behind_request(&self, frame: u32) -> bool {
        self.exchange().request.is_none_or(|request| frame > request.first.frame)
    }

    /// Whether a frame is after the last one of the complete call.
    pub(super) fn is_after_call(&self, frame: u32) -> bool {
        self.last_frame().is_some_and(|last| frame > last)
    }

    /// Returns the last frame of the call, if all of it was captured.
    fn last_frame(&self) -> Option<u32> {
        let exchange = self.exchange();
        exchange.content().filter(|content| content.complete)?;
        [exchange.request, exchange.response].iter().flatten().map(|half| half.last.frame).max()
    }

    /// Whether a frame of the connection is of its opening: it is before the call, and not behind the handshakes.
    pub(super) fn is_of_opening(&self, frame: u32) -> bool {
        let end = self.handshake_end().map_or(0, |end| end.frame).max(self.secure.last.frame);
        self.is_before_call(frame) && frame <= end
    }

    /// Whether the connection was opened for this call: it is the first on it.
    pub(super) fn is_first(&self) -> bool {
        self.siblings.before == 0 && self.exchange().parent.is_none()
    }

    /// Returns the segments of the handshake: the SYNs before the call.
    pub(super) fn syns(&self) -> impl Iterator<Item = &SegmentRecord> {
        self.segments.iter().filter(|segment| segment.is_syn() && self.is_before_call(segment.frame))
    }

    /// Returns the segment that completes the handshake: the acknowledgment of the second SYN.
    pub(super) fn handshake_end(&self) -> Option<&SegmentRecord> {
        let answer = self.syns().find(|segment| segment.is_ack())?;
        let acks = |segment: &&SegmentRecord| {
            segment.frame > answer.frame
                && segment.side != answer.side
                && segment.is_ack()
                && !segment.is_syn()
                && !segment.is_reset()
                && segment.ack_raw.wrapping_sub(answer.seq_raw) as i32 > 0
        };
        self.segments.iter().find(acks)
    }

    /// Returns the side of the connection of which no frame was captured, if there is one.
    pub(super) fn lacks_side(&self) -> Option<Side> {
        let has_side = match &self.stream {
            Some(stream) => [Side::Client, Side::Server].map(|side| stream.side(side).frames > 0),
            None if self.transport.filter_name.is_empty() => return None,
            None => self.transport.has_side,
        };
        [Side::Client, Side::Server].into_iter().find(|&side| !has_side[side as usize])
    }

    /// Whether a frame may have a part of a handshake with early data: it is not behind the begin of the response, with which it may
    /// share a datagram.
    pub(super) fn is_in_early_handshake(&self, frame: u32) -> bool {
        let offers = self.secure.early_data[0].is_some_and(|offer| !self.is_behind_request(offer));
        offers && self.exchange().response.is_none_or(|response| frame <= response.first.frame)
    }

    /// Bytes that the capture lacks of the connection.
    pub(super) fn missing(&self) -> u64 {
        self.stream.as_ref().map_or(0, |stream| stream.total(|side| side.missing))
    }

    /// Nanoseconds of a round trip, measured by the handshake; 0 if unknown.
    pub(super) fn round_trip(&self) -> u64 {
        let rtt = self.stream.as_ref().and_then(|stream| stream.initial_rtt);
        rtt.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or_default()
    }

    /// Nanoseconds of the way from the place of the capture to the server and back, measured by the handshake; 0 if unknown.
    pub(super) fn round_trip_to_server(&self) -> u64 {
        let Some(answer) = self.syns().find(|syn| syn.is_ack() && syn.side == Side::Server) else { return 0 };
        let before = |syn: &&SegmentRecord| syn.side == Side::Client && !syn.is_ack() && syn.frame < answer.frame;
        self.syns().filter(before).last().map_or(0, |sent| sent.time.abs_diff(answer.time))
    }

    /// Whether the capture was taken near a side, as far as the handshake shows it: the answers of the other side took
    /// longer.
    pub(super) fn is_near(&self, side: Side) -> bool {
        let to_server = self.round_trip_to_server();
        let to_client = self.round_trip().saturating_sub(to_server);
        match side {
            Side::Client => to_server > to_client.saturating_mul(2),
            Side::Server => to_client > to_server.saturating_mul(2),
        }
    }

    /// Returns the segment of a frame, if it was kept.
    pub(super) fn segment(&self, frame: u32) -> Option<&SegmentRecord> {
        let at = self.segments.binary_search_by_key(&frame, |segment| segment.frame).ok()?;
        self.segments.get(at)
    }

    /// Whether a frame has bytes of the call.
    pub(super) fn is_owned(&self, frame: u32) -> bool {
        self.half_frames.iter().any(|frames| frames.binary_search(&frame).is_ok())
    }

    /// Whether there may be a response: it is missing, but the server sent data that could not be read, or none of its frames
    /// was captured.
    pub(super) fn may_have_response(&self) -> bool {
        let exchange = self.exchange();
        let is_missing = exchange.lacks_response() && exchange.request.is_some() && self.channel_reset().is_none();
        let responder = self.requester().other();
        let lacks_bytes = self.stream.as_ref().is_some_and(|stream| stream.side(responder).missing > 0);
        is_missing && (self.lacks_side().is_some() || self.has_data_after_request() || lacks_bytes)
    }

    /// Whether the side that responds sent data after the request that is not known to be of other calls.
    pub(super) fn has_data_after_request(&self) -> bool {
        let Some(request) = self.exchange().request else { return false };
        let responder = self.requester().other();
        let is_after = |frame: u32| frame > request.last.frame && !self.foreign.contains(&frame);
        let mut segments = self.segments.iter().filter(|segment| segment.side == responder && segment.len > 0);
        let mut datagrams =
            self.transport.datagrams.iter().filter(|datagram| datagram.side == responder && datagram.is_encrypted);
        segments.any(|segment| is_after(segment.frame)) || datagrams.any(|datagram| is_after(datagram.at.frame))
    }

    /// Whether the data of a segment was acknowledged before it.
    fn is_acknowledged(&self, segment: &SegmentRecord) -> bool {
        let acknowledges = |ack: &&SegmentRecord| {
            ack.side != segment.side && ack.is_ack() && (ack.ack.wrapping_sub(segment.end()) as i32) >= 0
        };
        self.segments.iter().take_while(|other| other.frame < segment.frame).any(|ack| acknowledges(&ack))
    }

    /// Returns the segments while the call lasted, and later copies of them.
    pub(super) fn call_segments(&self) -> impl Iterator<Item = &SegmentRecord> {
        let exchange = self.exchange();
        let halves = [exchange.request, exchange.response];
        let first = halves.iter().flatten().map(|half| half.first.frame).min().unwrap_or(u32::MAX);
        let last = self.last_frame().unwrap_or(u32::MAX);
        let is_copy = move |segment: &SegmentRecord| {
            segment.frame > last && self.is_owned(segment.frame) && !self.is_acknowledged(segment)
        };
        self.segments.iter().filter(move |segment| (first..=last).contains(&segment.frame) || is_copy(segment))
    }
}
