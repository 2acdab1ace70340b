//! Arguments of `export parquet` and `export arrow`.

use super::byte_count::{ByteCount, parse_body_limit};
use super::{CaptureArgs, OutputArgs, ThreadArgs};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use overhear::export::dataset::TableKind;
use overhear::report::Occurrence;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Each capture is read by itself, so its frames and connections have the numbers of `print` and `streams`. Its rows are in \
FOLDER/TABLE/capture=NAME/hour=2026-11-30T06/part-0.parquet, hours in UTC; the files of a table appear when the capture is read. \
docs/datasets.md describes the tables, and has queries.

Examples:
  overhear export parquet *.pcap -o dataset
  overhear export parquet shop.pcap 'status >= 500' --tables calls,messages -o dataset
  overhear export parquet shop.pcap -e ip.src -e tcp.analysis.ack_rtt --tables frames -o dataset
  overhear export parquet eth0_*.pcap --merge-as eth0 -o dataset")]
pub(crate) struct ExportParquetArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Folder of the tables, created if it does not exist
    #[arg(short = 'o', long = "output", value_name = "FOLDER", required = true)]
    pub(crate) folder: PathBuf,
    /// Tables to write. Notes take a second pass over each capture
    #[arg(
        long = "tables",
        value_name = "TABLE,...",
        value_delimiter = ',',
        value_parser = table_parser(),
        default_value = "frames,calls,streams,messages,dns,notes"
    )]
    pub(crate) tables: Vec<TableKind>,
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Merge the captures in the order of time, as one of this name: for the files of one capture
    #[arg(long = "merge-as", value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) merge_as: Option<String>,
    /// Replace the rows of captures that FOLDER has already
    #[arg(long = "replace")]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// Stop after reading N frames of each capture
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The first column has the name of the capture.

Example:
  overhear export arrow shop.pcap --table calls | python3 -c 'import pyarrow, sys
  print(pyarrow.ipc.open_stream(sys.stdin.buffer).read_all())'")]
pub(crate) struct ExportArrowArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Table to write
    #[arg(long = "table", value_name = "TABLE", value_parser = table_parser(), default_value = "frames")]
    pub(crate) kind: TableKind,
    #[command(flatten)]
    pub(crate) table: TableArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Returns a parser of the names of tables.
fn table_parser() -> impl TypedValueParser<Value = TableKind> {
    let names = TableKind::ALL.map(|kind| PossibleValue::new(kind.name()).help(kind.rows()));
    PossibleValuesParser::new(names).try_map(|name| TableKind::named(&name).ok_or("unknown table"))
}

/// Columns of tables.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// Column of frames: any field, instead of the columns of the frame list (repeatable)
    #[arg(short = 'e', value_name = "FIELD")]
    pub(crate) fields: Vec<String>,
    /// Values of a field that a frame has several times: all of them as a list, or one
    #[arg(long = "occurrence", value_name = "WHICH", default_value = "all")]
    pub(crate) occurrence: OccurrenceChoice,
    /// Add a digest of each packet to frames: equal for copies that several sensors captured
    #[arg(long = "digest")]
    pub(crate) digest: bool,
    /// Maximum bytes of each body in the table of messages, at most 512M; 0 for no bodies
    #[arg(long = "body-limit", value_name = "BYTES", default_value_t = ByteCount(0), value_parser = parse_body_limit)]
    pub(crate) body_limit: ByteCount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OccurrenceChoice {
    /// A list of all values
    All,
    /// The first value
    First,
    /// The last value
    Last,
}

impl From<OccurrenceChoice> for Occurrence {
    fn from(choice: OccurrenceChoice) -> Occurrence {
        match choice {
            OccurrenceChoice::All => Occurrence::All,
            OccurrenceChoice::First => Occurrence::First,
            OccurrenceChoice::Last => Occurrence::Last,
        }
    }
}
