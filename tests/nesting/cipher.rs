//! A cipher: each byte of a side XORed with a key. It carries the protocol of the handover, or a detected one.

use dissectors::field::FieldKind;
use dissectors::protocol::{Claim, Dissector, Protocol, SessionKind};
use dissectors::session::{
    Chunk, Consumed, Context, DerivedItem, Handover, Hint, Input, Lane, Missing, Probe, Session, SideEnd, Successor,
};
use dissectors::{Field, Wants};

static CIPHER_FIELD: Field = Field::new("cipher", "Cipher", "A cipher.", FieldKind::Protocol, 0, 0);
static CIPHER_3_FIELD: Field = Field::new("cipher-3", "Cipher", "Three ciphers.", FieldKind::Protocol, 0, 0);
static CIPHER_40_FIELD: Field = Field::new("cipher-40", "Cipher", "Forty ciphers.", FieldKind::Protocol, 0, 0);

const fn kind(open: fn(&Wants, &mut Handover) -> Box<dyn Session>) -> SessionKind {
    let (input, derived_title) = (Input::Stream, "Deciphered");
    SessionKind { input, probe: never, open, derived_title, reassembly: None, messages: None }
}

const fn protocol(fields: &'static [&'static Field], dissectors: &'static [Dissector]) -> Protocol {
    Protocol { short: "CIPHER", fields, claims: &[Claim::Alpn("cipher")], aliases: &[], dissectors }
}

/// One cipher, or as many as the handover's fact `layers` states.
pub static CIPHER: Protocol = protocol(&[&CIPHER_FIELD], &[Dissector::Session(kind(open))]);
/// Three nested ciphers.
pub static CIPHER_3: Protocol = protocol(&[&CIPHER_3_FIELD], &[Dissector::Session(kind(open_3))]);
/// Forty nested ciphers, more than the limit.
pub static CIPHER_40: Protocol = protocol(&[&CIPHER_40_FIELD], &[Dissector::Session(kind(open_40))]);

/// The key of a layer, counted from the innermost.
pub fn key(layer: u8) -> u8 {
    0x5a ^ layer.wrapping_mul(29)
}

fn never(_: &Hint<'_>) -> Probe {
    Probe::No
}

fn open(_: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    let layers = handover.fact("layers").and_then(|layers| layers.first()).copied().unwrap_or(1);
    Box::new(Cipher { layers, has_begun: false })
}

fn open_3(_: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(Cipher { layers: 3, has_begun: false })
}

fn open_40(_: &Wants, _: &mut Handover) -> Box<dyn Session> {
    Box::new(Cipher { layers: 40, has_begun: false })
}

/// A cipher and the number of ciphers from here on.
#[derive(Clone)]
struct Cipher {
    layers: u8,
    has_begun: bool,
}

impl Cipher {
    fn begin(&mut self, lane: Lane, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let inner = Handover {
            to: if self.layers > 1 { Successor::Alpn("cipher".into()) } else { Successor::Detect },
            facts: vec![("layers".into(), vec![self.layers - 1])],
            ..Handover::default()
        };
        cx.derive(lane, DerivedItem::Begin(Box::new(inner)));
    }
}

impl Session for Cipher {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        self.begin(lane, cx);
        let bytes = chunk.bytes.iter().map(|byte| byte ^ key(self.layers)).collect();
        let from = chunk.base.map(|base| dissectors::tree::Slice::new(base, chunk.bytes.len() as u32));
        cx.derive(lane, DerivedItem::Bytes { offset: None, bytes, first: cx.first, arrived: None, from });
        Consumed::bytes(chunk.bytes.len())
    }

    fn gap(&mut self, lane: Lane, _: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        self.begin(lane, cx);
        cx.derive(lane, DerivedItem::Missing(missing));
    }

    fn end(&mut self, lane: Lane, _: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        if self.has_begun {
            cx.derive(lane, DerivedItem::End(end));
        }
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
