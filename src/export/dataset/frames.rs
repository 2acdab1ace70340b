//! The table `frames`: one row a frame.

use super::collector::DatasetSettings;
use super::column::{ColumnType, TableColumn, columns};
use super::digest::PacketDigest;
use super::field_columns::{FieldColumns, push_frame_column};
use super::rows::{Datum, RowBuffer};
use crate::analysis::Analyzer;
use crate::report::{DissectedFrame, Selection, TimeFormatter};
use dissectors::{Value, Wants, column};

/// Columns of every selection of fields.
const KEY_COLUMNS: [(&str, ColumnType, &str); 6] = [
    ("number", ColumnType::Int64, "frame.number"),
    ("time", ColumnType::Time, "frame.time"),
    ("stream", ColumnType::Int64, "Number of the innermost TCP connection of the frame."),
    ("udp_stream", ColumnType::Int64, "Number of the innermost UDP conversation of the frame."),
    ("file", ColumnType::Text, "Name of the file of the frame."),
    ("interface", ColumnType::Int32, "frame.interface_id"),
];

/// Further columns if no fields are selected: those of the frame list.
const LIST_COLUMNS: [(&str, ColumnType, &str); 9] = [
    ("link", ColumnType::Int32, "Link type of the frame (LINKTYPE_)."),
    ("length", ColumnType::Int64, "frame.len"),
    ("captured", ColumnType::Int64, "frame.cap_len"),
    ("source", ColumnType::Text, "_ws.col.def_src"),
    ("source_address_bytes", ColumnType::Bytes, "Source address of the innermost layer that has one."),
    ("destination", ColumnType::Text, "_ws.col.def_dst"),
    ("destination_address_bytes", ColumnType::Bytes, "Destination address of the innermost layer that has one."),
    ("protocol", ColumnType::Text, "_ws.col.protocol"),
    ("info", ColumnType::Text, "_ws.col.info"),
];

const DIGEST_COLUMN: (&str, ColumnType, &str) = (
    "digest",
    ColumnType::Int64,
    "CRC-32 of the packet from its first network layer on, without what routers change: equal for copies at several sensors.",
);

/// Rows of frames.
pub(super) struct FrameRows {
    /// Names of the files of the capture.
    files: Vec<String>,
    digest: Option<PacketDigest>,
    /// Selected fields, instead of the columns of the frame list.
    fields: Option<FieldColumns>,
    wants: Wants,
    clock: TimeFormatter,
}

impl FrameRows {
    /// Returns rows with the values of these fields, or those of the frame list.
    pub(super) fn new(settings: &DatasetSettings) -> FrameRows {
        let selected = settings.fields.clone();
        let mut wants = selected.as_ref().map_or_else(Wants::only_columns, Selection::wants);
        let fields = selected.map(|selected| FieldColumns::new(selected, settings.occurrence));
        let digest = settings.has_digest.then(PacketDigest::default);
        digest.iter().for_each(|digest| wants.add_all(&digest.wants()));
        FrameRows { files: Vec::new(), digest, fields, wants, clock: TimeFormatter::local() }
    }

    /// Sets the names of the files of the capture.
    pub(super) fn set_files(&mut self, files: Vec<String>) {
        self.files = files;
    }

    pub(super) fn columns(&self) -> Vec<TableColumn> {
        let own = self.fields.as_ref().map_or_else(|| columns(&LIST_COLUMNS), FieldColumns::columns);
        let digest = if self.digest.is_some() { columns(&[DIGEST_COLUMN]) } else { Vec::new() };
        columns(&KEY_COLUMNS).into_iter().chain(digest).chain(own).collect()
    }

    pub(super) fn wants(&self) -> &Wants {
        &self.wants
    }

    /// Appends the row of a frame.
    pub(super) fn push(&mut self, dissected: &DissectedFrame<'_>, analyzer: &Analyzer, rows: &mut RowBuffer) {
        let frame = dissected.frame;
        let [stream, udp_stream] = streams(analyzer);
        rows.push_all([
            Datum::Int(frame.number.into()),
            Datum::nanos(frame_time(dissected)),
            Datum::number(stream),
            Datum::number(udp_stream),
            self.files.get(frame.file as usize).map_or(Datum::Null, |file| Datum::Text(file)),
            Datum::number(frame.interface.map(|interface| interface.id)),
        ]);
        if let Some(digest) = &self.digest {
            rows.push(Datum::Int(digest.of(frame.bytes, dissected.tree).into()));
        }
        match &mut self.fields {
            Some(fields) => fields.push(dissected, rows),
            None => self.push_list_columns(dissected, rows),
        }
        rows.end_row();
    }

    fn push_list_columns(&mut self, dissected: &DissectedFrame<'_>, rows: &mut RowBuffer) {
        let (frame, columns) = (dissected.frame, dissected.tree.columns());
        let captured = frame.bytes.len() as i64;
        rows.push_all([frame.link.into(), frame.length.into(), captured].map(Datum::Int));
        for (column, address) in [(&column::SOURCE, columns.source), (&column::DESTINATION, columns.destination)] {
            push_frame_column(column, dissected, &mut self.clock, rows);
            rows.push(match &address {
                Some(Value::Ipv4(bytes)) => Datum::Bytes(bytes),
                Some(Value::Ipv6(bytes)) => Datum::Bytes(bytes),
                Some(Value::Ether(bytes)) => Datum::Bytes(bytes),
                _ => Datum::Null,
            });
        }
        rows.push(Datum::text(columns.protocol));
        rows.push(Datum::bytes(dissected.tree.bytes(columns.info)));
    }
}

/// Returns the time of a frame, if the capture has one.
pub(super) fn frame_time(dissected: &DissectedFrame<'_>) -> Option<i64> {
    dissected.frame.has_time.then_some(dissected.frame.time.0)
}

/// Returns the numbers of the innermost TCP connection and UDP conversation of the frame that was read last, but not of a packet
/// that an error quotes.
pub(super) fn streams(analyzer: &Analyzer) -> [Option<u32>; 2] {
    let own = analyzer.connections().iter().filter(|connection| !connection.quoted);
    let tcp = own.filter_map(|connection| connection.conversation.tcp()).next_back();
    [tcp, analyzer.sent_udp_conversations().last().copied()]
}
