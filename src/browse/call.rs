//! Call requests: the messages of a call, and the frames of its phases.

use super::body;
use super::call_entry::{CallEntry, MessageFrames};
use super::content_dialogue::{self, ContentDialogue};
use super::dialogue::DialogueReader;
use super::frame_table::{FrameFlags, FrameTable};
use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use super::request::{CallDetail, CallMessage, CallPhase, Dialogue};
use crate::analysis::{Analyzer, Event, NumberSet, Task};
use crate::export::{CurlRequest, curl_command, in_one_line};
use crate::report::dissected_message::{DissectedMessage, MESSAGE_FIELDS, add_message_wants, messages_in};
use crate::report::escaped;
use dissectors::session::{Half, Side};
use dissectors::{Tree, Value, Wants, content, tcp};

/// Maximum number of frames returned per call.
const MAX_FRAMES: usize = 20_000;

/// Maximum number of body bytes returned.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Reads the details of a call, by its position in the index.
pub(super) fn load_call(reader: &mut RandomAccess, index: usize) -> Result<CallDetail, ErrorText> {
    let table = reader.table.read();
    let call = *table.calls.get(index).ok_or_else(|| format!("call {index} is not loaded"))?;
    let mut frames = call_frames(&table, &call);
    let mut dialogue = DialogueReader::new(&table, index, &call);
    drop(table);
    let spans = [call.request, call.response];
    let mut detail = CallDetail::default();
    let mut wanted: Vec<u32> = spans.iter().flatten().map(|frames| frames.completed_in).collect();
    let first = frames.first().filter(|(_, phase)| *phase == CallPhase::Connect).map(|&(frame, _)| frame);
    wanted.extend(first);
    wanted.extend(dialogue.frames());
    let (mut has_handshake, mut has_streamed_content, mut target) = (false, false, String::new());
    reader.dissect(&wanted, &wants(), |shown, connections| {
        has_handshake |= first == Some(shown.frame.number) && is_syn(shown.tree);
        for part in connections.iter().flat_map(|connection| &connection.messages) {
            let nodes = shown.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
            let Some(message) = messages_in(nodes, shown.tree).next() else { continue };
            dialogue.add(part.exchange, message, shown.frame.time.0);
            let is_own = |frames: Option<MessageFrames>| {
                part.exchange == call.id && frames.is_some_and(|frames| frames.completed_in == shown.frame.number)
            };
            match part.half {
                Half::Request if is_own(call.request) && detail.request.is_none() => {
                    has_streamed_content = content::has_session(
                        message.media_type().split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii(),
                    );
                    target = String::from_utf8_lossy(message.value(message.fields.target)).into_owned();
                    detail.request = Some(call_message(message));
                    detail.curl = command_of(message);
                }
                Half::Response if is_own(call.response) && detail.response.is_none() => {
                    detail.response = Some(call_message(message));
                }
                _ => {}
            }
        }
    })?;
    let is_missing =
        |frames: Option<MessageFrames>, message: &Option<CallMessage>| frames.is_some() && message.is_none();
    if is_missing(call.request, &detail.request) || is_missing(call.response, &detail.response) {
        read_unfinished(reader, &call, &mut detail)?;
    }
    detail.dialogue = dialogue.into_lines();
    if detail.dialogue.lines.is_empty() && has_streamed_content {
        detail.dialogue = read_content_dialogue(reader, &call, &target, &frames)?;
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

/// Reads the messages that both sides sent while a call lasted.
fn read_content_dialogue(
    reader: &mut RandomAccess,
    call: &CallEntry,
    target: &str,
    frames: &[(u32, CallPhase)],
) -> Result<Dialogue, ErrorText> {
    let mut wanted: Vec<u32> =
        frames.iter().filter(|(_, phase)| *phase != CallPhase::Connect).map(|&(frame, _)| frame).collect();
    wanted.truncate(content_dialogue::MAX_FRAMES);
    let mut wants = Wants::default();
    content_dialogue::add_wants(&mut wants);
    let (client, mut dialogue) = (call.requester.unwrap_or(Side::Client), ContentDialogue::default());
    reader.dissect(&wanted, &wants, |shown, connections| {
        let parts = connections.iter().flat_map(|connection| &connection.messages);
        for part in parts.filter(|part| part.exchange == call.id) {
            let nodes = shown.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
            let sender = if part.half == Half::Request { client } else { client.other() };
            dialogue.add(nodes, shown.tree, part.half, target, sender, shown.frame.time.0);
        }
    })?;
    Ok(dialogue.into_lines())
}

/// Reads the unfinished messages of a call, which the end of the capture or of the connection cut off.
fn read_unfinished(reader: &mut RandomAccess, call: &CallEntry, detail: &mut CallDetail) -> Result<(), ErrorText> {
    let last = reader.table.read().conversation_frames(call.conversation(), None).next();
    let frames = last.map(|last| reader.with_prerequisites(&[last])).unwrap_or_default();
    let mut only = NumberSet::default();
    call.stream().into_iter().for_each(|stream| only.insert(stream));
    let task = Task { wants: wants(), only: Some(only), halves: true, udp_conversations: true, ..reader.table.task() };
    let mut analyzer = Analyzer::new(task);
    let mut record = |event| {
        let Event::Unfinished(unfinished) = event else { return };
        for part in unfinished.messages.iter().filter(|part| part.exchange == call.id) {
            let nodes = unfinished.tree.nodes().get(part.nodes.clone()).unwrap_or_default();
            let half = match part.half {
                Half::Request => &mut detail.request,
                Half::Response => &mut detail.response,
            };
            match messages_in(nodes, &unfinished.tree).next() {
                Some(message) => *half = Some(call_message(message)),
                None => drop(half.get_or_insert_default()),
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
    // In datagrams, the frame that completes a handshake is also the first one of the content.
    let is_of_handshake = |frame: u32, content: u32| frame < content || frame == content && call.stream().is_none();
    let phase = |frame: u32| match (call.request, call.response) {
        _ if frame < first => CallPhase::Connect,
        (Some(_), Some(content)) if call.is_connection && is_of_handshake(frame, content.first) => CallPhase::Tls,
        (Some(_), None) if call.is_connection => CallPhase::Tls,
        (Some(request), _) if frame <= request.last => CallPhase::Request,
        (_, Some(response)) if frame >= response.first => CallPhase::Download,
        _ => CallPhase::Wait,
    };
    let has_handshake = call.is_first();
    let has_data = |frame: u32| {
        let data = FrameFlags::CLIENT_DATA | FrameFlags::SERVER_DATA;
        table.entry(frame).is_some_and(|entry| entry.flags().has(data))
    };
    let is_handshake = |frame: u32| has_handshake && (call.is_encrypted || !has_data(frame));
    let all = table.conversation_frames(call.conversation(), None).skip_while(|&frame| frame > last);
    let own = all.take_while(|&frame| frame >= first || has_handshake);
    let own = own.filter(|&frame| frame >= first || is_handshake(frame));
    let mut frames: Vec<(u32, CallPhase)> = own.map(|frame| (frame, phase(frame))).collect();
    frames.reverse();
    // The data before an encrypted request are of the handshake that the encryption needs.
    let begin = frames.iter().position(|&(frame, phase)| phase == CallPhase::Connect && has_data(frame));
    for (_, phase) in
        frames.iter_mut().skip(begin.unwrap_or(usize::MAX)).filter(|(_, phase)| *phase == CallPhase::Connect)
    {
        *phase = CallPhase::Tls;
    }
    frames
}

fn wants() -> Wants {
    let mut wants = Wants::only_columns();
    add_message_wants(&mut wants);
    for fields in MESSAGE_FIELDS.iter() {
        let target = [fields.method, fields.target, fields.authority, fields.full_target];
        let roles = target.into_iter().chain([fields.version, fields.media_type, fields.coding]);
        roles.for_each(|field| wants.add(field));
    }
    [&tcp::DSTPORT, &tcp::FLAGS].into_iter().for_each(|field| wants.add(field));
    wants
}

fn call_message(message: DissectedMessage<'_>) -> CallMessage {
    let fields = message.fields;
    let line = |bytes: &[u8]| {
        let mut text = String::new();
        escaped(&mut text, bytes);
        text
    };
    let head = message.values(fields.start_line).chain(message.headers()).chain(message.values(fields.trailers));
    let head: Vec<String> = head.map(<[u8]>::trim_ascii_end).map(line).collect();
    let notes: Vec<String> = message.warnings().map(|note| format!("[{}]", note.title)).collect();
    let Some(bytes) = message.values(fields.body).next() else {
        return CallMessage { head, body: notes, ..CallMessage::default() };
    };
    let (mut body, kind) = match message.written_body(bytes) {
        Some(text) => (body::text_lines(text.as_bytes()), line(message.media_type())),
        None => body::body_lines(bytes, message.media_type(), 0),
    };
    body.extend(notes);
    let codings = line(message.value(fields.coding));
    let coding = if codings.eq_ignore_ascii_case("identity") { String::new() } else { codings };
    let body_len = bytes.len() as u64;
    let bytes = bytes.get(..MAX_BODY_BYTES).unwrap_or(bytes).to_vec();
    CallMessage { head, body, kind, body_len, content_coding: coding, bytes }
}

/// Returns the curl command that repeats a request; `None` for a protocol that curl does not speak.
fn command_of(message: DissectedMessage<'_>) -> Option<Result<String, String>> {
    let DissectedMessage { fields, tree, .. } = message;
    if !fields.is_curl_request {
        return None;
    }
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
    let request = CurlRequest {
        method: message.value(fields.method),
        target: message.value(fields.target),
        version: message.value(fields.version),
        authority: message.value(fields.authority),
        is_https: message.value(fields.full_target).starts_with(b"https://"),
        headers: message.headers().map(<[u8]>::trim_ascii_end).collect(),
        body: message.value(fields.body),
        is_incomplete: message.is_incomplete(),
        server,
    };
    let messages = message.written_body(request.body);
    let command = curl_command(&request, messages.as_deref(), &tree.schemas)?;
    Some(command.map(|command| in_one_line(&command)))
}
