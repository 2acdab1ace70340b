//! Loader: reads a capture once, from the first frame to the last, and builds the index.

use super::call_entry::CallEntry;
use super::frame_table::{ConversationKey, FrameEntry, FrameFlags, NewFrame, SharedFrameTable};
use super::index::{CaptureEnd, CaptureTimes, FrameSummary, IndexUpdate, LoadState, NO_STREAM, Note, ProtocolName};
use super::indexed_values::{INDEXED_FIELDS, ValueBatch};
use super::request::BrowseEvent;
use crate::analysis::{Analyzer, Event, FrameConnection, Task, unsupported_link_message};
use crate::priority;
use crate::source::{Capture, Frame, OpenOptions, RecordPosition, StopSignal};
use crate::statistics::{HostPairs, StackTable};
use dissectors::host_names::HostNames;
use dissectors::session::Side;
use dissectors::{Field, FieldKind, PROTOCOLS, Protocol, Severity, Wants, message_fields, tcp};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Interval between index updates, and delay of the first one.
const UPDATE_INTERVAL: Duration = Duration::from_millis(50);
const FIRST_UPDATE: Duration = Duration::from_millis(10);

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

/// Status of a live capture: interface names, frames dropped by the kernel, the interface and overhear, and the reason
/// for the end.
#[derive(Debug, Default)]
pub(super) struct LiveStatus {
    pub(super) name: String,
    pub(super) dropped: [AtomicU64; 3],
    pub(super) end: OnceLock<CaptureEnd>,
}

impl LiveStatus {
    fn dropped(&self) -> [u64; 3] {
        self.dropped.each_ref().map(|counter| counter.load(Relaxed))
    }
}

/// Captures to load, and how to stop.
#[derive(Clone, Default)]
pub(super) struct LoadSource {
    pub(super) paths: Vec<PathBuf>,
    /// Status of the live capture that the last file belongs to, if any. The reader waits at the end of that file.
    pub(super) live: Option<Arc<LiveStatus>>,
    /// Marks the end of the live capture file.
    pub(super) end_of_file: StopSignal,
    /// Aborts loading.
    pub(super) abort: StopSignal,
}

/// The state of loading: index entries that are not published yet.
pub(super) struct Loader<H> {
    table: SharedFrameTable,
    emit: H,
    analyzer: Analyzer,
    update: IndexUpdate,
    new_frames: Vec<NewFrame>,
    new_calls: Vec<CallEntry>,
    pairs: HostPairs,
    stacks: StackTable,
    values: ValueBatch,
    /// UDP conversations of the new frames that have a session.
    udp_sessions: Vec<u32>,
    /// Last frame whose connections were published.
    reported_to: u32,
    pub(super) last_frame: u32,
    start_time: i64,
    times: Option<CaptureTimes>,
    /// Errors so far.
    errors: Vec<String>,
    /// Names in the last update.
    reported_names: Arc<HostNames>,
    /// Time of the last update.
    last_update: Option<Instant>,
    state: LoadState,
    /// State in the last update.
    reported_state: LoadState,
}

/// Reads the captures and publishes index updates.
pub(super) fn load<H: Fn(BrowseEvent) + Send>(table: &SharedFrameTable, source: LoadSource, emit: H) {
    // The loader thread runs at a lower priority than the query threads.
    priority::lower();
    table.write().is_live = source.live.is_some();
    let mut decode = table.task().decode;
    decode.add_block_secrets(source.paths.iter().map(PathBuf::as_path));
    table.set_secrets(decode.secrets.clone());
    let loader = Mutex::new(Loader::new(table.clone(), emit));
    let is_finished = AtomicBool::new(false);
    thread::scope(|scope| {
        // While the reader waits for slow frames, this thread publishes pending updates.
        let ticks = thread::Builder::new().name("tick".into()).spawn_scoped(scope, || {
            let mut aged = Instant::now();
            while !is_finished.load(Relaxed) && !source.abort.is_set() {
                thread::sleep(TICK);
                if let Ok(mut loader) = loader.try_lock().map_err(drop) {
                    loader.tick(source.live.as_deref(), &mut aged);
                }
            }
        });
        let mut paths = source.paths.clone();
        if let Some(mut capture) = open(table, &source, &mut paths, &loader) {
            read(&mut capture, &source, &loader);
        }
        is_finished.store(true, Relaxed);
        drop(ticks);
    });
    if !source.abort.is_set() {
        lock(&loader).finish(source.live.as_deref());
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the captures. Skips one that cannot be opened if there are others.
fn open<H: Fn(BrowseEvent)>(
    table: &SharedFrameTable,
    source: &LoadSource,
    paths: &mut Vec<PathBuf>,
    loader: &Mutex<Loader<H>>,
) -> Option<Capture> {
    while !paths.is_empty() {
        let options = OpenOptions {
            record_store: Some(table.store.clone()),
            stop: source.end_of_file.clone(),
            follow: source.live.is_some(),
            ..OpenOptions::default()
        };
        match Capture::open_with(paths.iter().cloned(), options) {
            Ok(capture) => return Some(capture),
            Err(error) => {
                lock(loader).errors.push(error.to_string());
                let failed = paths.iter().position(|path| path.display().to_string() == error.file);
                paths.remove(failed.unwrap_or(0));
            }
        }
    }
    None
}

fn read<H: Fn(BrowseEvent)>(capture: &mut Capture, source: &LoadSource, loader: &Mutex<Loader<H>>) {
    let (mut frames, mut names, mut secrets) = (0u32, 0, 0);
    let mut checked = Instant::now();
    let grows = source.live.is_some() || source.paths.iter().any(|path| !path.is_file());
    loop {
        match capture.next() {
            Ok(Some(frame)) => lock(loader).add_frame(&frame),
            Ok(None) => return,
            Err(error) => {
                lock(loader).errors.push(error.to_string());
                continue;
            }
        }
        let location = capture.position();
        let mut loader = lock(loader);
        if let Some(new) = capture.secrets().get(secrets..).filter(|new| !new.is_empty()) {
            loader.analyzer.add_block_secrets(new);
            loader.publish_secrets();
            secrets += new.len();
        }
        if grows && checked.elapsed() >= KEY_LOG_INTERVAL {
            checked = Instant::now();
            loader.add_appended_secrets();
        }
        if let Some(new) = capture.names().get(names..).filter(|new| !new.is_empty()) {
            loader.analyzer.add_block_names(new);
            names += new.len();
        }
        if !FrameEntry::fits(location) {
            loader.new_frames.pop();
            loader.update.frames.pop();
            loader
                .errors
                .push("capture too large for the terminal UI: the limit is 1 TB per file and 65,536 files".into());
            return;
        }
        loader.set_location(location);
        frames = frames.wrapping_add(1);
        if frames.is_multiple_of(STRIDE) {
            if source.abort.is_set() {
                return;
            }
            let progress = capture.progress();
            let fraction = progress.total.map(|total| (progress.read as f32 / total.max(1) as f32).min(1.0));
            if source.live.is_none() {
                loader.state = LoadState::Reading(fraction);
            }
            let interval = if loader.reported_to == 0 { FIRST_UPDATE } else { UPDATE_INTERVAL };
            if loader.is_due(interval) {
                loader.publish();
            }
        }
    }
}

/// Notes of an orderly close. The index does not have them, because nothing is wrong.
static ORDERLY_CLOSES: [&Field; 2] = [&tcp::CONNECTION_FIN_ACTIVE, &tcp::CONNECTION_FIN_PASSIVE];

/// Returns the fields to record of every frame: its protocol names, its notes, and the indexed fields. Body notes
/// appear in the detail tree only; the index does not have them, because dissecting all bodies takes as long as
/// everything else.
fn wants() -> Wants {
    let mut wants = Wants::columns_without_info();
    let is_body = |protocol: &Protocol| protocol.content().is_some();
    let is_warning = |field: &&Field| match field.kind {
        FieldKind::Note(severity) => severity > Severity::Chat && !ORDERLY_CLOSES.iter().any(|of| of.id == field.id),
        _ => false,
    };
    let is_body_note =
        |field: &Field| message_fields().flat_map(|(_, fields)| fields.body_notes).any(|note| note.id == field.id);
    let protocols = PROTOCOLS.iter().filter(|protocol| !is_body(protocol));
    for field in protocols.flat_map(|protocol| protocol.fields.iter().copied()).filter(is_warning) {
        if !is_body_note(field) {
            wants.add(field);
        }
    }
    INDEXED_FIELDS.iter().for_each(|field| wants.add(field));
    wants
}

impl<H: Fn(BrowseEvent)> Loader<H> {
    fn new(table: SharedFrameTable, emit: H) -> Loader<H> {
        let (exchanges, streams, mixed, udp_conversations, seek_facts) = (true, true, true, true, true);
        let mut task =
            Task { wants: wants(), exchanges, streams, mixed, udp_conversations, seek_facts, ..table.task() };
        task.collect_names = table.collected_names();
        // The index has addresses, and the names beside them.
        task.decode.names.flags.network = false;
        let analyzer = Analyzer::new(task);
        let (update, new_frames, new_calls, pairs, stacks, values, udp_sessions, errors) = Default::default();
        let (reported_to, last_frame, start_time, last_update, state) =
            (0, 0, 0, Some(Instant::now()), LoadState::Starting);
        Loader {
            table,
            emit,
            analyzer,
            update,
            new_frames,
            new_calls,
            pairs,
            stacks,
            values,
            udp_sessions,
            reported_to,
            last_frame,
            start_time,
            times: None,
            errors,
            reported_names: Arc::default(),
            last_update,
            state,
            reported_state: LoadState::Starting,
        }
    }

    /// Adds the secrets that were appended to the key logs, for the frames that follow.
    fn add_appended_secrets(&mut self) {
        let mut decode = self.table.task().decode;
        if decode.add_appended_secrets(self.last_frame + 1) {
            self.analyzer.merge_secrets(&decode.secrets);
            self.publish_secrets();
        }
    }

    /// Publishes the secrets known so far for passes over the same frames.
    fn publish_secrets(&self) {
        self.table.set_secrets(self.analyzer.secrets());
    }

    /// Whether the last update is at least this old.
    fn is_due(&self, interval: Duration) -> bool {
        self.last_update.is_none_or(|last| last.elapsed() >= interval)
    }

    /// Publishes a pending update, and the drop counters of a live capture.
    fn tick(&mut self, live: Option<&LiveStatus>, aged: &mut Instant) {
        let mut is_new = !self.new_frames.is_empty();
        if let Some(live) = live {
            if aged.elapsed() >= AGE_INTERVAL {
                *aged = Instant::now();
                self.analyzer.age(now());
                self.add_events();
            }
            self.state = LoadState::Live { name: live.name.clone(), dropped: live.dropped() };
            is_new |= self.state != self.reported_state || !self.update.streams.is_empty();
        }
        if is_new && self.is_due(IDLE_UPDATE) {
            self.publish();
        }
    }

    /// Completes the index.
    fn finish(&mut self, live: Option<&LiveStatus>) {
        self.analyzer.finish();
        self.add_events();
        if live.is_none() {
            self.errors.extend(self.analyzer.unsupported_links().iter().map(|&link| unsupported_link_message(link)));
        }
        let failed = std::mem::take(&mut self.errors);
        let failed = (!failed.is_empty()).then(|| failed.join("; "));
        self.state = match live {
            None => LoadState::Complete(failed),
            Some(live) => {
                let reason =
                    failed.map(CaptureEnd::Failed).or_else(|| live.end.get().cloned()).unwrap_or(CaptureEnd::Stopped);
                LoadState::LiveEnded { name: live.name.clone(), dropped: live.dropped(), reason }
            }
        };
        self.publish();
    }

    /// Sets the location of the last frame.
    fn set_location(&mut self, location: RecordPosition) {
        if let Some(new) = self.new_frames.last_mut() {
            new.entry.set_location(location);
        }
    }

    /// Adds a frame, without its location.
    fn add_frame(&mut self, frame: &Frame<'_>) {
        if self.last_frame == 0 {
            self.start_time = frame.time.0;
        }
        self.last_frame = frame.number;
        if frame.has_time {
            self.times = Some(CaptureTimes::extended_by(self.times, frame.time.0));
        }
        self.analyzer.dissect(frame);
        let severity = self.add_notes();
        let analyzer = &self.analyzer;
        let connections = analyzer.connections();
        let stream = connections.iter().find_map(|connection| connection.conversation.tcp());
        let columns = analyzer.tree().columns();
        let hosts = self.pairs.directed_pair(columns.source, columns.destination, &mut self.update.pairs);
        self.update.frames.push(FrameSummary {
            time: frame.time.0,
            length: frame.length,
            stream: stream.unwrap_or(NO_STREAM),
            hosts,
            protocol: ProtocolName::new(columns.protocol),
            stack: self.stacks.id(analyzer.path(), &mut self.update.stacks),
            severity,
        });
        let streams = connections.iter().filter_map(|connection| connection.conversation.tcp());
        let mut tcp = streams.map(ConversationKey::stream);
        let mut udp = analyzer.udp_conversations().iter().map(|&number| ConversationKey::udp(number));
        let conversation = tcp.next().or_else(|| udp.next()).unwrap_or(ConversationKey::NONE);
        let extra_conversations: Vec<ConversationKey> = tcp.chain(udp).collect();
        let has_several_streams = extra_conversations.iter().any(|key| key.as_stream().is_some());
        let mut flags = FrameFlags::default();
        let mut set = |flag: u8, is_set: bool| flags.0 |= if is_set { flag } else { 0 };
        set(FrameFlags::FRAGMENT, analyzer.is_fragment());
        set(FrameFlags::EXTRA_CONVERSATIONS, !extra_conversations.is_empty());
        let own = |connection: &&FrameConnection| ConversationKey::of(connection.conversation) == conversation;
        if let Some(connection) = connections.iter().find(own) {
            let [client, server] = connection.has_data;
            set(FrameFlags::FROM_CLIENT, connection.side == Side::Client);
            set(FrameFlags::CLIENT_DATA, client);
            set(FrameFlags::SERVER_DATA, server);
            set(FrameFlags::REUSED_PORTS, connection.reused);
            set(FrameFlags::MIXED, connection.is_mixed || has_several_streams);
            set(
                FrameFlags::PLAIN_TCP,
                stream.is_some() && !has_several_streams && !connection.quoted && is_plain_tcp(analyzer.path()),
            );
        }
        let sessions = connections.iter().filter(|connection| connection.conversation.tcp().is_none());
        self.udp_sessions.extend(sessions.map(|connection| connection.conversation.number()));
        self.new_frames.push(NewFrame {
            entry: FrameEntry::new(RecordPosition::default(), flags, conversation),
            extra_conversations,
        });
        self.add_events();
    }

    /// Adds the notes and the indexed values of the frame. Returns the highest severity.
    fn add_notes(&mut self) -> Option<Severity> {
        let mut highest = None;
        let tree = self.analyzer.tree();
        for node in tree.nodes() {
            self.values.record(self.last_frame, node, tree);
            if let FieldKind::Note(severity) = node.field.kind {
                highest = highest.max(Some(severity));
                let note = Note { frame: self.last_frame, field: node.field, severity };
                // A tree may repeat a note: among the analysis flags, and next to the numbers.
                let is_same = |last: &Note| last.frame == note.frame && last.field.id == note.field.id;
                if !self.update.notes.last().is_some_and(is_same) {
                    self.update.notes.push(note);
                }
            }
        }
        highest
    }

    fn add_events(&mut self) {
        for event in self.analyzer.events() {
            match event {
                Event::Call(call) => {
                    self.new_calls.push(CallEntry::from_exchange(&call.exchange, self.last_frame));
                    self.update.calls.push(call);
                }
                Event::Stream(stream) => self.update.streams.push(*stream),
                Event::Connection(_)
                | Event::End(_)
                | Event::Chunk(_)
                | Event::Unfinished(_)
                | Event::Owned { .. }
                | Event::Joined { .. } => {}
            }
        }
    }

    /// Publishes the pending index entries.
    fn publish(&mut self) {
        self.last_update = Some(Instant::now());
        self.reported_state = self.state.clone();
        let is_complete = self.state.is_complete();
        self.publish_secrets();
        if !is_complete {
            self.update.streams.extend(self.analyzer.open_since(self.reported_to));
        }
        let mut table = self.table.write();
        table.start_time = self.start_time;
        self.new_frames.drain(..).for_each(|frame| table.push(frame));
        self.udp_sessions.drain(..).for_each(|number| table.add_udp_session(number));
        table.calls.extend(self.new_calls.drain(..));
        table.is_complete |= is_complete;
        table.values.extend(&mut self.values);
        table.add_seek_facts(self.analyzer.seek_facts());
        for stream in &self.update.streams {
            table.set_endpoints(stream.number, [stream.client, stream.server]);
        }
        drop(table);
        let host_names = self.analyzer.host_names();
        if !Arc::ptr_eq(&host_names, &self.reported_names) {
            self.table.set_host_names(Arc::clone(&host_names));
            self.reported_names = Arc::clone(&host_names);
            self.update.host_names = Some(host_names);
        }
        // Sorted, so that a new connection always has the next number. Of a connection reported twice, the later entry
        // wins.
        self.update.streams.sort_by_key(|stream| stream.number);
        self.reported_to = self.last_frame;
        let (times, state) = (self.times, self.state.clone());
        (self.emit)(BrowseEvent::IndexUpdate(Box::new(IndexUpdate {
            times,
            state,
            ..std::mem::take(&mut self.update)
        })));
    }
}

/// Returns the current time in nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether the protocols are those of one TCP segment in one IP packet, without a tunnel.
fn is_plain_tcp(path: &[&str]) -> bool {
    let count = |name: &str| path.iter().filter(|protocol| **protocol == name).count();
    // IPv6 extension headers may have addresses of their own.
    let is_extended = path.iter().any(|protocol| protocol.starts_with("ipv6."));
    count("ip") + count("ipv6") == 1 && count("tcp") == 1 && count("udp") == 0 && !is_extended
}
