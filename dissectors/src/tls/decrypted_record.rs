//! Decryption of a record, and what follows from its content: the keys of the next records, and derived bytes.

use super::crypto::Record;
use super::decryption::{Decrypted, Decryption, EncryptedRecord, Failure, KnownSecrets, SecretsResult};
use super::fields::{DECRYPTION_ENDED, NOT_AUTHENTIC, PRIVATE_KEY, SECRETS, SECRETS_KEY, SECRETS_RESULT};
use super::handshake::{
    CLIENT_HELLO, ENCRYPTED_EXTENSIONS, END_OF_EARLY_DATA, FINISHED, KEY_UPDATE, MESSAGE_HEADER_LEN, is_tls13,
    key_exchange,
};
use super::header::RecordHeader;
use super::key_exchange::{KeyExchange, KeyFailure};
use super::{RecordPhase, Tls, decryption, header};
use crate::hello::{self, ClientOffer};
use crate::packet::Payload;
use crate::session::{Chunk, Context, DerivedItem, Event, Handover, Lane, Missing, Side, SideEnd, Stamp, Successor};
use crate::tree::{Slice, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Maximum bytes of a side that wait for a secret.
const MAX_WAITING: usize = 65_536;
/// Alert that ends a side (RFC 8446 6.1).
pub(super) const CLOSE_NOTIFY: u8 = 0;

impl Tls {
    /// Decrypts a record. Returns its content type and content if it was encrypted and is authentic.
    pub(super) fn decrypt_record(
        &mut self,
        side: Side,
        header: RecordHeader,
        body: Payload<'_>,
        cx: &mut Context<'_>,
    ) -> Option<(u8, Vec<u8>)> {
        let record = Record { content: header.content, version: header.version, body: body.bytes };
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        let record = EncryptedRecord { side, record, version: self.version, suite: self.suite, known };
        let decryption = self.decryption.as_mut()?;
        let before = decryption.result();
        let key_before = decryption.key_number();
        let decrypted = decryption.decrypt(record);
        let result = decryption.result();
        if let Some(number) = decryption.key_number().filter(|_| key_before.is_none()) {
            cx.collect(&SECRETS_KEY, cx.subject(), number as u64);
        }
        let key_failure = decryption.take_key_failure();
        report_derived(decryption, cx);
        if result != before {
            self.summary.has_wrong_secrets = result == SecretsResult::Wrong;
            cx.collect(&SECRETS_RESULT, cx.subject(), result as u64);
        }
        if let Some(failure) = key_failure {
            note_key_failure(failure, body, cx);
        }
        match decrypted {
            Decrypted::Content { content, bytes, follows_missing } => {
                if follows_missing {
                    self.derive_missing(side, cx);
                }
                self.is_client_undecrypted &= side != Side::Client;
                return Some((content, bytes));
            }
            Decrypted::Failed(failure) => self.failure = Some(failure),
            Decrypted::Cleartext => {}
        }
        None
    }

    /// Notes that bytes were not decrypted if the last records of a side were not authentic.
    pub(super) fn end_failures(&mut self, side: Side, cx: &mut Context<'_>) {
        if self.decryption.as_ref().is_some_and(|decryption| decryption.has_failures(side)) {
            self.derive_undecrypted(side, cx);
        }
    }

    /// Notes why the present record was not decrypted, if it is encrypted.
    pub(super) fn note_undecrypted(&mut self, side: Side, body: Payload<'_>, cx: &mut Context<'_>) {
        let Some(failure) = self.failure.take() else { return };
        let note = match failure {
            Failure::NotAuthentic => Some(&NOT_AUTHENTIC),
            Failure::LastAttempt => Some(&DECRYPTION_ENDED),
            Failure::NoSecret | Failure::Ended => None,
        };
        if let Some(note) = note {
            cx.tree.note(note, body.all(), format_args!("{}", note.title));
        }
        // The next authentic record decides whether this one was sent, or added by others.
        if !matches!(failure, Failure::NotAuthentic) {
            self.derive_undecrypted(side, cx);
        }
    }

    /// Notes that a record was lost whose header is known.
    pub(super) fn lose_record(&mut self, side: Side, header: RecordHeader, cx: &mut Context<'_>) {
        let is_application_data = header.content == header::APPLICATION_DATA;
        let is_decrypted = self.decrypts(side, cx);
        let Some(decryption) = &mut self.decryption else { return };
        if decryption.lose_record(side, is_application_data) && is_application_data {
            if is_decrypted { self.derive_missing(side, cx) } else { self.derive_undecrypted(side, cx) }
        }
    }

    /// Returns whether a record waits for its secret, with this many bytes from its start on.
    pub(super) fn awaits_secret(&mut self, side: Side, header: RecordHeader, len: usize, cx: &Context<'_>) -> bool {
        if !cx.secrets.awaits_more || len >= MAX_WAITING || self.side(side).is_ending {
            return false;
        }
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        let is_application_data = header.content == header::APPLICATION_DATA;
        self.decryption.as_ref().is_some_and(|decryption| decryption.awaits(side, is_application_data, known))
    }

    /// Reads the records that waited for a secret when a side ends.
    pub(super) fn end_wait(&mut self, side: Side, rest: Chunk<'_>, cx: &mut Context<'_>) {
        self.side(side).is_ending = true;
        let mut rest = rest;
        while cx.secrets.awaits_more && matches!(self.side(side).phase, RecordPhase::RecordStart) {
            let (len, _) = self.read_records(side, rest, cx);
            if len == 0 {
                break;
            }
            rest = rest.from(len);
        }
    }

    /// Notes that complete records were lost that waited for a secret; returns the bytes after them.
    pub(super) fn lose_records_of<'b>(&mut self, side: Side, before: Chunk<'b>, cx: &mut Context<'_>) -> Chunk<'b> {
        let mut rest = before;
        while matches!(self.side(side).phase, RecordPhase::RecordStart)
            && let Some(header) = RecordHeader::read(rest.bytes).filter(|header| header.is_valid())
            && header.total_len() <= rest.bytes.len()
        {
            self.lose_record(side, header, cx);
            rest = rest.from(header.total_len());
        }
        rest
    }

    /// Notes that an unknown number of records was lost.
    pub(super) fn lose_records(&mut self, side: Side, cx: &mut Context<'_>) {
        if let Some(decryption) = &mut self.decryption {
            decryption.lose_records(side);
            self.derive_missing(side, cx);
        }
    }

    /// Returns whether a side sends early data.
    pub(super) fn is_early(&self, side: Side) -> bool {
        self.decryption.as_ref().is_some_and(|decryption| decryption.is_early(side))
    }

    /// Records the labels of the secrets that are known for a client hello.
    pub(super) fn describe_secrets(&self, cx: &mut Context<'_>) {
        let wanted = [&SECRETS, &SECRETS_RESULT, &SECRETS_KEY];
        if cx.secrets.is_empty() || !wanted.iter().any(|field| cx.tree.wants(field)) {
            return;
        }
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        let Some(decryption) = &self.decryption else { return };
        let labels: Vec<&str> = decryption.known_labels(known).collect();
        if !labels.is_empty() {
            cx.tree.put_text(&SECRETS, Slice::default(), format_args!("{}", labels.join(", ")));
        }
        let number = cx.later_value(&SECRETS_KEY, cx.subject()).and_then(|number| usize::try_from(number).ok());
        if let Some(key) = number.and_then(|number| cx.secrets.private_keys().get(number)) {
            cx.tree.put_text(&SECRETS_KEY, Slice::default(), format_args!("{}", key.name));
        }
        if let Some(result) = cx.later_value(&SECRETS_RESULT, cx.subject()) {
            cx.tree.put(&SECRETS_RESULT, Slice::default(), Value::Uint(result));
        }
    }

    /// Returns whether records of a side may be decrypted, so that they are needed as a whole.
    pub(super) fn decrypts(&self, side: Side, cx: &Context<'_>) -> bool {
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        self.decryption.as_ref().is_some_and(|decryption| decryption.is_active(side, known))
    }

    /// Changes the keys after a message.
    pub(super) fn follow_handshake(&mut self, side: Side, message: &[u8], cx: &Context<'_>) {
        let kind = message.first().copied().unwrap_or_default();
        let body = message.get(MESSAGE_HEADER_LEN..).unwrap_or_default();
        if kind == CLIENT_HELLO {
            if let Some(offer) = ClientOffer::read(body) {
                let first = self.side(side).first_unread.unwrap_or(cx.first);
                self.summary.client_hello(first, &offer, cx);
                self.decryption.get_or_insert_default().client_hello(&offer);
            }
            return;
        }
        // The other messages change keys in TLS 1.3 only, and only if they are authentic.
        if !is_tls13(self.version) || !self.side(side).is_decrypted {
            return;
        }
        let Some(decryption) = &mut self.decryption else { return };
        match kind {
            ENCRYPTED_EXTENSIONS => self.set_protocol(hello::selected_protocol(body)),
            END_OF_EARLY_DATA => decryption.end_of_early_data(),
            FINISHED => decryption.finished(side),
            KEY_UPDATE => decryption.key_update(side),
            _ => {}
        }
    }

    /// Follows the key exchange of a handshake, if there are private keys.
    pub(super) fn follow_key_exchange(&mut self, side: Side, message: Payload<'_>, cx: &mut Context<'_>) {
        let keys = cx.secrets.private_keys();
        let Some(decryption) = self.decryption.as_mut().filter(|_| !keys.is_empty()) else { return };
        if message.bytes.first() == Some(&CLIENT_HELLO) {
            let offer = ClientOffer::read(message.bytes.get(MESSAGE_HEADER_LEN..).unwrap_or_default());
            decryption.key_exchange = offer.map(|offer| Box::new(KeyExchange::begin(message.bytes, &offer)));
            return;
        }
        let Some(exchange) = &mut decryption.key_exchange else { return };
        let negotiated = (self.version, decryption::suite(self.suite), key_exchange(self.suite));
        let failure = exchange.read(side, message.bytes, negotiated, keys);
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        if let Some(failure) = failure.filter(|_| decryption.known_labels(known).next().is_none()) {
            note_key_failure(failure, message, cx);
        }
        report_derived(decryption, cx);
    }

    /// Notes that messages of the handshake were lost.
    pub(super) fn lose_messages(&mut self) {
        if let Some(exchange) = self.decryption.as_mut().and_then(|decryption| decryption.key_exchange.as_mut()) {
            exchange.lose_messages();
        }
    }

    /// Derives the content of application data.
    pub(super) fn derive_data(
        &mut self,
        side: Side,
        bytes: Vec<u8>,
        record: Payload<'_>,
        first: Stamp,
        cx: &mut Context<'_>,
    ) {
        if bytes.is_empty() {
            return;
        }
        if !self.has_begun {
            self.has_begun = true;
            let to = if self.alpn.is_empty() { Successor::Detect } else { Successor::Alpn(self.alpn.clone()) };
            let handover = Handover { exchange: self.carrier, is_encrypted: true, ..Handover::to(to) };
            cx.derive(Lane::of(side), DerivedItem::Begin(Box::new(handover)));
            if side == Side::Server && (self.is_client_undecrypted || self.has_waiting_requests(cx)) {
                cx.derive(Lane::of(Side::Client), DerivedItem::Undecrypted);
            }
        }
        let from = Some(record.all());
        cx.derive(Lane::of(side), DerivedItem::Bytes { offset: None, bytes, first, arrived: None, from });
    }

    /// Derives the end of a side, after close_notify.
    pub(super) fn derive_end(&mut self, side: Side, cx: &mut Context<'_>) {
        if self.has_begun && !self.side(side).has_closed {
            self.side(side).has_closed = true;
            self.has_open_info = true;
            cx.derive(Lane::of(side), DerivedItem::End(SideEnd::Closed));
        }
    }

    fn derive_missing(&mut self, side: Side, cx: &mut Context<'_>) {
        if self.has_begun && !self.side(side).has_closed {
            cx.derive(Lane::of(side), DerivedItem::Missing(Missing::Unknown));
        }
    }

    /// Notes that bytes of a side are missing that were captured.
    fn derive_undecrypted(&mut self, side: Side, cx: &mut Context<'_>) {
        self.is_client_undecrypted |= side == Side::Client;
        if self.has_begun && !self.side(side).has_closed {
            cx.derive(Lane::of(side), DerivedItem::Undecrypted);
        }
        self.derive_missing(side, cx);
    }

    /// Whether records of the client wait for a secret.
    fn has_waiting_requests(&self, cx: &Context<'_>) -> bool {
        let [client, _] = &self.sides;
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        let awaits = |decryption: &Decryption| decryption.awaits(Side::Client, true, known);
        cx.secrets.awaits_more && client.unread > 0 && self.decryption.as_deref().is_some_and(awaits)
    }
}

/// Reports the secrets that were derived, for connections that resume the session.
fn report_derived(decryption: &mut Decryption, cx: &mut Context<'_>) {
    let derived = decryption.take_derived(cx.at.frame).into_iter();
    cx.events.extend(derived.map(|secret| Event::Secret(Box::new(secret))));
}

fn note_key_failure(failure: KeyFailure, message: Payload<'_>, cx: &mut Context<'_>) {
    let (result, text) = match failure {
        KeyFailure::NoKey => (SecretsResult::NoKey, "no private key is that of the certificate"),
        KeyFailure::Ephemeral => (
            SecretsResult::Ephemeral,
            "the key exchange is ephemeral, a key log is needed (the private key only signs it)",
        ),
        KeyFailure::Malformed => (SecretsResult::Wrong, "the premaster secret is malformed"),
        KeyFailure::NoSession { drops_oldest: false } => {
            (SecretsResult::NoSession, "the session is resumed, and no earlier frame opens it")
        }
        KeyFailure::NoSession { drops_oldest: true } => {
            (SecretsResult::NoSession, "the session is resumed, and only the newest sessions are kept")
        }
    };
    cx.tree.note(&PRIVATE_KEY, message.all(), format_args!("{}: {text}", PRIVATE_KEY.title));
    cx.collect(&SECRETS_RESULT, cx.subject(), result as u64);
}
