//! The thread that writes what is captured, and hands it on to be read.

use super::slab::Slab;
use super::tally::Tally;
use crate::sink::{self, Counts, Go, Sink, Summary};
use crate::source::Stop;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How often the clock is looked at while nothing comes: a file may be full by time alone.
const TICK: Duration = Duration::from_millis(100);

/// Between the capture, which waits for it, and the reader, for whom it does not wait.
pub(super) struct Writer {
    pub(super) sink: Sink,
    pub(super) captured: Receiver<Slab>,
    pub(super) written: SyncSender<Slab>,
    /// Where slabs go that nobody reads.
    pub(super) spent: Sender<Slab>,
    pub(super) stop: Stop,
    pub(super) tally: Arc<Tally>,
}

impl Writer {
    /// Writes until nothing more is captured, or until it is enough.
    pub(super) fn run(mut self) -> Result<Summary, sink::Error> {
        let written = self.write_all();
        // It may be what ends the capture.
        self.stop.stop();
        // What is still on its way is neither written nor read.
        while let Ok(slab) = self.captured.recv() {
            self.tally.slabs.fetch_sub(1, Relaxed);
            self.tally.taken_up(slab.len());
        }
        let counts = self.counts();
        let finished = self.sink.finish(&counts);
        written.and(finished)
    }

    fn write_all(&mut self) -> Result<(), sink::Error> {
        loop {
            let go = match self.captured.recv_timeout(TICK) {
                Ok(slab) => {
                    self.tally.slabs.fetch_sub(1, Relaxed);
                    // Any packet of it may end a file.
                    self.count();
                    let go = self.write(slab)?;
                    // While more waits, it is written together.
                    if self.tally.slabs.load(Relaxed) == 0 && go == Go::On { self.sink.settle()? } else { go }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.count();
                    self.sink.settle()?
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if go == Go::Enough {
                return Ok(());
            }
        }
    }

    /// Writes packets and hands them on.
    fn write(&mut self, mut slab: Slab) -> Result<Go, sink::Error> {
        let mut go = Go::On;
        for at in 0..slab.len() {
            let Some(packet) = slab.packet(at) else { break };
            go = self.sink.write(&packet).inspect_err(|_| self.tally.taken_up(slab.len()))?;
            if go == Go::Enough {
                self.tally.taken_up(slab.len() - at - 1);
                slab.truncate(at + 1);
                break;
            }
        }
        // It is in the file before anybody is told of it.
        if let Err(TrySendError::Full(mut slab)) = self.written.try_send(slab) {
            self.tally.taken_up(slab.len());
            self.tally.left_out.fetch_add(slab.len() as u64, Relaxed);
            slab.clear();
            // Who captures no more needs none.
            let _ = self.spent.send(slab);
        }
        Ok(go)
    }

    /// Tells the file what the devices have counted.
    fn count(&mut self) {
        let counts = self.counts();
        self.sink.count(&counts);
    }

    fn counts(&self) -> Vec<Counts> {
        let drops = self.tally.drops.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = drops.iter().map(|drops| Counts {
            received: drops.received,
            dropped: drops.kernel,
            interface_dropped: drops.interface,
        });
        counts.collect()
    }
}
