//! Browser threads: one loads the capture, the others answer requests.

use super::filter_job::FilterJob;
use super::find_job::FindJob;
use super::frame_table::SharedFrameTable;
#[cfg(feature = "live")]
use super::live_capture::{LiveSummary, PendingCapture, RunningCapture};
use super::load::load;
use super::load_source::LoadSource;
use super::request::{BrowseEvent, BrowseRequest};
use super::request_queue::RequestQueue;
use super::row_cache::RowCache;
use super::save_job::{self, SaveJob};
use crate::analysis::DecodeOptions;
use crate::source::StopSignal;
use std::path::PathBuf;
#[cfg(feature = "live")]
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

/// An open capture that answers requests. Dropping it ends its threads, after pending saves are written.
#[derive(Default)]
pub struct Browser {
    table: SharedFrameTable,
    /// Stops loading.
    stop: StopSignal,
    /// Requests answered at once: rows, frames, ladders, calls.
    query_queue: RequestQueue,
    /// Filter requests.
    filter_queue: RequestQueue,
    /// Find requests.
    find_queue: RequestQueue,
    /// Save requests.
    save_queue: RequestQueue,
    save_thread: Option<JoinHandle<()>>,
    #[cfg(feature = "live")]
    live_capture: Option<RunningCapture>,
    /// Packets that may be discarded with the temporary file, at most.
    #[cfg(feature = "live")]
    discardable_packets: AtomicU64,
}

impl Browser {
    /// Starts to read captures in a thread. Passes updates and results to `on_event`.
    pub fn open(paths: Vec<PathBuf>, on_event: impl Fn(BrowseEvent) + Send + Clone + 'static) -> Browser {
        Browser::open_with(paths, DecodeOptions::default(), on_event)
    }

    /// The same with decode options.
    pub fn open_with(
        paths: Vec<PathBuf>,
        decode: DecodeOptions,
        on_event: impl Fn(BrowseEvent) + Send + Clone + 'static,
    ) -> Browser {
        let mut browser = Browser::default();
        browser.table = SharedFrameTable::with_options(decode);
        let inputs = paths.clone();
        let (end_of_file, abort) = (browser.stop.clone(), browser.stop.clone());
        let source = LoadSource { paths, end_of_file, abort, live: None, threads: None };
        let (table, emit) = (browser.table.clone(), on_event.clone());
        spawn("load", &on_event, move || load(&table, source, emit));
        browser.start_workers(inputs, on_event);
        browser
    }

    /// Starts to capture on open interfaces. Packets are written to the file named by `write`, or else to one in a
    /// temporary folder, which is kept: see [`close`](Browser::close).
    #[cfg(feature = "live")]
    pub fn open_live(
        opened: crate::live::OpenCapture,
        write: Option<PathBuf>,
        limits: crate::live::Limits,
        decode: DecodeOptions,
        on_event: impl Fn(BrowseEvent) + Send + Clone + 'static,
    ) -> Result<Browser, String> {
        let mut browser = Browser::default();
        browser.table = SharedFrameTable::with_options(decode);
        let (capture, source) = PendingCapture::start(opened, write, limits, browser.stop.clone())?;
        let (table, emit, inputs) = (browser.table.clone(), on_event.clone(), source.paths.clone());
        spawn("load", &on_event, move || load(&table, source, emit));
        browser.live_capture = Some(capture.run(browser.table.clone())?);
        browser.start_workers(inputs, on_event);
        Ok(browser)
    }

    /// Temporary file that packets are written to, if the user named none.
    #[cfg(feature = "live")]
    #[must_use]
    pub fn spool(&self) -> Option<&std::path::Path> {
        self.live_capture.as_ref().and_then(RunningCapture::spool)
    }

    /// Ends the live capture and returns its summary. A temporary file is removed only if it has no packets, or was
    /// [discarded](BrowseRequest::Discard).
    #[cfg(feature = "live")]
    pub fn close(mut self) -> LiveSummary {
        self.finish_saving();
        self.stop.stop();
        let discardable = self.discardable_packets.load(Relaxed);
        self.live_capture.take().map_or_else(LiveSummary::default, |mut capture| capture.finish(discardable))
    }

    /// Waits for pending saves.
    fn finish_saving(&mut self) {
        self.save_queue.close_when_done();
        self.save_thread.take().map(JoinHandle::join);
    }

    /// Starts the threads that answer requests. Files in `inputs` are never overwritten.
    fn start_workers(&mut self, inputs: Vec<PathBuf>, on_event: impl Fn(BrowseEvent) + Send + Clone + 'static) {
        let (table, queue, emit) = (self.table.clone(), self.query_queue.clone(), on_event.clone());
        spawn("query", &on_event, move || {
            let mut cache = RowCache::new(table);
            while let Some((request, _)) = queue.next() {
                emit(cache.execute(request));
            }
        });
        let (table, queue, emit) = (self.table.clone(), self.filter_queue.clone(), on_event.clone());
        spawn("filter", &on_event, move || {
            while let Some((request, count)) = queue.next() {
                let BrowseRequest::Filter { filter, id } = &request else { continue };
                let job = FilterJob::new(table.clone(), filter, *id, &queue, count);
                if let Err(error) = job.and_then(|job| job.run(&emit)) {
                    emit(BrowseEvent::RequestFailed { request, error });
                }
            }
        });
        let (table, queue, emit) = (self.table.clone(), self.find_queue.clone(), on_event.clone());
        spawn("find", &on_event, move || {
            while let Some((request, count)) = queue.next() {
                let BrowseRequest::Find { needle, target, from, backward, frames, id } = request.clone() else {
                    continue;
                };
                let result = FindJob { needle, target, from, backward, frames, id }.run(&table, &queue, count, &emit);
                if let Err(error) = result {
                    emit(BrowseEvent::RequestFailed { request, error });
                }
            }
        });
        let (table, queue, emit) = (self.table.clone(), self.save_queue.clone(), on_event.clone());
        self.save_thread = spawn("save", &on_event, move || {
            while let Some((request, count)) = queue.next() {
                let BrowseRequest::Save { path, frames, overwrite } = request else { continue };
                let job = SaveJob { path, frames: frames.as_ref().map(|frames| frames.as_slice()), overwrite };
                save_job::run_save(&table, &inputs, job, (&queue, count)).map(&emit);
            }
        });
    }

    /// Sends a request. Its result is passed to `on_event` when ready.
    pub fn send(&self, request: BrowseRequest) {
        match request {
            BrowseRequest::Filter { .. } => self.filter_queue.push_replacing(request),
            BrowseRequest::Find { .. } => self.find_queue.push_replacing(request),
            BrowseRequest::Save { .. } => self.save_queue.push(request),
            BrowseRequest::CancelFilter => self.filter_queue.clear(),
            BrowseRequest::CancelFind => self.find_queue.clear(),
            BrowseRequest::ShowNames(are_shown) => self.table.show_names(are_shown),
            #[cfg(feature = "live")]
            BrowseRequest::Discard(count) => self.discardable_packets.store(count, Relaxed),
            #[cfg(not(feature = "live"))]
            BrowseRequest::Discard(_) => {}
            _ => self.query_queue.push_replacing(request),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.finish_saving();
        self.stop.stop();
        [&self.query_queue, &self.filter_queue, &self.find_queue].into_iter().for_each(RequestQueue::close);
    }
}

/// Starts a thread. Reports an error if that is not possible.
fn spawn(name: &str, on_event: &impl Fn(BrowseEvent), work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let spawned = thread::Builder::new().name(name.into()).spawn(work);
    spawned.map_err(|error| on_event(BrowseEvent::Error(format!("cannot start a thread: {error}")))).ok()
}
