//! The transport parameters of a handshake of QUIC (RFC 9000 18.2) as JSON of qlog (draft-ietf-quic-qlog-quic-events-12).

use super::qlog_packet::{hex, uint};
use crate::report::JsonWriter;
use dissectors::tree::Node;
use dissectors::{Tree, Value};

/// Field that each parameter begins with, and that of the value of one that is not known.
pub(super) const PARAMETER_TYPE: &str = "tls.quic.parameter.type";
const PARAMETER_VALUE: &str = "tls.quic.parameter.value";
/// The name of each field of a value has this prefix before the name of the parameter.
const PREFIX: &str = "tls.quic.parameter.";

/// Parameters that are numbers.
const NUMBERS: [&str; 12] = [
    "tls.quic.parameter.max_idle_timeout",
    "tls.quic.parameter.max_udp_payload_size",
    "tls.quic.parameter.ack_delay_exponent",
    "tls.quic.parameter.max_ack_delay",
    "tls.quic.parameter.active_connection_id_limit",
    "tls.quic.parameter.initial_max_data",
    "tls.quic.parameter.initial_max_stream_data_bidi_local",
    "tls.quic.parameter.initial_max_stream_data_bidi_remote",
    "tls.quic.parameter.initial_max_stream_data_uni",
    "tls.quic.parameter.initial_max_streams_bidi",
    "tls.quic.parameter.initial_max_streams_uni",
    "tls.quic.parameter.max_datagram_frame_size",
];

/// Parameters that are bytes.
const BYTES: [&str; 4] = [
    "tls.quic.parameter.original_destination_connection_id",
    "tls.quic.parameter.initial_source_connection_id",
    "tls.quic.parameter.retry_source_connection_id",
    "tls.quic.parameter.stateless_reset_token",
];

/// Parameters without a value, with their types (RFC 9000 18.2, RFC 9287).
const FLAGS: [(u64, &str); 2] = [(0x0c, "disable_active_migration"), (0x2ab2, "grease_quic_bit")];

/// Types of the parameters above that have a value.
const KNOWN: [u64; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0e, 0x0f, 0x10, 0x20];

/// Returns the fields of parameters.
pub(super) fn parameter_fields() -> impl Iterator<Item = &'static str> {
    [PARAMETER_TYPE, PARAMETER_VALUE].into_iter().chain(NUMBERS).chain(BYTES)
}

/// Writes the parameters among the nodes of a packet.
pub(super) fn write_parameters(nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    let name = |field: &'static str| field.strip_prefix(PREFIX).unwrap_or(field);
    for field in BYTES {
        if let Some(bytes) = hex(nodes, field, tree) {
            json.pair(name(field), &bytes);
        }
    }
    for field in NUMBERS {
        if let Some(number) = uint(nodes, field) {
            json.key(name(field));
            json.number(number);
        }
    }
    // Each parameter begins with its type.
    let types: Vec<(usize, u64)> = (0..).zip(nodes).filter_map(|(at, node)| Some((at, type_of(node)?))).collect();
    for (kind, name) in FLAGS {
        if types.iter().any(|&(_, found)| found == kind) {
            json.flag(name, true);
        }
    }
    json.key("unknown_parameters");
    json.begin('[');
    for &(at, kind) in &types {
        if KNOWN.contains(&kind) || FLAGS.iter().any(|&(flag, _)| flag == kind) {
            continue;
        }
        let below = nodes.get(at + 1..).unwrap_or_default();
        let len = below.iter().take_while(|node| type_of(node).is_none()).count();
        json.begin('{');
        json.key("id");
        json.number(kind);
        json.pair("value", &hex(below.get(..len).unwrap_or_default(), PARAMETER_VALUE, tree).unwrap_or_default());
        json.end('}');
    }
    json.end(']');
}

/// Returns the type of a parameter, if a node states it.
fn type_of(node: &Node) -> Option<u64> {
    match node.value {
        Value::Uint(kind) if node.field.name == PARAMETER_TYPE => Some(kind),
        _ => None,
    }
}
