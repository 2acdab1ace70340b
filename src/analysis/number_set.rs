//! A set of numbers that are mostly close together, such as frame or stream numbers. Each costs one bit.

/// A set of frame or stream numbers, as a bit vector.
#[derive(Clone, Debug, Default)]
pub struct NumberSet {
    words: Vec<u64>,
    max: Option<u32>,
}

impl NumberSet {
    /// Adds a number.
    pub fn insert(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << (number % 64);
        }
        self.max = self.max.max(Some(number));
    }

    /// Returns whether the set has a number.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Returns the highest number.
    #[must_use]
    pub fn max(&self) -> Option<u32> {
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_has_the_inserted_numbers_and_no_others() {
        let mut set = NumberSet::default();
        assert_eq!((set.max(), set.contains(0)), (None, false));
        let numbers = [3, 0, 63, 64, 1_000_000];
        numbers.iter().for_each(|&number| set.insert(number));
        let found: Vec<u32> = (0..1_000_100).filter(|&number| set.contains(number)).collect();
        assert_eq!(found, [0, 3, 63, 64, 1_000_000]);
        assert_eq!(set.max(), Some(1_000_000));
        assert!(!set.contains(u32::MAX));
    }
}
