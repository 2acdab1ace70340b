//! The fields a user chose with `-e`: found by name, and their values gathered from each frame.

use super::Shown;
use super::clock::Clock;
use super::value::{self, Decimals};
use crate::naming::{find, nearest, unread};
use crate::report::fields::Occurrence;
use dissectors::tree::Node;
use dissectors::{FIELD_COUNT, Field, Kind, Tree, Wants, column};
use std::fmt;

/// The chosen fields, in their order.
pub struct Selection {
    chosen: Vec<Chosen>,
    /// The place among `heads` by a field's id; `NONE` for what is not chosen.
    slots: Vec<u16>,
    /// The first and the last node of each slot in the present frame.
    heads: Vec<(u32, u32)>,
    /// The next node of the same field, by a node's place in the tree.
    next: Vec<u32>,
}

/// A chosen field.
pub(super) struct Chosen {
    /// As the user wrote it.
    pub(super) name: String,
    pub(super) field: &'static Field,
    slot: Slot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// A field of the tree.
    Field(u16),
    /// A column of the list of frames.
    Column,
}

const NONE: u16 = u16::MAX;
const END: u32 = u32::MAX;

/// Names that no field has.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFields(Vec<String>);

impl std::error::Error for UnknownFields {}

impl fmt::Display for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, name) in self.0.iter().enumerate() {
            f.write_str(if nth > 0 { "; " } else { "" })?;
            if let Some(message) = unread(name) {
                f.write_str(&message)?;
                continue;
            }
            let mut shown = String::new();
            value::text(&mut shown, name.as_bytes());
            write!(f, "no field is called {shown}")?;
            let near = nearest(name);
            if !near.is_empty() {
                write!(f, " (nearest: {})", near.join(", "))?;
            }
        }
        Ok(())
    }
}

impl Selection {
    /// The fields of these names: those of Wireshark 4.4, ours, and the columns in the spelling of any version
    /// (`_ws.col.protocol`, `_ws.col.Protocol`, `_ws.col.def_src`, `_ws.col.Source`).
    pub fn new<N: AsRef<str>>(names: &[N]) -> Result<Selection, UnknownFields> {
        let mut unknown = UnknownFields(Vec::new());
        let mut selection = Selection {
            chosen: Vec::new(),
            slots: vec![NONE; FIELD_COUNT.into()],
            heads: Vec::new(),
            next: Vec::new(),
        };
        for name in names.iter().map(AsRef::as_ref) {
            match find(name) {
                Some(field) => selection.choose(name, field),
                None => unknown.0.push(name.to_owned()),
            }
        }
        if unknown.0.is_empty() { Ok(selection) } else { Err(unknown) }
    }

    /// The columns of the list of frames, under their titles.
    #[must_use]
    pub fn columns() -> Selection {
        let mut selection = Selection { chosen: Vec::new(), slots: Vec::new(), heads: Vec::new(), next: Vec::new() };
        let columns = [
            &column::NUMBER,
            &column::TIME,
            &column::SOURCE,
            &column::DESTINATION,
            &column::PROTOCOL_NAME,
            &column::LENGTH,
            &column::INFO,
        ];
        columns.into_iter().for_each(|field| selection.choose(field.title, field));
        selection
    }

    fn choose(&mut self, name: &str, field: &'static Field) {
        let slot = match self.slots.get_mut(usize::from(field.id)) {
            _ if field.protocol == column::COLUMN.id => Slot::Column,
            Some(slot) => {
                if *slot == NONE {
                    *slot = self.heads.len() as u16;
                    self.heads.push((END, END));
                }
                Slot::Field(*slot)
            }
            None => return,
        };
        self.chosen.push(Chosen { name: name.to_owned(), field, slot });
    }

    /// What has to be recorded for them.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        for chosen in &self.chosen {
            if chosen.slot != Slot::Column {
                wants.add(chosen.field);
                // A protocol is printed as its line of the tree.
                wants.labels |= chosen.field.kind == Kind::Protocol;
            }
            let of_the_frame = [column::NUMBER.id, column::TIME.id, column::LENGTH.id];
            wants.columns |= chosen.slot == Slot::Column && !of_the_frame.contains(&chosen.field.id);
        }
        wants
    }

    pub(super) fn chosen(&self) -> &[Chosen] {
        &self.chosen
    }

    /// Sorts the nodes of a frame by the field they belong to; called before [`nodes`](Selection::nodes).
    pub(super) fn gather(&mut self, tree: &Tree) {
        self.heads.fill((END, END));
        self.next.clear();
        for (at, node) in tree.nodes().iter().enumerate() {
            self.next.push(END);
            let slot = self.slots.get(usize::from(node.field.id)).copied().unwrap_or(NONE);
            let Some((first, last)) = self.heads.get_mut(usize::from(slot)) else { continue };
            match self.next.get_mut(*last as usize) {
                Some(next) => *next = at as u32,
                None => *first = at as u32,
            }
            *last = at as u32;
        }
    }

    /// The nodes of a chosen field in the frame that was gathered last; none for a column.
    pub(super) fn nodes<'t>(&self, chosen: &Chosen, tree: &'t Tree) -> Nodes<'_, 't> {
        let head = match chosen.slot {
            Slot::Field(slot) => self.heads.get(usize::from(slot)).map_or(END, |&(first, _)| first),
            Slot::Column => END,
        };
        Nodes { next: &self.next, nodes: tree.nodes(), at: head }
    }

    /// Appends the values of a chosen field, those that `occurrence` lets through, with `between` between them.
    /// Returns whether there is any.
    pub(super) fn write(&self, chosen: &Chosen, shown: &Shown<'_>, pen: &mut Pen<'_>) -> bool {
        if chosen.slot == Slot::Column {
            return column_text(pen.out, chosen.field, shown, pen.clock);
        }
        let mut nodes = self.nodes(chosen, shown.tree);
        let first = match pen.occurrence {
            Occurrence::All | Occurrence::First => nodes.next(),
            Occurrence::Last => nodes.by_ref().last(),
        };
        let Some(first) = first else { return false };
        value::node(pen.out, first, shown.tree, pen.clock);
        if pen.occurrence == Occurrence::All {
            for node in nodes {
                pen.out.push(pen.between);
                value::node(pen.out, node, shown.tree, pen.clock);
            }
        }
        true
    }
}

/// Where values are appended, and how.
pub(super) struct Pen<'a> {
    pub(super) out: &'a mut String,
    pub(super) clock: &'a mut Clock,
    pub(super) occurrence: Occurrence,
    /// What stands between two values.
    pub(super) between: char,
}

/// The nodes of one field in one frame, in their order.
pub(super) struct Nodes<'s, 't> {
    next: &'s [u32],
    nodes: &'t [Node],
    at: u32,
}

impl<'t> Iterator for Nodes<'_, 't> {
    type Item = &'t Node;

    fn next(&mut self) -> Option<&'t Node> {
        let at = self.at as usize;
        self.at = self.next.get(at).copied().unwrap_or(END);
        self.nodes.get(at)
    }
}

/// Appends what a column of the list of frames says of a frame; returns whether it says anything.
pub(super) fn column_text(out: &mut String, column: &Field, shown: &Shown<'_>, clock: &mut Clock) -> bool {
    use fmt::Write;
    let columns = shown.tree.columns();
    let before = out.len();
    if column.id == column::NUMBER.id {
        let _ = write!(out, "{}", shown.frame.number);
    } else if column.id == column::TIME.id {
        value::seconds(out, shown.relative, decimals(shown));
    } else if column.id == column::SOURCE.id {
        columns.source.inspect(|&address| value::value(out, column, address, shown.tree, clock));
    } else if column.id == column::DESTINATION.id {
        columns.destination.inspect(|&address| value::value(out, column, address, shown.tree, clock));
    } else if column.id == column::PROTOCOL_NAME.id {
        out.push_str(columns.protocol);
    } else if column.id == column::LENGTH.id {
        let _ = write!(out, "{}", shown.frame.length);
    } else if column.id == column::INFO.id {
        value::line(out, shown.tree.bytes(columns.info));
    }
    out.len() > before
}

/// The words of a frame's row beside its number, its time and its size: who sent it to whom, and what it is about.
pub(crate) fn row(shown: &Shown<'_>, clock: &mut Clock) -> [String; 3] {
    [&column::SOURCE, &column::DESTINATION, &column::INFO].map(|column| {
        let mut text = String::new();
        column_text(&mut text, column, shown, clock);
        text
    })
}

/// As finely as the capture tells time.
fn decimals(shown: &Shown<'_>) -> Decimals {
    match shown.frame.interface {
        Some(interface) if interface.resolution & 0x80 == 0 && interface.resolution <= 6 => Decimals::Six,
        Some(_) => Decimals::Nine,
        None if shown.frame.time.0 % 1000 != 0 => Decimals::Nine,
        None => Decimals::Six,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_told_with_the_nearest_names() {
        let error = Selection::new(&["tcp.srcprt", "frame.number"]).err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.starts_with("no field is called tcp.srcprt (nearest: tcp.srcport"), "{error}");
    }

    #[test]
    fn only_what_is_chosen_is_wanted() {
        let selection = Selection::new(&["frame.number", "_ws.col.number"]).expect("both exist");
        let wants = selection.wants();
        assert!(wants.field(&dissectors::frame::NUMBER));
        assert!(!wants.field(&dissectors::frame::LEN));
        assert!(!wants.columns && !wants.labels);
        let selection = Selection::new(&["tcp", "_ws.col.Info"]).expect("both exist");
        assert!(selection.wants().columns && selection.wants().labels);
    }
}
