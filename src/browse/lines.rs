//! The lines of a frame's tree, each with its bytes, its value and the filter that finds it.

use super::ask::{Dissected, Line};
use crate::report::{Clock, is_told, line, value_of};
use dissectors::tree::Node;
use dissectors::{Kind, Tree, Value};
use std::fmt::Write;
use std::ops::Range;

/// All that was found in a frame.
pub(super) fn dissected(frame: u32, tree: &Tree, clock: &mut Clock) -> Dissected {
    let lines = tree.nodes().iter().filter(|node| is_told(node)).map(|node| told(node, tree, clock)).collect();
    let buffers = tree.buffers().iter().map(|buffer| (buffer.title.to_owned(), tree.bytes(buffer.bytes).to_vec()));
    Dissected { frame, lines, buffers: buffers.collect() }
}

fn told(node: &Node, tree: &Tree, clock: &mut Clock) -> Line {
    let (mut text, mut value) = (String::new(), String::new());
    line(&mut text, node, tree, clock);
    value_of(&mut value, node, tree, clock);
    let (buffer, bytes) = place(node, tree);
    Line { depth: node.depth, text, field: node.field, buffer, bytes, filter: filter(node, tree, &value, clock), value }
}

/// The buffer that a node was read from, and where in it.
fn place(node: &Node, tree: &Tree) -> (usize, Range<usize>) {
    let span = node.span;
    let holds = |buffer: &dissectors::tree::Buffer| {
        span.len > 0 && buffer.bytes.start <= span.start && span.end() <= buffer.bytes.end()
    };
    match tree.buffers().iter().enumerate().find(|(_, buffer)| holds(buffer)) {
        Some((nth, buffer)) => {
            let start = (span.start - buffer.bytes.start) as usize;
            (nth, start..start + span.len as usize)
        }
        None => (0, 0..0),
    }
}

/// The filter that finds frames in which a field has this value.
fn filter(node: &Node, tree: &Tree, value: &str, clock: &mut Clock) -> String {
    let name = node.field.name;
    let mut filter = String::from(name);
    match (node.field.kind, node.value) {
        (Kind::Protocol | Kind::Label | Kind::Note(_), _) | (_, Value::Present) => {}
        (_, Value::Text(slice)) => {
            filter.push_str(" == \"");
            quote(&mut filter, tree.bytes(slice));
            filter.push('"');
        }
        (_, Value::Bytes(slice)) => {
            let bytes = tree.bytes(slice);
            // Nobody types more, and no bytes cannot be written.
            if !bytes.is_empty() && bytes.len() <= 64 {
                filter.push_str(" == ");
                for (nth, byte) in bytes.iter().enumerate() {
                    let _ = write!(filter, "{}{byte:02x}", if nth > 0 { ":" } else { "" });
                }
            }
        }
        (_, Value::Time(nanos)) => {
            filter.push_str(" == \"");
            clock.rfc3339(&mut filter, nanos);
            filter.push('"');
        }
        _ => {
            filter.push_str(" == ");
            filter.push_str(value);
        }
    }
    filter
}

/// Appends bytes as they stand between quotes.
fn quote(out: &mut String, bytes: &[u8]) {
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
