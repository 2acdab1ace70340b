//! Arguments of `ladder`.

use super::{DecodeArgs, RunArgs};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear ladder [OPTIONS] <FILE>... <STREAM>")]
#[command(after_help = "\
Stream numbers are those of `overhear streams` (tcp.stream). The diagram of one call is that of `overhear journey -T mermaid`.")]
pub(crate) struct LadderArgs {
    /// Capture files, read in order, followed by the stream number
    #[arg(value_name = "FILE|STREAM", required = true)]
    words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Output format
    #[arg(short = 'T', long = "format", value_name = "FORMAT", default_value = "text")]
    pub(crate) format: LadderFormat,
    /// Write to FILE (- is standard output); FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LadderFormat {
    /// Lines for a terminal
    Text,
    /// SVG image
    Svg,
    /// Mermaid sequence diagram
    Mermaid,
}

impl LadderArgs {
    /// Returns the files in reading order and the stream.
    pub(crate) fn parse_input(&mut self) -> Result<(Vec<PathBuf>, u32), String> {
        let mut paths = std::mem::take(&mut self.read);
        let last = self.words.pop().unwrap_or_default();
        paths.extend(self.words.drain(..).map(PathBuf::from));
        match last.to_str().and_then(|word| word.strip_prefix("tcp:").unwrap_or(word).parse().ok()) {
            Some(_) if paths.is_empty() => Err("missing capture file: overhear ladder FILE STREAM".into()),
            Some(stream) => Ok((paths, stream)),
            None => Err("missing stream number after the files; `overhear streams` lists them".into()),
        }
    }

    /// Returns the options of the run.
    pub(crate) fn run(&self) -> RunArgs {
        RunArgs::complete(None, self.output.clone())
    }
}
