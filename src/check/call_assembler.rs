//! Calls as single detail trees: the fields of the request together with those of the response.

use crate::analysis::{FrameConnection, MessageNodes, UnfinishedMessages};
use crate::capture::Call;
use dissectors::session::{ExchangeId, Half};
use dissectors::tree::{Node, Slice};
use dissectors::{Field, Tree, Value, Wants, message_fields};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Maximum bytes buffered for calls that are not complete.
const MAX_BUFFERED: usize = 32 << 20;

/// Joins the fields of requests and responses into one tree per call.
pub(super) struct CallAssembler {
    open: HashMap<ExchangeId, OpenCall>,
    /// Calls in the order of their first half. May include completed calls.
    queue: VecDeque<ExchangeId>,
    /// Bytes buffered by all open calls.
    buffered: usize,
    /// Number of calls evicted because the buffer was full.
    pub(super) evicted: u64,
    /// Fields of a request that its response may repeat.
    repeated: Vec<&'static Field>,
    /// Tree of the call that completed last.
    call_tree: Tree,
}

/// Buffered halves of an open call.
#[derive(Default)]
struct OpenCall {
    request: Option<SavedNodes>,
    response: Option<SavedNodes>,
}

/// Nodes of one half of a call, copied from the trees of its frames.
struct SavedNodes {
    /// Last frame of the half; `None` for an unfinished message.
    frame: Option<u32>,
    nodes: Vec<Node>,
    /// Bytes that the nodes refer to.
    store: Vec<u8>,
}

impl OpenCall {
    /// Returns the buffered bytes.
    fn buffered_bytes(&self) -> usize {
        let bytes = |half: &SavedNodes| half.store.len() + half.nodes.len() * size_of::<Node>();
        size_of::<OpenCall>() + self.request.as_ref().map_or(0, bytes) + self.response.as_ref().map_or(0, bytes)
    }
}

impl CallAssembler {
    /// Creates an empty assembler that records these fields.
    pub(super) fn new(wants: Wants) -> CallAssembler {
        let call_tree = Tree::new(wants);
        let repeated = message_fields().flat_map(|(_, fields)| fields.repeated).copied().collect();
        CallAssembler { open: HashMap::new(), queue: VecDeque::new(), buffered: 0, evicted: 0, repeated, call_tree }
    }

    /// Buffers the messages that a frame completed.
    pub(super) fn add_frame(&mut self, frame: u32, tree: &Tree, connections: &[FrameConnection]) {
        let messages = connections.iter().flat_map(|connection| &connection.messages);
        self.buffer_messages(Some(frame), tree, &messages.collect::<Vec<_>>());
    }

    /// Buffers the messages of a connection that no frame completed.
    pub(super) fn add_unfinished(&mut self, unfinished: &UnfinishedMessages) {
        self.buffer_messages(None, &unfinished.tree, &unfinished.messages.iter().collect::<Vec<_>>());
    }

    /// Buffers the nodes of each message together with the nodes of the tree that belong to no message.
    fn buffer_messages(&mut self, frame: Option<u32>, tree: &Tree, messages: &[&MessageNodes]) {
        if messages.is_empty() {
            return;
        }
        let mut is_of_message = vec![false; tree.nodes().len()];
        for message in messages {
            is_of_message.get_mut(message.nodes.clone()).unwrap_or_default().fill(true);
        }
        let shared: Vec<usize> = (0..is_of_message.len()).filter(|&at| !is_of_message[at]).collect();
        for &message in messages {
            // The order of the nodes is that of the tree.
            let (before, after) = shared.split_at(shared.partition_point(|&at| at < message.nodes.start));
            let indices = before.iter().copied().chain(message.nodes.clone()).chain(after.iter().copied());
            let saved =
                SavedNodes::copy_from(frame, tree, indices.filter_map(|at| tree.nodes().get(at).copied()).collect());
            let key = message.exchange;
            if !self.open.contains_key(&key) {
                self.queue.push_back(key);
            }
            let call = self.open.entry(key).or_default();
            let bytes_before =
                if call.request.is_some() || call.response.is_some() { call.buffered_bytes() } else { 0 };
            let half = match message.half {
                Half::Request => &mut call.request,
                Half::Response => &mut call.response,
            };
            match half {
                Some(earlier) => earlier.append(saved),
                None => *half = Some(saved),
            }
            self.buffered = (self.buffered + call.buffered_bytes()).saturating_sub(bytes_before);
            self.evict();
        }
    }

    /// Evicts the oldest calls while the buffer exceeds its limit.
    fn evict(&mut self) {
        while self.buffered > MAX_BUFFERED {
            let Some(oldest) = self.queue.pop_front() else { break };
            if let Some(call) = self.open.remove(&oldest) {
                self.buffered = self.buffered.saturating_sub(call.buffered_bytes());
                self.evicted += 1;
            }
        }
        if self.queue.len() > 2 * self.open.len() + 1024 {
            self.queue.retain(|key| self.open.contains_key(key));
        }
    }

    /// Removes a complete call from the buffer. Returns its tree and the frames that completed its messages.
    pub(super) fn finish_call(&mut self, call: &Call) -> (&Tree, Vec<u32>) {
        let exchange = &call.exchange;
        let buffered = self.open.remove(&exchange.id);
        self.buffered = self.buffered.saturating_sub(buffered.as_ref().map_or(0, OpenCall::buffered_bytes));
        self.call_tree.begin(&[]);
        let OpenCall { request, mut response } = buffered.unwrap_or_default();
        if let (Some(_), Some(response)) = (&request, &mut response) {
            response.nodes.retain(|node| !self.repeated.iter().any(|field| field.id == node.field.id));
        }
        let halves = [(request, exchange.request), (response, exchange.response)];
        let mut frames = Vec::new();
        for (saved, transfer) in halves {
            let last = transfer.map(|transfer| transfer.last.frame);
            match saved {
                Some(saved) => {
                    frames.extend(saved.frame.or(last));
                    saved.append_to(&mut self.call_tree);
                }
                None => frames.extend(last),
            }
        }
        (&self.call_tree, frames)
    }
}

impl SavedNodes {
    /// Copies nodes and the bytes that they refer to.
    fn copy_from(frame: Option<u32>, tree: &Tree, mut nodes: Vec<Node>) -> SavedNodes {
        let slices = nodes.iter().flat_map(|node| [Some(node.span), value_slice(node.value)]).flatten();
        let mut slices: Vec<Slice> = slices.filter(|slice| !tree.bytes(*slice).is_empty()).collect();
        slices.sort_unstable_by_key(|slice| slice.start);
        let mut runs: Vec<Slice> = Vec::new();
        for slice in slices {
            match runs.last_mut() {
                Some(run) if slice.start <= run.end() => *run = run.extended_to(slice),
                _ => runs.push(slice),
            }
        }
        let mut store = Vec::new();
        let mut offsets = Vec::new();
        for &run in &runs {
            offsets.push(store.len() as u32);
            store.extend_from_slice(tree.bytes(run));
        }
        let relocate = |slice: Slice| {
            let nth = runs.partition_point(|run| run.start <= slice.start).checked_sub(1);
            let run = nth.and_then(|nth| runs.get(nth).zip(offsets.get(nth)));
            let run = run.filter(|(run, _)| slice.end() <= run.end());
            run.map_or(Slice::default(), |(run, offset)| Slice::new(offset + (slice.start - run.start), slice.len))
        };
        nodes.iter_mut().for_each(|node| *node = relocate_node(node, relocate));
        SavedNodes { frame, nodes, store }
    }

    /// Appends what a later frame has of the half.
    fn append(&mut self, later: SavedNodes) {
        let base = self.store.len() as u32;
        self.frame = later.frame.or(self.frame);
        self.store.extend_from_slice(&later.store);
        let nodes = later.nodes.iter();
        self.nodes.extend(
            nodes.map(|node| relocate_node(node, |slice| Slice::new(slice.start.saturating_add(base), slice.len))),
        );
    }

    /// Appends the nodes and their bytes to a tree.
    fn append_to(self, tree: &mut Tree) {
        let base = tree.store_bytes(&self.store).start;
        for node in self.nodes {
            let node = relocate_node(&node, |slice| Slice::new(slice.start.saturating_add(base), slice.len));
            tree.put(node.field, node.span, node.value);
        }
    }
}

/// Returns the slice of a text or bytes value.
fn value_slice(value: Value) -> Option<Slice> {
    match value {
        Value::Text(slice) | Value::Bytes(slice) => Some(slice),
        _ => None,
    }
}

/// Returns a copy of a node with relocated slices.
fn relocate_node(node: &Node, relocate: impl Fn(Slice) -> Slice) -> Node {
    let value = match node.value {
        Value::Text(slice) => Value::Text(relocate(slice)),
        Value::Bytes(slice) => Value::Bytes(relocate(slice)),
        other => other,
    };
    Node { span: relocate(node.span), value, ..*node }
}
