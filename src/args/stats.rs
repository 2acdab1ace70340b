//! Arguments of `stats`.

use super::{CaptureArgs, OutputArgs};
use clap::{Args, ValueEnum};
use overhear::statistics::TableKind;

#[derive(Debug, Args)]
#[command(after_help = "\
Frames, calls and connections are counted that match the filter. Percentiles are within 1.6 percent. Several captures are merged in \
the order of time.

Examples:
  overhear stats shop.pcap                           what is in the capture, on one screen
  overhear stats shop.pcap -z http -z latency        calls by status, method and host, and their durations
  overhear stats shop.pcap 'tcp.port == 443' -z io --interval 1
  overhear stats shop.pcap -z conversations -T csv
  overhear stats shop.pcap -z all -T html -o shop.html")]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Tables to print (repeatable) [default: summary]
    #[arg(short = 'z', long = "table", value_name = "TABLE")]
    pub(crate) tables: Vec<TableName>,
    /// Length of the intervals of -z io in seconds [default: at most 60 intervals]
    #[arg(long = "interval", value_name = "SECONDS", value_parser = super::export::parse_seconds)]
    pub(crate) interval: Option<i64>,
    /// Output format
    #[arg(short = 'T', long = "format", value_name = "FORMAT", default_value = "text")]
    pub(crate) format: StatsFormat,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatsFormat {
    /// Tables
    Text,
    /// One object with an array for each table
    Json,
    /// Comma-separated values of one table
    Csv,
    /// Page with all tables and charts, without other files
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableName {
    /// Times, hosts, protocols, calls, errors, the slowest calls, losses
    Summary,
    /// Protocol hierarchy
    Protocols,
    /// Pairs of hosts, TCP connections and UDP conversations
    Conversations,
    /// Hosts, and their ports of TCP and UDP
    Endpoints,
    /// Calls of HTTP by status, method and host
    Http,
    /// Lookups of names by status, type and name
    Dns,
    /// Statements of databases by digest
    Sql,
    /// Names, versions and ciphers of TLS handshakes
    Tls,
    /// Durations of calls: histogram, and percentiles by host, path and method
    Latency,
    /// Frames and bytes by interval of time
    Io,
    /// TCP connections: openings, closings, round-trip times, losses
    Tcp,
    /// Expert notes by severity
    Notes,
    /// All tables
    All,
}

impl TableName {
    /// Returns the groups of tables.
    pub(crate) fn kinds(self) -> Vec<TableKind> {
        match self {
            TableName::Summary => vec![TableKind::Summary],
            TableName::Protocols => vec![TableKind::Protocols],
            TableName::Conversations => vec![TableKind::Conversations],
            TableName::Endpoints => vec![TableKind::Endpoints],
            TableName::Http => vec![TableKind::Web],
            TableName::Dns => vec![TableKind::Lookups],
            TableName::Sql => vec![TableKind::Statements],
            TableName::Tls => vec![TableKind::Secure],
            TableName::Latency => vec![TableKind::Latency],
            TableName::Io => vec![TableKind::Intervals],
            TableName::Tcp => vec![TableKind::Streams],
            TableName::Notes => vec![TableKind::Notes],
            TableName::All => TableKind::ALL.to_vec(),
        }
    }
}
