//! The connection as an exchange, for connections whose content is not decrypted: server name, handshake, bytes of both sides.
//!
//! The request is the client hello. The response begins when the handshake is complete, so the time to its first byte is that of
//! the handshake. It ends with the last record of the server. If the handshake is not complete, the response is not either:
//! it consists of the records that the server has sent.

use super::fields::{ALERT_DESCRIPTION, VERSION};
use super::handshake::is_tls13;
use super::header::{self, RecordHeader};
use crate::exchange::{Exchange, Outcome, Transfer};
use crate::hello::ClientOffer;
use crate::session::{Context, Half, Side, Stamp};
use compact_str::CompactString;

/// Level of a fatal alert (RFC 5246 7.2).
const FATAL: u8 = 2;

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    server_name: CompactString,
    has_encrypted_hello: bool,
    request: Option<Transfer>,
    response: Option<Transfer>,
    /// The records of the server, before the handshake is complete.
    unfinished: Option<Transfer>,
    /// Whether a server hello was read.
    has_selection: bool,
    /// Whether each side has sent an encrypted record of the handshake.
    finished: [bool; 2],
    /// Sender and description of a fatal alert.
    alert: Option<(Side, u8)>,
    /// Whether the server's first bytes are not TLS.
    is_refused: bool,
    /// Whether no record could be decrypted with the secrets of the connection.
    pub(super) has_wrong_secrets: bool,
    /// Bytes of the records of each side.
    bytes: [u64; 2],
    ended: [bool; 2],
}

impl Summary {
    /// Notes a client hello.
    pub(super) fn client_hello(&mut self, first: Stamp, offer: &ClientOffer<'_>, cx: &Context<'_>) {
        self.server_name = crate::exchange::text(offer.server_name);
        self.has_encrypted_hello = offer.has_encrypted_hello;
        let request = self.request.get_or_insert(Transfer { first, complete: true, ..Transfer::default() });
        (request.last, request.completed_in) = (cx.arrived, cx.at.frame);
    }

    /// Notes a server hello, which is not a Hello Retry Request.
    pub(super) fn server_hello(&mut self) {
        self.has_selection = true;
    }

    /// Notes that the server responds to a client hello without TLS. Returns whether it does.
    pub(super) fn respond_without_tls(&mut self, cx: &Context<'_>) -> bool {
        let is_refused = self.request.is_some() && self.response.is_none() && self.unfinished.is_none();
        if is_refused {
            self.is_refused = true;
            self.respond(cx);
        }
        is_refused
    }

    /// Notes an alert in cleartext, or decrypted.
    pub(super) fn alert(&mut self, side: Side, level: u8, description: u8, cx: &Context<'_>) {
        if level == FATAL && self.alert.is_none() {
            self.alert = Some((side, description));
            self.respond(cx);
        }
    }

    /// Notes a record. `is_encrypted` says whether a record of the handshake follows a change of the cipher spec.
    pub(super) fn record(
        &mut self,
        side: Side,
        header: RecordHeader,
        is_encrypted: bool,
        version: u16,
        cx: &Context<'_>,
    ) {
        *side.of_mut(&mut self.bytes) += header.total_len() as u64;
        let is_application_data = header.content == header::APPLICATION_DATA;
        let is_finished = match is_tls13(version) {
            true => is_application_data,
            false => header.content == header::HANDSHAKE && is_encrypted,
        };
        *side.of_mut(&mut self.finished) |= is_finished && self.has_selection;
        let is_late = self.request.is_none() && side == Side::Server;
        let is_complete = self.finished == [true; 2] || self.response.is_some();
        if is_late || is_complete && (self.response.is_none() || side == Side::Server) {
            self.respond(cx);
        } else if side == Side::Server {
            cx.extend_transfer(&mut self.unfinished, false);
        }
    }

    fn respond(&mut self, cx: &Context<'_>) {
        cx.extend_transfer(&mut self.response, true);
    }

    /// Returns the half that the bytes consumed last belong to.
    pub(super) fn owner(&self, side: Side) -> Option<(u32, Half)> {
        match side {
            Side::Client if self.request.is_some() => (!self.has_selection).then_some((0, Half::Request)),
            // Without the client hello, all records are those of the response.
            _ => self.response.is_some().then_some((0, Half::Response)),
        }
    }

    /// Ends a side. Returns whether both have ended.
    pub(super) fn end(&mut self, side: Side) -> bool {
        *side.of_mut(&mut self.ended) = true;
        self.ended == [true; 2]
    }

    /// Returns whether nothing but an alert was read.
    pub(super) fn is_alert_alone(&self) -> bool {
        self.alert.is_some() && self.request.is_none() && !self.has_selection && self.finished == [false; 2]
    }

    /// Returns the exchange, if a message was read.
    pub(super) fn exchange(&self, version: u16, cx: &Context<'_>) -> Option<Exchange> {
        let [sent, received] = self.bytes;
        let request = self.request.map(|request| Transfer { body: sent, ..request });
        let is_complete = self.response.is_some();
        let response = self.response.or(self.unfinished).map(|response| Transfer { body: received, ..response });
        let outcome = match (self.alert, response) {
            (Some((Side::Client, _)), _) => Outcome::ClientError,
            (Some((Side::Server, _)), _) => Outcome::ServerError,
            (None, _) if self.is_refused => Outcome::ServerError,
            (None, Some(_)) if is_complete => Outcome::Success,
            (None, Some(_)) => Outcome::Aborted,
            (None, None) => Outcome::Unanswered,
        };
        let status = match self.alert {
            Some((_, description)) => ALERT_DESCRIPTION.value_name(description.into()).unwrap_or("Alert"),
            None if self.is_refused => "not TLS",
            None if self.has_wrong_secrets => "wrong secrets",
            None if response.is_some() && self.has_selection => VERSION.value_name(version.into()).unwrap_or_default(),
            // The version of a record is not the negotiated one.
            None if response.is_some() => "TLS",
            None => "",
        };
        (request.is_some() || response.is_some()).then(|| Exchange {
            id: cx.exchange(0),
            protocol: "tls",
            requester: request.map(|_| Side::Client),
            method: "TLS".into(),
            authority: self.server_name.clone(),
            target: if self.has_encrypted_hello { "ECH or GREASE".into() } else { CompactString::default() },
            status: status.into(),
            outcome,
            request,
            response,
            ..Exchange::default()
        })
    }
}
