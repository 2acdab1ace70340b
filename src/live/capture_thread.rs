//! The capture thread: it receives packets from libpcap, passes them on, and does nothing else.

use super::batch::PacketBatch;
use super::counters::{Drops, ExtendedCounter, SharedCounters};
use super::device::{self, OpenDevice};
use super::error::Error;
use crate::sink::CapturedPacket;
use crate::source::{StopSignal, Time};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use pcap::{Active, Capture};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Maximum number of packets read from a device before the next device is read.
const MAX_PER_TURN: usize = 8192;

/// Maximum time to wait for the devices. A device that cannot be polled is read at this interval.
const POLL_TIMEOUT: Duration = Duration::from_millis(20);

/// Interval at which the devices' drop counters are read.
const STATS_INTERVAL: Duration = Duration::from_millis(250);

/// Time after the end of a capture in which packets still in the kernel's buffer are read.
const DRAIN_TIME: Duration = Duration::from_millis(60);

/// Limits that end a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Number of packets.
    pub packets: Option<u64>,
    /// Duration.
    pub time: Option<Duration>,
}

/// Channels between the capture thread and the receiver of its batches.
pub(super) struct BatchChannels {
    pub(super) batches: SyncSender<PacketBatch>,
    /// Batches that have been read, for reuse.
    pub(super) recycled: Receiver<PacketBatch>,
    /// Whether no packet may be skipped. If the queue is full, the capture thread then waits, and the kernel's buffer
    /// fills.
    pub(super) is_lossless: bool,
}

/// State of the capture thread.
pub(super) struct CaptureThread {
    devices: Vec<DeviceReader>,
    channels: BatchChannels,
    batch: PacketBatch,
    /// Number of the next packet.
    next_number: u32,
    poll: Poll,
    events: Events,
    stop: StopSignal,
    limits: Limits,
    counters: Arc<SharedCounters>,
    /// Whether the receiver of the batches is gone.
    is_disconnected: bool,
}

/// Device being read.
struct DeviceReader {
    /// `None` after the device failed.
    capture: Option<Capture<Active>>,
    name: String,
    counters: [ExtendedCounter; 3],
}

/// Returns the number of the packet `count` packets after another. 4,294,967,295 is followed by 1, which takes half a
/// day at 100,000 packets per second.
pub(super) fn number_after(number: u32, count: u32) -> u32 {
    let (next, wrapped) = number.overflowing_add(count);
    if wrapped { next.wrapping_add(1) } else { next }
}

impl CaptureThread {
    pub(super) fn new(
        open_devices: Vec<OpenDevice>,
        channels: BatchChannels,
        stop: StopSignal,
        limits: Limits,
        counters: Arc<SharedCounters>,
    ) -> io::Result<CaptureThread> {
        let poll = Poll::new()?;
        stop.register_waker(Waker::new(poll.registry(), Token(open_devices.len()))?);
        let mut devices = Vec::new();
        for (nth, OpenDevice { capture, interface }) in open_devices.into_iter().enumerate() {
            // A device that cannot be polled is read after every timeout.
            let _ = poll.registry().register(&mut SourceFd(&capture.as_raw_fd()), Token(nth), Interest::READABLE);
            let name = interface.name.unwrap_or_default();
            devices.push(DeviceReader { capture: Some(capture), name, counters: Default::default() });
        }
        *counters.drops.lock().unwrap_or_else(PoisonError::into_inner) = vec![Drops::default(); devices.len()];
        let events = Events::with_capacity(devices.len() + 1);
        let mut batch = PacketBatch::default();
        batch.first = 1;
        Ok(CaptureThread {
            devices,
            channels,
            batch,
            next_number: 1,
            poll,
            events,
            stop,
            limits,
            counters,
            is_disconnected: false,
        })
    }

    /// Captures until the end; returns the errors of the devices.
    pub(super) fn run(mut self) -> Vec<Error> {
        let mut failed = Vec::new();
        let start = Instant::now();
        let mut last_stats = start;
        let mut end: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let is_over = self.limits.time.is_some_and(|time| now.duration_since(start) >= time);
            if end.is_none() && (is_over || self.stop.is_set()) {
                end = Some(now + DRAIN_TIME);
            }
            if self.is_disconnected || self.is_full() || end.is_some_and(|end| now >= end) {
                break;
            }
            let count = self.read_devices(&mut failed);
            if self.devices.iter().all(|device| device.capture.is_none()) {
                break;
            }
            // An idle receiver gets packets immediately; a busy one gets larger batches.
            if self.counters.queued_batches.load(Relaxed) == 0 {
                self.send_batch();
            }
            if now.duration_since(last_stats) >= STATS_INTERVAL {
                last_stats = now;
                self.read_stats();
            }
            if count == 0 {
                let left = self
                    .limits
                    .time
                    .map_or(POLL_TIMEOUT, |time| time.saturating_sub(start.elapsed()).min(POLL_TIMEOUT));
                // An error concerns the wait, not a device; the devices are read anyway.
                let _ = self.poll.poll(&mut self.events, Some(left.max(Duration::from_millis(1))));
            }
        }
        self.send_batch();
        self.read_stats();
        failed
    }

    /// Returns whether the packet limit is reached.
    fn is_full(&self) -> bool {
        self.remaining() == 0
    }

    /// Returns the number of packets left until the limit.
    fn remaining(&self) -> usize {
        let captured = self.counters.captured.load(Relaxed);
        let left = self.limits.packets.map_or(u64::MAX, |limit| limit.saturating_sub(captured));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Reads the available packets of each device, up to a limit; returns the number of packets.
    fn read_devices(&mut self, failed: &mut Vec<Error>) -> usize {
        let mut devices = std::mem::take(&mut self.devices);
        let mut total = 0;
        for (nth, device) in devices.iter_mut().enumerate() {
            let Some(capture) = &mut device.capture else { continue };
            let limit = MAX_PER_TURN.min(self.remaining());
            let count = capture.dispatch(Some(limit), |packet| {
                let header = packet.header;
                self.push(CapturedPacket {
                    time: Time(device::nanoseconds(header)),
                    length: header.len,
                    bytes: packet.data,
                    device: nth as u32,
                });
            });
            match count {
                Ok(count) => total += count,
                Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => {}
                Err(error) if device::is_would_block(&error) => {}
                Err(error) => {
                    let message = format!("capture stopped: {}", device::error_text(&error));
                    failed.push(Error::Device { device: device.name.clone(), message });
                    device.capture = None;
                }
            }
        }
        self.devices = devices;
        total
    }

    fn push(&mut self, packet: CapturedPacket<'_>) {
        if !self.batch.fits(packet.bytes.len()) {
            self.send_batch();
        }
        self.counters.captured.fetch_add(1, Relaxed);
        self.counters.bytes.fetch_add(packet.bytes.len() as u64, Relaxed);
        self.batch.push(packet);
        self.next_number = number_after(self.next_number, 1);
    }

    /// Sends the current batch. If the queue is full, its packets are dropped, or the thread waits if all are needed.
    fn send_batch(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let empty = self.channels.recycled.try_recv().unwrap_or_default();
        let mut batch = std::mem::replace(&mut self.batch, empty);
        self.counters.add_waiting(batch.len());
        self.counters.queued_batches.fetch_add(1, Relaxed);
        if self.channels.is_lossless {
            self.is_disconnected |= self.channels.batches.send(batch).is_err();
        } else {
            match self.channels.batches.try_send(batch) {
                Ok(()) => {}
                Err(TrySendError::Disconnected(_)) => self.is_disconnected = true,
                Err(TrySendError::Full(rejected)) => {
                    batch = rejected;
                    self.counters.queued_batches.fetch_sub(1, Relaxed);
                    self.counters.subtract_waiting(batch.len());
                    self.counters.queue_dropped.fetch_add(batch.len() as u64, Relaxed);
                    batch.clear();
                    self.batch = batch;
                }
            }
        }
        self.batch.first = self.next_number;
    }

    /// Reads the drop counters of the devices.
    fn read_stats(&mut self) {
        let mut drops = self.counters.drops.lock().unwrap_or_else(PoisonError::into_inner);
        for (device, drops) in self.devices.iter_mut().zip(drops.iter_mut()) {
            let Some(Ok(stat)) = device.capture.as_mut().map(|capture| capture.stats()) else {
                continue;
            };
            let [received, kernel, interface] = &mut device.counters;
            drops.received = received.update(stat.received);
            drops.kernel = kernel.update(stat.dropped);
            drops.interface = interface.update(stat.if_dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packet_numbers_skip_0() {
        assert_eq!(
            [number_after(7, 0), number_after(7, 2), number_after(u32::MAX - 1, 1), number_after(u32::MAX, 1)],
            [7, 9, u32::MAX, 1]
        );
        assert_eq!((0..5).map(|at| number_after(u32::MAX - 2, at)).collect::<Vec<_>>()[3..], [1, 2]);
    }
}
