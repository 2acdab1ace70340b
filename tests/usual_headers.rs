//! Frames are read in the same way whether their Ethernet and IP headers are recorded or not.

use crate::common;

use common::Random;
use dissectors::{Tree, Wants, ethernet, ipv4, ipv6, tcp, udp};
use overhear::analysis::{Analyzer, Task};
use overhear::source::Capture;
use std::io::Cursor;

/// Returns a wanted set with all fields of the headers besides.
fn with_headers(wants: &Wants) -> Wants {
    let mut wants = wants.clone();
    [&ethernet::ETH, &ipv4::IP, &ipv6::IPV6].into_iter().for_each(|header| wants.add(header));
    wants
}

/// Returns what a frame has beside the fields of its headers: columns, protocols, fields of TCP and UDP, conversations, events.
fn results(analyzer: &mut Analyzer, tree: &Tree) -> String {
    let columns = tree.columns();
    let ends = (columns.source, columns.destination, columns.protocol);
    let info = String::from_utf8_lossy(tree.bytes(columns.info)).into_owned();
    let is_transport = |protocol: u16| protocol == tcp::TCP.protocol || protocol == udp::UDP.protocol;
    let transport = tree.nodes().iter().filter(|node| is_transport(node.field.protocol));
    let nodes: Vec<_> = transport.map(|node| (node.field.name, node.span, node.value)).collect();
    let connections: Vec<_> =
        analyzer.connections().iter().map(|each| (each.conversation, each.has_data, each.side)).collect();
    let numbers = (analyzer.udp_conversations().to_vec(), analyzer.is_fragment(), analyzer.path().to_vec());
    let events: Vec<_> = analyzer.events().collect();
    format!("{ends:?} {info:?} {nodes:?} {connections:?} {numbers:?} {events:?}")
}

/// Returns the results of each frame of a capture. Some frames are damaged or cut, if there is a seed.
fn read(capture: &[u8], task: Task, seed: Option<u64>) -> Vec<String> {
    let mut random = seed.map(Random::new);
    let mut capture = Capture::from_reader("capture", Cursor::new(capture.to_vec())).expect("a capture");
    let mut analyzer = Analyzer::new(task);
    let mut all = Vec::new();
    while let Ok(Some(mut frame)) = capture.next() {
        let mut bytes = frame.bytes.to_vec();
        if let Some(random) = random.as_mut().filter(|_| !bytes.is_empty()) {
            if random.chance(30) {
                // In the headers: eight bits each, of up to 64 bytes.
                let at = random.below(bytes.len().min(64) as u64) as usize;
                bytes[at] ^= 1 << random.below(8);
            }
            if random.chance(10) {
                bytes.truncate(random.below(bytes.len() as u64) as usize);
            }
        }
        frame.bytes = &bytes;
        let tree = analyzer.dissect(&frame).clone();
        all.push(results(&mut analyzer, &tree));
    }
    all
}

#[test]
fn headers_that_are_not_recorded_change_nothing_else() {
    let mut transport = Wants::default();
    [&tcp::SRCPORT, &tcp::SEQ, &tcp::LEN, &tcp::PAYLOAD, &udp::SRCPORT, &udp::STREAM]
        .into_iter()
        .for_each(|field| transport.add(field));
    let tasks = [
        Task { wants: Wants::only_columns(), ..Task::default() },
        Task { exchanges: true, streams: true, connections: true, ..Task::default() },
        Task { wants: transport, exchanges: true, ..Task::default() },
    ];
    let is_readable = |bytes: &Vec<u8>| Capture::from_reader("capture", Cursor::new(bytes.clone())).is_ok();
    let mut frames = 0;
    for (name, bytes) in common::captures().into_iter().filter(|(_, bytes)| bytes.len() < 500_000 && is_readable(bytes))
    {
        for (nth, task) in tasks.iter().enumerate() {
            for seed in [None, Some(17)] {
                let recorded = Task { wants: with_headers(&task.wants), ..task.clone() };
                let (without, with) = (read(&bytes, task.clone(), seed), read(&bytes, recorded, seed));
                let differing = without.iter().zip(&with).position(|(without, with)| without != with);
                if let Some(at) = differing {
                    panic!("{name}, task {nth}, seed {seed:?}, frame {}:\n{}\n{}", at + 1, without[at], with[at]);
                }
                frames += without.len();
            }
        }
    }
    assert!(frames > 10_000, "only {frames} frames");
}
