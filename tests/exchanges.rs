//! Exchanges and their frames of the captures in `fixtures/EXCHANGES.tsv`, which tshark or a person found.

use crate::common::events;
use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::ConversationId;
use overhear::analysis::{Event, Task};
use std::collections::BTreeMap;
use std::path::Path;

/// Returns the exchanges of each capture of the table, without the column that says where a row is from.
fn labelled() -> BTreeMap<&'static str, Vec<Vec<&'static str>>> {
    let mut captures = BTreeMap::<_, Vec<_>>::new();
    let rows = include_str!("../fixtures/EXCHANGES.tsv").lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let (capture, exchange) = row.split_once('\t').expect("a capture");
        let mut cells: Vec<&str> = exchange.split('\t').collect();
        cells.remove(SOURCE);
        captures.entry(capture).or_default().push(cells);
    }
    captures
}

/// Position of the source of a row, after its capture.
const SOURCE: usize = 6;

/// Returns an exchange as a row of the table.
fn row(exchange: &Exchange) -> Vec<String> {
    let stream = match exchange.id.conversation {
        ConversationId::Tcp(number) => number.to_string(),
        ConversationId::Udp(number) => format!("udp {number}"),
    };
    let text = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let frame = |half: Option<Transfer>| half.map_or("-".to_owned(), |half| half.last.frame.to_string());
    let request = match exchange.request {
        // Queries are sent again; other requests have several segments.
        Some(sent) if stream.starts_with("udp") && sent.first.frame != sent.last.frame => {
            format!("{}-{}", sent.first.frame, sent.last.frame)
        }
        sent => frame(sent),
    };
    let size = exchange.response.map_or("-".to_owned(), |response| response.body.to_string());
    let protocol = exchange.named_protocol().to_owned();
    let (target, status, method) = (text(&exchange.target), text(&exchange.status), text(&exchange.method));
    vec![protocol, stream, target, status, request, frame(exchange.response), method, size]
}

#[test]
fn each_exchange_has_the_frames_of_its_label() {
    let labelled = labelled();
    assert!(labelled.len() >= 120, "{} captures", labelled.len());
    for (capture, mut expected) in labelled {
        let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(capture));
        let task = Task { exchanges: true, ends: true, ..Task::default() };
        let calls = events(file.expect("a capture"), task).into_iter();
        let mut found: Vec<_> = calls
            .filter_map(|event| if let Event::Call(call) = event { Some(row(&call.exchange)) } else { None })
            .collect();
        expected.sort_unstable();
        found.sort();
        let columns = expected.first().map_or(0, Vec::len);
        found.iter_mut().for_each(|row| row.truncate(columns));
        assert_eq!(found, expected, "{capture}");
    }
}
