//! `-T json` and `-T ndjson`: typed values under unique keys.
//!
//! | value | in JSON |
//! |---|---|
//! | number, frame number | a number; of 64 bits too, which readers that know only doubles round beyond 2^53 |
//! | boolean | `true`, `false` |
//! | what is merely present: a note, a label, a protocol | `true` |
//! | text | a string; where it is no UTF-8: `{"bytes": "..."}` |
//! | bytes | `{"text": "..."}` where they are UTF-8 without control characters other than tab and line ends, else `{"bytes": "..."}` in hexadecimal digits |
//! | address | a string |
//! | moment | a string in RFC 3339, UTC, with nine decimals |
//! | length of time | a number of seconds with nine decimals |
//!
//! Without a choice of fields the columns of the list of frames are left out, and the hidden fields, which say again
//! under another name what the tree already says.
//!
//! A field with several values in one frame is an array of them, a field without is left out.

use super::clock::Clock;
use super::selection::{Selection, column_text};
use super::value::{self, Decimals};
use super::{Report, Shown};
use dissectors::format::is_plain;
use dissectors::tree::Node;
use dissectors::{FIELD_COUNT, Field, Kind, Tree, Value, column, fields};
use std::fmt::Write as _;
use std::io::{self, Write};

/// How objects follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// As the elements of one array.
    Array,
    /// One a line and nothing else.
    Bare,
}

impl Lines {
    /// Writes what stands before the `nth` object (from 0).
    pub(super) fn before(self, nth: u64, row: &mut String) {
        match (self, nth) {
            (Lines::Bare, _) => {}
            (Lines::Array, 0) => row.push('\n'),
            (Lines::Array, _) => row.push_str(",\n"),
        }
    }

    /// Writes what stands after each object.
    pub(super) fn after(self, row: &mut String) {
        if self == Lines::Bare {
            row.push('\n');
        }
    }

    /// What stands before all objects.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Lines::Array => "[",
            Lines::Bare => "",
        }
    }

    /// What stands after all objects.
    pub(super) fn end(self) -> &'static str {
        match self {
            Lines::Array => "\n]\n",
            Lines::Bare => "",
        }
    }
}

/// Prints each frame as an object: of the chosen fields, or of all fields under their protocols.
pub struct Json {
    selection: Option<Selection>,
    lines: Lines,
    layers: Layers,
    clock: Clock,
    row: String,
    count: u64,
}

impl Json {
    /// Prints these fields; without a choice all, under the layers they belong to.
    #[must_use]
    pub fn new(selection: Option<Selection>, lines: Lines) -> Json {
        Json { selection, lines, layers: Layers::default(), clock: Clock::local(), row: String::new(), count: 0 }
    }

    fn write_chosen(selection: &mut Selection, shown: &Shown<'_>, clock: &mut Clock, row: &mut String) {
        selection.gather(shown.tree);
        row.push('{');
        let mut first = true;
        for (nth, chosen) in selection.chosen().iter().enumerate() {
            // Keys are unique: a field that was asked for twice is said once.
            if selection.chosen().iter().take(nth).any(|earlier| earlier.name == chosen.name) {
                continue;
            }
            let before = row.len();
            key(row, &chosen.name, first);
            let start = row.len();
            if chosen.field.protocol == column::COLUMN.id {
                write_column(row, chosen.field, shown, clock);
            } else {
                array(row, selection.nodes(chosen, shown.tree), shown.tree, clock);
            }
            match row.len() == start {
                true => row.truncate(before),
                false => first = false,
            }
        }
        row.push('}');
    }
}

impl Report for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.lines.begin().as_bytes())
    }

    fn frame(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        let row = &mut self.row;
        row.clear();
        self.lines.before(self.count, row);
        match &mut self.selection {
            Some(selection) => Json::write_chosen(selection, shown, &mut self.clock, row),
            None => {
                row.push_str("{\"layers\":");
                self.layers.write(row, shown.tree, &mut self.clock);
                row.push('}');
            }
        }
        self.lines.after(row);
        self.count += 1;
        out.write_all(row.as_bytes())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.lines.end().as_bytes())
    }
}

fn write_column(row: &mut String, column: &Field, shown: &Shown<'_>, clock: &mut Clock) {
    let mut text = String::new();
    if column_text(&mut text, column, shown, clock) {
        string(row, &text);
    }
}

/// Sorts the nodes of a tree into layers, each protocol with what lies under it, and writes them.
#[derive(Default)]
struct Layers {
    layers: Vec<Layer>,
    /// The layers that are open, each with its depth.
    open: Vec<(u8, u32)>,
    /// The fields met in each layer.
    entries: Vec<Entry>,
    /// The next node of the same entry, by a node's place in the tree.
    next: Vec<u32>,
    /// By a field's id: the entry it has in the layer where it was met last.
    slots: Vec<u32>,
}

struct Layer {
    name: &'static str,
    /// Its first and last entry.
    entries: (u32, u32),
    /// The next layer of the same name.
    next: u32,
    /// Whether one of the same name came before.
    again: bool,
}

struct Entry {
    layer: u32,
    field: &'static Field,
    first: u32,
    last: u32,
    /// The next entry of the layer.
    next: u32,
}

const END: u32 = u32::MAX;

impl Layers {
    fn write(&mut self, row: &mut String, tree: &Tree, clock: &mut Clock) {
        self.sort(tree);
        row.push('{');
        let mut first = true;
        for layer in self.layers.iter().filter(|layer| !layer.again) {
            key(row, layer.name, first);
            first = false;
            let several = layer.next != END;
            row.push_str(if several { "[" } else { "" });
            self.write_layer(row, layer, tree, clock);
            let mut next = layer.next;
            while let Some(layer) = self.layers.get(next as usize) {
                row.push(',');
                self.write_layer(row, layer, tree, clock);
                next = layer.next;
            }
            row.push_str(if several { "]" } else { "" });
        }
        row.push('}');
    }

    fn write_layer(&self, row: &mut String, layer: &Layer, tree: &Tree, clock: &mut Clock) {
        row.push('{');
        let mut at = layer.entries.0;
        let mut first = true;
        while let Some(entry) = self.entries.get(at as usize) {
            key(row, entry.field.name, first);
            first = false;
            let nodes = std::iter::successors(Some(entry.first), |&at| self.next.get(at as usize).copied())
                .map_while(|at| tree.nodes().get(at as usize));
            array(row, nodes, tree, clock);
            at = entry.next;
        }
        row.push('}');
    }

    fn sort(&mut self, tree: &Tree) {
        self.layers.clear();
        self.open.clear();
        self.entries.clear();
        self.next.clear();
        self.slots.resize(FIELD_COUNT.into(), END);
        for (at, node) in tree.nodes().iter().enumerate() {
            self.next.push(END);
            while self.open.last().is_some_and(|&(depth, _)| depth >= node.depth) {
                self.open.pop();
            }
            if node.field.kind == Kind::Protocol {
                let layer = self.add_layer(node.field.name);
                self.open.push((node.depth, layer));
            } else if !node.hidden && node.field.protocol != column::COLUMN.id {
                self.add_node(at as u32, node);
            }
        }
    }

    fn add_layer(&mut self, name: &'static str) -> u32 {
        let number = self.layers.len() as u32;
        let earlier = self.layers.iter_mut().rev().find(|layer| layer.name == name);
        let again = earlier.is_some();
        if let Some(earlier) = earlier {
            earlier.next = number;
        }
        self.layers.push(Layer { name, entries: (END, END), next: END, again });
        number
    }

    fn add_node(&mut self, at: u32, node: &Node) {
        let layer = match self.open.last() {
            Some(&(_, layer)) => layer,
            // Something outside of all protocols: it gets its own protocol's layer.
            None => {
                let name = fields().nth(node.field.protocol.into()).map_or(node.field.name, |protocol| protocol.name);
                let layer = self.add_layer(name);
                self.open.push((node.depth.saturating_sub(1), layer));
                layer
            }
        };
        let Some(slot) = self.slots.get_mut(usize::from(node.field.id)) else { return };
        let known = self.entries.get_mut(*slot as usize);
        if let Some(entry) = known.filter(|entry| entry.layer == layer && entry.field.id == node.field.id) {
            if let Some(next) = self.next.get_mut(entry.last as usize) {
                *next = at;
            }
            entry.last = at;
            return;
        }
        let number = self.entries.len() as u32;
        *slot = number;
        self.entries.push(Entry { layer, field: node.field, first: at, last: at, next: END });
        let Some(layer) = self.layers.get_mut(layer as usize) else { return };
        match self.entries.get_mut(layer.entries.1 as usize) {
            Some(last) => last.next = number,
            None => layer.entries.0 = number,
        }
        layer.entries.1 = number;
    }
}

/// Appends a key and its colon.
pub(super) fn key(row: &mut String, name: &str, first: bool) {
    row.push_str(if first { "" } else { "," });
    string(row, name);
    row.push(':');
}

/// Appends a string. What could steer a terminal is escaped also where JSON does not demand it.
pub(super) fn string(row: &mut String, text: &str) {
    row.push('"');
    let is_ascii = |&byte: &u8| matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\');
    // Without early exits the test of sixteen bytes is one of the machine's: most text is plain to its end.
    if text.as_bytes().chunks(64).all(|bytes| bytes.iter().fold(true, |all, byte| all & is_ascii(byte))) {
        row.push_str(text);
        row.push('"');
        return;
    }
    let mut plain = 0;
    for (at, char) in text.char_indices() {
        let escape = match char {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            ' '..='~' => continue,
            _ if is_plain(char) => continue,
            _ => "",
        };
        row.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + char.len_utf8();
        match escape {
            "" => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    let _ = write!(row, "\\u{unit:04x}");
                }
            }
            _ => row.push_str(escape),
        }
    }
    row.push_str(text.get(plain..).unwrap_or_default());
    row.push('"');
}

/// Appends bytes: as text where they are text, else in hexadecimal digits.
pub(super) fn bytes(row: &mut String, bytes: &[u8]) {
    match value::readable(bytes) {
        Some(text) => {
            row.push_str("{\"text\":");
            string(row, text);
            row.push('}');
        }
        None => hex(row, bytes),
    }
}

fn hex(row: &mut String, bytes: &[u8]) {
    row.push_str("{\"bytes\":\"");
    let _ = dissectors::format::hex(row, bytes);
    row.push_str("\"}");
}

/// Appends the value of one node as itself, of several as an array.
fn array<'t>(row: &mut String, mut nodes: impl Iterator<Item = &'t Node>, tree: &Tree, clock: &mut Clock) {
    let Some(first) = nodes.next() else { return };
    let start = row.len();
    node(row, first, tree, clock);
    let mut several = false;
    for more in nodes {
        if !several {
            row.insert(start, '[');
            several = true;
        }
        row.push(',');
        node(row, more, tree, clock);
    }
    if several {
        row.push(']');
    }
}

fn node(row: &mut String, node: &Node, tree: &Tree, clock: &mut Clock) {
    let _ = match node.value {
        _ if node.field.kind == Kind::Protocol => row.write_str("true"),
        Value::Present => row.write_str("true"),
        Value::Bool(yes) => write!(row, "{yes}"),
        Value::Uint(number) => write!(row, "{number}"),
        Value::Int(number) => write!(row, "{number}"),
        Value::Duration(nanos) => {
            value::seconds(row, nanos, Decimals::Nine);
            Ok(())
        }
        Value::Time(nanos) => {
            row.push('"');
            clock.rfc3339(row, nanos);
            row.push('"');
            Ok(())
        }
        Value::Text(slice) => {
            match std::str::from_utf8(tree.bytes(slice)) {
                Ok(text) => string(row, text),
                Err(_) => hex(row, tree.bytes(slice)),
            }
            Ok(())
        }
        Value::Bytes(slice) => {
            bytes(row, tree.bytes(slice));
            Ok(())
        }
        Value::Ipv4(_) | Value::Ipv6(_) | Value::Ether(_) => {
            row.push('"');
            let _ = dissectors::format::value(row, node.field, node.value, tree);
            row.push('"');
            Ok(())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};
    use dissectors::{Wants, tree::Slice};

    #[test]
    fn chosen_fields_are_typed_and_flat() {
        let names = ["frame.number", "tcp.port", "tcp.flags.syn", "tcp.ack", "tcp", "tcp.port", "_ws.col.Protocol"];
        let selection = Selection::new(&names).expect("known fields");
        let tree = tree(selection.wants());
        let text = print(&mut Json::new(Some(selection), Lines::Bare), &frame(), &tree);
        assert_eq!(
            text,
            "{\"frame.number\":7,\"tcp.port\":[1000,80],\"tcp.flags.syn\":true,\"tcp\":true,\"_ws.col.Protocol\":\"TCP\"}\n"
        );
    }

    #[test]
    fn all_fields_lie_under_their_layers_with_unique_keys() {
        let tree = tree(Wants::everything());
        let text = print(&mut Json::new(None, Lines::Array), &frame(), &tree);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let layers = &value[0]["layers"];
        assert_eq!(layers["frame"]["frame.number"], 7);
        assert_eq!(layers["frame"]["frame.time"], "2023-11-14T22:13:20.001000000Z");
        assert_eq!(layers["frame"]["frame.comment"], "a \"b\"\tc\u{1b}");
        assert_eq!(layers["tcp"]["tcp.flags"], 2);
        assert_eq!(layers["tcp"]["tcp.options.nop"], serde_json::json!([{"bytes": "01"}, {"text": "ok"}]));
        assert!(layers["tcp"].get("tcp.port").is_none(), "hidden fields are left out");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_layer_met_twice_is_an_array() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&[]);
        for port in [1, 2] {
            tree.open(&dissectors::udp::UDP, Slice::default(), Value::Present);
            tree.put(&dissectors::udp::SRCPORT, Slice::default(), Value::Uint(port));
            tree.close();
        }
        let text = print(&mut Json::new(None, Lines::Bare), &frame(), &tree);
        assert_eq!(text, "{\"layers\":{\"udp\":[{\"udp.srcport\":1},{\"udp.srcport\":2}]}}\n");
    }

    #[test]
    fn no_frames_are_an_empty_array() {
        let mut out = Vec::new();
        let mut json = Json::new(None, Lines::Array);
        json.begin(&mut out).and_then(|()| json.end(&mut out)).expect("memory can be written to");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).expect("it is JSON"), serde_json::json!([]));
    }
}
