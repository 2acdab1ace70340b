//! A packet of QUIC with its frames as JSON of qlog (draft-ietf-quic-qlog-quic-events-12).

use crate::report::JsonWriter;
use dissectors::tree::Node;
use dissectors::{Tree, Value};

pub(super) fn values<'n>(nodes: &'n [Node], field: &'static str) -> impl Iterator<Item = Value> + 'n {
    nodes.iter().filter(move |node| node.field.name == field).map(|node| node.value)
}

pub(super) fn uint(nodes: &[Node], field: &'static str) -> Option<u64> {
    values(nodes, field).find_map(|value| match value {
        Value::Uint(number) => Some(number),
        Value::Bool(is_set) => Some(is_set.into()),
        _ => None,
    })
}

/// Returns the bytes of a field as hexadecimal digits.
pub(super) fn hex(nodes: &[Node], field: &'static str, tree: &Tree) -> Option<String> {
    let bytes = values(nodes, field).find_map(|value| if let Value::Bytes(bytes) = value { Some(bytes) } else { None });
    let mut text = String::new();
    dissectors::format::hex(&mut text, tree.bytes(bytes?)).ok().map(|()| text)
}

pub(super) fn text_of(node: &Node, tree: &Tree) -> Option<String> {
    let Value::Text(text) = node.value else { return None };
    Some(String::from_utf8_lossy(tree.bytes(text)).into_owned())
}

/// Returns the type of a packet.
pub(super) fn packet_type(nodes: &[Node]) -> &'static str {
    if uint(nodes, "quic.header_form") == Some(0) {
        let is_reset = nodes.iter().any(|node| node.field.name == "quic.stateless_reset_token");
        return if is_reset { "stateless_reset" } else { "1RTT" };
    }
    if uint(nodes, "quic.version") == Some(0) {
        return "version_negotiation";
    }
    // RFC 9369 3.2: version 2 numbers the types otherwise.
    let of_version_2 = uint(nodes, "quic.long.packet_type_v2").map(|number| (number + 3) % 4);
    match uint(nodes, "quic.long.packet_type").or(of_version_2) {
        Some(0) => "initial",
        Some(1) => "0RTT",
        Some(2) => "handshake",
        Some(3) => "retry",
        _ => "unknown",
    }
}

pub(super) fn write_packet(datagram: u64, nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    let first_frame = nodes.iter().position(|node| node.field.name == "quic.frame").unwrap_or(nodes.len());
    let (header, frames) = nodes.split_at(first_frame);
    json.key("header");
    json.begin('{');
    json.pair("packet_type", packet_type(header));
    write_uints(header, &[("packet_number", "quic.packet_number")], json);
    for (name, field) in [("spin_bit", "quic.spin_bit"), ("key_phase_bit", "quic.key_phase")] {
        if let Some(value) = uint(header, field) {
            json.flag(name, value != 0);
        }
    }
    let length = [("length", "quic.length"), ("scil", "quic.scil"), ("dcil", "quic.dcil")];
    write_uints(header, &length, json);
    for (name, field) in [("scid", "quic.scid"), ("dcid", "quic.dcid")] {
        if let Some(text) = hex(header, field, tree) {
            json.pair(name, &text);
        }
    }
    if let Some(version) = uint(header, "quic.version") {
        json.pair("version", &format!("{version:08x}"));
    }
    if let Some(token) = hex(header, "quic.retry_token", tree) {
        write_token("retry", &token, json);
    } else if let Some(token) = hex(header, "quic.token", tree) {
        write_token("", &token, json);
    }
    json.end('}');
    if let Some(length) = uint(header, "quic.packet_length") {
        write_raw(length, json);
    }
    json.key("datagram_id");
    json.number(datagram);
    if values(header, "quic.supported_version").next().is_some() {
        json.key("supported_versions");
        json.begin('[');
        for version in values(header, "quic.supported_version") {
            if let Value::Uint(version) = version {
                json.string(&format!("{version:08x}"));
            }
        }
        json.end(']');
    }
    if let Some(token) = hex(header, "quic.stateless_reset_token", tree) {
        json.pair("stateless_reset_token", &token);
    }
    if !frames.is_empty() {
        json.key("frames");
        json.begin('[');
        for frame in frames.chunk_by(|_, next| next.field.name != "quic.frame") {
            json.begin('{');
            write_frame(frame, tree, json);
            json.end('}');
        }
        json.end(']');
    }
}

fn write_uints(nodes: &[Node], fields: &[(&'static str, &'static str)], json: &mut JsonWriter) {
    for &(name, field) in fields {
        if let Some(number) = uint(nodes, field) {
            json.key(name);
            json.number(number);
        }
    }
}

fn write_raw(length: u64, json: &mut JsonWriter) {
    json.key("raw");
    json.begin('{');
    json.key("length");
    json.number(length);
    json.end('}');
}

fn write_token(kind: &str, token: &str, json: &mut JsonWriter) {
    json.key("token");
    json.begin('{');
    if !kind.is_empty() {
        json.pair("type", kind);
    }
    json.key("raw");
    json.begin('{');
    json.pair("data", token);
    json.end('}');
    json.end('}');
}

/// Writes a frame (draft-ietf-quic-qlog-quic-events-12, 8.13).
fn write_frame(nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    let kind = uint(nodes, "quic.frame_type").unwrap_or_default();
    let mut frame = |name: &str, fields: &[(&'static str, &'static str)]| {
        json.pair("frame_type", name);
        write_uints(nodes, fields, json);
    };
    let stream_type = |json: &mut JsonWriter, is_unidirectional: bool| {
        json.pair("stream_type", if is_unidirectional { "unidirectional" } else { "bidirectional" });
    };
    match kind {
        0x00 => {
            frame("padding", &[]);
            write_raw(uint(nodes, "quic.padding_length").unwrap_or_default(), json);
        }
        0x01 => frame("ping", &[]),
        0x02 | 0x03 => {
            frame(
                "ack",
                &[("ect0", "quic.ack.ect0_count"), ("ect1", "quic.ack.ect1_count"), ("ce", "quic.ack.ecn_ce_count")],
            );
            write_ranges(nodes, json);
        }
        0x04 => {
            frame("reset_stream", &[("stream_id", "quic.rsts.stream_id"), ("final_size", "quic.rsts.final_size")]);
            json.pair("error", "unknown");
            write_uints(nodes, &[("error_code", "quic.rsts.application_error_code")], json);
        }
        0x05 => {
            frame("stop_sending", &[("stream_id", "quic.ss.stream_id")]);
            json.pair("error", "unknown");
            write_uints(nodes, &[("error_code", "quic.ss.application_error_code")], json);
        }
        0x06 => {
            frame("crypto", &[("offset", "quic.crypto.offset")]);
            write_raw(uint(nodes, "quic.crypto.length").unwrap_or_default(), json);
        }
        0x07 => {
            frame("new_token", &[]);
            write_token("", &hex(nodes, "quic.nt.token", tree).unwrap_or_default(), json);
        }
        0x08..=0x0f => {
            frame("stream", &[("stream_id", "quic.stream.stream_id"), ("offset", "quic.stream.offset")]);
            json.flag("fin", kind & 1 != 0);
            let length = nodes.iter().find(|node| node.field.name == "quic.stream_data").map(|node| node.span.len);
            write_raw(length.unwrap_or_default().into(), json);
        }
        0x10 => frame("max_data", &[("maximum", "quic.md.maximum_data")]),
        0x11 => {
            let maximum = ("maximum", "quic.msd.maximum_stream_data");
            frame("max_stream_data", &[("stream_id", "quic.msd.stream_id"), maximum]);
        }
        0x12 | 0x13 => {
            frame("max_streams", &[("maximum", "quic.ms.max_streams")]);
            stream_type(json, kind & 1 != 0);
        }
        0x14 => frame("data_blocked", &[("limit", "quic.sb.stream_data_limit")]),
        0x15 => {
            let limit = ("limit", "quic.sb.stream_data_limit");
            frame("stream_data_blocked", &[("stream_id", "quic.sdb.stream_id"), limit]);
        }
        0x16 | 0x17 => {
            frame("streams_blocked", &[("limit", "quic.sib.stream_limit")]);
            stream_type(json, kind & 1 != 0);
        }
        0x18 => {
            let retire = ("retire_prior_to", "quic.nci.retire_prior_to");
            frame("new_connection_id", &[("sequence_number", "quic.nci.sequence"), retire]);
            json.pair("connection_id", &hex(nodes, "quic.nci.connection_id", tree).unwrap_or_default());
            if let Some(token) = hex(nodes, "quic.nci.stateless_reset_token", tree) {
                json.pair("stateless_reset_token", &token);
            }
        }
        0x19 => frame("retire_connection_id", &[("sequence_number", "quic.rci.sequence")]),
        0x1a | 0x1b => {
            let is_challenge = kind == 0x1a;
            frame(if is_challenge { "path_challenge" } else { "path_response" }, &[]);
            let field = if is_challenge { "quic.path_challenge.data" } else { "quic.path_response.data" };
            if let Some(data) = hex(nodes, field, tree) {
                json.pair("data", &data);
            }
        }
        0x1c | 0x1d => write_close(kind == 0x1d, nodes, tree, json),
        0x1e => frame("handshake_done", &[]),
        0x30 | 0x31 => {
            frame("datagram", &[]);
            let length = nodes.iter().find(|node| node.field.name == "quic.dg").map_or(0, |node| node.span.len);
            write_raw(length.into(), json);
        }
        _ => {
            frame("unknown", &[]);
            json.key("frame_type_bytes");
            json.number(kind);
        }
    }
}

fn write_close(is_application: bool, nodes: &[Node], tree: &Tree, json: &mut JsonWriter) {
    json.pair("frame_type", "connection_close");
    json.pair("error_space", if is_application { "application" } else { "transport" });
    json.pair("error", "unknown");
    let code = if is_application { "quic.cc.error_code.app" } else { "quic.cc.error_code" };
    write_uints(nodes, &[("error_code", code), ("trigger_frame_type", "quic.cc.frame_type")], json);
    let reason = nodes.iter().find(|node| node.field.name == "quic.cc.reason_phrase");
    if let Some(reason) = reason.and_then(|node| text_of(node, tree)) {
        json.pair("reason", &reason);
    }
}

/// Writes the ranges of an ACK frame (RFC 9000 19.3.1), the first number of each first.
fn write_ranges(nodes: &[Node], json: &mut JsonWriter) {
    let number = |field| uint(nodes, field);
    let (Some(largest), Some(len)) = (number("quic.ack.largest_acknowledged"), number("quic.ack.first_ack_range"))
    else {
        return;
    };
    json.key("acked_ranges");
    json.begin('[');
    let mut range = largest.checked_sub(len).map(|first| (first, largest));
    let mut gaps = values(nodes, "quic.ack.gap").zip(values(nodes, "quic.ack.ack_range"));
    while let Some((first, last)) = range {
        json.begin('[');
        json.number(first);
        if last != first {
            json.number(last);
        }
        json.end(']');
        range = gaps.next().and_then(|next| {
            let (Value::Uint(gap), Value::Uint(len)) = next else { return None };
            let last = first.checked_sub(gap)?.checked_sub(2)?;
            Some((last.checked_sub(len)?, last))
        });
    }
    json.end(']');
}
