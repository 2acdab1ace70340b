//! Dialogues: the messages without a response that one exchange carried, such as those of a WebSocket.

use super::call_entry::CallEntry;
use super::frame_table::FrameTable;
use super::request::Dialogue;
use crate::report::dissected_message::DissectedMessage;
use crate::report::{body_text, escaped, quantity};
use dissectors::session::{ExchangeId, Side};
use hashbrown::HashMap;

/// Maximum number of messages returned, around the one that is opened.
const MAX_MESSAGES: usize = 500;

/// Maximum bytes of a message's text in its line.
const MAX_TEXT: usize = 1024;

/// Messages of a dialogue, in the order in which they were completed.
pub(super) struct DialogueReader {
    messages: Vec<DialogueMessage>,
    by_id: HashMap<ExchangeId, usize>,
    /// Messages before and after those that are returned.
    omitted: [usize; 2],
}

struct DialogueMessage {
    call: usize,
    entry: CallEntry,
    /// Time of the frame that completes it, and its text; none before that frame is read.
    content: Option<(i64, String)>,
}

impl DialogueReader {
    /// Creates a reader of the dialogue that a call carried, or is a message of.
    pub(super) fn new(table: &FrameTable, call: usize, opened: &CallEntry) -> DialogueReader {
        let is_member = |entry: &CallEntry| match opened.is_one_way {
            true => entry.is_one_way && (entry.id.conversation, entry.id.session) == opened.session(),
            false => entry.is_one_way && entry.parent == Some(opened.id),
        };
        let members = table.calls.iter().enumerate().filter(|(_, entry)| is_member(entry));
        let mut messages: Vec<DialogueMessage> =
            members.map(|(call, &entry)| DialogueMessage { call, entry, content: None }).collect();
        messages.sort_by_key(|message| (message.entry.completed_in(), message.entry.id.nth));
        let at = messages.iter().position(|message| message.call == call).unwrap_or(0);
        let from = at.saturating_sub(MAX_MESSAGES / 2).min(messages.len().saturating_sub(MAX_MESSAGES));
        messages.drain(..from);
        let after = messages.len().saturating_sub(MAX_MESSAGES);
        messages.truncate(MAX_MESSAGES);
        let by_id = messages.iter().enumerate().map(|(index, message)| (message.entry.id, index)).collect();
        DialogueReader { messages, by_id, omitted: [from, after] }
    }

    /// Returns the frames that complete its messages.
    pub(super) fn frames(&self) -> impl Iterator<Item = u32> {
        self.messages.iter().map(|message| message.entry.completed_in())
    }

    /// Stores the text of a message, if it belongs to the dialogue.
    pub(super) fn add(&mut self, id: ExchangeId, message: DissectedMessage<'_>, time: i64) {
        let stored = self.by_id.get(&id).and_then(|&index| self.messages.get_mut(index));
        if let Some(stored) = stored {
            stored.content = Some((time, text_of(message)));
        }
    }

    /// Returns the lines of the dialogue.
    pub(super) fn into_lines(self) -> Dialogue {
        let times = self.messages.iter().find_map(|message| message.content.as_ref());
        let start = times.map_or(0, |&(time, _)| time);
        let more = |count: usize, place: &str| (count > 0).then(|| (format!("[{count} {place} messages]"), None));
        let [before, after] = self.omitted;
        let lines = self.messages.iter().map(|message| (message.line(start), Some(message.call)));
        let (lines, calls) = more(before, "earlier").into_iter().chain(lines).chain(more(after, "later")).unzip();
        Dialogue { count: before + self.messages.len() + after, lines, calls }
    }
}

impl DialogueMessage {
    /// Returns its line: direction, time since the first message, and text.
    fn line(&self, start: i64) -> String {
        let arrow = arrow(self.entry.requester);
        let Some((time, text)) = &self.content else { return format!("{arrow} {:<10} [not complete]", "") };
        format!("{arrow} {:<10} {text}", elapsed(time.saturating_sub(start)))
    }
}

/// Returns the direction of a message, as if the client were on the left.
pub(super) fn arrow(sender: Option<Side>) -> char {
    if sender == Some(Side::Server) { '←' } else { '→' }
}

/// Returns the time since the first message.
pub(super) fn elapsed(nanos: i64) -> String {
    let mut text = String::from("+");
    quantity::duration(&mut text, nanos);
    text
}

/// Returns the summary of a message and the beginning of its text, in one line.
fn text_of(message: DissectedMessage<'_>) -> String {
    let mut line = String::new();
    for start in message.values(message.fields.start_line) {
        escaped(&mut line, start.trim_ascii_end());
    }
    let Some(body) = message.values(message.fields.body).next() else { return line };
    let part = body.get(..MAX_TEXT).unwrap_or(body);
    if let Some(text) = body_text(part, message.media_type()).filter(|text| !text.is_empty()) {
        line.push_str("  ");
        escaped(&mut line, &text);
        line.push_str(if part.len() < body.len() { "…" } else { "" });
    }
    line
}
