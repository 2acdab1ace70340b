//! Protocol hierarchy: protocols by nesting, with frame and byte counts, as in tshark's `-z io,phs`.

use crate::browse::{OTHER_STACK, StackNames};
use crate::tui::model::statistics::counters::{TrafficCount, TrafficCounters};
use crate::tui::widgets::row_order::SortColumn;
use hashbrown::HashMap;
use std::cmp::Ordering;

/// Protocol within its enclosing protocols.
#[derive(Debug)]
struct ProtocolNode {
    /// Index of the enclosing protocol; its own index for the outermost.
    parent: u32,
    depth: u16,
    name: &'static str,
    label: &'static str,
    counts: ProtocolCounts,
}

/// Counts of one protocol at one nesting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProtocolCounts {
    /// Frames that contain the protocol.
    pub(crate) containing: TrafficCount,
    /// Frames in which it is the innermost protocol.
    pub(crate) innermost: TrafficCount,
}

/// Tree of all protocol nestings. Indexes are stable.
#[derive(Debug, Default)]
pub(crate) struct ProtocolHierarchy {
    nodes: Vec<ProtocolNode>,
    numbers: HashMap<(Option<u32>, &'static str), u32>,
    /// Innermost node of each stack; `None` for an empty stack.
    innermost_nodes: Vec<Option<u32>>,
}

impl ProtocolHierarchy {
    /// Recomputes all counts.
    pub(crate) fn recount(&mut self, stacks: &[StackNames], counters: &TrafficCounters) {
        for stack in stacks.get(self.innermost_nodes.len()..).unwrap_or_default() {
            let end = stack.iter().fold(None, |parent, name| Some(self.node_index(parent, name)));
            self.innermost_nodes.push(end);
        }
        self.nodes.iter_mut().for_each(|node| node.counts = ProtocolCounts::default());
        for &stack in counters.stacks.seen.iter() {
            let count = counters.stacks.entry(stack).total();
            let mut at = self.innermost_nodes.get(stack as usize).copied().flatten();
            let mut is_end = true;
            while let Some(node) = at.and_then(|at| self.nodes.get_mut(at as usize)) {
                node.counts.containing.merge(count);
                if std::mem::take(&mut is_end) {
                    node.counts.innermost.merge(count);
                }
                at = (Some(node.parent) != at).then_some(node.parent);
            }
        }
    }

    fn node_index(&mut self, parent: Option<u32>, name: &'static str) -> u32 {
        let next = self.nodes.len() as u32;
        *self.numbers.entry((parent, name)).or_insert_with(|| {
            let depth = parent.and_then(|parent| self.nodes.get(parent as usize)).map_or(0, |node| node.depth + 1);
            let (parent, label, counts) = (parent.unwrap_or(next), display_name(name), ProtocolCounts::default());
            self.nodes.push(ProtocolNode { parent, depth, name, label, counts });
            next
        })
    }

    /// Returns the protocols that have frames, each after its enclosing protocol, siblings sorted.
    pub(crate) fn sorted_nodes(&self, by: SortColumn) -> Vec<u32> {
        let mut counted: Vec<u32> =
            (0..self.nodes.len() as u32).filter(|&at| self.counts(at).containing.frames > 0).collect();
        counted.sort_by(|&left, &right| {
            let order = self.compare(left, right, by.column);
            if by.descending { order.reverse() } else { order }.then(left.cmp(&right))
        });
        // Each list has the children of one protocol, the first child last.
        let mut children: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
        for &at in counted.iter().rev() {
            let outer = self.nodes.get(at as usize).map(|node| node.parent).filter(|&outer| outer != at);
            children.entry(outer).or_default().push(at);
        }
        let mut order = Vec::with_capacity(counted.len());
        let mut next = children.remove(&None).unwrap_or_default();
        while let Some(at) = next.pop() {
            order.push(at);
            next.extend(children.remove(&Some(at)).unwrap_or_default());
        }
        order
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let [one, other] = [left, right].map(|at| self.column_value(at, column));
        if column == 0 { self.label(left).cmp(self.label(right)) } else { one.cmp(&other) }
    }

    /// Returns the value of a column: frames (number, percent and bar), bytes (number and percent), frames in which the
    /// protocol is innermost, or bytes per frame.
    pub(crate) fn column_value(&self, number: u32, column: usize) -> u64 {
        let ProtocolCounts { containing: all, innermost } = self.counts(number);
        match column {
            1..=3 => all.frames,
            4 | 5 => all.bytes,
            6 => innermost.frames,
            _ => all.bytes / all.frames.max(1),
        }
    }

    fn counts(&self, number: u32) -> ProtocolCounts {
        self.nodes.get(number as usize).map(|node| node.counts).unwrap_or_default()
    }

    /// Returns the nesting depth of a protocol; 0 for the outermost.
    pub(crate) fn depth(&self, number: u32) -> u16 {
        self.nodes.get(number as usize).map_or(0, |node| node.depth)
    }

    /// Returns the filter name of a protocol, if it has one.
    pub(crate) fn name(&self, number: u32) -> Option<&'static str> {
        self.nodes.get(number as usize).map(|node| node.name).filter(|name| *name != OTHER_STACK)
    }

    /// Returns the display name of a protocol.
    pub(crate) fn label(&self, number: u32) -> &'static str {
        self.nodes.get(number as usize).map_or("", |node| node.label)
    }
}

/// Returns the short name of a protocol, or the filter name if the short name is missing or ambiguous.
fn display_name(name: &'static str) -> &'static str {
    let short = dissectors::protocol(name).map_or("", |protocol| protocol.short);
    match short {
        _ if name == OTHER_STACK => "other",
        "" | "N/A" => name,
        _ if name.contains('.') => name,
        _ => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{DirectedPair, FrameSummary, Index, IndexUpdate, NO_STREAM, ProtocolName, StackId};
    use crate::tui::model::statistics::counters::HostTable;
    use crate::tui::widgets::scroll::RowNumbers;
    use dissectors::PROTOCOLS;

    #[test]
    fn a_frame_counts_for_every_protocol_it_contains() {
        let summary = |stack, length| FrameSummary {
            time: 0,
            length,
            stream: NO_STREAM,
            hosts: DirectedPair::NONE,
            protocol: ProtocolName::new("TCP"),
            stack: StackId(stack),
            severity: None,
        };
        let stacks: Vec<StackNames> = vec![
            vec!["eth", "ip", "tcp"],
            vec!["eth", "ip", "tcp", "http"],
            vec!["eth", "arp"],
            vec![],
            vec!["eth", "ip", "ip", "udp"],
            vec![OTHER_STACK],
        ];
        let mut index = Index::default();
        let frames = vec![
            summary(0, 60),
            summary(1, 400),
            summary(1, 200),
            summary(2, 42),
            summary(3, 9),
            summary(4, 80),
            summary(5, 1),
        ];
        index.apply(IndexUpdate { frames, stacks, ..IndexUpdate::default() });
        let mut counters = TrafficCounters::default();
        counters.count_next(&index, &RowNumbers::All { first: 1, count: 7 }, &HostTable::default());
        let mut hierarchy = ProtocolHierarchy::default();
        hierarchy.recount(&index.stacks, &counters);
        let lines = |order: Vec<u32>| {
            let row = |at: u32| {
                let ProtocolCounts { containing: all, innermost } = hierarchy.counts(at);
                let indent = " ".repeat(hierarchy.depth(at).into());
                format!("{indent}{} {} {} {}", hierarchy.label(at), all.frames, all.bytes, innermost.frames)
            };
            order.into_iter().map(row).collect::<Vec<_>>()
        };
        let by = |column, descending| lines(hierarchy.sorted_nodes(SortColumn { column, descending }));
        let tree =
            ["Ethernet 5 782 0", " IPv4 4 740 0", "  TCP 3 660 1", "   HTTP 2 600 2", "  IPv4 1 80 0", "   UDP 1 80 1"];
        let arp = " ARP 1 42 1";
        assert_eq!(by(1, true), [&tree[..], &[arp, "other 1 1 1"]].concat());
        let rising = ["other 1 1 1", "Ethernet 5 782 0", arp, " IPv4 4 740 0", "  IPv4 1 80 0", "   UDP 1 80 1"];
        assert_eq!(by(4, false), [&rising[..], &tree[2..4]].concat());
        // Recounted with fewer frames.
        let mut few = TrafficCounters::default();
        few.count_next(&index, &RowNumbers::All { first: 4, count: 1 }, &HostTable::default());
        hierarchy.recount(&index.stacks, &few);
        let order = hierarchy.sorted_nodes(SortColumn { column: 0, descending: false });
        assert_eq!(order.iter().map(|&at| hierarchy.label(at)).collect::<Vec<_>>(), ["Ethernet", "ARP"]);
    }

    #[test]
    fn every_protocol_name_is_a_filter() {
        for field in PROTOCOLS.iter().filter_map(|protocol| protocol.fields.first()) {
            assert!(crate::filter::Filter::new(field.name).is_ok(), "{}", field.name);
        }
    }
}
