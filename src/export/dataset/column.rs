//! Columns of the tables: names, types and documentation.

use dissectors::{Field, field};

/// Type of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// True or false.
    Bool,
    /// A signed number of 32 bits.
    Int32,
    /// A signed number of 64 bits.
    Int64,
    /// An unsigned number of 64 bits.
    Uint64,
    /// A floating-point number of 64 bits.
    Double,
    /// UTF-8. Bytes that are not UTF-8 are written as `\xe9`.
    Text,
    /// Any bytes.
    Bytes,
    /// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
    Time,
    /// Nanoseconds.
    Duration,
}

/// A column of a table. Every value may be missing.
#[derive(Clone, Debug)]
pub struct TableColumn {
    /// Name.
    pub name: String,
    /// Type of the values.
    pub column_type: ColumnType,
    /// Whether a row has a list of values, which is empty if there are none.
    pub is_list: bool,
    /// Name of the field that the column has the values of, if it is one.
    pub field: Option<&'static str>,
    /// Meaning.
    pub doc: &'static str,
}

impl TableColumn {
    /// Returns a column that is not a field.
    pub(super) fn new(name: &str, column_type: ColumnType, doc: &'static str) -> TableColumn {
        TableColumn { name: name.to_owned(), column_type, is_list: false, field: None, doc }
    }

    /// Returns a column of the values of a field, with the documentation of the field.
    pub(super) fn of_field(name: &str, column_type: ColumnType, field: &'static Field) -> TableColumn {
        TableColumn { field: Some(field.name), ..TableColumn::new(name, column_type, field.doc.trim()) }
    }

    /// Returns the column with a list of values in each row.
    pub(super) fn list(self) -> TableColumn {
        TableColumn { is_list: true, ..self }
    }

    /// Returns the metadata of the column: its documentation, its field, and the unit of its values.
    pub fn metadata(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let unit = (self.column_type == ColumnType::Duration).then_some(("unit", "ns"));
        [("doc", self.doc)].into_iter().chain(self.field.map(|field| ("field", field))).chain(unit)
    }
}

/// Returns columns from their names, types, and documentation, or names of fields.
pub(super) fn columns(of: &[(&str, ColumnType, &'static str)]) -> Vec<TableColumn> {
    of.iter()
        .map(|&(name, column_type, text)| match field(text) {
            Some(field) => TableColumn::of_field(name, column_type, field),
            None => TableColumn::new(name, column_type, text),
        })
        .collect()
}

/// Returns the columns of an endpoint: its address as text and as bytes, its port, and its name.
pub(super) fn endpoint_columns(role: &str) -> Vec<TableColumn> {
    let is_client = role == "client";
    let docs = if is_client { CLIENT_DOCS } else { SERVER_DOCS };
    let types = [ColumnType::Text, ColumnType::Bytes, ColumnType::Int32, ColumnType::Text];
    let suffixes = ["", "_address_bytes", "_port", "_name"];
    suffixes
        .iter()
        .zip(types)
        .zip(docs)
        .map(|((suffix, of), doc)| TableColumn::new(&format!("{role}{suffix}"), of, doc))
        .collect()
}

const CLIENT_DOCS: [&str; 4] = [
    "Address of the client.",
    "Address of the client: 4 bytes of IPv4, or 16 of IPv6.",
    "Port of the client.",
    "Host name of the client, if names are resolved.",
];

const SERVER_DOCS: [&str; 4] = [
    "Address of the server.",
    "Address of the server: 4 bytes of IPv4, or 16 of IPv6.",
    "Port of the server.",
    "Host name of the server, if names are resolved.",
];
