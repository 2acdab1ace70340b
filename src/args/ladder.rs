//! Arguments of `ladder`.

use super::{DecodeArgs, RunArgs};
use clap::{Args, ValueEnum};
use dissectors::session::ConversationId;
use overhear::journey::CallChoice;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    override_usage = "overhear ladder [OPTIONS] <FILE>... <STREAM>\n       overhear ladder [OPTIONS] <FILE>... --call <CALL>\n       \
                      overhear ladder [OPTIONS] <FILE>... -Y <FILTER>"
)]
#[command(after_help = "\
Stream numbers are those of `overhear streams` (tcp.stream). udp:3 is the conversation 3 in UDP (udp.stream), such as a connection of \
QUIC. Calls are the rows of `overhear calls`.")]
pub(crate) struct LadderArgs {
    /// Capture files, read in order, followed by the stream number
    #[arg(value_name = "FILE|STREAM", required_unless_present = "read")]
    words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// All hosts of a call instead of one stream: its client, the servers of its lookups, its server, and the servers of the calls
    /// that it caused (see trace). CALL is a row in the output of calls, from 1, or slowest
    #[arg(long = "call", value_name = "CALL", value_parser = parse_choice)]
    call: Option<CallChoice>,
    /// All hosts of the first call that this display filter matches
    #[arg(
        short = 'Y',
        long = "display-filter",
        value_name = "FILTER",
        allow_hyphen_values = true,
        conflicts_with = "call"
    )]
    pub(crate) filter: Option<String>,
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

/// What a diagram is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LadderSubject {
    /// A conversation.
    Stream(ConversationId),
    /// A call with all its hosts.
    Call(CallChoice),
}

/// Reads the number of a stream, or `udp:` and that of a conversation in UDP.
fn parse_stream(word: &str) -> Option<ConversationId> {
    match word.strip_prefix("udp:") {
        Some(number) => number.parse().ok().map(ConversationId::Udp),
        None => word.strip_prefix("tcp:").unwrap_or(word).parse().ok().map(ConversationId::Tcp),
    }
}

/// Reads the row of a call, or `slowest`.
fn parse_choice(text: &str) -> Result<CallChoice, String> {
    super::journey::parse_call(text)
        .unwrap_or_else(|| Err(format!("expected a row of calls, or slowest, found {text}")))
}

impl LadderArgs {
    /// Returns the files in reading order, and the stream or the call.
    pub(crate) fn parse_input(&mut self) -> Result<(Vec<PathBuf>, LadderSubject), String> {
        let mut paths = std::mem::take(&mut self.read);
        let of_filter = self.filter.as_ref().map(|_| CallChoice::FirstMatch);
        if let Some(choice) = self.call.or(of_filter) {
            paths.extend(self.words.drain(..).map(PathBuf::from));
            return match paths.is_empty() {
                true => Err("missing capture file: overhear ladder FILE --call CALL".into()),
                false => Ok((paths, LadderSubject::Call(choice))),
            };
        }
        let last = self.words.pop().unwrap_or_default();
        paths.extend(self.words.drain(..).map(PathBuf::from));
        match last.to_str().and_then(parse_stream) {
            Some(_) if paths.is_empty() => Err("missing capture file: overhear ladder FILE STREAM".into()),
            Some(stream) => Ok((paths, LadderSubject::Stream(stream))),
            None if super::is_file(&last) => {
                Err("missing stream number after the files; `overhear streams` lists them".into())
            }
            None => {
                let expected = "expected a stream number; `overhear streams` lists them";
                Err(format!("{}: {expected}", last.to_string_lossy().escape_debug()))
            }
        }
    }

    /// Returns the options of the run.
    pub(crate) fn run(&self) -> RunArgs {
        RunArgs::complete(None, self.output.clone())
    }
}
