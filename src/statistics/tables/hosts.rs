//! Conversations: traffic by pair of hosts, and by connection.

use crate::analysis::{FrameResults, Task};
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::endpoint_fields::{EndpointFields, HostPort};
use crate::statistics::host_pairs::{Host, HostPairs};
use crate::statistics::table::{StatisticsTable, write_rows};
use crate::statistics::traffic::{TrafficCount, TrafficEntry};
use dissectors::Wants;
use dissectors::session::{ConversationId, Side};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::io::{self, Write};

/// Maximum number of pairs, and of conversations. The traffic of further ones is counted together.
pub(super) const MAX_ROWS: usize = 100_000;

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

    /// Returns the hosts with their traffic, that with most bytes first.
    pub(crate) fn sorted_hosts(&self) -> Vec<HostEntry> {
        let mut hosts: HashMap<Host, HostEntry> = HashMap::new();
        for (&[one, other], entry) in self.pairs.iter().zip(&self.traffic) {
            let [from_one, from_other] = entry.directions;
            let mut add = |host, sent, received, total| {
                let own = hosts.entry(host).or_insert_with(|| HostEntry::new(host));
                own.sent.merge(sent);
                own.received.merge(received);
                own.total.merge(total);
            };
            if one == other {
                // A host receives what it sends to itself. In the total, it counts once.
                add(one, entry.total(), entry.total(), entry.total());
            } else {
                add(one, from_one, from_other, entry.total());
                add(other, from_other, from_one, entry.total());
            }
        }
        let mut rows: Vec<_> = hosts.into_values().collect();
        rows.sort_by_key(|own| (Reverse(own.total.bytes), own.host));
        rows
    }

    pub(super) fn limit_notes(&self) -> Vec<String> {
        let frames = self.other.total().frames;
        let note = format!("limit of {MAX_ROWS} pairs of hosts reached; {frames} frames of others are not counted");
        (frames > 0).then_some(note).into_iter().collect()
    }
}

/// Traffic of a host.
pub(crate) struct HostEntry {
    pub(crate) host: Host,
    pub(crate) sent: TrafficCount,
    pub(crate) received: TrafficCount,
    /// Frames that the host sent or received.
    pub(crate) total: TrafficCount,
}

impl HostEntry {
    fn new(host: Host) -> HostEntry {
        let none = TrafficCount::default();
        HostEntry { host, sent: none, received: none, total: none }
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

/// Returns the kind of a row about a transport.
pub(super) fn transport_kind(id: ConversationId) -> &'static str {
    if id.tcp().is_some() { "tcp" } else { "udp" }
}

/// A conversation of a transport.
struct Conversation {
    ends: [HostPort; 2],
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
            let ends = if is_first { [from, to] } else { [to, from] };
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

/// Adds what the conversations of frames and their ends need.
pub(super) fn want_conversations(fields: &EndpointFields, task: &mut Task) {
    let mut wants = Wants::default();
    fields.add_wants(&mut wants);
    task.wants.add_all(&wants);
    (task.udp_conversations, task.without_connections) = (true, false);
}

/// Returns the TCP connections and UDP conversations of a frame without quoted ones, those of TCP with the sender.
pub(super) fn sent_conversations<'a>(
    results: &FrameResults<'a>,
) -> impl Iterator<Item = (ConversationId, Option<Side>)> + use<'a> {
    let own = results.connections.iter().filter(|own| !own.quoted && own.conversation.tcp().is_some());
    let datagrams = results.sent_udp_conversations.iter().map(|&number| (ConversationId::Udp(number), None));
    own.map(|own| (own.conversation, Some(own.side))).chain(datagrams)
}

impl StatisticsTable for ConversationsTable {
    fn extend_task(&self, task: &mut Task) {
        HostTraffic::extend_task(task);
        want_conversations(&self.fields, task);
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        self.hosts.frame(shown);
        for (id, side) in sent_conversations(results) {
            self.add_stream(id, side, shown);
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let hosts = self.hosts.sorted_pairs().into_iter().map(|(pair, entry)| {
            let [one, _] = pair;
            (one.kind(), None, pair.map(|host| host.to_string()), entry)
        });
        let mut streams: Vec<_> = self.streams.iter().collect();
        streams.sort_by_key(|(id, own)| (id.tcp().is_none(), Reverse(own.traffic.total().bytes), id.number()));
        let streams = streams.into_iter().map(|(id, own)| {
            (transport_kind(*id), Some(id.number()), own.ends.map(|end| end.to_string()), own.traffic)
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
