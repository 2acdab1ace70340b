//! Arguments of `stats`.

use super::{CaptureArgs, OutputArgs};
use clap::{Args, ValueEnum};
use overhear::statistics::{TableKind, TableSelection};

#[derive(Debug, Args)]
#[command(after_help = "\
Frames, calls and connections are counted that match the filter. Percentiles are within 1.6 percent. Several captures are merged in \
the order of time.

Examples:
  overhear stats shop.pcap                           what is in the capture, on one screen
  overhear stats shop.pcap -z http -z latency        calls by status, method and host, and their durations
  overhear stats shop.pcap 'tcp.port == 443' -z io --interval 1
  overhear stats shop.pcap -z conversations -T csv
  overhear stats shop.pcap -z latency,host           percentiles and a histogram of each host
  overhear stats shop.pcap -z all -T html -o shop.html")]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Tables to print (repeatable) [default: summary]
    #[arg(short = 'z', long = "table", value_name = "TABLE")]
    pub(crate) tables: Vec<TableName>,
    /// Length of the intervals of -z io and -z tcp in seconds [default: at most 60 intervals]
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
    /// Calls of HTTP by status
    #[value(name = "http,status")]
    HttpStatus,
    /// Calls of HTTP by method
    #[value(name = "http,method")]
    HttpMethod,
    /// Calls of HTTP by host
    #[value(name = "http,host")]
    HttpHost,
    /// Lookups of names by status, type and name
    Dns,
    /// Lookups of names by status
    #[value(name = "dns,status")]
    DnsStatus,
    /// Lookups of names by type
    #[value(name = "dns,type")]
    DnsType,
    /// Lookups of names by name
    #[value(name = "dns,name")]
    DnsName,
    /// Statements of databases by digest
    Sql,
    /// Names, versions and ciphers of TLS handshakes
    Tls,
    /// Durations of calls: histogram, and percentiles by host, path and method
    Latency,
    /// Histogram of the durations of calls
    #[value(name = "latency,histogram")]
    LatencyHistogram,
    /// Percentiles and histograms of the durations of calls by host
    #[value(name = "latency,host")]
    LatencyHost,
    /// The same by path of HTTP, with {} for numbers and identifiers
    #[value(name = "latency,path_template")]
    LatencyPath,
    /// The same by method
    #[value(name = "latency,method")]
    LatencyMethod,
    /// The same of statements of databases by digest
    #[value(name = "latency,digest")]
    LatencyDigest,
    /// Frames and bytes by interval of time
    Io,
    /// TCP connections: openings, closings, round-trip times, losses; segments, losses and windows by interval
    Tcp,
    /// TCP connections: openings, closings, round-trip times, losses
    #[value(name = "tcp,totals")]
    TcpTotals,
    /// TCP segments by interval: losses, receive windows, round-trip times
    #[value(name = "tcp,time")]
    TcpTime,
    /// Expert notes by severity
    Notes,
    /// All tables
    All,
}

impl TableName {
    /// Returns the tables.
    pub(crate) fn tables(self) -> Vec<TableSelection> {
        let (kind, part) = match self {
            TableName::Summary => (TableKind::Summary, None),
            TableName::Protocols => (TableKind::Protocols, None),
            TableName::Conversations => (TableKind::Conversations, None),
            TableName::Endpoints => (TableKind::Endpoints, None),
            TableName::Http => (TableKind::Web, None),
            TableName::HttpStatus => (TableKind::Web, Some("status")),
            TableName::HttpMethod => (TableKind::Web, Some("method")),
            TableName::HttpHost => (TableKind::Web, Some("host")),
            TableName::Dns => (TableKind::Lookups, None),
            TableName::DnsStatus => (TableKind::Lookups, Some("status")),
            TableName::DnsType => (TableKind::Lookups, Some("type")),
            TableName::DnsName => (TableKind::Lookups, Some("name")),
            TableName::Sql => (TableKind::Statements, None),
            TableName::Tls => (TableKind::Secure, None),
            TableName::Latency => (TableKind::Latency, None),
            TableName::LatencyHistogram => (TableKind::Latency, Some("histogram")),
            TableName::LatencyHost => (TableKind::Histograms, Some("host")),
            TableName::LatencyPath => (TableKind::Histograms, Some("path_template")),
            TableName::LatencyMethod => (TableKind::Histograms, Some("method")),
            TableName::LatencyDigest => (TableKind::Histograms, Some("digest")),
            TableName::Io => (TableKind::Intervals, None),
            TableName::Tcp => (TableKind::Streams, None),
            TableName::TcpTotals => (TableKind::Streams, Some("totals")),
            TableName::TcpTime => (TableKind::Streams, Some("time")),
            TableName::Notes => (TableKind::Notes, None),
            TableName::All => return TableKind::ALL.map(|kind| (kind, None)).to_vec(),
        };
        vec![(kind, part)]
    }
}
