//! The filter line and the bottom line: typed text, completions, messages, and keys.

use crate::browse::BrowseRequest;
use crate::tui::model::display_filter::{Completion, FilterDraft, Prompt, PromptPurpose};
use crate::tui::model::search::scope_label;
use crate::tui::model::{Model, StatusMessage, keys, search};
use crate::tui::panes::layout::ScreenAreas;
use crate::tui::widgets::draw::{fill, put, put_right, put_spans, row};
use crate::tui::widgets::text;
use crate::tui::widgets::text::{format_count, width, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

/// Completions shown at once.
const MAX_COMPLETIONS: usize = 8;

/// Returns the prompt before typed text.
fn prompt(model: &Model, typing: &Prompt) -> String {
    match typing.purpose {
        PromptPurpose::Filter(_) => "/ ".into(),
        PromptPurpose::Find => {
            let scope = search::scope(model).map_or(String::new(), |scope| format!(" in {}", scope_label(scope)));
            format!("find {}{scope}: ", model.search.kind.label())
        }
        PromptPurpose::GoToNumber => "go to frame: ".into(),
        PromptPurpose::Save => match model.applied_filter.as_ref().filter(|_| !model.quits_after_save) {
            Some(applied) => format!("save {} as: ", text::format_quantity(applied.frames.len() as u64, "frame")),
            None => format!("save all {} as: ", text::format_quantity(model.index.frames.len() as u64, "frame")),
        },
    }
}

/// Returns the part of the typed text that fits, and the cursor's column in it. The cursor is always inside that part.
fn visible_part(typing: &Prompt, room: usize) -> (String, usize) {
    let line = &typing.line;
    let before = line.text.get(..line.cursor).unwrap_or_default();
    let mut start = 0;
    for char in before.chars() {
        if width(before.get(start..).unwrap_or_default()) < room {
            break;
        }
        start += char.len_utf8();
    }
    let seen = line.text.get(start..).unwrap_or_default();
    (text::longest_prefix(seen, room).0.to_owned(), width(before.get(start..).unwrap_or_default()))
}

/// Draws the filter line.
pub(crate) fn draw_filter(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    if let Some(typing) = model.prompt.as_ref().filter(|typing| typing.is_filter()) {
        let (shown, _) = visible_part(typing, usize::from(area.width.saturating_sub(3)));
        let PromptPurpose::Filter(draft) = &typing.purpose else { return };
        let style = match (&draft.error, draft.warnings.as_slice()) {
            (Some(_), _) => theme.bad,
            (None, []) => theme.good,
            (None, _) => theme.warn,
        };
        put_spans(buffer, area, [("/ ", theme.key), (&*shown, style)]);
        return;
    }
    let Some(applied) = &model.applied_filter else { return };
    let all = model.index.frames.len() as u64;
    let is_this =
        |request: &BrowseRequest| matches!(request, BrowseRequest::Filter { id, .. } if *id == applied.query_id);
    let progress = match applied.is_complete || u64::from(applied.evaluated_to) >= all {
        _ if model.query_error(is_this).is_some() => {
            format!(" stopped at frame {} ", format_count(applied.evaluated_to.into()))
        }
        true => String::new(),
        // The filter depends on later frames.
        false if applied.evaluated_to == 0 && model.is_growing() => " results after all frames are read ".into(),
        false => {
            let percent = u64::from(applied.evaluated_to) * 100 / all.max(1);
            format!(" {} so far, {percent} % ", format_count(applied.frames.len() as u64))
        }
    };
    let used = put_right(buffer, area, &progress, theme.warn);
    put_spans(buffer, Rect { width: area.width - used, ..area }, [("/ ", theme.key), (&*applied.text, theme.name)]);
}

/// Draws the bottom line: typed text, a message, or the keys.
pub(crate) fn draw_footer(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    if let Some(typing) = model.prompt.as_ref().filter(|typing| !typing.is_filter()) {
        let prompt = prompt(model, typing);
        let room = usize::from(area.width).saturating_sub(width(&prompt) + 2);
        let (shown, _) = visible_part(typing, room);
        let error = typing.error.as_deref().map_or(String::new(), |error| format!("  {error}"));
        let typed = if typing.line.is_selected { theme.cursor } else { theme.text };
        put_spans(buffer, area, [(" ", theme.text), (&*prompt, theme.key), (&*shown, typed), (&*error, theme.bad)]);
        if typing.error.is_none() && matches!(typing.purpose, PromptPurpose::Find) {
            let keys = if search::scope(model).is_some() { "Tab kind  Shift-Tab place " } else { "Tab kind " };
            put_right(buffer, area, keys, theme.dim);
        }
        return;
    }
    if let Some((_, at)) = model.search.pending {
        let progress =
            format!(" searching for {}: at frame {}; Esc cancels", model.search.text, format_count(at.into()));
        put(buffer, area, &progress, theme.warn);
        return;
    }
    match &model.status {
        Some(StatusMessage::Info(text)) => {
            put(buffer, area, &format!(" {text}"), theme.good);
        }
        Some(StatusMessage::Error(text)) => {
            put(buffer, area, &format!(" {text}"), theme.bad);
        }
        None => draw_keys(model, area, buffer),
    }
}

/// Draws the most used keys of the current view, as many as fit. Those of the program, help and quit, come last and have
/// their place before others.
fn draw_keys(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let mut area = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let has_stream = model.selected_conversation().is_some();
    let is_offered = |binding: &&keys::Binding| has_stream || binding.action != keys::Action::Follow;
    let hint = |binding: &'static keys::Binding| {
        let key = binding.keys.first()?.to_string();
        let needed = (width(&key) + width(binding.hint) + 3) as u16;
        Some((binding, key, needed))
    };
    let hints: Vec<_> = keys::hints(model.key_context()).filter(is_offered).filter_map(hint).collect();
    let is_of_program = |binding: &keys::Binding| matches!(binding.action, keys::Action::Help | keys::Action::Quit);
    let mut reserved: u16 =
        hints.iter().filter(|(binding, ..)| is_of_program(binding)).map(|&(.., needed)| needed).sum();
    for (binding, key, needed) in hints {
        if is_of_program(binding) {
            reserved = reserved.saturating_sub(needed);
        }
        // No space follows the last one.
        if needed + reserved > area.width + 2 {
            continue;
        }
        put_spans(buffer, area, [(&*key, theme.key), (" ", theme.dim), (binding.hint, theme.dim)]);
        let needed = needed.min(area.width);
        area = Rect { x: area.x + needed, width: area.width - needed, ..area };
    }
}

/// Draws, below the filter, its error or warning and the completions of the name at the cursor.
pub(crate) fn draw_completions(model: &Model, body: Rect, buffer: &mut Buffer) {
    let Some(typing) = &model.prompt else { return };
    let PromptPurpose::Filter(draft) = &typing.purpose else { return };
    let theme = &model.theme;
    let mut used = draw_diagnostic(model, typing, draft, body, buffer);
    let choices = &draft.completions;
    let top = draft.selected.map_or(0, |chosen| (chosen + 1).saturating_sub(MAX_COMPLETIONS));
    let names = choices.iter().skip(top).take(MAX_COMPLETIONS);
    let widest = |of: fn(&Completion) -> &str| names.clone().map(|choice| width(of(choice))).max().unwrap_or(0);
    let widest = [widest(|choice| choice.name), widest(|choice| choice.value_type)];
    for (nth, choice) in names.enumerate() {
        let line = row(body, used);
        Clear.render(line, buffer);
        let on = draft.selected == Some(top + nth);
        if on {
            fill(buffer, line, theme.cursor);
        }
        let [name, kind, description] = if on { [theme.cursor; 3] } else { [theme.name, theme.notice, theme.dim] };
        let gaps = [choice.name, choice.value_type].map(width).into_iter().zip(widest);
        let gaps: Vec<String> = gaps.map(|(width, widest)| " ".repeat(widest - width + 2)).collect();
        let [after_name, after_kind] = [0, 1].map(|nth| gaps.get(nth).map_or("", String::as_str));
        let first = choice.description.split_inclusive(". ").next().unwrap_or_default().trim();
        put_spans(
            buffer,
            line,
            [
                ("  ", name),
                (choice.name, name),
                (after_name, name),
                (choice.value_type, kind),
                (after_kind, description),
                (first, description),
            ],
        );
        used += 1;
    }
    if used > 0 {
        let line = row(body, used);
        Clear.render(line, buffer);
        let more = choices.len().saturating_sub(top + MAX_COMPLETIONS);
        let more = if more > 0 { format!(" {more} more ") } else { String::new() };
        put(buffer, line, &"─".repeat(line.width.into()), theme.head);
        put_right(buffer, line, &more, theme.head);
    }
}

/// Draws the filter's error or first warning under the characters it refers to. Returns the lines used.
fn draw_diagnostic(model: &Model, typing: &Prompt, draft: &FilterDraft, body: Rect, buffer: &mut Buffer) -> u16 {
    let theme = &model.theme;
    let (diagnostic, style) = match (&draft.error, draft.warnings.first()) {
        (Some(diagnostic), _) => (diagnostic, theme.bad),
        (None, Some(warning)) => (warning, theme.warn),
        (None, None) => return 0,
    };
    // If the text is scrolled, the error may be left of its visible part.
    let room = usize::from(body.width.saturating_sub(3));
    let (_, cursor) = visible_part(typing, room);
    let to_cursor = width(typing.line.text.get(..typing.line.cursor).unwrap_or_default());
    let before = width(typing.line.text.get(..diagnostic.span.start).unwrap_or(&typing.line.text));
    let under = width(typing.line.text.get(diagnostic.span.start..diagnostic.span.end).unwrap_or_default()).max(1);
    let at = (before + cursor).saturating_sub(to_cursor).min(room);
    let line = row(body, 0);
    Clear.render(line, buffer);
    let sign = format!("{}^{}", " ".repeat(at + 2), "~".repeat((under - 1).min(room - at)));
    let message = text::sanitize(&diagnostic.message).into_owned();
    let message_width = width(&message);
    let marker = put(buffer, line, &sign, style);
    // The message follows the marker if there is room; otherwise it goes below.
    if usize::from(line.width) >= usize::from(marker) + 1 + message_width {
        put(buffer, Rect { x: line.x + marker + 1, width: line.width - marker - 1, ..line }, &message, style);
        return 1;
    }
    let mut used = 1;
    for part in wrap(&message, usize::from(body.width.saturating_sub(4))) {
        let line = row(body, used);
        Clear.render(line, buffer);
        put_spans(buffer, line, [("  ", style), (&*part, style)]);
        used += 1;
    }
    used
}

/// Returns the position of the terminal's cursor while text is typed.
pub(crate) fn cursor_position(model: &Model, screen: &ScreenAreas) -> Option<Position> {
    let typing = model.prompt.as_ref()?;
    let (area, before) =
        if typing.is_filter() { (screen.filter, 2) } else { (screen.hints, 1 + width(&prompt(model, typing))) };
    let room = usize::from(area.width).saturating_sub(before + 1);
    let (_, at) = visible_part(typing, room);
    Some(Position { x: area.x + ((before + at) as u16).min(area.width.saturating_sub(1)), y: area.y })
}
