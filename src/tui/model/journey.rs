//! Journey view: what happened to a call, step by step, or the calls that caused it and that it caused.

use crate::journey::{Journey, JourneyLine, text_lines};
use crate::trace::{self, Trace};
use crate::tui::model::{Model, View};
use crate::tui::widgets::scroll::ScrollState;

/// What is read of a call.
#[derive(Debug)]
pub(crate) enum CallNarrative {
    Journey(Box<Journey>),
    Trace(Box<Trace>),
}

impl CallNarrative {
    fn lines(&self, width: usize) -> Vec<JourneyLine> {
        match self {
            CallNarrative::Journey(journey) => text_lines(journey, width, true),
            CallNarrative::Trace(trace) => trace::text_lines(trace, width),
        }
    }
}

/// State of the journey view.
#[derive(Debug, Default)]
pub(crate) struct JourneyView {
    /// View of the last request.
    pub(crate) requested: Option<View>,
    /// What it shows, once it is read.
    pub(crate) loaded: Option<CallNarrative>,
    /// Its lines for the width of the screen.
    pub(crate) lines: Vec<JourneyLine>,
    /// Width of the lines.
    width: usize,
    pub(crate) list: ScrollState,
}

impl JourneyView {
    /// Creates the state for a view that was requested.
    pub(crate) fn of(view: View) -> JourneyView {
        JourneyView { requested: Some(view), ..JourneyView::default() }
    }

    /// Divides the text into lines of this width.
    pub(crate) fn wrap(&mut self, width: usize) {
        if let Some(loaded) = self.loaded.as_ref().filter(|_| self.lines.is_empty() || self.width != width) {
            self.lines = loaded.lines(width);
            self.width = width;
        }
    }
}

/// Returns the first frame of the line under the cursor.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    model.journey.lines.get(model.journey.list.cursor)?.frames.first().copied()
}

/// Returns the text of a line.
pub(crate) fn text(model: &Model, index: usize) -> String {
    model.journey.lines.get(index).map_or(String::new(), |line| line.text.clone())
}
