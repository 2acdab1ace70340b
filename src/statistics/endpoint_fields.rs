//! Endpoints of the conversations of a frame, by the fields of their addresses and ports.

use super::host_pairs::Host;
use dissectors::session::ConversationId;
use dissectors::tree::Node;
use dissectors::{Field, Tree, Value, Wants, field};
use std::fmt;

/// A host and its port, as far as a frame has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct HostPort {
    pub(crate) host: Option<Host>,
    pub(crate) port: Option<u64>,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            Some(host @ Host::V6(_)) => write!(f, "[{host}]")?,
            Some(host) => write!(f, "{host}")?,
            None => {}
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Fields that name the endpoints of conversations.
pub(crate) struct EndpointFields {
    /// Number of the conversation, port of the sender, port of the receiver: in TCP, in UDP.
    transports: [[Option<&'static Field>; 3]; 2],
    /// Addresses of the sender, of the receiver.
    addresses: [[Option<&'static Field>; 2]; 2],
}

impl Default for EndpointFields {
    fn default() -> EndpointFields {
        let transports = [["tcp.stream", "tcp.srcport", "tcp.dstport"], ["udp.stream", "udp.srcport", "udp.dstport"]];
        let addresses = [["ip.src", "ipv6.src"], ["ip.dst", "ipv6.dst"]];
        EndpointFields {
            transports: transports.map(|names| names.map(field)),
            addresses: addresses.map(|names| names.map(field)),
        }
    }
}

impl EndpointFields {
    /// Adds the fields.
    pub(crate) fn add_wants(&self, wants: &mut Wants) {
        let all = self.transports.as_flattened().iter().chain(self.addresses.as_flattened());
        all.flatten().for_each(|field| wants.add(field));
    }

    /// Returns the endpoints of a conversation, sender first, as the frame has them. In a tunnel, a frame has several.
    pub(crate) fn ends(&self, id: ConversationId, tree: &Tree) -> [HostPort; 2] {
        let [tcp, udp] = &self.transports;
        let [stream, source, destination] = if id.tcp().is_some() { tcp } else { udp };
        let is_of = |node: &Node, own: &Option<&Field>| own.is_some_and(|own| own.id == node.field.id);
        let is_own = |node: &Node| is_of(node, stream) && node.value == Value::Uint(id.number().into());
        let nodes = tree.nodes();
        let at = nodes.iter().rposition(is_own).unwrap_or(nodes.len());
        let above = nodes.get(..at).unwrap_or_default();
        let last = |fields: &[Option<&Field>]| {
            let node = above.iter().rev().find(|node| fields.iter().any(|field| is_of(node, field)))?;
            Some(node.value)
        };
        let end = |address: &[Option<&Field>], port: Option<&'static Field>| {
            let port = if let Some(Value::Uint(port)) = last(&[port]) { Some(port) } else { None };
            HostPort { host: Host::from_value(last(address)), port }
        };
        let [from, to] = &self.addresses;
        [end(from, *source), end(to, *destination)]
    }
}
