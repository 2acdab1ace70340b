//! Journeys: the phases, statements and verdicts of calls, in captures that were recorded and labelled.

use crate::common;
use overhear::analysis::{Analyzer, Event, Task};
use overhear::journey::{
    CallChoice, CallSelector, Journey, JourneyCollector, JourneyForm, PhaseKind, SelectedCall, StepKind, Verdict,
    VerdictKind, render, text_lines,
};
use overhear::report::DissectedFrame;
use overhear::source::Capture;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use unicode_width::UnicodeWidthStr;

/// Reads a capture through an analyzer.
pub(crate) fn read(
    file: &[u8],
    task: Task,
    mut frame: impl FnMut(&DissectedFrame<'_>, &Analyzer),
    mut event: impl FnMut(Event),
) {
    let task = Task { decode: common::decode_options(file), ..task };
    let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())) else { return };
    let mut analyzer = Analyzer::new(task);
    let mut start = None;
    while let Ok(Some(next)) = capture.next() {
        let start = *start.get_or_insert(next.time);
        analyzer.dissect(&next);
        frame(&DissectedFrame { frame: &next, relative: next.time - start, tree: analyzer.tree() }, &analyzer);
        analyzer.events().for_each(&mut event);
    }
    analyzer.finish();
    analyzer.events().for_each(&mut event);
}

/// Returns the journey of a call.
fn journey(file: &[u8], choice: CallChoice) -> Option<Journey> {
    let mut selector = CallSelector::new(choice);
    let task = Task { exchanges: true, ..Task::default() };
    read(
        file,
        task,
        |_, _| {},
        |event| {
            if let Event::Call(call) = event {
                selector.add(call, true)
            }
        },
    );
    let collector = std::cell::RefCell::new(JourneyCollector::new(selector.into_selected()?));
    let task = collector.borrow().task();
    read(
        file,
        task,
        |frame, analyzer| collector.borrow_mut().frame(frame, analyzer.connections()),
        |event| collector.borrow_mut().event(event),
    );
    Some(collector.into_inner().finish())
}

/// Number of journeys that are collected at the same time.
const BATCH: usize = 100;

/// Returns the journeys of all calls of a capture.
fn journeys(file: &[u8]) -> Vec<Journey> {
    let mut calls = Vec::new();
    read(
        file,
        Task { exchanges: true, ..Task::default() },
        |_, _| {},
        |event| {
            if let Event::Call(call) = event {
                calls.push(call);
            }
        },
    );
    let selected = |at| SelectedCall::in_list(at, |at| calls.get(at));
    let mut journeys = Vec::new();
    for first in (0..calls.len()).step_by(BATCH) {
        let batch = first..calls.len().min(first + BATCH);
        let collectors: Vec<_> = batch.filter_map(selected).map(JourneyCollector::new).collect();
        let Some(task) = collectors.first().map(JourneyCollector::task) else { continue };
        let with_streams = |one: JourneyCollector| (one.conversations().collect::<BTreeSet<_>>(), one);
        let collectors: Vec<_> = collectors.into_iter().map(with_streams).collect();
        let collectors = std::cell::RefCell::new(collectors);
        read(
            file,
            Task { only: None, ..task },
            |frame, analyzer| {
                let connections = analyzer.connections();
                for (streams, one) in collectors.borrow_mut().iter_mut() {
                    let ids = || connections.iter().map(|connection| connection.conversation);
                    // Lookups are in datagrams.
                    if ids().any(|id| id.tcp().is_none() || streams.contains(&id)) {
                        one.frame(frame, connections);
                    }
                }
            },
            |event| collectors.borrow_mut().iter_mut().for_each(|(_, one)| one.event(event.clone())),
        );
        journeys.extend(collectors.into_inner().into_iter().map(|(_, one)| one.finish()));
    }
    journeys
}

/// Asserts what is true of every journey.
fn assert_consistent(name: &str, journey: &Journey) {
    let exchange = &journey.call.exchange;
    let place = format!("{name}, call {}", journey.row);
    assert!(!journey.phases.is_empty(), "{place}: no phase");
    for (phase, next) in journey.phases.iter().zip(journey.phases.iter().skip(1)) {
        assert!(phase.to == next.from && phase.from < phase.to, "{place}: {:?}", journey.phases);
        assert!(phase.kind != next.kind, "{place}: {:?}", journey.phases);
    }
    let sum: u128 = journey.phases.iter().map(|phase| u128::from(phase.length())).sum();
    assert_eq!(sum, u128::from(journey.total()), "{place}");
    // The numbers of `calls` are computed without phases.
    let mut lengths = BTreeMap::<&str, u64>::new();
    for phase in &journey.phases {
        *lengths.entry(phase.kind.label()).or_default() += phase.length();
    }
    let length = |kind: PhaseKind| lengths.get(kind.label()).copied().unwrap_or_default();
    let columns = (exchange.total(), exchange.time_to_first_byte(), exchange.download());
    // Of a connection whose content is not read, the phases say so.
    let is_read = exchange.method != "QUIC";
    if let (true, Some(total), Some(wait), Some(download)) = (is_read, columns.0, columns.1, columns.2) {
        let own = [PhaseKind::Request, PhaseKind::Wait, PhaseKind::Response].map(length).iter().sum::<u64>();
        assert_eq!((own, length(PhaseKind::Wait)), (total as u64, wait as u64), "{place}: {:?}", journey.phases);
        assert_eq!(length(PhaseKind::Response), download as u64, "{place}: {:?}", journey.phases);
    }
    for verdict in &journey.verdicts {
        assert!(!verdict.statement.frames.is_empty(), "{place}: {verdict:?} has no evidence");
        assert!(verdict.nanos <= journey.total(), "{place}: {verdict:?} explains more than {}", journey.total());
    }
    let nanos: Vec<u64> = journey.verdicts.iter().map(|verdict| verdict.nanos).collect();
    assert!(nanos.is_sorted_by(|a, b| a >= b), "{place}: {:?}", journey.verdicts);
}

/// Asserts what is true of the forms of every journey.
fn assert_forms(name: &str, journey: &Journey) {
    let place = format!("{name}, call {}", journey.row);
    let forms = [JourneyForm::Json, JourneyForm::Markdown, JourneyForm::Mermaid, JourneyForm::Html, JourneyForm::Otlp];
    for form in forms.into_iter().chain([JourneyForm::Text(50), JourneyForm::Text(110)]) {
        let text = render(journey, form, true);
        assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{place} {form:?}: {text:?}");
    }
    for width in [40, 80] {
        let wide = text_lines(journey, width, true).into_iter().find(|line| line.text.width() > width);
        assert!(wide.is_none(), "{place}, {width} columns: {wide:?}");
    }
}

#[test]
fn every_nanosecond_of_every_call_belongs_to_one_phase() {
    let mut calls = 0;
    for (name, file) in common::captures() {
        for (nth, journey) in journeys(&file).iter().enumerate() {
            assert_consistent(&name, journey);
            calls += 1;
            // The forms of the first calls.
            if nth < 3 {
                assert_forms(&name, journey);
            }
        }
    }
    assert!(calls > 3_000, "{calls} calls");
}

/// Returns the verdicts of a journey as a cell of `fixtures/JOURNEYS.tsv`.
fn verdicts(journey: &Journey) -> String {
    let cell = |verdict: &Verdict| {
        let frames: Vec<String> = verdict.statement.frames.iter().map(u32::to_string).collect();
        format!("{}:{}", verdict.kind.label(), frames.join(","))
    };
    let cells: Vec<String> = journey.verdicts.iter().map(cell).collect();
    if cells.is_empty() { "-".to_owned() } else { cells.join(" ") }
}

#[test]
fn each_labelled_call_has_its_verdicts_and_no_others() {
    let (mut captures, mut wrong) = (BTreeMap::new(), Vec::new());
    let rows = include_str!("../fixtures/JOURNEYS.tsv").lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let cells: Vec<&str> = row.split('\t').collect();
        let [capture, call, expected] = cells[..] else { unreachable!("a row of three cells: {row}") };
        let file = captures.entry(capture).or_insert_with(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(capture);
            std::fs::read(path).expect("a capture")
        });
        let found = journey(file, CallChoice::Row(call.parse().expect("a row")));
        let found = found.map_or("no such call".to_owned(), |journey| verdicts(&journey));
        if found != expected {
            wrong.push(format!("{capture} {call}: {found}, expected {expected}"));
        }
    }
    assert!(captures.len() >= 50, "{} captures", captures.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the text of a call of a fixture with explanations.
fn explained(capture: &str, row: u64) -> String {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(capture)).expect("a capture");
    let journey = journey(&file, CallChoice::Row(row)).expect("a call");
    let text = render(&journey, JourneyForm::Text(10_000), true);
    // Frames are not part of an answer.
    text.lines().map(|line| line.split("  [#").next().unwrap_or_default().to_owned() + "\n").collect()
}

#[test]
fn a_beginner_finds_the_answers_to_ten_questions() {
    let text = explained("journey/slow-lookup.pcap", 2);
    // Numbers are those that tshark prints: frames 3 to 5 and 10 to 12.
    let questions = [
        (
            "Which address has the host, and who knows it?",
            "Query A slow.shop.test to 10.0.0.2:53: NOERROR, 406 ms, 10.0.0.2",
        ),
        ("How long may the client keep it?", "to be kept for 300 seconds (TTL)"),
        ("Who began?", "The client, 10.0.0.1:50000, begins: SYN with x = 1391101681"),
        ("Which number did the server choose?", "SYN with y = 1763164526, and ACK of x+1 = 1391101682"),
        ("Why is the ACK x+1?", "A SYN counts as one byte, so the ACK of x is x+1"),
        (
            "What does PSH say?",
            "PSH on the last segment of a message says that the receiver should pass the data on at once",
        ),
        ("What took the time?", "1. The lookup of slow.shop.test took 406 ms."),
        (
            "How long did the server think?",
            "The first byte of the response came 9.1 ms after the last byte of the request.",
        ),
        ("Who closed?", "The client closed first: its side stays in TIME-WAIT."),
        (
            "Why TIME-WAIT?",
            "so that late copies do not reach a new connection with the same ports (RFC 9293 3.6, 3.6.1)",
        ),
    ];
    for (question, answer) in questions {
        assert!(text.contains(answer), "{question} {answer}\n{text}");
    }
    for step in ["Name lookup", "TCP handshake", "Request", "Server time", "Response", "Teardown"] {
        let after = text.split_once(&format!("\n{step}")).map(|(_, rest)| rest.lines().nth(1).unwrap_or_default());
        let explanation = after.filter(|line| line.starts_with("  | ") && line.contains("(RFC "));
        let sentences = explanation.map_or(0, |line| line.matches(". ").count() + 1);
        assert!(sentences >= 2, "{step}: {after:?}");
    }
}

#[test]
fn lookups_in_connections_are_part_of_the_journey() {
    // Addresses, names and times are those of tshark: frames 4 and 6, and frames 9 and 12 of the message over HTTPS.
    let tcp = explained("journey/lookup-tcp.pcap", 2);
    let query =
        "Query A www.shop.test to 10.0.0.2:53 over TCP: NOERROR, 1.9 ms, 10.0.0.2, to be kept for 300 seconds (TTL)";
    assert!(tcp.contains(query), "{tcp}");
    assert!(tcp.contains("The client connected to 10.0.0.2 3.4 ms later."), "{tcp}");
    let https = explained("journey/lookup-https.pcapng", 2);
    let query = "Query A www.shop.test to 10.0.0.2:443 over HTTP and TLS: No error, 47.0 ms, 10.0.0.2, to be kept for 300 seconds";
    assert!(https.contains(query), "{https}");
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journey/lookup-https.pcapng"));
    let phases = journey(&file.expect("a capture"), CallChoice::Row(2)).expect("a call").phases;
    let lookup = phases.first().filter(|phase| phase.kind == PhaseKind::Lookup).expect("a lookup");
    assert_eq!(lookup.length(), 46_975_000);
}

#[test]
fn the_windows_of_the_receiver_are_part_of_the_journey() {
    // The windows between frames 6 and 81 that tshark prints: from 67,584 to 101,376 bytes.
    let text = explained("journey/delay.pcap", 1);
    assert!(text.contains("The client offered a window of 67.6 kB to 101 kB meanwhile."), "{text}");
}

#[test]
fn text_of_the_wire_cannot_leave_its_place() {
    let segment = |from_client: bool, flags, seq, ack, data: &[u8]| {
        common::Segment { from_client, flags, seq, ack, data: data.to_vec() }.packet()
    };
    let request =
        b"GET /\x1b[2J<script>alert(1)</script>|`*_;#\" HTTP/1.1\r\nHost: a\x07.test\r\nX: </style>--x%%\r\n\r\n";
    let response = b"HTTP/1.1 200 <b>\x1b]0;title\x07\r\nContent-Length: 0\r\n\r\n";
    let (end, after) = (1 + request.len() as u32, 1 + response.len() as u32);
    let packets = [
        segment(true, common::SYN, 0, 0, b""),
        segment(false, common::SYN | common::ACK, 0, 1, b""),
        segment(true, common::ACK, 1, 1, b""),
        segment(true, common::PSH | common::ACK, 1, 1, request),
        segment(false, common::PSH | common::ACK, 1, end, response),
        segment(true, common::FIN | common::ACK, end, after, b""),
    ];
    let journey = journey(&common::pcap(common::IPV4, &packets), CallChoice::Slowest).expect("a call");
    assert_consistent("hostile", &journey);
    assert_forms("hostile", &journey);
    let html = render(&journey, JourneyForm::Html, true);
    assert!(!html.contains("<script") && !html.contains("</style>--") && html.contains("&lt;script&gt;"), "{html}");
    let markdown = render(&journey, JourneyForm::Markdown, true);
    let before = markdown.split("```mermaid").next().unwrap_or_default();
    assert!(!before.contains("<script") || before.contains("\\<script"), "{before}");
    let mermaid = render(&journey, JourneyForm::Mermaid, true);
    assert!(mermaid.lines().skip(1).all(|line| line.starts_with("    ")), "{mermaid}");
    for form in [JourneyForm::Json, JourneyForm::Otlp] {
        let text = render(&journey, form, true);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    }
}

/// Returns a capture with the frames of one side of another one.
fn one_side(file: &[u8], address: &str) -> Vec<u8> {
    let mut out = file.get(..24).expect("a header of pcap").to_vec();
    let mut rest = file.get(24..).unwrap_or_default();
    let octets: Vec<u8> = address.split('.').map(|part| part.parse().expect("an octet")).collect();
    while let Some(length) = rest.get(8..12) {
        let length = 16 + u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        // The source address of IPv4 in Ethernet.
        if rest.get(16 + 26..16 + 30) == Some(&octets[..]) {
            out.extend_from_slice(&rest[..length]);
        }
        rest = &rest[length..];
    }
    out
}

#[test]
fn of_a_capture_of_one_side_nothing_is_stated_about_the_other() {
    let file =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http/keep-alive.pcap")).expect("a capture");
    let text = |address, row| {
        let journey = journey(&one_side(&file, address), CallChoice::Row(row)).expect("a call");
        assert_eq!(journey.verdicts, [], "{address}");
        render(&journey, JourneyForm::Text(110), false)
    };
    let client = text("10.0.0.1", 1);
    assert!(client.starts_with("GET 10.0.0.2/: response not captured in "), "{client}");
    assert!(client.contains("No frame of the server was captured") && !client.contains("sent no response"), "{client}");
    let server = text("10.0.0.2", 1);
    assert!(server.starts_with("Request not captured: 200, 375 B in "), "{server}");
}

#[test]
fn early_data_is_a_part_of_the_security_handshake() {
    // Frame 22 has the client hello with early_data and the request, frame 24 the encrypted extensions with early_data (tshark).
    let file =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls/early-data.pcapng")).expect("a capture");
    let step = |row| {
        let journey = journey(&file, CallChoice::Row(row)).expect("a call");
        let step = journey.steps.into_iter().find(|step| step.kind == StepKind::Secure).expect("a handshake");
        step.statements.into_iter().find(|statement| statement.text.contains("0-RTT"))
    };
    let statement = step(2).expect("early data");
    assert_eq!(statement.frames, [22, 24]);
    assert!(statement.text.contains("and the server accepts it"), "{}", statement.text);
    assert_eq!(step(1), None);
}

#[test]
fn early_data_of_quic_is_accepted_in_the_datagram_of_the_response() {
    // Frame 24 has the client hello with early_data and the request, frame 25 the encrypted extensions with early_data (tshark) and
    // the response.
    let statements = statements("http3/resumption.pcapng", 5, StepKind::Secure);
    let (text, frames) = statements.iter().find(|(text, _)| text.contains("0-RTT")).expect("early data");
    assert!(text.contains("and the server accepts it"), "{text}");
    assert_eq!(*frames, [24, 25]);
    assert!(statements.iter().any(|(text, frames)| text.starts_with("The server selects TLS 1.3") && *frames == [25]));
}

#[test]
fn early_data_of_quic_is_rejected_by_encrypted_extensions_without_it() {
    // Frame 9 has the client hello with early_data, frame 10 the encrypted extensions without it, and frame 13 a session ticket with the
    // extension (tshark 4.4).
    let statements = statements("http3/rejection.pcapng", 2, StepKind::Secure);
    let (text, frames) = statements.iter().find(|(text, _)| text.contains("0-RTT")).expect("early data");
    assert!(text.contains("and the server rejects it"), "{text}");
    assert_eq!(*frames, [9, 10]);
}

#[test]
fn a_late_datagram_of_the_server_does_not_swap_the_sides_of_quic() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http3/get.pcapng");
    let file = std::fs::read(path).expect("a capture");
    // Type and length of a block (pcapng, 3.1); an Enhanced Packet Block has its times at 12 to 20.
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("4 bytes")) as usize;
    let mut packets = Vec::new();
    let mut at = 0;
    while at < file.len() {
        if word(at) == 6 {
            packets.push(at);
        }
        at += word(at + 4);
    }
    // Frame 15 is one of the server with a short header (tshark).
    let (first, late) = (packets[0], packets[14]);
    let mut block = file[late..late + word(late + 4)].to_vec();
    block[12..20].copy_from_slice(&file[first + 12..first + 20]);
    let swapped = [&file[..first], &block, &file[first..]].concat();
    let texts = |file: &[u8]| {
        let journey = journey(file, CallChoice::Row(1)).expect("a call");
        let arrows: Vec<_> = journey.diagram.arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
        let statements = journey.steps.into_iter().flat_map(|step| step.statements);
        (statements.map(|statement| statement.text).collect::<Vec<_>>(), arrows)
    };
    assert_eq!(texts(&swapped), texts(&file));
}

#[test]
fn the_use_of_a_connection_names_the_call_before() {
    let keep_alive = explained("http/keep-alive.pcap", 2);
    assert!(keep_alive.contains("This is call 2 of 4 on its connection."), "{keep_alive}");
    assert!(keep_alive.contains("The call before it, GET /, had ended "), "{keep_alive}");
    let message = explained("websocket/node.pcap", 2);
    assert!(message.contains("An earlier call, GET /feed, opened the channel that carries it."), "{message}");
    // Calls 7 to 9 of the page, at the same time: the first of them ended 101 ms after the last began.
    let multiplexed = explained("journey/shop.pcapng", 44);
    assert!(multiplexed.contains("An earlier call, GET /report?n=7, was not complete when it began"), "{multiplexed}");
}

/// Returns the statements of a step of a call.
fn statements(capture: &str, row: u64, kind: StepKind) -> Vec<(String, Vec<u32>)> {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(capture)).expect("a capture");
    let journey = journey(&file, CallChoice::Row(row)).expect("a call");
    let step = journey.steps.into_iter().find(|step| step.kind == kind);
    let statements = step.map(|step| step.statements).unwrap_or_default();
    statements.into_iter().map(|statement| (statement.text, statement.frames)).collect()
}

fn has(statements: &[(String, Vec<u32>)], text: &str, frames: &[u32]) -> bool {
    statements.iter().any(|(other, evidence)| other.contains(text) && evidence == frames)
}

#[test]
fn a_connection_of_quic_has_its_handshake_its_calls_and_its_end() {
    // Frames as tshark 4.4 shows them: 3 is a Retry packet, 2 and 9 have the client hello, 35 has CONNECTION_CLOSE.
    let secure = statements("http3/nginx-retry.pcapng", 1, StepKind::Secure);
    assert!(has(&secure, "begin again with a token (Retry)", &[3]), "{secure:?}");
    assert!(secure.iter().any(|(text, _)| text == "The connection is one of QUIC, version 1."), "{secure:?}");
    assert!(secure.iter().any(|(text, _)| text.starts_with("The QUIC and TLS handshake took ")), "{secure:?}");
    let close = statements("http3/nginx-retry.pcapng", 1, StepKind::Close);
    assert!(has(&close, "The client closes the connection: no error.", &[35]), "{close:?}");
    // Frame 9 closes with the application error 0x102 and the reason "out of order".
    let close = statements("http3/closes.pcapng", 2, StepKind::Close);
    assert!(has(&close, "The server closes the connection: H3_INTERNAL_ERROR, \"out of order\".", &[9]), "{close:?}");
    let reuse = statements("http3/resets.pcapng", 2, StepKind::Reuse);
    assert!(has(&reuse, "This is call 2 of 5 on its connection.", &[11]), "{reuse:?}");
    // The server hello in frame 13 has the extension pre_shared_key.
    let resumed = statements("http3/resumption.pcapng", 3, StepKind::Secure);
    assert!(has(&resumed, "The keys of an earlier handshake are used again (resumption).", &[13]), "{resumed:?}");
    let negotiated = statements("http3/version-negotiation.pcapng", 1, StepKind::Secure);
    assert!(has(&negotiated, "offers versions 1 and 2", &[2]), "{negotiated:?}");
}

#[test]
fn a_call_that_was_given_up_waits_until_then() {
    // The client resets stream 12 in frame 26, 50.534 ms after frame 20 with the request (tshark).
    let wait = statements("http3/resets.pcapng", 4, StepKind::Wait);
    assert!(has(&wait, "The server sent no response in 50.5 ms.", &[20, 26]), "{wait:?}");
    let request = statements("http3/resets.pcapng", 4, StepKind::Request);
    assert!(request.iter().any(|(text, _)| text.ends_with(": the message is incomplete.")), "{request:?}");
}

#[test]
fn of_a_response_that_cannot_be_read_nothing_is_stated() {
    // The key log has the secrets of the client only.
    let wait = statements("http3/half-keys.pcapng", 1, StepKind::Wait);
    let text = "No response of the server could be read, so when it responded is not known.";
    assert!(has(&wait, text, &[]), "{wait:?}");
    let whole = explained("http3/half-keys.pcapng", 1);
    assert!(whole.contains("response not read") && !whole.contains("sent no response"), "{whole}");
}

#[test]
fn lookups_are_those_of_the_client_that_gave_the_address() {
    // Call 7 is from 127.0.0.1 to itself; frame 1 is a query of the browser. Call 44 uses the lookup of frames 115 and 116, which
    // repeats that of frames 1 and 2.
    let foreign = statements("journey/shop.pcapng", 7, StepKind::Lookup);
    assert!(foreign.len() == 1 && has(&foreign, "No lookup of www.shop.test was captured", &[]), "{foreign:?}");
    let replaced = statements("journey/shop.pcapng", 44, StepKind::Lookup);
    assert!(has(&replaced, "Query A www.shop.test", &[115, 116]) && replaced.len() == 2, "{replaced:?}");
}

#[test]
fn the_diagram_of_a_call_has_the_handshakes_and_no_data_of_other_calls() {
    // Frames 122 and 124 complete the handshake of TLS; 130 to 195 have messages of other calls on the connection.
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journey/shop.pcapng"));
    let journey = journey(&file.expect("a capture"), CallChoice::Row(44)).expect("a call");
    let frames: Vec<u32> = journey.diagram.arrows.iter().map(|arrow| arrow.frame).collect();
    assert_eq!(frames, [115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 128, 129, 204, 205, 206, 207]);
    let label =
        |frame| journey.diagram.arrows.iter().find(|arrow| arrow.frame == frame).map(|arrow| arrow.label.as_str());
    assert!(label(122).is_some_and(|label| label.starts_with("Server Hello, ")), "{:?}", label(122));
    assert!(label(124).is_some_and(|label| label.starts_with("Finished: ")), "{:?}", label(124));
    assert!(label(128).is_some_and(|label| label.starts_with("GET /report?n=9: ")), "{:?}", label(128));
    // Calls 36 and 40 began before the end of each other: the connection does not stay open for them.
    let close = statements("journey/shop.pcapng", 40, StepKind::Close);
    assert!(close.iter().all(|(text, _)| !text.contains("stays open")), "{close:?}");
}

#[test]
fn the_first_line_names_the_time_of_the_call_and_that_of_the_journey() {
    let text = explained("journey/shop.pcapng", 40);
    assert!(
        text.starts_with("GET www.shop.test/report?n=7: 200, 15 B in 101 ms (109 ms with lookup and handshakes)\n"),
        "{text}"
    );
    let text = explained("journey/shop.pcapng", 44);
    assert!(text.starts_with("GET www.shop.test/report?n=9: 200, 15 B in 106 ms\n"), "{text}");
}

#[test]
fn a_call_after_a_migration_states_the_new_endpoints() {
    // The client sends the request of call 4 from port 50020, in frame 22 (tshark: udp.srcport).
    let reuse = statements("http3/migration.pcapng", 4, StepKind::Reuse);
    let moved = |text: &(String, Vec<u32>)| text.0.contains("between 10.0.0.1:50020 and 10.0.0.2:443");
    assert!(reuse.iter().any(moved), "{reuse:?}");
    let first = statements("http3/get.pcapng", 1, StepKind::Secure);
    assert!(first.iter().all(|(text, _)| !text.contains("changed its path")), "{first:?}");
}

#[test]
fn a_connection_of_quic_without_keys_has_a_handshake_and_an_unknown_rest() {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http3/no-keys.pcapng"));
    let journey = journey(&file.expect("a capture"), CallChoice::Row(1)).expect("a call");
    let phases: Vec<_> = journey.phases.iter().map(|phase| phase.kind.label()).collect();
    assert_eq!(phases, ["secure", "unknown"]);
}

#[test]
fn a_limit_of_quic_that_stops_a_call_is_a_verdict() {
    // STREAM_DATA_BLOCKED in frames 8 and 17, MAX_STREAM_DATA in frames 11 and 19 (tshark 4.4): 37.269 ms and 36.022 ms.
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http3/flow-control.pcapng"));
    let journey = journey(&file.expect("a capture"), CallChoice::Row(1)).expect("a call");
    let verdicts = journey.verdicts.iter().filter(|verdict| verdict.kind == VerdictKind::FlowControl);
    let found: Vec<_> = verdicts.map(|verdict| (verdict.nanos / 1000, verdict.statement.frames.clone())).collect();
    assert_eq!(found, [(73_291, vec![8, 11, 17, 19])]);
}

#[test]
fn data_of_quic_that_was_sent_again_is_a_verdict() {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http3/lossy.pcapng"));
    let found = journey(&file.expect("a capture"), CallChoice::Row(1)).expect("a call").verdicts;
    assert!(found.iter().any(|verdict| verdict.kind == VerdictKind::Retransmission), "{found:?}");
    // Copies of packets are no data that was sent again: they have the same packet number.
    for name in ["download-repeated", "download-reordered", "get"] {
        let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/http3/{name}.pcapng")));
        let found = journey(&file.expect("a capture"), CallChoice::Row(1)).expect("a call").verdicts;
        assert!(found.iter().all(|verdict| verdict.kind != VerdictKind::Retransmission), "{name}: {found:?}");
    }
}

#[test]
fn a_handshake_that_does_not_complete_takes_no_time() {
    // The server refuses the protocol (tshark 4.4: quic.cc.error_code.tls_alert is 120 in frame 19).
    let text = explained("http3/closes.pcapng", 4);
    assert!(text.contains("The QUIC and TLS handshake did not complete."), "{text}");
    assert!(!text.contains("handshake took") && !text.contains("before the request was complete"), "{text}");
}

#[test]
fn whether_a_connection_was_closed_is_not_known_without_its_keys() {
    let text = explained("http3/no-keys.pcapng", 1);
    assert!(
        text.contains("Whether a side closed the connection is not known: its last packets are encrypted."),
        "{text}"
    );
}

#[test]
fn the_protocol_of_a_tunnel_is_part_of_its_request() {
    // As fixtures/programs/h3_client.py sends it.
    let text = explained("http3/tunnels.pcapng", 2);
    assert!(text.contains("It opens a tunnel of the protocol webtransport (extended CONNECT)."), "{text}");
}
