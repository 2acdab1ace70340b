//! Journey requests: the frames of a call's connection and of the lookups of its host, read again.

use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use crate::journey::{Journey, JourneyCollector, SelectedCall};

/// Reads the journey of a call.
pub(super) fn load_journey(reader: &mut RandomAccess, selected: SelectedCall) -> Result<Journey, ErrorText> {
    let mut collector = JourneyCollector::new(selected);
    let frames = reader.frames_of(collector.conversations());
    reader.collect(&frames, collector.task(), &mut |item| match item {
        FrameOrEvent::Frame(shown, connections) => collector.frame(&shown, connections),
        FrameOrEvent::Event(event) => collector.event(event),
    })?;
    Ok(collector.finish())
}
