//! Journey requests: the frames of a call's connection and of the lookups of its host, read again.

use super::frame_table::ConversationKey;
use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use crate::analysis::{Analyzer, Task};
use crate::journey::{Journey, JourneyCollector, SelectedCall};

/// Reads the journey of a call.
pub(super) fn load_journey(reader: &mut RandomAccess, selected: SelectedCall) -> Result<Journey, ErrorText> {
    let mut collector = JourneyCollector::new(selected);
    let table = reader.table.read();
    let mut frames: Vec<u32> = Vec::new();
    for conversation in collector.conversations() {
        frames.extend(table.conversation_frames(ConversationKey::of(conversation), None));
    }
    drop(table);
    frames.sort_unstable();
    frames.dedup();
    let read = reader.with_prerequisites(&frames);
    let decode = reader.table.task().decode;
    let mut analyzer = Analyzer::new(Task { udp_conversations: true, decode, ..collector.task() });
    reader.feed(&read, &frames, &mut analyzer, &mut |item| {
        match item {
            FrameOrEvent::Frame(shown, connections) => collector.frame(&shown, connections),
            FrameOrEvent::Event(event) => collector.event(event),
        }
        true
    })?;
    analyzer.finish();
    analyzer.events().for_each(|event| collector.event(event));
    Ok(collector.finish())
}
