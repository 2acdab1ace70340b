//! Ladder requests: a window of rows, built by a cursor that resumes where it stopped.

mod handshake;
mod row;
mod sent_segments;
mod stream_ladder;
mod stream_messages;

use super::frame_table::{ConversationKey, FrameFlags};
use super::random_access::{ErrorText, ForwardCursor, FrameOrEvent, RandomAccess};
use super::request::{BrowseEvent, LadderRow, LadderWindow, MAX_LADDER_ROWS, StreamPosition};
use super::row_cache::RowCache;
use crate::analysis::{Analyzer, FrameConnection, Task};
use crate::report::DissectedFrame;
use dissectors::session::{ConversationId, Side};
use row::{LadderBuilder, complete_label, wants};
use std::collections::VecDeque;
pub use stream_ladder::{LadderEnds, StreamLadder};
use stream_messages::StreamMessages;

/// A partly built ladder. Resuming it reads no frame again.
pub(super) struct OpenLadder {
    conversation: ConversationId,
    /// Number of messages known when the ladder was started. More messages of a growing capture invalidate it.
    message_count: usize,
    cursor: ForwardCursor,
    builder: LadderBuilder,
    /// Number of the conversation's frames read.
    upto: usize,
    /// Last rows built.
    rows: VecDeque<LadderRow>,
}

/// Returns a part of the ladder of a conversation.
pub(super) fn load_ladder(
    cache: &mut RowCache,
    conversation: ConversationId,
    at: StreamPosition,
) -> Result<BrowseEvent, ErrorText> {
    let table = cache.reader.table.read();
    let mut frames: Vec<u32> = table.conversation_frames(ConversationKey::of(conversation), None).collect();
    if frames.is_empty() {
        return Err(format!("stream {conversation} is not loaded"));
    }
    frames.reverse();
    let messages = StreamMessages::from_table(&table, conversation);
    drop(table);
    let total = frames.len();
    let from = match at {
        StreamPosition::Offset(row) => usize::try_from(row).unwrap_or(total),
        StreamPosition::Frame(frame) => {
            frames.partition_point(|&other| other < frame).saturating_sub(MAX_LADDER_ROWS / 2)
        }
    };
    let from = from.min(total.saturating_sub(MAX_LADDER_ROWS));
    let to = total.min(from + MAX_LADDER_ROWS);
    let reusable = |ladder: &OpenLadder| ladder.message_count == messages.len() && ladder.covers(conversation, from);
    let resumed = cache.ladder.take().filter(reusable);
    let mut ladder =
        resumed.unwrap_or_else(|| OpenLadder::new(conversation, messages.len(), cache.reader.table.task()));
    let next = frames.get(ladder.upto..to).unwrap_or_default();
    extend_ladder(&mut cache.reader, next, &messages, &mut ladder)?;
    let before = ladder.upto - ladder.rows.len();
    let rows = ladder.rows.iter().skip(from.saturating_sub(before)).take(to - from).cloned().collect();
    let handshake = ladder.builder.handshake.segments.clone();
    cache.ladder = Some(ladder);
    Ok(BrowseEvent::Ladder(LadderWindow { conversation, from, rows, handshake, total }))
}

impl OpenLadder {
    fn new(conversation: ConversationId, message_count: usize, task: Task) -> OpenLadder {
        let task = Task { wants: wants(), halves: true, udp_conversations: true, ..task };
        let cursor = ForwardCursor::new(Analyzer::new(task), true);
        let builder = LadderBuilder::new(conversation.tcp().is_none());
        OpenLadder { conversation, message_count, cursor, builder, upto: 0, rows: VecDeque::new() }
    }

    /// Whether the rows from `from` on are buffered, or not built yet.
    fn covers(&self, conversation: ConversationId, from: usize) -> bool {
        self.conversation == conversation && from + self.rows.len() >= self.upto
    }
}

/// Builds the rows of the next frames.
fn extend_ladder(
    reader: &mut RandomAccess,
    frames: &[u32],
    messages: &StreamMessages,
    ladder: &mut OpenLadder,
) -> Result<(), ErrorText> {
    let table = reader.table.clone();
    let OpenLadder { conversation, cursor, builder, upto, rows, .. } = ladder;
    reader.dissect_forward(cursor, frames, &mut |item| {
        let FrameOrEvent::Frame(shown, connections) = item else { return true };
        let flags = table.read().entry(shown.frame.number).map(|entry| entry.flags()).unwrap_or_default();
        let side = if flags.has(FrameFlags::FROM_CLIENT) { Side::Client } else { Side::Server };
        if rows.len() == MAX_LADDER_ROWS {
            rows.pop_front();
        }
        rows.push_back(builder.row(&shown, side, messages));
        *upto += 1;
        let own = connections.iter().filter(|connection| connection.conversation == *conversation);
        own.for_each(|connection| label_earlier_rows(rows, connection, &shown, messages));
        true
    })
}

/// Labels the rows of frames that started messages, once a later frame completes these messages.
fn label_earlier_rows(
    rows: &mut VecDeque<LadderRow>,
    connection: &FrameConnection,
    shown: &DissectedFrame<'_>,
    messages: &StreamMessages,
) {
    let (frame, tree) = (shown.frame.number, shown.tree);
    for completed in &connection.messages {
        let Some(message) = messages.completed_in(completed.exchange, completed.half, frame) else { continue };
        if message.first == frame {
            continue;
        }
        let index = rows.partition_point(|row| row.frame < message.first);
        if let Some(row) = rows.get_mut(index).filter(|row| row.frame == message.first) {
            let nodes = tree.nodes().get(completed.nodes.clone()).unwrap_or_default();
            complete_label(row, message, messages, nodes, tree);
        }
    }
}
