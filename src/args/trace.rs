//! Arguments of `trace`.

use super::journey::parse_files;
use super::{DecodeArgs, JourneyFormat, RunArgs};
use clap::Args;
use overhear::journey::CallChoice;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear trace [OPTIONS] <FILE>... [CALL]")]
#[command(after_help = "\
CALL is the row of a call in the output of `overhear calls`, from 1, or slowest: its tree is printed. -Y selects the tree of the \
first call that a filter matches. Without both, all trees are printed.

The cause of a call is certain if its request names it: traceparent, b3, X-B3-TraceId or X-Request-ID in a header, or \
traceparent in a comment of SQL. It is inferred if its client is the server of one call that contains it in time, or of calls that \
caused each other. Otherwise it is unknown. A star marks the critical path. docs/trace.md describes the rules.

Examples:
  overhear trace shop.pcap                 all trees
  overhear trace shop.pcap slowest         the tree of the slowest call
  overhear trace shop.pcap -Y 'status >= 500' -T html -o failed.html")]
pub(crate) struct TraceArgs {
    /// Capture files, read in order (- for standard input), optionally followed by a call: its row in the output of calls, or
    /// slowest
    #[arg(value_name = "FILE|CALL", required_unless_present = "read")]
    words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Print the tree of the first call that this display filter matches
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    /// Output format
    #[arg(short = 'T', long = "format", value_name = "FORMAT", default_value = "text")]
    pub(crate) format: JourneyFormat,
    /// Stop after reading N frames
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// Write to FILE (- is standard output); FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
}

impl TraceArgs {
    /// Returns the files in reading order, and the call.
    pub(crate) fn parse_input(&mut self) -> Result<(Vec<PathBuf>, Option<CallChoice>), String> {
        let (paths, words) = (std::mem::take(&mut self.read), std::mem::take(&mut self.words));
        parse_files(paths, words, self.filter.is_some(), "trace")
    }

    /// Returns the options of the run.
    pub(crate) fn run(&self) -> RunArgs {
        RunArgs::complete(self.count, self.output.clone())
    }
}
