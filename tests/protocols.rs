//! Properties of every protocol on every fixture: segmentation changes nothing, any prefix and any gap can be read,
//! and a tree has only declared fields with valid spans.

use crate::common;

use common::{ACK, FIN, IPV4, SYN, Segment, captures, decode_options, events, pcap};
use dissectors::field::FieldKind;
use dissectors::session::ConversationId;
use dissectors::session::Side;
use dissectors::{Field, Tree, Value, Wants, format};
use overhear::analysis::{Analyzer, DecodeOptions, Event, StreamContent, Task, limits};
use overhear::source::Capture;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

/// Next data of one side: bytes, or a gap.
type StreamPart = (Side, Result<Vec<u8>, u64>);

/// Returns the data of every connection of a capture.
fn conversations(file: &[u8]) -> Vec<Vec<StreamPart>> {
    let task = Task { streams: true, ..Task::default() };
    let streams = readable(file, task).into_iter().filter(|event| matches!(event, Event::Stream(_))).count();
    (0..streams as u32).map(|number| stream_data(file, number)).filter(|parts| !parts.is_empty()).collect()
}

fn stream_data(file: &[u8], stream: u32) -> Vec<StreamPart> {
    let chunks = readable(file, Task { follow: Some(ConversationId::Tcp(stream)), ..Task::default() });
    let parts = chunks.into_iter().filter_map(|event| match event {
        Event::Chunk(chunk) => match chunk.content {
            StreamContent::Bytes(bytes) => Some((chunk.side, Ok(bytes))),
            StreamContent::Gap(len) => Some((chunk.side, Err(len))),
            StreamContent::Missing | StreamContent::End => None,
        },
        _ => None,
    });
    parts.collect()
}

/// Returns all events of the readable part of a file.
fn readable(file: &[u8], task: Task) -> Vec<Event> {
    let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())) else { return Vec::new() };
    let mut analyzer = Analyzer::new(task);
    let mut events = Vec::new();
    while let Ok(Some(frame)) = capture.next() {
        analyzer.dissect(&frame);
        events.extend(analyzer.events());
    }
    analyzer.finish();
    events.extend(analyzer.events());
    events
}

/// Returns the packets of a conversation on a wire that drops the gaps, with acknowledgments after each segment.
fn wire(parts: &[StreamPart]) -> Vec<Vec<u8>> {
    let segment = |from_client, flags, seq, ack, data: &[u8]| {
        Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let mut at = [1000_u32, 5000];
    let mut packets = vec![segment(true, SYN, 999, 0, &[]), segment(false, SYN | ACK, 4999, 1000, &[])];
    packets.push(segment(true, ACK, 1000, 5000, &[]));
    for (side, part) in parts {
        let (own, other) = (*side as usize, side.other() as usize);
        let client = *side == Side::Client;
        match part {
            Ok(bytes) => {
                for bytes in bytes.chunks(60_000) {
                    packets.push(segment(client, ACK, at[own], at[other], bytes));
                    at[own] = at[own].wrapping_add(bytes.len() as u32);
                }
            }
            Err(len) => at[own] = at[own].wrapping_add(*len as u32),
        }
        packets.push(segment(!client, ACK, at[other], at[own], &[]));
    }
    packets.push(segment(true, FIN | ACK, at[0], at[1], &[]));
    packets.push(segment(false, FIN | ACK, at[1], at[0].wrapping_add(1), &[]));
    // As many frames as a gap is waited for.
    let has_gap = parts.iter().any(|(_, part)| part.is_err());
    for _ in 0..if has_gap { limits::ACKED_GAP_FRAMES + 1 } else { 0 } {
        packets.push(segment(true, ACK, at[0].wrapping_add(1), at[1].wrapping_add(1), &[]));
    }
    packets
}

/// Returns every field of every message of a conversation, and every exchange, without the frames and times that depend
/// on the segmentation.
fn messages(packets: &[Vec<u8>], decode: &DecodeOptions) -> String {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(pcap(IPV4, packets))).expect("a capture");
    let (wants, decode) = (CONTENT.clone(), decode.clone());
    let mut analyzer = Analyzer::new(Task { wants, exchanges: true, decode, ..Task::default() });
    // Separate: messages of two protocols, or a message and an exchange, that end in one frame may end in two with
    // another segmentation.
    let (mut texts, mut exchanges) = (BTreeMap::<u16, String>::new(), String::new());
    while let Some(frame) = capture.next().expect("a complete capture") {
        let tree = analyzer.dissect(&frame);
        for node in tree.nodes().iter().filter(|node| CONTENT.field(node.field)) {
            let text = texts.entry(node.field.protocol).or_default();
            let _ = write!(text, "{} = ", node.field.name);
            let _ = format::value(text, node.field, node.value, tree);
            text.push('\n');
        }
        write_exchanges(analyzer.events(), &mut exchanges);
    }
    analyzer.finish();
    write_exchanges(analyzer.events(), &mut exchanges);
    texts.into_values().chain([exchanges]).collect()
}

fn write_exchanges(events: impl Iterator<Item = Event>, text: &mut String) {
    for event in events {
        if let Event::Call(call) = event {
            let exchange = call.exchange;
            let body = |part: Option<dissectors::exchange::Transfer>| part.map(|part| (part.body, part.complete));
            let (request, response) = (body(exchange.request), body(exchange.response));
            let _ = writeln!(
                text,
                "exchange {} {} {} {:?} {} {request:?} {response:?}",
                exchange.method, exchange.authority, exchange.target, exchange.code, exchange.content_type
            );
        }
    }
}

/// The fields that are independent of the segmentation.
static CONTENT: LazyLock<Wants> = LazyLock::new(|| {
    let mut wants = Wants::default();
    dissectors::fields().filter(|field| depends_on_content(field)).for_each(|field| wants.add(field));
    wants
});

/// Whether a field of a session protocol is independent of the segmentation. TLS records of one segment are one layer,
/// as in Wireshark, but the fields of each are the same.
fn depends_on_content(field: &Field) -> bool {
    const PACKETS: [&str; 8] = ["frame", "_ws.", "ip", "tcp", "udp", "raw", "data", "eth"];
    // More segments take more time.
    const TIMES: [&str; 2] = ["grpc.late", "grpc.deadline_exceeded"];
    !TIMES.contains(&field.name)
        && !PACKETS.iter().any(|name| field.name.starts_with(name))
        && field.name != "tls"
        && !matches!(field.kind, FieldKind::Frame | FieldKind::Time | FieldKind::Duration | FieldKind::Decimal)
}

/// Returns the same conversation in segments of other sizes.
fn recut(parts: &[StreamPart], sizes: impl Fn(usize) -> usize) -> Vec<StreamPart> {
    let mut cut = Vec::new();
    let mut nth = 0;
    for (side, part) in parts {
        match part {
            Ok(bytes) => {
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(sizes(nth).clamp(1, rest.len()));
                    cut.push((*side, Ok(piece.to_vec())));
                    rest = after;
                    nth += 1;
                }
            }
            Err(len) => cut.push((*side, Err(*len))),
        }
    }
    cut
}

fn len(parts: &[StreamPart]) -> usize {
    parts.iter().map(|(_, part)| part.as_ref().map_or(0, Vec::len)).sum()
}

#[test]
fn the_segmentation_of_the_data_changes_nothing() {
    let (mut checked, mut differing) = (0, Vec::new());
    for (name, file) in captures() {
        let decode = decode_options(&file);
        for parts in conversations(&file) {
            let whole = messages(&wire(&parts), &decode);
            for size in [1, 2, 7, 100] {
                // A limit on the segments, and so on the duration of the test.
                if len(&parts) / size > 2_000 {
                    continue;
                }
                let cut = messages(&wire(&recut(&parts, |_| size)), &decode);
                if cut != whole {
                    differing.push(format!("{name} in pieces of {size}:\n{}", difference(&whole, &cut)));
                }
            }
            // Every byte of a small conversation is once the end of a segment.
            if len(&parts) < 1000 && whole.contains("exchange") {
                let first = parts.iter().find_map(|(_, part)| part.as_ref().ok()).map_or(0, Vec::len);
                for at in 1..first {
                    let cut = messages(&wire(&recut(&parts, |nth| if nth == 0 { at } else { usize::MAX })), &decode);
                    if cut != whole {
                        differing.push(format!("{name} cut at {at}:\n{}", difference(&whole, &cut)));
                    }
                }
            }
            checked += 1;
        }
    }
    assert!(checked > 0, "no conversation was found in any capture");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Returns the first lines that differ.
fn difference(expected: &str, found: &str) -> String {
    let pairs = expected.lines().map(Some).chain(std::iter::repeat(None));
    let found = found.lines().map(Some).chain(std::iter::repeat(None));
    pairs
        .zip(found)
        .enumerate()
        .find(|(_, (expected, found))| expected != found)
        .map(|(line, (expected, found))| format!("line {line}: expected {expected:?}, found {found:?}"))
        .unwrap_or_default()
}

#[test]
fn a_gap_anywhere_leaves_the_data_before_and_after_it_readable() {
    let mut missing = Vec::new();
    for (name, file) in captures() {
        for parts in conversations(&file) {
            let whole = events(pcap(IPV4, &wire(&parts)), exchanges());
            let complete = whole.iter().filter(|event| is_complete(event)).count();
            for (nth, (side, part)) in parts.iter().enumerate().take(40) {
                let Ok(bytes) = part else { continue };
                let mut with_gap = parts.clone();
                with_gap[nth] = (*side, Err(bytes.len() as u64));
                let found = events(pcap(IPV4, &wire(&with_gap)), exchanges());
                // A part belongs to as many exchanges as begin or end in it; the others must be unchanged.
                let still = found.iter().filter(|event| is_complete(event)).count();
                let hit = touched(bytes) + 1 + whole.iter().filter(|event| depends_on_others(event, &whole)).count();
                if still + hit < complete {
                    missing.push(format!("{name} without piece {nth}: {still} of {complete} exchanges"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Whether bytes of other exchanges may decide about this one: it is carried by one, or interleaves with one, or it is a
/// tunnel, which a loss of headers may not reveal.
fn depends_on_others(event: &Event, all: &[Event]) -> bool {
    let frames = |event: &Event| match event {
        Event::Call(call) => Some((call.exchange.request?.first.frame, call.exchange.response?.last.frame)),
        _ => None,
    };
    let overlap = |(first, last): (u32, u32), (from, until): (u32, u32)| first <= until && from <= last;
    let Event::Call(call) = event else { return false };
    let others =
        all.iter().filter(|other| matches!(other, Event::Call(other) if other.exchange.id != call.exchange.id));
    let interleaves = others.filter_map(frames).any(|other| frames(event).is_some_and(|own| overlap(own, other)));
    let is_serial = call.exchange.protocol == "http";
    call.exchange.parent.is_some() || call.exchange.method == "CONNECT" || interleaves && !is_serial
}

/// Returns how many messages may begin in these bytes.
fn touched(bytes: &[u8]) -> usize {
    let starts = |word: &[u8]| bytes.windows(word.len()).filter(|window| *window == word).count();
    starts(b" HTTP/1.") + starts(b"HTTP/1.")
}

fn exchanges() -> Task {
    Task { exchanges: true, ..Task::default() }
}

fn is_complete(event: &Event) -> bool {
    let Event::Call(call) = event else { return false };
    let whole = |part: Option<dissectors::exchange::Transfer>| part.is_some_and(|part| part.complete);
    whole(call.exchange.request) && whole(call.exchange.response)
}

#[test]
fn any_prefix_of_a_capture_is_read_to_its_end() {
    for (_, file) in captures() {
        let step = (file.len() / 60).max(1);
        let decode = decode_options(&file);
        for end in (0..file.len()).step_by(step) {
            readable(
                &file[..end],
                Task {
                    wants: Wants::everything(),
                    exchanges: true,
                    streams: true,
                    decode: decode.clone(),
                    ..Task::default()
                },
            );
        }
    }
}

#[test]
fn trees_have_only_declared_fields_with_valid_spans() {
    let mut nodes = 0;
    for (name, file) in captures() {
        let decode = decode_options(&file);
        let Ok(mut capture) = Capture::from_reader(name.as_str(), std::io::Cursor::new(file)) else { continue };
        let mut analyzer = Analyzer::new(Task { wants: Wants::everything(), decode, ..Task::default() });
        while let Ok(Some(frame)) = capture.next() {
            let tree = analyzer.dissect(&frame);
            for node in tree.nodes() {
                check_node(node, tree).unwrap_or_else(|what| panic!("{name} frame {}: {what}", frame.number));
                nodes += 1;
            }
        }
    }
    assert!(nodes > 0, "no tree had any node");
}

fn check_node(node: &dissectors::tree::Node, tree: &Tree) -> Result<(), String> {
    let field = node.field;
    if dissectors::field(field.name).map(|declared| declared.kind) != Some(field.kind) {
        return Err(format!("{} is not declared", field.name));
    }
    let fits = match (field.kind, node.value) {
        (FieldKind::Label | FieldKind::Note(_), Value::Present) => true,
        (FieldKind::Protocol | FieldKind::Bytes, Value::Bytes(_)) | (FieldKind::Text, Value::Text(_)) => true,
        (FieldKind::Bool, Value::Bool(_)) | (FieldKind::I32 | FieldKind::I64, Value::Int(_)) => true,
        (FieldKind::U8, Value::Uint(number)) => number <= u8::MAX.into(),
        (FieldKind::U16, Value::Uint(number)) => number <= u16::MAX.into(),
        (FieldKind::U24, Value::Uint(number)) => number < 1 << 24,
        (FieldKind::U32 | FieldKind::Frame, Value::Uint(number)) => number <= u32::MAX.into(),
        (FieldKind::U64, Value::Uint(_)) => true,
        (FieldKind::Ipv4, Value::Ipv4(_)) | (FieldKind::Ipv6, Value::Ipv6(_)) | (FieldKind::Ether, Value::Ether(_)) => {
            true
        }
        (FieldKind::Time, Value::Time(_)) | (FieldKind::Duration, Value::Duration(_)) => true,
        (FieldKind::Decimal, Value::Decimal(_)) => true,
        _ => false,
    };
    if !fits {
        return Err(format!("{} is {:?} and has {:?}", field.name, field.kind, node.value));
    }
    let inside = |slice: dissectors::tree::Slice| {
        let holds =
            |buffer: &dissectors::tree::Buffer| buffer.bytes.start <= slice.start && slice.end() <= buffer.bytes.end();
        slice.len == 0 || tree.buffers().iter().any(holds)
    };
    if !inside(node.span) {
        return Err(format!("{} spans {:?}, outside every buffer", field.name, node.span));
    }
    if let Value::Bytes(slice) | Value::Text(slice) = node.value
        && tree.bytes(slice).len() != slice.len as usize
    {
        return Err(format!("{} has bytes that are not there", field.name));
    }
    let mut text = String::new();
    let _ = format::value(&mut text, field, node.value, tree);
    match text.chars().find(|char| char.is_control()) {
        Some(char) => Err(format!("{} prints {char:?}", field.name)),
        None => Ok(()),
    }
}

#[test]
fn names_are_well_formed_and_no_two_fields_share_one() {
    let mut names = std::collections::HashSet::new();
    for field in dissectors::fields() {
        // Wireshark's names of these fields have capital letters, most of them those of a specification in ASN.1.
        let has_capitals =
            ["arcnet.protID", "x509", "pkix1", "ns_cert_exts", "ocsp"].iter().any(|name| field.name.starts_with(name));
        let legal = |char: char| {
            char.is_ascii_lowercase()
                || has_capitals && char.is_ascii_uppercase()
                || char.is_ascii_digit()
                || "._-".contains(char)
        };
        assert!(field.name.chars().all(legal), "{}", field.name);
        assert!(names.insert(field.name), "{} is declared twice", field.name);
        assert!(field.doc.trim().ends_with('.'), "{} is not explained in a sentence: {:?}", field.name, field.doc);
        assert!(field.values.is_sorted_by_key(|&(value, _)| value), "{} has unordered value names", field.name);
    }
}
