//! The options of neighbour discovery (RFC 4861 4.6).

use super::fields::*;
use crate::packet::Payload;
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

pub(super) const TYPES: &[(u64, &str)] = &[
    (1, "Source link-layer address"),
    (2, "Target link-layer address"),
    (3, "Prefix information"),
    (4, "Redirected header"),
    (5, "MTU"),
    (7, "Advertisement Interval"),
    (8, "Home Agent Information"),
    (11, "CGA"),
    (12, "RSA Signature"),
    (13, "Timestamp"),
    (14, "Nonce"),
    (24, "Route Information"),
    (25, "Recursive DNS Server"),
    (26, "RA Flags Extension"),
    (31, "DNS Search List Option"),
    (33, "Address Registration Option"),
    (37, "Captive-Portal"),
    (38, "PREF64 Option"),
];

pub(super) const REDIRECTED: u8 = 4;

/// An option: its type and all its bytes.
#[derive(Clone, Copy)]
pub(super) struct NdOption<'b> {
    pub(super) kind: u8,
    pub(super) payload: Payload<'b>,
}

/// Returns the options in order, up to one of an invalid length.
pub(super) fn options(payload: Payload<'_>) -> impl Iterator<Item = NdOption<'_>> {
    let mut rest = payload;
    core::iter::from_fn(move || {
        let &[kind, units] = rest.bytes.first_chunk::<2>()?;
        let len = usize::from(units) * 8;
        if len == 0 || len > rest.bytes.len() {
            return None;
        }
        let option = NdOption { kind, payload: rest.first(len) };
        rest = rest.from(len);
        Some(option)
    })
}

/// Returns the Ethernet address in the first option of this type.
pub(super) fn link_address(payload: Payload<'_>, kind: u8) -> Option<[u8; 6]> {
    let option = options(payload).find(|option| option.kind == kind)?;
    option.payload.bytes.get(2..).filter(|rest| rest.len() == 6)?.first_chunk().copied()
}

/// Records all options.
pub(super) fn describe(payload: Payload<'_>, tree: &mut Tree) {
    let mut read = 0;
    for option in options(payload) {
        read += option.payload.bytes.len();
        let all = option.payload.all();
        let node = tree.open(&OPT, all, Value::Present);
        let name = OPT_TYPE.value_name(option.kind.into()).unwrap_or("Unknown");
        tree.label(node, format_args!("ICMPv6 Option ({name})"));
        let mut reader = FieldReader::new(option.payload, tree);
        if describe_one(option.kind, &mut reader).is_err() {
            tree.note(&INVALID_OPTION_LENGTH, all, format_args!("{}", INVALID_OPTION_LENGTH.title));
        }
        tree.close();
    }
    let rest = payload.from(read);
    if !rest.bytes.is_empty() {
        tree.open(&OPT, rest.all(), Value::Present);
        if let &[kind, ..] = rest.bytes {
            tree.put(&OPT_TYPE, rest.span(0, 1), Value::Uint(kind.into()));
        }
        if let &[_, units, ..] = rest.bytes {
            tree.put(&OPT_LENGTH, rest.span(1, 1), Value::Uint(units.into()));
        }
        let text =
            if let [_, 0, ..] = rest.bytes { "Invalid option length (Zero)" } else { INVALID_OPTION_LENGTH.title };
        tree.note(&INVALID_OPTION_LENGTH, rest.all(), format_args!("{text}"));
        tree.close();
    }
}

fn describe_one(kind: u8, reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&OPT_TYPE)?;
    reader.u8(&OPT_LENGTH)?;
    match kind {
        1 | 2 if reader.rest().bytes.len() == 6 => {
            let span = reader.span(6);
            let address = reader.ether(&OPT_LINKADDR)?;
            let field = if kind == 1 { &OPT_SRC_LINKADDR } else { &OPT_TARGET_LINKADDR };
            reader.tree.put(field, span, Value::Ether(address));
        }
        3 => prefix(reader)?,
        REDIRECTED => {
            reserved(reader, 6)?;
            let span = reader.rest().all();
            reader.tree.put(&OPT_REDIRECTED_PACKET, span, Value::Present);
        }
        5 => {
            reserved(reader, 2)?;
            reader.u32(&OPT_MTU)?;
        }
        14 => drop(reader.bytes(&OPT_NONCE, reader.rest().bytes.len())?),
        24 => route(reader)?,
        25 => {
            reserved(reader, 2)?;
            reader.u32(&OPT_RDNSS_LIFETIME)?;
            while !reader.rest().bytes.is_empty() {
                reader.ipv6(&OPT_RDNSS)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn reserved(reader: &mut FieldReader<'_, '_>, len: usize) -> Result<(), UnexpectedEnd> {
    let span = reader.span(len);
    reader.skip(len)?;
    reader.tree.put(&OPT_RESERVED, span, Value::Present);
    Ok(())
}

/// Reads prefix information (RFC 4861 4.6.2).
fn prefix(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&OPT_PREFIX_LENGTH)?;
    let span = reader.span(1);
    let flags = reader.u8(&OPT_PREFIX_FLAG)?;
    for (field, bit) in [(&OPT_PREFIX_FLAG_L, 0x80), (&OPT_PREFIX_FLAG_A, 0x40), (&OPT_PREFIX_FLAG_R, 0x20)] {
        reader.tree.put(field, span, Value::Bool(flags & bit != 0));
    }
    reader.tree.put(&OPT_PREFIX_FLAG_RESERVED, span, Value::Uint((flags & 0x1f).into()));
    reader.u32(&OPT_PREFIX_VALID_LIFETIME)?;
    reader.u32(&OPT_PREFIX_PREFERRED_LIFETIME)?;
    reserved(reader, 4)?;
    reader.ipv6(&OPT_PREFIX)?;
    Ok(())
}

/// Reads a route (RFC 4191 2.3): the prefix may be shortened to its significant bytes.
fn route(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&OPT_PREFIX_LENGTH)?;
    let span = reader.span(1);
    let flags = reader.u8(&OPT_ROUTE_INFO_FLAG)?;
    reader.tree.put(&OPT_ROUTE_INFO_FLAG_ROUTE_PREFERENCE, span, Value::Uint((flags >> 3 & 3).into()));
    reader.tree.put(&OPT_ROUTE_INFO_FLAG_RESERVED, span, Value::Uint((flags >> 5 << 2 | flags & 7).into()));
    reader.u32(&OPT_ROUTE_LIFETIME)?;
    let rest = reader.rest();
    let mut prefix = [0; 16];
    for (to, from) in prefix.iter_mut().zip(rest.bytes) {
        *to = *from;
    }
    reader.tree.put(&OPT_PREFIX, rest.all(), Value::Ipv6(prefix));
    Ok(())
}
