//! Count of the content that is decoded by a run, and its limit.

/// Decoded bytes that are free, for each byte of coded content: text is rarely compressed more.
const FREE_BYTES: u64 = 32;

/// Count of decoded content, which the frames of a run share.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecodingCount {
    /// Decoded bytes beyond those that are free.
    decoded: u64,
    /// Maximum of them; none if it is not limited.
    limit: Option<u64>,
}

impl DecodingCount {
    /// Creates a count with a limit of decoded bytes, beyond 32 times the coded ones.
    #[must_use]
    pub fn with_limit(bytes: u64) -> DecodingCount {
        DecodingCount { decoded: 0, limit: Some(bytes) }
    }

    /// Whether the limit is reached: no more content is decoded.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.limit.is_some_and(|limit| self.decoded >= limit)
    }

    /// Counts decoded content.
    pub fn add(&mut self, coded: usize, decoded: usize) {
        let free = FREE_BYTES.saturating_mul(coded as u64);
        self.decoded = self.decoded.saturating_add(decoded as u64).saturating_sub(free);
    }
}

#[cfg(test)]
mod tests {
    use super::DecodingCount;

    #[test]
    fn only_content_that_is_compressed_much_counts() {
        let mut count = DecodingCount::with_limit(1000);
        count.add(1000, 32_000);
        assert!(!count.is_exhausted());
        count.add(10, 1319);
        assert!(!count.is_exhausted());
        count.add(10, 321);
        assert!(count.is_exhausted());
        let mut unlimited = DecodingCount::default();
        unlimited.add(0, usize::MAX);
        assert!(!unlimited.is_exhausted());
    }
}
