//! Damaged captures and senseless questions: every question is answered, nothing panics, nothing steers a terminal.

use crate::common::{self, Random};
use crate::desk::{Desk, written};
use overhear::browse::{Answer, Ask, Needle, Place};

/// A random question.
fn ask(frames: u64, random: &mut Random) -> Ask {
    let mut frame = || random.below(frames + 3) as u32;
    let (one, two, three) = (frame(), frame(), frame());
    let place = [Place::Row, Place::Tree, Place::Bytes][random.below(3) as usize];
    match random.below(9) {
        0 | 1 => Ask::Rows { frames: vec![one, two, three, one, u32::MAX], fields: vec![&dissectors::tcp::PAYLOAD] },
        2 | 3 => Ask::Frame(one),
        4 => Ask::Ladder { stream: one % 7, from: two as usize },
        5 => Ask::Call(two as usize % 7),
        6 => Ask::Follow(three % 7),
        7 => Ask::Find {
            what: Needle::Text(["a", "HTTP", "\u{0}", "nowhere to be found"][random.below(4) as usize].into()),
            place,
            from: one,
            back: random.chance(50),
            among: None,
            turn: 1,
        },
        _ => {
            let filters = ["tcp.len > 3", "http.response_in", "udp", "status == 200", "frame.number == 2", "x ="];
            Ask::Sift { filter: filters[random.below(6) as usize].into(), turn: 2 }
        }
    }
}

/// All that an answer says in words.
fn words(answer: &Answer) -> Vec<&str> {
    match answer {
        Answer::Rows(rows) => {
            rows.iter().flat_map(|row| [row.source.as_str(), &row.destination, row.protocol, &row.info]).collect()
        }
        Answer::Frame(frame) => {
            frame.lines.iter().flat_map(|line| [line.text.as_str(), &line.value, &line.filter]).collect()
        }
        Answer::Ladder(ladder) => {
            ladder.rungs.iter().flat_map(|rung| [rung.flags.as_str(), &rung.words, &rung.aside]).collect()
        }
        Answer::Call { told, .. } => {
            let messages = told.request.iter().chain(&told.response);
            let lines = messages.flat_map(|message| message.head.iter().chain(&message.body).chain([&message.kind]));
            lines.chain(told.curl.iter().flat_map(|curl| curl.as_ref().ok())).map(String::as_str).collect()
        }
        Answer::Follow { said, .. } => said.iter().flat_map(|said| &said.lines).map(String::as_str).collect(),
        Answer::Unread { why: wrong, .. } | Answer::Failed(wrong) => wrong.lines().collect(),
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
            let is_search = matches!(ask, Ask::Sift { .. } | Ask::Find { .. });
            desk.post(ask);
            loop {
                let Some(answer) = desk.hear() else { continue };
                for word in words(&answer) {
                    assert!(!word.contains(char::is_control), "{name}: {word:?}");
                    told += 1;
                }
                let goes_on = matches!(answer, Answer::Sifted { done: false, .. } | Answer::Seeking { .. });
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
        desk.post(Ask::Sift { filter: "tcp.len > 0".into(), turn });
        desk.post(Ask::EndSift);
    }
    desk.post(Ask::Sift { filter: "frame.number == 1".into(), turn: 999 });
    loop {
        if let Some(Answer::Sifted { turn: 999, frames, done: true, .. }) = desk.hear() {
            assert_eq!(frames.len(), desk.index.frames.len().min(1));
            break;
        }
    }
}
