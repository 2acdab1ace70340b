//! One record told: what it carries and what it is called.

use super::fields::*;
use super::handshake::{self, Agreed, CLIENT_HELLO, HEAD, Known, SERVER_HELLO, SERVER_HELLO_DONE, is_13};
use super::header::{self, Header};
use super::{Tls, names};
use crate::packet::Piece;
use crate::session::{Context, Event, Side};
use crate::tree::{Slice, Value};
use core::mem::take;

/// Less is no encrypted message: the check of its integrity alone has as many bytes.
const LEAST_ENCRYPTED: usize = 16;
/// Longer than messages of the handshake are; what says so where its beginning was not heard is taken for encrypted.
const LONGEST_BELIEVED: usize = 1 << 16;

/// What a record is called after what it carries of the handshake.
#[derive(Clone, Copy, Debug, Default)]
enum Said {
    #[default]
    Nothing,
    Message(&'static str),
    Fragment(&'static str),
    Several,
}

impl Said {
    fn and(self, next: Said) -> Said {
        if matches!(self, Said::Nothing) { next } else { Said::Several }
    }
}

impl Tls {
    /// Tells a record; without `piece` only what its header says.
    pub(super) fn record(&mut self, side: Side, header: Header, piece: Option<Piece<'_>>, cx: &mut Context<'_>) {
        self.half(side).version = header.version;
        let body = piece.map(|piece| piece.from(header::LEN)).unwrap_or_default();
        // A client's hello only offers, and its record says less still (RFC 8446 5.1).
        let offers = header.content == header::HANDSHAKE && body.bytes.first() == Some(&CLIENT_HELLO);
        if self.version == 0 && !offers && (piece.is_some() || header.content != header::HANDSHAKE) {
            self.settle(header.version, cx);
        }
        let shown = self.shown(header.version, cx);
        let short = names::short(shown);
        let span = |at, len| piece.map_or(Slice::default(), |piece| piece.span(at, len));
        let node = cx.tree.open(&RECORD, span(0, header.whole()), Value::Present);
        let is_opaque = header.content == header::APPLICATION_DATA && is_13(shown);
        let content = if is_opaque { &OPAQUE_TYPE } else { &CONTENT_TYPE };
        cx.tree.put(content, span(0, 1), Value::Uint(header.content.into()));
        cx.tree.put(&RECORD_VERSION, span(1, 2), Value::Uint(header.version.into()));
        cx.tree.put(&RECORD_LENGTH, span(3, 2), Value::Uint(header.len.into()));
        match (header.content, piece) {
            (header::HANDSHAKE, Some(_)) => match self.handshake(side, shown, body, cx) {
                Said::Nothing => {}
                Said::Message(name) => {
                    cx.tree.label(node, format_args!("{short} Record Layer: Handshake Protocol: {name}"));
                }
                Said::Fragment(name) => {
                    cx.tree.label(node, format_args!("{short} Record Layer: Handshake Protocol: {name} (fragment)"));
                }
                Said::Several => {
                    let name = "Multiple Handshake Messages";
                    cx.tree.label(node, format_args!("{short} Record Layer: Handshake Protocol: {name}"));
                }
            },
            (header::APPLICATION_DATA, _) => {
                let name = self.application.unwrap_or("Application Data");
                cx.tree.label(node, format_args!("{short} Record Layer: Application Data Protocol: {name}"));
                self.application_data(body, cx);
            }
            (header::ALERT, _) => {
                let alert = Alert::read(body);
                match alert {
                    Some(alert) => cx.tree.label(node, format_args!("{short} Record Layer: {alert}")),
                    None => cx.tree.label(node, format_args!("{short} Record Layer: Encrypted Alert")),
                }
                self.alert(alert, body, cx);
            }
            (header::CHANGE_CIPHER_SPEC, _) => {
                let name = "Change Cipher Spec";
                cx.tree.label(node, format_args!("{short} Record Layer: {name} Protocol: {name}"));
                cx.tree.put(&CHANGE_CIPHER_SPEC, body.all(), Value::Present);
                self.say(format_args!("{name}"), cx);
                self.change(side, shown, cx);
            }
            (header::HEARTBEAT, _) => {
                let name = if self.half(side).changed || is_13(shown) { "Encrypted Heartbeat" } else { "Heartbeat" };
                cx.tree.label(node, format_args!("{short} Record Layer: {name}"));
                let node = cx.tree.put(&HEARTBEAT, body.all(), Value::Present);
                cx.tree.label(node, format_args!("{name}"));
                self.say(format_args!("{name}"), cx);
            }
            // A part of the handshake that was not captured whole.
            _ => self.say(format_args!("{}", CONTENT_TYPE.value_name(header.content.into()).unwrap_or_default()), cx),
        }
        // A server's hello says itself which version it is.
        if cx.tree.wants_columns() {
            cx.tree.columns_mut().protocol = names::short(self.shown(header.version, cx));
        }
        cx.tree.close();
    }

    /// Takes a version as the one that is spoken.
    fn settle(&mut self, version: u16, cx: &mut Context<'_>) {
        self.version = version;
        cx.events.push(Event::Version(version));
    }

    fn application_data(&mut self, body: Piece<'_>, cx: &mut Context<'_>) {
        self.say(format_args!("Application Data"), cx);
        if !body.bytes.is_empty() {
            cx.tree.put(&APP_DATA, body.all(), Value::Bytes(body.all()));
        }
        if let Some(name) = self.application {
            cx.tree.put_text(&APP_DATA_PROTO, Slice::default(), format_args!("{name}"));
        }
    }

    fn alert(&mut self, alert: Option<Alert>, body: Piece<'_>, cx: &mut Context<'_>) {
        let node = cx.tree.open(&ALERT, body.all(), Value::Present);
        match alert {
            Some(alert) => {
                cx.tree.put(&ALERT_LEVEL, body.span(0, 1), Value::Uint(alert.level.into()));
                cx.tree.put(&ALERT_DESCRIPTION, body.span(1, 1), Value::Uint(alert.description.into()));
                self.say(format_args!("{alert}"), cx);
            }
            None => {
                cx.tree.label(node, format_args!("Alert Message: Encrypted Alert"));
                self.say(format_args!("Encrypted Alert"), cx);
            }
        }
        cx.tree.close();
    }

    /// What follows of this side is encrypted; not so in TLS 1.3, where the record means nothing (RFC 8446 5).
    fn change(&mut self, side: Side, shown: u16, cx: &mut Context<'_>) {
        let half = self.half(side);
        // A server that has not said what comes before the client's keys needs none (RFC 5246 7.3).
        let resumed = side == Side::Server && half.clear && !half.done && !half.changed && !is_13(shown);
        half.changed = true;
        if resumed {
            cx.tree.note(&RESUMED, Slice::default(), format_args!("{}", RESUMED.title));
        }
    }

    /// Tells the messages of a record, or the parts of messages.
    fn handshake(&mut self, side: Side, version: u16, body: Piece<'_>, cx: &mut Context<'_>) -> Said {
        if self.is_encrypted(side, version, body.bytes) {
            let name = "Encrypted Handshake Message";
            let node = cx.tree.put(&HANDSHAKE, body.all(), Value::Present);
            cx.tree.label(node, format_args!("Handshake Protocol: {name}"));
            self.say(format_args!("{name}"), cx);
            return Said::Message(name);
        }
        let mut said = Said::Nothing;
        let mut rest = body;
        while !rest.bytes.is_empty() {
            let whole = handshake::whole(rest.bytes).filter(|&whole| whole <= rest.bytes.len());
            let (len, next) = match whole {
                Some(whole) if !self.half(side).assembly.has_begun() => {
                    (whole, Said::Message(self.message(side, rest.first(whole), cx)))
                }
                _ => self.fragment(side, rest, cx),
            };
            said = said.and(next);
            rest = rest.from(len);
        }
        said
    }

    /// Whether a record of the handshake is encrypted: after the cipher spec has changed; where that is not known, if it
    /// does not look like a message.
    fn is_encrypted(&self, side: Side, version: u16, body: &[u8]) -> bool {
        let [client, server] = &self.halves;
        let half = if side == Side::Client { client } else { server };
        let whole = handshake::whole(body).unwrap_or_default();
        let kind = body.first().copied().unwrap_or_default();
        if half.assembly.has_begun() {
            return false;
        }
        if half.changed && !is_13(version) {
            // The second hello of a client, whom a server has asked for it that was not heard.
            return !(kind == CLIENT_HELLO && whole == body.len() && body.get(HEAD) == Some(&3));
        }
        let is_known = HANDSHAKE_TYPE.value_name(kind.into()).is_some() && whole < LONGEST_BELIEVED;
        !half.clear && body.len() >= LEAST_ENCRYPTED && !is_known
    }

    /// Takes a part of a message that spans records, and tells the message with its last.
    fn fragment(&mut self, side: Side, rest: Piece<'_>, cx: &mut Context<'_>) -> (usize, Said) {
        let assembly = &mut self.half(side).assembly;
        let is_first = !assembly.has_begun();
        let len = assembly.add(rest.bytes, cx.at.frame);
        let name = handshake::name(assembly.bytes.first().copied().unwrap_or_default());
        let part = rest.first(len);
        let node = cx.tree.put(&HANDSHAKE, part.all(), Value::Present);
        if !assembly.is_whole() {
            cx.tree.label(node, format_args!("Handshake Protocol: {name} (fragment)"));
            if is_first {
                self.say(format_args!("[{name} Fragment]"), cx);
            }
            return (len, Said::Fragment(name));
        }
        cx.tree.label(node, format_args!("Handshake Protocol: {name} (last fragment)"));
        let assembly = take(assembly);
        if !assembly.is_kept() {
            cx.tree.note(&HANDSHAKE_LIMIT, part.all(), format_args!("{}", HANDSHAKE_LIMIT.title));
            return (len, Said::Fragment(name));
        }
        let base = cx.tree.add_buffer("Reassembled TLS Handshake", &assembly.bytes);
        let whole = Piece::whole(&assembly.bytes, base);
        if cx.tree.wants_any(&TLS) {
            handshake::describe_fragments(whole.all(), &assembly.parts, cx.tree);
        }
        (len, Said::Message(self.message(side, whole, cx)))
    }

    /// Tells a whole message and learns from it; its name.
    fn message(&mut self, side: Side, piece: Piece<'_>, cx: &mut Context<'_>) -> &'static str {
        let kind = piece.bytes.first().copied().unwrap_or_default();
        let mut name = handshake::name(kind);
        match kind {
            CLIENT_HELLO => self.half(side).clear = true,
            SERVER_HELLO => {
                let half = self.half(side);
                half.clear = true;
                half.done = false;
                if let Some(agreed) = Agreed::read(piece.bytes.get(HEAD..).unwrap_or_default()) {
                    self.settle(agreed.version, cx);
                    self.suite = agreed.suite;
                    self.application = agreed.application;
                    if agreed.retry {
                        name = "Hello Retry Request";
                    }
                }
            }
            SERVER_HELLO_DONE => self.half(side).done = true,
            _ => {}
        }
        self.say(format_args!("{name}"), cx);
        if cx.tree.wants_any(&TLS) {
            let version = self.shown(0, cx);
            handshake::describe(piece, name, Known { version, suite: self.suite }, cx.tree);
        }
        name
    }
}

/// An alert in clear.
#[derive(Clone, Copy, Debug)]
struct Alert {
    level: u8,
    description: u8,
}

impl Alert {
    /// Two bytes of which both are known; all else is encrypted.
    fn read(body: Piece<'_>) -> Option<Alert> {
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
