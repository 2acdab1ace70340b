//! Parquet files of the tables of a capture, each complete before it has its final name.

use super::arrow::schema_metadata;
use super::collector::TableRows;
use super::column::{ColumnType, TableColumn};
use super::partition::{capture_folder, hour_folder};
use super::rows::{ColumnBuffer, ColumnValues, Columns, RowBuffer};
use super::table::{Batch, BatchWriter, TableKind};
use crate::analysis::limits;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{Builder, TempDir};

/// Hour of a file, in its table.
type FileKey = (TableKind, Option<i64>);

/// Parquet files of the tables of a capture.
pub struct ParquetDataset {
    /// Folder of the tables.
    folder: PathBuf,
    /// Folder of the capture in that of each table.
    capture: String,
    /// Folder of the files that are not complete. It is removed with its files unless they are moved.
    staging: TempDir,
    /// Folders that were created, which are removed if they stay empty.
    created: CreatedFolders,
    tables: BTreeMap<TableKind, TableSchema>,
    open: BTreeMap<FileKey, OpenFile>,
    /// Number of files of each hour so far.
    parts: BTreeMap<FileKey, u32>,
    /// Number of writes so far.
    writes: u64,
    replaces: bool,
    written: Written,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Number of files.
    pub files: u64,
    /// Rows of each table.
    pub rows: BTreeMap<TableKind, u64>,
}

struct TableSchema {
    schema: TypePtr,
    properties: WriterPropertiesPtr,
}

struct OpenFile {
    writer: SerializedFileWriter<File>,
    /// The last write.
    used: u64,
}

/// Returns an error of a writer: that of the file, if it has one.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        error => io::Error::other(error),
    }
}

impl ParquetDataset {
    /// Begins the files of a capture. Files of a capture of this name are replaced at the end, or else are an error.
    pub fn create(folder: &Path, name: &str, rows: &TableRows, replaces: bool) -> io::Result<ParquetDataset> {
        let capture = capture_folder(name);
        for table in rows.columns().keys() {
            let existing = folder.join(table.name()).join(&capture);
            if !replaces && existing.symlink_metadata().is_ok() {
                return Err(exists(&existing));
            }
        }
        let created = CreatedFolders::create(folder)?;
        let staging = Builder::new().prefix(".overhear-").tempdir_in(folder)?;
        let mut tables = BTreeMap::new();
        for (&table, columns) in rows.columns() {
            tables.insert(table, TableSchema::new(table, columns).map_err(io_error)?);
        }
        Ok(ParquetDataset {
            folder: folder.to_owned(),
            capture,
            staging,
            created,
            tables,
            open: BTreeMap::new(),
            parts: BTreeMap::new(),
            writes: 0,
            replaces,
            written: Written::default(),
        })
    }

    /// Returns what a signal removes.
    #[must_use]
    pub fn paths(&self) -> StagingPaths {
        StagingPaths { staging: self.staging.path().to_owned(), created: self.created.0.clone() }
    }

    /// Returns the open file of an hour, created if there is none.
    fn file(&mut self, key: FileKey) -> io::Result<Option<&mut SerializedFileWriter<File>>> {
        let Some(table) = self.tables.get(&key.0) else { return Ok(None) };
        if !self.open.contains_key(&key) {
            if self.open.len() >= limits::DATASET_FILES
                && let Some(oldest) = self.open.iter().min_by_key(|(_, file)| file.used).map(|(&key, _)| key)
                && let Some(file) = self.open.remove(&oldest)
            {
                file.writer.close().map_err(io_error)?;
            }
            let part = self.parts.entry(key).or_default();
            let folder = self.staging.path().join(key.0.name()).join(hour_folder(key.1));
            fs::create_dir_all(&folder)?;
            let file = File::create_new(folder.join(format!("part-{part}.parquet")))?;
            *part += 1;
            self.written.files += 1;
            let writer = SerializedFileWriter::new(file, Arc::clone(&table.schema), Arc::clone(&table.properties));
            self.open.insert(key, OpenFile { writer: writer.map_err(io_error)?, used: 0 });
        }
        self.writes += 1;
        let used = self.writes;
        Ok(self.open.get_mut(&key).map(|file| {
            file.used = used;
            &mut file.writer
        }))
    }

    /// Completes all files, and gives them their names.
    pub fn finish(mut self) -> io::Result<Written> {
        // A table without rows has a file with its columns, so that it can be queried.
        for table in self.tables.keys().copied().collect::<Vec<_>>() {
            self.written.rows.entry(table).or_default();
            if !self.parts.keys().any(|(own, _)| *own == table) {
                self.file((table, None))?;
            }
        }
        for (_, file) in std::mem::take(&mut self.open) {
            file.writer.close().map_err(io_error)?;
        }
        for table in self.tables.keys() {
            let folder = self.folder.join(table.name());
            fs::create_dir_all(&folder)?;
            let target = folder.join(&self.capture);
            let written = self.staging.path().join(table.name());
            if target.symlink_metadata().is_err() {
                fs::rename(written, target)?;
                continue;
            }
            if !self.replaces {
                return Err(exists(&target));
            }
            // It is removed with the folder.
            let replaced = self.staging.path().join(format!("replaced-{}", table.name()));
            fs::rename(&target, &replaced)?;
            if let Err(error) = fs::rename(written, &target) {
                fs::rename(replaced, target)?;
                return Err(error);
            }
        }
        self.staging.close()?;
        Ok(self.written)
    }
}

/// Folders of a dataset that is not complete.
#[derive(Clone, Debug)]
pub struct StagingPaths {
    /// Folder of the files that are not complete.
    pub staging: PathBuf,
    /// Folders that were created, the innermost first.
    created: Vec<PathBuf>,
}

impl StagingPaths {
    /// Removes the folders that were created and are empty.
    pub fn remove_empty(&self) {
        remove_empty(&self.created);
    }
}

/// Folders that were created, the innermost first. Dropped, those that are empty are removed.
#[derive(Debug)]
struct CreatedFolders(Vec<PathBuf>);

impl CreatedFolders {
    /// Creates a folder with those around it.
    fn create(folder: &Path) -> io::Result<CreatedFolders> {
        let is_missing = |own: &&Path| !own.as_os_str().is_empty() && own.symlink_metadata().is_err();
        let missing = CreatedFolders(folder.ancestors().take_while(is_missing).map(Path::to_owned).collect());
        fs::create_dir_all(folder)?;
        Ok(missing)
    }
}

impl Drop for CreatedFolders {
    fn drop(&mut self) {
        remove_empty(&self.0);
    }
}

fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        // A folder with files stays.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

fn exists(path: &Path) -> io::Error {
    let message = format!("{} exists; --replace replaces it", path.display());
    io::Error::new(io::ErrorKind::AlreadyExists, message)
}

impl BatchWriter for ParquetDataset {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        let Batch { table, hour, rows } = batch;
        *self.written.rows.entry(table).or_default() += rows.count as u64;
        let Some(file) = self.file((table, hour))? else { return Ok(()) };
        write_rows(file, rows).map_err(io_error)?;
        if file.flushed_row_groups().len() >= limits::ROW_GROUPS
            && let Some(file) = self.open.remove(&(table, hour))
        {
            file.writer.close().map_err(io_error)?;
        }
        Ok(())
    }
}

/// Writes rows as a row group.
fn write_rows(file: &mut SerializedFileWriter<File>, rows: RowBuffer) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    for buffer in rows.buffers {
        if let Some(mut column) = group.next_column()? {
            write_column(&mut column, buffer)?;
            column.close()?;
        }
    }
    group.close()?;
    Ok(())
}

fn write_column(column: &mut SerializedColumnWriter<'_>, buffer: ColumnBuffer) -> Result<usize, ParquetError> {
    let ColumnBuffer { values, definition, repetition, .. } = buffer;
    let definition = Some(&definition[..]);
    let repetition = Some(&repetition[..]).filter(|levels| !levels.is_empty());
    match values {
        ColumnValues::Bool(values) => column.typed::<BoolType>().write_batch(&values, definition, repetition),
        ColumnValues::Int32(values) => column.typed::<Int32Type>().write_batch(&values, definition, repetition),
        ColumnValues::Int64(values) => column.typed::<Int64Type>().write_batch(&values, definition, repetition),
        ColumnValues::Double(values) => column.typed::<DoubleType>().write_batch(&values, definition, repetition),
        ColumnValues::Bytes(values) => {
            let (bytes, ranges) = values.into_parts();
            let bytes = Bytes::from(bytes);
            let values: Vec<ByteArray> = ranges.map(|range| ByteArray::from(bytes.slice(range))).collect();
            column.typed::<ByteArrayType>().write_batch(&values, definition, repetition)
        }
    }
}

impl TableSchema {
    fn new(table: TableKind, columns: &Columns) -> Result<TableSchema, ParquetError> {
        let fields = columns.iter().map(column_type).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder(table.name()).with_fields(fields).build()?;
        let value = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        let version = env!("CARGO_PKG_VERSION");
        let metadata = vec![
            value("overhear.table", table.name().to_owned()),
            value("overhear.columns", columns_json(columns)),
            value("ARROW:schema", schema_metadata(columns)),
        ];
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("overhear version {version}"))
            .set_max_row_group_row_count(None)
            .set_key_value_metadata(Some(metadata));
        // Numbers and times that grow from row to row.
        let grows = |column: &&TableColumn| column.column_type == ColumnType::Time || column.name == "number";
        for column in columns.iter().filter(grows).filter(|column| !column.is_list) {
            let path = ColumnPath::from(vec![column.name.clone()]);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
        Ok(TableSchema { schema: Arc::new(schema), properties: Arc::new(properties.build()) })
    }
}

/// Returns the documentation of all columns as JSON: an object by the name of the column.
fn columns_json(columns: &[TableColumn]) -> String {
    let of = |column: &TableColumn| {
        let metadata = column.metadata().map(|(key, value)| (key.to_owned(), value.into()));
        (column.name.clone(), serde_json::Value::Object(metadata.collect()))
    };
    serde_json::Value::Object(columns.iter().map(of).collect()).to_string()
}

/// Returns the type of a column: an optional value, or a list that may be empty.
fn column_type(column: &TableColumn) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match column.column_type {
        ColumnType::Bool => (PhysicalType::BOOLEAN, None),
        ColumnType::Int32 => (PhysicalType::INT32, None),
        ColumnType::Int64 | ColumnType::Duration => (PhysicalType::INT64, None),
        ColumnType::Uint64 => (PhysicalType::INT64, Some(LogicalType::integer(64, false))),
        ColumnType::Double => (PhysicalType::DOUBLE, None),
        ColumnType::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Bytes => (PhysicalType::BYTE_ARRAY, None),
        ColumnType::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
    };
    let (name, repetition) = match column.is_list {
        false => (column.name.as_str(), Repetition::OPTIONAL),
        true => ("element", Repetition::REQUIRED),
    };
    let value =
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical).build()?;
    if !column.is_list {
        return Ok(Arc::new(value));
    }
    let group = |name: &str, repetition: Repetition, logical: Option<LogicalType>, field: Type| {
        Type::group_type_builder(name)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .with_fields(vec![Arc::new(field)])
            .build()
    };
    let list = group("list", Repetition::REPEATED, None, value)?;
    group(&column.name, Repetition::REQUIRED, Some(LogicalType::List), list).map(Arc::new)
}
