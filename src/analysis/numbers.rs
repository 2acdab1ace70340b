//! A set of numbers that are mostly close together, such as those of frames or of streams: a bit each.

/// The set.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    words: Vec<u64>,
    last: Option<u32>,
}

impl Numbers {
    /// Adds a number.
    pub fn insert(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << (number % 64);
        }
        self.last = self.last.max(Some(number));
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The highest number.
    #[must_use]
    pub fn last(&self) -> Option<u32> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in_and_nothing_else() {
        let mut set = Numbers::default();
        assert_eq!((set.last(), set.contains(0)), (None, false));
        let numbers = [3, 0, 63, 64, 1_000_000];
        numbers.iter().for_each(|&number| set.insert(number));
        let found: Vec<u32> = (0..1_000_100).filter(|&number| set.contains(number)).collect();
        assert_eq!(found, [0, 3, 63, 64, 1_000_000]);
        assert_eq!(set.last(), Some(1_000_000));
        assert!(!set.contains(u32::MAX));
    }
}
