//! The filter of all views: typing it, with completion and with what is wrong, and what it lets through.

use super::edit::Line;
use super::keys::Edit;
use super::list::Numbers;
use super::model::{Model, View};
use super::msg::Effect;
use super::view;
use crate::browse::{Ask, State};
use crate::filter::{Fault, Filter, SUGAR};
use std::ops::Range;
use std::sync::Arc;

/// Completions that are kept.
const MOST: usize = 200;

/// Filters that are remembered.
const MOST_HISTORY: usize = 100;

/// What a filter has let through so far.
#[derive(Debug)]
pub(crate) struct Sifted {
    pub(crate) text: Arc<str>,
    /// What of it is hardly meant.
    pub(crate) warnings: Vec<Fault>,
    pub(crate) turn: u64,
    pub(crate) frames: Arc<Vec<u32>>,
    /// Calls, by their place in the index.
    pub(crate) calls: Arc<Vec<u32>>,
    pub(crate) streams: Arc<Vec<u32>>,
    /// The frames up to this one were asked.
    pub(crate) upto: u32,
    pub(crate) done: bool,
}

/// What a line is typed for.
#[derive(Debug)]
pub(crate) enum Purpose {
    Filter(Box<Draft>),
    Find,
    GoTo,
    Save,
}

/// A line that is being typed.
#[derive(Debug)]
pub(crate) struct Typing {
    pub(crate) purpose: Purpose,
    pub(crate) line: Line,
    /// What is wrong with it.
    pub(crate) wrong: Option<String>,
}

impl Typing {
    pub(crate) fn new(purpose: Purpose, text: &str) -> Typing {
        Typing { purpose, line: Line::new(text), wrong: None }
    }

    pub(crate) fn is_filter(&self) -> bool {
        matches!(self.purpose, Purpose::Filter(_))
    }
}

/// What is known of a filter while it is typed.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// What is wrong with it.
    pub(crate) fault: Option<Fault>,
    /// What is hardly meant.
    pub(crate) warnings: Vec<Fault>,
    /// What the name under the cursor may become.
    pub(crate) choices: Vec<Choice>,
    /// The one that was taken last.
    pub(crate) chosen: Option<usize>,
    /// The part of the text that a choice replaces.
    part: Range<usize>,
    /// The place in the history that is shown, counted from its end; and what was typed before.
    older: Option<usize>,
    typed: String,
}

/// A name that can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    /// The type of its values.
    pub(crate) kind: &'static str,
    pub(crate) about: &'static str,
}

/// The names that begin with, and then those that contain, what was typed; all short words if nothing was.
fn choices(typed: &str) -> Vec<Choice> {
    let short = SUGAR.iter().map(|sugar| {
        let meaning = sugar.means.first().and_then(|means| dissectors::field(means.field));
        let (kind, about) = meaning.map_or(("", ""), |field| (field.kind.word(), field.doc));
        Choice { name: sugar.word, kind, about }
    });
    if typed.is_empty() {
        return short.collect();
    }
    let of_field =
        |field: &'static dissectors::Field| Choice { name: field.name, kind: field.kind.word(), about: field.doc };
    let all: Vec<Choice> = short.chain(dissectors::fields().map(of_field)).collect();
    let typed = typed.to_ascii_lowercase();
    let begin = all.iter().filter(|choice| choice.name.starts_with(&typed));
    let contain = all.iter().filter(|choice| !choice.name.starts_with(&typed) && choice.name.contains(&typed));
    let mut choices: Vec<Choice> = begin.chain(contain).take(MOST).copied().collect();
    // What is typed in full stands first, then what is nearest.
    choices.sort_by_key(|choice| (!choice.name.starts_with(&typed), choice.name.matches('.').count()));
    choices.sort_by_key(|choice| choice.name != typed);
    choices
}

/// What is wrong with a filter, and what of it is hardly meant.
fn judged(text: &str) -> (Option<Fault>, Vec<Fault>) {
    match Filter::new(text) {
        Ok(filter) => (None, filter.warnings().iter().chain(filter.warnings_of_frames()).cloned().collect()),
        Err(fault) => (Some(fault), Vec::new()),
    }
}

/// Begins to type a filter, from the one that is applied.
pub(crate) fn begin(model: &mut Model) {
    let text = model.sifted.as_ref().map_or("", |sifted| &sifted.text).to_owned();
    model.typing = Some(Typing::new(Purpose::Filter(Box::default()), &text));
    check(model);
}

/// Looks at what was typed: whether it is right, and what it may become.
pub(crate) fn check(model: &mut Model) {
    let Some(Typing { purpose: Purpose::Filter(draft), line, .. }) = &mut model.typing else { return };
    (draft.fault, draft.warnings) = judged(&line.text);
    draft.part = line.name();
    draft.chosen = None;
    let typed = line.text.get(draft.part.clone()).unwrap_or_default();
    // Between quotes is a value.
    let quotes = line.text.get(..draft.part.start).map_or(0, |before| before.matches('"').count());
    let completes = quotes.is_multiple_of(2)
        && (line.text.is_empty() || typed.starts_with(|char: char| char.is_ascii_alphabetic()));
    draft.choices = if completes { choices(typed) } else { Vec::new() };
}

/// Changes what is typed.
pub(crate) fn edit(model: &mut Model, edit: Edit) {
    let Some(Typing { purpose: Purpose::Filter(draft), line, .. }) = &mut model.typing else { return };
    match edit {
        Edit::Next | Edit::Last => {
            let count = draft.choices.len();
            let at = match (draft.chosen, edit) {
                (None, Edit::Next) => 0,
                (None, _) => count.saturating_sub(1),
                (Some(at), Edit::Next) => (at + 1) % count.max(1),
                (Some(at), _) => (at + count.saturating_sub(1)) % count.max(1),
            };
            let Some(choice) = draft.choices.get(at) else { return };
            line.replace(draft.part.clone(), choice.name);
            draft.part.end = draft.part.start + choice.name.len();
            draft.chosen = Some(at);
            (draft.fault, draft.warnings) = judged(&line.text);
        }
        Edit::Older | Edit::Newer => {
            let older = match (draft.older, edit) {
                (None, Edit::Older) => {
                    draft.typed.clone_from(&line.text);
                    Some(0)
                }
                (Some(at), Edit::Older) => Some(at + 1),
                (Some(at), _) => at.checked_sub(1),
                (None, _) => return,
            };
            let kept = match older {
                None => Some(&draft.typed),
                Some(at) => model.history.iter().rev().nth(at),
            };
            let Some(kept) = kept else { return };
            *line = Line::new(kept);
            draft.older = older;
            check(model);
        }
        _ => {
            line.edit(edit);
            check(model);
        }
    }
}

/// Takes the filter that was typed, if nothing is wrong with it.
pub(crate) fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(Typing { purpose: Purpose::Filter(draft), line, .. }) = &model.typing else { return Vec::new() };
    if draft.fault.is_some() {
        return Vec::new();
    }
    let text = line.text.trim().to_owned();
    model.typing = None;
    apply(model, &text)
}

/// Filters all views; an empty filter lets everything through.
pub(crate) fn apply(model: &mut Model, text: &str) -> Vec<Effect> {
    if text.is_empty() {
        return clear(model);
    }
    let (fault, warnings) = judged(text);
    if let Some(fault) = fault {
        model.wrong(format!("{text}: {}", fault.message));
        return Vec::new();
    }
    model.history.retain(|other| other != text);
    model.history.push(text.to_owned());
    if model.history.len() > MOST_HISTORY {
        model.history.remove(0);
    }
    let (text, turn): (Arc<str>, u64) = (text.into(), model.next_turn());
    let none = Arc::<Vec<u32>>::default;
    let (frames, calls, streams) = (none(), none(), none());
    model.sifted = Some(Sifted { text: text.clone(), warnings, turn, frames, calls, streams, upto: 0, done: false });
    changed(model, Change::Other);
    vec![Effect::Ask(Ask::Sift { filter: text, turn })]
}

/// Asks an interface that has ended again for what only later frames tell: of a file that was waited for.
pub(crate) fn ask_again(model: &mut Model) -> Vec<Effect> {
    let State::Ended { .. } = model.index.state else { return Vec::new() };
    let Some(text) = model.sifted.as_ref().map(|sifted| sifted.text.clone()) else { return Vec::new() };
    let wants = Filter::new(&text).map(|filter| filter.wants());
    let is_later = wants.is_ok_and(|wants| wants.columns || wants.asks_later());
    if is_later { apply(model, &text) } else { Vec::new() }
}

/// Takes the filter away.
pub(crate) fn clear(model: &mut Model) -> Vec<Effect> {
    let Some(sifted) = model.sifted.take() else { return Vec::new() };
    model.unfiltered = Some(sifted.text);
    changed(model, Change::Other);
    if sifted.done { Vec::new() } else { vec![Effect::Ask(Ask::EndSift)] }
}

/// Takes the filter away, or brings back the one that was taken.
pub(crate) fn toggle(model: &mut Model) -> Vec<Effect> {
    match model.unfiltered.take() {
        Some(text) if model.sifted.is_none() => apply(model, &text),
        _ => clear(model),
    }
}

/// Takes what a filter has let through.
pub(crate) fn answer(model: &mut Model, turn: u64, new: [Vec<u32>; 3], upto: u32, done: bool) {
    let Some(sifted) = model.sifted.as_mut().filter(|sifted| sifted.turn == turn) else { return };
    let [frames, calls, streams] = new;
    for (kept, new) in [(&mut sifted.frames, frames), (&mut sifted.calls, calls), (&mut sifted.streams, streams)] {
        if !new.is_empty() {
            Arc::make_mut(kept).extend(new);
        }
    }
    // Connections come in the order of their first frame that was let through.
    let streams = Arc::make_mut(&mut sifted.streams);
    let is_sorted = streams.is_sorted();
    if !is_sorted {
        streams.sort_unstable();
    }
    sifted.upto = upto;
    sifted.done = done;
    changed(model, if is_sorted { Change::More } else { Change::Other });
}

/// How the lists have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Rows have come at their ends, or were changed.
    More,
    /// Others are shown.
    Other,
}

/// Learns that what is shown has changed.
pub(crate) fn changed(model: &mut Model, change: Change) {
    let other = change == Change::Other;
    model.calls.changed(other);
    model.streams.changed(other);
    super::notes::refresh(model, other);
}

/// Sorts the list that is shown, if it has changed.
pub(crate) fn sort(model: &mut Model) {
    let unsorted = |sifted, count| Numbers::among(sifted, Numbers::All { first: 0, count });
    let (index, sifted) = (&model.index, model.sifted.as_ref());
    match model.view {
        View::Calls | View::Call(_) => {
            let calls = unsorted(sifted.map(|sifted| &sifted.calls), index.calls.len());
            model.calls.refresh(&calls, &view::calls::Rows(index));
        }
        View::Streams | View::Ladder(_) | View::Follow(_) => {
            let streams = unsorted(sifted.map(|sifted| &sifted.streams), index.streams.len());
            model.streams.refresh(&streams, &view::streams::Rows(index));
        }
        View::Notes => {
            let notes = super::notes::unsorted(model);
            model.notes.roster.refresh(&notes, &view::notes::Rows(&model.index));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_from_what_they_begin_with() {
        let names = |typed| choices(typed).iter().map(|choice| choice.name).collect::<Vec<_>>();
        assert_eq!(names("")[..3], ["uri", "url", "method"]);
        assert_eq!(names("http.request.uri")[0], "http.request.uri");
        assert!(names("TCP.PO").contains(&"tcp.port"));
        let login = names("response.code");
        assert!(login.contains(&"http.response.code"), "{login:?}");
        assert!(names("nothing-of-the-kind").is_empty());
    }
}
