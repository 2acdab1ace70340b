//! Journey view: what happened to a call, step by step.

use crate::journey::{Journey, JourneyLine, text_lines};
use crate::tui::model::Model;
use crate::tui::widgets::scroll::ScrollState;

/// State of the journey view.
#[derive(Debug, Default)]
pub(crate) struct JourneyView {
    /// Call of the last request, as an index.
    pub(crate) requested: Option<usize>,
    /// Journey of that call, once it is read.
    pub(crate) loaded: Option<Box<Journey>>,
    /// Its lines for the width of the screen.
    pub(crate) lines: Vec<JourneyLine>,
    /// Width of the lines.
    width: usize,
    pub(crate) list: ScrollState,
}

impl JourneyView {
    /// Creates the state for a call that was requested.
    pub(crate) fn of(call: usize) -> JourneyView {
        JourneyView { requested: Some(call), ..JourneyView::default() }
    }

    /// Divides the text into lines of this width.
    pub(crate) fn wrap(&mut self, width: usize) {
        if let Some(journey) = self.loaded.as_ref().filter(|_| self.lines.is_empty() || self.width != width) {
            self.lines = text_lines(journey, width, true);
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
