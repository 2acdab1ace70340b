//! The list of what was odd.

use super::list::{List, Numbers};
use super::model::Model;
use std::sync::Arc;

/// The list of notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) list: List,
    /// The places of those in frames that the filter lets through.
    places: Arc<Vec<u32>>,
}

/// The places of the notes that are shown.
pub(crate) fn numbers(model: &Model) -> Numbers {
    match model.sifted {
        Some(_) => Numbers::These { numbers: model.notes.places.clone(), rising: true },
        None => Numbers::All { first: 0, count: model.index.notes.len() },
    }
}

/// Looks for the notes in frames that the filter lets through.
pub(crate) fn refresh(model: &mut Model) {
    let Some(sifted) = &model.sifted else { return };
    let notes = model.index.notes.iter().zip(0u32..);
    let among = notes.filter(|(note, _)| sifted.frames.binary_search(&note.frame).is_ok());
    model.notes.places = Arc::new(among.map(|(_, place)| place).collect());
}
