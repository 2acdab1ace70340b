//! Frames view: the frame list, and the detail tree and bytes of the selected frame.

use super::detail_panes::{self, BYTES_PER_ROW, BytesPane, TreePane};
use super::frame_order::FrameOrder;
use super::keys::{Action, KeyContext};
use super::layout;
use super::message::Effect;
use super::model::{Model, View};
use super::scroll::ScrollState;
use crate::browse::{BrowseRequest, FrameDetail, FrameRow};
use dissectors::Field;
use hashbrown::HashMap;

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

    fn offset(self, by: usize) -> FramePane {
        let all = [FramePane::List, FramePane::Tree, FramePane::Bytes];
        all.get((self as usize + by) % 3).copied().unwrap_or_default()
    }
}

/// State of the frames view.
#[derive(Debug)]
pub(crate) struct FramesView {
    pub(crate) list: ScrollState,
    pub(crate) order: FrameOrder,
    /// Frame last under the cursor.
    pub(crate) selected: u32,
    /// Hidden columns, one bit each.
    pub(crate) hidden: u32,
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
    requested_rows: Vec<u32>,
    /// Dissected frame shown in the tree and bytes panes.
    pub(crate) dissected: Option<Box<FrameDetail>>,
    requested_frame: u32,
    pub(crate) tree: TreePane,
    pub(crate) bytes: BytesPane,
}

impl Default for FramesView {
    fn default() -> FramesView {
        FramesView {
            list: ScrollState::default(),
            order: FrameOrder::default(),
            selected: 1,
            hidden: 0,
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

/// Runs an action of the frames view.
pub(crate) fn run_action(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    match (model.frames.pane, action) {
        (_, Action::NextPane) => model.frames.pane = model.frames.pane.offset(1),
        (_, Action::PreviousPane) => model.frames.pane = model.frames.pane.offset(2),
        (_, Action::Zoom) => model.frames.zoom = !model.frames.zoom,
        (FramePane::List, Action::Move(step)) => {
            let numbers = model.frame_numbers();
            model.frames.list.move_cursor(step, numbers.len(), height);
            remember_selection(model);
        }
        (FramePane::List, Action::Enter) => model.frames.pane = FramePane::Tree,
        (FramePane::Tree, _) => detail_panes::run_tree_action(&mut model.frames, action, height),
        (FramePane::Bytes, _) => detail_panes::run_bytes_action(&mut model.frames, action, height),
        _ => {}
    }
    Vec::new()
}

/// Remembers the frame under the cursor, for when the list changes.
pub(crate) fn remember_selection(model: &mut Model) {
    if let Some(frame) = model.frame_numbers().get(model.frames.list.cursor) {
        if frame != model.frames.selected {
            model.frames.bytes.hit = None;
        }
        model.frames.selected = frame;
    }
}

/// Fits lists and cursors to the screen, and requests missing rows and the selected frame.
pub(crate) fn fit(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.view != View::Frames {
        return;
    }
    let panes = layout::frame_panes(model);
    let height = usize::from(panes.list.height.saturating_sub(1));
    let (filter_id, unsorted) =
        (model.applied_filter.as_ref().map(|applied| applied.query_id), model.unsorted_frames());
    if model.frames.order.step(filter_id, &unsorted, &model.index) {
        effects.push(Effect::Continue);
    }
    let numbers = model.frame_numbers();
    let frames = &mut model.frames;
    if !frames.list.follows_end && numbers.len() > 0 {
        frames.list.cursor = numbers.row_of(frames.selected);
    }
    frames.list.fit(numbers.len(), height);
    if let Some(frame) = numbers.get(frames.list.cursor).filter(|_| frames.list.follows_end) {
        frames.selected = frame;
    }
    frames.tree.list.fit(frames.tree.visible.len(), usize::from(panes.tree.height.saturating_sub(1)));
    let rows = usize::from(panes.bytes.height.saturating_sub(1));
    let row = frames.bytes.cursor / BYTES_PER_ROW;
    // Show all bytes of the tree line if there is room, and always the cursor's byte.
    let line = frames.selected_line().filter(|line| line.buffer == frames.bytes.buffer).map(|line| line.bytes.clone());
    let end =
        line.filter(|bytes| bytes.contains(&frames.bytes.cursor)).map_or(row, |bytes| (bytes.end - 1) / BYTES_PER_ROW);
    let least = end.min(row + rows.saturating_sub(1)).saturating_sub(rows.saturating_sub(1));
    frames.bytes.top = frames.bytes.top.clamp(least, row);
    // Rows to request: the visible ones, and one screen above and below.
    let missing = |rows_to_load: std::ops::Range<usize>, rows: &HashMap<u32, FrameRow>| -> Vec<u32> {
        rows_to_load.filter_map(|index| numbers.get(index)).filter(|frame| !rows.contains_key(frame)).collect()
    };
    let seen = missing(frames.list.visible(numbers.len(), height), &frames.rows);
    if seen.iter().any(|frame| !frames.requested_rows.contains(frame)) {
        let around = frames.list.top.saturating_sub(height)..(frames.list.top + 2 * height).min(numbers.len());
        frames.requested_rows = missing(around, &frames.rows);
        let (requested, fields) = (frames.requested_rows.clone(), frames.fields.clone());
        effects.push(Effect::Query(BrowseRequest::Rows { frames: requested, fields }));
    }
    if let Some(frame) = numbers.get(frames.list.cursor).filter(|&frame| frame != frames.requested_frame) {
        frames.requested_frame = frame;
        effects.push(Effect::Query(BrowseRequest::Frame(frame)));
    }
}
