//! Endpoints: traffic by host, and by host and port of TCP and UDP.

use super::hosts::{HostTraffic, MAX_ROWS, sent_conversations, transport_kind, want_conversations};
use crate::analysis::{FrameResults, Task};
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, RecordWriter, number_column, text_column};
use crate::statistics::endpoint_fields::{EndpointFields, HostPort};
use crate::statistics::host_pairs::Host;
use crate::statistics::table::StatisticsTable;
use crate::statistics::traffic::TrafficCount;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::io::{self, Write};

static COLUMNS: [RecordColumn; 7] = [
    RecordColumn::new("kind", text_column("KIND", 4, 5, 0)),
    RecordColumn::new("host", text_column("HOST", 18, 47, 0)),
    RecordColumn::new("port", number_column("PORT", 5, 0)),
    RecordColumn::new("frames_sent", number_column("SENT", 8, 0)),
    RecordColumn::new("bytes_sent", number_column("BYTES", 8, 0)),
    RecordColumn::new("frames_received", number_column("RECEIVED", 8, 0)),
    RecordColumn::new("bytes_received", number_column("BYTES", 8, 0)),
];

/// Column of captures whose addresses are resolved, after the others.
static NAME_COLUMN: RecordColumn = RecordColumn::new("name", text_column("NAME", 20, 60, 0));

/// Endpoints.
#[derive(Default)]
pub(crate) struct EndpointsTable {
    hosts: HostTraffic,
    /// What each host and port of a transport sent and received.
    ports: HashMap<(&'static str, HostPort), [TrafficCount; 2]>,
    /// Frames that a further host and port sent or received.
    other: u64,
    /// The last name of each host, if addresses are resolved.
    names: HashMap<Host, Box<str>>,
    fields: EndpointFields,
    has_names: bool,
}

impl EndpointsTable {
    fn add_port(&mut self, kind: &'static str, end: HostPort, direction: usize, length: u32) {
        let key = (kind, end);
        if self.ports.len() >= MAX_ROWS && !self.ports.contains_key(&key) {
            self.other += 1;
            return;
        }
        if let Some(count) = self.ports.entry(key).or_default().get_mut(direction) {
            count.add_frame(length);
        }
    }

    /// Keeps the name that the frame has for a host.
    fn add_name(&mut self, host: Option<Host>, shown: &DissectedFrame<'_>) {
        let Some(host) = host else { return };
        let Some(found) = shown.tree.host_name(host.value()) else { return };
        let is_full = self.names.len() >= 2 * MAX_ROWS;
        match self.names.get_mut(&host) {
            Some(name) if **name == *found.name => {}
            Some(name) => *name = found.name.as_str().into(),
            None if !is_full => {
                self.names.insert(host, found.name.as_str().into());
            }
            None => {}
        }
    }
}

impl StatisticsTable for EndpointsTable {
    fn extend_task(&self, task: &mut Task) {
        HostTraffic::extend_task(task);
        want_conversations(&self.fields, task);
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        self.hosts.frame(shown);
        let is_resolved = shown.tree.host_names.is_some();
        self.has_names |= is_resolved;
        if is_resolved {
            let columns = shown.tree.columns();
            for host in [columns.source, columns.destination] {
                self.add_name(Host::from_value(host), shown);
            }
        }
        for (id, _) in sent_conversations(results) {
            let ends = self.fields.ends(id, shown.tree);
            for (direction, end) in ends.into_iter().enumerate() {
                self.add_port(transport_kind(id), end, direction, shown.frame.length);
                if is_resolved {
                    self.add_name(end.host, shown);
                }
            }
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let hosts = self.hosts.sorted_hosts().into_iter();
        let hosts = hosts.map(|own| (own.host.kind(), Some(own.host), None, [own.sent, own.received]));
        let mut ports: Vec<_> = self.ports.iter().collect();
        ports.sort_by_key(|&(&(kind, end), &[sent, received])| {
            (kind, Reverse(sent.bytes.saturating_add(received.bytes)), end)
        });
        let ports = ports.into_iter().map(|(&(kind, end), &counts)| (kind, end.host, end.port, counts));
        let name_column = self.has_names.then_some(&NAME_COLUMN);
        let mut records = RecordWriter::new(COLUMNS.iter().chain(name_column), format);
        records.begin(out)?;
        for (kind, host, port, [sent, received]) in hosts.chain(ports) {
            let text = host.map(|host| host.to_string()).unwrap_or_default();
            let name = host.and_then(|host| self.names.get(&host));
            let cells = [
                Cell::Word(kind),
                Cell::Text(&text),
                port.map_or(Cell::Empty, Cell::Number),
                Cell::Number(sent.frames),
                Cell::Size(sent.bytes),
                Cell::Number(received.frames),
                Cell::Size(received.bytes),
                name.map_or(Cell::Empty, |name| Cell::Text(name)),
            ];
            records.row(cells.get(..COLUMNS.len() + usize::from(self.has_names)).unwrap_or(&cells), out)?;
        }
        records.end(out)
    }

    fn limit_notes(&self) -> Vec<String> {
        let mut notes = self.hosts.limit_notes();
        if self.other > 0 {
            let frames = self.other;
            notes.push(format!("limit of {MAX_ROWS} hosts and ports reached; {frames} frames that others sent or received are not counted"));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_bounded() {
        let mut table = EndpointsTable::default();
        let host = |nth: usize| Some(Host::V4((nth as u32).to_be_bytes()));
        for nth in 0..MAX_ROWS + 3 {
            table.add_port("udp", HostPort { host: host(nth), port: Some(53) }, 0, 60);
        }
        // A known one still counts.
        table.add_port("udp", HostPort { host: host(0), port: Some(53) }, 1, 60);
        assert_eq!(table.ports.len(), MAX_ROWS);
        let note = "limit of 100000 hosts and ports reached; 3 frames that others sent or received are not counted";
        assert_eq!(table.limit_notes(), [note]);
    }
}
