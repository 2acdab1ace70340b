//! Counters of captured, waiting and dropped packets, updated during the capture.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Counters shared by the threads of a capture.
#[derive(Debug, Default)]
pub(super) struct SharedCounters {
    /// Packets received from libpcap.
    pub(super) captured: AtomicU64,
    /// Captured bytes of these packets.
    pub(super) bytes: AtomicU64,
    /// Packets waiting to be read.
    pub(super) waiting: AtomicUsize,
    /// Packets not passed to the reader because its queue was full.
    pub(super) queue_dropped: AtomicU64,
    /// Batches sent by the capture thread and not received yet.
    pub(super) queued_batches: AtomicUsize,
    /// Batches written to the file, sent to the reader, and not received yet.
    pub(super) unread_batches: AtomicUsize,
    /// Drops of each device.
    pub(super) drops: Mutex<Vec<Drops>>,
}

/// Packets dropped by a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// Packets that matched the capture filter, including dropped ones, as far as the system counts them.
    pub received: u64,
    /// Packets dropped because the kernel's buffer was full.
    pub kernel: u64,
    /// Packets dropped by the interface or its driver.
    pub interface: u64,
}

/// Counts of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureCounts {
    /// Packets captured.
    pub captured: u64,
    /// Captured bytes of these packets.
    pub bytes: u64,
    /// Packets waiting to be read.
    pub waiting: u64,
    /// Packets dropped before they were captured.
    pub drops: Drops,
    /// Packets captured, and written if there is a file, but not read because the reader's queue was full.
    pub queue_dropped: u64,
}

impl SharedCounters {
    pub(super) fn counts(&self) -> CaptureCounts {
        let drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |count: fn(&Drops) -> u64| drops.iter().map(count).sum();
        CaptureCounts {
            captured: self.captured.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            waiting: self.waiting.load(Relaxed) as u64,
            drops: Drops {
                received: sum(|drops| drops.received),
                kernel: sum(|drops| drops.kernel),
                interface: sum(|drops| drops.interface),
            },
            queue_dropped: self.queue_dropped.load(Relaxed),
        }
    }

    /// Adds to the number of waiting packets.
    pub(super) fn add_waiting(&self, packets: usize) {
        self.waiting.fetch_add(packets, Relaxed);
    }

    /// Subtracts from the number of waiting packets.
    pub(super) fn subtract_waiting(&self, packets: usize) {
        self.waiting.fetch_sub(packets, Relaxed);
    }
}

/// 64-bit counter derived from a 32-bit counter that wraps around.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExtendedCounter {
    last: u32,
    total: u64,
}

impl ExtendedCounter {
    pub(super) fn update(&mut self, now: u32) -> u64 {
        self.total += u64::from(now.wrapping_sub(self.last));
        self.last = now;
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_exceed_32_bits() {
        let mut counter = ExtendedCounter::default();
        assert_eq!(
            [7, u32::MAX, 3, 3].map(|now| counter.update(now)),
            [7, u32::MAX.into(), (1 << 32) + 3, (1 << 32) + 3]
        );
    }
}
