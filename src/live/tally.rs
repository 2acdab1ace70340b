//! What has been captured, what waits and what was lost, counted while it happens.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Counted by the threads of a capture, and looked at by whoever wants to know.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Packets taken from libpcap.
    pub(super) taken: AtomicU64,
    /// Their captured bytes.
    pub(super) bytes: AtomicU64,
    /// Packets that wait to be read.
    pub(super) waiting: AtomicUsize,
    /// Packets that were not handed to the reader, which had too many waiting.
    pub(super) left_out: AtomicU64,
    /// Slabs that the capture has handed over and nobody has taken.
    pub(super) slabs: AtomicUsize,
    /// Slabs that were written and handed over, and that the reader has not taken.
    pub(super) unread: AtomicUsize,
    /// Of each device.
    pub(super) drops: Mutex<Vec<Drops>>,
}

/// What a device has lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// Packets that passed the capture filter, those that were lost included, as far as the system counts them.
    pub received: u64,
    /// Packets for which the kernel's buffer had no room.
    pub kernel: u64,
    /// Packets that the interface or its driver lost.
    pub interface: u64,
}

/// How a capture goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets captured.
    pub taken: u64,
    /// Their captured bytes.
    pub bytes: u64,
    /// Packets that wait to be read.
    pub waiting: u64,
    /// What was lost before it could be captured.
    pub drops: Drops,
    /// Packets that were captured, and written if a file is, but not read: too many waited.
    pub left_out: u64,
}

impl Tally {
    pub(super) fn counts(&self) -> Counts {
        let drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |part: fn(&Drops) -> u64| drops.iter().map(part).sum();
        Counts {
            taken: self.taken.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            waiting: self.waiting.load(Relaxed) as u64,
            drops: Drops {
                received: sum(|drops| drops.received),
                kernel: sum(|drops| drops.kernel),
                interface: sum(|drops| drops.interface),
            },
            left_out: self.left_out.load(Relaxed),
        }
    }

    /// Counts that so many packets wait more.
    pub(super) fn wait(&self, packets: usize) {
        self.waiting.fetch_add(packets, Relaxed);
    }

    /// Counts that so many packets wait less.
    pub(super) fn taken_up(&self, packets: usize) {
        self.waiting.fetch_sub(packets, Relaxed);
    }
}

/// Counters of 32 bits that begin again at 0, made one that does not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extended {
    last: u32,
    total: u64,
}

impl Extended {
    pub(super) fn count(&mut self, now: u32) -> u64 {
        self.total += u64::from(now.wrapping_sub(self.last));
        self.last = now;
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_go_on_beyond_32_bits() {
        let mut counter = Extended::default();
        assert_eq!(
            [7, u32::MAX, 3, 3].map(|now| counter.count(now)),
            [7, u32::MAX.into(), (1 << 32) + 3, (1 << 32) + 3]
        );
    }
}
