//! Publishes index entries: in the table that the browser threads share, and as updates of the index.

use super::call_entry::CallEntry;
use super::frame_indexer::IndexBatch;
use super::frame_table::{NewFrame, SharedFrameTable};
use super::index::{CaptureTimes, IndexUpdate, LoadState};
use super::indexed_values::ValueBatch;
use super::request::BrowseEvent;
use crate::analysis::SeekFact;
use crate::capture::Stream;
use dissectors::host_names::HostNames;
use dissectors::session::Secrets;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Interval between index updates, and delay of the first one.
const UPDATE_INTERVAL: Duration = Duration::from_millis(50);
const FIRST_UPDATE: Duration = Duration::from_millis(10);

/// Index entries that are not published yet.
pub(super) struct IndexPublisher<H> {
    pub(super) table: SharedFrameTable,
    emit: H,
    update: IndexUpdate,
    new_frames: Vec<NewFrame>,
    new_calls: Vec<CallEntry>,
    values: ValueBatch,
    udp_sessions: Vec<u32>,
    seek_facts: Vec<SeekFact>,
    /// Last frame whose entries were added.
    pub(super) last_frame: u32,
    /// Last frame whose entries were published.
    pub(super) reported_to: u32,
    pub(super) start_time: i64,
    times: Option<CaptureTimes>,
    /// Names in the last update.
    reported_names: Arc<HostNames>,
    /// Time of the last update.
    last_update: Instant,
    pub(super) state: LoadState,
    /// State in the last update.
    pub(super) reported_state: LoadState,
}

impl<H: Fn(BrowseEvent)> IndexPublisher<H> {
    pub(super) fn new(table: SharedFrameTable, emit: H) -> IndexPublisher<H> {
        let (update, new_frames, new_calls, values, udp_sessions, seek_facts) = Default::default();
        IndexPublisher {
            table,
            emit,
            update,
            new_frames,
            new_calls,
            values,
            udp_sessions,
            seek_facts,
            last_frame: 0,
            reported_to: 0,
            start_time: 0,
            times: None,
            reported_names: Arc::default(),
            last_update: Instant::now(),
            state: LoadState::Starting,
            reported_state: LoadState::Starting,
        }
    }

    /// Whether the last update is so old that the next is due.
    pub(super) fn is_due(&self) -> bool {
        self.is_older_than(if self.reported_to == 0 { FIRST_UPDATE } else { UPDATE_INTERVAL })
    }

    /// Whether the last update is at least this old.
    pub(super) fn is_older_than(&self, interval: Duration) -> bool {
        self.last_update.elapsed() >= interval
    }

    /// Moves the entries of the next frames, with their final numbers of pairs of hosts and stacks.
    pub(super) fn add(&mut self, batch: &mut IndexBatch) {
        for frame in batch.frames.drain(..) {
            if frame.has_time {
                self.times = Some(CaptureTimes::extended_by(self.times, frame.summary.time));
            }
            self.last_frame = frame.number;
            self.update.frames.push(frame.summary);
            self.new_frames.push(frame.new);
        }
        self.update.pairs.append(&mut batch.pairs);
        self.update.stacks.append(&mut batch.stacks);
        for call in batch.calls.drain(..) {
            self.new_calls.push(call.entry);
            self.update.calls.push(call.call);
        }
        self.update.streams.append(&mut batch.streams);
        self.update.connections.extend(batch.connections.drain(..).map(|(_, connection)| connection));
        self.update.notes.append(&mut batch.notes);
        self.values.append(&mut batch.values);
        self.udp_sessions.append(&mut batch.udp_sessions);
        self.seek_facts.append(&mut batch.seek_facts);
    }

    /// Adds the rows of open connections.
    pub(super) fn add_open(&mut self, streams: impl Iterator<Item = Stream>) {
        self.update.streams.extend(streams);
    }

    /// Publishes the pending index entries, with the secrets and the names so far.
    pub(super) fn publish(&mut self, secrets: Arc<Secrets>, host_names: Arc<HostNames>) {
        self.last_update = Instant::now();
        self.reported_state = self.state.clone();
        self.table.set_secrets(secrets);
        let mut table = self.table.write();
        table.start_time = self.start_time;
        self.new_frames.drain(..).for_each(|frame| table.push(frame));
        self.udp_sessions.drain(..).for_each(|number| table.add_udp_session(number));
        table.calls.extend(self.new_calls.drain(..));
        table.is_complete |= self.state.is_complete();
        table.values.extend(&mut self.values);
        table.add_seek_facts(self.seek_facts.drain(..));
        for stream in &self.update.streams {
            table.set_endpoints(stream.number, [stream.client, stream.server]);
        }
        drop(table);
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
