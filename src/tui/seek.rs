//! Finding in the lines of an opened call, or of what was said: from hit to hit, whether it is seen or not.

use super::call::Pane;
use super::model::{Model, View};
use super::{call, follow, layout, rows, view};
use regex::bytes::Regex;
use std::borrow::Cow;
use std::ops::Range;

/// A line: of which pane, which of its lines, and its text.
type Line<'m> = (Pane, u32, Cow<'m, str>);

/// Where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pane: Pane,
    line: u32,
    bytes: Range<usize>,
}

/// All lines of the view; what has no panes is taken for one.
fn lines(model: &Model) -> Vec<Line<'_>> {
    if let View::Follow(_) = model.view {
        let lines = (0u32..).zip(follow::lines(&model.follow));
        return lines.map(|(nth, line)| (Pane::Phases, nth, Cow::Borrowed(line))).collect();
    }
    let phases = call::phase_lines(model).into_iter().map(|line| view::call::phase_text(model, line));
    let mut lines: Vec<Line<'_>> = (0..).zip(phases).map(|(nth, line)| (Pane::Phases, nth, Cow::Owned(line))).collect();
    for pane in [Pane::Request, Pane::Response] {
        let of_message = model.opened.message(pane).into_iter().flat_map(call::lines);
        lines.extend((0..).zip(of_message).map(|(nth, line)| (pane, nth, Cow::Borrowed(line))));
    }
    lines
}

/// The pane, the line and the bytes of the row under the cursor.
fn here(model: &Model) -> (Pane, u32, Range<usize>) {
    let row = |rows: &rows::Rows, at| {
        rows.get(at).map_or((0, 0..1), |row| (row.line, row.start as usize..row.end.max(row.start + 1) as usize))
    };
    if let View::Follow(_) = model.view {
        let (line, bytes) = row(&model.follow.rows, model.follow.list.at);
        return (Pane::Phases, line, bytes);
    }
    let pane = model.opened.pane;
    let at = model.opened.list(pane).at;
    let (line, bytes) =
        if pane == Pane::Phases { (at as u32, 0..usize::MAX) } else { row(model.opened.rows(pane), at) };
    (pane, line, bytes)
}

/// The next hit, or the one before, round and round. Where the cursor is on none, what its row has is the next.
fn next(model: &Model, regex: &Regex, back: bool) -> Option<Hit> {
    let lines = lines(model);
    let (pane, line, row) = here(model);
    // Of a message that was not seen there are no lines.
    let at = lines.iter().position(|other| (other.0, other.1) == (pane, line)).unwrap_or(0);
    let last = model.search.hit.as_ref();
    let on = last.filter(|hit| (hit.pane, hit.line) == (pane, line) && row.contains(&hit.bytes.start));
    let from = on.map_or(row.start, |hit| if back { hit.bytes.start } else { hit.bytes.start + 1 });
    let hits = |line: usize| {
        let (pane, nth, text) = lines.get(line)?;
        let found = regex.find_iter(text.as_bytes()).filter(|found| !found.is_empty());
        Some(found.map(|found| Hit { pane: *pane, line: *nth, bytes: found.range() }))
    };
    let count = lines.len();
    let mut others = (1..=count).map(|step| if back { (at + count - step) % count } else { (at + step) % count });
    match back {
        false => {
            let own = hits(at)?.find(|hit| hit.bytes.start >= from);
            own.or_else(|| others.find_map(|line| hits(line)?.next()))
        }
        true => {
            let own = hits(at)?.take_while(|hit| hit.bytes.start < from).last();
            own.or_else(|| others.find_map(|line| hits(line)?.last()))
        }
    }
}

/// Goes to the next hit, or to the one before.
pub(crate) fn seek(model: &mut Model, regex: &Regex, back: bool) {
    let Some(hit) = next(model, regex, back) else {
        let place = if let View::Follow(_) = model.view { "what was said" } else { "this call" };
        return model.wrong(format!("{} is not in {place}", model.search.text));
    };
    let (line, byte) = (hit.line, hit.bytes.start as u32);
    if let View::Follow(_) = model.view {
        let room = layout::follow_room(model);
        let text = follow::lines(&model.follow).nth(line as usize).unwrap_or_default();
        let columns = [hit.bytes.start, hit.bytes.end].map(|byte| rows::column(text, byte));
        let follow = &mut model.follow;
        follow.list.put(follow.rows.place(line, byte));
        follow.left = aside(follow.left, room, columns);
    } else {
        let room = layout::call_rooms(model)[hit.pane as usize];
        let text = model.opened.message(hit.pane).and_then(|message| call::lines(message).nth(line as usize));
        let columns = [hit.bytes.start, hit.bytes.end].map(|byte| rows::column(text.unwrap_or_default(), byte));
        let opened = &mut model.opened;
        if opened.pane != hit.pane {
            (opened.pane, opened.left) = (hit.pane, 0);
        }
        let at = if hit.pane == Pane::Phases { line as usize } else { opened.rows(hit.pane).place(line, byte) };
        opened.list_mut().put(at);
        opened.left = aside(opened.left, room, columns);
    }
    if model.wraps {
        (model.follow.left, model.opened.left) = (0, 0);
    }
    model.search.hit = Some(hit);
}

/// How many columns are to be scrolled away so that these are seen.
fn aside(left: usize, room: usize, [from, to]: [usize; 2]) -> usize {
    if from >= left && to <= left + room { left } else { from.saturating_sub(room / 4) }
}
