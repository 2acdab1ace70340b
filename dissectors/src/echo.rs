//! Echo requests and replies of ICMP and ICMPv6: how they are read, and what is recorded of a pair.

use crate::packet::{DescribeEcho, Echo, EchoFacts, EchoFields, NextLayer, Packet, Payload};
use crate::tree::{Slice, Tree, Value};

impl<'b> Echo<'b> {
    /// Reads an echo request or reply, whose types are `kinds`. Returns none for another message, an incomplete header,
    /// or a quoted message.
    #[must_use]
    pub fn read(
        payload: Payload<'b>,
        packet: &mut Packet,
        kinds: [u8; 2],
        fields: &'static EchoFields,
        describe: DescribeEcho,
    ) -> Option<Echo<'b>> {
        let &[kind, _, a, b, c, d, e, f] = payload.bytes.first_chunk::<8>()?;
        let [request, reply] = kinds;
        if !kinds.contains(&kind) || packet.quoted {
            return None;
        }
        let numbers = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
        let [checksum, identifier, sequence] = numbers;
        // The word with the type is larger in a request of ICMP, and in a reply of ICMPv6.
        let checksum = add_ones_complement(checksum, u16::from_be_bytes([kind, 0]));
        let checksum = add_ones_complement(checksum, !u16::from_be_bytes([reply, 0]));
        let is_reply = kind != request;
        let nth = packet.echoes;
        packet.echoes = nth.wrapping_add(1);
        Some(Echo { is_reply, key: [identifier, sequence, checksum], payload, nth, fields, describe })
    }

    /// Returns the data of the message.
    #[must_use]
    pub fn next(&self) -> NextLayer<'b> {
        let data = self.payload.from(8);
        if data.wire == 0 { NextLayer::End } else { NextLayer::Data(data) }
    }

    /// Returns whether the message is a request to a group.
    #[must_use]
    pub fn is_multicast_request(&self, packet: &Packet) -> bool {
        packet.destination.is_multicast() && !self.is_reply
    }

    /// Records the message with the facts.
    pub fn record(&self, facts: &EchoFacts, packet: &Packet, tree: &mut Tree) {
        self.append_info(facts, tree);
        if tree.wants_any(self.fields.reply_in) {
            (self.describe)(self, facts, packet, tree);
        }
    }

    /// Appends the facts to the info column.
    fn append_info(&self, facts: &EchoFacts, tree: &mut Tree) {
        if !tree.wants_columns() {
            return;
        }
        match facts {
            EchoFacts::Unknown => {}
            EchoFacts::ReplyIn(frame) => tree.append_info(format_args!(" (reply in {frame})")),
            EchoFacts::RequestIn(frame, _) => tree.append_info(format_args!(" (request in {frame})")),
            EchoFacts::NoReply(_) => tree.append_info(format_args!(" (no response found!)")),
            EchoFacts::Multicast => tree.append_info(format_args!(" (multicast)")),
        }
    }

    /// Records the facts under the open node.
    pub fn record_facts(&self, facts: &EchoFacts, tree: &mut Tree) {
        let none = Slice::default();
        match *facts {
            EchoFacts::Unknown | EchoFacts::Multicast => {}
            EchoFacts::ReplyIn(frame) => drop(tree.put(self.fields.reply_in, none, Value::Uint(frame.into()))),
            EchoFacts::RequestIn(frame, nanos) => {
                tree.put(self.fields.request_in, none, Value::Uint(frame.into()));
                // Billionths of a millisecond.
                tree.put(self.fields.response_time, none, Value::Decimal(nanos.saturating_mul(1000)));
            }
            EchoFacts::NoReply(frame) => {
                tree.open(self.fields.no_reply, none, Value::Present);
                let note = self.fields.no_reply_note;
                match self.fields.has_frame_in_note {
                    true => tree.note(note, none, format_args!("{} in frame {frame}", note.title)),
                    false => tree.note(note, none, format_args!("{}", note.title)),
                }
                tree.close();
            }
        }
    }
}

/// Adds numbers in one's complement (RFC 1071 2). Its two zeros become 0.
fn add_ones_complement(a: u16, b: u16) -> u16 {
    let (sum, carry) = a.overflowing_add(b);
    let sum = sum.wrapping_add(carry.into());
    if sum == 0xffff { 0 } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_the_key_of_its_request() {
        static FIELDS: EchoFields = EchoFields {
            reply_in: &crate::frame::NUMBER,
            request_in: &crate::frame::NUMBER,
            response_time: &crate::frame::NUMBER,
            no_reply: &crate::frame::NUMBER,
            no_reply_note: &crate::frame::NUMBER,
            has_frame_in_note: false,
        };
        let read = |bytes: &[u8], kinds| {
            Echo::read(Payload::whole(bytes, 0), &mut Packet::default(), kinds, &FIELDS, |_, _, _, _| {})
                .map(|echo| (echo.is_reply, echo.key))
        };
        // Checksums of real messages: RFC 792 (types 8 and 0), RFC 4443 (types 128 and 129).
        let rows: [([u8; 2], [u8; 8], [u8; 8]); 2] = [
            ([8, 0], [8, 0, 0x8e, 0x7c, 0, 1, 0, 1], [0, 0, 0x96, 0x7c, 0, 1, 0, 1]),
            ([128, 129], [128, 0, 0xcd, 0xed, 0, 1, 0, 1], [129, 0, 0xcc, 0xed, 0, 1, 0, 1]),
        ];
        for (kinds, request, reply) in rows {
            let (request, reply) = (read(&request, kinds), read(&reply, kinds));
            assert_eq!(request.map(|(_, key)| key), reply.map(|(_, key)| key), "{kinds:?}");
            assert_eq!(
                (request.map(|(is_reply, _)| is_reply), reply.map(|(is_reply, _)| is_reply)),
                (Some(false), Some(true))
            );
        }
        assert_eq!(read(&[8, 0, 0, 0, 0, 1, 0], [8, 0]), None);
        assert_eq!(read(&[3, 0, 0, 0, 0, 1, 0, 1], [8, 0]), None);
    }
}
