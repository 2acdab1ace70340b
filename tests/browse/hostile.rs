//! Damaged captures and senseless questions: every question is answered, nothing panics, nothing steers a terminal.

use super::desk::{Desk, written};
use crate::common::{self, Random};
use overhear::browse::{BrowseEvent, BrowseRequest, Needle, SearchTarget};

/// A random question.
fn ask(frames: u64, random: &mut Random) -> BrowseRequest {
    let mut frame = || random.below(frames + 3) as u32;
    let (one, two, three) = (frame(), frame(), frame());
    let place = [SearchTarget::Row, SearchTarget::Tree, SearchTarget::Bytes][random.below(3) as usize];
    match random.below(9) {
        0 | 1 => BrowseRequest::Rows {
            frames: vec![one, two, three, one, u32::MAX],
            fields: vec![&dissectors::tcp::PAYLOAD],
        },
        2 | 3 => BrowseRequest::Frame(one),
        4 => BrowseRequest::Ladder { stream: one % 7, from: two as usize },
        5 => BrowseRequest::Call(two as usize % 7),
        6 => BrowseRequest::Follow(three % 7),
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

/// All that an answer says in words.
fn words(answer: &BrowseEvent) -> Vec<&str> {
    match answer {
        BrowseEvent::Rows(rows) => {
            rows.iter().flat_map(|row| [row.source.as_str(), &row.destination, row.protocol, &row.info]).collect()
        }
        BrowseEvent::Frame(frame) => {
            frame.lines.iter().flat_map(|line| [line.text.as_str(), &line.value, &line.filter]).collect()
        }
        BrowseEvent::Ladder(ladder) => {
            ladder.rows.iter().flat_map(|rung| [rung.flags.as_str(), &rung.label, &rung.note]).collect()
        }
        BrowseEvent::Call { detail: told, .. } => {
            let messages = told.request.iter().chain(&told.response);
            let lines = messages.flat_map(|message| message.head.iter().chain(&message.body).chain([&message.kind]));
            lines.chain(told.curl.iter().flat_map(|curl| curl.as_ref().ok())).map(String::as_str).collect()
        }
        BrowseEvent::Follow { blocks: said, .. } => {
            said.iter().flat_map(|said| &said.lines).map(String::as_str).collect()
        }
        BrowseEvent::RequestFailed { error: wrong, .. } | BrowseEvent::Error(wrong) => wrong.lines().collect(),
        _ => Vec::new(),
    }
}

#[test]
fn damaged_captures_are_asked_about() {
    let mut random = Random::new(7);
    let mut told = 0;
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
        let mut desk = Desk::open(&[path]);
        let frames = desk.index.frames.len() as u64;
        for _ in 0..12 {
            let ask = ask(frames, &mut random);
            let is_search = matches!(ask, BrowseRequest::Filter { .. } | BrowseRequest::Find { .. });
            desk.post(ask);
            loop {
                let Some(answer) = desk.hear() else { continue };
                for word in words(&answer) {
                    assert!(!word.contains(char::is_control), "{name}: {word:?}");
                    told += 1;
                }
                let goes_on =
                    matches!(answer, BrowseEvent::FilterResult { done: false, .. } | BrowseEvent::FindProgress { .. });
                if !(is_search && goes_on) {
                    break;
                }
            }
        }
    }
    assert!(told > 10_000, "{told} words");
}

#[test]
fn a_newer_question_ends_an_older_one_and_dropping_ends_all() {
    let (_file, path) = written(&common::captures().swap_remove(0).1);
    let mut desk = Desk::open(&[path]);
    for turn in 0..200 {
        desk.post(BrowseRequest::Filter { filter: "tcp.len > 0".into(), id: turn });
        desk.post(BrowseRequest::CancelFilter);
    }
    desk.post(BrowseRequest::Filter { filter: "frame.number == 1".into(), id: 999 });
    loop {
        if let Some(BrowseEvent::FilterResult { id: 999, frames, done: true, .. }) = desk.hear() {
            assert_eq!(frames.len(), desk.index.frames.len().min(1));
            break;
        }
    }
}
