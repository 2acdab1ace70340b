//! The tree of a frame and its bytes, linked both ways: a line lights its bytes, a byte finds its line.

use super::frames::{Frames, Pane};
use super::keys::Action;
use super::list::{List, Move};
use crate::browse::Line;
use hashbrown::HashMap;

/// Bytes in a row of the pane of bytes.
pub(crate) const PER_ROW: usize = 16;

/// The tree of the frame that is open.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) list: List,
    /// The places of the lines that are not under a closed one.
    pub(crate) seen: Vec<u32>,
    /// Which kinds of lines were opened or closed, by the field's number; the others are as they are at first.
    folds: HashMap<u16, bool>,
    /// The field of the line that was last under the cursor, and its place among lines of this field.
    pub(super) chosen: Option<(u16, usize)>,
}

/// The bytes of the frame that is open.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    /// Which buffer.
    pub(crate) buffer: usize,
    /// The byte of the cursor.
    pub(crate) at: usize,
    /// The row on top.
    pub(crate) top: usize,
    /// What was found.
    pub(crate) found: Option<std::ops::Range<usize>>,
}

impl Frames {
    pub(super) fn lines(&self) -> &[Line] {
        self.opened.as_ref().map_or(&[], |opened| &opened.lines)
    }

    /// Whether a line has others under it.
    pub(crate) fn is_parent(&self, place: usize) -> bool {
        let lines = self.lines();
        let depth = |place: usize| lines.get(place).map(|line| line.depth);
        depth(place + 1) > depth(place)
    }

    /// Whether the lines under a line are shown. At first those of the last protocol are.
    pub(crate) fn is_open(&self, place: usize) -> bool {
        let lines = self.lines();
        let Some(line) = lines.get(place) else { return false };
        let last = || line.depth == 0 && !lines.iter().skip(place + 1).any(|line| line.depth == 0);
        self.tree.folds.get(&line.field.id).copied().unwrap_or_else(last)
    }

    /// The line under the cursor of the tree.
    pub(crate) fn line(&self) -> Option<&Line> {
        self.lines().get(*self.tree.seen.get(self.tree.list.at)? as usize)
    }

    /// The bytes of the buffer that is shown.
    pub(crate) fn buffer(&self) -> &[u8] {
        let buffers = self.opened.as_ref().map_or(&[][..], |opened| &opened.buffers);
        buffers.get(self.bytes.buffer).map_or(&[], |(_, bytes)| bytes)
    }

    /// Finds the lines that are seen, and keeps the cursor on its line.
    pub(super) fn refold(&mut self, on: usize) {
        let mut seen = Vec::new();
        let mut closed: Option<u8> = None;
        for (place, line) in self.lines().iter().enumerate() {
            if closed.is_some_and(|depth| line.depth > depth) {
                continue;
            }
            closed = (self.is_parent(place) && !self.is_open(place)).then_some(line.depth);
            seen.push(place as u32);
        }
        self.tree.list.at = seen.partition_point(|&place| place as usize <= on).saturating_sub(1);
        self.tree.seen = seen;
    }

    /// The place of the line under the cursor.
    pub(super) fn line_place(&self) -> usize {
        self.tree.seen.get(self.tree.list.at).map_or(0, |&place| place as usize)
    }

    pub(super) fn fold(&mut self, open: bool) {
        let place = self.line_place();
        if let Some(id) = self.lines().get(place).map(|line| line.field.id) {
            self.tree.folds.insert(id, open);
            self.refold(place);
        }
    }

    pub(super) fn fold_all(&mut self, open: bool) {
        let ids: Vec<u16> = self.lines().iter().map(|line| line.field.id).collect();
        self.tree.folds.extend(ids.into_iter().map(|id| (id, open)));
        self.refold(self.line_place());
    }

    /// Remembers the line under the cursor, and shows its bytes.
    pub(super) fn choose_line(&mut self) {
        let place = self.line_place();
        let Some(line) = self.lines().get(place) else { return };
        let (id, buffer, bytes) = (line.field.id, line.buffer, line.bytes.clone());
        let nth = self.lines().iter().take(place).filter(|line| line.field.id == id).count();
        self.tree.chosen = Some((id, nth));
        if !bytes.is_empty() {
            self.bytes = Bytes { buffer, at: bytes.start, top: self.bytes.top, found: None };
        }
    }

    /// Puts the cursor of the tree on a line, and opens what it lies under.
    pub(crate) fn show_line(&mut self, place: usize) {
        let mut depth = self.lines().get(place).map_or(0, |line| line.depth);
        for above in (0..place).rev() {
            let Some(line) = self.lines().get(above).filter(|line| line.depth < depth) else { continue };
            depth = line.depth;
            let id = line.field.id;
            self.tree.folds.insert(id, true);
        }
        self.refold(place);
        let place = self.line_place();
        if let Some(id) = self.lines().get(place).map(|line| line.field.id) {
            let nth = self.lines().iter().take(place).filter(|line| line.field.id == id).count();
            self.tree.chosen = Some((id, nth));
        }
    }

    /// Puts the cursor of the tree on a line that is seen, and shows its bytes.
    pub(crate) fn choose_seen(&mut self, place: usize) {
        self.tree.list.put(place);
        self.choose_line();
    }

    /// Whether the line under the cursor has others under it.
    pub(crate) fn line_has_more(&self) -> bool {
        self.is_parent(self.line_place())
    }

    /// The innermost line that was read from a byte.
    pub(super) fn line_of_byte(&self) -> Option<usize> {
        let (buffer, at) = (self.bytes.buffer, self.bytes.at);
        let of = |line: &&Line| line.buffer == buffer && line.bytes.contains(&at);
        let lines = self.lines().iter().enumerate().filter(|(_, line)| of(line));
        // The first of several as narrow is the one that others lie under.
        lines.min_by_key(|(_, line)| (line.bytes.len(), std::cmp::Reverse(line.depth))).map(|(place, _)| place)
    }

    /// Moves the cursor of the bytes, and the tree's with it.
    pub(crate) fn go_to_byte(&mut self, at: usize) {
        self.bytes.at = at.min(self.buffer().len().saturating_sub(1));
        self.bytes.found = None;
        if let Some(place) = self.line_of_byte() {
            self.show_line(place);
        }
    }

    pub(super) fn next_buffer(&mut self) {
        let count = self.opened.as_ref().map_or(1, |opened| opened.buffers.len()).max(1);
        self.bytes = Bytes { buffer: (self.bytes.buffer + 1) % count, ..Bytes::default() };
        self.go_to_byte(0);
    }
}

/// Does what a key says in the tree.
pub(super) fn in_tree(frames: &mut Frames, action: Action, height: usize) {
    let place = frames.line_place();
    let (open, parent) = (frames.is_open(place), frames.is_parent(place));
    match action {
        Action::Go(way) => frames.tree.list.go(way, frames.tree.seen.len(), height),
        Action::Enter if parent => frames.fold(!open),
        Action::Enter => frames.pane = Pane::Bytes,
        Action::Right if parent && !open => frames.fold(true),
        Action::Right => frames.tree.list.go(Move::Down, frames.tree.seen.len(), height),
        Action::Left if parent && open => frames.fold(false),
        Action::Left => {
            let depth = frames.lines().get(place).map_or(0, |line| line.depth);
            let above = frames.lines().iter().take(place).rposition(|line| line.depth < depth);
            if let Some(above) = above {
                frames.refold(above);
            }
        }
        Action::Unfold => frames.fold_all(true),
        Action::Fold => frames.fold_all(false),
        Action::NextBuffer => return frames.next_buffer(),
        _ => return,
    }
    frames.tree.list.tail = false;
    frames.choose_line();
}

/// Does what a key says in the bytes.
pub(super) fn in_bytes(frames: &mut Frames, action: Action, height: usize) {
    let last = frames.buffer().len().saturating_sub(1);
    let page = height.saturating_sub(1).max(1) * PER_ROW;
    let at = frames.bytes.at;
    let to = match action {
        Action::Left => at.saturating_sub(1),
        Action::Right => at + 1,
        // In the first and the last row there is no other column to go to.
        Action::Go(Move::Up) => at.checked_sub(PER_ROW).unwrap_or(at),
        Action::Go(Move::Down) if at + PER_ROW <= last => at + PER_ROW,
        Action::Go(Move::PageUp) => at.checked_sub(page).unwrap_or(at % PER_ROW),
        Action::Go(Move::PageDown) => at + page,
        Action::Go(Move::First) => 0,
        Action::Go(Move::Last) => last,
        Action::Enter => {
            frames.pane = Pane::Tree;
            at
        }
        Action::NextBuffer => return frames.next_buffer(),
        _ => at,
    };
    frames.go_to_byte(to);
}
