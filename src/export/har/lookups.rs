//! Lookups of names before connections.

use crate::capture::Call;
use dissectors::packet::Address;
use std::collections::VecDeque;

/// Maximum number of lookups that are kept.
const MAX_LOOKUPS: usize = 1024;

/// Nanoseconds between a lookup and a connection for which it was made.
const LOOKUP_TO_CONNECTION: i64 = 5_000_000_000;

/// The last lookups that no connection has followed.
#[derive(Default)]
pub(super) struct Lookups {
    lookups: VecDeque<Lookup>,
}

/// A lookup of a name.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    client: Address,
    name: String,
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Lookup {
    pub(super) fn at(client: Address, name: &str, first: i64, last: i64) -> Lookup {
        Lookup { client, name: name.to_owned(), first, last }
    }
}

impl Lookups {
    /// Adds a call, if it is a lookup of a name.
    pub(super) fn add(&mut self, call: &Call) {
        let exchange = &call.exchange;
        if !crate::journey::is_lookup(exchange.protocol) {
            return;
        }
        let (Some(request), Some(response)) = (exchange.request, exchange.response) else { return };
        let name = exchange.target.trim_end_matches('.').to_ascii_lowercase();
        let (first, last) = (request.first.time, response.last.time);
        if self.lookups.len() == MAX_LOOKUPS {
            self.lookups.pop_front();
        }
        self.lookups.push_back(Lookup::at(call.client.address, &name, first, last));
    }

    /// Removes and returns the lookups of a host that its client made shortly before a time, as one.
    pub(super) fn take(&mut self, client: Address, host: &str, before: i64) -> Option<Lookup> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_it = |lookup: &Lookup| {
            let since = before.saturating_sub(lookup.last);
            lookup.client == client && lookup.name == host && (0..=LOOKUP_TO_CONNECTION).contains(&since)
        };
        // Addresses of both families are looked up at once.
        let found = self.lookups.iter().filter(|lookup| is_it(lookup)).cloned().reduce(|a, b| Lookup {
            first: a.first.min(b.first),
            last: a.last.max(b.last),
            ..a
        })?;
        self.lookups.retain(|lookup| !is_it(lookup));
        Some(found)
    }
}
