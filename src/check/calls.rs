//! Calls as if each were one frame: what its request says together with what its answer says.

use crate::analysis::{Half, Met, Rest, Said};
use crate::capture::Call;
use dissectors::tree::{Node, Slice};
use dissectors::{Tree, Value, Wants};
use hashbrown::HashMap;
use std::collections::VecDeque;

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

/// What is said of one half of a call.
struct Kept {
    /// The frame that says it, if one does.
    frame: Option<u32>,
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
        let said = met.iter().flat_map(|met| met.said.iter().map(|said| (met.stream, said)));
        self.keep(Some(frame), tree, &said.collect::<Vec<_>>());
    }

    /// Keeps what no frame says of calls.
    pub(super) fn rest(&mut self, rest: &Rest) {
        let said = rest.said.iter().map(|said| (rest.stream, said));
        self.keep(None, &rest.tree, &said.collect::<Vec<_>>());
    }

    fn keep(&mut self, frame: Option<u32>, tree: &Tree, said: &[(u32, &Said)]) {
        if said.is_empty() {
            return;
        }
        let mut is_of_call = vec![false; tree.nodes().len()];
        for (_, half) in said {
            is_of_call.get_mut(half.nodes.clone()).unwrap_or_default().fill(true);
        }
        let of_all: Vec<usize> = (0..is_of_call.len()).filter(|&at| !is_of_call[at]).collect();
        for &(stream, half) in said {
            // What the frame says of all calls, but for what it says of others, in its order.
            let (before, after) = of_all.split_at(of_all.partition_point(|&at| at < half.nodes.start));
            let places = before.iter().copied().chain(half.nodes.clone()).chain(after.iter().copied());
            let kept = Kept::of(frame, tree, places.filter_map(|at| tree.nodes().get(at).copied()).collect());
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
            self.let_go();
        }
    }

    /// Lets go of the oldest calls where too much is held.
    fn let_go(&mut self) {
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
        let told = self.open.remove(&(exchange.stream, exchange.nth));
        self.held = self.held.saturating_sub(told.as_ref().map_or(0, Told::held));
        self.whole.begin(&[]);
        let Told { request, mut response } = told.unwrap_or_default();
        if let (Some(_), Some(response)) = (&request, &mut response) {
            // Since Wireshark 4.4 an answer says again what was asked; a call says it once.
            response.nodes.retain(|node| !node.field.name.starts_with("http.request."));
        }
        let halves = [(request, exchange.request), (response, exchange.response)];
        let mut frames = Vec::new();
        for (kept, transfer) in halves {
            let last = transfer.map(|transfer| transfer.last.frame);
            match kept {
                Some(kept) => {
                    frames.extend(kept.frame.or(last));
                    kept.tell(&mut self.whole);
                }
                None => frames.extend(last),
            }
        }
        (&self.whole, frames)
    }
}

impl Kept {
    /// Keeps nodes, and the bytes that they are of.
    fn of(frame: Option<u32>, tree: &Tree, mut nodes: Vec<Node>) -> Kept {
        let slices = nodes.iter().flat_map(|node| [Some(node.span), slice(node.value)]).flatten();
        let mut slices: Vec<Slice> = slices.filter(|slice| !tree.bytes(*slice).is_empty()).collect();
        slices.sort_unstable_by_key(|slice| slice.start);
        let mut runs: Vec<Slice> = Vec::new();
        for slice in slices {
            match runs.last_mut() {
                Some(run) if slice.start <= run.end() => *run = run.with(slice),
                _ => runs.push(slice),
            }
        }
        let mut store = Vec::new();
        let mut places = Vec::new();
        for &run in &runs {
            places.push(store.len() as u32);
            store.extend_from_slice(tree.bytes(run));
        }
        let moved = |slice: Slice| {
            let nth = runs.partition_point(|run| run.start <= slice.start).checked_sub(1);
            let run = nth.and_then(|nth| runs.get(nth).zip(places.get(nth)));
            let run = run.filter(|(run, _)| slice.end() <= run.end());
            run.map_or(Slice::default(), |(run, place)| Slice::new(place + (slice.start - run.start), slice.len))
        };
        nodes.iter_mut().for_each(|node| *node = moved_by(node, moved));
        Kept { frame, nodes, store }
    }

    /// Adds it to a tree.
    fn tell(self, tree: &mut Tree) {
        let base = tree.keep(&self.store).start;
        for node in self.nodes {
            let node = moved_by(&node, |slice| Slice::new(slice.start.saturating_add(base), slice.len));
            tree.put(node.field, node.span, node.value);
        }
    }
}

/// The bytes of a value.
fn slice(value: Value) -> Option<Slice> {
    match value {
        Value::Text(slice) | Value::Bytes(slice) => Some(slice),
        _ => None,
    }
}

/// A node whose bytes lie elsewhere.
fn moved_by(node: &Node, moved: impl Fn(Slice) -> Slice) -> Node {
    let value = match node.value {
        Value::Text(slice) => Value::Text(moved(slice)),
        Value::Bytes(slice) => Value::Bytes(moved(slice)),
        other => other,
    };
    Node { span: moved(node.span), value, ..*node }
}
