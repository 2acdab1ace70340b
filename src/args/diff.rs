//! Arguments of `diff`.

use super::{CaptureArgs, ThreadArgs};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use overhear::diff::{DiffForm, DifferenceKind};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear diff [OPTIONS] <A> <B> [FILTER]")]
#[command(after_help = "\
Calls are compared by operation: protocol, method, host, and path without numbers and identifiers. Durations differ if a rank test \
(Mann-Whitney, p at most 0.01) says so and the medians differ by --min-difference and 0.1 ms. Of fewer calls than that test needs, \
such as one each, only the numbers are printed, unless there is a --limit. docs/diff.md describes all differences.

Exit codes: 0 no differences, or shorter durations only; 1 differences; 2 usage error, or a capture that cannot be read completely.

Examples:
  overhear diff before.pcap after.pcap
  overhear diff before.pcap after.pcap 'uri contains api' --ignore size,headers
  overhear diff staging.pcap production.pcap --any-host -T markdown -o diff.md")]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Differences that are not reported (comma-separated, repeatable)
    #[arg(long = "ignore", value_name = "KIND", value_delimiter = ',', value_parser = kind_parser())]
    pub(crate) ignore: Vec<DifferenceKind>,
    /// Compare calls of all hosts, and servers by their ports: for captures of different machines
    #[arg(long = "any-host")]
    pub(crate) any_host: bool,
    /// Least difference of the medians of durations and sizes, in percent
    #[arg(long = "min-difference", value_name = "PERCENT", default_value_t = 10)]
    pub(crate) min_difference: u32,
    /// Operations with too few calls for the test are slower if their median is this many percent higher
    #[arg(long = "limit", value_name = "PERCENT")]
    pub(crate) limit: Option<u32>,
    /// Output format
    #[arg(short = 'T', long = "format", value_name = "FORMAT", default_value = "text")]
    pub(crate) format: DiffFormat,
    /// Write to FILE, not to standard output; FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// Lines for a terminal
    Text,
    /// One object with all numbers
    Json,
    /// Markdown of GitHub
    Markdown,
}

impl DiffFormat {
    pub(crate) fn form(self) -> DiffForm {
        match self {
            DiffFormat::Text => DiffForm::Text,
            DiffFormat::Json => DiffForm::Json,
            DiffFormat::Markdown => DiffForm::Markdown,
        }
    }
}

/// Parser of the name of a kind.
fn kind_parser() -> impl TypedValueParser<Value = DifferenceKind> {
    let names = PossibleValuesParser::new(DifferenceKind::ALL.map(DifferenceKind::name));
    // Every possible value is a name.
    names.map(|name| DifferenceKind::of_name(&name).unwrap_or(DifferenceKind::Gone))
}
