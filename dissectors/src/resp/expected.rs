//! What a command changes: the number of its responses, and the state of the connection after them.

use super::Resp;
use super::command::{Command, SecretContext};
use super::describe;
use super::value::Token;
use crate::exchange::Outcome;
use crate::pipeline::Reply;
use crate::session::{Chunk, Consumed, Side};
use compact_str::{CompactString, format_compact};

/// What is kept of a command until its response is complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// Responses still to come, if there is more than one.
    left: u32,
    /// It adds or removes subscriptions: each channel has a response.
    pub(super) is_subscription: bool,
    pub(super) effect: Effect,
    pub(super) secrets: SecretContext,
}

/// What changes with the response to a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Effect {
    #[default]
    None,
    /// Messages of channels follow.
    Subscribe,
    /// The commands of other clients follow.
    Monitor,
    /// A snapshot and the commands of the primary follow.
    Replicate,
    /// CLIENT REPLY: no responses, none to the next command, or all again.
    ReplyOff,
    ReplySkip,
    ReplyOn,
}

impl Expected {
    /// What a command needs.
    pub(super) fn of(command: Option<&Command<'_>>, message: &[u8]) -> Expected {
        let Some(command) = command else { return Expected::default() };
        let name = command.words.first().map(AsRef::as_ref).unwrap_or_default();
        let expected = Expected { secrets: SecretContext::of(command), ..Expected::default() };
        match name.len() {
            4 if command.is("SYNC") => Expected { effect: Effect::Replicate, ..expected },
            5 if command.is("PSYNC") => Expected { effect: Effect::Replicate, ..expected },
            6 if command.is("CLIENT") => Expected { effect: reply_mode(command), ..expected },
            7 if command.is("MONITOR") => Expected { effect: Effect::Monitor, ..expected },
            9.. if ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"].into_iter().any(|name| command.is(name)) => {
                let effect = Effect::Subscribe;
                Expected { left: arguments(command, message), is_subscription: true, effect, ..expected }
            }
            11.. if ["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"].into_iter().any(|name| command.is(name)) => {
                Expected { left: arguments(command, message), is_subscription: true, ..expected }
            }
            _ => expected,
        }
    }

    /// Counts a response; returns whether it is the last one.
    pub(super) fn is_last(&mut self, message: &[u8]) -> bool {
        if self.is_subscription && !is_confirmation(message) {
            return true;
        }
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }
}

/// Number of arguments of a command.
fn arguments(command: &Command<'_>, message: &[u8]) -> u32 {
    let count = Token::read(message, 0)
        .ok()
        .filter(|token| token.kind == b'*')
        .map_or(command.words.len() as i64, |token| token.count);
    u32::try_from(count - 1).unwrap_or(0).max(1)
}

fn reply_mode(command: &Command<'_>) -> Effect {
    let is =
        |nth: usize, word: &str| command.argument(nth).is_some_and(|own| own.eq_ignore_ascii_case(word.as_bytes()));
    match () {
        () if !is(1, "REPLY") => Effect::None,
        () if is(2, "OFF") => Effect::ReplyOff,
        () if is(2, "SKIP") => Effect::ReplySkip,
        () => Effect::ReplyOn,
    }
}

/// Whether a message confirms that a subscription was added or removed.
pub(super) fn is_confirmation(message: &[u8]) -> bool {
    const KINDS: [&[u8]; 6] =
        [b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"];
    matches!(message.first(), Some(b'*' | b'>'))
        && describe::element(message, 0).is_some_and(|kind| KINDS.contains(&kind))
}

/// Whether a message is one of a channel.
pub(super) fn is_message(message: &[u8]) -> bool {
    describe::element(message, 0).is_some_and(|kind| matches!(kind, b"message" | b"pmessage" | b"smessage"))
}

/// State of a connection that changes what follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Mode {
    is_subscribed: bool,
    monitors: bool,
    replicates: bool,
    /// Commands that have no response: none, the next ones, or all.
    silent: Silence,
    /// A snapshot of a primary is being sent: bytes still to come, if their number is known.
    pub(super) snapshot: Option<Snapshot>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Silence {
    #[default]
    None,
    Next,
    All,
}

/// A snapshot (RDB) that a primary sends to a replica: `$LENGTH` and bytes without an end of line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Snapshot {
    /// Its length has not been read.
    Begin,
    Bytes(u64),
    /// Its end is not known: the rest of the side is not read.
    Unknown,
}

impl Mode {
    /// Whether a message of the server is no response.
    pub(super) fn is_push(&self, message: &[u8]) -> bool {
        match message.first() {
            Some(b'>') => true,
            Some(b'*') => self.replicates || self.is_subscribed && is_message(message),
            Some(b'+') => self.monitors && message.get(1).is_some_and(u8::is_ascii_digit),
            _ => false,
        }
    }

    /// Whether a command has a response.
    pub(super) fn has_response(&mut self, expected: &Expected) -> bool {
        let has_response = self.silent == Silence::None && !self.replicates;
        if self.silent == Silence::Next {
            self.silent = Silence::None;
        }
        match expected.effect {
            Effect::ReplyOff => self.silent = Silence::All,
            Effect::ReplySkip if has_response => self.silent = Silence::Next,
            Effect::ReplyOn => self.silent = Silence::None,
            _ => return has_response,
        }
        expected.effect == Effect::ReplyOn
    }

    /// Changes the state after a response.
    pub(super) fn apply(&mut self, effect: Effect, reply: &Reply) {
        match effect {
            Effect::Subscribe => self.is_subscribed = true,
            Effect::Monitor => self.monitors = reply.outcome == Outcome::Success,
            Effect::Replicate if reply.outcome == Outcome::Success => {
                self.replicates = true;
                self.snapshot = reply.status.starts_with("FULLRESYNC").then_some(Snapshot::Begin);
            }
            _ => {}
        }
    }

    /// Whether the next bytes of a side are of a snapshot.
    pub(super) fn skips_snapshot(&self, side: Side, client: Option<Side>) -> bool {
        self.snapshot.is_some() && client.is_some_and(|client| client != side)
    }
}

impl Resp {
    /// Skips bytes of a snapshot.
    pub(super) fn skip_snapshot(&mut self, chunk: Chunk<'_>) -> Consumed {
        let len = chunk.bytes.len();
        let (consumed, next) = match self.mode.snapshot {
            Some(Snapshot::Begin) => match Token::read(chunk.bytes, 0) {
                // A primary sends empty lines while it makes the snapshot.
                _ if chunk.bytes.first() == Some(&b'\n') => (1, Some(Snapshot::Begin)),
                Ok(token) if token.kind == b'$' => (token.line.end, Some(Snapshot::Bytes(token.count.max(0) as u64))),
                Err(super::value::NoToken::Incomplete) => (0, Some(Snapshot::Begin)),
                _ => (len, Some(Snapshot::Unknown)),
            },
            Some(Snapshot::Bytes(left)) if left > 0 => {
                let skipped = left.min(len as u64);
                (skipped as usize, Some(Snapshot::Bytes(left - skipped)).filter(|_| left > skipped))
            }
            Some(Snapshot::Bytes(_)) | None => (0, None),
            Some(Snapshot::Unknown) => (len, Some(Snapshot::Unknown)),
        };
        self.mode.snapshot = next;
        Consumed::bytes(consumed)
    }
}

/// The user and the database of a connection, as far as commands state them.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    user: CompactString,
    database: CompactString,
    /// Both, as `user@db2`.
    pub(super) text: CompactString,
}

impl Identity {
    /// Reads what a command changes.
    pub(super) fn update(&mut self, command: &Command<'_>) {
        let text = |word: &[u8]| crate::exchange::text(word.get(..64).unwrap_or(word));
        match command.words.len() {
            2 if command.is("SELECT") => self.database = command.argument(1).map(text).unwrap_or_default(),
            3 if command.is("AUTH") => self.user = command.argument(1).map(text).unwrap_or_default(),
            5.. if command.is("HELLO")
                && command.argument(2).is_some_and(|word| word.eq_ignore_ascii_case(b"AUTH")) =>
            {
                self.user = command.argument(3).map(text).unwrap_or_default();
            }
            _ => return,
        }
        self.text = match (self.user.is_empty(), self.database.is_empty()) {
            (_, true) => self.user.clone(),
            (true, false) => format_compact!("db{}", self.database),
            (false, false) => format_compact!("{}@db{}", self.user, self.database),
        };
    }
}
