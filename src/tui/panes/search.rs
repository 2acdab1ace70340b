//! Search for text, bytes or a regular expression in rows, detail trees or frame bytes.

use crate::browse::{BrowseRequest, Needle, SearchTarget, compile_pattern};
use crate::tui::model::display_filter::{Prompt, PromptPurpose};
use crate::tui::model::message::Effect;
use crate::tui::model::search::{ListPosition, SearchKind, scope, scope_label};
use crate::tui::model::{Model, View};
use crate::tui::panes::line_search;
use crate::tui::widgets::line_editor::EditLine;
use crate::tui::widgets::scroll::RowNumbers;
use crate::tui::widgets::text;
use regex::bytes::Regex;
use std::ops::Range;

/// Rows searched per step.
const ROWS_PER_STEP: usize = 5_000;

/// Opens the search prompt.
pub(crate) fn open_prompt(model: &mut Model) {
    let line = EditLine::with_selection(&model.search.text);
    model.prompt = Some(Prompt { line, ..Prompt::new(PromptPurpose::Find, "") });
}

pub(crate) fn next_kind(model: &mut Model) {
    model.search.kind = match model.search.kind {
        SearchKind::Text => SearchKind::Bytes,
        SearchKind::Bytes => SearchKind::Regex,
        SearchKind::Regex => SearchKind::Text,
    };
}

pub(crate) fn next_scope(model: &mut Model) {
    if scope(model).is_none() {
        return;
    }
    model.search.scope = match model.search.scope {
        SearchTarget::Row => SearchTarget::Tree,
        SearchTarget::Tree if !model.is_redacted => SearchTarget::Bytes,
        SearchTarget::Tree | SearchTarget::Bytes => SearchTarget::Row,
    };
}

/// Compiles a search pattern, or returns why it is invalid.
fn compile(text: &str, kind: SearchKind) -> Result<(Needle, Regex), String> {
    let needle = match kind {
        SearchKind::Text => Needle::Text(text.to_owned()),
        SearchKind::Regex => Needle::Regex(text.to_owned()),
        SearchKind::Bytes => {
            let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b':' | b'-' | b'.')).collect();
            let pair = |pair: &[u8]| match pair {
                [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
                _ => None,
            };
            let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
            Needle::Bytes(bytes.ok_or("expected pairs of hexadecimal digits, such as 0d 0a")?)
        }
    };
    let regex = compile_pattern(&needle)?;
    Ok((needle, regex))
}

/// Starts the search that was typed.
pub(crate) fn start(model: &mut Model) -> Vec<Effect> {
    let Some(typing) = &mut model.prompt else { return Vec::new() };
    match compile(&typing.line.text, model.search.kind) {
        Err(error) => {
            typing.error = Some(error);
            Vec::new()
        }
        Ok(needle) => {
            model.search.text.clone_from(&typing.line.text);
            model.search.needle = Some(needle);
            model.prompt = None;
            search(model, false)
        }
    }
}

/// Searches for the next or the previous hit.
pub(crate) fn search(model: &mut Model, backward: bool) -> Vec<Effect> {
    let Some((pattern, regex)) = model.search.needle.clone() else {
        open_prompt(model);
        return Vec::new();
    };
    (model.search.view, model.search.parts) = (Some(model.view), None);
    match model.view {
        View::Frames => {
            let id = model.next_query_id();
            let from = model.selected_frame().unwrap_or(0);
            model.search.pending = Some((id, from));
            let frames = model.applied_filter.as_ref().map(|applied| applied.frames.clone());
            let target = model.search.scope;
            vec![Effect::Query(BrowseRequest::Find { needle: pattern, target, from, backward, frames, id })]
        }
        View::Call(_) | View::Follow(_) => {
            line_search::search(model, &regex, backward);
            Vec::new()
        }
        view => {
            let (count, at) = (searched_rows(model).len(), model.list_mut().cursor);
            model.search.list_position = Some(ListPosition { view, row: at, remaining: count, backward });
            search_step(model)
        }
    }
}

/// Returns the rows of an index list.
fn searched_rows(model: &Model) -> RowNumbers {
    match model.view {
        // The intervals of the graph have no text.
        View::Statistics => model.statistics.rows(),
        _ => model.row_numbers(),
    }
}

/// Searches an index list from the current position, up to [`ROWS_PER_STEP`] rows.
pub(crate) fn search_step(model: &mut Model) -> Vec<Effect> {
    let (Some(mut position), Some((_, regex))) = (model.search.list_position.take(), model.search.needle.clone())
    else {
        return Vec::new();
    };
    let numbers = searched_rows(model);
    let count = numbers.len();
    // The view or its list has changed.
    if position.view != model.view || count == 0 {
        return Vec::new();
    }
    for _ in 0..ROWS_PER_STEP.min(position.remaining) {
        position.row = if position.backward {
            position.row.checked_sub(1).unwrap_or(count - 1)
        } else {
            (position.row + 1) % count
        };
        position.remaining -= 1;
        let number = numbers.get(position.row).unwrap_or(u32::MAX);
        let text = model.row_text(position.row, number);
        if regex.is_match(text.as_bytes()) {
            model.list_mut().set_cursor(position.row);
            model.remember_selection();
            return Vec::new();
        }
    }
    if position.remaining > 0 {
        model.search.list_position = Some(position);
        return vec![Effect::Continue];
    }
    let part = model.ladder.loaded.as_ref().filter(|part| position.view == View::Ladder(part.conversation));
    let scope = match part {
        // Only loaded rows can be searched.
        Some(part) if part.rows.len() < part.total => {
            format!(
                "the {} from #{} on",
                text::format_quantity(part.rows.len() as u64, "segment"),
                part.rows.first().map_or(0, |row| row.frame)
            )
        }
        _ => "these rows".into(),
    };
    model.show_error(format!("\"{}\" not found in {scope}", model.search.text));
    Vec::new()
}

/// Goes to the frame of a search result.
pub(crate) fn go_to_result(model: &mut Model, id: u64, frame: Option<u32>, bytes: Option<Range<usize>>) {
    if model.search.pending.is_none_or(|(pending, _)| pending != id) {
        return;
    }
    model.search.pending = None;
    let Some(frame) = frame else {
        return model.show_error(format!(
            "\"{}\" not found in the {} of these frames",
            model.search.text,
            scope_label(model.search.scope)
        ));
    };
    let is_loaded = model.frames.dissected.as_ref().is_some_and(|opened| opened.frame == frame);
    model.show_frame(frame);
    model.frames.bytes.hit = bytes.clone();
    model.search.tree_hit_frame = (model.search.scope == SearchTarget::Tree).then_some(frame);
    if is_loaded {
        if let Some(bytes) = bytes {
            model.frames.bytes.buffer = 0;
            model.frames.go_to_byte(bytes.start);
            model.frames.bytes.hit = Some(bytes);
        }
        show_tree_hit(model);
    }
}

/// Moves the tree cursor to the line that matches, if its frame is loaded.
pub(crate) fn show_tree_hit(model: &mut Model) {
    let (Some(opened), Some((_, regex))) = (&model.frames.dissected, &model.search.needle) else { return };
    if model.search.tree_hit_frame != Some(opened.frame) {
        return;
    }
    model.search.tree_hit_frame = None;
    if let Some(target) = opened.lines.iter().position(|line| regex.is_match(line.text.as_bytes())) {
        model.frames.show_line(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_pairs_of_digits() {
        let bytes = |text| match compile(text, SearchKind::Bytes) {
            Ok((Needle::Bytes(bytes), _)) => Some(bytes),
            _ => None,
        };
        assert_eq!(bytes("0d 0A"), Some(vec![13, 10]));
        assert_eq!(bytes("0d:0a-ff"), Some(vec![13, 10, 255]));
        assert_eq!(bytes("0d0"), None);
        assert_eq!(bytes("zz"), None);
        assert_eq!(bytes("é1"), None);
        assert!(compile("", SearchKind::Text).is_err() && compile("(", SearchKind::Regex).is_err());
    }

    #[test]
    fn text_is_found_in_either_case() {
        let has = |text, kind, line: &str| compile(text, kind).is_ok_and(|(_, regex)| regex.is_match(line.as_bytes()));
        assert!(has("LOG.in", SearchKind::Text, "/user/log.IN") && !has("log.in", SearchKind::Text, "/user/login"));
        assert!(has("us.r", SearchKind::Regex, "/user") && has("65 72", SearchKind::Bytes, "/user"));
    }
}
