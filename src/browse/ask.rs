//! Questions about parts of a capture, and answers.

use super::index::{Fact, Note, State};
use crate::capture::{Call, Stream};
use dissectors::Field;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A question. Each kind of question replaces an earlier one of its kind that is not answered yet.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The words of these frames' rows.
    Rows(Vec<u32>),
    /// All that is found in a frame.
    Frame(u32),
    /// The ladder of a connection.
    Ladder(u32),
    /// The messages of a call, by its place in the index.
    Call(usize),
    /// What both sides of a connection said, in order.
    Follow(u32),
    /// Which frames, calls and connections a filter lets through; the text has been checked.
    Sift { filter: Arc<str>, turn: u64 },
    /// The next frame from `from` (exclusive, wraps) among `among` (all if `None`) in which this is found.
    Find { what: Needle, place: Place, from: u32, back: bool, among: Option<Arc<Vec<u32>>>, turn: u64 },
    /// Writes these frames (all if `None`) into a new pcapng file; an existing one only if `over`.
    Save { path: PathBuf, frames: Option<Arc<Vec<u32>>>, over: bool },
    /// Ends what is under way for a question with a turn.
    Cancel,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub enum Needle {
    /// Text, upper and lower case alike.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A regular expression over bytes.
    Regex(String),
}

/// Where it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the words of the row.
    Row,
    /// In the lines of the tree.
    Tree,
    /// In the bytes of the frame.
    Bytes,
}

/// An answer, or news.
#[derive(Debug)]
pub enum Answer {
    /// More of the capture is known.
    News(News),
    /// The words of rows, in the order asked for.
    Rows(Vec<Row>),
    /// A frame.
    Frame(Box<Dissected>),
    /// The ladder of a connection; `more` if it has more rungs than are told.
    Ladder { stream: u32, rungs: Vec<Rung>, more: bool },
    /// The messages of a call.
    Call { call: usize, told: Box<Told> },
    /// What both sides said; `more` if not all of it.
    Follow { stream: u32, said: Vec<Said>, more: bool },
    /// What a filter has let through since the last answer of this turn. Numbers rise over all answers.
    Sifted { turn: u64, frames: Vec<u32>, calls: Vec<u32>, streams: Vec<u32>, upto: u32, done: bool },
    /// Where it was found, and the bytes in its first buffer if it was looked for there; none if it was not.
    Found { turn: u64, frame: Option<u32>, bytes: Option<Range<usize>> },
    /// How far a search is: the frame it has come to.
    Seeking { turn: u64, at: u32 },
    /// So many frames were saved; or why not.
    Saved { path: PathBuf, result: Result<u64, String> },
    /// Something could not be done.
    Failed(String),
}

/// What has become known.
#[derive(Debug, Default)]
pub struct News {
    /// The next frames.
    pub frames: Vec<Fact>,
    /// Connections, new or changed; by their number.
    pub streams: Vec<Stream>,
    /// The next calls.
    pub calls: Vec<Call>,
    /// The next notes.
    pub notes: Vec<Note>,
    /// How far it is.
    pub state: State,
}

/// The words of a row in the list of frames, without control characters.
#[derive(Clone, Debug)]
pub struct Row {
    /// The frame.
    pub frame: u32,
    /// The sender's address.
    pub source: String,
    /// The receiver's.
    pub destination: String,
    /// The short name of the highest protocol.
    pub protocol: &'static str,
    /// What it is about.
    pub info: String,
}

/// All that is found in a frame.
#[derive(Debug)]
pub struct Dissected {
    /// The frame.
    pub frame: u32,
    /// The lines of the tree.
    pub lines: Vec<Line>,
    /// What was dissected: the frame's bytes first, then what was put together or decoded.
    pub buffers: Vec<(String, Vec<u8>)>,
}

/// A line of a frame's tree.
#[derive(Clone, Debug)]
pub struct Line {
    /// How deep it lies: 0 for a protocol.
    pub depth: u8,
    /// Its words, without control characters.
    pub text: String,
    /// Which fact.
    pub field: &'static Field,
    /// Which buffer its bytes lie in, and where; empty if they lie in none.
    pub buffer: usize,
    pub bytes: Range<usize>,
    /// Its value alone, as `-e` prints it.
    pub value: String,
    /// The filter that finds frames in which the field has this value; the field's name alone where values cannot be
    /// compared.
    pub filter: String,
}

/// A segment on the ladder.
#[derive(Clone, Debug)]
pub struct Rung {
    /// The frame.
    pub frame: u32,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// The flags, such as `SYN, ACK`.
    pub flags: String,
    /// The relative sequence number, the relative acknowledgment number if it has one, bytes of data, the window.
    pub seq: u32,
    pub ack: Option<u32>,
    pub len: u32,
    pub window: u32,
    /// What it is.
    pub meaning: Meaning,
    /// What it says: a request line, `retransmission of #12`, empty if nothing.
    pub words: String,
}

/// What a segment is for; the most telling of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Handshake,
    Request,
    Answer,
    Data,
    Acknowledgment,
    Retransmission,
    KeepAlive,
    Window,
    Teardown,
    Reset,
    Odd,
}

/// The messages of a call.
#[derive(Debug, Default)]
pub struct Told {
    /// The request's, if it was seen.
    pub request: Option<Message>,
    /// The answer's.
    pub response: Option<Message>,
    /// The frames of the call: those of the handshake for the first of a connection, of the request, of the answer.
    pub frames: Vec<(u32, Phase)>,
    /// The command that makes the same request, for an HTTP request that was seen.
    pub curl: Option<String>,
}

/// A phase of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Connect,
    Request,
    Wait,
    Download,
}

/// A message.
#[derive(Debug, Default)]
pub struct Message {
    /// Its lines before the body, without control characters.
    pub head: Vec<String>,
    /// Its body after codings are undone: lines of text (JSON pretty-printed), or what there is to say of it.
    pub body: Vec<String>,
    /// What the body is, such as `application/json, 1.2 kB (gzip, 320 B on the wire)`.
    pub kind: String,
    /// The body's first bytes, undone.
    pub bytes: Vec<u8>,
}

/// What one side said without the other saying anything between.
#[derive(Clone, Debug)]
pub struct Said {
    /// Who.
    pub from_client: bool,
    /// The frame with which it could be read.
    pub frame: u32,
    /// What; a gap is told as a line of its own.
    pub lines: Vec<String>,
}
