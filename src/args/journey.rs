//! Arguments of `journey`.

use super::{DecodeArgs, RunArgs, ThreadArgs};
use clap::{Args, ValueEnum};
use overhear::journey::{CallChoice, JourneyForm};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear journey [OPTIONS] <FILE>... [CALL]")]
#[command(after_help = "\
CALL is the row of a call in the output of `overhear calls`, from 1, or slowest (default). -Y selects the first call that a filter \
matches. Numbers such as #12 are frames: `overhear print FILE 'frame.number == 12' -V` shows one.")]
pub(crate) struct JourneyArgs {
    #[command(flatten)]
    pub(crate) call: CallArgs,
    /// Add what each step is for, and the RFC that specifies it
    #[arg(long)]
    pub(crate) explain: bool,
}

/// Captures, a call in them, and the form in which it is printed.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Capture files, read in order (- for standard input), optionally followed by a call: its row in the output of calls, or
    /// slowest
    #[arg(value_name = "FILE|CALL", required_unless_present = "read")]
    words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Select the first call that this display filter matches
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
    threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum JourneyFormat {
    /// Lines for a terminal
    Text,
    /// One object; times are nanoseconds
    Json,
    /// Markdown of GitHub with a Mermaid diagram
    Markdown,
    /// Mermaid sequence diagram
    Mermaid,
    /// Page without other files
    Html,
    /// JSON of OpenTelemetry: a span for each call
    Otlp,
}

impl JourneyFormat {
    /// Returns the form. Lines of text have at most `width` characters.
    pub(crate) fn form(self, width: usize) -> JourneyForm {
        match self {
            JourneyFormat::Text => JourneyForm::Text(width),
            JourneyFormat::Json => JourneyForm::Json,
            JourneyFormat::Markdown => JourneyForm::Markdown,
            JourneyFormat::Mermaid => JourneyForm::Mermaid,
            JourneyFormat::Html => JourneyForm::Html,
            JourneyFormat::Otlp => JourneyForm::Otlp,
        }
    }
}

impl CallArgs {
    /// Returns the files in reading order, and the call: the last word, or the first match of the filter.
    pub(crate) fn parse_input(&mut self, command: &str) -> Result<(Vec<PathBuf>, Option<CallChoice>), String> {
        let (mut paths, mut words) = (std::mem::take(&mut self.read), std::mem::take(&mut self.words));
        let named = words.last().and_then(|word| word.to_str()).and_then(parse_call);
        let choice = match (named, &self.filter) {
            (Some(_), Some(_)) => return Err("a call cannot be combined with a filter (-Y)".into()),
            (Some(choice), None) => {
                words.pop();
                Some(choice?)
            }
            (None, Some(_)) => Some(CallChoice::FirstMatch),
            (None, None) => {
                let last = words.last().filter(|_| words.len() > 1 || !paths.is_empty());
                if let Some(word) = last.filter(|word| !super::is_file(word)) {
                    let name = word.to_string_lossy();
                    let expected = "expected its row in `overhear calls`, slowest, or -Y FILTER";
                    return Err(format!("{}: no such file, and not a call: {expected}", name.escape_debug()));
                }
                None
            }
        };
        paths.extend(words.into_iter().map(PathBuf::from));
        if paths.is_empty() {
            Err(format!("missing capture file: overhear {command} FILE CALL"))
        } else {
            Ok((paths, choice))
        }
    }

    /// Returns the options of the run.
    pub(crate) fn run(&self) -> RunArgs {
        RunArgs::complete(self.count, self.output.clone()).on(self.threads)
    }
}

/// Parses the name of a call. Returns `None` for a word that is a file.
pub(super) fn parse_call(word: &str) -> Option<Result<CallChoice, String>> {
    if word == "slowest" {
        return Some(Ok(CallChoice::Slowest));
    }
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let row = word.parse().ok().filter(|&row: &u64| row > 0);
    Some(row.map(CallChoice::Row).ok_or_else(|| format!("no call {word}: rows of `overhear calls` are counted from 1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_row_or_the_slowest() {
        assert_eq!(parse_call("12"), Some(Ok(CallChoice::Row(12))));
        assert_eq!(parse_call("slowest"), Some(Ok(CallChoice::Slowest)));
        assert_eq!(parse_call("a.pcap"), None);
        assert!(parse_call("0").is_some_and(|call| call.is_err()));
        assert!(parse_call("99999999999999999999").is_some_and(|call| call.is_err()));
    }
}
