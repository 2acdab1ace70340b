//! The list of what was odd: the worst first.

use super::list::Numbers;
use super::model::Model;
use super::roster::{Roster, Sort};
use super::view::notes::{COLUMNS, SEVERITY};
use dissectors::Severity;
use std::sync::Arc;

/// How bad something may be, the worst first.
pub(crate) const SEVERITIES: [Severity; 4] = [Severity::Error, Severity::Warn, Severity::Note, Severity::Chat];

/// The list of notes.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) roster: Roster,
    /// How many are shown of each of [`SEVERITIES`].
    pub(crate) counts: [u64; 4],
    /// The places of those in frames that the filter lets through.
    places: Arc<Vec<u32>>,
    /// So many of all are counted; none where there is a filter.
    counted: usize,
}

impl Default for Notes {
    fn default() -> Notes {
        let mut roster = Roster::new(&COLUMNS);
        roster.sort = Some(Sort { column: SEVERITY, falling: true });
        Notes { roster, counts: [0; 4], places: Arc::default(), counted: 0 }
    }
}

/// The places of the notes that are shown, in their order.
pub(crate) fn numbers(model: &Model) -> Numbers {
    let all = Numbers::All { first: 0, count: model.index.notes.len() };
    model.notes.roster.numbers(model.sifted.as_ref().map(|_| &model.notes.places), all)
}

/// The same, as captured.
pub(crate) fn unsorted(model: &Model) -> Numbers {
    let all = Numbers::All { first: 0, count: model.index.notes.len() };
    Numbers::among(model.sifted.as_ref().map(|_| &model.notes.places), all)
}

/// Looks for the notes in frames that the filter lets through; `other` if that may be others than before.
pub(crate) fn refresh(model: &mut Model, other: bool) {
    let (notes, all) = (&mut model.notes, &model.index.notes);
    notes.roster.changed(other);
    let mut counts = if other || model.sifted.is_some() { [0; 4] } else { notes.counts };
    let mut count = |severity| {
        if let Some(place) = SEVERITIES.iter().position(|&other| other == severity) {
            counts[place] += 1;
        }
    };
    match &model.sifted {
        Some(sifted) => {
            let among = all.iter().zip(0u32..).filter(|(note, _)| sifted.frames.binary_search(&note.frame).is_ok());
            let among = among.inspect(|(note, _)| count(note.severity));
            notes.places = Arc::new(among.map(|(_, place)| place).collect());
            notes.counted = 0;
        }
        None => {
            let from = if other { 0 } else { notes.counted };
            (from..all.len()).filter_map(|place| all.get(place)).for_each(|note| count(note.severity));
            notes.counted = all.len();
        }
    }
    notes.counts = counts;
}
