//! Dissection of one record: its content and its label.

use super::decrypted_record::CLOSE_NOTIFY;
use super::fields::*;
use super::handshake::{
    self, CLIENT_HELLO, Carrier, MESSAGE_HEADER_LEN, SERVER_HELLO, SERVER_HELLO_DONE, SessionParameters, is_tls13,
};
use super::header::{self, RecordHeader};
use super::x509::X509;
use super::{Tls, names};
use crate::hello::ServerSelection;
use crate::packet::Payload;
use crate::session::{Context, Side, Stamp};
use crate::tree::{Slice, Value};
use core::mem::take;

/// Minimum length of an encrypted message: the length of its authentication tag alone.
const MIN_ENCRYPTED_LEN: usize = 16;
/// Upper bound for the length of handshake messages. If the start of the handshake was not captured, a message with a
/// greater length is treated as encrypted.
const MAX_PLAUSIBLE_LEN: usize = 1 << 16;

/// The handshake content of a record, which determines its label.
#[derive(Clone, Copy, Debug, Default)]
enum HandshakeContent {
    #[default]
    Empty,
    Message(&'static str),
    Fragment(&'static str),
    Multiple,
}

impl HandshakeContent {
    fn and(self, next: HandshakeContent) -> HandshakeContent {
        if matches!(self, HandshakeContent::Empty) { next } else { HandshakeContent::Multiple }
    }
}

impl Tls {
    /// Records the fields of a record; without `payload` only those of its header.
    pub(super) fn dissect_record(
        &mut self,
        side: Side,
        header: RecordHeader,
        first: Stamp,
        payload: Option<Payload<'_>>,
        cx: &mut Context<'_>,
    ) {
        self.side(side).version = header.version;
        let record_body = payload.map(|payload| payload.from(header::LEN)).unwrap_or_default();
        // A client hello only offers versions, and the version of its record has no meaning (RFC 8446 5.1).
        let is_offer = header.content == header::HANDSHAKE
            && (record_body.bytes.first().is_none_or(|&kind| kind == CLIENT_HELLO)
                || self.side(side).assembly.is_started());
        if self.version == 0 && !is_offer && (payload.is_some() || header.content != header::HANDSHAKE) {
            self.set_version(header.version, cx);
        }
        let version = self.display_version(header.version, cx);
        let short = names::short(version);
        let span = |at, len| payload.map_or(Slice::default(), |payload| payload.span(at, len));
        let node = cx.tree.open(&RECORD, span(0, header.total_len()), Value::Present);
        let decrypted = payload.and_then(|_| self.decrypt_record(side, header, record_body, cx));
        // Early data precedes the version.
        let is_early = decrypted.is_some() && self.is_early(side);
        let is_opaque = header.content == header::APPLICATION_DATA && (is_tls13(version) || is_early);
        let content = if is_opaque { &OPAQUE_TYPE } else { &CONTENT_TYPE };
        cx.tree.put(content, span(0, 1), Value::Uint(header.content.into()));
        cx.tree.put(&RECORD_VERSION, span(1, 2), Value::Uint(header.version.into()));
        cx.tree.put(&RECORD_LENGTH, span(3, 2), Value::Uint(header.len.into()));
        if let Some(violation) = header.length_violation() {
            cx.tree.note(&INVALID_LENGTH, span(3, 2), format_args!("{violation}"));
            if header.len == 0 {
                return cx.tree.close();
            }
        }
        match payload {
            Some(_) => self.note_undecrypted(side, record_body, cx),
            None => self.lose_record(side, header, cx),
        }
        self.side(side).is_decrypted = decrypted.is_some();
        let (content, body) = match &decrypted {
            None => (header.content, record_body),
            Some((header::APPLICATION_DATA, _)) => (header::APPLICATION_DATA, record_body),
            Some((content, bytes)) => {
                let base = cx.tree.add_derived_buffer("Decrypted TLS", bytes, Some(record_body.all()));
                (*content, Payload::whole(bytes, base))
            }
        };
        if is_opaque && decrypted.is_some() {
            cx.tree.put(&CONTENT_TYPE, Slice::default(), Value::Uint(content.into()));
        }
        match (content, payload) {
            (header::HANDSHAKE, Some(_)) => match self.dissect_handshake(side, version, body, cx) {
                HandshakeContent::Empty => {}
                HandshakeContent::Message(name) => {
                    cx.tree.label(node, format_args!("{short} Record Layer: Handshake Protocol: {name}"));
                }
                HandshakeContent::Fragment(name) => {
                    cx.tree.label(node, format_args!("{short} Record Layer: Handshake Protocol: {name} (fragment)"));
                }
                HandshakeContent::Multiple => {
                    let name = "Multiple Handshake Messages";
                    cx.tree.label(node, format_args!("{short} Record Layer: Handshake Protocol: {name}"));
                }
            },
            (header::APPLICATION_DATA, _) => {
                let name = names::alpn_protocol(self.alpn.as_bytes()).unwrap_or("Application Data");
                cx.tree.label(node, format_args!("{short} Record Layer: Application Data Protocol: {name}"));
                self.application_data(side, body, cx);
                if let Some((_, bytes)) = decrypted {
                    self.derive_data(side, bytes, record_body, first, cx);
                }
            }
            (header::ALERT, _) => {
                let alert = Alert::read(body);
                match alert {
                    Some(alert) => cx.tree.label(node, format_args!("{short} Record Layer: {alert}")),
                    None => cx.tree.label(node, format_args!("{short} Record Layer: Encrypted Alert")),
                }
                self.alert(alert, body, cx);
                if let Some(alert) = alert {
                    self.summary.alert(side, alert.level, alert.description, cx);
                }
                if decrypted.is_some() && alert.is_some_and(|alert| alert.description == CLOSE_NOTIFY) {
                    self.derive_end(side, cx);
                }
            }
            (header::CHANGE_CIPHER_SPEC, _) => {
                let name = "Change Cipher Spec";
                cx.tree.label(node, format_args!("{short} Record Layer: {name} Protocol: {name}"));
                cx.tree.put(&CHANGE_CIPHER_SPEC, body.all(), Value::Present);
                self.append_info(format_args!("{name}"), cx);
                self.change_cipher_spec(side, version, cx);
            }
            (header::HEARTBEAT, _) => {
                let is_encrypted = self.side(side).has_changed_cipher || is_tls13(version);
                let name = if is_encrypted && decrypted.is_none() { "Encrypted Heartbeat" } else { "Heartbeat" };
                cx.tree.label(node, format_args!("{short} Record Layer: {name}"));
                let node = cx.tree.put(&HEARTBEAT, body.all(), Value::Present);
                cx.tree.label(node, format_args!("{name}"));
                self.append_info(format_args!("{name}"), cx);
            }
            // A handshake record that was not captured completely.
            _ => self.append_info(
                format_args!("{}", CONTENT_TYPE.value_name(header.content.into()).unwrap_or_default()),
                cx,
            ),
        }
        let is_encrypted = self.side(side).has_changed_cipher;
        self.summary.record(side, header, is_encrypted, self.version, cx);
        // A server hello in this record may have changed the version.
        if cx.tree.wants_columns() {
            cx.tree.columns_mut().protocol = names::short(self.display_version(header.version, cx));
        }
        cx.tree.close();
    }

    /// Sets the negotiated version.
    fn set_version(&mut self, version: u16, cx: &mut Context<'_>) {
        self.version = version;
        cx.collect(&VERSION, cx.subject(), version.into());
    }

    /// Sets the name of the application protocol, if it is negotiated.
    pub(super) fn set_protocol(&mut self, alpn: Option<&[u8]>) {
        self.alpn = alpn.and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default().into();
    }

    fn application_data(&mut self, side: Side, body: Payload<'_>, cx: &mut Context<'_>) {
        match self.side(side).is_decrypted {
            true => self.set_open_info(cx),
            false => self.append_info(format_args!("Application Data"), cx),
        }
        if !body.bytes.is_empty() {
            cx.tree.put(&APP_DATA, body.all(), Value::Bytes(body.all()));
        }
        if let Some(name) = names::alpn_protocol(self.alpn.as_bytes()) {
            cx.tree.put_text(&APP_DATA_PROTO, Slice::default(), format_args!("{name}"));
        }
    }

    fn alert(&mut self, alert: Option<Alert>, body: Payload<'_>, cx: &mut Context<'_>) {
        let node = cx.tree.open(&ALERT, body.all(), Value::Present);
        match alert {
            Some(alert) => {
                cx.tree.put(&ALERT_LEVEL, body.span(0, 1), Value::Uint(alert.level.into()));
                cx.tree.put(&ALERT_DESCRIPTION, body.span(1, 1), Value::Uint(alert.description.into()));
                self.append_info(format_args!("{alert}"), cx);
            }
            None => {
                cx.tree.label(node, format_args!("Alert Message: Encrypted Alert"));
                self.append_info(format_args!("Encrypted Alert"), cx);
            }
        }
        cx.tree.close();
    }

    /// Records a change of the cipher spec: later messages of this side are encrypted. In TLS 1.3 the record has no
    /// meaning (RFC 8446 5).
    fn change_cipher_spec(&mut self, side: Side, version: u16, cx: &mut Context<'_>) {
        let state = self.side(side);
        // Without Server Hello Done the server expects no key exchange: the session is resumed (RFC 5246 7.3).
        let is_resumed = side == Side::Server
            && state.is_cleartext
            && !state.sent_hello_done
            && !state.has_changed_cipher
            && !is_tls13(version);
        state.has_changed_cipher = true;
        let negotiated = self.version;
        if let Some(decryption) = &mut self.decryption {
            decryption.change_cipher_spec(side, negotiated);
        }
        if is_resumed {
            cx.tree.note(&RESUMED, Slice::default(), format_args!("{}", RESUMED.title));
        }
    }

    /// Records the handshake messages of a record, or their fragments.
    fn dissect_handshake(
        &mut self,
        side: Side,
        version: u16,
        body: Payload<'_>,
        cx: &mut Context<'_>,
    ) -> HandshakeContent {
        if self.is_encrypted(side, version, body.bytes) {
            let name = "Encrypted Handshake Message";
            let node = cx.tree.put(&HANDSHAKE, body.all(), Value::Present);
            cx.tree.label(node, format_args!("Handshake Protocol: {name}"));
            self.append_info(format_args!("{name}"), cx);
            return HandshakeContent::Message(name);
        }
        let mut content = HandshakeContent::Empty;
        let mut rest = body;
        while !rest.bytes.is_empty() {
            let whole = handshake::message_len(rest.bytes).filter(|&whole| whole <= rest.bytes.len());
            let (len, next) = match whole {
                Some(whole) if !self.side(side).assembly.is_started() => {
                    (whole, HandshakeContent::Message(self.dissect_message(side, rest.first(whole), cx)))
                }
                _ => self.dissect_fragment(side, rest, cx),
            };
            content = content.and(next);
            rest = rest.from(len);
        }
        content
    }

    /// Returns whether a handshake record is encrypted: after a change of the cipher spec, or, if that is unknown, if it
    /// does not look like a message.
    fn is_encrypted(&self, side: Side, version: u16, body: &[u8]) -> bool {
        let state = side.of(&self.sides);
        let len = handshake::message_len(body).unwrap_or_default();
        let kind = body.first().copied().unwrap_or_default();
        if state.assembly.is_started() || state.is_decrypted {
            return false;
        }
        if state.has_changed_cipher && !is_tls13(version) {
            // The exception is a second client hello, after a Hello Retry Request that was not captured.
            return !(kind == CLIENT_HELLO && len == body.len() && body.get(MESSAGE_HEADER_LEN) == Some(&3));
        }
        let is_known = HANDSHAKE_TYPE.value_name(kind.into()).is_some() && len < MAX_PLAUSIBLE_LEN;
        !state.is_cleartext && body.len() >= MIN_ENCRYPTED_LEN && !is_known
    }

    /// Adds a fragment of a message that spans records, and records the message with its last fragment.
    fn dissect_fragment(&mut self, side: Side, rest: Payload<'_>, cx: &mut Context<'_>) -> (usize, HandshakeContent) {
        let assembly = &mut self.side(side).assembly;
        let is_first = !assembly.is_started();
        let len = assembly.add(rest.bytes, cx.at.frame);
        let name = handshake::message_name(assembly.bytes.first().copied().unwrap_or_default());
        let fragment = rest.first(len);
        let node = cx.tree.put(&HANDSHAKE, fragment.all(), Value::Present);
        if !assembly.is_complete() {
            cx.tree.label(node, format_args!("Handshake Protocol: {name} (fragment)"));
            if is_first {
                self.append_info(format_args!("[{name} Fragment]"), cx);
            }
            return (len, HandshakeContent::Fragment(name));
        }
        cx.tree.label(node, format_args!("Handshake Protocol: {name} (last fragment)"));
        let assembly = take(assembly);
        if !assembly.is_fully_buffered() {
            cx.tree.note(&HANDSHAKE_LIMIT, fragment.all(), format_args!("{}", HANDSHAKE_LIMIT.title));
            return (len, HandshakeContent::Fragment(name));
        }
        let base = cx.tree.add_buffer("Reassembled TLS Handshake", &assembly.bytes);
        let whole = Payload::whole(&assembly.bytes, base);
        if cx.tree.wants_any(&TLS) {
            handshake::describe_fragments(whole.all(), &assembly.fragments, cx.tree);
        }
        (len, HandshakeContent::Message(self.dissect_message(side, whole, cx)))
    }

    /// Records a complete message and updates the session state; returns the message's name.
    fn dissect_message(&mut self, side: Side, payload: Payload<'_>, cx: &mut Context<'_>) -> &'static str {
        let kind = payload.bytes.first().copied().unwrap_or_default();
        let mut name = handshake::message_name(kind);
        match kind {
            CLIENT_HELLO => self.side(side).is_cleartext = true,
            SERVER_HELLO => {
                let state = self.side(side);
                state.is_cleartext = true;
                state.sent_hello_done = false;
                if let Some(choice) = ServerSelection::read(payload.bytes.get(MESSAGE_HEADER_LEN..).unwrap_or_default())
                {
                    self.set_version(choice.version, cx);
                    self.suite = choice.suite;
                    self.set_protocol(choice.alpn);
                    if let Some(decryption) = &mut self.decryption {
                        decryption.server_hello(&choice);
                    }
                    if !choice.is_retry {
                        self.summary.server_hello();
                    }
                    if choice.is_retry {
                        name = "Hello Retry Request";
                    }
                }
            }
            SERVER_HELLO_DONE => self.side(side).sent_hello_done = true,
            _ => {}
        }
        self.follow_handshake(side, payload.bytes, cx);
        self.append_info(format_args!("{name}"), cx);
        if cx.tree.wants_any(&TLS) || cx.tree.wants_any(&X509) {
            let version = self.display_version(0, cx);
            let session = SessionParameters { version, suite: self.suite, time: cx.at.time, carrier: Carrier::Tcp };
            handshake::describe(payload, name, session, cx.tree);
            if kind == CLIENT_HELLO {
                self.describe_secrets(cx);
            }
        }
        self.follow_key_exchange(side, payload, cx);
        name
    }
}

/// A cleartext alert.
#[derive(Clone, Copy, Debug)]
struct Alert {
    level: u8,
    description: u8,
}

impl Alert {
    /// Reads an alert: two bytes with known values. Anything else is encrypted.
    fn read(body: Payload<'_>) -> Option<Alert> {
        let &[level, description] = body.bytes else { return None };
        let names = (ALERT_LEVEL.value_name(level.into()), ALERT_DESCRIPTION.value_name(description.into()));
        matches!(names, (Some(_), Some(_))).then_some(Alert { level, description })
    }
}

impl core::fmt::Display for Alert {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let level = ALERT_LEVEL.value_name(self.level.into()).unwrap_or("Unknown");
        let description = ALERT_DESCRIPTION.value_name(self.description.into()).unwrap_or("Unknown");
        write!(f, "Alert (Level: {level}, Description: {description})")
    }
}
