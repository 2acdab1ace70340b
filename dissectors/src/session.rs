//! Sessions: the protocol state of one conversation, fed with its bytes side by side.
//!
//! ```text
//! TCP reassembly -> driver -> session (TLS)  -> derived bytes -> driver -> session (HTTP/1) -> exchanges
//! UDP datagrams  -> driver -> session (QUIC) -> channels 0, 4, 8 ... -> driver -> session (HTTP/3)
//! ```
//!
//! The driver is part of the program: it detects a session, buffers what the session leaves, and feeds what a session
//! derives to the session above it.

use crate::buffer_pool::BufferPool;
use crate::datagram_path::{FurtherPath, KnownPathId};
pub use crate::derived_secrets::Secret;
use crate::derived_secrets::{DerivedSecret, DerivedSecrets};
use crate::exchange::{Exchange, Transfer};
use crate::field::Field;
pub use crate::identity::{ConversationId, ExchangeId, Half, Side, Stamp};
pub use crate::missing::Missing;
use crate::packet::ProtocolPath;
use crate::private_key::PrivateKey;
use crate::transport_connection::TransportConnection;
use crate::tree::{Slice, Tree, Value};
use crate::wants::Wants;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::CompactString;
use core::ops::Range;

/// One direction of one channel: of a TCP stream, or of one stream of a multiplexing protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// The channel; 0 where the protocol below has only one.
    pub channel: u64,
    /// The sender.
    pub side: Side,
}

/// Bits of a channel's number below the number of its group. A session with [`Input::Channels`] reads the channels of one
/// group, so that a conversation may carry several such sessions.
pub const GROUP_BITS: u32 = 48;
/// Number of the channel of a group whose items of bytes are datagrams.
pub const DATAGRAM_CHANNEL: u64 = (1 << GROUP_BITS) - 1;

impl Lane {
    /// A side of channel 0.
    #[must_use]
    pub const fn of(side: Side) -> Lane {
        Lane { channel: 0, side }
    }
}

/// Bytes of one lane, in order, that no session has consumed yet.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'b> {
    /// The bytes.
    pub bytes: &'b [u8],
    /// Offset of the first in the tree's store, if all of them lie in one buffer of the present frame.
    pub base: Option<u32>,
}

impl<'b> Chunk<'b> {
    /// The bytes after the first `n`.
    #[must_use]
    pub fn from(self, n: usize) -> Chunk<'b> {
        Chunk { bytes: self.bytes.get(n..).unwrap_or_default(), base: self.base.map(|base| base + n as u32) }
    }

    /// The first `n` bytes.
    #[must_use]
    pub fn first(self, n: usize) -> Chunk<'b> {
        Chunk { bytes: self.bytes.get(..n).unwrap_or(self.bytes), base: self.base }
    }

    /// The span in the tree's store of the bytes of `range`: in the frame, or in a buffer that is added under `title`.
    pub fn span(self, range: Range<usize>, title: &'static str, tree: &mut Tree) -> Slice {
        let bytes = self.bytes.get(range.clone()).unwrap_or_default();
        let start = match self.base {
            Some(base) => base + range.start as u32,
            None => tree.add_buffer(title, bytes),
        };
        Slice::new(start, bytes.len() as u32)
    }
}

/// What a session reads and writes beside the bytes.
pub struct Context<'a> {
    /// The present frame.
    pub at: Stamp,
    /// Where the last of the bytes given last arrived: an earlier frame if they were buffered behind a gap.
    pub arrived: Stamp,
    /// Where the first of them arrived: earlier than the last if they were derived from a unit of several frames.
    pub first: Stamp,
    /// Offsets of these bytes among all of their sender at the root, or of a gap and the bytes before it; empty if
    /// unknown.
    pub range: Range<u64>,
    /// Bytes of the other side at the root that the sender had received when it sent these; 0 if unknown.
    pub received: u64,
    /// Bytes of the present datagram after them that were not captured.
    pub cut: u32,
    /// The conversation at the root.
    pub conversation: ConversationId,
    /// The number of the session in it, from 0.
    pub session: u32,
    /// The exchange that it took from its handover, or whose content it reads: it has number 0 here.
    pub adopted: Option<ExchangeId>,
    /// What the run wants of its frames, though it may want nothing of the present one.
    pub wants: &'a Wants,
    /// Whether exchanges are reported. A session need not create them otherwise.
    pub reports_exchanges: bool,
    /// Whether connections in datagrams are reported. A session need not measure them otherwise.
    pub reports_connections: bool,
    /// The tree to record fields in; a message belongs to the frame that completed it.
    pub tree: &'a mut Tree,
    /// The protocols of the present frame: a session adds its own when a message ends here.
    pub path: &'a mut ProtocolPath,
    /// Events for consumers of exchanges and for the driver.
    pub events: &'a mut Vec<Event>,
    /// What the session derives for the session above it.
    pub derived: &'a mut Derivation,
    /// What an earlier pass over the same capture collected; empty in the first.
    pub first_pass: &'a FirstPass,
    /// Where this pass collects for a second one, if there will be one.
    pub collected: Option<&'a mut FirstPass>,
    /// Whether a frame is read. Otherwise the conversation ends, or releases what it buffers.
    pub reads_frame: bool,
    /// Sides of which sessions below did not decrypt bytes.
    pub undecrypted: [bool; 2],
    /// Secrets that were handed in.
    pub secrets: &'a Secrets,
    /// Whether a session below decrypts the bytes: a handover said so.
    pub is_encrypted: bool,
    /// The ports of the conversation at the root: of the client and of the server; 0 where there are none.
    pub ports: [u16; 2],
    /// Whether passwords, and proofs of them, are recorded.
    pub shows_passwords: bool,
    /// Number of connections in datagrams that have begun in the capture.
    pub connections: &'a mut u32,
    /// The path of the datagram, if it is not the one that the conversation began on.
    pub further_path: Option<FurtherPath>,
}

impl Context<'_> {
    /// The name of an exchange of this session.
    #[must_use]
    pub fn exchange(&self, nth: u32) -> ExchangeId {
        let own = ExchangeId { conversation: self.conversation, session: self.session, nth };
        self.adopted.filter(|_| nth == 0).unwrap_or(own)
    }

    /// Moves the end of a transfer to the bytes at hand, with which it begins if it has not.
    pub(crate) fn extend_transfer(&self, transfer: &mut Option<Transfer>, complete: bool) {
        let first = self.arrived;
        let transfer = transfer.get_or_insert(Transfer { first, complete, ..Transfer::default() });
        (transfer.last, transfer.completed_in) = (self.arrived, self.at.frame);
    }

    /// This session, as the subject of a value of the first pass.
    #[must_use]
    pub fn subject(&self) -> About {
        About::Session(self.conversation, self.session)
    }

    /// Collects a value for the second pass; nothing if there is none, or if no frame is read.
    pub fn collect(&mut self, field: &'static Field, about: About, value: u64) {
        match &mut self.collected {
            Some(collected) if self.reads_frame => collected.insert(field, about, value),
            _ => {}
        }
    }

    /// Collects 0 for what a side did not send before its end; nothing if it may have been captured: bytes of the side were not
    /// decrypted, or the state is dropped at a limit.
    pub fn collect_missing(&mut self, field: &'static Field, about: About, side: Side) {
        match &mut self.collected {
            Some(collected) if !side.of(&self.undecrypted) => collected.insert(field, about, 0),
            _ => {}
        }
    }

    /// Notes that a message of an earlier frame lacks what a side did not send before its end; nothing if bytes of the side
    /// were not decrypted.
    pub(crate) fn note_missing(&mut self, note: &'static Field, frame: u32, side: Side) {
        if self.wants.field(note) && !side.of(&self.undecrypted) {
            self.events.push(Event::EarlierNote { note, frame });
        }
    }

    /// The value that an earlier pass collected.
    #[must_use]
    pub fn later_value(&self, field: &'static Field, about: About) -> Option<u64> {
        self.first_pass.get(field, about)
    }

    /// Records the value that an earlier pass collected, if it did.
    pub(crate) fn record_later(&mut self, field: &'static Field, about: About) {
        if let Some(value) = self.later_value(field, about) {
            self.tree.put(field, Slice::default(), Value::Uint(value));
        }
    }

    /// Appends an item to what the session derives.
    pub fn derive(&mut self, lane: Lane, item: DerivedItem) {
        self.derived.items.push(Derived { lane, item });
    }

    /// Has a lane of a session with [`Input::Channels`] offered again: bytes that it left may now be consumed.
    pub fn wake(&mut self, lane: Lane) {
        self.derived.woken.push(lane);
    }
}

/// What a session derived in one call, in order.
#[derive(Debug, Default)]
pub struct Derivation {
    /// Items for the sessions above.
    pub items: Vec<Derived>,
    /// Lanes to offer again.
    pub woken: Vec<Lane>,
    /// Buffers for bytes that are derived next.
    pub buffers: BufferPool,
}

/// An item for the session above, on one lane.
#[derive(Debug)]
pub struct Derived {
    /// The lane; its channel names the driver above.
    pub lane: Lane,
    /// The item.
    pub item: DerivedItem,
}

/// What a session can derive.
#[derive(Debug)]
pub enum DerivedItem {
    /// A channel begins, or it is now known what it carries.
    Begin(Box<Handover>),
    /// Bytes of the lane.
    Bytes {
        /// Offset in the lane, where bytes may come out of order; none if they follow the last ones.
        offset: Option<u64>,
        /// The bytes.
        bytes: Vec<u8>,
        /// Where their first byte arrived.
        first: Stamp,
        /// Where their last byte arrived, if that is not where the last of the bytes did that the session reads.
        arrived: Option<Stamp>,
        /// The span in the present frame's store that they were derived from.
        from: Option<Slice>,
    },
    /// Bytes of the lane are missing.
    Missing(Missing),
    /// Bytes of the lane were captured and are not decrypted: messages that were not seen may be among them.
    Undecrypted,
    /// A block of headers or trailers of the lane, as `name`, `value` pairs.
    Headers(Vec<(Vec<u8>, Vec<u8>)>),
    /// The lane ends.
    End(SideEnd),
    /// Why all channels of the lane's group end, before they do.
    Closing(CompactString),
    /// All channels of the lane's group end, on both sides.
    EndChannels(SideEnd),
}

/// What a channel or a conversation carries from here on, with what was negotiated.
#[derive(Clone, Debug, Default)]
pub struct Handover {
    /// The next session.
    pub to: Successor,
    /// The exchange that opened the channel.
    pub exchange: Option<ExchangeId>,
    /// Time at which `exchange` began, in nanoseconds since 1970; none if it is not known.
    pub exchange_start: Option<i64>,
    /// An exchange that is not reported yet; a session that takes it reports it, else the driver does.
    pub pending: Option<Box<Exchange>>,
    /// Whether the bytes of the channel were encrypted.
    pub is_encrypted: bool,
    /// Whether the session reads the content of `exchange`: that is its exchange 0, which the session below reports.
    pub is_content: bool,
    /// Negotiated values: names such as `alpn` or of header fields, in lower case.
    pub facts: Vec<(CompactString, Vec<u8>)>,
    /// Facts are missing: they were dropped at a limit, or could not be decoded.
    pub lacks_facts: bool,
}

/// Maximum number of headers that a handover has, and bytes of each: a handshake needs three.
const MAX_FACTS: usize = 16;
const MAX_FACT: usize = 1024;

impl Handover {
    /// A handover without an exchange.
    #[must_use]
    pub fn to(to: Successor) -> Handover {
        Handover { to, ..Handover::default() }
    }

    /// A handover of the channel that an exchange opened.
    pub(crate) fn opened_by(exchange: &mut Exchange, to: Successor) -> Handover {
        exchange.opens_session = true;
        Handover { exchange: Some(exchange.id), exchange_start: exchange.start(), ..Handover::to(to) }
    }

    /// Adds a header of the message that opened the channel, if it is one that negotiates: `Sec-WebSocket-Protocol` and
    /// others with such a name.
    pub(crate) fn add_header(&mut self, name: &[u8], value: &[u8]) {
        let negotiates = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"sec-"));
        let is_kept = negotiates && self.facts.len() < MAX_FACTS && value.len() <= MAX_FACT;
        self.lacks_facts |= negotiates && !is_kept;
        if is_kept {
            let mut name = crate::exchange::text(name);
            name.make_ascii_lowercase();
            self.facts.push((name, value.to_vec()));
        }
    }

    /// The value of a negotiated fact: the first one.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&[u8]> {
        self.all_facts(name).next()
    }

    /// The values of a negotiated fact, such as of a header on several lines.
    pub fn all_facts(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.facts.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_slice())
    }
}

/// The session that reads next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Successor {
    /// Whichever session detects its protocol in the next bytes.
    #[default]
    Detect,
    /// Not known yet: bytes are kept until a further [`Handover`] names it.
    Undecided,
    /// The session that claims this ALPN protocol (RFC 7301).
    Alpn(CompactString),
    /// The session that claims this token of an Upgrade header (RFC 9110 7.8).
    Upgrade(CompactString),
    /// The session that claims this type of a unidirectional stream (RFC 9114 6.2).
    StreamType(u64),
    /// The session that claims this media type.
    MediaType(CompactString),
}

/// Result of one call of a session.
#[derive(Debug, Default)]
pub struct Consumed {
    /// Bytes from the front that need not be given again. 0 waits for more bytes, or for the other side.
    pub bytes: usize,
    /// What reads on.
    pub transition: Transition,
    /// The exchange, by its number in the session, that the consumed bytes belong to.
    pub owner: Option<(u32, Half)>,
}

impl Consumed {
    /// Bytes consumed by a session that reads on.
    #[must_use]
    pub fn bytes(bytes: usize) -> Consumed {
        Consumed { bytes, transition: Transition::Stay, owner: None }
    }
}

/// What reads a conversation after a call.
#[derive(Clone, Debug, Default)]
pub enum Transition {
    /// The same session.
    #[default]
    Stay,
    /// Another session in its place, on both sides.
    Replace(Box<Handover>),
    /// Another session beneath it: the present session keeps its state and reads what that one derives (STARTTLS).
    Beneath(Box<Handover>),
}

impl Transition {
    /// Whether the same session reads on.
    #[must_use]
    pub fn is_stay(&self) -> bool {
        matches!(self, Transition::Stay)
    }
}

/// End of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideEnd {
    /// With FIN, after its last byte.
    Closed,
    /// With RST, or with a frame that has an error code.
    Reset(Option<u64>),
    /// By its receiver, which wanted no more of it, perhaps with an error code.
    Canceled(Option<u64>),
    /// Not seen: the capture ended, or the conversation was dropped.
    Unseen,
    /// Not read: its state was dropped at a limit, or its bytes were not decrypted.
    Unread,
    /// Not known: packets of its sender were received and not captured, and may have its last bytes.
    Uncaptured,
    /// Not read by its receiver, which rejected data that was sent early: its sender begins anew.
    Rejected,
}

/// Whether the first bytes of a side could be a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// They are not.
    No,
    /// They could be, if more bytes came.
    Perhaps,
    /// They look like it, and so may those of other protocols: the ports decide between these.
    Likely,
    /// They are.
    Yes,
}

/// What a probe looks at.
#[derive(Clone, Copy, Debug)]
pub struct Hint<'b> {
    /// The sender of the bytes.
    pub side: Side,
    /// The ports of the client and of the server; 0 where there are none.
    pub ports: [u16; 2],
    /// The first bytes of the side, or one datagram.
    pub bytes: &'b [u8],
    /// Whether no bytes of the conversation were skipped before, because no protocol was detected in them.
    pub is_first: bool,
    /// Whether all bytes of the conversation before them were captured, and no exchange has opened what they carry. A
    /// protocol that a handshake begins has it there.
    pub is_whole: bool,
}

impl<'b> Hint<'b> {
    /// Bytes without ports.
    #[must_use]
    pub fn bytes(bytes: &'b [u8]) -> Hint<'b> {
        Hint { side: Side::Client, ports: [0; 2], bytes, is_first: true, is_whole: false }
    }
}

/// What a session reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The two sides of a byte stream.
    Stream,
    /// Datagrams: each is given once, and what it leaves of one is dropped.
    Datagrams,
    /// Many channels of a protocol below, each with two sides.
    Channels,
}

/// Protocol state of one conversation.
///
/// Neither the number of calls nor the segmentation of the bytes changes the result: a session gets on each call all the
/// bytes of the lane that it has not consumed. It is called again at once after it has consumed some, so one message a
/// call is enough; and when the other side was read, as bytes that it left may now be consumed. It never fails: a
/// malformed message becomes a note, and the next message is still read.
pub trait Session: Send {
    /// Reads from a lane.
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed;

    /// Skips bytes of a lane that cannot be read. `before` is what it had not consumed before them, and is gone after
    /// this call.
    fn gap(&mut self, lane: Lane, before: Chunk<'_>, missing: Missing, cx: &mut Context<'_>);

    /// Ends a lane; `rest` is what it had not consumed. Called once for each lane.
    fn end(&mut self, lane: Lane, rest: Chunk<'_>, end: SideEnd, cx: &mut Context<'_>);

    /// Reads a block of headers or trailers of the exchange that carries it. One without a name stands for those not known.
    fn headers(&mut self, _lane: Lane, _headers: &[(Vec<u8>, Vec<u8>)], _cx: &mut Context<'_>) {}

    /// Notes why the channels that it reads end, before they do: the error that closed their connection.
    fn closing(&mut self, _reason: &str) {}

    /// Amends an exchange of the session below, which carries this one, before it is reported.
    fn conclude(&mut self, _exchange: &mut Exchange) {}

    /// Whether the bytes of a side since the last message end in the middle of another.
    fn is_in_message(&self, _side: Side) -> bool {
        true
    }

    /// Whether messages of this side respond to messages of the other side, in their order. Bytes of this side are then
    /// given after the bytes of the other side that their sender had received, in whatever order they were captured.
    fn responds(&self, _side: Side) -> bool {
        false
    }

    /// Whether a response of this side is awaited of which nothing was read. It may still follow a reset of the other side.
    fn awaits_response(&self, _side: Side) -> bool {
        false
    }

    /// Whether the ends of its lanes would complete, record and derive nothing. A conversation in datagrams then ends without
    /// them.
    fn is_idle(&self) -> bool {
        false
    }

    /// Drops what can be derived again, such as prepared keys: memory is short. Of all conversations, this is dropped before anything
    /// else is released. Returns whether there was any.
    fn forget_derivable(&mut self) -> bool {
        false
    }

    /// Drops bodies of messages that it keeps: memory is short. Returns whether it did; if so, what else it buffers stays.
    fn release_bodies(&mut self) -> bool {
        false
    }

    /// Bytes of messages that it keeps, besides those it has not consumed.
    fn buffered(&self) -> usize {
        0
    }

    /// Bytes of memory of other state, about, of a session of which many conversations may be open at once.
    fn state_len(&self) -> usize {
        0
    }

    /// Ends what its state is of, and drops it: too many are open, and this one is idle for the longest time.
    fn evict(&mut self, _: &mut Context<'_>) {}

    /// A copy of it, for reading a conversation again from the middle.
    fn fork(&self) -> Box<dyn Session>;
}

/// An event of a session.
#[derive(Debug)]
pub enum Event {
    /// An exchange is complete, or will never be.
    Exchange(Box<Exchange>),
    /// A unit ends with the last byte that the session consumes in this call.
    Pdu(Pdu),
    /// The nodes recorded in this call are a half of an exchange.
    Message(MessageEnd),
    /// Nodes are of a half of an exchange. A half may have parts in several frames, and a call parts of several halves.
    Part(MessagePart),
    /// A note about a message of an earlier frame: what it lacks is known only now.
    EarlierNote {
        /// The field of the note.
        note: &'static Field,
        /// The frame.
        frame: u32,
    },
    /// Bytes consumed in this call belong to an exchange and to neither of its messages, such as an interim response or a reset.
    OutsideMessages,
    /// A secret was derived that other connections may need.
    Secret(Box<DerivedSecret>),
    /// A connection that the session carries has ended, or is no longer read.
    Connection(Box<TransportConnection>),
    /// An identifier was learned by which datagrams between other endpoints belong to the conversation.
    PathId(KnownPathId),
    /// The conversation is a continuation of another, such as after a migration.
    Joined {
        /// The conversation that goes on.
        from: ConversationId,
        /// The conversation whose name stays.
        to: ConversationId,
    },
}

/// A reassembled unit: an HTTP/1 message, a TLS record, an HTTP/2 frame. The layer below records its reassembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// The lane it came on.
    pub lane: Lane,
    /// Where its first byte arrived.
    pub first: Stamp,
    /// Bytes on the wire, those that were not captured included.
    pub len: u64,
}

/// Nodes of a half of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePart {
    /// The number of the exchange in the session.
    pub nth: u32,
    /// Which half it is.
    pub half: Half,
    /// Nodes of the present tree.
    pub nodes: Range<usize>,
}

/// The end of a half of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// The number of the exchange in the session.
    pub nth: u32,
    /// Which half ends.
    pub half: Half,
}

/// Subject of a value that later frames decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    /// A frame, and a unit in it.
    Frame(u32, u32),
    /// A half of an exchange.
    Half(ExchangeId, Half),
    /// A session of a conversation.
    Session(ConversationId, u32),
    /// A conversation.
    Conversation(ConversationId),
}

/// What later frames decide about earlier ones, collected in a first pass over a capture.
///
/// Keys are a field and its subject, so that any protocol can have fields that later frames decide.
#[derive(Clone, Debug, Default)]
pub struct FirstPass {
    values: BTreeMap<(u16, About), u64>,
}

impl FirstPass {
    /// Stores a value; the last one of a field and a subject counts.
    pub fn insert(&mut self, field: &'static Field, about: About, value: u64) {
        self.values.insert((field.id, about), value);
    }

    /// The value of a field about a subject.
    #[must_use]
    pub fn get(&self, field: &'static Field, about: About) -> Option<u64> {
        if self.values.is_empty() {
            return None;
        }
        self.values.get(&(field.id, about)).copied()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Maximum number of private keys: each is compared with the certificates of servers.
const MAX_PRIVATE_KEYS: usize = 256;
/// Maximum labels of the secrets of a client; a key log has some ten.
const MAX_LABELS: usize = 64;

/// Secrets of a key log, each with the frame at which it became known, and private keys of servers.
///
/// A re-reading of a capture sees at each frame the secrets that the first reading saw there.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// By label and client random. Labels are long, and a key log has a few of them.
    entries: BTreeMap<CompactString, BTreeMap<[u8; 32], (u32, Secret)>>,
    /// The frames at which secrets became known.
    stamps: BTreeSet<u32>,
    private_keys: Vec<Arc<PrivateKey>>,
    /// Secrets that sessions derived.
    pub derived: DerivedSecrets,
    /// Whether more may come for the frames read last, such as from a key log that is being written.
    pub awaits_more: bool,
}

impl Secrets {
    /// Adds a secret that became known at a frame: 0 if before the capture. It replaces one of the same label and client
    /// random, as in Wireshark, unless that is of an earlier frame: then it only does if that is the beginning of it, in a
    /// key log that was read while it was written.
    pub fn insert(&mut self, label: &str, client_random: [u8; 32], at_frame: u32, secret: Secret) {
        if !self.entries.contains_key(label) {
            self.entries.insert(label.into(), BTreeMap::new());
        }
        let Some(of_label) = self.entries.get_mut(label) else { return };
        let known = of_label.entry(client_random).or_insert_with(|| (at_frame, secret.clone()));
        let (new, old) = (secret.bytes(), known.1.bytes());
        let continues = new.len() > old.len() && new.starts_with(old);
        if continues || at_frame <= known.0 {
            *known = (at_frame, secret);
        }
        self.stamps.insert(at_frame);
    }

    /// Adds private keys. Those beyond a limit are dropped. Returns whether all were added.
    pub fn add_private_keys(&mut self, keys: impl IntoIterator<Item = Arc<PrivateKey>>) -> bool {
        for key in keys {
            if self.private_keys.iter().any(|known| Arc::ptr_eq(known, &key)) {
                continue;
            }
            if self.private_keys.len() == MAX_PRIVATE_KEYS {
                return false;
            }
            self.private_keys.push(key);
        }
        true
    }

    /// The private keys.
    #[must_use]
    pub fn private_keys(&self) -> &[Arc<PrivateKey>] {
        &self.private_keys
    }

    /// Adds other secrets, by the same rule.
    pub fn merge(&mut self, others: &Secrets) {
        self.add_private_keys(others.private_keys.iter().cloned());
        for (label, of_label) in &others.entries {
            for (client_random, (at_frame, secret)) in of_label {
                self.insert(label, *client_random, *at_frame, secret.clone());
            }
        }
    }

    /// The client randoms that have secrets.
    pub fn client_randoms(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.entries.values().flat_map(BTreeMap::keys)
    }

    /// The labels and secrets of a client random, for the first labels in use.
    pub fn of_client<'a>(&'a self, client_random: &'a [u8; 32]) -> impl Iterator<Item = (&'a str, &'a Secret)> {
        let labels = self.entries.iter().take(MAX_LABELS);
        labels.filter_map(|(label, of_label)| Some((label.as_str(), &of_label.get(client_random)?.1)))
    }

    /// Whether there are neither secrets nor private keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.private_keys.is_empty()
    }

    /// The number of secrets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.values().map(BTreeMap::len).sum()
    }

    /// The last frame up to `at_frame` at which secrets became known; 0 if there is none.
    #[must_use]
    pub fn newest(&self, at_frame: u32) -> u32 {
        self.stamps.range(..=at_frame).next_back().copied().unwrap_or_default()
    }

    /// The secret of a label (such as `CLIENT_RANDOM`) and a client random, if it was known at a frame.
    #[must_use]
    pub fn get(&self, label: &str, client_random: &[u8; 32], at_frame: u32) -> Option<&Secret> {
        let (since, secret) = self.entries.get(label)?.get(client_random)?;
        (*since <= at_frame).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_secret_is_known_from_its_frame_on_and_never_printed() {
        let mut secrets = Secrets::default();
        secrets.insert("CLIENT_RANDOM", [7; 32], 5, Secret::new(b"wrong"));
        secrets.insert("CLIENT_RANDOM", [7; 32], 5, Secret::new(b"master"));
        secrets.insert("CLIENT_RANDOM", [7; 32], 6, Secret::new(b"another"));
        assert_eq!(secrets.get("CLIENT_RANDOM", &[7; 32], 4), None);
        assert_eq!(secrets.get("CLIENT_RANDOM", &[7; 32], 5).map(Secret::bytes), Some(&b"master"[..]));
        assert_eq!(secrets.get("EXPORTER_SECRET", &[7; 32], 5), None);
        assert!(!format!("{secrets:?}").contains("master"));
    }

    #[test]
    fn a_value_of_the_first_pass_belongs_to_its_field_and_subject() {
        let mut pass = FirstPass::default();
        let id = |nth| ExchangeId { nth, ..ExchangeId::default() };
        pass.insert(&crate::http::RESPONSE_IN, About::Half(id(1), Half::Request), 9);
        assert_eq!(pass.get(&crate::http::RESPONSE_IN, About::Half(id(1), Half::Request)), Some(9));
        assert_eq!(pass.get(&crate::http::RESPONSE_IN, About::Half(id(0), Half::Request)), None);
        assert_eq!(pass.get(&crate::http::REQUEST_IN, About::Half(id(1), Half::Request)), None);
    }

    #[test]
    fn a_header_that_exceeds_a_limit_is_missing_from_a_handover() {
        let mut handover = Handover::default();
        handover.add_header(b"Sec-A", b"1");
        handover.add_header(b"Sec-A", b"2");
        assert_eq!(handover.all_facts("sec-a").collect::<Vec<_>>(), [b"1", b"2"]);
        assert!(!handover.lacks_facts);
        handover.add_header(b"Sec-B", &[b'x'; MAX_FACT + 1]);
        assert!(handover.lacks_facts && handover.fact("sec-b").is_none());
    }
}
