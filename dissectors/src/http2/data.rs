//! Frames that change what a side can send: DATA and WINDOW_UPDATE; and RST_STREAM.

use super::fields::*;
use super::frame::{END_STREAM, PADDED};
use super::{Frame, Http2, describe, half_of, names};
use crate::packet::Payload;
use crate::reader::FieldReader;
use crate::session::{Context, Half, Side};
use crate::tree::{Slice, Tree, Value};
use crate::web::end_reason::{ErrorFrame, GoAway};
use crate::web::message::{self, CarriedBody};
use crate::web::stream::DataPart;
use crate::web::streams::window_of;
use crate::web::window::Change;
use alloc::vec::Vec;

/// Refused streams of which more may follow. Servers permit 100 to 1000 streams at once, and few are refused.
const MAX_REFUSED: usize = 64;

impl Http2 {
    /// Opens the stream of a frame, unless it is open.
    pub(super) fn open_stream(&mut self, id: u32, cx: &mut Context<'_>) {
        let windows = self.new_windows();
        let requester = self.requester;
        let is_new = self.streams.get_mut(id).is_none();
        if let Some(stream) = self.streams.open(id, Some(windows), cx) {
            stream.exchange.requester.get_or_insert(requester.unwrap_or(Side::Client));
            for side in Side::BOTH.into_iter().filter(|_| is_new) {
                stream.half(half_of(side, requester)).may_lack_start = side.of(&self.sides).may_lack_start(id);
            }
        }
    }

    /// Reads a DATA frame.
    pub(super) fn data<'b>(&mut self, frame: &Frame<'b>, cx: &mut Context<'_>) -> Option<CarriedBody<'b>> {
        let Frame { header, payload, side, .. } = *frame;
        let padding = describe::padding(frame, cx.tree);
        let at = usize::from(header.has(PADDED));
        let end = payload.len().checked_sub(padding).filter(|&end| end >= at);
        if end.is_none() && frame.is_recorded {
            cx.tree.note(&BAD_FRAME, frame.span, format_args!("{}: padding of {padding} bytes", BAD_FRAME.title));
        }
        let data = end.and_then(|end| payload.get(at..end)).unwrap_or_default();
        if !self.streams.is_closed(header.stream) {
            self.open_stream(header.stream, cx);
        }
        let (half, first, is_recorded) = (self.half_of(side), frame.first, frame.is_recorded);
        let (span, ends) = (frame.span(at, data.len()), header.has(END_STREAM));
        let part = DataPart { bytes: data, span, is_recorded, ends, first };
        let body = self.streams.add_data(header.stream, half, part, cx);
        if frame.is_recorded && padding > 0 {
            let span = frame.span(at + data.len(), padding.min(payload.len().saturating_sub(at)));
            cx.tree.put(&DATA_PADDING, span, Value::Bytes(span));
        }
        self.count_sent(frame, header.length, side, cx);
        body
    }

    /// Counts what a side sent on a stream and on the connection.
    fn count_sent(&mut self, frame: &Frame<'_>, len: usize, side: Side, cx: &mut Context<'_>) {
        let (connection, waited) = self.side(side).window.send(len, cx.at);
        let windows = self.streams.windows_mut(frame.header.stream);
        let (stream, waited_for_stream) =
            windows.map_or((None, None), |windows| window_of(windows, side).send(len, cx.at));
        if !frame.is_recorded {
            return;
        }
        describe_change(connection, stream, cx.tree);
        for (waited, of) in [(waited, "connection"), (waited_for_stream, "stream")] {
            let Some(waited) = waited else { continue };
            cx.tree.put(&BLOCKED_TIME, Slice::default(), Value::Duration(waited));
            let millis = waited / 1_000_000;
            let (whole, micros) = (millis, waited / 1000 % 1000);
            cx.tree.note(
                &BLOCKED,
                frame.span,
                format_args!("{} of the {of} for {whole}.{micros:03} ms", BLOCKED.title),
            );
        }
    }

    /// Reads a WINDOW_UPDATE frame: it extends what the other side can send.
    pub(super) fn window_update(&mut self, frame: &Frame<'_>, cx: &mut Context<'_>) {
        let Some(&word) = frame.payload.first_chunk() else { return };
        let increment = i64::from(u32::from_be_bytes(word) & 0x7fff_ffff);
        let other = frame.side.other();
        if frame.is_recorded {
            let mut reader = FieldReader::new(Payload::whole(frame.payload, frame.span(0, 0).start), cx.tree);
            let _ = describe::number(&WINDOW_RESERVED, &WINDOW_INCREMENT, &mut reader);
        }
        let (connection, stream) = match frame.header.stream {
            0 => (self.side(other).window.extend(increment, cx.at), None),
            id => {
                let windows = self.streams.windows_mut(id);
                (None, windows.and_then(|windows| window_of(windows, other).extend(increment, cx.at)))
            }
        };
        if frame.is_recorded {
            describe_change(connection, stream, cx.tree);
        }
    }

    /// Reads a RST_STREAM frame: neither half goes on.
    pub(super) fn rst_stream<'b>(&mut self, frame: &Frame<'b>, cx: &mut Context<'_>) -> Option<CarriedBody<'b>> {
        if frame.is_recorded {
            let mut reader = FieldReader::new(Payload::whole(frame.payload, frame.span(0, 0).start), cx.tree);
            let _ = reader.u32(&RST_ERROR);
        }
        let id = frame.header.stream;
        if let Some((nth, half)) = self.owner(frame) {
            message::note_part(nth, half, frame.node, cx);
        }
        let is_cancel = frame.payload == names::CANCEL.to_be_bytes();
        let sender = self.half_of(frame.side);
        if let (Some(stream), Some(&code)) = (self.streams.get_mut(id), frame.payload.first_chunk()) {
            let code = u32::from_be_bytes(code).into();
            stream.note_reset(ErrorFrame { kind: "RST_STREAM", sender, code, names: names::ERRORS });
        }
        if frame.payload == names::NO_ERROR.to_be_bytes() && sender == Half::Response && self.refuse(id, cx) {
            return None;
        }
        let mut body = None;
        for half in [Half::Request, Half::Response] {
            let node = cx.tree.nodes().len();
            let Some(stream) = self.streams.get_mut(id).filter(|stream| !stream.is_done(half)) else { continue };
            let state = stream.half(half);
            state.is_truncated = true;
            state.is_canceled = is_cancel && half != sender;
            let nth = stream.exchange.id.nth;
            body = self.streams.finish_half(id, half, None, frame.is_recorded, cx).or(body);
            message::note_part(nth, half, node, cx);
        }
        body
    }

    /// Keeps a GOAWAY frame as the reason of streams that are not completed: the last one, or the one with an error.
    pub(super) fn go_away(&mut self, frame: &Frame<'_>) {
        let (Some(&last), Some(&code)) =
            (frame.payload.first_chunk(), frame.payload.get(4..).and_then(<[u8]>::first_chunk))
        else {
            return;
        };
        let (last, code) = (u32::from_be_bytes(last) & (u32::MAX >> 1), u64::from(u32::from_be_bytes(code)));
        let sender = self.half_of(frame.side);
        let frame = ErrorFrame { kind: "GOAWAY", sender, code, names: names::ERRORS };
        let known = self.streams.go_away.filter(|known| known.frame.code != 0 && code == 0);
        self.streams.go_away = known.or(Some(GoAway { frame, last }));
    }

    /// Notes that the server has responded, and does not read the request to its end. Returns whether more of that may follow: what
    /// the client has sent before it knows (RFC 9113 8.1).
    fn refuse(&mut self, id: u32, cx: &Context<'_>) -> bool {
        let streams = &mut self.streams;
        let mut is_sent = |id| {
            streams.get_mut(id).is_some_and(|stream| {
                // RFC 9110 9.3.1: content of GET has no meaning.
                let has_content = !matches!(stream.exchange.method.as_str(), "GET" | "HEAD");
                let request = stream.half(Half::Request);
                let has_rest = request.content_length.map_or(has_content, |len| len > request.body_len);
                has_rest && !stream.is_done(Half::Request)
            })
        };
        self.refused.retain(|(refused, _)| is_sent(*refused));
        let may_follow = is_sent(id) && self.refused.len() < MAX_REFUSED;
        let may_follow = may_follow && self.streams.get_mut(id).is_some_and(|stream| stream.is_done(Half::Response));
        if may_follow {
            self.refused.push((id, cx.range.end));
        }
        may_follow
    }

    /// Ends the requests of refused streams: a client that knows sends another request.
    pub(super) fn finish_refused(&mut self, next: u32, cx: &mut Context<'_>) {
        let is_over = |&mut (id, until): &mut (u32, u64)| id < next && until <= cx.received;
        let over: Vec<(u32, u64)> = self.refused.extract_if(.., is_over).collect();
        let streams = &mut self.streams;
        let open = |(id, _)| streams.get_mut(id).map(|stream| (stream.exchange.id.nth, id));
        let open: Vec<(u32, u32)> = over.into_iter().filter_map(open).collect();
        self.streams.finish_halves(open, Half::Request, cx);
        self.streams.report_finished(cx);
    }
}

fn describe_change(connection: Option<Change>, stream: Option<Change>, tree: &mut Tree) {
    let fields = [(connection, [&CONNECTION_BEFORE, &CONNECTION_AFTER]), (stream, [&STREAM_BEFORE, &STREAM_AFTER])];
    for (change, [before, after]) in fields {
        let Some(change) = change else { continue };
        for (field, size) in [(before, change.0), (after, change.1)] {
            tree.put(field, Slice::default(), Value::Int(size));
        }
    }
}
