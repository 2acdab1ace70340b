//! The command line of `check`: rules among options, in the order they are written.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use overhear::check::format::Form;
use overhear::check::{Draft, Value};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear check [OPTIONS] <CAPTURE>... <RULE>...\n       \
                      overhear check [OPTIONS] <CHECKS.toml>...\n       \
                      overhear check [OPTIONS] <CHECKS.toml|RULE>... -i <INTERFACE> -- <COMMAND>...")]
#[command(after_help = "\
Rules look at frames; where their fields are those of requests and responses, at calls: a request and its answer \
together. docs/checks.md has all kinds of rules, and the form of check files.

Exit codes: 0 all hold; 1 a check fails, or a capture is empty or cut short; 2 wrong usage or check file; 3 a capture \
cannot be read.

Examples:
  overhear check login.pcap --none tcp.analysis.retransmission --count 'http.request == 3'
  overhear check login.pcap --each 'uri contains login' 'status == 200' --p95 'http.time < 50ms'
  overhear check checks.toml -T junit -o results.xml
  overhear check checks.toml --bless
  overhear check checks.toml -i lo -- make e2e")]
pub(crate) struct Check {
    /// Check files, which end in .toml, and captures; captures named here take the place of those a check file names
    #[arg(value_name = "FILE")]
    pub(crate) words: Vec<OsString>,
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// What the rules named here judge: frame, call or stream; for --order stream or capture
    #[arg(long, value_name = "UNIT")]
    pub(crate) per: Option<String>,
    /// Only what matches is measured, answered, closed, noted or written down
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) only: Option<String>,
    /// The fields of --snapshot; http.* means all that begin so
    #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "snapshot")]
    pub(crate) fields: Vec<String>,
    /// Fields of --snapshot to leave out: what is another each time
    #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "snapshot")]
    pub(crate) without: Vec<String>,
    /// Write the snapshots that are named, in place of comparing with them
    #[arg(long)]
    pub(crate) bless: bool,
    /// What a capture may be without failing for it
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) allow: Vec<Excuse>,
    /// In which form
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    pub(crate) form: CheckForm,
    /// Write to FILE instead of printing; FILE is replaced when all is written
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Listen on an interface while a command runs, and judge what was said; give it again for more
    #[cfg(feature = "live")]
    #[arg(short = 'i', long = "interface", value_name = "INTERFACE", requires = "command")]
    pub(crate) interfaces: Vec<String>,
    /// Listen only to what matches a capture filter, such as 'tcp port 80' (see pcap-filter(7))
    #[cfg(feature = "live")]
    #[arg(short = 'f', value_name = "FILTER", requires = "interfaces", allow_hyphen_values = true)]
    pub(crate) capture_filter: Option<String>,
    /// Keep what was heard in FILE: pcapng, or pcap if its name ends so
    #[cfg(feature = "live")]
    #[arg(short = 'w', long = "write", value_name = "FILE", requires = "interfaces")]
    pub(crate) keep: Option<PathBuf>,
    /// The command to run and listen to; if it fails, its exit code is passed on
    #[cfg(feature = "live")]
    #[arg(last = true, value_name = "COMMAND", requires = "interfaces")]
    pub(crate) command: Vec<OsString>,
    /// Print the JSON schema of check files
    #[arg(long, exclusive = true)]
    pub(crate) schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Excuse {
    /// Not there
    Missing,
    /// Without any frame
    Empty,
    /// Cut short
    Truncated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckForm {
    /// A line a check; what was found, the frames and a command where one fails
    Text,
    /// An object
    Json,
    /// Test Anything Protocol
    Tap,
    /// JUnit XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

impl CheckForm {
    pub(crate) fn form(self) -> Form {
        match self {
            CheckForm::Text => Form::Text,
            CheckForm::Json => Form::Json,
            CheckForm::Tap => Form::Tap,
            CheckForm::Junit => Form::Junit,
            CheckForm::Github => Form::Github,
        }
    }
}

/// An option that is a rule.
struct Kind {
    /// Its name.
    name: &'static str,
    /// What its values are called on the command line.
    shown: &'static [&'static str],
    /// The words of the rule that its values stand behind; the last takes what is left.
    words: &'static [&'static str],
    help: &'static str,
}

const fn kind(
    name: &'static str,
    shown: &'static [&'static str],
    words: &'static [&'static str],
    help: &'static str,
) -> Kind {
    Kind { name, shown, words, help }
}

#[rustfmt::skip]
const KINDS: [Kind; 19] = [
    kind("none", &["FILTER"], &["none"], "Nothing matches"),
    kind("some", &["FILTER"], &["some"], "Something matches"),
    kind("count", &["FILTER OP N"], &["count"], "As many match: 'http.request == 3'"),
    kind("exactly", &["N", "FILTER"], &["exactly", "count"], "N match"),
    kind("at-least", &["N", "FILTER"], &["at_least", "count"], "N or more match"),
    kind("at-most", &["N", "FILTER"], &["at_most", "count"], "N or fewer match"),
    kind("each", &["FILTER", "FILTER2"], &["each", "satisfies"], "Whatever matches the first matches the second, too"),
    kind("followed", &["FILTER", "FILTER2"], &["each", "followed_by"], "What matches the first is followed in its stream by what matches the second"),
    kind("within", &["TIME", "FILTER", "FILTER2"], &["within", "each", "followed_by"], "The same, within a time such as 50ms"),
    kind("order", &["FILTER"], &["order"], "These happen one after the other in each stream; two filters or more"),
    kind("sum", &["FIELD OP N"], &["sum"], "The sum of a field's values is so"),
    kind("min", &["FIELD OP N"], &["min"], "The least value is so"),
    kind("max", &["FIELD OP N"], &["max"], "The greatest value is so"),
    kind("median", &["FIELD OP N"], &["median"], "The median is so"),
    kind("p95", &["FIELD OP N"], &["p95"], "The 95th percentile is so: 'http.time < 50ms'"),
    kind("p99", &["FIELD OP N"], &["p99"], "The 99th percentile is so"),
    kind("answered", &[], &["answered"], "Every request has an answer"),
    kind("orderly", &[], &["orderly"], "Every TCP connection is opened by a handshake and closed by both sides"),
    kind("no-notes-above", &["SEVERITY"], &["no_notes_above"], "Nothing is odder than that: chat, note or warning"),
];

const SNAPSHOT: Kind = kind("snapshot", &["FILE"], &["snapshot"], "The --fields of the capture are those in FILE");

fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain(std::iter::once(&SNAPSHOT))
}

/// Rules, each with the option that says it.
#[derive(Debug, Default)]
pub(crate) struct Rules(pub(crate) Vec<(&'static str, Draft)>);

impl Args for Rules {
    fn augment_args(command: Command) -> Command {
        kinds().fold(command, |command, kind| {
            let arg = Arg::new(kind.name).long(kind.name).help(kind.help).help_heading("Rules");
            command.arg(match kind.shown {
                [] => arg.action(ArgAction::SetTrue),
                [only] if kind.name == "order" => arg.value_name(*only).num_args(2..).action(ArgAction::Append),
                names => arg.value_names(names).num_args(names.len()).action(ArgAction::Append),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Rules::augment_args(command)
    }
}

impl FromArgMatches for Rules {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Rules, clap::Error> {
        let mut placed: Vec<(usize, &'static str, Draft)> = Vec::new();
        for kind in kinds() {
            if matches.value_source(kind.name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let mut places = matches.indices_of(kind.name).into_iter().flatten();
            if kind.shown.is_empty() {
                let said = kind.words.iter().map(|word| ((*word).into(), vec![Value::Yes(true)])).collect();
                placed.push((places.next().unwrap_or(0), kind.name, Draft { said }));
                continue;
            }
            for values in matches.get_occurrences::<String>(kind.name).into_iter().flatten() {
                let values: Vec<_> = values.map(|text| Value::Text(text.clone())).collect();
                // Each value has a place of its own.
                let place = places.nth(values.len() - 1).unwrap_or(0);
                placed.push((place, kind.name, draft(kind.words, values)));
            }
        }
        placed.sort_by_key(|(place, ..)| *place);
        Ok(Rules(placed.into_iter().map(|(_, name, draft)| (name, draft)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Rules::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Gives each word a value, and the last what is left.
fn draft(words: &[&str], values: Vec<Value>) -> Draft {
    let mut values = values.into_iter();
    let mut said = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        let own = if nth + 1 == words.len() { values.by_ref().collect() } else { values.next().into_iter().collect() };
        said.push(((*word).to_owned(), own));
    }
    Draft { said }
}
