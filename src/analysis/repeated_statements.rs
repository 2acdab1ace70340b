//! Repeated statements ("N+1"): the same statement of a database many times within one call, or in a burst on a connection.
//!
//! ```text
//!   client ── call ──▶ host ── SELECT ... WHERE id = 1 ──▶ database
//!                        ├──── SELECT ... WHERE id = 2 ──▶    each after the response to the one before
//!                        └──── ...
//! ```

use crate::capture::Call;
use dissectors::call_facts::StatementFacts;
use dissectors::packet::Address;
use dissectors::session::{About, ConversationId, ExchangeId, FirstPass, Half};
use dissectors::{Field, Protocol, Wants, call_facts, message_fields};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Number of statements with the same digest, on one connection and one after the other, from which they are noted.
pub const REPETITIONS: usize = 10;

/// Maximum number of frames that are kept of a repeated statement.
const MAX_FRAMES: usize = 256;

/// Longest pause between two statements of a burst, in nanoseconds.
const BURST_PAUSE: i64 = 100_000_000;

/// Maximum number of statements that are kept of a host: those of the last calls.
const MAX_STATEMENTS: usize = 8_192;

/// Maximum number of calls of a host that are kept: those that may overlap with later ones.
const MAX_CALLS: usize = 256;

/// Nanoseconds after its end until a call is evaluated: calls that overlap with it have ended by then.
const OVERLAP_TIME: i64 = 10_000_000_000;

/// Maximum number of hosts, of connections with bursts, and of findings.
const MAX_HOSTS: usize = 1_024;
const MAX_BURSTS: usize = 4_096;
const MAX_FINDINGS: usize = 4_096;

/// Maximum number of different statements of a burst.
const MAX_DIGESTS: usize = 16;

/// Maximum number of digests whose text is kept, and of bytes of each.
const MAX_TEXTS: usize = 4_096;
const MAX_TEXT: usize = 200;

/// A statement that was executed.
#[derive(Clone, Debug)]
struct Executed {
    id: ExchangeId,
    digest: u64,
    note: &'static Field,
    from: i64,
    to: i64,
    /// Frame in which it ended.
    frame: u32,
    /// It was sent after the response to the one before it on its connection.
    is_sequential: bool,
    /// It belongs to a call that was evaluated.
    is_owned: bool,
}

/// A call that was answered by a host.
#[derive(Clone, Copy, Debug)]
struct Answered {
    id: ExchangeId,
    from: i64,
    to: i64,
    frame: u32,
    is_evaluated: bool,
}

/// What is kept of a host.
#[derive(Debug, Default)]
struct Host {
    /// In the order of their ends.
    statements: VecDeque<Executed>,
    calls: VecDeque<Answered>,
    has_calls: bool,
}

/// Statements of one connection without long pauses.
#[derive(Debug)]
struct Burst {
    host: Address,
    last: i64,
    /// Number of statements by digest, and the one that reached the limit.
    digests: Vec<(u64, usize, Option<Executed>)>,
}

/// A statement that was repeated within a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedStatement {
    /// The call.
    pub call: ExchangeId,
    /// Digest of the statement, truncated to 200 bytes.
    pub digest: String,
    /// The statement with which the repetition is recognized.
    pub recognized: ExchangeId,
    /// How often the statement was executed.
    pub count: usize,
    /// Nanoseconds from the first statement to the end of the last.
    pub nanos: u64,
    /// Frames of the statements, in order: of the first ones, if there are very many.
    pub frames: Vec<u32>,
}

/// Finds repeated statements among calls, in the order in which they are reported.
#[derive(Default)]
pub struct RepeatedStatements {
    hosts: HashMap<Address, Host>,
    bursts: BTreeMap<ConversationId, Burst>,
    /// Bursts that are over: host, note, statement, number.
    ended: Vec<(Address, Executed, usize)>,
    found: Vec<Finding>,
    /// Text of digests.
    texts: HashMap<u64, String>,
    /// Kinds of calls by protocol.
    kinds: Vec<(&'static str, CallKind)>,
}

/// A statement that was repeated, its digest, the note about it, and the frame of the call.
type Finding = (RepeatedStatement, u64, &'static Field, u32);

/// Returns whether a note about repeated statements is wanted.
#[must_use]
pub fn wants_repeated_statements(wants: &Wants) -> bool {
    repetition_notes().any(|note| wants.field(note))
}

/// Returns whether a field is a note about repeated statements, which needs a first pass.
pub(crate) fn is_repetition_note(field: &Field) -> bool {
    repetition_notes().any(|note| note.id == field.id)
}

fn repetition_notes() -> impl Iterator<Item = &'static Field> {
    call_facts().filter_map(|(_, facts)| facts.statements.as_ref()).map(|facts| facts.repeated)
}

/// What the calls of a protocol are.
#[derive(Clone, Copy)]
enum CallKind {
    /// Statements of a database.
    Statement(&'static StatementFacts),
    /// Calls of an application, which may execute statements.
    Application,
    Other,
}

impl CallKind {
    fn of(protocol: &str) -> CallKind {
        let facts = call_facts().find(|(name, _)| *name == protocol).and_then(|(_, facts)| facts.statements.as_ref());
        let is_name = |known: &Protocol| known.fields.first().is_some_and(|field| field.name == protocol);
        match facts {
            Some(facts) => CallKind::Statement(facts),
            None if message_fields().any(|(known, fields)| fields.is_curl_request && is_name(known)) => {
                CallKind::Application
            }
            None => CallKind::Other,
        }
    }
}

impl RepeatedStatements {
    /// Adds a call.
    pub fn add(&mut self, call: &Call) {
        let protocol = call.exchange.protocol;
        let known = self.kinds.iter().find(|(name, _)| *name == protocol).map(|&(_, kind)| kind);
        let kind = known.unwrap_or_else(|| {
            let kind = CallKind::of(protocol);
            self.kinds.push((protocol, kind));
            kind
        });
        match kind {
            CallKind::Statement(facts) => self.add_statement(call, facts),
            CallKind::Application => self.add_call(call),
            CallKind::Other => {}
        }
    }

    fn host(&mut self, address: Address) -> &mut Host {
        if self.hosts.len() >= MAX_HOSTS && !self.hosts.contains_key(&address) {
            self.hosts.clear();
        }
        self.hosts.entry(address).or_default()
    }

    fn add_statement(&mut self, call: &Call, facts: &StatementFacts) {
        let exchange = &call.exchange;
        let (Some(request), Some(response)) = (exchange.request, exchange.response) else { return };
        // Only statements with values differ from each other.
        let Some(digest) = facts.digest(&exchange.method, &exchange.target).filter(|digest| digest.contains(&b'?'))
        else {
            return;
        };
        let mut hasher = DefaultHasher::new();
        digest.hash(&mut hasher);
        if self.texts.len() < MAX_TEXTS {
            let text = || String::from_utf8_lossy(digest.get(..MAX_TEXT).unwrap_or(&digest)).into_owned();
            self.texts.entry(hasher.finish()).or_insert_with(text);
        }
        let host = call.client.address;
        let mut statement = Executed {
            id: exchange.id,
            digest: hasher.finish(),
            note: facts.repeated,
            from: request.first.time,
            to: response.last.time,
            frame: request.last.frame,
            is_sequential: true,
            is_owned: false,
        };
        self.add_to_burst(host, &mut statement);
        let kept = &mut self.host(host).statements;
        if kept.len() == MAX_STATEMENTS {
            kept.pop_front();
        }
        let at = kept.partition_point(|other| other.to <= statement.to);
        kept.insert(at, statement);
    }

    fn add_to_burst(&mut self, host: Address, statement: &mut Executed) {
        let conversation = statement.id.conversation;
        if self.bursts.len() >= MAX_BURSTS && !self.bursts.contains_key(&conversation) {
            self.bursts.clear();
        }
        let new = Burst { host, last: i64::MIN, digests: Vec::new() };
        let burst = self.bursts.entry(conversation).or_insert(new);
        statement.is_sequential = statement.from >= burst.last;
        let pause = statement.from.saturating_sub(burst.last);
        if pause > BURST_PAUSE {
            Self::end_burst(burst, &mut self.ended);
        }
        burst.last = burst.last.max(statement.to);
        if !statement.is_sequential {
            return;
        }
        let digest = statement.digest;
        let known = burst.digests.iter_mut().find(|(other, ..)| *other == digest);
        let Some((_, count, recognized)) = known else {
            if burst.digests.len() < MAX_DIGESTS {
                burst.digests.push((digest, 1, None));
            }
            return;
        };
        *count += 1;
        if *count == REPETITIONS {
            *recognized = Some(statement.clone());
        }
    }

    fn end_burst(burst: &mut Burst, ended: &mut Vec<(Address, Executed, usize)>) {
        let host = burst.host;
        for (_, count, recognized) in burst.digests.drain(..) {
            if let Some(statement) = recognized.filter(|_| ended.len() < MAX_FINDINGS) {
                ended.push((host, statement, count));
            }
        }
    }

    fn add_call(&mut self, call: &Call) {
        let exchange = &call.exchange;
        let (Some(request), Some(response)) = (exchange.request, exchange.response) else { return };
        let answered = Answered {
            id: exchange.id,
            from: request.first.time,
            to: response.last.time,
            frame: request.last.frame,
            is_evaluated: false,
        };
        let mut found = Vec::new();
        let host = self.host(call.server.address);
        host.has_calls = true;
        if host.calls.len() == MAX_CALLS {
            host.evaluate_first(&mut found);
            host.calls.pop_front();
        }
        host.calls.push_back(answered);
        while host.calls.iter().find(|call| !call.is_evaluated).is_some_and(|call| call.to < answered.to - OVERLAP_TIME)
        {
            host.evaluate_first(&mut found);
        }
        self.keep(found);
    }

    fn keep(&mut self, found: Vec<Finding>) {
        let room = MAX_FINDINGS.saturating_sub(self.found.len());
        self.found.extend(found.into_iter().take(room));
    }

    /// Evaluates the calls that are left, and returns all findings.
    fn evaluate_rest(&mut self) {
        let mut found = Vec::new();
        for host in self.hosts.values_mut() {
            while host.calls.iter().any(|call| !call.is_evaluated) {
                host.evaluate_first(&mut found);
            }
        }
        found.sort_by_key(|(statement, ..)| statement.recognized);
        self.keep(found);
    }

    /// Returns the statements that were repeated within a call, at the end of the capture.
    #[must_use]
    pub fn within_call(mut self, call: ExchangeId) -> Vec<RepeatedStatement> {
        self.evaluate_rest();
        let of_call = self.found.into_iter().filter(|(statement, ..)| statement.call == call);
        let named = of_call.map(|(statement, digest, ..)| RepeatedStatement {
            digest: self.texts.get(&digest).cloned().unwrap_or_default(),
            ..statement
        });
        named.collect()
    }

    /// Stores at the end of the capture what each note needs: the number of repetitions, and the frame of the call. Each analyzer of a
    /// divided capture has a first pass of its own.
    pub fn finish(mut self, first_passes: &mut [FirstPass]) {
        let mut insert =
            |note, about, value| first_passes.iter_mut().for_each(|first| first.insert(note, about, value));
        self.evaluate_rest();
        for burst in self.bursts.values_mut() {
            Self::end_burst(burst, &mut self.ended);
        }
        let count = |count: usize| (count as u64) << 32;
        for (statement, _, note, frame) in &self.found {
            let value = count(statement.count) | u64::from(*frame);
            insert(note, About::Half(statement.recognized, Half::Request), value);
        }
        // Where calls of the host were captured, they decide.
        let is_alone = |host: &Address| !self.hosts.get(host).is_some_and(|host| host.has_calls);
        for (_, statement, repetitions) in self.ended.iter().filter(|(host, ..)| is_alone(host)) {
            insert(statement.note, About::Half(statement.id, Half::Request), count(*repetitions));
        }
    }
}

impl Host {
    /// Evaluates the first call that is not evaluated.
    fn evaluate_first(&mut self, found: &mut Vec<Finding>) {
        let Some(call) = self.calls.iter_mut().find(|call| !call.is_evaluated) else { return };
        call.is_evaluated = true;
        let call = *call;
        let first = self.statements.partition_point(|statement| statement.to < call.from);
        let last = self.statements.partition_point(|statement| statement.to <= call.to);
        if last.saturating_sub(first) < REPETITIONS {
            return;
        }
        let overlaps = |other: &&Answered| other.from < call.to && other.to > call.from;
        // Statements of other calls at the same time cannot be distinguished from those of this one.
        let needed = REPETITIONS * self.calls.iter().filter(overlaps).count().max(1);
        let mut groups: BTreeMap<(ConversationId, u64), Vec<usize>> = BTreeMap::new();
        for (at, statement) in self.statements.iter().enumerate().take(last).skip(first) {
            if statement.from >= call.from && statement.is_sequential && !statement.is_owned {
                groups.entry((statement.id.conversation, statement.digest)).or_default().push(at);
            }
        }
        for group in groups.into_values().filter(|group| group.len() >= needed) {
            for &at in &group {
                if let Some(statement) = self.statements.get_mut(at) {
                    statement.is_owned = true;
                }
            }
            let get = |nth: usize| group.get(nth).and_then(|&at| self.statements.get(at));
            let (Some(start), Some(recognized), Some(end)) = (get(0), get(REPETITIONS - 1), get(group.len() - 1))
            else {
                continue;
            };
            let frames = group.iter().take(MAX_FRAMES).filter_map(|&at| self.statements.get(at)).map(|one| one.frame);
            let repeated = RepeatedStatement {
                call: call.id,
                digest: String::new(),
                recognized: recognized.id,
                count: group.len(),
                nanos: end.to.abs_diff(start.from),
                frames: frames.collect(),
            };
            found.push((repeated, recognized.digest, recognized.note, call.frame));
        }
    }
}
