//! Finding text, bytes or an expression, in rows, trees or bytes.

use super::list::Numbers;
use super::model::{Model, View};
use super::msg::Effect;
use super::sift::{Purpose, Typing};
use super::view;
use super::{edit::Line, seek, seek::Hit};
use crate::browse::{Ask, Needle, Place, pattern};
use regex::bytes::Regex;
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
    needle: Option<(Needle, Regex)>,
    /// Where it was last looked for.
    view: Option<View>,
    /// Where it was last found, among lines that may be longer than a row.
    pub(crate) hit: Option<Hit>,
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
            view: None,
            hit: None,
            seeking: None,
            here: None,
            line_in: None,
        }
    }
}

impl Search {
    /// What is looked for, if it was looked for in this view.
    pub(crate) fn seen_in(&self, view: View) -> Option<&Regex> {
        self.needle.as_ref().filter(|_| self.view == Some(view)).map(|(_, regex)| regex)
    }
}

/// The places that can be chosen from: where the words are not all known, and there is more than them.
pub(crate) fn place(model: &Model) -> Option<Place> {
    (model.view == View::Frames).then_some(model.search.place)
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
    let line = Line::selected(&model.search.text);
    model.typing = Some(Typing { line, ..Typing::new(Purpose::Find, "") });
}

pub(crate) fn next_kind(model: &mut Model) {
    model.search.kind = match model.search.kind {
        Kind::Text => Kind::Bytes,
        Kind::Bytes => Kind::Regex,
        Kind::Regex => Kind::Text,
    };
}

pub(crate) fn next_place(model: &mut Model) {
    if place(model).is_none() {
        return;
    }
    model.search.place = match model.search.place {
        Place::Row => Place::Tree,
        Place::Tree => Place::Bytes,
        Place::Bytes => Place::Row,
    };
}

/// What a text and a kind mean; or what is wrong.
fn needle(text: &str, kind: Kind) -> Result<(Needle, Regex), String> {
    let needle = match kind {
        Kind::Text => Needle::Text(text.to_owned()),
        Kind::Regex => Needle::Regex(text.to_owned()),
        Kind::Bytes => {
            let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b':' | b'-' | b'.')).collect();
            let pair = |pair: &[u8]| match pair {
                [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
                _ => None,
            };
            let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
            Needle::Bytes(bytes.ok_or("bytes are pairs of hexadecimal digits, such as 0d 0a")?)
        }
    };
    let regex = pattern(&needle)?;
    Ok((needle, regex))
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
    let Some((what, regex)) = model.search.needle.clone() else {
        begin(model);
        return Vec::new();
    };
    model.search.view = Some(model.view);
    match model.view {
        View::Frames => {
            let turn = model.next_turn();
            let from = model.frame_here().unwrap_or(0);
            model.search.seeking = Some((turn, from));
            let among = model.sifted.as_ref().map(|sifted| sifted.frames.clone());
            let place = model.search.place;
            vec![Effect::Ask(Ask::Find { what, place, from, back, among, turn })]
        }
        View::Call(_) | View::Follow(_) => {
            seek::seek(model, &regex, back);
            Vec::new()
        }
        view => {
            let (count, at) = (numbers(model).len(), list(model).at);
            model.search.here = Some(Here { view, at, left: count, back });
            step(model)
        }
    }
}

/// What is in the list of the view.
fn numbers(model: &Model) -> Numbers {
    match model.view {
        View::Calls => model.call_numbers(),
        View::Streams => model.stream_numbers(),
        View::Notes => model.note_numbers(),
        View::Ladder(_) => Numbers::All { first: 0, count: model.ladder.total() },
        View::Statistics => Numbers::All { first: 0, count: model.statistics.rows().len() },
        View::Frames | View::Call(_) | View::Follow(_) => Numbers::All { first: 0, count: 0 },
    }
}

/// Looks on through a list that is all known, for as many rows as take no time that anybody notices.
pub(crate) fn step(model: &mut Model) -> Vec<Effect> {
    let (Some(mut here), Some((_, regex))) = (model.search.here.take(), model.search.needle.clone()) else {
        return Vec::new();
    };
    let numbers = numbers(model);
    let count = numbers.len();
    // Another view is looked at by now, or another list.
    if here.view != model.view || count == 0 {
        return Vec::new();
    }
    for _ in 0..STEP.min(here.left) {
        here.at = if here.back { here.at.checked_sub(1).unwrap_or(count - 1) } else { (here.at + 1) % count };
        here.left -= 1;
        let number = numbers.at(here.at).unwrap_or(u32::MAX);
        let text = match model.view {
            View::Calls => view::calls::text(&model.index, number),
            View::Streams => view::streams::text(&model.index, number),
            View::Notes => view::notes::text(&model.index, number),
            View::Ladder(_) => view::ladder::text(model, here.at),
            View::Statistics => view::statistics::text(model, here.at),
            View::Frames | View::Call(_) | View::Follow(_) => String::new(),
        };
        if regex.is_match(text.as_bytes()) {
            list(model).put(here.at);
            match model.view {
                View::Calls => model.calls.choose(&numbers),
                View::Streams => model.streams.choose(&numbers),
                View::Notes => model.notes.roster.choose(&numbers),
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
    let part = model.ladder.part.as_ref().filter(|part| here.view == View::Ladder(part.stream));
    let these = match part {
        // Only those that are there can be looked at.
        Some(part) if part.rungs.len() < part.total => {
            format!(
                "the {} from #{} on",
                super::text::counted(part.rungs.len() as u64, "segment"),
                part.rungs.first().map_or(0, |rung| rung.frame)
            )
        }
        _ => "these rows".into(),
    };
    model.wrong(format!("{} is not in {these}", model.search.text));
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
    let (Some(opened), Some((_, regex))) = (&model.frames.opened, &model.search.needle) else { return };
    if model.search.line_in != Some(opened.frame) {
        return;
    }
    model.search.line_in = None;
    if let Some(place) = opened.lines.iter().position(|line| regex.is_match(line.text.as_bytes())) {
        model.frames.show_line(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_pairs_of_digits() {
        let bytes = |text| match needle(text, Kind::Bytes) {
            Ok((Needle::Bytes(bytes), _)) => Some(bytes),
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
        let has = |text, kind, line: &str| needle(text, kind).is_ok_and(|(_, regex)| regex.is_match(line.as_bytes()));
        assert!(has("LOG.in", Kind::Text, "/user/log.IN") && !has("log.in", Kind::Text, "/user/login"));
        assert!(has("us.r", Kind::Regex, "/user") && has("65 72", Kind::Bytes, "/user"));
    }
}
