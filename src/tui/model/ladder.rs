//! Ladder view: one row per segment of a connection, or per datagram of a conversation in UDP.

use crate::browse::LadderWindow as Part;
use crate::browse::{LadderRow, MAX_LADDER_ROWS};
use crate::tui::model::Model;
use crate::tui::widgets::scroll::ScrollState;
use dissectors::session::ConversationId;
use std::ops::Range;

/// Rows loaded beyond the visible ones, where there are more.
const MARGIN: usize = 1_000;

/// State of the ladder view.
#[derive(Debug, Default)]
pub(crate) struct LadderView {
    /// Loaded part of the ladder.
    pub(crate) loaded: Option<Part>,
    pub(crate) list: ScrollState,
    /// Whether the handshake card is folded to its title.
    pub(crate) card_folded: bool,
    /// Conversation and first row of the last request.
    pub(crate) requested: Option<(ConversationId, usize)>,
    /// Whether a request is pending.
    pub(crate) is_pending: bool,
    /// Frame to show.
    pub(crate) target_frame: Option<u32>,
    /// Frames of the connection, or calls of the capture, at the time of the request.
    pub(crate) frames_at_request: u64,
}

impl LadderView {
    /// Returns the number of rows of the whole ladder.
    pub(crate) fn total(&self) -> usize {
        self.loaded.as_ref().map_or(0, |part| part.total)
    }

    /// Requests the rows again: more is known of them.
    pub(crate) fn invalidate(&mut self) {
        self.frames_at_request = 0;
    }

    /// Returns the row at an index, if it is loaded.
    pub(crate) fn row(&self, index: usize) -> Option<&LadderRow> {
        let part = self.loaded.as_ref()?;
        part.rows.get(index.checked_sub(part.from)?)
    }

    /// Moves the cursor to the frame to show, if it is loaded.
    pub(crate) fn go_to_target(&mut self) {
        let (Some(part), Some(frame)) = (&self.loaded, self.target_frame) else { return };
        let begins = part.from == 0 || part.rows.first().is_some_and(|first| first.frame <= frame);
        let ends = part.from + part.rows.len() >= part.total || part.rows.last().is_some_and(|row| frame <= row.frame);
        if begins && ends {
            self.list.set_cursor(part.from + part.rows.partition_point(|row| row.frame < frame));
            self.target_frame = None;
        }
    }

    /// Returns whether the rows loaded from `from` on cover the visible rows.
    pub(crate) fn covers(&self, from: usize, seen: &Range<usize>) -> bool {
        let to = from.saturating_add(MAX_LADDER_ROWS);
        let begins = from == 0 || from + MARGIN <= seen.start;
        begins && (to >= self.total() || seen.end + MARGIN <= to)
    }
}

/// Returns the frame of the row under the cursor.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    model.ladder.row(model.ladder.list.cursor).map(|row| row.frame)
}

/// Returns the text of a row, for searching.
pub(crate) fn text(model: &Model, index: usize) -> String {
    // A narrow screen shows a shorter label, so both forms are searched.
    let text = |ladder_row: &LadderRow| {
        let [long, short, ..] = labels(ladder_row);
        format!("{} {long} {short} {}", ladder_row.frame, ladder_row.meaning())
    };
    model.ladder.row(index).map_or(String::new(), text)
}

/// Returns the labels of an arrow, from the longest to the shortest.
pub(crate) fn labels(ladder_row: &LadderRow) -> [String; 4] {
    let ack = |prefix: &str| ladder_row.ack.map_or(String::new(), |ack| format!("{prefix}{ack}"));
    let letters: String = ladder_row.flags.split(", ").filter_map(|flag| flag.chars().next()).collect();
    let (flags, seq, len) = (&ladder_row.flags, ladder_row.seq, ladder_row.len);
    if ladder_row.is_datagram {
        return std::array::from_fn(|_| format!("len {len}"));
    }
    [
        format!("{flags}  seq {seq}{}  len {len}", ack("  ack ")),
        format!("{flags} seq {seq}{} len {len}", ack(" ack ")),
        format!("{letters} seq {seq}{} len {len}", ack(" ack ")),
        format!("{letters} {seq}{} +{len}", ack(" a")),
    ]
}
