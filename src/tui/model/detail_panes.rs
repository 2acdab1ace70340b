//! Detail tree and bytes panes: selecting a tree line highlights its bytes, selecting a byte finds its line.

use crate::browse::TreeLine;
use crate::tui::model::frames::FramesView;
use crate::tui::widgets::scroll::ScrollState;
use dissectors::FieldKind;
use hashbrown::HashMap;

/// Bytes per row of the bytes pane.
pub(crate) const BYTES_PER_ROW: usize = 16;

/// State of the tree pane.
#[derive(Debug, Default)]
pub(crate) struct TreePane {
    pub(crate) list: ScrollState,
    /// Indexes of the lines that are not under a closed line.
    pub(crate) visible: Vec<u32>,
    /// Lines that were opened or closed, by field ID; other lines have their default.
    folds: HashMap<u16, bool>,
    /// Field of the line last under the cursor, and its index among the lines of that field.
    pub(crate) selected: Option<(u16, usize)>,
}

/// State of the bytes pane.
#[derive(Debug, Default)]
pub(crate) struct BytesPane {
    /// Index of the buffer.
    pub(crate) buffer: usize,
    /// Byte under the cursor.
    pub(crate) cursor: usize,
    /// First visible row.
    pub(crate) top: usize,
    /// Search hit.
    pub(crate) hit: Option<std::ops::Range<usize>>,
}

impl FramesView {
    pub(crate) fn lines(&self) -> &[TreeLine] {
        self.dissected.as_ref().map_or(&[], |opened| &opened.lines)
    }

    /// Returns whether a line has child lines.
    pub(crate) fn is_parent(&self, index: usize) -> bool {
        let lines = self.lines();
        let depth = |index: usize| lines.get(index).map(|line| line.depth);
        depth(index + 1) > depth(index)
    }

    /// Returns whether a line's children are shown. By default only the innermost protocol is open.
    pub(crate) fn is_open(&self, index: usize) -> bool {
        let lines = self.lines();
        let Some(line) = lines.get(index) else { return false };
        let last = || line.depth == 0 && !lines.iter().skip(index + 1).any(|line| line.depth == 0);
        self.tree.folds.get(&line.field.id).copied().unwrap_or_else(last)
    }

    /// Returns the line under the tree cursor.
    pub(crate) fn selected_line(&self) -> Option<&TreeLine> {
        self.lines().get(*self.tree.visible.get(self.tree.list.cursor)? as usize)
    }

    /// Returns the frame that the line under the tree cursor refers to.
    pub(crate) fn linked_frame(&self) -> Option<u32> {
        let line = self.selected_line().filter(|line| line.field.kind == FieldKind::Frame)?;
        line.value.parse().ok()
    }

    /// Returns the bytes of the selected buffer.
    pub(crate) fn buffer(&self) -> &[u8] {
        let buffers = self.dissected.as_ref().map_or(&[][..], |opened| &opened.buffers);
        buffers.get(self.bytes.buffer).map_or(&[], |buffer| &buffer.bytes)
    }

    /// Recomputes the visible lines, and moves the cursor to a line.
    pub(crate) fn rebuild_visible_lines(&mut self, on: usize) {
        let mut seen = Vec::new();
        let mut closed: Option<u8> = None;
        for (index, line) in self.lines().iter().enumerate() {
            if closed.is_some_and(|depth| line.depth > depth) {
                continue;
            }
            closed = (self.is_parent(index) && !self.is_open(index)).then_some(line.depth);
            seen.push(index as u32);
        }
        self.tree.list.cursor = seen.partition_point(|&index| index as usize <= on).saturating_sub(1);
        self.tree.visible = seen;
    }

    /// Returns the index of the line under the cursor.
    pub(crate) fn selected_line_index(&self) -> usize {
        self.tree.visible.get(self.tree.list.cursor).map_or(0, |&index| index as usize)
    }

    pub(crate) fn set_open(&mut self, open: bool) {
        let index = self.selected_line_index();
        if let Some(id) = self.lines().get(index).map(|line| line.field.id) {
            self.tree.folds.insert(id, open);
            self.rebuild_visible_lines(index);
        }
    }

    pub(crate) fn set_all_open(&mut self, open: bool) {
        let ids: Vec<u16> = self.lines().iter().map(|line| line.field.id).collect();
        self.tree.folds.extend(ids.into_iter().map(|id| (id, open)));
        self.rebuild_visible_lines(self.selected_line_index());
    }

    /// Remembers the line under the cursor, and shows its bytes.
    pub(crate) fn remember_line(&mut self) {
        let index = self.selected_line_index();
        let Some(line) = self.lines().get(index) else { return };
        let (id, buffer, bytes) = (line.field.id, line.buffer, line.bytes.clone());
        let nth = self.lines().iter().take(index).filter(|line| line.field.id == id).count();
        self.tree.selected = Some((id, nth));
        if !bytes.is_empty() {
            self.bytes = BytesPane { buffer, cursor: bytes.start, top: self.bytes.top, hit: None };
        }
    }

    /// Moves the tree cursor to a line, and opens its parents.
    pub(crate) fn show_line(&mut self, index: usize) {
        let mut depth = self.lines().get(index).map_or(0, |line| line.depth);
        for above in (0..index).rev() {
            let Some(line) = self.lines().get(above).filter(|line| line.depth < depth) else { continue };
            depth = line.depth;
            let id = line.field.id;
            self.tree.folds.insert(id, true);
        }
        self.rebuild_visible_lines(index);
        let index = self.selected_line_index();
        if let Some(id) = self.lines().get(index).map(|line| line.field.id) {
            let nth = self.lines().iter().take(index).filter(|line| line.field.id == id).count();
            self.tree.selected = Some((id, nth));
        }
    }

    /// Moves the tree cursor to a visible line, and shows its bytes.
    pub(crate) fn select_visible_line(&mut self, index: usize) {
        self.tree.list.set_cursor(index);
        self.remember_line();
    }

    /// Returns whether the line under the cursor has child lines.
    pub(crate) fn selected_line_is_parent(&self) -> bool {
        self.is_parent(self.selected_line_index())
    }

    /// Returns the innermost line that was dissected from the byte under the cursor.
    pub(crate) fn line_of_byte(&self) -> Option<usize> {
        let (buffer, at) = (self.bytes.buffer, self.bytes.cursor);
        let of = |line: &&TreeLine| line.buffer == buffer && line.bytes.contains(&at);
        let lines = self.lines().iter().enumerate().filter(|(_, line)| of(line));
        // Of equally narrow lines, the deepest.
        lines.min_by_key(|(_, line)| (line.bytes.len(), std::cmp::Reverse(line.depth))).map(|(index, _)| index)
    }

    /// Moves the bytes cursor, and the tree cursor to the matching line.
    pub(crate) fn go_to_byte(&mut self, at: usize) {
        self.bytes.cursor = at.min(self.buffer().len().saturating_sub(1));
        self.bytes.hit = None;
        if let Some(index) = self.line_of_byte() {
            self.show_line(index);
        }
    }

    pub(crate) fn next_buffer(&mut self) {
        let count = self.dissected.as_ref().map_or(1, |opened| opened.buffers.len()).max(1);
        self.bytes = BytesPane { buffer: (self.bytes.buffer + 1) % count, ..BytesPane::default() };
        self.go_to_byte(0);
    }

    /// Goes to the bytes that the buffer was derived from, such as the record that was decrypted.
    pub(crate) fn source_of_buffer(&mut self) {
        let buffer = self.dissected.as_ref().and_then(|opened| opened.buffers.get(self.bytes.buffer));
        if let Some((buffer, range)) = buffer.and_then(|buffer| buffer.from.clone()) {
            self.bytes = BytesPane { buffer, ..BytesPane::default() };
            self.go_to_byte(range.start);
        }
    }
}
