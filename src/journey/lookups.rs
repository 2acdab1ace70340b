//! The lookups that concern a call: those of its client that no later one replaced.

use super::collected::{Collected, Lookup};
use super::phases::connection_start;
use dissectors::packet::Address;
use dissectors::session::Side;

/// Removes the lookups of other hosts, and those that a later one of the client replaced.
pub(super) fn remove_foreign_lookups(collected: &mut Collected) {
    let client = collected.selected.call.client.address;
    let is_local = |address: Address| address.ip().is_some_and(|ip| ip.is_loopback());
    let is_near_server = collected.is_near(Side::Server);
    let start = connection_start(collected);
    let is_of_client = |lookup: &Lookup| {
        let families = [client, lookup.client].map(|address| address.ip().map(|ip| ip.is_ipv4()));
        // A host has an address of each family, and asks its own resolver from a loopback address.
        lookup.client == client
            || is_local(lookup.client) && !is_near_server
            || lookup.is_of_server && (is_local(client) || families[0] != families[1])
    };
    let mut kept: Vec<Lookup> = Vec::new();
    for lookup in std::mem::take(&mut collected.lookups).into_iter().filter(is_of_client) {
        let responds = |other: &Lookup| !other.addresses.is_empty();
        let begins = lookup.exchange.request.map(|request| request.first.time);
        let is_before = begins.zip(start).is_some_and(|(begins, start)| begins <= start);
        let is_replaced = |other: &Lookup| lookup.is_of_server || !other.is_of_server;
        let last = kept.iter().rposition(|other| other.kind == lookup.kind && responds(other) && is_replaced(other));
        if let Some(last) = last.filter(|_| is_before && responds(&lookup)) {
            let mut at = 0;
            kept.retain(|other| {
                at += 1;
                at > last + 1 || other.kind != lookup.kind
            });
        }
        kept.push(lookup);
    }
    collected.lookups = kept;
}
