//! Calls as if each were one frame: what its request says together with what its answer says.

use crate::analysis::{Half, Met};
use crate::capture::Call;
use dissectors::tree::{Node, Slice};
use dissectors::{Tree, Value, Wants};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::ops::Range;

/// As many bytes of requests are kept until they are answered.
const MOST: usize = 32 << 20;

/// Puts the halves of calls together.
pub(super) struct Calls {
    open: HashMap<Key, Told>,
    /// The calls in the order they were begun, with those that are done.
    begun: VecDeque<Key>,
    held: usize,
    /// How many were let go because too much was held.
    pub(super) lost: u64,
    whole: Tree,
}

/// The number of the connection and of the exchange.
type Key = (u32, u32);

/// What was told of a call.
#[derive(Default)]
struct Told {
    request: Option<Kept>,
    response: Option<Kept>,
}

/// What a frame says of one half of a call.
struct Kept {
    frame: u32,
    nodes: Vec<Node>,
    store: Vec<u8>,
}

impl Told {
    fn held(&self) -> usize {
        let of = |kept: &Kept| kept.store.len() + kept.nodes.len() * size_of::<Node>();
        size_of::<Told>() + self.request.as_ref().map_or(0, of) + self.response.as_ref().map_or(0, of)
    }
}

impl Calls {
    /// Calls of which these fields are looked at.
    pub(super) fn new(wants: Wants) -> Calls {
        let whole = Tree::new(wants);
        Calls { open: HashMap::new(), begun: VecDeque::new(), held: 0, lost: 0, whole }
    }

    /// Keeps what a frame says of calls.
    pub(super) fn frame(&mut self, frame: u32, tree: &Tree, met: &[Met]) {
        let said = || met.iter().flat_map(|met| met.said.iter().map(|said| (met.stream, said)));
        for (stream, half) in said() {
            let others = said().filter(|other| *other != (stream, half)).map(|(_, other)| other.nodes.clone());
            let kept = Kept::of(frame, tree, &others.collect::<Vec<_>>());
            let key = (stream, half.nth);
            if !self.open.contains_key(&key) {
                self.begun.push_back(key);
            }
            let told = self.open.entry(key).or_default();
            let before = if told.request.is_some() || told.response.is_some() { told.held() } else { 0 };
            match half.half {
                Half::Request => told.request = Some(kept),
                Half::Response => told.response = Some(kept),
            }
            self.held = (self.held + told.held()).saturating_sub(before);
        }
        while self.held > MOST {
            let Some(oldest) = self.begun.pop_front() else { break };
            if let Some(told) = self.open.remove(&oldest) {
                self.held = self.held.saturating_sub(told.held());
                self.lost += 1;
            }
        }
        if self.begun.len() > 2 * self.open.len() + 1024 {
            self.begun.retain(|key| self.open.contains_key(key));
        }
    }

    /// What a call that is complete says, and the frames that completed its request and its answer.
    pub(super) fn call(&mut self, call: &Call) -> (&Tree, Vec<u32>) {
        let exchange = &call.exchange;
        let told = self.open.remove(&(exchange.stream, exchange.nth)).unwrap_or_default();
        self.held = self.held.saturating_sub(told.held());
        self.whole.begin(&[]);
        let Told { request, mut response } = told;
        if let (Some(_), Some(response)) = (&request, &mut response) {
            // Since Wireshark 4.4 an answer says again what was asked; a call says it once.
            response.nodes.retain(|node| !node.field.name.starts_with("http.request."));
        }
        let halves = [(request, exchange.request), (response, exchange.response)];
        let mut frames = Vec::new();
        for (kept, transfer) in halves {
            match kept {
                Some(kept) => {
                    frames.push(kept.frame);
                    kept.tell(&mut self.whole);
                }
                None => frames.extend(transfer.map(|transfer| transfer.last.frame)),
            }
        }
        (&self.whole, frames)
    }
}

impl Kept {
    /// What a frame says, but for what it says of other calls.
    fn of(frame: u32, tree: &Tree, others: &[Range<usize>]) -> Kept {
        let nodes = tree.nodes().iter().enumerate();
        let own = |(at, _): &(usize, &Node)| !others.iter().any(|other| other.contains(at));
        let nodes: Vec<Node> = nodes.filter(own).map(|(_, node)| *node).collect();
        let ends = nodes.iter().map(|node| match node.value {
            Value::Text(slice) | Value::Bytes(slice) => slice.end().max(node.span.end()),
            _ => node.span.end(),
        });
        let store = tree.bytes(Slice::new(0, ends.max().unwrap_or(0))).to_vec();
        Kept { frame, nodes, store }
    }

    /// Adds it to a tree.
    fn tell(self, tree: &mut Tree) {
        let base = tree.keep(&self.store).start;
        let moved = |slice: Slice| Slice::new(slice.start.saturating_add(base), slice.len);
        for node in self.nodes {
            let value = match node.value {
                Value::Text(slice) => Value::Text(moved(slice)),
                Value::Bytes(slice) => Value::Bytes(moved(slice)),
                other => other,
            };
            tree.put(node.field, moved(node.span), value);
        }
    }
}
