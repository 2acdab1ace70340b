//! The view of frames: the list, the tree of one and its bytes, linked both ways.

use super::keys::{Action, Context};
use super::layout;
use super::list::{List, Move};
use super::model::{Model, View};
use super::msg::Effect;
use super::order::Order;
use crate::browse::{Ask, Dissected, Line, Row};
use dissectors::Field;
use hashbrown::HashMap;

/// Bytes in a row of the pane of bytes.
pub(crate) const PER_ROW: usize = 16;

/// Rows whose words are kept at most.
const MOST_ROWS: usize = 2048;

/// Fields that have columns at most.
const MOST_FIELDS: usize = 8;

/// A part of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Pane {
    #[default]
    List,
    Tree,
    Bytes,
}

impl Pane {
    pub(crate) fn context(self) -> Context {
        match self {
            Pane::List => Context::Frames,
            Pane::Tree => Context::Tree,
            Pane::Bytes => Context::Bytes,
        }
    }

    fn after(self, by: usize) -> Pane {
        let all = [Pane::List, Pane::Tree, Pane::Bytes];
        all.get((self as usize + by) % 3).copied().unwrap_or_default()
    }
}

/// The view of frames.
#[derive(Debug)]
pub(crate) struct Frames {
    pub(crate) list: List,
    pub(crate) order: Order,
    /// The frame that was last under the cursor.
    pub(crate) chosen: u32,
    /// Columns that are left out, a bit each.
    pub(crate) hidden: u32,
    /// Fields that have columns.
    pub(crate) fields: Vec<&'static Field>,
    pub(crate) pane: Pane,
    /// The pane that has the keys is the only one.
    pub(crate) zoom: bool,
    /// The list's part of the height, and the tree's of the rest, in thousandths.
    pub(crate) shares: [u16; 2],
    /// The words of rows, as far as they are known.
    pub(crate) rows: HashMap<u32, Row>,
    /// The frames whose words were asked for.
    asked_rows: Vec<u32>,
    /// The frame that is open.
    pub(crate) opened: Option<Box<Dissected>>,
    asked_frame: u32,
    pub(crate) tree: Tree,
    pub(crate) bytes: Bytes,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames {
            list: List::default(),
            order: Order::default(),
            chosen: 1,
            hidden: 0,
            fields: Vec::new(),
            pane: Pane::List,
            zoom: false,
            shares: [450, 560],
            rows: HashMap::new(),
            asked_rows: Vec::new(),
            opened: None,
            asked_frame: 0,
            tree: Tree::default(),
            bytes: Bytes::default(),
        }
    }
}

/// The tree of the frame that is open.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) list: List,
    /// The places of the lines that are not under a closed one.
    pub(crate) seen: Vec<u32>,
    /// Which kinds of lines were opened or closed, by the field's number; the others are as they are at first.
    folds: HashMap<u16, bool>,
    /// The field of the line that was last under the cursor, and its place among lines of this field.
    chosen: Option<(u16, usize)>,
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
    fn lines(&self) -> &[Line] {
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
    fn refold(&mut self, on: usize) {
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
    fn line_place(&self) -> usize {
        self.tree.seen.get(self.tree.list.at).map_or(0, |&place| place as usize)
    }

    fn fold(&mut self, open: bool) {
        let place = self.line_place();
        if let Some(id) = self.lines().get(place).map(|line| line.field.id) {
            self.tree.folds.insert(id, open);
            self.refold(place);
        }
    }

    fn fold_all(&mut self, open: bool) {
        let ids: Vec<u16> = self.lines().iter().map(|line| line.field.id).collect();
        self.tree.folds.extend(ids.into_iter().map(|id| (id, open)));
        self.refold(self.line_place());
    }

    /// Remembers the line under the cursor, and shows its bytes.
    fn choose_line(&mut self) {
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
    fn line_of_byte(&self) -> Option<usize> {
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

    fn next_buffer(&mut self) {
        let count = self.opened.as_ref().map_or(1, |opened| opened.buffers.len()).max(1);
        self.bytes = Bytes { buffer: (self.bytes.buffer + 1) % count, ..Bytes::default() };
        self.go_to_byte(0);
    }

    /// Asks again for what is shown: more is known of it. It is shown as it was until then.
    pub(crate) fn ask_again(&mut self) {
        self.rows.clear();
        self.asked_rows.clear();
        self.asked_frame = 0;
    }

    /// Gives a field a column, or takes it away; whether it has one now. There are so many at most.
    pub(crate) fn turn_column(&mut self, field: &'static Field) -> Result<bool, String> {
        let had = self.fields.len();
        self.fields.retain(|other| other.id != field.id);
        let is_new = self.fields.len() == had;
        if is_new && had == MOST_FIELDS {
            return Err(format!("no more than {MOST_FIELDS} fields have columns; o in the list takes some away"));
        }
        self.fields.extend(is_new.then_some(field));
        self.ask_again();
        Ok(is_new)
    }

    /// Takes the words of rows.
    pub(crate) fn take_rows(&mut self, mut rows: Vec<Row>) {
        // Others may have been asked for since.
        rows.retain(|row| row.values.iter().map(|(field, _)| field.id).eq(self.fields.iter().map(|field| field.id)));
        self.asked_rows.retain(|frame| !rows.iter().any(|row| row.frame == *frame));
        if self.rows.len() + rows.len() > MOST_ROWS {
            self.rows.clear();
        }
        self.rows.extend(rows.into_iter().map(|row| (row.frame, row)));
    }

    /// Shows nothing where a frame cannot be read.
    pub(crate) fn lose(&mut self, frame: u32) {
        if frame == self.asked_frame {
            self.opened = None;
            self.tree.seen.clear();
        }
    }

    /// Takes a frame that was asked for.
    pub(crate) fn take_frame(&mut self, frame: Box<Dissected>) {
        if frame.frame != self.asked_frame {
            return;
        }
        let buffers = frame.buffers.len();
        self.opened = Some(frame);
        // The cursor goes to the line that says the same of this frame.
        let chosen = self.tree.chosen;
        let same = chosen.and_then(|(id, nth)| {
            let of = self.lines().iter().enumerate().filter(|(_, line)| line.field.id == id);
            of.map(|(place, _)| place).take(nth + 1).last()
        });
        self.refold(same.unwrap_or(0));
        self.bytes.buffer = if self.bytes.buffer < buffers { self.bytes.buffer } else { 0 };
        match self.bytes.found.clone() {
            Some(found) => {
                self.bytes.buffer = 0;
                self.bytes.at = found.start;
                if let Some(place) = self.line_of_byte() {
                    self.show_line(place);
                }
            }
            None if chosen.is_some() => {
                self.choose_line();
                self.tree.chosen = chosen;
            }
            None => self.bytes = Bytes::default(),
        }
        self.bytes.at = self.bytes.at.min(self.buffer().len().saturating_sub(1));
    }
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    match (model.frames.pane, action) {
        (_, Action::NextPane) => model.frames.pane = model.frames.pane.after(1),
        (_, Action::LastPane) => model.frames.pane = model.frames.pane.after(2),
        (_, Action::Zoom) => model.frames.zoom = !model.frames.zoom,
        (Pane::List, Action::Go(way)) => {
            let numbers = model.frame_numbers();
            model.frames.list.go(way, numbers.len(), height);
            choose(model);
        }
        (Pane::List, Action::Enter) => model.frames.pane = Pane::Tree,
        (Pane::Tree, _) => in_tree(&mut model.frames, action, height),
        (Pane::Bytes, _) => in_bytes(&mut model.frames, action, height),
        _ => {}
    }
    Vec::new()
}

/// Keeps the frame under the cursor for when the list changes.
pub(crate) fn choose(model: &mut Model) {
    if let Some(frame) = model.frame_numbers().at(model.frames.list.at) {
        if frame != model.frames.chosen {
            model.frames.bytes.found = None;
        }
        model.frames.chosen = frame;
    }
}

fn in_tree(frames: &mut Frames, action: Action, height: usize) {
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

fn in_bytes(frames: &mut Frames, action: Action, height: usize) {
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

/// Makes what is shown fit, and asks for what is missing of it.
pub(crate) fn settle(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.view != View::Frames {
        return;
    }
    let panes = layout::panes(model);
    let height = usize::from(panes.list.height.saturating_sub(1));
    let (turn, unsorted) = (model.sifted.as_ref().map(|sifted| sifted.turn), model.unsorted_frames());
    if model.frames.order.go_on(turn, &unsorted, &model.index) {
        effects.push(Effect::Continue);
    }
    let numbers = model.frame_numbers();
    let frames = &mut model.frames;
    if !frames.list.tail && numbers.len() > 0 {
        frames.list.at = numbers.place(frames.chosen);
    }
    frames.list.settle(numbers.len(), height);
    if let Some(frame) = numbers.at(frames.list.at).filter(|_| frames.list.tail) {
        frames.chosen = frame;
    }
    frames.tree.list.settle(frames.tree.seen.len(), usize::from(panes.tree.height.saturating_sub(1)));
    let rows = usize::from(panes.bytes.height.saturating_sub(1));
    let row = frames.bytes.at / PER_ROW;
    // All bytes of the line are seen, if there is room; the cursor's in any case.
    let line = frames.line().filter(|line| line.buffer == frames.bytes.buffer).map(|line| line.bytes.clone());
    let end = line.filter(|bytes| bytes.contains(&frames.bytes.at)).map_or(row, |bytes| (bytes.end - 1) / PER_ROW);
    let least = end.min(row + rows.saturating_sub(1)).saturating_sub(rows.saturating_sub(1));
    frames.bytes.top = frames.bytes.top.clamp(least, row);
    // The words of the rows that are seen, and of a screen above and below.
    let missing = |places: std::ops::Range<usize>, rows: &HashMap<u32, Row>| -> Vec<u32> {
        places.filter_map(|place| numbers.at(place)).filter(|frame| !rows.contains_key(frame)).collect()
    };
    let seen = missing(frames.list.seen(numbers.len(), height), &frames.rows);
    if seen.iter().any(|frame| !frames.asked_rows.contains(frame)) {
        let around = frames.list.top.saturating_sub(height)..(frames.list.top + 2 * height).min(numbers.len());
        frames.asked_rows = missing(around, &frames.rows);
        let (asked, fields) = (frames.asked_rows.clone(), frames.fields.clone());
        effects.push(Effect::Ask(Ask::Rows { frames: asked, fields }));
    }
    if let Some(frame) = numbers.at(frames.list.at).filter(|&frame| frame != frames.asked_frame) {
        frames.asked_frame = frame;
        effects.push(Effect::Ask(Ask::Frame(frame)));
    }
}
