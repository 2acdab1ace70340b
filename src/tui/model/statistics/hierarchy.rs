//! Protocol hierarchy of the frames that match the filter, sorted by a column.

use crate::statistics::{ProtocolCounts, ProtocolTree, StackNames};
use crate::tui::model::statistics::counters::TrafficCounters;
use crate::tui::widgets::row_order::SortColumn;
use std::cmp::Ordering;

/// Tree of all protocol nestings. Indexes are stable.
#[derive(Debug, Default)]
pub(crate) struct ProtocolHierarchy {
    tree: ProtocolTree,
    /// Innermost node of each stack; `None` for an empty stack.
    innermost_nodes: Vec<Option<u32>>,
}

impl ProtocolHierarchy {
    /// Recomputes all counts.
    pub(crate) fn recount(&mut self, stacks: &[StackNames], counters: &TrafficCounters) {
        for stack in stacks.get(self.innermost_nodes.len()..).unwrap_or_default() {
            let innermost = self.tree.innermost(stack);
            self.innermost_nodes.push(innermost);
        }
        self.tree.clear();
        for &stack in counters.stacks.seen.iter() {
            let innermost = self.innermost_nodes.get(stack as usize).copied().flatten();
            self.tree.add(innermost, counters.stacks.entry(stack).total());
        }
    }

    /// Returns the protocols that have frames, each after its enclosing protocol, siblings sorted.
    pub(crate) fn sorted_nodes(&self, by: SortColumn) -> Vec<u32> {
        self.tree.sorted_nodes(|left, right| {
            let order = self.compare(left, right, by.column);
            if by.descending { order.reverse() } else { order }
        })
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let [one, other] = [left, right].map(|at| self.column_value(at, column));
        if column == 0 { self.label(left).cmp(self.label(right)) } else { one.cmp(&other) }
    }

    /// Returns the value of a column: frames (number, percent and bar), bytes (number and percent), frames in which the
    /// protocol is innermost, or bytes per frame.
    pub(crate) fn column_value(&self, number: u32, column: usize) -> u64 {
        let ProtocolCounts { containing: all, innermost } = self.tree.counts(number);
        match column {
            1..=3 => all.frames,
            4 | 5 => all.bytes,
            6 => innermost.frames,
            _ => all.bytes / all.frames.max(1),
        }
    }

    /// Returns the nesting depth of a protocol; 0 for the outermost.
    pub(crate) fn depth(&self, number: u32) -> u16 {
        self.tree.depth(number)
    }

    /// Returns the filter name of a protocol, if it has one.
    pub(crate) fn name(&self, number: u32) -> Option<&'static str> {
        self.tree.name(number)
    }

    /// Returns the display name of a protocol.
    pub(crate) fn label(&self, number: u32) -> &'static str {
        self.tree.label(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{FrameSummary, Index, IndexUpdate, NO_STREAM, ProtocolName};
    use crate::statistics::{DirectedPair, OTHER_STACK, StackId};
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
                let ProtocolCounts { containing: all, innermost } = hierarchy.tree.counts(at);
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
