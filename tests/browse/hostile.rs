//! Damaged captures and random requests: every request gets a response, nothing panics, no control character is shown.

use super::test_browser::{TestBrowser, written};
use crate::common::{self, Random};
use dissectors::session::ConversationId;
use overhear::browse::{BrowseEvent, BrowseRequest, FollowedData, Needle, SearchTarget, StreamPosition};

/// Returns a random request.
fn random_request(frames: u64, random: &mut Random) -> BrowseRequest {
    let mut frame = || random.below(frames + 3) as u32;
    let (one, two, three) = (frame(), frame(), frame());
    let place = [SearchTarget::Row, SearchTarget::Tree, SearchTarget::Bytes][random.below(3) as usize];
    let at = if random.chance(50) { StreamPosition::Offset(two.into()) } else { StreamPosition::Frame(three) };
    match random.below(9) {
        0 | 1 => BrowseRequest::Rows {
            frames: vec![one, two, three, one, u32::MAX],
            fields: vec![&dissectors::tcp::PAYLOAD],
        },
        2 | 3 => BrowseRequest::Frame(one),
        4 => BrowseRequest::Ladder { conversation: ConversationId::Tcp(one % 7), at },
        5 => BrowseRequest::Call(two as usize % 7),
        6 => BrowseRequest::Follow {
            data: FollowedData {
                conversation: if two % 2 == 0 {
                    ConversationId::Tcp(three % 7)
                } else {
                    ConversationId::Udp(three % 3)
                },
                has_messages: one % 2 == 0,
            },
            at,
        },
        7 => BrowseRequest::Find {
            needle: Needle::Text(["a", "HTTP", "\u{0}", "nowhere to be found"][random.below(4) as usize].into()),
            target: place,
            from: one,
            backward: random.chance(50),
            frames: None,
            id: 1,
        },
        _ => {
            let filters = ["tcp.len > 3", "http.response_in", "udp", "status == 200", "frame.number == 2", "x ="];
            BrowseRequest::Filter { filter: filters[random.below(6) as usize].into(), id: 2 }
        }
    }
}

/// Returns all texts of an event.
fn texts(event: &BrowseEvent) -> Vec<&str> {
    match event {
        BrowseEvent::Rows(rows) => {
            rows.iter().flat_map(|row| [row.source.as_str(), &row.destination, row.protocol, &row.info]).collect()
        }
        BrowseEvent::Frame(frame) => {
            frame.lines.iter().flat_map(|line| [line.text.as_str(), &line.value, &line.filter]).collect()
        }
        BrowseEvent::Ladder(ladder) => {
            ladder.rows.iter().flat_map(|row| [row.flags.as_str(), &row.label, &row.note]).collect()
        }
        BrowseEvent::Call { detail, .. } => {
            let messages = detail.request.iter().chain(&detail.response);
            let lines = messages.flat_map(|message| message.head.iter().chain(&message.body).chain([&message.kind]));
            lines.chain(detail.curl.iter().flat_map(|curl| curl.as_ref().ok())).map(String::as_str).collect()
        }
        BrowseEvent::Follow(window) => window.lines.iter().map(|line| line.text.as_str()).collect(),
        BrowseEvent::RequestFailed { error: wrong, .. } | BrowseEvent::Error(wrong) => wrong.lines().collect(),
        _ => Vec::new(),
    }
}

#[test]
fn random_requests_on_damaged_captures_get_responses() {
    let mut random = Random::new(7);
    let mut checked = 0;
    for (name, mut bytes) in common::captures() {
        if bytes.len() > 200_000 || bytes.is_empty() {
            continue;
        }
        match random.below(3) {
            0 => bytes.truncate(random.below(bytes.len() as u64) as usize),
            1 => {
                for _ in 0..1 + random.below(20) {
                    let at = random.below(bytes.len() as u64) as usize;
                    bytes[at] = random.next() as u8;
                }
            }
            _ => {}
        }
        let (_file, path) = written(&bytes);
        let mut browser = TestBrowser::open(&[path]);
        let frames = browser.index.frames.len() as u64;
        for _ in 0..12 {
            let request = random_request(frames, &mut random);
            let is_search = matches!(request, BrowseRequest::Filter { .. } | BrowseRequest::Find { .. });
            browser.send(request);
            loop {
                let Some(event) = browser.receive() else { continue };
                for text in texts(&event) {
                    assert!(!text.contains(char::is_control), "{name}: {text:?}");
                    checked += 1;
                }
                let is_partial =
                    matches!(event, BrowseEvent::FilterResult { done: false, .. } | BrowseEvent::FindProgress { .. });
                if !(is_search && is_partial) {
                    break;
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked} texts");
}

#[test]
fn a_newer_request_cancels_an_older_one_and_dropping_cancels_all() {
    let (_file, path) = written(&common::captures().swap_remove(0).1);
    let mut browser = TestBrowser::open(&[path]);
    for turn in 0..200 {
        browser.send(BrowseRequest::Filter { filter: "tcp.len > 0".into(), id: turn });
        browser.send(BrowseRequest::CancelFilter);
    }
    browser.send(BrowseRequest::Filter { filter: "frame.number == 1".into(), id: 999 });
    loop {
        if let Some(BrowseEvent::FilterResult { id: 999, frames, done: true, .. }) = browser.receive() {
            assert_eq!(frames.len(), browser.index.frames.len().min(1));
            break;
        }
    }
}
