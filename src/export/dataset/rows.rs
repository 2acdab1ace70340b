//! Rows of a table, column by column.

use super::column::{ColumnType, TableColumn};
use crate::capture::Endpoint;
use crate::report::records::address;
use dissectors::host_names::HostName;
use dissectors::packet::Address;
use std::ops::Range;
use std::sync::Arc;

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Datum<'a> {
    /// No value.
    Null,
    Bool(bool),
    /// A number, a time or a duration.
    Int(i64),
    Double(f64),
    /// UTF-8.
    Text(&'a str),
    /// Bytes; in a column of text, those that are not UTF-8 are escaped.
    Bytes(&'a [u8]),
}

impl<'a> Datum<'a> {
    /// Returns a number, or no value.
    pub(super) fn number(number: Option<impl Into<u64>>) -> Datum<'a> {
        number.map_or(Datum::Null, |number| Datum::Int(number.into().cast_signed()))
    }

    /// Returns a duration or a time, or no value.
    pub(super) fn nanos(nanos: Option<i64>) -> Datum<'a> {
        nanos.map_or(Datum::Null, Datum::Int)
    }

    /// Returns a text; no value if it is empty.
    pub(super) fn text(text: &'a str) -> Datum<'a> {
        if text.is_empty() { Datum::Null } else { Datum::Text(text) }
    }

    /// Returns bytes; no value if there are none.
    pub(super) fn bytes(bytes: &'a [u8]) -> Datum<'a> {
        if bytes.is_empty() { Datum::Null } else { Datum::Bytes(bytes) }
    }
}

/// Values of a column that are not missing.
#[derive(Clone, Debug)]
pub(super) enum ColumnValues {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    /// Numbers of 64 bits; unsigned ones by their bits.
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Bytes(ByteValues),
}

/// Values of bytes, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct ByteValues {
    pub(super) bytes: Vec<u8>,
    /// The end of each value.
    pub(super) ends: Vec<u32>,
}

/// Values of a column, with the levels of Parquet.
#[derive(Clone, Debug)]
pub(super) struct ColumnBuffer {
    pub(super) values: ColumnValues,
    /// For each value, and for each row without one: whether there is a value.
    pub(super) definition: Vec<i16>,
    /// The same for lists: whether the value belongs to the row of the value before it. Empty for other columns.
    pub(super) repetition: Vec<i16>,
    is_text: bool,
    /// Values and levels that were taken.
    taken: (usize, usize),
}

/// Bytes that a level takes.
const LEVEL_SIZE: usize = size_of::<i16>();

impl ColumnBuffer {
    fn new(column: &TableColumn) -> ColumnBuffer {
        let values = match column.column_type {
            ColumnType::Bool => ColumnValues::Bool(Vec::new()),
            ColumnType::Int32 => ColumnValues::Int32(Vec::new()),
            ColumnType::Int64 | ColumnType::Uint64 | ColumnType::Time | ColumnType::Duration => {
                ColumnValues::Int64(Vec::new())
            }
            ColumnType::Double => ColumnValues::Double(Vec::new()),
            ColumnType::Text | ColumnType::Bytes => ColumnValues::Bytes(ByteValues::default()),
        };
        let is_text = column.column_type == ColumnType::Text;
        ColumnBuffer { values, definition: Vec::new(), repetition: Vec::new(), is_text, taken: (0, 0) }
    }

    /// Moves the next row, which was not taken yet, to the end of another column of the same type. Returns the bytes that it takes.
    fn take_row(&mut self, to: &mut ColumnBuffer) -> usize {
        let mut size = 0;
        loop {
            let (value, level) = &mut self.taken;
            let Some(&definition) = self.definition.get(*level) else { return size };
            to.definition.push(definition);
            size += LEVEL_SIZE;
            if let Some(&repetition) = self.repetition.get(*level) {
                to.repetition.push(repetition);
                size += LEVEL_SIZE;
            }
            if definition > 0 {
                size += to.push_checked(self.values.get(*value));
                *value += 1;
            }
            *level += 1;
            if self.repetition.get(*level) != Some(&1) {
                return size;
            }
        }
    }

    /// Appends a value of a column of this type. Returns the bytes that it takes.
    fn push_checked(&mut self, datum: Datum<'_>) -> usize {
        match (&mut self.values, datum) {
            (ColumnValues::Bytes(values), Datum::Bytes(bytes)) => {
                values.push(bytes);
                bytes.len() + size_of::<u32>()
            }
            _ => self.push_value(datum).unwrap_or_default(),
        }
    }

    /// Appends a value. Returns the bytes that it takes, none if it is missing or of another type.
    fn push_value(&mut self, datum: Datum<'_>) -> Option<usize> {
        match (&mut self.values, datum) {
            (ColumnValues::Bool(values), Datum::Bool(value)) => values.push(value),
            (ColumnValues::Int32(values), Datum::Int(value)) => values.push(i32::try_from(value).ok()?),
            (ColumnValues::Int64(values), Datum::Int(value)) => values.push(value),
            (ColumnValues::Double(values), Datum::Double(value)) => values.push(value),
            (ColumnValues::Bytes(values), Datum::Text(text)) => values.push(text.as_bytes()),
            (ColumnValues::Bytes(values), Datum::Bytes(bytes)) if self.is_text => values.push_text(bytes),
            (ColumnValues::Bytes(values), Datum::Bytes(bytes)) => values.push(bytes),
            _ => return None,
        }
        Some(match datum {
            Datum::Text(text) => text.len() + size_of::<u32>(),
            Datum::Bytes(bytes) => bytes.len() + size_of::<u32>(),
            _ => size_of::<i64>(),
        })
    }
}

impl ColumnValues {
    /// Returns a value.
    fn get(&self, at: usize) -> Datum<'_> {
        let datum = match self {
            ColumnValues::Bool(values) => values.get(at).map(|&value| Datum::Bool(value)),
            ColumnValues::Int32(values) => values.get(at).map(|&value| Datum::Int(value.into())),
            ColumnValues::Int64(values) => values.get(at).map(|&value| Datum::Int(value)),
            ColumnValues::Double(values) => values.get(at).map(|&value| Datum::Double(value)),
            ColumnValues::Bytes(values) => values.get(at).map(Datum::Bytes),
        };
        datum.unwrap_or(Datum::Null)
    }

    fn clear(&mut self) {
        match self {
            ColumnValues::Bool(values) => values.clear(),
            ColumnValues::Int32(values) => values.clear(),
            ColumnValues::Int64(values) => values.clear(),
            ColumnValues::Double(values) => values.clear(),
            ColumnValues::Bytes(ByteValues { bytes, ends }) => {
                bytes.clear();
                ends.clear();
            }
        }
    }
}

impl ByteValues {
    /// Returns a value.
    fn get(&self, at: usize) -> Option<&[u8]> {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start as usize..*self.ends.get(at)? as usize)
    }

    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Appends a text from the wire.
    fn push_text(&mut self, value: &[u8]) {
        for chunk in value.utf8_chunks() {
            self.bytes.extend_from_slice(chunk.valid().as_bytes());
            for byte in chunk.invalid() {
                self.bytes.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
            }
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// Returns the bytes of all values, and the range of each.
    pub(super) fn into_parts(self) -> (Vec<u8>, impl Iterator<Item = Range<usize>>) {
        let mut start = 0;
        let ranges = self.ends.into_iter().map(move |end| std::mem::replace(&mut start, end as usize)..end as usize);
        (self.bytes, ranges)
    }
}

/// Columns of a table.
pub(super) type Columns = Arc<[TableColumn]>;

/// Rows of a table that are not written yet.
#[derive(Clone, Debug)]
pub(super) struct RowBuffer {
    pub(super) columns: Columns,
    pub(super) buffers: Vec<ColumnBuffer>,
    /// Number of complete rows.
    pub(super) count: usize,
    /// Bytes of all values and levels, about.
    pub(super) size: usize,
    /// The column of the next value.
    next: usize,
}

impl RowBuffer {
    pub(super) fn new(columns: &Columns) -> RowBuffer {
        let buffers = columns.iter().map(ColumnBuffer::new).collect();
        RowBuffer { columns: Arc::clone(columns), buffers, count: 0, size: 0, next: 0 }
    }

    /// Appends the value of the next column.
    pub(super) fn push(&mut self, datum: Datum<'_>) {
        let Some(buffer) = self.buffers.get_mut(self.next) else { return };
        let added = buffer.push_value(datum);
        buffer.definition.push(added.is_some().into());
        self.size += added.unwrap_or_default() + LEVEL_SIZE;
        self.next += 1;
    }

    /// Appends the values of all of the next columns.
    pub(super) fn push_all<'d>(&mut self, data: impl IntoIterator<Item = Datum<'d>>) {
        data.into_iter().for_each(|datum| self.push(datum));
    }

    /// Appends the list of the next column. Values of another type are left out.
    pub(super) fn push_list<'d>(&mut self, data: impl IntoIterator<Item = Datum<'d>>) {
        let Some(buffer) = self.buffers.get_mut(self.next) else { return };
        let before = buffer.definition.len();
        for datum in data {
            if let Some(added) = buffer.push_value(datum) {
                buffer.repetition.push((buffer.definition.len() > before).into());
                buffer.definition.push(1);
                self.size += added + 2 * LEVEL_SIZE;
            }
        }
        if buffer.definition.len() == before {
            buffer.repetition.push(0);
            buffer.definition.push(0);
            self.size += 2 * LEVEL_SIZE;
        }
        self.next += 1;
    }

    /// Appends an address as text and as bytes.
    pub(super) fn push_address(&mut self, of: Address) {
        let mut text = String::new();
        address(&mut text, of);
        self.push(Datum::text(&text));
        self.push(match &of {
            Address::None => Datum::Null,
            Address::V4(bytes) => Datum::Bytes(bytes),
            Address::V6(bytes) => Datum::Bytes(bytes),
        });
    }

    /// Appends the columns of an endpoint.
    pub(super) fn push_endpoint(&mut self, end: Endpoint, name: Option<&HostName>) {
        self.push_address(end.address);
        self.push(Datum::Int(end.port.into()));
        self.push(name.map_or(Datum::Null, |host| Datum::Text(&host.name)));
    }

    /// Moves the next rows, which were not taken yet, to the end of others of the same table.
    pub(super) fn take_rows(&mut self, count: usize, into: &mut RowBuffer) {
        for (from, to) in self.buffers.iter_mut().zip(&mut into.buffers) {
            for _ in 0..count {
                into.size += from.take_row(to);
            }
        }
        into.count += count;
    }

    /// Removes all rows, and keeps the memory.
    pub(super) fn clear(&mut self) {
        for buffer in &mut self.buffers {
            buffer.values.clear();
            buffer.definition.clear();
            buffer.repetition.clear();
            buffer.taken = (0, 0);
        }
        (self.count, self.size, self.next) = (0, 0, 0);
    }

    /// Ends a row. Columns without a value are null.
    pub(super) fn end_row(&mut self) {
        debug_assert_eq!(self.next, self.buffers.len(), "a value for each column");
        while let Some(column) = self.columns.get(self.next) {
            if column.is_list { self.push_list([]) } else { self.push(Datum::Null) }
        }
        self.next = 0;
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_missing_values_have_the_levels_of_parquet() {
        let list = TableColumn::new("list", ColumnType::Int64, "").list();
        let columns: Columns = [list, TableColumn::new("text", ColumnType::Text, "")].into();
        let mut rows = RowBuffer::new(&columns);
        rows.push_list([Datum::Int(1), Datum::Int(2)]);
        rows.push(Datum::Bytes(b"caf\xe9"));
        rows.end_row();
        rows.push_list([]);
        rows.push(Datum::Null);
        rows.end_row();
        rows.push_list([Datum::Int(3)]);
        rows.push(Datum::Text("é"));
        rows.end_row();
        let [list, text] = &rows.buffers[..] else { unreachable!("two columns") };
        assert_eq!((&list.definition[..], &list.repetition[..]), (&[1, 1, 0, 1][..], &[0, 1, 0, 0][..]));
        assert_eq!(text.definition, [1, 0, 1]);
        let ColumnValues::Bytes(values) = &text.values else { unreachable!("text") };
        let (bytes, ranges) = values.clone().into_parts();
        assert_eq!(ranges.map(|range| &bytes[range]).collect::<Vec<_>>(), [&b"caf\\xe9"[..], "é".as_bytes()]);
        assert_eq!(rows.count, 3);
    }

    #[test]
    fn a_number_that_does_not_fit_its_column_is_missing() {
        let columns: Columns = [TableColumn::new("port", ColumnType::Int32, "")].into();
        let mut rows = RowBuffer::new(&columns);
        rows.push(Datum::Int(1 << 40));
        rows.end_row();
        assert_eq!(rows.buffers[0].definition, [0]);
    }
}
