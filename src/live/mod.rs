//! Live capture from interfaces of this machine, through libpcap.
//!
//! [`open`] opens the interfaces, which requires privileges. [`OpenCapture::start`] starts the capture, which requires
//! none. A dedicated thread then receives packets and passes them on in batches, through a bounded queue. If the queue
//! is full, packets are dropped and counted, so that a slow reader does not fill the kernel's buffer.

mod batch;
mod bpf;
mod capture_thread;
mod counters;
mod device;
mod error;
mod writer;

pub use capture_thread::Limits;
pub use counters::{CaptureCounts, Drops};
pub use device::{CaptureSettings, DEFAULT_BUFFER, Device, DeviceState, SNAPLEN, devices};
pub use error::Error;

use crate::priority;
use crate::sink::{self, Sink, Summary};
use crate::source::{Frame, FrameOptions, Interface, StopSignal};
use batch::PacketBatch;
use capture_thread::{BatchChannels, CaptureThread};
use counters::SharedCounters;
use device::OpenDevice;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use writer::CaptureWriter;

/// Batches of 256 KiB that may wait for the reader: 32 MiB, 0.2 s at a line rate of 1 Gbit/s, in addition to the
/// kernel's buffer.
const QUEUE_LENGTH: usize = 128;

/// Interfaces that are open for a capture that has not started.
pub struct OpenCapture {
    open_devices: Vec<OpenDevice>,
}

/// Opens interfaces, each by its name or its number in [`devices`].
pub fn open<'a>(names: impl IntoIterator<Item = &'a str>, settings: &CaptureSettings) -> Result<OpenCapture, Error> {
    let open = |(name, id)| device::open(name, id, settings);
    let open_devices = names.into_iter().zip(0..).map(open).collect::<Result<_, _>>()?;
    Ok(OpenCapture { open_devices })
}

impl OpenCapture {
    /// Returns the open interfaces.
    pub fn interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.open_devices.iter().map(|tap| &tap.interface)
    }

    /// Returns the folders from which libpcap reads the interfaces' drop counters during a capture (Linux).
    pub fn counter_folders(&self) -> Vec<PathBuf> {
        let names = self.interfaces().filter_map(|interface| interface.name.as_deref());
        // Names that would lead outside the folder are skipped.
        let names = names.filter(|name| !name.contains('/') && !name.starts_with('.'));
        names.map(|name| Path::new("/sys/class/net").join(name).join("statistics")).collect()
    }

    /// Returns the descriptions of the interfaces for a capture file.
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

    /// Starts the capture. It runs until `stop` is set, a limit is reached, or no device is left. If there is a sink,
    /// every captured packet is written to it, even if the reader is too slow. In that case the calling thread, which
    /// is the reader, gets a lower priority than the threads that capture and write.
    pub fn start(self, sink: Option<Sink>, stop: StopSignal, limits: Limits) -> io::Result<LiveCapture> {
        let interfaces = self.interfaces().cloned().collect();
        let counters = Arc::new(SharedCounters::default());
        let (reader, queue) = sync_channel(QUEUE_LENGTH);
        let (recycler, recycled) = channel();
        let thread = |name: &str| thread::Builder::new().name(name.into());
        let (batches, writer) = match sink {
            None => (reader, None),
            Some(sink) => {
                let (batches, captured) = sync_channel(QUEUE_LENGTH);
                let (stop, counters, recycler) = (stop.clone(), counters.clone(), recycler.clone());
                let writer = CaptureWriter {
                    sink,
                    captured,
                    output: reader,
                    buffered: PacketBatch::default(),
                    recycler,
                    stop,
                    counters,
                };
                (batches, Some(thread("write").spawn(move || writer.run())?))
            }
        };
        let output = BatchChannels { batches, recycled, is_lossless: writer.is_some() };
        let capture = CaptureThread::new(self.open_devices, output, stop.clone(), limits, counters.clone())?;
        let capture = Some(thread("capture").spawn(move || capture.run())?);
        if writer.is_some() {
            // Packets not written are lost; packets not read are still in the file.
            priority::lower();
        }
        Ok(LiveCapture {
            interfaces,
            queue,
            recycler,
            batch: PacketBatch::default(),
            next_index: 0,
            counters,
            stop,
            capture_thread: capture,
            writer,
        })
    }
}

/// Running capture. Dropping it ends the capture.
pub struct LiveCapture {
    interfaces: Vec<Interface>,
    queue: Receiver<PacketBatch>,
    recycler: Sender<PacketBatch>,
    /// Batch being read, and the index of the next packet in it.
    batch: PacketBatch,
    next_index: usize,
    counters: Arc<SharedCounters>,
    stop: StopSignal,
    capture_thread: Option<JoinHandle<Vec<Error>>>,
    writer: Option<JoinHandle<Result<Summary, sink::Error>>>,
}

/// Result of a capture.
#[derive(Debug)]
pub struct CaptureResult {
    /// Counts of captured and dropped packets.
    pub counts: CaptureCounts,
    /// Errors of the devices.
    pub errors: Vec<Error>,
    /// Summary of the written files, if there was a sink.
    pub written: Option<Result<Summary, sink::Error>>,
}

impl LiveCapture {
    /// Returns the next captured frame; `None` if none is waiting.
    #[allow(clippy::should_implement_trait, reason = "an Iterator cannot lend from itself")]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        if self.next_index == self.batch.len() {
            match self.queue.try_recv() {
                Ok(batch) => self.set_batch(batch),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
        let packet = self.batch.packet(self.next_index)?;
        let number = capture_thread::number_after(self.batch.first, self.next_index as u32);
        self.next_index += 1;
        let interface = self.interfaces.get(packet.device as usize)?;
        Some(Frame {
            number,
            time: packet.time,
            has_time: true,
            length: packet.length.min(i32::MAX as u32),
            bytes: packet.bytes,
            link: interface.link,
            fcs: None,
            file: 0,
            section: 1,
            interface: Some(interface),
            options: FrameOptions::default(),
        })
    }

    /// Waits for frames until the timeout; returns false if the capture has ended and no frames are left.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        if self.next_index < self.batch.len() {
            return true;
        }
        match self.queue.recv_timeout(timeout) {
            Ok(batch) => self.set_batch(batch),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    fn set_batch(&mut self, batch: PacketBatch) {
        let sent = if self.writer.is_some() { &self.counters.unread_batches } else { &self.counters.queued_batches };
        sent.fetch_sub(1, Relaxed);
        self.counters.subtract_waiting(batch.len());
        let mut read = std::mem::replace(&mut self.batch, batch);
        self.next_index = 0;
        read.clear();
        // The send fails only after the capture thread has ended.
        let _ = self.recycler.send(read);
    }

    /// Returns the counts of captured, waiting and dropped packets.
    #[must_use]
    pub fn counts(&self) -> CaptureCounts {
        self.counters.counts()
    }

    /// Returns the flag that ends the capture.
    #[must_use]
    pub fn stop(&self) -> StopSignal {
        self.stop.clone()
    }

    /// Ends the capture and returns its result.
    pub fn finish(mut self) -> CaptureResult {
        self.stop.stop();
        let errors = self.capture_thread.take().map(join).unwrap_or_default();
        let written = self.writer.take().map(join);
        CaptureResult { counts: self.counters.counts(), errors, written }
    }
}

impl Drop for LiveCapture {
    fn drop(&mut self) {
        self.stop.stop();
        // Joining the writer completes the file.
        self.capture_thread.take().map(JoinHandle::join);
        self.writer.take().map(JoinHandle::join);
    }
}

/// Waits for a thread and returns its result; a panic of the thread is propagated.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::CapturedPacket;
    use crate::source::Time;

    #[test]
    fn waiting_within_a_batch_skips_no_packet() {
        let (sender, queue) = sync_channel(QUEUE_LENGTH);
        let (counters, stop) = (Arc::new(SharedCounters::default()), StopSignal::default());
        for first in [1, 4] {
            let mut batch = PacketBatch::default();
            batch.first = first;
            (0..3).for_each(|_| batch.push(CapturedPacket { time: Time(0), length: 1, bytes: b"x", device: 0 }));
            counters.add_waiting(batch.len());
            counters.queued_batches.fetch_add(1, Relaxed);
            sender.send(batch).expect("a reader");
        }
        drop(sender);
        let interfaces = vec![Interface::live(0, 1, SNAPLEN, 9)];
        let (batch, recycler) = (PacketBatch::default(), channel().0);
        let mut live = LiveCapture {
            interfaces,
            queue,
            recycler,
            batch,
            next_index: 0,
            counters,
            stop,
            capture_thread: None,
            writer: None,
        };
        let mut numbers = Vec::new();
        while live.wait(Duration::ZERO) {
            numbers.extend(live.next().map(|frame| frame.number));
        }
        assert_eq!((numbers, live.counts().waiting), (vec![1, 2, 3, 4, 5, 6], 0));
    }
}
