//! Levels of detail at which frames are read again.

use dissectors::{Field, Wants};

/// The level of detail of a cached frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Detail {
    Row,
    Tree,
}

impl Detail {
    /// Returns the fields to record. `fields` are the additional columns of rows.
    pub(super) fn wants(self, fields: &[&'static Field]) -> Wants {
        match self {
            Detail::Row => {
                let mut wants = Wants::only_columns();
                fields.iter().for_each(|field| wants.add(field));
                wants
            }
            Detail::Tree => Wants::everything(),
        }
    }

    /// Returns the maximum number of cached frames.
    pub(super) fn capacity(self) -> usize {
        match self {
            Detail::Row => 8192,
            Detail::Tree => 128,
        }
    }

    /// Returns the number of earlier frames of a long conversation to load together with the requested ones.
    pub(super) fn earlier_frames(self) -> usize {
        match self {
            Detail::Row => 1024,
            Detail::Tree => 32,
        }
    }
}
