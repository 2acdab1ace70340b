//! Search for the next frame that contains a pattern.

use super::frame_table::SharedFrameTable;
use super::random_access::{ErrorText, ForwardCursor, FrameOrEvent, RandomAccess};
use super::request::{BrowseEvent, Needle, SearchTarget};
use super::request_queue::RequestQueue;
use crate::analysis::{Analyzer, Task};
use crate::report::{DissectedFrame, TimeFormatter, frame_texts, has_tree_line, node_line};
use dissectors::Wants;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames searched per step. The first step is small, because a match is most often near.
const FIRST_STRIDE: usize = 64;
const STRIDE: usize = 4096;

/// Interval between progress events.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// A find request.
pub(super) struct FindJob {
    pub(super) needle: Needle,
    pub(super) target: SearchTarget,
    pub(super) from: u32,
    pub(super) backward: bool,
    pub(super) frames: Option<Arc<Vec<u32>>>,
    pub(super) id: u64,
}

/// Matching frame, and the matching bytes if bytes were searched.
type FindMatch = (u32, Option<Range<usize>>);

impl FindJob {
    /// Searches until a match, the end of the frames or a newer request.
    pub(super) fn run(
        self,
        table: &SharedFrameTable,
        queue: &RequestQueue,
        count: u64,
        emit: &dyn Fn(BrowseEvent),
    ) -> Result<(), ErrorText> {
        let regex = compile_pattern(&self.needle)?;
        table.store.check_unchanged().map_err(|error| error.to_string())?;
        let mut reader = RandomAccess::new(table.clone());
        let mut clock = TimeFormatter::local();
        let mut reported = Instant::now();
        for (nth, part) in self.search_order(table).into_iter().enumerate() {
            let mut cursor = self.new_cursor(table);
            let mut rest = part.as_slice();
            let mut stride = if nth == 0 { FIRST_STRIDE } else { STRIDE };
            while !rest.is_empty() {
                if queue.is_stale(count) {
                    return Ok(());
                }
                let (chunk, after) = rest.split_at(stride.min(rest.len()));
                (rest, stride) = (after, STRIDE);
                if let Some((frame, bytes)) = self.search_frames(chunk, &regex, &mut reader, &mut cursor, &mut clock)? {
                    emit(BrowseEvent::FindResult { id: self.id, frame: Some(frame), bytes });
                    return Ok(());
                }
                if reported.elapsed() >= PROGRESS_INTERVAL {
                    reported = Instant::now();
                    emit(BrowseEvent::FindProgress { id: self.id, frame: chunk.last().copied().unwrap_or_default() });
                }
            }
        }
        emit(BrowseEvent::FindResult { id: self.id, frame: None, bytes: None });
        Ok(())
    }

    /// Returns the frames in search order: from the start frame to the end, then from the other end to the start frame.
    fn search_order(&self, table: &SharedFrameTable) -> [Vec<u32>; 2] {
        let count = table.read().count();
        let frames = match &self.frames {
            Some(frames) => frames.iter().copied().filter(|&frame| (1..=count).contains(&frame)).collect(),
            None => (1..=count).collect::<Vec<_>>(),
        };
        // The start frame comes last.
        let own = usize::from(!self.backward);
        let (before, after) = frames.split_at(frames.partition_point(|&frame| frame < self.from + own as u32));
        let [mut first, mut second] =
            if self.backward { [before, after] } else { [after, before] }.map(<[u32]>::to_vec);
        if self.backward {
            first.reverse();
            second.reverse();
        }
        [first, second]
    }

    fn new_cursor(&self, table: &SharedFrameTable) -> ForwardCursor {
        let wants = match self.target {
            SearchTarget::Row => Wants::only_columns(),
            SearchTarget::Tree => Wants::everything(),
            SearchTarget::Bytes => Wants::default(),
        };
        ForwardCursor::new(Analyzer::new(Task { wants, udp_conversations: true, ..table.task() }), true)
    }

    /// Returns the first match in some frames.
    fn search_frames(
        &self,
        frames: &[u32],
        regex: &Regex,
        reader: &mut RandomAccess,
        cursor: &mut ForwardCursor,
        clock: &mut TimeFormatter,
    ) -> Result<Option<FindMatch>, ErrorText> {
        if self.target == SearchTarget::Bytes {
            // Bytes that are not shown are not searched.
            if reader.table.task().decode.redactor.is_some() {
                return Ok(None);
            }
            for &frame in frames {
                let found = reader.read_record(frame, |frame| regex.find(frame.bytes).map(|found| found.range()))?;
                if let Some(range) = found.flatten() {
                    return Ok(Some((frame, Some(range))));
                }
            }
            return Ok(None);
        }
        let mut ascending = frames.to_vec();
        if self.backward {
            // The cursor only moves forward, and these frames come before the ones already read.
            *cursor = self.new_cursor(&reader.table);
            ascending.reverse();
        }
        cursor.set_first_pass(reader.first_pass_for(&ascending)?);
        let mut hit = None;
        let mut text = String::new();
        reader.dissect_forward(cursor, &ascending, &mut |item| {
            let FrameOrEvent::Frame(shown, _) = item else { return true };
            if self.matches_text(&shown, regex, clock, &mut text) {
                hit = Some((shown.frame.number, None));
            }
            hit.is_none() || self.backward
        })?;
        Ok(hit)
    }

    /// Whether the text of a frame matches.
    fn matches_text(
        &self,
        shown: &DissectedFrame<'_>,
        regex: &Regex,
        clock: &mut TimeFormatter,
        text: &mut String,
    ) -> bool {
        text.clear();
        if self.target == SearchTarget::Row {
            let [source, destination, info] = frame_texts(shown, clock);
            let protocol = shown.tree.columns().protocol;
            let _ = write!(text, "{source} {destination} {protocol} {info}");
            return regex.is_match(text.as_bytes());
        }
        shown.tree.nodes().iter().filter(|node| has_tree_line(node)).any(|node| {
            text.clear();
            node_line(text, node, shown.tree, clock);
            regex.is_match(text.as_bytes())
        })
    }
}

/// Compiles a search pattern to a regular expression.
pub(crate) fn compile_pattern(needle: &Needle) -> Result<Regex, ErrorText> {
    let pattern = match needle {
        Needle::Text(text) => format!("(?i){}", regex::escape(text)),
        Needle::Bytes(bytes) => bytes.iter().fold(String::from("(?s-u)"), |mut pattern, byte| {
            let _ = write!(pattern, "\\x{byte:02x}");
            pattern
        }),
        Needle::Regex(pattern) => pattern.clone(),
    };
    let regex = RegexBuilder::new(&pattern).build().map_err(|error| {
        // The last line of the message has the reason.
        error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })?;
    let is_empty = matches!(needle, Needle::Text(text) if text.is_empty())
        || matches!(needle, Needle::Bytes(bytes) if bytes.is_empty());
    if is_empty { Err("empty search pattern".into()) } else { Ok(regex) }
}
