//! What distinguishes HTTP/2 and HTTP/3: their fields.

use crate::body_limit::BodyDetail;
use crate::field::Field;
use crate::protocol::{MessageFields, UnitReassembly};
use crate::wants::Wants;

/// Names and fields of a protocol that has a stream for each exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebProtocol {
    /// Short name, such as `HTTP2`.
    pub(crate) short: &'static str,
    /// Version in start lines, such as `HTTP/2`.
    pub(crate) version: &'static str,
    /// The protocol's own field.
    pub(crate) field: &'static Field,
    pub(crate) messages: &'static MessageFields,
    /// Returns the stream that carried messages, by their number.
    pub(crate) stream: fn(u32) -> Option<u64>,
    pub(crate) reassembly: &'static UnitReassembly,
    /// The first and the last field of messages.
    pub(crate) of_messages: [&'static Field; 2],
    /// Bytes of a body in a frame.
    pub(crate) data: &'static Field,
    pub(crate) uri_path: &'static Field,
    pub(crate) uri_query: &'static Field,
    pub(crate) full_uri: &'static Field,
    // Relations of the halves of an exchange.
    pub(crate) request_in: &'static Field,
    pub(crate) response_in: &'static Field,
    pub(crate) time: &'static Field,
    pub(crate) time_to_first_byte: &'static Field,
    pub(crate) download_time: &'static Field,
    /// The last frame of a message states that it is. Otherwise the end of its stream does, and a body of one frame is not
    /// reassembled.
    pub(crate) ends_with_frame: bool,
    /// Whether its streams have flow control of their own.
    pub(crate) has_windows: bool,
    /// Open streams of a connection that are not released if memory is short: they are counted in the state of the session
    /// below.
    pub(crate) kept_open: usize,
    // Notes.
    pub(crate) truncated: &'static Field,
    pub(crate) gap: &'static Field,
    pub(crate) bad_length: &'static Field,
    pub(crate) decompression_failed: &'static Field,
}

/// Fields of a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderFields {
    pub(crate) header: &'static Field,
    pub(crate) name_length: &'static Field,
    pub(crate) name: &'static Field,
    pub(crate) value_length: &'static Field,
    pub(crate) value: &'static Field,
    /// The field of the value of a header with this name, if it has one.
    pub(crate) of_name: fn(&[u8]) -> Option<&'static Field>,
}

impl WebProtocol {
    /// Filter name.
    pub(crate) fn name(&self) -> &'static str {
        self.field.name
    }

    /// Whether a body that began in a frame is reassembled in the present one.
    pub(super) fn is_reassembled(&self, first: u32, present: u32) -> bool {
        self.ends_with_frame || first != present
    }

    /// Amount of a body that must be kept for `wants`; none if no body is wanted.
    pub(super) fn body_detail(&self, wants: &Wants) -> Option<BodyDetail> {
        let MessageFields { body, body_limits: [limit, dropped], .. } = *self.messages;
        let of_body = [self.data, body, self.decompression_failed, limit, dropped, &crate::frame::PROTOCOLS];
        let wants_body = of_body.into_iter().any(|field| wants.field(field))
            || wants.any_between(self.reassembly.units, self.reassembly.data)
            || crate::content::is_wanted(wants);
        match wants_body {
            true => Some(BodyDetail::Full(wants.body_limit)),
            false => wants.columns.then_some(BodyDetail::Preview),
        }
    }

    /// Whether fields of whole messages are wanted.
    pub(super) fn has_messages(&self, wants: &Wants) -> bool {
        let [first, last] = self.of_messages;
        wants.any_between(first, last)
    }
}
