//! Command line of `check`: options and rules, the rules in command-line order.

use super::{DecodeArgs, ThreadArgs};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use overhear::check::format::ResultFormat;
use overhear::check::{RuleSource, RuleValue};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear check [OPTIONS] <CAPTURE>... <RULE>...\n       \
                      overhear check [OPTIONS] <CHECKS.toml>...\n       \
                      overhear check [OPTIONS] <CHECKS.toml|RULE>... -i <INTERFACE> -- <COMMAND>...")]
#[command(after_help = "\
A rule on HTTP fields is evaluated per call (a request and its response together), any other rule per frame; --per \
overrides this. docs/checks.md describes all rules and the format of check files.

Exit codes: 0 all rules hold; 1 a rule fails, or a capture is empty, truncated or of an unsupported link type; \
2 usage error or invalid check file; 3 a capture cannot be read.

Examples:
  overhear check login.pcap --none tcp.analysis.retransmission --count 'http.request == 3'
  overhear check login.pcap --each 'uri contains login' 'status == 200' --p95 'http.time < 50ms'
  overhear check checks.toml -T junit -o results.xml
  overhear check checks.toml --bless
  overhear check checks.toml -i lo -- make e2e")]
pub(crate) struct CheckArgs {
    /// Check files (.toml) and captures; captures given here replace the captures of the check files
    #[arg(value_name = "FILE")]
    pub(crate) words: Vec<OsString>,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
    /// Unit that the rules given here evaluate: frame, call or stream; for --order: stream or capture
    #[arg(long, value_name = "UNIT")]
    pub(crate) per: Option<String>,
    /// Restrict statistics, --answered, --orderly, --no-notes-above, --snapshot and comparisons to matches of this display filter
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) condition: Option<String>,
    /// Fields of --snapshot; http.* selects all fields with that prefix (comma-separated, repeatable)
    #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "snapshot")]
    pub(crate) fields: Vec<String>,
    /// Fields to exclude from --snapshot, such as values that differ in each capture
    #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "snapshot")]
    pub(crate) without: Vec<String>,
    /// Differences that do not fail --same-as (comma-separated): those of `overhear diff --ignore`
    #[arg(long, value_name = "KIND", value_delimiter = ',', requires = "same-as")]
    pub(crate) ignore: Vec<String>,
    /// Percentage by which --no-slower-than limits medians of operations with too few calls for its test
    #[arg(long, value_name = "PERCENT", requires = "no-slower-than")]
    pub(crate) limit: Option<u32>,
    /// Compare calls of all hosts in --no-slower-than and --same-as
    #[arg(long = "any-host")]
    pub(crate) any_host: bool,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// Write the snapshots instead of comparing with them
    #[arg(long)]
    pub(crate) bless: bool,
    /// Capture defects that do not fail the check
    #[arg(long, value_name = "DEFECT", value_delimiter = ',')]
    pub(crate) allow: Vec<CaptureDefect>,
    /// Output format
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    pub(crate) format: CheckFormat,
    /// Write to FILE, not to standard output; FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Capture from this interface while COMMAND runs, and check that capture (repeatable)
    #[cfg(feature = "live")]
    #[arg(short = 'i', long = "interface", value_name = "INTERFACE", requires = "command")]
    pub(crate) interfaces: Vec<String>,
    /// Capture only packets that match this capture filter, such as 'tcp port 80' (see pcap-filter(7))
    #[cfg(feature = "live")]
    #[arg(short = 'f', value_name = "FILTER", requires = "interfaces", allow_hyphen_values = true)]
    pub(crate) capture_filter: Option<String>,
    /// Keep the captured packets in FILE: pcapng, or pcap if the name ends in .pcap
    #[cfg(feature = "live")]
    #[arg(short = 'w', long = "write", value_name = "FILE", requires = "interfaces")]
    pub(crate) write: Option<PathBuf>,
    /// Command to run during the capture; if it fails, its exit code is returned
    #[cfg(feature = "live")]
    #[arg(last = true, value_name = "COMMAND", requires = "interfaces")]
    pub(crate) command: Vec<OsString>,
    /// Print the JSON schema of check files and exit
    #[arg(long, exclusive = true)]
    pub(crate) schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CaptureDefect {
    /// The file does not exist
    Missing,
    /// The capture has no frames
    Empty,
    /// The capture ends within a record
    Truncated,
    /// Frames have a link type that is not supported
    Unsupported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// One line per check; for a failure also the finding, its frames and a command that prints them
    Text,
    /// One JSON object
    Json,
    /// Test Anything Protocol
    Tap,
    /// JUnit XML
    Junit,
    /// GitHub Actions annotations
    Github,
}

impl CheckFormat {
    pub(crate) fn result_format(self) -> ResultFormat {
        match self {
            CheckFormat::Text => ResultFormat::Text,
            CheckFormat::Json => ResultFormat::Json,
            CheckFormat::Tap => ResultFormat::Tap,
            CheckFormat::Junit => ResultFormat::Junit,
            CheckFormat::Github => ResultFormat::Github,
        }
    }
}

/// Command-line option that defines a rule.
struct RuleOption {
    /// Name of the option.
    name: &'static str,
    /// Names of its values in the help.
    value_names: &'static [&'static str],
    /// Keywords of the rule that receive the values, one each; the last receives all remaining values.
    keywords: &'static [&'static str],
    /// Help text.
    help: &'static str,
}

const fn rule_option(
    name: &'static str,
    value_names: &'static [&'static str],
    keywords: &'static [&'static str],
    help: &'static str,
) -> RuleOption {
    RuleOption { name, value_names, keywords, help }
}

#[rustfmt::skip]
const RULE_OPTIONS: [RuleOption; 21] = [
    rule_option("none", &["FILTER"], &["none"], "No matches"),
    rule_option("some", &["FILTER"], &["some"], "At least one match"),
    rule_option("count", &["FILTER OP N"], &["count"], "Number of matches: 'http.request == 3'"),
    rule_option("exactly", &["N", "FILTER"], &["exactly", "count"], "Exactly N matches"),
    rule_option("at-least", &["N", "FILTER"], &["at_least", "count"], "At least N matches"),
    rule_option("at-most", &["N", "FILTER"], &["at_most", "count"], "At most N matches"),
    rule_option("each", &["FILTER", "FILTER2"], &["each", "satisfies"], "Every match of FILTER also matches FILTER2"),
    rule_option("followed", &["FILTER", "FILTER2"], &["each", "followed_by"], "Every frame that matches FILTER is followed by a match of FILTER2 in its stream"),
    rule_option("within", &["TIME", "FILTER", "FILTER2"], &["within", "each", "followed_by"], "Like followed, within a time such as 50ms"),
    rule_option("order", &["FILTER"], &["order"], "Frames match these filters one after the other in each stream (two or more filters)"),
    rule_option("sum", &["FIELD OP N"], &["sum"], "Sum of a field's values"),
    rule_option("min", &["FIELD OP N"], &["min"], "Minimum of a field's values"),
    rule_option("max", &["FIELD OP N"], &["max"], "Maximum of a field's values"),
    rule_option("median", &["FIELD OP N"], &["median"], "Median of a field's values"),
    rule_option("p95", &["FIELD OP N"], &["p95"], "95th percentile of a field's values: 'http.time < 50ms'"),
    rule_option("p99", &["FIELD OP N"], &["p99"], "99th percentile of a field's values"),
    rule_option("answered", &[], &["answered"], "Every request has a response"),
    rule_option("orderly", &[], &["orderly"], "Every TCP connection opens with a handshake and closes with a FIN from each side"),
    rule_option("no-slower-than", &["CAPTURE"], &["no_slower_than"], "No operation is slower than in CAPTURE, by the test of `overhear diff`"),
    rule_option("same-as", &["CAPTURE"], &["same_as"], "No differences from CAPTURE, as `overhear diff` finds them, durations excepted"),
    rule_option("no-notes-above", &["SEVERITY"], &["no_notes_above"], "No expert note above SEVERITY: chat, note or warning"),
];

const SNAPSHOT_OPTION: RuleOption =
    rule_option("snapshot", &["FILE"], &["snapshot"], "Values of --fields equal those in FILE");

fn rule_options() -> impl Iterator<Item = &'static RuleOption> {
    RULE_OPTIONS.iter().chain(std::iter::once(&SNAPSHOT_OPTION))
}

/// Rules of the command line, each with the name of its option.
#[derive(Debug, Default)]
pub(crate) struct RuleArgs(pub(crate) Vec<(&'static str, RuleSource)>);

impl Args for RuleArgs {
    fn augment_args(command: Command) -> Command {
        rule_options().fold(command, |command, kind| {
            let arg = Arg::new(kind.name).long(kind.name).help(kind.help).help_heading("Rules");
            command.arg(match kind.value_names {
                [] => arg.action(ArgAction::SetTrue),
                [name] if kind.name == "order" => arg.value_name(*name).num_args(2..).action(ArgAction::Append),
                names => arg.value_names(names).num_args(names.len()).action(ArgAction::Append),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        RuleArgs::augment_args(command)
    }
}

impl FromArgMatches for RuleArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<RuleArgs, clap::Error> {
        let mut rules: Vec<(usize, &'static str, RuleSource)> = Vec::new();
        for kind in rule_options() {
            if matches.value_source(kind.name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let mut indices = matches.indices_of(kind.name).into_iter().flatten();
            if kind.value_names.is_empty() {
                let keywords =
                    kind.keywords.iter().map(|word| ((*word).into(), vec![RuleValue::Boolean(true)])).collect();
                rules.push((indices.next().unwrap_or(0), kind.name, RuleSource { keywords }));
                continue;
            }
            for values in matches.get_occurrences::<String>(kind.name).into_iter().flatten() {
                let values: Vec<_> = values.map(|text| RuleValue::Text(text.clone())).collect();
                // Each value has an index of its own.
                let index = indices.nth(values.len() - 1).unwrap_or(0);
                rules.push((index, kind.name, rule_source(kind.keywords, values)));
            }
        }
        rules.sort_by_key(|(index, ..)| *index);
        Ok(RuleArgs(rules.into_iter().map(|(_, name, rule)| (name, rule)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = RuleArgs::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Assigns one value to each keyword, and all remaining values to the last.
fn rule_source(keywords: &[&str], values: Vec<RuleValue>) -> RuleSource {
    let mut values = values.into_iter();
    let mut assigned = Vec::new();
    for (nth, keyword) in keywords.iter().enumerate() {
        let is_last = nth + 1 == keywords.len();
        let own = if is_last { values.by_ref().collect() } else { values.next().into_iter().collect() };
        assigned.push(((*keyword).to_owned(), own));
    }
    RuleSource { keywords: assigned }
}
