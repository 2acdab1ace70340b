//! Exchanges and their frames of the captures in `fixtures/EXCHANGES.tsv`, which tshark or a person found.

use crate::common::events;
use dissectors::exchange::{Exchange, Transfer};
use dissectors::session::ConversationId;
use overhear::analysis::{Event, Task};
use std::collections::BTreeMap;
use std::path::Path;

/// Returns the exchanges of each capture of the table, without the column that says where a row is from.
fn labelled() -> BTreeMap<&'static str, Vec<String>> {
    let mut captures = BTreeMap::<_, Vec<_>>::new();
    let rows = include_str!("../fixtures/EXCHANGES.tsv").lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let (capture, exchange) = row.split_once('\t').expect("a capture");
        let (exchange, _) = exchange.rsplit_once('\t').expect("a source");
        captures.entry(capture).or_default().push(exchange.to_owned());
    }
    captures
}

/// Returns an exchange as a row of the table.
fn row(exchange: &Exchange) -> String {
    let stream = match exchange.id.conversation {
        ConversationId::Tcp(number) => number.to_string(),
        ConversationId::Udp(number) => format!("udp {number}"),
    };
    let protocol = exchange.named_protocol();
    let text = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let frame = |half: Option<Transfer>| half.map_or("-".to_owned(), |half| half.last.frame.to_string());
    let (target, status) = (text(&exchange.target), text(&exchange.status));
    [protocol.to_owned(), stream, target, status, frame(exchange.request), frame(exchange.response)].join("\t")
}

#[test]
fn each_exchange_has_the_frames_of_its_label() {
    let labelled = labelled();
    assert!(labelled.len() >= 40, "{} captures", labelled.len());
    for (capture, mut expected) in labelled {
        let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(capture));
        let task = Task { exchanges: true, ends: true, ..Task::default() };
        let calls = events(file.expect("a capture"), task).into_iter();
        let mut found: Vec<_> = calls
            .filter_map(|event| if let Event::Call(call) = event { Some(row(&call.exchange)) } else { None })
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{capture}");
    }
}
