//! Tables of captures with typed columns, as Parquet files and as a stream of Arrow.

mod arrow;
mod calls;
mod collector;
mod column;
mod community_id;
mod digest;
mod field_columns;
mod frames;
mod notes;
mod parquet;
mod partition;
mod row_extractor;
mod rows;
mod streams;
mod table;

pub use arrow::ArrowStream;
pub use collector::{DatasetSettings, TableRows};
pub use parquet::{ParquetDataset, StagingPaths, Written};
pub use partition::{capture_folder, capture_name};
pub use row_extractor::{ExtractedRows, RowExtractor};
pub use table::{Batch, BatchWriter, TableKind, TableWriter};
