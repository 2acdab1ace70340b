//! Recording of reassembly: which segments are parts of which units.

use super::assembler::SegmentData;
use crate::analysis::frame_context::FrameContext;
use crate::analysis::reassembled_unit;
use crate::analysis::session_driver::{Assembled, Completed, SessionDriver};
use dissectors::Value;
use dissectors::session::{About, Side};
use dissectors::tcp::{self, Segment};

/// The frame in which the present frame's data becomes part of a unit, if an earlier pass has found it.
pub(super) fn reassembled_in(context: &FrameContext<'_>) -> Option<u32> {
    let frame = context.first_pass.get(&tcp::REASSEMBLED_IN, About::Frame(context.at.frame, 0))?;
    u32::try_from(frame).ok()
}

/// Records which of a segment's data belongs to units that are not complete with this frame alone.
pub(super) fn segment_data(
    driver: &SessionDriver,
    is_pending: bool,
    side: Side,
    segment: &Segment<'_>,
    data: &SegmentData,
    completed: &Completed,
    context: &mut FrameContext<'_>,
) {
    let payload = segment.payload;
    let waited = data.ready.is_empty() && data.overlap.is_none();
    let is_read = waited && !is_pending;
    let ready = if is_read { 0..payload.bytes.len() } else { data.ready.clone() };
    // Not what no session has detected or a session skips.
    let is_of_message = driver.is_in_message(side) || reassembled_in(context).is_some();
    let mut record = |from: usize, len: usize| {
        let span = payload.span(from, len);
        if len > 0 {
            context.tree.put(&tcp::SEGMENT_DATA, span, Value::Bytes(span));
        }
    };
    let own = completed.assembled.iter().filter(|unit| unit.side == side).find_map(|unit| {
        unit.frames.iter().find_map(|&(frame, len)| (frame == context.at.frame).then_some(len as usize))
    });
    if let Some(own) = own {
        record(ready.start, own.min(ready.len()));
    }
    if !is_of_message {
        return;
    }
    if waited && !is_read {
        record(0, payload.bytes.len());
    }
    let unfinished = driver.unfinished(side, ready.len());
    record(ready.end - unfinished, unfinished);
}

/// Records, and collects, which frames units were reassembled from.
pub(super) fn completed(side: Side, segment: &Segment<'_>, completed: Completed, context: &mut FrameContext<'_>) {
    let present = context.at.frame;
    if let Some(collected) = &mut context.collected {
        let frames = completed.assembled.iter().flat_map(|unit| &unit.frames);
        for &(frame, _) in frames.filter(|&&(frame, _)| frame != present) {
            collected.insert(&tcp::REASSEMBLED_IN, About::Frame(frame, 0), present.into());
        }
    }
    if !context.tree.wants_any(&tcp::TCP) {
        return;
    }
    for Assembled { side: sender, mut frames, bytes } in completed.assembled {
        // A FIN without data completed a message of no known length.
        if segment.flags.fin() && side == sender && frames.last().is_some_and(|&(frame, _)| frame != present) {
            frames.push((present, 0));
        }
        reassembled_unit::record(&tcp::REASSEMBLY, &frames, bytes.as_deref(), context.tree);
    }
}
