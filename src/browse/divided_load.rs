//! Loading on several threads: each reads all frames, and makes the index entries of its shard of the conversations.

use super::frame_indexer::{FrameIndexer, IndexBatch, index_task};
use super::frame_table::FrameEntry;
use super::index::LoadState;
use super::index_publisher::IndexPublisher;
use super::load_source::LoadSource;
use super::request::BrowseEvent;
use super::shard_batches::{ShardBatches, add_names};
use crate::analysis::{Shard, Task, unsupported_link_message};
use crate::priority;
use crate::source::{Capture, OpenOptions, RecordStore, SharedFiles, reading_threads};
use dissectors::host_names::HostNames;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Number of frames of each chunk, and of the first one, which shows something early.
const CHUNK_FRAMES: u32 = 16_384;
const FIRST_CHUNK_FRAMES: u32 = 1024;
/// Maximum number of chunks in the queue of a shard. If it is full, the shard waits.
const MAX_PENDING: usize = 2;
/// Frames between checks whether loading is aborted.
const STRIDE: u32 = 256;
/// Error of a file with more frames than can be indexed.
pub(super) const TOO_LARGE: &str = "capture too large for the terminal UI: the limit is 1 TB per file and 65,536 files";

/// Index entries of the frames of a chunk that a shard has.
struct ShardChunk {
    batch: IndexBatch,
    /// The last frame read, of this shard or of another.
    last_frame: u32,
    start_time: i64,
    /// Fraction of the captures that is read.
    fraction: Option<f32>,
    end: Option<ShardEnd>,
}

/// Why no chunk follows.
enum ShardEnd {
    /// The captures are read. These are the errors.
    Complete(Vec<String>),
    /// The capture cannot be divided at the next frame, which is read. The reader, if this is the first shard, and its errors.
    Undivided(Option<Box<Capture>>, Vec<String>),
}

/// Outcome of loading in shards.
pub(super) enum DividedLoad {
    /// All entries are added. These are the errors, and the names of addresses.
    Complete(Vec<String>, Arc<HostNames>),
    /// The entries before this frame are added. The reader is behind this frame.
    Undivided(Box<UndividedRest>),
    /// Loading is aborted.
    Aborted,
}

/// What is left of a capture that cannot be divided.
pub(super) struct UndividedRest {
    /// The frame at which it cannot be divided.
    pub(super) first_frame: u32,
    /// A reader of the frames after it.
    pub(super) capture: Capture,
    pub(super) errors: Vec<String>,
    pub(super) batches: ShardBatches,
}

/// Returns the number of threads on which captures are loaded.
pub(super) fn thread_count(source: &LoadSource, task: &Task) -> usize {
    let is_file = |path: &PathBuf| path.is_file();
    let is_divisible = source.live.is_none() && source.paths.iter().all(is_file) && task.is_divisible_at_once(true);
    match source.threads {
        _ if !is_divisible => 1,
        Some(threads) => threads,
        None => reading_threads(source.paths.iter().map(PathBuf::as_path)),
    }
}

/// Loads the captures in shards. The entries are those of one analyzer, in the same order.
pub(super) fn load_divided<H: Fn(BrowseEvent)>(
    source: &LoadSource,
    count: usize,
    open: &(impl Fn(OpenOptions) -> (Option<Capture>, Vec<String>) + Sync),
    publisher: &mut IndexPublisher<H>,
) -> io::Result<DividedLoad> {
    let task = index_task(&publisher.table);
    let mut names = Arc::clone(&task.decode.names.host_names);
    let secrets = Arc::clone(&task.decode.secrets);
    let shared = SharedFiles::of(&source.paths);
    thread::scope(|scope| {
        let mut received = Vec::new();
        for shard in Shard::divide(count) {
            let (chunks, receiver) = sync_channel(MAX_PENDING);
            let store = if shard.is_first() { publisher.table.store.clone() } else { RecordStore::default() };
            let (task, shared) = (task.clone(), shared.clone());
            let work = move || {
                priority::lower();
                let options = OpenOptions { record_store: Some(store), shared, ..OpenOptions::default() };
                let (capture, errors) = open(options);
                let indexer = FrameIndexer::new(task, Some(shard));
                ShardLoader { indexer, chunks, chunk_start: 0, errors }.run(capture, shard, source);
            };
            thread::Builder::new().name("load".into()).spawn_scoped(scope, work)?;
            received.push(receiver);
        }
        let mut batches = ShardBatches::new(received.len());
        loop {
            match join_chunks(&received, &mut batches, &mut names, publisher) {
                Joined::More if publisher.is_due() => publisher.publish(Arc::clone(&secrets), Arc::clone(&names)),
                Joined::More => {}
                Joined::Aborted => return Ok(DividedLoad::Aborted),
                Joined::Complete(errors) => return Ok(DividedLoad::Complete(errors, names)),
                Joined::Undivided(capture, errors) => {
                    publisher.publish(Arc::clone(&secrets), Arc::clone(&names));
                    let first_frame = publisher.last_frame + 1;
                    let rest = UndividedRest { first_frame, capture: *capture, errors, batches };
                    return Ok(DividedLoad::Undivided(Box::new(rest)));
                }
            }
        }
    })
}

/// What follows the chunks of all shards.
enum Joined {
    More,
    Aborted,
    Complete(Vec<String>),
    Undivided(Box<Capture>, Vec<String>),
}

/// Adds the next chunk of each shard.
fn join_chunks<H: Fn(BrowseEvent)>(
    received: &[Receiver<ShardChunk>],
    batches: &mut ShardBatches,
    names: &mut Arc<HostNames>,
    publisher: &mut IndexPublisher<H>,
) -> Joined {
    let chunks: Result<Vec<ShardChunk>, _> = received.iter().map(Receiver::recv).collect();
    let Ok(chunks) = chunks else { return Joined::Aborted };
    let first = publisher.last_frame + 1;
    // They have the same frames, unless a file has changed.
    let expected = chunks.iter().map(|chunk| chunk.last_frame).min().unwrap_or_default();
    let has_changed = chunks.iter().any(|chunk| chunk.last_frame != expected);
    let mut errors = Vec::new();
    let (mut has_ended, mut undivided, mut fraction) = (false, None, None);
    let mut parts = Vec::new();
    for (nth, chunk) in chunks.into_iter().enumerate() {
        if nth == 0 {
            publisher.start_time = chunk.start_time;
            fraction = chunk.fraction;
        }
        has_ended |= chunk.end.is_some();
        match chunk.end {
            // All shards find the same errors.
            Some(ShardEnd::Complete(found)) if nth == 0 => errors = found,
            Some(ShardEnd::Undivided(capture, found)) if nth == 0 => (undivided, errors) = (capture, found),
            _ => {}
        }
        parts.push(chunk.batch);
    }
    let (mut joined, last) = batches.join(parts, first, expected, has_changed);
    add_names(std::mem::take(&mut joined.names), names);
    publisher.add(&mut joined);
    publisher.state = LoadState::Reading(fraction);
    if last != expected || has_changed {
        errors.push("the capture changed while it was read".into());
        return Joined::Complete(errors);
    }
    match undivided {
        Some(capture) => Joined::Undivided(capture, errors),
        None if has_ended => Joined::Complete(errors),
        None => Joined::More,
    }
}

/// One shard.
struct ShardLoader {
    indexer: FrameIndexer,
    chunks: SyncSender<ShardChunk>,
    /// The last frame before the present chunk.
    chunk_start: u32,
    errors: Vec<String>,
}

impl ShardLoader {
    /// Reads the captures. Ends early if loading is aborted, or if its chunks are no longer received.
    fn run(mut self, capture: Option<Capture>, shard: Shard, source: &LoadSource) {
        let Some(mut capture) = capture else { return self.finish() };
        let (mut names, mut secrets) = (0, 0);
        loop {
            let number = match capture.next() {
                Ok(Some(frame)) => {
                    let number = frame.number;
                    if !self.indexer.add_frame(&frame) {
                        return self.end_undivided(capture, shard);
                    }
                    number
                }
                Ok(None) => return self.finish(),
                Err(error) => {
                    self.errors.push(error.to_string());
                    continue;
                }
            };
            if let Some(new) = capture.secrets().get(secrets..).filter(|new| !new.is_empty()) {
                self.indexer.analyzer.add_block_secrets(new);
                secrets += new.len();
            }
            if let Some(new) = capture.names().get(names..).filter(|new| !new.is_empty()) {
                self.indexer.analyzer.add_block_names(new);
                self.indexer.add_events();
                names += new.len();
            }
            let location = capture.position();
            if !FrameEntry::fits(location) {
                self.indexer.remove_last_frame();
                self.indexer.last_frame -= 1;
                self.errors.push(TOO_LARGE.into());
                return self.finish();
            }
            self.indexer.set_location(location);
            if number == FIRST_CHUNK_FRAMES || number.is_multiple_of(CHUNK_FRAMES) {
                let progress = capture.progress();
                let fraction = progress.total.map(|total| (progress.read as f32 / total.max(1) as f32).min(1.0));
                self.add_open();
                if !self.send(fraction, None) {
                    return;
                }
            }
            if number.is_multiple_of(STRIDE) && source.abort.is_set() {
                return;
            }
        }
    }

    /// Adds the rows of open connections that have a frame in the chunk.
    fn add_open(&mut self) {
        let FrameIndexer { analyzer, batch, .. } = &mut self.indexer;
        batch.streams.extend(analyzer.open_since(self.chunk_start));
    }

    /// Sends the chunk. Returns whether another may follow.
    fn send(&mut self, fraction: Option<f32>, end: Option<ShardEnd>) -> bool {
        let FrameIndexer { batch, last_frame, start_time, .. } = &mut self.indexer;
        let (batch, last_frame, start_time) = (std::mem::take(batch), *last_frame, *start_time);
        self.chunk_start = last_frame;
        self.chunks.send(ShardChunk { batch, last_frame, start_time, fraction, end }).is_ok()
    }

    fn finish(mut self) {
        self.indexer.finish();
        let links = self.indexer.analyzer.unsupported_links();
        self.errors.extend(links.iter().map(|&link| unsupported_link_message(link)));
        let errors = std::mem::take(&mut self.errors);
        self.send(None, Some(ShardEnd::Complete(errors)));
    }

    /// Ends before the last frame, at which the capture cannot be divided.
    fn end_undivided(mut self, capture: Capture, shard: Shard) {
        self.indexer.last_frame -= 1;
        self.add_open();
        let errors = std::mem::take(&mut self.errors);
        let capture = shard.is_first().then(|| Box::new(capture));
        self.send(None, Some(ShardEnd::Undivided(capture, errors)));
    }
}

#[cfg(test)]
mod tests {
    use super::thread_count;
    use crate::browse::frame_indexer::index_task;
    use crate::browse::frame_table::SharedFrameTable;
    use crate::browse::index::Index;
    use crate::browse::load::load;
    use crate::browse::load_source::LoadSource;
    use crate::browse::request::BrowseEvent;
    use dissectors::{Tree, Wants};
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;

    /// Everything that is loaded of captures, as text.
    fn loaded(paths: &[PathBuf], threads: usize) -> Vec<String> {
        let (table, index) = (SharedFrameTable::default(), Mutex::new(Index::default()));
        let emit = |event| {
            if let BrowseEvent::IndexUpdate(update) = event {
                index.lock().expect("no panic").apply(*update);
            }
        };
        let source = LoadSource { paths: paths.to_vec(), threads: Some(threads), ..LoadSource::default() };
        assert_eq!(thread_count(&source, &index_task(&table)), threads);
        load(&table, source, emit);
        let Index { frames, pairs, stacks, streams, connections, calls, notes, times, state, host_names, .. } =
            index.into_inner().expect("no panic");
        let table = table.read();
        let mut all = vec![format!("{pairs:?}"), format!("{stacks:?}"), format!("{times:?} {state:?} {host_names:?}")];
        all.extend(frames.iter().map(|frame| format!("{frame:?}")));
        all.extend(streams.iter().map(|stream| format!("{stream:?}")));
        all.extend(connections.iter().map(|connection| format!("{connection:?}")));
        all.extend(calls.iter().map(|call| format!("{call:?}")));
        // Notes that later frames decide are in the order in which they are known.
        let mut notes: Vec<_> = notes.iter().map(|note| (note.frame, note.field.name, note.severity)).collect();
        notes.sort_unstable();
        all.extend(notes.iter().map(|note| format!("{note:?}")));
        all.extend(table.calls.iter().map(|call| format!("{call:?}")));
        for frame in 1..=table.count() {
            let sessions: Vec<_> = table.session_conversations(frame).collect();
            let earlier: Vec<_> = table.timing_frames(frame).collect();
            let (entry, context) = (table.entry(frame), table.seek_context(frame, None));
            all.push(format!("{entry:?} {context:?} {sessions:?} {earlier:?}"));
        }
        for at in 0.. {
            let Some(frame) = table.values.frame_at(at) else { break };
            let mut tree = Tree::new(Wants::everything());
            table.values.add_to(at, &mut tree);
            let values = tree.nodes().iter().map(|node| (node.field.name, node.value));
            all.push(format!("{frame} {:?}", values.collect::<Vec<_>>()));
        }
        all
    }

    fn assert_same(paths: &[PathBuf], threads: usize) {
        let (one, several) = (loaded(paths, 1), loaded(paths, threads));
        let different = one.iter().zip(&several).find(|(one, several)| one != several);
        assert_eq!(different, None, "{paths:?}, {threads} threads");
        assert_eq!(one.len(), several.len(), "{paths:?}, {threads} threads");
    }

    /// Captures of the fixtures that are not compressed, in the order of their names.
    fn captures() -> Vec<PathBuf> {
        let entries = walkdir::WalkDir::new("fixtures").sort_by_file_name();
        let paths = entries.into_iter().filter_map(Result::ok).map(walkdir::DirEntry::into_path);
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng")).collect()
    }

    fn has_several_connections_in_a_frame(path: &Path) -> bool {
        path.ends_with("link/wlan-aggregates.pcap")
    }

    #[test]
    fn the_index_of_several_threads_is_that_of_one() {
        let captures = captures();
        assert!(captures.len() > 300, "{}", captures.len());
        for (path, threads) in captures.iter().zip([2, 3, 7].into_iter().cycle()) {
            assert_same(std::slice::from_ref(path), threads);
        }
    }

    #[test]
    fn chunks_of_long_captures_are_joined() {
        let captures: Vec<PathBuf> =
            captures().into_iter().filter(|path| !has_several_connections_in_a_frame(path)).collect();
        for threads in [2, 3] {
            assert_same(&captures, threads);
        }
    }

    #[test]
    fn a_capture_that_cannot_be_divided_is_read_on_by_one_thread() {
        let mut paths: Vec<PathBuf> = captures().into_iter().filter(|path| path.starts_with("fixtures/http")).collect();
        assert!(paths.len() > 2);
        paths.insert(2, "fixtures/link/wlan-aggregates.pcap".into());
        for threads in [2, 7] {
            assert_same(&paths, threads);
        }
    }
}
