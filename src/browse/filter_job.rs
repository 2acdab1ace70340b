//! Filter jobs: the frames, calls and connections that match a filter, reported as they are found.

use super::frame_table::{CallEntry, FrameFlags, FrameTable, MessageFrames, SharedFrameTable};
use super::index_filter::{IndexFilter, IndexMatch};
use super::random_access::{ErrorText, ForwardCursor, FrameOrEvent, RandomAccess};
use super::request::BrowseEvent;
use super::request_queue::RequestQueue;
use crate::analysis::{Analyzer, NumberSet, Task, is_capture_metadata, is_known_early};
use crate::filter::Filter;
use dissectors::session::{FirstPass, Side};
use dissectors::{fields, udp};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Frames evaluated per step. The first step is small, so that the first matches show early.
const FIRST_STRIDE: u32 = 8_192;
const STRIDE: u32 = 65_536;

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
}

impl<'a> FilterJob<'a> {
    pub(super) fn new(
        table: SharedFrameTable,
        text: &str,
        id: u64,
        queue: &'a RequestQueue,
        count: u64,
    ) -> Result<FilterJob<'a>, ErrorText> {
        let filter = Filter::new(text).map_err(|fault| fault.display(text).to_string())?;
        let filter = Arc::new(filter.with_early_fields(is_known_early));
        let wants = filter.wants();
        let needs_later_frames = wants.columns || wants.needs_later_frames();
        let (matched, streams, pending) = Default::default();
        Ok(FilterJob {
            reader: RandomAccess::new(table.clone()),
            index_filter: IndexFilter::new(text)?,
            filter,
            cursor: None,
            needs_later_frames,
            table,
            id,
            queue,
            request_count: count,
            matched,
            streams,
            next_call: 0,
            pending,
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
            if !self.filter_frames(upto + 1, next)? {
                return Ok(());
            }
            upto = next;
            stride = STRIDE;
            let done = is_complete && upto == count;
            self.filter_calls(upto, done);
            let has_matches = !(self.pending.frames.is_empty() && self.pending.calls.is_empty());
            if done || has_matches || self.reported.elapsed() >= PROGRESS_INTERVAL {
                self.reported = Instant::now();
                let PendingMatches { frames, calls, streams } = std::mem::take(&mut self.pending);
                emit(BrowseEvent::FilterResult { id: self.id, frames, calls, streams, upto, done });
            }
            if done {
                return Ok(());
            }
        }
    }

    /// Evaluates a range of frames. Returns false if the request is stale.
    fn filter_frames(&mut self, from: u32, to: u32) -> Result<bool, ErrorText> {
        let mut undecided = Vec::new();
        let mut matches = Vec::new();
        let table = self.table.read();
        for frame in from..=to {
            match self.index_filter.evaluate(frame, &table) {
                IndexMatch::Yes => matches.push(frame),
                IndexMatch::No => {}
                IndexMatch::Unknown => undecided.push(frame),
            }
        }
        drop(table);
        if !undecided.is_empty() {
            let (filter, queue, count) = (self.filter.clone(), self.queue, self.request_count);
            let mut cursor = match self.cursor.take() {
                Some(cursor) => cursor,
                None => self.open_cursor(&undecided)?,
            };
            let mut is_current = true;
            self.reader.dissect_forward(&mut cursor, &undecided, &mut |item| {
                if let FrameOrEvent::Frame(shown, _) = item {
                    if filter.matches(shown.tree) {
                        matches.push(shown.frame.number);
                    }
                    is_current = !shown.frame.number.is_multiple_of(256) || !queue.is_stale(count);
                }
                is_current
            })?;
            self.cursor = Some(cursor);
            if !is_current {
                return Ok(false);
            }
            matches.sort_unstable();
        }
        let table = self.table.read();
        for &frame in &matches {
            self.matched.insert(frame);
            if let Some(stream) = table.stream(frame).filter(|&stream| !self.streams.contains(stream)) {
                self.streams.insert(stream);
                self.pending.streams.push(stream);
            }
        }
        self.pending.frames.extend(matches);
        Ok(true)
    }

    /// Opens a cursor for the frames that the index cannot decide.
    fn open_cursor(&mut self, undecided: &[u32]) -> Result<ForwardCursor, ErrorText> {
        let wants = self.filter.wants();
        let first_pass =
            if self.needs_later_frames { self.collect_first_pass(undecided)? } else { FirstPass::default() };
        let filter = self.filter.clone();
        let prefilter = filter.is_partly_early().then(|| Box::new(move |tree: &_| filter.may_match(tree)) as _);
        let udp_conversations =
            [&udp::STREAM, &udp::TIME_RELATIVE, &udp::TIME_DELTA].iter().any(|field| wants.field(field));
        let shallow = !wants.columns && fields().all(|field| !wants.field(field) || is_capture_metadata(field));
        let task = Task { wants, udp_conversations, shallow, ..Task::default() };
        let analyzer = Analyzer::with_first_pass(task, first_pass).with_prefilter(prefilter);
        Ok(if shallow { ForwardCursor::shallow(analyzer) } else { ForwardCursor::new(analyzer, udp_conversations) })
    }

    /// Collects data from later frames. Reads the whole capture, as far as it is available.
    fn collect_first_pass(&mut self, undecided: &[u32]) -> Result<FirstPass, ErrorText> {
        let Some(&first) = undecided.first() else { return Ok(FirstPass::default()) };
        let mut cursor = ForwardCursor::new(Analyzer::new(Task { collect: true, ..Task::default() }), false);
        let count = self.table.read().count();
        let mut from = first;
        while from <= count && !self.queue.is_stale(self.request_count) {
            let to = count.min(from.saturating_add(STRIDE));
            self.reader.dissect_forward(&mut cursor, &(from..=to).collect::<Vec<_>>(), &mut |_| true)?;
            from = to + 1;
        }
        Ok(cursor.into_first_pass())
    }

    /// Evaluates, in order, the calls of which all frames are evaluated.
    fn filter_calls(&mut self, upto: u32, done: bool) {
        let table = self.table.read();
        while let Some(call) = table.calls.get(self.next_call) {
            let end = [call.request, call.response]
                .into_iter()
                .flatten()
                .map(MessageFrames::last_frame)
                .max()
                .unwrap_or_default();
            if end > upto && !done {
                return;
            }
            if self.streams.contains(call.stream) && self.call_matches(call, &table) {
                self.pending.calls.push(self.next_call as u32);
            }
            self.next_call += 1;
        }
    }

    /// Whether any frame with data of the call's request or response matches.
    fn call_matches(&self, call: &CallEntry, table: &FrameTable) -> bool {
        let matches = |frames: Option<MessageFrames>, side: Option<Side>| {
            let Some(frames) = frames else { return false };
            // The sender of a response without a request is unknown.
            let data = match side {
                Some(Side::Client) => FrameFlags::CLIENT_DATA,
                Some(Side::Server) => FrameFlags::SERVER_DATA,
                None => FrameFlags::CLIENT_DATA | FrameFlags::SERVER_DATA,
            };
            let mut own =
                table.stream_frames(call.stream, Some(frames.last_frame())).take_while(|&frame| frame >= frames.first);
            own.any(|frame| {
                self.matched.contains(frame) && table.entry(frame).is_some_and(|entry| entry.flags().has(data))
            })
        };
        matches(call.request, call.requester) || matches(call.response, call.requester.map(Side::other))
    }
}
