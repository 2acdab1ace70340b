//! Buffers that are used again: for the bytes of packets, of which few are in use at a time.

use alloc::vec::Vec;

/// Buffers that are kept.
const MAX_BUFFERS: usize = 8;
/// Bytes of a buffer that is kept. A packet has some 1500, for which a buffer may have grown to twice as many.
const MAX_BYTES: usize = 4096;

/// Buffers that are not in use.
#[derive(Debug, Default)]
pub struct BufferPool {
    buffers: Vec<Vec<u8>>,
}

impl BufferPool {
    /// Returns an empty buffer.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Takes back a buffer whose bytes are no longer used.
    pub fn put_back(&mut self, mut buffer: Vec<u8>) {
        let is_kept = (1..=MAX_BYTES).contains(&buffer.capacity());
        if is_kept && self.buffers.len() < MAX_BUFFERS {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_buffers_of_packets_are_kept_and_are_empty() {
        let mut pool = BufferPool::default();
        pool.put_back(Vec::new());
        pool.put_back(Vec::with_capacity(MAX_BYTES + 1));
        assert_eq!(pool.take().capacity(), 0);
        for _ in 0..2 * MAX_BUFFERS {
            pool.put_back(b"packet".to_vec());
        }
        assert_eq!(pool.buffers.len(), MAX_BUFFERS);
        assert!(pool.take().is_empty());
    }
}
