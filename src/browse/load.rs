//! Loader: reads a capture once, from the first frame to the last, and builds the index.

use super::divided_load::{DividedLoad, TOO_LARGE, UndividedRest, load_divided, thread_count};
use super::frame_indexer::{FrameIndexer, index_task};
use super::frame_table::{FrameEntry, SharedFrameTable};
use super::index::{CaptureEnd, LoadState};
use super::index_publisher::IndexPublisher;
use super::load_source::{LiveStatus, LoadSource};
use super::request::BrowseEvent;
use super::shard_batches::ShardBatches;
use crate::analysis::unsupported_link_message;
use crate::priority;
use crate::source::{Capture, Frame, OpenOptions, RecordStore};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Interval at which a live capture reads key logs again.
const KEY_LOG_INTERVAL: Duration = Duration::from_millis(10);

/// Frames between checks of the clock.
const STRIDE: u32 = 256;

/// Maximum delay of an update when frames arrive slowly.
const IDLE_UPDATE: Duration = Duration::from_millis(100);

/// Interval between checks for a delayed update.
const TICK: Duration = Duration::from_millis(50);

/// Interval between checks for expired connections of a live capture.
const AGE_INTERVAL: Duration = Duration::from_secs(1);

/// The state of loading on one thread.
pub(super) struct Loader<H> {
    indexer: FrameIndexer,
    publisher: IndexPublisher<H>,
    /// Numbers of the entries before the first frame that is added, if another reader has added them.
    added: Option<AddedEntries>,
    /// Errors so far.
    errors: Vec<String>,
}

/// Entries that shards have added before the capture could not be divided.
struct AddedEntries {
    /// The first frame without entries.
    next_frame: u32,
    batches: ShardBatches,
}

/// Reads the captures and publishes index updates.
pub(super) fn load<H: Fn(BrowseEvent) + Send>(table: &SharedFrameTable, source: LoadSource, emit: H) {
    // The loader thread runs at a lower priority than the query threads.
    priority::lower();
    table.write().is_live = source.live.is_some();
    let mut decode = table.task().decode;
    decode.add_block_secrets(source.paths.iter().map(PathBuf::as_path));
    table.set_secrets(decode.secrets.clone());
    let mut publisher = IndexPublisher::new(table.clone(), emit);
    let count = thread_count(&source, &index_task(table));
    let divided = (count > 1).then(|| load_divided(&source, count, &|options| open(&source, options), &mut publisher));
    match divided {
        Some(Ok(DividedLoad::Aborted)) => {}
        Some(Ok(DividedLoad::Complete(errors, names))) => {
            publisher.state = complete_state(errors, None);
            let secrets = table.task().decode.secrets;
            publisher.publish(secrets, names);
        }
        Some(Ok(DividedLoad::Undivided(rest))) => load_rest(*rest, &source, publisher),
        // Without a further thread, this one reads.
        Some(Err(_)) | None => {
            let (capture, errors) = open(&source, stored_in(table.store.clone()));
            let indexer = FrameIndexer::new(index_task(table), None);
            run(Loader { indexer, publisher, added: None, errors }, None, capture, &source);
        }
    }
}

/// Loads the frames from that on at which the capture cannot be divided. The frames before it are read again for their
/// conversations.
fn load_rest<H: Fn(BrowseEvent) + Send>(rest: UndividedRest, source: &LoadSource, publisher: IndexPublisher<H>) {
    let UndividedRest { first_frame, capture, errors, mut batches } = rest;
    batches.restart();
    let (before, _) = open(source, stored_in(RecordStore::default()));
    let indexer = FrameIndexer::new(index_task(&publisher.table), None);
    let added = Some(AddedEntries { next_frame: first_frame, batches });
    run(Loader { indexer, publisher, added, errors }, before, Some(capture), source);
}

/// Reads the frames, publishes the entries, and completes the index. `before` has the frames before those of `capture`.
fn run<H: Fn(BrowseEvent) + Send>(
    loader: Loader<H>,
    before: Option<Capture>,
    capture: Option<Capture>,
    source: &LoadSource,
) {
    let last_before = loader.added.as_ref().map_or(0, |added| added.next_frame);
    let loader = Mutex::new(loader);
    let (reading, is_read) = channel::<()>();
    thread::scope(|scope| {
        let loader = &loader;
        // While the reader waits for slow frames, this thread publishes pending updates.
        let ticks = thread::Builder::new().name("tick".into()).spawn_scoped(scope, move || {
            let mut aged = Instant::now();
            while is_read.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) && !source.abort.is_set() {
                if let Ok(mut loader) = loader.try_lock().map_err(drop) {
                    loader.tick(source.live.as_deref(), &mut aged);
                }
            }
        });
        if let Some(mut before) = before {
            read(&mut before, Some(last_before), source, loader);
        }
        if let Some(mut capture) = capture {
            read(&mut capture, None, source, loader);
        }
        // The thread ends at once.
        drop((reading, ticks));
    });
    if !source.abort.is_set() {
        lock(&loader).finish(source.live.as_deref());
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Options with a store for the positions of the records.
fn stored_in(store: RecordStore) -> OpenOptions {
    OpenOptions { record_store: Some(store), ..OpenOptions::default() }
}

/// Opens the captures. Skips one that cannot be opened if there are others. Returns the errors.
fn open(source: &LoadSource, options: OpenOptions) -> (Option<Capture>, Vec<String>) {
    let (mut paths, mut errors) = (source.paths.clone(), Vec::new());
    while !paths.is_empty() {
        let options =
            OpenOptions { stop: source.end_of_file.clone(), follow: source.live.is_some(), ..options.clone() };
        match Capture::open_with(paths.iter().cloned(), options) {
            Ok(capture) => return (Some(capture), errors),
            Err(error) => {
                errors.push(error.to_string());
                let failed = paths.iter().position(|path| path.display().to_string() == error.file);
                paths.remove(failed.unwrap_or(0));
            }
        }
    }
    (None, errors)
}

/// Reads the frames up to one, or all.
fn read<H: Fn(BrowseEvent)>(capture: &mut Capture, last: Option<u32>, source: &LoadSource, loader: &Mutex<Loader<H>>) {
    let (mut frames, mut names, mut secrets) = (0u32, 0, 0);
    let mut checked = Instant::now();
    let grows = source.live.is_some() || source.paths.iter().any(|path| !path.is_file());
    loop {
        // Locked until the frame has its location: it must not be published without it.
        let mut loader = match capture.next() {
            Ok(Some(frame)) => {
                let mut loader = lock(loader);
                loader.add_frame(&frame);
                loader
            }
            Ok(None) => return,
            Err(error) => {
                // Those before the last frame are reported.
                if last.is_none() {
                    lock(loader).errors.push(error.to_string());
                }
                continue;
            }
        };
        let location = capture.position();
        if let Some(new) = capture.secrets().get(secrets..).filter(|new| !new.is_empty()) {
            loader.indexer.analyzer.add_block_secrets(new);
            loader.publish_secrets();
            secrets += new.len();
        }
        if grows && checked.elapsed() >= KEY_LOG_INTERVAL {
            checked = Instant::now();
            loader.add_appended_secrets();
        }
        if let Some(new) = capture.names().get(names..).filter(|new| !new.is_empty()) {
            loader.indexer.analyzer.add_block_names(new);
            names += new.len();
        }
        if !FrameEntry::fits(location) {
            loader.indexer.remove_last_frame();
            loader.errors.push(TOO_LARGE.into());
            return;
        }
        loader.indexer.set_location(location);
        if last == Some(loader.indexer.last_frame) {
            return;
        }
        frames = frames.wrapping_add(1);
        if frames.is_multiple_of(STRIDE) {
            if source.abort.is_set() {
                return;
            }
            let progress = capture.progress();
            let fraction = progress.total.map(|total| (progress.read as f32 / total.max(1) as f32).min(1.0));
            if source.live.is_none() {
                loader.publisher.state = LoadState::Reading(fraction);
            }
            if loader.publisher.is_due() {
                loader.publish();
            }
        }
    }
}

impl<H: Fn(BrowseEvent)> Loader<H> {
    /// Adds a frame, without its location. Frames that shards have added are read for their conversations.
    fn add_frame(&mut self, frame: &Frame<'_>) {
        self.indexer.add_frame(frame);
        if self.added.as_ref().is_some_and(|added| frame.number < added.next_frame) {
            self.indexer.batch.keep_numbers();
        }
    }

    /// Adds the secrets that were appended to the key logs, for the frames that follow.
    fn add_appended_secrets(&mut self) {
        let mut decode = self.publisher.table.task().decode;
        if decode.add_appended_secrets(self.indexer.last_frame + 1) {
            self.indexer.analyzer.merge_secrets(&decode.secrets);
            self.publish_secrets();
        }
    }

    /// Publishes the secrets known so far for passes over the same frames.
    fn publish_secrets(&self) {
        self.publisher.table.set_secrets(self.indexer.analyzer.secrets());
    }

    /// Publishes a pending update, and the drop counters of a live capture.
    fn tick(&mut self, live: Option<&LiveStatus>, aged: &mut Instant) {
        let mut is_new = !self.indexer.batch.frames.is_empty();
        if let Some(live) = live {
            if aged.elapsed() >= AGE_INTERVAL {
                *aged = Instant::now();
                self.indexer.analyzer.age(now());
                self.indexer.add_events();
            }
            self.publisher.state = LoadState::Live { name: live.name.clone(), dropped: live.dropped() };
            is_new |= self.publisher.state != self.publisher.reported_state || !self.indexer.batch.streams.is_empty();
        }
        if is_new && self.publisher.is_older_than(IDLE_UPDATE) {
            self.publish();
        }
    }

    /// Completes the index.
    fn finish(&mut self, live: Option<&LiveStatus>) {
        self.indexer.finish();
        if live.is_none() {
            let links = self.indexer.analyzer.unsupported_links();
            self.errors.extend(links.iter().map(|&link| unsupported_link_message(link)));
        }
        self.publisher.state = complete_state(std::mem::take(&mut self.errors), live);
        self.publish();
    }

    /// Publishes the pending index entries.
    fn publish(&mut self) {
        let (publisher, indexer) = (&mut self.publisher, &mut self.indexer);
        publisher.start_time = indexer.start_time;
        match &mut self.added {
            None => publisher.add(&mut indexer.batch),
            Some(added) => {
                let first = publisher.last_frame + 1;
                let batch = std::mem::take(&mut indexer.batch);
                publisher.add(&mut added.batches.join(vec![batch], first, indexer.last_frame, false).0);
            }
        }
        if !publisher.state.is_complete() {
            publisher.add_open(indexer.analyzer.open_since(publisher.reported_to));
        }
        publisher.publish(indexer.analyzer.secrets(), indexer.analyzer.host_names());
    }
}

/// Returns the state of a capture that is read, with its errors.
fn complete_state(errors: Vec<String>, live: Option<&LiveStatus>) -> LoadState {
    let failed = (!errors.is_empty()).then(|| errors.join("; "));
    match live {
        None => LoadState::Complete(failed),
        Some(live) => {
            let reason =
                failed.map(CaptureEnd::Failed).or_else(|| live.end.get().cloned()).unwrap_or(CaptureEnd::Stopped);
            LoadState::LiveEnded { name: live.name.clone(), dropped: live.dropped(), reason }
        }
    }
}

/// Returns the current time in nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
