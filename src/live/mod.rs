//! Listening to interfaces of this machine, through libpcap.
//!
//! [`open`] opens them, which takes privileges; [`Opened::listen`] begins to capture, which takes none. From then on
//! one thread does nothing but take packets and hand them on, many at a time, through a queue that has an end: what the
//! reader has no time for is left out and counted, so that the kernel's buffer does not fill because of it.

mod bpf;
mod device;
mod error;
mod pump;
mod slab;
mod tally;
mod writer;

pub use device::{BUFFER, Device, SNAPLEN, Settings, State, devices};
pub use error::Error;
pub use pump::Limits;
pub use tally::{Counts, Drops};

use crate::pace;
use crate::sink::{self, Sink, Summary};
use crate::source::{Frame, Interface, Options, Stop};
use device::Tap;
use pump::{Pump, Way};
use slab::Slab;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tally::Tally;
use writer::Writer;

/// Slabs of 256 KiB that may wait for the reader: 32 MiB, two tenths of a second at line rate of a gigabit, beside what
/// the kernel holds.
const QUEUE: usize = 128;

/// Interfaces that are open and not yet listened to.
pub struct Opened {
    taps: Vec<Tap>,
}

/// Opens interfaces, each by its name or its number among [`devices`].
pub fn open<'a>(names: impl IntoIterator<Item = &'a str>, settings: &Settings) -> Result<Opened, Error> {
    let open = |(name, id)| device::open(name, id, settings);
    let taps = names.into_iter().zip(0..).map(open).collect::<Result<_, _>>()?;
    Ok(Opened { taps })
}

impl Opened {
    /// What is listened to.
    pub fn interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.taps.iter().map(|tap| &tap.interface)
    }

    /// The folders from which libpcap reads how many packets the interfaces lost, while it listens to them (Linux).
    pub fn counters(&self) -> Vec<PathBuf> {
        let names = self.interfaces().filter_map(|interface| interface.name.as_deref());
        // Not one that leads elsewhere.
        let names = names.filter(|name| !name.contains('/') && !name.starts_with('.'));
        names.map(|name| Path::new("/sys/class/net").join(name).join("statistics")).collect()
    }

    /// What a file has to say of the interfaces.
    pub fn devices(&self) -> Vec<sink::Device> {
        let device = |interface: &Interface| sink::Device {
            name: interface.name.clone().unwrap_or_default(),
            description: interface.description.clone(),
            link: interface.link,
            snaplen: interface.snaplen,
            filter: interface.filter.clone(),
            nanos: interface.resolution == 9,
        };
        self.interfaces().map(device).collect()
    }

    /// Begins to capture, until `stop` is set, a limit is reached, or no device is left. What is captured is written
    /// to the sink, if there is one: all of it, whether the reader has time for it or not. Then the thread that calls
    /// this, which will read, steps back behind those that capture and write.
    pub fn listen(self, sink: Option<Sink>, stop: Stop, limits: Limits) -> io::Result<Live> {
        let interfaces = self.interfaces().cloned().collect();
        let tally = Arc::new(Tally::default());
        let (read, queue) = sync_channel(QUEUE);
        let (spent, back) = channel();
        let thread = |name: &str| thread::Builder::new().name(name.into());
        let (slabs, writer) = match sink {
            None => (read, None),
            Some(sink) => {
                let (slabs, captured) = sync_channel(QUEUE);
                let (stop, tally, spent) = (stop.clone(), tally.clone(), spent.clone());
                let writer = Writer { sink, captured, written: read, held: Slab::default(), spent, stop, tally };
                (slabs, Some(thread("write").spawn(move || writer.run())?))
            }
        };
        let way = Way { slabs, spent: back, keeps_all: writer.is_some() };
        let pump = Pump::new(self.taps, way, stop.clone(), limits, tally.clone())?;
        let pump = Some(thread("capture").spawn(move || pump.run())?);
        if writer.is_some() {
            // What is not written is lost, what is not read can be read from the file.
            pace::step_back();
        }
        Ok(Live { interfaces, queue, spent, slab: Slab::default(), at: 0, tally, stop, pump, writer })
    }
}

/// A capture that goes on. Dropping it ends it.
pub struct Live {
    interfaces: Vec<Interface>,
    queue: Receiver<Slab>,
    spent: Sender<Slab>,
    /// What is being read, and how far.
    slab: Slab,
    at: usize,
    tally: Arc<Tally>,
    stop: Stop,
    pump: Option<JoinHandle<Vec<Error>>>,
    writer: Option<JoinHandle<Result<Summary, sink::Error>>>,
}

/// What a capture has come to.
#[derive(Debug)]
pub struct Ended {
    /// What was captured and what was lost.
    pub counts: Counts,
    /// What went wrong with devices.
    pub failed: Vec<Error>,
    /// What was written, if anything was to be.
    pub written: Option<Result<Summary, sink::Error>>,
}

impl Live {
    /// The next frame that was captured; `None` if none waits.
    #[allow(clippy::should_implement_trait, reason = "an Iterator cannot lend from itself")]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        if self.at == self.slab.len() {
            match self.queue.try_recv() {
                Ok(slab) => self.take(slab),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
        let packet = self.slab.packet(self.at)?;
        let number = pump::after(self.slab.first, self.at as u32);
        self.at += 1;
        let interface = self.interfaces.get(packet.device as usize)?;
        Some(Frame {
            number,
            time: packet.time,
            timed: true,
            length: packet.length.min(i32::MAX as u32),
            bytes: packet.bytes,
            link: interface.link,
            fcs: None,
            section: 1,
            interface: Some(interface),
            options: Options::default(),
        })
    }

    /// Waits for frames, so long at most; false if none will come any more.
    pub fn wait(&mut self, most: Duration) -> bool {
        if self.at < self.slab.len() {
            return true;
        }
        match self.queue.recv_timeout(most) {
            Ok(slab) => self.take(slab),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    fn take(&mut self, slab: Slab) {
        let handed_over = if self.writer.is_some() { &self.tally.unread } else { &self.tally.slabs };
        handed_over.fetch_sub(1, Relaxed);
        self.tally.taken_up(slab.len());
        let mut read = std::mem::replace(&mut self.slab, slab);
        self.at = 0;
        read.clear();
        // Who captures no more needs none.
        let _ = self.spent.send(read);
    }

    /// How the capture goes.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// What ends the capture.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Ends the capture.
    pub fn finish(mut self) -> Ended {
        self.stop.stop();
        let failed = self.pump.take().map(joined).unwrap_or_default();
        let written = self.writer.take().map(joined);
        Ended { counts: self.tally.counts(), failed, written }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.stop();
        // What is written becomes whole.
        self.pump.take().map(JoinHandle::join);
        self.writer.take().map(JoinHandle::join);
    }
}

/// What a thread has come to.
fn joined<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::Packet;
    use crate::source::Time;

    #[test]
    fn who_waits_within_a_slab_loses_nothing_of_it() {
        let (read, queue) = sync_channel(QUEUE);
        let (tally, stop) = (Arc::new(Tally::default()), Stop::default());
        for first in [1, 4] {
            let mut slab = Slab::default();
            slab.first = first;
            (0..3).for_each(|_| slab.push(Packet { time: Time(0), length: 1, bytes: b"x", device: 0 }));
            tally.wait(slab.len());
            tally.slabs.fetch_add(1, Relaxed);
            read.send(slab).expect("a reader");
        }
        drop(read);
        let interfaces = vec![Interface::live(0, 1, SNAPLEN, 9)];
        let (slab, spent) = (Slab::default(), channel().0);
        let mut live = Live { interfaces, queue, spent, slab, at: 0, tally, stop, pump: None, writer: None };
        let mut numbers = Vec::new();
        while live.wait(Duration::ZERO) {
            numbers.extend(live.next().map(|frame| frame.number));
        }
        assert_eq!((numbers, live.counts().waiting), (vec![1, 2, 3, 4, 5, 6], 0));
    }
}
