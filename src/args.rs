//! The command line.

mod check;

pub(crate) use check::{CaptureDefect, CheckArgs};
use clap::error::{Error, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use overhear::analysis::{DecodeAs, DecodeOptions};
use overhear::report::{JsonFraming, Layout, Occurrence, RecordFormat};
#[cfg(feature = "live")]
use overhear::sink::{AutostopOption, RotateOption};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
  overhear follow login.pcap 0                  data of both sides of stream 0
  overhear check login.pcap --none 'status >= 500'  test: exit code 1 on failure
  overhear fields uri                           search field names and descriptions
  tcpdump -w - | overhear calls -               read from a pipe
  overhear calls -i eth0 -f 'tcp port 80'       live capture from an interface

Capture formats: pcap and pcapng, uncompressed or compressed with gzip, zstd or lz4.

Exit codes: 0 success; 2 usage error, or a capture could not be read completely (its readable part is printed first)."
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
    /// Print calls: one row per request and response, once complete
    Calls(RowsArgs),
    /// Print TCP connections: one row each
    Streams(RowsArgs),
    /// Print the data that both sides of a TCP connection sent, in order
    Follow(FollowArgs),
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
    let is_command = CommandLine::command().find_subcommand(&first).is_some();
    let command = if is_command { format!(" {first}") } else { String::new() };
    Some(format!("{message}; see `overhear{command} --help`"))
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

/// Arguments that select captures or interfaces, and a display filter.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Capture files, read in order (- for standard input), optionally followed by a display filter
    #[arg(value_name = "FILE")]
    #[cfg_attr(feature = "live", arg(required_unless_present_any = ["read", "interfaces"]))]
    #[cfg_attr(not(feature = "live"), arg(required_unless_present = "read"))]
    pub(crate) words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    pub(crate) read: Vec<PathBuf>,
    /// Show only matches of this display filter (Wireshark syntax, plus aliases such as uri)
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    /// Write packets to FILE (- for standard output): pcapng, or pcap if the name ends in .pcap. A live capture writes
    /// all packets, print writes the frames of its captures that match the filter, instead of rows
    #[arg(short = 'w', long = "write", value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(crate) live: LiveArgs,
}

impl InputArgs {
    /// Whether the input is interfaces.
    #[cfg(feature = "live")]
    pub(crate) fn is_live(&self) -> bool {
        !self.live.interfaces.is_empty()
    }

    /// Whether the input is interfaces.
    #[cfg(not(feature = "live"))]
    pub(crate) fn is_live(&self) -> bool {
        false
    }
}

/// Options for the protocols of connections.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DecodeArgs {
    /// Protocol of the data on a port, instead of the detected one: tcp.port==9000,http (repeatable)
    #[arg(short = 'd', long = "decode-as", value_name = "PORT,PROTOCOL")]
    pub(crate) decode_as: Vec<DecodeAs>,
    /// Print and filter addresses as digits in fields that have names for them, such as eth.src_resolved
    #[arg(short = 'n')]
    pub(crate) numeric: bool,
}

impl DecodeArgs {
    /// Returns the decode options of all passes.
    pub(crate) fn options(&self) -> DecodeOptions {
        DecodeOptions { decode_as: self.decode_as.clone(), numeric: self.numeric, ..DecodeOptions::default() }
    }
}

/// Options of a live capture.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
pub(crate) struct LiveArgs {
    /// Capture from this interface: a name, a number from `overhear interfaces`, or any (repeatable)
    #[arg(
        help_heading = "Live capture",
        short = 'i',
        long = "interface",
        value_name = "INTERFACE",
        conflicts_with = "read"
    )]
    pub(crate) interfaces: Vec<String>,
    /// Capture only packets that match this capture filter, such as 'tcp port 80' (see pcap-filter(7))
    #[arg(
        help_heading = "Live capture",
        short = 'f',
        value_name = "FILTER",
        requires = "interfaces",
        allow_hyphen_values = true
    )]
    pub(crate) capture_filter: Option<String>,
    /// Capture at most N bytes of each packet; 0 for no limit
    #[arg(
        help_heading = "Live capture",
        short = 's',
        long = "snapshot-length",
        value_name = "N",
        requires = "interfaces",
        default_value_t = 0
    )]
    pub(crate) snaplen: u32,
    /// Do not put the interface into promiscuous mode
    #[arg(help_heading = "Live capture", short = 'p', long = "no-promiscuous-mode", requires = "interfaces")]
    pub(crate) not_promiscuous: bool,
    /// Size of the kernel capture buffer in MiB
    #[arg(help_heading = "Live capture", short = 'B', long = "buffer-size", value_name = "MIB", requires = "interfaces", default_value_t = 32,
          value_parser = clap::value_parser!(u32).range(1..2048))]
    pub(crate) buffer: u32,
    /// Link-layer type, by its libpcap name
    #[arg(help_heading = "Live capture", short = 'y', long = "linktype", value_name = "TYPE", requires = "interfaces")]
    pub(crate) link: Option<String>,
    /// Deliver each packet immediately (default: batches of up to 20 ms, which drops fewer packets)
    #[arg(help_heading = "Live capture", long = "immediate", requires = "interfaces")]
    pub(crate) immediate: bool,
    /// Stop after duration:S, packets:N, filesize:KB or files:N, whichever comes first (repeatable)
    #[arg(help_heading = "Live capture", short = 'a', long = "autostop", value_name = "WHEN", requires = "interfaces")]
    pub(crate) autostop: Vec<AutostopOption>,
    /// Start a new file after duration:S, interval:S, packets:N or filesize:KB; files:N keeps the last N (repeatable)
    #[arg(help_heading = "Live capture", short = 'b', long = "ring-buffer", value_name = "WHEN", requires = "write")]
    pub(crate) rotate: Vec<RotateOption>,
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
    /// Read in two passes (automatic where a field needs it; accepted for tshark compatibility)
    #[arg(short = '2', hide = true)]
    _two_passes: bool,
}

impl RunArgs {
    /// Whether rows go to a file instead of standard output.
    pub(crate) fn writes_file(&self) -> bool {
        self.output.as_deref().is_some_and(|path| path != Path::new("-"))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Field names are Wireshark's; `overhear fields` lists them. Columns are fields too: _ws.col.protocol, _ws.col.info.

Settings of -E, as in tshark, for -T fields and csv: header=y|n, separator=/t|/s|C, occurrence=f|l|a, \
aggregator=,|/s|C, quote=d|s|n, bom=y|n, escape=y|n.

JSON values: numbers and booleans are native; durations are seconds; timestamps are UTC strings; bytes are \
{\"text\": ...} if they are printable text, else {\"bytes\": ...} in hexadecimal; a field with several values is an array.

Examples:
  overhear print login.pcap -V -c 10
  overhear print login.pcap -T fields -e frame.number -e tcp.stream -e http.request.uri -E header=y
  overhear print login.pcap -T ndjson -e ip.src -e http.host | jq .")]
pub(crate) struct PrintArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Output format [default: text; fields with -e]
    #[arg(short = 'T', value_name = "FORMAT")]
    pub(crate) format: Option<FrameFormat>,
    /// Field to print (repeatable)
    #[arg(short = 'e', value_name = "FIELD")]
    pub(crate) fields: Vec<String>,
    /// Layout setting of -T fields or csv (repeatable)
    #[arg(short = 'E', value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(crate) settings: Vec<LayoutSetting>,
    /// Print the detail tree of each frame
    #[arg(short = 'V')]
    pub(crate) details: bool,
    /// Print a hex dump of each frame
    #[arg(short = 'x')]
    pub(crate) bytes: bool,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FrameFormat {
    /// One line per frame; with -V its detail tree
    Text,
    /// Tab-separated values of the fields selected with -e
    Fields,
    /// Array of objects
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated values of the fields selected with -e, or of the columns
    Csv,
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
#[command(override_usage = "overhear follow [OPTIONS] <FILE>... <STREAM>")]
#[command(after_help = "\
Stream numbers are those of `overhear streams` (tcp.stream). A gap in the captured data is marked \
[n bytes missing in capture]; --raw reports gaps on standard error.")]
pub(crate) struct FollowArgs {
    /// Capture files, read in order (- for standard input), followed by the stream number
    #[arg(value_name = "FILE|STREAM", required = true)]
    words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    #[command(flatten)]
    pub(crate) format: FollowFormat,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

impl FollowArgs {
    /// Returns the files in reading order and the stream number, or an error message.
    pub(crate) fn parse_input(&mut self) -> Result<(Vec<PathBuf>, u32), String> {
        let mut paths = std::mem::take(&mut self.read);
        let last = self.words.pop().unwrap_or_default();
        paths.extend(self.words.drain(..).map(PathBuf::from));
        match last.to_str().and_then(|word| word.parse().ok()) {
            Some(_) if paths.is_empty() => Err("missing capture file: overhear follow FILE STREAM".into()),
            Some(stream) => Ok((paths, stream)),
            None => Err("missing stream number after the files; `overhear streams` lists them".into()),
        }
    }
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct FollowFormat {
    /// Print the raw bytes of both sides in order
    #[arg(long)]
    pub(crate) raw: bool,
    /// Print a hex dump, with the server's side indented
    #[arg(long)]
    pub(crate) hex: bool,
    /// Print one JSON object per line: side, frame, time, and text or bytes
    #[arg(long)]
    pub(crate) json: bool,
    /// Print HTTP messages: headers, and decoded bodies (transfer and content codings removed)
    #[arg(long)]
    pub(crate) http: bool,
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

/// Layout setting of `-E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayoutSetting {
    Header(bool),
    Separator(char),
    Occurrence(Occurrence),
    Aggregator(char),
    Quote(Option<char>),
    Bom(bool),
    Escape(bool),
}

impl LayoutSetting {
    /// Applies the setting to a layout.
    pub(crate) fn apply(self, layout: &mut Layout) {
        match self {
            LayoutSetting::Header(header) => layout.header = header,
            LayoutSetting::Separator(separator) => layout.separator = separator,
            LayoutSetting::Occurrence(occurrence) => layout.occurrence = occurrence,
            LayoutSetting::Aggregator(aggregator) => layout.aggregator = aggregator,
            LayoutSetting::Quote(quote) => layout.quote = quote,
            LayoutSetting::Bom(bom) => layout.bom = bom,
            LayoutSetting::Escape(escape) => layout.escape = escape,
        }
    }
}

/// Parses `name=value`.
fn parse_setting(text: &str) -> Result<LayoutSetting, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as header=y")?;
    let flag = || match value {
        "y" | "Y" => Ok(true),
        "n" | "N" => Ok(false),
        _ => Err(format!("{name}: expected y or n")),
    };
    let character = || match value {
        "/t" => Ok('\t'),
        "/s" => Ok(' '),
        _ => {
            let mut chars = value.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Ok(char),
                _ => Err(format!("{name}: expected one character, /t (tab) or /s (space)")),
            }
        }
    };
    Ok(match name {
        "header" => LayoutSetting::Header(flag()?),
        "bom" => LayoutSetting::Bom(flag()?),
        "escape" => LayoutSetting::Escape(flag()?),
        "separator" => LayoutSetting::Separator(character()?),
        "aggregator" => LayoutSetting::Aggregator(character()?),
        "occurrence" => LayoutSetting::Occurrence(match value {
            "f" => Occurrence::First,
            "l" => Occurrence::Last,
            "a" => Occurrence::All,
            _ => return Err("occurrence: expected f (first), l (last) or a (all)".into()),
        }),
        "quote" => LayoutSetting::Quote(match value {
            "d" => Some('"'),
            "s" => Some('\''),
            "n" => None,
            _ => return Err("quote: expected d (double quotes), s (single quotes) or n (none)".into()),
        }),
        _ => {
            let names = "header, separator, occurrence, aggregator, quote, bom, escape";
            return Err(format!("unknown setting {name}; expected one of {names}"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_definition_is_valid() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn parses_tshark_layout_settings() {
        assert_eq!(parse_setting("separator=/t"), Ok(LayoutSetting::Separator('\t')));
        assert_eq!(parse_setting("separator=,"), Ok(LayoutSetting::Separator(',')));
        assert_eq!(parse_setting("separator=="), Ok(LayoutSetting::Separator('=')));
        assert_eq!(parse_setting("aggregator=/s"), Ok(LayoutSetting::Aggregator(' ')));
        assert_eq!(parse_setting("quote=d"), Ok(LayoutSetting::Quote(Some('"'))));
        assert_eq!(parse_setting("occurrence=l"), Ok(LayoutSetting::Occurrence(Occurrence::Last)));
        assert!(
            parse_setting("separator=ab").is_err()
                && parse_setting("header").is_err()
                && parse_setting("foo=1").is_err()
        );
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
                assert_eq!(follow.parse_input(), Ok((vec!["a.pcap".into(), "b.pcap".into()], 3)))
            }
            other => assert!(other.is_err(), "parses as follow"),
        }
        match parse(&["overhear", "follow", "-r", "a.pcap", "3"]) {
            Ok(Some(Command::Follow(mut follow))) => assert_eq!(follow.parse_input(), Ok((vec!["a.pcap".into()], 3))),
            other => assert!(other.is_err(), "parses as follow"),
        }
        let line = CommandLine::try_parse_from(["overhear", "a.pcap", "tcp"]).expect("a capture and a filter");
        assert!(line.command.is_none() && line.input.words == ["a.pcap", "tcp"]);
        assert!(parse(&["overhear", "print"]).is_err());
        assert!(parse(&["overhear", "follow", "a.pcap", "0", "--raw", "--hex"]).is_err());
    }
}
