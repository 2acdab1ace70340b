//! Frames view: the frame list, and the detail tree and bytes of the selected frame.

use crate::browse::{FrameDetail, FrameRow, FrameSummary, Host, Index};
use crate::tui::model::Model;
use crate::tui::model::detail_panes::{BytesPane, TreePane};
use crate::tui::model::keys::KeyContext;
use crate::tui::widgets::columns::{ListColumn, TIME_WIDTH, column};
use crate::tui::widgets::row_order::{RowOrder, number_key};
use crate::tui::widgets::sorted_list::SortedList;
use dissectors::Field;
use hashbrown::HashMap;
use std::cmp::Ordering;

/// Columns of the list, after the column of signs.
pub(crate) static COLUMNS: [ListColumn; 7] = [
    column("#", [6, 6, 8], true, 0, "frame number"),
    column("TIME", [TIME_WIDTH; 3], true, 0, "capture time"),
    column("SOURCE", [14, 14, 39], false, 2, "source address"),
    column("DESTINATION", [14, 14, 39], false, 2, "destination address"),
    column("PROTOCOL", [8, 8, 10], false, 0, "highest-layer protocol"),
    column("LENGTH", [6, 6, 6], true, 3, "bytes on the wire"),
    column("INFO", [20, 20, 900], false, 0, "summary of the frame"),
];

/// Number of the first column that shows a field.
pub(crate) const FIRST_FIELD: usize = COLUMNS.len();

/// Number of leading columns that frames can be sorted by: those with values in the index.
const SORTABLE: usize = 6;

/// Maximum number of formatted rows in the cache.
const MAX_CACHED_ROWS: usize = 2048;

/// Maximum number of fields shown as columns.
const MAX_FIELD_COLUMNS: usize = 8;

/// Pane of the frames view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum FramePane {
    #[default]
    List,
    Tree,
    Bytes,
}

impl FramePane {
    pub(crate) fn context(self) -> KeyContext {
        match self {
            FramePane::List => KeyContext::Frames,
            FramePane::Tree => KeyContext::Tree,
            FramePane::Bytes => KeyContext::Bytes,
        }
    }

    pub(crate) fn offset(self, by: usize) -> FramePane {
        let all = [FramePane::List, FramePane::Tree, FramePane::Bytes];
        all.get((self as usize + by) % 3).copied().unwrap_or_default()
    }
}

/// State of the frames view.
#[derive(Debug)]
pub(crate) struct FramesView {
    pub(crate) sorted_list: SortedList,
    /// Fields shown as columns.
    pub(crate) fields: Vec<&'static Field>,
    pub(crate) pane: FramePane,
    /// Whether the focused pane fills the view.
    pub(crate) zoom: bool,
    /// Height of the list, and size of the tree in the rest, in thousandths.
    pub(crate) shares: [u16; 2],
    /// Cached rows, by frame number.
    pub(crate) rows: HashMap<u32, FrameRow>,
    /// Frames whose rows were requested.
    pub(crate) requested_rows: Vec<u32>,
    /// Dissected frame shown in the tree and bytes panes.
    pub(crate) dissected: Option<Box<FrameDetail>>,
    pub(crate) requested_frame: u32,
    pub(crate) tree: TreePane,
    pub(crate) bytes: BytesPane,
}

impl Default for FramesView {
    fn default() -> FramesView {
        FramesView {
            sorted_list: SortedList::in_steps(&COLUMNS, SORTABLE, 1),
            fields: Vec::new(),
            pane: FramePane::List,
            zoom: false,
            shares: [450, 560],
            rows: HashMap::new(),
            requested_rows: Vec::new(),
            dissected: None,
            requested_frame: 0,
            tree: TreePane::default(),
            bytes: BytesPane::default(),
        }
    }
}

impl FramesView {
    /// Requests the visible rows and frame again, as more is known of them. The old contents are shown until then.
    pub(crate) fn invalidate(&mut self) {
        self.rows.clear();
        self.requested_rows.clear();
        self.requested_frame = 0;
    }

    /// Shows or hides a field as a column. Returns whether it is shown now; fails at the maximum number of columns.
    pub(crate) fn toggle_column(&mut self, field: &'static Field) -> Result<bool, String> {
        let had = self.fields.len();
        self.fields.retain(|other| other.id != field.id);
        let is_new = self.fields.len() == had;
        if is_new && had == MAX_FIELD_COLUMNS {
            return Err(format!("At most {MAX_FIELD_COLUMNS} field columns; hide one with o in the list"));
        }
        self.fields.extend(is_new.then_some(field));
        self.invalidate();
        Ok(is_new)
    }

    /// Adds rows to the cache.
    pub(crate) fn store_rows(&mut self, mut rows: Vec<FrameRow>) {
        // The columns may have changed since the request.
        rows.retain(|row| row.values.iter().map(|(field, _)| field.id).eq(self.fields.iter().map(|field| field.id)));
        self.requested_rows.retain(|frame| !rows.iter().any(|row| row.frame == *frame));
        if self.rows.len() + rows.len() > MAX_CACHED_ROWS {
            self.rows.clear();
        }
        self.rows.extend(rows.into_iter().map(|row| (row.frame, row)));
    }

    /// Clears the tree and bytes if this frame cannot be read.
    pub(crate) fn clear_frame(&mut self, frame: u32) {
        if frame == self.requested_frame {
            self.dissected = None;
            self.tree.visible.clear();
        }
    }

    /// Stores a frame that was requested.
    pub(crate) fn store_frame(&mut self, frame: Box<FrameDetail>) {
        if frame.frame != self.requested_frame {
            return;
        }
        let buffers = frame.buffers.len();
        self.dissected = Some(frame);
        // The cursor moves to the line of the same field.
        let chosen = self.tree.selected;
        let same = chosen.and_then(|(id, nth)| {
            let same_field = self.lines().iter().enumerate().filter(|(_, line)| line.field.id == id);
            same_field.map(|(index, _)| index).take(nth + 1).last()
        });
        self.rebuild_visible_lines(same.unwrap_or(0));
        self.bytes.buffer = if self.bytes.buffer < buffers { self.bytes.buffer } else { 0 };
        match self.bytes.hit.clone() {
            Some(found) => {
                self.bytes.buffer = 0;
                self.bytes.cursor = found.start;
                if let Some(index) = self.line_of_byte() {
                    self.show_line(index);
                }
            }
            None if chosen.is_some() => {
                self.remember_line();
                self.tree.selected = chosen;
            }
            None => self.bytes = BytesPane::default(),
        }
        self.bytes.cursor = self.bytes.cursor.min(self.buffer().len().saturating_sub(1));
    }
}

/// Remembers the frame under the cursor, for when the list changes.
pub(crate) fn remember_selection(model: &mut Model) {
    if let Some(frame) = model.frame_numbers().get(model.frames.sorted_list.list.cursor) {
        if frame != model.frames.sorted_list.selected {
            model.frames.bytes.hit = None;
        }
        model.frames.sorted_list.selected = frame;
    }
}

/// Returns the text of a row, for copying.
pub(crate) fn text(model: &Model, frame: u32) -> String {
    let (Some(indexed), Some(row)) =
        (model.index.frames.get(frame.saturating_sub(1) as usize), model.frames.rows.get(&frame))
    else {
        return String::new();
    };
    let time = model.time_format.format(indexed.time, model.time(1).unwrap_or(0), None, None);
    format!("{frame}  {time}  {}  {}  {}  {}  {}", row.source, row.destination, row.protocol, indexed.length, row.info)
}

/// Frames of a capture, as rows that can be sorted.
pub(crate) struct FrameRows<'a>(pub(crate) &'a Index);

impl FrameRows<'_> {
    fn frame(&self, frame: u32) -> Option<&FrameSummary> {
        self.0.frames.get(frame.checked_sub(1)? as usize)
    }

    fn host(&self, frame: u32, receives: usize) -> Option<&Host> {
        let (pair, sender) = self.frame(frame)?.hosts.pair()?;
        self.0.pairs.get(pair)?.get(sender ^ receives)
    }
}

impl RowOrder for FrameRows<'_> {
    fn key(&self, number: u32, column: usize) -> u64 {
        let Some(frame) = self.frame(number) else { return 0 };
        match column {
            0 => number.into(),
            1 => number_key(Some(frame.time)),
            5 => frame.length.into(),
            _ => 0,
        }
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        match column {
            2 => self.host(left, 0).cmp(&self.host(right, 0)),
            3 => self.host(left, 1).cmp(&self.host(right, 1)),
            4 => {
                let [left, right] = [left, right].map(|frame| self.frame(frame).map(|frame| frame.protocol));
                // Most frames have the same protocols, and looking up a name takes a lock.
                if left == right {
                    Ordering::Equal
                } else {
                    left.map(|one| one.name()).cmp(&right.map(|one| one.name()))
                }
            }
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{DirectedPair, IndexUpdate, NO_STREAM, ProtocolName, StackId};
    use crate::tui::widgets::scroll::RowNumbers;

    fn index(lengths: &[u32]) -> Index {
        let summary = |(nth, &length): (usize, &u32)| FrameSummary {
            time: -(nth as i64),
            length,
            stream: NO_STREAM,
            hosts: DirectedPair::NONE,
            protocol: ProtocolName::new(if length % 2 == 0 { "TCP" } else { "ARP" }),
            stack: StackId::default(),
            severity: None,
        };
        let mut index = Index::default();
        index
            .apply(IndexUpdate { frames: lengths.iter().enumerate().map(summary).collect(), ..IndexUpdate::default() });
        index
    }

    #[test]
    fn frames_are_sorted_by_each_column_either_way() {
        let index = index(&[5, 2, 9, 2]);
        let mut list = FramesView::default().sorted_list;
        let mut sorted = |column: Option<usize>| {
            column.into_iter().for_each(|column| list.sort_by(column));
            let all = RowNumbers::All { first: 1, count: index.frames.len() };
            while list.sort_changes(None, &all, &FrameRows(&index)) {}
            let numbers = list.numbers(None, all);
            (0..numbers.len()).filter_map(|row| numbers.get(row)).collect::<Vec<_>>()
        };
        assert_eq!(sorted(None), [1, 2, 3, 4]);
        assert_eq!(sorted(Some(5)), [2, 4, 1, 3]);
        assert_eq!(sorted(Some(5)), [3, 1, 2, 4]);
        assert_eq!(sorted(Some(1)), [4, 3, 2, 1]);
        assert_eq!(sorted(Some(4)), [1, 3, 2, 4]);
        assert_eq!(sorted(Some(6)), [1, 2, 3, 4]);
    }
}
