//! Live captures: packets are written to a file, which the browser reads.

use super::frame_table::SharedFrameTable;
use super::index::CaptureEnd;
use super::load_source::{LiveStatus, LoadSource};
use crate::live::{CaptureCounts, CaptureResult, Limits, LiveCapture, OpenCapture};
use crate::sink::{Format, Rotation, Sink, StopConditions as Autostop, Target};
use crate::source::StopSignal;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Interval between reads of the drop counters.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum wait, after the end of a capture, until its last packets are read from the file.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Permissions of the temporary folder: owner only.
const FOLDER_MODE: u32 = 0o700;

/// A live capture that is not running yet.
pub(super) struct PendingCapture {
    live: LiveCapture,
    limits: Limits,
    started: Instant,
    status: Arc<LiveStatus>,
    /// Marks the end of the file, and so ends reading.
    end_of_file: StopSignal,
    /// Aborts reading.
    abort: StopSignal,
    file: CaptureFile,
}

/// A running live capture. Dropping it stops the capture and keeps the file.
pub(super) struct RunningCapture {
    stop: StopSignal,
    thread: Option<JoinHandle<WriteResult>>,
    file: CaptureFile,
}

/// Number of packets in the file, and errors.
#[derive(Default)]
struct WriteResult {
    packets: u64,
    errors: Vec<String>,
}

/// Summary of an ended live capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveSummary {
    /// Temporary capture file, if it was kept.
    pub kept_file: Option<PathBuf>,
    /// Errors, one line each.
    pub errors: Vec<String>,
}

/// The capture file, and the temporary folder to remove with it.
#[derive(Clone, Debug)]
struct CaptureFile {
    path: PathBuf,
    folder: Option<PathBuf>,
}

impl PendingCapture {
    /// Starts capturing. Also returns the source to load the packets from.
    pub(super) fn start(
        opened: OpenCapture,
        write: Option<PathBuf>,
        limits: Limits,
        stop: StopSignal,
    ) -> Result<(PendingCapture, LoadSource), String> {
        let names: Vec<String> = opened.interfaces().filter_map(|interface| interface.name.clone()).collect();
        let spool = CaptureFile::new(write)?;
        let format = Format::for_path(&spool.path);
        let target = Target::File(spool.path.clone());
        let sink = Sink::create(target, format, opened.devices(), Rotation::default(), Autostop::default());
        let sink = sink.map_err(|error| error.to_string())?;
        let started = Instant::now();
        let live = opened.start(Some(sink), StopSignal::default(), limits);
        let live = live.map_err(|error| format!("cannot start the capture: {error}"))?;
        let status = Arc::new(LiveStatus { name: names.join(", "), ..LiveStatus::default() });
        let end_of_file = StopSignal::default();
        let source = LoadSource {
            paths: vec![spool.path.clone()],
            live: Some(status.clone()),
            end_of_file: end_of_file.clone(),
            abort: stop.clone(),
            threads: None,
        };
        Ok((PendingCapture { live, limits, started, status, end_of_file, abort: stop, file: spool }, source))
    }

    /// Captures until the end, in a thread.
    pub(super) fn run(self, table: SharedFrameTable) -> Result<RunningCapture, String> {
        let PendingCapture { mut live, limits, started, status, end_of_file, abort, file: spool } = self;
        let stop = live.stop();
        let work = move || {
            while live.wait(POLL_INTERVAL) {
                while live.next().is_some() {}
                status.record_counts(&live.counts());
            }
            let CaptureResult { counts, errors, written } = live.finish();
            status.record_counts(&counts);
            let elapsed = started.elapsed();
            let mut errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let packets = match written {
                Some(Ok(summary)) => summary.packets,
                Some(Err(error)) => {
                    errors.push(error.to_string());
                    // An upper bound: a failed write comes after everything that is in the file.
                    counts.captured
                }
                None => 0,
            };
            let reason = match (limits.packets, limits.time) {
                _ if !errors.is_empty() => CaptureEnd::Failed(errors.join("; ")),
                (Some(limit), _) if counts.captured >= limit => CaptureEnd::Packets(limit),
                (_, Some(limit)) if elapsed >= limit => CaptureEnd::Time(limit),
                _ => CaptureEnd::Stopped,
            };
            let _ = status.end.set(reason);
            let ended = Instant::now();
            while u64::from(table.read().count()) < packets && ended.elapsed() < DRAIN_TIMEOUT && !abort.is_set() {
                thread::sleep(POLL_INTERVAL / 4);
            }
            end_of_file.stop();
            WriteResult { packets, errors }
        };
        let thread = thread::Builder::new().name("listen".into()).spawn(work);
        let thread = Some(thread.map_err(|error| format!("cannot start a thread: {error}"))?);
        Ok(RunningCapture { stop, thread, file: spool })
    }
}

impl LiveStatus {
    fn record_counts(&self, counts: &CaptureCounts) {
        let dropped = [counts.drops.kernel, counts.drops.interface, 0];
        // Packets written but not passed on are read from the file, so they are not lost.
        self.dropped.iter().zip(dropped).for_each(|(counter, dropped)| counter.store(dropped, Relaxed));
    }
}

impl RunningCapture {
    /// Returns the path of the temporary file, if the user named none.
    pub(super) fn spool(&self) -> Option<&Path> {
        self.file.folder.as_ref().map(|_| &*self.file.path)
    }

    /// Ends the capture. Removes a temporary file with at most `discardable` packets.
    pub(super) fn finish(&mut self, discardable: u64) -> LiveSummary {
        self.stop.stop();
        let summary = self.thread.take().map(JoinHandle::join);
        let is_discarded = matches!(&summary, Some(Ok(summary)) if summary.packets <= discardable);
        let errors = summary.and_then(Result::ok).unwrap_or_default().errors;
        let kept_file = match &self.file.folder {
            Some(folder) if is_discarded => {
                let _ = fs::remove_dir_all(folder);
                None
            }
            folder => folder.as_ref().map(|_| self.file.path.clone()),
        };
        LiveSummary { kept_file, errors }
    }
}

impl Drop for RunningCapture {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.finish(0);
        }
    }
}

impl CaptureFile {
    fn new(write: Option<PathBuf>) -> Result<CaptureFile, String> {
        if let Some(path) = write {
            return Ok(CaptureFile { path, folder: None });
        }
        let folder =
            tempfile::Builder::new().prefix("overhear-").permissions(Permissions::from_mode(FOLDER_MODE)).tempdir();
        let folder = folder.map_err(|error| format!("cannot create a temporary folder: {error}"))?.keep();
        Ok(CaptureFile { path: folder.join("capture.pcapng"), folder: Some(folder) })
    }
}
