//! Options of IPv4 (RFC 791 3.1): searched for the source route, or recorded one by one.

use super::fields::*;
use crate::packet::Payload;
use crate::tree::{Tree, Value};

pub(super) const TYPES: &[(u64, &str)] = &[
    (0, "End of Options List (EOL)"),
    (1, "No-Operation (NOP)"),
    (7, "Record Route"),
    (11, "MTU Probe"),
    (12, "MTU Reply"),
    (25, "Quick-Start"),
    (68, "Time Stamp"),
    (82, "Traceroute"),
    (130, "Security"),
    (131, "Loose Source Route"),
    (133, "Extended Security"),
    (134, "Commercial Security"),
    (136, "Stream ID"),
    (137, "Strict Source Route"),
    (148, "Router Alert"),
    (149, "Selective Directed Broadcast"),
];

pub(super) const CLASSES: &[(u64, &str)] =
    &[(0, "Control"), (1, "Reserved for future use"), (2, "Debugging and measurement"), (3, "Reserved for future use")];

const RECORD_ROUTE: u8 = 7;
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;

/// An option: its offset among the options, and its bytes.
struct IpOption<'b> {
    offset: usize,
    bytes: &'b [u8],
    /// Whether its length is valid.
    has_valid_len: bool,
}

impl IpOption<'_> {
    fn kind(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.u8(at), self.u8(at + 1)])
    }

    fn array4(&self, at: usize) -> Option<[u8; 4]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }
}

/// Returns the options in order, up to the end of the list, or to one of an invalid length, which gets all remaining
/// bytes.
fn options(bytes: &[u8]) -> impl Iterator<Item = IpOption<'_>> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let kind = *rest.first()?;
        let (len, sized) = match (kind, rest.get(1)) {
            (0 | 1, _) => (1, true),
            (_, Some(&len)) if len >= 2 && usize::from(len) <= rest.len() => (usize::from(len), true),
            _ => (rest.len(), false),
        };
        let option = IpOption { offset: at, bytes: rest.get(..len)?, has_valid_len: sized };
        at = if kind == 0 || !sized { bytes.len() } else { at + len };
        Some(option)
    })
}

/// Returns the end of the source route in the options, if it is not reached yet.
pub(super) fn end_of_route(bytes: &[u8]) -> Option<[u8; 4]> {
    let route =
        options(bytes).find(|option| option.has_valid_len && matches!(option.kind(), LOOSE_ROUTE | STRICT_ROUTE))?;
    let addresses = route.bytes.get(3..)?.chunks_exact(4);
    let next = usize::from(route.u8(2)).checked_sub(4)? / 4;
    (next < addresses.len()).then_some(addresses.last()?.first_chunk().copied())?
}

/// Records all options. `destination` is the destination in the header: the next address of the source route, if
/// present.
pub(super) fn describe(payload: Payload<'_>, destination: [u8; 4], tree: &mut Tree) {
    let mut nops = 0;
    for option in options(payload.bytes) {
        let kind = option.kind();
        let span = payload.span(option.offset, option.bytes.len());
        let Some(name) = OPT_TYPE.value_name(kind.into()).filter(|_| option.has_valid_len) else {
            if !option.has_valid_len {
                let len = option.u8(1);
                tree.note(&OPT_LEN_INVALID, span, format_args!("Option {kind:#04x}: invalid length {len}"));
            }
            continue;
        };
        let first = payload.span(option.offset, 1);
        let node = tree.open(&OPT_TYPE, first, Value::Uint(kind.into()));
        match kind {
            0 | 1 => tree.label(node, format_args!("IP Option - {name}")),
            _ => tree.label(node, format_args!("IP Option - {name} ({} bytes)", option.bytes.len())),
        }
        tree.put(&OPT_TYPE_COPY, first, Value::Bool(kind & 0x80 != 0));
        tree.put(&OPT_TYPE_CLASS, first, Value::Uint((kind >> 5 & 3).into()));
        tree.put(&OPT_TYPE_NUMBER, first, Value::Uint((kind & 0x1f).into()));
        // RFC 6814: stream identifier, traceroute, and selective directed broadcast.
        if matches!(kind, 82 | 136 | 149) {
            tree.note(&OPT_DEPRECATED, first, format_args!("{}", OPT_DEPRECATED.title));
        }
        if kind > 1 {
            tree.put(&OPT_LEN, payload.span(option.offset + 1, 1), Value::Uint(option.bytes.len() as u64));
            describe_one(&option, payload.from(option.offset).first(option.bytes.len()), destination, tree);
        }
        tree.close();
        nops = if kind == 1 { nops + 1 } else { 0 };
        if nops == 4 {
            tree.note(&NOP, span, format_args!("{}", NOP.title));
        }
    }
}

fn describe_one(option: &IpOption<'_>, payload: Payload<'_>, destination: [u8; 4], tree: &mut Tree) {
    let number = |at: usize| Value::Uint(option.u16(at).into());
    // Options of a fixed length.
    let exact = match option.kind() {
        11 | 12 | 136 | 148 => 4,
        82 => 12,
        _ => option.bytes.len(),
    };
    if exact != option.bytes.len() {
        let len = option.bytes.len();
        tree.note(
            &OPT_LEN_INVALID,
            payload.span(1, 1),
            format_args!("Invalid option length: expected {exact} bytes, found {len}"),
        );
        return;
    }
    match option.kind() {
        RECORD_ROUTE | LOOSE_ROUTE | STRICT_ROUTE => describe_route(option, payload, destination, tree),
        11 | 12 => drop(tree.put(&OPT_MTU, payload.span(2, 2), number(2))),
        68 => describe_time_stamps(option, payload, tree),
        82 => {
            tree.put(&OPT_ID_NUMBER, payload.span(2, 2), number(2));
            tree.put(&OPT_OHC, payload.span(4, 2), number(4));
            tree.put(&OPT_RHC, payload.span(6, 2), number(6));
            tree.put(&OPT_ORIGINATOR, payload.span(8, 4), Value::Ipv4(option.array4(8).unwrap_or_default()));
        }
        136 => drop(tree.put(&OPT_SID, payload.span(2, 2), number(2))),
        148 => drop(tree.put(&OPT_RA, payload.span(2, 2), number(2))),
        _ => {}
    }
}

/// Records a route (RFC 791 3.1): the pointer, counted from 1, separates the passed addresses from those to come.
fn describe_route(option: &IpOption<'_>, payload: Payload<'_>, destination: [u8; 4], tree: &mut Tree) {
    if option.bytes.len() < 3 {
        tree.note(&OPT_LEN_INVALID, payload.all(), format_args!("Route option too short for a pointer"));
        return;
    }
    let pointer = usize::from(option.u8(2));
    tree.put(&OPT_PTR, payload.span(2, 1), Value::Uint(pointer as u64));
    let note = match pointer {
        ..4 => Some(&OPT_PTR_BEFORE_ADDRESS),
        _ if pointer % 4 != 0 => Some(&OPT_PTR_MIDDLE_ADDRESS),
        _ => None,
    };
    if let Some(note) = note {
        tree.note(note, payload.span(2, 1), format_args!("{}", note.title));
    }
    let is_record = option.kind() == RECORD_ROUTE;
    let count = (option.bytes.len() - 3) / 4;
    for nth in 0..count {
        let at = 3 + 4 * nth;
        let Some(address) = option.array4(at) else { break };
        let field = match (at + 1 < pointer, is_record) {
            (true, _) => &REC_RT,
            (false, true) => &EMPTY_RT,
            // The last address of the route is the destination, which is recorded with the header's addresses.
            (false, false) if nth + 1 == count => continue,
            (false, false) => &SRC_RT,
        };
        tree.put(field, payload.span(at, 4), Value::Ipv4(address));
    }
    if !(option.bytes.len() - 3).is_multiple_of(4) {
        note_incomplete_part(3 + 4 * count, payload, tree);
    }
    if !is_record && end_of_route(payload.bytes).is_some() {
        tree.put(&CUR_RT, crate::tree::Slice::default(), Value::Ipv4(destination));
    }
}

fn note_incomplete_part(at: usize, payload: Payload<'_>, tree: &mut Tree) {
    tree.note(&SUBOPT_TOO_LONG, payload.from(at).all(), format_args!("{}", SUBOPT_TOO_LONG.title));
}

fn describe_time_stamps(option: &IpOption<'_>, payload: Payload<'_>, tree: &mut Tree) {
    if option.bytes.len() < 4 {
        tree.note(&OPT_LEN_INVALID, payload.all(), format_args!("Time stamp option too short for pointer and flags"));
        return;
    }
    let flag = option.u8(3) & 0xf;
    tree.put(&OPT_PTR, payload.span(2, 1), Value::Uint(option.u8(2).into()));
    tree.put(&OPT_OVERFLOW, payload.span(3, 1), Value::Uint((option.u8(3) >> 4).into()));
    tree.put(&OPT_FLAG, payload.span(3, 1), Value::Uint(flag.into()));
    let mut at = 4;
    while let Some(bytes) = option.array4(at) {
        // RFC 791: with the flag 1 or 3, an address precedes each time.
        if flag != 0 && (at - 4) % 8 == 0 {
            tree.put(&OPT_TIME_STAMP_ADDR, payload.span(at, 4), Value::Ipv4(bytes));
        } else {
            tree.put(&OPT_TIME_STAMP, payload.span(at, 4), Value::Uint(u32::from_be_bytes(bytes).into()));
        }
        at += 4;
    }
    if at < option.bytes.len() {
        note_incomplete_part(at, payload, tree);
    }
}
