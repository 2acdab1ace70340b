//! The view of frames: the list, the tree of one and its bytes, linked both ways.

use super::keys::{Action, Context};
use super::layout;
use super::linked::{self, Bytes, PER_ROW, Tree};
use super::list::List;
use super::model::{Model, View};
use super::msg::Effect;
use super::order::Order;
use crate::browse::{Ask, Dissected, Row};
use dissectors::Field;
use hashbrown::HashMap;

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

impl Frames {
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
        (Pane::Tree, _) => linked::in_tree(&mut model.frames, action, height),
        (Pane::Bytes, _) => linked::in_bytes(&mut model.frames, action, height),
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
