//! A list that grows and never moves: what a capture's rows are kept in.

use std::ops::{Index, IndexMut};

/// As many as stand together.
const CHUNK: usize = 1 << 14;

/// A list whose parts stay where they are when it grows: a `Vec` of a million rows would be copied whole, and need twice
/// its memory meanwhile.
#[derive(Clone, Debug)]
pub struct Pile<T> {
    /// All but the last are full.
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Pile<T> {
    fn default() -> Pile<T> {
        Pile { chunks: Vec::new() }
    }
}

impl<T> Pile<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// One by its place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)
    }

    /// The first.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// The last.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.chunks.last()?.last()
    }

    /// Adds one at the end.
    pub fn push(&mut self, row: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(row),
            // A capture of a few frames does not need a whole chunk; a later chunk is most likely filled.
            None => self.chunks.push(vec![row]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(row);
                self.chunks.push(chunk);
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.chunks.iter().flatten()
    }

    /// How many at the beginning are so; all that are so stand before all that are not.
    #[must_use]
    pub fn partition_point(&self, is_so: impl Fn(&T) -> bool) -> usize {
        let whole = self.chunks.partition_point(|chunk| chunk.last().is_some_and(&is_so));
        match self.chunks.get(whole) {
            Some(chunk) => whole * CHUNK + chunk.partition_point(is_so),
            None => self.len(),
        }
    }
}

impl<T> Extend<T> for Pile<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.push(row));
    }
}

impl<T> Index<usize> for Pile<T> {
    type Output = T;

    /// Panics where there is none, as a `Vec` does.
    fn index(&self, place: usize) -> &T {
        &self.chunks[place / CHUNK][place % CHUNK]
    }
}

impl<T> IndexMut<usize> for Pile<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut self.chunks[place / CHUNK][place % CHUNK]
    }
}

impl<T> FromIterator<T> for Pile<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Pile<T> {
        let mut pile = Pile::default();
        pile.extend(rows);
        pile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pile_is_a_list() {
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let pile: Pile<usize> = (0..len).collect();
            assert_eq!((pile.len(), pile.is_empty()), (len, len == 0));
            assert!(pile.iter().copied().eq(0..len));
            assert_eq!((pile.first(), pile.last().copied()), ((len > 0).then_some(&0), len.checked_sub(1)));
            assert_eq!(pile.get(len), None);
            for at in [0, 1, CHUNK, len] {
                assert_eq!(pile.partition_point(|&row| row < at), at.min(len));
            }
        }
    }
}
