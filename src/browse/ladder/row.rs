//! Rows of a ladder: the kind and the label of each segment or datagram, built in the order of the conversation.

use super::handshake::{self, Handshake, HandshakeRole, side_indices};
use super::sent_segments::SentSegments;
use super::stream_messages::{Continuation, StreamMessage, StreamMessages};
use crate::browse::request::{LadderRow, SegmentKind};
use crate::report::dissected_message::MESSAGE_FIELDS;
use crate::report::{DissectedFrame, escaped};
use dissectors::session::{Half, Side};
use dissectors::tcp::{self, Flags};
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, Severity, Tree, Value, Wants, udp};

/// Maximum length of a start line in bytes.
const MAX_LINE: usize = 200;

/// Names of the TCP flags, lowest bit first.
const FLAGS: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];

/// Anomalies of a segment with their labels, most significant first.
static ANOMALIES: [(&Field, SegmentKind, &str); 13] = [
    (&tcp::ANALYSIS_SPURIOUS_RETRANSMISSION, SegmentKind::Retransmission, "spurious retransmission"),
    (&tcp::ANALYSIS_FAST_RETRANSMISSION, SegmentKind::Retransmission, "fast retransmission"),
    (&tcp::ANALYSIS_RETRANSMISSION, SegmentKind::Retransmission, "retransmission"),
    (&tcp::ANALYSIS_KEEP_ALIVE, SegmentKind::KeepAlive, "keep-alive"),
    (&tcp::ANALYSIS_KEEP_ALIVE_ACK, SegmentKind::KeepAlive, "keep-alive ACK"),
    (&tcp::ANALYSIS_OUT_OF_ORDER, SegmentKind::Anomaly, "out of order"),
    (&tcp::ANALYSIS_LOST_SEGMENT, SegmentKind::Anomaly, "previous segment not captured"),
    (&tcp::ANALYSIS_ACK_LOST_SEGMENT, SegmentKind::Anomaly, "ACKed unseen segment"),
    (&tcp::ANALYSIS_DUPLICATE_ACK, SegmentKind::Anomaly, "duplicate ACK"),
    (&tcp::ANALYSIS_ZERO_WINDOW_PROBE, SegmentKind::Window, "zero window probe"),
    (&tcp::ANALYSIS_ZERO_WINDOW, SegmentKind::Window, "zero window"),
    (&tcp::ANALYSIS_WINDOW_FULL, SegmentKind::Window, "window full"),
    (&tcp::ANALYSIS_WINDOW_UPDATE, SegmentKind::Window, "window update"),
];

/// Returns the fields that the ladder needs.
pub(super) fn wants() -> Wants {
    let mut wants = Wants::only_columns();
    let header = [
        &tcp::TCP,
        &tcp::FLAGS,
        &tcp::SEQ,
        &tcp::ACK,
        &tcp::LEN,
        &tcp::WINDOW_SIZE,
        &tcp::PAYLOAD,
        &tcp::ANALYSIS_DUPLICATE_ACK_FRAME,
        &udp::LENGTH,
    ];
    let messages = MESSAGE_FIELDS.iter().flat_map(|fields| [fields.request, fields.response, fields.start_line]);
    let anomalies = ANOMALIES.iter().map(|&(field, ..)| field);
    let all = header.into_iter().chain(messages).chain(anomalies).chain(handshake::FIELDS.iter().copied());
    all.for_each(|field| wants.add(field));
    wants
}

/// Builds the rows of a conversation's ladder, one after the other.
#[derive(Default)]
pub(super) struct LadderBuilder {
    /// Whether the rows are datagrams.
    has_datagrams: bool,
    pub(super) handshake: Handshake,
    /// Segments sent by each side, the client's first.
    sent: [SentSegments; 2],
    /// Acknowledgment number of each side's FIN, the client's first.
    fin_acks: [Option<u32>; 2],
}

/// An anomaly of a segment.
struct SegmentAnomaly {
    kind: SegmentKind,
    label: String,
    /// Frame that the segment retransmits or repeats, if it was captured.
    original: Option<u32>,
    /// Whether the severity is above chat.
    is_warning: bool,
}

impl LadderBuilder {
    pub(super) fn new(has_datagrams: bool) -> LadderBuilder {
        LadderBuilder { has_datagrams, ..LadderBuilder::default() }
    }

    /// Builds the row of the next segment or datagram.
    pub(super) fn row(&mut self, shown: &DissectedFrame<'_>, side: Side, messages: &StreamMessages) -> LadderRow {
        let tree = shown.tree;
        let flags = number(tree, &tcp::FLAGS).unwrap_or_default();
        let seq = number(tree, &tcp::SEQ).unwrap_or_default();
        let len = if self.has_datagrams { datagram_len(tree) } else { number(tree, &tcp::LEN) }.unwrap_or_default();
        let ack = number(tree, &tcp::ACK).filter(|_| flags & u32::from(Flags::ACK) != 0);
        let mut row = LadderRow {
            frame: shown.frame.number,
            time: shown.frame.time.0,
            from_client: side == Side::Client,
            is_datagram: self.has_datagrams,
            flags: flag_names(flags),
            seq,
            ack,
            len,
            window: number(tree, &tcp::WINDOW_SIZE).unwrap_or_default(),
            kind: SegmentKind::Anomaly,
            is_anomalous: true,
            label: String::new(),
            note: String::new(),
        };
        // An ICMP error quotes a segment of the connection, but is not one.
        if matches!(tree.columns().protocol, "ICMP" | "ICMPv6") {
            row.label = info_text(tree);
            return row;
        }
        // The fields of an aggregate are those of its first packet, which may be of another connection.
        let packets = tree.nodes().iter().filter(|node| node.field.id == tcp::FLAGS.id).count();
        if packets > 1 && !self.has_datagrams {
            let label = format!("{packets} segments in one frame");
            let kind = SegmentKind::Data;
            return LadderRow {
                kind,
                label,
                is_anomalous: false,
                flags: flag_names(0),
                seq: 0,
                ack: None,
                len: 0,
                window: 0,
                ..row
            };
        }
        if self.has_datagrams {
            row.is_anomalous = false;
            (row.kind, row.label) =
                message_label(&row, tree, messages).unwrap_or_else(|| (SegmentKind::Data, info_text(tree)));
            return row;
        }
        let role = self.handshake.record(shown, row.from_client, flags, len);
        self.classify(&mut row, flags, role, tree, messages);
        let [own, _] = side_indices(row.from_client);
        let counted = u32::from(flags & u32::from(Flags::SYN | Flags::FIN) != 0);
        if let (Some(sent), Some(raw)) = (self.sent.get_mut(own), number(tree, &tcp::SEQ_RAW)) {
            sent.record(raw, len.saturating_add(counted), row.frame);
        }
        if flags & u32::from(Flags::FIN) != 0
            && let Some(end) = self.fin_acks.get_mut(own)
        {
            *end = Some(seq.wrapping_add(len).wrapping_add(1));
        }
        row
    }

    /// Sets the kind and the labels of a row.
    fn classify(&self, row: &mut LadderRow, flags: u32, role: HandshakeRole, tree: &Tree, messages: &StreamMessages) {
        let has = |flag: u16| flags & u32::from(flag) != 0;
        let anomaly = self.anomaly(row, tree);
        row.is_anomalous = has(Flags::RST);
        if has(Flags::RST) {
            row.kind = SegmentKind::Reset;
            return;
        }
        if has(Flags::SYN) || role == HandshakeRole::New && row.len == 0 && !has(Flags::FIN) {
            // A SYN,ACK that repeats the number of an earlier SYN is not a retransmission, and its acknowledgment is not a
            // duplicate.
            let repeats = |anomaly: &SegmentAnomaly| {
                anomaly.kind == SegmentKind::Retransmission || tree.first(&tcp::ANALYSIS_DUPLICATE_ACK).is_some()
            };
            let is_real = |anomaly: &SegmentAnomaly| role == HandshakeRole::Duplicate || !repeats(anomaly);
            (row.kind, row.label) = match anomaly.filter(|anomaly| anomaly.is_warning && is_real(anomaly)) {
                Some(anomaly) => {
                    row.is_anomalous = true;
                    (anomaly.kind, format!("{}, handshake", anomaly.label))
                }
                None if has(Flags::SYN) => (SegmentKind::Handshake, syn_options(tree)),
                None => (SegmentKind::Handshake, String::new()),
            };
            // RFC 7413: a SYN may carry data.
            row.note = message_label(row, tree, messages).map_or(String::new(), |(_, label)| label);
            return;
        }
        let fin = has(Flags::FIN).then_some((SegmentKind::Teardown, String::new()));
        let message = message_label(row, tree, messages).or(fin.filter(|_| row.len == 0));
        if let Some(anomaly) = anomaly {
            row.is_anomalous = anomaly.is_warning && anomaly.kind != SegmentKind::KeepAlive;
            // If the segment also delivers a message, the message is more significant.
            let is_first = anomaly.kind == SegmentKind::Retransmission && anomaly.original.is_none();
            let delivers = is_first || matches!(anomaly.kind, SegmentKind::Window | SegmentKind::Anomaly);
            match message.filter(|_| delivers) {
                Some((kind, label)) => (row.kind, row.label, row.note) = (kind, label, anomaly.label),
                None => (row.kind, row.label) = (anomaly.kind, anomaly.label),
            }
            return;
        }
        let [_, other] = side_indices(row.from_client);
        let acks_fin = self.fin_acks.get(other).is_some_and(|end| end.is_some() && *end == row.ack);
        (row.kind, row.label) = match (message, messages.continuation(row.from_client, row.frame)) {
            (Some(message), _) => message,
            (_, Some(continuation)) if row.len > 0 => (SegmentKind::Data, continuation_label(continuation).into()),
            _ if has(Flags::FIN) || acks_fin && row.len == 0 => (SegmentKind::Teardown, String::new()),
            _ if row.len > 0 => (SegmentKind::Data, String::new()),
            _ => (SegmentKind::Acknowledgment, String::new()),
        };
    }

    fn anomaly(&self, row: &LadderRow, tree: &Tree) -> Option<SegmentAnomaly> {
        let &(field, kind, name) = ANOMALIES.iter().find(|(field, ..)| tree.first(field).is_some())?;
        let [own, _] = side_indices(row.from_client);
        let original = match kind {
            // `tcp.analysis.rto_frame` is the frame that started the timer, not the one that is retransmitted.
            SegmentKind::Retransmission => {
                number(tree, &tcp::SEQ_RAW).and_then(|seq| self.sent.get(own).and_then(|sent| sent.first_frame(seq)))
            }
            _ if field.id == tcp::ANALYSIS_DUPLICATE_ACK.id => number(tree, &tcp::ANALYSIS_DUPLICATE_ACK_FRAME),
            _ => None,
        };
        let label = original.map_or_else(|| name.into(), |frame| format!("{name} of #{frame}"));
        let is_warning = matches!(field.kind, FieldKind::Note(severity) if severity > Severity::Chat);
        Some(SegmentAnomaly { kind, label, original, is_warning })
    }
}

/// Returns the number of bytes in a datagram.
fn datagram_len(tree: &Tree) -> Option<u32> {
    number(tree, &udp::LENGTH)?.checked_sub(8)
}

/// Returns the kind and the label of a segment that starts a message, or that has a protocol above TCP.
fn message_label(row: &LadderRow, tree: &Tree, messages: &StreamMessages) -> Option<(SegmentKind, String)> {
    if row.len == 0 {
        return None;
    }
    let kind = |half| if half == Half::Request { SegmentKind::Request } else { SegmentKind::Response };
    let started = messages.started_in(row.from_client, row.frame);
    let continuation = messages.continuation(row.from_client, row.frame);
    let is_plain = tree.columns().protocol == "TCP";
    if let Some(first) = started.first() {
        let completed = started.iter().filter(|message| message.completed_in == row.frame).count();
        let label = match (completed, continuation) {
            (0, None) => payload_line(tree),
            (0, Some(_)) => String::new(),
            (_, None) => info_text(tree),
            (completed, Some(_)) => {
                let lines = start_lines(tree.nodes(), tree);
                lines.get(lines.len().saturating_sub(completed)..).unwrap_or_default().join("; ")
            }
        };
        return Some((kind(first.half), label));
    }
    if continuation.is_some() || is_plain {
        return None;
    }
    let is = |field: &Field| tree.first(field) == Some(Value::Bool(true));
    let has_request = MESSAGE_FIELDS.iter().any(|fields| is(fields.request));
    let kind = match (has_request, MESSAGE_FIELDS.iter().any(|fields| is(fields.response))) {
        (true, _) => SegmentKind::Request,
        (_, true) => SegmentKind::Response,
        _ => SegmentKind::Data,
    };
    Some((kind, info_text(tree)))
}

/// Completes the label of the row in which a message starts, once the message's start line is parsed.
pub(super) fn complete_label(
    row: &mut LadderRow,
    message: &StreamMessage,
    messages: &StreamMessages,
    nodes: &[Node],
    tree: &Tree,
) {
    let Some(line) = start_lines(nodes, tree).into_iter().next() else { return };
    let is_only = messages.started_in(row.from_client, row.frame) == [*message];
    match row.kind {
        SegmentKind::Request | SegmentKind::Response if is_only || row.label.is_empty() => row.label = line,
        SegmentKind::Request | SegmentKind::Response => row.label = format!("{}; {line}", row.label.trim_end()),
        _ => {}
    }
}

fn continuation_label(continuation: Continuation) -> &'static str {
    match continuation {
        Continuation::Middle(Half::Request) => "request, continued",
        Continuation::Middle(Half::Response) => "response, continued",
        Continuation::End(Half::Request) => "request, end",
        Continuation::End(Half::Response) => "response, end",
    }
}

fn start_lines(nodes: &[Node], tree: &Tree) -> Vec<String> {
    let is_start_line = |field: &Field| MESSAGE_FIELDS.iter().any(|fields| fields.start_line.id == field.id);
    let lines = nodes.iter().filter(|node| is_start_line(node.field));
    let text = |node: &Node| match node.value {
        Value::Text(slice) => Some(line(tree.bytes(slice))),
        _ => None,
    };
    lines.filter_map(text).collect()
}

/// Returns the first line of a segment's data.
fn payload_line(tree: &Tree) -> String {
    match tree.first(&tcp::PAYLOAD) {
        Some(Value::Bytes(slice)) => line(tree.bytes(slice).trim_ascii_start()),
        _ => String::new(),
    }
}

fn line(bytes: &[u8]) -> String {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
    let mut text = String::new();
    escaped(&mut text, line.get(..MAX_LINE).unwrap_or(line));
    text
}

/// Returns the names of the flags.
fn flag_names(flags: u32) -> String {
    let set = FLAGS.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// Returns the text of the Info column without its `[TCP ...]` prefixes.
fn info_text(tree: &Tree) -> String {
    let mut text = String::new();
    escaped(&mut text, tree.bytes(tree.columns().info).trim_ascii());
    while text.starts_with("[TCP ")
        && let Some((_, rest)) = text.split_once("] ")
    {
        text = rest.to_owned();
    }
    text
}

/// Returns the options of a SYN, as the Info column shows them.
fn syn_options(tree: &Tree) -> String {
    let info = info_text(tree);
    info.split_once(" Len=").and_then(|(_, rest)| rest.split_once(' ')).map_or("", |(_, options)| options).to_owned()
}

fn number(tree: &Tree, field: &Field) -> Option<u32> {
    match tree.first(field) {
        Some(Value::Uint(number)) => u32::try_from(number).ok(),
        _ => None,
    }
}
