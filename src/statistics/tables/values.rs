//! Values of fields with their number: expert notes, and what handshakes negotiate.

use crate::analysis::{FrameResults, Task};
use crate::report::DissectedFrame;
use crate::report::TimeFormatter;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::report::value::node_value;
use crate::statistics::table::{StatisticsTable, write_rows};
use dissectors::session::Side;
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, Tree, Value, Wants, format, frame};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Maximum number of values, and maximum bytes of each.
const MAX_VALUES: usize = 10_000;
const MAX_VALUE: usize = 256;

static VALUE_COLUMNS: [RecordColumn; 4] = [
    RecordColumn::new("field", text_column("FIELD", 30, 50, 0)),
    RecordColumn::new("count", number_column("COUNT", 8, 0)),
    RecordColumn::new("first_frame", number_column("FIRST", 8, 1)),
    RecordColumn::new("value", text_column("VALUE", 20, 120, 0)),
];

/// Writes values as text: a number with its name.
pub(crate) struct ValueFormatter(TimeFormatter);

impl Default for ValueFormatter {
    fn default() -> ValueFormatter {
        ValueFormatter(TimeFormatter::local())
    }
}

impl ValueFormatter {
    /// Returns the value of a node.
    pub(crate) fn text(&mut self, node: &Node, tree: &Tree) -> String {
        let mut text = String::new();
        node_value(&mut text, node, tree, &mut self.0);
        if let Value::Uint(number) = node.value
            && let Some(name) = node.field.value_name(number)
        {
            let _ = write!(text, " {name}");
        }
        text
    }
}

/// Counts the values of fields that a side sends.
pub(crate) struct ValuesTable {
    /// Fields, each with the side whose values count.
    fields: Vec<(&'static Field, Side)>,
    /// Number of nodes and first frame of each field and value.
    values: HashMap<(u16, Box<str>), (u64, u32)>,
    names: HashMap<u16, &'static str>,
    other: u64,
    formatter: ValueFormatter,
}

impl ValuesTable {
    pub(crate) fn new(fields: impl Iterator<Item = (&'static Field, Side)>) -> ValuesTable {
        let fields: Vec<_> = fields.collect();
        let names = fields.iter().map(|(field, _)| (field.id, field.name)).collect();
        ValuesTable { fields, values: HashMap::new(), names, other: 0, formatter: ValueFormatter::default() }
    }

    fn add(&mut self, node: &Node, tree: &Tree, frame: u32) {
        let text = self.formatter.text(node, tree);
        let key = (node.field.id, format::prefix(&text, MAX_VALUE).into());
        if self.values.len() >= MAX_VALUES && !self.values.contains_key(&key) {
            self.other += 1;
            return;
        }
        self.values.entry(key).or_insert((0, frame)).0 += 1;
    }
}

impl StatisticsTable for ValuesTable {
    fn extend_task(&self, task: &mut Task) {
        let mut wants = Wants::default();
        self.fields.iter().for_each(|(field, _)| wants.add(field));
        task.wants.add_all(&wants);
        task.without_connections = false;
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        let Some(sender) = results.connections.iter().find(|own| !own.quoted).map(|own| own.side) else { return };
        for node in shown.tree.nodes() {
            if self.fields.iter().any(|(field, side)| field.id == node.field.id && *side == sender) {
                self.add(node, shown.tree, shown.frame.number);
            }
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let mut rows: Vec<_> = self.values.iter().collect();
        rows.sort_by_key(|&((field, value), &(count, _))| (*field, Reverse(count), value));
        let rows = rows.into_iter().map(|((field, value), &(count, first))| {
            let name = self.names.get(field).copied().unwrap_or("");
            [Cell::Word(name), Cell::Number(count), Cell::Number(first.into()), Cell::Text(value)]
        });
        write_rows(&VALUE_COLUMNS, format, rows, out)
    }

    fn limit_notes(&self) -> Vec<String> {
        let note = format!("limit of {MAX_VALUES} values reached; {} others are not counted", self.other);
        (self.other > 0).then_some(note).into_iter().collect()
    }
}

static NOTE_COLUMNS: [RecordColumn; 5] = [
    RecordColumn::new("severity", text_column("SEVERITY", 8, 8, 0)),
    RecordColumn::new("count", number_column("COUNT", 8, 0)),
    RecordColumn::new("first_frame", number_column("FIRST", 8, 1)),
    RecordColumn::new("field", text_column("FIELD", 30, 50, 0)),
    RecordColumn::new("note", text_column("NOTE", 20, 120, 0)),
];

/// Counts expert notes.
#[derive(Default)]
pub(crate) struct NotesTable {
    /// Number and first frame of each note, by its field.
    notes: HashMap<u16, (&'static Field, u64, u32)>,
}

impl StatisticsTable for NotesTable {
    fn extend_task(&self, task: &mut Task) {
        task.wants.add(&frame::EXPERT);
        task.wants.labels = true;
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, _: &FrameResults<'_>) {
        // A note has a text; a node without one is the field alone, beside its note.
        for node in shown.tree.nodes().iter().filter(|node| node.label.len > 0) {
            if let FieldKind::Note(_) = node.field.kind {
                self.notes.entry(node.field.id).or_insert((node.field, 0, shown.frame.number)).1 += 1;
            }
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let severity = |field: &Field| if let FieldKind::Note(severity) = field.kind { Some(severity) } else { None };
        let mut rows: Vec<_> = self.notes.values().collect();
        rows.sort_by_key(|&&(field, count, _)| (Reverse(severity(field)), Reverse(count), field.name));
        let rows = rows.into_iter().map(|&(field, count, first)| {
            [
                Cell::Word(severity(field).map_or("", |severity| severity.name())),
                Cell::Number(count),
                Cell::Number(first.into()),
                Cell::Word(field.name),
                Cell::Word(field.title),
            ]
        });
        write_rows(&NOTE_COLUMNS, format, rows, out)
    }
}
