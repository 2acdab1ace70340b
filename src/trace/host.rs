//! Hosts: the addresses that belong to one machine.

use crate::capture::Endpoint;
use dissectors::packet::Address;
use std::collections::HashSet;

/// A host: the machine of the capture with all its addresses, or another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Host {
    Local,
    Other(Address),
}

impl Host {
    /// Returns the host of an endpoint. `local` are addresses of the machine on which the capture was taken.
    pub(super) fn of(end: Endpoint, local: &HashSet<Address>) -> Host {
        let is_loopback = end.address.ip().is_some_and(|ip| ip.is_loopback());
        if is_loopback || local.contains(&end.address) { Host::Local } else { Host::Other(end.address) }
    }
}
