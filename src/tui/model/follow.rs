//! Follow view: the data both sides of a connection sent, in order.

use crate::browse::FollowBlock;
use crate::tui::model::Model;
use crate::tui::widgets::line_wrap::WrappedLines;
use crate::tui::widgets::scroll::ScrollState;

/// State of the follow view.
#[derive(Debug, Default)]
pub(crate) struct FollowView {
    pub(crate) blocks: Vec<FollowBlock>,
    /// For each line, the index in `blocks` and the line number in that block.
    pub(crate) lines: Vec<(u32, u32)>,
    /// Whether the data is truncated.
    pub(crate) is_truncated: bool,
    pub(crate) list: ScrollState,
    pub(crate) rows: WrappedLines,
    /// Columns scrolled off the left edge.
    pub(crate) scrolled_columns: usize,
    /// Whether data has arrived.
    pub(crate) is_loaded: bool,
    pub(crate) requested: Option<u32>,
    /// Whether a request is pending.
    pub(crate) is_pending: bool,
    /// Frames of the connection at the time of the request.
    pub(crate) frames_at_request: u64,
}

/// Returns all lines.
pub(crate) fn lines(follow: &FollowView) -> impl Iterator<Item = &str> {
    follow.blocks.iter().flat_map(|block| block.lines.iter().map(String::as_str))
}

/// Returns the frame of the line under the cursor.
pub(crate) fn selected_frame(model: &Model) -> Option<u32> {
    let row = model.follow.rows.get(model.follow.list.cursor)?;
    let (block, _) = *model.follow.lines.get(row.line as usize)?;
    model.follow.blocks.get(block as usize).map(|block| block.frame)
}

/// Returns the text of a line, for copying.
pub(crate) fn text(model: &Model, index: usize) -> String {
    let line = || {
        let row = model.follow.rows.get(index)?;
        let (part, line) = *model.follow.lines.get(row.line as usize)?;
        model.follow.blocks.get(part as usize)?.lines.get(line as usize).cloned()
    };
    line().unwrap_or_default()
}
