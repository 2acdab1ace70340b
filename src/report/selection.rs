//! The fields selected with `-e`: resolved by name, and their values collected from each frame.

use super::DissectedFrame;
use super::time_format::TimeFormatter;
use super::value::{self, Decimals};
use crate::naming::{find_in_any_version, nearest, unread};
use dissectors::tree::Node;
use dissectors::{FIELD_COUNT, Field, FieldKind, Tree, Wants, column};
use std::fmt;

/// Which values of a field are printed, if a frame has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Occurrence {
    /// The first.
    First,
    /// The last.
    Last,
    /// All of them.
    #[default]
    All,
}

/// The selected fields, in the user's order.
#[derive(Clone)]
pub struct Selection {
    selected: Vec<SelectedField>,
    /// Index into the first and last nodes, by field id; none for a field that is not selected.
    slots: Vec<u16>,
    /// First and last node of each slot in the current frame.
    node_lists: Vec<(u32, u32)>,
    /// The next node of the same field, indexed by node.
    next: Vec<u32>,
}

/// A selected field.
#[derive(Clone)]
pub(crate) struct SelectedField {
    /// Name as the user wrote it.
    pub(crate) name: String,
    pub(crate) field: &'static Field,
    slot: Slot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// A field of the tree.
    Field(u16),
    /// A column of the frame list.
    Column,
}

const NO_SLOT: u16 = u16::MAX;
const LIST_END: u32 = u32::MAX;

/// Unknown field names.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFields(Vec<String>);

impl UnknownFields {
    /// An unknown name.
    pub(super) fn of(name: &str) -> UnknownFields {
        UnknownFields(vec![name.to_owned()])
    }
}

impl std::error::Error for UnknownFields {}

impl fmt::Display for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, name) in self.0.iter().enumerate() {
            f.write_str(if nth > 0 { "; " } else { "" })?;
            if let Some(message) = unread(name) {
                f.write_str(&message)?;
                continue;
            }
            let mut escaped = String::new();
            value::text(&mut escaped, name.as_bytes());
            write!(f, "unknown field {escaped}")?;
            let near = nearest(name);
            if !near.is_empty() {
                write!(f, " (nearest: {})", near.join(", "))?;
            }
        }
        Ok(())
    }
}

impl Selection {
    /// Resolves field names: those of Wireshark 4.4, those of overhear, and the columns in the spelling of any version
    /// (`_ws.col.protocol`, `_ws.col.Protocol`, `_ws.col.def_src`, `_ws.col.Source`).
    pub fn new<N: AsRef<str>>(names: &[N]) -> Result<Selection, UnknownFields> {
        let mut unknown = UnknownFields(Vec::new());
        let mut selection = Selection {
            selected: Vec::new(),
            slots: vec![NO_SLOT; FIELD_COUNT.into()],
            node_lists: Vec::new(),
            next: Vec::new(),
        };
        for name in names.iter().map(AsRef::as_ref) {
            match find_in_any_version(name) {
                Some(field) => selection.add(name, field),
                None => unknown.0.push(name.to_owned()),
            }
        }
        if unknown.0.is_empty() { Ok(selection) } else { Err(unknown) }
    }

    /// Returns the columns of the frame list, named by their titles.
    #[must_use]
    pub fn columns() -> Selection {
        let mut selection =
            Selection { selected: Vec::new(), slots: Vec::new(), node_lists: Vec::new(), next: Vec::new() };
        let columns = [
            &column::NUMBER,
            &column::TIME,
            &column::SOURCE,
            &column::DESTINATION,
            &column::PROTOCOL_NAME,
            &column::LENGTH,
            &column::INFO,
        ];
        columns.into_iter().for_each(|field| selection.add(field.title, field));
        selection
    }

    fn add(&mut self, name: &str, field: &'static Field) {
        let slot = match self.slots.get_mut(usize::from(field.id)) {
            _ if field.protocol == column::COLUMN.id => Slot::Column,
            Some(slot) => {
                if *slot == NO_SLOT {
                    *slot = self.node_lists.len() as u16;
                    self.node_lists.push((LIST_END, LIST_END));
                }
                Slot::Field(*slot)
            }
            None => return,
        };
        self.selected.push(SelectedField { name: name.to_owned(), field, slot });
    }

    /// Returns the fields that must be recorded to print the selection.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        for chosen in &self.selected {
            if chosen.slot != Slot::Column {
                wants.add(chosen.field);
                // A protocol is printed as its line of the detail tree.
                wants.labels |= chosen.field.kind == FieldKind::Protocol;
            }
            let frame_columns = [column::NUMBER.id, column::TIME.id, column::LENGTH.id];
            wants.columns |= chosen.slot == Slot::Column && !frame_columns.contains(&chosen.field.id);
        }
        wants
    }

    pub(crate) fn selected(&self) -> &[SelectedField] {
        &self.selected
    }

    /// Indexes the nodes of a frame by field. Must be called before [`nodes`](Selection::nodes).
    pub(crate) fn index_nodes(&mut self, tree: &Tree) {
        self.node_lists.fill((LIST_END, LIST_END));
        self.next.clear();
        for (at, node) in tree.nodes().iter().enumerate() {
            self.next.push(LIST_END);
            let slot = self.slots.get(usize::from(node.field.id)).copied().unwrap_or(NO_SLOT);
            let Some((first, last)) = self.node_lists.get_mut(usize::from(slot)) else { continue };
            match self.next.get_mut(*last as usize) {
                Some(next) => *next = at as u32,
                None => *first = at as u32,
            }
            *last = at as u32;
        }
    }

    /// Returns the nodes of a selected field in the indexed frame; none for a column.
    pub(crate) fn nodes<'t>(&self, chosen: &SelectedField, tree: &'t Tree) -> FieldNodes<'_, 't> {
        let head = match chosen.slot {
            Slot::Field(slot) => self.node_lists.get(usize::from(slot)).map_or(LIST_END, |&(first, _)| first),
            Slot::Column => LIST_END,
        };
        FieldNodes { next: &self.next, nodes: tree.nodes(), at: head }
    }

    /// Appends the values of a selected field that `occurrence` selects, with a separator between them. Returns whether
    /// there is any value.
    pub(super) fn write_values(
        &self,
        chosen: &SelectedField,
        dissected: &DissectedFrame<'_>,
        writer: &mut ValueWriter<'_>,
    ) -> bool {
        if chosen.slot == Slot::Column {
            return column_text(writer.out, chosen.field, dissected, writer.clock);
        }
        let mut nodes = self.nodes(chosen, dissected.tree);
        let first = match writer.occurrence {
            Occurrence::All | Occurrence::First => nodes.next(),
            Occurrence::Last => nodes.by_ref().last(),
        };
        let Some(first) = first else { return false };
        value::node_value(writer.out, first, dissected.tree, writer.clock);
        if writer.occurrence == Occurrence::All {
            for node in nodes {
                writer.out.push(writer.separator);
                value::node_value(writer.out, node, dissected.tree, writer.clock);
            }
        }
        true
    }
}

/// Output of values, and their format.
pub(super) struct ValueWriter<'a> {
    pub(super) out: &'a mut String,
    pub(super) clock: &'a mut TimeFormatter,
    pub(super) occurrence: Occurrence,
    /// Separator between two values.
    pub(super) separator: char,
}

/// Iterator over the nodes of one field in a frame, in order.
pub(crate) struct FieldNodes<'s, 't> {
    next: &'s [u32],
    nodes: &'t [Node],
    at: u32,
}

impl<'t> Iterator for FieldNodes<'_, 't> {
    type Item = &'t Node;

    fn next(&mut self) -> Option<&'t Node> {
        let at = self.at as usize;
        self.at = self.next.get(at).copied().unwrap_or(LIST_END);
        self.nodes.get(at)
    }
}

/// Appends the text of a column of the frame list; returns whether it has any.
pub(crate) fn column_text(
    out: &mut String,
    column: &Field,
    dissected: &DissectedFrame<'_>,
    clock: &mut TimeFormatter,
) -> bool {
    let columns = dissected.tree.columns();
    let before = out.len();
    if column.id == column::NUMBER.id {
        value::number(out, dissected.frame.number.into());
    } else if column.id == column::TIME.id {
        value::seconds(out, dissected.relative, time_decimals(dissected));
    } else if column.id == column::SOURCE.id {
        columns.source.inspect(|&address| value::host(out, column, address, dissected.tree, clock));
    } else if column.id == column::DESTINATION.id {
        columns.destination.inspect(|&address| value::host(out, column, address, dissected.tree, clock));
    } else if column.id == column::PROTOCOL_NAME.id {
        out.push_str(columns.protocol);
    } else if column.id == column::LENGTH.id {
        value::number(out, dissected.frame.length.into());
    } else if column.id == column::INFO.id {
        value::line(out, dissected.tree.bytes(columns.info));
    }
    out.len() > before
}

/// Returns the text columns of a frame's row: source, destination and info.
pub(crate) fn frame_texts(dissected: &DissectedFrame<'_>, clock: &mut TimeFormatter) -> [String; 3] {
    [&column::SOURCE, &column::DESTINATION, &column::INFO].map(|column| {
        let mut text = String::new();
        column_text(&mut text, column, dissected, clock);
        text
    })
}

/// Returns the decimals that the timestamp resolution of the capture needs.
fn time_decimals(dissected: &DissectedFrame<'_>) -> Decimals {
    match dissected.frame.interface {
        Some(interface) if interface.resolution & 0x80 == 0 && interface.resolution <= 6 => Decimals::Six,
        Some(_) => Decimals::Nine,
        None if dissected.frame.time.0 % 1000 != 0 => Decimals::Nine,
        None => Decimals::Six,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_an_unknown_field_has_the_nearest_names() {
        let error = Selection::new(&["tcp.srcprt", "frame.number"]).err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.starts_with("unknown field tcp.srcprt (nearest: tcp.srcport"), "{error}");
    }

    #[test]
    fn only_selected_fields_are_recorded() {
        let selection = Selection::new(&["frame.number", "_ws.col.number"]).expect("both exist");
        let wants = selection.wants();
        assert!(wants.field(&dissectors::frame::NUMBER));
        assert!(!wants.field(&dissectors::frame::LEN));
        assert!(!wants.columns && !wants.labels);
        let selection = Selection::new(&["tcp", "_ws.col.Info"]).expect("both exist");
        assert!(selection.wants().columns && selection.wants().labels);
    }
}
