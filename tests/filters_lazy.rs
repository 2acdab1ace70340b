//! A filter matches the same frames whatever else is recorded: with only the fields that it needs, and with all
//! fields.

use crate::common;

use dissectors::session::FirstPass;
use dissectors::{Tree, Value, Wants};
use overhear::analysis::{Analyzer, Prefilter, Task, is_known_early};
use overhear::filter::Filter;
use overhear::source::Capture;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

/// Filters beyond those on a single field, from all parts of the language.
const FILTERS: &[&str] = &[
    "tcp",
    "tcp.port == 80 and not tcp.flags.syn == 1",
    "tcp.stream eq 3",
    "frame.number <= 10",
    "ip.addr == 10.0.0.2 or ipv6",
    "frame contains \"sid=\"",
    "http contains \"HTTP\"",
    "tcp contains \"HTTP\" xor ip contains \"HTTP\"",
    "eth contains 00:00",
    "http.response.code >= 400 and tcp.analysis.retransmission",
    "http.request.uri matches \"log|items\"",
    "uri contains log or status == 200 or method == POST",
    "body contains a or query or url matches \"http\"",
    "path == \"/\" or host contains \"a\"",
    "port in {80, 8000..9000} and stream < 2",
    "ip.src#1 == 10.0.0.1 or ip.src#[-1] == 10.0.0.2",
    "tcp#2 or ip#2 or eth#2",
    "@tcp.srcport == 00:50 or @http.host contains 2e",
    "tcp[13] & 2 or ip[0] == 45 or frame[-1] == 00",
    "tcp.payload[0:4] == \"HTTP\" or http.request.method[0] == \"G\"",
    "len(tcp.payload) > 100 or count(tcp.port) == 2 and max(tcp.port) > 1000",
    "len(http) > 100 or len(ip) == 20",
    "string(tcp.port) matches \"^80\" or upper(http.host) contains A",
    "tcp.len + tcp.hdr_len > 100 and tcp.srcport - tcp.dstport > 0",
    "all tcp.port > 79 and any tcp.port != 80",
    "tcp.analysis.flags and not tcp.analysis.duplicate_ack",
    "tcp.analysis.initial_rtt < 0.01 or tcp.analysis.ack_rtt > 0.0001",
    "tcp.completeness == 31 or tcp.completeness.rst == 1",
    "http.response_in or http.request_in",
    "http.time > 0.001 or http.time_to_first_byte < 1",
    "tcp.reassembled_in or tcp.segment or tcp.segment.count > 1 or tcp.reassembled.length > 100",
    "frame.protocols contains \"tcp:http\" or frame.protocols contains \"data\"",
    "_ws.col.info contains \"GET\" or _ws.col.protocol == \"TCP\"",
    "_ws.col.def_src == \"10.0.0.1\" or _ws.col.number == \"3\"",
    "frame.time_relative > 0.01 and frame.time_delta < 0.001",
    "_ws.malformed or _ws.short",
    "_ws.expert and _ws.expert.severity == chat",
    "_ws.expert.message contains \"SYN\" or _ws.expert.severity >= Warning",
    "http.content_type contains json or json or data",
    "udp.stream == 0 or icmp or arp or ip.flags.mf == 1",
    // Part of these is decided before messages are parsed, for most frames.
    "ip.src == 10.0.0.2 and http.response",
    "tcp.port == 80 and http.request.uri contains \"a\"",
    "tcp.analysis.flags and http",
    "http.response.code >= 200 and tcp.analysis.initial_rtt",
    "tcp.len > 0 and (tcp.stream in {0..1} and status == 200) and frame.number > 5",
    "http.request_in and tcp.flags.fin == 1",
    "http.time and tcp.srcport < 10000 and http.time_to_first_byte",
    "body contains a and tcp.flags.push == 1",
    "http.host and frame contains \"Host\" and not http.request.method == GET",
    "data and tcp.dstport > 1000",
    "tcp.gap and tcp.len > 0",
    "tcp.segment.count > 1 and tcp.flags.push == 0",
    "frame.protocols contains http and tcp.window_size > 1000",
    "_ws.expert.severity == Warning and tcp.len > 100",
];

/// Returns the numbers of the matching frames, with these fields recorded. Frames that the prefilter excludes have
/// fewer fields.
fn matching(
    capture: &[u8],
    wants: &Wants,
    first_pass: &FirstPass,
    prefilter: Option<Prefilter>,
    filters: &[&Filter],
) -> Vec<Vec<u32>> {
    let mut capture = Capture::from_reader("fixture", Cursor::new(capture.to_vec())).expect("a capture");
    let task = Task { wants: wants.clone(), ..Task::default() };
    let mut analyzer = Analyzer::with_first_pass(task, first_pass.clone()).with_prefilter(prefilter);
    let mut matching = vec![Vec::new(); filters.len()];
    // Of a truncated fixture, the readable frames count.
    while let Ok(Some(frame)) = capture.next() {
        let tree = analyzer.dissect(&frame);
        for (filter, matching) in filters.iter().zip(&mut matching) {
            if filter.matches(tree) {
                matching.push(frame.number);
            }
        }
        analyzer.events();
    }
    matching
}

fn first_pass(capture: &[u8]) -> FirstPass {
    let mut capture = Capture::from_reader("fixture", Cursor::new(capture.to_vec())).expect("a capture");
    let mut analyzer = Analyzer::new(Task { collect: true, ..Task::default() });
    while let Ok(Some(frame)) = capture.next() {
        analyzer.dissect(&frame);
        analyzer.events();
    }
    analyzer.finish();
    analyzer.into_first_pass()
}

/// Returns all names of fields in a capture.
fn seen(capture: &[u8]) -> BTreeSet<&'static str> {
    let mut capture = Capture::from_reader("fixture", Cursor::new(capture.to_vec())).expect("a capture");
    let mut analyzer = Analyzer::new(Task { wants: Wants::everything(), ..Task::default() });
    let mut seen = BTreeSet::new();
    while let Ok(Some(frame)) = capture.next() {
        seen.extend(analyzer.dissect(&frame).nodes().iter().map(|node| node.field.name));
    }
    seen
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let own = |(name, _): &(String, Vec<u8>)| name.contains("/fixtures/") && !name.contains("shared");
    let readable = |(_, bytes): &(String, Vec<u8>)| Capture::from_reader("fixture", Cursor::new(bytes.clone())).is_ok();
    common::captures().into_iter().filter(own).filter(readable).collect()
}

fn check(name: &str, capture: &[u8], filters: &[&str]) -> usize {
    let read = |filter: &&str| Filter::new(filter).map_err(|fault| fault.display(filter).to_string());
    let made: Vec<Filter> = filters.iter().map(read).collect::<Result<_, _>>().expect("filters");
    let all: Vec<&Filter> = made.iter().collect();
    let first_pass = first_pass(capture);
    let plain = matching(capture, &Wants::everything(), &first_pass, None, &all);
    for (nth, filter) in made.into_iter().enumerate() {
        let lazy = matching(capture, &filter.wants(), &first_pass, None, &[&filter]);
        assert_eq!(lazy[0], plain[nth], "{name}: {}", filters[nth]);
        let filter = Arc::new(filter.with_early_fields(is_known_early));
        if filter.is_partly_early() {
            let early = Arc::clone(&filter);
            let prefilter: Prefilter = Arc::new(move |tree| early.may_match(tree));
            let lazy = matching(capture, &filter.wants(), &first_pass, Some(prefilter), &[&filter]);
            assert_eq!(lazy[0], plain[nth], "{name}: {}, with the prefilter", filters[nth]);
        }
    }
    plain.iter().filter(|matching| !matching.is_empty()).count()
}

#[test]
fn filters_of_all_kinds_match_the_same_frames_whatever_else_is_recorded() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 50, "the fixtures were not found");
    let selected =
        |name: &str| FILTERS.iter().copied().filter(|text| common::is_selected(name, text, 2)).collect::<Vec<_>>();
    let matched: usize = fixtures.iter().map(|(name, bytes)| check(name, bytes, &selected(name))).sum();
    assert!(matched > 500, "only {matched} filters matched anything");
}

#[test]
fn every_field_is_matched_by_a_filter_that_records_nothing_else() {
    // Each field in the first capture that has it, and in a sixth of the others.
    let mut known = BTreeSet::new();
    for (name, bytes) in fixtures().into_iter().filter(|(_, bytes)| bytes.len() < 100_000) {
        let mut names: Vec<_> = seen(&bytes).into_iter().collect();
        names.retain(|field| known.insert(*field) || common::is_selected(&name, field, 6));
        check(&name, &bytes, &names);
    }
}

/// Returns the fields that are known early, with their values.
fn early(tree: &Tree) -> Vec<(&'static str, Value)> {
    let nodes = tree.nodes().iter().filter(|node| is_known_early(node.field));
    nodes.map(|node| (node.field.name, node.value)).collect()
}

#[test]
fn early_fields_of_a_segment_are_complete_before_messages_are_parsed() {
    let mut segments = 0;
    for (name, bytes) in fixtures() {
        let mut capture = Capture::from_reader("fixture", Cursor::new(bytes)).expect("a capture");
        let seen = Arc::new(Mutex::new(None));
        let inside = Arc::clone(&seen);
        let prefilter: Prefilter =
            Arc::new(move |tree| inside.lock().expect("one thread").replace(early(tree)).is_none());
        let mut analyzer =
            Analyzer::new(Task { wants: Wants::everything(), ..Task::default() }).with_prefilter(Some(prefilter));
        while let Ok(Some(frame)) = capture.next() {
            let at_last = early(analyzer.dissect(&frame));
            let Some(before) = seen.lock().expect("one thread").take() else { continue };
            let more = at_last.iter().find(|fact| !before.contains(fact));
            assert!(before == at_last, "{name} frame {}: {more:?}", frame.number);
            segments += 1;
        }
    }
    assert!(segments > 1000, "{segments} segments");
}
