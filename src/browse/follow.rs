//! The data of both sides of a connection, in order.

use super::body::text_lines;
use super::random_access::{ErrorText, FrameOrEvent, RandomAccess};
use super::request::{BrowseEvent, FollowBlock};
use crate::analysis::{Analyzer, Event, NumberSet, StreamChunk, StreamContent, Task};
use dissectors::session::ConversationId;
use dissectors::session::Side;

/// Maximum number of bytes returned per connection.
const MAX_BYTES: usize = 1 << 20;

/// Reads the data of both sides of a connection.
pub(super) fn load_follow(reader: &mut RandomAccess, stream: u32) -> Result<BrowseEvent, ErrorText> {
    let table = reader.table.read();
    if stream >= table.stream_count() {
        return Err(format!("stream {stream} is not loaded"));
    }
    let last = table.stream_frames(stream, None).next();
    drop(table);
    let frames = last.map(|last| reader.with_prerequisites(&[last])).unwrap_or_default();
    let mut only = NumberSet::default();
    only.insert(stream);
    let task =
        Task { follow: Some(ConversationId::Tcp(stream)), only: Some(only), streams: true, ..reader.table.task() };
    let mut analyzer = Analyzer::new(task);
    let mut builder = FollowBuilder::default();
    reader.feed(&frames, &[], &mut analyzer, &mut |item| {
        if let FrameOrEvent::Event(Event::Chunk(chunk)) = item {
            builder.push(chunk);
        }
        builder.bytes < MAX_BYTES
    })?;
    if builder.bytes < MAX_BYTES {
        analyzer.finish();
        for event in analyzer.events() {
            if let Event::Chunk(chunk) = event {
                builder.push(chunk);
            }
        }
    }
    builder.flush();
    Ok(BrowseEvent::Follow { stream, blocks: builder.blocks, is_truncated: builder.bytes >= MAX_BYTES })
}

/// The blocks of data so far.
#[derive(Default)]
struct FollowBuilder {
    blocks: Vec<FollowBlock>,
    /// Bytes of the last block that are not split into lines yet.
    pending: Vec<u8>,
    bytes: usize,
}

impl FollowBuilder {
    fn push(&mut self, chunk: StreamChunk) {
        let from_client = chunk.side == Side::Client;
        if let StreamContent::End = chunk.content {
            return;
        }
        if self.blocks.last().is_none_or(|last| last.from_client != from_client) {
            self.flush();
            self.blocks.push(FollowBlock { from_client, frame: chunk.at.frame, lines: Vec::new() });
        }
        match chunk.content {
            StreamContent::Bytes(bytes) => {
                let room = MAX_BYTES.saturating_sub(self.bytes);
                self.pending.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
                self.bytes += bytes.len();
            }
            StreamContent::Gap(len) => {
                self.flush();
                if let Some(last) = self.blocks.last_mut() {
                    last.lines.push(format!("[{len} bytes missing in capture]"));
                }
            }
            StreamContent::End => {}
        }
    }

    /// Splits the pending bytes of the last block into lines.
    fn flush(&mut self) {
        let bytes = std::mem::take(&mut self.pending);
        if let Some(last) = self.blocks.last_mut().filter(|_| !bytes.is_empty()) {
            last.lines.extend(text_lines(&bytes));
        }
    }
}
