//! Arguments of `info`.

use super::RedactArgs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Each file is read to its end, and its frames are not dissected. The exit code is 2 if a file is truncated or damaged: the facts are \
those of its readable part.

Examples:
  overhear info login.pcap
  overhear info -T json *.pcapng | jq '.[] | select(.complete | not) | .file'")]
pub(crate) struct InfoArgs {
    /// Capture files (- for standard input), each by itself
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Output format
    #[arg(short = 'T', long = "format", value_name = "FORMAT", default_value = "text")]
    pub(crate) format: FactsFormat,
    /// Write to FILE (- is standard output); FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) redaction: RedactArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FactsFormat {
    /// Lines of a name and a value
    Text,
    /// Array of objects
    Json,
    /// One object per line
    Ndjson,
}
