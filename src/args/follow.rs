//! Arguments of `follow`.

use super::{DecodeArgs, RunArgs};
use clap::Args;
use dissectors::session::ConversationId;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "overhear follow [OPTIONS] <FILE>... <STREAM>")]
#[command(after_help = "\
Stream numbers are those of `overhear streams` (tcp.stream). udp:3 is the conversation 3 in UDP (udp.stream); with --dns, \
so is 3, and tcp:3 is a TCP stream. A gap in the captured data is marked [n bytes missing in capture]; --raw reports gaps \
on standard error.")]
pub(crate) struct FollowArgs {
    /// Capture files, read in order (- for standard input), followed by the stream number
    #[arg(value_name = "FILE|STREAM", required = true)]
    words: Vec<OsString>,
    /// Capture file to read, as in tshark (repeatable)
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    /// Follow the decrypted bytes of a TLS connection, with the secrets of --keylog or of the capture
    #[arg(long, conflicts_with_all = ["http", "http2", "dns", "websocket"])]
    pub(crate) tls: bool,
    #[command(flatten)]
    pub(crate) format: FollowFormat,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

impl FollowArgs {
    /// Returns the files in reading order and the stream, or an error message.
    pub(crate) fn parse_input(&mut self) -> Result<(Vec<PathBuf>, ConversationId), String> {
        let mut paths = std::mem::take(&mut self.read);
        let last = self.words.pop().unwrap_or_default();
        paths.extend(self.words.drain(..).map(PathBuf::from));
        match last.to_str().and_then(|word| self.parse_stream(word)) {
            Some(_) if paths.is_empty() => Err("missing capture file: overhear follow FILE STREAM".into()),
            Some(stream) => Ok((paths, stream)),
            None => Err("missing stream number after the files; `overhear streams` lists them".into()),
        }
    }

    /// Parses a stream number, which may have a transport before it.
    fn parse_stream(&self, word: &str) -> Option<ConversationId> {
        let (transport, number) = word.split_once(':').unwrap_or((if self.format.dns { "udp" } else { "tcp" }, word));
        let number = number.parse().ok()?;
        match transport {
            "tcp" => Some(ConversationId::Tcp(number)),
            "udp" => Some(ConversationId::Udp(number)),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct FollowFormat {
    /// Print the raw bytes of both sides in order
    #[arg(long, conflicts_with_all = ["hex", "json", "http", "http2", "dns", "websocket"])]
    pub(crate) raw: bool,
    /// Print a hex dump, with the server's side indented
    #[arg(long, conflicts_with_all = ["json", "http", "http2", "dns", "websocket"])]
    pub(crate) hex: bool,
    /// Print one JSON object per line: side, frame, time, and text or bytes
    #[arg(long, conflicts_with_all = ["http", "http2", "dns", "websocket"])]
    pub(crate) json: bool,
    /// Print HTTP messages: headers, and decoded bodies (transfer and content codings removed)
    #[arg(long, conflicts_with_all = ["http2", "dns", "websocket"])]
    pub(crate) http: bool,
    /// Print the HTTP/2 messages of one stream of the connection; with --websocket, the WebSocket messages in it
    #[arg(long, value_name = "STREAM")]
    pub(crate) http2: Option<u32>,
    /// Print DNS messages: a summary, then questions and records, similar to a zone file
    #[arg(long, conflicts_with_all = ["http2", "websocket"])]
    pub(crate) dns: bool,
    /// Print WebSocket messages: a summary, and the decompressed data
    #[arg(long)]
    pub(crate) websocket: bool,
}

impl FollowFormat {
    /// Returns the fields of the messages that are printed, and what they are called; none if bytes are printed.
    pub(crate) fn messages(&self) -> Option<(&'static [&'static str], &'static str)> {
        match self {
            FollowFormat { http: true, .. } => Some((&["http", "http2.message"], "HTTP")),
            FollowFormat { websocket: true, .. } => Some((&["websocket.message"], "WebSocket")),
            FollowFormat { http2: Some(_), .. } => Some((&["http2.message"], "HTTP/2")),
            FollowFormat { dns: true, .. } => Some((&["dns", "mdns", "llmnr"], "DNS")),
            _ => None,
        }
    }
}
