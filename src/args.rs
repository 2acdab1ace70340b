//! The command line.

mod byte_count;
mod check;
#[cfg(feature = "parquet")]
mod dataset;
mod diff;
mod export;
mod follow;
mod info;
mod input;
mod journey;
mod ladder;
mod print;
mod stats;
mod trace;

pub(crate) use check::{CaptureDefect, CheckArgs};
use clap::error::{Error, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
#[cfg(feature = "parquet")]
pub(crate) use dataset::{ExportArrowArgs, ExportParquetArgs, TableArgs};
pub(crate) use diff::DiffArgs;
pub(crate) use export::{
    AnonymizeArgs, ExportArgs, ExportForm, ExportFramesArgs, ExportHarArgs, ExportObjectsArgs, ExportQlogArgs,
    ExportRequestsArgs, MergeArgs, OutputArgs, SplitArgs, SplitRule,
};
pub(crate) use follow::FollowArgs;
pub(crate) use info::{FactsFormat, InfoArgs};
#[cfg(feature = "live")]
pub(crate) use input::LiveArgs;
pub(crate) use input::{CaptureArgs, DecodeArgs, InputArgs, RedactArgs};
pub(crate) use journey::{CallArgs, JourneyArgs, JourneyFormat};
pub(crate) use ladder::{LadderArgs, LadderFormat, LadderSubject};
use overhear::report::{JsonFraming, RecordFormat};
pub(crate) use print::{FrameFormat, PrintArgs};
pub(crate) use stats::{StatsArgs, StatsFormat, TableName};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
pub(crate) use trace::TraceArgs;

/// Arguments of the program.
#[derive(Debug, Parser)]
#[command(
    name = "overhear",
    version,
    about = "Analyze packet captures: frames, calls (request and response) and TCP connections",
    override_usage = "overhear [OPTIONS] FILE... [FILTER]\n       overhear COMMAND ...",
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = "\
Without a command, the terminal UI shows the calls, connections and frames of the capture.

Examples:
  overhear login.pcap                           terminal UI
  overhear print login.pcap                     one line per frame
  overhear print login.pcap -V                  detail tree of each frame
  overhear print login.pcap -e frame.number -e http.request.uri
  overhear print login.pcap 'uri contains login'  frames that match a display filter
  overhear print login.pcap http -w http.pcapng   write these frames to a capture file
  overhear calls login.pcap                     one row per request and response
  overhear streams login.pcap                   one row per TCP connection
  overhear journey login.pcap                   what happened to the slowest call, step by step
  overhear trace shop.pcap                      which calls caused which, as trees
  overhear follow login.pcap 0                  data of both sides of stream 0
  overhear check login.pcap --none 'status >= 500'  test: exit code 1 on failure
  overhear stats login.pcap                     what is in the capture, on one screen
  overhear diff before.pcap after.pcap          what changed between two captures
  overhear export pcapng a.pcap b.pcap 'status >= 500' --whole-streams -o failed.pcapng
  overhear info login.pcap                      what the file contains, and whether it is complete
  overhear fields uri                           search field names and descriptions
  tcpdump -w - | overhear calls -               read from a pipe
  overhear calls -i eth0 -f 'tcp port 80'       live capture from an interface

Capture formats: pcap and pcapng, uncompressed or compressed with gzip, zstd or lz4.

Exit codes: 0 success; 2 usage error, a call or stream that the capture does not have, or a capture that could not be read \
completely (its readable part is printed first)."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Input of the terminal UI.
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print frames: one line each, their detail trees, or selected fields
    Print(PrintArgs),
    /// Print calls: one row per request and response, once complete; or one per value of a field, with durations (--by)
    Calls(CallsArgs),
    /// Print TCP connections, or those of QUIC (--quic): one row each
    Streams(StreamsArgs),
    /// Print the data that both sides of a TCP connection sent, in order
    Follow(FollowArgs),
    /// Explain one call: name lookup, handshakes, request, response, teardown, and what took the time
    Journey(JourneyArgs),
    /// Print the calls that calls caused, as trees with times
    Trace(TraceArgs),
    /// Print the sequence diagram of a TCP connection, or of a call with all its hosts
    Ladder(LadderArgs),
    /// Print numbers about captures: a summary, or tables of protocols, hosts, calls, times and notes
    Stats(StatsArgs),
    /// Print the differences between the calls of two captures: gone, new, failing, slower; for people and for CI
    Diff(DiffArgs),
    /// Write frames or calls in another form
    Export(ExportArgs),
    /// Merge captures in the order of time
    Merge(MergeArgs),
    /// Split captures by flow, stream, time, size or number of frames
    Split(SplitArgs),
    /// Print facts about capture files: type, encapsulation, packets, sizes, times, interfaces, and whether they are complete
    Info(InfoArgs),
    /// Print TLS client hellos, and the labels of the secrets that are known for each: one row each. Secrets are not printed
    Secrets(RowsArgs),
    /// Test captures against rules, with reports for people and for CI
    Check(CheckArgs),
    /// List or describe the fields that can be printed and filtered
    Fields(FieldsArgs),
    /// List the network interfaces available for capture
    #[cfg(feature = "live")]
    Interfaces(InterfacesArgs),
}

/// Formats a usage error in one line. Returns `None` if clap reports the help or the version instead of an error.
pub(crate) fn usage_error(error: &Error) -> Option<String> {
    let help = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || error.kind() == help {
        return None;
    }
    // The first paragraph of the text is the error; tips and usage follow.
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let message = lines.collect::<Vec<_>>().join(" ");
    let message: String = message.trim_start_matches("error: ").chars().filter(|char| !char.is_control()).collect();
    let first = std::env::args().nth(1).unwrap_or_default();
    if let Some(message) = unknown_command(&first) {
        return Some(message);
    }
    Some(format!("{message}; see `overhear{} --help`", command_words(std::env::args().skip(1))))
}

/// Returns the names of the command and of its commands that the first words of a command line are, each after a space.
fn command_words(words: impl Iterator<Item = String>) -> String {
    let mut names = String::new();
    let mut command = CommandLine::command();
    for word in words {
        let Some(next) = command.find_subcommand(&word).cloned() else { break };
        names.push(' ');
        names.push_str(next.get_name());
        command = next;
    }
    names
}

/// Returns an error message for a word that is not a file and resembles the name of a command.
pub(crate) fn unknown_command(word: &str) -> Option<String> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase());
    let line = CommandLine::command();
    if !is_plain || line.find_subcommand(word).is_some() || Path::new(word).exists() {
        return None;
    }
    let similarity = |name: &str| strsim::normalized_damerau_levenshtein(word, name);
    let names = line.get_subcommands().map(clap::Command::get_name).filter(|name| similarity(name) >= 0.6);
    let nearest = names.max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    Some(format!("{word}: no such command or file (nearest: {nearest}); see `overhear --help`"))
}

/// Whether a word is a file that can be read, or standard input. A folder is not.
pub(crate) fn is_file(word: &OsStr) -> bool {
    let path = Path::new(word);
    word == "-" || path.exists() && !path.is_dir()
}

/// Threads of a run.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThreadArgs {
    /// Number of threads that read a capture file [default: as many as the processor has cores, at most 8, for files of
    /// 4 MB or more]
    #[arg(long = "threads", value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=16))]
    pub(crate) threads: Option<usize>,
}

impl ThreadArgs {
    /// One thread.
    pub(crate) const ONE: ThreadArgs = ThreadArgs { threads: Some(1) };

    /// Whether there is one thread for everything.
    #[cfg(feature = "parquet")]
    pub(crate) fn is_one(self) -> bool {
        self.threads.unwrap_or_else(overhear::source::core_count) == 1
    }
}

/// Options of one run over the frames.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Stop after reading N frames
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
    /// Write to FILE (- is standard output); FILE is replaced on success, or written continuously in a live capture
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Flush after each row (default when reading a pipe)
    #[arg(short = 'l')]
    pub(crate) line_buffered: bool,
    /// Keep reading the last file as it grows, until Ctrl-C
    #[arg(long = "follow-file")]
    pub(crate) follow_file: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// Read in two passes (automatic where a field needs it; accepted for tshark compatibility)
    #[arg(short = '2', hide = true)]
    _two_passes: bool,
}

impl RunArgs {
    /// Returns the options of a run over complete captures.
    pub(crate) fn complete(count: Option<u32>, output: Option<PathBuf>) -> RunArgs {
        RunArgs {
            count,
            output,
            line_buffered: false,
            follow_file: false,
            threads: ThreadArgs::ONE,
            _two_passes: false,
        }
    }

    /// Returns the same options for these threads.
    pub(crate) fn on(self, threads: ThreadArgs) -> RunArgs {
        RunArgs { threads, ..self }
    }

    /// Whether rows go to a file instead of standard output.
    pub(crate) fn writes_file(&self) -> bool {
        self.output.as_deref().is_some_and(|path| path != Path::new("-"))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
JSON and CSV have all columns, with exact times and sizes; a table on a narrow terminal omits columns.")]
pub(crate) struct RowsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Output format
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    pub(crate) format: RowFormat,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StreamsArgs {
    #[command(flatten)]
    pub(crate) rows: RowsArgs,
    /// Print connections of QUIC: version, server name, ALPN, connection IDs, time of the handshake, round-trip times by
    /// acknowledgments and by the spin bit, packets that acknowledgments show to be lost, and who closed it with what reason;
    /// what packets hide that are not decrypted is -
    #[arg(long = "quic")]
    pub(crate) quic: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CallsArgs {
    #[command(flatten)]
    pub(crate) rows: RowsArgs,
    /// Print one row per value of this field, alias or column, such as sql.digest or host: number of calls, their total time, p50,
    /// p95, p99 and maximum, rows of statements, and errors (failed, aborted or unanswered calls). At the end, by total time.
    /// Values are cut at 4,096 bytes; beyond 2,000 values, the calls of others are one row
    #[arg(long = "by", value_name = "FIELD")]
    pub(crate) by: Option<String>,
}

#[cfg(feature = "live")]
#[derive(Debug, Args)]
pub(crate) struct InterfacesArgs {
    /// Output format
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    pub(crate) format: RowFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Table
    Text,
    /// Array of objects
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated values
    Csv,
}

impl RowFormat {
    /// Returns the report's output format. A table has lines of at most `width` characters, if there is a limit.
    pub(crate) fn report_format(self, width: Option<usize>) -> RecordFormat {
        match self {
            RowFormat::Text => RecordFormat::Text(width),
            RowFormat::Json => RecordFormat::Json(JsonFraming::Array),
            RowFormat::Ndjson => RecordFormat::Json(JsonFraming::Ndjson),
            RowFormat::Csv => RecordFormat::Csv,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct FieldsArgs {
    /// Field name to describe, or text to search for in names and descriptions
    #[arg(value_name = "NAME|TEXT")]
    pub(crate) search: Option<String>,
    /// Output format
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    pub(crate) format: FieldFormat,
    /// Write to FILE, not to standard output; FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FieldFormat {
    /// One line per field
    Text,
    /// Documentation page of all fields, whatever the search
    Markdown,
    /// Array of objects
    Json,
    /// One object per line
    Ndjson,
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::session::ConversationId;

    #[test]
    fn command_line_definition_is_valid() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn accepts_files_with_and_without_r() {
        let parse = |words: &[&str]| CommandLine::try_parse_from(words).map(|line| line.command);
        match parse(&["overhear", "print", "-r", "a.pcap", "-2", "-n", "-T", "fields", "-e", "frame.number"]) {
            Ok(Some(Command::Print(print))) => assert_eq!(print.input.read, [PathBuf::from("a.pcap")]),
            other => assert!(other.is_err(), "parses as print"),
        }
        match parse(&["overhear", "follow", "a.pcap", "b.pcap", "3"]) {
            Ok(Some(Command::Follow(mut follow))) => {
                assert_eq!(follow.parse_input(), Ok((vec!["a.pcap".into(), "b.pcap".into()], ConversationId::Tcp(3))))
            }
            other => assert!(other.is_err(), "parses as follow"),
        }
        match parse(&["overhear", "follow", "-r", "a.pcap", "3"]) {
            Ok(Some(Command::Follow(mut follow))) => {
                assert_eq!(follow.parse_input(), Ok((vec!["a.pcap".into()], ConversationId::Tcp(3))))
            }
            other => assert!(other.is_err(), "parses as follow"),
        }
        let streams = [("udp:3", "--raw", ConversationId::Udp(3)), ("3", "--dns", ConversationId::Udp(3))];
        for (word, option, stream) in streams.into_iter().chain([("tcp:3", "--dns", ConversationId::Tcp(3))]) {
            match parse(&["overhear", "follow", "a.pcap", word, option]) {
                Ok(Some(Command::Follow(mut follow))) => {
                    assert_eq!(follow.parse_input(), Ok((vec!["a.pcap".into()], stream)))
                }
                other => assert!(other.is_err(), "parses as follow"),
            }
        }
        let line = CommandLine::try_parse_from(["overhear", "a.pcap", "tcp"]).expect("a capture and a filter");
        assert!(line.command.is_none() && line.input.words == ["a.pcap", "tcp"]);
        assert!(parse(&["overhear", "print"]).is_err());
        assert!(parse(&["overhear", "follow", "a.pcap", "0", "--raw", "--hex"]).is_err());
    }
}
