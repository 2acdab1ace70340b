//! Lines: the filter, what is typed below, what was said, and the keys.

use super::{fill, pieces, put, put_right, row};
use crate::browse::Ask;
use crate::tui::find::{self, place_word};
use crate::tui::keys;
use crate::tui::layout::Screen;
use crate::tui::model::{Model, Word};
use crate::tui::sift::{Choice, Draft, Purpose, Typing};
use crate::tui::text::{self, count, width};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

/// Completions that are seen at once.
const MOST: usize = 8;

/// What stands before a line that is typed.
fn prompt(model: &Model, typing: &Typing) -> String {
    match typing.purpose {
        Purpose::Filter(_) => "/ ".into(),
        Purpose::Find => {
            let place = find::place(model).map_or(String::new(), |place| format!(" in {}", place_word(place)));
            format!("find {}{place}: ", model.search.kind.word())
        }
        Purpose::GoTo => "go to frame: ".into(),
        Purpose::Save => match model.sifted.as_ref().filter(|_| !model.leaving) {
            Some(sifted) => format!("save {} as: ", text::counted(sifted.frames.len() as u64, "frame")),
            None => format!("save all {} as: ", text::counted(model.index.frames.len() as u64, "frame")),
        },
    }
}

/// The part of a typed line that fits, and the columns between its begin and the cursor. The cursor is always seen.
fn window(typing: &Typing, room: usize) -> (String, usize) {
    let line = &typing.line;
    let before = line.text.get(..line.at).unwrap_or_default();
    let mut start = 0;
    for char in before.chars() {
        if width(before.get(start..).unwrap_or_default()) < room {
            break;
        }
        start += char.len_utf8();
    }
    let seen = line.text.get(start..).unwrap_or_default();
    (text::fit(seen, room).0.to_owned(), width(before.get(start..).unwrap_or_default()))
}

/// Draws the line of the filter.
pub(crate) fn filter(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    if let Some(typing) = model.typing.as_ref().filter(|typing| typing.is_filter()) {
        let (shown, _) = window(typing, usize::from(area.width.saturating_sub(3)));
        let Purpose::Filter(draft) = &typing.purpose else { return };
        let style = match (&draft.fault, draft.warnings.as_slice()) {
            (Some(_), _) => theme.bad,
            (None, []) => theme.good,
            (None, _) => theme.warn,
        };
        pieces(buffer, area, [("/ ", theme.key), (&*shown, style)]);
        return;
    }
    let Some(sifted) = &model.sifted else { return };
    let all = model.index.frames.len() as u64;
    let is_it = |ask: &Ask| matches!(ask, Ask::Sift { turn, .. } if *turn == sifted.turn);
    let so_far = match sifted.done || u64::from(sifted.upto) >= all {
        _ if model.why_unread(is_it).is_some() => format!(" up to frame {} only ", count(sifted.upto.into())),
        true => String::new(),
        // On what later frames tell.
        false if sifted.upto == 0 && model.is_growing() => " when all is read ".into(),
        false => {
            let part = u64::from(sifted.upto) * 100 / all.max(1);
            format!(" {} so far, {part} % ", count(sifted.frames.len() as u64))
        }
    };
    let taken = put_right(buffer, area, &so_far, theme.warn);
    pieces(buffer, Rect { width: area.width - taken, ..area }, [("/ ", theme.key), (&*sifted.text, theme.name)]);
}

/// Draws the last line: what is typed, what was said, or the keys.
pub(crate) fn foot(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    if let Some(typing) = model.typing.as_ref().filter(|typing| !typing.is_filter()) {
        let prompt = prompt(model, typing);
        let room = usize::from(area.width).saturating_sub(width(&prompt) + 2);
        let (shown, _) = window(typing, room);
        let wrong = typing.wrong.as_deref().map_or(String::new(), |wrong| format!("  {wrong}"));
        let typed = if typing.line.selected { theme.cursor } else { theme.text };
        pieces(buffer, area, [(" ", theme.text), (&*prompt, theme.key), (&*shown, typed), (&*wrong, theme.bad)]);
        if typing.wrong.is_none() && matches!(typing.purpose, Purpose::Find) {
            let keys = if find::place(model).is_some() { "Tab kind  Shift-Tab place " } else { "Tab kind " };
            put_right(buffer, area, keys, theme.dim);
        }
        return;
    }
    if let Some((_, at)) = model.search.seeking {
        let looking = format!(" looking for {}: at frame {}; Esc ends it", model.search.text, count(at.into()));
        put(buffer, area, &looking, theme.warn);
        return;
    }
    match &model.word {
        Some(Word::Done(what)) => {
            put(buffer, area, &format!(" {what}"), theme.good);
        }
        Some(Word::Wrong(what)) => {
            put(buffer, area, &format!(" {what}"), theme.bad);
        }
        None => keys_of(model, area, buffer),
    }
}

/// Draws the keys that are most used here, as many as fit.
fn keys_of(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let mut area = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    for binding in keys::foot(model.context()) {
        let Some(key) = binding.keys.first().map(ToString::to_string) else { continue };
        let wide = (width(&key) + width(binding.foot) + 3) as u16;
        if wide > area.width + 2 {
            continue;
        }
        pieces(buffer, area, [(&*key, theme.key), (" ", theme.dim), (binding.foot, theme.dim)]);
        let wide = wide.min(area.width);
        area = Rect { x: area.x + wide, width: area.width - wide, ..area };
    }
}

/// Draws below the filter what is wrong with it, and what the name under the cursor may become.
pub(crate) fn completions(model: &Model, body: Rect, buffer: &mut Buffer) {
    let Some(typing) = &model.typing else { return };
    let Purpose::Filter(draft) = &typing.purpose else { return };
    let theme = &model.theme;
    let mut used = faults(model, typing, draft, body, buffer);
    let choices = &draft.choices;
    let top = draft.chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(MOST));
    let names = choices.iter().skip(top).take(MOST);
    let widest = |of: fn(&Choice) -> &str| names.clone().map(|choice| width(of(choice))).max().unwrap_or(0);
    let widest = [widest(|choice| choice.name), widest(|choice| choice.kind)];
    for (place, choice) in names.enumerate() {
        let line = row(body, used);
        Clear.render(line, buffer);
        let on = draft.chosen == Some(top + place);
        if on {
            fill(buffer, line, theme.cursor);
        }
        let [name, kind, about] = if on { [theme.cursor; 3] } else { [theme.name, theme.fair, theme.dim] };
        let gaps = [choice.name, choice.kind].map(width).into_iter().zip(widest);
        let gaps: Vec<String> = gaps.map(|(width, widest)| " ".repeat(widest - width + 2)).collect();
        let [after_name, after_kind] = [0, 1].map(|nth| gaps.get(nth).map_or("", String::as_str));
        let first = choice.about.split_inclusive(". ").next().unwrap_or_default().trim();
        pieces(
            buffer,
            line,
            [
                ("  ", name),
                (choice.name, name),
                (after_name, name),
                (choice.kind, kind),
                (after_kind, about),
                (first, about),
            ],
        );
        used += 1;
    }
    if used > 0 {
        let line = row(body, used);
        Clear.render(line, buffer);
        let more = choices.len().saturating_sub(top + MOST);
        let more = if more > 0 { format!(" {more} more ") } else { String::new() };
        put(buffer, line, &"─".repeat(line.width.into()), theme.head);
        put_right(buffer, line, &more, theme.head);
    }
}

/// Draws what is wrong with the filter, or hardly meant, under its characters; returns how many lines that takes.
fn faults(model: &Model, typing: &Typing, draft: &Draft, body: Rect, buffer: &mut Buffer) -> u16 {
    let theme = &model.theme;
    let (fault, style) = match (&draft.fault, draft.warnings.first()) {
        (Some(fault), _) => (fault, theme.bad),
        (None, Some(warning)) => (warning, theme.warn),
        (None, None) => return 0,
    };
    // Where the line is scrolled, what is wrong may stand to its left.
    let room = usize::from(body.width.saturating_sub(3));
    let (_, cursor) = window(typing, room);
    let to_cursor = width(typing.line.text.get(..typing.line.at).unwrap_or_default());
    let before = width(typing.line.text.get(..fault.span.start).unwrap_or(&typing.line.text));
    let under = width(typing.line.text.get(fault.span.start..fault.span.end).unwrap_or_default()).max(1);
    let at = (before + cursor).saturating_sub(to_cursor).min(room);
    let line = row(body, 0);
    Clear.render(line, buffer);
    let sign = format!("{}^{}", " ".repeat(at + 2), "~".repeat((under - 1).min(room - at)));
    let message = text::plain(&fault.message).into_owned();
    let words = width(&message);
    let taken = put(buffer, line, &sign, style);
    // Beside the characters if there is room, else below.
    if usize::from(line.width) >= usize::from(taken) + 1 + words {
        put(buffer, Rect { x: line.x + taken + 1, width: line.width - taken - 1, ..line }, &message, style);
        return 1;
    }
    let mut used = 1;
    for part in wrapped(&message, usize::from(body.width.saturating_sub(4))) {
        let line = row(body, used);
        Clear.render(line, buffer);
        pieces(buffer, line, [("  ", style), (&*part, style)]);
        used += 1;
    }
    used
}

/// A text in lines of so many columns, cut between words.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() || width(line) + 1 + width(word) <= room {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

/// Where the cursor of the terminal is, while something is typed.
pub(crate) fn cursor(model: &Model, screen: &Screen) -> Option<Position> {
    let typing = model.typing.as_ref()?;
    let (area, before) =
        if typing.is_filter() { (screen.filter, 2) } else { (screen.foot, 1 + width(&prompt(model, typing))) };
    let room = usize::from(area.width).saturating_sub(before + 1);
    let (_, at) = window(typing, room);
    Some(Position { x: area.x + ((before + at) as u16).min(area.width.saturating_sub(1)), y: area.y })
}
