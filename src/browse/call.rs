//! The messages of a call, and the frames of its phases.

use super::ask::{Message, Phase, Told};
use super::body;
use super::curl::{self, Request};
use super::known::{Frames, Marks, Span, Talk};
use super::reread::{Heard, Reread, Wrong};
use crate::analysis::{Analyzer, Event, Half, Numbers, Task};
use crate::report::{Shown, escaped};
use dissectors::tree::Node;
use dissectors::{Field, Kind, Severity, Tree, Value, Wants, http, tcp};

/// Frames that are told of one call.
const MOST_FRAMES: usize = 20_000;

/// What is said of a message of which not all is there.
const CUT: [&Field; 5] =
    [&http::BODY_LIMIT, &http::DECOMPRESSION_FAILED, &http::GAP, &http::HEAD_TOO_LONG, &http::TRUNCATED];

/// Bytes that are handed over of a body.
const MOST_BYTES: usize = 64 * 1024;

/// Tells a call by its place among all.
pub(super) fn told(reread: &mut Reread, place: usize) -> Result<Told, Wrong> {
    let known = reread.known.read();
    let talk = *known.talks.get(place).ok_or_else(|| format!("there is no call {place} yet"))?;
    let mut frames = frames(&known, &talk);
    // Of several messages that one frame tells, which it is.
    let rank = |span: fn(&Talk) -> Option<Span>| {
        let frame = span(&talk).map(|span| span.told);
        let same = known.talks.iter().filter(|other| other.stream == talk.stream && other.nth < talk.nth);
        same.filter(|other| span(other).map(|span| span.told) == frame).count()
    };
    let ranks = [rank(|talk| talk.request), rank(|talk| talk.response)];
    drop(known);
    let spans = [talk.request, talk.response];
    let mut told = Told::default();
    let mut asked: Vec<u32> = spans.iter().flatten().map(|span| span.told).collect();
    let opening = frames.first().filter(|(_, phase)| *phase == Phase::Connect).map(|&(frame, _)| frame);
    asked.extend(opening);
    let mut opens = false;
    reread.tell(&asked, &wants(), |shown| {
        opens |= opening == Some(shown.frame.number) && is_syn(shown.tree);
        let [request, response] = [false, true].map(|answers| {
            let span = if answers { talk.response } else { talk.request };
            let rank = ranks.get(usize::from(answers)).copied().unwrap_or_default();
            let is_here = span.is_some_and(|span| span.told == shown.frame.number);
            let own = |nodes: &&[Node]| is_here && is_message(nodes) && is_answer(nodes) == answers;
            messages(shown.tree).filter(own).nth(rank)
        });
        if let Some(nodes) = request {
            told.request = Some(message(nodes, shown.tree));
            told.curl = again(nodes, shown);
        }
        if let Some(nodes) = response {
            told.response = Some(message(nodes, shown.tree));
        }
    })?;
    let misses = |span: Option<Span>, message: &Option<Message>| span.is_some() && message.is_none();
    if misses(talk.request, &told.request) || misses(talk.response, &told.response) {
        rest(reread, &talk, &mut told)?;
    }
    // Where the capture begins in the middle of a connection, nothing was seen of how it was opened.
    frames.retain(|(_, phase)| opens || *phase != Phase::Connect);
    for &(_, phase) in &frames {
        told.counts[phase as usize] += 1;
    }
    frames.truncate(MOST_FRAMES);
    told.frames = frames;
    Ok(told)
}

fn is_syn(tree: &Tree) -> bool {
    matches!(tree.first(&tcp::FLAGS), Some(Value::Uint(flags)) if flags & u64::from(tcp::Flags::SYN) != 0)
}

/// Tells the messages of a call that no frame tells: the capture or the connection ends before they do.
fn rest(reread: &mut Reread, talk: &Talk, told: &mut Told) -> Result<(), Wrong> {
    let last = reread.known.read().of_stream(talk.stream, None).next();
    let frames = last.map(|last| reread.upto(&[last])).unwrap_or_default();
    let mut only = Numbers::default();
    only.insert(talk.stream);
    let task = Task { wants: wants(), only: Some(only), halves: true, dialogues: true, ..Task::default() };
    let mut analyzer = Analyzer::new(task);
    let mut take = |event| {
        let Event::Rest(rest) = event else { return };
        for said in rest.said.iter().filter(|said| rest.stream == talk.stream && said.nth == talk.nth) {
            let nodes = rest.tree.nodes().get(said.nodes.clone()).unwrap_or_default();
            let message = Some(message(nodes, &rest.tree));
            match said.half {
                Half::Request => told.request = told.request.take().or(message),
                Half::Response => told.response = told.response.take().or(message),
            }
        }
    };
    reread.feed(&frames, &[], &mut analyzer, &mut |heard| {
        if let Heard::Event(event) = heard {
            take(event);
        }
        true
    })?;
    analyzer.finish();
    analyzer.events().for_each(take);
    Ok(())
}

/// The frames of a call, each with its phase.
fn frames(known: &Frames, talk: &Talk) -> Vec<(u32, Phase)> {
    let Some(first) = talk.request.or(talk.response).map(|span| span.first) else { return Vec::new() };
    let ends = [talk.request, talk.response].map(|span| span.map_or(0, Span::end));
    let last = ends.into_iter().max().unwrap_or(first);
    let phase = |frame: u32| match (talk.request, talk.response) {
        _ if frame < first => Phase::Connect,
        (Some(request), _) if frame <= request.last => Phase::Request,
        (_, Some(response)) if frame >= response.first => Phase::Download,
        _ => Phase::Wait,
    };
    let opens = |frame: u32| {
        let is_silent = |marks: Marks| !marks.has(Marks::CLIENT_SPEAKS | Marks::SERVER_SPEAKS);
        talk.nth == 0 && known.seat(frame).is_some_and(|seat| is_silent(seat.marks()))
    };
    let all = known.of_stream(talk.stream, None).skip_while(|&frame| frame > last);
    let own = all.take_while(|&frame| frame >= first || talk.nth == 0).filter(|&frame| frame >= first || opens(frame));
    let mut frames: Vec<(u32, Phase)> = own.map(|frame| (frame, phase(frame))).collect();
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
    let notes = http::FIELDS.iter().copied().filter(|field| is_grave(field));
    fields.into_iter().chain(notes).for_each(|field| wants.add(field));
    wants
}

fn is_grave(field: &Field) -> bool {
    matches!(field.kind, Kind::Note(severity) if severity > Severity::Chat)
}

/// The messages that a frame tells: for each, the nodes from its protocol's to the next.
fn messages(tree: &Tree) -> impl Iterator<Item = &[Node]> {
    let is_head = |node: &Node| node.field.id == http::HTTP.id;
    let from = tree.nodes().iter().position(is_head).unwrap_or(tree.nodes().len());
    let nodes = tree.nodes().get(from..).unwrap_or_default();
    nodes.chunk_by(move |_, next| !is_head(next))
}

/// Whether it is more than bytes that no message begins with.
fn is_message(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| node.field.id == http::START_LINE.id)
}

fn is_answer(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| node.field.id == http::RESPONSE.id && node.value == Value::Bool(true))
}

/// The values of a field in a message.
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

fn message(nodes: &[Node], tree: &Tree) -> Message {
    let line = |bytes: &[u8]| {
        let mut text = String::new();
        escaped(&mut text, bytes);
        text
    };
    let start = values(nodes, &http::START_LINE, tree).map(<[u8]>::trim_ascii_end);
    let mut head: Vec<String> = start.chain(header_lines(nodes, tree)).map(line).collect();
    head.extend(values(nodes, &http::CHUNKED_TRAILER_PART, tree).map(|part| line(part.trim_ascii_end())));
    let odd = nodes.iter().filter(|node| is_grave(node.field)).map(|node| format!("[{}]", node.field.title));
    let odd: Vec<String> = odd.collect();
    let Some(bytes) = values(nodes, &http::FILE_DATA, tree).next() else {
        return Message { head, body: odd, ..Message::default() };
    };
    let content_type = values(nodes, &http::CONTENT_TYPE, tree).next().unwrap_or_default();
    let (mut body, kind) = body::told(bytes, content_type, 0);
    body.extend(odd);
    let codings = values(nodes, &http::CONTENT_ENCODING, tree).next().map(line).unwrap_or_default();
    let coding = if codings.eq_ignore_ascii_case("identity") { String::new() } else { codings };
    let told = bytes.len() as u64;
    Message { head, body, kind, told, coding, bytes: bytes.get(..MOST_BYTES).unwrap_or(bytes).to_vec() }
}

/// The command that makes a request again.
fn again(nodes: &[Node], shown: &Shown<'_>) -> Option<Result<String, String>> {
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
    curl::command(&Request {
        method: first(&http::REQUEST_METHOD),
        target: first(&http::REQUEST_URI),
        is_old: first(&http::REQUEST_VERSION) == b"HTTP/1.0",
        headers: header_lines(nodes, tree).collect(),
        body: first(&http::FILE_DATA),
        is_cut: nodes.iter().any(|node| CUT.iter().any(|cut| cut.id == node.field.id)),
        server,
    })
}
