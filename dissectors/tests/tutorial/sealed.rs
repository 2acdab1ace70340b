//! Records that carry another protocol: the example of a session in docs/adding-a-protocol.md.

use crate::packet::Payload;
use crate::protocol::{Claim, Dissector, Protocol, SessionKind};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::session::{
    Chunk, Consumed, Context, DerivedItem, Event, ExchangeId, Handover, Hint, Input, Lane, Missing, Pdu, Probe,
    Session, Side, SideEnd, Stamp, Successor,
};
use crate::tree::{Slice, Value};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

crate::fields! { "sealed";
    /// Records that carry another protocol.
    SEALED: Protocol "sealed" "Sealed" { ours: true };
    /// Type of the record: 1 hello, 2 data, 3 end.
    TYPE: U8 "sealed.type" "Type" { values: TYPES, ours: true };
    /// Bytes of the body.
    LENGTH: U16 "sealed.length" "Length" { ours: true };
    /// Bytes that are not a record, where one should begin.
    UNKNOWN_RECORD: Note(Warn) "sealed.unknown_record" "Bytes that are not a record" { ours: true };
}

const TYPES: &[(u64, &str)] = &[(1, "Hello"), (2, "Data"), (3, "End")];
const HELLO: u8 = 1;
const DATA: u8 = 2;
const END: u8 = 3;

/// Registry entry for Sealed.
pub static PROTOCOL: Protocol = Protocol {
    short: "SEALED",
    fields: FIELDS,
    claims: &[Claim::TcpPort(4430), Claim::Alpn("sealed"), Claim::Upgrade("sealed")],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe,
        open,
        derived_title: "Unsealed",
        reassembly: None,
        messages: None,
    })],
};

fn open(_wants: &Wants, handover: &mut Handover) -> Box<dyn Session> {
    Box::new(Sealed { exchange: handover.exchange, ..Sealed::default() })
}

fn probe(hint: &Hint<'_>) -> Probe {
    let magic = hint.bytes.get(3..).unwrap_or_default();
    match hint.bytes {
        [HELLO, _, _, b'S', b'E', b'A', b'L', ..] => Probe::Yes,
        [HELLO, ..] if b"SEAL".starts_with(magic) => Probe::Perhaps,
        _ => Probe::No,
    }
}

/// State of one conversation.
#[derive(Clone, Debug, Default)]
struct Sealed {
    /// The exchange that opened the session: the calls inside belong to it.
    exchange: Option<ExchangeId>,
    sides: [SealedSide; 2],
    /// Whether the protocol inside is known.
    is_decided: bool,
}

/// State of one side.
#[derive(Clone, Debug, Default)]
struct SealedSide {
    key: Option<u8>,
    /// Where the first byte arrived that is not consumed.
    first: Option<Stamp>,
    /// Bytes still to come of a record whose beginning was lost.
    skip: u64,
    /// Whether the position of the records is unknown.
    is_lost: bool,
    has_ended: bool,
}

#[derive(Clone, Copy)]
struct Header {
    kind: u8,
    length: u16,
}

const HEADER: usize = 3;

impl Header {
    fn read(bytes: &[u8]) -> Option<Header> {
        let &[kind, high, low] = bytes.first_chunk::<HEADER>()?;
        Some(Header { kind, length: u16::from_be_bytes([high, low]) })
    }

    fn total(self) -> usize {
        HEADER + usize::from(self.length)
    }

    fn is_valid(self) -> bool {
        (HELLO..=END).contains(&self.kind)
    }
}

/// Records a record in the tree; returns its span.
fn describe(chunk: Chunk<'_>, cx: &mut Context<'_>) -> Slice {
    cx.path.push("sealed");
    let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
    if cx.tree.wants_columns() {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        cx.tree.set_info(format_args!("Record"));
    }
    if cx.tree.wants_any(&SEALED) {
        cx.tree.open(&SEALED, span, Value::Bytes(span));
        let _: Result<(), UnexpectedEnd> = fields(Payload::whole(chunk.bytes, span.start), cx);
        cx.tree.close();
    }
    span
}

fn fields(record: Payload<'_>, cx: &mut Context<'_>) -> Result<(), UnexpectedEnd> {
    let mut reader = FieldReader::new(record, cx.tree);
    reader.u8(&TYPE)?;
    reader.u16(&LENGTH)?;
    Ok(())
}

impl Sealed {
    fn side(&mut self, side: Side) -> &mut SealedSide {
        let [client, server] = &mut self.sides;
        if side == Side::Client { client } else { server }
    }

    /// Reads a record that is complete.
    fn record(&mut self, lane: Lane, header: Header, chunk: Chunk<'_>, first: Stamp, cx: &mut Context<'_>) {
        let span = describe(chunk, cx);
        cx.events.push(Event::Pdu(Pdu { lane, first, len: header.total() as u64 }));
        let body = chunk.bytes.get(HEADER..).unwrap_or_default();
        match (header.kind, self.side(lane.side).key) {
            (HELLO, _) => {
                let [b'S', b'E', b'A', b'L', key, name @ ..] = body else { return };
                self.side(lane.side).key = Some(*key);
                let to = match lane.side {
                    Side::Client => Successor::Undecided,
                    Side::Server if name.is_empty() => Successor::Detect,
                    Side::Server => Successor::Alpn(String::from_utf8_lossy(name).as_ref().into()),
                };
                self.begin(lane, to, name, cx);
            }
            (DATA, Some(key)) => {
                let bytes: Vec<u8> = body.iter().map(|byte| byte ^ key).collect();
                let from = Some(Slice::new(span.start + HEADER as u32, bytes.len() as u32));
                cx.derive(lane, DerivedItem::Bytes { offset: None, bytes, first, arrived: None, from });
            }
            (DATA, None) => cx.derive(lane, DerivedItem::Missing(Missing::Bytes(body.len() as u64))),
            _ => self.end_lane(lane, SideEnd::Closed, cx),
        }
    }

    /// Hands over to the protocol inside, once it is known.
    fn begin(&mut self, lane: Lane, to: Successor, name: &[u8], cx: &mut Context<'_>) {
        if self.is_decided {
            return;
        }
        self.is_decided = to != Successor::Undecided;
        let facts = vec![("alpn".into(), name.to_vec())];
        let handover = Handover { to, exchange: self.exchange, facts, ..Handover::default() };
        cx.derive(lane, DerivedItem::Begin(Box::new(handover)));
    }

    /// Notes that a record cannot be read, because bytes of it are missing. The next one can.
    fn record_lost(&mut self, lane: Lane, header: Header, cx: &mut Context<'_>) {
        match header.kind {
            DATA => cx.derive(lane, DerivedItem::Missing(Missing::Bytes(header.length.into()))),
            HELLO if lane.side == Side::Server => self.begin(lane, Successor::Detect, b"", cx),
            _ => {}
        }
    }

    /// Stops reading a side: the position of its records is unknown.
    fn lose_position(&mut self, lane: Lane, cx: &mut Context<'_>) {
        self.side(lane.side).is_lost = true;
        if lane.side == Side::Server {
            self.begin(lane, Successor::Detect, b"", cx);
        }
        cx.derive(lane, DerivedItem::Missing(Missing::Unknown));
    }

    fn end_lane(&mut self, lane: Lane, end: SideEnd, cx: &mut Context<'_>) {
        if !core::mem::replace(&mut self.side(lane.side).has_ended, true) {
            cx.derive(lane, DerivedItem::End(end));
        }
    }
}

impl Session for Sealed {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let len = chunk.bytes.len();
        let side = self.side(lane.side);
        if side.is_lost || side.has_ended {
            return Consumed::bytes(len);
        }
        if side.skip > 0 {
            let skipped = side.skip.min(len as u64);
            side.skip -= skipped;
            return Consumed::bytes(skipped as usize);
        }
        side.first.get_or_insert(cx.first);
        let Some(header) = Header::read(chunk.bytes) else { return Consumed::bytes(0) };
        if !header.is_valid() {
            let span = chunk.span(0..len, "Reassembled TCP", cx.tree);
            cx.tree.note(&UNKNOWN_RECORD, span, format_args!("{}", UNKNOWN_RECORD.title));
            self.lose_position(lane, cx);
            return Consumed::bytes(len);
        }
        if header.total() > len {
            return Consumed::bytes(0);
        }
        let first = side.first.take().unwrap_or(cx.first);
        self.record(lane, header, chunk.first(header.total()), first, cx);
        Consumed::bytes(header.total())
    }

    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>) {
        let side = self.side(lane.side);
        side.first = None;
        if side.is_lost || side.has_ended {
            return;
        }
        let gone = before.bytes.len() as u64 + missing.len();
        match missing {
            // Nothing was buffered here. The driver releases the sessions above.
            Missing::Released if gone == 0 => {}
            // The next record is sound, or it shows that bytes of this lane are missing.
            Missing::Perhaps if gone == 0 => cx.derive(lane, DerivedItem::Missing(Missing::Perhaps)),
            Missing::Bytes(len) if side.skip >= len => side.skip -= len,
            Missing::Bytes(_) | Missing::Released if side.skip == 0 => match Header::read(before.bytes) {
                Some(header) if gone <= header.total() as u64 => {
                    side.skip = header.total() as u64 - gone;
                    self.record_lost(lane, header, cx);
                }
                _ => self.lose_position(lane, cx),
            },
            _ => self.lose_position(lane, cx),
        }
    }

    fn end(&mut self, lane: Lane, _rest: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>) {
        self.end_lane(lane, end, cx);
    }

    fn is_in_message(&self, side: Side) -> bool {
        let [client, server] = &self.sides;
        let state = if side == Side::Client { client } else { server };
        !state.is_lost
    }

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}
