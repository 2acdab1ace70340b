//! Columns of selected fields, and the values of a frame in them.

use super::column::{ColumnType, TableColumn};
use super::rows::{Datum, RowBuffer};
use crate::report::{DissectedFrame, Occurrence, Selection, TimeFormatter, column_text, value_of};
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, Tree, Value, column, format};

/// Values of selected fields.
pub(super) struct FieldColumns {
    selection: Selection,
    occurrence: Occurrence,
    clock: TimeFormatter,
}

/// Returns the type of the values of a field.
fn column_type(field: &Field) -> ColumnType {
    match field.kind {
        _ if field.protocol == column::COLUMN.id => match field.id {
            id if id == column::NUMBER.id || id == column::LENGTH.id => ColumnType::Int64,
            id if id == column::TIME.id => ColumnType::Duration,
            _ => ColumnType::Text,
        },
        FieldKind::Bool => ColumnType::Bool,
        FieldKind::U8 | FieldKind::U16 | FieldKind::U24 | FieldKind::I32 => ColumnType::Int32,
        FieldKind::U32 | FieldKind::Frame | FieldKind::I64 => ColumnType::Int64,
        FieldKind::U64 => ColumnType::Uint64,
        FieldKind::Bytes => ColumnType::Bytes,
        FieldKind::Time => ColumnType::Time,
        FieldKind::Duration => ColumnType::Duration,
        FieldKind::Decimal => ColumnType::Double,
        FieldKind::Protocol
        | FieldKind::Label
        | FieldKind::Note(_)
        | FieldKind::Text
        | FieldKind::Ipv4
        | FieldKind::Ipv6
        | FieldKind::Ether => ColumnType::Text,
    }
}

/// Whether a field has addresses, which have a second column of bytes.
fn is_address(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Ipv4 | FieldKind::Ipv6 | FieldKind::Ether) && field.protocol != column::COLUMN.id
}

impl FieldColumns {
    pub(super) fn new(selection: Selection, occurrence: Occurrence) -> FieldColumns {
        FieldColumns { selection, occurrence, clock: TimeFormatter::local() }
    }

    /// Returns the columns: one for each field, named as the user did, and one more for the bytes of addresses.
    pub(super) fn columns(&self) -> Vec<TableColumn> {
        let mut columns = Vec::new();
        for chosen in self.selection.selected() {
            let field = chosen.field;
            let mut own = vec![TableColumn::of_field(&chosen.name, column_type(field), field)];
            if is_address(field) {
                own.push(TableColumn::of_field(&format!("{}_bytes", chosen.name), ColumnType::Bytes, field));
            }
            let is_list = self.occurrence == Occurrence::All && field.protocol != column::COLUMN.id;
            columns.extend(own.into_iter().map(|column| if is_list { column.list() } else { column }));
        }
        columns
    }

    /// Appends the values of a frame.
    pub(super) fn push(&mut self, dissected: &DissectedFrame<'_>, rows: &mut RowBuffer) {
        let FieldColumns { selection, occurrence, clock } = self;
        selection.index_nodes(dissected.tree);
        for chosen in selection.selected() {
            let field = chosen.field;
            if field.protocol == column::COLUMN.id {
                push_frame_column(field, dissected, clock, rows);
                continue;
            }
            let types = [Some(column_type(field)), is_address(field).then_some(ColumnType::Bytes)];
            for of in types.into_iter().flatten() {
                let mut nodes = selection.nodes(chosen, dissected.tree);
                match occurrence {
                    Occurrence::All => {
                        let values: Vec<OwnedDatum<'_>> =
                            nodes.map(|node| node_datum(node, of, dissected.tree, clock)).collect();
                        rows.push_list(values.iter().map(OwnedDatum::datum));
                    }
                    Occurrence::First | Occurrence::Last => {
                        let node = if *occurrence == Occurrence::First { nodes.next() } else { nodes.last() };
                        let value = node.map(|node| node_datum(node, of, dissected.tree, clock));
                        rows.push(value.as_ref().map_or(Datum::Null, OwnedDatum::datum));
                    }
                }
            }
        }
    }
}

/// Appends the value of a column of the frame list.
pub(super) fn push_frame_column(
    field: &Field,
    dissected: &DissectedFrame<'_>,
    clock: &mut TimeFormatter,
    rows: &mut RowBuffer,
) {
    if field.id == column::NUMBER.id {
        rows.push(Datum::Int(dissected.frame.number.into()));
    } else if field.id == column::LENGTH.id {
        rows.push(Datum::Int(dissected.frame.length.into()));
    } else if field.id == column::TIME.id {
        rows.push(Datum::Int(dissected.relative));
    } else {
        let mut text = String::new();
        column_text(&mut text, field, dissected, clock);
        rows.push(Datum::text(&text));
    }
}

/// A value of a row, or the text that is made of one.
pub(super) enum OwnedDatum<'t> {
    Datum(Datum<'t>),
    Text(String),
    Address([u8; 16], usize),
}

impl OwnedDatum<'_> {
    pub(super) fn datum(&self) -> Datum<'_> {
        match self {
            OwnedDatum::Datum(datum) => *datum,
            OwnedDatum::Text(text) => Datum::Text(text),
            OwnedDatum::Address(bytes, len) => Datum::Bytes(bytes.get(..*len).unwrap_or_default()),
        }
    }
}

/// Returns the value of a node in a column of a type.
pub(super) fn node_datum<'t>(node: &Node, of: ColumnType, tree: &'t Tree, clock: &mut TimeFormatter) -> OwnedDatum<'t> {
    let address = |bytes: &[u8]| {
        let mut own = [0; 16];
        own.iter_mut().zip(bytes).for_each(|(own, byte)| *own = *byte);
        OwnedDatum::Address(own, bytes.len())
    };
    let datum = match (node.value, of) {
        (Value::Ipv4(bytes), ColumnType::Bytes) => return address(&bytes),
        (Value::Ipv6(bytes), ColumnType::Bytes) => return address(&bytes),
        (Value::Ether(bytes), ColumnType::Bytes) => return address(&bytes),
        (Value::Text(slice) | Value::Bytes(slice), ColumnType::Bytes) => Datum::Bytes(tree.bytes(slice)),
        (Value::Text(slice), ColumnType::Text) => Datum::Bytes(tree.bytes(slice)),
        (Value::Bool(value), ColumnType::Bool) => Datum::Bool(value),
        (Value::Present, ColumnType::Bool) => Datum::Bool(true),
        (Value::Uint(number), ColumnType::Int32 | ColumnType::Int64 | ColumnType::Uint64) => {
            Datum::Int(number.cast_signed())
        }
        (Value::Int(number), ColumnType::Int32 | ColumnType::Int64) => Datum::Int(number),
        (Value::Time(nanos), ColumnType::Time) | (Value::Duration(nanos), ColumnType::Duration) => Datum::Int(nanos),
        (Value::Decimal(billionths), ColumnType::Double) => Datum::Double(billionths as f64 / 1e9),
        (_, ColumnType::Text) => {
            let mut text = String::new();
            match node.field.kind {
                FieldKind::Protocol | FieldKind::Label | FieldKind::Note(_) => value_of(&mut text, node, tree, clock),
                _ => drop(format::value(&mut text, node.field, node.value, tree)),
            }
            return OwnedDatum::Text(text);
        }
        _ => Datum::Null,
    };
    OwnedDatum::Datum(datum)
}
