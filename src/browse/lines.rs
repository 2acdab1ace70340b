//! Lines of a detail tree, each with its bytes, value and filter.

use super::request::{DetailBuffer, FrameDetail, TreeLine};
use crate::report::{TimeFormatter, has_tree_line, node_line, value_of};
use dissectors::tree::{Node, Slice};
use dissectors::{FieldKind, Tree, Value};
use std::fmt::Write;
use std::ops::Range;

/// Collects the lines and the buffers of a frame.
pub(super) fn dissected_frame(frame: u32, tree: &Tree, clock: &mut TimeFormatter) -> FrameDetail {
    let lines =
        tree.nodes().iter().filter(|node| has_tree_line(node)).map(|node| tree_line(node, tree, clock)).collect();
    let buffers = tree.buffers().iter().map(|buffer| DetailBuffer {
        title: buffer.title.to_owned(),
        bytes: tree.bytes(buffer.bytes).to_vec(),
        from: buffer.from.and_then(|from| range_of(from, tree)),
    });
    FrameDetail { frame, lines, buffers: buffers.collect() }
}

fn tree_line(node: &Node, tree: &Tree, clock: &mut TimeFormatter) -> TreeLine {
    let (mut text, mut value) = (String::new(), String::new());
    node_line(&mut text, node, tree, clock);
    value_of(&mut value, node, tree, clock);
    let (buffer, bytes) = range_of(node.span, tree).unwrap_or_default();
    TreeLine {
        depth: node.depth,
        text,
        field: node.field,
        buffer,
        bytes,
        filter: value_filter(node, tree, &value, clock),
        value,
    }
}

/// Returns the buffer that holds bytes of a tree, and the range in it.
fn range_of(span: Slice, tree: &Tree) -> Option<(usize, Range<usize>)> {
    let holds = |buffer: &dissectors::tree::Buffer| {
        span.len > 0 && buffer.bytes.start <= span.start && span.end() <= buffer.bytes.end()
    };
    let (nth, buffer) = tree.buffers().iter().enumerate().find(|(_, buffer)| holds(buffer))?;
    let start = (span.start - buffer.bytes.start) as usize;
    Some((nth, start..start + span.len as usize))
}

/// Returns the filter for frames in which a field has this value.
fn value_filter(node: &Node, tree: &Tree, value: &str, clock: &mut TimeFormatter) -> String {
    let name = node.field.name;
    let mut filter = String::from(name);
    match (node.field.kind, node.value) {
        (FieldKind::Protocol | FieldKind::Label | FieldKind::Note(_), _) | (_, Value::Present) => {}
        (_, Value::Text(slice)) => {
            filter.push_str(" == \"");
            push_escaped(&mut filter, tree.bytes(slice));
            filter.push('"');
        }
        (_, Value::Bytes(slice)) => {
            let bytes = tree.bytes(slice);
            // Longer values are impractical in a filter, and an empty value has no syntax.
            if !bytes.is_empty() && bytes.len() <= 64 {
                // A number alone is decimal.
                filter.push_str(if bytes.len() == 1 { " == 0x" } else { " == " });
                for (nth, byte) in bytes.iter().enumerate() {
                    let _ = write!(filter, "{}{byte:02x}", if nth > 0 { ":" } else { "" });
                }
            }
        }
        (_, Value::Time(nanos)) => {
            filter.push_str(" == \"");
            clock.write_rfc3339(&mut filter, nanos);
            filter.push('"');
        }
        _ => {
            filter.push_str(" == ");
            filter.push_str(value);
        }
    }
    filter
}

/// Appends bytes, escaped for a quoted string.
fn push_escaped(out: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
}
