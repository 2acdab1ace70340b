//! Interfaces that are listened to: packets go into a file, and the browser reads that.

use super::index::End;
use super::known::Known;
use super::load::{Listened, Source};
use crate::live::{Counts, Ended, Limits, Live, Opened};
use crate::sink::{Format, Rotation, Sink, Stop as Autostop, Target};
use crate::source::Stop;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often it is looked at what was lost.
const TICK: Duration = Duration::from_millis(100);

/// As long as is waited, when a capture has ended, for its last packets to be read from the file.
const REST: Duration = Duration::from_secs(2);

/// Who may look into the folder of what is captured: its owner.
const PRIVATE: u32 = 0o700;

/// Interfaces that will be listened to.
pub(super) struct Listening {
    live: Live,
    limits: Limits,
    begun: Instant,
    listened: Arc<Listened>,
    /// Ends the reading of the file.
    ends: Stop,
    /// Nobody wants to know any more.
    stop: Stop,
    spool: Spool,
}

/// Interfaces that are listened to. Dropping it ends that, and leaves the file.
pub(super) struct Running {
    stop: Stop,
    thread: Option<JoinHandle<Written>>,
    spool: Spool,
}

/// What stands in the file: so many packets; and what was wrong.
#[derive(Default)]
struct Written {
    packets: u64,
    wrong: Vec<String>,
}

/// What is left of interfaces that were listened to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// The temporary file that what was captured is in, if it was kept.
    pub kept: Option<PathBuf>,
    /// What was wrong, a line each.
    pub wrong: Vec<String>,
}

/// The file, and the folder to be removed with it.
#[derive(Clone, Debug)]
struct Spool {
    path: PathBuf,
    folder: Option<PathBuf>,
}

impl Listening {
    /// Begins to capture; says how what is captured is read.
    pub(super) fn begin(
        opened: Opened,
        write: Option<PathBuf>,
        limits: Limits,
        stop: Stop,
    ) -> Result<(Listening, Source), String> {
        let names: Vec<String> = opened.interfaces().filter_map(|interface| interface.name.clone()).collect();
        let spool = Spool::new(write)?;
        let format = Format::of(&spool.path);
        let target = Target::File(spool.path.clone());
        let sink = Sink::create(target, format, opened.devices(), Rotation::default(), Autostop::default());
        let sink = sink.map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let live = opened.listen(Some(sink), Stop::default(), limits);
        let live = live.map_err(|error| format!("capturing cannot begin: {error}"))?;
        let listened = Arc::new(Listened { name: names.join(", "), ..Listened::default() });
        let ends = Stop::default();
        let source = Source {
            paths: vec![spool.path.clone()],
            live: Some(listened.clone()),
            ends: ends.clone(),
            stop: stop.clone(),
        };
        Ok((Listening { live, limits, begun, listened, ends, stop, spool }, source))
    }

    /// Listens until the end, in a thread of its own.
    pub(super) fn run(self, known: Known) -> Result<Running, String> {
        let Listening { mut live, limits, begun, listened, ends, stop: given_up, spool } = self;
        let stop = live.stop();
        let work = move || {
            while live.wait(TICK) {
                while live.next().is_some() {}
                listened.note(&live.counts());
            }
            let Ended { counts, failed, written } = live.finish();
            listened.note(&counts);
            let lasted = begun.elapsed();
            let mut wrong: Vec<String> = failed.iter().map(ToString::to_string).collect();
            let packets = match written {
                Some(Ok(summary)) => summary.packets,
                Some(Err(error)) => {
                    wrong.push(error.to_string());
                    // So many at most; what failed stands behind what is in the file.
                    counts.taken
                }
                None => 0,
            };
            let by = match (limits.packets, limits.time) {
                _ if !wrong.is_empty() => End::Failed(wrong.join("; ")),
                (Some(most), _) if counts.taken >= most => End::Packets(most),
                (_, Some(most)) if lasted >= most => End::Time(most),
                _ => End::Stopped,
            };
            let _ = listened.end.set(by);
            let since = Instant::now();
            while u64::from(known.read().count()) < packets && since.elapsed() < REST && !given_up.is_set() {
                thread::sleep(TICK / 4);
            }
            ends.stop();
            Written { packets, wrong }
        };
        let thread = thread::Builder::new().name("listen".into()).spawn(work);
        let thread = Some(thread.map_err(|error| format!("no thread can be begun: {error}"))?);
        Ok(Running { stop, thread, spool })
    }
}

impl Listened {
    fn note(&self, counts: &Counts) {
        let lost = [counts.drops.kernel, counts.drops.interface, 0];
        // What was written and not handed over is read from the file all the same.
        self.lost.iter().zip(lost).for_each(|(place, lost)| place.store(lost, Relaxed));
    }
}

impl Running {
    /// The file that is written, if nobody gave it a name.
    pub(super) fn spool(&self) -> Option<&Path> {
        self.spool.folder.as_ref().map(|_| &*self.spool.path)
    }

    /// Ends it. A temporary file is removed if it holds no more than so many packets.
    pub(super) fn end(&mut self, unwanted: u64) -> Left {
        self.stop.stop();
        let written = self.thread.take().map(JoinHandle::join);
        let is_unwanted = matches!(&written, Some(Ok(written)) if written.packets <= unwanted);
        let wrong = written.and_then(Result::ok).unwrap_or_default().wrong;
        let kept = match &self.spool.folder {
            Some(folder) if is_unwanted => {
                let _ = fs::remove_dir_all(folder);
                None
            }
            folder => folder.as_ref().map(|_| self.spool.path.clone()),
        };
        Left { kept, wrong }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.end(0);
        }
    }
}

impl Spool {
    fn new(write: Option<PathBuf>) -> Result<Spool, String> {
        if let Some(path) = write {
            return Ok(Spool { path, folder: None });
        }
        let folder =
            tempfile::Builder::new().prefix("overhear-").permissions(Permissions::from_mode(PRIVATE)).tempdir();
        let folder = folder.map_err(|error| format!("there is no room for what is captured: {error}"))?.keep();
        Ok(Spool { path: folder.join("capture.pcapng"), folder: Some(folder) })
    }
}
