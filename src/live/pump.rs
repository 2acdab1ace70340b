//! The thread that captures: it takes packets from libpcap and hands them on, and does nothing else.

use super::device::{self, Tap};
use super::error::Error;
use super::slab::Slab;
use super::tally::{Drops, Extended, Tally};
use crate::sink::Packet;
use crate::source::{Stop, Time};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use pcap::{Active, Capture};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// As many packets as are taken from a device before the others have their turn.
const TURN: usize = 8192;

/// As long as the devices are waited for at most: a device that cannot be waited for is looked at so often.
const TICK: Duration = Duration::from_millis(20);

/// How often the devices are asked what they lost.
const LOOK: Duration = Duration::from_millis(250);

/// As long as is waited after the end for what the kernel has not handed over yet.
const REST: Duration = Duration::from_millis(60);

/// When a capture ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// After so many packets.
    pub packets: Option<u64>,
    /// After so long.
    pub time: Option<Duration>,
}

/// Where packets go.
pub(super) struct Way {
    pub(super) slabs: SyncSender<Slab>,
    /// Slabs that have been read, to be filled again.
    pub(super) spent: Receiver<Slab>,
    /// Whether nothing may be left out: then the capture waits when too many are on their way, and the kernel's buffer
    /// fills.
    pub(super) keeps_all: bool,
}

pub(super) struct Pump {
    devices: Vec<Source>,
    way: Way,
    slab: Slab,
    /// The number of the next packet.
    next: u32,
    poll: Poll,
    events: Events,
    stop: Stop,
    limits: Limits,
    tally: Arc<Tally>,
    /// Nobody reads any more.
    is_alone: bool,
}

/// A device that is read.
struct Source {
    /// None after it failed.
    capture: Option<Capture<Active>>,
    name: String,
    counters: [Extended; 3],
}

/// The number of the packet so many after one. After 4,294,967,295 comes 1, which takes half a day at 100,000 a second.
pub(super) fn after(number: u32, count: u32) -> u32 {
    let (next, wrapped) = number.overflowing_add(count);
    if wrapped { next.wrapping_add(1) } else { next }
}

impl Pump {
    pub(super) fn new(taps: Vec<Tap>, way: Way, stop: Stop, limits: Limits, tally: Arc<Tally>) -> io::Result<Pump> {
        let poll = Poll::new()?;
        stop.wake(Waker::new(poll.registry(), Token(taps.len()))?);
        let mut devices = Vec::new();
        for (nth, Tap { capture, interface }) in taps.into_iter().enumerate() {
            // What cannot be waited for is looked at with every tick.
            let _ = poll.registry().register(&mut SourceFd(&capture.as_raw_fd()), Token(nth), Interest::READABLE);
            let name = interface.name.unwrap_or_default();
            devices.push(Source { capture: Some(capture), name, counters: Default::default() });
        }
        *tally.drops.lock().unwrap_or_else(PoisonError::into_inner) = vec![Drops::default(); devices.len()];
        let events = Events::with_capacity(devices.len() + 1);
        let mut slab = Slab::default();
        slab.first = 1;
        Ok(Pump { devices, way, slab, next: 1, poll, events, stop, limits, tally, is_alone: false })
    }

    /// Captures until the end; returns what went wrong with devices.
    pub(super) fn run(mut self) -> Vec<Error> {
        let mut failed = Vec::new();
        let begun = Instant::now();
        let mut looked = begun;
        let mut ends: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let over = self.limits.time.is_some_and(|time| now.duration_since(begun) >= time);
            if ends.is_none() && (over || self.stop.is_set()) {
                ends = Some(now + REST);
            }
            if self.is_alone || self.is_full() || ends.is_some_and(|end| now >= end) {
                break;
            }
            let taken = self.turn(&mut failed);
            if self.devices.iter().all(|device| device.capture.is_none()) {
                break;
            }
            // Who has nothing to do is given what there is; who has gets more at a time.
            if self.tally.slabs.load(Relaxed) == 0 {
                self.hand_over();
            }
            if now.duration_since(looked) >= LOOK {
                looked = now;
                self.look();
            }
            if taken == 0 {
                let left = self.limits.time.map_or(TICK, |time| time.saturating_sub(begun.elapsed()).min(TICK));
                // An error is one of the wait, not of a device; they are looked at again.
                let _ = self.poll.poll(&mut self.events, Some(left.max(Duration::from_millis(1))));
            }
        }
        self.hand_over();
        self.look();
        failed
    }

    /// Whether as many packets were taken as are wanted.
    fn is_full(&self) -> bool {
        self.left() == 0
    }

    /// As many packets as are still wanted.
    fn left(&self) -> usize {
        let taken = self.tally.taken.load(Relaxed);
        let left = self.limits.packets.map_or(u64::MAX, |most| most.saturating_sub(taken));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Takes what each device has, up to a limit; returns how many packets there were.
    fn turn(&mut self, failed: &mut Vec<Error>) -> usize {
        let mut devices = std::mem::take(&mut self.devices);
        let mut taken = 0;
        for (nth, device) in devices.iter_mut().enumerate() {
            let Some(capture) = &mut device.capture else { continue };
            let most = TURN.min(self.left());
            let count = capture.dispatch(Some(most), |packet| {
                let header = packet.header;
                self.take(Packet {
                    time: Time(device::nanoseconds(header)),
                    length: header.len,
                    bytes: packet.data,
                    device: nth as u32,
                });
            });
            match count {
                Ok(count) => taken += count,
                Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => {}
                Err(error) if device::is_idle(&error) => {}
                Err(error) => {
                    let said = format!("nothing more is captured from it: {}", device::said(&error));
                    failed.push(Error::Device { device: device.name.clone(), said });
                    device.capture = None;
                }
            }
        }
        self.devices = devices;
        taken
    }

    fn take(&mut self, packet: Packet<'_>) {
        if !self.slab.fits(packet.bytes.len()) {
            self.hand_over();
        }
        self.tally.taken.fetch_add(1, Relaxed);
        self.tally.bytes.fetch_add(packet.bytes.len() as u64, Relaxed);
        self.slab.push(packet);
        self.next = after(self.next, 1);
    }

    /// Hands over what was gathered.
    fn hand_over(&mut self) {
        if self.slab.is_empty() {
            return;
        }
        let fresh = self.way.spent.try_recv().unwrap_or_default();
        let mut slab = std::mem::replace(&mut self.slab, fresh);
        self.tally.wait(slab.len());
        self.tally.slabs.fetch_add(1, Relaxed);
        if self.way.keeps_all {
            self.is_alone |= self.way.slabs.send(slab).is_err();
        } else {
            match self.way.slabs.try_send(slab) {
                Ok(()) => {}
                Err(TrySendError::Disconnected(_)) => self.is_alone = true,
                Err(TrySendError::Full(back)) => {
                    slab = back;
                    self.tally.slabs.fetch_sub(1, Relaxed);
                    self.tally.taken_up(slab.len());
                    self.tally.left_out.fetch_add(slab.len() as u64, Relaxed);
                    slab.clear();
                    self.slab = slab;
                }
            }
        }
        self.slab.first = self.next;
    }

    /// Asks the devices what they lost.
    fn look(&mut self) {
        let mut drops = self.tally.drops.lock().unwrap_or_else(PoisonError::into_inner);
        for (device, drops) in self.devices.iter_mut().zip(drops.iter_mut()) {
            let Some(Ok(stat)) = device.capture.as_mut().map(|capture| capture.stats()) else {
                continue;
            };
            let [received, kernel, interface] = &mut device.counters;
            drops.received = received.count(stat.received);
            drops.kernel = kernel.count(stat.dropped);
            drops.interface = interface.count(stat.if_dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_packet_0() {
        assert_eq!([after(7, 0), after(7, 2), after(u32::MAX - 1, 1), after(u32::MAX, 1)], [7, 9, u32::MAX, 1]);
        assert_eq!((0..5).map(|at| after(u32::MAX - 2, at)).collect::<Vec<_>>()[3..], [1, 2]);
    }
}
