//! Display filter of all views: filter input with completion and errors, and the matches.

use crate::browse::{BrowseRequest, LoadState};
use crate::capture::Connection;
use crate::filter::{ALIASES, Diagnostic, Filter};
use crate::tui::model::connections::ConnectionRows;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View, call_groups, calls, notes, streams};
use crate::tui::widgets::line_editor::{EditAction, EditLine};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Maximum number of completions.
const MAX_COMPLETIONS: usize = 200;

/// Maximum number of filters in the history.
const MAX_HISTORY: usize = 100;

/// Applied filter and its matches so far.
#[derive(Debug)]
pub(crate) struct AppliedFilter {
    pub(crate) text: Arc<str>,
    /// Warnings, such as a condition that almost never matches.
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) query_id: u64,
    pub(crate) frames: Arc<Vec<u32>>,
    /// Matching calls, as indexes.
    pub(crate) calls: Arc<Vec<u32>>,
    pub(crate) streams: Arc<Vec<u32>>,
    /// Matching connections in datagrams, as indexes, and conversation and frame of each matching datagram.
    pub(crate) connections: Arc<Vec<u32>>,
    pub(crate) datagrams: BTreeSet<(u32, u32)>,
    /// Last frame that was evaluated.
    pub(crate) evaluated_to: u32,
    pub(crate) is_complete: bool,
}

/// Purpose of the prompt.
#[derive(Debug)]
pub(crate) enum PromptPurpose {
    Filter(Box<FilterDraft>),
    Find,
    GoToNumber,
    Save,
}

/// Prompt at the bottom of the screen.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub(crate) purpose: PromptPurpose,
    pub(crate) line: EditLine,
    /// Error in the text.
    pub(crate) error: Option<String>,
}

impl Prompt {
    pub(crate) fn new(purpose: PromptPurpose, text: &str) -> Prompt {
        Prompt { purpose, line: EditLine::new(text), error: None }
    }

    pub(crate) fn is_filter(&self) -> bool {
        matches!(self.purpose, PromptPurpose::Filter(_))
    }
}

/// Checks and completions of a filter while it is typed.
#[derive(Debug, Default)]
pub(crate) struct FilterDraft {
    /// Error in the filter.
    pub(crate) error: Option<Diagnostic>,
    /// Warnings, such as a condition that almost never matches.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Completions of the name under the cursor.
    pub(crate) completions: Vec<Completion>,
    /// Index of the selected completion.
    pub(crate) selected: Option<usize>,
    /// Byte range that a completion replaces.
    replaced_range: Range<usize>,
    /// Index in the history, counted from its end, and the text typed before.
    history_index: Option<usize>,
    typed_text: String,
}

/// Completion of a field name or alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) name: &'static str,
    /// Type of the field's values.
    pub(crate) value_type: &'static str,
    pub(crate) description: &'static str,
}

/// Returns the names that start with the text, then those that contain it; all aliases for an empty text.
fn completions(typed: &str) -> Vec<Completion> {
    let aliases = ALIASES.iter().map(|alias| {
        let field = alias.targets.first().map(|target| target.field);
        let (kind, description) = field.map_or(("", ""), |field| (field.kind.type_name(), field.doc));
        Completion { name: alias.name, value_type: kind, description }
    });
    if typed.is_empty() {
        return aliases.collect();
    }
    let of_field = |field: &'static dissectors::Field| Completion {
        name: field.name,
        value_type: field.kind.type_name(),
        description: field.doc,
    };
    let all: Vec<Completion> = aliases.chain(dissectors::fields().map(of_field)).collect();
    let typed = typed.to_ascii_lowercase();
    let begin = all.iter().filter(|choice| choice.name.starts_with(&typed));
    let contain = all.iter().filter(|choice| !choice.name.starts_with(&typed) && choice.name.contains(&typed));
    let mut choices: Vec<Completion> = begin.chain(contain).take(MAX_COMPLETIONS).copied().collect();
    // An exact match comes first, then the least nested names.
    choices.sort_by_key(|choice| (!choice.name.starts_with(&typed), choice.name.matches('.').count()));
    choices.sort_by_key(|choice| choice.name != typed);
    choices
}

/// Returns the error and the warnings of a filter.
fn validate(text: &str) -> (Option<Diagnostic>, Vec<Diagnostic>) {
    match Filter::new(text) {
        Ok(filter) => (None, filter.warnings().iter().chain(filter.frame_warnings()).cloned().collect()),
        Err(diagnostic) => (Some(diagnostic), Vec::new()),
    }
}

/// Opens the filter prompt with the applied filter.
pub(crate) fn open_prompt(model: &mut Model) {
    let text = model.applied_filter.as_ref().map_or("", |applied| &applied.text).to_owned();
    model.prompt = Some(Prompt::new(PromptPurpose::Filter(Box::default()), &text));
    check_input(model);
}

/// Checks the typed filter and computes completions.
pub(crate) fn check_input(model: &mut Model) {
    let Some(Prompt { purpose: PromptPurpose::Filter(draft), line, .. }) = &mut model.prompt else { return };
    (draft.error, draft.warnings) = validate(&line.text);
    draft.replaced_range = line.name_range();
    draft.selected = None;
    let typed = line.text.get(draft.replaced_range.clone()).unwrap_or_default();
    // No completion inside quotes.
    let quotes = line.text.get(..draft.replaced_range.start).map_or(0, |before| before.matches('"').count());
    let completes = quotes.is_multiple_of(2)
        && (line.text.is_empty() || typed.starts_with(|char: char| char.is_ascii_alphabetic()));
    draft.completions = if completes { completions(typed) } else { Vec::new() };
}

/// Applies an editing key to the filter prompt.
pub(crate) fn edit_input(model: &mut Model, edit: EditAction) {
    let Some(Prompt { purpose: PromptPurpose::Filter(draft), line, .. }) = &mut model.prompt else { return };
    match edit {
        EditAction::Next | EditAction::Previous => {
            let count = draft.completions.len();
            let at = match (draft.selected, edit) {
                (None, EditAction::Next) => 0,
                (None, _) => count.saturating_sub(1),
                (Some(at), EditAction::Next) => (at + 1) % count.max(1),
                (Some(at), _) => (at + count.saturating_sub(1)) % count.max(1),
            };
            let Some(choice) = draft.completions.get(at) else { return };
            line.replace(draft.replaced_range.clone(), choice.name);
            draft.replaced_range.end = draft.replaced_range.start + choice.name.len();
            draft.selected = Some(at);
            (draft.error, draft.warnings) = validate(&line.text);
        }
        EditAction::Older | EditAction::Newer => {
            let older = match (draft.history_index, edit) {
                (None, EditAction::Older) => {
                    draft.typed_text.clone_from(&line.text);
                    Some(0)
                }
                (Some(at), EditAction::Older) => Some(at + 1),
                (Some(at), _) => at.checked_sub(1),
                (None, _) => return,
            };
            let text = match older {
                None => Some(&draft.typed_text),
                Some(at) => model.history.iter().rev().nth(at),
            };
            let Some(text) = text else { return };
            *line = EditLine::new(text);
            draft.history_index = older;
            check_input(model);
        }
        _ => {
            line.apply(edit);
            check_input(model);
        }
    }
}

/// Applies the typed filter, unless it is invalid.
pub(crate) fn apply_input(model: &mut Model) -> Vec<Effect> {
    let Some(Prompt { purpose: PromptPurpose::Filter(draft), line, .. }) = &model.prompt else { return Vec::new() };
    if draft.error.is_some() {
        return Vec::new();
    }
    let text = line.text.trim().to_owned();
    model.prompt = None;
    apply(model, &text)
}

/// Filters all views; an empty filter matches everything.
pub(crate) fn apply(model: &mut Model, text: &str) -> Vec<Effect> {
    if text.is_empty() {
        return clear(model);
    }
    let (diagnostic, warnings) = validate(text);
    if let Some(diagnostic) = diagnostic {
        model.show_error(format!("{text}: {}", diagnostic.message));
        return Vec::new();
    }
    model.history.retain(|other| other != text);
    model.history.push(text.to_owned());
    if model.history.len() > MAX_HISTORY {
        model.history.remove(0);
    }
    let (text, query_id): (Arc<str>, u64) = (text.into(), model.next_query_id());
    let none = Arc::<Vec<u32>>::default;
    let (frames, calls, streams) = (none(), none(), none());
    model.applied_filter = Some(AppliedFilter {
        text: text.clone(),
        warnings,
        query_id,
        frames,
        calls,
        streams,
        connections: none(),
        datagrams: BTreeSet::new(),
        evaluated_to: 0,
        is_complete: false,
    });
    mark_changed(model, ListChange::Replaced);
    vec![Effect::Query(BrowseRequest::Filter { filter: text, id: query_id })]
}

/// Filters again after a live capture has ended, if the filter tests fields that later frames determine.
pub(crate) fn reapply_after_end(model: &mut Model) -> Vec<Effect> {
    let LoadState::LiveEnded { .. } = model.index.state else { return Vec::new() };
    let Some(text) = model.applied_filter.as_ref().map(|applied| applied.text.clone()) else { return Vec::new() };
    let wants = Filter::new(&text).map(|filter| filter.wants());
    let needs_later = wants.is_ok_and(|wants| wants.columns || wants.needs_later_frames());
    if needs_later { apply(model, &text) } else { Vec::new() }
}

/// Clears the filter.
pub(crate) fn clear(model: &mut Model) -> Vec<Effect> {
    let Some(applied) = model.applied_filter.take() else { return Vec::new() };
    model.cleared_filter = Some(applied.text);
    mark_changed(model, ListChange::Replaced);
    if applied.is_complete { Vec::new() } else { vec![Effect::Query(BrowseRequest::CancelFilter)] }
}

/// Clears the filter, or restores the one cleared last.
pub(crate) fn toggle(model: &mut Model) -> Vec<Effect> {
    match model.cleared_filter.take() {
        Some(text) if model.applied_filter.is_none() => apply(model, &text),
        _ => clear(model),
    }
}

/// Adds matches of the filter.
pub(crate) fn add_matches(
    model: &mut Model,
    query_id: u64,
    new: ([Vec<u32>; 3], Vec<(u32, u32)>),
    upto: u32,
    done: bool,
) {
    let Some(applied) = model.applied_filter.as_mut().filter(|applied| applied.query_id == query_id) else { return };
    let ([frames, calls, streams], datagrams) = new;
    applied.datagrams.extend(datagrams);
    for (matches, new) in [(&mut applied.frames, frames), (&mut applied.calls, calls), (&mut applied.streams, streams)]
    {
        if !new.is_empty() {
            Arc::make_mut(matches).extend(new);
        }
    }
    // Connections arrive in the order of their first matching frame.
    let streams = Arc::make_mut(&mut applied.streams);
    let is_sorted = streams.is_sorted();
    if !is_sorted {
        streams.sort_unstable();
    }
    applied.evaluated_to = upto;
    applied.is_complete = done;
    mark_changed(model, if is_sorted { ListChange::Extended } else { ListChange::Replaced });
}

/// Kind of a list change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListChange {
    /// Rows were added at the end, or changed.
    Extended,
    /// Different rows are shown.
    Replaced,
}

/// Marks all lists as changed.
pub(crate) fn mark_changed(model: &mut Model, change: ListChange) {
    let other = change == ListChange::Replaced;
    model.calls.mark_changed(other);
    call_groups::refresh(model, other);
    model.streams.mark_changed(other);
    filter_connections(model);
    model.connections.mark_changed(other || model.applied_filter.is_some());
    notes::refresh(model, other);
}

/// Lists the connections in datagrams that match the filter: those of which a frame does.
fn filter_connections(model: &mut Model) {
    let Some(applied) = &mut model.applied_filter else { return };
    let is_match = |connection: &&Connection| {
        let conversation = connection.facts.conversation.number();
        let mut runs = connection.facts.runs.iter();
        runs.any(|&(first, last)| {
            applied.datagrams.range((conversation, first)..=(conversation, last)).next().is_some()
        })
    };
    let rows = (0..).zip(model.index.connections.iter()).filter(|(_, connection)| is_match(connection));
    let rows: Vec<u32> = rows.map(|(row, _)| row).collect();
    applied.connections = Arc::new(rows);
}

/// Sorts the visible list, if it has changed.
pub(crate) fn sort_visible_list(model: &mut Model) {
    let filter_id = model.filter_id();
    match model.view {
        View::Calls | View::Call(_) | View::Journey(_) | View::Trace(_) => {
            let calls = model.unsorted_listed_calls();
            model.calls.sort_changes(filter_id, &calls, &calls::CallRows::new(&model.index, &model.call_groups));
        }
        View::Streams | View::Ladder(_) | View::Follow(_) => {
            let streams = model.unsorted_streams();
            model.streams.sort_changes(filter_id, &streams, &streams::StreamRows(&model.index));
        }
        View::Connections => {
            let connections = model.unsorted_connections();
            model.connections.sort_changes(filter_id, &connections, &ConnectionRows(&model.index));
        }
        View::Notes => {
            let notes = model.unsorted_listed_notes();
            model.notes.sorted_list.sort_changes(filter_id, &notes, &notes::NoteRows(&model.index, None));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_from_their_start() {
        let names = |typed| completions(typed).iter().map(|choice| choice.name).collect::<Vec<_>>();
        assert_eq!(names("")[..3], ["uri", "url", "method"]);
        assert_eq!(names("http.request.uri")[0], "http.request.uri");
        assert!(names("TCP.PO").contains(&"tcp.port"));
        let login = names("response.code");
        assert!(login.contains(&"http.response.code"), "{login:?}");
        assert!(names("nothing-of-the-kind").is_empty());
    }
}
