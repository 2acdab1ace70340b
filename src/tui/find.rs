//! Finding text, bytes or an expression, in rows, trees or bytes.

use super::list::Numbers;
use super::model::{Model, View};
use super::msg::Effect;
use super::sift::{Purpose, Typing};
use super::view;
use crate::browse::{Ask, Needle, Place};
use std::ops::Range;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    #[default]
    Text,
    Bytes,
    Regex,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Bytes => "hex bytes",
            Kind::Regex => "expression",
        }
    }
}

/// What was looked for last.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    needle: Option<Needle>,
    /// The question that is not answered yet, and the frame it has come to.
    pub(crate) seeking: Option<(u64, u32)>,
    /// The next place to look at in a list that is all known, and how many are left.
    here: Option<Here>,
    /// The frame in whose tree the line is to be found.
    pub(crate) line_in: Option<u32>,
}

/// A search through a list that is all known.
#[derive(Clone, Copy, Debug)]
struct Here {
    view: View,
    at: usize,
    left: usize,
    back: bool,
}

/// Rows that are looked at before keys are.
const STEP: usize = 5_000;

impl Default for Search {
    fn default() -> Search {
        Search {
            text: String::new(),
            kind: Kind::Text,
            place: Place::Row,
            needle: None,
            seeking: None,
            here: None,
            line_in: None,
        }
    }
}

/// The words for a place.
pub(crate) fn place_word(place: Place) -> &'static str {
    match place {
        Place::Row => "rows",
        Place::Tree => "trees",
        Place::Bytes => "bytes",
    }
}

/// Begins to type what is looked for.
pub(crate) fn begin(model: &mut Model) {
    model.typing = Some(Typing::new(Purpose::Find, &model.search.text));
}

pub(crate) fn next_kind(model: &mut Model) {
    model.search.kind = match model.search.kind {
        Kind::Text => Kind::Bytes,
        Kind::Bytes => Kind::Regex,
        Kind::Regex => Kind::Text,
    };
}

pub(crate) fn next_place(model: &mut Model) {
    model.search.place = match model.search.place {
        Place::Row => Place::Tree,
        Place::Tree => Place::Bytes,
        Place::Bytes => Place::Row,
    };
}

/// What a text and a kind mean; or what is wrong.
fn needle(text: &str, kind: Kind) -> Result<Needle, String> {
    match kind {
        _ if text.is_empty() => Err("there is nothing to look for".into()),
        Kind::Text => Ok(Needle::Text(text.to_owned())),
        Kind::Regex => match regex::bytes::Regex::new(text) {
            Ok(_) => Ok(Needle::Regex(text.to_owned())),
            Err(error) => Err(error.to_string().lines().last().unwrap_or_default().trim().to_owned()),
        },
        Kind::Bytes => {
            let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b':' | b'-' | b'.')).collect();
            let pair = |pair: &[u8]| match pair {
                [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
                _ => None,
            };
            let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
            bytes.map(Needle::Bytes).ok_or_else(|| "bytes are pairs of hexadecimal digits, such as 0d 0a".into())
        }
    }
}

/// Looks for what was typed.
pub(crate) fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(typing) = &mut model.typing else { return Vec::new() };
    match needle(&typing.line.text, model.search.kind) {
        Err(wrong) => {
            typing.wrong = Some(wrong);
            Vec::new()
        }
        Ok(needle) => {
            model.search.text.clone_from(&typing.line.text);
            model.search.needle = Some(needle);
            model.typing = None;
            seek(model, false)
        }
    }
}

/// Looks for the next, or the one before.
pub(crate) fn seek(model: &mut Model, back: bool) -> Vec<Effect> {
    let Some(what) = model.search.needle.clone() else {
        begin(model);
        return Vec::new();
    };
    match model.view {
        View::Frames | View::Notes => {
            let turn = model.next_turn();
            let from = model.frame_here().unwrap_or(0);
            model.search.seeking = Some((turn, from));
            let among = model.sifted.as_ref().map(|sifted| sifted.frames.clone());
            let place = model.search.place;
            vec![Effect::Ask(Ask::Find { what, place, from, back, among, turn })]
        }
        view => {
            let (count, at) = (numbers(model).len(), list(model).at);
            model.search.here = Some(Here { view, at, left: count, back });
            step(model)
        }
    }
}

/// Whether a text has what is looked for.
fn matcher(needle: &Needle) -> Box<dyn Fn(&str) -> bool> {
    match needle {
        Needle::Bytes(bytes) => {
            let finder = memchr::memmem::Finder::new(bytes).into_owned();
            Box::new(move |text| finder.find(text.as_bytes()).is_some())
        }
        Needle::Text(text) => matching(&format!("(?i){}", regex::escape(text))),
        Needle::Regex(regex) => matching(regex),
    }
}

fn matching(regex: &str) -> Box<dyn Fn(&str) -> bool> {
    match regex::bytes::Regex::new(regex) {
        Ok(regex) => Box::new(move |text| regex.is_match(text.as_bytes())),
        Err(_) => Box::new(|_| false),
    }
}

/// What is in the list of the view.
fn numbers(model: &Model) -> Numbers {
    match model.view {
        View::Calls => model.call_numbers(),
        View::Streams => model.stream_numbers(),
        View::Follow(_) => Numbers::All { first: 0, count: model.follow.lines.len() },
        View::Ladder(_) => Numbers::All { first: 0, count: model.ladder.rungs.len() },
        View::Call(_) => Numbers::All { first: 0, count: super::call::len(model, model.opened.pane) },
        View::Statistics => Numbers::All { first: 0, count: model.statistics.rows().len() },
        View::Frames | View::Notes => Numbers::All { first: 0, count: 0 },
    }
}

/// Looks on through a list that is all known, for as many rows as take no time that anybody notices.
pub(crate) fn step(model: &mut Model) -> Vec<Effect> {
    let (Some(mut here), Some(needle)) = (model.search.here.take(), model.search.needle.clone()) else {
        return Vec::new();
    };
    let numbers = numbers(model);
    let count = numbers.len();
    // Another view is looked at by now, or another list.
    if here.view != model.view || count == 0 {
        return Vec::new();
    }
    let has = matcher(&needle);
    for _ in 0..STEP.min(here.left) {
        here.at = if here.back { here.at.checked_sub(1).unwrap_or(count - 1) } else { (here.at + 1) % count };
        here.left -= 1;
        let number = numbers.at(here.at).unwrap_or(u32::MAX);
        let found = has(&match model.view {
            View::Calls => view::calls::text(&model.index, number),
            View::Streams => view::streams::text(&model.index, number),
            View::Follow(_) => view::follow::text(model, here.at),
            View::Ladder(_) => view::ladder::text(model, here.at),
            View::Call(_) => view::call::text(model, here.at),
            View::Statistics => view::statistics::text(model, here.at),
            View::Frames | View::Notes => String::new(),
        });
        if found {
            list(model).put(here.at);
            match model.view {
                View::Calls => model.calls.choose(&numbers),
                View::Streams => model.streams.choose(&numbers),
                View::Statistics => model.statistics.choose(),
                _ => {}
            }
            return Vec::new();
        }
    }
    if here.left > 0 {
        model.search.here = Some(here);
        return vec![Effect::Continue];
    }
    model.wrong(format!("{} is not in these rows", model.search.text));
    Vec::new()
}

/// The list that the view scrolls.
fn list(model: &mut Model) -> &mut super::list::List {
    match model.view {
        View::Calls => &mut model.calls.list,
        View::Streams => &mut model.streams.list,
        View::Follow(_) => &mut model.follow.list,
        View::Ladder(_) => &mut model.ladder.list,
        View::Call(_) => model.opened.list_mut(),
        View::Frames => &mut model.frames.list,
        View::Statistics => model.statistics.list_mut(),
        View::Notes => &mut model.notes.roster.list,
    }
}

/// Goes where it was found.
pub(crate) fn answer(model: &mut Model, turn: u64, frame: Option<u32>, bytes: Option<Range<usize>>) {
    if model.search.seeking.is_none_or(|(asked, _)| asked != turn) {
        return;
    }
    model.search.seeking = None;
    let Some(frame) = frame else {
        return model.wrong(format!(
            "{} is not in the {} of these frames",
            model.search.text,
            place_word(model.search.place)
        ));
    };
    let again = model.frames.opened.as_ref().is_some_and(|opened| opened.frame == frame);
    model.show_frame(frame);
    model.frames.bytes.found = bytes.clone();
    model.search.line_in = (model.search.place == Place::Tree).then_some(frame);
    if again {
        if let Some(bytes) = bytes {
            model.frames.bytes.buffer = 0;
            model.frames.go_to_byte(bytes.start);
            model.frames.bytes.found = Some(bytes);
        }
        show_line(model);
    }
}

/// Puts the cursor of the tree on the line that was found, when the frame is there.
pub(crate) fn show_line(model: &mut Model) {
    let (Some(opened), Some(needle)) = (&model.frames.opened, &model.search.needle) else { return };
    if model.search.line_in != Some(opened.frame) {
        return;
    }
    model.search.line_in = None;
    let has = matcher(needle);
    if let Some(place) = opened.lines.iter().position(|line| has(&line.text)) {
        model.frames.show_line(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_pairs_of_digits() {
        let bytes = |text| match needle(text, Kind::Bytes) {
            Ok(Needle::Bytes(bytes)) => Some(bytes),
            _ => None,
        };
        assert_eq!(bytes("0d 0A"), Some(vec![13, 10]));
        assert_eq!(bytes("0d:0a-ff"), Some(vec![13, 10, 255]));
        assert_eq!(bytes("0d0"), None);
        assert_eq!(bytes("zz"), None);
        assert_eq!(bytes("é1"), None);
        assert!(needle("", Kind::Text).is_err() && needle("(", Kind::Regex).is_err());
    }

    #[test]
    fn text_is_found_in_either_case() {
        assert!(matcher(&Needle::Text("LOG.in".into()))("/user/log.IN"));
        assert!(!matcher(&Needle::Text("log.in".into()))("/user/login"));
        assert!(matcher(&Needle::Regex("us.r".into()))("/user"));
        assert!(matcher(&Needle::Bytes(b"er".to_vec()))("/user"));
    }
}
