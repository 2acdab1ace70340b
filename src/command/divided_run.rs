//! Reads capture files on several threads. Each reads all frames, and reports those of its shard of the conversations.

use super::capture_run::CaptureRun;
use super::divided_passes::{ConsumerWork, default_threads};
use super::output::Output;
use super::shard_output::{RowsFrom, ShardOutput, merge};
use overhear::analysis::{Shard, Task};
use overhear::report::{Report, ThreadedReport};
use overhear::source::{SharedFiles, core_count};
use std::io;
use std::path::PathBuf;
use std::thread::{self, ScopedJoinHandle};

/// Creates the report of a run, for each of its threads.
pub(super) type ReportFactory<'a> = dyn Fn() -> Box<dyn Report + Send> + Sync + 'a;

/// Returns the report of a run that is not divided. Rows of events that need not be flushed one by one are formatted on a second
/// thread.
pub(super) fn whole_report(task: &Task, make: &ReportFactory<'_>, out: &Output) -> Box<dyn Report> {
    let has_rows_of_events = task.exchanges || task.streams;
    let use_thread = has_rows_of_events && !out.is_line_buffered() && core_count() > 1;
    match use_thread.then(|| ThreadedReport::new(make())) {
        Some(Ok(threaded)) => Box::new(threaded),
        _ => make(),
    }
}

impl CaptureRun {
    /// Reads and reports the captures as [`CaptureRun::run`] does, with the same output, on several threads if the task can
    /// be divided.
    pub(super) fn run_divided(mut self, task: Task, make: &ReportFactory<'_>, out: &mut Output) -> io::Result<bool> {
        let count = self.thread_count(&task, out);
        if count < 2 {
            let mut report = whole_report(&task, make, out);
            return self.run(task, &mut *report, out);
        }
        // Once for all threads.
        self.read_block_secrets();
        self.open_options.shared = SharedFiles::of(&self.paths);
        match self.run_shards(&task, count, make, out)? {
            ShardsOutcome::Complete { has_errors } => Ok(has_errors),
            ShardsOutcome::UndividedFrom(frame) => self.run(task, &mut *make(), &mut RowsFrom::new(out, frame)),
        }
    }

    /// Returns the number of threads for a task.
    fn thread_count(&self, task: &Task, out: &Output) -> usize {
        let mut wants = task.wants.clone();
        wants.add_all(&self.matcher.wants());
        let task = Task { wants, decode: self.decode.clone(), ..task.clone() };
        if self.has_pipe() || out.is_line_buffered() || !task.is_divisible_at_once(!self.matcher.has_filter()) {
            return 1;
        }
        self.threads
            .unwrap_or_else(|| default_threads(&task, self.paths.iter().map(PathBuf::as_path), ConsumerWork::Little))
    }

    fn run_shards(
        &self,
        task: &Task,
        count: usize,
        make: &ReportFactory<'_>,
        out: &mut Output,
    ) -> io::Result<ShardsOutcome> {
        let is_file = out.is_file();
        thread::scope(|scope| {
            let mut threads: Vec<ScopedJoinHandle<'_, io::Result<bool>>> = Vec::new();
            let mut rows = Vec::new();
            for shard in Shard::divide(count) {
                let (mut shard_out, received) = ShardOutput::new(shard.is_first(), is_file);
                let work = move || {
                    // What a thread writes is allocated by it: apart from what others write.
                    let (run, mut report) = (self.fork(), make());
                    let task = Task { shard: Some(shard), ..task.clone() };
                    let has_errors = run.run(task, &mut *report, &mut shard_out)?;
                    shard_out.finish()?;
                    Ok(has_errors)
                };
                threads.push(thread::Builder::new().name("shard".into()).spawn_scoped(scope, work)?);
                rows.push(received);
            }
            if let Some(frame) = merge(rows, &mut *make(), out)? {
                return Ok(ShardsOutcome::UndividedFrom(frame));
            }
            let mut has_errors = false;
            for thread in threads {
                has_errors |= thread.join().map_err(|_| io::Error::other("a thread ended early"))??;
            }
            Ok(ShardsOutcome::Complete { has_errors })
        })
    }
}

/// Outcome of reading all shards.
enum ShardsOutcome {
    /// All rows are written.
    Complete {
        /// Whether there were errors, which are reported.
        has_errors: bool,
    },
    /// The rows before this frame are written: the capture cannot be divided there.
    UndividedFrom(u32),
}
