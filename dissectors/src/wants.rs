//! The fields that a run records: those of its columns, its filter and its view.

use crate::FIELD_COUNT;
use crate::body_limit::BodyLimit;
use crate::field::{Field, FieldKind};

const WORDS: usize = (FIELD_COUNT as usize).div_ceil(64);

/// A set of wanted fields, tested one bit at a time.
#[derive(Clone, Debug)]
pub struct Wants {
    fields: [u64; WORDS],
    /// Protocols with at least one wanted field, by the id of their own field.
    protocols: [u64; WORDS],
    /// Whether the list row is wanted: addresses, protocol, info.
    pub columns: bool,
    /// Whether the list row omits the info.
    pub without_info: bool,
    /// Whether the text lines of the detail tree are wanted.
    pub labels: bool,
    /// Whether neither bodies nor fields of them are wanted: though the node of a message is, which has its bytes, or fields of a
    /// protocol are that packets and bodies have.
    pub without_bodies: bool,
    /// Maximum of each body that is recorded, if bodies are wanted.
    pub body_limit: BodyLimit,
}

impl Default for Wants {
    fn default() -> Wants {
        Wants {
            fields: [0; WORDS],
            protocols: [0; WORDS],
            columns: false,
            without_info: false,
            labels: false,
            without_bodies: false,
            body_limit: BodyLimit::DEFAULT,
        }
    }
}

impl Wants {
    /// Returns the set of all fields, with the lines of the detail tree and the columns.
    #[must_use]
    pub fn everything() -> Wants {
        Wants {
            fields: [u64::MAX; WORDS],
            protocols: [u64::MAX; WORDS],
            columns: true,
            labels: true,
            ..Wants::default()
        }
    }

    /// Returns the set of all fields but those that repeat a value under another name, which are hidden, and those of columns.
    #[must_use]
    pub fn without_repetitions() -> Wants {
        let mut wants = Wants { protocols: [u64::MAX; WORDS], ..Wants::default() };
        let is_repetition = |field: &Field| field.hidden || field.protocol == crate::column::COLUMN.id;
        crate::fields().filter(|field| !is_repetition(field)).for_each(|field| set(&mut wants.fields, field.id));
        wants
    }

    /// Returns the set of the list row and no field.
    #[must_use]
    pub fn only_columns() -> Wants {
        Wants { columns: true, ..Wants::default() }
    }

    /// Returns the set of the list row without its info, and no field.
    #[must_use]
    pub fn columns_without_info() -> Wants {
        Wants { columns: true, without_info: true, ..Wants::default() }
    }

    /// Returns whether a wanted field depends on later frames.
    #[must_use]
    pub fn needs_later_frames(&self) -> bool {
        crate::fields().any(|field| field.later && self.field(field))
    }

    /// Adds a field. A field that covers all expert notes adds every note.
    pub fn add(&mut self, field: &Field) {
        if crate::frame::is_expert_field(field) {
            for note in crate::fields().filter(|field| matches!(field.kind, FieldKind::Note(_))) {
                set(&mut self.fields, note.id);
                set(&mut self.protocols, note.protocol);
            }
        }
        set(&mut self.fields, field.id);
        set(&mut self.protocols, field.protocol);
    }

    /// Adds everything in another set.
    pub fn add_all(&mut self, other: &Wants) {
        // A set without fields needs no bodies.
        let needs_bodies = |wants: &Wants| !wants.without_bodies && !wants.is_empty();
        self.without_bodies =
            (self.without_bodies || other.without_bodies) && !needs_bodies(self) && !needs_bodies(other);
        let sets = [(&mut self.fields, &other.fields), (&mut self.protocols, &other.protocols)];
        for (own, other) in sets {
            own.iter_mut().zip(other).for_each(|(own, other)| *own |= other);
        }
        self.without_info = (self.without_info || !self.columns) && (other.without_info || !other.columns);
        self.columns |= other.columns;
        self.labels |= other.labels;
        self.body_limit = self.body_limit.max(other.body_limit);
    }

    /// Returns whether the field is wanted.
    #[must_use]
    pub fn field(&self, field: &Field) -> bool {
        has(&self.fields, field.id)
    }

    /// Returns whether any field from `first` to `last`, in order of declaration, is wanted.
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

    /// Returns whether any field of the protocol of `field` is wanted.
    #[must_use]
    pub fn protocol(&self, field: &Field) -> bool {
        has(&self.protocols, field.protocol)
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
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
    fn ranges_of_fields_include_both_ends() {
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
