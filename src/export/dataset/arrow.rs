//! Rows as record batches of Arrow, and the schema of a table in its terms.

use super::collector::TableRows;
use super::column::{ColumnType, TableColumn};
use super::rows::{ColumnBuffer, ColumnValues, RowBuffer};
use super::table::{Batch, BatchWriter, TableKind};
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

/// Zone of times.
const UTC: &str = "UTC";

/// Name of the column of the capture in a stream of several captures.
const CAPTURE: &str = "capture";

fn value_type(column: &TableColumn) -> DataType {
    match column.column_type {
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Int32 => DataType::Int32,
        ColumnType::Int64 | ColumnType::Duration => DataType::Int64,
        ColumnType::Uint64 => DataType::UInt64,
        ColumnType::Double => DataType::Float64,
        ColumnType::Text => DataType::Utf8,
        ColumnType::Bytes => DataType::Binary,
        ColumnType::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())),
    }
}

/// Returns the values of a list.
fn element(column: &TableColumn) -> Field {
    Field::new("element", value_type(column), false)
}

fn schema_field(column: &TableColumn) -> Field {
    let metadata = column.metadata().map(|(key, value)| (key.to_owned(), value.to_owned()));
    let field = match column.is_list {
        false => Field::new(&column.name, value_type(column), true),
        true => Field::new(&column.name, DataType::List(Arc::new(element(column))), false),
    };
    field.with_metadata(metadata.collect::<HashMap<_, _>>())
}

/// Returns the schema as programs of Arrow read it from the metadata of a Parquet file: documentation of columns included.
pub(super) fn schema_metadata(columns: &[TableColumn]) -> String {
    let schema = Schema::new(columns.iter().map(schema_field).collect::<Vec<_>>());
    let (generator, options) = (IpcDataGenerator::default(), IpcWriteOptions::default());
    let encoded =
        generator.schema_to_bytes_with_dictionary_tracker(&schema, &mut DictionaryTracker::new(true), &options);
    let length = encoded.ipc_message.len() as u32;
    // A message of the stream: a marker, its length, and the schema.
    let message = [&u32::MAX.to_le_bytes()[..], &length.to_le_bytes(), &encoded.ipc_message].concat();
    STANDARD.encode(message)
}

/// Writes a table as a stream of Arrow.
pub struct ArrowStream<W: Write> {
    writer: StreamWriter<W>,
    schema: SchemaRef,
    /// Name of the capture that is read.
    pub capture: String,
}

fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        error => io::Error::other(error),
    }
}

impl<W: Write> ArrowStream<W> {
    /// Begins the stream of a table.
    pub fn new(out: W, table: TableKind, rows: &TableRows) -> io::Result<ArrowStream<W>> {
        let capture = TableColumn::new(CAPTURE, ColumnType::Text, "Name of the capture.");
        let own = rows.columns().get(&table).into_iter().flat_map(|columns| columns.iter());
        let schema = Arc::new(Schema::new([&capture].into_iter().chain(own).map(schema_field).collect::<Vec<_>>()));
        let writer = StreamWriter::try_new(out, &schema).map_err(io_error)?;
        Ok(ArrowStream { writer, schema, capture: String::new() })
    }

    /// Ends the stream.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.finish().map_err(io_error)?;
        self.writer.into_inner().map_err(io_error)
    }

    fn record_batch(&self, rows: RowBuffer) -> Result<RecordBatch, ArrowError> {
        let capture: StringArray = std::iter::repeat_n(Some(self.capture.as_str()), rows.count).collect();
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(capture)];
        for (column, buffer) in rows.columns.iter().zip(rows.buffers) {
            arrays.push(array(column, buffer)?);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }
}

impl<W: Write> BatchWriter for ArrowStream<W> {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        let batch = self.record_batch(batch.rows).map_err(io_error)?;
        self.writer.write(&batch).map_err(io_error)
    }
}

/// Returns the array of a column.
fn array(column: &TableColumn, buffer: ColumnBuffer) -> Result<ArrayRef, ArrowError> {
    let ColumnBuffer { values, definition, repetition, .. } = buffer;
    if !column.is_list {
        return value_array(column, values, Some(&definition));
    }
    // A row begins at each level 0, and one without values has no value there.
    let mut offsets = Vec::new();
    let mut count = 0;
    for (&defined, &repeated) in definition.iter().zip(&repetition) {
        if repeated == 0 {
            offsets.push(count);
        }
        count += i32::from(defined);
    }
    offsets.push(count);
    let values = value_array(column, values, None)?;
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(ListArray::try_new(Arc::new(element(column)), offsets, values, None)?))
}

/// Returns values in an array. With levels, values are missing where the level is 0.
fn value_array(column: &TableColumn, values: ColumnValues, levels: Option<&[i16]>) -> Result<ArrayRef, ArrowError> {
    let nulls = levels.map(|levels| levels.iter().map(|&level| level != 0).collect::<NullBuffer>());
    Ok(match values {
        ColumnValues::Bool(values) => Arc::new(BooleanArray::new(spread(values, levels).into(), nulls)),
        ColumnValues::Int32(values) => primitive::<Int32Type>(spread(values, levels), nulls),
        ColumnValues::Double(values) => primitive::<Float64Type>(spread(values, levels), nulls),
        ColumnValues::Int64(values) => {
            let values = spread(values, levels);
            match column.column_type {
                ColumnType::Time => {
                    let values = PrimitiveArray::<TimestampNanosecondType>::new(values.into(), nulls);
                    Arc::new(values.with_timezone(UTC))
                }
                ColumnType::Uint64 => {
                    primitive::<UInt64Type>(values.into_iter().map(i64::cast_unsigned).collect(), nulls)
                }
                _ => primitive::<Int64Type>(values, nulls),
            }
        }
        ColumnValues::Bytes(values) => {
            let mut offsets = vec![0];
            let mut ends = values.ends.iter();
            let mut end = 0;
            match levels {
                None => offsets.extend(values.ends.iter().map(|&end| end as i32)),
                Some(levels) => offsets.extend(levels.iter().map(|&level| {
                    if level != 0 {
                        end = ends.next().map_or(end, |&end| end as i32);
                    }
                    end
                })),
            }
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            let bytes = Buffer::from_vec(values.bytes);
            match column.column_type {
                ColumnType::Text => Arc::new(StringArray::try_new(offsets, bytes, nulls)?),
                _ => Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?),
            }
        }
    })
}

fn primitive<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls))
}

/// Returns the values with a default where one is missing.
fn spread<T: Default>(values: Vec<T>, levels: Option<&[i16]>) -> Vec<T> {
    let Some(levels) = levels else { return values };
    let mut values = values.into_iter();
    levels.iter().map(|&level| if level != 0 { values.next().unwrap_or_default() } else { T::default() }).collect()
}
