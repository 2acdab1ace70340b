//! What a filter can be told of a frame without reading it again.

use super::known::{Frames, Group, Marks};
use super::values;
use crate::capture::Endpoint;
use crate::filter::Filter;
use dissectors::packet::Address;
use dissectors::{Field, Tree, Value, Wants, column, frame, ipv4, ipv6, tcp};

/// What is known of every frame beside the values of its messages.
static OF_ANY: [&Field; 2] = [&frame::NUMBER, &tcp::STREAM];

/// What is known of a frame that is one TCP segment in one IP packet.
static OF_SEGMENTS: [&Field; 13] = [
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

fn is_one(fields: &[&Field], field: &Field) -> bool {
    fields.iter().any(|one| one.id == field.id)
}

fn is_of_any(field: &Field) -> bool {
    is_one(&OF_ANY, field) || values::place(field).is_some()
}

/// What facts say of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// It must be read.
    Perhaps,
}

/// A filter that is asked of facts.
pub(super) struct Facts {
    /// Asked of segments, and of all else.
    filters: [Filter; 2],
    tree: Tree,
    /// What it said of either side's frames of a connection that have no values of their own: the client's first.
    /// Empty if frames of a side differ.
    sides: Option<Vec<[Option<Says>; 2]>>,
    /// Where the values of the next frame stand.
    at: usize,
    /// Up to which frame it can match.
    last: u32,
}

impl Facts {
    /// A filter that has been checked.
    pub(super) fn new(text: &str) -> Result<Facts, String> {
        let filter = || Filter::new(text).map_err(|fault| fault.shown(text).to_string());
        let of_segments = filter()?.knowing(|field| is_of_any(field) || is_one(&OF_SEGMENTS, field));
        let of_any = filter()?.knowing(is_of_any);
        let wants: Wants = filter()?.wants();
        let last = of_any.last_frame().unwrap_or(u32::MAX);
        let sides = (!wants.field(&frame::NUMBER) && !wants.field(&column::NUMBER)).then(Vec::new);
        Ok(Facts { filters: [of_segments, of_any], tree: Tree::new(wants), sides, at: 0, last })
    }

    /// What is said of a frame. Frames are asked of in their order.
    pub(super) fn says(&mut self, number: u32, known: &Frames) -> Says {
        if number > self.last {
            return Says::No;
        }
        let Some(seat) = known.seat(number) else { return Says::No };
        let marks = seat.marks();
        while known.values.frame(self.at).is_some_and(|next| next < number) {
            self.at += 1;
        }
        let values = known.values.frame(self.at) == Some(number);
        let stream = seat.group.as_stream();
        let remembered = stream.filter(|_| !values && marks.has(Marks::PLAIN)).zip(self.sides.as_mut());
        let side = usize::from(!marks.has(Marks::FROM_CLIENT));
        if let Some((stream, sides)) = remembered {
            let place = stream as usize;
            if sides.len() <= place {
                sides.resize(place + 1, [None; 2]);
            }
            if let Some(says) = sides.get(place).and_then(|says| says.get(side).copied().flatten()) {
                return says;
            }
        }
        let says = self.ask(number, known, seat.group, marks, values);
        let slot = stream.filter(|_| !values && marks.has(Marks::PLAIN)).zip(self.sides.as_mut());
        if let Some(slot) = slot.and_then(|(stream, sides)| sides.get_mut(stream as usize)?.get_mut(side)) {
            *slot = Some(says);
        }
        says
    }

    fn ask(&mut self, number: u32, known: &Frames, group: Group, marks: Marks, values: bool) -> Says {
        let is_plain = marks.has(Marks::PLAIN);
        let [of_segments, of_any] = &self.filters;
        let filter = if is_plain { of_segments } else { of_any };
        if !filter.knows_all() && !filter.knows_some() {
            return Says::Perhaps;
        }
        let tree = &mut self.tree;
        let none = Default::default();
        tree.begin(&[]);
        tree.put(&frame::FRAME, none, Value::Present);
        tree.put(&frame::NUMBER, none, Value::Uint(number.into()));
        if let Some(stream) = group.as_stream() {
            if is_plain && let Some([client, server]) = known.ends(stream) {
                let from_client = marks.has(Marks::FROM_CLIENT);
                put_ends(if from_client { [client, server] } else { [server, client] }, tree);
            }
            tree.put(&tcp::STREAM, none, Value::Uint(stream.into()));
        }
        if values {
            known.values.put(self.at, tree);
        }
        match filter.may_match(tree) {
            false => Says::No,
            true if filter.knows_all() && !known.values.is_short => Says::Yes,
            true => Says::Perhaps,
        }
    }
}

/// Records the addresses and ports of a segment, as its layers do.
fn put_ends([from, to]: [Endpoint; 2], tree: &mut Tree) {
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
