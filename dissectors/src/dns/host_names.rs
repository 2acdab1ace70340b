//! Host names that the records of a message give to addresses.

use super::Dialect;
use super::message::{Entry, Header, Record};
use super::name::Name;
use crate::host_names::FoundHostName;
use crate::tree::Tree;
use compact_str::CompactString;
use core::net::IpAddr;

const A: u16 = 1;
const PTR: u16 = 12;
const AAAA: u16 = 28;
/// The Internet class.
const INTERNET: u16 = 1;

/// Collects the names of a message, if they are wanted. As in Wireshark, an address has the name of the owner of its
/// record, which is the end of a chain of aliases, in any section of any message.
pub(super) fn collect(dialect: &'static Dialect, message: &[u8], tree: &mut Tree) {
    let Some(found) = &mut tree.found_names else { return };
    let Some(header) = Header::read(message) else { return };
    for entry in header.entries(message).map_while(Result::ok) {
        let (_, Entry::Record(record)) = entry else { continue };
        if let Some((address, name)) = host_name(&record, message).filter(|(_, name)| !name.is_empty()) {
            found.push(FoundHostName { address, name, protocol: dialect.short });
        }
    }
}

fn host_name(record: &Record<'_>, message: &[u8]) -> Option<(IpAddr, CompactString)> {
    let data = message.get(record.data.clone()).filter(|_| !record.is_cut)?;
    // The high bit of a class of mDNS has another meaning (RFC 6762 10.2).
    if record.owner.class & 0x7fff != INTERNET {
        return None;
    }
    let (address, name) = match record.owner.kind {
        A => (IpAddr::from(<[u8; 4]>::try_from(data).ok()?), record.owner.name),
        AAAA => (IpAddr::from(<[u8; 16]>::try_from(data).ok()?), record.owner.name),
        PTR => (reverse_address(record.owner.name)?, Name::read(message, record.data.start).ok()?.0),
        _ => return None,
    };
    (name.is_valid && !name.is_root()).then(|| (address, name.text()))
}

/// Returns the address that a name for reverse lookup has (RFC 1035 3.5, RFC 3596 2.5): its parts in reverse order.
fn reverse_address(name: Name<'_>) -> Option<IpAddr> {
    let mut labels = name.labels();
    let mut number = |base| u8::from_str_radix(core::str::from_utf8(labels.next()?).ok()?, base).ok();
    let address = match name.label_count() {
        6 => {
            let mut bytes = [0_u8; 4];
            for byte in bytes.iter_mut().rev() {
                *byte = number(10)?;
            }
            IpAddr::from(bytes)
        }
        34 => {
            let mut bytes = [0_u8; 16];
            for byte in bytes.iter_mut().rev() {
                let (low, high) = (number(16)?, number(16)?);
                *byte = (low & 15) | high << 4;
            }
            IpAddr::from(bytes)
        }
        _ => return None,
    };
    let zone: &[u8] = if address.is_ipv4() { b"in-addr" } else { b"ip6" };
    let is_zone = labels.next()?.eq_ignore_ascii_case(zone) && labels.next()?.eq_ignore_ascii_case(b"arpa");
    is_zone.then_some(address)
}
