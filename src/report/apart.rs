//! Rows that a thread of its own puts into words, while the next are found.

use super::{Report, Shown};
use crate::analysis::Event;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// Events handed over together.
const BATCH: usize = 256;
/// Batches that may wait: who finds faster than is written waits, too.
const WAITING: usize = 4;

/// A report of events alone, on a thread of its own. The bytes and their order are those of the report itself; they
/// come some hundred rows at a time.
pub struct Apart {
    batch: Vec<Event>,
    /// None after the end.
    events: Option<SyncSender<Vec<Event>>>,
    /// What is written of each batch.
    rows: Receiver<Vec<u8>>,
    /// Batches handed over of which the rows have not come back.
    waiting: usize,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Apart {
    /// Begins the thread, if the system has one to spare.
    pub fn new<R: Report + Send + 'static>(mut report: R) -> io::Result<Apart> {
        let (events, taken) = sync_channel::<Vec<Event>>(WAITING);
        let (written, rows) = channel();
        let work = move || {
            let mut out = Vec::new();
            report.begin(&mut out)?;
            for batch in taken {
                batch.into_iter().try_for_each(|event| report.event(event, &mut out))?;
                // Nobody takes them any more: the output is closed.
                if written.send(std::mem::take(&mut out)).is_err() {
                    return Ok(());
                }
            }
            report.end(&mut out)?;
            let _ = written.send(out);
            Ok(())
        };
        let thread = thread::Builder::new().name("rows".into()).spawn(work)?;
        Ok(Apart { batch: Vec::with_capacity(BATCH), events: Some(events), rows, waiting: 0, thread: Some(thread) })
    }

    /// Hands over what has been gathered, and writes what has come back.
    fn hand_over(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        // An error of the thread is told at the end.
        if self.events.as_ref().is_some_and(|events| events.send(batch).is_ok()) {
            self.waiting += 1;
        }
        while let Ok(rows) = self.rows.try_recv() {
            self.waiting -= 1;
            out.write_all(&rows)?;
        }
        Ok(())
    }
}

impl Report for Apart {
    fn frame(&mut self, _: &Shown<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        self.batch.push(event);
        if self.batch.len() == BATCH { self.hand_over(out) } else { Ok(()) }
    }

    fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.hand_over(out)?;
        while self.waiting > 0 {
            let Ok(rows) = self.rows.recv() else { break };
            self.waiting -= 1;
            out.write_all(&rows)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.settle(out)?;
        self.events = None;
        for rows in &self.rows {
            out.write_all(&rows)?;
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Chunk, Content};
    use dissectors::session::{At, Side};

    /// Writes the frame of each chunk.
    struct Frames;

    impl Report for Frames {
        fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
            writeln!(out, "begin")
        }

        fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
            match event {
                Event::Chunk(chunk) if chunk.at.frame == u32::MAX => Err(io::Error::other("the last frame there is")),
                Event::Chunk(chunk) => writeln!(out, "{}", chunk.at.frame),
                _ => Ok(()),
            }
        }

        fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
            writeln!(out, "end")
        }
    }

    fn event(frame: u32) -> Event {
        Event::Chunk(Chunk { side: Side::Client, at: At { frame, time: 0 }, content: Content::End })
    }

    #[test]
    fn rows_come_in_order_and_all_of_them() {
        for count in [0, 1, BATCH as u32, 20 * BATCH as u32 + 3] {
            let mut out = Vec::new();
            let mut apart = Apart::new(Frames).expect("a thread");
            apart.begin(&mut out).expect("memory can be written to");
            (0..count).for_each(|frame| apart.event(event(frame), &mut out).expect("memory can be written to"));
            apart.end(&mut out).expect("memory can be written to");
            let rows: String = (0..count).map(|frame| format!("{frame}\n")).collect();
            assert_eq!(String::from_utf8(out).expect("it is text"), format!("begin\n{rows}end\n"));
        }
    }

    #[test]
    fn what_was_reported_is_written_when_it_is_settled() {
        let mut out = Vec::new();
        let mut apart = Apart::new(Frames).expect("a thread");
        (0..3).for_each(|frame| apart.event(event(frame), &mut out).expect("memory can be written to"));
        apart.settle(&mut out).expect("memory can be written to");
        assert_eq!(out, b"begin\n0\n1\n2\n");
    }

    #[test]
    fn an_error_of_the_report_is_told_at_the_end_and_nothing_hangs() {
        let mut out = Vec::new();
        let mut apart = Apart::new(Frames).expect("a thread");
        apart.event(event(u32::MAX), &mut out).expect("it is not read yet");
        (0..10 * BATCH as u32).for_each(|frame| apart.event(event(frame), &mut out).expect("memory can be written to"));
        assert_eq!(apart.end(&mut out).expect_err("the report's").to_string(), "the last frame there is");
    }
}
