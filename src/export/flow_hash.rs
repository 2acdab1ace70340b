//! Hash of the flow of a frame, the same for both directions.

use dissectors::session::{About, FirstPass};
use dissectors::tree::Node;
use dissectors::{Field, Tree, Value, Wants, field};

/// Fields of the endpoints of a flow, and of what joins a fragment to its packet.
pub struct FlowHash {
    /// Fields at which a network layer begins.
    networks: Vec<&'static Field>,
    addresses: Vec<&'static Field>,
    ports: Vec<&'static Field>,
    protocols: Vec<&'static Field>,
    reassembled_in: Vec<&'static Field>,
}

/// Names of these fields.
const NETWORKS: [&str; 2] = ["ip", "ipv6"];
const ADDRESSES: [&str; 4] = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst"];
const PORTS: [&str; 4] = ["tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"];
const PROTOCOLS: [&str; 2] = ["tcp", "udp"];
const REASSEMBLED_IN: [&str; 2] = ["ip.reassembled_in", "ipv6.reassembled.in"];

fn fields(names: &[&str]) -> Vec<&'static Field> {
    names.iter().filter_map(|name| field(name)).collect()
}

fn is_of(fields: &[&'static Field], node: &Node) -> bool {
    fields.iter().any(|field| field.id == node.field.id)
}

impl Default for FlowHash {
    fn default() -> FlowHash {
        FlowHash {
            networks: fields(&NETWORKS),
            addresses: fields(&ADDRESSES),
            ports: fields(&PORTS),
            protocols: fields(&PROTOCOLS),
            reassembled_in: fields(&REASSEMBLED_IN),
        }
    }
}

impl FlowHash {
    /// Returns the fields that must be recorded.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        let all = [&self.networks, &self.addresses, &self.ports, &self.protocols, &self.reassembled_in];
        all.into_iter().flatten().for_each(|field| wants.add(field));
        wants
    }

    /// Returns the frame that completes the packet of which the frame has a fragment.
    #[must_use]
    pub fn reassembled_in(&self, tree: &Tree) -> Option<u32> {
        let node = tree.nodes().iter().find(|node| is_of(&self.reassembled_in, node))?;
        if let Value::Uint(frame) = node.value { u32::try_from(frame).ok() } else { None }
    }

    /// Returns the frame that completes the innermost packet of which a frame has a part: the packet that the frame completes may be a
    /// fragment in a tunnel.
    #[must_use]
    pub fn completed_in(&self, frame: u32, first_pass: &FirstPass) -> u32 {
        let next = |&frame: &u32| {
            let found = self.reassembled_in.iter().find_map(|field| first_pass.get(field, About::Frame(frame, 0)));
            found.and_then(|next| u32::try_from(next).ok()).filter(|&next| next > frame)
        };
        std::iter::successors(Some(frame), next).last().unwrap_or(frame)
    }

    /// Returns the hash of the innermost flow: its addresses, ports and transport, in either direction. Tunnels have that of
    /// what they carry, and errors of ICMP that of the packet that they quote. `None` without a network layer.
    #[must_use]
    pub fn of(&self, tree: &Tree) -> Option<u64> {
        let mut endpoints: [Vec<u8>; 2] = Default::default();
        let mut transport = 0;
        let mut found = [0; 2];
        for node in tree.nodes() {
            if is_of(&self.networks, node) {
                (endpoints, transport, found) = (Default::default(), 0, [0; 2]);
            } else if let Some(number) = self.protocols.iter().position(|field| field.id == node.field.id) {
                transport = 1 + number as u8;
                found[1] = 0;
                endpoints.iter_mut().for_each(|endpoint| endpoint.truncate(16));
            } else if is_of(&self.addresses, node) {
                if let Some(endpoint) = endpoints.get_mut(found[0]) {
                    endpoint.extend(address(node.value));
                    found[0] += 1;
                }
            } else if is_of(&self.ports, node)
                && let (Value::Uint(port), Some(endpoint)) = (node.value, endpoints.get_mut(found[1]))
            {
                endpoint.extend((port as u16).to_be_bytes());
                found[1] += 1;
            }
        }
        if found[0] == 0 {
            return None;
        }
        endpoints.sort_unstable();
        let bytes = endpoints.iter().flatten().copied().chain([transport]);
        // FNV-1a: the parts of a split have the same frames on every machine.
        Some(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
    }
}

/// Returns an address as 16 bytes.
fn address(value: Value) -> [u8; 16] {
    match value {
        Value::Ipv4([a, b, c, d]) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d],
        Value::Ipv6(address) => address,
        _ => [0; 16],
    }
}
