//! The thread that writes captured packets to the file and passes them to the reader.

use super::batch::PacketBatch;
use super::counters::SharedCounters;
use crate::sink::{self, DeviceCounts, Sink, Summary, WriteStatus};
use crate::source::StopSignal;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Interval at which an idle writer checks whether a file is full by time.
const CLOCK_CHECK: Duration = Duration::from_millis(100);

/// Interval at which a writer with buffered packets checks whether the reader is idle.
const IDLE_CHECK: Duration = Duration::from_millis(20);

/// Writer between the capture thread and the reader. The capture thread waits for the writer; the writer does not wait
/// for the reader.
pub(super) struct CaptureWriter {
    pub(super) sink: Sink,
    pub(super) captured: Receiver<PacketBatch>,
    pub(super) output: SyncSender<PacketBatch>,
    /// Packets written and not sent yet, because the reader is behind. Many small batches would soon fill its queue.
    pub(super) buffered: PacketBatch,
    /// Channel that returns batches for reuse.
    pub(super) recycler: Sender<PacketBatch>,
    pub(super) stop: StopSignal,
    pub(super) counters: Arc<SharedCounters>,
}

impl CaptureWriter {
    /// Writes until the capture ends, or until the sink needs no more packets.
    pub(super) fn run(mut self) -> Result<Summary, sink::Error> {
        let written = self.write_all();
        self.flush();
        // The writer may be the first to end the capture.
        self.stop.stop();
        // Batches still in the queue are neither written nor read.
        while let Ok(batch) = self.captured.recv() {
            self.counters.queued_batches.fetch_sub(1, Relaxed);
            self.counters.subtract_waiting(batch.len());
        }
        let counts = self.counts();
        let finished = self.sink.finish(&counts);
        written.and(finished)
    }

    fn write_all(&mut self) -> Result<(), sink::Error> {
        loop {
            let wait = if self.buffered.is_empty() { CLOCK_CHECK } else { IDLE_CHECK };
            let status = match self.captured.recv_timeout(wait) {
                Ok(batch) => {
                    self.counters.queued_batches.fetch_sub(1, Relaxed);
                    // Any packet of the batch may end a file, and a file ends with the counts.
                    self.update_counts();
                    let status = self.write(batch)?;
                    // While more batches wait, they are flushed together.
                    if self.counters.queued_batches.load(Relaxed) == 0 && status == WriteStatus::Continue {
                        self.sink.flush_and_rotate()?
                    } else {
                        status
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.flush_if_idle();
                    self.update_counts();
                    self.sink.flush_and_rotate()?
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if status == WriteStatus::Complete {
                return Ok(());
            }
        }
    }

    /// Writes packets and passes them to the reader.
    fn write(&mut self, mut batch: PacketBatch) -> Result<WriteStatus, sink::Error> {
        let mut status = WriteStatus::Continue;
        for at in 0..batch.len() {
            let Some(packet) = batch.packet(at) else { break };
            status = self.sink.write(&packet).inspect_err(|_| self.counters.subtract_waiting(batch.len()))?;
            if status == WriteStatus::Complete {
                self.counters.subtract_waiting(batch.len() - at - 1);
                batch.truncate(at + 1);
                break;
            }
        }
        // Packets are in the file before the reader gets them.
        self.forward(batch);
        Ok(status)
    }

    /// Passes packets to the reader: immediately if it is idle, otherwise once the buffer is full.
    fn forward(&mut self, batch: PacketBatch) {
        if self.buffered.is_empty() {
            self.buffered = batch;
        } else if self.buffered.append(&batch) {
            self.recycle(batch);
        } else {
            self.flush();
            self.buffered = batch;
        }
        self.flush_if_idle();
    }

    /// Sends the buffered packets to the reader if it is idle.
    fn flush_if_idle(&mut self) {
        if self.counters.unread_batches.load(Relaxed) == 0 {
            self.flush();
        }
    }

    /// Sends the buffered packets to the reader, or drops them if its queue is full.
    fn flush(&mut self) {
        if self.buffered.is_empty() {
            return;
        }
        self.counters.unread_batches.fetch_add(1, Relaxed);
        if let Err(TrySendError::Full(batch)) = self.output.try_send(std::mem::take(&mut self.buffered)) {
            self.counters.unread_batches.fetch_sub(1, Relaxed);
            self.counters.subtract_waiting(batch.len());
            self.counters.queue_dropped.fetch_add(batch.len() as u64, Relaxed);
            self.recycle(batch);
        }
    }

    fn recycle(&mut self, mut batch: PacketBatch) {
        batch.clear();
        // The send fails only after the capture thread has ended.
        let _ = self.recycler.send(batch);
    }

    /// Passes the counts of the devices to the sink.
    fn update_counts(&mut self) {
        let counts = self.counts();
        self.sink.set_counts(&counts);
    }

    fn counts(&self) -> Vec<DeviceCounts> {
        let drops = self.counters.drops.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = drops.iter().map(|drops| DeviceCounts {
            received: drops.received,
            dropped: drops.kernel,
            interface_dropped: drops.interface,
        });
        counts.collect()
    }
}
