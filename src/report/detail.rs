//! `-V`: the detail tree of a frame, one line per node.

use super::time_format::TimeFormatter;
use super::value;
use dissectors::tree::Node;
use dissectors::{FieldKind, Tree, Value, column, frame};
use std::fmt::Write;

/// Highest number of bytes shown of a value; the hex dump has all of them.
const MAX_BYTES: usize = 32;

/// Highest number of bytes shown of a text.
const MAX_TEXT: usize = 4096;

/// Appends the tree, indented by four spaces per level. Generated fields, which are not in the bytes of the frame, are in
/// brackets. Hidden fields and the columns are omitted.
pub(super) fn write(out: &mut String, tree: &Tree, clock: &mut TimeFormatter) {
    write_lines(out, tree, clock, usize::MAX);
}

/// Returns the tree as text, without the lines beyond a number of bytes.
pub(crate) fn detail_text(tree: &Tree, limit: usize) -> String {
    let mut out = String::new();
    write_lines(&mut out, tree, &mut TimeFormatter::local(), limit);
    out
}

fn write_lines(out: &mut String, tree: &Tree, clock: &mut TimeFormatter, limit: usize) {
    for node in tree.nodes().iter().filter(|node| has_tree_line(node)) {
        if out.len() >= limit {
            out.push_str("...\n");
            return;
        }
        (0..node.depth).for_each(|_| out.push_str("    "));
        node_line(out, node, tree, clock);
        out.push('\n');
    }
}

/// Returns whether a node has a line in the detail tree.
pub(crate) fn has_tree_line(node: &Node) -> bool {
    !node.hidden && node.field.protocol != column::COLUMN.id
}

/// Appends the line of a node.
pub(crate) fn node_line(out: &mut String, node: &Node, tree: &Tree, clock: &mut TimeFormatter) {
    let label = tree.bytes(node.label);
    // Metadata of the capture file is not in the bytes of the frame, but it is not generated either.
    let is_generated = node.span.len == 0
        && node.field.protocol != frame::FRAME.id
        && node.field.kind != FieldKind::Protocol
        && !label.starts_with(b"[");
    if is_generated {
        out.push('[');
    }
    if label.is_empty() {
        out.push_str(node.field.title);
        write_value(out, node, tree, clock);
    } else {
        value::line(out, label);
    }
    if is_generated {
        out.push(']');
    }
}

fn write_value(out: &mut String, node: &Node, tree: &Tree, clock: &mut TimeFormatter) {
    let name = match node.value {
        _ if node.field.kind == FieldKind::Protocol => return,
        Value::Present => return,
        Value::Uint(number) => node.field.value_name(number),
        Value::Int(number) => u64::try_from(number).ok().and_then(|number| node.field.value_name(number)),
        Value::Bool(yes) => node.field.value_name(yes.into()),
        _ => None,
    };
    out.push_str(": ");
    let host = tree.host_name(node.value);
    if let Some(host) = host {
        value::string(out, &host.name);
        out.push_str(" (");
    }
    if let (Value::Bool(_), Some(name)) = (node.value, name) {
        out.push_str(name);
        return;
    }
    if let Some(name) = name {
        let _ = write!(out, "{name} (");
    }
    match node.value {
        Value::Bytes(slice) => {
            let bytes = tree.bytes(slice);
            let _ = dissectors::format::hex(out, bytes.get(..MAX_BYTES).unwrap_or(bytes));
            if bytes.len() > MAX_BYTES {
                let _ = write!(out, "… ({} bytes)", bytes.len());
            }
        }
        Value::Text(slice) => {
            let bytes = tree.bytes(slice);
            value::text(out, bytes.get(..MAX_TEXT).unwrap_or(bytes));
            if bytes.len() > MAX_TEXT {
                let _ = write!(out, "… ({} bytes)", bytes.len());
            }
        }
        Value::Duration(_) => {
            value::value(out, node.field, node.value, tree, clock);
            out.push_str(" seconds");
        }
        _ => value::value(out, node.field, node.value, tree, clock),
    }
    if name.is_some() || host.is_some() {
        out.push(')');
    }
}

#[cfg(test)]
mod tests {
    use crate::report::TextOptions;
    use crate::report::tests::{frame, print, tree};

    #[test]
    fn the_tree_has_one_line_per_node_indented_by_level() {
        let text = TextOptions { details: true, ..TextOptions::default() };
        let tree = tree(text.wants());
        let shown = print(&mut text.report(), &frame(), &tree);
        let shown: Vec<&str> = shown.lines().filter(|line| !line.contains("Arrival Time")).collect();
        assert_eq!(
            shown,
            [
                "Frame",
                "    Comment: a \"b\"\\tc\\x1b",
                "    Frame Number: 7",
                "Transmission Control Protocol, Src Port: 1000",
                "    Source Port: 1000",
                "    Flags: 0x0002",
                "        Syn: True",
                "        Connection establish request (SYN)",
                "    [Checksum Status: Unverified (2)]",
                "    TCP Option - No-Operation (NOP): 01",
                "    TCP Option - No-Operation (NOP): 6f6b",
                "    [Time since previous frame in this TCP stream: 0.000300000 seconds]",
                "",
            ]
        );
    }
}
