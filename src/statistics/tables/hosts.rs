//! Endpoints and conversations: traffic by host, by pair of hosts, and by connection.

use crate::analysis::{FrameResults, Task};
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::endpoint_fields::EndpointFields;
use crate::statistics::host_pairs::{Host, HostPairs};
use crate::statistics::table::{StatisticsTable, write_rows};
use crate::statistics::traffic::TrafficEntry;
use dissectors::Wants;
use dissectors::session::{ConversationId, Side};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::io::{self, Write};

/// Maximum number of pairs, and of conversations. The traffic of further ones is counted together.
const MAX_ROWS: usize = 100_000;

/// Traffic of pairs of hosts.
#[derive(Default)]
pub(crate) struct HostTraffic {
    numbers: HostPairs,
    pairs: Vec<[Host; 2]>,
    traffic: Vec<TrafficEntry>,
    /// Traffic beyond the limit.
    other: TrafficEntry,
}

impl HostTraffic {
    /// Adds the columns that have the hosts.
    pub(crate) fn extend_task(task: &mut Task) {
        task.wants.columns = true;
    }

    pub(crate) fn frame(&mut self, shown: &DissectedFrame<'_>) {
        let columns = shown.tree.columns();
        let (length, time) = (shown.frame.length, shown.frame.time.0);
        let full = self.pairs.len() >= MAX_ROWS;
        let number = match full {
            true => self.numbers.known_pair(columns.source, columns.destination),
            false => self.numbers.directed_pair(columns.source, columns.destination, &mut self.pairs),
        };
        let Some((pair, sender)) = number.pair() else {
            if full {
                self.other.add_frame(0, length, time);
            }
            return;
        };
        if self.traffic.len() <= pair {
            self.traffic.resize(pair + 1, TrafficEntry::default());
        }
        if let Some(entry) = self.traffic.get_mut(pair) {
            entry.add_frame(sender, length, time);
        }
    }

    /// Returns the pairs with their traffic, that with most bytes first.
    fn sorted_pairs(&self) -> Vec<([Host; 2], TrafficEntry)> {
        let mut rows: Vec<_> = self.pairs.iter().copied().zip(self.traffic.iter().copied()).collect();
        rows.sort_by_key(|&(pair, entry)| (Reverse(entry.total().bytes), pair));
        rows
    }

    /// Returns the hosts with what they sent and received, that with most bytes first.
    pub(crate) fn sorted_hosts(&self) -> Vec<(Host, TrafficEntry)> {
        let mut hosts: HashMap<Host, TrafficEntry> = HashMap::new();
        for (&[one, other], entry) in self.pairs.iter().zip(&self.traffic) {
            let ends = if one == other { vec![(one, [0, 1])] } else { vec![(one, [0, 1]), (other, [1, 0])] };
            for (host, [sent, received]) in ends {
                let own =
                    hosts.entry(host).or_insert(TrafficEntry { first: i64::MAX, last: i64::MIN, ..Default::default() });
                for (direction, from) in [(0, sent), (1, received)] {
                    // Traffic of a host to itself is counted once.
                    let count = entry.directions.get(from).copied().unwrap_or_default();
                    if let Some(total) = own.directions.get_mut(direction) {
                        total.merge(count);
                    }
                }
                (own.first, own.last) = (own.first.min(entry.first), own.last.max(entry.last));
            }
        }
        let mut rows: Vec<_> = hosts.into_iter().collect();
        rows.sort_by_key(|&(host, entry)| (Reverse(entry.total().bytes), host));
        rows
    }

    fn limit_notes(&self) -> Vec<String> {
        let frames = self.other.total().frames;
        let note = format!("limit of {MAX_ROWS} pairs of hosts reached; {frames} frames of others are not counted");
        (frames > 0).then_some(note).into_iter().collect()
    }
}

static HOST_COLUMNS: [RecordColumn; 5] = [
    RecordColumn::new("host", text_column("HOST", 18, 47, 0)),
    RecordColumn::new("frames_sent", number_column("SENT", 8, 0)),
    RecordColumn::new("bytes_sent", number_column("BYTES", 8, 0)),
    RecordColumn::new("frames_received", number_column("RECEIVED", 8, 0)),
    RecordColumn::new("bytes_received", number_column("BYTES", 8, 0)),
];

/// Endpoints.
#[derive(Default)]
pub(crate) struct EndpointsTable(HostTraffic);

impl StatisticsTable for EndpointsTable {
    fn extend_task(&self, task: &mut Task) {
        HostTraffic::extend_task(task);
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, _: &FrameResults<'_>) {
        self.0.frame(shown);
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let hosts: Vec<_> = self.0.sorted_hosts().into_iter().map(|(host, entry)| (host.to_string(), entry)).collect();
        let rows = hosts.iter().map(|(host, entry)| {
            let [sent, received] = entry.directions;
            [
                Cell::Text(host),
                Cell::Number(sent.frames),
                Cell::Size(sent.bytes),
                Cell::Number(received.frames),
                Cell::Size(received.bytes),
            ]
        });
        write_rows(&HOST_COLUMNS, format, rows, out)
    }

    fn limit_notes(&self) -> Vec<String> {
        self.0.limit_notes()
    }
}

static PAIR_COLUMNS: [RecordColumn; 9] = [
    RecordColumn::new("kind", text_column("KIND", 4, 5, 0)),
    RecordColumn::new("stream", number_column("STREAM", 6, 2)),
    RecordColumn::new("a", text_column("A", 18, 47, 0)),
    RecordColumn::new("b", text_column("B", 18, 47, 0)),
    RecordColumn::new("frames_a_to_b", number_column("A → B", 7, 0)),
    RecordColumn::new("bytes_a_to_b", number_column("BYTES", 8, 0)),
    RecordColumn::new("frames_b_to_a", number_column("B → A", 7, 0)),
    RecordColumn::new("bytes_b_to_a", number_column("BYTES", 8, 0)),
    RecordColumn::new("duration", number_column("DURATION", 8, 1)),
];

/// A conversation of a transport.
struct Conversation {
    ends: [String; 2],
    traffic: TrafficEntry,
}

/// Conversations: pairs of hosts, TCP connections and UDP conversations.
#[derive(Default)]
pub(crate) struct ConversationsTable {
    hosts: HostTraffic,
    streams: HashMap<ConversationId, Conversation>,
    fields: EndpointFields,
    /// Frames of streams beyond the limit.
    other: u64,
}

impl ConversationsTable {
    fn add_stream(&mut self, id: ConversationId, side: Option<Side>, shown: &DissectedFrame<'_>) {
        if self.streams.len() >= MAX_ROWS && !self.streams.contains_key(&id) {
            self.other += 1;
            return;
        }
        let [from, to] = self.fields.ends(id, shown.tree);
        let own = self.streams.entry(id).or_insert_with(|| {
            let is_first = side != Some(Side::Server);
            let ends = if is_first { [from.clone(), to.clone()] } else { [to.clone(), from.clone()] };
            Conversation { ends, traffic: TrafficEntry::default() }
        });
        let direction = match side {
            Some(Side::Client) => 0,
            Some(Side::Server) => 1,
            None => usize::from(own.ends[0] != from),
        };
        own.traffic.add_frame(direction, shown.frame.length, shown.frame.time.0);
    }
}

impl StatisticsTable for ConversationsTable {
    fn extend_task(&self, task: &mut Task) {
        HostTraffic::extend_task(task);
        let mut wants = Wants::default();
        self.fields.add_wants(&mut wants);
        task.wants.add_all(&wants);
        (task.udp_conversations, task.without_connections) = (true, false);
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        self.hosts.frame(shown);
        let own = results.connections.iter().filter(|connection| !connection.quoted);
        for connection in own.filter(|connection| connection.conversation.tcp().is_some()) {
            self.add_stream(connection.conversation, Some(connection.side), shown);
        }
        for &number in results.sent_udp_conversations {
            self.add_stream(ConversationId::Udp(number), None, shown);
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let hosts = self.hosts.sorted_pairs().into_iter().map(|(pair, entry)| {
            let kind = if matches!(pair, [Host::Ether(_), _]) { "eth" } else { "ip" };
            (kind, None, pair.map(|host| host.to_string()), entry)
        });
        let mut streams: Vec<_> = self.streams.iter().collect();
        streams.sort_by_key(|(id, own)| (id.tcp().is_none(), Reverse(own.traffic.total().bytes), id.number()));
        let streams = streams.into_iter().map(|(id, own)| {
            let kind = if id.tcp().is_some() { "tcp" } else { "udp" };
            (kind, Some(id.number()), own.ends.clone(), own.traffic)
        });
        let all: Vec<_> = hosts.chain(streams).collect();
        let rows = all.iter().map(|(kind, number, [one, other], entry)| {
            let [sent, received] = entry.directions;
            [
                Cell::Word(kind),
                number.map_or(Cell::Empty, |number| Cell::Number(number.into())),
                Cell::Text(one),
                Cell::Text(other),
                Cell::Number(sent.frames),
                Cell::Size(sent.bytes),
                Cell::Number(received.frames),
                Cell::Size(received.bytes),
                Cell::Duration(entry.duration()),
            ]
        });
        write_rows(&PAIR_COLUMNS, format, rows, out)
    }

    fn limit_notes(&self) -> Vec<String> {
        let mut notes = self.hosts.limit_notes();
        if self.other > 0 {
            notes.push(format!("limit of {MAX_ROWS} streams reached; {} frames of others are not counted", self.other));
        }
        notes
    }
}
