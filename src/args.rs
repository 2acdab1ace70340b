//! The command line.

mod check;

pub(crate) use check::{Check, Excuse};
use clap::error::{Error, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use overhear::report::{Form, Layout, Lines, Occurrence};
#[cfg(feature = "live")]
use overhear::sink::{Autostop, Rotate};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Tells what was said in a capture: its frames, its calls, its TCP connections.
#[derive(Debug, Parser)]
#[command(
    name = "overhear",
    version,
    about = "Tells what was said in a packet capture: its frames, its calls, its TCP connections",
    override_usage = "overhear [OPTIONS] FILE... [FILTER]\n       overhear COMMAND ...",
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = "\
Without a command the capture is shown on the screen: calls, connections and frames, to be looked through.

Examples:
  overhear login.pcap                           on the screen
  overhear print login.pcap                     one line a frame
  overhear print login.pcap -V                  everything that is known of each frame
  overhear print login.pcap -e frame.number -e http.request.uri
  overhear print login.pcap 'uri contains login'  frames that match a filter
  overhear calls login.pcap                     requests and their answers
  overhear streams login.pcap                   TCP connections
  overhear follow login.pcap 0                  what the two sides of stream 0 sent
  overhear check login.pcap --none 'status >= 500'  a test: exit code 1 if it fails
  overhear fields uri                           fields that have to do with URIs
  tcpdump -w - | overhear calls -               from a pipe
  overhear calls -i eth0 -f 'tcp port 80'       from an interface, as they happen

Captures are pcap or pcapng, plain or compressed with gzip, zstd or lz4.

Exit codes: 0 done; 2 wrong usage, or a capture that could not be read to its end (what could be read is printed first)."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// What is shown on the screen.
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print frames: a line each, their detail tree, or fields of them
    Print(Print),
    /// Print calls: one row a request and its answer, when it is complete
    Calls(Rows),
    /// Print TCP connections, one row each
    Streams(Rows),
    /// Print what the two sides of a TCP connection sent, in order
    Follow(Follow),
    /// Check captures as tests: what must hold of them, told for a reader or for CI
    Check(Check),
    /// List the fields that can be printed, or tell what one means
    Fields(Fields),
    /// List the interfaces that can be listened to
    #[cfg(feature = "live")]
    Interfaces(Interfaces),
}

/// What is wrong with a command line, in a line; None if its error is the help or the version.
pub(crate) fn wrong_usage(error: &Error) -> Option<String> {
    let help = ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || error.kind() == help {
        return None;
    }
    // The first paragraph says what is wrong; tips and usage follow.
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let what = lines.collect::<Vec<_>>().join(" ");
    let what: String = what.trim_start_matches("error: ").chars().filter(|char| !char.is_control()).collect();
    let command = std::env::args().nth(1).filter(|word| CommandLine::command().find_subcommand(word).is_some());
    let command = command.map_or(String::new(), |word| format!(" {word}"));
    Some(format!("{what}; see `overhear{command} --help`"))
}

/// Which captures are read, and what of them is meant.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// Capture files, read one after the other; - is standard input. Behind them a filter may stand, as with -Y
    #[arg(value_name = "FILE")]
    #[cfg_attr(feature = "live", arg(required_unless_present_any = ["read", "interfaces"]))]
    #[cfg_attr(not(feature = "live"), arg(required_unless_present = "read"))]
    pub(crate) words: Vec<OsString>,
    /// A capture file, as in tshark
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    pub(crate) read: Vec<PathBuf>,
    /// Only what matches: a display filter as in Wireshark, or short words such as uri, status, host
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub(crate) listen: Listen,
}

/// What is listened to, and how.
#[cfg(feature = "live")]
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Listen on an interface: its name, its number in `overhear interfaces`, or any; give it again for more
    #[arg(
        help_heading = "Listening",
        short = 'i',
        long = "interface",
        value_name = "INTERFACE",
        conflicts_with = "read"
    )]
    pub(crate) interfaces: Vec<String>,
    /// Capture only what matches a capture filter, such as 'tcp port 80' (see pcap-filter(7))
    #[arg(
        help_heading = "Listening",
        short = 'f',
        value_name = "FILTER",
        requires = "interfaces",
        allow_hyphen_values = true
    )]
    pub(crate) capture_filter: Option<String>,
    /// Keep no more than N bytes of a packet; 0 for all
    #[arg(
        help_heading = "Listening",
        short = 's',
        long = "snapshot-length",
        value_name = "N",
        requires = "interfaces",
        default_value_t = 0
    )]
    pub(crate) snaplen: u32,
    /// Leave the interface as it is, not in promiscuous mode
    #[arg(help_heading = "Listening", short = 'p', long = "no-promiscuous-mode", requires = "interfaces")]
    pub(crate) not_promiscuous: bool,
    /// The size of the kernel's buffer in MiB
    #[arg(help_heading = "Listening", short = 'B', long = "buffer-size", value_name = "MIB", requires = "interfaces", default_value_t = 32,
          value_parser = clap::value_parser!(u32).range(1..2048))]
    pub(crate) buffer: u32,
    /// The link type, by the name that libpcap has for it
    #[arg(help_heading = "Listening", short = 'y', long = "linktype", value_name = "TYPE", requires = "interfaces")]
    pub(crate) link: Option<String>,
    /// Hand each packet over at once; otherwise it may wait 20 ms for others, which loses less
    #[arg(help_heading = "Listening", long = "immediate", requires = "interfaces")]
    pub(crate) immediate: bool,
    /// Write what is captured to FILE: pcapng, or pcap if its name ends in .pcap; - is standard output
    #[arg(help_heading = "Listening", short = 'w', long = "write", value_name = "FILE", requires = "interfaces")]
    pub(crate) write: Option<PathBuf>,
    /// Stop after duration:S, packets:N, filesize:KB or files:N, whichever comes first
    #[arg(help_heading = "Listening", short = 'a', long = "autostop", value_name = "WHEN", requires = "interfaces")]
    pub(crate) autostop: Vec<Autostop>,
    /// Go on in a new file after duration:S, interval:S, packets:N or filesize:KB, and keep the last files:N
    #[arg(help_heading = "Listening", short = 'b', long = "ring-buffer", value_name = "WHEN", requires = "write")]
    pub(crate) rotate: Vec<Rotate>,
}

/// How reading and writing go.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Stop after N frames
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
    /// Write to FILE instead of printing; FILE is replaced when all is written, and grows while an interface is listened
    /// to; - is standard output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write each row as soon as it is known; done anyway when a pipe is read
    #[arg(short = 'l')]
    pub(crate) line_buffered: bool,
    /// Go on at the end of the last file with what others write to it, until Ctrl-C
    #[arg(long = "follow-file")]
    pub(crate) follow_file: bool,
    /// Leave addresses as numbers: always so, accepted for tshark's sake
    #[arg(short = 'n')]
    _numeric: bool,
    /// Read twice: done wherever a field needs it, accepted for tshark's sake
    #[arg(short = '2', hide = true)]
    _two_passes: bool,
}

impl Run {
    /// Whether rows go to a file instead of standard output.
    pub(crate) fn writes_file(&self) -> bool {
        self.output.as_deref().is_some_and(|path| path != Path::new("-"))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Fields have Wireshark's names; `overhear fields` lists them. The columns are fields too: _ws.col.protocol, _ws.col.info.

-E takes tshark's settings, for -T fields and csv: header=y|n, separator=/t|/s|C, occurrence=f|l|a, \
aggregator=,|/s|C, quote=d|s|n, bom=y|n, escape=y|n.

In JSON, numbers and booleans are such, lengths of time are seconds, moments are strings in UTC; \
bytes are {\"text\": ...} where they are text and {\"bytes\": ...} in hexadecimal where not; a field with several values is an array.

Examples:
  overhear print login.pcap -V -c 10
  overhear print login.pcap -T fields -e frame.number -e tcp.stream -e http.request.uri -E header=y
  overhear print login.pcap -T ndjson -e ip.src -e http.host | jq .")]
pub(crate) struct Print {
    #[command(flatten)]
    pub(crate) input: Input,
    /// In which form [default: text; fields with -e]
    #[arg(short = 'T', value_name = "FORM")]
    pub(crate) form: Option<FrameForm>,
    /// A field to print; give it again for more
    #[arg(short = 'e', value_name = "FIELD")]
    pub(crate) fields: Vec<String>,
    /// How fields are laid out
    #[arg(short = 'E', value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<Setting>,
    /// Print everything known of each frame, as a tree
    #[arg(short = 'V')]
    pub(crate) details: bool,
    /// Print the bytes of each frame too
    #[arg(short = 'x')]
    pub(crate) bytes: bool,
    #[command(flatten)]
    pub(crate) run: Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FrameForm {
    /// A line a frame; with -V its tree
    Text,
    /// The values of the fields given with -e between tabs
    Fields,
    /// An array of objects
    Json,
    /// An object a line
    Ndjson,
    /// Comma-separated values: the fields given with -e, or the columns
    Csv,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Machine forms have all columns, exact times and sizes; a table on a narrow terminal leaves columns out.")]
pub(crate) struct Rows {
    #[command(flatten)]
    pub(crate) input: Input,
    /// In which form
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    pub(crate) form: RowForm,
    #[command(flatten)]
    pub(crate) run: Run,
}

#[cfg(feature = "live")]
#[derive(Debug, Args)]
pub(crate) struct Interfaces {
    /// In which form
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    pub(crate) form: RowForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowForm {
    /// A table
    Text,
    /// An array of objects
    Json,
    /// An object a line
    Ndjson,
    /// Comma-separated values
    Csv,
}

impl RowForm {
    /// The form; a table has `room` characters a line, if there is a limit.
    pub(crate) fn form(self, room: Option<usize>) -> Form {
        match self {
            RowForm::Text => Form::Text(room),
            RowForm::Json => Form::Json(Lines::Array),
            RowForm::Ndjson => Form::Json(Lines::Bare),
            RowForm::Csv => Form::Csv,
        }
    }
}

#[derive(Debug, Args)]
#[command(override_usage = "overhear follow [OPTIONS] <FILE>... <STREAM>")]
#[command(after_help = "\
Streams have the numbers that `overhear streams` prints (tcp.stream). Bytes that were never captured are told where \
they are missing: [n bytes missing in capture]; with --raw on standard error.")]
pub(crate) struct Follow {
    /// Capture files, read one after the other (- is standard input), then the number of the stream
    #[arg(value_name = "FILE|STREAM", required = true)]
    words: Vec<OsString>,
    /// A capture file, as in tshark
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) shape: FollowShape,
    #[command(flatten)]
    pub(crate) run: Run,
}

impl Follow {
    /// The files, in the order they are read, and the number of the stream; or what is wrong with them.
    pub(crate) fn input(&mut self) -> Result<(Vec<PathBuf>, u32), String> {
        let mut paths = std::mem::take(&mut self.read);
        let last = self.words.pop().unwrap_or_default();
        paths.extend(self.words.drain(..).map(PathBuf::from));
        match last.to_str().and_then(|word| word.parse().ok()) {
            Some(_) if paths.is_empty() => Err("a capture file is missing: overhear follow FILE STREAM".into()),
            Some(stream) => Ok((paths, stream)),
            None => Err("the number of the stream is missing after the files; `overhear streams` lists them".into()),
        }
    }
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct FollowShape {
    /// The bytes as they were sent, both sides in order
    #[arg(long)]
    pub(crate) raw: bool,
    /// A hex dump, the server's side indented
    #[arg(long)]
    pub(crate) hex: bool,
    /// An object a line: side, frame, time, and text or bytes
    #[arg(long)]
    pub(crate) json: bool,
    /// HTTP messages: heads, and bodies with chunks joined and content codings undone
    #[arg(long)]
    pub(crate) http: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// The name of a field, to be told all about it; or a text to look for in names and meanings
    #[arg(value_name = "NAME|TEXT")]
    pub(crate) search: Option<String>,
    /// In which form
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    pub(crate) form: FieldForm,
    /// Write to FILE instead of printing
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FieldForm {
    /// A line a field
    Text,
    /// The page of the documentation: all fields, whatever is looked for
    Markdown,
    /// An array of objects
    Json,
    /// An object a line
    Ndjson,
}

/// A setting of `-E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Header(bool),
    Separator(char),
    Occurrence(Occurrence),
    Aggregator(char),
    Quote(Option<char>),
    Bom(bool),
    Escape(bool),
}

impl Setting {
    /// Changes a layout.
    pub(crate) fn apply(self, layout: &mut Layout) {
        match self {
            Setting::Header(header) => layout.header = header,
            Setting::Separator(separator) => layout.separator = separator,
            Setting::Occurrence(occurrence) => layout.occurrence = occurrence,
            Setting::Aggregator(aggregator) => layout.aggregator = aggregator,
            Setting::Quote(quote) => layout.quote = quote,
            Setting::Bom(bom) => layout.bom = bom,
            Setting::Escape(escape) => layout.escape = escape,
        }
    }
}

/// Reads `name=value`.
fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("name=value was wanted, such as header=y")?;
    let yes = || match value {
        "y" | "Y" => Ok(true),
        "n" | "N" => Ok(false),
        _ => Err(format!("{name} is y or n")),
    };
    let character = || match value {
        "/t" => Ok('\t'),
        "/s" => Ok(' '),
        _ => {
            let mut chars = value.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Ok(char),
                _ => Err(format!("{name} is one character, or /t for a tab, or /s for a space")),
            }
        }
    };
    Ok(match name {
        "header" => Setting::Header(yes()?),
        "bom" => Setting::Bom(yes()?),
        "escape" => Setting::Escape(yes()?),
        "separator" => Setting::Separator(character()?),
        "aggregator" => Setting::Aggregator(character()?),
        "occurrence" => Setting::Occurrence(match value {
            "f" => Occurrence::First,
            "l" => Occurrence::Last,
            "a" => Occurrence::All,
            _ => return Err("occurrence is f for the first, l for the last, a for all".into()),
        }),
        "quote" => Setting::Quote(match value {
            "d" => Some('"'),
            "s" => Some('\''),
            "n" => None,
            _ => return Err("quote is d for double quotes, s for single quotes, n for none".into()),
        }),
        _ => {
            let names = "header, separator, occurrence, aggregator, quote, bom, escape";
            return Err(format!("{name} is no setting; there are {names}"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn settings_are_tsharks() {
        assert_eq!(setting("separator=/t"), Ok(Setting::Separator('\t')));
        assert_eq!(setting("separator=,"), Ok(Setting::Separator(',')));
        assert_eq!(setting("separator=="), Ok(Setting::Separator('=')));
        assert_eq!(setting("aggregator=/s"), Ok(Setting::Aggregator(' ')));
        assert_eq!(setting("quote=d"), Ok(Setting::Quote(Some('"'))));
        assert_eq!(setting("occurrence=l"), Ok(Setting::Occurrence(Occurrence::Last)));
        assert!(setting("separator=ab").is_err() && setting("header").is_err() && setting("foo=1").is_err());
    }

    #[test]
    fn files_come_with_r_or_without() {
        let parse = |words: &[&str]| CommandLine::try_parse_from(words).map(|line| line.command);
        match parse(&["overhear", "print", "-r", "a.pcap", "-2", "-n", "-T", "fields", "-e", "frame.number"]) {
            Ok(Some(Command::Print(print))) => assert_eq!(print.input.read, [PathBuf::from("a.pcap")]),
            other => assert!(other.is_err(), "it is print"),
        }
        match parse(&["overhear", "follow", "a.pcap", "b.pcap", "3"]) {
            Ok(Some(Command::Follow(mut follow))) => {
                assert_eq!(follow.input(), Ok((vec!["a.pcap".into(), "b.pcap".into()], 3)))
            }
            other => assert!(other.is_err(), "it is follow"),
        }
        match parse(&["overhear", "follow", "-r", "a.pcap", "3"]) {
            Ok(Some(Command::Follow(mut follow))) => assert_eq!(follow.input(), Ok((vec!["a.pcap".into()], 3))),
            other => assert!(other.is_err(), "it is follow"),
        }
        let line = CommandLine::try_parse_from(["overhear", "a.pcap", "tcp"]).expect("a capture and a filter");
        assert!(line.command.is_none() && line.input.words == ["a.pcap", "tcp"]);
        assert!(parse(&["overhear", "print"]).is_err());
        assert!(parse(&["overhear", "follow", "a.pcap", "0", "--raw", "--hex"]).is_err());
    }
}
