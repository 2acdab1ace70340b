//! Requests to a browser, and the events it returns.

use super::index::IndexUpdate;
use crate::journey::{Journey, SelectedCall};
use crate::trace::Trace;
use dissectors::Field;
use dissectors::session::{ConversationId, ExchangeId};
use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Returns the message that names the temporary capture file.
#[must_use]
pub fn saved_message(spool: &Path) -> String {
    format!("capture saved in {}", spool.display().to_string().escape_debug())
}

/// A request to a [`Browser`](super::Browser). It replaces a pending request of the same kind, except for
/// [`Save`](BrowseRequest::Save).
#[derive(Clone, Debug)]
pub enum BrowseRequest {
    /// Text of frames' rows.
    Rows {
        /// The frames.
        frames: Vec<u32>,
        /// Fields shown as additional columns.
        fields: Vec<&'static Field>,
    },
    /// Detail tree of a frame.
    Frame(u32),
    /// Part of the ladder of a conversation: the segments or datagrams from an offset on, or around a frame.
    Ladder {
        /// The conversation.
        conversation: ConversationId,
        /// Position, in segments or datagrams of the conversation.
        at: StreamPosition,
    },
    /// Messages of a call, by its position in the index.
    Call(usize),
    /// Journey of a call.
    Journey {
        /// Position of the call in the index.
        call: usize,
        /// The call, with those near it.
        selected: Box<SelectedCall>,
    },
    /// Tree of the calls that a call belongs to.
    Trace {
        /// Position of the call in the index.
        call: usize,
        /// The exchanges near it, each with its position.
        near: Arc<Vec<(ExchangeId, usize)>>,
    },
    /// Data of both sides of a conversation, in order, around a position.
    Follow {
        /// The conversation, and which data of it.
        data: FollowedData,
        /// Position, in bytes of both sides, or in lines of messages.
        at: StreamPosition,
    },
    /// Frames, calls and connections that match a filter. The filter text is already validated.
    Filter {
        /// The filter.
        filter: Arc<str>,
        /// Number of the request, repeated by its results.
        id: u64,
    },
    /// Next frame from `from` (exclusive, wraps) among `frames` (all if `None`) that matches.
    Find {
        /// Search pattern.
        needle: Needle,
        /// Part of the frame to search.
        target: SearchTarget,
        /// Frame to start from.
        from: u32,
        /// Whether to search towards the first frame.
        backward: bool,
        /// Frames to search, ascending.
        frames: Option<Arc<Vec<u32>>>,
        /// Number of the request, repeated by its results.
        id: u64,
    },
    /// Writes these frames (all if `None`) to a new pcapng file. Replaces an existing file only if `overwrite` is set.
    Save {
        /// Output file.
        path: PathBuf,
        /// Frames, ascending.
        frames: Option<Arc<Vec<u32>>>,
        /// Whether an existing file may be replaced.
        overwrite: bool,
    },
    /// Cancels the running filter request.
    CancelFilter,
    /// Cancels the running find request.
    CancelFind,
    /// Shows host names of addresses, or the addresses, in the results of later requests.
    ShowNames(bool),
    /// Discards the temporary capture file on exit, if it has no more packets than this.
    Discard(u64),
}

/// A position in a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPosition {
    /// Number of segments, bytes or lines before it.
    Offset(u64),
    /// The first segment, byte or line of this frame or a later one.
    Frame(u32),
}

/// A search pattern.
#[derive(Clone, Debug)]
pub enum Needle {
    /// Text, case-insensitive.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Regular expression over bytes.
    Regex(String),
}

/// The part of a frame to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchTarget {
    /// Text of the row.
    Row,
    /// Lines of the detail tree.
    Tree,
    /// Bytes of the frame.
    Bytes,
}

/// An event from a [`Browser`](super::Browser): the result of a request, or new index entries.
#[derive(Debug)]
pub enum BrowseEvent {
    /// More of the capture is indexed.
    IndexUpdate(Box<IndexUpdate>),
    /// Text of rows, in the order requested.
    Rows(Vec<FrameRow>),
    /// Detail tree of a frame.
    Frame(Box<FrameDetail>),
    /// Part of the ladder of a connection.
    Ladder(LadderWindow),
    /// Messages of a call.
    Call {
        /// Position of the call in the index.
        call: usize,
        /// Messages and frames of the call.
        detail: Box<CallDetail>,
    },
    /// Journey of a call.
    Journey {
        /// Position of the call in the index.
        call: usize,
        /// Its journey.
        journey: Box<Journey>,
    },
    /// Tree of the calls that a call belongs to.
    Trace {
        /// Position of the call in the index.
        call: usize,
        /// The tree.
        trace: Box<Trace>,
    },
    /// Part of the data of both sides of a connection.
    Follow(FollowWindow),
    /// Matches of a filter since the last event of this request. Frames and calls ascend over all events. Connections
    /// are in the order of their first match.
    FilterResult {
        /// Number of the request.
        id: u64,
        /// Frame numbers.
        frames: Vec<u32>,
        /// Positions of calls in the index.
        calls: Vec<u32>,
        /// Numbers of connections.
        streams: Vec<u32>,
        /// Conversation and frame of each matching datagram of a conversation that has a session.
        datagrams: Vec<(u32, u32)>,
        /// Last frame evaluated.
        upto: u32,
        /// Whether the capture is complete and all of it was evaluated.
        done: bool,
    },
    /// Result of a search.
    FindResult {
        /// Number of the request.
        id: u64,
        /// Matching frame; `None` if no frame matches.
        frame: Option<u32>,
        /// Matching bytes in the frame's first buffer, if bytes were searched.
        bytes: Option<Range<usize>>,
    },
    /// Progress of a search.
    FindProgress {
        /// Number of the request.
        id: u64,
        /// Last frame searched.
        frame: u32,
    },
    /// The output file exists and may not be replaced.
    FileExists {
        /// Path of the file.
        path: PathBuf,
    },
    /// Result of a save.
    SaveResult {
        /// Output file.
        path: PathBuf,
        /// Number of frames saved, or an error message.
        result: Result<u64, String>,
        /// Whether the captures have secrets that are not saved.
        omits_secrets: bool,
    },
    /// A request failed, at least in part. Most often the capture was changed after it was read.
    RequestFailed {
        /// The request.
        request: BrowseRequest,
        /// Error message.
        error: String,
    },
    /// An error outside of a request.
    Error(String),
}

/// The text of a row in the frame list, without control characters.
#[derive(Clone, Debug)]
pub struct FrameRow {
    /// Frame number.
    pub frame: u32,
    /// Source address.
    pub source: String,
    /// Destination address.
    pub destination: String,
    /// Short name of the highest protocol.
    pub protocol: &'static str,
    /// Info column.
    pub info: String,
    /// Requested fields with their values, comma-separated and cut off at a limit.
    pub values: Vec<(&'static Field, String)>,
}

/// A dissected frame.
#[derive(Clone, Debug)]
pub struct FrameDetail {
    /// Frame number.
    pub frame: u32,
    /// Lines of the detail tree.
    pub lines: Vec<TreeLine>,
    /// Buffers: the frame's bytes first, then reassembled or decoded data.
    pub buffers: Vec<DetailBuffer>,
}

/// Bytes that lines of a detail tree refer to.
#[derive(Clone, Debug)]
pub struct DetailBuffer {
    /// Title, such as `Decrypted TLS`.
    pub title: String,
    /// Bytes.
    pub bytes: Vec<u8>,
    /// The buffer that they were derived from, and the range in it, such as of a record.
    pub from: Option<(usize, Range<usize>)>,
}

/// A line of a detail tree.
#[derive(Clone, Debug)]
pub struct TreeLine {
    /// Nesting depth: 0 for a protocol.
    pub depth: u8,
    /// Text, without control characters.
    pub text: String,
    /// Field.
    pub field: &'static Field,
    /// Index of the buffer that holds the line's bytes.
    pub buffer: usize,
    /// Range within the buffer; empty if the line has no bytes.
    pub bytes: Range<usize>,
    /// Value alone, as `-e` prints it.
    pub value: String,
    /// Filter for frames in which the field has this value; the field's name alone if values cannot be compared.
    pub filter: String,
}

/// A part of the ladder of a conversation.
#[derive(Clone, Debug)]
pub struct LadderWindow {
    /// The conversation.
    pub conversation: ConversationId,
    /// Position of the first row.
    pub from: usize,
    /// Rows, in the order of the capture.
    pub rows: Vec<LadderRow>,
    /// Segments of the handshake.
    pub handshake: Vec<HandshakeSegment>,
    /// Number of segments or datagrams of the whole conversation.
    pub total: usize,
}

/// Maximum number of rows in one [`LadderWindow`].
pub const MAX_LADDER_ROWS: usize = 20_000;

/// A segment or a datagram on the ladder.
#[derive(Clone, Debug)]
pub struct LadderRow {
    /// Frame number.
    pub frame: u32,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Whether it is a datagram: without flags and numbers.
    pub is_datagram: bool,
    /// Flags, such as `SYN, ACK`.
    pub flags: String,
    /// Relative sequence number.
    pub seq: u32,
    /// Relative acknowledgment number, if any.
    pub ack: Option<u32>,
    /// Bytes of data.
    pub len: u32,
    /// Window in bytes.
    pub window: u32,
    /// Kind of the segment.
    pub kind: SegmentKind,
    /// Whether the segment is anomalous.
    pub is_anomalous: bool,
    /// Label: a request line, `retransmission of #12`; empty if there is none.
    pub label: String,
    /// Secondary label: the anomaly of a segment that has a message, or the data of a SYN.
    pub note: String,
}

impl LadderRow {
    /// Returns the description of the segment.
    #[must_use]
    pub fn meaning(&self) -> Cow<'_, str> {
        let text = match self.kind {
            SegmentKind::Handshake if !self.label.is_empty() => Cow::from(format!("handshake  {}", self.label)),
            _ if !self.label.is_empty() => Cow::from(&self.label),
            kind => Cow::from(kind.name()),
        };
        if self.note.is_empty() { text } else { format!("{text}; {}", self.note).into() }
    }
}

/// A segment of the handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandshakeSegment {
    /// Frame number.
    pub frame: u32,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Whether it has a SYN.
    pub is_syn: bool,
    /// Whether it has an RST.
    pub is_reset: bool,
    /// Raw sequence number.
    pub seq: u32,
    /// Raw acknowledgment number, if any.
    pub ack: Option<u32>,
    /// Bytes of data.
    pub len: u32,
    /// Maximum segment size (RFC 9293 3.7.1).
    pub mss: Option<u32>,
    /// Window scale, in bits (RFC 7323 2.2).
    pub scale: Option<u32>,
    /// Whether selective acknowledgments are permitted (RFC 2018 2).
    pub sack: bool,
    /// Whether there is a timestamp option (RFC 7323 3.2).
    pub timestamps: bool,
}

/// The kind of a segment; the most significant of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// Opens the connection.
    Handshake,
    /// Starts a request.
    Request,
    /// Starts a response.
    Response,
    /// Has data, but starts no message.
    Data,
    /// Only acknowledges.
    Acknowledgment,
    /// Retransmits earlier data.
    Retransmission,
    /// Keep-alive probe or its acknowledgment.
    KeepAlive,
    /// Reports or probes a full window, or updates it.
    Window,
    /// Closes the connection, or acknowledges that.
    Teardown,
    /// Resets the connection.
    Reset,
    /// Has another anomaly.
    Anomaly,
}

impl SegmentKind {
    /// Returns the name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SegmentKind::Handshake => "handshake",
            SegmentKind::Request => "request",
            SegmentKind::Response => "response",
            SegmentKind::Data => "data",
            SegmentKind::Acknowledgment => "acknowledgment",
            SegmentKind::Retransmission => "retransmission",
            SegmentKind::KeepAlive => "keep-alive",
            SegmentKind::Window => "window",
            SegmentKind::Teardown => "teardown",
            SegmentKind::Reset => "reset",
            SegmentKind::Anomaly => "warning",
        }
    }
}

/// The messages and frames of a call.
#[derive(Debug, Default)]
pub struct CallDetail {
    /// Request, if captured.
    pub request: Option<CallMessage>,
    /// Response, if captured.
    pub response: Option<CallMessage>,
    /// Frames of the call: of the handshake (first call of a connection only), the request and the response.
    pub frames: Vec<(u32, CallPhase)>,
    /// Number of frames per phase. `frames` is cut off at a limit, these counts are not.
    pub counts: [usize; 6],
    /// Messages of the dialogue that the call carried, or is a message of.
    pub dialogue: Dialogue,
    /// curl command that repeats the request, for a captured HTTP request; or why there is none.
    pub curl: Option<Result<String, String>>,
}

/// Messages without a response that one exchange carried, such as those of a WebSocket.
#[derive(Debug, Default)]
pub struct Dialogue {
    /// Number of messages.
    pub count: usize,
    /// A line for each message, without control characters; of a long dialogue, for those around the opened one.
    pub lines: Vec<String>,
    /// Positions of the messages in the index of calls; `None` for a line that counts others.
    pub calls: Vec<Option<usize>>,
}

/// A phase of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallPhase {
    /// Handshake.
    Connect,
    /// Sending of the request.
    Request,
    /// Wait for the response.
    Wait,
    /// Receiving of the response.
    Download,
    /// Time between the handshake and the request, which has no frames of its own.
    Pause,
    /// Time between the handshake of TCP and the request, if that is encrypted: mostly the handshake of TLS.
    Tls,
}

/// A message of a call.
#[derive(Debug, Default)]
pub struct CallMessage {
    /// Start line, headers and trailers, without control characters.
    pub head: Vec<String>,
    /// Decoded body: lines of text (JSON pretty-printed), or a description.
    pub body: Vec<String>,
    /// Type of the body, such as `application/json`.
    pub kind: String,
    /// Bytes of the decoded body.
    pub body_len: u64,
    /// Content codings removed, such as `gzip`; empty if there are none.
    pub content_coding: String,
    /// First bytes of the decoded body.
    pub bytes: Vec<u8>,
}

/// What of a conversation is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowedData {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its messages, decoded, and not its bytes.
    pub has_messages: bool,
}

/// A part of the data of both sides of a conversation. Positions in bytes are those of both sides together, positions in messages
/// are numbers of lines.
#[derive(Clone, Debug, Default)]
pub struct FollowWindow {
    /// The conversation, and which data of it.
    pub data: FollowedData,
    /// Lines, in order.
    pub lines: Vec<FollowLine>,
    /// The requested position.
    pub at: u64,
    /// Positions of the first line, and of the end of the last one.
    pub range: Range<u64>,
    /// Whether there is more data after the last line.
    pub has_more: bool,
}

/// A line of data or of a message from one side. A gap is a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowLine {
    /// Whether the client sent it.
    pub from_client: bool,
    /// Frame that delivered its first byte.
    pub frame: u32,
    /// Its position: the number of bytes before it, of both sides, or of lines.
    pub offset: u64,
    /// Whether it begins a message.
    pub begins_message: bool,
    /// Text, without control characters.
    pub text: String,
}
