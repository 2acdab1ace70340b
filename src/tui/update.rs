//! Response of the terminal UI to messages.

use crate::browse::{BrowseEvent, LoadState};
use crate::tui::model::display_filter::ListChange;
use crate::tui::model::journey::CallNarrative;
use crate::tui::model::keys::{Key, KeyContext};
use crate::tui::model::message::{Effect, Msg};
use crate::tui::model::{Model, View, calls, display_filter, keys};
use crate::tui::panes::actions::run_action;
use crate::tui::panes::{call, follow, frames, journey, ladder, layout, menu, mouse, quit_menu, search, statistics};
use crossterm::event::{KeyEvent, KeyEventKind};

/// Applies a message to the model, and returns the effects to run.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = match msg {
        Msg::Key(event) if event.kind != KeyEventKind::Release => apply_key(model, event),
        Msg::Key(_) => return Vec::new(),
        Msg::Mouse(event) => mouse::apply_event(model, event),
        Msg::Paste(text) => {
            paste(model, &text);
            Vec::new()
        }
        Msg::Resize(width, height) => {
            model.size = (width, height);
            let first = model.initial_filter.take();
            first.map_or(Vec::new(), |filter| display_filter::apply(model, &filter))
        }
        Msg::Continue => search::search_step(model),
        Msg::CopiedToTmux => {
            menu::add_tmux_status(model);
            Vec::new()
        }
        Msg::QueryResult(event) => apply_result(model, event),
    };
    fit_views(model, &mut effects);
    effects
}

fn apply_key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let (key, context) = (Key::from_event(event), model.key_context());
    model.status = None;
    let typed = matches!(context, KeyContext::Filter | KeyContext::Prompt);
    match (keys::action(key, context), key.typed_char()) {
        (Some(action), _) => run_action(model, action),
        (None, Some(char)) if typed => {
            type_text(model, char.encode_utf8(&mut [0; 4]));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn type_text(model: &mut Model, text: &str) {
    if let Some(typing) = &mut model.prompt {
        typing.line.insert(text);
        typing.error = None;
    }
    display_filter::check_input(model);
}

/// Inserts pasted text; without an open prompt it starts a filter.
fn paste(model: &mut Model, text: &str) {
    if model.prompt.is_none() && model.menu.is_none() && model.help.is_none() {
        display_filter::open_prompt(model);
    }
    type_text(model, text);
}

/// Applies the result of a query.
fn apply_result(model: &mut Model, event: BrowseEvent) -> Vec<Effect> {
    match event {
        BrowseEvent::IndexUpdate(changes) => {
            let was_growing = model.is_growing();
            if changes.calls.iter().any(calls::has_named_status) {
                model.calls.columns = &calls::NAMED_STATUS_COLUMNS;
            }
            model.index.apply(*changes);
            display_filter::mark_changed(model, ListChange::Extended);
            if was_growing && !model.is_growing() {
                if let LoadState::Complete(Some(error)) = &model.index.state {
                    model.show_error(error.clone());
                }
                model.frames.invalidate();
                model.ladder.invalidate();
                return display_filter::reapply_after_end(model);
            }
        }
        BrowseEvent::Rows(rows) => model.frames.store_rows(rows),
        BrowseEvent::Frame(frame) => {
            model.frames.store_frame(frame);
            search::show_tree_hit(model);
        }
        BrowseEvent::Ladder(part) => ladder::store_rows(model, part),
        BrowseEvent::Call { call, detail } => return call::store_details(model, call, detail),
        BrowseEvent::Journey { call, journey } => {
            journey::store(model, View::Journey(call), CallNarrative::Journey(journey));
        }
        BrowseEvent::Trace { call, trace } => journey::store(model, View::Trace(call), CallNarrative::Trace(trace)),
        BrowseEvent::Follow(window) => follow::store_window(model, window),
        BrowseEvent::FilterResult { id, frames, calls, streams, datagrams, upto, done } => {
            display_filter::add_matches(model, id, ([frames, calls, streams], datagrams), upto, done);
        }
        BrowseEvent::FindResult { id, frame, bytes } => search::go_to_result(model, id, frame, bytes),
        BrowseEvent::FindProgress { id, frame: at } => {
            if let Some(pending) = model.search.pending.as_mut().filter(|pending| pending.0 == id) {
                pending.1 = at;
            }
        }
        BrowseEvent::SaveResult { path, result, omits_secrets } => {
            return quit_menu::record_save(model, &path, result, omits_secrets);
        }
        BrowseEvent::FileExists { path } => menu::confirm_overwrite(model, path),
        BrowseEvent::RequestFailed { request, error } => model.record_query_error(request, error),
        BrowseEvent::Error(error) => model.show_error(error),
    }
    Vec::new()
}

/// Fits all lists to the screen, and queries visible data that is missing.
fn fit_views(model: &mut Model, effects: &mut Vec<Effect>) {
    display_filter::sort_visible_list(model);
    let body = usize::from(layout::screen_areas(model).body.height);
    let below = |view| body.saturating_sub(layout::title_height(model, view).into());
    let heights = [View::Calls, View::Streams, View::Notes, View::Connections].map(below);
    let calls = model.call_numbers();
    model.calls.fit(&calls, heights[0]);
    let streams = model.stream_numbers();
    model.streams.fit(&streams, heights[1]);
    let connections = model.connection_numbers();
    model.connections.fit(&connections, heights[3]);
    let notes = model.note_numbers();
    model.notes.sorted_list.fit(&notes, heights[2]);
    frames::fit(model, effects);
    let height = layout::visible_rows(model);
    call::fit(model, effects);
    journey::fit(model, height, effects);
    ladder::fit(model, height, effects);
    follow::fit(model, height, effects);
    statistics::fit(model, height, effects);
    // Several views may have a next step; one message runs them all.
    let mut goes_on = false;
    effects.retain(|effect| !matches!(effect, Effect::Continue) || !std::mem::replace(&mut goes_on, true));
}
