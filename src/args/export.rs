//! Arguments of `export`, `merge` and `split`.

use super::byte_count::{ByteCount, parse_body_limit};
use super::{CaptureArgs, DecodeArgs, RunArgs, ThreadArgs};
use clap::{Args, Subcommand};
use overhear::analysis::limits::EXPORTED_BODY;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    pub(crate) form: ExportForm,
}

/// Form of an export.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportForm {
    /// Frames as a pcapng file, with their interfaces, comments and names
    Pcapng(ExportFramesArgs),
    /// Frames as a pcap file, which has one link type and no metadata
    Pcap(ExportFramesArgs),
    /// Calls of the web as a HAR 1.2 file, with messages, timings and bodies
    Har(ExportHarArgs),
    /// Bodies of calls of the web as files of a folder, with a manifest
    Objects(ExportObjectsArgs),
    /// Packets of QUIC as qlog (JSON-SEQ), for visualizers
    Qlog(ExportQlogArgs),
    /// Tables of captures as Parquet files: frames, calls, connections, messages, DNS and notes, for DuckDB, Spark and others
    #[cfg(feature = "parquet")]
    Parquet(super::dataset::ExportParquetArgs),
    /// One table of captures as a stream of Arrow (IPC)
    #[cfg(feature = "parquet")]
    Arrow(super::dataset::ExportArrowArgs),
    /// Commands of curl that repeat requests, or of grpcurl for gRPC calls whose method is known (--proto)
    Curl(ExportRequestsArgs),
    /// Commands of HTTPie that repeat requests
    Httpie(ExportRequestsArgs),
    /// A Python script that repeats requests, with the standard library only
    Python(ExportRequestsArgs),
    /// The bytes of requests, one after the other
    Raw(ExportRequestsArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Several captures are merged in the order of time. The exit code is 2 if a capture could not be read completely: the frames of its \
readable part are written.

Examples:
  overhear export pcapng shop.pcap 'http.response.code >= 500' --whole-streams -o failed.pcapng
  overhear export pcapng client.pcap server.pcap -o both.pcapng")]
pub(crate) struct ExportFramesArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Write to FILE (- is standard output); FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE", required = true)]
    pub(crate) output: PathBuf,
    /// Write all frames of the TCP connections and UDP conversations that have a matching frame, fragments included
    #[arg(long = "whole-streams")]
    pub(crate) whole_streams: bool,
    #[command(flatten)]
    pub(crate) anonymize: AnonymizeArgs,
    #[command(flatten)]
    pub(crate) written: WrittenArgs,
}

/// Options of anonymized frames.
#[derive(Debug, Default, Args)]
pub(crate) struct AnonymizeArgs {
    /// Replace addresses, keeping common prefixes, and write no payload, names, comments or interfaces; checksums are right
    #[arg(id = "anonymize", long = "anonymize", conflicts_with = "with_secrets")]
    pub(crate) is_wanted: bool,
    /// Text from which the addresses of --anonymize are derived: the same text gives the same addresses in every capture. It is a
    /// secret: it reveals the original addresses [default: random]
    #[arg(long = "anonymize-key", value_name = "TEXT", requires = "anonymize")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Bodies are decoded: those that are text are text, others base64. What is missing of a body is stated in a comment. \
Messages of WebSocket are in the entry of their handshake. The file has cookies and passwords of its calls; --redact replaces them.

Examples:
  overhear export har shop.pcap -o shop.har
  overhear export har shop.pcap --keylog keys.log 'status >= 400' --no-bodies -o failed.har")]
pub(crate) struct ExportHarArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Export no bodies
    #[arg(long = "no-bodies", conflicts_with = "body_limit")]
    pub(crate) no_bodies: bool,
    #[command(flatten)]
    pub(crate) bodies: BodyArgs,
}

/// Bodies of exported calls.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct BodyArgs {
    /// Maximum bytes of each body, at most 512M; K, M and G are powers of 1024
    #[arg(id = "body_limit", long = "body-limit", value_name = "BYTES", default_value_t = ByteCount(EXPORTED_BODY), value_parser = parse_body_limit)]
    pub(crate) limit: ByteCount,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Files are named by Content-Disposition, by the name of an upload, or by the URL, made safe. manifest.json has the call, frames, types, \
size and SHA-256 of each. Files that exist are never overwritten. The manifest marks those that are not complete.

Example:
  overhear export objects shop.pcap 'http.content_type contains image' -o images")]
pub(crate) struct ExportObjectsArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    /// Folder for the files, created if it does not exist
    #[arg(short = 'o', long = "output", value_name = "FOLDER", required = true)]
    pub(crate) folder: PathBuf,
    /// Stop after reading N frames
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
    #[command(flatten)]
    pub(crate) bodies: BodyArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A request has its method, target, headers and body as captured. A body that was sent in chunks or encoded is sent decoded, with its \
length. Requests that are not complete in the capture, and tunnels, are omitted. The output has cookies and passwords of the requests; --redact replaces \
them by marks.

Example, also for httpie, python and raw:
  overhear export curl shop.pcap 'uri contains login' -o login.sh")]
pub(crate) struct ExportRequestsArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) bodies: BodyArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Packets of the client are sent, those of the server are received: the vantage point is the network. Each connection is a group of events \
(group_id). Without secrets, packets have what their headers show.

Example:
  overhear export qlog shop.pcap --keylog keys.log -o shop.sqlog")]
pub(crate) struct ExportQlogArgs {
    #[command(flatten)]
    pub(crate) captures: CaptureArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Output of an export of calls.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Write to FILE, not to standard output; FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Stop after reading N frames
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

impl OutputArgs {
    /// Returns the options of the run.
    pub(crate) fn run(&self) -> RunArgs {
        RunArgs::complete(self.count, self.output.clone()).on(self.threads)
    }
}

/// Options of written captures.
#[derive(Debug, Args)]
pub(crate) struct WrittenArgs {
    /// Write the secrets of written TLS connections, too, from key logs and captures. Without it, no secrets are written
    #[arg(long = "with-secrets")]
    pub(crate) with_secrets: bool,
    /// Stop after reading N frames
    #[arg(short = 'c', long = "count", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
}

impl WrittenArgs {
    /// Returns the options of a run that writes this file.
    pub(crate) fn run(&self, output: PathBuf) -> RunArgs {
        RunArgs::complete(self.count, Some(output))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Frames of the same time are written in the order of the files. Interfaces of different files stay apart.

Example:
  overhear merge client.pcapng server.pcapng -o both.pcapng")]
pub(crate) struct MergeArgs {
    /// Capture files (- for standard input)
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write to FILE (- is standard output): pcapng, or pcap if the name ends in .pcap; FILE is replaced on success
    #[arg(short = 'o', long = "output", value_name = "FILE", required = true)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) written: WrittenArgs,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Files are named after FILE: out.pcapng becomes out_00001.pcapng and so on. Existing files of these names are replaced.

--by-flow keeps both directions of a connection in one file, with the fragments of its packets and the errors of ICMP that quote \
them; tunnels count as the flows that they carry. The same flow has the same number for every capture and machine.

Examples:
  overhear split big.pcapng --by-flow 8 -o part.pcapng
  overhear split shop.pcapng --by-stream -o stream.pcapng
  overhear split big.pcapng --by-time 60 -o minute.pcapng")]
pub(crate) struct SplitArgs {
    /// Capture files (- for standard input), merged in the order of time
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Name after which the files are named: pcapng, or pcap if it ends in .pcap
    #[arg(short = 'o', long = "output", value_name = "FILE", required = true)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) rule: SplitRule,
    #[command(flatten)]
    pub(crate) written: WrittenArgs,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
}

/// What decides in which file a frame is written.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SplitRule {
    /// N files, by a hash of addresses, ports and transport
    #[arg(long = "by-flow", value_name = "N", value_parser = clap::value_parser!(u16).range(2..=64))]
    pub(crate) flows: Option<u16>,
    /// A file for each TCP connection and UDP conversation; the first has the frames of none
    #[arg(long = "by-stream")]
    pub(crate) streams: bool,
    /// A file for every SECONDS, from the first frame on
    #[arg(long = "by-time", value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) nanos: Option<i64>,
    /// A file for every KB (1,000 bytes); a file may exceed it by one frame
    #[arg(long = "by-size", value_name = "KB", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) kilobytes: Option<u64>,
    /// A file for every N frames
    #[arg(long = "by-frames", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) frames: Option<u64>,
}

/// Parses seconds with an optional fraction. Returns nanoseconds.
pub(super) fn parse_seconds(text: &str) -> Result<i64, String> {
    let seconds: Option<f64> = text.parse().ok().filter(|seconds| (1e-9..=9e9).contains(seconds));
    seconds.map(|seconds| (seconds * 1e9) as i64).ok_or_else(|| format!("expected seconds above 0, found {text}"))
}
