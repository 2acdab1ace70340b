//! Decode options: protocols of ports, and secrets, which every pass over a capture shares.

use super::NameResolution;
use crate::redact::Redactor;
use crate::source::{KeyLogs, add_block_secrets, find_block_secrets};
use dissectors::derived_secrets::DerivedSecret;
use dissectors::schema::Schemas;
use dissectors::session::{Input, Secrets};
use dissectors::{Claim, PROTOCOLS, Protocol};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// What the user adds to a capture. All passes over it need the same options to find the same messages.
#[derive(Clone, Debug, Default)]
pub struct DecodeOptions {
    /// Protocols of ports, which override detection. Of several rules for a port, the last one counts.
    pub decode_as: Vec<DecodeAs>,
    /// Secrets for decryption.
    pub secrets: Arc<Secrets>,
    /// Key logs and private keys of the secrets; key logs to be read again while a capture grows.
    pub key_logs: Arc<Mutex<KeyLogs>>,
    /// Whether saved frames have the secrets that they need.
    pub saves_secrets: bool,
    /// Whether passwords of databases, and proofs of them, are recorded.
    pub shows_passwords: bool,
    /// Names that replace addresses.
    pub names: NameResolution,
    /// Types of messages, from .proto files.
    pub schemas: Arc<Schemas>,
    /// Replaces secrets in trees and events.
    pub redactor: Option<Arc<Redactor>>,
}

/// A protocol for all conversations on a port, whatever their bytes look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeAs {
    /// The transport protocol of the port.
    pub transport: Transport,
    /// The port, of either side.
    pub port: u16,
    /// The protocol's filter name, such as `http`.
    pub protocol: &'static str,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// What its sessions read.
    pub(super) fn input(self) -> Input {
        match self {
            Transport::Tcp => Input::Stream,
            Transport::Udp => Input::Datagrams,
        }
    }
}

impl DecodeOptions {
    /// Adds the secrets of blocks of capture files, wherever these are. Returns the number of malformed lines.
    pub fn add_block_secrets<'p>(&mut self, paths: impl IntoIterator<Item = &'p Path>) -> usize {
        let blocks = find_block_secrets(paths);
        if blocks.is_empty() { 0 } else { add_block_secrets(&blocks, 0, Arc::make_mut(&mut self.secrets)) }
    }

    /// Adds a secret that a session derived.
    pub(super) fn add_derived_secret(&mut self, derived: DerivedSecret) {
        // A capture that is read again has it.
        if !self.secrets.derived.has(&derived) {
            Arc::make_mut(&mut self.secrets).derived.insert(derived);
        }
    }

    /// Returns whether there are private keys.
    #[must_use]
    pub fn has_private_keys(&self) -> bool {
        !self.secrets.private_keys().is_empty()
    }

    /// Returns whether there is no key log.
    #[must_use]
    pub fn has_no_key_logs(&self) -> bool {
        self.key_logs.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Returns the names of the key logs and of the files with private keys, separated by commas.
    #[must_use]
    pub fn key_log_names(&self) -> String {
        let key_logs = self.key_logs.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<String> = key_logs.paths().map(|path| path.display().to_string()).collect();
        names.join(", ")
    }

    /// Lets records wait for secrets that are written to the key logs later: while a capture grows.
    pub fn await_secrets(&mut self) {
        let mut key_logs = self.key_logs.lock().unwrap_or_else(PoisonError::into_inner);
        key_logs.await_more();
        self.secrets = key_logs.secrets();
    }

    /// Adds the secrets that were appended to the key logs. They are known from a frame on. Returns whether there are some.
    pub fn add_appended_secrets(&mut self, at_frame: u32) -> bool {
        let mut key_logs = self.key_logs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = key_logs.read_appended(at_frame);
        if is_new {
            self.secrets = key_logs.secrets();
        }
        is_new
    }

    /// The session protocol for a conversation between two ports, if a rule names one.
    pub(super) fn protocol(&self, transport: Transport, ports: [u16; 2]) -> Option<&'static str> {
        let mut rules = self.decode_as.iter().rev();
        rules.find(|rule| rule.transport == transport && ports.contains(&rule.port)).map(|rule| rule.protocol)
    }
}

impl FromStr for DecodeAs {
    type Err = String;

    /// Reads `tcp.port==9000,http`, as tshark's `-d` does.
    fn from_str(text: &str) -> Result<DecodeAs, String> {
        let form = || format!("expected tcp.port==PORT,PROTOCOL or udp.port==PORT,PROTOCOL, found {text}");
        let (selector, name) = text.split_once(',').ok_or_else(form)?;
        let (field, port) = selector.split_once("==").ok_or_else(form)?;
        let transport = match field.trim() {
            "tcp.port" => Transport::Tcp,
            "udp.port" => Transport::Udp,
            _ => return Err(form()),
        };
        let port =
            port.trim().parse().map_err(|_| format!("expected a port from 0 to 65535, found {}", port.trim()))?;
        let name = name.trim();
        // Content of a media type is no conversation of its own.
        let is_named = |claim: &Claim| !matches!(claim, Claim::MediaType(_));
        let reads = |protocol: &&&Protocol| {
            let reads = protocol.sessions().any(|kind| kind.input == transport.input());
            reads && (protocol.claims.is_empty() || protocol.claims.iter().any(is_named))
        };
        let names = PROTOCOLS.iter().filter(reads).filter_map(|protocol| protocol.fields.first());
        let names: Vec<&'static str> = names.map(|field| field.name).collect();
        let protocol = names.iter().copied().find(|known| *known == name).ok_or_else(|| {
            let known = if names.is_empty() { "none".into() } else { names.join(", ") };
            format!("unknown protocol {name}; available on {}: {known}", selector.trim())
        })?;
        Ok(DecodeAs { transport, port, protocol })
    }
}

impl fmt::Display for DecodeAs {
    /// Writes the rule as it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        };
        write!(f, "{transport}.port=={},{}", self.port, self.protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decode_as_rule_names_a_transport_a_port_and_a_protocol() {
        let rule: DecodeAs = "tcp.port==9000,http".parse().expect("a rule");
        assert_eq!(rule, DecodeAs { transport: Transport::Tcp, port: 9000, protocol: "http" });
        assert_eq!(rule.to_string(), "tcp.port==9000,http");
        for (text, error) in [
            ("tcp.port==9000", "expected tcp.port==PORT,PROTOCOL or udp.port==PORT,PROTOCOL, found tcp.port==9000"),
            ("tcp.port==70000,http", "expected a port from 0 to 65535, found 70000"),
            (
                "tcp.port==1,smtp",
                "unknown protocol smtp; available on tcp.port==1: proxy, resp, pgsql, mysql, mysql.compressed, tls, dns, http, http2, capsule, websocket",
            ),
        ] {
            assert_eq!(text.parse::<DecodeAs>(), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_last_rule_for_a_port_counts() {
        let rules = ["tcp.port==9000,tls", "tcp.port==9000,http", "tcp.port==9001,tls"];
        let decode_as = rules.iter().map(|rule| rule.parse().expect("a rule")).collect();
        let options = DecodeOptions { decode_as, ..DecodeOptions::default() };
        assert_eq!(options.protocol(Transport::Tcp, [40000, 9000]), Some("http"));
        assert_eq!(options.protocol(Transport::Tcp, [9001, 40000]), Some("tls"));
        assert_eq!(options.protocol(Transport::Tcp, [40000, 80]), None);
        assert_eq!(options.protocol(Transport::Udp, [40000, 9000]), None);
    }
}
