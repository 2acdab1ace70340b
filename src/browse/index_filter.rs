//! Evaluation of filters on index data, without reading frames again.

use super::frame_table::{FrameFlags, FrameTable};
use super::indexed_values::INDEXED_FIELDS;
use crate::capture::Endpoint;
use crate::filter::Filter;
use dissectors::packet::Address;
use dissectors::{Field, Tree, Value, Wants, column, frame, ipv4, ipv6, tcp};

/// Fields known of every frame, apart from the indexed values of its messages.
static FIELDS_OF_ANY_FRAME: [&Field; 2] = [&frame::NUMBER, &tcp::STREAM];

/// Fields known of a frame that is one TCP segment in one IP packet.
static FIELDS_OF_PLAIN_TCP: [&Field; 13] = [
    &frame::FRAME,
    &ipv4::IP,
    &ipv4::ADDR,
    &ipv4::SRC,
    &ipv4::DST,
    &ipv6::IPV6,
    &ipv6::ADDR,
    &ipv6::SRC,
    &ipv6::DST,
    &tcp::TCP,
    &tcp::PORT,
    &tcp::SRCPORT,
    &tcp::DSTPORT,
];

fn contains_field(fields: &[&Field], field: &Field) -> bool {
    fields.iter().any(|one| one.id == field.id)
}

fn is_known_of_any_frame(field: &Field) -> bool {
    contains_field(&FIELDS_OF_ANY_FRAME, field) || INDEXED_FIELDS.position(field).is_some()
}

/// The result of a filter on index data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexMatch {
    /// The frame matches.
    Yes,
    /// The frame does not match.
    No,
    /// The frame must be read.
    Unknown,
}

/// A filter on index data.
pub(super) struct IndexFilter {
    /// Filter for plain TCP segments, and filter for all other frames.
    filters: [Filter; 2],
    /// The same without the indexed values of messages.
    layer_filters: [Filter; 2],
    tree: Tree,
    /// Cached results per connection and side, the client's first, for plain segments without values of their own.
    /// `None` if frames of one side may differ.
    cached_results: Option<Vec<[Option<IndexMatch>; 2]>>,
    /// Position of the next frame with values.
    next_values: usize,
    /// Last frame that can match.
    last_frame: u32,
}

impl IndexFilter {
    /// Compiles a filter that is already validated.
    pub(super) fn new(text: &str) -> Result<IndexFilter, String> {
        let filter = || Filter::new(text).map_err(|fault| fault.display(text).to_string());
        let of_segments = filter()?
            .with_known_fields(|field| is_known_of_any_frame(field) || contains_field(&FIELDS_OF_PLAIN_TCP, field));
        let of_any = filter()?.with_known_fields(is_known_of_any_frame);
        let is_layer = |field: &Field| contains_field(&FIELDS_OF_ANY_FRAME, field);
        let segment_layers =
            filter()?.with_known_fields(|field| is_layer(field) || contains_field(&FIELDS_OF_PLAIN_TCP, field));
        let layers = filter()?.with_known_fields(is_layer);
        let wants: Wants = filter()?.wants();
        let last = of_any.last_frame().unwrap_or(u32::MAX);
        let cached_results = (!wants.field(&frame::NUMBER) && !wants.field(&column::NUMBER)).then(Vec::new);
        Ok(IndexFilter {
            filters: [of_segments, of_any],
            layer_filters: [segment_layers, layers],
            tree: Tree::new(wants),
            cached_results,
            next_values: 0,
            last_frame: last,
        })
    }

    /// Evaluates the filter on a frame. Frames must be passed in ascending order.
    pub(super) fn evaluate(&mut self, number: u32, table: &FrameTable) -> IndexMatch {
        if number > self.last_frame {
            return IndexMatch::No;
        }
        let Some(entry) = table.entry(number) else { return IndexMatch::No };
        let flags = entry.flags();
        while table.values.frame_at(self.next_values).is_some_and(|next| next < number) {
            self.next_values += 1;
        }
        let has_values = table.values.frame_at(self.next_values) == Some(number);
        let stream = entry.conversation.as_stream();
        let cached =
            stream.filter(|_| !has_values && flags.has(FrameFlags::PLAIN_TCP)).zip(self.cached_results.as_mut());
        let side = usize::from(!flags.has(FrameFlags::FROM_CLIENT));
        if let Some((stream, sides)) = cached {
            let index = stream as usize;
            if sides.len() <= index {
                sides.resize(index + 1, [None; 2]);
            }
            if let Some(result) = sides.get(index).and_then(|results| results.get(side).copied().flatten()) {
                return result;
            }
        }
        let result = self.evaluate_uncached(number, table, flags, has_values);
        let slot = stream.filter(|_| !has_values && flags.has(FrameFlags::PLAIN_TCP)).zip(self.cached_results.as_mut());
        if let Some(slot) = slot.and_then(|(stream, sides)| sides.get_mut(stream as usize)?.get_mut(side)) {
            *slot = Some(result);
        }
        result
    }

    /// Whether a frame that does not match may match without the nodes of some of its messages. It must be the frame that
    /// was evaluated last.
    pub(super) fn may_match_in_part(&mut self, number: u32, table: &FrameTable) -> bool {
        let has_values = table.values.frame_at(self.next_values) == Some(number);
        if number > self.last_frame || !has_values && !table.values.is_incomplete {
            return false;
        }
        let is_plain = table.entry(number).is_some_and(|entry| entry.flags().has(FrameFlags::PLAIN_TCP));
        let [of_segments, of_any] = &self.layer_filters;
        let filter = if is_plain { of_segments } else { of_any };
        if !filter.is_all_early() && !filter.has_early() {
            return true;
        }
        self.tree.begin(&[]);
        add_layers(number, table, &mut self.tree);
        filter.may_match(&self.tree)
    }

    fn evaluate_uncached(
        &mut self,
        number: u32,
        table: &FrameTable,
        flags: FrameFlags,
        has_values: bool,
    ) -> IndexMatch {
        let is_plain = flags.has(FrameFlags::PLAIN_TCP);
        let [of_segments, of_any] = &self.filters;
        let filter = if is_plain { of_segments } else { of_any };
        if !filter.is_all_early() && !filter.has_early() {
            return IndexMatch::Unknown;
        }
        self.tree.begin(&[]);
        add_layers(number, table, &mut self.tree);
        let tree = &mut self.tree;
        if has_values {
            table.values.add_to(self.next_values, tree);
        }
        match filter.may_match(tree) {
            false => IndexMatch::No,
            true if filter.is_all_early() && !table.values.is_incomplete => IndexMatch::Yes,
            true => IndexMatch::Unknown,
        }
    }
}

/// Adds what is known of the layers of a frame.
fn add_layers(number: u32, table: &FrameTable, tree: &mut Tree) {
    let Some(entry) = table.entry(number) else { return };
    let none = Default::default();
    tree.put(&frame::FRAME, none, Value::Present);
    tree.put(&frame::NUMBER, none, Value::Uint(number.into()));
    if let Some(stream) = entry.conversation.as_stream() {
        let flags = entry.flags();
        if flags.has(FrameFlags::PLAIN_TCP)
            && let Some([client, server]) = table.endpoints(stream)
        {
            let from_client = flags.has(FrameFlags::FROM_CLIENT);
            add_endpoints(if from_client { [client, server] } else { [server, client] }, tree);
        }
    }
    for stream in table.streams(number) {
        tree.put(&tcp::STREAM, none, Value::Uint(stream.into()));
    }
}

/// Adds the addresses and ports of a segment to the tree, as the dissectors of its layers do.
fn add_endpoints([from, to]: [Endpoint; 2], tree: &mut Tree) {
    let none = Default::default();
    let (layer, fields): (_, [&'static Field; 3]) = match from.address {
        Address::V6(_) => (&ipv6::IPV6, [&ipv6::SRC, &ipv6::DST, &ipv6::ADDR]),
        _ => (&ipv4::IP, [&ipv4::SRC, &ipv4::DST, &ipv4::ADDR]),
    };
    tree.put(layer, none, Value::Present);
    let [source, destination, either] = fields;
    for (field, end) in [(source, from), (destination, to)] {
        if let Some(value) = end.address.value() {
            tree.put(field, none, value);
            tree.put(either, none, value);
        }
    }
    tree.put(&tcp::TCP, none, Value::Present);
    for (field, end) in [(&tcp::SRCPORT, from), (&tcp::DSTPORT, to)] {
        tree.put(field, none, Value::Uint(end.port.into()));
        tree.put(&tcp::PORT, none, Value::Uint(end.port.into()));
    }
}
