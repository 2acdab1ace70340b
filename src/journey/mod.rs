//! The journey of a call: from the name of its server to the teardown of its connection, with its phases and verdicts.
//!
//! A capture is read twice: a [`CallSelector`] selects the call, a [`JourneyCollector`] collects the frames of its
//! connection and the lookups of its server's name. The result is one [`Journey`], which all forms print.

mod certificate;
mod collected;
mod collector;
mod datagram;
mod details;
mod facts;
mod form;
mod lookups;
mod model;
mod phases;
mod segment;
mod selector;
mod sequence;
mod steps;
pub(crate) mod text;
mod verdicts;

use collected::Collected;
pub use collector::JourneyCollector;
pub use details::FrameDetails;
use dissectors::session::Side;
pub(crate) use facts::is_lookup;
pub use form::{JourneyForm, JourneyLine, render, text_lines};
pub(crate) use form::{Lines, add_names, escape_markdown, page, span};
pub use model::{Journey, Phase, PhaseKind, Statement, Step, StepKind, Verdict, VerdictKind};
pub use selector::{CallChoice, CallSelector, SelectedCall};
use std::collections::BTreeMap;
pub use text::{endpoint_text, named_endpoint_text};

/// Returns the journey of a call from what was collected.
fn build(collected: &Collected) -> Journey {
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
    let lacks_side = collected.lacks_side();
    if let Some(side) = lacks_side {
        let side = side.name();
        notes
            .push(format!("No frame of the {side} was captured: when it sent what, and whether it did, is not known."));
    }
    if collected.may_have_response() && collected.has_data_after_request() {
        notes.push("The server sent data after the request, but no response to it could be read.".to_owned());
    }
    let (phases, verdicts) = (phases::phases(collected), verdicts::verdicts(collected));
    let evidence: Vec<u32> = verdicts.iter().flat_map(|verdict| verdict.statement.frames.iter().copied()).collect();
    Journey {
        call: collected.selected.call.clone(),
        row: collected.selected.row,
        diagram: sequence::diagram(collected, phases.first().map_or(0, |phase| phase.from), &evidence),
        phases,
        steps: steps::steps(collected),
        verdicts,
        lacks_side,
        may_have_response: collected.may_have_response(),
        near_side: [Side::Client, Side::Server].into_iter().find(|&side| collected.is_near(side)),
        notes,
        details: BTreeMap::new(),
    }
}
