//! TLS (RFC 8446, RFC 5246): the records of a connection, and what of the handshake is said in clear.
//!
//! Records are told as soon as they are complete. What is encrypted is passed over by its length unless it is asked for.

mod extension;
mod fields;
mod handshake;
mod header;
mod ja3;
mod message;
mod names;
mod record;
mod suites;
mod vector;

use crate::packet::Piece;
use crate::protocol::{Part, Protocol, SessionKind};
use crate::session::{At, Chunk, Context, Ending, Event, Session, Side, Taken, Then, Told};
use crate::tree::{Slice, Value};
use crate::wants::Wants;
use alloc::boxed::Box;
pub use fields::*;
use header::Header;
use message::Assembly;
pub use message::MAX_MESSAGE;

/// TLS in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "TLS",
    fields: FIELDS,
    claims: &[],
    part: Part::Session(SessionKind { probe: header::probe, open }),
};

/// After as many bytes in which no record begins it is not believed that these are TLS.
const MAX_LOST: u64 = 65_536;

fn open(wants: &Wants) -> Box<dyn Session> {
    Box::new(Tls { keep: wants.field(&APP_DATA) || wants.field(&TLS), ..Tls::default() })
}

/// One conversation of TLS.
#[derive(Debug, Default)]
struct Tls {
    halves: [Half; 2],
    /// The version that is spoken; 0 until it is known.
    version: u16,
    /// The cipher suite that the server has chosen; 0 until it is known.
    suite: u16,
    /// The protocol within, where the server has said it in clear.
    application: Option<&'static str>,
    /// Application data are shown, so a record of them is waited for.
    keep: bool,
    /// The frame in whose row something was said last.
    row: u32,
}

/// What one side is in the middle of.
#[derive(Debug, Default)]
struct Half {
    state: State,
    /// Where the first of the bytes not taken came.
    first: Option<At>,
    /// How many bytes were seen and not taken, and how many of them before the present frame.
    seen: usize,
    old: usize,
    /// The frame in which bytes were seen last.
    frame: u32,
    /// The version that its last record says; 0 before.
    version: u16,
    /// The handshake message of which a part was read.
    assembly: Assembly,
    /// Its handshake was heard from the beginning: it is in clear until the cipher spec changes.
    clear: bool,
    /// It has said that the cipher spec changes.
    changed: bool,
    /// As a server it has said all that comes before the client's keys.
    done: bool,
}

#[derive(Debug, Default)]
enum State {
    /// A record begins.
    #[default]
    Record,
    /// In a record of which no more than the header is told.
    Within(Within),
    /// Where no record could be found, after so many bytes without; 0 where one should begin.
    Lost(u64),
}

/// A record that is passed over.
#[derive(Clone, Copy, Debug)]
struct Within {
    header: Header,
    /// How many bytes of it are still to come.
    left: usize,
    /// Whether some were not captured.
    torn: bool,
    first: At,
}

impl Half {
    /// Learns that `len` bytes wait.
    fn see(&mut self, len: usize, cx: &Context<'_>) {
        if self.frame != cx.at.frame {
            self.frame = cx.at.frame;
            self.old = self.seen;
        }
        self.first.get_or_insert(cx.came);
        self.seen = len;
    }

    fn take(&mut self, len: usize) {
        if len > 0 {
            self.seen = self.seen.saturating_sub(len);
            self.old = self.old.saturating_sub(len);
            self.first = None;
        }
    }
}

impl Tls {
    fn half(&mut self, side: Side) -> &mut Half {
        let [client, server] = &mut self.halves;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Reads as many records as are complete. One that began in an earlier frame is told alone, as Wireshark does.
    fn records(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> (usize, Then) {
        let (keep, old) = (self.keep, self.half(side).old);
        let mut len = 0;
        while let Some(header) = Header::read(chunk.bytes.get(len..).unwrap_or_default()) {
            if !header.is_sound() {
                if len > 0 {
                    break;
                }
                self.half(side).state = State::Lost(0);
                return self.seek(side, chunk, cx);
            }
            if header.whole() > chunk.bytes.len() - len {
                if len == 0 && header.content == header::APPLICATION_DATA && !keep {
                    let first = self.half(side).first.unwrap_or(cx.came);
                    let within = Within { header, left: header.whole(), torn: false, first };
                    self.half(side).state = State::Within(within);
                    return self.pass(side, within, chunk.bytes.len(), cx);
                }
                break;
            }
            len += header.whole();
            if old > 0 {
                break;
            }
        }
        if len > 0 {
            let first = self.half(side).first.unwrap_or(cx.came);
            let place = enter(chunk.first(len), cx);
            let mut rest = Piece::whole(chunk.first(len).bytes, place.start);
            while let Some(header) = Header::read(rest.bytes) {
                self.record(side, header, Some(rest.first(header.whole())), cx);
                rest = rest.from(header.whole());
            }
            leave(side, first, len as u64, cx);
        }
        (len, Then::Same)
    }

    /// Passes over `len` more bytes of a record, and tells it with its last.
    fn pass(&mut self, side: Side, within: Within, len: usize, cx: &mut Context<'_>) -> (usize, Then) {
        let taken = len.min(within.left);
        let left = within.left - taken;
        if left > 0 {
            self.half(side).state = State::Within(Within { left, ..within });
        } else {
            self.half(side).state = State::Record;
            enter(Chunk { bytes: &[], base: None }, cx);
            self.record(side, within.header, None, cx);
            if within.torn {
                cx.tree.note(&GAP, Slice::default(), format_args!("{}", GAP.title));
            }
            leave(side, within.first, within.header.whole() as u64, cx);
        }
        (taken, Then::Same)
    }

    /// Looks for the next record, and says what it passes over.
    fn seek(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> (usize, Then) {
        let State::Lost(before) = self.half(side).state else { return (0, Then::Same) };
        let version = self.half(side).version;
        let (len, found) = header::seek(chunk.bytes, version);
        if found {
            self.half(side).state = State::Record;
            if len == 0 {
                return self.records(side, chunk, cx);
            }
        }
        // What a side has said before its first record belongs to the protocol that led to TLS.
        if len == 0 || found && before == 0 && version == 0 {
            return (len, Then::Same);
        }
        let place = enter(chunk.first(len), cx);
        if cx.tree.wants_columns() {
            cx.tree.columns_mut().protocol = names::short(self.shown(version, cx));
        }
        if before == 0 {
            cx.tree.note(&UNKNOWN_RECORD, place, format_args!("{}", UNKNOWN_RECORD.title));
        }
        self.say(format_args!("Continuation Data"), cx);
        cx.tree.fence();
        cx.tree.close();
        let lost = before + len as u64;
        if found {
            return (len, Then::Same);
        }
        self.half(side).state = State::Lost(lost);
        (len, if lost > MAX_LOST { Then::Anybody } else { Then::Same })
    }

    /// Loses the place: the next record is searched for, and nothing is known of the handshake.
    fn lose(&mut self, side: Side) {
        let half = self.half(side);
        half.state = State::Lost(1);
        half.assembly = Assembly::default();
        half.clear = false;
    }

    /// The version to show: the one that both sides have agreed to, though it be later, else the one that a record says.
    fn shown(&self, said: u16, cx: &Context<'_>) -> u16 {
        let foreseen = cx.foresight.versions.get(&(cx.stream, cx.session)).copied();
        foreseen.or(Some(self.version).filter(|&version| version != 0)).unwrap_or(said)
    }

    /// Adds to the row of the frame.
    fn say(&mut self, text: core::fmt::Arguments<'_>, cx: &mut Context<'_>) {
        if !cx.tree.wants_columns() {
            return;
        }
        if core::mem::replace(&mut self.row, cx.at.frame) == cx.at.frame {
            cx.tree.more_info(format_args!(", {text}"));
        } else {
            cx.tree.info(text);
        }
    }
}

/// Opens the protocol in the tree; where its bytes lie there.
fn enter(chunk: Chunk<'_>, cx: &mut Context<'_>) -> Slice {
    cx.path.push("tls");
    let place = match chunk.bytes.len() {
        0 => Slice::default(),
        len => chunk.place(0..len, "Reassembled TCP", cx.tree),
    };
    cx.tree.open(&TLS, place, Value::Bytes(place));
    place
}

/// Closes it, and tells that a message ends here.
fn leave(side: Side, first: At, len: u64, cx: &mut Context<'_>) {
    cx.tree.fence();
    cx.tree.close();
    cx.events.push(Event::Message(Told { side, first, len, asks: None, answers: None }));
}

impl Session for Tls {
    fn read(&mut self, side: Side, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Taken {
        let half = self.half(side);
        half.see(chunk.bytes.len(), cx);
        let (bytes, then) = match half.state {
            State::Record => self.records(side, chunk, cx),
            State::Within(within) => self.pass(side, within, chunk.bytes.len(), cx),
            State::Lost(_) => self.seek(side, chunk, cx),
        };
        self.half(side).take(bytes);
        Taken { bytes, then }
    }

    fn gap(&mut self, side: Side, before: Chunk<'_>, len: u64, cx: &mut Context<'_>) {
        let first = self.half(side).first.unwrap_or(cx.came);
        let half = self.half(side);
        half.take(half.seen);
        let within = match half.state {
            State::Within(within) => Some(within),
            State::Record => Header::read(before.bytes).filter(|header| header.is_sound()).map(|header| {
                Within { header, left: header.whole().saturating_sub(before.bytes.len()), torn: true, first }
            }),
            State::Lost(_) => None,
        };
        match within {
            // The record goes on behind the gap.
            Some(within) if len <= within.left as u64 => {
                half.state = State::Within(Within { torn: true, ..within });
                if within.header.content == header::HANDSHAKE {
                    half.assembly = Assembly::default();
                    half.clear = false;
                }
                self.pass(side, Within { torn: true, ..within }, len as usize, cx);
            }
            _ if len == 0 && before.bytes.is_empty() => half.assembly = Assembly::default(),
            _ => self.lose(side),
        }
    }

    fn end(&mut self, side: Side, _rest: Chunk<'_>, _ending: Ending, _cx: &mut Context<'_>) {
        *self.half(side) = Half::default();
    }

    fn is_in_message(&self, side: Side) -> bool {
        let [client, server] = &self.halves;
        let half = if side == Side::Client { client } else { server };
        !matches!(half.state, State::Lost(_))
    }

    fn held(&self) -> usize {
        self.halves.iter().map(|half| half.assembly.held()).sum()
    }
}
