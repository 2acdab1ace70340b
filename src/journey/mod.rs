//! The journey of a call: from the name of its server to the teardown of its connection, with its phases and verdicts.
//!
//! A capture is read twice: a [`CallSelector`] selects the call, a [`JourneyCollector`] collects the frames of its
//! connection and the lookups of its server's name. The result is one [`Journey`], which all forms print.

mod collected;
mod collector;
mod facts;
mod form;
mod model;
mod phases;
mod segment;
mod selector;
mod steps;
mod text;
mod verdicts;

use collected::Collected;
pub use collector::JourneyCollector;
pub use form::{JourneyForm, JourneyLine, render, text_lines};
pub use model::{Journey, Phase, PhaseKind, SegmentArrow, Statement, Step, StepKind, Verdict, VerdictKind};
pub use selector::{CallChoice, CallSelector, SelectedCall};

/// Returns the journey of a call from what was collected.
fn build(collected: &Collected) -> Journey {
    let arrow = |segment: &segment::SegmentRecord| SegmentArrow {
        frame: segment.frame,
        time: segment.time,
        side: segment.side,
        label: segment.label(),
        is_anomalous: segment.is_anomalous(),
    };
    let mut notes = Vec::new();
    if collected.dropped_segments > 0 {
        let dropped = text::count(collected.dropped_segments, "more segment");
        notes.push(format!(
            "The connection has {dropped}, beyond the limit of {}.",
            crate::analysis::limits::JOURNEY_SEGMENTS
        ));
    }
    let missing = collected.missing();
    if missing > 0 {
        notes.push(format!("The capture lacks {} of the connection.", text::size(missing)));
    }
    let exchange = collected.exchange();
    if exchange.lacks_response() && exchange.request.is_some() && collected.has_data_after_request() {
        notes.push("The server sent data after the request, but no response to it could be read.".to_owned());
    }
    Journey {
        call: collected.selected.call.clone(),
        row: collected.selected.row,
        phases: phases::phases(collected),
        steps: steps::steps(collected),
        verdicts: verdicts::verdicts(collected),
        segments: collected.segments.iter().map(arrow).collect(),
        notes,
    }
}
