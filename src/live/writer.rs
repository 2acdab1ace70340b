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

/// As long as what is held back waits for a reader who has something to do.
const HOLD: Duration = Duration::from_millis(20);

/// Between the capture, which waits for it, and the reader, for whom it does not wait.
pub(super) struct Writer {
    pub(super) sink: Sink,
    pub(super) captured: Receiver<Slab>,
    pub(super) written: SyncSender<Slab>,
    /// What is written and gathers while the reader is behind: few packets at a time would soon be all that may wait.
    pub(super) held: Slab,
    /// Where slabs go that nobody reads.
    pub(super) spent: Sender<Slab>,
    pub(super) stop: Stop,
    pub(super) tally: Arc<Tally>,
}

impl Writer {
    /// Writes until nothing more is captured, or until it is enough.
    pub(super) fn run(mut self) -> Result<Summary, sink::Error> {
        let written = self.write_all();
        self.let_go();
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
            let wait = if self.held.is_empty() { TICK } else { HOLD };
            let go = match self.captured.recv_timeout(wait) {
                Ok(slab) => {
                    self.tally.slabs.fetch_sub(1, Relaxed);
                    // Any packet of it may end a file.
                    self.count();
                    let go = self.write(slab)?;
                    // While more waits, it is written together.
                    if self.tally.slabs.load(Relaxed) == 0 && go == Go::On { self.sink.settle()? } else { go }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.let_go_if_idle();
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
        self.pass_on(slab);
        Ok(go)
    }

    /// Lets the reader have packets: at once if it has nothing to do, else when there are many.
    fn pass_on(&mut self, slab: Slab) {
        if self.held.is_empty() {
            self.held = slab;
        } else if self.held.append(&slab) {
            self.recycle(slab);
        } else {
            self.let_go();
            self.held = slab;
        }
        self.let_go_if_idle();
    }

    /// Hands the reader what is held back, if it has nothing to do.
    fn let_go_if_idle(&mut self) {
        if self.tally.unread.load(Relaxed) == 0 {
            self.let_go();
        }
    }

    /// Hands the reader what is held back, if it has not too much already.
    fn let_go(&mut self) {
        if self.held.is_empty() {
            return;
        }
        self.tally.unread.fetch_add(1, Relaxed);
        if let Err(TrySendError::Full(slab)) = self.written.try_send(std::mem::take(&mut self.held)) {
            self.tally.unread.fetch_sub(1, Relaxed);
            self.tally.taken_up(slab.len());
            self.tally.left_out.fetch_add(slab.len() as u64, Relaxed);
            self.recycle(slab);
        }
    }

    fn recycle(&mut self, mut slab: Slab) {
        slab.clear();
        // Who captures no more needs none.
        let _ = self.spent.send(slab);
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
