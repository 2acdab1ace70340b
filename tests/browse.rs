//! Browsing in any order gives what the program prints of the capture from the first frame to the last.

#![allow(clippy::panic, reason = "a helper shows the unexpected event")]

use crate::common;

mod attribution;
mod decode_as;
mod growing;
mod hostile;
mod ladders;
mod live;
mod places;
mod requests;
mod saving;
mod test_browser;

use common::Random;
use dissectors::{PROTOCOLS, Value, Wants, frame};
use overhear::analysis::{Analyzer, Task};
use overhear::filter::Filter;
use overhear::report::{Color, CsvReport, DissectedFrame, Layout, Report, Selection, TextOptions};
use overhear::source::{Capture, Time};
use test_browser::{TestBrowser, written};

/// Returns what a report prints of each frame of a capture, which is read in two passes.
fn printed(file: &[u8], wants: &Wants, report: &mut dyn Report) -> Vec<String> {
    let mut frames = Vec::new();
    twice(file, wants, |shown| {
        let mut out = Vec::new();
        report.frame(shown, &mut out).and_then(|()| report.flush(&mut out)).expect("memory");
        frames.push(String::from_utf8(out).expect("text"));
    });
    frames
}

/// Visits each frame of a capture in the second of two passes.
fn twice(file: &[u8], wants: &Wants, mut visit: impl FnMut(&DissectedFrame<'_>)) {
    let decode = common::decode_options(file);
    let task = |collect| Task { wants: wants.clone(), collect, decode: decode.clone(), ..Task::default() };
    let mut first = Analyzer::new(task(true));
    each(file, |frame| {
        first.dissect(frame);
        first.events();
    });
    first.finish();
    let mut analyzer = Analyzer::with_first_pass(task(false), first.into_first_pass());
    let mut start: Option<Time> = None;
    each(file, |frame| {
        let relative = frame.time - *start.get_or_insert(frame.time);
        visit(&DissectedFrame { frame, relative, tree: analyzer.dissect(frame) });
    });
}

/// Visits all readable frames.
fn each(file: &[u8], mut visit: impl FnMut(&overhear::source::Frame<'_>)) {
    let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())) else { return };
    loop {
        match capture.next() {
            Ok(Some(frame)) => visit(&frame),
            Ok(None) => return,
            Err(_) => continue,
        }
    }
}

/// Returns frames in a random order, some of them several times.
fn shuffled(frames: u32, most: usize, random: &mut Random) -> Vec<u32> {
    (0..most.min(frames as usize * 2)).map(|_| 1 + random.below(frames.into()) as u32).collect()
}

#[test]
fn rows_requested_in_any_order_equal_the_printed_rows() {
    let mut random = Random::new(1);
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let columns = Selection::columns();
        let wants = columns.wants();
        let expected =
            printed(&bytes, &wants, &mut CsvReport::new(columns, Layout { separator: ',', ..Layout::default() }));
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        assert_eq!(browser.index.frames.len(), expected.len(), "{name}");
        if expected.is_empty() {
            continue;
        }
        for batch in shuffled(expected.len() as u32, 200, &mut random).chunks(20) {
            let rows = browser.rows(batch);
            assert_eq!(rows.iter().map(|row| row.frame).collect::<Vec<_>>(), batch, "{name}");
            for row in rows {
                let printed = &expected[row.frame as usize - 1];
                let cells = csv::ReaderBuilder::new().has_headers(false).from_reader(printed.as_bytes());
                let cells = cells.into_records().next().expect("a row").expect("CSV");
                assert_eq!(&cells[2], row.source, "{name} frame {}", row.frame);
                assert_eq!(&cells[3], row.destination, "{name} frame {}", row.frame);
                assert_eq!(&cells[4], row.protocol, "{name} frame {}", row.frame);
                assert_eq!(&cells[6], row.info, "{name} frame {}", row.frame);
                let entry = browser.index.frames[row.frame as usize - 1];
                assert_eq!(cells[5], entry.length.to_string(), "{name} frame {}", row.frame);
                compared += 1;
            }
        }
    }
    assert!(compared > 2000, "{compared} rows");
}

#[test]
fn trees_requested_in_any_order_equal_the_printed_trees() {
    let mut random = Random::new(2);
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let text = TextOptions { details: true, bytes: false, color: Color::Never };
        let expected = printed(&bytes, &text.wants(), &mut text.report());
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        assert_eq!(browser.index.frames.len(), expected.len(), "{name}");
        if expected.is_empty() {
            continue;
        }
        for frame in shuffled(expected.len() as u32, 40, &mut random) {
            let detail = browser.frame(frame);
            let lines = detail.lines.iter().map(|line| format!("{}{}\n", "    ".repeat(line.depth.into()), line.text));
            assert_eq!(lines.collect::<String>() + "\n", expected[frame as usize - 1], "{name} frame {frame}");
            compared += 1;
        }
    }
    assert!(compared > 2000, "{compared} trees");
}

#[test]
fn the_filter_of_a_line_finds_its_frame() {
    let mut checked = 0;
    for (name, bytes) in common::captures().into_iter().filter(|(name, _)| common::is_selected(name, "", 2)) {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        twice(&bytes, &Wants::everything(), |DissectedFrame { frame, tree, .. }| {
            if frame.number > 8 {
                return;
            }
            for line in browser.frame(frame.number).lines {
                let filter = Filter::new(&line.filter);
                let filter = filter.unwrap_or_else(|fault| panic!("{name}: {}", fault.display(&line.filter)));
                assert!(filter.matches(tree), "{name} frame {}: {}", frame.number, line.filter);
                checked += 1;
            }
        });
    }
    assert!(checked > 1000, "{checked} lines");
}

const FILTERS: &[&str] = &[
    "",
    "ip.addr == 10.0.0.2",
    "ip.src != 10.0.0.2 && tcp",
    "!ip",
    "tcp.port == 80 or udp.port == 53",
    "tcp.srcport in {80, 8080..8090}",
    "tcp.stream eq 1",
    "frame.number <= 10",
    "frame.number > 3 and ipv6.addr",
    "frame.time_relative < 0.01",
    "frame.time_delta > 0.001 and frame.cap_len < 100",
    "frame.protocols contains \"json\" or frame.len == 60",
    "frame.time_delta > 0.0001",
    "http.request.method == \"POST\"",
    "http.request.method",
    "uri contains a",
    "path == \"/\"",
    "host contains example",
    "status >= 400",
    "status == 200 and tcp.len > 100",
    "http",
    "tcp.analysis.flags",
    "http.response_in",
    "tcp.completeness == 31",
    "udp.stream == 1 or icmp",
    "ip.addr[0:2] == 0a:00",
    "frame contains \"HTTP\"",
    "_ws.col.info contains \"GET\"",
    "tcp.stream == 2 xor http.request",
];

#[test]
fn a_filter_selects_the_frames_that_match() {
    let mut compared = 0;
    for (name, bytes) in common::captures() {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        for text in FILTERS.iter().filter(|text| common::is_selected(&name, text, 4)) {
            let filter = Filter::new(text).expect("a filter");
            let mut expected = Vec::new();
            twice(&bytes, &filter.wants(), |shown| {
                if filter.matches(shown.tree) {
                    expected.push(shown.frame.number);
                }
            });
            let [frames, ..] = browser.select(text);
            assert_eq!(frames, expected, "{name} {text}");
            compared += frames.len();
        }
    }
    assert!(compared > 10_000, "{compared} frames");
}

/// Returns the output of a command with fields that identify each row.
fn run(command: &str, path: &std::path::Path, filter: &str, keys: &[&str]) -> Vec<Vec<u64>> {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_overhear"));
    let output = program.args([command, "-T", "ndjson", "-Y", filter]).arg(path).output().expect("the program");
    let rows = String::from_utf8(output.stdout).expect("text");
    let row = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        // A conversation in UDP is `udp 3`.
        let number = |value: &serde_json::Value| match value.as_str() {
            Some(text) => text.rsplit(' ').next().and_then(|number| number.parse().ok()),
            None => value.as_u64(),
        };
        keys.iter().map(|key| number(&row[key]).expect("a number")).collect()
    };
    rows.lines().map(row).collect()
}

#[test]
fn the_request_of_a_call_has_the_bytes_that_its_side_ends_with() {
    let (_file, path) = written(include_bytes!("../fixtures/http/response-to-unfinished-head.pcap"));
    let mut browser = TestBrowser::open(std::slice::from_ref(&path));
    let [_, calls, _] = browser.select("frame.time_relative < 0.01");
    assert_eq!(calls, [0]);
    assert_eq!(run("calls", &path, "frame.time_relative < 0.01", &["stream", "nth"]), [[0, 0]]);
}

#[test]
fn a_call_has_the_frames_that_are_none_of_its_messages() {
    // An interim response, a reset of its stream, data of a message that is detected later, a record between those of a
    // request, the requester's records of a connection that was joined late.
    let rows: [(&[u8], &str); 5] = [
        (
            include_bytes!("../fixtures/http/expect-100-continue.pcap"),
            "frame.time_delta > 0.001 and frame.cap_len < 100",
        ),
        (include_bytes!("../fixtures/http2/resets.pcap"), "tcp.srcport in {80, 8080..8090}"),
        (include_bytes!("../fixtures/websocket/node-deflate-mid-stream.pcap"), "frame.number <= 10"),
        (include_bytes!("../fixtures/tls/key-update.pcapng"), "frame.number == 14"),
        (include_bytes!("../fixtures/tls/late-secrets.pcapng"), "frame.number == 4"),
    ];
    for (bytes, filter) in rows {
        let (_file, path) = written(bytes);
        let mut browser = TestBrowser::open(std::slice::from_ref(&path));
        let [_, calls, _] = browser.select(filter);
        let ids = |&call: &u32| browser.index.calls[call as usize].exchange.id;
        let calls: Vec<Vec<u64>> = calls.iter().map(ids).map(|id| vec![id.session.into(), id.nth.into()]).collect();
        assert_eq!(calls, run("calls", &path, filter, &["session", "nth"]), "{filter}");
    }
}

#[test]
fn a_filter_selects_the_calls_and_connections_that_the_program_lists() {
    let (mut compared, mut differing) = (0, Vec::new());
    let fixtures = common::captures().into_iter().filter(|(name, _)| name.contains("fixtures/"));
    for (name, bytes) in fixtures {
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(std::slice::from_ref(&path));
        // The program runs twice for each filter.
        for text in FILTERS.iter().filter(|text| !text.is_empty() && common::is_selected(&name, text, 10)) {
            let [_, calls, mut streams] = browser.select(text);
            let of = |&call: &u32| &browser.index.calls[call as usize].exchange;
            let calls: Vec<Vec<u64>> = calls
                .iter()
                .map(of)
                .map(|exchange| vec![exchange.id.conversation.number().into(), exchange.id.nth.into()])
                .collect();
            let program = run("calls", &path, text, &["stream", "nth"]);
            if calls != program {
                differing.push(format!("{name} {text}: calls {calls:?}, the program {program:?}"));
            }
            streams.sort_unstable();
            let streams: Vec<Vec<u64>> = streams.iter().map(|&stream| vec![stream.into()]).collect();
            let mut program = run("streams", &path, text, &["stream"]);
            program.sort();
            if streams != program {
                differing.push(format!("{name} {text}: streams {streams:?}, the program {program:?}"));
            }
            compared += calls.len() + streams.len();
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 300, "{compared} rows");
}

fn is_layer(name: &str) -> bool {
    let layers = PROTOCOLS.iter().filter(|protocol| protocol.is_layer());
    layers.flat_map(|protocol| protocol.fields.first()).any(|field| field.name == name)
}

#[test]
fn the_protocol_stacks_of_the_index_equal_the_printed_ones() {
    let mut wants = Wants::default();
    wants.add(&frame::PROTOCOLS);
    let (mut compared, mut early) = (0, 0);
    for (name, bytes) in common::captures() {
        let (_file, path) = written(&bytes);
        let browser = TestBrowser::open(&[path]);
        let mut entries = browser.index.frames.iter();
        twice(&bytes, &wants, |shown| {
            let entry = entries.next().expect("a frame");
            let stack = browser.index.stacks[usize::from(entry.stack.0)].join(":");
            // Of the parts of a body, the index has those in its first bytes.
            let stack =
                stack.split_once(":mime_multipart:").map_or(stack.clone(), |(to, _)| format!("{to}:mime_multipart"));
            let node = shown.tree.nodes().iter().find(|node| node.field.id == frame::PROTOCOLS.id).expect("protocols");
            let Value::Text(text) = node.value else { panic!("no text") };
            let printed = String::from_utf8_lossy(shown.tree.bytes(text)).into_owned();
            // Each of several messages once. Parts of a body are not in the index.
            let mut names: Vec<&str> = printed.split(':').filter(|name| *name != "ethertype").collect();
            let messages = names.iter().rposition(|name| is_layer(name)).map_or(0, |last| last + 1);
            let repeated = names.split_off(messages);
            for name in repeated {
                if !names.iter().skip(messages).any(|seen| *seen == name) {
                    names.push(name);
                }
            }
            if let Some(place) = names.iter().position(|name| *name == "mime_multipart") {
                names.truncate(place + 1);
            }
            // Of messages in a body, the index has those in its first bytes.
            let is_body = names.ends_with(&["grpc", "data-text-lines"]) && names.contains(&"http");
            if is_body {
                names.pop();
            }
            let names = names.join(":");
            // Data whose protocol is known only from a later frame.
            early += usize::from(stack == format!("{names}:data"));
            assert!(
                stack == names || stack == format!("{names}:data"),
                "{name} {}: {stack}, {names}",
                shown.frame.number
            );
            compared += 1;
        });
    }
    assert!(compared > 1500 && early < compared / 100, "{compared} frames, {early} of them data");
}

#[test]
fn the_index_has_the_notes_of_dns() {
    let notes = |name: &str| {
        let browser =
            TestBrowser::open(&[std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dns").join(name)]);
        let mut notes: Vec<_> = browser.index.notes.iter().map(|note| (note.frame, note.field.name)).collect();
        notes.sort_unstable();
        notes
    };
    // As tshark 4.4 -2 lists them.
    let [missing, query, response] = ["dns.response_missing", "dns.retransmit_request", "dns.retransmit_response"];
    assert_eq!(notes("no-response.pcap"), [(1, missing), (2, query), (3, missing), (6, response)]);
    assert!(notes("malformed.pcap").contains(&(2, "dns.bad_name")));
    // A body of DNS over HTTPS is not read for its notes.
    assert_eq!(notes("over-http.pcap"), []);
    // RFC 6762 5.2: a multicast query need not have a response.
    assert!(notes("mdns.pcap").iter().all(|(_, name)| *name != missing));
}
