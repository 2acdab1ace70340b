//! Actions of the journey view, and the requests it sends.

use crate::browse::{BrowseRequest, NEAR_CALLS};
use crate::journey::SelectedCall;
use crate::tui::model::journey::{CallNarrative, JourneyView};
use crate::tui::model::keys::Action;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View};
use crate::tui::panes::layout;
use std::sync::Arc;

/// Opens the journey or the trace of the selected call.
pub(crate) fn open(model: &mut Model, view: fn(usize) -> View) {
    match model.selected_call() {
        Some(call) => model.open(view(call)),
        None => model.show_error("No call is selected"),
    }
}

/// Runs an action of the journey view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    if let Action::Move(step) = action {
        let len = model.journey.lines.len();
        model.journey.list.move_cursor(step, len, height);
    }
    Vec::new()
}

/// Stores what was requested for a view.
pub(crate) fn store(model: &mut Model, view: View, narrative: CallNarrative) {
    if model.journey.requested == Some(view) {
        model.journey.loaded = Some(narrative);
    }
}

/// Fits the lines to the screen, and requests what is missing.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    if !matches!(model.view, View::Journey(_) | View::Trace(_)) {
        return;
    }
    if model.journey.requested != Some(model.view) {
        model.journey = JourneyView::of(model.view);
        effects.extend(request(model).map(Effect::Query));
    }
    let width = layout::screen_areas(model).body.width;
    model.journey.wrap(width.saturating_sub(1).into());
    let len = model.journey.lines.len();
    model.journey.list.fit(len, height);
}

/// Returns the request for what the view shows.
fn request(model: &Model) -> Option<BrowseRequest> {
    let calls = &model.index.calls;
    match model.view {
        View::Journey(call) => {
            let selected = SelectedCall::in_list(call, |at| calls.get(at))?;
            Some(BrowseRequest::Journey { call, selected: Box::new(selected) })
        }
        View::Trace(call) => {
            let positions = call.saturating_sub(NEAR_CALLS)..=call.saturating_add(NEAR_CALLS);
            let near = positions.map_while(|at| Some((calls.get(at)?.exchange.id, at)));
            Some(BrowseRequest::Trace { call, near: Arc::new(near.collect()) })
        }
        _ => None,
    }
}
