//! A connection as an exchange, for connections whose content is not read: server name, handshake, bytes of both sides.
//!
//! The request is the client hello. The response begins when the handshake is complete, so the time to its first byte is that of
//! the handshake. It ends with the last packet of the server.

use super::fields::{CLOSE_ALERT, CLOSE_ERROR};
use super::handshake::Negotiated;
use super::header::Version;
use crate::exchange::{Exchange, Outcome, Transfer};
use crate::session::{Context, Half, Side, Stamp};
use crate::transport_connection::{TransportClose, TransportConnection};
use alloc::boxed::Box;
use alloc::format;
use compact_str::{CompactString, format_compact};

/// Codes by which applications close a connection without an error: of any, and of HTTP/3 (RFC 9114 8.1).
const APPLICATION_NO_ERROR: [u64; 2] = [0, 0x100];

/// What is known of a connection besides its packets.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Packets before, in a version that the server does not have.
    pub(super) attempt: Option<Box<Attempted>>,
    request: Option<Transfer>,
    response: Option<Transfer>,
    /// Packets of the server before the handshake is complete.
    unfinished: Option<Transfer>,
    /// The server has sent packets of the handshake.
    has_server_handshake: bool,
    /// The client has sent packets with short headers, for which it has keys once the handshake is complete.
    has_client_application: bool,
    /// Sender and reason of the end, and its text.
    close: Option<Close>,
    phrase: CompactString,
    /// Bytes of the datagrams of each side.
    bytes: [u64; 2],
    /// The last datagram.
    last: Option<Stamp>,
    is_reported: bool,
}

/// What was sent before the connection, until the client has used a version that the server has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempted {
    /// The first packet.
    pub(super) first: Stamp,
    /// Bytes and packets of each side.
    pub(super) bytes: [u64; 2],
    pub(super) packets: [u64; 2],
}

impl Attempted {
    pub(super) fn new(first: Stamp) -> Attempted {
        Attempted { first, bytes: [0; 2], packets: [0; 2] }
    }
}

/// How a connection was closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Close {
    pub(super) side: Side,
    pub(super) error: u64,
    pub(super) is_application: bool,
    /// The state of the connection was lost.
    pub(super) is_reset: bool,
}

impl Close {
    /// Whether the connection was closed because of an error.
    pub(super) fn is_error(&self) -> bool {
        match self.is_application {
            true => !APPLICATION_NO_ERROR.contains(&self.error),
            false => self.is_reset || self.error != 0,
        }
    }

    /// Returns the reason, by its name in the application protocol if that closed the connection.
    fn reason(&self, alpn: &str) -> CompactString {
        match (self.is_reset, self.is_application, self.error) {
            (true, ..) => "stateless reset".into(),
            (_, true, error) => match crate::application_error_name(alpn, error) {
                Some(name) => name.into(),
                None => format!("application error {error}").into(),
            },
            (_, false, error @ 0x100..=0x1ff) => match CLOSE_ALERT.value_name(error & 0xff) {
                Some(name) => name.into(),
                None => format!("alert {}", error & 0xff).into(),
            },
            (_, false, error) => match CLOSE_ERROR.value_name(error) {
                Some(name) => name.into(),
                None => format!("error {error}").into(),
            },
        }
    }
}

impl Summary {
    /// Notes a packet of the handshake from a side of the connection.
    pub(super) fn handshake(&mut self, side: Side, is_initial: bool, cx: &Context<'_>) {
        match side {
            Side::Client if is_initial => {
                let first = cx.arrived;
                let request = self.request.get_or_insert(Transfer { first, complete: true, ..Transfer::default() });
                if self.unfinished.is_none() {
                    (request.last, request.completed_in) = (cx.arrived, cx.at.frame);
                }
            }
            Side::Client if self.has_server_handshake => self.respond(cx),
            Side::Client => {}
            Side::Server => self.has_server_handshake |= !is_initial,
        }
    }

    /// Notes a packet with a short header: those of the client follow the handshake.
    pub(super) fn application(&mut self, side: Side, cx: &Context<'_>) {
        if side == Side::Client && self.unfinished.is_some() {
            self.has_client_application = true;
            self.respond(cx);
        }
    }

    /// Returns the application protocol that was selected; empty if it is not known.
    pub(super) fn protocol(&self, negotiated: &Negotiated) -> CompactString {
        negotiated.protocol(self.is_complete(negotiated))
    }

    /// Whether the handshake is known to be complete.
    fn is_complete(&self, negotiated: &Negotiated) -> bool {
        negotiated.client_finished.is_some() || self.has_client_application
    }

    /// Counts a datagram of a side.
    pub(super) fn count(&mut self, side: Side, len: usize, cx: &Context<'_>) {
        *side.of_mut(&mut self.bytes) += len as u64;
        self.last = Some(cx.at);
        if side == Side::Client {
            return;
        }
        if self.response.is_some() {
            self.respond(cx);
            return;
        }
        cx.extend_transfer(&mut self.unfinished, false);
    }

    fn respond(&mut self, cx: &Context<'_>) {
        cx.extend_transfer(&mut self.response, true);
    }

    /// Notes the end of the connection; the first counts.
    pub(super) fn close(&mut self, close: Close, cx: &Context<'_>) {
        if self.close.is_none() {
            self.close = Some(close);
            if close.side == Side::Server || self.response.is_some() {
                self.respond(cx);
            }
        }
    }

    /// Counts datagrams of each side that were not known to be of the connection when they came.
    pub(super) fn count_held(&mut self, bytes: [u64; 2]) {
        self.bytes = [self.bytes[0].saturating_add(bytes[0]), self.bytes[1].saturating_add(bytes[1])];
    }

    /// Returns the end of the connection, as a result.
    fn transport_close(&self, alpn: &str) -> Option<TransportClose> {
        let close = self.close?;
        Some(TransportClose {
            side: close.side,
            reason: close.reason(alpn),
            is_error: close.is_error(),
            phrase: self.phrase.clone(),
        })
    }

    /// Returns the error that closed the connection, its sender, and the frame that has it.
    pub(super) fn error(&self, alpn: &str) -> Option<CompactString> {
        let close = self.close.filter(Close::is_error)?;
        let frame = if close.is_reset { "" } else { " (CONNECTION_CLOSE)" };
        Some(format_compact!("{} by {}{frame}", close.reason(alpn), close.side.name()))
    }

    /// Notes the text of the end of the connection; the first counts.
    pub(super) fn close_phrase(&mut self, phrase: &[u8]) {
        if self.close.is_none() {
            self.phrase = crate::exchange::text(phrase);
        }
    }

    /// Returns the connection with what is known here.
    pub(super) fn connection(
        &self,
        connection: TransportConnection,
        finished: Option<Stamp>,
    ) -> Option<TransportConnection> {
        let first = self.request?.first;
        let end = |transfer: Option<Transfer>| transfer.map(|transfer| transfer.last);
        let last = [end(self.request), end(self.response), end(self.unfinished), self.last].into_iter().flatten();
        let estimate = self.response.filter(|_| self.has_client_application).map(|response| response.first);
        let established = finished.or(estimate);
        let attempt = self.attempt.as_deref().copied().unwrap_or(Attempted::new(first));
        let sum = |[one, other]: [u64; 2], [more, other_more]: [u64; 2]| [one + more, other + other_more];
        let first = attempt.first;
        Some(TransportConnection {
            first,
            last: last.max_by_key(|stamp| stamp.frame).unwrap_or(first),
            handshake: established.map(|end| end.time.saturating_sub(first.time)),
            bytes: sum(self.bytes, attempt.bytes),
            packets: sum(connection.packets, attempt.packets),
            close: self.transport_close(&connection.alpn),
            ..connection
        })
    }

    /// Returns the half that the bytes of a side belong to.
    pub(super) fn half(side: Side) -> Half {
        if side == Side::Client { Half::Request } else { Half::Response }
    }

    /// Returns the exchange, once.
    pub(super) fn take_exchange(
        &mut self,
        (version, negotiated): (Version, &Negotiated),
        (has_wrong_secrets, is_close_hidden): (bool, bool),
        mut exchange: Exchange,
    ) -> Option<Exchange> {
        if core::mem::replace(&mut self.is_reported, true) {
            return None;
        }
        let [sent, received] = self.bytes;
        let is_complete = self.is_complete(negotiated);
        exchange.request = self.request.map(|request| Transfer { body: sent, ..request });
        let is_ended = is_complete || self.close.is_some();
        let response = self.response.map(|response| Transfer { complete: is_ended, ..response });
        let response = response.or(self.unfinished).map(|response| Transfer { body: received, ..response });
        exchange.response = response;
        let error = self.close.filter(Close::is_error);
        exchange.outcome = match (error, response) {
            (Some(Close { side: Side::Client, .. }), _) => Outcome::ClientError,
            (Some(_), _) => Outcome::ServerError,
            // A close with an error may be among the packets that are not decrypted.
            (None, Some(_)) if is_close_hidden && self.close.is_none() && self.response.is_some() => Outcome::Unknown,
            (None, Some(_)) if is_complete => Outcome::Success,
            (None, Some(_)) => Outcome::Aborted,
            (None, None) => Outcome::Unanswered,
        };
        exchange.status = match error {
            Some(close) => close.reason(&self.protocol(negotiated)),
            None if has_wrong_secrets => "wrong secrets".into(),
            None if response.is_none() => CompactString::default(),
            None => version.name().into(),
        };
        exchange.is_connection = true;
        exchange.protocol = "quic";
        exchange.method = "QUIC".into();
        exchange.authority = negotiated.server_name.clone();
        if negotiated.has_encrypted_hello {
            exchange.target = "ECH or GREASE".into();
        }
        Some(exchange)
    }

    /// Whether the exchange was reported.
    pub(super) fn is_reported(&self) -> bool {
        self.is_reported
    }

    /// Where the first packet arrived.
    pub(super) fn first(&self) -> Option<Stamp> {
        self.request.map(|request| request.first)
    }
}
