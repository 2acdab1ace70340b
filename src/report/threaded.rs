//! A report that formats its rows on its own thread, while analysis continues.

use super::{DissectedFrame, Report};
use crate::analysis::Event;
use crate::capture::Call;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// Items sent to the thread at once.
const BATCH: usize = 256;
/// Highest number of batches in the queue. If it is full, analysis waits for the thread.
const MAX_PENDING: usize = 4;

/// Runs a report of events, but not of frames, on its own thread. The output is the same bytes in the same order,
/// written some hundred rows at a time.
pub struct ThreadedReport {
    batch: Vec<ThreadedItem>,
    /// Queue of batches; none after the end.
    events: Option<SyncSender<Vec<ThreadedItem>>>,
    /// Output of each batch.
    rows: Receiver<Vec<u8>>,
    /// Number of batches sent whose output has not been received.
    pending: usize,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// What is sent to the thread.
enum ThreadedItem {
    Event(Event),
    SkippedCall(Call),
}

impl ThreadedReport {
    /// Starts the thread. An error if the system cannot create one.
    pub fn new(mut report: Box<dyn Report + Send>) -> io::Result<ThreadedReport> {
        let (events, batches) = sync_channel::<Vec<ThreadedItem>>(MAX_PENDING);
        let (output, rows) = channel();
        let work = move || {
            let mut out = Vec::new();
            report.begin(&mut out)?;
            for batch in batches {
                for item in batch {
                    match item {
                        ThreadedItem::Event(event) => report.event(event, &mut out)?,
                        ThreadedItem::SkippedCall(call) => report.skip_call(call, &mut out)?,
                    }
                }
                // The receiver is dropped: the output is closed.
                if output.send(std::mem::take(&mut out)).is_err() {
                    return Ok(());
                }
            }
            report.end(&mut out)?;
            let _ = output.send(out);
            Ok(())
        };
        let thread = thread::Builder::new().name("rows".into()).spawn(work)?;
        Ok(ThreadedReport {
            batch: Vec::with_capacity(BATCH),
            events: Some(events),
            rows,
            pending: 0,
            thread: Some(thread),
        })
    }

    fn push(&mut self, item: ThreadedItem, out: &mut dyn Write) -> io::Result<()> {
        self.batch.push(item);
        if self.batch.len() == BATCH { self.send_batch(out) } else { Ok(()) }
    }

    /// Sends the current batch, and writes the output received so far.
    fn send_batch(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        // `end` returns an error of the thread.
        if self.events.as_ref().is_some_and(|events| events.send(batch).is_ok()) {
            self.pending += 1;
        }
        while let Ok(rows) = self.rows.try_recv() {
            self.pending -= 1;
            out.write_all(&rows)?;
        }
        Ok(())
    }
}

impl Report for ThreadedReport {
    fn frame(&mut self, _: &DissectedFrame<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        self.push(ThreadedItem::Event(event), out)
    }

    fn skip_call(&mut self, call: Call, out: &mut dyn Write) -> io::Result<()> {
        self.push(ThreadedItem::SkippedCall(call), out)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.send_batch(out)?;
        while self.pending > 0 {
            let Ok(rows) = self.rows.recv() else { break };
            self.pending -= 1;
            out.write_all(&rows)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        self.events = None;
        for rows in &self.rows {
            out.write_all(&rows)?;
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{StreamChunk, StreamContent};
    use dissectors::session::{Side, Stamp};

    /// Writes the frame number of each chunk.
    struct Frames;

    impl Report for Frames {
        fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
            writeln!(out, "begin")
        }

        fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
            match event {
                Event::Chunk(chunk) if chunk.at.frame == u32::MAX => Err(io::Error::other("the highest frame number")),
                Event::Chunk(chunk) => writeln!(out, "{}", chunk.at.frame),
                _ => Ok(()),
            }
        }

        fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
            writeln!(out, "end")
        }
    }

    fn event(frame: u32) -> Event {
        Event::Chunk(StreamChunk { side: Side::Client, at: Stamp { frame, time: 0 }, content: StreamContent::End })
    }

    #[test]
    fn all_rows_are_written_in_order() {
        for count in [0, 1, BATCH as u32, 20 * BATCH as u32 + 3] {
            let mut out = Vec::new();
            let mut threaded = ThreadedReport::new(Box::new(Frames)).expect("a thread");
            threaded.begin(&mut out).expect("memory can be written to");
            (0..count).for_each(|frame| threaded.event(event(frame), &mut out).expect("memory can be written to"));
            threaded.end(&mut out).expect("memory can be written to");
            let rows: String = (0..count).map(|frame| format!("{frame}\n")).collect();
            assert_eq!(String::from_utf8(out).expect("it is text"), format!("begin\n{rows}end\n"));
        }
    }

    #[test]
    fn pending_rows_are_written_by_flush() {
        let mut out = Vec::new();
        let mut threaded = ThreadedReport::new(Box::new(Frames)).expect("a thread");
        (0..3).for_each(|frame| threaded.event(event(frame), &mut out).expect("memory can be written to"));
        threaded.flush(&mut out).expect("memory can be written to");
        assert_eq!(out, b"begin\n0\n1\n2\n");
    }

    #[test]
    fn an_error_of_the_report_is_returned_at_the_end_without_a_deadlock() {
        let mut out = Vec::new();
        let mut threaded = ThreadedReport::new(Box::new(Frames)).expect("a thread");
        threaded.event(event(u32::MAX), &mut out).expect("it is not received yet");
        (0..10 * BATCH as u32)
            .for_each(|frame| threaded.event(event(frame), &mut out).expect("memory can be written to"));
        assert_eq!(threaded.end(&mut out).expect_err("the report's").to_string(), "the highest frame number");
    }
}
