//! Frames of the packets of a connection, and what they change.

use super::{Closing, Connection, group};
use crate::packet::Payload;
use crate::quic::fields::*;
use crate::quic::frames::{self, Frame};
use crate::quic::levels::Level;
use crate::quic::streams::{StreamContext, StreamPart};
use crate::quic::summary::Close;
use crate::reader::FieldReader;
use crate::session::{About, Context, Side};
use crate::tree::Value;

impl Connection {
    /// Reads the frames of a packet that was decrypted.
    pub(in crate::quic) fn read_frames(
        &mut self,
        side: Side,
        (level, number): (Level, u64),
        payload: Payload<'_>,
        cx: &mut Context<'_>,
    ) {
        let mut rest = payload;
        let mut last_padding = false;
        let mut elicits = false;
        while !rest.bytes.is_empty() {
            let node = cx.tree.open(&FRAME, rest.all(), Value::Present);
            let mut reader = FieldReader::new(rest, cx.tree);
            let read = frames::read(&mut reader);
            let len = reader.position();
            let Ok((kind, frame)) = read else {
                cx.tree.note(&VIOLATION, rest.all(), format_args!("the packet ends within a frame"));
                cx.tree.close();
                return;
            };
            cx.tree.set(node, rest.first(len).all(), Value::Present);
            frames::label(node, kind, &frame, cx.tree);
            frames::append_info(kind, &frame, cx.tree);
            if !frames::is_known(kind) {
                cx.tree.note(&UNKNOWN_FRAME, rest.all(), format_args!("{} {kind:#x}", UNKNOWN_FRAME.title));
                cx.tree.close();
                return;
            }
            match level.permits(&frame) {
                true if level == Level::Initial && self.has_left_initial => {}
                true => self.apply(side, (level, number), frame, cx),
                false => cx.tree.note(
                    &VIOLATION,
                    rest.first(len).all(),
                    format_args!("a frame that packets of this type must not have"),
                ),
            }
            cx.tree.close();
            elicits |= frames::elicits_acknowledgment(kind);
            if len == 0 || last_padding && kind == 0 {
                break;
            }
            last_padding = kind == 0;
            rest = rest.from(len);
        }
        if !elicits {
            self.measurement.elicits_nothing(self.role(side), level.space(), number);
        }
        let Connection { streams, negotiated, client, nth, measurement, .. } = self;
        let (client, alpn) = (*client, &*negotiated.alpn);
        streams.skip_received_gaps(StreamContext { group: group(*nth), client, alpn, packets: measurement }, cx);
        for (is_over, note) in [(&mut streams.is_over_limit, &LIMIT), (&mut streams.is_over_open, &OPEN_LIMIT)] {
            if core::mem::take(is_over) {
                cx.tree.note(note, payload.all(), format_args!("{}", note.title));
            }
        }
    }

    /// Changes the state of the connection as a frame states.
    fn apply(&mut self, side: Side, (level, number): (Level, u64), frame: Frame<'_>, cx: &mut Context<'_>) {
        let role = self.role(side);
        // What a side sent before it closed the connection, or before it knew, may be captured after that.
        let is_earlier = |closing: &Closing| closing.side != role || number < closing.number;
        let is_open = !self.is_closed || self.closing.as_ref().is_some_and(is_earlier);
        // RFC 9001 4.6.2: a server that rejects early data reads none of it.
        let is_open = is_open && !(level == Level::ZeroRtt && self.negotiated.is_early_data_rejected);
        let Connection { streams, negotiated, client, nth, measurement, .. } = self;
        if let Frame::Acknowledgment(acknowledgment) = frame {
            measurement.acknowledged(role, level.space(), acknowledgment, cx.at.time);
            return;
        }
        let group = group(*nth);
        let context = StreamContext { group, client: *client, alpn: &negotiated.alpn, packets: measurement };
        match frame {
            Frame::Crypto { offset, data } => {
                let crypto = role.of_mut(&mut self.crypto);
                let crypto = match level {
                    Level::Initial => crypto.first_mut(),
                    Level::Handshake => crypto.get_mut(1),
                    Level::ZeroRtt | Level::OneRtt => crypto.get_mut(2),
                };
                let Some(crypto) = crypto else { return };
                let (finished, was_rejected) = (negotiated.client_finished, negotiated.is_early_data_rejected);
                crypto.read(offset, data, role, negotiated, cx);
                if negotiated.is_early_data_rejected && !was_rejected {
                    let context =
                        StreamContext { group, client: *client, alpn: &negotiated.alpn, packets: measurement };
                    streams.reject(context, cx);
                }
                if level != Level::Handshake {
                    negotiated.client_finished = finished;
                }
                if let Some(token) = negotiated.reset_token {
                    self.ids[1].add_token(&token);
                }
            }
            Frame::Stream { id, offset, data, is_last } if is_open => {
                streams.add(StreamPart { id, offset, data, is_last, packet: number }, side, context, cx);
                let about = About::Frame(cx.at.frame, id as u32);
                if let Some(frame) = cx.later_value(&REASSEMBLED_IN, about) {
                    cx.tree.put(&REASSEMBLED_IN, data.span(0, 0), Value::Uint(frame));
                }
            }
            Frame::Datagram { data } if is_open => streams.datagram(data, side, context, cx),
            Frame::ResetStream { id, error } if is_open => streams.reset((id, error), side, context, cx),
            Frame::StopSending { id, error } => streams.stop(id, side.other(), error),
            Frame::NewConnectionId { id, token } => {
                let ids = role.of_mut(&mut self.ids);
                ids.add(id);
                ids.add_token(token);
            }
            Frame::Close { error, is_application, phrase } => {
                self.summary.close_phrase(phrase);
                let number = (level == Level::OneRtt).then_some(number);
                self.close(Close { side: role, error, is_application, is_reset: false }, number, cx);
            }
            _ => {}
        }
    }
}
