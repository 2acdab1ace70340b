//! Forms of a journey. Each prints the same model.

mod text;
mod waterfall;

use super::model::Journey;
pub use text::{JourneyLine, text_lines};

/// A form of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JourneyForm {
    /// Text with lines of at most this many characters.
    Text(usize),
}

/// Returns a journey in a form. With `explains`, each step has its explanation.
#[must_use]
pub fn render(journey: &Journey, form: JourneyForm, explains: bool) -> String {
    match form {
        JourneyForm::Text(width) => {
            let mut out = String::new();
            for line in text_lines(journey, width, explains) {
                out.push_str(&line.text);
                out.push('\n');
            }
            out
        }
    }
}
