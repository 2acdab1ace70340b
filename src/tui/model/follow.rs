//! Follow view: the data both sides of a conversation sent, in order, or its messages.

use crate::browse::{FollowLine, FollowWindow, FollowedData, StreamPosition};
use crate::tui::model::Model;
use crate::tui::widgets::line_wrap::WrappedLines;
use crate::tui::widgets::scroll::ScrollState;
use crate::tui::widgets::text::format_count;

/// State of the follow view.
#[derive(Debug, Default)]
pub(crate) struct FollowView {
    /// Loaded part of the data.
    pub(crate) loaded: FollowWindow,
    pub(crate) list: ScrollState,
    pub(crate) rows: WrappedLines,
    /// Columns scrolled off the left edge.
    pub(crate) scrolled_columns: usize,
    /// Whether data has arrived.
    pub(crate) is_loaded: bool,
    /// Whether messages are shown, and not bytes.
    pub(crate) has_messages: bool,
    /// Data and position of the last request.
    pub(crate) requested: Option<(FollowedData, StreamPosition)>,
    /// Whether a request is pending.
    pub(crate) is_pending: bool,
    /// Frames of the connection at the time of the request, or calls of the capture.
    pub(crate) frames_at_request: u64,
    /// Frame to show.
    pub(crate) target_frame: Option<u32>,
    /// Offset to show, outside of the loaded part.
    pub(crate) wanted: Option<u64>,
    /// Whether the cursor stays at its data when the requested part arrives.
    pub(crate) keeps_cursor: bool,
}

impl FollowView {
    /// Returns a line of the loaded part.
    pub(crate) fn line(&self, index: u32) -> Option<&FollowLine> {
        self.loaded.lines.get(index as usize)
    }

    /// Returns whether a line is the first one of its side, or of a message.
    pub(crate) fn starts_block(&self, index: u32) -> bool {
        if self.line(index).is_some_and(|line| line.begins_message) {
            return true;
        }
        let side = |index| self.line(index).map(|line| line.from_client);
        index.checked_sub(1).and_then(side) != side(index)
    }

    /// Returns the line of a row.
    fn line_of_row(&self, row: usize) -> Option<&FollowLine> {
        self.line(self.rows.get(row)?.line)
    }

    /// Returns the position of a row; approximate in lines with escapes.
    pub(crate) fn offset_of(&self, row: usize) -> Option<u64> {
        // Positions in messages are lines.
        let start = if self.loaded.data.has_messages { 0 } else { self.rows.get(row)?.start };
        self.line_of_row(row).map(|line| line.offset + u64::from(start))
    }

    /// Returns the row at a position; approximate in lines with escapes.
    pub(crate) fn row_at(&self, offset: u64) -> usize {
        let lines = &self.loaded.lines;
        let line = lines.partition_point(|line| line.offset <= offset).saturating_sub(1);
        let is_byte = !self.loaded.data.has_messages;
        let start = lines.get(line).filter(|_| is_byte).map_or(0, |line| offset.saturating_sub(line.offset));
        self.rows.row_of(line as u32, u32::try_from(start).unwrap_or(u32::MAX))
    }

    /// Returns the loaded part, if it is not all of the data.
    pub(crate) fn part_text(&self) -> Option<String> {
        let FollowWindow { range, has_more, .. } = &self.loaded;
        let is_part = *has_more || range.start > 0;
        let unit = if self.loaded.data.has_messages { "lines" } else { "bytes" };
        is_part.then(|| format!("{unit} {}–{}", format_count(range.start + 1), format_count(range.end)))
    }

    /// Divides the loaded lines into rows.
    pub(crate) fn wrap(&mut self, room: Option<usize>) {
        let lines = self.loaded.lines.iter().map(|line| line.text.as_str());
        self.rows.wrap(room, lines, &mut self.list);
    }
}

/// Returns all loaded lines.
pub(crate) fn lines(follow: &FollowView) -> impl Iterator<Item = &str> {
    follow.loaded.lines.iter().map(|line| line.text.as_str())
}

/// Returns the frame of the line under the cursor.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    model.follow.line_of_row(model.follow.list.cursor).map(|line| line.frame)
}

/// Returns the text of a line, for copying.
pub(crate) fn text(model: &Model, index: usize) -> String {
    model.follow.line_of_row(index).map_or(String::new(), |line| line.text.clone())
}
