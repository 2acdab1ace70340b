//! A growable list that never moves its elements.

use std::ops::{Index, IndexMut};

/// Elements per chunk.
const CHUNK_LEN: usize = 1 << 14;

/// A list stored in chunks. Growing it copies nothing: a `Vec` of a million rows would be copied whole, and need twice
/// its memory meanwhile.
#[derive(Clone, Debug)]
pub struct ChunkedVec<T> {
    /// Chunks. All but the last are full.
    chunks: Vec<Vec<T>>,
}

impl<T> Default for ChunkedVec<T> {
    fn default() -> ChunkedVec<T> {
        ChunkedVec { chunks: Vec::new() }
    }
}

impl<T> ChunkedVec<T> {
    /// Returns the number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK_LEN + last.len())
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Returns the element at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK_LEN)?.get(index % CHUNK_LEN)
    }

    /// Returns a mutable reference to the element at an index.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK_LEN)?.get_mut(index % CHUNK_LEN)
    }

    /// Returns the first element.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    /// Returns the last element.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.chunks.last()?.last()
    }

    /// Appends an element.
    pub fn push(&mut self, row: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK_LEN => last.push(row),
            // A small capture does not need a whole chunk. Later chunks are most likely filled.
            None => self.chunks.push(vec![row]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK_LEN);
                chunk.push(row);
                self.chunks.push(chunk);
            }
        }
    }

    /// Returns an iterator over the elements.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.chunks.iter().flatten()
    }

    /// Returns the number of leading elements for which `pred` holds, as `slice::partition_point` does.
    #[must_use]
    pub fn partition_point(&self, pred: impl Fn(&T) -> bool) -> usize {
        let whole = self.chunks.partition_point(|chunk| chunk.last().is_some_and(&pred));
        match self.chunks.get(whole) {
            Some(chunk) => whole * CHUNK_LEN + chunk.partition_point(pred),
            None => self.len(),
        }
    }
}

impl<T> Extend<T> for ChunkedVec<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.push(row));
    }
}

impl<T> Index<usize> for ChunkedVec<T> {
    type Output = T;

    /// Panics if the index is out of range, as a `Vec` does.
    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK_LEN][index % CHUNK_LEN]
    }
}

impl<T> IndexMut<usize> for ChunkedVec<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.chunks[index / CHUNK_LEN][index % CHUNK_LEN]
    }
}

impl<T> FromIterator<T> for ChunkedVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> ChunkedVec<T> {
        let mut list = ChunkedVec::default();
        list.extend(rows);
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_vec_is_a_list() {
        for len in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN] {
            let list: ChunkedVec<usize> = (0..len).collect();
            assert_eq!((list.len(), list.is_empty()), (len, len == 0));
            assert!(list.iter().copied().eq(0..len));
            assert_eq!((list.first(), list.last().copied()), ((len > 0).then_some(&0), len.checked_sub(1)));
            assert_eq!(list.get(len), None);
            for at in [0, 1, CHUNK_LEN, len] {
                assert_eq!(list.partition_point(|&row| row < at), at.min(len));
            }
        }
    }
}
