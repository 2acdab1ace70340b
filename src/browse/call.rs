//! Call requests: the messages of a call, and the frames of its phases.

use super::body;
use super::curl::{self, CurlRequest};
use super::frame_table::{CallEntry, FrameFlags, FrameTable, MessageFrames};
use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use super::request::{CallDetail, CallMessage, CallPhase};
use crate::analysis::{Analyzer, Event, Half, NumberSet, Task};
use crate::report::{DissectedFrame, escaped};
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, Severity, Tree, Value, Wants, http, tcp};

/// Maximum number of frames returned per call.
const MAX_FRAMES: usize = 20_000;

/// Notes of a message that is incomplete.
const INCOMPLETE_NOTES: [&Field; 5] =
    [&http::BODY_LIMIT, &http::DECOMPRESSION_FAILED, &http::GAP, &http::HEAD_TOO_LONG, &http::TRUNCATED];

/// Maximum number of body bytes returned.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Reads the details of a call, by its position in the index.
pub(super) fn load_call(reader: &mut RandomAccess, index: usize) -> Result<CallDetail, ErrorText> {
    let table = reader.table.read();
    let call = *table.calls.get(index).ok_or_else(|| format!("call {index} is not loaded"))?;
    let mut frames = call_frames(&table, &call);
    // Position of a message among all messages that the same frame completes.
    let rank = |message: fn(&CallEntry) -> Option<MessageFrames>| {
        let frame = message(&call).map(|frames| frames.completed_in);
        let earlier = table.calls.iter().filter(|other| other.stream == call.stream && other.nth < call.nth);
        earlier.filter(|other| message(other).map(|frames| frames.completed_in) == frame).count()
    };
    let ranks = [rank(|call| call.request), rank(|call| call.response)];
    drop(table);
    let spans = [call.request, call.response];
    let mut detail = CallDetail::default();
    let mut wanted: Vec<u32> = spans.iter().flatten().map(|frames| frames.completed_in).collect();
    let first = frames.first().filter(|(_, phase)| *phase == CallPhase::Connect).map(|&(frame, _)| frame);
    wanted.extend(first);
    let mut has_handshake = false;
    reader.dissect(&wanted, &wants(), |shown| {
        has_handshake |= first == Some(shown.frame.number) && is_syn(shown.tree);
        let [request, response] = [false, true].map(|responds| {
            let frames = if responds { call.response } else { call.request };
            let rank = ranks.get(usize::from(responds)).copied().unwrap_or_default();
            let is_here = frames.is_some_and(|frames| frames.completed_in == shown.frame.number);
            let own = |nodes: &&[Node]| is_here && is_message(nodes) && is_response(nodes) == responds;
            messages(shown.tree).filter(own).nth(rank)
        });
        if let Some(nodes) = request {
            detail.request = Some(message(nodes, shown.tree));
            detail.curl = curl_command(nodes, shown);
        }
        if let Some(nodes) = response {
            detail.response = Some(message(nodes, shown.tree));
        }
    })?;
    let is_missing =
        |frames: Option<MessageFrames>, message: &Option<CallMessage>| frames.is_some() && message.is_none();
    if is_missing(call.request, &detail.request) || is_missing(call.response, &detail.response) {
        read_unfinished(reader, &call, &mut detail)?;
    }
    // If the capture starts in the middle of a connection, there is no handshake.
    frames.retain(|(_, phase)| has_handshake || *phase != CallPhase::Connect);
    for &(_, phase) in &frames {
        detail.counts[phase as usize] += 1;
    }
    frames.truncate(MAX_FRAMES);
    detail.frames = frames;
    Ok(detail)
}

fn is_syn(tree: &Tree) -> bool {
    matches!(tree.first(&tcp::FLAGS), Some(Value::Uint(flags)) if flags & u64::from(tcp::Flags::SYN) != 0)
}

/// Reads the unfinished messages of a call, which the end of the capture or of the connection cut off.
fn read_unfinished(reader: &mut RandomAccess, call: &CallEntry, detail: &mut CallDetail) -> Result<(), ErrorText> {
    let last = reader.table.read().stream_frames(call.stream, None).next();
    let frames = last.map(|last| reader.with_prerequisites(&[last])).unwrap_or_default();
    let mut only = NumberSet::default();
    only.insert(call.stream);
    let task = Task { wants: wants(), only: Some(only), halves: true, udp_conversations: true, ..Task::default() };
    let mut analyzer = Analyzer::new(task);
    let mut record = |event| {
        let Event::Unfinished(unfinished) = event else { return };
        let is_own = unfinished.stream == call.stream;
        for part in unfinished.messages.iter().filter(|part| is_own && part.nth == call.nth) {
            let nodes = unfinished.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
            let message = Some(message(nodes, &unfinished.tree));
            match part.half {
                Half::Request => detail.request = detail.request.take().or(message),
                Half::Response => detail.response = detail.response.take().or(message),
            }
        }
    };
    reader.feed(&frames, &[], &mut analyzer, &mut |item| {
        if let FrameOrEvent::Event(event) = item {
            record(event);
        }
        true
    })?;
    analyzer.finish();
    analyzer.events().for_each(record);
    Ok(())
}

/// Returns the frames of a call, each with its phase.
fn call_frames(table: &FrameTable, call: &CallEntry) -> Vec<(u32, CallPhase)> {
    let Some(first) = call.request.or(call.response).map(|frames| frames.first) else { return Vec::new() };
    let ends = [call.request, call.response].map(|frames| frames.map_or(0, MessageFrames::last_frame));
    let last = ends.into_iter().max().unwrap_or(first);
    let phase = |frame: u32| match (call.request, call.response) {
        _ if frame < first => CallPhase::Connect,
        (Some(request), _) if frame <= request.last => CallPhase::Request,
        (_, Some(response)) if frame >= response.first => CallPhase::Download,
        _ => CallPhase::Wait,
    };
    let is_handshake = |frame: u32| {
        let has_no_data = |flags: FrameFlags| !flags.has(FrameFlags::CLIENT_DATA | FrameFlags::SERVER_DATA);
        call.nth == 0 && table.entry(frame).is_some_and(|entry| has_no_data(entry.flags()))
    };
    let all = table.stream_frames(call.stream, None).skip_while(|&frame| frame > last);
    let own = all.take_while(|&frame| frame >= first || call.nth == 0);
    let own = own.filter(|&frame| frame >= first || is_handshake(frame));
    let mut frames: Vec<(u32, CallPhase)> = own.map(|frame| (frame, phase(frame))).collect();
    frames.reverse();
    frames
}

fn wants() -> Wants {
    let mut wants = Wants::only_columns();
    let fields = [
        &http::HTTP,
        &http::START_LINE,
        &http::REQUEST_LINE,
        &http::RESPONSE_LINE,
        &http::RESPONSE,
        &http::REQUEST_METHOD,
        &http::REQUEST_URI,
        &http::REQUEST_VERSION,
        &http::CONTENT_TYPE,
        &http::CONTENT_ENCODING,
        &http::CHUNKED_TRAILER_PART,
        &http::FILE_DATA,
        &tcp::DSTPORT,
        &tcp::FLAGS,
    ];
    let notes = http::FIELDS.iter().copied().filter(|field| is_warning(field));
    fields.into_iter().chain(notes).for_each(|field| wants.add(field));
    wants
}

fn is_warning(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Note(severity) if severity > Severity::Chat)
}

/// Returns the messages in a frame: for each, the nodes from its protocol node to the next.
fn messages(tree: &Tree) -> impl Iterator<Item = &[Node]> {
    let is_head = |node: &Node| node.field.id == http::HTTP.id;
    let from = tree.nodes().iter().position(is_head).unwrap_or(tree.nodes().len());
    let nodes = tree.nodes().get(from..).unwrap_or_default();
    nodes.chunk_by(move |_, next| !is_head(next))
}

/// Whether the nodes are a message, and not bytes that start none.
fn is_message(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| node.field.id == http::START_LINE.id)
}

fn is_response(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| node.field.id == http::RESPONSE.id && node.value == Value::Bool(true))
}

/// Returns the values of a field in a message.
fn values<'t>(nodes: &'t [Node], field: &'static Field, tree: &'t Tree) -> impl Iterator<Item = &'t [u8]> {
    nodes.iter().filter(|node| node.field.id == field.id).map(|node| match node.value {
        Value::Text(slice) | Value::Bytes(slice) => tree.bytes(slice),
        _ => &[],
    })
}

fn header_lines<'t>(nodes: &'t [Node], tree: &'t Tree) -> impl Iterator<Item = &'t [u8]> {
    values(nodes, &http::REQUEST_LINE, tree)
        .chain(values(nodes, &http::RESPONSE_LINE, tree))
        .map(<[u8]>::trim_ascii_end)
}

fn message(nodes: &[Node], tree: &Tree) -> CallMessage {
    let line = |bytes: &[u8]| {
        let mut text = String::new();
        escaped(&mut text, bytes);
        text
    };
    let start = values(nodes, &http::START_LINE, tree).map(<[u8]>::trim_ascii_end);
    let mut head: Vec<String> = start.chain(header_lines(nodes, tree)).map(line).collect();
    head.extend(values(nodes, &http::CHUNKED_TRAILER_PART, tree).map(|part| line(part.trim_ascii_end())));
    let notes = nodes.iter().filter(|node| is_warning(node.field)).map(|node| format!("[{}]", node.field.title));
    let notes: Vec<String> = notes.collect();
    let Some(bytes) = values(nodes, &http::FILE_DATA, tree).next() else {
        return CallMessage { head, body: notes, ..CallMessage::default() };
    };
    let content_type = values(nodes, &http::CONTENT_TYPE, tree).next().unwrap_or_default();
    let (mut body, kind) = body::body_lines(bytes, content_type, 0);
    body.extend(notes);
    let codings = values(nodes, &http::CONTENT_ENCODING, tree).next().map(line).unwrap_or_default();
    let coding = if codings.eq_ignore_ascii_case("identity") { String::new() } else { codings };
    let body_len = bytes.len() as u64;
    let bytes = bytes.get(..MAX_BODY_BYTES).unwrap_or(bytes).to_vec();
    CallMessage { head, body, kind, body_len, content_coding: coding, bytes }
}

/// Returns the curl command that repeats a request.
fn curl_command(nodes: &[Node], shown: &DissectedFrame<'_>) -> Option<Result<String, String>> {
    let tree = shown.tree;
    let first = |field| values(nodes, field, tree).next().unwrap_or_default();
    let mut server = String::new();
    if let Some(address) = tree.columns().destination {
        let is_v6 = matches!(address, Value::Ipv6(_));
        server.push_str(if is_v6 { "[" } else { "" });
        let _ = dissectors::format::value(&mut server, &dissectors::column::DESTINATION, address, tree);
        server.push_str(if is_v6 { "]" } else { "" });
    }
    if let Some(Value::Uint(port)) = tree.first(&tcp::DSTPORT) {
        server.push_str(&format!(":{port}"));
    }
    curl::command(&CurlRequest {
        method: first(&http::REQUEST_METHOD),
        target: first(&http::REQUEST_URI),
        is_http10: first(&http::REQUEST_VERSION) == b"HTTP/1.0",
        headers: header_lines(nodes, tree).collect(),
        body: first(&http::FILE_DATA),
        is_incomplete: nodes.iter().any(|node| INCOMPLETE_NOTES.iter().any(|note| note.id == node.field.id)),
        server,
    })
}
