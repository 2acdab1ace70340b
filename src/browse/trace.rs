//! Trace requests: the tree of a call, from the frames of the calls near it, read again.

use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use crate::trace::{Trace, TraceCollector};
use dissectors::session::ExchangeId;
use std::collections::BTreeSet;

/// Maximum number of earlier and of later calls of the list among which causes are searched.
pub const NEAR_CALLS: usize = 2_000;

/// Maximum number of frames that are read for a tree.
const MAX_FRAMES: usize = 400_000;

/// Reads the tree of a call. `near` are the exchanges near it, each with its position in the list.
pub(super) fn load_trace(
    reader: &mut RandomAccess,
    call: usize,
    near: &[(ExchangeId, usize)],
) -> Result<Trace, ErrorText> {
    let conversations: BTreeSet<_> = near.iter().map(|(id, _)| id.conversation).collect();
    let frames = reader.frames_of(conversations);
    if frames.len() > MAX_FRAMES {
        let row = call + 1;
        return Err(format!(
            "the calls near this one have over {MAX_FRAMES} frames; `overhear trace FILE {row}` prints its tree"
        ));
    }
    let rows = near.iter().map(|&(id, at)| (id, at as u64 + 1)).collect();
    let mut collector = TraceCollector::new(Some(call as u64 + 1)).with_rows(rows);
    reader.collect(&frames, TraceCollector::task(), &mut |item| match item {
        FrameOrEvent::Frame(shown, connections) => collector.frame(&shown, connections),
        FrameOrEvent::Event(event) => collector.event(event),
    })?;
    let mut trace = collector.finish();
    let is_end = |at: usize| at.abs_diff(call) == NEAR_CALLS;
    if near.iter().any(|&(_, at)| is_end(at)) {
        trace.notes.push(format!("Causes were searched among the {NEAR_CALLS} calls before and after this one."));
    }
    Ok(trace)
}
