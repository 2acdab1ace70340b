//! Actions bound to a key or the mouse.

use crate::browse::BrowseRequest;
use crate::capture::Call;
use crate::tui::model::display_filter::{Prompt, PromptPurpose};
use crate::tui::model::frames::FramePane;
use crate::tui::model::keys::{Action, KeyContext};
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, Tab, View, call_groups, display_filter};
use crate::tui::panes::{
    call, follow, frames, help, journey, ladder, layout, menu, quit_menu, search, selection, statistics,
};
use crate::tui::widgets::line_editor::EditAction;
use crate::tui::widgets::scroll::{Move, ScrollState};
use crate::tui::widgets::time_format::TimeOrigin;
use std::path::PathBuf;

/// Runs an action bound to a key or the mouse.
pub(crate) fn run_action(model: &mut Model, action: Action) -> Vec<Effect> {
    match model.key_context() {
        KeyContext::Menu if !matches!(action, Action::Quit | Action::Suspend) => {
            return menu::run_action(model, action);
        }
        KeyContext::Help => {
            if let Some(help) = run_help_action(model, action) {
                return help;
            }
        }
        KeyContext::Filter | KeyContext::Prompt => return run_prompt_action(model, action),
        _ => {}
    }
    match action {
        Action::Quit => return quit_menu::quit(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Help => model.help = Some(ScrollState::default()),
        Action::Theme => model.theme = model.theme.inverted(),
        Action::ShowTab(tab) => show_tab(model, tab),
        Action::NextTab => show_tab(model, model.view.tab().offset(1)),
        Action::PreviousTab => show_tab(model, model.view.tab().offset(Tab::ALL.len() - 1)),
        Action::Back => return back(model),
        Action::Filter => display_filter::open_prompt(model),
        Action::ToggleFilter => return display_filter::toggle(model),
        Action::FilterBy(by) => return selection::filter_by(model, by),
        Action::Find => search::open_prompt(model),
        Action::FindNext => return search::search(model, false),
        Action::FindPrevious => return search::search(model, true),
        Action::GoToNumber => model.prompt = Some(Prompt::new(PromptPurpose::GoToNumber, "")),
        Action::Save if model.is_redacted => {
            model.show_error("Frames are not saved with --redact. export pcapng --anonymize writes no payload");
        }
        Action::Save => model.prompt = Some(Prompt::new(PromptPurpose::Save, &menu::suggested_file_name(&model.name))),
        Action::Copy => selection::open_copy_menu(model),
        Action::Sort => menu::open_sort_menu(model),
        Action::Columns => menu::open_columns_menu(model),
        Action::ToggleColumn => toggle_column(model),
        Action::ReverseSort => reverse_sort(model),
        Action::Mark => toggle_mark(model),
        Action::NextMark => go_to_mark(model, true),
        Action::PreviousMark => go_to_mark(model, false),
        Action::NextNote => go_to_note(model, true),
        Action::PreviousNote => go_to_note(model, false),
        Action::NextTimeFormat => {
            model.time_format.select_next();
            model.show_info(format!("Time: {}", model.time_format.description()));
        }
        Action::SetTimeReference => {
            if let Some(frame) = model.selected_frame() {
                model.time_format.reference = Some(frame);
                model.time_format.origin = TimeOrigin::Reference;
                model.show_info(format!("Time: since frame {frame}"));
            }
        }
        Action::ToggleNames => return toggle_names(model),
        Action::Wrap => {
            model.wraps = !model.wraps;
            (model.call_view.scrolled_columns, model.follow.scrolled_columns) = (0, 0);
            model.show_info(if model.wraps { "Long lines are wrapped" } else { "Long lines scroll with ← and →" });
        }
        Action::GoToFrame => {
            if let Some(frame) = model.selected_frame() {
                model.show_frame(frame);
            }
        }
        Action::Journey => journey::open(model, View::Journey),
        Action::Trace => journey::open(model, View::Trace),
        Action::Ladder => open_at_selection(model, open_ladder),
        Action::Follow => open_at_selection(model, open_follow),
        _ => return run_view_action(model, action),
    }
    Vec::new()
}

/// Shows the view of a tab; of the streams, the connections of QUIC if there are no others.
fn show_tab(model: &mut Model, tab: Tab) {
    let is_quic = tab == Tab::Streams && model.index.streams.is_empty() && !model.index.connections.is_empty();
    model.show(if is_quic { View::Connections } else { tab.view() });
}

/// Shows host names of addresses, or addresses.
fn toggle_names(model: &mut Model) -> Vec<Effect> {
    let are_shown = !model.index.shows_names;
    model.index.shows_names = are_shown;
    model.frames.invalidate();
    model.show_info(match are_shown {
        false => "Addresses",
        true if model.index.host_names.is_full() => "Host names; some are dropped, because the limit is reached",
        true if model.index.host_names.is_empty() => "Host names: the capture has none",
        true => "Host names of the capture; the tree has their sources",
    });
    let mut effects = vec![Effect::Query(BrowseRequest::ShowNames(are_shown))];
    if let Some(text) = model.applied_filter.as_ref().map(|applied| applied.text.clone()) {
        effects.extend(display_filter::apply(model, &text));
    }
    effects
}

/// Runs an action of the view.
fn run_view_action(model: &mut Model, action: Action) -> Vec<Effect> {
    let height = layout::visible_rows(model);
    match (model.view, action) {
        (View::Calls, Action::Move(step)) => {
            let numbers = model.call_numbers();
            model.calls.move_cursor(step, &numbers, height);
        }
        (View::Calls, Action::Enter) => {
            if let Some(call) = model.selected_call() {
                model.open(View::Call(call));
            }
        }
        (View::Calls, Action::Fold) => call_groups::set_folded(model, true),
        (View::Calls, Action::Unfold) => call_groups::set_folded(model, false),
        (View::Calls, Action::NextGrouping) => call_groups::toggle(model),
        (View::Streams, Action::Move(step)) => {
            let numbers = model.stream_numbers();
            model.streams.move_cursor(step, &numbers, height);
        }
        (View::Connections, Action::Move(step)) => {
            let numbers = model.connection_numbers();
            model.connections.move_cursor(step, &numbers, height);
        }
        (View::Streams, Action::NextPane) => model.show(View::Connections),
        (View::Connections, Action::NextPane) => model.show(View::Streams),
        (View::Streams | View::Connections, Action::Enter) => open_ladder(model),
        (View::Notes, Action::Move(step)) => {
            let numbers = model.note_numbers();
            model.notes.sorted_list.move_cursor(step, &numbers, height);
        }
        (View::Notes, Action::Fold) => model.notes.set_folded(true),
        (View::Notes, Action::Unfold) => model.notes.set_folded(false),
        (View::Notes | View::Journey(_) | View::Trace(_) | View::Ladder(_) | View::Follow(_), Action::Enter) => {
            if let Some(frame) = model.selected_frame() {
                model.show_frame(frame);
            }
        }
        (View::Frames, _) => return frames::run_action(model, action, height),
        (View::Call(_), _) => return call::run_action(model, action, height),
        (View::Journey(_) | View::Trace(_), _) => return journey::run_action(model, action, height),
        (View::Ladder(_), _) => return ladder::run_action(model, action, height),
        (View::Follow(_), _) => return follow::run_action(model, action, height),
        (View::Statistics, _) => return statistics::run_action(model, action, height),
        _ => {}
    }
    Vec::new()
}

fn open_ladder(model: &mut Model) {
    match model.selected_conversation() {
        Some(conversation) => model.open(View::Ladder(conversation)),
        None => model.show_error("Not part of a TCP connection or of a call. c filters by the conversation"),
    }
}

fn open_follow(model: &mut Model) {
    let Some(conversation) = model.selected_conversation() else {
        return model.show_error("Not part of a TCP connection or of a call. c filters by the conversation");
    };
    if matches!(model.view, View::Follow(_)) {
        return;
    }
    // Bytes of datagrams, of encrypted connections and of frames with masks are not readable.
    let is_unreadable = |call: &Call| call.exchange.is_encrypted || call.exchange.is_one_way;
    let call = model.selected_call().and_then(|call| model.index.calls.get(call));
    model.follow.has_messages = conversation.tcp().is_none() || model.is_redacted || call.is_some_and(is_unreadable);
    model.open(View::Follow(conversation));
}

/// Opens the ladder or the data of a conversation at the selected frame, or at the start of the selected message.
fn open_at_selection(model: &mut Model, open: fn(&mut Model)) {
    let target = match model.view {
        View::Streams | View::Connections | View::Statistics => None,
        View::Calls | View::Call(_) | View::Journey(_) | View::Trace(_) => call::first_frame(model),
        _ => model.selected_frame(),
    };
    let from = model.view;
    open(model);
    match model.view {
        view if view == from => {}
        View::Ladder(_) => model.ladder.target_frame = target,
        View::Follow(_) => model.follow.target_frame = target,
        _ => {}
    }
}

/// Closes the pane, then the view, then the filter.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.search.pending.take().is_some() {
        return vec![Effect::Query(BrowseRequest::CancelFind)];
    }
    if model.search.parts.take().is_some() {
        model.follow.wanted = None;
    } else if model.view == View::Frames && model.frames.zoom {
        model.frames.zoom = false;
    } else if model.view == View::Frames && model.frames.pane != FramePane::List {
        model.frames.pane = match model.frames.pane {
            FramePane::Bytes => FramePane::Tree,
            _ => FramePane::List,
        };
    } else if let Some(view) = model.back_stack.pop() {
        model.view = view;
    } else {
        return display_filter::clear(model);
    }
    Vec::new()
}

/// Runs an action of the help screen; `None` if the action is the same everywhere.
fn run_help_action(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let height = usize::from(layout::screen_areas(model).body.height.saturating_sub(1));
    let len = help::lines(model).len();
    match action {
        Action::Move(step) => {
            // The help screen scrolls without a cursor.
            let help = model.help.as_mut()?;
            help.move_cursor(step, len, height);
            let by = match step {
                Move::Up | Move::PageUp | Move::First => help.cursor,
                _ => help.cursor.max(height).min(len.saturating_sub(1)),
            };
            help.cursor = by;
            help.fit(len, height);
        }
        Action::Back => model.help = None,
        _ => return None,
    }
    Some(Vec::new())
}

/// Runs an action of the prompt.
fn run_prompt_action(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(typing) = &mut model.prompt else { return Vec::new() };
    match (&typing.purpose, action) {
        (_, Action::Suspend) => return vec![Effect::Suspend],
        (_, Action::Back) => {
            model.prompt = None;
            model.quits_after_save = false;
        }
        (PromptPurpose::Filter(_), Action::Enter) => return display_filter::apply_input(model),
        (PromptPurpose::Filter(_), Action::Edit(edit)) => display_filter::edit_input(model, edit),
        (PromptPurpose::Find, Action::Enter) => return search::start(model),
        (PromptPurpose::Find, Action::Edit(EditAction::Next)) => search::next_kind(model),
        (PromptPurpose::Find, Action::Edit(EditAction::Previous)) => search::next_scope(model),
        (PromptPurpose::GoToNumber, Action::Enter) => go_to(model),
        (PromptPurpose::Save, Action::Enter) => {
            let path = typing.line.text.trim().to_owned();
            if !path.is_empty() {
                model.prompt = None;
                return menu::save(model, PathBuf::from(path), false);
            }
        }
        (_, Action::Edit(edit)) => {
            typing.line.apply(edit);
            typing.error = None;
        }
        _ => {}
    }
    Vec::new()
}

/// Goes to the frame number in the prompt.
fn go_to(model: &mut Model) {
    let Some(typing) = &mut model.prompt else { return };
    let count = model.index.frames.len();
    match typing.line.text.trim().parse::<u32>() {
        Ok(frame) if frame > 0 && frame as usize <= count => {
            model.prompt = None;
            model.show_frame(frame);
        }
        Ok(_) => typing.error = Some(format!("The capture has {count} frames")),
        Err(_) => typing.error = Some("Not a frame number".into()),
    }
}

fn reverse_sort(model: &mut Model) {
    let sort = model.sorted_list_mut().and_then(|list| list.sort);
    if let Some(sort) = sort {
        menu::sort_by(model, sort.column);
    }
}

/// Shows or hides the selected field as a column.
fn toggle_column(model: &mut Model) {
    let Some(field) = model.frames.selected_line().map(|line| line.field) else { return };
    match model.frames.toggle_column(field) {
        Ok(true) => model.show_info(format!("{} is shown as a column", field.name)),
        Ok(false) => model.show_info(format!("{} is no longer shown as a column", field.name)),
        Err(error) => model.show_error(error),
    }
}

fn toggle_mark(model: &mut Model) {
    let Some(frame) = model.selected_frame() else { return };
    if model.marks.remove(&frame) {
        model.show_info(format!("Frame {frame} unmarked"));
    } else {
        model.marks.insert(frame);
        model.show_info(format!("Frame {frame} marked"));
    }
}

/// Goes to the next or the previous marked frame, wrapping around.
fn go_to_mark(model: &mut Model, on: bool) {
    let selected = model.selected_frame().unwrap_or(0);
    let marks = &model.marks;
    let found = match on {
        true => marks.range(selected.saturating_add(1)..).next().or(marks.first()),
        false => marks.range(..selected).next_back().or(marks.last()),
    };
    match found.copied() {
        Some(frame) => model.show_frame(frame),
        None => model.show_error("No marked frames; mark one with m"),
    }
}

/// Goes to the next or the previous listed frame with a note, a warning or an error, wrapping around.
fn go_to_note(model: &mut Model, on: bool) {
    let selected = model.selected_frame().unwrap_or(0);
    let numbers = model.unsorted_notes();
    let frame = |row: usize| model.index.notes.get(numbers.get(row)? as usize).map(|note| note.frame);
    // Notes are in the order of their frames.
    let next = if on { selected.saturating_add(1) } else { selected };
    let (mut row, mut end) = (0, numbers.len());
    while row < end {
        let middle = row.midpoint(end);
        if frame(middle).is_some_and(|frame| frame < next) { row = middle + 1 } else { end = middle }
    }
    let found = match on {
        true => frame(row).or_else(|| frame(0)),
        false => row.checked_sub(1).and_then(frame).or_else(|| frame(numbers.len().checked_sub(1)?)),
    };
    match found {
        Some(frame) => model.show_frame(frame),
        None => model.show_error("No frames with notes, warnings or errors"),
    }
}
