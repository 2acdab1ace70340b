//! Arguments that select the frames to read: captures, interfaces, display filters, protocols of ports.

use clap::Args;
use dissectors::schema::Schemas;
use overhear::analysis::{DecodeAs, NameFlags};
use overhear::proto_files;
#[cfg(feature = "live")]
use overhear::sink::{AutostopOption, RotateOption};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Write the secrets of written TLS connections, too, from key logs and captures, and those that private keys open: for print
    /// -w, and w in the terminal UI. Without it, no secrets are written
    #[arg(long = "with-secrets")]
    pub(crate) with_secrets: bool,
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

/// Captures and an optional display filter, of commands that do not capture themselves.
#[derive(Clone, Debug, Args)]
pub(crate) struct CaptureArgs {
    /// Capture files (- for standard input), optionally followed by a display filter
    #[arg(value_name = "FILE", required_unless_present = "read")]
    pub(crate) words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    pub(crate) read: Vec<PathBuf>,
    /// Select matches of this display filter (Wireshark syntax, plus aliases such as uri)
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
}

/// Options for the protocols of connections.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DecodeArgs {
    /// Protocol of the data on a port, instead of the detected one: tcp.port==9000,http (repeatable)
    #[arg(short = 'd', long = "decode-as", value_name = "PORT,PROTOCOL")]
    pub(crate) decode_as: Vec<DecodeAs>,
    /// Print and filter addresses as digits, also in fields that have names for them, such as eth.src_resolved
    #[arg(short = 'n')]
    pub(crate) numeric: bool,
    /// Names of addresses: m Ethernet addresses, n network addresses, d names of network addresses in DNS messages of the
    /// capture. Nothing is looked up [default: m]
    #[arg(short = 'N', value_name = "LETTERS")]
    pub(crate) names: Option<NameFlags>,
    /// Hosts file with names of network addresses; as -N n (repeatable)
    #[arg(long = "hosts", value_name = "FILE", conflicts_with = "numeric")]
    pub(crate) hosts: Vec<PathBuf>,
    /// Key log with TLS secrets, in the format of SSLKEYLOGFILE (repeatable). The file that this variable of the environment
    /// names is read, too
    #[arg(long = "keylog", value_name = "FILE")]
    pub(crate) keylog: Vec<PathBuf>,
    /// PEM file with the RSA private key of a server, for TLS 1.0 to 1.2 with RSA key exchange (repeatable)
    #[arg(long = "tls-key", value_name = "FILE")]
    pub(crate) tls_keys: Vec<PathBuf>,
    /// Show passwords of databases, and proofs of them, in place of (redacted): of PostgreSQL, MySQL and Redis
    #[arg(long = "show-secrets", conflicts_with = "redact")]
    pub(crate) show_secrets: bool,
    #[command(flatten)]
    pub(crate) redaction: RedactArgs,
    /// Read the types of Protocol Buffers from the .proto files in DIR, so that messages of gRPC have names of fields
    #[arg(long = "proto", value_name = "DIR", value_parser = ProtoFolder::open)]
    pub(crate) proto: Option<ProtoFolder>,
}

/// Options of the redaction.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RedactArgs {
    /// Replace secrets by marks in all output: authorization, cookies, passwords, tokens, values of databases. The same secret has
    /// the same mark. Outputs with raw bytes are refused (docs/redaction.md)
    #[arg(long = "redact")]
    pub(crate) redact: bool,
    /// TOML file with further secrets for --redact: lists of names and of patterns, and the key of the marks [default: random]
    #[arg(long = "redact-settings", value_name = "FILE", requires = "redact")]
    pub(crate) redact_settings: Option<PathBuf>,
}

/// Types of the .proto files of a folder.
#[derive(Clone, Debug)]
pub(crate) struct ProtoFolder {
    folder: PathBuf,
    schemas: Arc<Schemas>,
    /// Files that were not read, with the reason.
    problems: Vec<String>,
}

impl ProtoFolder {
    fn open(folder: &str) -> Result<ProtoFolder, String> {
        let files = proto_files::read(Path::new(folder)).map_err(|error| format!("{error:#}"))?;
        Ok(ProtoFolder { folder: folder.into(), schemas: Arc::new(files.schemas), problems: files.problems })
    }
}

impl DecodeArgs {
    /// The folder with .proto files.
    pub(crate) fn proto_folder(&self) -> Option<&Path> {
        self.proto.as_ref().map(|proto| proto.folder.as_path())
    }

    /// Returns the reasons why .proto files were not read.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &str> {
        self.proto.iter().flat_map(|folder| &folder.problems).map(String::as_str)
    }

    /// Returns the types of the .proto files.
    pub(crate) fn schemas(&self) -> Arc<Schemas> {
        self.proto.as_ref().map(|folder| Arc::clone(&folder.schemas)).unwrap_or_default()
    }

    /// Returns the kinds of names that replace addresses.
    pub(crate) fn name_flags(&self) -> NameFlags {
        let default = if self.numeric { NameFlags::NONE } else { NameFlags::DEFAULT };
        let flags = self.names.unwrap_or(default);
        NameFlags { network: flags.network || !self.hosts.is_empty(), ..flags }
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
