//! `-V`: the detail tree of a frame, a line for each thing that was found.

use super::clock::Clock;
use super::value;
use dissectors::tree::Node;
use dissectors::{Kind, Tree, Value, column, frame};
use std::fmt::Write;

/// Bytes of a value of bytes that are shown; the hex dump has them all.
const MOST_BYTES: usize = 32;

/// Bytes of a text that are shown.
const MOST_TEXT: usize = 4096;

/// Appends the tree, four spaces deeper for each level. What was concluded and stands in no byte of the frame is in
/// brackets; other names of facts that are shown already are left out, and the columns.
pub(super) fn write(out: &mut String, tree: &Tree, clock: &mut Clock) {
    for node in tree.nodes().iter().filter(|node| is_told(node)) {
        (0..node.depth).for_each(|_| out.push_str("    "));
        line(out, node, tree, clock);
        out.push('\n');
    }
}

/// Whether a node has a line of the tree.
pub(crate) fn is_told(node: &Node) -> bool {
    !node.hidden && node.field.protocol != column::COLUMN.id
}

/// Appends the line of a node.
pub(crate) fn line(out: &mut String, node: &Node, tree: &Tree, clock: &mut Clock) {
    let label = tree.bytes(node.label);
    // What the capture file says of a frame lies in no byte of it and is no conclusion either.
    let concluded = node.span.len == 0
        && node.field.protocol != frame::FRAME.id
        && node.field.kind != Kind::Protocol
        && !label.starts_with(b"[");
    if concluded {
        out.push('[');
    }
    if label.is_empty() {
        out.push_str(node.field.title);
        write_value(out, node, tree, clock);
    } else {
        value::line(out, label);
    }
    if concluded {
        out.push(']');
    }
}

fn write_value(out: &mut String, node: &Node, tree: &Tree, clock: &mut Clock) {
    let named = match node.value {
        _ if node.field.kind == Kind::Protocol => return,
        Value::Present => return,
        Value::Uint(number) => node.field.value_name(number),
        Value::Int(number) => u64::try_from(number).ok().and_then(|number| node.field.value_name(number)),
        Value::Bool(yes) => node.field.value_name(yes.into()),
        _ => None,
    };
    out.push_str(": ");
    if let (Value::Bool(_), Some(name)) = (node.value, named) {
        out.push_str(name);
        return;
    }
    if let Some(name) = named {
        let _ = write!(out, "{name} (");
    }
    match node.value {
        Value::Bytes(slice) => {
            let bytes = tree.bytes(slice);
            let _ = dissectors::format::hex(out, bytes.get(..MOST_BYTES).unwrap_or(bytes));
            if bytes.len() > MOST_BYTES {
                let _ = write!(out, "… ({} bytes)", bytes.len());
            }
        }
        Value::Text(slice) => {
            let bytes = tree.bytes(slice);
            value::text(out, bytes.get(..MOST_TEXT).unwrap_or(bytes));
            if bytes.len() > MOST_TEXT {
                let _ = write!(out, "… ({} bytes)", bytes.len());
            }
        }
        Value::Duration(_) => {
            value::value(out, node.field, node.value, tree, clock);
            out.push_str(" seconds");
        }
        _ => value::value(out, node.field, node.value, tree, clock),
    }
    if named.is_some() {
        out.push(')');
    }
}

#[cfg(test)]
mod tests {
    use crate::report::Text;
    use crate::report::tests::{frame, print, tree};

    #[test]
    fn the_tree_is_a_line_a_fact_deeper_for_each_level() {
        let text = Text { details: true, ..Text::default() };
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
