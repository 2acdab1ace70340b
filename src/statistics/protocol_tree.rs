//! Protocol hierarchy: protocols by nesting, with frame and byte counts, as in tshark's `-z io,phs`.

use super::stacks::OTHER_STACK;
use super::traffic::TrafficCount;
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
pub struct ProtocolCounts {
    /// Frames that contain the protocol.
    pub containing: TrafficCount,
    /// Frames in which it is the innermost protocol.
    pub innermost: TrafficCount,
}

/// Tree of all protocol nestings. Indexes are stable.
#[derive(Debug, Default)]
pub struct ProtocolTree {
    nodes: Vec<ProtocolNode>,
    numbers: HashMap<(Option<u32>, &'static str), u32>,
}

impl ProtocolTree {
    /// Returns the node of the innermost protocol of a stack; `None` for an empty stack.
    pub fn innermost(&mut self, stack: &[&'static str]) -> Option<u32> {
        stack.iter().fold(None, |parent, name| Some(self.node_index(parent, name)))
    }

    /// Sets all counts to zero.
    pub fn clear(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.counts = ProtocolCounts::default());
    }

    /// Adds frames whose innermost protocol is this node.
    pub fn add(&mut self, innermost: Option<u32>, count: TrafficCount) {
        let mut at = innermost;
        let mut is_end = true;
        while let Some(node) = at.and_then(|at| self.nodes.get_mut(at as usize)) {
            node.counts.containing.merge(count);
            if std::mem::take(&mut is_end) {
                node.counts.innermost.merge(count);
            }
            at = (Some(node.parent) != at).then_some(node.parent);
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

    /// Returns the protocols that have frames, each after its enclosing protocol, siblings in the order of `compare`.
    pub fn sorted_nodes(&self, compare: impl Fn(u32, u32) -> Ordering) -> Vec<u32> {
        let mut counted: Vec<u32> =
            (0..self.nodes.len() as u32).filter(|&at| self.counts(at).containing.frames > 0).collect();
        counted.sort_by(|&left, &right| compare(left, right).then(left.cmp(&right)));
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

    /// Returns the counts of a protocol.
    #[must_use]
    pub fn counts(&self, number: u32) -> ProtocolCounts {
        self.nodes.get(number as usize).map(|node| node.counts).unwrap_or_default()
    }

    /// Returns the nesting depth of a protocol; 0 for the outermost.
    #[must_use]
    pub fn depth(&self, number: u32) -> u16 {
        self.nodes.get(number as usize).map_or(0, |node| node.depth)
    }

    /// Returns the filter name of a protocol, if it has one.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&'static str> {
        self.nodes.get(number as usize).map(|node| node.name).filter(|name| *name != OTHER_STACK)
    }

    /// Returns the display name of a protocol.
    #[must_use]
    pub fn label(&self, number: u32) -> &'static str {
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
