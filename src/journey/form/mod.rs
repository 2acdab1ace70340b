//! Forms of a journey. Each prints the same model.

mod html;
mod json;
mod markdown;
mod otlp;
pub(crate) mod page;
pub(crate) mod span;
mod text;
mod waterfall;

use super::model::Journey;
use crate::diagram::mermaid;
pub(crate) use html::linked_frames;
pub(crate) use json::add_names;
pub(crate) use markdown::escape as escape_markdown;
pub(crate) use text::Lines;
pub use text::{JourneyLine, text_lines};

/// Maximum number of arrows in a Mermaid diagram of its own.
const MAX_ARROWS: usize = 120;

/// A form of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JourneyForm {
    /// Text with lines of at most this many characters.
    Text(usize),
    /// One object with everything.
    Json,
    /// GitHub's Markdown, with a Mermaid diagram.
    Markdown,
    /// Mermaid sequence diagram.
    Mermaid,
    /// Page without other files.
    Html,
    /// JSON of OpenTelemetry: a span with the phases as events.
    Otlp,
}

/// Returns a journey in a form. With `explains`, each step has its explanation.
#[must_use]
pub fn render(journey: &Journey, form: JourneyForm, explains: bool) -> String {
    match form {
        JourneyForm::Json => json::render(journey, explains),
        JourneyForm::Markdown => markdown::render(journey, explains),
        JourneyForm::Mermaid => mermaid(&journey.diagram, MAX_ARROWS),
        JourneyForm::Html => html::render(journey, explains),
        JourneyForm::Otlp => otlp::render(journey),
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
