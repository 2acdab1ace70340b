//! Filter jobs: the frames, calls and connections that match a filter, reported as they are found.

use super::call_filter::{CallFilter, CallMatch};
use super::frame_table::{ConversationKey, FrameFlags, FrameTable, SharedFrameTable};
use super::index_filter::{IndexFilter, IndexMatch};
use super::random_access::{ErrorText, ForwardCursor, FrameOrEvent, RandomAccess};
use super::request::BrowseEvent;
use super::request_queue::RequestQueue;
use crate::analysis::{Analyzer, NumberSet, Prefilter, Task, is_capture_metadata, is_known_early};
use crate::call_matcher::matches;
use crate::filter::Filter;
use dissectors::session::FirstPass;
use dissectors::{Tree, fields, udp};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Frames evaluated per step. The first step is small, so that the first matches show early.
const FIRST_STRIDE: u32 = 8_192;
const STRIDE: u32 = 65_536;

/// Frames of a step that would take longer than the interval between progress events.
const MIN_STRIDE: u32 = 1_024;

/// Interval between progress events.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Interval between checks for more frames of a capture that is still read.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A filter request in progress. It runs until the end of the capture or a newer request.
pub(super) struct FilterJob<'a> {
    table: SharedFrameTable,
    reader: RandomAccess,
    index_filter: IndexFilter,
    filter: Arc<Filter>,
    cursor: Option<ForwardCursor>,
    /// Cursor before the first frame, to fork.
    start: Option<ForwardCursor>,
    calls: CallFilter,
    /// Whether the filter needs fields that depend on later frames, or columns that do.
    needs_later_frames: bool,
    id: u64,
    /// Request queue, to detect a newer request.
    queue: &'a RequestQueue,
    request_count: u64,
    /// Matching frames so far.
    matched: NumberSet,
    streams: NumberSet,
    next_call: usize,
    pending: PendingMatches,
    reported: Instant,
}

/// Matches that are not reported yet.
#[derive(Default)]
struct PendingMatches {
    frames: Vec<u32>,
    calls: Vec<u32>,
    streams: Vec<u32>,
    datagrams: Vec<(u32, u32)>,
}

impl<'a> FilterJob<'a> {
    pub(super) fn new(
        table: SharedFrameTable,
        text: &str,
        turn: u64,
        queue: &'a RequestQueue,
        count: u64,
    ) -> Result<FilterJob<'a>, ErrorText> {
        let filter = Filter::new(text).map_err(|fault| fault.display(text).to_string())?;
        let filter = Arc::new(filter.with_early_fields(is_known_early));
        let wants = filter.wants();
        let is_later = wants.columns || wants.needs_later_frames() || table.names().flags.network;
        let (matched, streams, found) = Default::default();
        Ok(FilterJob {
            reader: RandomAccess::new(table.clone()),
            index_filter: IndexFilter::new(text)?,
            calls: CallFilter::new(filter.clone()),
            filter,
            cursor: None,
            start: None,
            needs_later_frames: is_later,
            table,
            id: turn,
            queue,
            request_count: count,
            matched,
            streams,
            next_call: 0,
            pending: found,
            reported: Instant::now(),
        })
    }

    /// Evaluates the filter. Reports matches as they are found.
    pub(super) fn run(mut self, emit: &dyn Fn(BrowseEvent)) -> Result<(), ErrorText> {
        let mut upto = 0;
        let mut stride = FIRST_STRIDE;
        loop {
            if self.queue.is_stale(self.request_count) {
                return Ok(());
            }
            let table = self.table.read();
            let (count, is_complete) = (table.count(), table.is_complete);
            let waits = self.needs_later_frames && table.will_end();
            drop(table);
            let next = count.min(upto + stride);
            if (next == upto || waits) && !is_complete {
                thread::sleep(POLL_INTERVAL);
                continue;
            }
            let started = Instant::now();
            if !self.filter_frames(upto + 1, next)? {
                return Ok(());
            }
            upto = next;
            // Frames that are read again take longer than those that the index decides.
            stride = match started.elapsed() {
                elapsed if elapsed > PROGRESS_INTERVAL => (stride / 2).max(MIN_STRIDE),
                elapsed if elapsed < PROGRESS_INTERVAL / 4 => STRIDE.min(stride * 8),
                _ => stride,
            };
            let done = is_complete && upto == count;
            if !self.filter_calls(upto, done)? {
                return Ok(());
            }
            let has_matches = !(self.pending.frames.is_empty() && self.pending.calls.is_empty());
            if done || has_matches || self.reported.elapsed() >= PROGRESS_INTERVAL {
                self.reported = Instant::now();
                let PendingMatches { frames, calls, streams, datagrams } = std::mem::take(&mut self.pending);
                emit(BrowseEvent::FilterResult { id: self.id, frames, calls, streams, datagrams, upto, done });
            }
            if done {
                return Ok(());
            }
        }
    }

    /// Evaluates a range of frames. Returns false if the request is stale.
    fn filter_frames(&mut self, from: u32, to: u32) -> Result<bool, ErrorText> {
        let mut undecided = Vec::new();
        let mut matching = Vec::new();
        let table = self.table.read();
        for frame in from..=to {
            match self.index_filter.evaluate(frame, &table) {
                IndexMatch::Yes => {
                    matching.push(frame);
                    self.calls.add_unread(frame, &table);
                }
                IndexMatch::No if is_mixed(frame, &table) && self.index_filter.may_match_in_part(frame, &table) => {
                    self.calls.add_unread(frame, &table);
                }
                IndexMatch::No => {}
                IndexMatch::Unknown => undecided.push(frame),
            }
        }
        drop(table);
        if !undecided.is_empty() {
            let mut cursor = match self.cursor.take() {
                Some(cursor) => cursor,
                None => self.open_cursor(&undecided)?,
            };
            let is_shallow = cursor.is_shallow();
            let FilterJob { reader, table, calls, filter, queue, request_count: count, .. } = self;
            let mut is_current = true;
            reader.dissect_forward(&mut cursor, &undecided, &mut |item| {
                match item {
                    FrameOrEvent::Event(event) => calls.add_event(&event),
                    FrameOrEvent::Frame(shown, connections) => {
                        let number = shown.frame.number;
                        let is_match = matches(filter, shown.tree);
                        if is_match {
                            matching.push(number);
                        }
                        let table = table.read();
                        match is_shallow {
                            true if is_match => calls.add_unread(number, &table),
                            true => {}
                            false => calls.add_frame(number, is_match, shown.tree, connections, &table),
                        }
                        is_current = !number.is_multiple_of(256) || !queue.is_stale(*count);
                    }
                }
                is_current
            })?;
            self.cursor = Some(cursor);
            if !is_current {
                return Ok(false);
            }
            matching.sort_unstable();
        }
        let table = self.table.read();
        for &frame in &matching {
            self.matched.insert(frame);
            for stream in table.streams(frame) {
                if !self.streams.contains(stream) {
                    self.streams.insert(stream);
                    self.pending.streams.push(stream);
                }
            }
            let datagrams = table.session_conversations(frame).filter_map(|key| key.as_udp());
            self.pending.datagrams.extend(datagrams.map(|conversation| (conversation, frame)));
        }
        self.pending.frames.extend(matching);
        Ok(true)
    }

    /// Opens a cursor for the frames that the index cannot decide.
    fn open_cursor(&mut self, undecided: &[u32]) -> Result<ForwardCursor, ErrorText> {
        let wants = self.filter.wants();
        if wants.columns || fields().any(|field| wants.field(field) && !is_capture_metadata(field)) {
            return self.start_cursor(undecided);
        }
        let task = Task { wants, shallow: true, ..self.table.task() };
        Ok(ForwardCursor::shallow(Analyzer::new(task)))
    }

    /// Returns a cursor that has read nothing. `undecided` are the first frames for it.
    fn start_cursor(&mut self, undecided: &[u32]) -> Result<ForwardCursor, ErrorText> {
        if let Some(start) = &self.start {
            return Ok(start.fork());
        }
        let wants = self.filter.wants();
        let first_pass =
            if self.needs_later_frames { self.collect_first_pass(undecided)? } else { FirstPass::default() };
        let filter = self.filter.clone();
        let prefilter =
            filter.is_partly_early().then(|| Arc::new(move |tree: &Tree| filter.may_match(tree)) as Prefilter);
        let dialogues = [&udp::STREAM, &udp::TIME_RELATIVE, &udp::TIME_DELTA].iter().any(|field| wants.field(field));
        let task = Task { wants, udp_conversations: dialogues, halves: true, owners: true, ..self.table.task() };
        let analyzer = Analyzer::with_first_pass(task, first_pass).with_prefilter(prefilter);
        Ok(self.start.insert(ForwardCursor::new(analyzer, dialogues)).fork())
    }

    /// Collects data from later frames. Reads the whole capture, as far as it is available.
    fn collect_first_pass(&mut self, undecided: &[u32]) -> Result<FirstPass, ErrorText> {
        let Some(&first) = undecided.first() else { return Ok(FirstPass::default()) };
        let mut cursor = ForwardCursor::new(Analyzer::new(Task { collect: true, ..self.table.task() }), false);
        let count = self.table.read().count();
        let mut from = first;
        while from <= count && !self.queue.is_stale(self.request_count) {
            let to = count.min(from.saturating_add(STRIDE));
            self.reader.dissect_forward(&mut cursor, &(from..=to).collect::<Vec<_>>(), &mut |_| true)?;
            from = to + 1;
        }
        Ok(cursor.into_first_pass())
    }

    /// Evaluates, in order, the calls of which all frames are evaluated. Returns false if the request is stale.
    fn filter_calls(&mut self, upto: u32, done: bool) -> Result<bool, ErrorText> {
        self.calls.add_calls(&self.table.read());
        loop {
            let table = self.table.read();
            let Some(&call) = table.calls.get(self.next_call).filter(|call| done || call.reported_in <= upto) else {
                return Ok(true);
            };
            let key = call.conversation();
            let read = self.cursor.as_ref().map_or(0, |cursor| cursor.read_upto(key));
            let any_matches = call.stream().is_none_or(|stream| self.streams.contains(stream));
            let mut result = self.calls.evaluate(&call, &table, any_matches.then_some(&self.matched), read);
            drop(table);
            if result == CallMatch::Unknown {
                if !self.read_again(key)? {
                    return Ok(false);
                }
                result = if self.calls.has_match(&call) { CallMatch::Yes } else { CallMatch::No };
            }
            if result == CallMatch::Yes {
                self.pending.calls.push(self.next_call as u32);
            }
            self.next_call += 1;
        }
    }

    /// Reads a conversation again, for the calls that its frames match for. Returns false if the request is stale.
    fn read_again(&mut self, key: ConversationKey) -> Result<bool, ErrorText> {
        let cursor = self.start_cursor(&[1])?;
        let FilterJob { reader, calls, queue, request_count, .. } = self;
        calls.read_again(key, reader, cursor, &|| !queue.is_stale(*request_count))
    }
}

/// Whether the calls that a frame belongs to are not known from the index alone.
fn is_mixed(frame: u32, table: &FrameTable) -> bool {
    let flags = FrameFlags::MIXED | FrameFlags::EXTRA_CONVERSATIONS;
    table.entry(frame).is_some_and(|entry| entry.flags().has(flags))
}
