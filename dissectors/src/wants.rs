//! What a run wants to know: the fields of its columns, its filter and its view. Nothing else is recorded.

use crate::FIELD_COUNT;
use crate::field::{Field, Kind};

const WORDS: usize = (FIELD_COUNT as usize).div_ceil(64);

/// A set of wanted fields, asked with one bit test.
#[derive(Clone, Debug)]
pub struct Wants {
    fields: [u64; WORDS],
    /// The protocols (by their own field) of which any field is wanted.
    protocols: [u64; WORDS],
    /// The row of a list of frames: addresses, protocol, info.
    pub columns: bool,
    /// Of that row, not the info.
    pub brief: bool,
    /// The lines of text of the detail tree.
    pub labels: bool,
}

impl Default for Wants {
    fn default() -> Wants {
        Wants { fields: [0; WORDS], protocols: [0; WORDS], columns: false, brief: false, labels: false }
    }
}

impl Wants {
    /// Every field, with the lines of the detail tree and the columns.
    #[must_use]
    pub fn everything() -> Wants {
        Wants { fields: [u64::MAX; WORDS], protocols: [u64::MAX; WORDS], columns: true, brief: false, labels: true }
    }

    /// The row of a list of frames and no field.
    #[must_use]
    pub fn only_columns() -> Wants {
        Wants { columns: true, ..Wants::default() }
    }

    /// The row of a list of frames without its info, and no field.
    #[must_use]
    pub fn only_names() -> Wants {
        Wants { columns: true, brief: true, ..Wants::default() }
    }

    /// Whether something is wanted that later frames tell.
    #[must_use]
    pub fn asks_later(&self) -> bool {
        crate::fields().any(|field| field.later && self.field(field))
    }

    /// Adds a field; with one that tells of all notes, all notes.
    pub fn add(&mut self, field: &Field) {
        if crate::frame::tells_notes(field) {
            for note in crate::fields().filter(|field| matches!(field.kind, Kind::Note(_))) {
                set(&mut self.fields, note.id);
                set(&mut self.protocols, note.protocol);
            }
        }
        set(&mut self.fields, field.id);
        set(&mut self.protocols, field.protocol);
    }

    /// Adds all that another set has.
    pub fn add_all(&mut self, other: &Wants) {
        let sets = [(&mut self.fields, &other.fields), (&mut self.protocols, &other.protocols)];
        for (own, other) in sets {
            own.iter_mut().zip(other).for_each(|(own, other)| *own |= other);
        }
        self.brief = (self.brief || !self.columns) && (other.brief || !other.columns);
        self.columns |= other.columns;
        self.labels |= other.labels;
    }

    /// Whether the field is wanted.
    #[must_use]
    pub fn field(&self, field: &Field) -> bool {
        has(&self.fields, field.id)
    }

    /// Whether any field is wanted from `first` to `last`, in the order of their declarations.
    #[must_use]
    pub fn any_between(&self, first: &Field, last: &Field) -> bool {
        let (first, last) = (usize::from(first.id), usize::from(last.id));
        let mut words = self.fields.iter().enumerate().take(last / 64 + 1).skip(first / 64);
        words.any(|(nth, word)| {
            let from = if nth == first / 64 { u64::MAX << (first % 64) } else { u64::MAX };
            let to = if nth == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            word & from & to != 0
        })
    }

    /// Whether any field of the protocol is wanted that `field` belongs to.
    #[must_use]
    pub fn protocol(&self, field: &Field) -> bool {
        has(&self.protocols, field.protocol)
    }

    /// Whether nothing is wanted at all.
    #[must_use]
    pub fn nothing(&self) -> bool {
        !self.columns && self.fields.iter().all(|&word| word == 0)
    }
}

fn set(words: &mut [u64; WORDS], id: u16) {
    if let Some(word) = words.get_mut(usize::from(id) / 64) {
        *word |= 1 << (id % 64);
    }
}

fn has(words: &[u64; WORDS], id: u16) -> bool {
    words.get(usize::from(id) / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{frame, http, tcp};

    #[test]
    fn ranges_of_fields_begin_and_end_where_they_say() {
        let between = |wanted: &Field, first, last| {
            let mut wants = Wants::default();
            wants.add(wanted);
            wants.any_between(first, last)
        };
        for field in crate::fields() {
            let inside = (tcp::LEN.id..=tcp::OPTIONS.id).contains(&field.id);
            assert_eq!(between(field, &tcp::LEN, &tcp::OPTIONS), inside, "{}", field.name);
            assert_eq!(between(field, &tcp::SEQ, &tcp::SEQ), field.id == tcp::SEQ.id, "{}", field.name);
        }
        assert!(between(&tcp::SEQ, &frame::FRAME, &http::HTTP));
    }
}
