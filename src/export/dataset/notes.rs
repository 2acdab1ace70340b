//! The tables `notes` and `dns`: expert notes, and messages of DNS, as the trees of frames have them.

use super::column::{ColumnType, TableColumn, columns};
use super::field_columns::{OwnedDatum, node_datum};
use super::rows::{Datum, RowBuffer};
use crate::report::TimeFormatter;
use dissectors::tree::Node;
use dissectors::{Field, FieldKind, PROTOCOLS, Tree, Value, Wants, field, fields};
use std::sync::LazyLock;

/// The frame of a row, and its conversations.
#[derive(Clone, Copy)]
pub(super) struct RowPlace {
    pub(super) frame: u32,
    pub(super) time: Option<i64>,
    /// Numbers of its TCP connection and its UDP conversation.
    pub(super) streams: [Option<u32>; 2],
}

impl RowPlace {
    fn data(&self) -> [Datum<'static>; 4] {
        let [stream, udp_stream] = self.streams.map(Datum::number);
        [Datum::Int(self.frame.into()), Datum::nanos(self.time), stream, udp_stream]
    }
}

/// Columns of the place of a row.
const PLACE_COLUMNS: [(&str, ColumnType, &str); 4] = [
    ("frame", ColumnType::Int64, "frame.number"),
    ("time", ColumnType::Time, "frame.time"),
    ("stream", ColumnType::Int64, "Number of the innermost TCP connection of the frame."),
    ("udp_stream", ColumnType::Int64, "Number of the innermost UDP conversation of the frame."),
];

const NOTE_COLUMNS: [(&str, ColumnType, &str); 5] = [
    ("severity", ColumnType::Text, "`chat`, `note`, `warning` or `error`."),
    ("protocol", ColumnType::Text, "Filter name of the protocol that has the note."),
    ("field", ColumnType::Text, "Name of the field of the note, such as `tcp.analysis.retransmission`."),
    ("title", ColumnType::Text, "Title of the note, the same for all notes of this field."),
    ("text", ColumnType::Text, "Text of this note."),
];

pub(super) fn note_columns() -> Vec<TableColumn> {
    columns(&PLACE_COLUMNS).into_iter().chain(columns(&NOTE_COLUMNS)).collect()
}

/// Returns the fields of all notes, with their texts.
pub(super) fn note_wants() -> Wants {
    let mut wants = Wants::default();
    wants.labels = true;
    fields().filter(|field| matches!(field.kind, FieldKind::Note(_))).for_each(|field| wants.add(field));
    wants
}

/// Appends the rows of the notes among nodes.
pub(super) fn push_notes(place: RowPlace, tree: &Tree, rows: &mut RowBuffer) {
    for node in tree.nodes() {
        // A note has a text; a node without one is the field alone, beside its note.
        let FieldKind::Note(severity) = node.field.kind else { continue };
        if node.label.len == 0 {
            continue;
        }
        let own = PROTOCOLS.iter().filter_map(|protocol| protocol.fields.first());
        let protocol = own.into_iter().find(|own| own.id == node.field.protocol).map_or("", |own| own.name);
        rows.push_all(place.data());
        rows.push_all([
            Datum::Text(severity.name()),
            Datum::text(protocol),
            Datum::Text(node.field.name),
            Datum::Text(node.field.title),
            Datum::bytes(tree.bytes(node.label)),
        ]);
        rows.end_row();
    }
}

/// A column of messages of DNS, and the fields that it has the values of.
struct DnsColumn {
    name: &'static str,
    column_type: ColumnType,
    is_list: bool,
    fields: &'static [&'static str],
}

const fn dns_value(name: &'static str, column_type: ColumnType, fields: &'static [&'static str]) -> DnsColumn {
    DnsColumn { name, column_type, is_list: false, fields }
}

const fn dns_list(name: &'static str, column_type: ColumnType, fields: &'static [&'static str]) -> DnsColumn {
    DnsColumn { name, column_type, is_list: true, fields }
}

static DNS_COLUMNS: [DnsColumn; 22] = [
    dns_value("id", ColumnType::Int32, &["dns.id"]),
    dns_value("response", ColumnType::Bool, &["dns.flags.response"]),
    dns_value("opcode", ColumnType::Int32, &["dns.flags.opcode"]),
    dns_value("authoritative", ColumnType::Bool, &["dns.flags.authoritative"]),
    dns_value("truncated", ColumnType::Bool, &["dns.flags.truncated"]),
    dns_value("rcode", ColumnType::Int32, &["dns.flags.rcode"]),
    dns_value("status", ColumnType::Text, &["dns.status"]),
    dns_value("qname", ColumnType::Text, &["dns.qry.name"]),
    dns_value("qtype", ColumnType::Int32, &["dns.qry.type"]),
    dns_value("qtype_name", ColumnType::Text, &["dns.qry.type"]),
    dns_value("qclass", ColumnType::Int32, &["dns.qry.class"]),
    dns_value("answers", ColumnType::Int32, &["dns.count.answers"]),
    dns_list("record_names", ColumnType::Text, &["dns.resp.name"]),
    dns_list("record_types", ColumnType::Int32, &["dns.resp.type"]),
    dns_list("record_type_names", ColumnType::Text, &["dns.resp.type"]),
    dns_list("record_ttls", ColumnType::Int64, &["dns.resp.ttl"]),
    dns_list("addresses", ColumnType::Text, &["dns.a", "dns.aaaa"]),
    dns_list("addresses_bytes", ColumnType::Bytes, &["dns.a", "dns.aaaa"]),
    dns_list("cnames", ColumnType::Text, &["dns.cname"]),
    dns_value("response_to", ColumnType::Int64, &["dns.response_to"]),
    dns_value("response_time_ns", ColumnType::Duration, &["dns.time"]),
    dns_value("summary", ColumnType::Text, &["dns.summary"]),
];

/// Protocols whose messages are those of DNS.
static DNS_PROTOCOLS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let names = ["dns", "mdns", "llmnr"];
    let own = PROTOCOLS.iter().filter_map(|protocol| protocol.fields.first().copied());
    own.filter(|field| names.contains(&field.name)).collect()
});

/// The fields of each column.
static DNS_FIELDS: LazyLock<Vec<Vec<&'static Field>>> = LazyLock::new(|| {
    DNS_COLUMNS.iter().map(|column| column.fields.iter().filter_map(|name| field(name)).collect()).collect()
});

pub(super) fn dns_columns() -> Vec<TableColumn> {
    let protocol = TableColumn::new("protocol", ColumnType::Text, "`dns`, `mdns` or `llmnr`.");
    let of = |(column, fields): (&DnsColumn, &Vec<&'static Field>)| {
        let own = fields.first().map(|field| TableColumn::of_field(column.name, column.column_type, field));
        own.map(|own| if column.is_list { own.list() } else { own })
    };
    let own = DNS_COLUMNS.iter().zip(DNS_FIELDS.iter()).filter_map(of);
    columns(&PLACE_COLUMNS).into_iter().chain([protocol]).chain(own).collect()
}

/// Returns the fields of messages of DNS.
pub(super) fn dns_wants() -> Wants {
    let mut wants = Wants::default();
    DNS_PROTOCOLS.iter().chain(DNS_FIELDS.iter().flatten()).for_each(|field| wants.add(field));
    wants
}

fn is_dns(node: &Node) -> bool {
    DNS_PROTOCOLS.iter().any(|field| field.id == node.field.id)
}

/// Appends the rows of the messages of DNS in a tree.
pub(super) fn push_dns(place: RowPlace, tree: &Tree, rows: &mut RowBuffer, clock: &mut TimeFormatter) {
    let nodes = tree.nodes();
    let Some(first) = nodes.iter().position(is_dns) else { return };
    for message in nodes.get(first..).unwrap_or_default().chunk_by(|_, next| !is_dns(next)) {
        let Some(protocol) = message.first() else { continue };
        rows.push_all(place.data());
        rows.push(Datum::Text(protocol.field.name));
        for (column, fields) in DNS_COLUMNS.iter().zip(DNS_FIELDS.iter()) {
            let of_column = |node: &&Node| fields.iter().any(|field| field.id == node.field.id);
            let mut nodes = message.iter().filter(of_column);
            let mut value = |node: &Node| column_value(column, node, tree, clock);
            match column.is_list {
                false => {
                    let value = nodes.next().map(value);
                    rows.push(value.as_ref().map_or(Datum::Null, OwnedDatum::datum));
                }
                true => {
                    let values: Vec<_> = nodes.map(&mut value).collect();
                    rows.push_list(values.iter().map(OwnedDatum::datum));
                }
            }
        }
        rows.end_row();
    }
}

/// Returns the value of a node in a column. A number is its name in a column of text.
fn column_value<'t>(column: &DnsColumn, node: &Node, tree: &'t Tree, clock: &mut TimeFormatter) -> OwnedDatum<'t> {
    match (node.value, column.column_type) {
        (Value::Uint(number), ColumnType::Text) => match node.field.value_name(number) {
            Some(name) => OwnedDatum::Datum(Datum::Text(name)),
            None => OwnedDatum::Text(number.to_string()),
        },
        _ => node_datum(node, column.column_type, tree, clock),
    }
}
