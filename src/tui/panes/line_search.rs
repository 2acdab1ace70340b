//! Search in the lines of the call and follow views, from hit to hit, visible or not.

use crate::tui::model::call::{CallPane, phase_text};
use crate::tui::model::search::{PartSearch, SearchHit};
use crate::tui::model::{Model, View, call, follow};
use crate::tui::panes::layout;
use crate::tui::widgets::line_wrap;
use regex::bytes::Regex;
use std::borrow::Cow;
use std::ops::Range;

/// Line of a view: its pane, index and text.
type SearchLine<'m> = (CallPane, u32, Cow<'m, str>);

/// Returns all lines of the view. The follow view counts as one pane.
fn lines(model: &Model) -> Vec<SearchLine<'_>> {
    if let View::Follow(_) = model.view {
        let lines = (0u32..).zip(follow::lines(&model.follow));
        return lines.map(|(nth, line)| (CallPane::Phases, nth, Cow::Borrowed(line))).collect();
    }
    let phases = call::phase_lines(model).into_iter().map(|line| phase_text(model, line));
    let mut lines: Vec<SearchLine<'_>> =
        (0..).zip(phases).map(|(nth, line)| (CallPane::Phases, nth, Cow::Owned(line))).collect();
    for pane in [CallPane::Request, CallPane::Response] {
        let of_message = model.call_view.message(pane).into_iter().flat_map(call::message_lines);
        lines.extend((0..).zip(of_message).map(|(nth, line)| (pane, nth, Cow::Borrowed(line))));
    }
    lines
}

/// Returns the pane, line and byte range of the row under the cursor.
fn cursor_position(model: &Model) -> (CallPane, u32, Range<usize>) {
    let row = |rows: &line_wrap::WrappedLines, at| {
        rows.get(at).map_or((0, 0..1), |row| (row.line, row.start as usize..row.end.max(row.start + 1) as usize))
    };
    if let View::Follow(_) = model.view {
        let (line, bytes) = row(&model.follow.rows, model.follow.list.cursor);
        return (CallPane::Phases, line, bytes);
    }
    let pane = model.call_view.pane;
    let at = model.call_view.list(pane).cursor;
    let (line, bytes) =
        if pane == CallPane::Phases { (at as u32, 0..usize::MAX) } else { row(model.call_view.rows(pane), at) };
    (pane, line, bytes)
}

/// Returns the next or the previous hit, and whether it is before or after the cursor as expected, or was found by
/// wrapping around. Without a current hit, hits in the cursor's row come first.
fn next_hit(model: &Model, regex: &Regex, backward: bool) -> Option<(SearchHit, bool)> {
    let lines = lines(model);
    let (pane, line, row) = cursor_position(model);
    // A message that was not captured has no lines.
    let at = lines.iter().position(|other| (other.0, other.1) == (pane, line)).unwrap_or(0);
    let last = model.search.hit.as_ref();
    let on = last.filter(|hit| (hit.pane, hit.line) == (pane, line) && row.contains(&hit.bytes.start));
    // A search that continues in another part has not searched the cursor's row.
    let start = if backward && model.search.parts.is_some() { row.end } else { row.start };
    let from = on.map_or(start, |hit| if backward { hit.bytes.start } else { hit.bytes.start + 1 });
    let hits = |line: usize| {
        let (pane, nth, text) = lines.get(line)?;
        let found = regex.find_iter(text.as_bytes()).filter(|found| !found.is_empty());
        Some(found.map(|found| SearchHit { pane: *pane, line: *nth, bytes: found.range() }))
    };
    let count = lines.len();
    let mut others = (1..=count).map(|step| if backward { (at + count - step) % count } else { (at + step) % count });
    let found = match backward {
        false => {
            let own = hits(at)?.find(|hit| hit.bytes.start >= from);
            own.or_else(|| others.find_map(|line| hits(line)?.next()))
        }
        true => {
            let own = hits(at)?.take_while(|hit| hit.bytes.start < from).last();
            own.or_else(|| others.find_map(|line| hits(line)?.last()))
        }
    };
    found.map(|hit| {
        let is_after = (hit.line, hit.bytes.start) >= (line, from);
        (hit, is_after == backward)
    })
}

/// Requests the part of the followed stream to search next. Returns false if all parts were searched.
fn request_next_part(model: &mut Model, backward: bool) -> bool {
    let follow = &mut model.follow;
    let search = model.search.parts.get_or_insert(PartSearch { backward, has_wrapped: false });
    let (range, last) = (&follow.loaded.range, follow.loaded.lines.last());
    let next = match last.filter(|_| !backward && follow.loaded.has_more) {
        // The last line may be incomplete.
        Some(last) => last.offset,
        None if backward && range.start > 0 => range.start,
        None if search.has_wrapped => return false,
        None => {
            search.has_wrapped = true;
            if backward { u64::MAX } else { 0 }
        }
    };
    follow.wanted = Some(next);
    model.show_info("searching the other parts of this stream; Esc cancels");
    true
}

/// Continues a search in the part of the followed stream that has arrived.
pub(crate) fn search_next_part(model: &mut Model) {
    let Some(parts) = model.search.parts.filter(|_| matches!(model.view, View::Follow(_))) else { return };
    if let Some((_, regex)) = model.search.needle.clone() {
        model.status = None;
        search(model, &regex, parts.backward);
    }
}

/// Goes to the next or the previous hit.
pub(crate) fn search(model: &mut Model, regex: &Regex, backward: bool) {
    let is_part = matches!(model.view, View::Follow(_)) && model.follow.part_text().is_some();
    let found = next_hit(model, regex, backward).filter(|(_, wraps)| !(is_part && *wraps));
    if found.is_none() && is_part && request_next_part(model, backward) {
        return;
    }
    model.search.parts = None;
    let Some((hit, _)) = found else {
        let scope = if let View::Follow(_) = model.view { "stream" } else { "call" };
        return model.show_error(format!("\"{}\" not found in this {scope}", model.search.text));
    };
    let (line, byte) = (hit.line, hit.bytes.start as u32);
    if let View::Follow(_) = model.view {
        let room = layout::follow_text_width(model);
        let text = follow::lines(&model.follow).nth(line as usize).unwrap_or_default();
        let columns = [hit.bytes.start, hit.bytes.end].map(|byte| line_wrap::column_of(text, byte));
        let follow = &mut model.follow;
        follow.list.set_cursor(follow.rows.row_of(line, byte));
        follow.scrolled_columns = scrolled_columns(follow.scrolled_columns, room, columns);
    } else {
        let room = layout::call_text_widths(model)[hit.pane as usize];
        let text =
            model.call_view.message(hit.pane).and_then(|message| call::message_lines(message).nth(line as usize));
        let columns = [hit.bytes.start, hit.bytes.end].map(|byte| line_wrap::column_of(text.unwrap_or_default(), byte));
        let opened = &mut model.call_view;
        if opened.pane != hit.pane {
            (opened.pane, opened.scrolled_columns) = (hit.pane, 0);
        }
        let at = if hit.pane == CallPane::Phases { line as usize } else { opened.rows(hit.pane).row_of(line, byte) };
        opened.list_mut().set_cursor(at);
        opened.scrolled_columns = scrolled_columns(opened.scrolled_columns, room, columns);
    }
    if model.wraps {
        (model.follow.scrolled_columns, model.call_view.scrolled_columns) = (0, 0);
    }
    model.search.hit = Some(hit);
}

/// Returns the scroll offset that makes a range of columns visible.
fn scrolled_columns(left: usize, room: usize, [from, to]: [usize; 2]) -> usize {
    if from >= left && to <= left + room { left } else { from.saturating_sub(room / 4) }
}
