//! Actions of the journey view, and the requests it sends.

use crate::browse::BrowseRequest;
use crate::journey::{Journey, SelectedCall};
use crate::tui::model::journey::JourneyView;
use crate::tui::model::keys::Action;
use crate::tui::model::message::Effect;
use crate::tui::model::{Model, View};
use crate::tui::panes::layout;

/// Opens the journey of the selected call.
pub(crate) fn open(model: &mut Model) {
    match model.selected_call() {
        Some(call) => model.open(View::Journey(call)),
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

/// Stores the journey that was requested.
pub(crate) fn store(model: &mut Model, call: usize, journey: Box<Journey>) {
    if model.journey.requested == Some(call) {
        model.journey.loaded = Some(journey);
    }
}

/// Fits the lines to the screen, and requests the journey if it is missing.
pub(crate) fn fit(model: &mut Model, height: usize, effects: &mut Vec<Effect>) {
    let View::Journey(call) = model.view else { return };
    if model.journey.requested != Some(call) {
        model.journey = JourneyView::of(call);
        let calls = &model.index.calls;
        if let Some(selected) = SelectedCall::in_list(call, |at| calls.get(at)) {
            effects.push(Effect::Query(BrowseRequest::Journey { call, selected: Box::new(selected) }));
        }
    }
    let width = layout::screen_areas(model).body.width;
    model.journey.wrap(width.saturating_sub(1).into());
    let len = model.journey.lines.len();
    model.journey.list.fit(len, height);
}
