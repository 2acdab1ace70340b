//! `-T json` and `-T ndjson`: typed values under unique keys.
//!
//! | value | in JSON |
//! |---|---|
//! | number, frame number | a number of up to 64 bits; a parser that uses doubles rounds it above 2^53 |
//! | Boolean | `true`, `false` |
//! | field without a value: a note, a label, a protocol | `true` |
//! | text | a string; if it is not UTF-8: `{"bytes": "..."}` |
//! | bytes | `{"text": "..."}` if they are UTF-8 without control characters other than tab and line ends, else `{"bytes": "..."}` in hexadecimal digits |
//! | address | a string |
//! | timestamp | a string in RFC 3339, UTC, with nine decimals |
//! | duration | a number of seconds with nine decimals |
//!
//! Without a selection of fields, the columns of the frame list and the hidden fields are omitted. Hidden fields repeat a
//! value of the tree under another name.
//!
//! A field with several values in one frame is an array. A field without a value is omitted.

use super::selection::{Selection, column_text};
use super::time_format::TimeFormatter;
use super::value::{self, Decimals};
use super::{DissectedFrame, Report};
use dissectors::format::{is_all_plain, is_printable};
use dissectors::tree::Node;
use dissectors::{FIELD_COUNT, Field, FieldKind, Tree, Value, column, fields};
use std::fmt::Write as _;
use std::io::{self, Write};

/// How objects are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFraming {
    /// Elements of one array.
    Array,
    /// One object per line and nothing else (NDJSON).
    Ndjson,
}

impl JsonFraming {
    /// Appends the text before the `nth` object, counted from 0.
    pub fn before(self, nth: u64, row: &mut String) {
        if nth > 0 {
            row.push_str(self.separator());
        }
        if self == JsonFraming::Array {
            row.push('\n');
        }
    }

    /// Appends the text after each object.
    pub fn after(self, row: &mut String) {
        if self == JsonFraming::Ndjson {
            row.push('\n');
        }
    }

    /// Returns the text that separates an object from the one before.
    pub(super) fn separator(self) -> &'static str {
        match self {
            JsonFraming::Array => ",",
            JsonFraming::Ndjson => "",
        }
    }

    /// Returns the text before all objects.
    #[must_use]
    pub fn begin(self) -> &'static str {
        match self {
            JsonFraming::Array => "[",
            JsonFraming::Ndjson => "",
        }
    }

    /// Returns the text after all objects.
    #[must_use]
    pub fn end(self) -> &'static str {
        match self {
            JsonFraming::Array => "\n]\n",
            JsonFraming::Ndjson => "",
        }
    }
}

/// Prints each frame as an object: with the selected fields, or with all fields grouped by protocol layer.
pub struct JsonReport {
    selection: Option<Selection>,
    framing: JsonFraming,
    layers: LayerGroups,
    clock: TimeFormatter,
    row: String,
    count: u64,
}

impl JsonReport {
    /// Returns a report of these fields; without a selection, of all fields, grouped by layer.
    #[must_use]
    pub fn new(selection: Option<Selection>, framing: JsonFraming) -> JsonReport {
        JsonReport {
            selection,
            framing,
            layers: LayerGroups::default(),
            clock: TimeFormatter::local(),
            row: String::new(),
            count: 0,
        }
    }

    fn write_selected(
        selection: &mut Selection,
        dissected: &DissectedFrame<'_>,
        clock: &mut TimeFormatter,
        row: &mut String,
    ) {
        selection.index_nodes(dissected.tree);
        row.push('{');
        let mut first = true;
        for (nth, chosen) in selection.selected().iter().enumerate() {
            // Keys are unique: a field that is selected twice is printed once.
            if selection.selected().iter().take(nth).any(|earlier| earlier.name == chosen.name) {
                continue;
            }
            let before = row.len();
            write_key(row, &chosen.name, first);
            let start = row.len();
            if chosen.field.protocol == column::COLUMN.id {
                write_column(row, chosen.field, dissected, clock);
            } else {
                write_values(row, selection.nodes(chosen, dissected.tree), dissected.tree, clock);
            }
            match row.len() == start {
                true => row.truncate(before),
                false => first = false,
            }
        }
        row.push('}');
    }
}

impl Report for JsonReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.framing.begin().as_bytes())
    }

    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        let row = &mut self.row;
        row.clear();
        self.framing.before(self.count, row);
        match &mut self.selection {
            Some(selection) => JsonReport::write_selected(selection, dissected, &mut self.clock, row),
            None => {
                row.push_str("{\"layers\":");
                self.layers.write(row, dissected.tree, &mut self.clock);
                row.push('}');
            }
        }
        self.framing.after(row);
        self.count += 1;
        out.write_all(row.as_bytes())
    }

    fn row_separator(&self) -> &'static str {
        self.framing.separator()
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.framing.end().as_bytes())
    }
}

fn write_column(row: &mut String, column: &Field, dissected: &DissectedFrame<'_>, clock: &mut TimeFormatter) {
    let mut text = String::new();
    if column_text(&mut text, column, dissected, clock) {
        write_string(row, &text);
    }
}

/// Groups the nodes of a tree by layer, each protocol with its fields, and writes them.
#[derive(Default)]
struct LayerGroups {
    layers: Vec<JsonLayer>,
    /// Open layers: the depth and the index of each.
    open: Vec<(u8, u32)>,
    /// Fields of all layers.
    entries: Vec<LayerEntry>,
    /// The next node of the same entry, indexed by node.
    next: Vec<u32>,
    /// The most recent entry of each field, indexed by field id.
    slots: Vec<u32>,
    /// The key of each field with the comma before it and the colon, indexed by field id; empty until it is written.
    keys: Vec<Box<str>>,
}

struct JsonLayer {
    name: &'static str,
    /// First and last entry.
    entries: (u32, u32),
    /// The next layer of the same name.
    next: u32,
    /// Whether an earlier layer has the same name.
    is_repeated: bool,
}

struct LayerEntry {
    layer: u32,
    field: &'static Field,
    first: u32,
    last: u32,
    /// The next entry of the layer.
    next: u32,
    /// The entry of the same field in an outer layer, if there is one.
    outer: u32,
}

const LIST_END: u32 = u32::MAX;

impl LayerGroups {
    fn write(&mut self, row: &mut String, tree: &Tree, clock: &mut TimeFormatter) {
        self.sort(tree);
        row.push('{');
        let mut first = true;
        for layer in self.layers.iter().filter(|layer| !layer.is_repeated) {
            write_key(row, layer.name, first);
            first = false;
            let several = layer.next != LIST_END;
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

    fn write_layer(&self, row: &mut String, layer: &JsonLayer, tree: &Tree, clock: &mut TimeFormatter) {
        row.push('{');
        let mut at = layer.entries.0;
        let mut first = true;
        while let Some(entry) = self.entries.get(at as usize) {
            let key = self.keys.get(usize::from(entry.field.id)).map_or("", |key| key);
            row.push_str(key.get(usize::from(first)..).unwrap_or_default());
            first = false;
            let nodes = std::iter::successors(Some(entry.first), |&at| self.next.get(at as usize).copied())
                .map_while(|at| tree.nodes().get(at as usize));
            write_values(row, nodes, tree, clock);
            at = entry.next;
        }
        row.push('}');
    }

    fn sort(&mut self, tree: &Tree) {
        self.layers.clear();
        self.open.clear();
        self.entries.clear();
        self.next.clear();
        self.next.resize(tree.nodes().len(), LIST_END);
        self.slots.resize(FIELD_COUNT.into(), LIST_END);
        self.keys.resize(FIELD_COUNT.into(), Box::default());
        for (at, node) in tree.nodes().iter().enumerate() {
            while let Some((_, layer)) = self.open.pop_if(|(depth, _)| *depth >= node.depth) {
                self.close_layer(layer);
            }
            if node.field.kind == FieldKind::Protocol {
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
        let is_repeated = earlier.is_some();
        if let Some(earlier) = earlier {
            earlier.next = number;
        }
        self.layers.push(JsonLayer { name, entries: (LIST_END, LIST_END), next: LIST_END, is_repeated });
        number
    }

    /// Makes the entries of the layers around a layer the most recent ones of their fields again.
    fn close_layer(&mut self, layer: u32) {
        let mut at = self.layers.get(layer as usize).map_or(LIST_END, |layer| layer.entries.0);
        while let Some(entry) = self.entries.get(at as usize) {
            if let Some(slot) = self.slots.get_mut(usize::from(entry.field.id)) {
                *slot = entry.outer;
            }
            at = entry.next;
        }
    }

    fn add_node(&mut self, at: u32, node: &Node) {
        let layer = match self.open.last() {
            Some(&(_, layer)) => layer,
            // A field outside of all protocols goes into a layer of its own protocol.
            None => {
                let name = fields().nth(node.field.protocol.into()).map_or(node.field.name, |protocol| protocol.name);
                let layer = self.add_layer(name);
                self.open.push((node.depth.saturating_sub(1), layer));
                layer
            }
        };
        let Some(slot) = self.slots.get_mut(usize::from(node.field.id)) else { return };
        let latest = self.entries.get_mut(*slot as usize);
        if let Some(entry) = latest.filter(|entry| entry.layer == layer && entry.field.id == node.field.id) {
            if let Some(next) = self.next.get_mut(entry.last as usize) {
                *next = at;
            }
            entry.last = at;
            return;
        }
        if let Some(key) = self.keys.get_mut(usize::from(node.field.id)).filter(|key| key.is_empty()) {
            // No name of a field has a character that is escaped.
            *key = format!(",\"{}\":", node.field.name).into();
        }
        let number = self.entries.len() as u32;
        let outer = std::mem::replace(slot, number);
        self.entries.push(LayerEntry { layer, field: node.field, first: at, last: at, next: LIST_END, outer });
        let Some(layer) = self.layers.get_mut(layer as usize) else { return };
        match self.entries.get_mut(layer.entries.1 as usize) {
            Some(last) => last.next = number,
            None => layer.entries.0 = number,
        }
        layer.entries.1 = number;
    }
}

/// Appends a key and its colon.
pub(super) fn write_key(row: &mut String, name: &str, first: bool) {
    row.push_str(if first { "" } else { "," });
    write_string(row, name);
    row.push(':');
}

/// Appends a character as JSON escapes it.
fn write_escaped(out: &mut String, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Returns an object as JSON in lines, in which all characters that a terminal does not print are escaped.
pub(crate) fn json_lines(object: &serde_json::Value) -> String {
    escape_unprintable(&format!("{object:#}\n"))
}

/// Returns a value as JSON in one line without its end, in which all characters that a terminal does not print are escaped.
#[must_use]
pub fn json_line(value: &serde_json::Value) -> String {
    escape_unprintable(&value.to_string())
}

/// Escapes all characters of JSON that a terminal does not print, but for line feeds.
fn escape_unprintable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut plain = 0;
    for (at, char) in json.char_indices() {
        if matches!(char, '\n' | ' '..='~') || is_printable(char) {
            continue;
        }
        out.push_str(json.get(plain..at).unwrap_or_default());
        plain = at + char.len_utf8();
        write_escaped(&mut out, char);
    }
    out.push_str(json.get(plain..).unwrap_or_default());
    out
}

/// Appends a string. Characters that could control a terminal are escaped even where JSON does not require it.
pub(super) fn write_string(row: &mut String, text: &str) {
    row.reserve(text.len() + 2);
    row.push('"');
    if is_all_plain(text.as_bytes(), |byte| !matches!(byte, b'"' | b'\\')) {
        row.push_str(text);
        row.push('"');
        return;
    }
    let (mut written, mut at) = (0, 0);
    // Text with one escape often is JSON or lines, which have many.
    while let Some(&byte) = text.as_bytes().get(at) {
        if PLAIN.get(usize::from(byte)).is_some_and(|&is_plain| is_plain) {
            at += 1;
            continue;
        }
        let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let end = at + char.len_utf8();
        if char.is_ascii() || !is_printable(char) {
            row.push_str(text.get(written..at).unwrap_or_default());
            written = end;
            match char {
                '"' => row.push_str("\\\""),
                '\\' => row.push_str("\\\\"),
                '\n' => row.push_str("\\n"),
                '\r' => row.push_str("\\r"),
                '\t' => row.push_str("\\t"),
                _ => write_escaped(row, char),
            }
        }
        at = end;
    }
    row.push_str(text.get(written..).unwrap_or_default());
    row.push('"');
}

/// Whether a byte is a character of ASCII that is not escaped.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = matches!(byte as u8, b' '..=b'~') && !matches!(byte as u8, b'"' | b'\\');
        byte += 1;
    }
    plain
};

/// Appends bytes: as text if they are readable, else as hexadecimal digits.
pub(super) fn write_bytes(row: &mut String, bytes: &[u8]) {
    match value::readable_text(bytes) {
        Some(text) => {
            row.push_str("{\"text\":");
            write_string(row, text);
            row.push('}');
        }
        None => write_hex(row, bytes),
    }
}

fn write_hex(row: &mut String, bytes: &[u8]) {
    row.push_str("{\"bytes\":\"");
    let _ = dissectors::format::hex(row, bytes);
    row.push_str("\"}");
}

/// Appends the value of a single node, or an array of several.
fn write_values<'t>(
    row: &mut String,
    mut nodes: impl Iterator<Item = &'t Node>,
    tree: &Tree,
    clock: &mut TimeFormatter,
) {
    let Some(first) = nodes.next() else { return };
    let second = nodes.next();
    row.push_str(if second.is_some() { "[" } else { "" });
    write_value(row, first, tree, clock);
    let Some(second) = second else { return };
    for node in std::iter::once(second).chain(nodes) {
        row.push(',');
        write_value(row, node, tree, clock);
    }
    row.push(']');
}

fn write_value(row: &mut String, node: &Node, tree: &Tree, clock: &mut TimeFormatter) {
    match node.value {
        _ if node.field.kind == FieldKind::Protocol => row.push_str("true"),
        Value::Present => row.push_str("true"),
        Value::Bool(yes) => row.push_str(if yes { "true" } else { "false" }),
        Value::Uint(number) => value::number(row, number),
        Value::Int(number) => row.push_str(itoa::Buffer::new().format(number)),
        Value::Decimal(_) => {
            let _ = dissectors::format::value(row, node.field, node.value, tree);
        }
        Value::Duration(nanos) => value::seconds(row, nanos, Decimals::Nine),
        Value::Time(nanos) => {
            row.push('"');
            clock.write_rfc3339(row, nanos);
            row.push('"');
        }
        Value::Text(slice) => match std::str::from_utf8(tree.bytes(slice)) {
            Ok(text) => write_string(row, text),
            Err(_) => write_hex(row, tree.bytes(slice)),
        },
        Value::Bytes(slice) => write_bytes(row, tree.bytes(slice)),
        Value::Ipv4(_) | Value::Ipv6(_) | Value::Ether(_) => {
            row.push('"');
            value::value(row, node.field, node.value, tree, clock);
            row.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};
    use dissectors::{Wants, tree::Slice};

    #[test]
    fn json_has_no_character_that_a_terminal_does_not_print() {
        let text = "a\u{7f}\u{9b}\u{202e}\u{e0001}ä\n";
        let out = json_lines(&serde_json::json!({ "a": text }));
        assert!(out.chars().all(|char| char == '\n' || is_printable(char)), "{out}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out).expect("JSON")["a"], text);
    }

    #[test]
    fn names_of_fields_need_no_escapes() {
        for field in fields() {
            assert!(field.name.bytes().all(|byte| PLAIN[usize::from(byte)]), "{}", field.name);
        }
    }

    #[test]
    fn a_string_is_escaped_wherever_a_block_ends() {
        let escapes = [
            ("\"", "\\\""),
            ("\\", "\\\\"),
            ("\r\n", "\\r\\n"),
            ("\u{7f}", "\\u007f"),
            ("\u{202e}", "\\u202e"),
            ("é", "é"),
        ];
        for (text, escaped) in escapes {
            for (before, after) in (0..40).flat_map(|before| (0..20).map(move |after| (before, after))) {
                let (before, after) = ("a".repeat(before), "b".repeat(after));
                let mut row = String::new();
                write_string(&mut row, &format!("{before}{text}{after}{text}"));
                assert_eq!(row, format!("\"{before}{escaped}{after}{escaped}\""));
            }
        }
    }

    #[test]
    fn selected_fields_are_typed_and_flat() {
        let names = ["frame.number", "tcp.port", "tcp.flags.syn", "tcp.ack", "tcp", "tcp.port", "_ws.col.Protocol"];
        let selection = Selection::new(&names).expect("known fields");
        let tree = tree(selection.wants());
        let text = print(&mut JsonReport::new(Some(selection), JsonFraming::Ndjson), &frame(), &tree);
        assert_eq!(
            text,
            "{\"frame.number\":7,\"tcp.port\":[1000,80],\"tcp.flags.syn\":true,\"tcp\":true,\"_ws.col.Protocol\":\"TCP\"}\n"
        );
    }

    #[test]
    fn all_fields_are_grouped_by_layer_with_unique_keys() {
        let tree = tree(Wants::everything());
        let text = print(&mut JsonReport::new(None, JsonFraming::Array), &frame(), &tree);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let layers = &value[0]["layers"];
        assert_eq!(layers["frame"]["frame.number"], 7);
        assert_eq!(layers["frame"]["frame.time"], "2023-11-14T22:13:20.001000000Z");
        assert_eq!(layers["frame"]["frame.comment"], "a \"b\"\tc\u{1b}");
        assert_eq!(layers["tcp"]["tcp.flags"], 2);
        assert_eq!(layers["tcp"]["tcp.options.nop"], serde_json::json!([{"bytes": "01"}, {"text": "ok"}]));
        assert!(layers["tcp"].get("tcp.port").is_none(), "hidden fields are omitted");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_repeated_layer_is_an_array() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&[]);
        for port in [1, 2] {
            tree.open(&dissectors::udp::UDP, Slice::default(), Value::Present);
            tree.put(&dissectors::udp::SRCPORT, Slice::default(), Value::Uint(port));
            tree.close();
        }
        let text = print(&mut JsonReport::new(None, JsonFraming::Ndjson), &frame(), &tree);
        assert_eq!(text, "{\"layers\":{\"udp\":[{\"udp.srcport\":1},{\"udp.srcport\":2}]}}\n");
    }

    #[test]
    fn a_field_before_and_after_a_nested_layer_has_one_key() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(&[]);
        tree.open(&dissectors::udp::UDP, Slice::default(), Value::Present);
        tree.put(&dissectors::udp::SRCPORT, Slice::default(), Value::Uint(1));
        tree.open(&dissectors::udp::UDP, Slice::default(), Value::Present);
        tree.put(&dissectors::udp::SRCPORT, Slice::default(), Value::Uint(2));
        tree.close();
        tree.put(&dissectors::udp::SRCPORT, Slice::default(), Value::Uint(3));
        tree.close();
        let text = print(&mut JsonReport::new(None, JsonFraming::Ndjson), &frame(), &tree);
        assert_eq!(text, "{\"layers\":{\"udp\":[{\"udp.srcport\":[1,3]},{\"udp.srcport\":2}]}}\n");
    }

    #[test]
    fn the_array_is_empty_without_frames() {
        let mut out = Vec::new();
        let mut json = JsonReport::new(None, JsonFraming::Array);
        json.begin(&mut out).and_then(|()| json.end(&mut out)).expect("memory can be written to");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).expect("it is JSON"), serde_json::json!([]));
    }
}
