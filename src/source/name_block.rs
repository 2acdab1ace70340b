//! Name Resolution Blocks of pcapng: names of addresses, and the server that resolved them.

use super::error::FormatError;
use super::frame::{AddressName, Metadata};
use super::options::{IntegerReader, OptionReader, padded, text};
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Codes of the options with the name server: its name, and its addresses.
const SERVER_NAME: u16 = 2;
const SERVER_IPV4: u16 = 3;
const SERVER_IPV6: u16 = 4;

/// Adds the names of a block: entries, each padded, up to one of type 0; then options.
///
/// ```text
/// 0 type  2 length  4 address, names that end in a NUL each
/// ```
pub(super) fn read(body: IntegerReader<'_>, section: u32, metadata: &mut Metadata) -> Result<(), FormatError> {
    let (mut entries, mut options) = (body, body);
    while next_entry(&mut options)?.is_some() {}
    let server = server(options);
    let mut named = HashSet::new();
    while let Some((kind, value)) = next_entry(&mut entries)? {
        let Some((address, names)) = split_address(kind, value) else { continue };
        for name in names.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
            let (name, server) = (text(name).into_owned(), server.clone());
            let is_alias = named.contains(&address);
            if metadata.add_name(section, AddressName { address, name, is_alias, server }) {
                named.insert(address);
            }
        }
    }
    Ok(())
}

/// Returns the type and the value of the next entry; none at the end.
fn next_entry<'b>(body: &mut IntegerReader<'b>) -> Result<Option<(u16, &'b [u8])>, FormatError> {
    if body.rest.len() < 4 {
        return Ok(None);
    }
    let (kind, length) = (body.u16(), body.u16());
    if kind == 0 {
        return Ok(None);
    }
    let left = body.rest.len();
    let value = body.bytes(usize::from(length));
    if value.len() < usize::from(length) {
        return Err(FormatError::EntryExceedsBlock { length: u32::from(length), left: left as u32 });
    }
    body.bytes(padded(value.len()) - value.len());
    Ok(Some((kind, value)))
}

/// Splits the address from the value of an entry; none if it has none, or of another type.
fn split_address(kind: u16, value: &[u8]) -> Option<(IpAddr, &[u8])> {
    match kind {
        1 => value.split_first_chunk::<4>().map(|(address, names)| (IpAddr::from(*address), names)),
        2 => value.split_first_chunk::<16>().map(|(address, names)| (IpAddr::from(*address), names)),
        _ => None,
    }
}

/// Returns the name server that the options have: `resolver (10.0.0.53)`.
fn server(options: IntegerReader<'_>) -> Option<Arc<str>> {
    let mut reader = OptionReader::new(options.rest, options.order);
    let (mut name, mut address) = (None, None);
    while let Ok(Some((code, value))) = reader.next() {
        match code {
            SERVER_NAME if !value.is_empty() => name = name.or(Some(text(value))),
            SERVER_IPV4 => address = address.or(<[u8; 4]>::try_from(value).ok().map(IpAddr::from)),
            SERVER_IPV6 => address = address.or(<[u8; 16]>::try_from(value).ok().map(IpAddr::from)),
            _ => {}
        }
    }
    match (name, address) {
        (Some(name), Some(address)) => Some(format!("{name} ({address})").into()),
        (Some(name), None) => Some(name.as_ref().into()),
        (None, address) => address.map(|address| address.to_string().into()),
    }
}
