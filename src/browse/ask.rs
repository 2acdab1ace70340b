//! Questions about parts of a capture, and answers.

use super::index::{Fact, Note, State, Times};
use super::pairs::Host;
use super::stacks::Names;
use crate::capture::{Call, Stream};
use dissectors::Field;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Says where what was captured is.
#[must_use]
pub fn kept(spool: &Path) -> String {
    format!("what was captured is in {}", spool.display().to_string().escape_debug())
}

/// A question. Each kind of question but [`Save`](Ask::Save) replaces an earlier one of its kind that is not answered
/// yet.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The words of frames' rows.
    Rows {
        /// The frames.
        frames: Vec<u32>,
        /// What is told of them beside.
        fields: Vec<&'static Field>,
    },
    /// All that is found in a frame.
    Frame(u32),
    /// The ladder of a connection, from one of its segments on.
    Ladder {
        /// The connection.
        stream: u32,
        /// The place of the first segment that is told among all of the connection.
        from: usize,
    },
    /// The messages of a call, by its place in the index.
    Call(usize),
    /// What both sides of a connection said, in order.
    Follow(u32),
    /// Which frames, calls and connections a filter lets through; the text has been checked.
    Sift {
        /// The filter.
        filter: Arc<str>,
        /// The question's number, which the answers repeat.
        turn: u64,
    },
    /// The next frame from `from` (exclusive, wraps) among `among` (all if `None`) in which this is found.
    Find {
        /// What is looked for.
        what: Needle,
        /// Where.
        place: Place,
        /// The frame from which on.
        from: u32,
        /// Towards the first frame.
        back: bool,
        /// The frames in which it is looked for, in their order.
        among: Option<Arc<Vec<u32>>>,
        /// The question's number, which the answers repeat.
        turn: u64,
    },
    /// Writes these frames (all if `None`) into a new pcapng file; an existing one only if `over`.
    Save {
        /// The file.
        path: PathBuf,
        /// The frames, in their order.
        frames: Option<Arc<Vec<u32>>>,
        /// Whether a file that is there may be replaced.
        over: bool,
    },
    /// Ends the sifting that is under way.
    EndSift,
    /// Ends the search that is under way.
    EndFind,
    /// What was captured into a temporary file need not be kept, if there are no more packets in it than these.
    Discard(u64),
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
    News(Box<News>),
    /// The words of rows, in the order asked for.
    Rows(Vec<Row>),
    /// A frame.
    Frame(Box<Dissected>),
    /// A part of the ladder of a connection.
    Ladder(Ladder),
    /// The messages of a call.
    Call {
        /// Its place in the index.
        call: usize,
        /// Its messages.
        told: Box<Told>,
    },
    /// What both sides said; `more` if not all of it.
    Follow {
        /// The connection.
        stream: u32,
        /// What the sides said in turn.
        said: Vec<Said>,
        /// Whether there is more.
        more: bool,
    },
    /// What a filter has let through since the last answer of this turn. Frames and calls rise over all answers;
    /// connections come in the order of their first hit.
    Sifted {
        /// That of the question.
        turn: u64,
        /// Frames by their numbers.
        frames: Vec<u32>,
        /// Calls by their places in the index.
        calls: Vec<u32>,
        /// Connections by their numbers.
        streams: Vec<u32>,
        /// The last frame that was looked at.
        upto: u32,
        /// Whether that is the last of a capture that has ended.
        done: bool,
    },
    /// Where it was found, and the bytes in its first buffer if it was looked for there; none if it was not.
    Found {
        /// That of the question.
        turn: u64,
        /// The frame.
        frame: Option<u32>,
        /// The bytes of it.
        bytes: Option<Range<usize>>,
    },
    /// How far a search is: the frame it has come to.
    Seeking {
        /// That of the question.
        turn: u64,
        /// The last frame that was looked at.
        at: u32,
    },
    /// There is a file of this name already, and it was not to be written over.
    Exists {
        /// Its name.
        path: PathBuf,
    },
    /// So many frames were saved; or why not.
    Saved {
        /// The file.
        path: PathBuf,
        /// So many frames, or what was wrong.
        result: Result<u64, String>,
    },
    /// What was asked cannot be told, or not all of it: most often the capture was changed after it was read.
    Unread {
        /// What was asked.
        ask: Ask,
        /// What was wrong.
        why: String,
    },
    /// Something could not be done.
    Failed(String),
}

/// What has become known.
#[derive(Debug, Default)]
pub struct News {
    /// The next frames.
    pub frames: Vec<Fact>,
    /// The next pairs of hosts.
    pub pairs: Vec<[Host; 2]>,
    /// The next stacks of protocols.
    pub stacks: Vec<Names>,
    /// Connections, new or changed; by their number.
    pub streams: Vec<Stream>,
    /// The next calls.
    pub calls: Vec<Call>,
    /// The next notes.
    pub notes: Vec<Note>,
    /// The times of all frames so far.
    pub times: Option<Times>,
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
    /// The fields that were asked for, each with its values: commas between them, cut off where they are long.
    pub values: Vec<(&'static Field, String)>,
}

/// All that is found in a frame.
#[derive(Clone, Debug)]
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
    /// Which buffer its bytes lie in.
    pub buffer: usize,
    /// Where in that; empty if they lie in none.
    pub bytes: Range<usize>,
    /// Its value alone, as `-e` prints it.
    pub value: String,
    /// The filter that finds frames in which the field has this value; the field's name alone where values cannot be
    /// compared.
    pub filter: String,
}

/// A part of the ladder of a connection.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    /// The connection.
    pub stream: u32,
    /// The place of the first segment that is told.
    pub from: usize,
    /// Some of its segments, in the order of the capture.
    pub rungs: Vec<Rung>,
    /// Those that opened it.
    pub opening: Vec<Step>,
    /// As many segments as it has in all.
    pub total: usize,
}

/// As many segments of a ladder are told at once.
pub const RUNGS: usize = 20_000;

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
    /// The relative sequence number.
    pub seq: u32,
    /// The relative acknowledgment number, if it has one.
    pub ack: Option<u32>,
    /// Bytes of data.
    pub len: u32,
    /// The window in bytes.
    pub window: u32,
    /// What it is.
    pub meaning: Meaning,
    /// It is not as it should be.
    pub is_odd: bool,
    /// What it says: a request line, `retransmission of #12`, empty if nothing.
    pub words: String,
    /// What else is to be said of it: what is odd about a message, or what a SYN carries.
    pub aside: String,
}

/// A segment that opens a connection, or an answer to one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The frame.
    pub frame: u32,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Whether it has a SYN.
    pub is_syn: bool,
    /// Whether it has an RST.
    pub is_reset: bool,
    /// The sequence number as it was sent.
    pub seq: u32,
    /// The acknowledgment number as it was sent, if it has one.
    pub ack: Option<u32>,
    /// Bytes of data.
    pub len: u32,
    /// The largest segment it can take (RFC 9293 3.7.1).
    pub mss: Option<u32>,
    /// By how many bits windows are to be shifted (RFC 7323 2.2).
    pub scale: Option<u32>,
    /// Whether selective acknowledgments are permitted (RFC 2018 2).
    pub sack: bool,
    /// Whether there is a timestamp (RFC 7323 3.2).
    pub timestamps: bool,
}

/// What a segment is for; the most telling of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It opens the connection.
    Handshake,
    /// It begins a request.
    Request,
    /// It begins an answer.
    Answer,
    /// Data with which no request or answer begins.
    Data,
    /// It acknowledges, and no more.
    Acknowledgment,
    /// What was sent before.
    Retransmission,
    /// It asks whether the other side is there, or answers that.
    KeepAlive,
    /// It tells of a full window, or of room in one.
    Window,
    /// It closes the connection, or acknowledges that.
    Teardown,
    /// It resets the connection.
    Reset,
    /// Something else is odd about it.
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
    /// As many frames as each phase has; of very many only the first are among `frames`.
    pub counts: [usize; 4],
    /// The command that makes the same request, for an HTTP request that was seen; or why there is none.
    pub curl: Option<Result<String, String>>,
}

/// A phase of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The handshake.
    Connect,
    /// The request is sent.
    Request,
    /// The answer is waited for.
    Wait,
    /// The answer comes.
    Download,
}

/// A message.
#[derive(Debug, Default)]
pub struct Message {
    /// Its lines before the body, without control characters.
    pub head: Vec<String>,
    /// Its body after codings are undone: lines of text (JSON pretty-printed), or what there is to say of it.
    pub body: Vec<String>,
    /// What the body is, such as `application/json`.
    pub kind: String,
    /// How many bytes of the body are told, after codings are undone.
    pub told: u64,
    /// The content codings that are undone, such as `gzip`; empty if there are none.
    pub coding: String,
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
