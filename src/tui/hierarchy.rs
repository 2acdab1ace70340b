//! Protocols as they lie in one another, with the frames that have them: what tshark tells with `-z io,phs`.

use super::roster::Sort;
use super::tally::{Count, Tally};
use crate::browse::{Names, OTHER};
use hashbrown::HashMap;
use std::cmp::Ordering;

/// A protocol within those that it lies in.
#[derive(Debug)]
struct Node {
    /// The number of the protocol it lies in; its own, if it is the outermost.
    within: u32,
    depth: u16,
    name: &'static str,
    label: &'static str,
    counted: Counted,
}

/// What was counted of a protocol within others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Frames that have it.
    pub(crate) all: Count,
    /// Of those, the ones in which nothing lies within it.
    pub(crate) ends: Count,
}

/// All of them, by their numbers, which stay.
#[derive(Debug, Default)]
pub(crate) struct Hierarchy {
    nodes: Vec<Node>,
    numbers: HashMap<(Option<u32>, &'static str), u32>,
    /// The innermost of each stack; none of a frame that has none.
    ends: Vec<Option<u32>>,
}

impl Hierarchy {
    /// Counts anew.
    pub(crate) fn take(&mut self, stacks: &[Names], tally: &Tally) {
        for stack in stacks.get(self.ends.len()..).unwrap_or_default() {
            let end = stack.iter().fold(None, |within, name| Some(self.number(within, name)));
            self.ends.push(end);
        }
        self.nodes.iter_mut().for_each(|node| node.counted = Counted::default());
        for &stack in tally.stacks.met.iter() {
            let count = tally.stacks.entry(stack).total();
            let mut at = self.ends.get(stack as usize).copied().flatten();
            let mut is_end = true;
            while let Some(node) = at.and_then(|at| self.nodes.get_mut(at as usize)) {
                node.counted.all.join(count);
                if std::mem::take(&mut is_end) {
                    node.counted.ends.join(count);
                }
                at = (Some(node.within) != at).then_some(node.within);
            }
        }
    }

    fn number(&mut self, within: Option<u32>, name: &'static str) -> u32 {
        let next = self.nodes.len() as u32;
        *self.numbers.entry((within, name)).or_insert_with(|| {
            let depth = within.and_then(|within| self.nodes.get(within as usize)).map_or(0, |node| node.depth + 1);
            let (within, label, counted) = (within.unwrap_or(next), label(name), Counted::default());
            self.nodes.push(Node { within, depth, name, label, counted });
            next
        })
    }

    /// Those that were met: each after what it lies in, and those that lie in the same one sorted.
    pub(crate) fn order(&self, by: Sort) -> Vec<u32> {
        let mut met: Vec<u32> = (0..self.nodes.len() as u32).filter(|&at| self.counted(at).all.frames > 0).collect();
        met.sort_by(|&left, &right| {
            let order = self.compare(left, right, by.column);
            if by.falling { order.reverse() } else { order }.then(left.cmp(&right))
        });
        // Each list is that of one protocol, the first to come last.
        let mut within: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
        for &at in met.iter().rev() {
            let outer = self.nodes.get(at as usize).map(|node| node.within).filter(|&outer| outer != at);
            within.entry(outer).or_default().push(at);
        }
        let mut order = Vec::with_capacity(met.len());
        let mut next = within.remove(&None).unwrap_or_default();
        while let Some(at) = next.pop() {
            order.push(at);
            next.extend(within.remove(&Some(at)).unwrap_or_default());
        }
        order
    }

    fn compare(&self, left: u32, right: u32, column: usize) -> Ordering {
        let [one, other] = [left, right].map(|at| self.figure(at, column));
        if column == 0 { self.label(left).cmp(self.label(right)) } else { one.cmp(&other) }
    }

    /// What a column tells of a protocol: frames, also in percent and as a bar; bytes, also in percent; frames in which
    /// it is the last; bytes of a frame.
    pub(crate) fn figure(&self, number: u32, column: usize) -> u64 {
        let Counted { all, ends } = self.counted(number);
        match column {
            1..=3 => all.frames,
            4 | 5 => all.bytes,
            6 => ends.frames,
            _ => all.bytes / all.frames.max(1),
        }
    }

    fn counted(&self, number: u32) -> Counted {
        self.nodes.get(number as usize).map(|node| node.counted).unwrap_or_default()
    }

    /// How deep a protocol lies: 0 if it is the outermost.
    pub(crate) fn depth(&self, number: u32) -> u16 {
        self.nodes.get(number as usize).map_or(0, |node| node.depth)
    }

    /// The name of a protocol in filters, if it has one.
    pub(crate) fn name(&self, number: u32) -> Option<&'static str> {
        self.nodes.get(number as usize).map(|node| node.name).filter(|name| *name != OTHER)
    }

    /// The name of a protocol for people.
    pub(crate) fn label(&self, number: u32) -> &'static str {
        self.nodes.get(number as usize).map_or("", |node| node.label)
    }
}

/// A short name, unless others have the same or there is none.
fn label(name: &'static str) -> &'static str {
    let short = dissectors::protocol(name).map_or("", |protocol| protocol.short);
    match short {
        _ if name == OTHER => "other",
        "" | "N/A" => name,
        _ if name.contains('.') => name,
        _ => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{Fact, Index, NO_STREAM, News, Short, Stack, Way};
    use crate::tui::list::Numbers;
    use crate::tui::tally::Hosts;
    use dissectors::PROTOCOLS;

    #[test]
    fn frames_are_counted_of_all_protocols_they_have() {
        let fact = |stack, length| Fact {
            time: 0,
            length,
            stream: NO_STREAM,
            way: Way::NONE,
            protocol: Short::new("TCP"),
            stack: Stack(stack),
            worst: None,
        };
        let stacks: Vec<Names> = vec![
            vec!["eth", "ip", "tcp"],
            vec!["eth", "ip", "tcp", "http"],
            vec!["eth", "arp"],
            vec![],
            vec!["eth", "ip", "ip", "udp"],
            vec![OTHER],
        ];
        let mut index = Index::default();
        let frames = vec![fact(0, 60), fact(1, 400), fact(1, 200), fact(2, 42), fact(3, 9), fact(4, 80), fact(5, 1)];
        index.take(News { frames, stacks, ..News::default() });
        let mut tally = Tally::default();
        tally.take(&index, &Numbers::All { first: 1, count: 7 }, &Hosts::default());
        let mut hierarchy = Hierarchy::default();
        hierarchy.take(&index.stacks, &tally);
        let told = |order: Vec<u32>| {
            let row = |at: u32| {
                let Counted { all, ends } = hierarchy.counted(at);
                let indent = " ".repeat(hierarchy.depth(at).into());
                format!("{indent}{} {} {} {}", hierarchy.label(at), all.frames, all.bytes, ends.frames)
            };
            order.into_iter().map(row).collect::<Vec<_>>()
        };
        let by = |column, falling| told(hierarchy.order(Sort { column, falling }));
        let tree =
            ["Ethernet 5 782 0", " IPv4 4 740 0", "  TCP 3 660 1", "   HTTP 2 600 2", "  IPv4 1 80 0", "   UDP 1 80 1"];
        let arp = " ARP 1 42 1";
        assert_eq!(by(1, true), [&tree[..], &[arp, "other 1 1 1"]].concat());
        let rising = ["other 1 1 1", "Ethernet 5 782 0", arp, " IPv4 4 740 0", "  IPv4 1 80 0", "   UDP 1 80 1"];
        assert_eq!(by(4, false), [&rising[..], &tree[2..4]].concat());
        // Counted again, for fewer frames.
        let mut few = Tally::default();
        few.take(&index, &Numbers::All { first: 4, count: 1 }, &Hosts::default());
        hierarchy.take(&index.stacks, &few);
        let order = hierarchy.order(Sort { column: 0, falling: false });
        assert_eq!(order.iter().map(|&at| hierarchy.label(at)).collect::<Vec<_>>(), ["Ethernet", "ARP"]);
    }

    #[test]
    fn names_are_those_of_filters() {
        for field in PROTOCOLS.iter().filter_map(|protocol| protocol.fields.first()) {
            assert!(crate::filter::Filter::new(field.name).is_ok(), "{}", field.name);
        }
    }
}
